"""The forecasting models: each a function of one history and a horizon.

Names are those of the literature: Theta = dynamic optimised theta (Fiorucci et al. 2016), CES = complex exponential
smoothing (Svetunkov et al. 2022), ETS (Hyndman et al. 2002), STL = seasonal decomposition by loess (Cleveland et al.
1990) whose seasonally adjusted series is forecast by the model named after the dash, IMAPA (Petropoulos and
Kourentzes 2015), Croston with the bias correction of Syntetos and Boylan (2005), AR = autoregression of the changes
(Box and Jenkins 1970, ARIMA(3,1,0)), airline = ARIMA(0,1,1)(0,1,1) of the logs (ibid.).
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
        seasonal = self.stl_parts[0]
        return self.logs - seasonal, seasonal[-self.season :]

    @cached_property
    def stl_parts(self) -> tuple[Floats, Floats]:
        """Seasonal part and remainder of the logs; without a season zeros and the changes."""
        if self.season < 2:
            return np.zeros(len(self.logs)), np.diff(self.logs, prepend=self.logs[0])
        from statsforecast.mstl import mstl

        parts = mstl(self.logs, [self.season])
        return np.asarray(parts["seasonal"], dtype=np.float64), np.asarray(parts["remainder"], dtype=np.float64)

    @cached_property
    def season_missed_by_theta(self) -> bool:
        """Whether Theta's own test would take a clear season for none.

        Theta tests the autocorrelation at the season's lag against that of the shorter lags (Assimakopoulos and
        Nikolopoulos 2000): a smooth season of three years or less fails. Then the strength of the season decides
        (Wang, Smith and Hyndman 2006).
        """
        if self.season < 2:
            return False
        centred = self.values - self.values.mean()
        total = max(float(centred @ centred), 1e-12)
        acf = np.array([float(centred[lag:] @ centred[:-lag]) for lag in range(1, self.season + 1)]) / total
        if abs(acf[-1]) > 1.645 * np.sqrt((1 + 2 * float(acf[:-1] @ acf[:-1])) / len(centred)):
            return False
        seasonal, remainder = self.stl_parts
        return float(remainder.var()) < (1 - STRONG_SEASON) * float((seasonal + remainder).var())


Model = Callable[[ModelInput, int], Floats]

STRONG_SEASON = 0.64  # share of the variance beside the trend that the season explains
AR_ORDER = 3
LARGEST_STEP = 0.5  # of the logs a period: an unstable autoregression must not run away before the guard
GROWTH_BELIEVED = (0.7, 1.4)  # of a year over the one before
LONGEST_SEASON = 24  # beyond it (weeks) ETS and ARIMA take minutes a series or refuse: they get STL's adjusted series

_MULTIPLICATIVE = {"model": "MAM", "damped": True}


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


def _autoregression(history: ModelInput, horizon: int) -> Floats:
    """Autoregression of the changes of the seasonally adjusted logs, by least squares, plus the last season's pattern.

    What ARIMA(3,1,0) gives, in a hundredth of its time.
    """
    adjusted, pattern = history.stl
    changes = np.diff(adjusted)
    lagged = np.column_stack([changes[AR_ORDER - 1 - lag : len(changes) - 1 - lag] for lag in range(AR_ORDER)])
    if len(lagged) < 2 * AR_ORDER + 3:
        raise ValueError("too few changes to estimate from")
    coefficients = np.linalg.lstsq(lagged, changes[AR_ORDER:], rcond=None)[0]
    recent = changes[: -AR_ORDER - 1 : -1].tolist()  # newest first
    steps: list[float] = []
    for _ in range(horizon):
        step = float(np.clip(np.dot(coefficients, recent), -LARGEST_STEP, LARGEST_STEP))
        recent = [step, *recent[:-1]]
        steps.append(step)
    level = np.minimum(adjusted[-1] + np.cumsum(steps), np.log1p(1e6))
    return np.asarray(np.expm1(level + np.resize(pattern, horizon)), dtype=np.float64)


def _shrunken_season(history: ModelInput, horizon: int) -> Floats:
    """Damped ETS on the seasonally adjusted logs; the classical seasonal pattern shrunken by James and Stein's factor.

    A pattern of a few noisy years overstates the season (Miller and Williams 2003).
    """
    logs, season, size = history.logs, history.season, len(history.values)
    pattern = np.zeros(season)
    if season > 3:
        window = np.ones(season + 1)
        window[[0, -1]] = 0.5
        level = np.convolve(logs, window / season, "valid")
        moves = logs[season // 2 : season // 2 + len(level)] - level
        phase = (np.arange(len(moves)) + season // 2) % season
        pattern = np.bincount(phase, moves, season) / np.maximum(np.bincount(phase, minlength=season), 1)
        pattern -= pattern.mean()
        noise = float(((moves - pattern[phase]) ** 2).sum()) / max(1, len(moves) - season)
        by_chance = (season - 3) * noise * season / len(moves)
        pattern *= max(0.0, 1 - by_chance / max(float(pattern @ pattern), 1e-12))
    adjusted = logs - pattern[np.arange(size) % season]
    ahead = _statsforecast("AutoETS", adjusted, horizon, season_length=1, model="AAN", damped=True)
    return np.asarray(np.expm1(ahead + pattern[(size + np.arange(horizon)) % season]), dtype=np.float64)


def _multiplicative_ets(history: ModelInput, horizon: int) -> Floats:
    """ETS(M,Ad,M): multiplicative errors and seasons, damped trend."""
    if not 1 < history.season <= LONGEST_SEASON:
        raise ValueError("no season, or one that takes minutes")
    return _statsforecast("AutoETS", history.values + 1, horizon, season_length=history.season, **_MULTIPLICATIVE) - 1


def _airline(history: ModelInput, horizon: int) -> Floats:
    if history.season > LONGEST_SEASON:
        raise ValueError("a season that takes minutes")
    moving_average = (0, 1, 1)
    seasonal = {"season_length": history.season, "seasonal_order": moving_average} if history.season > 1 else {}
    return np.expm1(_statsforecast("ARIMA", history.logs, horizon, order=moving_average, **seasonal))


def _seasonal_growth(history: ModelInput, horizon: int) -> Floats:
    """Seasonal naive with half of the last year's growth."""
    season = history.season
    if season < 2:
        raise ValueError("no season")
    last, before = history.values[-season:], history.values[-2 * season : -season]
    growth = np.clip(last.sum() / max(float(before.sum()), 1e-9), *GROWTH_BELIEVED) - 1
    return np.asarray(np.resize(last, horizon) * (1 + growth / 2), dtype=np.float64)


