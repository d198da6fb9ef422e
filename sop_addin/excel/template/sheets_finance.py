"""Finance Summary: the plan by year, over twelve months and in another currency, and why the margin moved.

Native formulas over FinancePlan, tblRates, tblApproved and tblBridge: it follows every edit, without Python.
"""

from __future__ import annotations

from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from ...model import calendar
from ...model.schema import GRID_BY_NAME
from ..layout import MIN_PERIOD_COLUMNS, SUMMARY_LEAD
from . import styles as look
from .home_figures import setting
from .sheets_common import Context, address, print_blocks, write_heading
from .sheets_tables import add_table

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
_LEAD = len(GRID_BY_NAME["FinancePlan"].lead_headers)
_CURRENCIES = 8


@dataclass
class _Rows:
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


def add_finance_summary(context: Context, worksheet: Worksheet) -> None:
    """The whole sheet; tblBridge behind the periods."""
    write_heading(
        worksheet, context.styles, SHEET,
        "The plan in money by year, over twelve months and in another currency; and what moved the margin.",
        "Choose in the yellow cells. Every figure is a formula over the Finance sheet.",
    )  # fmt: skip
    periods = max(MIN_PERIOD_COLUMNS, context.tables.settings.horizon)
    rows = _Rows(context, worksheet, periods, {})
    _columns(rows)
    _, left, _, right = add_table(context, worksheet, "tblBridge")
    worksheet.set_row(FAMILY_ROW - 1, 18)
    _choices(rows)
    _header(rows)
    _rates(rows)
    row = _figures(rows, FIRST_ROW)
    row = _bridge(rows, row + 1)
    _message(rows)
    _waterfall(rows, row + 2)
    worksheet.freeze_panes(HEADER_ROW, 2)
    print_blocks(context, SHEET, [(1, FIRST + min(periods, max(1, len(context.tables.periods))) - 1), (left, right)])
    worksheet.repeat_rows(YEAR_ROW - 1, HEADER_ROW - 1)


def _columns(rows: _Rows) -> None:
    sheet, styles = rows.sheet, rows.context.styles
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 9)
    sheet.set_column(2, 2, 19)
    sheet.set_column(3, NEXT - 1, 14)
    sheet.set_column(KEY - 1, KEY - 1, 4)
    sheet.set_column(FIRST - 1, rows.last - 1, 12, styles.fallback(look.PLAN))


def _choices(rows: _Rows) -> None:
    context, sheet, styles = rows.context, rows.sheet, rows.context.styles
    base = setting("Base currency")
    chosen = styles.input_cell(align="left", bold=True)
    label = styles.get(bold=True, font_color=look.NAVY)
    key = styles.get(font_color=look.WHITE, font_size=8)
    helper = FIRST + 3
    lines = (
        (FAMILY_ROW, "Family", "All", "=lstFamilies", "One family, or All."),
        (CURRENCY_ROW, "Currency", context.tables.settings.base_currency, f"={_currency_cells(helper)}",
         "The base currency, or one that tblRates has rates of."),
        (REFERENCE_ROW, "Compare with", "Budget", ["Budget", "Approved plan", "Last plan"],
         "The budget, the plan that was approved last, or the plan before this run (its margin)."),
        (SPAN_ROW, "Bridge over", "All periods",
         f"={address(HEADER_ROW, TOTAL, 'both')}:{address(HEADER_ROW, NEXT, 'both')}",
         "All periods, a year, or the next 12 months."),
    )  # fmt: skip
    for row, text, value, source, hint in lines:
        sheet.write_string(row - 1, 0, text, label)
        sheet.write_string(row - 1, CHOICE - 1, value, chosen)
        sheet.write_string(row - 1, CHOICE, hint, styles.hint)
        sheet.data_validation(row - 1, CHOICE - 1, row - 1, CHOICE - 1, {
            "validate": "list", "source": source, "ignore_blank": True, "error_type": "warning",
            "input_title": text, "input_message": hint, "error_title": text, "error_message": "Choose from the list.",
        })  # fmt: skip
    family = address(FAMILY_ROW, CHOICE, "both")
    is_all = f'OR({family}="",{family}="All")'
    sheet.write_formula(FAMILY_ROW - 1, KEY - 1, f'=IF({is_all},"Total",{family})', key, "Total")
    sheet.write_formula(CURRENCY_ROW - 1, KEY - 1, f'=IF({is_all},"*",{family})', key, "*")
    # the currencies of the list: the base currency, then each of tblRates once
    sheet.write_string(FAMILY_ROW - 2, helper - 1, "Currencies", styles.hint)
    first = address(FAMILY_ROW - 1, helper, "both")
    for index in range(_CURRENCIES):
        row = FAMILY_ROW - 1
        column = helper + 1 + index
        if index == 0:
            sheet.write_formula(row - 1, column - 1, f"={base}", styles.hint, context.tables.settings.base_currency)
            continue
        known = f"{first}:{address(row, column - 1)}"
        formula = f'=IFERROR(LOOKUP(2,1/(COUNTIF({known},tblRates[Currency])=0),tblRates[Currency])&"","")'
        sheet.write_formula(row - 1, column - 1, formula, styles.hint, "")


