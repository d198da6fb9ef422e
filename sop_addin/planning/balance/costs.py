"""The cost terms of the balance that hang on plain variables, each by its name, and the revenue.

Shortfall, change and replan cost are recorded beside their constraints; run and start-up cost in ``run_costs``.
"""

from __future__ import annotations

import numpy as np

from .linear_model import REVENUE
from .model import BalanceModel

KG_PER_TONNE = 1000.0


def add_costs(model: BalanceModel) -> None:
    """Record every cost and, where the margin is maximised, the revenue."""
    unit_costs(model)
    stock_costs(model)
    service_costs(model)
    resource_costs(model)
    labour_costs(model)
    run_costs(model)
    carbon_costs(model)
    if model.problem.settings.maximise_margin:
        revenue(model)


def _periods(model: BalanceModel) -> np.ndarray:
    return np.arange(model.problem.horizon)


def _families(model: BalanceModel) -> np.ndarray:
    """(F, 1)"""
    return np.arange(len(model.family_labels))[:, None]


def unit_costs(model: BalanceModel) -> None:
    """Unit cost of each source x what is made or ordered."""
    sources = model.problem.sources
    model.price("Unit costs", model.make, sources.unit_cost, _periods(model), family=sources.family[:, None])


def stock_costs(model: BalanceModel) -> None:
    """Holding cost x closing stock."""
    cost = model.problem.families.holding_cost[:, None]
    model.price("Holding cost", model.stock, cost, _periods(model), family=_families(model))


def service_costs(model: BalanceModel) -> None:
    """Backorder cost x units late at the end of a period; Lost sale cost x units never delivered."""
    families, family, period = model.problem.families, _families(model), _periods(model)
    model.price("Backorder cost", model.late, families.backorder_cost[:, None], period, family=family)
    model.price("Lost sale cost", model.lost, families.lost_sale_cost[:, None], period, family=family)


def resource_costs(model: BalanceModel) -> None:
    """Overtime cost x overtime; Regular cost x regular use (not Labour: there it is paid per head)."""
    resources, period = model.problem.resources, _periods(model)
    resource = np.arange(len(model.resource_labels))[:, None]
    regular_cost = np.where(resources.staffed, 0.0, resources.regular_cost)[:, None]
    model.price("Regular cost", model.regular, regular_cost, period, resource=resource)
    model.price("Overtime cost", model.overtime, resources.overtime_cost[:, None], period, resource=resource)


def labour_costs(model: BalanceModel) -> None:
    """Regular cost x heads, busy or not; Hire cost x hires; Layoff cost x layoffs."""
    resources, period = model.problem.resources, _periods(model)
    for resource, heads in model.heads.items():
        for name, row, cost in (
            ("Regular cost", heads, resources.regular_cost),
            ("Hire cost", model.hires[resource], resources.hire_cost),
            ("Layoff cost", model.layoffs[resource], resources.layoff_cost),
        ):
            model.price(name, row, cost[resource], period, resource=resource)


def run_costs(model: BalanceModel) -> None:
    """Run cost x periods in which a source runs; Start-up cost x starts."""
    sources, period = model.problem.sources, _periods(model)
    for source, row in model.run.items():
        model.price("Run cost", row, sources.run_cost[source], period, family=sources.family[source])
    for source, row in model.startup.items():
        model.price("Start-up cost", row, sources.startup_cost[source], period, family=sources.family[source])


def carbon_costs(model: BalanceModel) -> None:
    """Carbon price (per t) x CO2e (kg) of what is made and of the use of resources."""
    price, period = model.problem.settings.carbon_price / KG_PER_TONNE, _periods(model)
    if price == 0.0:
        return
    sources, resources = model.problem.sources, model.problem.resources
    model.price("Carbon cost", model.make, price * sources.emission[:, None], period, family=sources.family[:, None])
    cost = price * resources.emission
    resource = np.arange(len(cost))[:, None]
    model.price("Carbon cost", model.regular, cost[:, None], period, resource=resource)
    model.price("Carbon cost", model.overtime, cost[:, None], period, resource=resource)
    slacks = model.slacks
    over = np.array([rule == "capacity" for rule in slacks.rule], dtype=bool)
    beyond = slacks.resource[over]
    model.price("Carbon cost", slacks.column[over], cost[beyond], slacks.period[over], resource=beyond)


def revenue(model: BalanceModel) -> None:
    """Price x shipments, late orders at the price of the period they were due in.

    sum_t price[t] S[t] - sum_t (price[t+1] - price[t]) B[t]: each period that an order waits, its price is put back.
    """
    price, family, period = model.problem.families.price, _families(model), _periods(model)
    model.price(REVENUE, model.ship, price, period, family=family)
    model.price(REVENUE, model.late[:, :-1], price[:, :-1] - price[:, 1:], period[:-1], family=family)
