"""The buttons on Home, for people whose ribbon is blocked."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from sop_addin.excel.template.home_buttons import SHORTCUTS
from sop_addin.excel.template.sources import source_text

from .parts import Parts


def test_each_button_starts_a_macro_that_is_there(parts: Parts) -> None:
    drawing = parts.files["xl/drawings/vmlDrawing1.vml"].decode()
    assert re.findall(r"<x:FmlaMacro>\[0\]!(\w+)</x:FmlaMacro>", drawing) == [macro for _, macro in SHORTCUTS]
    assert [caption for caption, _ in SHORTCUTS if f">{caption}<" not in drawing] == []
    actions = re.findall(r"^Public Sub (\w+)\(\)", source_text("vba", "SopActions.bas"), re.MULTILINE)
    assert {macro for _, macro in SHORTCUTS} <= set(actions)


def test_no_caption_holds_what_libreoffice_writes_wrongly() -> None:
    assert not [caption for caption, _ in SHORTCUTS if "&" in caption]


@pytest.mark.libreoffice
def test_libreoffice_opens_the_workbook_and_keeps_the_buttons(file: Path, libreoffice, tmp_path: Path) -> None:
    (theirs,) = libreoffice.convert(file, "xlsx", tmp_path / "out")
    assert "Home" in openpyxl.load_workbook(theirs, read_only=True).sheetnames
    with zipfile.ZipFile(theirs) as package:
        assert len([name for name in package.namelist() if name.startswith("xl/ctrlProps/")]) == len(SHORTCUTS)
