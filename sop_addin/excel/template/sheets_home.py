"""Home: where the month stands, the headline figures, one chart, the first findings, and what each button does.

All by native formulas over the tables and grids, so that it stays right without macros and without Python.
"""

from __future__ import annotations

from lxml import etree
from xlsxwriter.worksheet import Worksheet

from ...model.schema import GRID_BY_NAME, STEPS
from ..layout import TABLE_ROW
from . import styles as look
from .ribbon import ribbon_2010
from .sheets_common import CAPTION_ROW, Context, address
from .sheets_output import STATUS_LOOKS, mark_words
from .sheets_tables import add_table

BOARD_LEFT, BOARD_RIGHT = 2, 11
"""The board: five tiles of two columns each."""

CYCLE_ROW, FIGURES_ROW, CHART_ROW, CHART_LINES = 5, 10, 16, 17
FINDINGS_ROW = CHART_ROW + CHART_LINES + 3
FINDINGS_SHOWN = 8
BUTTONS_ROW = FINDINGS_ROW + FINDINGS_SHOWN + 2
HELPER_LEFT = 17
HELPER_PERIODS = 36
EDITS_NAME, BANNER_NAME = "SopEdits", "SopBanner"
"""Defined names: how many figures differ from the last solve, and the sentence on it that every plan sheet shows."""
SCENARIO_NAME = "SopScenario"
"""Defined name of the cell that workbook/vba/SopScenarios.bas reads and writes."""
FAMILY_CELL = (CHART_ROW + 1, BOARD_LEFT + 1)

SHORTCUTS = (
    ("Check", "SopCheck"), ("Forecast", "SopForecast"), ("Aggregate", "SopAggregate"), ("Balance", "SopBalance"),
    ("Run all steps", "SopRunAll"), ("Undo last run", "SopUndo"),
)  # fmt: skip
"""Buttons on the sheet, for people whose ribbon is blocked: caption and macro. LibreOffice breaks on & in a caption."""

_LINKS = (
    "Sales Plan", "Production Plan", "Inventory Plan", "Capacity", "Finance", "KPIs", "Scenarios", "Cycle", "Checks",
    "Guide",
)  # fmt: skip
_BLOCKED = (
    "No S&OP tab, or a bar that says macros are blocked? The sheets still calculate: overrides and fixed production "
    "show their effect at once. To run the steps: close the file, right-click it in the Explorer, Properties, tick "
    "Unblock, and open it again; or ask your IT for a trusted folder; or run it without Excel: "
    "sop-addin run <this file>."
)


def add_home(context: Context, worksheet: Worksheet) -> None:
    """The whole sheet, tblResult beside the board."""
    worksheet.set_column(0, 0, 2)
    worksheet.set_column(BOARD_LEFT - 1, BOARD_RIGHT - 1, 13)
    worksheet.set_column(BOARD_RIGHT, BOARD_RIGHT, 3)
    add_table(context, worksheet, "tblResult", caption=False)
    top, left = context.anchor("tblResult")
    worksheet.write_string(CAPTION_ROW - 1, left - 1, "Last run", context.styles.caption)
    worksheet.set_column(left + 1, HELPER_LEFT - 2, 3)
    worksheet.set_row(top - 1, 15)
    last_helper = _helper(context, worksheet)
    _heading(context, worksheet)
    _banner(context, worksheet)
    _scenario(context, worksheet)
    _shortcuts(worksheet)
    _cycle(context, worksheet)
    _figures(context, worksheet)
    _chart(context, worksheet, last_helper)
    _findings(context, worksheet)
    last = _buttons(context, worksheet)
    worksheet.print_area(0, 0, last - 1, left)
    worksheet.set_portrait()
    worksheet.fit_to_pages(1, 1)


def result(measure: str) -> str:
    """Formula part: the figure of tblResult."""
    return f'INDEX(tblResult[Value],MATCH("{measure}",tblResult[Measure],0))'


def setting(name: str) -> str:
    return f'INDEX(tblSettings[Value],MATCH("{name}",tblSettings[Setting],0))'


def _column_of(grid: str, header: str) -> int:
    return GRID_BY_NAME[grid].lead_headers.index(header) + 1


