"""The sheet Functions: every function is there with a right result, and plain Excel gives the same totals."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from sop_addin.excel.template.function_examples import (
    DATA,
    DATA_ROW,
    DERIVED_TOTALS,
    EXAMPLES,
    FIRST_COLUMN,
    TOTALS,
    Example,
)  # fmt: skip
from sop_addin.planning.worksheet.plan_values import ADDING, RATIO_OF, SUMS_OF

from .excel import Excel, serial

TEMPLATE = Path(__file__).parents[2] / "workbook" / "SOP_Template.xlsm"
TOKEN = re.compile(r'"[^"]*"|\{[^}]*\}|[A-Z]+\d+(?::[A-Z]+\d+)?|[\d.]+')


@pytest.fixture(scope="module")
def sheet() -> Worksheet:
    return openpyxl.load_workbook(TEMPLATE, data_only=True, keep_vba=True)["Functions"]


@pytest.fixture(scope="module")
def formulas() -> Worksheet:
    return openpyxl.load_workbook(TEMPLATE, keep_vba=True)["Functions"]


def handed_over(value: object) -> object:
    if isinstance(value, dt.datetime):
        return serial(value.year, value.month, value.day)
    return float(value) if isinstance(value, int) else value


def argument(token: str, sheet: Worksheet) -> object:
    """What Excel hands over for an argument as it is written in a formula."""
    if token.startswith('"'):
        return token[1:-1]
    if token.startswith("{"):
        return tuple(tuple(cell.strip('"') for cell in row.split(",")) for row in token[1:-1].split(";"))
    if token[0].isalpha():
        left, top, right, bottom = range_boundaries(token)
        cells = sheet.iter_rows(top, bottom, left, right, values_only=True)
        rows = tuple(tuple(handed_over(cell) for cell in row) for row in cells)
        return rows[0][0] if len(rows) == len(rows[0]) == 1 else rows
    return float(token)


def row_of(sheet: Worksheet, name: str) -> int:
    return next(row for row in range(DATA_ROW + len(DATA), sheet.max_row + 1) if sheet.cell(row, 1).value == name)


def test_every_function_has_an_example(excel: Excel) -> None:
    assert [example.function for example in EXAMPLES] == list(
        dict.fromkeys([*(e.function for e in EXAMPLES), *excel.functions])
    )
    assert {example.function for example in EXAMPLES} == set(excel.functions)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.function)
def test_the_result_on_the_sheet_is_what_the_function_gives(
    excel: Excel, sheet: Worksheet, example: Example, tmp_path: Path
) -> None:
    row = row_of(sheet, example.function) + 1
    assert sheet.cell(row, 2).value == example.formula
    assert sheet.cell(row, 2).data_type == "s", "text: LibreOffice would show #NAME?"
    name, _, rest = example.formula[1:-1].partition("(")
    assert name == example.function
    arguments = [argument(token, sheet) for token in TOKEN.findall(rest)]
    if name == "SOP_BOOK_TOTAL":
        arguments[0] = str(tmp_path / "January.xlsm")
        with xlsxwriter.Workbook(arguments[0]) as book:
            worksheet = book.add_worksheet()
            for number, line in enumerate(argument("C13:J19", sheet)):
                worksheet.write_row(number, 0, line)
    found = excel(name, *arguments)
    rows = found if isinstance(found, list) else [[found]]
    shown = [
        [sheet.cell(row + down, FIRST_COLUMN + across).value for across in range(len(line))]
        for down, line in enumerate(rows)
    ]
    for line, expected, kept in zip(shown, rows, example.result, strict=True):
        assert line == [
            pytest.approx(cell, rel=1e-4, abs=1e-4) if isinstance(cell, float) else cell for cell in expected
        ]
        assert len(kept) == len(line)
    if example.native:
        native = row + len(rows)
        assert sheet.cell(native, 2).value == example.native
        down, across = example.native_of
        assert sheet.cell(native, FIRST_COLUMN).value == pytest.approx(rows[down][across], rel=1e-9)


def test_the_totals_without_python_equal_sop_total_on_every_measure(
    excel: Excel, sheet: Worksheet, formulas: Worksheet, plan, plan_frame
) -> None:
    names = [*TOTALS, *(name for name, _ in DERIVED_TOTALS)]
    assert set(TOTALS) == set(plan_frame["Measure"])
    assert {name for name, _ in DERIVED_TOTALS} == {*SUMS_OF, *RATIO_OF}
    first = row_of(sheet, "Measure") + 1
    for row, measure in enumerate(names, start=first):
        assert sheet.cell(row, 1).value == measure
        written = sheet.cell(row, 2).value
        start = "2028-06" if ADDING[measure] == "none" else None
        assert written.startswith(f'=SOP_TOTAL(tblPlan[#All],"{measure}",$C$')
        expected = excel("SOP_TOTAL", plan, measure, "*", start)
        assert sheet.cell(row, FIRST_COLUMN).value == pytest.approx(expected, rel=1e-9, abs=1e-6), measure
        assert formulas.cell(row, FIRST_COLUMN).value.startswith("=")


def test_no_cell_of_the_template_calls_a_worksheet_function() -> None:
    book = openpyxl.load_workbook(TEMPLATE, keep_vba=True)
    for worksheet in book:
        for line in worksheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f" or "SOP_" not in str(cell.value), f"{worksheet.title}!{cell.coordinate}"


@pytest.mark.libreoffice
def test_libreoffice_calculates_the_same(libreoffice, sheet: Worksheet, formulas: Worksheet, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(libreoffice.recalculated(TEMPLATE, tmp_path), data_only=True)
    count = 0
    for line in formulas.iter_rows():
        for cell in line:
            if cell.data_type == "f":
                count += 1
                found, expected = book["Functions"][cell.coordinate].value, sheet[cell.coordinate].value
                if isinstance(expected, (int, float)):
                    expected = pytest.approx(expected, rel=1e-9, abs=1e-6)
                assert found == expected, cell.coordinate
    assert count > 40
