"""Reading a workbook: through the closed-file engine on real files, and through a counted stand-in of live Excel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.grids import column_letter
from sop_addin.excel.read_tables import read_grids_raw, read_raw, read_tables
from sop_addin.model.errors import WorkbookError
from sop_addin.model.schema import GRIDS, INPUT_TABLES, NEWER_TABLES, TABLES

GRID_HEADERS = {grid.name: [*grid.lead_headers, "2027-01", "2027-02"] for grid in GRIDS}


class Workbook:
    """Writes a small S&OP workbook; every table on its sheet from A5 on, unless it was put elsewhere."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tables: dict[str, list[list[Any]]] = {
            table.name: [list(table.headers), [None] * len(table.columns)]
            for table in TABLES.values()
            if table.role == "input" or table.name in NEWER_TABLES
        }
        self.grids: dict[str, list[list[Any]]] = {name: [headers] for name, headers in GRID_HEADERS.items()}
        self.anchors: dict[str, tuple[str, int, int]] = {}
        self.options: dict[str, dict[str, Any]] = {}
        self.tables["tblFamilies"][1][0] = "Pumps"

    def write(self) -> Path:
        """Row and column of an anchor count from 0."""
        book = xlsxwriter.Workbook(str(self.path), {"default_date_format": "yyyy-mm-dd", "nan_inf_to_errors": True})
        for name, rows in self.tables.items():
            sheet_name, row, column = self.anchors.get(name, (name, 4, 0))
            sheet = book.get_worksheet_by_name(sheet_name) or book.add_worksheet(sheet_name)
            columns = [{"header": str(header)} for header in rows[0]]
            sheet.add_table(
                row, column, row + len(rows) - 1, column + len(rows[0]) - 1,
                {"name": name, "columns": columns, **self.options.get(name, {})},
            )  # fmt: skip
            for offset, cells in enumerate(rows[1:], 1):
                for position, cell in enumerate(cells):
                    self._cell(sheet, row + offset, column + position, cell)
        for name, rows in self.grids.items():
            sheet = book.add_worksheet(name)
            for offset, cells in enumerate(rows):
                for position, cell in enumerate(cells):
                    self._cell(sheet, 4 + offset, position, cell)
            last = f"${column_letter(len(rows[0]))}${4 + len(rows)}"
            book.define_name(name, f"='{name}'!$A$5:{last}")
        book.close()
        return self.path

    @staticmethod
    def _cell(sheet: Any, row: int, column: int, cell: object) -> None:
        if isinstance(cell, str) and cell.startswith("#"):
            sheet.write_formula(row, column, "=NA()", None, cell)
        elif isinstance(cell, str):
            sheet.write_string(row, column, cell)
        elif cell is not None:
            sheet.write(row, column, cell)


@pytest.fixture
def workbook(tmp_path: Path) -> Workbook:
    return Workbook(tmp_path / "Plan.xlsx")


@pytest.fixture
def opened(workbook: Workbook) -> Iterator[Any]:
    books = []

    def open_it() -> Any:
        books.append(open_book(workbook.write()))
        return books[-1]

    yield open_it
    for book in books:
        book.close()


def test_a_well_formed_workbook_has_no_problems(opened: Any) -> None:
    tables = read_tables(opened())
    assert [str(problem) for problem in tables.problems] == []
    assert tables.family_names == ["Pumps"]


def test_tables_are_found_wherever_the_planner_moved_them(workbook: Workbook, opened: Any) -> None:
    workbook.tables["tblItems"] += [["P1", None, "Pumps"] + [None] * 13]
    workbook.anchors["tblItems"] = ("My data", 9, 27)
    tables = read_tables(opened())
    assert tables.items[["Item", "Family"]].to_numpy().tolist() == [["P1", "Pumps"]]
    assert tables.places["tblItems"].cell("Item", int(tables.items.index[0])) == "'My data'!AB12"


def test_dates_errors_and_booleans_arrive_as_they_are(workbook: Workbook, opened: Any) -> None:
    workbook.tables["tblFamilies"][1][6] = "#N/A"  # Price
    workbook.tables["tblReceipts"][1] = ["Pumps", "Brno", dt.datetime(2027, 2, 1), True]
    workbook.tables["tblReceipts"] += [["Pumps", "Brno", "2027-03", 5.0]]
    tables = read_tables(opened())
    assert tables.receipts["Period"].tolist() == [pd.Timestamp(2027, 2, 1), pd.Timestamp(2027, 3, 1)]
    assert [f"{problem}" for problem in tables.problems] == [
        "Families row 6, Price: #N/A is an Excel error; correct the formula or clear the cell [tblFamilies!G6]",
        "Receipts row 6, Quantity: TRUE is not a number; type a number or clear the cell [tblReceipts!D6]",
    ]


