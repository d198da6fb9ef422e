"""Doctor names each fact that is wrong, with its fix; one test a fact. On a fake Windows and a fake Mac."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sop_addin.excel.template.ovba import Module, ModuleKind, write_vba_project
from sop_addin.excel.vba_reader import PROJECT_PART
from sop_addin.setup import State, examine, install
from sop_addin.setup.machine import Ran

from .conftest import EXCEL_KEY, XLWINGS, Fake

TEMPLATE = Path(__file__).parents[2] / "workbook" / "SOP_Template.xlsm"
SECURITY = r"Software\Microsoft\Office\16.0\Excel\Security"
POLICY = r"Software\Policies\Microsoft\Office\16.0\Excel\Security"
ASR = r"SOFTWARE\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"

Facts = Callable[..., dict[str, Any]]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "Plans"
    folder.mkdir()
    return Path(shutil.copy(TEMPLATE, folder / "Plan.xlsm"))


@pytest.fixture(autouse=True)
def _installed(request: pytest.FixtureRequest) -> None:
    for name in ("windows", "mac", "either"):
        if name in request.fixturenames:
            install(request.getfixturevalue(name).machine)


def only_problem(fake: Fake, book: Path | str | None = None) -> Any:
    """The one fact that is wrong; every other one stays right."""
    problems = [fact for fact in examine(fake.machine, str(book) if book else None) if fact.state is State.PROBLEM]
    assert len(problems) == 1, problems
    assert problems[0].fix
    assert "\n" not in problems[0].detail + problems[0].fix
    return problems[0]


def test_nothing_is_wrong_after_install(either: Fake, facts: Facts, book: Path) -> None:
    found = facts(either, str(book))
    assert not [fact for fact in found.values() if fact.state is State.PROBLEM]
    assert found["xlwings in the workbook"].detail == XLWINGS
    assert found["Python for Excel"].detail == str(either.machine.interpreter)


def test_python_is_asked_in_its_own_folder_with_the_paths_of_the_configuration(windows: Fake) -> None:
    windows.write_config(windows.config.read_bytes() + b'"PYTHONPATH","C:\\one;D:\\two"\r\n')
    examine(windows.machine)
    command, folder = windows.answers.asked[0]
    assert command[0] == str(windows.machine.interpreter)
    assert command[-2:] == ["C:\\one", "D:\\two"]
    assert folder == windows.machine.interpreter.parent


# --- which Python -----------------------------------------------------------------------------------------------------


def test_no_configuration(either: Fake) -> None:
    either.config.unlink()
    fact = only_problem(either)
    assert (fact.name, fact.fix) == ("xlwings configuration", "run `sop-addin install`.")


def test_a_configuration_that_excel_cannot_read_past(windows: Fake) -> None:
    windows.write_config(windows.config.read_bytes() + b"\r\n")
    fact = only_problem(windows)
    assert fact.name == "xlwings configuration"
    assert "line 2" in fact.detail


def test_a_configuration_in_utf16(windows: Fake) -> None:
    windows.write_config('"INTERPRETER_WIN","x"'.encode("utf-16"))
    assert "plain text" in only_problem(windows).detail


def test_a_configuration_that_cannot_be_read(windows: Fake) -> None:
    windows.config.unlink()
    windows.config.mkdir()
    assert "cannot be read" in only_problem(windows).detail


def test_a_configuration_without_interpreter(either: Fake) -> None:
    either.write_config(b'"PYTHONPATH","x"\n')
    fact = only_problem(either)
    assert fact.name == "Python for Excel"
    assert either.machine.interpreter_key in fact.detail


def test_an_interpreter_that_is_gone(either: Fake) -> None:
    either.machine.interpreter.unlink()
    fact = only_problem(either)
    assert (fact.name, fact.fix) == ("Python for Excel", "run `sop-addin install`.")
    assert "not there any more" in fact.detail


def test_a_plain_python_that_is_not_on_the_path(windows: Fake) -> None:
    windows.write_config(b'"INTERPRETER_WIN","python"\r\n')
    assert "search path" in only_problem(windows).detail
    windows.answers.programs["python"] = str(windows.machine.interpreter)
    assert not [fact for fact in examine(windows.machine) if fact.state is State.PROBLEM]


def test_conda_that_is_gone(windows: Fake) -> None:
    windows.write_config(b'"CONDA PATH","C:\\gone"\r\n"CONDA ENV","plan"\r\n')
    assert "conda.bat" in only_problem(windows).detail


def test_the_python_of_a_conda_environment(windows: Fake, tmp_path: Path) -> None:
    root = tmp_path / "conda"
    (root / "condabin").mkdir(parents=True)
    (root / "condabin" / "conda.bat").touch()
    (root / "envs" / "plan").mkdir(parents=True)
    windows.write_config(f'"CONDA PATH","{root}"\r\n"CONDA ENV","plan"\r\n"INTERPRETER_WIN","python"\r\n'.encode())
    assert "plan" in only_problem(windows).detail
    (root / "envs" / "plan" / "python.exe").touch()
    for bits in (32, 64):
        (root / "envs" / "plan" / f"xlwings{bits}-{XLWINGS}.dll").touch()
    assert not [fact for fact in examine(windows.machine) if fact.state is State.PROBLEM]


def test_another_python_than_this_one_is_only_noted(either: Fake, facts: Facts, tmp_path: Path) -> None:
    fact = facts(either.but(interpreter=tmp_path / "other" / "python"))["Python for Excel"]
    assert fact.state is State.NOTE
    assert str(tmp_path / "other" / "python") in fact.detail


def test_a_space_in_the_path_on_a_mac(mac: Fake, tmp_path: Path) -> None:
    python = tmp_path / "my venv" / "python3"
    python.parent.mkdir()
    python.touch()
    mac.write_config(f'"INTERPRETER_MAC","{python}"\n'.encode())
    assert "space" in only_problem(mac).detail


# --- is it fit --------------------------------------------------------------------------------------------------------


def test_a_python_that_does_not_start(either: Fake, facts: Facts) -> None:
    either.answers.python_runs = Ran(1, "", "dyld: broken\nlibpython is missing")
    fact = facts(either)["Python"]
    assert fact.state is State.PROBLEM
    assert "libpython is missing" in fact.detail


def test_the_stub_of_the_microsoft_store(windows: Fake, facts: Facts) -> None:
    windows.answers.python_runs = Ran(9009)
    assert "Microsoft Store" in facts(windows)["Python"].detail


@pytest.mark.parametrize(("version", "words"), [([3, 10, 9], "too old"), ([3, 14, 0], "newer")])
def test_a_python_of_the_wrong_age(either: Fake, version: list[int], words: str) -> None:
    either.answers.python["version"] = version
    fact = only_problem(either)
    assert fact.name == "Python"
    assert words in fact.detail


def test_a_32_bit_python(windows: Fake) -> None:
    windows.answers.python["bits"] = 32
    assert only_problem(windows).name == "64-bit"


@pytest.mark.parametrize("key", ["executable", "base"])
def test_a_python_of_the_microsoft_store(windows: Fake, key: str) -> None:
    windows.answers.python[key] = r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.12_x64\python.exe"
    assert only_problem(windows).name == "Microsoft Store"


def test_no_virtual_environment_is_only_noted(either: Fake, facts: Facts) -> None:
    either.answers.python["base"] = either.answers.python["prefix"]
    assert facts(either)["Virtual environment"].state is State.NOTE


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("xlwings", "xlwings"), ("sop_addin", "sop-addin"), ("sop_addin.macros", "sop-addin"), ("pulp", "Solver"),
        ("statsforecast", "Forecasting"),
    ],
)  # fmt: skip
def test_a_package_that_cannot_be_imported(either: Fake, module: str, name: str) -> None:
    either.answers.python["modules"][module] = {"error": "ImportError: DLL load failed"}
    fact = only_problem(either)
    assert fact.name == name
    assert "DLL load failed" in fact.detail
    assert "-m pip install" in fact.fix


def test_pywin32_that_cannot_be_imported(windows: Fake) -> None:
    windows.answers.python["modules"]["win32com.client"] = {"error": "ImportError: no pywintypes"}
    assert only_problem(windows).name == "pywin32"


def test_appscript_that_cannot_be_imported(mac: Fake) -> None:
    mac.answers.python["modules"]["appscript"] = {"error": "ImportError: no ae"}
    assert only_problem(mac).name == "appscript"


def test_another_xlwings(either: Fake, facts: Facts) -> None:
    either.answers.python["modules"]["xlwings"] = {"version": "0.33.0"}
    fact = facts(either)["xlwings"]
    assert fact.state is State.PROBLEM
    assert f"xlwings=={XLWINGS}" in fact.fix


def test_no_solver(either: Fake) -> None:
    either.answers.python["modules"]["highspy"] = {"error": "ImportError: no highspy"}
    either.answers.python["cbc"] = False
    assert only_problem(either).name == "Solver"


def test_cbc_alone_is_only_noted(either: Fake, facts: Facts) -> None:
    either.answers.python["modules"]["highspy"] = {"error": "ImportError: no highspy"}
    assert facts(either)["Solver"].state is State.NOTE


def test_variables_of_the_terminal_are_noted(either: Fake, facts: Facts) -> None:
    fact = facts(either.but(environment={"PYTHONPATH": "/work"}))["Environment"]
    assert fact.state is State.NOTE
    assert "PYTHONPATH" in fact.detail


def test_a_fix_can_be_pasted_into_powershell(windows: Fake) -> None:
    windows.answers.python["modules"]["statsforecast"] = {"error": "ImportError: no"}
    assert only_problem(windows).fix.startswith(f'& "{windows.machine.interpreter}" -m pip install ')


# --- Excel ------------------------------------------------------------------------------------------------------------


def test_no_excel_on_windows(windows: Fake) -> None:
    del windows.answers.registry[EXCEL_KEY, ""]
    assert only_problem(windows).name == "Microsoft Excel"


def test_no_excel_on_a_mac(mac: Fake) -> None:
    (mac.machine.applications / "Microsoft Excel.app").rmdir()
    assert only_problem(mac).name == "Microsoft Excel"


@pytest.mark.parametrize("bits", [32, 64])
def test_a_missing_dll(windows: Fake, bits: int) -> None:
    (windows.machine.prefix / f"xlwings{bits}-{XLWINGS}.dll").unlink()
    fact = only_problem(windows)
    assert fact.name == "xlwings DLL"
    assert f"xlwings{bits}-{XLWINGS}.dll" in fact.detail


@pytest.mark.parametrize(("level", "words"), [(3, "signed"), (4, "no macros")])
@pytest.mark.parametrize("key", [SECURITY, POLICY])
def test_macros_that_are_switched_off_on_windows(windows: Fake, level: int, words: str, key: str) -> None:
    windows.answers.registry[key, "VBAWarnings"] = level
    fact = only_problem(windows)
    assert fact.name == "Macro security"
    assert words in fact.detail
    assert ("IT" in fact.fix) == (key == POLICY)


def test_a_policy_overrules_the_user(windows: Fake, facts: Facts) -> None:
    windows.answers.registry[SECURITY, "VBAWarnings"] = 4
    windows.answers.registry[POLICY, "VBAWarnings"] = 2
    windows.answers.registry[POLICY, "blockcontentexecutionfrominternet"] = 1
    fact = facts(windows)["Macro security"]
    assert fact.state is State.OK
    assert "internet" in fact.detail


def test_macros_that_are_switched_off_on_a_mac(mac: Fake) -> None:
    command = ("/usr/bin/defaults", "read", "com.microsoft.office", "VisualBasicMacroExecutionState")
    mac.answers.commands[command] = Ran(0, "DisabledWithoutWarnings\n")
    assert only_problem(mac).name == "Macro security"


@pytest.mark.parametrize("rule", ["D4F940AB-401B-4EFC-AADC-AD5F3C50688A", "92E97FA1-2EDF-4476-BDD6-9DD0B4DDDC7B"])
def test_defender_rules_that_block_xlwings(windows: Fake, rule: str) -> None:
    windows.answers.registry[ASR, rule] = "1"
    assert only_problem(windows).name == "Attack surface rules"


def test_a_command_prompt_that_is_switched_off(windows: Fake) -> None:
    windows.answers.registry[r"Software\Policies\Microsoft\Windows\System", "DisableCMD"] = 1
    assert only_problem(windows).name == "Command prompt"


def test_a_missing_script_on_a_mac(mac: Fake) -> None:
    script = mac.machine.applescript_path
    script.rename(script.with_name("xlwings-0.33.0.applescript"))
    fact = only_problem(mac)
    assert fact.name == "AppleScript"
    assert "xlwings-0.33.0.applescript" in fact.detail


def test_a_script_that_was_changed_on_a_mac(mac: Fake) -> None:
    mac.machine.applescript_path.write_text("something else")
    assert only_problem(mac).name == "AppleScript"


# --- the workbook -----------------------------------------------------------------------------------------------------


def test_a_web_address(either: Fake) -> None:
    assert "web address" in only_problem(either, "https://firm.sharepoint.com/sites/plan/Plan.xlsm").detail


def test_a_workbook_that_is_not_there(either: Fake, book: Path) -> None:
    assert only_problem(either, book.with_name("Plann.xlsm")).name == "Workbook"


def test_the_mark_of_the_web(windows: Fake, book: Path) -> None:
    Path(f"{book}:Zone.Identifier").write_text("[ZoneTransfer]\nZoneId=3\nHostUrl=https://mail\n")
    fact = only_problem(windows, book)
    assert fact.name == "From the internet"
    assert "Unblock-File" in fact.fix
    Path(f"{book}:Zone.Identifier").write_text("[ZoneTransfer]\nZoneId=1\n")  # the intranet
    assert not [fact for fact in examine(windows.machine, str(book)) if fact.state is State.PROBLEM]


def test_quarantine_on_a_mac(mac: Fake, book: Path) -> None:
    mac.answers.commands["/usr/bin/xattr", "-p", "com.apple.quarantine"] = Ran(0, "0083;65;Mail;\n")
    fact = only_problem(mac, book)
    assert fact.name == "From the internet"
    assert "xattr -d" in fact.fix


def test_a_read_only_workbook(either: Fake, book: Path) -> None:
    book.chmod(0o444)
    assert only_problem(either, book).name == "Writable"


def test_a_workbook_that_another_program_locks(either: Fake, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def locked(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        if mode == "r+b":
            raise PermissionError(13, "Permission denied")
        return opened(path, mode, *more, **named)

    monkeypatch.setattr(Path, "open", locked)
    assert "Permission denied" in only_problem(either, book).detail


@pytest.mark.parametrize(("lock", "program"), [("~$Plan.xlsm", "Excel"), (".~lock.Plan.xlsm#", "LibreOffice")])
def test_a_workbook_that_is_open_is_only_noted(either: Fake, facts: Facts, book: Path, lock: str, program: str) -> None:
    book.with_name(lock).touch()
    fact = facts(either, str(book))["Open elsewhere"]
    assert fact.state is State.NOTE
    assert program in fact.detail


def test_a_synced_folder_is_only_noted(windows: Fake, facts: Facts, book: Path) -> None:
    windows = windows.but(environment={"OneDriveCommercial": str(book.parent)})
    assert facts(windows, str(book))["OneDrive"].state is State.NOTE


def test_macros_for_another_xlwings(either: Fake, book: Path) -> None:
    source = 'Public Const XLWINGS_VERSION As String = "0.33.0"'
    modules = [Module("ThisWorkbook", ModuleKind.WORKBOOK), Module("xlwings", ModuleKind.STANDARD, (source,))]
    with zipfile.ZipFile(TEMPLATE) as template, zipfile.ZipFile(book, "w") as older:
        for name in template.namelist():
            project = name == PROJECT_PART
            older.writestr(name, write_vba_project(modules) if project else template.read(name))
    fact = only_problem(either, book)
    assert fact.name == "xlwings in the workbook"
    assert "0.33.0" in fact.detail


def test_a_workbook_without_macros_is_only_noted(either: Fake, facts: Facts, book: Path) -> None:
    import openpyxl

    copy = book.with_suffix(".xlsx")
    openpyxl.Workbook().save(copy)
    assert facts(either, str(copy))["xlwings in the workbook"].state is State.NOTE


def test_a_file_that_is_no_workbook(either: Fake, facts: Facts, book: Path) -> None:
    book.write_bytes(b"with a password")
    assert facts(either, str(book))["xlwings in the workbook"].state is State.PROBLEM


def test_settings_beside_the_workbook_that_overrule(either: Fake, book: Path) -> None:
    book.with_name("xlwings.conf").write_text('"INTERPRETER_WIN","C:\\mailed\\python.exe"\n')
    assert only_problem(either, book).name == "Settings beside the workbook"


def test_settings_in_the_workbook_that_overrule(either: Fake, book: Path) -> None:
    from sop_addin.engines.closed_file import open_book

    workbook = open_book(book)
    sheet = workbook.sheets["xlwings.conf"]
    rows = sheet.used_range.shape[0]
    sheet[rows, 0].value = ["Interpreter_Win", "C:\\mailed\\python.exe"]
    workbook.save(book)
    workbook.close()
    fact = only_problem(either, book)
    assert fact.name == "Settings in the workbook"
    assert "Interpreter_Win" in fact.detail


# --- optional ---------------------------------------------------------------------------------------------------------


def test_libreoffice_is_optional_and_the_note_says_how_to_get_it(either: Fake, facts: Facts) -> None:
    fact = facts(either)["LibreOffice (optional)"]
    assert fact.state is State.NOTE
    assert "install" in fact.fix


@pytest.fixture
def libreoffice(windows: Fake, tmp_path: Path) -> Path:
    """LibreOffice's program folder in its usual place on Windows."""
    folder = tmp_path / "LibreOffice" / "program"
    folder.mkdir(parents=True)
    (folder / "soffice.exe").touch()
    (folder / "python.exe").touch()
    windows.answers.programs["soffice"] = str(folder / "soffice.exe")
    return folder


def test_libreoffice_in_its_usual_place_on_windows(
    windows: Fake, facts: Facts, libreoffice: Path, tmp_path: Path
) -> None:
    del windows.answers.programs["soffice"]
    found = facts(windows.but(environment={"ProgramFiles": str(tmp_path)}))["LibreOffice (optional)"]
    assert found.state is State.OK
    assert found.detail == f"{libreoffice / 'soffice.exe'}, driven by {libreoffice / 'python.exe'}"


def test_a_libreoffice_without_uno_is_a_note_with_its_fix(windows: Fake, facts: Facts, libreoffice: Path) -> None:
    windows.answers.python_runs = Ran(1)
    found = facts(windows)["LibreOffice (optional)"]
    assert found.state is State.NOTE
    assert "module uno" in found.detail
    assert "python3-uno" in found.fix


def test_a_system_without_excel_has_only_notes_on_it(windows: Fake, facts: Facts, book: Path) -> None:
    found = facts(windows.but(platform="linux"), str(book))
    assert found["Microsoft Excel"].state is State.NOTE
    assert not [fact for fact in found.values() if fact.state is State.PROBLEM]
