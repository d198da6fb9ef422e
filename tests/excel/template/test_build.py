"""The built workbook: the same bytes each time, sound, and all that the schema names in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openxml_audit import OpenXmlValidator

from sop_addin.excel.layout import GRID_LEFT, GRID_ROW, table_anchors
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.template.styles import TAB_COLOURS
from sop_addin.excel.template.table_rules import LISTS, list_name
from sop_addin.excel.template.vba_project import XLWINGS_CONF
from sop_addin.model.schema import GRIDS, SETTINGS, SHEETS, TABLES, Column, Grid, Sheet, Table

from .parts import MAIN, Parts, inside, place

TABLE_LIST = list(TABLES.values())
INPUT_COLUMNS = [
    pytest.param(table, column, id=f"{table.name}[{column.name}]")
    for table in TABLE_LIST
    if table.role == "input"
    for column in table.columns
]


def test_building_twice_gives_the_same_bytes(company, built: bytes) -> None:
    assert workbook_bytes(company.raw, company.tables) == built


def test_openxml_audit_finds_nothing(file: Path) -> None:
    result = OpenXmlValidator(max_errors=50).validate(file)
    assert [str(error) for error in result.errors] == []
    assert result.is_valid


def test_sheets_stand_in_schema_order_with_their_code_names(parts: Parts) -> None:
    assert list(parts.sheet_parts) == [sheet.name for sheet in SHEETS]
    code_names = [parts.sheet(sheet.name).find(f"{MAIN}sheetPr").get("codeName") for sheet in SHEETS]
    assert code_names == [f"Sheet{number}" for number in range(1, len(SHEETS) + 1)]
    states = {item.get("name"): item.get("state") for item in parts.workbook.iter(f"{MAIN}sheet")}
    wanted = {sheet.name: "veryHidden" if sheet.very_hidden else "hidden" for sheet in SHEETS if sheet.hidden}
    assert {name: state for name, state in states.items() if state} == wanted


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_tab_has_the_colour_of_its_group_and_prints_on_one_page_width(parts: Parts, sheet: Sheet) -> None:
    tree = parts.sheet(sheet.name)
    assert tree.find(f"{MAIN}sheetPr/{MAIN}tabColor").get("rgb") == "FF" + TAB_COLOURS[sheet.group][1:]
    assert tree.find(f"{MAIN}sheetPr/{MAIN}pageSetUpPr").get("fitToPage") == "1"
    zoom = tree.find(f"{MAIN}sheetViews/{MAIN}sheetView").get("zoomScale", "100")
    assert zoom == "100"


@pytest.mark.parametrize("table", TABLE_LIST, ids=lambda table: table.name)
def test_table_stands_at_its_anchor_with_exact_headers(parts: Parts, table: Table) -> None:
    made = parts.tables[table.name]
    sheet, row, column = table_anchors(3)[table.name]
    assert (made.sheet, *made.corners[:2]) == (sheet, row, column)
    periods = ["2026-11", "2026-12"] if table.period_columns else []
    assert made.columns == [*table.headers, *periods]
    cells = parts.values(sheet)
    headers = [cells[address] for address in cells if inside(place(address), made.ref) and place(address)[0] == row]
    assert headers == made.columns


@pytest.mark.parametrize("table", TABLE_LIST, ids=lambda table: table.name)
def test_table_without_data_has_one_row(blank: Parts, table: Table) -> None:
    rows = {"tblSettings": len(SETTINGS), "tblCycle": 5}
    top, _, bottom, _ = blank.tables[table.name].corners
    if table.name != "tblResult":
        assert bottom - top == rows.get(table.name, 1)


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.name)
def test_grid_name_covers_header_and_rows(parts: Parts, grid: Grid) -> None:
    match = re.fullmatch(r"'(.+)'!(\$[A-Z]+\$\d+):(\$[A-Z]+\$\d+)", parts.names[grid.name])
    assert match
    left = GRID_LEFT[grid.name]
    assert (match[1], *place(match[2])) == (grid.sheet, GRID_ROW[grid.name], left)
    bottom, right = place(match[3])
    cells = {place(address): value for address, value in parts.values(grid.sheet).items()}
    header = [cells.get((GRID_ROW[grid.name], column)) for column in range(left, right + 1)]
    assert header == [*grid.lead_headers, "2027-01", "2027-02", "2027-03"]
    measure = left + header.index("Measure")
    measures = [cells.get((row, measure)) for row in range(GRID_ROW[grid.name] + 1, bottom + 2)]
    assert measures[-1] is None
    assert set(measures[:-1]) == {item.name for item in grid.measures}


def test_names_are_there_for_lists_and_scenario(parts: Parts) -> None:
    assert {name: f"{table}[{column}]" for name, (table, column) in LISTS.items()}.items() <= parts.names.items()
    assert parts.names["SopScenario"] == "'Home'!$Z$4"
    assert not [text for text in parts.names.values() if "#REF!" in text]


@pytest.mark.parametrize(("table", "column"), INPUT_COLUMNS)
def test_input_header_has_a_note_with_its_help(parts: Parts, table: Table, column: Column) -> None:
    top, left, _, _ = parts.tables[table.name].corners
    notes = {place(address): text for address, text in parts.notes(table.sheet).items()}
    note = notes[(top, left + table.headers.index(column.name))]
    assert note.startswith(column.help)
    for expected in (*column.choices, column.refers_to):
        assert expected in note
    if not column.required:
        assert column.blank_means in note


@pytest.mark.parametrize(("table", "column"), INPUT_COLUMNS)
def test_column_has_its_dropdown_or_check_well_below_the_table(parts: Parts, table: Table, column: Column) -> None:
    top, left, bottom, _ = parts.tables[table.name].corners
    position = left + table.headers.index(column.name)
    below = parts.validation_of(table.sheet, (max(bottom + 100, 2000), position))
    if column.kind == "text" and not (column.refers_to and list_name(column.refers_to)):
        assert below is None
        return
    assert below is not None
    assert below.get("errorStyle") == "warning", "what was typed must not be thrown away"
    assert parts.validation_of(table.sheet, (top + 1, position)) is below
    source = below.findtext(f"{MAIN}formula1")
    if column.choices:
        assert source == '"' + ",".join(column.choices) + '"'
    elif column.refers_to:
        assert source == list_name(column.refers_to)


def test_each_setting_has_its_own_dropdown_or_check(parts: Parts) -> None:
    top, left, _, _ = parts.tables["tblSettings"].corners
    for index, setting in enumerate(SETTINGS, start=1):
        rule = parts.validation_of("Settings", (top + index, left + 1))
        choices = ("Yes", "No") if setting.kind == "flag" else setting.choices
        if choices:
            assert rule is not None
            assert rule.findtext(f"{MAIN}formula1") == '"' + ",".join(choices) + '"'
        else:
            assert (rule is None) == (setting.kind == "text")


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.name)
def test_grid_rules_reach_far_beyond_the_grid(parts: Parts, grid: Grid) -> None:
    """A later run may lay the grid out anew without copying formats."""
    rules = parts.sheet(grid.sheet).iter(f"{MAIN}conditionalFormatting")
    far = (GRID_ROW[grid.name] + 5000, len(grid.lead_headers) + (30 if grid.name == "FinancePlan" else 60))
    formulas = [f.text for item in rules if inside(far, item.get("sqref")) for f in item.iter(f"{MAIN}formula")]
    assert formulas
    for measure in grid.measures:
        assert any(f'"{measure.name}"' in formula for formula in formulas), measure.name


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.name)
def test_only_input_rows_of_a_grid_take_figures_without_a_warning(parts: Parts, grid: Grid) -> None:
    rule = parts.validation_of(
        grid.sheet, (GRID_ROW[grid.name] + 4000, GRID_LEFT[grid.name] + len(grid.lead_headers) + 1)
    )
    assert rule is not None
    assert rule.get("type") == "custom"
    assert rule.get("errorStyle") == "warning"
    named = set(re.findall(r'="([^"]+)"', rule.findtext(f"{MAIN}formula1")))
    assert named == {measure.name for measure in grid.measures if measure.role == "input"}


def test_keys_and_header_of_a_grid_stay_in_view(parts: Parts) -> None:
    for grid in GRIDS:
        pane = parts.sheet(grid.sheet).find(f"{MAIN}sheetViews/{MAIN}sheetView/{MAIN}pane")
        assert (pane.get("state"), int(pane.get("xSplit")), int(pane.get("ySplit"))) == (
            "frozen", GRID_LEFT[grid.name] - 1 + len(grid.lead_headers), GRID_ROW[grid.name],
        )  # fmt: skip


def test_every_formula_has_a_value_for_previewers(parts: Parts) -> None:
    for sheet in parts.sheet_parts:
        for address, cell in parts.cells(sheet).items():
            if cell.find(f"{MAIN}f") is not None:
                assert cell.find(f"{MAIN}v") is not None, f"{sheet}!{address}"


def test_no_formula_of_ours_needs_a_newer_excel_than_2016(parts: Parts) -> None:
    for sheet in parts.sheet_parts:
        for formula in parts.sheet(sheet).iter(f"{MAIN}f"):
            assert not re.search(r"_xlfn|_xlws|\b(LET|FILTER|XLOOKUP|UNIQUE|SORT|TEXT)\(", formula.text or "")


def test_no_person_is_named_in_the_file(parts: Parts) -> None:
    core = parts.files["docProps/core.xml"].decode()
    assert "<dc:creator></dc:creator>" in core
    assert "<cp:lastModifiedBy></cp:lastModifiedBy>" in core
    assert re.findall(r">(\d{4}-[^<]+)<", core) == ["2026-01-01T00:00:00Z"] * 2
    authors = {text for name, data in parts.files.items() if "comments" in name
               for text in re.findall(r"<author>(.*?)</author>", data.decode())}  # fmt: skip
    assert authors == {"S&amp;OP"}


def test_configuration_of_xlwings_is_contiguous_from_a1(parts: Parts) -> None:
    values = parts.values("xlwings.conf")
    assert {address for address in values if address.startswith("A")} == {
        f"A{row}" for row in range(1, len(XLWINGS_CONF) + 1)
    }
    assert all(values[f"B{row}"] is not None for row in range(1, len(XLWINGS_CONF) + 1))
