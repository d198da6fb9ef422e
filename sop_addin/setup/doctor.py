"""`sop-addin doctor`: every fact that can keep a button from working, each with its fix. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sop_addin.engines.libreoffice import HOW_TO_GET_UNO, how_to_get_it, pythons_for
from sop_addin.setup.config_file import broken_lines, is_text, value_of
from sop_addin.setup.doctor_book import book_facts
from sop_addin.setup.doctor_excel import excel_facts
from sop_addin.setup.doctor_python import python_facts
from sop_addin.setup.fact import Fact, State, from_error, note, ok, problem
from sop_addin.setup.files import read
from sop_addin.setup.machine import Machine, SetupError
from sop_addin.setup.probe import probe

__all__ = ["Fact", "State", "examine"]

CONFIG = "xlwings configuration"
INTERPRETER = "Python for Excel"
INSTALL = "run `sop-addin install`."


def examine(machine: Machine, book: str | None = None) -> list[Fact]:
    """All facts, in the order in which they would be mended. ``book`` is a path or a web address."""
    facts, interpreter, paths = _configuration(machine)
    asked = probe(machine, interpreter or machine.interpreter, paths)
    facts += python_facts(machine, asked, interpreter or machine.interpreter)
    facts += excel_facts(machine, interpreter or machine.interpreter, asked)
    if book is not None:
        facts += book_facts(machine, book, asked.version_of("xlwings") or machine.xlwings_version)
    return [*facts, _libreoffice(machine)]


# --- which Python Excel starts ----------------------------------------------------------------------------------------


def _configuration(machine: Machine) -> tuple[list[Fact], Path | None, list[str]]:
    """Facts on the user's xlwings.conf, the Python it names (None: none that exists), and its PYTHONPATH."""
    if not machine.has_excel_platform:
        return [note("Microsoft Excel", "not on this system; the commands plan workbooks without it")], None, []
    path = machine.config_path
    try:
        data = read(path)
    except SetupError as error:
        return [from_error(CONFIG, error)], None, []
    if data is None:
        return (
            [problem(CONFIG, f"{path} is not there, so Excel does not know which Python to start", INSTALL)],
            None,
            [],
        )
    if not is_text(data):
        return [problem(CONFIG, f"{path} is not a plain text file", f"delete it and {INSTALL}")], None, []
    if broken := broken_lines(data):
        lines = ", ".join(map(str, broken))
        detail = f'{path} line {lines}: not of the form "KEY","value", so Excel cannot read past it'
        fact = problem(CONFIG, detail, f"delete that line in a text editor, then {INSTALL}")
    else:
        fact = ok(CONFIG, str(path))

    def setting(key: str) -> str:
        return (value_of(data, key) or b"").decode(machine.encoding, "replace")

    interpreter, named = _interpreter(machine, setting)
    paths = [one for one in setting("PYTHONPATH").split(";") if one]
    return [fact, named], interpreter, paths


def _interpreter(machine: Machine, setting: Callable[[str], str]) -> tuple[Path | None, Fact]:
    """The Python that RunPython of xlwings.bas would start."""
    key = machine.interpreter_key
    name = setting(key) or setting("INTERPRETER")
    root, environment = setting("CONDA PATH"), setting("CONDA ENV")
    if machine.is_windows and root and environment:
        if not Path(root, "condabin", "conda.bat").is_file():
            detail = f"conda is set (CONDA PATH {root}), but condabin\\conda.bat is not there"
            return None, problem(INTERPRETER, detail, f"{INSTALL[:-1]} in the environment that Excel shall use.")
        if name in ("", "python", "pythonw"):
            folder = Path(root) if environment == "base" else Path(root, "envs", environment)
            name = str((Path(environment) if Path(environment).is_absolute() else folder) / "python.exe")
    if not name:
        return None, problem(INTERPRETER, f"{machine.config_path} has no {key}", INSTALL)
    if name in ("python", "pythonw"):
        found = machine.which(name)
        if found is None:
            return None, problem(INTERPRETER, f"'{name}' is set, but there is none on the search path", INSTALL)
        name = found
    path = Path(name)
    if not path.is_file():
        return None, problem(INTERPRETER, f"{path} is set, but it is not there any more", INSTALL)
    if machine.is_mac and " " in name:
        return path, problem(
            INTERPRETER, f"{path} has a space in its path, which xlwings cannot start on a Mac",
            "make the virtual environment in a folder without spaces and run `sop-addin install` there.",
        )  # fmt: skip
    if path != machine.interpreter:
        return path, note(
            INTERPRETER, f"Excel starts {path}; this command runs in {machine.interpreter}",
            "if Excel shall use this one, run `sop-addin install`.",
        )  # fmt: skip
    return path, ok(INTERPRETER, str(path))


# --- optional ---------------------------------------------------------------------------------------------------------


def _libreoffice(machine: Machine) -> Fact:
    name = "LibreOffice (optional)"
    folders = [machine.environment.get(key) for key in ("ProgramFiles", "ProgramFiles(x86)")]
    places = [Path(folder, "LibreOffice", "program", "soffice.exe") for folder in folders if folder]
    places.append(machine.applications / "LibreOffice.app" / "Contents" / "MacOS" / "soffice")
    found = machine.which("soffice") or machine.which("libreoffice") or next((p for p in places if p.is_file()), None)
    if not found:
        return note(
            name, "not found; only `sop-addin open --host libreoffice` needs it", how_to_get_it(machine.platform)
        )
    for python in pythons_for(Path(found)):
        if machine.run([str(python), "-c", "import uno"], None).code == 0:
            return ok(name, f"{found}, driven by {python}")
    return note(name, f"{found}, but no Python here has its module uno, which driving it needs", HOW_TO_GET_UNO)
