"""What goes into a cell comes out again, and means the same to others who read the file."""

import datetime as dt
import decimal
import itertools
import math

import hypothesis.strategies as st
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from sop_addin.engines import EngineError
from sop_addin.engines.closed_file import open_book
from sop_addin.excel.blocks import Formula, read_block, read_formulas, write_block

COUNTER = itertools.count()
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

# Excel keeps milliseconds and knows no date before 1900.
moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
numbers = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False).map(lambda x: x + 0.0)
texts = st.text(max_size=40).filter(bool)
values = st.one_of(st.none(), st.booleans(), numbers, texts, moments)


def round_trip(build, rows):
    path = build({"S": {}}, name=f"book{next(COUNTER)}.xlsx")
    book = open_book(path)
    write_block(book.sheets["S"]["B2"], rows)
    book.save()
    again = open_book(path).sheets["S"]["B2"].resize(len(rows), len(rows[0]))
    return path, read_block(again)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(values, min_size=3, max_size=3), min_size=1, max_size=4))
def test_any_value_survives_writing_saving_and_reading(build, rows):
    _, found = round_trip(build, rows)
    assert found == rows
    assert [[type(value) for value in row] for row in found] == [[type(value) for value in row] for row in rows]


def is_plain(text):
    return text.isprintable() and "_x" not in text and text == text.strip()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(st.one_of(st.booleans(), numbers, texts.filter(is_plain), moments), min_size=2, max_size=2))
)
def test_openpyxl_reads_the_same_values(build, rows):
    if not rows:
        return
    path, _ = round_trip(build, rows)
    sheet = openpyxl.load_workbook(path)["S"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, min_col=2, max_row=1 + len(rows))]
    for line, row in zip(found, rows, strict=True):
        for value, wanted in zip(line[:2], row, strict=True):
            if isinstance(wanted, dt.datetime):
                assert abs(value - wanted) < dt.timedelta(milliseconds=1)
            else:
                assert value == wanted


@pytest.mark.parametrize(
    "text",
    ["=1+1", "00123", "1e5", "TRUE", "#N/A", "2027-03", "'quoted", "+1", "-x", "@cmd", " padded ", "a\nb", "a\tb",
     "_x0041_", "_x005F_", "\x01\x1f", "cr\rlf\n", "<&>\"'", "ä€😀", "\ufffe", "x" * 32_767],
)  # fmt: skip
def test_text_stays_the_text_it_is(build, text):
    _, found = round_trip(build, [[text]])
    assert found == [[text]]


def quote_prefixes(path):
    return [cell.quotePrefix for cell in openpyxl.load_workbook(path)["S"][2][1:]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "@cmd", "00123", "2027-03", " 5", "5 %", "May 5", "TRUE", "#N/A", "'x"])
def test_text_that_excel_would_retype_is_marked_so_that_editing_keeps_it_text(build, text):
    path, found = round_trip(build, [[text, "plain"]])
    assert found == [[text, "plain"]]
    assert quote_prefixes(path) == [True, False]


@pytest.mark.parametrize("text", ["Pumps", "A12", " x", "May", "True north", "Ümlaut"])
def test_plain_text_is_not_marked_even_behind_an_apostrophe(build, text):
    path = build({"S": {"B2": 0}})
    book = open_book(path)
    book.sheets["S"]["B2"].value = "'" + text
    book.save()
    assert read_block(open_book(path).sheets["S"]["B2"]) == [[text]]
    assert quote_prefixes(path) == [False]


def test_under_the_format_text_only_an_apostrophe_needs_a_mark(build):
    path = build({"S": {"B2": 0, "C2": 0, "D2": 0}})
    book = open_book(path)
    book.sheets["S"]["B2:D2"].number_format = "@"
    write_block(book.sheets["S"]["B2"], [["00123", "=x", "'x"]])
    book.save()
    assert read_block(open_book(path).sheets["S"]["B2:D2"]) == [["00123", "=x", "'x"]]
    assert quote_prefixes(path) == [False, False, True]


def test_text_without_a_mark_that_stays_the_same_keeps_its_bytes(build):
    path = build({"S": {"A1": "00123", "B1": "=x", "C1": "'x", "D1": "2027-03"}})
    before = path.read_bytes()
    book = open_book(path)
    write_block(book.sheets["S"]["A1"], read_block(book.sheets["S"]["A1:D1"]))
    book.save()
    assert path.read_bytes() == before


