"""Tables and grids as Parquet files: what their CSV files hold, with a type for each column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..model.calendar import parse_period
from ..model.schema import NUMERIC
from .csv_text import number_cell, text_cell


def write_parquet(
    path: Path, headers: Sequence[str], rows: Sequence[Sequence[str]], kinds: Mapping[str, str], bucket: str
) -> Path:
    """Records of a CSV file as Parquet. kinds: kind of a column of the schema by its header in small letters.

    Numbers are doubles, periods the date of their first day, dates dates, all else text; blank is null. Text in a
    column of numbers or dates (the reasons among the figures of a grid) goes to a column of its own behind it, named
    ``<header> text``. Raises OSError.
    """
    import pyarrow  # slow to import, and only here
    from pyarrow import parquet

    columns: dict[str, Any] = {}
    for position, header in enumerate(headers):
        texts = [text_cell(row[position]) for row in rows]
        kind = kinds.get(header.casefold()) or ("number" if parse_period(header) is not None else "text")
        if kind in NUMERIC:
            numbers = [number_cell(row[position]) for row in rows]
            values: list[Any] = [value if isinstance(value, float) else None for value in numbers]
            columns[header] = pyarrow.array(values, pyarrow.float64())
        elif kind in ("period", "date"):
            values = [_day(text, kind, bucket) if text else None for text in texts]
            columns[header] = pyarrow.array(values, pyarrow.date32())
        else:
            values = texts
            columns[header] = pyarrow.array(values, pyarrow.string())
        others = [text if value is None else None for text, value in zip(texts, values, strict=True)]
        if any(others):
            columns[f"{header} text"] = pyarrow.array(others, pyarrow.string())
    parquet.write_table(pyarrow.table(columns), path)
    return path


def _day(text: str, kind: str, bucket: str) -> dt.date | None:
    if kind == "period":
        period = parse_period(text, bucket)
        return None if period is None else period.date()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
