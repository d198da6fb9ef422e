"""The balance as a linear model: its variables, and what of it may be broken.

The constraints are in constraints.py, one function each. The model is in natural units (family units, hours, money);
engine.py scales it.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from .linear_model import EQ, GE, LE, Cells, LinearModel, every_cell
from .problem import BalanceProblem, Bools, Floats, Ints

__all__ = ["CAPACITY", "CLOSING", "DEMAND", "EQ", "GE", "LE", "PHYSICAL", "POLICY", "BalanceModel"]

CAPACITY = "Capacity"  # the kind of limit that all resources have
# levels of slack, the gravest last
CLOSING = 0  # orders still late at the end where that is allowed: no broken limit, yet never to save money
POLICY = 1  # rules of stock and of the production rate: given up before a sale is
DEMAND = 2  # demand that is never served
PHYSICAL = 3  # beyond what exists: only where a planner's own figures force it


class BalanceModel(LinearModel):
    """Variables of a problem as grids of column numbers: (F, T), (J, T) of sources, (R, T) of resources."""

    def __init__(self, problem: BalanceProblem) -> None:
        super().__init__([problem.label(step).replace("-", "_") for step in range(problem.horizon)])
        self.problem = problem
        families = problem.families.names
        sources = zip(problem.sources.family.tolist(), problem.sources.names, strict=True)
        self.family_labels = _labels(tuple(families))
        self.resource_labels = _labels(tuple(problem.resources.names))
        self.source_labels = _labels(tuple(f"{families[family]}_{name}" for family, name in sources))
        self.labels = (self.family_labels, self.resource_labels, self.source_labels, self.period_labels)
        """What the names of columns are made of."""
        self.family_scale = _family_scales(problem)
        self.resource_scale = _resource_scales(problem, self.family_scale)
        self.resource_value = _resource_values(problem)
        self.runs = needs_runs(problem)
        self.rise = self.fall = np.zeros(0, dtype=np.intp)
        """Changes of a family's production from the period before, where they cost something: rise less fall."""
        self.labour_rows: dict[int, Ints] = {}
        """Of each staffed resource: its capacity rows, one a period."""
        self.sources_of = [problem.sources.of_family(family) for family in range(len(self.family_labels))]
        self._add_variables()

    def put_made(self, rows: Ints, family: Ints, period: Ints, factor: float = 1.0) -> None:
        """Add to each row the production of all sources of its family, made or ordered in its period."""
        row_of = np.full((len(self.family_labels), self.problem.horizon), -1)
        row_of[family, period] = rows
        row = row_of[self.problem.sources.family]
        used = row >= 0
        self.put(row[used], self.make[used], factor)

    @property
    def changes(self) -> Cells:
        """(family, period) in which the production of a family may change: it has a source and a period before."""
        sourced = np.isin(np.arange(len(self.family_labels)), self.problem.sources.family)
        return np.nonzero(sourced[:, None] & (np.arange(self.problem.horizon) > 0))

    @property
    def integers(self) -> Ints:
        """Columns that must be whole numbers."""
        return np.flatnonzero(self.integer)

    # --- variables ----------------------------------------------------------------------------------------------------

    def _add_variables(self) -> None:
        problem = self.problem
        families, sources, resources = problem.families, problem.sources, problem.resources
        labels, scale = self.family_labels, self.family_scale
        is_fixed = ~np.isnan(families.fixed)
        # where a planner fixed the production, the source's limit gives way; elsewhere it is a plain bound
        self.make_limit = np.where(is_fixed[sources.family], np.inf, sources.maximum)
        self.make = self.grid("make", self.source_labels, scale[sources.family], upper=self.make_limit)
        self.ship = self.grid("ship", labels, scale)
        self.stock = self.grid("stock", labels, scale)
        self.late_limit = self._late_limit()
        self.late = self.grid("late", labels, scale, upper=self.late_limit)
        self.lost = self.grid("lost", labels, scale)
        if not problem.settings.maximise_margin:
            family, period = every_cell(*self.lost.shape)
            weight = np.maximum(families.lost_sale_cost, families.unit_value)[family]
            self.count_slack(self.lost.reshape(-1), period, DEMAND, "demand_served", weight, family=family)
            self._keep_closing_backorders_low()
        staffed = resources.staffed[:, None]
        self.regular = self.grid(
            "regular", self.resource_labels, self.resource_scale, upper=np.where(staffed, np.inf, resources.capacity)
        )
        self.overtime = self.grid(
            "overtime", self.resource_labels, self.resource_scale,
            upper=np.where(staffed, np.inf, resources.overtime_limit),
        )  # fmt: skip
        self._add_heads()
        self._add_runs()
        self._mark_limits()

    def _keep_closing_backorders_low(self) -> None:
        """All demand is served, late if allowed: an order stays open at the end only where it cannot be served before.

        Without this the cheapest plan would stop producing some periods before the horizon.
        """
        last = self.problem.horizon - 1
        if last < 0:
            return
        family = np.flatnonzero(np.isinf(self.late_limit[:, last]))
        value = self.problem.families.unit_value[family]
        self.count_slack(self.late[family, last], last, CLOSING, "closing_backorders", value, family=family)

    def _late_limit(self) -> Floats:
        """(F, T) upper bounds of backorders: inf where they are allowed, 0 at the end of the horizon unless allowed."""
        settings, families = self.problem.settings, self.problem.families
        allowed = families.to_order | (not settings.lost_sales)
        limits = np.repeat(np.where(allowed, np.inf, 0.0)[:, None], self.problem.horizon, axis=1)
        if not settings.closing_backorders_allowed:
            limits[:, -1:] = 0.0
        return limits

    def _add_heads(self) -> None:
        resources = self.problem.resources
        staffed = np.flatnonzero(resources.staffed)
        labels = [self.resource_labels[r] for r in staffed]
        hours = resources.hours_per_head[staffed].mean(axis=1) if len(staffed) else np.zeros(0)
        scale = _powers_of_two(self.resource_scale[staffed] / np.where(hours == 0.0, 1.0, hours))
        low, high = resources.min_heads[staffed, None], resources.max_heads[staffed, None]
        heads = self.grid(
            "heads", labels, scale, upper=np.maximum(high, 0.0), lower=np.minimum(low, high),
            integer=self.problem.settings.whole_heads,
        )  # fmt: skip
        hires, layoffs = self.grid("hires", labels, scale), self.grid("layoffs", labels, scale)
        self.heads, self.hires, self.layoffs = (
            dict(zip(staffed.tolist(), grid, strict=True)) for grid in (heads, hires, layoffs)
        )

    def _add_runs(self) -> None:
        sources = self.problem.sources
        running = np.flatnonzero(self.runs)
        starting = np.flatnonzero(sources.startup_cost > 0)
        batched = np.flatnonzero(sources.batch > 0)
        self.run = self._source_rows("run", running, upper=1.0, integer=True)
        self.startup = self._source_rows("startup", starting, upper=1.0)
        most = 1e4 * self.family_scale[sources.family[batched]] / sources.batch[batched]
        limit = np.maximum(1.0, np.ceil(most))[:, None]
        self.batches = self._source_rows("batches", batched, upper=limit, integer=True)

    def _mark_limits(self) -> None:
        """Limits that are bounds. Those of whole numbers have no value: they are fixed when values are taken."""
        resources, sources = self.problem.resources, self.problem.sources
        free = ~resources.staffed[:, None]
        for kind, grid, shown in (
            (CAPACITY, self.regular, np.isfinite(resources.capacity)),
            ("Overtime limit", self.overtime, resources.overtime_limit > 0),
        ):
            r, t = cells = np.nonzero(free & shown)
            self.limit(kind, t, column=grid[cells], resource=r)
        periods = np.arange(self.problem.horizon)
        if not self.problem.settings.whole_heads:
            for resource, heads in self.heads.items():
                if np.isfinite(resources.max_heads[resource]):
                    self.limit("Max heads", periods, column=heads, resource=resource)
                if min(resources.min_heads[resource], resources.max_heads[resource]) > 0:
                    self.limit("Min heads", periods, column=heads, resource=resource, least=True)
        whole = self.runs | (sources.batch > 0)
        j, t = cells = np.nonzero(np.isfinite(self.make_limit) & ~whole[:, None])
        self.limit("Max per period", t, column=self.make[cells], family=sources.family[j], source=j)

    def _source_rows(self, kind: str, chosen: Ints, *, upper: Floats | float, integer: bool = False) -> dict[int, Ints]:
        """One variable a period for each of the ``chosen`` sources."""
        labels = [self.source_labels[source] for source in chosen]
        grid = self.grid(kind, labels, np.ones(len(chosen)), upper=upper, integer=integer)
        return dict(zip(chosen.tolist(), grid, strict=True))


