"""What the guide tells about the sample is really in its data: one test for each element of the story."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sop_addin.sample import sample_tables
from sop_addin.sample.demand import EVENTS, SEASON, expected, naive_demand
from sop_addin.sample.products import CATALOGUE, PRODUCTS
from sop_addin.sample.shared import FAMILY_NAMES, FRIDGES, NORDICS, OVENS, SMALL, SPARES, position_of

START = dt.datetime(2027, 1, 1)


@pytest.fixture(scope="module")
def sample() -> dict[str, pd.DataFrame]:
    return sample_tables()


@pytest.fixture(scope="module")
def items(sample: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return sample["tblItems"].set_index("Item")


@pytest.fixture(scope="module")
def history(sample: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return sample["tblHistory"].set_index(["Item", "Region"]).astype(float)


@pytest.fixture(scope="module")
def families(history: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Sales by family and month, in family units."""
    names = history.index.get_level_values("Item")
    in_family_units = history.div(items["Units per family unit"].astype(float).loc[names].to_numpy(), axis=0)
    return in_family_units.groupby(items["Family"].loc[names].to_numpy()).sum()


def test_six_families_about_sixty_items_three_regions_forty_eight_months(sample, items, history) -> None:
    assert len(sample["tblFamilies"]) == 6
    assert 58 <= len(items) <= 66
    assert history.index.get_level_values("Region").nunique() == 3
    assert history.shape[1] == 48


def test_every_season_has_mean_one() -> None:
    for family, season in SEASON.items():
        assert sum(season) == pytest.approx(12), family


def test_peaks_differ_by_family(families: pd.DataFrame) -> None:
    by_month = families.T.groupby(lambda label: int(label[5:])).mean()
    peak = by_month.idxmax()
    assert peak[FRIDGES] in (6, 7)
    assert peak[OVENS] in (11, 12)
    assert peak[SMALL] in (11, 12)
    assert by_month[SMALL].max() > 1.5 * by_month[SMALL].mean()


def test_families_grow(families: pd.DataFrame) -> None:
    years = families.T.groupby(lambda label: label[:4]).sum().T
    assert (years["2026"] > years["2023"]).all()


def test_promotions_are_in_the_records_and_in_the_history(sample, history) -> None:
    events = sample["tblEvents"]
    assert ((events["To"] < START) & (events["Uplift %"].notna())).sum() >= 4, "past promotions"
    assert (events["From"] >= START).sum() >= 4, "coming events"
    aria = history.loc[("WM-8100", "Central Europe")]
    assert aria["2025-10"] > 1.1 * aria["2024-10"]
    assert aria["2025-10"] > 1.05 * aria["2026-10"]
    fryer = history.xs("SA-510", level="Item").sum()
    assert fryer["2024-10"] > 1.3 * fryer["2023-10"]


def test_an_uncertain_event_has_units_and_a_probability(sample) -> None:
    tender = sample["tblEvents"].set_index("Event").loc["Housing tender, Nordics"]
    assert tender["Uplift units"] > 0
    assert 0 < tender["Probability"] < 1


def test_spare_parts_sell_now_and_then(history, items) -> None:
    spares = items.index[items["Family"] == SPARES]
    idle = {item: float((history.loc[item] == 0).mean().mean()) for item in spares}
    assert sum(share > 0.3 for share in idle.values()) >= 6
    assert idle["SP-010"] == 0, "filters sell every month"
    others = history.drop(index=list(spares), level="Item")
    assert (others.fillna(1) == 0).to_numpy().sum() <= 6, "appliances sell every month but for the stock-out"


def test_stock_out_is_two_months_of_zeros_or_blanks_with_a_note(sample, history) -> None:
    months = ["2025-07", "2025-08"]
    assert (history.loc[("RF-3400", "Central Europe"), months] == 0).all()
    assert (history.loc[("RF-3400", "UK and Ireland"), months] == 0).all()
    assert history.loc[("RF-3400", NORDICS), months].isna().all()
    assert history.loc[("RF-3400", "Central Europe"), "2025-09"] > 0
    note = sample["tblEvents"].set_index("Event").loc["Compressor shortage 2025"]
    assert note["Item"] == "RF-3400"
    assert pd.isna(note["Uplift %"]), "a note, not a figure"
    assert "not demand" in note["Note"]


