"""What moved since the last plan, by how much, and where it comes from."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from companies import company

from sop_addin.model.plan import BASE
from sop_addin.planning.changes import plan_changes
from sop_addin.planning.cycle import run_cycle

DEMAND = {"Family": ["Pumps"] * 6 + ["Valves"] * 6,
          "Period": [f"2027-{month:02d}" for month in range(1, 7)] * 2, "Value": [100] * 6 + [60] * 6}  # fmt: skip
STEPS = ("balance",)


def demand(pumps):
    return DEMAND | {"Value": [*pumps, *[60] * 6]}


@pytest.fixture(scope="module")
def last():
    return run_cycle(company(demand=DEMAND), STEPS).plan_table


def changes(last, tables):
    plan = run_cycle(replace(tables, last_plan=last), STEPS)
    return plan.balance_explained["tblChanges"].set_index(["Measure", "Family", "Resource"]), plan


def test_the_same_inputs_change_nothing(last):
    found, plan = changes(last, company(demand=DEMAND))
    assert found.empty
    assert "last plan" not in plan.results["Summary"]


def test_without_a_last_plan_there_is_nothing_to_compare():
    assert run_cycle(company(demand=DEMAND), STEPS).balance_explained["tblChanges"].empty


def test_an_override_is_named_as_what_moves_demand_sales_production_and_money(last):
    found, _ = changes(last, company(demand=demand([100, 100, 130, 100, 100, 100])))
    moved = found.loc[("Consensus demand", "Pumps", "")]
    assert (moved["Last plan"], moved["This plan"], moved["Change"]) == (600.0, 630.0, 30.0)
    assert moved["Change %"] == pytest.approx(0.05)
    assert moved["Why"] == "overrides +30"
    assert found.loc[("Feasible sales", "Pumps", ""), "Why"] == "demand +30"
    assert found.loc[("Revenue", "", ""), "Change"] == pytest.approx(3000.0)
    assert found.loc[("Revenue", "", ""), "Why"] == "volume +3.00 k"
    assert ("Consensus demand", "Valves", "") not in found.index


def test_production_moves_by_what_sales_and_both_stocks_move(last):
    tables = company(demand=demand([100, 100, 130, 100, 100, 140]))
    families = tables.families.assign(**{"Opening stock": [60.0, 30.0]})
    _, plan = changes(last, replace(tables, families=families))
    table = plan.balance_explained["tblChanges"].query("Family == 'Pumps'").set_index("Measure")
    made, sales = table.loc["Production", "Change"], table.loc["Feasible sales", "Change"]
    end = table["Change"].get("Closing stock", 0.0)
    assert sales == pytest.approx(70.0)
    assert made == pytest.approx(sales + end - (60.0 - 70.0))
    assert table.loc["Production", "Why"].startswith("sales +70")
    assert "opening stock +10" in table.loc["Production", "Why"]


def test_a_dearer_source_shows_as_cost_per_unit_not_as_volume(last):
    tables = company(demand=DEMAND)
    found, _ = changes(last, replace(tables, sources=tables.sources.assign(**{"Unit cost": [44.0, 66.0, 22.0]})))
    assert found.loc[("Unit costs", "", ""), "Change %"] == pytest.approx(0.1)
    assert found.loc[("Unit costs", "", ""), "Why"].startswith("cost per unit +")
    assert found.loc[("Total cost", "", ""), "Why"].startswith("unit costs +")


def test_lost_capacity_is_named(last):
    tables = company(demand=DEMAND)
    found, plan = changes(last, replace(tables, resources=tables.resources.assign(Capacity=[100.0, None])))
    press = found.loc[("Regular capacity", "", "Press")]
    assert press["Change"] == pytest.approx(-600.0)
    assert press["Why"] == "capacity, efficiency or hours in the tables"
    assert found.loc[("Overtime", "", "Press"), "Why"].startswith("regular capacity +600")
    assert "regular capacity of Press moves by -600 h" in plan.results["Summary"]


def test_only_periods_that_both_plans_cover_are_compared(last):
    settings = {"Setting": ["Plan start", "Horizon"], "Value": ["2027-02", 6]}
    rolled = {name: [*values[1:6], values[5], *values[7:], values[11]] for name, values in DEMAND.items()}
    rolled["Period"] = [f"2027-{month:02d}" for month in range(2, 8)] * 2
    found, _ = changes(last, company(tblSettings=settings, demand=rolled))
    assert not any(measure == "Consensus demand" for measure, *_ in found.index)


def test_rows_of_other_measures_and_broken_rows_do_not_matter(last):
    odd = pd.DataFrame(
        {"Scenario": [BASE], "Family": [None], "Source": [None], "Resource": [None], "Period": [pd.NaT],
         "Measure": ["Mine"], "Value": [7.0], "Unit": [None]}
    )  # fmt: skip
    tables = company(demand=DEMAND)
    assert plan_changes(tables, pd.concat([last, odd], ignore_index=True), last).empty
