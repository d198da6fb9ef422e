"""Published plans into the workbook: tblVersions, and the row Approved plan of the Production Plan."""

from __future__ import annotations

from typing import Any

from ..model.schema import GRIDS
from ..model.tables import Tables
from ..model.versions import version_rows
from .grid_cells import GridCells
from .grid_sheets import fill, place_of, read_grid, write_grid
from .tables_io import write_tables

PUBLISHED_PARTS = ("tblVersions", "ProductionPlan")


def write_versions(book: Any, tables: Tables) -> None:
    """Write the versions of ``tables`` and the approved plan that follows from them; nothing else changes."""
    bucket = tables.settings.bucket
    sheets = {grid.name: read_grid(book, grid, bucket) for grid in GRIDS}
    cells = GridCells(tables, None, {name: place_of(sheet) for name, sheet in sheets.items()})
    write_tables(book, {"tblVersions": version_rows(tables.versions)})
    sheet = sheets["ProductionPlan"]
    fill(sheet, cells, tables)
    write_grid(book, sheet, sheet)
