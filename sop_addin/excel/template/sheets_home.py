"""Home: where the month stands, the headline figures, one chart, the first findings.

All by native formulas over the tables and grids, so that it stays right without macros and without Python.
"""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from ...model.schema import GRID_BY_NAME, STEPS
from ..layout import SCENARIO_NAME, TABLE_ROW
from . import styles as look
from .home_board import (
    BOARD_LEFT,
    BOARD_RIGHT,
    BUTTONS_ROW,
    CHART_LINES,
    CHART_ROW,
    COLUMN_PIXELS,
    COLUMN_WIDTH,
    CYCLE_ROW,
    FAMILY_CELL,
    FIGURES_ROW,
    FINDINGS_ROW,
    FINDINGS_SHOWN,
    HEAT_ROW,
    SUMMARY_LINES,
    SUMMARY_NAME,
    SUMMARY_ROW,
    section,
)  # fmt: skip
from .home_buttons import add_buttons, add_shortcuts
from .home_cycle import SHOWN, add_sign_marks, status_formula
from .home_figures import (
    EDITS_NAME,
    HEAT_MONTHS,
    HEAT_RESOURCES,
    HELPER_LEFT,
    NO_TARGET,
    OFF_TARGET,
    ON_TARGET,
    SOLVED,
    TILES,
    WATCH,
    add_banner_figures,
    add_figures,
    chart_ranges,
    heat_formula,
    resource_formula,
    result,
    setting,
    tile_cells,
    trend_ranges,
)
from .sheets_common import CAPTION_ROW, Context, address, print_areas
from .sheets_output import mark_words
from .sheets_tables import add_table

HEAT_FORMAT = "0%"
HEAT_STEPS = (
    (1.0005, look.BAD_STRONG, look.WHITE), (0.9, look.WARN_STRONG, look.INK), (0.7, look.WARN_FILL, look.INK),
    (0.0, look.NOTE_FILL, look.MUTED),
)  # fmt: skip
"""Shades of the heat map from the fullest down: at least this load, fill, ink."""

_LINKS = (
    "Sales Plan", "Production Plan", "Inventory Plan", "Capacity", "Finance", "KPIs", "Scenarios", "Cycle", "Checks",
    "Guide",
)  # fmt: skip


def add_home(context: Context, worksheet: Worksheet) -> None:
    """The whole sheet, tblResult beside the board."""
    worksheet.set_column(0, 0, 2)
    worksheet.set_column(BOARD_LEFT - 1, BOARD_RIGHT - 1, COLUMN_WIDTH)
    worksheet.set_column(BOARD_RIGHT, BOARD_RIGHT, 3)
    for row in range(CHART_ROW):
        worksheet.set_row(row, 15)  # LibreOffice moves rows without a height of their own away from under the charts
    add_table(context, worksheet, "tblResult", caption=False)
    top, left = context.anchor("tblResult")
    worksheet.write_string(CAPTION_ROW - 1, left - 1, "Last run", context.styles.caption)
    worksheet.set_column(left + 1, HELPER_LEFT - 2, 3)
    worksheet.set_row(top - 1, 15)
    add_figures(context, worksheet, FAMILY_CELL)
    add_sign_marks(context, worksheet)
    _heading(context, worksheet)
    add_banner_figures(context, worksheet, CYCLE_ROW - 1, BOARD_LEFT)
    _scenario(context, worksheet)
    add_shortcuts(worksheet)
    _cycle(context, worksheet)
    _figures(context, worksheet)
    _summary(context, worksheet)
    _chart(context, worksheet)
    _heat_map(context, worksheet)
    _findings(context, worksheet)
    last = add_buttons(context, worksheet)
    board = f"$A$1:{address(BUTTONS_ROW - 2, BOARD_RIGHT, 'both')}"
    buttons = f"{address(BUTTONS_ROW, 1, 'both')}:{address(last, BOARD_RIGHT, 'both')}"
    run = f"{address(CAPTION_ROW, left, 'both')}:{address(last, left + 1, 'both')}"
    print_areas(context, "Home", (board, buttons, run))
    worksheet.set_portrait()
    worksheet.fit_to_pages(1, 0)


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
    worksheet.write_formula(FIGURES_ROW - 2, BOARD_LEFT - 1, _PUBLISHED, styles.purpose, "")
    for offset, sheet in enumerate(_LINKS):
        worksheet.write_url(2, BOARD_LEFT - 1 + 3 * offset, f"internal:'{sheet}'!A1", styles.link, sheet)


