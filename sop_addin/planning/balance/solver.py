"""The one door to a solver: a PuLP model goes in, scaled; HiGHS solves it live, CBC where HiGHS is missing.

PuLP models; HiGHS gets the whole matrix with one ``passModel`` and stays alive, so that a re-solve after a change of
cost or limits starts from the last basis. CBC (bundled with PuLP 3.3, x86 and Linux arm64) is the fallback.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pulp import PULP_CBC_CMD, LpAffineExpression, LpConstraint, LpProblem, LpVariable, const

from ...model.errors import SolverError
from .model import BalanceModel
from .problem import Bools, Floats

highspy: Any
try:
    highspy = importlib.import_module("highspy")
except ImportError:  # CBC does it then, slower
    highspy = None

INTERIOR_POINT_FROM = 60_000  # non-zeros: above, a cold simplex that takes long is given up for interior point
MIP_GAP = 1e-6
HIGHS, CBC = "HiGHS", "CBC"
OFF = 1e30  # right-hand side of a CBC row that is switched off
SIMPLEX_SECONDS = 8.0  # then interior point takes over


class NoPlan(SolverError):
    """The model has no solution, or none was found in time."""


@dataclass(frozen=True)
class Matrix:
    """A scaled model: columns x' = x / column_scale, rows multiplied by row_scale; shapes (n,), (m,), CSR."""

    start: NDArray[np.int32]
    index: NDArray[np.int32]
    value: Floats
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: Bools
    column_scale: Floats
    row_scale: Floats

    @property
    def columns(self) -> int:
        return len(self.lower)

    @property
    def rows(self) -> int:
        return len(self.row_lower)


@dataclass(frozen=True)
class Outcome:
    """Answer of a solver, in natural units. ``proven``: optimal within the gap; else the time limit was reached.

    ``row_duals`` and ``column_duals``: change of the minimum per unit of a row's or a column's active limit.
    ``bound`` is the best objective that is proven possible, ``gap`` relative. LPs have bound = objective, gap = 0.
    """

    proven: bool
    values: Floats
    row_duals: Floats
    column_duals: Floats
    objective: float
    bound: float
    gap: float


@dataclass(frozen=True)
class Bounds:
    """All bounds of a model in natural units, (columns,) and (rows,); kept to come back to them."""

    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats


