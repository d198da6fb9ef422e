"""Which series and periods an event of tblEvents concerns."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model.names import without_year
from sop_addin.planning.families import next_starts

Event = Mapping[Hashable, Any]


def text(event: Event, name: str) -> str:
    """A text cell of the event, '' where it is blank or the column is not there."""
    value = event.get(name)
    return "" if value is None or pd.isna(value) else str(value)


def figure(event: Event, name: str, default: float = 0.0) -> float:
    """A number of the event, `default` where it is blank or the column is not there."""
    value = event.get(name)
    return default if value is None or pd.isna(value) else float(value)


def stem(event: Event) -> str:
    """What the event is called every time."""
    return without_year(text(event, "Event"))


def live_periods(event: Event, periods: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Which of `periods` the event touches; From and To inclusive, a blank To means one period."""
    if pd.isna(event.get("From")):
        return np.zeros(len(periods), dtype=bool)
    start = pd.Timestamp(event["From"])
    last = start if pd.isna(event.get("To")) else pd.Timestamp(event["To"])
    return np.asarray((next_starts(periods) > start) & (periods <= last))


class SeriesIndex:
    """Finds the series (rows of a frame with Item, Region, Family) that an event concerns."""

    def __init__(self, series: pd.DataFrame) -> None:
        self._codes: dict[str, NDArray[np.intp]] = {}
        self._names: dict[str, dict[str, int]] = {}
        for column in ("Family", "Item", "Region"):
            codes, names = pd.factorize(series[column])
            self._codes[column] = codes
            self._names[column] = {str(name): code for code, name in enumerate(names)}
        self._everything = np.arange(len(series))

    def concerned(self, event: Event) -> NDArray[np.intp]:
        """Rows that the event's Family, Item and Region name; a blank names all."""
        return self._rows({column: text(event, column) for column in ("Family", "Item", "Region")})

    def same_family(self, event: Event) -> NDArray[np.intp]:
        """The other items of the family of the event's item, in the event's region: what it can take sales from."""
        own = self._rows({"Item": text(event, "Item")})
        if not text(event, "Item") or not len(own):
            return own[:0]
        near = self._rows({"Region": text(event, "Region")})
        family, item = self._codes["Family"], self._codes["Item"]
        others = (family[near] == family[own[0]]) & (item[near] != item[own[0]])
        return np.asarray(near[others])

    def _rows(self, names: Mapping[str, str]) -> NDArray[np.intp]:
        mask = np.ones(len(self._everything), dtype=bool)
        for column, name in names.items():
            if name:
                mask &= self._codes[column] == self._names[column].get(name, -1)
        return np.asarray(self._everything[mask])
