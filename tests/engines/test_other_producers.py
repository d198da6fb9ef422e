"""Workbooks in the spelling of Excel, LibreOffice, openpyxl and rarer producers are read and edited alike."""

import datetime as dt

import openpyxl
import pytest

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.blocks import Formula, read_block, read_formulas, write_block

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/>'
    '<xf numFmtId="4"/></cellXfs></styleSheet>'
)
SHARED_STRINGS = (
    f'<sst xmlns="{MAIN}" count="2" uniqueCount="2"><si><t>plain</t></si>'
    '<si><r><t xml:space="preserve">rich </t></r><r><rPr><b/></rPr><t>text</t></r><rPh sb="0" eb="1"><t>x</t></rPh>'
    "</si></sst>"
)


def saved(book):
    book.save()
    return open_book(book.fullname)


def test_excels_spelling_with_spans_and_all_cell_types(build_raw):
    path = build_raw(
        '<row r="2" spans="1:7" x="1"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1"><v>46447</v></c>'
        '<c r="C2" t="b"><v>1</v></c><c r="D2" t="e"><v>#N/A</v></c><c r="E2" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>'
        '<c r="F2" s="2"/><c r="G2" t="s"><v>1</v></c></row>',
        parts={"xl/styles.xml": STYLES, "xl/sharedStrings.xml": SHARED_STRINGS},
    )
    sheet = open_book(path).sheets[0]
    assert read_block(sheet["A2:G2"]) == [["plain", dt.datetime(2027, 3, 1), True, "#N/A", "ab", None, "rich text"]]
    assert read_formulas(sheet["E2"]) == [['="a"&"b"']]
    assert sheet.used_range.address == "$A$2:$G$2"


def test_inline_strings_and_cells_without_addresses(build_raw):
    path = build_raw(
        '<row><c t="inlineStr"><is><t>first</t></is></c><c><v>2</v></c></row>'
        '<row r="4"><c r="B4"><v>3</v></c><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c></row>'
        "<row><c><v>5</v></c></row>"
    )
    book = open_book(path)
    sheet = book.sheets[0]
    assert read_block(sheet["A1:C5"]) == [
        ["first", 2.0, None],
        [None] * 3,
        [None] * 3,
        [None, 3.0, "ab"],
        [5.0, None, None],
    ]
    write_block(sheet["B1"], [[7]])
    assert read_block(saved(book).sheets[0]["A1:C1"]) == [["first", 7.0, None]]


