"""Sheets and defined names of the generic xlwings engine."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlwings import base_classes

from sop_addin.engines.backend import Backend
from sop_addin.engines.base_range import Range
from sop_addin.engines.base_table import Tables
from sop_addin.engines.errors import EngineError
from sop_addin.engines.references import MAX_COLUMNS, MAX_ROWS, parse_box, split_sheet

if TYPE_CHECKING:
    from sop_addin.engines.base import Book

# What Excel's Visible property takes: xlSheetVeryHidden. Only code can show such a sheet again.
VERY_HIDDEN = 2


class Sheets(base_classes.Sheets):
    """Worksheets of a book in tab order."""

    def __init__(self, book: "Book") -> None:
        self.book = book

    @property
    def api(self) -> Backend:
        return self.book.backend

    def _names(self) -> list[str]:
        return self.book.backend.sheet_names()

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> "Iterator[Sheet]":
        return iter([Sheet(self.book, name) for name in self._names()])

    def __contains__(self, name: object) -> bool:
        return str(name).lower() in (known.lower() for known in self._names())

    def __call__(self, name_or_index: int | str) -> "Sheet":
        names = self._names()
        if isinstance(name_or_index, int):
            return Sheet(self.book, names[name_or_index - 1])
        for name in names:
            if name.lower() == name_or_index.lower():
                return Sheet(self.book, name)
        raise KeyError(f"There is no sheet {name_or_index} in {self.book.name}.")

    @property
    def active(self) -> "Sheet":
        names = self._names()
        active = self.book.active_sheet
        if active not in names:
            visible = [name for name in names if self.book.backend.sheet_state(name) == "visible"]
            active = (visible or names)[0]
        return Sheet(self.book, active)

    def add(self, before: "Sheet | None" = None, after: "Sheet | None" = None, name: str | None = None) -> "Sheet":
        names = self._names()
        if before is not None:
            position = names.index(before.name)
        elif after is not None:
            position = names.index(after.name) + 1
        else:
            position = names.index(self.active.name)
        if name is None:
            taken = {known.lower() for known in names}
            name = next(f"Sheet{n}" for n in itertools.count(1) if f"sheet{n}" not in taken)
        self.book.backend.add_sheet(name, position)
        self.book.active_sheet = name
        return Sheet(self.book, name)


class _NoObjects(base_classes.Collection):
    """An empty collection: this engine keeps shapes, charts and pictures but does not show them."""

    def __init__(self, parent: "Sheet") -> None:
        self._parent = parent

    @property
    def api(self) -> None:
        return None

    @property
    def parent(self) -> "Sheet":
        return self._parent

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __call__(self, key: Any) -> Any:
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return False


class Sheet(base_classes.Sheet):
    """One worksheet."""

    def __init__(self, book: "Book", name: str) -> None:
        self._book = book
        self._name = name

    @property
    def api(self) -> "Sheet":
        return self

    @property
    def book(self) -> "Book":
        return self._book

    @property
    def backend(self) -> Backend:
        return self._book.backend

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        raise EngineError(f"Sheet {self._name}: this engine renames no sheets, formulas name them; do so in Excel.")

    @property
    def index(self) -> int:
        return self.backend.sheet_names().index(self._name) + 1

    @property
    def names(self) -> "Names":
        return Names(self._book, self._name)

    @property
    def tables(self) -> Tables:
        return Tables(self)

    @property
    def shapes(self) -> _NoObjects:
        return _NoObjects(self)

    @property
    def charts(self) -> _NoObjects:
        return _NoObjects(self)

    @property
    def pictures(self) -> _NoObjects:
        return _NoObjects(self)

    @property
    def visible(self) -> bool:
        return self.backend.sheet_state(self._name) == "visible"

    @visible.setter
    def visible(self, value: bool | int) -> None:
        """True shows, False hides, 2 (xlSheetVeryHidden) hides so that only code can show it again."""
        if value is not True and value == VERY_HIDDEN:
            self.backend.set_sheet_state(self._name, "veryHidden")
        else:
            self.backend.set_sheet_state(self._name, "visible" if value else "hidden")

    @property
    def cells(self) -> Range:
        return Range(self, (1, 1, MAX_ROWS, MAX_COLUMNS))

    @property
    def used_range(self) -> Range:
        return Range(self, self.backend.used(self._name))

    def range(self, arg1: Any, arg2: Any = None) -> Range:
        first = self._one_range(arg1)
        if arg2 is None:
            return first
        a, b = first.box, self._one_range(arg2).box
        return Range(self, (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])))

    def _one_range(self, argument: Any) -> Range:
        if isinstance(argument, Range):
            return argument
        if isinstance(argument, tuple):
            if 0 in argument[:2]:
                raise IndexError("Attempted to access 0-based Range. xlwings/Excel Ranges are 1-based.")
            # xlwings' slicing hands over (row, column, rows, columns), where rows or columns may be 0.
            row, column, rows, columns = argument if len(argument) == 4 else (*argument, 1, 1)
            return Range(self, (row, column, row + rows - 1, column + columns - 1))
        sheet, reference = split_sheet(argument)
        if sheet is not None:
            return Sheets(self._book)(sheet)._one_range(reference)
        try:
            return Range(self, parse_box(argument), argument)
        except ValueError:
            return self._named_range(argument)

    def _named_range(self, text: str) -> Range:
        """A defined name or a table reference: tblItems, tblItems[Cost], tblItems[#All]."""
        for name in Names(self._book):
            if name.name.lower() in (text.lower(), f"{self._name}!{text}".lower()):
                return name.refers_to_range
        table_name, bracket, part = text.partition("[")
        for sheet in Sheets(self._book):
            if table_name in sheet.tables:
                found = sheet.tables(table_name).part_range(part.rstrip("]").lstrip("[") if bracket else "")
                if found is not None:
                    return found
        raise KeyError(f"There is no range, name or table {text} in {self._book.name}.")

    def activate(self) -> None:
        self._book.active_sheet = self._name

    def select(self) -> None:
        self.activate()

    def autofit(self, axis: str | None = None) -> None:
        """Column widths stay: only Excel can measure text."""

    def delete(self) -> None:
        raise EngineError(f"Sheet {self._name}: this engine deletes no sheets, formulas may read them; do so in Excel.")

    def clear_contents(self) -> None:
        self.used_range.clear_contents()

    def clear_formats(self) -> None:
        self.used_range.clear_formats()

    def clear(self) -> None:
        self.used_range.clear()


class Names(base_classes.Names):
    """Defined names of a book, or of one sheet."""

    def __init__(self, book: "Book", sheet: str | None = None) -> None:
        self.book = book
        self._sheet = sheet

    @property
    def api(self) -> Backend:
        return self.book.backend

    def _all(self) -> list[str]:
        names = [name for name, _ in self.book.backend.names()]
        return names if self._sheet is None else [name for name in names if name.startswith(self._sheet + "!")]

    def snapshot(self) -> "list[tuple[str, Name]]":
        return [(name, Name(self.book, name)) for name in self._all()]

    def __iter__(self) -> "Iterator[Name]":
        return iter([Name(self.book, name) for name in self._all()])

    def __len__(self) -> int:
        return len(self._all())

    def contains(self, name_or_index: Any) -> bool:
        return self._find(str(name_or_index)) is not None

    def _find(self, wanted: str) -> str | None:
        spellings = {wanted.lower()}
        if self._sheet is not None:
            spellings.add(f"{self._sheet}!{wanted}".lower())
        return next((name for name in self._all() if name.lower() in spellings), None)

    def __call__(self, name_or_index: int | str) -> "Name":
        if isinstance(name_or_index, int):
            return Name(self.book, self._all()[name_or_index - 1])
        found = self._find(name_or_index)
        if found is None:
            raise KeyError(f"There is no name {name_or_index} in {self.book.name}.")
        return Name(self.book, found)

    def add(self, name: str, refers_to: str) -> "Name":
        if self._sheet is not None and "!" not in name:
            name = f"{self._sheet}!{name}"
        self.book.backend.set_name(name, refers_to)
        return Name(self.book, name)


class Name(base_classes.Name):
    """One defined name."""

    def __init__(self, book: "Book", name: str) -> None:
        self.book = book
        self._name = name

    @property
    def api(self) -> Backend:
        return self.book.backend

    @property  # type: ignore[misc]
    def name(self) -> str:
        return self._name

    @property
    def refers_to(self) -> str:
        for name, reference in self.book.backend.names():
            if name.lower() == self._name.lower():
                return reference
        raise KeyError(f"There is no name {self._name} in {self.book.name}.")

    @refers_to.setter
    def refers_to(self, value: str) -> None:
        self.book.backend.set_name(self._name, value)

    def delete(self) -> None:
        self.book.backend.delete_name(self._name)

    @property
    def refers_to_range(self) -> Range:
        sheet_name, reference = split_sheet(self.refers_to)
        sheets = Sheets(self.book)
        own_sheet, bang, _ = self._name.rpartition("!")
        sheet = sheets(sheet_name or own_sheet) if sheet_name or bang else sheets.active
        try:
            return Range(sheet, parse_box(reference))
        except ValueError:
            found = sheet.range(reference) if reference.lower() != self._name.lower() else None
        if found is None:
            raise EngineError(f"The name {self._name} refers to {self.refers_to}, which is no range.")
        return found
