"""CSV folders: what is accepted, what is refused with a sentence, and that export and reading undo each other."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.excel.csv_files import read_csv_folder, read_csv_tables, write_csv_folder
from sop_addin.excel.read_tables import read_tables
from sop_addin.model.calendar import period_label, period_range
from sop_addin.model.errors import InputError, WorkbookError
from sop_addin.model.schema import GRID_BY_NAME, INPUT_TABLES, NUMERIC, TABLES, Column
from sop_addin.model.tables import Tables

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """``folder(tblItems="Item,Family\\n...")`` writes the files and gives the folder."""

    def make(**files: str | bytes) -> Path:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / f"{name}.csv").write_bytes(data)
        return tmp_path

    return make


# --- what is accepted ---


def test_any_subset_of_tables_and_columns_will_do(folder: Folder) -> None:
    tables = read_csv_tables(folder(tblItems="Item,Family\n00123,Pumps\n", tblFamilies="Family,Price\nPumps,9.5\n"))
    assert tables.items["Item"].tolist() == ["00123"]  # text, not the number 123
    assert tables.families["Price"].tolist() == [9.5]
    assert tables.items.index.tolist() == [2]
    assert not tables.problems


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffItem;Family;Price\r\nP1;\"Pumps; old\";1.5\r\n",
        "Item\tFamily\tPrice\nP1\tPumps; old\t1.5\n",
        'sep=;\nItem;Family;Price\n"P1";"Pumps; old";1.5\n',
        'Item,Family,Price\n"P1","Pumps; old",1.5',
        "Item,Family,Price,,\nP1,Pumps; old,1.5,,\n,,,,\n",
    ],
    ids=["semicolons and BOM", "tabs", "hint for Excel", "commas", "empty columns and rows"],
)  # fmt: skip
def test_separators_and_quotes_are_understood(folder: Folder, content: str) -> None:
    tables = read_csv_tables(folder(tblItems=content))
    assert tables.items[["Item", "Family", "Price"]].to_numpy().tolist() == [["P1", "Pumps; old", 1.5]]
    assert not tables.problems


def test_history_and_periods_are_typed(folder: Folder) -> None:
    tables = read_csv_tables(
        folder(
            tblHistory="Item,Region,2026-11,2026-12\nP1,,3,-1\nP2,North,,0\n",
            tblReceipts="Family,Source,Period,Quantity\nPumps,Brno,2027-01,5\n",
            tblSettings="Setting,Value\nHorizon,6\nPlan start,2027-01\nWhole heads,Yes\nCompany,1984\n",
        )
    )
    assert tables.history.iloc[:, 2:].to_numpy()[0].tolist() == [3.0, -1.0]
    assert tables.receipts["Period"].tolist() == [pd.Timestamp(2027, 1, 1)]
    assert (tables.settings.horizon, tables.settings.whole_heads, tables.settings.company) == (6, True, "1984")


def test_demand_gives_overrides_plan_start_and_horizon(folder: Folder) -> None:
    demand = "Family,Period,Value\n" + "".join(f"Pumps,2027-{month:02d},100\n" for month in range(1, 7))
    tables = read_csv_tables(folder(tblDemand=demand, tblSettings="Setting,Value\nCompany,Red Tomato\nHorizon,\n"))
    assert (tables.settings.plan_start, tables.settings.horizon) == (pd.Timestamp(2027, 1, 1), 6)
    assert tables.settings.company == "Red Tomato"
    assert tables.sales_plan["Override"].tolist() == [100.0] * 6
    assert not tables.problems


def test_demand_by_week_sets_the_bucket(folder: Folder) -> None:
    tables = read_csv_tables(folder(tblDemand="Family,Period,Value\nPumps,2027-W02,1\nPumps,2027-W05,2\n"))
    assert (tables.settings.bucket, tables.settings.horizon) == ("Week", 4)
    assert tables.settings.plan_start == pd.Timestamp(2027, 1, 11)


def test_given_settings_win_over_the_demand(folder: Folder) -> None:
    tables = read_csv_tables(
        folder(
            tblDemand="Family,Period,Value\nPumps,2027-01,1\nPumps,2027-06,2\n",
            tblSettings="Setting,Value\nPlan start,2027-03\n",
        )
    )
    assert (tables.settings.plan_start, tables.settings.horizon) == (pd.Timestamp(2027, 3, 1), 4)


def test_grids_may_come_back_as_export_wrote_them(folder: Folder) -> None:
    tables = read_csv_tables(
        folder(
            SalesPlan="Family,Measure,Period,Value\nPumps,Override,2027-01,5\nPumps,Override reason,2027-01,7\n"
            "Pumps,Consensus demand,2027-01,5\n",
            ProductionPlan="Family,Source,Measure,Period,Value\nPumps,Brno,Planned,2027-01,4\n"
            "Pumps,,Fixed production,2027-01,3\nPumps,,Approved plan,2027-01,2\n",
        )
    )
    assert tables.sales_plan[["Override", "Override reason"]].to_numpy().tolist() == [[5.0, "7"]]
    assert tables.production_plan[["Fixed production", "Approved plan"]].to_numpy().tolist() == [[3.0, 2.0]]


def test_outputs_are_left_aside_and_unknown_files_named(folder: Folder) -> None:
    csv = read_csv_folder(
        folder(tblItems="Item,Family\n", tblPlan="x\n\0", CapacityPlan="", tblFamilys="Family\nPumps\n", notes="a\n")
    )
    assert set(csv.raw) == {"tblItems"}
    assert [str(problem) for problem in csv.problems] == [
        "notes.csv: the file is left aside, no table has that name; rename it if it should be read",
        "tblFamilys.csv: the file is left aside, no table has that name (did you mean 'tblFamilies'?); rename it if it "
        "should be read",
    ]


def test_findings_name_file_and_line(folder: Folder) -> None:
    content = 'Item,Family,Description,Price\nP1,Pumps,"two\nlines",5\nP2,Pumps,,"1,200"\n'
    problems = read_csv_tables(folder(tblItems=content)).problems
    assert [str(problem) for problem in problems] == [
        "tblItems.csv row 4, Price: '1,200' is text, not a number; type it as a plain number or clear the cell"
    ]


@pytest.mark.parametrize("number", ["nan", "inf", "1_000", "0x1F", "12 pcs", "1,5"])
def test_only_plain_numbers_are_numbers(folder: Folder, number: str) -> None:
    problems = read_csv_tables(folder(tblItems=f'Item,Family,Price\nP1,Pumps,"{number}"\n')).problems
    assert [problem.rule for problem in problems] == ["text_in_number_column"]


@pytest.mark.parametrize(("number", "value"), [("1e3", 1000.0), (" -2.50 ", -2.5), ("+.5", 0.5), ("7.", 7.0)])
def test_plain_numbers(folder: Folder, number: str, value: float) -> None:
    tables = read_csv_tables(folder(tblHistory=f"Item,2026-01\nP1,{number}\n"))
    assert tables.history.iloc[0, 2] == value


# --- what is refused ---

REFUSED: list[tuple[str | bytes, str]] = [
    (b"Item,Family\nP1,Pumps\nP2,Pump\xe9\n",
     "tblItems.csv line 3: byte 0xe9 is not UTF-8; save the file as 'CSV UTF-8 (comma delimited)'"),
    ("Item,Family\nP1,Pumps\n".encode("utf-16"),
     "tblItems.csv line 1: the file is UTF-16; save it as 'CSV UTF-8 (comma delimited)'"),
    (b"PK\x03\x04\n\0\0", "tblItems.csv line 2: the file is not text; save the table as 'CSV UTF-8'"),
    ("Item,Family\nP1,Pumps\nP2\n", "tblItems.csv line 3: 1 fields where the header has 2; write one field per column, "
     "and text that holds a comma in double quotes"),
    ('Item;Family\n"P\n1";Pumps\nP2;Pumps;old\n', "tblItems.csv line 4: 3 fields where the header has 2; write one "
     "field per column, and text that holds a semicolon in double quotes"),
    ('Item,Family\nP1,"Pumps\nP2,Pumps\n', "tblItems.csv line 2: the line is not CSV (unexpected end of data); check "
     "its double quotes"),
    ('Item,Family\nP1,"Pumps"x\n', "tblItems.csv line 2: the line is not CSV (',' expected after '\"'); check its "
     "double quotes"),
    ("", "tblItems.csv is empty; its first line must be the column headers"),
    ("\n\n", "tblItems.csv is empty; its first line must be the column headers"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), REFUSED)
def test_a_file_that_is_no_csv_is_refused_with_file_and_line(
    folder: Folder, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_csv_folder(folder(tblItems=content))
    assert str(caught.value) == sentence


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no table; put files such as"):
        read_csv_folder(tmp_path)
    with pytest.raises(InputError, match="is not a folder; name the folder that holds the CSV files"):
        read_csv_folder(tmp_path / "nowhere")


# --- export ---


class Thing:
    """An object with the given attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Cells:
    """What reading asks of an xlwings Range."""

    def __init__(self, sheet: Any, rows: list[list[Any]]) -> None:
        self.sheet, self.row, self.column, self.value = sheet, 5, 1, rows

    def options(self, **_: Any) -> Cells:
        return self