def _grid_total(grid: str, measure: str, family: str = "") -> str:
    """Formula part: sum of the Total column of a grid over the rows of a measure."""
    total, names, keys = (f"INDEX({grid},0,{_column_of(grid, header)})" for header in ("Total", "Measure", "Family"))
    where = f',{keys},"{family}"' if family else ""
    return f'SUMIFS({total},{names},"{measure}"{where})'


def _section(context: Context, worksheet: Worksheet, row: int, text: str) -> None:
    for column in range(BOARD_LEFT, BOARD_RIGHT + 1):
        worksheet.write_blank(row - 1, column - 1, None, context.styles.section)
    worksheet.write_string(row - 1, BOARD_LEFT - 1, text, context.styles.section)


def _heading(context: Context, worksheet: Worksheet) -> None:
    styles = context.styles
    worksheet.set_row(0, 28)
    title = f'=IFERROR(IF({setting("Company")}="","S&OP plan",{setting("Company")}&" - S&OP plan"),"S&OP plan")'
    worksheet.write_formula(0, 1, title, styles.get(bold=True, font_size=18, font_color=look.NAVY), "S&OP plan")
    lead = len(GRID_BY_NAME["SalesPlan"].lead_headers)
    first, last = f"INDEX(SalesPlan,1,{lead + 1})", "INDEX(SalesPlan,1,COLUMNS(SalesPlan))"
    periods = f"COLUMNS(SalesPlan)-{lead}"
    horizon = (
        f'=IFERROR(IF(OR({periods}<1,{first}=""),'
        '"Nothing to plan yet: fill in the yellow tables, or set Plan start in Settings.",'
        f'"Plan from "&{first}&" to "&{last}&", "&({periods})&" periods, in "&{setting("Base currency")}&"."'
        f'&IFERROR(IF({result("Status")}="",""," Last run: "&{result("Status")}&"."),"")'
        f'&IFERROR(IF(OR({result("Scenario")}="",{result("Scenario")}="Base"),"",'
        f'" The figures are those of scenario "&{result("Scenario")}&"; the plan sheets show Base."),"")),'
        '"Nothing to plan yet.")'
    )
    worksheet.write_formula(1, 1, horizon, styles.purpose, "")
    for offset, sheet in enumerate(_LINKS):
        worksheet.write_url(2, BOARD_LEFT - 1 + offset, f"internal:'{sheet}'!A1", styles.link, sheet)


def _banner(context: Context, worksheet: Worksheet) -> None:
    """The sentence that says whether the plan has been edited since it was solved; plan sheets repeat it."""
    styles, sheet = context.styles, worksheet.get_name()
    count_row, count_column = TABLE_ROW - 3, HELPER_LEFT + 3
    worksheet.write_string(count_row - 1, count_column - 2, "Edits since last solve", styles.hint)
    edits = (
        f"SUMIFS(INDEX(Workings,0,{_column_of('Workings', 'Total')}),"
        f'INDEX(Workings,0,{_column_of("Workings", "Measure")}),"Changed since the last run")'
    )
    worksheet.write_formula(count_row - 1, count_column - 1, f"=IFERROR({edits},0)", styles.hint, 0)
    context.workbook.define_name(EDITS_NAME, f"='{sheet}'!{address(count_row, count_column, 'both')}")
    solved = f'IFERROR({result("Status")}&"","")<>""'
    sentence = (
        f'=IF({solved},IF({EDITS_NAME}=0,"As last solved: nothing in the plan has been edited since.",'
        f'"Edited since last solve: "&{EDITS_NAME}&IF({EDITS_NAME}=1," figure differs."," figures differ.")'
        '&" Stock, load and money follow by formula; Balance plans anew."),"Not solved yet: press Balance.")'
    )
    row = CYCLE_ROW - 1
    worksheet.write_formula(row - 1, BOARD_LEFT - 1, sentence, styles.hint, "")
    context.workbook.define_name(BANNER_NAME, f"='{sheet}'!{address(row, BOARD_LEFT, 'both')}")
    mark_edited(context, worksheet, row, BOARD_LEFT, BOARD_LEFT + 5)


