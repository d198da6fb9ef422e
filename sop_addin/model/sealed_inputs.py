"""What a published plan was made from, as one fingerprint a column: enough to say later which inputs have changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .digest import canonical_text, sha256
from .schema import SETTING_BY_NAME, TABLES
from .signing import row_labels, text_of, typed_inputs
from .tables import Tables

_NOT_OF_THE_PLAN = frozenset({"tblSettings", "tblCycle", "tblDecisions", "tblScenarios", "tblRisks", "tblApproved"})
"""Where the cycle stands and what-ifs; settings and the approved plan are looked at one by one."""
ROWS, PAST = "rows", "past periods"
_LENGTH = 32


def input_digests(tables: Tables) -> dict[str, str]:
    """ "Items / Cost" -> the first 128 bits of SHA-256 over that column and its keys, in hexadecimal digits.

    Of every input table but those of the cycle and of what-ifs, of each setting, and of the fixed production. The order
    of rows does not count, nor does a column without figures. "Items / rows" is over the keys alone.
    """
    settings = {setting.name: text_of(getattr(tables.settings, setting.field)) for setting in SETTING_BY_NAME.values()}
    found = {f"Settings / {name}": _digest(text) for name, text in settings.items()}
    for name, table in TABLES.items():
        if table.field and name not in _NOT_OF_THE_PLAN:
            columns = _columns(typed_inputs(tables, name), table.keys, tables.settings.bucket)
            found |= {f"{name.removeprefix('tbl')} / {column}": digest for column, digest in columns.items()}
    fixed = tables.production_plan[tables.production_plan["Period"].isin(tables.periods)]
    fixed = fixed[["Family", "Period", "Fixed production"]].dropna(subset=["Fixed production"])
    found |= {f"Production Plan / {column}": digest
              for column, digest in _columns(fixed, ("Family", "Period"), tables.settings.bucket).items()}  # fmt: skip
    return found


def changed_inputs(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    """Table -> its columns that are not what they were; `ROWS` alone where rows came, went or were renamed."""
    found: dict[str, list[str]] = {}
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            table, _, column = key.partition(" / ")
            found.setdefault(table, []).append(column)
    return {table: [ROWS] if ROWS in columns else columns for table, columns in found.items()}


def _columns(frame: pd.DataFrame, keys: tuple[str, ...], bucket: str) -> dict[str, str]:
    labels = row_labels(frame, keys, bucket)
    order = sorted(range(len(labels)), key=labels.__getitem__)
    found = {ROWS: _digest([labels[at] for at in order])} if labels else {}
    past: list[tuple[str, str]] = []
    for column in (name for name in frame.columns if name not in keys):
        texts = [text_of(value) for value in frame[column].tolist()]
        cells = [(labels[at], texts[at]) for at in order if texts[at]]
        if isinstance(column, pd.Timestamp):
            past += [(text_of(column), _digest(cells))] if cells else []
        elif cells:
            found[str(column)] = _digest(cells)
    return found | ({PAST: _digest(sorted(past))} if past else {})


def _digest(content: Any) -> str:
    return sha256(canonical_text(content))[:_LENGTH]
