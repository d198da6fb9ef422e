"""Files of any usual encoding, separator and kind become sheets of cells."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

from sop_addin.excel.import_files import read_file
from sop_addin.model.errors import InputError

GERMAN = "Bericht für März\r\n\r\nArtikel;Menge\r\nPumpe groß;1,5\r\nVentil;2,5\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_is_read_in_the_encodings_that_exports_have(tmp_path, encoding):
    path = tmp_path / "export.csv"
    path.write_bytes(GERMAN.encode(encoding))
    (sheet,) = read_file(path)
    assert [list(row) for row in sheet.rows if row] == [
        ["Bericht für März"], ["Artikel", "Menge"], ["Pumpe groß", "1,5"], ["Ventil", "2,5"],
    ]  # fmt: skip
    assert sheet.usual == ","


@pytest.mark.parametrize(("separator", "usual"), [(";", ","), ("\t", "."), ("|", "."), (",", ".")])
def test_separator_is_found_below_junk(tmp_path, separator, usual):
    lines = ["Sales, by item; all regions", "", separator.join(("Item", "Qty", "Note"))]
    lines += [separator.join((f"P{n}", str(n), '"a, b; c"')) for n in range(9)]
    path = tmp_path / "export.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    (sheet,) = read_file(path)
    assert sheet.rows[5] == ["P2", "2", "a, b; c"]
    assert sheet.usual == usual


def test_line_numbers_stay_right_behind_the_separator_hint_and_cells_of_two_lines(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text('sep=;\nItem;Note\nP1;"two\nlines"\nP2;one\n', encoding="utf-8")
    (sheet,) = read_file(path)
    assert {row[0]: sheet.line(index) for index, row in enumerate(sheet.rows) if row} == {"Item": 2, "P1": 4, "P2": 5}


def test_text_that_is_named_xls_is_read_as_text(tmp_path):
    path = tmp_path / "sap.xls"
    path.write_bytes("Material\tMenge\nP1\t5\n".encode("utf-16"))
    assert read_file(path)[0].rows == [["Material", "Menge"], ["P1", "5"]]


def test_workbook_gives_all_its_sheets_with_numbers_and_dates(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Data")
    sheet.append(["Item", "Date", "Qty"])
    sheet.append(["P1", dt.datetime(2026, 1, 31), 5])
    path = tmp_path / "data.xlsx"
    book.save(path)
    sheets = read_file(path)
    assert [each.name for each in sheets] == ["Notes", "Data"]
    assert sheets[1].rows[1][0] == "P1"
    assert sheets[1].rows[1][1] in (dt.date(2026, 1, 31), dt.datetime(2026, 1, 31))
    assert sheets[1].rows[1][2] == 5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.xlsx", b"PK\x03\x04broken", "is damaged or cut off"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\0\0\1\2\3\4", "neither text nor a workbook"),
    ],
)
def test_what_is_no_table_is_refused_with_one_sentence(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_file(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="is no file"):
        read_file(tmp_path / "nowhere.csv")
