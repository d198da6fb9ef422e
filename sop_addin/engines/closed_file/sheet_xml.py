"""One worksheet part. Rows stay the bytes they were until something in them really changes."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sop_addin.engines.closed_file.arrays import ArrayFormulas
from sop_addin.engines.closed_file.cells import (
    READ_CELLS,
    formula_of,
    is_blank,
    number_text,
    replace_formula,
    split_cells,
    style_of,
)
from sop_addin.engines.closed_file.spelling import Row, split_rows, usual_spelling
from sop_addin.engines.errors import EngineError, FileUnreadable
from sop_addin.engines.formulas import from_stored, move, to_stored
from sop_addin.engines.references import Box, box_address, cell_address, column_letters, column_number, parse_box
from sop_addin.engines.values import CellValue, DynamicFormula, Formula
from sop_addin.opc.xml_text import (
    attribute,
    encode_text,
    set_attribute,
)

if TYPE_CHECKING:
    from sop_addin.engines.closed_file.workbook import Workbook

_SHEET_DATA = re.compile(rb"<sheetData\b[^<>]*?(/?)>")
_FIRST_CELL = re.compile(rb'<c r="([A-Z]{1,3})\d+"')
_COLUMN_ELEMENT = re.compile(rb"<col\b([^<>]*?)/?>")
_SPANS = re.compile(rb"\sspans\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_DIMENSION = re.compile(rb'(<dimension\s+ref=")[^"]*(")')
_MERGE = re.compile(rb'<mergeCell\b[^<>]*?ref="([^"]*)"')


class Keep:
    """Marks a place in written rows that must stay as it is."""


KEEP: Final = Keep()


class _WrittenColumn:
    """A column of a rectangle being written."""

    __slots__ = ("endings", "known", "letters", "number", "style")

    def __init__(self, number: int, style: int) -> None:
        self.number = number
        self.style = style
        self.letters = column_letters(number)
        # by (style, text or date): what follows the address; a plan repeats its names and months in thousands of rows
        self.endings: dict[tuple[int, CellValue], str] = {}
        # and the other way round: the text or date of an ending that has been looked at
        self.known: dict[bytes, CellValue] = {}


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
        self._shared: dict[bytes, tuple[int, int, str]] | None = None
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
        if parts.text or attribute(parts.attributes, b"t") != b"shared":
            return parts.text
        master = self._shared_master(attribute(parts.attributes, b"si") or b"")
        if master is None:
            return ""
        return move(master[2], row - master[0], column - master[1])

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

    def _shared_master(self, index: bytes) -> tuple[int, int, str] | None:
        """(row, column, text) of the cell that carries shared formula `index`."""
        if self._shared is None:
            self._shared = {}
            for number, (_, body) in self.rows.items():
                if b'"shared"' not in body:
                    continue
                for column, raw in split_cells(body).items():
                    parts = formula_of(raw)
                    if parts and parts.text and attribute(parts.attributes, b"t") == b"shared":
                        self._shared[attribute(parts.attributes, b"si") or b""] = (number, column, parts.text)
        return self._shared.get(index)

    def style(self, row: int, column: int) -> int:
        """Style index in force at a cell: its own, else its row's, else its column's."""
        raw = self.cell(row, column)
        return style_of(raw) if raw is not None else self.inherited_style(row, column)

    def inherited_style(self, row: int, column: int) -> int:
        """Style a new cell takes here."""
        own = self._row_style(row)
        return self._style_of_column(column) if own is None else own

    def _row_style(self, row: int) -> int | None:
        found = self.rows.get(row)
        if found and b"customFormat" in found[0] and attribute(found[0], b"customFormat") in (b"1", b"true"):
            return int(attribute(found[0], b"s") or 0)
        return None

    def _style_of_column(self, column: int) -> int:
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
        columns = [_WrittenColumn(at, self._style_of_column(at)) for at in range(column, column + len(lines[0]))]
        for offset, line in enumerate(lines):
            found = self.rows.get(row + offset)
            if found is None or not found[1]:
                self._write_empty_row(row + offset, columns, line)
            else:
                self._write_row(row + offset, columns, line)

    def _write_empty_row(
        self, number: int, columns: "Sequence[_WrittenColumn]", values: Sequence[CellValue | Keep]
    ) -> None:
        """Bulk path: a row without cells needs no comparing and becomes bytes in one go."""
        pieces: list[str] = []
        row = self.rows.get(number)
        own_style = self._row_style(number)
        for column, value in zip(columns, values, strict=True):
            style = column.style if own_style is None else own_style
            if type(value) is float and not style:
                pieces.append(f'<c r="{column.letters}{number}"><v>{number_text(value)}</v></c>')
            elif value is not None and value is not KEEP and value != "":
                pieces.append(self._new_cell(value, number, column, style))  # type: ignore[arg-type]
        if pieces:
            self.rows[number] = (row[0] if row else b' r="%d"' % number, "".join(pieces).encode("utf-8"))
            self.changed = True
            self._used = None

    def _write_row(self, number: int, columns: "Sequence[_WrittenColumn]", values: Sequence[CellValue | Keep]) -> None:
        row = self.rows.get(number)
        cells = split_cells(row[1]) if row and row[1] else {}
        changed = False
        for column, value in zip(columns, values, strict=True):
            if value is KEEP:
                continue
            at = column.number
            old = cells.get(at)
            if old is None:
                if value is None:
                    continue
                style = self.inherited_style(number, at)
            else:
                if old.endswith(b"/>") and old.count(b"<") == 1:
                    if value is None:
                        continue
                elif self._keeps(old, value, number, column):  # type: ignore[arg-type]
                    continue
                style = style_of(old)
                if b"<f" in old:
                    self.formulas_changed = True
                    if b'"shared"' in old:
                        # Followers may lie in this very row: let them be rewritten in the sheet, then go on from there.
                        self._put_row(number, row[0] if row else b"", cells)
                        self._unshare(old, number, at)
                        cells = self.cells(number)
            changed = True
            if value is None or (value == "" and not isinstance(value, Formula)):
                if style:
                    cells[at] = f'<c r="{column.letters}{number}" s="{style}"/>'.encode()
                else:
                    cells.pop(at, None)
                continue
            cells[at] = self._new_cell(value, number, column, style).encode("utf-8")  # type: ignore[arg-type]
        if changed:
            self._put_row(number, row[0] if row else b' r="%d"' % number, cells)

    def _new_cell(self, value: CellValue, row: int, column: "_WrittenColumn", style: int) -> str:
        """Raw cell of a value that is not blank."""
        kind = type(value)
        if kind is str or kind is dt.datetime:
            ending = column.endings.get((style, value))
            if ending is None:
                ending = column.endings[style, value] = self._ending(value, row, column.number, style)
        else:
            ending = self._ending(value, row, column.number, style)
        return f'<c r="{column.letters}{row}"{ending}'

    def _ending(self, value: CellValue, row: int, column: int, style: int) -> str:
        """What follows the address in a raw cell."""
        try:
            if isinstance(value, Formula):
                self.formulas_changed = True
                return self._formula_ending(value, row, column, style)
            style, kind, inner = self.workbook.codec.encode(value, style)
        except (EngineError, TypeError) as error:
            raise EngineError(f"{self.where(row, column)}: {error}".rstrip(".") + ".") from error
        s = f' s="{style}"' if style else ""
        return f"{s}{kind}>{inner}</c>"

    def _put_row(self, number: int, attributes: bytes, cells: dict[int, bytes]) -> None:
        if b"spans" in attributes:
            attributes = _SPANS.sub(b"", attributes)
        if not cells and attributes.strip() == b'r="%d"' % number:
            self.rows.pop(number, None)
        else:
            self.rows[number] = (attributes, b"".join(cells[column] for column in sorted(cells)))
        self.changed = True
        self._used = None

    def _keeps(self, raw: bytes, value: CellValue, row: int, column: _WrittenColumn) -> bool:
        """`_unchanged`, with short cuts for the usual numbers and for texts and dates that come again and again."""
        kind = type(value)
        if kind is float:
            if raw.endswith(b"</v></c>") and b"t" not in raw and b"<f" not in raw:  # no type attribute: a number
                try:
                    return float(raw[raw.rfind(b"<v>") + 3 : -8]) == value
                except ValueError:
                    pass
        elif (kind is str or kind is dt.datetime) and b"<f" not in raw and raw.startswith(b'<c r="'):
            ending = raw[raw.find(b'"', 6) :]
            known = column.known.get(ending)
            if known is None and self._unchanged(raw, value, row, column.number):
                known = column.known[ending] = value
            return known == value
        return self._unchanged(raw, value, row, column.number)

    def _unchanged(self, raw: bytes, value: CellValue, row: int, column: int) -> bool:
        if b"<f" in raw:
            if not isinstance(value, Formula):
                return False
            stored = self.stored_formula(raw, row, column)
            return stored == to_stored(value, self.workbook.table_at(self.name, row, column))
        return self.workbook.codec.holds(raw, None if value == "" else value)

    def _formula_ending(self, formula: Formula, row: int, column: int, style: int) -> str:
        stored = to_stored(formula, self.workbook.table_at(self.name, row, column))
        s = f' s="{style}"' if style else ""
        if isinstance(formula, DynamicFormula):
            self.arrays.add(row, column)
            metadata = self.workbook.dynamic_array_metadata()
            inner = f'<f t="array" ref="{cell_address(row, column)}">{encode_text(stored)}</f>'
            return f'{s} cm="{metadata}">{inner}</c>'
        return f"{s}><f>{encode_text(stored)}</f></c>"

    def _unshare(self, raw: bytes, row: int, column: int) -> None:
        """Before the carrier of a shared formula goes: give every follower its own text."""
        parts = formula_of(raw)
        if parts is None or not parts.text or attribute(parts.attributes, b"t") != b"shared":
            return
        index = attribute(parts.attributes, b"si") or b""
        for number, (attributes, body) in list(self.rows.items()):
            if b'si="' + index + b'"' not in body and b"si='" not in body:
                continue
            cells = split_cells(body)
            for at, other in cells.items():
                follower = formula_of(other)
                if (
                    follower is None
                    or (number, at) == (row, column)
                    or attribute(follower.attributes, b"t") != b"shared"
                    or attribute(follower.attributes, b"si") != index
                ):
                    continue
                text = follower.text or move(parts.text, number - row, at - column)
                cells[at] = replace_formula(other, f"<f>{encode_text(text)}</f>".encode())
            self.rows[number] = (attributes, b"".join(cells.values()))
        if self._shared is not None:
            self._shared.pop(index, None)

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
        self._put_row(row, found[0], cells)

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
            self._put_row(row, found[0], cells)

    def put_raw(self, row: int, column: int, raw: bytes | None) -> None:
        """Place raw cell bytes, or remove the cell. For callers that know the file format."""
        found = self.rows.get(row, (b' r="%d"' % row, b""))
        cells = split_cells(found[1])
        if raw is None:
            cells.pop(column, None)
        else:
            cells[column] = raw
        self._put_row(row, found[0], cells)

    def put_row_cells(self, row: int, cells: dict[int, bytes]) -> None:
        """Place several raw cells of one row."""
        found = self.rows.get(row, (b' r="%d"' % row, b""))
        self._put_row(row, found[0], split_cells(found[1]) | cells)

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
