"""One golden .lp file per constraint: what it says is read there, and a change of it is seen there."""

from __future__ import annotations

from pathlib import Path

import pytest

from sop_addin.planning.balance.constraints import CONSTRAINTS
from sop_addin.planning.balance.model import BalanceModel
from sop_addin.planning.balance.problem_tables import build_problem

GOLDEN = Path(__file__).parents[2] / "golden" / "lp"
STRATEGY = {"level_production": "Level", "chase_demand": "Chase"}
BY_NAME = {constraint.__name__: constraint for constraint in CONSTRAINTS}


def everything(tables_of, family, strategy):
    """Two families, three periods, and every feature in use."""
    return tables_of(
        {"Pumps": [30, 40, 50], "Valves": [5, 6, 7]},
        settings={
            "strategy": strategy, "frozen_periods": 1, "change_cost": 0.5, "replan_cost": 0.25,
            "closing_backorders_allowed": True, "whole_heads": True,
        },
        families=[
            family("Pumps", **{
                "Opening stock": 8.0, "Opening backorders": 2.0, "Min stock": 3.0, "Max stock": 90.0,
                "Target cover": 0.5, "Closing stock min": 12.0, "Shelf life": 2.0, "Shortfall cost": 9.0,
            }),
            family("Valves", Fulfilment="Order"),
        ],
        sources=[
            {"Family": "Pumps", "Source": "Plant", "Unit cost": 10.0, "Min run": 4.0, "Batch size": 2.0,
             "Run cost": 50.0, "Start-up cost": 30.0, "Max per period": 45.0},
            {"Family": "Pumps", "Source": "Partner", "Kind": "Buy", "Unit cost": 14.0, "Lead periods": 1.0,
             "Run cost": 5.0},
            {"Family": "Valves", "Source": "Plant", "Unit cost": 3.0},
        ],
        receipts=[{"Family": "Pumps", "Source": "Partner", "Period": 0, "Quantity": 6.0}],
        resources=[
            {"Resource": "Press", "Kind": "Machine", "Capacity": 100.0, "Efficiency": 0.9, "Overtime limit": 10.0},
            {"Resource": "Crew", "Kind": "Labour", "Hours per head": 150.0, "Overtime limit": 12.0,
             "Opening heads": 2.0, "Min heads": 1.0, "Max heads": 4.0},
            {"Resource": "Steel", "Kind": "Supplier", "Capacity": 400.0},
            {"Resource": "Warehouse", "Kind": "Storage", "Capacity": 60.0},
            {"Resource": "Trucks", "Kind": "Distribution", "Capacity": 80.0},
        ],
        bill_of_resources=[
            {"Family": "Pumps", "Source": "Plant", "Resource": "Press", "Use per unit": 1.5, "Use per run": 8.0},
            {"Family": "Valves", "Resource": "Press", "Use per unit": 0.5},
            {"Family": "Pumps", "Resource": "Crew", "Use per unit": 4.0},
            {"Family": "Pumps", "Resource": "Steel", "Use per unit": 3.0},
            {"Family": "Pumps", "Resource": "Warehouse", "Use per unit": 1.0},
            {"Family": "Valves", "Resource": "Trucks", "Use per unit": 2.0},
        ],
        fixed={"Pumps": [None, 41.0, None]},
        approved={"Pumps": [35.0, 36.0, 37.0], "Valves": [5.0, None, 6.0]},
    )  # fmt: skip


@pytest.mark.parametrize("name", BY_NAME)
def test_constraint_says_what_its_golden_file_says(name, tables_of, family, golden, tmp_path):
    problem = build_problem(everything(tables_of, family, STRATEGY.get(name, "Optimise")))
    model = BalanceModel(problem)
    BY_NAME[name](model)
    assert model.row_count, f"the example has no {name}"
    model.to_pulp(name).writeLP(str(tmp_path / "model.lp"))
    golden(f"lp/{name}.lp", (tmp_path / "model.lp").read_text(encoding="utf-8"))


def test_every_constraint_has_a_golden_file():
    files = {path.stem for path in GOLDEN.glob("*.lp")}
    assert files == set(BY_NAME), "run `just update-golden`, and delete files of constraints that are gone"


def test_constraint_names_are_unique():
    assert len(BY_NAME) == len(CONSTRAINTS)
