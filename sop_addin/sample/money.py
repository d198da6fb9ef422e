"""Budget, exchange rates and last year's actuals of the sample company."""

from __future__ import annotations

from math import fsum

import pandas as pd

from .demand import naive_demand, opening_stocks, sold_by_family
from .products import CATALOGUE
from .shared import (
    DISHWASHERS,
    FAMILY_NAMES,
    FRIDGES,
    HISTORY_MONTHS,
    OVENS,
    SMALL,
    SPARES,
    WASHERS,
    Cell,
    frame,
    month,
    planned,
)
from .supply import FAMILY_PRICE

LAST_YEAR = range(HISTORY_MONTHS - 12, HISTORY_MONTHS)

# what the budget made of autumn's forecast: higher where sales had promised more, lower where finance doubted
BUDGET_OPTIMISM = {WASHERS: 1.03, DISHWASHERS: 1.01, FRIDGES: 0.98, OVENS: 1.02, SMALL: 1.05, SPARES: 0.97}
BUDGET_MARGIN = {WASHERS: 0.44, DISHWASHERS: 0.46, FRIDGES: 0.42, OVENS: 0.45, SMALL: 0.43, SPARES: 0.55}
QUARTER_OF_BUDGET = (0.99, 1.01, 1.00, 1.00)  # finance likes a strong second quarter

# one pound in euro, by quarter from 2026 on
GBP_BY_QUARTER = (1.158, 1.155, 1.149, 1.152, 1.145, 1.140, 1.140, 1.138, 1.135, 1.135)
GBP_OTHERWISE = 1.15

# how last year's production followed sales (1) or stayed level (0)
FOLLOWING = {WASHERS: 0.55, DISHWASHERS: 0.55, FRIDGES: 0.60, OVENS: 0.60, SMALL: 0.70, SPARES: 0.30}


def budget_table() -> pd.DataFrame:
    """tblBudget: twelve months of last year and the horizon, volume to 10 units, money to 1,000 EUR."""
    rows: list[dict[str, Cell]] = []
    for family in FAMILY_NAMES:
        demand = [*sold_by_family(family)[HISTORY_MONTHS - 12 :], *naive_demand(family)]
        smooth = [_around(demand, step) for step in range(len(demand))]
        for step, position in enumerate((*LAST_YEAR, *planned())):
            share = BUDGET_OPTIMISM[family] * QUARTER_OF_BUDGET[position % 12 // 3]
            volume = round(smooth[step] * share / 10) * 10
            revenue = round(volume * FAMILY_PRICE[family] / 1000) * 1000
            margin = round(revenue * BUDGET_MARGIN[family] / 1000) * 1000
            rows.append(
                {"Family": family, "Period": month(position), "Volume": volume, "Revenue": revenue, "Margin": margin}
            )
    return frame("tblBudget", rows)


def _around(values: list[float], step: int) -> float:
    """A budget is smoother than sales: some of each month is taken from its neighbours."""
    before, after = values[max(step - 1, 0)], values[min(step + 1, len(values) - 1)]
    return 0.7 * values[step] + 0.15 * before + 0.15 * after


def rates_table() -> pd.DataFrame:
    rows: list[dict[str, Cell]] = [{"Currency": "GBP", "Rate": GBP_OTHERWISE}]
    for step, position in enumerate((*LAST_YEAR, *planned())):
        rows.append({"Currency": "GBP", "Period": month(position), "Rate": GBP_BY_QUARTER[step // 3]})
    return frame("tblRates", rows)


def stock_table() -> pd.DataFrame:
    """tblStock: sales, production and stock of last year; they agree month by month and end at the opening stock."""
    rows: list[dict[str, Cell]] = []
    for family in FAMILY_NAMES:
        sales = [round(quantity) for quantity in sold_by_family(family)[HISTORY_MONTHS - 12 :]]
        average = sum(sales) / len(sales)
        made = [round(average + FOLLOWING[family] * (quantity - average)) for quantity in sales]
        stock = family_opening(family) - sum(made) + sum(sales)
        for position, sold, produced in zip(LAST_YEAR, sales, made, strict=True):
            stock += produced - sold
            rows.append(
                {"Family": family, "Period": month(position), "Sales": sold, "Production": produced, "Stock": stock}
            )
    return frame("tblStock", rows)


def family_opening(family: str) -> int:
    """Opening stock of a family: the sum of its items, in whole family units."""
    stocks = opening_stocks()
    return round(fsum(stocks[product.item] / product.per_family_unit for product in CATALOGUE[family]))
