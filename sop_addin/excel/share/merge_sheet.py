"""The sheet Merge: every edit of the returned copies, with a column in which the planner chooses what to take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...model.calendar import parse_period
from ...model.errors import WorkbookError
from ...model.merging import Cell, Merge
from ...model.schema import GRID_BY_NAME, TABLES
from ..blocks import read_block, write_block
from ..grid_sheets import grid_range, with_formulas
from ..layout import MERGE_SHEET
from ..read_tables import raw_range
from ..tables_io import find_tables, write_table
from .cells_of import ROW, Row, grid_rows_of, label_of, rows_of
from .formulas import FORMULA, is_formula

TAKE = "Take"
HEADERS = ("Choice", "What", "Table", "Row", "Column", "Who", "Base", "Now", "Returned", "Key")
CHANGE, CONFLICT, REFUSED = "Change", "Conflict: choose one", "No input cell: not taken"


def merge_rows(merge: Merge) -> list[list[object]]:
    """Header and one row an edit; equal edits are one row. Changes are chosen already, conflicts are not."""
    rows: list[list[object]] = [list(HEADERS)]

    def add(choice: object, what: str, cell: Cell, who: str, base: object, now: object, value: object) -> None:
        key = json.dumps(list(cell.key), ensure_ascii=False)
        text = " / ".join(part for part in cell.key if part)
        rows.append([choice, what, cell.table, text, cell.column, who, base, now, value, key])

    for conflict in merge.conflicts:
        for who, value in conflict.values:
            add(None, CONFLICT, conflict.cell, who, conflict.base, conflict.now, value)
    for change in merge.changes:
        add(TAKE, CHANGE, change.cell, ", ".join(change.who), change.base, change.now, change.value)
    for refused in merge.refused:
        add(None, REFUSED, refused.cell, refused.who, *_shown(refused.base, refused.value))
    return rows


def _shown(base: object, value: object) -> tuple[object, object, object]:
    """Base, now and returned; formulas as such."""
    if is_formula(base) and is_formula(value):
        return FORMULA, None, "(another formula)"
    return FORMULA if is_formula(base) else base, None, FORMULA if is_formula(value) else value


def write_merge_sheet(book: Any, merge: Merge) -> None:
    """Put the edits on the sheet Merge; an earlier list is replaced."""
    if MERGE_SHEET not in [sheet.name for sheet in book.sheets]:
        book.sheets.add(MERGE_SHEET, after=book.sheets[len(book.sheets) - 1])
    sheet = book.sheets[MERGE_SHEET]
    rows = merge_rows(merge)
    old = sheet.used_range.last_cell.row
    write_block(sheet.range((1, 1)), rows + [[None] * len(HEADERS)] * max(0, old - len(rows)))


def chosen_edits(book: Any) -> dict[Cell, tuple[object, object]]:
    """Cell -> (value now, value to take) of the rows whose Choice is Take. Raises WorkbookError for two of one cell."""
    if MERGE_SHEET not in [sheet.name for sheet in book.sheets]:
        raise WorkbookError("There is no sheet Merge; name the copies that came back first.")
    header, *rows = read_block(book.sheets[MERGE_SHEET].used_range)
    if tuple(header[: len(HEADERS)]) != HEADERS:
        raise WorkbookError("The sheet Merge has other columns; name the copies again to have it written anew.")
    found: dict[Cell, tuple[object, object]] = {}
    for number, row in enumerate(rows, start=2):
        if str(row[0] or "").strip().casefold() != TAKE.casefold() or row[1] not in (CHANGE, CONFLICT):
            continue
        cell = Cell(str(row[2]), tuple(json.loads(str(row[9]))), str(row[4]))
        if cell in found and found[cell][1] != row[8]:
            raise WorkbookError(f"Merge row {number}: two values are chosen for one cell; leave one Take.")
        found[cell] = (row[7], row[8])
    return found


def take(book: Any, edits: Mapping[Cell, tuple[object, object]], bucket: str) -> list[Cell]:
    """Write the chosen edits into their tables and grids, each in one go; returns those whose cell has changed since
    the list was made: they are left alone."""
    by_name: dict[str, dict[Cell, tuple[object, object]]] = {}
    for cell, values in edits.items():
        by_name.setdefault(cell.table, {})[cell] = values
    tables = find_tables(book)
    stale: list[Cell] = []
    for name, wanted in by_name.items():
        grid = GRID_BY_NAME.get(name)
        area = grid_range(book, grid) if grid else tables[name].range
        raw = raw_range(area)
        rows = (grid_rows_of if grid else rows_of)(name, raw, bucket)
        cells = [list(row) for row in with_formulas(read_block(area), area)]
        stale += _patch(name, cells, rows, wanted, bucket, [str(header) for header in raw.frame.columns])
        if grid:
            write_block(area, cells)
        else:
            frame = pd.DataFrame(cells[1:], columns=[str(header) for header in raw.frame.columns], dtype=object)
            write_table(tables[name], frame)
    return stale


def _patch(
    name: str,
    cells: list[list[object]],
    rows: list[Row],
    wanted: Mapping[Cell, tuple[object, object]],
    bucket: str,
    headers: list[str],
) -> list[Cell]:
    """Put the values into ``cells`` (header row first); rows that are not there are added at the end of a table."""
    columns = {label_of(header, bucket): at for at, header in reversed(list(enumerate(headers)))}
    places = {key: (at, row) for at, key, row in rows}
    stale: list[Cell] = []
    for cell, (now, value) in wanted.items():
        at, row = places.get(cell.key, (-1, {}))
        if cell.column == ROW and at >= 0:
            stale.append(cell)  # somebody has added it meanwhile
            continue
        if (
            row.get(cell.column) != now
            or (cell.column not in columns and cell.column != ROW)
            or (at < 0 and name in GRID_BY_NAME)
        ):
            stale.append(cell)
            continue
        if at < 0:
            table = TABLES[name]
            line: list[object] = [None] * len(headers)
            for key, text in zip(table.keys, cell.key, strict=False):
                line[columns[key]] = _typed(text, table.column(key).kind, bucket)
            cells.append(line)
            at = len(cells) - 2
            places[cell.key] = (at, {})
        if cell.column == ROW:
            continue
        known = name in TABLES and cell.column in TABLES[name].headers
        kind = TABLES[name].column(cell.column).kind if known else "number"
        cells[at + 1][columns[cell.column]] = _typed(value, kind, bucket)
    return stale


def _typed(value: object, kind: str, bucket: str) -> object:
    """As it stands in a cell: periods and days are dates."""
    if isinstance(value, str) and kind in ("period", "date"):
        period = parse_period(value, bucket) if kind == "period" else pd.Timestamp(value)
        return value if period is None else period.to_pydatetime()
    return value
