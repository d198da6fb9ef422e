"""What planners typed over the forecast is theirs: runs, other orders of rows and columns and other headers keep it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from companies import company, raw_company

from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.write_plan import write_plan
from sop_addin.planning.cycle import run_cycle

FEBRUARY = pd.Timestamp(2027, 2, 1)
ITEMS = {
    "Item": ["P1", "V1"], "Region": [None, "South"], "Period": ["2027-02", "2027-03"], "Quantity": [123, 45],
    "Reason": ["'=fair", "new shop"], "Owner": ["Ann", "Bob"],
}  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    tables = {"tblItemOverrides": ITEMS}
    return recalculate_bytes(workbook_bytes(raw_company(**tables), company(**tables)))


@pytest.fixture
def book(template: bytes, tmp_path: Path) -> Any:
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    book = open_book(path)
    yield book
    book.close()


def run(book: Any) -> Any:
    plan = run_cycle(read_tables(book))
    assert not plan.findings.errors, [str(finding) for finding in plan.findings.errors]
    write_plan(book, plan)
    book.app.calculate()
    return plan


def item_overrides(book: Any) -> Any:
    return next(table for table in book.sheets["Events"].tables if table.name == "tblItemOverrides")


def typed(book: Any) -> list[dict[str, Any]]:
    """Rows of tblItemOverrides by header, in the order of items."""
    table = item_overrides(book)
    headers = table.header_row_range.options(ndim=1).value
    rows = [dict(zip(headers, row, strict=True)) for row in table.data_body_range.options(ndim=2).value]
    return sorted(rows, key=lambda row: row["Item"])


def test_item_overrides_survive_every_run_and_are_obeyed(book):
    before = typed(book)
    for _ in range(2):
        plan = run(book)
        assert typed(book) == before
        items = plan.item_plan.set_index(["Item", "Period"])["Demand"]
        assert items["P1", FEBRUARY] == pytest.approx(123)


def test_they_survive_with_rows_and_columns_in_another_order(book):
    first = run(book).tables.sales_plan
    table = item_overrides(book)
    area = table.range
    cells = area.options(ndim=2).value
    mixed = [list(reversed(row)) for row in [cells[0], *reversed(cells[1:])]]
    area.number_format = "General"
    area.value = mixed
    again = run(book)
    pd.testing.assert_frame_equal(again.tables.sales_plan, first)
    assert [row["Quantity"] for row in typed(book)] == [123, 45]


def test_family_overrides_survive_a_sales_plan_sorted_by_the_planner(book):
    area = book.names["SalesPlan"].refers_to_range
    rows = area.options(ndim=2).value
    measure, month = rows[0].index("Measure"), rows[0].index("2027-02")
    line = next(n for n, row in enumerate(rows) if row[0] == "Pumps" and row[measure] == "Override")
    area[line, month].value = 777
    reason = next(n for n, row in enumerate(rows) if row[0] == "Pumps" and row[measure] == "Override reason")
    area[reason, month].value = "tender"
    body = area.options(ndim=2).value[1:]
    area.sheet.range((area.row + 1, area.column)).value = [list(row) for row in reversed(body)]
    run(book)
    plan = read_tables(book).sales_plan.set_index(["Family", "Period"])
    assert plan.loc[("Pumps", FEBRUARY), "Override"] == 777
    assert plan.loc[("Pumps", FEBRUARY), "Override reason"] == "tender"
    assert plan["Override"].notna().sum() == 1


def test_family_overrides_survive_months_that_became_dates(book):
    area = book.names["SalesPlan"].refers_to_range
    headers = area.options(ndim=2).value[0]
    rows = area.options(ndim=2).value
    month = headers.index("2027-02")
    line = next(n for n, row in enumerate(rows) if row[0] == "Pumps" and row[headers.index("Measure")] == "Override")
    area[line, month].value = 777
    area[0, month].value = dt.datetime(2027, 2, 1)
    for _ in range(2):
        plan = run(book)
        assert plan.tables.sales_plan.set_index(["Family", "Period"]).loc[("Pumps", FEBRUARY), "Override"] == 777
        kept = read_tables(book).sales_plan
        assert kept.set_index(["Family", "Period"]).loc[("Pumps", FEBRUARY), "Override"] == 777


def test_a_header_that_was_renamed_stops_the_run_and_says_which(book):
    table = item_overrides(book)
    headers = table.header_row_range
    at = headers.options(ndim=1).value.index("Quantity")
    headers[0, at].value = "Quantities"
    plan = run_cycle(read_tables(book))
    assert plan.steps == ()
    (finding,) = [one for one in plan.findings.errors if one.rule == "column_missing"]
    assert "the column 'Quantity' is missing (did you mean 'Quantities'?)" in finding.message


def test_what_events_bring_is_written_beside_them(book):
    plan = run(book)
    table = next(table for table in book.sheets["Events"].tables if table.name == "tblEventEffects")
    rows = [row for row in table.data_body_range.options(ndim=2).value if row[0]]
    assert len(rows) == len(plan.event_effects)
