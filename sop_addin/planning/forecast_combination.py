"""Forecast one cleaned series: route it by its nature, run the models of that route, weigh, combine and guard them.

The combination is a weighted mean of the models. A model's weight is its prior weight, changed by how well it would
have forecast the last periods of this very series (Bates and Granger 1969), drawn towards the prior weight: to pick
the winner of a backtest is worse than any fixed mean, equal weights are nearly as good as the best ones, and weights in
between are better than both.

Members, prior weights and the strength of the backtest were chosen on M1 monthly, the monthly series of the tourism
competition, and the M3, hospital and Australian tourism histories without the periods that the benchmarks hold out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sop_addin.model.schema import METHODS
from sop_addin.planning.cleaning import Floats
from sop_addin.planning.forecast_intervals import series_scale
from sop_addin.planning.forecast_models import MODELS, Model, ModelInput
from sop_addin.planning.forecast_weights import WEIGHTS, prior_weights

__all__ = ["EFFORTS", "INTERMITTENT", "METHODS", "SeriesForecast", "forecast_series", "route"]

EFFORTS = ("quick", "standard", "best")

INTERMITTENT_ADI = 1.32  # average demand interval above which demand is intermittent (Syntetos and Boylan 2005)
GUARD = 2.0  # no forecast beyond this multiple of the largest sale: CES was seen at 18 times
SEASONS_KEPT = 15  # older history says nothing about the coming periods and costs time
MOST_PERIODS_KEPT = 260  # five years of weeks
SHORTEST_BACKTEST = 6  # periods held out to weigh the models; a quarter of a season where that is longer
WEIGHT_POWER = 1.5  # a model with twice the error of another one gets 2^-1.5 = 35 % of its weight
ERROR_RATIOS = (0.3, 4.0)  # errors relative to the median model beyond these are luck, or bad enough

NO_SALES, VERY_SHORT, SHORT, ONE_SEASON, INTERMITTENT, REGULAR = (
    "no sales",
    "very short",
    "short",
    "one season",
    "intermittent",
    "regular",
)

NO_ERRORS: Floats = np.zeros(0)


@dataclass(frozen=True)
class SeriesForecast:
    """Forecast of one series.

    `mean` per future period in the unit of the history; `method`: how it came about; `route`: the kind of history;
    `errors`: absolute errors of the last periods when they were forecast from those before, by periods ahead, divided
    by `series_scale` (empty where the history is too short); `error`: their sum as a share of the demand (NaN there).
    """

    mean: Floats
    method: str
    route: str
    errors: Floats = field(default_factory=lambda: NO_ERRORS)
    error: float = float("nan")


@dataclass(frozen=True)
class Recipe:
    """Models that are run together with their prior weights, and the label a planner sees ("" = their names).

    backtests: how often the history is cut and forecast to weigh the models, each time further back. learned: whether
    the nature of the history decides on prior weights and on the strength of the backtests (`forecast_weights`).
    """

    members: tuple[tuple[str, float], ...]
    label: str = ""
    backtests: int = 1
    learned: bool = False

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.members]


# Seasonal naive is kept for its diversity, at half weight because it does not smooth.
QUICK = (("Theta", 1.0), ("STL-CES", 1.0), ("STL-AR", 1.0), ("Seasonal naive", 0.5))
STANDARD = (*QUICK, ("Theta additive", 1.0), ("Theta log", 1.0), ("CES log", 1.0))
COMBINATIONS = {
    "quick": Recipe(QUICK),
    "standard": Recipe(STANDARD),
    # The automatic searches for an ETS and an ARIMA model made it worse, at twenty times the time of these.
    "best": Recipe(tuple((name, row[0]) for name, row in WEIGHTS.items()), backtests=2, learned=True),
}
# Variants of a model are one name to a planner.
SHOWN = {
    "Theta additive": "Theta",
    "Theta log": "Theta",
    "CES log": "CES",
    "STL-CES": "STL",
    "STL-AR": "STL",
    "ETS shrunken": "ETS",
    "ETS multiplicative": "ETS",
    "ARIMA airline": "ARIMA",
    "Seasonal growth": "Seasonal naive",
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
    values = values[-min(SEASONS_KEPT * max(season_length, 12), max(MOST_PERIODS_KEPT, 2 * season_length)) :]
    kind = route(values, season_length)
    if method == "Manual":
        return SeriesForecast(np.zeros(horizon), "Manual", kind)
    if kind == NO_SALES:
        return SeriesForecast(np.zeros(horizon), "No sales", kind)
    if np.ptp(values) == 0:
        return SeriesForecast(np.full(horizon, values[0]), "Mean" if method == "Auto" else method, kind)
    failed: list[str] = []
    for recipe in _recipes(values, kind, season_length, effort, method):
        trials = [
            _run(recipe.names, values[:-held_out], held_out, season_length)
            for held_out in _backtest_lengths(len(values), season_length, kind, recipe.backtests)
        ]
        forecasts = _run(recipe.names, values, horizon, season_length)
        used = _shown(forecasts)
        failed += [name for name in _shown(recipe.names) if name not in used and name not in failed]
        if not forecasts:
            continue
        prior, powers = _prior(recipe, values, season_length)
        mean = _combine(forecasts, _weights(prior, powers, trials, values))
        errors, error = _backtest_errors(trials, prior, values, season_length)
        label = recipe.label or " + ".join(used)
        return SeriesForecast(mean, f"{label} ({', '.join(failed)} failed)" if failed else label, kind, errors, error)
    return SeriesForecast(np.full(horizon, values[-3:].mean()), "Mean of last 3", kind)


def _recipes(values: Floats, kind: str, season_length: int, effort: str, method: str) -> list[Recipe]:
    """Recipes in the order in which they are tried; the last one cannot fail."""
    recipes = [] if method == "Auto" else [Recipe(((method, 1.0),), method)]
    if kind == INTERMITTENT:
        recipes.append(_equal("Seasonal mean" if _sells_in_season(values, season_length) else "IMAPA"))
    elif kind == SHORT:
        recipes.append(_equal("Theta", "Mean"))
    elif kind == ONE_SEASON:
        recipes.append(_equal("Theta", "Seasonal naive" if len(values) >= season_length > 1 else "CES"))
    elif kind == REGULAR:
        recipes.append(COMBINATIONS[effort])
    return [*recipes, Recipe((("Mean of last 3", 1.0),), f"Mean of last {min(3, len(values))}")]


def _equal(*names: str) -> Recipe:
    return Recipe(tuple((name, 1.0) for name in names))


def _shown(members: Iterable[str]) -> list[str]:
    """Names of models as a planner knows them, each once."""
    return list(dict.fromkeys(SHOWN.get(name, name) for name in members))


def _run(names: Sequence[str], values: Floats, horizon: int, season_length: int) -> dict[str, Floats]:
    """Guarded forecast of each of the models that work."""
    unit = float(values.mean()) / 100
    if not unit > 0:
        return {}
    limit = GUARD * float(values.max())
    history = ModelInput(_in_hundreds(values), season_length)
    forecasts: dict[str, Floats] = {}
    for name in names:
        forecast = _attempt(MODELS[name], history, horizon)
        if forecast is not None:
            forecasts[name] = np.clip(forecast * unit, 0.0, limit)
    return forecasts


def _in_hundreds(values: Floats) -> Floats:
    """Models see a mean level of 100: their optimisers' tolerances then mean the same for pieces and for millions."""
    return values / (float(values.mean()) / 100)


