"""What the plan could not do and what limits it: findings by name, and what one more unit of capacity is worth."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from ...model.finding_rows import NOWHERE, shown_name
from ...model.findings import Finding, Findings, Severity
from ...model.tables import Tables
from ..words import listed, number, one
from .engine import Engine, natural_bounds, scaled_matrix
from .marks import Slack
from .model import DEMAND, PHYSICAL, BalanceModel
from .problem import BalanceProblem, Bools, Floats
from .result import SNAP, Quantities
from .solve import Solution

NAMED = 20  # findings of one kind that are named one by one
FULL = 0.999
IN_TIME, NOT_BEFORE, BY_NAME = 1e-3, 1e-4, 1e-5  # of a missing unit of capacity: what breaks ties between them

RULES: dict[str, tuple[str, str, str]] = {
    "min_stock": ("tblFamilies", "Min stock", "closing stock is {amount} below Min stock"),
    "closing_stock_min": ("tblFamilies", "Closing stock min", "closing stock is {amount} below Closing stock min"),
    "max_stock": ("tblFamilies", "Max stock", "closing stock is {amount} above Max stock"),
    "shelf_life": ("tblFamilies", "Shelf life", "{amount} will be older than the Shelf life"),
    "made_to_order": ("tblFamilies", "Fulfilment", "{amount} go to stock although the family is made to order"),
    "level_production": ("tblSettings", "Value", "production is {amount} away from the level rate"),
    "chase_demand": ("tblSettings", "Value", "closing stock is {amount} away from its target, so it does not chase"),
    "fixed_production": ("ProductionPlan", "Fixed production", "{amount} are fixed, but the family has no source"),
    "source_maximum": ("tblSources", "Max per period", "fixed production is {amount} above Max per period"),
    "min_run": ("tblSources", "Min run", "fixed production is {amount} below Min run"),
    "batch_size": ("tblSources", "Batch size", "fixed production is {amount} more than whole batches"),
}


def marginal_values(model: BalanceModel, solution: Solution) -> Floats:
    """(R, T) money that one more unit of regular capacity is worth: cost saved or margin gained.

    NaN where capacity has no limit. Values are the duals of the last stage, lexicographic levels chained; with whole
    numbers, of the LP in which they are fixed.
    """
    resources = model.problem.resources
    worth = np.full((len(resources.names), model.problem.horizon), np.nan)
    for resource in range(len(resources.names)):
        if resource in model.heads:
            worth[resource] = -solution.worth.rows[model.labour_rows[resource]]
        else:
            columns = model.regular[resource]
            limited = np.isfinite(resources.capacity[resource])
            worth[resource] = np.where(limited, -solution.worth.upper[columns], np.nan)
    tiny = 1e-9 * np.nanmax(np.abs(worth), initial=1.0)
    return np.where(np.abs(worth) <= tiny, 0.0, worth)


def explain(
    tables: Tables, model: BalanceModel, engine: Engine, solution: Solution, figures: Quantities, marginal: Floats
) -> tuple[Findings, Floats]:
    """Findings of a solved plan: unserved demand, capacity that is short, broken rules, and binding capacities.

    Also (R, T) what is missing of each resource to serve all demand.
    """
    writer = _Writer(tables, model.problem)
    maximise = model.problem.settings.maximise_margin
    unserved = figures.lost > SNAP * model.family_scale[:, None]
    findings: list[Finding] = []
    short = _short_now(model, solution)
    if unserved.any() and not maximise:
        needed, unreachable = _elastic_shortage(model, engine)
        findings += _unserved_demand(writer, model, figures, unserved, unreachable)
        short = np.maximum(short, needed)
    findings += _short_capacity(writer, model, short, unserved)
    findings += _broken_rules(writer, model, solution)
    if maximise:
        findings += _unsold(writer, model, figures, unserved)
    findings += _binding(writer, model, figures, marginal)
    return Findings.of(findings), short


class _Writer:
    """Words for quantities and places for findings."""

    def __init__(self, tables: Tables, problem: BalanceProblem) -> None:
        self.tables = tables
        self.problem = problem
        self.rows = {
            "tblFamilies": _row_of(tables.families.index, tables.families["Family"]),
            "tblResources": _row_of(tables.resources.index, tables.resources["Resource"]),
        }

    def finding(self, severity: Severity, table: str, name: str, column: str, rule: str, message: str) -> Finding:
        """A finding on the row of ``name`` in ``table``, where that is a table with such rows."""
        place = self.tables.places.get(table, NOWHERE)
        row = self.rows.get(table, {}).get(name)
        cell = place.cell(column, row) if row is not None else ""
        return Finding(severity, shown_name(table, place), row, column, rule, message, cell)

    def of_family(self, family: int, amount: float) -> str:
        return f"{number(amount)} {self.problem.families.units[family]}"

    def of_resource(self, resource: int, amount: float) -> str:
        return f"{number(amount)} {self.problem.resources.units[resource]}"

    def span(self, periods: Sequence[int]) -> str:
        """``2027-03``, ``2027-03 to 2027-05`` or ``2027-03, 2027-07``."""
        first, last = min(periods), max(periods)
        if first == last:
            return self.problem.label(first)
        if last - first + 1 == len(set(periods)):
            return f"{self.problem.label(first)} to {self.problem.label(last)}"
        labels = [self.problem.label(period) for period in sorted(set(periods))]
        return ", ".join(labels[:4]) + (f" and {len(labels) - 4} more periods" if len(labels) > 4 else "")


def _row_of(index: Iterable[Hashable], names: Iterable[object]) -> dict[str, int]:
    return {str(name): int(str(row)) for row, name in zip(index, names, strict=True)}


# --- what is short ----------------------------------------------------------------------------------------------------


def _short_now(model: BalanceModel, solution: Solution) -> Floats:
    """(R, T) load of the plan beyond regular capacity and overtime; only a planner's own figures force it."""
    short = np.zeros((len(model.problem.resources.names), model.problem.horizon))
    for slack in solution.broken:
        if slack.rule == "capacity":
            short[slack.resource, slack.period] = solution.values[slack.column]
    return short


