"""Figures of a plan, by grid, row and period."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ..model.plan import Plan
from ..model.schema import GRID_BY_NAME
from ..model.tables import SALES_PLAN_COLUMNS, Tables
from .grids import Key


@dataclass
class GridValues:
    """Figures of a plan by (key, period); ``known`` says which measures of which grid it has anything to say on."""

    values: dict[str, dict[tuple[Key, pd.Timestamp], object]] = field(default_factory=dict)
    known: dict[str, set[str]] = field(default_factory=dict)

    def put(self, grid: str, measure: str, keys: Sequence[Iterable[str]], periods: Iterable[pd.Timestamp],
            values: Iterable[object]) -> None:  # fmt: skip
        """Store a column of figures; ``keys`` is one iterable per key column."""
        store = self.values.setdefault(grid, {})
        self.known.setdefault(grid, set()).add(measure)
        for key, period, value in zip(zip(*keys, strict=True), periods, values, strict=True):
            store[((key, measure), period)] = value

    def get(self, grid: str, key: Key, period: pd.Timestamp) -> object:
        return self.values.get(grid, {}).get((key, period))

    def number(self, grid: str, key: Key, period: pd.Timestamp) -> float:
        """The figure, 0 where there is none."""
        value = self.get(grid, key, period)
        return float(value) if isinstance(value, (int, float)) and not math.isnan(value) else 0.0


def grid_values(tables: Tables, plan: Plan | None) -> GridValues:
    """Figures for the output and input cells of the grids: from the plan where it has them, else from the tables."""
    found = GridValues()
    sales_plan = tables.sales_plan if plan is None else plan.tables.sales_plan
    for measure in SALES_PLAN_COLUMNS[2:]:
        found.put("SalesPlan", measure, [sales_plan["Family"]], sales_plan["Period"], sales_plan[measure])
    production = tables.production_plan
    for measure in ("Fixed production", "Approved plan"):
        blank = [""] * len(production)
        found.put("ProductionPlan", measure, [production["Family"], blank], production["Period"], production[measure])
    if plan is None:
        return found
    if plan.sales is not None:
        for measure in ("Last year", "Budget"):
            found.put("SalesPlan", measure, [plan.sales["Family"]], plan.sales["Period"], plan.sales[measure])
    if plan.finance is not None:
        for item in GRID_BY_NAME["FinancePlan"].measures:
            if item.role == "output":
                frame = plan.finance
                found.put("FinancePlan", item.name, [frame["Family"]], frame["Period"], frame[item.name])
    if plan.rough_cut is not None:
        frame = plan.rough_cut
        for measure in ("Regular capacity", "Heads"):  # the rest of the sheet follows by formulas
            found.put("CapacityPlan", measure, [frame["Resource"]], frame["Period"], frame[measure])
    if plan.balance is not None:
        _balance_values(found, plan)
    return found


def _balance_values(found: GridValues, plan: Plan) -> None:
    balance = plan.balance
    assert balance is not None
    families, sources, resources = balance.families, balance.sources, balance.resources
    found.put("SalesPlan", "Feasible sales", [families["Family"]], families["Period"], families["Sales"])
    found.put(
        "ProductionPlan", "Planned", [sources["Family"], sources["Source"]], sources["Period"], sources["Planned"]
    )
    for measure in ("Opening stock", "Opening backorders", "Production", "Sales", "Closing stock", "Backorders",
                    "Lost sales", "Target stock", "Demand", "Price"):  # fmt: skip
        found.put("InventoryPlan", measure, [families["Family"]], families["Period"], families[measure])
    for measure in ("Load", "Regular capacity", "Overtime", "Heads", "Hires", "Layoffs", "Marginal value"):
        values = resources[measure]
        if measure in ("Heads", "Hires", "Layoffs"):
            values = values.where(resources["Kind"] == "Labour")
        found.put("CapacityPlan", measure, [resources["Resource"]], resources["Period"], values)


def clean_number(value: object) -> object:
    """Solver noise off: nine decimals, -0 as 0, NaN and infinity as blank."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if math.isnan(value) or math.isinf(value):
            return None
        return round(float(value), 9) + 0.0
    return None if value is None or value is pd.NaT or value == "" else value
