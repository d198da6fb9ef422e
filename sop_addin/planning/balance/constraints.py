"""The constraints of the balance, one function each; ``CONSTRAINTS`` lists them all, and each has a golden .lp file.

Notation of contract section 3: P made or ordered, S shipments, I closing stock, B backorders, L lost sales, D demand,
U regular use, O overtime, W heads, H hires, Y layoffs; f family, j source, r resource, t period.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .model import CAPACITY, EQ, GE, LE, PHYSICAL, POLICY, BalanceModel, Terms
from .runs import batch_quantity, facility_location, minimum_run, run_switch, startup


def stock_balance(model: BalanceModel) -> None:
    """I[t] = I[t-1] + sum_j P[j, t-lead] + receipts[t] - S[t]."""
    families, sources = model.problem.families, model.problem.sources
    for family, label in enumerate(model.family_labels):
        stock, ship = model.stock[family], model.ship[family]
        for t, period in enumerate(model.period_labels):
            terms: Terms = [(stock[t], 1.0), (ship[t], 1.0)]
            right = families.receipts[family, t]
            if t:
                terms.append((stock[t - 1], -1.0))
            else:
                right = right + families.opening_stock[family]
            for source in model.sources_of[family]:
                ordered = t - sources.lead[source]
                if ordered >= 0:
                    terms.append((model.make[source][ordered], -1.0))
            model.add(f"stock_balance_{label}_{period}", terms, EQ, float(right))


def demand_balance(model: BalanceModel) -> None:
    """B[t] = B[t-1] + D[t] - L[t] - S[t]."""
    families = model.problem.families
    for family, label in enumerate(model.family_labels):
        late, lost, ship = model.late[family], model.lost[family], model.ship[family]
        for t, period in enumerate(model.period_labels):
            terms: Terms = [(late[t], 1.0), (lost[t], 1.0), (ship[t], 1.0)]
            right = families.demand[family, t]
            if t:
                terms.append((late[t - 1], -1.0))
            else:
                right = right + families.opening_backorders[family]
            model.add(f"demand_balance_{label}_{period}", terms, EQ, float(right))


def resource_load(model: BalanceModel) -> None:
    """Load[r,t] = U + O + short: what is made (Machine, Labour, Supplier), stored (Storage) or shipped (Distribution).

    ``short`` is load beyond every limit; only a planner's own figures can force it (fixed production, opening stock).
    """
    resources = model.problem.resources
    for resource, label in enumerate(model.resource_labels):
        kind_rows = model.stock if resources.kinds[resource] == "Storage" else model.ship
        staffed, limits = resources.staffed[resource], resources.capacity[resource]
        scale = model.resource_scale[resource]
        for t, period in enumerate(model.period_labels):
            terms: Terms = []
            for source, unit, per_run in resources.source_use[resource]:
                if unit:
                    terms.append((model.make[source][t], unit))
                if per_run:
                    terms.append((model.run[source][t], per_run))
            terms += [(kind_rows[family][t], unit) for family, unit in resources.family_use[resource]]
            terms += [(model.regular[resource][t], -1.0), (model.overtime[resource][t], -1.0)]
            if staffed or np.isfinite(limits[t]):
                short = model.slack(
                    f"short_{label}_{period}", scale, PHYSICAL, "capacity", model.resource_value[resource], t,
                    resource=resource,
                )  # fmt: skip
                terms.append((short, -1.0))
            model.add(f"resource_load_{label}_{period}", terms, EQ, 0.0)


def labour_capacity(model: BalanceModel) -> None:
    """U[r,t] <= hours per head x W[r,t]."""
    hours = model.problem.resources.hours_per_head
    for resource, heads in model.heads.items():
        first = len(model.rows)
        model.labour_rows[resource] = list(range(first, first + model.problem.horizon))
        for t, period in enumerate(model.period_labels):
            terms = [(model.regular[resource][t], 1.0), (heads[t], -float(hours[resource, t]))]
            model.limit_row(CAPACITY, t, resource=resource)
            model.add(f"labour_capacity_{model.resource_labels[resource]}_{period}", terms, LE, 0.0)


def labour_overtime(model: BalanceModel) -> None:
    """O[r,t] <= overtime per head x W[r,t]."""
    limit = model.problem.resources.overtime_limit
    for resource, heads in model.heads.items():
        for t, period in enumerate(model.period_labels):
            terms = [(model.overtime[resource][t], 1.0), (heads[t], -float(limit[resource, t]))]
            if limit[resource, t] > 0:
                model.limit_row("Overtime limit", t, resource=resource)
            model.add(f"labour_overtime_{model.resource_labels[resource]}_{period}", terms, LE, 0.0)


def workforce_balance(model: BalanceModel) -> None:
    """W[r,t] = W[r,t-1] + H[r,t] - Y[r,t]."""
    opening = model.problem.resources.opening_heads
    for resource, heads in model.heads.items():
        hires, layoffs = model.hires[resource], model.layoffs[resource]
        for t, period in enumerate(model.period_labels):
            terms: Terms = [(heads[t], 1.0), (hires[t], -1.0), (layoffs[t], 1.0)]
            if t:
                terms.append((heads[t - 1], -1.0))
            right = 0.0 if t else float(opening[resource])
            model.add(f"workforce_balance_{model.resource_labels[resource]}_{period}", terms, EQ, right)


def source_maximum(model: BalanceModel) -> None:
    """P[j,t] <= Max per period, where production is fixed and so may exceed it; elsewhere it is a bound of P."""
    sources, families = model.problem.sources, model.problem.families
    for source, label in enumerate(model.source_labels):
        family = int(sources.family[source])
        for t in np.flatnonzero(~np.isnan(families.fixed[family]) & np.isfinite(sources.maximum[source])):
            period = model.period_labels[t]
            above = model.slack(
                f"above_maximum_{label}_{period}", model.family_scale[family], PHYSICAL, "source_maximum",
                max(families.unit_value[family], families.lost_sale_cost[family]), int(t), family=family, source=source,
            )  # fmt: skip
            terms = [(model.make[source][t], 1.0), (above, -1.0)]
            model.add(f"source_maximum_{label}_{period}", terms, LE, float(sources.maximum[source, t]))


def stock_minimum(model: BalanceModel) -> None:
    """I[t] + below >= Min stock, and at the end of the horizon Closing stock min if that is more."""
    families = model.problem.families
    for family, label in enumerate(model.family_labels):
        least = families.min_stock[family].copy()
        if len(least):
            least[-1] = max(least[-1], families.closing_stock_min[family])
        for t in np.flatnonzero(least > 0):
            period, last = model.period_labels[t], t == len(least) - 1
            closing = last and families.closing_stock_min[family] >= least[t]
            below = model.slack(
                f"below_minimum_{label}_{period}", model.family_scale[family], POLICY,
                "closing_stock_min" if closing else "min_stock", families.unit_value[family], int(t), family=family,
            )  # fmt: skip
            terms = [(model.stock[family][t], 1.0), (below, 1.0)]
            model.limit_row("Closing stock min" if closing else "Min stock", int(t), family=family, least=True)
            model.add(f"stock_minimum_{label}_{period}", terms, GE, float(least[t]))


def stock_maximum(model: BalanceModel) -> None:
    """I[t] - above <= Max stock."""
    families = model.problem.families
    for family, label in enumerate(model.family_labels):
        for t in np.flatnonzero(np.isfinite(families.max_stock[family])):
            period = model.period_labels[t]
            above = model.slack(
                f"above_stock_{label}_{period}", model.family_scale[family], POLICY, "max_stock",
                families.unit_value[family], int(t), family=family,
            )  # fmt: skip
            terms = [(model.stock[family][t], 1.0), (above, -1.0)]
            model.limit_row("Max stock", int(t), family=family)
            model.add(f"stock_maximum_{label}_{period}", terms, LE, float(families.max_stock[family, t]))


def shelf_life(model: BalanceModel) -> None:
    """I[t] - too old <= demand of the next Shelf life periods: first in, first out, nothing older is left."""
    families = model.problem.families
    for family, label in enumerate(model.family_labels):
        for t in np.flatnonzero(np.isfinite(families.shelf_demand[family])):
            period = model.period_labels[t]
            old = model.slack(
                f"too_old_{label}_{period}", model.family_scale[family], POLICY, "shelf_life",
                families.unit_value[family], int(t), family=family,
            )  # fmt: skip
            terms = [(model.stock[family][t], 1.0), (old, -1.0)]
            model.limit_row("Shelf life", int(t), family=family)
            model.add(f"shelf_life_{label}_{period}", terms, LE, float(families.shelf_demand[family, t]))


def make_to_order(model: BalanceModel) -> None:
    """I[t] - I[t-1] - built <= 0 for families made to order: no stock is built, what there is may run down."""
    families = model.problem.families
    for family in np.flatnonzero(families.to_order):
        label = model.family_labels[family]
        for t, period in enumerate(model.period_labels):
            built = model.slack(
                f"built_{label}_{period}", model.family_scale[family], POLICY, "made_to_order",
                families.unit_value[family], t, family=int(family),
            )  # fmt: skip
            terms: Terms = [(model.stock[family][t], 1.0), (built, -1.0)]
            if t:
                terms.append((model.stock[family][t - 1], -1.0))
            right = 0.0 if t else float(families.opening_stock[family])
            model.add(f"make_to_order_{label}_{period}", terms, LE, right)


def target_stock(model: BalanceModel) -> None:
    """I[t] + shortfall >= Target stock (soft: the shortfall costs Shortfall cost).

    Where a unit below target costs more than to hold one and be late with one, late orders count as below target:
    else it would pay to keep stock back from customers.
    """
    families = model.problem.families
    for family, label in enumerate(model.family_labels):
        targets = families.target_stock[family]
        cost = families.shortfall_cost[family]
        keeps_back = cost > families.holding_cost[family] + families.backorder_cost[family]
        for t in np.flatnonzero(np.nan_to_num(targets) > 0):
            period = model.period_labels[t]
            shortfall = model.variable(f"shortfall_{label}_{period}", model.family_scale[family])
            model.objective.add("Shortfall cost", shortfall, float(cost), int(t), family=family)
            terms: Terms = [(model.stock[family][t], 1.0), (shortfall, 1.0)]
            if keeps_back:
                terms.append((model.late[family][t], -1.0))
            model.add(f"target_stock_{label}_{period}", terms, GE, float(targets[t]))


def fixed_production(model: BalanceModel) -> None:
    """sum_j P[j,t] + missing = Fixed production, or the approved plan of a frozen period.

    Only a family without sources can miss it.
    """
    families = model.problem.families
    for family, label in enumerate(model.family_labels):
        for t in np.flatnonzero(~np.isnan(families.fixed[family])):
            period = model.period_labels[t]
            terms = model.made(family, int(t))
            if not terms:
                missing = model.slack(
                    f"missing_{label}_{period}", model.family_scale[family], PHYSICAL, "fixed_production",
                    families.unit_value[family], int(t), family=family,
                )  # fmt: skip
                terms = [(missing, 1.0)]
            model.add(f"fixed_production_{label}_{period}", terms, EQ, float(families.fixed[family, t]))


def level_production(model: BalanceModel) -> None:
    """Strategy Level: sum_j P[j,t] = rate[f] + above - below, in every period whose production is not fixed."""
    families = model.problem.families
    if model.problem.settings.strategy != "Level":
        return
    for family, label in enumerate(model.family_labels):
        if not model.sources_of[family]:
            continue
        scale, value = model.family_scale[family], families.unit_value[family]
        rate = model.variable(f"rate_{label}", scale)
        for t in np.flatnonzero(np.isnan(families.fixed[family])):
            period = model.period_labels[t]
            above, below = (
                model.slack(
                    f"{side}_rate_{label}_{period}", scale, POLICY, "level_production", value, int(t), family=family
                )
                for side in ("above", "below")
            )
            terms = [*model.made(family, int(t)), (rate, -1.0), (above, -1.0), (below, 1.0)]
            model.add(f"level_production_{label}_{period}", terms, EQ, 0.0)


def chase_demand(model: BalanceModel) -> None:
    """Strategy Chase: I[t] - B[t] = target + above - below; the target is Target stock, else Min stock."""
    families = model.problem.families
    if model.problem.settings.strategy != "Chase":
        return
    for family, label in enumerate(model.family_labels):
        scale, value = model.family_scale[family], families.unit_value[family]
        targets = np.where(np.isnan(families.target_stock[family]), families.min_stock[family],
                           families.target_stock[family])  # fmt: skip
        if len(targets):
            targets[-1] = max(targets[-1], families.closing_stock_min[family])
        for t, period in enumerate(model.period_labels):
            above, below = (
                model.slack(f"{side}_chase_{label}_{period}", scale, POLICY, "chase_demand", value, t, family=family)
                for side in ("above", "below")
            )
            terms = [(model.stock[family][t], 1.0), (model.late[family][t], -1.0), (above, -1.0), (below, 1.0)]
            model.add(f"chase_demand_{label}_{period}", terms, EQ, float(targets[t]))


def production_change(model: BalanceModel) -> None:
    """sum_j P[j,t] - sum_j P[j,t-1] = rise - fall: costs Change cost, and equal optima are broken by it."""
    cost = model.problem.settings.change_cost
    for family, label in enumerate(model.family_labels):
        if not model.sources_of[family]:
            continue
        scale = model.family_scale[family]
        for t in range(1, model.problem.horizon):
            period = model.period_labels[t]
            rise, fall = (model.variable(f"{side}_{label}_{period}", scale) for side in ("rise", "fall"))
            for variable in (rise, fall):
                model.changes.append((variable, family))
                model.objective.add("Change cost", variable, cost, t, family=family)
            terms = [*model.made(family, t), *model.made(family, t - 1, -1.0), (rise, -1.0), (fall, 1.0)]
            model.add(f"production_change_{label}_{period}", terms, EQ, 0.0)


def replan_distance(model: BalanceModel) -> None:
    """sum_j P[j,t] = approved plan + more - less, each costing Replan cost."""
    cost, families = model.problem.settings.replan_cost, model.problem.families
    if cost <= 0:
        return
    for family, label in enumerate(model.family_labels):
        for t in np.flatnonzero(~np.isnan(families.approved[family])):
            period = model.period_labels[t]
            more, less = (
                model.variable(f"{side}_{label}_{period}", model.family_scale[family])
                for side in ("more_than_approved", "less_than_approved")
            )
            for variable in (more, less):
                model.objective.add("Replan cost", variable, cost, int(t), family=family)
            terms = [*model.made(family, int(t)), (more, -1.0), (less, 1.0)]
            model.add(f"replan_distance_{label}_{period}", terms, EQ, float(families.approved[family, t]))


CONSTRAINTS: tuple[Callable[[BalanceModel], None], ...] = (
    stock_balance,
    demand_balance,
    resource_load,
    labour_capacity,
    labour_overtime,
    workforce_balance,
    source_maximum,
    stock_minimum,
    stock_maximum,
    shelf_life,
    make_to_order,
    target_stock,
    fixed_production,
    level_production,
    chase_demand,
    production_change,
    replan_distance,
    run_switch,
    minimum_run,
    batch_quantity,
    startup,
    facility_location,
)
