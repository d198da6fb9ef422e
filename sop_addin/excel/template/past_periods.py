"""To the left of a plan grid: a trend line for each family, and the actuals of the last periods.

They stand outside the defined name of the grid, whose columns other programs rely on. The formulas are the same in
every row and look at its measure, so that they hold for whatever a later run puts there (`excel/past_columns.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.worksheet import Worksheet

from ..layout import PAST_MEASURES, PAST_PERIODS
from . import styles as look
from .grid_rules import GridArea
from .home_figures import date_formula
from .sheets_common import AUTHOR, Context, address

if TYPE_CHECKING:
    from ..grids import GridBlock

TREND = "Trend"
_TREND_WIDTH, _PAST_WIDTH = 11.0, 9.0


def add_past(context: Context, worksheet: Worksheet, area: GridArea, block: GridBlock) -> None:
    """Headers, formulas and trend lines left of the grid in ``area``; the columns of actuals fold away."""
    styles, (measure, actual) = context.styles, PAST_MEASURES[area.grid.name]
    header = styles.get(
        bg_color=look.RULE, font_color=look.WHITE, bold=True, align="right", indent=1,
        num_format=look.period_format(context.bucket),
    )  # fmt: skip
    band = styles.get(bg_color=look.BAND, font_color=look.MUTED, bold=True)
    figure = styles.get(num_format=look.PLAN, font_color=look.MUTED, indent=1, align="right")
    worksheet.set_column(0, 0, _TREND_WIDTH)
    worksheet.set_column(1, PAST_PERIODS, _PAST_WIDTH, figure, {"level": 1})
    worksheet.write_string(area.top - 1, 0, TREND, styles.header())
    worksheet.write_comment(
        area.top - 1, 0, f"The row '{measure}' over the plan. To the right of it actual {actual.lower()} of the last "
        "periods, from tblStock; the - above the columns folds them away.",
        {"author": AUTHOR, "width": 260, "height": 70, "font_size": 9},
    )  # fmt: skip
    first_period = address(area.top, area.lead + 1, "both")
    for step in range(PAST_PERIODS):
        worksheet.write_formula(
            area.top - 1, 1 + step, f"={date_formula(first_period, PAST_PERIODS - step)}", header, ""
        )
        worksheet.write_string(area.top - 2, 1 + step, "" if step else "Actual", band)
        for row in range(area.first, area.first + len(block.rows)):
            worksheet.write_formula(row - 1, 1 + step, past_formula(area, row, 2 + step), figure, "")
    first, last = area.lead + 1, area.left + len(block.header) - 1
    rows = [area.first + index for index, name in enumerate(block.row_measures) if name == measure]
    if rows and last >= first:
        worksheet.add_sparkline(rows[0] - 1, 0, {
            "location": [address(row, 1) for row in rows],
            "range": [f"'{area.grid.sheet}'!{address(row, first)}:{address(row, last)}" for row in rows],
            "type": "column", "min": 0, "series_color": look.CHART_PRODUCTION, "high_point": True,
            "high_color": look.CHART_DEMAND,
        })  # fmt: skip


def past_formula(area: GridArea, row: int, column: int) -> str:
    """The actual of the row's family in the period of the column (1-based); blank in rows without actuals."""
    measure, actual = PAST_MEASURES[area.grid.name]
    here, family = (address(row, area.left + area.grid.lead_headers.index(header), "column")
                    for header in ("Measure", "Family"))  # fmt: skip
    where = f"tblStock[Family],{family},tblStock[Period],{address(area.top, column, 'row')}"
    return f'=IF({here}<>"{measure}","",IF(COUNTIFS({where})=0,"",SUMIFS(tblStock[{actual}],{where})))'
