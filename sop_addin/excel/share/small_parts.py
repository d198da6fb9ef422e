"""What a copy changes in the smaller parts: notes, drawings, charts, tables, styles, properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from lxml import etree
from openpyxl.utils.cell import range_boundaries

from ...opc.xml_text import COMPATIBILITY, MAIN, OFFICE_RELATIONSHIPS, R_ID, Xml, main_tag, parse_xml, serialise_xml

AUTHOR = "S&OP"
Lookup = Callable[[str, int, int], object]
"""Value of a cell: sheet, row, column."""

_EXCEL_VML = "urn:schemas-microsoft-com:office:excel"
_VML = "urn:schemas-microsoft-com:vml"
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_CACHES = {"numRef": "numCache", "strRef": "strCache", "multiLvlStrRef": "multiLvlStrCache"}
_MOST_POINTS = 20_000


def notes_part(content: bytes) -> bytes:
    """Notes without the names of those who wrote them, which Excel also puts into the first line."""
    root: Xml = parse_xml(content, "of notes")
    authors = [element.text or "" for element in root.iter(main_tag("author"))]
    for comment in root.iter(main_tag("comment")):
        number = int(comment.get("authorId", "0"))
        name = authors[number] if number < len(authors) else ""
        comment.set("authorId", "0")
        first = next(comment.iter(main_tag("t")), None)
        if name and first is not None and first.text and first.text.strip().rstrip(":") == name:
            run = first.getparent()
            if run is not None and run.tag == main_tag("r"):
                run.getparent().remove(run)
            else:
                first.text = ""
        elif name and first is not None and first.text and first.text.startswith(f"{name}:"):
            first.text = first.text[len(name) + 1 :].lstrip()
    if (group := root.find(main_tag("authors"))) is not None:
        for element in list(group):
            group.remove(element)
        etree.SubElement(group, main_tag("author")).text = AUTHOR
    return serialise_xml(root)


def vml_part(content: bytes) -> bytes | None:
    """The shapes of notes; None where there are none. Buttons and other controls call macros."""
    try:
        root: Xml = parse_xml(content, "of notes")
    except Exception:  # noqa: BLE001 - old programs write VML that is no XML; notes show without it
        return None
    notes = 0
    for shape in list(root.iter(f"{{{_VML}}}*")):
        data = shape.find(f"{{{_EXCEL_VML}}}ClientData")
        if data is None or shape.getparent() is None:
            continue
        if data.get("ObjectType") == "Note":
            notes += 1
        else:
            shape.getparent().remove(shape)
    return serialise_xml(root) if notes else None


def drawing_part(content: bytes, kept_ids: frozenset[str]) -> bytes:
    """A drawing without controls, macros behind shapes, and what points to parts that the copy lacks."""
    root: Xml = parse_xml(content, "of a drawing")
    for anchor in list(root):
        pointers = {value for element in anchor.iter(etree.Element) for name, value in element.attrib.items()
                    if name.startswith(f"{{{OFFICE_RELATIONSHIPS}}}")}  # fmt: skip
        if anchor.tag == f"{{{COMPATIBILITY}}}AlternateContent" or pointers - kept_ids:
            root.remove(anchor)
            continue
        for element in anchor.iter(etree.Element):
            if element.get("macro"):
                element.set("macro", "")
            if element.tag.endswith("}cNvPr"):
                for link in [child for child in element if etree.QName(child).localname.startswith("hlink")]:
                    element.remove(link)
    return serialise_xml(root)


def chart_part(content: bytes, value: Lookup) -> bytes:
    """A chart whose kept points are what its cells show in the copy; where they cannot be told, it has none."""
    root: Xml = parse_xml(content, "of a chart")
    for name in ("externalData", "pivotSource"):
        for element in list(root.iter(f"{{{_CHART}}}{name}")):
            element.getparent().remove(element)
    for element in root.iter(f"{{{_CHART}}}pageSetup"):
        element.attrib.pop(R_ID, None)
    for reference, cache in _CACHES.items():
        for element in root.iter(f"{{{_CHART}}}{reference}"):
            _fill_cache(element, f"{{{_CHART}}}{cache}", value)
    return serialise_xml(root)


def _fill_cache(reference: Xml, cache_tag: str, value: Lookup) -> None:
    old = reference.find(cache_tag)
    if old is None:
        return
    cells = area_cells(reference.findtext(f"{{{_CHART}}}f") or "")
    number_format = old.findtext(f"{{{_CHART}}}formatCode")
    for child in list(old):
        old.remove(child)
    if cells is None or cache_tag.endswith("multiLvlStrCache"):
        reference.remove(old)
        return
    numeric = cache_tag.endswith("numCache")
    if numeric and number_format:
        etree.SubElement(old, f"{{{_CHART}}}formatCode").text = number_format
    etree.SubElement(old, f"{{{_CHART}}}ptCount", val=str(len(cells)))
    for index, cell in enumerate(cells):
        found = value(*cell)
        if found in (None, "") or (numeric and not isinstance(found, float)):
            continue
        point = etree.SubElement(old, f"{{{_CHART}}}pt", idx=str(index))
        etree.SubElement(point, f"{{{_CHART}}}v").text = repr(found) if isinstance(found, float) else str(found)


def area_cells(text: str) -> list[tuple[str, int, int]] | None:
    """The cells of one plain area such as ``'Sales Plan'!$A$5:$V$5``; None for anything else."""
    sheet, mark, area = text.rpartition("!")
    if not mark or "[" in sheet or sheet.startswith("("):
        return None
    try:
        left, top, right, bottom = range_boundaries(area)
    except (ValueError, TypeError):
        return None
    if None in (left, top, right, bottom) or (right - left + 1) * (bottom - top + 1) > _MOST_POINTS:
        return None
    name = sheet.strip("'").replace("''", "'")
    return [(name, row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]


def chart_cells(content: bytes) -> set[tuple[str, int, int]]:
    """The cells that a chart shows: sheet, row, column."""
    areas = (area_cells(element.text or "") for element in parse_xml(content, "of a chart").iter(f"{{{_CHART}}}f"))
    return {cell for area in areas for cell in area or ()}


def table_part(content: bytes, native: Callable[[str], bool]) -> bytes:
    """A table without its query and without column formulas that need macros."""
    root: Xml = parse_xml(content, "of a table")
    for name in ("tableType", "connectionId"):
        root.attrib.pop(name, None)
    for column in root.iter(main_tag("tableColumn")):
        column.attrib.pop("queryTableFieldId", None)
        for kind in ("calculatedColumnFormula", "totalsRowFormula"):
            formula = column.find(main_tag(kind))
            if formula is not None and not native(formula.text or ""):
                column.remove(formula)
                if kind == "totalsRowFormula":
                    column.attrib.pop("totalsRowFunction", None)
    return serialise_xml(root)


def styles_part(content: bytes, unlocked: Mapping[int, int]) -> bytes:
    """The styles, all locked, followed by the unlocked twins that the sheets use (old number -> new number)."""
    root: Xml = parse_xml(content, "of styles")
    formats = root.find(main_tag("cellXfs"))
    for group in (formats, root.find(main_tag("cellStyleXfs"))):
        for style in () if group is None else group:
            for protection in style.findall(main_tag("protection")):
                style.remove(protection)
            style.attrib.pop("applyProtection", None)
    if formats is not None:
        old = list(formats)
        for number, _ in sorted(unlocked.items(), key=lambda pair: pair[1]):
            twin = deepcopy(old[number])
            twin.set("applyProtection", "1")
            protection = etree.Element(main_tag("protection"), locked="0")
            alignment = twin.find(main_tag("alignment"))
            if alignment is None:
                twin.insert(0, protection)
            else:
                alignment.addnext(protection)
            formats.append(twin)
        formats.set("count", str(len(formats)))
    return serialise_xml(root)


def style_count(content: bytes) -> int:
    formats: Xml = parse_xml(content, "of styles").find(main_tag("cellXfs"))
    return 1 if formats is None else len(formats)


def core_properties() -> bytes:
    """A title and nothing else: no person, no company, no dates."""
    return (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>S&amp;OP plan</dc:title></cp:coreProperties>'
    )


def application_properties() -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        b"<Application>Microsoft Excel</Application></Properties>"
    )


def strings_part(items: list[bytes], uses: int) -> bytes:
    """The shared texts, as <si> elements already written."""
    head = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<sst xmlns="{MAIN}" '
    head += f'count="{uses}" uniqueCount="{len(items)}">'
    return head.encode() + b"".join(items) + b"</sst>"
