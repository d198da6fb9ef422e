"""Formulas of the plan sheets as they stand in a file: what they show hangs on inputs, what they say must not change.

Each is marked with what it does; an edit of a formula is then an edit like any other.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries

from ...model.calendar import parse_period
from ...model.schema import GRID_BY_NAME
from ...model.tables import RawTable
from ...opc.package import Package
from ...opc.xml_text import R_ID, main_tag, parse_xml
from .choice import as_name

FORMULA = "(formula)"
Formulas = Mapping[tuple[int, int], str]
"""By row and column, counted from 1, a text that is the same for formulas that say the same."""

_MOST_OF_ONE = 1_000_000
_STRING = re.compile(r'"(?:[^"]|"")*"')
_SHEET = re.compile(r"(?:'(?:[^']|'')*'|[\w.]+)!")
_BRACKETS = re.compile(r"\[[^\[\]]*\]")
_WORD = re.compile(r"(?:_xlfn\.|_xlws\.)*(\$?[^\W\d][\w.$]*)(\(?)")


def formulas_of(content: bytes, part: str = "of a sheet") -> dict[tuple[int, int], str]:
    """The formulas of a sheet from its XML; each cell of an array formula has it."""
    found: dict[tuple[int, int], str] = {}
    if b"<f" not in content and b":f" not in content:
        return found
    shared: dict[str, str] = {}
    row = 0
    for line in parse_xml(content, part).iter(main_tag("row")):
        row, column = _number(line.get("r"), row + 1), 0
        for cell in line.iter(main_tag("c")):
            column = _column(cell.get("r")) or column + 1
            formula = cell.find(main_tag("f"))
            if formula is None:
                continue
            text, group = formula.text or "", formula.get("si")
            said = _said(text) if text or group is None else shared.get(group, "")
            if group is not None:
                shared.setdefault(group, said)
            found[row, column] = said
            if formula.get("t") == "array":
                found |= dict.fromkeys(_area(formula.get("ref")), said)
    return found


def sheet_contents(data: bytes, name: str) -> dict[str, bytes]:
    """The XML of each worksheet by its name."""
    package = Package(data, name)
    main = next((one.target for one in package.relationships("").values() if one.kind == "officeDocument"), "")
    links = package.relationships(main)
    found = {}
    for sheet in parse_xml(package.read(main), main).iter(main_tag("sheet")):
        link = links.get(sheet.get(R_ID) or "")
        if link is not None and link.kind == "worksheet" and link.target in package:
            found[str(sheet.get("name"))] = package.read(link.target)
    return found


def marked_grids(grids: Mapping[str, RawTable], contents: Mapping[str, bytes]) -> dict[str, RawTable]:
    """Grids by name, their formulas marked; ``contents``: the XML of the sheets on which they stand."""
    sheets = {raw.place.sheet for raw in grids.values()}
    formulas = {sheet: formulas_of(contents[sheet], sheet) for sheet in sheets if sheet in contents}
    return {name: _marked(name, raw, formulas.get(raw.place.sheet, {})) for name, raw in grids.items()}


def _marked(name: str, raw: RawTable, formulas: Formulas) -> RawTable:
    """A grid whose formulas stand as what they say, in the place of what they show; input cells are as they are."""
    grid, headers = GRID_BY_NAME[name], list(map(str, raw.frame.columns))
    inputs = {measure.name for measure in grid.measures if measure.role == "input"}
    columns = {
        at: (column_index_from_string(raw.place.columns[header]), parse_period(header) is not None)
        for at, header in reversed(list(enumerate(headers)))
        if header in raw.place.columns and header not in headers[:at]
    }
    measures = headers.index("Measure") if "Measure" in headers else 0
    rows = [list(row) for row in raw.frame.itertuples(index=False, name=None)]
    for number, row in zip(raw.frame.index, rows, strict=True):
        typed_in = as_name(row[measures]) in inputs
        for at, (column, period) in columns.items():
            said = formulas.get((int(number), column))
            if said is not None and not (period and typed_in):
                row[at] = said
    return replace(raw, frame=pd.DataFrame(rows, raw.frame.index, raw.frame.columns, object))


def is_formula(value: object) -> bool:
    return isinstance(value, str) and value.startswith(FORMULA)


def _said(text: str) -> str:
    """A mark of what a formula does, whatever cells it refers to by whatever names: other programs write
    ``tblItems[Price]`` as ``Items!$F$6:$F$9``, and inserted rows move addresses."""
    strings = [string.replace(" ", "") for string in _STRING.findall(text)]
    bare = "".join(_STRING.sub('"', text).split()).replace("@", "")
    bare = _SHEET.sub("", bare.replace("TRUE()", "TRUE").replace("FALSE()", "FALSE"))
    while bare != (shorter := _BRACKETS.sub("", bare)):
        bare = shorter
    bare = _WORD.sub(lambda word: word[1].lower() + "(" if word[2] else "R", bare).replace("R:R", "R")
    return f"{FORMULA} {zlib.crc32('|'.join([bare, *strings]).encode('utf-8', 'replace')):08x}"


def _area(reference: str | None) -> list[tuple[int, int]]:
    try:
        left, top, right, bottom = range_boundaries(reference or "")
        whole = (bottom - top + 1) * (right - left + 1)
    except (ValueError, TypeError):
        return []
    if whole > _MOST_OF_ONE:
        return []
    return [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


def _column(address: str | None) -> int:
    try:
        return column_index_from_string(coordinate_from_string(address)[0]) if address else 0
    except ValueError:
        return 0
