"""A plan table (tblPlan), read once and asked often: totals of a measure over families and periods.

How a measure adds up over periods is said by the schema (`Measure.adding`): flows are summed, stocks take the last
period, rates are a ratio of sums. Over families and resources every measure is summed, as SUMIFS does.
"""

from __future__ import annotations

import datetime as dt
import difflib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...model import calendar
from ...model.errors import InputError
from ...model.plan import BASE
from ...model.schema import GRIDS, TABLES
from ...model.schema_types import Adding
from ...model.suggest import listed, nearest, quote
from ..cleaning import Floats
from .cells import Block, Cell, as_number, as_text, is_blank
from .spans import Span, ordinal

HEADERS = TABLES["tblPlan"].headers
NOBODY = "-"  # stands for "no family" or "no resource" in tblPlan

ADDING: dict[str, Adding] = {measure.name: measure.adding for grid in GRIDS for measure in grid.measures}
COSTS = (
    "Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
    "Backorder and lost sale cost", "Other cost",
)  # fmt: skip
SUMS_OF: dict[str, Mapping[str, float]] = {
    "Margin": {"Revenue": 1.0, **dict.fromkeys(COSTS, -1.0)},
    "Shortage": {"Consensus demand": 1.0, "Feasible sales": -1.0},
    "Above target": {"Closing stock": 1.0, "Target stock": -1.0},
    "Total production": {"Planned": 1.0},
    "Sales": {"Feasible sales": 1.0},
}
"""Measures of the plan sheets that tblPlan does not hold, because they follow from those that it holds."""
RATIO_OF: dict[str, tuple[str, str]] = {"Utilisation": ("Load", "Regular capacity")}