def test_returns_are_negative_months(history) -> None:
    assert (history < 0).to_numpy().sum() >= 3


def test_gaps_are_blanks_within_a_series(history) -> None:
    row = history.loc[("DW-6100", "UK and Ireland")]
    assert row[["2024-08", "2024-09", "2024-10"]].isna().all()
    assert row["2024-07"] > 0
    assert row["2024-11"] > 0


def test_a_region_was_entered_later(history) -> None:
    nordics = history.xs(NORDICS, level="Region")
    assert nordics.loc[:, :"2025-02"].isna().to_numpy().all()
    ongoing = nordics.loc["WM-7100"]
    assert ongoing["2025-03":].notna().all()
    assert ongoing["2025-03"] < 0.6 * ongoing["2026-03"], "it ramps up"


def test_new_items_follow_a_like_item(items, history) -> None:
    new = items[items["Status"] == "New"]
    assert set(new["Like item"]) <= set(items.index)
    assert (new["Launch"] >= START).sum() == 2
    recent = new[new["Launch"] < START]
    assert list(recent.index) == ["OV-7400"]
    assert history.loc["OV-7400"].notna().sum(axis=1).eq(3).all(), "three months of its own"
    assert "WM-9500" not in history.index.get_level_values("Item")


def test_a_phase_out_has_an_end_and_a_successor(items) -> None:
    old, successor = items.loc["RF-2600"], items.loc["RF-2700"]
    assert old["Status"] == "Phase-out"
    assert START < old["End"] < successor["Launch"]
    assert successor["Like item"] == "RF-2600"
    assert (successor["Launch"] - old["End"]).days == 1


def test_a_discontinued_item_stopped_selling_and_has_no_stock(items, history) -> None:
    assert items.loc["DW-4100", "Status"] == "Discontinued"
    assert items.loc["DW-4100", "Opening stock"] == 0
    assert history.loc["DW-4100"].loc[:, "2026-04":].isna().to_numpy().all()
    assert (history.loc["DW-4100"].loc["Central Europe", :"2026-03"] > 0).all()


def test_units_per_family_unit_differ(items) -> None:
    units = items.groupby("Family")["Units per family unit"].agg(lambda column: set(column.astype(float)))
    assert 6.0 in units[SMALL]
    assert 10.0 in units[SPARES]
    assert 0.5 in units[OVENS], "a set of oven and hob is two appliances"


def test_item_prices_leave_a_margin_and_match_the_price_of_the_family(sample, items, history) -> None:
    euro = items["Currency"].map({"EUR": 1.0, "GBP": 1.145})
    price, cost = items["Price"].astype(float) * euro, items["Cost"].astype(float) * euro
    margin = 1 - cost / price
    assert margin.between(0.3, 0.62).all()
    sold = history.loc[:, "2026-01":].sum(axis=1).groupby("Item").sum().reindex(items.index).fillna(0)
    revenue = (sold * price).groupby(items["Family"]).sum()
    volume = (sold / items["Units per family unit"].astype(float)).groupby(items["Family"]).sum()
    family_price = sample["tblFamilies"].set_index("Family")["Price"].astype(float)
    assert (revenue / volume / family_price).between(0.97, 1.03).all()


def test_opening_stock_is_about_a_month_of_cover(items) -> None:
    stock = (items["Opening stock"].astype(float) / items["Units per family unit"].astype(float)).groupby(
        items["Family"]
    )
    for family, quantity in stock.sum().items():
        coming = naive_demand(str(family))
        assert 0.85 <= quantity / coming[0] <= 1.6, family


