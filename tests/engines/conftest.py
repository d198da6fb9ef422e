"""Workbooks the engine tests work on: a rich macro workbook, and small ones in the spelling of other producers."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
import xlwings

from sop_addin.excel.blocks import Formula

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

RIBBON = (
    HEADER + '<customUI xmlns="http://schemas.microsoft.com/office/2009/07/customui"><ribbon><tabs>'
    '<tab id="tabPlan" label="Plan"><group id="grp" label="Run"><button id="run" label="Run" onAction="Run"/></group>'
    "</tab></tabs></ribbon></customUI>"
)
PIVOT_CACHE = (
    HEADER + f'<pivotCacheDefinition xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}" r:id="rId1" refreshOnLoad="1" '
    'refreshedBy="planner" refreshedDate="45000" createdVersion="6" refreshedVersion="6" minRefreshableVersion="3" '
    'recordCount="0"><cacheSource type="worksheet"><worksheetSource name="tblSales"/></cacheSource>'
    '<cacheFields count="2"><cacheField name="Item" numFmtId="0"><sharedItems/></cacheField>'
    '<cacheField name="Quantity" numFmtId="0"><sharedItems containsSemiMixedTypes="0" containsString="0" '
    'containsNumber="1" minValue="0" maxValue="9"/></cacheField></cacheFields></pivotCacheDefinition>'
)
PIVOT_RECORDS = HEADER + f'<pivotCacheRecords xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}" count="0"/>'
PIVOT_TABLE = (
    HEADER + f'<pivotTableDefinition xmlns="{MAIN}" name="PivotSales" cacheId="7" applyNumberFormats="0" '
    'applyBorderFormats="0" applyFontFormats="0" applyPatternFormats="0" applyAlignmentFormats="0" '
    'applyWidthHeightFormats="1" dataCaption="Values" updatedVersion="6" minRefreshableVersion="3" createdVersion="6">'
    '<location ref="H3:I5" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/><pivotFields count="2">'
    '<pivotField axis="axisRow" showAll="0"><items count="1"><item t="default"/></items></pivotField>'
    '<pivotField dataField="1" showAll="0"/></pivotFields><rowFields count="1"><field x="0"/></rowFields>'
    '<dataFields count="1"><dataField name="Sum of Quantity" fld="1" baseField="0" baseItem="0"/></dataFields>'
    "</pivotTableDefinition>"
)


def rewrite_zip(data: bytes, changes: dict[str, bytes | str | Callable[[str], str] | None]) -> bytes:
    """A zip with parts replaced, added, edited by a function, or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content: bytes | str = source.read(entry.filename)
            if entry.filename in changes:
                change = changes[entry.filename]
                if change is None:
                    continue
                content = change(content.decode()) if callable(change) else change
            target.writestr(entry, content)
        for name, change in changes.items():
            if name not in source.namelist() and isinstance(change, (bytes, str)):
                target.writestr(name, change)
    return out.getvalue()


