"""The family plan spread over its items: who gets what is made, and that it adds up."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from companies import company
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.calendar import period_range
from sop_addin.model.plan import BalancePlan
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.item_plan import item_plan

START = pd.Timestamp(2027, 1, 1)


def family_balance(production, sales, demand, opening=0.0, lost=None):
    """A solved plan of the family A, as far as the item plan looks at it."""
    periods = period_range(START, len(demand))
    nothing = np.zeros(len(demand))
    lost = nothing if lost is None else np.asarray(lost, dtype=float)
    closing = opening + np.cumsum(np.asarray(production, dtype=float) - np.asarray(sales, dtype=float))
    families = pd.DataFrame(
        {"Family": "A", "Period": periods, "Demand": np.asarray(demand, dtype=float),
         "Opening stock": np.r_[opening, closing[:-1]], "Opening backorders": nothing,
         "Production": np.asarray(production, dtype=float), "Sales": np.asarray(sales, dtype=float),
         "Closing stock": closing, "Lost sales": lost}
    )  # fmt: skip
    none = pd.DataFrame()
    return BalancePlan("Optimal", 0, 0, 0, 0, 1, 0, 0, 0, "", families, none, none, none)


def items_of(stock, safety=None, batch=None, units=None):
    count = len(stock)
    return company(
        tblItems={
            "Item": [f"I{number}" for number in range(count)], "Family": ["A"] * count, "Opening stock": list(stock),
            "Safety stock": list(safety or [0] * count), "Batch size": list(batch or [0] * count),
            "Units per family unit": list(units or [1] * count),
        },
        tblFamilies={"Family": ["A"]}, tblSources=None, tblBillOfResources=None, tblHistory=None, tblBudget=None,
        tblSettings={"Setting": ["Plan start", "Horizon"], "Value": ["2027-01", 6]},
    )  # fmt: skip


def spread(balance, tables, shares):
    """Item plan as {column: (items, periods)}; ``shares`` of demand by item."""
    periods = list(balance.families["Period"])
    weights = pd.DataFrame(
        [(f"I{number}", period, float(share)) for number, share in enumerate(shares) for period in periods],
        columns=["Item", "Period", "Weight"],
    )
    frame, findings = item_plan(tables, balance, weights)
    wide = {
        column: frame.pivot(index="Item", columns="Period", values=column).to_numpy()
        for column in ("Demand", "Production", "Closing stock")
    }
    return wide, findings


def test_what_is_made_goes_to_the_item_that_runs_out_first():
    plan, _ = spread(family_balance([60, 60, 60], [60] * 3, [60] * 3, 60), items_of([60, 0]), [1, 1])
    assert plan["Production"][:, 0].tolist() == pytest.approx([0, 60])
    assert plan["Closing stock"][:, 0].tolist() == pytest.approx([30, 30])
    assert plan["Production"][:, 1].tolist() == pytest.approx([30, 30])


def test_items_last_equally_long_above_their_safety_stock():
    """Two thirds of the demand and a safety stock of 20 on the first item."""
    plan, _ = spread(family_balance([140], [90], [90], 0), items_of([0, 0], safety=[20, 0]), [2, 1])
    closing = plan["Closing stock"][:, 0]
    assert closing.sum() == pytest.approx(50)
    assert (closing[0] - 20) / 60 == pytest.approx(closing[1] / 30)


def test_units_per_family_unit_are_kept():
    plan, _ = spread(family_balance([30], [30], [30], 0), items_of([0, 0], units=[1, 6]), [1, 6])
    assert plan["Demand"][:, 0].tolist() == pytest.approx([15, 90])
    assert plan["Production"][:, 0].tolist() == pytest.approx([15, 90])


def test_stock_in_the_wrong_item_shows_as_late_and_is_named():
    plan, findings = spread(family_balance([0, 40], [40, 40], [40, 40], 40), items_of([40, 0]), [1, 1])
    assert plan["Closing stock"][:, 0].tolist() == pytest.approx([20, -20])
    assert plan["Production"][:, 1].tolist() == pytest.approx([0, 40])
    assert plan["Closing stock"][:, 1].tolist() == pytest.approx([0, 0])
    (finding,) = findings
    assert finding.rule == "item_late"
    assert finding.message.startswith("I1: up to 20 pcs late, first in 2027-01")


def test_whole_batches_where_asked_and_exact_to_the_family():
    """The item without a Batch size takes what makes no whole batch."""
    plan, findings = spread(family_balance([100], [80], [80], 0), items_of([0, 0], batch=[40, 0]), [1, 1])
    first, second = plan["Production"][:, 0]
    assert first % 40 == pytest.approx(0)
    assert first > 0
    assert first + second == pytest.approx(100)
    assert not len(findings)


@pytest.mark.filterwarnings("error")
def test_a_batch_next_to_nothing_is_none():
    plan, findings = spread(family_balance([100], [80], [80], 0), items_of([0, 0], batch=[5e-324, 0]), [1, 1])
    assert plan["Production"][:, 0].tolist() == pytest.approx([50, 50])
    assert not len(findings)


def test_where_all_items_have_batches_the_rest_waits_for_the_next_period():
    balance = family_balance([50, 50, 50, 55], [50, 50, 50, 55], [50, 50, 50, 55], 0)
    plan, findings = spread(balance, items_of([0, 0], batch=[20, 20]), [1, 1])
    made = plan["Production"]
    assert (made / 20).round(9).tolist() == np.round(made / 20).tolist()
    behind = np.cumsum([50, 50, 50, 55]) - np.cumsum(made.sum(axis=0))
    assert ((behind >= -1e-9) & (behind < 20)).all()
    assert [finding.rule for finding in findings if finding.rule == "whole_batches"] == ["whole_batches"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_items_always_add_up_to_their_family(data):
    """Demand, production and closing stock; each item's own stock balance; nothing made below 0; batches whole."""
    count, horizon = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    figures = st.lists(st.integers(0, 90).map(float), min_size=horizon, max_size=horizon)
    stock = data.draw(st.lists(st.integers(0, 60).map(float), min_size=count, max_size=count))
    opening = sum(stock) if data.draw(st.booleans()) else float(data.draw(st.integers(0, 90)))
    demand, production = data.draw(figures), data.draw(figures)
    batch = data.draw(st.lists(st.sampled_from([0.0, 0.0, 5.0, 12.0]), min_size=count, max_size=count))
    sales, on_hand, owed = [], opening, 0.0
    for t in range(horizon):
        owed += demand[t]
        sales.append(min(owed, on_hand + production[t]) * data.draw(st.sampled_from([1.0, 1.0, 0.7])))
        on_hand, owed = on_hand + production[t] - sales[-1], owed - sales[-1]
    shares = data.draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    safety = data.draw(st.lists(st.integers(0, 30), min_size=count, max_size=count))
    balance = family_balance(production, sales, demand, opening)
    plan, _ = spread(balance, items_of(stock, safety, batch), shares)
    made = plan["Production"]
    assert plan["Demand"].sum(axis=0) == pytest.approx(np.array(demand), abs=1e-7)
    assert made.min() > -1e-7
    for item, size in enumerate(batch):
        if size:
            assert made[item] / size == pytest.approx(np.round(made[item] / size), abs=1e-6)
    if all(batch):
        behind = np.cumsum(production) - np.cumsum(made.sum(axis=0))
        assert behind.min() > -1e-6
    else:
        assert made.sum(axis=0) == pytest.approx(np.array(production), abs=1e-7)
        assert plan["Closing stock"].sum(axis=0) == pytest.approx(
            balance.families["Closing stock"].to_numpy(), abs=1e-6
        )


