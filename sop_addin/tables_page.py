"""docs/tables.md: every table, grid and setting of the workbook, from the schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .model.schema import GRIDS, INPUT_TABLES, OUTPUT_TABLES, SETTINGS, SHEETS, Column, Grid, Setting, Table

_HEAD = """# Tables, grids and settings

Made from `sop_addin/model/schema.py` by `sop-addin build-template`; do not edit. An asterisk marks key columns. A blank
cell means what the last column says.
"""


def tables_page() -> str:
    """The page as Markdown."""
    parts = [_HEAD, "## Sheets\n", _rows(("Sheet", "What it is"), ((sheet.name, sheet.help) for sheet in SHEETS))]
    parts += ["## Settings\n", _rows(("Setting", "What it does", "Unit", "Default"), map(_setting, SETTINGS))]
    parts += ["## Input tables\n", *map(_table, INPUT_TABLES)]
    parts += ["## Plan grids\n", *map(_grid, GRIDS)]
    parts += ["## Output tables\n", *map(_table, OUTPUT_TABLES)]
    return "\n".join(parts)


def _setting(setting: Setting) -> tuple[str, ...]:
    default = f"{setting.default:g}" if isinstance(setting.default, float) else setting.default or ""
    return setting.name, _with_choices(setting.help, setting.choices), setting.unit, default


def _table(table: Table) -> str:
    text = f"### {table.name} (sheet {table.sheet})\n\n{table.help}\n"
    if table.role == "output":
        return text + "\n" + _rows(("Column", "What it is"), ((_name(column), column.help) for column in table.columns))
    rows = [(_name(column), column.kind, _column_help(column), _blank(column)) for column in table.columns]
    if table.period_columns:
        rows.append(("yyyy-mm ...", "number", "One column for each past period, in order, none left out.", "unknown"))
    return text + "\n" + _rows(("Column", "Kind", "What it is", "Blank means"), rows)


def _grid(grid: Grid) -> str:
    keys = ", ".join(grid.keys)
    rows = ((measure.name, measure.role, measure.help) for measure in grid.measures)
    text = f"### {grid.name} (sheet {grid.sheet})\n\n{grid.help} Keys: {keys}. One row for each measure:\n"
    return text + "\n" + _rows(("Measure", "Kind", "What it is"), rows)


def _name(column: Column) -> str:
    return f"{column.name}\\*" if column.key else column.name


def _column_help(column: Column) -> str:
    text = _with_choices(column.help, column.choices)
    return f"{text} In {column.refers_to}." if column.refers_to else text


def _with_choices(text: str, choices: Sequence[str]) -> str:
    return f"{text} One of: {', '.join(choices)}." if choices else text


def _blank(column: Column) -> str:
    return "must be given" if column.required else column.blank_means


def _rows(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
