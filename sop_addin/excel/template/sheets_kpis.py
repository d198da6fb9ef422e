"""Charts of the sheet KPIs, below the key figures. They show whole columns of the tables and grow with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlsxwriter.worksheet import Worksheet

from ...model.schema import TABLES
from . import styles as look
from .boards import board_section, column_range, style_chart
from .sheets_common import Context

KPI_ROWS = 23
"""Key figures that a run writes; the charts begin below them also where none was written yet."""
WIDTH, HEIGHT = 560, 270
_COLOURS = (look.CHART_DEMAND, look.BLUE, look.CHART_STOCK)
_TREND = "tblKpiTrend"
Place = tuple[int, int, int, int]

CHARTS: tuple[tuple[str, str, str, str, tuple[str, ...], str], ...] = (
    ("Service level and utilisation of the plan", "line", _TREND, "Period", ("Service level", "Utilisation"), "0%"),
    ("Days of cover: the past, then the plan", "column", _TREND, "Period", ("Days of cover",), "0"),
    ("Published plans against what came", "line", _TREND, "Period", ("Forecast error", "Forecast bias",
                                                                     "Plan attainment"), "0%"),
    ("Forecast value added by step, lag, owner and reason", "bar", "tblValueAdded", "Name", ("Value added",), "0.0%"),
)  # fmt: skip
"""Title, kind, table, categories, columns shown, number format of the axis."""


def add_kpi_charts(context: Context, worksheet: Worksheet, places: Mapping[str, Place]) -> None:
    """Two by two, below the key figures. ``places``: first and last row and column of each table."""
    top, left, bottom, right = places["tblKpis"]
    row = max(bottom, top + KPI_ROWS) + 3
    worksheet.set_h_pagebreaks([row - 1])  # no chart is cut in two
    board_section(context, worksheet, row, left, right, "Trend, and what the steps of the forecast were worth")
    for number, (title, kind, table, label, columns, number_format) in enumerate(CHARTS):
        place = places[table]
        chart = context.workbook.add_chart({"type": kind})
        for name, colour in zip(columns, _COLOURS, strict=False):
            line = {"line": {"color": colour, "width": 2.25}}
            fill = {"fill": {"color": look.CHART_PRODUCTION}, "border": {"none": True}, "gap": 60}
            chart.add_series({
                "name": name, "categories": _column(worksheet, table, place, label),
                "values": _column(worksheet, table, place, name), **(line if kind == "line" else fill),
            })  # fmt: skip
        style_chart(chart, title, number_format, legend=len(columns) > 1)
        if table == _TREND:
            chart.set_x_axis({
                "num_font": {"name": "Arial", "size": 9, "color": look.MUTED}, "num_format": look.MONTH,
                "line": {"color": look.RULE}, "text_axis": True, "label_position": "low",
            })  # fmt: skip
        if kind == "line":
            chart.show_blanks_as("gap")
        if kind == "bar":
            chart.set_y_axis({"num_font": {"name": "Arial", "size": 9, "color": look.MUTED}, "reverse": True,
                              "label_position": "low"})  # fmt: skip
            chart.set_x_axis({"num_font": {"name": "Arial", "size": 9, "color": look.MUTED},
                              "num_format": number_format})  # fmt: skip
        chart.set_size({"width": WIDTH, "height": HEIGHT})
        worksheet.insert_chart(row, left - 1, chart, {
            "object_position": 2, "x_offset": 6 + (WIDTH + 14) * (number % 2),
            "y_offset": 6 + (HEIGHT + 14) * (number // 2), "description": f"{title}: {_spoken(columns)}.",
        })  # fmt: skip


def _spoken(columns: Sequence[str]) -> str:
    return " and ".join([", ".join(columns[:-1]), columns[-1]] if len(columns) > 1 else columns)


def _column(worksheet: Worksheet, table: str, place: Place, name: str) -> str:
    top, left, bottom, _ = place
    return column_range(worksheet.get_name(), top + 1, bottom, left + TABLES[table].headers.index(name))
