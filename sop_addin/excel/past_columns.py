"""The columns left of a plan grid, where that is laid out again: actuals and trend lines follow its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from openpyxl.formula.translate import Translator

from .blocks import Formula, read_formulas, write_block
from .grid_marks import marks_of
from .grids import Key, column_letter, sheet_prefix
from .layout import PAST_MEASURES

_OURS = "tblStock["
_COLUMNS = 2  # xlSparkColumn


def follow_rows(area: Any, grid: str, periods: Mapping[pd.Timestamp, int], row_keys: Sequence[Key | None]) -> None:
    """Let the columns left of a grid reach to its last row and its last period.

    area: the grid as it was; periods: their 0-based columns now; row_keys: of its body rows now. What the planner typed
    there stays. Nothing happens in workbooks without such columns.
    """
    if grid not in PAST_MEASURES or area.column == 1:
        return
    _fill_actuals(area, len(row_keys), max(len(row_keys), area.shape[0] - 1))
    if periods:
        measure, _ = PAST_MEASURES[grid]
        rows = [area.row + 1 + index for index, key in enumerate(row_keys) if key is not None and key[1] == measure]
        _set_trends(area, rows, min(periods.values()), max(periods.values()), len(row_keys))


def _fill_actuals(area: Any, wanted: int, height: int) -> None:
    """The formulas of each column of actuals in ``wanted`` rows and no more, where it holds nothing else."""
    sheet, top = area.sheet, area.row + 1
    found = read_formulas(sheet.range((top, 1), (top + height - 1, area.column - 1)))
    columns = [column for column in range(area.column - 1) if _is_ours([row[column] for row in found])]
    filled = [all(row[column] for column in columns) for row in found]
    if not columns or (all(filled[:wanted]) and not any(any(row[at] for at in columns) for row in found[wanted:])):
        return
    first, last = columns[0], columns[-1]
    if columns != list(range(first, last + 1)) or True not in filled:
        return
    at = filled.index(True)
    block: list[list[object]] = [
        [_moved(found[at][column], at, index) if index < wanted else None for column in columns]
        for index in range(height)
    ]
    write_block(sheet.range((top, first + 1)), block)


def _is_ours(cells: Sequence[str]) -> bool:
    return any(cells) and all(not cell or (cell.startswith("=") and _OURS in cell) for cell in cells)


def _moved(formula: str, origin: int, row: int) -> Formula:
    return Formula(Translator(formula, origin=f"A{origin + 1}").translate_formula(f"A{row + 1}"))


def _set_trends(area: Any, rows: Sequence[int], first: int, last: int, height: int) -> None:
    """A line in each of ``rows`` over the periods in columns ``first`` to ``last`` of the grid (0-based)."""
    sheet = area.sheet
    left, right = (column_letter(area.column + column) for column in (first, last))
    marks = marks_of(sheet)
    if hasattr(marks, "set_trends"):
        marks.set_trends(sheet.name, area.column, {
            row: f"{sheet_prefix(sheet.name)}{left}{row}:{right}{row}" for row in rows
        })  # fmt: skip
        return
    top = area.row + 1
    cells: Any = sheet.range((top, 1), (top + height - 1, 1)).api
    groups = getattr(cells, "SparklineGroups", None)
    if groups is not None and groups.Count:
        # in Excel itself every row gets its line: one call, however many families there are
        groups.Clear()
        cells.SparklineGroups.Add(_COLUMNS, f"{left}{top}:{right}{top + height - 1}")