def _production(measure: str) -> str:
    lead = GRID_BY_NAME["ProductionPlan"].lead_headers
    names, totals = (f"INDEX(ProductionPlan,0,{lead.index(header) + 1})" for header in ("Measure", "Total"))
    return f'SUMIF({names},"{measure}",{totals})'


_PUBLISHED = (
    f'=IFERROR(IF({result("Published")}="","Not published yet","At the last run or check: "&{result("Published")}'
    f'&IF(LEFT({result("Published")},12)<>"as published","",IF(ABS({_production("Total production")}'
    f'-{_production("Approved plan")})>0.5,". Production was changed since",'
    f'IF({EDITS_NAME}>0,". "&{EDITS_NAME}&IF({EDITS_NAME}=1," figure"," figures")'
    f'&" of demand and production edited since","")))),"")'
)
"""What the last run, check or publishing said of the published plan; and without Python, whether production still adds
up to the approved plan, and whether demand is what was solved."""


def _scenario(context: Context, worksheet: Worksheet) -> None:
    """The cell in which the ribbon's list keeps the scenario that the next run plans."""
    styles = context.styles
    row = CYCLE_ROW - 1
    label = styles.get(font_color=look.MUTED, align="right")
    worksheet.write_string(row - 1, BOARD_RIGHT - 7, "Scenario of the next run", label)
    worksheet.merge_range(
        row - 1, BOARD_RIGHT - 6, row - 1, BOARD_RIGHT - 1, "", styles.input_cell(align="left", bold=True)
    )
    worksheet.write_string(row - 1, BOARD_RIGHT - 6, "Base", styles.input_cell(align="left", bold=True))
    cell = address(row, BOARD_RIGHT - 5, "both")
    context.workbook.define_name(SCENARIO_NAME, f"='{worksheet.get_name()}'!{cell}")
    worksheet.data_validation(row - 1, BOARD_RIGHT - 6, row - 1, BOARD_RIGHT - 6, {
        "validate": "any", "input_title": "Scenario of the next run",
        "input_message": "Base, or a name of the Scenarios sheet. The Scenario list of the S&OP tab writes it here.",
    })  # fmt: skip


def _tiles() -> list[tuple[int, int]]:
    """First and last column of each tile."""
    return [(column, column + 5) for column in range(BOARD_LEFT, BOARD_RIGHT, 6)]


def _cycle(context: Context, worksheet: Worksheet) -> None:
    section(context, worksheet, CYCLE_ROW, "Where we are in the month")
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
        worksheet.write_formula(row + 1, first - 1, status_formula(step), status, "-")
        owner, date = (styles.get(**small, left=1, left_color=look.WHITE, shrink=True),
                       styles.get(**small, align="right", indent=1, num_format=look.DATE, right=1,
                                  right_color=look.WHITE))  # fmt: skip
        worksheet.merge_range(row + 2, first - 1, row + 2, first + 1, "", owner)
        worksheet.write_formula(row + 2, first - 1, f'=IFERROR(INDEX(tblCycle[Owner],{found})&"","")', owner, "")
        due = f"INDEX(tblCycle[Due],{found})"
        worksheet.merge_range(row + 2, first + 2, row + 2, last - 1, "", date)
        worksheet.write_formula(row + 2, first + 2, f'=IFERROR(IF({due}="","",{due}),"")', date, "")
        mark_words(context, worksheet, row + 2, first, SHOWN, row + 2)


