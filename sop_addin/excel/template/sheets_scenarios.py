"""Scenarios: side by side with their assumptions, and the plan under risk.

All by native formulas over the tables to the right of the board: levers and risks to type, then what the runs wrote.
"""

from __future__ import annotations

from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from ...model.schema import SHEETS
from . import styles as look
from .boards import SMALL, board_section, column_range, style_chart, tiles
from .sheets_common import LINK_ROW, Context, address, print_blocks, write_heading
from .sheets_output import add_output_marks
from .sheets_tables import SHEET_HINTS, add_table

NAME = "Scenarios"
LEFT, RIGHT = 1, 9
FIRST_ROW, SHOWN = 5, 7
"""Scenarios side by side, the base plan included; all of them are in tblScenarioResults."""
_FIGURES: tuple[tuple[str, str], ...] = (
    ("Shipments", look.QUANTITY), ("Service level", look.PERCENT), ("Revenue", look.MONEY_WHOLE),
    ("Total cost", look.MONEY_WHOLE), ("Margin", look.MONEY_WHOLE), ("Margin against base", "+#,##0;[Red]-#,##0;0"),
    ("Stock value", look.MONEY_WHOLE), ("Utilisation", look.PERCENT), ("CO2e", look.QUANTITY),
    ("Lost sales", look.QUANTITY),
)  # fmt: skip
TEXT_LINES = 7
"""Rows that a text of assumptions or changes covers; no row is made taller, as tables stand beside the board."""
FIGURES_ROW = FIRST_ROW + 2 + TEXT_LINES
CHARTS_ROW = FIGURES_ROW + len(_FIGURES) + TEXT_LINES + 2
CHART_LINES, LINE_PIXELS, COLUMN_PIXELS, FIRST_PIXELS = 13, 20, 138, 159
RISK_ROW = CHARTS_ROW + CHART_LINES + 1
TORNADO_ROW, RISKS_SHOWN = RISK_ROW + 6, 10
FAN_ROW, PERIODS_SHOWN = TORNADO_ROW + RISKS_SHOWN + 4, 24


def add_scenarios(context: Context, worksheet: Worksheet) -> None:
    """The board, and all tables beside it."""
    purpose = next(sheet.help for sheet in SHEETS if sheet.name == NAME)
    write_heading(worksheet, context.styles, NAME, purpose, SHEET_HINTS[NAME], at=LEFT + 4)
    worksheet.set_column(LEFT - 1, LEFT - 1, 22)
    worksheet.set_column(LEFT, RIGHT - 2, 19)
    worksheet.set_column(RIGHT - 1, RIGHT, 3)
    _side_by_side(context, worksheet)
    _charts(context, worksheet)
    _risk_figures(context, worksheet)
    _tornado(context, worksheet)
    _fan(context, worksheet)
    tables = [name for name, (sheet, _, _) in context.anchors.items() if sheet == NAME]
    places = {name: add_table(context, worksheet, name) for name in tables}
    for _, left, _, _ in list(places.values())[1:]:
        worksheet.set_column(left - 2, left - 2, 3)
    for column, (name, words) in enumerate((("tblScenarios", "Levers"), ("tblRisks", "Risks")), start=2):
        top, left, _, _ = places[name]
        target = f"internal:'{NAME}'!{address(top, left)}"
        tip = f"The table of {words.lower()}, to the right"
        worksheet.write_url(LINK_ROW - 1, column, target, context.styles.link, f"{words} >", tip)
    add_output_marks(context, worksheet, places)
    blocks = [(LEFT, RIGHT - 1), *((left, right) for _, left, _, right in places.values())]
    print_blocks(context, NAME, blocks)
    worksheet.set_h_pagebreaks([RISK_ROW - 1])


def _nth(column: str, position: int) -> str:
    """Formula part: the figure of the scenario at that place of tblScenarioResults; "" where there is none."""
    cell = f"INDEX(tblScenarioResults[{column}],{position})"
    return f'IF(ROWS(tblScenarioResults[Scenario])<{position},"",IF({cell}="","",{cell}))'


def _side_by_side(context: Context, worksheet: Worksheet) -> None:
    styles = context.styles
    board_section(context, worksheet, FIRST_ROW, LEFT, RIGHT - 1, "Scenarios side by side")
    top = FIRST_ROW + 1
    worksheet.write_string(top - 1, LEFT - 1, "Scenario", styles.header())
    text = styles.get(font_color=look.INK, bg_color=look.FORMULA_FILL, text_wrap=True, valign="top", font_size=9)
    for at in range(SHOWN):
        worksheet.write_formula(top - 1, LEFT + at, f"={_nth('Scenario', at + 1)}", styles.header(right=True), "")
    last = FIGURES_ROW + len(_FIGURES)
    for first, column in ((top + 1, "Assumptions"), (last, "What changes")):
        worksheet.merge_range(
            first - 1, LEFT - 1, first - 2 + TEXT_LINES, LEFT - 1, column, styles.formula_cell(valign="top")
        )
        for at in range(SHOWN):
            worksheet.merge_range(first - 1, LEFT + at, first - 2 + TEXT_LINES, LEFT + at, "", text)
            worksheet.write_formula(first - 1, LEFT + at, f"={_nth(column, at + 1)}", text, "")
    for row, (name, number) in enumerate(_FIGURES, start=FIGURES_ROW):
        head = styles.formula_cell(bold=name in ("Margin", "Service level"))
        worksheet.write_string(row - 1, LEFT - 1, f"{name}, t" if name == "CO2e" else name, head)
        for at in range(SHOWN):
            cell = styles.formula_cell(number, align="right")
            worksheet.write_formula(row - 1, LEFT + at, f"={_nth(name, at + 1)}", cell, "")
    hint = (
        f"Every scenario is in the table Scenario results; {SHOWN} are shown here. To make one the plan, choose it in "
        "the list Scenario on the S&OP tab and press Adopt."
    )
    worksheet.write_string(CHARTS_ROW - 2, LEFT - 1, hint, styles.hint)


