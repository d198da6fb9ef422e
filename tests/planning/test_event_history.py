"""What past events brought is found again in a history that was made with them, and taken out of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.planning.event_history import EventHistory, learn_from_events
from sop_addin.planning.event_model import EVENT_SD, event_lift

MONTHS = pd.date_range("2023-01-01", periods=48, freq="MS")
SEASON = np.array([0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.05, 1.0, 1.0, 1.1, 1.2])
REGIONS = ("North", "South")


def items_of(count: int, *, pack: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame(
        {"Item": [f"P{number}" for number in range(count)], "Family": "Pumps", "Units per family unit": pack}
    )


def sales(count: int = 8, noise: float = 0.0, seed: int = 1, level: float = 500.0) -> dict[tuple[str, str], np.ndarray]:
    """Sales of each item and region without events: level, growth and season, with noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(len(MONTHS))
    return {
        (f"P{number}", region): level
        * (1 + number % 3)
        * np.exp(0.03 * time / 12)
        * SEASON[time % 12]
        * np.maximum(0.05, 1 + noise * rng.standard_normal(len(MONTHS)))
        for number in range(count)
        for region in REGIONS
    }


def lifted(series: dict, event: dict, factor: float, factors: dict[str, float] | None = None) -> dict:
    """The same with an event in it; ``factors``: of single items."""
    live = np.asarray((pd.Timestamp(event["From"]) <= MONTHS) & (pd.Timestamp(event["To"]) >= MONTHS))
    result = {}
    for (item, region), values in series.items():
        hit = event.get("Item") in (None, item) and event.get("Region") in (None, region)
        one = (factors or {}).get(item, factor)
        result[item, region] = np.where(live & hit, values * one, values)
    return result


def history(series: dict) -> pd.DataFrame:
    frames = [
        pd.DataFrame({"Item": item, "Region": region, "Period": MONTHS, "Quantity": values})
        for (item, region), values in series.items()
    ]
    return pd.concat(frames, ignore_index=True)


def events_of(*events: dict) -> pd.DataFrame:
    columns = ["Event", "Family", "Item", "Region", "From", "To", "Uplift %", "Uplift units", "Price change %",
               "Probability", "Cannibalisation %"]  # fmt: skip
    frame = pd.DataFrame([{"Event": "Fair", **event} for event in events], columns=columns)
    frame[["From", "To"]] = frame[["From", "To"]].apply(pd.to_datetime)
    return frame.fillna({"Family": "", "Item": "", "Region": "", "Probability": 1.0})


def learn(series: dict, *events: dict, count: int = 8) -> EventHistory:
    return learn_from_events(events_of(*events), history(series), items_of(count), 12)


def base_of(learned: EventHistory, item: str, region: str) -> pd.Series:
    rows = learned.base[(learned.base["Item"] == item) & (learned.base["Region"] == region)]
    return rows.set_index("Period")["Quantity"]


FAIR = {"Family": "Pumps", "From": "2025-04-01", "To": "2025-05-01"}


def test_an_event_that_explains_the_history_fully_leaves_the_base_as_if_it_had_not_been():
    plain = sales()
    learned = learn(lifted(plain, FAIR, 1.4), FAIR)
    assert np.expm1(learned.past[0].log) == pytest.approx(0.4, abs=1e-3)
    for (item, region), values in plain.items():
        np.testing.assert_allclose(base_of(learned, item, region), values, rtol=2e-3)


@pytest.mark.parametrize("uplift", [0.1, 0.25, 0.6, -0.2])
def test_a_known_uplift_is_found_again_in_noisy_sales(uplift):
    """Ten simulated companies, items with 10 % noise: bias within 2 points, every estimate within 5 % of the sales."""
    found = []
    for seed in range(10):
        learned = learn(lifted(sales(noise=0.10, seed=seed), FAIR, 1 + uplift), FAIR)
        found.append(np.expm1(learned.past[0].log))
    assert np.mean(found) == pytest.approx(uplift, abs=0.02)
    assert np.abs(np.array(found) - uplift).max() < 0.05 * (1 + uplift)