def _figures(context: Context, worksheet: Worksheet) -> None:
    """Five tiles: the figure of the plan as it stands, its target, how far off, a light with a word, and the months."""
    section(context, worksheet, FIGURES_ROW, "Headline figures of the plan as it stands, against budget and target")
    edge = {"bg_color": look.NOTE_FILL, "border_color": look.WHITE}
    get = context.styles.get
    label = get(**edge, font_color=look.MUTED, font_size=9, align="center", left=1, right=1)
    small = get(**edge, font_color=look.MUTED, font_size=9, align="right", left=1)
    words = get(**edge, bold=True, align="center", font_size=9, left=1, right=1)
    for number, ((first, last), tile) in enumerate(zip(_tiles(), TILES, strict=True)):
        row, middle = FIGURES_ROW, first + 3
        value_style = get(**edge, bold=True, font_size=18, font_color=look.NAVY, align="center", left=1, right=1,
                          num_format=tile.number_format)  # fmt: skip
        delta_style = get(**edge, num_format=tile.delta_format, bold=True, align="left", font_size=9, right=1)
        worksheet.merge_range(row, first - 1, row, last - 1, tile.label, label)
        value, target = tile_cells(number)
        worksheet.merge_range(row + 1, first - 1, row + 2, last - 1, "", value_style)
        worksheet.write_formula(row + 1, first - 1, f"={value}", value_style, "-")
        shown = address(row + 2, first)
        worksheet.merge_range(row + 3, first - 1, row + 3, middle - 1, "", small)
        goal = get(**edge, font_color=look.MUTED, font_size=8, align="right", left=1, num_format=tile.target_format)
        worksheet.write_formula(row + 3, first - 1, f"={target}", goal, "-")
        worksheet.merge_range(row + 3, middle, row + 3, last - 1, "", delta_style)
        delta = f"{shown}-{target}" if tile.in_points else f"({shown}-{target})/ABS({target})"
        worksheet.write_formula(
            row + 3, middle, f'=IF(AND(ISNUMBER({shown}),N({target})<>0),{delta},"-")', delta_style, "-"
        )
        off = f"{tile.good_sign}*{address(row + 4, middle + 1)}"
        light = (
            f'=IF(ISNUMBER({address(row + 4, middle + 1)}),IF({off}>=-{tile.tolerance},"{ON_TARGET}",'
            f'IF({off}>=-{tile.watch},"{WATCH}","{OFF_TARGET}")),"{NO_TARGET}")'
        )
        worksheet.merge_range(row + 4, first - 1, row + 4, last - 1, "", words)
        worksheet.write_formula(row + 4, first - 1, light, words, NO_TARGET)
        mark_words(context, worksheet, row + 5, first, (ON_TARGET, WATCH, OFF_TARGET), row + 5)
        _trend(context, worksheet, number, row + 5, first)


def _trend(context: Context, worksheet: Worksheet, number: int, row: int, column: int) -> None:
    """The months of a tile as a line without axes."""
    chart = context.workbook.add_chart({"type": "line"})
    dates, figures = trend_ranges(worksheet.get_name(), number)
    chart.add_series({"categories": dates, "values": figures, "line": {"color": look.BLUE, "width": 1.5}})
    chart.set_x_axis({"visible": False, "date_axis": True, "major_gridlines": {"visible": False}})
    chart.set_y_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    chart.set_chartarea({"border": {"none": True}, "fill": {"color": look.NOTE_FILL}})
    chart.set_plotarea({"layout": {"x": 0.03, "y": 0.1, "width": 0.94, "height": 0.8}})
    chart.set_size({"width": 6 * COLUMN_PIXELS - 2, "height": 38})
    worksheet.insert_chart(row, column - 1, chart, {
        "object_position": 2, "x_offset": 1, "y_offset": 1, "description": f"{TILES[number].label} by period",
    })  # fmt: skip


