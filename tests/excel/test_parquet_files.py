"""Parquet files hold what the CSV files hold, with a type for each column."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from companies import company, raw_company
from pyarrow import parquet

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.csv_files import write_csv_folder
from sop_addin.excel.csv_text import text_cell
from sop_addin.excel.parquet_files import write_parquet
from sop_addin.excel.template import workbook_bytes
from sop_addin.model.calendar import MONTH, WEEK, parse_period
from sop_addin.planning.cycle import run_cycle


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("export")
    plan = run_cycle(company(demand={"Family": ["Pumps"], "Period": ["2027-03"], "Value": [150]}))
    (folder / "Plan.xlsm").write_bytes(workbook_bytes(raw_company(), plan.tables, plan))
    book = open_book(folder / "Plan.xlsm")
    write_csv_folder(book, folder, parquet=True)
    book.close()
    return folder


def as_text(cell: object) -> str:
    """A typed cell as the CSV file has it."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return f"{cell:%Y-%m}" if isinstance(cell, dt.date) else str(cell)


def test_every_table_and_grid_says_the_same_as_its_csv(folder):
    files = sorted(folder.glob("*.csv"))
    assert len(files) > 30
    for file in files:
        written = pd.read_csv(file, dtype=str, keep_default_na=False)
        typed = parquet.read_table(file.with_suffix(".parquet")).to_pydict()
        for name in written.columns:
            beside = typed.get(f"{name} text", [None] * len(written))
            cells = [as_text(cell) or as_text(other) for cell, other in zip(typed[name], beside, strict=True)]
            dates = any(isinstance(cell, dt.date) for cell in typed[name])
            expected = [cell[:7] if dates else text_cell(cell) or "" for cell in written[name]]
            assert cells == expected, (file.name, name)


def test_the_plan_is_typed(folder):
    schema = parquet.read_schema(folder / "tblPlan.parquet")
    types = {name: str(schema.field(name).type) for name in schema.names}
    assert types == {**dict.fromkeys(types, "string"), "Period": "date32[day]", "Value": "double"}
    plan = pd.read_parquet(folder / "tblPlan.parquet")
    assert not plan.isna().to_numpy().any()
    grid = parquet.read_schema(folder / "SalesPlan.parquet")
    assert str(grid.field("Value").type) == "double"


def test_text_among_numbers_has_a_column_of_its_own_and_weeks_are_their_monday(tmp_path):
    rows = [["2027-W02", "1.5"], ["2027-W03", "'=Kvadrat"], ["", ""]]
    kinds = {"period": "period", "value": "number"}
    path = write_parquet(tmp_path / "x.parquet", ["Period", "Value"], rows, kinds, WEEK)
    assert parquet.read_table(path).to_pydict() == {
        "Period": [dt.date(2027, 1, 11), dt.date(2027, 1, 18), None],
        "Value": [1.5, None, None],
        "Value text": [None, "=Kvadrat", None],
    }
    assert parse_period("2027-W02", WEEK).date() == dt.date(2027, 1, 11)
    path = write_parquet(tmp_path / "y.parquet", ["2027-01"], [["3"], ["x"]], {}, MONTH)
    assert parquet.read_table(path).to_pydict() == {"2027-01": [3.0, None], "2027-01 text": [None, "x"]}
