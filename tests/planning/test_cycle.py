"""One run of the cycle, from tables to plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from companies import company

from sop_addin.model.errors import InputError
from sop_addin.model.schema import TABLES
from sop_addin.planning.consensus import consensus_demand
from sop_addin.planning.cycle import STEPS, run_cycle

JANUARY = pd.Timestamp(2027, 1, 1)


def test_all_steps_give_forecast_demand_balance_items_and_money():
    plan = run_cycle(company())
    assert plan.steps == STEPS
    assert not plan.findings.errors
    assert len(plan.forecast) == 3 * 6
    assert len(plan.balance.families) == 2 * 6
    assert len(plan.item_plan) == 3 * 6
    assert len(plan.finance) == 2 * 6
    assert set(plan.seconds) >= {"check", "forecast", "aggregate", "balance", "items", "finance"}


def test_demand_of_the_balance_is_the_consensus_demand():
    plan = run_cycle(company())
    wanted = consensus_demand(plan.tables.sales_plan).set_index(["Family", "Period"])["Consensus demand"]
    got = plan.balance.families.set_index(["Family", "Period"])["Demand"]
    np.testing.assert_allclose(got, wanted.reindex(got.index), rtol=1e-9)


def test_item_forecasts_add_up_to_their_family_in_family_units():
    plan = run_cycle(company())
    january = plan.forecast[plan.forecast["Period"] == JANUARY].set_index("Item")["Forecast"]
    demand = plan.tables.sales_plan.set_index(["Family", "Period"])["Statistical forecast"]
    assert demand["Pumps", JANUARY] == pytest.approx(january["P1"] + january["P2"] / 2)


@pytest.mark.parametrize("measure", ["Demand", "Production", "Closing stock"])
def test_items_of_the_plan_add_up_to_their_family_exactly(measure):
    plan = run_cycle(company())
    units = plan.tables.items.set_index("Item")["Units per family unit"]
    items = plan.item_plan.assign(family_units=plan.item_plan[measure] / plan.item_plan["Item"].map(units))
    added = items.groupby(["Family", "Period"])["family_units"].sum()
    wanted = plan.balance.families.set_index(["Family", "Period"])[measure]
    np.testing.assert_allclose(added.reindex(wanted.index), wanted, rtol=1e-9, atol=1e-9)


def test_an_override_replaces_the_forecast_and_survives_the_run():
    tables = company(demand={"Family": ["Pumps"], "Period": ["2027-02"], "Value": [0]})
    plan = run_cycle(tables)
    february = plan.balance.families.set_index(["Family", "Period"])["Demand"]["Pumps", pd.Timestamp(2027, 2, 1)]
    assert february == 0
    kept = plan.tables.sales_plan.dropna(subset=["Override"])
    assert list(kept[["Family", "Override"]].itertuples(index=False, name=None)) == [("Pumps", 0.0)]


def test_an_override_outside_the_horizon_is_kept():
    tables = company(demand={"Family": ["Pumps"], "Period": ["2029-02"], "Value": [7]})
    kept = run_cycle(tables).tables.sales_plan.dropna(subset=["Override"])
    assert list(kept["Period"]) == [pd.Timestamp(2029, 2, 1)]


def test_the_balance_plans_from_overrides_alone_without_items_or_history():
    demand = {"Family": ["Pumps"] * 6, "Period": [f"2027-{month:02d}" for month in range(1, 7)], "Value": [100] * 6}
    plan = run_cycle(company(tblItems=None, tblHistory=None, demand=demand), ("balance",))
    assert not plan.findings.errors
    assert plan.forecast is None
    pumps = plan.balance.families[plan.balance.families["Family"] == "Pumps"]
    assert list(pumps["Demand"]) == [100.0] * 6


def test_errors_in_the_tables_stop_the_run_before_any_step():
    tables = company(tblItems={"Item": ["P1"], "Family": ["Pmups"]})
    plan = run_cycle(tables)
    assert plan.steps == ()
    assert plan.balance is None
    assert any("Pmups" in finding.message for finding in plan.findings.errors)


def test_an_unknown_step_is_named_with_the_choice():
    words = r"'solve' is not a step; choose from forecast, aggregate, balance, rough_cut"
    with pytest.raises(InputError, match=words):
        run_cycle(None, ("solve",))


def test_aggregate_alone_needs_an_item_forecast():
    with pytest.raises(InputError, match="Item Forecast is empty; run the step forecast first"):
        run_cycle(company(), ("aggregate",))


def test_the_long_plan_has_one_unit_a_measure_and_no_blanks():
    table = run_cycle(company()).plan_table
    assert not table.isna().any().any()
    families = table[table["Family"] != "-"]
    assert (families.groupby(["Family", "Measure"])["Unit"].nunique() == 1).all()
    assert not table.duplicated(["Scenario", "Family", "Source", "Resource", "Period", "Measure"]).any()


def test_the_same_tables_give_the_same_plan():
    first, second = run_cycle(company()), run_cycle(company())
    pd.testing.assert_frame_equal(first.plan_table, second.plan_table)


def test_progress_names_what_is_being_done():
    told: list[tuple[str, int, int]] = []
    run_cycle(company(), progress=lambda *words: told.append(words))
    assert ("Forecasting items", 3, 3) in told
    assert ("Balancing supply and demand", 0, 0) in told


def test_each_forecast_says_what_it_rests_on_and_what_was_cleaned():
    tables = company()
    history = tables.history.copy()
    gap = tables.history_periods[3]
    history.loc[history.index[0], gap] = np.nan
    plan = run_cycle(replace(tables, history=history), ["forecast"])
    series = plan.forecast[["Item", "Region"]].drop_duplicates().reset_index(drop=True)
    pd.testing.assert_frame_equal(plan.forecast_explained[["Item", "Region"]], series)
    assert tuple(plan.forecast_explained.columns) == TABLES["tblExplanation"].headers
    assert plan.forecast_explained["Explanation"].str.len().gt(0).all()
    assert tuple(plan.cleaning.columns) == TABLES["tblCleaning"].headers
    row = plan.cleaning.iloc[0]
    assert (row["Item"], row["Period"], row["Reason"]) == (history["Item"].iloc[0], gap, "gap filled")
    assert np.isnan(row["Recorded"])
    assert row["Used"] >= 0
    assert plan.forecast_explained["Cleaned"].sum() == len(plan.cleaning)


CONTRADICTIONS = {
    "min stock above max stock": ({"Min stock": [90, None], "Max stock": [10, None]}, "below Min stock"),
    "closing stock above max stock": ({"Closing stock min": [90, None], "Max stock": [10, None]}, "Closing stock min"),
    "a stock that outlives its shelf life": ({"Opening stock": [9000, None], "Shelf life": [1, None]}, "Shelf life"),
}


@pytest.mark.parametrize("wish", CONTRADICTIONS)
def test_contradictory_inputs_give_a_plan_and_name_the_broken_limit(wish):
    columns, words = CONTRADICTIONS[wish]
    families = {"Family": ["Pumps", "Valves"], "Price": [100, 50], **columns}
    plan = run_cycle(company(tblFamilies=families))
    assert plan.balance is not None
    assert plan.balance.status == "Optimal with broken limits"
    assert any(words in finding.message for finding in plan.findings.warnings)
    assert plan.results["Summary"]
