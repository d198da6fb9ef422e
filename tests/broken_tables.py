"""A seeded mutator: breaks every column of every input table in every way its type allows, alone and in pairs.

A case is a number; the same number gives the same broken company on every machine. `judge` runs it and says what went
wrong: a run must end in a plan or in findings that name the cell, without an exception, with its inputs as they were.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import pickle
import random
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from sop_addin.model.errors import InputError
from sop_addin.model.plan import Plan
from sop_addin.model.reading import typed_tables
from sop_addin.model.schema import INPUT_TABLES, NUMERIC, SETTINGS, TABLES, Column, Table
from sop_addin.model.tables import Place, RawTable, Tables
from sop_addin.planning.cycle import run_cycle

SECONDS = 20.0
GRIDS = ("SalesPlan", "ProductionPlan")
_PERIODS = ("2027-01", "2027-02", "2027-03", "2027-04")
_PAST = [f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(36)]

Columns = dict[str, list[object]]


def full_company() -> dict[str, Columns]:
    """Two families, three items, every column of every input table; small, so that thousands can be planned."""
    company = _company()
    for table in INPUT_TABLES:
        columns = company.setdefault(table.name, {})
        rows = max((len(cells) for cells in columns.values()), default=1)
        for header in table.headers:
            columns.setdefault(header, [None] * rows)
    return company


def _company() -> dict[str, Columns]:
    return {
        "tblSettings": {
            "Setting": [setting.name for setting in SETTINGS],
            "Value": [_SETTINGS.get(setting.name, setting.default) for setting in SETTINGS],
            "Unit": [setting.unit for setting in SETTINGS],
            "Note": [None] * len(SETTINGS),
        },
        "tblItems": {
            "Item": ["P1", "P2", "V1", "V2"], "Description": ["Pump", "Big pump", "Valve", None],
            "Family": ["Pumps", "Pumps", "Valves", "Valves"], "Unit": ["pcs"] * 4,
            "Units per family unit": [1.0, 2.0, 1.0, 1.0], "Price": [100.0, 55.0, 50.0, None],
            "Cost": [60.0, 30.0, 20.0, None], "Currency": ["EUR", "USD", None, None],
            "Status": ["Active", "Phase-out", "Active", "New"],
            "Launch": [None, None, None, dt.datetime(2027, 2, 1)],
            "End": [None, dt.datetime(2027, 3, 31), None, None], "Like item": [None, None, None, "V1"],
            "Like scale": [None, None, None, 0.5], "Opening stock": [50.0, 40.0, 30.0, None],
            "Safety stock": [5.0, 0.0, None, None], "Method": ["Auto", "Theta", "Naive", "Auto"],
            "Batch size": [None, 10.0, None, None],
        },
        "tblFamilies": {
            "Family": ["Pumps", "Valves"], "Description": ["Pumps", None], "Unit": ["pcs", "pcs"],
            "Priority": [1.0, 2.0], "Planning": ["Bottom-up", "Top-down"], "Fulfilment": ["Stock", "Order"],
            "Price": [100.0, None], "Holding cost": [1.0, None], "Backorder cost": [5.0, None],
            "Lost sale cost": [100.0, None], "Opening stock": [60.0, None], "Opening backorders": [0.0, 3.0],
            "Min stock": [5.0, None], "Max stock": [900.0, None], "Target cover": [1.0, None],
            "Shortfall cost": [0.5, None], "Closing stock min": [10.0, None], "Shelf life": [6.0, None],
            "Owner": ["Ann", "Bob"],
        },
        "tblSources": {
            "Family": ["Pumps", "Pumps", "Valves"], "Source": ["Plant", "Supplier", "Plant"],
            "Kind": ["Make", "Buy", "Make"], "Unit cost": [40.0, 60.0, 20.0], "Max per period": [400.0, 100.0, None],
            "Min run": [10.0, None, None], "Batch size": [None, 5.0, None], "Run cost": [50.0, None, None],
            "Start-up cost": [20.0, None, None], "CO2e per unit": [2.0, 3.0, 1.0], "Lead periods": [0.0, 1.0, None],
        },
        "tblResources": {
            "Resource": ["Press", "Crew", "Store"], "Kind": ["Machine", "Labour", "Storage"],
            "Unit": ["h", "h", "pallets"], "Capacity": [200.0, None, 900.0], "Efficiency": [0.95, None, None],
            "Regular cost": [1.0, 1000.0, None], "Overtime limit": [50.0, 20.0, None],
            "Overtime cost": [5.0, 12.0, None], "Opening heads": [None, 3.0, None],
            "Hours per head": [None, 100.0, None], "Min heads": [None, 1.0, None], "Max heads": [None, 9.0, None],
            "Hire cost": [None, 500.0, None], "Layoff cost": [None, 700.0, None],
            "CO2e per unit": [0.5, None, None],
        },
        "tblBillOfResources": {
            "Family": ["Pumps", "Valves", "Pumps", "Valves"], "Source": [None, "Plant", None, None],
            "Resource": ["Press", "Press", "Crew", "Store"], "Use per unit": [1.0, 0.5, 1.0, 0.1],
            "Use per run": [4.0, None, None, None],
        },
        "tblCapacity": {
            "Resource": ["Press", "Crew"], "Period": ["2027-02", "2027-03"], "Capacity": [150.0, None],
            "Hours per head": [None, 80.0], "Overtime limit": [20.0, None],
        },
        "tblFamilyPeriods": {
            "Family": ["Pumps"], "Period": ["2027-02"], "Price": [110.0], "Min stock": [8.0], "Max stock": [800.0],
            "Target stock": [90.0],
        },
        "tblSourcePeriods": {
            "Family": ["Pumps"], "Source": ["Supplier"], "Period": ["2027-02"], "Unit cost": [62.0],
            "Max per period": [90.0], "Min run": [5.0], "Run cost": [9.0],
        },
        "tblReceipts": {"Family": ["Pumps"], "Source": ["Supplier"], "Period": ["2027-01"], "Quantity": [20.0]},
        "tblHistory": {
            "Item": ["P1", "P2", "V1"], "Region": ["North", "North", "South"],
            **{period: [100.0 + at, 60.0, 90.0 - at] for at, period in enumerate(_PAST)},
        },
        "tblStock": {
            "Family": ["Pumps", "Valves"], "Period": ["2026-12", "2026-12"], "Sales": [150.0, 60.0],
            "Production": [140.0, 70.0], "Stock": [70.0, 30.0],
        },
        "tblEvents": {
            "Event": ["Spring sale", "Fair", "Spring sale"], "Family": ["Pumps", None, "Pumps"],
            "Item": [None, "V1", None], "Region": [None, "South", None], "From": ["2027-02", "2027-03", "2026-02"],
            "To": ["2027-03", "2027-03", "2026-03"], "Uplift %": [0.2, None, 0.1],
            "Uplift units": [None, 10.0, None], "Price change %": [-0.1, None, -0.1],
            "Cannibalisation %": [None, 0.1, None], "Probability": [1.0, 0.5, 1.0], "Owner": ["Ann", None, None],
            "Note": [None, None, None],
        },
        "tblItemOverrides": {
            "Item": ["P1"], "Region": [None], "Period": ["2027-02"], "Quantity": [120.0], "Reason": ["order"],
            "Owner": ["Ann"],
        },
        "tblBudget": {
            "Family": ["Pumps", "Valves"], "Period": ["2027-01", "2027-02"], "Volume": [150.0, 80.0],
            "Revenue": [15000.0, 4000.0], "Margin": [3000.0, 900.0],
        },
        "tblRates": {
            "Currency": ["USD", "USD"], "Period": [None, "2027-02"], "Rate": [0.9, 0.91], "Budget rate": [0.95, None],
            "Approved rate": [0.92, None],
        },
        "tblScenarios": {
            "Scenario": ["Low", "Low"], "Lever": ["Demand", "Capacity"], "Family": ["Pumps", None],
            "Resource": [None, "Press"], "From": ["2027-01", None], "To": ["2027-03", None],
            "Change %": [-0.1, -0.2], "Note": [None, None],
        },
        "tblRisks": {
            "Risk": ["Strike"], "Lever": ["Capacity"], "Family": [None], "Resource": ["Crew"], "From": ["2027-01"],
            "To": ["2027-02"], "Probability": [0.2], "Low %": [-0.5], "Likely %": [-0.3], "High %": [-0.1],
        },
        "tblCycle": {
            "Step": ["Data gathering", "Demand plan"], "Owner": ["Ann", "Bob"], "Due": [dt.datetime(2027, 1, 8), None],
            "Status": ["Signed", "Open"], "Signed by": ["Ann", None], "Signed at": [dt.datetime(2027, 1, 7), None],
            "Digest": ["0123456789abcdef", None], "Comment": [None, None],
        },
        "tblDecisions": {
            "Number": [1.0], "Step": ["Pre-S&OP"], "Decision": ["Hire?"], "Owner": ["Ann"],
            "Due": [dt.datetime(2027, 1, 20)], "Status": ["Open"], "Family": ["Pumps"], "Effect": ["+1 head"],
        },
        "tblApproved": {
            "Family": ["Pumps"], "Period": ["2027-01"], "Volume": [140.0], "Production": [130.0],
            **{name: [100.0] for name in ("Revenue", "Unit costs", "Regular cost", "Overtime cost",
               "Hire and layoff cost", "Holding cost", "Backorder and lost sale cost", "Other cost")},
        },
        "tblForecast": {
            "Item": [item for item in ("P1", "P2", "V1") for _ in _PERIODS],
            "Region": [region for region in ("North", "North", "South") for _ in _PERIODS],
            "Period": [*_PERIODS] * 3, "Forecast": [120.0] * 4 + [60.0] * 4 + [55.0] * 4,
            "Low": [100.0] * 12, "High": [140.0] * 12, "Method": ["Theta"] * 12,
        },
        "SalesPlan": {
            "Family": ["Pumps", "Pumps", "Valves"], "Measure": ["Override", "Override reason", "Override"],
            "Unit": ["pcs", None, "pcs"], "Total": [None] * 3,
            **{period: [180.0 if period == "2027-02" else None, "tender" if period == "2027-02" else None, None]
               for period in _PERIODS},
        },
        "ProductionPlan": {
            "Family": ["Pumps", "Valves"], "Source": [None, None], "Measure": ["Fixed production", "Approved plan"],
            "Unit": ["pcs", "pcs"], "Total": [None, None],
            **{period: [100.0 if period == "2027-01" else None, 70.0] for period in _PERIODS},
        },
    }  # fmt: skip


_SETTINGS = {
    "Plan start": "2027-01", "Horizon": 4.0, "Company": "Pumps Ltd", "Forecast effort": "Quick",
    "Solver time limit": 5.0, "Frozen periods": 1.0,
}  # fmt: skip


# --- how a cell can be broken -----------------------------------------------------------------------------------------

_ANY: tuple[object, ...] = (
    None, "", "   ", "\u00a0", "#N/A", "#REF!", "=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "-", "x", "🚀", "שלום",
    "a\nb", "'", 'quo"te', "_x0000_", "z" * 300, "ä" * 32_767, True, False, 0.0, 7.0, dt.datetime(2027, 2, 14, 3, 5),
    "Pumps", "pumps ", "nobody",
)  # fmt: skip
_NUMBERS: tuple[object, ...] = (
    -1.0, -0.0, 1e-9, 5e-324, 0.1, 1.0, 2.5, 1e3, 1e6, 1e9, 1e12, 1.1e12, 1e300, -1e300, math.inf, math.nan, "12,5",
    "1.000,00", "1e5", "12 h", "50%", "½", "٣",
)  # fmt: skip
_FRACTIONS: tuple[object, ...] = (-1.0, -0.999, -2.0, 1.0, 2.0, 100.0)
_TIMES: tuple[object, ...] = (
    "2027-13", "2027-02-30", "2027-00", "Jan 2027", "2027-W53", "2027-W60", "2050-01", "2026-12", "2027-04", "1949-12",
    "2200-01", 45000.0, 1e9, -1.0, dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31), dt.datetime(2027, 1, 1),
    dt.datetime(2028, 2, 29), "29.02.2027",
)  # fmt: skip


def values_for(kind: str, choices: tuple[str, ...] = ()) -> tuple[object, ...]:
    """What a cell of this kind is broken with."""
    found = _ANY
    if kind in NUMERIC:
        found += _NUMBERS
    if kind == "fraction":
        found += _FRACTIONS
    if kind in ("period", "date"):
        found += _TIMES
    return found + choices + tuple(choice.upper() for choice in choices[:1])


@dataclass(frozen=True)
class Mutation:
    """One way to break one table."""

    table: str
    column: str
    what: str
    change: Callable[[dict[str, Columns]], None]

    def __str__(self) -> str:
        return f"{self.table}.{self.column}: {self.what}"


def _set(table: str, column: str, row: int, value: object) -> Mutation:
    def change(company: dict[str, Columns]) -> None:
        cells = company.get(table, {}).get(column)
        if cells is not None and row < len(cells):
            cells[row] = value

    shown = repr(value) if len(repr(value)) < 40 else f"{repr(value)[:30]}... ({len(repr(value))})"
    return Mutation(table, column, f"row {row} = {shown}", change)


def _whole(table: str, column: str, what: str, change: Callable[[Columns], None]) -> Mutation:
    def guarded(company: dict[str, Columns]) -> None:
        if table in company and (not column or column in company[table]):
            change(company[table])

    return Mutation(table, column, what, guarded)


def _rename(header: str, new: str) -> Callable[[Columns], None]:
    def change(columns: Columns) -> None:
        kept = [(new if name == header else name, cells) for name, cells in columns.items()]
        columns.clear()
        columns.update(kept)

    return change


def _doubled(columns: Columns) -> None:
    for cells in columns.values():
        cells += deepcopy(cells)


def _emptied(columns: Columns) -> None:
    for cells in columns.values():
        cells.clear()


def _padded(columns: Columns) -> None:
    for cells in columns.values():
        cells[:0] = [None]
        cells += [None] * 3


def _turned(columns: Columns) -> None:
    for cells in columns.values():
        cells.reverse()


def _filled(column: str, value: object) -> Callable[[Columns], None]:
    def change(columns: Columns) -> None:
        columns[column] = [value] * len(columns[column])

    return change


@cache
def single_mutations() -> tuple[Mutation, ...]:
    """Every column of every input table and grid, in every way."""
    company, found = full_company(), []
    for name, columns in company.items():
        for column, cells in columns.items():
            kind, choices = _kind(TABLES.get(name), column)
            rows = range(len(cells)) if name == "tblSettings" and column == "Value" else range(min(1, len(cells)))
            for row in rows:
                if name == "tblSettings" and column == "Value":
                    kind, choices = SETTINGS[row].kind, SETTINGS[row].choices
                found += [_set(name, column, row, value) for value in values_for(kind, choices)]
            found += [
                _whole(name, column, "column removed", lambda there, c=column: there.pop(c)),  # type: ignore[misc]
                _whole(name, column, "header misspelt", _rename(column, column + "x")),
                _whole(name, column, "header blank", _rename(column, "")),
                _whole(name, column, "column blank", _filled(column, None)),
            ]
        found += [
            _whole(name, "", "every row twice", _doubled),
            _whole(name, "", "no rows", _emptied),
            _whole(name, "", "blank rows around", _padded),
            _whole(name, "", "rows turned", _turned),
            Mutation(name, "", "table removed", lambda there, n=name: there.pop(n, None)),  # type: ignore[misc]
        ]
    return tuple(found)


def _kind(table: Table | None, header: str) -> tuple[str, tuple[str, ...]]:
    if table is None:  # a grid
        return ("number" if header[:2] == "20" else "text"), ()
    if header not in table.headers:
        return "number", ()
    column: Column = table.column(header)
    return column.kind, column.choices


def mutations_of(number: int) -> tuple[Mutation, ...]:
    """Case ``number``: first each single mutation once, in a shuffled order, then pairs."""
    singles = single_mutations()
    if number < len(singles):
        return (singles[_shuffled(len(singles))[number]],)
    chance = random.Random(number)
    first = chance.choice(singles)
    near = [one for one in singles if one.table == first.table] if chance.random() < 0.5 else singles
    return first, chance.choice(near)


@cache
def _shuffled(count: int) -> tuple[int, ...]:
    order = list(range(count))
    random.Random(1).shuffle(order)
    return tuple(order)


_CORE = frozenset({
    "tblSettings", "tblItems", "tblFamilies", "tblSources", "tblResources", "tblBillOfResources", "tblForecast",
    "tblHistory", "tblRates", *GRIDS,
})  # fmt: skip


def broken_company(number: int) -> dict[str, Columns]:
    """Every fourth case has rows in all tables; in the others only what a plan needs and what is broken has any, as
    they are planned in half the time. What is not broken is shared by all cases."""
    mutations = mutations_of(number)
    company = dict(sound(core_only(number)))
    for name in {mutation.table for mutation in mutations}:
        company[name] = {header: list(cells) for header, cells in sound(core_only=False)[name].items()}
    for mutation in mutations:
        mutation.change(company)
    return company


def core_only(number: int) -> bool:
    return number % 4 != 0


@cache
def sound(core_only: bool) -> Mapping[str, Columns]:
    company = full_company()
    if core_only:
        for name in company.keys() - _CORE:
            _emptied(company[name])
    return company


# --- what a run must do -----------------------------------------------------------------------------------------------


def raw_of(company: Mapping[str, Columns]) -> dict[str, RawTable]:
    return {name: _raw(name, columns) for name, columns in company.items()}


def _raw(name: str, columns: Columns) -> RawTable:
    rows = max((len(cells) for cells in columns.values()), default=0)
    names = list(columns)
    frame = pd.DataFrame(
        [[columns[header][at] for header in names] for at in range(rows)],
        columns=pd.Index(names, dtype=object), index=pd.RangeIndex(2, 2 + rows), dtype=object,
    )  # fmt: skip
    letters = {header: f"A{chr(65 + at % 26)}" for at, header in enumerate(names)}
    return RawTable(frame, Place(name, letters, 1))


@cache
def _sound_raw(core_only: bool, copy: int) -> Mapping[str, RawTable]:
    """The unbroken tables, made once: copy 0 is given to runs, copy 1 to compare them with afterwards."""
    return raw_of(sound(core_only))


def _raw_case(number: int, company: Mapping[str, Columns], copy: int) -> dict[str, RawTable]:
    whole, made = sound(core_only(number)), _sound_raw(core_only(number), copy)
    return {
        name: made[name] if columns is whole.get(name) else _raw(name, columns) for name, columns in company.items()
    }


def steps_of(number: int) -> tuple[str, ...]:
    """Most cases forecast nothing: forecasting takes longer than all the rest."""
    return ("forecast", "aggregate", "balance") if number % 8 == 0 else ("aggregate", "balance")


def judge(number: int, seen: set[bytes] | None = None) -> str:
    """'' where case ``number`` ends as it must; else what is wrong, with the mutations.

    ``seen``: fingerprints of typed tables that have been run; what reads as one of them is not run again, as a run
    depends on nothing else.
    """
    begin = time.process_time()
    wrong = _judged(number, set() if seen is None else seen)
    seconds = time.process_time() - begin
    if not wrong and seconds > SECONDS:
        wrong = f"took {seconds:.0f} s"
    return f"case {number} ({'; '.join(map(str, mutations_of(number)))}): {wrong}" if wrong else ""


def _judged(number: int, seen: set[bytes]) -> str:
    company = broken_company(number)
    raw, before = _raw_case(number, company, 0), _raw_case(number, company, 1)
    try:
        tables = typed_tables(
            raw, sales_plan=raw.get("SalesPlan"), production_plan=raw.get("ProductionPlan"), require_all=True
        )
        print_of_it = hashlib.sha256(pickle.dumps((steps_of(number), tables))).digest()
        if print_of_it in seen:
            return ""
        seen.add(print_of_it)
        kept = deepcopy(tables)
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # a planner would see it, and not know what of
            plan = run_cycle(tables, steps_of(number))
    except InputError as error:
        return "" if str(error) else "an InputError without a sentence"
    except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
        return traceback.format_exc()
    return _changed(before, raw) or _typed_changed(kept, tables) or _outcome(plan)


def _changed(before: Mapping[str, RawTable], after: Mapping[str, RawTable]) -> str:
    for name, table in before.items():
        if not table.frame.equals(after[name].frame):
            return f"the run changed {name}"
    return ""


def _typed_changed(before: Tables, after: Tables) -> str:
    for table in INPUT_TABLES:
        if table.name != "tblSettings" and not getattr(before, table.field).equals(getattr(after, table.field)):
            return f"the run changed the typed {table.name}"
    return ""


def _outcome(plan: Plan) -> str:
    if not plan.steps:
        errors = plan.findings.errors
        if not errors:
            return "no plan, and no error says why"
        nameless = [str(one) for one in errors if not one.cell and one.rule != "table_missing"]
        return f"findings that name no cell: {nameless[:3]}" if nameless else ""
    if plan.balance is None:
        return ""
    figures = np.array([plan.balance.total_cost, plan.balance.margin, plan.balance.service_level], dtype=float)
    if not np.isfinite(figures).all():
        return f"cost, margin, service level: {figures}"
    return ""
