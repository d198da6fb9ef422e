"""A1 references as numbers: a range is (first row, first column, last row, last column), all counted from 1."""

import re
from functools import cache

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384

Box = tuple[int, int, int, int]

_CORNER = re.compile(r"\$?([A-Za-z]{0,3})\$?(\d{0,7})")


@cache
def column_letters(column: int) -> str:
    """28 -> 'AB'."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@cache
def column_number(letters: str) -> int:
    """'AB' -> 28."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def parse_box(reference: str) -> Box:
    """'B2', '$B$2:C5', 'A:C' or '3:7' -> box; ValueError for anything else (a name, a structured reference)."""
    first, _, last = reference.strip().partition(":")
    row1, column1 = _corner(first, reference, 1, 1)
    row2, column2 = _corner(last or first, reference, MAX_ROWS, MAX_COLUMNS)
    if not last and (re.fullmatch(r"\D+|\d+", first.replace("$", ""))):
        raise ValueError(f"not a cell reference: {reference!r}")
    return min(row1, row2), min(column1, column2), max(row1, row2), max(column1, column2)


def _corner(text: str, reference: str, default_row: int, default_column: int) -> tuple[int, int]:
    match = _CORNER.fullmatch(text)
    if match is None or not text.strip("$"):
        raise ValueError(f"not a cell reference: {reference!r}")
    row = int(match[2]) if match[2] else default_row
    column = column_number(match[1]) if match[1] else default_column
    if not (1 <= row <= MAX_ROWS and 1 <= column <= MAX_COLUMNS):
        raise ValueError(f"outside the sheet: {reference!r}")
    return row, column


def cell_address(row: int, column: int) -> str:
    """(3, 2) -> 'B3'."""
    return f"{column_letters(column)}{row}"


def box_address(box: Box) -> str:
    """(1, 1, 2, 2) -> 'A1:B2'; one cell -> 'A1'."""
    first, last = cell_address(box[0], box[1]), cell_address(box[2], box[3])
    return first if first == last else f"{first}:{last}"


def boxes_overlap(a: Box, b: Box) -> bool:
    return not (a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1])


def box_holds(box: Box, row: int, column: int) -> bool:
    return box[0] <= row <= box[2] and box[1] <= column <= box[3]


def quote_sheet(name: str) -> str:
    """Sheet name as it stands in a formula: Plan -> Plan, Sales Plan -> 'Sales Plan'."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name) and not re.fullmatch(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*", name):
        return name
    return "'" + name.replace("'", "''") + "'"


def split_sheet(reference: str) -> tuple[str | None, str]:
    """ "'Sales Plan'!$A$1" -> ('Sales Plan', '$A$1'); 'A1' -> (None, 'A1')."""
    sheet, bang, rest = reference.lstrip("=").rpartition("!")
    if not bang:
        return None, rest
    if sheet.startswith("'") and sheet.endswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    return sheet, rest
