"""What is the LibreOffice engine's own: two notations of formulas, its working copy, what it says where it lacks."""

from __future__ import annotations

import re
import subprocess
import zipfile
from pathlib import Path

import pytest
import xlwings as xw

from sop_addin.engines import EngineError, FileUnreadable, closed_file, libreoffice
from sop_addin.engines.libreoffice import office as office_module
from sop_addin.engines.libreoffice.grammar import from_libreoffice, to_libreoffice
from sop_addin.engines.libreoffice.working_copy import make_working_copy
from sop_addin.excel.blocks import read_block, write_block

TEMPLATE = Path(__file__).parents[2] / "workbook" / "SOP_Template.xlsm"

NOTATIONS = [
    ("=SUM('Sales Plan'!B2:C3,{1,2;3,4})", "=SUM($'Sales Plan'.B2:C3;{1;2|3;4})"),
    ('=IF(A1>1,"x;,y",TRUE)&INDEX({"a";"b;c"},2)', '=IF(A1>1;"x;,y";TRUE())&INDEX({"a"|"b;c"};2)'),
    ("=SUM(tblPlan[Value],tblPlan[[#This Row],[A b]])", "=SUM(tblPlan[Value];tblPlan[[#This Row];[A b]])"),
    ("='It''s'!$A$1+Plan.x+'O.K'!A:A", "=$'It''s'.$A$1+Plan.x+$'O.K'.A:A"),
    ("=ROWS(tblPlan[#All])", "=ROWS(tblPlan[[#All]])"),
    ("=A1&#N/A", "=A1&#N/A"),
    ("=EDATE(A1,1)", "=EDATE(A1;1)"),
    ("=-B2%+1.5E+3", "=-B2%+1.5E+3"),
]


@pytest.mark.parametrize(("excel", "calc"), NOTATIONS)
def test_formulas_change_notation(excel, calc):
    assert to_libreoffice(excel) == calc
    assert from_libreoffice(calc).replace("O.K!", "'O.K'!") == excel


def test_functions_of_libreoffices_add_ins_have_their_names_of_excel():
    assert from_libreoffice("=COM.SUN.STAR.SHEET.ADDIN.ANALYSIS.GETEDATE(A1;1)") == "=EDATE(A1,1)"


def test_this_row_is_spelt_out_with_its_table():
    assert to_libreoffice("=[@Price]*2", "tblItems") == "=tblItems[[#This Row];[Price]]*2"


def test_a_formula_libreoffice_could_not_read_is_left_alone():
    assert from_libreoffice('=SOP_TOTALS(A1:B2,"Revenue",{"a";"b"})') == '=SOP_TOTALS(A1:B2,"Revenue",{"a";"b"})'


@pytest.fixture(scope="module")
def template(live_libreoffice: None) -> xw.Book:
    book = libreoffice.open_book(TEMPLATE)
    yield book
    book.close()


def numbers_alike(formula: str) -> str:
    """1E-06 and 0.000001 are one number."""
    return re.sub(r"(?<![\w.])\d+(?:\.\d+)?(?:E[+-]?\d+)?(?![\w.])", lambda match: repr(float(match[0])), formula)


def test_every_formula_of_the_template_is_read_as_it_was_written(template):
    written = closed_file.open_book(TEMPLATE)
    formulas = 0
    for sheet in written.sheets:
        box = sheet.used_range.impl.box
        ours, theirs = (book.impl.backend.formulas(sheet.name, box) for book in (written, template))
        for row, (wanted, found) in enumerate(zip(ours, theirs, strict=True), start=1):
            for text, other in zip(wanted, found, strict=True):
                if text.startswith("="):
                    assert numbers_alike(other) == numbers_alike(text), f"{sheet.name}, row {row}"
                    formulas += 1
    assert formulas > 1000


def test_tables_and_names_of_the_template_are_where_they_are(template):
    written = closed_file.open_book(TEMPLATE)
    for sheet in written.sheets:
        ours, theirs = (
            {table.name: table.range.address for table in book.sheets[sheet.name].tables}
            for book in (written, template)
        )
        assert theirs == ours
    ours, theirs = ({name.name: name.refers_to.replace("'", "") for name in book.names} for book in (written, template))
    own = {name for name in ours if not name.endswith("!Print_Area")}  # LibreOffice keeps these with the sheet
    assert {name: theirs[name] for name in own} == {name: ours[name] for name in own}


def test_a_large_block_arrives_whole(template):
    sheet = template.sheets.add("Large", after=template.sheets[-1])
    block = [[float(row * 60 + column) for column in range(60)] for row in range(10_000)]
    write_block(sheet["A1"], block)
    assert read_block(sheet["A1"].resize(10_000, 60)) == block


def test_libreoffice_works_on_a_copy_without_macros(tmp_path):
    copy = make_working_copy(TEMPLATE, tmp_path)
    assert copy.name == "SOP_Template.xlsx"
    with zipfile.ZipFile(copy) as archive:
        assert not [name for name in archive.namelist() if "vba" in name.lower() or "customUI" in name]
        assert b"macroEnabled" not in archive.read("[Content_Types].xml")
        drawings = [archive.read(name) for name in archive.namelist() if name.endswith(".vml")]
    assert any(b'ObjectType="Note"' in drawing for drawing in drawings)
    assert not [drawing for drawing in drawings if b"FmlaMacro" in drawing]


def test_the_planners_file_stays_as_it_is_and_is_not_locked(template):
    before = TEMPLATE.read_bytes()
    template.sheets["Home"]["A1"].value = "changed"
    assert TEMPLATE.read_bytes() == before
    assert not list(TEMPLATE.parent.glob(".~lock*"))


def test_a_macro_workbook_is_not_saved_by_libreoffice(template, tmp_path):
    with pytest.raises(EngineError, match=r"saves as \.xlsx, \.ods or \.pdf"):
        template.save(tmp_path / "plan.xlsm")


def test_what_is_no_workbook_is_refused_with_a_sentence(tmp_path, live_libreoffice):
    path = tmp_path / "plan.xlsx"
    path.write_text("Item;Quantity")
    with pytest.raises(FileUnreadable, match="is not an Excel workbook"):
        libreoffice.open_book(path)


@pytest.fixture
def looked_for_anew():
    libreoffice.find_installation.cache_clear()
    yield
    libreoffice.find_installation.cache_clear()


def test_a_missing_libreoffice_is_one_sentence_that_says_how_to_get_it(monkeypatch, looked_for_anew):
    monkeypatch.setattr(office_module, "find_soffice", lambda: None)
    with pytest.raises(libreoffice.NoLibreOffice, match=r"not on this machine: .*install"):
        libreoffice.find_installation()


def test_a_missing_uno_module_is_one_sentence_that_says_how_to_get_it(monkeypatch, looked_for_anew):
    monkeypatch.setattr(office_module, "find_soffice", lambda: Path("/opt/libreoffice/program/soffice"))

    def no_uno(*arguments, **options):
        return subprocess.CompletedProcess(arguments, 1)

    monkeypatch.setattr(office_module.subprocess, "run", no_uno)
    with pytest.raises(
        libreoffice.NoLibreOffice, match=r"no Python here has its module uno: .*apt install python3-uno"
    ):
        libreoffice.find_installation()


def test_a_libreoffice_that_was_closed_is_said_in_a_sentence(live_libreoffice):
    office = libreoffice.Office()
    book = libreoffice.open_book(TEMPLATE, office)
    office.quit()
    with pytest.raises(EngineError, match="was closed or stopped answering"):
        book.sheets["Home"]["A1"].value  # noqa: B018
