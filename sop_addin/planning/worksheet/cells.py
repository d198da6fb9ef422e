"""Reading the arguments of worksheet functions: ranges become rows of checked cells; what is wrong is named."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...model.errors import InputError
from ...model.suggest import did_you_mean, listed, quote
from ..cleaning import Floats

Cell = object
Rows = list[list[Cell]]

ERROR_TEXTS = frozenset({
    "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#FIELD!", "#GETTING_DATA",
    "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!",
})  # fmt: skip
ERROR_CODES = range(-2146826288, -2146826187)  # CVErr(2000) to CVErr(2100), where Excel hands errors over as numbers


@dataclass(frozen=True)
class Block:
    """The cells of one argument, without the blank rows and columns at the end of a range that was taken too long."""

    name: str
    rows: Rows

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.rows[0])

    @property
    def is_column(self) -> bool:
        """More than one cell, one below the other."""
        return len(self.rows) > 1 and len(self.rows[0]) == 1

    @property
    def is_line(self) -> bool:
        """One cell, one row or one column."""
        return 1 in self.shape

    @property
    def cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in row]

    def place(self, row: int, column: int) -> str:
        """``history, cell 3`` or, in a rectangle, ``history, row 2, column 5``; counted from 1."""
        height, width = self.shape
        if height == width == 1:
            return self.name
        if 1 in (height, width):
            return f"{self.name}, cell {max(row, column) + 1}"
        return f"{self.name}, row {row + 1}, column {column + 1}"

    def shaped(self, values: Sequence[Cell]) -> Rows:
        """A flat list as rows of this block's shape."""
        width = self.shape[1]
        return [list(values[start : start + width]) for start in range(0, len(values), width)]


def block(value: object, name: str) -> Block:
    """The argument as a Block. InputError where it is missing or blank all over."""
    rows = _without_blank_end(_rows(value))
    if not rows:
        many = isinstance(value, (list, tuple, np.ndarray)) and len(value) > 1
        raise InputError(f"{name}: {'every cell is blank' if many else 'is missing'}.")
    return Block(name, rows)


def is_blank(cell: Cell) -> bool:
    if cell is None:
        return True
    if isinstance(cell, str):
        return not cell.strip()
    return isinstance(cell, float) and math.isnan(cell)


def is_missing(value: object) -> bool:
    """Whether an optional argument was left out, or is one blank cell."""
    return all(is_blank(cell) for row in _rows(value) for cell in row)


def error_in(cell: Cell) -> str:
    """``#N/A`` where the cell holds an Excel error, else ''."""
    if isinstance(cell, str):
        text = cell.strip().upper()
        return text if text in ERROR_TEXTS else ""
    if isinstance(cell, int) and cell in ERROR_CODES:
        return "an error"
    return ""


def as_number(cell: Cell, place: str) -> float:
    """A number; InputError that says what stands there instead."""
    if isinstance(cell, (int, float, np.integer, np.floating)) and not isinstance(cell, bool):
        if isinstance(cell, int) and error_in(cell):
            raise InputError(f"{place} holds an Excel error; mend the formula there.")
        number = float(cell)
        if math.isinf(number):
            raise InputError(f"{place} is infinite.")
        if not math.isnan(number):
            return number
    if is_blank(cell):
        raise InputError(f"{place} is blank; write 0 where 0 is meant.")
    if found := error_in(cell):
        raise InputError(f"{place} holds {found}; mend the formula there.")
    if isinstance(cell, bool):
        raise InputError(f"{place} is {str(cell).upper()}, not a number.")
    if isinstance(cell, (dt.date, dt.datetime)):
        raise InputError(f"{place} is the date {cell:%Y-%m-%d}, not a number.")
    if isinstance(cell, str):
        raise InputError(f"{place} is the text {quote(cell)}, not a number.")
    try:
        return float(cell)  # type: ignore[arg-type]  # Decimal: currency cells
    except (TypeError, ValueError):
        raise InputError(f"{place} is {quote(cell)}, not a number.") from None


