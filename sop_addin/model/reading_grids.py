"""The parts of the plan grids that are kept between runs -> frames of Tables: overrides, fixed production, ...

A grid comes wide, as it stands on its sheet (keys, Measure, Unit, Total, one column per period), or long, as export
writes it (keys, Measure, Period, Value). The planner's own rows and columns are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from .calendar import period_label
from .finding_rows import row_findings, table_finding
from .findings import Finding, Severity
from .reading_columns import Issue, as_text, cells, describe, is_blank, numbers, periods, texts
from .reading_tables import filled_rows, find_columns, period_columns, period_header_findings
from .schema import GRID_BY_NAME, Column, Grid, Table
from .suggest import did_you_mean, label
from .tables import PRODUCTION_PLAN_COLUMNS, SALES_PLAN_COLUMNS, Place, RawTable

DEMAND = Table(
    "tblDemand", "", "Demand by family and period, for the Override rows of the Sales Plan.",
    (
        Column("Family", "text", "The family.", key=True, required=True, refers_to="tblFamilies"),
        Column("Period", "period", "The period.", key=True, required=True),
        Column("Value", "number", "The demand, family units.", required=True),
    ),
)  # fmt: skip

INPUTS = frozenset({"Override", "Override reason", "Fixed production"})

Key = tuple[str, pd.Timestamp]
Values = dict[str, dict[Key, Any]]


@dataclass(frozen=True, slots=True)
class _Cells:
    """Non-blank cells of one measure: (family, period), value, and where each stands."""

    keys: list[Key] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    spots: list[tuple[int, str]] = field(default_factory=list)

    def add(self, key: Key, value: object, spot: tuple[int, str]) -> None:
        self.keys.append(key)
        self.values.append(value)
        self.spots.append(spot)


def read_sales_plan(
    grid: RawTable | None, demand: RawTable | None, families: Sequence[str] | None, bucket: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Family, Period, Statistical forecast, Events, New and phase-out, Override, Override reason.

    ``demand`` (Family, Period, Value) goes to Override and wins over the grid. ``families`` None: not checked.
    """
    measures = SALES_PLAN_COLUMNS[2:]
    values: Values = {name: {} for name in measures}
    findings: list[Finding] = []
    if grid is not None:
        values, findings = read_grid(GRID_BY_NAME["SalesPlan"], grid, measures, families, bucket)
    if demand is not None:
        overrides, found = _read_demand(demand, families, bucket)
        values["Override"] |= overrides["Override"]
        findings += found
    return _frame(values), findings


