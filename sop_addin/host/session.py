"""A workbook open in LibreOffice, its S&OP toolbar, and what a press of a button does."""

from __future__ import annotations

import datetime as dt
import queue
from collections.abc import Callable
from pathlib import Path

from .. import macros
from ..engines.closed_file.engine import ClosedFileBackend
from ..engines.errors import EngineError, FileChanged, FileLocked
from ..engines.libreoffice import LibreOfficeBackend, Office, open_book
from .functions import answer, signatures
from .questions import QUESTIONS
from .save_back import save_back, snapshot

SAVE = "save"

BUTTONS: tuple[tuple[str, str, str], ...] = (
    ("check", "Check", "Lists what is wrong in the tables on sheet Checks; plans nothing"),
    ("import_history", "Import history", "Past sales out of a file, after a look at what it would change"),
    ("import_budget", "Import budget", "The budget out of finance's file, after a look at what it would change"),
    ("", "", ""),
    ("forecast", "Forecast", "Reads Items, History and Settings; writes Item Forecast"),
    ("aggregate", "Aggregate", "Reads Item Forecast, Families and Events; writes Sales Plan; overrides stay"),
    ("accuracy", "Accuracy", "Tries the forecast on the past; writes Accuracy, changes no plan"),
    ("", "", ""),
    ("balance", "Balance", "Reads Sales Plan, Families, Sources and Resources; writes the plan sheets"),
    ("rough_cut", "Rough cut", "Load against capacity of the plan as it stands, without solving"),
    ("", "", ""),
    ("run_all", "Run all steps", "Check, Forecast, Aggregate and Balance in one go"),
    ("publish", "Publish", "Freezes the plan of the last run as a version inside the workbook"),
    ("roll_forward", "Roll forward", "Begins the next cycle one period later; what was typed stays with its months"),
    ("undo_last_run", "Undo last run", "Puts back what the last run overwrote"),
    ("", "", ""),
    ("run_scenarios", "Run all scenarios", "Every scenario against the plan, side by side on Scenarios"),
    ("adopt", "Adopt", "Makes the chosen scenario the plan"),
    ("risk", "Risk", "The plan under risk: chances of shortage, what matters most"),
    ("", "", ""),
    ("sign", "Sign", "Signs the next open step of the cycle"),
    ("reopen", "Reopen", "Opens a signed step again; demand that cannot be met goes back to Sales"),
    ("", "", ""),
    ("mail_copy", "Mail copy", "Writes an .xlsx without macros beside the workbook, as it was last saved"),
    (
        "collect_copies",
        "Collect copies",
        "Edits of returned copies onto sheet Merge; pressed again, takes what is chosen",
    ),
    (SAVE, "Save to workbook", "Writes everything into the original file; its macros, ribbon and charts stay"),
)
"""Action, label and help; an empty action parts two groups. The ribbon's buttons, in its order, and saving."""


class Session:
    """``path`` open in a LibreOffice of our own; ``visible`` before the planner's eyes."""

    def __init__(self, path: Path, *, visible: bool) -> None:
        self.path = path.absolute()
        self._file = ClosedFileBackend.open(str(self.path))  # before LibreOffice: says at once what is no workbook
        self.office = Office(visible, answer)
        try:
            self.office.request("serve_functions", signatures())
            self.book = open_book(self.path, self.office)
            self.backend: LibreOfficeBackend = self.book.api
            self._before = snapshot(self.backend)
            self._copied = self.backend.copy.stat().st_mtime_ns if self.backend.copy else 0
            self.backend.show_toolbar(BUTTONS)
        except BaseException:
            self.office.quit()
            raise

    def press(self, action: str) -> None:
        """Do what a button says; every outcome is a message."""
        if action == SAVE:
            self.save()
            return
        ask = QUESTIONS.get(action)
        texts = ask(self.backend) if ask else ()
        if texts is None:
            return
        self.book.set_mock_caller()
        macro: Callable[..., None] = getattr(macros, action)
        macro(*texts)

    def save(self) -> None:
        """Write what changed into the original file, or beside it where it cannot be written; a message says so."""
        app = self.book.app
        try:
            changed, now = save_back(self.backend, self._file, self._before)
            self._file.calculate()
            target = self._store()
        except (EngineError, OSError) as error:
            app.alert(f"Not saved: {error}", macros.TITLE, mode="critical")
            return
        self._before = now
        self.office.request("set_unmodified", self.backend.number)
        app.status_bar = f"Saved {target.name}: {changed:,} cells changed"
        if target != self.path:
            app.alert(f"{self.path.name} was changed or locked meanwhile, so this is saved as {target}.", macros.TITLE)

    def _store(self) -> Path:
        try:
            self._file.save(str(self.path))
        except (FileChanged, FileLocked):
            beside = self.path.with_stem(f"{self.path.stem} {dt.datetime.now():%Y-%m-%d %H%M%S}")
            self._file.save(str(beside))
            return beside
        return self.path

    def serve(self) -> None:
        """Answer presses until the planner closes the window."""
        while self.office.alive:
            try:
                what, number, action = self.office.events.get(timeout=1)
            except queue.Empty:
                continue
            if number != self.backend.number:
                continue
            if what == "closed":
                self._save_working_copy()
                break
            self.press(action)
        self.close()

    def _save_working_copy(self) -> None:
        """Where the planner answered LibreOffice's question on closing with Save, that went into the working copy."""
        copy = self.backend.copy
        if copy is None or copy.stat().st_mtime_ns == self._copied:
            return
        self.book = open_book(copy, self.office)
        self.backend = self.book.api
        self.save()

    def close(self) -> None:
        self.office.quit()


def run(path: Path) -> None:
    """Open ``path`` in a visible LibreOffice and stay until its window is closed."""
    Session(path, visible=True).serve()
