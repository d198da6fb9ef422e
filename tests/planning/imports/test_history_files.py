"""Sales history out of the files that companies have; each file is written as such systems write it."""

from __future__ import annotations

import datetime as dt
import time

import pandas as pd
import pytest
from companies import company

from sop_addin.model.foreign import Sheet
from sop_addin.planning.imports.changes import history_import, questions, without_new
from sop_addin.planning.imports.history import read_history


def sheet(text: str, separator: str = ";", usual: str = ",") -> Sheet:
    lines = text.strip("\n").split("\n")
    return Sheet("export", [line.split(separator) for line in lines], usual)


def read(content: Sheet | str, tables=None, **how):
    content = sheet(content, **how) if isinstance(content, str) else content
    return read_history([content], "export.csv", tables or company())


def figures(file) -> dict[tuple[str, str, str], float]:
    return {(row.Item, row.Region, f"{row.Period:%Y-%m}"): row.Quantity for row in file.figures.itertuples()}


def rules(file) -> set[str]:
    return {finding.rule for finding in file.findings if finding.severity != "Info"}


GERMAN_ERP = """
Absatzstatistik;;;;;
Erstellt am 05.01.2027 von MEIER;;;;;
Verkaufsorganisation: 1000;;;;;
;;;;;
Material;Materialkurztext;Vertriebsregion;Buchungsdatum;Fakturierte Menge (ST);Umsatz EUR
P1;Pumpe klein;North;02.11.2026;1.204,0;120.400,00
P1;Pumpe klein;North;30.11.2026;12,0-;1.200,00-
P2;Pumpe groß;North;15.11.2026;300,5;60.100,00
V1;Ventil;South;01.12.2026;80,0;4.000,00
Summe;;;;1.572,5;183.300,00
"""


def test_german_erp_export_with_junk_on_top_decimal_commas_and_trailing_minus():
    file = read(GERMAN_ERP)
    assert figures(file) == {
        ("P1", "North", "2026-11"): 1192.0,
        ("P2", "North", "2026-11"): 300.5,
        ("V1", "South", "2026-12"): 80.0,
    }
    assert not file.findings.errors
    said = " ".join(str(finding) for finding in file.findings)
    assert "header in line 5: Item = 'Material'" in said
    assert "not used: 'Umsatz EUR'" in said
    assert "line 10: totals" in said


def test_sap_list_with_pipes_rules_and_a_repeated_header():
    file = read(
        """
Dynamic List Display
-------------------------------------------
|Material |Period  |Sales org|      Quantity|
-------------------------------------------
|P1       |001.2026|North    |       1,200.0|
|         |002.2026|North    |       1,100.5|
|V1       |001.2026|South    |         90.0-|
-------------------------------------------
|Material |Period  |Sales org|      Quantity|
-------------------------------------------
|V1       |002.2026|South    |          95.0|
|*        |        |         |       2,305.5|
-------------------------------------------
""",
        separator="|",
        usual=".",
    )
    assert figures(file) == {
        ("P1", "North", "2026-01"): 1200.0,
        ("P1", "North", "2026-02"): 1100.5,
        ("V1", "South", "2026-01"): -90.0,
        ("V1", "South", "2026-02"): 95.0,
    }
    assert rules(file) >= {"quantity_negative"}


@pytest.mark.parametrize(
    "header",
    ["2026-01;2026-02;2026-03", "01/2026;02/2026;03/2026", "Jan 26;Feb 26;Mar 26", "Januar 2026;Februar 2026;März 2026",
     "01.01.2026;01.02.2026;01.03.2026", "202601;202602;202603", "2026M01;2026M02;2026M03", "46023;46054;46082",
     "2026/01;2026/02;2026/03", "1/1/2026;2/1/2026;3/1/2026", "01/01/2026;01/02/2026;01/03/2026"],
)  # fmt: skip
def test_months_across_in_the_usual_forms(header):
    file = read(f"Artikelnummer;Region;{header}\nP1;North;10;20,5;30\nV1;South;1;;3")
    assert figures(file) == {
        ("P1", "North", "2026-01"): 10, ("P1", "North", "2026-02"): 20.5, ("P1", "North", "2026-03"): 30,
        ("V1", "South", "2026-01"): 1, ("V1", "South", "2026-03"): 3,
    }  # fmt: skip