def _charts(context: Context, worksheet: Worksheet) -> None:
    """What each scenario does to the margin, and its service level."""
    sheet = worksheet.get_name()
    names = f"='{sheet}'!{address(FIRST_ROW + 1, LEFT + 1, 'both')}:{address(FIRST_ROW + 1, LEFT + SHOWN, 'both')}"
    for number, (figure, title, number_format, colour) in enumerate((
        ("Margin against base", "Margin against the base plan", "#,##0", look.CHART_PRODUCTION),
        ("Service level", "Service level", "0.0%", look.CHART_TARGET),
    )):  # fmt: skip
        row = FIGURES_ROW + [name for name, _ in _FIGURES].index(figure)
        chart = context.workbook.add_chart({"type": "column"})
        chart.add_series({
            "name": figure, "categories": names,
            "values": f"='{sheet}'!{address(row, LEFT + 1, 'both')}:{address(row, LEFT + SHOWN, 'both')}",
            "fill": {"color": colour}, "border": {"none": True}, "gap": 70,
        })  # fmt: skip
        style_chart(chart, title, number_format, legend=False)
        _insert(worksheet, chart, CHARTS_ROW, number, f"Columns by scenario: {title.lower()}.")


def _insert(worksheet: Worksheet, chart: Chart, row: int, number: int, description: str) -> None:
    """A chart on the left or right half of the board."""
    left = FIRST_PIXELS + 3 * COLUMN_PIXELS  # behind the fourth column
    width = 4 * COLUMN_PIXELS if number else left
    chart.set_size({"width": width - 14, "height": LINE_PIXELS * CHART_LINES - 8})
    worksheet.insert_chart(row - 1, LEFT - 1, chart, {
        "object_position": 2, "x_offset": 6 + number * left, "y_offset": 4, "description": description,
    })  # fmt: skip


def _of_risk(measure: str, column: str) -> str:
    return f'INDEX(tblRiskResults[{column}],MATCH("{measure}",tblRiskResults[Measure],0))'


def _risk_figures(context: Context, worksheet: Worksheet) -> None:
    board_section(context, worksheet, RISK_ROW, LEFT, RIGHT - 1, "Under risk: what the plan can still reach")
    tiles(context, worksheet, RISK_ROW + 1, LEFT, (
        ("Margin: P10", _of_risk("Margin", "P10"), look.MONEY_WHOLE),
        ("Margin: P50", _of_risk("Margin", "P50"), look.MONEY_WHOLE),
        ("Margin: P90", _of_risk("Margin", "P90"), look.MONEY_WHOLE),
        ("Service below target: chance", _of_risk("Chance that service is below target", "Mean"), look.PERCENT_WHOLE),
    ))  # fmt: skip


def _tornado(context: Context, worksheet: Worksheet) -> None:
    """Each risk alone at P10 and at P90, against the plan."""
    styles = context.styles
    board_section(context, worksheet, TORNADO_ROW, LEFT, RIGHT - 1, "Which risk matters most")
    top = TORNADO_ROW + 1
    columns = ("Risk", "At its P10", "At its P90", "Share of variance")
    for offset, name in enumerate(columns):
        worksheet.write_string(top - 1, LEFT - 1 + offset, name, styles.header(right=offset > 0))
    plan = _of_risk("Margin", "Plan")
    signed = styles.formula_cell("+#,##0;[Red]-#,##0;0", align="right")
    for line in range(1, RISKS_SHOWN + 1):
        missing = f"ROWS(tblTornado[Risk])<{line}"
        risk = f"INDEX(tblTornado[Risk],{line})"
        name = f'=IF({missing},"",IF({risk}="","",{risk}))'
        worksheet.write_formula(top - 1 + line, LEFT - 1, name, styles.formula_cell(), "")
        known = address(top + line, LEFT, "column")
        for offset, column in enumerate(("Margin at low", "Margin at high")):
            formula = f'=IF({known}="","",INDEX(tblTornado[{column}],{line})-{plan})'
            worksheet.write_formula(top - 1 + line, LEFT + offset, formula, signed, "")
        formula = f'=IF({known}="","",INDEX(tblTornado[Share of variance],{line}))'
        worksheet.write_formula(top - 1 + line, LEFT + 2, formula, styles.formula_cell(look.PERCENT_WHOLE), "")
    sheet = worksheet.get_name()
    chart = context.workbook.add_chart({"type": "bar"})
    for offset, colour in ((1, look.CHART_DEMAND), (2, look.CHART_PRODUCTION)):
        chart.add_series({
            "name": columns[offset], "categories": column_range(sheet, top + 1, top + RISKS_SHOWN, LEFT),
            "values": column_range(sheet, top + 1, top + RISKS_SHOWN, LEFT + offset),
            "fill": {"color": colour}, "border": {"none": True}, "gap": 40, "overlap": 100,
        })  # fmt: skip
    style_chart(chart, "Margin against the plan, each risk alone", "#,##0")
    chart.set_x_axis({"num_font": SMALL, "num_format": "#,##0", "major_gridlines": {
        "visible": True, "line": {"color": look.LINE, "width": 0.75}}})  # fmt: skip
    chart.set_y_axis({"num_font": SMALL, "reverse": True, "label_position": "low", "line": {"color": look.RULE}})
    _insert(worksheet, chart, TORNADO_ROW + 1, 1, "Bars by risk: change of the margin at its P10 and at its P90.")


