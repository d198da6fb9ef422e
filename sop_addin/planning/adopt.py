"""Adopt a scenario: its levers become part of the inputs, each where a planner would have typed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.errors import InputError
from ..model.plan import BASE
from ..model.rolled import Cells
from ..model.schema import TABLES
from ..model.tables import SALES_PLAN_COLUMNS, Tables
from .consensus import CONSENSUS_DEMAND, consensus_demand
from .scenario_runs import assumptions
from .scenarios import apply_scenario, check_scenario

_FIELDS = {
    "tblFamilies": "families", "tblItems": "items", "tblCapacity": "capacity", "tblSourcePeriods": "source_periods",
    "tblFamilyPeriods": "family_periods",
}  # fmt: skip


@dataclass(frozen=True)
class Adoption:
    """``tables``: with the scenario in them. ``cells``: what changes in each input table, by its keys and column.
    ``overrides``: Family, Period, Override, Override reason of the Sales Plan that are new."""

    scenario: str
    tables: Tables
    cells: dict[str, Cells]
    overrides: pd.DataFrame


def adopt_scenario(tables: Tables, scenario: str, *, by: str, at: dt.datetime) -> Adoption:
    """What changes when a scenario becomes the plan.

    Demand becomes overrides with the scenario as their reason; capacity, supply, costs and prices become exceptions by
    period; stock and the carbon price change where they stand. A row of tblDecisions says who adopted it and what it
    assumes; the scenario is marked as adopted, so that its levers are not pulled twice. Raises InputError for Base, an
    unknown scenario, several at once, or one that is adopted already.
    """
    if scenario == BASE:
        raise InputError("Adopt: Base is the plan already; choose a scenario first.")
    check_scenario(tables, scenario)
    if scenario not in set(tables.scenarios["Scenario"]):
        raise InputError("Adopt: adopt one scenario at a time.")
    moved = apply_scenario(tables, scenario)
    overrides = _overrides(tables, moved, scenario)
    cells: dict[str, Cells] = {}
    for name, field in _FIELDS.items():
        found = _changed(getattr(tables, field), getattr(moved, field), TABLES[name].keys)
        if found:
            cells[name] = found
    if moved.settings.carbon_price != tables.settings.carbon_price:
        cells["tblSettings"] = {("Carbon price", "Value"): moved.settings.carbon_price}
    number = next_decision(tables)
    decision = {
        "Step": current_step(tables), "Decision": f"Scenario '{scenario}' is the plan: {assumptions(tables, scenario)}",
        "Owner": by, "Due": at.replace(hour=0, minute=0, second=0, microsecond=0), "Status": "Decided",
    }  # fmt: skip
    cells["tblDecisions"] = {(number, column): value for column, value in decision.items()}
    scenarios = tables.scenarios.copy()
    scenarios.loc[scenarios["Scenario"] == scenario, "Adopted"] = pd.Timestamp(at).normalize()
    adopted = replace(moved, sales_plan=_with_overrides(tables.sales_plan, overrides), scenarios=scenarios)
    return Adoption(scenario, adopted, cells, overrides)


def _changed(before: pd.DataFrame, after: pd.DataFrame, keys: tuple[str, ...]) -> Cells:
    """Number cells that are new or differ."""
    old = before.drop_duplicates(list(keys), keep="first").set_index(list(keys))
    new = after.drop_duplicates(list(keys), keep="first").set_index(list(keys))
    cells: Cells = {}
    for column in new.select_dtypes("number").columns:
        values = new[column].to_numpy(dtype=np.float64)
        known = old[column].reindex(new.index).to_numpy(dtype=np.float64)
        moved = ~np.isclose(values, known, rtol=1e-12, atol=0.0, equal_nan=True) & np.isfinite(values)
        for position in np.flatnonzero(moved).tolist():
            key = new.index[position]
            cells[(*(key if isinstance(key, tuple) else (key,)), column)] = round(float(values[position]), 9)
    return cells


def _overrides(before: Tables, after: Tables, scenario: str) -> pd.DataFrame:
    demand = consensus_demand(before.sales_plan).merge(
        consensus_demand(after.sales_plan), on=["Family", "Period"], suffixes=("", " after")
    )
    changed = ~np.isclose(demand[CONSENSUS_DEMAND], demand[f"{CONSENSUS_DEMAND} after"], rtol=1e-9, atol=1e-9)
    demand = demand[changed & demand["Period"].isin(before.periods)]
    given = before.sales_plan.set_index(["Family", "Period"])["Override reason"]
    earlier = given.reindex(pd.MultiIndex.from_frame(demand[["Family", "Period"]])).fillna("").tolist()
    reasons = [f"Scenario {scenario}.{f' Before: {text}' if text else ''}" for text in earlier]
    return pd.DataFrame(
        {
            "Family": demand["Family"].to_numpy(), "Period": demand["Period"].to_numpy(),
            "Override": demand[f"{CONSENSUS_DEMAND} after"].round(6).to_numpy(), "Override reason": reasons,
        }
    )  # fmt: skip


def _with_overrides(sales_plan: pd.DataFrame, overrides: pd.DataFrame) -> pd.DataFrame:
    keys = ["Family", "Period"]
    frame = sales_plan.set_index(keys)
    new = overrides.set_index(keys)
    for column in ("Override", "Override reason"):
        frame.loc[new.index, column] = new[column]
    return frame.reset_index()[list(SALES_PLAN_COLUMNS)]


def next_decision(tables: Tables, also_taken: Collection[str] = ()) -> str:
    """A number that no decision has yet: ``2027-01/2`` is the second that this cycle has written."""
    label = calendar.period_label(tables.periods[0], tables.settings.bucket) if tables.periods else "1"
    taken = {*also_taken, *(str(number) for number in tables.decisions["Number"])}
    return next(name for name in (f"{label}/{count}" for count in range(1, len(taken) + 2)) if name not in taken)


def current_step(tables: Tables) -> str:
    """The first step of the cycle that is not signed; the last where all are."""
    steps = tables.cycle
    unsigned = steps.loc[steps["Status"] != "Signed", "Step"]
    return str(unsigned.iloc[0] if len(unsigned) else steps["Step"].iloc[-1]) if len(steps) else ""
