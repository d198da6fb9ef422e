"""A plan grid as it stands in a workbook: what is where, what the planner typed, and how it is laid out again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.formula.translate import Translator, TranslatorError

from ..model import calendar
from ..model.errors import WorkbookError
from ..model.schema import Grid
from ..model.tables import Tables
from .blocks import Formula, read_block, read_formulas, write_block
from .grid_cells import GridCells
from .grid_marks import Moves, move_marks
from .grids import GridPlace, GridRow, Key, column_letter, grid_rows, sheet_prefix
from .past_columns import follow_rows
from .tables_io import require_free


@dataclass(frozen=True)
class GridSheet:
    """A grid read from a workbook. ``cells`` holds header and body: Formula, text, number, date or None."""

    grid: Grid
    area: Any
    headers: list[str]
    cells: list[list[object]]
    row_keys: list[Key | None]
    """Key of each body row; None for a row of the planner's own."""
    bucket: str
    moved: tuple[Moves, Moves] | None = None
    """Where body rows and columns went, where the grid was laid out again."""

    @property
    def periods(self) -> dict[pd.Timestamp, int]:
        """0-based column of each period."""
        found: dict[pd.Timestamp, int] = {}
        for column, header in enumerate(self.headers):
            period = None if header in self.grid.lead_headers else calendar.parse_period(header, self.bucket)
            if period is not None:
                found.setdefault(period, column)
        return found


def read_grid(book: Any, grid: Grid, bucket: str) -> GridSheet:
    """Read a grid through its defined name, values and formulas each in one call.

    Raises WorkbookError where the name or a leading column is missing.
    """
    area = grid_range(book, grid)
    values = read_block(area)
    cells = with_formulas(values, area)
    headers = ["" if cell is None else str(cell).strip() for cell in values[0]]
    for header in (*grid.keys, "Measure", "Total"):
        if header not in headers:
            raise WorkbookError(
                f"{grid.sheet}: the column '{header}' of the plan is missing; give it its name back in row {area.row}."
            )
    key_columns = [headers.index(header) for header in grid.keys]
    measure_column = headers.index("Measure")
    known = {measure.name for measure in grid.measures}
    row_keys: list[Key | None] = []
    seen: set[Key] = set()
    for row in values[1:]:
        key = (tuple(_text(row[column]) for column in key_columns), _text(row[measure_column]))
        own = key[1] not in known or key in seen
        row_keys.append(None if own else key)
        seen.add(key)
    return GridSheet(grid, area, headers, cells, row_keys, bucket)


def grid_range(book: Any, grid: Grid) -> Any:
    """The xlwings range of a grid, header row included. Raises WorkbookError where its defined name is missing."""
    names = [name for name in book.names if name.name == grid.name]
    if not names:
        raise WorkbookError(
            f"{grid.sheet}: the defined name {grid.name} is missing; select the grid from its header row to its last "
            f"row and name it {grid.name} (Formulas, Define name)."
        )
    return names[0].refers_to_range


def with_formulas(values: list[list[Any]], area: Any) -> list[list[object]]:
    """The cells of ``area``, whose values are given: a Formula where there is one."""
    # a text that begins with '=' is read alike both ways; a formula never has its own text as value
    return [
        [Formula(text) if text.startswith("=") and value != text else value for value, text in zip(*rows, strict=True)]
        for rows in zip(values, read_formulas(area), strict=True)
    ]


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def fits(sheet: GridSheet, tables: Tables) -> bool:
    """Whether the grid already has exactly the rows and periods that the tables need."""
    needed = {row.key for row in grid_rows(sheet.grid, tables)}
    present = {key for key in sheet.row_keys if key is not None}
    return needed == present and list(sheet.periods) == tables.periods


