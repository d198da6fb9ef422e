"""The plan grids: one sheet each, months as columns under their year, keys frozen, families that collapse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.worksheet import Worksheet

from ...model.schema import GRID_BY_NAME, Grid
from ..layout import GRID_LEFT, GRID_ROW, PAST_MEASURES
from . import styles as look
from .grid_rules import AREA_PERIODS, AREA_ROWS, KEY_MEASURES, GridArea, add_grid_rules
from .home_figures import BANNER_NAME, mark_edited
from .past_periods import add_past
from .plan_charts import CHARTS, add_plan_chart
from .sheets_common import AUTHOR, GUIDE_COLOURS, Context, address, write_heading, write_help, write_value

if TYPE_CHECKING:
    from ..grids import GridBlock

HINTS: dict[str, str] = {
    "SalesPlan": "Type your figure into the yellow Override row: it replaces the rows above it. "
    "Blue italic demand is overridden.",
    "ProductionPlan": "Type into the yellow Fixed production row what must be made; the next run keeps it.",
    "InventoryPlan": "Formulas: an override or a fixed production shows here at once. "
    "Red: late, lost or below minimum. Orange: below target or above maximum.",
    "CapacityPlan": "Red: load above regular capacity. Orange: 90 % and more, overtime, or a limit that costs money.",
    "FinancePlan": "By family, then in total. Budget and exchange rates stand to the right of the plan.",
    "Workings": "Hidden: nothing to type here. Every run lays it out again.",
}
_LEAD_WIDTHS = {"Family": 17.0, "Resource": 19.0, "Source": 17.0, "Unit": 9.0}
_PERIOD_WIDTH = {"FinancePlan": 12.5}
_BANNER_COLUMNS = 7
_YEAR = '=IF({here}="","",IF(LEFT({here},4)=LEFT({before},4),"",LEFT({here},4)))'


def year_formula(row: int, column: int) -> str:
    """Formula above a period's header: its year where a new one begins (header row and 1-based column given)."""
    return _YEAR.format(here=address(row, column), before=address(row, column - 1))


def grid_area(context: Context, grid: Grid, block: GridBlock) -> GridArea:
    """The grid with room to grow, but never into a table that stands to its right."""
    periods, left = len(block.header) - block.lead, GRID_LEFT[grid.name]
    lead = left + block.lead - 1
    last = lead + max(AREA_PERIODS, periods)
    right = [column for sheet, _, column in context.anchors.values() if sheet == grid.sheet]
    if right:
        last = min(last, min(right) - 2)
    return GridArea(grid, GRID_ROW[grid.name], left, lead, GRID_ROW[grid.name] + AREA_ROWS, last)


def add_grid(context: Context, worksheet: Worksheet, name: str) -> None:
    """Title, header, rows, names, rules, checks and print set-up of one grid."""
    grid, block = GRID_BY_NAME[name], context.grids[name]
    area = grid_area(context, grid, block)
    guide = max(2, area.left)
    write_heading(worksheet, context.styles, grid.sheet, grid.help, HINTS[name], guide + 1, guide)
    if name != "Workings":
        _banner(context, worksheet, area)
    write_help(worksheet, context.styles, area.top - 1, 1, GUIDE_COLOURS)
    if name in CHARTS:
        add_plan_chart(context, worksheet, area)
    _set_columns(context, worksheet, area, block)
    _write_header(context, worksheet, area, block)
    _write_rows(context, worksheet, area, block)
    bottom, right = area.top + max(1, len(block.rows)), max(area.left + len(block.header) - 1, area.lead + 1)
    context.workbook.define_name(
        name, f"='{grid.sheet}'!{address(area.top, area.left, 'both')}:{address(bottom, right, 'both')}"
    )  # fmt: skip
    add_grid_rules(context, worksheet, area)
    _validate(worksheet, area)
    measure = area.left + grid.lead_headers.index("Measure")
    worksheet.autofilter(area.top - 1, area.left - 1, bottom - 1, measure - 1)
    if name in PAST_MEASURES:
        add_past(context, worksheet, area, block)
    worksheet.freeze_panes(area.top, area.lead)
    worksheet.outline_settings(True, True, True, False)
    worksheet.repeat_rows(area.top - 2, area.top - 1)
    if not any(sheet == grid.sheet for sheet, _, _ in context.anchors.values()):
        worksheet.repeat_columns(0, area.lead - 1)


def _banner(context: Context, worksheet: Worksheet, area: GridArea) -> None:
    """Beside the title: whether the plan has been edited since it was solved."""
    worksheet.write_formula(0, area.lead - 1, f"={BANNER_NAME}", context.styles.hint, "")
    mark_edited(context, worksheet, 1, area.lead, area.lead + _BANNER_COLUMNS)


