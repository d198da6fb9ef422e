"""Ranges of the generic xlwings engine."""

import re
from math import isfinite
from typing import TYPE_CHECKING, Any

from xlwings import base_classes

from sop_addin.engines.backend import Backend
from sop_addin.engines.formulas import move
from sop_addin.engines.references import (
    MAX_COLUMNS,
    MAX_ROWS,
    Box,
    box_address,
    box_holds,
    column_letters,
    quote_sheet,
)
from sop_addin.engines.values import CLASSIC_ERRORS, CellValue, DynamicFormula, Formula, XlError, clean_value

if TYPE_CHECKING:
    from sop_addin.engines.base_sheet import Name, Sheet
    from sop_addin.engines.base_table import Table


def typed_as_in_excel(value: Any) -> CellValue:
    """What Excel makes of a value given to .value: '=x' is a formula, "'x" the text x, '#N/A' an error, '' a blank.

    Unlike Excel, '00123' stays text. Scalars of numpy and pandas are fine; NaN, NaT and infinity are blanks.
    """
    value = clean_value(value)
    return _typed_text(value) if type(value) is str else value


def _typed_text(text: str) -> CellValue:
    first = text[:1]
    if first == "=" and len(text) > 1:
        return Formula(text)
    if first == "'":
        return text[1:] or None
    return XlError(text) if first == "#" and text in CLASSIC_ERRORS else text or None


class _TypedTexts(dict[str, CellValue]):
    """`_typed_text` of each text, worked out once: plans repeat their names in thousands of rows."""

    def __missing__(self, text: str) -> CellValue:
        self[text] = value = _typed_text(text)
        return value


