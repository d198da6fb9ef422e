"""The forecast of any history: finite, not negative, inside its interval, and said how it came about."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sop_addin.model.errors import InputError
from sop_addin.model.schema import METHODS as METHODS_OF_THE_WORKBOOK
from sop_addin.planning import forecast_models
from sop_addin.planning.cleaning import clean_series
from sop_addin.planning.demand_forecast import METHODS, clean_history, forecast_demand

NAN = float("nan")


def history_of(first: str = "2023-01-01", freq: str = "MS", **items: list[float] | np.ndarray) -> pd.DataFrame:
    """Long history; every item's list starts at `first`; NaN rows are left out."""
    frames = [
        pd.DataFrame({"item": item, "period": pd.date_range(first, periods=len(q), freq=freq), "quantity": q})
        for item, q in items.items()
    ]
    return pd.concat(frames, ignore_index=True).dropna(subset=["quantity"])


def seasonal(years: int = 4, level: float = 100.0, growth: float = 0.0, noise: float = 0.0) -> np.ndarray:
    """Months with a summer peak twice the winter's."""
    months = np.arange(12 * years)
    shape = 1 + 0.4 * np.sin(2 * np.pi * months / 12)
    return (level + growth * months) * shape * (1 + noise * np.random.default_rng(7).standard_normal(len(months)))


def numbers(result: pd.DataFrame, column: str = "forecast") -> np.ndarray:
    return result[column].to_numpy()


class TestResult:
    def test_has_one_row_per_item_and_future_period_in_the_order_of_the_history(self) -> None:
        result = forecast_demand(history_of(Z=seasonal(), A=seasonal()), 3)
        assert list(result.columns) == ["item", "period", "forecast", "low", "high", "method"]
        assert result["item"].tolist() == ["Z"] * 3 + ["A"] * 3
        assert (
            result["period"].tolist()
            == [pd.Timestamp(2027, 1, 1), pd.Timestamp(2027, 2, 1), pd.Timestamp(2027, 3, 1)] * 2
        )

    def test_goes_on_in_weeks_where_the_history_is_in_weeks(self) -> None:
        result = forecast_demand(history_of("2027-01-04", "7D", A=[5.0] * 20), 2, season_length=52)
        assert result["period"].tolist() == [pd.Timestamp(2027, 5, 24), pd.Timestamp(2027, 5, 31)]

    def test_starts_after_the_last_period_of_the_whole_history_for_every_item(self) -> None:
        result = forecast_demand(history_of(Long=[4.0] * 24, Short=[4.0] * 20), 1)
        assert result["period"].unique().tolist() == [pd.Timestamp(2025, 1, 1)]

    def test_does_not_depend_on_the_order_of_rows_or_on_a_second_run(self) -> None:
        history = history_of(A=seasonal(noise=0.1), B=seasonal(noise=0.2))
        shuffled = forecast_demand(history.iloc[::-1], 6).sort_values(["item", "period"], ignore_index=True)
        pd.testing.assert_frame_equal(forecast_demand(history, 6), shuffled)

    def test_follows_season_and_trend(self) -> None:
        forecast = numbers(forecast_demand(history_of(A=seasonal(growth=1.0, noise=0.02)), 12))
        expected = seasonal(years=5, growth=1.0)[-12:]
        np.testing.assert_allclose(forecast, expected, rtol=0.12)

    def test_scales_with_the_unit_of_the_history(self) -> None:
        small = numbers(forecast_demand(history_of(A=seasonal(noise=0.1)), 6))
        large = numbers(forecast_demand(history_of(A=seasonal(noise=0.1) * 1e9), 6))
        np.testing.assert_allclose(large, small * 1e9, rtol=1e-6)

    def test_keeps_item_keys_of_any_kind(self) -> None:
        history = history_of(A=[3.0] * 6)
        history["item"] = [("A", "North")] * 6
        assert forecast_demand(history, 1)["item"].iloc[0] == ("A", "North")

    def test_reports_progress_up_to_the_number_of_items(self) -> None:
        seen: list[tuple[int, int]] = []
        forecast_demand(
            history_of(A=[1.0] * 3, B=[2.0] * 3), 1, progress=lambda done, total: seen.append((done, total))
        )
        assert seen[-1] == (2, 2)

    def test_leaves_argument_and_warning_filters_alone(self) -> None:
        history = history_of(A=seasonal(), B=[1.0, 2.0, -3.0])
        before, filters = history.copy(), list(warnings.filters)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            forecast_demand(history, 3)
        pd.testing.assert_frame_equal(history, before)
        assert warnings.filters == filters


