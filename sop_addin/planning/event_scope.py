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


def concerned(event: Event, series: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows of `series` (Item, Region, Family) that the event's Family, Item and Region name; a blank names all."""
    mask = np.ones(len(series), dtype=bool)
    for column in ("Family", "Item", "Region"):
        if name := text(event, column):
            mask &= (series[column] == name).to_numpy(dtype=bool)
    return mask


def same_family(event: Event, series: pd.DataFrame) -> NDArray[np.bool_]:
    """The other items of the family of the event's item, in the event's region: what it can take sales from."""
    item = text(event, "Item")
    families = series.loc[series["Item"] == item, "Family"]
    if not item or families.empty:
        return np.zeros(len(series), dtype=bool)
    mask = ((series["Family"] == families.iloc[0]) & (series["Item"] != item)).to_numpy(dtype=bool)
    if region := text(event, "Region"):
        mask &= (series["Region"] == region).to_numpy(dtype=bool)
    return np.asarray(mask)
