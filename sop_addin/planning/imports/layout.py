"""Where a sheet of another system keeps what: its header among the junk on top, its columns, its periods across."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...model.foreign import Cell, Sheet
from .values import DayOrder, When, cell_text, day_order, is_blank, month_number, read_when

NO_YEAR = 1904
"""Year of months across whose year stands in a column of each row."""

MOST_JUNK = 60
"""Lines in front of a header, at most."""

PERIOD, YEAR, MONTH = "Period", "Year", "Month"
TIME_NAMES: dict[str, tuple[str, ...]] = {
    PERIOD: (
        "period", "month", "date", "day", "week", "posting date", "invoice date", "billing date", "order date",
        "delivery date", "ship date", "year month", "yearmonth", "calendar month", "fiscal period", "cal year month",
        "year period", "monat", "datum", "woche", "periode", "zeitraum", "buchungsdatum", "rechnungsdatum",
        "fakturadatum", "belegdatum", "lieferdatum", "buchungsperiode", "kalendermonat", "kalenderwoche", "jahr monat",
        "kalenderjahr monat", "mois", "date facture", "mes", "fecha", "mese", "data",
    ),
    YEAR: ("year", "jahr", "fiscal year", "calendar year", "geschäftsjahr", "kalenderjahr", "année", "año", "anno"),
}  # fmt: skip

_TOTAL = re.compile(
    r"\**\s*(?:(?:grand |sub|gesamt|zwischen|over)?[- ]?(?:total|summe|sum)|gesamt(?:ergebnis)?|ergebnis|insgesamt|"
    r"overall(?: result)?|result|totaal|totale|somme|suma)\b(?![- ]?\w*[-_]\d)|\*+\s*$|[ΣΣ]", re.I
)  # fmt: skip
_RULED = re.compile(r"[-=_+*| .]*")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_BRACKETS = re.compile(r"[(\[{].*?[)\]}]")
_PERIOD_NUMBER = re.compile(r"[MP]\s?(0?[1-9]|1[0-2])", re.I)


@dataclass(frozen=True)
class Layout:
    """What the columns of a sheet are. ``columns``: 0-based column by role; ``across``: periods as columns."""

    sheet: Sheet
    header: int
    columns: Mapping[str, int]
    headers: Sequence[str]
    across: tuple[tuple[int, When], ...] = ()
    doubles: tuple[tuple[str, str, str], ...] = ()
    """(role, header taken, header left aside) where two columns look alike."""
    above: tuple[str, ...] = field(default=())
    """Texts above the header, and of it."""

    def rows(self, key: str) -> Iterator[tuple[int, Sequence[Cell], str]]:
        """(line, cells, "" or why the row is no data) below the header; ``key``: role that names whom a row is on."""
        column = self.columns.get(key)
        own = [text for text in self.headers if text]
        for index in range(self.header + 1, len(self.sheet.rows)):
            row = self.sheet.rows[index]
            texts = [cell_text(cell) for cell in row]
            if not any(texts) or all(_RULED.fullmatch(text) for text in texts if text):
                continue
            reason = ""
            if [text for text in texts if text] == own:
                reason = "header"
            elif any(_TOTAL.match(text) for text in self._labels(texts, column)):
                reason = "total"
            yield self.sheet.line(index), row, reason

    def _labels(self, texts: Sequence[str], column: int | None) -> list[str]:
        """Texts of a row that may say Total: its key, and what stands before it."""
        if column is None:
            return []
        found = [texts[at] for at in range(min(column + 1, len(texts))) if texts[at]]
        return found[-1:] if found and column < len(texts) and texts[column] else found

    def cell(self, row: Sequence[Cell], role: str) -> Cell:
        column = self.columns.get(role)
        return None if column is None or column >= len(row) else row[column]

    def unused(self) -> list[str]:
        """Headers of columns that nothing was made of."""
        used = {*self.columns.values(), *(column for column, _ in self.across)}
        return [text for column, text in enumerate(self.headers) if text and column not in used]


def plain(header: str) -> str:
    """A header as it is compared: lower case, without brackets, points and underscores."""
    text = _BRACKETS.sub(" ", header.casefold())
    return " ".join(re.sub(r"[._/\\:#*\-\"']+", " ", text).split())


def find_layout(sheet: Sheet, names: Mapping[str, Sequence[str]], key: str, values: Sequence[str]) -> Layout | None:
    """The best header row: one that names the column ``key`` and either periods across, or a period column with one of
    the columns ``values``. None where there is none.

    names: role -> header texts, as `plain` gives them.
    """
    best: tuple[int, Layout] | None = None
    for index in range(min(MOST_JUNK, len(sheet.rows))):
        for two_rows in (False, True) if index else (False,):
            layout = _layout_at(sheet, index, two_rows, names)
            timed = bool(layout.across) or PERIOD in layout.columns or YEAR in layout.columns
            if (key and key not in layout.columns) or not timed:
                continue
            if not layout.across and values and not any(role in layout.columns for role in values):
                continue
            if not key and len(layout.across) + len(layout.columns) < 2:
                continue
            score = 10 * len(layout.columns) + 3 * len(layout.across) - two_rows
            if best is None or score > best[0]:
                best = (score, layout)
    return best[1] if best else None


def _layout_at(sheet: Sheet, index: int, two_rows: bool, names: Mapping[str, Sequence[str]]) -> Layout:
    row = sheet.rows[index]
    upper = sheet.rows[index - 1] if index else []
    width = max(len(row), len(upper)) if two_rows else len(row)
    cells = [row[at] if at < len(row) else None for at in range(width)]
    if two_rows:
        cells = [
            upper[at] if is_blank(cell) and at < len(upper) and cell_text(upper[at]) else cell
            for at, cell in enumerate(cells)
        ]
    above = _texts(sheet, index)
    headers = [cell_text(cell) for cell in cells]
    columns: dict[str, int] = {}
    doubles: list[tuple[str, str, str]] = []
    across: list[tuple[int, When]] = []
    years = _years_above(upper, width, above, sheet.name)
    if any(_role(text, {YEAR: names[YEAR]}) for text in headers):
        years = [NO_YEAR] * width
    order = day_order(cells)[0] or "day first"
    for at, cell in enumerate(cells):
        if is_blank(cell):
            continue
        role = _role(headers[at], names)
        if role is None:
            when = _when_across(cell, years[at], order)
            if when:
                across.append((at, when))
        elif role in columns:
            doubles.append((role, headers[columns[role]], headers[at]))
        else:
            columns[role] = at
    if len(across) == 1 and across[0][1].span == "day":
        across = []  # a date in a line of junk
    return Layout(sheet, index, columns, headers, tuple(across), tuple(doubles), (*above, *headers))


def _role(header: str, names: Mapping[str, Sequence[str]]) -> str | None:
    """The role whose names hold this header, also with a unit behind it (``Menge ST``)."""
    text = plain(header)
    if not text:
        return None
    for role, known in names.items():
        if text in known:
            return role
    words = text.split()
    shorter = " ".join(words[:-1])
    if len(words) > 1 and len(words[-1]) <= 3:
        return next((role for role, known in names.items() if shorter in known), None)
    return None


def _when_across(cell: Cell, year: int | None, order: DayOrder) -> When | None:
    """The period a header names; a month's name alone takes the year that stands above it."""
    if isinstance(cell, str):
        number = month_number(cell)
        if number is None and (match := _PERIOD_NUMBER.fullmatch(cell.strip())):
            number = int(match[1])
        if number is not None:
            return read_when(f"{year}-{number:02d}", None) if year else None
    return read_when(cell, order)


def _years_above(upper: Sequence[Cell], width: int, above: Sequence[str], name: str) -> list[int | None]:
    """For each column the year of the row above, filled to the right; else the one year that is named anywhere."""
    in_row = [_YEAR.search(cell_text(upper[at])) if at < len(upper) else None for at in range(width)]
    if any(in_row):
        years: list[int | None] = []
        last: int | None = None
        for match in in_row:
            last = int(match[1]) if match else last
            years.append(last)
        return years
    named = {int(year) for text in (*above, name) for year in _YEAR.findall(text)}
    return [next(iter(named)) if len(named) == 1 else None] * width


def _texts(sheet: Sheet, index: int) -> tuple[str, ...]:
    return tuple(text for row in sheet.rows[:index] for cell in row if (text := cell_text(cell)))
