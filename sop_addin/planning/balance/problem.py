"""BalanceProblem: the numbers of the supply/demand balance as arrays, cleaned, in a fixed order.

Shapes: F families, J sources (a source of two families counts twice), R resources, T periods. Families, sources and
resources are sorted by name, so that the order of rows in a table cannot change a plan. Quantities are in family or
resource units, money in base currency, emissions in kg CO2e. "None" is inf for an upper limit, NaN for a figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...model import calendar
from ...model.findings import Findings
from ...model.tables import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

MAKE, BUY = "Make", "Buy"
MACHINE, LABOUR, STORAGE, SUPPLIER, DISTRIBUTION = "Machine", "Labour", "Storage", "Supplier", "Distribution"


@dataclass(frozen=True)
class FamilyData:
    """Families; arrays of shape (F,) or (F, T)."""

    names: list[str]
    units: list[str]
    priority: Ints
    to_order: Bools
    price: Floats
    holding_cost: Floats
    backorder_cost: Floats
    lost_sale_cost: Floats
    shortfall_cost: Floats
    unit_value: Floats
    """Cheapest unit cost or a tenth of the price, at least a little: weighs units of one family against another's."""
    opening_stock: Floats
    opening_backorders: Floats
    min_stock: Floats
    max_stock: Floats
    target_stock: Floats
    """(F, T), NaN where there is no target."""
    target_given: Floats
    """(F, T) targets that a planner set for a period, NaN elsewhere: they do not follow demand."""
    cover: Floats
    """(F,) Target cover in periods, NaN for none."""
    shelf_life: Floats
    """(F,) periods, 0 for none."""
    closing_stock_min: Floats
    shelf_demand: Floats
    """(F, T) demand of the coming Shelf life periods; inf where there is no shelf life."""
    demand: Floats
    receipts: Floats
    fixed: Floats
    """(F, T) total production that must be kept: Fixed production, or the approved plan while frozen; NaN = free."""
    frozen: Bools
    """(F, T) where ``fixed`` comes from the approved plan."""
    approved: Floats
    running_before: Bools
    """(F,) whether the family was produced in the last past period of tblStock: its first run is no start-up then."""


@dataclass(frozen=True)
class SourceData:
    """Sources; arrays of shape (J,) or (J, T). ``family`` is a position in FamilyData, in ascending order."""

    names: list[str]
    family: Ints
    make: Bools
    unit_cost: Floats
    maximum: Floats
    min_run: Floats
    batch: Floats
    run_cost: Floats
    startup_cost: Floats
    emission: Floats
    lead: Ints
    receipts: Floats

    def of_family(self, position: int) -> list[int]:
        first, end = np.searchsorted(self.family, (position, position + 1)).tolist()
        return list(range(first, end))


class Uses(NamedTuple):
    """Who uses one resource, sources or families in ascending order, and how much; arrays (users,)."""

    user: Ints
    per_unit: Floats
    per_run: Floats

    @classmethod
    def of(cls, rows: Iterable[tuple[int, float, float]]) -> Uses:
        user, per_unit, per_run = np.array(sorted(rows), dtype=np.float64).reshape(-1, 3).T.copy()
        return cls(user.astype(np.intp), per_unit, per_run)

    def rows(self) -> list[tuple[int, float, float]]:
        """(user, use per unit, use per run)."""
        return list(zip(self.user.tolist(), self.per_unit.tolist(), self.per_run.tolist(), strict=True))


@dataclass(frozen=True)
class ResourceData:
    """Resources; arrays of shape (R,) or (R, T). Capacity and hours are net of Efficiency."""

    names: list[str]
    kinds: list[str]
    units: list[str]
    staffed: Bools
    """Labour with Hours per head: capacity comes from heads."""
    capacity: Floats
    regular_cost: Floats
    overtime_limit: Floats
    overtime_cost: Floats
    emission: Floats
    opening_heads: Floats
    hours_per_head: Floats
    min_heads: Floats
    max_heads: Floats
    hire_cost: Floats
    layoff_cost: Floats
    source_use: list[Uses]
    """Of each resource: what sources use of it, by what is made or bought."""
    family_use: list[Uses]
    """Of each resource: what families use of it, by closing stock (Storage) or shipments (Distribution)."""


@dataclass(frozen=True)
class BalanceProblem:
    """Everything the model needs, and nothing else."""

    settings: Settings
    periods: list[pd.Timestamp]
    families: FamilyData
    sources: SourceData
    resources: ResourceData
    table_order: Mapping[str, list[int]] = field(default_factory=dict)
    """families / sources / resources: positions in the order of the planner's tables, for the results."""
    findings: Findings = field(default_factory=Findings)

    @property
    def horizon(self) -> int:
        return len(self.periods)

    def label(self, period: int) -> str:
        return calendar.period_label(self.periods[period], self.settings.bucket)

    def users(self, resource: int) -> Ints:
        """Positions of the families that use a resource, ascending."""
        made = self.sources.family[self.resources.source_use[resource].user]
        return np.union1d(made, self.resources.family_use[resource].user)
