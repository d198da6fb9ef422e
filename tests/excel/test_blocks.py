"""What a cell holds after it was written is what was given: in a closed file, and on live Excel, which parses it.

The live engine is a stand-in with Excel's habits: it retypes text, takes no huge arrays, has codes for errors.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import xlsxwriter
import xlwings as xw
from hypothesis import given

from sop_addin.engines.closed_file import open_book
from sop_addin.engines.values import is_retyped_by_excel
from sop_addin.excel import blocks
from sop_addin.excel.blocks import Formula, as_cell, read_block, read_formulas, write_block
from sop_addin.model.errors import WorkbookError

RETYPED = [
    "00123", "2027-01", "=1+1", "+49 30", "-", "@home", "'quoted", "#N/A", "1/2", "May 5", "TRUE", "false ", "5 %",
    " 00123", "1e5", "$5", "(5)",
]  # fmt: skip
PLAIN = ["Pumps", "Marketing", "May", "True north", "A12", " x", "Ümlaut", "x" * 32_767]


# --- one cell ---


@pytest.mark.parametrize("text", RETYPED)
def test_text_that_excel_would_parse_is_marked_as_text(text: str) -> None:
    assert as_cell(text) == "'" + text


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_given_as_it_is(text: str) -> None:
    assert as_cell(text) == text


@given(st.one_of(st.text(max_size=12), st.text(alphabet="0123456789 =+-'@#.,/maytrue", max_size=8)))
def test_the_closed_file_engine_marks_the_same_texts(text: str) -> None:
    assert (as_cell(text) == "'" + text) == is_retyped_by_excel(text)


def test_a_formula_stays_a_formula() -> None:
    assert as_cell(Formula("=A1+1")) == "=A1+1"
    assert type(as_cell(Formula("=A1+1"))) is str


@pytest.mark.parametrize(
    "value",
    [None, float("nan"), float("inf"), np.float32("-inf"), np.float64("nan"), pd.NaT, pd.NA, np.datetime64("NaT"),
     np.timedelta64("NaT"), decimal.Decimal("NaN")],
)  # fmt: skip
def test_what_is_no_value_clears_the_cell(value: object) -> None:
    assert as_cell(value) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (3, 3.0),
        (np.int64(3), 3.0),
        (np.float32(0.5), 0.5),
        (decimal.Decimal("1.25"), 1.25),
        (True, True),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (dt.datetime(2027, 1, 1), dt.datetime(2027, 1, 1)),
        (dt.datetime(2027, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1)),
        (dt.date(2027, 1, 1), dt.datetime(2027, 1, 1)),
        (pd.Timestamp("2027-03-01 12:00"), dt.datetime(2027, 3, 1, 12)),
        (np.datetime64("2027-03-01"), dt.datetime(2027, 3, 1)),
        (pd.Period("2027-03", "M"), dt.datetime(2027, 3, 1)),
        (dt.time(12), 0.5),
        (pd.Timedelta(hours=6), 0.25),
        (np.timedelta64(12, "h"), 0.5),
    ],
)
def test_scalars_of_python_numpy_and_pandas_become_what_a_cell_holds(value: object, wanted: object) -> None:
    assert as_cell(value) == wanted
    assert type(as_cell(value)) is type(wanted)


def test_a_list_is_no_cell_value() -> None:
    with pytest.raises(TypeError, match="cannot write a list to a cell"):
        as_cell([1, 2])


# --- live Excel, as far as it can be imitated ---

CODE_OF_NA = -2146826246


class LiveRange:
    """The few members of an xlwings range that bulk work needs, with Excel's habits."""

    max_cells_per_read = max_cells_per_write = None

    def __init__(self, sheet: LiveSheet, row: int, column: int, rows: int, columns: int) -> None:
        self.sheet, self.row, self.column, self.shape = sheet, row, column, (rows, columns)
        self.api = self
        self.options: dict[str, Any] = {}

    def __call__(self, row: int, column: int) -> LiveRange:
        return LiveRange(self.sheet, self.row + row - 1, self.column + column - 1, 1, 1)

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def _places(self) -> list[list[tuple[int, int]]]:
        rows, columns = self.shape
        return [[(self.row + i, self.column + j) for j in range(columns)] for i in range(rows)]

    @property
    def merge_cells(self) -> bool | None:
        return self.sheet.merged

    @property
    def raw_value(self) -> Any:
        rows = tuple(tuple(self.sheet.values.get(at) for at in line) for line in self._places())
        return rows[0][0] if self.shape == (1, 1) else rows

    @raw_value.setter
    def raw_value(self, rows: Any) -> None:
        self.sheet.calls.append(self.shape)
        rows = rows if isinstance(rows, (list, tuple)) else [[rows]]
        for line, values in zip(self._places(), rows, strict=True):
            for at, value in zip(line, values, strict=True):
                self.sheet.formulas.pop(at, None)
                self.sheet.values[at] = self._typed(at, value)

    def _typed(self, at: tuple[int, int], value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith("="):
            self.sheet.formulas[at] = value
            return 0.0
        if value.startswith("'"):
            return value[1:]
        if re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", value):
            return float(value)
        if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?|May \d+", value):
            return dt.datetime(2000, 1, 1)
        if value.upper() in ("TRUE", "FALSE"):
            return value.upper() == "TRUE"
        return CODE_OF_NA if value == "#N/A" else value or None

    @property
    def formula(self) -> Any:
        def one(at: tuple[int, int]) -> str:
            value = self.sheet.values.get(at)
            return self.sheet.formulas.get(at) or ("" if value is None else str(value))

        rows = tuple(tuple(one(at) for at in line) for line in self._places())
        return rows[0][0] if self.shape == (1, 1) else rows


class LiveEngine:
    name, type = "like-excel", "desktop"

    @staticmethod
    def prepare_xl_data_element(value: Any, options: Any) -> Any:
        return "" if value is None else value

    @staticmethod
    def clean_value_data(data: Any, date: Any, empty: Any, number: Any, errors_as_text: bool) -> list[list[Any]]:
        known = {CODE_OF_NA: "#N/A" if errors_as_text else None}
        return [[known.get(value, value) if type(value) is int else value for value in row] for row in data]


class LiveSheet:
    name = "Live"

    def __init__(self) -> None:
        self.values: dict[tuple[int, int], Any] = {}
        self.formulas: dict[tuple[int, int], str] = {}
        self.calls: list[tuple[int, int]] = []
        self.merged: bool | None = False
        self.api = SimpleNamespace(FilterMode=False)
        self.tables: list[Any] = []
        self.book = SimpleNamespace(app=SimpleNamespace(engine=LiveEngine(), pid=1), name="Live.xlsx")

    def range(self, first: Any, second: Any = None) -> LiveRange:
        (row1, column1), (row2, column2) = [
            (corner.row, corner.column) if isinstance(corner, LiveRange) else corner
            for corner in (first, first if second is None else second)
        ]
        return LiveRange(self, row1, column1, row2 - row1 + 1, column2 - column1 + 1)


@pytest.fixture
def live() -> LiveSheet:
    return LiveSheet()


@pytest.fixture
def corner(live: LiveSheet) -> xw.Range:
    return xw.Range(impl=LiveRange(live, 1, 1, 1, 1))


def column(sheet: LiveSheet, number: int, count: int) -> list[Any]:
    return [sheet.values.get((row, number)) for row in range(1, count + 1)]


# --- rectangles, on every engine ---


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Callable[[], xw.Sheet]]:
    """A sheet of a closed workbook with the merged cells G1:H1."""
    book = xlsxwriter.Workbook(tmp_path / "Book.xlsx")
    book.add_worksheet("Closed").merge_range("G1:H1", "Merged")
    book.close()
    opened = open_book(tmp_path / "Book.xlsx")
    yield lambda: opened.sheets["Closed"]
    opened.close()


