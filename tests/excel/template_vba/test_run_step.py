"""Our macros, run: what they ask of Python, and what they leave behind in Excel."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyopenvba.interpreter import NOTHING

from sop_addin.excel.template.udf_module import HELP, generate_udf_modules

from .fake_excel import MAIL_FOLDER, SAFE_FOLDER, FakeExcel, FakeRibbon, Machine, parse_every_module

STEPS = {
    "SopCheck": "check",
    "SopForecast": "forecast",
    "SopAggregate": "aggregate",
    "SopBalance": "balance",
    "SopRunAll": "run_all",
}
BUTTONS = {**STEPS, "SopRoughCut": "rough_cut", "SopUndo": "undo_last_run", "SopStop": "stop_run",
    "SopPublish": "publish", "SopRollForward": "roll_forward", "SopRunScenarios": "run_scenarios", "SopAdopt": "adopt",
    "SopRisk": "risk",
}  # fmt: skip


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def excel(machine: Machine, workbook_path: Path) -> FakeExcel:
    return FakeExcel(machine, workbook_path)


def test_a_second_vba_parser_takes_every_module(workbook_path: Path) -> None:
    assert {"ThisWorkbook", "xlwings", "Dictionary", "SopRun", "SopRibbon"} <= set(parse_every_module(workbook_path))


@pytest.mark.parametrize(("action", "function"), BUTTONS.items())
def test_a_button_runs_exactly_its_python_function(excel: FakeExcel, action: str, function: str) -> None:
    excel.run(action)
    assert excel.machine.commands == [f"from sop_addin.button import press; press('{function}')"]
    assert excel.messages == []


@pytest.mark.parametrize(("action", "function"), BUTTONS.items())
def test_the_ribbon_button_does_what_the_home_button_does(excel: FakeExcel, action: str, function: str) -> None:
    excel.run(action.replace("Sop", "SopOn"), NOTHING)
    assert excel.machine.commands == [f"from sop_addin.button import press; press('{function}')"]


def test_excel_is_busy_while_python_runs_and_as_before_afterwards(excel: FakeExcel) -> None:
    before = excel.state
    excel.run("SopForecast")
    assert excel.machine.during == {"cursor": 2, "status": "S&OP: Forecast ...", "folder": SAFE_FOLDER}
    assert excel.state == before
    assert excel.application.status_bar is False


def test_an_error_ends_as_one_message_with_excel_as_before(excel: FakeExcel) -> None:
    excel.machine.run_python_error = "ActiveX component can't create object."
    before = excel.state
    excel.run("SopBalance")
    assert excel.state == before
    assert excel.application.status_bar is False
    assert len(excel.messages) == 1
    assert excel.messages[0].startswith("Balance stopped (")
    assert "ActiveX component can't create object." in excel.messages[0]
    excel.machine.run_python_error = ""
    excel.wait(2)
    excel.run("SopBalance")
    assert len(excel.machine.commands) == 2, "a failed step must not lock the buttons"


def test_the_planners_own_manual_calculation_is_kept(excel: FakeExcel) -> None:
    excel.application.calculation = -4135
    excel.run("SopForecast")
    assert excel.application.calculation == -4135


def test_what_python_wrote_in_the_status_bar_stays(excel: FakeExcel) -> None:
    excel.machine.run_python_error = ""
    excel.add_module(
        'Public Function RunPython(PythonCommand As String)\nApplication.StatusBar = "Plan solved"\nEnd Function',
        name="xlwings_python",
    )
    excel.interpreter.modules["xlwings"].procedures.pop("runpython")
    excel.run("SopForecast")
    assert excel.application.status_bar == "Plan solved"


def test_a_click_queued_while_a_step_ran_does_not_start_it_again(excel: FakeExcel) -> None:
    excel.run("SopForecast")
    excel.run("SopForecast")
    assert len(excel.machine.commands) == 1
    excel.wait(2)
    excel.run("SopForecast")
    assert len(excel.machine.commands) == 2


def test_a_step_started_inside_a_step_is_refused(excel: FakeExcel) -> None:
    excel.add_module(
        "Public Function RunPython(c As String)\nDebug.Print c\nSopBalance\nEnd Function", name="xlwings_nested"
    )
    excel.interpreter.modules["xlwings"].procedures.pop("runpython")
    excel.run("SopForecast")
    assert excel.console == ["from sop_addin.button import press; press('forecast')"]


@pytest.mark.parametrize("kind", ["History", "Budget"])
def test_an_import_passes_on_the_file_that_was_chosen(excel: FakeExcel, kind: str) -> None:
    excel.machine.chosen_file = "C:\\Users\\Zoë\\it's new.csv"
    excel.run(f"SopOnImport{kind}", NOTHING)
    (command,) = excel.machine.commands
    match = re.fullmatch(
        rf"from sop_addin.button import press; press\('import_{kind.lower()}', '([0-9A-F]+)'\)", command
    )
    assert match
    assert bytes.fromhex(match[1]).decode("utf-16-be") == excel.machine.chosen_file


def test_an_import_that_is_cancelled_in_the_dialog_does_nothing(excel: FakeExcel) -> None:
    excel.run("SopImportHistory")
    assert excel.machine.commands == excel.messages == []


# --- is Python there? -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exit_code", "says", "fix"),
    [
        (None, "Python was not found (python)", "install Python 3.11 or later"),
        (9009, "Python was not found (python)", "sop-addin install"),
        (2, "Python is too old", "install Python 3.11 or later"),
        (3, "sop-addin is not", "python -m pip install sop-addin"),
        (4, "needs xlwings 0.37.8", "python -m pip install xlwings==0.37.8"),
    ],
)
def test_a_missing_python_is_one_friendly_message(excel: FakeExcel, exit_code: int | None, says: str, fix: str) -> None:
    excel.machine.python_exit_code = exit_code
    before = excel.state
    excel.run("SopForecast")
    assert excel.machine.commands == []
    assert len(excel.messages) == 1
    assert says in excel.messages[0]
    assert fix in excel.messages[0]
    assert excel.state == before


def test_a_configured_python_that_is_gone_is_named(excel: FakeExcel) -> None:
    excel.machine.config["INTERPRETER_WIN"] = r"C:\old\python.exe"
    excel.run("SopForecast")
    assert r"C:\old\python.exe" in excel.messages[0]
    assert excel.machine.probes == []


def test_a_configured_python_is_probed_and_found(excel: FakeExcel) -> None:
    excel.machine.config["INTERPRETER_WIN"] = r"C:\my python\python.exe"
    excel.machine.files.add(r"C:\my python\python.exe")
    excel.run("SopForecast")
    assert len(excel.machine.commands) == 1
    assert excel.machine.probes[0].startswith('"C:\\my python\\python.exe" -P -B -c "import sys')


def test_python_is_looked_for_once_a_session(excel: FakeExcel) -> None:
    for action in STEPS:
        excel.run(action)
        excel.wait(2)
    assert len(excel.machine.probes) == 1


def test_the_probe_answers_in_a_real_python(excel: FakeExcel, tmp_path: Path) -> None:
    excel.run("SopForecast")
    code = re.fullmatch(r'"python" -P -B -c "(.*)"', excel.machine.probes[0])
    assert code

    def answer(text: str) -> int:
        return subprocess.run([sys.executable, "-P", "-B", "-c", text], cwd=tmp_path, check=False).returncode

    assert answer(code[1]) == 0
    assert answer(code[1].replace("sop_addin", "no_such_package")) == 3
    assert answer(code[1].replace("0.37.8", "0.37.7")) == 4


def test_set_up_looks_again_and_says_that_python_is_ready(excel: FakeExcel) -> None:
    excel.run("SopForecast")
    excel.machine.python_exit_code = 3
    excel.run("SopSetUp")
    excel.machine.python_exit_code = 0
    excel.run("SopSetUp")
    assert "sop-addin is not" in excel.messages[0]
    assert excel.messages[1] == "Python is ready: python, xlwings 0.37.8."


def test_on_a_mac_the_interpreter_must_be_written_down(machine: Machine, workbook_path: Path) -> None:
    excel = FakeExcel(machine, workbook_path, mac=True)
    excel.run("SopForecast")
    assert machine.commands == []
    assert "sop-addin install" in excel.messages[0]
    machine.config["INTERPRETER_MAC"] = "/Users/ann/venv/bin/python"
    excel.wait(2)
    excel.run("SopForecast")
    assert machine.commands == ["from sop_addin.button import press; press('forecast')"]
    assert machine.folder == MAIL_FOLDER


# --- opening, keys, scenarios, state of the ribbon --------------------------------------------------------------------


@pytest.mark.parametrize("event", ["Open", "Activate", "Deactivate"])
def test_opening_needs_no_python_and_says_nothing(excel: FakeExcel, event: str) -> None:
    excel.machine.python_exit_code = None
    excel.run(f"ThisWorkbook.Workbook_{event}")
    assert excel.machine.probes == excel.machine.commands == excel.messages == []


def test_opening_tells_the_function_wizard_and_leaves_the_workbook_unchanged(excel: FakeExcel) -> None:
    functions = """
    Describe "SOP_FORECAST", "S&OP", "Coming demand.", Array( _
        "Past sales", _
        "Number of periods")
    Describe "SOP_VERSION", "S&OP", "Version.", Array()
