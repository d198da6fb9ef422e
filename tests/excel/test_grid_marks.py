"""Notes, outlines and filters of the plan sheets follow their family and month when a grid is laid out again."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
from companies import company, raw_company
from laid_out_again import new_family, run, set_rows
from openxml_audit import OpenXmlValidator

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.blocks import Formula
from sop_addin.excel.grid_marks import move_marks, moved_headers, moved_keys
from sop_addin.excel.grid_sheets import moved_cell
from sop_addin.excel.layout import GRID_LEFT
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.template.grid_rules import KEY_MEASURES
from sop_addin.excel.undo import undo_last_run

NOTES = {("Pumps", "Override", "2027-03"): "Listing at Kvadrat", ("Valves", "Consensus demand", "2027-05"): "See mail"}
SHEET = "xl/worksheets/sheet2.xml"


def place(path: Path, family: str, measure: str, period: str) -> str | None:
    """Address of a cell of the Sales Plan by what stands at its row and column."""
    sheet = openpyxl.load_workbook(path, keep_vba=True)["Sales Plan"]
    (column,) = [cell.column_letter for cell in sheet[14] if cell.value == period] or [None]
    left = GRID_LEFT["SalesPlan"]
    rows = [row for row in range(15, sheet.max_row + 1)
            if (sheet.cell(row, left).value, sheet.cell(row, left + 1).value) == (family, measure)]  # fmt: skip
    return f"{column}{rows[0]}" if rows and column else None


def notes(path: Path) -> dict[str, str]:
    """Text of each note below the headers, and that a box of the drawing belongs to each."""
    sheet = openpyxl.load_workbook(path, keep_vba=True)["Sales Plan"]
    found = {cell.coordinate: cell.comment.text for line in sheet.iter_rows(15) for cell in line if cell.comment}
    with zipfile.ZipFile(path) as package:
        relations = package.read(SHEET.replace("sheets/", "sheets/_rels/") + ".rels").decode()
        drawing = package.read(f"xl/drawings/{re.search(r'vmlDrawing[0-9]+.vml', relations)[0]}").decode()
    boxes = {f"{openpyxl.utils.get_column_letter(int(column) + 1)}{int(row) + 1}"
             for row, column in re.findall(r"<x:Row>(\d+)</x:Row><x:Column>(\d+)<", drawing)}  # fmt: skip
    assert set(found) <= boxes
    assert len(boxes) == len(found) + 5  # those of the headers
    return found


def with_notes(path: Path) -> None:
    """Notes as Excel saves them: in the part of comments, and as boxes in the drawing."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    relations = parts[SHEET.replace("sheets/", "sheets/_rels/") + ".rels"].decode()
    comments = f"xl/{re.search(r'comments[0-9]+.xml', relations)[0]}"
    drawing = f"xl/drawings/{re.search(r'vmlDrawing[0-9]+.vml', relations)[0]}"
    box = re.search(rb"<v:shape .*?</v:shape>", parts[drawing], re.S)[0]
    for number, (key, text) in enumerate(NOTES.items()):
        at = place(path, *key)
        row, column = openpyxl.utils.cell.coordinate_to_tuple(at)
        note = f'<comment ref="{at}" authorId="0"><text><t>{text}</t></text></comment></commentList>'
        parts[comments] = parts[comments].replace(b"</commentList>", note.encode())
        own = re.sub(rb"_x0000_s\d+", b"_x0000_s%d" % (2900 + number), box)
        own = re.sub(rb"<x:Row>\d+</x:Row><x:Column>\d+", b"<x:Row>%d</x:Row><x:Column>%d" % (row - 1, column - 1), own)
        parts[drawing] = parts[drawing].replace(b"</xml>", own + b"</xml>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("notes") / "Plan.xlsm"
    path.write_bytes(workbook_bytes(raw_company(), company()))
    with_notes(path)
    assert len(notes(path)) == 2
    return path.read_bytes()


@pytest.fixture
def path(template, tmp_path) -> Path:
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    return path


def saved(book, path: Path) -> Path:
    book.save(path)
    assert [str(error) for error in OpenXmlValidator(max_errors=20).validate(path).errors] == []
    return path


def test_a_note_stays_with_its_family_and_month_and_undo_brings_it_back(path, tmp_path):
    before = notes(path)
    book = open_book(path)
    new_family(book)
    run(book)
    moved = saved(book, tmp_path / "Moved.xlsm")
    assert notes(moved) == {place(moved, *key): text for key, text in NOTES.items()}
    assert set(notes(moved)) != set(before)
    undo_last_run(book)
    assert notes(saved(book, tmp_path / "Undone.xlsm")) == before
    book.close()


def test_a_note_of_a_later_month_moves_with_it_when_the_plan_starts_later(path, tmp_path):
    book = open_book(path)
    settings = next(table for table in book.sheets["Settings"].tables)
    rows = settings.data_body_range.options(ndim=2).value
    settings.data_body_range[next(n for n, row in enumerate(rows) if row[0] == "Plan start"), 1].value = "'2027-03"
    run(book)
    moved = saved(book, tmp_path / "Moved.xlsm")
    book.close()
    assert notes(moved) == {place(moved, *key): text for key, text in NOTES.items()}


def test_the_note_of_a_family_that_is_deleted_goes_with_it(path, tmp_path):
    book = open_book(path)
    set_rows(book, "tblFamilies", {"Family": ["Valves"], "Unit": ["pcs"], "Price": [50], "Target cover": [None]})
    set_rows(book, "tblSources", {"Family": ["Valves"], "Source": ["Plant"], "Kind": ["Make"], "Unit cost": [20]})
    set_rows(book, "tblItems", {"Item": ["V1"], "Family": ["Valves"], "Units per family unit": [1],
                                "Opening stock": [30]})  # fmt: skip
    set_rows(book, "tblBillOfResources", {"Family": ["Valves"], "Resource": ["Press"], "Use per unit": [0.5]})
    run(book)
    moved = saved(book, tmp_path / "Moved.xlsm")
    book.close()
    assert list(notes(moved).values()) == ["See mail"]
    assert notes(moved) == {place(moved, "Valves", "Consensus demand", "2027-05"): "See mail"}


def test_outline_and_filter_follow_the_rows_and_folded_families_stay_folded(path, tmp_path):
    book = open_book(path)
    backend = book.impl.backend
    details = [level for level in backend.row_levels("Sales Plan", 15, 24) if level.level]
    folded = [level._replace(hidden=bool(level.level)) for level in backend.row_levels("Sales Plan", 15, 24)]
    backend.set_row_levels("Sales Plan", 15, folded)
    new_family(book)
    run(book)
    moved = saved(book, tmp_path / "Moved.xlsm")
    book.close()
    sheet = openpyxl.load_workbook(moved, keep_vba=True)["Sales Plan"]
    left = GRID_LEFT["SalesPlan"]
    keys = [(row, sheet.cell(row, left).value, sheet.cell(row, left + 1).value) for row in range(15, 45)]
    assert list(dict.fromkeys(family for _, family, _ in keys)) == ["Armatures", "Pumps", "Valves"]
    for row, family, measure in keys:
        detail = measure not in KEY_MEASURES["SalesPlan"]
        assert sheet.row_dimensions[row].outlineLevel == int(detail), (family, measure)
        assert sheet.row_dimensions[row].hidden == (detail and family == "Pumps"), (family, measure)
    assert sheet.auto_filter.ref == "E14:F44"
    assert len(details) == 7


def test_rows_of_the_planners_own_are_known_by_their_order():
    before, now = [("A", "x"), None, ("B", "x")], [("B", "x"), ("A", "x"), None]
    assert moved_keys(before, now) == {0: 1, 1: 2, 2: 0}
    assert moved_keys(before, now[:2]) == {0: 1, 2: 0}
    assert moved_headers(["Family", "2027-01", "2027-02"], ["Family", "2027-02"]) == {0: 0, 1: None, 2: 1}


def test_in_excel_notes_are_taken_and_written_anew():
    done: list[tuple[object, ...]] = []

    def cell(row: int, column: int) -> SimpleNamespace:
        return SimpleNamespace(
            ClearComments=lambda: done.append(("clear", row, column)),
            AddComment=lambda text: done.append((text, row, column)),
        )

    def note(row: int, column: int, text: str) -> SimpleNamespace:
        return SimpleNamespace(Parent=SimpleNamespace(Row=row, Column=column), Text=lambda: text)

    api = SimpleNamespace(Cells=cell, Comments=[note(11, 2, "one"), note(12, 2, "two"), note(3, 3, "elsewhere")])
    sheet = SimpleNamespace(api=api, impl=SimpleNamespace())
    area = SimpleNamespace(sheet=sheet, row=10, column=1, shape=(3, 2))
    move_marks(area, {0: 1, 1: 0}, {0: 0, 1: 1}, [], [])
    assert done == [("clear", 11, 2), ("clear", 12, 2), ("one", 12, 2), ("two", 11, 2)]


def test_formulas_of_the_planner_move_with_their_row_but_not_what_they_point_at_elsewhere():
    def moved(formula: str, **more: bool) -> object:
        return moved_cell(Formula(formula), (20, 5), (10, 7), **more)

    assert moved("=E18*1.1+$E$2") == "=G8*1.1+$E$2"
    assert moved("=E4+SUM(E18:F18)") == "=E4+SUM(G8:H8)"  # above the plan
    assert moved("=Items!B5*'My sheet'!C7") == "=Items!B5*'My sheet'!C7"
    assert moved("='Sales Plan'!E30", ours=True) == "='Sales Plan'!G20"
    assert moved('=IF(E18>0,"A!1 kept",0)') == '=IF(G8>0,"A!1 kept",0)'
