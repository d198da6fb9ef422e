"""What rolling forward changes in the tables: planned in planning.roll, written by excel.write_roll."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from .findings import Findings

Cells = dict[tuple[object, ...], object]
"""(key cells ..., column) -> value."""
HISTORY_COLUMNS = ("Item", "Region", "Period", "Quantity")


@dataclass(frozen=True)
class Rolled:
    """What rolling forward changes. ``cells``: of each input table, by its keys and column. ``history``: Item, Region,
    Period, Quantity to be added, item units. ``period``: the one that is over; ``plan_start``: the new one.
    ``in_version``: (grid, measure, family) of what was typed for that period and stands in the published version.
    ``findings``: what was not read from actuals; where there are errors among them nothing is to be changed."""

    period: pd.Timestamp
    plan_start: pd.Timestamp
    label: str
    cells: dict[str, Cells] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(HISTORY_COLUMNS)))
    in_version: frozenset[tuple[str, str, str]] = frozenset()
    findings: Findings = field(default_factory=Findings)
