"""Copies for mail, from outside: what is in the file and what is nowhere in it."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from companies import PUMPS_AND_VALVES, company, raw_company
from openpyxl.utils import quote_sheetname
from openxml_audit import OpenXmlValidator

from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.layout import COPY_SHEET, GRID_LEFT
from sop_addin.excel.packed_text import unpacked
from sop_addin.excel.read_tables import read_grids_raw, read_raw
from sop_addin.excel.share import package
from sop_addin.excel.share.choice import Choice
from sop_addin.excel.share.selection import COST_MEASURES, is_cost
from sop_addin.excel.template import workbook_bytes
from sop_addin.mailing import Shared, share
from sop_addin.model.errors import InputError, WorkbookError
from sop_addin.model.schema import TABLES
from sop_addin.planning.cycle import run_cycle

DAY = dt.date(2027, 1, 5)
COPIES = {
    "whole": Choice(),
    "owner": Choice(None, "Ann Pump"),
    "family": Choice(("Pumps",)),
    "plain": Choice(None, None, True),
    "both": Choice(("Pumps",), "Ann Pump", True),
}
MARKED: dict[str, dict[str, list[object]]] = {
    "tblFamilies": {
        **PUMPS_AND_VALVES["tblFamilies"],
        "Price": [103.517911, 57.839113],
        "Holding cost": [1.3174913, 0.7739157],
        "Owner": ["Ann Pump", "Bob Valve"],
    },
    "tblItems": {**PUMPS_AND_VALVES["tblItems"], "Cost": [41.773911, 22.917713, 19.531179]},
    "tblSources": {**PUMPS_AND_VALVES["tblSources"], "Unit cost": [40.331719, 60.917311, 20.773913]},
    "tblResources": {**PUMPS_AND_VALVES["tblResources"], "Regular cost": [1.3719137, 1013.7139]},
    "tblEvents": {
        "Event": ["Fair", "Fair"], "Family": ["Pumps", "Valves"], "From": ["2027-02", "2027-02"],
        "To": ["2027-03", "2027-03"], "Uplift units": [7.3519117, 9.1773911], "Owner": ["Ann Pump", "Bob Valve"],
    },
}  # fmt: skip
MARKED = {
    name: {header: ["Gearwheels" if cell == "Valves" else cell for cell in cells] for header, cells in table.items()}
    for name, table in {**PUMPS_AND_VALVES, **MARKED}.items()
}


@pytest.fixture(scope="module")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pumps and valves, planned; its tables hold figures that can be told apart."""
    raw = raw_company(**MARKED)
    plan = run_cycle(company(**MARKED))
    path = tmp_path_factory.mktemp("plan") / "Plan.xlsm"
    path.write_bytes(recalculate_bytes(workbook_bytes(raw, plan.tables, plan)))
    return path


@pytest.fixture(scope="module")
def copies(plan_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shared]:
    folder = tmp_path_factory.mktemp("copies")
    return {name: share(plan_file, folder / f"{name}.xlsx", choice, today=DAY) for name, choice in COPIES.items()}


@pytest.fixture(scope="module")
def sheets(plan_file: Path):
    """Raw tables and grids of the workbook itself."""
    book = open_book(plan_file)
    yield read_raw(book), read_grids_raw(book)
    book.close()


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def everything(path: Path) -> str:
    """All text of the package, what the hidden sheet has packed included."""
    found = [content.decode("utf-8", "replace") for content in parts(path).values()]
    cells = [cell.value for cell in openpyxl.load_workbook(path)[COPY_SHEET]["A"]]
    found.append(str(unpacked(cells[1:])))
    return "\n".join(found)


def numbers_of(*columns: object) -> set[str]:
    """Numbers with six and more significant digits, as they would be written; shorter ones turn up by chance."""
    found = set()
    for column in columns:
        for value in column:
            if isinstance(value, float):
                digits = repr(round(value, 6)).rstrip("0").rstrip(".").lstrip("-")
                if len(digits.replace(".", "").strip("0")) >= 6:
                    found.add(digits)
    return found


