"""What planners say of an item moves its family, and what they say of a family its items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from companies import company
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.tables import Tables
from sop_addin.planning.consensus import consensus_demand
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.families import disaggregate_to_item
from sop_addin.planning.item_demand import ItemDemand, demand_shares, item_demand

PERIODS = list(pd.date_range("2027-01-01", periods=6, freq="MS"))
JAN, FEB, MAR = PERIODS[:3]
NO_HISTORY = pd.DataFrame({"Item": [], "Region": [], "Period": [], "Quantity": []})


def pumps(*overrides: dict[str, object], **more: object) -> Tables:
    """P1 (one a pump), P2 (two make a pump unit) and V1."""
    rows = {name: [override.get(name) for override in overrides] for name in ("Item", "Region", "Period", "Quantity")}
    return company(tblItemOverrides=rows, **more)


def forecast(**regions: float) -> pd.DataFrame:
    """A flat forecast by item and region: ``P1_North=100``."""
    rows = [(*name.split("_"), period, quantity) for name, quantity in regions.items() for period in PERIODS]
    return pd.DataFrame(rows, columns=["Item", "Region", "Period", "Forecast"])


FLAT = {"P1_North": 60.0, "P1_South": 40.0, "P2_North": 80.0, "V1_South": 30.0}  # pumps: 100 + 80 / 2


def demand_of(tables: Tables, **regions: float) -> ItemDemand:
    return item_demand(tables, forecast(**(regions or FLAT)), NO_HISTORY)


def family(demand: ItemDemand, measure: str, name: str = "Pumps") -> list[float]:
    return demand.families.loc[demand.families["Family"] == name, measure].round(9).tolist()


def test_an_override_of_an_item_moves_its_family_by_the_difference():
    demand = demand_of(pumps({"Item": "P2", "Period": "2027-02", "Quantity": 120}))
    assert family(demand, "Item overrides") == [0, 20, 0, 0, 0, 0]  # 40 more of P2 are 20 family units
    assert family(demand, "Statistical forecast") == [140] * 6
    assert family(demand, "Item overrides", "Valves") == [0] * 6


def test_an_override_of_zero_is_an_override():
    assert family(demand_of(pumps({"Item": "P1", "Period": "2027-01", "Quantity": 0})), "Item overrides")[0] == -100


def test_an_override_of_a_region_replaces_that_region():
    demand = demand_of(pumps({"Item": "P1", "Region": "South", "Period": "2027-01", "Quantity": 55}))
    assert family(demand, "Item overrides")[0] == 15


def test_a_region_that_does_not_sell_yet_can_be_given_a_figure():
    demand = demand_of(pumps({"Item": "P1", "Region": "Moon", "Period": "2027-01", "Quantity": 5}))
    assert family(demand, "Item overrides")[0] == 5


def test_a_figure_for_the_whole_item_wins_over_its_regions():
    demand = demand_of(
        pumps(
            {"Item": "P1", "Region": "South", "Period": "2027-01", "Quantity": 55},
            {"Item": "P1", "Period": "2027-01", "Quantity": 90},
        )
    )
    assert family(demand, "Item overrides")[0] == -10


def test_an_override_replaces_events_too():
    events = {"Event": ["Fair"], "Item": ["P1"], "From": ["2027-01"], "To": ["2027-01"], "Uplift %": [0.5]}
    demand = demand_of(pumps({"Item": "P1", "Period": "2027-01", "Quantity": 120}, tblEvents=events))
    assert family(demand, "Events")[0] == 50
    assert family(demand, "Item overrides")[0] == -30
    assert demand.total[0, 0] == pytest.approx(120)


def test_overrides_of_other_periods_and_of_discontinued_items_change_nothing():
    items = {"Item": ["P1", "P2", "V1"], "Family": ["Pumps", "Pumps", "Valves"], "Status": ["Discontinued", "", ""]}
    demand = demand_of(
        pumps(
            {"Item": "P1", "Period": "2027-01", "Quantity": 9},
            {"Item": "P2", "Period": "2026-01", "Quantity": 9},
            tblItems=items,
        )
    )
    assert family(demand, "Item overrides") == [0] * 6


def test_an_event_lifts_what_a_launch_brings_and_not_what_a_phase_out_has_lost():
    items = {
        "Item": ["P1", "P2", "V1"], "Family": ["Pumps", "Pumps", "Valves"], "Status": ["Discontinued", "New", ""],
        "Like item": ["", "P1", ""],
    }  # fmt: skip
    events = {"Event": ["Fair"], "Family": ["Pumps"], "From": ["2027-01"], "To": ["2027-01"], "Uplift %": [0.5]}
    demand = demand_of(company(tblItems=items, tblEvents=events), P1_North=100.0, V1_South=30.0)
    assert family(demand, "New and phase-out")[0] == 0  # P1 gone, P2 in its place
    assert demand.parts["Events"][:, 0].round(9).tolist() == [0, 50, 0]


def test_a_launch_sells_in_the_regions_of_its_like_item():
    items = {
        "Item": ["P1", "P2", "V1"], "Family": ["Pumps", "Pumps", "Valves"], "Status": ["", "New", ""],
        "Like item": ["", "P1", ""],
    }  # fmt: skip
    events = {"Event": ["Fair"], "Item": ["P2"], "Region": ["South"], "From": ["2027-01"], "To": ["2027-01"],
              "Uplift %": [0.5]}  # fmt: skip
    demand = demand_of(company(tblItems=items, tblEvents=events), P1_North=60.0, P1_South=40.0, V1_South=30.0)
    assert demand.parts["Events"][1, 0] == pytest.approx(20)


def shares_of(demand: ItemDemand, tables: Tables, **override: float) -> dict[str, float]:
    """Items of Pumps in January after sharing out; ``override`` of the family."""
    plan = demand.families.assign(Override=np.nan)
    january = (plan["Family"] == "Pumps") & (plan["Period"] == JAN)
    plan.loc[january, "Override"] = override.get("family", np.nan)
    consensus = consensus_demand(plan)
    value = consensus.rename(columns={"Consensus demand": "Value"})[["Family", "Period", "Value"]]
    items = disaggregate_to_item(value, demand_shares(demand, tables, consensus), tables.items)
    january_rows = items[(items["Period"] == JAN) & (items["Family"] == "Pumps")]
    return january_rows.set_index("Item")["Value"].round(6).to_dict()


def test_a_family_override_spreads_to_items_by_share():
    tables = pumps()
    assert shares_of(demand_of(tables), tables, family=280) == {"P1": 200, "P2": 160}


def test_an_item_keeps_its_override_when_its_family_is_overridden_too():
    tables = pumps({"Item": "P1", "Period": "2027-01", "Quantity": 150})
    assert shares_of(demand_of(tables), tables, family=280) == {"P1": 150, "P2": 260}


def test_item_overrides_beyond_the_family_override_are_reduced_together():
    tables = pumps(
        {"Item": "P1", "Period": "2027-01", "Quantity": 150}, {"Item": "P2", "Period": "2027-01", "Quantity": 100}
    )
    assert shares_of(demand_of(tables), tables, family=100) == {"P1": 75, "P2": 50}


def test_without_family_override_every_item_has_its_own_demand():
    tables = pumps({"Item": "P1", "Period": "2027-01", "Quantity": 150})
    assert shares_of(demand_of(tables), tables) == {"P1": 150, "P2": 80}


amounts = st.floats(0, 1e7)


@settings(max_examples=60, deadline=None)
@given(
    base=st.lists(amounts, min_size=3, max_size=3),
    given_=st.dictionaries(st.sampled_from(["P1", "P2", "V1"]), amounts, max_size=3),
    of_family=st.one_of(st.none(), amounts),
)
def test_items_add_up_to_their_family_and_overrides_are_obeyed_whatever_is_typed(base, given_, of_family):
    tables = pumps(*({"Item": item, "Period": "2027-01", "Quantity": quantity} for item, quantity in given_.items()))
    demand = demand_of(tables, P1_North=base[0], P2_North=base[1], V1_South=base[2])
    plan = demand.families.assign(Override=np.nan)
    if of_family is not None:
        plan.loc[(plan["Family"] == "Pumps") & (plan["Period"] == JAN), "Override"] = of_family
    consensus = consensus_demand(plan)
    value = consensus.rename(columns={"Consensus demand": "Value"})[["Family", "Period", "Value"]]
    items = disaggregate_to_item(value, demand_shares(demand, tables, consensus), tables.items)
    units = {"P1": 1.0, "P2": 2.0, "V1": 1.0}
    added = (items["Value"] / items["Item"].map(units)).groupby([items["Family"], items["Period"]]).sum()
    wanted = value.set_index(["Family", "Period"])["Value"]
    np.testing.assert_allclose(added.reindex(wanted.index), wanted, rtol=1e-9, atol=1e-9)
    assert (items["Value"] >= 0).all()
    if of_family is None:
        for item, quantity in given_.items():
            got = items.loc[(items["Item"] == item) & (items["Period"] == JAN), "Value"].iloc[0]
            assert got == pytest.approx(quantity, rel=1e-9, abs=1e-6 * (1 + sum(base)))


class TestInTheCycle:
    def test_an_item_override_reaches_consensus_balance_item_plan_and_long_plan(self):
        usual = run_cycle(company())
        plan = run_cycle(pumps({"Item": "P1", "Period": "2027-02", "Quantity": 500}))
        demand = plan.balance.families.set_index(["Family", "Period"])["Demand"]
        before = usual.item_plan.set_index(["Item", "Period"])["Demand"]
        items = plan.item_plan.set_index(["Item", "Period"])["Demand"]
        assert items["P1", FEB] == pytest.approx(500)
        assert items["P2", FEB] == pytest.approx(before["P2", FEB])
        assert demand["Pumps", FEB] == pytest.approx(500 + before["P2", FEB] / 2)
        steps = plan.plan_table[(plan.plan_table["Family"] == "Pumps") & (plan.plan_table["Period"] == FEB)]
        value = steps.set_index("Measure")["Value"]
        parts = ["Statistical forecast", "Events", "New and phase-out", "Item overrides"]
        assert value[parts].sum() == pytest.approx(value["Consensus demand"])

    def test_a_rerun_gives_the_same_consensus(self):
        tables = pumps({"Item": "P1", "Period": "2027-02", "Quantity": 500})
        first = run_cycle(tables, ("forecast", "aggregate"))
        again = run_cycle(first.tables, ("forecast", "aggregate"))
        pd.testing.assert_frame_equal(first.tables.sales_plan, again.tables.sales_plan)

    def test_rows_and_columns_in_another_order_give_the_same_plan(self):
        tables = pumps(
            {"Item": "P1", "Period": "2027-02", "Quantity": 500}, {"Item": "V1", "Period": "2027-03", "Quantity": 7}
        )
        mixed = replace(tables, item_overrides=tables.item_overrides.iloc[::-1, ::-1])
        plans = [run_cycle(one, ("forecast", "aggregate")).tables.sales_plan for one in (tables, mixed)]
        pd.testing.assert_frame_equal(*plans)

    def test_items_that_were_promised_more_than_their_family_are_named(self):
        tables = company(
            tblItemOverrides={"Item": ["P1"], "Period": ["2027-02"], "Quantity": [500]},
            demand={"Family": ["Pumps"], "Period": ["2027-02"], "Value": [300]},
        )
        (finding,) = [f for f in run_cycle(tables).findings if f.rule == "item_overrides_within_family"]
        assert finding.message == (
            "the overrides of items of Pumps in 2027-02 add up to 500, more than the 300 that the Sales Plan says for "
            "the family, which counts; change one of the two"
        )

    def test_a_past_promotion_does_not_come_back_in_the_forecast(self):
        """History with and without a promotion that is in tblEvents: the same statistical forecast."""
        months = [f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(36)]

        def history(uplift: float) -> dict[str, list[object]]:
            season = [100 + 20 * (month % 12 in (5, 6)) + month for month in range(36)]
            lifted = [value * (uplift if months[n] in ("2025-03", "2026-10") else 1) for n, value in enumerate(season)]
            rows = {month: [value, 60, 90] for month, value in zip(months, lifted, strict=True)}
            return {"Item": ["P1", "P2", "V1"], "Region": ["North", "North", "South"], **rows}

        events = {"Event": ["Fair 2025", "Fair 2026"], "Item": ["P1", "P1"], "From": ["2025-03", "2026-10"],
                  "To": ["2025-03", "2026-10"]}  # fmt: skip
        plain, known, unknown = (
            run_cycle(company(tblHistory=history(factor), tblEvents=table), ("forecast", "aggregate"))
            .tables.sales_plan.query("Family == 'Pumps'")["Statistical forecast"]
            .to_numpy()
            for factor, table in ((1.0, None), (1.8, events), (1.8, None))
        )
        np.testing.assert_allclose(known, plain, rtol=0.02)
        assert np.abs(unknown / plain - 1).max() > 0.02
