"""Constraints of sources that run or do not run: set-ups, minimum runs, batches, start-ups."""

from __future__ import annotations

import numpy as np

from .model import EQ, GE, LE, POLICY, BalanceModel
from .problem import Floats, Ints

LOCATION_LIMIT = 40_000  # variables of the facility-location form beyond which it costs more than it saves


def run_switch(model: BalanceModel) -> None:
    """P[j,t] <= most[j,t] x run[j,t]."""
    for source, run in model.run.items():
        rows = model.rows("run_switch", model.source_labels, _cells(source, model), LE, 0.0)
        model.put(rows, model.make[source], 1.0)
        model.put(rows, run, -most_useful(model, source))


def minimum_run(model: BalanceModel) -> None:
    """P[j,t] + below >= Min run x run[j,t]; ``below`` only where a planner fixed the production."""
    sources = model.problem.sources
    for source, run in model.run.items():
        periods = np.flatnonzero(sources.min_run[source] > 0)
        rows = model.rows("minimum_run", model.source_labels, _cells(source, model, periods), GE, 0.0)
        model.put(rows, model.make[source, periods], 1.0)
        model.put(rows, run[periods], -sources.min_run[source, periods])
        _give_way(model, source, rows, periods, "below_run", "min_run", 1.0)


def batch_quantity(model: BalanceModel) -> None:
    """P[j,t] = Batch size x batches[j,t] + odd; ``odd`` only where a planner fixed the production."""
    for source, batches in model.batches.items():
        periods = np.arange(model.problem.horizon)
        rows = model.rows("batch_quantity", model.source_labels, _cells(source, model), EQ, 0.0)
        model.put(rows, model.make[source], 1.0)
        model.put(rows, batches, -model.problem.sources.batch[source])
        _give_way(model, source, rows, periods, "odd", "batch_size", -1.0)


def _cells(source: int, model: BalanceModel, periods: Ints | None = None) -> tuple[Ints, Ints]:
    """The cells of one source, in all periods or in some."""
    when = np.arange(model.problem.horizon) if periods is None else periods
    return np.full_like(when, source), when


def _give_way(model: BalanceModel, source: int, rows: Ints, periods: Ints, kind: str, rule: str, factor: float) -> None:
    """A slack in each row of a period whose production a planner fixed."""
    families, family = model.problem.families, int(model.problem.sources.family[source])
    fixed = ~np.isnan(families.fixed[family, periods])
    slack = model.slack(
        kind, model.source_labels, _cells(source, model, periods[fixed]), model.family_scale[family], POLICY, rule,
        families.unit_value[family], family=family, source=source,
    )  # fmt: skip
    model.put(rows[fixed], slack, factor)


def startup(model: BalanceModel) -> None:
    """startup[j,t] >= run[j,t] - run[j,t-1]; before the horizon a source ran if its family was produced (tblStock)."""
    problem = model.problem
    for source, start in model.startup.items():
        right = np.zeros(problem.horizon)
        right[:1] = -float(problem.families.running_before[problem.sources.family[source]])
        run = model.run[source]
        rows = model.rows("startup", model.source_labels, _cells(source, model), GE, right)
        model.put(rows, start, 1.0)
        model.put(rows, run, -1.0)
        model.put(rows[1:], run[:-1], 1.0)


def facility_location(model: BalanceModel) -> None:
    """P[j,t] = sum_u part[j,t,u] + rest[j,t], part <= D'[u] x run[j,t], sum_jt part[.,t,u] <= D'[u], rest <= I[T].

    The tight form of set-ups (Krarup & Bilde 1977): each part is made for the demand of one period u. D' is demand
    not covered by opening stock, oldest first. It changes no plan, only how fast the best one is proven.
    """
    sources, horizon = model.problem.sources, model.problem.horizon
    if not model.run or len(model.run) * horizon * (horizon + 1) // 2 > LOCATION_LIMIT:
        return
    for family, label in enumerate(model.family_labels):
        own = model.sources_of[family]
        if not own or not all(source in model.run for source in own):
            continue
        need = net_demand(model, family)
        scale = float(model.family_scale[family])
        first_late = horizon and np.isinf(model.late_limit[family, 0])
        served: dict[int, list[int]] = {}
        left_over: list[int] = []
        for source in own:
            for t, period in enumerate(model.period_labels):
                arrives = t + int(sources.lead[source])
                name = f"{model.source_labels[source]}_{period}"
                rest = model.named_columns([f"rest_{name}"], scale)
                later = np.arange(0 if first_late else arrives, horizon) if arrives < horizon else np.arange(0)
                later = later[need[later] > 0]
                part = model.named_columns([f"part_{name}_{u}" for u in later], scale)
                for u, column in zip(later.tolist(), part.tolist(), strict=True):
                    served.setdefault(u, []).append(column)
                limits = model.named_rows([f"location_{name}_{u}" for u in later], LE, 0.0)
                model.put(limits, part, 1.0)
                model.put(limits, model.run[source][t], -need[later])
                whole = model.named_rows([f"location_sum_{name}"], EQ, 0.0)
                model.put(whole, model.make[source, t], 1.0)
                model.put(whole, np.concatenate([rest, part]), -1.0)
                if arrives < horizon:
                    left_over += rest.tolist()
        for u, parts in sorted(served.items()):
            model.put(model.named_rows([f"location_need_{label}_{u}"], LE, need[u]), parts, 1.0)
        last = model.named_rows([f"location_rest_{label}"], LE, 0.0)
        model.put(last, np.array(left_over, dtype=np.intp), 1.0)
        model.put(last, model.stock[family, -1], -1.0)


def net_demand(model: BalanceModel, family: int) -> Floats:
    """(T,) demand and opening backorders less opening stock and the receipts so far, oldest demand first."""
    families = model.problem.families
    need: Floats = families.demand[family].copy()
    need[:1] += families.opening_backorders[family]
    at_hand = float(families.opening_stock[family])
    for t in range(len(need)):
        at_hand += float(families.receipts[family, t])
        covered = min(at_hand, float(need[t]))
        need[t] -= covered
        at_hand -= covered
    return need


def most_useful(model: BalanceModel, source: int) -> Floats:
    """(T,) an upper bound of production that no sensible plan exceeds: all coming demand and every stock rule."""
    families, sources = model.problem.families, model.problem.sources
    family = int(sources.family[source])
    remaining = float(families.demand[family].sum() + families.opening_backorders[family])
    wanted = np.nan_to_num(families.target_stock[family]).max(initial=0.0)
    stock_rule = max(wanted, families.min_stock[family].max(initial=0.0), families.closing_stock_min[family])
    bound = remaining + float(stock_rule) + float(sources.min_run[source].max(initial=0.0))
    bound += float(sources.batch[source])
    limit = np.minimum(np.full(model.problem.horizon, max(bound, 1.0)), sources.maximum[source])
    fixed = families.fixed[family]
    most: Floats = np.where(np.isnan(fixed), limit, np.maximum(np.nan_to_num(fixed), 1.0))
    return most
