"""Risk: the plan solved anew for many samples of what may happen, and what that means for service, margin and stock.

Each sample is planned with full knowledge of it: what is left is what no plan could avoid, so chances of a shortage are
at the least. Percentiles are those of the samples (P10: one sample in ten is lower).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..model.errors import InputError
from ..model.tables import Tables
from .balance.problem import BalanceProblem, Floats
from .balance.problem_tables import build_problem
from .balance.what_if import Answer, LiveBalance
from .fan_out import fan_out
from .risk_samples import Risk, draw, error_model, multiples, read_risks, rows_of, sampled, triangular

SAMPLES, MOST_SAMPLES = 500, 10_000
CHUNK = 25
"""Samples solved one after another in one live model: always the same ones, so that results do not hang on where."""
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
FORECAST_ERROR = "Forecast error"
SHORT = 1e-6
"""Of a family's largest demand: less is rounding."""

TOTAL_COLUMNS = ("Measure", "Plan", "P10", "P50", "P90", "Mean", "Unit")
FAMILY_COLUMNS = (
    "Family", "Period", "Stock P10", "Stock P50", "Stock P90", "Service P10", "Service P50", "Service P90",
    "Contribution P10", "Contribution P50", "Contribution P90", "Chance of shortage",
)  # fmt: skip
TORNADO_COLUMNS = (
    "Risk", "Probability", "Low %", "High %", "Margin at low", "Margin at high", "Swing", "Service at low",
    "Service at high", "Share of variance",
)  # fmt: skip


@dataclass(frozen=True)
class RiskAnalysis:
    """``totals``: TOTAL_COLUMNS. ``families``: FAMILY_COLUMNS, one row a family and period. ``tornado``:
    TORNADO_COLUMNS, what matters most first. ``samples``: how many; ``margins``, ``service``: (samples,)."""

    totals: pd.DataFrame
    families: pd.DataFrame
    tornado: pd.DataFrame
    samples: int
    margins: Floats
    service: Floats

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Output tables by name."""
        return {"tblRiskResults": self.totals, "tblRiskPlan": self.families, "tblTornado": self.tornado}


@dataclass(frozen=True)
class _Task:
    """Samples for one live model."""

    tables: Tables
    risks: list[Risk]
    moves: Floats
    demand: Floats


@dataclass(frozen=True)
class _Solved:
    """(S,) and (S, F, T) figures of samples, families in the order of the problem."""

    figures: Floats
    stock: Floats
    service: Floats
    contribution: Floats
    short: Floats


def risk_analysis(
    tables: Tables, points: pd.DataFrame | None = None, *, samples: int = SAMPLES, seed: int | None = None,
    client: Any = None, processes: int | None = None, progress: Callable[[int, int], None] | None = None,
) -> RiskAnalysis:  # fmt: skip
    """Solve the balance for samples of tblRisks and of the forecast's errors.

    points: those of a backtest (`Backtest.points`), None or empty = the demand is as planned. samples: how many. seed:
    None = the setting Random seed. client, processes, progress: as in `fan_out`; results are equal for an equal seed,
    wherever they are computed. Raises InputError where nothing can happen, SolverError where the solver fails.
    """
    if not 2 <= samples <= MOST_SAMPLES:
        raise InputError(f"Risk: samples must be from 2 to {MOST_SAMPLES:,}, not {samples}.")
    problem = build_problem(tables)
    if not problem.families.names or not problem.horizon:
        raise InputError("Risk: there is no demand to plan; run all steps first.")
    risks = read_risks(tables, problem)
    errors = error_model(tables, points, problem) if points is not None and len(points) else None
    if not risks and errors is None:
        raise InputError("Risk: tblRisks is empty and the history is too short to know the forecast's errors.")
    shape = problem.families.demand.shape
    drawn = draw(risks, errors, shape[0], shape[1], samples, tables.settings.random_seed if seed is None else seed)
    cases = _cases(risks, errors, shape)
    moves = np.concatenate([cases[0], drawn.moves])
    demand = np.concatenate([cases[1], drawn.demand])
    chunks = [slice(at, at + CHUNK) for at in range(0, len(moves), CHUNK)]
    tasks = [_Task(tables, risks, moves[chunk], demand[chunk]) for chunk in chunks]
    solved = fan_out(_solve, tasks, client=client, processes=processes, progress=_counted(progress, len(moves)))
    whole = _Solved(*(np.concatenate([getattr(one, name) for one in solved]) for name in _Solved.__dataclass_fields__))
    first = len(cases[0])
    some = _Solved(*(getattr(whole, name)[first:] for name in _Solved.__dataclass_fields__))
    matters = _variance(risks, drawn.moves, drawn.demand if errors is not None else None, problem, some.figures[:, 1])
    return RiskAnalysis(
        _totals(tables, whole.figures[0], some.figures),
        _by_family(tables, problem, some),
        _tornado(risks, errors is not None, whole.figures[:first], matters),
        samples,
        some.figures[:, 1],
        some.figures[:, 0],
    )


def _counted(progress: Callable[[int, int], None] | None, count: int) -> Callable[[int, int], None] | None:
    """Progress in samples instead of chunks."""
    if progress is None:
        return None
    return lambda done, total: progress(min(done * CHUNK, count), count)


def _cases(risks: Sequence[Risk], errors: Any, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Moves and demand of the plan itself, of each risk alone at its low and high, of the forecast's error alone."""
    width = sum(len(risk.sizes) for risk in risks)
    moves, demand = [np.zeros(width)], [np.ones(shape)]
    for risk, rows in zip(risks, rows_of(risks), strict=True):
        for share in (LOW, HIGH):
            move = np.zeros(width)
            move[rows] = [float(triangular(size, np.array(share))) for size in risk.sizes]
            moves.append(move)
            demand.append(np.ones(shape))
    if errors is not None:
        for share in (LOW, HIGH):
            moves.append(np.zeros(width))
            demand.append(multiples(errors, np.full(shape, share)))
    return np.array(moves).reshape(len(moves), width), np.array(demand)


