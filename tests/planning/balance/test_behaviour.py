"""What a planner expects of the balance, one behaviour a test."""

from __future__ import annotations

import numpy as np
import pytest

from sop_addin.planning.balance import solve_balance

MAKE = {"Source": "Plant", "Kind": "Make", "Unit cost": 10.0}
BUY = {"Source": "Partner", "Kind": "Buy", "Unit cost": 15.0}
PRESS = {"Resource": "Press", "Kind": "Machine", "Capacity": 100.0}
USE = {"Resource": "Press", "Use per unit": 1.0}


def grid(frame, column, key="Family", **only):
    """(keys, periods) of a column, or (periods,) where one key is named."""
    for name, value in only.items():
        frame = frame[frame[name] == value]
    wide = frame.pivot(index=key, columns="Period", values=column)
    return wide.to_numpy()[0] if len(wide) == 1 else wide.to_numpy()


def messages(plan, severity=None):
    return [finding.message for finding in plan.findings if severity in (None, finding.severity)]


def test_stock_is_built_ahead_of_the_peak(tables_of):
    plan = solve_balance(
        tables_of({"A": [50, 50, 200]}, sources=[{"Family": "A", **MAKE}], resources=[PRESS],
                  bill_of_resources=[{"Family": "A", **USE}])
    )  # fmt: skip
    assert plan.status == "Optimal"
    assert grid(plan.families, "Production") == pytest.approx([100, 100, 100])
    assert grid(plan.families, "Closing stock") == pytest.approx([50, 100, 0])


def test_overtime_comes_before_a_dearer_subcontractor(tables_of):
    press = {**PRESS, "Overtime limit": 20.0, "Overtime cost": 3.0}
    plan = solve_balance(
        tables_of({"A": [130]}, sources=[{"Family": "A", **MAKE}, {"Family": "A", **BUY}], resources=[press],
                  bill_of_resources=[{"Family": "A", **USE}])
    )  # fmt: skip
    assert grid(plan.sources, "Planned", Source="Plant") == pytest.approx([120])
    assert grid(plan.sources, "Planned", Source="Partner") == pytest.approx([10])
    assert grid(plan.resources, "Overtime", key="Resource") == pytest.approx([20])


def test_level_keeps_one_rate(tables_of):
    plan = solve_balance(
        tables_of({"A": [50, 150, 100, 20]}, settings={"strategy": "Level"}, sources=[{"Family": "A", **MAKE}])
    )
    made = grid(plan.sources, "Planned")
    assert np.ptp(made) < 1e-6
    assert plan.status == "Optimal"


def test_chase_holds_stock_at_its_target(tables_of, family):
    plan = solve_balance(
        tables_of(
            {"A": [50, 150, 100, 20]}, settings={"strategy": "Chase"}, sources=[{"Family": "A", **MAKE}],
            families=[family("A", **{"Opening stock": 10.0, "Min stock": 10.0})],
        )
    )  # fmt: skip
    assert grid(plan.families, "Closing stock") == pytest.approx([10] * 4)
    assert grid(plan.sources, "Planned") == pytest.approx([50, 150, 100, 20])


def test_priority_one_is_served_first(tables_of, family):
    plan = solve_balance(
        tables_of(
            {"Low": [80], "High": [80]}, resources=[PRESS],
            families=[family("Low", Priority=2.0, **{"Lost sale cost": 500.0}), family("High", Priority=1.0)],
            sources=[{"Family": "Low", **MAKE}, {"Family": "High", **MAKE}],
            bill_of_resources=[{"Family": "Low", **USE}, {"Family": "High", **USE}],
        )
    )  # fmt: skip
    lost = plan.families.set_index("Family")["Lost sales"]
    assert lost["High"] == pytest.approx(0)
    assert lost["Low"] == pytest.approx(60)
    assert plan.status == "Optimal with broken limits"
    assert "Press, 2027-01: 60 h short; binding for Low" in messages(plan, "Warning")
    assert "Low, 2027-01: 60 pcs of demand cannot be met: capacity is short." in messages(plan, "Warning")


