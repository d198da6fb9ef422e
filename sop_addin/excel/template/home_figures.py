"""The figures behind Home: formulas over the plan grids, to the right of the board. They follow every edit."""

from __future__ import annotations

from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from ...model.schema import GRID_BY_NAME
from ..layout import TABLE_ROW, first_table_column
from . import styles as look
from .sheets_common import CAPTION_ROW, Context, address

HELPER_LEFT = first_table_column("Home", 0) + 4
HELPER_PERIODS = 60
EDITS_NAME, BANNER_NAME = "SopEdits", "SopBanner"
"""Defined names: how many figures differ from the last solve, and the sentence on it that every plan sheet shows."""
HEAT_RESOURCES, HEAT_MONTHS = 12, 24
_RANKED = 60
"""So many resources are compared to find the most loaded ones."""

ON_TARGET, WATCH, OFF_TARGET, NO_TARGET = "▲ On target", "◆ Watch", "▼ Off target", "no target"
CHART_SERIES = ("Production", "Demand", "Closing stock", "Target stock")


@dataclass(frozen=True)
class Tile:
    """A headline figure. ``tolerance`` and ``watch``: how far it may fall short of its target, as a share."""

    label: str
    number_format: str
    target_format: str
    delta_format: str
    good_sign: int
    tolerance: float
    watch: float
    in_points: bool = False


_SHARE = "+0.0%;-0.0%;0.0%"
TILES = (
    Tile("Revenue", look.MONEY_WHOLE, '"Budget "#,##0', _SHARE, 1, 0.005, 0.03),
    Tile("Margin", look.MONEY_WHOLE, '"Budget "#,##0', _SHARE, 1, 0.005, 0.03),
    Tile("Total cost", look.MONEY_WHOLE, '"Budget "#,##0', _SHARE, -1, 0.005, 0.03),
    Tile("Demand, all units", look.QUANTITY, '"Budget "#,##0', _SHARE, 1, 0.005, 0.03),
    Tile("Service level", look.PERCENT, '"Target "0.0%', _SHARE, 1, 0.0, 0.02, True),
)


def result(measure: str) -> str:
    """Formula part: the figure of tblResult."""
    return f'INDEX(tblResult[Value],MATCH("{measure}",tblResult[Measure],0))'


def setting(name: str) -> str:
    return f'INDEX(tblSettings[Value],MATCH("{name}",tblSettings[Setting],0))'


SOLVED = f'IFERROR({result("Status")}&"","")<>""'
"""Formula part: whether there is a plan."""


def column_of(grid: str, header: str) -> int:
    return GRID_BY_NAME[grid].lead_headers.index(header) + 1


def grid_sum(grid: str, measure: str, column: int | str, *keys: tuple[str, str]) -> str:
    """Formula part: sum of a column of a grid over the rows of a measure (and of keys: header, criterion)."""
    where = "".join(f",INDEX({grid},0,{column_of(grid, header)}),{value}" for header, value in keys)
    return f'SUMIFS(INDEX({grid},0,{column}),INDEX({grid},0,{column_of(grid, "Measure")}),"{measure}"{where})'


def _tile_formulas(column: dict[str, int | str]) -> list[str]:
    """Revenue, margin, cost, demand, service level of one column of the grids (Total or a period)."""
    total = ("Family", '"Total"')
    revenue, margin = (grid_sum("FinancePlan", name, column["FinancePlan"], total) for name in ("Revenue", "Margin"))
    demand = grid_sum("SalesPlan", "Consensus demand", column["SalesPlan"])
    missed = grid_sum("Workings", "Late or lost demand", column["Workings"])
    return [revenue, margin, f"{revenue}-{margin}", demand, f'IF({demand}=0,"",1-{missed}/{demand})']


_VALUES_ROW, _TARGETS_ROW = TABLE_ROW - 3, TABLE_ROW - 2
_FIRST = TABLE_ROW + 1
_TILES_LEFT = HELPER_LEFT + 1 + len(CHART_SERIES)
_DATE_COLUMN = _TILES_LEFT + len(TILES)
_RANK_LEFT = _DATE_COLUMN + 2
MARKS_LEFT = _RANK_LEFT + 4


def tile_cells(number: int) -> tuple[str, str]:
    """Addresses of value and target of a tile."""
    column = _TILES_LEFT + number
    return address(_VALUES_ROW, column, "both"), address(_TARGETS_ROW, column, "both")


def _range(sheet: str, column: int, last: int) -> str:
    return f"'{sheet}'!{address(_FIRST, column, 'both')}:{address(last, column, 'both')}"


def trend_ranges(sheet: str, number: int) -> tuple[str, str]:
    """References of the dates and the figures of a tile."""
    last = TABLE_ROW + HELPER_PERIODS
    return "=" + _range(sheet, _DATE_COLUMN, last), "=" + _range(sheet, _TILES_LEFT + number, last)


