"""A tiny company and the workbook built for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from sop_addin.excel.template import workbook_bytes
from sop_addin.model.reading import typed_tables
from sop_addin.model.tables import Place, RawTable, Tables

from .parts import Parts


@dataclass(frozen=True)
class Company:
    """Untyped cells, and the same typed."""

    raw: dict[str, pd.DataFrame]
    tables: Tables


def _frame(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), dtype=object)


def typed(raw: dict[str, pd.DataFrame]) -> Tables:
    return typed_tables({name: RawTable(frame, Place("")) for name, frame in raw.items()})


@pytest.fixture(scope="session")
def company() -> Company:
    """Two families, three items, two sources, one machine; three planned months after two of history."""
    raw = {
        "tblSettings": _frame({"Setting": "Company", "Value": "Tiny"}, {"Setting": "Horizon", "Value": 3.0}),
        "tblFamilies": _frame({"Family": "Pumps", "Price": "9.5", "Min stock": 5}, {"Family": "Valves", "Unit": "t"}),
        "tblItems": _frame(
            {"Item": "00123", "Family": "Pumps", "Description": "=1+1", "Opening stock": "12"},
            {"Item": "P-2", "Family": "Pumps", "Status": "New", "Launch": "2027-02-01"},
            {"Item": "V-1", "Family": "Valves", "Price": "cheap"},
        ),
        "tblSources": _frame(
            {"Family": "Pumps", "Source": "Plant", "Kind": "Make", "Unit cost": 4.0},
            {"Family": "Valves", "Source": "Supplier", "Kind": "Buy", "Unit cost": 2.0},
        ),
        "tblResources": _frame({"Resource": "Press", "Kind": "Machine", "Capacity": 100.0}),
        "tblFamilyPeriods": _frame({"Family": "Pumps", "Period": "2027-01", "Price": 9.5}),
        "tblBillOfResources": _frame({"Family": "Pumps", "Resource": "Press", "Use per unit": 2.0}),
        "tblHistory": _frame(
            {"Item": "00123", "Region": "North", "2026-11": 10.0, "2026-12": 12.0},
            {"Item": "V-1", "Region": "North", "2026-11": None, "2026-12": 0.0},
        ),
        "tblBudget": _frame({"Family": "Pumps", "Period": "2027-01", "Volume": 11, "Revenue": 100, "Margin": 20}),
    }
    return Company(raw, typed(raw))


@pytest.fixture(scope="session")
def built(company: Company) -> bytes:
    return workbook_bytes(company.raw, company.tables)


@pytest.fixture(scope="session")
def parts(built: bytes) -> Parts:
    return Parts(built)


@pytest.fixture(scope="session")
def blank() -> Parts:
    """The workbook without any data."""
    return Parts(workbook_bytes({}, Tables()))


@pytest.fixture
def file(built: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "Tiny.xlsm"
    path.write_bytes(built)
    return path
