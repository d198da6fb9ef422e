"""Cells as compressed text in cells: what a workbook keeps for later, also after save and reopen."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from ..model import packed_text
from .blocks import Formula


def packed(content: Any) -> list[str]:
    """Anything that JSON can say, as the texts of so many cells."""
    return packed_text.packed(json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def unpacked(parts: Sequence[str], most_bytes: int = packed_text.MOST_BYTES) -> Any:
    """What `packed` was given. Raises ValueError or zlib.error where the texts are damaged or too large."""
    return json.loads(packed_text.unpacked(parts, most_bytes))


def pack_cell(cell: object) -> object:
    """Texts, formulas and dates are told apart by a letter in front."""
    if isinstance(cell, Formula):
        return "f" + cell
    if isinstance(cell, str):
        return "t" + cell
    if isinstance(cell, (dt.datetime, dt.date)):
        return "d" + cell.isoformat()
    return cell if cell is None or isinstance(cell, bool) else float(cell)  # type: ignore[arg-type]


def unpack_cell(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    kind, text = cell[0], cell[1:]
    return Formula(text) if kind == "f" else dt.datetime.fromisoformat(text) if kind == "d" else text