def mark_edited(context: Context, worksheet: Worksheet, row: int, first: int, last: int) -> None:
    """Amber behind the banner while the plan has been edited."""
    worksheet.conditional_format(row - 1, first - 1, row - 1, last - 1, {
        "type": "formula", "criteria": f"={EDITS_NAME}>0",
        "format": context.styles.dxf(bg_color=look.WARN_FILL, font_color=look.WARN_INK, bold=True),
    })  # fmt: skip


def _scenario(context: Context, worksheet: Worksheet) -> None:
    """The cell in which the ribbon's list keeps the scenario that the next run plans."""
    styles = context.styles
    row = CYCLE_ROW - 1
    label = styles.get(font_color=look.MUTED, align="right")
    worksheet.write_string(row - 1, BOARD_RIGHT - 3, "Scenario of the next run", label)
    worksheet.merge_range(
        row - 1, BOARD_RIGHT - 2, row - 1, BOARD_RIGHT - 1, "", styles.input_cell(align="left", bold=True)
    )
    worksheet.write_string(row - 1, BOARD_RIGHT - 2, "Base", styles.input_cell(align="left", bold=True))
    cell = address(row, BOARD_RIGHT - 1, "both")
    context.workbook.define_name(SCENARIO_NAME, f"='{worksheet.get_name()}'!{cell}")
    worksheet.data_validation(row - 1, BOARD_RIGHT - 2, row - 1, BOARD_RIGHT - 2, {
        "validate": "any", "input_title": "Scenario of the next run",
        "input_message": "Base, or a name of the Scenarios sheet. The Scenario list of the S&OP tab writes it here.",
    })  # fmt: skip


def _shortcuts(worksheet: Worksheet) -> None:
    """A row of buttons between the links and the board, one a column."""
    row = CYCLE_ROW - 2
    worksheet.set_row(row, 24)
    for offset, (caption, macro) in enumerate(SHORTCUTS):
        look_of_it = {"caption": caption, "macro": macro, "width": 92, "height": 24, "x_offset": 1, "y_offset": 4}
        worksheet.insert_button(row, BOARD_LEFT - 1 + offset, look_of_it)


def _tiles() -> list[tuple[int, int]]:
    """First and last column of each tile."""
    return [(column, column + 1) for column in range(BOARD_LEFT, BOARD_RIGHT, 2)]


def _cycle(context: Context, worksheet: Worksheet) -> None:
    _section(context, worksheet, CYCLE_ROW, "Where we are in the month")
    styles = context.styles
    name = styles.get(
        bold=True, font_color=look.WHITE, bg_color=look.NAVY, align="center", left=1, right=1, border_color=look.WHITE
    )
    status = styles.get(
        align="center",
        bold=True,
        bg_color=look.NOTE_FILL,
        left=1,
        right=1,
        border_color=look.WHITE,
        font_color=look.INK,
    )
    small = {"font_size": 9, "font_color": look.MUTED, "bg_color": look.NOTE_FILL}
    for number, ((first, last), step) in enumerate(zip(_tiles(), STEPS, strict=True), start=1):
        row = CYCLE_ROW
        worksheet.merge_range(row, first - 1, row, last - 1, f"{number}  {step}", name)
        found = f'MATCH("{step}",tblCycle[Step],0)'
        worksheet.merge_range(row + 1, first - 1, row + 1, last - 1, "", status)
        formula = f'=IFERROR(IF(INDEX(tblCycle[Status],{found})="","Open",INDEX(tblCycle[Status],{found})),"-")'
        worksheet.write_formula(row + 1, first - 1, formula, status, "-")
        worksheet.write_formula(
            row + 2, first - 1, f'=IFERROR(INDEX(tblCycle[Owner],{found})&"","")',
            styles.get(**small, left=1, left_color=look.WHITE, shrink=True), "",
        )  # fmt: skip
        due = f"INDEX(tblCycle[Due],{found})"
        worksheet.write_formula(
            row + 2, last - 1, f'=IFERROR(IF({due}="","",{due}),"")',
            styles.get(**small, align="right", indent=1, num_format=look.DATE, right=1, right_color=look.WHITE), "",
        )  # fmt: skip
        mark_words(context, worksheet, row + 2, first, ("Signed", "In work", "Reopened", "Open"), row + 2)


