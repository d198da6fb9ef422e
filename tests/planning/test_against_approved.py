"""Against the approved plan: what moved, why, and what it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from companies import company

from sop_addin.planning.bridge import COST_MEASURES
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.publish import publish_now
from sop_addin.planning.words import short_money

PERIODS = [f"2027-{month:02d}" for month in range(1, 7)]
STEPS = ("balance",)
RULE = "away_from_approved"


def demand(pumps, valves=(60,) * 6):
    return {"Family": ["Pumps"] * 6 + ["Valves"] * 6, "Period": PERIODS * 2, "Value": [*pumps, *valves]}


@pytest.fixture(scope="module")
def approved():
    """The tables after publishing the plan of an even demand."""
    plan = run_cycle(company(demand=demand([100] * 6)), STEPS)
    return publish_now(plan.tables, {"tblPlan": plan.plan_table, "tblKpis": plan.kpis}, by="Ana")


def planned(approved, pumps, **changes):
    """The run after that, with other demand, and with changed tables."""
    tables = company(demand=demand(pumps))
    production = approved.production_plan
    return run_cycle(
        replace(tables, production_plan=production, approved=approved.approved, versions=approved.versions, **changes),
        STEPS,
    )


def found(plan):
    return [finding.message for finding in plan.findings if finding.rule == RULE]


def test_the_same_plan_is_not_away_from_the_approved_one(approved):
    plan = planned(approved, [100] * 6)
    assert not found(plan)
    assert "approved" not in plan.results["Summary"]


def test_without_an_approved_plan_nothing_is_said():
    plan = run_cycle(company(demand=demand([100] * 6)), STEPS)
    assert not found(plan)
    assert "approved" not in plan.results["Summary"]


def test_what_is_sold_less_is_made_less_and_costs_less(approved):
    plan = planned(approved, [100, 100, 70, 100, 100, 100])
    (message,) = found(plan)
    assert message == ("Pumps, 2027-03: production -30 pcs against the approved plan (100 -> 70): sales -30")
    before = float(approved.approved[list(COST_MEASURES)].to_numpy().sum())
    change = short_money(plan.balance.total_cost - before)
    assert (
        f"Against the approved plan: production of Pumps -30 pcs in 2027-03 (sales -30); cost {change} EUR ("
        in plan.results["Summary"]
    )


def test_the_reason_of_an_override_is_told(approved):
    tables = company(demand=demand([100, 100, 70, 100, 100, 100]))
    sales = tables.sales_plan.copy()
    sales.loc[(sales["Family"] == "Pumps") & (sales["Override"] == 70), "Override reason"] = "Kvadrat left"
    plan = run_cycle(
        replace(tables, sales_plan=sales, production_plan=approved.production_plan, approved=approved.approved), STEPS
    )
    assert found(plan)[0].endswith("sales -30 (Kvadrat left)")


def test_a_typed_production_is_its_own_reason(approved):
    production = approved.production_plan.copy()
    first = (production["Family"] == "Pumps") & (production["Period"] == production["Period"].min())
    production.loc[first, "Fixed production"] = production.loc[first, "Approved plan"] + 50.0
    tables = company(demand=demand([100] * 6))
    plan = run_cycle(replace(tables, production_plan=production, approved=approved.approved), STEPS)
    (message,) = [text for text in found(plan) if text.startswith("Pumps")]
    assert message.startswith("Pumps, 2027-01: production +50 pcs against the approved plan")
    assert ": Fixed production" in message


def test_what_is_made_before_names_what_is_full(approved):
    plan = planned(approved, [100, 100, 100, 100, 230, 100])
    (message,) = [text for text in found(plan) if text.startswith("Pumps")]
    assert message.startswith("Pumps, 2027-05: production +")
    assert "sales +130, stock -" in message
    assert message.split("; ")[0].endswith(" is full")


def test_what_is_made_ahead_names_when_it_will_be_full(approved):
    capacity = company(
        demand=None, tblCapacity={"Resource": ["Press"], "Period": ["2027-05"], "Capacity": [80], "Overtime limit": [0]}
    ).capacity
    plan = planned(approved, [100] * 6, capacity=capacity)
    (message,) = [text for text in found(plan) if text.startswith("Pumps")]
    assert message.startswith("Pumps, 2027-04: production +")
    assert "stock +" in message
    assert "Press is full in 2027-05" in message


def test_an_approved_plan_in_units_alone_says_nothing_of_cost(approved):
    tables = company(demand=demand([100, 100, 70, 100, 100, 100]))
    plan = run_cycle(replace(tables, production_plan=approved.production_plan), STEPS)
    assert "production of Pumps -30 pcs in 2027-03." in plan.results["Summary"]
    assert "cost -" not in plan.results["Summary"]
