"""A stored plan is the plan."""

from __future__ import annotations

import pandas as pd
import pytest
from companies import company

from sop_addin.model.plan_store import load_plan, save_plan
from sop_addin.planning.cycle import run_cycle

FRAMES = [
    "forecast",
    "sales",
    "item_plan",
    "finance",
    "kpis",
    "kpi_trend",
    "value_added",
    "plan_table",
    "event_effects",
]


@pytest.fixture(scope="module")
def plan():
    return run_cycle(company())


def test_a_stored_plan_comes_back_as_it_was(plan, tmp_path):
    save_plan(plan, tmp_path)
    back = load_plan(tmp_path, company())
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(back, name), getattr(plan, name), check_dtype=False, atol=1e-8)
    for name in ("families", "sources", "resources", "costs", "limits", "spare"):
        mine, theirs = (getattr(each.balance, name) for each in (back, plan))
        pd.testing.assert_frame_equal(mine, theirs, check_dtype=False, atol=1e-8)
    assert back.findings == plan.findings
    assert back.balance.objective == pytest.approx(plan.balance.objective)
    assert (back.steps, back.scenario) == (plan.steps, plan.scenario)


def test_storing_twice_gives_the_same_files(plan, tmp_path):
    save_plan(plan, tmp_path / "one")
    save_plan(plan, tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_an_unsolved_plan_is_not_stored(tmp_path):
    with pytest.raises(ValueError, match="only a solved plan"):
        save_plan(run_cycle(company(), ("forecast",)), tmp_path)