def _elastic_shortage(model: BalanceModel, engine: Engine) -> tuple[Floats, Bools]:
    """What would have to be there to serve all demand: capacity (R, T), and families (F,) that no capacity helps.

    The same model with capacity to be had beyond its limit: as little as possible of each resource's typical load, then
    in time, then not before; whole numbers relaxed. Costs are left out: the cheapest too would take ten times as long.
    """
    engine.set_bounds(natural_bounds(scaled_matrix(model)))
    slacks = model.slacks
    demand, physical = slacks.level == DEMAND, slacks.level == PHYSICAL
    goal = np.zeros(model.column_count)
    goal[model.late], goal[model.stock] = IN_TIME, NOT_BEFORE
    goal[slacks.column] += np.where(demand, 1e3, 1e-1)
    goal[slacks.column[physical]] = 1.0 + BY_NAME * model.name_weights[slacks.column[physical]]
    goal /= model.scales
    values = engine.solve(goal, relax=True).values[slacks.column]
    short = np.zeros((len(model.problem.resources.names), model.problem.horizon))
    unreachable = np.zeros(len(model.problem.families.names), dtype=bool)
    used = values > SNAP * model.scales[slacks.column]
    over = used & np.array([rule == "capacity" for rule in slacks.rule], dtype=bool)
    short[slacks.resource[over], slacks.period[over]] = values[over]
    unreachable[slacks.family[used & demand]] = True
    return short, unreachable


def _unserved_demand(
    writer: _Writer, model: BalanceModel, figures: Quantities, unserved: Bools, unreachable: Bools
) -> list[Finding]:
    """One finding per family whose demand is not all served."""
    problem = model.problem
    findings: list[Finding] = []
    for family in np.flatnonzero(unserved.any(axis=1)):
        f = int(family)
        name = problem.families.names[f]
        periods = [int(t) for t in np.flatnonzero(unserved[f])]
        amount = writer.of_family(f, float(figures.lost[f].sum()))
        text = f"{name}, {writer.span(periods)}: {amount} of demand cannot be met"
        if not model.sources_of[f]:
            table, rule, text = "tblSources", "family_has_source", f"{text}: the family has no source; add one."
        elif unreachable[f]:
            table, rule = "tblFamilies", "demand_served"
            text = f"{text}: its sources cannot deliver more in time (Max per period, Lead periods, Fixed production)."
        else:
            table, rule, text = "tblFamilies", "demand_served", f"{text}: capacity is short."
        findings.append(writer.finding("Warning", table, name, "Family", rule, text))
    return findings