def numbers_in(text: str) -> set[str]:
    return {number.rstrip("0").rstrip(".") if "." in number else number
            for number in (repr(round(float(match), 6)) for match in re.findall(r"\d+\.?\d*(?:[eE][-+]?\d+)?", text)
                           if len(match) < 40)}  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_sound_and_has_nothing_but_sheets(copies: dict[str, Shared], name: str) -> None:
    result = OpenXmlValidator(max_errors=20).validate(copies[name].out)
    assert [str(error) for error in result.errors] == []
    names = parts(copies[name].out)
    assert not [part for part in names if re.search(r"vba|customUI|external|printer|ctrlProp|activeX|calcChain", part)]
    text = everything(copies[name].out)
    assert not re.search(r"FmlaMacro|\.sheet\.macroEnabled|absPath|lastModifiedBy|dc:creator|codeName", text)
    sheets = openpyxl.load_workbook(copies[name].out).sheetnames
    assert not {"Undo", "Versions", "xlwings.conf"} & set(sheets)


def test_texts_that_no_cell_shows_are_not_in_the_file(copies: dict[str, Shared]) -> None:
    for copy in copies.values():
        files = parts(copy.out)
        texts = files["xl/sharedStrings.xml"].count(b"<si")
        sheets = [content for name, content in files.items() if name.startswith("xl/worksheets/s")]
        used = {int(number) for sheet in sheets for number in re.findall(rb't="s"[^>]*><v>(\d+)</v>', sheet)}
        assert used == set(range(texts))


def test_of_the_families_left_out_neither_names_nor_numbers_are_in_the_file(copies, sheets) -> None:
    raw, grids = sheets
    others, other_items = {"Gearwheels", "Bob Valve"}, {"V1"}
    theirs, shown = set(), set()
    for name, table in {**raw, **grids}.items():
        frame = table.frame
        if name in ("tblSettings", "tblResult", "tblKpis", "tblFindings", "tblVersions"):
            continue
        for key, names in (("Family", others | {"Total"}), ("Item", other_items)):
            if key in frame.columns:
                away = frame[key].isin(names)
                theirs |= numbers_of(*(frame[away][column] for column in frame.columns))
                shown |= numbers_of(*(frame[~away][column] for column in frame.columns))
                break
    assert len(theirs - shown) > 60
    for name in ("family", "both"):
        text = everything(copies[name].out)
        assert not [family for family in others if family in text]
        assert not [item for item in other_items if re.search(rf"\b{re.escape(item)}\b", text)]
        assert not (theirs - shown) & numbers_in(text)


def test_costs_and_margins_left_out_are_nowhere_in_the_file(copies, sheets) -> None:
    raw, grids = sheets
    hidden, shown = set(), set()
    for name, table in raw.items():
        for column in table.frame.columns:
            values = table.frame[column]
            if name == "tblPlan" and column == "Value":
                away = table.frame["Measure"].isin([measure for _, measure in COST_MEASURES])
                hidden |= numbers_of(values[away])
                shown |= numbers_of(values[~away])
            elif name == "tblResult" and column == "Value":
                away = table.frame["Measure"].isin(["Objective", "Total cost", "Margin", "Bound"])
                hidden |= numbers_of(values[away])
            else:
                (hidden if name in TABLES and is_cost(name, column) else shown).update(numbers_of(values))
    for name, table in grids.items():
        for cells in table.frame.itertuples(index=False):
            row = dict(zip(table.frame.columns, cells, strict=True))
            away = (name, row["Measure"]) in COST_MEASURES
            (hidden if away else shown).update(numbers_of(cells))
    assert len(hidden - shown) > 60
    for name in ("plain", "both"):
        text = everything(copies[name].out)
        assert not (hidden - shown) & numbers_in(text)
    assert (hidden - shown) & numbers_in(everything(copies["whole"].out)), "the search must be able to find them"


