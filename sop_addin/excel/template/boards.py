"""What boards of figures and charts have in common: sections, small tables of formulas, charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from . import styles as look
from .sheets_common import Context, address

SMALL: dict[str, Any] = {"name": "Arial", "size": 9, "color": look.MUTED}


def board_section(context: Context, worksheet: Worksheet, row: int, left: int, right: int, text: str) -> None:
    """A headline over the columns ``left`` to ``right`` (1-based)."""
    for column in range(left, right + 1):
        worksheet.write_blank(row - 1, column - 1, None, context.styles.section)
    worksheet.write_string(row - 1, left - 1, text, context.styles.section)


def tiles(context: Context, worksheet: Worksheet, row: int, left: int, figures: Sequence[tuple[str, str, str]]) -> None:
    """Figures side by side, two columns each: (label, formula without =, number format); "-" where there is none."""
    edge = {"bg_color": look.NOTE_FILL, "left": 1, "right": 1, "border_color": look.WHITE, "align": "center"}
    label_style = context.styles.get(**edge, font_color=look.MUTED, font_size=9)
    for offset, (label, formula, number) in enumerate(figures):
        first = left - 1 + 2 * offset
        value_style = context.styles.get(**edge, bold=True, font_size=18, font_color=look.NAVY, num_format=number)
        worksheet.merge_range(row - 1, first, row - 1, first + 1, label, label_style)
        worksheet.merge_range(row, first, row + 1, first + 1, "", value_style)
        worksheet.write_formula(row, first, f'=IFERROR({formula},"-")', value_style, "-")


def style_chart(chart: Chart, title: str, number_format: str, legend: bool = True) -> None:
    """Title, axes and grid lines as on every chart of the workbook."""
    chart.set_title({
        "name": title, "overlay": False,
        "name_font": {"name": "Arial", "size": 10, "bold": True, "color": look.NAVY},
    })  # fmt: skip
    chart.set_legend({"position": "top", "font": {"name": "Arial", "size": 9}} if legend else {"none": True})
    chart.set_x_axis({"num_font": SMALL, "line": {"color": look.RULE}, "text_axis": True, "label_position": "low"})
    chart.set_y_axis({
        "num_font": SMALL, "num_format": number_format, "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": look.LINE, "width": 0.75}},
    })  # fmt: skip
    chart.set_chartarea({"border": {"color": look.LINE}})


def column_range(sheet: str, first: int, last: int, column: int) -> str:
    """``='KPIs'!$B$6:$B$17`` for a chart (1-based)."""
    return f"='{sheet}'!{address(first, column, 'both')}:{address(last, column, 'both')}"