def book_of(tables: dict[str, list[list[Any]]], grids: dict[str, list[list[Any]]] | None = None) -> Any:
    """A stand-in of an xlwings book: rows of cells, headers first, by table and by grid."""
    sheet = Thing(name="Sheet")
    sheet.tables = [
        Thing(name=name, range=Cells(sheet, rows), header_row_range=object(), show_totals=False)
        for name, rows in tables.items()
    ]
    names = {name: Thing(refers_to="=A1", refers_to_range=Cells(sheet, rows)) for name, rows in (grids or {}).items()}
    return Thing(name="Plan.xlsm", sheets=[sheet], names=names)


def test_tables_are_written_in_full_precision(tmp_path: Path) -> None:
    rows = [
        ["Item", "Description", "Price", "Launch", "My column"],
        ["P1", "=1+1", 0.1 + 0.2, dt.datetime(2027, 3, 31), True],
        [1001.0, 'a "b", c', 1e15, None, "'=x"],
        [None, "", None, None, None],
        ["-P2", "two\nlines", -2.0, None, "'tis"],
    ]
    files = write_csv_folder(book_of({"tblItems": rows}), tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["tblItems.csv"]
    assert files[0].read_bytes().decode() == (
        "Item,Description,Price,Launch,My column\n"
        "P1,'=1+1,0.30000000000000004,2027-03-31,TRUE\n"
        '1001,"a ""b"", c",1000000000000000.0,,\'\'=x\n'
        "'-P2,\"two\nlines\",-2,,'tis\n"
    )


def test_periods_are_labels_of_the_bucket(tmp_path: Path) -> None:
    tables = {
        "tblSettings": [["Setting", "Value"], ["Bucket", "Week"], ["Plan start", dt.datetime(2027, 1, 4)]],
        "tblReceipts": [["Family", "Source", "Period", "Quantity"], ["F", "S", dt.datetime(2027, 1, 11), 1.0]],
        "tblHistory": [["Item", "Region", dt.datetime(2026, 12, 28)], ["A", None, 1.0]],
    }
    write_csv_folder(book_of(tables), tmp_path)
    assert (tmp_path / "tblSettings.csv").read_text() == "Setting,Value\nBucket,Week\nPlan start,2027-W01\n"
    assert (tmp_path / "tblReceipts.csv").read_text() == "Family,Source,Period,Quantity\nF,S,2027-W02,1\n"
    assert (tmp_path / "tblHistory.csv").read_text() == "Item,Region,2026-W53\nA,,1\n"


def test_grids_are_written_long_without_the_planners_own_rows(tmp_path: Path) -> None:
    rows = [
        ["Family", "Source", "Measure", "Unit", "Total", "2027-01", "Note", dt.datetime(2027, 2, 1)],
        ["Pumps", "Brno", "Planned", "pcs", 3.0, 1.0, "x", 2.5],
        ["Pumps", None, "Change", "pcs", None, None, None, 1.5],
        ["My row", None, "Something", None, None, 1.0, None, 1.0],
    ]
    write_csv_folder(book_of({"tblItems": [["Item"]]}, {"ProductionPlan": rows}), tmp_path)
    assert (tmp_path / "ProductionPlan.csv").read_text() == (
        "Family,Source,Measure,Period,Value\n"
        "Pumps,Brno,Planned,2027-01,1\n"
        "Pumps,Brno,Planned,2027-02,2.5\n"
        "Pumps,,Change,2027-02,1.5\n"
    )


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbookError, match=r"file cannot be written .*; choose another folder"):
        write_csv_folder(book_of({"tblItems": [["Item"]]}), tmp_path / "file")


