"""Families that share no resource, directly or by chains, are problems of their own: solved apart, then put together.

The plan is the same as in one piece: no row of the model and no level of its objective joins two of them. A search for
whole numbers gains most; of a large LP, too, the parts take less time than the whole.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from ...model.errors import Stopped
from ...model.findings import Findings
from ...model.plan import BalancePlan
from .engine import LOOK_EVERY, Look
from .linear_model import COST_TERMS
from .model import BalanceModel, needs_runs
from .problem import BalanceProblem, Bools, Ints, Uses

LEAST_CELLS = 700  # sources x periods of a part without whole numbers: with less a part costs more than it saves
AT_ONCE_FROM = 20_000  # rows of the whole from which on parts are solved at the same time
Data = TypeVar("Data")
Solve = Callable[[BalanceModel, float, Look | None], BalancePlan]
"""(model, seconds, look) -> plan."""


def families_apart(problem: BalanceProblem) -> list[Ints]:
    """Positions of the families of each part, ascending; one part where nothing is gained by more.

    By size alone, so that a plan never hangs on the machine: clusters with whole numbers each alone, others gathered
    until they are worth a part.
    """
    cells = np.bincount(problem.sources.family, minlength=len(problem.families.names)) * problem.horizon
    searched = _searched(problem)
    alone: list[list[int]] = []
    large: list[list[int]] = []
    small: list[int] = []
    for cluster in _clusters(problem):
        if searched[cluster].any():
            alone.append(cluster)
            continue
        small += cluster
        if cells[small].sum() >= LEAST_CELLS:
            large.append(small)
            small = []
    if small:
        large = [*large[:-1], large[-1] + small] if large else [small]
    return [np.array(sorted(part), dtype=np.intp) for part in sorted([*alone, *large], key=min)]


def _clusters(problem: BalanceProblem) -> list[list[int]]:
    """Families joined by resources, directly or by chains, in the order of their first."""
    chief = list(range(len(problem.families.names)))

    def find(family: int) -> int:
        while chief[family] != family:
            chief[family] = family = chief[chief[family]]
        return family

    for resource in range(len(problem.resources.names)):
        users = sorted({find(family) for family in problem.users(resource).tolist()})
        for other in users[1:]:
            chief[other] = users[0]
    groups: dict[int, list[int]] = {}
    for family in range(len(chief)):
        groups.setdefault(find(family), []).append(family)
    return list(groups.values())


def _searched(problem: BalanceProblem) -> Bools:
    """(F,) whether whole numbers are searched for a family."""
    found = np.zeros(len(problem.families.names), dtype=np.bool_)
    found[problem.sources.family[needs_runs(problem) | (problem.sources.batch > 0)]] = True
    if problem.settings.whole_heads:
        for resource in np.flatnonzero(problem.resources.staffed):
            found[problem.users(int(resource))] = True
    return found


def problems_of(problem: BalanceProblem, parts: Sequence[Ints]) -> list[BalanceProblem]:
    """The problem of each part; resources that nobody uses go with the first."""
    return [part_of(problem, part, idle=number == 0) for number, part in enumerate(parts)]


def part_of(problem: BalanceProblem, chosen: Ints, *, idle: bool) -> BalanceProblem:
    """The problem of some families alone. ``idle``: with the resources that no family uses; they cost heads."""
    resources = problem.resources
    is_chosen = np.zeros(len(problem.families.names), dtype=np.bool_)
    is_chosen[chosen] = True
    sources = np.flatnonzero(is_chosen[problem.sources.family])
    users = [problem.users(resource) for resource in range(len(resources.names))]
    kept = np.array([r for r, own in enumerate(users) if (is_chosen[own].any() if len(own) else idle)], dtype=np.intp)
    of_resources = _rows(resources, kept)
    return replace(
        problem,
        families=_rows(problem.families, chosen),
        sources=replace(
            _rows(problem.sources, sources), family=np.searchsorted(chosen, problem.sources.family[sources])
        ),
        resources=replace(
            of_resources,
            source_use=[_moved(use, sources) for use in of_resources.source_use],
            family_use=[_moved(use, chosen) for use in of_resources.family_use],
        ),
        table_order={
            name: [int(np.searchsorted(own, position)) for position in problem.table_order[name] if position in set_of]
            for name, own, set_of in (
                (name, own, set(own.tolist()))
                for name, own in (("families", chosen), ("sources", sources), ("resources", kept))
            )
        },
        findings=Findings(),
    )


def _moved(use: Uses, kept: Ints) -> Uses:
    """The use with its users' positions among ``kept``."""
    return use._replace(user=np.searchsorted(kept, use.user))


def _rows(data: Data, kept: Ints) -> Data:
    """Families, sources or resources of ``data`` (a dataclass of lists and arrays) at some positions."""
    changes: dict[str, Any] = {}
    for column in fields(data):  # type: ignore[arg-type]
        value = getattr(data, column.name)
        changes[column.name] = [value[i] for i in kept] if isinstance(value, list) else value[kept]
    return replace(data, **changes)  # type: ignore[type-var]


# --- solving ----------------------------------------------------------------------------------------------------------


