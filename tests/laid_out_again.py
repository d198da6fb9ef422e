"""What makes a run lay a small company's plan sheets out again."""

from __future__ import annotations

from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.undo import undoable
from sop_addin.excel.write_plan import parts_written, write_plan
from sop_addin.planning.cycle import run_cycle


def set_rows(book, name: str, rows: dict[str, list[object]]) -> None:
    """Type a table anew, column by column."""
    table = next(table for sheet in book.sheets for table in sheet.tables if table.name == name)
    area, count = table.range, len(next(iter(rows.values())))
    bottom = area.row + max(count, area.shape[0] - 1)
    headers = table.header_row_range.options(ndim=1).value
    for header, values in rows.items():
        cells = [[value] for value in [*values, *[None] * (bottom - area.row - count)]]
        area.sheet.range((area.row + 1, area.column + headers.index(header))).value = cells
    table.resize(area.sheet.range((area.row, area.column), (area.row + count, area.column + area.shape[1] - 1)))


def new_family(book) -> None:
    """A family in front of the others, and no more of the last but one month."""
    set_rows(book, "tblFamilies", {"Family": ["Armatures", "Pumps", "Valves"], "Unit": ["box", "pcs", "pcs"],
                                   "Price": [9, 100, 50], "Target cover": [None, 1, None]})  # fmt: skip
    set_rows(book, "tblSources", {
        "Family": ["Pumps", "Pumps", "Valves", "Armatures"], "Source": ["Plant", "Supplier", "Plant", "Supplier"],
        "Kind": ["Make", "Buy", "Make", "Buy"], "Unit cost": [40, 60, 20, 3],
    })  # fmt: skip


def run(book) -> None:
    plan = run_cycle(read_tables(book))
    assert plan.steps, [str(one) for one in plan.findings.errors]
    with undoable(book, "Run", parts_written(plan), "Month"):
        write_plan(book, plan)
