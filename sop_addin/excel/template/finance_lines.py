"""The lines of the Finance Summary: where they stand, how one is written, and what each period comes to in total."""

from __future__ import annotations

from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from ...model import calendar
from ...model.schema import GRID_BY_NAME
from ..layout import SUMMARY_LEAD
from . import styles as look
from .home_figures import setting
from .sheets_common import Context, address

SHEET = "Finance Summary"
FAMILY_ROW, CURRENCY_ROW, REFERENCE_ROW, SPAN_ROW, MESSAGE_ROW = 5, 6, 7, 8, 9
YEAR_ROW, HEADER_ROW = 10, 11
DAY_ROW, RATE_ROW, REFERENCE_RATE_ROW = 12, 13, 14
FIRST_ROW = 15
CHOICE, KEY = 3, 9
"""Columns of the dropdowns, and of what they mean in formulas."""
TOTAL, FIRST_YEAR, YEARS, NEXT, FIRST = 3, 4, 4, 8, SUMMARY_LEAD + 1
NO_RATE = '"no rate"'
COSTS = (
    "Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
    "Backorder and lost sale cost", "Other cost",
)  # fmt: skip
EFFECTS = ("Volume", "Mix", "Price", "Unit cost", "Capacity cost", "Stock", "Service and other")
REFERENCE_MARGIN = "Margin of the reference, bridged"
LEAD = len(GRID_BY_NAME["FinancePlan"].lead_headers)
_CURRENCIES = 8


@dataclass
class Rows:
    """Row of each line, and how many columns of periods there are."""

    context: Context
    sheet: Worksheet
    periods: int
    at: dict[str, int]

    @property
    def last(self) -> int:
        return FIRST + self.periods - 1

    def span(self, row: int) -> str:
        """All periods of a row: ``$J15:$AS15``"""
        return f"{address(row, FIRST, 'column')}:{address(row, self.last, 'column')}"

    def fixed(self, row: int) -> str:
        return f"{address(row, FIRST, 'both')}:{address(row, self.last, 'both')}"


def write_line(
    rows: Rows, row: int, name: str, formulas: list[str], *, adding: str = "sum", unit: str = "money",
    number: str = look.PLAN, bold: bool = False, total: str = "",
) -> None:  # fmt: skip
    """One line: its period formulas, and what they come to over all periods, each year and twelve months.

    total: formula of the total columns, with {0} for the column, where they are no sum of the periods.
    """
    rows.at[name] = row
    sheet, styles = rows.sheet, rows.context.styles
    more = {"bold": True, "top": 1, "top_color": look.RULE} if bold else {}
    sheet.write_string(row - 1, 0, name, styles.get(font_color=look.INK, **more))
    shown = styles.get(font_color=look.MUTED, **more)
    if unit == "money":
        currency = address(CURRENCY_ROW, CHOICE, "both")
        sheet.write_formula(row - 1, 1, f'=IF({currency}="",{setting("Base currency")},{currency})', shown, "")
    else:
        sheet.write_string(row - 1, 1, unit, shown)
    style = styles.formula_cell(number, align="right", **more)
    for index, formula in enumerate(formulas):
        here = address(HEADER_ROW, FIRST + index)
        sheet.write_formula(row - 1, FIRST - 1 + index, f'=IF({here}="","",{formula})', style, "")
    if adding == "none":
        return
    years, cells = rows.fixed(YEAR_ROW), rows.span(row)
    count = f"COUNT({years})"
    twelve = calendar.SEASONS_PER_YEAR[rows.context.bucket]
    near = f"{address(row, FIRST, 'column')}:{address(row, FIRST + min(twelve, rows.periods) - 1, 'column')}"
    for column in range(TOTAL, NEXT + 1):
        head = address(HEADER_ROW, column)
        if total:
            formula = total.format(address(1, column)[:-1])
        elif adding == "last":
            at = count
            if FIRST_YEAR <= column < NEXT:
                at = f'COUNTIF({years},"<="&{head})'
            elif column == NEXT:
                at = f"MIN({twelve},{count})"
            formula = f'IF({at}=0,"",INDEX({cells},1,{at}))'
        elif column == TOTAL:
            formula = f"IF(COUNTIF({cells},{NO_RATE})>0,{NO_RATE},SUM({cells}))"
        elif column == NEXT:
            formula = f"IF(COUNTIF({near},{NO_RATE})>0,{NO_RATE},SUM({near}))"
        else:
            formula = f"IF(COUNTIFS({years},{head},{cells},{NO_RATE})>0,{NO_RATE},SUMIFS({cells},{years},{head}))"
        sheet.write_formula(row - 1, column - 1, f'=IF({head}="","",{formula})', style, "")
