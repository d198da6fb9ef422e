"""Formulas of the plan sheets as they stand in a file: what they show hangs on inputs, what they say must not change.

Each is marked with what it does, and over which cells of the plan sheets; an edit of a formula is then an edit like any
other.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd
from lxml import etree
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries

from ...model.calendar import parse_period
from ...model.schema import GRID_BY_NAME
from ...model.tables import RawTable
from ...opc.package import Package, worksheets
from ...opc.xml_rows import XmlRows
from ...opc.xml_text import main_tag, parse_xml
from .choice import as_name

FORMULA = "(formula)"
NO_VALUE = "(formula without a value)"
"""In the place of what a cell shows, where a program has saved a formula and did not calculate it."""
At = tuple[int, int]
"""Row and column, counted from 1."""

_MOST_OF_ONE = 1_000_000
_STRING = re.compile(r'"(?:[^"]|"")*"')
_BRACKETS = re.compile(r"\[[^\[\]]*\]")
_ADDRESS = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}(?![\w.(])"
_TOKEN = re.compile(
    rf"(?:(?P<sheet>'(?:[^']|'')*'|[\w.]+)!)?(?:(?P<first>{_ADDRESS})(?::(?P<last>{_ADDRESS}))?"
    r"|(?:_xlfn\.|_xlws\.)*(?P<word>\$?[^\W\d][\w.$]*)(?P<call>\(?))"
)
_PARTS = re.compile(r"(\$?)([A-Za-z]+)(\$?)([0-9]+)")


@dataclass(frozen=True)
class _Meaning:
    """What the cells of a grid are by where they stand: ``rows`` key and measure, ``columns`` header."""

    rows: Mapping[int, tuple[str, ...]]
    columns: Mapping[int, str]

    def of(self, row: int, column: int, own: tuple[str, ...]) -> str:
        """'' for a cell that is outside. ``own``: the row that asks; a family's own cells go by their measure."""
        there, header = self.rows.get(row), self.columns.get(column)
        if there is None or header is None:
            return ""
        same = bool(own) and there[:-1] == own[:-1]
        return "|".join(("" if same else "/".join(there[:-1]), there[-1], header))


@dataclass
class SheetCells:
    """``formulas``: text, row and column from which it is shared; ``shown``: what a reader of values does not tell."""

    formulas: dict[At, tuple[str, At]] = field(default_factory=dict)
    shown: dict[At, str] = field(default_factory=dict)


def sheet_cells(content: bytes, part: str = "of a sheet") -> SheetCells:
    """The formulas of a sheet from its XML (each cell of an array formula has it); errors and formulas without a value
    in ``shown``."""
    found = SheetCells()
    if not any(sign in content for sign in (b"<f", b":f", b't="e"', b"t='e'")):
        return found
    shared: dict[str, tuple[str, At]] = {}
    row = 0
    for line in XmlRows(content, part, main_tag("row")):
        row, column = _number(line.get("r"), row + 1), 0
        for cell in line.iter(main_tag("c")):
            column = _column(cell.get("r")) or column + 1
            formula, kind = cell.find(main_tag("f")), cell.get("t")
            if kind == "e":
                found.shown[row, column] = cell.findtext(main_tag("v")) or "#VALUE!"
            if formula is not None:
                _add_formula(found, formula, (row, column), shared)
                if kind not in ("e", "str", "inlineStr") and not cell.findtext(main_tag("v")):
                    found.shown[row, column] = NO_VALUE
    return found


def _add_formula(found: SheetCells, formula: etree._Element, at: At, shared: dict[str, tuple[str, At]]) -> None:
    text, group = formula.text or "", formula.get("si")
    said = (text, at) if text or group is None else shared.get(group, ("", at))
    if group is not None:
        shared.setdefault(group, said)
    found.formulas[at] = said
    if formula.get("t") == "array":
        found.formulas |= {each: (text, each) for each in _area(formula.get("ref"))}


def sheet_contents(data: bytes, name: str) -> dict[str, bytes]:
    """The XML of each worksheet by its name."""
    package = Package(data, name)
    main = next((one.target for one in package.relationships("").values() if one.kind == "officeDocument"), "")
    found = worksheets(parse_xml(package.read(main), main), package.relationships(main), name)
    return {sheet: package.read(part) for sheet, part in found.items() if part in package}


