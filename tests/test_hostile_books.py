"""Files built to harm: every command refuses them with a sentence, within time and memory, and nothing is executed.

Text that looks like a formula, and names of every kind, stay what they are through plan, copy, merge and export.
"""

from __future__ import annotations

import csv
import re
import shutil
import time
from pathlib import Path

import pytest
from commands import Cli
from hostile_files import KINDS, REFUSED, TEMPLATE, cost, part, rewritten

from sop_addin.engines.closed_file import open_book
from sop_addin.model.schema import STEPS, TABLES
from udfs.totals import SOP_BOOK_TOTAL

pytest_plugins = ["commands"]
SECONDS = 20.0
MEGABYTES = 600.0


@pytest.fixture(scope="module", params=REFUSED)
def bad(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bad") / "Plan.xlsm"
    path.write_bytes(KINDS[request.param]())
    return path


def test_every_command_ends_in_a_sentence_and_changes_nothing(cli: Cli, bad: Path, tmp_path: Path) -> None:
    before = bad.read_bytes()
    good = tmp_path / "Good.xlsm"
    shutil.copy(TEMPLATE, good)
    for words in (
        ("check", bad), ("run", bad, "--steps", "rough_cut"), ("share", bad, tmp_path / "Copy.xlsx"),
        ("export", bad, tmp_path / "csv"), ("merge", good, bad), ("import", good, "--history", bad),
        ("publish", bad),
    ):  # fmt: skip
        begin = time.process_time()
        reply = cli(*words)
        assert reply.code in (1, 2), words
        assert len(reply.err.strip()) > 30, words
        assert "Unexpected" not in reply.err, reply.err
        assert time.process_time() - begin < SECONDS, words
    assert bad.read_bytes() == before
    assert good.read_bytes() == TEMPLATE.read_bytes()
    assert not (tmp_path / "Copy.xlsx").exists()


def test_a_worksheet_function_says_why_it_does_not_read_it(bad: Path) -> None:
    begin = time.process_time()
    answer = SOP_BOOK_TOTAL(str(bad), "Revenue")
    while isinstance(answer, list):
        answer = answer[0]
    assert str(answer).startswith("#SOP: path: Plan.xlsm")
    assert time.process_time() - begin < SECONDS


@pytest.mark.parametrize(
    ("kind", "command"),
    [("zip of 19 dense parts", "share"), ("a million shared strings", "check"),
     ("45 MB of open tags", "check"), ("45 MB of cells", "share")],
)  # fmt: skip
def test_what_fits_into_the_limits_takes_memory_within_bounds(kind: str, command: str, tmp_path: Path) -> None:
    bad = tmp_path / "Plan.xlsm"
    bad.write_bytes(KINDS[kind]())
    used = cost((command, bad, *([tmp_path / "Copy.xlsx"] if command == "share" else [])))
    assert used.code == 0, used.said
    assert used.megabytes < MEGABYTES
    assert used.seconds < SECONDS


def test_a_name_that_covers_the_whole_sheet_is_found_not_stumbled_over(cli: Cli, tmp_path: Path) -> None:
    bad = tmp_path / "Plan.xlsm"
    names = part("xl/workbook.xml")
    huge = re.sub(rb'(<definedName name="SalesPlan"[^>]*>)[^<]*', rb"\1'Sales Plan'!$A$1:$XFD$1048576", names)
    bad.write_bytes(rewritten({"xl/workbook.xml": huge}))
    reply = cli("check", bad)
    assert reply.code == 1
    assert "the column 'Measure' is missing" in reply.err
    assert "covers cells without the header" in cli("share", bad, tmp_path / "Copy.xlsx").sentence


def test_two_sheets_of_one_name_are_refused(cli: Cli, tmp_path: Path) -> None:
    bad = tmp_path / "Plan.xlsm"
    names = part("xl/workbook.xml").replace(b'<sheet name="Items"', b'<sheet name="hOME"')
    bad.write_bytes(rewritten({"xl/workbook.xml": names}))
    for words in (("check", bad), ("run", bad, "--steps", "rough_cut"), ("share", bad, tmp_path / "Copy.xlsx")):
        reply = cli(*words)
        assert (reply.code, "has two sheets named hOME" in reply.err) == (2, True), reply.err


# --- text -------------------------------------------------------------------------------------------------------------

TEXTS = (
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "'=quoted", '=HYPERLINK("http://evil","x")', "\tTab", "a\nb",
    "＝1+1", 'quo"te', "it's", "🚀 rocket", "שלום", "\u202eevil\u202c", "_x000D_", "<&>", "é" * 300, "1001", "00123",
    "2027-03",
)  # fmt: skip
CALCULATED = ("=", "+", "-", "@", "\t", "\n", "＝")
INPUT_TEXT = [
    (table.name, column.name)
    for table in TABLES.values() if table.role == "input"
    for column in table.columns if column.kind == "text" and table.name != "tblSettings"
]  # fmt: skip


def hostile_company(folder: Path) -> None:
    """One item and family per text; every text column of every input table holds them."""
    rows: dict[str, list[dict[str, object]]] = {}
    for at, text in enumerate(TEXTS):
        name = f"{text}{at}" if text.strip() != text else text
        for table in (one for one in TABLES.values() if one.role == "input" and one.name != "tblSettings"):
            row: dict[str, object] = {column.name: name for column in table.columns if column.kind == "text"}
            row |= {column.name: "2027-01" for column in table.columns if column.kind == "period"}
            row |= {"Currency": None} if table.name == "tblItems" else {}
            row |= {"Like item": None} if "Like item" in table.headers else {}
            row |= {"Lever": "Demand", "Resource": None} if "Lever" in table.headers else {}
            row |= {"Rate": 0.9, "Period": None} if table.name == "tblRates" else {}
            row |= {"2026-11": 5, "2026-12": 6} if table.name == "tblHistory" else {}
            if table.name == "tblRisks":
                row |= {"Low %": -0.2, "Likely %": -0.1, "High %": 0, "Probability": 0.5}
            if table.name == "tblCycle":
                if at >= len(STEPS):
                    continue
                row |= {"Step": STEPS[at], "Status": "Open"}
            row |= {"Kind": "Machine" if table.name == "tblResources" else "Make"} if "Kind" in table.headers else {}
            row |= {"Quantity": 5} if "Quantity" in table.headers else {}
            rows.setdefault(table.name, []).append(row)
    for table, lines in rows.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(lines[0]))
            writer.writeheader()
            for line in lines:
                writer.writerow({key: guarded(value) for key, value in line.items()})
    (folder / "tblSettings.csv").write_text("Setting,Value\nPlan start,2027-01\nHorizon,3\n", encoding="utf-8")
    with (folder / "tblDemand.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Family", "Period", "Value"])
        writer.writerows([guarded(row["Family"]), "2027-01", 10] for row in rows["tblFamilies"])


