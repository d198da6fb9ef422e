"""What of a model may be broken (slacks) and what limits a plan (limits): arrays of them, and one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .problem import Bools, Floats, Ints


@dataclass(frozen=True)
class Slack:
    """By how much one limit is broken. ``weight`` compares units of different families and resources."""

    column: int
    level: int
    rule: str
    weight: float
    period: int
    family: int = -1
    source: int = -1
    resource: int = -1


@dataclass(frozen=True)
class Slacks:
    """All slacks of a model, one array a figure (see Slack), each of shape (slacks,)."""

    column: Ints
    level: Ints
    rule: Sequence[str]
    weight: Floats
    period: Ints
    family: Ints
    source: Ints
    resource: Ints

    def __len__(self) -> int:
        return len(self.column)

    @classmethod
    def joined(cls, blocks: Sequence[Slacks]) -> Slacks:
        return cls(
            joined_ints([block.column for block in blocks]),
            joined_ints([block.level for block in blocks]),
            [rule for block in blocks for rule in block.rule],
            joined_floats([block.weight for block in blocks]),
            joined_ints([block.period for block in blocks]),
            joined_ints([block.family for block in blocks]),
            joined_ints([block.source for block in blocks]),
            joined_ints([block.resource for block in blocks]),
        )

    def one(self, position: int) -> Slack:
        """The slack at ``position``."""
        return Slack(
            int(self.column[position]), int(self.level[position]), self.rule[position], float(self.weight[position]),
            int(self.period[position]), int(self.family[position]), int(self.source[position]),
            int(self.resource[position]),
        )  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """One limit that a planner set: the upper or lower bound of a column, or the right-hand side of a row."""

    kind: str
    period: int
    family: int = -1
    source: int = -1
    resource: int = -1
    column: int = -1
    row: int = -1
    least: bool = False
    """Whether it is the least allowed (Min stock), not the most (Max stock)."""


@dataclass(frozen=True)
class Limits:
    """All limits with a marginal value, one array a figure (see Limit), each of shape (limits,)."""

    kind: Sequence[str]
    period: Ints
    family: Ints
    source: Ints
    resource: Ints
    column: Ints
    row: Ints
    least: Bools

    def __len__(self) -> int:
        return len(self.kind)

    def one(self, position: int) -> Limit:
        """The limit at ``position``."""
        return Limit(
            self.kind[position], int(self.period[position]), int(self.family[position]), int(self.source[position]),
            int(self.resource[position]), int(self.column[position]), int(self.row[position]),
            bool(self.least[position]),
        )  # fmt: skip

    @classmethod
    def joined(cls, blocks: Sequence[Limits]) -> Limits:
        return cls(
            [kind for block in blocks for kind in block.kind],
            joined_ints([block.period for block in blocks]),
            joined_ints([block.family for block in blocks]),
            joined_ints([block.source for block in blocks]),
            joined_ints([block.resource for block in blocks]),
            joined_ints([block.column for block in blocks]),
            joined_ints([block.row for block in blocks]),
            joined_bools([block.least for block in blocks]),
        )


def joined_floats(blocks: Sequence[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *blocks])


def joined_ints(blocks: Sequence[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.intp), *blocks])


def joined_bools(blocks: Sequence[Bools]) -> Bools:
    return np.concatenate([np.zeros(0, dtype=np.bool_), *blocks])
