"""What was done in LibreOffice, written into the planner's own file: through the closed-file engine, so that VBA, ribbon,
charts and everything else LibreOffice cannot write stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..engines.closed_file.engine import ClosedFileBackend
from ..engines.libreoffice import LibreOfficeBackend
from ..engines.references import Box
from ..engines.values import CellValue, Formula

Cells = list[list[CellValue]]


def save_back(live: LibreOfficeBackend, file: ClosedFileBackend) -> int:
    """Bring cells, tables and names of ``file`` to what ``live`` shows; returns how many cells changed.

    New sheets are added at the end. Formats of cells that were blank before come along as number formats. Raises
    EngineError where the file cannot take something; then nothing was saved, as this does not save.
    """
    known = file.sheet_names()
    changed = 0
    for sheet in live.sheet_names():
        if sheet not in known:
            file.add_sheet(sheet, len(file.sheet_names()))
        _tables(live, file, sheet)
        changed += _cells(live, file, sheet)
    _names(live, file)
    return changed


def _tables(live: LibreOfficeBackend, file: ClosedFileBackend, sheet: str) -> None:
    boxes = {table.name: table.box for table in file.tables(sheet)}
    for table in live.tables(sheet):
        if table.name in boxes and boxes[table.name] != table.box:
            file.resize_table(sheet, table.name, table.box)


def _cells(live: LibreOfficeBackend, file: ClosedFileBackend, sheet: str) -> int:
    box = _around(live.used(sheet), file.used(sheet))
    wanted, there = _contents(live, sheet, box), _contents(file, sheet, box)
    changed = 0
    for row, column, values in _stretches(wanted, there, box):
        before = [there[row - box[0]][column - box[1] + step] for step in range(len(values))]
        file.write(sheet, row, column, [values])
        _formats(live, file, sheet, row, column, before)
        changed += len(values)
    return changed


def _formats(
    live: LibreOfficeBackend, file: ClosedFileBackend, sheet: str, row: int, column: int, before: list[Any]
) -> None:
    """Cells that held nothing look as they do in LibreOffice."""
    if all(value is None for value in before):
        line = (row, column, row, column + len(before) - 1)
        code = live.number_format(sheet, line)
        if code not in (None, "General") and file.number_format(sheet, line) == "General":
            file.set_number_format(sheet, line, str(code))


def _names(live: LibreOfficeBackend, file: ClosedFileBackend) -> None:
    there = {name: reference.replace("'", "") for name, reference in file.names()}
    for name, reference in live.names():
        if there.get(name) not in (None, reference.replace("'", "")):
            file.set_name(name, reference)


def _around(first: Box, second: Box) -> Box:
    return min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]), max(first[3], second[3])


def _contents(backend: LibreOfficeBackend | ClosedFileBackend, sheet: str, box: Box) -> Cells:
    """Formulas where there are some, otherwise values."""
    values, formulas = backend.read(sheet, box), backend.formulas(sheet, box)
    return [
        [Formula(text) if text.startswith("=") and value != text else value for value, text in zip(*rows, strict=True)]
        for rows in zip(values, formulas, strict=True)
    ]


def _stretches(wanted: Cells, there: Cells, box: Box) -> Iterator[tuple[int, int, list[CellValue]]]:
    """Neighbours in a row that differ, as (row, column, values)."""
    for down, (new, old) in enumerate(zip(wanted, there, strict=True)):
        start = 0
        for right in range(len(new) + 1):
            if right == len(new) or _same(new[right], old[right]):
                if start < right:
                    yield box[0] + down, box[1] + start, new[start:right]
                start = right + 1


def _same(one: CellValue, other: CellValue) -> bool:
    if one in (None, "") or other in (None, ""):
        return one in (None, "") and other in (None, "")
    if isinstance(one, (bool, str)) or isinstance(other, (bool, str)):
        return type(one) is type(other) and one == other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return float(one) == float(other)
    return one == other
