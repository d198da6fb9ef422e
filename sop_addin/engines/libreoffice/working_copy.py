"""The copy that LibreOffice opens: never the planner's file, and without what LibreOffice cannot run."""

import re
from pathlib import Path

from sop_addin.opc.package import CONTENT_TYPES_PART, Package

_MACRO_TYPE = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_PLAIN_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_BUTTON = re.compile(rb'<v:shape\b(?:(?!</v:shape>).)*?ObjectType="Button".*?</v:shape>', re.S)
_LEFT_OUT = ("vbaProject", "extensibility")  # relationship kinds of VBA and ribbon


def make_working_copy(path: Path, folder: Path) -> Path:
    """A macro-free .xlsx of a workbook in `folder`; FileUnreadable says why there can be none.

    xlwings' VBA makes LibreOffice Basic fail silently, so the project is left out, and so are the buttons on sheets,
    which would do nothing and make LibreOffice warn of macros. A copy is not locked either.
    """
    package = Package.read_file(path)
    for owner in (
        "",
        *(item.target for item in package.relationships("").values() if item.target.endswith("workbook.xml")),
    ):
        for relationship in package.relationships(owner).values():
            if relationship.kind in _LEFT_OUT and relationship.target in package:
                package.drop_part(relationship.target, owner)
    for part in package.names():
        if part.endswith(".vml"):
            package.write(part, _BUTTON.sub(b"", package.read(part)))
    package.write(CONTENT_TYPES_PART, package.read(CONTENT_TYPES_PART).replace(_MACRO_TYPE, _PLAIN_TYPE))
    target = folder / re.sub(r"\.xls[mx]$", "", path.name, flags=re.IGNORECASE)
    target = target.with_name(target.name + ".xlsx")
    target.write_bytes(package.to_bytes())
    return target
