"""Excel tables (ListObjects) of a closed workbook: listing, resizing, adding, and keeping headers in step."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from sop_addin.engines.backend import TableInfo
from sop_addin.engines.closed_file.cells import split_cell
from sop_addin.engines.closed_file.stretch import stretch_references, stretch_sheet_features
from sop_addin.engines.errors import EngineError
from sop_addin.engines.references import (
    Box,
    box_address,
    box_holds,
    boxes_overlap,
    cell_address,
    parse_box,
)
from sop_addin.engines.values import Formula
from sop_addin.opc.xml_text import (
    MAIN,
    OFFICE_RELATIONSHIPS,
    default_namespace,
    main_tag,
    parse_xml,
    serialise_xml,
)

if TYPE_CHECKING:
    from sop_addin.engines.closed_file.sheet_xml import SheetXml
    from sop_addin.engines.closed_file.workbook import Workbook

_TABLE_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml"
_LINE_BREAKS = re.compile(r"[\r\n\t]")


@dataclass
class Table:
    """One table part."""

    sheet: str
    part: str
    root: etree._Element
    changed: bool = False

    @property
    def name(self) -> str:
        return self.root.get("displayName") or self.root.get("name") or ""

    @property
    def box(self) -> Box:
        return parse_box(self.root.get("ref") or "A1")

    @property
    def header_rows(self) -> int:
        return int(self.root.get("headerRowCount", "1"))

    @property
    def totals_rows(self) -> int:
        return int(self.root.get("totalsRowCount", "0"))

    @property
    def column_elements(self) -> list[etree._Element]:
        holder = self.root.find(main_tag("tableColumns"))
        return [] if holder is None else list(holder)

    def info(self) -> TableInfo:
        style = self.root.find(main_tag("tableStyleInfo"))
        return TableInfo(
            name=self.name,
            box=self.box,
            header_rows=self.header_rows,
            totals_rows=self.totals_rows,
            columns=tuple(_unescape_name(element.get("name") or "") for element in self.column_elements),
            style=None if style is None else style.get("name"),
            show_autofilter=self.root.find(main_tag("autoFilter")) is not None,
        )


class Tables:
    """All tables of a workbook, by name."""

    def __init__(self, workbook: "Workbook") -> None:
        self._workbook = workbook
        self._tables: dict[str, Table] = {}
        for sheet in workbook.sheet_names():
            for relationship in workbook.package.relationships(workbook.sheet_part(sheet)).values():
                if relationship.kind == "table":
                    root = parse_xml(workbook.package.read(relationship.target), relationship.target)
                    table = Table(sheet, relationship.target, root)
                    self._tables[table.name] = table

    def of_sheet(self, sheet: str) -> list[TableInfo]:
        return [table.info() for table in self._tables.values() if table.sheet == sheet]

    def names(self) -> list[str]:
        return list(self._tables)

    def name_at(self, sheet: str, row: int, column: int) -> str | None:
        for table in self._tables.values():
            if table.sheet == sheet and box_holds(table.box, row, column):
                return table.name
        return None

    # -- resizing

    def resize(self, name: str, box: Box) -> None:
        """Give a table a new lower right corner, as Excel's Resize does.

        New rows take the last row's formats and the calculated columns' formulas; the totals row moves along; so do
        conditional formats, validations, names and chart references that covered the data to its last row. Cells left
        outside keep their contents. Raises EngineError where the table cannot have that box.
        """
        table = self._tables[name]
        old = table.box
        if box == old:
            return
        self._check_box(table, box)
        sheet = self._workbook.sheet(table.sheet)
        old_last, new_last = old[2] - table.totals_rows, box[2] - table.totals_rows
        if table.totals_rows and new_last != old_last:
            self._move_totals(sheet, old, box)
        self._resize_columns(table, sheet, old, box)
        table.root.set("ref", box_address(box))
        self._stretch_filter(table, old_last, box)
        table.changed = True
        first_data = old[0] + table.header_rows
        if new_last > old_last:
            self._fill_down(table, sheet, old_last, new_last)
        if new_last != old_last and first_data <= old_last:
            change = (first_data, old_last, new_last, old[1], old[3])
            sheet.replace_tail(stretch_sheet_features(sheet.tail, *change))
            stretch_references(self._workbook, table.sheet, *change)

    def _check_box(self, table: Table, box: Box) -> None:
        old = table.box
        if box[:2] != old[:2]:
            raise EngineError(f"Table {table.name} starts at {cell_address(*old[:2])} and cannot be moved by resizing.")
        if box[2] < box[0] + table.header_rows + table.totals_rows:
            raise EngineError(f"Table {table.name} needs at least one data row.")
        for other in self._tables.values():
            if other is not table and other.sheet == table.sheet and boxes_overlap(other.box, box):
                raise EngineError(
                    f"Table {table.name} cannot grow to {box_address(box)}: table {other.name} is in the way; "
                    "move one of them."
                )
        if table.totals_rows and box[2] > old[2]:
            sheet = self._workbook.sheet(table.sheet)
            below = (old[2] + 1, old[1], box[2], max(old[3], box[3]))
            if any(value is not None for row in sheet.values(below) for value in row):
                raise EngineError(
                    f"Table {table.name} cannot grow to {box_address(box)}: its totals row would overwrite cells "
                    f"below it; clear {table.sheet}!{box_address(below)} first."
                )

    def _move_totals(self, sheet: "SheetXml", old: Box, box: Box) -> None:
        for column in range(old[1], old[3] + 1):
            raw = sheet.cell(old[2], column)
            if raw is None:
                continue
            moved = _with_address(raw, box[2], column)
            sheet.put_raw(old[2], column, None)
            sheet.put_raw(box[2], column, moved)
            if b"<f" in raw:
                sheet.formulas_changed = True

    def _resize_columns(self, table: Table, sheet: "SheetXml", old: Box, box: Box) -> None:
        holder = table.root.find(main_tag("tableColumns"))
        if holder is None:
            raise EngineError(f"Table {table.name} is damaged: it lists no columns; let Excel repair the workbook.")
        wanted = box[3] - box[1] + 1
        for element in list(holder)[wanted:]:
            holder.remove(element)
        names = {(element.get("name") or "").lower() for element in holder}
        for place in range(len(holder), wanted):
            column = box[1] + place
            current = sheet.values((box[0], column, box[0], column))[0][0] if table.header_rows else None
            name = _free_name(current, place, names)
            element = etree.SubElement(holder, main_tag("tableColumn"))
            element.set("id", str(max(int(known.get("id") or 0) for known in holder) + 1))
            element.set("name", _escape_name(name))
            if table.header_rows and name != current:
                sheet.write(box[0], column, [[name]])
        holder.set("count", str(len(holder)))

    @staticmethod
    def _stretch_filter(table: Table, old_last: int, box: Box) -> None:
        last = box[2] - table.totals_rows
        filter_element = table.root.find(main_tag("autoFilter"))
        if filter_element is not None:
            filter_element.set("ref", box_address((box[0], box[1], last, box[3])))
            for element in filter_element.findall(main_tag("filterColumn")):
                if int(element.get("colId", "0")) > box[3] - box[1]:
                    filter_element.remove(element)
        for element in table.root.iter(main_tag("sortState"), main_tag("sortCondition")):
            reference = parse_box(element.get("ref") or "A1")
            if reference[2] == old_last:
                element.set("ref", box_address((*reference[:2], max(last, reference[0]), reference[3])))

    @staticmethod
    def _fill_down(table: Table, sheet: "SheetXml", old_last: int, new_last: int) -> None:
        """New rows look and calculate like the last one; values that stand there already stay."""
        left = table.box[1]
        styles: list[tuple[int, int]] = []
        formulas: list[tuple[int, Formula]] = []
        for place, element in enumerate(table.column_elements):
            styles.append((left + place, sheet.style(old_last, left + place)))
            calculated = element.find(main_tag("calculatedColumnFormula"))
            if calculated is not None and calculated.text:
                formulas.append((left + place, Formula("=" + calculated.text)))
        for row in range(old_last + 1, new_last + 1):
            sheet.style_blanks(row, styles)
            for column, formula in formulas:
                sheet.write(row, column, [[formula]])

    # -- adding

    def add(self, sheet_name: str, box: Box, name: str | None, has_headers: bool, style: str | None) -> str:
        """Make a table of a box of cells; header cells become unique texts. Returns the table's name."""
        workbook = self._workbook
        sheet = workbook.sheet(sheet_name)
        number = max([int(table.root.get("id") or 0) for table in self._tables.values()], default=0) + 1
        name = name or f"Table{number}"
        self._check_new(sheet_name, box, name)
        values = sheet.values((box[0], box[1], box[0], box[3]))[0] if has_headers else [None] * (box[3] - box[1] + 1)
        taken: set[str] = set()
        columns = [_free_name(value, place, taken) for place, value in enumerate(values)]
        if has_headers:
            sheet.write(box[0], box[1], [columns])
        root = etree.Element(main_tag("table"), nsmap=default_namespace(MAIN))
        for key, value in {"id": str(number), "name": name, "displayName": name, "ref": box_address(box)}.items():
            root.set(key, value)
        if has_headers:
            root.set("totalsRowShown", "0")
            etree.SubElement(root, main_tag("autoFilter")).set("ref", box_address(box))
        else:
            root.set("headerRowCount", "0")
            root.set("totalsRowShown", "0")
        holder = etree.SubElement(root, main_tag("tableColumns"))
        holder.set("count", str(len(columns)))
        for place, column in enumerate(columns, start=1):
            element = etree.SubElement(holder, main_tag("tableColumn"))
            element.set("id", str(place))
            element.set("name", _escape_name(column))
        info = etree.SubElement(root, main_tag("tableStyleInfo"))
        info.set("name", style or "TableStyleMedium2")
        for key in ("showFirstColumn", "showLastColumn", "showRowStripes", "showColumnStripes"):
            info.set(key, "1" if key == "showRowStripes" else "0")
        part = workbook.package.free_name("xl/tables/table{}.xml")
        workbook.package.add_part(part, serialise_xml(root), _TABLE_TYPE)
        identifier = workbook.package.add_relationship(sheet.part, f"{OFFICE_RELATIONSHIPS}/table", part)
        sheet.replace_tail(_with_table_part(sheet.tail, identifier))
        self._tables[name] = Table(sheet_name, part, root)
        return name

    def _check_new(self, sheet: str, box: Box, name: str) -> None:
        if not re.fullmatch(r"[^\W\d][\w.]*", name):
            raise EngineError(f"{name!r} is no table name: letters, digits, points and underscores only.")
        for table in self._tables.values():
            if table.name.lower() == name.lower():
                raise EngineError(f"There is a table {table.name} already, on sheet {table.sheet}.")
            if table.sheet == sheet and boxes_overlap(table.box, box):
                raise EngineError(f"Table {name} would overlap table {table.name} on sheet {sheet}.")
        if any(known.lower() == name.lower() for known, _ in self._workbook.name_elements()):
            raise EngineError(f"{name} is a defined name already; choose another name for the table.")

    # -- writing back

    def flush(self) -> None:
        """Write changed table parts; first bring column names in step with header cells (Excel repairs others)."""
        for table in self._tables.values():
            self._follow_headers(table)
        for table in self._tables.values():
            if table.changed:
                self._workbook.package.write(table.part, serialise_xml(table.root))
                table.changed = False

    def _follow_headers(self, table: Table) -> None:
        loaded = [sheet for sheet in self._workbook.loaded_sheets() if sheet.name == table.sheet]
        if not loaded or not loaded[0].changed or not table.header_rows:
            return
        sheet, box = loaded[0], table.box
        taken: set[str] = set()
        headers = sheet.values((box[0], box[1], box[0], box[3]))[0]
        for place, (element, value) in enumerate(zip(table.column_elements, headers, strict=False)):
            name = _free_name(value, place, taken)
            if name != value:
                sheet.write(box[0], box[1] + place, [[name]])
            if _unescape_name(element.get("name") or "") != name:
                element.set("name", _escape_name(name))
                table.changed = True