class TestRouting:
    @pytest.mark.parametrize(
        ("quantities", "method"),
        [
            ([0.0] * 24, "No sales"),
            ([7.0], "Mean"),
            ([4.0, 8.0], "Mean of last 2"),
            ([100.0, 4.0, 8.0, 6.0], "Mean of last 3"),
            ([5.0, 6.0, 5.0, 7.0, 6.0, 8.0], "Theta + Mean"),
            ([0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 4.0] * 4, "IMAPA"),
            ([0.0] * 8 + [50.0, 60.0, 40.0, 0.0] + [0.0] * 8 + [55.0, 62.0, 44.0, 0.0], "Seasonal mean"),
            (seasonal(noise=0.1)[:18], "Theta + Seasonal naive"),
        ],
    )
    def test_the_kind_of_history_decides(self, quantities: list[float], method: str) -> None:
        assert forecast_demand(history_of(A=quantities), 2)["method"].unique().tolist() == [method]

    def test_an_item_that_never_sold_is_forecast_zero_without_doubt(self) -> None:
        result = forecast_demand(history_of(A=[0.0] * 24), 2)
        assert not result[["forecast", "low", "high"]].to_numpy().any()

    def test_an_item_that_sells_in_season_only_is_forecast_in_season_only(self) -> None:
        year = [0.0] * 9 + [50.0, 60.0, 40.0]
        np.testing.assert_allclose(numbers(forecast_demand(history_of(A=year * 3), 12)), year)

    @pytest.mark.parametrize("method", [name for name in METHODS if name not in ("Auto", "Manual")])
    def test_the_method_of_an_item_overrides(self, method: str) -> None:
        result = forecast_demand(history_of(A=seasonal(noise=0.1)), 3, methods={"A": method})
        assert result["method"].unique().tolist() == [method]
        assert (numbers(result) > 0).all()

    def test_manual_items_are_left_to_the_planner(self) -> None:
        result = forecast_demand(history_of(A=seasonal()), 3, methods={"A": "Manual"})
        assert not result[["forecast", "low", "high"]].to_numpy().any()

    def test_naive_seasonal_naive_and_mean_are_what_their_names_say(self) -> None:
        history = history_of(A=np.arange(1.0, 25.0))
        for method, expected in (("Naive", [24, 24]), ("Seasonal naive", [13, 14]), ("Mean", [18.5, 18.5])):
            assert numbers(forecast_demand(history, 2, methods={"A": method})).tolist() == pytest.approx(expected)

    def test_a_method_that_cannot_take_the_history_falls_back_and_says_so(self) -> None:
        result = forecast_demand(history_of(A=[3.0, 5.0, 4.0]), 2, methods={"A": "Theta"})
        assert result["method"].iloc[0] == "Mean of last 3 (Theta failed)"
        assert numbers(result).tolist() == pytest.approx([4.0, 4.0])

    def test_a_model_that_breaks_is_left_out_and_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object) -> np.ndarray:
            raise RuntimeError("no")

        monkeypatch.setitem(forecast_models.MODELS, "CES log", broken)
        result = forecast_demand(history_of(A=seasonal(noise=0.1)), 3)
        assert result["method"].iloc[0].endswith("(CES failed)")
        assert np.isfinite(numbers(result)).all()

    def test_the_methods_are_those_of_the_workbook(self) -> None:
        assert METHODS == METHODS_OF_THE_WORKBOOK

    @pytest.mark.parametrize("effort", ["quick", "standard", "best"])
    def test_every_effort_forecasts(self, effort: str) -> None:
        forecast = numbers(forecast_demand(history_of(A=seasonal(noise=0.05)), 12, effort=effort))
        np.testing.assert_allclose(forecast, seasonal(years=1), rtol=0.3)


class TestGuard:
    def test_no_forecast_exceeds_twice_the_largest_sale(self) -> None:
        growth = 1.5 ** np.arange(30)
        assert numbers(forecast_demand(history_of(A=growth), 24)).max() <= 2 * growth.max()

    def test_no_forecast_is_negative_on_the_way_down(self) -> None:
        assert numbers(forecast_demand(history_of(A=np.arange(100.0, 4.0, -4.0)), 24)).min() >= 0


