"""Rolling forward in a workbook: cells of input tables, the history of the period that is over, the plan sheets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..model.plan import Plan
from ..model.rolled import Rolled
from ..model.schema import SHEET_GRIDS, TABLES
from ..model.tables import Tables
from .grid_sheets import GridSheet
from .import_write import put_cells, write_history
from .read_tables import read_tables
from .write_plan import write_grids


def parts_rolled(rolled: Rolled) -> tuple[str, ...]:
    """Names of the grids and tables that `write_roll` writes."""
    history = ("tblHistory",) if len(rolled.history) else ()
    return (*(grid.name for grid in SHEET_GRIDS), *rolled.cells, *history, "tblFindings")


def write_roll(book: Any, rolled: Rolled, bucket: str) -> Tables:
    """Write what rolling forward changes; returns the tables as they are then.

    What was typed for the period that is over leaves the plan sheets where the published version has it. Raises
    WorkbookError where a table is missing or has no room to grow.
    """
    for name, values in rolled.cells.items():
        put_cells(book, name, TABLES[name].keys, {}, dict(values), bucket)
    if len(rolled.history):
        write_history(book, rolled.history, bucket)
    tables = read_tables(book)

    def without_what_is_kept(sheet: GridSheet) -> GridSheet:
        column = sheet.periods.get(rolled.period)
        if column is None:
            return sheet
        cells = [list(line) for line in sheet.cells]
        for row, key in enumerate(sheet.row_keys):
            if key is not None and (sheet.grid.name, key[1], key[0][0]) in rolled.in_version:
                cells[row + 1][column] = None
        return replace(sheet, cells=cells)

    write_grids(book, Plan(tables, ("roll",)), without_what_is_kept)
    return tables
