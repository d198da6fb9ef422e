"""Reading and writing rectangles of cells in one go, with the same meaning on every xlwings engine.

Live Excel parses what is assigned to a cell: ``00123`` becomes a number, ``=x`` a formula. Here a text is a text unless
it is a `Formula`; such texts get Excel's leading apostrophe, which our closed-file engine understands as well. Merged
and filtered cells swallow what is written to them, so they are refused; arrays that Excel does not take go in slices.
Only what xlwings offers on every engine is used.
"""

from __future__ import annotations

import datetime as dt
import decimal
import numbers
import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from ..model.errors import WorkbookError
from .grids import column_letter

CELLS_PER_WRITE = 200_000
CHARACTERS_PER_WRITE = 2_000_000
"""Excel refuses arrays over some 10 MB: larger blocks go in slices of whole rows."""

MAX_TEXT, MAX_FORMULA = 32_767, 8_192
"""What a cell holds, in UTF-16 units."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_PARSED_BY_EXCEL = re.compile(rf"\s*(?:[=+\-@'#\d.,$€£¥(%]|{_MONTH}[\s\-/.]*\d|(?:true|false)\s*$)", re.IGNORECASE)

_AS_READ = frozenset({float, str, type(None), bool, dt.datetime})
_FIRST_ERROR = -2146828288
_ERRORS = {
    _FIRST_ERROR + number: text
    for number, text in {
        2000: "#NULL!", 2007: "#DIV/0!", 2015: "#VALUE!", 2023: "#REF!", 2029: "#NAME?", 2036: "#NUM!", 2042: "#N/A",
        2043: "#GETTING_DATA", 2045: "#SPILL!", 2046: "#CONNECT!", 2047: "#BLOCKED!", 2048: "#UNKNOWN!",
        2049: "#FIELD!", 2050: "#CALC!",
    }.items()
}  # fmt: skip
"""What live Excel hands over for errors in cells; xlwings knows the first seven."""


class Formula(str):
    """Formula text, beginning with '='. A plain str is never a formula."""

    __slots__ = ()


def cell_link(place: object) -> Formula | None:
    """A formula that jumps to the cell named by its address; None where there is none."""
    if not place:
        return None
    address = str(place).replace('"', '""')
    return Formula(f'=HYPERLINK("#{address}","{address}")')


class _TooLong(ValueError):
    """Text that no cell can hold; the message lacks the address, which the caller knows."""


class _Texts(dict[str, str]):
    """What to assign for each text, worked out once: plans repeat their names in thousands of rows."""

    def __missing__(self, text: str) -> str:
        self[text] = cell = _text_cell(text)
        return cell


def as_cell(value: object) -> object:
    """What to assign to a cell so that it holds ``value`` and nothing else: None, bool, float, datetime or str.

    NaN, infinity and NaT are None. Raises ValueError for text longer than a cell holds, TypeError for a list and the
    like.
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return _formula_cell(value) if isinstance(value, Formula) else _text_cell(str(value))
    if type(value) is dt.datetime and value.tzinfo is None:
        return value
    if isinstance(value, (np.datetime64, np.timedelta64)):  # numpy counts a timedelta among the numbers
        value = _of_numpy(value)
    elif isinstance(value, (numbers.Real, decimal.Decimal)):
        number = float(value)
        return number if isfinite(number) else None
    elif isinstance(value, pd.Period):
        value = value.to_timestamp()
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)  # cells keep milliseconds: a warning about nanoseconds helps nobody
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, dt.time):
        value = dt.datetime.combine(dt.date.min, value.replace(tzinfo=None)) - dt.datetime.min
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    if value is None:
        return None
    raise TypeError(f"cannot write a {type(value).__name__} to a cell")


def _of_numpy(value: np.datetime64 | np.timedelta64) -> pd.Timestamp | pd.Timedelta | None:
    if np.isnat(value):
        return None
    return pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)


def _text_cell(text: str) -> str:
    _check_length("text", text, MAX_TEXT)
    return "'" + text if _PARSED_BY_EXCEL.match(text) else text


def _formula_cell(formula: Formula) -> str:
    _check_length("formula", formula, MAX_FORMULA)
    return str(formula)


def _check_length(what: str, text: str, most: int) -> None:
    if len(text) > most // 2 and (length := len(text.encode("utf-16-le", "replace")) // 2) > most:
        raise _TooLong(f"{what} of {length:,} characters, where Excel allows {most:,}; shorten it.")


