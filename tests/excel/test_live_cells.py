"""An edit of the plan moves stock, load, revenue and margin by native formulas to what Python computes for it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from companies import company, raw_company

from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.template import workbook_bytes
from sop_addin.model.cost_defaults import fill_costs
from sop_addin.model.plan import BalancePlan, Plan
from sop_addin.model.schema import CAPACITY_PLAN, FINANCE_PLAN, SHEET_GRIDS
from sop_addin.model.tables import Tables
from sop_addin.planning.balance.problem_tables import coming_demand
from sop_addin.planning.consensus import CONSENSUS_DEMAND, consensus_demand
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.finance import finance_plan
from sop_addin.planning.rough_cut import load_by_family

LIMIT = {"Resource": ["Press"], "Period": ["2027-02"], "Capacity": [150], "Overtime limit": [10]}
MORE_TABLES: dict[str, dict[str, list[object]]] = {
    "tblSources": {
        "Family": ["Pumps", "Pumps", "Valves"],
        "Source": ["Plant", "Supplier", "Plant"],
        "Kind": ["Make", "Buy", "Make"],
        "Unit cost": [40, 60, 20],
        "Max per period": [150, None, None],
        "Run cost": [None, None, 30],
        "CO2e per unit": [2, 3, 1],
        "Lead periods": [0, 1, 0],
    },
    "tblSourcePeriods": {"Family": ["Valves"], "Source": ["Plant"], "Period": ["2027-03"], "Unit cost": [25]},
    "tblReceipts": {"Family": ["Pumps"], "Source": ["Supplier"], "Period": ["2027-01"], "Quantity": [20]},
    "tblResources": {
        "Resource": ["Press", "Crew", "Store", "Trucks", "Office"],
        "Kind": ["Machine", "Labour", "Storage", "Distribution", "Labour"],
        "Capacity": [200, None, 500, None, None],
        "Regular cost": [1, 1000, 0.5, 2, 500],
        "Overtime limit": [50, 20, None, None, None],
        "Overtime cost": [5, 12, None, None, None],
        "Opening heads": [None, 3, None, None, 1],
        "Hours per head": [None, 100, None, None, 100],
        "Hire cost": [None, 300, None, None, None],
        "Layoff cost": [None, 200, None, None, None],
        "CO2e per unit": [0.5, None, None, 0.25, None],
    },
    "tblBillOfResources": {
        "Family": ["Pumps", "Valves", "Pumps", "Pumps", "Valves", "Pumps"],
        "Resource": ["Press", "Press", "Crew", "Store", "Store", "Trucks"],
        "Use per unit": [1, 0.5, 1, 1, 2, 1],
        "Use per run": [None, 4, None, None, None, None],
    },
    "tblCapacity": LIMIT,
    "tblSettings": {
        "Setting": ["Plan start", "Horizon", "Carbon price", "Change cost"],
        "Value": ["2027-01", 6, 100, 0.5],
    },
}
OVERRIDES = {
    ("Pumps", 0): 250.0, ("Pumps", 1): 300.0, ("Pumps", 2): 0.0, ("Pumps", 3): 412.5, ("Pumps", 5): 190.0,
    ("Valves", 0): 44.0, ("Valves", 1): 120.0, ("Valves", 3): 10.0, ("Valves", 4): 95.0, ("Valves", 5): 61.0,
}  # fmt: skip
FIXED = {
    ("Pumps", 0): 180.0, ("Pumps", 1): 0.0, ("Pumps", 2): 333.0, ("Pumps", 4): 260.0, ("Pumps", 5): 10.0,
    ("Valves", 0): 5.0, ("Valves", 1): 400.0, ("Valves", 2): 0.0, ("Valves", 3): 77.0, ("Valves", 5): 50.0,
}  # fmt: skip
assert len(OVERRIDES) + len(FIXED) == 20


@pytest.fixture(scope="module")
def planned() -> Plan:
    tables = company(**MORE_TABLES)
    rows = [(family, period, 90.0 + 20 * month + 35 * (family == "Pumps"))
            for family in tables.family_names for month, period in enumerate(tables.periods)]  # fmt: skip
    demand = pd.DataFrame(rows, columns=["Family", "Period", "Statistical forecast"])
    demand = demand.reindex(columns=tables.sales_plan.columns).assign(**{"Override reason": ""})
    plan = run_cycle(tables.with_sales_plan(demand), ["balance"])
    assert plan.balance is not None, [str(finding) for finding in plan.findings.errors]
    return plan


@pytest.fixture(scope="module")
def solved(planned: Plan, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("live") / "Solved.xlsm"
    path.write_bytes(recalculate_bytes(workbook_bytes(raw_company(**MORE_TABLES), planned.tables, planned)))
    return path


@pytest.fixture(scope="module")
def edited(solved: Path) -> Path:
    """Twenty figures typed into the yellow rows, nothing calculated."""
    book = open_book(solved)
    for grid, measure, figures in (("SalesPlan", "Override", OVERRIDES), ("ProductionPlan", "Fixed production", FIXED)):
        area = book.names[grid].refers_to_range
        rows = area.options(ndim=2).value
        total = rows[0].index("Total")
        for (family, month), figure in figures.items():
            row = next(n for n, cells in enumerate(rows) if cells[0] == family and measure in cells)
            area.sheet.range((area.row + row, area.column + total + 1 + month)).value = figure
    path = solved.with_name("Edited.xlsm")
    book.save(path)
    book.close()
    return path


def shown(path: Path) -> dict[str, dict[tuple[str, str, pd.Timestamp], float]]:
    """The figures of every grid by (family or resource, measure, period)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Print area")
        book = openpyxl.load_workbook(path, data_only=True)
    found = {}
    for grid in SHEET_GRIDS:
        sheet, address = next(iter(book.defined_names[grid.name].destinations))
        rows = [[cell.value for cell in row] for row in book[sheet][address.replace("$", "")]]
        header = rows[0]
        owner = 1 if grid.name == "Workings" else 0
        found[grid.name] = {
            (row[owner], row[header.index("Measure")], pd.Timestamp(f"{header[column]}-01")): row[column]
            for row in rows[1:]
            for column in range(header.index("Total") + 1, len(header))
        }
    return found


