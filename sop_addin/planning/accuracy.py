"""How far forecasts were off: the measures of the Accuracy and KPIs sheets, defined once.

Everywhere error = forecast - actual, so that a positive bias or tracking signal means: forecast too much.
Sources: Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., ch. 5.8 (MAPE, MASE);
Vandeput (2021), Data Science for Supply Chain Forecasting, ch. 2 (bias, weighted MAPE);
Makridakis, Spiliotis and Assimakopoulos (2020), The M4 Competition (the seasonal scale of MASE);
Trigg (1964) and Chopra and Meindl (2016), ch. 7.7 (tracking signal).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NONE = float("nan")
TRACKING_LIMIT = 4.0
"""A tracking signal beyond +-4 says that a forecast is biased, not just unlucky (Chopra and Meindl use +-6)."""


def wmape(actual: Floats, forecast: Floats) -> float:
    """Sum of |error| / sum of |actual|, also called WAPE; NaN where every actual is 0."""
    size = float(np.abs(actual).sum())
    return float(np.abs(forecast - actual).sum()) / size if size else NONE


def bias(actual: Floats, forecast: Floats) -> float:
    """Sum of errors / sum of |actual|; positive = forecast too much. NaN where every actual is 0."""
    size = float(np.abs(actual).sum())
    return float((forecast - actual).sum()) / size if size else NONE


def mape(actual: Floats, forecast: Floats) -> float:
    """Mean of |error / actual| over the points whose actual is not 0; NaN where there is none."""
    some = actual != 0
    return float(np.abs((forecast[some] - actual[some]) / actual[some]).mean()) if some.any() else NONE


def mase(actual: Floats, forecast: Floats, scale: Floats) -> float:
    """Mean of |error| / scale over the points with a scale; below 1 = better than last year was in the past.

    scale: mean absolute difference to the season before within the history that the forecast knew (`naive_scale`).
    """
    some = scale > 0
    return float((np.abs(forecast[some] - actual[some]) / scale[some]).mean()) if some.any() else NONE


def tracking_signal(actual: Floats, forecast: Floats) -> float:
    """Sum of errors / mean |error|, over one forecast a period; 0 where all were right, NaN where there is none."""
    if not len(actual):
        return NONE
    errors = forecast - actual
    size = float(np.abs(errors).mean())
    return float(errors.sum()) / size if size else 0.0


def naive_scale(history: Floats, season_length: int) -> Floats:
    """Scale of MASE of each row of ``history`` (series x periods, NaN = unknown).

    Mean |y[t] - y[t - season]|; where no season was seen twice, mean |y[t] - y[t - 1]|; NaN where that is 0 or unknown.
    """
    scale = np.full(len(history), NONE)
    for lag in (season_length, 1):
        if lag >= history.shape[1]:
            continue
        steps = np.abs(history[:, lag:] - history[:, :-lag])
        known = np.isfinite(steps)
        count = known.sum(axis=1)
        mean = np.where(known, steps, 0.0).sum(axis=1) / np.maximum(count, 1)
        scale = np.where(np.isnan(scale) & (count > 0) & (mean > 0), mean, scale)
    return scale


def measures(points: pd.DataFrame) -> dict[str, float]:
    """Points, Actual, WMAPE, MAPE, MASE and Bias of a frame with Actual, Forecast and Scale."""
    actual, forecast, scale = (points[name].to_numpy(dtype=np.float64) for name in ("Actual", "Forecast", "Scale"))
    return {
        "Points": float(len(points)),
        "Actual": float(actual.sum()),
        "WMAPE": wmape(actual, forecast),
        "MAPE": mape(actual, forecast),
        "MASE": mase(actual, forecast, scale),
        "Bias": bias(actual, forecast),
    }
