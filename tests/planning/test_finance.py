"""The plan in money adds up to the balance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from companies import company
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.finance import MEASURE_OF_TERM
from sop_addin.planning.rough_cut import load_by_family

COSTS = ["Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
         "Backorder and lost sale cost", "Other cost"]  # fmt: skip


def test_costs_of_the_families_add_up_to_the_objective_to_the_cent():
    plan = run_cycle(company())
    assert plan.finance[COSTS].to_numpy().sum() == pytest.approx(plan.balance.total_cost, abs=0.005)
    assert plan.balance.objective == pytest.approx(plan.balance.total_cost, abs=0.005)


def test_revenue_is_shipments_times_price():
    plan = run_cycle(company())
    assert plan.finance["Revenue"].sum() == pytest.approx(plan.balance.revenue)
    assert plan.balance.margin == pytest.approx(plan.balance.revenue - plan.balance.total_cost)


def test_idle_crew_is_paid_by_the_families_that_use_it():
    plan = run_cycle(company())
    crew = plan.balance.costs.query("Resource == 'Crew' and Term == 'Regular cost'")["Value"].sum()
    by_family = plan.finance.groupby("Family")["Regular cost"].sum()
    press = plan.balance.costs.query("Resource == 'Press' and Term == 'Regular cost'")["Value"].sum()
    assert crew > 0
    assert by_family.sum() == pytest.approx(crew + press)
    assert by_family["Pumps"] >= crew  # only pumps use the crew


def test_load_of_the_bill_of_resources_is_the_load_of_the_plan():
    plan = run_cycle(company())
    load = load_by_family(plan.tables, plan.balance).groupby(["Resource", "Period"])["Load"].sum()
    solved = plan.balance.resources.set_index(["Resource", "Period"])["Load"]
    np.testing.assert_allclose(load.reindex(solved.index).fillna(0), solved, rtol=1e-6, atol=1e-6)


def test_bought_units_load_no_machine():
    plan = run_cycle(company())
    load = load_by_family(plan.tables, plan.balance).query("Resource == 'Press' and Family == 'Pumps'")
    made = plan.balance.sources.query("Family == 'Pumps' and Source == 'Plant'")["Planned"].sum()
    assert load["Load"].sum() == pytest.approx(made)


def test_budget_stands_beside_the_plan_and_is_blank_where_there_is_none():
    finance = run_cycle(company()).finance.set_index(["Family", "Period"])
    assert finance["Budget revenue"]["Pumps", pd.Timestamp(2027, 1, 1)] == 15000
    assert np.isnan(finance["Budget revenue"]["Pumps", pd.Timestamp(2027, 2, 1)])


def test_emissions_are_those_of_sources_and_of_resources():
    plan = run_cycle(company())
    rate = {("Pumps", "Plant"): 2, ("Pumps", "Supplier"): 3, ("Valves", "Plant"): 1}
    made = sum(row.Planned * rate[row.Family, row.Source] for row in plan.balance.sources.itertuples())
    press = plan.balance.resources.query("Resource == 'Press'")["Load"].sum()
    assert plan.finance["CO2e"].sum() == pytest.approx(made + 0.5 * press)


def test_prices_of_items_follow_the_exchange_rate_of_the_period():
    items = {"Item": ["P1", "V1"], "Family": ["Pumps", "Valves"], "Price": [100, 50], "Currency": ["GBP", None]}
    families = {"Family": ["Pumps", "Valves"], "Unit": ["pcs", "pcs"]}
    rates = {"Currency": ["GBP"] * 3, "Period": [None, "2027-02", "2027-03"], "Rate": [1.1, 1.2, 0.9]}
    exceptions = {"Family": ["Pumps"], "Period": ["2027-03"], "Price": [77]}
    tables = company(tblItems=items, tblFamilies=families, tblRates=rates, tblFamilyPeriods=exceptions)
    plan = run_cycle(tables)
    price = plan.balance.families.set_index(["Family", "Period"])["Price"].unstack("Family")
    assert price["Pumps"].tolist() == pytest.approx([110, 120, 77, 110, 110, 110])  # the family's own price wins
    assert price["Valves"].tolist() == [50] * 6
    sold = plan.balance.families.set_index(["Family", "Period"])["Sales"]
    revenue = plan.finance.set_index(["Family", "Period"])["Revenue"]
    february = ("Pumps", pd.Timestamp(2027, 2, 1))
    assert revenue[february] == pytest.approx(120 * sold[february])


USES = st.sampled_from([0.0, 0.5, 1.0, 2.0])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(40, 260), min_size=6, max_size=6), USES, USES, st.sampled_from([0.0, 37.5]))
def test_families_add_up_to_the_terms_of_the_balance_to_the_cent_whatever_the_demand(demand, press, crew, carbon):
    bill = {"Family": ["Pumps", "Valves", "Pumps"], "Resource": ["Press", "Press", "Crew"],
            "Use per unit": [press, 0.5, crew]}  # fmt: skip
    given_settings = {"Setting": ["Plan start", "Horizon", "Carbon price"], "Value": ["2027-01", 6, carbon]}
    months = [f"2027-{month:02d}" for month in range(1, 7)]
    overrides = {"Family": ["Pumps"] * 6, "Period": months, "Value": demand}
    plan = run_cycle(company(demand=overrides, tblBillOfResources=bill, tblSettings=given_settings))
    costs = plan.finance[COSTS]
    assert costs.to_numpy().sum() == pytest.approx(plan.balance.total_cost, abs=0.005)
    assert plan.finance["Revenue"].sum() - costs.to_numpy().sum() == pytest.approx(plan.balance.margin, abs=0.005)
    terms = plan.balance.costs.assign(
        Measure=plan.balance.costs["Term"].map(MEASURE_OF_TERM).fillna("Other cost")
    ).groupby(["Measure", "Period"])["Value"].sum()  # fmt: skip
    shown = plan.finance.groupby("Period")[COSTS].sum()
    for (measure, period), value in terms.items():
        assert shown.loc[period, measure] == pytest.approx(value, abs=0.005), (measure, period)
