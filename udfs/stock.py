"""SOP_SAFETY_STOCK, SOP_DAYS_OF_COVER."""

from __future__ import annotations

import xlwings as xw

from sop_addin.planning.worksheet import stock as stocks

from ._answer import CATEGORY, RANGE, answered


@xw.func(category=CATEGORY)
@xw.arg("demand_or_errors", doc="Past demand, or errors of its forecast, one cell a period.", **RANGE)
@xw.arg("service_level", doc="Wanted chance of no stock-out in a cycle, such as 0.95.", **RANGE)
@xw.arg("lead_time", doc="Lead time in periods, 1 where left out.", **RANGE)
@answered
def SOP_SAFETY_STOCK(demand_or_errors, service_level, lead_time=None):
    """Safety stock: normal quantile of the service level x standard deviation x root of the lead time."""
    return stocks.safety_stock(demand_or_errors, service_level, lead_time)


@xw.func(category=CATEGORY)
@xw.arg("stock", doc="Stock now; several: cell k meets the coming demand from its cell k on.", **RANGE)
@xw.arg("coming_demand", doc="Demand of the coming periods, the next one first.", **RANGE)
@xw.arg("days_per_period", doc="Days in a period, 30.4375 (a month) where left out.", **RANGE)
@answered
def SOP_DAYS_OF_COVER(stock, coming_demand, days_per_period=None):
    """Days until the stock runs out, walking through the coming demand period by period; at most the days of all
    periods given."""
    return stocks.days_of_cover(stock, coming_demand, days_per_period)
