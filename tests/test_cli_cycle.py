"""The commands of the S&OP month on closed files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from commands import Cli
from companies import company, raw_company

from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.template import workbook_bytes
from sop_addin.planning.cycle import run_cycle

pytest_plugins = ["commands"]

SOLD = {"Family": ["Pumps", "Valves"], "Period": ["2027-01", "2027-01"], "Sales": [200, 90], "Stock": [77, 20]}


@pytest.fixture(scope="module")
def planned() -> bytes:
    """Pumps and valves, planned, with the actuals of January."""
    tables = company(tblStock=SOLD)
    return recalculate_bytes(workbook_bytes(raw_company(tblStock=SOLD), tables, run_cycle(tables)))


@pytest.fixture
def book(planned: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(planned)
    return path


def tables_in(path: Path):
    workbook = open_book(path)
    try:
        return read_tables(workbook)
    finally:
        workbook.close()


def test_roll_begins_the_next_cycle(cli: Cli, book: Path) -> None:
    assert cli("publish", book).code == 0
    reply = cli("roll", book, "--json")
    assert reply.code == 0
    assert (reply.json["status"], reply.json["plan_start"]) == ("Rolled", "2027-02-01")
    tables = tables_in(book)
    assert tables.periods[0] == pd.Timestamp("2027-02-01")
    assert tables.history[pd.Timestamp("2027-01-01")].sum() > 290
    assert cli("run", book).code == 0


def test_roll_changes_nothing_without_a_published_plan_or_actuals(cli: Cli, book: Path) -> None:
    before = book.read_bytes()
    reply = cli("roll", book)
    assert (reply.code, reply.sentence) == (
        1, "Roll: the plan that starts in 2027-01 is not published, so it would be lost; publish first."
    )  # fmt: skip
    assert book.read_bytes() == before