class PlanValues:
    """The rows of a tblPlan. Names are found whatever their case; unknown ones raise InputError with the nearest."""

    def __init__(self, cells: Block) -> None:
        columns = _columns(cells)
        rows = columns.rows
        place = columns.place
        self._days, self.bucket = _period_ordinals(rows["Period"], place)
        self._values = _numbers(rows["Value"], place)
        self._scenarios = _Names(rows["Scenario"], "Scenario", place)
        self._measures = _Names(rows["Measure"], "Measure", place)
        self._families = _Names(rows["Family"], "Family", place)
        self._resources = _Names(rows["Resource"], "Resource", place)
        self._units = [str(unit or "") for unit in rows["Unit"]]
        self._rows_of: dict[tuple[str, str, str | None], NDArray[np.intp]] = {}
        self._days_of: dict[tuple[str, str], list[int]] = {}

    # --- names

    def scenario(self, given: str | None) -> str:
        """The scenario asked for; where none is, Base, or the only one there is."""
        names = self._scenarios.shown
        if given is None:
            if BASE in names or len(names) == 1:
                return BASE if BASE in names else names[0]
            raise InputError(f"scenario: is missing; the plan holds {listed(names)}.")
        return self._scenarios.find(given, "scenario", self._scenarios.codes)

    def measure(self, given: str, name: str = "measure") -> str:
        return self._measures.find(given, name, self.measures)

    @cached_property
    def measures(self) -> dict[str, None]:
        """What can be asked for: the measures of the table and those that follow from them."""
        known = set(self._measures.shown)
        sums = [one for one, parts in SUMS_OF.items() if known.issuperset(parts)]
        ratios = [one for one, parts in RATIO_OF.items() if known.issuperset(parts)]
        return dict.fromkeys([*self._measures.shown, *sums, *ratios])

    def family(self, given: str, place: str) -> str:
        """A family, or a resource for the measures of the Capacity sheet; ``*`` is all of them."""
        if given == "*":
            return given
        return self._families.find(given, place, self._owners)

    @cached_property
    def _owners(self) -> dict[str, None]:
        names = (*self._families.shown, *self._resources.shown)
        return dict.fromkeys(name for name in names if name != NOBODY)

    # --- figures

    def total(self, measure: str, family: str | None, span: Span, scenario: str) -> float:
        """One figure; names as the methods above return them."""
        if measure in RATIO_OF and measure not in self._measures.codes:
            over, under = (self._flow(part, family, span, scenario, "sum") for part in RATIO_OF[measure])
            return over / under if under else 0.0
        parts = {measure: 1.0} if measure in self._measures.codes else SUMS_OF[measure]
        return sum(
            factor * self._flow(part, family, span, scenario, self.adding(measure)) for part, factor in parts.items()
        )

    def whole_span(self) -> Span:
        return Span(self.periods[0], self.periods[-1] + 1)

    def check_span(self, span: Span, place: str) -> None:
        """InputError where no period of the plan lies in the span: a 0 would be mistaken for a figure."""
        at = bisect_left(self.periods, span.start)
        if at == len(self.periods) or self.periods[at] >= span.end:
            first, last = (
                calendar.period_label(pd.Timestamp.fromordinal(day), self.bucket)
                for day in (self.periods[0], self.periods[-1])
            )
            raise InputError(f"{place}: the plan has no such period; it goes from {first} to {last}.")

    def money_unit(self) -> str:
        """The currency of the plan: the unit of its revenue, or of any cost."""
        for measure in ("Revenue", *COSTS):
            if measure in self._measures.codes:
                code = self._measures.codes[measure]
                return self._units[int(np.flatnonzero(self._measures.of_row == code)[0])]
        return ""

    def is_money(self, measure: str) -> bool:
        measures = [measure] if measure in self._measures.codes else list(SUMS_OF.get(measure, {}))
        money = self.money_unit()
        for one in measures:
            rows = np.flatnonzero(self._measures.of_row == self._measures.codes[one])
            if not money or self._units[int(rows[0])] not in (money, f"{money} per unit"):
                return False
        return bool(measures)

    def adding(self, measure: str) -> Adding:
        """How the measure adds up over periods; a measure that the schema does not know is a flow."""
        return ADDING.get(measure, "sum")

    @cached_property
    def periods(self) -> list[int]:
        """First days of the plan's periods, ascending, as ordinals."""
        return [int(day) for day in np.unique(self._days)]

    def _flow(self, measure: str, family: str | None, span: Span, scenario: str, adding: Adding) -> float:
        start, end = span.start, span.end
        if adding in ("last", "none"):
            known = self._known_days(measure, scenario)
            first, behind = bisect_left(known, start), bisect_left(known, end)
            if first == behind:
                return 0.0
            if adding == "none" and behind - first > 1:
                raise InputError(f"measure: {measure} does not add up over periods; ask for one period at a time.")
            start, end = known[behind - 1], known[behind - 1] + 1
        rows = self._rows(measure, scenario, None if family == "*" else family)
        days = self._days[rows]
        return float(self._values[rows[(days >= start) & (days < end)]].sum())

    def _known_days(self, measure: str, scenario: str) -> list[int]:
        """Periods in which the measure has a figure of anyone, ascending."""
        key = (measure, scenario)
        if key not in self._days_of:
            self._days_of[key] = [int(day) for day in np.unique(self._days[self._rows(measure, scenario, None)])]
        return self._days_of[key]

    def _rows(self, measure: str, scenario: str, owner: str | None) -> NDArray[np.intp]:
        """Rows of a measure, of one family (or resource) or of all; kept, because they are asked for again."""
        key = (measure, scenario, owner)
        if key not in self._rows_of:
            if owner is None:
                is_measure = self._measures.of_row == self._measures.codes[measure]
                rows = np.flatnonzero(is_measure & (self._scenarios.of_row == self._scenarios.codes[scenario]))
            else:
                everyone = self._rows(measure, scenario, None)
                rows = everyone[self._families.of_row[everyone] == self._families.codes.get(owner, -1)]
                if not len(rows):
                    rows = everyone[self._resources.of_row[everyone] == self._resources.codes.get(owner, -1)]
            self._rows_of[key] = rows
        return self._rows_of[key]


def nearest_names(given: str, names: Sequence[str]) -> list[str]:
    """Up to three names that may have been meant, best first."""
    by_loose = {name.casefold(): name for name in names}
    close = [by_loose[one] for one in difflib.get_close_matches(given.casefold(), list(by_loose), n=3, cutoff=0.5)]
    best = nearest(given, names)
    found = [best, *close] if best else close
    return list(dict.fromkeys(found))[:3]