class TestIntervals:
    def test_widen_with_the_horizon_and_with_the_interval(self) -> None:
        history = history_of(A=seasonal(noise=0.2), B=seasonal(noise=0.1))
        narrow, wide = forecast_demand(history, 12, interval=0.5), forecast_demand(history, 12, interval=0.95)
        assert (numbers(wide, "high") > numbers(narrow, "high")).all()
        width = (narrow["high"] - narrow["forecast"]).to_numpy()[:12]
        assert (np.diff(width) >= -1e-9).all()
        assert width[-1] > width[0]

    @pytest.mark.parametrize("interval", [0.5, 0.8, 0.95])
    def test_hold_their_share_of_the_actuals(self, interval: float) -> None:
        rng = np.random.default_rng(3)
        true = {f"I{i}": 100 + np.cumsum(rng.normal(0, 3, 60)) + rng.normal(0, 8, 60) for i in range(120)}
        result = forecast_demand(history_of(**{item: y[:48] for item, y in true.items()}), 12, interval=interval)
        actual = np.concatenate([y[48:] for y in true.values()])
        covered = (actual >= numbers(result, "low")) & (actual <= numbers(result, "high"))
        assert covered.mean() == pytest.approx(interval, abs=0.06)

    def test_a_single_item_has_a_sensible_interval_too(self) -> None:
        result = forecast_demand(history_of(A=seasonal(noise=0.1)), 3)
        relative = ((result["high"] - result["low"]) / result["forecast"]).to_numpy()
        assert ((relative > 0.1) & (relative < 0.6)).all()

    def test_a_constant_history_leaves_no_doubt(self) -> None:
        result = forecast_demand(history_of(A=[5.0] * 48, B=seasonal(noise=0.1)), 2)
        assert numbers(result, "high")[:2].tolist() == numbers(result, "low")[:2].tolist() == [5.0, 5.0]


