"""Trend lines and actuals left of the plan grids: right after building, and after the grid was laid out again."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
from companies import company, raw_company
from laid_out_again import new_family, run, set_rows

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.layout import GRID_ROW, PAST_MEASURES, PAST_PERIODS
from sop_addin.excel.past_columns import follow_rows
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.undo import undo_last_run
from sop_addin.model.schema import GRID_BY_NAME

TOP = GRID_ROW["SalesPlan"]
ACTUALS = {("Pumps", "2026-11"): 80.0, ("Pumps", "2026-12"): 90.0, ("Valves", "2026-12"): 30.0}


@pytest.fixture(scope="module")
def template() -> bytes:
    return workbook_bytes(raw_company(), company())


@pytest.fixture
def path(template, tmp_path) -> Path:
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    with open_book(path) as book:
        set_rows(book, "tblStock", {
            "Family": [family for family, _ in ACTUALS],
            "Period": [dt.datetime.fromisoformat(f"{period}-01") for _, period in ACTUALS],
            "Sales": list(ACTUALS.values()), "Production": [value + 1 for value in ACTUALS.values()],
            "Stock": [value + 2 for value in ACTUALS.values()],
        })  # fmt: skip
        run(book)
        book.save(path)
    return path


def actuals(path: Path, sheet: str) -> dict[tuple[str, str, str], object]:
    """(family, measure, header) of each figure that shows left of the grid."""
    cells = openpyxl.load_workbook(path, data_only=True)[sheet]
    headers = [cell.value for cell in cells[TOP]]
    keys = [headers.index(name) + 1 for name in ("Family", "Measure")]
    found = {}
    for row in range(TOP + 1, cells.max_row + 1):
        family, measure = (cells.cell(row, column).value for column in keys)
        for column in range(2, PAST_PERIODS + 2):
            value = cells.cell(row, column).value
            if value not in (None, ""):
                found[family, measure, cells.cell(TOP, column).value.strftime("%Y-%m")] = value
    return found


def trends(path: Path, sheet: str) -> dict[str, str]:
    """Range of the trend line in each cell."""
    book = openpyxl.load_workbook(path)
    with zipfile.ZipFile(path) as package:
        text = package.read(f"xl/worksheets/sheet{book.sheetnames.index(sheet) + 1}.xml").decode()
    pairs = re.findall(r"<xm:f>([^<]*)</xm:f><xm:sqref>([A-Z]+\d+)</xm:sqref></x14:sparkline>", text)
    return {cell: area for area, cell in pairs}


def rows_of(path: Path, sheet: str, measure: str) -> list[int]:
    cells = openpyxl.load_workbook(path)[sheet]
    column = [cell.value for cell in cells[TOP]].index("Measure") + 1
    return [row for row in range(TOP + 1, cells.max_row + 1) if cells.cell(row, column).value == measure]


@pytest.mark.libreoffice
@pytest.mark.parametrize("name", PAST_MEASURES)
def test_each_family_shows_its_last_actuals_and_a_trend_line_over_the_plan(path, name, libreoffice, tmp_path):
    sheet, (measure, actual) = GRID_BY_NAME[name].sheet, PAST_MEASURES[name]
    more = {"Sales": 0, "Production": 1, "Stock": 2}[actual]
    assert actuals(libreoffice.recalculated(path, tmp_path / "again"), sheet) == {
        (family, measure, period): value + more for (family, period), value in ACTUALS.items()
    }
    cells = openpyxl.load_workbook(path)[sheet]
    periods = [cell.column_letter for cell in cells[TOP] if re.fullmatch(r"\d{4}-\d\d", str(cell.value))]
    rows = rows_of(path, sheet, measure)
    assert len(rows) == 2
    assert trends(path, sheet) == {f"A{row}": f"'{sheet}'!{periods[0]}{row}:{periods[-1]}{row}" for row in rows}


@pytest.mark.libreoffice
def test_they_follow_a_new_family_and_another_horizon_and_come_back_with_undo(path, libreoffice, tmp_path):
    before = trends(path, "Sales Plan")
    with open_book(path) as book:
        new_family(book)
        set_horizon(book, 9)
        run(book)
        book.save(path)
    rows = rows_of(path, "Sales Plan", "Consensus demand")
    assert len(rows) == 3
    after = trends(path, "Sales Plan")
    assert set(after) == {f"A{row}" for row in rows}
    width = {len(openpyxl.load_workbook(path)["Sales Plan"][area.split("!")[1]][0]) for area in after.values()}
    assert width == {9}
    assert actuals(libreoffice.recalculated(path, tmp_path / "again"), "Sales Plan") == {
        (family, "Consensus demand", period): value for (family, period), value in ACTUALS.items()
    }
    with open_book(path) as book:
        undo_last_run(book)
        book.save(path)
    assert trends(path, "Sales Plan") == before
    assert len(actuals(libreoffice.recalculated(path, tmp_path / "undone"), "Sales Plan")) == len(ACTUALS)


def set_horizon(book, periods: int) -> None:
    table = next(table for sheet in book.sheets for table in sheet.tables if table.name == "tblSettings")
    names = [row[0] for row in table.data_body_range.options(ndim=2).value]
    table.data_body_range[names.index("Horizon"), 1].value = periods


def test_what_a_planner_typed_beside_the_actuals_stays(path):
    with open_book(path) as book:
        book.sheets["Sales Plan"].range((TOP + 1, 3)).value = "Ask Ann"
        new_family(book)
        run(book)
        book.save(path)
    assert openpyxl.load_workbook(path)["Sales Plan"].cell(TOP + 1, 3).value == "Ask Ann"


def test_excel_draws_all_trend_lines_anew_in_two_calls():
    calls = []

    class Groups:
        Count = 2

        def Clear(self):
            calls.append("Clear")

        def Add(self, kind, source):
            calls.append((kind, source))

    class Cells:
        """A range of Excel's that holds no formulas."""

        def __init__(self, first, last=None):
            self.shape = (last[0] - first[0] + 1, last[1] - first[1] + 1) if last else (1, 1)
            self.formula = tuple(("",) * self.shape[1] for _ in range(self.shape[0]))
            self.api = SimpleNamespace(SparklineGroups=Groups())

    sheet = SimpleNamespace(name="Sales Plan", impl=SimpleNamespace(), range=Cells)
    area = SimpleNamespace(sheet=sheet, row=14, column=5, shape=(21, 10))
    keys = [(("Pumps",), "Consensus demand")] * 30
    follow_rows(area, "SalesPlan", {"2027-01": 4, "2027-06": 9}, keys)
    assert calls == ["Clear", (2, "I15:N44")]
