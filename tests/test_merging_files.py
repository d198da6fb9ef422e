"""Returned copies merged into the workbook's file: listed first, taken when the planner says so."""

from __future__ import annotations

import openpyxl
import pytest
import xlwings as xw
from companies import PUMPS_AND_VALVES, company, raw_company
from workbooks import content_of, differences, row_of, watch

from sop_addin import macros, running, stop
from sop_addin.cli import main
from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.template import workbook_bytes
from sop_addin.mailing import Choice, merge_copies, share, take_chosen

pytestmark = pytest.mark.filterwarnings("ignore:Print area cannot be set")
TABLES = {
    "tblFamilies": {**PUMPS_AND_VALVES["tblFamilies"], "Owner": ["Ann", "Bob"]},
    "tblEvents": {"Event": ["Fair"], "Family": ["Pumps"], "From": ["2027-02"], "To": ["2027-03"], "Uplift units": [7]},
}  # fmt: skip


@pytest.fixture(scope="module")
def returned(tmp_path_factory):
    """The workbook, and what Ann and Bob sent back: an override each of their own, and one of the same cell."""
    folder = tmp_path_factory.mktemp("mail")
    book = folder / "Plan.xlsm"
    book.write_bytes(recalculate_bytes(workbook_bytes(raw_company(**TABLES), company(**TABLES))))
    copies = []
    for who, owner, values in (("Ann", "Ann", (777, 500)), ("Eve", None, (None, 600))):
        copy = share(book, folder / f"For {who}.xlsx", Choice(None, owner)).out
        edited = openpyxl.load_workbook(copy)
        sheet = edited["Sales Plan"]
        row = row_of(sheet, "Pumps", "Override")
        top = row_of(sheet, "Family")
        columns = {cell.value: cell.column for cell in sheet[top]}
        for period, value in zip(("2027-02", "2027-03"), values, strict=True):
            sheet.cell(row, columns[period]).value = value
        if who == "Ann":
            events = edited["Events"]
            head = next(row for row in events.iter_rows() if row[0].value == "Event")
            for cell in head:
                new = {"Event": "Sale", "Family": "Pumps", "From": "2027-04", "To": "2027-04", "Uplift units": 12}
                if cell.value in new:
                    events.cell(cell.row + 2, cell.column).value = new[cell.value]
        copies.append(folder / f"re {who}.xlsx")
        edited.save(copies[-1])
    return book, copies


def overrides(path):
    book = open_book(path)
    tables = read_tables(book)
    book.close()
    plan = tables.sales_plan
    found = plan[plan["Override"].notna()]
    return dict(zip(found["Period"].dt.strftime("%Y-%m"), found["Override"], strict=True)), tables.events


def test_edits_are_listed_and_taken_when_chosen(returned, tmp_path):
    book, copies = returned
    out = tmp_path / "Merged.xlsm"
    found = merge_copies(book, copies, out)
    assert len(found.conflicts) == 1
    assert overrides(out)[0] == {}, "nothing is taken before the planner says so"
    listed = open_book(out)
    sheet = listed.sheets["Merge"]
    rows = sheet.tables["tblMerge"].range.value
    assert [(row[1][:8], row[5], row[8]) for row in rows[1:3]] == [
        ("Conflict", "re Ann.xlsx", 500), ("Conflict", "re Eve.xlsx", 600),
    ]  # fmt: skip
    sheet.tables["tblMerge"].data_body_range[1, 0].value = "take"
    listed.save(out)
    listed.close()
    taken, stale = take_chosen(out, out)
    assert stale == []
    figures, events = overrides(out)
    assert figures == {"2027-02": 777, "2027-03": 600}
    assert list(events["Event"]) == ["Fair", "Sale"]
    assert taken == 4
    assert take_chosen(out, out)[0] == 0, "what is taken is not taken twice"


def test_the_command_lists_and_takes(returned, tmp_path, capsys):
    book, copies = returned
    out = tmp_path / "Merged.xlsm"
    for arguments, said in (
        (["merge", book, copies[0], "--out", out], "4 changes, 0 conflicts, 0 edits of other cells"),
        (["merge", out, "--take"], "Taken: 4 cells"),
    ):
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        assert not left.value.code
        assert said in capsys.readouterr().out
    assert overrides(out)[0] == {"2027-02": 777, "2027-03": 500}


def test_the_command_wants_copies_or_take(returned, capsys):
    with pytest.raises(SystemExit) as left:
        main(["merge", str(returned[0])])
    assert left.value.code == 2
    assert "--take" in capsys.readouterr().err


# --- the button -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pressed(returned, tmp_path, monkeypatch):
    """``pressed(*files)`` presses Collect copies in an open copy of the workbook; gives what it said."""
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(returned[0].read_bytes())
    for module in (stop, running):
        monkeypatch.setattr(module, "state_folder", lambda: tmp_path / "state")
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(xw.App, "alert", lambda self, text, title, mode=None: said.append((text, mode)))
    book = open_book(path)
    book.set_mock_caller()

    def press(*files):
        said.clear()
        macros.collect_copies(*map(str, files))
        return said[0]

    press.book = book
    yield press
    book.close()


def test_the_button_lists_first_and_takes_when_pressed_again(returned, pressed):
    assert pressed(*returned[1]) == (
        "Listed on the sheet Merge: 3 changes, 1 conflict, 0 edits of other cells. Choose there, then press Collect "
        "copies again to take them.", "info",
    )  # fmt: skip
    before = content_of(pressed.book, leave_out=("Undo",))
    assert pressed() == ("3 cells taken from the copies.", "info")
    changed = differences(before, content_of(pressed.book, leave_out=("Undo",)))
    assert 777 in [now[1] for _, now in changed.values() if isinstance(now, tuple)]
    macros.undo_last_run()
    assert differences(before, content_of(pressed.book, leave_out=("Undo",), results=False)) == {} or all(
        key == "names" for key in differences(before, content_of(pressed.book, leave_out=("Undo",)))
    )


def test_a_file_that_is_no_copy_is_one_sentence_and_changes_nothing(returned, pressed, tmp_path):
    before = content_of(pressed.book)
    (tmp_path / "x.xlsx").write_bytes(b"PK no workbook")
    text, mode = pressed(returned[1][0], tmp_path / "x.xlsx")
    assert (mode, text.startswith("x.xlsx is damaged or cut off")) == ("critical", True)
    assert pressed() == ("Nothing is listed on the sheet Merge; name the copies that came back first.", "critical")
    assert differences(before, content_of(pressed.book)) == {}


def test_how_often_the_engine_is_asked_does_not_depend_on_the_number_of_edits(returned, pressed, tmp_path):
    def edited(count: int):
        book = openpyxl.load_workbook(returned[1][1])
        sheet = book["Sales Plan"]
        top = row_of(sheet, "Family")
        months = [cell.column for cell in sheet[top] if str(cell.value)[:3] == "202"]
        for family in ("Pumps", "Valves")[: 1 + count // 4]:
            row = row_of(sheet, family, "Override")
            for at, column in enumerate(months):
                sheet.cell(row, column).value = 9_000 + at if at < count else None
        book.save(tmp_path / f"{count}.xlsx")
        return tmp_path / f"{count}.xlsx"

    watched = watch(pressed.book)
    pressed(edited(1))
    pressed()
    counted = []
    for count in (3, 6):  # both lists have more rows than the one before
        watched.calls.clear()
        assert pressed(edited(count))[1] == "info"
        assert pressed()[1] == "info"
        counted.append(dict(watched.calls))
    assert counted[0] == counted[1]
