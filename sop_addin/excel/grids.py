"""The plan grids: which rows they have and where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ..model.resource_use import resource_costs, resource_uses
from ..model.schema import Grid
from ..model.tables import Tables
from .layout import GRID_LEFT, GRID_ROW

TOTAL_FAMILY = "Total"
Key = tuple[tuple[str, ...], str]
"""(values of the key columns, measure): what identifies a row of a grid."""


@dataclass(frozen=True)
class GridRow:
    """One row of a grid: its keys, its measure and the unit shown."""

    keys: tuple[str, ...]
    measure: str
    unit: str

    @property
    def key(self) -> Key:
        return (self.keys, self.measure)


@dataclass(frozen=True)
class GridPlace:
    """Where a grid stands: 1-based sheet rows by key and columns by header; ``first`` and ``last`` body rows."""

    grid: Grid
    rows: Mapping[Key, int]
    columns: Mapping[pd.Timestamp, int]
    leads: Mapping[str, int]
    first: int
    last: int

    def address(self, key: Key, period: pd.Timestamp) -> str:
        """``H7``"""
        return f"{column_letter(self.columns[period])}{self.rows[key]}"

    def outside(self, key: Key, period: pd.Timestamp) -> str:
        """``'Sales Plan'!H7``"""
        return f"{sheet_prefix(self.grid.sheet)}{self.address(key, period)}"

    def total(self, key: Key) -> str:
        """``$E7``: the Total of a row."""
        return f"${column_letter(self.leads['Total'])}{self.rows[key]}"

    def total_outside(self, key: Key) -> str:
        """``Capacity!$D7``"""
        return f"{sheet_prefix(self.grid.sheet)}{self.total(key)}"

    def row_outside(self, row: int, first: pd.Timestamp, last: pd.Timestamp) -> str:
        """``'Sales Plan'!F7:H7``"""
        left, right = (column_letter(self.columns[period]) for period in (first, last))
        return f"{sheet_prefix(self.grid.sheet)}{left}{row}:{right}{row}"

    def column_outside(self, period: pd.Timestamp, first: int, last: int) -> str:
        """``Workings!H7:H12``"""
        letter = column_letter(self.columns[period])
        return f"{sheet_prefix(self.grid.sheet)}{letter}{first}:{letter}{last}"


@dataclass(frozen=True)
class GridBlock:
    """A grid as it is written: header texts and body rows of label, number, text, None or `Formula`."""

    name: str
    header: list[str]
    rows: list[list[object]]
    row_measures: list[str]
    lead: int


def column_letter(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def sheet_prefix(sheet: str) -> str:
    """``Items!`` or ``'Sales Plan'!``"""
    return f"{sheet}!" if sheet.isalnum() else "'" + sheet.replace("'", "''") + "'!"


def grid_rows(grid: Grid, tables: Tables) -> list[GridRow]:
    """The rows a grid must have for these families, sources and resources, in order."""
    if grid.name == "Workings":
        return _workings_rows(grid, tables)
    if grid.name == "CapacityPlan":
        units = dict(zip(tables.resources["Resource"], tables.resources["Unit"], strict=True))
        owners = [str(name) for name in tables.resources["Resource"]]
    else:
        units = dict(zip(tables.families["Family"], tables.families["Unit"], strict=True))
        owners = tables.family_names + ([TOTAL_FAMILY] if grid.name == "FinancePlan" else [])
    rows: list[GridRow] = []
    sources = sources_by_family(tables)
    for owner in owners:
        for measure in grid.measures:
            unit = _unit(measure.unit, str(units.get(owner) or ""), tables.settings.base_currency)
            if grid.name != "ProductionPlan":
                rows.append(GridRow((owner,), measure.name, unit))
            elif measure.name == "Planned":
                rows.extend(GridRow((owner, source), measure.name, unit) for source in sources.get(owner, []))
            else:
                rows.append(GridRow((owner, ""), measure.name, unit))
    return rows


def _workings_rows(grid: Grid, tables: Tables) -> list[GridRow]:
    """By family what is made and what was changed; by resource the loads and shares of its families, and its costs."""
    family_units = dict(zip(tables.families["Family"], tables.families["Unit"], strict=True))
    resource_units = dict(zip(tables.resources["Resource"], tables.resources["Unit"], strict=True))
    made, changed, late, load, share, *costs = (measure.name for measure in grid.measures)
    rows: list[GridRow] = []
    sources = sources_by_family(tables)
    for family in tables.family_names:
        unit = str(family_units.get(family) or "")
        rows += [GridRow(("", family, source), made, unit) for source in dict.fromkeys(sources.get(family, []))]
        rows += [GridRow(("", family, ""), changed, ""), GridRow(("", family, ""), late, unit)]
    users = resource_uses(tables)
    for resource, prices in resource_costs(tables).items():
        unit = str(resource_units.get(resource) or "")
        paid = [
            cost for cost, price in zip(costs, (prices.regular, prices.overtime, prices.people), strict=True) if price
        ]
        rows += [GridRow((resource, family, ""), load, unit) for family in users[resource]]
        if paid:
            rows += [GridRow((resource, family, ""), share, "%") for family in users[resource]]
        rows += [GridRow((resource, "", ""), cost, tables.settings.base_currency) for cost in paid]
    return rows


def sources_by_family(tables: Tables) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for family, source in zip(tables.sources["Family"], tables.sources["Source"], strict=True):
        result.setdefault(str(family), []).append(str(source))
    return result


def _unit(unit: str, owner_unit: str, currency: str) -> str:
    words = {"family": owner_unit, "resource": owner_unit, "money": currency, "fraction": "%", "text": ""}
    if unit == "money per unit":
        return f"{currency}/{owner_unit}" if owner_unit else currency
    return words.get(unit, unit)


def canonical_place(grid: Grid, rows: Sequence[GridRow], periods: Sequence[pd.Timestamp]) -> GridPlace:
    """Where a grid stands in a workbook that we build."""
    top = GRID_ROW[grid.name]
    left, lead = GRID_LEFT[grid.name], len(grid.lead_headers)
    return GridPlace(
        grid,
        rows={row.key: top + 1 + index for index, row in enumerate(rows)},
        columns={period: left + lead + index for index, period in enumerate(periods)},
        leads={header: left + index for index, header in enumerate(grid.lead_headers)},
        first=top + 1,
        last=top + len(rows),
    )
