"""Tables and grids as CSV files: ``<TableName>.csv``, grids long (keys, Measure, Period, Value), ``tblDemand.csv``.

Written: UTF-8, LF, comma, periods ``yyyy-mm`` or ``yyyy-Www``, dates ``yyyy-mm-dd``, numbers in full precision with a
decimal point and whole ones without, TRUE / FALSE, blank = empty. Values, never formulas.

Text that a spreadsheet would take for a formula (it starts with one of FORMULA_STARTS, such as ``=``) gets an
apostrophe in front; so does text that starts with an apostrophe and one of these or another apostrophe. The reader
takes exactly that apostrophe away again, so text comes back unchanged; but the character 0 is left out.

Read: UTF-8 with or without BOM; comma, semicolon or tab. Only number columns are turned into numbers, so ``00123``
stays an item number; what is no number there stays text and is found when it is typed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..model.calendar import WEEK, parse_period, period_label, periods_between
from ..model.errors import InputError, WorkbookError
from ..model.findings import Finding, Findings
from ..model.reading import typed_tables
from ..model.reading_columns import as_text, cells, is_blank, parse_date
from ..model.reading_grids import DEMAND
from ..model.schema import GRID_BY_NAME, NUMERIC, SETTING_BY_NAME, TABLES, Grid, Table
from ..model.suggest import did_you_mean
from ..model.tables import Place, RawTable, Tables
from .csv_text import cell_text, guarded, number_cell, read_records, text_cell, write_records
from .parquet_files import write_parquet
from .read_tables import INPUT_GRIDS, READ_TABLES, read_grids_raw, read_raw

LOG = "tblCycleLog"
LAST_PLAN = "tblPlan"
"""Read from a workbook only, to say what has changed since its last run."""
_TEXT_MEASURES = frozenset(m.name.casefold() for grid in GRID_BY_NAME.values() for m in grid.measures if m.text)
_WEEK = re.compile(r"\d{4}-?[Ww]\d{1,2}")


@dataclass(frozen=True)
class CsvFolder:
    """What a folder of CSV files holds. ``raw``: input tables; ``problems``: files that were not understood."""

    raw: dict[str, RawTable] = field(default_factory=dict)
    demand: RawTable | None = None
    sales_plan: RawTable | None = None
    production_plan: RawTable | None = None
    problems: Findings = field(default_factory=Findings)

    def tables(self) -> Tables:
        """The same, typed."""
        tables = typed_tables(
            self.raw, demand=self.demand, sales_plan=self.sales_plan, production_plan=self.production_plan
        )
        return replace(tables, problems=self.problems + tables.problems)


def read_csv_folder(folder: Path | str) -> CsvFolder:
    """The tables in ``folder``: any of the input tables, tblForecast, tblDemand, SalesPlan and ProductionPlan.

    CSV files of other output tables and grids are left aside; files of other names give a warning. Where
    tblSettings lacks Plan start or Horizon they come from tblDemand. Raises InputError for a folder without any table
    and for a file that is no CSV text, naming file and line.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; name the folder that holds the CSV files")
    names = {name.casefold(): name for name in (*TABLES, *GRID_BY_NAME, DEMAND.name)}
    found: dict[str, RawTable] = {}
    problems: list[Finding] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".csv" or not path.is_file():
            continue
        name = names.get(path.stem.casefold())
        if name is None:
            hint = did_you_mean(path.stem, [known for known in names.values() if known not in found])
            message = f"the file is left aside, no table has that name{hint}; rename it if it should be read"
            problems.append(Finding("Warning", path.name, None, "", "file_unknown", message))
        elif name in found:
            raise InputError(f"{path.name} holds {name} once more; keep one of the two files")
        elif name == DEMAND.name:
            found[name] = read_csv_table(path, DEMAND)
        elif name in INPUT_GRIDS:
            found[name] = read_csv_grid(path)
        elif name in (*READ_TABLES, LOG) and name != LAST_PLAN:
            found[name] = read_csv_table(path, TABLES[name])
    if not found:
        raise InputError(f"{folder} holds no table; put files such as tblItems.csv or tblDemand.csv there")
    demand = found.pop(DEMAND.name, None)
    sales_plan, production_plan = (found.pop(name, None) for name in INPUT_GRIDS)
    if demand is not None:
        found["tblSettings"] = _with_demand_span(found.get("tblSettings"), demand)
    return CsvFolder(found, demand, sales_plan, production_plan, Findings.of(problems))


def read_csv_tables(folder: Path | str) -> Tables:
    """The tables of a folder of CSV files, typed; see ``read_csv_folder``."""
    return read_csv_folder(folder).tables()