def test_prefixed_worksheets_and_shared_strings(build_raw):
    worksheet = (
        f'<?xml version="1.0"?><x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v>'
        '</x:c><x:c r="B1"><x:f>1+1</x:f><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    strings = f'<?xml version="1.0"?><x:sst xmlns:x="{MAIN}"><x:si><x:t>&lt;x:t&gt;</x:t></x:si></x:sst>'
    book = open_book(build_raw("", worksheet=worksheet, parts={"xl/sharedStrings.xml": strings}))
    sheet = book.sheets[0]
    assert read_block(sheet["A1:B1"]) == [["<x:t>", 2.0]]
    write_block(sheet["A2"], [["new", Formula("=B1*2")]])
    again = saved(book).sheets[0]
    assert read_block(again["A1:A2"]) == [["<x:t>"], ["new"]]
    assert read_formulas(again["B1:B2"]) == [["=1+1"], ["=B1*2"]]
    assert openpyxl.load_workbook(book.fullname).active["A2"].value == "new"


def test_comments_cdata_and_processing_instructions_in_a_sheet(build_raw):
    path = build_raw(
        '<!-- <row r="1"><c r="A1"><v>666</v></c></row> --><row r="1"><?pi x?>'
        '<c r="A1" t="str"><v><![CDATA[<v>1</v>]]></v></c><!-- <c/> --><c r="B1"><v>2</v></c></row>'
    )
    assert read_block(open_book(path).sheets[0]["A1:B1"]) == [["<v>1</v>", 2.0]]


def test_another_encoding(build_raw):
    worksheet = (
        f'<?xml version="1.0" encoding="UTF-16"?><worksheet xmlns="{MAIN}"><sheetData><row r="1">'
        '<c r="A1" t="str"><v>Größe</v></c></row></sheetData></worksheet>'
    ).encode("utf-16")
    assert open_book(build_raw("", worksheet=worksheet)).sheets[0]["A1"].value == "Größe"


@pytest.mark.parametrize("empty", ["<sheetData/>", "<sheetData></sheetData>", "<sheetData />"])
def test_empty_sheets_take_cells(build_raw, empty):
    worksheet = f'<worksheet xmlns="{MAIN}">{empty}</worksheet>'
    book = open_book(build_raw("", worksheet=worksheet))
    assert book.sheets[0].used_range.value is None
    write_block(book.sheets[0]["B2"], [["text", dt.date(2027, 3, 1)]])
    assert read_block(saved(book).sheets[0]["B2:C2"]) == [["text", dt.datetime(2027, 3, 1)]]


def test_a_workbook_without_styles_and_shared_strings_gets_them_when_needed(build_raw, parts):
    path = build_raw('<row r="1"><c r="A1"><v>5</v></c></row>')
    book = open_book(path)
    assert book.sheets[0]["A1"].number_format == "General"
    book.sheets[0]["A1"].number_format = "0.00"
    write_block(book.sheets[0]["B1"], [["text", dt.date(2027, 3, 1)]])
    again = saved(book).sheets[0]
    assert read_block(again["A1:C1"]) == [[5.0, "text", dt.datetime(2027, 3, 1)]]
    assert again["A1"].number_format == "0.00"
    assert {"xl/styles.xml", "xl/sharedStrings.xml"} <= parts(path).keys()
    assert openpyxl.load_workbook(path).active["C1"].value == dt.datetime(2027, 3, 1)


def test_single_quoted_attributes_and_numbers_in_e_notation(build_raw):
    path = build_raw("<row r='3'><c r='B3' t='n'><v>1.5E-3</v></c></row>")
    book = open_book(path)
    assert book.sheets[0]["B3"].value == 0.0015
    book.sheets[0]["B3"].value = 2
    assert saved(book).sheets[0]["B3"].value == 2.0


SHARED = (
    '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f t="shared" ref="B1:B4" si="0">A1*2+$A$1</f><v>3</v></c></row>'
    '<row r="2"><c r="A2"><v>2</v></c><c r="B2"><f t="shared" si="0"/><v>5</v></c></row>'
    '<row r="3"><c r="A3"><v>3</v></c><c r="B3"><f t="shared" si="0"/><v>7</v></c></row>'
)


def test_shared_formulas_read_as_the_formulas_they_stand_for(build_raw):
    sheet = open_book(build_raw(SHARED)).sheets[0]
    assert read_formulas(sheet["B1:B3"]) == [["=A1*2+$A$1"], ["=A2*2+$A$1"], ["=A3*2+$A$1"]]


def test_overwriting_the_carrier_of_a_shared_formula_spares_its_followers(build_raw, parts):
    book = open_book(build_raw(SHARED))
    book.sheets[0]["B1"].value = 100
    again = saved(book).sheets[0]
    assert read_formulas(again["B1:B3"]) == [["100"], ["=A2*2+$A$1"], ["=A3*2+$A$1"]]
    assert again["B2:B3"].value == [5.0, 7.0]
    assert b"shared" not in parts(book.fullname)["xl/worksheets/sheet1.xml"]


def test_a_shared_formula_along_a_row_is_unshared_while_the_row_is_written(build_raw):
    book = open_book(
        build_raw(
            '<row r="1"><c r="A1"><f t="shared" ref="A1:D1" si="3">A2+1</f></c><c r="B1"><f t="shared" si="3"/></c>'
            '<c r="C1"><f t="shared" si="3"/></c><c r="D1"><f t="shared" si="3"/></c></row>'
        )
    )
    write_block(book.sheets[0]["A1"], [[5, Formula("=B2+1"), "text"]])
    again = saved(book).sheets[0]
    assert read_formulas(again["A1:D1"]) == [["5", "=B2+1", "text", "=D2+1"]]


def test_setting_shared_formulas_to_themselves_changes_nothing(build_raw):
    path = build_raw(SHARED)
    before = path.read_bytes()
    book = open_book(path)
    write_block(book.sheets[0]["B1"], [[Formula("=A1*2+$A$1")], [Formula("=A2*2+$A$1")], [Formula("=A3*2+$A$1")]])
    book.save()
    assert path.read_bytes() == before


def test_the_calculation_chain_goes_when_formulas_change_and_stays_otherwise(build_raw, parts):
    chain = f'<calcChain xmlns="{MAIN}"><c r="B1" i="1"/><c r="B2" i="1"/><c r="B3" i="1"/></calcChain>'
    path = build_raw(SHARED, parts={"xl/calcChain.xml": chain})
    book = open_book(path)
    book.sheets[0]["A1"].value = 10
    book.save()
    assert "xl/calcChain.xml" in parts(path)
    book.sheets[0]["B3"].clear_contents()
    book.save()
    after = parts(path)
    assert "xl/calcChain.xml" not in after
    assert b"calcChain" not in after["[Content_Types].xml"] + after["xl/_rels/workbook.xml.rels"]


def test_row_and_column_formats_pass_on_to_new_cells(build_raw):
    worksheet = (
        f'<worksheet xmlns="{MAIN}"><cols><col min="2" max="3" width="9" style="2"/></cols><sheetData>'
        '<row r="2" s="1" customFormat="1"><c r="A2" s="0"/></row></sheetData></worksheet>'
    )
    sheet = open_book(build_raw("", worksheet=worksheet, parts={"xl/styles.xml": STYLES})).sheets[0]
    write_block(sheet["A1"], [[1, 2], [46447, 46447]])
    assert sheet["B1"].number_format == "#,##0.00"
    assert sheet["A1"].number_format == "General"
    assert sheet["B2"].value == dt.datetime(2027, 3, 1)
    assert sheet["A2"].value == 46447.0


def test_workbooks_of_openpyxl(tmp_path):
    path = tmp_path / "openpyxl.xlsx"
    source = openpyxl.Workbook()
    source.active["A1"] = "text"
    source.active["B1"] = dt.datetime(2027, 3, 1, 12, 30)
    source.active["C1"] = "=1+1"
    source.save(path)
    book = open_book(path)
    assert read_block(book.sheets[0]["A1:B1"]) == [["text", dt.datetime(2027, 3, 1, 12, 30)]]
    write_block(book.sheets[0]["A2"], [["more", True, Formula("=C1+1")]])
    again = openpyxl.load_workbook(saved(book).fullname).active
    assert [cell.value for cell in again[2]] == ["more", True, "=C1+1"]


@pytest.mark.libreoffice
def test_workbooks_of_libreoffice_are_read_and_ours_are_read_by_it(build, libreoffice, tmp_path):
    rows = [["Item", "=not a formula", "00123"], [1.5, True, dt.datetime(2027, 3, 1)], [None, "ä<&>", -2.0]]
    path = build({"S": {"A9": Formula("=SUM(A2:A8)"), "B9": "old text"}})
    book = open_book(path)
    write_block(book.sheets["S"]["A1"], rows)
    write_block(book.sheets["S"]["A8"], [[40]])
    book.save()
    converted = libreoffice.recalculated(path, tmp_path / "converted")
    theirs = open_book(converted).sheets["S"]
    assert read_block(theirs["A1:C3"]) == rows
    assert read_block(theirs["A9:B9"]) == [[41.5, "old text"]]
    back = open_book(converted)
    write_block(back.sheets["S"]["A1"], [["changed"]])
    again = saved(back).sheets["S"]
    assert read_block(again["A1:C1"]) == [["changed", "=not a formula", "00123"]]


@pytest.mark.libreoffice
def test_libreoffice_sees_a_resized_table_and_the_same_results(rich_workbook, libreoffice, tmp_path):
    book = open_book(rich_workbook)
    sales = book.sheets["Sales Data"]
    sales.tables["tblSales"].resize(sales["A1:D7"])
    write_block(sales["A2"], [["Pump", 1, 10], ["Valve", 2, 20], ["Hose", 3, 30], ["Bolt", 4, 40], ["Nut", 5, 50]])
    book.app.calculate()
    book.save()
    converted = open_book(libreoffice.recalculated(rich_workbook, tmp_path / "converted"))
    assert read_block(converted.sheets["Sales Data"]["A1:D6"]) == read_block(sales["A1:D6"])
    assert converted.sheets["Plan"]["A1"].value == book.sheets["Plan"]["A1"].value == 550.0
