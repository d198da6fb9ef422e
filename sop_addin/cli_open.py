"""`sop-addin open`: a workbook in Excel, or live in LibreOffice with the S&OP toolbar."""

from __future__ import annotations

import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .cli_output import say

NOT_POSSIBLE = 2


class Host(StrEnum):
    EXCEL = "excel"
    LIBREOFFICE = "libreoffice"


def open_workbook(
    book: Annotated[
        Path, typer.Argument(metavar="BOOK", exists=True, dir_okay=False, help="Workbook (.xlsm or .xlsx).")
    ],
    host: Annotated[
        Host | None, typer.Option("--host", help="The spreadsheet [default: Excel where there can be one].")
    ] = None,
) -> None:
    """Open BOOK in Excel, or live in LibreOffice with an S&OP toolbar until its window is closed."""
    chosen = host or (Host.EXCEL if sys.platform in ("win32", "darwin") else Host.LIBREOFFICE)
    if chosen is Host.LIBREOFFICE:
        # a process of its own: what it runs are the buttons, which the command line knows nothing of
        raise typer.Exit(subprocess.run([sys.executable, "-m", "sop_addin.host", str(book)], check=False).returncode)
    if sys.platform == "win32":
        os.startfile(book)
        return
    if sys.platform == "darwin":
        done = subprocess.run(["open", "-a", "Microsoft Excel", str(book)], check=False, capture_output=True)
        if done.returncode == 0:
            return
        say(f"{book}: Microsoft Excel is not on this Mac; use --host libreoffice.")
    else:
        say(f"{book}: there is no Excel for this system; use --host libreoffice.")
    raise typer.Exit(NOT_POSSIBLE)
