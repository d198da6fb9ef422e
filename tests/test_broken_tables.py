"""Every column of every input table, broken in every way: a run ends in a plan or in findings that name the cell.

A spread of the cases that `benchmarks/fuzz_workbooks.py` runs by the thousand (docs/benchmarks.md).
"""

from __future__ import annotations

import pytest
from broken_books import judge_book
from broken_tables import broken_company, full_company, judge, mutations_of, raw_of, single_mutations

from sop_addin.model.reading import typed_tables
from sop_addin.model.schema import INPUT_TABLES
from sop_addin.model.validation import validate

STEP = 601
"""Between cases; a prime, so that all tables and ways are met."""


def test_the_whole_company_is_sound_and_fills_every_column_of_every_input_table():
    company = full_company()
    raw = raw_of(company)
    tables = typed_tables(raw, sales_plan=raw["SalesPlan"], production_plan=raw["ProductionPlan"], require_all=True)
    assert not validate(tables).errors
    for table in INPUT_TABLES:
        assert set(table.headers) <= set(company[table.name]), table.name


def test_every_column_is_broken_in_more_ways_than_its_kind_has_values():
    met = {(one.table, one.column) for one in single_mutations()}
    assert {(table.name, column.name) for table in INPUT_TABLES for column in table.columns} <= met
    assert len(single_mutations()) > 10_000


def test_a_case_is_the_same_each_time():
    assert [str(one) for one in mutations_of(99_999)] == [str(one) for one in mutations_of(99_999)]
    assert str(broken_company(4_711)) == str(broken_company(4_711))


FOUND = (
    1329,  # an override of 1e9 beside batches: no plan, as a level of broken limits was lost in the tolerances
    1341,
    3296,  # an uplift of 1e6
    3669,  # a fixed production of 1e9
    4276,  # an approved plan without periods could not be compared
    4494,
    4593,  # a finding on a row named no cell, as its column was missing
    5041,  # a batch of 1e9: no plan, as what the search found was lost in the tolerances
    9846,  # a finding on a table named no cell, as its column was missing
)
"""Cases that once went wrong."""


@pytest.mark.parametrize("number", [*range(1, len(single_mutations()), STEP), *range(12_000, 12_020), *FOUND])
def test_a_broken_company_ends_in_a_plan_or_in_findings(number):
    assert judge(number) == ""


@pytest.mark.filterwarnings("ignore:Print area cannot be set")
@pytest.mark.parametrize("number", [*range(40, len(single_mutations()), 800), 8_288, 12_080, 13_160])
def test_so_does_a_file_and_a_finding_names_the_cell_where_it_stands(number):
    assert not judge_book(number), "None where no file can be broken so"
