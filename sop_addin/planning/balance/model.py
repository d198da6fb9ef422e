"""The balance as a linear model: its variables, its cost terms by name, and what of it may be broken.

The constraints are in constraints.py, one function each. The model is in natural units (family units, hours, money);
the adapter in solver.py scales it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pulp import LpAffineExpression, LpConstraint, LpProblem, LpVariable, const

from .problem import BalanceProblem, Floats

LE, EQ, GE = const.LpConstraintLE, const.LpConstraintEQ, const.LpConstraintGE
Terms = list[tuple[LpVariable, float]]

_NO_PROBLEM = LpProblem("variables")  # PuLP 4 makes variables through a problem; 3.3 does not keep them there

COST_TERMS = (
    "Unit costs", "Regular cost", "Overtime cost", "Hire cost", "Layoff cost", "Holding cost", "Backorder cost",
    "Lost sale cost", "Run cost", "Start-up cost", "Change cost", "Replan cost", "Shortfall cost", "Carbon cost",
)  # fmt: skip
REVENUE = "Revenue"

CAPACITY = "Capacity"  # the kind of limit that all resources have
PHYSICAL = "physical"  # beyond what exists: only where a planner's own figures force it
DEMAND = "demand"  # demand that is never served
POLICY = "policy"  # rules of stock and of the production rate: given up before a sale is
CLOSING = "closing"  # orders still late at the end where that is allowed: no broken limit, yet never to save money


@dataclass(frozen=True, slots=True)
class Slack:
    """By how much one limit is broken. ``weight`` compares units of different families and resources."""

    variable: LpVariable
    level: str
    rule: str
    weight: float
    period: int
    family: int = -1
    source: int = -1
    resource: int = -1


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that a planner set: the upper or lower bound of a column, or the right-hand side of a row."""

    kind: str
    period: int
    family: int = -1
    source: int = -1
    resource: int = -1
    column: int = -1
    row: int = -1
    least: bool = False
    """Whether it is the least allowed (Min stock), not the most (Max stock)."""


@dataclass
class Objective:
    """Every term of the objective: one record per (name, variable), with the family, resource and period it is for."""

    names: list[str] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)
    families: list[int] = field(default_factory=list)
    resources: list[int] = field(default_factory=list)
    periods: list[int] = field(default_factory=list)

    def add(
        self, name: str, variable: LpVariable, price: float, period: int, family: int = -1, resource: int = -1
    ) -> None:
        """Record ``price`` x ``variable``; a term that costs nothing is not kept."""
        if price:
            self.names.append(name)
            self.columns.append(variable.index)
            self.prices.append(price)
            self.families.append(family)
            self.resources.append(resource)
            self.periods.append(period)

    def vector(self, columns: int) -> Floats:
        """(columns,) cost of each variable, revenue negative."""
        sign = np.where(np.array(self.names, dtype=object) == REVENUE, -1.0, 1.0)
        signed = np.array(self.prices, dtype=np.float64) * sign
        return np.bincount(np.array(self.columns, dtype=np.intp), signed, minlength=columns).astype(np.float64)


Series = list[LpVariable]
"""One variable a period."""


class Row(NamedTuple):
    """One constraint: sum of ``terms`` (sense) ``right``; a PuLP constraint when it is asked for."""

    name: str
    terms: Terms
    sense: int
    right: float