class TestCleaning:
    def cleaned(self, quantities: list[float] | np.ndarray) -> list[float]:
        return clean_series(np.asarray(quantities, dtype=float), 12).values.tolist()

    def reasons(self, quantities: list[float] | np.ndarray) -> dict[int, str]:
        return clean_series(np.asarray(quantities, dtype=float), 12).reasons

    def test_blanks_before_the_first_sale_are_not_sold_yet(self) -> None:
        series = clean_series(np.array([NAN, NAN, 3.0, 4.0]), 12)
        assert (series.start, series.values.tolist()) == (2, [3.0, 4.0])

    def test_a_long_run_of_zeros_before_steady_sales_is_not_sold_yet(self) -> None:
        assert clean_series(np.array([0.0] * 12 + [5.0, 6.0, 5.0, 7.0]), 12).start == 12

    def test_leading_zeros_of_an_item_that_sells_now_and_then_count(self) -> None:
        assert clean_series(np.array([0, 0, 0, 4, 0, 0, 2, 0, 0, 0, 3], dtype=float), 12).start == 0

    def test_a_gap_is_filled_with_what_the_season_suggests(self) -> None:
        full = seasonal()
        gapped = full.copy()
        gapped[[14, 27, 40]] = NAN
        np.testing.assert_allclose(self.cleaned(gapped), full, rtol=0.1)
        assert self.reasons(gapped) == dict.fromkeys((14, 27, 40), "gap filled")

    def test_a_missing_row_and_a_blank_quantity_are_the_same_gap(self) -> None:
        blank = history_of(A=seasonal())
        blank.loc[5, "quantity"] = None
        pd.testing.assert_frame_equal(forecast_demand(blank, 3), forecast_demand(blank.drop(index=5), 3))

    def test_a_zero_is_not_a_gap(self) -> None:
        assert self.cleaned([4.0, 0.0, 4.0]) == [4.0, 0.0, 4.0]

    def test_an_item_without_data_at_the_end_is_bridged_for_less_than_a_season(self) -> None:
        result = forecast_demand(history_of(A=[10.0] * 20, B=[5.0] * 24), 2)
        assert numbers(result)[:2].tolist() == pytest.approx([10.0, 10.0])

    def test_an_item_without_data_for_a_whole_season_is_taken_as_not_sold_any_more(self) -> None:
        assert self.reasons([10.0] * 12 + [NAN] * 12)[12] == "no data for a whole season: taken as no sales"
        result = forecast_demand(history_of(A=[10.0] * 12, B=[5.0] * 30), 2)
        assert numbers(result)[:2].max() < 1.0

    def test_returns_are_netted_against_the_sales_before_them(self) -> None:
        cleaned = self.cleaned([10, 20, 30, -6, 10])
        assert cleaned == pytest.approx([9.0, 18.0, 27.0, 0.0, 10.0])

    def test_returns_keep_the_total_as_long_as_there_are_sales_around(self) -> None:
        assert sum(self.cleaned([10, 5, -20, 8, 9, 30])) == pytest.approx(42)

    def test_returns_of_more_than_was_sold_leave_zero_not_less(self) -> None:
        assert self.cleaned([1, -50, 1]) == [0, 0, 0]

    def test_a_stock_out_is_refilled_and_named(self) -> None:
        full = seasonal(noise=0.03)
        short = full.copy()
        short[[20, 21]] = 0.0
        np.testing.assert_allclose(self.cleaned(short), full, rtol=0.2)
        assert self.reasons(short) == dict.fromkeys((20, 21), "stock-out replaced")

    def test_a_lone_spike_is_capped_and_named(self) -> None:
        full = seasonal(noise=0.03)
        spiked = full.copy()
        spiked[20] *= 10
        assert self.cleaned(spiked)[20] < 2 * full[20]
        assert self.reasons(spiked) == {20: "outlier capped"}

    @pytest.mark.parametrize("seed", [4, 6, 11])
    def test_a_slip_of_the_pen_does_not_make_outliers_of_the_months_half_a_year_away(self, seed: int) -> None:
        months = np.arange(36)
        usual = 50 * (1 + 0.3 * np.sin(months * np.pi / 6)) * np.random.default_rng(seed).normal(1, 0.1, 36)
        typed = np.where(months == 20, 900.0, usual)
        cleaned = clean_series(typed, 12)
        assert cleaned.reasons == {20: "outlier capped"}
        assert cleaned.values[20] == pytest.approx(usual[20], rel=0.5)

    def test_a_peak_of_every_year_is_no_outlier(self) -> None:
        yearly = seasonal(noise=0.03)
        yearly[11::12] *= 4
        assert self.reasons(yearly) == {}

    def test_a_new_level_is_no_outlier(self) -> None:
        assert self.reasons(np.concatenate([seasonal(years=2, noise=0.03), 3 * seasonal(years=2, noise=0.03)])) == {}

    def test_the_last_periods_are_left_alone(self) -> None:
        full = seasonal(noise=0.03)
        full[-1] *= 10
        assert self.reasons(full) == {}

    def test_outlier_cleaning_can_be_switched_off(self) -> None:
        spiked = seasonal(noise=0.03)
        spiked[20] *= 10
        assert clean_series(spiked, 12, outliers=False).values.tolist() == spiked.tolist()

    def test_the_cleaned_history_shows_what_was_changed_and_why(self) -> None:
        history = history_of(A=[NAN, 10, 20, 30, -6, NAN, 10], B=[1.0] * 7)
        result = clean_history(history).query("item == 'A'")
        assert result["reason"].tolist() == ["not sold yet", *["return netted"] * 4, "gap filled", ""]
        assert result["cleaned"].isna().tolist() == [True] + [False] * 6


class TestWrongArguments:
    """Each is refused with one sentence that names the argument."""

    good = history_of(A=[1.0, 2.0, 3.0])

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"horizon": 0}, "horizon: must be a whole number from 1 to 520, not 0"),
            ({"horizon": -1}, "horizon"),
            ({"horizon": 2.5}, "horizon"),
            ({"horizon": True}, "horizon"),
            ({"horizon": 10_000}, "horizon"),
            ({"season_length": 0}, "season_length: must be"),
            ({"season_length": 1.5}, "season_length"),
            ({"interval": 0.0}, "interval: must lie between 0 and 1"),
            ({"interval": 80}, "interval"),
            ({"interval": "80 %"}, "interval"),
            ({"effort": "heroic"}, "effort: must be one of quick, standard, best, not 'heroic'"),
            ({"engine": object()}, "engine"),
            ({"methods": {"A": "Magic"}}, "methods, item 'A': 'Magic' is not one of Auto, Theta"),
        ],
    )
    def test_of_the_call(self, change: dict, message: str) -> None:
        with pytest.raises(InputError, match=message):
            forecast_demand(**{"history": self.good, "horizon": 3, **change})

    def changed(self, column: str, row: int, value: object) -> pd.DataFrame:
        history = self.good.astype(object)
        history.loc[row, column] = value
        return history

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            ("quantity", "many", "row 2: quantity 'many' of item 'A' is not a number"),
            ("quantity", float("inf"), "row 2: quantity inf of item 'A' is not a possible quantity"),
            ("quantity", 1e308, "is not a possible quantity"),
            ("item", None, "row 2: the item is blank"),
            ("period", "soon", "row 2: period 'soon' is not a date"),
            ("period", None, "row 2: period None is not a date"),
            ("period", pd.Timestamp(2023, 2, 17), "period 2023-02-17: all periods must be firsts of months"),
            ("period", pd.Timestamp(2023, 1, 1), "row 2: item 'A', period 2023-01-01 is there twice"),
        ],
    )
    def test_of_the_history(self, column: str, value: object, message: str) -> None:
        with pytest.raises(InputError, match=message):
            forecast_demand(self.changed(column, 1, value), 3)

    def test_of_its_shape(self) -> None:
        with pytest.raises(InputError, match="must be a DataFrame"):
            forecast_demand([1, 2, 3], 3)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="column period, quantity is missing"):
            forecast_demand(self.good[["item"]], 3)
        with pytest.raises(InputError, match="no rows"):
            forecast_demand(self.good.iloc[:0], 3)
        with pytest.raises(InputError, match="numbers are not dates"):
            forecast_demand(self.good.assign(period=range(3)), 3)


