"""Every table, grid, setting and sheet of the workbook, described once.

The template, the dropdowns and notes, ``docs/tables.md``, reading, validating and writing all follow from here.
"""

from __future__ import annotations

from .schema_output import BRIDGE_TABLE, OUTPUT_TABLES
from .schema_plan import (
    CAPACITY_PLAN,
    FINANCE_PLAN,
    GRIDS,
    INVENTORY_PLAN,
    PRODUCTION_PLAN,
    RESULT_MEASURES,
    SALES_PLAN,
    SETTINGS,
    SHEET_GRIDS,
    SHEETS,
    WORKINGS,
)
from .schema_tables import INPUT_TABLES, LEVERS, METHODS, STEPS
from .schema_types import NUMERIC, Column, Grid, Measure, Setting, Sheet, Table

TABLES: dict[str, Table] = {table.name: table for table in (*INPUT_TABLES, *OUTPUT_TABLES)}
_SINCE_THE_FIRST = ("tblPlan", "tblItemPlan", "tblForecast", "tblResult", "tblFindings", "tblKpis", "tblCompare",
                    "tblVersions")  # fmt: skip
NEWER_TABLES: frozenset[str] = frozenset(
    name for name, table in TABLES.items() if table.role == "output" and name not in _SINCE_THE_FIRST
) | {"tblItemOverrides", "tblApproved"}
"""Tables that came later: a workbook from before lacks them, and runs without."""
GRID_BY_NAME: dict[str, Grid] = {grid.name: grid for grid in SHEET_GRIDS}
SETTING_BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}

__all__ = [
    "BRIDGE_TABLE",
    "CAPACITY_PLAN",
    "FINANCE_PLAN",
    "GRIDS",
    "GRID_BY_NAME",
    "INPUT_TABLES",
    "INVENTORY_PLAN",
    "LEVERS",
    "METHODS",
    "NEWER_TABLES",
    "NUMERIC",
    "OUTPUT_TABLES",
    "PRODUCTION_PLAN",
    "RESULT_MEASURES",
    "SALES_PLAN",
    "SETTINGS",
    "SETTING_BY_NAME",
    "SHEETS",
    "SHEET_GRIDS",
    "STEPS",
    "TABLES",
    "WORKINGS",
    "Column",
    "Grid",
    "Measure",
    "Setting",
    "Sheet",
    "Table",
]