def laid_out_again(sheet: GridSheet, tables: Tables) -> GridSheet:
    """The grid with the rows and periods that the tables need, everything the planner typed moved along.

    Rows and columns of the planner's own stay behind the row or column they followed. Months outside the horizon
    that hold something typed are kept to the right of it.
    """
    headers, column_from = _new_headers(sheet, tables)
    rows = _new_rows(sheet, grid_rows(sheet.grid, tables))
    old_index = {key: index for index, key in enumerate(sheet.row_keys) if key is not None}
    top, left = sheet.area.row, sheet.area.column
    cells: list[list[object]] = [list(headers)]
    for row in rows:
        source = old_index.get(row.key) if isinstance(row, GridRow) else row
        new_row = top + len(cells)
        line: list[object] = []
        ours = isinstance(row, GridRow) and not is_input(sheet.grid, row.key)
        for column, origin in enumerate(column_from):
            if source is None or origin is None:
                line.append(None)
                continue
            cell = sheet.cells[source + 1][origin]
            line.append(moved_cell(cell, (top + 1 + source, left + origin), (new_row, left + column), ours))
        if isinstance(row, GridRow):
            _label(line, headers, sheet.grid, row)
        cells.append(line)
    keys = [row.key if isinstance(row, GridRow) else None for row in rows]
    row_moves: dict[int, int | None] = dict.fromkeys(range(len(sheet.row_keys)))
    for index, row in enumerate(rows):
        source = old_index.get(row.key) if isinstance(row, GridRow) else row
        if source is not None:
            row_moves[source] = index
    column_moves: dict[int, int | None] = dict.fromkeys(range(len(sheet.headers)))
    column_moves |= {origin: column for column, origin in enumerate(column_from) if origin is not None}
    return GridSheet(sheet.grid, sheet.area, headers, cells, keys, sheet.bucket, (row_moves, column_moves))


def _new_headers(sheet: GridSheet, tables: Tables) -> tuple[list[str], list[int | None]]:
    """Header texts, and the old 0-based column of each (None for a new one)."""
    old = sheet.periods
    period_columns = set(old.values())
    first = min(period_columns, default=len(sheet.headers))
    plain = [column for column in range(len(sheet.headers)) if column not in period_columns]
    typed = [row for row, key in enumerate(sheet.row_keys) if key is None or is_input(sheet.grid, key)]
    kept = [
        column
        for period, column in old.items()
        if period not in tables.periods and any(sheet.cells[row + 1][column] not in (None, "") for row in typed)
    ]
    order: list[int | None] = [column for column in plain if column < first]
    texts = [sheet.headers[column] for column in plain if column < first]
    for period in tables.periods:
        order.append(old.get(period))
        texts.append(calendar.period_label(period, sheet.bucket))
    for column in [*kept, *(column for column in plain if column >= first)]:
        order.append(column)
        texts.append(sheet.headers[column])
    return texts, order


def is_input(grid: Grid, key: Key) -> bool:
    return grid.measure(key[1]).role == "input"


def _new_rows(sheet: GridSheet, needed: Sequence[GridRow]) -> list[GridRow | int]:
    """The needed rows, and the planner's own rows (old 0-based body row) behind the row they followed."""
    followers: dict[Key | None, list[int]] = {}
    before: Key | None = None
    for index, key in enumerate(sheet.row_keys):
        if key is None:
            if any(cell not in (None, "") for cell in sheet.cells[index + 1]):
                followers.setdefault(before, []).append(index)
        else:
            before = key
    rows: list[GridRow | int] = list(followers.pop(None, []))
    for row in needed:
        rows.append(row)
        rows.extend(followers.pop(row.key, []))
    for rest in followers.values():
        rows.extend(rest)
    return rows


def _label(line: list[object], headers: list[str], grid: Grid, row: GridRow) -> None:
    for header, text in zip((*grid.keys, "Measure", "Unit"), (*row.keys, row.measure, row.unit), strict=True):
        if header in headers:
            line[headers.index(header)] = text


