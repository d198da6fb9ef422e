"""Finance Summary: the plan by year, over twelve months and in another currency, and why the margin moved.

Native formulas over FinancePlan, tblRates, tblApproved and tblBridge: it follows every edit, without Python.
"""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from ...model import calendar
from ..layout import MIN_PERIOD_COLUMNS
from . import styles as look
from .finance_figures import write_bridge, write_figures
from .finance_lines import (
    _CURRENCIES,
    CHOICE,
    CURRENCY_ROW,
    DAY_ROW,
    FAMILY_ROW,
    FIRST,
    FIRST_ROW,
    FIRST_YEAR,
    HEADER_ROW,
    KEY,
    LEAD,
    MESSAGE_ROW,
    NEXT,
    NO_RATE,
    RATE_ROW,
    REFERENCE_RATE_ROW,
    REFERENCE_ROW,
    SHEET,
    SPAN_ROW,
    TOTAL,
    YEAR_ROW,
    YEARS,
    Rows,
)
from .finance_waterfall import add_waterfall
from .home_figures import setting
from .sheets_common import Context, address, print_blocks, write_heading
from .sheets_tables import add_table


def add_finance_summary(context: Context, worksheet: Worksheet) -> None:
    """The whole sheet; tblBridge behind the periods."""
    write_heading(
        worksheet, context.styles, SHEET,
        "The plan in money by year, over twelve months and in another currency; and what moved the margin.",
        "Choose in the yellow cells. Every figure is a formula over the Finance sheet.",
    )  # fmt: skip
    periods = max(MIN_PERIOD_COLUMNS, context.tables.settings.horizon)
    rows = Rows(context, worksheet, periods, {})
    _columns(rows)
    _, left, _, right = add_table(context, worksheet, "tblBridge")
    worksheet.set_row(FAMILY_ROW - 1, 18)
    _choices(rows)
    _header(rows)
    _rates(rows)
    row = write_figures(rows, FIRST_ROW)
    row = write_bridge(rows, row + 1)
    _message(rows)
    add_waterfall(rows, row + 2)
    worksheet.freeze_panes(HEADER_ROW, 2)
    print_blocks(context, SHEET, [(1, FIRST + min(periods, max(1, len(context.tables.periods))) - 1), (left, right)])
    worksheet.repeat_rows(YEAR_ROW - 1, HEADER_ROW - 1)


def _columns(rows: Rows) -> None:
    sheet, styles = rows.sheet, rows.context.styles
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 9)
    sheet.set_column(2, 2, 19)
    sheet.set_column(3, NEXT - 1, 14)
    sheet.set_column(KEY - 1, KEY - 1, 4)
    sheet.set_column(FIRST - 1, rows.last - 1, 12, styles.fallback(look.PLAN))


def _choices(rows: Rows) -> None:
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


def _header(rows: Rows) -> None:
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
        there = f"COLUMNS(FinancePlan)<{LEAD + index + 1}"
        here = address(HEADER_ROW, column)
        sheet.write_formula(
            HEADER_ROW - 1, column - 1, f'=IF({there},"",INDEX(FinancePlan,1,{LEAD + index + 1})&"")', head, label
        )  # fmt: skip
        year = f'=IF({here}="","",VALUE(LEFT({here},4)))'
        sheet.write_formula(YEAR_ROW - 1, column - 1, year, small, int(label[:4]) if label else "")


def _rates(rows: Rows) -> None:
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


def _message(rows: Rows) -> None:
    """What keeps the figures from being right, or nothing."""
    total = address(rows.at["Revenue"], TOTAL)
    currency = address(CURRENCY_ROW, CHOICE, "both")
    found = 'COUNTIF(tblFindings[Rule],"{}")>0'
    unpriced = f"OR({found.format('price_missing')},{found.format('family_without_price')})"
    to = rows.span(rows.at["Margin of the plan"])
    covered = f'SUMIFS({rows.span(rows.at["Margin"])},{to},"<>0")'
    moved = f"AND(ISNUMBER({total}),ABS({covered}-SUM({to}))>1)"
    unknown = 'COUNTIFS(tblFindings[Rule],"family_exists",tblFindings[Table],"{}")>0'
    parts = (
        f'IF({total}={NO_RATE},"tblRates has no rate of "&{currency}&" for some periods: what needs it says so. ","")',
        f'IF({found.format("rate_covers_plan")},"A currency of the items has no rate for some periods: they are valued '
        'at its latest rate (see Checks). ","")',
        f'IF({unpriced},"Some families have no price: revenue and margin are too low (see Checks). ","")',
        f'IF({unknown.format("tblBudget")},"The budget names families that are not planned: it is more than shown here '
        '(see Checks). ","")',
        f'IF({unknown.format("tblApproved")},"The approved plan names families that are not planned now: the bridge '
        'leaves them out (see Checks). ","")',
        f'IF(SUM({to})=0,"There is no "&LOWER({address(REFERENCE_ROW, CHOICE, "both")})&" for the planned periods: '
        'nothing to bridge. ",'
        f'IF({moved},"The plan was edited since it was solved: press Balance to bring the bridge up to date. ",""))',
    )
    rows.sheet.write_formula(
        MESSAGE_ROW - 1, 0, f'=IFERROR({"&".join(parts)},"")',
        rows.context.styles.get(bold=True, font_color=look.WARN_INK), "",
    )  # fmt: skip