# --- what Python computes for the edited plan -------------------------------------------------------------------------


def edited_tables(tables: Tables) -> Tables:
    sales = tables.sales_plan.copy()
    for (family, month), figure in OVERRIDES.items():
        sales.loc[(sales["Family"] == family) & (sales["Period"] == tables.periods[month]), "Override"] = figure
    return tables.with_sales_plan(sales)


def edited_balance(tables: Tables, solved: BalancePlan) -> BalancePlan:
    """Stock, loads and costs of the edited plan, period by period; heads as solved."""
    periods = tables.periods
    step = {period: t for t, period in enumerate(periods)}
    demand = consensus_demand(tables.sales_plan).set_index(["Family", "Period"])[CONSENSUS_DEMAND]
    sources, families = solved.sources.copy(), solved.families.copy()
    for (family, month), fixed in FIXED.items():
        rows = (sources["Family"] == family) & (sources["Period"] == periods[month])
        planned = sources.loc[rows, "Planned"]
        if planned.sum() > 0:
            sources.loc[rows, "Planned"] = planned * fixed / planned.sum()
        else:
            sources.loc[rows, "Planned"] = [fixed] + [0.0] * (len(planned) - 1)
    leads = tables.sources.set_index(["Family", "Source"])["Lead periods"].fillna(0)
    arrivals = tables.receipts.groupby(["Family", "Period"])["Quantity"].sum().to_dict()
    for family, source, period, planned in zip(
        *(sources[name] for name in ("Family", "Source", "Period", "Planned")), strict=True
    ):
        at = step[period] + int(leads[family, source])
        if at < len(periods):
            arrivals[family, periods[at]] = arrivals.get((family, periods[at]), 0.0) + planned
    cover = tables.families.set_index("Family")["Target cover"]
    for family in tables.family_names:
        rows = families["Family"] == family
        wanted = demand[family].reindex(periods).to_numpy()
        stock, late = families.loc[rows, ["Opening stock", "Opening backorders"]].iloc[0]
        line = []
        for period, units in zip(periods, wanted, strict=True):
            arriving = arrivals.get((family, period), 0.0)
            sales = min(stock + arriving, units + late)
            opening, stock, late = stock, stock + arriving - sales, late + units - sales
            line.append((units, opening, arriving, sales, stock, late))
        columns = ["Demand", "Opening stock", "Production", "Sales", "Closing stock", "Backorders"]
        families.loc[rows, columns] = line
        if cover[family] == cover[family]:
            ahead = coming_demand(wanted[None, :], np.array([cover[family]]), tables.settings.season_length)
            families.loc[rows, "Target stock"] = ahead[0]
    plan = replace(solved, sources=sources, families=families)
    loads = load_by_family(tables, plan).groupby(["Resource", "Period"])["Load"].sum()
    resources = solved.resources.copy()
    resources["Load"] = [loads.get(key, 0.0) for key in zip(resources["Resource"], resources["Period"], strict=True)]
    limits = tables.resources.set_index("Resource")["Overtime limit"].fillna(0.0)
    exception = (resources["Resource"] == LIMIT["Resource"][0]) & (resources["Period"] == LIMIT["Period"][0])
    limit = resources["Resource"].map(limits).where(~exception, LIMIT["Overtime limit"][0])
    limit = limit.where(resources["Kind"] != "Labour", limit * resources["Heads"])
    beyond = (resources["Load"] - resources["Regular capacity"]).fillna(0.0)
    resources["Overtime"] = np.minimum(beyond, limit).clip(lower=0.0)
    plan = replace(plan, resources=resources)
    return replace(plan, costs=edited_costs(tables, plan))


