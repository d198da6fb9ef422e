"""Findings: what a check or a run has to say, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from .suggest import shortened

Severity = Literal["Error", "Warning", "Info"]
SEVERITIES: tuple[Severity, ...] = ("Error", "Warning", "Info")


LONGEST_MESSAGE = 1_000
"""Characters; a cell holds 32,767, and nobody reads a thousand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``row`` is the row on the sheet (or line of the CSV file), ``cell`` a link such as ``Items!B7``."""

    severity: Severity
    table: str
    row: int | None
    column: str
    rule: str
    message: str
    cell: str = ""

    def __post_init__(self) -> None:
        if len(self.message) > LONGEST_MESSAGE:
            object.__setattr__(self, "message", shortened(self.message))

    def __str__(self) -> str:
        """Location first: ``BillOfResources row 14, Resource: 'PRESS9' is not in Resources; ... [Resources!S14]``."""
        where = self.table if self.table.endswith(".csv") else self.table.removeprefix("tbl")
        if self.row is not None:
            where += f" row {self.row}"
        if self.column:
            where += f", {self.column}"
        link = f" [{self.cell}]" if self.cell else ""
        return f"{where}: {self.message}{link}" if where else f"{self.message}{link}"


@dataclass(frozen=True, slots=True)
class Findings:
    """An ordered collection of findings."""

    rows: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Findings:
        return cls(tuple(findings))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.rows + other.rows)

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.rows if finding.severity == "Error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.rows if finding.severity == "Warning")

    def worst_first(self) -> Findings:
        """The same findings, errors first; the order within a severity is kept."""
        return Findings(tuple(sorted(self.rows, key=lambda finding: SEVERITIES.index(finding.severity))))

    def to_frame(self) -> pd.DataFrame:
        """Columns of tblFindings, worst first."""
        rows = [(f.severity, f.table, f.row, f.column, f.rule, f.message, f.cell) for f in self.worst_first()]
        return pd.DataFrame(
            rows, columns=["Severity", "Table", "Row", "Column", "Rule", "Message", "Cell link"], dtype=object
        )