def test_safety_stock_is_part_of_the_target_cover(sample, items) -> None:
    target = sample["tblFamilies"].set_index("Family")["Target cover"].astype(float)
    safety = items["Safety stock"].astype(float) / items["Units per family unit"].astype(float)
    for family, quantity in safety.groupby(items["Family"]).sum().items():
        assert 0 < quantity < target[family] * naive_demand(str(family))[0], family


def test_actual_stock_follows_from_sales_and_production_and_ends_at_the_opening_stock(sample, items, families) -> None:
    stock = sample["tblStock"]
    opening = (items["Opening stock"].astype(float) / items["Units per family unit"].astype(float)).groupby(
        items["Family"]
    )
    for family, rows in stock.groupby("Family", sort=False):
        level = rows["Stock"].astype(float).to_numpy()
        change = (rows["Production"].astype(float) - rows["Sales"].astype(float)).to_numpy()
        assert len(rows) == 12
        assert np.diff(level) == pytest.approx(change[1:])
        assert (level > 0).all()
        assert level[-1] == pytest.approx(opening.sum()[family], abs=0.5)
        sold = families.loc[family, "2026-01":].to_numpy()
        assert rows["Sales"].astype(float).to_numpy() == pytest.approx(sold, abs=0.5)


def test_budget_covers_last_year_and_horizon_and_is_slightly_off(sample) -> None:
    budget = sample["tblBudget"]
    assert len(budget) == 6 * 30
    ahead = budget[budget["Period"] >= START]
    for family, rows in ahead.groupby("Family"):
        ratio = rows["Volume"].astype(float).sum() / sum(naive_demand(str(family)))
        assert 0.93 < ratio < 1.08, family
        assert ratio != pytest.approx(1, abs=0.002), family
        assert rows["Margin"].astype(float).lt(rows["Revenue"].astype(float)).all()


def test_overrides_have_reasons_and_are_near_last_year(sample) -> None:
    plan = sample["SalesPlan"]
    values = plan[plan["Measure"] == "Override"].set_index(["Family", "Period"])["Value"]
    reasons = plan[plan["Measure"] == "Override reason"].set_index(["Family", "Period"])["Value"]
    assert 3 <= len(values) <= 8
    assert set(values.index) == set(reasons.index)
    for (family, period), value in values.items():
        usual = naive_demand(family)[(period.year - 2027) * 12 + period.month - 1]
        assert 0.75 < value / usual < 1.3, (family, period)


def test_scenarios_risks_steps_and_decisions_are_there(sample) -> None:
    assert {"Strong summer", "Supplier strike"} <= set(sample["tblScenarios"]["Scenario"])
    assert len(sample["tblRisks"]) >= 4
    risks = sample["tblRisks"][["Low %", "Likely %", "High %"]].astype(float)
    assert (risks["Low %"] <= risks["Likely %"]).all()
    assert (risks["Likely %"] <= risks["High %"]).all()
    due = list(sample["tblCycle"]["Due"])
    assert len(due) == 5
    assert due == sorted(due)
    assert sample["tblCycle"]["Owner"].notna().all()
    assert (sample["tblDecisions"]["Status"] == "Open").sum() >= 3


def test_noise_leaves_the_season_visible(families) -> None:
    for family in FAMILY_NAMES:
        if family == SPARES:
            continue
        usual = [
            sum(
                expected(product.item, region, position, events=True) / product.per_family_unit
                for product in CATALOGUE[family]
                for region in ("Central Europe", "UK and Ireland", NORDICS)
            )
            for position in range(36, 48)
        ]
        off = families.loc[family, "2026-01":].to_numpy() / np.array(usual) - 1
        assert np.abs(off).max() < 0.12, family
        assert np.abs(off.mean()) < 0.03, family


def test_events_touch_what_exists() -> None:
    for event in EVENTS:
        assert position_of(event.first) <= position_of(event.last), event.name
        if event.item:
            assert PRODUCTS[event.item][0] == event.family, event.name
