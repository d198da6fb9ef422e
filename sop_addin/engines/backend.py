"""What an engine must supply for one open workbook. Rows and columns count from 1; a sheet is known by its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from sop_addin.engines.references import Box
from sop_addin.engines.values import CellValue

SheetState = Literal["visible", "hidden", "veryHidden"]


@dataclass(frozen=True)
class TableInfo:
    """An Excel table (ListObject) as it stands now."""

    name: str
    box: Box
    header_rows: int
    totals_rows: int
    columns: tuple[str, ...]
    style: str | None = None
    show_autofilter: bool = False


class Backend(Protocol):
    """One workbook. Methods raise EngineError with a sentence for the user where something cannot be done."""

    def sheet_names(self) -> list[str]: ...

    def read(self, sheet: str, box: Box) -> list[list[CellValue]]: ...

    def formulas(self, sheet: str, box: Box) -> list[list[str]]:
        """Formula text with '=' where a cell has one, otherwise its value as text ('' for blank)."""
        ...

    def write(self, sheet: str, row: int, column: int, rows: Sequence[Sequence[CellValue]]) -> None:
        """Write a rectangle in one go. str is text, `Formula` a formula, None clears; formats stay."""
        ...

    def clear(self, sheet: str, box: Box, *, contents: bool, formats: bool) -> None: ...

    def number_format(self, sheet: str, box: Box) -> str | None:
        """The number format code shared by all cells of the box, None where they differ."""
        ...

    def set_number_format(self, sheet: str, box: Box, code: str) -> None: ...

    def color(self, sheet: str, row: int, column: int) -> tuple[int, int, int] | None:
        """Solid background as red, green, blue (0-255), or None."""
        ...

    def set_color(self, sheet: str, box: Box, color: tuple[int, int, int] | None) -> None: ...

    def used(self, sheet: str) -> Box: ...

    def has_array(self, sheet: str, row: int, column: int) -> bool: ...

    def merged(self, sheet: str, box: Box) -> list[Box]:
        """Merged areas that overlap the box."""
        ...

    def tables(self, sheet: str) -> list[TableInfo]: ...

    def resize_table(self, sheet: str, name: str, box: Box) -> None: ...

    def add_table(self, sheet: str, box: Box, name: str | None, has_headers: bool, style: str | None) -> str: ...

    def names(self) -> list[tuple[str, str]]:
        """(name, '=reference'); a name of one sheet reads 'Sheet!Name'."""
        ...

    def set_name(self, name: str, refers_to: str) -> None: ...

    def delete_name(self, name: str) -> None: ...

    def add_sheet(self, name: str, position: int) -> None: ...

    def sheet_state(self, sheet: str) -> SheetState: ...

    def set_sheet_state(self, sheet: str, state: SheetState) -> None: ...

    def calculate(self) -> None: ...

    def save(self, path: str) -> None: ...

    def close(self) -> None: ...

    def show_status(self, text: str) -> None:
        """A line in the status bar, where there is one; '' clears it."""
        ...

    def show_message(self, text: str, title: str, problem: bool, buttons: str) -> str:
        """A message box, where somebody is there to read it; which of ``buttons`` ("yes_no_cancel") was pressed.

        The first where nobody is there."""
        ...

    def run_macro(self, name: str, arguments: Sequence[Any]) -> Any: ...


class RowLevel(NamedTuple):
    """Outline of a row: its level (0 = none), whether it is hidden, whether the rows that it sums up are folded."""

    level: int = 0
    hidden: bool = False
    collapsed: bool = False


class MovesMarks(Protocol):
    """A backend that can also move what hangs on cells and rows beside their content."""

    def move_notes(self, sheet: str, moves: Mapping[tuple[int, int], tuple[int, int] | None]) -> None:
        """Notes of (row, column) go to another cell all at once; None takes them away."""
        ...

    def row_levels(self, sheet: str, first: int, last: int) -> list[RowLevel]: ...

    def set_row_levels(self, sheet: str, first: int, levels: Sequence[tuple[int, bool, bool]]) -> None: ...

    def stretch_filter(self, sheet: str, header_row: int, last_row: int) -> None:
        """Let the filter over a list of cells reach to its last row."""
        ...

    def set_trends(self, sheet: str, before: int, lines: Mapping[int, str]) -> None:
        """Trend lines left of column ``before`` stand in these rows and show these ranges; others stay."""
        ...
