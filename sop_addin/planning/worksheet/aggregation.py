"""SOP_AGGREGATE and SOP_DISAGGREGATE."""

from __future__ import annotations

import math

import numpy as np

from ...model.errors import InputError
from ..cleaning import Floats
from .cells import Block, Rows, as_text, block, is_missing, line, numbers


def aggregate(keys: object, values: object, weights: object = None) -> Rows:
    """Sum of values x weights for each key, keys in order of first appearance; upper and lower case are the same key.

    keys in a column: one key a row with the sums of each column of values beside it. keys in a row: the same, turned.
    weights: one number, one for each key, or one for each value; 1 where left out.
    """
    key_cells = block(keys, "keys")
    if not key_cells.is_line:
        raise InputError("keys: must be one row or one column.")
    names = [as_text(cell, key_cells.place(*_at(key_cells, index))) for index, cell in enumerate(key_cells.cells)]
    value_cells, found = numbers(values, "values")
    across = _keys_lie_across(len(names), value_cells, down=key_cells.is_column)
    figures = found.T if across else found
    figures = figures * _weights(weights, figures, across)
    position: dict[str, int] = {}
    shown: list[object] = []
    for name, cell in zip(names, key_cells.cells, strict=True):
        if name.casefold() not in position:
            position[name.casefold()] = len(shown)
            shown.append(cell.strip() if isinstance(cell, str) else cell)
    sums = np.zeros((len(shown), figures.shape[1]))
    np.add.at(sums, [position[name.casefold()] for name in names], figures)
    rows: Rows = [[key, *row] for key, row in zip(shown, sums.tolist(), strict=True)]
    return [list(column) for column in zip(*rows, strict=True)] if across and not key_cells.is_column else rows


def _keys_lie_across(count: int, values: Block, *, down: bool) -> bool:
    """Whether one key belongs to each column of values rather than to each row."""
    height, width = values.shape
    if down and height == count:
        return False
    if width == count:
        return True
    if height == count:
        return False
    raise InputError(f"values: has {height} rows x {width} columns; there must be one for each of the {count} keys.")


def _weights(weights: object, figures: Floats, across: bool) -> Floats:
    """Weights that fit the figures, one key a row."""
    if is_missing(weights):
        return np.ones((1, 1))
    cells, found = numbers(weights, "weights")
    if found.size == 1:
        return found
    turned = found.T if across else found
    if turned.shape == figures.shape:
        return turned
    if cells.is_line and found.size == len(figures):
        return found.reshape(-1, 1)
    raise InputError(f"weights: has {cells.shape[0]} rows x {cells.shape[1]} columns; give one for each key or value.")


def disaggregate(total: object, shares: object) -> Rows:
    """A total spread in proportion to shares, adding up to it exactly; in the shape of the shares.

    shares need not add up to 1. Totals in a row (periods) over shares in a column (items), or the other way round,
    give a rectangle; shares in a rectangle take one total for each of its columns, or for each of its rows.
    """
    share_cells, weights = numbers(shares, "shares", minimum=0)
    total_cells, totals = line(total, "total")
    if totals.size == 1:
        return share_cells.shaped(_spread(float(totals[0]), weights.ravel(), "shares"))
    height, width = weights.shape
    across = not total_cells.is_column
    if across and width in (1, totals.size):
        columns = [weights[:, min(index, width - 1)] for index in range(totals.size)]
        return _turned([_spread(one, column, _which(weights, index, "column"))
                        for index, (one, column) in enumerate(zip(totals.tolist(), columns, strict=True))])  # fmt: skip
    if not across and height in (1, totals.size):
        rows = [weights[min(index, height - 1)] for index in range(totals.size)]
        return [_spread(one, row, _which(weights, index, "row"))
                for index, (one, row) in enumerate(zip(totals.tolist(), rows, strict=True))]  # fmt: skip
    line_word = "row of totals needs shares in a column" if across else "column of totals needs shares in a row"
    raise InputError(f"total: a {line_word}, or a rectangle with {totals.size} {'columns' if across else 'rows'}.")


def _which(weights: Floats, index: int, word: str) -> str:
    return "shares" if 1 in weights.shape else f"shares, {word} {index + 1}"


def _spread(total: float, weights: Floats, name: str) -> list[object]:
    largest = float(weights.max())
    if not largest > 0:
        raise InputError(f"{name}: all are 0, so there is nothing to spread by.")
    if not math.isfinite(total * float(weights.sum())) or largest < 1e-200:
        weights = weights / largest
    parts = (total * weights / weights.sum()).tolist()
    biggest = int(np.argmax(weights))
    for _ in range(2):  # the correction itself rounds; a second pass settles it
        parts[biggest] += total - math.fsum(parts)
    return list(parts)


def _turned(columns: Rows) -> Rows:
    return [list(row) for row in zip(*columns, strict=True)]


def _at(cells: Block, index: int) -> tuple[int, int]:
    return divmod(index, cells.shape[1])
