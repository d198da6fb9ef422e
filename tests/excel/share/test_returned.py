"""Copies that came back, read by their header texts whatever program saved them: their edits, and no others."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from companies import PUMPS_AND_VALVES, company, raw_company
from workbooks import row_of

from sop_addin.engines.closed_file import recalculate_bytes
from sop_addin.excel.share.cells_of import FORMULAS, ROW, THERE, VALUES
from sop_addin.excel.share.elsewhere import ADDED, MOST_TOLD
from sop_addin.excel.share.formulas import FORMULA, NO_VALUE, sheet_contents
from sop_addin.excel.share.merge_sheet import REFUSED, UNFIT, merge_rows
from sop_addin.excel.template import workbook_bytes
from sop_addin.mailing import Choice, returned_copy, share
from sop_addin.model.errors import WorkbookError
from sop_addin.model.merging import Cell, Merge, merge
from sop_addin.model.schema import GRIDS
from sop_addin.opc.errors import FileUnreadable

pytestmark = pytest.mark.filterwarnings("ignore:Print area cannot be set")
OWNED = {**PUMPS_AND_VALVES["tblFamilies"], "Owner": ["Ann", "Bob"]}
EVENTS = {"Event": ["Fair"], "Family": ["Pumps"], "From": ["2027-02"], "To": ["2027-03"], "Uplift units": [7]}
ADDRESS = re.compile(r"(?<![\w\"])(\$?[A-Z]{1,3}\$?)([0-9]+)(?![\w(])")
OVERRIDE = Cell("SalesPlan", ("Pumps", "Override"), "2027-02")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = {"tblFamilies": OWNED, "tblEvents": EVENTS}
    folder = tmp_path_factory.mktemp("copy")
    book = folder / "Plan.xlsm"
    book.write_bytes(recalculate_bytes(workbook_bytes(raw_company(**tables), company(**tables))))
    return share(book, folder / "For Ann.xlsx", Choice(None, "Ann")).out


def edits(path: Path) -> Merge:
    """What a returned copy changes in the workbook it came from, which nobody has touched."""
    copy = returned_copy(path, path.name, "Month")
    return merge({cell: value for cell, value in copy.base.items() if cell.column != ROW}, [copy])


def edited(copy: Path, out: Path, edit) -> Path:
    book = openpyxl.load_workbook(copy)
    edit(book)
    book.save(out)
    return out


def rewritten(copy: Path, out: Path, sheet: str, change: Callable[[str], str]) -> str:
    """The copy with one sheet's XML changed; returns that XML."""
    old = sheet_contents(copy.read_bytes(), copy.name)[sheet]
    new = change(old.decode())
    assert new != old.decode()
    with zipfile.ZipFile(copy) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, new.encode() if content == old else content)
    return new


def set_override(book, value: object, family: str = "Pumps") -> None:
    sheet = book["Sales Plan"]
    column = next(cell.column for cell in sheet[row_of(sheet, "Family")] if cell.value == "2027-02")
    sheet.cell(row_of(sheet, family, "Override"), column).value = value


def test_an_unedited_copy_changes_nothing(copy):
    assert edits(copy) == Merge((), (), (), ())


@pytest.mark.libreoffice
def test_nor_does_one_that_libreoffice_has_saved(copy, libreoffice, tmp_path):
    assert edits(libreoffice.recalculated(copy, tmp_path)) == Merge((), (), (), ())


def test_an_override_is_found_in_a_file_of_another_name(copy, tmp_path):
    found = edits(edited(copy, tmp_path / "re-Plan (2).xlsx", lambda book: set_override(book, 777)))
    assert [(one.cell, one.base, one.value) for one in found.changes] == [(OVERRIDE, None, 777.0)]


def test_an_edit_of_somebody_elses_cell_is_told_and_not_taken(copy, tmp_path):
    found = edits(edited(copy, tmp_path / "x.xlsx", lambda book: set_override(book, 5, "Valves")))
    assert [one.cell.key for one in found.refused] == [("Valves", "Override")]
    assert not found.changes


