"""What a copy shows outside the input tables and plan sheets: so that what is typed there is told, and not lost.

A copy keeps a short hash of each value and no address: other programs insert rows and rename sheets.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import to_excel
from python_calamine import CalamineWorkbook

from ...model.merging import Cell
from ...model.tables import RawTable
from ...opc.foreign import checked_workbook
from ..grids import column_letter
from .formulas import At

HERE, SHEET = "(cell)", "(sheet)"
"""Columns of an edit outside the tables, and of a sheet that was added."""
ADDED = "added"
CALCULATED = "="
"""In front of the hashes of a sheet that has formulas in the copy."""
MOST_CELLS = 300_000
"""Of a sheet that is compared: larger ones are results of large plans."""
MOST_TOLD = 50
_BYTES = 3
_OURS = 0.5
Rows = list[list[Any]]
Box = tuple[int, int, int, int]
Hashes = frozenset[bytes]


def sheets_of(path: Path) -> Iterator[tuple[str, Rows]]:
    """The sheets of a workbook that are small enough, one after the other: rows from A1 on."""
    with CalamineWorkbook.from_filelike(io.BytesIO(checked_workbook(path))) as book:
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height * sheet.total_width <= MOST_CELLS:
                yield name, sheet.to_python(skip_empty_area=False)


def known_values(sheets: Iterable[tuple[str, Rows]], tables: Collection[RawTable]) -> dict[str, str]:
    """By sheet, the hashes of all that it shows outside ``tables``, as one text."""
    boxes = _boxes(tables)
    # families and resources: choosing one for a chart is no edit
    names = {_hash(name) for raw in tables if "Measure" in raw.frame for name in raw.frame.iloc[:, 0] if name}
    found = {}
    for name, rows in sheets:
        hashes = names | {_hash(value) for _, value in _values(rows, boxes.get(name, []))}
        found[name] = base64.b64encode(b"".join(sorted(hashes))).decode()
    return found


def typed_elsewhere(
    known: Mapping[str, str],
    sheets: Mapping[str, Rows],
    tables: Collection[RawTable],
    formulas: Mapping[str, Collection[At]],
) -> dict[Cell, object]:
    """What stands outside ``tables`` and was not there when the copy was made, with its place; formulas left aside.

    ``formulas``: by sheet. A sheet that has lost all its formulas is not looked at: it holds what they showed.
    """
    before = {name: _unpacked(text) for name, text in known.items()}
    calculated = {name for name, text in known.items() if text.startswith(CALCULATED)}
    boxes = _boxes(tables)
    found: dict[Cell, object] = {}
    for name, rows in sheets.items():
        if sum(map(len, rows)) > MOST_CELLS:
            continue
        places = _values(rows, boxes.get(name, []))
        values = [(at, value, _hash(value)) for at, value in places if at not in formulas.get(name, ())]
        hashes = {mark for _, _, mark in values}
        own = before.get(name)
        if own is None:
            own = max(before.values(), key=lambda one: len(one & hashes), default=frozenset())
            if len(own & hashes) < _OURS * len(hashes):
                found[Cell(name, (), SHEET)] = ADDED
                continue
        elif name in calculated and not formulas.get(name):
            continue
        new = [(at, value) for at, value, mark in values if mark not in own]
        for (row, column), value in new[:MOST_TOLD]:
            found[Cell(name, (f"{column_letter(column)}{row}",), HERE)] = _plain(value)
        if len(new) > MOST_TOLD:
            found[Cell(name, ("and more",), HERE)] = f"{len(new) - MOST_TOLD:,} more cells"
    return found


def _values(rows: Rows, boxes: Collection[Box]) -> Iterator[tuple[At, object]]:
    """Each value of a sheet that stands in none of the boxes, with its row and column."""
    for number, row in enumerate(rows, start=1):
        here = [(left, right) for top, left, bottom, right in boxes if top <= number <= bottom]
        for column, value in enumerate(row, start=1):
            if value != "" and value is not None and not any(left <= column <= right for left, right in here):
                yield (number, column), value


def _boxes(tables: Collection[RawTable]) -> dict[str, list[Box]]:
    """By sheet, where the tables stand."""
    found: dict[str, list[Box]] = {}
    for raw in tables:
        columns = [column_index_from_string(letters) for letters in raw.place.columns.values()]
        rows = [int(number) for number in raw.frame.index]
        top = raw.place.header_row
        if columns and top is not None:
            box = (top, min(columns), max([top, *rows]), max(columns))
            found.setdefault(raw.place.sheet, []).append(box)
    return found


def _plain(value: object) -> object:
    """As every program would give it again: dates by their number, numbers to ten digits."""
    if isinstance(value, (dt.datetime, dt.date, dt.time, dt.timedelta)):
        value = to_excel(value)
    if isinstance(value, (bool, int, float)):
        return float(f"{float(value):.10g}")
    return " ".join(str(value).split())


def _hash(value: object) -> bytes:
    return zlib.crc32(repr(_plain(value)).encode("utf-8", "replace")).to_bytes(4, "big")[-_BYTES:]


def _unpacked(text: str) -> Hashes:
    data = base64.b64decode(text.removeprefix(CALCULATED))
    return frozenset(data[at : at + _BYTES] for at in range(0, len(data), _BYTES))
