"""The commands for copies that travel by mail: share, merge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .cli_output import say

Book = Annotated[Path, typer.Argument(metavar="BOOK", exists=True, dir_okay=False, help="Workbook (.xlsm or .xlsx).")]


def share(
    book: Book,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The copy to write (.xlsx); replaced where it exists.")],
    family: Annotated[
        list[str] | None, typer.Option("--family", metavar="F", help="Only this family; may be given several times.")
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="NAME", help="Only the input cells of this owner (see tblFamilies) stay open."),
    ] = None,
    without_cost: Annotated[
        bool, typer.Option("--without-cost", help="Leave out costs, margins and what they could be told from.")
    ] = False,
) -> None:
    """Write a copy of BOOK for mail: no macros, links, hidden data or names; input cells open, the rest protected."""
    from .excel.share.choice import Choice
    from .mailing import share as write_copy

    if out.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"'{out}' must end in .xlsx, as the copy has no macros", param_hint="'OUT'")
    if out.exists() and out.samefile(book):
        raise typer.BadParameter(f"'{out}' is BOOK itself; choose another name", param_hint="'OUT'")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"the folder '{out.parent}' does not exist; make it first", param_hint="'OUT'")
    copy = write_copy(book, out, Choice(tuple(family) if family else None, owner, without_cost))
    for remark in copy.remarks:
        say(remark)
    typer.echo(f"Written: {copy.out} ({size_text(copy.size)}, {copy.seconds:.1f} s)")


def size_text(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def merge(
    book: Book,
    returned: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RETURNED", exists=True, dir_okay=False, help="Copies that came back."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="OUT", help="Write here and leave BOOK as it is.")
    ] = None,
    take: Annotated[
        bool, typer.Option("--take", help="Take what is chosen on the sheet Merge, instead of listing edits there.")
    ] = False,
) -> None:
    """List the edits of returned copies on a sheet Merge of BOOK; with --take, take those chosen there."""
    from .mailing import NO_EDIT, counts_of, merge_copies, take_chosen
    from .model.suggest import counted

    target = out or book
    if take == bool(returned):
        raise typer.BadParameter("name the copies that came back, or give --take without any", param_hint="'RETURNED'")
    if target.suffix.lower() != book.suffix.lower():
        raise typer.BadParameter(f"'{target}' must end in {book.suffix}, as '{book}' does", param_hint="'--out'")
    if not target.parent.is_dir():
        raise typer.BadParameter(f"the folder '{target.parent}' does not exist; make it first", param_hint="'--out'")
    if take:
        taken, stale = take_chosen(book, target)
        for cell in stale:
            say(f"{cell.table} {' / '.join(cell.key)}, {cell.column}: changed since it was listed; left alone.")
        typer.echo(f"Taken: {counted(taken, 'cell')}, in {target}")
        return
    found = counts_of(merge_copies(book, returned or [], target))
    if found:
        typer.echo(f"Listed on the sheet Merge of {target}: {found}. Nothing is taken yet: choose there, then --take.")
    else:
        typer.echo(NO_EDIT)
