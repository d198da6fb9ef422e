"""Why the plan is as it is: cost drivers and the paragraph on Home."""

from __future__ import annotations

from dataclasses import replace

import pytest
from companies import company

from sop_addin.planning.cycle import run_cycle

DEMAND = {"Family": ["Pumps"] * 6, "Period": [f"2027-{month:02d}" for month in range(1, 7)],
          "Value": [100, 100, 100, 100, 400, 100]}  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    tables = company(demand=DEMAND)
    sources = tables.sources[tables.sources["Source"] == "Plant"]
    return run_cycle(replace(tables, sources=sources), ("balance",))


def test_cost_drivers_add_up_to_the_cost_and_their_shares_to_one(plan):
    drivers = plan.balance_explained["tblDrivers"]
    assert drivers["Value"].sum() == pytest.approx(plan.balance.total_cost)
    assert drivers["Share"].sum() == pytest.approx(1.0)
    assert drivers["Value"].is_monotonic_decreasing
    assert not drivers.duplicated(["Cost", "Family", "Resource"]).any()


def test_the_paragraph_says_service_limits_idle_capacity_and_cost(plan):
    text = plan.results["Summary"]
    service = plan.balance.service_level
    words = "100 %" if service > 1 - 1e-9 else f"{service * 100:.1f} %"
    assert text.startswith(f"The plan serves {words} of demand in its period")
    binding = plan.balance.limits.query("Limit == 'Capacity' and `Marginal value` > 0")
    best = binding.iloc[0]
    months = binding.loc[binding["Resource"] == best["Resource"], "Period"].nunique()
    assert f"{best['Resource']} limits it in {months} of 6 months; one more {best['Unit']} there" in text
    assert f"is worth {best['Marginal value']:,.2f} EUR" in text
    assert "It costs" in text
    assert "unit costs" in text


def test_lost_demand_is_named_in_the_paragraph():
    tables = company(demand=DEMAND, tblSources={"Family": ["Pumps"], "Source": ["Plant"], "Max per period": [90]})
    plan = run_cycle(tables, ("balance",))
    lost = plan.balance.families["Lost sales"].sum()
    assert lost > 0
    assert f"{lost:,.0f} pcs Pumps are never delivered" in plan.results["Summary"]


def test_a_scenario_says_its_name_and_compares_with_base():
    tables = company(
        demand=DEMAND,
        tblScenarios={"Scenario": ["More"], "Lever": ["Demand"], "Family": ["Pumps"], "Change %": [0.1]},
    )
    base = run_cycle(tables, ("balance",))
    text = run_cycle(replace(tables, last_plan=base.plan_table), ("balance",), scenario="More").results["Summary"]
    assert text.startswith("The plan of scenario More serves")
    assert "Against the base plan" in text


def test_no_limit_is_said_too():
    plan = run_cycle(company(demand=DEMAND, tblResources=None, tblBillOfResources=None), ("balance",))
    assert "No capacity limits it." in plan.results["Summary"]
