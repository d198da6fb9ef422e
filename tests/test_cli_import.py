"""``sop-addin import``: preview, questions, and what is written into the workbook."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from commands import Cli
from companies import company, raw_company
from workbooks import tables_in

from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.import_write import write_history
from sop_addin.excel.tables_io import find_tables
from sop_addin.excel.template import workbook_bytes

pytest_plugins = ["commands"]


@pytest.fixture(scope="module")
def template() -> bytes:
    return recalculate_bytes(workbook_bytes(raw_company(), company()))


@pytest.fixture
def book(template: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    return path


def history_file(folder: Path, text: str) -> Path:
    path = folder / "export.csv"
    path.write_text(text, encoding="cp1252")
    return path


NEW_MONTHS = "Auswertung;;;\nMaterial;Region;2027-01;2027-02\nP1;North;1.234,5;7\nV1;South;;8\n"


def test_new_months_become_columns_and_the_rest_of_the_workbook_stays(cli: Cli, book, tmp_path):
    before = tables_in(book)
    reply = cli("import", book, "--history", history_file(tmp_path, NEW_MONTHS))
    assert reply.code == 0, reply.err
    assert reply.out.startswith(f"Written: {book} (3 figures new")
    after = tables_in(book)
    assert after.history_periods == [*before.history_periods, pd.Timestamp(2027, 1, 1), pd.Timestamp(2027, 2, 1)]
    first = after.history.set_index(["Item", "Region"])
    assert first.loc[("P1", "North"), pd.Timestamp(2027, 1, 1)] == 1234.5
    assert pd.isna(first.loc[("V1", "South"), pd.Timestamp(2027, 1, 1)])
    assert not after.problems.errors
    pd.testing.assert_frame_equal(after.history[before.history.columns], before.history)
    pd.testing.assert_frame_equal(after.items, before.items)


def test_preview_says_what_would_change_and_changes_nothing(cli: Cli, book, tmp_path):
    content = book.read_bytes()
    reply = cli("import", book, "--history", history_file(tmp_path, NEW_MONTHS), "--preview")
    assert reply.code == 0
    assert "3 figures are new, 0 differ" in reply.err
    assert book.read_bytes() == content


def test_figures_that_differ_are_written_only_on_a_word(cli: Cli, book, tmp_path):
    file = history_file(tmp_path, "Item;Region;2024-01\nP1;North;999\n")
    content = book.read_bytes()
    reply = cli("import", book, "--history", file)
    assert reply.code == 1
    assert "P1 North 2024-01: 100 -> 999" in reply.err
    assert "--replace" in reply.err
    assert book.read_bytes() == content
    assert cli("import", book, "--history", file, "--replace").code == 0
    assert tables_in(book).history.iloc[0, 2] == 999


def test_new_items_wait_for_a_word(cli: Cli, book, tmp_path):
    file = history_file(tmp_path, "Item;Description;2027-01\nP1;;1\n00077;New pump;5\n")
    reply = cli("import", book, "--history", file)
    assert reply.code == 1
    assert "1 items are not in the workbook (00077)" in reply.err
    skipped = tmp_path / "Skipped.xlsm"
    assert cli("import", book, "--history", file, "--skip-new", "--out", skipped).code == 0
    assert "00077" not in set(tables_in(skipped).history["Item"])
    assert cli("import", book, "--history", file, "--add-new").code == 0
    tables = tables_in(book)
    assert list(tables.items["Item"])[-1] == "00077"
    assert list(tables.items["Description"])[-1] == "New pump"
    assert "00077" in set(tables.history["Item"])
    assert cli("check", book).code == 1  # it needs a family before anything is planned


def test_budget_is_added_to_what_stands_there(cli: Cli, book, tmp_path):
    path = tmp_path / "budget.xlsx"
    finance = openpyxl.Workbook()
    finance.active.append(["Budget 2027 in kEUR"])
    finance.active.append(["Family", "Measure", "Jan", "Feb", "Mar", "FY 2027"])
    finance.active.append(["Pumps", "Revenue", 15, 16.5, 17, 48.5])
    finance.active.append(["Valves", "Revenue", 4, 4, 4, 12])
    finance.active.append(["Total", "Revenue", 19, 20.5, 21, 60.5])
    finance.save(path)
    reply = cli("import", book, "--budget", path)
    assert reply.code == 0, reply.err
    budget = tables_in(book).budget.set_index(["Family", "Period"])
    assert budget.loc[("Pumps", pd.Timestamp(2027, 2, 1)), "Revenue"] == 16500
    assert budget.loc[("Pumps", pd.Timestamp(2027, 1, 1)), "Volume"] == 150  # was there
    assert len(budget) == 6
    again = cli("import", book, "--budget", path)
    assert again.code == 0
    assert "nothing to write" in again.err


def test_unknown_family_stops_the_budget_until_it_is_left_out(cli: Cli, book, tmp_path):
    path = tmp_path / "budget.csv"
    path.write_text("Family,Period,Revenue\nPumps,2027-03,5\nPipes,2027-03,700\n", encoding="utf-8")
    reply = cli("import", book, "--budget", path)
    assert reply.code == 1
    assert "'Pipes' is not in tblFamilies" in reply.err
    assert cli("import", book, "--budget", path, "--skip-new").code == 0
    assert set(tables_in(book).budget["Family"]) == {"Pumps", "Valves"}


def test_json_holds_the_counts_the_questions_and_the_findings(cli: Cli, book, tmp_path):
    reply = cli("import", book, "--history", history_file(tmp_path, "Item;2027-01\nX;5\n"), "--json")
    assert reply.code == 1
    assert reply.json["status"] == "Not written"
    assert reply.json["new"] == ["X"]
    assert {finding["rule"] for finding in reply.json["findings"]} >= {"item_new", "columns_read"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give one of --history FILE and --budget FILE"),
        (["--history", "{file}", "--budget", "{file}"], "give one of"),
        (["--history", "{file}", "--add-new", "--skip-new"], "choose one of"),
        (["--budget", "{file}", "--add-new"], "add families on the sheet Families"),
        (["--history", "{file}", "--out", "x.csv"], "must end in .xlsm"),
    ],
)
def test_wrong_usage(cli: Cli, book, tmp_path, arguments, words):
    file = history_file(tmp_path, NEW_MONTHS)
    reply = cli("import", book, *(str(file) if word == "{file}" else word for word in arguments))
    assert reply.code == 2
    assert words in reply.sentence


def test_months_between_and_rows_of_the_planner_keep_their_formulas(book):
    workbook = open_book(book)
    area = find_tables(workbook)["tblHistory"].range
    column = area.column + 2
    sheet = area.sheet
    sheet.range(
        (area.row + 1, column + 35)
    ).formula = f"=SUM({sheet.range((area.row + 2, column + 34)).get_address(False, False)})"
    figures = pd.DataFrame(
        {"Item": ["P1"], "Region": ["North"], "Period": [pd.Timestamp(2023, 12, 1)], "Quantity": [3.0]}
    )
    write_history(workbook, figures, "Month")
    area = find_tables(workbook)["tblHistory"].range
    assert [sheet.range((area.row, column)).value, sheet.range((area.row, column + 1)).value] == ["2023-12", "2024-01"]
    moved = sheet.range((area.row + 1, column + 36)).formula
    assert moved == f"=SUM({sheet.range((area.row + 2, column + 35)).get_address(False, False)})"
    workbook.close()
