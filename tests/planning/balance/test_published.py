"""Published answers, each a folder of CSVs with its source in expected.json."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sop_addin.planning.balance import solve_balance

PUBLISHED = (
    "red_tomato", "red_tomato_whole_heads", "red_tomato_high_variability", "red_tomato_january_promotion",
    "red_tomato_april_promotion", "farnsworth_tire", "hughes_roofing_level", "hughes_roofing_subcontract",
    "williams_factory_planning", "ampl_steel", "wagner_whitin", "jump_factory_schedule", "winston_sailco",
    "stevenson_transportation", "good_and_rich_level", "good_and_rich_chase", "good_and_rich_optimal",
    "hughes_roofing_chase",
)  # fmt: skip
LOT_SIZING = ("trigeiro_g53", "trigeiro_g57")


@pytest.mark.parametrize("solver", ["HiGHS", "CBC"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_answer(name, solver, case):
    known = case(name)
    plan = solve_balance(known.tables, solver=solver)
    assert plan.status == "Optimal"
    assert plan.objective == pytest.approx(known.expected["objective"], abs=known.expected["tolerance"])
    assert plan.costs["Value"].sum() == pytest.approx(plan.total_cost, abs=0.005)
    terms = plan.costs.groupby("Term")["Value"].sum()
    for name, value in known.expected.get("terms", {}).items():
        assert terms[name] == pytest.approx(value, abs=known.expected["tolerance"]), name
    if "margin" in known.expected:
        assert plan.margin == pytest.approx(known.expected["margin"], abs=known.expected["tolerance"])


@pytest.mark.parametrize("name", LOT_SIZING)
def test_lot_sizing_brackets_the_published_optimum(name, case):
    """In a few seconds the optimum is not proven, but plan and bound must bracket it closely."""
    known = case(name)
    tables = replace(known.tables, settings=replace(known.tables.settings, solver_time_limit=8.0))
    plan = solve_balance(tables)
    best, tolerance = known.expected["objective"], known.expected["tolerance"]
    assert plan.status in ("Optimal", "Feasible")
    assert plan.bound - tolerance <= best <= plan.objective + tolerance
    assert plan.gap < 0.05
    assert plan.gap == pytest.approx((plan.objective - plan.bound) / plan.objective, abs=1e-6)
