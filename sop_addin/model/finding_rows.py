"""Findings on many rows: the first are named one by one, the rest in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .findings import Finding, Severity
from .tables import Place

ROWS_NAMED = 20

NOWHERE = Place("")


def shown_name(table: str, place: Place) -> str:
    """Name of a table in findings: the file name where it came from a CSV, so that 'row 7' is a line of that file."""
    return place.sheet if place.sheet.lower().endswith(".csv") else table


def row_findings(
    severity: Severity,
    rule: str,
    table: str,
    place: Place,
    spots: Sequence[tuple[int, str]],
    message: Callable[[int], str],
) -> list[Finding]:
    """One finding for each (row, column) of ``spots``; beyond ``ROWS_NAMED`` the rest share one.

    ``message(position)`` is asked only for the spots that are named.
    """
    name = shown_name(table, place)
    named = len(spots) if len(spots) <= ROWS_NAMED + 1 else ROWS_NAMED
    findings = [
        Finding(severity, name, row, column, rule, message(position), place.cell(column, row))
        for position, (row, column) in enumerate(spots[:named])
    ]
    if named < len(spots):
        row, column = spots[named]
        rest = f"… and {len(spots) - named:,} more rows like row {spots[named - 1][0]} (rule {rule})"
        findings.append(Finding(severity, name, row, column, rule, rest, place.cell(column, row)))
    return findings


def table_finding(severity: Severity, rule: str, table: str, place: Place, column: str, message: str) -> Finding:
    """A finding on a whole table or on one of its columns: its cell is the header."""
    return Finding(severity, shown_name(table, place), None, column, rule, message, place.cell(column, None))