def as_text(cell: Cell, place: str) -> str:
    """A text, or a number as Excel shows it; InputError for blanks and errors."""
    if is_blank(cell):
        raise InputError(f"{place} is blank.")
    if found := error_in(cell):
        raise InputError(f"{place} holds {'an Excel error' if found == 'an error' else found}; mend the formula there.")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def numbers(value: object, name: str, *, minimum: float | None = None) -> tuple[Block, Floats]:
    """The block and its numbers, same shape; every cell has to be one."""
    cells = block(value, name)
    height, width = cells.shape
    found = np.empty((height, width))
    for row, line in enumerate(cells.rows):
        for column, cell in enumerate(line):
            place = cells.place(row, column)
            number = as_number(cell, place)
            if minimum is not None and number < minimum:
                raise InputError(f"{place} is {number:g}; it must be {minimum:g} or more.")
            found[row, column] = number
    return cells, found


def numbers_or_blank(value: object, name: str) -> tuple[Block, Floats]:
    """As `numbers`, with NaN for blank cells."""
    cells = block(value, name)
    found = np.full(cells.shape, np.nan)
    for row, line in enumerate(cells.rows):
        for column, cell in enumerate(line):
            if not is_blank(cell):
                found[row, column] = as_number(cell, cells.place(row, column))
    return cells, found


def line(value: object, name: str, *, minimum: float | None = None) -> tuple[Block, Floats]:
    """One row or one column of numbers, flat."""
    cells, found = numbers(value, name, minimum=minimum)
    if not cells.is_line:
        raise InputError(
            f"{name}: must be one row or one column, not {cells.shape[0]} rows x {cells.shape[1]} columns."
        )
    return cells, found.ravel()


def number(
    value: object, name: str, default: float | None = None, *, minimum: float | None = None,
    below: float | None = None, above: float | None = None,
) -> float:  # fmt: skip
    """One number; the default where it is left out."""
    if is_missing(value):
        if default is None:
            raise InputError(f"{name}: is missing.")
        return default
    found = as_number(single(value, name), name)
    if minimum is not None and found < minimum:
        raise InputError(f"{name}: must be {minimum:g} or more, not {found:g}.")
    if above is not None and found <= above:
        raise InputError(f"{name}: must be above {above:g}, not {found:g}.")
    if below is not None and found >= below:
        raise InputError(f"{name}: must be below {below:g}, not {found:g}.")
    return found


def whole_number(value: object, name: str, default: int | None = None, *, minimum: int, maximum: int) -> int:
    """One whole number from minimum to maximum."""
    found = number(value, name, None if default is None else float(default))
    if found != int(found) or not minimum <= found <= maximum:
        raise InputError(f"{name}: must be a whole number from {minimum} to {maximum}, not {found:g}.")
    return int(found)


def text(value: object, name: str, default: str | None = None) -> str:
    """One text; the default where it is left out."""
    if is_missing(value):
        if default is None:
            raise InputError(f"{name}: is missing.")
        return default
    return as_text(single(value, name), name)


def choice(given: str, name: str, choices: Sequence[str]) -> str:
    """The choice as we spell it; case and blanks are forgiven."""
    by_name = {_loose(one): one for one in choices}
    if _loose(given) in by_name:
        return by_name[_loose(given)]
    raise InputError(
        f"{name}: {quote(given)} is not one of {listed(list(choices))}{did_you_mean(given, list(choices))}."
    )


def single(value: object, name: str) -> Cell:
    """The one cell of an argument that may have only one."""
    cells = block(value, name)
    if cells.shape != (1, 1):
        raise InputError(f"{name}: must be one cell, not {cells.shape[0]} rows x {cells.shape[1]} columns.")
    return cells.rows[0][0]


def _loose(text: str) -> str:
    return "".join(text.split()).casefold()


def _rows(value: object) -> Rows:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return [[value]]
    if not any(isinstance(row, (list, tuple)) for row in value):
        return [list(value)]
    rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in value]
    width = max(map(len, rows))
    if all(len(row) == width for row in rows):
        return rows
    return [row + [None] * (width - len(row)) for row in rows]


def _without_blank_end(rows: Rows) -> Rows:
    if rows and not is_blank(rows[-1][-1]):
        return rows
    height = len(rows)
    while height and all(map(is_blank, rows[height - 1])):
        height -= 1
    if not height:
        return []
    width = max(
        next((column + 1 for column in range(len(row) - 1, -1, -1) if not is_blank(row[column])), 0)
        for row in rows[:height]
    )
    return [row[:width] for row in rows[:height]]
