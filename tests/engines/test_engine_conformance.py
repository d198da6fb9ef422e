"""What xlwings code may expect of every engine of ours. A further engine joins by one more entry in ENGINES."""

import datetime as dt

import pandas as pd
import pytest
import xlwings as xw

from sop_addin.engines.closed_file import open_book
from sop_addin.engines.libreoffice import open_book as open_libreoffice_book
from sop_addin.excel.blocks import Formula, read_block, read_formulas, write_block


def open_closed_file(path):
    return open_book(path)


# name -> function that opens a workbook file as an xlwings Book
ENGINES = {"closed_file": open_closed_file, "libreoffice": open_libreoffice_book}


@pytest.fixture(params=sorted(ENGINES))
def open_with(request):
    if request.param == "libreoffice":
        request.getfixturevalue("live_libreoffice")
    return ENGINES[request.param]


@pytest.fixture
def book(open_with, build):
    opened = open_with(
        build(
            {
                "Data": {
                    "A1": "Item", "B1": "Quantity", "C1": "Due",
                    "A2": "Pump", "B2": 5, "C2": dt.datetime(2027, 3, 1),
                    "A3": "Valve", "B3": 2.5,
                    "B5": Formula("=SUM(B2:B3)"),
                },
                "Other sheet": {},
            },
            default_date_format="yyyy-mm-dd",
        )
    )  # fmt: skip
    yield opened
    opened.close()


@pytest.fixture
def data(book):
    return book.sheets["Data"]


def test_it_is_an_xlwings_book(book):
    assert isinstance(book, xw.Book)
    assert book.name == "book.xlsx"
    assert [sheet.name for sheet in book.sheets] == ["Data", "Other sheet"]
    assert book.sheets[1].index == 2
    assert "other SHEET" in book.sheets
    assert book.sheets["DATA"] == book.sheets[0]


def test_an_unknown_sheet_or_table_is_a_key_error(book, data):
    with pytest.raises(KeyError):
        book.sheets["Nowhere"]
    with pytest.raises(KeyError):
        data.tables["tblNowhere"]


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("A1", "Item"),
        ("B2", 5.0),
        ("C2", dt.datetime(2027, 3, 1)),
        ("C3", None),
        ("A1:C1", ["Item", "Quantity", "Due"]),
        ("A1:A3", ["Item", "Pump", "Valve"]),
        ("A2:B3", [["Pump", 5.0], ["Valve", 2.5]]),
    ],
)
def test_value_has_the_shape_xlwings_promises(data, address, wanted):
    assert data[address].value == wanted


def test_reading_options(data):
    assert data["B2"].options(numbers=int).value == 5
    assert data["C2"].options(dates=dt.date).value == dt.date(2027, 3, 1)
    assert data["C3"].options(empty="-").value == "-"
    assert data["A1"].options(ndim=2).value == [["Item"]]
    assert data["A2:A3"].options(transpose=True, ndim=2).value == [["Pump", "Valve"]]


@pytest.mark.parametrize("address", ["A1", "A1:C1", "A1:A3", "A1:C3"])
def test_read_block_is_always_a_list_of_rows(data, address):
    rows, columns = data[address].shape
    block = read_block(data[address])
    assert [len(row) for row in block] == [columns] * rows
    assert [len(row) for row in read_formulas(data[address])] == [columns] * rows


def test_ranges_are_reached_in_every_spelling(data):
    for spelling in (
        data["B2"],
        data.range("B2"),
        data[1, 1],
        data.range((2, 2)),
        data["A1"].offset(1, 1),
    ):
        assert spelling.address == "$B$2"
    assert data[0:3, 0:2].address == "$A$1:$B$3"
    assert data.range("A1", "B3").address == "$A$1:$B$3"
    assert data["A1"].resize(2, 3).address == "$A$1:$C$2"
    assert data["A1:C3"].columns[1].address == "$B$1:$B$3"
    assert data["A1:C3"].last_cell.address == "$C$3"
    assert data["A1"].get_address(False, False, include_sheetname=True) == "Data!A1"


def test_neighbourhoods(data):
    assert data["A1"].expand().address == "$A$1:$C$3"
    assert data["A1"].expand("down").address == "$A$1:$A$3"
    assert data["A1"].end("down").row == 3
    assert data["A1"].end("right").column == 3
    assert data["B5"].end("up").row == 3
    assert data["A1"].current_region.address == "$A$1:$C$3"
    assert data.used_range.address == "$A$1:$C$5"


