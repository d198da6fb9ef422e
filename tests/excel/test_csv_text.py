"""CSV as text: no spreadsheet takes a cell of ours for a formula, and every text comes back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_addin.excel import csv_text
from sop_addin.excel.csv_text import FORMULA_STARTS, cell_text, read_records, text_cell, write_records
from sop_addin.model.errors import InputError


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠x", "=cmd|'/C calc'!A0"]
)
def test_text_that_some_spreadsheet_calculates_gets_an_apostrophe(text: str) -> None:
    assert cell_text(text) == "'" + text
    assert text_cell(cell_text(text)) == text


def test_a_lone_hyphen_stays_as_it_is() -> None:
    assert cell_text("-") == "-"


@given(st.text(alphabet=st.sampled_from("=+-@'\t\n\r\"＝, aé\x07"), min_size=1, max_size=6))
def test_every_text_comes_back_from_its_file_as_it_was(text: str) -> None:
    if not text.strip():
        return  # a cell of nothing but blanks is as good as blank
    written = cell_text(text)
    assert not (len(written) > 1 and written.startswith(FORMULA_STARTS))
    assert text_cell(written) == text


def test_more_columns_or_rows_than_a_sheet_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = write_records(tmp_path / "a.csv", [f"c{at}" for at in range(16_001)], [])
    with pytest.raises(
        InputError, match=r"a\.csv line 1: 16,001 columns, more than the 16,000 that a sheet has room for"
    ):
        read_records(wide)
    monkeypatch.setattr(csv_text, "MOST_ROWS", 2)
    long = write_records(tmp_path / "b.csv", ["Item"], [["a"], ["b"], ["c"]])
    with pytest.raises(InputError, match=r"b\.csv line 4: more than the 2 rows that a sheet has room for"):
        read_records(long)


def test_the_character_0_is_no_part_of_a_text_file(tmp_path: Path) -> None:
    file = write_records(tmp_path / "a.csv", ["Item"], [[cell_text("\0A\x07")]])
    assert read_records(file)[1] == [["A\x07"]]
