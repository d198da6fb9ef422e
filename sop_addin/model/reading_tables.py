"""One raw table -> one typed frame: find the columns, skip blank rows, type the cells, say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from . import calendar
from .calendar import parse_period, period_label
from .finding_rows import row_findings, table_finding
from .findings import Finding, Severity
from .reading_columns import (
    FIRST_YEAR,
    LAST_YEAR,
    Issue,
    as_text,
    cells,
    describe,
    is_blank,
    is_name,
    numbers,
    typed_column,
)
from .schema import NEWER_TABLES, TABLES, Column, Table
from .suggest import listed, nearest
from .tables import Place, RawTable, empty_frame

# Tables that say who does what until when: a mistake there does not make a plan wrong
ADMINISTRATIVE = frozenset({"tblCycle", "tblDecisions"})

_MONTH_NAMES = "jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_LIKE_A_PERIOD = re.compile(
    rf"(19|20)\d\d[-/. ]*([MWKQ]|CW|KW)?[-/. ]*\d{{1,2}}([-/. ]\d{{1,2}})?"
    rf"|\d{{1,2}}([-/. ]\d{{1,2}})?[-/.](19|20)\d\d"
    rf"|({_MONTH_NAMES})[a-z]*[-/. ']*((19|20)?\d\d)"
    rf"|((19|20)?\d\d)[-/. ']*({_MONTH_NAMES})[a-z]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PeriodColumns:
    """Period columns of a wide table in time order: their positions in the raw frame, and their headers as text."""

    periods: list[pd.Timestamp]
    positions: list[int]
    headers: list[str]


def read_table(table: Table, raw: RawTable, bucket: str, *, strict: bool) -> tuple[pd.DataFrame, Place, list[Finding]]:
    """The typed frame of ``table``, its place under the schema's own header texts, and all that was found.

    ``strict``: a missing optional column is reported too (a workbook has them all; a CSV file need not).
    """
    found, place, findings = find_columns(table, raw, strict=strict)
    wide = period_columns(raw.frame, bucket, set(found.values())) if table.period_columns else None
    if wide is not None:
        place = replace(place, columns={**place.columns, **_period_letters(wide, raw.place, bucket)})
        findings += period_header_findings(table.name, raw, place, wide, bucket, gaps=True)
    values = {name: cells(raw.frame.iloc[:, position]) for name, position in found.items()}
    kept = filled_rows(raw.frame, list(found.values()) + (wide.positions if wide else []))
    rows = raw.frame.index.to_numpy()[kept]
    typed: dict[str, np.ndarray[Any, Any]] = {}
    for column in table.columns:
        here = values.get(column.name)
        if here is None:
            here = [None] * len(rows)
        elif not kept.all():
            here = [value for value, keep in zip(here, kept, strict=True) if keep]
        typed[column.name], issues = typed_column(here, column, bucket)
        findings += issue_findings(table.name, place, column, issues, [int(row) for row in rows] if issues else ())
    frame = pd.DataFrame(typed, index=pd.Index(rows)) if len(rows) else empty_frame(table)
    if wide is not None:
        quantities, bad = period_values(raw.frame, kept, wide, table.name, place, "Error")
        findings += bad
        frame = pd.concat([frame, pd.DataFrame(quantities, index=frame.index, columns=_labels(wide))], axis=1)
    return frame, place, findings


def find_columns(table: Table, raw: RawTable, *, strict: bool) -> tuple[dict[str, int], Place, list[Finding]]:
    """Position of each column of ``table`` in the raw frame; what is missing or there twice is found.

    Upper and lower case and blanks around a header do not count. Other columns are the planner's own.
    """
    headers = [as_text(header) for header in raw.frame.columns]
    positions: dict[str, list[int]] = {}
    for position, header in enumerate(headers):
        positions.setdefault(_normal(header), []).append(position)
    own = [header for header in headers if header and _normal(header) not in {_normal(name) for name in table.headers}]
    found: dict[str, int] = {}
    letters: dict[str, str] = {}
    findings: list[Finding] = []
    for column in table.columns:
        here = positions.get(_normal(column.name), [])
        if here:
            found[column.name] = here[0]
            if letter := raw.place.columns.get(headers[here[0]]):
                letters[column.name] = letter
        if len(here) > 1:
            message = f"the column is there {len(here)} times; keep one of them"
            findings.append(table_finding("Error", "column_twice", table.name, raw.place, column.name, message))
    place = replace(raw.place, columns=letters)
    for column in table.columns:
        if column.name not in found:
            missing = _missing_column(table, column, raw.place, own, strict=strict)
            findings += [missing] if missing else []
    return found, place, findings


def _missing_column(
    table: Table, column: Column, place: Place, own_headers: Sequence[str], *, strict: bool
) -> Finding | None:
    meant = nearest(column.name, [header for header in own_headers if not _LIKE_A_PERIOD.fullmatch(header)])
    needed = column.required or (column.key and strict) or (table.name == "tblSettings" and column.name == "Value")
    if not needed and meant is None and (column.newer or not strict):
        return None
    severity: Severity = "Error" if needed and table.name not in ADMINISTRATIVE else "Warning"
    message = f"the column '{column.name}' is missing"
    if not needed:
        message += f", so its default applies ({column.blank_means})" if column.blank_means else ", so it is blank"
    message += f" (did you mean '{meant}'?); " if meant else "; "
    message += f"name the header '{column.name}' again" if meant else f"add a column with the header '{column.name}'"
    shown = replace(place, columns={column.name: place.columns[meant]}) if meant and meant in place.columns else place
    return table_finding(severity, "column_missing", table.name, shown, column.name, message)


def missing_table(name: str, others: Iterable[tuple[str, Place]], kind: str = "table") -> Finding:
    """A table (or grid) that a workbook must have is not there; ``others`` are the tables that are not ours."""
    places = dict(others)
    meant = nearest(name, list(places))
    message = f"the {kind} {name} is missing from the workbook"
    if meant:
        where = f" on sheet {places[meant].sheet}" if places[meant].sheet else ""
        message += f" (did you mean '{meant}'{where}?); name it {name} again"
    else:
        message += "; copy it back from a workbook made with `sop-addin new`"
    return Finding("Error", name, None, "", "table_missing", message)


def older_workbook(headers: Mapping[str, Sequence[str] | None]) -> list[Finding]:
    """An information where a workbook lacks tables or columns that came later; it is planned without them.

    headers: of each table that is there, as far as they are known.
    """
    tables = sorted(NEWER_TABLES - set(headers))
    columns = [
        f"{column.name} in {name}"
        for name, known in headers.items()
        if known is not None and name in TABLES
        for column in TABLES[name].columns
        if column.newer and _normal(column.name) not in {_normal(header) for header in known}
    ]
    if not tables and not columns:
        return []
    missing = [f"the table{'' if len(tables) == 1 else 's'} {listed(tables, len(tables))}"] if tables else []
    missing += [f"the column{'' if len(columns) == 1 else 's'} {listed(columns, len(columns))}"] if columns else []
    message = (
        f"this workbook is of an older version and has not got {' and '.join(missing)}: what belongs there is taken as "
        "blank and not written. To have it, export the workbook and make a new one of the files (`sop-addin export`, "
        "`sop-addin new --data`)"
    )
    return [Finding("Info", "", None, "", "older_workbook", message)]


def issue_findings(
    table: str,
    place: Place,
    column: Column,
    issues: Sequence[Issue],
    rows: Sequence[int],
    severity: Severity | None = None,
) -> list[Finding]:
    """Findings for the issues of one column, rule by rule."""
    free_text = column.kind == "text" and not is_name(column)
    level: Severity = severity or ("Warning" if free_text or table in ADMINISTRATIVE else "Error")
    spots = [(rows[issue.position], column.name) for issue in issues]
    return spot_findings(table, place, issues, spots, level, column.choices)


def spot_findings(
    table: str,
    place: Place,
    issues: Sequence[Issue],
    spots: Sequence[tuple[int, str]],
    severity: Severity,
    allowed: Sequence[str] = (),
) -> list[Finding]:
    """Findings for issues, each at its own (row, column), rule by rule."""
    findings: list[Finding] = []
    for rule in dict.fromkeys(issue.rule for issue in issues):
        chosen = [number for number, issue in enumerate(issues) if issue.rule == rule]
        findings += row_findings(
            severity, rule, table, place, [spots[number] for number in chosen],
            lambda position, chosen=chosen: describe(issues[chosen[position]], allowed),  # type: ignore[misc]
        )  # fmt: skip
    return findings


def filled_rows(frame: pd.DataFrame, positions: Sequence[int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows hold anything in the columns at ``positions``; cells of nothing but blanks count as empty."""
    filled = np.zeros(len(frame), dtype=bool)
    for position in positions:
        undecided = np.flatnonzero(~filled)
        if not len(undecided):
            break
        here = cells(frame.iloc[undecided, position])
        filled[undecided] = [not is_blank(value) for value in here]
    return filled


