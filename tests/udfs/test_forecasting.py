"""SOP_FORECAST, SOP_FORECAST_METHOD, SOP_CLEAN, SOP_ACCURACY."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_addin.planning.demand_forecast import clean_history, forecast_demand

from .excel import ERRORS, MISSING, NA, SPILL, Excel, serial

MONTHS = np.arange(60)
SALES = [round(float(value), 1) for value in 200 + MONTHS + 40 * np.sin(2 * np.pi * MONTHS / 12)]
ROW = (tuple(SALES),)
COLUMN = tuple((value,) for value in SALES)


def frame(values: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {"item": "A", "period": pd.date_range("2020-01-01", periods=len(values), freq="MS"), "quantity": values}
    )


def test_a_history_in_a_row_gives_three_rows_and_in_a_column_three_columns(excel: Excel) -> None:
    expected = forecast_demand(frame(SALES), 6)[["forecast", "low", "high"]].to_numpy()
    rows = excel("SOP_FORECAST", ROW, 6.0)
    assert np.array(rows) == pytest.approx(expected.T)
    columns = excel("SOP_FORECAST", COLUMN, 6.0, 12.0, 0.8)
    assert np.array(columns) == pytest.approx(expected)
    assert all(low <= middle <= high for middle, low, high in columns)


def test_a_rectangle_holds_one_item_a_row(excel: Excel) -> None:
    half = tuple(value / 2 for value in SALES)
    found = np.array(excel("SOP_FORECAST", (ROW[0], half), 4.0))
    assert found.shape == (6, 4)
    assert found[0] == pytest.approx(np.array(excel("SOP_FORECAST", ROW, 4.0))[0])
    assert found[3] == pytest.approx(found[0] / 2)
    assert excel("SOP_FORECAST_METHOD", (ROW[0], half)) == [[excel("SOP_FORECAST_METHOD", ROW)]] * 2


def test_whole_columns_and_what_was_not_sold_yet(excel: Excel) -> None:
    expected = excel("SOP_FORECAST", COLUMN, 3.0)
    assert excel("SOP_FORECAST", (*COLUMN, *((None,),) * 2000), 3.0) == expected
    assert excel("SOP_FORECAST", ((None,), (None,), *COLUMN), 3.0) == expected
    assert excel("SOP_FORECAST", (("",), *COLUMN, ("",)), 3.0) == expected


def test_one_cell_is_a_history_too(excel: Excel) -> None:
    found = excel("SOP_FORECAST", 100.0, 2.0)
    assert [len(row) for row in found] == [2, 2, 2]
    assert excel("SOP_FORECAST", ((100.0,),), ((2.0,),)) == found
    assert isinstance(excel("SOP_FORECAST_METHOD", 100.0), str)


def test_a_wider_interval_and_another_season_change_the_answer(excel: Excel) -> None:
    narrow, wide = (excel("SOP_FORECAST", COLUMN, 3.0, MISSING, level) for level in (0.5, 0.95))
    assert all(w[2] - w[1] > n[2] - n[1] for n, w in zip(narrow, wide, strict=True))
    assert excel("SOP_FORECAST", COLUMN, 3.0, 1.0)[0][0] != excel("SOP_FORECAST", COLUMN, 3.0)[0][0]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((COLUMN, 0.0), "#SOP: horizon: must be a whole number from 1 to 520, not 0."),
        ((COLUMN, 2.5), "#SOP: horizon: must be a whole number from 1 to 520, not 2.5."),
        ((COLUMN, None), "#SOP: horizon: is missing."),
        ((COLUMN, "six"), "#SOP: horizon is the text 'six', not a number."),
        ((COLUMN, True), "#SOP: horizon is TRUE, not a number."),
        ((COLUMN, 6.0, 0.0), "#SOP: season: must be a whole number from 1 to 366, not 0."),
        ((COLUMN, 6.0, 12.0, 80.0), "#SOP: interval: must be below 1, not 80."),
        ((COLUMN, ((6.0,), (7.0,))), "#SOP: horizon: must be one cell, not 2 rows x 1 columns."),
        ((MISSING, 6.0), "#SOP: history: is missing."),
        ((((None,),) * 5, 6.0), "#SOP: history: every cell is blank."),
        (((("Sales",), *COLUMN), 6.0), "#SOP: history, cell 1 is the text 'Sales', not a number."),
        (((*COLUMN[:5], (None,), *COLUMN[5:]), 6.0), "#SOP: history, cell 6 is blank; write 0 where nothing was sold,"),
        (((ROW[0][:3], (1.0, None, 2.0)), 6.0), "#SOP: history, row 2, column 2 is blank; write 0"),
        (((COLUMN[0], (SPILL,)), 6.0), "#SOP: history, cell 2 holds an Excel error; mend the formula there."),
        ((((1e300,), (1.0,)), 6.0), "#SOP: history"),
        ((((1.0,),) * 3001, 6.0), "#SOP: history: 3,001 periods; at most 3,000 are read."),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(excel: Excel, arguments, expected: str) -> None:
    assert excel("SOP_FORECAST", *arguments).startswith(expected)


@pytest.mark.parametrize("code", ERRORS)
def test_every_excel_error_in_a_range_is_named(excel: Excel, code: int) -> None:
    found = excel("SOP_FORECAST", (*COLUMN[:9], (code,), *COLUMN[9:]), 6.0)
    assert found.startswith("#SOP: history, cell 10 holds #")
    assert found.endswith("; mend the formula there.")


def test_clean_keeps_the_shape_and_fills_gaps(excel: Excel) -> None:
    gap: list[float | None] = [None, *SALES[:20], None, *SALES[20:]]
    gap[30] = 5000.0
    expected = clean_history(frame(gap))["cleaned"].to_numpy()
    found = excel("SOP_CLEAN", tuple((value,) for value in gap))
    assert len(found) == len(gap)
    assert found[0] == [""], "not sold yet stays blank"
    assert np.array([row[0] for row in found[1:]]) == pytest.approx(expected[1:])
    assert found[21][0] == pytest.approx((SALES[19] + SALES[20]) / 2, rel=0.05)
    assert found[30][0] < 500
    assert excel("SOP_CLEAN", (tuple(gap),)) == [[row[0] for row in found]]
    assert excel("SOP_FORECAST", tuple(map(tuple, found)), 3.0) == excel(
        "SOP_FORECAST", tuple(map(tuple, found[1:])), 3.0
    )
    assert excel("SOP_CLEAN", ((1.0,), (NA,))) == "#SOP: history, cell 2 holds #N/A; mend the formula there."


# Actual 100, 200, 300, 400 and forecast 110, 180, 300, 440: errors +10, -20, 0, +40, by hand from the definitions in
# Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed., 2021), section 5.8.
ACTUAL, FORECAST = ((100.0, 200.0, 300.0, 400.0),), ((110.0,), (180.0,), (300.0,), (440.0,))
BY_HAND = {
    "WAPE": 70 / 1000,
    "BIAS": 30 / 1000,
    "MAE": 70 / 4,
    "ME": 30 / 4,
    "RMSE": (2100 / 4) ** 0.5,
    "MAPE": (0.1 + 0.1 + 0 + 0.1) / 4,
    "SMAPE": (20 / 210 + 40 / 380 + 0 + 80 / 840) / 4,
}


@pytest.mark.parametrize("metric", BY_HAND)
def test_accuracy_by_hand(excel: Excel, metric: str) -> None:
    assert excel("SOP_ACCURACY", ACTUAL, FORECAST, metric.lower()) == pytest.approx(BY_HAND[metric])


def test_several_metrics_give_as_many_figures_in_their_shape(excel: Excel) -> None:
    assert excel("SOP_ACCURACY", ACTUAL, FORECAST) == pytest.approx(BY_HAND["WAPE"])
    names = tuple((name,) for name in BY_HAND)
    assert excel("SOP_ACCURACY", ACTUAL, FORECAST, names) == [[pytest.approx(value)] for value in BY_HAND.values()]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((ACTUAL, ((1.0, 2.0),)), "#SOP: forecast: has 2 cells, actual has 4 cells; they must cover the same periods."),
        ((((1.0, None, 3.0),), ((1.0, 2.0, 3.0),)), "#SOP: actual, cell 2 is blank; leave periods out"),
        ((ACTUAL, FORECAST, "MASE"), "#SOP: metric: 'MASE' is not one of WAPE, BIAS, MAE, ME, RMSE, MAPE, SMAPE"),
        ((((0.0, 0.0),), ((1.0, 2.0),)), "#SOP: actual: every value is 0, so WAPE has no meaning; use MAE or ME."),
        ((((1.0, 0.0),), ((1.0, 2.0),), "MAPE"), "#SOP: actual, cell 2 is 0, and MAPE divides by it; use WAPE."),
        ((ACTUAL, ((serial(2027, 1), NA, 1.0, 1.0),)), "#SOP: forecast, cell 2 holds #N/A"),
    ],
)  # fmt: skip
def test_wrong_arguments_of_accuracy_are_named(excel: Excel, arguments, expected: str) -> None:
    assert excel("SOP_ACCURACY", *arguments).startswith(expected)
