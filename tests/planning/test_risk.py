"""Risk: what is sampled, and what it means for the plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from companies import company
from hypothesis import given
from hypothesis import strategies as st

from sop_addin.model.errors import InputError
from sop_addin.planning.balance.problem_tables import build_problem
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.risk import risk_analysis
from sop_addin.planning.risk_samples import draw, error_model, multiples, read_risks, sampled, triangular
from sop_addin.planning.scenarios import apply_scenario

DEMAND = {"Family": ["Pumps", "Valves"] * 6, "Period": [f"2027-{m:02d}" for m in range(1, 7) for _ in "pv"],
          "Value": [150.0] * 12}  # fmt: skip
RISKS = {
    "Risk": ["Market", "Press down", "Strike", "Strike"],
    "Lever": ["Demand", "Capacity", "Demand", "Price"],
    "Family": [None, None, "Pumps", "Pumps"],
    "Resource": [None, "Press", None, None],
    "From": [None, "2027-02", None, None],
    "To": [None, "2027-03", None, None],
    "Probability": [1.0, 0.3, 0.5, 0.5],
    "Low %": [-0.1, -0.5, None, None],
    "Likely %": [0.0, -0.3, -0.2, 0.1],
    "High %": [0.2, -0.1, None, None],
}


@pytest.fixture(scope="module")
def tables():
    return company(demand=DEMAND, tblRisks=RISKS)


def past(errors: dict[str, list[float]]) -> pd.DataFrame:
    """Points of a backtest with these relative errors, one origin each, lag 1."""
    item = {"Pumps": "P1", "Valves": "V1"}
    rows = [
        (
            item[family],
            "",
            family,
            pd.Timestamp(2026, at + 1, 1),
            pd.Timestamp(2026, at + 2, 1),
            1,
            100 * (1 + error),
            100,
        )
        for family, of in errors.items()
        for at, error in enumerate(of, start=1)
    ]
    return pd.DataFrame(rows, columns=["Item", "Region", "Family", "Origin", "Period", "Lag", "Actual", "Forecast"])


ERRORS = past({"Pumps": [-0.2, 0.0, 0.2], "Valves": [-0.1, 0.0, 0.1]})


@given(share=st.floats(0, 1), low=st.floats(-0.9, 0), up=st.floats(0, 1), turn=st.floats(0, 1))
def test_a_triangular_quantile_is_the_inverse_of_its_distribution(share, low, up, turn):
    high = low + up
    likely = low + turn * up
    value = float(triangular((low, likely, high), np.array(share)))
    assert low - 1e-9 <= value <= high + 1e-9
    if up > 1e-3 and 0.01 < turn < 0.99:
        below = (value - low) ** 2 / (up * (likely - low)) if value < likely else 1 - (high - value) ** 2 / (
            up * (high - likely))  # fmt: skip
        assert below == pytest.approx(share, abs=1e-6)


def test_a_lever_of_a_risk_moves_what_the_same_lever_of_a_scenario_moves(tables):
    problem = build_problem(tables)
    risks = read_risks(tables, problem)
    moved = sampled(problem, risks, np.array([0.1, -0.4, 0.0, 0.0]), None)
    levers = {"Scenario": ["A", "A"], "Lever": ["Demand", "Capacity"], "Resource": [None, "Press"],
              "From": [None, "2027-02"], "To": [None, "2027-03"], "Change %": [0.1, -0.4]}  # fmt: skip
    scenario = build_problem(apply_scenario(company(demand=DEMAND, tblScenarios=levers), "A"))
    np.testing.assert_allclose(moved.families.demand, scenario.families.demand)
    np.testing.assert_allclose(moved.families.target_stock, scenario.families.target_stock)
    np.testing.assert_allclose(moved.resources.capacity, scenario.resources.capacity)


def test_rows_of_one_risk_happen_together_and_as_often_as_it_says(tables):
    risks = read_risks(tables, build_problem(tables))
    drawn = draw(risks, None, 2, 6, 1000, seed=7)
    assert [risk.name for risk in risks] == ["Market", "Press down", "Strike"]
    assert drawn.happens.mean(axis=0) == pytest.approx([1.0, 0.3, 0.5], abs=0.001)  # Latin hypercube: one in each slice
    np.testing.assert_array_equal(drawn.moves[:, 2] != 0, drawn.moves[:, 3] != 0)
    assert set(np.unique(drawn.moves[:, 2])) == {-0.2, 0.0}  # no Low and High: on or off
    assert drawn.moves[:, 0].mean() == pytest.approx((-0.1 + 0.0 + 0.2) / 3, abs=0.001)


def test_demand_errors_are_those_of_the_past_without_their_bias(tables):
    problem = build_problem(tables)
    model = error_model(tables, ERRORS, problem)
    assert model.errors[0].min() == pytest.approx(-0.2 * 2 / 3, abs=0.03)
    assert model.errors.mean(axis=1) == pytest.approx([0.0, 0.0], abs=1e-9)
    biased = error_model(tables, past({"Pumps": [0.1, 0.3, 0.5], "Valves": [0.0, 0.0, 0.0]}), problem)
    np.testing.assert_allclose(biased.errors[0], model.errors[0], atol=1e-12)
    assert multiples(model, np.full((2, 6), 0.5)) == pytest.approx(np.ones((2, 6)))
    assert (multiples(replace(model, errors=model.errors * 20), np.zeros((2, 6))) >= 0).all()


@pytest.fixture(scope="module")
def found(tables):
    return risk_analysis(tables, ERRORS, samples=60, processes=0)


def test_an_equal_seed_gives_equal_results_and_another_one_does_not(tables, found):
    again = risk_analysis(tables, ERRORS, samples=60, processes=1)  # one more process computes some of them
    for name, frame in found.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
    other = risk_analysis(tables, ERRORS, samples=60, seed=2, processes=0)
    assert not np.array_equal(other.margins, found.margins)


def test_percentiles_are_those_of_the_samples(found):
    totals = found.totals.set_index("Measure")
    assert totals.loc["Margin", ["P10", "P50", "P90"]].tolist() == pytest.approx(
        np.quantile(found.margins, [0.1, 0.5, 0.9]).tolist()
    )
    assert totals.loc["Chance that service is below target", "Mean"] == pytest.approx((found.service < 0.95).mean())
    assert (totals["P10"].dropna() <= totals["P90"].dropna()).all()
    families = found.families
    assert len(families) == 2 * 6
    for name in ("Stock", "Service", "Contribution"):
        assert (families[f"{name} P10"] <= families[f"{name} P50"] + 1e-9).all()
        assert (families[f"{name} P50"] <= families[f"{name} P90"] + 1e-9).all()
    assert families["Chance of shortage"].between(0, 1).all()


def test_the_tornado_shows_each_risk_alone_largest_first(tables, found):
    tornado = found.tornado.set_index("Risk")
    assert set(tornado.index) == {"Market", "Press down", "Strike", "Forecast error"}
    assert tornado["Share of variance"].sum() == pytest.approx(1.0)
    low = triangular((-0.1, 0.0, 0.2), np.array(0.1))
    assert tornado.loc["Market", "Low %"] == pytest.approx(float(low))
    plan = found.totals.set_index("Measure").loc["Margin", "Plan"]
    reach = (found.tornado[["Margin at low", "Margin at high"]] - plan).abs().max(axis=1)
    assert reach.is_monotonic_decreasing
    lever = {"Scenario": ["A"], "Lever": ["Demand"], "Change %": [float(low)]}
    alone = run_cycle(company(demand=DEMAND, tblScenarios=lever), ("balance",), scenario="A")
    assert tornado.loc["Market", "Margin at low"] == pytest.approx(alone.balance.margin, rel=1e-6)


def test_without_risks_and_past_there_is_nothing_to_sample():
    with pytest.raises(InputError, match="tblRisks is empty and the history is too short"):
        risk_analysis(company(demand=DEMAND))
    with pytest.raises(InputError, match="samples must be from 2"):
        risk_analysis(company(demand=DEMAND, tblRisks=RISKS), samples=1)


def test_a_dask_cluster_gives_what_this_machine_gives(tables, found):
    import distributed

    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = risk_analysis(tables, ERRORS, samples=60, client=client)
    for name, frame in found.tables.items():
        pd.testing.assert_frame_equal(frame, there.tables[name])


def test_what_is_no_client_is_refused(tables):
    with pytest.raises(InputError, match="str is not a Dask client"):
        risk_analysis(tables, ERRORS, samples=4, client="tcp://scheduler")
