"""Tables: everything a plan is made from, as typed frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pandas as pd

from . import calendar
from .findings import Findings
from .schema import INPUT_TABLES, NUMERIC, TABLES, Column, Table
from .signature import Signature
from .versions import Version

SALES_PLAN_COLUMNS = (
    "Family", "Period", "Statistical forecast", "Events", "New and phase-out", "Override", "Override reason",
)  # fmt: skip
PRODUCTION_PLAN_COLUMNS = ("Family", "Period", "Fixed production", "Approved plan")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table was read: its sheet and the letter of each column. Rows are the index of its frame."""

    sheet: str
    columns: Mapping[str, str] = field(default_factory=dict)
    header_row: int | None = None

    def cell(self, column: str, row: int | None) -> str:
        """``Items!B7``, quoted where the sheet name needs it; '' where the place is not known.

        Where the table lacks the column, the first cell of the row.
        """
        letter = self.columns.get(column, next(iter(self.columns.values()), None))
        row = self.header_row if row is None else row
        if not self.sheet or letter is None or row is None:
            return ""
        quoted = self.sheet if self.sheet.isalnum() else "'" + self.sheet.replace("'", "''") + "'"
        return f"{quoted}!{letter}{row}"


@dataclass(frozen=True)
class RawTable:
    """A table as read: untyped cells (str, float, bool, datetime, None), index = row on the sheet or CSV line."""

    frame: pd.DataFrame
    place: Place


@dataclass(frozen=True, slots=True)
class Settings:
    """tblSettings, typed. Fractions are fractions, periods are Timestamps, flags are booleans."""

    company: str = ""
    plan_start: pd.Timestamp | None = None
    horizon: int = 18
    bucket: str = calendar.MONTH
    frozen_periods: int = 0
    objective: str = "Minimise cost"
    strategy: str = "Optimise"
    unmet_demand: str = "Backorder"
    closing_backorders_allowed: bool = False
    whole_heads: bool = False
    base_currency: str = "EUR"
    carbon_price: float = 0.0
    change_cost: float = 0.0
    replan_cost: float = 0.0
    service_level: float = 0.95
    interval_level: float = 0.8
    season_length: int = 12
    forecast_effort: str = "Standard"
    outlier_cleaning: bool = True
    random_seed: int = 1
    solver_time_limit: float = 60.0

    @property
    def maximise_margin(self) -> bool:
        return self.objective == "Maximise margin"

    @property
    def lost_sales(self) -> bool:
        """Whether unmet demand is lost rather than delivered late."""
        return self.unmet_demand == "Lost sale"


def dtype_of(column: Column) -> str:
    """pandas dtype of a column: text 'object', numbers 'float64', dates 'datetime64[ns]'."""
    if column.kind in NUMERIC:
        return "float64"
    return "datetime64[ns]" if column.kind in ("period", "date") else "object"


def empty_frame(table: Table) -> pd.DataFrame:
    """A frame with the table's columns, typed, and no rows."""
    return _empty_frame(table.name).copy()


@cache
def _empty_frame(name: str) -> pd.DataFrame:
    return pd.DataFrame({column.name: pd.Series(dtype=dtype_of(column)) for column in TABLES[name].columns})


def _empty(field_name: str) -> Any:
    table = next(table for table in INPUT_TABLES if table.field == field_name)
    return field(default_factory=lambda: empty_frame(table))


def _empty_sales_plan() -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(dtype="float64") for name in SALES_PLAN_COLUMNS})
    return frame.astype({"Family": "object", "Period": "datetime64[ns]", "Override reason": "object"})


def _empty_production_plan() -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(dtype="float64") for name in PRODUCTION_PLAN_COLUMNS})
    return frame.astype({"Family": "object", "Period": "datetime64[ns]"})


@dataclass(frozen=True)
class Tables:
    """Typed frames of all inputs; columns are the header texts of the contract.

    Blank text is '' and never None; blank numbers are NaN unless the schema has a constant default, which is filled
    in; blank dates are NaT. The index of a frame is the row on its sheet. ``history`` is wide: Item, Region, then one
    float column per past period, named by its Timestamp and in time order. ``sales_plan`` and ``production_plan`` are
    the parts of the plan grids that are kept between runs: one row per family and period that has any value.
    """

    settings: Settings = field(default_factory=Settings)
    items: pd.DataFrame = _empty("items")
    families: pd.DataFrame = _empty("families")
    family_periods: pd.DataFrame = _empty("family_periods")
    sources: pd.DataFrame = _empty("sources")
    source_periods: pd.DataFrame = _empty("source_periods")
    receipts: pd.DataFrame = _empty("receipts")
    resources: pd.DataFrame = _empty("resources")
    bill_of_resources: pd.DataFrame = _empty("bill_of_resources")
    capacity: pd.DataFrame = _empty("capacity")
    history: pd.DataFrame = _empty("history")
    stock: pd.DataFrame = _empty("stock")
    events: pd.DataFrame = _empty("events")
    item_overrides: pd.DataFrame = _empty("item_overrides")
    budget: pd.DataFrame = _empty("budget")
    rates: pd.DataFrame = _empty("rates")
    scenarios: pd.DataFrame = _empty("scenarios")
    risks: pd.DataFrame = _empty("risks")
    cycle: pd.DataFrame = _empty("cycle")
    decisions: pd.DataFrame = _empty("decisions")
    approved: pd.DataFrame = _empty("approved")
    sales_plan: pd.DataFrame = field(default_factory=_empty_sales_plan)
    production_plan: pd.DataFrame = field(default_factory=_empty_production_plan)
    forecast: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["tblForecast"]))
    """The item forecast of the last run (columns of tblForecast); empty where it was not read."""
    versions: tuple[Version, ...] = ()
    """The published plans, oldest first."""
    signatures: tuple[Signature, ...] = ()
    """Of the steps of the cycle that are signed."""
    solved_inputs: str = ""
    """Fingerprint of the inputs that the last run planned from (signing.inputs_digest); '' where there was none."""
    last_plan: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["tblPlan"]))
    """The base plan of the last run (columns of tblPlan); empty where there is none."""
    places: Mapping[str, Place] = field(default_factory=dict)
    problems: Findings = field(default_factory=Findings)
    """What was found while reading and typing (text in a number column, a missing column, ...)."""

    @property
    def history_periods(self) -> list[pd.Timestamp]:
        columns: list[object] = list(self.history.columns)
        return [column for column in columns if isinstance(column, pd.Timestamp)]

    @property
    def plan_start(self) -> pd.Timestamp | None:
        """First planned period: the setting, else the one after the last with history, else the first with demand."""
        if self.settings.plan_start is not None:
            return self.settings.plan_start
        if periods := self.history_periods:
            return calendar.add_periods(max(periods), 1, self.settings.bucket)
        if len(self.sales_plan):
            first: pd.Timestamp = self.sales_plan["Period"].min()
            return first
        return None

    @property
    def periods(self) -> list[pd.Timestamp]:
        """The planned periods; empty where no plan start can be told."""
        start = self.plan_start
        if start is None:
            return []
        return calendar.period_range(start, self.settings.horizon, self.settings.bucket)

    @property
    def family_names(self) -> list[str]:
        """Families in table order."""
        return [str(name) for name in self.families["Family"]]

    def with_sales_plan(self, sales_plan: pd.DataFrame) -> Tables:
        return replace(self, sales_plan=sales_plan)
