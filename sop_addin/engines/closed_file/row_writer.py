"""Values become the raw cells of rows; cells that hold their value already keep their bytes."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sop_addin.engines.closed_file.cells import number_text, split_cells, style_of
from sop_addin.engines.errors import EngineError
from sop_addin.engines.formulas import to_stored
from sop_addin.engines.references import cell_address, column_letters
from sop_addin.engines.values import CellValue, DynamicFormula, Formula
from sop_addin.opc.xml_text import encode_text

if TYPE_CHECKING:
    from sop_addin.engines.closed_file.sheet_xml import SheetXml


class Keep:
    """Marks a place in written rows that must stay as it is."""


KEEP: Final = Keep()


class WrittenColumn:
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


class RowWriter:
    """Writes rows of a rectangle that begins in ``column`` and is ``width`` columns wide."""

    def __init__(self, sheet: "SheetXml", column: int, width: int) -> None:
        self.sheet = sheet
        self.columns = [WrittenColumn(at, sheet.style_of_column(at)) for at in range(column, column + width)]

    def write(self, number: int, values: Sequence[CellValue | Keep]) -> None:
        found = self.sheet.rows.get(number)
        if found is None or not found[1]:
            self._empty_row(number, values)
        else:
            self._row(number, values)

    def _empty_row(self, number: int, values: Sequence[CellValue | Keep]) -> None:
        """Bulk path: a row without cells needs no comparing and becomes bytes in one go."""
        pieces: list[str] = []
        row = self.sheet.rows.get(number)
        own_style = self.sheet.row_style(number)
        for column, value in zip(self.columns, values, strict=True):
            style = column.style if own_style is None else own_style
            if type(value) is float and not style:
                pieces.append(f'<c r="{column.letters}{number}"><v>{number_text(value)}</v></c>')
            elif value is not None and value is not KEEP and value != "":
                pieces.append(self._new_cell(value, number, column, style))  # type: ignore[arg-type]
        if pieces:
            self.sheet.set_row(number, row[0] if row else b' r="%d"' % number, "".join(pieces).encode("utf-8"))

    def _row(self, number: int, values: Sequence[CellValue | Keep]) -> None:
        row = self.sheet.rows.get(number)
        cells = split_cells(row[1]) if row and row[1] else {}
        changed = False
        for column, value in zip(self.columns, values, strict=True):
            if value is KEEP:
                continue
            at = column.number
            old = cells.get(at)
            if old is None:
                if value is None:
                    continue
                style = self.sheet.inherited_style(number, at)
            else:
                if old.endswith(b"/>") and old.count(b"<") == 1:
                    if value is None:
                        continue
                elif self._keeps(old, value, number, column):  # type: ignore[arg-type]
                    continue
                style = style_of(old)
                if b"<f" in old:
                    self.sheet.formulas_changed = True
                    if b'"shared"' in old:
                        # Followers may lie in this very row: let them be rewritten in the sheet, then go on from there.
                        self.sheet.put_cells(number, row[0] if row else b"", cells)
                        self.sheet.shared.release(old, number, at)
                        cells = self.sheet.cells(number)
            changed = True
            if value is None or (value == "" and not isinstance(value, Formula)):
                if style:
                    cells[at] = f'<c r="{column.letters}{number}" s="{style}"/>'.encode()
                else:
                    cells.pop(at, None)
                continue
            cells[at] = self._new_cell(value, number, column, style).encode("utf-8")  # type: ignore[arg-type]
        if changed:
            self.sheet.put_cells(number, row[0] if row else b' r="%d"' % number, cells)

    def _new_cell(self, value: CellValue, row: int, column: WrittenColumn, style: int) -> str:
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
                self.sheet.formulas_changed = True
                return self._formula_ending(value, row, column, style)
            style, kind, inner = self.sheet.workbook.codec.encode(value, style)
        except (EngineError, TypeError) as error:
            raise EngineError(f"{self.sheet.where(row, column)}: {error}".rstrip(".") + ".") from error
        s = f' s="{style}"' if style else ""
        return f"{s}{kind}>{inner}</c>"

    def _keeps(self, raw: bytes, value: CellValue, row: int, column: WrittenColumn) -> bool:
        """`SheetXml.holds`, with short cuts for the usual numbers and for texts and dates that come again and again."""
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
            if known is None and self.sheet.holds(raw, value, row, column.number):
                known = column.known[ending] = value
            return known == value
        return self.sheet.holds(raw, value, row, column.number)

    def _formula_ending(self, formula: Formula, row: int, column: int, style: int) -> str:
        stored = to_stored(formula, self.sheet.workbook.table_at(self.sheet.name, row, column))
        s = f' s="{style}"' if style else ""
        if isinstance(formula, DynamicFormula):
            self.sheet.arrays.add(row, column)
            metadata = self.sheet.workbook.dynamic_array_metadata()
            inner = f'<f t="array" ref="{cell_address(row, column)}">{encode_text(stored)}</f>'
            return f'{s} cm="{metadata}">{inner}</c>'
        return f"{s}><f>{encode_text(stored)}</f></c>"
