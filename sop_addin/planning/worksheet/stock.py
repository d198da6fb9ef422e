"""SOP_SAFETY_STOCK and SOP_DAYS_OF_COVER."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from ...model import calendar
from ...model.errors import InputError
from ..cleaning import Floats
from .cells import Rows, is_missing, number, numbers


def safety_stock(demand: object, service_level: object, lead_time: object = None) -> float | Rows:
    """z x standard deviation of one period x root of the lead time (Silver, Pyke and Thomas 2017, ch. 6).

    demand: past demand, or errors of its forecast, one figure a period; a rectangle holds one item a row and gives one
    figure a row. service_level: chance that no stock-out happens in a cycle. lead_time: periods, 1 where left out.
    Several levels or lead times give as many figures, in their shape. The standard deviation is the sample's (n - 1).
    """
    cells, history = numbers(demand, "demand_or_errors")
    series = history.reshape(1, -1) if cells.is_line else history
    if series.shape[1] < 2:
        raise InputError("demand_or_errors: at least 2 periods are needed to know how it varies.")
    _, levels = numbers(service_level, "service_level")
    for value in levels.ravel().tolist():
        if not 0.5 <= value < 1:
            raise InputError(f"service_level: must be at least 0.5 and below 1 (95 % is 0.95), not {value:g}.")
    times = np.ones((1, 1)) if is_missing(lead_time) else numbers(lead_time, "lead_time", minimum=0)[1]
    normal = NormalDist()
    z = np.array([normal.inv_cdf(value) for value in levels.ravel()]).reshape(levels.shape)
    factors = _fit(z, np.sqrt(times))
    deviations = series.std(axis=1, ddof=1)
    if len(series) == 1:
        found = factors * deviations[0]
        return float(found[0, 0]) if found.size == 1 else [list(row) for row in found.tolist()]
    if factors.size not in (1, len(series)):
        name = "service_level" if levels.size > 1 else "lead_time"
        raise InputError(f"{name}: give one, or one for each of the {len(series)} rows of demand.")
    return [[value] for value in (deviations * factors.ravel()).tolist()]


def _fit(z: Floats, roots: Floats) -> Floats:
    if z.size == 1 or roots.size == 1 or z.shape == roots.shape:
        return z * roots
    if 1 in z.shape and 1 in roots.shape and z.size != roots.size and (z.shape[0] == 1) != (roots.shape[0] == 1):
        return z * roots  # a row of one and a column of the other: a table of both
    raise InputError("lead_time: give one, or as many as service levels and in the same shape.")


def days_of_cover(stock: object, coming_demand: object, days_per_period: object = None) -> float | Rows:
    """Days until the stock runs out, walking forward through the coming demand period by period.

    One stock: its figure. As many stocks as periods: the stock in cell k meets the demand from cell k on, in the shape
    of the stocks. A column of stocks beside a rectangle of demand: one figure a row. Stock that outlasts the demand
    given counts all of its days, no more: give more periods to see further. 0 or less lasts 0 days.
    """
    stock_cells, stocks = numbers(stock, "stock")
    demand_cells, demand = numbers(coming_demand, "coming_demand", minimum=0)
    days = number(days_per_period, "days_per_period", calendar.DAYS_PER_PERIOD[calendar.MONTH], above=0)
    if stocks.size == 1 and demand_cells.is_line:
        return _walk(float(stocks[0, 0]), demand.ravel(), days)
    if not demand_cells.is_line:
        if stocks.size != len(demand) or not stock_cells.is_line:
            raise InputError(f"stock: {stocks.size} cells for {len(demand)} rows of coming demand; give one a row.")
        return [[_walk(one, row, days)] for one, row in zip(stocks.ravel().tolist(), demand, strict=True)]
    if not stock_cells.is_line or stocks.size > demand.size:
        raise InputError(f"stock: {stocks.size} cells for {demand.size} periods of coming demand; give one a period.")
    flat = demand.ravel()
    return stock_cells.shaped([_walk(one, flat[index:], days) for index, one in enumerate(stocks.ravel().tolist())])


def _walk(stock: float, demand: Floats, days: float) -> float:
    left = max(stock, 0.0)
    if left == 0:
        return 0.0
    needed: float
    for period, needed in enumerate(demand.tolist()):
        if needed > left or math.isclose(needed, left, rel_tol=1e-12):
            return days * (period + left / needed)
        left -= needed
    return days * len(demand)
