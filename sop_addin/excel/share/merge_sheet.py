"""The sheet Merge: every edit of the returned copies, with a column in which the planner chooses what to take."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from ...model.calendar import parse_period
from ...model.errors import WorkbookError
from ...model.merging import Cell, Merge
from ...model.reading_columns import parse_date, typed_column
from ...model.schema import GRID_BY_NAME, SETTING_BY_NAME, TABLES, Column
from ..blocks import cell_link, read_block, write_block
from ..grid_sheets import grid_range, with_formulas
from ..layout import MERGE_SHEET
from ..read_tables import raw_range
from ..tables_io import find_tables, write_table
from .cells_of import ROW, Row, grid_rows_of, label_of, rows_of
from .formulas import FORMULA, NO_VALUE, is_formula

TABLE = "tblMerge"
TAKE = "Take"
HEADERS = TABLES[TABLE].headers
CHANGE, CONFLICT, REFUSED = "Change", "Conflict: choose one", "No input cell: not taken"
UNFIT = "Not a value for this cell"
TAKEN, LEFT = "Taken", "Changed since: left alone"
_OFFERED = (CHANGE, CONFLICT, UNFIT)


def merge_rows(merge: Merge, address: Callable[[Cell], str] = lambda _: "") -> list[list[object]]:
    """Header and one row an edit; equal edits are one row. Changes are chosen already, conflicts are not, nor are
    values that the cell cannot hold. ``address``: where a cell stands in the workbook, '' for nowhere."""
    rows: list[list[object]] = [list(HEADERS)]

    def add(choice: object, what: str, cell: Cell, who: str, base: object, now: object, value: object) -> None:
        key = json.dumps(list(cell.key), ensure_ascii=False)
        text = " / ".join(part for part in cell.key if part)
        link = cell_link(address(cell))
        rows.append([choice, what, cell.table, text, cell.column, who, base, now, value, link, key])

    for conflict in merge.conflicts:
        for who, value in conflict.values:
            add(None, CONFLICT, conflict.cell, who, conflict.base, conflict.now, value)
    for change in merge.changes:
        choice, what = (TAKE, CHANGE) if fits(change.cell, change.value) else (None, UNFIT)
        add(choice, what, change.cell, ", ".join(change.who), change.base, change.now, change.value)
    for refused in merge.refused:
        add(None, REFUSED, refused.cell, refused.who, *_shown(refused.base, refused.value))
    return rows


def fits(cell: Cell, value: object) -> bool:
    """Whether a cell can hold a value: numbers for numbers, periods for periods, one of its choices."""
    if value is None or cell.column == ROW:
        return True
    if value == NO_VALUE:
        return False
    return not typed_column([value], _column_of(cell), "Month")[1]


def _column_of(cell: Cell) -> Column:
    if cell.table in GRID_BY_NAME:
        text = GRID_BY_NAME[cell.table].measure(cell.key[-1]).text
        return Column(cell.column, "text" if text else "number", "")
    setting = SETTING_BY_NAME.get(cell.key[0]) if cell.table == "tblSettings" and cell.column == "Value" else None
    if setting is not None:
        return Column(cell.column, setting.kind, "", choices=setting.choices)
    table = TABLES[cell.table]
    return table.column(cell.column) if cell.column in table.headers else Column(cell.column, "number", "")


def _shown(base: object, value: object) -> tuple[object, object, object]:
    """Base, now and returned; formulas as such."""
    if is_formula(base) and is_formula(value):
        return FORMULA, None, "(another formula)"
    return FORMULA if is_formula(base) else base, None, FORMULA if is_formula(value) else value


def write_merge_sheet(book: Any, merge: Merge, address: Callable[[Cell], str] = lambda _: "") -> None:
    """Put the edits on the sheet Merge; an earlier list is replaced."""
    rows = merge_rows(merge, address)
    table = find_tables(book).get(TABLE)
    if table is not None:
        write_table(table, pd.DataFrame(rows[1:], columns=list(HEADERS), dtype=object))
        return
    if MERGE_SHEET not in [sheet.name for sheet in book.sheets]:
        book.sheets.add(MERGE_SHEET, after=book.sheets[len(book.sheets) - 1])
    sheet = book.sheets[MERGE_SHEET]
    old = sheet.used_range.last_cell.row
    write_block(sheet.range((1, 1)), rows + [[None] * len(HEADERS)] * max(0, old - len(rows)))


def _listed(book: Any) -> tuple[Any, list[dict[str, Any]]]:
    """The first cell of the list, and its rows by header. Raises WorkbookError where there is none, or where its
    columns were changed."""
    table = find_tables(book).get(TABLE)
    if table is not None:
        area = table.range
    elif MERGE_SHEET in [sheet.name for sheet in book.sheets]:
        area = book.sheets[MERGE_SHEET].used_range
    else:
        raise WorkbookError("There is no sheet Merge; name the copies that came back first.")
    rows = read_block(area)
    if tuple(rows[0][: len(HEADERS)]) != HEADERS:
        raise WorkbookError("The sheet Merge has other columns; name the copies again to have it written anew.")
    return area.sheet.range((area.row, area.column)), [dict(zip(HEADERS, row, strict=False)) for row in rows[1:]]


def chosen_edits(book: Any) -> dict[Cell, tuple[object, object]]:
    """Cell -> (value now, value to take) of the rows whose Choice is Take. Raises WorkbookError for two of one cell,
    and for a row that cannot be read."""
    first, lines = _listed(book)
    if not any(line["What"] for line in lines):
        raise WorkbookError("Nothing is listed on the sheet Merge; name the copies that came back first.")
    found: dict[Cell, tuple[object, object]] = {}
    for number, line in enumerate(lines, start=first.row + 1):
        if not _is_chosen(line):
            continue
        cell = _cell(line)
        if cell is None:
            raise WorkbookError(
                f"Merge row {number}: what it speaks of was changed; name the copies again for a new list."
            )
        if cell in found and found[cell][1] != line["Returned"]:
            raise WorkbookError(f"Merge row {number}: two values are chosen for one cell; leave one Take.")
        found[cell] = (line["Now"], line["Returned"])
    return found


def _is_chosen(line: Mapping[str, object]) -> bool:
    return str(line["Choice"] or "").strip().casefold() == TAKE.casefold() and line["What"] in _OFFERED


def _cell(line: Mapping[str, object]) -> Cell | None:
    try:
        key = json.loads(str(line["Key"]))
    except ValueError:
        return None
    name = str(line["Table"])
    known = name in GRID_BY_NAME or (name in TABLES and TABLES[name].role == "input")
    if not known or not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        return None
    return Cell(name, tuple(key), str(line["Column"]))


def _mark_taken(book: Any, stale: Collection[Cell]) -> None:
    """Say of the chosen rows what came of them, so that they are not offered again."""
    first, lines = _listed(book)
    marks: list[Sequence[object]] = [HEADERS[:2]]
    for line in lines:
        came = (None, LEFT) if _cell(line) in stale else (TAKE, TAKEN)
        marks.append(came if _is_chosen(line) else (line["Choice"], line["What"]))
    write_block(first, marks)


def take(book: Any, edits: Mapping[Cell, tuple[object, object]], bucket: str) -> list[Cell]:
    """Write the chosen edits into their tables and grids, each in one go; returns those whose cell has changed since
    the list was made: they are left alone. The sheet Merge says what came of each."""
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
    _mark_taken(book, stale)
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
        day = parse_period(value, bucket) if kind == "period" else parse_date(value)
        return value if day is None else day.to_pydatetime()
    return value
