"""Figures of the Finance Summary: revenue to margin against the reference, stock, emissions, and the bridge."""

from __future__ import annotations

from ...model import calendar
from . import styles as look
from .finance_lines import (
    CHOICE,
    COSTS,
    CURRENCY_ROW,
    DAY_ROW,
    EFFECTS,
    FAMILY_ROW,
    FIRST,
    KEY,
    LEAD,
    NEXT,
    NO_RATE,
    RATE_ROW,
    REFERENCE_MARGIN,
    REFERENCE_RATE_ROW,
    REFERENCE_ROW,
    Rows,
    write_line,
)
from .sheets_common import address


def write_figures(rows: Rows, row: int) -> int:
    """Revenue to margin, against the reference, rolling twelve months, stock and emissions."""
    columns = range(FIRST, FIRST + rows.periods)
    family = address(FAMILY_ROW, KEY, "both")
    everyone = address(CURRENCY_ROW, KEY, "both")
    budget = f'{address(REFERENCE_ROW, CHOICE, "both")}="Budget"'

    def plan(measure: str, column: int) -> str:
        values = f"INDEX(FinancePlan,0,{LEAD + column - FIRST + 1})"
        return f'SUMIFS({values},INDEX(FinancePlan,0,2),"{measure}",INDEX(FinancePlan,0,1),{family})'

    def converted(formula: str, column: int, rate_row: int = RATE_ROW) -> str:
        rate = address(rate_row, column)
        return f"IF(ISNUMBER({rate}),({formula})/{rate},{NO_RATE})"

    for name in ("Revenue", *COSTS):
        write_line(rows, row, name, [converted(plan(name, column), column) for column in columns])
        row += 1
    revenue, costs = rows.at["Revenue"], (rows.at[COSTS[0]], rows.at[COSTS[-1]])

    def margin(column: int) -> str:
        spent = f"SUM({address(costs[0], column)}:{address(costs[1], column)})"
        return f"IF(ISNUMBER({address(revenue, column)}),{address(revenue, column)}-{spent},{NO_RATE})"

    write_line(rows, row, "Margin", [margin(column) for column in columns], bold=True)
    margin_row = row
    share = f'IF(N({{0}}{revenue})=0,"",{{0}}{margin_row}/{{0}}{revenue})'
    row += 1
    shares = [share.format(letter(column)) for column in columns]
    write_line(rows, row, "Margin of revenue", shares, unit="%", number=look.PERCENT, total=share)
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
        write_line(rows, row, f"{measure} of the reference", formulas)
        row += 1
    for measure in ("Revenue", "Margin"):
        here, there = rows.at[measure], rows.at[f"{measure} of the reference"]
        pairs = [(address(here, column), address(there, column)) for column in columns]
        formulas = [f'IF(AND(ISNUMBER({one}),ISNUMBER({two})),{one}-{two},"")' for one, two in pairs]
        write_line(rows, row, f"{measure}, plan - reference", formulas)
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
        write_line(rows, row, f"{measure}, rolling 12 months", formulas, adding="none")
        row += 1
    stock = [converted(plan("Stock value", column), column) for column in columns]
    write_line(rows, row, "Stock value", stock, adding="last")
    stock_row = row
    row += 1
    tied = ['""'] + [
        f"IF(AND(ISNUMBER({address(stock_row, c)}),ISNUMBER({address(stock_row, c - 1)})),"
        f"{address(stock_row, c)}-{address(stock_row, c - 1)},{NO_RATE})"
        for c in columns
        if c > FIRST
    ]
    write_line(rows, row, "Cash tied up in stock (+) or freed", tied)
    row += 1
    write_line(rows, row, "CO2e", [plan("CO2e", column) for column in columns], unit="kg CO2e")
    return row + 1


def letter(column: int) -> str:
    return address(1, column)[:-1]


def write_bridge(rows: Rows, row: int) -> int:
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

    write_line(
        rows, row, REFERENCE_MARGIN, [at(part("Margin before", c), c, REFERENCE_RATE_ROW) for c in columns], bold=True
    )
    for name in EFFECTS:
        row += 1
        write_line(rows, row, name, [at(part(name, column), column) for column in columns])
    row += 1
    currency = []
    for column in columns:
        now, then = address(RATE_ROW, column), address(REFERENCE_RATE_ROW, column)
        moved = f"{part('Currency', column)}/{now}+{part('Margin before', column)}*(1/{now}-1/{then})"
        currency.append(f"IF(AND(ISNUMBER({now}),ISNUMBER({then})),{moved},{NO_RATE})")
    write_line(rows, row, "Currency", currency)
    row += 1
    write_line(
        rows, row, "Margin of the plan", [at(part("Margin after", column), column) for column in columns], bold=True
    )
    row += 1
    first, last = rows.at[REFERENCE_MARGIN], rows.at["Currency"]
    check = []
    for column in columns:
        parts, to = f"SUM({address(first, column)}:{address(last, column)})", address(row - 1, column)
        check.append(f'IF(ISNUMBER({to}),ROUND({parts}-{to},2),"")')
    write_line(rows, row, "Check (0)", check)
    return row + 1
