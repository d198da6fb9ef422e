"""What follows a table when its last row moves: formats and rules on the sheet, names and charts in the workbook.

All functions take the table's first data row, its old and new last data row, and its first and last column.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from sop_addin.engines.references import box_address, column_number, parse_box, quote_sheet
from sop_addin.opc.xml_text import main_tag, unescape_xml

if TYPE_CHECKING:
    from sop_addin.engines.closed_file.workbook import Workbook

_RULE_RANGES = re.compile(
    rb'(<(?:conditionalFormatting|dataValidation|ignoredError|protectedRange)\b[^>]*?\bsqref=")([^"]*)(")'
)
# In the extension list only formats and validations cover ranges; a sparkline's range is always one cell.
_EXTENDED_RULE = re.compile(
    rb"<x14:(conditionalFormatting|dataValidation)\b.*?</x14:\1>",
    re.S,
)
_EXTENDED_RANGES = re.compile(rb"(<xm:sqref>)([^<]*)(</xm:sqref>)")
_CHART_PART = re.compile(r"xl/(?:charts|chartEx)/[^/]+\.xml", re.I)
_CHART_REFERENCE = re.compile(rb"(<(?:\w+:)?f(?:\s[^>]*)?>)([^<]*)(</(?:\w+:)?f>)")


def stretch_sheet_features(tail: bytes, first: int, old_last: int, new_last: int, left: int, right: int) -> bytes:
    """Conditional formats, validations and the like that covered the table to its last row."""

    def stretch(match: re.Match[bytes]) -> bytes:
        ranges = [_stretch_range(text, first, old_last, new_last, left, right) for text in match[2].decode().split()]
        return match[1] + " ".join(ranges).encode() + match[3]

    tail = _RULE_RANGES.sub(stretch, tail)
    return _EXTENDED_RULE.sub(lambda match: _EXTENDED_RANGES.sub(stretch, match[0]), tail)


def _stretch_range(text: str, first: int, old_last: int, new_last: int, left: int, right: int) -> str:
    try:
        top, column1, bottom, column2 = parse_box(text)
    except ValueError:
        return text
    inside = left <= column1 and column2 <= right
    # A rule on the last row alone is about that row, unless that row is the whole table.
    to_the_end = bottom == old_last and first - 1 <= top <= new_last and (top < old_last or first == old_last)
    return box_address((top, column1, new_last, column2)) if inside and to_the_end else text


def stretch_references(
    workbook: "Workbook", sheet: str, first: int, old_last: int, new_last: int, left: int, right: int
) -> None:
    """Defined names and chart series that covered columns of the table to its last row."""
    stretch = _reference_stretcher(sheet, first, old_last, new_last, left, right)
    for element in workbook.root.iter(main_tag("definedName")):
        text = element.text or ""
        stretched = stretch(text)
        if stretched != text:
            element.text = stretched
            workbook.mark_names_changed()

    def stretch_formula(match: re.Match[bytes]) -> bytes:
        text = unescape_xml(match[2])
        stretched = stretch(text)
        return match[0] if stretched == text else match[1] + escape(stretched).encode() + match[3]

    for part in workbook.package.names():
        if _CHART_PART.fullmatch(part):
            content = workbook.package.read(part)
            stretched_content = _CHART_REFERENCE.sub(stretch_formula, content)
            if stretched_content != content:
                workbook.package.write(part, stretched_content)


def _reference_stretcher(
    sheet: str, first: int, old_last: int, new_last: int, left: int, right: int
) -> Callable[[str], str]:
    quoted = "'" + sheet.replace("'", "''") + "'"
    spellings = "|".join({re.escape(quoted), re.escape(quote_sheet(sheet)), re.escape(sheet)})
    pattern = re.compile(
        rf"(?<![\w'\]])((?:{spellings})!\$?([A-Z]{{1,3}})\$?(\d+):\$?([A-Z]{{1,3}})\$?){old_last}(?!\d)", re.I
    )

    def replace(match: re.Match[str]) -> str:
        column1, column2, top = column_number(match[2]), column_number(match[4]), int(match[3])
        inside = left <= column1 and column2 <= right and first - 1 <= top <= min(old_last, new_last)
        return match[1] + str(new_last) if inside else match[0]

    return lambda text: pattern.sub(replace, text)
