"""Tables and grids as cells by what they mean, so that copies can be compared that other programs have rewritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from functools import cache

import pandas as pd

from ...model.calendar import parse_period, period_label
from ...model.merging import Cell
from ...model.schema import GRID_BY_NAME, NUMERIC, SETTING_BY_NAME, TABLES, Column
from ...model.tables import RawTable
from .choice import as_name
from .elsewhere import HERE, SHEET
from .formulas import FORMULA, is_formula
from .inputs import Inputs

State = dict[Cell, object]
Rows = dict[str, set[tuple[str, ...]]]
ROW, THERE = "(row)", "there"
"""Column and value of an edit of a row as such."""
FORMULAS, VALUES = "(formulas)", "values only"
"""Column and value where a program has saved a whole grid without its formulas."""
TOTAL = "Total"
_TEXT = Column("", "text", "")


def cells_of(tables: Mapping[str, RawTable], grids: Mapping[str, RawTable], bucket: str) -> State:
    """Every cell of the input tables and of the rows of the grids that holds something."""
    state: State = {}
    for name, raw in tables.items():
        if name in TABLES and TABLES[name].role == "input":
            for _, key, row in rows_of(name, raw, bucket):
                state |= {Cell(name, key, column): value for column, value in row.items() if value is not None}
    for name, raw in grids.items():
        for _, key, row in grid_rows_of(name, raw, bucket):
            state |= {Cell(name, key, column): value for column, value in row.items() if value is not None}
    return state


Row = tuple[int, tuple[str, ...], dict[str, object]]


def rows_of(name: str, raw: RawTable, bucket: str) -> list[Row]:
    """Position (from 0), key and further cells of each row that has a key; of equal keys the second ends in '2'."""
    table = TABLES[name]
    columns = {header: at for at, header in reversed(list(enumerate(map(str, raw.frame.columns))))}
    keys = [columns[key] for key in table.keys if key in columns]
    labels = {header: label_of(header, bucket) if header not in table.headers and table.period_columns else header
              for header in columns if header and header not in table.keys}  # fmt: skip
    kinds = {header: table.column(header) if header in table.headers else _TEXT for header in labels}
    found: list[Row] = []
    times: dict[tuple[str, ...], int] = {}
    for at, cells in enumerate(raw.frame.itertuples(index=False, name=None)):
        key = tuple(_key_text(cells[column], bucket) for column in keys)
        if not any(key):
            continue
        times[key] = times.get(key, 0) + 1
        full = key if times[key] == 1 else (*key, str(times[key]))
        setting = SETTING_BY_NAME.get(key[0]) if name == "tblSettings" else None
        row = {}
        for header, label in labels.items():
            kind = setting.kind if setting and header == "Value" else kinds[header].kind
            if header not in table.headers and table.period_columns and label != header:
                kind = "number"
            row[label] = plain(cells[columns[header]], kind, bucket)
        found.append((at, full, row))
    return found


def grid_rows_of(name: str, raw: RawTable, bucket: str) -> list[Row]:
    """Position (from 0), keys and measure, total and periods, of each row of a measure."""
    grid = GRID_BY_NAME[name]
    columns = {header: at for at, header in reversed(list(enumerate(map(str, raw.frame.columns))))}
    begins = min((columns[part] for part in grid.keys if part in columns), default=0)  # actuals stand before it
    periods = {header: label for header, at in columns.items() if header not in grid.lead_headers and at > begins
               and (label := label_of(header, bucket)) and parse_period(header, bucket) is not None}  # fmt: skip
    shown = periods | {header: header for header in columns if header == TOTAL}
    measures = {measure.name: measure for measure in grid.measures}
    found: list[Row] = []
    for at, cells in enumerate(raw.frame.itertuples(index=False, name=None)):
        key = tuple(as_name(cells[columns[part]]) for part in (*grid.keys, "Measure") if part in columns)
        measure = measures.get(key[-1]) if key else None
        if measure is not None:
            kind = "text" if measure.text else "number"
            found.append(
                (at, key, {label: plain(cells[columns[header]], kind, bucket) for header, label in shown.items()})
            )
    return found


def addresses(tables: Mapping[str, RawTable], grids: Mapping[str, RawTable], bucket: str) -> Callable[[Cell], str]:
    """Where a cell stands in the workbook, as ``Items!B7``; '' where its row or column is not there."""

    @cache
    def of_table(name: str) -> tuple[RawTable, dict[tuple[str, ...], int], dict[str, str]]:
        raw = (grids if name in GRID_BY_NAME else tables)[name]
        rows = (grid_rows_of if name in GRID_BY_NAME else rows_of)(name, raw, bucket)
        columns = {label_of(header, bucket): header for header in reversed(list(map(str, raw.frame.columns)))}
        return raw, {key: int(raw.frame.index[at]) for at, key, _ in rows}, columns

    def address(cell: Cell) -> str:
        if cell.table not in grids and cell.table not in tables:
            return ""
        raw, rows, columns = of_table(cell.table)
        row = rows.get(cell.key)
        return "" if row is None else raw.place.cell(columns.get(cell.column, ""), row)

    return address


def rows_compared(before: State, now: State, base: Rows, returned: Rows) -> tuple[State, State]:
    """Both states with rows as such: a row that is gone is one edit and not one of each of its cells, and a new row
    that has a key alone is an edit too."""
    before, now = dict(before), dict(now)
    for table, keys in base.items():
        gone = keys - returned.get(table, set())
        for cell in [cell for cell in before if cell.table == table and cell.key in gone]:
            del before[cell]
        before |= {Cell(table, key, ROW): THERE for key in gone}
    filled = {(cell.table, cell.key) for cell in now}
    for table, keys in returned.items():
        new = {key for key in keys - base.get(table, set()) if (table, key) not in filled}
        now |= {Cell(table, key, ROW): THERE for key in new}
    return before, now


def without_lost_formulas(before: State, now: State) -> tuple[State, State]:
    """Both states, of each grid in which no formula is left one edit only: some programs save what formulas show."""
    had = {cell.table for cell, value in before.items() if is_formula(value)}
    lost = had - {cell.table for cell, value in now.items() if is_formula(value)}
    if not lost:
        return before, now
    gone = {cell for cell, value in before.items() if cell.table in lost and is_formula(value)}
    told: State = {Cell(table, (), FORMULAS): FORMULA for table in lost}
    before = {cell: value for cell, value in before.items() if cell not in gone} | told
    now = {cell: value for cell, value in now.items() if cell not in gone} | dict.fromkeys(told, VALUES)
    return before, now


def row_keys(tables: Mapping[str, RawTable], grids: Mapping[str, RawTable], bucket: str) -> Rows:
    """The keys of all rows of the input tables and of the grids."""
    keys = {name: {key for _, key, _ in rows_of(name, raw, bucket)} for name, raw in tables.items()
            if name in TABLES and TABLES[name].role == "input"}  # fmt: skip
    return keys | {name: {key for _, key, _ in grid_rows_of(name, raw, bucket)} for name, raw in grids.items()}


def input_cells(inputs: Inputs, base: State, state: State, tables: Mapping[str, RawTable]) -> Collection[Cell]:
    """The cells that the receiver was to type into: of rows that the copy had, and of rows that may be added."""
    old = {(cell.table, cell.key) for cell in base}
    rows: dict[tuple[str, tuple[str, ...]], dict[str, object]] = {}
    for cells in (state, base):  # what the copy had counts
        for cell, value in cells.items():
            rows.setdefault((cell.table, cell.key), {})[cell.column] = value
    for name, raw in tables.items():
        if name in TABLES:
            old |= {(name, key) for _, key, _ in rows_of(name, raw, "Month")}
    return {cell for cell in {*base, *state} if _is_input(inputs, cell, rows[cell.table, cell.key], old)}


def _is_input(
    inputs: Inputs, cell: Cell, row: Mapping[str, object], old: Collection[tuple[str, tuple[str, ...]]]
) -> bool:  # fmt: skip
    if cell.column in (FORMULAS, HERE, SHEET):
        return False
    if cell.table in GRID_BY_NAME:
        grid = GRID_BY_NAME[cell.table]
        typed_in = cell.column not in (TOTAL, ROW) and inputs.measure(grid, cell.key[-1])
        return typed_in and inputs.row(dict(zip(grid.keys, cell.key, strict=False)))
    table = TABLES[cell.table]
    if cell.column == ROW:  # rows may be added; whether one is to go is nothing that a copy decides
        keys: dict[str, object] = dict(zip(table.keys, cell.key, strict=False))
        return (cell.table, cell.key) not in old and inputs.grows(table) and inputs.row(keys)
    if not inputs.column(table, cell.column) and not table.period_columns:
        return False
    whole = {**row, **dict(zip(table.keys, cell.key, strict=False))}
    return inputs.row(whole) and ((cell.table, cell.key) in old or inputs.grows(table))


def plain(value: object, kind: str, bucket: str) -> object:
    """A value as every program would write it again: numbers to twelve digits, days as yyyy-mm-dd, blanks as None."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if kind == "period":
        period = parse_period(value, bucket)
        return as_name(value) or None if period is None else period_label(period, bucket)
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()[:10]
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (int, float)):
        return float(f"{value:.12g}") if kind in NUMERIC else as_name(float(f"{value:.12g}"))
    text = str(value).replace("\r\n", "\n").strip()
    if kind in NUMERIC:
        try:
            return float(f"{float(text):.12g}")
        except ValueError:
            return text or None
    return text or None


def _key_text(value: object, bucket: str) -> str:
    if isinstance(value, (dt.datetime, dt.date)):
        period = parse_period(value, bucket)
        return value.isoformat()[:10] if period is None else period_label(period, bucket)
    return as_name(value)


def label_of(header: str, bucket: str) -> str:
    period = parse_period(header, bucket)
    return header if period is None else period_label(period, bucket)
