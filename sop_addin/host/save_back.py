"""What was done in LibreOffice, written into the planner's own file: through the closed-file engine, so that VBA,
ribbon, charts and everything else LibreOffice cannot write stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from ..engines.closed_file.engine import ClosedFileBackend
from ..engines.libreoffice import LibreOfficeBackend
from ..engines.references import Box
from ..engines.values import CellValue, Formula

Cells = list[list[CellValue]]
Snapshot = dict[str, tuple[Box, Cells]]
"""What each sheet shows: its used box and the formulas or values in it."""


def snapshot(live: LibreOfficeBackend) -> Snapshot:
    """Taken when the workbook is opened: LibreOffice spells some formulas its own way."""
    return {sheet: (box, _contents(live, sheet, box)) for sheet in live.sheet_names() for box in [live.used(sheet)]}


def save_back(live: LibreOfficeBackend, file: ClosedFileBackend, before: Snapshot) -> tuple[int, Snapshot]:
    """Bring to ``file`` what changed in ``live`` since ``before``: cells, tables, names.

    Returns how many cells changed, and the snapshot of now. New sheets are added at the end; cells that were blank
    bring their number format along. Raises EngineError where the file cannot take something; this does not save.
    """
    known = file.sheet_names()
    now = snapshot(live)
    changed = 0
    for sheet, (box, cells) in now.items():
        if sheet not in known:
            file.add_sheet(sheet, len(file.sheet_names()))
        _tables(live, file, sheet)
        old_box, old_cells = before.get(sheet, ((1, 1, 1, 1), [[None]]))
        whole = _around(box, old_box)
        for row, column, values, blank in _stretches(
            _spread(cells, box, whole), _spread(old_cells, old_box, whole), whole
        ):
            file.write(sheet, row, column, [values])
            changed += len(values)
            if blank:
                _format(live, file, sheet, (row, column, row, column + len(values) - 1))
    _names(live, file)
    return changed, now


def _tables(live: LibreOfficeBackend, file: ClosedFileBackend, sheet: str) -> None:
    boxes = {table.name: table.box for table in file.tables(sheet)}
    for table in live.tables(sheet):
        if table.name in boxes and boxes[table.name] != table.box:
            file.resize_table(sheet, table.name, table.box)


def _format(live: LibreOfficeBackend, file: ClosedFileBackend, sheet: str, box: Box) -> None:
    """Cells that held nothing look as they do in LibreOffice."""
    code = live.number_format(sheet, box)
    if code not in (None, "General") and file.number_format(sheet, box) == "General":
        file.set_number_format(sheet, box, str(code))


def _names(live: LibreOfficeBackend, file: ClosedFileBackend) -> None:
    there = {name: reference.replace("'", "") for name, reference in file.names()}
    for name, reference in live.names():
        if there.get(name) not in (None, reference.replace("'", "")):
            file.set_name(name, reference)


def _around(first: Box, second: Box) -> Box:
    return min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]), max(first[3], second[3])


def _contents(live: LibreOfficeBackend, sheet: str, box: Box) -> Cells:
    """Formulas where there are some, otherwise values."""
    values, formulas = live.read(sheet, box), live.formulas(sheet, box)
    return [
        [Formula(text) if text.startswith("=") and value != text else value for value, text in zip(*rows, strict=True)]
        for rows in zip(values, formulas, strict=True)
    ]


def _spread(cells: Cells, box: Box, whole: Box) -> Cells:
    """Cells of a box laid into a larger one."""
    width = whole[3] - whole[1] + 1
    left = [None] * (box[1] - whole[1])
    right = [None] * (whole[3] - box[3])
    blank: Cells = [[None] * width for _ in range(whole[2] - whole[0] + 1)]
    blank[box[0] - whole[0] : box[2] - whole[0] + 1] = [[*left, *row, *right] for row in cells]
    return blank


def _stretches(now: Cells, before: Cells, box: Box) -> Iterator[tuple[int, int, list[CellValue], bool]]:
    """Neighbours in a row that differ, as (row, column, values, whether all were blank before)."""
    for down, (new, old) in enumerate(zip(now, before, strict=True)):
        start = 0
        for right in range(len(new) + 1):
            if right == len(new) or (new[right] == old[right] and type(new[right]) is type(old[right])):
                if start < right:
                    blank = all(value is None for value in old[start:right])
                    yield box[0] + down, box[1] + start, new[start:right], blank
                start = right + 1
