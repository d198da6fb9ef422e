"""What a mail gateway's macro scanner (olevba) sees in the template."""

from __future__ import annotations

from pathlib import Path

import pytest
from oletools.olevba import VBA_Parser, VBA_Scanner

TEMPLATE = Path(__file__).parents[3] / "workbook" / "SOP_Template.xlsm"
FOREIGN = {"xlwings.bas", "Dictionary.cls"}  # unedited, out of the xlwings package
# what a scanner calls suspicious and no module of ours may do: start programs, touch files, load libraries, hide code
FORBIDDEN = {
    "shell", "wscript.shell", "createobject", "getobject", "kill", "filecopy", "mkdir", "open", "binary", "lib",
    "declare", "environ", "urldownloadtofile", "vbproject", "vbcomponents", "macscript", "chr", "strreverse", "xor",
}  # fmt: skip


@pytest.fixture(scope="module")
def modules() -> dict[str, str]:
    parser = VBA_Parser(str(TEMPLATE))
    found = {name: code for _, _, name, code in parser.extract_macros()}
    parser.close()
    return found


def scan(code: str) -> set[tuple[str, str]]:
    return {(kind, keyword.lower()) for kind, keyword, _ in VBA_Scanner(code).scan(include_decoded_strings=False)}


def test_it_reads_every_module(modules):
    sources = {path.name for path in Path(TEMPLATE.parent, "vba").iterdir() if path.suffix in (".bas", ".cls")}
    assert sources - {"ThisWorkbook.cls", "Sheet.cls"} <= set(modules)
    assert set(modules) > FOREIGN


def test_only_opening_and_activating_the_workbook_start_code_by_themselves(modules):
    starts = {(name, keyword) for name, code in modules.items() for kind, keyword in scan(code) if kind == "AutoExec"}
    assert starts == {("ThisWorkbook.cls", "workbook_open"), ("ThisWorkbook.cls", "workbook_activate")}


def test_no_module_of_ours_starts_programs_touches_files_or_hides_code(modules):
    own = {name: scan(code) for name, code in modules.items() if name not in FOREIGN}
    found = {
        name: FORBIDDEN & {keyword for kind, keyword in hits if kind == "Suspicious"} for name, hits in own.items()
    }
    assert {name: keywords for name, keywords in found.items() if keywords} == {}