def period_columns(frame: pd.DataFrame, bucket: str, taken: set[int]) -> PeriodColumns:
    """Columns whose header names a period, in time order; of columns for the same period the first."""
    found: list[tuple[pd.Timestamp, int, str]] = []
    for position, header in enumerate(frame.columns):
        if position in taken:
            continue
        period = parse_period(header, bucket)
        if period is not None and FIRST_YEAR <= period.year <= LAST_YEAR:
            found.append((period, position, as_text(header)))
    found.sort(key=lambda entry: entry[:2])
    first = [entry for number, entry in enumerate(found) if number == 0 or found[number - 1][0] != entry[0]]
    return PeriodColumns([e[0] for e in first], [e[1] for e in first], [e[2] for e in first])


def period_header_findings(
    table: str, raw: RawTable, place: Place, wide: PeriodColumns, bucket: str, *, gaps: bool
) -> list[Finding]:
    """Findings on period headers: the same period twice, a period left out, one that cannot be read."""
    findings: list[Finding] = []
    seen = dict(zip(wide.periods, wide.headers, strict=True))
    chosen = set(wide.positions)
    for position, raw_header in enumerate(raw.frame.columns):
        header = as_text(raw_header)
        period = parse_period(raw_header, bucket)
        shown = replace(place, columns={header: raw.place.columns[header]} if header in raw.place.columns else {})
        if period in seen and position not in chosen:
            message = f"{period_label(period, bucket)} is there twice (headers '{seen[period]}' and '{header}'); "
            if bucket == calendar.MONTH and "W" in header.upper():
                message += "if the columns are weeks, set Bucket to Week on the Settings sheet"
            else:
                message += "delete one of the columns or correct its header"
            findings.append(table_finding("Error", "duplicate_period", table, shown, header, message))
        elif period is None and _LIKE_A_PERIOD.fullmatch(header.strip()) and header not in place.columns:
            example = "2027-W09" if bucket == calendar.WEEK else "2027-03"
            message = (
                f"the header '{header}' is not read as a period, so its column is left out; write it like {example}"
            )
            findings.append(table_finding("Warning", "period_header_unreadable", table, shown, header, message))
    if gaps and len(wide.periods) > 1:
        count = calendar.periods_between(wide.periods[0], wide.periods[-1], bucket)
        have = set(wide.periods)
        missing = [p for p in calendar.period_range(wide.periods[0], count, bucket) if p not in have]
        if missing:
            findings.append(_months_missing(table, place, wide, missing, bucket))
    return findings


