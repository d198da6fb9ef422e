"""One worksheet part. Rows stay the bytes they were until something in them really changes."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sop_addin.engines.closed_file.arrays import ArrayFormulas
from sop_addin.engines.closed_file.cells import READ_CELLS, formula_of, is_blank, split_cells, style_of
from sop_addin.engines.closed_file.row_writer import Keep, RowWriter
from sop_addin.engines.closed_file.shared_formulas import SharedFormulas, is_shared
from sop_addin.engines.closed_file.spelling import Row, split_rows, usual_spelling
from sop_addin.engines.errors import FileUnreadable
from sop_addin.engines.formulas import from_stored, to_stored
from sop_addin.engines.references import Box, box_address, cell_address, column_letters, column_number, parse_box
from sop_addin.engines.values import CellValue, Formula
from sop_addin.opc.xml_text import attribute, set_attribute

if TYPE_CHECKING:
    from sop_addin.engines.closed_file.workbook import Workbook

_SHEET_DATA = re.compile(rb"<sheetData\b[^<>]*?(/?)>")
_FIRST_CELL = re.compile(rb'<c r="([A-Z]{1,3})\d+"')
_COLUMN_ELEMENT = re.compile(rb"<col\b([^<>]*?)/?>")
_SPANS = re.compile(rb"\sspans\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_DIMENSION = re.compile(rb'(<dimension\s+ref=")[^"]*(")')
_MERGE = re.compile(rb'<mergeCell\b[^<>]*?ref="([^"]*)"')


class SheetXml:
    """Cells of one worksheet, by row and column from 1."""

    def __init__(self, workbook: "Workbook", name: str, part: str, content: bytes) -> None:
        self.workbook = workbook
        self.name = name
        self.part = part
        self.changed = False
        self.formulas_changed = False
        self._used: Box | None = None
        self._column_style: dict[int, int] = {}
        content = usual_spelling(content, part)
        opening = _SHEET_DATA.search(content)
        if opening is None:
            raise FileUnreadable(f"Sheet {name} of the workbook is damaged; open it in Excel and let Excel repair it.")
        if opening[1]:
            self.head = content[: opening.start()] + b"<sheetData>"
            self.tail = b"</sheetData>" + content[opening.end() :]
            self.rows: dict[int, Row] = {}
        else:
            end = content.rfind(b"</sheetData>")
            self.head, self.tail = content[: opening.end()], content[end:]
            try:
                self.rows = split_rows(content, opening.end(), end)
            except ValueError as error:
                raise self._damaged(str(error)) from error
        self.shared = SharedFormulas(self)
        self.arrays = ArrayFormulas(self)

    def _damaged(self, what: str) -> FileUnreadable:
        return FileUnreadable(
            f"Sheet {self.name} of the workbook is damaged ({what}); open it in Excel and let Excel repair it."
        )

    def where(self, row: int, column: int) -> str:
        """Address for messages: 'Sales Plan!B3'."""
        return f"{self.name}!{cell_address(row, column)}"

    # -- reading

    def values(self, box: Box) -> list[list[CellValue]]:
        """Values of a rectangle, formulas by their cached values."""
        row1, column1, row2, column2 = box
        width = column2 - column1 + 1
        places = {column_letters(column1 + place).encode(): place for place in range(width)}
        value_of, find = self.workbook.codec.value, READ_CELLS.findall
        get_place = places.get
        result: list[list[CellValue]] = []
        for number in range(row1, row2 + 1):
            line: list[CellValue] = [None] * width
            row = self.rows.get(number)
            if row is not None and row[1]:
                try:
                    for letters, style, kind, content, raw in find(row[1]):
                        if letters:
                            place = get_place(letters)
                            if place is None:
                                continue
                            if content and not kind and not style:
                                line[place] = float(content)
                            elif content:  # the empty text of a formula counts as blank, as in Excel's own values
                                line[place] = value_of(style, kind, content)
                        elif raw:
                            line = self._read_in_detail(number, row[1], column1, width)
                            break
                except IndexError as error:
                    raise self._damaged(f"row {number} refers to a text the file lacks") from error
                except (ValueError, OverflowError) as error:
                    raise self._damaged(f"row {number}: {error}") from error
            result.append(line)
        return result

    def _read_in_detail(self, number: int, body: bytes, column1: int, width: int) -> list[CellValue]:
        line: list[CellValue] = [None] * width
        for column, raw in split_cells(body).items():
            if column1 <= column < column1 + width:
                line[column - column1] = self.workbook.codec.raw_value(raw)
        return line

    def cell(self, row: int, column: int) -> bytes | None:
        """Raw bytes of one cell."""
        found = self.rows.get(row)
        return split_cells(found[1]).get(column) if found and found[1] else None

    def cells(self, row: int) -> dict[int, bytes]:
        found = self.rows.get(row)
        return split_cells(found[1]) if found and found[1] else {}

    def stored_formula(self, raw: bytes, row: int, column: int) -> str | None:
        """Formula text of a raw cell without '=', followers of shared formulas spelt out; None for a constant."""
        parts = formula_of(raw)
        if parts is None:
            return None
        return parts.text if parts.text or not is_shared(parts) else self.shared.text(parts, row, column)

    def formulas(self, box: Box) -> list[list[str | None]]:
        """Formula texts ('=...') of a rectangle, None where a cell has none."""
        row1, column1, row2, column2 = box
        result: list[list[str | None]] = []
        for number in range(row1, row2 + 1):
            line: list[str | None] = [None] * (column2 - column1 + 1)
            row = self.rows.get(number)
            if row is not None and b"<f" in row[1]:
                for column, raw in split_cells(row[1]).items():
                    if column1 <= column <= column2:
                        stored = self.stored_formula(raw, number, column)
                        line[column - column1] = None if stored is None else from_stored(stored)
            result.append(line)
        return result

    def style(self, row: int, column: int) -> int:
        """Style index in force at a cell: its own, else its row's, else its column's."""
        raw = self.cell(row, column)
        return style_of(raw) if raw is not None else self.inherited_style(row, column)

    def inherited_style(self, row: int, column: int) -> int:
        """Style a new cell takes here."""
        own = self.row_style(row)
        return self.style_of_column(column) if own is None else own

    def row_style(self, row: int) -> int | None:
        found = self.rows.get(row)
        if found and b"customFormat" in found[0] and attribute(found[0], b"customFormat") in (b"1", b"true"):
            return int(attribute(found[0], b"s") or 0)
        return None

    def style_of_column(self, column: int) -> int:
        if column not in self._column_style:
            self._column_style[column] = 0
            for inside in _COLUMN_ELEMENT.findall(self.head):
                if int(attribute(inside, b"min") or 1) <= column <= int(attribute(inside, b"max") or 0):
                    self._column_style[column] = int(attribute(inside, b"style") or 0)
        return self._column_style[column]

    def used(self) -> Box:
        """The box around all cells, formatted blanks included; A1 for an empty sheet."""
        if self._used is None:
            first_row = last_row = first_column = last_column = 0
            for number, (_, body) in self.rows.items():
                if not body:
                    continue
                first, last = _FIRST_CELL.search(body), _FIRST_CELL.match(body, body.rfind(b"<c r="))
                if first and last and b"<c>" not in body:
                    columns = [column_number(first[1].decode()), column_number(last[1].decode())]
                else:
                    columns = list(split_cells(body)) or [1]
                first_row = number if first_row == 0 else min(first_row, number)
                last_row = max(last_row, number)
                first_column = min(first_column or columns[0], *columns)
                last_column = max(last_column, *columns)
            self._used = (first_row, first_column, last_row, last_column) if first_row else (1, 1, 1, 1)
        return self._used

    def merged(self) -> list[Box]:
        return [parse_box(reference.decode()) for reference in _MERGE.findall(self.tail)]

    # -- writing

    def write(self, row: int, column: int, rows: Sequence[Sequence[CellValue]]) -> None:
        """Write a rectangle; cells that already hold their value keep their bytes."""
        if not rows or not rows[0]:
            return
        lines: Sequence[Sequence[CellValue | Keep]] = rows
        if self.arrays:
            editable: list[list[CellValue | Keep]] = [list(line) for line in rows]
            self.arrays.prepare(row, column, editable)
            lines = editable
        writer = RowWriter(self, column, len(lines[0]))
        for offset, line in enumerate(lines):
            writer.write(row + offset, line)

    def holds(self, raw: bytes, value: CellValue, row: int, column: int) -> bool:
        """Whether a raw cell holds a value, or a formula, already."""
        if b"<f" in raw:
            if not isinstance(value, Formula):
                return False
            stored = self.stored_formula(raw, row, column)
            return stored == to_stored(value, self.workbook.table_at(self.name, row, column))
        return self.workbook.codec.holds(raw, None if value == "" else value)

    def put_cells(self, number: int, attributes: bytes, cells: dict[int, bytes]) -> None:
        """Replace the cells of a row; one that says nothing more goes."""
        if b"spans" in attributes:
            attributes = _SPANS.sub(b"", attributes)
        if not cells and attributes.strip() == b'r="%d"' % number:
            self.rows.pop(number, None)
        else:
            self.rows[number] = (attributes, b"".join(cells[column] for column in sorted(cells)))
        self._note_change()

    def set_row(self, number: int, attributes: bytes, body: bytes) -> None:
        """Replace a row by its attributes and its cells as bytes."""
        self.rows[number] = (attributes, body)
        self._note_change()

    def _note_change(self) -> None:
        self.changed = True
        self._used = None

    def clear(self, box: Box, contents: bool, formats: bool) -> None:
        """Clear values and/or formats of the cells in the box that exist."""
        row1, column1, row2, column2 = box
        if contents:
            used = self.used()
            first, last = max(row1, used[0]), min(row2, used[2])
            left, right = max(column1, used[1]), min(column2, used[3])
            if first <= last and left <= right:
                self.write(first, left, [[None] * (right - left + 1) for _ in range(first, last + 1)])
        if formats:
            for number in [number for number in self.rows if row1 <= number <= row2]:
                for column in [column for column in self.cells(number) if column1 <= column <= column2]:
                    self.set_style(number, column, 0)

    def set_style(self, row: int, column: int, style: int) -> None:
        """Give a cell a style, creating it if need be; without effect if it has that style."""
        found = self.rows.get(row, (b' r="%d"' % row, b""))
        cells = split_cells(found[1])
        raw = cells.get(column)
        if raw is None:
            if self.inherited_style(row, column) == style:
                return
            cells[column] = f'<c r="{cell_address(row, column)}" s="{style}"/>'.encode()
        elif style_of(raw) == style:
            return
        elif style == 0 and is_blank(raw):
            del cells[column]
        else:
            end = raw.index(b">")
            slash = 1 if raw[end - 1] == 0x2F else 0
            inside = set_attribute(raw[2 : end - slash], b"s", b"%d" % style if style else None)
            cells[column] = b"<c" + inside + raw[end - slash :]
        self.put_cells(row, found[0], cells)

    def style_blanks(self, row: int, styles: Sequence[tuple[int, int]]) -> None:
        """Give (column, style) to those cells of a row that hold nothing; all in one go."""
        found = self.rows.get(row, (b' r="%d"' % row, b""))
        cells = split_cells(found[1]) if found[1] else {}
        changed = False
        for column, style in styles:
            raw = cells.get(column)
            current = self.inherited_style(row, column) if raw is None else style_of(raw)
            if current == style or (raw is not None and not is_blank(raw)):
                continue
            cells[column] = f'<c r="{cell_address(row, column)}" s="{style}"/>'.encode()
            changed = True
        if changed:
            self.put_cells(row, found[0], cells)

    def put_raw(self, row: int, column: int, raw: bytes | None) -> None:
        """Place raw cell bytes, or remove the cell. For callers that know the file format."""
        found = self.rows.get(row, (b' r="%d"' % row, b""))
        cells = split_cells(found[1])
        if raw is None:
            cells.pop(column, None)
        else:
            cells[column] = raw
        self.put_cells(row, found[0], cells)

    def put_row_cells(self, row: int, cells: dict[int, bytes]) -> None:
        """Place several raw cells of one row."""
        found = self.rows.get(row, (b' r="%d"' % row, b""))
        self.put_cells(row, found[0], split_cells(found[1]) | cells)

    def replace_tail(self, tail: bytes) -> None:
        """Set what follows the cells: conditional formats, validations, drawings, tables."""
        if tail != self.tail:
            self.tail = tail
            self.changed = True

    def to_bytes(self) -> bytes:
        """The part as it stands."""
        pieces = [_DIMENSION.sub(rb"\g<1>" + box_address(self.used()).encode() + rb"\g<2>", self.head, count=1)]
        for number in sorted(self.rows):
            attributes, body = self.rows[number]
            pieces += (b"<row", attributes, b">", body, b"</row>") if body else (b"<row", attributes, b"/>")
        pieces.append(self.tail)
        return b"".join(pieces)
