"""The forecasting models: each a function of one history and a horizon.

Names are those of the literature: Theta = dynamic optimised theta (Fiorucci et al. 2016), CES = complex exponential
smoothing (Svetunkov et al. 2022), ETS (Hyndman et al. 2002), STL = seasonal decomposition by loess (Cleveland et al.
1990) whose seasonally adjusted series is forecast by the model named after the dash, IMAPA (Petropoulos and
Kourentzes 2015), Croston with the bias correction of Syntetos and Boylan (2005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sop_addin.planning.cleaning import Floats


@dataclass(frozen=True)
class ModelInput:
    """A cleaned history (no NaN, no negative, mean about 100) and what several models need of it, computed once."""

    values: Floats
    season_length: int

    @property
    def season(self) -> int:
        """The season length the history is long enough for; else 1."""
        return self.season_length if len(self.values) >= 2 * self.season_length else 1

    @cached_property
    def logs(self) -> Floats:
        return np.log1p(self.values)

    @cached_property
    def stl(self) -> tuple[Floats, Floats]:
        """Seasonally adjusted logs, and the seasonal pattern of the last season (zeros without a season)."""
        if self.season < 2:
            return self.logs, np.zeros(1)
        from statsforecast.mstl import mstl

        seasonal = np.asarray(mstl(self.logs, [self.season])["seasonal"], dtype=np.float64)
        return self.logs - seasonal, seasonal[-self.season :]


Model = Callable[[ModelInput, int], Floats]


def _statsforecast(name: str, values: Floats, horizon: int, **options: Any) -> Floats:
    from statsforecast import models  # 1-2 s to import: only when a forecast is really made

    return np.asarray(getattr(models, name)(**options).forecast(y=values, h=horizon)["mean"], dtype=np.float64)


def _seasonal(name: str, **options: Any) -> Model:
    """A seasonal model of statsforecast on the history as it is."""
    return lambda history, horizon: _statsforecast(
        name, history.values, horizon, season_length=history.season, **options
    )


def _unseasonal(name: str) -> Model:
    return lambda history, horizon: _statsforecast(name, history.values, horizon)


def _on_logs(name: str, **options: Any) -> Model:
    """A seasonal model on log(1 + y): multiplicative seasons and trends in an additive model."""
    return lambda history, horizon: np.expm1(
        _statsforecast(name, history.logs, horizon, season_length=history.season, **options)
    )


def _on_stl(name: str, **options: Any) -> Model:
    """A non-seasonal model on the seasonally adjusted logs, plus the pattern of the last season."""

    def model(history: ModelInput, horizon: int) -> Floats:
        adjusted, pattern = history.stl
        level = _statsforecast(name, adjusted, horizon, season_length=1, **options)
        return np.expm1(level + np.resize(pattern, horizon))

    return model


def _naive(history: ModelInput, horizon: int) -> Floats:
    return np.full(horizon, history.values[-1])


def _mean(history: ModelInput, horizon: int) -> Floats:
    """Mean of the last year."""
    return np.full(horizon, history.values[-max(12, history.season_length) :].mean())


def _last_three(history: ModelInput, horizon: int) -> Floats:
    return np.full(horizon, history.values[-3:].mean())


def _seasonal_naive(history: ModelInput, horizon: int) -> Floats:
    season = history.season_length if len(history.values) >= history.season_length else 1
    return np.resize(history.values[-season:], horizon)


def _seasonal_mean(history: ModelInput, horizon: int) -> Floats:
    """Mean of the same period of the last three years."""
    season = history.season_length
    years = min(3, len(history.values) // season)
    if years < 1:
        return _mean(history, horizon)
    return np.resize(history.values[-years * season :].reshape(years, season).mean(axis=0), horizon)


MODELS: dict[str, Model] = {
    "Theta": _seasonal("DynamicOptimizedTheta"),
    "Theta additive": _seasonal("DynamicOptimizedTheta", decomposition_type="additive"),
    "Theta log": _on_logs("DynamicOptimizedTheta", decomposition_type="additive"),
    "CES": _seasonal("AutoCES"),
    "CES log": _on_logs("AutoCES", model="F"),
    "ETS": _seasonal("AutoETS"),
    "ARIMA": _seasonal("AutoARIMA"),
    "STL-Theta": _on_stl("DynamicOptimizedTheta"),
    "STL-CES": _on_stl("AutoCES", model="N"),
    "STL-ETS": _on_stl("AutoETS", model="AAN", damped=True),
    "IMAPA": _unseasonal("IMAPA"),
    "Croston": _unseasonal("CrostonSBA"),
    "Seasonal naive": _seasonal_naive,
    "Seasonal mean": _seasonal_mean,
    "Naive": _naive,
    "Mean": _mean,
    "Mean of last 3": _last_three,
}