def _set_columns(context: Context, worksheet: Worksheet, area: GridArea, block: GridBlock) -> None:
    styles = context.styles
    period_width = _PERIOD_WIDTH.get(area.grid.name, 10.0)
    longest_measure = max(len(measure.name) for measure in area.grid.measures)
    widths = _LEAD_WIDTHS | {"Measure": longest_measure + 2.0, "Total": period_width + 1.5}
    for index, header in enumerate(area.grid.lead_headers):
        column = area.left - 1 + index
        number = look.PLAN if header == "Total" else look.GENERAL
        width = widths[header]
        if header in area.grid.keys:
            longest = max((len(str(row[index] or "")) for row in block.rows), default=0)
            width = min(max(width, longest * 1.05 + 2), 30)
        worksheet.set_column(column, column, width, styles.fallback(number))
    worksheet.set_column(area.lead, area.last_column - 1, period_width, styles.fallback(look.PLAN))


def _write_header(context: Context, worksheet: Worksheet, area: GridArea, block: GridBlock) -> None:
    styles = context.styles
    worksheet.set_row(area.top - 1, 20)
    year = styles.get(bold=True, font_color=look.NAVY, bg_color=look.BAND, align="left")
    for index, header in enumerate(block.header):
        is_period, column = index >= block.lead, area.left - 1 + index
        worksheet.write_string(area.top - 1, column, header, styles.header(right=is_period or header == "Total"))
        if is_period:
            formula = year_formula(area.top, column + 1)
            before = block.header[index - 1][:4]
            value = "" if header[:4] == before else header[:4]
            worksheet.write_formula(area.top - 2, column, formula, year, value)
    # headers that a longer horizon brings: colours come from the rules, their side and their year from here
    later_year = styles.get(bold=True, font_color=look.NAVY, align="left")
    for column in range(area.left - 1 + len(block.header), area.last_column):
        worksheet.write_blank(area.top - 1, column, None, styles.get(align="right"))
        worksheet.write_formula(area.top - 2, column, year_formula(area.top, column + 1), later_year, "")
    lines = [f"{measure.name}: {measure.help}" for measure in area.grid.measures]
    notes = {
        area.grid.keys[0]: area.grid.help,
        "Measure": "\n".join(lines),
        "Unit": "Unit of the row's figures.",
        "Total": "Over the horizon: flows are added up, stocks show their last value, rates are a ratio of sums.",
    }
    for header, text in notes.items():
        rows = sum(-(-len(line) // 62) for line in text.split("\n"))
        worksheet.write_comment(
            area.top - 1, area.left - 1 + area.grid.lead_headers.index(header), text,
            {"author": AUTHOR, "width": 400 if header == "Measure" else 260, "height": 24 + 15 * max(rows, 2),
             "font_size": 9},
        )  # fmt: skip


def _write_rows(context: Context, worksheet: Worksheet, area: GridArea, block: GridBlock) -> None:
    """The cells in their base format; everything else is up to the rules. Detail rows are outlined under a key row."""
    styles = context.styles
    label, figure = styles.fallback(look.GENERAL), styles.fallback(look.PLAN)
    keys = KEY_MEASURES[area.grid.name]
    text_rows = {measure.name for measure in area.grid.measures if measure.text}
    for index, row in enumerate(block.rows):
        number = area.first + index
        measure = block.row_measures[index]
        if measure not in keys:
            worksheet.set_row(number - 1, None, None, {"level": 1})
        for offset, value in enumerate(row):
            is_figure = offset >= block.lead - 1 and measure not in text_rows
            if value is None:
                continue
            write_value(worksheet, number, area.left + offset, value, figure if is_figure else label)


def _validate(worksheet: Worksheet, area: GridArea) -> None:
    """Figures in input rows; a warning, never a refusal, when something is typed into a row that a run writes."""
    first_cell, measure = address(area.first, area.lead + 1), area.measure
    inputs = [item for item in area.grid.measures if item.role == "input"]
    texts = [item.name for item in inputs if item.text]
    numbers = [item.name for item in inputs if not item.text]
    number = f"AND(ISNUMBER({first_cell}),N({first_cell})>=0)"
    tests = [f'{measure}=""', *(f'{measure}="{name}"' for name in texts)]
    tests += [f'AND({measure}="{name}",{number})' for name in numbers]
    where = f"Type figures of your own into {' or '.join(numbers)}" if numbers else "This sheet is written by the run"
    message = (
        f"{where} (a number, 0 or more). Other rows are formulas or are written by the next run."
        if numbers
        else f"{where}: what you type here is overwritten next time."
    )
    worksheet.data_validation(
        *area.block(area.lead + 1, area.last_column),
        {
            "validate": "custom", "value": f"=OR({','.join(tests)})", "ignore_blank": True, "error_type": "warning",
            "error_title": "Your figure" if numbers else "Not an input", "error_message": message,
        },
    )  # fmt: skip
