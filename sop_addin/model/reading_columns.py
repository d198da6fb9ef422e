"""Untyped cells -> typed columns. Nothing is guessed: what cannot be taken as it stands becomes an Issue.

Cells are what an engine or a CSV gives: str, float, int, bool, Decimal (Excel's currency format), datetime, None.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from . import calendar
from .schema import NUMERIC, Column
from .suggest import did_you_mean, listed, quote

Floats = np.ndarray[Any, np.dtype[np.float64]]

LARGEST_NUMBER = 1e12
"""Beyond it a quantity or price is a typing error, and the solver's numbers would be worthless."""

SMALLEST_NUMBER = 1e-12
"""What is nearer to 0 is the noise of a formula (=0.1+0.2-0.3) and counts as 0: dividing by it would overflow."""

FIRST_YEAR, LAST_YEAR = 1950, 2199
LONGEST_NAME = 1_000
"""Characters of a name: lists of names must fit into a cell, which holds 32,767."""

ERROR_VALUES = frozenset({
    "#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!",
    "#GETTING_DATA", "#UNKNOWN!", "#CONNECT!", "#BUSY!", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!",
})  # fmt: skip

YES = frozenset({"yes", "y", "true", "1", "on"})
NO = frozenset({"no", "n", "false", "0", "off"})

