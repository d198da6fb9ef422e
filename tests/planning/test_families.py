"""Between items and families: nothing is lost on the way up or down."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.errors import InputError
from sop_addin.planning.families import aggregate_to_family, disaggregate_to_item

JAN, FEB = pd.Timestamp(2027, 1, 1), pd.Timestamp(2027, 2, 1)


def items_of(*rows: tuple, columns: str = "Item Family Units") -> pd.DataFrame:
    names = [{"Units": "Units per family unit"}.get(name, name) for name in columns.split()]
    return pd.DataFrame(list(rows), columns=names)


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def by_item(result: pd.DataFrame, period: pd.Timestamp = JAN) -> dict[str, float]:
    of_period = result[result["Period"] == period]
    return dict(zip(of_period["Item"], of_period["Value"], strict=True))


def test_family_quantity_is_item_quantity_divided_by_units_per_family_unit() -> None:
    items = items_of(("Sachet", "Coffee", 50.0), ("Bag", "Coffee", 2.0))
    values = frame("Item Period Forecast", ("Sachet", JAN, 100.0), ("Bag", JAN, 10.0))
    assert aggregate_to_family(values, items)["Forecast"].tolist() == [100 / 50 + 10 / 2]


def test_blank_units_per_family_unit_mean_one() -> None:
    items = items_of(("A", "F", np.nan))
    assert aggregate_to_family(frame("Item Period Q", ("A", JAN, 7.0)), items)["Q"].tolist() == [7.0]


def test_regions_of_an_item_add_up() -> None:
    items = items_of(("A", "F", 1.0))
    values = frame("Item Region Period Q", ("A", "North", JAN, 3.0), ("A", "South", JAN, 4.0))
    assert aggregate_to_family(values, items)["Q"].tolist() == [7.0]


def test_a_family_quantity_is_unknown_only_where_nothing_of_it_is_known() -> None:
    items = items_of(("A", "F", 1.0), ("B", "F", 1.0))
    values = frame("Item Period Q", ("A", JAN, np.nan), ("B", JAN, 4.0), ("A", FEB, np.nan), ("B", FEB, np.nan))
    result = aggregate_to_family(values, items)["Q"].to_numpy()
    assert result[0] == 4.0
    assert np.isnan(result[1])


def test_families_come_in_the_order_of_the_items_table_and_text_columns_are_left_out() -> None:
    items = items_of(("Z", "Zebra", 1.0), ("A", "Ape", 1.0))
    values = frame("Item Period Q Method", ("A", JAN, 1.0, "Theta"), ("Z", JAN, 2.0, "CES"))
    result = aggregate_to_family(values, items)
    assert result["Family"].tolist() == ["Zebra", "Ape"]
    assert list(result.columns) == ["Family", "Period", "Q"]


def test_items_that_are_not_in_the_table_are_named() -> None:
    with pytest.raises(InputError, match="1 items are not in the Items table: Ghost"):
        aggregate_to_family(frame("Item Period Q", ("Ghost", JAN, 1.0)), items_of(("A", "F", 1.0)))


@pytest.mark.parametrize("units", [0.0, -1.0, np.inf])
def test_units_per_family_unit_must_be_above_zero(units: float) -> None:
    with pytest.raises(InputError, match="item A: Units per family unit must be above 0"):
        aggregate_to_family(frame("Item Period Q", ("A", JAN, 1.0)), items_of(("A", "F", units)))


def test_items_get_the_family_plan_in_proportion_to_their_forecast() -> None:
    items = items_of(("A", "F", 1.0), ("B", "F", 1.0))
    shares = frame("Item Family Period Weight", ("A", "F", JAN, 30.0), ("B", "F", JAN, 10.0))
    assert by_item(disaggregate_to_item(frame("Family Period Value", ("F", JAN, 200.0)), shares, items)) == {
        "A": 150.0,
        "B": 50.0,
    }


def test_weights_and_values_of_items_are_in_the_items_own_unit() -> None:
    items = items_of(("Sachet", "Coffee", 50.0), ("Bag", "Coffee", 2.0))
    shares = frame("Item Period Weight", ("Sachet", JAN, 100.0), ("Bag", JAN, 4.0))  # 2 + 2 family units
    plan = frame("Family Period Value", ("Coffee", JAN, 10.0))
    assert by_item(disaggregate_to_item(plan, shares, items)) == {"Sachet": 250.0, "Bag": 10.0}


def test_discontinued_items_get_nothing() -> None:
    items = items_of(("A", "F", "Active"), ("Old", "F", "Discontinued"), columns="Item Family Status")
    shares = frame("Item Period Weight", ("A", JAN, 1.0), ("Old", JAN, 99.0))
    assert by_item(disaggregate_to_item(frame("Family Period Value", ("F", JAN, 5.0)), shares, items)) == {"A": 5.0}


def test_without_weights_in_a_period_the_weights_of_the_other_periods_decide() -> None:
    items = items_of(("A", "F", 1.0), ("B", "F", 1.0))
    shares = frame("Item Period Weight", ("A", JAN, 0.0), ("B", JAN, 0.0), ("A", FEB, 3.0), ("B", FEB, 1.0))
    plan = frame("Family Period Value", ("F", JAN, 8.0), ("F", FEB, 8.0))
    assert by_item(disaggregate_to_item(plan, shares, items)) == {"A": 6.0, "B": 2.0}


def test_without_any_weights_history_decides_and_without_history_items_share_equally() -> None:
    items = items_of(("A", "F", 1.0), ("B", "F", 1.0))
    none = frame("Item Period Weight").astype({"Period": "datetime64[ns]", "Weight": "float64"})
    plan = frame("Family Period Value", ("F", JAN, 8.0))
    sold = frame("Item Weight", ("A", 1.0), ("B", 7.0))
    assert by_item(disaggregate_to_item(plan, none, items, history_shares=sold)) == {"A": 1.0, "B": 7.0}
    assert by_item(disaggregate_to_item(plan, none, items)) == {"A": 4.0, "B": 4.0}


def test_equal_shares_go_to_items_on_sale_only() -> None:
    items = items_of(
        ("A", "F", "Active", pd.NaT, pd.NaT),
        ("Next", "F", "New", pd.Timestamp(2027, 2, 15), pd.NaT),
        ("Last", "F", "Phase-out", pd.NaT, pd.Timestamp(2027, 1, 31)),
        columns="Item Family Status Launch End",
    )
    none = frame("Item Period Weight").astype({"Period": "datetime64[ns]", "Weight": "float64"})
    result = disaggregate_to_item(frame("Family Period Value", ("F", JAN, 8.0), ("F", FEB, 8.0)), none, items)
    assert by_item(result, JAN) == {"A": 4.0, "Next": 0.0, "Last": 4.0}
    assert by_item(result, FEB) == {"A": 4.0, "Next": 4.0, "Last": 0.0}


def test_a_family_without_items_on_sale_gets_no_rows() -> None:
    items = items_of(("Old", "F", "Discontinued"), columns="Item Family Status")
    none = frame("Item Period Weight").astype({"Period": "datetime64[ns]", "Weight": "float64"})
    plan = frame("Family Period Value", ("F", JAN, 8.0), ("Elsewhere", JAN, 8.0))
    assert disaggregate_to_item(plan, none, items).empty


def test_a_key_that_is_there_twice_is_refused() -> None:
    plan = frame("Family Period Value", ("F", JAN, 8.0), ("F", JAN, 9.0))
    none = frame("Item Period Weight").astype({"Period": "datetime64[ns]", "Weight": "float64"})
    with pytest.raises(InputError, match="F, 2027-01-01 is there twice"):
        disaggregate_to_item(plan, none, items_of(("A", "F", 1.0)))


quantity = st.one_of(st.just(0.0), st.floats(1e-6, 1e12))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from("FGH"), st.floats(1e-3, 1e4), quantity, quantity), min_size=1, max_size=12),
    plan=st.lists(quantity, min_size=6, max_size=6),
)
def test_items_add_up_to_their_family_whatever_the_shares(rows: list, plan: list[float]) -> None:
    items = items_of(*[(f"I{i}", family, units) for i, (family, units, _, _) in enumerate(rows)])
    shares = frame(
        "Item Period Weight",
        *[(f"I{i}", period, row[2 + step]) for i, row in enumerate(rows) for step, period in enumerate((JAN, FEB))],
    )
    keys = [(family, period) for family in sorted(set(items["Family"])) for period in (JAN, FEB)]
    family_plan = frame("Family Period Value", *[(*key, value) for key, value in zip(keys, plan, strict=False)])
    result = disaggregate_to_item(family_plan, shares, items)
    assert (result["Value"] >= 0).all()
    back = aggregate_to_family(result, items).merge(family_plan, on=["Family", "Period"], suffixes=("", " planned"))
    assert len(back) == len(family_plan)
    np.testing.assert_allclose(back["Value"], back["Value planned"], rtol=1e-9, atol=0)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from("FGH"), st.floats(1e-3, 1e4), quantity), min_size=1, max_size=12))
def test_up_and_down_again_gives_every_item_what_it_had(rows: list) -> None:
    items = items_of(*[(f"I{i}", family, units) for i, (family, units, _) in enumerate(rows)])
    values = frame("Item Period Weight", *[(f"I{i}", JAN, weight) for i, (_, _, weight) in enumerate(rows)])
    up = aggregate_to_family(values, items).rename(columns={"Weight": "Value"})
    down = disaggregate_to_item(up[up["Value"] > 0], values, items)
    merged = down.merge(values, on=["Item", "Period"])
    np.testing.assert_allclose(merged["Value"], merged["Weight"], rtol=1e-6, atol=1e-6 * values["Weight"].max())


def test_twenty_thousand_items_and_24_periods_take_under_two_seconds() -> None:
    count, periods = 20_000, pd.date_range(JAN, periods=24, freq="MS")
    rng = np.random.default_rng(1)
    items = pd.DataFrame(
        {
            "Item": [f"I{i}" for i in range(count)],
            "Family": [f"F{i % 200}" for i in range(count)],
            "Units per family unit": rng.choice([0.5, 1.0, 6.0], count),
        }
    )
    shares = pd.DataFrame(
        {
            "Item": np.repeat(items["Item"].to_numpy(), 24),
            "Period": np.tile(periods, count),
            "Weight": rng.gamma(1.0, 100.0, count * 24),
        }
    )
    plan = aggregate_to_family(shares, items).rename(columns={"Weight": "Value"})
    start = time.process_time()
    assert len(disaggregate_to_item(plan, shares, items)) == count * 24
    assert time.process_time() - start < 2
