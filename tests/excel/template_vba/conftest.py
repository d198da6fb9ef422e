"""A small workbook with our VBA project and ribbon: settings, scenarios, and the configuration of xlwings."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
import xlsxwriter

from sop_addin.excel.layout import XLWINGS_CONF_SHEET
from sop_addin.excel.template.ribbon import add_ribbon
from sop_addin.excel.template.vba_project import WORKBOOK_CODE_NAME, XLWINGS_CONF, build_vba_project

SHEETS = {"Settings": "Sheet1", "Scenarios": "Sheet2", XLWINGS_CONF_SHEET: "Sheet3", "Undo": "Sheet4"}
SCENARIOS = ["High demand", "High demand", "Strike", "", "strike"]


def plain_workbook() -> bytes:
    """As XlsxWriter leaves it: our VBA project, no ribbon."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": dt.datetime(2020, 1, 1)})
        book.add_vba_project(io.BytesIO(build_vba_project(list(SHEETS.values()))), is_stream=True)
        book.set_vba_name(WORKBOOK_CODE_NAME)
        sheets = {name: book.add_worksheet(name) for name in SHEETS}
        for name, code_name in SHEETS.items():
            sheets[name].set_vba_name(code_name)
        sheets["Settings"].write("B1", "Strike")
        book.define_name("SopScenario", "=Settings!$B$1")
        table = {"name": "tblScenarios", "columns": [{"header": "Scenario"}], "data": [[one] for one in SCENARIOS]}
        sheets["Scenarios"].add_table(0, 0, len(SCENARIOS), 0, table)
        for row, pair in enumerate(XLWINGS_CONF):
            sheets[XLWINGS_CONF_SHEET].write_row(row, 0, pair)
    return out.getvalue()


@pytest.fixture(scope="session")
def workbook() -> bytes:
    return add_ribbon(plain_workbook())


@pytest.fixture(scope="session")
def workbook_path(workbook: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "SOP Template.xlsm"
    path.write_bytes(workbook)
    return path