def _currency_cells(helper: int) -> str:
    row = FAMILY_ROW - 1
    return f"{address(row, helper + 1, 'both')}:{address(row, helper + _CURRENCIES, 'both')}"


def _header(rows: _Rows) -> None:
    context, sheet, styles = rows.context, rows.sheet, rows.context.styles
    labels = [calendar.period_label(period, context.bucket) for period in context.tables.periods]
    years = sorted({period.year for period in context.tables.periods})
    head = styles.header(right=True)
    sheet.set_row(HEADER_ROW - 1, 20)
    sheet.write_string(HEADER_ROW - 1, 0, "Measure", styles.header())
    sheet.write_string(HEADER_ROW - 1, 1, "Unit", styles.header())
    sheet.write_string(HEADER_ROW - 1, TOTAL - 1, "All periods", head)
    all_years = rows.fixed(YEAR_ROW)
    for index in range(YEARS):
        column = FIRST_YEAR + index
        before = address(HEADER_ROW, column - 1)
        first = f'IF({address(YEAR_ROW, FIRST)}="","",{address(YEAR_ROW, FIRST)})'
        later = f'IF({before}="","",IF(COUNTIF({all_years},{before}+1)>0,{before}+1,""))'
        value = years[index] if index < len(years) else ""
        sheet.write_formula(HEADER_ROW - 1, column - 1, f"={first if index == 0 else later}", head, value)
    sheet.write_string(HEADER_ROW - 1, NEXT - 1, "Next 12 months", head)
    small = styles.get(font_color=look.MUTED, font_size=9, align="right")
    for index in range(rows.periods):
        column = FIRST + index
        label = labels[index] if index < len(labels) else ""
        there = f"COLUMNS(FinancePlan)<{_LEAD + index + 1}"
        here = address(HEADER_ROW, column)
        sheet.write_formula(
            HEADER_ROW - 1, column - 1, f'=IF({there},"",INDEX(FinancePlan,1,{_LEAD + index + 1})&"")', head, label
        )  # fmt: skip
        year = f'=IF({here}="","",VALUE(LEFT({here},4)))'
        sheet.write_formula(YEAR_ROW - 1, column - 1, year, small, int(label[:4]) if label else "")


