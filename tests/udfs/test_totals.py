"""SOP_TOTAL, SOP_TOTALS, SOP_BOOK_TOTAL on the plan of the sample company."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from sop_addin.mailing import Choice, share
from sop_addin.model.schema import GRIDS
from sop_addin.planning.worksheet.plan_values import ADDING, RATIO_OF, SUMS_OF

from .excel import DIV0, NA, Excel, serial

OVENS = "Ovens and hobs"
YEAR = (pd.Timestamp(2027, 1, 1), pd.Timestamp(2027, 12, 1))


def sumifs(frame: pd.DataFrame, measure: str, family: str | None = None, first=None, last=None) -> float:
    """What the native formula gives: SUMIFS over tblPlan."""
    rows = frame["Measure"].eq(measure) & frame["Scenario"].eq("Base")
    if family:
        rows &= frame["Family"].eq(family)
    if first is not None:
        rows &= frame["Period"].ge(first)
    if last is not None:
        rows &= frame["Period"].le(last)
    return float(frame.loc[rows, "Value"].sum())


def native(frame: pd.DataFrame, measure: str, family: str | None, first, last) -> float:
    """The native formula of the Functions sheet: SUMIFS, at the last period for stocks, divided for rates."""
    if measure in RATIO_OF:
        over, under = (native(frame, part, family, first, last) for part in RATIO_OF[measure])
        return over / under if under else 0.0
    if measure in SUMS_OF and not frame["Measure"].eq(measure).any():
        return sum(factor * native(frame, part, family, first, last) for part, factor in SUMS_OF[measure].items())
    first = last if ADDING[measure] in ("last", "none") else first
    return sumifs(frame, measure, family, first, last)


def test_every_measure_equals_its_native_formula(excel: Excel, plan, plan_frame: pd.DataFrame) -> None:
    measures = [*plan_frame["Measure"].unique(), *SUMS_OF, *RATIO_OF]
    for measure in measures:
        for family in (None, "Refrigerators"):
            first = YEAR[1] if ADDING[measure] == "none" else YEAR[0]
            found = excel("SOP_TOTAL", plan, measure, family, serial(2027, first.month), serial(2027, 12))
            expected = native(plan_frame, measure, family, first, YEAR[1])
            assert found == pytest.approx(expected, rel=1e-12, abs=1e-9), (measure, family)


def test_every_measure_of_a_plan_sheet_says_how_it_adds_up() -> None:
    names = [measure.name for grid in GRIDS for measure in grid.measures]
    assert len(names) == len(set(names)), "one measure, one way of adding up"
    assert {name for name, adding in ADDING.items() if adding == "ratio"} == set(RATIO_OF)


def test_stocks_take_the_last_period_and_flows_are_summed(excel: Excel, plan, plan_frame: pd.DataFrame) -> None:
    march = sumifs(plan_frame, "Closing stock", OVENS, *(pd.Timestamp(2027, 3, 1),) * 2)
    assert excel("SOP_TOTAL", plan, "Closing stock", OVENS, "2027-Q1", "2027-Q1") == pytest.approx(march)
    quarter = sumifs(plan_frame, "Revenue", OVENS, pd.Timestamp(2027, 1, 1), pd.Timestamp(2027, 3, 1))
    assert excel("SOP_TOTAL", plan, "Revenue", OVENS, "2027-Q1", "2027-Q1") == pytest.approx(quarter)


@pytest.mark.parametrize(
    ("first", "last"),
    [(serial(2027, 4), serial(2027, 6)), ("2027-04", "2027-06"), ("2027-Q2", "2027-Q2"), ("Q2 2027", "2027q2"),
     (serial(2027, 4, 17), "2027-06-30"), ("2027-4", ((serial(2027, 6),),)), (dt.datetime(2027, 4, 1), "2027-06")],
)  # fmt: skip
def test_periods_in_every_spelling(excel: Excel, plan, plan_frame: pd.DataFrame, first, last) -> None:
    expected = sumifs(plan_frame, "Revenue", None, pd.Timestamp(2027, 4, 1), pd.Timestamp(2027, 6, 1))
    assert excel("SOP_TOTAL", plan, "Revenue", None, first, last) == pytest.approx(expected)


def test_years_as_text_or_number_and_open_ends(excel: Excel, plan, plan_frame: pd.DataFrame) -> None:
    expected = sumifs(plan_frame, "Revenue", None, *YEAR)
    for year in (2027.0, "2027"):
        assert excel("SOP_TOTAL", plan, "Revenue", None, year, year) == pytest.approx(expected)
    assert excel("SOP_TOTAL", plan, "Revenue") == pytest.approx(sumifs(plan_frame, "Revenue"))
    later = sumifs(plan_frame, "Revenue", None, pd.Timestamp(2028, 1, 1))
    assert excel("SOP_TOTAL", plan, "Revenue", None, "2028") == pytest.approx(later)
    assert excel("SOP_TOTAL", plan, "Revenue", None, None, 2027.0) == pytest.approx(expected)


def test_names_are_found_whatever_their_case_and_resources_are_names_too(excel: Excel, plan, plan_frame) -> None:
    assert excel(
        "SOP_TOTAL", plan, " closing  STOCK", "ovens and  hobs", "2027-03", "2027-03", "base"
    ) == pytest.approx(sumifs(plan_frame, "Closing stock", OVENS, *(pd.Timestamp(2027, 3, 1),) * 2))
    resource = plan_frame.loc[plan_frame["Measure"].eq("Load"), "Resource"].iloc[0]
    rows = plan_frame["Measure"].eq("Load") & plan_frame["Resource"].eq(resource)
    assert excel("SOP_TOTAL", plan, "Load", resource) == pytest.approx(plan_frame.loc[rows, "Value"].sum())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("Revenu",), "#SOP: measure: 'Revenu' is not in the plan; the nearest: Revenue"),
        (("Revenue", "Oven and hobs"), "#SOP: family: 'Oven and hobs' is not in the plan; the nearest: Ovens and hobs"),
        (("Revenue", OVENS, "2027-Q5"), "#SOP: from_period: '2027-Q5' is no period; give a date"),
        (("Revenue", OVENS, "2031"), "#SOP: from_period: the plan has no such period; it goes from 2027-01 to 2028-06"),
        (("Revenue", OVENS, "2027-05", "2027-04"), "#SOP: to_period: lies before from_period"),
        (("Revenue", OVENS, NA), "#SOP: from_period holds #N/A"),
        (("Revenue", OVENS, None, None, "Strike"), "#SOP: scenario: 'Strike' is not in the plan; there is Base"),
        (("Revenue", DIV0), "#SOP: family holds #DIV/0!"),
        ((None,), "#SOP: measure: is missing"),
        (((("Revenue", "Margin"),),), "#SOP: measure: must be one cell, not 1 rows x 2 columns"),
        (("Marginal value",), "#SOP: measure: Marginal value does not add up over periods; ask for one period"),
        (("Revenue", None, None, None, None, "USD"), "#SOP: in_currency: the plan is in EUR and tells no rate of"),
        (("Revenue", None, None, None, None, 0.0), "#SOP: in_currency: a rate must be above 0, not 0"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(excel: Excel, plan, arguments, expected: str) -> None:
    assert excel("SOP_TOTAL", plan, *arguments).startswith(expected)


def test_whole_columns_a_body_without_headers_and_damaged_cells(excel: Excel, plan, plan_frame) -> None:
    expected = pytest.approx(sumifs(plan_frame, "Revenue"))
    nothing = (None,) * 8
    assert excel("SOP_TOTAL", (*plan, *(nothing,) * 5000), "Revenue") == expected
    assert excel("SOP_TOTAL", plan[1:], "Revenue") == expected
    damaged = list(map(list, plan))
    damaged[3][6] = NA
    assert excel("SOP_TOTAL", tuple(map(tuple, damaged)), "Revenue") == (
        "#SOP: plan, row 4, Value holds #N/A; mend the formula there."
    )
    damaged[3][6] = None
    assert excel("SOP_TOTAL", tuple(map(tuple, damaged)), "Revenue") == (
        "#SOP: plan, row 4, Value is blank; write 0 where 0 is meant."
    )
    assert excel("SOP_TOTAL", plan[:1], "Revenue").startswith("#SOP: plan: has no rows below its headers")
    assert excel("SOP_TOTAL", None, "Revenue") == "#SOP: plan: is missing."
    assert excel("SOP_TOTAL", "tblPlan", "Revenue").startswith("#SOP: plan: its first row must hold the headers")


def test_money_in_another_currency_by_rate_and_by_period(excel: Excel, plan) -> None:
    revenue = excel("SOP_TOTAL", plan, "Revenue", None, "2027-01", "2027-02")
    assert excel("SOP_TOTAL", plan, "Revenue", None, "2027-01", "2027-02", None, "EUR") == revenue
    assert excel("SOP_TOTAL", plan, "Revenue", None, "2027-01", "2027-02", None, 0.5) == pytest.approx(2 * revenue)
    january, february = (excel("SOP_TOTAL", plan, "Revenue", None, one, one) for one in ("2027-01", "2027-02"))
    rates = (("Currency", "Period", "Rate"), ("USD", None, 0.9), ("USD", serial(2027, 2), 0.8))
    found = excel("SOP_TOTAL", plan, "Revenue", None, "2027-01", "2027-02", None, rates)
    assert found == pytest.approx(january / 0.9 + february / 0.8)
    stock = excel("SOP_TOTAL", plan, "Stock value", None, "2027-01", "2027-02", None, rates)
    assert stock == pytest.approx(excel("SOP_TOTAL", plan, "Stock value", None, "2027-02", "2027-02") / 0.8)
    units = excel("SOP_TOTAL", plan, "Closing stock", None, "2027-02", "2027-02")
    assert excel("SOP_TOTAL", plan, "Closing stock", None, "2027-02", "2027-02", None, rates) == units
    two = (*rates, ("GBP", None, 1.1))
    found = excel("SOP_TOTAL", plan, "Revenue", None, None, None, None, two)
    assert found == "#SOP: in_currency: holds rates of GBP, USD; give the rows of one currency."


def test_totals_lie_as_families_and_periods_lie(excel: Excel, plan, plan_frame) -> None:
    families = ((OVENS,), ("Refrigerators",), ("*",), (None,))
    periods = (("2027-Q1", 2027.0, serial(2027, 2)),)
    found = excel("SOP_TOTALS", plan, "Revenue", families, periods)
    assert len(found) == 3
    assert len(found[0]) == 3
    assert found[1][2] == pytest.approx(
        sumifs(plan_frame, "Revenue", "Refrigerators", *(pd.Timestamp(2027, 2, 1),) * 2)
    )
    assert found[2][1] == pytest.approx(sumifs(plan_frame, "Revenue", None, *YEAR))
    across = (tuple(row[0] for row in families[:3]),)
    down = tuple((cell,) for cell in periods[0])
    assert excel("SOP_TOTALS", plan, "Revenue", across, down) == [list(row) for row in zip(*found, strict=True)]
    assert excel("SOP_TOTALS", plan, "Revenue", OVENS, "2027-Q1") == found[0][0]


def test_totals_name_the_cell_that_is_wrong(excel: Excel, plan) -> None:
    call = ("SOP_TOTALS", plan, "Revenue")
    found = excel(*call, ((OVENS,), ("Refigerators",)), "2027")
    assert found == "#SOP: families, cell 2: 'Refigerators' is not in the plan; the nearest: Refrigerators."
    assert excel(*call, ((OVENS,), (None,), (OVENS,)), "2027") == "#SOP: families, cell 2 is blank."
    assert excel(*call, OVENS, (("2027-01", NA),)).startswith("#SOP: periods, cell 2 holds #N/A")
    assert excel(*call, OVENS, (("2027-01", "2035-01"),)).startswith("#SOP: periods, cell 2: the plan has no such")
    assert excel(*call, OVENS, (("2027-01", "2027-02"), ("2027-03", "2027-04"))).startswith(
        "#SOP: periods: must be one row or one column"
    )


# --- closed workbooks -------------------------------------------------------------------------------------------------


def values_only_copy(path: Path, plan_frame: pd.DataFrame, sheet: str = "Plan Data", factor: float = 1.0) -> Path:
    """A workbook without macros, table and formulas: the plan as plain cells, somewhere on a sheet."""
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Cover").write(0, 0, "Plan of January")
        worksheet = book.add_worksheet(sheet)
        date = book.add_format({"num_format": "yyyy-mm"})
        worksheet.write(1, 2, "Plan Data")
        worksheet.write_row(4, 1, plan_frame.columns)
        for row, line in enumerate(plan_frame.itertuples(index=False, name=None), start=5):
            for column, value in enumerate(line, start=1):
                if isinstance(value, pd.Timestamp):
                    worksheet.write_datetime(row, column, value.to_pydatetime(), date)
                else:
                    worksheet.write(row, column, value * factor if isinstance(value, float) else value)
    return path


def test_a_closed_template_and_a_values_only_copy_answer_alike(excel: Excel, plan, plan_frame, tmp_path: Path) -> None:
    template = str(Path(__file__).parents[2] / "workbook" / "SOP_Template.xlsm")
    copy = str(values_only_copy(tmp_path / "copy.xlsx", plan_frame))
    other_sheet = str(values_only_copy(tmp_path / "other.xlsx", plan_frame, "Zahlen"))
    mailed = str(share(Path(template), tmp_path / "mailed.xlsx", Choice(None, None)).out)
    for arguments in (("Revenue", OVENS, "2027-Q1", "2027-Q2"), ("Closing stock",), ("Utilisation", None, 2027.0)):
        expected = pytest.approx(excel("SOP_TOTAL", plan, *arguments), rel=1e-9)
        assert [excel("SOP_BOOK_TOTAL", path, *arguments) for path in (template, copy, other_sheet, mailed)] == [
            expected
        ] * 4


def test_a_workbook_is_read_once_and_again_when_it_was_saved(excel: Excel, plan_frame, tmp_path: Path) -> None:
    path = values_only_copy(tmp_path / "plan.xlsx", plan_frame)
    before = excel("SOP_BOOK_TOTAL", str(path), "Revenue")
    cached = excel.functions["SOP_BOOK_TOTAL"].__wrapped__.__globals__["_plan_in"]
    misses = cached.cache_info().misses
    for _ in range(5):
        assert excel("SOP_BOOK_TOTAL", str(path), "Revenue") == before
    assert cached.cache_info().misses == misses
    values_only_copy(path, plan_frame, factor=2.0)
    os.utime(path, ns=(1, 1))
    assert excel("SOP_BOOK_TOTAL", str(path), "Revenue") == pytest.approx(2 * before)


def test_files_that_cannot_be_read_are_named(excel: Excel, tmp_path: Path) -> None:
    (tmp_path / "text.xlsx").write_text("no workbook")
    with xlsxwriter.Workbook(tmp_path / "other.xlsx") as book:
        book.add_worksheet().write(0, 0, "Budget")
    for path, expected in (
        (str(tmp_path / "none.xlsx"), "#SOP: path: there is no file '"),
        (str(tmp_path / "text.xlsx"), "#SOP: path: text.xlsx is not an Excel workbook, whatever its name says"),
        (str(tmp_path / "other.xlsx"), "#SOP: path: 'other.xlsx' holds no plan: no sheet has the columns Scenario"),
        ("plan.xlsx", "#SOP: path: 'plan.xlsx' must be a full path"),
        ("https://firm.sharepoint.com/plan.xlsx", "#SOP: path: a web address"),
        (None, "#SOP: path: is missing."),
        (str(tmp_path), f"#SOP: path: {tmp_path} is a folder"),
    ):
        assert excel("SOP_BOOK_TOTAL", path, "Revenue").startswith(expected)


def test_weeks(excel: Excel) -> None:
    mondays = [dt.date(2026, 12, 28) + dt.timedelta(weeks=number) for number in range(6)]
    rows = [("Base", OVENS, "-", "-", serial(*day.timetuple()[:3]), "Revenue", 1.0, "EUR") for day in mondays]
    plan = (("Scenario", "Family", "Source", "Resource", "Period", "Measure", "Value", "Unit"), *rows)
    assert excel("SOP_TOTAL", plan, "Revenue", None, "2027-W01", "2027-W02") == 2
    assert excel("SOP_TOTAL", plan, "Revenue", None, "2027-01", "2027-01") == 4
    assert excel("SOP_TOTAL", plan, "Revenue", None, serial(2027, 1, 6), serial(2027, 1, 6)) == 1
