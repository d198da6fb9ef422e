"""Published plans into the workbook: tblVersions, the row Approved plan, and tblApproved with its exchange rates."""

from __future__ import annotations

from typing import Any

from ..model.schema import PRODUCTION_PLAN
from ..model.tables import Tables
from ..model.versions import version_rows
from .grid_sheets import read_grid, write_grid
from .grid_values import clean_number
from .import_write import write_approved
from .tables_io import write_tables
from .write_plan import write_result

PUBLISHED_PARTS = ("tblVersions", "ProductionPlan", "tblApproved", "tblRates", "tblResult", "tblCycleLog")
_APPROVED = "Approved plan"


def write_versions(book: Any, tables: Tables, sentence: str) -> None:
    """Write the versions of ``tables``, the approved plan that follows from them, and the sentence for Home."""
    sheet = read_grid(book, PRODUCTION_PLAN, tables.settings.bucket)
    approved = tables.production_plan.set_index(["Family", "Period"])[_APPROVED].to_dict()
    for index, key in enumerate(sheet.row_keys):
        if key is not None and key[1] == _APPROVED:
            for period, column in sheet.periods.items():
                sheet.cells[index + 1][column] = clean_number(approved.get((key[0][0], period)))
    write_approved(book, tables.approved, tables.rates, tables.settings.bucket)
    write_tables(book, {"tblVersions": version_rows(tables.versions)})
    write_grid(book, sheet, sheet)
    write_result(book, "Published", sentence)