def test_a_total_row_is_not_data(workbook: Workbook, opened: Any) -> None:
    workbook.tables["tblFamilies"] += [["Total", None] + [None] * 17]
    workbook.options["tblFamilies"] = {"total_row": True}
    assert read_tables(opened()).family_names == ["Pumps"]


def test_grids_are_read_through_their_names(workbook: Workbook, opened: Any) -> None:
    workbook.grids["SalesPlan"] += [
        ["Pumps", "Override", "pcs", 7.0, 3.0, 4.0],
        ["Pumps", "Override reason", None, None, "tender", None],
    ]
    workbook.grids["ProductionPlan"] += [["Pumps", "", "Fixed production", "pcs", None, None, 9.0]]
    tables = read_tables(opened())
    assert tables.sales_plan[["Override", "Override reason"]].to_numpy().tolist() == [[3.0, "tender"], [4.0, ""]]
    assert tables.production_plan["Fixed production"].tolist() == [9.0]


def test_a_missing_table_and_grid_are_named_with_what_was_probably_meant(workbook: Workbook, opened: Any) -> None:
    workbook.tables["tblSource"] = workbook.tables.pop("tblSources")
    del workbook.grids["SalesPlan"]
    problems = [str(problem) for problem in read_tables(opened()).problems]
    assert problems == [
        "Sources: the table tblSources is missing from the workbook (did you mean 'tblSource' on sheet tblSource?); "
        "name it tblSources again",
        "SalesPlan: the name SalesPlan does not point to the plan on sheet Sales Plan; define it again over headers "
        "and rows (Formulas > Name Manager)",
    ]


def test_a_workbook_without_our_tables_is_no_sop_workbook(workbook: Workbook, opened: Any) -> None:
    workbook.tables, workbook.grids = {"Sales": [["A"], [1.0]]}, {}
    with pytest.raises(WorkbookError) as caught:
        read_tables(opened())
    assert str(caught.value) == (
        "Plan.xlsx is not an S&OP workbook: table tblItems is missing; make one with `sop-addin new`"
    )


def test_a_header_row_that_is_switched_off_is_said(workbook: Workbook, opened: Any) -> None:
    workbook.options["tblItems"] = {"header_row": False}
    with pytest.raises(WorkbookError, match="the header row of table tblItems is switched off; switch it on again"):
        read_tables(opened())


def test_raw_tables_hold_cells_as_they_stand_outputs_too(workbook: Workbook, opened: Any) -> None:
    workbook.tables["tblResult"] = [["Measure", "Value"], ["Status", "Optimal"], ["Gap", 0.25]]
    workbook.tables["Mine"] = [["A"], ["not read"]]
    raw = read_raw(opened())
    assert raw["tblResult"].frame.to_numpy().tolist() == [["Status", "Optimal"], ["Gap", 0.25]]
    assert raw["tblResult"].frame.index.tolist() == [6, 7]
    assert raw["Mine"].frame.empty
    assert set(raw) - {"Mine"} <= set(TABLES)


def test_all_grids_are_read_for_export(opened: Any) -> None:
    grids = read_grids_raw(opened())
    assert {name: list(grid.frame.columns) for name, grid in grids.items()} == GRID_HEADERS


# --- live Excel, as far as it can be imitated ---


class CountedRange:
    """What reading asks of an xlwings Range; counts every time values are fetched."""

    fetched = 0

    def __init__(self, sheet: Any, row: int, column: int, rows: list[list[Any]]) -> None:
        self.sheet, self.row, self.column, self._rows = sheet, row, column, rows

    def options(self, *, ndim: int, err_to_str: bool) -> CountedRange:
        assert (ndim, err_to_str) == (2, True)  # codes such as -2146826246 come as '#N/A'
        return self

    @property
    def value(self) -> list[list[Any]]:
        CountedRange.fetched += 1
        return self._rows


class Thing:
    """An object with the given attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def live_book(rows: int) -> Any:
    """A book with all inputs, ``rows`` rows in each table."""
    sheet = Thing(name="Sheet")
    sheet.tables = [
        Thing(
            name=table.name,
            range=CountedRange(sheet, 5, 1, [list(table.headers)] + [["x"] * len(table.columns)] * rows),
            header_row_range=object(),
            show_totals=False,
        )
        for table in INPUT_TABLES
    ]
    names = {
        name: Thing(refers_to="=Sheet!A5", refers_to_range=CountedRange(sheet, 5, 1, [headers]))
        for name, headers in GRID_HEADERS.items()
    }
    return Thing(name="Live.xlsm", sheets=[sheet], names=names)


def test_the_number_of_reads_does_not_depend_on_the_number_of_rows() -> None:
    counts = []
    for rows in (1, 200):
        CountedRange.fetched = 0
        read_tables(live_book(rows))
        counts.append(CountedRange.fetched)
    assert counts == [len(INPUT_TABLES) + 2] * 2


@pytest.mark.parametrize(("column", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")])
def test_column_letter(column: int, letters: str) -> None:
    assert column_letter(column) == letters