def parts_of(data: bytes | Path) -> dict[str, bytes]:
    """Every part of a workbook by name."""
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    with zipfile.ZipFile(source) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def small_png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _build_rich() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "use_future_functions": True})
    with zipfile.ZipFile(Path(xlwings.__file__).with_name("quickstart.xlsm")) as archive:
        book.add_vba_project(io.BytesIO(archive.read("xl/vbaProject.bin")), is_stream=True)
    money = book.add_format({"num_format": "#,##0.00", "bg_color": "#FFFFCC"})
    red = book.add_format({"font_color": "red"})

    sales = book.add_worksheet("Sales Data")
    sales.add_table(
        "A1:D5",
        {
            "name": "tblSales",
            "total_row": True,
            "columns": [
                {"header": "Item", "total_string": "Total"},
                {"header": "Quantity", "format": money, "total_function": "sum"},
                {"header": "Price", "format": money},
                {
                    "header": "Value",
                    "formula": "=tblSales[[#This Row],[Quantity]]*tblSales[[#This Row],[Price]]",
                    "format": money,
                },
            ],
            "data": [["Pump", 1, 10], ["Valve", 2, 20], ["Hose", 3, 30]],
        },
    )
    sales.conditional_format("B2:B4", {"type": "data_bar", "data_bar_2010": True})
    sales.conditional_format("B2:B4", {"type": "cell", "criteria": ">", "value": 2, "format": red})
    sales.conditional_format("A1:D100", {"type": "no_blanks", "format": red})
    sales.data_validation("A2:A4", {"validate": "list", "source": ["Pump", "Valve", "Hose"]})
    sales.add_sparkline("F2", {"range": "'Sales Data'!B2:C2"})
    sales.write_comment("B1", "Quantity in pieces")
    sales.insert_button("F5", {"macro": "Run", "caption": "Run"})
    sales.write_rich_string("F8", "Half ", red, "red")

    plan = book.add_worksheet("Plan")
    plan.write_formula("A1", "=SUM(tblSales[Value])", None, 140)
    plan.write_dynamic_array_formula("C1:C3", "=SORT(tblSales[Quantity],1,-1)", None, 3)
    plan.write_array_formula("E1:E2", "{=A1:A2*2}", None, 280)
    plan.write("A2", 7, money)
    plan.merge_range("G1:H1", "Merged")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "='Sales Data'!$B$2:$B$4", "categories": "='Sales Data'!$A$2:$A$4", "name": "Qty"})
    plan.insert_chart("J2", chart)
    plan.insert_image("J20", "dot.png", {"image_data": io.BytesIO(small_png())})

    untouched = book.add_worksheet("Untouched")
    untouched.write_column("A1", ["text", 1.5, True])
    hidden = book.add_worksheet("Hidden")
    hidden.very_hidden()
    book.define_name("Quantities", "='Sales Data'!$B$2:$B$4")
    book.define_name("Plan!Local", "=Plan!$A$1")
    book.close()
    return _add_hand_made_parts(buffer.getvalue())


def _add_hand_made_parts(data: bytes) -> bytes:
    """Ribbon and pivot table, which XlsxWriter does not write."""
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    excel = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    def relationship(identifier: str, kind: str, target: str) -> str:
        return f'<Relationship Id="{identifier}" Type="{kind}" Target="{target}"/>'

    def add_to_rels(entry: str) -> Callable[[str], str]:
        return lambda text: text.replace("</Relationships>", entry + "</Relationships>")

    def only(entry: str) -> str:
        return f'{HEADER}<Relationships xmlns="{PACKAGE_RELATIONSHIPS}">{entry}</Relationships>'

    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{excel}.{kind}+xml"/>'
        for part, kind in (
            ("xl/pivotCache/pivotCacheDefinition1.xml", "pivotCacheDefinition"),
            ("xl/pivotCache/pivotCacheRecords1.xml", "pivotCacheRecords"),
            ("xl/pivotTables/pivotTable1.xml", "pivotTable"),
        )
    )
    return rewrite_zip(
        data,
        {
            "customUI/customUI14.xml": RIBBON,
            "_rels/.rels": add_to_rels(
                relationship(
                    "rIdRibbon",
                    "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility",
                    "customUI/customUI14.xml",
                )
            ),
            "[Content_Types].xml": lambda text: text.replace("</Types>", overrides + "</Types>"),
            "xl/pivotCache/pivotCacheDefinition1.xml": PIVOT_CACHE,
            "xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels": only(
                relationship("rId1", f"{types}/pivotCacheRecords", "pivotCacheRecords1.xml")
            ),
            "xl/pivotCache/pivotCacheRecords1.xml": PIVOT_RECORDS,
            "xl/pivotTables/pivotTable1.xml": PIVOT_TABLE,
            "xl/pivotTables/_rels/pivotTable1.xml.rels": only(
                relationship("rId1", f"{types}/pivotCacheDefinition", "../pivotCache/pivotCacheDefinition1.xml")
            ),
            "xl/worksheets/_rels/sheet3.xml.rels": only(
                relationship("rId1", f"{types}/pivotTable", "../pivotTables/pivotTable1.xml")
            ),
            "xl/_rels/workbook.xml.rels": add_to_rels(
                relationship("rId90", f"{types}/pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml")
            ),
            "xl/workbook.xml": lambda text: text.replace(
                "</workbook>", '<pivotCaches><pivotCache cacheId="7" r:id="rId90"/></pivotCaches></workbook>'
            ),
        },
    )


