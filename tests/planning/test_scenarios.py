"""Scenarios move levers; the base tables stay as they are."""

from __future__ import annotations

import pandas as pd
import pytest
from companies import company

from sop_addin.model.errors import InputError
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.scenarios import apply_scenario, check_scenario

DEMAND = {"Family": ["Pumps", "Valves"] * 6, "Period": [f"2027-{m:02d}" for m in range(1, 7) for _ in "pv"],
          "Value": [100.0] * 12}  # fmt: skip


def scenario(lever: str, change: float, **where: object) -> dict[str, list[object]]:
    columns = {"Scenario": "What if", "Lever": lever, "Family": None, "Resource": None, "From": None, "To": None}
    return {name: [value] for name, value in {**columns, "Change %": change, **where}.items()}


def test_demand_moves_in_its_family_and_months_only():
    tables = company(tblScenarios=scenario("Demand", 0.1, Family="Pumps", From="2027-02", To="2027-03"), demand=DEMAND)
    moved = apply_scenario(tables, "What if").sales_plan.set_index(["Family", "Period"])["Override"]
    changed = moved[moved != 100.0]
    assert list(changed.index) == [("Pumps", pd.Timestamp(2027, 2, 1)), ("Pumps", pd.Timestamp(2027, 3, 1))]
    assert changed.tolist() == pytest.approx([110.0, 110.0])
    assert (tables.sales_plan["Override"] == 100.0).all()


def test_capacity_moves_machine_units_and_hours_per_head():
    tables = company(tblScenarios=scenario("Capacity", -0.5))
    moved = apply_scenario(tables, "What if").capacity.set_index(["Resource", "Period"])
    assert (moved.loc["Press"]["Capacity"] == 100.0).all()
    assert (moved.loc["Crew"]["Hours per head"] == 50.0).all()
    assert len(moved) == 12


def test_an_exception_of_the_period_is_what_moves():
    capacity = {"Resource": ["Press"], "Period": ["2027-03"], "Capacity": [80]}
    tables = company(tblScenarios=scenario("Capacity", 0.5, Resource="Press"), tblCapacity=capacity)
    moved = apply_scenario(tables, "What if").capacity.set_index(["Resource", "Period"])["Capacity"]
    assert moved["Press", pd.Timestamp(2027, 3, 1)] == 120.0
    assert moved["Press", pd.Timestamp(2027, 4, 1)] == 300.0


def test_more_of_a_binding_capacity_never_costs_more():
    base = run_cycle(company(demand=DEMAND), ("balance",))
    more = company(tblScenarios=scenario("Capacity", 0.5, Resource="Press"), demand=DEMAND)
    plan = run_cycle(more, ("balance",), scenario="What if")
    assert plan.scenario == "What if"
    assert plan.balance.total_cost <= base.balance.total_cost + 1e-6
    assert set(plan.plan_table["Scenario"]) == {"What if"}


@pytest.mark.parametrize(
    ("lever", "frame", "column", "value"),
    [
        ("Unit cost", "source_periods", "Unit cost", 44.0),
        ("Price", "family_periods", "Price", 110.0),
        ("Overtime", "capacity", "Overtime limit", 55.0),
    ],
)
def test_money_and_overtime_levers_become_exceptions_of_the_period(lever, frame, column, value):
    moved = getattr(apply_scenario(company(tblScenarios=scenario(lever, 0.1)), "What if"), frame)
    assert moved[column].iloc[0] == pytest.approx(value)


def test_opening_stock_moves_at_the_items_too():
    moved = apply_scenario(company(tblScenarios=scenario("Opening stock", -1.0)), "What if")
    assert (moved.items["Opening stock"] == 0).all()


def test_an_unknown_scenario_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="'What iff' is not in tblScenarios; did you mean 'What if'"):
        check_scenario(company(tblScenarios=scenario("Demand", 0.1)), "What iff")