def chart_ranges(sheet: str, offset: int) -> tuple[str, str, str]:
    """References of the name, the dates and the figures of a series of the chart, counted from 1."""
    dates, last = trend_ranges(sheet, 0)[0], TABLE_ROW + HELPER_PERIODS
    name = f"='{sheet}'!{address(TABLE_ROW, HELPER_LEFT + offset, 'both')}"
    return name, dates, "=" + _range(sheet, HELPER_LEFT + offset, last)


def date_formula(label: str, back: int = 0) -> str:
    """Formula part: the first day of the period whose label a cell holds, or of the period ``back`` before it."""
    year = f"LEFT({label},4)"
    month = f"DATE({year},MID({label},6,2),1)"
    week = f"DATE({year},1,4)-WEEKDAY(DATE({year},1,4),2)+1+7*(MID({label},7,2)-1)"
    if back > 0:
        month, week = f"EDATE({month},-{back})", f"{week}-{7 * back}"
    return f'IFERROR(IF(MID({label},6,1)="W",{week},{month}),"")'


def add_figures(context: Context, worksheet: Worksheet, family_cell: tuple[int, int]) -> None:
    """Figures by period for the chart and the tiles, and the tiles' totals and targets."""
    styles, get = context.styles, context.styles.get
    worksheet.set_column(HELPER_LEFT - 1, _RANK_LEFT + 2, 13)
    worksheet.write_string(CAPTION_ROW - 1, HELPER_LEFT - 1, "Figures behind the board", styles.caption)
    headers = ("Period", *CHART_SERIES, *(tile.label for tile in TILES), "Date")
    for offset, header in enumerate(headers):
        worksheet.write_string(TABLE_ROW - 1, HELPER_LEFT - 1 + offset, header, styles.header(right=offset > 0))
    chosen = address(*family_cell, "both")
    family = address(TABLE_ROW - 2, HELPER_LEFT + 1, "both")
    worksheet.write_string(TABLE_ROW - 3, HELPER_LEFT, "Family shown", styles.hint)
    worksheet.write_formula(
        family.replace("$", ""), f'=IF(OR({chosen}="",{chosen}="All"),"*",{chosen})', styles.hint, "*"
    )
    totals = {grid: column_of(grid, "Total") for grid in GRID_BY_NAME}
    budget_revenue, budget_margin = (
        grid_sum("FinancePlan", f"Budget {word}", totals["FinancePlan"], ("Family", '"Total"'))
        for word in ("revenue", "margin")
    )
    targets = (
        budget_revenue, budget_margin, f"{budget_revenue}-{budget_margin}",
        grid_sum("SalesPlan", "Budget", totals["SalesPlan"]), setting("Service level"),
    )  # fmt: skip
    for number, (value, target) in enumerate(zip(_tile_formulas(dict(totals)), targets, strict=True)):
        number_format = get(num_format=TILES[number].number_format, font_color=look.MUTED, font_size=9)
        for cell, formula in zip(tile_cells(number), (f'IF({SOLVED},{value},"-")', target), strict=True):
            worksheet.write_formula(cell.replace("$", ""), f'=IFERROR({formula},"-")', number_format, "-")
    _by_period(context, worksheet, family)
    _ranking(context, worksheet)


def _by_period(context: Context, worksheet: Worksheet, family: str) -> None:
    """A row a period. Beyond the horizon the last one is repeated: on an axis of dates that adds nothing."""
    styles = context.styles
    lead = len(GRID_BY_NAME["SalesPlan"].lead_headers)
    rows = {"Production": "ProductionPlan", "Demand": "SalesPlan", "Closing stock": "InventoryPlan",
            "Target stock": "InventoryPlan"}  # fmt: skip
    measures = {"Production": "Total production", "Demand": "Consensus demand"}
    dates = styles.formula_cell(look.DATE)
    for index in range(HELPER_PERIODS):
        row = TABLE_ROW + 1 + index
        label = address(row, HELPER_LEFT, "column")
        step = f"MIN({index + 1},COLUMNS(SalesPlan)-{lead})"
        worksheet.write_formula(
            row - 1, HELPER_LEFT - 1, f'=IF(COLUMNS(SalesPlan)<={lead},"",INDEX(SalesPlan,1,{lead}+{step})&"")',
            styles.formula_cell(), "",
        )  # fmt: skip
        columns: dict[str, int | str] = {
            name: f"{len(each.lead_headers)}+{step}" for name, each in GRID_BY_NAME.items()
        }
        formulas = [
            (grid_sum(rows[name], measures.get(name, name), columns[rows[name]], ("Family", family)), look.QUANTITY)
            for name in CHART_SERIES
        ]
        formulas += [(text, tile.number_format) for text, tile in zip(_tile_formulas(columns), TILES, strict=True)]
        for offset, (formula, number_format) in enumerate(formulas, start=1):
            worksheet.write_formula(
                row - 1, HELPER_LEFT - 1 + offset, f'=IF({label}="","",{formula})',
                styles.formula_cell(number_format), "",
            )  # fmt: skip
        worksheet.write_formula(row - 1, _DATE_COLUMN - 1, f"={date_formula(label)}", dates, "")


