"""Add the S&OP ribbon to a workbook that XlsxWriter has written, and make its zip reproducible."""

from __future__ import annotations

import io
import zipfile

from lxml import etree

from sop_addin.excel.template.sources import source_text
from sop_addin.model.errors import WorkbookError

_CONTENT_TYPES = "[Content_Types].xml"
_PACKAGE_RELATIONSHIPS = "_rels/.rels"
_RELATIONSHIPS_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"

_NAMESPACE_2010 = "http://schemas.microsoft.com/office/2009/07/customui"
_NAMESPACE_2007 = "http://schemas.microsoft.com/office/2006/01/customui"
_RIBBON_PARTS = {  # part -> relationship type; a host takes the newest it knows
    "customUI/customUI14.xml": "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility",
    "customUI/customUI.xml": "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def add_ribbon(xlsm: bytes) -> bytes:
    """`xlsm` with the S&OP tab, as a zip that depends on the content alone: fixed dates, [Content_Types].xml first.

    Raises WorkbookError when the bytes are not an Excel package or have a ribbon already.
    """
    parts = _parts(xlsm)
    if any(part in parts for part in _RIBBON_PARTS):
        raise WorkbookError("The workbook has a ribbon already; add it to a freshly built one.")
    parts[_PACKAGE_RELATIONSHIPS] = _with_ribbon_relationships(parts[_PACKAGE_RELATIONSHIPS])
    parts |= dict(zip(_RIBBON_PARTS, (ribbon_2010(), ribbon_2007()), strict=True))
    return _zipped(parts)


def ribbon_2010() -> bytes:
    """The part read by Excel 2010 and later: workbook/ribbon/customUI14.xml."""
    return source_text("ribbon", "customUI14.xml").encode("utf-8")


def ribbon_2007() -> bytes:
    """The same ribbon for hosts that know only the 2007 part; our source keeps to what that one has too."""
    return ribbon_2010().replace(_NAMESPACE_2010.encode(), _NAMESPACE_2007.encode())


def _parts(xlsm: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(xlsm)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
    except zipfile.BadZipFile as error:
        raise WorkbookError("The ribbon can only be added to an .xlsm file; these bytes are not one.") from error
    missing = {_CONTENT_TYPES, _PACKAGE_RELATIONSHIPS} - set(parts)
    if missing:
        raise WorkbookError(f"The ribbon can only be added to an .xlsm file; {min(missing)} is missing.")
    return parts


def _with_ribbon_relationships(relationships: bytes) -> bytes:
    root = etree.fromstring(relationships)
    for number, (part, kind) in enumerate(_RIBBON_PARTS.items(), start=1):
        relationship = etree.SubElement(root, f"{{{_RELATIONSHIPS_NAMESPACE}}}Relationship")
        relationship.set("Id", f"rIdRibbon{number}")
        relationship.set("Type", kind)
        relationship.set("Target", part)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(parts, key=lambda name: name != _CONTENT_TYPES):  # that one first, the others as they were
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # else the zip says on which platform it was built
            entry.external_attr = 0o600 << 16
            package.writestr(entry, parts[name])
    return out.getvalue()