def test_each_item_s_stock_follows_from_its_own_figures():
    """With all demand served in time: stock before + production - demand."""
    plan = run_cycle(company()).item_plan
    for _, rows in plan.groupby("Item"):
        closing = rows["Closing stock"].to_numpy()
        moved = (rows["Production"] - rows["Demand"]).to_numpy()
        assert closing[1:] == pytest.approx(closing[:-1] + moved[1:], abs=1e-6)


def test_twenty_thousand_items_over_24_periods_take_less_than_two_seconds():
    """The pure spreading (processor time); `benchmarks/item_plan.py` measures the whole step."""
    from sop_addin.planning.item_plan import _FamilyFigures, _Spread

    random = np.random.default_rng(1)
    items, families, horizon = 20_000, 200, 24
    family = np.sort(np.arange(items) % families)
    demand = random.gamma(2.0, 50.0, (items, horizon))
    totals = np.zeros((families, horizon))
    np.add.at(totals, family, demand)
    stock = random.gamma(2.0, 40.0, items)
    opening = np.bincount(family, stock)
    begin = time.process_time()
    work = _Spread(demand, family, np.full(items, 20.0), np.where(random.random(items) < 0.3, 25.0, 0.0))
    made, closing, _ = work.run(
        stock, _FamilyFigures(opening, np.zeros(families), totals, totals, np.zeros_like(totals))
    )
    assert time.process_time() - begin < 2.0
    assert np.add.reduceat(made, work.starts) == pytest.approx(totals, rel=1e-9)
    assert np.add.reduceat(closing, work.starts)[:, -1] == pytest.approx(opening, rel=1e-7)
