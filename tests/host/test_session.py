"""The workbook live in LibreOffice: buttons run Excel's macros, functions calculate, saving keeps the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sop_addin import macros
from sop_addin.engines import closed_file, libreoffice
from sop_addin.excel.blocks import read_block
from sop_addin.host.functions import answer, signatures
from sop_addin.host.questions import QUESTIONS, copy_for_mail
from sop_addin.host.session import BUTTONS, Session
from sop_addin.mailing import merge_copies

pytest_plugins = ["commands"]

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "workbook" / "SOP_Template.xlsm"
OVERRIDE = "Override"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, live_libreoffice: None) -> Iterator[Session]:
    """The sample company, open in a hidden LibreOffice; the tests below follow one planner's work on it."""
    path = tmp_path_factory.mktemp("host") / "Plan.xlsm"
    shutil.copy(TEMPLATE, path)
    session = Session(path, visible=False)
    yield session
    session.close()


def click(session: Session, action: str) -> None:
    """As a planner does: the address of the button goes through the window."""
    session.office.request("press", session.backend.number, action)
    what, number, pressed = session.office.events.get(timeout=30)
    assert (what, number) == ("pressed", session.backend.number)
    session.press(pressed)


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def cell_of(session: Session, grid: str, family: str, measure: str) -> tuple[str, str]:
    """(sheet, address) of the first month of a row of a grid."""
    cells = session.book.names[grid].refers_to_range
    rows = read_block(cells)
    first = next(index for index, text in enumerate(rows[0]) if str(text)[:2] == "20")
    row = next(index for index, line in enumerate(rows) if family in line[:4] and measure in line[:4])
    return cells.sheet.name, cells[row, first].get_address(False, False)


def test_the_toolbar_has_every_button_of_the_ribbon_that_plans_reads_or_writes(session):
    shown = session.office.request("buttons_shown", session.backend.number)
    assert shown == [(f"sop:{action}", label) for action, label, _ in BUTTONS if action]
    ribbon = ElementTree.parse(ROOT / "workbook" / "ribbon" / "customUI14.xml").getroot()
    on_ribbon = [
        button.get("label")
        for button in ribbon.iter("{http://schemas.microsoft.com/office/2009/07/customui}button")
        if button.get("getEnabled")
    ]
    assert [label for _, label, _ in BUTTONS if label] == [*on_ribbon, "Save to workbook"]
    assert all(action == "save" or hasattr(macros, action) for action, _, _ in BUTTONS if action)