def _fan(context: Context, worksheet: Worksheet) -> None:
    """Stock and chance of a shortage of one family, period by period."""
    styles = context.styles
    board_section(context, worksheet, FAN_ROW, LEFT, RIGHT - 1, "One family under risk")
    top = FAN_ROW + 2
    worksheet.write_string(FAN_ROW, LEFT - 1, "Choose a family", styles.plain)
    chosen = address(FAN_ROW + 1, LEFT + 1, "both")
    families = context.tables.family_names
    worksheet.merge_range(FAN_ROW, LEFT, FAN_ROW, LEFT + 1, families[0] if families else "", styles.input_cell())
    worksheet.data_validation(FAN_ROW, LEFT, FAN_ROW, LEFT, {"validate": "list", "source": "=lstFamilies"})
    shown = ("Stock P10", "Stock P50", "Stock P90")
    for offset, name in enumerate(("Period", *shown)):
        worksheet.write_string(top - 1, LEFT - 1 + offset, name, styles.header(right=offset > 0))
    period_format = look.period_format(context.bucket)
    for line in range(1, PERIODS_SHOWN + 1):
        first, here = ("INDEX(tblRiskPlan[Family],1)", f"INDEX(tblRiskPlan[Family],{line})")
        period = f"INDEX(tblRiskPlan[Period],{line})"
        formula = f'=IF(ROWS(tblRiskPlan[Family])<{line},"",IF(AND({here}={first},{here}<>""),{period},""))'
        worksheet.write_formula(top - 1 + line, LEFT - 1, formula, styles.formula_cell(period_format, align="left"), "")
        known = address(top + line, LEFT, "column")
        for offset, name in enumerate(shown, start=1):
            value = f"SUMIFS(tblRiskPlan[{name}],tblRiskPlan[Family],{chosen},tblRiskPlan[Period],{known})"
            worksheet.write_formula(
                top - 1 + line, LEFT - 1 + offset, f'=IF({known}="","",{value})', styles.formula_cell(look.QUANTITY), ""
            )
    chance = "Chance of shortage"
    worksheet.write_string(top - 1, LEFT + 3, chance, styles.header(right=True))
    for line in range(1, PERIODS_SHOWN + 1):
        known = address(top + line, LEFT, "column")
        value = f"SUMIFS(tblRiskPlan[{chance}],tblRiskPlan[Family],{chosen},tblRiskPlan[Period],{known})"
        worksheet.write_formula(
            top - 1 + line, LEFT + 3, f'=IF({known}="","",{value})', styles.formula_cell(look.PERCENT), ""
        )
    sheet = worksheet.get_name()
    last = top + min(PERIODS_SHOWN, max(len(context.tables.periods), 1))
    chart = context.workbook.add_chart({"type": "line"})
    for offset, (name, colour) in enumerate(
        zip(shown, (look.CHART_DEMAND, look.CHART_STOCK, look.CHART_PRODUCTION), strict=True), start=1
    ):
        chart.add_series({
            "name": name, "categories": column_range(sheet, top + 1, last, LEFT),
            "values": column_range(sheet, top + 1, last, LEFT + offset), "line": {"color": colour, "width": 2.25},
        })  # fmt: skip
    style_chart(chart, "Closing stock of the chosen family", "#,##0")
    chart.set_x_axis({"num_font": SMALL, "num_format": period_format, "line": {"color": look.RULE}, "text_axis": True})
    chart.set_size({"width": 3 * COLUMN_PIXELS - 14, "height": LINE_PIXELS * CHART_LINES})
    worksheet.insert_chart(top - 1, LEFT + 4, chart, {
        "object_position": 2, "x_offset": 10, "y_offset": 2,
        "description": "Lines by period: closing stock at P10, P50 and P90.",
    })  # fmt: skip
