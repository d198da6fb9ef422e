"""What the ribbon buttons run: read tables, call one planning function, write tables.

Excel calls each function through `sop_addin.button`. Nothing may leave it as an exception: xlwings would show a
traceback. Every outcome is one message box and one line in the status bar. What a run overwrites is kept for "Undo last
run", and put back at once where the run fails while it writes.
"""

from __future__ import annotations

import itertools
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlwings as xw

from . import running, stop
from .cli_output import accuracy_sentence
from .excel.plan_on_sheets import shown_figures
from .excel.read_tables import read_grids_raw, read_outputs, read_tables
from .excel.tables_io import write_tables
from .excel.undo import undo_last_run as put_back_last_run
from .excel.undo import undoable
from .excel.write_plan import parts_written, write_findings, write_plan, write_result
from .excel.write_sign_off import write_log
from .excel.write_version import PUBLISHED_PARTS, write_versions
from .importing import Kind, prepare, tables_written, write
from .macro_frame import (
    TITLE,
    alone,
    button,
    chosen_scenario,
    counts,
    process,
    progress,
    refused,
    tell,
)
from .macros_mail import collect_copies
from .macros_month import adopt, reopen, risk, roll_forward, run_scenarios, sign
from .model.errors import WorkbookError
from .model.plan import Plan
from .model.signing import CHANGED_RESULT, changed_words
from .model.suggest import counted
from .model.validation import validate
from .planning.backtest import backtest
from .planning.cycle import STEPS, run_cycle
from .planning.imports.changes import Import, without_new
from .planning.publish import PLAN_TABLES, publish_now, replaced_note
from .planning.seal import seal_findings, seal_sentence
from .planning.segments import accuracy_tables
from .planning.sign_off import published_entry
from .planning.words import short_money

__all__ = [
    "TITLE",
    "accuracy",
    "adopt",
    "aggregate",
    "balance",
    "check",
    "collect_copies",
    "forecast",
    "import_budget",
    "import_history",
    "mail_copy",
    "publish",
    "reopen",
    "risk",
    "roll_forward",
    "rough_cut",
    "run_all",
    "run_scenarios",
    "sign",
    "stop_run",
    "undo_last_run",
]


@alone
def check() -> None:
    """Ribbon: Check. Lists what is wrong in the tables; plans nothing."""
    with button("Checking the tables") as book:
        tables = read_tables(book)
        shown = shown_figures(read_grids_raw(book), tables.settings.bucket) if tables.versions else None
        findings = validate(tables) + seal_findings(tables, shown=shown)
        stop.raise_if_asked(process(book))
        with undoable(book, "Check", ("tblFindings", "tblResult"), tables.settings.bucket):
            write_findings(book, findings)
            write_result(book, "Published", seal_sentence(tables))
            write_result(book, CHANGED_RESULT, changed_words(findings, tables))
        tell(book, f"Check: {counts(findings)}.", bool(findings.errors))


@alone
def forecast() -> None:
    """Ribbon: Forecast. Statistical forecast of every item."""
    _plan("Forecast", ("forecast",))


@alone
def aggregate() -> None:
    """Ribbon: Aggregate. Item forecasts, events and portfolio become the demand of the families."""
    _plan("Aggregate", ("aggregate",))


@alone
def balance() -> None:
    """Ribbon: Balance. Production, stock and capacity for the consensus demand."""
    _plan("Balance", ("balance",))


@alone
def rough_cut() -> None:
    """Ribbon: Rough cut. Load against capacity of the plan as it stands, typed or solved, without solving."""
    _plan("Rough cut", ("rough_cut",))


@alone
def run_all() -> None:
    """Ribbon: Run all steps."""
    _plan("Run all steps", STEPS)