def test_year_above_the_months_and_item_header_in_the_line_above():
    file = read("Sales by SKU;;;;\nSKU;2025;;2026;\n;Nov;Dec;Jan;Feb\nP1;1;2;3;4")
    assert figures(file) == {
        ("P1", "", "2025-11"): 1, ("P1", "", "2025-12"): 2, ("P1", "", "2026-01"): 3, ("P1", "", "2026-02"): 4,
    }  # fmt: skip


def test_one_row_a_year_with_the_months_across():
    file = read("Item;Year;Jan;Feb;Dec;Total\nP1;2025;1;2;3;6\nP1;2026;4;5;6;15")
    found = figures(file)
    assert found["P1", "", "2025-12"] == 3
    assert found["P1", "", "2026-01"] == 4
    assert len(found) == 6


def test_year_and_month_in_columns_of_their_own():
    file = read("Item;Year;Month;Qty\nP1;2026;1;10\nP1;2026;12;20\nV1;2026;Mar;5")
    assert figures(file) == {("P1", "", "2026-01"): 10, ("P1", "", "2026-12"): 20, ("V1", "", "2026-03"): 5}


def test_one_column_for_each_region():
    file = read("Item;Month;North;South\nP1;2026-01;10;20\nP1;2026-02;30;")
    assert figures(file) == {
        ("P1", "North", "2026-01"): 10,
        ("P1", "South", "2026-01"): 20,
        ("P1", "North", "2026-02"): 30,
    }


def test_cells_of_a_workbook_with_dates_and_numbers():
    rows = [["Sales 2026"], [], ["Product code", "Market", "Date", "Units"],
            ["P1", "North", dt.datetime(2026, 1, 31), 10.0], ["P1", "North", dt.date(2026, 1, 2), 5.0],
            ["V1", "South", 46054.0, 7.0], ["Grand total", "", "", 22.0]]  # fmt: skip
    file = read(Sheet("Data", rows))
    assert figures(file) == {("P1", "North", "2026-01"): 15, ("V1", "South", "2026-02"): 7}


def test_names_are_matched_without_case_blanks_and_leading_zeros_and_said():
    items = {"Item": ["1001", "P 2"], "Family": ["Pumps", "Pumps"]}
    history = {"Item": ["1001"], "Region": ["North"], "2025-12": [1]}
    file = read("Item;Region;2026-01\n0001001;north;5\np2;North;6", company(tblItems=items, tblHistory=history))
    assert figures(file) == {("1001", "North", "2026-01"): 5, ("P 2", "North", "2026-01"): 6}
    assert any("0001001 = 1001" in finding.message for finding in file.findings)


def test_new_items_are_listed_with_their_description_and_nothing_is_decided_for_the_planner():
    tables = company()
    found = history_import(read("Item;Description;Region;2027-01\nP1;Pump;North;5\nX9;Brand new;North;7"), tables)
    assert found.new_names == ("X9",)
    assert found.new_items.to_dict("records") == [{"Item": "X9", "Description": "Brand new"}]
    assert "--add-new" in questions(found, replace=False, add_new=False)[0]
    assert questions(found, replace=False, add_new=True) == []
    left = without_new(found)
    assert list(left.figures["Item"]) == ["P1"]
    assert questions(left, replace=False, add_new=False) == []


def test_a_probable_typing_error_is_named_beside_the_new_item():
    items = {"Item": ["Pump small", "V1"], "Family": ["Pumps", "Valves"]}
    file = read("Item;2026-01\nPump smal;5", company(tblItems=items))
    assert any("Pump smal (did you mean 'Pump small'?)" in finding.message for finding in file.findings)


