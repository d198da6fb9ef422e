"""Finding and writing Excel tables by name, on any xlwings engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..model.errors import WorkbookError
from ..model.schema import NEWER_TABLES, TABLES
from .blocks import read_block, write_block
from .grids import column_letter


def find_tables(book: Any) -> dict[str, Any]:
    """Every table of the workbook by name."""
    return {table.name: table for sheet in book.sheets for table in sheet.tables}


def write_tables(book: Any, frames: Mapping[str, pd.DataFrame]) -> None:
    """`write_table` for several tables of ours by name; WorkbookError, before any is written, where one is missing.

    Newer tables that an older workbook lacks are left out, unless nothing else is to be written.
    """
    tables = find_tables(book)
    there = [name for name in frames if is_there(tables, name)]
    if frames and not there:
        raise missing_table(next(iter(frames)))
    for name in there:
        write_table(tables[name], frames[name])


def is_there(tables: Mapping[str, Any], name: str) -> bool:
    """Whether a table is there; False for a newer one that an older workbook lacks. WorkbookError for any other."""
    if name not in tables and name not in NEWER_TABLES:
        raise missing_table(name)
    return name in tables


def is_newer(table: str, column: str) -> bool:
    """Whether a table or one of its columns came later, so that an older workbook lacks it."""
    if table not in TABLES:
        return False
    return any(known.newer for known in TABLES[table].columns if known.name == column)


def table_body(table: Any) -> pd.DataFrame:
    """The cells of a table, columns named by their headers."""
    headers = [str(header) for header in read_block(table.header_row_range)[0]]
    return pd.DataFrame(read_block(table.data_body_range), columns=headers, dtype=object)


def missing_table(name: str) -> WorkbookError:
    """What to say where the workbook has no table of that name."""
    return WorkbookError(f"Table {name} is missing; the sheet {TABLES[name].sheet} of a new workbook has it.")


def write_table(table: Any, frame: pd.DataFrame) -> None:
    """Make the rows of ``frame`` the rows of an Excel table; columns are matched by header, others are left alone.

    The table grows or shrinks to the number of rows (one blank row where there are none). Newer columns that an older
    workbook lacks are left out. Raises WorkbookError where another is missing or something is in the way of growth.
    """
    area = table.range
    sheet, top, left = area.sheet, area.row, area.column
    old_rows, width = area.shape[0] - 1, area.shape[1]
    new_rows = max(1, len(frame))
    headers = [str(cell) for cell in read_block(table.header_row_range)[0]]
    frame = frame[[name for name in frame.columns if name in headers or not is_newer(table.name, str(name))]]
    missing = [name for name in frame.columns if name not in headers]
    if missing:
        raise WorkbookError(
            f"{sheet.name}: table {table.name} has no column '{missing[0]}'; give the column its name back."
        )
    if new_rows > old_rows:
        below = sheet.range((top + old_rows + 1, left), (top + new_rows, left + width - 1))
        values = read_block(below)
        ours = [header in frame.columns for header in headers]  # what is left below a column of others comes back to it
        standing = [[value if own else None for value, own in zip(row, ours, strict=True)] for row in values]
        require_free(below, f"table {table.name}", standing)
        table.resize(sheet.range((top, left), (top + new_rows, left + width - 1)))
    for first, names in _runs(headers, [str(name) for name in frame.columns]):
        body = [list(row) for row in zip(*(_cells(frame[name]) for name in names), strict=True)]
        body += [[None] * len(names) for _ in range(max(old_rows, new_rows) - len(body))]
        write_block(sheet.range((top + 1, left + first)), body)
    if new_rows < old_rows:
        table.resize(sheet.range((top, left), (top + new_rows, left + width - 1)))


def add_column(table: Any, header: str) -> None:
    """One more column to the right of a table. Raises WorkbookError where its cells are taken."""
    area = table.range
    sheet, (height, width) = area.sheet, area.shape
    corner = (area.row + height - 1, area.column + width)
    beside = sheet.range((area.row, area.column + width), corner)
    require_free(beside, f"table {table.name}", read_block(beside))
    write_block(sheet.range((area.row, area.column + width)), [[header]])
    table.resize(sheet.range((area.row, area.column), corner))


def _cells(column: pd.Series) -> list[object]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return [None if pd.isna(day) else day.to_pydatetime() for day in column]
    cells: list[object] = column.tolist()
    return [None if cell == "" or cell is pd.NA else cell for cell in cells]


def _runs(headers: Sequence[str], names: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Neighbouring columns that are written together: (0-based position of the first, header texts)."""
    runs: list[tuple[int, list[str]]] = []
    wanted = set(names)
    for position, header in enumerate(headers):
        if header not in wanted:
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == position:
            runs[-1][1].append(header)
        else:
            runs.append((position, [header]))
    return runs


def require_free(area: Any, what: str, values: list[list[Any]], owned: Any = None) -> None:
    """Raise WorkbookError naming the first cell of ``area`` that holds something and is not in ``owned``."""
    for row_offset, row in enumerate(values):
        for column_offset, value in enumerate(row):
            if value is None or value == "":
                continue
            row_number, column_number = area.row + row_offset, area.column + column_offset
            if owned is not None and (
                owned.row <= row_number < owned.row + owned.shape[0]
                and owned.column <= column_number < owned.column + owned.shape[1]
            ):
                continue
            raise WorkbookError(
                f"{area.sheet.name}!{column_letter(column_number)}{row_number} is in the way: {what} needs room up to "
                f"{column_letter(area.column + area.shape[1] - 1)}{area.row + area.shape[0] - 1}. Move what stands "
                "there and run again."
            )
