"""What is no workbook, or has something wrong in it: a sentence or findings with their cells; nothing is written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commands import Cli

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.template.cfb import write_compound_file

pytest_plugins = ["commands"]

# --- files that are no workbook ---------------------------------------------------------------------------------------


def encrypted_workbook() -> bytes:
    """What Excel writes for a workbook with a password to open: a compound file that holds the encrypted package."""
    return write_compound_file({"EncryptionInfo": bytes(64), "EncryptedPackage": bytes(4096)})


@pytest.mark.parametrize("command", ["run", "check", "export"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(lambda good: b"Dear planner,\nsee the plan below.\n", "Book.xlsm", id="text renamed .xlsm"),
        pytest.param(lambda good: b"", "Book.xlsm", id="empty file"),
        pytest.param(lambda good: good[: len(good) // 2], "Book.xlsm", id="truncated zip"),
        pytest.param(lambda good: encrypted_workbook(), "password", id="password-protected"),
        pytest.param(lambda good: _zip_of({"readme.txt": b"hello"}), "Book.xlsm", id="some other zip"),
        pytest.param(lambda good: _stranger(), "is not an S&OP workbook", id="somebody else's workbook"),
    ],
)
def test_what_is_no_workbook_is_one_sentence_and_2(
    cli: Cli, tmp_path: Path, sample_bytes: bytes, command: str, content: Callable[[bytes], bytes], sentence: str
) -> None:
    book = tmp_path / "Book.xlsm"
    book.write_bytes(content(sample_bytes))
    before = book.read_bytes()
    reply = cli(command, book, *([tmp_path / "folder"] if command == "export" else []))
    assert reply.code == 2
    assert sentence in reply.err.strip().splitlines()[-1]
    assert len([line for line in reply.err.splitlines() if "Reading the workbook" not in line]) == 1
    assert reply.out == ""
    assert book.read_bytes() == before
    assert not (tmp_path / "state").exists(), "that was not expected"


def _zip_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _stranger() -> bytes:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    return buffer.getvalue()


# --- workbooks with something wrong in them ---------------------------------------------------------------------------


class Editor:
    """Spoils a workbook, cell by cell."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = open_book(path)
        self.tables = {table.name: table for sheet in self.book.sheets for table in sheet.tables}

    def cell(self, table: str, column: str, row: int = 1) -> Any:
        """The cell in data row ``row`` (0: the header)."""
        area = self.tables[table].range
        headers = [str(header) for header in self.tables[table].header_row_range.value]
        return area[row, headers.index(column)]

    def find(self, table: str, column: str, wanted: str) -> int:
        """Data row in which ``column`` is ``wanted``."""
        rows = range(1, self.tables[table].range.shape[0])
        return next(row for row in rows if self.cell(table, column, row).value == wanted)

    def put(self, value: object, table: str, column: str, row: int = 1) -> str:
        """Write a value and give where: ``Items!B6``."""
        cell = self.cell(table, column, row)
        cell.value = value
        return f"{cell.sheet.name}!{cell.address.replace('$', '')}"


def _text_in_a_number_column(editor: Editor) -> str:
    return editor.put("ten", "tblItems", "Price", 3)


def _text_in_history(editor: Editor) -> str:
    return editor.put("n/a", "tblHistory", "2026-01", 2)


def _duplicate_key(editor: Editor) -> str:
    return editor.put(editor.cell("tblItems", "Item", 1).value, "tblItems", "Item", 4)


def _unknown_family(editor: Editor) -> str:
    return editor.put("Toasters", "tblItems", "Family", 2)


def _negative_capacity(editor: Editor) -> str:
    row = next(row for row in range(1, 9) if editor.cell("tblResources", "Capacity", row).value)
    return editor.put(-5, "tblResources", "Capacity", row)


def _huge_price(editor: Editor) -> str:
    return editor.put(1e308, "tblFamilies", "Price", 1)


def _huge_sales(editor: Editor) -> str:
    return editor.put(1e308, "tblHistory", "2026-01", 2)


def _month_missing(editor: Editor) -> str:
    editor.put("Remarks", "tblHistory", "2025-05", 0)
    return "[History!"


