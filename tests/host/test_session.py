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
from sop_addin.engines import closed_file
from sop_addin.excel.blocks import read_block
from sop_addin.host.functions import answer, signatures
from sop_addin.host.session import BUTTONS, Session

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


def test_the_toolbar_has_every_step_of_the_ribbon(session):
    shown = session.office.request("buttons_shown", session.backend.number)
    assert shown == [(f"sop:{action}", label) for action, label, _ in BUTTONS if action]
    ribbon = ElementTree.parse(ROOT / "workbook" / "ribbon" / "customUI14.xml").getroot()
    steps = {
        button.get("label")
        for button in ribbon.iter("{http://schemas.microsoft.com/office/2009/07/customui}button")
        if button.get("getEnabled") in ("SopStepEnabled", "SopUndoEnabled") and button.get("size") == "large"
    }
    labels = {label for _, label, _ in BUTTONS}
    assert {"Check", "Forecast", "Aggregate", "Balance", "Run all steps"} <= steps & labels
    assert all(action == "save" or hasattr(macros, action) for action, _, _ in BUTTONS if action)


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
