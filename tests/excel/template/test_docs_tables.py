"""docs/tables.md says what the schema says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sop_addin.excel.template.docs_tables import tables_markdown
from sop_addin.model.schema import GRIDS, SETTINGS, TABLES

PAGE = Path(__file__).parents[3] / "docs" / "tables.md"


def test_page_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(tables_markdown(), encoding="utf-8", newline="\n")
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != tables_markdown():
        pytest.fail("docs/tables.md is not what the schema says; run `just update-golden`", pytrace=False)


def test_everything_of_the_schema_is_on_the_page() -> None:
    page = tables_markdown()
    for table in TABLES.values():
        section = page.split(f"### `{table.name}`")[1].split("\n### ")[0]
        for column in table.columns:
            row = next(
                line
                for line in section.split("---|\n")[1].splitlines()
                if line.startswith((f"| {column.name} |", f"| **{column.name}** |"))
            )
            for expected in (column.help, column.refers_to, *column.choices):
                assert expected in row
            assert ("**" in row.split("|")[1]) == column.key
    for grid in GRIDS:
        section = page.split(f"### `{grid.name}`")[1].split("\n### ")[0]
        assert all(f"| {measure.name} |" in section for measure in grid.measures)
    assert all(f"| {setting.name} |" in page for setting in SETTINGS)
