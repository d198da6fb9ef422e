"""The figures of a sheet, one by one, whatever its layout; what could not be read becomes findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from ...model import calendar
from ...model.findings import Finding, Findings, Severity
from ...model.foreign import Cell, DecimalSign, Sheet
from ...model.suggest import listed, nearest, quote
from .layout import NO_YEAR, PERIOD, YEAR, Layout
from .values import (
    DayOrder,
    When,
    cell_text,
    day_order,
    is_blank,
    month_number,
    number_style,
    read_number,
    read_when,
)

MOST_SHOWN = 20
"""Lines of one kind that are listed one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the file. ``keys``: texts of the key columns; ``role``: column it stands in, or '' across."""

    line: int
    keys: tuple[str, ...]
    when: When
    role: str
    value: float


@dataclass
class Notes:
    """Findings on a file, in the words of the workbook's findings; many of a kind become one."""

    file: str
    found: list[Finding] = field(default_factory=list)
    _of_kind: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, severity: Severity, rule: str, message: str, line: int | None = None, column: str = "") -> None:
        """``line`` and ``column`` say where in the file."""
        count = self._of_kind[rule, severity] = self._of_kind.get((rule, severity), 0) + 1
        if line is None or count <= MOST_SHOWN:
            self.found.append(Finding(severity, self.file, line, column, rule, message))

    def findings(self) -> Findings:
        more = [
            Finding(severity, self.file, None, "", rule, f"{count - MOST_SHOWN:,} more lines of the same kind")  # type: ignore[arg-type]
            for (rule, severity), count in self._of_kind.items()
            if count > MOST_SHOWN
        ]
        return Findings.of([*self.found, *more]).worst_first()


def read_figures(layout: Layout, keys: Sequence[str], roles: Sequence[str], notes: Notes) -> Iterator[Figure]:
    """Every figure of the sheet.

    keys: roles of the columns that say whom a figure is on; the first one must be filled and is repeated downwards
    where an export leaves it blank. roles: columns of figures of a long layout.
    """
    rows = list(_data_rows(layout, keys[0], notes))
    numeric = [column for column, _ in layout.across] or [layout.columns[role] for role in roles]
    decimal = _decimal(layout, (row[c] for _, row in rows for c in numeric if c < len(row)), notes)
    order = _order(layout, rows, notes)
    last = ""
    repeated = 0
    for line, row in rows:
        values = [(column, row[column] if column < len(row) else None) for column in numeric]
        if all(is_blank(value) for _, value in values):
            last = cell_text(layout.cell(row, keys[0])) or last
            continue
        texts = [cell_text(layout.cell(row, key)) for key in keys]
        if texts[0]:
            last = texts[0]
        elif last and _continues(layout, row, keys):
            texts[0], repeated = last, repeated + 1
        elif keys[0] in layout.columns:
            notes.add("Warning", "line_without_key", f"the line names no {keys[0].lower()}; it is left out", line)
            continue
        if layout.across:
            year = _row_year(layout, row)
            for (column, when), (_, value) in zip(layout.across, values, strict=True):
                if when.day.year == NO_YEAR:
                    if year is None:
                        continue
                    when = replace(when, day=when.day.replace(year=year))
                number = _number(value, decimal, line, layout.headers[column], notes)
                if number is not None:
                    yield Figure(line, tuple(texts), when, "", number)
            continue
        found = _when(layout, row, order)
        if found is None:
            shown = cell_text(layout.cell(row, PERIOD if PERIOD in layout.columns else YEAR))
            message = f"{quote(shown)} is no date or period; the line is left out"
            notes.add("Warning", "period_unreadable", message, line, PERIOD)
            continue
        for role, (column, value) in zip(roles, values, strict=True):
            number = _number(value, decimal, line, layout.headers[column], notes)
            if number is not None:
                yield Figure(line, tuple(texts), found, role, number)
    if repeated:
        name = layout.headers[layout.columns[keys[0]]]
        notes.add("Info", "key_repeated", f"{repeated:,} lines leave {quote(name)} blank; the name above them is taken")


def _data_rows(layout: Layout, key: str, notes: Notes) -> Iterator[tuple[int, Sequence[Cell]]]:
    totals: list[int] = []
    for line, row, reason in layout.rows(key):
        if reason == "total":
            totals.append(line)
        elif not reason:
            yield line, row
    if totals:
        where = listed([str(line) for line in totals])
        notes.add("Info", "totals_left_out", f"line {where}: totals, not read as figures of their own")


def _continues(layout: Layout, row: Sequence[Cell], keys: Sequence[str]) -> bool:
    """Whether a row with a blank key goes on with the name above it: it says which period or which region."""
    others = [PERIOD, YEAR, *keys[1:]]
    return any(cell_text(layout.cell(row, other)) for other in others if other in layout.columns)


