"""The one plan among equal optima, the same on every machine.

On the optimal face, where every active limit stays active: least change of production, then late orders by Priority,
then weights that depend on names only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .engine import Bounds, Engine, Matrix, NoPlan, Outcome, money_scale, scaled_matrix
from .model import BalanceModel
from .problem import Bools, Floats, Ints
from .solver import open_engine

ACTIVE = 1e-6  # scaled dual from which on a limit is taken to be active
LATE_WEIGHT, NAME_WEIGHT = 1e-2, 1e-4
FEW = 20  # loose columns up to which the plan moves along their edges only
MOVES = 1e-9  # scaled change per unit: less is rounding


@dataclass(frozen=True)
class Face:
    """The plans that are as good as the best: every limit with a dual stays where it is.

    low, high: columns that stay at their lower and at their upper bound; least, most: rows likewise. edges: (loose,
    columns) how the plan moves per scaled unit of each loose column or row; none are loose where no other plan is as
    good. None where the solver does not say, or many are loose.
    """

    low: Ints
    high: Ints
    least: Ints
    most: Ints
    edges: Floats | None

    @classmethod
    def of(cls, model: BalanceModel, engine: Engine, cost: Floats, outcome: Outcome, *, in_basis: bool = True) -> Face:
        """Of ``outcome``, which the solver has just found (``in_basis``) or an earlier solve has."""
        matrix, now, rows = engine.matrix, engine.current, model.row_count
        scale = money_scale(cost, matrix.column_scale)
        reduced = outcome.column_duals * (matrix.column_scale * scale)
        free = now.lower != now.upper
        at_low = (reduced > ACTIVE) & np.isfinite(now.lower) & free
        at_high = (reduced < -ACTIVE) & np.isfinite(now.upper) & free
        duals = outcome.row_duals[:rows] / matrix.row_scale * scale
        row_lower, row_upper = now.row_lower[:rows], now.row_upper[:rows]
        open_rows = row_lower != row_upper
        at_least = (duals > ACTIVE) & np.isfinite(row_lower) & open_rows
        at_most = (duals < -ACTIVE) & np.isfinite(row_upper) & open_rows
        loose = np.append(free & ~at_low & ~at_high, open_rows & ~at_least & ~at_most)
        return cls(
            np.flatnonzero(at_low), np.flatnonzero(at_high), np.flatnonzero(at_least), np.flatnonzero(at_most),
            _edges(model, engine, loose) if in_basis else None,
        )  # fmt: skip

    def bounds(self, engine: Engine) -> Bounds:
        """Which leave only these plans."""
        kept = engine.bounds()
        kept.upper[self.low] = kept.lower[self.low]
        kept.lower[self.high] = kept.upper[self.high]
        kept.row_upper[self.least] = kept.row_lower[self.least]
        kept.row_lower[self.most] = kept.row_upper[self.most]
        return kept


def _edges(model: BalanceModel, engine: Engine, loose: Bools) -> Floats | None:
    """(loose, columns) natural units; see Face."""
    basic = engine.basic()
    if basic is None or len(basic) != len(loose) or len(model.integers):
        return None
    moving = np.flatnonzero(loose & ~basic)
    if len(moving) > FEW:
        return None
    return engine.edges(moving) if len(moving) else np.zeros((0, model.column_count))


def tie_broken(model: BalanceModel, engine: Engine, face: Face, cost: Floats, outcome: Outcome) -> Floats:
    """Values of the one plan among the optima; whole numbers stay as they are."""
    values = outcome.values
    if face.edges is not None and not len(face.edges):
        return values
    ties = _Ties(model, engine, face.bounds(engine), values)
    found = None if face.edges is None else ties.along(face.edges)
    try:
        found = ties.over_face() if found is None else found
    except NoPlan:  # the face is lost in the tolerances
        return values
    best = dot(cost, values)
    least = 1.0 / money_scale(cost, engine.matrix.column_scale)
    return found if dot(cost, found) - best <= 1e-6 * max(abs(best), least) else values


class _Ties:
    """The second objective on the optimal face. Changes of production are columns of it: rise and fall."""

    def __init__(self, model: BalanceModel, engine: Engine, bounds: Bounds, values: Floats) -> None:
        self.model, self.engine, self.bounds, self.values = model, engine, bounds, values
        self.weights = _weights(model) * model.scales
        known = len(model.rise) > 0  # they cost something, so the model has them
        self.family, self.period = np.zeros((2, 0), dtype=np.intp) if known else model.changes
        self._size = model.family_scale[self.family]
        start, self.index, self.entries = model.matrix
        self.row_of = np.repeat(np.arange(model.row_count), np.diff(start))

    def changes(self, values: Floats) -> Floats:
        """(changes,) of production from the period before, scaled."""
        made = np.zeros((len(self.model.family_labels), self.model.problem.horizon))
        np.add.at(made, self.model.problem.sources.family, values[self.model.make])
        return (made[self.family, self.period] - made[self.family, self.period - 1]) / self._size

    def activity(self, values: Floats) -> Floats:
        """(rows,) of the model, scaled."""
        total = np.bincount(self.row_of, self.entries * values[self.index], minlength=self.model.row_count)
        return total * self.engine.matrix.row_scale

    def along(self, edges: Floats) -> Floats | None:
        """By a small model of what moves where only a few columns are loose: a column for each edge.

        None where it has no solution.
        """
        bounds, scales, count = self.bounds, self.model.scales, len(edges)
        by_column = edges / scales
        columns = np.flatnonzero((np.abs(by_column) > MOVES).any(axis=0))
        by_row = np.array([self.activity(edge) for edge in edges])
        rows = np.flatnonzero((np.abs(by_row) > MOVES).any(axis=0))
        by_change = np.array([self.changes(edge) for edge in edges])
        changes = np.flatnonzero((np.abs(by_change) > MOVES).any(axis=0))
        size, row_size = scales[columns], self.engine.matrix.row_scale[rows]
        at, row_at = self.values[columns] / size, self.activity(self.values)[rows]
        change_at = self.changes(self.values)[changes]
        moving = np.concatenate([by_column[:, columns], by_row[:, rows], by_change[:, changes]], axis=1).T
        pairs = np.eye(len(changes))
        rise_fall = np.concatenate([np.zeros((len(columns) + len(rows), 2 * len(changes))), np.hstack([-pairs, pairs])])
        dense = np.hstack([moving, rise_fall])
        height, width = dense.shape
        least = np.append(bounds.lower[columns] / size - at, bounds.row_lower[rows] * row_size - row_at)
        most = np.append(bounds.upper[columns] / size - at, bounds.row_upper[rows] * row_size - row_at)
        small = Matrix(
            start=np.arange(0, dense.size + 1, width, dtype=np.int32),
            index=np.tile(np.arange(width, dtype=np.int32), height),
            value=dense.reshape(-1),
            row_lower=np.append(np.minimum(least, 0.0), -change_at),
            row_upper=np.append(np.maximum(most, 0.0), -change_at),
            lower=np.append(np.full(count, -np.inf), np.zeros(2 * len(changes))),
            upper=np.full(width, np.inf),
            integer=np.zeros(width, dtype=np.bool_),
            column_scale=np.ones(width),
            row_scale=np.ones(height),
        )
        price = np.append((by_column[:, columns] * self.weights[columns]).sum(axis=1), np.ones(2 * len(changes)))
        try:
            steps = open_engine(small, self.engine.name).solve(price).values[:count]
        except NoPlan:
            return None
        moved: Floats = self.values + (steps[:, None] * edges).sum(axis=0)
        return moved

    def over_face(self) -> Floats:
        """By a solve of the whole model, its whole numbers fixed."""
        model, engine, bounds = self.model, self.engine, self.bounds
        count, size = len(self.family), self._size
        integers = model.integers
        bounds.lower[integers] = bounds.upper[integers] = np.round(self.values[integers])
        matrix = scaled_matrix(model)
        blocks = [(np.diff(matrix.start), matrix.index.astype(np.intp), matrix.value)]
        blocks += [(np.array([len(columns)]), columns, entries) for columns, entries in engine.added]
        lengths, index, value = (np.concatenate(part) for part in zip(*blocks, self._change_rows(), strict=True))
        scale = np.concatenate([matrix.column_scale, size, size])
        row_scale = np.append(engine.row_scale, np.ones(count))
        whole = Matrix(
            start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
            index=index.astype(np.int32),
            value=value,
            row_lower=np.append(bounds.row_lower, np.zeros(count)) * row_scale,
            row_upper=np.append(bounds.row_upper, np.zeros(count)) * row_scale,
            lower=np.append(bounds.lower, np.zeros(2 * count)) / scale,
            upper=np.append(bounds.upper, np.full(2 * count, np.inf)) / scale,
            integer=np.zeros(len(scale), dtype=np.bool_),
            column_scale=scale,
            row_scale=row_scale,
        )
        price = np.append(self.weights, np.ones(2 * count)) / scale
        return open_engine(whole, engine.name, engine.looks).solve(price).values[: model.column_count]

    def _change_rows(self) -> tuple[Ints, Ints, Floats]:
        """Production less that of the period before = rise less fall: lengths of the rows, columns, scaled entries."""
        model, count, size = self.model, len(self.family), self._size
        change = np.arange(count)
        row_of = np.full((len(model.family_labels), model.problem.horizon), -1)
        row_of[self.family, self.period] = change
        of_source = row_of[model.problem.sources.family]
        now, later = of_source >= 0, of_source[:, 1:] >= 0
        made, before = model.make[now], model.make[:, :-1][later]
        row = np.concatenate([of_source[now], of_source[:, 1:][later], change, change])
        rise = model.column_count + change
        column = np.concatenate([made, before, rise, rise + count])
        entry = np.concatenate([model.scales[made], -model.scales[before], -size, size]) / size[row]
        order = np.argsort(row, kind="stable")
        return np.bincount(row, minlength=count), column[order], entry[order]


def _weights(model: BalanceModel) -> Floats:
    """(columns,) smoother first, then late orders by Priority, then by name; all per typical quantity."""
    weights = NAME_WEIGHT * (1.0 + model.name_weights)
    weights[model.rise] = weights[model.fall] = 1.0  # where they are columns; else _Ties adds them
    extra = LATE_WEIGHT * (1.0 + 1.0 / np.maximum(model.problem.families.priority, 1))[:, None]
    weights[model.late] += extra
    weights[model.lost] += extra
    return weights / model.scales


def dot(one: Floats, other: Floats) -> float:
    """Not ``@``: that starts threads, which take 50 ms on a busy machine, and the last digits hang on their number."""
    return float((one * other).sum())
