"""Below the key figures: accuracy of published plans by lag for a chosen family, and charts of the trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from ...model.schema import TABLES
from ...model.schema_output import ALL_FAMILIES
from . import styles as look
from .boards import SMALL, board_section, column_range, style_chart
from .sheets_common import Context, address

KPI_ROWS = 25
"""Key figures that a run writes; the board begins below them also where none was written yet."""
LAGS_SHOWN = 12
PAST_ROWS = 12
"""Rows of the trend that are past, at most."""
LINE_PIXELS = 20
WIDTH, HEIGHT = 560, 270
_COLOURS = (look.CHART_DEMAND, look.BLUE, look.CHART_STOCK, look.CHART_TARGET)
_TREND = "tblKpiTrend"
Place = tuple[int, int, int, int]

LAG_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("Lag", "Lag", "0"), ("Consensus (WMAPE)", "WMAPE", look.PERCENT),
    ("Target: last year", "Target", look.PERCENT), ("Statistical", "Statistical WMAPE", look.PERCENT),
    ("Added by overrides", "Added by overrides", "+0.0%;[Red]-0.0%;0.0%"), ("Bias", "Bias", "+0.0%;[Red]-0.0%;0.0%"),
    ("Attainment", "Plan attainment", look.PERCENT), ("Stability", "Plan stability", look.PERCENT),
)  # fmt: skip
"""Headers of the board, columns of tblLagAccuracy, number formats."""


@dataclass(frozen=True)
class KpiChart:
    """A chart in the grid below the board: 0-based row and column, and how many rows it is high."""

    title: str
    kind: str
    table: str
    label: str
    columns: tuple[str, ...]
    number_format: str
    place: tuple[int, int]
    past: bool = False
    rows: int = 1


CHARTS = (
    KpiChart("Service level and utilisation of the plan", "line", _TREND, "Period", ("Service level", "Utilisation"),
             "0%", (0, 0)),
    KpiChart("Days of cover: the past, then the plan", "column", _TREND, "Period", ("Days of cover",), "0", (0, 1)),
    KpiChart("Forecast error (WMAPE) and bias of published plans", "line", _TREND, "Period",
             ("Forecast error", "Error at lag 2", "Error at lag 3", "Forecast bias"), "0%", (1, 0), past=True),
    KpiChart("Plan attainment and stability of published plans", "line", _TREND, "Period",
             ("Plan attainment", "Plan stability"), "0%", (2, 0), past=True),
    KpiChart("Forecast value added by step, lag, owner and reason (points of WMAPE; plus = better)", "bar",
             "tblValueAdded", "Name", ("Value added",), "0.0%", (1, 1), rows=2),
)  # fmt: skip


def add_kpi_charts(context: Context, worksheet: Worksheet, places: Mapping[str, Place]) -> None:
    """The board by lag, and below it the charts, two side by side. ``places``: first and last row and column of each
    table."""
    top, left, bottom, right = places["tblKpis"]
    first = max(bottom, top + KPI_ROWS) + 3
    row = _lag_board(context, worksheet, first, left, right)
    worksheet.set_h_pagebreaks([first - 1, row - 1])  # no chart is cut in two
    board_section(context, worksheet, row, left, right, "Trend, and what the steps of the forecast were worth")
    for chart in CHARTS:
        _add_chart(context, worksheet, chart, places[chart.table], row, left)


def _lag_board(context: Context, worksheet: Worksheet, row: int, left: int, right: int) -> int:
    """Figures of one family lag by lag, with a chart beside them; returns the row below."""
    styles = context.styles
    text = "Published plans against what came, by lag (1 = first period of a plan; last 12 periods)"
    board_section(context, worksheet, row, left, right, text)
    worksheet.write_string(row, left - 1, "Family", styles.get(font_color=look.MUTED))
    worksheet.write_string(row, left, ALL_FAMILIES, styles.input_cell(align="left", bold=True))
    worksheet.data_validation(row, left, row, left, {
        "validate": "list", "source": "=lstFamilies", "ignore_blank": True, "error_type": "warning",
        "error_title": "Family", "error_message": "This name is not in tblFamilies.",
        "input_title": "Family shown", "input_message": f"Pick a family, or type {ALL_FAMILIES}.",
    })  # fmt: skip
    hint = (
        f"Pick a family, or type {ALL_FAMILIES}. All with MAPE, MASE and tracking signal: Lag accuracy, on the right."
    )
    worksheet.write_string(row, left + 1, hint, styles.hint)
    head = row + 2
    worksheet.set_row(head - 1, 30)
    for offset, (header, _, _) in enumerate(LAG_COLUMNS):
        worksheet.write_string(head - 1, left - 1 + offset, header, styles.header(right=offset > 0))
    chosen = address(row + 1, left + 1, "both")
    family = f'IF({chosen}="","{ALL_FAMILIES}",{chosen})'
    for line in range(1, LAGS_SHOWN + 1):
        at = head + line
        found = f"COUNTIFS(tblLagAccuracy[Family],{family},tblLagAccuracy[Lag],{line})"
        worksheet.write_formula(
            at - 1, left - 1, f'=IF({found}=0,"",{line})', styles.formula_cell("0", align="left"), ""
        )
        known = address(at, left, "column")
        for offset, (_, column, number) in enumerate(LAG_COLUMNS[1:], start=1):
            where = f"tblLagAccuracy[Family],{family},tblLagAccuracy[Lag],{line}"
            value = f"SUMIFS(tblLagAccuracy[{column}],{where})"
            some = f'COUNTIFS({where},tblLagAccuracy[{column}],"<>")'
            formula = f'=IF({known}="","",IF({some}=0,"",{value}))'
            worksheet.write_formula(
                at - 1, left - 1 + offset, formula, styles.formula_cell(number, align="right"), ""
            )  # fmt: skip
    error, target = (address(head + 1, left + offset, "column") for offset in (1, 2))
    for sign, fill, ink in ((">", look.BAD_FILL, look.BAD_INK), ("<=", look.GOOD_FILL, look.GOOD_INK)):
        worksheet.conditional_format(head, left, head + LAGS_SHOWN - 1, left, {
            "type": "formula", "criteria": f"=AND(ISNUMBER({error}),ISNUMBER({target}),N({error}){sign}N({target}))",
            "format": context.styles.dxf(bg_color=fill, font_color=ink, bold=True),
        })  # fmt: skip
    _lag_chart(context, worksheet, head, left, right)
    return head + LAGS_SHOWN + 2


def _lag_chart(context: Context, worksheet: Worksheet, head: int, left: int, right: int) -> None:
    sheet = worksheet.get_name()
    chart = context.workbook.add_chart({"type": "column"})  # a blank lag has no column; a line would fall to 0
    for offset, colour in ((1, look.CHART_DEMAND), (3, look.CHART_PRODUCTION), (2, look.CHART_TARGET)):
        chart.add_series({
            "name": LAG_COLUMNS[offset][0], "categories": column_range(sheet, head + 1, head + LAGS_SHOWN, left),
            "values": column_range(sheet, head + 1, head + LAGS_SHOWN, left + offset),
            "fill": {"color": colour}, "border": {"none": True}, "gap": 60,
        })  # fmt: skip
    style_chart(chart, "Forecast error by lag: is the consensus better?", "0%")
    chart.set_size({"width": 470, "height": LINE_PIXELS * (LAGS_SHOWN + 1) - 6})
    worksheet.insert_chart(head - 1, right - 1, chart, {
        "object_position": 2, "x_offset": 8, "y_offset": 3,
        "description": "Columns by lag: error of the consensus, of the statistical forecast and of last year.",
    })  # fmt: skip


def _add_chart(context: Context, worksheet: Worksheet, one: KpiChart, place: Place, row: int, left: int) -> None:
    chart: Chart = context.workbook.add_chart({"type": one.kind})
    if one.past:
        place = (place[0], place[1], place[0] + PAST_ROWS, place[3])
    for name, colour in zip(one.columns, _COLOURS, strict=False):
        stroke = {"line": {"color": colour, "width": 2.25}}
        fill = {"fill": {"color": look.CHART_PRODUCTION}, "border": {"none": True}, "gap": 60}
        chart.add_series({
            "name": name, "categories": _column(worksheet, one.table, place, one.label),
            "values": _column(worksheet, one.table, place, name), **(stroke if one.kind == "line" else fill),
        })  # fmt: skip
    style_chart(chart, one.title, one.number_format, legend=len(one.columns) > 1)
    if one.table == _TREND:
        chart.set_x_axis({
            "num_font": SMALL, "num_format": look.MONTH, "line": {"color": look.RULE}, "text_axis": True,
            "label_position": "low",
        })  # fmt: skip
    if one.kind == "line":
        chart.show_blanks_as("gap")
    if one.kind == "bar":
        chart.set_y_axis({"num_font": SMALL, "reverse": True, "label_position": "low", "interval_unit": 1})
        chart.set_x_axis({"num_font": SMALL, "num_format": one.number_format, "major_gridlines": {
            "visible": True, "line": {"color": look.LINE, "width": 0.75}}})  # fmt: skip
    line, side = one.place
    chart.set_size({"width": WIDTH, "height": HEIGHT * one.rows + 14 * (one.rows - 1)})
    worksheet.insert_chart(row, left - 1, chart, {
        "object_position": 2, "x_offset": 6 + (WIDTH + 14) * side, "y_offset": 6 + (HEIGHT + 14) * line,
        "description": f"{one.title}: {_spoken(one.columns)}.",
    })  # fmt: skip


def _spoken(columns: Sequence[str]) -> str:
    return " and ".join([", ".join(columns[:-1]), columns[-1]] if len(columns) > 1 else columns)


def _column(worksheet: Worksheet, table: str, place: Place, name: str) -> str:
    top, left, bottom, _ = place
    return column_range(worksheet.get_name(), top + 1, bottom, left + TABLES[table].headers.index(name))