class Range(base_classes.Range):
    """A rectangle of cells."""

    # The backend reads and writes any size in one call; slicing would only cost time.
    max_cells_per_read = None
    max_cells_per_write = None

    def __init__(self, sheet: "Sheet", box: Box, typed: str = "") -> None:
        self._sheet = sheet
        self.box = box
        self.arg1_input = typed
        self.options: dict[str, Any] = {}  # xlwings writes its conversion options here

    # -- position

    @property
    def sheet(self) -> "Sheet":
        return self._sheet

    @property
    def backend(self) -> Backend:
        return self._sheet.backend

    @property
    def api(self) -> "Range | None":
        """The range itself; None for an empty one, which xlwings then leaves alone."""
        rows, columns = self.shape
        return self if rows > 0 and columns > 0 else None

    @property
    def row(self) -> int:
        return self.box[0]

    @property
    def column(self) -> int:
        return self.box[1]

    @property
    def shape(self) -> tuple[int, int]:
        return self.box[2] - self.box[0] + 1, self.box[3] - self.box[1] + 1

    @property
    def coords(self) -> tuple[str, int, int, int, int]:
        return self._sheet.name, self.row, self.column, len(self), self.shape[1]

    def __len__(self) -> int:
        rows, columns = self.shape
        return rows * columns

    def __call__(self, arg1: Any, arg2: Any = None) -> "Range":
        if arg2 is None:
            arg1, arg2 = (arg1 - 1) // self.shape[1] + 1, (arg1 - 1) % self.shape[1] + 1
        row, column = self.row + arg1 - 1, self.column + arg2 - 1
        return Range(self._sheet, (row, column, row, column))

    @property
    def address(self) -> str:
        return self.get_address(True, True, False)

    def get_address(self, row_absolute: bool = True, col_absolute: bool = True, external: bool = False) -> str:
        r, c = "$" if row_absolute else "", "$" if col_absolute else ""
        row1, column1, row2, column2 = self.box
        text = f"{c}{column_letters(column1)}{r}{row1}"
        if (row1, column1) != (row2, column2):
            text += f":{c}{column_letters(column2)}{r}{row2}"
        if not external:
            return text
        book, sheet = self._sheet.book.name, self._sheet.name
        if quote_sheet(sheet) == sheet and re.fullmatch(r"[\w.]+", book):
            return f"[{book}]{sheet}!{text}"
        in_quotes = sheet.replace("'", "''")
        return f"'[{book}]{in_quotes}'!{text}"

    def _live_box(self) -> Box:
        """Whole rows and columns end where the used range ends."""
        row1, column1, row2, column2 = self.box
        if row2 >= MAX_ROWS or column2 >= MAX_COLUMNS:
            used = self.backend.used(self._sheet.name)
            row2, column2 = max(row1, min(row2, used[2])), max(column1, min(column2, used[3]))
        return row1, column1, row2, column2

    # -- contents

    @property
    def raw_value(self) -> Any:
        if self.api is None:
            return None
        rows = self.backend.read(self._sheet.name, self._live_box())
        return rows[0][0] if self.shape == (1, 1) else rows

    @raw_value.setter
    def raw_value(self, value: Any) -> None:
        texts = _TypedTexts()
        self._write(
            [
                [
                    texts[cell]
                    if type(cell) is str
                    else cell
                    if type(cell) is float and isfinite(cell)
                    else typed_as_in_excel(cell)
                    for cell in row
                ]
                for row in self._as_rows(value)
            ]
        )

    def _as_rows(self, value: Any) -> list[Any]:
        """A scalar fills the range, a flat list is one row."""
        if not isinstance(value, (list, tuple)):
            row1, column1, row2, column2 = self._live_box()
            return [[value] * (column2 - column1 + 1) for _ in range(row2 - row1 + 1)]
        if not value or not isinstance(value[0], (list, tuple)):
            return [value]
        return list(value)

    def _write(self, rows: list[list[CellValue]]) -> None:
        if self.api is not None:
            self.backend.write(self._sheet.name, self.row, self.column, rows)

    @property
    def formula(self) -> Any:
        rows = self.backend.formulas(self._sheet.name, self._live_box())
        return rows[0][0] if self.shape == (1, 1) else tuple(tuple(row) for row in rows)

    @formula.setter
    def formula(self, value: Any) -> None:
        self._write_formulas(value, Formula)

    @property
    def formula2(self) -> Any:
        return self.formula

    @formula2.setter
    def formula2(self, value: Any) -> None:
        self._write_formulas(value, DynamicFormula)

    def _write_formulas(self, value: Any, kind: type[Formula]) -> None:
        def one(cell: Any) -> Any:
            cell = typed_as_in_excel(cell)
            return kind(cell) if isinstance(cell, Formula) else cell

        if isinstance(value, str) and value.startswith("=") and len(self) > 1:
            # One formula for many cells: Excel moves its relative references along.
            row1, column1, row2, column2 = self._live_box()
            self._write(
                [
                    [
                        kind("=" + move(value[1:], row - row1, column - column1))
                        for column in range(column1, column2 + 1)
                    ]
                    for row in range(row1, row2 + 1)
                ]
            )
        else:
            self._write([[one(cell) for cell in row] for row in self._as_rows(value)])

    @property
    def has_array(self) -> bool:
        return self.backend.has_array(self._sheet.name, self.row, self.column)

    def clear_contents(self) -> None:
        self._clear(contents=True, formats=False)

    def clear_formats(self) -> None:
        self._clear(contents=False, formats=True)

    def clear(self) -> None:
        self._clear(contents=True, formats=True)

    def _clear(self, *, contents: bool, formats: bool) -> None:
        if self.api is not None:
            self.backend.clear(self._sheet.name, self._live_box(), contents=contents, formats=formats)

    # -- formats

    @property
    def number_format(self) -> str | None:
        return self.backend.number_format(self._sheet.name, self._live_box())

    @number_format.setter
    def number_format(self, value: str) -> None:
        self.backend.set_number_format(self._sheet.name, self._live_box(), value)

    @property
    def color(self) -> tuple[int, int, int] | None:
        return self.backend.color(self._sheet.name, self.row, self.column)

    @color.setter
    def color(self, color_or_rgb: Any) -> None:
        if isinstance(color_or_rgb, str):
            digits = color_or_rgb.lstrip("#")
            color_or_rgb = tuple(bytes.fromhex(digits))
        elif isinstance(color_or_rgb, int):
            color_or_rgb = (color_or_rgb & 255, color_or_rgb >> 8 & 255, color_or_rgb >> 16 & 255)
        self.backend.set_color(self._sheet.name, self._live_box(), color_or_rgb)

    @property
    def merge_cells(self) -> bool | None:
        """True where the range lies in one merged area, None where parts of it are merged, else False."""
        merged = self.backend.merged(self._sheet.name, self.box)
        if not merged:
            return False
        area = merged[0]
        inside = box_holds(area, self.box[0], self.box[1]) and box_holds(area, self.box[2], self.box[3])
        return True if inside else None

    @property
    def merge_area(self) -> "Range":
        merged = self.backend.merged(self._sheet.name, (self.row, self.column, self.row, self.column))
        return Range(self._sheet, merged[0]) if merged else self(1, 1)

    def autofit(self, axis: str | None = None) -> None:
        """Column widths stay: only Excel can measure text."""

    # -- neighbours

    def end(self, direction: str) -> "Range":
        """Where Ctrl+arrow would lead from the first cell."""
        direction = {"d": "down", "u": "up", "l": "left", "r": "right"}.get(direction, direction)
        used = self.backend.used(self._sheet.name)
        vertical = direction in ("down", "up")
        forward = direction in ("down", "right")
        here = self.row if vertical else self.column
        limit = MAX_ROWS if vertical else MAX_COLUMNS
        last = max(here, used[2] if vertical else used[3])
        low, high = (here, last) if forward else (1, here)
        box = (low, self.column, high, self.column) if vertical else (self.row, low, self.row, high)
        values = [value for row in self.backend.read(self._sheet.name, box) for value in row]
        filled = [value is not None and value != "" for value in (values if forward else values[::-1])]
        steps = _steps_to_edge(filled)
        if steps is None:
            steps = limit - here if forward else here - 1
        there = here + steps if forward else here - steps
        row, column = (there, self.column) if vertical else (self.row, there)
        return Range(self._sheet, (row, column, row, column))

    @property
    def current_region(self) -> "Range":
        """The filled block around the first cell."""
        used = self.backend.used(self._sheet.name)
        values = self.backend.read(self._sheet.name, (1, 1, max(used[2], self.row), max(used[3], self.column)))
        filled = [[value is not None and value != "" for value in row] for row in values]
        return Range(self._sheet, _grow(filled, self.row, self.column))

    @property
    def name(self) -> "Name | None":
        wanted = f"={quote_sheet(self._sheet.name)}!{self.address}".replace("'", "")
        names = self._sheet.book.names
        return next((name for name in names if name.refers_to.replace("'", "") == wanted), None)

    @name.setter
    def name(self, value: str) -> None:
        self.backend.set_name(value, f"={quote_sheet(self._sheet.name)}!{self.address}")

    @property
    def table(self) -> "Table | None":
        for table in self._sheet.tables:
            if box_holds(table.info.box, self.row, self.column):
                return table
        return None

    def select(self) -> None:
        self._sheet.activate()
        self._sheet.book.selected = self

    def __repr__(self) -> str:
        return f"<Range {self._sheet.name}!{box_address(self.box)}>"


def _steps_to_edge(filled: list[bool]) -> int | None:
    """Steps from the first place to the end of its block, or to the next filled place; None where there is none."""
    if len(filled) > 1 and filled[0] and filled[1]:
        return next((place - 1 for place in range(2, len(filled)) if not filled[place]), len(filled) - 1)
    return next((place for place in range(1, len(filled)) if filled[place]), None)


def _grow(filled: list[list[bool]], row: int, column: int) -> Box:
    """Grow a cell to the block whose border is blank all round."""

    def any_filled(rows: range, columns: range) -> bool:
        return any(
            1 <= r <= len(filled) and 1 <= c <= len(filled[0]) and filled[r - 1][c - 1] for r in rows for c in columns
        )

    top = bottom = row
    left = right = column
    while True:
        wide = range(left - 1, right + 2)
        tall = range(top - 1, bottom + 2)
        if any_filled(range(top - 1, top), wide):
            top -= 1
        elif any_filled(range(bottom + 1, bottom + 2), wide):
            bottom += 1
        elif any_filled(tall, range(left - 1, left)):
            left -= 1
        elif any_filled(tall, range(right + 1, right + 2)):
            right += 1
        else:
            return top, left, bottom, right
