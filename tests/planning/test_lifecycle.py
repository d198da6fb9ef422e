"""What comes, what goes and what is left of it; and variants that are finished to order."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from companies import company

from sop_addin.planning.cycle import run_cycle

ITEMS = {
    "Item": ["P1", "P2", "P3", "P4", "V1"],
    "Family": ["Pumps", "Pumps", "Pumps", "Pumps", "Valves"],
    "Units per family unit": [1, 2, 1, 1, 1],
    "Cost": [40, 20, 41, 30, None],
    "Status": ["Active", "Phase-out", "New", "Discontinued", "Phase-out"],
    "Launch": [None, None, dt.datetime(2027, 3, 15), None, None],
    "End": [None, dt.datetime(2027, 4, 30), None, None, dt.datetime(2027, 5, 31)],
    "Like item": [None, None, "P1", None, None],
    "Opening stock": [50, 900, 0, 12, 30],
}


@pytest.fixture(scope="module")
def plan():
    return run_cycle(company(tblItems=ITEMS))


@pytest.fixture(scope="module")
def rows(plan):
    return plan.balance_explained["tblLifecycle"].set_index(["Event", "Item"])


def of_item(plan, item: str) -> pd.DataFrame:
    return plan.item_plan[plan.item_plan["Item"] == item].set_index("Period")


def test_the_calendar_holds_launches_phase_outs_deletions_and_short_lives(rows):
    assert list(rows.index) == [
        ("Deleted", "P4"), ("Launch", "P3"), ("Phase-out", "P2"), ("Phase-out", "V1"), ("Short life", "")
    ]  # fmt: skip


def test_a_launch_has_its_volume_and_its_share_of_the_family(plan, rows):
    launch = rows.loc[("Launch", "P3")]
    assert launch["Period"] == pd.Timestamp("2027-03-01")
    assert launch["Demand"] == pytest.approx(of_item(plan, "P3")["Demand"].sum())
    family = plan.balance.families.groupby("Family")["Demand"].sum()["Pumps"]
    assert launch["Share of family"] == pytest.approx(launch["Demand"] / family)


def test_a_phase_out_names_the_stock_that_is_left_and_its_worth(plan, rows):
    """900 of P2 are there and about 60 a month are sold until the end of April."""
    out = rows.loc[("Phase-out", "P2")]
    left = of_item(plan, "P2").loc[pd.Timestamp("2027-04-01"), "Closing stock"]
    assert left > 500
    assert out["Stock left"] == pytest.approx(left)
    assert out["Worth"] == pytest.approx(left * 20)
    assert out["Advice"].startswith(f"{left:,.0f} pcs left, worth ")


def test_what_is_deleted_and_still_in_stock_is_named(rows):
    deleted = rows.loc[("Deleted", "P4")]
    assert (deleted["Stock left"], deleted["Worth"]) == (12, 12 * 30)
    assert deleted["Advice"] == "Sell off or scrap 12 pcs, worth 360.00."


def test_a_family_that_goes_as_a_whole_is_short_lived(plan, rows):
    family = rows.loc[("Short life", "")]
    assert family["Family"] == "Valves"
    assert family["Period"] == pd.Timestamp("2027-05-01")
    assert family["Demand"] == pytest.approx(of_item(plan, "V1")["Demand"].sum())


@pytest.mark.parametrize("opening", [None, 300])
def test_variants_finished_to_order_take_from_the_base(opening):
    families = {"Family": ["Pumps", "Valves"], "Unit": ["pcs", "pcs"], "Price": [100, 50], "Target cover": [1, None],
                "Fulfilment": ["Finish to order", "Stock"], "Opening stock": [opening, None]}  # fmt: skip
    plan = run_cycle(company(tblFamilies=families))
    items, balance = plan.item_plan, plan.balance.families.set_index(["Family", "Period"])
    units = {"P1": 1.0, "P2": 2.0, "Pumps (base)": 1.0}
    pumps = items[items["Family"] == "Pumps"].copy()
    assert set(pumps["Item"]) == set(units)
    for column in ("Production", "Closing stock"):
        pumps[column] = pumps[column] / pumps["Item"].map(units)
        total = pumps.groupby("Period")[column].sum()
        assert total.to_numpy() == pytest.approx(balance.loc["Pumps"][column].to_numpy(), abs=1e-6)
    shipped = (
        (50 + 40 / 2)
        + pumps[pumps["Item"] != "Pumps (base)"]["Production"].sum()
        - (pumps[(pumps["Item"] != "Pumps (base)") & (pumps["Period"] == pumps["Period"].max())]["Closing stock"].sum())
    )
    assert shipped == pytest.approx(balance.loc["Pumps"]["Sales"].sum(), abs=1e-5)
    last = pumps[pumps["Period"] == pumps["Period"].max()].set_index("Item")["Closing stock"]
    assert last[["P1", "P2"]].tolist() == [0.0, 0.0], "finished stock is used up, then every variant is configured late"
    base = pumps[pumps["Item"] == "Pumps (base)"]
    assert (base["Closing stock"] > -1e-6).all()
    assert set(items[items["Family"] == "Valves"]["Item"]) == {"V1"}
