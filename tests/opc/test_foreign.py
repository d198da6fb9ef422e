"""Before a reader that is not ours unpacks a file, it is looked at: what would take all memory is refused."""

from __future__ import annotations

import re
import tracemalloc
import zipfile

import pytest
import xlsxwriter

from sop_addin.opc import foreign
from sop_addin.opc.errors import FileUnreadable
from sop_addin.opc.foreign import checked_workbook

CELL = '<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>'


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "Book.xlsx"
    with xlsxwriter.Workbook(path) as made:
        made.add_worksheet("One").write_row(0, 0, ["Item", 1, 2])
    return path


def rewritten(path, change):
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in change(contents).items():
            archive.writestr(name, content)
    return path


def with_rows(rows, part="xl/worksheets/sheet1.xml"):
    def change(contents):
        sheet = contents["xl/worksheets/sheet1.xml"]
        contents[part] = re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData>%s</sheetData>" % rows.encode(), sheet)
        return contents

    return change


def test_an_honest_workbook_passes_byte_for_byte(book):
    assert checked_workbook(book) == book.read_bytes()


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/anything.dat"])
def test_two_cells_in_far_corners_are_refused(book, quote, part):
    rows = CELL.format(row=1, column="A") + CELL.format(row=1_048_576, column="XFD")
    rewritten(book, with_rows(rows.replace('"', quote), part))
    tracemalloc.start()
    with pytest.raises(FileUnreadable, match="so far apart that they span more than 20,000,000"):
        checked_workbook(book)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_one_cell_far_away_alone_spans_nothing(book):
    rewritten(book, with_rows(CELL.format(row=1_048_576, column="XFD")))
    checked_workbook(book)


def test_ten_thousand_sheets_are_refused(book):
    def change(contents):
        sheets = b"".join(b'<sheet name="S%d" sheetId="%d" r:id="rId1"/>' % (at, at) for at in range(1, 10_001))
        main = re.sub(rb"<sheets>.*</sheets>", b"<sheets>" + sheets + b"</sheets>", contents["xl/workbook.xml"])
        return contents | {"xl/workbook.xml": main}

    rewritten(book, change)
    with pytest.raises(FileUnreadable, match="lists 10,000 sheets"):
        checked_workbook(book)


def test_sheets_that_share_one_part_count_each(book, monkeypatch):
    monkeypatch.setattr(foreign, "MOST_CELLS", 2_500)
    rows = CELL.format(row=1, column="A") + CELL.format(row=1_000, column="A")

    def change(contents):
        sheets = b"".join(b'<sheet name="S%d" sheetId="%d" r:id="rId1"/>' % (at, at) for at in range(1, 4))
        main = re.sub(rb"<sheets>.*</sheets>", b"<sheets>" + sheets + b"</sheets>", contents["xl/workbook.xml"])
        return with_rows(rows)(contents) | {"xl/workbook.xml": main}

    rewritten(book, change)
    with pytest.raises(FileUnreadable, match="so far apart"):
        checked_workbook(book)


@pytest.mark.parametrize(
    "declaration", ['<!DOCTYPE x [<!ENTITY a "aa">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">']
)  # fmt: skip
def test_document_types_and_external_entities_are_refused(book, declaration):
    def change(contents):
        main = contents["xl/sharedStrings.xml"].replace(b"?>", b"?>" + declaration.encode(), 1)
        return contents | {"xl/sharedStrings.xml": main}

    rewritten(book, change)
    with pytest.raises(FileUnreadable, match="declares a document type or entities, which is unsafe"):
        checked_workbook(book)


def test_a_binary_workbook_is_refused(book):
    rewritten(book, lambda contents: contents | {"xl/worksheets/sheet1.bin": b"\0" * 100})
    with pytest.raises(FileUnreadable, match=r"is in the binary \.xlsb format"):
        checked_workbook(book)
