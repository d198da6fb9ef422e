"""The button Collect copies: edits of copies that came back onto the sheet Merge, and what is chosen there taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import stop
from .excel.undo import undoable
from .macro_frame import alone, button, process, tell


@alone
def collect_copies(*files: str) -> None:
    """Ribbon: Collect copies. With files: lists their edits on the sheet Merge, and changes nothing else. Without:
    takes what is chosen there."""
    # only here: the other buttons need not wait for what reads copies
    if files:
        from .excel.share.merge_sheet import TABLE
        from .mailing import NO_EDIT, bucket_of, counts_of, list_edits

        with button("Reading the copies") as book:
            with undoable(book, "Collect copies", (TABLE,), bucket_of(book)):
                found = counts_of(list_edits(book, [Path(file) for file in files]))
            then = "Choose there, then press Collect copies again to take them."
            tell(book, f"Listed on the sheet Merge: {found}. {then}" if found else NO_EDIT, False)
        return
    with button("Taking what is chosen on the sheet Merge") as book:
        _take(book)


def _take(book: Any) -> None:
    from .excel.share.merge_sheet import TABLE, chosen_edits, take
    from .mailing import bucket_of
    from .model.suggest import counted

    edits, bucket = chosen_edits(book), bucket_of(book)
    stop.raise_if_asked(process(book))
    names = (*dict.fromkeys(cell.table for cell in edits), TABLE)
    with undoable(book, "Collect copies", names, bucket, typed=TYPED):
        stale = take(book, edits, bucket)
    left = "".join(
        f" {cell.table} {' / '.join(part for part in cell.key if part)}, {cell.column}: changed since it was listed, "
        "so left alone." for cell in stale[:MOST_TOLD]
    )  # fmt: skip
    more = f" And {len(stale) - MOST_TOLD:,} more were left alone." if len(stale) > MOST_TOLD else ""
    tell(book, f"{counted(len(edits) - len(stale), 'cell')} taken from the copies.{left}{more}", False)


TYPED = ("SalesPlan", "ProductionPlan")
"""Grids into whose input rows the copies' edits go."""
MOST_TOLD = 5
