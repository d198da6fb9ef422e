"""The balance of supply and demand (contract section 3): ``solve_balance``."""

from __future__ import annotations

import time

from ...model.findings import Finding, Findings
from ...model.plan import BalancePlan
from ...model.tables import Tables
from .constraints import CONSTRAINTS
from .costs import add_costs
from .explain import explain, marginal_values
from .model import BalanceModel
from .problem import BalanceProblem, build_problem
from .result import build_plan, quantities
from .solve import solve_stages
from .solver import open_engine, scaled_matrix

__all__ = ["build_model", "solve_balance"]


def solve_balance(tables: Tables, *, solver: str | None = None) -> BalancePlan:
    """The plan that balances supply and demand best; never infeasible, every broken limit is a finding by name.

    tables: families, sources, resources, consensus demand (tables.sales_plan) and the settings. solver: 'HiGHS' or
    'CBC', by default the first that is installed. Raises SolverError only where no solver works.
    """
    begin = time.perf_counter()
    problem = build_problem(tables)
    model = build_model(problem)
    engine = open_engine(scaled_matrix(model), solver)
    solution = solve_stages(model, engine, tables.settings.solver_time_limit)
    figures = quantities(model, solution.values)
    marginal = marginal_values(model, solution)
    findings = problem.findings + explain(tables, model, solution, figures, marginal)
    return build_plan(
        model, solution, figures, findings.worst_first(), marginal=marginal, solver=engine.name,
        seconds=time.perf_counter() - begin,
    )  # fmt: skip


def build_model(problem: BalanceProblem) -> BalanceModel:
    """The linear model of ``problem``: variables, constraints in the order of CONSTRAINTS, costs."""
    model = BalanceModel(problem)
    for constraint in CONSTRAINTS:
        constraint(model)
    add_costs(model)
    return model
