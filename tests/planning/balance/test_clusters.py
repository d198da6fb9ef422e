"""Families that share no resource are solved apart: the plan is the same."""

from __future__ import annotations

import threading
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.errors import Stopped
from sop_addin.planning.balance import clusters, solve_balance
from sop_addin.planning.balance import engine as engines
from sop_addin.planning.balance.clusters import families_apart, part_of
from sop_addin.planning.balance.problem_tables import build_problem

from .test_invariants import companies

FRAMES = {
    "families": ("Demand", "Opening stock", "Production", "Sales", "Closing stock", "Backorders", "Lost sales"),
    "sources": ("Planned", "Arrivals"),
    "resources": ("Load", "Regular capacity", "Overtime", "Heads", "Hires", "Layoffs"),
}
KEYS = {"families": ["Family"], "sources": ["Family", "Source"], "resources": ["Resource"]}


@st.composite
def neighbours(draw, whole=False):
    """Arguments of ``build_tables``: two companies side by side that share nothing but their settings."""
    both = [draw(companies(whole=whole)) for _ in range(2)]
    horizon = min(len(next(iter(one["demand"].values()))) for one in both)
    result = {"settings": both[0]["settings"]}
    for side, one in zip(("East", "West"), both, strict=True):
        for name in ("demand", "fixed", "approved"):
            moved = {f"{side} {family}": figures[:horizon] for family, figures in one[name].items()}
            result[name] = result.get(name, {}) | moved
        for name in ("families", "sources", "resources", "bill_of_resources"):
            rows = [
                row | {key: f"{side} {row[key]}" for key in ("Family", "Resource") if key in row} for row in one[name]
            ]
            result[name] = result.get(name, []) + rows
    return result


def apart(tables, **patches):
    with mock.patch.multiple(clusters, **({"LEAST_CELLS": 0} | patches)):
        return solve_balance(tables)


def in_one_piece(tables):
    def one(problem):
        return [np.arange(len(problem.families.names))]

    with mock.patch("sop_addin.planning.balance.families_apart", one):
        return solve_balance(tables)


def same_plan(one, other):
    assert one.status == other.status
    for figure in ("objective", "total_cost", "revenue", "service_level", "bound"):
        assert getattr(one, figure) == pytest.approx(getattr(other, figure), rel=1e-6, abs=1e-6), figure
    for name, columns in FRAMES.items():
        first, second = getattr(one, name), getattr(other, name)
        keys = [*KEYS[name], "Period"]
        assert first[keys].equals(second[keys]), "rows in the order of the tables"
        for column in columns:
            assert first[column].to_numpy() == pytest.approx(second[column].to_numpy(), abs=1e-5, nan_ok=True), column
    keys = ["Term", "Family", "Resource", "Period"]
    costs = [plan.costs[plan.costs["Value"].abs() > 1e-6].reset_index(drop=True) for plan in (one, other)]
    assert costs[0][keys].equals(costs[1][keys])
    assert costs[0]["Value"].to_numpy() == pytest.approx(costs[1]["Value"].to_numpy(), abs=1e-4)
    assert {f.message for f in one.findings.warnings} == {f.message for f in other.findings.warnings}


@settings(max_examples=80)
@given(arguments=neighbours())
def test_the_plan_is_the_one_of_one_piece(tables_of, arguments):
    tables = tables_of(**arguments)
    assert len(families_apart_at_any_size(tables)) >= 2
    same_plan(apart(tables), in_one_piece(tables))


@settings(max_examples=12)
@given(arguments=neighbours(whole=True))
def test_with_whole_numbers_it_costs_no_more(tables_of, arguments):
    tables = tables_of(**arguments)
    one, other = apart(tables), in_one_piece(tables)
    assert one.status == other.status
    if one.status == "Optimal":
        assert one.objective == pytest.approx(other.objective, rel=5e-6, abs=1e-4)


def families_apart_at_any_size(tables):
    with mock.patch.object(clusters, "LEAST_CELLS", 0):
        return families_apart(build_problem(tables))


def chain(tables_of, family, names="ABCD", links=("AB", "BC")):
    """Families, and resources that two of them share."""
    return tables_of(
        {name: [40, 70, 90] for name in names},
        families=[family(name) for name in reversed(names)],
        sources=[{"Family": name, "Source": "Plant", "Unit cost": 10.0} for name in names],
        resources=[{"Resource": f"Press {link}", "Kind": "Machine", "Capacity": 140.0} for link in links],
        bill_of_resources=[
            {"Family": name, "Resource": f"Press {link}", "Use per unit": 1.0} for link in links for name in link
        ],
    )


def test_chains_of_resources_join_families(tables_of, family):
    parts = families_apart_at_any_size(chain(tables_of, family))
    assert [part.tolist() for part in parts] == [[0, 1, 2], [3]]


def test_small_clusters_are_gathered(tables_of, family):
    tables = chain(tables_of, family, links=())
    problem = build_problem(tables)
    assert len(families_apart(problem)) == 1
    with mock.patch.object(clusters, "LEAST_CELLS", 6):
        assert [part.tolist() for part in families_apart(problem)] == [[0, 1], [2, 3]]


def test_a_cluster_with_whole_numbers_is_alone_whatever_its_size(tables_of, family):
    tables = chain(tables_of, family)
    tables.sources.loc[tables.sources["Family"] == "D", "Run cost"] = 100.0
    assert [part.tolist() for part in families_apart(build_problem(tables))] == [[0, 1, 2], [3]]


def test_a_crew_that_nobody_uses_is_paid_once(tables_of):
    crew = {"Resource": "Crew", "Kind": "Labour", "Hours per head": 100.0, "Opening heads": 2.0, "Regular cost": 50.0,
            "Layoff cost": 1e6}  # fmt: skip
    tables = tables_of(
        {name: [40, 70, 90] for name in "ABCD"}, resources=[crew],
        sources=[{"Family": name, "Source": "Plant", "Unit cost": 10.0} for name in "ABCD"],
    )  # fmt: skip
    plan = apart(tables)
    same_plan(plan, in_one_piece(tables))
    assert plan.costs.groupby("Term")["Value"].sum()["Regular cost"] == pytest.approx(300.0)


def test_a_part_keeps_the_order_of_the_tables(tables_of, family):
    problem = build_problem(chain(tables_of, family))
    part = part_of(problem, np.array([0, 1, 3]), idle=True)
    assert part.families.names == ["A", "B", "D"]
    assert [part.families.names[i] for i in part.table_order["families"]] == ["D", "B", "A"]
    assert part.sources.family.tolist() == [0, 1, 2]


def test_parts_at_the_same_time_give_the_same_plan(tables_of, family):
    tables = chain(tables_of, family)
    same_plan(apart(tables, AT_ONCE_FROM=0), apart(tables, AT_ONCE_FROM=1e9))


def test_all_parts_stop_when_the_planner_asks(tables_of, family, monkeypatch):
    monkeypatch.setattr(engines, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(clusters, "LOOK_EVERY", 0.0)
    threads = set()

    def look():
        threads.add(threading.current_thread())
        raise Stopped("Stopped; nothing was changed.")

    for size in (0, 1e9):
        with (
            mock.patch.multiple(clusters, LEAST_CELLS=0, AT_ONCE_FROM=size),
            pytest.raises(Stopped),
        ):
            solve_balance(chain(tables_of, family), look=look)
    assert threads == {threading.main_thread()}, "Excel is asked on its own thread only"
