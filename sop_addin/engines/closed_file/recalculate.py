"""Bring the cached values of formulas up to date without Excel, by cellrune.

cellrune gets a copy prepared to its taste; of its answer only the values of formula cells are taken over. A formula it
cannot calculate keeps its cached value and is reported; Excel recalculates everything on opening in any case.
"""

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import cellrune
import xlwings as xw

from sop_addin.engines.closed_file.cells import cached_value, formula_of, replace_formula
from sop_addin.engines.closed_file.dates import to_serial
from sop_addin.engines.closed_file.guard import readable
from sop_addin.engines.closed_file.sheet_xml import SheetXml
from sop_addin.engines.closed_file.workbook import Workbook
from sop_addin.engines.references import Box, box_holds, cell_address
from sop_addin.engines.values import CellValue, XlError
from sop_addin.opc.package import Package
from sop_addin.opc.xml_text import encode_text, main_tag, serialise_xml, unescape_xml

LOGGER = logging.getLogger(__name__)

Speller = Callable[[str], str]

_READ_CELLS = 50_000  # results fetched in one call
_FORMULA = re.compile(rb"(<f\b[^<>]*?(?<!/)>)([^<]*)(</f>)")
_QUOTED = re.compile(r"(\"(?:[^\"]|\"\")*\")")
_SEVERAL_SHEETS = re.compile(r"[\w']:[\w' .]+'?!")
_READS_ANYTHING = re.compile(r"\bINDIRECT\s*\(", re.I)
_BOOK_NUMBER = re.compile(r"\[\d+\]")  # [1]Sheet1!A1 points to another workbook
_UNCERTAIN = frozenset({"#SPILL!", "#CALC!"})


@dataclass
class Recalculation:
    """What a recalculation did. `unavailable` maps 'Sheet!A1' to the reason its cached value was kept."""

    calculated: int = 0
    unavailable: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


def recalculate_book(book: xw.Book, today: dt.date | None = None) -> Recalculation:
    """Recalculate an xlwings book of the closed-file engine; TODAY() is `today`, or the day it is."""
    return recalculate(book.impl.backend.workbook, today or dt.date.today())


def recalculate_bytes(data: bytes, today: dt.date | None = None) -> bytes:
    """A workbook file with the cached values of its formulas filled in; equal bytes for equal input.

    Formulas that cannot be calculated keep their cached value and are logged as warnings; so do TODAY() and NOW()
    unless `today` is given. Raises FileUnreadable where `data` is no workbook.
    """
    workbook = Workbook(Package(data, "the workbook"))
    outcome = recalculate(workbook, today)
    if outcome.problem:
        LOGGER.warning("%s", outcome.problem)
    for address, reason in outcome.unavailable.items():
        LOGGER.warning("%s keeps its cached value: %s", address, reason)
    return workbook.to_bytes()


@readable
def recalculate(workbook: Workbook, today: dt.date | None = None) -> Recalculation:
    """Calculate all formulas of a workbook and put the results into its sheets."""
    outcome = Recalculation()
    workbook.flush()
    names = [name for name in workbook.sheet_names() if _has_formulas(workbook, name)]
    if not names:
        return outcome
    sheets = [workbook.sheet(name) for name in names]
    serial = None if today is None else to_serial(today, workbook.codec.date_1904)
    try:
        spell = _table_speller(workbook.tables.names())
        calculator = cellrune.Workbook.from_bytes(_prepared_copy(workbook, sheets, spell))
        _let_spill(calculator, sheets, spell)
        calculator.calculate(today_serial=serial, now_serial=serial)
    except cellrune.CellRuneError as error:
        outcome.problem = f"Formulas were not recalculated ({error}); Excel does so when it opens the workbook."
        return outcome
    with calculator:
        for sheet in sheets:
            _fit_spills(sheet, calculator)
            _take_over(sheet, calculator, outcome)
    return outcome