def test_a_number_replaces_the_text_of_that_index_in_any_spelling(build_raw):
    strings = f'<sst xmlns="{MAIN}"><si><t>zero</t></si><si><t>one</t></si></sst>'
    path = build_raw(
        """<row r="1"><c r="A1" t="s"><v>1</v></c><c r='B1' t='s'><v>1</v></c><c r="C1" t = "s"><v>1</v></c></row>""",
        parts={"xl/sharedStrings.xml": strings},
    )
    sheet = open_book(path).sheets[0]
    write_block(sheet["A1"], [[1.0, 1.0, 1.0]])
    assert read_block(sheet["A1:C1"]) == [[1.0, 1.0, 1.0]]


def test_the_mark_goes_when_a_number_follows(build):
    path = build({"S": {}})
    book = open_book(path)
    write_block(book.sheets["S"]["A1"], [["=x"]])
    write_block(book.sheets["S"]["A1"], [[5]])
    book.save()
    assert openpyxl.load_workbook(path)["S"]["A1"].quotePrefix is False


@pytest.mark.parametrize("text", ["x" * 32_768, "😀" * 16_384])
def test_text_too_long_for_a_cell_is_refused_with_its_address(build, text):
    sheet = open_book(build({"S": {}})).sheets["S"]
    with pytest.raises(EngineError, match=r"S!C3: text of [\d,]+ characters, where Excel allows 32,767; shorten it\."):
        sheet["B2"].value = [[1, 2], [3, text]]


@pytest.mark.parametrize(
    "value",
    [
        None,
        float("nan"),
        float("inf"),
        float("-inf"),
        np.nan,
        np.float32("inf"),
        pd.NaT,
        pd.NA,
        np.datetime64("NaT"),
        "",
    ],
)
def test_what_is_no_value_leaves_a_blank(build, value):
    _, found = round_trip(build, [[1, value, 2]])
    assert found == [[1.0, None, 2.0]]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.int64(5), 5.0),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (decimal.Decimal("1.25"), 1.25),
        (pd.Timestamp("2027-03-01 12:00"), dt.datetime(2027, 3, 1, 12)),
        (np.datetime64("2027-03-01"), dt.datetime(2027, 3, 1)),
        (pd.Period("2027-03", "M"), dt.datetime(2027, 3, 1)),
        (dt.date(2027, 3, 1), dt.datetime(2027, 3, 1)),
        (dt.datetime(2027, 3, 1, tzinfo=dt.UTC), dt.datetime(2027, 3, 1)),
        (dt.time(12), dt.datetime(1899, 12, 30, 12)),
        (pd.Timedelta(hours=12), dt.datetime(1899, 12, 30, 12)),
        ("#N/A", "#N/A"),
        (10**20, 1e20),
        (-0.0, 0.0),
    ],
)
def test_scalars_of_numpy_and_pandas_are_cells_too(build, value, wanted):
    sheet = open_book(build({"S": {}})).sheets["S"]
    sheet["A1"].value = value
    found = read_block(sheet["A1"])
    assert found == [[wanted]]
    assert type(found[0][0]) is type(wanted)


def test_a_list_is_no_cell_value(build):
    sheet = open_book(build({"S": {}})).sheets["S"]
    with pytest.raises(TypeError, match="cannot write a list to a cell"):
        sheet["A1"].value = [[[1, 2]]]


@pytest.mark.parametrize(
    ("date", "serial"),
    [(dt.date(1900, 1, 1), 1), (dt.date(1900, 2, 28), 59), (dt.date(1900, 3, 1), 61), (dt.date(2027, 3, 1), 46447)],
)
def test_dates_follow_the_1900_rule_of_excel(build, date, serial):
    path, found = round_trip(build, [[date]])
    assert found == [[dt.datetime(date.year, date.month, date.day)]]
    sheet = open_book(path).sheets["S"]
    sheet["B2"].number_format = "0"
    assert sheet["B2"].value == serial


