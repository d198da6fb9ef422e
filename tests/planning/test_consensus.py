"""What the demand plan is made of, and that nothing is counted twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.errors import InputError
from sop_addin.planning.consensus import (
    consensus_demand,
    event_effects,
    item_adjustments,
    last_year,
    new_and_phase_out,
)
from sop_addin.planning.families import aggregate_to_family

PERIODS = list(pd.date_range("2027-01-01", periods=6, freq="MS"))
JAN, FEB, MAR, APR, MAY, JUN = PERIODS
NONE = float("nan")


def items_of(**items: dict) -> pd.DataFrame:
    """One row per item; what a test does not say is the contract's default."""
    default = {
        "Family": "Pumps",
        "Units per family unit": 1.0,
        "Status": "Active",
        "Launch": pd.NaT,
        "End": pd.NaT,
        "Like item": "",
        "Like scale": 1.0,
    }
    return pd.DataFrame([{"Item": name, **default, **given_} for name, given_ in items.items()])


def forecast_of(**quantities: float) -> pd.DataFrame:
    rows = [(item, period, quantity) for item, quantity in quantities.items() for period in PERIODS]
    return pd.DataFrame(rows, columns=["Item", "Period", "Forecast"])


def events_of(*events: dict) -> pd.DataFrame:
    columns = ["Event", "Family", "Item", "Region", "From", "To", "Uplift %", "Uplift units", "Price change %"]
    frame = pd.DataFrame([{"Event": "Fair", **event} for event in events], columns=[*columns, "Probability"])
    return frame.fillna({"Family": "", "Item": "", "Region": ""})


def row(result: pd.DataFrame, measure: str, family: str = "Pumps") -> list[float]:
    return result.loc[result["Family"] == family, measure].round(9).tolist()


class TestConsensusDemand:
    def plan(self, **measures: float) -> float:
        frame = pd.DataFrame([{"Family": "Pumps", "Period": JAN, **measures}])
        return float(consensus_demand(frame)["Consensus demand"].iloc[0])

    def test_is_the_sum_of_forecast_events_and_portfolio(self) -> None:
        assert (
            self.plan(**{"Statistical forecast": 100, "Events": 20, "New and phase-out": -5, "Override": NONE}) == 115
        )

    def test_is_the_override_where_one_is_given(self) -> None:
        assert self.plan(**{"Statistical forecast": 100, "Override": 80}) == 80

    def test_an_override_of_zero_is_an_override(self) -> None:
        assert self.plan(**{"Statistical forecast": 100, "Override": 0}) == 0

    def test_is_never_negative(self) -> None:
        assert self.plan(**{"Statistical forecast": 10, "New and phase-out": -50}) == 0
        assert self.plan(**{"Statistical forecast": 10, "Override": -1}) == 0

    def test_unknown_components_and_missing_columns_count_zero(self) -> None:
        assert self.plan(**{"Statistical forecast": NONE, "Events": 7}) == 7
        assert self.plan(Override=3) == 3

    def test_takes_a_long_frame_as_well(self) -> None:
        long = pd.DataFrame(
            [("Pumps", JAN, "Statistical forecast", 100.0), ("Pumps", JAN, "Events", 5.0)],
            columns=["Family", "Period", "Measure", "Value"],
        )
        assert consensus_demand(long)["Consensus demand"].tolist() == [105.0]

    def test_refuses_a_long_frame_with_a_measure_twice(self) -> None:
        long = pd.DataFrame([("Pumps", JAN, "Events", 5.0)] * 2, columns=["Family", "Period", "Measure", "Value"])
        with pytest.raises(InputError, match="Events of Pumps, 2027-01-01 is there twice"):
            consensus_demand(long)

    def test_leaves_its_argument_alone(self) -> None:
        frame = pd.DataFrame([{"Family": "Pumps", "Period": JAN, "Override": 1.0}])
        consensus_demand(frame)
        assert list(frame.columns) == ["Family", "Period", "Override"]


