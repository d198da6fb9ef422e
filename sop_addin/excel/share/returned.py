"""A copy that came back: read by its header texts, as other programs may have moved and renamed everything else."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from ...model.calendar import parse_period
from ...model.errors import WorkbookError
from ...model.merging import Cell
from ...model.tables import Place, RawTable
from ...opc.foreign import checked_workbook
from ..grids import column_letter
from ..layout import COPY_SHEET
from .base_state import BaseState, base_of, merged_tables
from .elsewhere import typed_elsewhere
from .formulas import SheetCells, marked_grids, sheet_cells, sheet_contents

_LOOKED_AT = 60
_BLANK_ROWS = 25
_ENOUGH = 0.5
Rows = Sequence[Sequence[Any]]


def read_returned(path: Path) -> tuple[BaseState, dict[str, RawTable], dict[str, RawTable], dict[Cell, object]]:
    """What the copy was, its tables and grids as they are now, and what was typed elsewhere. Raises WorkbookError
    naming the file."""
    try:
        data = checked_workbook(path)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
        cells = {name: sheet_cells(content, name) for name, content in sheet_contents(data, path.name).items()}
    except (CalamineError, OSError, ValueError) as error:
        raise WorkbookError(f"{path.name} cannot be read as a workbook: {error}.") from None
    if COPY_SHEET not in sheets:
        raise WorkbookError(
            f"{path.name} is no mail copy: its hidden sheet {COPY_SHEET} is missing. Name what Mail copy (or sop-addin "
            "share) has made and your colleague has saved; where another program has dropped that sheet, ask for the "
            "edits once more in a copy saved by Excel or LibreOffice."
        )
    try:
        base = base_of([str(row[0]) for row in sheets.pop(COPY_SHEET) if row and row[0] != ""])
    except WorkbookError as error:
        raise WorkbookError(f"{path.name}: {error}.") from error
    shown = {name: _with(rows, cells.get(name, SheetCells())) for name, rows in sheets.items()}
    blocks = [block for name, rows in shown.items() for block in _blocks(name, rows)]
    tables = {name: _best(raw, blocks, path, name) for name, raw in base.tables.items()}
    grids = {name: _best(raw, blocks, path, name) for name, raw in base.grids.items()}
    formulas = {name: each.formulas for name, each in cells.items()}
    elsewhere = typed_elsewhere(base.elsewhere, shown, merged_tables(tables, grids), formulas)
    return base, tables, marked_grids(grids, cells), elsewhere


def _with(rows: list[list[Any]], cells: SheetCells) -> list[list[Any]]:
    """The rows with what calamine leaves blank: errors, and formulas that nobody has calculated."""
    for (row, column), text in cells.shown.items():
        rows += [[] for _ in range(row - len(rows))]
        line = rows[row - 1]
        line += [""] * (column - len(line))
        if line[column - 1] == "":
            line[column - 1] = text
    return rows


class _Block:
    """Neighbouring header cells, and the rows below them."""

    def __init__(self, sheet: str, rows: Rows, top: int, left: int, headers: list[str]) -> None:
        self.sheet, self.rows, self.top, self.left, self.headers = sheet, rows, top, left, headers

    def fits(self, wanted: RawTable) -> float:
        """Share of the wanted headers that are here, a little more where the rows speak of the same, and on the sheet
        where they were: plan sheets differ in their measures alone."""
        names = {_header(name) for name in wanted.frame.columns}
        found = len(names & set(self.headers)) / max(len(names), 1)
        extra = len(set(self.headers) - names) / 1000
        alike = 0.0
        if "Measure" in names and "Measure" in self.headers:
            measures, column = set(wanted.frame["Measure"]), self.left + self.headers.index("Measure")
            here = {line[column] for line in self.rows[self.top + 1 :] if column < len(line)}
            alike = len(measures & here) / max(len(measures), 1)
        return found - extra + 0.1 * alike + (0.01 if self.sheet == wanted.place.sheet else 0)

    def raw(self) -> RawTable:
        width, blank, rows, numbers = len(self.headers), 0, [], []
        for number, line in enumerate(self.rows[self.top + 1 :], start=self.top + 2):
            cells = [None if cell == "" else cell for cell in line[self.left : self.left + width]]
            if any(cell is not None for cell in cells):
                rows.append(cells)
                numbers.append(number)
                blank = 0
            elif (blank := blank + 1) > _BLANK_ROWS:
                break
        frame = pd.DataFrame(rows, columns=pd.Index(self.headers, dtype=object), index=pd.Index(numbers), dtype=object)
        letters = {header: column_letter(self.left + 1 + at) for at, header in reversed(list(enumerate(self.headers)))}
        return RawTable(frame, Place(self.sheet, letters, self.top + 1))


def _blocks(sheet: str, rows: Rows) -> list[_Block]:
    found = []
    for top, row in enumerate(rows[:_LOOKED_AT]):
        left: int | None = None
        for column, cell in enumerate([*row, ""]):
            if cell != "" and left is None:
                left = column
            elif cell == "" and left is not None:
                if column - left >= 2:
                    found.append(_Block(sheet, rows, top, left, [_header(each) for each in row[left:column]]))
                left = None
    return found


def _best(wanted: RawTable, blocks: Sequence[_Block], path: Path, name: str) -> RawTable:
    best = max(blocks, key=lambda block: block.fits(wanted), default=None)
    if best is None or best.fits(wanted) < _ENOUGH:
        raise WorkbookError(f"{path.name}: {name} is not found by its column headers; ask for the copy again.")
    return best.raw()


def _header(cell: object) -> str:
    """Header text; a month that a program took for a day is a month again."""
    if isinstance(cell, (dt.datetime, dt.date)):
        period = parse_period(cell)
        return "" if period is None else period.strftime("%Y-%m")
    return str(cell).strip()