class _Names:
    """A text column: its spellings, the code of each, and the code in each row."""

    def __init__(self, cells: Sequence[Cell], column: str, place: _Place) -> None:
        codes: dict[str, int] = {}
        of_row = np.empty(len(cells), dtype=np.intp)
        for row, cell in enumerate(cells):
            if not isinstance(cell, str) or not cell or cell[0] == "#":
                if is_blank(cell) and column in ("Family", "Resource"):
                    cell = NOBODY
                else:
                    cell = as_text(cell, place(row, column))
            of_row[row] = codes.setdefault(cell, len(codes))
        self.codes = codes
        self.of_row = of_row
        self.shown = list(codes)

    def find(self, given: str, argument: str, names: Collection[str]) -> str:
        """The name as it is spelt in ``names``."""
        if given in names:
            return given
        loose = " ".join(given.split()).casefold()
        for name in names:
            if " ".join(name.split()).casefold() == loose:
                return name
        near = nearest_names(given, list(names))
        hint = f"the nearest: {listed(near)}" if near else f"there is {listed(list(names))}"
        raise InputError(f"{argument}: {quote(given)} is not in the plan; {hint}.")


class _Place:
    """Says where a value stands in the range that was given as the plan."""

    def __init__(self, cells: Block, first_row: int, columns: Mapping[str, int]) -> None:
        self._cells, self._first, self._columns = cells, first_row, columns

    def __call__(self, row: int, column: str) -> str:
        return f"{self._cells.name}, row {row + self._first + 1}, {column}"


class _Columns:
    def __init__(self, rows: Mapping[str, list[Cell]], place: _Place) -> None:
        self.rows, self.place = rows, place


def _columns(cells: Block) -> _Columns:
    """The columns by header; without headers, the columns of tblPlan in their order."""
    rows = cells.rows
    texts = [str(cell).strip().casefold() if isinstance(cell, str) else "" for cell in rows[0]]
    positions = {name: texts.index(name.casefold()) for name in HEADERS if name.casefold() in texts}
    first = 1
    if "Measure" not in positions:
        if len(rows[0]) != len(HEADERS) or "Value" in positions:
            raise InputError(f"{cells.name}: its first row must hold the headers {', '.join(HEADERS)}.")
        positions = {name: index for index, name in enumerate(HEADERS)}
        first = 0
    missing = [name for name in ("Measure", "Period", "Value") if name not in positions]
    if missing:
        raise InputError(f"{cells.name}: has no column {listed(missing)}; give the whole of tblPlan with its headers.")
    body = rows[first:]
    if not body:
        raise InputError(f"{cells.name}: has no rows below its headers; plan first (Run all steps).")
    absent: dict[str, Cell] = {"Scenario": BASE, "Family": NOBODY, "Source": NOBODY, "Resource": NOBODY, "Unit": ""}
    found = {
        name: [row[positions[name]] for row in body] if name in positions else [absent[name]] * len(body)
        for name in HEADERS
    }
    return _Columns(found, _Place(cells, first, positions))


def _period_ordinals(cells: Iterable[Cell], place: _Place) -> tuple[NDArray[np.int64], str]:
    """First days as ordinals, and the bucket: months where all are firsts of months, else weeks."""
    known: dict[Cell, int] = {}
    days = []
    for row, cell in enumerate(cells):
        day = known.get(cell)
        if day is None:
            day = known[cell] = ordinal(_first_day(cell, place(row, "Period")))
        days.append(day)
    months = all(dt.date.fromordinal(day).day == 1 for day in known.values())
    return np.array(days, dtype=np.int64), calendar.MONTH if months else calendar.WEEK


def _first_day(cell: Cell, place: str) -> pd.Timestamp:
    as_text(cell, place)  # blanks and Excel errors
    week = isinstance(cell, str) and "W" in cell.upper()
    if week:
        day = calendar.parse_period(cell, calendar.WEEK)
    elif isinstance(cell, (dt.date, dt.datetime)):
        return pd.Timestamp(cell).tz_localize(None).normalize()
    elif isinstance(cell, (int, float)):
        # not parse_period: it would turn a Monday into the first of its month
        day = pd.Timestamp(1899, 12, 30) + pd.Timedelta(days=int(cell)) if 32874 <= cell < 109575 else None
    else:
        day = calendar.parse_period(cell, calendar.MONTH)
    if day is None:
        raise InputError(f"{place}: {quote(cell)} is not a date.")
    return day


def _numbers(cells: Sequence[Cell], place: _Place) -> Floats:
    if all(type(cell) is float for cell in cells):
        found = np.array(cells, dtype=np.float64)
        if np.isfinite(found).all():
            return found
    return np.array([as_number(cell, place(row, "Value")) for row, cell in enumerate(cells)])
