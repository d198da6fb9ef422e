"""A year of planning in one workbook: run, publish, type actuals, roll forward; twelve times."""

from __future__ import annotations

import pandas as pd
import pytest
from companies import company, raw_company
from test_macros import own_folder, tables_of  # noqa: F401 - the fixture keeps reports away from the user's own

from sop_addin import macros
from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.import_write import put_cells
from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.write_plan import write_plan
from sop_addin.excel.write_roll import write_roll
from sop_addin.excel.write_version import write_versions
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.publish import publish_now
from sop_addin.planning.roll import roll_forward

MONTHS = [pd.Timestamp(year=2027 + month // 12, month=month % 12 + 1, day=1) for month in range(18)]
TYPED = {"2027-02": 151.0, "2027-09": 152.0, "2028-03": 153.0}


def write_actuals(book, month: pd.Timestamp, number: int) -> None:
    values = {
        (family, month, column): quantity + number
        for family, sold in (("Pumps", 190.0), ("Valves", 80.0))
        for column, quantity in (("Sales", sold), ("Production", sold), ("Stock", 60.0))
    }
    put_cells(book, "tblStock", ("Family", "Period"), {}, values, "Month")


def one_more_cycle(book, month: pd.Timestamp, number: int) -> None:
    """What the buttons do, without what they keep for Undo."""
    plan = run_cycle(read_tables(book), ("balance",))
    write_plan(book, plan)
    published = publish_now(read_tables(book), {"tblPlan": plan.plan_table, "tblKpis": plan.kpis}, "Ann")
    write_versions(book, published, "")
    write_actuals(book, month, number)
    rolled = roll_forward(read_tables(book))
    assert not rolled.findings.warnings
    write_roll(book, rolled, "Month")


def test_twelve_cycles_lose_nothing_and_stay_small(tmp_path, monkeypatch):
    settings = {
        "Setting": ["Plan start", "Horizon", "Frozen periods", "Forecast effort"],
        "Value": ["2027-01", 15, 1, "Quick"],
    }
    demand = {"Family": ["Pumps"] * 3, "Period": list(TYPED), "Value": list(TYPED.values())}
    events = {"Event": ["Fair"], "Family": ["Valves"], "From": ["2027-10"], "To": ["2027-10"], "Uplift units": [7]}
    given = {"tblSettings": settings, "tblEvents": events}
    path = tmp_path / "Year.xlsm"
    path.write_bytes(recalculate_bytes(workbook_bytes(raw_company(**given), company(demand=demand, **given))))
    book = open_book(path)
    book.set_mock_caller()
    said: list[str] = []
    monkeypatch.setattr("xlwings.App.alert", lambda self, text, title, mode=None: said.append(text))
    sheet = book.sheets["Sales Plan"]
    sheet["A200"].value = "a note of the planner's own"
    for number, month in enumerate(MONTHS[:12]):
        if number:
            one_more_cycle(book, month, number)
        else:
            macros.run_all()
            macros.publish()
            write_actuals(book, month, number)
            macros.roll_forward()
            assert said[-1] == "Rolled forward: the plan now starts in 2027-02. Press Run all steps next."
        overrides = read_tables(book).sales_plan.set_index(["Family", "Period"])["Override"].dropna()
        later = {period: value for period, value in TYPED.items() if pd.Timestamp(period) > month}
        assert overrides["Pumps"].to_dict() == {pd.Timestamp(period): value for period, value in later.items()}
    book.save()
    book.close()

    book = open_book(path)
    tables = read_tables(book)
    assert [one.name for one in tables.versions] == [f"{month:%Y-%m}" for month in MONTHS[:12]]
    of_versions = pd.concat([one.families[one.families["Period"] == one.plan_start] for one in tables.versions])
    kept = of_versions.set_index(["Family", "Period"])["Override"].dropna()
    assert kept.to_dict() == {("Pumps", pd.Timestamp(period)): value for period, value in list(TYPED.items())[:2]}
    assert tables.settings.plan_start == MONTHS[12]
    assert tables.history[MONTHS[:12]].notna().all(axis=None)
    by_item = tables.history.set_index("Item")[MONTHS[3]]
    assert by_item["P1"] + by_item["P2"] / 2 == pytest.approx(193)
    assert tables.events["Event"].tolist() == ["Fair"]
    assert book.sheets["Sales Plan"]["A200"].value == "a note of the planner's own"
    headers = book.names["SalesPlan"].refers_to_range.rows[0].value
    labels = [header for header in headers if str(header)[:2] == "20"]
    assert labels == [f"{month:%Y-%m}" for month in [*MONTHS[12:], *(m + pd.DateOffset(months=18) for m in MONTHS[:9])]]
    frozen_month = tables.production_plan[tables.production_plan["Period"] == MONTHS[12]]
    assert frozen_month["Approved plan"].notna().all(), "the published plan is what a frozen period holds"
    book.close()
    assert path.stat().st_size < 10e6
