"""The words in which tables and grids are described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "integer", "fraction", "money", "period", "date", "choice", "flag"]
"""flag is Yes / No; fraction is stored as 0.05 and shown as 5 %; period is a first-of-month (or Monday) date."""

Role = Literal["input", "output", "formula"]
Adding = Literal["sum", "last", "ratio", "none"]
"""How a measure adds up over periods: flows sum, stocks take the last value, rates are a ratio of sums."""

NUMERIC: frozenset[str] = frozenset({"number", "integer", "fraction", "money"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an Excel table. ``default`` is what a blank cell means; ``default_text`` says it in words."""

    name: str
    kind: Kind
    help: str
    key: bool = False
    required: bool = False
    default: str | float | None = None
    default_text: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    refers_to: str = ""
    minimum: float | None = None
    maximum: float | None = None
    newer: bool = False
    """Came later: a workbook from before lacks it, and runs without."""

    @property
    def blank_means(self) -> str:
        """What a blank cell means, in words; empty where a blank has no meaning of its own."""
        if self.default_text:
            return self.default_text
        if self.default is None:
            return ""
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)


def output_column(
    name: str, kind: str, help: str, key: bool = False, unit: str = "", newer: bool = False
) -> Column:  # fmt: skip
    """A column that a run writes."""
    return Column(name, kind, help, key=key, unit=unit, newer=newer)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Table:
    """One Excel table (ListObject). ``field`` is its name in Tables ('' for output tables)."""

    name: str
    sheet: str
    help: str
    columns: tuple[Column, ...]
    field: str = ""
    role: Literal["input", "output"] = "input"
    period_columns: bool = False
    """True where one column per period follows the named columns (tblHistory)."""
    hidden: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.key)

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of a grid. ``unit`` is 'family' (the family's unit), 'resource', 'money', 'fraction', 'days', ...

    ``live``: a result of the plan whose cells are formulas that give the same figure, and follow what is typed later.
    """

    name: str
    role: Role
    unit: str
    adding: Adding
    help: str
    text: bool = False
    live: bool = False

    @property
    def is_formula(self) -> bool:
        """Whether its cells hold formulas."""
        return self.live or self.role == "formula"


@dataclass(frozen=True, slots=True)
class Grid:
    """A plan sheet: key columns, Measure, Unit, Total, then one column per period; the defined name covers all."""

    name: str
    sheet: str
    help: str
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]

    @property
    def lead_headers(self) -> tuple[str, ...]:
        return (*self.keys, "Measure", "Unit", "Total")

    def measure(self, name: str) -> Measure:
        return next(measure for measure in self.measures if measure.name == name)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of tblSettings."""

    name: str
    field: str
    kind: Kind
    default: str | float | None
    unit: str
    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the workbook, in tab order. ``group`` gives its tab colour."""

    name: str
    group: Literal["home", "plan", "input", "output", "help", "system"]
    help: str
    hidden: bool = False
    very_hidden: bool = False
    """Not even in Excel's list of hidden sheets: nothing that a planner has any use for."""
