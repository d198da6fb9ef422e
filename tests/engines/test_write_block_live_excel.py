"""`write_block` over an engine that treats values as live Excel does: it retypes text and takes no huge arrays."""

import datetime as dt
import re
from types import SimpleNamespace

import pytest
import xlwings as xw

from sop_addin.engines import EngineError, Formula, XlError, read_block, write_block
from sop_addin.engines.write_block import read_formulas


class ExcelLikeRange:
    """The few members of an xlwings range implementation that bulk writing needs, with Excel's habits."""

    def __init__(self, sheet, row, column, rows, columns):
        self.sheet, self.row, self.column, self.shape = sheet, row, column, (rows, columns)
        self.options = {}

    max_cells_per_write = 100_000

    def __call__(self, row, column):
        return ExcelLikeRange(self.sheet, self.row + row - 1, self.column + column - 1, 1, 1)

    @property
    def api(self):
        return self

    @property
    def address(self):
        return self.get_address(True, True, False)

    @property
    def merge_cells(self):
        return self.sheet.merged

    def get_address(self, row_absolute, column_absolute, external):
        return f"R{self.row}C{self.column}"

    def cells(self):
        for i in range(self.shape[0]):
            for j in range(self.shape[1]):
                yield i, j, (self.row + i, self.column + j)

    @property
    def number_format(self):
        return self.sheet.formats.get((self.row, self.column), "General")

    @number_format.setter
    def number_format(self, code):
        for _, _, at in self.cells():
            self.sheet.formats[at] = code

    @property
    def raw_value(self):
        rows = [[None] * self.shape[1] for _ in range(self.shape[0])]
        for i, j, at in self.cells():
            rows[i][j] = self.sheet.values.get(at)
        return rows[0][0] if self.shape == (1, 1) else rows

    @raw_value.setter
    def raw_value(self, rows):
        self.sheet.calls.append(self.shape)
        for i, j, at in self.cells():
            self.sheet.values[at] = self._typed(rows[i][j], self.sheet.formats.get(at, "General"))

    @staticmethod
    def _typed(value, number_format):
        if not isinstance(value, str):
            return value
        if value.startswith("'"):
            return value[1:]
        if number_format == "@":
            return value
        if value.startswith("="):
            return ("formula", value)
        if re.fullmatch(r"[-+]?\d+(\.\d+)?", value):
            return float(value)
        if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", value):
            return dt.datetime(2000, 1, 1)
        return -2146826246 if value == "#N/A" else value

    @property
    def formula(self):
        return tuple(tuple("" if v is None else str(v) for v in row) for row in _rows(self.raw_value))

    @formula.setter
    def formula(self, rows):
        rows = rows if isinstance(rows, (list, tuple)) else [[rows]]
        for i, j, at in self.cells():
            text_cell = self.sheet.formats.get(at) == "@"
            self.sheet.values[at] = rows[i][j] if text_cell else ("formula", rows[i][j])

    formula2 = formula


def _rows(value):
    return value if isinstance(value, list) else [[value]]


class ExcelLikeSheet:
    name = "Live"

    def __init__(self):
        self.values, self.formats, self.calls = {}, {}, []
        self.merged = False
        self.api = SimpleNamespace(FilterMode=False)
        engine = SimpleNamespace(
            name="like-excel", type="desktop", prepare_xl_data_element=lambda value, options: value
        )
        self.book = SimpleNamespace(app=SimpleNamespace(engine=engine, pid=1), name="Live.xlsx")

    def range(self, first, second=None):
        if second is None:
            return ExcelLikeRange(self, *(first if len(first) == 4 else (*first, 1, 1)))
        rows, columns = second.row - first.row + 1, second.column - first.column + 1
        return ExcelLikeRange(self, first.row, first.column, rows, columns)


@pytest.fixture
def sheet():
    return ExcelLikeSheet()


@pytest.fixture
def corner(sheet):
    return xw.Range(impl=ExcelLikeRange(sheet, 1, 1, 1, 1))


def column(sheet, number, count):
    return [sheet.values.get((row, number)) for row in range(1, count + 1)]


def test_a_column_of_text_becomes_text_cells_first(sheet, corner):
    write_block(corner, [["00123", 1], ["2027-03", 2], [None, 3]])
    assert column(sheet, 1, 3) == ["00123", "2027-03", None]
    assert sheet.formats == {(1, 1): "@", (2, 1): "@", (3, 1): "@"}


def test_text_among_numbers_is_kept_by_an_apostrophe(sheet, corner):
    write_block(corner, [["=x"], [5], ["00123"], ["#N/A"], ["2027-03"], ["'quoted"], ["plain"]])
    assert column(sheet, 1, 7) == ["=x", 5, "00123", "#N/A", "2027-03", "'quoted", "plain"]
    assert sheet.formats == {}


def test_text_that_starts_with_equals_stays_text_in_text_columns(sheet, corner):
    write_block(corner, [["=x"], ["y"]])
    assert column(sheet, 1, 2) == ["=x", "y"]


def test_formulas_are_formulas_even_in_text_columns(sheet, corner):
    write_block(corner, [["a", 1], [Formula("=A1"), Formula("=B1")], ["b", Formula("=B2")]], text_columns=[0])
    assert column(sheet, 1, 3) == ["a", ("formula", "=A1"), "b"]
    assert column(sheet, 2, 3) == [1, ("formula", "=B1"), ("formula", "=B2")]


def test_named_text_columns_take_numbers_as_text(sheet, corner):
    write_block(corner, [[123, 1], [4.5, 2]], text_columns=[0])
    assert column(sheet, 1, 2) == ["123", "4.5"]


def test_blanks_dates_and_errors(sheet, corner):
    write_block(corner, [[float("nan"), dt.date(2027, 3, 1), XlError("#N/A"), dt.time(12)]])
    assert sheet.values[1, 1] is None
    assert sheet.values[1, 2] == dt.datetime(2027, 3, 1)
    assert sheet.values[1, 3] == -2146826246
    assert sheet.values[1, 4] == 0.5


def test_large_blocks_go_in_slices(sheet, corner):
    write_block(corner, [[float(row)] * 10 for row in range(12_000)])
    assert [rows * columns for rows, columns in sheet.calls] == [50_000, 50_000, 20_000]
    assert column(sheet, 10, 12_000)[-1] == 11_999.0


def test_long_texts_make_smaller_slices(sheet, corner):
    write_block(corner, [["x" * 30_000] for _ in range(300)])
    assert len(sheet.calls) == 3
    assert sum(rows for rows, _ in sheet.calls) == 300


def test_merged_cells_are_refused(sheet, corner):
    sheet.merged = None
    with pytest.raises(EngineError, match="Live!R1C1 holds merged cells, which swallow values; unmerge them first"):
        write_block(corner, [[1, 2]])


def test_filtered_sheets_are_refused(sheet, corner):
    sheet.api.FilterMode = True
    with pytest.raises(EngineError, match="Sheet Live is filtered"):
        write_block(corner, [[1]])


def test_reading_names_com_error_codes_and_numbers(sheet, corner):
    sheet.values = {(1, 1): -2146826246, (1, 2): 5, (2, 1): "", (2, 2): True}
    assert read_block(corner.resize(2, 2)) == [[XlError("#N/A"), 5.0], [None, True]]


def test_reading_formulas_gives_rows_of_text(sheet, corner):
    sheet.values = {(1, 1): "a", (1, 2): None}
    assert read_formulas(corner.resize(1, 2)) == [["a", ""]]


def test_nothing_to_write_is_nothing(sheet, corner):
    write_block(corner, [])
    write_block(corner, [[]])
    assert sheet.calls == []
