"""The chart of a plan sheet: one family (or resource), twelve months of actuals, then the plan; native formulas only.

The figures stand far to the right, in the rows of the chart band, where no filter of the grid hides them. Beyond the
horizon the last period is repeated: on an axis of dates that adds nothing, so the chart follows a longer or shorter
horizon without anybody changing its ranges.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from ...model.calendar import MONTH
from ..layout import CHART_LINES, CHART_ROW
from . import styles as look
from .grid_rules import AREA_PERIODS, GridArea
from .home_figures import column_of, date_formula, grid_sum
from .sheets_common import Context, address

HISTORY = 12
FIGURES_COLUMN = 100
"""First column of the figures behind the chart, beyond every grid and table of a plan sheet."""
_BASE_UNIT = re.compile(rb"(<c:dateAx>.*?<c:lblOffset [^>]*/>)", re.S)


@dataclass(frozen=True)
class Series:
    """A line or columns of the chart. ``actual``: the column of tblStock that holds it for past periods."""

    name: str
    measure: str
    colour: str
    actual: str = ""
    line: bool = False
    dashed: bool = False
    grid: str = ""
    """Where the measure stands, if not on the sheet itself."""


@dataclass(frozen=True)
class PlanChart:
    title: str
    unit: str
    names: str
    """The defined name that the dropdown lists."""
    blank: str
    """Formula part: the criterion while nothing is chosen."""
    hint: str
    series: tuple[Series, ...]


_ALL = '"*"'
_DEMAND = Series("Demand", "Consensus demand", look.CHART_DEMAND, "Sales", line=True, grid="SalesPlan")
_FAMILY_HINT = "Pick a family; an empty cell shows all of them. The - at the left edge folds the chart away."
CHARTS: dict[str, PlanChart] = {
    "SalesPlan": PlanChart("Demand: actual sales, then plan", "family units", "lstFamilies", _ALL, _FAMILY_HINT, (
        Series("Consensus demand", "Consensus demand", look.CHART_PRODUCTION, "Sales"),
        Series("Statistical forecast", "Statistical forecast", look.CHART_STOCK, "Sales", line=True, dashed=True),
        Series("Feasible sales", "Feasible sales", look.CHART_DEMAND, "Sales", line=True),
    )),
    "ProductionPlan": PlanChart("Production and demand", "family units", "lstFamilies", _ALL, _FAMILY_HINT, (
        Series("Production", "Total production", look.CHART_PRODUCTION, "Production"), _DEMAND,
    )),
    "InventoryPlan": PlanChart("Closing stock and demand", "family units", "lstFamilies", _ALL, _FAMILY_HINT, (
        Series("Closing stock", "Closing stock", look.CHART_PRODUCTION, "Stock"), _DEMAND,
    )),
    "CapacityPlan": PlanChart(
        "Load against regular capacity", "unit of the resource", "lstResources", "INDEX(lstResources,1)",
        "Pick a resource; an empty cell shows the first one. The - at the left edge folds the chart away.", (
            Series("Load", "Load", look.CHART_PRODUCTION),
            Series("Regular capacity", "Regular capacity", look.CHART_STOCK, line=True),
            Series("Overtime", "Overtime", look.CHART_DEMAND, line=True, dashed=True),
        )),
    "FinancePlan": PlanChart("Revenue and margin against budget", "base currency", "lstFamilies", '"Total"',
                             _FAMILY_HINT, (
        Series("Revenue", "Revenue", look.CHART_PRODUCTION),
        Series("Margin", "Margin", look.CHART_DEMAND, line=True),
        Series("Budget margin", "Budget margin", look.CHART_STOCK, line=True, dashed=True),
    )),
}  # fmt: skip


def add_plan_chart(context: Context, worksheet: Worksheet, area: GridArea) -> None:
    """Dropdown, figures and chart in the band above the grid."""
    chart = CHARTS[area.grid.name]
    _choice(context, worksheet, area, chart)
    past = HISTORY if any(series.actual for series in chart.series) else 0
    span = past + max(AREA_PERIODS, len(context.grids[area.grid.name].header) - len(area.grid.lead_headers))
    _figures(context, worksheet, area, chart, past, span)
    _draw(context, worksheet, area, chart, past, span)
    for row in range(CHART_ROW, CHART_ROW + CHART_LINES):
        worksheet.set_row(row, None, None, {"level": 1})


def _choice(context: Context, worksheet: Worksheet, area: GridArea, chart: PlanChart) -> None:
    styles, row = context.styles, CHART_ROW
    key = area.grid.keys[0]
    label, choice = area.left, area.left + 1
    worksheet.write_string(row - 1, label - 1, f"Chart of {key.lower()}", styles.get(font_color=look.MUTED))
    chosen = styles.input_cell(align="left", bold=True)
    worksheet.write_blank(row - 1, choice - 1, None, chosen)
    worksheet.data_validation(row - 1, choice - 1, row - 1, choice - 1, {
        "validate": "list", "source": f"={chart.names}", "ignore_blank": True, "error_type": "warning",
        "error_title": key, "error_message": f"This name is not in the table of {key.lower()} names.",
        "input_title": f"{key} shown", "input_message": chart.hint[:250],
    })  # fmt: skip
    worksheet.write_string(row - 1, choice, chart.hint, styles.hint)


def _figures(
    context: Context, worksheet: Worksheet, area: GridArea, chart: PlanChart, past: int, span: int
) -> None:  # fmt: skip
    """One row per figure: header text, date, then a row a series, split into actual and plan where it has both."""
    style, dates = context.styles.hint, context.styles.get(num_format=look.DATE, font_color=look.MUTED, font_size=9)
    numbers = context.styles.get(num_format=look.QUANTITY, font_color=look.MUTED, font_size=9)
    name, lead, first = area.grid.name, len(area.grid.lead_headers), FIGURES_COLUMN
    choice = address(CHART_ROW, area.left + 1, "both")
    worksheet.write_string(CHART_ROW - 1, first - 2, "Figures behind the chart", style)
    owner = address(CHART_ROW, first, "both")
    worksheet.write_formula(CHART_ROW - 1, first - 1, f'=IFERROR(IF({choice}="",{chart.blank},{choice}),"")', style, "")
    rows = _rows(chart)
    for offset, (label, _, _) in enumerate(rows):
        worksheet.write_string(CHART_ROW + 2 + offset, first - 2, label, style)
    header_row, date_row = CHART_ROW + 1, CHART_ROW + 2
    for step in range(span):
        column = first + step
        ahead = max(0, step - past)
        index = f"MIN({ahead + 1},COLUMNS({name})-{lead})+{lead}"
        header = address(header_row, column, "row")
        worksheet.write_formula(header_row - 1, column - 1, f'=IFERROR(INDEX({name},1,{index})&"","")', style, "")
        date = address(date_row, column, "row")
        worksheet.write_formula(date_row - 1, column - 1, f"={date_formula(header, past - step)}", dates, "")
        for offset, (_, series, part) in enumerate(rows):
            if step < past:
                actual = f"SUMIFS(tblStock[{series.actual}],tblStock[Family],{owner},tblStock[Period],{date})"
                formula = "0" if part == "plan" or not series.actual else actual
            elif part == "actual":
                formula = "0"
            else:
                grid = series.grid or name
                at = index if grid == name else f"MIN({ahead + 1},COLUMNS({grid})-{_lead(grid)})+{_lead(grid)}"
                key = area.grid.keys[0]
                formula = grid_sum(grid, series.measure, at, (key, owner))
            worksheet.write_formula(
                CHART_ROW + 2 + offset, column - 1, f'=IF({date}="",0,IFERROR({formula},0))', numbers, 0
            )


def _lead(grid: str) -> int:
    return column_of(grid, "Total")


def _rows(chart: PlanChart) -> list[tuple[str, Series, str]]:
    rows: list[tuple[str, Series, str]] = []
    for series in chart.series:
        if series.actual and not series.line:
            rows.append((f"{series.name} (actual)", series, "actual"))
            rows.append((f"{series.name} (plan)", series, "plan"))
        else:
            rows.append((series.name, series, ""))
    return rows


def _draw(
    context: Context, worksheet: Worksheet, area: GridArea, chart: PlanChart, past: int, span: int
) -> None:  # fmt: skip
    sheet, first = area.grid.sheet, FIGURES_COLUMN

    def cells(row: int) -> str:
        return f"='{sheet}'!{address(row, first, 'both')}:{address(row, first + span - 1, 'both')}"

    columns = context.workbook.add_chart({"type": "column"})
    lines = context.workbook.add_chart({"type": "line"})
    for offset, (_, series, part) in enumerate(_rows(chart)):
        row = CHART_ROW + 3 + offset
        base = {"name": f"='{sheet}'!{address(row, first - 1, 'both')}", "categories": cells(CHART_ROW + 2),
                "values": cells(row)}  # fmt: skip
        if series.line:
            dash = {"dash_type": "dash"} if series.dashed else {}
            lines.add_series({**base, "line": {"color": series.colour, "width": 2, **dash}})
        else:
            colour = look.CHART_ACTUAL if part == "actual" else series.colour
            columns.add_series({
                **base, "fill": {"color": colour}, "border": {"none": True}, "gap": 40, "overlap": 100,
            })  # fmt: skip
    columns.combine(lines)
    small = {"name": "Arial", "size": 8, "color": look.MUTED}
    columns.set_title({
        "name": f"{chart.title} ({chart.unit})", "overlay": False,
        "name_font": {"name": "Arial", "size": 9, "bold": True, "color": look.NAVY},
    })  # fmt: skip
    columns.set_legend({"position": "right", "font": {"name": "Arial", "size": 8}})
    columns.set_x_axis({
        "date_axis": True, "num_format": "yyyy-mm", "num_font": small, "line": {"color": look.RULE},
        "major_unit": 3, "major_unit_type": "months",
    })  # fmt: skip
    columns.set_y_axis({
        "num_font": small, "num_format": "#,##0", "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": look.LINE, "width": 0.75}},
    })  # fmt: skip
    columns.set_chartarea({"border": {"color": look.LINE}})
    columns.set_size({"width": 1180, "height": 20 * CHART_LINES - 4})
    worksheet.insert_chart(CHART_ROW, area.left - 1, columns, {
        "object_position": 1, "x_offset": 3, "y_offset": 2,
        "description": f"{chart.title}, by period, of the {area.grid.keys[0].lower()} chosen above.",
    })  # fmt: skip


def with_month_axes(xlsm: bytes, bucket: str) -> bytes:
    """The package with the step of every axis of dates said: left to itself Excel is fooled by repeated dates."""
    unit = b"months" if bucket == MONTH else b"days"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsm)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for item in package.infolist():
            content = package.read(item)
            if item.filename.startswith("xl/charts/chart"):
                content = _BASE_UNIT.sub(rb'\1<c:baseTimeUnit val="' + unit + rb'"/>', content)
            made.writestr(item, content)
    return out.getvalue()
