"""A rich macro workbook keeps everything but what was changed: proved part by part."""

import datetime as dt
import re

import pytest
from openxml_audit import OpenXmlValidator

from sop_addin.engines import EngineError
from sop_addin.engines.closed_file import open_book
from sop_addin.excel.blocks import Formula, read_block, read_formulas, write_block

# What a change of cells may touch besides the sheet itself.
COMMON = {"xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"}


def audit_findings(path):
    return [str(error) for error in OpenXmlValidator().validate(path).errors]


def changed_parts(before, after):
    assert list(before) == [name for name in after if name in before], "parts changed their order"
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_the_fixture_holds_what_a_planner_may_have(rich_bytes, parts):
    names = " ".join(parts(rich_bytes))
    for piece in (
        "vbaProject.bin",
        "customUI14.xml",
        "charts/chart1.xml",
        "pivotTable1.xml",
        "pivotCacheDefinition1.xml",
        "comments1.xml",
        "vmlDrawing1.vml",
        "media/image1.png",
        "metadata.xml",
        "tables/table1.xml",
    ):
        assert piece in names
    sheet = parts(rich_bytes)["xl/worksheets/sheet1.xml"]
    for piece in (b"x14:sparkline", b"x14:dataBar", b"dataValidation", b"legacyDrawing", b"tablePart"):
        assert piece in sheet


def test_editing_one_sheet_leaves_every_other_part_byte_identical(rich_workbook, parts):
    before = parts(rich_workbook)
    book = open_book(rich_workbook)
    write_block(book.sheets["Plan"]["A5"], [["new text", 1.5, dt.date(2027, 3, 1)]])
    book.save()
    changed = changed_parts(before, parts(rich_workbook))
    assert "xl/worksheets/sheet2.xml" in changed
    assert changed <= COMMON | {"xl/worksheets/sheet2.xml"}


def test_an_edited_sheet_keeps_its_features(rich_workbook, parts):
    before = parts(rich_workbook)["xl/worksheets/sheet1.xml"]
    book = open_book(rich_workbook)
    book.sheets["Sales Data"]["B2"].value = 99
    book.save()
    after = parts(rich_workbook)["xl/worksheets/sheet1.xml"]
    end = b"</sheetData>"
    assert after[after.index(end) :] == before[before.index(end) :]
    assert after == before.replace(b'<v>1</v></c><c r="C2"', b'<v>99</v></c><c r="C2"').replace(
        b'<row r="2" spans="1:6"', b'<row r="2"'
    )


def test_number_only_edits_touch_neither_texts_nor_styles(rich_workbook, parts):
    before = parts(rich_workbook)
    book = open_book(rich_workbook)
    book.sheets["Sales Data"]["B2:B4"].value = [[4], [5], [6]]
    book.save()
    assert changed_parts(before, parts(rich_workbook)) <= {"xl/workbook.xml", "xl/worksheets/sheet1.xml"}


def test_writing_what_is_there_changes_no_byte_of_the_file(rich_workbook, rich_bytes):
    book = open_book(rich_workbook)
    for sheet in book.sheets:
        used = sheet.used_range
        values, formulas = read_block(used), read_formulas(used)
        rows = [
            [Formula(text) if text.startswith("=") else value for text, value in zip(texts, line, strict=True)]
            for texts, line in zip(formulas, values, strict=True)
        ]
        if sheet.name != "Plan":  # whose merged cells write_block refuses as a block
            write_block(used[0, 0], rows)
        else:
            write_block(used[0, 0].resize(2, 5), [row[:5] for row in rows[:2]])
    book.save()
    assert rich_workbook.read_bytes() == rich_bytes


def test_the_same_change_gives_the_same_file(rich_bytes, tmp_path):
    made = []
    for name in ("one.xlsm", "two.xlsm"):
        path = tmp_path / name
        path.write_bytes(rich_bytes)
        book = open_book(path)
        write_block(book.sheets["Plan"]["A5"], [["text", 1, dt.datetime(2027, 1, 1, 12)]])
        book.sheets.add("New")
        book.save()
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_every_changed_workbook_asks_excel_for_a_full_calculation(rich_bytes, surgery, parts, tmp_path):
    path = tmp_path / "calm.xlsm"
    path.write_bytes(
        surgery(rich_bytes, {"xl/workbook.xml": lambda text: re.sub(r"<calcPr[^>]*/>", '<calcPr calcId="1"/>', text)})
    )
    book = open_book(path)
    book.sheets["Untouched"]["A2"].value = 2
    book.save()
    assert b'fullCalcOnLoad="1"' in parts(path)["xl/workbook.xml"]