@alone
def accuracy() -> None:
    """Ribbon: Accuracy. Tries the forecast on the past; classes items by volume and variability."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        if refused(book, tables, "Nothing was tried", "then try again"):
            return
        report = progress(book)
        result = backtest(tables, progress=lambda done, total: report("Forecasting the past", done, total))
        frames = accuracy_tables(tables, result)
        stop.raise_if_asked(process(book))
        with undoable(book, "Accuracy", tuple(frames), tables.settings.bucket):
            write_tables(book, frames)
        sentence = accuracy_sentence(result.overall())
        tell(book, f"Forecast of families: {sentence}. {_losers(len(result.losers))} (sheet Accuracy).", False)


@alone
def publish() -> None:
    """Ribbon: Publish. Freezes the plan as a version; it becomes the approved plan, in units and in money."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        if refused(book, tables, "Nothing was published", "run again"):
            return
        bucket = tables.settings.bucket
        shown = shown_figures(read_grids_raw(book), bucket)
        published = publish_now(tables, read_outputs(book, PLAN_TABLES, bucket), shown=shown)
        stop.raise_if_asked(process(book))
        version = published.versions[-1]
        with undoable(book, "Publish", PUBLISHED_PARTS, bucket):
            write_versions(book, published, seal_sentence(published))
            write_log(book, published_entry(tables, version))
        sentence = f"Plan {version.name} is published by {version.published_by} (digest {version.digest[:16]})."
        note = replaced_note(tables, published)
        tell(book, f"{sentence} {note} Undo last run brings them back." if note else sentence, False)


@alone
def import_history(file: str) -> None:
    """Ribbon: Import history. Past sales out of a file of another system, after a look at what it would change."""
    _import("Import history", "history", file)


@alone
def import_budget(file: str) -> None:
    """Ribbon: Import budget. The budget out of finance's file, after a look at what it would change."""
    _import("Import budget", "budget", file)


def _import(title: str, kind: Kind, file: str) -> None:
    with button(f"Reading {Path(file).name}") as book:
        tables = read_tables(book)
        found = prepare(book, tables, kind, Path(file))
        stop.raise_if_asked(process(book))
        agreed = _agreed(book, title, found)
        names = (*tables_written(agreed), "tblFindings") if agreed else ("tblFindings",)
        with undoable(book, title, names, tables.settings.bucket):
            if agreed:
                write(book, agreed, tables.settings.bucket)
            write_findings(book, (agreed or found).findings)
        if agreed:
            tell(book, f"{title}: {agreed.added:,} figures are new, {len(agreed.differing):,} replaced.", False)
        elif found.findings.errors:
            tell(book, f"{title}: nothing was imported. What is wrong is on sheet Checks.", True)
        else:
            why = "the workbook has all of its figures" if found.changes_nothing else "as you wished"
            tell(book, f"{title}: nothing was imported, {why}. Notes are on sheet Checks.", False)


def _agreed(book: Any, title: str, found: Import) -> Import | None:
    """What the planner wants written, after a look at what it would change; None: nothing."""
    known = without_new(found)
    if (known if found.table == "tblBudget" else found).findings.errors or found.changes_nothing:
        return None
    lines = [str(finding) for finding in found.findings if finding.severity != "Info" or finding.rule in _TOLD]
    shown = "\n".join([*lines[:_MOST_TOLD], *(["... more on sheet Checks"] if len(lines) > _MOST_TOLD else [])])
    replaced = f" and replace {len(found.differing):,}" if len(found.differing) else ""
    question = f"Write {found.added:,} new figures{replaced}?"
    buttons = "ok_cancel"
    if found.new_names and found.table == "tblBudget":
        question += f" Left out: {', '.join(found.new_names)}."
    elif found.new_names:
        question += f"\nYes: the {len(found.new_names):,} new items go into Items too.\nNo: without the new items."
        buttons = "yes_no_cancel"
    answer = book.app.alert(f"{shown[:_MOST_CHARACTERS]}\n\n{question}", f"{TITLE}: {title}", buttons=buttons)
    if answer == "ok":
        return known
    return {"yes": found, "no": known}.get(answer)


_TOLD = ("figures_read", "import_changes")
_MOST_TOLD = 8
_MOST_CHARACTERS = 800  # a message box of VBA takes 1,024


@alone
def undo_last_run() -> None:
    """Ribbon: Undo last run. Puts back what the last run overwrote, once; what was typed since stays."""
    with button("Undoing the last run") as book:
        tell(book, put_back_last_run(book), False)


