"""Reading and writing rectangles of cells in one go, with the same meaning on every xlwings engine.

Live Excel parses what is assigned to a cell: ``00123`` becomes a number, ``=x`` a formula. Here a text is a text unless
it is a `Formula`; such texts get Excel's leading apostrophe, which our closed-file engine understands as well.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any

CELLS_PER_WRITE = 200_000
"""Excel refuses arrays over some 10 MB: larger blocks go in slices of whole rows."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_PARSED_BY_EXCEL = re.compile(rf"[=+\-@'#\d.,$€£¥(%]|{_MONTH}[\s\-/.]*\d|(?:true|false)$", re.IGNORECASE)


class Formula(str):
    """Formula text, beginning with '='. A plain str is never a formula."""

    __slots__ = ()


def as_cell(value: object) -> object:
    """What to assign to a cell so that it holds ``value`` and nothing else."""
    if value is None or isinstance(value, (bool, dt.datetime, dt.date)):
        return value if value == value else None  # NaT is not itself
    if isinstance(value, Formula):
        return str(value)
    if isinstance(value, str):
        return "'" + value if _PARSED_BY_EXCEL.match(value) else value
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def write_block(top_left: Any, rows: Sequence[Sequence[object]]) -> None:
    """Write a rectangle whose first cell is the xlwings range ``top_left``; None and NaN clear the cell."""
    if not rows or not rows[0]:
        return
    width = len(rows[0])
    sheet, row, column = top_left.sheet, top_left.row, top_left.column
    step = max(1, CELLS_PER_WRITE // width)
    for start in range(0, len(rows), step):
        part = [[as_cell(value) for value in cells] for cells in rows[start : start + step]]
        area = sheet.range((row + start, column), (row + start + len(part) - 1, column + width - 1))
        area.value = part


def read_block(area: Any) -> list[list[Any]]:
    """Values of an xlwings range as rows, also where it is one cell, row or column."""
    rows: list[list[Any]] = area.options(ndim=2, err_to_str=True).value
    return rows


def read_formulas(area: Any) -> list[list[str]]:
    """Formula texts of an xlwings range as rows; '' for a blank, the value as text where there is no formula."""
    found = area.formula
    if isinstance(found, str):
        return [[found]]
    return [list(row) if isinstance(row, (tuple, list)) else [row] for row in found]