def test_the_standard_error_says_how_far_estimates_lie_from_the_truth():
    off = []
    for seed in range(40):
        learned = learn(lifted(sales(noise=0.15, seed=seed, count=3), FAIR, 1.3), FAIR, count=3)
        off.append((learned.past[0].log - np.log(1.3)) / learned.past[0].error)
    assert 0.6 < np.std(off) < 1.5


def test_one_event_in_one_noisy_series_is_shrunken_towards_none():
    one = {"Item": "P0", "Region": "North", "From": "2025-04-01", "To": "2025-04-01"}
    estimates = {}
    for noise in (0.02, 0.5):
        runs = [learn(lifted(sales(1, noise, seed), one, 1.5), one, count=1).past[0].log for seed in range(20)]
        estimates[noise] = float(np.mean(runs))
    assert estimates[0.02] > 0.95 * np.log(1.5)
    assert 0 < estimates[0.5] < 0.6 * np.log(1.5)


def test_where_sales_are_thin_the_uplift_stays_near_what_was_planned():
    one = {"Item": "P0", "Region": "North", "From": "2025-04-01", "To": "2025-04-01", "Uplift %": 0.4}
    draws = np.random.default_rng(3).poisson(0.4, len(MONTHS)).astype(float)
    draws[MONTHS.get_loc("2025-04-01")] = 0
    learned = learn({("P0", "North"): draws}, one, count=1)
    assert learned.past[0].error > 0.5 * EVENT_SD
    unplanned = learn({("P0", "North"): draws}, {**one, "Uplift %": np.nan}, count=1)
    assert learned.past[0].log > unplanned.past[0].log


def test_an_event_of_one_region_leaves_the_other_alone():
    north = {**FAIR, "Region": "North"}
    plain = sales()
    learned = learn(lifted(plain, north, 1.5), north)
    np.testing.assert_allclose(base_of(learned, "P1", "South"), plain["P1", "South"])
    np.testing.assert_allclose(base_of(learned, "P1", "North"), plain["P1", "North"], rtol=2e-3)


def test_items_that_gained_more_than_their_family_are_lifted_more():
    plain = sales(noise=0.03)
    factors = {"P0": 2.0, "P1": 1.0}
    learned = learn(lifted(plain, FAIR, 1.3, factors), FAIR)
    (event,) = learned.past
    names = learned.series["Item"].iloc[event.series].to_numpy()
    uplift = pd.Series(np.expm1(event.logs)).groupby(names).mean()
    assert uplift["P0"] == pytest.approx(1.0, abs=0.15)
    assert uplift["P1"] == pytest.approx(0.0, abs=0.10)
    assert uplift["P5"] == pytest.approx(0.3, abs=0.08)


def test_items_that_differ_by_chance_only_share_the_uplift_of_their_family():
    learned = learn(lifted(sales(noise=0.15, seed=5), FAIR, 1.3), FAIR)
    (event,) = learned.past
    assert np.std(event.logs) < 0.05


def test_what_comes_back_every_year_is_season_first():
    """An event of every November cannot be told from November: it is shrunken, and never more than what was there."""
    plain = sales(noise=0.02)
    every = [{"From": f"{year}-11-01", "To": f"{year}-11-01"} for year in (2023, 2024, 2025, 2026)]
    for one in every:
        plain = lifted(plain, one, 1.3)
    learned = learn(plain, *every)
    assert all(0 <= one.log < 0.8 * np.log(1.3) for one in learned.past)


def test_two_events_at_once_are_told_apart_by_what_they_concern():
    plain = sales(noise=0.01)
    one = {"Item": "P0", "From": "2025-04-01", "To": "2025-05-01"}
    learned = learn(lifted(lifted(plain, FAIR, 1.2), one, 1.5), FAIR, one)
    base = base_of(learned, "P0", "North")[["2025-04-01", "2025-05-01"]]
    wanted = pd.Series(plain["P0", "North"], MONTHS)[base.index]
    np.testing.assert_allclose(base, wanted, rtol=0.03)


