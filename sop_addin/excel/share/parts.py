"""An Office package as parts and relationships: only what harmless relationships reach is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from ...opc.package import Package, Relationship, read_relationships
from ...opc.package import relationships_part as relationships_name
from ...opc.xml_text import CONTENT_TYPES, MAIN, default_namespace, main_tag, parse_xml, serialise_xml
from ...opc.xml_text import OFFICE_RELATIONSHIPS as OFFICE
from ...opc.xml_text import PACKAGE_RELATIONSHIPS as RELATIONSHIPS
from ...opc.zip_writer import ZipWriter

__all__ = ["CONTENT_TYPES", "MAIN", "OFFICE", "Relationship", "relationships_name"]

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

tag = main_tag
serialise = serialise_xml

Xml = Any
"""An element of lxml, whose type stubs do not know that attributes of parsed XML are text."""


def parse(data: bytes) -> Xml:
    """Nothing outside is fetched, and document types are refused."""
    return parse_xml(data, "of a sheet or its drawings")


def new_root(name: str, namespace: str) -> Xml:
    """An element whose own namespace needs no prefix."""
    return etree.Element(name, nsmap=default_namespace(namespace))


def read_parts(data: bytes) -> dict[str, bytes]:
    """Every part by name. Raises FileUnreadable where the bytes are no Office package."""
    package = Package(data, "the workbook")
    return {name: package.read(name) for name in package.names() if not name.endswith("/")}


def relationships(parts: Mapping[str, bytes], part: str) -> list[Relationship]:
    """What a part ('' for the package) points to."""
    content = parts.get(relationships_name(part))
    return [] if content is None else read_relationships(content, part)


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
        element = etree.SubElement(root, f"{{{RELATIONSHIPS}}}Relationship", Id=one.identifier, Type=one.type)
        element.set("Target", one.target if one.external else f"/{one.target}")
        if one.external:
            element.set("TargetMode", "External")
    return serialise(root)


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """The package; its bytes depend on the content alone and tell neither when nor on which machine it was made."""
    writer = ZipWriter()
    for name, content in parts.items():
        writer.add(name, content)
    return writer.finish()
