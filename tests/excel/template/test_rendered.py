"""The workbook as a page: LibreOffice draws every sheet; nothing is cut, nothing is an error, nothing falls outside."""

from __future__ import annotations

import re
import subprocess
import warnings
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from companies import company, raw_company

from sop_addin.engines.closed_file import recalculate_bytes
from sop_addin.excel.layout import SUMMARY_LEAD
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.template.home_figures import HELPER_LEFT
from sop_addin.excel.template.plan_charts import FIGURES_COLUMN
from sop_addin.model.schema import GRIDS, SHEETS, TABLES
from sop_addin.planning.cycle import run_cycle

ERRORS = ("###", "#REF!", "#NAME?", "#VALUE!", "#N/A", "#DIV/0!", "#NUM!", "Err:")
DEMAND = {
    "Family": ["Pumps", "Pumps", "Valves", "Valves"],
    "Period": ["2027-01", "2027-04", "2027-02", "2027-05"],
    "Value": [1250, 400, 333, 90],
}
SHOWN = [sheet.name for sheet in SHEETS if not sheet.hidden]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory) -> Path:
    plan = run_cycle(company(demand=DEMAND), ["balance"])
    assert plan.balance is not None
    path = tmp_path_factory.mktemp("rendered") / "Plan.xlsm"
    path.write_bytes(recalculate_bytes(workbook_bytes(raw_company(), plan.tables, plan)))
    return path


@pytest.fixture(scope="module")
def pages(workbook: Path, libreoffice, tmp_path_factory) -> Path:
    (pdf,) = libreoffice.convert(workbook, "pdf", tmp_path_factory.mktemp("pages"))
    return pdf


@pytest.fixture(scope="module")
def texts(pages: Path) -> dict[str, str]:
    """The text of every sheet's pages, by the sheet's name in their footer."""
    made = subprocess.run(["pdftotext", "-layout", str(pages), "-"], capture_output=True, text=True, check=True)
    found: dict[str, str] = {}
    for page in made.stdout.split("\f"):
        footer = re.search(r"\.xlsm\s+(.+?)\s+Page \d+ of \d+", page)
        if footer:
            found[footer[1]] = found.get(footer[1], "") + page
    return found


@pytest.mark.libreoffice
def test_every_sheet_has_a_page_without_an_error_or_a_cut_figure(texts: dict[str, str]) -> None:
    assert list(texts) == SHOWN
    for sheet, text in texts.items():
        assert [error for error in ERRORS if error in text] == [], sheet


@pytest.mark.libreoffice
def test_no_header_is_clipped(texts: dict[str, str]) -> None:
    for table in TABLES.values():
        if table.sheet in texts and table.name != "tblSettings":
            words = set(re.findall(r"[\w%-]+", texts[table.sheet]))
            shown = [
                header for header in table.headers if (table.name, header) != ("tblMerge", "Key")
            ]  # a hidden column
            needed = {word for header in shown for word in re.findall(r"[\w%-]+", header)}
            assert needed <= words, table.name
    for grid in GRIDS:
        for header in (*grid.lead_headers, "2027-01", "2027-06", *(measure.name for measure in grid.measures)):
            assert header in texts[grid.sheet], (grid.name, header)


@pytest.mark.libreoffice
def test_nothing_is_cut_at_the_edge_of_a_page(pages: Path, tmp_path: Path) -> None:
    subprocess.run(["pdftoppm", "-r", "40", "-gray", str(pages), str(tmp_path / "page")], check=True)
    images = sorted(tmp_path.glob("page*.pgm"))
    assert len(images) >= len(SHOWN)
    for path in images:
        kind, width, height, _, pixels = path.read_bytes().split(maxsplit=4)
        assert kind == b"P5"
        page = np.frombuffer(pixels[-int(width) * int(height) :], dtype=np.uint8).reshape(int(height), int(width))
        rows, columns = np.nonzero(page < 215)
        assert rows.min() > 8, path.name
        assert columns.min() > 8, path.name
        assert columns.max() < int(width) - 8, path.name
        assert rows.max() < int(height) - 4, path.name


def test_only_figures_behind_charts_stand_outside_the_print_areas(workbook: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Print area")
        book = openpyxl.load_workbook(workbook)
    areas = _print_areas(workbook)
    behind = {
        "Home": HELPER_LEFT,
        "Finance Summary": SUMMARY_LEAD + 1,
        **{grid.sheet: FIGURES_COLUMN - 1 for grid in GRIDS},
    }
    for sheet, spans in areas.items():
        for row in book[sheet].iter_rows():
            for cell in row:
                if cell.value in (None, "") or cell.column >= behind.get(sheet, 10**6):
                    continue
                inside = any(first <= cell.column <= last for first, last in spans)
                # years above months that a longer horizon will bring
                assert inside or "LEFT(" in str(cell.value), f"{sheet}!{cell.coordinate}"


def _print_areas(workbook: Path) -> dict[str, list[tuple[int, int]]]:
    """First and last columns of the print areas, by sheet."""
    import zipfile

    from openpyxl.utils import column_index_from_string

    with zipfile.ZipFile(workbook) as package:
        text = package.read("xl/workbook.xml").decode()
    found = {}
    for area in re.findall(r'name="_xlnm.Print_Area"[^>]*>([^<]*)<', text):
        parts = re.findall(r"(?:'([^']+)'|(\w+))!\$([A-Z]+)(?:\$\d+)?:\$([A-Z]+)", area)
        sheet = parts[0][0] or parts[0][1]
        found[sheet] = [(column_index_from_string(first), column_index_from_string(last)) for *_, first, last in parts]
    return found
