"""Edits of several copies of a plan brought together, cell by cell and three ways: base, now, returned.

Pure: a state is a mapping from cell to value. What a copy changed is what differs from the state that it was made with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Cell(NamedTuple):
    """One cell by what it means: table (or grid), key of its row, column. Nothing hangs on where it stands."""

    table: str
    key: tuple[str, ...]
    column: str


Value = object
"""A number, a text, or None for blank; equal values are equal cells."""
State = Mapping[Cell, Value]


@dataclass(frozen=True)
class Returned:
    """A copy that came back. ``base``: as it was made; ``state``: as it is now; ``inputs``: cells that its receiver was
    to type into. A cell that is in neither is blank; cells of rows that were added are inputs where they may be."""

    who: str
    base: State
    state: State
    inputs: Collection[Cell]


@dataclass(frozen=True)
class Change:
    """A cell that gets a new value: ``who`` want it, ``base`` is what they saw, ``now`` what the workbook holds."""

    cell: Cell
    who: tuple[str, ...]
    base: Value
    now: Value
    value: Value


@dataclass(frozen=True)
class Conflict:
    """A cell for which there are different wishes, or one that the workbook has changed as well.

    ``values``: who wants what, in the order of names.
    """

    cell: Cell
    base: Value
    now: Value
    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Refused:
    """An edit of a cell that was no input cell of the copy."""

    cell: Cell
    who: str
    base: Value
    value: Value


@dataclass(frozen=True)
class Merge:
    """All edits, each in exactly one place; ``done``: edits that the workbook holds already."""

    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    refused: tuple[Refused, ...]
    done: tuple[Change, ...]


def merge(now: State, copies: Sequence[Returned]) -> Merge:
    """Bring the edits of ``copies`` together with the workbook as it is ``now``. The order of copies does not matter.

    Equal edits are one. An edit of a cell that the workbook has not changed since is a change; different edits of one
    cell, or an edit of a cell that the workbook has changed otherwise, are a conflict.
    """
    wishes: dict[Cell, list[tuple[str, Value, Value]]] = {}
    refused: list[Refused] = []
    for copy in sorted(copies, key=lambda copy: copy.who):
        for cell in sorted({*copy.base, *copy.state}):
            base, value = copy.base.get(cell), copy.state.get(cell)
            if value == base:
                continue
            if cell in copy.inputs:
                wishes.setdefault(cell, []).append((copy.who, base, value))
            else:
                refused.append(Refused(cell, copy.who, base, value))
    changes: list[Change] = []
    conflicts: list[Conflict] = []
    done: list[Change] = []
    for cell in sorted(wishes):
        edits, current = wishes[cell], now.get(cell)
        who = tuple(name for name, _, _ in edits)
        base, value = edits[0][1], edits[0][2]
        alike = all(wish == value for _, _, wish in edits)
        if alike and current == value:
            done.append(Change(cell, who, base, current, value))
        elif alike and all(current == before for _, before, _ in edits):
            changes.append(Change(cell, who, base, current, value))
        else:
            conflicts.append(Conflict(cell, base, current, tuple((name, wish) for name, _, wish in edits)))
    return Merge(
        tuple(changes), tuple(conflicts), tuple(sorted(refused, key=lambda one: (one.cell, one.who))), tuple(done)
    )