End Sub"""
    text = generate_udf_modules("udfs")[HELP]
    start = text.index("Public Sub DescribeFunctions()") + len("Public Sub DescribeFunctions()")
    excel.add_module(text[:start] + functions + text[text.index("End Sub") + len("End Sub") :], name=HELP)
    excel.workbook.saved = True
    excel.run("ThisWorkbook.Workbook_Open")
    assert excel.machine.function_help == {
        "'SOP Template.xlsm'!SOP_FORECAST": ("Coming demand.", "S&OP", ["Past sales", "Number of periods"]),
        "'SOP Template.xlsm'!SOP_VERSION": ("Version.", "S&OP", []),
    }
    assert excel.workbook.saved is True


def test_keys_are_set_in_front_and_given_back(excel: FakeExcel) -> None:
    excel.run("ThisWorkbook.Workbook_Activate")
    assert set(excel.machine.keys.values()) == {f"'SOP Template.xlsm'!{action}" for action in STEPS}
    excel.run("ThisWorkbook.Workbook_Deactivate")
    assert excel.machine.keys == {}


def test_keys_do_not_clash_with_those_of_excel(excel: FakeExcel) -> None:
    excel.run("ThisWorkbook.Workbook_Activate")
    taken_with_ctrl_shift = set("aefgijlnopstuvw") | set("0123456789")
    assert all(re.fullmatch(r"\^\+[a-z]", key) for key in excel.machine.keys)
    assert not {key[2] for key in excel.machine.keys} & taken_with_ctrl_shift


def test_the_keys_are_told_as_they_are(excel: FakeExcel) -> None:
    excel.run("ThisWorkbook.Workbook_Activate")
    excel.run("SopShortcuts")
    told = dict(re.findall(r"Ctrl\+Shift\+(\w): (.+)", excel.messages[0].replace("\r", "")))
    assert {f"^+{letter.lower()}" for letter in told} == set(excel.machine.keys)


def test_scenarios_come_from_the_table_with_base_first(excel: FakeExcel) -> None:
    assert excel.ask("SopScenarioCount") == 3
    assert [excel.ask("SopScenarioLabel", index) for index in range(3)] == ["Base", "High demand", "Strike"]
    assert len({excel.ask("SopScenarioId", index) for index in range(3)}) == 3
    assert excel.ask("SopScenarioIndex") == 2
    assert excel.ask("SopScenarioEnabled") is True


def test_choosing_a_scenario_writes_it_into_its_cell(excel: FakeExcel) -> None:
    excel.run("SopOnScenario", NOTHING, "SopScenario1", 1)
    assert excel.sheet("Settings").value("B1") == "High demand"
    excel.sheet("Settings").set_value("B1", "not a scenario")
    assert excel.ask("SopScenarioIndex") == 0


def test_the_ribbon_follows_the_workbook(excel: FakeExcel) -> None:
    excel.run("SopRibbonLoaded", FakeRibbon(excel.machine))
    assert excel.ask("SopStepEnabled") is True
    excel.run("SopForecast")
    assert excel.machine.ribbon_refreshes == 2
    excel.workbook.sheet_named("Settings").name = "Other"
    assert excel.ask("SopStepEnabled") is False


def test_undo_is_offered_when_a_run_is_kept(excel: FakeExcel) -> None:
    assert excel.ask("SopUndoEnabled") is False
    excel.sheet("Undo").set_value("A1", "Balance, 2027-01-05 09:00")
    assert excel.ask("SopUndoEnabled") is True
    excel.workbook.sheet_named("Undo").name = "Other"
    assert excel.ask("SopUndoEnabled") is False


def test_undo_is_always_offered_on_a_mac_where_a_step_ends_after_the_ribbon_was_refreshed(
    machine: Machine, workbook_path: Path
) -> None:
    assert FakeExcel(machine, workbook_path, mac=True).ask("SopUndoEnabled") is True


def test_the_way_to_stop_is_told_where_it_works(machine: Machine, excel: FakeExcel, workbook_path: Path) -> None:
    excel.run("SopShortcuts")
    assert "Esc, held while a step plans" in excel.messages[0]
    mac = FakeExcel(machine, workbook_path, mac=True)
    mac.run("SopShortcuts")
    assert "Esc" not in mac.messages[0]


# --- stop, mail copy --------------------------------------------------------------------------------------------------


def test_stop_is_a_button_only_where_buttons_work_while_a_step_runs(
    machine: Machine, excel: FakeExcel, workbook_path: Path
) -> None:
    assert excel.ask("SopStopVisible") is False
    assert FakeExcel(machine, workbook_path, mac=True).ask("SopStopVisible") is True


def arguments(command: str) -> list[str]:
    """The texts that Python gets, as sop_addin.button decodes them."""
    codes = re.fullmatch(r"from sop_addin.button import press; press\('\w+'(.*)\)", command)
    assert codes
    return [bytes.fromhex(code).decode("utf-16-be") for code in re.findall(r", '([0-9A-F]*)'", codes[1])]


@pytest.mark.parametrize("owner", ["Ann Pump", "'); import os #", "Zoë الإنتاج", 'a"b\\'])
def test_a_mail_copy_asks_whose_it_is_and_passes_the_answers_as_texts(excel: FakeExcel, owner: str) -> None:
    excel.answer_dialogs(7, owner, 6, 7)  # not everybody; the name; only theirs; costs stay
    excel.run("SopMailCopy")
    assert arguments(excel.machine.commands[0]) == [owner, "yes", ""]


def test_a_mail_copy_for_everybody_is_not_asked_for_families(excel: FakeExcel) -> None:
    excel.answer_dialogs(6, 6)
    excel.run("SopOnMailCopy", NOTHING)
    assert arguments(excel.machine.commands[0]) == ["", "", "yes"]


@pytest.mark.parametrize("answers", [(2,), (7, ""), (7, "Ann", 2), (7, "Ann", 6, 2), (6, 2)])
def test_cancel_makes_no_mail_copy(excel: FakeExcel, answers: tuple[object, ...]) -> None:
    excel.answer_dialogs(*answers)
    excel.run("SopMailCopy")
    assert excel.machine.commands == []


def test_who_signs_and_a_comment_are_asked_and_cancel_signs_nothing(excel: FakeExcel) -> None:
    excel.answer_dialogs("Ann", "As agreed.")
    excel.run("SopSign")
    assert "press('sign'" in excel.machine.commands[0]
    assert arguments(excel.machine.commands[0]) == ["Ann", "As agreed."]
    excel.wait(2)
    excel.answer_dialogs("")
    excel.run("SopOnSign", NOTHING)
    assert len(excel.machine.commands) == 1


def test_the_step_to_reopen_is_asked_for(excel: FakeExcel) -> None:
    excel.answer_dialogs("Demand plan", "")
    excel.run("SopOnReopen", NOTHING)
    assert "press('reopen'" in excel.machine.commands[0]
    assert arguments(excel.machine.commands[0]) == ["Demand plan", ""]


# --- collect copies ---------------------------------------------------------------------------------------------------


def sent(command: str) -> list[str]:
    codes = re.fullmatch(r"from sop_addin.button import press; press\('collect_copies'(.*)\)", command)
    assert codes
    return [bytes.fromhex(code).decode("utf-16-be") for code in re.findall(r", '([0-9A-F]*)'", codes[1])]


def test_collect_copies_passes_every_file_that_was_chosen(excel: FakeExcel) -> None:
    files = ["C:\\Mail\\re Zoë's.xlsx", "C:\\Mail\\re Bob.xlsx"]
    excel.choose_files(*files)
    excel.run("SopOnCollectCopies", NOTHING)
    assert sent(excel.machine.commands[0]) == files


def test_collect_copies_cancelled_does_nothing(excel: FakeExcel) -> None:
    excel.run("SopCollectCopies")
    assert excel.machine.commands == excel.messages == []


def test_too_many_copies_at_once_are_said(excel: FakeExcel) -> None:
    excel.choose_files(*(f"C:\\Mail\\a rather long name of a copy that came back {at}.xlsx" for at in range(40)))
    excel.run("SopCollectCopies")
    assert excel.machine.commands == []
    assert "too many files" in excel.messages[0]


@pytest.mark.parametrize(("answer", "commands"), [(6, [[]]), (2, []), (7, [["C:\\b.xlsx"]])])
def test_with_a_list_on_the_sheet_merge_taking_is_offered_first(
    excel: FakeExcel, answer: int, commands: list[list[str]]
) -> None:
    excel.workbook.sheet_named("Undo").name = "Merge"
    excel.sheet("Merge").set_value("B6", "Change")
    excel.choose_files("C:\\b.xlsx")
    excel.answer_dialogs(answer)
    excel.run("SopCollectCopies")
    assert [sent(command) for command in excel.machine.commands] == commands
