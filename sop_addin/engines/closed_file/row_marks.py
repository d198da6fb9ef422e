"""What hangs on rows and cells of a sheet beside their content: notes, outline levels, the filter, trend lines."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from sop_addin.engines.backend import RowLevel
from sop_addin.engines.closed_file.sheet_xml import SheetXml
from sop_addin.engines.references import box_address, cell_address, parse_box
from sop_addin.opc.xml_text import attribute, main_tag, parse_xml, serialise_xml, set_attribute

if TYPE_CHECKING:
    from sop_addin.engines.closed_file.workbook import Workbook

Cell = tuple[int, int]
_FILTER = re.compile(rb'(<autoFilter\b[^>]*?\bref=")([^"]*)(")')
_SHAPE = re.compile(rb"<v:shape\s.*?</v:shape>", re.S)
_NOTE = re.compile(rb'<x:ClientData\s[^>]*ObjectType\s*=\s*["\']Note["\']')
_SPARKLINES = re.compile(rb"(<x14:sparklines>)(.*?)(</x14:sparklines>)", re.S)
_SPARKLINE_CELL = re.compile(rb"<xm:sqref>\s*([A-Z]+)(\d+)\s*</xm:sqref>")
_ROW, _COLUMN = re.compile(rb"(<x:Row>\s*)(\d+)"), re.compile(rb"(<x:Column>\s*)(\d+)")
_ANCHOR = re.compile(rb"(<x:Anchor>)([^<]*)(</x:Anchor>)")


def move_notes(workbook: "Workbook", sheet: str, moves: Mapping[Cell, Cell | None]) -> None:
    """Notes and comment threads of the cells in ``moves`` go to their new cell; None takes them away."""
    by_address = {
        cell_address(*cell): None if target is None else cell_address(*target) for cell, target in moves.items()
    }
    package = workbook.package
    for relationship in package.relationships(workbook.sheet_part(sheet)).values():
        part = relationship.target
        if part not in package:
            continue
        if relationship.kind in ("comments", "threadedComment"):
            root = parse_xml(package.read(part), part)
            noted = [element for element in root.iter() if element.get("ref") in by_address]
            for element in noted:
                target = by_address[str(element.get("ref"))]
                parent = element.getparent()
                if target is not None:
                    element.set("ref", target)
                elif parent is not None:
                    parent.remove(element)
            if noted:
                package.write(part, serialise_xml(root))
        elif relationship.kind == "vmlDrawing":
            content = package.read(part)
            moved = _SHAPE.sub(lambda match: _moved_shape(match[0], moves), content)
            if moved != content:
                package.write(part, moved)


def _moved_shape(shape: bytes, moves: Mapping[Cell, Cell | None]) -> bytes:
    """The box that shows a note; those of buttons and of other cells stay."""
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    if row is None or column is None or not _NOTE.search(shape):
        return shape
    cell = (int(row[2]) + 1, int(column[2]) + 1)
    if cell not in moves:
        return shape
    target = moves[cell]
    if target is None:
        return b""
    down, right = target[0] - cell[0], target[1] - cell[1]
    shape = _ROW.sub(rb"\g<1>%d" % (target[0] - 1), shape)
    shape = _COLUMN.sub(rb"\g<1>%d" % (target[1] - 1), shape)
    anchor = _ANCHOR.search(shape)
    numbers = [int(number) for number in re.findall(rb"-?\d+", anchor[2])] if anchor else []
    if len(numbers) != 8:
        return shape
    for place, by in ((0, right), (2, down), (4, right), (6, down)):
        numbers[place] = max(0, numbers[place] + by)
    return _ANCHOR.sub(rb"\g<1>" + b", ".join(b"%d" % number for number in numbers) + rb"\g<3>", shape)


def row_levels(sheet: SheetXml, first: int, last: int) -> list[RowLevel]:
    found = []
    for number in range(first, last + 1):
        attributes = sheet.rows.get(number, (b"", b""))[0]
        level = int(attribute(attributes, b"outlineLevel") or 0)
        hidden, collapsed = (attribute(attributes, name) in (b"1", b"true") for name in (b"hidden", b"collapsed"))
        found.append(RowLevel(level, hidden, collapsed))
    return found


def set_row_levels(sheet: SheetXml, first: int, levels: Sequence[tuple[int, bool, bool]]) -> None:
    for number, level in enumerate((RowLevel(*level) for level in levels), first):
        attributes, body = sheet.rows.get(number, (b' r="%d"' % number, b""))
        marked = attributes
        for name, value in (
            (b"outlineLevel", b"%d" % level.level if level.level else None),
            (b"hidden", b"1" if level.hidden else None),
            (b"collapsed", b"1" if level.collapsed else None),
        ):
            marked = set_attribute(marked, name, value)
        if marked != attributes:
            sheet.rows[number] = (marked, body)
            sheet.changed = True


def stretch_filter(workbook: "Workbook", name: str, header_row: int, last_row: int) -> None:
    """Let the filter whose headers stand in ``header_row`` reach to ``last_row``."""
    sheet = workbook.sheet(name)
    match = _FILTER.search(sheet.tail)
    if match is None:
        return
    top, left, bottom, right = parse_box(match[2].decode())
    if top != header_row or bottom == last_row:
        return
    box = box_address((top, left, last_row, right))
    sheet.tail = _FILTER.sub(lambda found: found[1] + box.encode() + found[3], sheet.tail, count=1)
    sheet.changed = True
    position = [element.get("name") for element in workbook.sheet_elements()].index(name)
    for element in workbook.root.iter(main_tag("definedName")):
        if element.get("name") == "_xlnm._FilterDatabase" and element.get("localSheetId") == str(position):
            element.text = re.sub(r"\d+$", str(last_row), element.text or "")
            workbook.mark_names_changed()


def set_trends(sheet: SheetXml, before: int, lines: Mapping[int, str]) -> None:
    """Groups of sparklines that stand left of column ``before`` get these ranges by row; those elsewhere stay."""
    done = False

    def anew(group: re.Match[bytes]) -> bytes:
        nonlocal done
        columns = {letters.decode() for letters, _ in _SPARKLINE_CELL.findall(group[2])}
        if done or len(columns) != 1 or parse_box(f"{(column := columns.pop())}1")[1] >= before or not lines:
            return group[0]
        done = True
        cells = "".join(
            f"<x14:sparkline><xm:f>{escape(text)}</xm:f><xm:sqref>{column}{row}</xm:sqref></x14:sparkline>"
            for row, text in lines.items()
        )
        return group[1] + cells.encode() + group[3]

    changed = _SPARKLINES.sub(anew, sheet.tail)
    if changed != sheet.tail:
        sheet.tail, sheet.changed = changed, True