def _decimal(layout: Layout, cells: Iterable[Cell], notes: Notes) -> DecimalSign:
    style = number_style(cells, layout.sheet.usual)
    sign = "comma" if style.decimal == "," else "point"
    if style.doubt:
        read = read_number(style.doubt, style.decimal)
        message = (
            f"{quote(style.doubt)} could be read two ways and no other number tells; read with decimal "
            f"{sign} as {read:,g}"
        )
        notes.add("Warning", "decimal_sign_in_doubt", message)
    elif style.mixed:
        notes.add(
            "Warning", "decimal_signs_mixed", f"most numbers have a decimal {sign}, some the other; look at those"
        )
    return style.decimal


def _order(layout: Layout, rows: Sequence[tuple[int, Sequence[Cell]]], notes: Notes) -> DayOrder | None:
    order, doubt = day_order(layout.cell(row, PERIOD) for _, row in rows)
    if doubt:
        message = (
            f"{quote(doubt)} can be a day of either of two months, and no date of the file tells which; "
            "write the dates like 2026-12-31"
        )
        notes.add("Error", "date_in_doubt", message, column=PERIOD)
    return order


def _when(layout: Layout, row: Sequence[Cell], order: DayOrder | None) -> When | None:
    cell = layout.cell(row, PERIOD)
    if YEAR not in layout.columns:
        return read_when(cell, order)
    year = cell_text(layout.cell(row, YEAR))
    if PERIOD not in layout.columns:
        return read_when(year, order)
    text = cell_text(cell)
    month = month_number(text) or (int(text) if text.isdigit() and 1 <= int(text) <= 12 else None)
    return read_when(f"{year}-{month:02d}", order) if month else read_when(cell, order)


def _row_year(layout: Layout, row: Sequence[Cell]) -> int | None:
    year = read_when(cell_text(layout.cell(row, YEAR)), None)
    return year.day.year if year and year.span == "year" else None


def _number(value: Cell, decimal: DecimalSign, line: int, column: str, notes: Notes) -> float | None:
    if is_blank(value):
        return None
    number = read_number(value, decimal)
    if number is None:
        message = f"{quote(cell_text(value))} is no number; the cell is left out"
        notes.add("Warning", "number_unreadable", message, line, column)
    return number


def layout_notes(layout: Layout, notes: Notes, several: bool) -> None:
    """What was taken for what: the preview of how the file is understood."""
    place = f"sheet {layout.sheet.name}, " if several else ""
    parts = [f"{role} = {quote(layout.headers[column])}" for role, column in layout.columns.items()]
    if layout.across:
        first, last = (cell_text(layout.headers[at]) for at in (layout.across[0][0], layout.across[-1][0]))
        parts.append(f"{len(layout.across)} periods across, {quote(first)} to {quote(last)}")
    line = layout.sheet.line(layout.header)
    notes.add("Info", "columns_read", f"{place}header in line {line}: {', '.join(parts)}")
    if unused := layout.unused():
        notes.add("Info", "columns_left_out", f"{place}not used: {listed([quote(text) for text in unused])}")
    for role, taken, left in layout.doubles:
        message = f"both {quote(taken)} and {quote(left)} look like {role}; {quote(taken)} is read"
        notes.add("Warning", "two_columns_alike", message, column=taken)


def period_of(when: When, bucket: str) -> pd.Timestamp | None:
    """The period of the plan; None where the file is coarser than the plan's buckets."""
    if when.span in ("quarter", "year") or (bucket == calendar.WEEK and when.span == "month"):
        return None
    return calendar.first_day(when.day, bucket)


class NameIndex:
    """Names of the workbook, found whatever their case, blanks and leading zeros; by description too."""

    def __init__(self, names: Iterable[str], descriptions: Mapping[str, str] | None = None) -> None:
        self.names = list(names)
        self._exact = set(self.names)
        self._loose: dict[str, set[str]] = {}
        for name in self.names:
            self._loose.setdefault(_loose(name), set()).add(name)
        for description, name in (descriptions or {}).items():
            if description.strip():
                self._loose.setdefault(_loose(description), set()).add(name)

    def find(self, text: str) -> str | None:
        """The name as the workbook spells it, None where there is none or more than one."""
        if text in self._exact:
            return text
        found = self._loose.get(_loose(text), set())
        return next(iter(found)) if len(found) == 1 else None

    def near(self, text: str) -> str:
        found = nearest(text, self.names)
        return f" (did you mean '{found}'?)" if found else ""


def _loose(text: str) -> str:
    return "".join(text.split()).casefold().lstrip("0")


def no_layout(sheets: Sequence[Sheet], needed: str, example: str) -> str:
    """The sentence for a file in which no header row was found."""
    shown = next((row for sheet in sheets for row in sheet.rows if sum(bool(cell_text(c)) for c in row) > 1), ())
    texts = [quote(cell_text(cell)) for cell in shown if cell_text(cell)]
    seen = f"; its first line of several cells reads {listed(texts, 8)}" if texts else ""
    return f"no header row with {needed} was found{seen}. Name the columns, such as {example}"
