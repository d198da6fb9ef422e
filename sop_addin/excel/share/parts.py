"""An Office package as parts and relationships: only what harmless relationships reach is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from ...opc.package import Package, Relationship, read_relationships
from ...opc.package import relationships_part as relationships_name
from ...opc.xml_text import PACKAGE_RELATIONSHIPS, new_root, serialise_xml
from ...opc.zip_writer import ZipWriter

KEPT_KINDS = frozenset(
    {
        "worksheet", "styles", "theme", "sharedStrings", "sheetMetadata", "drawing", "chart", "chartStyle",
        "chartColorStyle", "comments", "vmlDrawing", "table", "image", "hyperlink", "themeOverride",
    }
)  # fmt: skip
"""Last word of the relationship types whose targets go into a copy. No macros, ribbon, links to other workbooks,
queries, caches of pivot tables, controls, printer settings or persons."""
_WEB = ("http://", "https://", "mailto:")


class Parts(Mapping[str, bytes]):
    """Every part by name, read when it is asked for. Raises FileUnreadable where the bytes are no Office package."""

    def __init__(self, data: bytes) -> None:
        self._package = Package(data, "the workbook")
        self._names = [name for name in self._package.names() if not name.endswith("/")]

    def __getitem__(self, name: str) -> bytes:
        if name not in self._package:
            raise KeyError(name)
        return self._package.read(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._package

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


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


def relationships_xml(found: list[Relationship]) -> bytes:
    """The .rels part with these relationships."""
    root = new_root(f"{{{PACKAGE_RELATIONSHIPS}}}Relationships", PACKAGE_RELATIONSHIPS)
    for one in found:
        element = etree.SubElement(root, f"{{{PACKAGE_RELATIONSHIPS}}}Relationship", Id=one.identifier, Type=one.type)
        element.set("Target", one.target if one.external else f"/{one.target}")
        if one.external:
            element.set("TargetMode", "External")
    return serialise_xml(root)


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """The package; its bytes depend on the content alone and tell neither when nor on which machine it was made."""
    writer = ZipWriter()
    for name, content in parts.items():
        writer.add(name, content)
    return writer.finish()
