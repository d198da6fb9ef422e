"""The tblPlan of a closed workbook, read fast and without Excel: ours, or a copy without macros and formulas."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..model.errors import WorkbookError
from ..model.schema import TABLES
from ..opc.errors import FileUnreadable
from ..opc.foreign import checked_workbook

PLAN = TABLES["tblPlan"]
_LOOKED_AT = 50
"""So many first rows of a sheet are searched for the headers."""


class FileStamp(NamedTuple):
    """A file as it is now: another stamp, another content."""

    path: str
    size: int
    modified: int


def file_stamp(path: str) -> FileStamp:
    """WorkbookError where there is no such file, or the path depends on a current folder that Excel does not have."""
    if "://" in path:
        raise WorkbookError("path: a web address; give the path of a copy in a folder of this machine.")
    if not os.path.isabs(path):
        raise WorkbookError(f"path: '{path}' must be a full path, drive and folders included.")
    try:
        found = os.stat(path)
    except OSError:
        raise WorkbookError(f"path: there is no file '{path}'.") from None
    return FileStamp(path, found.st_size, found.st_mtime_ns)


def read_plan_cells(path: str) -> list[list[object]]:
    """Headers and rows of tblPlan, wherever they stand on a sheet. WorkbookError where there are none."""
    from python_calamine import CalamineError, CalamineWorkbook

    name = Path(path).name
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(checked_workbook(Path(path)))) as book:
            for sheet in sorted(book.sheet_names, key=lambda sheet: sheet != PLAN.sheet):
                rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=True)
                if found := _table_in(rows):
                    return found
    except FileUnreadable as error:
        raise WorkbookError(f"path: {error}") from None
    except (CalamineError, OSError, ValueError) as error:
        raise WorkbookError(f"path: '{name}' cannot be read as a workbook: {error}.") from None
    raise WorkbookError(f"path: '{name}' holds no plan: no sheet has the columns {', '.join(PLAN.headers)}.")


def _table_in(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """The block below and including the header row; empty where there is none."""
    for top, row in enumerate(rows[:_LOOKED_AT]):
        texts = [cell.strip() if isinstance(cell, str) else "" for cell in row]
        if {"Measure", "Period", "Value"} <= set(texts):
            left = min(texts.index(name) for name in PLAN.headers if name in texts)
            right = max(texts.index(name) for name in PLAN.headers if name in texts) + 1
            measure = texts.index("Measure")
            bottom = next((at for at in range(top, len(rows)) if rows[at][measure] == ""), len(rows))
            return [list(line[left:right]) for line in rows[top:bottom]]
    return []
