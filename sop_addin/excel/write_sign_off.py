"""Signatures in a workbook: tblCycle, its log, decisions, and the hidden content of what was signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..model.rolled import Cells
from ..model.schema import TABLES
from ..model.signature import Signature, signature_rows
from .import_write import put_cells
from .tables_io import find_tables, missing_table, table_body, write_tables

SIGN_PARTS = ("tblCycle", "tblDecisions", "tblCycleLog", "tblSigned")


def write_cycle(
    book: Any, cells: Mapping[str, Cells], signatures: Sequence[Signature], log: pd.DataFrame, bucket: str
) -> None:  # fmt: skip
    """Write what signing, reopening or a new cycle changes. Raises WorkbookError where a table is missing."""
    tables = find_tables(book)
    for name in SIGN_PARTS:
        if name not in tables:
            raise missing_table(name)
    earlier = table_body(tables["tblCycleLog"])[list(log.columns)]
    earlier = earlier[earlier["At"].notna() & (earlier["At"] != "")]
    for name, values in cells.items():
        put_cells(book, name, TABLES[name].keys, {}, dict(values), bucket)
    whole = pd.concat([earlier, log.astype(object)], ignore_index=True) if len(earlier) else log
    write_tables(book, {"tblCycleLog": whole, "tblSigned": signature_rows(signatures)})
