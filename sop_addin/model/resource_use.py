"""What each family uses of each resource, and what resources cost: the tables read as the balance reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from .tables import Tables

ON_STOCK, ON_SHIPMENTS = "Storage", "Distribution"
"""Kinds of resource whose use is counted on closing stock and on shipments; all others count what is made."""


@dataclass(frozen=True)
class ResourceCosts:
    """Prices of one resource in base currency. ``staffed``: heads are paid, busy or not; else regular use is."""

    staffed: bool
    regular: float
    overtime: float
    hire: float
    layoff: float

    @property
    def people(self) -> float:
        """Above 0 where hiring or laying off costs anything."""
        return self.hire + self.layoff if self.staffed else 0.0


Uses = Mapping[str, Mapping[str, Mapping[str, tuple[float, float]]]]
"""resource -> family -> source -> (use per unit, use per run); the source is '' for stock and shipments."""


def resource_uses(tables: Tables) -> Uses:
    """The bill of resources, a blank Source spelled out: every Make source, for a Supplier every source.

    A resource that no family uses is shared by all of them: its families have no source then.
    """
    kinds = dict(zip(tables.resources["Resource"].astype(str), tables.resources["Kind"].astype(str), strict=True))
    sources: dict[str, dict[str, bool]] = {name: {} for name in tables.family_names}
    for family, source, kind in zip(*(tables.sources[name] for name in ("Family", "Source", "Kind")), strict=True):
        sources.get(str(family), {}).setdefault(str(source), kind != "Buy")
    uses: dict[str, dict[str, dict[str, tuple[float, float]]]] = {resource: {} for resource in kinds}
    columns = ("Resource", "Family", "Source", "Use per unit", "Use per run")
    for resource, family, source, unit, run in zip(*(tables.bill_of_resources[name] for name in columns), strict=True):
        if resource not in kinds or family not in sources:
            continue
        per_unit, per_run = (max(0.0, float(value)) if value == value else 0.0 for value in (unit, run))
        for driver in _drivers(kinds[resource], str(source), sources[family]):
            of_family = uses[resource].setdefault(str(family), {})
            before = of_family.get(driver, (0.0, 0.0))
            of_family[driver] = (before[0] + per_unit, before[1] + per_run)
    return {resource: used or {name: {} for name in tables.family_names} for resource, used in uses.items()}


def _drivers(kind: str, source: str, sources: Mapping[str, bool]) -> list[str]:
    if kind in (ON_STOCK, ON_SHIPMENTS):
        return [""]
    if source:
        return [source] if source in sources else []
    return [name for name, made in sources.items() if made or kind == "Supplier"]


def resource_costs(tables: Tables) -> dict[str, ResourceCosts]:
    """Prices by resource, in table order; a blank price is 0."""
    frame = tables.resources
    exceptions = tables.capacity
    with_hours = set(exceptions.loc[exceptions["Hours per head"].notna(), "Resource"].astype(str))
    found: dict[str, ResourceCosts] = {}
    columns = ("Regular cost", "Overtime cost", "Hire cost", "Layoff cost")
    for row in range(len(frame)):
        name = str(frame["Resource"].iloc[row])
        hours = frame["Hours per head"].iloc[row]
        staffed = str(frame["Kind"].iloc[row]) == "Labour" and (not pd.isna(hours) or name in with_hours)
        prices = [float(frame[column].iloc[row]) for column in columns]
        found.setdefault(
            name, ResourceCosts(staffed, *(max(0.0, price) if price == price else 0.0 for price in prices))
        )
    return found
