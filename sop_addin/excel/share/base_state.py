"""What a copy was when it was made, carried in the copy: so that its edits can be told from those of others.

It holds what the copy shows and nothing else.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...model.errors import WorkbookError
from ...model.schema import INPUT_TABLES
from ...model.tables import Place, RawTable
from ..packed_text import pack_cell, packed, unpack_cell, unpacked
from .choice import Choice

_TITLE = "sop-addin copy 2"
_INPUTS = frozenset(table.name for table in INPUT_TABLES)
GRIDS_WITH_INPUTS = ("SalesPlan", "ProductionPlan")


@dataclass(frozen=True)
class BaseState:
    """``tables``: every input table; ``grids``: every plan sheet, its formulas marked; untyped cells, as read."""

    choice: Choice
    made: str
    tables: Mapping[str, RawTable]
    grids: Mapping[str, RawTable]
    elsewhere: Mapping[str, str]
    """By sheet, hashes of what stood outside of these (`elsewhere.known_values`)."""


def base_texts(
    choice: Choice,
    tables: Mapping[str, RawTable],
    grids: Mapping[str, RawTable],
    elsewhere: Mapping[str, str],
    day: dt.date,
) -> list[str]:
    """The base state as texts for the cells of one column."""
    content = {
        "made": day.isoformat(),
        "choice": {
            "families": choice.families,
            "owner": choice.owner,
            "without_cost": choice.without_cost,
        },
        "tables": {name: _packed(raw) for name, raw in tables.items() if name in _INPUTS},
        "grids": {name: _packed(raw) for name, raw in grids.items()},
        "elsewhere": dict(elsewhere),
    }
    return [_TITLE, *packed(content)]


def merged_tables(tables: Mapping[str, RawTable], grids: Mapping[str, RawTable]) -> list[RawTable]:
    """Tables and grids that are compared cell by cell: what stands elsewhere is only told."""
    return [*(raw for name, raw in tables.items() if name in _INPUTS), *grids.values()]


def base_of(texts: Sequence[str]) -> BaseState:
    """What `base_texts` made. Raises WorkbookError where it is damaged or of a later version."""
    if not texts or texts[0] != _TITLE:
        raise WorkbookError("it is no mail copy of this program, or one of another version")
    try:
        content = unpacked(texts[1:])
        families = content["choice"]["families"]
        choice = Choice(
            None if families is None else tuple(families),
            content["choice"]["owner"],
            bool(content["choice"]["without_cost"]),
        )
        tables = {name: _unpacked(part) for name, part in content["tables"].items()}
        grids = {name: _unpacked(part) for name, part in content["grids"].items()}
        elsewhere = {str(name): str(text) for name, text in content["elsewhere"].items()}
        return BaseState(choice, str(content["made"]), tables, grids, elsewhere)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, zlib.error) as error:
        raise WorkbookError(
            f"what it remembers of its making is damaged ({type(error).__name__}); ask for the edits in a new copy"
        ) from error


def _packed(raw: RawTable) -> dict[str, Any]:
    rows = [list(map(pack_cell, row)) for row in raw.frame.itertuples(index=False, name=None)]
    return {"sheet": raw.place.sheet, "headers": [str(name) for name in raw.frame.columns], "rows": rows}


def _unpacked(part: Mapping[str, Any]) -> RawTable:
    rows = [list(map(unpack_cell, row)) for row in part["rows"]]
    frame = pd.DataFrame(rows, columns=pd.Index(part["headers"], dtype=object), dtype=object)
    return RawTable(frame, Place(str(part["sheet"])))
