"""The command ``sop-addin import``: history and budget out of the files that companies have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .cli_output import count_line, findings_json, say, say_findings, say_recalculation, show_json

WRITTEN, NOT_WRITTEN = 0, 1


def import_(
    book: Annotated[
        Path, typer.Argument(metavar="BOOK", exists=True, dir_okay=False, help="Workbook (.xlsm or .xlsx).")
    ],
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Past sales: CSV, text or workbook."),
    ] = None,
    budget: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The budget: CSV, text or workbook."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="OUT", help="Write here and leave BOOK as it is.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would change.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Figures that differ may be replaced.")] = False,
    add_new: Annotated[bool, typer.Option("--add-new", help="Put items that are new into tblItems.")] = False,
    skip_new: Annotated[
        bool, typer.Option("--skip-new", help="Leave out items or families that the workbook has not.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Bring past sales or a budget from another system's file into BOOK. Says what it understood; nothing is replaced,
    added or left out without your word."""
    if (history is None) == (budget is None):
        raise typer.BadParameter("give one of --history FILE and --budget FILE")
    if add_new and skip_new:
        raise typer.BadParameter("choose one of --add-new and --skip-new")
    if add_new and budget is not None:
        raise typer.BadParameter("--add-new is for items of a history; add families on the sheet Families")
    if out is not None and out.suffix.lower() != book.suffix.lower():
        raise typer.BadParameter(f"'{out}' must end in {book.suffix}, as '{book}' does", param_hint="'--out'")
    from .engines.closed_file import open_book, recalculate_book
    from .engines.closed_file.atomic_save import check_not_open_elsewhere
    from .excel.read_tables import read_tables
    from .importing import prepare, write
    from .planning.imports.changes import questions, without_new

    target = out or book
    check_not_open_elsewhere(target)
    workbook = open_book(book)
    try:
        tables = read_tables(workbook)
        path = history or budget
        assert path is not None
        found = prepare(workbook, tables, "history" if history else "budget", path)
        if skip_new:
            found = without_new(found)
        asked = questions(found, replace=replace, add_new=add_new)
        said = bool(found.findings.errors)
        written = not (said or asked or preview or found.changes_nothing)
        if written:
            write(workbook, found, tables.settings.bucket)
            recalculation = recalculate_book(workbook)
            workbook.save(target)
    finally:
        workbook.close()
    if as_json:
        status = "Written" if written else "Not written"
        counts = {"added": found.added, "differing": len(found.differing), "new": list(found.new_names)}
        out_file = str(target) if written else None
        show_json(
            {"status": status, **counts, "questions": asked, "findings": findings_json(found.findings), "out": out_file}
        )
    say_findings(found.findings)
    for question in asked:
        say(f"Decide: {question}.")
    if written:
        say_recalculation(recalculation)
        replaced = f", {len(found.differing):,} replaced" if len(found.differing) else ""
        if not as_json:
            typer.echo(f"Written: {target} ({found.added:,} figures new{replaced}; {count_line(found.findings)})")
    elif found.changes_nothing and not said and not asked:
        say(f"{book}: nothing to write, it has all figures of {path.name}.")
    else:
        say(f"{book}: not changed.")
    raise typer.Exit(NOT_WRITTEN if said or (asked and not preview) else WRITTEN)
