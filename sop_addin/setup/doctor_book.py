"""Facts on one workbook: may it be read and written, may its macros run, do they fit the xlwings of this Python?"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from sop_addin.setup.config_file import value_of
from sop_addin.setup.fact import Fact, from_error, note, ok, problem
from sop_addin.setup.files import read
from sop_addin.setup.machine import Machine, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable

_INTERNET_ZONE = 3
_VERSION = re.compile(r'^Public Const XLWINGS_VERSION As String = "([^"]+)"', re.MULTILINE)
_DECISIVE = ("INTERPRETER_WIN", "INTERPRETER_MAC", "INTERPRETER", "PYTHONPATH", "CONDA PATH", "CONDA ENV")
_CONF_SHEET = "xlwings.conf"


def book_facts(machine: Machine, book: str, xlwings_version: str) -> list[Fact]:
    """``book`` is a path or a web address."""
    if "://" in book:
        fix = "use the synced copy in the OneDrive folder of this computer, or download the workbook to a local folder."
        return [problem("Workbook", f"{book} is a web address, not a file", fix)]
    path = Path(book)
    if not path.is_file():
        return [problem("Workbook", f"{path} is not a file", "check the name; give the whole path.")]
    facts = [
        ok("Workbook", str(path)), _blocked(machine, path), _read_only(path), _open_elsewhere(path),
        _cloud(machine, path),
    ]  # fmt: skip
    return [*facts, *_macros(path, xlwings_version), _config_beside(path), *_config_sheet(path)]


# --- may it be opened and saved ---------------------------------------------------------------------------------------


def _blocked(machine: Machine, path: Path) -> Fact:
    name = "From the internet"
    if machine.is_windows:
        zone = _zone(path)
        if zone is not None and zone >= _INTERNET_ZONE:
            fix = f"Explorer > right click > Properties > Unblock; or in PowerShell: Unblock-File '{path}'"
            return problem(
                name, f"Windows marks {path.name} as from the internet or mail: Excel blocks its macros", fix
            )
    if machine.is_mac and machine.run(["/usr/bin/xattr", "-p", "com.apple.quarantine", str(path)], None).code == 0:
        fix = f"if you know where it comes from, in Terminal: xattr -d com.apple.quarantine '{path}'"
        return problem(name, f"macOS holds {path.name} in quarantine: Excel may block its macros", fix)
    return ok(name, "not marked so")


def _zone(path: Path) -> int | None:
    """The Mark-of-the-Web: a second stream of the file, on Windows' own file system only."""
    try:
        text = Path(f"{path}:Zone.Identifier").read_text(encoding="latin-1")
    except OSError:
        return None
    found = re.search(r"ZoneId\s*=\s*(\d+)", text)
    return int(found[1]) if found else None


def _read_only(path: Path) -> Fact:
    if not path.stat().st_mode & stat.S_IWUSR:
        return problem(
            "Writable", f"{path.name} is read-only", "take the read-only attribute off (Properties), or copy it."
        )
    try:
        with path.open("r+b"):
            return ok("Writable", "yes")
    except OSError as error:
        detail = f"{path.name} cannot be written ({error.strerror or error})"
        return problem("Writable", detail, "close it where it is open, or ask for the right to write in that folder.")


def _open_elsewhere(path: Path) -> Fact:
    for lock, program in ((f"~${path.name}", "Excel"), (f".~lock.{path.name}#", "LibreOffice")):
        if (path.parent / lock).exists():
            return note(
                "Open elsewhere", f"{path.name} is open in {program}: buttons work there, the commands are refused",
                f"close it before `sop-addin run`; if {program} is not running, delete {lock} beside it.",
            )  # fmt: skip
    return ok("Open elsewhere", "no")


def _cloud(machine: Machine, path: Path) -> Fact:
    name = "OneDrive"
    keys = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")
    roots = [Path(folder) for key in keys if (folder := machine.environment.get(key))]
    parts = path.resolve().parts
    named = any(part.startswith(("OneDrive", "SharePoint")) for part in parts)
    if named or "CloudStorage" in parts or any(root.resolve() in path.resolve().parents for root in roots):
        return note(
            name, f"{path.name} lies in a synced folder: Excel may know it by a web address only",
            "if a button fails, switch AutoSave off or work on a copy in a local folder.",
        )  # fmt: skip
    return ok(name, "not in a synced folder")


# --- do its macros fit ------------------------------------------------------------------------------------------------


def _macros(path: Path, xlwings_version: str) -> Iterable[Fact]:
    from sop_addin.excel.vba_reader import read_module
    from sop_addin.model.errors import WorkbookError

    name = "xlwings in the workbook"
    try:
        source = read_module(path, "xlwings")
    except WorkbookError as error:
        return [from_error(name, error)]
    found = _VERSION.search(source) if source else None
    if found is None:
        detail = f"{path.name} has no macros of sop-addin: it has no buttons, everything else works"
        return [note(name, detail, "`sop-addin new OUT.xlsm` makes a workbook with buttons.")]
    if found[1] != xlwings_version:
        detail = f"{path.name} was made for xlwings {found[1]}, Python has {xlwings_version}"
        fix = (
            "upgrade sop-addin where the workbook is newer; where it is older, `sop-addin export BOOK FOLDER` and "
            "`sop-addin new OUT.xlsm --data FOLDER`."
        )
        return [problem(name, detail, fix)]
    return [ok(name, found[1])]


def _config_beside(path: Path) -> Fact:
    """Excel reads an xlwings.conf beside the workbook before the user's: it may come with a mail."""
    name = "Settings beside the workbook"
    beside = path.parent / "xlwings.conf"
    try:
        data = read(beside)
    except SetupError as error:
        return from_error(name, error)
    keys = [key for key in _DECISIVE if data is not None and value_of(data, key) is not None]
    if keys:
        detail = f"{beside} decides {', '.join(keys)} instead of your own settings"
        return problem(name, detail, "delete that file, unless you or IT put it there on purpose.")
    return ok(name, "none")


def _config_sheet(path: Path) -> Iterable[Fact]:
    from sop_addin.engines.closed_file import open_book
    from sop_addin.engines.errors import EngineError

    name = "Settings in the workbook"
    if path.suffix.lower() != ".xlsm":
        return []
    try:
        book = open_book(path)
        try:
            names = [sheet.name for sheet in book.sheets]
            cells = book.sheets[_CONF_SHEET].used_range.options(ndim=2).value if _CONF_SHEET in names else []
        finally:
            book.close()
    except EngineError as error:
        return [from_error(name, error)]
    rows = [row for row in cells or [] if row and row[0]]
    keys = [str(row[0]) for row in rows if str(row[0]).upper() in _DECISIVE]
    if keys:
        detail = f"the hidden sheet {_CONF_SHEET} of {path.name} decides {', '.join(keys)} instead of your own settings"
        return [problem(name, detail, f"delete these rows of the sheet {_CONF_SHEET}, unless they are meant.")]
    return [ok(name, "none that name a Python")]
