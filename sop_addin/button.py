"""What VBA calls: ``press('forecast')``. Imports nothing that may be missing, so that a broken installation ends as one
sentence and not as a traceback."""

from __future__ import annotations

import importlib

TITLE = "S&OP"


def press(name: str, *codes: str) -> None:
    """Run the function ``name`` of sop_addin.macros for the workbook that called.

    ``codes``: texts that go to it, each as the hexadecimal digits of its UTF-16 characters: so no quote,
    backslash or foreign letter in one has to pass through a command line.
    """
    try:
        macro = getattr(importlib.import_module("sop_addin.macros"), name)
    except Exception as error:  # noqa: BLE001 - whatever an import raises
        _tell(
            f"S&OP could not start: {type(error).__name__}: {error}. Run 'sop-addin doctor' in a terminal, or install "
            "again with 'pip install --force-reinstall sop-addin'. Nothing was changed."
        )
        return
    macro(*(bytes.fromhex(code).decode("utf-16-be") for code in codes))


def _tell(message: str) -> None:
    """As a message box, or, where even xlwings is broken, as the one line that xlwings shows of a failed start."""
    message = " ".join(message.split())
    try:
        import xlwings as xw

        book = xw.Book.caller()
        book.app.status_bar = message
        book.app.alert(message, TITLE, mode="critical")
    except Exception:  # noqa: BLE001 - there is nobody else to tell
        raise SystemExit(message) from None