def test_late_is_better_than_lost(tables_of):
    plan = solve_balance(
        tables_of({"A": [150, 20]}, sources=[{"Family": "A", **MAKE}], resources=[PRESS],
                  bill_of_resources=[{"Family": "A", **USE}])
    )  # fmt: skip
    assert grid(plan.families, "Backorders") == pytest.approx([50, 0])
    assert plan.status == "Optimal"
    assert plan.service_level == pytest.approx(1 - 50 / 170)


def test_what_does_not_pay_is_not_sold(tables_of, family):
    costs = {"Lost sale cost": 0.0, "Price": 12.0}
    plan = solve_balance(
        tables_of(
            {"Good": [80], "Bad": [80]}, settings={"objective": "Maximise margin", "unmet_demand": "Lost sale"},
            families=[family("Good", **costs), family("Bad", **costs)],
            sources=[{"Family": "Good", **MAKE}, {"Family": "Bad", **BUY}],
        )
    )  # fmt: skip
    sold = plan.families.set_index("Family")["Sales"]
    assert sold["Good"] == pytest.approx(80)
    assert sold["Bad"] == pytest.approx(0)
    assert plan.objective == pytest.approx(160)
    assert plan.margin == pytest.approx(plan.objective)
    assert plan.status == "Optimal"


def test_a_family_without_source_is_short_by_name(tables_of):
    plan = solve_balance(tables_of({"A": [10, 20]}))
    assert plan.families["Lost sales"].to_list() == pytest.approx([10, 20])
    assert "A, 2027-01 to 2027-02: 30 pcs of demand cannot be met: the family has no source; add one." in messages(plan)


CONTRADICTIONS = {
    "min stock above max stock": (
        {"Min stock": 90.0, "Max stock": 10.0}, {},
        ["A, 2027-01 to 2027-03: closing stock is up to 80 pcs below Min stock"]),
    "closing stock out of reach": (
        {"Closing stock min": 9000.0}, {}, ["A, 2027-03: closing stock is 8,850 pcs below Closing stock min"]),
    "stock older than its shelf life": (
        {"Opening stock": 900.0, "Shelf life": 1.0}, {},
        ["A, 2027-01 to 2027-03: up to 800 pcs will be older than the Shelf life"]),
    "opening backorders and no time": (
        {"Opening backorders": 900.0}, {},
        ["A, 2027-01: 750 pcs of demand cannot be met: capacity is short.",
         "Press, 2027-01: 750 h short; binding for A"]),
    "frozen plan beyond capacity": (
        {}, {"settings": {"frozen_periods": 1}, "approved": {"A": [130, None, None]}},
        ["Press, 2027-01: 30 h short; binding for A"]),
}  # fmt: skip


@pytest.mark.parametrize("wish", CONTRADICTIONS)
def test_contradictions_give_a_plan_and_findings_that_name_the_broken_limit(tables_of, family, wish):
    columns, others, named = CONTRADICTIONS[wish]
    plan = solve_balance(
        tables_of(
            {"A": [50, 50, 50]}, families=[family("A", **columns)], resources=[PRESS],
            sources=[{"Family": "A", **MAKE}], bill_of_resources=[{"Family": "A", **USE}], **others,
        )
    )  # fmt: skip
    assert plan.status == "Optimal with broken limits"
    assert len(plan.families) == 3
    assert messages(plan, "Warning") == named


def test_fixed_production_is_obeyed_beyond_capacity(tables_of):
    plan = solve_balance(
        tables_of({"A": [50, 50]}, fixed={"A": [130, None]}, sources=[{"Family": "A", **MAKE}], resources=[PRESS],
                  bill_of_resources=[{"Family": "A", **USE}])
    )  # fmt: skip
    assert grid(plan.sources, "Planned") == pytest.approx([130, 0])
    assert "Press, 2027-01: 30 h short; binding for A" in messages(plan, "Warning")


def test_frozen_periods_keep_the_approved_plan(tables_of):
    plan = solve_balance(
        tables_of({"A": [50, 50, 50]}, settings={"frozen_periods": 2}, approved={"A": [60, 70, 80]},
                  sources=[{"Family": "A", **MAKE}])
    )  # fmt: skip
    assert grid(plan.sources, "Planned") == pytest.approx([60, 70, 20])