def _figures(context: Context, worksheet: Worksheet) -> None:
    """Five tiles: value of the last run, and how far from budget or target it is."""
    _section(
        context, worksheet, FIGURES_ROW, "Headline figures of the last run, against the budget of the same periods"
    )
    revenue, margin = (_grid_total("FinancePlan", f"Budget {word}", "Total") for word in ("revenue", "margin"))
    volume = _grid_total("SalesPlan", "Budget")
    figures = (
        ("Revenue", "Revenue", look.MONEY_WHOLE, f"IF({revenue}=0,\"\",{{0}}/({revenue})-1)", "vs budget", 1),
        ("Margin", "Margin", look.MONEY_WHOLE, f"IF({margin}=0,\"\",({{0}}-({margin}))/ABS({margin}))", "vs budget", 1),
        ("Total cost", "Total cost", look.MONEY_WHOLE,
         f"IF(({revenue})-({margin})=0,\"\",{{0}}/(({revenue})-({margin}))-1)", "vs budget", -1),
        ("Demand", "Demand, all units", look.QUANTITY, f"IF({volume}=0,\"\",{{0}}/({volume})-1)", "vs budget", 1),
        ("Service level", "Service level", look.PERCENT, f"{{0}}-{setting('Service level')}", "vs target", 1),
    )  # fmt: skip
    styles = context.styles
    edge = {"bg_color": look.NOTE_FILL}
    for (first, last), (measure, label, number, against, word, good) in zip(_tiles(), figures, strict=True):
        row = FIGURES_ROW
        left_edge, right_edge = {"left": 1, "left_color": look.WHITE}, {"right": 1, "right_color": look.WHITE}
        label_style = styles.get(**edge, font_color=look.MUTED, font_size=9, align="center", left=1, right=1,
                                 border_color=look.WHITE)  # fmt: skip
        value_style = styles.get(**edge, bold=True, font_size=18, font_color=look.NAVY, align="center", left=1, right=1,
                                 num_format=number, border_color=look.WHITE)  # fmt: skip
        worksheet.merge_range(row, first - 1, row, last - 1, label, label_style)
        worksheet.merge_range(row + 1, first - 1, row + 2, last - 1, "", value_style)
        value = result(measure)
        worksheet.write_formula(row + 1, first - 1, f'=IFERROR(IF({value}="","-",{value}),"-")', value_style, "-")
        worksheet.write_string(
            row + 3, first - 1, word, styles.get(**edge, **left_edge, font_color=look.MUTED, font_size=9, align="right")
        )
        shown = address(row + 2, first)
        delta = '+0.0%" pts";-0.0%" pts";0.0%" pts"' if measure == "Service level" else "+0.0%;-0.0%;0.0%"
        worksheet.write_formula(
            row + 3, last - 1, f'=IFERROR(IF(ISNUMBER({shown}),{against.format(shown)},"-"),"-")',
            styles.get(**edge, **right_edge, num_format=delta, bold=True, align="left", indent=1), "-",
        )  # fmt: skip
        cell = address(row + 4, last)
        for criteria, name in ((f"{good}*N({cell})<-0.0005", "Error"), (f"{good}*N({cell})>=0.0005", "Signed")):
            worksheet.conditional_format(row + 3, last - 1, row + 3, last - 1, {
                "type": "formula", "criteria": f"=AND(ISNUMBER({cell}),{criteria})",
                "format": styles.dxf(font_color=STATUS_LOOKS[name]["font_color"]),
            })  # fmt: skip


