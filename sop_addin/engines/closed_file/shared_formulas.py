"""Shared formulas of a sheet: one cell carries the text, its followers an index alone."""

from typing import TYPE_CHECKING

from sop_addin.engines.closed_file.cells import FormulaParts, formula_of, replace_formula, split_cells
from sop_addin.engines.formulas import move
from sop_addin.opc.xml_text import attribute, encode_text

if TYPE_CHECKING:
    from sop_addin.engines.closed_file.sheet_xml import SheetXml

Carrier = tuple[int, int, str]
"""Row, column, text."""


class SharedFormulas:
    """The shared formulas of one sheet, by index; looked for when the first is asked for."""

    def __init__(self, sheet: "SheetXml") -> None:
        self._sheet = sheet
        self._carriers: dict[bytes, Carrier] | None = None

    def text(self, parts: FormulaParts, row: int, column: int) -> str:
        """Text of a follower; '' where the file lacks its carrier."""
        carrier = self._found().get(_index(parts))
        return "" if carrier is None else move(carrier[2], row - carrier[0], column - carrier[1])

    def _found(self) -> dict[bytes, Carrier]:
        if self._carriers is None:
            self._carriers = {}
            for number, (_, body) in self._sheet.rows.items():
                if b'"shared"' not in body:
                    continue
                for column, raw in split_cells(body).items():
                    parts = formula_of(raw)
                    if parts and parts.text and is_shared(parts):
                        self._carriers[_index(parts)] = (number, column, parts.text)
        return self._carriers

    def release(self, raw: bytes, row: int, column: int) -> None:
        """Before the carrier of a shared formula goes: give every follower its own text."""
        parts = formula_of(raw)
        if parts is None or not parts.text or not is_shared(parts):
            return
        index = _index(parts)
        rows = self._sheet.rows
        for number, (attributes, body) in list(rows.items()):
            if b'si="' + index + b'"' not in body and b"si='" not in body:
                continue
            cells = split_cells(body)
            for at, other in cells.items():
                follower = formula_of(other)
                if follower is None or (number, at) == (row, column):
                    continue
                if not is_shared(follower) or _index(follower) != index:
                    continue
                text = follower.text or move(parts.text, number - row, at - column)
                cells[at] = replace_formula(other, f"<f>{encode_text(text)}</f>".encode())
            rows[number] = (attributes, b"".join(cells.values()))
        if self._carriers is not None:
            self._carriers.pop(index, None)


def is_shared(parts: FormulaParts) -> bool:
    return attribute(parts.attributes, b"t") == b"shared"


def _index(parts: FormulaParts) -> bytes:
    return attribute(parts.attributes, b"si") or b""
