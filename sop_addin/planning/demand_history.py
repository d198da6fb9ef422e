"""The sales history of many items as a matrix, read from a long frame and checked."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_addin.model.errors import InputError
from sop_addin.planning.cleaning import Floats

LARGEST_QUANTITY = 1e15  # beyond it whole units get lost in a float, and it is a typing error anyway
HISTORY_COLUMNS = ("item", "period", "quantity")


@dataclass(frozen=True)
class History:
    """History as a matrix: one row an item, one column a period, NaN = unknown."""

    items: list[Hashable]
    periods: pd.DatetimeIndex
    quantities: Floats
    weekly: bool


def read_history(history: pd.DataFrame, season_length: int = 12) -> History:
    """Check a long history and lay it out as a matrix; raises InputError in one sentence."""
    if not isinstance(history, pd.DataFrame):
        raise InputError(f"history: must be a DataFrame with item, period and quantity, not {type(history).__name__}.")
    missing = [column for column in HISTORY_COLUMNS if column not in history.columns]
    if missing:
        raise InputError(f"history: column {', '.join(missing)} is missing; it needs item, period and quantity.")
    if history.empty:
        raise InputError("history: it has no rows, so there is nothing to forecast.")
    if history["item"].isna().any():
        raise InputError(f"history, row {_first(history['item'].isna()) + 1}: the item is blank.")
    periods = _read_periods(history["period"])
    quantities = _read_quantities(history)
    weekly = _is_weekly(periods, season_length)
    item_codes, items = pd.factorize(history["item"], sort=False)
    first, last = periods.min(), periods.max()
    if weekly:
        columns = ((periods - first).days // 7).to_numpy()
        calendar = pd.date_range(first, last, freq="7D")
    else:
        columns = ((periods.year - first.year) * 12 + periods.month - first.month).to_numpy()
        calendar = pd.date_range(first, last, freq="MS")
    cells = item_codes.astype(np.int64) * len(calendar) + columns
    duplicated = pd.Series(cells).duplicated()
    if duplicated.any():
        row = _first(duplicated)
        where = f"item {history['item'].iloc[row]!r}, period {periods[row]:%Y-%m-%d}"
        raise InputError(f"history, row {row + 1}: {where} is there twice; add the quantities up first.")
    matrix = np.full(len(items) * len(calendar), np.nan)
    matrix[cells] = quantities
    return History(list(items), calendar, matrix.reshape(len(items), len(calendar)), weekly)


def _read_periods(column: pd.Series) -> pd.DatetimeIndex:
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_numeric_dtype(column.dtype):
        raise InputError("history, period: numbers are not dates; give the first day of the month or the Monday.")
    dates = pd.to_datetime(column, errors="coerce")
    wrong = dates.isna() if dates.dtype.kind == "M" else pd.Series(True, index=column.index)
    if wrong.any():
        row = _first(wrong)
        raise InputError(f"history, row {row + 1}: period {column.iloc[row]!r} is not a date.")
    return pd.DatetimeIndex(dates.dt.tz_localize(None)).normalize()


def _read_quantities(history: pd.DataFrame) -> Floats:
    column = history["quantity"]
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    text = numbers.isna() & column.notna()
    too_large = numbers.abs() > LARGEST_QUANTITY
    for wrong, reason in ((text, "is not a number"), (too_large, "is not a possible quantity")):
        if wrong.any():
            row = _first(wrong)
            item, value = history["item"].iloc[row], column.iloc[row]
            raise InputError(f"history, row {row + 1}: quantity {value!r} of item {item!r} {reason}.")
    return np.asarray(numbers, dtype=np.float64)


def _is_weekly(periods: pd.DatetimeIndex, season_length: int) -> bool:
    """Months start on the 1st, weeks on a Monday; a 1st that is a Monday fits both, then the season decides."""
    months, weeks = bool((periods.day == 1).all()), bool((periods.dayofweek == 0).all())
    if not (months or weeks):
        odd = periods[(periods.day != 1)]
        raise InputError(
            f"history, period {odd[0]:%Y-%m-%d}: all periods must be firsts of months, or all must be Mondays."
        )
    return weeks and (not months or season_length >= 52)


def _first(mask: pd.Series) -> int:
    """Position of the first True."""
    return int(np.flatnonzero(mask.to_numpy())[0])
