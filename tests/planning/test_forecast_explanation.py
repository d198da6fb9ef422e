"""One line an item says what its forecast rests on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_addin.planning.demand_forecast import explain_forecast

MONTHS = np.arange(48)
PEAK_IN_NOVEMBER = np.where(MONTHS % 12 == 10, 1.5, 1.0)


def explained(
    quantities: list[float] | np.ndarray, horizon: int = 12, freq: str = "MS", **options: object
) -> pd.Series:
    periods = pd.date_range(end="2026-12-01" if freq == "MS" else "2026-12-07", periods=len(quantities), freq=freq)
    frame = pd.DataFrame({"item": "A", "period": periods, "quantity": quantities})
    return explain_forecast(frame, horizon, effort="quick", **options).iloc[0]


def test_season_trend_and_error_are_named() -> None:
    noise = 1 + 0.02 * np.random.default_rng(1).standard_normal(48)
    line = explained((100 + MONTHS) * PEAK_IN_NOVEMBER * noise)
    assert line["peak"] == "Nov"
    assert line["seasonal"] == pytest.approx(0.44, abs=0.08)
    assert line["trend"] == pytest.approx(0.007, abs=0.003)
    assert 0 < line["error"] < 0.06
    assert line["explanation"] == (
        f"seasonal +{100 * line['seasonal']:.0f} % in Nov, trend +{100 * line['trend']:.1f} %/month, "
        f"error {100 * line['error']:.0f} %"
    )


@pytest.mark.parametrize("horizon", [1, 3, 18])
def test_the_peak_is_the_same_month_however_far_the_forecast_looks(horizon: int) -> None:
    assert explained(100 * PEAK_IN_NOVEMBER, horizon)["peak"] == "Nov"


def test_a_dip_is_named_where_it_stands_out_more() -> None:
    line = explained(100 * np.where(MONTHS % 12 == 7, 0.4, 1.0))
    assert line["peak"] == "Aug"
    assert line["seasonal"] < -0.3


def test_a_flat_history_has_neither_season_nor_trend() -> None:
    line = explained([50.0] * 47 + [50.1])
    assert line["explanation"].startswith("no season, no trend")


def test_a_rare_item_says_how_often_it_sells() -> None:
    line = explained([0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 3.0] * 5)
    assert line["explanation"].startswith("sells in 10 of 35 months, error ")


def test_no_sales_and_manual_items_say_so() -> None:
    assert explained([0.0] * 24)["explanation"] == "no sales in the history"
    assert explained([5.0] * 24, methods={"A": "Manual"})["explanation"] == "left to the planner"


def test_a_short_history_says_that_the_error_is_not_known() -> None:
    assert "error not known" in explained([5.0, 6.0, 7.0])["explanation"]


def test_cleaned_periods_are_counted() -> None:
    quantities = [10.0] * 30
    quantities[20] = -3.0
    assert explained(quantities)["explanation"].endswith("4 months cleaned")


def test_weeks_are_named_by_number() -> None:
    weeks = np.arange(156)
    line = explained(100 * np.where(weeks % 52 == 20, 2.0, 1.0), 52, "7D", season_length=52)
    assert line["peak"].startswith("week ")
    assert "/week" in line["explanation"] or "no trend" in line["explanation"]
