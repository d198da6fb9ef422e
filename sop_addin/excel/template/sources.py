"""Where the texts of the template lie: ours in a checkout or an installed wheel, xlwings' in its package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sop_addin.model.errors import WorkbookError

_PACKAGE = Path(__file__).resolve().parents[2]


def source_folder(name: str) -> Path:
    """The folder `workbook/<name>` ("vba" or "ribbon") of the installed wheel, else of the checkout.

    The wheel's own copy is looked for first: beside an installed package lies site-packages, where a folder `workbook`
    would be somebody else's. Raises WorkbookError when there is neither.
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        folder = parent / "workbook" / name
        if folder.is_dir():
            return folder
    raise WorkbookError(
        f"Template source folder workbook/{name} is missing beside {_PACKAGE}; install sop-addin again."
    )


def source_text(folder: str, name: str) -> str:
    """The text of one of our source files, e.g. source_text("ribbon", "customUI14.xml")."""
    return (source_folder(folder) / name).read_text(encoding="utf-8")


def xlwings_text(path: str) -> str:
    """The text of a VBA file of the installed xlwings, e.g. "xlwings.bas" or "addin/Dictionary.cls"."""
    return files("xlwings").joinpath(path).read_text(encoding="cp1252")
