"""Typing of raw tables: what each kind of cell becomes, and the sentence for each cell that cannot be taken."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sop_addin.model.findings import Finding
from sop_addin.model.reading import typed_tables
from sop_addin.model.schema import INPUT_TABLES
from sop_addin.model.tables import Place, RawTable, Tables, dtype_of

MONTHS = [f"{2022 + n // 12}-{n % 12 + 1:02d}" for n in range(60)]


def raw(rows: Sequence[Sequence[Any]], sheet: str = "Sheet", header_row: int = 5) -> RawTable:
    """A raw table as an engine gives it: header row first, standing at A5."""
    headers, *body = rows
    letters = {str(header): chr(ord("A") + n) for n, header in enumerate(headers) if n < 26}
    index = range(header_row + 1, header_row + 1 + len(body))
    return RawTable(
        pd.DataFrame(body, columns=list(headers), index=index, dtype=object), Place(sheet, letters, header_row)
    )


def items(*rows: Sequence[Any], headers: Sequence[str] = ("Item", "Family")) -> Tables:
    return typed_tables({"tblItems": raw([headers, *rows], "Items")})


def settings(**values: Any) -> Tables:
    rows = [[name.replace("_", " ").capitalize(), value] for name, value in values.items()]
    return typed_tables({"tblSettings": raw([["Setting", "Value"], *rows], "Settings")})


def sentences(tables: Tables) -> list[str]:
    return [f"{problem.severity} {problem}" for problem in tables.problems]


def only(tables: Tables) -> Finding:
    assert len(tables.problems) == 1, sentences(tables)
    return tables.problems.rows[0]


# --- cells that are taken as they stand ---


def test_every_frame_has_the_columns_and_dtypes_of_the_schema() -> None:
    tables = typed_tables({table.name: raw([table.headers, [None] * len(table.columns)]) for table in INPUT_TABLES})
    for table in INPUT_TABLES:
        if table.name == "tblSettings":
            continue
        frame = getattr(tables, table.field)
        assert tuple(frame.columns) == table.headers
        assert [str(dtype) for dtype in frame.dtypes] == [dtype_of(column) for column in table.columns]
        assert frame.empty  # the one blank row of an empty table is no row
    assert not tables.problems


def test_whole_numbers_in_a_name_column_become_their_digits() -> None:
    tables = items([1001.0, "Pumps"], ["  A7 ", "Pumps "], [Decimal("12"), "Pumps"])
    assert list(tables.items["Item"]) == ["1001", "A7", "12"]
    assert set(tables.items["Family"]) == {"Pumps"}


def test_free_text_keeps_its_blanks() -> None:
    tables = items(["A", "F", "  two  words "], headers=["Item", "Family", "Description"])
    assert tables.items["Description"].tolist() == ["  two  words "]


def test_the_noise_of_a_formula_next_to_0_counts_as_0() -> None:
    typed = items(["P1", "Pumps", 0.1 + 0.2 - 0.3], ["P2", "Pumps", 5e-324], headers=("Item", "Family", "Price"))
    assert typed.items["Price"].tolist() == [0.0, 0.0]
    assert not typed.problems


def test_rows_are_numbered_as_on_the_sheet_and_blank_rows_left_out() -> None:
    tables = items(["A", "F"], [None, None], ["", "  "], ["B", "F"])
    assert list(tables.items.index) == [6, 9]
    assert tables.places["tblItems"].cell("Family", 9) == "Items!B9"


def test_a_blank_cell_means_the_default() -> None:
    tables = items(["A", "F", None, "", None], headers=["Item", "Family", "Like scale", "Status", "Price"])
    row = tables.items.iloc[0]
    assert (row["Like scale"], row["Status"], row["Unit"], row["Opening stock"]) == (1.0, "Active", "pcs", 0.0)
    assert np.isnan(row["Price"])  # no constant default


def test_choices_match_in_any_case() -> None:
    tables = items(["A", "F", "phase-OUT "], headers=["Item", "Family", "Status"])
    assert tables.items["Status"].tolist() == ["Phase-out"]


@pytest.mark.parametrize(
    "cell", [dt.datetime(2027, 3, 15), pd.Timestamp(2027, 3, 1), "2027-03", " 2027-3", "2027-03-31", 46461.0]
)
def test_a_period_is_the_first_day_of_its_month(cell: object) -> None:
    tables = typed_tables({"tblReceipts": raw([["Family", "Source", "Period", "Quantity"], ["F", "S", cell, 1.0]])})
    assert tables.receipts["Period"].tolist() == [pd.Timestamp(2027, 3, 1)]
    assert not tables.problems


def test_a_period_is_the_monday_of_its_week_when_the_bucket_is_week() -> None:
    tables = typed_tables(
        {
            "tblSettings": raw([["Setting", "Value"], ["Bucket", "week"]]),
            "tblReceipts": raw([["Family", "Source", "Period", "Quantity"], ["F", "S", "2027-W09", 1.0]]),
        }
    )
    assert tables.receipts["Period"].tolist() == [pd.Timestamp(2027, 3, 1)]
    assert tables.settings.season_length == 52


def test_headers_are_found_in_any_case_and_own_columns_ignored() -> None:
    tables = items(["A", "F", "mine"], headers=[" item", "FAMILY", "My remark"])
    assert tables.items[["Item", "Family"]].to_numpy().tolist() == [["A", "F"]]
    assert not tables.problems


# --- cells that cannot be taken: each its sentence with the cell ---

CELLS: list[tuple[str, object, str]] = [
    ("Price", "1,200", "'1,200' is text, not a number; type it as a plain number or clear the cell"),
    ("Price", "n/a", "'n/a' is text, not a number; type a number or clear the cell"),
    ("Price", "#N/A", "#N/A is an Excel error; correct the formula or clear the cell"),
    ("Price", True, "TRUE is not a number; type a number or clear the cell"),
    ("Price", dt.datetime(2027, 1, 2), "2027-01-02 is not a number; type a number or clear the cell"),
    ("Price", 1e308, "1e+308 is beyond what can be planned with (1e12 at most); correct the number"),
    ("Price", float("-inf"), "-inf is beyond what can be planned with (1e12 at most); correct the number"),
    ("Price", float("nan"), "the cell holds not-a-number; type a number or clear the cell"),
    ("Price", 10**400, "a number of more than 300 digits is beyond what can be planned with (1e12 at most); "
     "correct the number"),
    ("Status", "Activ", "'Activ' is not allowed (did you mean 'Active'?); choose one of Active, New, Phase-out, "
     "Discontinued"),
    ("Launch", "soon", "'soon' is not a date; write it like 2027-03-31"),
    ("Launch", dt.datetime(9999, 12, 31), "'9999-12-31' is not between 1950 and 2199; correct the date or clear the "
     "cell"),
    ("Launch", "#REF!", "#REF! is an Excel error; correct the formula or clear the cell"),
    ("Like item", "#NAME?", "#NAME? is an Excel error; correct the formula or clear the cell"),
    ("Like item", dt.datetime(2027, 1, 2), "Excel made a date of this name, 2027-01-02; format the cell as Text and "
     "type the name again"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "cell", "message"), CELLS)
def test_a_wrong_cell_has_a_sentence_with_its_cell(column: str, cell: object, message: str) -> None:
    problem = only(items(["A7", "F", cell], headers=["Item", "Family", column]))
    assert str(problem) == f"Items row 6, {column}: {message} [Items!C6]"
    assert (problem.severity, problem.table, problem.cell) == ("Error", "tblItems", "Items!C6")


def test_an_error_value_in_free_text_is_a_warning() -> None:
    problem = only(items(["A7", "F", "#N/A"], headers=["Item", "Family", "Description"]))
    assert (problem.severity, problem.rule) == ("Warning", "excel_error_value")


def test_a_name_that_no_list_of_names_could_hold_is_an_error_at_its_cell() -> None:
    assert sentences(items(["A" * 1_001, "F"])) == [
        "Error Items row 6, Item: this text has 1,001 characters; shorten it to 1,000 at most [Items!A6]"
    ]
    assert not items(["A" * 1_000, "F"]).problems


def test_a_message_cuts_long_names() -> None:
    assert Finding("Error", "tblItems", 6, "Family", "x", f"'{'F' * 1_000}' is not in Families").message == (
        f"'{'F' * 40}…' is not in Families"
    )


def test_text_that_merely_starts_with_a_hash_is_text() -> None:
    assert items(["#5 valve", "F"]).items["Item"].tolist() == ["#5 valve"]


def test_a_wrong_period_names_the_cell() -> None:
    table = raw([["Family", "Source", "Period", "Quantity"], ["F", "S", "Mar 27", 1.0]], "Sources")
    problem = only(typed_tables({"tblReceipts": table}))
    assert str(problem) == (
        "Receipts row 6, Period: 'Mar 27' is not a period; write it like 2027-03 or 2027-W09 [Sources!C6]"
    )


def test_a_whole_number_is_asked_for_where_halves_make_no_sense() -> None:
    problem = only(typed_tables({"tblFamilies": raw([["Family", "Priority"], ["F", 1.5]], "Families")}))
    assert str(problem) == "Families row 6, Priority: 1.5 is not a whole number; type a whole number [Families!B6]"


def test_many_wrong_cells_share_a_finding_after_the_twentieth() -> None:
    tables = items(*[[f"A{n}", "F", "x"] for n in range(500)], headers=["Item", "Family", "Price"])
    assert len(tables.problems) == 21
    assert str(tables.problems.rows[-1]) == (
        "Items row 26, Price: … and 480 more rows like row 25 (rule text_in_number_column) [Items!C26]"
    )


def test_who_does_what_until_when_cannot_stop_a_plan() -> None:
    problem = only(typed_tables({"tblCycle": raw([["Step", "Due"], ["Demand plan", "next week"]], "Cycle")}))
    assert (problem.severity, problem.rule) == ("Warning", "not_a_date")


# --- tables and columns that are missing ---


def test_a_renamed_key_column_is_an_error_and_names_the_header_that_was_meant() -> None:
    problem = only(items(["A", "Pumps"], headers=["Item", "Famly"]))
    assert str(problem) == (
        "Items, Family: the column 'Family' is missing (did you mean 'Famly'?); name the header 'Family' again "
        "[Items!B5]"
    )
    assert problem.severity == "Error"


def test_a_workbook_has_every_table_and_column() -> None:
    given = {table.name: raw([table.headers, [None] * len(table.columns)], table.sheet) for table in INPUT_TABLES}
    given["Items2"] = given.pop("tblItems")
    given["tblFamilies"] = raw([["Family", "Description"], ["F", None]], "Families")
    tables = typed_tables(given, sales_plan=raw([["Family", "Measure"]]), require_all=True)
    found = {
        (problem.severity, problem.rule, problem.table, problem.column): str(problem) for problem in tables.problems
    }
    assert found["Error", "table_missing", "tblItems", ""] == (
        "Items: the table tblItems is missing from the workbook (did you mean 'Items2' on sheet Items?); "
        "name it tblItems again"
    )
    assert found["Warning", "column_missing", "tblFamilies", "Priority"] == (
        "Families, Priority: the column 'Priority' is missing, so its default applies (1); "
        "add a column with the header 'Priority' [Families!A5]"
    )
    assert found["Error", "table_missing", "ProductionPlan", ""] == (
        "ProductionPlan: the name ProductionPlan does not point to the plan on sheet Production Plan; "
        "define it again over headers and rows (Formulas > Name Manager)"
    )


def test_a_csv_may_leave_out_optional_columns_but_a_misspelt_one_is_noticed() -> None:
    assert not items(["A", "F"]).problems
    problem = only(items(["A", "F", 3.0], headers=["Item", "Family", "Prise"]))
    assert (problem.severity, problem.rule) == ("Warning", "column_missing")
    assert "did you mean 'Prise'?" in problem.message


def test_a_column_twice_is_an_error() -> None:
    problem = only(items(["A", "F", "G"], headers=["Item", "Family", "family"]))
    assert str(problem) == "Items, Family: the column is there 2 times; keep one of them [Items!B5]"


# --- history ---


def history(headers: Sequence[object], *rows: Sequence[object], bucket: str = "Month") -> Tables:
    return typed_tables(
        {
            "tblSettings": raw([["Setting", "Value"], ["Bucket", bucket]]),
            "tblHistory": raw([headers, *rows], "History"),
        }
    )


def test_history_columns_are_periods_in_time_order() -> None:
    tables = history(["Item", "2026-02", "Remark", dt.datetime(2026, 3, 1), "2026-01"], ["A", 2.0, "x", None, 0.0])
    assert tables.history_periods == [pd.Timestamp(2026, month, 1) for month in (1, 2, 3)]
    np.testing.assert_array_equal(tables.history.iloc[0, 2:].to_numpy(dtype=float), [0.0, 2.0, np.nan])
    assert tables.history["Region"].tolist() == [""]
    assert not tables.problems


def test_history_of_weeks() -> None:
    tables = history(["Item", "2026-W53", "2027-W01"], ["A", 1.0, 2.0], bucket="Week")
    assert tables.history_periods == [pd.Timestamp(2026, 12, 28), pd.Timestamp(2027, 1, 4)]


def test_a_month_missing_from_the_header_is_named() -> None:
    problem = only(history(["Item", "Region", "2026-01", "2026-03", "2026-06"], ["A", None, 1.0, 1.0, 1.0]))
    assert str(problem) == (
        "History, 2026-02: 2026-02, 2026-04, 2026-05 have no column between 2026-01 and 2026-06; "
        "insert them (blank cells mean unknown, 0 means nothing sold) [History!D5]"
    )
    assert (problem.severity, problem.rule) == ("Error", "month_missing")


def test_the_same_period_twice_is_an_error() -> None:
    problem = only(history(["Item", "2026-01", "2026-1"], ["A", 1.0, 1.0]))
    assert str(problem) == (
        "History, 2026-1: 2026-01 is there twice (headers '2026-01' and '2026-1'); "
        "delete one of the columns or correct its header [History!C5]"
    )


def test_weeks_in_a_monthly_plan_say_what_to_set() -> None:
    problem = only(history(["Item", "2026-W02", "2026-W03"], ["A", 1.0, 1.0]))
    assert "if the columns are weeks, set Bucket to Week on the Settings sheet" in problem.message


@pytest.mark.parametrize("header", ["2026-13", "03/2026", "Mar-26", "March 2026", "2026/03", "01.03.2026"])
def test_a_header_that_looks_like_a_period_but_is_none_is_a_warning(header: str) -> None:
    problem = only(history(["Item", header, "2026-04"], ["A", 1.0, 1.0]))
    assert problem.message == (
        f"the header '{header}' is not read as a period, so its column is left out; write it like 2027-03"
    )
    assert (problem.severity, problem.cell) == ("Warning", "History!B5")


@pytest.mark.parametrize("header", ["Remark", "Total 2026", "ABC class", "2026", "Rank 12"])
def test_other_headers_are_the_planners_own(header: str) -> None:
    assert not history(["Item", header, "2026-04"], ["A", 1.0, 1.0]).problems


def test_a_wrong_cell_of_the_history_is_named() -> None:
    problem = only(history(["Item", "2026-01", "2026-02"], ["A", 1.0, 2.0], ["B", 1.0, "two"]))
    assert (
        str(problem)
        == "History row 7, 2026-02: 'two' is text, not a number; type a number or clear the cell [History!C7]"
    )


def test_ten_thousand_items_by_sixty_months_are_typed_in_two_seconds() -> None:
    rows = [[f"I{n}", None, *[None] * 12, *[float(n)] * 48] for n in range(10_000)]
    table = raw([["Item", "Region", *MONTHS], *rows])
    start = time.process_time()
    tables = typed_tables({"tblHistory": table})
    assert time.process_time() - start < 2
    assert tables.history.shape == (10_000, 62)


# --- settings ---


def test_settings_are_typed_and_blank_ones_take_their_default() -> None:
    tables = settings(
        plan_start=dt.datetime(2027, 1, 1), horizon=6.0, bucket=None, objective="maximise margin", whole_heads="yes",
        outlier_cleaning=False, service_level=0.9, company=1984.0, closing_backorders_allowed=1.0,
    )  # fmt: skip
    given = tables.settings
    assert (given.plan_start, given.horizon, given.bucket) == (pd.Timestamp(2027, 1, 1), 6, "Month")
    assert (given.objective, given.whole_heads, given.outlier_cleaning) == ("Maximise margin", True, False)
    assert (given.service_level, given.company, given.closing_backorders_allowed) == (0.9, "1984", True)
    assert given.season_length == 12
    assert not tables.problems


SETTING_PROBLEMS = [
    ("Horizon", "18", "Horizon: '18' is text, not a number; type it as a plain number or clear the cell"),
    ("Horizon", 0.0, "Horizon is 0, but must be 1 or more"),
    ("Horizon", 1.5, "Horizon: 1.5 is not a whole number; type a whole number"),
    ("Service level", 95.0, "Service level is 95, but must be 1 or less; type 95 % or 0.95 for ninety-five per cent"),
    ("Bucket", "Day", "Bucket: 'Day' is not allowed; choose one of Month, Week"),
    ("Whole heads", "maybe", "Whole heads is 'maybe'; choose Yes or No"),
    ("Plan start", "next year", "Plan start: 'next year' is not a period; write it like 2027-03 or 2027-W09"),
    ("Plan start", 1e308, "Plan start: '1e+308' is not a period; write it like 2027-03 or 2027-W09"),
]


@pytest.mark.parametrize(("name", "value", "message"), SETTING_PROBLEMS)
def test_a_wrong_setting_is_an_error_at_its_value(name: str, value: object, message: str) -> None:
    table = raw([["Setting", "Value"], [name, value]], "Settings")
    tables = typed_tables({"tblSettings": table})
    assert str(only(tables)) == f"Settings row 6, Value: {message} [Settings!B6]"
    assert tables.settings == typed_tables({}).settings  # the default stands in


def test_unknown_and_doubled_settings_are_found() -> None:
    table = raw([["Setting", "Value"], ["Horizn", 6.0], ["Horizon", 6.0], ["horizon", 7.0], [None, None]], "Settings")
    assert sentences(typed_tables({"tblSettings": table})) == [
        "Warning Settings row 6, Setting: 'Horizn' is not a setting (did you mean 'Horizon'?); correct the name, "
        "or delete the row [Settings!A6]",
        "Error Settings row 8, Setting: Horizon is already set in row 7; keep one of the two rows [Settings!A8]",
    ]


# --- plan grids ---

HEAD = ["Family", "Measure", "Unit", "Total", "2027-02", "My note", "2027-01"]


def grid(*rows: Sequence[object], headers: Sequence[object] = HEAD) -> RawTable:
    return raw([headers, *rows], "Sales Plan")


def families(*names: str) -> dict[str, RawTable]:
    return {"tblFamilies": raw([["Family"], *[[name] for name in names]], "Families")}


def test_the_sales_plan_keeps_what_the_planner_and_the_last_run_put_there() -> None:
    tables = typed_tables(
        families("Pumps", "Valves"),
        sales_plan=grid(
            ["Valves", "Override", "pcs", None, None, None, 0.0],
            ["Pumps", "Statistical forecast", "pcs", 30.0, 20.0, None, 10.0],
            ["Pumps", "Override", "pcs", None, 25.0, "text of mine", None],
            ["Pumps", "Override reason", "", None, "tender won", None, None],
            ["Pumps", "Consensus demand", "pcs", 35.0, 25.0, None, 10.0],
            ["My sum", None, None, None, 1.0, None, 2.0],
        ),
    )
    assert not tables.problems
    expected = pd.DataFrame(
        {
            "Family": ["Pumps", "Pumps", "Valves"],
            "Period": pd.to_datetime(["2027-01-01", "2027-02-01", "2027-01-01"]),
            "Statistical forecast": [10.0, 20.0, np.nan],
            "Events": [np.nan] * 3,
            "New and phase-out": [np.nan] * 3,
            "Override": [np.nan, 25.0, 0.0],
            "Override reason": ["", "tender won", ""],
        }
    )
    pd.testing.assert_frame_equal(tables.sales_plan, expected)


def test_text_in_an_override_names_the_cell() -> None:
    tables = typed_tables({}, sales_plan=grid(["Pumps", "Override", None, None, "lots", None, None]))
    assert str(only(tables)) == (
        "SalesPlan row 6, 2027-02: Override of Pumps: 'lots' is text, not a number; type a number or clear the cell "
        "['Sales Plan'!E6]"
    )
    assert only(tables).severity == "Error"


def test_an_override_below_zero_names_the_cell() -> None:
    tables = typed_tables({}, sales_plan=grid(["Pumps", "Override", None, None, -3.0, None, None]))
    assert str(only(tables)) == (
        "SalesPlan row 6, 2027-02: Override of Pumps: -3 is below 0; type 0 or more, or clear the cell "
        "['Sales Plan'!E6]"
    )
    assert only(tables).severity == "Error"


def test_a_wrong_cell_of_the_last_run_is_a_warning() -> None:
    tables = typed_tables({}, sales_plan=grid(["Pumps", "Events", None, None, "#REF!", None, None]))
    assert (only(tables).severity, only(tables).rule) == ("Warning", "excel_error_value")


def test_overrides_of_an_unknown_family_would_be_lost() -> None:
    rows = [
        ["Pump", "Override", None, None, 1.0, None, 2.0],
        ["Old", "Statistical forecast", None, None, 1.0, None, 2.0],
    ]
    tables = typed_tables(families("Pumps"), sales_plan=grid(*rows))
    assert sentences(tables) == [
        "Error SalesPlan row 6, Family: 'Pump' has Override figures but is not in Families (did you mean 'Pumps'?); "
        "add it there or correct the name ['Sales Plan'!A6]"
    ]


def test_two_override_rows_for_one_family_are_an_error() -> None:
    rows = [["Pumps", "Override", None, None, 1.0, None, None], ["Pumps", "Override", None, None, 2.0, None, 3.0]]
    tables = typed_tables({}, sales_plan=grid(*rows))
    assert str(only(tables)) == (
        "SalesPlan row 7, 2027-02: Override of Pumps in 2027-02 is already in row 6; keep one of the two "
        "['Sales Plan'!E7]"
    )


def test_the_production_plan_keeps_fixed_production_and_the_approved_plan() -> None:
    headers = ["Family", "Source", "Measure", "Unit", "Total", "2027-01"]
    rows = [
        ["Pumps", "Brno", "Planned", "pcs", 9.0, 9.0],
        ["Pumps", "", "Fixed production", "pcs", None, 8.0],
        ["Pumps", "", "Approved plan", "pcs", None, 7.0],
    ]
    tables = typed_tables({}, production_plan=grid(*rows, headers=headers))
    assert tables.production_plan.to_dict("records") == [
        {"Family": "Pumps", "Period": pd.Timestamp(2027, 1, 1), "Fixed production": 8.0, "Approved plan": 7.0}
    ]


def test_a_grid_may_come_long_as_export_writes_it() -> None:
    long = raw([
        ["Family", "Measure", "Period", "Value"],
        ["Pumps", "Override", "2027-02", 25.0],
        ["Pumps", "Override reason", "2027-02", "tender won"],
        ["Pumps", "Consensus demand", "2027-02", 25.0],
        ["Pumps", "Override", "soon", 1.0],
    ])  # fmt: skip
    tables = typed_tables({}, sales_plan=long)
    assert tables.sales_plan[["Family", "Override", "Override reason"]].to_numpy().tolist() == [
        ["Pumps", 25.0, "tender won"]
    ]
    assert only(tables).message == "'soon' is not a period; write it like 2027-03 or 2027-W09"


def test_demand_becomes_overrides_and_wins_over_the_grid() -> None:
    demand = raw(
        [["Family", "Period", "Value"], ["Pumps", "2027-01", 5.0], ["Valves", "2027-02", 0.0]], "tblDemand.csv"
    )
    tables = typed_tables(
        families("Pumps", "Valves"), demand=demand,
        sales_plan=grid(["Pumps", "Override", None, None, 7.0, None, 6.0]),
    )  # fmt: skip
    assert not tables.problems
    assert tables.sales_plan[["Family", "Period", "Override"]].to_numpy().tolist() == [
        ["Pumps", pd.Timestamp(2027, 1, 1), 5.0],
        ["Pumps", pd.Timestamp(2027, 2, 1), 7.0],
        ["Valves", pd.Timestamp(2027, 2, 1), 0.0],
    ]
    assert tables.plan_start == pd.Timestamp(2027, 1, 1)


def test_problems_of_the_demand_name_its_line() -> None:
    rows = [["Pmps", "2027-01", 5.0], ["Pumps", "2027-01", None], ["Pumps", "2027-02", "x"], ["Pumps", "2027-03", 1.0],
            ["Pumps", "2027-03", 2.0]]  # fmt: skip
    demand = RawTable(
        pd.DataFrame(rows, columns=["Family", "Period", "Value"], index=range(2, 7), dtype=object),
        Place("tblDemand.csv"),
    )
    assert sorted(sentences(typed_tables(families("Pumps"), demand=demand))) == [
        "Error tblDemand.csv row 2, Family: 'Pmps' has Override figures but is not in Families (did you mean "
        "'Pumps'?); add it there or correct the name",
        "Error tblDemand.csv row 3, Value: Value is blank; fill it in or delete the row",
        "Error tblDemand.csv row 4, Value: Override of Pumps: 'x' is text, not a number; type a number or clear the "
        "cell",
        "Error tblDemand.csv row 6, Value: Override of Pumps in 2027-03 is already in row 5; keep one of the two",
    ]


def test_the_last_item_forecast_is_taken_over() -> None:
    table = raw(
        [
            ["Item", "Region", "Period", "Forecast", "Low", "High", "Method"],
            ["A", None, "2027-01", 5.0, 4.0, 6.0, "Theta"],
        ]
    )
    forecast = typed_tables({"tblForecast": table}).forecast
    assert forecast[["Item", "Region", "Forecast"]].to_numpy().tolist() == [["A", "", 5.0]]
    assert forecast["Period"].tolist() == [pd.Timestamp(2027, 1, 1)]
