"""Where tables and grids stand in a workbook that we build. Existing workbooks are read by name, never by address."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.schema import GRID_BY_NAME, TABLES

TITLE_ROW = 1
"""Every sheet: title in row 1, what it is for in row 2, links and hints in row 3."""

TABLE_ROW = 5
"""Header row of every table (1-based)."""

CHART_ROW, CHART_LINES = 4, 8
"""Plan sheets: the row in which the chart's family is chosen, and how many rows below it the chart covers."""

GRID_ROW: dict[str, int] = {**dict.fromkeys(GRID_BY_NAME, CHART_ROW + CHART_LINES + 2), "Workings": 5}
"""Header row of each grid (1-based)."""

PAST_PERIODS = 3
"""Periods of actuals to the left of the Sales, Production and Inventory Plan."""
PAST_MEASURES: dict[str, tuple[str, str]] = {
    "SalesPlan": ("Consensus demand", "Sales"),
    "ProductionPlan": ("Total production", "Production"),
    "InventoryPlan": ("Closing stock", "Stock"),
}
"""By grid: the row that has a trend line and actuals to its left, and the column of tblStock that holds these."""

GRID_LEFT: dict[str, int] = {name: 2 + PAST_PERIODS if name in PAST_MEASURES else 1 for name in GRID_BY_NAME}
"""Column of the first key of each grid (1-based); trend lines and actuals stand to its left."""

MIN_PERIOD_COLUMNS = 36
"""Room kept for periods to the right of a grid before a table of the same sheet begins."""

SUMMARY_LEAD = 9
"""Columns of the Finance Summary before its first period."""

UNDO_SHEET = "Undo"
"""Very hidden; what the last run overwrote (undo_store.py). Its first cell is blank when there is nothing to undo."""

MERGE_SHEET = "Merge"
"""Edits of returned copies. A workbook from before it was ours gets it as a plain sheet."""
COPY_SHEET = "Copy"
"""Very hidden, in mail copies only; what the copy was when it was made (share/base_state.py)."""
ABOUT_SHEET = "About this copy"
"""In mail copies only; what its receiver should know."""

XLWINGS_CONF_SHEET = "xlwings.conf"
"""Hidden; settings of the bridge to Python. xlwings asks for this name."""

SCENARIO_NAME = "SopScenario"
"""Defined name of the cell that holds the scenario of the next run; workbook/vba/SopScenarios.bas knows it too."""

MARKS_NAME = "SopSignMarks"
"""Defined name of one number for each step of the cycle: what a formula makes of the cells that the step signs."""

BOARD_WIDTHS: dict[str, int] = {"Home": 32, "Accuracy": 12, "Scenarios": 10}
"""Sheets that begin with a board of figures and charts so many columns wide; their tables stand to the right of it."""

# left to right on one sheet; tables grow downwards, so they stand side by side with one free column between
SIDE_BY_SIDE: dict[str, tuple[str, ...]] = {
    "Home": ("tblResult",),
    "Settings": ("tblSettings",),
    "Items": ("tblItems", "tblLifecycle"),
    "Families": ("tblFamilies", "tblFamilyPeriods"),
    "Sources": ("tblSources", "tblSourcePeriods", "tblReceipts"),
    "Resources": ("tblResources", "tblBillOfResources", "tblCapacity"),
    "History": ("tblStock", "tblHistory"),
    "Events": ("tblEvents", "tblItemOverrides", "tblEventEffects"),
    "Finance": ("tblBudget", "tblRates", "tblApproved"),
    "Scenarios": (
        "tblScenarios",
        "tblRisks",
        "tblScenarioResults",
        "tblTornado",
        "tblRiskResults",
        "tblRiskPlan",
        "tblScenarioChanges",
        "tblCompare",
    ),
    "Cycle": ("tblCycle", "tblDecisions", "tblCycleLog"),
    "Checks": ("tblFindings",),
    "Merge": ("tblMerge",),
    "Explanation": ("tblLimits", "tblSpare", "tblDrivers", "tblChanges"),
    "KPIs": ("tblKpis", "tblKpiTrend", "tblLagAccuracy", "tblValueAdded"),
    "Accuracy": ("tblAccuracy", "tblSegments"),
    "Item Plan": ("tblItemPlan",),
    "Item Forecast": ("tblForecast", "tblExplanation", "tblCleaning"),
    "Plan Data": ("tblPlan",),
    "Finance Summary": ("tblBridge",),
    "Versions": ("tblVersions", "tblSigned"),
}


def first_table_column(sheet: str, horizon: int) -> int:
    """1-based column of the first table of ``sheet``: behind its grid or its board where it has one."""
    if sheet in BOARD_WIDTHS:
        return BOARD_WIDTHS[sheet] + 1
    if sheet == "Finance Summary":
        return SUMMARY_LEAD + max(MIN_PERIOD_COLUMNS, horizon) + 3
    grid = next((grid for grid in GRID_BY_NAME.values() if grid.sheet == sheet), None)
    if grid is None:
        return 1
    return GRID_LEFT[grid.name] + len(grid.lead_headers) + max(MIN_PERIOD_COLUMNS, horizon) + 2


def table_anchors(horizon: int, widths: Mapping[str, int] | None = None) -> dict[str, tuple[str, int, int]]:
    """Sheet, header row and first column (1-based) of each table.

    widths: columns of tables that have more than the schema's, such as a planner's own.
    """
    anchors: dict[str, tuple[str, int, int]] = {}
    for sheet, names in SIDE_BY_SIDE.items():
        column = first_table_column(sheet, horizon)
        # beside a grid the frozen rows are the grid's
        row = next((GRID_ROW[grid.name] for grid in GRID_BY_NAME.values() if grid.sheet == sheet), TABLE_ROW)
        for name in names:
            anchors[name] = (sheet, row, column)
            column += max(len(TABLES[name].columns), (widths or {}).get(name, 0)) + 1
    return anchors