def _has_formulas(workbook: Workbook, name: str) -> bool:
    content = workbook.package.read(workbook.sheet_part(name))
    return b"<f>" in content or b"<f " in content or b":f>" in content or b":f " in content


# -- the copy for the calculator


def _prepared_copy(workbook: Workbook, sheets: list[SheetXml], spell: Speller) -> bytes:
    """The workbook as bytes, with tables spelt as the calculator knows them and without sheets no formula reads."""
    copy = Package(workbook.package.to_bytes(), workbook.package.name)
    texts: list[str] = []
    for sheet in sheets:
        texts.append(_prepare_sheet(copy, sheet, spell))
    for element in workbook.root.iter(main_tag("definedName")):
        texts.append(element.text or "")
    _spell_names(copy, workbook, spell)
    calculated = {sheet.name for sheet in sheets}
    for name in _unread_sheets(workbook, "\n".join(texts), calculated):
        copy.write(workbook.sheet_part(name), _emptied(workbook, name))
    return copy.to_bytes()


def _table_speller(tables: list[str]) -> Speller:
    """tblX -> tblX[#Data]: the calculator takes a bare table name for an unknown defined name."""
    if not tables:
        return lambda text: text
    names = "|".join(re.escape(name) for name in sorted(tables, key=len, reverse=True))
    bare = re.compile(rf"(?<![\w.!'\]\[@])({names})(?![\w.\[!(])", re.I)

    def spell(text: str) -> str:
        if not bare.search(text):
            return text
        pieces = _QUOTED.split(text)
        pieces[::2] = [bare.sub(r"\1[#Data]", piece) for piece in pieces[::2]]
        return "".join(pieces)

    return spell


def _prepare_sheet(copy: Package, sheet: SheetXml, spell: Speller) -> str:
    """Write the prepared sheet into the copy; returns the texts of all its formulas."""
    texts: list[str] = []

    def respell(match: re.Match[bytes]) -> bytes:
        text = unescape_xml(match[2])
        texts.append(text)
        spelt = spell(text)
        return match[0] if spelt == text else match[1] + escape(spelt).encode() + match[3]

    saved, was_changed = dict(sheet.rows), sheet.changed
    _draw_back_spills(sheet)
    _name_own_table(sheet)
    content = sheet.to_bytes()
    sheet.rows, sheet.changed = saved, was_changed
    copy.write(sheet.part, _FORMULA.sub(respell, content))
    return "\n".join(texts)


def _draw_back_spills(sheet: SheetXml) -> None:
    """Leave dynamic arrays only their own cells, so that they can spill anew."""
    for anchor, array in sheet.arrays.items():
        raw = sheet.cell(*anchor)
        if not array.dynamic or raw is None:
            continue
        own = f' ref="{cell_address(*anchor)}"'.encode()
        sheet.put_raw(*anchor, re.sub(rb'(<f\b[^<>]*?)\sref="[^"]*"', rb"\1" + own, raw, count=1))
        for row, column in _followers(anchor, array.box):
            if sheet.cell(row, column) is not None:
                sheet.put_raw(row, column, None)


def _name_own_table(sheet: SheetXml) -> None:
    """[Cost] inside tblItems -> tblItems[Cost]: the calculator does not take the table for granted everywhere."""
    for info in sheet.workbook.tables.of_sheet(sheet.name):
        for row in range(info.box[0], info.box[2] + 1):
            found = sheet.rows.get(row)
            if found is None or b"<f" not in found[1] or b"[" not in found[1]:
                continue
            changes = {}
            for column, raw in sheet.cells(row).items():
                parts = formula_of(raw)
                if parts is not None and "[" in parts.text and box_holds(info.box, row, column):
                    text = encode_text(with_own_table(parts.text, info.name)).encode()
                    changes[column] = replace_formula(raw, b"<f" + parts.attributes + b">" + text + b"</f>")
            if changes:
                sheet.put_row_cells(row, changes)


