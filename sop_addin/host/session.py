"""A workbook open in LibreOffice, its S&OP toolbar, and what a press of a button does."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path

from .. import macros
from ..engines.closed_file.engine import ClosedFileBackend
from ..engines.errors import EngineError
from ..engines.libreoffice import LibreOfficeBackend, Office, open_book
from .functions import answer, signatures
from .save_back import save_back

SAVE = "save"

BUTTONS: tuple[tuple[str, str, str], ...] = (
    ("check", "Check", "Lists what is wrong in the tables on sheet Checks; plans nothing"),
    ("", "", ""),
    ("forecast", "Forecast", "Reads Items, History and Settings; writes Item Forecast"),
    ("aggregate", "Aggregate", "Reads Item Forecast, Families and Events; writes Sales Plan; overrides stay"),
    ("balance", "Balance", "Reads Sales Plan, Families, Sources and Resources; writes the plan sheets"),
    ("run_all", "Run all steps", "Check, Forecast, Aggregate and Balance in one go"),
    ("undo_last_run", "Undo last run", "Puts back what the last run overwrote"),
    ("", "", ""),
    (SAVE, "Save to workbook", "Writes everything into the original file; its macros, ribbon and charts stay"),
)


class Session:
    """``path`` open in a LibreOffice of our own; ``visible`` before the planner's eyes."""

    def __init__(self, path: Path, *, visible: bool) -> None:
        self.path = path.absolute()
        self._opened = ClosedFileBackend.open(str(self.path))  # before LibreOffice: says at once what is no workbook
        self.office = Office(visible, answer)
        try:
            self.office.request("serve_functions", signatures())
            self.book = open_book(self.path, self.office)
            self._backend: LibreOfficeBackend = self.book.api
            self._backend.show_toolbar(BUTTONS)
        except BaseException:
            self.office.quit()
            raise

    def press(self, action: str) -> None:
        """Do what a button says; every outcome is a message."""
        actions: dict[str, Callable[[], None]] = {SAVE: self.save}
        if action not in actions:
            self.book.set_mock_caller()
            actions[action] = getattr(macros, action)
        actions[action]()

    def save(self) -> None:
        """Write what LibreOffice shows into the original file; a message says how it went."""
        app = self.book.app
        try:
            changed = save_back(self._backend, self._opened)
            self._opened.calculate()
            self._opened.save(str(self.path))
        except (EngineError, OSError) as error:
            self._opened = ClosedFileBackend.open(str(self.path))
            app.alert(f"Not saved: {error}", macros.TITLE, mode="critical")
            return
        app.status_bar = f"Saved {self.path.name}: {changed:,} cells changed"
        app.alert(f"Saved {self.path}: {changed:,} cells changed.", macros.TITLE, mode="info")

    def serve(self) -> None:
        """Answer presses until the planner closes the window."""
        while self.office.alive:
            try:
                what, number, action = self.office.events.get(timeout=1)
            except queue.Empty:
                continue
            if number != self._backend.number:
                continue
            if what == "closed":
                break
            self.press(action)
        self.close()

    def close(self) -> None:
        self.office.quit()


def run(path: Path) -> None:
    """Open ``path`` in a visible LibreOffice and stay until its window is closed."""
    Session(path, visible=True).serve()
