"""What the demand plan is made of, and that nothing is counted twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.errors import InputError
from sop_addin.planning.consensus import consensus_demand, last_year
from sop_addin.planning.families import aggregate_to_family
from sop_addin.planning.portfolio import item_adjustments, new_and_phase_out

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
        assert self.plan(**{"Statistical forecast": 100, "Item overrides": 30, "Override": 80}) == 80

    def test_moves_with_the_overrides_of_its_items(self) -> None:
        assert self.plan(**{"Statistical forecast": 100, "Events": 20, "Item overrides": -15}) == 105

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

    def test_a_successor_takes_over_where_the_old_item_ends(self) -> None:
        items = items_of(
            Old={"Status": "Phase-out", "End": MAR}, New={"Status": "New", "Like item": "Old", "Launch": APR}
        )
        assert self.adjustment(items, Old=100.0) == [0, 0, 0, 0, 0, 0]

    def test_while_both_sell_the_successor_gets_what_the_old_item_loses(self) -> None:
        items = items_of(
            Old={"Status": "Phase-out", "End": APR},
            New={"Status": "New", "Like item": "Old", "Launch": FEB, "Like scale": 1.2},
        )
        by_item = item_adjustments(items, forecast_of(Old=100.0), PERIODS).values
        wide = by_item.pivot(index="Item", columns="Period", values="New and phase-out").fillna(0.0).round(9)
        assert wide.loc["Old"].tolist() == [-25, -50, -75, -100, -100]  # of February to June
        assert wide.loc["New"].tolist() == [30, 60, 90, 120, 120]

    def test_a_successor_that_comes_late_leaves_a_gap(self) -> None:
        items = items_of(
            Old={"Status": "Phase-out", "End": FEB}, New={"Status": "New", "Like item": "Old", "Launch": MAY}
        )
        assert self.adjustment(items, Old=100.0) == [0, 0, -100, -100, 0, 0]

    def test_a_phase_out_item_without_end_sells_until_its_stock_has_run_out(self) -> None:
        items = items_of(A={"Status": "Phase-out", "Opening stock": 250.0})
        assert self.adjustment(items, A=100.0) == [0, 0, -50, -100, -100, -100]

    def test_a_successor_takes_over_while_the_stock_of_the_old_item_runs_out(self) -> None:
        items = items_of(Old={"Status": "Phase-out", "Opening stock": 150.0}, New={"Status": "New", "Like item": "Old"})
        assert self.adjustment(items, Old=100.0) == [0] * 6

    @pytest.mark.parametrize(("share", "low", "high"), [(1.0, 0.999, 1.001), (0.5, 0.62, 0.75), (2.0, 1.5, 1.75)])
    def test_first_sales_of_a_new_item_correct_its_scale_but_not_at_once(
        self, share: float, low: float, high: float
    ) -> None:
        new = {"Status": "New", "Like item": "A", "Like scale": 0.5, "Launch": pd.Timestamp(2026, 10, 1)}
        months = pd.date_range("2026-01-01", periods=12, freq="MS")
        sold = [("A", month, 100.0) for month in months] + [("N", month, 50.0 * share) for month in months[-3:]]
        history = pd.DataFrame(sold, columns=["Item", "Period", "Quantity"])
        (level,) = set(self.adjustment(items_of(A={}, N=new), history, A=100.0))
        assert low <= level / 50 <= high

    def test_a_new_item_with_a_year_of_sales_should_be_set_to_active(self) -> None:
        months = pd.date_range("2025-06-01", periods=19, freq="MS")
        sold = [(item, month, 100.0) for item in ("A", "N") for month in months]
        history = pd.DataFrame(sold, columns=["Item", "Period", "Quantity"])
        items = items_of(A={}, N={"Status": "New", "Like item": "A"})
        result = new_and_phase_out(items, forecast_of(A=100.0, N=100.0), PERIODS, history)
        assert [finding.rule for finding in result.findings] == ["new_item_has_history"]

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
