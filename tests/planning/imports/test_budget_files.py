"""The budget out of finance's own files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from companies import company

from sop_addin.model.foreign import Sheet
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.imports.budget import plan_measures, read_budget
from sop_addin.planning.imports.changes import budget_import, questions, without_new

TABLES = company()


@pytest.fixture(scope="module")
def plan() -> pd.DataFrame:
    return plan_measures(run_cycle(company()).plan_table, "Base")


def sheet(text: str, name: str = "Budget", usual: str = ",") -> Sheet:
    return Sheet(name, [line.split(";") for line in text.strip("\n").split("\n")], usual)


def read(*sheets: Sheet | str, tables=TABLES, plan=None):
    return read_budget([sheet(one) if isinstance(one, str) else one for one in sheets], "budget.xlsx", tables, plan)


def value(file, family: str, period: str, measure: str) -> float:
    figures = file.figures
    rows = figures[(figures["Family"] == family) & (figures["Period"] == pd.Timestamp(period))]
    return float(rows[measure].sum(min_count=1))


def rules(file) -> set[str]:
    return {finding.rule for finding in file.findings if finding.severity != "Info"}


def test_long_with_a_column_for_each_measure():
    file = read(
        "Product family;Month;Volume;Net sales;Gross margin\n"
        "Pumps;01/2027;150;15.000,00;3.000,50\nvalves;02/2027;80;4.000;900"
    )
    assert value(file, "Pumps", "2027-01", "Margin") == 3000.5
    assert value(file, "Valves", "2027-02", "Revenue") == 4000
    assert len(file.figures) == 2


def test_long_with_the_measure_in_a_column():
    file = read(
        "Family;Account;Period;Value\nPumps;Net sales;2027-01;15000\n"
        "Pumps;Contribution margin;2027-01;3000\nPumps;Headcount;2027-01;12"
    )
    assert value(file, "Pumps", "2027-01", "Revenue") == 15000
    assert value(file, "Pumps", "2027-01", "Margin") == 3000
    assert np.isnan(value(file, "Pumps", "2027-01", "Volume"))
    assert any("'Headcount'" in finding.message for finding in file.findings)


def test_months_across_with_families_left_blank_below_their_first_row_and_totals_beside():
    file = read(
        """
Budget 2027 (EUR);;;;;
;;;;;
Familie;Kennzahl;Jan;Feb;Mrz;Q1
Pumps;Absatz;100;110;120;330
;Umsatz;10.000,00;11.000,00;12.000,00;33.000,00
;Deckungsbeitrag;2.000,00;2.100,00;2.200,00;6.300,00
Valves;Umsatz;5.000,00;5.000,00;5.000,00;15.000,00
Gesamt;Umsatz;15.000,00;16.000,00;17.000,00;48.000,00
"""
    )
    assert value(file, "Pumps", "2027-02", "Margin") == 2100
    assert value(file, "Pumps", "2027-03", "Volume") == 120
    assert file.figures["Revenue"].sum() == 48000  # the totals are not counted again
    assert not file.findings.errors


def test_one_sheet_for_each_measure():
    file = read(
        sheet("Family;2027-01;2027-02\nPumps;1;2", "Volume"), sheet("Family;2027-01;2027-02\nPumps;10;20", "Revenue")
    )
    assert value(file, "Pumps", "2027-02", "Volume") == 2
    assert value(file, "Pumps", "2027-02", "Revenue") == 20


def test_money_in_thousands_is_scaled_and_said_and_volumes_are_not():
    file = read("Budget 2027 in TEUR;;\nFamily;Measure;Jan\nPumps;Revenue;15\nPumps;Volume;150")
    assert value(file, "Pumps", "2027-01", "Revenue") == 15000
    assert value(file, "Pumps", "2027-01", "Volume") == 150
    assert "money_scaled" in rules(file)


def test_months_across_that_say_no_measure_are_refused():
    file = read("Family;2027-01\nPumps;15")
    assert {finding.rule for finding in file.findings.errors} == {"measure_missing"}


def test_totals_are_spread_over_families_by_the_plan_and_add_up(plan):
    file = read("Measure;2027-01;2027-02\nRevenue;10000;20000\nMargin;1000;-500", plan=plan)
    january = file.figures[file.figures["Period"] == "2027-01"]
    assert january["Revenue"].sum() == pytest.approx(10000, abs=1e-9)
    share = plan.query("Period == '2027-01'").set_index("Family")["Revenue"]
    expected = 10000 * share / share.sum()
    assert value(file, "Pumps", "2027-01", "Revenue") == pytest.approx(expected["Pumps"])
    assert file.figures["Margin"].sum() == pytest.approx(500)
    assert "spread_by_plan" in rules(file)


def test_years_and_quarters_are_spread_over_their_months_by_the_plan(plan):
    file = read("Family;Measure;2027-Q1\nPumps;Revenue;9000", plan=plan)
    assert sorted(f"{day:%Y-%m}" for day in file.figures["Period"]) == ["2027-01", "2027-02", "2027-03"]
    assert file.figures["Revenue"].sum() == pytest.approx(9000)
    year = read("Family;Measure;2027\nPumps;Revenue;12000", plan=plan)
    assert year.figures["Revenue"].sum() == pytest.approx(12000)
    assert "span_beyond_plan" in rules(year)  # the plan ends in June


def test_totals_without_a_plan_are_an_error_that_says_what_to_do():
    file = read("Measure;2027-01\nRevenue;10000")
    assert "run the plan first" in file.findings.errors[0].message


def test_unknown_family_is_an_error_with_its_amount_until_it_is_left_out():
    file = read("Family;Period;Revenue\nPumps;2027-01;15000\nPummps;2027-01;700")
    error = file.findings.errors[0]
    assert "'Pummps' is not in tblFamilies (did you mean 'Pumps'?)" in error.message
    assert "Revenue 700" in error.message
    found = budget_import(file, TABLES)
    assert found.new_names == ("Pummps",)
    left = without_new(found)
    assert not left.findings.errors
    assert "left out: Pummps" in " ".join(finding.message for finding in left.findings)


def test_family_is_found_by_its_description():
    families = {"Family": ["PU", "VA"], "Description": ["Pumps and drives", "Valves"]}
    others = dict.fromkeys(("tblItems", "tblSources", "tblBillOfResources", "tblHistory", "tblBudget"))
    tables = company(tblFamilies=families, **others)
    file = read("Family;Period;Revenue\nPumps and Drives;2027-01;1", tables=tables)
    assert list(file.figures["Family"]) == ["PU"]


def test_budgeted_figures_that_stand_already_are_shown_and_need_a_word():
    found = budget_import(read("Family;Period;Volume;Revenue\nPumps;2027-01;150;16000\nPumps;2027-02;1;2"), TABLES)
    assert (found.added, len(found.differing)) == (2, 1)
    assert "Pumps 2027-01 Revenue: 15,000 -> 16,000" in " ".join(finding.message for finding in found.findings)
    assert "--replace" in questions(found, replace=False, add_new=False)[0]
    assert questions(found, replace=True, add_new=False) == []


def test_what_the_budget_lacks_is_said():
    file = read("Family;Period;Revenue;Margin\nPumps;2027-01;15000;16000")
    assert rules(file) == {"family_without_budget", "margin_above_revenue"}
    assert any("planned periods without budget: 2027-02" in finding.message for finding in file.findings)