def _helper(context: Context, worksheet: Worksheet) -> int:
    """The figures behind the chart, to the right; returns the last row the chart shows."""
    styles = context.styles
    worksheet.set_column(HELPER_LEFT - 1, HELPER_LEFT + 2, 13)
    worksheet.write_string(CAPTION_ROW - 1, HELPER_LEFT - 1, "Figures behind the chart", styles.caption)
    for offset, header in enumerate(("Period", "Demand", "Production", "Closing stock")):
        worksheet.write_string(TABLE_ROW - 1, HELPER_LEFT - 1 + offset, header, styles.header(right=offset > 0))
    chosen = address(*FAMILY_CELL, "both")
    family = address(TABLE_ROW - 2, HELPER_LEFT + 1, "both")
    worksheet.write_formula(
        family.replace("$", ""), f'=IF(OR({chosen}="",{chosen}="All"),"*",{chosen})', styles.hint, "*"
    )
    worksheet.write_string(TABLE_ROW - 3, HELPER_LEFT - 1, "Family shown", styles.hint)
    rows = (
        ("SalesPlan", "Consensus demand"),
        ("ProductionPlan", "Total production"),
        ("InventoryPlan", "Closing stock"),
    )
    labels = list(context.grids["SalesPlan"].header[context.grids["SalesPlan"].lead :])
    for index in range(max(HELPER_PERIODS, len(labels), context.tables.settings.horizon)):
        row = TABLE_ROW + 1 + index
        lead = len(GRID_BY_NAME["SalesPlan"].lead_headers)
        label = address(row, HELPER_LEFT, "column")
        worksheet.write_formula(
            row - 1, HELPER_LEFT - 1,
            f'=IF(COLUMNS(SalesPlan)<{lead + index + 1},"",INDEX(SalesPlan,1,{lead + index + 1})&"")',
            styles.formula_cell(), labels[index] if index < len(labels) else "",
        )  # fmt: skip
        for offset, (grid, measure) in enumerate(rows, start=1):
            own_lead = len(GRID_BY_NAME[grid].lead_headers)
            values, names, keys = (
                f"INDEX({grid},0,{column})"
                for column in (own_lead + index + 1, _column_of(grid, "Measure"), _column_of(grid, "Family"))
            )
            formula = f'=IF({label}="","",SUMIFS({values},{names},"{measure}",{keys},{family}))'
            worksheet.write_formula(
                row - 1, HELPER_LEFT - 1 + offset, formula, styles.formula_cell(look.QUANTITY),
                0 if index < len(labels) else "",
            )  # fmt: skip
    # without data the chart waits for the horizon that is set
    return TABLE_ROW + (len(labels) or context.tables.settings.horizon)


def _chart(context: Context, worksheet: Worksheet, last: int) -> None:
    _section(context, worksheet, CHART_ROW, "Demand, production and stock")
    styles = context.styles
    row, column = FAMILY_CELL
    worksheet.write_string(row - 1, BOARD_LEFT - 1, "Show family", styles.get(font_color=look.MUTED, align="right"))
    chosen = styles.input_cell(align="left", bold=True)
    worksheet.merge_range(row - 1, column - 1, row - 1, column, "", chosen)
    worksheet.data_validation(row - 1, column - 1, row - 1, column - 1, {
        "validate": "list", "source": "=lstFamilies", "ignore_blank": True, "error_type": "warning",
        "error_title": "Family", "error_message": "This name is not in tblFamilies.",
        "input_title": "Family shown", "input_message": "Pick a family. Clear the cell for all of them.",
    })  # fmt: skip
    worksheet.write_string(row - 1, column + 1, "Pick one from the list; an empty cell shows all of them.", styles.hint)
    sheet = worksheet.get_name()
    first = TABLE_ROW + 1

    def cells(offset: int) -> str:
        letter = HELPER_LEFT + offset
        return f"='{sheet}'!{address(first, letter, 'both')}:{address(last, letter, 'both')}"

    def name(offset: int) -> str:
        return f"='{sheet}'!{address(TABLE_ROW, HELPER_LEFT + offset, 'both')}"

    columns = context.workbook.add_chart({"type": "column"})
    columns.add_series({
        "name": name(2), "categories": cells(0), "values": cells(2), "gap": 60,
        "fill": {"color": look.CHART_PRODUCTION}, "border": {"none": True},
    })  # fmt: skip
    lines = context.workbook.add_chart({"type": "line"})
    lines.add_series({
        "name": name(1), "categories": cells(0), "values": cells(1),
        "line": {"color": look.CHART_DEMAND, "width": 2.5},
        "marker": {"type": "circle", "size": 5, "fill": {"color": look.CHART_DEMAND},
                   "border": {"color": look.CHART_DEMAND}},
    })  # fmt: skip
    lines.add_series({
        "name": name(3), "categories": cells(0), "values": cells(3),
        "line": {"color": look.CHART_STOCK, "width": 2, "dash_type": "dash"},
    })  # fmt: skip
    columns.combine(lines)
    small = {"name": "Arial", "size": 9, "color": look.MUTED}
    columns.set_title({
        "name": "Demand, production and closing stock by period (family units)", "overlay": False,
        "name_font": {"name": "Arial", "size": 10, "bold": True, "color": look.NAVY},
    })  # fmt: skip
    columns.set_legend({"position": "top", "font": {"name": "Arial", "size": 9}})
    columns.set_x_axis({"num_font": small, "line": {"color": look.RULE}, "text_axis": True})
    columns.set_y_axis({
        "num_font": small, "num_format": "#,##0", "line": {"none": True}, "major_gridlines":
        {"visible": True, "line": {"color": look.LINE, "width": 0.75}},
    })  # fmt: skip
    columns.set_chartarea({"border": {"color": look.LINE}})
    columns.set_size({"width": 96 * (BOARD_RIGHT - BOARD_LEFT + 1), "height": 20 * CHART_LINES - 6})
    worksheet.insert_chart(CHART_ROW + 1, BOARD_LEFT - 1, columns, {
        "object_position": 2, "y_offset": 4,
        "description": "Columns: production. Line with dots: demand. Dashed line: closing stock. By period.",
    })  # fmt: skip


