"""What a cell holds after it was written is what was given, also on live Excel, which parses what it is given."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sop_addin.excel.blocks import Formula, as_cell


@pytest.mark.parametrize(
    "text", ["00123", "2027-01", "=1+1", "+49 30", "-", "@home", "'quoted", "#N/A", "1/2", "May 5", "TRUE", "5 %"]
)
def test_text_that_excel_would_parse_is_marked_as_text(text):
    assert as_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["Pumps", "Marketing", "May", "True north", "A12", " x", "Ümlaut"])
def test_plain_text_is_given_as_it_is(text):
    assert as_cell(text) == text


def test_a_formula_stays_a_formula():
    assert as_cell(Formula("=A1+1")) == "=A1+1"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), np.float64("nan"), pd.NaT])
def test_what_is_no_value_clears_the_cell(value):
    assert as_cell(value) is None


def test_numbers_become_floats_and_dates_stay_dates():
    assert as_cell(np.int64(3)) == 3.0
    assert as_cell(dt.datetime(2027, 1, 1)) == dt.datetime(2027, 1, 1)
    assert as_cell(True) is True
