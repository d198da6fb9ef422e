"""Rough-cut capacity: the load that a plan puts on each resource, from the bill of resources, without solving."""

from __future__ import annotations

import pandas as pd

from ..model.plan import BalancePlan
from ..model.tables import Tables

LOAD_COLUMNS = ["Family", "Resource", "Period", "Load"]


def load_by_family(tables: Tables, plan: BalancePlan) -> pd.DataFrame:
    """Load of each resource by family: Family, Resource, Period, Load in the resource's unit.

    Machine and Labour count production of Make sources, Supplier production of any source, Storage closing stock,
    Distribution shipments (contract section 3). A blank Source in the bill of resources means every Make source.
    """
    use = tables.bill_of_resources[["Family", "Source", "Resource", "Use per unit", "Use per run"]].fillna(0.0)
    use = use.merge(tables.resources[["Resource", "Kind"]], on="Resource")
    made = plan.sources[["Family", "Source", "Kind", "Period", "Planned"]].rename(columns={"Kind": "Source kind"})
    on_production = use[use["Kind"].isin(["Machine", "Labour", "Supplier"])].merge(
        made, on="Family", suffixes=("", " of plan")
    )
    make_only = (on_production["Source"] == "") & (on_production["Kind"] != "Supplier")
    named = on_production["Source"] == on_production["Source of plan"]
    any_source = (on_production["Source"] == "") & (on_production["Kind"] == "Supplier")
    counted = on_production[named | any_source | (make_only & (on_production["Source kind"] == "Make"))].copy()
    counted["Load"] = (
        counted["Planned"] * counted["Use per unit"] + (counted["Planned"] > 1e-6) * counted["Use per run"]
    )
    parts = [counted[LOAD_COLUMNS]]
    for kind, measure in (("Storage", "Closing stock"), ("Distribution", "Sales")):
        part = use[use["Kind"] == kind].merge(plan.families[["Family", "Period", measure]], on="Family")
        part["Load"] = part[measure] * part["Use per unit"]
        parts.append(part[LOAD_COLUMNS])
    load = pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True)
    return load.groupby(["Family", "Resource", "Period"], sort=False)["Load"].sum().reset_index()
