"""One worksheet of a copy: only its own texts, no foreign formulas, no controls, protected but for the input cells."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from lxml import etree
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries

from ...opc.errors import FileUnreadable
from ...opc.xml_rows import XmlRows
from ...opc.xml_text import COMPATIBILITY, R_ID, Xml, main_tag, serialise_xml
from .functions import Native
from .row_parts import Editable, Looks, RowParts, Texts

_DROPPED = frozenset(
    main_tag(name)
    for name in (
        "sheetProtection", "protectedRanges", "scenarios", "customSheetViews", "oleObjects", "controls",
        "webPublishItems", "legacyDrawingHF", "drawingHF", "picture", "smartTags", "customProperties", "phoneticPr",
        "dataConsolidate",
    )
)  # fmt: skip


def sheet_part(
    name: str,
    content: bytes,
    kept_ids: frozenset[str],
    texts: Texts,
    looks: Looks,
    native: Native,
    editable: Editable,
    tables: Sequence[str] = (),
) -> tuple[bytes, int]:
    """The worksheet for the copy, and how many formulas became values.

    ``name``: of the sheet. ``kept_ids``: relationships that the copy has. ``native``: whether a formula is kept.
    ``tables``: areas of the tables on the sheet; cells with a list to choose from that are not in one stay open, as
    charts follow them.
    """
    rows = XmlRows(content, f"of sheet {name}", main_tag("row"))
    root = rows.rest()
    data = root.find(main_tag("sheetData"))
    if data is None:
        raise FileUnreadable(f"Sheet {name} is damaged; open the workbook in Excel and let Excel repair it.")
    for element in list(root):
        again = element.tag == data.tag and element is not data
        if element.tag in _DROPPED or again or _points_nowhere(element, kept_ids):
            root.remove(element)
    if (properties := root.find(main_tag("sheetPr"))) is not None:
        for attribute in ("codeName", "published"):
            properties.attrib.pop(attribute, None)
    _drop_dead_links(root, kept_ids, native)
    _protect(root)
    kept = RowParts(name, root, texts, looks, native, _with_selectors(root, editable, tables))
    for row in rows:
        kept.add(row)
    return _with_rows(root, data, kept.all()), kept.changed


def _with_rows(root: Xml, data: Xml, rows: list[bytes]) -> bytes:
    """The part with these rows in ``data``."""
    if not rows:
        return serialise_xml(root)
    place = secrets.token_hex(16)
    data.text = (data.text or "") + place
    before, _, after = serialise_xml(root).partition(place.encode())
    return b"".join([before, *rows, after])


def _points_nowhere(element: Xml, kept_ids: frozenset[str]) -> bool:
    """Whether the element is about a part that the copy does not have."""
    if element.tag == f"{{{COMPATIBILITY}}}AlternateContent":
        return True  # on a worksheet it wraps controls and embedded objects
    if element.tag in (main_tag("drawing"), main_tag("legacyDrawing")):
        return element.get(R_ID) not in kept_ids
    return False


def _drop_dead_links(root: Xml, kept_ids: frozenset[str], native: Native) -> None:
    """Leave no link to a part or to a sheet that the copy does not have."""
    for link in list(root.iter(main_tag("hyperlink"))):
        if not native(link.get("location") or ""):
            link.getparent().remove(link)
    for element in list(root.findall(main_tag("hyperlinks"))):
        _drop_if_empty(element)
    for element in list(root.iter(etree.Element)):
        if element.get(R_ID) is None or element.get(R_ID) in kept_ids:
            continue
        parent = element.getparent()
        if element.tag == main_tag("pageSetup") or (element.tag == main_tag("hyperlink") and element.get("location")):
            del element.attrib[R_ID]
        elif parent is not None:
            parent.remove(element)
            _drop_if_empty(parent)
    for parts in root.findall(main_tag("tableParts")):
        parts.set("count", str(len(parts)))
    for extension in list(root.iter(main_tag("ext"))):
        if not len(extension):
            extension.getparent().remove(extension)
    for element in root.findall(main_tag("extLst")):
        _drop_if_empty(element)


def _drop_if_empty(element: Xml) -> None:
    parent = element.getparent()
    if not len(element) and parent is not None and element.tag != main_tag("sheetData"):
        parent.remove(element)


# --- protection -------------------------------------------------------------------------------------------------------


def _with_selectors(root: Xml, editable: Editable, tables: Sequence[str]) -> Editable:
    """The same, and each single cell with a list to choose from: what a chart or a summary shows."""
    areas = [range_boundaries(area) for area in tables]
    rows = {row: list(runs) for row, runs in editable.rows.items()}
    for rule in root.iter(main_tag("dataValidation")):
        area = rule.get("sqref", "")
        if rule.get("type") == "list" and area and not {":", " "} & set(area):
            letters, row = coordinate_from_string(area)
            column = column_index_from_string(letters)
            if any(left <= column <= right and top <= row <= bottom for left, top, right, bottom in areas):
                continue
            rows.setdefault(row, []).append((column, column))
    for merged in root.iter(main_tag("mergeCell")):
        left, top, right, bottom = range_boundaries(merged.get("ref"))
        if bottom == top and any(first <= left <= last for first, last in rows.get(top, ())):
            rows[top].append((left, right))
    return Editable({row: sorted(runs) for row, runs in rows.items()}, editable.spare)


def _protect(root: Xml) -> None:
    """Without a password: it is there against slips. Columns, rows, filters and notes stay usable."""
    data = root.find(main_tag("sheetData"))
    after = root.find(main_tag("sheetCalcPr"))
    protection = etree.Element(
        main_tag("sheetProtection"), sheet="1", formatColumns="0", formatRows="0", sort="0", autoFilter="0"
    )
    (data if after is None else after).addnext(protection)
