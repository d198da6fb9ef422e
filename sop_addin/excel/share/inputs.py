"""Which cells of a copy its receiver may type into: the input cells of the choice, key columns left aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from openpyxl.utils.cell import column_index_from_string

from ...model.calendar import parse_period
from ...model.schema import GRID_BY_NAME, TABLES, Grid, Table
from ...model.tables import RawTable
from .choice import Choice, as_name, families_of
from .row_parts import Editable
from .selection import is_cost

SPARE_ROWS = 20
"""So many rows below a table can be typed into: a table on a protected sheet does not grow by itself."""
_SIGNATURES = {"tblCycle": ("Signed by", "Signed at", "Digest")}
_FIXED_ROWS = frozenset({"tblSettings", "tblCycle", "tblHistory"})
_OWNING = ("Family", "Item", "Owner")

RowTest = Callable[[Mapping[str, object]], bool]


class Inputs:
    """The input cells of a copy, told by what is in its tables."""

    def __init__(self, choice: Choice, tables: Mapping[str, RawTable]) -> None:
        self.choice = choice
        self.families: frozenset[str] = frozenset()
        self.items: frozenset[str] = frozenset()
        if choice.owner is not None:
            self.families = families_of(tables, choice.owner)
            if "tblItems" in tables and "Family" in tables["tblItems"].frame.columns:
                frame = tables["tblItems"].frame
                pairs = zip(frame["Item"], frame["Family"], strict=True)
                self.items = frozenset(as_name(item) for item, family in pairs if as_name(family) in self.families)

    def column(self, table: Table, header: str) -> bool:
        """Whether any cell of a column is an input."""
        if table.role != "input" or header in _SIGNATURES.get(table.name, ()):
            return False
        if table.name == "tblSettings":
            return header == "Value" and self.choice.owner is None
        if header not in table.headers:
            return table.period_columns and parse_period(header) is not None
        return not table.column(header).key and not (self.choice.without_cost and is_cost(table.name, header))

    def row(self, row: Mapping[str, object]) -> bool:
        """Whether a row (of an input table, or the keys of a grid) is the receiver's."""
        if self.choice.owner is None:
            return True
        if as_name(row.get("Owner")).casefold() == self.choice.owner.casefold():
            return True
        return as_name(row.get("Family")) in self.families or as_name(row.get("Item")) in self.items

    def grows(self, table: Table) -> bool:
        """Whether rows may be added to a table."""
        if table.role != "input" or table.name in _FIXED_ROWS:
            return False
        return self.choice.owner is None or any(name in table.headers for name in _OWNING)

    def measure(self, grid: Grid, measure: str) -> bool:
        return any(one.name == measure and one.role == "input" for one in grid.measures)


def editable_cells(
    inputs: Inputs, tables: Mapping[str, RawTable], grids: Mapping[str, RawTable]
) -> dict[str, Editable]:  # fmt: skip
    """By sheet, the cells that stay open."""
    rows: dict[str, dict[int, list[tuple[int, int]]]] = {}
    spare: dict[str, dict[int, list[tuple[int, int]]]] = {}
    for name, raw in tables.items():
        table = TABLES.get(name)
        if table is None or table.role != "input":
            continue
        places = _places(raw)
        runs = _runs([places[header] for header in places if inputs.column(table, header)])
        records = raw.frame.loc[:, ~raw.frame.columns.duplicated()]
        wanted = [header for header in _OWNING if header in records.columns]
        cells = zip(*(records[header] for header in wanted), strict=True) if wanted else [()] * len(records)
        keys = [dict(zip(wanted, row, strict=True)) for row in cells]
        here = rows.setdefault(raw.place.sheet, {})
        for number, key in zip(records.index, keys, strict=True):
            if runs and inputs.row(key):
                here.setdefault(int(number), []).extend(runs)
        if inputs.grows(table) and len(records):
            whole = _runs([places[header] for header in places if header in table.headers
                           and (table.column(header).key or inputs.column(table, header))])  # fmt: skip
            last = int(records.index[-1])
            for number in range(last + 1, last + 1 + SPARE_ROWS):
                spare.setdefault(raw.place.sheet, {}).setdefault(number, []).extend(whole)
    for name, raw in grids.items():
        grid, places = GRID_BY_NAME[name], _places(raw)
        runs = _runs([at for header, at in places.items() if header not in grid.lead_headers and parse_period(header)])
        for number, measure, owner in zip(raw.frame.index, raw.frame["Measure"], raw.frame[grid.keys[0]], strict=True):
            if inputs.measure(grid, as_name(measure)) and inputs.row({grid.keys[0]: owner}):
                rows.setdefault(raw.place.sheet, {}).setdefault(int(number), []).extend(runs)
    return {sheet: Editable(rows.get(sheet, {}), spare.get(sheet, {})) for sheet in {**rows, **spare}}


def _places(raw: RawTable) -> dict[str, int]:
    return {header: column_index_from_string(letters) for header, letters in raw.place.columns.items()}


def _runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring columns as (first, last)."""
    runs: list[tuple[int, int]] = []
    for column in sorted(columns):
        if runs and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs
