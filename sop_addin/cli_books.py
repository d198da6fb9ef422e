"""Workbooks on the command line: opened, made from a sample or from CSV files, and where a command writes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from .model.findings import Findings
    from .model.plan import Plan
    from .model.tables import RawTable, Tables

DONE = 0
PLAN_HAS_ERRORS = 1
NOT_POSSIBLE = 2
STOPPED = 130

TRIED_TABLES = (
    "tblAccuracy", "tblSegments", "tblScenarioResults", "tblScenarioChanges", "tblCompare", "tblRiskResults",
    "tblRiskPlan", "tblTornado",
)  # fmt: skip
"""What the sample company carries beside its plan."""

KEPT_TABLES = ("tblVersions", "tblSigned", "tblCycleLog")
"""Output tables that a workbook made of CSV files takes over: no run can make them again."""

Book = Annotated[
    Path,
    typer.Argument(metavar="BOOK", exists=True, help="Workbook (.xlsm or .xlsx), or a folder of CSV files."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="OUT", help="Write here and leave BOOK as it is.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


@dataclass(frozen=True)
class Inputs:
    """What a workbook is made from: cells as they were given, and the same, typed."""

    raw: Mapping[str, pd.DataFrame | RawTable]
    tables: Tables
    plan: Plan | None = None
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Output tables that are no part of a plan."""

    def workbook(self) -> bytes:
        """A complete .xlsm with calculated formulas, and the plan where there is one."""
        from .engines.closed_file import recalculate_bytes
        from .excel.template import workbook_bytes

        return recalculate_bytes(workbook_bytes(self.raw, self.tables, self.plan, more=self.more))


def blank_inputs() -> Inputs:
    from .model.tables import Tables

    return Inputs({}, Tables())


def sample_inputs(name: str, *, solved: bool = True) -> Inputs:
    """A sample company, with the plan that is kept for it unless not ``solved``."""
    from .model.plan_store import load_plan, read_frame
    from .model.reading import typed_tables
    from .model.tables import Place, RawTable
    from .model.versions import version_rows
    from .sample import SAMPLES, sample_tables, solved_folder
    from .sample.published import published_plans

    if name not in SAMPLES:
        raise typer.BadParameter(f"'{name}' is no sample; choose from {', '.join(SAMPLES)}", param_hint="'--sample'")
    raw = {name: RawTable(frame, Place("")) for name, frame in sample_tables(name).items()}
    sales_plan, production_plan = raw.pop("SalesPlan"), raw.pop("ProductionPlan")
    more = {"tblVersions": version_rows(published_plans())}
    raw["tblVersions"] = RawTable(more["tblVersions"], Place(""))
    tables = typed_tables(raw, sales_plan=sales_plan, production_plan=production_plan)
    if not solved:
        return Inputs(raw, tables, more=more)
    folder = solved_folder(name)
    more |= {table: read_frame(folder / f"{table}.csv") for table in TRIED_TABLES if (folder / f"{table}.csv").exists()}
    return Inputs(raw, tables, load_plan(folder, tables), more)


def csv_inputs(folder: Path, option: str) -> Inputs:
    from .excel.csv_files import read_csv_folder

    with wrong_usage(option):
        csv = read_csv_folder(folder)
    return Inputs(csv.raw, csv.tables(), more={name: csv.raw[name].frame for name in KEPT_TABLES if name in csv.raw})


@contextmanager
def opened(book: Path) -> Iterator[tuple[Any, Tables]]:
    """The workbook and its tables. A folder of CSV files becomes a workbook first; findings name its files."""
    from .engines.closed_file import open_book
    from .excel.read_tables import read_tables

    with tempfile.TemporaryDirectory() as draft:
        path, inputs = book, None
        if book.is_dir():
            path, inputs = Path(draft, "Plan.xlsm"), csv_inputs(book, "BOOK")
            path.write_bytes(inputs.workbook())
        workbook = open_book(path)
        try:
            yield workbook, inputs.tables if inputs else read_tables(workbook)
        finally:
            workbook.close()


@contextmanager
def changing(book: Path, target: Path) -> Iterator[tuple[Any, Tables]]:
    """The same, for a command that writes: recalculated and saved to ``target`` in the end, unless it leaves early."""
    from .engines.closed_file import recalculate_book
    from .engines.closed_file.atomic_save import check_not_open_elsewhere

    check_not_open_elsewhere(target)
    with opened(book) as (workbook, tables):
        yield workbook, tables
        recalculate_book(workbook)
        workbook.save(target)


def figures_shown(workbook: Any, tables: Tables) -> pd.DataFrame:
    """What the plan sheets show, as `shown_figures`; calculated first where a program saved formulas without values."""
    from .engines.closed_file import recalculate_book
    from .excel.plan_on_sheets import shown_figures
    from .excel.read_tables import read_grids_raw

    bucket = tables.settings.bucket
    shown = shown_figures(read_grids_raw(workbook), bucket)
    if not (shown["Measure"] == "Closing stock").any():
        recalculate_book(workbook)
        shown = shown_figures(read_grids_raw(workbook), bucket)
    return shown


def target_of(book: Path, out: Path | None) -> Path:
    """Where a run writes."""
    if book.is_dir():
        if out is None or out.suffix.lower() != ".xlsm":
            raise typer.BadParameter("a folder of CSV files is planned into a workbook: give --out OUT.xlsm")
    elif out is not None and out.suffix.lower() != book.suffix.lower():
        raise typer.BadParameter(f"'{out}' must end in {book.suffix}, as '{book}' does", param_hint="'--out'")
    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"the folder '{out.parent}' does not exist; make it first", param_hint="'--out'")
    return out or book


@contextmanager
def wrong_usage(option: str) -> Iterator[None]:
    """An InputError within is about what was typed, not about the plan."""
    from .model.errors import InputError

    try:
        yield
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint=f"'{option}'") from error


def verdict(findings: Findings) -> int:
    return PLAN_HAS_ERRORS if findings.errors else DONE


def save(path: Path, content: bytes) -> None:
    """All of it or nothing, and not over a workbook that is open elsewhere."""
    from .engines.closed_file.atomic_save import save_atomically

    save_atomically(path, content, None)