FIGURES = (
    ("Service level", "%"), ("Margin", "money"), ("Total cost", "money"), ("Revenue", "money"),
    ("Average stock value", "money"), ("Units short", "units x periods"),
)  # fmt: skip


def _solve(task: _Task) -> _Solved:
    live = LiveBalance(task.tables)
    answers = [
        live.solve(sampled(live.problem, task.risks, moves, demand))
        for moves, demand in zip(task.moves, task.demand, strict=True)
    ]
    per_sample = [_figures_of(answer) for answer in answers]
    return _Solved(*(np.array(parts) for parts in zip(*per_sample, strict=True)))


def _figures_of(answer: Answer) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    problem, plan = answer.problem, answer.quantities
    families, sources = problem.families, problem.sources
    demand = families.demand
    missed = np.minimum(demand, plan.lost + np.minimum(plan.late, np.maximum(demand - plan.lost, 0.0)))
    service = 1.0 - np.divide(missed, demand, out=np.zeros_like(demand), where=demand > 0)
    cost = np.zeros_like(demand)
    np.add.at(cost, sources.family, sources.unit_cost * plan.make)
    cost += families.holding_cost[:, None] * plan.stock + families.backorder_cost[:, None] * plan.late
    cost += families.lost_sale_cost[:, None] * plan.lost
    unserved = plan.late + plan.lost
    largest = np.maximum(demand.max(axis=1, initial=0.0), 1.0)[:, None]
    value = float((plan.stock * families.unit_value[:, None]).sum(axis=0).mean())
    figures = np.array(
        [answer.service_level, answer.margin, answer.total_cost, answer.revenue, value, float(unserved.sum())]
    )
    return figures, plan.stock, service, families.price * plan.ship - cost, unserved > SHORT * largest


def _totals(tables: Tables, plan: Floats, samples: Floats) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for at, (name, unit) in enumerate(FIGURES):
        values = samples[:, at]
        spoken = tables.settings.base_currency if unit == "money" else unit
        rows.append((name, plan[at], *np.quantile(values, (LOW, MIDDLE, HIGH)), values.mean(), spoken))
    target = tables.settings.service_level
    below, unmet = samples[:, 0] < target - 1e-9, samples[:, 5] > SHORT
    nothing = (np.nan,) * 3
    rows.append(("Chance that service is below target", np.nan, *nothing, below.mean(), "%"))
    rows.append(("Chance of any shortage", np.nan, *nothing, unmet.mean(), "%"))
    return pd.DataFrame(rows, columns=list(TOTAL_COLUMNS))


def _by_family(tables: Tables, problem: BalanceProblem, some: _Solved) -> pd.DataFrame:
    order = problem.table_order["families"]
    sampled_figures = (some.stock, some.service, some.contribution)
    percentiles = [np.quantile(values, (LOW, MIDDLE, HIGH), axis=0) for values in sampled_figures]
    chance = some.short.mean(axis=0)
    frame = pd.DataFrame(
        {
            "Family": np.repeat([problem.families.names[at] for at in order], problem.horizon).astype(object),
            "Period": list(problem.periods) * len(order),
        }
    )
    for name, values in zip(("Stock", "Service", "Contribution"), percentiles, strict=True):
        for label, figures in zip(("P10", "P50", "P90"), values, strict=True):
            frame[f"{name} {label}"] = figures[order].ravel()
    frame["Chance of shortage"] = chance[order].ravel()
    return frame[list(FAMILY_COLUMNS)]


def _variance(
    risks: Sequence[Risk], moves: Floats, demand: Floats | None, problem: BalanceProblem, margin: Floats
) -> list[float]:
    """Share of each risk, and of the forecast's error, in what moves the margin: squared rank correlations that add up
    to 1 (Vose 2008, Risk Analysis, ch. 5: tornado by rank correlation)."""
    drivers = [moves[:, rows[0]] for rows in rows_of(risks)]
    if demand is not None:
        worth = problem.families.price * problem.families.demand
        drivers.append((demand * worth).sum(axis=(1, 2)))
    outcome = pd.Series(margin).rank()
    strengths = []
    for driver in drivers:
        ranks = pd.Series(driver).rank()
        moving = ranks.std() > 0 and outcome.std() > 0
        strengths.append(float(np.corrcoef(ranks, outcome)[0, 1]) ** 2 if moving else 0.0)
    whole = sum(strengths)
    return [strength / whole if whole > 0 else 0.0 for strength in strengths]


def _tornado(risks: Sequence[Risk], with_error: bool, cases: Floats, matters: Sequence[float]) -> pd.DataFrame:
    names = [risk.name for risk in risks] + [FORECAST_ERROR] * with_error
    rows = []
    for at, name in enumerate(names):
        low, high = cases[1 + 2 * at], cases[2 + 2 * at]
        risk = risks[at] if at < len(risks) else None
        sizes = [float(triangular(risk.sizes[0], np.array(share))) if risk else np.nan for share in (LOW, HIGH)]
        chance = risk.probability if risk else 1.0
        rows.append((name, chance, *sizes, low[1], high[1], abs(high[1] - low[1]), low[0], high[0], matters[at]))
    frame = pd.DataFrame(rows, columns=list(TORNADO_COLUMNS))
    reach = (frame[["Margin at low", "Margin at high"]] - cases[0][1]).abs().max(axis=1)
    return frame.iloc[np.argsort(-reach.to_numpy(), kind="stable")].reset_index(drop=True)
