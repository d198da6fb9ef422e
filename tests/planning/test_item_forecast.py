"""What the planner sets in the workbook decides how each item and region is forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from companies import company

from sop_addin.planning import item_forecast
from sop_addin.planning.item_forecast import forecast_items, forecast_items_explained

MONTHS = [f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(36)]
KEYS = ["Item", "Region", "Period"]


def sales(level: float, seed: int) -> list[object]:
    draws = np.random.default_rng(seed).normal(1, 0.1, len(MONTHS))
    return [float(round(quantity)) for quantity in level * (1 + 0.3 * np.sin(np.arange(36) * np.pi / 6)) * draws]


HISTORY: dict[str, list[list[object]]] = {
    "P1": [sales(100, 1), sales(40, 2)],
    "P2": [sales(300, 3)],
    "V1": [[*sales(50, 4)[:20], 900.0, *sales(50, 4)[21:]]],
}


def plan(
    settings: dict[str, object] | None = None, rows: dict[str, list[list[object]]] | None = None, **columns: object
):
    """P1 in two regions, P2 and V1, whose 21st month is a slip of the pen; ``columns`` of tblItems."""
    names = [
        (item, region, row) for item, of in (rows or HISTORY).items() for region, row in zip("NS", of, strict=False)
    ]
    given = {"Plan start": "2027-01", "Horizon": 6, **(settings or {})}
    return company(
        tblSettings={"Setting": list(given), "Value": list(given.values())},
        tblItems={"Item": ["P1", "P2", "V1"], "Family": ["Pumps", "Pumps", "Valves"], **columns},
        tblHistory={
            "Item": [item for item, _, _ in names],
            "Region": [region for _, region, _ in names],
            **{month: [row[number] for _, _, row in names] for number, month in enumerate(MONTHS)},
        },
    )


def test_the_method_of_an_item_is_used_in_all_its_regions_and_nowhere_else():
    forecast = forecast_items(plan(Method=["Seasonal naive", "Auto", "Auto"]))
    methods = forecast.groupby("Item")["Method"].unique().map(list).to_dict()
    assert methods["P1"] == ["Seasonal naive"]
    assert "Seasonal naive" not in methods["P2"]
    last_year = np.concatenate([row[24:30] for row in HISTORY["P1"]])
    np.testing.assert_allclose(forecast.loc[forecast["Item"] == "P1", "Forecast"].to_numpy(), last_year)


@pytest.mark.parametrize(("effort", "models"), [("Quick", "Theta + STL"), ("Best", "ETS + ARIMA")])
def test_the_effort_of_the_settings_decides_which_models_are_combined(effort, models):
    assert forecast_items(plan({"Forecast effort": effort}))["Method"].str.contains(models, regex=False).all()


def test_the_interval_level_decides_how_wide_the_interval_is():
    widths = [
        (one["High"] - one["Low"]).sum() for one in (forecast_items(plan({"Interval level": x})) for x in (0.5, 0.95))
    ]
    assert widths[1] > 1.5 * widths[0]


def test_what_was_cleaned_is_listed_with_what_was_recorded_what_is_used_and_why():
    found = forecast_items_explained(plan())
    (row,) = found.cleaning[found.cleaning["Item"] == "V1"].to_dict("records")
    assert (row["Period"], row["Recorded"], row["Reason"]) == (pd.Timestamp("2025-09-01"), 900.0, "outlier capped")
    assert row["Used"] < 200
    assert not len(forecast_items_explained(plan({"Outlier cleaning": "No"})).cleaning)


def test_every_item_and_region_has_one_line_that_explains_its_forecast():
    found = forecast_items_explained(plan()).explanations
    assert found[["Item", "Region"]].to_numpy().tolist() == [["P1", "N"], ["P1", "S"], ["P2", "N"], ["V1", "N"]]
    assert found["Explanation"].str.contains(r"seasonal [+-]\d+ % in \w{3}, .*error \d+ %").all()


def test_histories_are_cleaned_once_whatever_the_planning_of_their_family(monkeypatch):
    cleaned = []
    clean = item_forecast.cleaned_history

    def counted(history: pd.DataFrame, **options: object):
        cleaned.append(history["item"].nunique())
        return clean(history, **options)

    monkeypatch.setattr(item_forecast, "cleaned_history", counted)
    tables = plan()
    families = tables.families.assign(Planning="Reconciled")
    forecast_items(item_forecast.Tables(**(vars(tables) | {"families": families})))
    assert cleaned == [4, 2]  # the series of history; then item P1 and family Pumps, which add up several of them


def test_a_node_whose_items_began_later_than_others_is_placed_in_its_own_months():
    late = {item: [[None] * 6 + row[6:] for row in of] for item, of in HISTORY.items()}
    rows = {"P1": late["P1"], "P2": late["P2"], "V1": HISTORY["V1"]}
    whole, alone = (
        forecast_items(
            company_with_top_down(plan(rows=one))
        ).query("Item != 'V1'").set_index(KEYS)["Forecast"]
        for one in (rows, {"P1": late["P1"], "P2": late["P2"]})
    )  # fmt: skip
    pd.testing.assert_series_equal(whole, alone)


def company_with_top_down(tables: item_forecast.Tables) -> item_forecast.Tables:
    planning = ["Top-down" if name == "Pumps" else "Bottom-up" for name in tables.families["Family"]]
    return item_forecast.Tables(**(vars(tables) | {"families": tables.families.assign(Planning=planning)}))
