"""Array formulas of a sheet: one carrier cell, a box of followers whose values belong to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sop_addin.engines.closed_file.cells import (
    cached_value,
    formula_of,
    is_blank,
    replace_formula,
    split_cells,
    style_of,
)
from sop_addin.engines.closed_file.row_writer import KEEP
from sop_addin.engines.errors import EngineError
from sop_addin.engines.references import Box, box_address, box_holds, boxes_overlap, cell_address, parse_box
from sop_addin.engines.values import Formula, XlError
from sop_addin.opc.xml_text import attribute, encode_text, set_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sop_addin.engines.closed_file.sheet_xml import SheetXml

Anchor = tuple[int, int]

MOST_CELLS = 1_000_000
"""Of one array formula: each of its cells is looked at."""


@dataclass(frozen=True)
class ArrayFormula:
    """`dynamic` arrays spill; the others were entered over a fixed box and change only as a whole."""

    box: Box
    dynamic: bool


class ArrayFormulas:
    """The array formulas of one sheet, by carrier cell."""

    def __init__(self, sheet: "SheetXml") -> None:
        self._sheet = sheet
        self._arrays: dict[Anchor, ArrayFormula] = {}
        self._find(sheet)

    def _find(self, sheet: "SheetXml") -> None:
        for number, (_, body) in sheet.rows.items():
            if b't="array"' not in body:
                continue
            for column, raw in split_cells(body).items():
                parts = formula_of(raw)
                if parts is None or attribute(parts.attributes, b"t") != b"array":
                    continue
                reference = (attribute(parts.attributes, b"ref") or cell_address(number, column).encode()).decode()
                dynamic = attribute(raw[2 : raw.index(b">")], b"cm") is not None
                box = parse_box(reference)
                if (box[2] - box[0] + 1) * (box[3] - box[1] + 1) > MOST_CELLS:
                    where = sheet.where(number, column)
                    raise EngineError(f"{where}: its array formula covers {reference}, which is too much; shorten it.")
                self._arrays[number, column] = ArrayFormula(box, dynamic)

    def __bool__(self) -> bool:
        return bool(self._arrays)

    def items(self) -> "Iterator[tuple[Anchor, ArrayFormula]]":
        return iter(list(self._arrays.items()))

    def holds(self, row: int, column: int) -> bool:
        return any(box_holds(array.box, row, column) for array in self._arrays.values())

    def add(self, row: int, column: int) -> None:
        """Note a new dynamic array; it covers its own cell until it is calculated."""
        self._arrays[row, column] = ArrayFormula((row, column, row, column), True)

    def prepare(self, row: int, column: int, lines: "list[list[Any]]") -> None:
        """Before `lines` are written: free, keep or refuse the arrays they touch. Marks places to KEEP in `lines`."""
        written = (row, column, row + len(lines) - 1, column + len(lines[0]) - 1)
        for anchor, array in list(self._arrays.items()):
            if boxes_overlap(array.box, written):
                self._prepare_one(anchor, array, written, lines)

    def _prepare_one(self, anchor: Anchor, array: ArrayFormula, written: Box, lines: "list[list[Any]]") -> None:
        sheet = self._sheet
        if box_holds(written, *anchor):
            value = lines[anchor[0] - written[0]][anchor[1] - written[1]]
            raw = sheet.cell(*anchor)
            same = value is KEEP or (
                isinstance(value, Formula) and raw is not None and sheet.holds(raw, value, *anchor)
            )
            if not same:
                self._release(anchor, array, written)
                return
        blocked = False
        for r in range(max(array.box[0], written[0]), min(array.box[2], written[2]) + 1):
            for c in range(max(array.box[1], written[1]), min(array.box[3], written[3]) + 1):
                if (r, c) == anchor:
                    continue
                value = lines[r - written[0]][c - written[1]]
                raw = sheet.cell(r, c)
                if value is None or value is KEEP or (raw is not None and sheet.workbook.codec.holds(raw, value)):
                    lines[r - written[0]][c - written[1]] = KEEP
                elif not array.dynamic:
                    raise self._part_of_array(array)
                else:
                    blocked = True
        if blocked:
            self._block(anchor, array)

    def _part_of_array(self, array: ArrayFormula) -> EngineError:
        sheet = self._sheet
        return EngineError(
            f"{sheet.name}!{box_address(array.box)} holds one array formula, which changes only as a whole; "
            "write the whole area or clear it first."
        )

    def _release(self, anchor: Anchor, array: ArrayFormula, written: Box) -> None:
        """The carrier is about to go; its followers' values go with it."""
        box = array.box
        inside = written[0] <= box[0] and box[2] <= written[2] and written[1] <= box[1] and box[3] <= written[3]
        if not array.dynamic and not inside:
            raise self._part_of_array(array)
        del self._arrays[anchor]
        self.clear_followers(anchor, box)

    def _block(self, anchor: Anchor, array: ArrayFormula) -> None:
        """Something is written where the array spills: it shows #SPILL!, as in Excel."""
        sheet = self._sheet
        self.clear_followers(anchor, array.box)
        self.resize(anchor, (*anchor, *anchor))
        raw = sheet.cell(*anchor)
        if raw is not None:
            sheet.put_raw(*anchor, cached_value(raw, XlError("#SPILL!")))

    def clear_followers(self, anchor: Anchor, box: Box) -> None:
        """Blank the cells an array spilled to; their formats stay."""
        sheet = self._sheet
        for r in range(box[0], box[2] + 1):
            for c, raw in sheet.cells(r).items():
                if (r, c) == anchor or not box[1] <= c <= box[3] or b"<f" in raw or is_blank(raw):
                    continue
                style = style_of(raw)
                blank = f'<c r="{cell_address(r, c)}" s="{style}"/>'.encode() if style else None
                sheet.put_raw(r, c, blank)

    def resize(self, anchor: Anchor, box: Box) -> None:
        """Set the box an array covers."""
        sheet = self._sheet
        self._arrays[anchor] = ArrayFormula(box, self._arrays[anchor].dynamic)
        raw = sheet.cell(*anchor)
        parts = formula_of(raw) if raw is not None else None
        if raw is not None and parts is not None:
            attributes = set_attribute(parts.attributes, b"ref", box_address(box).encode())
            element = b"<f" + attributes + b">" + encode_text(parts.text).encode() + b"</f>"
            sheet.put_raw(*anchor, replace_formula(raw, element))
