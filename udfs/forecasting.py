"""SOP_FORECAST, SOP_FORECAST_METHOD, SOP_CLEAN, SOP_ACCURACY."""

from __future__ import annotations

import xlwings as xw

from sop_addin.planning.worksheet import forecasting

from ._answer import CATEGORY, RANGE, answered

_HISTORY = "Past demand, one cell a period, oldest first. Blanks before the first sale are left out; 0 is a figure."
_SEASON = "Periods in a season: 12 months, 52 weeks, 1 for none. 12 where left out."


@xw.func(category=CATEGORY)
@xw.arg("history", doc=_HISTORY, **RANGE)
@xw.arg("horizon", doc="How many periods to forecast.", **RANGE)
@xw.arg("season", doc=_SEASON, **RANGE)
@xw.arg("interval", doc="Share of outcomes between low and high, 0.8 where left out.", **RANGE)
@answered
def SOP_FORECAST(history, horizon, season=None, interval=None):
    """Demand of the coming periods: forecast, low and high, as three rows beside a history in a row or three columns
    for one in a column. A rectangle holds one item a row."""
    return forecasting.forecast(history, horizon, season, interval)


@xw.func(category=CATEGORY)
@xw.arg("history", doc=_HISTORY, **RANGE)
@xw.arg("season", doc=_SEASON, **RANGE)
@answered
def SOP_FORECAST_METHOD(history, season=None):
    """How SOP_FORECAST forecasts this history: the models it combines."""
    return forecasting.forecast_method(history, season)


@xw.func(category=CATEGORY)
@xw.arg("history", doc="Past demand, one cell a period, oldest first. Blanks after the first sale are filled.", **RANGE)
@xw.arg("season", doc=_SEASON, **RANGE)
@answered
def SOP_CLEAN(history, season=None):
    """The history as the forecast sees it: gaps filled, returns netted, stock-outs and outliers damped."""
    return forecasting.clean(history, season)


@xw.func(category=CATEGORY)
@xw.arg("actual", doc="What happened, one cell a period.", **RANGE)
@xw.arg("forecast", doc="What was forecast, as many cells.", **RANGE)
@xw.arg("metric", doc="WAPE (where left out), BIAS, MAE, ME, RMSE, MAPE or SMAPE; several give several.", **RANGE)
@answered
def SOP_ACCURACY(actual, forecast, metric=None):
    """How far a forecast was off. WAPE is the sum of absolute errors divided by the sum of actuals."""
    return forecasting.accuracy(actual, forecast, metric)
