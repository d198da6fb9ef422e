"""Which solver is taken, and what it says when it stops early."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest

from sop_addin.model.errors import SolverError, Stopped
from sop_addin.planning.balance import build_model, highs_engine, solve_balance
from sop_addin.planning.balance import engine as engines
from sop_addin.planning.balance.engine import money_scale
from sop_addin.planning.balance.problem_tables import build_problem
from sop_addin.planning.balance.solver import available_solvers


def test_highs_is_first_and_cbc_the_fallback():
    assert available_solvers() == ["HiGHS", "CBC"]


def test_without_highspy_cbc_solves_and_says_so(case, monkeypatch):
    monkeypatch.setattr(highs_engine, "highspy", None)
    known = case("red_tomato")
    plan = solve_balance(known.tables)
    assert plan.solver == "CBC"
    assert plan.objective == pytest.approx(known.expected["objective"], abs=0.5)
    assert "solver_fallback" in [finding.rule for finding in plan.findings]


def test_cbc_plans_where_nothing_costs_anything(tables_of, family):
    """A stage without any cost, then one with: PuLP's own dummy variable made CBC refuse the second."""
    free = {"Holding cost": 0.0, "Backorder cost": 0.0, "Lost sale cost": 0.0, "Shortfall cost": 0.0}
    tables = tables_of(
        {"A": [0.0]},
        families=[family("A", **free, **{"Closing stock min": 1.0})],
        resources=[{"Resource": "Press", "Kind": "Machine", "Capacity": None, "Overtime limit": 0.0}],
    )
    highs, cbc = (solve_balance(tables, solver=name) for name in ("HiGHS", "CBC"))
    assert cbc.status == highs.status
    assert cbc.families.equals(highs.families)


def test_an_unknown_solver_is_named(case):
    with pytest.raises(SolverError, match="Gurobi is not installed"):
        solve_balance(case("red_tomato").tables, solver="Gurobi")


def test_the_same_inputs_give_the_same_plan_twice(case):
    tables = case("williams_factory_planning").tables
    first, second = solve_balance(tables), solve_balance(tables)
    assert first.families.equals(second.families)
    assert first.costs.equals(second.costs)


def test_sizes_do_not_matter(tables_of, family):
    """Quantities in grams or megatonnes, money in cents or millions: the same plan."""

    def plan(size, price):
        return solve_balance(
            tables_of(
                {"A": [50 * size, 50 * size, 200 * size]},
                families=[family("A", **{"Holding cost": price, "Backorder cost": 3 * price, "Price": 20 * price})],
                sources=[{"Family": "A", "Source": "Plant", "Unit cost": 10 * price}],
                resources=[{"Resource": "Press", "Kind": "Machine", "Capacity": 100.0 * size}],
                bill_of_resources=[{"Family": "A", "Resource": "Press", "Use per unit": 1.0}],
            )
        )  # fmt: skip

    for size, price in ((1e-3, 1e3), (1e6, 1e-2), (1e8, 1e2)):
        given = plan(size, price)
        assert given.status == "Optimal"
        assert given.sources["Planned"].to_numpy() / size == pytest.approx([100, 100, 100])
        assert given.objective == pytest.approx(3150 * size * price)


def test_money_scale_is_a_power_of_two():
    scale = money_scale(np.array([0.0, 300.0, 20.0]), np.ones(3))
    assert np.log2(scale) == round(np.log2(scale))


def test_at_the_time_limit_the_plan_says_what_is_proven(case):
    """Trigeiro's lot sizes take minutes to prove: after a second there is a plan, and an honest bound below it."""
    known = case("trigeiro_g57")
    plan = solve_balance(replace(known.tables, settings=replace(known.tables.settings, solver_time_limit=1.0)))
    assert plan.status == "Feasible"
    assert plan.bound - known.expected["tolerance"] <= known.expected["objective"] <= plan.objective
    assert plan.gap == pytest.approx((plan.objective - plan.bound) / plan.objective, abs=1e-6)
    assert plan.gap > 1e-6


@pytest.mark.parametrize("solver", ["HiGHS", "CBC"])
@pytest.mark.parametrize("name", ["williams_factory_planning", "set_ups_gather_demand"])
def test_a_solve_stops_when_the_planner_asks(case, monkeypatch, name, solver):
    monkeypatch.setattr(engines, "LOOK_EVERY", 0.0)
    looks = 0

    def look():
        nonlocal looks
        looks += 1
        if looks == 3:
            raise Stopped("Stopped; nothing was changed.")

    with pytest.raises(Stopped):
        solve_balance(case(name).tables, solver=solver, look=look)
    assert looks == 3, "nothing is solved after that"


def test_looking_changes_no_plan(case, monkeypatch):
    monkeypatch.setattr(engines, "LOOK_EVERY", 0.0)
    looks = []
    tables = case("set_ups_gather_demand").tables
    watched = solve_balance(tables, look=lambda: looks.append(1))
    assert looks
    assert watched.families.equals(solve_balance(tables).families)


def test_a_name_weight_is_the_checksum_of_the_whole_name(case):
    model = build_model(build_problem(case("set_ups_gather_demand").tables))
    expected = [zlib.crc32(name.encode()) / 2.0**32 for name in model.column_names()]
    assert model.name_weights.tolist() == expected
