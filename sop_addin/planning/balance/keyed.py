"""Columns of planners' tables as arrays in the order of names, and exceptions by period on top of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .problem import Floats, Ints

LARGEST = 1e12  # figures beyond are typing errors (validation says so); here they must only not break the solver


def sorted_unique(names: pd.Series) -> list[int]:
    """Row positions of the first row of each name, sorted by name; blank names are left out."""
    first: dict[str, int] = {}
    for row, name in enumerate(names.astype(str)):
        if name:
            first.setdefault(name, row)
    return [first[name] for name in sorted(first)]


def table_order(rows: Sequence[int]) -> list[int]:
    """Positions in the sorted order, in the order of the table."""
    return [int(position) for position in np.argsort(np.array(rows, dtype=np.intp), kind="stable")]


def clean(values: object, blank: float, low: float = 0.0, high: float = LARGEST) -> Floats:
    """Floats with blanks replaced, inf only where ``blank`` is inf, and the rest within low..high."""
    numbers = np.array(values, dtype=np.float64)
    numbers[np.isnan(numbers)] = blank
    unlimited = np.isinf(blank) & (numbers >= high)
    return np.where(unlimited, blank, np.where(np.isnan(numbers), blank, np.clip(numbers, low, high)))


def nowhere() -> Ints:
    """No rows."""
    return np.zeros(0, dtype=np.intp)


class Keyed:
    """Columns of a frame as arrays in sorted order, and exceptions by period on top of them."""

    def __init__(self, frame: pd.DataFrame, rows: Sequence[int], periods: Sequence[pd.Timestamp]) -> None:
        self.frame = frame.iloc[list(rows)]
        self.names = [str(name) for name in self.frame.iloc[:, 0]] if len(self.frame) else []
        self.position = {name: position for position, name in enumerate(self.names)}
        self.periods = np.array(periods, dtype="datetime64[ns]")

    def column(self, name: str, blank: float, low: float = 0.0, high: float = LARGEST) -> Floats:
        return clean(self.frame[name].to_numpy(dtype=np.float64), blank, low, high)

    def by_period(self, values: Floats) -> Floats:
        """(N,) -> (N, T)."""
        return np.repeat(values[:, None], len(self.periods), axis=1)

    def locate(self, exceptions: pd.DataFrame, keys: Sequence[str]) -> tuple[Ints, Ints, Ints]:
        """(row, position, period) of the exception rows that name something known."""
        if exceptions.empty:
            return nowhere(), nowhere(), nowhere()
        texts = [exceptions[key].tolist() for key in keys]
        names = texts[0] if len(keys) == 1 else ["\0".join(map(str, parts)) for parts in zip(*texts, strict=True)]
        known = self.position
        position = np.fromiter((known.get(str(name), -1) for name in names), np.intp, len(names))
        step = self.steps(exceptions["Period"].to_numpy(dtype="datetime64[ns]"))
        rows = np.flatnonzero((position >= 0) & (step >= 0))
        return rows, position[rows], step[rows]

    def steps(self, periods: NDArray[np.datetime64]) -> Ints:
        """Which step of the horizon each period is, -1 for none."""
        if not len(self.periods):
            return np.full(len(periods), -1, dtype=np.intp)
        step = np.minimum(np.searchsorted(self.periods, periods), len(self.periods) - 1)
        return np.where(self.periods[step] == periods, step, -1)

    def override(
        self, base: Floats, exceptions: pd.DataFrame, column: str, keys: Sequence[str], place: tuple[Ints, Ints, Ints]
    ) -> Floats:
        """``base`` (N, T) with the given cells of ``exceptions`` written over it."""
        rows, positions, steps = place
        values = exceptions[column].to_numpy(dtype=np.float64)[rows]
        given = ~np.isnan(values)
        base[positions[given], steps[given]] = np.clip(values[given], 0.0, LARGEST)
        return base