def _attempt(model: Model, history: ModelInput, horizon: int) -> Floats | None:
    """The model's forecast, or None where it fails or is not finite."""
    try:
        forecast = model(history, horizon)
    except Exception:  # noqa: BLE001 - statsforecast raises bare Exception; one series must not break the run
        return None
    return forecast if forecast.shape == (horizon,) and bool(np.isfinite(forecast).all()) else None


# --- backtest and weights ---------------------------------------------------------------------------------------------


def _backtest_lengths(size: int, season_length: int, kind: str, backtests: int) -> list[int]:
    """Periods at the end that are forecast from those before, one number a backtest; none where too few would remain.

    They do not depend on the horizon: the forecast of next month is the same however far one looks.
    """
    shortest = max(SHORTEST_BACKTEST, season_length // 4)
    needed = 2 * season_length if kind == REGULAR else 12
    lengths = [held_out for held_out in (shortest, 3 * shortest)[:backtests] if size - held_out >= needed]
    if not lengths and size >= 8 and kind != REGULAR:
        return [min(3, size // 4)]
    return lengths


def _prior(recipe: Recipe, values: Floats, season_length: int) -> tuple[dict[str, float], tuple[float, ...]]:
    """Weight per model before any backtest, and how strongly the errors of each backtest change it."""
    if recipe.learned:
        return prior_weights(ModelInput(_in_hundreds(values), season_length))
    return dict(recipe.members), (WEIGHT_POWER,) * recipe.backtests


def _weights(
    prior: dict[str, float], powers: Sequence[float], trials: Sequence[dict[str, Floats]], values: Floats
) -> dict[str, float]:
    """Weight per model from its mean absolute error in each backtest; a model without one has the median error."""
    weights = dict(prior)
    for power, trial in zip(powers, trials, strict=False):  # a short history has fewer backtests
        errors = {name: float(np.abs(one - values[-len(one) :]).mean()) for name, one in trial.items()}
        median = float(np.median(list(errors.values()))) if errors else 0.0
        if median > 0:
            for name, error in errors.items():
                weights[name] *= float(np.clip(error / median, *ERROR_RATIOS)) ** -power
    return weights


def _combine(forecasts: dict[str, Floats], weights: dict[str, float]) -> Floats:
    return np.asarray(np.average(list(forecasts.values()), axis=0, weights=[weights[name] for name in forecasts]))


def _backtest_errors(
    trials: list[dict[str, Floats]], prior: dict[str, float], values: Floats, season_length: int
) -> tuple[Floats, float]:
    """Scaled absolute errors of the newest backtest by periods ahead, and their sum as a share of the demand.

    With the prior weights: those fitted to the very same periods would make the errors look smaller than they are.
    """
    if not trials or not trials[0]:
        return NO_ERRORS, float("nan")
    combined = _combine(trials[0], prior)
    before, actual = values[: -len(combined)], values[-len(combined) :]
    missed = np.abs(combined - actual)
    scale, demand = series_scale(before, season_length), float(actual.sum())
    errors = missed / scale if scale > 0 else NO_ERRORS
    return np.asarray(errors, dtype=np.float64), float(missed.sum()) / demand if demand > 0 else float("nan")


def _sells_in_season(values: Floats, season_length: int) -> bool:
    """Whether an item with many zeros sells in the same part of every year (then IMAPA's flat line is wrong)."""
    if season_length < 2 or len(values) < 2 * season_length:
        return False
    before, after = values[:-season_length], values[season_length:]
    if np.ptp(before) == 0 or np.ptp(after) == 0:
        return False
    return float(np.corrcoef(before, after)[0, 1]) > 0.6
