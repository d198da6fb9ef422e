"""What a rule is: one function, one message; its name is the function's name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .calendar import period_label
from .finding_rows import NOWHERE, ROWS_NAMED, row_findings, table_finding
from .findings import Finding, Severity
from .schema import TABLES
from .tables import Place, Tables

Row = dict[Hashable, Any]
Message = Callable[[Row], str]

# Tables whose mistakes do not make the plan wrong: comparisons and who-does-what
NOT_PLANNED_WITH = frozenset({"tblBudget", "tblStock", "tblApproved", "tblCycle", "tblDecisions"})


@dataclass(frozen=True)
class Failure:
    """Rows of one table that break a rule. ``message`` is asked for the first rows only.

    ``severity`` None is that of the rule.
    """

    table: str
    column: str
    rows: pd.DataFrame
    message: Message
    severity: Severity | None = None


@dataclass(frozen=True)
class TableFailure:
    """A table as a whole breaks a rule."""

    table: str
    column: str
    message: str
    severity: Severity | None = None


Check = Callable[[Tables], Iterable[Failure | TableFailure]]


@dataclass(frozen=True)
class Rule:
    """A named rule. Calling it gives its findings."""

    name: str
    severity: Severity
    help: str
    check: Check

    def __call__(self, tables: Tables) -> list[Finding]:
        findings: list[Finding] = []
        for failure in self.check(tables):
            place = tables.places.get(failure.table, NOWHERE)
            severity = failure.severity or self.severity
            if isinstance(failure, TableFailure):
                findings.append(
                    table_finding(severity, self.name, failure.table, place, failure.column, failure.message)
                )
            elif len(failure.rows):
                findings += _findings_of(self.name, severity, failure, place)
        return findings


def rule(severity: Severity) -> Callable[[Check], Rule]:
    """Makes a rule of a function that yields failures; its docstring says what must hold."""

    def make(check: Check) -> Rule:
        return Rule(check.__name__, severity, (check.__doc__ or "").strip(), check)

    return make


def _findings_of(name: str, severity: Severity, failure: Failure, place: Place) -> list[Finding]:
    shown: list[Row] = failure.rows.head(ROWS_NAMED + 1).to_dict("records")
    spots = [(int(row), failure.column) for row in failure.rows.index]
    return row_findings(severity, name, failure.table, place, spots, lambda position: failure.message(shown[position]))


def frame_of(tables: Tables, table: str) -> pd.DataFrame:
    """The typed frame of an input table by its Excel name."""
    frame: pd.DataFrame = getattr(tables, TABLES[table].field)
    return frame


def rows_where(frame: pd.DataFrame, wrong: np.ndarray[Any, np.dtype[np.bool_]]) -> pd.DataFrame:
    """The rows for which ``wrong`` holds. Mostly there are none, and taking none is cheap."""
    return frame[wrong] if wrong.any() else frame.iloc[:0]


def broken_parts(tables: Tables) -> tuple[set[str], set[tuple[str, str]]]:
    """Tables that are missing, and columns that are missing: what follows from that is not worth a finding."""
    missing_tables: set[str] = set()
    missing_columns: set[tuple[str, str]] = set()
    for problem in tables.problems:
        table = problem.table.removesuffix(".csv")
        if problem.rule == "table_missing":
            missing_tables.add(table)
        elif problem.rule == "column_missing":
            missing_columns.add((table, problem.column))
    return missing_tables, missing_columns


def number(value: float) -> str:
    """A number as a planner reads it: 1200, 0.95, 12,000."""
    return f"{value:,.10g}"


def period_of(tables: Tables, period: pd.Timestamp) -> str:
    return period_label(period, tables.settings.bucket)
