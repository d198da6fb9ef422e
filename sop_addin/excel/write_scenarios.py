"""Scenarios in a workbook: the rows of tblPlan that are theirs, and a scenario that becomes the plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..model.plan import BASE
from ..model.rolled import Cells
from ..model.schema import SALES_PLAN, TABLES
from .blocks import read_block, write_block
from .grid_sheets import read_grid, write_grid
from .import_write import put_cells
from .tables_io import add_column, find_tables, missing_table, table_body, write_tables

SCENARIO_PARTS = ("tblScenarioResults", "tblCompare", "tblScenarioChanges", "tblPlan")


def write_scenario_runs(book: Any, frames: Mapping[str, pd.DataFrame], plan_rows: pd.DataFrame) -> None:
    """Write the comparison, and the scenarios' rows of tblPlan in place of earlier ones; the base plan's rows stay."""
    tables = find_tables(book)
    if "tblPlan" not in tables:
        raise missing_table("tblPlan")
    body = table_body(tables["tblPlan"])
    base = body.loc[body["Scenario"] == BASE, list(plan_rows.columns)]
    write_tables(book, {**frames, "tblPlan": pd.concat([base, plan_rows.astype(object)], ignore_index=True)})


def write_adoption(
    book: Any, scenario: str, cells: Mapping[str, Cells], overrides: pd.DataFrame, at: dt.datetime, bucket: str
) -> None:  # fmt: skip
    """Write the inputs that a scenario changes, and mark it. Raises WorkbookError where a part is missing."""
    _mark(book, scenario, at)
    for name, values in cells.items():
        put_cells(book, name, TABLES[name].keys, {}, dict(values), bucket)
    if len(overrides):
        sheet = read_grid(book, SALES_PLAN, bucket)
        rows = {key: row for row, key in enumerate(sheet.row_keys) if key is not None}
        for family, period, override, reason in overrides.itertuples(index=False):
            column = sheet.periods[period]
            sheet.cells[rows[((family,), "Override")] + 1][column] = override
            sheet.cells[rows[((family,), "Override reason")] + 1][column] = reason
        write_grid(book, sheet, sheet)


def ready_to_adopt(book: Any) -> Any:
    """tblScenarios with the column for what is adopted, which an older workbook lacks.

    Raises WorkbookError where the table is missing or the cells to its right are taken.
    """
    table = find_tables(book).get("tblScenarios")
    if table is None:
        raise missing_table("tblScenarios")
    if "Adopted" not in read_block(table.header_row_range)[0]:
        add_column(table, "Adopted")
    return table


def _mark(book: Any, scenario: str, at: dt.datetime) -> None:
    table = ready_to_adopt(book)
    headers = [str(header) for header in read_block(table.header_row_range)[0]]
    body, name, mark = read_block(table.data_body_range), headers.index("Scenario"), headers.index("Adopted")
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    column = [[day if str(row[name] or "").strip() == scenario else row[mark]] for row in body]
    area = table.data_body_range
    write_block(area.sheet.range((area.row, area.column + mark)), column)
