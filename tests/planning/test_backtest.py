"""The backtest forecasts the past as a run would have, and says how far off that was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from companies import company

from sop_addin.model.errors import InputError
from sop_addin.planning import backtest as module
from sop_addin.planning.backtest import ALL_FAMILIES, ALL_ITEMS, FAMILY, ITEM, LOSES, backtest
from sop_addin.planning.demand_forecast import forecast_demand
from sop_addin.planning.segments import segments


def history_of(**items: list[float | None]) -> dict[str, list[object]]:
    """tblHistory: one row an item, the last figure in 2026-12."""
    size = len(next(iter(items.values())))
    labels = [f"{period:%Y-%m}" for period in pd.date_range(end="2026-12-01", periods=size, freq="MS")]
    columns: dict[str, list[object]] = {"Item": list(items), "Region": [""] * len(items)}
    return columns | {label: [row[at] for row in items.values()] for at, label in enumerate(labels)}


@pytest.fixture(scope="module")
def result():
    return backtest(company(), origins=2, lags=3, effort="quick")


def test_every_origin_and_lag_of_every_series_is_held_against_what_was_sold(result):
    points = result.points
    assert len(points) == 3 * 2 * 3
    assert sorted(points["Origin"].unique()) == [pd.Timestamp("2026-08-01"), pd.Timestamp("2026-09-01")]
    later = points[(points["Item"] == "P1") & (points["Lag"] == 2)]
    assert later["Period"].tolist() == [pd.Timestamp("2026-10-01"), pd.Timestamp("2026-11-01")]
    assert later["Actual"].tolist() == [133.0, 134.0]


def test_a_forecast_knows_nothing_of_what_came_after_its_origin(result):
    tables = company()
    changed = tables.history.copy()
    for period in ("2026-10-01", "2026-11-01", "2026-12-01"):
        changed[pd.Timestamp(period)] *= 50
    other = backtest(replace(tables, history=changed), origins=2, lags=3, effort="quick")
    early = result.points["Origin"] == pd.Timestamp("2026-09-01")
    np.testing.assert_allclose(other.points.loc[early, "Forecast"], result.points.loc[early, "Forecast"])
    assert (other.points.loc[early, "Actual"] > result.points.loc[early, "Actual"]).all()


def test_the_forecast_is_the_public_one_with_the_settings_of_the_plan(result):
    history = company().history
    months = [period for period in company().history_periods if period <= pd.Timestamp("2026-08-01")]
    series = pd.DataFrame(
        {"item": 0, "period": months, "quantity": history.loc[history["Item"] == "P1", months].iloc[0]}
    )
    expected = forecast_demand(series, 3, effort="quick")["forecast"]
    points = result.points
    found = points[(points["Item"] == "P1") & (points["Origin"] == pd.Timestamp("2026-08-01"))]["Forecast"]
    np.testing.assert_allclose(found, expected)


def test_yardsticks_are_the_last_figure_and_the_same_month_of_the_year_before(result):
    row = result.points.query("Item == 'V1' and Lag == 3").iloc[0]
    assert row["Origin"] == pd.Timestamp("2026-08-01")
    assert row["Naive"] == 90 - 31  # August 2026
    assert row["Last year"] == 90 - 22  # November 2025


def test_last_year_looks_two_years_back_where_the_lag_is_longer_than_a_season():
    sold = [float(10 * (1 + at % 2) + at) for at in range(12)]
    tables = company(
        tblSettings={"Setting": ["Plan start", "Horizon", "Season length"], "Value": ["2027-01", 3, 2]},
        tblHistory=history_of(P1=sold),
    )
    points = backtest(tables, origins=1, lags=4, effort="quick").points
    assert points["Last year"].tolist() == [sold[6], sold[7], sold[6], sold[7]]


def test_accuracy_worked_out_by_hand(monkeypatch):
    """Forecast 110 for sales of 100, 125, 100 and 80; naive is the figure before each cut."""

    def constant(history, horizon, **more):
        frame = pd.DataFrame({"item": sorted(history["item"].unique())})
        start = history["period"].max() + pd.offsets.MonthBegin()
        periods = pd.DataFrame({"period": pd.date_range(start, periods=horizon, freq="MS")})
        return frame.merge(periods, how="cross").assign(forecast=110.0)

    monkeypatch.setattr(module, "forecast_demand", constant)
    sold = [90.0, 100.0, 95.0, 105.0, 100.0, 90.0, 100.0, 125.0, 100.0, 80.0]
    tables = company(tblHistory=history_of(P1=sold, P2=[2 * value for value in sold]))
    found = backtest(tables, origins=4, lags=1).accuracy.set_index(["Level", "Name"]).sort_index()
    item = found.loc[(ITEM, "P1")].iloc[0]
    errors = [10, -15, 10, 30]
    assert item["WMAPE"] == pytest.approx(65 / 405)
    assert item["Bias"] == pytest.approx(sum(errors) / 405)
    assert item["MAPE"] == pytest.approx((10 / 100 + 15 / 125 + 10 / 100 + 30 / 80) / 4)
    assert item["Naive WMAPE"] == pytest.approx((10 + 25 + 25 + 20) / 405)
    assert item["Value added"] == pytest.approx(80 / 405 - 65 / 405)
    # P2 counts two to a family unit: pumps sold 100 + 200 / 2 and were forecast 110 + 110 / 2
    pumps = found.loc[(FAMILY, "Pumps")].iloc[0]
    assert pumps["Actual"] == pytest.approx(2 * 405)
    assert pumps["Bias"] == pytest.approx((4 * 165 - 810) / 810)
    assert found.loc[(ITEM, "P2"), "Verdict"].tolist() == [LOSES]


def test_levels_and_lags_of_the_table(result):
    rows = result.accuracy
    assert set(rows["Level"]) == {ALL_FAMILIES, FAMILY, ALL_ITEMS, ITEM}
    lags = rows[rows["Level"] == ALL_FAMILIES]["Lag"]
    assert lags.isna().sum() == 1
    assert lags.dropna().tolist() == [1.0, 2.0, 3.0]
    assert rows[rows["Level"] == ITEM]["Lag"].isna().all()
    assert result.overall()["Points"] == 2 * 2 * 3  # two families
    assert result.overall(ALL_ITEMS)["Points"] == 3 * 2 * 3


def test_items_that_lose_most_volume_against_naive_come_first(result):
    items = result.accuracy[result.accuracy["Level"] == ITEM]
    lost = (items["Value added"] * items["Actual"] / items["Name"].map({"P1": 1, "P2": 2, "V1": 1})).tolist()
    assert lost == sorted(lost)
    assert set(result.losers["Name"]) == set(items[items["Value added"] <= -0.0005]["Name"])


def test_a_short_history_takes_fewer_cuts_then_fewer_lags():
    short = company(tblHistory=history_of(P1=[10.0, 12, 11, 13, 12, 11, 14, 15, 13]))
    found = backtest(short, origins=6, lags=2, effort="quick")
    assert (found.origins, found.lags) == (2, 2)
    shorter = company(tblHistory=history_of(P1=[10.0, 12, 11, 13, 12, 11, 14]))
    assert (lambda trial: (trial.origins, trial.lags))(backtest(shorter, effort="quick")) == (1, 1)


def test_an_item_that_was_not_yet_sold_is_not_tried_and_unknown_months_are_not_scored():
    new = [None] * 22 + [5.0, 6.0]
    holes = [float(20 + at) for at in range(20)] + [None, 30.0, None, 31.0]
    points = backtest(company(tblHistory=history_of(P1=holes, P2=new)), origins=1, lags=4, effort="quick").points
    assert set(points["Item"]) == {"P1"}
    assert points["Lag"].tolist() == [2, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"origins": 0}, "Backtest: origins must be from 1 to 36, not 0."),
        ({"lags": 99}, "Backtest: lags must be from 1 to 36, not 99."),
        ({"effort": "hard"}, "Effort: must be one of quick, standard, best, not 'hard'."),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(arguments, message):
    with pytest.raises(InputError) as caught:
        backtest(company(), **arguments)
    assert str(caught.value) == message


def test_too_little_history_is_told_in_one_sentence():
    with pytest.raises(InputError, match="the history has 5 periods; at least 7 are needed"):
        backtest(company(tblHistory=history_of(P1=[1.0, 2, 3, 4, 5])))
    with pytest.raises(InputError, match="History holds no sales"):
        backtest(company(tblHistory=history_of(P1=[None] * 12)))


def test_progress_counts_every_series_of_every_cut():
    told: list[tuple[int, int]] = []
    backtest(company(), origins=2, lags=1, effort="quick", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (6, 6)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


# --- ABC/XYZ ----------------------------------------------------------------------------------------------------------


def priced(prices: list[object]) -> dict[str, list[object]]:
    return {"Item": ["P1", "P2", "V1"], "Family": ["Pumps", "Pumps", "Valves"], "Units per family unit": [1, 2, 1],
            "Price": prices}  # fmt: skip


def test_classes_worked_out_by_hand():
    """Last year at price 8,400, 1,200 and 1,200: the second still begins below 80 %, the third below 95 %."""
    steady = [100.0] * 24
    jumpy = [0.0, 66.666, 0.0, 0.0, 100.0, 33.334] * 4
    wavy = [50.0, 150.0] * 12
    tables = company(tblItems=priced([7, 3, 1]), tblHistory=history_of(P1=steady, P2=jumpy, V1=wavy))
    found = segments(tables).set_index("Item")
    assert found["Volume"].to_dict() == pytest.approx({"P1": 8400.0, "P2": 1200.0, "V1": 1200.0})
    assert found.loc["P1", "Share"] == pytest.approx(8400 / 10800)
    assert found.loc["P1", "Variation"] == 0.0
    assert found.loc["V1", "Variation"] == pytest.approx(50 * np.sqrt(24 / 23) / 100)
    assert found["Class"].to_dict() == {"P1": "AX", "P2": "AZ", "V1": "BY"}


def test_without_every_price_volume_counts_in_family_units():
    tables = company(tblItems=priced([7, None, 1]), tblHistory=history_of(P1=[10.0] * 12, P2=[10.0] * 12))
    assert segments(tables).set_index("Item")["Volume"].to_dict() == {"P1": 120.0, "P2": 60.0}


def test_an_item_with_few_known_months_is_new():
    tables = company(tblHistory=history_of(P1=[10.0] * 12, P2=[None] * 7 + [10.0] * 5))
    found = segments(tables).set_index("Item")
    assert found.loc["P2", "Class"] == "New"
    assert "like item" in found.loc["P2", "Recommended planning"]


def test_shares_add_up_and_every_item_has_a_way_of_planning(result):
    found = segments(company(), result.accuracy)
    assert found["Share"].sum() == pytest.approx(1.0)
    assert found["Share"].is_monotonic_decreasing
    assert found["Recommended planning"].notna().all()
    assert found["WMAPE"].notna().all()


def test_a_company_without_history_has_no_classes():
    assert segments(company(tblHistory=history_of(P1=[None] * 3))).empty