def test_what_goes_along_is_what_the_workbook_shows(copies, sheets) -> None:
    raw, grids = sheets
    for name in ("whole", "family", "plain"):
        book = open_book(copies[name].out)
        copied = read_grids_raw(book)
        for grid, table in grids.items():
            keys = ["Family" if "Family" in table.frame.columns else "Resource", "Measure"]
            ours = {tuple(row[:2]): row for row in table.frame[[*keys, "2027-01", "2027-06"]].itertuples(index=False)}
            for row in copied[grid].frame[[*keys, "2027-01", "2027-06"]].itertuples(index=False):
                if row[0] != "Total" and grid not in ("CapacityPlan", "Workings") and row[1] != "Planned":
                    rounded = [round(cell, 5) if isinstance(cell, float) else cell for cell in row]
                    assert rounded == [
                        round(cell, 5) if isinstance(cell, float) else cell for cell in ours[row[0], row[1]]
                    ], (grid, name)
        if name == "whole":
            for table in raw:
                if table not in (
                    "tblVersions",
                    "tblSigned",
                    "tblMerge",
                ):  # frozen states and others' edits stay at home
                    assert read_raw(book)[table].frame.equals(raw[table].frame)
        book.close()


@pytest.mark.parametrize("name", COPIES)
def test_no_link_leads_to_a_sheet_that_stays_at_home(copies, name) -> None:
    book = openpyxl.load_workbook(copies[name].out)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    links = [cell.hyperlink.location for cell in cells if cell.hyperlink.location]
    assert "'Checks'!A1" in links
    places = {f"{quote_sheetname(sheet)}!" for sheet in book.sheetnames} | {f"{sheet}!" for sheet in book.sheetnames}
    assert [link for link in links if "!" in link and f"{link.rpartition('!')[0]}!" not in places] == []


def test_totals_of_chosen_families_are_their_own(copies, sheets) -> None:
    book = open_book(copies["family"].out)
    finance = read_grids_raw(book)["FinancePlan"].frame
    revenue = {row.Family: row.Total for row in finance[finance["Measure"] == "Revenue"].itertuples()}
    assert revenue["Total"] == pytest.approx(revenue["Pumps"])
    result = read_raw(book)["tblResult"].frame
    assert dict(zip(result["Measure"], result["Value"], strict=True))["Revenue"] == pytest.approx(revenue["Pumps"])
    book.close()


def test_input_cells_are_open_and_the_rest_is_protected(copies) -> None:
    book = openpyxl.load_workbook(copies["whole"].out)
    assert all(sheet.protection.sheet and not sheet.protection.password for sheet in book)
    plan = book["Sales Plan"]
    measure = GRID_LEFT["SalesPlan"] + 1
    for row in plan.iter_rows(min_row=6, min_col=measure, max_col=measure + 6):
        for cell in row[3:]:
            assert cell.protection.locked is not str(row[0].value or "").startswith("Override"), cell.coordinate
    items = book["Items"]
    headers = [cell.value for cell in items[5]]
    assert items.cell(6, headers.index("Item") + 1).protection.locked
    assert not items.cell(6, headers.index("Price") + 1).protection.locked
    assert book["Item Plan"]["D6"].protection.locked


def test_only_the_rows_of_the_owner_are_open(copies) -> None:
    book = openpyxl.load_workbook(copies["owner"].out)
    plan = book["Sales Plan"]
    left = GRID_LEFT["SalesPlan"]
    rows = plan.iter_rows(min_row=6, min_col=left, max_col=left + 4)
    open_families = {row[0].value for row in rows if not row[4].protection.locked}
    assert open_families == {"Pumps"}
    settings = book["Settings"]
    assert all(cell.protection.locked for row in settings.iter_rows(min_row=6) for cell in row)


def test_new_rows_can_be_typed_below_a_table(copies) -> None:
    sheet = openpyxl.load_workbook(copies["owner"].out)["Events"]
    last = max(cell.row for cell in sheet["A"] if cell.value is not None)
    assert not sheet.cell(last + 1, 1).protection.locked
    assert sheet.cell(last, 1).protection.locked