def _summary(context: Context, worksheet: Worksheet) -> None:
    """The plan in words: the paragraph that the last run wrote into tblResult, else the first findings."""
    section(context, worksheet, SUMMARY_ROW, "The plan in words; the figures behind it are on sheet Explanation")
    style = context.styles.get(text_wrap=True, valign="top", font_color=look.INK, bg_color=look.NOTE_FILL, indent=1)
    row = SUMMARY_ROW
    worksheet.merge_range(row, BOARD_LEFT - 1, row + SUMMARY_LINES - 1, BOARD_RIGHT - 1, "", style)
    waiting = '"Not solved yet: press Balance, and read here what limits the plan."'
    messages = "&".join(
        f'IFERROR(IF(INDEX(tblFindings[Message],{number})="","",INDEX(tblFindings[Message],{number})&" "),"")'
        for number in (1, 2, 3)
    )
    words = f'IF(IFERROR({result("Summary")}&"","")="",{messages},{result("Summary")})'
    text = f"=IF({SOLVED},{words},{waiting})"
    worksheet.write_formula(row, BOARD_LEFT - 1, text, style, "")
    context.workbook.define_name(
        SUMMARY_NAME, f"='{worksheet.get_name()}'!{address(row + 1, BOARD_LEFT, 'both')}"
    )  # fmt: skip


def _chart(context: Context, worksheet: Worksheet) -> None:
    section(context, worksheet, CHART_ROW, "Demand, production and stock")
    styles = context.styles
    row, column = FAMILY_CELL
    worksheet.write_string(row - 1, BOARD_LEFT - 1, "Show family", styles.get(font_color=look.MUTED))
    chosen = styles.input_cell(align="left", bold=True)
    worksheet.merge_range(row - 1, column - 1, row - 1, column + 4, "", chosen)
    worksheet.data_validation(row - 1, column - 1, row - 1, column - 1, {
        "validate": "list", "source": "=lstFamilies", "ignore_blank": True, "error_type": "warning",
        "error_title": "Family", "error_message": "This name is not in tblFamilies.",
        "input_title": "Family shown", "input_message": "Pick a family. Clear the cell for all of them.",
    })  # fmt: skip
    worksheet.write_string(row - 1, column + 5, "Pick one from the list; an empty cell shows all of them.", styles.hint)
    sheet = worksheet.get_name()

    def series(offset: int) -> dict[str, str]:
        return dict(zip(("name", "categories", "values"), chart_ranges(sheet, offset), strict=True))

    columns = context.workbook.add_chart({"type": "column"})
    columns.add_series({
        **series(1), "gap": 60,
        "fill": {"color": look.CHART_PRODUCTION}, "border": {"none": True},
    })  # fmt: skip
    lines = context.workbook.add_chart({"type": "line"})
    lines.add_series({
        **series(2),
        "line": {"color": look.CHART_DEMAND, "width": 2.5},
        "marker": {"type": "circle", "size": 5, "fill": {"color": look.CHART_DEMAND},
                   "border": {"color": look.CHART_DEMAND}},
    })  # fmt: skip
    lines.add_series({
        **series(3),
        "line": {"color": look.CHART_STOCK, "width": 2, "dash_type": "dash"},
    })  # fmt: skip
    lines.add_series({
        **series(4),
        "line": {"color": look.CHART_TARGET, "width": 1.25, "dash_type": "round_dot"},
    })  # fmt: skip
    columns.combine(lines)
    small = {"name": "Arial", "size": 9, "color": look.MUTED}
    columns.set_title({
        "name": "Demand, production and closing stock by period (family units)", "overlay": False,
        "name_font": {"name": "Arial", "size": 10, "bold": True, "color": look.NAVY},
    })  # fmt: skip
    columns.set_legend({"position": "top", "font": {"name": "Arial", "size": 9}})
    columns.set_x_axis(
        {
            "num_font": small,
            "line": {"color": look.RULE},
            "date_axis": True,
            "num_format": "yyyy-mm",
            "major_unit": 1,
            "major_unit_type": "months",
        }
    )
    columns.set_y_axis({
        "num_font": small, "num_format": "#,##0", "line": {"none": True}, "major_gridlines":
        {"visible": True, "line": {"color": look.LINE, "width": 0.75}},
    })  # fmt: skip
    columns.set_chartarea({"border": {"color": look.LINE}})
    columns.set_size({"width": COLUMN_PIXELS * (BOARD_RIGHT - BOARD_LEFT + 1), "height": 20 * CHART_LINES - 6})
    worksheet.insert_chart(CHART_ROW + 1, BOARD_LEFT - 1, columns, {
        "object_position": 2, "y_offset": 4,
        "description": "Columns: production. Line with dots: demand. Dashed: closing stock, dotted: its target.",
    })  # fmt: skip