@pytest.fixture(params=["closed file", "live Excel"])
def sheet(request: pytest.FixtureRequest, live: LiveSheet, closed: Callable[[], xw.Sheet]) -> xw.Sheet:
    return closed() if request.param == "closed file" else xw.Sheet(impl=live)


def block(sheet: xw.Sheet, rows: int, columns: int) -> xw.Range:
    """The range from B2 on."""
    return sheet.range((2, 2), (1 + rows, 1 + columns))


def test_every_cell_holds_what_was_given(sheet: xw.Sheet) -> None:
    rows = [*([text, 1.5] for text in RETYPED + PLAIN), [dt.datetime(2027, 3, 1, 12), True], [None, -2.0]]
    write_block(block(sheet, 1, 1), rows)
    assert read_block(block(sheet, len(rows), 2)) == rows
    assert read_formulas(block(sheet, 1, 1)) == [["00123"]]


def test_formulas_among_texts_and_numbers(sheet: xw.Sheet) -> None:
    write_block(block(sheet, 1, 1), [["=x", Formula("=B9"), 1.0], [Formula('=B9&"x"'), None, "y"]])
    assert read_formulas(block(sheet, 2, 2)) == [["=x", "=B9"], ['=B9&"x"', ""]]
    assert read_block(block(sheet, 1, 1)) == [["=x"]]


def test_blanks_clear_and_short_rows_are_filled_up_with_them(sheet: xw.Sheet) -> None:
    write_block(block(sheet, 1, 1), [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]])
    write_block(block(sheet, 1, 1), [[None, "b", float("nan")], [], ["G"]])
    assert read_block(block(sheet, 3, 3)) == [[None, "b", None], [None] * 3, ["G", None, None]]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 3), (3, 1), (2, 2)])
def test_what_is_read_is_always_rows(sheet: xw.Sheet, rows: int, columns: int) -> None:
    write_block(block(sheet, 1, 1), [[1.0] * columns] * rows)
    assert read_block(block(sheet, rows, columns)) == [[1.0] * columns] * rows
    assert [len(row) for row in read_formulas(block(sheet, rows, columns))] == [columns] * rows


