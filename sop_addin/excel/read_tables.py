"""Workbook -> Tables, over any xlwings engine: live Excel, a live LibreOffice, or a closed file.

Tables are found by their name on whatever sheet they stand, grids by their defined name. Each is read in one call,
headers and rows together: how often the engine is asked does not depend on how many rows there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ..model.errors import WorkbookError
from ..model.findings import Findings
from ..model.reading import typed_tables
from ..model.reading_columns import as_text
from ..model.reading_tables import older_workbook, read_table
from ..model.schema import GRIDS, INPUT_TABLES, NEWER_TABLES, TABLES
from ..model.tables import Place, RawTable, Tables, empty_frame
from .blocks import read_block
from .grids import column_letter
from .tables_io import find_tables, missing_table

INPUT_GRIDS = ("SalesPlan", "ProductionPlan")
READ_TABLES = (
    *(table.name for table in INPUT_TABLES),
    "tblForecast",
    "tblPlan",
    "tblVersions",
    "tblSigned",
    "tblResult",
)
"""What a run starts from: all inputs, the item forecast of the last run for runs that do not forecast, the last plan to
compare the next one with, the published plans, and what was signed."""


def read_tables(book: Any) -> Tables:
    """All inputs of an S&OP workbook, typed. ``book`` is an xlwings Book of any engine.

    What is wrong with the content is in ``Tables.problems``. Raises WorkbookError where the workbook has none of our
    tables.
    """
    raw, headers = _raw_tables(book, inputs_only=True)
    grids = _raw_grids(book, INPUT_GRIDS)
    tables = typed_tables(
        raw, sales_plan=grids.get("SalesPlan"), production_plan=grids.get("ProductionPlan"), require_all=True
    )
    return replace(tables, problems=tables.problems + Findings.of(older_workbook(headers)))


def read_raw(book: Any) -> dict[str, RawTable]:
    """Every table of the schema, outputs too, as it stands. Other tables come without rows, to be named in messages.

    Raises WorkbookError where there is none of ours.
    """
    return _raw_tables(book, inputs_only=False)[0]


def read_grids_raw(book: Any) -> dict[str, RawTable]:
    """Every plan grid that the workbook has, as it stands."""
    return _raw_grids(book, tuple(grid.name for grid in GRIDS))


def read_whole_grids(book: Any) -> dict[str, RawTable]:
    """The same for what takes rows by their keys: WorkbookError where a name covers cells without their headers."""
    grids = read_grids_raw(book)
    for grid in (one for one in GRIDS if one.name in grids):
        if missing := [name for name in (*grid.keys, "Measure") if name not in grids[grid.name].frame.columns]:
            raise WorkbookError(
                f"The name {grid.name} covers cells without the header {missing[0]}; define it again over headers and "
                f"rows of sheet {grid.sheet} (Formulas > Name Manager)."
            )
    return grids


def read_outputs(book: Any, names: Sequence[str], bucket: str) -> dict[str, pd.DataFrame]:
    """Output tables as the last run left them, typed by the schema; what cannot be read as its type is blank.

    Without rows where a newer one is missing; raises WorkbookError for any other.
    """
    tables = find_tables(book)
    found: dict[str, pd.DataFrame] = {}
    for name in names:
        if name not in tables and name in NEWER_TABLES:
            found[name] = empty_frame(TABLES[name])
            continue
        if name not in tables:
            raise missing_table(name)
        raw = _read_table(tables[name].parent, tables[name])
        found[name] = read_table(TABLES[name], raw, bucket, strict=False)[0]
    return found


def _raw_tables(book: Any, *, inputs_only: bool) -> tuple[dict[str, RawTable], dict[str, list[str] | None]]:
    """The tables, and the headers of each of ours that is there, None where they were not read."""
    ours = {name.lower(): name for name in (READ_TABLES if inputs_only else TABLES)}
    known = {name.lower(): name for name in TABLES}
    found: dict[str, RawTable] = {}
    strangers: dict[str, RawTable] = {}
    headers: dict[str, list[str] | None] = {}
    for sheet in book.sheets:
        for table in sheet.tables:
            name = table.name
            spelled = known.get(name.lower())
            if name.lower() in ours:
                found[ours[name.lower()]] = raw = _read_table(sheet, table)
                headers[ours[name.lower()]] = [str(header) for header in raw.frame.columns]
            elif spelled is None:
                strangers[name] = RawTable(pd.DataFrame(), Place(sheet.name))
            else:
                may_lack = any(column.newer for column in TABLES[spelled].columns)
                top = table.header_row_range if may_lack else None
                headers[spelled] = None if top is None else [as_text(cell) for cell in read_block(top)[0]]
    if not headers:
        raise WorkbookError(
            f"{book.name} is not an S&OP workbook: table tblItems is missing; make one with `sop-addin new`"
        )
    return {**strangers, **found}, headers


def _read_table(sheet: Any, table: Any) -> RawTable:
    area = table.range
    if table.header_row_range is None:
        raise WorkbookError(
            f"{sheet.name}!{area.address.replace('$', '')}: the header row of table {table.name} is switched off; "
            "switch it on again (Table Design > Header Row)"
        )
    raw = raw_range(area)
    if table.show_totals and len(raw.frame):
        return RawTable(raw.frame.iloc[:-1], raw.place)
    return raw


def _raw_grids(book: Any, names: tuple[str, ...]) -> dict[str, RawTable]:
    found: dict[str, RawTable] = {}
    for name in names:
        # a name whose sheet or cells were deleted points to #REF!: the grid is as good as missing
        if name in book.names and "#REF!" not in str(book.names[name].refers_to):
            found[name] = raw_range(book.names[name].refers_to_range)
    return found


def raw_range(area: Any) -> RawTable:
    """A range whose first row are headers. Headers become text; the index is the row on the sheet."""
    headers, *rows = read_block(area)
    row, column = area.row, area.column
    names = [as_text(header) for header in headers]
    letters = {name: column_letter(column + offset) for offset, name in reversed(list(enumerate(names))) if name}
    index = pd.RangeIndex(row + 1, row + 1 + len(rows))
    frame = pd.DataFrame(rows, columns=pd.Index(names, dtype=object), index=index, dtype=object)
    return RawTable(frame, Place(area.sheet.name, letters, row))