class BalanceModel:
    """Variables of a problem, each a list of rows over the periods; ``[]`` where a kind of variable is not needed."""

    def __init__(self, problem: BalanceProblem) -> None:
        self.problem = problem
        self.columns: list[LpVariable] = []
        self.scales: list[float] = []
        self.rows: list[Row] = []
        self.slacks: list[Slack] = []
        self.objective = Objective()
        self.family_labels = _labels(problem.families.names)
        self.resource_labels = _labels(problem.resources.names)
        source_names = [
            f"{problem.families.names[family]}_{name}"
            for family, name in zip(problem.sources.family, problem.sources.names, strict=True)
        ]
        self.source_labels = _labels(source_names)
        self.period_labels = [problem.label(step).replace("-", "_") for step in range(problem.horizon)]
        self.family_scale = _family_scales(problem)
        self.resource_scale = _resource_scales(problem, self.family_scale)
        self.resource_value = _resource_values(problem)
        self.runs = _needs_runs(problem)
        self.changes: list[tuple[LpVariable, int]] = []
        """Rises and falls of production, each with its family."""
        self.labour_rows: dict[int, list[int]] = {}
        """Of each staffed resource: positions in ``rows`` of its capacity rows."""
        self.row_limits: list[Limit] = []
        """Limits that are rows, in the order of the rows."""
        self._add_variables()

    # --- building blocks ----------------------------------------------------------------------------------------------

    def variable(
        self, name: str, scale: float, upper: float = np.inf, lower: float = 0.0, integer: bool = False
    ) -> LpVariable:
        """A variable of typical size ``scale``."""
        category = const.LpInteger if integer else const.LpContinuous
        variable = _NO_PROBLEM.add_variable(name, lower, upper if upper < np.inf else None, category)
        variable.index = len(self.columns)
        self.columns.append(variable)
        self.scales.append(1.0 if integer else scale)
        return variable

    def family_row(self, kind: str, family: int, upper: Sequence[float] | Floats | None = None) -> Series:
        """One variable a period, in units of the family."""
        name, scale = f"{kind}_{self.family_labels[family]}_", self.family_scale[family]
        limits = [np.inf] * self.problem.horizon if upper is None else upper
        return [
            self.variable(name + label, scale, limit) for label, limit in zip(self.period_labels, limits, strict=True)
        ]

    def resource_row(self, kind: str, resource: int, upper: Sequence[float] | Floats | None = None) -> Series:
        """One variable a period, in units of the resource."""
        name, scale = f"{kind}_{self.resource_labels[resource]}_", self.resource_scale[resource]
        limits = [np.inf] * self.problem.horizon if upper is None else upper
        return [
            self.variable(name + label, scale, limit) for label, limit in zip(self.period_labels, limits, strict=True)
        ]

    def add(self, name: str, terms: Terms, sense: int, right: float) -> None:
        """Add the row ``sum of terms (sense) right``. No variable may come twice in ``terms``."""
        self.rows.append(Row(name, terms, sense, right))

    def to_pulp(self, name: str = "balance") -> LpProblem:
        """The rows so far as a PuLP problem without objective.

        Made on demand only: PuLP's register of names and variables takes as long as all the rest of the building.
        """
        problem = LpProblem(name, const.LpMinimize)
        problem.setObjective(LpAffineExpression())
        for row in self.rows:
            problem.addConstraint(LpConstraint(LpAffineExpression(row.terms), row.sense, row.name, row.right))
        return problem

    def slack(
        self, name: str, scale: float, level: str, rule: str, weight: float, period: int, *,
        family: int = -1, source: int = -1, resource: int = -1,
    ) -> LpVariable:  # fmt: skip
        """A variable that says by how much the limit ``rule`` is broken."""
        variable = self.variable(name, scale)
        self.slacks.append(Slack(variable, level, rule, weight, period, family, source, resource))
        return variable

    def made(self, family: int, period: int, factor: float = 1.0) -> Terms:
        """Production of all sources of a family, made or ordered in the period."""
        return [(self.make[source][period], factor) for source in self.sources_of[family]]

    # --- variables ----------------------------------------------------------------------------------------------------

    def _add_variables(self) -> None:
        problem, settings = self.problem, self.problem.settings
        families, sources, resources = problem.families, problem.sources, problem.resources
        every = range(len(families.names))
        self.sources_of = [sources.of_family(family) for family in every]
        is_fixed = ~np.isnan(families.fixed)
        # where a planner fixed the production, the source's limit gives way; elsewhere it is a plain bound
        bounded = np.where(is_fixed[sources.family], np.inf, sources.maximum)
        self.make: list[Series] = []
        for source in range(len(sources.names)):
            name, scale = f"make_{self.source_labels[source]}_", self.family_scale[sources.family[source]]
            self.make.append(
                [
                    self.variable(name + label, scale, limit)
                    for label, limit in zip(self.period_labels, bounded[source], strict=True)
                ]
            )
        self.ship = [self.family_row("ship", family) for family in every]
        self.stock = [self.family_row("stock", family) for family in every]
        self.late = [self.family_row("late", family, self._late_limit(family)) for family in every]
        self.lost = [self.family_row("lost", family) for family in every]
        if not settings.maximise_margin:
            for family in every:
                weight = max(families.lost_sale_cost[family], families.unit_value[family])
                for period, lost in enumerate(self.lost[family]):
                    self.slacks.append(Slack(lost, DEMAND, "demand_served", weight, period, family))
                self._keep_closing_backorders_low(family)
        regular_limit = np.where(resources.staffed[:, None], np.inf, resources.capacity)
        overtime_limit = np.where(resources.staffed[:, None], np.inf, resources.overtime_limit)
        every_resource = range(len(resources.names))
        self.regular = [self.resource_row("regular", r, regular_limit[r]) for r in every_resource]
        self.overtime = [self.resource_row("overtime", r, overtime_limit[r]) for r in every_resource]
        self._add_heads()
        self._add_runs()

    def _keep_closing_backorders_low(self, family: int) -> None:
        """All demand is served, late if allowed: an order stays open at the end only where it cannot be served before.

        Without this the cheapest plan would stop producing some periods before the horizon.
        """
        if self.late[family] and self.late[family][-1].upBound is None:
            last, value = self.problem.horizon - 1, self.problem.families.unit_value[family]
            self.slacks.append(Slack(self.late[family][-1], CLOSING, "closing_backorders", value, last, family))

    def _late_limit(self, family: int) -> list[float]:
        """Upper bounds of backorders: none where they are allowed, 0 at the end of the horizon unless allowed there."""
        settings, families = self.problem.settings, self.problem.families
        allowed = not settings.lost_sales or bool(families.to_order[family])
        limits = [np.inf if allowed else 0.0] * self.problem.horizon
        if limits and not settings.closing_backorders_allowed:
            limits[-1] = 0.0
        return limits

    def _add_heads(self) -> None:
        resources, whole = self.problem.resources, self.problem.settings.whole_heads
        self.heads: dict[int, Series] = {}
        self.hires: dict[int, Series] = {}
        self.layoffs: dict[int, Series] = {}
        for resource in np.flatnonzero(resources.staffed):
            r = int(resource)
            hours = float(resources.hours_per_head[r].mean()) or 1.0
            scale = _power_of_two(self.resource_scale[r] / hours)
            low, high = resources.min_heads[r], resources.max_heads[r]
            label = self.resource_labels[r]
            self.heads[r] = [
                self.variable(f"heads_{label}_{period}", scale, max(high, 0.0), min(low, high), integer=whole)
                for period in self.period_labels
            ]
            self.hires[r] = [self.variable(f"hires_{label}_{period}", scale) for period in self.period_labels]
            self.layoffs[r] = [self.variable(f"layoffs_{label}_{period}", scale) for period in self.period_labels]

    def _add_runs(self) -> None:
        sources = self.problem.sources
        self.run: dict[int, Series] = {}
        self.startup: dict[int, Series] = {}
        self.batches: dict[int, Series] = {}
        for source in range(len(sources.names)):
            label, scale = self.source_labels[source], self.family_scale[sources.family[source]]
            if self.runs[source]:
                self.run[source] = [
                    self.variable(f"run_{label}_{period}", 1.0, 1.0, integer=True) for period in self.period_labels
                ]
            if sources.startup_cost[source] > 0:
                self.startup[source] = [
                    self.variable(f"startup_{label}_{period}", 1.0, 1.0) for period in self.period_labels
                ]
            if sources.batch[source] > 0:
                most = 1e4 * scale / sources.batch[source]
                self.batches[source] = [
                    self.variable(f"batches_{label}_{period}", 1.0, max(1.0, np.ceil(most)), integer=True)
                    for period in self.period_labels
                ]

    def limit_row(self, kind: str, period: int, *, family: int = -1, resource: int = -1, least: bool = False) -> None:
        """The row that is added next is a limit of this kind."""
        self.row_limits.append(Limit(kind, period, family=family, resource=resource, row=len(self.rows), least=least))

    def limits(self) -> list[Limit]:
        """Every limit with a marginal value. Those of whole numbers have none: they are fixed when values are taken."""
        resources, sources = self.problem.resources, self.problem.sources
        found: list[Limit] = []
        for kind, rows, shown in (
            (CAPACITY, self.regular, np.isfinite(resources.capacity)),
            ("Overtime limit", self.overtime, resources.overtime_limit > 0),
        ):
            for resource in np.flatnonzero(~resources.staffed):
                r = int(resource)
                found += [Limit(kind, int(t), resource=r, column=rows[r][t].index) for t in np.flatnonzero(shown[r])]
        if not self.problem.settings.whole_heads:
            for r, heads in self.heads.items():
                for t, variable in enumerate(heads):
                    if variable.upBound is not None and variable.upBound < np.inf:
                        found.append(Limit("Max heads", t, resource=r, column=variable.index))
                    if variable.lowBound:
                        found.append(Limit("Min heads", t, resource=r, column=variable.index, least=True))
        for source, row in enumerate(self.make):
            if self.runs[source] or source in self.batches:
                continue
            family = int(sources.family[source])
            found += [
                Limit("Max per period", t, family=family, source=source, column=variable.index)
                for t, variable in enumerate(row)
                if variable.upBound is not None
            ]
        return found + self.row_limits

    @property
    def integers(self) -> NDArray[np.intp]:
        """Columns that must be whole numbers."""
        return np.array([v.index for v in self.columns if v.cat == const.LpInteger], dtype=np.intp)


