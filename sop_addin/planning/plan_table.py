"""The whole plan as one long table, ready for a PivotTable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..model.plan import BalancePlan
from ..model.tables import Tables

Objects = np.ndarray[Any, np.dtype[Any]]

COLUMNS = ["Scenario", "Family", "Source", "Resource", "Period", "Measure", "Value", "Unit"]
FAMILY_MEASURES = {
    "Demand": "Consensus demand",
    "Sales": "Feasible sales",
    "Production": "Production",
    "Opening stock": "Opening stock",
    "Closing stock": "Closing stock",
    "Backorders": "Backorders",
    "Lost sales": "Lost sales",
    "Target stock": "Target stock",
}
NOTHING = "-"
"""Stands where a row belongs to no family, source or resource."""
RESOURCE_MEASURES = ("Load", "Regular capacity", "Overtime", "Heads", "Hires", "Layoffs", "Marginal value")


def plan_table(tables: Tables, plan: BalancePlan, finance: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Columns of tblPlan: one row per figure of the solved plan; figures that have no meaning have no row."""
    unit_of_family = dict(zip(tables.families["Family"], tables.families["Unit"], strict=True))
    unit_of_resource = dict(zip(tables.resources["Resource"], tables.resources["Unit"], strict=True))
    money = tables.settings.base_currency
    demand = tables.sales_plan[tables.sales_plan["Period"].isin(tables.periods)]
    parts: dict[str, list[Objects]] = {name: [] for name in COLUMNS[1:]}

    def add(frame: pd.DataFrame, measure: str, column: str, unit: str | pd.Series) -> None:
        values = frame[column].to_numpy(dtype=np.float64).round(6)
        known = ~np.isnan(values)
        given = {"Measure": measure, "Value": values, "Unit": unit} | {
            name: frame[name] if name in frame.columns else NOTHING for name in ("Family", "Source", "Resource")
        }
        for name, here in given.items():
            column_of = np.full(len(frame), here, dtype=object) if isinstance(here, str) else np.asarray(here)
            parts[name].append(column_of[known])
        parts["Period"].append(frame["Period"].to_numpy()[known])

    for measure in ("Statistical forecast", "Events", "New and phase-out", "Override"):
        add(demand[["Family", "Period", measure]], measure, measure, demand["Family"].map(unit_of_family))
    families = plan.families
    for column, measure in FAMILY_MEASURES.items():
        add(families[["Family", "Period", column]], measure, column, families["Family"].map(unit_of_family))
    sources = plan.sources[["Family", "Source", "Period", "Planned"]]
    add(sources, "Planned", "Planned", sources["Family"].map(unit_of_family))
    for measure in RESOURCE_MEASURES:
        resources = plan.resources[["Resource", "Kind", "Period", measure]]
        if measure in ("Heads", "Hires", "Layoffs"):
            resources = resources[resources["Kind"] == "Labour"]
        unit = "heads" if measure in ("Heads", "Hires", "Layoffs") else resources["Resource"].map(unit_of_resource)
        add(resources, measure, measure, f"{money} per unit" if measure == "Marginal value" else unit)
    for measure in (name for name in finance.columns if name not in ("Family", "Period")):
        add(finance[["Family", "Period", measure]], measure, measure, "kg CO2e" if measure == "CO2e" else money)
    table = pd.DataFrame({name: np.concatenate(found) for name, found in parts.items()})
    table["Scenario"] = scenario
    for name in ("Family", "Source", "Resource", "Unit"):
        table[name] = table[name].replace("", None).fillna(NOTHING)
    return table[COLUMNS]
