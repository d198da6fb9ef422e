"""The native formulas of Home: right before a run, after one, and for one family; two calculators agree."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from lxml import etree

from sop_addin.engines.closed_file import recalculate_bytes
from sop_addin.excel.grid_cells import grid_blocks
from sop_addin.excel.grids import column_letter
from sop_addin.excel.template.build import build_workbook
from sop_addin.excel.template.home_figures import HEAT_MONTHS, HELPER_LEFT, NO_TARGET, OFF_TARGET, ON_TARGET
from sop_addin.excel.template.sheets_home import (
    BOARD_LEFT,
    CYCLE_ROW,
    FAMILY_CELL,
    FIGURES_ROW,
    FINDINGS_ROW,
    HEAT_ROW,
    SUMMARY_ROW,
)
from sop_addin.model.schema import TABLES

from .parts import MAIN, Parts

pytestmark = pytest.mark.filterwarnings("ignore:Print area cannot be set")
ERRORS = ("#REF!", "#NAME?", "#VALUE!", "#N/A", "#DIV/0!", "#NUM!", "#NULL!")


@pytest.fixture(scope="module")
def solved(company) -> bytes:
    """A workbook with figures in its grids, as a run would leave them."""
    figures = {
        ("SalesPlan", "Pumps", "Statistical forecast"): [10.0, 20.0, 30.0],
        ("SalesPlan", "Valves", "Statistical forecast"): [1.0, 2.0, 3.0],
        ("SalesPlan", "Pumps", "Budget"): [50.0, 0.0, 0.0],
        ("ProductionPlan", "Pumps", "Planned"): [11.0, 21.0, 31.0],
        ("CapacityPlan", "Press", "Regular capacity"): [100.0, 100.0, 100.0],
        ("FinancePlan", "Pumps", "Budget revenue"): [100.0, 0.0, 0.0],
        ("FinancePlan", "Pumps", "Budget margin"): [20.0, 0.0, 0.0],
    }
    blocks = {}
    for name, block in grid_blocks(company.tables).items():
        rows = [
            [*row[: block.lead], *figures.get((name, str(row[0]), measure), row[block.lead :])]
            for row, measure in zip(block.rows, block.row_measures, strict=True)
        ]
        blocks[name] = replace(block, rows=rows)
    results = {"Status": "Optimal", "Revenue": 110.0, "Margin": 15.0, "Total cost": 95.0, "Demand": 66.0,
               "Service level": 0.97}  # fmt: skip
    outputs = {
        "tblResult": pd.DataFrame({"Measure": list(results), "Value": list(results.values())}, dtype=object),
        "tblFindings": pd.DataFrame(
            [("Warning", "tblItems", 8, "Price", "number", "Not a number", "Items!K8")],
            columns=list(TABLES["tblFindings"].headers), dtype=object,
        ),
    }  # fmt: skip
    return recalculate_bytes(build_workbook(company.raw, company.tables, blocks, outputs))


def _shown(data: bytes, tmp_path, sheet: str = "Home"):
    path = tmp_path / "shown.xlsm"
    path.write_bytes(data)
    return openpyxl.load_workbook(path, data_only=True)[sheet]


def _texts(sheet) -> list[str]:
    return [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def test_before_the_first_run_home_shows_no_errors(company, blank: Parts, tmp_path) -> None:
    for data in (blank.data, build_workbook(company.raw, company.tables, grid_blocks(company.tables))):
        home = _shown(recalculate_bytes(data), tmp_path)
        assert not [text for text in _texts(home) if text in ERRORS]
        assert _tiles(home, FIGURES_ROW + 2) == ["-"] * 5
        assert _tiles(home, FIGURES_ROW + 5) == [NO_TARGET] * 5
        assert home.cell(FINDINGS_ROW + 1, BOARD_LEFT + 2).value == "Nothing found."
        assert home.cell(CYCLE_ROW - 1, BOARD_LEFT).value == "Not solved yet: press Balance."


def _tiles(home, row: int, offset: int = 0) -> list[object]:
    return [home.cell(row, column + offset).value for column in range(BOARD_LEFT, BOARD_LEFT + 30, 6)]


def test_headline_figures_follow_the_plan_sheets_against_budget_and_target(solved: bytes, tmp_path) -> None:
    """10 of 60 pumps have a price; 63 are made at 4, 6 unit months held at 2 % of it, 10 valve months late at 1."""
    home = _shown(solved, tmp_path)
    cost = 63 * 4 + 6 * 0.08 + 10 * 1
    figures = [95, 95 - cost, cost, 66, 1 - 6 / 66]
    assert _tiles(home, FIGURES_ROW + 2) == pytest.approx(figures)
    against = [95 / 100 - 1, (95 - cost - 20) / 20, cost / 80 - 1, 66 / 50 - 1, 1 - 6 / 66 - 0.95]
    assert _tiles(home, FIGURES_ROW + 4, 4) == pytest.approx(against)
    assert _tiles(home, FIGURES_ROW + 5) == [OFF_TARGET, OFF_TARGET, OFF_TARGET, ON_TARGET, OFF_TARGET]


def test_heat_map_shows_the_load_of_each_resource_by_month(solved: bytes, tmp_path) -> None:
    home = _shown(solved, tmp_path)
    rows = [[home.cell(HEAT_ROW + 3 + row, BOARD_LEFT + 6 + month).value for month in range(HEAT_MONTHS)]
            for row in range(2)]  # fmt: skip
    assert home.cell(HEAT_ROW + 3, BOARD_LEFT).value == "Press"
    assert [value for value in rows[0] if value not in ("", None)] == pytest.approx([0.22, 0.42, 0.62])
    assert [value for value in rows[1] if value not in ("", None)] == []
    assert [home.cell(HEAT_ROW + 1, BOARD_LEFT + 6 + month).value or "" for month in range(2)] == ["2027", ""]


def test_the_paragraph_on_limits_says_what_was_found(solved: bytes, tmp_path) -> None:
    home = _shown(solved, tmp_path)
    assert home.cell(SUMMARY_ROW + 1, BOARD_LEFT).value.strip() == "Not a number"


def test_horizon_steps_and_findings_are_shown(solved: bytes, tmp_path) -> None:
    home = _shown(solved, tmp_path)
    assert home["B1"].value == "Tiny - S&OP plan"
    assert home["B2"].value == "Plan from 2027-01 to 2027-03, 3 periods, in EUR. Last run: Optimal."
    assert home.cell(CYCLE_ROW + 2, BOARD_LEFT).value == "Open"
    assert home.cell(FINDINGS_ROW + 1, BOARD_LEFT).value == "Warning"
    assert home.cell(FINDINGS_ROW + 1, BOARD_LEFT + 2).value == "tblItems: Not a number"
    assert (
        home.cell(FINDINGS_ROW + 2, BOARD_LEFT + 2).value is None or not home.cell(FINDINGS_ROW + 2, BOARD_LEFT).value
    )


def _chart_figures(home) -> list[list[object]]:
    return [[home.cell(row, HELPER_LEFT + offset).value for offset in range(3)] for row in (6, 7, 8)]


def test_chart_shows_all_families_or_the_chosen_one(solved: bytes, tmp_path) -> None:
    assert _chart_figures(_shown(solved, tmp_path)) == [["2027-01", 11, 11], ["2027-02", 21, 22], ["2027-03", 31, 33]]
    chosen = recalculate_bytes(_with_family(solved, "Valves"))
    assert _chart_figures(_shown(chosen, tmp_path)) == [["2027-01", 0, 1], ["2027-02", 0, 2], ["2027-03", 0, 3]]


def _with_family(data: bytes, family: str) -> bytes:
    """The workbook with a family typed into the cell of the chart."""
    parts = Parts(data)
    name = parts.sheet_parts["Home"]
    cell = parts.cells("Home")[f"{column_letter(FAMILY_CELL[1])}{FAMILY_CELL[0]}"]
    cell.set("t", "str")
    etree.SubElement(cell, f"{MAIN}v").text = family
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for file, content in parts.files.items():
            package.writestr(file, etree.tostring(parts.xml(name)) if file == name else content)
    return out.getvalue()


@pytest.mark.libreoffice
def test_libreoffice_calculates_the_same(solved: bytes, libreoffice, tmp_path) -> None:
    """Every formula of every sheet, recalculated by LibreOffice, keeps the value that stands in the file."""
    path = tmp_path / "solved.xlsm"
    path.write_bytes(solved)
    ours = openpyxl.load_workbook(path, data_only=True)
    theirs = openpyxl.load_workbook(libreoffice.recalculated(path, tmp_path / "out"), data_only=True)
    formulas = openpyxl.load_workbook(path)
    checked = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if not (isinstance(cell.value, str) and cell.value.startswith("=")) or cell.data_type != "f":
                    continue
                here, there = (book[sheet.title][cell.coordinate].value for book in (ours, theirs))
                checked += 1
                if isinstance(here, (int, float)):
                    assert there == pytest.approx(here, rel=1e-9, abs=1e-9), f"{sheet.title}!{cell.coordinate}"
                else:
                    assert (here or None) == (there or None), f"{sheet.title}!{cell.coordinate}"
    assert checked > 300
