"""The constraints of the balance, one function each; ``CONSTRAINTS`` lists them all, and each has a golden .lp file.

Notation of contract section 3: P made or ordered, S shipments, I closing stock, B backorders, L lost sales, D demand,
U regular use, O overtime, W heads, H hires, Y layoffs; f family, j source, r resource, t period.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .linear_model import every_cell
from .model import CAPACITY, EQ, GE, LE, PHYSICAL, POLICY, BalanceModel
from .problem import STORAGE
from .runs import batch_quantity, facility_location, minimum_run, run_switch, startup


def stock_balance(model: BalanceModel) -> None:
    """I[t] = I[t-1] + sum_j P[j,t-lead] + receipts[t] - S[t]."""
    families, sources, horizon = model.problem.families, model.problem.sources, model.problem.horizon
    right = families.receipts.copy()
    right[:, :1] += families.opening_stock[:, None]
    cells = every_cell(*model.stock.shape)
    rows = model.rows("stock_balance", model.family_labels, cells, EQ, right[cells]).reshape(model.stock.shape)
    model.put(rows, model.stock, 1.0)
    model.put(rows, model.ship, 1.0)
    model.put(rows[:, 1:], model.stock[:, :-1], -1.0)
    for lead in np.unique(sources.lead[sources.lead < horizon]):
        late = np.flatnonzero(sources.lead == lead)
        model.put(rows[sources.family[late], lead:], model.make[late, : horizon - lead], -1.0)


def demand_balance(model: BalanceModel) -> None:
    """B[t] = B[t-1] + D[t] - L[t] - S[t]."""
    families = model.problem.families
    right = families.demand.copy()
    right[:, :1] += families.opening_backorders[:, None]
    cells = every_cell(*model.late.shape)
    rows = model.rows("demand_balance", model.family_labels, cells, EQ, right[cells]).reshape(model.late.shape)
    for grid in (model.late, model.lost, model.ship):
        model.put(rows, grid, 1.0)
    model.put(rows[:, 1:], model.late[:, :-1], -1.0)


def resource_load(model: BalanceModel) -> None:
    """Load[r,t] = U + O + short: what is made (Machine, Labour, Supplier), stored (Storage) or shipped (Distribution).

    ``short`` is load beyond every limit; only a planner's own figures can force it (fixed production, opening stock).
    """
    resources = model.problem.resources
    shape = model.regular.shape
    rows = model.rows("resource_load", model.resource_labels, every_cell(*shape), EQ, 0.0).reshape(shape)
    for resource, kind in enumerate(resources.kinds):
        source, unit, per_run = resources.source_use[resource]
        some, running = unit != 0, np.flatnonzero(per_run)
        model.put(rows[resource], model.make[source[some]], unit[some, None])
        for use in running:
            model.put(rows[resource], model.run[int(source[use])], per_run[use])
        family, per_unit, _ = resources.family_use[resource]
        grid = model.stock if kind == STORAGE else model.ship
        model.put(rows[resource], grid[family], per_unit[:, None])
    model.put(rows, model.regular, -1.0)
    model.put(rows, model.overtime, -1.0)
    r, t = limited = np.nonzero(resources.staffed[:, None] | np.isfinite(resources.capacity))
    short = model.slack(
        "short", model.resource_labels, limited, model.resource_scale[r], PHYSICAL, "capacity",
        model.resource_value[r], resource=r,
    )  # fmt: skip
    model.put(rows[r, t], short, -1.0)


def labour_capacity(model: BalanceModel) -> None:
    """U[r,t] <= hours per head x W[r,t]."""
    hours = model.problem.resources.hours_per_head
    for r, heads in model.heads.items():
        rows = model.rows("labour_capacity", model.resource_labels, _periods_of(model, r), LE, 0.0)
        model.labour_rows[r] = rows
        model.limit(CAPACITY, np.arange(len(rows)), row=rows, resource=r)
        model.put(rows, model.regular[r], 1.0)
        model.put(rows, heads, -hours[r])


def labour_overtime(model: BalanceModel) -> None:
    """O[r,t] <= overtime per head x W[r,t]."""
    limit = model.problem.resources.overtime_limit
    for r, heads in model.heads.items():
        rows = model.rows("labour_overtime", model.resource_labels, _periods_of(model, r), LE, 0.0)
        some = np.flatnonzero(limit[r] > 0)
        model.limit("Overtime limit", some, row=rows[some], resource=r)
        model.put(rows, model.overtime[r], 1.0)
        model.put(rows, heads, -limit[r])


def workforce_balance(model: BalanceModel) -> None:
    """W[r,t] = W[r,t-1] + H[r,t] - Y[r,t]."""
    for r, heads in model.heads.items():
        right = np.zeros(model.problem.horizon)
        right[:1] = model.problem.resources.opening_heads[r]
        rows = model.rows("workforce_balance", model.resource_labels, _periods_of(model, r), EQ, right)
        model.put(rows, heads, 1.0)
        model.put(rows, model.hires[r], -1.0)
        model.put(rows, model.layoffs[r], 1.0)
        model.put(rows[1:], heads[:-1], -1.0)


def _periods_of(model: BalanceModel, resource: int) -> tuple[np.ndarray, np.ndarray]:
    """The cells of one resource."""
    period = np.arange(model.problem.horizon)
    return np.full_like(period, resource), period


def source_maximum(model: BalanceModel) -> None:
    """P[j,t] <= Max per period, where production is fixed and so may exceed it; elsewhere it is a bound of P."""
    sources, families = model.problem.sources, model.problem.families
    fixed = ~np.isnan(families.fixed[sources.family])
    j, _ = cells = np.nonzero(fixed & np.isfinite(sources.maximum))
    family = sources.family[j]
    above = model.slack(
        "above_maximum", model.source_labels, cells, model.family_scale[family], PHYSICAL, "source_maximum",
        np.maximum(families.unit_value, families.lost_sale_cost)[family], family=family, source=j,
    )  # fmt: skip
    rows = model.rows("source_maximum", model.source_labels, cells, LE, sources.maximum[cells])
    model.put(rows, model.make[cells], 1.0)
    model.put(rows, above, -1.0)


def stock_minimum(model: BalanceModel) -> None:
    """I[t] + below >= Min stock, and at the end of the horizon Closing stock min if that is more."""
    families = model.problem.families
    least = families.min_stock.copy()
    least[:, -1:] = np.maximum(least[:, -1:], families.closing_stock_min[:, None])
    f, t = cells = np.nonzero(least > 0)
    closing = (t == model.problem.horizon - 1) & (families.closing_stock_min[f] >= least[cells])
    below = model.slack(
        "below_minimum", model.family_labels, cells, model.family_scale[f], POLICY,
        np.where(closing, "closing_stock_min", "min_stock").tolist(), families.unit_value[f], family=f,
    )  # fmt: skip
    rows = model.rows("stock_minimum", model.family_labels, cells, GE, least[cells])
    kinds = np.where(closing, "Closing stock min", "Min stock").tolist()
    model.limit(kinds, t, row=rows, family=f, least=True)
    model.put(rows, model.stock[cells], 1.0)
    model.put(rows, below, 1.0)


def stock_maximum(model: BalanceModel) -> None:
    """I[t] - above <= Max stock."""
    _stock_at_most(model, "stock_maximum", "above_stock", "max_stock", "Max stock", model.problem.families.max_stock)


def shelf_life(model: BalanceModel) -> None:
    """I[t] - too old <= demand of the next Shelf life periods: first in, first out, nothing older is left."""
    _stock_at_most(model, "shelf_life", "too_old", "shelf_life", "Shelf life", model.problem.families.shelf_demand)


def _stock_at_most(model: BalanceModel, kind: str, slack: str, rule: str, limit: str, most: np.ndarray) -> None:
    families, labels = model.problem.families, model.family_labels
    f, t = cells = np.nonzero(np.isfinite(most))
    above = model.slack(slack, labels, cells, model.family_scale[f], POLICY, rule, families.unit_value[f], family=f)
    rows = model.rows(kind, labels, cells, LE, most[cells])
    model.limit(limit, t, row=rows, family=f)
    model.put(rows, model.stock[cells], 1.0)
    model.put(rows, above, -1.0)


def make_to_order(model: BalanceModel) -> None:
    """I[t] - I[t-1] - built <= 0 for families made to order: no stock is built, what there is may run down."""
    families, labels = model.problem.families, model.family_labels
    f, t = cells = np.nonzero(np.repeat(families.to_order[:, None], model.problem.horizon, axis=1))
    built = model.slack(
        "built", labels, cells, model.family_scale[f], POLICY, "made_to_order", families.unit_value[f], family=f
    )
    rows = model.rows("make_to_order", labels, cells, LE, np.where(t == 0, families.opening_stock[f], 0.0))
    model.put(rows, model.stock[cells], 1.0)
    model.put(rows, built, -1.0)
    later = t > 0
    model.put(rows[later], model.stock[f[later], t[later] - 1], -1.0)


def target_stock(model: BalanceModel) -> None:
    """I[t] + shortfall >= Target stock (soft: the shortfall costs Shortfall cost).

    Where a unit below target costs more than to hold one and be late with one, late orders count as below target:
    else it would pay to keep stock back from customers.
    """
    families, labels = model.problem.families, model.family_labels
    cost = families.shortfall_cost
    keeps_back = cost > families.holding_cost + families.backorder_cost
    f, t = cells = np.nonzero(np.nan_to_num(families.target_stock) > 0)
    shortfall = model.columns("shortfall", labels, cells, model.family_scale[f])
    model.price("Shortfall cost", shortfall, cost[f], t, family=f)
    rows = model.rows("target_stock", labels, cells, GE, families.target_stock[cells])
    model.put(rows, model.stock[cells], 1.0)
    model.put(rows, shortfall, 1.0)
    kept = keeps_back[f]
    model.put(rows[kept], model.late[f[kept], t[kept]], -1.0)


def fixed_production(model: BalanceModel) -> None:
    """sum_j P[j,t] + missing = Fixed production, or the approved plan of a frozen period.

    Only a family without sources can miss it.
    """
    families, labels = model.problem.families, model.family_labels
    f, t = cells = np.nonzero(~np.isnan(families.fixed))
    rows = model.rows("fixed_production", labels, cells, EQ, families.fixed[cells])
    model.put_made(rows, f, t)
    none = ~_has_source(model)[f]
    family = f[none]
    missing = model.slack(
        "missing", labels, (family, t[none]), model.family_scale[family], PHYSICAL, "fixed_production",
        families.unit_value[family], family=family,
    )  # fmt: skip
    model.put(rows[none], missing, 1.0)


def _has_source(model: BalanceModel) -> np.ndarray:
    """(F,) whether a family has any source."""
    return np.isin(np.arange(len(model.family_labels)), model.problem.sources.family)


def level_production(model: BalanceModel) -> None:
    """Strategy Level: sum_j P[j,t] = rate[f] + above - below, in every period whose production is not fixed."""
    families, labels = model.problem.families, model.family_labels
    if model.problem.settings.strategy != "Level":
        return
    sourced = _has_source(model)
    rate = np.full(len(labels), -1)
    for family in np.flatnonzero(sourced):
        rate[family] = model.named_columns([f"rate_{labels[family]}"], float(model.family_scale[family]))[0]
    f, t = cells = np.nonzero(np.isnan(families.fixed) & sourced[:, None])
    above, below = (
        model.slack(
            f"{side}_rate", labels, cells, model.family_scale[f], POLICY, "level_production", families.unit_value[f],
            family=f,
        )
        for side in ("above", "below")
    )  # fmt: skip
    rows = model.rows("level_production", labels, cells, EQ, 0.0)
    model.put_made(rows, f, t)
    model.put(rows, rate[f], -1.0)
    model.put(rows, above, -1.0)
    model.put(rows, below, 1.0)


def chase_demand(model: BalanceModel) -> None:
    """Strategy Chase: I[t] - B[t] = target + above - below; the target is Target stock, else Min stock."""
    families, labels = model.problem.families, model.family_labels
    if model.problem.settings.strategy != "Chase":
        return
    targets = np.where(np.isnan(families.target_stock), families.min_stock, families.target_stock)
    targets[:, -1:] = np.maximum(targets[:, -1:], families.closing_stock_min[:, None])
    f, _ = cells = every_cell(*targets.shape)
    above, below = (
        model.slack(
            f"{side}_chase", labels, cells, model.family_scale[f], POLICY, "chase_demand", families.unit_value[f],
            family=f,
        )
        for side in ("above", "below")
    )  # fmt: skip
    rows = model.rows("chase_demand", labels, cells, EQ, targets[cells])
    model.put(rows, model.stock[cells], 1.0)
    model.put(rows, model.late[cells], -1.0)
    model.put(rows, above, -1.0)
    model.put(rows, below, 1.0)


def production_change(model: BalanceModel) -> None:
    """sum_j P[j,t] - sum_j P[j,t-1] = rise - fall, each costing Change cost; tie_break.py has it where that is 0."""
    labels, cost = model.family_labels, model.problem.settings.change_cost
    if cost <= 0:
        return
    f, t = cells = model.changes
    model.rise, model.fall = (model.columns(side, labels, cells, model.family_scale[f]) for side in ("rise", "fall"))
    model.price("Change cost", np.array([model.rise, model.fall]), cost, t, family=f)
    rows = model.rows("production_change", labels, cells, EQ, 0.0)
    model.put_made(rows, f, t)
    model.put_made(rows, f, t - 1, -1.0)
    model.put(rows, model.rise, -1.0)
    model.put(rows, model.fall, 1.0)


def replan_distance(model: BalanceModel) -> None:
    """sum_j P[j,t] = approved plan + more - less, each costing Replan cost."""
    cost, families = model.problem.settings.replan_cost, model.problem.families
    if cost <= 0:
        return
    f, t = cells = np.nonzero(~np.isnan(families.approved))
    more, less = (
        model.columns(f"{side}_than_approved", model.family_labels, cells, model.family_scale[f])
        for side in ("more", "less")
    )
    model.price("Replan cost", np.array([more, less]), cost, t, family=f)
    rows = model.rows("replan_distance", model.family_labels, cells, EQ, families.approved[cells])
    model.put_made(rows, f, t)
    model.put(rows, more, -1.0)
    model.put(rows, less, 1.0)


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