def with_own_table(formula: str, table: str) -> str:
    """A stored formula with the table's name put before references that leave it out."""
    pieces = _QUOTED.split(formula)
    for position in range(0, len(pieces), 2):
        depth, result, previous = 0, "", " "
        for place, character in enumerate(pieces[position]):
            if character == "[":
                is_book = _BOOK_NUMBER.match(pieces[position], place)
                if depth == 0 and not (previous.isalnum() or previous in "_.]'" or is_book):
                    result += table
                depth += 1
            elif character == "]":
                depth -= 1
            result += character
            previous = character
        pieces[position] = result
    return "".join(pieces)


def _followers(anchor: tuple[int, int], box: Box) -> Iterator[tuple[int, int]]:
    for row in range(box[0], box[2] + 1):
        for column in range(box[1], box[3] + 1):
            if (row, column) != anchor:
                yield row, column


def _spell_names(copy: Package, workbook: Workbook, spell: Speller) -> None:
    originals = [(element, element.text) for element in workbook.root.iter(main_tag("definedName"))]
    if all(spell(text or "") == (text or "") for _, text in originals):
        return
    for element, text in originals:
        element.text = spell(text or "")
    copy.write(workbook.part, serialise_xml(workbook.root))
    for element, text in originals:
        element.text = text


def _unread_sheets(workbook: Workbook, formulas: str, calculated: set[str]) -> list[str]:
    """Sheets without formulas that none refers to; none at all where a formula may read any sheet."""
    if _READS_ANYTHING.search(formulas) or _SEVERAL_SHEETS.search(formulas):
        return []
    text = formulas.lower()
    unread = []
    for name in workbook.sheet_names():
        spellings = [name.lower(), name.replace("'", "''").lower()]
        spellings += [info.name.lower() for info in workbook.tables.of_sheet(name)]
        if name not in calculated and not any(spelling in text for spelling in spellings):
            unread.append(name)
    return unread


def _emptied(workbook: Workbook, name: str) -> bytes:
    """A sheet's part with nothing but the header cells its tables need."""
    content = workbook.package.read(workbook.sheet_part(name))
    sheet = SheetXml(workbook, name, workbook.sheet_part(name), content)
    kept = {
        row for info in workbook.tables.of_sheet(name) for row in (info.box[0], info.box[2] if info.totals_rows else 0)
    }
    sheet.rows = {number: row for number, row in sheet.rows.items() if number in kept}
    return sheet.to_bytes()


def _let_spill(calculator: Any, sheets: list[SheetXml], spell: Speller) -> None:
    """Enter the dynamic arrays anew: the calculator keeps a loaded one within the box it had in the file."""
    for sheet in sheets:
        for anchor, array in sheet.arrays.items():
            raw = sheet.cell(*anchor)
            formula = None if raw is None else sheet.stored_formula(raw, *anchor)
            if not array.dynamic or not formula:
                continue
            change = {
                "kind": "set_formula",
                "sheet": sheet.name,
                "address": cell_address(*anchor),
                "formula": "=" + spell(formula),
                "dynamic_array": True,
            }
            try:
                calculator.apply_changes(calculator.summary()["semantic_revision"], [change])
            except cellrune.CellRuneError as error:
                LOGGER.info("%s cannot spill anew: %s", sheet.where(*anchor), error)


# -- the answer


def _fit_spills(sheet: SheetXml, calculator: Any) -> None:
    """Give each dynamic array the box it spills over now."""
    for anchor, array in sheet.arrays.items():
        if not array.dynamic:
            continue
        result = _results(calculator, sheet.name, (*anchor, *anchor))[0][0]
        if result["kind"] == "unavailable" or result.get("value") in _UNCERTAIN:
            continue
        last_row, last_column = anchor
        while _is_spilled(calculator, sheet.name, last_row + 1, anchor[1]):
            last_row += 1
        while _is_spilled(calculator, sheet.name, anchor[0], last_column + 1):
            last_column += 1
        box = (*anchor, last_row, last_column)
        if box != array.box:
            sheet.arrays.clear_followers(anchor, array.box)
            sheet.arrays.resize(anchor, box)


