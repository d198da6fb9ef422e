"""What a button asks before its macro runs: the same questions as VBA asks in Excel (workbook/vba/SopShare.bas)."""

from __future__ import annotations

from collections.abc import Callable

from ..engines.libreoffice import LibreOfficeBackend
from ..excel.layout import MERGE_SHEET
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


def copies_to_collect(live: LibreOfficeBackend) -> Texts:
    """The copies that came back; no file where what is chosen on the sheet Merge is to be taken."""
    if MERGE_SHEET in live.sheet_names() and live.read(MERGE_SHEET, (2, 2, 2, 2))[0][0]:
        text = "Take what is chosen on the sheet Merge? No: collect other copies."
        answer = live.show_message(text, TITLE, False, "yes_no_cancel")
        if answer != "no":
            return () if answer == "yes" else None
    return tuple(live.choose_files("Copies that came back", several=True)) or None


QUESTIONS: dict[str, Callable[[LibreOfficeBackend], Texts]] = {
    "import_history": file_to_read("Import history"),
    "import_budget": file_to_read("Import budget"),
    "mail_copy": copy_for_mail,
    "collect_copies": copies_to_collect,
}