def _free_name(value: object, place: int, taken: set[str]) -> str:
    """Header text for a column: the cell's own, made text and unique as Excel does; notes it in `taken`."""
    if value is None or value == "":
        name = f"Column{place + 1}"
    elif isinstance(value, float):
        name = f"{value:.15g}"
    else:
        name = str(value)
    base, number = name, 2
    while name.lower() in taken:
        name = f"{base}{number}"
        number += 1
    taken.add(name.lower())
    return name


def _escape_name(name: str) -> str:
    """Column names keep line breaks as _xHHHH_ in the table part."""
    return _LINE_BREAKS.sub(lambda match: f"_x{ord(match[0]):04x}_", name)


def _unescape_name(name: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), name) if "_x" in name else name


def _with_address(raw: bytes, row: int, column: int) -> bytes:
    """A raw cell under another address."""
    parts = split_cell(raw)
    attributes = re.sub(rb"\sr\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", parts.attributes)
    opening = f'<c r="{cell_address(row, column)}"'.encode() + attributes
    return opening + b">" + parts.inner + b"</c>" if parts.inner else opening + b"/>"


def _with_table_part(tail: bytes, identifier: str) -> bytes:
    """A sheet's tail with one more table: <tableParts> stands last but for <extLst>."""
    entry = f'<tablePart xmlns:r="{OFFICE_RELATIONSHIPS}" r:id="{identifier}"/>'.encode()
    found = re.search(rb"<tableParts\b([^>]*)>", tail)
    if found and not found[0].endswith(b"/>"):
        end = tail.index(b"</tableParts>", found.end())
        count = tail[found.end() : end].count(b"<tablePart ") + 1
        opening = re.sub(rb'\scount="\d*"', b"", found[1]) + b' count="%d"' % count
        return tail[: found.start()] + b"<tableParts" + opening + b">" + tail[found.end() : end] + entry + tail[end:]
    if found:
        return tail[: found.start()] + b'<tableParts count="1">' + entry + b"</tableParts>" + tail[found.end() :]
    position = tail.rfind(b"</worksheet>")
    if tail[:position].rstrip().endswith(b"</extLst>"):
        position = _start_of_last_extension_list(tail[:position])
    return tail[:position] + b'<tableParts count="1">' + entry + b"</tableParts>" + tail[position:]


def _start_of_last_extension_list(tail: bytes) -> int:
    """Where the sheet's own <extLst> begins (others nest inside it or end before it)."""
    depth = 0
    for match in reversed(list(re.finditer(rb"<(/?)extLst\b[^>]*?(/?)>", tail))):
        if match[2]:
            continue
        depth += 1 if match[1] else -1
        if depth == 0:
            return match.start()
    return len(tail)
