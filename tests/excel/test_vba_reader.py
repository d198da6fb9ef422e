"""Reading VBA source: out of what our writer makes and out of what Excel itself saved; never more than a sentence."""

from __future__ import annotations

import random
import zipfile
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest

from sop_addin.excel.template.ovba import compress
from sop_addin.excel.template.sources import xlwings_text
from sop_addin.excel.vba_reader import PROJECT_PART, decompress, read_module
from sop_addin.model.errors import WorkbookError

TEMPLATE = Path(__file__).parents[2] / "workbook" / "SOP_Template.xlsm"
SAVED_BY_EXCEL = Path(str(files("xlwings"))) / "quickstart_standalone.xlsm"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_a_module_of_our_own_workbook() -> None:
    assert _lines(read_module(TEMPLATE, "xlwings") or "") == _lines(xlwings_text("xlwings.bas"))


def test_a_module_that_excel_saved_with_its_caches() -> None:
    text = read_module(SAVED_BY_EXCEL, "XLWINGS")
    assert text is not None
    assert _lines(text)[0] == 'Attribute VB_Name = "xlwings"'
    assert 'Public Const XLWINGS_VERSION As String = "' in text
    assert _lines(text)[-1] == "#End If"


def test_a_module_that_is_not_there() -> None:
    assert read_module(TEMPLATE, "Nobody") is None


def test_a_workbook_without_macros(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "plain.xlsx", "w") as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
    assert read_module(tmp_path / "plain.xlsx", "xlwings") is None


def test_no_workbook_at_all(tmp_path: Path) -> None:
    (tmp_path / "Plan.xlsm").write_bytes(b"\xd0\xcf\x11\xe0 with a password")
    with pytest.raises(WorkbookError, match=r"Plan\.xlsm is no workbook"):
        read_module(tmp_path / "Plan.xlsm", "xlwings")


def test_what_was_compressed_comes_back() -> None:
    for text in (b"", b"a", b"a" * 9000, b"Dim x As Long\r\n" * 700):
        assert decompress(compress(text)) == text


def test_a_damaged_project_is_a_sentence_never_a_traceback(tmp_path: Path) -> None:
    with zipfile.ZipFile(TEMPLATE) as package:
        project = package.read(PROJECT_PART)
    dice = random.Random(7)
    for number in range(150):
        damaged = bytearray(project[: dice.randrange(len(project))] if number % 3 == 0 else project)
        for _ in range(dice.randrange(1, 40)):
            at = dice.randrange(min(len(damaged), 4096 if number % 2 else len(damaged)) or 1)
            damaged[at : at + 1] = bytes([dice.randrange(256)])
        path = tmp_path / "damaged.xlsm"
        with zipfile.ZipFile(path, "w") as package:
            package.writestr(PROJECT_PART, bytes(damaged))
        with suppress(WorkbookError):  # the only thing that may come; anything else fails here
            read_module(path, "xlwings")