def _rates(rows: _Rows) -> None:
    sheet, styles = rows.sheet, rows.context.styles
    currency = address(CURRENCY_ROW, CHOICE, "both")
    is_base = f'OR({currency}="",{currency}={setting("Base currency")})'
    muted = styles.get(font_color=look.MUTED)
    for row, text in (
        (DAY_ROW, "First day"),
        (RATE_ROW, "Rate of the plan"),
        (REFERENCE_RATE_ROW, "Rate of the reference"),
    ):
        sheet.write_string(row - 1, 0, text, muted)
    sheet.write_formula(
        RATE_ROW - 1, 1, f'=IF({is_base},"",{setting("Base currency")}&"/"&{currency})', muted, ""
    )  # fmt: skip
    date, rate_look = styles.get(num_format=look.DATE, font_color=look.MUTED), styles.formula_cell(look.RATE)

    def rate(column: str, day: str) -> tuple[str, str]:
        dated = f"SUMIFS(tblRates[{column}],tblRates[Currency],{currency},tblRates[Period],{day})"
        always = f'SUMPRODUCT((tblRates[Currency]={currency})*(tblRates[Period]=""),tblRates[{column}])'
        return dated, always

    for index in range(rows.periods):
        column = FIRST + index
        here, day = address(HEADER_ROW, column), address(DAY_ROW, column)
        number = f"VALUE(MID({here},6,2))"
        fourth = f"DATE(LEFT({here},4),1,4)"
        first_day = (
            f"{fourth}-WEEKDAY({fourth},3)+7*(VALUE(RIGHT({here},2))-1)"
            if rows.context.bucket == calendar.WEEK
            else f"DATE(LEFT({here},4),{number},1)"
        )
        sheet.write_formula(DAY_ROW - 1, column - 1, f'=IF({here}="","",{first_day})', date, "")
        dated, always = rate("Rate", day)
        plan = f"IF({dated}>0,{dated},IF({always}>0,{always},{NO_RATE}))"
        sheet.write_formula(
            RATE_ROW - 1, column - 1, f'=IF({here}="","",IF({is_base},1,{plan}))', rate_look, ""
        )  # fmt: skip
        own = address(RATE_ROW, column)
        parts = []
        for name in ("Budget rate", "Approved rate"):
            dated, always = rate(name, day)
            parts.append(f"IF({dated}>0,{dated},IF({always}>0,{always},{own}))")
        chosen = address(REFERENCE_ROW, CHOICE, "both")
        reference = f'IF({chosen}="Budget",{parts[0]},IF({chosen}="Approved plan",{parts[1]},{own}))'
        sheet.write_formula(
            REFERENCE_RATE_ROW - 1, column - 1, f'=IF({here}="","",IF({is_base},1,{reference}))', rate_look, ""
        )  # fmt: skip


