"""What a run gives: the solved balance and the whole plan."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from .findings import Findings
from .tables import Tables

BASE = "Base"
"""The scenario that is the plan itself: no lever pulled."""


@dataclass(frozen=True)
class BalancePlan:
    """The solved supply/demand balance of contract section 3. Frames are long, one row per key and period.

    ``families``: Family, Period, Demand, Opening stock, Opening backorders, Production (what arrives in the period,
    receipts included), Sales (shipments), Closing stock, Backorders, Lost sales, Target stock, Price - in family units.
    ``sources``: Family, Source, Kind, Period, Planned (made or ordered in the period), Arrivals, Unit cost.
    ``resources``: Resource, Kind, Unit, Period, Load, Regular capacity, Overtime, Heads, Hires, Layoffs,
    Marginal value (money that one more unit of regular capacity is worth; NaN where it has no meaning).
    ``costs``: Term, Family, Resource, Period, Value - every term of the objective by name, in base currency, costs
    positive; their sum is ``total_cost``. A term that belongs to no family or resource has '' there.
    ``status``: 'Optimal', 'Feasible' (time limit reached, see ``gap``) or 'Optimal with broken limits'.
    ``objective``: total cost, or margin when it is maximised - real terms only. ``gap`` is relative; ``bound`` is the
    best objective that is proven possible. ``margin`` = revenue on shipments - total cost.
    ``limits``: columns of tblLimits, every capacity and each other limit that binds. ``spare``: columns of tblSpare,
    what is idle in units of each family.
    """

    status: str
    objective: float
    total_cost: float
    revenue: float
    margin: float
    service_level: float
    solve_seconds: float
    gap: float
    bound: float
    solver: str
    families: pd.DataFrame
    sources: pd.DataFrame
    resources: pd.DataFrame
    costs: pd.DataFrame
    findings: Findings = field(default_factory=Findings)
    limits: pd.DataFrame = field(default_factory=pd.DataFrame)
    spare: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Plan:
    """Result of a cycle, ready to be written. ``tables`` are the inputs with the demand rows of this run.

    ``forecast``: columns of tblForecast. ``sales``: Family, Period and the value measures of SalesPlan.
    ``item_plan``: columns of tblItemPlan. ``finance``: Family, Period and the output measures of FinancePlan.
    ``bridge``: columns of tblBridge. ``event_effects``: columns of tblEventEffects.
    ``kpis``: columns of tblKpis; ``kpi_trend``, ``value_added``, ``lag_accuracy``: of tblKpiTrend,
    tblValueAdded and tblLagAccuracy.
    ``plan_table``: columns of tblPlan.
    ``balance_explained``: tblLimits, tblSpare, tblDrivers, tblChanges and tblLifecycle by name.
    ``rough_cut``: load and capacity of a plan that was not solved (planning.rough_cut).
    ``results``: Measure, Value of tblResult. ``steps`` says which steps ran; what did not run is left as it was.
    """

    tables: Tables
    steps: tuple[str, ...]
    scenario: str = BASE
    forecast: pd.DataFrame | None = None
    sales: pd.DataFrame | None = None
    balance: BalancePlan | None = None
    item_plan: pd.DataFrame | None = None
    finance: pd.DataFrame | None = None
    kpis: pd.DataFrame | None = None
    bridge: pd.DataFrame | None = None
    kpi_trend: pd.DataFrame | None = None
    value_added: pd.DataFrame | None = None
    lag_accuracy: pd.DataFrame | None = None
    plan_table: pd.DataFrame | None = None
    balance_explained: dict[str, pd.DataFrame] = field(default_factory=dict)
    rough_cut: pd.DataFrame | None = None
    event_effects: pd.DataFrame | None = None
    results: dict[str, object] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time of each step."""
    forecast_explained: pd.DataFrame | None = None
    """Columns of tblExplanation."""
    cleaning: pd.DataFrame | None = None
    """Columns of tblCleaning."""
