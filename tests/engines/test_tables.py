"""Tables of a closed workbook grow and shrink with all that belongs to them."""

import re

import pytest

from sop_addin.engines import EngineError
from sop_addin.engines.closed_file import open_book
from sop_addin.excel.blocks import Formula, read_block, read_formulas, write_block


@pytest.fixture
def sales(rich_workbook):
    """The sheet of tblSales: header in row 1, three items, a totals row in row 5."""
    return open_book(rich_workbook).sheets["Sales Data"]


def resize(sheet, address, name="tblSales"):
    sheet.tables[name].resize(sheet[address])


def saved_parts(sheet, parts):
    sheet.book.save()
    return {name: content.decode(errors="replace") for name, content in parts(sheet.book.fullname).items()}


def test_a_table_shows_its_parts(sales):
    table = sales.tables["tblSales"]
    assert table.range.address == "$A$1:$D$5"
    assert table.header_row_range.value == ["Item", "Quantity", "Price", "Value"]
    assert table.data_body_range.address == "$A$2:$D$4"
    assert table.totals_row_range.address == "$A$5:$D$5"
    assert [column.name for column in table.columns] == ["Item", "Quantity", "Price", "Value"]
    assert sales["tblSales[Quantity]"].address == "$B$2:$B$4"
    assert sales["tblSales[#All]"].address == "$A$1:$D$5"
    assert sales["B3"].table.name == "tblSales"
    assert "TBLSALES" in sales.tables


def test_growing_fills_calculated_columns_and_formats(sales):
    resize(sales, "A1:D8")
    assert read_formulas(sales["D5:D7"]) == read_formulas(sales["D4:D4"]) * 3
    assert sales["B7"].number_format == "#,##0.00"


@pytest.mark.parametrize(("box", "totals_row", "last"), [("A1:D8", 8, 7), ("A1:D4", 4, 3)])
def test_the_totals_row_moves_with_the_end(sales, box, totals_row, last):
    resize(sales, box)
    assert sales[f"A{totals_row}"].value == "Total"
    assert sales[f"B{totals_row}"].formula == "=SUBTOTAL(109,[Quantity])"
    assert sales.tables["tblSales"].data_body_range.address == f"$A$2:$D${last}"
    if totals_row > 5:
        assert sales["A5"].value is None


@pytest.mark.parametrize(("box", "last"), [("A1:D8", 7), ("A1:D4", 3)])
def test_rules_names_and_charts_follow_the_last_row(sales, parts, box, last):
    resize(sales, box)
    after = saved_parts(sales, parts)
    sheet = after["xl/worksheets/sheet1.xml"]
    assert f'<conditionalFormatting sqref="B2:B{last}">' in sheet
    assert f"<xm:sqref>B2:B{last}</xm:sqref></x14:conditionalFormatting>" in sheet
    assert re.search(rf'<dataValidation [^>]*sqref="A2:A{last}"', sheet)
    assert f"'Sales Data'!$B$2:$B${last}</definedName>" in after["xl/workbook.xml"]
    assert f"<c:f>'Sales Data'!$B$2:$B${last}</c:f>" in after["xl/charts/chart1.xml"]
    assert f'<autoFilter ref="A1:D{last}"' in after["xl/tables/table1.xml"]


def test_rules_beyond_the_table_and_sparklines_stay(sales, parts):
    resize(sales, "A1:D8")
    sheet = saved_parts(sales, parts)["xl/worksheets/sheet1.xml"]
    assert '<conditionalFormatting sqref="A1:D100">' in sheet
    assert "<xm:f>'Sales Data'!B2:C2</xm:f><xm:sqref>F2</xm:sqref>" in sheet


def test_growing_and_shrinking_back_restores_rules(sales, parts, rich_workbook):
    before = parts(rich_workbook)
    resize(sales, "A1:D9")
    resize(sales, "A1:D5")
    after = parts(rich_workbook) if sales.book.save() is None else {}
    tail = b"</sheetData>"
    name = "xl/worksheets/sheet1.xml"
    assert after[name][after[name].index(tail) :] == before[name][before[name].index(tail) :]
    assert after["xl/charts/chart1.xml"] == before["xl/charts/chart1.xml"]


