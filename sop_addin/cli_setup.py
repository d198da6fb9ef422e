"""The commands that connect Excel with this Python: install, uninstall, doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_output import say, show_json

if TYPE_CHECKING:
    from .setup import Fact, Outcome


def install() -> None:
    """Let Excel find this Python: write the user's xlwings configuration; `uninstall` takes it back."""
    from . import setup

    _say_outcome(setup.install(setup.this_machine()))


def uninstall() -> None:
    """Take back exactly what `install` wrote."""
    from . import setup

    _say_outcome(setup.uninstall(setup.this_machine()))


def doctor(
    book: Annotated[
        str | None, typer.Argument(metavar="BOOK", help="A workbook to look at too: its path or web address.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Say what keeps the buttons from working, each fact with its fix; exit 1 where there is a problem."""
    from . import setup

    facts = setup.examine(setup.this_machine(), book)
    problems = sum(fact.state is setup.State.PROBLEM for fact in facts)
    if as_json:
        show_json({"status": "Problems" if problems else "OK", "facts": [asdict(fact) for fact in facts]})
    else:
        _show_facts(facts)
        typer.echo(f"{problems or 'No'} problem{'' if problems == 1 else 's'}.")
    raise typer.Exit(1 if problems else 0)


def _say_outcome(outcome: Outcome) -> None:
    """What was done and what comes next; warnings to stderr."""
    for sentence in outcome.done:
        typer.echo(sentence)
    for warning in outcome.warnings:
        say(f"Warning: {warning}")
    typer.echo(outcome.next_step)


def _show_facts(facts: Sequence[Fact]) -> None:
    """One line a fact: state, name, detail; its fix below it."""
    width = max(len(fact.name) for fact in facts)
    for fact in facts:
        typer.echo(f"{fact.state:<8} {fact.name:<{width}}  {fact.detail}")
        if fact.fix:
            typer.echo(f"{'':<8} {'':<{width}}  -> {fact.fix}")