class TestEventEffects:
    items = items_of(A={}, B={"Units per family unit": 10.0}, C={"Family": "Valves"})
    baseline = forecast_of(A=100.0, B=500.0, C=40.0)  # Pumps: 100 + 500 / 10 = 150 a month

    def effect(self, *events: dict, family: str = "Pumps") -> list[float]:
        return row(event_effects(events_of(*events), self.baseline, self.items, PERIODS).values, "Events", family)

    def test_a_family_event_lifts_the_family_from_first_to_last_period_inclusive(self) -> None:
        assert self.effect({"Family": "Pumps", "From": FEB, "To": MAR, "Uplift %": 0.1}) == [0, 15, 15, 0, 0, 0]

    def test_the_effect_is_weighted_by_its_probability(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift %": 0.1, "Uplift units": 5, "Probability": 0.5}
        assert self.effect(event)[0] == 0.5 * (15 + 5)

    def test_an_item_event_lifts_the_item_in_family_units(self) -> None:
        assert self.effect({"Item": "B", "From": JAN, "To": JAN, "Uplift %": 0.2})[0] == 0.2 * 500 / 10
        assert self.effect({"Item": "B", "From": JAN, "To": JAN, "Uplift units": 30})[0] == 3

    def test_a_region_event_lifts_what_the_region_sells(self) -> None:
        regional = self.baseline.assign(Region="North").copy()
        regional = pd.concat([regional, self.baseline.assign(Region="South", Forecast=1000.0)])
        event = {"Family": "Pumps", "Region": "North", "From": JAN, "To": JAN, "Uplift %": 0.1}
        assert row(event_effects(events_of(event), regional, self.items, PERIODS).values, "Events")[0] == 15

    def test_an_event_that_names_nothing_concerns_everything(self) -> None:
        event = {"From": JAN, "To": JAN, "Uplift %": 0.1}
        assert self.effect(event)[0] == 15
        assert self.effect(event, family="Valves")[0] == 4

    def test_events_on_the_same_period_add_up(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift units": 5}
        assert self.effect(event, event)[0] == 10

    def test_a_negative_event_takes_demand_away(self) -> None:
        assert self.effect({"Family": "Pumps", "From": JAN, "To": JAN, "Uplift %": -0.2})[0] == -30

    def test_events_in_the_past_have_no_effect(self) -> None:
        past = {"Family": "Pumps", "From": JAN - pd.DateOffset(months=3), "To": JAN - pd.DateOffset(months=1)}
        assert self.effect({**past, "Uplift units": 5}) == [0] * 6

    def test_an_event_that_began_in_the_past_counts_for_what_is_left_of_it(self) -> None:
        event = {"Family": "Pumps", "From": JAN - pd.DateOffset(months=3), "To": FEB, "Uplift units": 5}
        assert self.effect(event) == [5, 5, 0, 0, 0, 0]

    def test_days_within_a_period_mean_the_period(self) -> None:
        event = {"Family": "Pumps", "From": pd.Timestamp(2027, 2, 10), "To": pd.Timestamp(2027, 3, 20)}
        assert self.effect({**event, "Uplift units": 5}) == [0, 5, 5, 0, 0, 0]

    def test_a_baseline_by_family_will_do_for_family_events(self) -> None:
        family = pd.DataFrame({"Family": "Pumps", "Period": PERIODS, "Statistical forecast": 200.0})
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift %": 0.1}
        assert row(event_effects(events_of(event), family, self.items, PERIODS).values, "Events")[0] == 20

    def test_a_price_change_alone_has_no_effect_and_says_so(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Price change %": -0.1}
        result = event_effects(events_of(event), self.baseline, self.items, PERIODS)
        assert not result.values["Events"].any()
        (finding,) = result.findings
        assert (finding.severity, finding.rule) == ("Info", "price_change_has_uplift")

    def test_uplift_that_finds_nothing_to_lift_says_so(self) -> None:
        event = {"Item": "A", "Region": "Moon", "From": JAN, "To": JAN, "Uplift %": 0.1}
        (finding,) = event_effects(events_of(event), self.baseline, self.items, PERIODS).findings
        assert finding.rule == "event_has_baseline"

    def test_uplift_units_without_family_or_item_say_so(self) -> None:
        event = {"Region": "North", "From": JAN, "To": JAN, "Uplift units": 5}
        (finding,) = event_effects(events_of(event), self.baseline, self.items, PERIODS).findings
        assert finding.rule == "event_units_have_family"

    def test_no_events_give_zeros_for_every_family_and_period(self) -> None:
        result = event_effects(events_of(), self.baseline, self.items, PERIODS).values
        assert len(result) == 2 * len(PERIODS)
        assert not result["Events"].any()

    def test_weeks_work_like_months(self) -> None:
        weeks = list(pd.date_range("2027-01-04", periods=4, freq="7D"))
        baseline = pd.DataFrame({"Family": "Pumps", "Period": weeks, "Statistical forecast": 10.0})
        event = {"Family": "Pumps", "From": weeks[1], "To": weeks[2], "Uplift %": 1.0}
        assert row(event_effects(events_of(event), baseline, self.items, weeks).values, "Events") == [0, 10, 10, 0]


class TestNewAndPhaseOut:
    def adjustment(self, items: pd.DataFrame, history: pd.DataFrame | None = None, **forecast: float) -> list[float]:
        result = new_and_phase_out(items, forecast_of(**forecast), PERIODS, history)
        return row(result.values, "New and phase-out")

    def test_active_items_need_no_adjustment(self) -> None:
        assert self.adjustment(items_of(A={}), A=100.0) == [0] * 6

    def test_a_new_item_sells_like_its_like_item_from_launch_on(self) -> None:
        new = {"Status": "New", "Like item": "A", "Like scale": 0.5, "Launch": pd.Timestamp(2027, 3, 15)}
        assert self.adjustment(items_of(A={}, N=new), A=100.0) == [0, 0, 50, 50, 50, 50]

    def test_what_the_statistical_forecast_already_holds_of_a_new_item_is_not_counted_twice(self) -> None:
        new = {"Status": "New", "Like item": "A", "Launch": MAR}
        assert self.adjustment(items_of(A={}, N=new), A=100.0, N=8.0) == [-8, -8, 92, 92, 92, 92]

    def test_a_new_item_without_launch_sells_from_now_on(self) -> None:
        assert self.adjustment(items_of(A={}, N={"Status": "New", "Like item": "A"}), A=10.0) == [10] * 6

    def test_quantities_are_added_up_in_family_units(self) -> None:
        new = {"Status": "New", "Like item": "A", "Units per family unit": 4.0}
        assert self.adjustment(items_of(A={}, N=new), A=100.0) == [25] * 6

    def test_a_new_item_without_like_item_keeps_its_own_forecast_from_launch_on_and_says_so(self) -> None:
        items = items_of(N={"Status": "New", "Launch": FEB})
        result = new_and_phase_out(items, forecast_of(N=8.0), PERIODS)
        assert row(result.values, "New and phase-out") == [-8, 0, 0, 0, 0, 0]
        assert [finding.rule for finding in result.findings] == ["new_item_has_like_item"]

    def test_a_new_item_may_follow_another_new_item(self) -> None:
        items = items_of(
            A={}, N={"Status": "New", "Like item": "A", "Like scale": 0.5}, M={"Status": "New", "Like item": "N"}
        )
        assert self.adjustment(items, A=100.0) == [100] * 6

    def test_items_that_are_like_each_other_do_not_loop(self) -> None:
        items = items_of(N={"Status": "New", "Like item": "M"}, M={"Status": "New", "Like item": "N"})
        result = new_and_phase_out(items, forecast_of(N=8.0, M=8.0), PERIODS)
        assert "like_item_is_another_item" in [finding.rule for finding in result.findings]

    def test_a_successor_takes_over_as_the_old_item_runs_down(self) -> None:
        items = items_of(
            Old={"Status": "Phase-out", "End": MAR}, New={"Status": "New", "Like item": "Old", "Launch": APR}
        )
        assert self.adjustment(items, Old=100.0) == [-25, -50, -75, 0, 0, 0]

    def test_a_phase_out_item_fades_over_three_periods_and_sells_nothing_after_its_end(self) -> None:
        items = items_of(A={"Status": "Phase-out", "End": pd.Timestamp(2027, 5, 31)})
        assert self.adjustment(items, A=100.0) == [0, 0, -25, -50, -75, -100]

    def test_a_phase_out_item_without_end_stays_and_says_so(self) -> None:
        result = new_and_phase_out(items_of(A={"Status": "Phase-out"}), forecast_of(A=5.0), PERIODS)
        assert not result.values["New and phase-out"].any()
        assert [finding.rule for finding in result.findings] == ["phase_out_has_end"]

    def test_discontinued_items_get_nothing(self) -> None:
        assert self.adjustment(items_of(A={"Status": "Discontinued"}), A=7.0) == [-7] * 6

    def test_a_discontinued_like_item_lends_its_last_year(self) -> None:
        items = items_of(Old={"Status": "Discontinued"}, N={"Status": "New", "Like item": "Old"})
        sold = pd.DataFrame({"Item": "Old", "Period": [p - pd.DateOffset(years=1) for p in PERIODS], "Quantity": 9.0})
        assert self.adjustment(items, sold) == [9] * 6

    def test_regions_of_an_item_add_up(self) -> None:
        regions = pd.concat([forecast_of(A=3.0).assign(Region="North"), forecast_of(A=4.0).assign(Region="South")])
        result = new_and_phase_out(items_of(A={"Status": "Discontinued"}), regions, PERIODS)
        assert row(result.values, "New and phase-out") == [-7] * 6


def test_last_year_is_what_was_sold_in_the_same_period_a_year_before() -> None:
    months = pd.date_range("2025-01-01", periods=24, freq="MS")
    history = pd.DataFrame({"Family": "Pumps", "Period": months, "Quantity": np.arange(24.0)})
    assert row(last_year(history, PERIODS), "Last year") == [12, 13, 14, 15, 16, 17]


def test_beyond_a_year_ahead_last_year_is_the_latest_that_is_known() -> None:
    months = pd.date_range("2026-01-01", periods=12, freq="MS")
    history = pd.DataFrame({"Family": "Pumps", "Period": months, "Quantity": np.arange(12.0)})
    assert row(last_year(history, [pd.Timestamp(2028, 2, 1)]), "Last year") == [1]


def test_last_year_of_weeks_is_52_weeks_back_and_blank_where_unknown() -> None:
    weeks = pd.date_range("2026-01-05", periods=52, freq="7D")
    history = pd.DataFrame({"Family": "Pumps", "Period": weeks, "Quantity": np.arange(52.0)})
    result = last_year(history, [weeks[-1] + pd.Timedelta(weeks=1), weeks[0]])["Last year"].to_numpy()
    assert result[0] == 0
    assert np.isnan(result[1])


status = st.sampled_from(["Active", "New", "Phase-out", "Discontinued"])
day = st.one_of(st.just(pd.NaT), st.sampled_from([*PERIODS, pd.Timestamp(2027, 2, 14), pd.Timestamp(2030, 1, 1)]))


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.tuples(status, day, day, st.integers(0, 5), st.floats(0, 5), st.floats(0, 1e9)), min_size=1, max_size=6
    )
)
def test_forecast_plus_adjustment_is_never_negative_whatever_comes_and_goes(rows: list) -> None:
    items = items_of(
        **{
            f"I{i}": {"Status": s, "Launch": a, "End": b, "Like item": f"I{like}" if like != i else "", "Like scale": x}
            for i, (s, a, b, like, x, _) in enumerate(rows)
        }
    )
    forecast = forecast_of(**{f"I{i}": quantity for i, (*_, quantity) in enumerate(rows)})
    adjusted = item_adjustments(items, forecast, PERIODS).values.merge(forecast, on=["Item", "Period"])
    assert (adjusted["Forecast"] + adjusted["New and phase-out"] >= -1e-6 * (1 + adjusted["Forecast"])).all()
    by_family = new_and_phase_out(items, forecast, PERIODS).values["New and phase-out"]
    assert np.isfinite(by_family).all()
    total = aggregate_to_family(forecast, items)["Forecast"].to_numpy() + by_family.to_numpy()
    assert (total >= -1e-6 * (1 + total.max())).all()