def test_shrinking_leaves_the_cells_below_like_excel(build):
    path = build({"S": {"A1": "K", "A2": 1, "A3": 2, "A4": 3}})
    sheet = open_book(path).sheets["S"]
    sheet.tables.add(sheet["A1:A4"], name="tbl")
    resize(sheet, "A1:A2", "tbl")
    assert sheet["A1:A4"].value == ["K", 1.0, 2.0, 3.0]
    assert sheet.tables["tbl"].data_body_range.address == "$A$2"


def test_columns_are_added_with_unique_names_and_removed(build):
    sheet = open_book(build({"S": {"A1": "K", "B1": "K", "A2": 1}})).sheets["S"]
    sheet.tables.add(sheet["A1:A2"], name="tbl")
    resize(sheet, "A1:C2", "tbl")
    assert [column.name for column in sheet.tables["tbl"].columns] == ["K", "K2", "Column3"]
    assert sheet["A1:C1"].value == ["K", "K2", "Column3"]
    resize(sheet, "A1:A2", "tbl")
    assert [column.name for column in sheet.tables["tbl"].columns] == ["K"]


def test_column_names_follow_header_cells(build):
    path = build({"S": {"A1": "Item", "B1": "2026-01", "A2": "x"}})
    book = open_book(path)
    sheet = book.sheets["S"]
    sheet.tables.add(sheet["A1:B2"], name="tblHistory")
    write_block(sheet["B1"], [["2026-02"]])
    book.save()
    sheet = open_book(path).sheets["S"]
    assert [column.name for column in sheet.tables["tblHistory"].columns] == ["Item", "2026-02"]


def test_a_numeric_header_becomes_text_like_in_excel(build):
    sheet = open_book(build({"S": {"A1": 2027, "A2": 1}})).sheets["S"]
    sheet.tables.add(sheet["A1:A2"], name="tbl")
    assert sheet["A1"].value == "2027"


def test_this_row_references_are_spelt_out_in_the_file(sales, parts):
    write_block(sales["D2"], [[Formula("=[@Quantity]*[@[Price]]+1")]])
    sheet = saved_parts(sales, parts)["xl/worksheets/sheet1.xml"]
    assert "tblSales[[#This Row],[Quantity]]*tblSales[[#This Row],[Price]]+1" in sheet


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ("A2:D6", "starts at A1"),
        ("A1:D2", "needs at least one data row"),
        ("A1:D9", "table tblBelow is in the way"),
        ("A1:D7", "totals row would overwrite cells below it"),
    ],
)
def test_impossible_sizes_are_refused(sales, box, message):
    write_block(sales["A6"], [["in the way"]])
    write_block(sales["A8"], [["Key"], [1]])
    sales.tables.add(sales["A8:A9"], name="tblBelow")
    with pytest.raises(EngineError, match=message):
        resize(sales, box)
    assert sales.tables["tblSales"].range.address == "$A$1:$D$5"


def test_table_names_are_checked(sales):
    with pytest.raises(EngineError, match="There is a table tblSales already"):
        sales.tables.add(sales["H20:H21"], name="TBLSALES")
    with pytest.raises(EngineError, match="would overlap table tblSales"):
        sales.tables.add(sales["B2:B9"], name="tblOther")


def test_rows_are_appended_through_the_xlwings_api(sales):
    sales.tables["tblSales"].rows.add(["Bolt", 4, 5, None])
    assert sales["A5:C5"].value == ["Bolt", 4.0, 5.0]
    assert sales["A6"].value == "Total"


def test_a_pandas_frame_updates_a_table(build):
    import pandas as pd

    sheet = open_book(build({"S": {"A1": "a", "B1": "b", "A2": 1, "B2": 2}})).sheets["S"]
    table = sheet.tables.add(sheet["A1:B2"], name="tbl")
    table.update(pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}), index=False)
    assert read_block(sheet["tbl[#All]"]) == [["a", "b"], [1.0, "x"], [2.0, "y"], [3.0, "z"]]
