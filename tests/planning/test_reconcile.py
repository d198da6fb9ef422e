"""Every level of the forecast is the sum of the level below, and the family's way of planning decides how."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from companies import company
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.planning.families import aggregate_to_family
from sop_addin.planning.item_forecast import forecast_items
from sop_addin.planning.reconcile import Levels, level_forecasts, levels_above, reconciled, shared_out

MONTHS = [f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(36)]


def wavy(level: float, noise: int) -> list[float]:
    draws = np.random.default_rng(noise).normal(1, 0.15, len(MONTHS))
    season = 1 + 0.3 * np.sin(np.arange(len(MONTHS)) * np.pi / 6)
    return [float(round(quantity)) for quantity in level * season * draws]


def pumps(planning: str, **items: object):
    """Pumps P1 (two regions) and P2 (half a family unit each), valves bottom-up."""
    return company(
        tblFamilies={"Family": ["Pumps", "Valves"], "Unit": ["pcs", "pcs"], "Planning": [planning, "Bottom-up"]},
        tblHistory={
            "Item": ["P1", "P1", "P2", "V1"],
            "Region": ["North", "South", "North", "South"],
            **{
                month: [a, b, c, d]
                for month, a, b, c, d in zip(MONTHS, wavy(100, 1), wavy(40, 2), wavy(300, 3), wavy(50, 4), strict=True)
            },
        },
        **items,
    )


def test_the_paper_example_of_weighted_least_squares():
    """With equal errors of total and two parts, each part takes a third of the gap (Hyndman and Athanasopoulos 2021,
    Forecasting: principles and practice, 3rd ed., 11.3: MinT with W = I)."""
    parts = reconciled(np.array([[13.0]]), np.ones(1), [np.arange(2)], np.array([[4.0], [6.0]]), np.ones(2))
    np.testing.assert_allclose(parts, [[5.0], [7.0]], rtol=1e-4)


def test_the_level_that_errs_less_gives_way_less():
    own, total = np.array([[4.0], [6.0]]), np.array([[13.0]])
    sure = reconciled(total, np.array([0.1]), [np.arange(2)], own, np.ones(2)).sum()
    unsure = reconciled(total, np.array([10.0]), [np.arange(2)], own, np.ones(2)).sum()
    assert sure == pytest.approx(13, abs=0.02)
    assert unsure == pytest.approx(10, abs=0.1)


def test_what_is_coherent_already_stays_as_it_is():
    own = np.array([[4.0, 0.0], [6.0, 9.0]])
    parts = reconciled(own.sum(axis=0, keepdims=True), np.ones(1), [np.arange(2)], own, np.array([1.0, 5.0]))
    np.testing.assert_allclose(parts, own, atol=1e-4)


def test_a_part_that_would_turn_negative_stops_at_zero_and_the_others_take_the_rest():
    own = np.array([[1.0], [100.0]])
    parts = reconciled(np.array([[20.0]]), np.array([0.01]), [np.arange(2)], own, np.ones(2))
    assert parts[0, 0] == pytest.approx(0, abs=1e-4)
    assert parts.sum() == pytest.approx(20, rel=1e-3)


quantities = st.floats(0, 1e9, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), parts=st.integers(2, 8), periods=st.integers(1, 4))
def test_reconciled_parts_are_finite_and_never_negative_whatever_the_forecasts(data, parts, periods):
    def draw(rows: int) -> np.ndarray:
        cells = data.draw(st.lists(quantities, min_size=rows * periods, max_size=rows * periods))
        return np.array(cells).reshape(rows, periods)

    upper, lower = draw(2), draw(parts)
    spreads = np.array(data.draw(st.lists(quantities, min_size=parts + 2, max_size=parts + 2)))
    result = reconciled(upper, spreads[:2], [np.arange(parts), np.arange(2)], lower, spreads[2:])
    assert result.shape == lower.shape
    assert np.isfinite(result).all()
    assert (result >= 0).all()


@settings(max_examples=80, deadline=None)
@given(
    total=st.lists(quantities, min_size=3, max_size=3),
    own=st.lists(st.lists(quantities, min_size=3, max_size=3), min_size=1, max_size=6),
)
def test_shares_of_a_total_add_up_to_it(total, own):
    shares = shared_out(np.array(total), np.array(own))
    np.testing.assert_allclose(shares.sum(axis=0), total, rtol=1e-9, atol=1e-300)
    assert (shares >= 0).all()


def test_a_total_without_any_item_forecast_is_shared_equally():
    np.testing.assert_allclose(shared_out(np.array([9.0]), np.zeros((3, 1))), 3.0)


@pytest.mark.parametrize("planning", ["Top-down", "Reconciled"])
def test_items_and_regions_add_up_to_what_the_family_was_planned_at(planning):
    tables = pumps(planning)
    forecast = forecast_items(tables)
    assert (forecast["Forecast"] >= 0).all()
    assert (forecast["Low"] <= forecast["Forecast"]).all()
    assert (forecast["Forecast"] <= forecast["High"]).all()
    pumps_rows = forecast[forecast["Item"].str.startswith("P")]
    assert pumps_rows["Method"].str.endswith(f", {planning.lower()}").all()
    assert not forecast.loc[forecast["Item"] == "V1", "Method"].str.contains("top-down|reconciled").any()
    by_region = forecast.groupby(["Item", "Period"])["Forecast"].sum().unstack()
    family = aggregate_to_family(forecast, tables.items).set_index(["Family", "Period"])["Forecast"].unstack()
    np.testing.assert_allclose(by_region.loc["P1"] + by_region.loc["P2"] / 2, family.loc["Pumps"], rtol=1e-12)


def test_a_top_down_family_has_the_forecast_of_its_own_history():
    tables = pumps("Top-down")
    both = {name: forecast_items(pumps(name)) for name in ("Bottom-up", "Top-down")}
    alone = company(
        tblItems={"Item": ["All"], "Family": ["Pumps"]},
        tblHistory={
            "Item": ["All"],
            "Region": [""],
            **{
                month: [a + b + c / 2]
                for month, a, b, c in zip(MONTHS, wavy(100, 1), wavy(40, 2), wavy(300, 3), strict=True)
            },
        },
    )
    wanted = forecast_items(alone)["Forecast"].to_numpy()
    sums = {
        name: aggregate_to_family(one, tables.items).query("Family == 'Pumps'")["Forecast"].to_numpy()
        for name, one in both.items()
    }
    np.testing.assert_allclose(sums["Top-down"], wanted, rtol=0.01)  # cleaned by item, not as a whole
    assert np.abs(sums["Bottom-up"] / wanted - 1).max() > 0.001


def test_a_reconciled_family_lies_between_its_items_and_its_own_forecast():
    tables = pumps("Reconciled")
    sums = {
        name: aggregate_to_family(forecast_items(pumps(name)), tables.items)
        .query("Family == 'Pumps'")["Forecast"]
        .to_numpy()
        for name in ("Bottom-up", "Top-down", "Reconciled")
    }
    between = np.stack([sums["Bottom-up"], sums["Top-down"]])
    slack = 0.02 * between.mean()
    assert (sums["Reconciled"] >= between.min(axis=0) - slack).all()
    assert (sums["Reconciled"] <= between.max(axis=0) + slack).all()
    assert np.abs(sums["Reconciled"] - sums["Bottom-up"]).max() > 0


def test_items_planned_by_hand_or_like_another_are_not_touched():
    items = {
        "Item": ["P1", "P2", "V1"],
        "Family": ["Pumps", "Pumps", "Valves"],
        "Method": ["Auto", "Manual", "Auto"],
    }
    forecast = forecast_items(pumps("Reconciled", tblItems=items))
    by_hand = forecast[forecast["Item"] == "P2"]
    assert not by_hand["Forecast"].any()
    assert set(by_hand["Method"]) == {"Manual"}


def series_of(items: int, regions: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    names = np.repeat([f"I{number}" for number in range(items)], regions)
    series = pd.DataFrame({"Item": names, "Region": np.tile([f"R{number}" for number in range(regions)], items)})
    table = pd.DataFrame({"Item": series["Item"].unique()})
    table["Family"] = [f"F{number % max(1, items // 100)}" for number in range(items)]
    families = pd.DataFrame({"Family": table["Family"].unique(), "Planning": "Reconciled", "Unit": "pcs"})
    return series, table, families


def test_two_reconciled_families_of_one_unit_are_fitted_to_their_total():
    series, items, families = series_of(200, 1)
    levels = Levels(
        pd.DataFrame({"Level": ["family", "family", "total"], "Family": ["F0", "F1", ""]}),
        (np.arange(0, 200, 2), np.arange(1, 200, 2), np.arange(200)),
    )
    own = np.ones((200, 1))
    node = np.array([[100.0], [100.0], [300.0]])  # the total expects more than its families
    result = level_forecasts(series, items, families, levels, own, np.ones(200), node, np.array([1.0, 1.0, 0.1]))
    assert result.sum() > 240


def test_ten_thousand_items_in_two_regions_are_reconciled_in_a_few_seconds():
    items, regions, periods = 10_000, 2, 18
    series, table, families = series_of(items, regions)
    rng = np.random.default_rng(7)
    count = len(series)
    levels = levels_above(series, table, families)
    assert levels.nodes["Level"].value_counts().to_dict() == {"item": items, "family": 100, "total": 1}
    truth = rng.gamma(2.0, 50.0, (count, 1)) * np.ones((1, periods))
    node = np.stack([truth[inside].sum(axis=0) for inside in levels.members])
    noisy = truth * rng.lognormal(0, 0.2, truth.shape)
    begin = time.process_time()
    result = level_forecasts(series, table, families, levels, noisy, 0.2 * truth[:, 0], node, 0.05 * node[:, 0])
    seconds = time.process_time() - begin
    assert (result >= 0).all()
    assert np.abs(result - truth).mean() < 0.95 * np.abs(noisy - truth).mean()
    assert seconds < 20, f"{seconds:.1f} s of processor time"
