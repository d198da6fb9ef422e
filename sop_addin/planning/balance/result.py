"""Solved values -> the frames of a BalancePlan, in the order of the planner's tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...model.findings import Findings
from ...model.plan import BalancePlan
from .linear_model import COST_TERMS, REVENUE, TERMS
from .model import DEMAND, BalanceModel
from .problem import BUY, MAKE, STORAGE, BalanceProblem, Floats
from .solve import Solution

SNAP = 1e-6  # of a typical quantity: differences below are rounding of the solver


@dataclass(frozen=True)
class Quantities:
    """The plan in numbers, (F, T), (J, T) or (R, T), consistent to the last digit."""

    make: Floats
    arrivals: Floats
    production: Floats
    ship: Floats
    stock: Floats
    late: Floats
    lost: Floats
    load: Floats
    regular: Floats
    overtime: Floats
    heads: Floats
    hires: Floats
    layoffs: Floats
    values: Floats
    """All columns of the model, with the exact quantities written back."""


def quantities(model: BalanceModel, values: Floats) -> Quantities:
    """Figures of the solution; stock, backorders and loads are recomputed so that every identity holds exactly."""
    problem = model.problem
    families, sources, resources = problem.families, problem.sources, problem.resources
    horizon = problem.horizon
    values = np.maximum(values, 0.0)
    values[values < 1e-9 * model.scales] = 0.0
    make = values[model.make]
    given = ~np.isnan(families.fixed)
    for family in range(len(families.names)):
        own = model.sources_of[family]
        if len(own) == 1:
            make[own[0], given[family]] = families.fixed[family, given[family]]
    arrivals = sources.receipts.copy()
    for source, lead in enumerate(sources.lead):
        if lead < horizon:
            arrivals[source, lead:] += make[source, : horizon - lead]
    production = families.receipts.copy()
    np.add.at(production, sources.family, arrivals - sources.receipts)
    ship, lost = values[model.ship], values[model.lost]
    stock, late = np.zeros_like(ship), np.zeros_like(ship)
    scale = model.family_scale
    at_hand, owed = families.opening_stock.copy(), families.opening_backorders.copy()
    for t in range(horizon):
        at_hand = at_hand + production[:, t]
        owed = np.maximum(owed + families.demand[:, t] - lost[:, t], 0.0)
        most = np.minimum(at_hand, owed)
        close = np.abs(ship[:, t] - most) <= SNAP * scale
        ship[:, t] = np.where(close, most, np.minimum(ship[:, t], most))
        at_hand = at_hand - ship[:, t]
        owed = owed - ship[:, t]
        stock[:, t], late[:, t] = at_hand, owed
    overtime = values[model.overtime]
    regular = values[model.regular]
    load = np.zeros((len(resources.names), horizon))
    for resource, kind in enumerate(resources.kinds):
        users, per_unit, per_run = resources.source_use[resource]
        load[resource] = (per_unit[:, None] * make[users]).sum(axis=0)
        for use in np.flatnonzero(per_run):
            load[resource] += per_run[use] * values[model.run[int(users[use])]]
        users, per_unit, _ = resources.family_use[resource]
        load[resource] += (per_unit[:, None] * (stock if kind == STORAGE else ship)[users]).sum(axis=0)
    heads, hires, layoffs = (np.full_like(load, np.nan) for _ in range(3))
    for resource in model.heads:
        heads[resource] = values[model.heads[resource]]
        hires[resource] = values[model.hires[resource]]
        layoffs[resource] = values[model.layoffs[resource]]
    for columns, figures in ((model.make, make), (model.ship, ship), (model.stock, stock), (model.late, late)):
        values[columns] = figures
    return Quantities(
        make, arrivals, production, ship, stock, late, lost, load, regular, overtime, heads, hires, layoffs, values
    )


def build_plan(
    model: BalanceModel,
    solution: Solution,
    figures: Quantities,
    findings: Findings,
    *,
    marginal: Floats,
    solver: str,
    seconds: float,
) -> BalancePlan:
    """The BalancePlan of solved ``figures``; ``marginal`` (R, T) as in ``explain.marginal_values``."""
    problem = model.problem
    costs = cost_frame(model, figures.values)
    total_cost = float(costs["Value"].sum())
    price = shipment_prices(problem, figures)
    revenue = float((price * figures.ship).sum())
    margin = revenue - total_cost
    maximise = problem.settings.maximise_margin
    sign = -1.0 if maximise else 1.0
    objective = margin if maximise else total_cost
    broken = any(slack.level != DEMAND or not maximise for slack in solution.broken)
    best = "Optimal with broken limits" if broken else "Optimal"
    status = best if solution.proven else "Feasible"
    return BalancePlan(
        status=status,
        objective=objective,
        total_cost=total_cost,
        revenue=revenue,
        margin=margin,
        service_level=service_level(problem, figures),
        solve_seconds=seconds,
        gap=solution.gap,
        bound=sign * solution.bound if solution.gap else objective,
        solver=solver,
        families=family_frame(problem, figures, price),
        sources=source_frame(problem, figures),
        resources=resource_frame(problem, figures, marginal),
        costs=costs,
        findings=findings,
    )


def service_level(problem: BalanceProblem, figures: Quantities) -> float:
    """Share of demand delivered in its period; 1 where there is no demand. Late orders are of the latest demand."""
    demand = problem.families.demand
    missed = np.minimum(demand, figures.lost + np.minimum(figures.late, np.maximum(demand - figures.lost, 0.0)))
    total = float(demand.sum())
    return 1.0 - float(missed.sum()) / total if total > 0 else 1.0


def shipment_prices(problem: BalanceProblem, figures: Quantities) -> Floats:
    """(F, T) average price of what is shipped: late orders, served first, pay the price of the period they were due in.

    Orders already late at plan start pay the first price. Where nothing is shipped it is the period's price.
    """
    families = problem.families
    price = families.price.copy()
    for family in np.flatnonzero(
        (figures.late > 0).any(axis=1) & (families.price != families.price[:, :1]).any(axis=1)
    ):
        waiting: list[list[float]] = [[float(families.opening_backorders[family]), float(families.price[family, 0])]]
        for t in range(problem.horizon):
            now = float(families.price[family, t])
            waiting.append([max(float(families.demand[family, t] - figures.lost[family, t]), 0.0), now])
            shipped = left = float(figures.ship[family, t])
            earned = 0.0
            for order in waiting:
                served = min(order[0], left)
                order[0] -= served
                left -= served
                earned += served * order[1]
            if shipped > 0:
                price[family, t] = (earned + left * now) / shipped
    return price


def target_figures(problem: BalanceProblem) -> Floats:
    """(F, T) target stock as shown: the target, else Min stock."""
    families = problem.families
    return np.where(np.isnan(families.target_stock), families.min_stock, families.target_stock)


def family_frame(problem: BalanceProblem, figures: Quantities, price: Floats) -> pd.DataFrame:
    """BalancePlan.families."""
    families = problem.families
    order = problem.table_order["families"]
    opening = np.concatenate([families.opening_stock[:, None], figures.stock[:, :-1]], axis=1)
    opening_late = np.concatenate([families.opening_backorders[:, None], figures.late[:, :-1]], axis=1)
    columns = {
        "Demand": families.demand,
        "Opening stock": opening[:, : problem.horizon],
        "Opening backorders": opening_late[:, : problem.horizon],
        "Production": figures.production,
        "Sales": figures.ship,
        "Closing stock": figures.stock,
        "Backorders": figures.late,
        "Lost sales": figures.lost,
        "Target stock": target_figures(problem),
        "Price": price,
    }
    return _long(problem, {"Family": [families.names[i] for i in order]}, columns, order)


def source_frame(problem: BalanceProblem, figures: Quantities) -> pd.DataFrame:
    """BalancePlan.sources."""
    sources, order = problem.sources, problem.table_order["sources"]
    keys = {
        "Family": [problem.families.names[sources.family[i]] for i in order],
        "Source": [sources.names[i] for i in order],
        "Kind": [MAKE if sources.make[i] else BUY for i in order],
    }
    columns = {"Planned": figures.make, "Arrivals": figures.arrivals, "Unit cost": sources.unit_cost}
    return _long(problem, keys, columns, order)


def resource_frame(problem: BalanceProblem, figures: Quantities, marginal: Floats) -> pd.DataFrame:
    """BalancePlan.resources."""
    resources, order = problem.resources, problem.table_order["resources"]
    capacity = np.where(np.isfinite(resources.capacity), resources.capacity, np.nan)
    staffed = resources.staffed[:, None]
    keys = {
        "Resource": [resources.names[i] for i in order],
        "Kind": [resources.kinds[i] for i in order],
        "Unit": [resources.units[i] for i in order],
    }
    columns = {
        "Load": figures.load,
        "Regular capacity": np.where(staffed, resources.hours_per_head * np.nan_to_num(figures.heads), capacity),
        "Overtime": figures.overtime,
        "Heads": figures.heads,
        "Hires": figures.hires,
        "Layoffs": figures.layoffs,
        "Marginal value": marginal,
    }
    return _long(problem, keys, columns, order)


def cost_frame(model: BalanceModel, values: Floats) -> pd.DataFrame:
    """BalancePlan.costs: Term, Family, Resource, Period, Value; the terms in the order of COST_TERMS."""
    problem, terms = model.problem, model.terms
    kept = terms.kind != TERMS.index(REVENUE)
    amount = (terms.price * values[terms.column])[kept]
    columns = (terms.kind[kept], terms.family[kept] + 1, terms.resource[kept] + 1, terms.period[kept])
    sizes = (len(COST_TERMS), len(problem.families.names) + 1, len(problem.resources.names) + 1, problem.horizon + 1)
    unique, inverse = np.unique(np.ravel_multi_index(columns, sizes), return_inverse=True)
    total = np.bincount(inverse.ravel(), amount, minlength=len(unique))
    term, family, resource, period = np.unravel_index(unique, sizes)
    return pd.DataFrame(
        {
            "Term": np.array(COST_TERMS, dtype=object)[term],
            "Family": np.array(["", *problem.families.names], dtype=object)[family],
            "Resource": np.array(["", *problem.resources.names], dtype=object)[resource],
            "Period": np.array(problem.periods, dtype="datetime64[ns]")[period],
            "Value": total,
        }
    )


def _long(
    problem: BalanceProblem, keys: dict[str, list[str]], columns: dict[str, Floats], order: list[int]
) -> pd.DataFrame:
    """One row per key and period."""
    horizon = problem.horizon
    frame: dict[str, object] = {name: np.repeat(np.array(texts, dtype=object), horizon) for name, texts in keys.items()}
    frame["Period"] = np.tile(np.array(problem.periods, dtype="datetime64[ns]"), len(order))
    for name, grid in columns.items():
        frame[name] = grid[order].reshape(-1) if len(order) else np.zeros(0)
    return pd.DataFrame(frame)
