"""The commands of sign-off: where the cycle stands, sign, reopen."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import Annotated

import typer

from .cli_books import DONE, Book, Json, Out, changing, opened, target_of
from .cli_output import say, show_json

By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who [default: the user].")]
Comment = Annotated[str, typer.Option("--comment", metavar="TEXT", help="What is remarked.")]


def cycle(book: Book, as_json: Json = False) -> None:
    """Say where the cycle of BOOK stands: each step, who signed it, and what is in the way of the next signature."""
    from .model.signing import sign_off_findings
    from .planning.sign_off import gates, next_step

    with opened(book) as (_, tables):
        rows = tables.cycle.to_dict("records")
        changed = sign_off_findings(tables)
        open_steps = [row["Step"] for row in rows if row["Status"] != "Signed"]
        step = next_step(tables) if open_steps else None
        checks = gates(tables, step) if step else []
    if as_json:
        steps = [{key: str(row[key]) for key in ("Step", "Owner", "Status", "Signed by", "Digest")} for row in rows]
        show_json({"steps": steps, "next": step, "gates": {gate.name: gate.problem or "passed" for gate in checks},
                   "changed": [finding.message for finding in changed]})  # fmt: skip
        return
    for row in rows:
        who = f" by {row['Signed by']} at {row['Signed at']}" if row["Status"] == "Signed" else ""
        typer.echo(f"{row['Step']}: {row['Status']}{who}")
    for gate in checks:
        typer.echo(f"  {step}, {gate.name}: {gate.problem or 'passed'}")
    for finding in changed:
        say(finding.message + ".")


def sign(
    book: Book,
    step: Annotated[str | None, typer.Argument(metavar="STEP", help="The step [default: the next open one].")] = None,
    by: By = None,
    comment: Comment = "",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Sign a step of the cycle of BOOK where its gates are passed: who, when, comment, digest of what is signed."""
    target = target_of(book, out)
    from .excel.write_sign_off import write_cycle
    from .planning.sign_off import next_step, sign_step

    with changing(book, target) as (workbook, tables):
        chosen = step or next_step(tables)
        change = sign_step(tables, chosen, by=by or getpass.getuser(), at=dt.datetime.now(), comment=comment)
        write_cycle(workbook, change, tables.settings.bucket)
    signature = change.signatures[-1]
    if as_json:
        show_json(
            {"status": "Signed", "step": chosen, "by": signature.by, "digest": signature.digest, "out": str(target)}
        )
    else:
        typer.echo(f"Signed: {chosen} by {signature.by}, SHA-256 {signature.digest}, in {target}")
    raise typer.Exit(DONE)


def reopen(
    book: Book,
    step: Annotated[str, typer.Argument(metavar="STEP", help="The step to reopen.")],
    by: By = None,
    comment: Comment = "",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Reopen a step of the cycle of BOOK, and the signed ones after it. The demand plan goes back to Sales with the
    shortages of the last plan, their reasons, and a decision for each family."""
    target = target_of(book, out)
    from .excel.read_tables import read_outputs
    from .excel.write_sign_off import write_cycle
    from .planning.sign_off import reopen_step

    with changing(book, target) as (workbook, tables):
        bucket = tables.settings.bucket
        limits = read_outputs(workbook, ("tblLimits",), bucket)["tblLimits"]
        change = reopen_step(
            tables, step, by=by or getpass.getuser(), at=dt.datetime.now(), comment=comment, limits=limits
        )
        write_cycle(workbook, change, bucket)
    decisions = [value for key, value in change.cells.get("tblDecisions", {}).items() if key[1] == "Decision"]
    if as_json:
        show_json({"status": "Reopened", "steps": change.log["Step"].unique().tolist(), "decisions": decisions,
                   "out": str(target)})  # fmt: skip
    else:
        typer.echo(f"Reopened: {', '.join(change.log['Step'].unique())}, in {target}")
        for decision in decisions:
            typer.echo(f"  Back to Sales: {decision}")
