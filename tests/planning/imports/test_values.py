"""Numbers and dates as other systems write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_addin.planning.imports.values import day_order, month_number, number_style, read_number, read_when


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1.234,56", ",", 1234.56),
        ("1,234.56", ".", 1234.56),
        ("1 234,5", ",", 1234.5),
        ("1\u00a0234\u202f567", ".", 1234567),
        ("1'234.50", ".", 1234.5),
        ("1.234,56-", ",", -1234.56),  # SAP writes the sign behind
        ("(1,200)", ".", -1200),
        ("−12", ".", -12),
        ("12,50 €", ",", 12.5),
        ("EUR 1.000", ",", 1000),
        (".5", ".", 0.5),
        (7.0, ",", 7),
    ],
)
def test_number_is_read_as_its_system_means_it(text, decimal, number):
    assert read_number(text, decimal) == number


@pytest.mark.parametrize("text", ["abc", "1.2.3", "12,34,5", "", "-", "n/a", True, None, "12 pcs x", float("nan")])
def test_what_is_no_number_is_none(text):
    assert read_number(text, ",") is None


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)))
def test_a_number_comes_back_from_either_notation(number):
    english = f"{number:,.2f}"
    german = english.replace(",", "x").replace(".", ",").replace("x", ".")
    assert read_number(english, ".") == number
    assert read_number(german, ",") == number
    assert number_style([german], ".").decimal == ("," if "," in german else ".")


@pytest.mark.parametrize(
    ("cells", "usual", "decimal"),
    [
        (["1.234", "0,5"], ".", ","),
        (["1.234.567"], ".", ","),
        (["1,234", "2.75"], ",", "."),
        (["1234.567"], ",", "."),
        (["0,125"], ".", ","),
    ],
)
def test_one_clear_number_decides_for_the_file(cells, usual, decimal):
    assert number_style(cells, usual).decimal == decimal
    assert not number_style(cells, usual).doubt


def test_a_number_that_can_be_read_two_ways_is_in_doubt():
    style = number_style(["1.234", "5.678"], ",")
    assert (style.decimal, style.doubt) == (",", "1.234")


@pytest.mark.parametrize(
    ("cell", "day", "span"),
    [
        ("2026-12", "2026-12-01", "month"),
        ("2026/12", "2026-12-01", "month"),
        ("202612", "2026-12-01", "month"),
        (202612.0, "2026-12-01", "month"),
        ("20261231", "2026-12-31", "day"),
        ("31.12.2026", "2026-12-31", "day"),
        ("31.12.26", "2026-12-31", "day"),
        ("2026-12-31 00:00:00", "2026-12-31", "day"),
        ("12.2026", "2026-12-01", "month"),
        ("012.2026", "2026-12-01", "month"),  # SAP's fiscal period
        ("12/2026", "2026-12-01", "month"),
        ("Dez 26", "2026-12-01", "month"),
        ("März 2026", "2026-03-01", "month"),
        ("Sept. 2026", "2026-09-01", "month"),
        ("2026 Jan", "2026-01-01", "month"),
        ("2026M03", "2026-03-01", "month"),
        ("31 Dec 2026", "2026-12-31", "day"),
        ("KW 05/2026", "2026-01-26", "week"),
        ("2026-W05", "2026-01-26", "week"),
        ("2026-Q4", "2026-10-01", "quarter"),
        ("FY2026", "2026-01-01", "year"),
        (46022.0, "2025-12-31", "day"),  # Excel's serial number
        ("46022", "2025-12-31", "day"),
        (dt.datetime(2026, 12, 31), "2026-12-31", "day"),
        ("25/12/2026", "2026-12-25", "day"),
        ("12/25/2026", "2026-12-25", "day"),
    ],
)
def test_period_is_read_in_the_usual_forms(cell, day, span):
    when = read_when(cell, None)
    assert (f"{when.day:%Y-%m-%d}", when.span) == (day, span)


@pytest.mark.parametrize(
    "cell", ["Total", "Material 2026x", "2026-13", "32.01.2026", "", None, 12.0, 1.5, "Marketing 26"]
)
def test_what_is_no_period_is_none(cell):
    assert read_when(cell, "day first") is None


def test_days_with_slashes_are_decided_by_the_whole_file():
    assert day_order(["01/02/2026", "25/02/2026"]) == ("day first", "")
    assert day_order(["02/01/2026", "02/25/2026"]) == ("month first", "")
    assert day_order(["01/01/2026", "01/02/2026", "01/03/2026"]) == ("day first", "")  # firsts of months
    assert day_order(["01/01/2026", "02/01/2026", "03/01/2026"]) == ("month first", "")
    assert day_order(["03/04/2026", "05/06/2026"]) == (None, "03/04/2026")


@pytest.mark.parametrize("word", ["Marketing", "Märkte", "Ma", "Maschine", "Total"])
def test_other_words_are_no_months(word):
    assert month_number(word) is None
