"""Text of any length as compressed text in cells: what the sheets Undo and Versions and mail copies hold."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

import pandas as pd

CHARACTERS = 8_000
"""A cell holds 32,767 characters; Excel takes no more than 8,203 where many cells are assigned at once."""
MOST_BYTES = 1 << 28
DAMAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, zlib.error)
"""What reading raises where cells are not what we wrote."""
_MARK = "z"  # a text that begins with a letter is never taken for a number, date or formula


def packed(text: str) -> list[str]:
    """The texts of so many cells; the same text gives the same cells."""
    code = base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")
    return [_MARK + code[start : start + CHARACTERS] for start in range(0, len(code), CHARACTERS)]


def unpacked(parts: Sequence[str], most_bytes: int = MOST_BYTES) -> str:
    """What `packed` was given. Raises ValueError or zlib.error where the cells are damaged or hold too much."""
    code = "".join(part.removeprefix(_MARK) for part in parts)
    unzip = zlib.decompressobj()
    text = unzip.decompress(base64.b64decode(code, validate=True), most_bytes)
    if not unzip.eof:
        raise ValueError("cut off or too large")
    return text.decode("utf-8")


def packed_json(rows: pd.DataFrame) -> Any:
    """The JSON content of rows with the columns Part and Content, in the order of Part. Raises one of DAMAGE."""
    ordered = rows.assign(Part=pd.to_numeric(rows["Part"])).sort_values("Part")
    return json.loads(unpacked([str(cell) for cell in ordered["Content"]]))
