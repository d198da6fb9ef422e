"""The limits of a solved plan, what one unit more of each is worth, and what is idle and could be sold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..words import NAMED, listed, number
from .marks import Limit, Limits
from .model import CAPACITY, BalanceModel
from .problem import BalanceProblem, Floats
from .result import SNAP, Quantities
from .solve import Solution

LIMIT_COLUMNS = (
    "Limit", "Resource", "Family", "Source", "Period", "Used", "Allowed", "Short", "Marginal value", "Unit",
    "Binding for", "Spare", "Spare for",
)  # fmt: skip
SPARE_COLUMNS = ("Family", "Source", "Period", "Could be sold", "Unit", "Margin per unit", "Limited by")


def limit_values(solution: Solution, limits: Limits) -> Floats:
    """(limits,) money gained for each unit by which one of ``limits`` gives way; 0 where it does not bind.

    Below 0 where that lets more demand be served, and to serve it costs more than it saves.
    """
    values = solution.worth.of_limits(limits) * np.where(limits.least, 1.0, -1.0)
    return np.where(np.abs(values) <= 1e-9 * np.abs(values).max(initial=1.0), 0.0, values)


def limits_frame(model: BalanceModel, solution: Solution, figures: Quantities, short: Floats) -> pd.DataFrame:
    """Columns of tblLimits: every capacity, and the other limits that bind; what is worth most comes first.

    short: (R, T) what is missing of each resource to serve all demand.
    """
    problem = model.problem
    limits = model.limits
    values = limit_values(solution, limits)
    loads = _loads(problem, figures)
    using = [_families_using(problem, resource) for resource in range(len(problem.resources.names))]
    order = {position: place for place, position in enumerate(problem.table_order.get("resources", []))}
    rows: list[tuple[tuple[float, ...], tuple[object, ...]]] = []
    shown = (values != 0) | (np.array(limits.kind, dtype=object) == CAPACITY)
    for position in np.flatnonzero(shown).tolist():
        limit, value = limits.one(position), values[position]
        used, allowed = _used(model, figures, limit)
        name, unit, users, spare_for, spare, missing = "", "", "", "", np.nan, np.nan
        if limit.resource >= 0:
            name = problem.resources.names[limit.resource]
            unit = "heads" if "heads" in limit.kind else problem.resources.units[limit.resource]
            if limit.kind == CAPACITY:
                spare = max(allowed - used, 0.0)
                missing = short[limit.resource, limit.period]
                spare_for = _in_families(problem, using[limit.resource], spare)
            if value != 0 or (missing == missing and missing > 0):
                busy = [family for family, load in loads[limit.resource].items() if load[limit.period] > 0]
                users = listed([problem.families.names[family] for family in busy])
        else:
            unit = problem.families.units[limit.family]
            users = problem.families.names[limit.family]
        family = problem.families.names[limit.family] if limit.family >= 0 else ""
        source = problem.sources.names[limit.source] if limit.source >= 0 else ""
        key = (-round(float(value), 6), float(order.get(limit.resource, len(order))), float(limit.period))
        gap = missing if missing == missing and missing > 0 else np.nan
        cells = (limit.kind, name, family, source, problem.periods[limit.period], used, allowed, gap, float(value),
                 unit, users, spare, spare_for)  # fmt: skip
        rows.append((key, cells))
    rows.sort(key=lambda row: row[0])
    return _typed([cells for _, cells in rows], LIMIT_COLUMNS, ("Used", "Allowed", "Short", "Marginal value", "Spare"))


def _used(model: BalanceModel, figures: Quantities, limit: Limit) -> tuple[float, float]:
    """What the plan uses of a limit, and what the limit allows."""
    problem, t = model.problem, limit.period
    resources, families, r = problem.resources, problem.families, limit.resource
    heads = float(figures.heads[r, t]) if r in model.heads else 1.0
    if limit.kind == CAPACITY:
        each = resources.hours_per_head[r, t] if r in model.heads else resources.capacity[r, t]
        return float(figures.load[r, t]), float(each) * heads
    if limit.kind == "Overtime limit":
        return float(figures.overtime[r, t]), float(resources.overtime_limit[r, t]) * heads
    if limit.kind == "Max heads":
        return heads, float(resources.max_heads[r])
    if limit.kind == "Min heads":
        return heads, float(resources.min_heads[r])
    if limit.kind == "Max per period":
        return float(figures.make[limit.source, t]), float(problem.sources.maximum[limit.source, t])
    stock = float(figures.stock[limit.family, t])
    allowed = {
        "Max stock": families.max_stock[limit.family, t],
        "Min stock": families.min_stock[limit.family, t],
        "Closing stock min": families.closing_stock_min[limit.family],
        "Shelf life": families.shelf_demand[limit.family, t],
    }[limit.kind]
    return stock, float(allowed)


def _loads(problem: BalanceProblem, figures: Quantities) -> list[dict[int, Floats]]:
    """Of each resource: family -> (T,) load."""
    loads: list[dict[int, Floats]] = []
    for r, (of_source, of_family) in enumerate(
        zip(problem.resources.source_use, problem.resources.family_use, strict=True)
    ):
        found: dict[int, Floats] = {}
        for source, unit, per_run in of_source:
            made = figures.make[source]
            family = int(problem.sources.family[source])
            found[family] = found.get(family, np.zeros_like(made)) + unit * made + per_run * (made > 0)
        base = figures.stock if problem.resources.kinds[r] == "Storage" else figures.ship
        for family, unit in of_family:
            found[family] = found.get(family, np.zeros(problem.horizon)) + unit * base[family]
        loads.append(found)
    return loads


def _families_using(problem: BalanceProblem, resource: int) -> list[tuple[int, float]]:
    """(family, its least use per unit) of a resource, by Priority."""
    use: dict[int, float] = {}
    for source, unit, _ in problem.resources.source_use[resource]:
        family = int(problem.sources.family[source])
        if unit > 0:
            use[family] = min(unit, use.get(family, np.inf))
    use |= dict(problem.resources.family_use[resource])
    priority = problem.families.priority.tolist()
    return sorted(use.items(), key=lambda pair: (priority[pair[0]], pair[0]))


def _in_families(problem: BalanceProblem, users: Sequence[tuple[int, float]], spare: float) -> str:
    """``120 pcs Pumps or 80 pcs Valves``: what the spare capacity of one resource makes, each family alone."""
    names, units = problem.families.names, problem.families.units
    users = [(family, use) for family, use in users if spare > 0 and number(spare / use) != "0"]
    if not users:
        return ""
    texts = [f"{number(spare / use)} {units[family]} {names[family]}" for family, use in users[:NAMED]]
    more = f" and {len(users) - NAMED} more families" if len(users) > NAMED else ""
    return " or ".join(texts) + more


def spare_frame(model: BalanceModel, figures: Quantities) -> pd.DataFrame:
    """Columns of tblSpare: what each family alone could make and ship in addition in a period with what is idle.

    Regular capacity only, of the best Make source: its own maximum and every resource that a unit uses. A family that
    no limit concerns has no rows.
    """
    problem = model.problem
    resources, sources, families = problem.resources, problem.sources, problem.families
    staffed = resources.staffed[:, None]
    regular = np.where(staffed, resources.hours_per_head * np.nan_to_num(figures.heads), resources.capacity)
    spare = np.maximum(regular - figures.load, 0.0)
    uses: dict[int, list[tuple[int, float, float]]] = {}
    delivery: dict[int, list[tuple[int, float]]] = {}
    for r, (of_source, of_family) in enumerate(zip(resources.source_use, resources.family_use, strict=True)):
        for source, unit, per_run in of_source:
            uses.setdefault(source, []).append((r, unit, per_run))
        if resources.kinds[r] == "Distribution":
            for family, unit in of_family:
                delivery.setdefault(family, []).append((r, unit))
    rows: list[tuple[object, ...]] = []
    for family in problem.table_order.get("families", []):
        most = np.zeros(problem.horizon)
        best: list[tuple[str, str]] = [("", "")] * problem.horizon
        for source in model.sources_of[family]:
            if not sources.make[source]:
                continue
            names = ["Max per period"]
            parts = [np.maximum(sources.maximum[source] - figures.make[source], 0.0)]
            idle = figures.make[source] <= 0
            for r, unit, per_run in uses.get(source, []):
                if unit > 0:
                    parts.append(np.maximum(spare[r] - per_run * idle, 0.0) / unit)
                    names.append(resources.names[r])
            for r, unit in delivery.get(family, []):
                parts.append(_at_arrival(spare[r], int(sources.lead[source])) / unit)
                names.append(resources.names[r])
            units, tightest = np.min(parts, axis=0), np.argmin(parts, axis=0)
            better = np.isfinite(units) & (units > most)
            for t in np.flatnonzero(better):
                best[t] = (sources.names[source], names[tightest[t]])
            most = np.where(better, units, most)
        least = SNAP * model.family_scale[family]
        for t in np.flatnonzero(most > least):
            source = next(s for s in model.sources_of[family] if sources.names[s] == best[t][0])
            margin = float(families.price[family, t] - sources.unit_cost[source, t])
            rows.append(
                (families.names[family], best[t][0], problem.periods[t], float(most[t]), families.units[family],
                 margin, best[t][1])
            )  # fmt: skip
    return _typed(rows, SPARE_COLUMNS, ("Could be sold", "Margin per unit"))


def _at_arrival(spare: Floats, lead: int) -> Floats:
    """Spare delivery capacity when what is made now arrives; beyond the horizon there is no limit."""
    if lead == 0:
        return spare
    return np.concatenate([spare[lead:], np.full(min(lead, len(spare)), np.inf)])


def _typed(rows: Sequence[tuple[object, ...]], columns: Sequence[str], figures: Sequence[str]) -> pd.DataFrame:
    cells = zip(*rows, strict=True) if rows else [()] * len(columns)
    kinds = dict.fromkeys(figures, "float64") | {"Period": "datetime64[ns]"}
    return pd.DataFrame(
        {name: np.array(part, dtype=kinds.get(name, "object")) for name, part in zip(columns, cells, strict=True)}
    )