def solve_apart(
    problem: BalanceProblem, models: Sequence[BalanceModel], seconds: float, look: Look | None, solve: Solve
) -> BalancePlan:
    """The plan of ``problem``, each part solved alone; large ones at the same time where there are cores.

    seconds: limits the search for whole numbers over all parts, shared by size. What ``look`` raises ends them all.
    """
    sizes = [model.row_count + 1 for model in models]
    workers = min(len(models), os.cpu_count() or 1) if sum(sizes) >= AT_ONCE_FROM else 1
    begin = time.perf_counter()
    to_do = sum(sizes)

    def solved(number: int, own_look: Look | None) -> BalancePlan:
        nonlocal to_do
        left = max(begin + seconds - time.perf_counter(), 1.0)
        share = min(left, left * sizes[number] * workers / to_do)
        to_do -= sizes[number]
        return solve(models[number], share, own_look)

    if workers == 1:
        return joined(problem, [solved(number, look) for number in range(len(models))])
    return joined(problem, _at_once(solved, len(models), workers, look))


def _at_once(
    solved: Callable[[int, Look | None], BalancePlan], count: int, workers: int, look: Look | None
) -> list[BalancePlan]:
    """Threads: the solver lets go of Python while it works. ``look`` is called here only, as Excel asks for."""
    stop = threading.Event()

    def stopped() -> None:
        if stop.is_set():
            raise Stopped("Stopped; nothing was changed.")

    with ThreadPoolExecutor(workers) as pool:
        tasks = [pool.submit(solved, number, stopped) for number in range(count)]
        try:
            if look is not None:
                look()  # also where all are done at once
                while wait(tasks, LOOK_EVERY).not_done:
                    look()
            return [task.result() for task in tasks]
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


# --- putting together -------------------------------------------------------------------------------------------------


def joined(problem: BalanceProblem, plans: Sequence[BalancePlan]) -> BalancePlan:
    """The plans of the parts as one, rows in the order of the planner's tables."""
    order = problem.table_order
    names = {
        "Family": [problem.families.names[i] for i in order["families"]],
        "Resource": [problem.resources.names[i] for i in order["resources"]],
    }
    sources = [(problem.families.names[problem.sources.family[i]], problem.sources.names[i]) for i in order["sources"]]
    row_of_source = {key: row for row, key in enumerate(sources)}
    families = _in_order(plans, "families", Family=names["Family"])
    of_sources = _stacked(plans, "sources")
    rows = [row_of_source[key] for key in zip(of_sources["Family"], of_sources["Source"], strict=True)]
    costs = _in_order(
        plans, "costs", Term=COST_TERMS, Family=["", *problem.families.names], Resource=["", *problem.resources.names]
    )
    demand = [float(plan.families["Demand"].sum()) for plan in plans]
    missed = sum((1.0 - plan.service_level) * amount for plan, amount in zip(plans, demand, strict=True))
    objective, bound = sum(plan.objective for plan in plans), sum(plan.bound for plan in plans)
    searched = any(plan.gap for plan in plans)
    total_cost, revenue = (sum(getattr(plan, name) for plan in plans) for name in ("total_cost", "revenue"))
    return BalancePlan(
        status=max((plan.status for plan in plans), key=STATUS.index),
        objective=objective,
        total_cost=total_cost,
        revenue=revenue,
        margin=revenue - total_cost,
        service_level=1.0 - missed / sum(demand) if sum(demand) > 0 else 1.0,
        solve_seconds=sum(plan.solve_seconds for plan in plans),
        gap=abs(objective - bound) / max(abs(objective), 1e-9) if searched else 0.0,
        bound=bound if searched else objective,
        solver=plans[0].solver,
        families=families,
        sources=of_sources.iloc[np.argsort(rows, kind="stable")].reset_index(drop=True),
        resources=_in_order(plans, "resources", Resource=names["Resource"]),
        costs=costs,
        findings=(problem.findings + _findings(plans)).worst_first(),
        limits=_limits_in_order(plans, names["Resource"]),
        spare=_in_order(plans, "spare", Family=names["Family"]),
    )


STATUS = ("Optimal", "Optimal with broken limits", "Feasible")
"""The best first: a plan is as good as its worst part."""
PLACE = {
    "solver_fallback": 0, "family_has_source": 1, "demand_served": 1, "capacity": 2, "left_unsold": 4,
    "capacity_binds": 5,
}  # fmt: skip
"""Of findings by rule, as ``explain`` has them; the others are broken rules."""


def _stacked(plans: Sequence[BalancePlan], name: str) -> pd.DataFrame:
    """The frames ``name`` of all plans; one without rows must not change the types of columns."""
    frames: list[pd.DataFrame] = [getattr(plan, name) for plan in plans]
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _in_order(plans: Sequence[BalancePlan], name: str, **orders: Sequence[str]) -> pd.DataFrame:
    """The frames ``name`` of all plans as one, sorted by columns in the given orders, then by period."""
    whole = _stacked(plans, name)
    keys = [pd.Index(order).get_indexer(pd.Index(whole[column])) for column, order in orders.items()]
    return whole.iloc[np.lexsort((whole["Period"].to_numpy(dtype="datetime64[ns]"), *reversed(keys)))].reset_index(
        drop=True
    )


def _limits_in_order(plans: Sequence[BalancePlan], resources: Sequence[str]) -> pd.DataFrame:
    """As in ``limits.limits_frame``."""
    whole = _stacked(plans, "limits")
    row = pd.Index(resources).get_indexer(pd.Index(whole["Resource"]))
    row = np.where(row < 0, len(resources), row)
    value = -np.round(whole["Marginal value"].to_numpy(dtype=np.float64), 6)
    order = np.lexsort((whole["Period"].to_numpy(dtype="datetime64[ns]"), row, value))
    return whole.iloc[order].reset_index(drop=True)


def _findings(plans: Sequence[BalancePlan]) -> Findings:
    """Of all parts, each once, kind by kind."""
    every = dict.fromkeys(finding for plan in plans for finding in plan.findings)
    return Findings.of(sorted(every, key=lambda finding: PLACE.get(finding.rule, 3)))
