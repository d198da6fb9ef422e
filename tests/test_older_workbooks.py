"""A workbook from before newer tables and columns came is planned and taken through its month all the same."""

from __future__ import annotations

import warnings
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from commands import Cli
from companies import company, raw_company
from test_macros import own_folder, said  # noqa: F401 - fixtures
from workbooks import content_of, differences, tables_in

from sop_addin import macros
from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.layout import SCENARIO_NAME, UNDO_SHEET
from sop_addin.excel.template import workbook_bytes
from sop_addin.model.schema import NEWER_TABLES, TABLES
from sop_addin.planning.cycle import run_cycle

pytest_plugins = ["commands"]

LEVERS = {"Scenario": ["Boom"], "Lever": ["Demand"], "Family": ["Pumps"], "Change %": [0.2]}
RISKS = {"Risk": ["Market"], "Lever": ["Demand"], "Probability": [1], "Low %": [-0.1], "Likely %": [0], "High %": [0.2]}
CYCLE = {"Step": ["Data gathering", "Demand plan", "Supply plan"], "Status": ["Open"] * 3}
SOLD = {"Family": ["Pumps", "Valves"], "Period": ["2027-01", "2027-01"], "Sales": [200, 90], "Stock": [77, 20]}


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A planned workbook whose newer tables are plain cells, and whose newer columns are of other names."""
    given = {"tblScenarios": LEVERS, "tblRisks": RISKS, "tblStock": SOLD, "tblCycle": CYCLE}
    tables = company(**given)
    path = tmp_path_factory.mktemp("older") / "Plan.xlsx"
    path.write_bytes(recalculate_bytes(workbook_bytes(raw_company(**given), tables, run_cycle(tables))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl cannot read our print areas
        book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for name in set(sheet.tables) & set(TABLES):
            if name in NEWER_TABLES:
                del sheet.tables[name]
                continue
            table = sheet.tables[name]
            newer = {column.name for column in TABLES[name].columns if column.newer}
            for number, (cell, column) in enumerate(zip(sheet[table.ref][0], table.tableColumns, strict=True)):
                if cell.value in newer:
                    cell.value = column.name = f"Mine {number}"
    book.save(path)
    return path.read_bytes()


@pytest.fixture
def book(older: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "Plan.xlsx"
    path.write_bytes(older)
    return path


def test_it_is_checked_with_one_note_on_what_it_lacks(cli: Cli, book: Path) -> None:
    reply = cli("check", book, "--json")
    assert reply.code == 0
    (note,) = [one for one in reply.json["findings"] if one["rule"] == "older_workbook"]
    assert note["severity"] == "Info"
    assert all(name in note["message"] for name in NEWER_TABLES)
    assert "the columns " in note["message"]
    assert "Adopted in tblScenarios" in note["message"]
    assert not [one for one in reply.json["findings"] if one["severity"] in ("Error", "Warning")]


def test_it_is_planned_as_a_workbook_of_today_is(cli: Cli, book: Path) -> None:
    reply = cli("run", book, "--json")
    assert reply.code == 0
    today = run_cycle(company(tblScenarios=LEVERS, tblRisks=RISKS, tblStock=SOLD, tblCycle=CYCLE))
    assert reply.json["margin"] == pytest.approx(today.balance.margin, rel=1e-6)
    assert [one["severity"] for one in reply.json["findings"]].count("Error") == 0


def test_its_month_is_carried_to_the_next_one(cli: Cli, book: Path) -> None:
    assert cli("run", book).code == 0
    for step in CYCLE["Step"]:
        assert cli("sign", book, step, "--by", "Ann").code == 0
    assert cli("reopen", book, "Supply plan").code == 0
    assert cli("adopt", book, "Boom").code == 0
    assert tables_in(book).scenarios["Adopted"].notna().all(), "the column for it is made"
    assert cli("publish", book).code == 0
    assert cli("roll", book).code == 0
    assert cli("run", book).code == 0
    tables = tables_in(book)
    assert tables.plan_start == pd.Timestamp("2027-02-01")
    assert [one.name for one in tables.versions] == ["2027-01"]


def test_a_command_that_could_write_nothing_says_which_table_is_missing(cli: Cli, book: Path) -> None:
    reply = cli("risk", book, "--samples", 5)
    assert reply.code == 2
    assert "Table tblRiskResults is missing; the sheet Scenarios of a new workbook has it." in reply.err


def test_its_buttons_can_be_undone(book: Path, said, own_folder) -> None:  # noqa: F811
    workbook = open_book(book)
    workbook.set_mock_caller()
    before = content_of(workbook, results=False, leave_out=(UNDO_SHEET,))
    for press in (macros.run_all, macros.sign, macros.publish):
        press()
        assert said[-1][1] == "info", said[-1]
        macros.undo_last_run()
        assert said[-1][0].startswith("Undone: "), said[-1]
        changed = differences(before, content_of(workbook, results=False, leave_out=(UNDO_SHEET,)))
        assert not changed, list(changed)[:5]
    workbook.names[SCENARIO_NAME].refers_to_range.value = "Boom"
    macros.adopt()
    assert said[-1][0] == "Scenario Boom is the plan now; its levers are in the inputs."
    macros.undo_last_run()
    assert said[-1][0].startswith("Undone: Adopt")
    workbook.close()


def test_a_new_workbook_of_its_files_has_everything_and_keeps_what_was_published(
    cli: Cli, book: Path, tmp_path: Path
) -> None:
    assert cli("publish", book, "--by", "Ann").code == 0
    assert cli("export", book, tmp_path / "files").code == 0
    reply = cli("new", tmp_path / "New.xlsm", "--data", tmp_path / "files")
    assert reply.code == 0, reply.err
    tables = tables_in(tmp_path / "New.xlsm")
    assert [one.name for one in tables.versions] == ["2027-01"]
    assert not [one for one in tables.problems if one.rule == "older_workbook"]
    assert tables.sales_plan["Statistical forecast"].notna().any()
