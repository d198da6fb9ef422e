"""What may happen, sampled: tblRisks as levers on the balance, and demand that differs from the forecast.

Latin hypercube (McKay, Beckman and Conover 1979) over one dimension a risk for whether it happens, one for how large it
is, and for each family one for the level of its forecast error and one a period for the rest of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from ..model.tables import Tables
from .balance.problem import BalanceProblem, Floats, Ints
from .balance.problem_tables import build_problem, with_changes
from .families import item_positions, units_per_family_unit
from .scenarios import lever_of, pull

STEP = 0.1
"""Change by which the effect of a lever is measured; it is proportional."""
MOST_CORRELATED = 0.95
_PARTS = ("demand", "price", "unit_cost", "maximum", "capacity", "overtime_limit", "hours_per_head", "opening_stock")


@dataclass(frozen=True)
class Risk:
    """A risk of tblRisks; rows of the same name are levers that move together.

    ``effects``: of each lever row, part of the problem -> change of its figures per unit of the lever, relative.
    ``sizes``: Low, Likely, High of each row.
    """

    name: str
    probability: float
    levers: tuple[str, ...]
    sizes: tuple[tuple[float, float, float], ...]
    effects: tuple[dict[str, Floats], ...]


@dataclass(frozen=True)
class ErrorModel:
    """Relative forecast errors of the families: (F, n) sorted quantiles of past errors around their mean, (F, T) how
    much larger or smaller they are so far ahead, and the correlation from one period to the next."""

    errors: Floats
    spread: Floats
    correlation: float


@dataclass(frozen=True)
class Samples:
    """``moves``: (S, lever rows) change of each lever, 0 where the risk does not happen. ``happens``: (S, risks).
    ``demand``: (S, F, T) demand as a multiple of the plan's, from forecast errors alone."""

    moves: Floats
    happens: Floats
    demand: Floats


def read_risks(tables: Tables, problem: BalanceProblem) -> list[Risk]:
    """The risks of tblRisks, in table order. A blank Low or High is Likely; a blank Likely is their middle."""
    risks = []
    for name, rows in tables.risks.groupby("Risk", sort=False):
        sizes, effects = [], []
        for row in rows.to_dict("records"):
            sizes.append(_size(row["Low %"], row["Likely %"], row["High %"]))
            moved = build_problem(pull(tables, lever_of(tables, row, STEP)))
            effects.append(_effects(problem, moved))
        risks.append(
            Risk(str(name), float(rows["Probability"].iloc[0]), tuple(rows["Lever"]), tuple(sizes), tuple(effects))
        )
    return risks


def _size(low: float, likely: float, high: float) -> tuple[float, float, float]:
    known = [value for value in (low, likely, high) if value == value] or [0.0]
    middle = likely if likely == likely else sum(known) / len(known)
    return min(low if low == low else middle, middle), middle, max(high if high == high else middle, middle)


def triangular(size: tuple[float, float, float], share: Floats) -> Floats:
    """Quantiles of the triangular distribution at ``share`` of 0..1."""
    low, likely, high = size
    if high <= low:
        return np.full(np.shape(share), likely)
    turn = (likely - low) / (high - low)
    rising = low + np.sqrt(np.maximum(share * (high - low) * (likely - low), 0.0))
    falling = high - np.sqrt(np.maximum((1.0 - share) * (high - low) * (high - likely), 0.0))
    return np.where(share < turn, rising, falling)


def _figures(problem: BalanceProblem) -> dict[str, Floats]:
    of = (problem.families, problem.sources, problem.resources)
    found = {name: next(getattr(one, name) for one in of if hasattr(one, name)) for name in _PARTS}
    return {**found, "carbon_price": np.array(problem.settings.carbon_price)}


def _effects(base: BalanceProblem, moved: BalanceProblem) -> dict[str, Floats]:
    """What changes when a lever moves by STEP, relative and per unit of the lever."""
    before, after = _figures(base), _figures(moved)
    effects = {}
    for name, figures in before.items():
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.nan_to_num((after[name] / figures - 1.0) / STEP, nan=0.0, posinf=0.0, neginf=0.0)
        if np.abs(change).max(initial=0.0) > 1e-9:
            effects[name] = change
    return effects


