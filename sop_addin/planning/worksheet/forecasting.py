"""SOP_FORECAST, SOP_FORECAST_METHOD, SOP_CLEAN and SOP_ACCURACY."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ...model.errors import InputError
from ..accuracy import bias, mape, wmape
from ..cleaning import Floats
from ..demand_forecast import LONGEST_HORIZON, clean_history, forecast_demand
from .cells import Block, Rows, as_text, block, choice, is_missing, number, numbers_or_blank, whole_number

SEASON = 12
INTERVAL = 0.8
LONGEST_HISTORY = 3000
_START = pd.Timestamp(1900, 1, 1)


def forecast(history: object, horizon: object, season: object = None, interval: object = None) -> Rows:
    """Forecast, low and high: three rows beside a history in a row, three columns below one in a column.

    A rectangle holds one item a row and gives three rows an item, in the same order.
    """
    cells, series = _histories(history)
    periods = whole_number(horizon, "horizon", minimum=1, maximum=LONGEST_HORIZON)
    share = number(interval, "interval", INTERVAL, above=0, below=1)
    found = forecast_demand(_frame(series), periods, season_length=_season(season), interval=share)
    figures = found[["forecast", "low", "high"]].to_numpy().reshape(len(series), periods, 3)
    if cells.is_column:
        return [list(row) for row in figures[0].tolist()]
    return [row for item in figures for row in item.T.tolist()]


def forecast_method(history: object, season: object = None) -> str | Rows:
    """How the forecast of each item comes about; a column of texts for a rectangle."""
    _, series = _histories(history)
    length = _season(season)
    methods = forecast_demand(_frame(series), 1, season_length=length)["method"].tolist()
    return str(methods[0]) if len(methods) == 1 else [[method] for method in methods]


def clean(history: object, season: object = None) -> Rows:
    """The history as the models see it, in its own shape: gaps filled, returns netted, outliers damped.

    What comes before the first sale stays blank.
    """
    cells, series = _histories(history, gaps=True)
    cleaned = clean_history(_frame(series), season_length=_season(season))["cleaned"].tolist()
    return cells.shaped([None if np.isnan(value) else value for value in cleaned])


def _season(season: object) -> int:
    return whole_number(season, "season", SEASON, minimum=1, maximum=366)


def _histories(history: object, *, gaps: bool = False) -> tuple[Block, Floats]:
    """One item a row; NaN before its first figure only, unless gaps may be there."""
    cells, found = numbers_or_blank(history, "history")
    down = cells.is_column
    series = found.T if down else found
    if series.shape[1] > LONGEST_HISTORY:
        raise InputError(f"history: {series.shape[1]:,} periods; at most {LONGEST_HISTORY:,} are read.")
    for row, values in enumerate(series):
        known = np.flatnonzero(~np.isnan(values))
        if not len(known):
            raise InputError(f"history, row {row + 1}: every cell is blank.")
        blank = np.flatnonzero(np.isnan(values[known[0] :]))
        if len(blank) and not gaps:
            column = int(known[0] + blank[0])
            place = cells.place(column, 0) if down else cells.place(row, column)
            raise InputError(
                f"{place} is blank; write 0 where nothing was sold, or let SOP_CLEAN fill what is not known."
            )
    return cells, series


def _frame(series: Floats) -> pd.DataFrame:
    items, periods = series.shape
    calendar = pd.date_range(_START, periods=periods, freq="MS").to_numpy()
    return pd.DataFrame(
        {"item": np.repeat(np.arange(items), periods), "period": np.tile(calendar, items), "quantity": series.ravel()}
    )


# --- accuracy ---------------------------------------------------------------------------------------------------------


def accuracy(actual: object, forecast: object, metric: object = None) -> float | Rows:
    """How far a forecast was off, over all cells. Several metrics give as many figures, in their shape.

    With error = forecast - actual (Hyndman and Athanasopoulos 2021, ch. 5.8): WAPE = sum |error| / sum |actual|,
    BIAS = sum error / sum |actual|, MAE = mean |error|, ME = mean error, RMSE = root of mean error squared,
    MAPE = mean |error / actual|, SMAPE = mean of 2 |error| / (|actual| + |forecast|), 0 where both are 0.
    """
    actuals, forecasts = _pairs(actual, forecast)
    if is_missing(metric):
        return _figure("WAPE", actuals, forecasts)
    wanted = block(metric, "metric")
    names = [
        choice(as_text(cell, wanted.place(row, column)), wanted.place(row, column), list(METRICS))
        for row, line in enumerate(wanted.rows)
        for column, cell in enumerate(line)
    ]
    figures = [_figure(name, actuals, forecasts) for name in names]
    return figures[0] if len(figures) == 1 else wanted.shaped(figures)


def _figure(name: str, actual: Floats, forecast: Floats) -> float:
    if name in ("WAPE", "BIAS") and not np.abs(actual).sum():
        raise InputError(f"actual: every value is 0, so {name} has no meaning; use MAE or ME.")
    if name == "MAPE" and (actual == 0).any():
        cell = int(np.flatnonzero(actual == 0)[0]) + 1
        raise InputError(f"actual, cell {cell} is 0, and MAPE divides by it; use WAPE.")
    return METRICS[name](actual, forecast)


def _smape(actual: Floats, forecast: Floats) -> float:
    size = np.abs(actual) + np.abs(forecast)
    return float(np.mean(2 * np.abs(forecast - actual) / np.where(size > 0, size, 1.0)))


METRICS: dict[str, Callable[[Floats, Floats], float]] = {
    "WAPE": wmape,
    "BIAS": bias,
    "MAE": lambda a, f: float(np.abs(f - a).mean()),
    "ME": lambda a, f: float((f - a).mean()),
    "RMSE": lambda a, f: float(np.sqrt(np.square(f - a).mean())),
    "MAPE": mape,
    "SMAPE": _smape,
}


def _pairs(actual: object, forecast: object) -> tuple[Floats, Floats]:
    actual_cells, actuals = numbers_or_blank(actual, "actual")
    forecast_cells, forecasts = numbers_or_blank(forecast, "forecast")
    if actuals.size != forecasts.size or (actuals.shape != forecasts.shape and not _both_lines(actuals, forecasts)):
        raise InputError(
            f"forecast: has {_size(forecasts)}, actual has {_size(actuals)}; they must cover the same periods."
        )
    for cells, values in ((actual_cells, actuals), (forecast_cells, forecasts)):
        if np.isnan(values).any():
            row, column = (int(axis[0]) for axis in np.nonzero(np.isnan(values)))
            raise InputError(f"{cells.place(row, column)} is blank; leave periods out that are not known yet.")
    return actuals.ravel(), forecasts.ravel()


def _both_lines(one: Floats, other: Floats) -> bool:
    return 1 in one.shape and 1 in other.shape


def _size(values: Floats) -> str:
    height, width = values.shape
    return f"{values.size} cells" if 1 in values.shape else f"{height} rows x {width} columns"