def _heat_map(context: Context, worksheet: Worksheet) -> None:
    """Utilisation of the most loaded resources by month: darker is fuller, also in grey."""
    section(context, worksheet, HEAT_ROW, "Capacity: load in % of regular capacity, most loaded resources first")
    get = context.styles.get
    first = BOARD_LEFT + 6
    header = get(font_size=8, font_color=look.MUTED, align="center")
    name_style = get(font_color=look.INK, font_size=9)
    cell_style = get(num_format=HEAT_FORMAT, font_size=8, align="center", border=1, border_color=look.WHITE)
    lead = len(GRID_BY_NAME["CapacityPlan"].lead_headers)
    for month in range(HEAT_MONTHS):
        label = f"INDEX(CapacityPlan,1,{lead + month + 1})"
        for row, part in ((HEAT_ROW + 1, f"LEFT({label},4)"), (HEAT_ROW + 2, f"MID({label},6,3)")):
            formula = f'=IF(COLUMNS(CapacityPlan)<{lead + month + 1},"",{part})'
            if part.startswith("LEFT") and month:
                before = f"LEFT(INDEX(CapacityPlan,1,{lead + month}),4)"
                formula = f'=IF(COLUMNS(CapacityPlan)<{lead + month + 1},"",IF({part}={before},"",{part}))'
            worksheet.write_formula(row - 1, first + month - 1, formula, header, "")
    for index in range(1, HEAT_RESOURCES + 1):
        row = HEAT_ROW + 2 + index
        worksheet.write_formula(row - 1, BOARD_LEFT - 1, resource_formula(index), name_style, "")
        cell = address(row, BOARD_LEFT, "column")
        for month in range(HEAT_MONTHS):
            worksheet.write_formula(row - 1, first + month - 1, heat_formula(cell, month), cell_style, "")
    top, last = HEAT_ROW + 2, HEAT_ROW + 1 + HEAT_RESOURCES
    corner = address(top + 1, first)
    for at_least, fill, ink in HEAT_STEPS:
        worksheet.conditional_format(top, first - 1, last, first + HEAT_MONTHS - 2, {
            "type": "formula", "criteria": f"=AND(ISNUMBER({corner}),N({corner})>={at_least})", "stop_if_true": True,
            "format": context.styles.dxf(bg_color=fill, font_color=ink, bold=at_least > 1),
        })  # fmt: skip


def _findings(context: Context, worksheet: Worksheet) -> None:
    section(context, worksheet, FINDINGS_ROW, "Top findings, worst first (all of them on Checks)")
    styles = context.styles
    severity, link = styles.get(font_size=9, align="center"), styles.get(font_color=look.BLUE, underline=1)
    for index in range(1, FINDINGS_SHOWN + 1):
        row = FINDINGS_ROW + index
        word = f'=IFERROR(INDEX(tblFindings[Severity],{index})&"","")'
        message, place, table = (f"INDEX(tblFindings[{name}],{index})" for name in ("Message", "Cell link", "Table"))
        nothing = '"Nothing found."' if index == 1 else '""'
        formula = (
            f'=IFERROR(IF({message}="",{nothing},HYPERLINK("#"&IF({place}="","Checks!A{TABLE_ROW + index}",{place}),'
            f'IF({table}="","",{table}&": ")&{message})),"")'
        )
        worksheet.merge_range(row - 1, BOARD_LEFT - 1, row - 1, BOARD_LEFT, "", severity)
        worksheet.write_formula(row - 1, BOARD_LEFT - 1, word, severity, "")
        worksheet.merge_range(row - 1, BOARD_LEFT + 1, row - 1, BOARD_RIGHT - 1, "", link)
        worksheet.write_formula(row - 1, BOARD_LEFT + 1, formula, link, "")
    mark_words(
        context, worksheet, FINDINGS_ROW + 1, BOARD_LEFT, ("Error", "Warning", "Info"), FINDINGS_ROW + FINDINGS_SHOWN
    )
