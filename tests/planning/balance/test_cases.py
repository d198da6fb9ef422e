"""Every behaviour case under tests/cases (a folder whose expected.json says why) gives the plan it names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sop_addin.planning.balance import solve_balance

CASES = Path(__file__).parents[2] / "cases"
BEHAVIOURS = sorted(
    folder.parent.name
    for folder in CASES.glob("*/expected.json")
    if json.loads(folder.read_text(encoding="utf-8")).get("why")
)
FRAMES = {"families": ["Family"], "sources": ["Family", "Source"], "resources": ["Resource"]}


def test_there_are_behaviour_cases():
    assert len(BEHAVIOURS) >= 15


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_behaviour(name, case):
    known = case(name)
    plan = solve_balance(known.tables)
    expected = known.expected
    assert plan.status == expected["status"]
    assert plan.objective == pytest.approx(expected["objective"], abs=1e-5)
    for frame_name, keys in FRAMES.items():
        frame = getattr(plan, frame_name)
        for measure, by_name in expected.get(frame_name, {}).items():
            for key, figures in by_name.items():
                rows = frame[(frame[keys].agg(" / ".join, axis=1) == key)].sort_values("Period")
                assert rows[measure].to_list() == pytest.approx(figures, abs=1e-5), (measure, key)
    assert [finding.message for finding in plan.findings.warnings] == expected.get("warnings", [])
