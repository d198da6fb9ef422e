"""What a button asks before its macro runs: the same questions as VBA asks in Excel (workbook/vba)."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from ..engines.libreoffice import LibreOfficeBackend
from ..excel.layout import MERGE_SHEET, TABLE_ROW
from ..macros import TITLE

Texts = tuple[str, ...] | None
"""What goes to the macro; None where the planner cancelled."""


def file_to_read(title: str) -> Callable[[LibreOfficeBackend], Texts]:
    """One file of another system."""

    def ask(live: LibreOfficeBackend) -> Texts:
        return tuple(live.choose_files(f"{TITLE}: {title}", several=False)) or None

    return ask


def copy_for_mail(live: LibreOfficeBackend) -> Texts:
    """Whose input cells stay open, whether only their families go along, whether costs stay here."""

    def chosen(text: str) -> str:
        return live.show_message(text, TITLE, False, "yes_no_cancel")

    owner, theirs = "", "no"
    everybody = chosen("May every input cell of the copy be typed into? No: only those of one owner.")
    if everybody == "no":
        owner = live.ask_text("Whose copy is it? Type the name of the owner, as on the sheet Families.", TITLE)
        theirs = chosen("Only the families of this owner?") if owner else "cancel"
    cost = "cancel" if "cancel" in (everybody, theirs) else chosen("Leave out costs and margins?")
    if cost == "cancel":
        return None
    return owner, "yes" if theirs == "yes" else "", "yes" if cost == "yes" else ""


def signature(live: LibreOfficeBackend) -> Texts:
    """Who signs the next open step, and a comment."""
    by = live.ask_text("Sign the next step of the cycle. Who signs?", TITLE, getpass.getuser())
    return (by, live.ask_text(REMARK, TITLE)) if by else None


def step_to_reopen(live: LibreOfficeBackend) -> Texts:
    """Which step, and a comment."""
    step = live.ask_text(
        "Which step shall be reopened? Data gathering, Demand plan, Supply plan, Pre-S&OP or Executive S&OP. The "
        "signed steps after it are reopened too; a demand plan that cannot be met goes back to Sales.",
        TITLE,
        "Demand plan",
    )
    return (step, live.ask_text(REMARK, TITLE)) if step else None


def copies_to_collect(live: LibreOfficeBackend) -> Texts:
    """The copies that came back; no file where what is chosen on the sheet Merge is to be taken."""
    if MERGE_SHEET in live.sheet_names() and live.read(MERGE_SHEET, (*LISTED, *LISTED))[0][0]:
        text = "Take what is chosen on the sheet Merge? No: collect other copies."
        answer = live.show_message(text, TITLE, False, "yes_no_cancel")
        if answer != "no":
            return () if answer == "yes" else None
    return tuple(live.choose_files("Copies that came back", several=True)) or None


LISTED = (TABLE_ROW + 1, 2)
"""Cell of the sheet Merge that is filled where edits are listed; VBA knows it too."""
REMARK = "A comment, or nothing:"
QUESTIONS: dict[str, Callable[[LibreOfficeBackend], Texts]] = {
    "import_history": file_to_read("Import history"),
    "import_budget": file_to_read("Import budget"),
    "sign": signature,
    "reopen": step_to_reopen,
    "mail_copy": copy_for_mail,
    "collect_copies": copies_to_collect,
}
