"""HiGHS, live: the matrix goes over with one ``passModel``, and a re-solve starts from the last basis."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...model.errors import SolverError
from .engine import INTERIOR_POINT_FROM, MIP_GAP, BoundedEngine, Look, Matrix, NoPlan, Outcome, money_scale
from .problem import Bools, Floats, Ints

highspy: Any
try:
    highspy = importlib.import_module("highspy")
except ImportError:  # solver.py then takes CBC, and the plan says so
    highspy = None

HIGHS = "HiGHS"
SIMPLEX_STEPS = 5  # iterations a row of a large model's cold start; then interior point takes over
RE_SOLVE_STEPS = 1_000, 0.05  # iterations of a re-solve, and more of them a row; then it starts anew
COST_SIZE = 1024.0  # of the typical cost: near 1 HiGHS perturbs costs so much that it takes up to twice as long
FEASIBLE = 1e-6  # scaled; HiGHS's own tolerance is 1e-7

# A re-solve takes few steps. By default HiGHS then spends more time on exact edge weights and on clearing its
# perturbations away than on those steps.
FRESH = {
    "simplex_strategy": 1,
    "simplex_dual_edge_weight_strategy": -1,
    "dual_simplex_cost_perturbation_multiplier": 1.0,
    "simplex_primal_edge_weight_strategy": -1,
    "simplex_price_strategy": 3,
}
LIMITS_MOVED = FRESH | {
    "simplex_dual_edge_weight_strategy": 1, "dual_simplex_cost_perturbation_multiplier": 0.0,
    "simplex_price_strategy": 1,
}  # fmt: skip
OTHER_GOAL = FRESH | {"simplex_strategy": 4, "simplex_primal_edge_weight_strategy": 0}


class _Last(NamedTuple):
    """The last solution of the model: its scaled cost, and natural values of columns and rows."""

    cost: Floats
    values: Floats
    row_values: Floats


class HighsEngine(BoundedEngine):
    """A live HiGHS."""

    name = HIGHS
    precision = 1e-12
    live = True

    def __init__(self, matrix: Matrix, look: Look | None = None) -> None:
        super().__init__(matrix, look)
        self.relaxed = False
        self.cold = True
        self.kept: Any = None
        self.kept_rows = 0
        self.sent = np.zeros(matrix.columns)
        self.last: _Last | None = None
        self.kept_last: _Last | None = None
        filled = np.flatnonzero(np.diff(matrix.start))[:1]
        self.touched = [
            (int(row), int(matrix.index[matrix.start[row]]), float(matrix.value[matrix.start[row]])) for row in filled
        ]
        self.highs: Any = highspy.Highs()
        self._option("output_flag", False)
        self._option("threads", 1)  # one thread: same path through the search on every machine
        self._option("mip_rel_gap", MIP_GAP)
        # arrays, not a HighsLp: its vectors are filled number by number, which takes five times as long
        self.highs.passModel(
            matrix.columns, matrix.rows, len(matrix.value), int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize), 0.0, self.sent, matrix.lower, matrix.upper, matrix.row_lower,
            matrix.row_upper, matrix.start, matrix.index, matrix.value, matrix.integer.astype(np.int32),
        )  # fmt: skip
        self.stopped: BaseException | None = None
        if look is not None:
            for callback in (self.highs.cbSimplexInterrupt, self.highs.cbIpmInterrupt, self.highs.cbMipInterrupt):
                callback += self._look

    def _look(self, event: Any) -> None:
        """Called by HiGHS every few steps: what ``look`` raises waits until HiGHS has stopped."""
        try:
            self.look()
        except BaseException as error:  # noqa: BLE001 - through HiGHS itself nothing can be raised
            self.stopped = error
            event.interrupt()

    def _run(self) -> None:
        try:
            self.highs.run()
        except (RuntimeError, MemoryError) as failed:
            what = " ".join(str(failed).split())[:100] or "out of memory"
            raise SolverError(
                f"The solver HiGHS broke down ({what}); nothing was changed. Run again; if it stays, reinstall it: "
                "`pip install --force-reinstall highspy`."
            ) from failed
        if self.stopped is not None:
            error, self.stopped = self.stopped, None
            raise error

    def _option(self, name: str, value: object) -> None:
        self.highs.setOptionValue(name, value)

    def solve(self, cost: Floats, *, relax: bool = False, seconds: float = np.inf) -> Outcome:
        """Minimise ``cost`` (natural units). ``relax`` drops the whole-number rule; ``seconds`` limits a MIP only."""
        matrix = self.matrix
        scale = COST_SIZE * money_scale(cost, matrix.column_scale)
        scaled = cost * matrix.column_scale * scale
        changed = np.flatnonzero(scaled != self.sent).astype(np.int32)
        if len(changed):
            self.highs.changeColsCost(len(changed), changed, scaled[changed])
            self.sent = scaled
        is_mip = bool(matrix.integer.any()) and not relax
        self._set_relaxed(relax)
        self._option("time_limit", self.highs.getRunTime() + float(seconds) if is_mip else np.inf)
        if is_mip:
            self._run()
        elif self.cold or not self._re_solved(scaled):
            self._solved_anew()
        self.cold = False
        return self._outcome(scale, scaled, is_mip)

    def _re_solved(self, scaled: Floats) -> bool:
        """Whether a few steps from the last basis lead to the optimum: of the primal simplex while that is feasible."""
        for option, value in (OTHER_GOAL if self._has_other_goal(scaled) else LIMITS_MOVED).items():
            self._option(option, value)
        least, of_rows = RE_SOLVE_STEPS
        self._option("simplex_iteration_limit", int(least + of_rows * self.matrix.rows))
        for row, column, entry in self.touched:
            self.highs.changeCoeff(row, column, entry)  # as it was; HiGHS looks at its options again
        self._run()
        self._option("simplex_iteration_limit", highspy.kHighsIInf)
        for option, value in FRESH.items():
            self._option(option, value)
        if self.highs.getModelStatus() in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
            return True
        self.highs.clearSolver()
        return False

    def _has_other_goal(self, scaled: Floats) -> bool:
        """Whether the cost is another, and the last solution keeps to the limits as they are now."""
        if self.last is None or np.array_equal(self.last.cost, scaled):
            return False
        now, size, row_size = self.current, FEASIBLE * self.matrix.column_scale, FEASIBLE / self.row_scale
        values, row_values = self.last.values, self.last.row_values
        return bool(
            (values >= now.lower - size).all()
            and (values <= now.upper + size).all()
            and len(row_values) == len(row_size)
            and (row_values >= now.row_lower - row_size).all()
            and (row_values <= now.row_upper + row_size).all()
        )

    def _solved_anew(self) -> None:
        """Solve without a basis: by simplex, a large model that takes too many steps by interior point."""
        doubtful = len(self.matrix.value) >= INTERIOR_POINT_FROM
        if doubtful:
            # iterations, not seconds: the same way to the plan on every machine, however busy
            self._option("simplex_iteration_limit", SIMPLEX_STEPS * self.matrix.rows)
        self._run()
        self._option("simplex_iteration_limit", highspy.kHighsIInf)
        if doubtful and self.highs.getModelStatus() == highspy.HighsModelStatus.kIterationLimit:
            self.highs.clearSolver()
            self._option("solver", "ipm")
            self._run()
            self._option("solver", "choose")

    def _set_relaxed(self, relax: bool) -> None:
        integers = np.flatnonzero(self.matrix.integer).astype(np.int32)
        if len(integers) and relax != self.relaxed:
            kind = highspy.HighsVarType.kContinuous if relax else highspy.HighsVarType.kInteger
            self.highs.changeColsIntegrality(len(integers), integers, np.full(len(integers), int(kind), dtype=np.uint8))
            self.relaxed = relax

    def _outcome(self, scale: float, scaled: Floats, is_mip: bool) -> Outcome:
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
        rows, columns = len(self.row_scale), matrix.columns
        values = np.fromiter(solution.col_value, np.float64, columns) * matrix.column_scale
        row_duals, column_duals = np.zeros(rows), np.zeros(columns)
        if not is_mip:
            row_duals = np.fromiter(solution.row_dual, np.float64, rows) * self.row_scale / scale
            column_duals = np.fromiter(solution.col_dual, np.float64, columns) / matrix.column_scale / scale
        row_values = np.fromiter(solution.row_value, np.float64, rows) / self.row_scale
        self.last = None if is_mip else _Last(scaled, values, row_values)
        return Outcome(
            proven,
            values,
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

    def basic(self) -> Bools:
        """(columns + rows,) which are in the basis of the last solve."""
        columns = self.matrix.columns
        found = np.asarray(self.highs.getBasicVariables()[1])
        basic = np.zeros(columns + len(self.row_scale), dtype=np.bool_)
        basic[np.where(found >= 0, found, columns - 1 - found)] = True
        return basic

    def edges(self, variables: Ints) -> Floats:
        """(variables, columns) change of each column per scaled unit of others (columns + rows) that are not basic."""
        columns = self.matrix.columns
        basis = np.asarray(self.highs.getBasicVariables()[1])
        structural = basis >= 0
        moves = np.zeros((len(variables), columns))
        for move, variable in zip(moves, variables.tolist(), strict=True):
            if variable < columns:
                change = -self.highs.getReducedColumn(variable)[1]
                move[variable] = 1.0
            else:
                change = self.highs.getBasisInverseCol(variable - columns)[1]
            move[basis[structural]] = change[structural]
        return moves * self.matrix.column_scale

    def remember(self) -> None:
        """Keep the basis of the last solve."""
        self.kept, self.kept_rows, self.kept_last = self.highs.getBasis(), len(self.row_scale), self.last

    def recall(self) -> None:
        """The next solve starts from the basis that was kept last."""
        self.last = self.kept_last
        rows = len(self.row_scale) - self.kept_rows
        if not rows:
            self.highs.setBasis(self.kept)  # as it is: to look at it from Python takes longer than a re-solve
            return
        basis = highspy.HighsBasis()
        basis.valid = True
        basis.col_status = self.kept.col_status
        basis.row_status = list(self.kept.row_status) + [highspy.HighsBasisStatus.kBasic] * rows
        self.highs.setBasis(basis)

    def _change_entry(self, row: int, column: int, entry: float) -> None:
        self.highs.changeCoeff(row, column, entry)
        self.last = self.kept_last = None
        if self.touched[0][:2] == (row, column):
            self.touched = [(row, column, entry)]

    def start_from(self, values: Floats) -> None:
        """Offer a feasible plan to the search."""
        columns = np.arange(self.matrix.columns, dtype=np.int32)
        self.highs.setSolution(len(columns), columns, values / self.matrix.column_scale)
