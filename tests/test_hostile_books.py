"""Files built to harm: every command refuses them with a sentence, within time and memory, and nothing is executed.

Text that looks like a formula, and names of every kind, stay what they are through plan, copy, merge and export.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import time
import zipfile
from pathlib import Path

import pytest
from commands import Cli

from sop_addin.engines.closed_file import open_book
from sop_addin.model.schema import TABLES
from udfs.totals import SOP_BOOK_TOTAL

pytest_plugins = ["commands"]
TEMPLATE = Path(__file__).parent.parent / "workbook" / "SOP_Template.xlsm"
SECONDS = 20.0


def rewritten(change: dict[str, bytes]) -> bytes:
    """The template with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(TEMPLATE) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in change:
                target.writestr(name, source.read(name))
        for name, content in change.items():
            target.writestr(name, content)
    return out.getvalue()


def part(name: str) -> bytes:
    with zipfile.ZipFile(TEMPLATE) as source:
        return source.read(name)


def part_of_table(name: str) -> str:
    with zipfile.ZipFile(TEMPLATE) as source:
        tables = [one for one in source.namelist() if one.startswith("xl/tables/")]
        return next(one for one in tables if f'displayName="{name}"'.encode() in source.read(one))


def with_doctype(name: str, doctype: bytes) -> dict[str, bytes]:
    return {name: re.sub(rb"\?>", b"?>" + doctype, part(name), count=1)}


def hostile(kind: str) -> bytes:
    laughs = b"<!DOCTYPE l [<!ENTITY a 'ha'>" + b"".join(
        b"<!ENTITY %c '%s'>" % (code, b"&%c;" % (code - 1) * 10) for code in range(98, 108)
    ) + b"]>"  # fmt: skip
    corner = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    if kind == "zip bomb":
        return rewritten({"xl/media/image99.png": b"\0" * 60_000_000})
    if kind == "entity bomb":
        return rewritten(with_doctype("xl/workbook.xml", laughs))
    if kind == "external entity":
        return rewritten(with_doctype("xl/workbook.xml", b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"))
    if kind == "far corners":
        items = part_of_table("tblItems")
        table = re.sub(rb' ref="[A-Z]+\d+:[A-Z]+\d+"', b' ref="A1:XFD1048576"', part(items))
        with zipfile.ZipFile(TEMPLATE) as source:
            sheets = [one for one in source.namelist() if one.startswith("xl/worksheets/sheet")]
        return rewritten({items: table} | {one: part(one).replace(b"</sheetData>", corner) for one in sheets})
    many = b"".join(b'<sheet name="S%d" sheetId="%d" r:id="rId1"/>' % (at, at) for at in range(1000, 11_000))
    return rewritten({"xl/workbook.xml": part("xl/workbook.xml").replace(b"</sheets>", many + b"</sheets>")})


KINDS = ("zip bomb", "entity bomb", "external entity", "far corners", "10,000 sheets")


@pytest.fixture(scope="module", params=KINDS)
def bad(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bad") / "Plan.xlsm"
    path.write_bytes(hostile(request.param))
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


# --- text -------------------------------------------------------------------------------------------------------------

TEXTS = (
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "'=quoted", '=HYPERLINK("http://evil","x")', "\tTab", "a\nb",
    'quo"te', "it's", "🚀 rocket", "שלום", "\u202eevil\u202c", "_x000D_", "<&>", "é" * 300, "1001", "00123", "2027-03",
)  # fmt: skip
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
        for table in (one for one in TABLES.values() if one.role == "input" and one.name not in
                      ("tblSettings", "tblCycle", "tblRates", "tblHistory", "tblScenarios", "tblRisks")):  # fmt: skip
            row: dict[str, object] = {column.name: name for column in table.columns if column.kind == "text"}
            row |= {column.name: "2027-01" for column in table.columns if column.kind == "period"}
            row |= {"Currency": None} if "Currency" in table.headers else {}
            row |= {"Like item": None} if "Like item" in table.headers else {}
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
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "'") else value


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
        if (folder / f"{table}.csv").exists():
            given, back = texts_in(folder, table, column), texts_in(again, table, column)
            assert [text.strip() for text in back] == [text.strip() for text in given], (table, column)
            assert not any(text[:1] in ("=", "+", "-", "@") for text in back), (table, column)
    for path in (book, copy):
        opened = open_book(path)
        families = next(table for sheet in opened.sheets for table in sheet.tables if table.name == "tblFamilies")
        column = families.data_body_range.columns[0]
        assert [row[0] for row in column.options(ndim=2).value][: len(TEXTS)] == texts_plain(folder)  # fmt: skip
        assert not any(str(row[0]).startswith("=") and str(row[0]) not in TEXTS for row in column.formula)
        opened.close()


def texts_plain(folder: Path) -> list[str]:
    return [text[1:] if text[:1] == "'" else text for text in texts_in(folder, "tblFamilies", "Family")]
