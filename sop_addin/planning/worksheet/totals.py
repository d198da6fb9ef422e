"""SOP_TOTAL, SOP_TOTALS and SOP_BOOK_TOTAL: figures of a plan by measure, family and period."""

from __future__ import annotations

import pandas as pd

from ...model import calendar
from ...model.errors import InputError
from ...model.suggest import listed, quote
from .cells import Block, Cell, Rows, as_number, as_text, block, is_missing, single, text
from .plan_values import PlanValues
from .spans import Span, ordinal, read_span


def read_plan(plan: object, name: str = "plan") -> PlanValues:
    """A tblPlan as it lies in a range, headers first (tblPlan[#All]); without headers its eight columns in order."""
    return PlanValues(block(plan, name))


def total(
    plan: PlanValues,
    measure: object,
    family: object = None,
    from_period: object = None,
    to_period: object = None,
    scenario: object = None,
    currency: object = None,
) -> float:
    """One figure of the plan: flows summed, stocks at the last period, rates as a ratio of sums.

    family: a family, or a resource for measures of the Capacity sheet; all where left out. from_period, to_period: a
    date, 2027-03, 2027-W09, 2027-Q1 or 2027; a quarter or year counts from its first or to its last period; the ends of
    the plan where left out. currency: see `_rates`.
    """
    chosen = plan.scenario(None if is_missing(scenario) else text(scenario, "scenario"))
    what = plan.measure(text(measure, "measure"))
    whose = None if is_missing(family) else plan.family(text(family, "family"), "family")
    span = _span(plan, from_period, to_period)
    rates = _rates(plan, currency)
    if rates is None or not plan.is_money(what):
        return plan.total(what, whose, span, chosen)
    return _converted(plan, what, whose, span, chosen, rates)


def totals(plan: PlanValues, measure: object, families: object, periods: object, scenario: object = None) -> Rows:
    """One figure for each family and period: families down and periods across, or turned if both lie the other way."""
    chosen = plan.scenario(None if is_missing(scenario) else text(scenario, "scenario"))
    what = plan.measure(text(measure, "measure"))
    family_cells, period_cells = _one_line(families, "families"), _one_line(periods, "periods")
    names = [
        plan.family(as_text(cell, _place(family_cells, index)), _place(family_cells, index))
        for index, cell in enumerate(family_cells.cells)
    ]
    spans = []
    for index, cell in enumerate(period_cells.cells):
        place = _place(period_cells, index)
        spans.append(read_span(cell, place, plan.bucket))
        plan.check_span(spans[-1], place)
    rows: Rows = [[plan.total(what, name, span, chosen) for span in spans] for name in names]
    turned = period_cells.is_column and not family_cells.is_column
    return [list(column) for column in zip(*rows, strict=True)] if turned else rows


def _one_line(value: object, name: str) -> Block:
    cells = block(value, name)
    if not cells.is_line:
        raise InputError(
            f"{name}: must be one row or one column, not {cells.shape[0]} rows x {cells.shape[1]} columns."
        )
    return cells


def _place(cells: Block, index: int) -> str:
    return cells.place(*divmod(index, cells.shape[1]))


def _span(plan: PlanValues, from_period: object, to_period: object) -> Span:
    whole = plan.whole_span()
    start, end = whole.start, whole.end
    if not is_missing(from_period):
        first = read_span(single(from_period, "from_period"), "from_period", plan.bucket)
        start = first.start
    if not is_missing(to_period):
        last = read_span(single(to_period, "to_period"), "to_period", plan.bucket)
        end = last.end
    if start >= end and not is_missing(from_period) and not is_missing(to_period):
        raise InputError("to_period: lies before from_period.")
    span = Span(start, max(end, start + 1))
    name = "to_period" if is_missing(from_period) else "from_period"
    plan.check_span(span, name)
    return span


# --- other currencies -------------------------------------------------------------------------------------------------

Rates = dict[int | None, float]
"""Rate by first day of a period (ordinal); None = all other periods. 1 unit of the currency = rate in the plan's."""


def _rates(plan: PlanValues, currency: object) -> Rates | None:
    """What to divide money by; None for the plan's own currency.

    currency: the plan's own (a text), a rate as in tblRates (1 unit of it in the plan's currency), or the rows of
    tblRates of one currency: Currency, Period (blank = all), Rate.
    """
    if is_missing(currency):
        return None
    cells = block(currency, "in_currency")
    if cells.shape == (1, 1):
        cell = cells.rows[0][0]
        if not isinstance(cell, str):
            return {None: _rate(cell, "in_currency")}
        own = plan.money_unit()
        if as_text(cell, "in_currency").casefold() == own.casefold():
            return None
        raise InputError(
            f"in_currency: the plan is in {own} and tells no rate of {quote(cell)}; give the rate (1 {cell.strip()} in "
            f"{own}), or the rows of tblRates for {cell.strip()}."
        )
    return _table_of_rates(cells, plan.bucket)


def _table_of_rates(cells: Block, bucket: str) -> Rates:
    if cells.shape[1] < 3:
        raise InputError(f"in_currency: rates have 3 columns (Currency, Period, Rate), not {cells.shape[1]}.")
    first = 1 if str(cells.rows[0][2]).strip().casefold() == "rate" else 0
    rows = cells.rows[first:]
    currencies = sorted({as_text(row[0], cells.place(first + index, 0)) for index, row in enumerate(rows)})
    if len(currencies) != 1:
        raise InputError(
            f"in_currency: holds rates of {listed(currencies) or 'nothing'}; give the rows of one currency."
        )
    rates: Rates = {}
    for index, (_, period, rate, *_others) in enumerate(rows, start=first):
        day = None if is_missing(period) else calendar.parse_period(period, bucket)
        if day is None and not is_missing(period):
            raise InputError(f"{cells.place(index, 1)}: {quote(period)} is not a period.")
        rates[None if day is None else ordinal(day)] = _rate(rate, cells.place(index, 2))
    return rates


def _rate(cell: Cell, place: str) -> float:
    rate = as_number(cell, place)
    if rate <= 0:
        raise InputError(f"{place}: a rate must be above 0, not {rate:g}.")
    return rate


def _converted(plan: PlanValues, what: str, whose: str | None, span: Span, scenario: str, rates: Rates) -> float:
    """Each period at its own rate; a stock at the rate of its period."""
    days = [day for day in plan.periods if span.start <= day < span.end]
    if set(rates) == {None}:
        return plan.total(what, whose, span, scenario) / rates[None]
    if plan.adding(what) != "sum":
        days = days[-1:]
    found = 0.0
    for day in days:
        rate = rates.get(day, rates.get(None))
        if rate is None:
            raise InputError(f"in_currency: has no rate for {_label(day, plan.bucket)}.")
        found += plan.total(what, whose, Span(day, day + 1), scenario) / rate
    return found


def _label(day: int, bucket: str) -> str:
    return calendar.period_label(pd.Timestamp.fromordinal(day), bucket)
