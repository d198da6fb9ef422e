"""Forecast one cleaned series: route it by its nature, run the models of that route, combine and guard them.

Model names are those of the literature: Theta = dynamic optimised theta (Fiorucci et al. 2016), CES = complex
exponential smoothing (Svetunkov et al. 2022), ETS (Hyndman et al. 2002), IMAPA (Petropoulos and Kourentzes 2015),
Croston with the bias correction of Syntetos and Boylan (2005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sop_addin.model.schema import METHODS
from sop_addin.planning.cleaning import Floats

__all__ = ["EFFORTS", "INTERMITTENT", "METHODS", "SeriesForecast", "forecast_series", "route"]

EFFORTS = ("quick", "standard", "best")

INTERMITTENT_ADI = 1.32  # average demand interval above which demand is intermittent (Syntetos and Boylan 2005)
GUARD = 2.0  # no forecast beyond this multiple of the largest sale: CES was seen at 18 times
SEASONS_KEPT = 15  # older history says nothing about the coming months and costs time

NO_SALES, VERY_SHORT, SHORT, ONE_SEASON, INTERMITTENT, REGULAR = (
    "no sales",
    "very short",
    "short",
    "one season",
    "intermittent",
    "regular",
)


@dataclass(frozen=True)
class SeriesForecast:
    """Forecast of one series: `mean` per future period (same unit as the history), how it came about, and its route."""

    mean: Floats
    method: str
    route: str


def route(values: Floats, season_length: int) -> str:
    """Which kind of history this is; `values` as `clean_series` returns them."""
    size = len(values)
    sales = np.count_nonzero(values)
    if sales == 0:
        return NO_SALES
    if size < 5:
        return VERY_SHORT
    if size / sales >= INTERMITTENT_ADI:
        return INTERMITTENT
    if size < 12:
        return SHORT
    return ONE_SEASON if size < 2 * season_length else REGULAR


def forecast_series(
    values: Floats, horizon: int, season_length: int, *, effort: str = "standard", method: str = "Auto"
) -> SeriesForecast:
    """Forecast one cleaned series. Never raises for a history: a model that fails is left out and named in `method`."""
    values = values[-SEASONS_KEPT * max(season_length, 12) :]
    kind = route(values, season_length)
    if method == "Manual":
        return SeriesForecast(np.zeros(horizon), "Manual", kind)
    if kind == NO_SALES:
        return SeriesForecast(np.zeros(horizon), "No sales", kind)
    if np.ptp(values) == 0:
        return SeriesForecast(np.full(horizon, values[0]), "Mean" if method == "Auto" else method, kind)
    failed: list[str] = []
    for names, label, combine in _attempts(values, kind, season_length, effort, method):
        mean, used = _run(names, combine, values, horizon, season_length)
        failed += [name for name in names if name not in used and name not in failed]
        if mean is not None:
            label = label or " + ".join(used)
            return SeriesForecast(mean, f"{label} ({', '.join(failed)} failed)" if failed else label, kind)
    return SeriesForecast(np.full(horizon, values[-3:].mean()), "Mean of last 3", kind)


Combine = Callable[[Floats], Floats]


def _mean(forecasts: Floats) -> Floats:
    return np.asarray(forecasts.mean(axis=0), dtype=np.float64)


Attempt = tuple[tuple[str, ...], str, Combine]


def _attempts(values: Floats, kind: str, season_length: int, effort: str, method: str) -> list[Attempt]:
    """Recipes in the order in which they are tried: model names, label ("" = the models that worked), combination."""
    attempts: list[Attempt] = [(("Mean of last 3",), f"Mean of last {min(3, len(values))}", _mean)]
    if kind == INTERMITTENT:
        name = "Seasonal mean" if _sells_in_season(values, season_length) else "IMAPA"
        attempts.insert(0, ((name,), "", _mean))
    elif kind == SHORT:
        attempts.insert(0, (("Theta", "Mean"), "", _mean))
    elif kind == ONE_SEASON:
        names: tuple[str, ...] = ("Theta", "Seasonal naive") if len(values) >= season_length > 1 else ("Theta", "CES")
        attempts.insert(0, (names, "", _mean))
    elif kind == REGULAR:
        names = {"quick": ("Theta", "CES"), "standard": ("Theta", "CES"), "best": ("Theta", "CES", "ETS")}[effort]
        attempts.insert(0, (names, "", _mean))
    if method != "Auto":
        attempts.insert(0, ((method,), method, _mean))
    return attempts


def _run(
    names: tuple[str, ...], combine: Combine, values: Floats, horizon: int, season_length: int
) -> tuple[Floats | None, list[str]]:
    """Combined and guarded forecast of the named models and the names of those that worked."""
    # Models see a mean level of 100: their optimisers' tolerances then mean the same for pieces and for millions.
    unit = float(values.mean()) / 100
    limit = GUARD * float(values.max())
    forecasts: list[Floats] = []
    used: list[str] = []
    for name in names:
        forecast = _guarded(MODELS[name], values / unit, horizon, season_length)
        if forecast is not None:
            forecasts.append(np.clip(forecast * unit, 0.0, limit))
            used.append(name)
    return (combine(np.stack(forecasts)), used) if forecasts else (None, used)


def _guarded(model: Model, values: Floats, horizon: int, season_length: int) -> Floats | None:
    """The model's forecast, or None where it fails or is not finite."""
    try:
        forecast = model(values, horizon, season_length)
    except Exception:  # noqa: BLE001 - statsforecast raises bare Exception; one series must not break the run
        return None
    return forecast if forecast.shape == (horizon,) and bool(np.isfinite(forecast).all()) else None