def read_csv_table(path: Path, table: Table) -> RawTable:
    """One CSV file as the raw table ``table``: numbers in its number columns, text elsewhere, None where empty.

    Raises InputError where the file is no CSV text.
    """
    headers, rows, lines = read_records(path)
    kinds = {column.name.casefold(): column.kind for column in table.columns}
    columns: list[list[Any]] = [[row[position] for row in rows] for position in range(len(headers))]
    setting_of = _settings_by_row(headers, columns) if table.name == "tblSettings" else None
    for position, header in enumerate(headers):
        kind = kinds.get(header.casefold())
        period = kind is None and table.period_columns and parse_period(header) is not None
        if setting_of is not None and header.casefold() == "value":
            columns[position] = [
                number_cell(cell) if kind in NUMERIC else text_cell(cell)
                for cell, kind in zip(columns[position], setting_of, strict=True)
            ]
        else:
            columns[position] = list(map(number_cell if kind in NUMERIC or period else text_cell, columns[position]))
    return _raw(path, headers, columns, lines)


def read_csv_grid(path: Path) -> RawTable:
    """One CSV file of a grid: long as export writes it, or wide as it stands on its sheet.

    Raises InputError where the file is no CSV text.
    """
    headers, rows, lines = read_records(path)
    names = [header.casefold() for header in headers]
    figures = [name == "value" or parse_period(name) is not None for name in names]
    measure = names.index("measure") if "measure" in names else None
    columns: list[list[Any]] = [[] for _ in headers]
    for row in rows:
        text_row = measure is not None and row[measure].strip().casefold() in _TEXT_MEASURES
        for column, cell, figure in zip(columns, row, figures, strict=True):
            column.append(number_cell(cell) if figure and not text_row else text_cell(cell))
    return _raw(path, headers, columns, lines)


def write_csv_folder(book: Any, folder: Path | str, parquet: bool = False) -> list[Path]:
    """Every table and every grid of ``book`` (an xlwings Book) as CSV files in ``folder``, made where needed.

    parquet: the same, typed, as a Parquet file beside each. Gives the files written; other files in the folder are left
    alone. Raises WorkbookError where the book is not ours or the folder cannot be written.
    """
    folder = Path(folder)
    tables = {name: raw for name, raw in read_raw(book).items() if name in TABLES}
    grids = read_grids_raw(book)
    bucket = typed_tables({name: raw for name, raw in tables.items() if name == "tblSettings"}).settings.bucket
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, raw in {**tables, **grids}.items():
            if name in TABLES:
                kinds = {column.name.casefold(): column.kind for column in TABLES[name].columns}
                headers, rows = table_records(TABLES[name], raw, bucket)
            else:
                kinds = {"period": "period", "value": "number"}
                headers, rows = grid_records(GRID_BY_NAME[name], raw, bucket)
            written.append(write_records(folder / f"{name}.csv", headers, rows))
            if parquet:
                written.append(write_parquet(folder / f"{name}.parquet", headers, rows, kinds, bucket))
    except OSError as error:
        where = error.filename or folder
        raise WorkbookError(f"{where} cannot be written ({error.strerror}); choose another folder") from error
    return written


def table_records(table: Table, raw: RawTable, bucket: str) -> tuple[list[str], list[Sequence[str]]]:
    """Header and rows of a table as CSV text, without blank rows. Columns of the planner's own are written too."""
    kinds = {column.name.casefold(): column.kind for column in table.columns}
    headers: list[str] = []
    columns: list[list[str]] = []
    for position, header in enumerate(raw.frame.columns):
        name = as_text(header).strip()
        kind = kinds.get(name.casefold())
        values = cells(raw.frame.iloc[:, position])
        period = parse_period(header, bucket) if kind is None and table.period_columns else None
        if table.name == "tblSettings" and name == "Value":
            columns.append([_setting_value(value, bucket) for value in values])
        else:
            columns.append(list(map(_writer_of(kind, bucket), values)))
        headers.append(guarded(name) if period is None else period_label(period, bucket))
    return headers, [row for row in zip(*columns, strict=True) if any(row)]


