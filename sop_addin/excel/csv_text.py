"""CSV as text: records with their line numbers, cells to text and back, and the guard of formula-like text."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from ..model.errors import InputError
from ..model.reading_columns import as_text, is_blank

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets calculate, some after blanks of their own, some in East Asian width."""

MOST_COLUMNS, MOST_ROWS = 16_000, 1_048_000
"""What a sheet holds beside its other tables and its title: 16,384 columns and 1,048,576 rows in all."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SEPARATOR_HINT = re.compile(r"sep=([,;\t])\s*")  # first line that Excel writes and reads for itself
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')


def text_cell(cell: str) -> str | None:
    """A cell of text; empty is None. Takes away the apostrophe that ``guarded`` put in front."""
    if cell[:1] == "'" and cell[1:2] in (*FORMULA_STARTS, "'"):
        return cell[1:]
    return cell or None


def number_cell(cell: str) -> float | str | None:
    """A cell of a number column; what is no plain number (decimal point, no thousands separators) stays text."""
    text = cell.strip()
    if not text:
        return None
    return float(text) if _NUMBER.fullmatch(text) else text_cell(cell)


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before FORMULA_STARTS (not where that is all: the
    ``-`` of tblPlan), and before what looks guarded."""
    looks_guarded = text[:1] == "'" and text[1:2] in (*FORMULA_STARTS, "'")
    formula = len(text) > 1 and text.startswith(FORMULA_STARTS)
    return "'" + text if formula or looks_guarded else text


def cell_text(value: object) -> str:
    """A cell of a workbook as CSV text: full precision, whole numbers without '.0', dates yyyy-mm-dd, blank ''."""
    if value is None:
        return ""
    if type(value) is float and math.isfinite(value):  # most cells: a short way
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if is_blank(value):
        return ""
    if isinstance(value, str):
        return guarded(value.replace("\0", ""))
    if isinstance(value, (float, Decimal)) and not math.isfinite(value):
        return ""
    return value.isoformat() if isinstance(value, dt.time) else as_text(value)


def write_records(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """Write one CSV file: UTF-8, comma, LF. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_line(headers))
        file.writelines(map(_line, rows))
    return path


def _line(fields: Sequence[str]) -> str:
    return ",".join('"' + f.replace('"', '""') + '"' if _QUOTED.search(f) else f for f in fields) + "\n"


def read_records(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Headers, rows, and the line on which each row starts. Rows of nothing but empty fields are left out.

    Raises InputError naming file and line where the file is no UTF-8 text, its rows are not as long as the header, or
    there are more of them than fit on a sheet.
    """
    lines = list(io.StringIO(_decoded(path), newline=""))
    hint = _SEPARATOR_HINT.fullmatch(lines[0]) if lines else None
    skipped = 1 if hint else 0
    delimiter = hint[1] if hint else _delimiter(lines)
    reader = csv.reader(iter(lines[skipped:]), delimiter=delimiter, strict=True)
    headers: list[str] = []
    rows: list[list[str]] = []
    starts: list[int] = []
    line = skipped + 1
    try:
        for row in reader:
            start, line = line, skipped + reader.line_num + 1
            if not any(row):
                continue
            if not headers:
                if len(row) > MOST_COLUMNS:
                    raise InputError(
                        f"{path.name} line {start}: {len(row):,} columns, more than the {MOST_COLUMNS:,} that a sheet "
                        "has room for; export fewer"
                    )
                headers = [(text_cell(field) or "").strip() for field in row]
                continue
            if len(rows) == MOST_ROWS:
                raise InputError(
                    f"{path.name} line {start}: more than the {MOST_ROWS:,} rows that a sheet has room for; "
                    "export fewer"
                )
            if len(row) < len(headers) or any(row[len(headers) :]):
                raise InputError(
                    f"{path.name} line {start}: {len(row)} fields where the header has {len(headers)}; "
                    f"write one field per column, and text that holds {_NAMES[delimiter]} in double quotes"
                )
            rows.append(row[: len(headers)])
            starts.append(start)
    except csv.Error as error:
        raise InputError(f"{path.name} line {line}: the line is not CSV ({error}); check its double quotes") from error
    if not headers:
        raise InputError(f"{path.name} is empty; its first line must be the column headers")
    return headers, rows, starts


_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab"}


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the file and its rights") from error
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{path.name} line 1: the file is UTF-16; save it as 'CSV UTF-8 (comma delimited)'")
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise InputError(f"{path.name} line {line}: the file is not text; save the table as 'CSV UTF-8'")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path.name} line {line}: byte {content[error.start]:#04x} is not UTF-8; "
            "save the file as 'CSV UTF-8 (comma delimited)'"
        ) from None


def _delimiter(lines: Sequence[str]) -> str:
    """The separator of the header line: the one that stands there most often outside quotes; comma where none does."""
    header = next((line for line in lines if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=bare.count)
