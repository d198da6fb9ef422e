"""What limits a plan, what one unit more is worth, and what is idle: figures and re-solves."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.planning.balance import build_model, solve, solve_balance
from sop_addin.planning.balance.engine import scaled_matrix
from sop_addin.planning.balance.highs_engine import HighsEngine
from sop_addin.planning.balance.limits import limit_values
from sop_addin.planning.balance.problem_tables import build_problem

from .test_invariants import companies

STEP = 0.02
MAKE = {"Source": "Plant", "Kind": "Make", "Unit cost": 10.0}
PRESS = {"Resource": "Press", "Kind": "Machine", "Capacity": 100.0}
CREW = {"Resource": "Crew", "Kind": "Labour", "Hours per head": 40.0, "Opening heads": 4.0, "Regular cost": 100.0}


def solved(model):
    return solve.solve_stages(model, HighsEngine(scaled_matrix(model)), 10.0)


def cost_of(model):
    """Cost (or -margin) of the best plan, without its marginal values."""
    nothing = np.zeros(0)
    with mock.patch.object(solve, "_limit_values", return_value=solve.Worth(nothing, nothing, nothing)):
        solution = solved(model)
    return float(model.cost() @ solution.values)


def gives_way(model, limit, step):
    """Move one limit of a model in place, by table or by hand, as a planner would: the most up, the least down."""
    step = -step if limit.least else step
    if limit.row >= 0:
        model.right[limit.row] += step
    elif limit.least:
        model.lower[limit.column] += step
    else:
        model.upper[limit.column] += step


def whole_numbers_fixed(model, values):
    for column in model.integers:
        model.lower[column] = model.upper[column] = np.round(values[column])
        model.integer[column] = False


def check_values(tables, chosen):
    """The marginal values of some limits against a second solve in which only that limit is moved."""
    model = build_model(build_problem(tables))
    solution = solved(model)
    limits = model.limits
    values = limit_values(solution, limits)
    binding = [position for position, value in enumerate(values) if value]
    others = [position for position, value in enumerate(values) if not value]
    seen = set()
    for position in dict.fromkeys([*binding[:6], *(others[number % len(others)] for number in chosen if others)]):
        again = [build_model(build_problem(tables)) for _ in range(2)]
        for other in again:
            whole_numbers_fixed(other, solution.values)
        gives_way(again[1], limits.one(position), STEP)
        gain = (cost_of(again[0]) - cost_of(again[1])) / STEP
        assert values[position] == pytest.approx(gain, rel=0.02, abs=0.05), limits.one(position)
        seen.add(limits.kind[position])
    return seen


@settings(max_examples=12)
@given(arguments=companies(), chosen=st.lists(st.integers(0, 200), min_size=2, max_size=2))
def test_every_marginal_value_is_what_a_re_solve_says(tables_of, arguments, chosen):
    check_values(tables_of(**arguments), chosen)


@settings(max_examples=5)
@given(arguments=companies(whole=True), chosen=st.lists(st.integers(0, 200), min_size=2, max_size=2))
def test_with_whole_numbers_it_is_the_value_of_the_lp_in_which_they_are_fixed(tables_of, arguments, chosen):
    check_values(tables_of(**arguments), chosen)


def use(resource, units=1.0):
    return [{"Family": "A", "Resource": resource, "Use per unit": units}]


PLANT = [{"Family": "A", **MAKE}]
BOTH = [*PLANT, {"Family": "A", "Source": "Partner", "Kind": "Buy", "Unit cost": 15.0}]
# what limits, which resource, demand, families' columns, tables, worth of one unit more in the last period it binds
KINDS = {
    "machine: one hour more saves a dearer partner": (
        "Capacity", [130], {}, {"sources": BOTH, "resources": [PRESS], "bill_of_resources": use("Press")}, 5.0),
    "labour: one hour more does too": (
        "Capacity", [100], {},
        {"sources": BOTH, "resources": [{**CREW, "Opening heads": 1.0, "Max heads": 1.0}],
         "bill_of_resources": use("Crew", 2.0)}, 2.5),
    "overtime of a machine": (
        "Overtime limit", [130], {},
        {"sources": BOTH, "resources": [{**PRESS, "Overtime limit": 10.0, "Overtime cost": 3.0}],
         "bill_of_resources": use("Press")}, 2.0),
    "overtime of people": (
        "Overtime limit", [130], {},
        {"sources": BOTH, "bill_of_resources": use("Crew"),
         "resources": [{**CREW, "Max heads": 2.0, "Overtime limit": 5.0, "Overtime cost": 1.0}]}, 4.0),
    "storage: one place more saves buying at the peak": (
        "Capacity", [10, 150], {},
        {"sources": BOTH, "resources": [PRESS, {"Resource": "Hall", "Kind": "Storage", "Capacity": 20.0}],
         "bill_of_resources": [*use("Press"), *use("Hall")]}, 4.0),
    "supplier: one unit more": (
        "Capacity", [130], {},
        {"sources": BOTH, "resources": [{"Resource": "Steel", "Kind": "Supplier", "Capacity": 50.0}],
         "bill_of_resources": [{"Family": "A", "Source": "Plant", "Resource": "Steel", "Use per unit": 1.0}]}, 5.0),
    "distribution: one shipment more on time": (
        "Capacity", [80, 10], {},
        {"sources": PLANT, "resources": [{"Resource": "Trucks", "Kind": "Distribution", "Capacity": 60.0}],
         "bill_of_resources": use("Trucks")}, 3.0),
    "one head more": (
        "Max heads", [100], {},
        {"sources": BOTH, "resources": [{**CREW, "Opening heads": 1.0, "Max heads": 1.0, "Hire cost": 20.0}],
         "bill_of_resources": use("Crew")}, 40 * 5.0 - 100.0 - 20.0),
    "one head fewer": (
        "Min heads", [10], {},
        {"sources": PLANT, "resources": [{**CREW, "Min heads": 3.0, "Layoff cost": 30.0}],
         "bill_of_resources": use("Crew")}, 100.0 - 30.0),
    "one unit more from a source": (
        "Max per period", [130], {},
        {"sources": [{"Family": "A", **MAKE, "Max per period": 40.0}, BOTH[1]]}, 5.0),
    "one unit more in stock": (
        "Max stock", [10, 150], {"Max stock": 20.0},
        {"sources": BOTH, "resources": [PRESS], "bill_of_resources": use("Press")}, 4.0),
    "one unit of stock less": ("Min stock", [10], {"Min stock": 20.0}, {"sources": PLANT}, 11.0),
    "one unit less at the end": ("Closing stock min", [10], {"Closing stock min": 20.0}, {"sources": PLANT}, 11.0),
    "one unit that may grow older": (
        "Shelf life", [10, 20, 300], {"Shelf life": 1.0},
        {"sources": BOTH, "resources": [PRESS], "bill_of_resources": use("Press")}, 3.0),
}  # fmt: skip


@pytest.mark.parametrize("wish", KINDS)
def test_what_one_unit_more_is_worth(tables_of, family, wish):
    kind, demand, columns, tables, worth = KINDS[wish]
    made = tables_of({"A": demand}, families=[family("A", **columns)], **tables)
    found = solve_balance(made).limits
    found = found[found["Limit"] == kind]
    assert worth in found["Marginal value"].round(6).to_list()
    assert kind in check_values(made, range(4))


def test_every_kind_of_limit_has_an_example():
    assert {kind for kind, *_ in KINDS.values()} == {
        "Capacity", "Overtime limit", "Max heads", "Min heads", "Max per period", "Max stock", "Min stock",
        "Closing stock min", "Shelf life",
    }  # fmt: skip


def test_idle_capacity_is_told_in_units_of_each_family(tables_of):
    plan = solve_balance(
        tables_of(
            {"A": [50], "B": [10]}, sources=[{"Family": "A", **MAKE, "Max per period": 65.0}, {"Family": "B", **MAKE}],
            resources=[PRESS],
            bill_of_resources=[*use("Press"), {"Family": "B", "Resource": "Press", "Use per unit": 2.0}],
        )
    )  # fmt: skip
    (press,) = plan.limits.to_dict("records")
    assert (press["Used"], press["Allowed"], press["Spare"]) == (70.0, 100.0, 30.0)
    assert press["Spare for"] == "30 pcs A or 15 pcs B"
    assert press["Marginal value"] == 0.0
    spare = plan.spare.set_index("Family")
    assert spare["Could be sold"].to_dict() == pytest.approx({"A": 15.0, "B": 15.0})
    assert spare["Limited by"].to_dict() == {"A": "Max per period", "B": "Press"}
    assert spare["Margin per unit"].to_dict() == pytest.approx({"A": 10.0, "B": 10.0})


def test_what_is_idle_can_really_be_sold(tables_of):
    """The spare units of one family, sold in addition, need no overtime and are all served."""
    press = {**PRESS, "Overtime limit": 50.0, "Overtime cost": 4.0}
    company = {"sources": [{"Family": "A", **MAKE}], "resources": [press], "bill_of_resources": use("Press", 0.8)}
    plan = solve_balance(tables_of({"A": [50, 90, 20]}, **company))
    more = plan.spare.set_index("Period")["Could be sold"].to_list()
    fuller = solve_balance(tables_of({"A": np.add([50, 90, 20], more)}, **company))
    assert fuller.service_level == 1.0
    assert fuller.resources["Overtime"].sum() == pytest.approx(0.0)
    assert fuller.resources["Load"].to_list() == pytest.approx([100.0] * 3)


def test_the_limit_that_binds_names_who_waits_for_it(tables_of):
    plan = solve_balance(
        tables_of({"A": [150], "B": [30]}, sources=[{"Family": name, **MAKE} for name in "AB"], resources=[PRESS],
                  bill_of_resources=[*use("Press"), {"Family": "B", "Resource": "Press", "Use per unit": 1.0}])
    )  # fmt: skip
    press = plan.limits.iloc[0]
    assert (press["Limit"], press["Resource"], press["Short"]) == ("Capacity", "Press", pytest.approx(80.0))
    assert press["Binding for"] == "A, B"
    assert press["Marginal value"] == pytest.approx(40.0)


def test_a_capacity_just_used_up_and_worth_nothing_has_no_line(tables_of):
    plan = solve_balance(
        tables_of({"A": [100, 60]}, sources=PLANT, resources=[{**PRESS, "Capacity": 100.0, "Regular cost": 0.0}],
                  bill_of_resources=use("Press"), settings={"unmet_demand": "Lost sale"})
    )  # fmt: skip
    lines = plan.limits[["Limit", "Spare", "Marginal value"]]
    assert (lines["Marginal value"].ne(0) | lines["Spare"].gt(0)).all()
    assert not lines["Spare"].eq(0).any()
    assert plan.limits["Period"].to_list() == [pd.Timestamp(2027, 2, 1)]
