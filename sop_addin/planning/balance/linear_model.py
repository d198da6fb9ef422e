"""A linear model that is made in bulk: blocks of columns and rows, each with a name for every cell of the block.

A column or row is a number, a block of them an array. Names are ``kind_label_period`` and put together only when
somebody reads them (golden .lp files): PuLP's objects take ten times as long as all the rest of the building.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pulp import LpAffineExpression, LpConstraint, LpProblem, const

from .marks import Limits, Slacks, joined_bools, joined_floats, joined_ints
from .problem import Bools, Floats, Ints

LE, EQ, GE = const.LpConstraintLE, const.LpConstraintEQ, const.LpConstraintGE
Cells = tuple[Ints, ...]
"""(owner, period) of each cell of a block, as ``np.nonzero`` gives them."""

COST_TERMS = (
    "Unit costs", "Regular cost", "Overtime cost", "Hire cost", "Layoff cost", "Holding cost", "Backorder cost",
    "Lost sale cost", "Run cost", "Start-up cost", "Change cost", "Replan cost", "Shortfall cost", "Carbon cost",
)  # fmt: skip
REVENUE = "Revenue"
TERMS = (*COST_TERMS, REVENUE)


def every_cell(owners: int, periods: int) -> Cells:
    """All cells of a grid, row by row."""
    owner, period = np.indices((owners, periods)).reshape(2, -1)
    return owner, period


class _Shape(NamedTuple):
    """Where entries are: row and column in the order they were put, that order row by row, and the CSR of it."""

    row: Ints
    column: Ints
    order: Ints
    start: Ints
    columns: Ints


class Terms(NamedTuple):
    """Every term of the objective: price x column, with the family, resource and period it is for; -1 for none."""

    kind: Ints
    """Position in TERMS."""
    column: Ints
    price: Floats
    family: Ints
    resource: Ints
    period: Ints


@dataclass(frozen=True)
class _Names:
    """``kind`` + label + ``_`` + ending of each cell, or the labels alone where there is no kind."""

    kind: str
    labels: Sequence[str]
    stem: Ints
    endings: Sequence[str]
    ending: Ints

    @property
    def stems(self) -> Sequence[str]:
        return [f"{self.kind}_{label}_" for label in self.labels] if self.kind else self.labels

    def texts(self) -> list[str]:
        stems = self.stems
        return [stems[stem] + self.endings[ending] for stem, ending in zip(self.stem, self.ending, strict=True)]

    def checksums(self) -> NDArray[np.int64]:
        """CRC-32 of each name, put together from those of its parts.

        CRC is linear: crc(stem + ending) = crc(ending) ^ crc(stem + zeros) ^ crc(zeros), as many zeros as the ending
        is long.
        """
        endings = [ending.encode() for ending in self.endings]
        lengths = sorted({len(ending) for ending in endings})
        starts = [zlib.crc32(stem.encode()) for stem in self.stems]
        moved = [
            [zlib.crc32(zeros, start) ^ zlib.crc32(zeros) for start in starts]
            for zeros in (bytes(length) for length in lengths)
        ]
        alone = np.array([zlib.crc32(ending) for ending in endings], dtype=np.int64)
        length = np.array([lengths.index(len(ending)) for ending in endings], dtype=np.intp)
        return (
            alone[self.ending]
            ^ np.array(moved, dtype=np.int64).reshape(len(lengths), -1)[length[self.ending], self.stem]
        )


class LinearModel:
    """Blocks of columns, rows and cost terms. Arrays of the whole (``lower``, ``scales``, ...) are for afterwards."""

    def __init__(self, period_labels: Sequence[str]) -> None:
        self.period_labels = period_labels
        self.column_count = self.row_count = 0
        self._column_names: list[_Names] = []
        self._row_names: list[_Names] = []
        self._columns: list[tuple[Floats, Floats, Floats, Bools]] = []
        self._rows: list[tuple[Ints, Floats]] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._slacks: list[Slacks] = []
        self._limits: list[Limits] = []
        self._terms: list[tuple[Ints, ...]] = []
        self._prices: list[Floats] = []
        self._shape: _Shape | None = None

    # --- building blocks ----------------------------------------------------------------------------------------------

    def columns(
        self, kind: str, labels: Sequence[str], cells: Cells, scale: ArrayLike, *,
        upper: ArrayLike = np.inf, lower: ArrayLike = 0.0, integer: bool = False,
    ) -> Ints:  # fmt: skip
        """One variable a cell, of typical size ``scale``; their numbers. Bounds and scale: one for all, or (cells,)."""
        names = self._names(kind, labels, cells)
        return self._add_columns(names, 1.0 if integer else scale, upper, lower, integer)

    def named_columns(self, names: Sequence[str], scale: float) -> Ints:
        """Variables with names of their own."""
        count = np.arange(len(names))
        return self._add_columns(_Names("", names, count, [""], np.zeros_like(count)), scale, np.inf, 0.0, False)

    def grid(
        self, kind: str, labels: Sequence[str], scale: Floats, *,
        upper: ArrayLike = np.inf, lower: ArrayLike = 0.0, integer: bool = False,
    ) -> Ints:  # fmt: skip
        """(N, T) variables, one a label and period; ``scale`` (N,), bounds (N, T) or one for all."""
        shape = len(labels), len(self.period_labels)
        cells = every_cell(*shape)
        flat = (np.broadcast_to(np.asarray(bound, dtype=np.float64), shape).reshape(-1) for bound in (upper, lower))
        high, low = flat
        made = self.columns(kind, labels, cells, scale[cells[0]], upper=high, lower=low, integer=integer)
        return made.reshape(shape)

    def slack(
        self, kind: str, labels: Sequence[str], cells: Cells, scale: ArrayLike, level: int, rule: str | Sequence[str],
        weight: ArrayLike, *, family: ArrayLike = -1, source: ArrayLike = -1, resource: ArrayLike = -1,
    ) -> Ints:  # fmt: skip
        """Variables that say by how much the limit ``rule`` is broken."""
        made = self.columns(kind, labels, cells, scale)
        self.count_slack(made, cells[1], level, rule, weight, family=family, source=source, resource=resource)
        return made

    def count_slack(
        self, columns: Ints, period: ArrayLike, level: int, rule: str | Sequence[str], weight: ArrayLike, *,
        family: ArrayLike = -1, source: ArrayLike = -1, resource: ArrayLike = -1,
    ) -> None:  # fmt: skip
        """Count existing variables as slacks."""
        count = len(columns)
        rules = [rule] * count if isinstance(rule, str) else list(rule)
        of_period, of_family, of_source, of_resource = (
            _ints(mark, count) for mark in (period, family, source, resource)
        )
        self._slacks.append(
            Slacks(
                columns,
                np.full(count, level),
                rules,
                _floats(weight, count),
                of_period,
                of_family,
                of_source,
                of_resource,
            )
        )

    def limit(
        self, kind: str | Sequence[str], period: Ints, *, column: Ints | None = None, row: Ints | None = None,
        family: ArrayLike = -1, source: ArrayLike = -1, resource: ArrayLike = -1, least: bool = False,
    ) -> None:  # fmt: skip
        """Mark bounds of columns, or right-hand sides of rows, as limits that a planner set and that have a value."""
        count = len(period)
        kinds = [kind] * count if isinstance(kind, str) else list(kind)
        of_family, of_source, of_resource = (_ints(mark, count) for mark in (family, source, resource))
        columns, rows = (_ints(-1 if place is None else place, count) for place in (column, row))
        self._limits.append(
            Limits(kinds, period, of_family, of_source, of_resource, columns, rows, np.full(count, least))
        )

    def rows(self, kind: str, labels: Sequence[str], cells: Cells, sense: int, right: ArrayLike) -> Ints:
        """One constraint a cell, ``sum of terms (sense) right``; returns their numbers."""
        return self._add_rows(self._names(kind, labels, cells), sense, right)

    def named_rows(self, names: Sequence[str], sense: int, right: ArrayLike) -> Ints:
        """Constraints with names of their own."""
        count = np.arange(len(names))
        return self._add_rows(_Names("", names, count, [""], np.zeros_like(count)), sense, right)

    def put(self, rows: ArrayLike, columns: ArrayLike, factor: ArrayLike) -> None:
        """Add ``factor`` x column to each row; broadcast. No column may come twice in a row."""
        row, column, entry = _alike(rows, columns, np.asarray(factor, dtype=np.float64))
        self._entries.append((row, column, entry))

    def price(
        self, name: str, columns: ArrayLike, price: ArrayLike, period: ArrayLike, *,
        family: ArrayLike = -1, resource: ArrayLike = -1,
    ) -> None:  # fmt: skip
        """Record ``price`` x column in the objective, revenue positive; a term that costs nothing is not kept."""
        if not np.any(price):
            return
        cells = _alike(columns, price, family, resource, period)
        kept = cells[1] != 0.0
        if kept.any():
            column, amount, of_family, of_resource, when = (part[kept] for part in cells)
            self._terms.append((np.full(len(column), TERMS.index(name)), column, of_family, of_resource, when))
            self._prices.append(amount.astype(np.float64))

    # --- the whole ----------------------------------------------------------------------------------------------------

    @cached_property
    def scales(self) -> Floats:
        """(columns,) typical size of each variable, a power of two."""
        return joined_floats([block[0] for block in self._columns])

    @cached_property
    def lower(self) -> Floats:
        return joined_floats([block[1] for block in self._columns])

    @cached_property
    def upper(self) -> Floats:
        return joined_floats([block[2] for block in self._columns])

    @cached_property
    def integer(self) -> Bools:
        return joined_bools([block[3] for block in self._columns])

    @cached_property
    def senses(self) -> Ints:
        """(rows,) LE, EQ or GE."""
        return joined_ints([block[0] for block in self._rows])

    @cached_property
    def right(self) -> Floats:
        """(rows,) right-hand sides."""
        return joined_floats([block[1] for block in self._rows])

    @cached_property
    def slacks(self) -> Slacks:
        """Every slack."""
        return Slacks.joined(self._slacks)

    @cached_property
    def limits(self) -> Limits:
        """Every limit with a marginal value."""
        return Limits.joined(self._limits)

    @cached_property
    def terms(self) -> Terms:
        kind, column, family, resource, period = (
            joined_ints([block[part] for block in self._terms]) for part in range(5)
        )
        return Terms(kind, column, joined_floats(self._prices), family, resource, period)

    def cost(self) -> Floats:
        """(columns,) cost of each variable, revenue negative."""
        terms = self.terms
        signed = np.where(terms.kind == TERMS.index(REVENUE), -terms.price, terms.price)
        return np.bincount(terms.column, signed, minlength=self.column_count).astype(np.float64)

    @cached_property
    def matrix(self) -> tuple[Ints, Ints, Floats]:
        """Entries row by row (CSR): start (rows + 1,), column, value."""
        row = joined_ints([block[0] for block in self._entries])
        column = joined_ints([block[1] for block in self._entries])
        shape = self._shape
        if shape is None or not (np.array_equal(row, shape.row) and np.array_equal(column, shape.column)):
            order = np.argsort(row, kind="stable")
            start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=self.row_count))])
            self._shape = shape = _Shape(row, column, order, start, column[order])
        return shape.start, shape.columns, joined_floats([block[2] for block in self._entries])[shape.order]

    def like(self, other: LinearModel | None) -> None:
        """Take over what is known of ``other`` as far as this model has its shape; before the matrix is read."""
        self._shape = None if other is None else other._shape

    @cached_property
    def name_weights(self) -> Floats:
        """(columns,) figures within 0..1 that look random but depend on the names of the columns only."""
        codes = [names.checksums() for names in self._column_names]
        return np.concatenate([np.zeros(0, dtype=np.int64), *codes]).astype(np.float64) / 2.0**32

    def column_names(self) -> list[str]:
        return [text for names in self._column_names for text in names.texts()]

    def row_names(self) -> list[str]:
        return [text for names in self._row_names for text in names.texts()]

    def to_pulp(self, name: str = "balance") -> LpProblem:
        """The rows as a PuLP problem without objective, to be read or written as .lp."""
        problem = LpProblem(name, const.LpMinimize)
        problem.setObjective(LpAffineExpression())
        kinds = np.where(self.integer, const.LpInteger, const.LpContinuous)
        variables = [
            problem.add_variable(
                text, float(low) if low > -np.inf else None, float(high) if high < np.inf else None, str(kind)
            )
            for text, low, high, kind in zip(self.column_names(), self.lower, self.upper, kinds, strict=True)
        ]
        start, column, value = self.matrix
        for row, (text, sense, right) in enumerate(zip(self.row_names(), self.senses, self.right, strict=True)):
            part = slice(start[row], start[row + 1])
            terms = [(variables[i], float(entry)) for i, entry in zip(column[part], value[part], strict=True)]
            problem.addConstraint(LpConstraint(LpAffineExpression(terms), int(sense), text, float(right)))
        return problem

    # --- parts --------------------------------------------------------------------------------------------------------

    def _names(self, kind: str, labels: Sequence[str], cells: Cells) -> _Names:
        return _Names(kind, labels, cells[0], self.period_labels, cells[1])

    def _add_columns(self, names: _Names, scale: ArrayLike, upper: ArrayLike, lower: ArrayLike, integer: bool) -> Ints:
        count = len(names.stem)
        self._column_names.append(names)
        self._columns.append(
            (_floats(scale, count), _floats(lower, count), _floats(upper, count), np.full(count, integer))
        )
        self.column_count += count
        return np.arange(self.column_count - count, self.column_count)

    def _add_rows(self, names: _Names, sense: int, right: ArrayLike) -> Ints:
        count = len(names.stem)
        self._row_names.append(names)
        self._rows.append((np.full(count, sense), _floats(right, count)))
        self.row_count += count
        return np.arange(self.row_count - count, self.row_count)


def _alike(*parts: ArrayLike) -> list[NDArray[Any]]:
    """The parts broadcast and flat; numpy's own way takes longer than all the rest where they are alike already."""
    arrays = [np.asarray(part) for part in parts]
    shape = max((array.shape for array in arrays), key=len)
    if all(array.shape in (shape, ()) for array in arrays):
        size = int(np.prod(shape))
        return [np.full(size, array) if array.shape == () else array.reshape(-1) for array in arrays]
    return [array.reshape(-1) for array in np.broadcast_arrays(*arrays)]


def _floats(values: ArrayLike, count: int) -> Floats:
    """``values`` for each of ``count``; one for all is spread (not by ``broadcast_to``, which takes longer)."""
    given = np.asarray(values, dtype=np.float64)
    return given if given.ndim else np.full(count, given)


def _ints(values: ArrayLike, count: int) -> Ints:
    given = np.asarray(values, dtype=np.intp)
    return given if given.ndim else np.full(count, given)