def grid_records(grid: Grid, raw: RawTable, bucket: str) -> tuple[list[str], list[Sequence[str]]]:
    """A grid, long: its keys, Measure, Period, Value; one line for each cell that is not blank."""
    names = {as_text(header).strip().casefold(): position for position, header in enumerate(raw.frame.columns)}
    lead = [names.get(header.casefold()) for header in (*grid.keys, "Measure")]
    periods = [
        (position, period_label(period, bucket))
        for position, header in enumerate(raw.frame.columns)
        if position not in lead and (period := parse_period(header, bucket)) is not None
    ]
    measures = {measure.name.casefold() for measure in grid.measures}
    lines: list[Sequence[str]] = []
    for row in raw.frame.astype(object).to_numpy():
        keys = ["" if position is None else cell_text(row[position]) for position in lead]
        if keys[-1].strip().casefold() in measures:  # else a row of the planner's own
            lines += [(*keys, label, text) for position, label in periods if (text := cell_text(row[position]))]
    return [*grid.keys, "Measure", "Period", "Value"], lines


def _writer_of(kind: str | None, bucket: str) -> Callable[[object], str]:
    """How cells of a column are written: periods as labels, Excel's serial numbers as the days they stand for."""

    def period_cell(value: object) -> str:
        period = None if isinstance(value, str) or is_blank(value) else parse_period(value, bucket)
        return cell_text(value) if period is None else period_label(period, bucket)

    def date_cell(value: object) -> str:
        return cell_text(parse_date(value) or value if isinstance(value, float) else value)

    return {"period": period_cell, "date": date_cell}.get(kind or "", cell_text)


def _setting_value(value: object, bucket: str) -> str:
    """Plan start: a date in the workbook, a period here."""
    return _writer_of("period", bucket)(value) if isinstance(value, dt.date) else cell_text(value)


def _settings_by_row(headers: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str | None]:
    """Kind of the setting in each row of tblSettings."""
    kinds = {name.casefold(): setting.kind for name, setting in SETTING_BY_NAME.items()}
    for header, column in zip(headers, columns, strict=True):
        if header.casefold() == "setting":
            return [kinds.get(name.strip().casefold()) for name in column]
    return [None] * (len(columns[0]) if columns else 0)


def _with_demand_span(settings: RawTable | None, demand: RawTable) -> RawTable:
    """tblSettings with Bucket, Plan start and Horizon from the demand where they are not given."""
    place = settings.place if settings is not None else Place("tblSettings.csv")
    frame = settings.frame if settings is not None else pd.DataFrame(columns=["Setting", "Value"], dtype=object)
    headers = {as_text(header).casefold(): position for position, header in enumerate(frame.columns)}
    demand_headers = [as_text(header).casefold() for header in demand.frame.columns]
    if not {"setting", "value"} <= set(headers) or "period" not in demand_headers:
        return RawTable(frame, place)
    values = [v for v in cells(demand.frame.iloc[:, demand_headers.index("period")]) if not is_blank(v)]
    names = [as_text(name).strip().casefold() for name in cells(frame.iloc[:, headers["setting"]])]
    blank = [is_blank(value) for value in cells(frame.iloc[:, headers["value"]])]
    given = {name for name, empty in zip(names, blank, strict=True) if not empty}
    typed = typed_tables({"tblSettings": RawTable(frame, place)}).settings
    span: dict[str, object] = {}
    bucket = typed.bucket
    if values and "bucket" not in given and all(_WEEK.fullmatch(as_text(value).strip()) for value in values):
        span["Bucket"] = bucket = WEEK
    periods = [period for value in values if (period := parse_period(value, bucket)) is not None]
    if periods:
        start = min(periods) if "plan start" not in given else typed.plan_start
        span["Plan start"] = period_label(min(periods), bucket)
        if start is not None and start <= max(periods):
            span["Horizon"] = float(periods_between(start, max(periods), bucket) + 1)
    added = {name: value for name, value in span.items() if name.casefold() not in given}
    if not added:
        return RawTable(frame, place)
    replaced = {name.casefold() for name in added}
    rows = [
        line for line, name in zip(frame.to_numpy(dtype=object).tolist(), names, strict=True) if name not in replaced
    ]
    index = [row for row, name in zip(frame.index.tolist(), names, strict=True) if name not in replaced]
    last = max(frame.index.tolist(), default=1)
    for offset, (name, value) in enumerate(added.items(), 1):
        line: list[object] = [None] * len(frame.columns)
        line[headers["setting"]], line[headers["value"]] = name, value
        rows.append(line)
        index.append(last + offset)
    return RawTable(pd.DataFrame(rows, columns=frame.columns, index=index, dtype=object), place)


def _raw(path: Path, headers: Sequence[str], columns: Sequence[Sequence[Any]], lines: Sequence[int]) -> RawTable:
    data: Any = {position: list(column) for position, column in enumerate(columns)}
    frame = pd.DataFrame(data, index=list(lines), dtype=object)
    frame.columns = pd.Index(list(headers), dtype=object)
    return RawTable(frame, Place(path.name))