def test_the_patched_workbook_is_as_clean_as_before(rich_workbook):
    before = audit_findings(rich_workbook)
    book = open_book(rich_workbook)
    sales = book.sheets["Sales Data"]
    sales.tables["tblSales"].resize(sales["A1:D9"])
    write_block(sales["A2"], [["=text", 1, 2], ["00123", 3, 4]])
    book.sheets["Plan"]["B9"].formula2 = "=UNIQUE(tblSales[Item])"
    added = book.sheets.add("Added", after=book.sheets["Plan"])
    write_block(added["A1"], [["Key", "Value"], ["a", 1]])
    added.tables.add(added["A1:B2"], name="tblAdded")
    added["B2"].number_format = '0.0 "t"'
    added["B2"].color = (255, 0, 0)
    book.names.add("Fresh", "=Added!$B$2")
    book.app.calculate()
    book.save()
    assert audit_findings(rich_workbook) == before == []


def test_formats_survive_new_values(rich_workbook):
    book = open_book(rich_workbook)
    cell = book.sheets["Plan"]["A2"]
    cell.value = 8
    book.save()
    cell = open_book(rich_workbook).sheets["Plan"]["A2"]
    assert (cell.value, cell.number_format, cell.color) == (8.0, "#,##0.00", (255, 255, 204))


def test_names_of_the_book_and_of_one_sheet_are_found(rich_workbook):
    book = open_book(rich_workbook)
    assert book.names["Quantities"].refers_to == "='Sales Data'!$B$2:$B$4"
    assert book.names["Quantities"].refers_to_range.value == [1.0, 2.0, 3.0]
    assert book.sheets["Plan"].names["Local"].refers_to_range.address == "$A$1"
    assert book.sheets["Plan"]["Quantities"].sheet.name == "Sales Data"


def test_part_of_an_array_formula_cannot_be_overwritten(rich_workbook):
    book = open_book(rich_workbook)
    with pytest.raises(EngineError, match=r"Plan!E1:E2 holds one array formula"):
        book.sheets["Plan"]["E2"].value = 1


def test_a_whole_array_formula_can_be_overwritten(rich_workbook):
    book = open_book(rich_workbook)
    book.sheets["Plan"]["E1:E2"].value = [[1], [2]]
    assert book.sheets["Plan"]["E1:E2"].value == [1.0, 2.0]
    assert not book.sheets["Plan"]["E1"].has_array


def test_writing_into_a_spill_shows_spill_like_excel(rich_workbook):
    book = open_book(rich_workbook)
    plan = book.sheets["Plan"]
    plan["C2"].value = "in the way"
    assert read_block(plan["C1:C3"]) == [["#SPILL!"], ["in the way"], [None]]
    assert plan["C1"].formula == "=SORT(tblSales[Quantity],1,-1)"


def test_setting_a_dynamic_formula_to_itself_keeps_its_metadata(rich_workbook, rich_bytes):
    book = open_book(rich_workbook)
    book.sheets["Plan"]["C1"].formula2 = "=SORT(tblSales[Quantity],1,-1)"
    book.save()
    assert rich_workbook.read_bytes() == rich_bytes


def test_hidden_sheets_are_listed_and_keep_their_state(rich_workbook):
    book = open_book(rich_workbook)
    assert [sheet.name for sheet in book.sheets] == ["Sales Data", "Plan", "Untouched", "Hidden"]
    assert not book.sheets["Hidden"].visible
    book.sheets["Untouched"].visible = False
    book.sheets["Plan"].visible = 2
    book.save()
    states = open_book(rich_workbook).impl.backend
    assert [states.sheet_state(name) for name in states.sheet_names()] == [
        "visible",
        "veryHidden",
        "hidden",
        "veryHidden",
    ]


def test_the_last_visible_sheet_cannot_be_hidden(build):
    book = open_book(build({"Only": {"A1": 1}}))
    with pytest.raises(EngineError, match="Sheet Only is the only visible one"):
        book.sheets["Only"].visible = False