# --- export -> read gives equal Tables ---

MONTHS = period_range(pd.Timestamp(2025, 1, 1), 24)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
TRICKY = st.sampled_from(["=1+1", "+49 30", "-P2", "@home", "'=x", "''", "'tis", "a,b", 'say "no"', "x\r\ny", "00123",
                          "TRUE", "nan", "#N/A", " padded ", "1e5", "Ä;ö"])  # fmt: skip
ANY_TEXT = st.one_of(TEXT, TRICKY)
NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)
DAYS = st.datetimes(dt.datetime(1995, 1, 1), dt.datetime(2100, 1, 1)).map(lambda day: day.replace(microsecond=0))


def cell_of(column: Column) -> st.SearchStrategy[Any]:
    """Cells that an engine may give for a column."""
    if column.kind in NUMERIC:
        values: st.SearchStrategy[Any] = NUMBERS.map(round).map(float) if column.kind == "integer" else NUMBERS
    elif column.kind == "period":
        values = st.sampled_from(MONTHS).flatmap(lambda day: st.sampled_from([day.to_pydatetime(), period_label(day)]))
    elif column.kind == "date":
        values = DAYS
    elif column.kind == "choice":
        values = st.sampled_from(column.choices)
    else:
        values = st.one_of(ANY_TEXT, NUMBERS, st.booleans(), DAYS)
    return st.one_of(st.none(), values)


