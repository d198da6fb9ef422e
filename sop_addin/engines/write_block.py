"""Bulk reading and writing that behaves the same on every xlwings engine, a closed file and live Excel alike.

Live Excel reinterprets what it is given: '=x' becomes a formula, '00123' a number, '2027-03' a date; arrays beyond some
10 MB fail; merged and filtered ranges swallow values. Product code writes through `write_block`, which knows all this.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

import xlwings as xw

from sop_addin.engines.errors import EngineError
from sop_addin.engines.values import CellValue, DynamicFormula, Formula, XlError, clean_rows

_MAX_SLICE_CELLS = 50_000
_MAX_SLICE_CHARACTERS = 4_000_000

_WORDS = re.compile(r"[^\W\d_][^\d]*")

# What COM hands over for errors in cells, by the low word of the code.
_ERROR_CODES = {
    2000: "#NULL!",
    2007: "#DIV/0!",
    2015: "#VALUE!",
    2023: "#REF!",
    2029: "#NAME?",
    2036: "#NUM!",
    2042: "#N/A",
    2043: "#GETTING_DATA",
    2045: "#SPILL!",
    2050: "#CALC!",
}


def write_block(range_: xw.Range, rows: Iterable[Sequence[Any]], *, text_columns: Sequence[int] = ()) -> None:
    """Write rows from the upper left cell of `range_`; formats stay, None, NaN, NaT and infinity leave a blank.

    A str is text whatever it looks like ('=x', '00123', '#N/A'); a `Formula` is a formula, an `XlError` an error; dates
    are dates, numpy and pandas scalars are fine. `text_columns` are positions in the row (from 0) whose cells are text
    by nature, such as codes: their numbers are written as text and their General cells become Text cells.

    Raises EngineError, naming the cell, where a value does not fit into a cell or the range cannot be written.
    """
    values = clean_rows(rows)
    if not values or not values[0]:
        return
    for place in text_columns:
        for row in values:
            if row[place] is not None and not isinstance(row[place], str):
                row[place] = _as_text(row[place])
    target = range_[0, 0].resize(len(values), len(values[0]))
    _refuse_merged(target)
    if hasattr(target.impl, "write_cells"):
        target.impl.write_cells(values, tuple(text_columns))
        return
    _refuse_filtered(target)
    _write_to_live_excel(target, values, text_columns)


def read_block(range_: xw.Range) -> list[list[CellValue]]:
    """Values of a range as a list of rows, whatever its shape; blanks are None, errors `XlError`, numbers float."""
    if hasattr(range_.impl, "read_cells"):
        values: list[list[CellValue]] = range_.impl.read_cells()
        return values
    rows = _as_rows(range_.impl.raw_value, range_.shape)
    return [[_from_com(value) for value in row] for row in rows]


def read_formulas(range_: xw.Range) -> list[list[str]]:
    """Formulas ('=...') of a range as a list of rows; a constant as its text, '' for a blank."""
    if hasattr(range_.impl, "read_cell_formulas"):
        texts: list[list[str]] = range_.impl.read_cell_formulas()
        return texts
    return [["" if text is None else str(text) for text in row] for row in _as_rows(range_.formula, range_.shape)]


def _as_text(value: CellValue) -> str:
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return f"{value:%Y-%m-%d}"
    return str(value)


def _as_rows(values: Any, shape: tuple[int, int]) -> list[list[Any]]:
    if shape == (1, 1) and not isinstance(values, (list, tuple)):
        return [[values]]
    if not isinstance(values[0], (list, tuple)):
        return [list(values)] if shape[0] == 1 else [[value] for value in values]
    return [list(row) for row in values]


def _from_com(value: Any) -> CellValue:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        code = _ERROR_CODES.get(value & 0xFFFF) if value < 0 else None
        return XlError(code) if code else float(value)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    text: CellValue = value
    return text


def _refuse_merged(target: xw.Range) -> None:
    try:
        merged = target.size > 1 and target.merge_cells
    except NotImplementedError:
        return
    if merged is None or merged is True:
        raise EngineError(
            f"{target.sheet.name}!{target.get_address(False, False)} holds merged cells, which swallow values; "
            "unmerge them first."
        )


def _refuse_filtered(target: xw.Range) -> None:
    """Only live Excel filters; elsewhere hidden rows take values like others."""
    filtering = getattr(target.sheet.api, "FilterMode", False)
    if filtering is True:
        raise EngineError(
            f"Sheet {target.sheet.name} is filtered, and hidden rows would swallow values; clear the filter first."
        )


# -- live Excel


def _write_to_live_excel(target: xw.Range, values: list[list[CellValue]], text_columns: Sequence[int]) -> None:
    all_text = set(text_columns)
    for place in range(len(values[0])):
        kinds = {type(row[place]) for row in values if row[place] is not None}
        if kinds == {str}:
            all_text.add(place)
    for place in sorted(all_text):
        target[:, place].number_format = "@"
    start = 0
    for part in _slices(values):
        excel_rows = [[_for_excel(value, place in all_text) for place, value in enumerate(row)] for row in part]
        target[start : start + len(part), :].impl.raw_value = excel_rows
        start += len(part)
    _write_formulas(target, values, all_text)


def _slices(values: list[list[CellValue]]) -> Iterable[list[list[CellValue]]]:
    """Pieces that stay below what Excel takes in one array."""
    piece: list[list[CellValue]] = []
    characters = 0
    for row in values:
        length = sum(len(value) for value in row if isinstance(value, str))
        if piece and ((len(piece) + 1) * len(row) > _MAX_SLICE_CELLS or characters + length > _MAX_SLICE_CHARACTERS):
            yield piece
            piece, characters = [], 0
        piece.append(row)
        characters += length
    if piece:
        yield piece


def _for_excel(value: CellValue, in_text_column: bool) -> Any:
    if value is None or isinstance(value, Formula):
        return None  # formulas follow on their own: a Text cell would keep them as text
    if isinstance(value, XlError):
        return str(value)
    if isinstance(value, str):
        # In a Text cell Excel leaves text alone; elsewhere an apostrophe, which is no part of the text, says so.
        safe = value[:1] not in ("=", "'") if in_text_column else _is_never_retyped(value)
        return value if safe else "'" + value
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    if isinstance(value, dt.time):
        return (value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6) / 86_400
    return value


def _is_never_retyped(text: str) -> bool:
    """Words without digits: no number, date, formula or error can hide in them."""
    return _WORDS.fullmatch(text) is not None and text.upper() not in ("TRUE", "FALSE")


def _write_formulas(target: xw.Range, values: list[list[CellValue]], all_text: set[int]) -> None:
    """Formulas column by column, each unbroken run in one call."""
    for place in range(len(values[0])):
        column = [row[place] for row in values]
        start = 0
        while start < len(column):
            if not isinstance(column[start], Formula):
                start += 1
                continue
            dynamic = isinstance(column[start], DynamicFormula)
            end = start
            while (
                end < len(column)
                and isinstance(column[end], Formula)
                and isinstance(column[end], DynamicFormula) == dynamic
            ):
                end += 1
            cells = target[start:end, place]
            if place in all_text:
                cells.number_format = "General"
            formulas = [[str(text)] for text in column[start:end]]
            if dynamic:
                cells.formula2 = formulas
            else:
                cells.formula = formulas
            start = end