# --- capacity heat map


def _ranking(context: Context, worksheet: Worksheet) -> None:
    """Resources with their mean utilisation, to show the most loaded ones first; ties in table order."""
    styles, total = context.styles, column_of("CapacityPlan", "Total")
    for offset, header in enumerate(("Resource", "Mean load", "Most loaded")):
        worksheet.write_string(TABLE_ROW - 1, _RANK_LEFT - 1 + offset, header, styles.header(right=offset == 1))
    for index in range(1, _RANKED + 1):
        row = TABLE_ROW + index
        name = address(row, _RANK_LEFT, "column")
        worksheet.write_formula(
            row - 1, _RANK_LEFT - 1, f'=IFERROR(INDEX(lstResources,{index})&"","")', styles.formula_cell(), ""
        )
        figure = grid_sum("CapacityPlan", "Utilisation", total, ("Resource", name))
        worksheet.write_formula(
            row - 1, _RANK_LEFT, f'=IF({name}="","",{figure}-{index}/1000000)', styles.formula_cell(look.PERCENT), ""
        )
        loads, names = (
            f"{address(TABLE_ROW + 1, column, 'both')}:{address(TABLE_ROW + _RANKED, column, 'both')}"
            for column in (_RANK_LEFT + 1, _RANK_LEFT)
        )
        if index <= HEAT_RESOURCES:
            worksheet.write_formula(
                row - 1, _RANK_LEFT + 1, f'=IFERROR(INDEX({names},MATCH(LARGE({loads},{index}),{loads},0)),"")',
                styles.formula_cell(), "",
            )  # fmt: skip


def resource_formula(index: int) -> str:
    """The name of the ``index``-th most loaded resource, counted from 1."""
    return f"={address(TABLE_ROW + index, _RANK_LEFT + 2, 'both')}"


def heat_formula(name_cell: str, month: int) -> str:
    """Utilisation of the resource in ``name_cell`` in the period ``month``, counted from 0; blank without capacity."""
    column = len(GRID_BY_NAME["CapacityPlan"].lead_headers) + month + 1
    load = grid_sum("CapacityPlan", "Utilisation", column, ("Resource", name_cell))
    has = grid_sum("CapacityPlan", "Regular capacity", column, ("Resource", name_cell))
    return f'=IF(OR({name_cell}="",COLUMNS(CapacityPlan)<{column}),"",IFERROR(IF({has}>0,{load},""),""))'


# --- edited since the last solve


def add_banner_figures(context: Context, worksheet: Worksheet, row: int, column: int) -> None:
    """The sentence that says whether the plan has been edited since it was solved; plan sheets repeat it."""
    styles, sheet = context.styles, worksheet.get_name()
    count_row, count_column = TABLE_ROW - 2, HELPER_LEFT + 4
    worksheet.write_string(count_row - 2, count_column - 1, "Edits since solve", styles.hint)
    edits = grid_sum("Workings", "Changed since the last run", column_of("Workings", "Total"))
    worksheet.write_formula(count_row - 1, count_column - 1, f"=IFERROR({edits},0)", styles.hint, 0)
    context.workbook.define_name(EDITS_NAME, f"='{sheet}'!{address(count_row, count_column, 'both')}")
    sentence = (
        f'=IF({SOLVED},IF({EDITS_NAME}=0,"As last solved: nothing in the plan has been edited since.",'
        f'"Edited since last solve: "&{EDITS_NAME}&IF({EDITS_NAME}=1," figure differs."," figures differ.")'
        '&" Stock, load and money follow by formula; Balance plans anew."),"Not solved yet: press Balance.")'
    )
    worksheet.write_formula(row - 1, column - 1, sentence, styles.hint, "")
    context.workbook.define_name(BANNER_NAME, f"='{sheet}'!{address(row, column, 'both')}")
    mark_edited(context, worksheet, row, column, column + 17)


def mark_edited(context: Context, worksheet: Worksheet, row: int, first: int, last: int) -> None:
    """Amber behind the banner while the plan has been edited."""
    worksheet.conditional_format(row - 1, first - 1, row - 1, last - 1, {
        "type": "formula", "criteria": f"={EDITS_NAME}>0",
        "format": context.styles.dxf(bg_color=look.WARN_FILL, font_color=look.WARN_INK, bold=True),
    })  # fmt: skip
