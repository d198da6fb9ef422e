"""The cost terms of the balance that hang on plain variables, each by its name, and the revenue.

Shortfall, change and replan cost are recorded beside their constraints; run and start-up cost in ``run_costs``.
"""

from __future__ import annotations

import numpy as np

from .model import REVENUE, BalanceModel

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


def unit_costs(model: BalanceModel) -> None:
    """Unit cost of each source x what is made or ordered."""
    sources = model.problem.sources
    for source, row in enumerate(model.make):
        family = int(sources.family[source])
        for t, made in enumerate(row):
            model.objective.add("Unit costs", made, float(sources.unit_cost[source, t]), t, family=family)


def stock_costs(model: BalanceModel) -> None:
    """Holding cost x closing stock."""
    for family, row in enumerate(model.stock):
        cost = float(model.problem.families.holding_cost[family])
        for t, stock in enumerate(row):
            model.objective.add("Holding cost", stock, cost, t, family=family)


def service_costs(model: BalanceModel) -> None:
    """Backorder cost x units late at the end of a period; Lost sale cost x units never delivered."""
    families = model.problem.families
    for family in range(len(families.names)):
        late_cost, lost_cost = float(families.backorder_cost[family]), float(families.lost_sale_cost[family])
        for t, (late, lost) in enumerate(zip(model.late[family], model.lost[family], strict=True)):
            model.objective.add("Backorder cost", late, late_cost, t, family=family)
            model.objective.add("Lost sale cost", lost, lost_cost, t, family=family)


def resource_costs(model: BalanceModel) -> None:
    """Overtime cost x overtime; Regular cost x regular use (not Labour: there it is paid per head)."""
    resources = model.problem.resources
    for resource in range(len(resources.names)):
        overtime_cost = float(resources.overtime_cost[resource])
        regular_cost = 0.0 if resources.staffed[resource] else float(resources.regular_cost[resource])
        for t, (regular, overtime) in enumerate(zip(model.regular[resource], model.overtime[resource], strict=True)):
            model.objective.add("Regular cost", regular, regular_cost, t, resource=resource)
            model.objective.add("Overtime cost", overtime, overtime_cost, t, resource=resource)


def labour_costs(model: BalanceModel) -> None:
    """Regular cost x heads, busy or not; Hire cost x hires; Layoff cost x layoffs."""
    resources = model.problem.resources
    for resource, heads in model.heads.items():
        prices = (
            ("Regular cost", heads, resources.regular_cost),
            ("Hire cost", model.hires[resource], resources.hire_cost),
            ("Layoff cost", model.layoffs[resource], resources.layoff_cost),
        )
        for name, row, cost in prices:
            for t, variable in enumerate(row):
                model.objective.add(name, variable, float(cost[resource]), t, resource=resource)


def run_costs(model: BalanceModel) -> None:
    """Run cost x periods in which a source runs; Start-up cost x starts."""
    sources = model.problem.sources
    for source, row in model.run.items():
        family = int(sources.family[source])
        for t, run in enumerate(row):
            model.objective.add("Run cost", run, float(sources.run_cost[source, t]), t, family=family)
    for source, row in model.startup.items():
        family = int(sources.family[source])
        for t, start in enumerate(row):
            model.objective.add("Start-up cost", start, float(sources.startup_cost[source]), t, family=family)


def carbon_costs(model: BalanceModel) -> None:
    """Carbon price (per t) x CO2e (kg) of what is made and of the use of resources."""
    price = model.problem.settings.carbon_price / KG_PER_TONNE
    sources, resources = model.problem.sources, model.problem.resources
    for source, row in enumerate(model.make):
        cost, family = price * float(sources.emission[source]), int(sources.family[source])
        for t, made in enumerate(row):
            model.objective.add("Carbon cost", made, cost, t, family=family)
    for resource in np.flatnonzero(price * resources.emission > 0):
        r = int(resource)
        cost = price * float(resources.emission[r])
        for t, (regular, overtime) in enumerate(zip(model.regular[r], model.overtime[r], strict=True)):
            model.objective.add("Carbon cost", regular, cost, t, resource=r)
            model.objective.add("Carbon cost", overtime, cost, t, resource=r)
    for slack in model.slacks:
        if slack.rule == "capacity" and price * resources.emission[slack.resource] > 0:
            cost = price * float(resources.emission[slack.resource])
            model.objective.add("Carbon cost", slack.variable, cost, slack.period, resource=slack.resource)


def revenue(model: BalanceModel) -> None:
    """Price x shipments, late orders at the price of the period they were due in.

    sum_t price[t] S[t] - sum_t (price[t+1] - price[t]) B[t]: each period that an order waits, its price is put back.
    """
    price = model.problem.families.price
    for family, row in enumerate(model.ship):
        for t, ship in enumerate(row):
            model.objective.add(REVENUE, ship, float(price[family, t]), t, family=family)
        for t, late in enumerate(model.late[family][:-1]):
            model.objective.add(REVENUE, late, float(price[family, t] - price[family, t + 1]), t, family=family)
