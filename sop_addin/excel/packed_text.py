"""Cells as compressed text in cells: what a workbook keeps for later, also after save and reopen."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from collections.abc import Sequence
from typing import Any

from .blocks import Formula

CHARACTERS = 8_000
"""A cell holds 32,767 characters; Excel takes no more than 8,203 where many cells are assigned at once."""
_MARK = "z"  # a text that begins with a letter is never taken for a number, date or formula


def packed(content: Any) -> list[str]:
    """Anything that JSON can say, as texts of at most CHARACTERS and a mark."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    code = base64.b64encode(zlib.compress(text.encode("utf-8"))).decode("ascii")
    return [_MARK + code[start : start + CHARACTERS] for start in range(0, len(code), CHARACTERS)]


def unpacked(parts: Sequence[str], most_bytes: int = 1 << 30) -> Any:
    """What `packed` was given. Raises ValueError or zlib.error where the texts are damaged or too large."""
    code = "".join(part.removeprefix(_MARK) for part in parts)
    unzip = zlib.decompressobj()
    text = unzip.decompress(base64.b64decode(code, validate=True), most_bytes)
    if not unzip.eof:
        raise ValueError("cut off or too large")
    return json.loads(text)


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
