"""What if? A solved balance that stays in the solver, so that a change is answered at once.

    live = LiveBalance(tables)
    more = live.solve(with_changes(live.problem, demand=1.1 * live.problem.families.demand))
    plan = live.plan(other_tables)

Only what differs from the last question is sent, and the simplex starts from the last basis. Every answer is that of a
cold ``solve_balance``. A question that changes the shape of the model (a family more, the first Min stock of a family)
is solved from the start, and the answers after it are quick again. Scenarios and Monte Carlo runs: one LiveBalance a
process.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ...model.plan import BalancePlan
from ...model.tables import Tables
from . import build_model, plan_of
from .engine import Bounds, Engine, natural_bounds, scaled_matrix
from .linear_model import REVENUE, TERMS
from .model import BalanceModel
from .problem import BalanceProblem
from .problem_tables import build_problem
from .result import Quantities, quantities, service_level, shipment_prices
from .solve import Solution, solve_stages
from .solver import open_engine

SPENT_ROWS = 60  # rows left over from earlier questions from which on the model is built anew


@dataclass(frozen=True)
class Answer:
    """The figures of a what-if: money in base currency; ``quantities`` as arrays in the order of ``problem``."""

    problem: BalanceProblem
    objective: float
    total_cost: float
    revenue: float
    margin: float
    service_level: float
    """Share of demand delivered in its period."""
    broken: bool
    """Whether a limit is broken or demand unserved."""
    proven: bool
    quantities: Quantities


class LiveBalance:
    """The balance of ``tables``, live. ``solver``: as in ``solve_balance``; only HiGHS is quicker live than cold."""

    def __init__(self, tables: Tables, *, solver: str | None = None) -> None:
        self.tables = tables
        self.solver = solver
        self.problem = build_problem(tables)
        self.re_solves = 0
        """Questions that were answered without building the model anew."""
        self._engine: Engine | None = None
        self._model: BalanceModel | None = None
        self._base_rows = 0

    def solve(self, problem: BalanceProblem) -> Answer:
        """Figures of the best plan for ``problem``, without marginal values and explanation."""
        model, solution, _ = self._solved(problem, values_only=True)
        figures = quantities(model, solution.values)
        terms = model.terms
        cost = float((terms.price * figures.values[terms.column])[terms.kind != TERMS.index(REVENUE)].sum())
        revenue = float((shipment_prices(problem, figures) * figures.ship).sum())
        return Answer(
            problem, revenue - cost if problem.settings.maximise_margin else cost, cost, revenue, revenue - cost,
            service_level(problem, figures), bool(solution.broken), solution.proven, figures,
        )  # fmt: skip

    def plan(self, tables: Tables) -> BalancePlan:
        """The whole plan for changed ``tables``, equal to ``solve_balance(tables)``."""
        begin = time.perf_counter()
        model, solution, engine = self._solved(build_problem(tables), values_only=False)
        return plan_of(tables, model, engine, solution, self.solver, begin)

    def _solved(self, problem: BalanceProblem, *, values_only: bool) -> tuple[BalanceModel, Solution, Engine]:
        model = build_model(problem)
        model.like(self._model)
        matrix = scaled_matrix(model)
        engine = self._sent(model, natural_bounds(matrix))
        if engine is None:
            engine = open_engine(matrix, self.solver)
            self._base_rows = model.row_count
        else:
            self.re_solves += 1
            engine.recall()
        self._engine, self._model = engine, model
        try:
            solution = solve_stages(model, engine, problem.settings.solver_time_limit, values_only=values_only)
        except Exception:
            self._engine = None  # its state is unknown
            raise
        return model, solution, engine

    def _sent(self, model: BalanceModel, bounds: Bounds) -> Engine | None:
        """The engine with the figures of ``model``; None where it holds a model of another shape."""
        engine, last = self._engine, self._model
        if engine is None or last is None or not engine.live:
            return None
        if len(engine.bounds().row_lower) > self._base_rows + SPENT_ROWS:
            return None
        start, column, value = model.matrix
        last_start, last_column, last_value = last.matrix
        same = start is last_start or (np.array_equal(start, last_start) and np.array_equal(column, last_column))
        if not same or not np.array_equal(model.integer, last.integer):
            return None
        changed = np.flatnonzero(value != last_value)
        row = np.repeat(np.arange(model.row_count), np.diff(start))
        if model.labels == last.labels:
            model.name_weights = last.name_weights
        engine.change_entries(row[changed], column[changed], value[changed])
        engine.set_bounds(bounds)
        return engine
