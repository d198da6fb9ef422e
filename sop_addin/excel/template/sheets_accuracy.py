"""Accuracy: how far the forecast was off in the past, and the map of items by volume and variability.

All by native formulas over tblAccuracy and tblSegments, which stand to the right of the board.
"""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from ...model.schema import SHEETS
from ...model.segment_classes import A_SHARE, B_SHARE, NEW, WAYS, X_VARIATION, Y_VARIATION
from . import styles as look
from .boards import board_section, column_range, style_chart, tiles
from .sheets_common import Context, address, print_blocks, write_heading
from .sheets_output import mark_words
from .sheets_tables import SHEET_HINTS, add_table

LEFT, RIGHT = 1, 11
FIGURES_ROW, LAG_ROW, LAGS_SHOWN, LAGS_CHARTED = 5, 10, 12, 6
MAP_ROW = LAG_ROW + LAGS_SHOWN + 4
WAYS_ROW = MAP_ROW + 9
LAG_COLUMNS = (("Forecast", "WMAPE"), ("Naive", "Naive WMAPE"), ("Last year", "Last year WMAPE"))
_ALL = "All families"


def add_accuracy(context: Context, worksheet: Worksheet) -> None:
    """The board, and both tables beside it."""
    purpose = next(sheet.help for sheet in SHEETS if sheet.name == "Accuracy")
    write_heading(worksheet, context.styles, "Accuracy", purpose, SHEET_HINTS["Accuracy"])
    worksheet.set_column(LEFT - 1, RIGHT - 1, 12)
    worksheet.set_column(RIGHT, RIGHT, 3)
    _figures(context, worksheet)
    _by_lag(context, worksheet)
    _map(context, worksheet)
    _ways(context, worksheet)
    places = {name: add_table(context, worksheet, name) for name in ("tblAccuracy", "tblSegments")}
    top, left, _, right = places["tblAccuracy"]
    worksheet.set_column(right, right, 3)
    mark_words(context, worksheet, top + 1, right, ("Loses to naive",), 20000)
    worksheet.freeze_panes(top, 0)
    worksheet.repeat_rows(top - 2, top - 1)
    _, second, _, end = places["tblSegments"]
    print_blocks(context, "Accuracy", [(LEFT, RIGHT), (left, right), (second, end)])


def _figure(column: str, lag: str = '""') -> str:
    """Formula part: a figure of all families; an error where there is none."""
    where = f'tblAccuracy[Level],"{_ALL}",tblAccuracy[Lag],{lag}'
    return f"SUMIFS(tblAccuracy[{column}],{where})/COUNTIFS({where})"


def _figures(context: Context, worksheet: Worksheet) -> None:
    title = "How far the forecast would have been off in the past, families, all lags together"
    board_section(context, worksheet, FIGURES_ROW, LEFT, RIGHT, title)
    losers = 'COUNTIFS(tblAccuracy[Level],"Item",tblAccuracy[Verdict],"Loses to naive")'
    tiles(context, worksheet, FIGURES_ROW + 1, LEFT, (
        ("Forecast error (WMAPE)", _figure("WMAPE"), look.PERCENT),
        ("Naive would have", _figure("Naive WMAPE"), look.PERCENT),
        ("Last year would have", _figure("Last year WMAPE"), look.PERCENT),
        ("Bias (plus = too much)", _figure("Bias"), "+0.0%;-0.0%;0.0%"),
        ("Items that lose to naive", f'IF(COUNTIFS(tblAccuracy[Level],"Item")=0,"-",{losers})', look.INTEGER),
    ))  # fmt: skip


def _by_lag(context: Context, worksheet: Worksheet) -> None:
    """Error of all families by lag, as a small table and as columns."""
    styles = context.styles
    board_section(context, worksheet, LAG_ROW, LEFT, RIGHT, "By lag: how the error grows the further ahead we look")
    top = LAG_ROW + 1
    worksheet.write_string(top - 1, LEFT - 1, "Lag", styles.header())
    for offset, (header, _) in enumerate(LAG_COLUMNS, start=1):
        worksheet.write_string(top - 1, LEFT - 1 + offset, header, styles.header(right=True))
    for lag in range(1, LAGS_SHOWN + 1):
        row = top + lag
        label = address(row, LEFT, "column")
        known = f'COUNTIFS(tblAccuracy[Level],"{_ALL}",tblAccuracy[Lag],{lag})=0'
        worksheet.write_formula(row - 1, LEFT - 1, f'=IF({known},"",{lag})', styles.formula_cell(align="left"), "")
        for offset, (_, column) in enumerate(LAG_COLUMNS, start=1):
            formula = f'=IF({label}="","",IFERROR({_figure(column, label)},""))'
            worksheet.write_formula(row - 1, LEFT - 1 + offset, formula, styles.formula_cell(look.PERCENT), "")
    chart = context.workbook.add_chart({"type": "column"})
    sheet = worksheet.get_name()
    colours = (look.CHART_DEMAND, look.FAINT, look.CHART_PRODUCTION)
    for offset, colour in enumerate(colours, start=1):
        chart.add_series({
            "name": f"='{sheet}'!{address(top, LEFT + offset, 'both')}",
            "categories": column_range(sheet, top + 1, top + LAGS_CHARTED, LEFT),
            "values": column_range(sheet, top + 1, top + LAGS_CHARTED, LEFT + offset),
            "fill": {"color": colour}, "border": {"none": True}, "gap": 60,
        })  # fmt: skip
    style_chart(chart, "Error of the families (WMAPE) by lag", "0%")
    chart.set_size({"width": 86 * (RIGHT - LEFT - 4), "height": 20 * (LAGS_SHOWN + 1)})
    worksheet.insert_chart(top - 1, LEFT + 4, chart, {
        "object_position": 2, "x_offset": 6, "y_offset": 4,
        "description": "Columns by lag: error of the forecast, of naive and of last year.",
    })  # fmt: skip


