"""The board of the sheet Accuracy follows its tables; without them it is empty and shows no errors."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from sop_addin.engines.closed_file import recalculate_bytes
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.template.sheets_accuracy import FIGURES_ROW, LAG_ROW, MAP_ROW, WAYS_ROW
from sop_addin.model.schema import TABLES
from sop_addin.model.segment_classes import WAYS

pytestmark = pytest.mark.filterwarnings("ignore:Print area cannot be set")


def _sheet(data: bytes, tmp_path):
    path = tmp_path / "shown.xlsm"
    path.write_bytes(recalculate_bytes(data))
    return openpyxl.load_workbook(path, data_only=True)["Accuracy"]


def _accuracy(level: str, name: str, lag: float | None, wmape: float, verdict: str = "") -> dict[str, object]:
    return {"Level": level, "Name": name, "Lag": lag, "WMAPE": wmape, "Naive WMAPE": 2 * wmape, "Bias": -0.01,
            "Last year WMAPE": 3 * wmape, "Verdict": verdict}  # fmt: skip


@pytest.fixture(scope="module")
def filled(company) -> bytes:
    accuracy = pd.DataFrame(
        [
            _accuracy("All families", "", None, 0.10),
            _accuracy("All families", "", 1, 0.08),
            _accuracy("All families", "", 2, 0.12),
            _accuracy("All items", "", 1, 0.99),
            _accuracy("Item", "00123", None, 0.30, "Loses to naive"),
            _accuracy("Item", "V-1", None, 0.20, "Better than naive"),
        ]
    ).reindex(columns=TABLES["tblAccuracy"].headers)
    segments = pd.DataFrame(
        {"Item": ["00123", "V-1", "P-2"], "Share": [0.7, 0.2, 0.1], "ABC": ["A", "B", "B"], "XYZ": ["X", "Z", "Z"],
         "Class": ["AX", "BZ", "BZ"]}
    ).reindex(columns=TABLES["tblSegments"].headers)  # fmt: skip
    more = {"tblAccuracy": accuracy, "tblSegments": segments}
    return workbook_bytes(company.raw, company.tables, more=more)


def test_tiles_show_all_families_and_count_the_items_that_lose(filled, tmp_path):
    sheet = _sheet(filled, tmp_path)
    assert [sheet.cell(FIGURES_ROW + 2, column).value for column in (1, 3, 5, 7, 9)] == pytest.approx(
        [0.10, 0.20, 0.30, -0.01, 1]
    )


def test_errors_by_lag_end_where_the_backtest_ended(filled, tmp_path):
    sheet = _sheet(filled, tmp_path)
    lines = [[sheet.cell(LAG_ROW + 1 + line, column).value for column in range(1, 5)] for line in (1, 2, 3)]
    assert lines[:2] == [pytest.approx([1, 0.08, 0.16, 0.24]), pytest.approx([2, 0.12, 0.24, 0.36])]
    assert lines[2] in (["", "", "", ""], [None] * 4)


def test_the_map_counts_items_and_adds_their_shares(filled, tmp_path):
    sheet = _sheet(filled, tmp_path)
    top = MAP_ROW + 2
    assert [sheet.cell(top, column).value for column in (2, 4, 6, 8, 10)] == ["X", "Y", "Z", "New", "Total"]
    by_class = {sheet.cell(top + line, 1).value: [sheet.cell(top + line, column).value for column in range(2, 12)]
                for line in range(1, 5)}  # fmt: skip
    assert by_class["A"] == pytest.approx([1, 0.7, 0, 0, 0, 0, 0, 0, 1, 0.7])
    assert by_class["B"] == pytest.approx([0, 0, 0, 0, 2, 0.3, 0, 0, 2, 0.3])
    assert by_class["Total"] == pytest.approx([1, 0.7, 0, 0, 2, 0.3, 0, 0, 3, 1.0])


def test_every_class_has_its_way_of_planning(filled, tmp_path):
    sheet = _sheet(filled, tmp_path)
    shown = {sheet.cell(WAYS_ROW + 1 + line, 1).value: sheet.cell(WAYS_ROW + 1 + line, 4).value
             for line in range(1, len(WAYS) + 1)}  # fmt: skip
    assert shown == WAYS
    assert len(WAYS) == 3 * 3 + 1


def test_before_the_first_backtest_the_board_is_empty(built, tmp_path):
    sheet = _sheet(built, tmp_path)
    assert [sheet.cell(FIGURES_ROW + 2, column).value for column in (1, 3, 5, 7, 9)] == ["-"] * 5
    texts = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert not [text for text in texts if text.startswith("#")]
