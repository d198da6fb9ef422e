"""Undo last run: what a run overwrites is kept on the sheet Undo and put back exactly, once.

`undoable` wraps whatever writes into the workbook: when that fails halfway, everything is put back at once. What the
planner typed after the run (inputs, rows and columns of their own) is no part of the run and survives `undo_last_run`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pandas as pd

from ..model import calendar
from ..model.errors import WorkbookError
from ..model.schema import GRID_BY_NAME, RESULT_MEASURES, TABLES, Grid
from .blocks import Formula, read_block, write_block
from .grid_marks import move_marks, moved_headers, moved_keys
from .grid_sheets import grid_range, is_input, moved_cell, read_grid, stretch, stretch_print_area, with_formulas
from .grids import Key, column_letter
from .past_columns import follow_rows
from .tables_io import find_tables, is_there, require_free, write_table
from .undo_store import Area, Kept, content_after, content_before, kept_of, read_content, write_content

BACK = "Nothing was changed: every sheet is as it was before."
NOT_BACK = "Some sheets could not be put back ({reason}): press Undo last run, or close the workbook without saving it."
NOTHING = "There is nothing to undo: no run has written into this workbook, or the last one is undone already."
MOVED = (
    "{place}: rows or columns were inserted, removed or renamed since the run, so the figures from before no longer "
    "fit. Nothing was undone; run the steps again instead."
)


@contextmanager
def undoable(book: Any, title: str, names: Sequence[str], bucket: str, typed: Sequence[str] = ()) -> Iterator[None]:
    """Keep the grids and tables ``names`` before the body writes them; put everything back where it fails.

    title: what the run is called when it is undone. bucket: Month or Week, what the periods are. typed: grids in whose
    input rows the body writes too. An error of the body passes through, with a note on how the sheets are.
    """
    before = take(book, names, bucket)
    earlier = read_content(book)
    content = content_before(f"{title}, {dt.datetime.now():%Y-%m-%d %H:%M}", before)
    longest = max(len(earlier), len(content))
    try:
        write_content(book, content, longest)
        yield
        after = take(book, [name for name in names if name in GRID_BY_NAME], bucket)
        by_name = {area.name: area for area in before}
        content = content_after(
            content, (area for area in after if area.name in typed or _layout(area) != _layout(by_name[area.name]))
        )
        longest = max(longest, len(content))
        write_content(book, content, 0)
    except BaseException as error:
        _back_after(error, book, before, earlier, longest)
        raise


def _back_after(error: BaseException, book: Any, areas: Sequence[Area], content: list[list[object]], over: int) -> None:
    """Put areas and the content of the sheet Undo back after ``error``, which gets a note on how that went."""
    try:
        put_back(book, areas)
        write_content(book, content, over)
    except Exception as second:  # noqa: BLE001 - the first error is the one to report
        error.add_note(NOT_BACK.format(reason=second))
    else:
        error.add_note(BACK)


def undo_last_run(book: Any) -> str:
    """Put back what the last run overwrote; returns one sentence. Raises WorkbookError where that is not possible."""
    content = read_content(book)
    kept = kept_of(content)
    if kept is None:
        raise WorkbookError(NOTHING)
    names = [area.name for area in kept.before]
    bucket = next((area.bucket for area in kept.before if area.is_grid), "Month")
    if kept.after is None:
        put_back(book, [_before_broken_run(book, area) for area in kept.before])
        write_content(book, [[None]], len(content))
        return f"Undone: {kept.title}, which had not ended. The plan sheets are as they were before it."
    now = take(book, names, bucket)
    wanted = _undone(kept, now)
    try:
        put_back(book, wanted, undoing=True)
        write_content(book, [[None]], len(content))
    except BaseException as error:
        _back_after(error, book, now, content, 0)
        raise
    return f"Undone: {kept.title}. What you typed since then is still there."


# --- keep -------------------------------------------------------------------------------------------------------------


def take(book: Any, names: Sequence[str], bucket: str) -> list[Area]:
    """Grids and tables as they stand, formulas included: of a table the columns that a run writes."""
    tables = find_tables(book)
    areas = []
    for name in names:
        if name in GRID_BY_NAME:
            sheet = read_grid(book, GRID_BY_NAME[name], bucket)
            place = sheet.area
            areas.append(
                Area(
                    name, place.sheet.name, place.row, place.column, sheet.headers, sheet.cells,
                    row_keys=sheet.row_keys, bucket=bucket, refers_to=book.names[name].refers_to,
                )
            )  # fmt: skip
        elif is_there(tables, name):
            areas.append(_table_area(tables[name]))
    return areas


def _table_area(table: Any) -> Area:
    place = table.range
    values = read_block(place)
    cells = with_formulas(values, place)
    headers = [str(cell) for cell in values[0]]
    everything = TABLES[table.name].period_columns
    ours = [at for at, header in enumerate(headers) if everything or header in TABLES[table.name].headers]
    chosen = [[row[column] for column in ours] for row in cells]
    return Area(table.name, place.sheet.name, place.row, place.column, [headers[column] for column in ours], chosen)


def _layout(area: Area) -> tuple[object, ...]:
    return area.sheet, area.row, area.column, area.headers, area.row_keys


# --- put back ---------------------------------------------------------------------------------------------------------


def put_back(book: Any, areas: Sequence[Area], undoing: bool = False) -> None:
    """Make the areas what they were, sizes and names included; what is as it was is not written.

    undoing: the planner may have typed since; raises WorkbookError at the first area that must grow over something.
    Otherwise as many areas as possible are put back before the first error is raised.
    """
    tables = find_tables(book)
    problems: list[Exception] = []
    for area in areas:
        try:
            if area.is_grid:
                _put_back_grid(book, area, undoing)
            else:
                _put_back_table(tables[area.name], area)
        except Exception as error:
            if undoing:
                raise
            problems.append(error)
    if problems:
        raise problems[0]


def _put_back_grid(book: Any, area: Area, undoing: bool) -> None:
    grid = GRID_BY_NAME[area.name]
    now = grid_range(book, grid)
    sheet = now.sheet
    try:
        laid_out = read_grid(book, grid, area.bucket)
    except WorkbookError:  # broken off while it was written: its notes have not moved yet
        laid_out = None
    height, width = len(area.cells), len(area.cells[0])
    rows, columns = max(height, now.shape[0]), max(width, now.shape[1])
    room = sheet.range((now.row, now.column), (now.row + rows - 1, now.column + columns - 1))
    values = read_block(room)
    if undoing and (rows, columns) != now.shape:
        require_free(room, f"the plan {grid.name} as it was", values, owned=now)
    block = _padded(area.cells, rows, columns)
    if not _same(with_formulas(values, room), block):
        if (rows, columns) != now.shape:
            stretch(book, grid, now, rows, columns)
        write_block(sheet.range((now.row, now.column)), block)
    name = book.names[grid.name]
    if name.refers_to != area.refers_to:
        name.refers_to = area.refers_to
        stretch_print_area(book, now, column_letter(area.column + len(area.headers) - 1))
    if laid_out is not None and area.row_keys is not None:
        before, after = laid_out.row_keys, area.row_keys
        if (before, laid_out.headers) != (after, area.headers):
            columns = moved_headers(laid_out.headers, area.headers)
            move_marks(laid_out.area, moved_keys(before, after), columns, before, after)
            follow_rows(laid_out.area, grid.name, replace(laid_out, headers=area.headers).periods, after)


def _put_back_wide(table: Any, area: Area) -> None:
    """A table with a column for each period, also where an import has put columns into it."""
    place = table.range
    sheet, top, left = place.sheet, place.row, place.column
    height, width = len(area.cells), len(area.headers)
    block = _padded(area.cells, max(height, place.shape[0]), max(width, place.shape[1]))
    now = _table_area(table)
    if _same(_padded(now.cells, len(block), len(block[0])), block):
        return
    table.resize(sheet.range((top, left), (top + height - 1, left + width - 1)))
    write_block(sheet.range((top, left)), block)


def _put_back_table(table: Any, area: Area) -> None:
    if TABLES[table.name].period_columns:
        _put_back_wide(table, area)
        return
    place = table.range
    sheet, top, left, width = place.sheet, place.row, place.column, place.shape[1]
    extra = place.shape[0] - len(area.cells)
    now, rows = _table_area(table), max(len(area.cells), place.shape[0])
    if not _same(_padded(now.cells, rows, len(now.headers)), _padded(area.cells, rows, len(area.headers))):
        write_table(table, pd.DataFrame(area.cells[1:], columns=area.headers, dtype=object))
    elif extra:
        table.resize(sheet.range((top, left), (top + len(area.cells) - 1, left + width - 1)))
    if extra > 0 and width > len(area.headers):
        below = sheet.range((top + len(area.cells), left), (top + len(area.cells) + extra - 1, left + width - 1))
        cells = with_formulas(read_block(below), below)
        if any(isinstance(cell, Formula) for row in cells for cell in row):
            # Excel filled them into columns of the planner's own when the table grew
            rest = [[None if isinstance(cell, Formula) else cell for cell in row] for row in cells]
            write_block(sheet.range((top + len(area.cells), left)), rest)


def _padded(cells: list[list[object]], rows: int, columns: int) -> list[list[object]]:
    padded = [[*line, *[None] * (columns - len(line))] for line in cells]
    return padded + [[None] * columns for _ in range(rows - len(cells))]


def _same(one: list[list[object]], other: list[list[object]]) -> bool:
    """Whether all cells are alike; a formula is not the text that it looks like."""
    return one == other and all(
        isinstance(a, Formula) == isinstance(b, Formula) and isinstance(a, bool) == isinstance(b, bool)
        for row, line in zip(one, other, strict=True) for a, b in zip(row, line, strict=True)
    )  # fmt: skip


# --- what was typed since ---------------------------------------------------------------------------------------------


def _undone(kept: Kept, now: Sequence[Area]) -> list[Area]:
    """The areas from before the run, with what the planner has typed since."""
    assert kept.after is not None
    present = {area.name: area for area in now}
    wanted = []
    for before in kept.before:
        current = present[before.name]
        if not before.is_grid:
            wanted.append(_with_own_results(before, current) if before.name == "tblResult" else before)
            continue
        after = kept.after.get(before.name)
        if _layout(current) != _layout(after or before):
            raise WorkbookError(MOVED.format(place=before.sheet))
        wanted.append(_typed_kept(before, current) if after is None else _typed_moved(before, after, current))
    return wanted


def _before_broken_run(book: Any, before: Area) -> Area:
    """The area from before a run that never ended; where its grid still has its layout, with what was typed since."""
    if not before.is_grid:
        return before
    try:
        (now,) = take(book, [before.name], before.bucket)
    except WorkbookError:
        return before
    return _typed_kept(before, now) if _layout(now) == _layout(before) else before


def _with_own_results(before: Area, now: Area) -> Area:
    """tblResult: the rows of the planner's own are as they are now."""
    measure, value = before.headers.index("Measure"), before.headers.index("Value")

    def own(area: Area) -> dict[str, list[object]]:
        return {str(row[measure]): row for row in area.cells[1:]
                if row[measure] not in (None, "") and str(row[measure]) not in RESULT_MEASURES}  # fmt: skip

    known, current = own(before), own(now)
    cells: list[list[object]] = []
    for row in before.cells:
        name = str(row[measure])
        if name in known and name in current:
            row = [current[name][value] if column == value else cell for column, cell in enumerate(row)]
        if name not in known or name in current:
            cells.append(row)
    return replace(before, cells=[*cells, *(row for name, row in current.items() if name not in known)])