def _is_spilled(calculator: Any, sheet: str, row: int, column: int) -> bool:
    address = cell_address(row, column)
    found = calculator.read_range(sheet, address, address)["cells"]
    if not found:
        return False
    cell = found[0]
    calculated = cell.get("calculated") or {}
    return cell["formula"] is None and cell["source_value"]["kind"] == "blank" and calculated.get("kind") == "value"


def _results(calculator: Any, sheet: str, box: Box) -> list[list[dict[str, Any]]]:
    results: list[list[dict[str, Any]]] = calculator.read_values(
        sheet, cell_address(box[0], box[1]), cell_address(box[2], box[3])
    )
    return results


def _take_over(sheet: SheetXml, calculator: Any, outcome: Recalculation) -> None:
    """Put the results of one sheet into its formula cells and the cells they spill to."""
    spilled: dict[int, set[int]] = {}
    for anchor, array in sheet.arrays.items():
        for row, column in _followers(anchor, array.box):
            spilled.setdefault(row, set()).add(column)
    rows = sorted(number for number, (_, body) in sheet.rows.items() if b"<f" in body)
    rows = sorted({*rows, *spilled})
    for first, last in _runs(rows, sheet.used()[3]):
        _take_over_rows(sheet, calculator, outcome, first, last, spilled)


def _runs(rows: Iterable[int], width: int) -> Iterator[tuple[int, int]]:
    """Unbroken runs of rows, each small enough for one call."""
    most = max(1, _READ_CELLS // max(1, width))
    first = last = 0
    for row in rows:
        if first and row == last + 1 and row - first < most:
            last = row
            continue
        if first:
            yield first, last
        first = last = row
    if first:
        yield first, last


def _take_over_rows(
    sheet: SheetXml,
    calculator: Any,
    outcome: Recalculation,
    first: int,
    last: int,
    spilled: dict[int, set[int]],
) -> None:
    wanted: dict[int, dict[int, bytes]] = {}
    for row in range(first, last + 1):
        cells = sheet.cells(row)
        places = {column: raw for column, raw in cells.items() if b"<f" in raw and formula_of(raw) is not None}
        for column in spilled.get(row, ()):
            places[column] = cells.get(column, f'<c r="{cell_address(row, column)}"/>'.encode())
        wanted[row] = places
    left = min((min(places) for places in wanted.values() if places), default=1)
    right = max((max(places) for places in wanted.values() if places), default=1)
    results = _results(calculator, sheet.name, (first, left, last, right))
    for row, places in wanted.items():
        changes: dict[int, bytes] = {}
        for column, raw in places.items():
            result = results[row - first][column - left]
            reason = _why_uncertain(result)
            if reason is not None:
                outcome.unavailable[sheet.where(row, column)] = reason
                continue
            outcome.calculated += 1
            value = _value(result)
            if not sheet.workbook.codec.caches(raw, value):
                changes[column] = cached_value(raw, value)
        if changes:
            sheet.put_row_cells(row, changes)


def _why_uncertain(result: dict[str, Any]) -> str | None:
    if result["kind"] in ("unavailable", "unsupported"):
        detail = result.get("detail")
        return str(result.get("message") or "it cannot be calculated") + (f" ({detail})" if detail else "")
    value = result.get("value")
    return f"it gives {value}" if value in _UNCERTAIN else None


def _value(result: dict[str, Any]) -> CellValue:
    if result["kind"] == "blank":
        return 0.0  # a formula never gives a blank: a reference to an empty cell is 0
    return XlError(result["value"]) if result["kind"] == "error" else result["value"]
