"""What every solver has in common: the scaled matrix of a model, the answer, and the bounds that can be moved.

Quantities are scaled by what is typical of each family and resource, rows and money likewise, all by powers of two:
solvers then work on figures near 1, and no digit is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...model.errors import SolverError
from .linear_model import GE, LE, LinearModel
from .problem import Bools, Floats, Ints

INTERIOR_POINT_FROM = 60_000  # non-zeros: above, a cold simplex that takes long is given up for interior point
MIP_GAP = 1e-6
LOOK_EVERY = 0.2  # seconds
Look = Callable[[], None]
"""Called while a solver works; raises Stopped where the planner has asked for it."""


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
    current: Bounds
    """The bounds as they are now; not to be changed."""
    row_scale: Floats
    """(rows,) of rows added later too."""
    added: list[tuple[Ints, Floats]]
    """Columns and scaled entries of the rows that were added."""

    looks: Look | None

    def solve(self, cost: Floats, *, relax: bool = False, seconds: float = np.inf) -> Outcome: ...
    def limit(self, columns: NDArray[np.intp], weights: Floats, upper: float) -> None: ...
    def basic(self) -> Bools | None: ...
    def edges(self, variables: Ints) -> Floats: ...
    def bounds(self) -> Bounds: ...
    def set_bounds(self, bounds: Bounds) -> None: ...
    def bound_columns(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None: ...
    def bound_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None: ...
    def start_from(self, values: Floats) -> None: ...
    def remember(self) -> None: ...
    def recall(self) -> None: ...
    def change_entries(self, rows: Ints, columns: Ints, entries: Floats) -> None: ...


def scaled_matrix(model: LinearModel) -> Matrix:
    """The model as arrays, scaled by powers of two so that entries and values are near 1."""
    start, columns, factors = model.matrix
    right, sense, scale = model.right, model.senses, model.scales
    lower = np.where(sense == LE, -np.inf, right)
    upper = np.where(sense == GE, np.inf, right)
    entries = factors * scale[columns]
    lengths = np.diff(start)
    largest = np.zeros(len(right))
    filled = np.flatnonzero(lengths)
    if len(filled):
        largest[filled] = np.maximum.reduceat(np.abs(entries), start[filled])
    row_scale = np.exp2(-np.round(np.log2(np.where(largest > 1e-300, largest, 1.0))))
    return Matrix(
        start=start.astype(np.int32),
        index=columns.astype(np.int32),
        value=entries * np.repeat(row_scale, lengths),
        row_lower=lower * row_scale,
        row_upper=upper * row_scale,
        lower=model.lower / scale,
        upper=model.upper / scale,
        integer=model.integer,
        column_scale=scale,
        row_scale=row_scale,
    )


def natural_bounds(matrix: Matrix) -> Bounds:
    """The bounds of ``matrix`` in natural units."""
    return Bounds(
        matrix.lower * matrix.column_scale,
        matrix.upper * matrix.column_scale,
        matrix.row_lower / matrix.row_scale,
        matrix.row_upper / matrix.row_scale,
    )


def money_scale(cost: Floats, column_scale: Floats) -> float:
    """A power of two that brings the typical scaled cost near 1."""
    sizes = np.abs(cost * column_scale)
    sizes = sizes[sizes > 0]
    return float(np.exp2(-np.round(np.log2(np.median(sizes))))) if len(sizes) else 1.0


class BoundedEngine:
    """What both engines share: the current bounds in natural units, and how a row is scaled."""

    def __init__(self, matrix: Matrix, look: Look | None = None) -> None:
        self.matrix = matrix
        self.looks, self._looked = look, time.monotonic()
        self.row_scale = matrix.row_scale
        self.current = natural_bounds(matrix)
        self.added: list[tuple[Ints, Floats]] = []

    def look(self) -> None:
        """Call the planner's ``look`` a few times a second; what it raises ends the solve."""
        now = time.monotonic()
        if self.looks is not None and now - self._looked >= LOOK_EVERY:
            self._looked = now
            self.looks()

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
        self.added.append((columns, entries * scale))
        self._add_row(columns, entries * scale, upper * scale)

    def change_entries(self, rows: Ints, columns: Ints, entries: Floats) -> None:
        """Set entries of the matrix, natural units; only such as were there before."""
        scaled = entries * self.row_scale[rows] * self.matrix.column_scale[columns]
        for row, column, entry in zip(rows.tolist(), columns.tolist(), scaled.tolist(), strict=True):
            self._change_entry(row, column, entry)

    def _change_entry(self, row: int, column: int, entry: float) -> None:
        raise NotImplementedError

    def _change_columns(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        raise NotImplementedError

    def _change_rows(self, rows: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        raise NotImplementedError

    def _add_row(self, columns: NDArray[np.intp], entries: Floats, upper: float) -> None:
        raise NotImplementedError