def test_a_stock_out_noted_as_an_event_is_unknown_demand_and_no_zero():
    out = {"Item": "P0", "From": "2025-07-01", "To": "2025-08-01"}
    learned = learn(lifted(sales(noise=0.05), out, 0.0), out)
    base = base_of(learned, "P0", "North")
    assert pd.Timestamp("2025-07-01") not in base.index
    assert len(base) == len(MONTHS) - 2


def test_an_event_that_did_not_take_place_is_left_aside():
    never = {**FAIR, "Probability": 0.0}
    plain = sales()
    learned = learn(plain, never)
    assert learned.past == ()
    assert learned.base is not None
    np.testing.assert_allclose(base_of(learned, "P0", "North"), plain["P0", "North"])


def test_what_an_item_took_from_its_family_is_given_back():
    event = {"Item": "P0", "From": "2025-04-01", "To": "2025-04-01", "Cannibalisation %": 0.5}
    plain = sales(noise=0.005)
    with_event = lifted(plain, event, 1.6)
    at = MONTHS.get_loc("2025-04-01")
    brought = sum(0.6 * plain["P0", region][at] for region in REGIONS)
    others = [key for key in plain if key[0] != "P0"]
    together = sum(plain[key][at] for key in others)
    for key in others:
        with_event[key] = with_event[key].copy()
        with_event[key][at] *= 1 - 0.5 * brought / together
    learned = learn(with_event, event)
    found = sum(base_of(learned, *key)["2025-04-01"] for key in others)
    assert found == pytest.approx(together, rel=0.01)


def test_price_cuts_of_the_past_give_the_price_elasticity_of_the_family():
    plain = sales(noise=0.02)
    cuts = [("2023-05-01", -0.05), ("2024-03-01", -0.10), ("2025-08-01", -0.20)]
    events = []
    for day, cut in cuts:
        event = {"Family": "Pumps", "From": day, "To": day, "Price change %": cut}
        plain = lifted(plain, event, (1 + cut) ** -2.0)
        events.append(event)
    value, error = learn(plain, *events).elasticity["Pumps"]
    assert value == pytest.approx(-2.0, abs=0.3)
    assert 0 < error < 0.7


def test_without_past_prices_there_is_no_elasticity():
    assert learn(sales(), FAIR).elasticity == {}


def test_quantities_of_packs_give_the_same_uplift():
    plain = lifted(sales(), FAIR, 1.4)
    single = learn_from_events(events_of(FAIR), history(plain), items_of(8), 12)
    packs = learn_from_events(events_of(FAIR), history(plain), items_of(8, pack=6.0), 12)
    assert packs.past[0].log == pytest.approx(single.past[0].log)
    assert packs.past[0].effect == pytest.approx(single.past[0].effect / 6)


quantity = st.one_of(st.just(float("nan")), st.floats(-1e3, 1e9), st.just(0.0))


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.lists(quantity, min_size=15, max_size=15), min_size=1, max_size=4),
    first=st.integers(0, 14),
    length=st.integers(0, 15),
    planned=st.one_of(st.just(float("nan")), st.floats(-1, 5)),
    season=st.sampled_from([1, 4, 12, 52]),
)
def test_the_base_is_finite_whatever_was_sold(rows, first, length, planned, season):
    months = MONTHS[:15]
    frames = [
        pd.DataFrame({"Item": f"P{n}", "Region": "", "Period": months, "Quantity": values}).dropna()
        for n, values in enumerate(rows)
    ]
    sold = pd.concat(frames, ignore_index=True)
    event = {"From": months[first], "To": months[min(first + length, 14)], "Uplift %": planned}
    learned = learn_from_events(events_of(event), sold, items_of(len(rows)), season)
    assert np.isfinite(learned.base["Quantity"]).all()
    assert (learned.base["Quantity"] >= min(0.0, sold["Quantity"].min() if len(sold) else 0.0)).all()
    assert all(np.isfinite(one.log) and np.isfinite(one.logs).all() for one in learned.past)


def test_a_lift_of_sales_without_any_is_what_was_planned():
    live = np.array([[False, True, False]])
    assert event_lift(np.zeros(3), live, 12, np.array([0.2])).log.tolist() == [0.2]
