"""The rows of one worksheet of a copy, one after the other: their own texts, no foreign formulas, input cells open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lxml import etree
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string
from openpyxl.utils.exceptions import CellCoordinatesException

from ...opc.errors import FileUnreadable
from ...opc.xml_text import MAIN, Xml, main_tag, new_root
from ..grids import column_letter
from .functions import Native

_LAST_ROW = 1_048_576
_ROW, _CELL, _FORMULA, _VALUE, _STRING = map(main_tag, ("row", "c", "f", "v", "is"))
_TO_CLEAN = etree.XPath(
    "descendant::m:c[m:f or @t = 's' or @t = 'inlineStr' or not(@r)]", namespaces={"m": MAIN}, smart_strings=False
)
_OWN_NAMESPACE = f' xmlns="{MAIN}"'.encode()


@dataclass
class Texts:
    """The shared texts of the copy: those that a cell of it shows, in the order of their first use."""

    old: Sequence[bytes]
    """Each <si> element of the workbook, serialised."""
    numbers: dict[bytes, int] = field(default_factory=dict)
    uses: int = 0

    def number_of_old(self, number: int) -> int:
        """That of a text of the workbook. Raises IndexError where it has no such text."""
        if number < 0:
            raise IndexError(number)
        return self.number(self.old[number])

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


class RowParts:
    """Takes the rows of a sheet in turn and keeps them as bytes. ``changed``: how many formulas became values.

    Raises FileUnreadable for rows and cells that no program writes.
    """

    def __init__(self, name: str, root: Xml, texts: Texts, looks: Looks, native: Native, editable: Editable) -> None:
        """``name``: of the sheet; ``root``: it without rows."""
        self.changed = 0
        self._name = name
        self._texts, self._looks, self._native, self._editable = texts, looks, native, editable
        self._columns = _column_styles(root)
        self._shared: dict[str, bool] = {}
        self._written: dict[int, bytes] = {}
        self._last = 0
        self._data: Xml = root.find(main_tag("sheetData"))
        _, _, spaces = etree.tostring(etree.SubElement(self._data, _ROW)).removesuffix(b"/>").partition(b" ")
        self._spaces = b" " + spaces
        """What declares the namespaces: the root of the sheet does so already."""
        self._data[:] = []

    def add(self, row: Xml) -> None:
        try:
            number = int(row.get("r", self._last + 1))
            if not 1 <= number <= _LAST_ROW or number in self._written:
                raise ValueError("no number of a row, or twice")
            self._last = number
            row.set("r", str(number))
            self._clean(row, number)
            self._open(row, number)
        except (ValueError, IndexError, TypeError, CellCoordinatesException) as error:
            raise FileUnreadable(
                f"Sheet {self._name}, row {row.get('r') or self._last + 1}, is damaged; "
                "open the workbook in Excel and let Excel repair it."
            ) from error
        if row.get("outlineLevel"):
            row.attrib.pop("hidden", None)  # Excel does not open groups on a protected sheet
        row.attrib.pop("collapsed", None)
        self._write(row, number)

    def all(self) -> list[bytes]:
        """The rows in their order, those included that have nothing but cells to type into."""
        for number in sorted({*self._editable.rows, *self._editable.spare} - {*self._written}):
            row = etree.SubElement(self._data, _ROW, r=str(number))
            self._open(row, number)
            self._write(row, number)
        self._data[:] = []
        return [self._written[number] for number in sorted(self._written)]

    def _write(self, row: Xml, number: int) -> None:
        written = etree.tostring(row, encoding="UTF-8")
        end = written.index(b">")
        self._written[number] = written[:end].replace(self._spaces, b"", 1) + written[end:]

    # --- what cells hold

    def _clean(self, row: Xml, number: int) -> None:
        for extension in list(row.iter(main_tag("extLst"))):
            extension.getparent().remove(extension)
        cells: Xml = _TO_CLEAN(row)
        if None in [cell.get("r") for cell in cells]:
            _number_cells(row, number)
        for cell in cells:
            formula = _child(cell, _FORMULA)
            if formula is not None and not self._keeps(formula):
                cell.remove(formula)
                cell.attrib.pop("cm", None)
                self.changed += not self._native.of_left_out_table(formula.text or "")
                if cell.get("t") == "str":
                    self._as_shared(cell)
                    continue
            kind = cell.get("t")
            if kind == "s":
                value = _child(cell, _VALUE)
                if value is not None and value.text is not None:
                    value.text = str(self._texts.number_of_old(int(value.text)))
            elif kind == "inlineStr":
                string = _child(cell, _STRING)
                if string is not None:
                    string.tag = main_tag("si")
                    cell.remove(string)
                    _set_text(cell, self._texts.number(shared_item(string)))

    def _keeps(self, formula: Xml) -> bool:
        if formula.get("t") == "dataTable":
            return True
        group = formula.get("si")
        if formula.text:
            kept = self._native(formula.text)
            if group is not None:
                self._shared[group] = kept
            return kept
        return self._shared.get(group, True) if group is not None else True

    def _as_shared(self, cell: Xml) -> None:
        value = _child(cell, _VALUE)
        text = "" if value is None or value.text is None else value.text
        for child in list(cell):
            cell.remove(child)
        _set_text(cell, self._texts.number(text_item(text)))

    # --- which are open to typing

    def _open(self, row: Xml, number: int) -> None:
        wanted, spare = self._editable.rows.get(number), self._editable.spare.get(number)
        if wanted is None and spare is None:
            return
        cells = {_column_of(cell): cell for cell in row}
        row_style = row.get("s") if row.get("customFormat") == "1" else None
        free = [one for one in _each(spare or ()) if one not in cells or not len(cells[one])]
        for column in (*_each(wanted or ()), *free):
            cell = cells.get(column)
            if cell is None:
                style = int(row_style) if row_style is not None else self._columns.get(column, 0)
                cell = etree.SubElement(row, _CELL, r=f"{column_letter(column)}{number}", s=str(style))
                cells[column] = cell
            style = int(cell.get("s", "0"))
            if style < self._looks.count:
                cell.set("s", str(self._looks.unlocked(style)))
        if any(a > b for a, b in pairwise(map(_column_of, row))):
            row[:] = [cells[column] for column in sorted(cells)]
        row.attrib.pop("spans", None)


def _child(cell: Xml, tag: str) -> Xml:
    return next(cell.iterchildren(tag), None)  # twice as fast as find


def _number_cells(row: Xml, number: int) -> None:
    """Some programs leave out the addresses that follow from the place in the file."""
    column = 0
    for cell in row:
        column = _column_of(cell) if cell.get("r") else column + 1
        if not cell.get("r"):
            cell.set("r", f"{column_letter(column)}{number}")


def _set_text(cell: Xml, number: int) -> None:
    cell.set("t", "s")
    etree.SubElement(cell, _VALUE).text = str(number)


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