# --- formulas ---------------------------------------------------------------------------------------------------------


def cell_of(book, sheet: str, family: str, measure: str, header: str = "2027-02"):
    here = book[sheet]
    column = next(cell.column for cell in here[row_of(here, "Family")] if cell.value == header)
    return here.cell(row_of(here, family, measure), column)


@pytest.mark.parametrize(
    ("grid", "sheet", "measure", "header"),
    [
        ("SalesPlan", "Sales Plan", "Consensus demand", "2027-02"),
        ("SalesPlan", "Sales Plan", "Override", "Total"),
        ("InventoryPlan", "Inventory Plan", "Closing stock", "2027-03"),
        ("FinancePlan", "Finance", "Margin", "2027-01"),
    ],
)
@pytest.mark.parametrize("value", [4_321, None, "=1+1"])
def test_a_formula_that_is_typed_over_is_told_and_not_taken(copy, tmp_path, grid, sheet, measure, header, value):
    def edit(book):
        cell = cell_of(book, sheet, "Pumps", measure, header)
        assert cell.data_type == "f"
        cell.value = value
        set_override(book, 777)

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    assert [(one.cell.table, one.cell.key, one.cell.column) for one in found.refused] == [
        (grid, ("Pumps", measure), header)
    ]
    assert [one.cell for one in found.changes] == [OVERRIDE]
    shown = [row for row in merge_rows(found) if row[1] == REFUSED]
    assert [row[6:9] for row in shown] == [[FORMULA, None, "(another formula)" if isinstance(value, str) else value]]


def test_a_figure_of_the_last_run_that_is_typed_over_is_told(copy, tmp_path):
    def edit(book):
        cell_of(book, "Inventory Plan", "Pumps", "Target stock").value = 4_321

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    assert [(one.cell.table, one.value) for one in found.refused] == [("InventoryPlan", 4_321.0)]


@pytest.mark.parametrize(
    ("sheet", "measure", "typed"),
    [
        ("Sales Plan", "Consensus demand", lambda text: re.sub(r"\bJ(?=[0-9])", "K", text)),
        ("Inventory Plan", "Closing stock", lambda text: re.sub("[0-9]+", lambda row: str(int(row[0]) - 1), text)),
        ("Finance", "Margin", lambda text: text.replace("F15", "F16")),
    ],
)
def test_a_formula_of_the_same_shape_over_other_cells_is_told(copy, tmp_path, sheet, measure, typed):
    def edit(book):
        cell = cell_of(book, sheet, "Pumps", measure)
        assert typed(cell.value) != cell.value
        cell.value = typed(cell.value)

    told = [one.cell for one in edits(edited(copy, tmp_path / "x.xlsx", edit)).refused]
    assert [(one.key, one.column) for one in told] == [(("Pumps", measure), "2027-02")]


def test_rows_inserted_above_a_plan_leave_its_formulas_as_they_are(copy, tmp_path):
    def edit(book):
        for sheet in book.worksheets:
            if sheet.title == "Copy":
                continue
            sheet.insert_rows(2, 3)
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f" and isinstance(cell.value, str):
                        cell.value = ADDRESS.sub(lambda found: f"{found[1]}{int(found[2]) + 3}", cell.value)

    assert edits(edited(copy, tmp_path / "x.xlsx", edit)) == Merge((), (), (), ())


def test_formulas_that_excel_writes_once_for_many_cells_are_the_same_formulas(copy, tmp_path):
    def shared(text: str) -> str:
        def row(found: re.Match[str]) -> str:
            start = iter([f'<f t="shared" ref="I1:Z99" si="{found[1]}">'])

            def cell(one: re.Match[str]) -> str:
                first = next(start, "")
                return f"{first}{one[1]}</f>" if first else f'<f t="shared" si="{found[1]}"/>'

            return re.sub("<f>(MAX[(]0,IF[(].*?)</f>", cell, found[0])

        return re.sub(r'<row r="(\d+)".*?</row>', row, text, flags=re.DOTALL)

    changed = rewritten(copy, tmp_path / "x.xlsx", "Sales Plan", shared)
    assert changed.count('t="shared"') > changed.count('ref="I1:Z99"') > 1
    assert edits(tmp_path / "x.xlsx") == Merge((), (), (), ())


