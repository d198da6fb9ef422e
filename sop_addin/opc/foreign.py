"""A look at a workbook before a reader that is not ours unpacks it.

Such a reader lays out a sheet from its first to its last used cell, and knows no limits: two cells in far corners would
take all memory there is.
"""

from __future__ import annotations

import re
from pathlib import Path

from sop_addin.opc.errors import FileUnreadable
from sop_addin.opc.package import MAX_SHEETS, Package

MOST_CELLS = 20_000_000
"""Cells of all sheets, each from its first to its last used one: 1,000 columns of 20,000 rows. Some 32 bytes each."""
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
_CELL = re.compile(rb"""[\s]r\s*=\s*["']\$?([A-Za-z]{1,3})\$?(\d{1,7})["']""")
_DECLARES = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))


def checked_workbook(path: Path) -> bytes:
    """The bytes of an .xlsx or .xlsm that can be unpacked safely. Raises FileUnreadable with a sentence."""
    package = Package.read_file(path)
    sheets, spreads = 0, []
    for name in package.names():
        if name.endswith(".bin") and name.startswith("xl/worksheets/"):
            raise FileUnreadable(f"{path.name} is in the binary .xlsb format; open it in Excel and save it as .xlsx.")
        content = package.read(name)  # whatever its name ends in: relationships may call any part a sheet
        if any(words in content for words in _DECLARES):
            raise FileUnreadable(
                f"{path.name}: its part {name} declares a document type or entities, which is unsafe; "
                "open it in Excel and save it anew."
            )
        sheets = max(sheets, len(_SHEET.findall(content)))
        if b"sheetData" in content:
            spreads.append(_spread(content))
        del content  # or two parts were in memory while the next is unpacked
    if sheets > MAX_SHEETS:
        raise FileUnreadable(f"{path.name} lists {sheets:,} sheets, more than any workbook has.")
    again = max(0, sheets - len(spreads))  # sheets that share a part with another
    if sum(spreads) + again * max(spreads, default=0) > MOST_CELLS:
        raise FileUnreadable(
            f"{path.name}: its used cells lie so far apart that they span more than {MOST_CELLS:,}; "
            "delete what stands far away from the tables."
        )
    return package.data


def _spread(content: bytes) -> int:
    """Cells from the first to the last used one of a sheet."""
    columns: set[bytes] = set()
    first, last = 0, 0
    for cell in _CELL.finditer(content):  # one at a time: a list of them takes more memory than the sheet
        columns.add(cell[1])
        row = int(cell[2])
        first, last = min(first or row, row), max(last, row)
    if not columns:
        return content.count(b"<c")  # cells without addresses stand side by side
    numbers = [_number(letters) for letters in columns]
    return (max(numbers) - min(numbers) + 1) * (last - first + 1)


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