def test_scalars_rows_columns_and_frames_are_written(data):
    data["E1"].value = 7
    data["E2"].value = [1, 2]
    data["E3"].options(transpose=True).value = [3, 4]
    data["G1:H2"].value = "x"
    data["J1"].options(index=False).value = pd.DataFrame({"a": [1], "b": ["y"]})
    assert read_block(data["E1:F4"]) == [[7.0, None], [1.0, 2.0], [3.0, None], [4.0, None]]
    assert data["G1:H2"].value == [["x", "x"], ["x", "x"]]
    assert data["J1:K2"].value == [["a", "b"], [1.0, "y"]]


def test_a_value_means_what_excel_makes_of_it(data):
    data["E1"].value = ["=1+1", "'=1+1", "'00123", "#N/A", dt.date(2027, 1, 2), None, True, "'#N/A"]
    assert data["E1:F1"].formula == (("=1+1", "=1+1"),)
    assert data["F1:L1"].value == ["=1+1", "00123", None, dt.datetime(2027, 1, 2), None, True, "#N/A"]
    assert data["H1"].options(err_to_str=True).value == "#N/A"


def test_formulas_are_set_and_read(data):
    data["B6"].formula = "=B2*2"
    assert data["B5:B6"].formula == (("=SUM(B2:B3)",), ("=B2*2",))
    assert data["A2"].formula == "Pump"


def test_number_formats(data):
    data["B2:B3"].number_format = "0.000"
    assert data["B2"].number_format == "0.000"
    assert data["B2:B3"].number_format == "0.000"
    assert data["A1:B2"].number_format is None
    assert data["B2"].value == 5.0


def test_clearing_contents_keeps_formats_and_clear_does_not(data):
    data["B2:B3"].number_format = "0.000"
    data["B2"].clear_contents()
    assert (data["B2"].value, data["B2"].number_format) == (None, "0.000")
    data["B3"].clear()
    assert (data["B3"].value, data["B3"].number_format) == (None, "General")


def test_tables_are_made_resized_and_read(data):
    table = data.tables.add(data["A1:C3"], name="tblItems")
    assert [known.name for known in data.tables] == ["tblItems"]
    assert table.header_row_range.value == ["Item", "Quantity", "Due"]
    table.resize(data["A1:C4"])
    assert table.data_body_range.address == "$A$2:$C$4"
    assert len(table.rows) == 3
    assert data["A4"].table == table
    assert data["F9"].table is None


def test_names_are_added_changed_and_deleted(book, data):
    book.names.add("Quantities", "=Data!$B$2:$B$3")
    assert book.names["Quantities"].refers_to_range.value == [5.0, 2.5]
    assert "Quantities" in [name.name for name in book.names]
    book.names["Quantities"].refers_to = "=Data!$B$2"
    assert data["Quantities"].address == "$B$2"
    data["A1"].name = "Corner"
    assert data["A1"].name.name == "Corner"
    book.names["Quantities"].delete()
    assert not book.names.contains("Quantities")


def test_sheets_are_added_where_asked(book):
    book.sheets.add("Last", after=book.sheets["Other sheet"])
    book.sheets.add("First", before=book.sheets["Data"])
    assert [sheet.name for sheet in book.sheets] == ["First", "Data", "Other sheet", "Last"]
    assert book.sheets["First"]["A1"].value is None


def test_calculation_brings_formulas_up_to_date(book, data):
    data["B2"].value = 10
    book.app.calculate()
    assert data["B5"].value == 12.5


def test_the_empty_text_of_a_formula_reads_as_blank(book, data):
    data["E1"].formula = '=""'
    book.app.calculate()
    assert data["E1"].value is None
    assert read_block(data["E1"]) == [[None]]


def test_screen_settings_are_taken(book):
    with book.app.properties(screen_updating=False, display_alerts=False):
        book.app.status_bar = "Working"
    assert book.app.status_bar == "Working"


def test_what_was_saved_is_there_again(book, data, open_with, tmp_path):
    write_block(data["A2"], [["Hose", 3, dt.date(2027, 5, 1)]])
    book.save(tmp_path / "copy.xlsx")
    again = open_with(tmp_path / "copy.xlsx")
    assert again.sheets["Data"]["A2:C2"].value == ["Hose", 3.0, dt.datetime(2027, 5, 1)]
    assert again.sheets["Data"]["B5"].formula == "=SUM(B2:B3)"
    again.close()