class Engine(Protocol):
    """A model inside a solver."""

    name: str
    precision: float
    """Relative accuracy of the values it gives back."""
    live: bool
    """Whether a re-solve starts from the last one and so takes next to nothing."""
    matrix: Matrix

    def solve(self, cost: Floats, *, relax: bool = False, seconds: float = np.inf) -> Outcome: ...
    def limit(self, columns: NDArray[np.intp], weights: Floats, upper: float) -> None: ...
    def bounds(self) -> Bounds: ...
    def set_bounds(self, bounds: Bounds) -> None: ...
    def bound_columns(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None: ...
    def bound_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None: ...
    def start_from(self, values: Floats) -> None: ...
    def forget(self) -> None: ...


def scaled_matrix(model: BalanceModel) -> Matrix:
    """The PuLP model as arrays, scaled by powers of two so that entries and values are near 1."""
    index = [variable.index for row in model.rows for variable, _ in row.terms]
    value = [factor for row in model.rows for _, factor in row.terms]
    start = np.concatenate([[0], np.cumsum([len(row.terms) for row in model.rows], dtype=np.int64)])
    right = np.array([row.right for row in model.rows], dtype=np.float64)
    sense = np.array([row.sense for row in model.rows], dtype=np.int64)
    lower = np.where(sense == const.LpConstraintLE, -np.inf, right)
    upper = np.where(sense == const.LpConstraintGE, np.inf, right)
    columns = np.array(index, dtype=np.int32)
    starts = start.astype(np.int32)
    scale = np.array(model.scales, dtype=np.float64)
    entries = np.array(value, dtype=np.float64) * scale[columns]
    owner = np.repeat(np.arange(len(lower)), np.diff(starts))
    largest = np.full(len(lower), 1e-300)
    np.maximum.at(largest, owner, np.abs(entries))
    row_scale = np.exp2(-np.round(np.log2(np.where(largest > 1e-300, largest, 1.0))))
    variable_upper = [np.inf if v.upBound is None else v.upBound for v in model.columns]
    return Matrix(
        start=starts,
        index=columns,
        value=entries * row_scale[owner],
        row_lower=lower * row_scale,
        row_upper=upper * row_scale,
        lower=np.array([v.lowBound for v in model.columns], dtype=np.float64) / scale,
        upper=np.array(variable_upper, dtype=np.float64) / scale,
        integer=np.array([v.cat == const.LpInteger for v in model.columns], dtype=bool),
        column_scale=scale,
        row_scale=row_scale,
    )


def money_scale(cost: Floats, column_scale: Floats) -> float:
    """A power of two that brings the typical scaled cost near 1."""
    sizes = np.abs(cost * column_scale)
    sizes = sizes[sizes > 0]
    return float(np.exp2(-np.round(np.log2(np.median(sizes))))) if len(sizes) else 1.0


def available_solvers() -> list[str]:
    """Names of the solvers that can run here, best first."""
    names = [HIGHS] if highspy is not None else []
    return names + ([CBC] if PULP_CBC_CMD(msg=False).available() else [])


def open_engine(matrix: Matrix, solver: str | None = None) -> Engine:
    """``matrix`` inside the named solver, by default the best at hand."""
    found = available_solvers()
    if solver is None and found:
        solver = found[0]
    if solver not in found:
        raise SolverError("No solver is installed: install highspy (pip install highspy) and run again.")
    return HighsEngine(matrix) if solver == HIGHS else CbcEngine(matrix)


class _Bounded:
    """What both engines share: the current bounds in natural units, and how a row is scaled."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.row_scale = matrix.row_scale
        self.current = Bounds(
            matrix.lower * matrix.column_scale,
            matrix.upper * matrix.column_scale,
            matrix.row_lower / matrix.row_scale,
            matrix.row_upper / matrix.row_scale,
        )

    def bounds(self) -> Bounds:
        """A copy of the current bounds."""
        now = self.current
        return Bounds(now.lower.copy(), now.upper.copy(), now.row_lower.copy(), now.row_upper.copy())

    def set_bounds(self, bounds: Bounds) -> None:
        """Come back to ``bounds``; rows added since are switched off."""
        columns = np.flatnonzero((self.current.lower != bounds.lower) | (self.current.upper != bounds.upper))
        self.bound_columns(columns, bounds.lower[columns], bounds.upper[columns])
        added = len(self.current.row_lower) - len(bounds.row_lower)
        lower = np.append(bounds.row_lower, np.full(added, -np.inf))
        upper = np.append(bounds.row_upper, np.full(added, np.inf))
        rows = np.flatnonzero((self.current.row_lower != lower) | (self.current.row_upper != upper))
        self.bound_rows(rows, lower[rows], upper[rows])

    def bound_columns(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        """Set the bounds of some columns."""
        if len(columns):
            self.current.lower[columns], self.current.upper[columns] = lower, upper
            scale = self.matrix.column_scale[columns]
            self._change_columns(columns, lower / scale, upper / scale)

    def bound_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        """Set the bounds of some rows."""
        if len(rows):
            self.current.row_lower[rows], self.current.row_upper[rows] = lower, upper
            scale = self.row_scale[rows]
            self._change_rows(rows, lower * scale, upper * scale)

    def limit(self, columns: NDArray[np.intp], weights: Floats, upper: float) -> None:
        """Add the row ``weights @ x[columns] <= upper``."""
        entries = weights * self.matrix.column_scale[columns]
        scale = float(np.exp2(-np.round(np.log2(np.abs(entries).max()))))
        self.row_scale = np.append(self.row_scale, scale)
        now = self.current
        self.current = Bounds(now.lower, now.upper, np.append(now.row_lower, -np.inf), np.append(now.row_upper, upper))
        self._add_row(columns, entries * scale, upper * scale)

    def _change_columns(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        raise NotImplementedError

    def _change_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        raise NotImplementedError

    def _add_row(self, columns: NDArray[np.intp], entries: Floats, upper: float) -> None:
        raise NotImplementedError


class HighsEngine(_Bounded):
    """A live HiGHS."""

    name = HIGHS
    precision = 1e-12
    live = True

    def __init__(self, matrix: Matrix) -> None:
        super().__init__(matrix)
        self.relaxed = False
        self.cold = True
        self.highs: Any = highspy.Highs()
        self._option("output_flag", False)
        self._option("threads", 1)  # one thread: same path through the search on every machine
        self._option("mip_rel_gap", MIP_GAP)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = matrix.columns, matrix.rows
        lp.col_cost_ = np.zeros(matrix.columns)
        lp.col_lower_, lp.col_upper_ = matrix.lower, matrix.upper
        lp.row_lower_, lp.row_upper_ = matrix.row_lower, matrix.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.start, matrix.index, matrix.value
        if matrix.integer.any():
            kinds = highspy.HighsVarType
            lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in matrix.integer]
        self.highs.passModel(lp)

    def _option(self, name: str, value: object) -> None:
        self.highs.setOptionValue(name, value)

    def solve(self, cost: Floats, *, relax: bool = False, seconds: float = np.inf) -> Outcome:
        """Minimise ``cost`` (natural units). ``relax`` drops the whole-number rule; ``seconds`` limits a MIP only."""
        matrix = self.matrix
        scale = money_scale(cost, matrix.column_scale)
        everything = np.arange(matrix.columns, dtype=np.int32)
        self.highs.changeColsCost(matrix.columns, everything, cost * matrix.column_scale * scale)
        is_mip = bool(matrix.integer.any()) and not relax
        self._set_relaxed(relax)
        self._option("time_limit", self.highs.getRunTime() + float(seconds) if is_mip else np.inf)
        doubtful = self.cold and not is_mip and len(matrix.value) >= INTERIOR_POINT_FROM
        if doubtful:
            self._option("time_limit", self.highs.getRunTime() + SIMPLEX_SECONDS)
        self.highs.run()
        if doubtful and self.highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
            self.highs.clearSolver()
            self._option("time_limit", np.inf)
            self._option("solver", "ipm")
            self.highs.run()
            self._option("solver", "choose")
        self.cold = False
        return self._outcome(scale, is_mip)

    def _set_relaxed(self, relax: bool) -> None:
        integers = np.flatnonzero(self.matrix.integer).astype(np.int32)
        if len(integers) and relax != self.relaxed:
            kind = highspy.HighsVarType.kContinuous if relax else highspy.HighsVarType.kInteger
            self.highs.changeColsIntegrality(len(integers), integers, np.full(len(integers), int(kind), dtype=np.uint8))
            self.relaxed = relax

    def _outcome(self, scale: float, is_mip: bool) -> Outcome:
        matrix, highs = self.matrix, self.highs
        status = highs.getModelStatus()
        proven = status == highspy.HighsModelStatus.kOptimal
        info = highs.getInfo()
        feasible = info.primal_solution_status == 2  # kSolutionStatusFeasible
        if not proven and not (is_mip and status == highspy.HighsModelStatus.kTimeLimit and feasible):
            raise NoPlan(
                f"The solver stopped with '{highs.modelStatusToString(status)}': look for figures of extreme size."
            )
        solution = highs.getSolution()
        objective = info.objective_function_value / scale
        bound = info.mip_dual_bound / scale if is_mip else objective
        row_duals = (
            np.array(solution.row_dual) * self.row_scale / scale if not is_mip else np.zeros(len(self.row_scale))
        )
        column_duals = (
            np.array(solution.col_dual) / matrix.column_scale / scale if not is_mip else np.zeros(matrix.columns)
        )
        return Outcome(
            proven,
            np.array(solution.col_value) * matrix.column_scale,
            row_duals,
            column_duals,
            objective,
            bound,
            abs(objective - bound) / max(abs(objective), 1e-9) if is_mip else 0.0,
        )

    def _change_columns(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def _change_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        self.highs.changeRowsBounds(len(rows), rows.astype(np.int32), lower, upper)

    def _add_row(self, columns: NDArray[np.intp], entries: Floats, upper: float) -> None:
        self.highs.addRow(-highspy.kHighsInf, upper, len(columns), columns.astype(np.int32), entries)

    def forget(self) -> None:
        """Start the next solve anew: in a large model the last basis only misleads where the goal is another."""
        self.highs.clearSolver()
        self.cold = True

    def start_from(self, values: Floats) -> None:
        """Offer a feasible plan to the search."""
        columns = np.arange(self.matrix.columns, dtype=np.int32)
        self.highs.setSolution(len(columns), columns, values / self.matrix.column_scale)


class CbcEngine(_Bounded):
    """CBC through PuLP: the scaled model as an LpProblem that is solved anew each time."""

    name = CBC
    precision = 2e-8  # its solution file holds 8 digits
    live = False

    def __init__(self, matrix: Matrix) -> None:
        super().__init__(matrix)
        self.lp = LpProblem("scaled", const.LpMinimize)
        kinds = np.where(matrix.integer, const.LpInteger, const.LpContinuous)
        self.variables: list[LpVariable] = [
            self.lp.add_variable(f"x{column}", float(low), float(high) if high < np.inf else None, str(kind))
            for column, (low, high, kind) in enumerate(zip(matrix.lower, matrix.upper, kinds, strict=True))
        ]
        self.constraints: list[LpConstraint] = []
        for row in range(matrix.rows):
            part = slice(matrix.start[row], matrix.start[row + 1])
            self._add(matrix.index[part], matrix.value[part], matrix.row_lower[row], matrix.row_upper[row])

    def _add(self, columns: NDArray[Any], entries: Floats, lower: float, upper: float) -> None:
        terms = [(self.variables[column], float(entry)) for column, entry in zip(columns, entries, strict=True)]
        sense, right = _sense(lower, upper)
        row = LpConstraint(LpAffineExpression(terms), sense, f"r{len(self.constraints)}", right)
        self.lp.addConstraint(row)
        self.constraints.append(row)

    def solve(self, cost: Floats, *, relax: bool = False, seconds: float = np.inf) -> Outcome:
        """Minimise ``cost`` (natural units); see HighsEngine.solve."""
        matrix = self.matrix
        scale = money_scale(cost, matrix.column_scale)
        scaled = cost * matrix.column_scale * scale
        self.lp.setObjective(
            LpAffineExpression([(self.variables[i], float(scaled[i])) for i in np.flatnonzero(scaled)])
        )
        is_mip = bool(matrix.integer.any()) and not relax
        # CBC's preprocessing lost the optimum of the JuMP factory schedule (12,927,000 for 12,906,400) and said optimal
        large = len(matrix.value) >= INTERIOR_POINT_FROM
        options = ["preprocess off"] if is_mip else ["barrier"] if large else []
        solver = PULP_CBC_CMD(
            mip=is_mip,
            msg=False,
            timeLimit=float(seconds) if is_mip and np.isfinite(seconds) else None,
            gapRel=MIP_GAP if is_mip else None,
            options=options,
        )
        self.lp.solve(solver)
        proven = self.lp.sol_status == const.LpSolutionOptimal
        if not proven and not (is_mip and self.lp.sol_status == const.LpSolutionIntegerFeasible):
            raise NoPlan(
                f"The solver stopped with '{const.LpStatus[self.lp.status]}': look for figures of extreme size."
            )
        values = np.array([v.varValue or 0.0 for v in self.variables])
        objective = float(scaled @ values) / scale
        # CBC does not hand its bound on: at the time limit the relaxation's is the honest one
        bound = objective
        if not proven:
            bound = self.solve(cost, relax=True).objective
            for variable, value in zip(self.variables, values, strict=True):
                variable.varValue = float(value)
        return Outcome(
            proven,
            values * matrix.column_scale,
            np.array([row.pi or 0.0 for row in self.constraints]) * self.row_scale / scale,
            np.array([v.dj or 0.0 for v in self.variables]) / matrix.column_scale / scale,
            objective,
            bound,
            abs(objective - bound) / max(abs(objective), 1e-9) if is_mip else 0.0,
        )

    def _change_columns(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        for column, low, high in zip(columns, lower, upper, strict=True):
            self.variables[column].bounds(float(low), float(high) if high < np.inf else None)

    def _change_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        for row, low, high in zip(rows, lower, upper, strict=True):
            constraint = self.constraints[row]
            constraint.sense, right = _sense(float(low), float(high))
            constraint.changeRHS(right)

    def _add_row(self, columns: NDArray[np.intp], entries: Floats, upper: float) -> None:
        self._add(columns, entries, -np.inf, upper)

    def forget(self) -> None:
        """CBC starts anew each time."""

    def start_from(self, values: Floats) -> None:
        """CBC finds its own first plan."""


def _sense(lower: float, upper: float) -> tuple[int, float]:
    if lower == upper:
        return const.LpConstraintEQ, float(upper)
    if np.isfinite(lower):
        return const.LpConstraintGE, float(lower)
    return const.LpConstraintLE, float(upper) if np.isfinite(upper) else OFF
