"""What stands in the parts of a workbook, read without the library that wrote it."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


@dataclass(frozen=True)
class TablePart:
    sheet: str
    name: str
    ref: str
    columns: list[str]
    tree: etree._Element

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """First row and column, last row and column, from 1."""
        first, last = self.ref.split(":")
        return (*place(first), *place(last))


def place(address: str) -> tuple[int, int]:
    """``B7`` -> (7, 2)"""
    letters, digits = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)", address).groups()
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits), column


def inside(cell: tuple[int, int], area: str) -> bool:
    """Whether a cell lies in one of the areas ``A1:B2 D4``."""
    for part in area.split():
        first, _, last = part.partition(":")
        (top, left), (bottom, right) = place(first), place(last or first)
        if top <= cell[0] <= bottom and left <= cell[1] <= right:
            return True
    return False


class Parts:
    """The package, its sheets by name, their cells, tables and notes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        package = zipfile.ZipFile(io.BytesIO(data))
        self.files = {name: package.read(name) for name in package.namelist()}
        self._trees: dict[str, etree._Element] = {}

    def xml(self, name: str) -> etree._Element:
        if name not in self._trees:
            self._trees[name] = etree.fromstring(self.files[name])
        return self._trees[name]

    @cached_property
    def workbook(self) -> etree._Element:
        return self.xml("xl/workbook.xml")

    @cached_property
    def sheet_parts(self) -> dict[str, str]:
        targets = self.relationships("xl/workbook.xml")
        return {sheet.get("name"): targets[sheet.get(f"{REL}id")] for sheet in self.workbook.iter(f"{MAIN}sheet")}

    def relationships(self, part: str) -> dict[str, str]:
        folder, name = posixpath.split(part)
        path = f"{folder}/_rels/{name}.rels"
        if path not in self.files:
            return {}
        return {
            item.get("Id"): posixpath.normpath(posixpath.join(folder, item.get("Target")))
            for item in self.xml(path)
            if item.get("TargetMode") != "External"
        }

    def sheet(self, name: str) -> etree._Element:
        return self.xml(self.sheet_parts[name])

    @cached_property
    def strings(self) -> list[str]:
        return ["".join(item.itertext()) for item in self.xml("xl/sharedStrings.xml")]

    def cells(self, sheet: str) -> dict[str, etree._Element]:
        return {cell.get("r"): cell for cell in self.sheet(sheet).iter(f"{MAIN}c")}

    def value(self, cell: etree._Element) -> str | float | None:
        """Text, number or None; a formula as its text with '='."""
        formula, value = cell.find(f"{MAIN}f"), cell.find(f"{MAIN}v")
        if formula is not None:
            return "=" + (formula.text or "")
        if value is None or value.text is None:
            return None
        if cell.get("t") == "s":
            return self.strings[int(value.text)]
        return value.text if cell.get("t") == "str" else float(value.text)

    def values(self, sheet: str) -> dict[str, str | float | None]:
        return {address: self.value(cell) for address, cell in self.cells(sheet).items()}

    @cached_property
    def tables(self) -> dict[str, TablePart]:
        found = {}
        for sheet, part in self.sheet_parts.items():
            for target in self.relationships(part).values():
                if "/tables/" in target:
                    tree = self.xml(target)
                    columns = [column.get("name") for column in tree.iter(f"{MAIN}tableColumn")]
                    found[tree.get("name")] = TablePart(sheet, tree.get("name"), tree.get("ref"), columns, tree)
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        return {item.get("name"): item.text for item in self.workbook.iter(f"{MAIN}definedName")}

    def notes(self, sheet: str) -> dict[str, str]:
        for target in self.relationships(self.sheet_parts[sheet]).values():
            if "comments" in posixpath.basename(target):
                return {item.get("ref"): "".join(item.itertext()) for item in self.xml(target).iter(f"{MAIN}comment")}
        return {}

    def validations(self, sheet: str) -> list[etree._Element]:
        return list(self.sheet(sheet).iter(f"{MAIN}dataValidation"))

    def validation_of(self, sheet: str, cell: tuple[int, int]) -> etree._Element | None:
        return next((item for item in self.validations(sheet) if inside(cell, item.get("sqref"))), None)