def write_block(top_left: Any, rows: Sequence[Sequence[object]]) -> None:
    """Write a rectangle whose first cell is the xlwings range ``top_left``; None and NaN clear the cell.

    Formats stay; short rows are filled up with blanks. Raises WorkbookError before anything is written where a text
    is too long for a cell or the place holds merged or filtered cells.
    """
    width = max(map(len, rows), default=0)
    if not width:
        return
    sheet, row, column = top_left.sheet, top_left.row, top_left.column
    lines = _lines(sheet, row, column, rows, width)
    _refuse_merged(sheet, (row, column, row + len(lines) - 1, column + width - 1))
    _refuse_filtered(sheet)
    for start, part in _slices(lines, width):
        sheet.range((row + start, column), (row + start + len(part) - 1, column + width - 1)).value = part


def _lines(sheet: Any, row: int, column: int, rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """The rows as they are assigned, all equally long."""
    texts = _Texts()
    try:
        # most cells of a plan are numbers and texts: these two are told apart here, not in a call for each
        lines: list[list[object]] = [
            [
                texts[value]
                if type(value) is str
                else value
                if type(value) is float and isfinite(value)
                else as_cell(value)
                for value in cells
            ]
            for cells in rows
        ]
    except _TooLong:
        raise _naming_the_cell(sheet, row, column, rows) from None
    for line in lines:
        if len(line) < width:
            line += [None] * (width - len(line))
    return lines


def _naming_the_cell(sheet: Any, row: int, column: int, rows: Sequence[Sequence[object]]) -> WorkbookError:
    for row_offset, cells in enumerate(rows):
        for column_offset, value in enumerate(cells):
            try:
                as_cell(value)
            except _TooLong as error:
                address = f"{column_letter(column + column_offset)}{row + row_offset}"
                return WorkbookError(f"{sheet.name}!{address}: {error}")
    raise AssertionError("no text is too long")


def _slices(lines: list[list[object]], width: int) -> Iterator[tuple[int, list[list[object]]]]:
    """(0-based first row, rows) of pieces that Excel takes in one array."""
    most = max(1, CELLS_PER_WRITE // width)
    start = characters = 0
    for position, line in enumerate(lines):
        length = sum([len(value) for value in line if type(value) is str])
        if position > start and (position - start == most or characters + length > CHARACTERS_PER_WRITE):
            yield start, lines[start:position]
            start, characters = position, 0
        characters += length
    yield start, lines[start:]


def _refuse_merged(sheet: Any, box: tuple[int, int, int, int]) -> None:
    first, last = box[:2], box[2:]
    if first == last:
        return  # the first cell of a merged area takes a value
    try:
        merged = sheet.range(first, last).merge_cells
    except NotImplementedError:
        return
    if merged is not False:  # None: some of the cells
        address = f"{column_letter(box[1])}{box[0]}:{column_letter(box[3])}{box[2]}"
        raise WorkbookError(
            f"{sheet.name}!{address} holds merged cells, which swallow values; unmerge them (Home > Merge & Center) "
            "and run again."
        )


def _refuse_filtered(sheet: Any) -> None:
    """Only live Excel filters; elsewhere hidden rows take values like others."""
    filtered = getattr(sheet.api, "FilterMode", None)
    if filtered is None:
        return
    # a sheet's own flag tells nothing of the filters of its tables
    filters = [getattr(table.api, "AutoFilter", None) for table in sheet.tables]
    if filtered is True or any(getattr(one, "FilterMode", False) is True for one in filters):
        raise WorkbookError(
            f"Sheet {sheet.name} is filtered, and hidden rows would swallow values; clear the filter (Data > Clear) "
            "and run again."
        )


def read_block(area: Any) -> list[list[Any]]:
    """Values of an xlwings range as rows, also where it is one cell, row or column.

    Numbers are float, dates datetime, blanks None, errors their text such as '#N/A'.
    """
    rows: list[list[Any]] = area.options(ndim=2, err_to_str=True).value
    return [row if _AS_READ.issuperset(map(type, row)) else [_read(value) for value in row] for row in rows]


def _read(value: Any) -> Any:
    """Live Excel has integers for newer errors and decimals for cells in a currency format."""
    if type(value) is int:
        return _ERRORS.get(value) or float(value)
    return float(value) if isinstance(value, decimal.Decimal) else value


def read_formulas(area: Any) -> list[list[str]]:
    """Formula texts of an xlwings range as rows; '' for a blank, the value as text where there is no formula."""
    found = area.formula
    if not isinstance(found, (tuple, list)):
        rows = [[found]]
    elif found and isinstance(found[0], (tuple, list)):
        rows = [list(row) for row in found]
    else:
        rows = [list(found)] if area.shape[0] == 1 else [[text] for text in found]
    return [["" if text is None else str(text) for text in row] for row in rows]
