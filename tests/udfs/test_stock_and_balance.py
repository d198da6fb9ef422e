"""SOP_SAFETY_STOCK, SOP_DAYS_OF_COVER, SOP_BALANCE, SOP_AGGREGATE, SOP_DISAGGREGATE."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_addin.planning.worksheet.aggregation import disaggregate

from .excel import DIV0, MISSING, NA, Excel

# --- safety stock -----------------------------------------------------------------------------------------------------

# Chopra and Meindl, Supply Chain Management, "Evaluating safety inventory given a desired cycle service level":
# weekly demand of Lego at Wal-Mart with standard deviation 500, lead time 2 weeks, level 90 %: 906 units.
LEGO = ((2000.0,), (2500.0,), (3000.0,))  # sample standard deviation exactly 500


def test_safety_stock_of_the_textbook(excel: Excel) -> None:
    assert excel("SOP_SAFETY_STOCK", LEGO, 0.9, 2.0) == pytest.approx(906, abs=0.5)
    assert excel("SOP_SAFETY_STOCK", LEGO, 0.9) == pytest.approx(500 * 1.2815515655446004)
    errors = tuple((value - 2500.0,) for (value,) in LEGO)
    assert excel("SOP_SAFETY_STOCK", errors, 0.9, 2.0) == pytest.approx(906, abs=0.5)


def test_several_levels_lead_times_and_items(excel: Excel) -> None:
    one = excel("SOP_SAFETY_STOCK", LEGO, 0.9, 2.0)
    assert excel("SOP_SAFETY_STOCK", LEGO, ((0.5, 0.9),), 2.0) == [[0.0, pytest.approx(one)]]
    table = excel("SOP_SAFETY_STOCK", LEGO, ((0.9, 0.95),), ((1.0,), (2.0,), (4.0,)))
    assert [len(row) for row in table] == [2, 2, 2]
    assert table[1][0] == pytest.approx(one)
    items = ((2000.0, 2500.0, 3000.0), (4000.0, 5000.0, 6000.0))
    assert excel("SOP_SAFETY_STOCK", items, 0.9, 2.0) == [[pytest.approx(one)], [pytest.approx(2 * one)]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((LEGO, 95.0), "#SOP: service_level: must be at least 0.5 and below 1 (95 % is 0.95), not 95."),
        ((LEGO, 1.0), "#SOP: service_level: must be"),
        ((100.0, 0.9), "#SOP: demand_or_errors: at least 2 periods are needed"),
        ((LEGO, 0.9, -1.0), "#SOP: lead_time is -1; it must be 0 or more."),
        ((((1.0,), (None,), (2.0,)), 0.9), "#SOP: demand_or_errors, cell 2 is blank; write 0 where 0 is meant."),
        ((LEGO, MISSING), "#SOP: service_level: is missing."),
    ],
)  # fmt: skip
def test_wrong_arguments_of_safety_stock(excel: Excel, arguments, expected: str) -> None:
    assert excel("SOP_SAFETY_STOCK", *arguments).startswith(expected)


# --- days of cover ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stock", "days"),
    [(250.0, 60 + 30 * 50 / 80), (180.0, 30 + 30 * 80 / 100), (300.0, 120.0),
     (0.0, 0.0), (-5.0, 0.0), (50.0, 15.0), (200.0, 60.0), (9999.0, 120.0)],
)  # fmt: skip
def test_days_of_cover_walk_through_the_periods(excel: Excel, stock: float, days: float) -> None:
    """100, 100, 80, 0: 250 lasts two months of 30 days and 50/80 of the third (APICS "time-phased" cover)."""
    assert excel("SOP_DAYS_OF_COVER", stock, ((100.0, 100.0, 80.0, 0.0),), 30.0) == pytest.approx(days)


def test_days_of_cover_in_months_and_for_ranges(excel: Excel) -> None:
    assert excel("SOP_DAYS_OF_COVER", 50.0, ((100.0,), (100.0,))) == pytest.approx(365.25 / 24)
    demand = ((100.0, 50.0, 100.0),)
    assert excel("SOP_DAYS_OF_COVER", ((100.0, 100.0, 25.0),), demand, 30.0) == [[30.0, 45.0, 7.5]]
    assert excel("SOP_DAYS_OF_COVER", ((100.0,), (25.0,)), demand, 30.0) == [[30.0], [15.0]]
    items = ((100.0, 50.0), (10.0, 10.0))
    assert excel("SOP_DAYS_OF_COVER", ((125.0,), (5.0,)), items, 30.0) == [[45.0], [15.0]]


def test_wrong_arguments_of_days_of_cover(excel: Excel) -> None:
    assert excel("SOP_DAYS_OF_COVER", 5.0, ((1.0, -1.0),)) == "#SOP: coming_demand, cell 2 is -1; it must be 0 or more."
    assert excel("SOP_DAYS_OF_COVER", ((1.0, 2.0),), 5.0).startswith("#SOP: stock: 2 cells for 1 periods")
    assert excel("SOP_DAYS_OF_COVER", 5.0, 5.0, 0.0) == "#SOP: days_per_period: must be above 0, not 0."
    assert excel("SOP_DAYS_OF_COVER", DIV0, 5.0) == "#SOP: stock holds #DIV/0!; mend the formula there."


# --- balance ----------------------------------------------------------------------------------------------------------


def test_balance_builds_ahead_of_a_peak(excel: Excel) -> None:
    """Capacity 130, opening stock 20, demand 100, 100, 200, 150 (550): 530 to make, 520 regular, so 10 in overtime,
    as late as possible; stock 20+130-100 = 50, 80, 10, 0."""
    found = excel("SOP_BALANCE", ((100.0, 100.0, 200.0, 150.0),), 130.0, 20.0, 1.0, 20.0, 5.0, 10.0)
    assert found == [
        [pytest.approx(x, abs=1e-6) for x in row]
        for row in ([130, 130, 130, 140], [0, 0, 0, 10], [50, 80, 10, 0], [0] * 4, [0] * 4)
    ]


def test_balance_in_columns_with_what_cannot_be_met(excel: Excel) -> None:
    found = excel("SOP_BALANCE", ((100.0,), (300.0,)), ((130.0,), (140.0,)))
    assert [len(row) for row in found] == [5, 5]
    assert found[1] == [pytest.approx(x, abs=1e-6) for x in (140, 0, 0, 0, 130)]
    assert excel("SOP_BALANCE", 10.0, 20.0) == [[10.0], [0.0], [0.0], [0.0], [0.0]]


def test_balance_is_late_where_that_is_cheaper(excel: Excel) -> None:
    late = excel("SOP_BALANCE", ((150.0, 50.0),), 100.0, 0.0, 1.0, 100.0, 8.0, 3.0)
    assert late[3] == [pytest.approx(50), pytest.approx(0)]
    assert late[1] == [pytest.approx(0), pytest.approx(0)]
    overtime = excel("SOP_BALANCE", ((150.0, 50.0),), 100.0, 0.0, 1.0, ((100.0, 0.0),), 2.0, 3.0)
    assert overtime[1] == [pytest.approx(50), pytest.approx(0)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((((1.0, 2.0),), ((1.0, 2.0, 3.0),)), "#SOP: capacity: has 3 cells for 2 periods of demand; give one,"),
        ((((1.0, 2.0), (3.0, 4.0)), 5.0), "#SOP: demand: must be one row or one column, not 2 rows x 2 columns."),
        ((((1.0, NA),), 5.0), "#SOP: demand, cell 2 holds #N/A; mend the formula there."),
        ((((1.0, 2.0),), -5.0), "#SOP: capacity is -5; it must be 0 or more."),
        ((((1.0, 2.0),),), "#SOP: capacity: is missing."),
        ((((1.0, 2.0),), 5.0, -1.0), "#SOP: opening_stock: must be 0 or more, not -1."),
    ],
)  # fmt: skip
def test_wrong_arguments_of_balance(excel: Excel, arguments, expected: str) -> None:
    assert excel("SOP_BALANCE", *arguments).startswith(expected)


# --- aggregate and disaggregate ---------------------------------------------------------------------------------------


def test_aggregate_adds_up_by_key_in_order_of_appearance(excel: Excel) -> None:
    keys = (("Pumps",), ("Valves",), ("pumps ",), (None,), (None,))
    values = ((1.0, 10.0), (2.0, 20.0), (3.0, 30.0), (None, None), (None, None))
    assert excel("SOP_AGGREGATE", keys, values) == [["Pumps", 4.0, 40.0], ["Valves", 2.0, 20.0]]
    assert excel("SOP_AGGREGATE", keys, values, ((2.0,), (1.0,), (0.5,))) == [
        ["Pumps", 3.5, 35.0],
        ["Valves", 2.0, 20.0],
    ]
    across = excel("SOP_AGGREGATE", (("A", "B", "A"),), ((1.0, 2.0, 3.0),), 10.0)
    assert across == [["A", "B"], [40.0, 20.0]]
    assert excel("SOP_AGGREGATE", ((7.0,), (7.0,)), ((1.0,), (2.0,))) == [[7.0, 3.0]]


def test_wrong_arguments_of_aggregate(excel: Excel) -> None:
    keys = (("A",), ("B",), ("C",))
    assert excel("SOP_AGGREGATE", keys, ((1.0,), (2.0,))).startswith("#SOP: values: has 2 rows x 1 columns; there must")
    assert excel("SOP_AGGREGATE", keys, ((1.0,), (None,), (2.0,))).startswith("#SOP: values, cell 2 is blank")
    assert excel("SOP_AGGREGATE", (("A",), (NA,)), ((1.0,), (2.0,))).startswith("#SOP: keys, cell 2 holds #N/A")
    assert excel("SOP_AGGREGATE", (("A",), (None,), ("B",)), ((1.0,),) * 3) == "#SOP: keys, cell 2 is blank."
    assert excel("SOP_AGGREGATE", keys, ((1.0,),) * 3, ((1.0,),) * 2).startswith("#SOP: weights: has 2 rows x 1")


def test_disaggregate_spreads_totals_over_shares(excel: Excel) -> None:
    assert excel("SOP_DISAGGREGATE", 100.0, ((1.0,), (3.0,))) == [[25.0], [75.0]]
    assert excel("SOP_DISAGGREGATE", 100.0, ((1.0, 3.0),)) == [[25.0, 75.0]]
    assert excel("SOP_DISAGGREGATE", ((100.0, 200.0),), ((1.0,), (3.0,))) == [[25.0, 50.0], [75.0, 150.0]]
    assert excel("SOP_DISAGGREGATE", ((100.0,), (200.0,)), ((1.0, 3.0),)) == [[25.0, 75.0], [50.0, 150.0]]
    assert excel("SOP_DISAGGREGATE", ((100.0, 200.0),), ((1.0, 0.0), (1.0, 5.0))) == [[50.0, 0.0], [50.0, 200.0]]


@given(
    total=st.floats(-1e9, 1e9),
    shares=st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda shares: sum(shares) > 1e-3),
)
def test_parts_add_up_to_the_total(total: float, shares: list[float]) -> None:
    parts = [row[0] for row in disaggregate(total, [[share] for share in [*shares, 1.0]])]
    assert math.fsum(parts) == pytest.approx(total, rel=1e-15, abs=1e-9)


def test_wrong_arguments_of_disaggregate(excel: Excel) -> None:
    assert excel("SOP_DISAGGREGATE", 100.0, ((0.0,), (0.0,))).startswith("#SOP: shares: all are 0")
    assert excel("SOP_DISAGGREGATE", 100.0, ((1.0,), (-1.0,))) == "#SOP: shares, cell 2 is -1; it must be 0 or more."
    assert excel("SOP_DISAGGREGATE", "x", ((1.0,),)) == "#SOP: total is the text 'x', not a number."
    assert excel("SOP_DISAGGREGATE", ((1.0, 2.0),), ((1.0, 2.0, 3.0),)).startswith("#SOP: total: a row of totals needs")