SETTING_ROWS = [
    ["Company", "=x"], ["Horizon", 7.0], ["Bucket", "Month"], ["Whole heads", True], ["Service level", 0.1 + 0.2],
    ["Plan start", dt.datetime(2027, 1, 1)],
]  # fmt: skip


@st.composite
def books(draw: st.DrawFn) -> Any:
    tables: dict[str, list[list[Any]]] = {}
    for table in draw(st.lists(st.sampled_from([*INPUT_TABLES, TABLES["tblForecast"]]), min_size=1, max_size=4)):
        headers: list[Any] = list(table.headers)
        cells = [cell_of(column) for column in table.columns]
        if table.name == "tblSettings":
            setting = st.sampled_from(SETTING_ROWS)
            tables[table.name] = [["Setting", "Value"], *draw(st.lists(setting, max_size=3))]
            continue
        if table.period_columns:
            headers += draw(st.sampled_from([MONTHS[:3], [period_label(month) for month in MONTHS]]))
            cells += [st.one_of(st.none(), NUMBERS)] * (len(headers) - len(cells))
        tables[table.name] = [headers, *draw(st.lists(st.tuples(*cells).map(list), max_size=3))]
    families = draw(st.lists(ANY_TEXT, min_size=1, max_size=2))
    grids = {
        "SalesPlan": [
            ["Family", "Measure", "Unit", "Total", *[period_label(month) for month in MONTHS[:2]]],
            *[[family, measure.name, None, None, *draw(st.tuples(value, value))]
              for family in families for measure in GRID_BY_NAME["SalesPlan"].measures
              for value in [st.one_of(st.none(), ANY_TEXT if measure.text else NUMBERS)]],
        ],
        "ProductionPlan": [
            ["Family", "Source", "Measure", "Unit", "Total", MONTHS[0].to_pydatetime()],
            [families[0], None, "Fixed production", None, None, draw(NUMBERS)],
        ],
    }  # fmt: skip
    return book_of({"tblItems": [["Item"]], **tables}, grids)


def assert_same(one: Tables, other: Tables) -> None:
    for each in fields(Tables):
        left, right = getattr(one, each.name), getattr(other, each.name)
        if isinstance(left, pd.DataFrame):
            pd.testing.assert_frame_equal(left.reset_index(drop=True), right.reset_index(drop=True), check_exact=True)
    assert one.settings == other.settings


@given(books())
@settings(max_examples=40, deadline=None)
def test_what_is_exported_is_read_back_unchanged(book: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_csv_folder(book, folder)
        assert_same(read_tables(book), read_csv_tables(folder))