def edited_costs(tables: Tables, plan: BalancePlan) -> pd.DataFrame:
    rates = fill_costs(tables)[0].set_index("Family")
    parts = []

    def add(term: str, frame: pd.DataFrame, values: pd.Series) -> None:
        part = frame[["Period"]].assign(Term=term, Family="", Resource="", Value=values)
        for key in ("Family", "Resource"):
            if key in frame:
                part[key] = frame[key]
        parts.append(part)

    families, sources, resources = plan.families, plan.sources, plan.resources
    rate = rates.loc[families["Family"]].reset_index(drop=True)
    add("Unit costs", sources, sources["Planned"] * sources["Unit cost"])
    add("Holding cost", families, families["Closing stock"] * rate["Holding cost"])
    add("Backorder cost", families, families["Backorders"] * rate["Backorder cost"])
    short = (families["Target stock"] - families["Closing stock"]).where(rate["Target cover"].notna(), 0.0)
    assert (rate["Shortfall cost"] <= rate["Holding cost"] + rate["Backorder cost"]).all()
    add("Shortfall cost", families, short.clip(lower=0.0) * rate["Shortfall cost"])
    valves = sources["Family"] == "Valves"
    add("Run cost", sources, (valves & (sources["Planned"] > 1e-6)) * 30.0)
    made = sources.groupby(["Family", "Period"])["Planned"].sum().reset_index()
    change = made.groupby("Family")["Planned"].diff().abs().fillna(0.0)
    add("Change cost", made, change * tables.settings.change_cost)
    price = tables.resources.set_index("Resource").fillna(0.0).loc[resources["Resource"]].reset_index(drop=True)
    staffed = resources["Kind"] == "Labour"
    busy = (resources["Load"] - resources["Overtime"]).clip(upper=resources["Regular capacity"].fillna(np.inf))
    add("Regular cost", resources, busy.where(~staffed, resources["Heads"]) * price["Regular cost"])
    add("Overtime cost", resources, resources["Overtime"] * price["Overtime cost"])
    add("Hire cost", resources, (resources["Hires"] * price["Hire cost"]).where(staffed, 0.0))
    add("Layoff cost", resources, (resources["Layoffs"] * price["Layoff cost"]).where(staffed, 0.0))
    carbon = tables.settings.carbon_price / 1000
    emission = tables.sources.set_index(["Family", "Source"])["CO2e per unit"].fillna(0.0)
    each = [emission[key] for key in zip(sources["Family"], sources["Source"], strict=True)]
    add("Carbon cost", sources, sources["Planned"] * each * carbon)
    add("Carbon cost", resources, resources["Load"] * price["CO2e per unit"] * carbon)
    return pd.concat(parts, ignore_index=True)


def assert_shows(path: Path, tables: Tables, plan: BalancePlan, edits: int) -> None:
    figures = shown(path)
    stock, capacity, money = (figures[grid] for grid in ("InventoryPlan", "CapacityPlan", "FinancePlan"))
    changed = [value for (_, measure, _), value in figures["Workings"].items() if measure.startswith("Changed")]
    assert sum(changed) == edits
    for row in plan.families.to_dict("records"):
        for measure in ("Opening stock", "Production", "Sales", "Closing stock", "Backorders", "Target stock"):
            found = stock[row["Family"], measure, row["Period"]]
            assert found == pytest.approx(row[measure], abs=1e-4), (measure, row["Family"], row["Period"])
        assert stock[row["Family"], "Balance check", row["Period"]] == 0
    for row in plan.resources.to_dict("records"):
        for measure in (item.name for item in CAPACITY_PLAN.measures if item.live):
            found = capacity[row["Resource"], measure, row["Period"]]
            assert found == pytest.approx(row[measure], abs=1e-4), (measure, row["Resource"], row["Period"])
    finance = finance_plan(tables, plan).fillna(0.0)
    costs = [item.name for item in FINANCE_PLAN.measures if item.name.endswith(("cost", "costs"))]
    finance["Margin"] = finance["Revenue"] - finance[costs].sum(axis=1)
    for row in finance.to_dict("records"):
        for measure in (item.name for item in FINANCE_PLAN.measures if item.is_formula):
            found = money[row["Family"], measure, row["Period"]]
            assert found == pytest.approx(row[measure], rel=1e-6, abs=0.01), (measure, row["Family"], row["Period"])
    totals = finance.groupby("Period")[["Revenue", "Margin"]].sum()
    for period, margin in totals["Margin"].items():
        assert money["Total", "Margin", period] == pytest.approx(margin, rel=1e-6, abs=0.01)


def test_without_an_edit_the_formulas_show_the_solved_plan(planned: Plan, solved: Path) -> None:
    assert planned.balance is not None
    assert_shows(solved, planned.tables, planned.balance, edits=0)


def test_twenty_edits_show_what_python_computes(planned: Plan, edited: Path) -> None:
    assert planned.balance is not None
    tables = edited_tables(planned.tables)
    path = edited.with_name("Calculated.xlsm")
    path.write_bytes(recalculate_bytes(edited.read_bytes()))
    assert_shows(path, tables, edited_balance(tables, planned.balance), edits=20)


@pytest.mark.libreoffice
def test_twenty_edits_show_the_same_in_libreoffice(planned: Plan, edited: Path, libreoffice, tmp_path) -> None:
    assert planned.balance is not None
    tables = edited_tables(planned.tables)
    path = libreoffice.recalculated(edited, tmp_path)
    assert_shows(path, tables, edited_balance(tables, planned.balance), edits=20)
