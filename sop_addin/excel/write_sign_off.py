"""Signatures in a workbook: tblCycle, its log, decisions, and the hidden content of what was signed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from ..model.schema import STEPS, TABLES
from ..model.signature import CycleChange, signature_rows
from ..model.signing import CHANGED_RESULT, UNCHANGED_RULE
from .blocks import read_block
from .grid_sheets import with_formulas
from .import_write import put_cells
from .layout import MARKS_NAME
from .tables_io import find_tables, is_there, table_body, write_table
from .write_plan import write_result

SIGN_PARTS = ("tblCycle", "tblDecisions", "tblCycleLog", "tblSigned", "tblResult", "tblFindings")


def write_cycle(book: Any, change: CycleChange, bucket: str) -> None:
    """Write what signing, reopening or a new cycle changes. Raises WorkbookError where a table is missing."""
    tables = find_tables(book)
    for name in SIGN_PARTS:
        is_there(tables, name)
    signed_now = {step for (step, column), value in change.cells.get("tblCycle", {}).items()
                  if (column, value) == ("Status", "Signed")}  # fmt: skip
    marks = _marks(book) if signed_now else {}
    signatures = [replace(one, mark=marks.get(one.step)) if one.step in signed_now else one
                  for one in change.signatures]  # fmt: skip
    for name, values in change.cells.items():
        put_cells(book, name, TABLES[name].keys, {}, dict(values), bucket)
    write_log(book, change.log)
    if "tblSigned" in tables:
        write_table(tables["tblSigned"], signature_rows(signatures))
    write_result(book, CHANGED_RESULT, ", ".join(change.changed))
    _drop_settled(tables["tblFindings"], change.changed)


def _drop_settled(table: Any, changed: tuple[str, ...]) -> None:
    """Take out of tblFindings what was said of signed content that counts again, or no longer."""
    area = table.range
    headers, *rows = with_formulas(read_block(area), area)
    rule, message = headers.index("Rule"), headers.index("Message")
    kept = [row for row in rows if row[rule] != UNCHANGED_RULE or str(row[message]).startswith(changed)]
    if len(kept) < len(rows):
        write_table(table, pd.DataFrame(kept, columns=headers, dtype=object))


def _marks(book: Any) -> dict[str, float]:
    """What Home's formulas over the cells that each step signs give now."""
    if MARKS_NAME not in book.names:
        return {}
    cells = read_block(book.names[MARKS_NAME].refers_to_range)
    return {step: float(row[0]) for step, row in zip(STEPS, cells, strict=False) if isinstance(row[0], (int, float))}


def write_log(book: Any, log: pd.DataFrame) -> None:
    """Add rows to tblCycleLog; an older workbook has none."""
    table = find_tables(book).get("tblCycleLog")
    if table is None:
        return
    earlier = table_body(table)[list(log.columns)]
    earlier = earlier[earlier["At"].notna() & (earlier["At"] != "")]
    whole = pd.concat([earlier, log.astype(object)], ignore_index=True) if len(earlier) else log
    write_table(table, whole)
