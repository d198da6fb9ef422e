"""docs/tables.md from the schema: every table, column, setting, grid and measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...model.schema import GRIDS, INPUT_TABLES, OUTPUT_TABLES, SETTINGS, SHEETS, Column, Grid, Setting, Table
from .table_rules import limits_text

_KINDS = {
    "text": "text", "number": "number", "integer": "whole number", "fraction": "percentage", "money": "money",
    "period": "period", "date": "date", "choice": "choice", "flag": "Yes / No",
}  # fmt: skip
_ADDING = {"sum": "sum", "last": "last value", "ratio": "ratio of sums", "none": ""}
_ROLES = {"input": "**input**", "output": "written by the run", "formula": "formula"}
_UNITS = {"family": "family's unit", "resource": "resource's unit", "money": "base currency", "fraction": "%",
          "text": "text"}  # fmt: skip

_INTRODUCTION = """\
# Tables and grids

Generated from the schema (`sop_addin/model/schema.py`); do not edit. `just template` writes it anew.

The names on this page are public: formulas, scripts and other workbooks may rely on them.

- A table is an Excel table with the name and headers below. **Bold** columns are the key.
- A blank optional cell means the default. Periods are dates (first day of the month, Monday of the week); as a header
  text they are `2027-03` or `2027-W09`.
- Percentages are stored as fractions: 0.05 is shown as 5 %.
- You may add columns, sheets, formats and charts of your own anywhere. A run never removes what it does not own.
"""


def tables_markdown() -> str:
    """The whole page."""
    parts = [_INTRODUCTION, _contents(), "## Input tables\n", *(_table(table) for table in INPUT_TABLES)]
    parts += [_settings(), "## Plan grids\n", _GRIDS_TEXT, *(_grid(grid) for grid in GRIDS)]
    parts += ["## Output tables\n", "Written by the run; what you type there is overwritten.\n"]
    parts += [_table(table) for table in OUTPUT_TABLES]
    return "\n".join(parts).rstrip() + "\n"


_GRIDS_TEXT = """\
Each grid is a sheet with a defined name that covers its header row and all rows. The key columns come first, then
`Measure`, `Unit` and `Total`, then one column per period. Input rows are kept between runs, with family and period.
"""


def _contents() -> str:
    rows = []
    for sheet in SHEETS:
        names = [grid.name for grid in GRIDS if grid.sheet == sheet.name]
        names += [table.name for table in (*INPUT_TABLES, *OUTPUT_TABLES) if table.sheet == sheet.name]
        rows.append(
            (sheet.name + (" (hidden)" if sheet.hidden else ""), sheet.help, ", ".join(f"`{n}`" for n in names))
        )
    return "## Sheets\n\n" + _markdown_table(("Sheet", "What it is for", "Tables and grids"), rows)


def _table(table: Table) -> str:
    is_input = table.role == "input"
    headers = ["Column", "Type", "Unit", "Meaning"]
    if is_input:
        headers[3:3] = ["Blank means", "Allowed"]
    rows = []
    for column in table.columns:
        name = f"**{column.name}**" if column.key else column.name
        cells = [name, _KINDS[column.kind], _UNITS.get(column.unit, column.unit)]
        if is_input:
            cells += [_blank(column), _allowed(column)]
        rows.append([*cells, column.help])
    if table.period_columns:
        blank = ["not sold yet or unknown", ""] if is_input else []
        rows.append(["`yyyy-mm` ...", "number", "item's unit", *blank, "One column per past period."])
    where = f"Sheet *{table.sheet}*. " + ("Hidden. " if table.hidden else "")
    return f"### `{table.name}`\n\n{where}{table.help}\n\n{_markdown_table(headers, rows)}"


def _blank(column: Column) -> str:
    return "(required)" if column.required else column.blank_means


def _allowed(column: Column) -> str:
    parts = [" / ".join(column.choices), f"a key of `{column.refers_to}`" if column.refers_to else "",
             limits_text(column).rstrip(".")]  # fmt: skip
    return "; ".join(part for part in parts if part)


def _settings() -> str:
    rows = [
        (setting.name, _KINDS[setting.kind], setting.unit, _default(setting), _setting_allowed(setting), setting.help)
        for setting in SETTINGS
    ]
    headers = ("Setting", "Type", "Unit", "Default", "Allowed", "Meaning")
    return f"### Settings\n\nThe rows of `tblSettings`.\n\n{_markdown_table(headers, rows)}"


def _default(setting: Setting) -> str:
    if setting.default is None or setting.default == "":
        return ""
    if isinstance(setting.default, float):
        return f"{setting.default:.0%}" if setting.kind == "fraction" else f"{setting.default:g}"
    return setting.default


def _setting_allowed(setting: Setting) -> str:
    limits = Column(setting.name, setting.kind, "", minimum=setting.minimum, maximum=setting.maximum)
    return " / ".join(setting.choices) or limits_text(limits).rstrip(".")


def _grid(grid: Grid) -> str:
    rows = [
        (measure.name, _ROLES[measure.role], _UNITS.get(measure.unit, measure.unit), _ADDING[measure.adding],
         measure.help)
        for measure in grid.measures
    ]  # fmt: skip
    keys = " and ".join(f"`{key}`" for key in grid.keys)
    table = _markdown_table(("Measure", "Row is", "Unit", "Total", "Meaning"), rows)
    return f"### `{grid.name}`\n\nSheet *{grid.sheet}*, by {keys}. {grid.help}\n\n{table}"


def _markdown_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headers)} |", f"|{'|'.join('---' for _ in headers)}|"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(line.replace("  |", " |") for line in lines) + "\n"
