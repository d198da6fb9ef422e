"""Notes, outlines and the filter of a plan grid, where its rows or months were laid out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .grids import Key

Moves = Mapping[int, int | None]
"""0-based index before -> index now, None where there is none any more."""


def moved_keys(before: Sequence[Key | None], now: Sequence[Key | None]) -> dict[int, int | None]:
    """Rows by their key; rows of the planner's own by their order, where there are as many as before."""
    place = {key: index for index, key in enumerate(now) if key is not None}
    own = [index for index, key in enumerate(now) if key is None]
    others = [index for index, key in enumerate(before) if key is None]
    moves: dict[int, int | None] = {index: place.get(key) for index, key in enumerate(before) if key is not None}
    if len(own) == len(others):
        moves |= dict(zip(others, own, strict=True))
    return moves


def moved_headers(before: Sequence[str], now: Sequence[str]) -> dict[int, int | None]:
    place = {header: index for index, header in reversed(list(enumerate(now)))}
    return {index: place.get(header) for index, header in enumerate(before)}


def marks_of(sheet: Any) -> Any:
    """The engine's own ways to move what hangs on cells (``engines.backend.MovesMarks``); None where there are none."""
    return getattr(getattr(sheet.impl, "book", None), "backend", None)


def move_marks(area: Any, rows: Moves, columns: Moves, before: Sequence[Key | None], now: Sequence[Key | None]) -> None:
    """Notes, outline levels and the filter of a grid follow its body rows and its columns.

    area: the grid as it was; before, now: keys of its body rows. In Excel itself notes follow; outlines and comment
    threads stay.
    """
    sheet, top, left = area.sheet, area.row, area.column
    lines: dict[int, int | None] = {0: 0}
    lines.update((row + 1, None if to is None else to + 1) for row, to in rows.items())
    cells: dict[tuple[int, int], tuple[int, int] | None] = {}
    for row, to in lines.items():
        for column in range(area.shape[1]):
            at = columns.get(column, column)
            if (row, column) != (to, at):
                cells[top + row, left + column] = None if to is None or at is None else (top + to, left + at)
    marks = marks_of(sheet)
    if not hasattr(marks, "move_notes"):
        _move_notes_in_excel(sheet, cells)
        return
    marks.move_notes(sheet.name, cells)
    levels = marks.row_levels(sheet.name, top + 1, top + len(before))
    usual = {key[1]: level[0] for key, level in zip(before, levels, strict=True) if key is not None}
    old_of = {to: index for index, to in rows.items() if to is not None}
    wanted = [
        levels[old_of[index]] if index in old_of else (usual.get(key[1], 0) if key is not None else 0, False, False)
        for index, key in enumerate(now)
    ]
    wanted += [(0, False, False)] * (len(before) - len(now))
    marks.set_row_levels(sheet.name, top + 1, wanted)
    marks.stretch_filter(sheet.name, top, top + len(now))


def _move_notes_in_excel(sheet: Any, cells: Mapping[tuple[int, int], tuple[int, int] | None]) -> None:
    """Excel on Windows has all notes of a sheet in one collection."""
    found = [(note, (note.Parent.Row, note.Parent.Column)) for note in getattr(sheet.api, "Comments", ())]
    moving = [(cell, note.Text()) for note, cell in found if cell in cells]
    for cell, _ in moving:
        sheet.api.Cells(*cell).ClearComments()
    for cell, text in moving:
        target = cells[cell]
        if target is not None:
            sheet.api.Cells(*target).AddComment(text)
