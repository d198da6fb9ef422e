"""What every part of the sample needs: its calendar, its regions, and frames with the schema's columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import pandas as pd

from ..model.schema import TABLES

Cell = str | float | dt.datetime | None

COMPANY = "Lindhaven Home Appliances (sample)"
FIRST_YEAR = 2023
HISTORY_MONTHS = 48
HORIZON = 18
PLAN_START = dt.datetime(2027, 1, 1)

CENTRAL, UK, NORDICS = "Central Europe", "UK and Ireland", "Nordics"
REGIONS = (CENTRAL, UK, NORDICS)

WASHERS, DISHWASHERS, FRIDGES, OVENS, SMALL, SPARES = FAMILY_NAMES = (
    "Washing machines", "Dishwashers", "Refrigerators", "Ovens and hobs", "Small appliances", "Spare parts",
)  # fmt: skip


def month(position: int) -> dt.datetime:
    """First day of the month at ``position``; 0 is the first month of history, 48 the first planned one."""
    return dt.datetime(FIRST_YEAR + position // 12, position % 12 + 1, 1)


def label(position: int) -> str:
    return f"{month(position):%Y-%m}"


def position_of(text: str) -> int:
    """Position of the month '2027-03' or of the day '2027-03-15'."""
    return (int(text[:4]) - FIRST_YEAR) * 12 + int(text[5:7]) - 1


def day(text: str) -> dt.datetime:
    """'2027-03' is the first of the month, '2027-03-15' that day."""
    return dt.datetime(int(text[:4]), int(text[5:7]), int(text[8:10]) if len(text) > 7 else 1)


def planned() -> range:
    """Positions of the planned months."""
    return range(HISTORY_MONTHS, HISTORY_MONTHS + HORIZON)


def frame(table: str, rows: Iterable[Mapping[str, Cell]]) -> pd.DataFrame:
    """Rows as a frame of untyped cells with exactly the columns of the schema; what a row does not name is blank."""
    return frame_of(TABLES[table].headers, rows)


def frame_of(headers: tuple[str, ...], rows: Iterable[Mapping[str, Cell]]) -> pd.DataFrame:
    cells: list[list[Cell]] = []
    for row in rows:
        if unknown := set(row) - set(headers):
            raise KeyError(f"no such column: {', '.join(sorted(unknown))}")
        cells.append([_cell(row.get(header)) for header in headers])
    return pd.DataFrame(cells, columns=list(headers), dtype=object)


def _cell(value: Cell) -> Cell:
    """Excel knows no whole numbers: every number is a float, as it is when a workbook is read."""
    return float(value) if isinstance(value, int) else value
