"""The measures of forecast error, against figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sop_addin.planning.accuracy import bias, mape, mase, measures, naive_scale, tracking_signal, wmape

ACTUAL = np.array([100.0, 80.0, 120.0, 0.0])
FORECAST = np.array([110.0, 60.0, 120.0, 5.0])


def test_wmape_is_the_sum_of_errors_over_the_sum_of_actuals():
    assert wmape(ACTUAL, FORECAST) == pytest.approx((10 + 20 + 0 + 5) / 300)


def test_a_positive_bias_means_forecast_too_much():
    assert bias(ACTUAL, FORECAST) == pytest.approx((10 - 20 + 0 + 5) / 300)
    assert bias(np.array([100.0]), np.array([130.0])) == pytest.approx(0.30)


def test_mape_leaves_out_periods_without_sales():
    assert mape(ACTUAL, FORECAST) == pytest.approx((0.10 + 0.25 + 0.0) / 3)


def test_mase_divides_by_how_far_last_year_was_off():
    """History 10 14 | 13 20, season 2: differences 3 and 6, scale 4.5; errors 9 and 0 make (2 + 0) / 2 = 1."""
    scale = naive_scale(np.array([[10.0, 14.0, 13.0, 20.0]]), 2)
    assert scale.tolist() == [4.5]
    assert mase(np.array([10.0, 10.0]), np.array([19.0, 10.0]), np.repeat(scale, 2)) == pytest.approx(1.0)


def test_the_scale_of_less_than_two_seasons_is_the_step_from_period_to_period():
    assert naive_scale(np.array([[10.0, 14.0, 13.0]]), 12).tolist() == [2.5]
    assert naive_scale(np.array([[np.nan, 4.0, np.nan, 7.0]]), 2).tolist() == [3.0]


def test_a_history_that_never_moved_has_no_scale_and_no_mase():
    scale = naive_scale(np.array([[5.0, 5.0, 5.0]]), 1)
    assert math.isnan(scale[0])
    assert math.isnan(mase(np.array([5.0]), np.array([6.0]), scale))


def test_tracking_signal_is_the_sum_of_errors_in_mean_absolute_errors():
    """Errors 10, -20, 0, 5: sum -5, mean size 8.75."""
    assert tracking_signal(ACTUAL, FORECAST) == pytest.approx(-5 / 8.75)
    assert tracking_signal(np.array([1.0, 1.0]), np.array([2.0, 2.0])) == 2.0


def test_nothing_sold_gives_no_figure_and_no_division_by_zero():
    nothing = np.zeros(3)
    assert all(math.isnan(measure(nothing, nothing)) for measure in (wmape, bias, mape))
    assert tracking_signal(nothing, nothing) == 0.0
    assert math.isnan(tracking_signal(np.zeros(0), np.zeros(0)))


def test_measures_of_a_frame_are_the_measures_of_its_columns():
    frame = pd.DataFrame({"Actual": ACTUAL, "Forecast": FORECAST, "Scale": [10.0, 10.0, 10.0, np.nan]})
    found = measures(frame)
    assert found["Points"] == 4
    assert found["MASE"] == pytest.approx((1 + 2 + 0) / 3)
    assert found["WMAPE"] == wmape(ACTUAL, FORECAST)


@given(
    arrays(np.float64, 6, elements=st.floats(1, 1e6)),
    arrays(np.float64, 6, elements=st.floats(0, 1e6)),
    st.floats(0.01, 100),
)
def test_relative_measures_do_not_hang_on_the_unit(actual, forecast, factor):
    for measure in (wmape, bias, mape):
        assert measure(actual * factor, forecast * factor) == pytest.approx(measure(actual, forecast), rel=1e-9)
    assert abs(bias(actual, forecast)) <= wmape(actual, forecast) + 1e-12
    assert abs(tracking_signal(actual, forecast)) <= 6 + 1e-9
