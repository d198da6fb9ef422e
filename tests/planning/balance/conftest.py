"""Small companies for the tests of the balance, and the published and behaviour cases under tests/cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sop_addin.excel.csv_files import read_csv_tables
from sop_addin.model.calendar import period_range
from sop_addin.model.schema import INPUT_TABLES
from sop_addin.model.tables import (
    PRODUCTION_PLAN_COLUMNS,
    SALES_PLAN_COLUMNS,
    Settings,
    Tables,
    dtype_of,
)

START = pd.Timestamp(2027, 1, 1)
CASES = Path(__file__).parents[2] / "cases"
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """A folder of CSVs and what is expected of its plan."""

    tables: Tables
    expected: dict[str, Any]


def build_tables(
    demand: Mapping[str, Sequence[float]],
    *,
    settings: Mapping[str, Any] | None = None,
    fixed: Mapping[str, Sequence[float | None]] | None = None,
    approved: Mapping[str, Sequence[float | None]] | None = None,
    **rows: Rows,
) -> Tables:
    """Tables from rows as dicts; columns left out take their defaults. Periods are steps 0, 1, ... of the horizon.

    Families of ``demand`` that have no row get one with plain costs.
    """
    horizon = max((len(figures) for figures in demand.values()), default=0)
    periods = period_range(START, horizon)
    frames: dict[str, pd.DataFrame] = {}
    given: dict[str, list[Mapping[str, Any]]] = {name: list(table_rows) for name, table_rows in rows.items()}
    known = {row["Family"] for row in given.get("families", [])}
    given.setdefault("families", []).extend(family_row(name) for name in demand if name not in known)
    for table in INPUT_TABLES:
        if table.field not in given:
            continue
        data: dict[str, list[Any]] = {column.name: [] for column in table.columns}
        for row in given[table.field]:
            unknown = set(row) - set(data)
            assert not unknown, f"{table.name} has no {unknown}"
            for column in table.columns:
                blank: Any = "" if dtype_of(column) == "object" else None
                value = row.get(column.name, column.default if column.default is not None else blank)
                data[column.name].append(periods[value] if column.kind == "period" and value is not None else value)
        frame = pd.DataFrame(data).astype({column.name: dtype_of(column) for column in table.columns})
        frame.index = pd.RangeIndex(2, 2 + len(frame))
        frames[table.field] = frame
    sales = [
        (name, period, None, None, None, figure, "")
        for name, figures in demand.items()
        for period, figure in zip(periods, figures, strict=False)
    ]
    sales_plan = pd.DataFrame(sales, columns=list(SALES_PLAN_COLUMNS)).astype(
        dict.fromkeys(SALES_PLAN_COLUMNS[2:6], "float64")
    )
    kept: list[tuple[Any, ...]] = []
    for name in {**(fixed or {}), **(approved or {})}:
        for step, period in enumerate(periods):
            cells = [plan[name][step] if plan and name in plan else None for plan in (fixed, approved)]
            kept.append((name, period, *cells))
    production_plan = pd.DataFrame(kept, columns=list(PRODUCTION_PLAN_COLUMNS)).astype(
        {"Fixed production": "float64", "Approved plan": "float64", "Period": "datetime64[ns]"}
    )
    return Tables(
        settings=Settings(**{"plan_start": START, "horizon": horizon, **(settings or {})}),
        sales_plan=sales_plan,
        production_plan=production_plan,
        **frames,
    )


def family_row(name: str, **columns: Any) -> dict[str, Any]:
    """A family with plain explicit costs."""
    plain = {
        "Family": name, "Price": 20.0, "Holding cost": 1.0, "Backorder cost": 3.0, "Lost sale cost": 50.0,
        "Shortfall cost": 0.5, "Opening stock": 0.0,
    }  # fmt: skip
    return {**plain, **columns}


@pytest.fixture(scope="session")
def tables_of() -> Callable[..., Tables]:
    """``tables_of(demand, settings=..., sources=[...], ...)``: see ``build_tables``."""
    return build_tables


@pytest.fixture(scope="session")
def family() -> Callable[..., dict[str, Any]]:
    """``family(name, **columns)``: a row of tblFamilies with plain costs."""
    return family_row


@pytest.fixture(scope="session")
def case() -> Callable[[str], Case]:
    """``case(name)``: the folder tests/cases/<name>."""

    def load(name: str) -> Case:
        folder = CASES / name
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        tables = read_csv_tables(folder)
        assert not tables.problems.errors, [str(problem) for problem in tables.problems]
        return Case(tables, expected)

    return load
