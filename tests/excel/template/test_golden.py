"""The built parts, one line a cell, against tests/golden/template: a changed look or formula shows in the diff."""

from __future__ import annotations

import posixpath

import pytest
from lxml import etree

from sop_addin.model.schema import SHEETS

from .parts import MAIN, Parts


def _short(element: etree._Element) -> str:
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    for known in (' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"',
                  ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'):  # fmt: skip
        text = text.replace(known, "")
    return text


def _normalised(parts: Parts, sheet: str) -> str:
    """The sheet with its texts in place, one line a cell or rule."""
    lines = []
    for element in parts.sheet(sheet):
        tag = element.tag.removeprefix(MAIN)
        if tag == "sheetData":
            for row in element:
                height = "".join(f' {key}="{row.get(key)}"' for key in ("ht", "outlineLevel") if row.get(key))
                lines.append(f'<row r="{row.get("r")}"{height}>')
                lines += [_cell(parts, cell) for cell in row]
        elif len(element) and tag not in ("sheetViews", "sheetPr"):
            lines += [f"<{tag}{_attributes(element)}>", *(f"  {_short(child)}" for child in element)]
        else:
            lines.append(_short(element))
    return f"<sheet>\n{chr(10).join(lines)}\n</sheet>\n"


def _attributes(element: etree._Element) -> str:
    return "".join(f' {name}="{value}"' for name, value in element.attrib.items())


def _cell(parts: Parts, cell: etree._Element) -> str:
    value = parts.value(cell)
    shown = "" if value is None else f" {value!r}" if isinstance(value, str) else f" {value:g}"
    return f"  {cell.get('r')} s{cell.get('s', 0)}{shown}"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_sheet(parts: Parts, golden, sheet) -> None:
    golden(f"template/{sheet.name}.xml", _normalised(parts, sheet.name))


def test_styles(parts: Parts, golden) -> None:
    tree = parts.xml("xl/styles.xml")
    lines = [line for group in tree for line in (f"<{group.tag.removeprefix(MAIN)}>", *map(_short, group))]
    golden("template/styles.xml", "\n".join(lines) + "\n")


def test_workbook(parts: Parts, golden) -> None:
    names = [f"  {name} = {text}" for name, text in sorted(parts.names.items())]
    tables = [f"  {table.name} {table.sheet}!{table.ref}" for _, table in sorted(parts.tables.items())]
    files = [f"  {name}" for name in sorted(parts.files)]
    golden("template/workbook.txt", "\n".join(["names", *names, "tables", *tables, "parts", *files]) + "\n")


def test_chart(parts: Parts, golden) -> None:
    charts = [name for name in parts.files if name.startswith("xl/charts/chart")]
    assert charts
    for chart in charts:
        text = etree.tostring(parts.xml(chart), pretty_print=True, encoding="unicode")
        golden(f"template/{posixpath.basename(chart)}", text)