cell = st.one_of(
    st.sampled_from([0.0, NAN, 1.0, 1e12, -1e12, 1e-9]), st.floats(-100, 1000), st.integers(0, 50).map(float)
)
shape = st.sampled_from(["as drawn", "constant", "zeros with spikes", "repeated"])


@st.composite
def any_history(draw: st.DrawFn) -> np.ndarray:
    values = draw(st.lists(cell, min_size=1, max_size=40))
    kind = draw(shape)
    if kind == "constant":
        return np.full(len(values) + 10, values[0])
    if kind == "zeros with spikes":
        return np.where(np.arange(4 * len(values)) % 4 == 1, np.repeat(values, 4), 0.0)
    return np.tile(values, 3) if kind == "repeated" else np.asarray(values)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    histories=st.lists(any_history(), min_size=1, max_size=4),
    horizon=st.integers(1, 30),
    season_length=st.sampled_from([1, 2, 4, 12, 52]),
    interval=st.sampled_from([0.01, 0.5, 0.8, 0.999]),
    effort=st.sampled_from(["quick", "standard", "best"]),
    method=st.sampled_from(["Auto", "Auto", "Theta", "CES", "Croston", "IMAPA", "Seasonal naive", "Mean"]),
)
@example([np.array([NAN])], 1, 12, 0.8, "standard", "Auto")
@example([np.array([1e12] * 30 + [0.0])], 30, 12, 0.8, "standard", "Auto")
@example([np.array([1e12] * 30 + [0.0, 1e-9] * 5)], 30, 12, 0.8, "best", "Auto")
@example([np.tile([0.0, 3.0, 8.0, 1.0], 27)], 30, 52, 0.8, "best", "Auto")
def test_any_history_gives_a_forecast_one_can_plan_with(
    histories: list[np.ndarray], horizon: int, season_length: int, interval: float, effort: str, method: str
) -> None:
    first, freq, step = ("2020-01-06", "7D", pd.DateOffset(weeks=1))
    if season_length < 52:
        first, freq, step = ("2020-01-01", "MS", pd.DateOffset(months=1))
    frames = [
        pd.DataFrame(
            {"item": i, "period": pd.date_range(first, periods=len(y), freq=freq), "quantity": y.astype(float)}
        )
        for i, y in enumerate(histories)
    ]
    history = pd.concat(frames, ignore_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = forecast_demand(
            history,
            horizon,
            season_length=season_length,
            interval=interval,
            effort=effort,
            methods=dict.fromkeys(range(len(histories)), method),
        )
    values = result[["low", "forecast", "high"]].to_numpy()
    assert np.isfinite(values).all()
    assert (values[:, 0] >= 0).all()
    assert (np.diff(values, axis=1) >= 0).all()
    assert result["method"].str.len().gt(0).all()
    start = history["period"].max() + step
    assert result["period"].tolist() == list(pd.date_range(start, periods=horizon, freq=freq)) * len(histories)


def test_sixty_items_in_three_regions_take_seconds() -> None:
    rng = np.random.default_rng(1)
    history = history_of(**{f"I{i}": seasonal() * rng.lognormal(0, 0.15, 48) for i in range(180)})
    forecast_demand(history.iloc[:48], 1)  # imports statsforecast
    start = time.process_time()
    forecast_demand(history, 18)
    assert time.process_time() - start < 12  # 3 s on the machine it was measured on; room for a slow one