def moved_cell(cell: object, origin: tuple[int, int], target: tuple[int, int], ours: bool = False) -> object:
    """A cell at another place: relative references of a formula move along.

    References of a planner's formula to other sheets stay, as what they point at has not moved; so do those that would
    leave the sheet, which pointed above the plan. ours: a formula of the plan, whose other sheets move likewise.
    """
    if not isinstance(cell, Formula) or origin == target:
        return cell
    down, right = target[0] - origin[0], target[1] - origin[1]
    formula = Tokenizer(str(cell))
    for token in formula.items:
        if token.type == Token.OPERAND and token.subtype == Token.RANGE and (ours or "!" not in token.value):
            with suppress(TranslatorError):
                token.value = Translator.translate_range(token.value, down, right)
    return Formula(formula.render())


def place_of(sheet: GridSheet) -> GridPlace:
    """1-based positions on the sheet."""
    top, left = sheet.area.row, sheet.area.column
    return GridPlace(
        sheet.grid,
        rows={key: top + 1 + index for index, key in enumerate(sheet.row_keys) if key is not None},
        columns={period: left + column for period, column in sheet.periods.items()},
        leads={header: left + sheet.headers.index(header) for header in sheet.grid.lead_headers
               if header in sheet.headers},
        first=top + 1,
        last=top + len(sheet.row_keys),
    )  # fmt: skip


def fill(sheet: GridSheet, cells: GridCells, tables: Tables) -> None:
    """Put the plan's figures and formulas into ``sheet.cells``; what the planner typed is left alone."""
    total = sheet.headers.index("Total")
    columns = {period: column for period, column in sheet.periods.items() if period in set(tables.periods)}
    for index, key in enumerate(sheet.row_keys):
        if key is None:
            continue
        line = sheet.cells[index + 1]
        line[total] = cells.total(sheet.grid.name, key)
        if is_input(sheet.grid, key) or not cells.has(sheet.grid.name, key[1]):
            continue
        for period, column in columns.items():
            line[column] = cells.cell(sheet.grid.name, key, period)


def write_grid(book: Any, sheet: GridSheet, old: GridSheet) -> None:
    """Write a filled grid in one block and stretch its defined name; raises WorkbookError where there is no room."""
    area = old.area
    height, width = len(sheet.cells), len(sheet.headers)
    old_height, old_width = area.shape
    rows, columns = max(height, old_height), max(width, old_width)
    if (rows, columns) != (old_height, old_width):
        target = area.sheet.range((area.row, area.column), (area.row + rows - 1, area.column + columns - 1))
        require_free(target, f"the plan {sheet.grid.name}", read_block(target), owned=area)
        stretch(book, sheet.grid, area, rows, columns)  # first: no cell outside of the name is ever written
    block = [[*line, *[None] * (columns - width)] for line in sheet.cells]
    block += [[None] * columns for _ in range(rows - height)]
    write_block(area.sheet.range((area.row, area.column)), block)
    if (height, width) != (rows, columns):
        stretch(book, sheet.grid, area, height, width)
    if sheet.moved is not None:
        move_marks(area, *sheet.moved, old.row_keys, sheet.row_keys)
        follow_rows(area, sheet.grid.name, sheet.periods, sheet.row_keys)


def stretch(book: Any, grid: Grid, area: Any, height: int, width: int) -> None:
    """Let the defined name of a grid cover so many rows and columns from the first cell of ``area``."""
    last = f"${column_letter(area.column + width - 1)}${area.row + height - 1}"
    first = f"${column_letter(area.column)}${area.row}"
    book.names[grid.name].refers_to = f"={sheet_prefix(area.sheet.name)}{first}:{last}"
    stretch_print_area(book, area, column_letter(area.column + width - 1))


def stretch_print_area(book: Any, area: Any, last: str) -> None:
    """Let a print area of whole columns that begins with the grid, or left of it, end with it."""
    begins = "|".join(column_letter(column) for column in range(1, area.column + 1))
    columns = re.compile(rf"\$({begins}):\$[A-Z]+")
    for name in book.names:
        owner, _, local = str(name.name).rpartition("!")
        if local == "Print_Area" and owner.strip("'") == area.sheet.name:
            refers_to = columns.sub(rf"$\1:${last}", str(name.refers_to), count=1)
            if refers_to != name.refers_to:
                name.refers_to = refers_to
