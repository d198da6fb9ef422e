"""Key figures of a plan, and the headline results shown on Home."""

from __future__ import annotations

import pandas as pd

from ..model import calendar
from ..model.plan import BalancePlan
from ..model.tables import Tables

NONE = float("nan")


def headline_results(plan: BalancePlan, findings: int) -> dict[str, object]:
    """Measure -> Value of tblResult."""
    families = plan.families
    at_end = families["Period"] == families["Period"].max()
    return {
        "Status": plan.status,
        "Objective": plan.objective,
        "Total cost": plan.total_cost,
        "Margin": plan.margin,
        "Revenue": plan.revenue,
        "Service level": plan.service_level,
        "Demand": float(families["Demand"].sum()),
        "Shipments": float(families["Sales"].sum()),
        "Backorders at end": float(families.loc[at_end, "Backorders"].sum()),
        "Lost sales": float(families["Lost sales"].sum()),
        "Findings": findings,
        "Solve seconds": round(plan.solve_seconds, 3),
        "Gap": plan.gap,
        "Bound": plan.bound,
    }


def key_figures(tables: Tables, plan: BalancePlan, finance: pd.DataFrame) -> pd.DataFrame:
    """KPI, Value, Target, Unit, Definition (columns of tblKpis)."""
    settings = tables.settings
    money = settings.base_currency
    per_year = calendar.SEASONS_PER_YEAR[settings.bucket]
    periods = max(len(tables.periods), 1)
    cost_of_goods = float(finance["Unit costs"].sum())
    stock_value = float(finance.groupby("Period")["Stock value"].sum().mean()) if len(finance) else 0.0
    machines = plan.resources[plan.resources["Regular capacity"] > 0]
    use = (machines["Load"] / machines["Regular capacity"]).groupby(machines["Resource"]).mean()
    load = float(plan.resources["Load"].where(plan.resources["Kind"].isin(["Machine", "Labour"]), 0.0).sum())
    budget_revenue, budget_margin = (
        float(finance[name].sum()) if finance[name].notna().any() else NONE
        for name in ("Budget revenue", "Budget margin")
    )
    demand = float(plan.families["Demand"].sum())
    late = float(plan.families["Backorders"].sum())
    rows: list[tuple[str, float, float, str, str]] = [
        ("Service level", plan.service_level, settings.service_level, "%", "Demand delivered in its period / demand."),
        ("Lost sales", float(plan.families["Lost sales"].sum()), 0.0, "units", "Demand that is never delivered."),
        ("Late units", late, 0.0, "units x periods", "Sum of backorders at the end of each period."),
        ("Revenue", plan.revenue, budget_revenue, money, "Shipments x price; target: budget revenue."),
        ("Margin", plan.margin, budget_margin, money, "Revenue - all costs; target: budget margin."),
        ("Cost per unit of demand", plan.total_cost / demand if demand else NONE, NONE, money, "All costs / demand."),
        ("Inventory turns", cost_of_goods * per_year / periods / stock_value if stock_value else NONE, NONE, "per year",
         "Unit costs a year / average stock value."),
        ("Highest utilisation", float(use.max()) if len(use) else NONE, 0.95, "%",
         f"Average load / regular capacity of the busiest resource"
         f"{f' ({use.idxmax()})' if len(use) else ''}."),
        ("Overtime share", float(plan.resources["Overtime"].sum()) / load if load else NONE, NONE, "%",
         "Overtime / load of machines and labour."),
        ("CO2e", float(finance["CO2e"].sum()) / 1000.0, NONE, "t", "Emissions of production and resources."),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["KPI", "Value", "Target", "Unit", "Definition"])