def test_workbooks_that_count_from_1904_keep_their_dates(build):
    path = build({"S": {}}, date_1904=True)
    book = open_book(path)
    write_block(book.sheets["S"]["A1"], [[dt.date(1904, 1, 2), dt.date(2027, 3, 1)]])
    book.save()
    sheet = open_book(path).sheets["S"]
    assert sheet["A1:B1"].value == [dt.datetime(1904, 1, 2), dt.datetime(2027, 3, 1)]
    sheet["A1"].number_format = "0"
    assert sheet["A1"].value == 1.0
    assert openpyxl.load_workbook(path)["S"]["B1"].value == dt.datetime(2027, 3, 1)


def test_dates_before_excel_began_are_refused_with_their_address(build):
    sheet = open_book(build({"S": {}})).sheets["S"]
    with pytest.raises(EngineError, match=r"S!A1: 1899-12-31 is before Excel's first date; enter it as text\."):
        write_block(sheet["A1"], [[dt.date(1899, 12, 31)]])


def test_a_date_takes_a_date_format_only_where_the_cell_has_none(build):
    sheet = open_book(build({"S": {"A1": 1}})).sheets["S"]
    sheet["A1"].number_format = "yyyy"
    write_block(sheet["A1"], [[dt.date(2027, 3, 1), dt.date(2027, 3, 1)]])
    assert sheet["A1"].number_format == "yyyy"
    assert sheet["B1"].number_format == "mm-dd-yy"


def test_value_follows_excels_typing_and_write_block_does_not(build):
    sheet = open_book(build({"S": {}})).sheets["S"]
    sheet["A1"].value = ["=1+1", "'=1+1", "#N/A", ""]
    write_block(sheet["A2"], [["=1+1", "'=1+1", "#N/A", ""]])
    assert read_formulas(sheet["A1:B1"]) == [["=1+1", "=1+1"]]
    assert sheet["A1"].value is None  # not calculated yet
    assert read_block(sheet["C1:D1"]) == [["#N/A", None]]
    assert sheet["C1"].value is None  # an error
    assert sheet["A2:D2"].value == ["=1+1", "'=1+1", "#N/A", None]


def test_errors_read_as_none_or_text_through_xlwings(build):
    sheet = open_book(build({"S": {}})).sheets["S"]
    sheet["A1"].value = "#DIV/0!"
    assert sheet["A1"].value is None
    assert sheet["A1"].options(err_to_str=True).value == "#DIV/0!"


def test_a_formula_is_a_formula_and_new_functions_are_stored_with_their_prefix(build, parts):
    path = build({"S": {"A1": 1, "A2": 2}})
    book = open_book(path)
    write_block(book.sheets["S"]["B1"], [[Formula("=SUM(A1:A2)")], [Formula('=IFS(A1>0,"IFS(")')]])
    book.save()
    stored = parts(path)["xl/worksheets/sheet1.xml"].decode()
    assert "<f>SUM(A1:A2)</f>" in stored
    assert '<f>_xlfn.IFS(A1&gt;0,"IFS(")</f>' in stored
    assert read_formulas(open_book(path).sheets["S"]["B2"]) == [['=IFS(A1>0,"IFS(")']]


def test_one_formula_for_many_cells_moves_its_references(build):
    sheet = open_book(build({"S": {}})).sheets["S"]
    sheet["B1:C3"].formula = "=A1*$A$1"
    assert read_formulas(sheet["B1:C3"])[2] == ["=A3*$A$1", "=B3*$A$1"]


def test_uneven_rows_are_padded_with_blanks(build):
    sheet = open_book(build({"S": {"B2": "old"}})).sheets["S"]
    write_block(sheet["A1"], [[1, 2], [3]])
    assert read_block(sheet["A1:B2"]) == [[1.0, 2.0], [3.0, None]]


def test_a_frame_goes_in_and_comes_out(build):
    frame = pd.DataFrame({"item": ["a", "b"], "quantity": [1.5, math.pi], "due": pd.to_datetime(["2027-01-01"] * 2)})
    path = build({"S": {}})
    book = open_book(path)
    write_block(book.sheets["S"]["A1"], [list(frame.columns), *frame.itertuples(index=False)])
    book.save()
    again = open_book(path).sheets["S"]["A1"].expand().options(pd.DataFrame, index=False).value
    pd.testing.assert_frame_equal(again, frame, check_dtype=False)
