"""The xlwings engine "closed_file": workbooks on disk that no program has open."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwings as xw

from sop_addin.engines.backend import RowLevel, SheetState, TableInfo
from sop_addin.engines.base import Engine, book_of
from sop_addin.engines.closed_file import row_marks
from sop_addin.engines.closed_file.dates import to_serial
from sop_addin.engines.closed_file.guard import readable
from sop_addin.engines.closed_file.recalculate import Recalculation, recalculate
from sop_addin.engines.closed_file.workbook import Workbook
from sop_addin.engines.errors import EngineError, FileUnreadable
from sop_addin.engines.references import Box, box_address, boxes_overlap
from sop_addin.engines.values import CellValue
from sop_addin.opc.package import Package

MOST_CELLS = 30_000_000
"""That one call reads: 10,000 items x 3,000 periods. Some 8 bytes each, and what they hold."""


class ClosedFileBackend:
    """One workbook file, read whole; changes reach the disk on `save`."""

    def __init__(self, workbook: Workbook, path: Path | None) -> None:
        self.workbook = workbook
        self._path = path
        self.last_recalculation: Recalculation | None = None

    @classmethod
    @readable
    def open(cls, path: str) -> "ClosedFileBackend":
        return cls(Workbook.open(Path(path)), Path(path).absolute())

    @classmethod
    def new(cls) -> "ClosedFileBackend":
        buffer = io.BytesIO()
        blank = xlsxwriter.Workbook(buffer)
        blank.add_worksheet("Sheet1")
        blank.close()
        return cls(Workbook(Package(buffer.getvalue(), "a new workbook")), None)

    # -- cells

    def sheet_names(self) -> list[str]:
        return self.workbook.sheet_names()

    @readable
    def read(self, sheet: str, box: Box) -> list[list[CellValue]]:
        _check_size(sheet, box)
        return self.workbook.sheet(sheet).values(box)

    @readable
    def formulas(self, sheet: str, box: Box) -> list[list[str]]:
        _check_size(sheet, box)
        cells = self.workbook.sheet(sheet)
        texts = cells.formulas(box)
        if all(text is not None for row in texts for text in row):
            return [[text or "" for text in row] for row in texts]
        date_1904 = self.workbook.codec.date_1904
        return [
            [
                _constant_text(value, date_1904) if text is None else text
                for text, value in zip(row, values, strict=True)
            ]
            for row, values in zip(texts, cells.values(box), strict=True)
        ]

    @readable
    def write(self, sheet: str, row: int, column: int, rows: Sequence[Sequence[CellValue]]) -> None:
        self.workbook.sheet(sheet).write(row, column, rows)

    @readable
    def clear(self, sheet: str, box: Box, *, contents: bool, formats: bool) -> None:
        self.workbook.sheet(sheet).clear(box, contents, formats)

    @readable
    def used(self, sheet: str) -> Box:
        return self.workbook.sheet(sheet).used()

    @readable
    def has_array(self, sheet: str, row: int, column: int) -> bool:
        return self.workbook.sheet(sheet).arrays.holds(row, column)

    @readable
    def merged(self, sheet: str, box: Box) -> list[Box]:
        return [area for area in self.workbook.sheet(sheet).merged() if boxes_overlap(area, box)]

    # -- formats

    @readable
    def number_format(self, sheet: str, box: Box) -> str | None:
        codes = {self.workbook.codec.styles.code(style) for style in self._styles_in(sheet, box)}
        return codes.pop() if len(codes) == 1 else None

    def _styles_in(self, sheet: str, box: Box) -> set[int]:
        cells = self.workbook.sheet(sheet)
        return {cells.style(row, column) for row in range(box[0], box[2] + 1) for column in range(box[1], box[3] + 1)}

    @readable
    def set_number_format(self, sheet: str, box: Box, code: str) -> None:
        styles = self.workbook.codec.styles
        self._restyle(sheet, box, lambda style: styles.with_code(style, code))

    def color(self, sheet: str, row: int, column: int) -> tuple[int, int, int] | None:
        return self.workbook.codec.styles.color(self.workbook.sheet(sheet).style(row, column))

    def set_color(self, sheet: str, box: Box, color: tuple[int, int, int] | None) -> None:
        styles = self.workbook.codec.styles
        self._restyle(sheet, box, lambda style: styles.with_color(style, color))

    def _restyle(self, sheet: str, box: Box, change: Any) -> None:
        cells = self.workbook.sheet(sheet)
        for row in range(box[0], box[2] + 1):
            for column in range(box[1], box[3] + 1):
                cells.set_style(row, column, change(cells.style(row, column)))

    # -- notes, outlines, filters

    def move_notes(self, sheet: str, moves: Mapping[tuple[int, int], tuple[int, int] | None]) -> None:
        row_marks.move_notes(self.workbook, sheet, moves)

    def row_levels(self, sheet: str, first: int, last: int) -> list[RowLevel]:
        return row_marks.row_levels(self.workbook.sheet(sheet), first, last)

    def set_row_levels(self, sheet: str, first: int, levels: Sequence[tuple[int, bool, bool]]) -> None:
        row_marks.set_row_levels(self.workbook.sheet(sheet), first, levels)

    def stretch_filter(self, sheet: str, header_row: int, last_row: int) -> None:
        row_marks.stretch_filter(self.workbook, sheet, header_row, last_row)

    def set_trends(self, sheet: str, before: int, lines: Mapping[int, str]) -> None:
        row_marks.set_trends(self.workbook.sheet(sheet), before, lines)

    # -- tables and names

    @readable
    def tables(self, sheet: str) -> list[TableInfo]:
        return self.workbook.tables.of_sheet(sheet)

    @readable
    def resize_table(self, sheet: str, name: str, box: Box) -> None:
        self.workbook.tables.resize(name, box)

    @readable
    def add_table(self, sheet: str, box: Box, name: str | None, has_headers: bool, style: str | None) -> str:
        return self.workbook.tables.add(sheet, box, name, has_headers, style)

    @readable
    def names(self) -> list[tuple[str, str]]:
        return [(name, "=" + (element.text or "")) for name, element in self.workbook.name_elements()]

    @readable
    def set_name(self, name: str, refers_to: str) -> None:
        self.workbook.set_name(name, refers_to)

    def delete_name(self, name: str) -> None:
        self.workbook.delete_name(name)

    # -- sheets

    @readable
    def add_sheet(self, name: str, position: int) -> None:
        self.workbook.add_sheet(name, position)

    def sheet_state(self, sheet: str) -> SheetState:
        return self.workbook.sheet_state(sheet)

    @readable
    def set_sheet_state(self, sheet: str, state: SheetState) -> None:
        self.workbook.set_sheet_state(sheet, state)

    # -- the book

    def calculate(self) -> None:
        self.last_recalculation = recalculate(self.workbook)

    @readable
    def save(self, path: str) -> None:
        target = Path(path)
        self.workbook.save(target, self._path)
        self._path = target

    def close(self) -> None:
        """Nothing is held open."""

    def show_status(self, text: str) -> None:
        """Nobody looks at a closed file."""

    def show_message(self, text: str, title: str, problem: bool, buttons: str) -> str:
        """Nobody looks at a closed file: the first button counts as pressed."""
        return buttons.partition("_")[0]

    def run_macro(self, name: str, arguments: Sequence[Any]) -> Any:
        raise EngineError(f"The macro {name} cannot run in a closed workbook; open it in Excel.")


def _check_size(sheet: str, box: Box) -> None:
    """A table or name over a whole sheet, with nothing in it, must not take all memory."""
    if (box[2] - box[0] + 1) * (box[3] - box[1] + 1) > MOST_CELLS:
        raise FileUnreadable(
            f"{sheet}!{box_address(box)} is more than {MOST_CELLS:,} cells; shrink the table or name to its data."
        )


def _constant_text(value: CellValue, date_1904: bool) -> str:
    """A constant as Range.formula gives it: numbers plain, dates as serial numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return str(value)
    number = float(value) if isinstance(value, (int, float)) else to_serial(value, date_1904)
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


ENGINE = Engine("closed_file", ClosedFileBackend.open, ClosedFileBackend.new)


def open_book(path: str | Path) -> xw.Book:
    """Open a closed .xlsx or .xlsm as an xlwings book, without Excel; xlwings' active engine stays as it is.

    Raises FileUnreadable with a sentence for the user. `book.save()` writes losslessly and atomically,
    `book.app.calculate()` brings the cached values of its formulas up to date.
    """
    return book_of(ENGINE, path, ClosedFileBackend.open(str(path)))