def _findings(context: Context, worksheet: Worksheet) -> None:
    _section(context, worksheet, FINDINGS_ROW, "First findings (all of them on Checks)")
    styles = context.styles
    severity, link = styles.get(font_size=9, align="center"), styles.get(font_color=look.BLUE, underline=1)
    for index in range(1, FINDINGS_SHOWN + 1):
        row = FINDINGS_ROW + index
        word = f'=IFERROR(INDEX(tblFindings[Severity],{index})&"","")'
        worksheet.write_formula(row - 1, BOARD_LEFT - 1, word, severity, "")
        message, place, table = (f"INDEX(tblFindings[{name}],{index})" for name in ("Message", "Cell link", "Table"))
        nothing = '"Nothing found."' if index == 1 else '""'
        formula = (
            f'=IFERROR(IF({message}="",{nothing},HYPERLINK("#"&IF({place}="","Checks!A{TABLE_ROW + index}",{place}),'
            f'IF({table}="","",{table}&": ")&{message})),"")'
        )
        worksheet.merge_range(row - 1, BOARD_LEFT, row - 1, BOARD_RIGHT - 1, "", link)
        worksheet.write_formula(row - 1, BOARD_LEFT, formula, link, "")
    mark_words(
        context, worksheet, FINDINGS_ROW + 1, BOARD_LEFT, ("Error", "Warning", "Info"), FINDINGS_ROW + FINDINGS_SHOWN
    )


def ribbon_buttons() -> list[tuple[str, str, str]]:
    """Group, label and explanation of every button, from the ribbon's own source."""
    root = etree.fromstring(ribbon_2010())
    buttons = []
    for group in root.iter("{*}group"):
        for button in group.iter("{*}button", "{*}dropDown", "{*}toggleButton"):
            buttons.append((group.get("label", ""), button.get("label", ""), button.get("supertip", "")))
    return buttons


def _buttons(context: Context, worksheet: Worksheet) -> int:
    """One line a button of the S&OP tab, and what to do where macros are blocked; returns the last row."""
    _section(context, worksheet, BUTTONS_ROW, "What the buttons of the S&OP tab do")
    styles = context.styles
    row = BUTTONS_ROW
    for group, label, text in ribbon_buttons():
        row += 1
        worksheet.set_row(row - 1, 30 if len(text) > 135 else 17)
        worksheet.write_string(row - 1, BOARD_LEFT - 1, label, styles.get(bold=True, font_color=look.NAVY))
        worksheet.write_string(row - 1, BOARD_LEFT, group, styles.get(font_color=look.MUTED))
        worksheet.merge_range(
            row - 1, BOARD_LEFT + 1, row - 1, BOARD_RIGHT - 1, text, styles.get(text_wrap=True, font_color=look.INK)
        )
    row += 2
    note = styles.get(
        text_wrap=True,
        font_color=look.WARN_INK,
        bg_color=look.WARN_FILL,
        border=1,
        border_color=look.WARN_FILL,
        indent=1,
    )
    worksheet.merge_range(row - 1, BOARD_LEFT - 1, row - 1, BOARD_RIGHT - 1, _BLOCKED, note)
    worksheet.set_row(row - 1, 46)
    return row
