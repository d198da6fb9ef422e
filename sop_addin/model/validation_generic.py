"""Rules that follow from the schema: required cells, ranges, references, unique keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from .findings import Severity
from .schema import INPUT_TABLES, NUMERIC, Column, Table
from .suggest import Names, did_you_mean, label
from .tables import Tables
from .validation_base import (
    NOT_PLANNED_WITH,
    Failure,
    Message,
    Row,
    broken_parts,
    frame_of,
    number,
    period_of,
    rows_where,
    rule,
)

# One promotion may touch many families: a row of these is the same as another only where its whole scope is
ROW_IDENTITY: dict[str, tuple[str, ...]] = {
    "tblEvents": ("Event", "Family", "Item", "Region", "From", "To"),
    "tblScenarios": ("Scenario", "Lever", "Family", "Resource", "From", "To"),
    "tblRisks": ("Risk", "Lever", "Family", "Resource", "From", "To"),
}

# Columns whose rule has a name of its own
NAMED_MINIMUM = {
    ("tblResources", "Capacity"): "negative_capacity",
    ("tblCapacity", "Capacity"): "negative_capacity",
    ("tblFamilies", "Target cover"): "cover_negative",
    ("tblItems", "Units per family unit"): "unit_factor_positive",
    ("tblRates", "Rate"): "rate_positive",
    ("tblRates", "Budget rate"): "rate_positive",
    ("tblRates", "Approved rate"): "rate_positive",
}
NAMED_REFERENCE = {("tblItems", "Family"): "item_in_family", ("tblItems", "Like item"): "like_item_exists"}

# History of items that left the master data, budgets of families that are no more: not used, not in the way
UNUSED_WHERE_UNKNOWN = NOT_PLANNED_WITH | {"tblHistory"}


def _columns() -> Iterator[tuple[Table, Column]]:
    for table in INPUT_TABLES:
        if table.name != "tblSettings":  # typed on its own
            for column in table.columns:
                yield table, column


@rule("Error")
def value_missing(tables: Tables) -> Iterable[Failure]:
    """A required cell is filled."""
    _, missing = broken_parts(tables)
    for table, column in _columns():
        if not column.required or (table.name, column.name) in missing:
            continue
        frame = frame_of(tables, table.name)
        values = frame[column.name].to_numpy()
        blank = pd.isna(values) if values.dtype != object else values == ""
        message = f"{column.name} is blank; fill it in or delete the row"
        yield Failure(table.name, column.name, rows_where(frame, blank), _always(message), _milder(table.name))


@rule("Error")
def below_minimum(tables: Tables) -> Iterable[Failure]:
    """No number is below the least that its column allows."""
    for table, column in _columns():
        if column.minimum is not None and (table.name, column.name) not in NAMED_MINIMUM and not _is_share(column):
            yield _too_low(tables, table.name, column.name, column.minimum)


@rule("Error")
def above_maximum(tables: Tables) -> Iterable[Failure]:
    """No number is above the most that its column allows."""
    for table, column in _columns():
        if column.maximum is not None and column.kind in NUMERIC and not _is_share(column):
            frame = frame_of(tables, table.name)
            high = rows_where(frame, frame[column.name].to_numpy() > column.maximum)
            sentence = f"{{}} is above {number(column.maximum)}; correct the number"
            yield Failure(table.name, column.name, high, _with_number(column.name, sentence), _milder(table.name))


@rule("Error")
def share_between_0_and_1(tables: Tables) -> Iterable[Failure]:
    """A share or probability lies between 0 and 1 (0 % and 100 %)."""
    for table, column in _columns():
        if _is_share(column):
            frame = frame_of(tables, table.name)
            values = frame[column.name].to_numpy()
            sentence = "{} is not between 0 and 1; write fifteen per cent as 15% or 0.15"
            wrong = rows_where(frame, (values < 0) | (values > 1))
            yield Failure(table.name, column.name, wrong, _with_number(column.name, sentence))


@rule("Warning")
def percentage_plausible(tables: Tables) -> Iterable[Failure]:
    """A change of more than 500 % is probably 15 typed for 15 %."""
    for table, column in _columns():
        if column.kind == "fraction" and not _is_share(column):
            frame = frame_of(tables, table.name)
            sentence = "{0} means {0} times as much again; for {0} per cent type {0}%"
            high = rows_where(frame, frame[column.name].to_numpy() > 5)
            yield Failure(table.name, column.name, high, _with_number(column.name, sentence))


@rule("Error")
def negative_capacity(tables: Tables) -> Iterable[Failure]:
    """Capacity is 0 or more."""
    for table, column in _named_minimum("negative_capacity"):
        yield _too_low(tables, table, column, 0, "capacity cannot be negative; type 0 for a shutdown")


@rule("Error")
def cover_negative(tables: Tables) -> Iterable[Failure]:
    """Target cover is 0 or more."""
    for table, column in _named_minimum("cover_negative"):
        yield _too_low(tables, table, column, 0, "cover cannot be negative; clear the cell for no target")


@rule("Error")
def unit_factor_positive(tables: Tables) -> Iterable[Failure]:
    """Units per family unit is above 0."""
    frame = tables.items
    yield Failure(
        "tblItems", "Units per family unit", frame[frame["Units per family unit"] <= 0],
        lambda row: f"{number(row['Units per family unit'])} units make no family unit; type how many do (default 1)",
    )  # fmt: skip


@rule("Error")
def rate_positive(tables: Tables) -> Iterable[Failure]:
    """An exchange rate is above 0."""
    for name in ("Rate", "Budget rate", "Approved rate"):

        def message(row: Row, name: str = name) -> str:
            base = tables.settings.base_currency
            return f"{number(row[name])} is no exchange rate; type what 1 {row['Currency']} is in {base}"

        yield Failure("tblRates", name, tables.rates[tables.rates[name] <= 0], message)


@rule("Error")
def family_exists(tables: Tables) -> Iterable[Failure]:
    """Every family that is named is in tblFamilies."""
    yield from _unknown(tables, "tblFamilies")


@rule("Error")
def item_in_family(tables: Tables) -> Iterable[Failure]:
    """Every item belongs to a family of tblFamilies."""
    yield from _unknown(tables, "tblFamilies", "item_in_family")


@rule("Error")
def item_exists(tables: Tables) -> Iterable[Failure]:
    """Every item that is named is in tblItems."""
    yield from _unknown(tables, "tblItems")


@rule("Error")
def like_item_exists(tables: Tables) -> Iterable[Failure]:
    """A like item is an item of tblItems."""
    yield from _unknown(tables, "tblItems", "like_item_exists")


@rule("Error")
def resource_exists(tables: Tables) -> Iterable[Failure]:
    """Every resource that is named is in tblResources."""
    yield from _unknown(tables, "tblResources")


@rule("Error")
def key_unique(tables: Tables) -> Iterable[Failure]:
    """No two rows of a table have the same key."""
    _, missing = broken_parts(tables)
    for table in INPUT_TABLES:
        frame = frame_of(tables, table.name) if table.name != "tblSettings" else pd.DataFrame()
        keys = list(ROW_IDENTITY.get(table.name, table.keys))
        if len(frame) < 2 or any((table.name, key) in missing for key in keys):
            continue
        first = frame[keys[0]]
        known = frame[first != ""] if first.dtype == object else frame[first.notna()]
        twice = known.duplicated(keys, keep="first")
        if not twice.any():
            continue
        yield Failure(
            table.name, keys[0], known[twice], _same_key(tables, keys, known),
            _milder(table.name),
        )  # fmt: skip


def _same_key(tables: Tables, keys: list[str], frame: pd.DataFrame) -> Message:
    firsts = frame.drop_duplicates(keys)
    rows = dict(zip(firsts[keys].astype(object).itertuples(index=False, name=None), firsts.index, strict=True))
    rows = {_comparable(key): row for key, row in rows.items()}

    def message(row: Row) -> str:
        parts = []
        for key in keys:
            value = row[key]
            if isinstance(value, pd.Timestamp):
                parts.append(f"{key} {period_of(tables, value)}")
            elif value and not pd.isna(value):
                parts.append(f"{key} '{value}'" if parts else f"'{value}'")
        first = rows[_comparable(tuple(row[key] for key in keys))]
        return f"{', '.join(parts)} is already in row {first}; keep one of the two rows"

    return message


def _comparable(key: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(None if part is pd.NaT else part for part in key)


def _is_share(column: Column) -> bool:
    return column.kind == "fraction" and column.minimum == 0 and column.maximum == 1


def _named_minimum(name: str) -> list[tuple[str, str]]:
    return [place for place, named in NAMED_MINIMUM.items() if named == name]


def _always(message: str) -> Message:
    return lambda _: message


def _with_number(column: str, sentence: str) -> Message:
    return lambda row: sentence.format(number(row[column]))


def _milder(table: str) -> Severity | None:
    return "Warning" if table in NOT_PLANNED_WITH else None


def _too_low(tables: Tables, table: str, column: str, least: float, advice: str = "correct the number") -> Failure:
    frame = frame_of(tables, table)
    message = _with_number(column, f"{{}} is below {number(least)}; {advice}")
    low = rows_where(frame, frame[column].to_numpy() < least)
    return Failure(table, column, low, message, _milder(table))


def _unknown(tables: Tables, target: str, name: str = "") -> Iterator[Failure]:
    """Rows whose reference to ``target`` is filled in but not there."""
    missing_tables, missing_columns = broken_parts(tables)
    key = next(table for table in INPUT_TABLES if table.name == target).keys[0]
    if target in missing_tables or (target, key) in missing_columns:
        return  # said already; every reference would be wrong
    known = frame_of(tables, target)[key]
    names = set(known)
    candidates = Names(names)
    for table, column in _columns():
        if column.refers_to != target or NAMED_REFERENCE.get((table.name, column.name), "") != name:
            continue
        frame = frame_of(tables, table.name)
        wrong = np.array([name not in names and name != "" for name in frame[column.name]], dtype=bool)
        unused = table.name in UNUSED_WHERE_UNKNOWN
        message = _not_there(column.name, target, candidates, "its figures are not used until you " if unused else "")
        severity: Severity | None = "Warning" if unused else None
        yield Failure(table.name, column.name, rows_where(frame, wrong), message, severity)


def _not_there(column: str, target: str, names: Names, until: str) -> Message:
    def message(row: Row) -> str:
        hint = did_you_mean(row[column], names)
        return f"'{row[column]}' is not in {label(target)}{hint}; {until}add it there or correct the name"

    return message
