"""The balance of supply and demand (contract section 3): ``solve_balance``."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ...model.findings import Finding, Findings
from ...model.plan import BalancePlan
from ...model.tables import Tables
from .clusters import families_apart, problems_of, solve_apart
from .constraints import CONSTRAINTS
from .costs import add_costs
from .engine import Engine, Look, scaled_matrix
from .explain import explain, marginal_values
from .highs_engine import HIGHS
from .limits import limits_frame, spare_frame
from .model import BalanceModel
from .problem import BalanceProblem
from .problem_tables import build_problem
from .result import build_plan, quantities
from .solve import Solution, Worth, solve_stages
from .solver import open_engine

__all__ = ["build_model", "plan_of", "solve_balance"]


def solve_balance(tables: Tables, *, solver: str | None = None, look: Look | None = None) -> BalancePlan:
    """The plan that balances supply and demand best; never infeasible, every broken limit is a finding by name.

    tables: families, sources, resources, consensus demand (tables.sales_plan) and the settings. solver: 'HiGHS' or
    'CBC', by default the first that is installed. look: called a few times a second while the solver works; what it
    raises (Stopped) ends the solve and is raised here. Raises SolverError only where no solver works.
    """
    begin = time.perf_counter()
    problem = build_problem(tables)
    if not problem.families.names or not problem.periods:
        return _nothing_to_plan(build_model(problem))
    seconds = tables.settings.solver_time_limit
    parts = families_apart(problem)
    if len(parts) == 1:
        return _solved(tables, build_model(problem), seconds, solver, look)
    models = [build_model(part) for part in problems_of(problem, parts)]
    rows = sum(model.row_count for model in models)
    plan = solve_apart(
        problem, models, seconds, look,
        lambda model, share, own_look: _solved(tables, model, share, solver, own_look, whole=rows),
    )  # fmt: skip
    return replace(plan, solve_seconds=time.perf_counter() - begin)


def _solved(
    tables: Tables, model: BalanceModel, seconds: float, solver: str | None, look: Look | None, *, whole: int = 0
) -> BalancePlan:
    """The plan of ``model``, which has all families of ``tables`` or is a part of a balance of ``whole`` rows."""
    begin = time.perf_counter()
    engine = open_engine(scaled_matrix(model), solver, look)
    return plan_of(tables, model, engine, solve_stages(model, engine, seconds, whole=whole), solver, begin)


def plan_of(
    tables: Tables, model: BalanceModel, engine: Engine, solution: Solution, solver: str | None, begin: float
) -> BalancePlan:
    """The plan of a solved model that ``engine`` still holds; ``solver``: as asked for, ``begin``: a perf_counter."""
    problem = model.problem
    figures = quantities(model, solution.values)
    marginal = marginal_values(model, solution)
    explained, short = explain(tables, model, engine, solution, figures, marginal)
    findings = problem.findings + _fallback(solver, engine.name) + explained
    plan = build_plan(
        model, solution, figures, findings.worst_first(), marginal=marginal, solver=engine.name,
        seconds=time.perf_counter() - begin,
    )  # fmt: skip
    return replace(plan, limits=limits_frame(model, solution, figures, short), spare=spare_frame(model, figures))


def _fallback(wanted: str | None, used: str) -> Findings:
    """Says that the slower solver had to do, where nobody asked for it."""
    if wanted is not None or used == HIGHS:
        return Findings()
    text = f"HiGHS is not installed, so {used} solved this plan, slower: `pip install highspy`."
    return Findings.of([Finding("Info", "", None, "", "solver_fallback", text)])


def _nothing_to_plan(model: BalanceModel) -> BalancePlan:
    """An empty plan and the finding that says why."""
    table, missing = ("tblFamilies", "family") if model.problem.periods else ("tblSettings", "period")
    text = (
        f"There is no {missing} to plan: fill in {'tblFamilies' if missing == 'family' else 'Plan start and demand'}."
    )
    finding = Finding("Error", table, None, "", "nothing_to_plan", text)
    values = np.zeros(model.column_count)
    solution = Solution(values, Worth.nothing(model), [], True, 0.0, 0.0)
    figures = quantities(model, values)
    plan = build_plan(
        model, solution, figures, Findings.of([finding]), marginal=marginal_values(model, solution), solver="",
        seconds=0.0,
    )  # fmt: skip
    return replace(plan, status="Nothing to plan")


def build_model(problem: BalanceProblem) -> BalanceModel:
    """The linear model of ``problem``: variables, constraints in the order of CONSTRAINTS, costs."""
    model = BalanceModel(problem)
    for constraint in CONSTRAINTS:
        constraint(model)
    add_costs(model)
    return model
