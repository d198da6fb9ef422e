"""Signatures in a workbook: tblCycle, its log, decisions, and the hidden content of what was signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..model.rolled import Cells
from ..model.schema import TABLES
from ..model.signature import Signature, signature_rows
from .import_write import put_cells
from .tables_io import find_tables, is_there, table_body, write_table

SIGN_PARTS = ("tblCycle", "tblDecisions", "tblCycleLog", "tblSigned")


def write_cycle(
    book: Any, cells: Mapping[str, Cells], signatures: Sequence[Signature], log: pd.DataFrame, bucket: str
) -> None:  # fmt: skip
    """Write what signing, reopening or a new cycle changes. Raises WorkbookError where a table is missing."""
    tables = find_tables(book)
    for name in SIGN_PARTS:
        is_there(tables, name)
    for name, values in cells.items():
        put_cells(book, name, TABLES[name].keys, {}, dict(values), bucket)
    write_log(book, log)
    if "tblSigned" in tables:
        write_table(tables["tblSigned"], signature_rows(signatures))


def write_log(book: Any, log: pd.DataFrame) -> None:
    """Add rows to tblCycleLog; an older workbook has none."""
    table = find_tables(book).get("tblCycleLog")
    if table is None:
        return
    earlier = table_body(table)[list(log.columns)]
    earlier = earlier[earlier["At"].notna() & (earlier["At"] != "")]
    whole = pd.concat([earlier, log.astype(object)], ignore_index=True) if len(earlier) else log
    write_table(table, whole)