@pytest.fixture(scope="session")
def rich_bytes() -> bytes:
    """A macro workbook with about everything a planner's workbook may hold."""
    return _build_rich()


@pytest.fixture
def rich_workbook(rich_bytes: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "rich.xlsm"
    path.write_bytes(rich_bytes)
    return path


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    """``build({"Sheet": {"A1": 5}})`` -> path of a small .xlsx with these cells (Formula for formulas)."""

    def make(sheets: dict[str, dict[str, object]], name: str = "book.xlsx", **options: object) -> Path:
        path = tmp_path / name
        book = xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False, **options})
        for sheet_name, cells in sheets.items():
            sheet = book.add_worksheet(sheet_name)
            for address, value in cells.items():
                if isinstance(value, Formula):
                    sheet.write_formula(address, value)
                else:
                    sheet.write(address, value)
        book.close()
        return path

    return make


@pytest.fixture
def build_raw(tmp_path: Path) -> Callable[..., Path]:
    """``build_raw(sheet_data)`` -> path of a minimal .xlsx whose only sheet has this hand-made XML."""

    def make(
        sheet_data: str,
        *,
        worksheet: str | bytes | None = None,
        tail: str = "",
        parts: dict[str, str | bytes] | None = None,
        name: str = "raw.xlsx",
        workbook_properties: str = "",
        sheet_relationships: str = "",
    ) -> Path:
        parts = dict(parts or {})
        main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        known = {"xl/sharedStrings.xml": "sharedStrings", "xl/styles.xml": "styles", "xl/metadata.xml": "sheetMetadata"}
        known |= {"xl/calcChain.xml": "calcChain"}
        overrides = "".join(
            f'<Override PartName="/{part}" ContentType="{main}.{known[part]}+xml"/>' for part in parts if part in known
        )
        relations = "".join(
            f'<Relationship Id="rIdP{number}" Type="{RELATIONSHIPS}/{known[part]}" Target="{part[3:]}"/>'
            for number, part in enumerate(parts)
            if part in known
        )
        content = worksheet or (
            f'{HEADER}<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}"><sheetData>{sheet_data}</sheetData>{tail}'
            "</worksheet>"
        )
        if sheet_relationships:
            parts["xl/worksheets/_rels/sheet1.xml.rels"] = (
                f'{HEADER}<Relationships xmlns="{PACKAGE_RELATIONSHIPS}">{sheet_relationships}</Relationships>'
            )
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "[Content_Types].xml",
                f'{HEADER}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>'
                f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{main}.worksheet+xml"/>'
                f"{overrides}</Types>",
            )
            archive.writestr(
                "_rels/.rels",
                f'{HEADER}<Relationships xmlns="{PACKAGE_RELATIONSHIPS}"><Relationship Id="rId1" '
                f'Type="{RELATIONSHIPS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            )
            archive.writestr(
                "xl/workbook.xml",
                f'{HEADER}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}">{workbook_properties}'
                '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
            )
            archive.writestr(
                "xl/_rels/workbook.xml.rels",
                f'{HEADER}<Relationships xmlns="{PACKAGE_RELATIONSHIPS}"><Relationship Id="rId1" '
                f'Type="{RELATIONSHIPS}/worksheet" Target="worksheets/sheet1.xml"/>{relations}</Relationships>',
            )
            archive.writestr("xl/worksheets/sheet1.xml", content)
            for part, text in parts.items():
                archive.writestr(part, text)
        return path

    return make


@pytest.fixture(scope="session")
def parts() -> Callable[[bytes | Path], dict[str, bytes]]:
    """Every part of a workbook by name."""
    return parts_of


@pytest.fixture(scope="session")
def surgery() -> Callable[..., bytes]:
    """Replace, add, edit or drop parts of a zip."""
    return rewrite_zip
