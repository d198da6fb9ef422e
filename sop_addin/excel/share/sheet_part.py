"""One worksheet of a copy: only its own texts, no foreign formulas, no controls, protected but for the input cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lxml import etree
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries

from ...opc.xml_text import COMPATIBILITY, MAIN, R_ID, Xml, main_tag, new_root, parse_xml, serialise_xml
from ..grids import column_letter
from .functions import Native

Cell = tuple[int, int]
_DROPPED = frozenset(
    main_tag(name)
    for name in (
        "sheetProtection", "protectedRanges", "scenarios", "customSheetViews", "oleObjects", "controls",
        "webPublishItems", "legacyDrawingHF", "drawingHF", "picture", "smartTags", "customProperties", "phoneticPr",
        "dataConsolidate",
    )
)  # fmt: skip
_STRING = main_tag("is")
_OWN_NAMESPACE = f' xmlns="{MAIN}"'.encode()


@dataclass
class Texts:
    """The shared texts of the copy: those that a cell of it shows, in the order of their first use."""

    old: Sequence[bytes]
    """Each <si> element of the workbook, serialised."""
    numbers: dict[bytes, int] = field(default_factory=dict)
    uses: int = 0

    def number(self, item: bytes) -> int:
        self.uses += 1
        return self.numbers.setdefault(item, len(self.numbers))


@dataclass
class Looks:
    """Cell styles: ``unlocked`` gives, for a style of the workbook, one that can be typed into."""

    count: int
    made: dict[int, int] = field(default_factory=dict)

    def unlocked(self, style: int) -> int:
        return self.made.setdefault(style, self.count + len(self.made))


@dataclass(frozen=True)
class Editable:
    """Cells of one sheet that may be typed into: row -> runs of columns (first, last), all counted from 1."""

    rows: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    spare: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """The same, as far as nothing stands there."""


def sheet_part(
    content: bytes,
    kept_ids: frozenset[str],
    texts: Texts,
    looks: Looks,
    native: Native,
    editable: Editable,
    tables: Sequence[str] = (),
) -> tuple[bytes, int]:
    """The worksheet for the copy, and how many formulas became values.

    ``kept_ids``: relationships that the copy has. ``native``: whether a formula is kept. ``tables``: areas of the
    tables on the sheet; cells with a list to choose from that are not in one stay open, as charts follow them.
    """
    root: Xml = parse_xml(content, "of a sheet")
    for element in list(root):
        if element.tag in _DROPPED or _points_nowhere(element, kept_ids):
            root.remove(element)
    if (properties := root.find(main_tag("sheetPr"))) is not None:
        for name in ("codeName", "published"):
            properties.attrib.pop(name, None)
    _drop_dead_links(root, kept_ids)
    changed = _clean_cells(root, texts, native)
    _unlock(root, looks, _with_selectors(root, editable, tables))
    _protect(root)
    return serialise_xml(root), changed


def _points_nowhere(element: Xml, kept_ids: frozenset[str]) -> bool:
    """Whether the element is about a part that the copy does not have."""
    if element.tag == f"{{{COMPATIBILITY}}}AlternateContent":
        return True  # on a worksheet it wraps controls and embedded objects
    if element.tag in (main_tag("drawing"), main_tag("legacyDrawing")):
        return element.get(R_ID) not in kept_ids
    return False


def _drop_dead_links(root: Xml, kept_ids: frozenset[str]) -> None:
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


def _clean_cells(root: Xml, texts: Texts, native: Native) -> int:
    data = root.find(main_tag("sheetData"))
    if data is None:
        return 0
    _number_cells(data)
    changed = 0
    shared: dict[str, bool] = {}
    f_tag, v_tag = main_tag("f"), main_tag("v")
    for cell in data.iter(main_tag("c")):
        formula = cell.find(f_tag)
        if formula is not None and not _keeps(formula, native, shared):
            cell.remove(formula)
            cell.attrib.pop("cm", None)
            changed += not native.of_left_out_table(formula.text or "")
            if cell.get("t") == "str":
                _as_shared(cell, texts)
                continue
        if cell.get("t") == "s":
            value = cell.find(v_tag)
            if value is not None and value.text is not None:
                value.text = str(texts.number(texts.old[int(value.text)]))
        elif cell.get("t") == "inlineStr":
            string = cell.find(_STRING)
            if string is not None:
                string.tag = main_tag("si")
                cell.remove(string)
                _set_text(cell, texts.number(shared_item(string)))
    return changed


def _number_cells(data: Xml) -> None:
    """Some programs leave out the addresses that follow from the place in the file."""
    number = 0
    for row in data:
        number = int(row.get("r", number + 1))
        row.set("r", str(number))
        column = 0
        for cell in row:
            column = _column_of(cell) if cell.get("r") else column + 1
            if not cell.get("r"):
                cell.set("r", f"{column_letter(column)}{number}")


def _keeps(formula: Xml, native: Native, shared: dict[str, bool]) -> bool:
    if formula.get("t") == "dataTable":
        return True
    group = formula.get("si")
    if formula.text:
        kept = native(formula.text)
        if group is not None:
            shared[group] = kept
        return kept
    return shared.get(group, True) if group is not None else True


def _as_shared(cell: Xml, texts: Texts) -> None:
    value = cell.find(main_tag("v"))
    text = "" if value is None or value.text is None else value.text
    for child in list(cell):
        cell.remove(child)
    _set_text(cell, texts.number(text_item(text)))


def _set_text(cell: Xml, number: int) -> None:
    cell.set("t", "s")
    etree.SubElement(cell, main_tag("v")).text = str(number)


def text_item(text: str) -> bytes:
    """A plain text as <si>."""
    item = new_root(main_tag("si"), MAIN)
    element = etree.SubElement(item, main_tag("t"))
    element.text = text
    if text != text.strip():
        element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return shared_item(item)


def shared_item(element: Xml) -> bytes:
    """An <si> element as bytes that stand inside <sst>."""
    element.tail = None
    return etree.tostring(element).replace(_OWN_NAMESPACE, b"", 1)


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


def _unlock(root: Xml, looks: Looks, editable: Editable) -> None:
    data = root.find(main_tag("sheetData"))
    wanted = {*editable.rows, *editable.spare}
    if data is None or not wanted:
        return
    columns = _column_styles(root)
    there = {int(row.get("r")): row for row in data}
    for number in sorted(wanted - set(there)):
        there[number] = etree.SubElement(data, main_tag("row"), r=str(number))
    data[:] = [there[number] for number in sorted(there)]
    for number in sorted(wanted):
        row = there[number]
        cells = {_column_of(cell): cell for cell in row}
        row_style = row.get("s") if row.get("customFormat") == "1" else None
        free = [one for one in _each(editable.spare.get(number, ())) if one not in cells or not len(cells[one])]
        for column in (*_each(editable.rows.get(number, ())), *free):
            cell = cells.get(column)
            if cell is None:
                style = int(row_style) if row_style is not None else columns.get(column, 0)
                cell = etree.SubElement(row, main_tag("c"), r=f"{column_letter(column)}{number}", s=str(style))
                cells[column] = cell
            style = int(cell.get("s", "0"))
            if style < looks.count:
                cell.set("s", str(looks.unlocked(style)))
        if any(a > b for a, b in pairwise(map(_column_of, row))):
            row[:] = [cells[column] for column in sorted(cells)]
        row.attrib.pop("spans", None)


def _each(runs: Sequence[tuple[int, int]]) -> Iterator[int]:
    for first, last in runs:
        yield from range(first, last + 1)


def _column_of(cell: Xml) -> int:
    letters, _ = coordinate_from_string(cell.get("r"))
    return int(column_index_from_string(letters))


def _column_styles(root: Xml) -> dict[int, int]:
    styles: dict[int, int] = {}
    for element in root.iter(main_tag("col")):
        if element.get("style"):
            first, last = int(element.get("min")), int(element.get("max"))
            styles |= dict.fromkeys(range(first, min(last, 16_384) + 1), int(element.get("style")))
    return styles


def _protect(root: Xml) -> None:
    """Without a password: it is there against slips. Columns, rows, filters and notes stay usable."""
    for row in root.iter(main_tag("row")):
        if row.get("outlineLevel"):
            row.attrib.pop("hidden", None)  # Excel does not open groups on a protected sheet
        row.attrib.pop("collapsed", None)
    data = root.find(main_tag("sheetData"))
    after = root.find(main_tag("sheetCalcPr"))
    protection = etree.Element(
        main_tag("sheetProtection"), sheet="1", formatColumns="0", formatRows="0", sort="0", autoFilter="0"
    )
    (data if after is None else after).addnext(protection)
