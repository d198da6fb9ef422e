"""The limits of a solved plan, what one unit more of each is worth, and what is idle and could be sold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..words import NAMED, listed, number
from .marks import Limits
from .model import CAPACITY, BalanceModel
from .problem import DISTRIBUTION, STORAGE, BalanceProblem, Bools, Floats, Ints
from .result import SNAP, Quantities
from .solve import Solution

SPARE_COLUMNS = ("Family", "Source", "Period", "Could be sold", "Unit", "Margin per unit", "Limited by")
LEAST_UNITS = 1e-6  # less is nothing
OWN_LIMIT = -1  # a source's Max per period, in place of a resource


def limit_values(solution: Solution, limits: Limits) -> Floats:
    """(limits,) money gained for each unit by which one of ``limits`` gives way; 0 where it does not bind.

    Below 0 where that lets more demand be served, and to serve it costs more than it saves.
    """
    values = solution.worth.of_limits(limits) * np.where(limits.least, 1.0, -1.0)
    return np.where(np.abs(values) <= 1e-9 * np.abs(values).max(initial=1.0), 0.0, values)


def limits_frame(model: BalanceModel, solution: Solution, figures: Quantities, short: Floats) -> pd.DataFrame:
    """Columns of tblLimits: what limits the plan, what is worth most first, then capacities with something to spare.

    short: (R, T) what is missing of each resource to serve all demand. A capacity that is just used up and worth
    nothing is left out.
    """
    problem, limits = model.problem, model.limits
    families, resources = problem.families, problem.resources
    values = limit_values(solution, limits)
    kind = np.array(limits.kind, dtype=object)
    r, t = limits.resource, limits.period
    used, allowed = _used(model, figures, kind)
    of_capacity, of_resource = kind == CAPACITY, r >= 0
    nothing = np.full(len(limits), np.nan)
    spare, missing = nothing.copy(), nothing.copy()
    spare[of_capacity] = np.maximum(allowed - used, 0.0)[of_capacity]
    spare[spare <= SNAP * np.maximum(allowed, 1e-12)] = np.nan
    missing[of_capacity] = short[r[of_capacity], t[of_capacity]]
    missing[~(missing > 0)] = np.nan
    shown = np.flatnonzero((values != 0) | ~np.isnan(spare) | ~np.isnan(missing))
    row_of = np.full(len(resources.names) + 1, len(resources.names))
    row_of[problem.table_order.get("resources", [])] = np.arange(len(resources.names))
    order = shown[np.lexsort((t[shown], row_of[r[shown]], -np.round(values[shown], 6)))]
    units = np.array([*resources.units, "heads"], dtype=object)[np.where(_of_heads(kind), -1, r)]
    users = np.array([*families.names, ""], dtype=object)[limits.family]
    busy = _busy(problem, figures)
    using = [_families_using(problem, resource) for resource in range(len(resources.names))]
    spare_for = np.full(len(limits), "", dtype=object)
    for row in order[of_resource[order]].tolist():
        resource = int(r[row])
        if values[row] or missing[row] > 0:
            users[row] = listed([families.names[f] for f in np.flatnonzero(busy[resource][:, t[row]])])
        if spare[row] > 0:
            spare_for[row] = _in_families(problem, *using[resource], float(spare[row]))
    columns = {
        "Limit": kind,
        "Resource": _named(resources.names, r),
        "Family": _named(families.names, limits.family),
        "Source": _named(problem.sources.names, limits.source),
        "Period": np.array(problem.periods, dtype="datetime64[ns]")[t],
        "Used": used,
        "Allowed": allowed,
        "Short": missing,
        "Marginal value": values,
        "Unit": np.where(of_resource, units, _named(families.units, limits.family)),
        "Binding for": users,
        "Spare": spare,
        "Spare for": spare_for,
    }
    return pd.DataFrame({name: cells[order] for name, cells in columns.items()})


def _named(names: Sequence[str], position: Ints) -> NDArray[np.object_]:
    """The names at the positions, '' for -1."""
    return np.array([*names, ""], dtype=object)[position]


def _of_heads(kind: NDArray[np.object_]) -> Bools:
    """(limits,) whether the limit is counted in heads."""
    return np.asarray((kind == "Max heads") | (kind == "Min heads"), dtype=np.bool_)


def _used(model: BalanceModel, figures: Quantities, kind: NDArray[np.object_]) -> tuple[Floats, Floats]:
    """(limits,) what the plan uses of each limit, and what the limit allows."""
    problem, limits = model.problem, model.limits
    resources, families = problem.resources, problem.families
    staffed = resources.staffed[:, None]
    heads = np.where(staffed, np.nan_to_num(figures.heads), 1.0)
    each = np.where(staffed, resources.hours_per_head, resources.capacity)
    stock = figures.stock
    grids = {
        CAPACITY: (limits.resource, figures.load, each * heads),
        "Overtime limit": (limits.resource, figures.overtime, resources.overtime_limit * heads),
        "Max heads": (limits.resource, heads, resources.max_heads[:, None]),
        "Min heads": (limits.resource, heads, resources.min_heads[:, None]),
        "Max per period": (limits.source, figures.make, problem.sources.maximum),
        "Max stock": (limits.family, stock, families.max_stock),
        "Min stock": (limits.family, stock, families.min_stock),
        "Closing stock min": (limits.family, stock, families.closing_stock_min[:, None]),
        "Shelf life": (limits.family, stock, families.shelf_demand),
    }
    used, allowed = np.zeros((2, len(limits)))
    for name, (owner, use, limit) in grids.items():
        chosen = np.flatnonzero(kind == name)
        place = owner[chosen], limits.period[chosen]
        used[chosen], allowed[chosen] = use[place], np.broadcast_to(limit, use.shape)[place]
    return used, allowed


def _busy(problem: BalanceProblem, figures: Quantities) -> list[Bools]:
    """Of each resource: (F, T) whether a family loads it."""
    resources, owner = problem.resources, problem.sources.family
    found: list[Bools] = []
    for r, (of_source, of_family) in enumerate(zip(resources.source_use, resources.family_use, strict=True)):
        busy = np.zeros(figures.stock.shape, dtype=np.bool_)
        np.logical_or.at(busy, owner[of_source.user], figures.make[of_source.user] > 0)
        base = figures.stock if resources.kinds[r] == STORAGE else figures.ship
        busy[of_family.user] |= base[of_family.user] > 0
        found.append(busy)
    return found


def _families_using(problem: BalanceProblem, resource: int) -> tuple[Ints, Floats]:
    """Families that use a resource, by Priority, and the least that a unit of each uses."""
    use: dict[int, float] = {}
    for source, unit, _ in problem.resources.source_use[resource].rows():
        family = int(problem.sources.family[source])
        if unit > 0:
            use[family] = min(unit, use.get(family, np.inf))
    use |= {family: unit for family, unit, _ in problem.resources.family_use[resource].rows()}
    priority = problem.families.priority
    users = sorted(use, key=lambda family: (priority[family], family))
    return np.array(users, dtype=np.intp), np.array([use[family] for family in users], dtype=np.float64)


def _in_families(problem: BalanceProblem, users: Ints, use: Floats, spare: float) -> str:
    """``120 pcs Pumps or 80 pcs Valves``: what the spare capacity of one resource makes, each family alone."""
    amounts = spare / use
    some = np.flatnonzero(amounts >= LEAST_UNITS)
    names, units = problem.families.names, problem.families.units
    texts = [f"{number(float(amounts[i]))} {units[users[i]]} {names[users[i]]}" for i in some[:NAMED].tolist()]
    more = f" and {len(some) - NAMED} more families" if len(some) > NAMED else ""
    return " or ".join(texts) + more


def spare_frame(model: BalanceModel, figures: Quantities) -> pd.DataFrame:
    """Columns of tblSpare: what each family alone could make and ship in addition in a period with what is idle.

    Regular capacity only, of the best Make source: its own maximum and every resource that a unit uses. A family that
    no limit concerns has no rows.
    """
    problem = model.problem
    resources, sources, families = problem.resources, problem.sources, problem.families
    uses = _uses_of_made(problem)
    if not uses:
        return pd.DataFrame({name: np.zeros(0, dtype=object) for name in SPARE_COLUMNS})
    source, resource, unit, per_run, wait = (np.array(part) for part in zip(*sorted(uses), strict=True))
    staffed = resources.staffed[:, None]
    regular = np.where(staffed, resources.hours_per_head * np.nan_to_num(figures.heads), resources.capacity)
    beyond = np.full((len(regular) + 1, int(wait.max())), np.inf)
    spare = np.concatenate([np.vstack([regular - figures.load, np.zeros(problem.horizon)]), beyond], axis=1)
    amount = spare[resource[:, None], wait[:, None] + np.arange(problem.horizon)]
    amount -= per_run[:, None] * (figures.make[source] <= 0)
    own = resource == OWN_LIMIT
    amount[own] = (sources.maximum - figures.make)[source[own]]
    amount = np.maximum(amount, 0.0) / unit[:, None]
    made, starts = np.unique(source, return_index=True)
    units, tightest = _least(amount, starts)
    families_start = np.unique(sources.family[made], return_index=True)[1]
    less, best = _least(-np.where(np.isfinite(units), units, 0.0), families_start)
    most = -less
    of_family = sources.family[made][best]
    row_of = np.argsort(problem.table_order["families"])[of_family]
    place = np.nonzero(most > SNAP * model.family_scale[of_family])
    place = tuple(part[np.lexsort((place[1], row_of[place]))] for part in place)
    f, s, t = of_family[place], made[best[place]], place[1]
    limit = resource[tightest[best[place], t]]
    return pd.DataFrame(
        {
            "Family": _named(families.names, f),
            "Source": _named(sources.names, s),
            "Period": np.array(problem.periods, dtype="datetime64[ns]")[t],
            "Could be sold": most[place],
            "Unit": _named(families.units, f),
            "Margin per unit": families.price[f, t] - sources.unit_cost[s, t],
            "Limited by": np.where(limit == OWN_LIMIT, "Max per period", _named(resources.names, limit)),
        }
    )


def _uses_of_made(problem: BalanceProblem) -> list[tuple[int, int, float, float, int]]:
    """(source, resource or OWN_LIMIT, use per unit, use per run, periods until it is used) of all Make sources."""
    resources, sources = problem.resources, problem.sources
    made = np.flatnonzero(sources.make).tolist()
    uses = [(source, OWN_LIMIT, 1.0, 0.0, 0) for source in made]
    for r, (of_source, of_family) in enumerate(zip(resources.source_use, resources.family_use, strict=True)):
        uses += [
            (source, r, unit, per_run, 0)
            for source, unit, per_run in of_source.rows()
            if unit > 0 and sources.make[source]
        ]
        if resources.kinds[r] == DISTRIBUTION:
            per_unit = {family: unit for family, unit, _ in of_family.rows()}
            uses += [
                (source, r, per_unit[family], 0.0, min(int(sources.lead[source]), problem.horizon))
                for source in made
                if (family := int(sources.family[source])) in per_unit
            ]
    return uses


def _least(values: Floats, starts: Ints) -> tuple[Floats, Ints]:
    """(groups, T) the least of each group of rows, and the first row that has it."""
    least = np.minimum.reduceat(values, starts)
    size = np.diff(np.r_[starts, len(values)])
    rows = np.where(values == np.repeat(least, size, axis=0), np.arange(len(values))[:, None], len(values))
    return least, np.minimum.reduceat(rows, starts)
