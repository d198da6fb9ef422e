"""A live balance answers as a cold one does, and sends only what differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.planning.balance import solve_balance
from sop_addin.planning.balance.problem_tables import with_changes
from sop_addin.planning.balance.what_if import LiveBalance

from .test_invariants import companies

COLUMNS = ("Production", "Sales", "Closing stock", "Backorders", "Lost sales")


def company(tables_of, family, **columns):
    return tables_of(
        {"Pumps": [60, 80, 120, 90], "Valves": [40, 40, 70, 60]},
        families=[family("Pumps", **{"Target cover": 0.5}), family("Valves", **{"Shelf life": 2.0, **columns})],
        sources=[
            {"Family": "Pumps", "Source": "Plant", "Unit cost": 10.0},
            {"Family": "Pumps", "Source": "Partner", "Kind": "Buy", "Unit cost": 15.0, "Max per period": 30.0},
            {"Family": "Valves", "Source": "Plant", "Unit cost": 6.0},
        ],
        resources=[
            {"Resource": "Press", "Kind": "Machine", "Capacity": 140.0, "Overtime limit": 20.0, "Overtime cost": 4.0},
            {"Resource": "Crew", "Kind": "Labour", "Hours per head": 40.0, "Opening heads": 4.0, "Regular cost": 90.0,
             "Hire cost": 50.0, "Layoff cost": 60.0},
        ],
        bill_of_resources=[
            {"Family": name, "Resource": resource, "Use per unit": 1.0}
            for name in ("Pumps", "Valves")
            for resource in ("Press", "Crew")
        ],
    )  # fmt: skip


def same_plan(first, second):
    assert first.status == second.status
    assert first.objective == pytest.approx(second.objective, rel=1e-6, abs=1e-6)
    for column in COLUMNS:
        assert first.families[column].to_numpy() == pytest.approx(second.families[column].to_numpy(), abs=1e-5)
    assert first.resources["Marginal value"].to_numpy() == pytest.approx(
        second.resources["Marginal value"].to_numpy(), abs=1e-4, nan_ok=True
    )


CHANGES = {
    "demand": lambda p: {"demand": 1.15 * p.families.demand},
    "demand beyond reach": lambda p: {"demand": 3.0 * p.families.demand},
    "price": lambda p: {"price": 0.5 * p.families.price},
    "unit cost": lambda p: {"unit_cost": 1.5 * p.sources.unit_cost},
    "capacity": lambda p: {"capacity": 0.8 * p.resources.capacity},
    "overtime": lambda p: {"overtime_limit": 2.0 * p.resources.overtime_limit},
    "hours per head": lambda p: {"hours_per_head": 0.9 * p.resources.hours_per_head},
    "opening stock": lambda p: {"opening_stock": p.families.opening_stock + 25.0},
    "carbon price": lambda p: {"carbon_price": 100.0},
}


@pytest.mark.parametrize("objective", ["Minimise cost", "Maximise margin"])
def test_every_kind_of_change_is_answered_as_by_a_cold_solve(tables_of, family, objective):
    tables = company(tables_of, family)
    tables = replace(tables, settings=replace(tables.settings, objective=objective))
    live = LiveBalance(tables)
    live.solve(live.problem)
    for name, change in CHANGES.items():
        problem = with_changes(live.problem, **change(live.problem))
        answer = live.solve(problem)
        cold = LiveBalance(tables).solve(problem)
        assert answer.objective == pytest.approx(cold.objective, rel=1e-6), name
        assert answer.service_level == pytest.approx(cold.service_level, abs=1e-6), name
        for figure in ("make", "stock", "late", "lost", "overtime"):
            ours, theirs = getattr(answer.quantities, figure), getattr(cold.quantities, figure)
            assert ours == pytest.approx(theirs, abs=1e-5), (name, figure)
    assert live.re_solves == len(CHANGES)


def test_changed_figures_give_what_changed_tables_give(tables_of, family):
    tables = company(tables_of, family)
    dearer = tables.sources.copy()
    dearer["Unit cost"] *= 1.5
    live = LiveBalance(tables)
    answer = live.solve(with_changes(live.problem, unit_cost=1.5 * live.problem.sources.unit_cost))
    plan = solve_balance(replace(tables, sources=dearer))
    assert answer.objective == pytest.approx(plan.objective, rel=1e-9)
    assert answer.margin == pytest.approx(plan.margin, rel=1e-9)
    assert answer.service_level == pytest.approx(plan.service_level)


def test_another_shape_is_solved_from_the_start(tables_of, family):
    live = LiveBalance(company(tables_of, family))
    live.plan(company(tables_of, family))
    changed = company(tables_of, family, **{"Min stock": 5.0})
    same_plan(live.plan(changed), solve_balance(changed))
    assert live.re_solves == 0
    live.plan(changed)
    assert live.re_solves == 1


@settings(max_examples=25)
@given(arguments=companies(), factor=st.sampled_from([0.5, 0.9, 1.1, 2.0]))
def test_a_live_plan_is_the_cold_plan(tables_of, arguments, factor):
    tables = tables_of(**arguments)
    sales = tables.sales_plan.copy()
    sales["Override"] *= factor
    changed = tables.with_sales_plan(sales)
    live = LiveBalance(tables)
    live.plan(tables)
    same_plan(live.plan(changed), solve_balance(changed))
    same_plan(live.plan(tables), solve_balance(tables))


def test_cbc_answers_the_same_without_being_live(tables_of, family):
    live = LiveBalance(company(tables_of, family), solver="CBC")
    first = live.solve(live.problem)
    again = live.solve(with_changes(live.problem, demand=1.2 * live.problem.families.demand))
    assert live.re_solves == 0
    assert again.total_cost > first.total_cost
    assert np.all(again.quantities.stock >= 0)
