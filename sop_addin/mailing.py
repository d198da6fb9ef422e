"""Copies for mail: from a workbook file to a file that can be sent. Joins the engine of closed files and `excel.share`.

Used by the command `share` and by the button "Mail copy".
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .engines.closed_file import open_book, recalculate_book, recalculate_bytes
from .engines.closed_file.atomic_save import save_atomically
from .excel.layout import ABOUT_SHEET
from .excel.plan_on_sheets import plan_on_sheets
from .excel.read_tables import read_raw, read_whole_grids
from .excel.share.base_state import GRIDS_WITH_INPUTS, base_texts, merged_tables
from .excel.share.cells_of import addresses, cells_of, input_cells, row_keys, rows_compared, without_lost_formulas
from .excel.share.choice import Choice, checked
from .excel.share.elsewhere import CALCULATED, known_values, sheets_of
from .excel.share.formulas import marked_grids, sheet_cells
from .excel.share.inputs import Inputs, editable_cells
from .excel.share.merge_sheet import chosen_edits, fits, take, write_merge_sheet
from .excel.share.package import clean_copy
from .excel.share.returned import read_returned
from .excel.share.selection import COST_MEASURES, SHARED_MEASURES, selected_grid, selected_inputs, selected_plan
from .excel.template import workbook_bytes
from .model.errors import InputError
from .model.merging import Cell, Merge, Returned, merge
from .model.reading import typed_tables
from .model.schema import SHEETS
from .model.suggest import counted
from .model.tables import RawTable

__all__ = ["Choice", "Shared", "share"]

NO_EDIT = "The copies hold no edit that the workbook has not got."
_OURS = frozenset(sheet.name for sheet in SHEETS)


@dataclass(frozen=True)
class Shared:
    """A copy that was written. ``remarks``: what its sender should know, one sentence each."""

    out: Path
    size: int
    seconds: float
    choice: Choice
    remarks: list[str]


def share(book: Path, out: Path, choice: Choice, *, only_theirs: bool = False, today: dt.date | None = None) -> Shared:
    """Write a copy of ``book`` for mail to ``out`` (.xlsx); ``book`` stays as it is.

    Where families or costs are left out the copy is built anew from what may go along, so that nothing else can be in
    it; sheets and columns of the planner's own are left out then. ``only_theirs``: the families of the owner. Raises
    InputError for unknown families and owners, WorkbookError for a file that is no S&OP workbook.
    """
    begin = time.perf_counter()
    if out.suffix.lower() != ".xlsx":
        raise InputError(f"'{out.name}' must end in .xlsx: a copy for mail has no macros.")
    day = today or dt.date.today()
    remarks: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        raw, grids, sheets = _read(book)
        choice = checked(choice, raw, only_theirs=only_theirs)
        source, path = book.read_bytes(), book
        if choice.leaves_something_out:
            source = _built_anew(raw, grids, choice)
            path = Path(folder, "Copy.xlsm")
            path.write_bytes(source)
            if own := [name for name in sheets if name not in _OURS]:
                remarks.append(f"Left out, as they may hold anything: your sheets {', '.join(own)}.")
            raw, grids, _ = _read(path)
        known = known_values(sheets_of(path), merged_tables(raw, grids))
    about = about_lines(choice, day)
    known |= known_values([(ABOUT_SHEET, [[line] for line in about])], [])
    copy = clean_copy(
        source,
        editable_cells(Inputs(choice, raw), raw, grids),
        lambda contents: base_texts(choice, raw, _marked(grids, contents), _elsewhere(known, contents), day),
        about,
    )
    if copy.values:
        where = ", ".join(f"{name} ({count})" for name, count in copy.values.items())
        remarks.append(f"Formulas that need macros or other workbooks are values in the copy: {where}.")
    if hidden := [name for name in copy.hidden if name not in _OURS]:
        remarks.append(f"Hidden sheets go along: {', '.join(hidden)}.")
    if copy.dropped:
        remarks.append(f"Left out: {', '.join(copy.dropped)}.")
    save_atomically(out, copy.data, None)
    return Shared(out, len(copy.data), time.perf_counter() - begin, choice, remarks)


def merge_copies(book: Path, returned: Sequence[Path], out: Path) -> Merge:
    """List the edits of the returned copies on the sheet Merge of ``out``, a copy of ``book``; nothing else changes."""
    workbook = open_book(book)
    try:
        found = list_edits(workbook, returned)
        recalculate_book(workbook)
        workbook.save(out)
        return found
    finally:
        workbook.close()


def counts_of(found: Merge) -> str:
    """``3 changes, 1 conflict, 0 edits of other cells`` for a sentence; '' where there is nothing to list."""
    if not (found.changes or found.conflicts or found.refused):
        return ""
    unfit = sum(not fits(one.cell, one.value) for one in found.changes)
    changes = counted(len(found.changes), "change") + (f" ({unfit:,} that the cell cannot hold)" if unfit else "")
    return (
        f"{changes}, {counted(len(found.conflicts), 'conflict')}, {counted(len(found.refused), 'edit')} of other cells"
    )


def list_edits(workbook: Any, returned: Sequence[Path]) -> Merge:
    """List the edits of the returned copies on the sheet Merge of an open workbook of any engine."""
    raw, grids = read_raw(workbook), read_whole_grids(workbook)
    bucket = typed_tables(raw).settings.bucket
    names = [path.name for path in returned]
    copies = [returned_copy(path, path.name if names.count(path.name) == 1 else str(path), bucket) for path in returned]
    found = merge(cells_of(raw, {name: grids[name] for name in GRIDS_WITH_INPUTS if name in grids}, bucket), copies)
    write_merge_sheet(workbook, found, addresses(raw, grids, bucket))
    return found


def bucket_of(workbook: Any) -> str:
    """Month or Week."""
    return typed_tables(read_raw(workbook)).settings.bucket


def returned_copy(path: Path, who: str, bucket: str) -> Returned:
    """A copy that came back, with what it was when it was made. Raises errors as `read_returned`."""
    base, tables, plan, elsewhere = read_returned(path)
    before, now = rows_compared(
        cells_of(base.tables, base.grids, bucket),
        cells_of(tables, plan, bucket),
        row_keys(base.tables, base.grids, bucket),
        row_keys(tables, plan, bucket),
    )
    before, now = without_lost_formulas(before, now)
    now |= elsewhere
    return Returned(who, before, now, input_cells(Inputs(base.choice, base.tables), before, now, base.tables))


def take_chosen(book: Path, out: Path) -> tuple[int, list[Cell]]:
    """Take what is chosen on the sheet Merge; how many cells, and those left alone as they have changed since."""
    workbook = open_book(book)
    try:
        bucket = bucket_of(workbook)
        edits = chosen_edits(workbook)
        stale = take(workbook, edits, bucket)
        recalculate_book(workbook)
        workbook.save(out)
        return len(edits) - len(stale), stale
    finally:
        workbook.close()


def about_lines(choice: Choice, day: dt.date) -> list[str]:
    """What the sheet "About this copy" says."""
    lines = [f"A copy for mail{f' for {choice.owner}' if choice.owner else ''}, made on {day.isoformat()}. No macros."]
    if choice.families is not None:
        lines.append(f"Only {', '.join(choice.families)}. Resources that other families use too show no load.")
    if choice.without_cost:
        lines.append("Without costs and margins.")
    if choice.leaves_something_out:
        lines.append("Capacity and Finance show figures instead of formulas.")
    whose = f"The input cells of {choice.owner}" if choice.owner else "The input cells"
    lines.append(f"{whose} are open, and some rows below the tables; the rest is protected, without a password.")
    lines.append("Buttons named on Home and in the Guide belong to the workbook that this was copied from.")
    return lines


def _read(path: Path) -> tuple[Any, Any, list[str]]:
    """Raw tables, raw grids and names of the sheets."""
    book = open_book(path)
    try:
        return read_raw(book), read_whole_grids(book), [sheet.name for sheet in book.sheets]
    finally:
        book.close()


def _marked(grids: Mapping[str, RawTable], contents: Mapping[str, bytes]) -> Mapping[str, RawTable]:
    """The grids with their formulas as they stand in the copy."""
    sheets = {raw.place.sheet for raw in grids.values()} & contents.keys()
    return marked_grids(grids, {sheet: sheet_cells(contents[sheet], sheet) for sheet in sheets})


def _elsewhere(known: Mapping[str, str], contents: Mapping[str, bytes]) -> dict[str, str]:
    """What is known of the sheets of the copy alone."""
    here = {name: known[name] for name in known if name in contents or name == ABOUT_SHEET}
    return {name: (CALCULATED if b"<f" in contents.get(name, b"") else "") + text for name, text in here.items()}


def _built_anew(raw: Any, grids: Any, choice: Choice) -> bytes:
    """A workbook of the chosen families and figures alone."""
    everything = typed_tables(raw, sales_plan=grids.get("SalesPlan"), production_plan=grids.get("ProductionPlan"))
    chosen = selected_inputs(raw, choice)
    tables = typed_tables(
        chosen,
        sales_plan=selected_grid(grids.get("SalesPlan"), choice),
        production_plan=selected_grid(grids.get("ProductionPlan"), choice),
    )
    plan = selected_plan(plan_on_sheets(everything, raw, grids), tables, chosen, choice)
    left_out = COST_MEASURES if choice.without_cost else ()
    return recalculate_bytes(workbook_bytes(chosen, tables, plan, left_out, SHARED_MEASURES))
