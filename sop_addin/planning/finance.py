"""The plan in money: revenue and every cost term of the balance, by family and period."""

from __future__ import annotations

import pandas as pd

from ..model.plan import BalancePlan
from ..model.schema import FINANCE_PLAN
from ..model.tables import Tables
from .rough_cut import load_by_family

MEASURE_OF_TERM = {
    "Unit costs": "Unit costs",
    "Regular cost": "Regular cost",
    "Overtime cost": "Overtime cost",
    "Hire cost": "Hire and layoff cost",
    "Layoff cost": "Hire and layoff cost",
    "Holding cost": "Holding cost",
    "Backorder cost": "Backorder and lost sale cost",
    "Lost sale cost": "Backorder and lost sale cost",
}
OTHER_COST = "Other cost"
KEYS = ["Family", "Period"]


def finance_plan(tables: Tables, plan: BalancePlan) -> pd.DataFrame:
    """Family, Period and the output measures of FinancePlan, base currency; one row per family and planned period.

    The cost measures add up to ``plan.total_cost``: costs of a resource are shared by the load each family puts on it
    in the period; what no family loads in a period is shared by the load over the horizon, else equally.
    """
    load = load_by_family(tables, plan)
    base = plan.families[KEYS].copy()
    result = base.merge(_costs_by_family(tables, plan, load), on=KEYS, how="left")
    result["Revenue"] = (plan.families["Sales"] * plan.families["Price"].fillna(0.0)).to_numpy()
    result["Stock value"] = (
        plan.families["Closing stock"] * plan.families["Family"].map(cheapest_unit_cost(tables)).fillna(0.0)
    ).to_numpy()
    budget = tables.budget.rename(columns={"Revenue": "Budget revenue", "Margin": "Budget margin"})
    budget = budget.groupby(KEYS, as_index=False)[["Budget revenue", "Budget margin"]].sum(min_count=1)
    result = result.merge(budget, on=KEYS, how="left").merge(_emissions(tables, plan, load), on=KEYS, how="left")
    outputs = [measure.name for measure in FINANCE_PLAN.measures if measure.role == "output"]
    for name in outputs:
        if name not in result.columns:
            result[name] = 0.0
    unbudgeted = ["Budget revenue", "Budget margin"]
    filled = [name for name in outputs if name not in unbudgeted]
    result[filled] = result[filled].fillna(0.0)
    return result[[*KEYS, *outputs]]


def cheapest_unit_cost(tables: Tables) -> dict[str, float]:
    """Cheapest unit cost of each family that has a source, money per family unit."""
    costs = tables.sources.groupby("Family")["Unit cost"].min()
    return {str(family): float(cost) for family, cost in costs.items()}


def _costs_by_family(tables: Tables, plan: BalancePlan, load: pd.DataFrame) -> pd.DataFrame:
    costs = plan.costs.copy()
    costs["Measure"] = costs["Term"].map(MEASURE_OF_TERM).fillna(OTHER_COST)
    direct = costs[costs["Family"] != ""][[*KEYS, "Measure", "Value"]]
    shared = costs[costs["Family"] == ""].merge(_shares(tables, plan, load), on=["Resource", "Period"], how="left")
    shared["Value"] *= shared["Share"]
    shared["Family"] = shared["Family_y"] if "Family_y" in shared else shared["Family"]
    both = pd.concat([direct, shared[[*KEYS, "Measure", "Value"]]], ignore_index=True)
    wide = both.pivot_table(index=KEYS, columns="Measure", values="Value", aggfunc="sum", fill_value=0.0)
    return wide.reset_index().rename_axis(columns=None)


def _shares(tables: Tables, plan: BalancePlan, load: pd.DataFrame) -> pd.DataFrame:
    """Resource, Period, Family, Share: how the cost of a resource falls on families; shares add up to 1."""
    resources = sorted({"", *plan.costs["Resource"]})
    periods = list(plan.families["Period"].unique())
    grid = pd.MultiIndex.from_product(
        [resources, periods, tables.family_names], names=["Resource", "Period", "Family"]
    ).to_frame(index=False)
    grid = grid.merge(load, on=["Resource", "Period", "Family"], how="left")
    now = grid["Load"].fillna(0.0).clip(lower=0.0)
    ever = now.groupby([grid["Resource"], grid["Family"]]).transform("sum")
    per_period = [grid["Resource"], grid["Period"]]
    loaded = now.groupby(per_period).transform("sum") > 0
    weight = now.where(loaded, ever)
    weight = weight.where(weight.groupby(per_period).transform("sum") > 0, 1.0)
    grid["Share"] = weight / weight.groupby(per_period).transform("sum")
    return grid[["Resource", "Period", "Family", "Share"]]


def _emissions(tables: Tables, plan: BalancePlan, load: pd.DataFrame) -> pd.DataFrame:
    """Family, Period, CO2e in kg: of production by source, and of the use of resources."""
    rates = tables.sources[["Family", "Source", "CO2e per unit"]]
    made = plan.sources.merge(rates, on=["Family", "Source"], how="left")
    made["CO2e"] = made["Planned"] * made["CO2e per unit"].fillna(0.0)
    used = load.merge(tables.resources[["Resource", "CO2e per unit"]], on="Resource")
    used["CO2e"] = used["Load"] * used["CO2e per unit"].fillna(0.0)
    parts = [part[[*KEYS, "CO2e"]] for part in (made, used)]
    both = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return both.groupby(KEYS)["CO2e"].sum().reset_index()
