"""Key figures of the S&OP month: demand, service, stock, capacity, plan and money, each with target and definition.

The definitions are printed beside the figures (tblKpis). Sources: Silver, Pyke and Thomas (2017), Inventory and
Production Management in Supply Chains, ch. 6 (fill rate P2, periods without shortage P1); Chopra and Meindl (2016),
ch. 3 and 7.7 (turns, tracking signal); Wallace and Stahl (2008), Sales and Operations Planning, ch. 9 (performance to
plan); Kadipasaoglu and Sridharan (1997) (stability: change of the plan between cycles).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.plan import BalancePlan
from ..model.tables import Tables
from .accuracy import NONE, TRACKING_LIMIT, bias, mape, mase, wmape
from .finance import cheapest_unit_cost
from .lag_accuracy import PAST_PERIODS, attainment, over, recent, worst_signal
from .value_added import CONSENSUS, LAST_YEAR, STATISTICAL

UTILISATION_TARGET, ATTAINMENT_TARGET, STABILITY_TARGET = 0.95, 0.95, 0.90
HIGHER, LOWER, ZERO, NEAR = "Higher", "Lower", "Near 0", "Near target"
NEARNESS = 0.2  # of the target
ON_TARGET, OFF_TARGET = "On target", "Off target"
KPI_COLUMNS = ("Area", "KPI", "Value", "Target", "Previous", "Unit", "Better", "Status", "Definition")
_PUBLISHED = f"Published plans, first period of each, last {PAST_PERIODS} periods, by family. "
Row = tuple[str, str, float, float, str, str, str]


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


def key_figures(
    tables: Tables, plan: BalancePlan, finance: pd.DataFrame, points: pd.DataFrame, production: pd.DataFrame
) -> pd.DataFrame:
    """KPI_COLUMNS (columns of tblKpis), always the same rows; a figure that nothing is known of is NaN.

    points: `published_points`. production: `published_production`. Previous: the figure that the plan published last
    had.
    """
    rows = [
        *_demand(points),
        *_service(tables, plan),
        *_stock(tables, plan, finance),
        *_capacity(plan),
        *_plan(tables, plan, production),
        *_money(tables, plan, finance),
    ]
    previous = tables.versions[-1].figures if tables.versions else {}
    return pd.DataFrame(
        [
            (area, name, value, target, previous.get(name, NONE), unit, better, status(value, target, better), text)
            for area, name, value, target, unit, better, text in rows
        ],
        columns=list(KPI_COLUMNS),
    )


def status(value: float, target: float, better: str) -> str:
    """On target, Off target, or nothing where value or target is missing. Near 0: |value| up to |target|; Near
    target: within 20 % of it."""
    if np.isnan(value) or np.isnan(target) or not better:
        return ""
    slack = 1e-9 * max(1.0, abs(target))
    good = {
        HIGHER: value >= target - slack,
        LOWER: value <= target + slack,
        ZERO: abs(value) <= abs(target) + slack,
        NEAR: abs(value - target) <= NEARNESS * abs(target) + slack,
    }
    return ON_TARGET if good[better] else OFF_TARGET


def _demand(points: pd.DataFrame) -> list[Row]:
    past = recent(points, 1)
    actual, forecast, scale = (past[name].to_numpy(dtype=np.float64) for name in ("Actual", CONSENSUS, "Scale"))
    statistical = wmape(actual, past[STATISTICAL].to_numpy(dtype=np.float64))
    signal, worst = worst_signal(past)
    whose = f" ({worst})" if worst else ""
    return [
        ("Demand", "Forecast error (WMAPE)", wmape(actual, forecast), _last_year(past), "%", LOWER,
         _PUBLISHED + "Sum of |consensus - actual| / sum of actual. Target: that of last year as the forecast."),
        *(_further_ahead(recent(points, lag), lag) for lag in (2, 3)),
        ("Demand", "Forecast error (MAPE)", mape(actual, forecast), NONE, "%", LOWER,
         _PUBLISHED + "Mean of |consensus - actual| / actual."),
        ("Demand", "Forecast MASE", mase(actual, forecast, scale), 1.0, "ratio", LOWER,
         _PUBLISHED + "Mean of |error| / mean change from year to year before the plan; below 1 beats last year."),
        ("Demand", "Forecast bias", bias(actual, forecast), 0.05, "%", ZERO,
         _PUBLISHED + "Sum of (consensus - actual) / sum of actual. Plus: forecast too much. Target: within 5 %."),
        ("Demand", "Tracking signal", signal, TRACKING_LIMIT, "ratio", ZERO,
         _PUBLISHED + f"Sum of (consensus - actual) / mean |error|, of the family where it is largest{whose}. Plus: "
         f"forecast too much. Target: within {TRACKING_LIMIT:g}."),
        ("Demand", "Value added by people", statistical - wmape(actual, forecast), 0.0, "% points", HIGHER,
         _PUBLISHED + "WMAPE of the statistical forecast - WMAPE of the consensus. Plus: the changes helped."),
    ]  # fmt: skip


def _last_year(points: pd.DataFrame) -> float:
    """WMAPE of last year as the forecast."""
    known = points[points[LAST_YEAR].notna()]
    return wmape(known["Actual"].to_numpy(dtype=np.float64), known[LAST_YEAR].to_numpy(dtype=np.float64))


def _further_ahead(points: pd.DataFrame, lag: int) -> Row:
    error = wmape(points["Actual"].to_numpy(np.float64), points[CONSENSUS].to_numpy(np.float64))
    text = f"The same of what was published {lag} periods ahead (lag {lag}); all lags and families: tblLagAccuracy."
    return ("Demand", f"Forecast error, lag {lag} (WMAPE)", error, _last_year(points), "%", LOWER, text)


def _service(tables: Tables, plan: BalancePlan) -> list[Row]:
    families = plan.families
    demand, shipped = float(families["Demand"].sum()), float(families["Sales"].sum())
    owed = float(families.drop_duplicates("Family")["Opening backorders"].sum())
    some = families[families["Demand"] > 0]
    short = (some["Backorders"] > 1e-6) | (some["Lost sales"] > 1e-6)
    target = tables.settings.service_level
    return [
        ("Service", "Service level", plan.service_level, target, "%", HIGHER,
         "Demand delivered in its period / demand (fill rate P2)."),
        ("Service", "Fill rate", shipped / (demand + owed) if demand + owed else NONE, target, "%", HIGHER,
         "All shipments within the horizon / (demand + opening backorders); late deliveries count."),
        ("Service", "Periods without shortage", 1.0 - float(short.mean()) if len(some) else NONE, target, "%", HIGHER,
         "Families and periods that end without backorders and lost sales / those with demand (P1)."),
        ("Service", "Lost sales", float(families["Lost sales"].sum()), 0.0, "units", LOWER,
         "Demand that is never delivered."),
        ("Service", "Late units", float(families["Backorders"].sum()), 0.0, "units x periods", LOWER,
         "Sum of backorders at the end of each period."),
    ]  # fmt: skip


def _stock(tables: Tables, plan: BalancePlan, finance: pd.DataFrame) -> list[Row]:
    per_year = calendar.SEASONS_PER_YEAR[tables.settings.bucket]
    cost_of_goods = float(finance["Unit costs"].sum())
    by_period = finance.groupby("Period")["Stock value"].sum()
    stock_value = float(by_period.mean()) if len(finance) else 0.0
    periods = max(len(tables.periods), 1)
    money = tables.settings.base_currency
    cover, target = (days_of_cover(tables, plan, name).mean() for name in ("Closing stock", "Target stock"))
    return [
        ("Stock", "Inventory turns", cost_of_goods * per_year / periods / stock_value if stock_value else NONE, NONE,
         "per year", HIGHER, "Unit costs a year / average closing stock value."),
        ("Stock", "Days of cover", float(cover), float(target) if target > 0 else NONE, "days", NEAR,
         "Closing stock / average demand of the next three periods, in days; families weighed with their cheapest unit "
         "cost; average over the horizon. Target: the same of the target stock, within 20 %."),
        ("Stock", "Stock value", stock_value, NONE, money, LOWER, "Average closing stock x cheapest unit cost."),
    ]  # fmt: skip


def days_of_cover(tables: Tables, plan: BalancePlan, measure: str = "Closing stock") -> pd.Series:
    """Days that the stock at the end of each period lasts: index Period.

    Stock value / value of the average demand of the next three periods (of the period itself at the end of the
    horizon), as the row Days of cover of the Inventory Plan; NaN where there is no such demand.
    """
    worth = plan.families["Family"].map(cheapest_unit_cost(tables)).astype("float64").fillna(0.0)
    stock = (plan.families[measure].fillna(0.0) * worth).groupby(plan.families["Period"]).sum()
    demand = (plan.families["Demand"] * worth).groupby(plan.families["Period"]).sum().to_numpy(dtype=np.float64)
    coming = [demand[at + 1 : at + 4].mean() if at + 1 < len(demand) else demand[at] for at in range(len(demand))]
    days = calendar.DAYS_PER_PERIOD[tables.settings.bucket]
    ahead = pd.Series(coming, index=stock.index, dtype="float64")
    return (stock / ahead.where(ahead > 0) * days).rename("Days of cover")


def utilisation(plan: BalancePlan) -> pd.DataFrame:
    """Resource, Period, Utilisation: load / regular capacity of machines and labour that have any."""
    some = plan.resources[plan.resources["Kind"].isin(["Machine", "Labour"]) & (plan.resources["Regular capacity"] > 0)]
    return some[["Resource", "Period"]].assign(Utilisation=some["Load"] / some["Regular capacity"])


def _capacity(plan: BalancePlan) -> list[Row]:
    limited = plan.resources[plan.resources["Regular capacity"] > 0]
    use = (limited["Load"] / limited["Regular capacity"]).groupby(limited["Resource"]).mean()
    own = utilisation(plan)["Utilisation"]
    load = float(plan.resources["Load"].where(plan.resources["Kind"].isin(["Machine", "Labour"]), 0.0).sum())
    whose = f" ({use.idxmax()})" if len(use) else ""
    return [
        ("Capacity", "Utilisation", float(own.mean()) if len(own) else NONE, UTILISATION_TARGET, "%", LOWER,
         "Load / regular capacity, average of all machines and crews over the horizon."),
        ("Capacity", "Highest utilisation", float(use.max()) if len(use) else NONE, UTILISATION_TARGET, "%", LOWER,
         f"Average load / regular capacity of the busiest resource{whose}."),
        ("Capacity", "Overtime share", float(plan.resources["Overtime"].sum()) / load if load else NONE, NONE, "%",
         LOWER, "Overtime / load of machines and labour."),
    ]  # fmt: skip


def _plan(tables: Tables, plan: BalancePlan, production: pd.DataFrame) -> list[Row]:
    return [
        ("Plan", "Plan attainment", attainment(recent(over(production), 1)), ATTAINMENT_TARGET, "%", HIGHER,
         f"Actual production up to the plan / planned production, first period of each published plan, last "
         f"{PAST_PERIODS} periods; too much of one family does not make up for another."),
        ("Plan", "Plan stability", stability(tables, plan), STABILITY_TARGET, "%", HIGHER,
         "1 - sum of |production now - production published last| / sum of production published last, same periods."),
    ]  # fmt: skip


def stability(tables: Tables, plan: BalancePlan) -> float:
    """Share of the last published production that this plan keeps; NaN where none was published."""
    if not tables.versions:
        return NONE
    before = tables.versions[-1].production.set_index(["Family", "Period"])["Planned"]
    now = plan.sources.groupby(["Family", "Period"])["Planned"].sum()
    before = before[before.index.isin(now.index)]
    total = float(before.sum())
    return 1.0 - float((now.reindex(before.index) - before).abs().sum()) / total if total else NONE


def _money(tables: Tables, plan: BalancePlan, finance: pd.DataFrame) -> list[Row]:
    money = tables.settings.base_currency
    budget_revenue, budget_margin = (
        float(finance[name].sum()) if finance[name].notna().any() else NONE
        for name in ("Budget revenue", "Budget margin")
    )
    demand = float(plan.families["Demand"].sum())
    return [
        ("Money", "Revenue", plan.revenue, budget_revenue, money, HIGHER, "Shipments x price. Target: budget revenue."),
        ("Money", "Margin", plan.margin, budget_margin, money, HIGHER, "Revenue - all costs. Target: budget margin."),
        ("Money", "Cost per unit of demand", plan.total_cost / demand if demand else NONE, NONE, money, LOWER,
         "All costs / demand."),
        ("Money", "CO2e", float(finance["CO2e"].sum()) / 1000.0, NONE, "t", LOWER,
         "Emissions of production and resources."),
    ]  # fmt: skip
