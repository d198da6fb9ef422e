"""What every ribbon button has around it: one at a time, progress, one message at the end, never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import xlwings as xw

from . import __version__, running, stop
from .cli_output import write_report
from .engines.errors import EngineError
from .excel.layout import SCENARIO_NAME
from .model.errors import SopError, Stopped
from .model.findings import Findings
from .model.plan import BASE
from .model.tables import Tables
from .model.validation import validate

TITLE = "S&OP"


def alone(macro: Callable[..., None]) -> Callable[..., None]:
    """The same, but not while a step of the calling workbook runs: on a Mac buttons work meanwhile."""

    @wraps(macro)
    def run(*texts: str) -> None:
        book = xw.Book.caller()
        try:
            with running.once(book.fullname):
                macro(*texts)
        except running.StepRunning as error:  # the macro itself lets no error out
            book.app.alert(str(error), TITLE, mode="critical")

    return run


def refused(book: Any, tables: Tables, nothing: str, then: str) -> bool:
    """Whether the tables have errors; a message says so."""
    findings = validate(tables)
    if findings.errors:
        tell(book, f"{nothing}: {counts(findings)}. Press Check, mend the errors, {then}.", True)
    return bool(findings.errors)


def counts(findings: Findings) -> str:
    if not len(findings):
        return "no findings"
    errors = len(findings.errors)
    text = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    return f"{text}, {errors} of them error{'' if errors == 1 else 's'}" if errors else text


def chosen_scenario(book: Any) -> str:
    """The scenario chosen on the ribbon."""
    if SCENARIO_NAME not in book.names:
        return BASE
    value = book.names[SCENARIO_NAME].refers_to_range.value
    return str(value).strip() if value not in (None, "") else BASE


def choose_base(book: Any) -> None:
    """Let the next run plan without a scenario."""
    if SCENARIO_NAME in book.names:
        book.names[SCENARIO_NAME].refers_to_range.value = BASE


def progress(book: Any) -> Any:
    number = process(book)

    def report(words: str, done: int, total: int) -> None:
        stop.raise_if_asked(number)
        book.app.status_bar = f"{words}: {done:,} of {total:,}" if total else f"{words} ..."

    return report


def process(book: Any) -> int | None:
    """Number of the Excel that called; None where the engine has none."""
    number = book.app.pid
    return int(number) if number else None


@contextmanager
def button(words: str) -> Iterator[Any]:
    """The calling workbook; whatever goes wrong ends as one message, with the sheets as they were."""
    book = xw.Book.caller()
    book.app.status_bar = f"{words} ..."
    stop.forget()
    try:
        yield book
    except Stopped as error:
        tell(book, str(error), False)
    except (SopError, EngineError) as error:
        tell(book, " ".join([str(error), *_notes(error)]), True)
    except Exception as error:  # noqa: BLE001 - the last resort: a planner must never see a traceback
        kept = write_report(error, [words], __version__)
        details = f"with the file {kept}" if kept else "and say what you did"
        sentences = [f"Unexpected {type(error).__name__}: {error}.", *_notes(error), f"Please report it {details}."]
        tell(book, " ".join(sentences), True)
    finally:
        stop.forget()


def _notes(error: BaseException) -> list[str]:
    """What `undoable` has to say about the sheets."""
    return getattr(error, "__notes__", [])


def tell(book: Any, message: str, problem: bool) -> None:
    book.app.status_bar = message
    book.app.alert(message, TITLE, mode="critical" if problem else "info")
