"""Scenarios side by side equal those solved alone, and one that is adopted is the plan."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from companies import company

from sop_addin.model.errors import InputError
from sop_addin.planning.adopt import adopt_scenario
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.scenario_runs import NO_LEVERS, run_scenarios
from sop_addin.planning.scenarios import apply_scenario

DEMAND = {"Family": ["Pumps", "Valves"] * 6, "Period": [f"2027-{m:02d}" for m in range(1, 7) for _ in "pv"],
          "Value": [180.0] * 12}  # fmt: skip
LEVERS = {
    "Scenario": ["Boom", "Boom", "Press down", "Weak pound", "Dear carbon"],
    "Lever": ["Demand", "Price", "Capacity", "Rate", "Carbon price"],
    "Family": ["Pumps", "Pumps", None, None, None],
    "Resource": [None, None, "Press", None, None],
    "From": ["2027-02", None, "2027-03", "2027-04", None],
    "To": ["2027-04", None, "2027-04", None, None],
    "Change %": [0.2, 0.1, -0.5, -0.1, 1.0],
    "Note": ["Fair in Milan.", None, None, None, None],
}
SETTINGS = {"Setting": ["Plan start", "Horizon", "Carbon price"], "Value": ["2027-01", 6, 100]}
ITEMS = {
    "Item": ["P1", "P2", "V1"], "Family": ["Pumps", "Pumps", "Valves"], "Units per family unit": [1, 2, 1],
    "Opening stock": [50, 40, 30], "Price": [100, 50, 40], "Currency": [None, None, "GBP"],
}  # fmt: skip
RATES = {"Currency": ["GBP"], "Rate": [1.2]}
NOW = dt.datetime(2027, 1, 7, 15, 30)


@pytest.fixture(scope="module")
def tables():
    return company(demand=DEMAND, tblScenarios=LEVERS, tblSettings=SETTINGS, tblItems=ITEMS, tblRates=RATES)


@pytest.fixture(scope="module")
def runs(tables):
    return run_scenarios(tables, processes=0)


@pytest.mark.parametrize("name", ["Base", "Boom", "Press down"])
def test_each_scenario_is_as_good_as_when_it_is_run_alone(tables, runs, name):
    alone = run_cycle(tables, ("balance",), scenario=name)
    row = runs.results.set_index("Scenario").loc[name]
    assert row["Margin"] == pytest.approx(alone.balance.margin, rel=1e-6)
    assert row["Service level"] == pytest.approx(alone.balance.service_level, abs=1e-6)
    kpis = alone.kpis.set_index("KPI")["Value"]
    for figure in ("Stock value", "Utilisation", "CO2e", "Lost sales"):
        assert row[figure] == pytest.approx(kpis[figure], rel=1e-5, abs=1e-6)


def test_base_comes_first_and_differences_are_against_it(runs):
    assert list(runs.results["Scenario"]) == ["Base", "Boom", "Press down", "Weak pound", "Dear carbon"]
    base, boom = runs.results["Margin"].iloc[:2]
    assert runs.results["Margin against base"].iloc[1] == pytest.approx(boom - base)
    compared = runs.compare.set_index(["Scenario", "Measure"])
    assert compared.loc[("Boom", "Margin"), "Difference"] == pytest.approx(boom - base)
    assert (runs.compare["Value"] - runs.compare["Base"] - runs.compare["Difference"]).abs().max() < 1e-6


def test_assumptions_and_changes_are_told_beside_the_figures(runs):
    rows = runs.results.set_index("Scenario")
    assert rows.loc["Base", "Assumptions"] == NO_LEVERS
    assert rows.loc["Boom", "Assumptions"] == (
        "Demand of Pumps +20 % from 2027-02 to 2027-04 (Fair in Milan); Price of Pumps +10 %."
    )
    assert "Feasible sales of Pumps +108" in rows.loc["Boom", "What changes"]
    sold = runs.changes[(runs.changes["Scenario"] == "Boom") & (runs.changes["Measure"] == "Feasible sales")]
    assert sold["Change"].tolist() == pytest.approx([3 * 36.0], rel=1e-6)
    assert set(runs.plan_rows["Scenario"]) == set(rows.index) - {"Base"}


def test_scenarios_can_happen_together(tables):
    both = run_scenarios(tables, ["Boom + Press down"], processes=0)
    assert list(both.results["Scenario"]) == ["Base", "Boom + Press down"]
    assert "Demand of Pumps" in both.results["Assumptions"].iloc[1]
    assert "Capacity of Press" in both.results["Assumptions"].iloc[1]
    moved = apply_scenario(tables, "Boom + Press down")
    assert len(moved.capacity) == 2
    assert moved.family_periods["Price"].notna().any()


def test_a_weak_pound_lowers_only_prices_in_pounds_from_then_on(tables):
    prices = apply_scenario(tables, "Weak pound").family_periods.set_index(["Family", "Period"])["Price"].dropna()
    assert set(prices.index.get_level_values("Family")) == {"Valves"}
    assert prices.index.get_level_values("Period").min() == pd.Timestamp("2027-04-01")
    assert prices.tolist() == pytest.approx([0.9 * 50] * 3)  # tblFamilies gives 50 for valves


def test_carbon_price_costs_what_is_emitted(runs):
    rows = runs.results.set_index("Scenario")
    more = rows.loc["Dear carbon", "Total cost"] - rows.loc["Base", "Total cost"]
    assert more == pytest.approx(rows.loc["Base", "CO2e"] * 100, rel=0.02)  # + 100 EUR a tonne; the plan may dodge some


def test_unknown_names_and_an_empty_table_are_refused(tables):
    with pytest.raises(InputError, match="did you mean 'Boom'"):
        run_scenarios(tables, ["Boon"])
    with pytest.raises(InputError, match="tblScenarios has none to run"):
        run_scenarios(company(demand=DEMAND))


def test_processes_beside_this_one_change_nothing(tables, runs):
    other = run_scenarios(tables, processes=1)
    pd.testing.assert_frame_equal(other.results, runs.results)


@pytest.mark.parametrize("name", ["Boom", "Press down", "Weak pound", "Dear carbon"])
def test_an_adopted_scenario_is_the_plan(tables, runs, name):
    adoption = adopt_scenario(tables, name, by="Ann", at=NOW)
    plan = run_cycle(adoption.tables, ("balance",))
    assert plan.scenario == "Base"
    wanted = runs.results.set_index("Scenario").loc[name, "Margin"]
    assert plan.balance.margin == pytest.approx(wanted, rel=1e-6)
    decision = {key[1]: value for key, value in adoption.cells["tblDecisions"].items()}
    assert decision["Decision"].startswith(f"Scenario '{name}' is the plan: ")
    assert (decision["Owner"], decision["Status"]) == ("Ann", "Decided")


def test_demand_of_an_adopted_scenario_stands_as_overrides_with_its_reason(tables):
    overrides = adopt_scenario(tables, "Boom", by="Ann", at=NOW).overrides
    assert overrides["Family"].unique().tolist() == ["Pumps"]
    assert overrides["Override"].tolist() == pytest.approx([216.0] * 3)
    assert set(overrides["Override reason"]) == {"Scenario Boom."}


def test_levers_are_pulled_once_only(tables):
    adopted = adopt_scenario(tables, "Boom", by="Ann", at=NOW).tables
    with pytest.raises(InputError, match="'Boom' is adopted, its levers are in the plan"):
        run_cycle(adopted, ("balance",), scenario="Boom")
    assert "Boom" not in run_scenarios(adopted, processes=0).results["Scenario"].tolist()
    with pytest.raises(InputError, match="Base is the plan already"):
        adopt_scenario(tables, "Base", by="Ann", at=NOW)
    assert np.isfinite(run_cycle(adopted, ("balance",)).balance.margin)
