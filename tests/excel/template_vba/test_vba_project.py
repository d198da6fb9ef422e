"""vbaProject.bin: the container, its streams, and which modules of whom are in it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.excel.template import sources, udf_module, vba_project
from sop_addin.excel.template.cfb import write_compound_file
from sop_addin.excel.template.ovba import OFFICE, STDOLE, Module, ModuleKind, dir_stream, write_vba_project
from sop_addin.excel.template.sources import xlwings_text
from sop_addin.excel.template.udf_module import HELP, WRAPPERS
from sop_addin.excel.template.vba_project import XLWINGS_CONF, build_vba_project
from sop_addin.model.errors import WorkbookError

from .structure import CompoundFile, dir_records, read_modules

WORKBOOK = Module("ThisWorkbook", ModuleKind.WORKBOOK)


# --- the container ----------------------------------------------------------------------------------------------------

names = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGH_0123456789", min_size=1, max_size=20)
contents = st.sampled_from([0, 1, 63, 64, 65, 4095, 4096, 4097, 20_000]).map(lambda size: bytes([size % 251]) * size)
streams = st.dictionaries(names, contents, max_size=20)


def unique_names(tree: dict) -> bool:
    return len({name.upper() for name in tree}) == len(tree)


@settings(max_examples=60)
@given(streams.filter(unique_names), streams.filter(unique_names))
def test_any_tree_of_streams_reads_back(inner: dict[str, bytes], outer: dict[str, bytes]) -> None:
    outer = {name: data for name, data in outer.items() if name.upper() != "STORE"}
    written = write_compound_file({**outer, "Store": inner})
    assert CompoundFile(written).streams == {**outer, **{f"Store/{name}": data for name, data in inner.items()}}


@pytest.mark.parametrize("count", range(1, 40))
def test_siblings_form_a_red_black_tree_whatever_their_number(count: int) -> None:
    tree = {f"stream{i}": b"x" for i in range(count)}
    assert CompoundFile(write_compound_file(tree)).streams == tree


def test_a_large_file_needs_more_than_one_table_sector() -> None:
    tree = {"big": bytes(range(256)) * 4000}
    assert CompoundFile(write_compound_file(tree)).streams == tree


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(WorkbookError, match="31 characters"):
        write_compound_file({"n" * 32: b""})
    with pytest.raises(WorkbookError, match="7 MB"):
        write_compound_file({"big": bytes(8_000_000)})


# --- the streams ------------------------------------------------------------------------------------------------------


def test_dir_stream_says_what_the_specification_asks_of_a_source_only_project() -> None:
    modules = [WORKBOOK, Module("Sheet1", ModuleKind.WORKSHEET), Module("Steps", ModuleKind.STANDARD)]
    records = dir_records(dir_stream("VBAProject", modules, [STDOLE, OFFICE]))
    values: dict[int, list[bytes]] = {}
    for identifier, body in records:
        values.setdefault(identifier, []).append(body)
    assert values[0x01] == [struct.pack("<I", 3)]  # Windows, 64 bit
    assert values[0x03] == [struct.pack("<H", 1252)]
    assert values[0x04] == [b"VBAProject"]
    assert values[0x16] == [b"stdole", b"Office"]
    assert values[0x19] == [b"ThisWorkbook", b"Sheet1", b"Steps"]
    assert values[0x31] == [bytes(4)] * 3  # no cache before the text
    assert (len(values[0x22]), len(values[0x21])) == (2, 1)  # documents, procedural
    assert records[-1] == (0x10, b"")


def test_modules_of_every_kind_read_back() -> None:
    code = ("Option Explicit", "Sub A()", "End Sub")
    modules = [
        Module("ThisWorkbook", ModuleKind.WORKBOOK, code),
        Module("Sheet1", ModuleKind.WORKSHEET),
        Module("Steps", ModuleKind.STANDARD, code),
        Module("Thing", ModuleKind.CLASS, code, exposed=True),
    ]
    found = read_modules(write_vba_project(modules))
    assert [(one.name, one.kind) for one in found.values()] == [
        *(("ThisWorkbook", "Document"), ("Sheet1", "Document"), ("Steps", "Module"), ("Thing", "Class")),
    ]
    assert found["Steps"].code == "Option Explicit\r\nSub A()\r\nEnd Sub\r\n"
    assert found["Thing"].attributes["VB_Exposed"] == "True"
    assert found["Sheet1"].code == ""


def test_an_exported_class_loses_its_header_and_keeps_its_code() -> None:
    text = 'VERSION 1.0 CLASS\r\nBEGIN\r\n  MultiUse = -1  \'True\r\nEND\r\nAttribute VB_Name = "Thing"\r\n'
    text += "Attribute VB_PredeclaredId = True\r\nOption Explicit\r\n\r\n"
    assert Module.from_text("Thing", ModuleKind.CLASS, text) == Module(
        "Thing", ModuleKind.CLASS, ("Option Explicit",), predeclared=True
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("1st", "", "module name '1st'"),
        ("N" * 32, "", "at most 30"),
        ("Steps", 'Attribute VB_Name = "Other"\n', "VB_Name = 'Other'"),
        ("Steps", "Option Explicit\n' caf\u00e9\n", "Steps line 2: use ASCII only"),
        ("Steps", "x" * 1024, "Steps line 1: split it"),
    ],
)
def test_a_bad_module_is_named_with_its_line(name: str, text: str, message: str) -> None:
    with pytest.raises(WorkbookError, match=message):
        Module.from_text(name, ModuleKind.STANDARD, text)


def test_names_that_vba_takes_for_the_same_are_refused() -> None:
    with pytest.raises(WorkbookError, match="steps is used twice"):
        write_vba_project([WORKBOOK, Module("Steps", ModuleKind.STANDARD), Module("steps", ModuleKind.STANDARD)])
    with pytest.raises(WorkbookError, match="vbaproject is used twice"):
        write_vba_project([WORKBOOK, Module("vbaproject", ModuleKind.STANDARD)])
    with pytest.raises(WorkbookError, match="come first"):
        write_vba_project([Module("Steps", ModuleKind.STANDARD), WORKBOOK])


# --- our project ------------------------------------------------------------------------------------------------------


def test_the_project_holds_the_documents_xlwings_and_ours() -> None:
    modules = read_modules(build_vba_project(["Sheet1", "Sheet2"]))
    assert [one.name for one in modules.values() if one.kind == "Document"] == ["ThisWorkbook", "Sheet1", "Sheet2"]
    assert modules["xlwings"].kind == "Module"
    assert modules["Dictionary"].kind == "Class"
    ours = {path.stem for path in sources.source_folder("vba").iterdir()}
    assert {"SopRun", "SopRibbon", "ThisWorkbook"} <= ours <= set(modules)


def test_xlwings_own_module_is_shipped_unedited() -> None:
    shipped = read_modules(build_vba_project(["Sheet1"]))["xlwings"]
    text = f'Attribute VB_Name = "{shipped.name}"\n' + shipped.code.replace("\r\n", "\n")
    assert text.rstrip() == xlwings_text("xlwings.bas").rstrip()


def test_our_own_modules_demand_declarations() -> None:
    for path in sources.source_folder("vba").iterdir():
        data = path.read_bytes()
        assert b"\r\nOption Explicit\r\n" in data, path.name
        assert data.count(b"\n") == data.count(b"\r\n"), f"{path.name} does not end its lines with CRLF"


def test_same_sheets_same_bytes() -> None:
    assert build_vba_project(["Sheet1", "Sheet2"]) == build_vba_project(["Sheet1", "Sheet2"])
    assert build_vba_project(["Sheet1", "Sheet2"]) != build_vba_project(["Sheet1"])


def test_function_wrappers_are_in_the_project_only_when_there_are_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {HELP: f'Attribute VB_Name = "{HELP}"\n'}
    monkeypatch.setattr(udf_module, "generate_udf_modules", lambda: texts)
    assert WRAPPERS not in read_modules(build_vba_project(["Sheet1"]))
    texts[WRAPPERS] = f'Attribute VB_Name = "{WRAPPERS}"\nFunction F()\nEnd Function\n'
    assert read_modules(build_vba_project(["Sheet1"]))[WRAPPERS].procedures == {"F": 0}


def test_xlwings_settings_leave_no_blank_and_do_not_hide_the_machines_own() -> None:
    settings = {name.upper(): value for name, value in XLWINGS_CONF}
    assert all(value not in ("", None) for value in settings.values())
    assert settings["ADD_WORKBOOK_TO_PYTHONPATH"] is False
    assert settings["UDF MODULES"] == "udfs"
    assert not {"INTERPRETER_WIN", "INTERPRETER_MAC", "PYTHONPATH", "CONDA PATH", "CONDA ENV"} & set(settings)


def test_sources_are_found_in_a_wheel_and_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "sop_addin"
    monkeypatch.setattr(sources, "_PACKAGE", package)
    with pytest.raises(WorkbookError, match="workbook/vba is missing"):
        sources.source_folder("vba")
    (tmp_path / "workbook" / "vba").mkdir(parents=True)
    assert sources.source_folder("vba") == tmp_path / "workbook" / "vba"
    (package / "workbook" / "vba").mkdir(parents=True)
    assert sources.source_folder("vba") == package / "workbook" / "vba"


def test_the_workbooks_module_need_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Extra.bas").write_text('Attribute VB_Name = "Extra"\nOption Explicit\n')
    (tmp_path / "notes.txt").write_text("not a module")
    monkeypatch.setattr(vba_project, "source_folder", lambda name: tmp_path)
    assert list(read_modules(build_vba_project(["Sheet1"])))[-1] == "Extra"
