"""What a cell can hold, as Python values.

None (blank), bool, float (every number), str (text, never a formula), datetime (a number under a date format),
`XlError` (an error such as #N/A), and for writing also `Formula`.
"""

import datetime as dt
import decimal
import math
import re
from typing import Any

import numpy as np
import pandas as pd


class XlError(str):
    """An Excel error value such as '#N/A'. A plain str '#N/A' is text."""

    __slots__ = ()


class Formula(str):
    """A formula in English notation with its leading '='. A plain str that starts with '=' is text."""

    __slots__ = ()


class DynamicFormula(Formula):
    """A formula that may spill (what Excel calls Formula2)."""

    __slots__ = ()


CLASSIC_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_RETYPED = re.compile(rf"\s*(?:[=+\-@'#\d.,$€£¥(%]|{_MONTH}[\s\-/.]*\d|(?:true|false)\s*$)", re.IGNORECASE)

CellValue = None | bool | float | int | str | dt.datetime | dt.date | dt.time | dt.timedelta

# Types a cell takes as they are; everything else passes through `clean_value`.
PLAIN_TYPES = frozenset({type(None), bool, int, str, Formula, DynamicFormula, XlError, dt.datetime})


def clean_value(value: Any) -> CellValue:
    """Any scalar of Python, numpy or pandas -> a cell value; not-a-number, infinity and NaT -> None.

    Raises TypeError for containers: a list in a cell is a mistake in the caller, not data.
    """
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if kind in PLAIN_TYPES:
        return value  # type: ignore[no-any-return]
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating, decimal.Decimal)):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, pd.Timestamp):
        return _moment(value)
    if isinstance(value, pd.Timedelta):
        return value.to_pytimedelta()
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else _moment(pd.Timestamp(value))
    if isinstance(value, np.timedelta64):
        return None if np.isnat(value) else pd.Timedelta(value).to_pytimedelta()
    if isinstance(value, pd.Period):
        return _moment(value.to_timestamp())
    if isinstance(value, np.str_):
        return str(value)
    if isinstance(value, (str, dt.date, dt.time, dt.timedelta)):
        return value
    if isinstance(value, (list, tuple, dict, set, np.ndarray, pd.Series, pd.DataFrame)):
        raise TypeError(f"cannot write a {kind.__name__} to a cell")
    return str(value)


def _moment(value: pd.Timestamp) -> dt.datetime:
    return value.to_pydatetime(warn=False)  # a warning about lost nanoseconds helps nobody


def is_retyped_by_excel(text: str) -> bool:
    """Whether Excel may take the text for a number, date, formula or the like when a user edits its cell."""
    return _RETYPED.match(text) is not None