def error_model(tables: Tables, points: pd.DataFrame, problem: BalanceProblem) -> ErrorModel:
    """Forecast errors by family from the points of a backtest (columns of Backtest.points), families of ``problem``.

    Error = actual / forecast - 1 of the family; the mean is taken out: bias is a matter of the forecast, on sheet
    Accuracy. A family that was not tried has the errors of all.
    """
    known = points.dropna(subset=["Actual", "Forecast"])
    units = units_per_family_unit(tables.items)[item_positions(known["Item"], tables.items)]
    keys = ["Family", "Origin", "Lag"]
    both = known[keys].assign(Actual=known["Actual"] / units, Forecast=known["Forecast"] / units)
    both = both.groupby(keys, sort=True)[["Actual", "Forecast"]].sum().reset_index()
    both = both[both["Forecast"] > 0]
    both["Error"] = both["Actual"] / both["Forecast"] - 1.0
    both["Error"] -= both.groupby("Family")["Error"].transform("mean")
    horizon = problem.horizon
    size = max(int(both.groupby("Family").size().max()) if len(both) else 1, 2)
    grid = (np.arange(size) + 0.5) / size
    everyone = np.quantile(both["Error"], grid) if len(both) else np.zeros(size)
    of_family = {str(name): np.quantile(rows["Error"], grid) for name, rows in both.groupby("Family")}
    errors = np.array([of_family.get(name, everyone) for name in problem.families.names]).reshape(-1, size)
    by_lag = both.groupby("Lag")["Error"].std(ddof=0)
    whole = float(both["Error"].std(ddof=0)) if len(both) else 0.0
    lags = np.clip(np.arange(1, horizon + 1), 1, int(by_lag.index.max()) if len(by_lag) else 1)
    spread = by_lag.reindex(lags).ffill().to_numpy() / whole if whole > 0 else np.ones(horizon)
    return ErrorModel(errors, np.tile(np.nan_to_num(spread, nan=1.0), (len(errors), 1)), _correlation(both))


def _correlation(errors: pd.DataFrame) -> float:
    """Of the errors of neighbouring lags of the same origin."""
    wide = errors.set_index(["Family", "Origin", "Lag"])["Error"].unstack("Lag") if len(errors) else pd.DataFrame()
    first, second = wide.iloc[:, :-1].to_numpy().ravel(), wide.iloc[:, 1:].to_numpy().ravel()
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 3 or first[both].std() == 0 or second[both].std() == 0:
        return 0.0
    return float(np.clip(np.corrcoef(first[both], second[both])[0, 1], 0.0, MOST_CORRELATED))


def draw(
    risks: Sequence[Risk], errors: ErrorModel | None, families: int, horizon: int, samples: int, seed: int
) -> Samples:
    """So many samples, equal for an equal seed."""
    count = len(risks)
    dimensions = 2 * count + (families * (1 + horizon) if errors is not None else 0)
    cube = qmc.LatinHypercube(d=max(dimensions, 1), seed=np.random.default_rng(seed)).random(samples)
    happens = np.array([cube[:, at] < risk.probability for at, risk in enumerate(risks)]).T.reshape(samples, count)
    moves = [
        np.where(happens[:, at], triangular(size, cube[:, count + at]), 0.0)
        for at, risk in enumerate(risks)
        for size in risk.sizes
    ]
    demand = np.ones((samples, families, horizon))
    if errors is not None and families * horizon:
        rest = np.clip(cube[:, 2 * count :], 1e-9, 1 - 1e-9)
        level = ndtri(rest[:, :families])[:, :, None]
        single = ndtri(rest[:, families:]).reshape(samples, families, horizon)
        share = ndtr(np.sqrt(errors.correlation) * level + np.sqrt(1.0 - errors.correlation) * single)
        demand = multiples(errors, share)
    return Samples(np.array(moves).T.reshape(samples, -1), happens.astype(np.float64), demand)


def multiples(errors: ErrorModel, share: Floats) -> Floats:
    """(..., F, T) demand as a multiple of the plan's, at quantiles ``share`` of the past errors; never below 0."""
    size = errors.errors.shape[1]
    grid = (np.arange(size) + 0.5) / size
    found = np.empty_like(share)
    for family, known in enumerate(errors.errors):
        found[..., family, :] = np.interp(share[..., family, :], grid, known)
    return np.maximum(1.0 + found * errors.spread, 0.0)


def sampled(problem: BalanceProblem, risks: Sequence[Risk], moves: Floats, demand: Floats | None) -> BalanceProblem:
    """The problem with the levers moved and the demand multiplied; levers on one figure multiply."""
    figures = _figures(problem)
    changed: dict[str, Floats] = {}
    rows = [effects for risk in risks for effects in risk.effects]
    for move, effects in zip(moves, rows, strict=True):
        if move == 0.0:
            continue
        for name, effect in effects.items():
            changed[name] = changed.get(name, figures[name]) * np.maximum(1.0 + move * effect, 0.0)
    if demand is not None:
        changed["demand"] = changed.get("demand", problem.families.demand) * demand
    if "maximum" in changed:
        problem = replace(problem, sources=replace(problem.sources, maximum=changed.pop("maximum")))
    carbon = changed.pop("carbon_price", None)
    return with_changes(problem, **changed, carbon_price=None if carbon is None else float(carbon))


def rows_of(risks: Sequence[Risk]) -> list[Ints]:
    """Positions of each risk's rows among all lever rows."""
    ends = np.cumsum([len(risk.sizes) for risk in risks])
    return [np.arange(end - len(risk.sizes), end) for end, risk in zip(ends, risks, strict=True)]