def _line(
    rows: _Rows, row: int, name: str, formulas: list[str], *, adding: str = "sum", unit: str = "money",
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


def _figures(rows: _Rows, row: int) -> int:
    """Revenue to margin, against the reference, rolling twelve months, stock and emissions."""
    columns = range(FIRST, FIRST + rows.periods)
    family = address(FAMILY_ROW, KEY, "both")
    everyone = address(CURRENCY_ROW, KEY, "both")
    budget = f'{address(REFERENCE_ROW, CHOICE, "both")}="Budget"'

    def plan(measure: str, column: int) -> str:
        values = f"INDEX(FinancePlan,0,{_LEAD + column - FIRST + 1})"
        return f'SUMIFS({values},INDEX(FinancePlan,0,2),"{measure}",INDEX(FinancePlan,0,1),{family})'

    def converted(formula: str, column: int, rate_row: int = RATE_ROW) -> str:
        rate = address(rate_row, column)
        return f"IF(ISNUMBER({rate}),({formula})/{rate},{NO_RATE})"

    for name in ("Revenue", *COSTS):
        _line(rows, row, name, [converted(plan(name, column), column) for column in columns])
        row += 1
    revenue, costs = rows.at["Revenue"], (rows.at[COSTS[0]], rows.at[COSTS[-1]])

    def margin(column: int) -> str:
        spent = f"SUM({address(costs[0], column)}:{address(costs[1], column)})"
        return f"IF(ISNUMBER({address(revenue, column)}),{address(revenue, column)}-{spent},{NO_RATE})"

    _line(rows, row, "Margin", [margin(column) for column in columns], bold=True)
    margin_row = row
    share = f'IF(N({{0}}{revenue})=0,"",{{0}}{margin_row}/{{0}}{revenue})'
    row += 1
    _line(rows, row, "Margin of revenue", [share.format(_letter(c)) for c in columns], unit="%", number=look.PERCENT,
          total=share)  # fmt: skip
    row += 1
    for measure in ("Revenue", "Margin"):
        formulas = []
        for column in columns:
            day = address(DAY_ROW, column)
            where = f"tblApproved[Family],{everyone},tblApproved[Period],{day}"
            is_approved = f'{address(REFERENCE_ROW, CHOICE, "both")}="Approved plan"'
            approved = f"IF({is_approved},SUMIFS(tblApproved[Revenue],{where}),0)"
            if measure == "Margin":
                approved = (
                    f"SUMIFS(tblBridge[Margin before],tblBridge[Reference],{address(REFERENCE_ROW, CHOICE, 'both')},"
                    f"tblBridge[Family],{everyone},tblBridge[Period],{day})"
                )
            found = f"IF({budget},{plan(f'Budget {measure.lower()}', column)},{approved})"
            formulas.append(f'IF({found}=0,"",{converted(found, column, REFERENCE_RATE_ROW)})')
        _line(rows, row, f"{measure} of the reference", formulas)
        row += 1
    for measure in ("Revenue", "Margin"):
        here, there = rows.at[measure], rows.at[f"{measure} of the reference"]
        pairs = [(address(here, column), address(there, column)) for column in columns]
        formulas = [f'IF(AND(ISNUMBER({one}),ISNUMBER({two})),{one}-{two},"")' for one, two in pairs]
        _line(rows, row, f"{measure}, plan - reference", formulas)
        row += 1
    twelve = calendar.SEASONS_PER_YEAR[rows.context.bucket]
    for measure in ("Revenue", "Margin"):
        formulas = []
        for index, column in enumerate(columns):
            if index + 1 < twelve:
                formulas.append('""')
                continue
            window = f"{address(rows.at[measure], column - twelve + 1)}:{address(rows.at[measure], column)}"
            formulas.append(f'IF(COUNT({window})={twelve},SUM({window}),"")')
        _line(rows, row, f"{measure}, rolling 12 months", formulas, adding="none")
        row += 1
    stock = [converted(plan("Stock value", column), column) for column in columns]
    _line(rows, row, "Stock value", stock, adding="last")
    stock_row = row
    row += 1
    tied = ['""'] + [
        f"IF(AND(ISNUMBER({address(stock_row, c)}),ISNUMBER({address(stock_row, c - 1)})),"
        f"{address(stock_row, c)}-{address(stock_row, c - 1)},{NO_RATE})"
        for c in columns
        if c > FIRST
    ]
    _line(rows, row, "Cash tied up in stock (+) or freed", tied)
    row += 1
    _line(rows, row, "CO2e", [plan("CO2e", column) for column in columns], unit="kg CO2e")
    return row + 1


def _letter(column: int) -> str:
    return address(1, column)[:-1]


def _bridge(rows: _Rows, row: int) -> int:
    """From the reference's margin to the plan's, cause by cause."""
    sheet, styles = rows.sheet, rows.context.styles
    for column in range(NEXT):
        sheet.write_blank(row - 1, column, None, styles.section)
    sheet.write_string(row - 1, 0, "Why the margin moved", styles.section)
    row += 1
    columns = range(FIRST, FIRST + rows.periods)
    everyone, reference = address(CURRENCY_ROW, KEY, "both"), address(REFERENCE_ROW, CHOICE, "both")

    def part(name: str, column: int) -> str:
        return (
            f"SUMIFS(tblBridge[{name}],tblBridge[Reference],{reference},tblBridge[Family],{everyone},"
            f"tblBridge[Period],{address(DAY_ROW, column)})"
        )

    def at(formula: str, column: int, rate_row: int = RATE_ROW) -> str:
        rate = address(rate_row, column)
        return f"IF(ISNUMBER({rate}),{formula}/{rate},{NO_RATE})"

    _line(
        rows, row, REFERENCE_MARGIN, [at(part("Margin before", c), c, REFERENCE_RATE_ROW) for c in columns], bold=True
    )
    for name in EFFECTS:
        row += 1
        _line(rows, row, name, [at(part(name, column), column) for column in columns])
    row += 1
    currency = []
    for column in columns:
        now, then = address(RATE_ROW, column), address(REFERENCE_RATE_ROW, column)
        moved = f"{part('Currency', column)}/{now}+{part('Margin before', column)}*(1/{now}-1/{then})"
        currency.append(f"IF(AND(ISNUMBER({now}),ISNUMBER({then})),{moved},{NO_RATE})")
    _line(rows, row, "Currency", currency)
    row += 1
    _line(rows, row, "Margin of the plan", [at(part("Margin after", column), column) for column in columns], bold=True)
    row += 1
    first, last = rows.at[REFERENCE_MARGIN], rows.at["Currency"]
    check = []
    for column in columns:
        parts, to = f"SUM({address(first, column)}:{address(last, column)})", address(row - 1, column)
        check.append(f'IF(ISNUMBER({to}),ROUND({parts}-{to},2),"")')
    _line(rows, row, "Check (0)", check)
    return row + 1


def _message(rows: _Rows) -> None:
    """What keeps the figures from being right, or nothing."""
    total = address(rows.at["Revenue"], TOTAL)
    currency = address(CURRENCY_ROW, CHOICE, "both")
    found = 'COUNTIF(tblFindings[Rule],"{}")>0'
    unpriced = f"OR({found.format('price_missing')},{found.format('family_without_price')})"
    to = rows.span(rows.at["Margin of the plan"])
    covered = f'SUMIFS({rows.span(rows.at["Margin"])},{to},"<>0")'
    moved = f"AND(ISNUMBER({total}),ABS({covered}-SUM({to}))>1)"
    unknown = 'COUNTIFS(tblFindings[Rule],"family_exists",tblFindings[Table],"tblBudget")>0'
    parts = (
        f'IF({total}={NO_RATE},"tblRates has no rate of "&{currency}&" for some periods: what needs it says so. ","")',
        f'IF({unpriced},"Some families have no price: revenue and margin are too low (see Checks). ","")',
        f'IF({unknown},"The budget names families that are not planned: it is more than shown here (see Checks). ","")',
        f'IF(SUM({to})=0,"There is no "&LOWER({address(REFERENCE_ROW, CHOICE, "both")})&" for the planned periods: '
        'nothing to bridge. ",'
        f'IF({moved},"The plan was edited since it was solved: press Balance to bring the bridge up to date. ",""))',
    )
    rows.sheet.write_formula(
        MESSAGE_ROW - 1, 0, f'=IFERROR({"&".join(parts)},"")',
        rows.context.styles.get(bold=True, font_color=look.WARN_INK), "",
    )  # fmt: skip


def _waterfall(rows: _Rows, row: int) -> None:
    """The bridge as a chart of stacked columns on an invisible base, over the periods chosen; its figures beside it.

    Columns begin at "Cut off", so that small steps show between large margins; the title says so.
    """
    sheet, styles = rows.sheet, rows.context.styles
    left = FIRST
    names = (
        "Step", "Value", "Ends at", "Base +", "Base -", "Margin +", "Margin -", "Up +", "Up -", "Down +", "Down -",
        "Label",
    )  # fmt: skip
    sheet.write_string(row - 1, left - 1, "Figures behind the chart", styles.caption)
    for offset, name in enumerate(names):
        sheet.write_string(row, left - 1 + offset, name, styles.header(right=offset > 0))
    lines = (REFERENCE_MARGIN, *EFFECTS, "Currency", "Margin of the plan")
    first = row + 2
    last = first + len(lines) - 1
    cell = styles.formula_cell(look.PLAN)
    ends = f"{address(first, left + 2, 'both')}:{address(last, left + 2, 'both')}"
    cut = address(row, left + 3, "both")
    sheet.write_string(row - 1, left + 1, "Cut off", styles.hint)
    spread = f"(MAX({ends})-MIN({ends}))"
    sheet.write_formula(
        row - 1, left + 2, f"=IF(MIN({ends})-{spread}<=0,0,ROUND(MIN({ends})-0.5*{spread},-INT(LOG10({spread}+1))))",
        cell, 0,
    )  # fmt: skip
    heads = f"{address(HEADER_ROW, TOTAL, 'both')}:{address(HEADER_ROW, NEXT, 'both')}"
    span, currency = address(SPAN_ROW, CHOICE, "both"), address(CURRENCY_ROW, CHOICE, "both")
    for index, name in enumerate(lines):
        line, source = first + index, rows.at[name]
        whole = f"{address(source, TOTAL, 'both')}:{address(source, NEXT, 'both')}"
        letters = [address(line, left + offset) for offset in range(len(names))]
        value, end = letters[1], f"({letters[2]}-{cut})"
        before = address(line - 1, left + 2)
        is_end = index in (0, len(lines) - 1)
        start = "0" if is_end else f"({before}-{cut})"
        low, high = f"MIN({start},{end})", f"MAX({start},{end})"
        above, below = f"(MAX(0,{high})-MAX(0,{low}))", f"(MIN(0,{low})-MIN(0,{high}))"
        caption = {0: address(REFERENCE_ROW, CHOICE, "both"), len(lines) - 1: '"Plan"'}.get(index)
        sheet.write_formula(line - 1, left - 1, f"={caption}" if caption else f"={address(source, 1)}", cell, name)
        formulas = [
            f"=N(IFERROR(INDEX({whole},1,MATCH({span},{heads},0)),{address(source, TOTAL)}))",
            f"={value}" if is_end else f"={before}+{value}",
            "=0" if is_end else f"=MAX(0,{low})", "=0" if is_end else f"=MIN(0,{high})",
            f"={above}" if is_end else "=0", f"={below}" if is_end else "=0",
            *("=0" if is_end else f"=IF({value}{sign}0,{part},0)" for sign in (">=", "<") for part in (above, below)),
            f'={letters[0]}&" "&FIXED({value}/1000,0)',
        ]  # fmt: skip
        for offset, formula in enumerate(formulas, 1):
            sheet.write_formula(line - 1, left - 1 + offset, formula, cell, 0)
    title = (
        f'="Margin, thousand "&{currency}&": "&{address(REFERENCE_ROW, CHOICE, "both")}&" to plan, "&{span}'
        f'&IF({cut}>0,"; columns are cut off below "&FIXED({cut}/1000,0),"")'
    )
    sheet.write_formula(row - 2, 0, title, styles.caption, "")
    _chart(rows, row, left, first, last)


def _chart(rows: _Rows, row: int, left: int, first: int, last: int) -> None:
    def cells(offset: int) -> str:
        return f"='{SHEET}'!{address(first, left + offset, 'both')}:{address(last, left + offset, 'both')}"

    chart = rows.context.workbook.add_chart({"type": "column", "subtype": "stacked"})
    parts = (
        (3, "Base", None), (4, "Base below 0", None), (5, "Margin", look.NAVY), (6, "Margin below 0", look.NAVY),
        (7, "More", look.CHART_PRODUCTION), (8, "More, below 0", look.CHART_PRODUCTION),
        (9, "Less", look.CHART_DEMAND), (10, "Less, below 0", look.CHART_DEMAND),
    )  # fmt: skip
    for offset, name, colour in parts:
        fill = {"none": True} if colour is None else {"color": colour}
        chart.add_series({
            "name": name, "categories": cells(11), "values": cells(offset), "fill": fill, "border": {"none": True},
            "gap": 40,
        })  # fmt: skip
    small = {"name": "Arial", "size": 9, "color": look.MUTED}
    chart.set_title({
        "name": "Why the margin moved, in thousands", "overlay": False,
        "name_font": {"name": "Arial", "size": 10, "bold": True, "color": look.NAVY},
    })  # fmt: skip
    chart.set_legend({"position": "top", "font": {"name": "Arial", "size": 9}, "delete_series": [0, 1, 3, 5, 7]})
    chart.set_x_axis({"num_font": small, "line": {"color": look.RULE}, "label_position": "low"})
    chart.set_y_axis({
        "visible": False, "major_gridlines": {"visible": True, "line": {"color": look.LINE, "width": 0.75}},
    })  # fmt: skip
    chart.set_chartarea({"border": {"color": look.LINE}})
    chart.set_size({"width": 980, "height": 400})
    rows.sheet.insert_chart(row - 1, 0, chart, {
        "object_position": 2, "description": "Waterfall from the margin of the reference to that of the plan",
    })  # fmt: skip