def _column_renamed(editor: Editor) -> str:
    return editor.put("Familly", "tblItems", "Family", 0)


def _error_value(editor: Editor) -> str:
    cell = editor.cell("tblItems", "Cost", 2)
    cell.formula = "=1/0"
    editor.book.app.calculate()
    return f"{cell.sheet.name}!{cell.address.replace('$', '')}"


SPOILED = {
    "text in a number column": (_text_in_a_number_column, "'ten'"),
    "text in the history": (_text_in_history, "'n/a'"),
    "duplicate key": (_duplicate_key, "Item"),
    "unknown family": (_unknown_family, "'Toasters'"),
    "negative capacity": (_negative_capacity, "-5"),
    "price of 1e308": (_huge_price, "1e+308"),
    "sales of 1e308": (_huge_sales, "1e+308"),
    "month missing": (_month_missing, "2025-05"),
    "column renamed": (_column_renamed, "'Family'"),
    "error value": (_error_value, "#DIV/0!"),
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_is_wrong_is_named_with_its_cell_and_nothing_is_written(cli: Cli, sample: Path, spoil: str) -> None:
    function, words = SPOILED[spoil]
    editor = Editor(sample)
    where = function(editor)
    editor.book.save()
    before = sample.read_bytes()
    reply = cli("run", sample)
    assert reply.code == 1, reply.err
    errors = [line for line in reply.err.splitlines() if line.startswith("Error: ")]
    assert any(words in line and where in line for line in errors), (where, words, errors)
    assert f"{sample}: not planned and not changed; mend the {len(errors)} error" in reply.err
    assert reply.out == ""
    assert sample.read_bytes() == before
    checked = cli("check", sample)
    assert checked.code == 1
    assert set(errors) <= set(checked.err.splitlines())
    found = cli("check", sample, "--json").json
    assert found["status"] == "Errors"
    assert sum(finding["severity"] == "Error" for finding in found["findings"]) == len(errors)
    assert sample.read_bytes() == before


def _spoil_part(book: Path, part_holds: bytes, change: Callable[[bytes], bytes]) -> None:
    """Rewrite the table part that holds ``part_holds``."""
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    (name,) = [name for name, part in parts.items() if name.startswith("xl/tables/") and part_holds in part]
    parts[name] = change(parts[name])
    book.write_bytes(_zip_of(parts))


def test_a_renamed_table_is_named(cli: Cli, sample: Path) -> None:
    _spoil_part(sample, b'"tblItems"', lambda part: part.replace(b'"tblItems"', b'"tblItems2"'))
    before = sample.read_bytes()
    reply = cli("run", sample)
    assert reply.code == 1
    assert "tblItems" in reply.err
    assert "tblItems2" in reply.err
    assert sample.read_bytes() == before


def test_a_missing_table_is_named(cli: Cli, sample: Path) -> None:
    book = openpyxl.load_workbook(sample)
    del book["Sources"].tables["tblSources"]
    target = sample.with_suffix(".xlsx")
    book.save(target)
    before = target.read_bytes()
    reply = cli("run", target)
    assert reply.code == 1
    assert "tblSources" in reply.err
    assert target.read_bytes() == before


def test_an_empty_history_without_overrides_has_nothing_to_plan(cli: Cli, sample: Path) -> None:
    editor = Editor(sample)
    editor.tables["tblHistory"].data_body_range.clear_contents()
    sales = editor.book.names["SalesPlan"].refers_to_range
    for row, measure in enumerate(sales.columns[1].value):
        if measure in ("Override", "Override reason"):
            sales[row, 4:].clear_contents()
    editor.book.save()
    before = sample.read_bytes()
    reply = cli("run", sample)
    assert reply.code == 1, reply.err
    assert "History, Item: " in reply.err
    assert "[History!" in reply.err
    assert sample.read_bytes() == before


def test_a_workbook_open_in_excel_is_left_alone(cli: Cli, sample: Path) -> None:
    before = sample.read_bytes()
    lock = sample.with_name(f"~${sample.name}")
    lock.write_bytes(b"somebody")
    reply = cli("run", sample)
    assert reply.code == 2
    assert "is open in Excel" in reply.err
    assert sample.read_bytes() == before