def _ours(grid: Grid, area: Area, row: int, column: int) -> bool:
    """Whether a run writes this cell of the body; otherwise it is the planner's."""
    assert area.row_keys is not None
    key = area.row_keys[row]
    header = area.headers[column]
    if key is None:
        return False
    if header in grid.lead_headers:
        return True
    return calendar.parse_period(header, area.bucket) is not None and not is_input(grid, key)


def _typed_kept(before: Area, now: Area) -> Area:
    """Same layout: the planner's cells as they are now."""
    grid = GRID_BY_NAME[before.name]
    cells = [list(line) for line in before.cells]
    for row, line in enumerate(now.cells[1:]):
        for column, cell in enumerate(line):
            if not _ours(grid, now, row, column):
                cells[row + 1][column] = cell
    return replace(before, cells=cells)


def _typed_moved(before: Area, after: Area, now: Area) -> Area:
    """The run laid the grid out anew: what differs from how it stood after the run moves back with its row and period.

    Raises WorkbookError where there was no such row or period before.
    """
    grid = GRID_BY_NAME[before.name]
    assert before.row_keys is not None
    assert now.row_keys is not None
    rows: dict[Key, int] = {key: row for row, key in enumerate(before.row_keys) if key is not None}
    columns = {header: column for column, header in reversed(list(enumerate(before.headers)))}
    cells = [list(line) for line in before.cells]
    for row, (line, written) in enumerate(zip(now.cells[1:], after.cells[1:], strict=True)):
        for column, (cell, was) in enumerate(zip(line, written, strict=True)):
            if (cell == was and type(cell) is type(was)) or _ours(grid, now, row, column):
                continue
            key, here = now.row_keys[row], (now.row + 1 + row, now.column + column)
            target = rows.get(key) if key is not None else None
            if target is not None and now.headers[column] in columns:
                to = columns[now.headers[column]]
                cells[target + 1][to] = moved_cell(cell, here, (before.row + 1 + target, before.column + to))
            else:
                raise WorkbookError(
                    f"{now.sheet}!{column_letter(here[1])}{here[0]} was changed after the run and has no place in the "
                    "plan as it was before: put back what stood there, then undo again. Nothing was undone."
                )
    return replace(before, cells=cells)
