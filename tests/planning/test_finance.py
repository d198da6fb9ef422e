"""The plan in money adds up to the balance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from companies import company

from sop_addin.planning.cycle import run_cycle
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