# --- what cells show that hold no value -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('t="e"><v>#N/A</v></c>', "#N/A"),
        ("><f>7000+100</f></c>", NO_VALUE),
        ("><f>7000+100</f><v></v></c>", NO_VALUE),
    ],
)
def test_an_edit_that_ends_in_no_value_is_listed_and_not_chosen(copy, tmp_path, cell, value):
    place = cell_of(openpyxl.load_workbook(copy), "Sales Plan", "Pumps", "Override").coordinate
    rewritten(copy, tmp_path / "x.xlsx", "Sales Plan",
              lambda text: re.sub(rf'(<c r="{place}"[^>]*?)/>', rf"\1 {cell}", text))  # fmt: skip
    found = edits(tmp_path / "x.xlsx")
    assert [(one.cell, one.value) for one in found.changes] == [(OVERRIDE, value)]
    assert [row[:2] for row in merge_rows(found)[1:]] == [[None, UNFIT]]


@pytest.mark.parametrize("table", ["tblEvents", "SalesPlan"])
def test_text_where_a_number_goes_is_listed_and_not_chosen(copy, tmp_path, table):
    def edit(book):
        if table == "SalesPlan":
            set_override(book, "about 7000")
        else:
            sheet = book["Events"]
            column = next(cell.column for cell in sheet[row_of(sheet, "Event")] if cell.value == "Uplift units")
            sheet.cell(row_of(sheet, "Fair"), column).value = "a few"

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    assert [row[:3] for row in merge_rows(found)[1:]] == [[None, UNFIT, table]]


# --- rows, columns, sheets --------------------------------------------------------------------------------------------


def test_a_program_that_keeps_no_formulas_is_told_once_for_each_sheet(copy, tmp_path):
    values = openpyxl.load_workbook(copy, data_only=True)
    set_override(values, 777)
    values.save(tmp_path / "x.xlsx")
    found = edits(tmp_path / "x.xlsx")
    assert [one.cell for one in found.changes] == [OVERRIDE]
    assert {(one.cell.table, one.cell.column, one.value) for one in found.refused} == {
        (grid.name, FORMULAS, VALUES) for grid in GRIDS
    }


def test_sheets_may_be_renamed_and_moved(copy, tmp_path):
    def edit(book):
        names = {sheet.title: f"Tab {at}" for at, sheet in enumerate(book.worksheets) if sheet.title != "Copy"}
        for sheet in list(book.worksheets):
            sheet.title = names.get(sheet.title, sheet.title)
            for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
                for old, new in names.items() if isinstance(cell.value, str) else ():
                    cell.value = re.sub(rf"(?:'{old}'|\b{old})!", f"'{new}'!", cell.value)
        book._sheets.reverse()

    set_aside = edited(copy, tmp_path / "y.xlsx", lambda book: set_override(book, 777))
    found = edits(edited(set_aside, tmp_path / "x.xlsx", edit))
    assert [one.cell for one in found.changes] == [OVERRIDE]
    assert not found.refused


def test_rows_and_columns_inserted_or_moved_are_no_edits(copy, tmp_path):
    def edit(book):
        book["Families"].insert_rows(2)
        book["Events"].insert_rows(1, 3)
        sheet = book["Items"]
        top = row_of(sheet, "Item")
        for row in range(top, top + 4):  # two columns change places
            one, other = sheet.cell(row, 2), sheet.cell(row, 3)
            one.value, other.value = other.value, one.value
        set_override(book, 777)

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    assert [one.cell for one in found.changes] == [OVERRIDE]
    assert not found.refused


