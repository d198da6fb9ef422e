"""A small company to plan with: pumps and valves, two sources, a press and a crew."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sop_addin.model.reading import typed_tables
from sop_addin.model.tables import Place, RawTable, Tables

PUMPS_AND_VALVES: dict[str, dict[str, list[object]]] = {
    "tblSettings": {"Setting": ["Plan start", "Horizon"], "Value": ["2027-01", 6]},
    "tblItems": {
        "Item": ["P1", "P2", "V1"],
        "Family": ["Pumps", "Pumps", "Valves"],
        "Units per family unit": [1, 2, 1],
        "Opening stock": [50, 40, 30],
    },
    "tblFamilies": {
        "Family": ["Pumps", "Valves"],
        "Unit": ["pcs", "pcs"],
        "Price": [100, 50],
        "Target cover": [1, None],
    },
    "tblSources": {
        "Family": ["Pumps", "Pumps", "Valves"],
        "Source": ["Plant", "Supplier", "Plant"],
        "Kind": ["Make", "Buy", "Make"],
        "Unit cost": [40, 60, 20],
        "CO2e per unit": [2, 3, 1],
    },
    "tblResources": {
        "Resource": ["Press", "Crew"],
        "Kind": ["Machine", "Labour"],
        "Capacity": [200, None],
        "Regular cost": [1, 1000],
        "Overtime limit": [50, 20],
        "Overtime cost": [5, 12],
        "Opening heads": [None, 3],
        "Hours per head": [None, 100],
        "CO2e per unit": [0.5, None],
    },
    "tblBillOfResources": {
        "Family": ["Pumps", "Valves", "Pumps"],
        "Resource": ["Press", "Press", "Crew"],
        "Use per unit": [1, 0.5, 1],
    },
    "tblHistory": {
        "Item": ["P1", "P2", "V1"],
        "Region": ["North", "North", "South"],
        **{f"{2024 + month // 12}-{month % 12 + 1:02d}": [100 + month, 60, 90 - month] for month in range(36)},
    },
    "tblBudget": {
        "Family": ["Pumps", "Valves"],
        "Period": ["2027-01", "2027-02"],
        "Volume": [150, 80],
        "Revenue": [15000, 4000],
        "Margin": [3000, 900],
    },
}


def raw_table(name: str, columns: Mapping[str, list[object]]) -> RawTable:
    frame = pd.DataFrame(columns, dtype=object)
    frame = frame.where(frame.notna(), None)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    letters = {str(header): chr(65 + index % 26) for index, header in enumerate(frame.columns)}
    return RawTable(frame, Place(name, letters, 1))


def raw_company(**tables: dict[str, list[object]] | None) -> dict[str, RawTable]:
    """Pumps and valves, with some tables replaced (or left out, where None)."""
    columns = {**PUMPS_AND_VALVES, **tables}
    return {name: raw_table(name, table) for name, table in columns.items() if table is not None}


def company(*, demand: dict[str, list[object]] | None = None, **tables: dict[str, list[object]] | None) -> Tables:
    """The same, typed; ``demand`` are overrides."""
    return typed_tables(raw_company(**tables), demand=None if demand is None else raw_table("tblDemand", demand))
