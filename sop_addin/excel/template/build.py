"""The complete workbook from the schema: sheets, tables, grids, names, VBA project and ribbon."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping

import pandas as pd
import xlsxwriter

from ...model.schema import SHEET_GRIDS, SHEETS, TABLES
from ...model.tables import Tables
from ..grids import GridBlock
from ..layout import SIDE_BY_SIDE, UNDO_SHEET, XLWINGS_CONF_SHEET, table_anchors
from .finance_lines import SHEET as SUMMARY
from .grid_rules import STOCK_LIMITS
from .plan_charts import with_month_axes
from .ribbon import add_ribbon
from .sheets_accuracy import add_accuracy
from .sheets_common import Context, open_sheet, print_blocks, write_heading
from .sheets_finance import add_finance_summary
from .sheets_functions import add_functions
from .sheets_grids import add_grid
from .sheets_guide import add_guide
from .sheets_home import add_home
from .sheets_kpis import add_kpi_charts
from .sheets_output import add_output_marks
from .sheets_scenarios import add_scenarios
from .sheets_tables import SHEET_HINTS, add_table
from .styles import FONT, Styles
from .table_rules import define_lists
from .vba_project import WORKBOOK_CODE_NAME, XLWINGS_CONF, build_vba_project

_CREATED = dt.datetime(2026, 1, 1)  # fixed: the same inputs give the same bytes
_GRID_SHEETS = {grid.sheet: grid.name for grid in SHEET_GRIDS}
_WIDE = frozenset(
    {
        *_GRID_SHEETS,
        "History",
        "Families",
        "Resources",
        "Sources",
        "Scenarios",
        "Functions",
        "Explanation",
        "Accuracy",
        "KPIs",
        SUMMARY,
    }
)


def build_workbook(
    raw: Mapping[str, pd.DataFrame],
    tables: Tables,
    grids: Mapping[str, GridBlock],
    outputs: Mapping[str, pd.DataFrame] | None = None,
) -> bytes:
    """The .xlsm, before its formulas are calculated (each has a stand-in value).

    ``raw``: untyped cells of each input table, period columns of tblHistory named ``yyyy-mm``; a table that is missing
    is empty in the workbook. ``tables``: the same, typed. ``grids``: every plan grid as it is to stand on its sheet.
    ``outputs``: contents of output tables, where a plan is solved. Same arguments, same bytes.
    """
    buffer = io.BytesIO()
    # without use_future_functions: our formulas need none, and looking for them takes half of the time of a large plan
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_format_properties": FONT})
    workbook.set_properties({"title": "S&OP plan", "created": _CREATED, "author": "", "company": ""})
    workbook.set_size(24000, 14000)
    code_names = [f"Sheet{number}" for number in range(1, len(SHEETS) + 1)]
    workbook.add_vba_project(io.BytesIO(build_vba_project(code_names)), is_stream=True)
    workbook.set_vba_name(WORKBOOK_CODE_NAME)
    worksheets = {}
    for sheet, code_name in zip(SHEETS, code_names, strict=True):
        worksheets[sheet.name] = workbook.add_worksheet(sheet.name)
        worksheets[sheet.name].set_vba_name(code_name)
    context = Context(
        workbook,
        Styles(workbook),
        raw,
        tables,
        grids,
        outputs or {},
        table_anchors(tables.settings.horizon, _widths({**(outputs or {}), **raw})),
        worksheets,
    )
    define_lists(workbook)
    for name, (table, column) in STOCK_LIMITS.items():
        workbook.define_name(name, f"={table}[{column}]")
    for sheet in SHEETS:
        open_sheet(worksheets[sheet.name], sheet, wide=sheet.name in _WIDE)
        _fill(context, sheet.name)
    worksheets["Home"].activate()
    workbook.close()
    return add_ribbon(with_month_axes(buffer.getvalue(), context.bucket))


def _widths(frames: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Columns of each table, with those that the schema does not know."""
    return {
        name: len(dict.fromkeys((*TABLES[name].headers, *map(str, frame.columns))))
        for name, frame in frames.items()
        if name in TABLES and name != "tblSettings"
    }


def _fill(context: Context, sheet: str) -> None:
    worksheet = context.sheets[sheet]
    if sheet == "Home":
        add_home(context, worksheet)
    elif sheet == "Accuracy":
        add_accuracy(context, worksheet)
    elif sheet == "Scenarios":
        add_scenarios(context, worksheet)
    elif sheet == "Guide":
        add_guide(context, worksheet)
    elif sheet == SUMMARY:
        add_finance_summary(context, worksheet)
    elif sheet == "Functions":
        add_functions(context, worksheet)
    elif sheet == XLWINGS_CONF_SHEET:
        _configuration(context)
    elif sheet in _GRID_SHEETS:
        add_grid(context, worksheet, _GRID_SHEETS[sheet])
        blocks = [(1, len(context.grids[_GRID_SHEETS[sheet]].header))]
        for table in SIDE_BY_SIDE.get(sheet, ()):
            _, left, _, right = add_table(context, worksheet, table)
            worksheet.set_column(right, right, 3)
            blocks.append((left, right))
        if sheet != "Workings":
            print_blocks(context, sheet, blocks)
    elif sheet != UNDO_SHEET:
        _table_sheet(context, sheet)


def _table_sheet(context: Context, sheet: str) -> None:
    worksheet = context.sheets[sheet]
    item = next(item for item in SHEETS if item.name == sheet)
    names = SIDE_BY_SIDE[sheet]
    purpose = TABLES[names[0]].help if len(names) == 1 else item.help
    write_heading(worksheet, context.styles, sheet, purpose, SHEET_HINTS.get(sheet, ""))
    places = {name: add_table(context, worksheet, name, caption=len(names) > 1) for name in names}
    for left in (place[1] for place in list(places.values())[1:]):
        worksheet.set_column(left - 2, left - 2, 3)
    add_output_marks(context, worksheet, places)
    if sheet == "KPIs":
        add_kpi_charts(context, worksheet, places)
    top = next(iter(places.values()))[0]
    if len(names) > 1 and not item.hidden:  # a print area would have LibreOffice print what is hidden
        print_blocks(context, sheet, [(place[1], place[3]) for place in places.values()])
    frozen = 8 if sheet == "History" else 1 if sheet != "Settings" else 0
    worksheet.freeze_panes(top, frozen)
    worksheet.repeat_rows(top - 2 if len(names) > 1 else top - 1, top - 1)


def _configuration(context: Context) -> None:
    worksheet = context.sheets[XLWINGS_CONF_SHEET]
    worksheet.set_column(0, 0, 32)
    worksheet.set_column(1, 1, 32)
    for row, (name, value) in enumerate(XLWINGS_CONF):
        worksheet.write_string(row, 0, name)
        if isinstance(value, bool):
            worksheet.write_boolean(row, 1, value)
        else:
            worksheet.write_string(row, 1, value)