def test_zero_heads_with_demand_is_short(tables_of):
    crew = {"Resource": "Crew", "Kind": "Labour", "Hours per head": 100.0, "Max heads": 0.0, "Regular cost": 10.0}
    plan = solve_balance(
        tables_of({"A": [50]}, sources=[{"Family": "A", **MAKE}], resources=[crew],
                  bill_of_resources=[{"Family": "A", "Resource": "Crew", "Use per unit": 2.0}])
    )  # fmt: skip
    assert "Crew, 2027-01: 100 h short; binding for A" in messages(plan, "Warning")


def test_lead_time_and_receipts(tables_of):
    plan = solve_balance(
        tables_of({"A": [30, 40, 50]}, sources=[{"Family": "A", **BUY, "Lead periods": 2.0}],
                  receipts=[{"Family": "A", "Source": "Partner", "Period": 0, "Quantity": 30.0},
                            {"Family": "A", "Source": "Partner", "Period": 1, "Quantity": 40.0}])
    )  # fmt: skip
    assert grid(plan.sources, "Planned") == pytest.approx([50, 0, 0])
    assert grid(plan.sources, "Arrivals") == pytest.approx([30, 40, 50])
    assert plan.status == "Optimal"


def test_made_to_order_builds_no_stock(tables_of, family):
    plan = solve_balance(
        tables_of({"A": [20, 180]}, families=[family("A", Fulfilment="Order")], resources=[PRESS],
                  sources=[{"Family": "A", **MAKE}], bill_of_resources=[{"Family": "A", **USE}],
                  settings={"closing_backorders_allowed": True})
    )  # fmt: skip
    assert grid(plan.families, "Closing stock") == pytest.approx([0, 0])
    assert grid(plan.families, "Backorders")[0] == pytest.approx(0)


def test_target_cover_is_reached_where_it_pays(tables_of, family):
    row = family("A", **{"Target cover": 1.0, "Shortfall cost": 2.0})
    plan = solve_balance(tables_of({"A": [10, 20, 30, 40]}, families=[row], sources=[{"Family": "A", **MAKE}]))
    assert grid(plan.families, "Target stock")[:3] == pytest.approx([20, 30, 40])
    assert grid(plan.families, "Closing stock")[:3] == pytest.approx([20, 30, 40])


def test_carbon_price_moves_production_to_the_cleaner_source(tables_of):
    clean = {**BUY, "CO2e per unit": 0.0}
    dirty = {**MAKE, "CO2e per unit": 100.0}
    sources = [{"Family": "A", **clean}, {"Family": "A", **dirty}]
    cheap = solve_balance(tables_of({"A": [10]}, sources=sources))
    priced = solve_balance(tables_of({"A": [10]}, sources=sources, settings={"carbon_price": 60.0}))
    assert grid(cheap.sources, "Planned", Source="Plant") == pytest.approx([10])
    assert grid(priced.sources, "Planned", Source="Partner") == pytest.approx([10])


def test_change_cost_smooths_and_replan_cost_keeps_the_approved_plan(tables_of):
    demand = {"A": [10, 60, 10, 60]}
    sources = [{"Family": "A", **MAKE}]
    smooth = solve_balance(tables_of(demand, sources=sources, settings={"change_cost": 0.6}))
    kept = solve_balance(
        tables_of(demand, sources=sources, approved={"A": [35, 35, 35, 35]}, settings={"replan_cost": 5.0})
    )
    change = np.abs(np.diff(grid(smooth.sources, "Planned"))).sum()
    assert change < 100
    assert grid(kept.sources, "Planned") == pytest.approx([35, 35, 35, 35])
    assert smooth.costs.groupby("Term")["Value"].sum()["Change cost"] == pytest.approx(0.6 * change)


@pytest.mark.parametrize("frames", ["no families", "no periods"])
def test_nothing_to_plan_is_an_error_finding(tables_of, frames):
    plan = solve_balance(tables_of({}) if frames == "no families" else tables_of({"A": []}))
    assert plan.findings.errors
    assert len(plan.families) == 0
