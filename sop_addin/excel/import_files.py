"""Files of other systems as sheets of untyped cells: text of any usual encoding and separator, and workbooks."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..model.errors import InputError
from ..model.foreign import Cell, Sheet
from ..opc.errors import FileUnreadable
from ..opc.foreign import checked_workbook

MOST_BYTES = 500_000_000
_SEPARATORS = ";\t|,"


def read_file(path: Path | str) -> list[Sheet]:
    """The sheets of a workbook, or the one of a text file. Raises InputError where the file cannot be read."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is no file; give the path of a CSV file or a workbook")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB; export fewer lines")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the file and its rights") from error
    if content[:4] == b"PK\x03\x04":
        return _workbook(path, _checked(path))
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _workbook(path, content)
    # SAP and others give text the name .xls: what is no workbook is read as text, whatever it is called
    return [_text_sheet(path.stem, _decoded(path.name, content))]


def _checked(path: Path) -> bytes:
    try:
        return checked_workbook(path)
    except FileUnreadable as error:
        raise InputError(str(error)) from None


def _workbook(path: Path, content: bytes) -> list[Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            sheets = []
            for name in book.sheet_names:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                sheets.append(Sheet(name, rows))
            return sheets
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"{path.name} cannot be read as a workbook ({error}); take its password off, or save it as .xlsx or CSV"
        ) from None


def _decoded(name: str, content: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with or without, else Windows' Western alphabet."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content[:1000]:
        for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
            zeros = content[at:1000:2].count(0)
            if zeros > 0.7 * len(content[at:1000:2]):
                return content.decode(encoding, errors="replace")
        raise InputError(f"{name} is neither text nor a workbook; save it as CSV or .xlsx")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _text_sheet(name: str, text: str) -> Sheet:
    lines = list(io.StringIO(text, newline=""))  # with their ends: a cell may have several lines
    first = 1
    separator = ""
    if lines and lines[0].casefold().startswith("sep=") and len(lines[0].strip()) == 5:
        separator, lines, first = lines[0].strip()[4], lines[1:], 2
    separator = separator or _separator(lines)
    rows: list[Sequence[Cell]] = []
    reader = csv.reader(lines, delimiter=separator)
    try:
        for row in reader:
            rows += [[]] * (reader.line_num - len(rows) - 1)  # a cell of several lines: numbers of lines stay right
            rows.append(row)
    except csv.Error as error:
        raise InputError(f"{name} line {reader.line_num}: no CSV ({error}); save the table as CSV again") from error
    return Sheet(name, rows, "," if separator in ";" else ".", first)


def _separator(lines: Sequence[str]) -> str:
    """The sign that stands equally often in most lines: junk above a table has none or few of them."""
    best, best_score = ",", 0.0
    for sign in _SEPARATORS:
        counts = Counter(count for line in lines[:200] if (count := _bare(line).count(sign)))
        if not counts:
            continue
        columns, lines_alike = max(counts.items(), key=lambda item: item[1] * item[0])
        score = lines_alike * min(columns, 10) * (0.5 if sign == "," else 1.0)
        if score > best_score:
            best, best_score = sign, score
    return best


def _bare(line: str) -> str:
    """The line without its quoted fields."""
    return "".join(line.split('"')[::2])