def test_blocks_of_many_slices_arrive_whole(sheet: xw.Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "CELLS_PER_WRITE", 7)
    monkeypatch.setattr(blocks, "CHARACTERS_PER_WRITE", 12)
    rows = [[f"text {row}", float(row), None] for row in range(23)]
    write_block(block(sheet, 1, 1), rows)
    assert read_block(block(sheet, 23, 3)) == rows


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x" * 32_768, "C3: text of 32,768 characters, where Excel allows 32,767; shorten it."),
        ("😀" * 16_384, "C3: text of 32,768 characters, where Excel allows 32,767; shorten it."),
        (Formula("=" + "1+" * 4_096), "C3: formula of 8,193 characters, where Excel allows 8,192; shorten it."),
    ],
)
def test_what_is_too_long_for_a_cell_is_refused_before_anything_is_written(
    sheet: xw.Sheet, value: str, message: str
) -> None:
    with pytest.raises(WorkbookError) as refused:
        write_block(block(sheet, 1, 1), [["a", "b"], ["c", value]])
    assert str(refused.value) == f"{sheet.name}!{message}"
    assert read_block(block(sheet, 2, 2)) == [[None, None], [None, None]]


def test_nothing_to_write_is_nothing(sheet: xw.Sheet, live: LiveSheet) -> None:
    write_block(block(sheet, 1, 1), [])
    write_block(block(sheet, 1, 1), [[]])
    assert live.calls == []
    assert read_block(block(sheet, 1, 1)) == [[None]]


# --- merged and filtered cells ---


@pytest.mark.parametrize("merged", [None, True])
def test_merged_cells_are_refused(live: LiveSheet, corner: xw.Range, merged: bool | None) -> None:
    live.merged = merged
    with pytest.raises(WorkbookError, match=r"^Live!A1:B1 holds merged cells, which swallow values; unmerge them"):
        write_block(corner, [[1, 2]])
    assert live.calls == []


def test_merged_cells_of_a_closed_file_are_refused_and_their_first_cell_takes_a_value(
    closed: Callable[[], xw.Sheet],
) -> None:
    sheet = closed()
    with pytest.raises(WorkbookError, match=r"^Closed!F1:G1 holds merged cells"):
        write_block(sheet["F1"], [["a", "b"]])
    write_block(sheet["G1"], [["new"]])
    write_block(sheet["F2"], [["a", "b", "c"]])
    assert read_block(sheet["F1:H2"]) == [[None, "new", None], ["a", "b", "c"]]


def test_a_filtered_sheet_is_refused(live: LiveSheet, corner: xw.Range) -> None:
    live.api.FilterMode = True
    with pytest.raises(WorkbookError, match=r"^Sheet Live is filtered, and hidden rows would swallow values; clear"):
        write_block(corner, [[1]])
    assert live.calls == []


@pytest.mark.parametrize(("filter_", "refused"), [(None, False), (False, False), (True, True)])
def test_a_filtered_table_is_refused(live: LiveSheet, corner: xw.Range, filter_: bool | None, refused: bool) -> None:
    auto_filter = None if filter_ is None else SimpleNamespace(FilterMode=filter_)
    live.tables = [SimpleNamespace(api=SimpleNamespace(AutoFilter=auto_filter))]
    if refused:
        with pytest.raises(WorkbookError, match="Sheet Live is filtered"):
            write_block(corner, [[1]])
    else:
        write_block(corner, [[1]])
    assert live.calls == ([] if refused else [(1, 1)])


# --- what only live Excel has ---


def test_large_blocks_go_in_slices_of_whole_rows(live: LiveSheet, corner: xw.Range) -> None:
    write_block(corner, [[float(row)] * 30 for row in range(12_000)])
    assert live.calls == [(6_666, 30), (5_334, 30)]
    assert column(live, 30, 12_000) == [float(row) for row in range(12_000)]


def test_long_texts_make_smaller_slices(live: LiveSheet, corner: xw.Range) -> None:
    write_block(corner, [["x" * 30_000] for _ in range(150)])
    assert live.calls == [(66, 1), (66, 1), (18, 1)]


def test_codes_of_errors_and_currency_are_read_as_text_and_numbers(live: LiveSheet, corner: xw.Range) -> None:
    codes = [CODE_OF_NA, -2146826243, -2146826238, -2146826281]
    live.values = dict(zip([(1, n) for n in range(1, 7)], [*codes, decimal.Decimal("1.25"), 5], strict=True))
    assert read_block(corner.resize(1, 6)) == [["#N/A", "#SPILL!", "#CALC!", "#DIV/0!", 1.25, 5.0]]
    assert {type(value) for value in read_block(corner.resize(1, 6))[0]} == {str, float}


@pytest.mark.parametrize(
    ("shape", "found", "rows"),
    [
        ((1, 1), None, [[""]]),
        ((1, 2), ["=A1", None], [["=A1", ""]]),
        ((2, 1), ("=A1", 5), [["=A1"], ["5"]]),
        ((2, 2), (("a", "b"), (None, "=c")), [["a", "b"], ["", "=c"]]),
    ],
)
def test_formulas_are_rows_however_an_engine_hands_them_over(shape: Any, found: Any, rows: list[list[str]]) -> None:
    assert read_formulas(SimpleNamespace(formula=found, shape=shape)) == rows
