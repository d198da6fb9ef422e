"""Which modules the template's VBA project is made of, and the settings that xlwings reads from the workbook."""

from __future__ import annotations

from collections.abc import Sequence

from sop_addin.excel.template import udf_module
from sop_addin.excel.template.ovba import Module, ModuleKind, write_vba_project
from sop_addin.excel.template.sources import source_folder, xlwings_text

WORKBOOK_CODE_NAME = "ThisWorkbook"  # the workbook's codeName: xlsxwriter's Workbook.set_vba_name

XLWINGS_CONF: list[tuple[str, str | bool]] = [
    # Rows for columns A and B from A1 on, without a gap and without a blank value: xlwings' VBA stops at the first gap
    # and takes a blank for an answer. A row here also hides the same row of the user's own configuration, so what
    # `sop-addin install` finds out about a machine (Interpreter_Win, Interpreter_Mac, PYTHONPATH) must not be here.
    ("UDF Modules", "udfs"),
    ("ADD_WORKBOOK_TO_PYTHONPATH", False),  # else a pandas.py beside a mailed workbook would be run
    ("Use UDF Server", False),
    ("Debug UDFs", False),
    ("Show Console", False),
]


def build_vba_project(sheet_code_names: Sequence[str]) -> bytes:
    """The bytes of xl/vbaProject.bin for a workbook whose sheets have these code names (every sheet, in order).

    The workbook's code name has to be WORKBOOK_CODE_NAME. Same code names and sources, same bytes. Raises WorkbookError
    for a source that is missing, not ASCII, or named like another module.
    """
    return write_vba_project(project_modules(sheet_code_names))


def project_modules(sheet_code_names: Sequence[str]) -> list[Module]:
    """The modules of the project: documents first, as Excel orders them, then xlwings', then ours."""
    ours = _own_modules()
    workbook = [module for module in ours if module.kind is ModuleKind.WORKBOOK]
    return [
        *(workbook or [Module(WORKBOOK_CODE_NAME, ModuleKind.WORKBOOK)]),
        *(Module(name, ModuleKind.WORKSHEET) for name in sheet_code_names),
        *_xlwings_modules(),
        *(module for module in ours if module.kind is not ModuleKind.WORKBOOK),
    ]


def _own_modules() -> list[Module]:
    modules = []
    for path in sorted(source_folder("vba").iterdir()):
        if path.suffix == ".bas":
            kind = ModuleKind.STANDARD
        elif path.suffix == ".cls":
            kind = ModuleKind.WORKBOOK if path.stem == WORKBOOK_CODE_NAME else ModuleKind.CLASS
        else:
            continue
        modules.append(Module.from_text(path.stem, kind, path.read_text(encoding="utf-8")))
    return modules


def _xlwings_modules() -> list[Module]:
    """xlwings.bas unedited, the Dictionary class it needs on a Mac, and what is generated for our functions."""
    return [
        Module.from_text("xlwings", ModuleKind.STANDARD, xlwings_text("xlwings.bas")),
        Module.from_text("Dictionary", ModuleKind.CLASS, xlwings_text("addin/Dictionary.cls")),
        *(
            Module.from_text(name, ModuleKind.STANDARD, text)
            for name, text in udf_module.generate_udf_modules().items()
        ),
    ]