def _months_missing(
    table: str, place: Place, wide: PeriodColumns, missing: Sequence[pd.Timestamp], bucket: str
) -> Finding:
    labels = [period_label(period, bucket) for period in missing]
    it, have = ("it", "has") if len(missing) == 1 else ("them", "have")
    first, last = (period_label(period, bucket) for period in (wide.periods[0], wide.periods[-1]))
    message = (
        f"{listed(labels)} {have} no column between {first} and {last}; "
        f"insert {it} (blank cells mean unknown, 0 means nothing sold)"
    )
    # the cell to go to is the header before which the first missing column belongs
    after = next(header for period, header in zip(wide.periods, wide.headers, strict=True) if period > missing[0])
    shown = replace(place, columns={labels[0]: place.columns[after]} if after in place.columns else {})
    return table_finding("Error", "month_missing", table, shown, labels[0], message)


def period_values(
    frame: pd.DataFrame,
    kept: np.ndarray[Any, np.dtype[np.bool_]],
    wide: PeriodColumns,
    table: str,
    place: Place,
    severity: Severity,
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], list[Finding]]:
    """The numbers under the period columns (kept rows x periods), and what was wrong in them."""
    block = frame.iloc[:, wide.positions]
    if not kept.all():
        block = block[kept]
    flat = block.to_numpy(dtype=object).ravel().tolist()
    if not all(dtype.kind == "O" for dtype in block.dtypes):
        flat = [None if isinstance(value, float) and value != value else value for value in flat]  # typed blanks
    quantities, issues = numbers(flat)
    width = max(len(wide.positions), 1)
    rows = block.index
    spots = [(int(rows[i.position // width]), wide.headers[i.position % width]) for i in issues]
    return quantities.reshape(len(block), len(wide.positions)), spot_findings(table, place, issues, spots, severity)


def _labels(wide: PeriodColumns) -> pd.Index:
    return pd.Index(wide.periods, dtype=object)


def _period_letters(wide: PeriodColumns, place: Place, bucket: str) -> Mapping[str, str]:
    """Letters of the period columns, under the header as it stands and under its label."""
    letters: dict[str, str] = {}
    for period, header in zip(wide.periods, wide.headers, strict=True):
        if letter := place.columns.get(header):
            letters[header] = letters[period_label(period, bucket)] = letter
    return letters


def _normal(header: str) -> str:
    return " ".join(header.split()).casefold()
