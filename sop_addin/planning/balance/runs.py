"""Constraints of sources that run or do not run: set-ups, minimum runs, batches, start-ups."""

from __future__ import annotations

import numpy as np

from .model import EQ, GE, LE, POLICY, BalanceModel, Terms
from .problem import Floats

LOCATION_LIMIT = 40_000  # variables of the facility-location form beyond which it costs more than it saves


def run_switch(model: BalanceModel) -> None:
    """P[j,t] <= most[j,t] x run[j,t]."""
    for source, row in model.run.items():
        most = most_useful(model, source)
        for t, period in enumerate(model.period_labels):
            terms = [(model.make[source][t], 1.0), (row[t], -float(most[t]))]
            model.add(f"run_switch_{model.source_labels[source]}_{period}", terms, LE, 0.0)


def minimum_run(model: BalanceModel) -> None:
    """P[j,t] + below >= Min run x run[j,t]; ``below`` only where a planner fixed the production."""
    sources, families = model.problem.sources, model.problem.families
    for source, row in model.run.items():
        family, label = int(sources.family[source]), model.source_labels[source]
        for t in np.flatnonzero(sources.min_run[source] > 0):
            period = model.period_labels[t]
            terms: Terms = [(model.make[source][t], 1.0), (row[t], -float(sources.min_run[source, t]))]
            if not np.isnan(families.fixed[family, t]):
                below = model.slack(
                    f"below_run_{label}_{period}", model.family_scale[family], POLICY, "min_run",
                    families.unit_value[family], int(t), family=family, source=source,
                )  # fmt: skip
                terms.append((below, 1.0))
            model.add(f"minimum_run_{label}_{period}", terms, GE, 0.0)


def batch_quantity(model: BalanceModel) -> None:
    """P[j,t] = Batch size x batches[j,t] + odd; ``odd`` only where a planner fixed the production."""
    sources, families = model.problem.sources, model.problem.families
    for source, row in model.batches.items():
        family, label = int(sources.family[source]), model.source_labels[source]
        for t, period in enumerate(model.period_labels):
            terms: Terms = [(model.make[source][t], 1.0), (row[t], -float(sources.batch[source]))]
            if not np.isnan(families.fixed[family, t]):
                odd = model.slack(
                    f"odd_{label}_{period}", model.family_scale[family], POLICY, "batch_size",
                    families.unit_value[family], t, family=family, source=source,
                )  # fmt: skip
                terms.append((odd, -1.0))
            model.add(f"batch_quantity_{label}_{period}", terms, EQ, 0.0)


def startup(model: BalanceModel) -> None:
    """startup[j,t] >= run[j,t] - run[j,t-1]; before the horizon a source ran if its family was produced (tblStock)."""
    problem = model.problem
    for source, row in model.startup.items():
        before = float(problem.families.running_before[problem.sources.family[source]])
        run = model.run[source]
        for t, period in enumerate(model.period_labels):
            terms: Terms = [(row[t], 1.0), (run[t], -1.0)]
            if t:
                terms.append((run[t - 1], 1.0))
            right = 0.0 if t else -before
            model.add(f"startup_{model.source_labels[source]}_{period}", terms, GE, right)


def facility_location(model: BalanceModel) -> None:
    """P[j,t] = sum_u part[j,t,u] + rest[j,t], part <= D'[u] x run[j,t], sum_jt part[.,t,u] <= D'[u], rest <= I[T].

    The tight form of set-ups (Krarup & Bilde 1977): each part is made for the demand of one period u. D' is demand
    not covered by opening stock, oldest first. It changes no plan, only how fast the best one is proven.
    """
    problem = model.problem
    sources = problem.sources
    horizon = problem.horizon
    if len(model.run) * horizon * (horizon + 1) // 2 > LOCATION_LIMIT:
        return
    for family, label in enumerate(model.family_labels):
        switched = [source for source in model.sources_of[family] if source in model.run]
        if not switched or len(switched) < len(model.sources_of[family]):
            continue
        need = net_demand(model, family)
        scale = model.family_scale[family]
        late = model.late[family][0].upBound is None
        served: dict[int, Terms] = {u: [] for u in range(horizon)}
        left_over: Terms = []
        for source in switched:
            for t, period in enumerate(model.period_labels):
                arrives = t + int(sources.lead[source])
                name = f"{model.source_labels[source]}_{period}"
                rest = model.variable(f"rest_{name}", scale)
                parts: Terms = []
                for u in range(0 if late else arrives, horizon):
                    if need[u] <= 0 or arrives >= horizon:
                        continue
                    part = model.variable(f"part_{name}_{u}", scale)
                    parts.append((part, 1.0))
                    served[u].append((part, 1.0))
                    terms = [(part, 1.0), (model.run[source][t], -float(need[u]))]
                    model.add(f"location_{name}_{u}", terms, LE, 0.0)
                whole: Terms = [(model.make[source][t], 1.0), (rest, -1.0), *((part, -1.0) for part, _ in parts)]
                model.add(f"location_sum_{name}", whole, EQ, 0.0)
                if arrives < horizon:
                    left_over.append((rest, 1.0))
        for u, terms in served.items():
            if terms:
                model.add(f"location_need_{label}_{u}", terms, LE, float(need[u]))
        model.add(f"location_rest_{label}", [*left_over, (model.stock[family][-1], -1.0)], LE, 0.0)


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
