"""The ribbon's buttons, run on a closed workbook as the calling one."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlwings as xw
from companies import company, raw_company

from sop_addin import macros
from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.template import workbook_bytes
from sop_addin.planning.cycle import STEPS, run_cycle


@pytest.fixture(scope="module")
def template() -> bytes:
    return recalculate_bytes(workbook_bytes(raw_company(), company()))


@pytest.fixture
def book(template, tmp_path):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    book = open_book(path)
    book.set_mock_caller()
    yield book
    book.close()


@pytest.fixture
def said(book, monkeypatch) -> list[tuple[str, str | None]]:
    """(message, mode) of every message box."""
    messages: list[tuple[str, str | None]] = []
    monkeypatch.setattr(xw.App, "alert", lambda self, text, title, mode=None: messages.append((text, mode)))
    return messages


def tables_of(book) -> dict:
    return {table.name: table for sheet in book.sheets for table in sheet.tables}


def rows(book, name: str) -> list[list]:
    return tables_of(book)[name].data_body_range.options(ndim=2).value


def test_run_all_plans_and_says_so_in_one_message(book, said):
    macros.run_all()
    assert len(said) == 1
    assert said[0][0].startswith("Plan solved: cost ")
    assert said[0][1] == "info"
    assert book.app.status_bar == said[0][0]
    assert dict(rows(book, "tblResult"))["Status"] == "Optimal"


def test_the_three_steps_one_by_one_give_the_plan_of_all_steps(book, said):
    macros.forecast()
    macros.aggregate()
    macros.balance()
    assert [message.split()[0] for message, _ in said] == ["3", "Demand", "Plan"]
    step_by_step = dict(rows(book, "tblResult"))["Objective"]
    assert step_by_step == pytest.approx(run_cycle(company(), STEPS).balance.objective, rel=1e-9)


def test_check_lists_findings_and_plans_nothing(book, said):
    macros.check()
    assert said[0][0].startswith("Check: ")
    assert dict(rows(book, "tblResult")).get("Status") != "Optimal"


def test_errors_in_the_tables_are_listed_and_nothing_else_changes(book, said):
    area = tables_of(book)["tblItems"].data_body_range
    area[0, 2].value = "Pmups"
    before = {sheet.name: sheet.used_range.formula for sheet in book.sheets if sheet.name != "Checks"}
    macros.run_all()
    assert said[0][0].startswith("Nothing was planned: ")
    assert said[0][1] == "critical"
    assert any("Pmups" in str(row) for row in rows(book, "tblFindings"))
    assert {sheet.name: sheet.used_range.formula for sheet in book.sheets if sheet.name != "Checks"} == before


def test_a_failure_is_one_sentence_and_no_traceback(book, said, monkeypatch):
    def broken(*words, **more):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(macros, "run_cycle", broken)
    macros.run_all()
    text, mode = said[0]
    assert text.startswith("Unexpected ZeroDivisionError: division by zero. Please report it with the file ")
    assert "Traceback" in Path(text.rsplit("file ", 1)[1].rstrip(".")).read_text(encoding="utf-8")
    assert mode == "critical"


def test_a_workbook_that_is_not_ours_is_told_so(tmp_path, monkeypatch):
    import openpyxl

    path = tmp_path / "Other.xlsx"
    openpyxl.Workbook().save(path)
    other = open_book(path)
    other.set_mock_caller()
    messages: list[str] = []
    monkeypatch.setattr(xw.App, "alert", lambda self, text, title, mode=None: messages.append(text))
    macros.balance()
    other.close()
    assert messages == ["Other.xlsx is not an S&OP workbook: table tblItems is missing; make one with `sop-addin new`"]
