"""The sheet Undo: what a run overwrites, as compressed text in cells, so that it can be undone after save and reopen.

A1 says which run (blank: nothing to undo), A2 whether it ended, A3 and A4 into how many cells the two texts are cut
that follow: the areas before the run, and those whose layout the run changed as they stood right after it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..model.errors import WorkbookError
from .blocks import read_block, write_block
from .layout import UNDO_SHEET
from .packed_text import pack_cell, packed, unpack_cell, unpacked

FIRST_ROW = 5
_WRITING, _WRITTEN = "writing", "written"


@dataclass(frozen=True)
class Area:
    """A grid or a table as it stood, header row first. The last three belong to grids; ``refers_to``: of its name."""

    name: str
    sheet: str
    row: int
    column: int
    headers: list[str]
    cells: list[list[object]]
    row_keys: list[tuple[tuple[str, ...], str] | None] | None = None
    bucket: str = "Month"
    refers_to: str = ""

    @property
    def is_grid(self) -> bool:
        return self.row_keys is not None


@dataclass(frozen=True)
class Kept:
    """What the sheet holds of the last run. ``after`` is None when the run never ended."""

    title: str
    before: list[Area]
    after: dict[str, Area] | None


def undo_sheet(book: Any) -> Any:
    """The sheet Undo; made, and hidden, in a workbook that has none."""
    if UNDO_SHEET in [sheet.name for sheet in book.sheets]:
        return book.sheets[UNDO_SHEET]
    shown = book.sheets.active
    sheet = book.sheets.add(UNDO_SHEET, after=book.sheets[len(book.sheets) - 1])
    sheet.visible = False
    shown.impl.activate()  # xlwings' own brings Excel to the front too
    return sheet


def read_content(book: Any) -> list[list[object]]:
    """Column A of the sheet Undo, as far as it is used; one row of nothing where there is nothing."""
    if UNDO_SHEET not in [sheet.name for sheet in book.sheets]:
        return [[None]]
    sheet = book.sheets[UNDO_SHEET]
    head = read_block(sheet.range((1, 1), (FIRST_ROW - 1, 1)))
    parts = sum(int(cell) for (cell,) in head[2:4] if isinstance(cell, float))
    if head[0][0] in (None, "") or not parts:
        return [[None]]
    return [*head, *read_block(sheet.range((FIRST_ROW, 1), (FIRST_ROW + parts - 1, 1)))]


def write_content(book: Any, content: Sequence[Sequence[object]], over: int) -> None:
    """Write column A of the sheet Undo; ``over``: how many rows may hold something now."""
    rows = [list(row) for row in content] + [[None]] * max(0, over - len(content))
    write_block(undo_sheet(book).range((1, 1)), rows)


def content_before(title: str, before: list[Area]) -> list[list[object]]:
    """What the sheet holds while a run writes."""
    parts = _parts(before)
    return [[title], [_WRITING], [len(parts)], [0], *parts]


def content_after(content: list[list[object]], after: Iterable[Area]) -> list[list[object]]:
    """The same when the run has ended."""
    areas = list(after)
    parts = _parts(areas) if areas else []
    return [content[0], [_WRITTEN], content[2], [len(parts)], *content[FIRST_ROW - 1 :], *parts]


def kept_of(content: list[list[object]]) -> Kept | None:
    """What `content_before` or `content_after` made; None for no content. Raises WorkbookError where it is damaged."""
    if len(content) < FIRST_ROW:
        return None
    try:
        count = int(content[2][0])  # type: ignore[call-overload]
        texts = [str(row[0]) for row in content[FIRST_ROW - 1 :]]
        before, after = _areas(texts[:count]), _areas(texts[count:])
    except (ValueError, TypeError, KeyError, zlib.error) as error:
        raise WorkbookError(
            f"Sheet {UNDO_SHEET}: what the last run kept there is damaged ({type(error).__name__}); nothing was "
            "changed. Run the steps again instead."
        ) from error
    ended = content[1][0] == _WRITTEN
    return Kept(str(content[0][0]), before, {area.name: area for area in after} if ended else None)


def _parts(areas: list[Area]) -> list[list[object]]:
    """Rows of one cell."""
    content = [{**asdict(area), "cells": [list(map(pack_cell, row)) for row in area.cells]} for area in areas]
    return [[part] for part in packed(content)]


def _areas(parts: list[str]) -> list[Area]:
    return [_area(**fields) for fields in unpacked(parts)] if parts else []


def _area(cells: list[list[object]], row_keys: list[Any] | None, **fields: Any) -> Area:
    keys = None if row_keys is None else [None if key is None else (tuple(key[0]), key[1]) for key in row_keys]
    return Area(**fields, cells=[[unpack_cell(cell) for cell in row] for row in cells], row_keys=keys)
