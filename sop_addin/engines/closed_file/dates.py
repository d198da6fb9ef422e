"""Excel's serial day numbers. In the 1900 system serial 60 is a 29 February 1900 that never was."""

import datetime as dt

from sop_addin.engines.errors import EngineError

_EPOCH_1900 = dt.datetime(1899, 12, 30)
_EPOCH_1904 = dt.datetime(1904, 1, 1)
_FIRST_TRUE_SERIAL = 61  # 1 March 1900; below it Excel's days are one behind the calendar
_MS_PER_DAY = 86_400_000
_MAX_SERIAL = 2_958_466  # 1 January 10000: Excel ends the day before


def from_serial(serial: float, date_1904: bool) -> dt.datetime | float:
    """Serial days -> datetime, to the millisecond; the number itself where Excel has no date for it."""
    if not 0 <= serial < _MAX_SERIAL:
        return serial
    epoch = _EPOCH_1904 if date_1904 else _EPOCH_1900
    days = serial
    if not date_1904 and 1 <= serial < _FIRST_TRUE_SERIAL - 1:
        days += 1
    try:
        return epoch + dt.timedelta(milliseconds=round(days * _MS_PER_DAY))
    except OverflowError:
        return serial


def to_serial(value: dt.date | dt.time | dt.timedelta, date_1904: bool) -> float:
    """Date, time of day or duration -> serial days. Time zones are dropped: a cell has none.

    Raises EngineError for a date before the workbook's date system begins.
    """
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    if isinstance(value, dt.time):
        clock = dt.timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
        return clock / dt.timedelta(days=1)
    if isinstance(value, dt.datetime):
        moment = value.replace(tzinfo=None)
    else:
        moment = dt.datetime(value.year, value.month, value.day)
    span = moment - (_EPOCH_1904 if date_1904 else _EPOCH_1900)
    # Whole days and the rest apart: one division of the whole would cost digits.
    serial = span.days + (span.seconds + span.microseconds / 1e6) / 86_400
    if not date_1904 and serial < _FIRST_TRUE_SERIAL and span.days >= 1:
        serial -= 1
    if span.days < 0 or (span.days == 1 and not date_1904):  # day 0 of 1900 is a bare time of day, day 1 is nothing
        raise EngineError(f"{value:%Y-%m-%d} is before Excel's first date; enter it as text.")
    return serial
