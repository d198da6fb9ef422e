"""Finance Summary: native formulas that give what Python gives, in another currency too, and say when they cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from companies import company, raw_company

from sop_addin.engines.closed_file import open_book, recalculate_book
from sop_addin.excel.template import workbook_bytes
from sop_addin.planning.bridge import COST_MEASURES, EFFECTS
from sop_addin.planning.cycle import run_cycle

TABLES = {
    "tblBudget": {"Family": ["Pumps", "Valves", "Pumps"], "Period": ["2027-01", "2027-01", "2027-02"],
                  "Volume": [150, 80, 140], "Revenue": [15000, 4000, 14000], "Margin": [3000, 900, 2900]},
    "tblRates": {"Currency": ["USD", "USD", "GBP"], "Period": [None, "2027-02", "2027-01"], "Rate": [0.8, 0.5, 1.2],
                 "Budget rate": [0.9, None, None]},
}  # fmt: skip
Shown = Callable[..., dict[str, list[object]]]


@pytest.fixture(scope="module")
def plan():
    return run_cycle(company(**TABLES))


@pytest.fixture(scope="module")
def shown(plan, tmp_path_factory) -> Shown:
    """``shown(currency=..., family=...)``: the lines of the sheet by name, calculated: totals, then periods."""
    path: Path = tmp_path_factory.mktemp("finance") / "Plan.xlsm"
    path.write_bytes(workbook_bytes(raw_company(**TABLES), plan.tables, plan))

    def show(family: str = "All", currency: str = "EUR", span: str = "All periods") -> dict[str, list[object]]:
        book = open_book(path)
        sheet = book.sheets["Finance Summary"]
        for row, value in ((5, family), (6, currency), (8, span)):
            sheet.range((row, 3)).value = value
        recalculate_book(book)
        cells = sheet.range("A9:T70").value
        book.close()
        lines = {str(line[0]).strip(): line[2:] for line in cells if line[0]}
        lines["chart"] = [line[9:12] for line in cells if isinstance(line[10], float) and isinstance(line[9], str)]
        lines["message"] = [str(cells[0][0] or "")]
        return lines

    return show


def in_period(plan, measure: str, family: str | None = None) -> list[float]:
    rows = plan.finance if family is None else plan.finance[plan.finance["Family"] == family]
    return list(rows.groupby("Period")[measure].sum())


def test_every_line_is_the_finance_plan_to_the_cent(plan, shown):
    lines = shown()
    for measure in ("Revenue", *COST_MEASURES, "Stock value", "CO2e"):
        assert lines[measure][7:13] == pytest.approx(in_period(plan, measure), abs=0.005), measure
    assert lines["Margin"][0] == pytest.approx(plan.balance.margin, abs=0.01)
    assert lines["Margin"][1] == pytest.approx(plan.balance.margin, abs=0.01)  # all of the plan is of one year
    assert lines["Stock value"][0] == pytest.approx(in_period(plan, "Stock value")[-1], abs=0.005)
    assert lines["message"] == [""]


def test_one_family_is_shown_alone(plan, shown):
    lines = shown(family="Valves")
    assert lines["Revenue"][7:13] == pytest.approx(in_period(plan, "Revenue", "Valves"), abs=0.005)
    assert lines["Revenue of the reference"][7:9] == [4000, None]


def test_another_currency_takes_the_rate_of_each_period(plan, shown):
    lines = shown(currency="USD")
    revenue = in_period(plan, "Revenue")
    expected = [revenue[0] / 0.8, revenue[1] / 0.5, *(value / 0.8 for value in revenue[2:])]
    assert lines["Revenue"][7:13] == pytest.approx(expected, abs=0.005)
    assert lines["Revenue"][0] == pytest.approx(sum(expected), abs=0.01)
    assert lines["Revenue of the reference"][7:9] == pytest.approx([19000 / 0.9, 14000 / 0.9])


def test_a_missing_rate_is_said_and_no_total_is_short_of_it(shown):
    lines = shown(currency="GBP")
    assert isinstance(lines["Revenue"][7], float)
    assert lines["Revenue"][8] == "no rate"
    assert lines["Revenue"][0] == lines["Margin"][0] == lines["Revenue"][1] == "no rate"
    assert "tblRates has no rate of GBP" in lines["message"][0]


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_the_bridge_adds_up_in_any_currency(plan, shown, currency):
    lines = shown(currency=currency)
    names = ("Margin of the reference, bridged", *EFFECTS)
    assert sum(float(lines[name][0]) for name in names) == pytest.approx(lines["Margin of the plan"][0], abs=0.01)
    assert lines["Check (0)"][7:9] == [0, 0]
    if currency == "EUR":
        for name in EFFECTS:
            assert lines[name][0] == pytest.approx(plan.bridge[name].sum(), abs=0.01), name
    else:
        assert abs(float(lines["Currency"][0])) > 100  # the budget's rate is another one


def test_the_chart_walks_from_the_reference_to_the_plan(plan, shown):
    steps = shown(family="Pumps")["chart"]
    assert [steps[0][0], steps[-1][0]] == ["Budget", "Plan"]
    pumps = plan.bridge[plan.bridge["Family"] == "Pumps"]
    assert steps[0][2] == pytest.approx(pumps["Margin before"].sum())
    assert steps[-2][2] == pytest.approx(pumps["Margin after"].sum())
    assert steps[-1][2] == pytest.approx(pumps["Margin after"].sum())


def test_a_bridge_that_no_longer_fits_the_plan_is_said(plan, tmp_path):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(workbook_bytes(raw_company(**TABLES), plan.tables, plan))
    book = open_book(path)
    table = next(table for sheet in book.sheets for table in sheet.tables if table.name == "tblBridge")
    last = table.range[1, len(plan.bridge.columns) - 1]
    last.value = float(last.value) + 1000
    recalculate_book(book)
    assert "press Balance" in book.sheets["Finance Summary"]["A9"].value
    book.close()


def test_periods_without_budget_have_no_variance(shown):
    lines = shown()
    assert lines["Margin, plan - reference"][9:13] == [None] * 4
    assert pd.notna(lines["Margin, plan - reference"][7])


UNKNOWN_FAMILY = {"Family": ["Pmups", "Pumps"], "Period": ["2027-01"] * 2, "Volume": [1, 1], "Revenue": [9000, 5000],
                  "Margin": [1, 1]}  # fmt: skip
IN_POUNDS = {"Item": ["P1", "P2", "V1"], "Family": ["Pumps", "Pumps", "Valves"], "Price": [100, 90, 50],
             "Currency": ["GBP", None, None]}  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"tblBudget": UNKNOWN_FAMILY}, "The budget names families that are not planned"),
        ({"tblApproved": UNKNOWN_FAMILY | {"Margin": None}}, "The approved plan names families that are not planned"),
        ({"tblFamilies": {"Family": ["Pumps", "Valves"], "Unit": ["pcs", "pcs"], "Price": [100, None]}},
         "Some families have no price: revenue and margin are too low"),
        ({"tblItems": IN_POUNDS, "tblRates": {"Currency": ["GBP"], "Period": ["2027-02"], "Rate": [1.2]}},
         "A currency of the items has no rate for some periods: they are valued at its latest rate"),
    ],
    ids=["budget of an unknown family", "approved plan of an unknown family", "no price", "months without a rate"],
)  # fmt: skip
def test_what_makes_a_total_doubtful_is_said_above_it(tmp_path, tables, sentence):
    tables = {name: {key: cells for key, cells in table.items() if cells is not None} for name, table in tables.items()}
    plan = run_cycle(company(**tables))
    assert plan.steps, [str(finding) for finding in plan.findings.errors]
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(workbook_bytes(raw_company(**tables), plan.tables, plan))
    book = open_book(path)
    recalculate_book(book)
    assert sentence in str(book.sheets["Finance Summary"]["A9"].value)
    if "tblBudget" in tables:
        revenue = book.sheets["Finance Summary"].range("A15:C40").value
        (budget,) = [line[2] for line in revenue if line[0] == "Revenue of the reference"]
        assert budget == 5000
    book.close()