@lru_cache(maxsize=16)
def _labels(names: tuple[str, ...]) -> list[str]:
    """Names as LP files allow them, still unique."""
    labels: list[str] = []
    used: set[str] = set()
    for name in names:
        label = re.sub(r"[^A-Za-z0-9_]", "_", name)[:40]
        unique, count = label, 1
        while unique in used:
            count += 1
            unique = f"{label}_{count}"
        used.add(unique)
        labels.append(unique)
    return labels


def _powers_of_two(values: Floats) -> Floats:
    """Nearest powers of two, 1 for none: scaling by them loses no digit."""
    some = (values > 0) & (values < np.inf)
    return np.where(some, np.exp2(np.round(np.log2(np.where(some, values, 1.0)))), 1.0)


def _family_scales(problem: BalanceProblem) -> Floats:
    """(F,) typical quantity of each family: its mean demand, else its opening stock."""
    demand = problem.families.demand
    count = (demand > 0).sum(axis=1)
    mean = demand.sum(axis=1) / np.maximum(count, 1)
    return _powers_of_two(np.where(count > 0, mean, problem.families.opening_stock))


def _resource_scales(problem: BalanceProblem, family_scale: Floats) -> Floats:
    """(R,) typical load of each resource."""
    resources, owner = problem.resources, problem.sources.family
    load = np.zeros(len(resources.names))
    for r in range(len(load)):
        source, unit, per_run = resources.source_use[r]
        family, per_unit, _ = resources.family_use[r]
        load[r] = (unit * family_scale[owner[source]] + per_run).sum() + (per_unit * family_scale[family]).sum()
    return _powers_of_two(load)


def _resource_values(problem: BalanceProblem) -> Floats:
    """(R,) what a unit of a resource is worth: the value of the demand that it can serve, of the family it serves best.

    So that no capacity is overdrawn to save a sale, whichever family it is.
    """
    families, resources, owner = problem.families, problem.resources, problem.sources.family
    value = np.maximum(families.unit_value, families.lost_sale_cost)
    values = np.ones(len(resources.names))
    for r in range(len(values)):
        source, unit, _ = resources.source_use[r]
        family, per_unit, _ = resources.family_use[r]
        made = unit > 0
        worth = np.append(value[owner[source[made]]] / unit[made], value[family] / per_unit)
        values[r] = worth.max() if len(worth) else 1.0
    return values


def needs_runs(problem: BalanceProblem) -> Bools:
    """(J,) whether a source needs an on/off variable."""
    sources = problem.sources
    needs = (sources.run_cost > 0).any(axis=1) | (sources.min_run > 0).any(axis=1) | (sources.startup_cost > 0)
    for r in range(len(problem.resources.names)):
        source, _, per_run = problem.resources.source_use[r]
        needs[source[per_run > 0]] = True
    return needs