def test_a_chart_keeps_the_points_that_its_cells_show(copies) -> None:
    charts = [content.decode() for name, content in parts(copies["family"].out).items() if "/charts/chart" in name]
    assert charts
    book = openpyxl.load_workbook(copies["family"].out, data_only=True)
    points = 0
    for chart in charts:
        for sheet, area, cache in re.findall(
            r"<c:f>'?([^'!]+)'?!([$A-Z0-9:]+)</c:f><c:numCache>(.*?)</c:numCache>", chart
        ):
            cells = book[sheet][area.replace("$", "")]
            shown = [cell.value for row in cells for cell in row]
            kept = {int(at): float(value) for at, value in re.findall(r'idx="(\d+)"><c:v>([^<]+)', cache)}
            assert kept == {at: value for at, value in enumerate(shown) if isinstance(value, (int, float))}
            points += len(kept)
    assert points > 10


def test_a_workbook_that_nothing_has_calculated_yet_can_be_mailed(tmp_path) -> None:
    path = tmp_path / "Fresh.xlsm"
    path.write_bytes(workbook_bytes(raw_company(), company()))
    copy = share(path, tmp_path / "copy.xlsx", Choice(None, None), today=DAY)
    assert OpenXmlValidator(max_errors=20).validate(copy.out).errors == []


def test_the_same_workbook_gives_the_same_copy(copies, plan_file, tmp_path) -> None:
    again = share(plan_file, tmp_path / "again.xlsx", COPIES["owner"], today=DAY)
    assert again.out.read_bytes() == copies["owner"].out.read_bytes()


def test_a_sheet_says_that_this_is_a_copy_and_what_is_left_out(copies) -> None:
    lines = [cell.value for cell in openpyxl.load_workbook(copies["both"].out)["About this copy"]["A"]]
    assert lines[0] == "A copy for mail for Ann Pump, made on 2027-01-05. No macros."
    assert lines[1].startswith("Only Pumps.")
    assert lines[2] == "Without costs and margins."


def test_the_workbook_stays_as_it_is(plan_file, tmp_path) -> None:
    before = plan_file.read_bytes()
    share(plan_file, tmp_path / "x.xlsx", COPIES["both"])
    assert plan_file.read_bytes() == before


def test_unknown_families_and_owners_are_named(plan_file, tmp_path) -> None:
    with pytest.raises(InputError, match=r"Family 'Pump' is not in tblFamilies \(did you mean 'Pumps'\?\)"):
        share(plan_file, tmp_path / "x.xlsx", Choice(("Pump",)))
    with pytest.raises(InputError, match="Owner 'Nobody' is not in tblFamilies"):
        share(plan_file, tmp_path / "x.xlsx", Choice(None, "Nobody"))
    with pytest.raises(InputError, match=r"must end in \.xlsx"):
        share(plan_file, tmp_path / "x.xlsm", Choice())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.libreoffice
@pytest.mark.parametrize("name", ["whole", "both"])
def test_libreoffice_opens_a_copy_and_calculates_the_same(copies, name: str, libreoffice, tmp_path) -> None:
    ours = openpyxl.load_workbook(copies[name].out, data_only=True)
    theirs = openpyxl.load_workbook(libreoffice.recalculated(copies[name].out, tmp_path / "out"), data_only=True)
    checked = 0
    for sheet in openpyxl.load_workbook(copies[name].out):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                here, there = (book[sheet.title][cell.coordinate].value for book in (ours, theirs))
                checked += 1
                if isinstance(here, (int, float)):
                    assert there == pytest.approx(here, rel=1e-9, abs=1e-6), f"{sheet.title}!{cell.coordinate}"
                else:
                    assert (here or None) == (there or None), f"{sheet.title}!{cell.coordinate}"
    assert checked > 200


def test_a_sheet_that_would_take_all_memory_is_refused(plan_file, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(package, "MOST_OF_A_SHEET", 10_000)
    with pytest.raises(WorkbookError, match=r"Sheet .* is too large for a copy; delete cells"):
        share(plan_file, tmp_path / "Copy.xlsx", Choice())
    assert not (tmp_path / "Copy.xlsx").exists()