def _seasonal_or_on_stl(name: str) -> Model:
    """A seasonal model; where the season is too long for it, on the seasonally adjusted series."""
    seasonal, adjusted = _seasonal(name), _on_stl(name)
    return lambda history, horizon: (adjusted if history.season > LONGEST_SEASON else seasonal)(history, horizon)


def _theta(model: Model) -> Model:
    """Theta, on the seasonally adjusted logs where its own test would overlook a clear season."""
    adjusted = _on_stl("DynamicOptimizedTheta")
    return lambda history, horizon: (adjusted if history.season_missed_by_theta else model)(history, horizon)


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
    "Theta": _theta(_seasonal("DynamicOptimizedTheta")),
    "Theta additive": _theta(_seasonal("DynamicOptimizedTheta", decomposition_type="additive")),
    "Theta log": _theta(_on_logs("DynamicOptimizedTheta", decomposition_type="additive")),
    "CES": _seasonal("AutoCES"),
    "CES log": _on_logs("AutoCES", model="F"),
    "ETS": _seasonal_or_on_stl("AutoETS"),
    "ARIMA": _seasonal_or_on_stl("AutoARIMA"),
    "ETS shrunken": _shrunken_season,
    "ETS multiplicative": _multiplicative_ets,
    "ARIMA airline": _airline,
    "STL-CES": _on_stl("AutoCES", model="N"),
    "STL-AR": _autoregression,
    "IMAPA": _unseasonal("IMAPA"),
    "Croston": _unseasonal("CrostonSBA"),
    "Seasonal naive": _seasonal_naive,
    "Seasonal growth": _seasonal_growth,
    "Seasonal mean": _seasonal_mean,
    "Naive": _naive,
    "Mean": _mean,
    "Mean of last 3": _last_three,
}
