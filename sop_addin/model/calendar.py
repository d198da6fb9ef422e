"""Periods: months (label ``2027-03``) or ISO weeks (label ``2027-W09``), each the pandas Timestamp of its first day."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd

MONTH = "Month"
WEEK = "Week"
DAYS_PER_PERIOD: dict[str, float] = {MONTH: 365.25 / 12, WEEK: 7.0}
SEASONS_PER_YEAR: dict[str, int] = {MONTH: 12, WEEK: 52}

_MONTH_LABEL = re.compile(r"(\d{4})-(\d{1,2})")
_DATE_LABEL = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00:00)?")
_WEEK_LABEL = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)
_EXCEL_EPOCH = pd.Timestamp(1899, 12, 30)


def first_day(day: pd.Timestamp, bucket: str) -> pd.Timestamp:
    """First day of the period that holds ``day``."""
    day = day.normalize()
    if bucket == WEEK:
        return day - pd.Timedelta(days=day.weekday())
    return day.replace(day=1)


def parse_period(value: object, bucket: str = MONTH) -> pd.Timestamp | None:
    """First day of the period that ``value`` names, or None where it names none.

    Takes dates, Excel serial numbers, ``2027-03``, ``2027-03-01`` and ``2027-W09``.
    """
    if isinstance(value, (dt.datetime, dt.date)):
        if pd.isna(value):
            return None
        return first_day(pd.Timestamp(value).tz_localize(None), bucket)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Excel serials of 1990..2200; smaller numbers are not dates
        return first_day(_EXCEL_EPOCH + pd.Timedelta(days=float(value)), bucket) if 32874 <= value < 109575 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        if match := _MONTH_LABEL.fullmatch(text):
            return first_day(pd.Timestamp(int(match[1]), int(match[2]), 1), bucket)
        if match := _WEEK_LABEL.fullmatch(text):
            return first_day(pd.Timestamp(dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)), bucket)
        if match := _DATE_LABEL.fullmatch(text):
            return first_day(pd.Timestamp(int(match[1]), int(match[2]), int(match[3])), bucket)
    except ValueError:
        return None
    return None


def period_label(period: pd.Timestamp, bucket: str = MONTH) -> str:
    """``2027-03`` or ``2027-W09``."""
    if bucket == WEEK:
        year, week, _ = period.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return f"{period.year:04d}-{period.month:02d}"


def add_periods(period: pd.Timestamp, count: int, bucket: str = MONTH) -> pd.Timestamp:
    """The period ``count`` periods later (earlier where negative)."""
    if bucket == WEEK:
        return period + pd.Timedelta(weeks=count)
    months = period.year * 12 + period.month - 1 + count
    return pd.Timestamp(months // 12, months % 12 + 1, 1)


def period_range(start: pd.Timestamp, count: int, bucket: str = MONTH) -> list[pd.Timestamp]:
    """``count`` periods from ``start`` on."""
    return [add_periods(start, step, bucket) for step in range(count)]


def periods_between(first: pd.Timestamp, last: pd.Timestamp, bucket: str = MONTH) -> int:
    """Number of steps from ``first`` to ``last``."""
    if bucket == WEEK:
        return round((last - first).days / 7)
    return (last.year - first.year) * 12 + last.month - first.month


def year_before(period: pd.Timestamp, bucket: str = MONTH) -> pd.Timestamp:
    """The same period a year earlier (52 weeks for weeks)."""
    return add_periods(period, -SEASONS_PER_YEAR[bucket], bucket)
