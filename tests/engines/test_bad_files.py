"""What is no readable workbook is refused with a sentence of its own."""

import io
import struct
import zipfile

import pytest

from sop_addin.engines import FileUnreadable
from sop_addin.engines.closed_file import open_book
from sop_addin.opc import package

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def zip_of(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Item;Family\nPump;Pumps\n", "is not an Excel workbook, whatever its name says"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "is not an Excel workbook, whatever its name says"),
        (b"", "is an empty file"),
        (OLE + b"\0" * 100 + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        (OLE + b"\0" * 100 + "Workbook".encode("utf-16-le"), r"is in the old \.xls format"),
        (b"PK\x03\x04 and then nothing of a zip", "is damaged or cut off"),
        (zip_of(**{"hello.txt": "x"}), "is a zip file but not a workbook"),
    ],
)
def test_other_files_under_a_workbooks_name(tmp_path, content, message):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match=f"Plan.xlsm {message}"):
        open_book(path)


def test_a_truncated_workbook(rich_bytes, tmp_path):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(rich_bytes[: len(rich_bytes) // 2])
    with pytest.raises(FileUnreadable, match="is damaged or cut off"):
        open_book(path)


def test_a_workbook_with_a_damaged_part(rich_bytes, tmp_path):
    with zipfile.ZipFile(io.BytesIO(rich_bytes)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet2.xml")
    name_length, extra_length = struct.unpack_from("<HH", rich_bytes, entry.header_offset + 26)
    start = entry.header_offset + 30 + name_length + extra_length
    damaged = bytearray(rich_bytes)
    damaged[start : start + 40] = b"\xff" * 40
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(damaged)
    with pytest.raises(FileUnreadable, match=r"Plan\.xlsm is damaged in its part xl/worksheets/sheet2\.xml"):
        _ = open_book(path).sheets["Plan"]["A1"].value


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileUnreadable, match=r"Nowhere\.xlsm does not exist; check the name and the folder"):
        open_book(tmp_path / "Nowhere.xlsm")
    with pytest.raises(FileUnreadable, match="is a folder; name the workbook inside it"):
        open_book(tmp_path)


def test_a_binary_workbook(build_raw, surgery, tmp_path):
    path = tmp_path / "Plan.xlsb"
    data = surgery(
        build_raw("").read_bytes(), {"_rels/.rels": lambda text: text.replace("workbook.xml", "workbook.bin")}
    )
    path.write_bytes(data)
    with pytest.raises(FileUnreadable, match=r"is in the binary \.xlsb format"):
        open_book(path)


def test_another_office_document(build_raw, surgery, tmp_path):
    path = tmp_path / "Plan.xlsx"
    change = {
        "[Content_Types].xml": lambda text: text.replace(
            "spreadsheetml.sheet.main", "wordprocessingml.document.main"
        ).replace("spreadsheetml.sheet", "wordprocessingml")
    }
    path.write_bytes(surgery(build_raw("").read_bytes(), change))
    with pytest.raises(FileUnreadable, match="is no Excel workbook but another Office document"):
        open_book(path)


def test_a_zip_bomb(build_raw, surgery, tmp_path, monkeypatch):
    monkeypatch.setattr(package, "RATIO_FREE_BYTES", 1_000_000)
    path = tmp_path / "Plan.xlsx"
    path.write_bytes(surgery(build_raw("").read_bytes(), {"xl/media/bomb.bin": b"\0" * 3_000_000}))
    with pytest.raises(FileUnreadable, match=r"unpacks its part xl/media/bomb\.bin to 3,000,000 bytes"):
        open_book(path)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MAX_PARTS", 3, "holds 5 parts, more than any workbook"),
        ("MAX_PART_BYTES", 100, r"unpacks its part \[Content_Types\]\.xml to"),
        ("MAX_TOTAL_BYTES", 100, "would unpack to more than 100 bytes"),
    ],
)
def test_absurd_sizes(build_raw, monkeypatch, limit, value, message):
    path = build_raw("")
    monkeypatch.setattr(package, limit, value)
    with pytest.raises(FileUnreadable, match=message):
        open_book(path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_document_types_and_entities(build_raw, surgery, tmp_path, part):
    path = tmp_path / "Plan.xlsx"
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    path.write_bytes(surgery(build_raw("").read_bytes(), {part: lambda text: text.replace("?>\n", "?>\n" + bomb, 1)}))
    with pytest.raises(FileUnreadable, match="declares a document type or entities, which is unsafe"):
        _ = open_book(path).sheets[0]["A1"].value


def test_an_entity_hidden_in_another_encoding(build_raw):
    worksheet = (
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE w [<!ENTITY a "1">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
    ).encode("utf-16")
    with pytest.raises(FileUnreadable, match="declares a document type"):
        _ = open_book(build_raw("", worksheet=worksheet)).sheets[0]["A1"].value


def test_strict_open_xml(build_raw, surgery, tmp_path):
    path = tmp_path / "Plan.xlsx"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    path.write_bytes(surgery(build_raw("").read_bytes(), {"xl/workbook.xml": lambda text: text.replace(main, strict)}))
    with pytest.raises(FileUnreadable, match="is saved as 'Strict Open XML'"):
        open_book(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('<row r="1"><c r="A1"><v>x1</v></c></row>', "Sheet Sheet1 of the workbook is damaged .row 1:"),
        ('<row r="1"><c r="A1" t="s"><v>7</v></c></row>', "row 1 refers to a text the file lacks"),
        ('<row r="1"/><row r="1"/>', "row 1 stands twice"),
        ('<row r="1"><c r="A1"><v>1</v></c>', "a row is cut off"),
    ],
)
def test_damaged_cells(build_raw, rows, message):
    with pytest.raises(FileUnreadable, match=message):
        _ = open_book(build_raw(rows)).sheets[0]["A1:B2"].value


def test_a_workbook_without_worksheets(build_raw, surgery, tmp_path):
    path = tmp_path / "Plan.xlsx"
    change = {"xl/workbook.xml": lambda text: text[: text.index("<sheets>")] + "<sheets/></workbook>"}
    path.write_bytes(surgery(build_raw("").read_bytes(), change))
    with pytest.raises(FileUnreadable, match="holds no worksheet"):
        open_book(path)


def test_a_part_named_twice(build_raw):
    path = build_raw("")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(FileUnreadable, match="holds a part twice"):
        open_book(path)


def test_a_listed_sheet_whose_part_is_missing(build_raw, surgery, tmp_path):
    path = tmp_path / "Plan.xlsx"
    path.write_bytes(surgery(build_raw("").read_bytes(), {"xl/worksheets/sheet1.xml": None}))
    with pytest.raises(FileUnreadable, match=r"lacks its part xl/worksheets/sheet1\.xml"):
        _ = open_book(path).sheets[0]["A1"].value