@alone
def mail_copy(owner: str = "", only_theirs: str = "", without_cost: str = "") -> None:
    """Ribbon: Mail copy. Writes a copy for mail beside the workbook, which stays as it is.

    ``owner``: whose input cells stay open ('' for everybody's); the others are 'yes' or ''.
    """
    from .mailing import Choice, share  # only here: the other buttons need not wait for what builds workbooks

    with button("Writing the copy for mail") as book, tempfile.TemporaryDirectory() as folder:
        choice = Choice(None, owner or None, without_cost == "yes")
        source, last_saved = _file_of(book, Path(folder))
        out = _free_name(_mail_folder(book), f"{Path(book.name).stem} - copy{f' for {owner}' if owner else ''}")
        copy = share(source, out, choice, only_theirs=only_theirs == "yes")
        text = f"Copy written: {copy.out}{' (as the workbook was last saved)' if last_saved else ''}."
        tell(book, " ".join([text, *copy.remarks]), False)


def stop_run() -> None:
    """Ribbon on a Mac: Stop. Asks the step that runs for this workbook to stop."""
    book = xw.Book.caller()
    if running.is_going(book.fullname):
        stop.ask_to_stop()
        book.app.status_bar = "Stopping after the item or step it is at ..."
    else:
        tell(book, "No step of this workbook is running.", False)


def _file_of(book: Any, folder: Path) -> tuple[Path, bool]:
    """The workbook as a closed file, and whether it is only as it was last saved."""
    save_copy = getattr(book.api, "SaveCopyAs", None) if sys.platform == "win32" else None
    path = Path(book.fullname)
    if save_copy is not None:
        path = folder / Path(book.name).name
        save_copy(str(path))
    elif not path.is_file():
        raise WorkbookError("Mail copy needs the file of the workbook: save it in a folder of this machine first.")
    return path, save_copy is None


def _mail_folder(book: Any) -> Path:
    """Beside the workbook; where that is on the web, the user's own folder."""
    folder = Path(book.fullname).parent
    return folder if folder.is_absolute() and folder.is_dir() else Path.home()


def _free_name(folder: Path, stem: str) -> Path:
    """A copy never replaces an earlier one, which may have been mailed."""
    stem = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", stem).strip(". ")[:120]
    names = (f"{stem}{f' ({number})' if number > 1 else ''}.xlsx" for number in itertools.count(1))
    return next(folder / name for name in names if not (folder / name).exists())


def _plan(title: str, steps: Sequence[str]) -> None:
    with button("Reading the workbook") as book:
        plan = run_cycle(read_tables(book), steps, scenario=chosen_scenario(book), progress=progress(book))
        stop.raise_if_asked(process(book))
        names = parts_written(plan) if plan.steps else ("tblFindings",)
        book.app.status_bar = "Writing the plan"
        with undoable(book, title, names, plan.tables.settings.bucket):
            if plan.steps:
                write_plan(book, plan)
            else:
                write_findings(book, plan.findings)
        tell(book, summary(plan), bool(plan.findings.errors))


def summary(plan: Plan) -> str:
    """One sentence on what a run gave: ``Plan solved: cost 4.21 M EUR, service 98.2 %, 3 findings.``"""
    if not plan.steps:
        return f"Nothing was planned: {counts(plan.findings)}. Mend the errors on sheet Checks, then run again."
    if plan.balance is not None:
        currency = plan.tables.settings.base_currency
        cost, margin = short_money(plan.balance.total_cost), short_money(plan.balance.margin)
        return (
            f"Plan solved: cost {cost} {currency}, margin {margin} {currency}, service "
            f"{plan.balance.service_level:.1%}, {counts(plan.findings)}."
        )
    if plan.rough_cut is not None:
        short = plan.rough_cut[plan.rough_cut["Short"] > 0]["Resource"].nunique()
        return f"Rough cut: {short or 'no'} resource{'' if short == 1 else 's'} overloaded, {counts(plan.findings)}."
    if "aggregate" in plan.steps:
        families = len(plan.tables.family_names)
        return f"Demand of {families:,} families is on the Sales Plan, {counts(plan.findings)}."
    items = 0 if plan.forecast is None else plan.forecast["Item"].nunique()
    return f"{items:,} items forecast (sheet Item Forecast), {counts(plan.findings)}."


def _losers(count: int) -> str:
    return "No item loses to naive" if not count else f"{counted(count, 'item')} would do better naive"
