"""Where the blocks of Home stand, and how each begins."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from . import styles as look
from .home_figures import HEAT_RESOURCES
from .sheets_common import GUIDE_COLOURS, GUIDE_MONTH, GUIDE_SHEETS, GUIDE_WORDS, Context

BOARD_LEFT, BOARD_RIGHT = 2, 31
"""The board: thirty narrow columns; a tile takes six of them, a month of the heat map one."""
COLUMN_WIDTH, COLUMN_PIXELS = 3.86, 32

CYCLE_ROW, FIGURES_ROW, SUMMARY_ROW, SUMMARY_LINES = 5, 10, 18, 7
CHART_ROW, CHART_LINES = SUMMARY_ROW + SUMMARY_LINES + 2, 16
HEAT_ROW = CHART_ROW + CHART_LINES + 3
FINDINGS_ROW = HEAT_ROW + HEAT_RESOURCES + 4
FINDINGS_SHOWN = 10
BUTTONS_ROW = FINDINGS_ROW + FINDINGS_SHOWN + 2
SUMMARY_NAME = "SopSummary"
"""Defined name of the paragraph on the plan's limits."""
FAMILY_CELL = (CHART_ROW + 1, BOARD_LEFT + 3)

GUIDE_OF = {CYCLE_ROW: GUIDE_MONTH, HEAT_ROW: GUIDE_COLOURS, BUTTONS_ROW: GUIDE_SHEETS}
"""Where the question mark of a block leads; else to the words."""


def section(context: Context, worksheet: Worksheet, row: int, text: str) -> None:
    """The heading of a block, with a question mark that leads to the Guide."""
    worksheet.set_row(row - 1, 16)
    for column in range(BOARD_LEFT, BOARD_RIGHT + 1):
        worksheet.write_blank(row - 1, column - 1, None, context.styles.section)
    worksheet.write_string(row - 1, BOARD_LEFT - 1, text, context.styles.section)
    help_style = context.styles.get(bold=True, font_color=look.BLUE, align="right", bottom=2, bottom_color=look.NAVY)
    worksheet.write_url(
        row - 1, BOARD_RIGHT - 1, f"internal:{GUIDE_OF.get(row, GUIDE_WORDS)}", help_style, "?", "See the Guide"
    )  # fmt: skip