def marked_grids(grids: Mapping[str, RawTable], cells: Mapping[str, SheetCells]) -> dict[str, RawTable]:
    """Grids by name, their formulas marked; ``cells``: of the sheets on which they stand."""
    meanings = {"".join(raw.place.sheet.split()): _meaning(name, raw) for name, raw in grids.items()}
    return {
        name: _marked(name, raw, cells.get(raw.place.sheet, SheetCells()).formulas, meanings)
        for name, raw in grids.items()
    }


def _meaning(name: str, raw: RawTable) -> _Meaning:
    grid = GRID_BY_NAME[name]
    places = _places(raw)
    begins = min((places[part] for part in grid.keys if part in places), default=0)  # actuals stand before it
    columns = {at: header for header, at in places.items()
               if at >= begins and (header in grid.lead_headers or parse_period(header) is not None)}  # fmt: skip
    parts = [raw.frame[part] for part in (*grid.keys, "Measure") if part in raw.frame.columns]
    rows = {int(number): tuple(map(as_name, key)) for number, *key in zip(raw.frame.index, *parts, strict=True)}
    if raw.place.header_row is not None:
        rows[raw.place.header_row] = ("", "")
    return _Meaning(rows, columns)


def _places(raw: RawTable) -> dict[str, int]:
    return {header: column_index_from_string(letters) for header, letters in raw.place.columns.items()}


def _marked(
    name: str, raw: RawTable, formulas: Mapping[At, tuple[str, At]], meanings: Mapping[str, _Meaning]
) -> RawTable:  # fmt: skip
    """A grid whose formulas stand as what they say, in the place of what they show; input cells are as they are."""
    grid, headers = GRID_BY_NAME[name], list(map(str, raw.frame.columns))
    inputs = {measure.name for measure in grid.measures if measure.role == "input"}
    places = _places(raw)
    columns = {
        at: (places[header], parse_period(header) is not None)
        for at, header in reversed(list(enumerate(headers)))
        if header in places and header not in headers[:at]
    }
    measures = headers.index("Measure") if "Measure" in headers else 0
    rows = [list(row) for row in raw.frame.itertuples(index=False, name=None)]
    for number, row in zip(raw.frame.index, rows, strict=True):
        typed_in = as_name(row[measures]) in inputs
        for at, (column, period) in columns.items():
            said = formulas.get((int(number), column))
            if said is not None and not (period and typed_in):
                row[at] = _said(*said, (int(number), column), raw.place.sheet, meanings)
    return replace(raw, frame=pd.DataFrame(rows, raw.frame.index, raw.frame.columns, object))


def is_formula(value: object) -> bool:
    return isinstance(value, str) and value.startswith(f"{FORMULA} ")


def _said(text: str, written_at: At, at: At, sheet: str, meanings: Mapping[str, _Meaning]) -> str:
    """A mark of what a formula does. Cells of the plan sheets count by what they mean, others not at all: other
    programs write ``tblItems[Price]`` as ``Items!$F$6:$F$9``, and inserted rows move addresses."""
    strings = [string.replace(" ", "") for string in _STRING.findall(text)]
    bare = "".join(_STRING.sub('"', text).split()).replace("@", "")
    bare = bare.replace("TRUE()", "TRUE").replace("FALSE()", "FALSE")
    while bare != (shorter := _BRACKETS.sub("", bare)):
        bare = shorter
    moved = (at[0] - written_at[0], at[1] - written_at[1])
    here = meanings.get("".join(sheet.split()))
    own = here.rows.get(at[0], ()) if here else ()

    def token(found: re.Match[str]) -> str:
        if found["word"]:
            return f"{found['word'].lower()}(" if found["call"] else "R"
        name = found["sheet"]
        meaning = meanings.get(name.strip("'").replace("''", "'")) if name else here
        ends = [_place(end, moved) for end in (found["first"], found["last"]) if end]
        told = [meaning.of(*end, own) for end in ends] if meaning else []
        return f"R{told}" if any(told) else "R"

    return f"{FORMULA} {zlib.crc32('|'.join([_TOKEN.sub(token, bare), *strings]).encode('utf-8', 'replace')):08x}"


def _place(address: str, moved: At) -> At:
    """Row and column of an address, as it reads from a cell so far from the one in which it was written."""
    fixed_column, letters, fixed_row, digits = _PARTS.fullmatch(address).groups()  # type: ignore[union-attr]
    row = int(digits) + (0 if fixed_row else moved[0])
    return row, column_index_from_string(letters) + (0 if fixed_column else moved[1])


def _area(reference: str | None) -> list[At]:
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
