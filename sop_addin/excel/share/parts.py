"""An Office package as parts and relationships: only what harmless relationships reach is kept."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from ...model.errors import WorkbookError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
R_ID = f"{{{OFFICE}}}id"

KEPT_KINDS = frozenset(
    {
        "worksheet", "styles", "theme", "sharedStrings", "sheetMetadata", "drawing", "chart", "chartStyle",
        "chartColorStyle", "comments", "vmlDrawing", "table", "image", "hyperlink", "themeOverride",
    }
)  # fmt: skip
"""Last word of the relationship types whose targets go into a copy. No macros, ribbon, links to other workbooks,
queries, caches of pivot tables, controls, printer settings or persons."""
_WEB = ("http://", "https://", "mailto:")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MOST_BYTES = 2 << 30


@dataclass(frozen=True)
class Relationship:
    id: str
    kind: str
    target: str
    """Full part name, or an address outside of the package."""
    external: bool
    type: str


def tag(name: str) -> str:
    """A name of the spreadsheet's own namespace as lxml spells it."""
    return f"{{{MAIN}}}{name}"


Xml = Any
"""An element of lxml, whose type stubs do not know that attributes of parsed XML are text."""


def parse(data: bytes) -> Xml:
    """Nothing outside is fetched and no entity is replaced."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise WorkbookError(f"The workbook holds a damaged part ({error}); save it anew in Excel.") from error


def new_root(name: str, namespace: str) -> Xml:
    """An element whose own namespace needs no prefix."""
    return etree.Element(name, nsmap={None: namespace})  # type: ignore[dict-item]  # the stubs forgot None


def serialise(root: Xml) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def read_parts(data: bytes) -> dict[str, bytes]:
    """Every part by name. Raises WorkbookError where the bytes are no Office package."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(entry.file_size for entry in package.infolist()) > _MOST_BYTES:
                raise WorkbookError("The workbook is larger than 2 GB unpacked; it cannot be copied.")
            return {name: package.read(name) for name in package.namelist() if not name.endswith("/")}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise WorkbookError(
            "This is no workbook, or it has a password or is damaged; save it anew in Excel."
        ) from error


def relationships(parts: Mapping[str, bytes], part: str) -> list[Relationship]:
    """What a part ('' for the package) points to."""
    folder, name = posixpath.split(part)
    content = parts.get(posixpath.join(folder, "_rels", f"{name}.rels"))
    if content is None:
        return []
    found = []
    for element in parse(content).iter(f"{{{RELATIONSHIPS}}}Relationship"):
        kind, target = str(element.get("Type")), str(element.get("Target"))
        external = element.get("TargetMode") == "External"
        if not external:
            target = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
        found.append(Relationship(str(element.get("Id")), kind.rpartition("/")[2], target, external, kind))
    return found


def harmless(parts: Mapping[str, bytes], part: str) -> list[Relationship]:
    """The relationships of a part that a copy keeps."""
    return [
        one
        for one in relationships(parts, part)
        if one.kind in KEPT_KINDS
        and (one.target.lower().startswith(_WEB) if one.external else one.target in parts)
        and (not one.external or one.kind == "hyperlink")
    ]


def relationships_part(part: str, found: list[Relationship]) -> bytes:
    """The .rels part with these relationships."""
    root = new_root(f"{{{RELATIONSHIPS}}}Relationships", RELATIONSHIPS)
    for one in found:
        element = etree.SubElement(root, f"{{{RELATIONSHIPS}}}Relationship", Id=one.id, Type=one.type)
        element.set("Target", one.target if one.external else f"/{one.target}")
        if one.external:
            element.set("TargetMode", "External")
    return serialise(root)


def relationships_name(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """The package; its bytes depend on the content alone and tell neither when nor on which machine it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            entry.external_attr = 0o600 << 16
            package.writestr(entry, content)
    return out.getvalue()
