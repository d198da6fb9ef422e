"""The xlwings engine "libreoffice": workbooks live in LibreOffice Calc, hidden or before the planner's eyes."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlwings as xw

from sop_addin.engines.backend import SheetState, TableInfo
from sop_addin.engines.base import Engine, book_of
from sop_addin.engines.errors import EngineError
from sop_addin.engines.libreoffice.grammar import from_libreoffice, to_libreoffice
from sop_addin.engines.libreoffice.office import Office
from sop_addin.engines.libreoffice.working_copy import make_working_copy
from sop_addin.engines.references import Box, box_holds, quote_sheet, split_sheet
from sop_addin.engines.values import CellValue, DynamicFormula, Formula, XlError

LONGEST_TEXT = 32_767  # characters a cell of Excel holds
_EPOCH = dt.datetime(1899, 12, 30)

# What Excel would show where LibreOffice keeps an error value as a formula.
_ERROR_FORMULAS = {
    "#N/A": "=NA()", "#DIV/0!": "=1/0", "#VALUE!": '=VALUE("x")', "#NUM!": "=SQRT(-1)", "#REF!": "=#REF!",
    "#NAME?": "=#NAME?", "#NULL!": "=#NULL!",
}  # fmt: skip


class LibreOfficeBackend:
    """One workbook open in a LibreOffice; changes show there at once and reach the disk on `save`."""

    def __init__(self, office: Office, path: str = "") -> None:
        self.office = office
        self._folder = tempfile.TemporaryDirectory(prefix="sop-libreoffice-", ignore_cleanup_errors=True)
        self.copy = make_working_copy(Path(path), Path(self._folder.name)) if path else None
        self.number = office.request("open", str(self.copy or ""))

    def _ask(self, method: str, *arguments: Any) -> Any:
        return self.office.request("ask", self.number, method, *arguments)

    # -- cells

    def sheet_names(self) -> list[str]:
        names: list[str] = self._ask("sheet_names")
        return names

    def read(self, sheet: str, box: Box) -> list[list[CellValue]]:
        rows = self._ask("read", sheet, box)
        return [[XlError(value[1]) if type(value) is tuple else value for value in row] for row in rows]

    def formulas(self, sheet: str, box: Box) -> list[list[str]]:
        return [[_shown(text) for text in row] for row in self._ask("formulas", sheet, box)]

    def write(self, sheet: str, row: int, column: int, rows: Sequence[Sequence[CellValue]]) -> None:
        width = max((len(line) for line in rows), default=0)
        if width == 0:
            return
        tables = (
            self.tables(sheet)
            if any("[@" in value for line in rows for value in line if isinstance(value, Formula))
            else []
        )

        def sent(value: CellValue, at_row: int, at_column: int) -> Any:
            if not isinstance(value, str):
                return _number(value)
            if isinstance(value, Formula):
                inside = next((table.name for table in tables if box_holds(table.box, at_row, at_column)), None)
                return "formula", to_libreoffice(value, inside), isinstance(value, DynamicFormula)
            if isinstance(value, XlError):
                return "formula", _ERROR_FORMULAS.get(str(value), "=NA()"), False
            if len(value) > LONGEST_TEXT:
                raise EngineError(
                    f"Sheet {sheet}, row {at_row}: a text of {len(value):,} characters, where a cell holds "
                    f"{LONGEST_TEXT:,}; shorten it."
                )
            return str(value)

        block = [
            [sent(value, row + down, column + right) for right, value in enumerate(line)] + [None] * (width - len(line))
            for down, line in enumerate(rows)
        ]
        self._ask("write", sheet, row, column, block)

    def clear(self, sheet: str, box: Box, *, contents: bool, formats: bool) -> None:
        self._ask("clear", sheet, box, contents, formats)

    def used(self, sheet: str) -> Box:
        box: Box = self._ask("used", sheet)
        return box

    def has_array(self, sheet: str, row: int, column: int) -> bool:
        return bool(self._ask("has_array", sheet, row, column))

    def merged(self, sheet: str, box: Box) -> list[Box]:
        merged: list[Box] = self._ask("merged", sheet, box)
        return merged

    # -- formats

    def number_format(self, sheet: str, box: Box) -> str | None:
        code: str | None = self._ask("number_format", sheet, box)
        return code

    def set_number_format(self, sheet: str, box: Box, code: str) -> None:
        self._ask("set_number_format", sheet, box, code)

    def color(self, sheet: str, row: int, column: int) -> tuple[int, int, int] | None:
        color: tuple[int, int, int] | None = self._ask("color", sheet, row, column)
        return color

    def set_color(self, sheet: str, box: Box, color: tuple[int, int, int] | None) -> None:
        self._ask("set_color", sheet, box, color)

    # -- tables and names

    def tables(self, sheet: str) -> list[TableInfo]:
        return [
            TableInfo(name, box, int(has_headers), int(has_totals), tuple(columns), None, has_filter)
            for name, box, has_headers, has_totals, columns, has_filter in self._ask("tables", sheet)
        ]

    def resize_table(self, sheet: str, name: str, box: Box) -> None:
        self._ask("resize_table", sheet, name, box)

    def add_table(self, sheet: str, box: Box, name: str | None, has_headers: bool, style: str | None) -> str:
        added: str = self._ask("add_table", sheet, box, name or "", has_headers)
        return added

    def names(self) -> list[tuple[str, str]]:
        return [
            (f"{quote_sheet(sheet)}!{name}" if sheet else name, from_libreoffice("=" + content))
            for sheet, name, content in self._ask("names")
        ]

    def set_name(self, name: str, refers_to: str) -> None:
        sheet, bare = split_sheet(name)
        self._ask("set_name", sheet or "", bare, to_libreoffice("=" + refers_to.removeprefix("="))[1:])

    def delete_name(self, name: str) -> None:
        sheet, bare = split_sheet(name)
        self._ask("delete_name", sheet or "", bare)

    # -- sheets

    def add_sheet(self, name: str, position: int) -> None:
        self._ask("add_sheet", name, position)

    def sheet_state(self, sheet: str) -> SheetState:
        return "visible" if self._ask("is_visible", sheet) else "hidden"

    def set_sheet_state(self, sheet: str, state: SheetState) -> None:
        self._ask("set_visible", sheet, state == "visible")

    # -- the book

    def calculate(self) -> None:
        self._ask("calculate")

    def save(self, path: str) -> None:
        """A copy as .xlsx, .ods or .pdf. What LibreOffice cannot write (VBA, ribbon) would be lost in an .xlsm."""
        self._ask("save", path)

    def show_toolbar(self, buttons: Sequence[tuple[str, str, str]]) -> None:
        """A toolbar of (action, label, help); an empty action is a line between groups. Presses come as events."""
        self.office.request("show_toolbar", self.number, list(buttons))

    def close(self) -> None:
        if self.office.alive:
            self.office.request("close", self.number)
        self._folder.cleanup()

    def show_status(self, text: str) -> None:
        self.office.request("show_status", self.number, text)

    def show_message(self, text: str, title: str, problem: bool, buttons: str) -> str:
        pressed: str = self.office.request("show_message", self.number, text, title, problem, buttons)
        return pressed

    def ask_text(self, prompt: str, title: str, given: str = "") -> str:
        """What the planner types, or leaves of ``given``; '' where they cancel or nobody is there."""
        typed: str = self.office.request("ask_text", self.number, prompt, title, given)
        return typed

    def choose_files(self, title: str, several: bool) -> list[str]:
        """Paths of the files that the planner chooses; none where they cancel or nobody is there."""
        chosen: list[str] = self.office.request("choose_files", self.number, title, several)
        return chosen

    def run_macro(self, name: str, arguments: Sequence[Any]) -> Any:
        raise EngineError(f"The macro {name} is Excel's; in LibreOffice use the S&OP toolbar.")


def _number(value: CellValue) -> Any:
    """Numbers as floats (a cell has no other), dates and times as moments."""
    if value is None or isinstance(value, (bool, dt.datetime)):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, dt.time):
        return _EPOCH + dt.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    return float(value)


def _shown(text: str) -> str:
    """A formula in Excel's notation, a constant without LibreOffice's mark for text."""
    return text[1:] if text.startswith("'") else from_libreoffice(text)


_office: Office | None = None


def _hidden_office() -> Office:
    """One hidden LibreOffice for all workbooks of this process, started when first needed."""
    global _office
    if _office is None or not _office.alive:
        _office = Office()
    return _office


ENGINE = Engine(
    "libreoffice",
    lambda path: LibreOfficeBackend(_hidden_office(), path),
    lambda: LibreOfficeBackend(_hidden_office()),
)


def open_book(path: str | Path, office: Office | None = None) -> xw.Book:
    """Open a workbook in LibreOffice as an xlwings book; xlwings' active engine stays as it is.

    Raises EngineError with a sentence for the user (LibreOffice or its `uno` missing, an unreadable file).
    """
    return book_of(ENGINE, path, LibreOfficeBackend(office or _hidden_office(), str(path)))