def read_production_plan(
    grid: RawTable | None, families: Sequence[str] | None, bucket: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Family, Period, Fixed production, Approved plan."""
    measures = PRODUCTION_PLAN_COLUMNS[2:]
    if grid is None:
        return _frame({name: {} for name in measures}), []
    values, findings = read_grid(GRID_BY_NAME["ProductionPlan"], grid, measures, families, bucket)
    return _frame(values), findings


def read_grid(
    grid: Grid, raw: RawTable, measures: Sequence[str], families: Sequence[str] | None, bucket: str
) -> tuple[Values, list[Finding]]:
    """Values of ``measures`` by (family, period); of two for the same key the first. Blanks are left out."""
    parts, findings = _split(grid, raw, measures, bucket)
    values: Values = {}
    for name in measures:
        here = parts[name]
        text = grid.measure(name).text
        typed: list[Any]
        if text:
            typed, issues = texts(here.values, strip=False)
            typed = [value or None for value in typed]
        else:
            array, issues = numbers(here.values)
            if name in INPUTS:
                below = np.flatnonzero(array < 0).tolist()
                issues += [Issue(at, "negative_plan_figure", here.values[at]) for at in below]
            typed = [None if value != value else value for value in array.tolist()]
        severity: Severity = "Error" if name in INPUTS and not text else "Warning"
        findings += _cell_findings(grid, raw.place, name, here, issues, severity)
        if name in INPUTS:
            findings += _unknown_families(grid, raw.place, name, here, typed, families)
            findings += _said_twice(grid, raw.place, name, here, typed, bucket)
        values[name] = {}
        for key, value in zip(here.keys, typed, strict=True):
            if value is not None:
                values[name].setdefault(key, value)
    return values, findings


def _frame(values: Values) -> pd.DataFrame:
    """One row per family and period with any value; families in order of appearance, periods in time order."""
    keys = {key for part in values.values() for key in part}
    order = {family: n for n, family in enumerate(dict.fromkeys(f for part in values.values() for f, _ in part))}
    ordered = sorted(keys, key=lambda key: (order[key[0]], key[1]))
    columns: dict[str, pd.Series] = {
        "Family": pd.Series([family for family, _ in ordered], dtype=object),
        "Period": pd.Series(pd.to_datetime([period for _, period in ordered]), dtype="datetime64[ns]"),
    }
    for name, part in values.items():
        if name == "Override reason":
            columns[name] = pd.Series([part.get(key, "") for key in ordered], dtype=object)
        else:
            columns[name] = pd.Series([part.get(key, np.nan) for key in ordered], dtype="float64")
    return pd.DataFrame(columns)


def _split(grid: Grid, raw: RawTable, measures: Sequence[str], bucket: str) -> tuple[dict[str, _Cells], list[Finding]]:
    """The non-blank cells of each measure."""
    lead = [*grid.keys, "Measure"]
    long = {"period", "value"} <= {as_text(header).strip().casefold() for header in raw.frame.columns}
    if long:
        lead += ["Period", "Value"]
    shape = Table(grid.name, grid.sheet, "", tuple(
        Column(name, "text", "", key=True, required=name in ("Family", "Measure", "Period", "Value")) for name in lead
    ))  # fmt: skip
    found, place, findings = find_columns(shape, raw, strict=False)
    parts = {name: _Cells() for name in measures}
    if not {"Family", "Measure"} <= set(found):
        return parts, findings
    known = {name.casefold(): name for name in measures}
    family_of = [as_text(value).strip() for value in cells(raw.frame.iloc[:, found["Family"]])]
    measure_of = [
        known.get(as_text(value).strip().casefold(), "") for value in cells(raw.frame.iloc[:, found["Measure"]])
    ]
    rows = [int(row) for row in raw.frame.index]
    if long:
        wanted = [number for number, name in enumerate(measure_of) if name]
        stamps, issues = periods(cells(raw.frame.iloc[wanted, found["Period"]]) if "Period" in found else [], bucket)
        values = cells(raw.frame.iloc[wanted, found["Value"]]) if "Value" in found else []
        findings += row_findings(
            "Error", "not_a_period", grid.name, place,
            [(rows[wanted[issue.position]], "Period") for issue in issues], lambda at: describe(issues[at]),
        )  # fmt: skip
        for number, stamp, value in zip(wanted, stamps, values, strict=False):
            if stamp is not None and not is_blank(value) and family_of[number]:
                parts[measure_of[number]].add((family_of[number], stamp), value, (rows[number], "Value"))
        return parts, findings
    wide = period_columns(raw.frame, bucket, set(found.values()))
    findings += period_header_findings(grid.name, raw, place, wide, bucket, gaps=False)
    block = raw.frame.astype(object).to_numpy()
    for number, name in enumerate(measure_of):
        if not name or not family_of[number]:
            continue
        for stamp, position, header in zip(wide.periods, wide.positions, wide.headers, strict=True):
            value = block[number, position]
            if not is_blank(value):
                parts[name].add((family_of[number], stamp), value, (rows[number], header))
    return parts, findings


def _cell_findings(
    grid: Grid, place: Place, measure: str, here: _Cells, issues: Sequence[Issue], severity: Severity
) -> list[Finding]:
    findings: list[Finding] = []
    for rule in dict.fromkeys(issue.rule for issue in issues):
        chosen = [issue for issue in issues if issue.rule == rule]
        findings += row_findings(
            severity, rule, grid.name, place, [here.spots[issue.position] for issue in chosen],
            lambda at, chosen=chosen: f"{measure} of {here.keys[chosen[at].position][0]}: {describe(chosen[at])}",  # type: ignore[misc]
        )  # fmt: skip
    return findings


def _unknown_families(
    grid: Grid, place: Place, measure: str, here: _Cells, typed: Sequence[Any], families: Sequence[str] | None
) -> list[Finding]:
    """One finding per family that has figures but does not exist: the next run would drop them."""
    if families is None:
        return []
    known = set(families)
    lost: dict[str, int] = {}
    for (family, _), value, (row, _) in zip(here.keys, typed, here.spots, strict=True):
        if value is not None and family not in known:
            lost.setdefault(family, row)
    names = list(lost)
    return row_findings(
        "Error", "family_exists", grid.name, place, [(row, "Family") for row in lost.values()],
        lambda at: f"'{names[at]}' has {measure} figures but is not in {label('tblFamilies')}"
        f"{did_you_mean(names[at], families)}; add it there or correct the name",
    )  # fmt: skip


def _said_twice(
    grid: Grid, place: Place, measure: str, here: _Cells, typed: Sequence[Any], bucket: str
) -> list[Finding]:
    first: dict[Key, int] = {}
    twice: list[int] = []
    for number, (key, value) in enumerate(zip(here.keys, typed, strict=True)):
        if value is not None and first.setdefault(key, number) != number:
            twice.append(number)

    def message(at: int) -> str:
        family, period = key = here.keys[twice[at]]
        row = here.spots[first[key]][0]
        return f"{measure} of {family} in {period_label(period, bucket)} is already in row {row}; keep one of the two"

    return row_findings("Error", "key_unique", grid.name, place, [here.spots[number] for number in twice], message)


def _read_demand(raw: RawTable, families: Sequence[str] | None, bucket: str) -> tuple[Values, list[Finding]]:
    """tblDemand, read as the Override rows of a long grid."""
    found, place, findings = find_columns(DEMAND, raw, strict=False)
    if len(found) < len(DEMAND.columns):
        return {"Override": {}}, findings
    frame = pd.DataFrame({name: raw.frame.iloc[:, position] for name, position in found.items()}).astype(object)
    frame = frame[filled_rows(frame, range(len(frame.columns)))]
    for name in DEMAND.headers:
        empty = [int(row) for row, value in zip(frame.index, frame[name], strict=True) if is_blank(value)]
        findings += row_findings(
            "Error", "value_missing", DEMAND.name, place, [(row, name) for row in empty],
            lambda at, name=name: f"{name} is blank; fill it in or delete the row",  # type: ignore[misc]
        )  # fmt: skip
    frame.insert(1, "Measure", "Override")
    as_grid = replace(GRID_BY_NAME["SalesPlan"], name=DEMAND.name)
    values, more = read_grid(as_grid, RawTable(frame, place), ["Override"], families, bucket)
    return values, findings + more


def grid_missing(name: str) -> Finding:
    """A workbook without one of the plan grids: what the planner typed there cannot be kept."""
    message = (
        f"the name {name} does not point to the plan on sheet {GRID_BY_NAME[name].sheet}; "
        f"define it again over headers and rows (Formulas > Name Manager)"
    )
    return table_finding("Error", "table_missing", name, Place(""), "", message)
