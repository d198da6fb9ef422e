"""Why the margin moved: the parts of the bridge, and that they add up to the difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from companies import PUMPS_AND_VALVES, company
from hypothesis import given
from hypothesis import strategies as st

from sop_addin.planning.bridge import COST_MEASURES, EFFECTS, SIDE, bridge_table, margin_bridge, plan_side
from sop_addin.planning.cycle import run_cycle

JANUARY = pd.Timestamp(2027, 1, 1)
MONEY = st.floats(-1e7, 1e7).map(lambda x: round(x, 2))
UNITS = st.one_of(st.just(0.0), st.floats(0, 1e6).map(lambda x: round(x, 3)))


def side(**families: dict[str, float]) -> pd.DataFrame:
    rows = [{"Family": name, "Period": JANUARY, **dict.fromkeys(SIDE, 0.0), **row} for name, row in families.items()]
    return pd.DataFrame(rows)


@st.composite
def sides(draw) -> pd.DataFrame:
    keys = draw(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 3)), min_size=1, unique=True))
    rows = [
        {"Family": family, "Period": pd.Timestamp(2027, month, 1), "Volume": draw(UNITS), "Production": draw(UNITS)}
        | {name: draw(MONEY) for name in ("Revenue", *COST_MEASURES)}
        for family, month in keys
    ]
    return pd.DataFrame(rows)


@given(sides(), sides(), st.floats(0.5, 2.0))
def test_the_parts_always_sum_to_the_difference(reference, plan, kept):
    bridge = margin_bridge(reference, plan, np.full(len(plan), kept))
    assert len(bridge) == len(pd.concat([reference, plan])[["Family", "Period"]].drop_duplicates())
    size = 1.0 + np.abs(bridge[["Margin before", *EFFECTS, "Margin after"]]).to_numpy().max()
    gap = bridge["Margin after"] - bridge["Margin before"] - bridge[list(EFFECTS)].sum(axis=1)
    assert np.abs(gap).max() < 1e-9 * size
    for frame, end in ((reference, "Margin before"), (plan, "Margin after")):
        margin = frame["Revenue"] - frame[list(COST_MEASURES)].sum(axis=1)
        assert bridge[end].sum() == pytest.approx(margin.sum(), abs=1e-8 * size)


def parts(reference: pd.DataFrame, plan: pd.DataFrame) -> dict[str, float]:
    bridge = margin_bridge(reference, plan)
    return {name: round(float(bridge[name].sum()), 6) for name in EFFECTS if abs(bridge[name].sum()) > 1e-6}


BASE = {"Volume": 100.0, "Production": 100.0, "Revenue": 1000.0, "Unit costs": 600.0}


def test_nothing_changed_is_nothing_to_explain():
    assert parts(side(A=BASE), side(A=BASE)) == {}


def test_more_units_at_the_same_price_and_cost_are_volume():
    assert parts(side(A=BASE), side(A={name: 1.1 * value for name, value in BASE.items()})) == {"Volume": 40.0}


def test_a_higher_price_is_price_and_a_higher_cost_is_unit_cost():
    assert parts(side(A=BASE), side(A={**BASE, "Revenue": 1100.0})) == {"Price": 100.0}
    assert parts(side(A=BASE), side(A={**BASE, "Unit costs": 650.0})) == {"Unit cost": -50.0}


def test_the_same_sales_with_richer_products_are_mix():
    rich = {"Volume": 100.0, "Production": 100.0, "Revenue": 1000.0, "Unit costs": 200.0}
    half = {name: 0.5 * value for name, value in BASE.items()}
    more = {name: 1.5 * value for name, value in rich.items()}
    assert parts(side(A=BASE, B=rich), side(A=half, B=more)) == {"Mix": 200.0}


def test_sales_mix_and_quantity_variances_of_two_products_add_up_as_in_the_textbook():
    # contribution 10 and 4 a unit at prices 20 and 10; volumes 100/100 -> 120/110
    one = {"Volume": 100.0, "Production": 100.0, "Revenue": 2000.0, "Unit costs": 1000.0}
    two = {"Volume": 100.0, "Production": 100.0, "Revenue": 1000.0, "Unit costs": 600.0}
    new_one = {name: 1.2 * value for name, value in one.items()}
    new_two = {name: 1.1 * value for name, value in two.items()}
    growth = (2000 * 1.2 + 1000 * 1.1) / 3000 - 1
    found = parts(side(A=one, B=two), side(A=new_one, B=new_two))
    assert found == {"Volume": pytest.approx(1400 * growth), "Mix": pytest.approx(20 * 10 + 10 * 4 - 1400 * growth)}


def test_units_made_for_stock_are_stock_at_the_reference_cost():
    plan = {**BASE, "Production": 130.0, "Unit costs": 780.0, "Holding cost": 5.0}
    assert parts(side(A=BASE), side(A=plan)) == {"Stock": -185.0}


def test_overtime_and_hires_are_capacity_and_late_units_are_service():
    plan = {**BASE, "Overtime cost": 30.0, "Hire and layoff cost": 12.0, "Backorder and lost sale cost": 7.0}
    assert parts(side(A=BASE), side(A=plan)) == {"Capacity cost": -42.0, "Service and other": -7.0}


def test_a_new_family_and_one_that_is_given_up_are_volume_and_mix_alone():
    found = parts(side(A=BASE), side(B=BASE))
    assert set(found) <= {"Volume", "Mix"}
    assert sum(found.values()) == pytest.approx(0.0)


def test_a_budget_without_volumes_shows_as_volume_and_still_adds_up():
    found = parts(side(A={"Revenue": 900.0, "Unit costs": 600.0}), side(A=BASE))
    assert sum(found.values()) == pytest.approx(100.0)


# --- from the tables --------------------------------------------------------------------------------------------------

BUDGET = {"Family": ["Pumps", "Valves", "Pipes"], "Period": ["2027-01", "2027-01", "2027-01"], "Volume": [150, 80, 5],
          "Revenue": [15000, 4000, 700], "Margin": [3000, 900, 70]}  # fmt: skip


def test_the_budget_is_bridged_to_the_plan_in_the_periods_that_it_has():
    plan = run_cycle(company(tblBudget=BUDGET))
    bridge = plan.bridge
    assert list(bridge["Family"]) == ["Pumps", "Valves"]
    assert set(bridge["Period"]) == {JANUARY}
    assert bridge["Margin before"].sum() == 3900  # families that are no more are none of the plan's
    january = plan.finance[plan.finance["Period"] == JANUARY]
    assert bridge["Margin after"].sum() == pytest.approx(
        january["Revenue"].sum() - january[list(COST_MEASURES)].to_numpy().sum()
    )
    assert bridge["Margin after"].sum() - bridge["Margin before"].sum() == pytest.approx(
        bridge[list(EFFECTS)].to_numpy().sum()
    )


def test_the_approved_plan_is_bridged_too():
    first = run_cycle(company(tblBudget=None))
    assert first.bridge.empty
    approved = plan_side(first.balance, first.finance)
    columns = {name: list(approved[name]) for name in approved.columns}
    columns["Period"] = [f"{day:%Y-%m}" for day in approved["Period"]]
    again = run_cycle(company(tblBudget=None, tblApproved=columns)).bridge
    assert set(again["Reference"]) == {"Approved plan"}
    assert np.abs(again[list(EFFECTS)].to_numpy()).max() < 1e-6
    assert again["Margin after"].sum() == pytest.approx(first.balance.margin)


def test_the_plan_of_the_last_run_is_bridged_to_this_one():
    first = run_cycle(company(tblBudget=None))
    tables = company(tblBudget=None, tblSources={**PUMPS_AND_VALVES["tblSources"], "Unit cost": [44, 66, 22]})
    bridge = run_cycle(replace(tables, last_plan=first.plan_table)).bridge
    assert set(bridge["Reference"]) == {"Last plan"}
    assert bridge["Margin before"].sum() == pytest.approx(first.balance.margin, rel=1e-6)
    assert bridge["Unit cost"].sum() < 0
    assert bridge["Price"].sum() == pytest.approx(0, abs=0.01)


def test_foreign_prices_at_budget_rates_are_currency_and_not_price():
    items = {"Item": ["P1", "V1"], "Family": ["Pumps", "Valves"], "Price": [100, 50], "Currency": ["GBP", None]}
    families = {"Family": ["Pumps", "Valves"], "Unit": ["pcs", "pcs"]}
    rates = {"Currency": ["GBP"], "Rate": [1.1], "Budget rate": [1.0]}
    tables = company(tblItems=items, tblFamilies=families, tblRates=rates, tblBudget=BUDGET)
    bridge = run_cycle(tables).bridge.set_index("Family")
    pumps = run_cycle(tables).finance.query("Family == 'Pumps'").iloc[0]
    assert bridge.loc["Pumps", "Currency"] == pytest.approx(pumps["Revenue"] * (1 - 1 / 1.1))
    assert bridge.loc["Pumps", "Price"] == pytest.approx(0, abs=1e-6)  # 150 pumps for 15,000
    assert bridge.loc["Valves", "Currency"] == 0


def test_bridge_of_nothing_is_empty():
    plan = run_cycle(company())
    assert bridge_table(company(tblBudget=None), plan_side(plan.balance, plan.finance)).empty
