"""A file of another system into a workbook: the steps that the command and the button share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from .excel.import_files import read_file
from .excel.import_write import add_items, write_budget, write_history
from .excel.read_tables import raw_range
from .excel.tables_io import find_tables
from .model.calendar import parse_period
from .model.plan import BASE
from .model.tables import Tables
from .planning.imports.budget import plan_measures, read_budget
from .planning.imports.changes import Import, budget_import, history_import
from .planning.imports.history import read_history

Kind = Literal["history", "budget"]


def prepare(book: Any, tables: Tables, kind: Kind, path: Path) -> Import:
    """What the file would change in ``book``; nothing is written. Raises InputError where it cannot be read."""
    sheets = read_file(path)
    if kind == "history":
        return history_import(read_history(sheets, path.name, tables), tables)
    return budget_import(read_budget(sheets, path.name, tables, _plan_of(book)), tables)


def write(book: Any, found: Import, bucket: str) -> None:
    """Write the figures, and the new items where there are any."""
    if found.table == "tblHistory":
        if len(found.new_items):
            add_items(book, found.new_items)
        write_history(book, found.figures, bucket)
    else:
        write_budget(book, found.figures, bucket)


def tables_written(found: Import) -> tuple[str, ...]:
    """Names of the tables that `write` changes."""
    return (found.table, "tblItems") if len(found.new_items) else (found.table,)


def _plan_of(book: Any) -> pd.DataFrame | None:
    """The plan of the last run by family and period, None where there is none."""
    table = find_tables(book).get("tblPlan")
    if table is None:
        return None
    frame = raw_range(table.range).frame
    wanted = ["Scenario", "Family", "Period", "Measure", "Value"]
    if any(name not in frame.columns for name in wanted):
        return None
    frame = frame[wanted].dropna(subset=["Measure", "Value"])
    plan = frame.assign(
        Period=pd.to_datetime(frame["Period"].map(parse_period)), Value=pd.to_numeric(frame["Value"], "coerce")
    )
    return plan_measures(plan, BASE) if len(plan) else None
