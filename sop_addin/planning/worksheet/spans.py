"""Words for time in worksheet functions: a date, ``2027-03``, ``2027-W09``, a quarter ``2027-Q1``, a year ``2027``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from ...model import calendar
from ...model.errors import InputError
from ...model.suggest import quote
from .cells import Cell, as_text, is_blank

_QUARTER = re.compile(r"(\d{4})[- ]?Q([1-4])|Q([1-4])[- /]?(\d{4})", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20|21)\d\d")
_MONTH = re.compile(r"\d{4}-\d{1,2}")


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``start`` up to, not including, ``end``, as ordinals. A period belongs to it by its first day."""

    start: int
    end: int


def ordinal(day: pd.Timestamp) -> int:
    return day.toordinal()


def read_span(cell: Cell, place: str, bucket: str) -> Span:
    """The span that a cell names; a date is its month, or its week in a weekly plan. InputError otherwise."""
    if is_blank(cell):
        raise InputError(f"{place} is blank; give a date, 2027-03, 2027-Q1 or 2027.")
    as_text(cell, place)  # Excel errors
    span = _span(cell, bucket)
    if span is None:
        raise InputError(f"{place}: {quote(cell)} is no period; give a date, 2027-03, 2027-W09, 2027-Q1 or 2027.")
    return span


@lru_cache(maxsize=1000)
def _span(cell: Cell, bucket: str) -> Span | None:
    text = f"{cell:g}" if isinstance(cell, (int, float)) and not isinstance(cell, bool) else str(cell).strip()
    if match := _QUARTER.fullmatch(text):
        year, quarter = int(match[1] or match[4]), int(match[2] or match[3])
        return _months(pd.Timestamp(year, 3 * quarter - 2, 1), 3)
    if _YEAR.fullmatch(text):
        return _months(pd.Timestamp(int(text), 1, 1), 12)
    if _MONTH.fullmatch(text):
        bucket = calendar.MONTH
    elif re.search("w", text, re.IGNORECASE):
        bucket = calendar.WEEK
    start = calendar.parse_period(cell, bucket)
    if start is None:
        return None
    return Span(ordinal(start), ordinal(calendar.add_periods(start, 1, bucket)))


def _months(start: pd.Timestamp, count: int) -> Span:
    return Span(ordinal(start), ordinal(calendar.add_periods(start, count)))
