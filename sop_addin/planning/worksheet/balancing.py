"""SOP_BALANCE: one family on one machine, solved by the balance of the whole plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...model.errors import InputError
from ...model.schema import TABLES
from ...model.tables import Settings, Tables, empty_frame
from ..balance import solve_balance
from ..cleaning import Floats
from .cells import Rows, is_missing, line, number

HOLDING_COST = 1.0
OVERTIME_COST = 2.0
BACKORDER_COST = 10.0
LONGEST = 520
_START = pd.Timestamp(2000, 1, 1)
_FAMILY, _SOURCE, _RESOURCE = "Family", "Plant", "Machine"


def balance(
    demand: object,
    capacity: object,
    opening_stock: object = None,
    holding_cost: object = None,
    overtime_capacity: object = None,
    overtime_cost: object = None,
    backorder_cost: object = None,
) -> Rows:
    """The cheapest plan: production, overtime (part of it), closing stock, backorders and demand that cannot be met.

    Five rows for a demand in a row, five columns for one in a column. Capacities: one number, or one a period, in units
    of demand. Costs a unit: holding 1 and backorder 10 a period, overtime 2, unless given. Backorders are delivered
    within the periods given; what all capacity together is too small for is the fifth figure.
    """
    cells, needed = line(demand, "demand", minimum=0)
    periods = needed.size
    if periods > LONGEST:
        raise InputError(f"demand: {periods:,} periods; at most {LONGEST} are planned.")
    tables = _tables(
        needed,
        _per_period(capacity, "capacity", periods),
        np.zeros(periods)
        if is_missing(overtime_capacity)
        else _per_period(overtime_capacity, "overtime_capacity", periods),
        number(opening_stock, "opening_stock", 0.0, minimum=0),
        number(holding_cost, "holding_cost", HOLDING_COST, minimum=0),
        number(overtime_cost, "overtime_cost", OVERTIME_COST, minimum=0),
        number(backorder_cost, "backorder_cost", BACKORDER_COST, minimum=0),
    )
    plan = solve_balance(tables)
    figures = [
        plan.sources["Planned"], plan.resources["Overtime"], plan.families["Closing stock"],
        plan.families["Backorders"], plan.families["Lost sales"],
    ]  # fmt: skip
    rows: Rows = [[0.0 if abs(value) < 1e-9 else float(value) for value in column] for column in figures]
    return [list(row) for row in zip(*rows, strict=True)] if cells.is_column else rows


def _per_period(value: object, name: str, periods: int) -> Floats:
    _, found = line(value, name, minimum=0)
    if found.size == 1:
        return np.full(periods, found[0])
    if found.size != periods:
        raise InputError(f"{name}: has {found.size} cells for {periods} periods of demand; give one, or one a period.")
    return found


def _tables(
    demand: Floats, capacity: Floats, overtime: Floats, opening: float, holding: float, overtime_cost: float,
    late: float,
) -> Tables:  # fmt: skip
    periods = pd.date_range(_START, periods=demand.size, freq="MS")
    return Tables(
        settings=Settings(plan_start=_START, horizon=demand.size),
        families=_rows("tblFamilies", {
            "Family": [_FAMILY], "Priority": [1.0], "Planning": ["Bottom-up"], "Fulfilment": ["Stock"],
            "Opening stock": [opening], "Holding cost": [holding], "Backorder cost": [late], "Lost sale cost": [late],
        }),
        sources=_rows("tblSources", {"Family": [_FAMILY], "Source": [_SOURCE], "Kind": ["Make"], "Unit cost": [0.0]}),
        resources=_rows("tblResources", {
            "Resource": [_RESOURCE], "Kind": ["Machine"], "Unit": ["units"], "Overtime cost": [overtime_cost],
        }),
        bill_of_resources=_rows("tblBillOfResources", {
            "Family": [_FAMILY], "Resource": [_RESOURCE], "Use per unit": [1.0],
        }),
        capacity=_rows("tblCapacity", {
            "Resource": _RESOURCE, "Period": periods, "Capacity": capacity, "Overtime limit": overtime,
        }),
        sales_plan=pd.DataFrame({
            "Family": _FAMILY, "Period": periods, "Statistical forecast": np.nan, "Events": np.nan,
            "New and phase-out": np.nan, "Item overrides": np.nan, "Override": demand, "Override reason": "",
        }),
    )  # fmt: skip


def _rows(table: str, columns: dict[str, object]) -> pd.DataFrame:
    """A frame of the table with these columns; the others as blank cells are read."""
    given = pd.DataFrame(columns)
    frame = empty_frame(TABLES[table]).reindex(range(len(given)))
    for column in TABLES[table].columns:
        if column.name in given:
            frame[column.name] = given[column.name]
        elif frame[column.name].dtype == object:
            frame[column.name] = "" if column.default is None else column.default
        elif isinstance(column.default, float):
            frame[column.name] = column.default
    return frame