def _short_capacity(writer: _Writer, model: BalanceModel, short: Floats, unserved: Bools) -> list[Finding]:
    """``Press, 2027-03: 212 h short; binding for Pumps, Valves``, in order of time."""
    problem = model.problem
    resources = problem.resources
    findings: list[Finding] = []
    spots = sorted(zip(*np.nonzero(short), strict=True), key=lambda spot: (spot[1], spot[0]))
    for resource, period in spots[:NAMED]:
        users = problem.users(int(resource)).tolist()
        waiting = [family for family in users if unserved[family].any()] or users
        names = listed([problem.families.names[family] for family in waiting])
        name = resources.names[resource]
        amount = writer.of_resource(int(resource), float(short[resource, period]))
        text = f"{name}, {problem.label(int(period))}: {amount} short; binding for {names}"
        findings.append(writer.finding("Warning", "tblResources", name, "Capacity", "capacity", text))
    if len(spots) > NAMED:
        text = f"… and {len(spots) - NAMED:,} more periods in which a resource is short"
        findings.append(writer.finding("Warning", "tblResources", "", "Capacity", "capacity", text))
    return findings


def _broken_rules(writer: _Writer, model: BalanceModel, solution: Solution) -> list[Finding]:
    """One finding per rule and family (or source): by how much in all, and when."""
    groups: dict[tuple[str, int, int], list[Slack]] = {}
    for slack in solution.broken:
        if slack.rule in RULES:
            groups.setdefault((slack.rule, slack.family, slack.source), []).append(slack)
    findings: list[Finding] = []
    for (rule, family, source), slacks in groups.items():
        table, column, words = RULES[rule]
        largest = max(float(solution.values[slack.column]) for slack in slacks)
        amount = writer.of_family(family, largest)
        if len(slacks) > 1:
            amount = f"up to {amount}"
        name = model.problem.families.names[family]
        who = name if source < 0 else f"{name} from {model.problem.sources.names[source]}"
        when = writer.span([slack.period for slack in slacks])
        text = f"{who}, {when}: {words.format(amount=amount)}"
        findings.append(writer.finding("Warning", table, name, column, rule, text))
    return findings


def _unsold(writer: _Writer, model: BalanceModel, figures: Quantities, unserved: Bools) -> list[Finding]:
    """Demand that is left unsold where the margin is maximised."""
    findings: list[Finding] = []
    for family in np.flatnonzero(unserved.any(axis=1)):
        f = int(family)
        name = model.problem.families.names[f]
        periods = [int(t) for t in np.flatnonzero(unserved[f])]
        amount = writer.of_family(f, float(figures.lost[f].sum()))
        text = (
            f"{name}, {writer.span(periods)}: {amount} of demand are left unsold; selling them would lower the margin"
        )
        findings.append(writer.finding("Info", "tblFamilies", name, "Family", "left_unsold", text))
    return findings


# --- what binds -------------------------------------------------------------------------------------------------------


def _binding(writer: _Writer, model: BalanceModel, figures: Quantities, marginal: Floats) -> list[Finding]:
    """One finding per resource whose capacity binds: when, and what one more unit is worth at most."""
    problem = model.problem
    money = problem.settings.base_currency
    best = np.nan_to_num(marginal)
    order: Callable[[int], float] = lambda resource: -float(best[resource].max(initial=0.0))  # noqa: E731
    findings: list[Finding] = []
    for resource in sorted(range(len(problem.resources.names)), key=order):
        if not (best[resource] > 0).any():
            continue
        name, unit = problem.resources.names[resource], problem.resources.units[resource]
        peak = int(best[resource].argmax())
        periods = [int(t) for t in np.flatnonzero(best[resource] > 0)]
        text = (
            f"{name}, {writer.span(periods)}: fully used; 1 {one(unit)} more in {problem.label(peak)} is worth "
            f"{best[resource, peak]:,.2f} {money}"
        )
        findings.append(writer.finding("Info", "tblResources", name, "Capacity", "capacity_binds", text))
    return findings[:NAMED]