def test_a_row_typed_below_a_table_is_an_edit_of_each_of_its_cells(copy, tmp_path):
    def edit(book):
        sheet = book["Events"]
        row = row_of(sheet, "Fair") + 1
        headers = [cell.value for cell in sheet[row_of(sheet, "Event")]]
        new = {"Event": "Sale", "Family": "Pumps", "From": "2027-04", "To": "2027-04", "Uplift units": 12}
        for name, value in new.items():
            sheet.cell(row, headers.index(name) + 1).value = value

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    assert {(one.cell.key[0], one.cell.column): one.value for one in found.changes} == {
        ("Sale", "Family"): "Pumps",
        ("Sale", "Uplift units"): 12.0,
    }


def test_a_row_that_is_gone_is_told_once_and_not_taken(copy, tmp_path):
    def edit(book):
        sheet = book["Events"]
        sheet.delete_rows(row_of(sheet, "Fair"))

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    assert [(one.cell, one.base, one.value) for one in found.refused] == [
        (Cell("tblEvents", ("Fair", "2027-02", "2027-03"), ROW), THERE, None)
    ]
    assert not found.changes


def test_a_new_row_that_has_a_key_alone_is_an_edit(copy, tmp_path):
    def edit(book):
        sheet = book["Events"]
        row = row_of(sheet, "Fair") + 1
        headers = [cell.value for cell in sheet[row_of(sheet, "Event")]]
        for name, value in {"Event": "Sale", "From": "2027-04", "To": "2027-05"}.items():
            sheet.cell(row, headers.index(name) + 1).value = value

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    cell = Cell("tblEvents", ("Sale", "2027-04", "2027-05"), ROW)
    told = [(one.cell, one.value) for one in found.changes] + [(one.cell, one.value) for one in found.refused]
    assert told == [(cell, THERE)]


# --- outside the tables -----------------------------------------------------------------------------------------------


def test_what_is_typed_outside_the_tables_is_told_and_not_taken(copy, tmp_path):
    def edit(book):
        book["Home"]["B60"] = "What about May?"
        book["Sales Plan"]["AZ3"] = 123_456
        book["Plan Data"].cell(row_of(book["Plan Data"], "Scenario") + 1, 7).value = 98_765.4
        book.create_sheet("My remarks")["A1"] = "See there."
        set_override(book, 777)

    found = edits(edited(copy, tmp_path / "x.xlsx", edit))
    told = {(one.cell.table, one.cell.key, one.value) for one in found.refused}
    assert {("Home", ("B60",), "What about May?"), ("Sales Plan", ("AZ3",), 123_456.0)} <= told
    assert ("My remarks", (), ADDED) in told
    assert {value for _, _, value in told} - {"What about May?", 123_456.0, ADDED} == {98_765.4}
    assert [one.cell for one in found.changes] == [OVERRIDE]


def test_a_family_chosen_for_a_chart_is_no_edit(copy, tmp_path):
    def edit(book):
        book["Sales Plan"]["F4"] = "Valves"

    assert edits(edited(copy, tmp_path / "x.xlsx", edit)) == Merge((), (), (), ())


def test_of_a_page_of_notes_the_first_cells_are_told_and_how_many_more(copy, tmp_path):
    def edit(book):
        for row in range(200, 200 + MOST_TOLD + 7):
            book["Home"].cell(row, 2).value = f"note {row}"

    told = edits(edited(copy, tmp_path / "x.xlsx", edit)).refused
    assert len(told) == MOST_TOLD + 1
    assert "7 more cells" in {one.value for one in told}


def test_what_is_no_copy_is_said(copy, tmp_path):
    def without_memory(book):
        del book["Copy"]

    with pytest.raises(WorkbookError, match="is no mail copy"):
        edits(edited(copy, tmp_path / "x.xlsx", without_memory))
    (tmp_path / "y.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(FileUnreadable, match=r"y\.xlsx is damaged or cut off"):
        edits(tmp_path / "y.xlsx")
