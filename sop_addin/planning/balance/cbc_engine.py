"""CBC through PuLP: the fallback where HiGHS is missing (bundled with PuLP 3.3; not on every Mac)."""

from __future__ import annotations

import tempfile
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pulp import PULP_CBC_CMD, LpAffineExpression, LpConstraint, LpProblem, LpVariable, PulpSolverError, const

from .engine import INTERIOR_POINT_FROM, MIP_GAP, BoundedEngine, Look, Matrix, NoPlan, Outcome, money_scale
from .problem import Floats, Ints

CBC = "CBC"
OFF = 1e30  # right-hand side of a row that is switched off


def cbc(**options: Any) -> PULP_CBC_CMD:
    """PuLP's CBC, quiet: also about its successor in PuLP 4, which needs Python 3.12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return PULP_CBC_CMD(msg=False, **options)


class CbcEngine(BoundedEngine):
    """CBC through PuLP: the scaled model as an LpProblem that is solved anew each time."""

    name = CBC
    precision = 2e-8  # its solution file holds 8 digits
    live = False

    def __init__(self, matrix: Matrix, look: Look | None = None) -> None:
        super().__init__(matrix, look)
        self.lp = LpProblem("scaled", const.LpMinimize)
        kinds = np.where(matrix.integer, const.LpInteger, const.LpContinuous)
        self.variables: list[LpVariable] = [
            self.lp.add_variable(f"x{column}", _bound(low), _bound(high), str(kind))
            for column, (low, high, kind) in enumerate(zip(matrix.lower, matrix.upper, kinds, strict=True))
        ]
        self.constraints: list[LpConstraint] = []
        for row in range(matrix.rows):
            part = slice(matrix.start[row], matrix.start[row + 1])
            self._add(matrix.index[part], matrix.value[part], matrix.row_lower[row], matrix.row_upper[row])
        # PuLP's MPS file gives the bounds even of variables in no row and no cost, and CBC refuses such a file:
        # every variable is in a row, and no cost is empty (PuLP would add a dummy and keep it for the next one)
        self.nothing = self.lp.add_variable("nothing", 0.0, 0.0)
        alone = np.setdiff1d(np.arange(len(self.variables)), matrix.index[matrix.value != 0])
        terms = [(self.variables[column], 1.0) for column in alone] + [(self.nothing, 1.0)]
        self.lp.addConstraint(LpConstraint(LpAffineExpression(terms), const.LpConstraintLE, "alone", OFF))

    def _add(self, columns: NDArray[Any], entries: Floats, lower: float, upper: float) -> None:
        terms = [(self.variables[column], float(entry)) for column, entry in zip(columns, entries, strict=True)]
        sense, right = _sense(lower, upper)
        row = LpConstraint(LpAffineExpression(terms), sense, f"r{len(self.constraints)}", right)
        self.lp.addConstraint(row)
        self.constraints.append(row)

    def solve(self, cost: Floats, *, relax: bool = False, seconds: float = np.inf) -> Outcome:
        """Minimise ``cost`` (natural units); see HighsEngine.solve. CBC, another process, is stopped between solves."""
        self.look()
        matrix = self.matrix
        scale = money_scale(cost, matrix.column_scale)
        scaled = cost * matrix.column_scale * scale
        self.lp.setObjective(
            LpAffineExpression(
                [(self.variables[i], float(scaled[i])) for i in np.flatnonzero(scaled)] + [(self.nothing, 1.0)]
            )
        )
        is_mip = bool(matrix.integer.any()) and not relax
        # CBC's preprocessing lost the optimum of the JuMP factory schedule (12,927,000 for 12,906,400) and said optimal
        large = len(matrix.value) >= INTERIOR_POINT_FROM
        options = ["preprocess off"] if is_mip else ["barrier"] if large else []
        solver = cbc(
            mip=is_mip,
            timeLimit=float(seconds) if is_mip and np.isfinite(seconds) else None,
            gapRel=MIP_GAP if is_mip else None,
            options=options,
        )
        # a folder of its own: PuLP's random file names met those of a second run that had the same seed
        with tempfile.TemporaryDirectory(prefix="sop-cbc-") as folder:
            solver.tmpDir = folder
            try:
                self.lp.solve(solver)
            except PulpSolverError as error:
                raise NoPlan("The solver CBC gave no answer: install highspy, or look for room on the disk.") from error
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
            self.variables[column].bounds(_bound(low), _bound(high))

    def _change_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        for row, low, high in zip(rows, lower, upper, strict=True):
            constraint = self.constraints[row]
            constraint.sense, right = _sense(float(low), float(high))
            constraint.changeRHS(right)

    def _add_row(self, columns: NDArray[np.intp], entries: Floats, upper: float) -> None:
        self._add(columns, entries, -np.inf, upper)

    def basic(self) -> None:
        """CBC does not say."""

    def edges(self, variables: Ints) -> Floats:
        """CBC does not say."""
        raise NotImplementedError

    def remember(self) -> None:
        """CBC keeps nothing."""

    def recall(self) -> None:
        """CBC starts anew each time."""

    def _change_entry(self, row: int, column: int, entry: float) -> None:
        self.constraints[row][self.variables[column]] = entry

    def start_from(self, values: Floats) -> None:
        """CBC finds its own first plan."""


def _bound(value: float) -> float | None:
    """A bound as PuLP has it."""
    return float(value) if np.isfinite(value) else None


def _sense(lower: float, upper: float) -> tuple[int, float]:
    if lower == upper:
        return const.LpConstraintEQ, float(upper)
    if np.isfinite(lower):
        return const.LpConstraintGE, float(lower)
    return const.LpConstraintLE, float(upper) if np.isfinite(upper) else OFF