def guarded(value: object) -> object:
    """As the CSV files of a careful system are: an apostrophe before what a spreadsheet would calculate."""
    return f"'{value}" if isinstance(value, str) and value[:1] in (*CALCULATED, "'") else value


def texts_in(folder: Path, table: str, column: str) -> list[str]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def test_every_text_stays_text_through_new_run_share_merge_and_export(cli: Cli, tmp_path: Path) -> None:
    folder, again = tmp_path / "csv", tmp_path / "again"
    folder.mkdir()
    hostile_company(folder)
    book, copy = tmp_path / "Plan.xlsm", tmp_path / "Copy.xlsx"
    made = cli("new", book, "--data", folder)
    assert made.code == 0, made.err
    run = cli("run", book, "--steps", "balance")
    assert run.code == 0, run.err
    assert cli("share", book, copy).code == 0
    assert cli("merge", book, copy).code == 0
    assert cli("export", book, again).code == 0
    for table, column in INPUT_TEXT:
        given, back = texts_in(folder, table, column), texts_in(again, table, column)
        assert [text.strip() for text in back] == [text.strip() for text in given], (table, column)
        assert not any(text[:1] in CALCULATED for text in back), (table, column)
    for path in (book, copy):
        opened = open_book(path)
        families = next(table for sheet in opened.sheets for table in sheet.tables if table.name == "tblFamilies")
        column = families.data_body_range.columns[0]
        assert [row[0] for row in column.options(ndim=2).value][: len(TEXTS)] == texts_plain(folder)  # fmt: skip
        assert not any(str(row[0]).startswith("=") and str(row[0]) not in TEXTS for row in column.formula)
        opened.close()


def test_names_of_another_system_stay_text_through_import_and_export(cli: Cli, tmp_path: Path) -> None:
    book, file = tmp_path / "Plan.xlsm", tmp_path / "sales.csv"
    shutil.copy(TEMPLATE, book)
    names = [text for text in TEXTS if text == text.strip() and not text.startswith("'")]
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["Item", "2026-11"], *([name, 5] for name in names)])
    reply = cli("import", book, "--history", file, "--add-new", "--replace")
    assert reply.code == 0, reply.err
    names = [" ".join(name.split()) for name in names]  # a name is one line
    opened = open_book(book)
    items = next(table for sheet in opened.sheets for table in sheet.tables if table.name == "tblItems")
    column = items.data_body_range.columns[0]
    values = [row[0] for row in column.options(ndim=2).value]
    opened.close()
    assert {*names} <= {*values}
    assert cli("export", book, tmp_path / "csv").code == 0
    for table in ("tblItems", "tblHistory"):
        back = texts_in(tmp_path / "csv", table, "Item")
        assert {str(guarded(name)) for name in names} <= {*back}, table
        assert not any(text[:1] in CALCULATED for text in back)


def texts_plain(folder: Path) -> list[str]:
    return [text[1:] if text[:1] == "'" else text for text in texts_in(folder, "tblFamilies", "Family")]
