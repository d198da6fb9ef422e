"""The cases of `broken_tables` as workbook files: broken through the engine of closed files, run by the command.

The input tables of the file that the run writes must be those of the file it was given, and a finding must name the
cell that stands in its row under its header.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from broken_tables import (
    GRIDS,
    SECONDS,
    Columns,
    broken_company,
    core_only,
    mutations_of,
    raw_of,
    sound,
    steps_of,
)  # fmt: skip
from openpyxl.utils.cell import coordinate_from_string

from sop_addin.cli import main
from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.engines.errors import EngineError
from sop_addin.excel.read_tables import read_grids_raw, read_raw
from sop_addin.excel.tables_io import find_tables, write_table
from sop_addin.excel.template import workbook_bytes
from sop_addin.model.reading import typed_tables
from sop_addin.model.schema import GRID_BY_NAME, INPUT_TABLES
from sop_addin.model.tables import RawTable

_CELL = re.compile(r"(?:'((?:[^']|'')+)'|(\w+))!([A-Z]+\d+)")


@cache
def _sound_book(core: bool) -> bytes:
    raw = raw_of(sound(core))
    tables = typed_tables(raw, sales_plan=raw["SalesPlan"], production_plan=raw["ProductionPlan"])
    inputs = {table.name: raw[table.name] for table in INPUT_TABLES}
    more = {"tblForecast": tables.forecast}
    return recalculate_bytes(workbook_bytes(inputs, tables, more=more))


def broken_book(number: int, path: Path) -> bool:
    """Write case ``number`` as a workbook; False where no file can be broken so (a header that is blank)."""
    company, whole = broken_company(number), sound(core_only(number))
    path.write_bytes(_sound_book(core_only(number)))
    book = open_book(path)
    try:
        tables = find_tables(book)
        for name in {mutation.table for mutation in mutations_of(number)}:
            if name in GRIDS:
                possible = _break_grid(book, name, company.get(name, {}), sound(core_only=False)[name])
            elif name not in company or name not in tables:
                possible = False  # a table that is gone: `test_read_tables` has it
            else:
                possible = _break_table(tables[name], company[name])
            if not possible:
                return False
        book.save()
        return company != whole
    except (EngineError, ValueError, OverflowError):  # no file can hold it
        return False
    finally:
        book.close()


def _break_table(table: Any, columns: Columns) -> bool:
    here = [str(header) for header in table.header_row_range.options(ndim=2).value[0]]
    new = [header for header in columns if header not in here]
    gone = [header for header in here if header not in columns]
    if "" in columns or len(new) > len(gone) or len(columns) != len(set(columns)):
        return False
    for at, header in enumerate(gone):
        cell = table.header_row_range[0, here.index(header)]
        cell.value = new[at] if at < len(new) else f"was {header}"
    write_table(table, raw_of({"": columns})[""].frame)
    return True


def _break_grid(book: Any, name: str, columns: Columns, whole: Columns) -> bool:
    if list(columns) != list(whole) or any(len(columns[header]) != len(whole[header]) for header in whole):
        return False
    grid, raw = GRID_BY_NAME[name], read_grids_raw(book)[name]
    keys = [*grid.keys, "Measure"]
    rows = {tuple(row): number for number, *row in raw.frame[keys].itertuples(name=None)}
    for header, cells in columns.items():
        for at, value in enumerate(cells):
            if value == whole[header][at]:
                continue
            place = rows.get(tuple(whole[key][at] for key in keys))
            if place is None or header not in raw.place.columns or header in keys:
                return False
            book.sheets[raw.place.sheet][f"{raw.place.columns[header]}{place}"].value = value
    return True


def judge_book(number: int) -> str | None:
    """'' where the file of case ``number`` ends as it must, None where there is none; else what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "Plan.xlsm"), Path(folder, "Out.xlsm")
        if not broken_book(number, path):
            return None
        given = path.read_bytes()
        begin = time.process_time()
        code, said, errors = _run(path, out, steps_of(number))
        seconds = time.process_time() - begin
        wrong = _wrong(code, said, errors, path, out)
        if not wrong and path.read_bytes() != given:
            wrong = "the run changed the file that it read"
        if not wrong and seconds > SECONDS:
            wrong = f"took {seconds:.0f} s"
    return f"book {number} ({'; '.join(map(str, mutations_of(number)))}): {wrong}" if wrong else ""


def _run(path: Path, out: Path, steps: tuple[str, ...]) -> tuple[object, str, str]:
    said, errors, code = io.StringIO(), io.StringIO(), None
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
        try:
            main(["run", str(path), "--out", str(out), "--steps", ",".join(steps), "--json"])
        except SystemExit as left:
            code = left.code
    return code or 0, said.getvalue(), errors.getvalue()


def _wrong(code: object, said: str, errors: str, path: Path, out: Path) -> str:
    if "Traceback" in errors or "Unexpected" in errors or code not in (0, 1, 2):
        return f"exit {code}: {errors[-2000:]}"
    if not said.strip():
        return "" if out.exists() is False and len(errors.strip()) > 30 else f"exit {code} and no sentence: {errors}"
    answer = json.loads(said)
    if answer.get("status") == "Failed":
        return f"exit {code}: {answer['message']}"
    before, grids = _content(path)
    if answer["steps"]:
        after, grids_after = _content(out)
        for name, table in before.items():
            if not table.frame.equals(after[name].frame):
                return f"the run changed {name}"
        if grids != grids_after:
            return f"the run changed what was typed: {sorted(map(str, grids ^ grids_after))[:4]}"
    elif out.exists():
        return "nothing planned, but written"
    return _misplaced(answer["findings"], before)


def _content(path: Path) -> tuple[dict[str, RawTable], set[tuple[object, ...]]]:
    """The input tables; and what is typed in the grids, each with grid, keys and month, wherever that stands."""
    book = open_book(path)
    try:
        inputs = {table.name for table in INPUT_TABLES}
        tables = {name: raw for name, raw in read_raw(book).items() if name in inputs}
        typed = set()
        for name, raw in read_grids_raw(book).items():
            grid = GRID_BY_NAME[name]
            measures = {measure.name for measure in grid.measures if measure.role == "input"}
            rows = raw.frame[raw.frame["Measure"].isin(measures)].drop(columns=["Total", "Unit"], errors="ignore")
            long = rows.melt(id_vars=[*grid.keys, "Measure"]).dropna(subset=["value"])
            typed |= {(name, *map(str, row)) for row in long.itertuples(index=False, name=None)}
        return tables, typed
    finally:
        book.close()


def _misplaced(findings: list[dict[str, Any]], tables: dict[str, RawTable]) -> str:
    """The first error whose cell is not in its row and under its header."""
    for finding in findings:
        raw = tables.get(finding["table"])
        if finding["severity"] != "Error" or raw is None:
            continue
        found = _CELL.fullmatch(finding["cell"])
        if found is None:
            if finding["rule"] != "table_missing":
                return f"a finding that names no cell: {finding}"
            continue
        letters, row = coordinate_from_string(found[3])
        column = raw.place.columns.get(finding["column"])
        wanted = raw.place.header_row if finding["row"] is None else finding["row"]
        named = found[1].replace("''", "'") if found[1] else found[2]
        if named != raw.place.sheet or row != wanted or (column is not None and letters != column):
            return f"a finding that names another cell: {finding}"
    return ""