def _map(context: Context, worksheet: Worksheet) -> None:
    """Counts and shares of volume of the nine cells, and of the items too new to be classed."""
    styles = context.styles
    board_section(context, worksheet, MAP_ROW, LEFT, RIGHT, "ABC/XYZ map: items, and their share of the volume")
    limits = (
        f"A: the largest items, together {A_SHARE:.0%} of the volume; B up to {B_SHARE:.0%}; C the rest. Variation of "
        f"sales: X up to {X_VARIATION:g}, Y up to {Y_VARIATION:g}, Z above. New: fewer than six known periods."
    )
    worksheet.write_string(MAP_ROW, LEFT - 1, limits, styles.hint)
    columns = ("X", "Y", "Z", NEW, "Total")
    top = MAP_ROW + 2
    worksheet.write_string(top - 1, LEFT - 1, "", styles.header())
    for offset, name in enumerate(columns):
        first = LEFT + 2 * offset
        worksheet.merge_range(top - 1, first, top - 1, first + 1, name, styles.get(
            bold=True, font_color=look.WHITE, bg_color=look.NAVY, align="center", border=1, border_color=look.NAVY
        ))  # fmt: skip
    for line, volume in enumerate(("A", "B", "C", "Total"), start=1):
        bold = {"bold": True} if volume == "Total" else {}
        worksheet.write_string(top - 1 + line, LEFT - 1, volume, styles.formula_cell(bold=True))
        for offset, name in enumerate(columns):
            where = ",".join(
                f'tblSegments[{column}],"{value}"'
                for column, value in (("ABC", volume), ("XYZ", name))
                if value != "Total"
            ) or 'tblSegments[ABC],"?*"'  # fmt: skip
            cell = LEFT + 2 * offset
            count = styles.formula_cell(look.INTEGER, align="right", left=1, left_color=look.LINE, **bold)
            share = styles.formula_cell(look.PERCENT, align="right", font_size=9, **bold)
            worksheet.write_formula(top - 1 + line, cell, f"=COUNTIFS({where})", count, 0)
            worksheet.write_formula(top - 1 + line, cell + 1, f"=SUMIFS(tblSegments[Share],{where})", share, 0)
    for offset in range(3):
        column = LEFT + 2 * offset + 1
        worksheet.conditional_format(top, column, top + 2, column, {
            "type": "data_bar", "bar_color": look.CHART_PRODUCTION, "min_type": "num",
            "min_value": 0, "max_type": "num", "max_value": 1,
        })  # fmt: skip


def _ways(context: Context, worksheet: Worksheet) -> None:
    """One line a class: how many items, and how to plan them."""
    styles = context.styles
    board_section(context, worksheet, WAYS_ROW, LEFT, RIGHT, "How to plan each class")
    top = WAYS_ROW + 1
    for offset, header in enumerate(("Class", "Items", "Volume")):
        worksheet.write_string(top - 1, LEFT - 1 + offset, header, styles.header(right=offset > 0))
    worksheet.merge_range(top - 1, LEFT + 2, top - 1, RIGHT - 1, "Recommended planning", styles.header(filtered=True))
    for line, (name, way) in enumerate(WAYS.items(), start=1):
        row = top - 1 + line
        where = f'tblSegments[Class],"{name}"'
        worksheet.write_string(row, LEFT - 1, name, styles.formula_cell(bold=True))
        worksheet.write_formula(row, LEFT, f"=COUNTIFS({where})", styles.formula_cell(look.INTEGER), 0)
        worksheet.write_formula(
            row, LEFT + 1, f"=SUMIFS(tblSegments[Share],{where})", styles.formula_cell(look.PERCENT), 0
        )
        worksheet.merge_range(row, LEFT + 2, row, RIGHT - 1, way, styles.get(font_color=look.INK, indent=1))