def test_figures_that_differ_are_shown_before_and_after_and_need_a_word():
    tables = company()  # P1, North: 100 in 2024-01, 101 in 2024-02
    found = history_import(read("Item;Region;2024-01;2024-02;2027-01\nP1;North;100;999;5"), tables)
    assert (found.added, len(found.differing)) == (1, 1)
    assert "P1 North 2024-02: 101 -> 999" in " ".join(finding.message for finding in found.findings)
    assert "--replace" in questions(found, replace=False, add_new=False)[0]


def test_dates_that_can_be_two_days_are_an_error_and_not_a_guess():
    file = read("Item;Date;Qty\nP1;03/04/2026;5\nP1;05/06/2026;7")
    assert [finding.rule for finding in file.findings.errors if finding.rule == "date_in_doubt"]


def test_a_number_in_doubt_is_said_with_how_it_was_read():
    file = read("Item;2026-01\nP1;1.234")
    assert figures(file) == {("P1", "", "2026-01"): 1234}
    assert "decimal_sign_in_doubt" in rules(file)


def test_an_unfinished_last_month_is_noticed():
    lines = [f"P1;2026-{month:02d}-{day:02d};1" for month in (1, 2, 3) for day in (5, 12, 19, 26)]
    file = read("Item;Date;Qty\n" + "\n".join([*lines, "P1;2026-04-05;1", "P1;2026-04-12;1"]))
    assert "last_period_partial" in rules(file)
    assert "last_period_partial" not in rules(read("Item;Date;Qty\n" + "\n".join(lines)))


def test_months_that_nobody_has_are_named():
    file = read("Item;2027-03\nP1;5")  # the history ends in 2026-12
    assert any("2027-01, 2027-02" in finding.message for finding in file.findings.warnings)


def test_what_cannot_be_read_is_named_with_its_line():
    file = read("Item;Date;Qty\nP1;2026-01-05;many\nP1;someday;5\nP1;2026-01-07;8")
    assert figures(file) == {("P1", "", "2026-01"): 8}
    assert {(finding.row, finding.rule) for finding in file.findings.warnings if finding.row} == {
        (2, "number_unreadable"), (3, "period_unreadable"),
    }  # fmt: skip


def test_many_bad_lines_are_counted_not_listed():
    lines = "\n".join(f"P1;2026-01-05;x{number}" for number in range(500))
    file = read(f"Item;Date;Qty\n{lines}\nP1;2026-01-05;1")
    bad = [finding for finding in file.findings if finding.rule == "number_unreadable"]
    assert len(bad) == 21
    assert bad[-1].message == "480 more lines of the same kind"


def test_a_file_without_a_header_says_what_it_needs():
    file = read("a;b;c\n1;2;3")
    assert [finding.rule for finding in file.findings.errors] == ["header_missing"]
    assert "Item, Region, Period, Quantity" in file.findings.errors[0].message


def test_quarters_are_refused_for_a_monthly_plan():
    file = read("Item;2026-Q1;2026-Q2\nP1;5;6")
    assert {finding.rule for finding in file.findings.errors} == {"period_too_long", "nothing_to_import"}


def test_days_become_weeks_in_a_weekly_plan():
    weekly = company(tblSettings={"Setting": ["Bucket", "Plan start"], "Value": ["Week", "2027-W01"]}, tblHistory=None,
                     tblBudget=None)  # fmt: skip
    file = read("Item;Date;Qty\nP1;2026-12-28;5\nP1;2027-01-03;6\nP1;2027-01-04;1", weekly)
    assert list(file.figures["Period"]) == [pd.Timestamp(2026, 12, 28), pd.Timestamp(2027, 1, 4)]
    assert list(file.figures["Quantity"]) == [11, 1]


def test_a_large_export_is_read_in_seconds():
    rows = [["Item", "Region", "Date", "Qty"]]
    rows += [[f"P{n % 500}", "North", f"{1 + n % 28:02d}.{1 + n % 12:02d}.2026", "1.234,5"] for n in range(100_000)]
    begin = time.process_time()
    file = read(Sheet("big", rows, ","))
    assert len(file.figures) == 1500  # each item meets each third month
    assert time.process_time() - begin < 10