def _sells_in_season(values: Floats, season_length: int) -> bool:
    """Whether an item with many zeros sells in the same part of every year (then IMAPA's flat line is wrong)."""
    if season_length < 2 or len(values) < 2 * season_length:
        return False
    before, after = values[:-season_length], values[season_length:]
    if np.ptp(before) == 0 or np.ptp(after) == 0:
        return False
    return float(np.corrcoef(before, after)[0, 1]) > 0.6


Model = Callable[[Floats, int, int], Floats]


def _statsforecast(name: str, seasonal: bool = True, **options: Any) -> Model:
    def model(values: Floats, horizon: int, season_length: int) -> Floats:
        from statsforecast import models  # 1-2 s to import: only when a forecast is really made

        season = {"season_length": season_length if len(values) >= 2 * season_length else 1} if seasonal else {}
        return np.asarray(
            getattr(models, name)(**season, **options).forecast(y=values, h=horizon)["mean"], dtype=np.float64
        )

    return model


def _naive(values: Floats, horizon: int, season_length: int) -> Floats:
    return np.full(horizon, values[-1])


def _average(values: Floats, horizon: int, season_length: int) -> Floats:
    return np.full(horizon, values[-12:].mean())


def _last_three(values: Floats, horizon: int, season_length: int) -> Floats:
    return np.full(horizon, values[-3:].mean())


def _seasonal_naive(values: Floats, horizon: int, season_length: int) -> Floats:
    season = values[-season_length:] if len(values) >= season_length else values[-1:]
    return np.resize(season, horizon)


def _seasonal_mean(values: Floats, horizon: int, season_length: int) -> Floats:
    """Mean of the same period of the last three years."""
    seasons = min(3, len(values) // season_length)
    if seasons < 1:
        return _average(values, horizon, season_length)
    return np.resize(values[-seasons * season_length :].reshape(seasons, season_length).mean(axis=0), horizon)


MODELS: dict[str, Model] = {
    "Theta": _statsforecast("DynamicOptimizedTheta"),
    "CES": _statsforecast("AutoCES"),
    "ETS": _statsforecast("AutoETS"),
    "ARIMA": _statsforecast("AutoARIMA"),
    "IMAPA": _statsforecast("IMAPA", seasonal=False),
    "Croston": _statsforecast("CrostonSBA", seasonal=False),
    "Seasonal naive": _seasonal_naive,
    "Seasonal mean": _seasonal_mean,
    "Naive": _naive,
    "Mean": _average,
    "Mean of last 3": _last_three,
}