def _labels(names: Sequence[str]) -> list[str]:
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


def _power_of_two(value: float) -> float:
    """Nearest power of two: scaling by it loses no digit."""
    return float(2.0 ** np.round(np.log2(value))) if 0 < value < np.inf else 1.0


def _family_scales(problem: BalanceProblem) -> list[float]:
    """(F,) typical quantity of each family: its mean demand, else its opening stock."""
    families = problem.families
    scales: list[float] = []
    for family in range(len(families.names)):
        demand = families.demand[family]
        size = float(demand[demand > 0].mean()) if (demand > 0).any() else float(families.opening_stock[family])
        scales.append(_power_of_two(size))
    return scales


def _resource_scales(problem: BalanceProblem, family_scale: Sequence[float]) -> list[float]:
    """(R,) typical load of each resource."""
    scales: list[float] = []
    owners = problem.sources.family
    for of_source, of_family in zip(problem.resources.source_use, problem.resources.family_use, strict=True):
        load = sum(unit * family_scale[owners[source]] + run for source, unit, run in of_source)
        load += sum(unit * family_scale[family] for family, unit in of_family)
        scales.append(_power_of_two(load))
    return scales


def _resource_values(problem: BalanceProblem) -> list[float]:
    """(R,) what a unit of a resource is worth: the value of the demand that it can serve, of the family it serves best.

    So that no capacity is overdrawn to save a sale, whichever family it is.
    """
    families = problem.families
    value = np.maximum(families.unit_value, families.lost_sale_cost)
    owners = problem.sources.family
    values: list[float] = []
    for of_source, of_family in zip(problem.resources.source_use, problem.resources.family_use, strict=True):
        worth = [float(value[owners[source]]) / unit for source, unit, _ in of_source if unit > 0]
        worth += [float(value[family]) / unit for family, unit in of_family]
        values.append(max(worth, default=1.0))
    return values


def _needs_runs(problem: BalanceProblem) -> list[bool]:
    """(J,) whether a source needs an on/off variable."""
    sources = problem.sources
    needs = (sources.run_cost > 0).any(axis=1) | (sources.min_run > 0).any(axis=1) | (sources.startup_cost > 0)
    result = [bool(value) for value in needs]
    for uses in problem.resources.source_use:
        for source, _, per_run in uses:
            result[source] = result[source] or per_run > 0
    return result
