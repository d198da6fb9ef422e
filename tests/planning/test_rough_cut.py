"""Load against capacity of a plan that nobody solved."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from companies import company

from sop_addin.model.errors import InputError
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.rough_cut import rough_cut

MONTHS = [f"2027-{month:02d}" for month in range(1, 7)]
DEMAND = {"Family": ["Pumps"] * 6 + ["Valves"] * 6, "Period": MONTHS * 2, "Value": [100] * 6 + [60] * 6}


def typed(tables, **fixed):
    rows = [(family, period, figure, float("nan")) for family, figures in fixed.items()
            for period, figure in zip(tables.periods, figures, strict=False)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["Family", "Period", "Fixed production", "Approved plan"])
    return replace(tables, production_plan=frame)


def figures(frame, resource, measure):
    return frame.loc[frame["Resource"] == resource, measure].to_list()


def test_a_solved_plan_has_the_load_that_the_solver_gave_it():
    tables = company(demand=DEMAND)
    plan = run_cycle(tables, ("balance",))
    frame, findings = rough_cut(replace(tables, last_plan=plan.plan_table))
    for measure in ("Load", "Regular capacity", "Overtime"):
        solved = plan.balance.resources.set_index(["Resource", "Period"])[measure]
        mine = frame.set_index(["Resource", "Period"])[measure]
        assert mine.to_numpy() == pytest.approx(solved.reindex(mine.index).to_numpy(), abs=1e-4), measure
    assert [finding.message for finding in findings] == ["every resource can do this plan"]


def test_typed_production_loads_by_the_bill_of_resources_and_an_overload_is_named():
    tables = typed(company(demand=DEMAND), Pumps=[260, 100, 100, 100, 100, 100], Valves=[60] * 6)
    frame, findings = rough_cut(tables)
    assert figures(frame, "Press", "Load")[:2] == [290.0, 130.0]
    assert figures(frame, "Press", "Overtime")[:2] == [50.0, 0.0]
    assert figures(frame, "Press", "Short")[:2] == [40.0, 0.0]
    press = [finding.message for finding in findings if finding.message.startswith("Press")]
    assert press == ["Press, 2027-01: load 290 of 200 h (145 %), 40 beyond overtime; Pumps 260, Valves 30"]


def test_a_typed_figure_is_split_between_sources_as_the_last_run_did():
    tables = company(demand={**DEMAND, "Value": [400] * 6 + [60] * 6})
    last = run_cycle(tables, ("balance",)).plan_table
    bought = last.query("Measure == 'Planned' and Source == 'Supplier'")["Value"].iloc[0]
    made = last.query("Measure == 'Planned' and Source == 'Plant' and Family == 'Pumps'")["Value"].iloc[0]
    frame, _ = rough_cut(replace(typed(tables, Pumps=[2 * (made + bought)]), last_plan=last))
    assert figures(frame, "Crew", "Load")[0] == pytest.approx(2 * made)


def test_heads_are_those_at_plan_start_where_no_run_planned_them():
    frame, _ = rough_cut(typed(company(demand=DEMAND), Pumps=[100] * 6))
    assert figures(frame, "Crew", "Heads") == [3.0] * 6
    assert figures(frame, "Crew", "Regular capacity") == [300.0] * 6


def test_storage_and_distribution_follow_from_stock_and_shipments():
    resources = {"Resource": ["Hall", "Trucks"], "Kind": ["Storage", "Distribution"], "Capacity": [100, 150]}
    bill = {"Family": ["Pumps", "Pumps"], "Resource": ["Hall", "Trucks"], "Use per unit": [1, 1]}
    tables = typed(company(demand=DEMAND, tblResources=resources, tblBillOfResources=bill), Pumps=[200, 0, 150, 50])
    frame, findings = rough_cut(tables)
    assert figures(frame, "Hall", "Load")[:4] == [170.0, 70.0, 120.0, 70.0]
    assert figures(frame, "Trucks", "Load")[:4] == [100.0] * 4
    assert [finding.message[:13] for finding in findings.warnings] == ["Hall, 2027-01", "Hall, 2027-03"]


def test_without_any_production_it_says_what_to_type():
    _, findings = rough_cut(company(demand=DEMAND))
    assert [finding.rule for finding in findings] == ["nothing_planned"]


def test_the_step_solves_nothing_and_reports():
    plan = run_cycle(typed(company(demand=DEMAND), Pumps=[260] * 6), ("rough_cut",))
    assert plan.balance is None
    assert plan.rough_cut["Short"].max() > 0
    assert "rough_cut_capacity" in [finding.rule for finding in plan.findings]


def test_an_unknown_step_is_told_all_that_there_are():
    with pytest.raises(InputError, match="choose from forecast, aggregate, balance, rough_cut"):
        run_cycle(company(), ("ruff_cut",))