_NUMBERS = frozenset({float, int, type(None)})
_LIKE_A_NUMBER = re.compile(r"[-+(]?[\d.,' ]*\d[\d.,' ]*[)%]?\s*%?")
_DATE_TEXT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?")
_NAT = np.datetime64("NaT", "ns")
_EXCEL_EPOCH = pd.Timestamp(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Issue:
    """What is wrong with the cell at ``position``; ``value`` is what stands there."""

    position: int
    rule: str
    value: object


def cells(series: pd.Series) -> list[Any]:
    """The cells of a raw column; blanks of an already typed pandas column (NaN, NaT) are None."""
    if series.dtype != object:
        return [None if gone else value for value, gone in zip(series.tolist(), series.isna(), strict=True)]
    return series.tolist()


def is_blank(value: object) -> bool:
    """Whether a cell counts as empty: None, NaT, NaN, or text of nothing but blanks."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    return not value.strip() if isinstance(value, str) else _is_nan(value)


def is_error(value: object) -> bool:
    """Whether the cell holds an Excel error value (an error cell, or its text in a CSV file)."""
    return isinstance(value, str) and value.startswith("#") and value.strip().upper() in ERROR_VALUES


def as_text(value: object) -> str:
    """A cell as text: 1001.0 -> '1001', TRUE, dates as yyyy-mm-dd; blank -> ''."""
    if isinstance(value, str):
        return str(value)
    if is_blank(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (dt.datetime, dt.date)):
        stamp = pd.Timestamp(value)
        return f"{stamp:%Y-%m-%d}" if stamp == stamp.normalize() else f"{stamp:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, (float, int, Decimal, np.number)):
        number = float(value)
        if math.isfinite(number) and number.is_integer() and abs(number) < 1e15:
            return str(int(number))
        return repr(number)
    return str(value)


def numbers(values: Sequence[Any], *, whole: bool = False) -> tuple[Floats, list[Issue]]:
    """Cells -> floats; blank is NaN; what is nearer to 0 than SMALLEST_NUMBER is 0. ``whole`` asks for integers."""
    try:
        plain = _NUMBERS.issuperset(set(map(type, values)))
        result = np.array(values, dtype=float) if plain else None
    except OverflowError:
        result = None
    issues: list[Issue] = []
    if result is None:
        result = np.full(len(values), np.nan)
        for position, value in enumerate(values):
            if is_blank(value):
                continue
            if isinstance(value, (float, int, Decimal, np.number)) and not isinstance(value, bool):
                try:
                    result[position] = float(value)
                except OverflowError:
                    result[position] = math.inf
            elif is_error(value):
                issues.append(Issue(position, "excel_error_value", value))
            elif isinstance(value, str):
                issues.append(Issue(position, "text_in_number_column", value))
            else:
                issues.append(Issue(position, "not_a_number", value))
    out = np.abs(result) > LARGEST_NUMBER
    # NaN of its own, not from a blank: no engine should give it, but a plan must not swallow it
    out[[position for position in np.flatnonzero(np.isnan(result)).tolist() if _is_nan(values[position])]] = True
    issues += [Issue(at, "number_out_of_range", values[at]) for at in np.flatnonzero(out).tolist()]
    result[out] = np.nan
    result[np.abs(result) < SMALLEST_NUMBER] = 0.0
    if whole:
        rounded = np.round(result)
        broken = np.abs(result - rounded) > 1e-9
        issues += [Issue(at, "not_a_whole_number", values[at]) for at in np.flatnonzero(broken).tolist()]
        result = rounded
    return result, issues


def _is_nan(value: object) -> bool:
    return isinstance(value, (float, np.floating, Decimal)) and value != value


def texts(values: Sequence[Any], *, strip: bool) -> tuple[list[str], list[Issue]]:
    """Cells -> texts; blank is ''. ``strip`` for names: without outer blanks, and dates there are reported."""
    issues: list[Issue] = []
    result: list[str] = []
    for position, value in enumerate(values):
        if type(value) is str and value[:1] != "#":
            text = value.strip() if strip else (value if value.strip() else "")
        elif is_error(value):
            issues.append(Issue(position, "excel_error_value", value))
            text = ""
        else:
            text = as_text(value)
            if strip or not text.strip():
                text = text.strip()
            if strip and isinstance(value, (dt.datetime, dt.date)) and text:
                issues.append(Issue(position, "date_in_text_column", value))
        if strip and len(text) > LONGEST_NAME:
            issues.append(Issue(position, "name_too_long", len(text)))
        result.append(text)
    return result, issues


def choices(values: Sequence[Any], allowed: Sequence[str]) -> tuple[list[str], list[Issue]]:
    """Cells -> one of ``allowed`` (upper and lower case are the same); blank is ''."""
    known = {choice.casefold(): choice for choice in allowed}
    found, issues = texts(values, strip=True)
    result: list[str] = []
    for position, text in enumerate(found):
        choice = known.get(text.casefold(), "") if text else ""
        if text and not choice:
            issues.append(Issue(position, "not_a_choice", text))
        result.append(choice)
    return result, [issue for issue in issues if issue.rule in ("not_a_choice", "excel_error_value")]


def periods(values: Sequence[Any], bucket: str) -> tuple[list[pd.Timestamp | None], list[Issue]]:
    """Cells -> first days of periods; blank is None."""
    return _stamps(values, lambda value: calendar.parse_period(value, bucket), "not_a_period")


def dates(values: Sequence[Any]) -> tuple[list[pd.Timestamp | None], list[Issue]]:
    """Cells -> days (with time of day where there is one); blank is None."""
    return _stamps(values, parse_date, "not_a_date")


def parse_date(value: object) -> pd.Timestamp | None:
    """The day that a cell names: dates, Excel serial numbers, yyyy-mm-dd, yyyy-mm; None where it names none."""
    if isinstance(value, (dt.datetime, dt.date)):
        return pd.Timestamp(value).tz_localize(None)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _EXCEL_EPOCH + pd.Timedelta(days=float(value)) if 18264 <= value < 109575 else None
    if isinstance(value, str) and (match := _DATE_TEXT.fullmatch(value.strip())):
        try:
            return pd.Timestamp(dt.datetime(*(int(part or 0) for part in match.groups())))  # type: ignore[arg-type]
        except ValueError:
            return None
    return calendar.parse_period(value)


def _stamps(
    values: Sequence[Any], parse: Callable[[object], pd.Timestamp | None], rule: str
) -> tuple[list[pd.Timestamp | None], list[Issue]]:
    issues: list[Issue] = []
    result: list[pd.Timestamp | None] = []
    known: dict[tuple[type, object], tuple[pd.Timestamp | None, str]] = {}  # few periods, many rows
    for position, value in enumerate(values):
        if is_blank(value):
            result.append(None)
            continue
        key = (type(value), value)
        if key not in known:
            known[key] = _stamp(value, parse, rule)
        stamp, problem = known[key]
        if problem:
            issues.append(Issue(position, problem, value))
        result.append(stamp)
    return result, issues


def _stamp(value: object, parse: Callable[[object], pd.Timestamp | None], rule: str) -> tuple[pd.Timestamp | None, str]:
    if is_error(value):
        return None, "excel_error_value"
    if isinstance(value, dt.date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        return None, "date_out_of_range"
    stamp = parse(value)
    if stamp is None:
        return None, rule
    return (stamp, "") if FIRST_YEAR <= stamp.year <= LAST_YEAR else (None, "date_out_of_range")


def is_name(column: Column) -> bool:
    """Whether other tables or rules compare this text: then outer blanks must not count."""
    named = column.name in ("Region", "Currency", "Unit", "Source", "Setting")
    return column.key or column.required or bool(column.refers_to) or named


def typed_column(values: Sequence[Any], column: Column, bucket: str) -> tuple[np.ndarray[Any, Any], list[Issue]]:
    """One column, typed as the schema says, its constant default filled in; and what was wrong."""
    if column.kind in NUMERIC:
        array, issues = numbers(values, whole=column.kind == "integer")
        if isinstance(column.default, float):
            array = np.where(np.isnan(array), column.default, array)
        return array, issues
    if column.kind in ("period", "date"):
        stamps, issues = periods(values, bucket) if column.kind == "period" else dates(values)
        return np.array([stamp.to_datetime64() if stamp else _NAT for stamp in stamps], dtype="datetime64[ns]"), issues
    if column.kind == "choice":
        found, issues = choices(values, column.choices)
    else:
        found, issues = texts(values, strip=is_name(column))
    if isinstance(column.default, str):
        default = column.default
        found = [text or default for text in found]
    texts_found = np.empty(len(found), dtype=object)
    texts_found[:] = found
    return texts_found, issues


def describe(issue: Issue, allowed: Sequence[str] = ()) -> str:
    """The sentence for an issue: what stands there, and what to do."""
    return _SENTENCES[issue.rule](issue.value, allowed)


def _text_in_number_column(value: object, _: Sequence[str]) -> str:
    hint = "type it as a plain number" if _LIKE_A_NUMBER.fullmatch(str(value).strip()) else "type a number"
    return f"{quote(value)} is text, not a number; {hint} or clear the cell"


def _number_out_of_range(value: Any, _: Sequence[str]) -> str:
    if _is_nan(value):
        return "the cell holds not-a-number; type a number or clear the cell"
    try:
        shown = f"{float(value):g}"
    except OverflowError:
        shown = "a number of more than 300 digits"
    return f"{shown} is beyond what can be planned with (1e12 at most); correct the number"


def _not_a_choice(value: object, allowed: Sequence[str]) -> str:
    return f"{quote(value)} is not allowed{did_you_mean(str(value), allowed)}; choose one of {listed(allowed, 20)}"


_SENTENCES: dict[str, Callable[[Any, Sequence[str]], str]] = {
    "excel_error_value": lambda value, _: f"{value} is an Excel error; correct the formula or clear the cell",
    "text_in_number_column": _text_in_number_column,
    "not_a_number": lambda value, _: f"{as_text(value)} is not a number; type a number or clear the cell",
    "number_out_of_range": _number_out_of_range,
    "not_a_whole_number": lambda value, _: f"{as_text(value)} is not a whole number; type a whole number",
    "negative_plan_figure": lambda value, _: f"{as_text(value)} is below 0; type 0 or more, or clear the cell",
    "date_in_text_column": lambda value, _: (
        f"Excel made a date of this name, {as_text(value)}; format the cell as Text and type the name again"
    ),
    "name_too_long": lambda value, _: f"this text has {value:,} characters; shorten it to {LONGEST_NAME:,} at most",
    "not_a_choice": _not_a_choice,
    "not_a_period": lambda value, _: f"{quote(as_text(value))} is not a period; write it like 2027-03 or 2027-W09",
    "not_a_date": lambda value, _: f"{quote(as_text(value))} is not a date; write it like 2027-03-31",
    "date_out_of_range": lambda value, _: (
        f"{quote(as_text(value))} is not between {FIRST_YEAR} and {LAST_YEAR}; correct the date or clear the cell"
    ),
}
