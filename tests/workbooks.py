"""A workbook as plain data, to compare before with after; and an engine that fails or counts on demand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.read_tables import read_tables
from sop_addin.model.tables import Tables

CHANGING = ("write", "set_", "resize_", "add_", "clear", "delete_")


def content_of(book: Any, *, leave_out: tuple[str, ...] = (), results: bool = True) -> dict[str, Any]:
    """Values and formulas of every filled cell of every sheet, sizes of tables, defined names.

    results: whether the values of formulas count; they are stale where nothing has calculated them.
    """
    content: dict[str, Any] = {"names": dict(book.impl.backend.names())}
    for sheet in book.sheets:
        if sheet.name in leave_out:
            continue
        used = sheet.used_range
        values = used.options(ndim=2, err_to_str=True).value
        formulas = used.formula if used.shape != (1, 1) else ((used.formula,),)
        for row, (texts, cells) in enumerate(zip(formulas, values, strict=True), start=used.row):
            for column, (text, cell) in enumerate(zip(texts, cells, strict=True), start=used.column):
                if cell is not None or text:
                    formula = text.startswith("=") and text != cell
                    content[f"{sheet.name}!R{row}C{column}"] = (text, "formula" if formula and not results else cell)
        for table in sheet.tables:
            content[table.name] = table.range.address
    return content


def tables_in(path: Path) -> Tables:
    """The input tables of a closed workbook."""
    book = open_book(path)
    try:
        return read_tables(book)
    finally:
        book.close()


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {key: (one.get(key), other.get(key)) for key in {**one, **other} if one.get(key) != other.get(key)}


class Watched:
    """A backend that counts its calls, fails once at the wished changing call, and refuses to write to one sheet."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.calls: Counter[str] = Counter()
        self.changes = 0
        self.fail_at: int | None = None
        self.refuses = ""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.backend, name)
        if not callable(found):
            return found

        def watched(*words: Any, **more: Any) -> Any:
            self.calls[name] += 1
            if name.startswith("write") and words[0] == self.refuses:
                raise PermissionError(f"{self.refuses} is filtered")
            if name.startswith(CHANGING):
                self.changes += 1
                if self.changes == self.fail_at:
                    raise ConnectionError("Excel went away")
            return found(*words, **more)

        return watched


def watch(book: Any) -> Watched:
    watched = Watched(book.impl.backend)
    book.impl.backend = watched
    return watched


def row_of(sheet, *keys: str) -> int:
    """The first row in which these texts stand side by side."""
    for row in sheet.iter_rows():
        texts = [cell.value for cell in row]
        if any(tuple(texts[at : at + len(keys)]) == keys for at in range(len(texts))):
            return row[0].row
    raise AssertionError(f"no row {keys}")