class Planner:
    """Somebody at the window: presses and types what was told beforehand, and remembers what they were asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def show_message(self, text: str, title: str, problem: bool, buttons: str) -> str:
        self.asked.append(text)
        return self.answers.pop(0)

    def ask_text(self, prompt: str, title: str, given: str = "") -> str:
        self.asked.append(prompt)
        return self.answers.pop(0)

    def choose_files(self, title: str, several: bool) -> list[str]:
        self.asked.append(title)
        return [path for path in [self.answers.pop(0)] if path]


@pytest.mark.parametrize(
    ("answers", "texts"),
    [
        (("yes", "yes"), ("", "", "yes")),
        (("no", "Anna", "no", "no"), ("Anna", "", "")),
        (("no", "Anna", "yes", "yes"), ("Anna", "yes", "yes")),
        (("cancel",), None),
        (("no", ""), None),
        (("no", "Anna", "cancel"), None),
        (("yes", "cancel"), None),
    ],
)
def test_mail_copy_asks_as_excel_does_and_cancel_writes_nothing(answers, texts):
    planner = Planner(*answers)
    assert copy_for_mail(planner) == texts
    assert planner.answers == []
    vba = (ROOT / "workbook" / "vba" / "SopShare.bas").read_text()
    assert all(f'"{text}"' in vba for text in planner.asked)


@pytest.mark.parametrize(
    ("button", "answers", "texts"),
    [
        ("sign", ("Anna", "as agreed"), ("Anna", "as agreed")),
        ("sign", ("",), None),
        ("reopen", ("Supply plan", ""), ("Supply plan", "")),
        ("reopen", ("",), None),
    ],
)
def test_sign_and_reopen_ask_as_excel_does(button, answers, texts):
    planner = Planner(*answers)
    assert QUESTIONS[button](planner) == texts
    assert planner.answers == []
    vba = (ROOT / "workbook" / "vba" / "SopCycle.bas").read_text()
    assert all(f'"{text}"' in vba for text in planner.asked)


def test_an_import_needs_a_file():
    assert QUESTIONS["import_history"](Planner("/tmp/sales.csv")) == ("/tmp/sales.csv",)
    assert QUESTIONS["import_budget"](Planner("")) is None


def test_saving_without_a_change_changes_no_cell(session):
    before = parts(session.path)
    click(session, "sop:save")
    assert session.book.app.status_bar == "Saved Plan.xlsm: 0 cells changed"
    after = parts(session.path)
    assert {name for name in before if before[name] != after.get(name)} <= {"xl/workbook.xml"}


def test_worksheet_functions_calculate_and_follow_their_cells(session):
    sheet = session.book.sheets["Functions"]
    sheet["AD1"].value = 120
    sheet["AD2"].value = "=SOP_DAYS_OF_COVER(AD1,{60,60},30)"
    assert sheet["AD2"].value == pytest.approx(60.0)
    sheet["AD1"].value = 60
    assert sheet["AD2"].value == pytest.approx(30.0)
    sheet["AD3"].value = '=SOP_TOTAL(tblPlan[#All],"No such measure")'
    assert str(sheet["AD3"].value).startswith("#SOP: ")
    sheet["AD1:AD3"].clear_contents()


def test_every_function_is_served():
    names = dict(signatures())
    assert names["SOP_TOTAL"] == 7
    assert len(names) == 13
    assert answer("SOP_VERSION", []) == answer("SOP_VERSION", [])
    assert answer("SOP_DAYS_OF_COVER", [120.0, [[60.0, 60.0]], 30.0]) == pytest.approx(60.0)


def test_an_override_is_planned_by_the_button_and_saved_into_the_macro_workbook(session):
    """Type, press Balance, save: the file has the override, the new plan, and all that LibreOffice cannot write."""
    before = parts(session.path)
    family = session.book.sheets["Families"].tables["tblFamilies"].data_body_range[0, 0].value
    sheet, address = cell_of(session, "SalesPlan", family, OVERRIDE)
    session.book.sheets[sheet][address].value = 4321
    click(session, "sop:run_all")
    assert session.book.app.status_bar.startswith("Plan solved: ")
    click(session, ".uno:Save")
    saved = closed_file.open_book(session.path)
    assert saved.sheets[sheet][address].value == 4321.0
    sales = cell_of(session, "InventoryPlan", family, "Sales")
    assert saved.sheets[sales[0]][sales[1]].value == session.book.sheets[sales[0]][sales[1]].value
    saved.close()
    after = parts(session.path)
    kept = [
        name for name in before if "vbaProject" in name or "customUI" in name or "chart" in name or "drawing" in name
    ]
    assert len(kept) > 5
    assert [name for name in kept if before[name] != after[name]] == []


def test_undo_puts_the_plan_back_and_keeps_the_override(session):
    family = session.book.sheets["Families"].tables["tblFamilies"].data_body_range[0, 0].value
    sheet, address = cell_of(session, "SalesPlan", family, OVERRIDE)
    click(session, "sop:undo_last_run")
    assert "undone" in session.book.app.status_bar.lower() or "back" in session.book.app.status_bar.lower()
    assert session.book.sheets[sheet][address].value == 4321.0


def test_a_month_of_sales_is_imported_by_the_button_after_a_question(session, tmp_path, monkeypatch):
    item = session.book.sheets["Items"].tables["tblItems"].data_body_range[0, 0].value
    file = tmp_path / "sales.csv"
    file.write_text(f"Item;Region;2031-01\n{item};North;77\n", encoding="utf-8")
    planner = Planner(str(file), "ok", "ok", "ok")
    monkeypatch.setattr(session.backend, "choose_files", planner.choose_files)
    monkeypatch.setattr(session.backend, "show_message", planner.show_message)
    click(session, "sop:import_history")
    assert "Write 1 new figures?" in planner.asked[1]
    table = session.book.sheets["History"].tables["tblHistory"]
    assert table.header_row_range.value[-1] == "2031-01"
    assert 77.0 in table.data_body_range.columns[-1].value
    click(session, "sop:undo_last_run")
    assert session.book.sheets["History"].tables["tblHistory"].header_row_range.value[-1] != "2031-01"


def test_a_mail_copy_holds_the_plan_as_it_was_saved_and_comes_back_with_an_edit(session, tmp_path, monkeypatch):
    """Share, edit the copy in LibreOffice, merge: the edit is found, and nothing else."""
    click(session, "sop:save")
    monkeypatch.setattr(session.backend, "show_message", Planner("yes", "no", "ok").show_message)
    click(session, "sop:mail_copy")
    copy = session.path.with_name("Plan - copy.xlsx")
    family = session.book.sheets["Families"].tables["tblFamilies"].data_body_range[0, 0].value
    sheet, address = cell_of(session, "SalesPlan", family, OVERRIDE)
    theirs = libreoffice.open_book(copy)
    theirs.sheets[sheet][address].value = 999
    theirs.save(str(tmp_path / "Returned.xlsx"))
    theirs.close()
    found = merge_copies(session.path, [tmp_path / "Returned.xlsx"], tmp_path / "Merged.xlsm")
    assert [(change.cell.table, change.value) for change in found.changes] == [("SalesPlan", 999)]
    assert (found.conflicts, found.refused, found.done) == ((), (), ())
    before = session.book.sheets[sheet][address].value
    planner = Planner(str(tmp_path / "Returned.xlsx"), "ok", "yes", "ok", "ok")
    monkeypatch.setattr(session.backend, "choose_files", planner.choose_files)
    monkeypatch.setattr(session.backend, "show_message", planner.show_message)
    click(session, "sop:collect_copies")
    listed = dict(zip(*session.book.sheets["Merge"].tables["tblMerge"].range.value[:2], strict=True))
    assert (listed["Choice"], listed["What"], listed["Returned"]) == ("Take", "Change", 999)
    assert listed["Cell link"] == f"'{sheet}'!{address}"
    assert session.book.sheets[sheet][address].value == before, "nothing is taken before the planner says so"
    click(session, "sop:collect_copies")
    assert session.book.sheets[sheet][address].value == 999
    assert session.book.sheets["Merge"].tables["tblMerge"].data_body_range[0, 1].value == "Taken"
    click(session, "sop:undo_last_run")
    assert session.book.sheets[sheet][address].value == before


def test_export_gives_what_the_live_workbook_shows(session, tmp_path, cli):
    assert cli("export", session.path, tmp_path / "csv").code == 0
    rows = read_block(session.book.sheets["Families"].tables["tblFamilies"].range)
    exported = (tmp_path / "csv" / "tblFamilies.csv").read_text(encoding="utf-8-sig").splitlines()
    assert exported[0].split(",") == [str(text) for text in rows[0]]
    assert len(exported) == len(rows)


def test_where_the_file_was_changed_meanwhile_the_work_is_saved_beside_it(session):
    session.path.write_bytes(session.path.read_bytes() + b"\0")
    click(session, "sop:save")
    beside = list(session.path.parent.glob("Plan *.xlsm"))
    assert len(beside) == 1
    assert session.book.app.status_bar.startswith(f"Saved {beside[0].name}")


def test_a_missing_workbook_is_one_sentence(tmp_path):
    text = tmp_path / "Plan.xlsx"
    text.write_text("no workbook")
    done = subprocess.run(
        [sys.executable, "-m", "sop_addin.host", str(text)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
