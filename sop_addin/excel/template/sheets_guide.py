"""Guide: five-minute tour, what the colours mean, the month, the sheets and the words."""

from __future__ import annotations

from collections.abc import Iterable

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ...model.schema import SHEETS
from . import styles as look
from .guide_text import COLOURS, EXERCISE, GLOSSARY, MONTH, TOUR
from .sheets_common import GUIDE_COLOURS, GUIDE_MONTH, GUIDE_SHEETS, GUIDE_WORDS, Context, address

_NAME, _TEXT = 1, 2
_CHARACTERS_A_LINE = 128


def add_guide(context: Context, worksheet: Worksheet) -> None:
    """Title, then one section under the other in columns B and C."""
    styles = context.styles
    worksheet.set_column(0, 0, 2)
    worksheet.set_column(_NAME, _NAME, 24)
    worksheet.set_column(_TEXT, _TEXT, 110)
    worksheet.set_row(0, 28)
    worksheet.write_string(0, _NAME, "Guide", styles.title)
    worksheet.write_string(1, _NAME, "Five minutes to find your way, and a place to look things up.", styles.purpose)
    worksheet.write_url(2, _NAME, "internal:'Home'!A1", styles.link, "Home", "Back to the Home sheet")
    row = _rows(context, worksheet, 5, "A tour of five minutes", TOUR)
    row = _colours(context, worksheet, row)
    row = _rows(context, worksheet, row, "The month in nine steps", MONTH, GUIDE_MONTH)
    row = _rows(context, worksheet, row, "Practice: an hour with the sample company, with its solution", EXERCISE)
    row = _sheets(context, worksheet, row)
    row = _rows(context, worksheet, row, "Words", GLOSSARY, GUIDE_WORDS)
    _section(context, worksheet, row, "Header notes")
    worksheet.write_string(
        row, _TEXT, "Rest the mouse on any header: unit, allowed values, and what a blank means.", styles.wrapped
    )
    worksheet.write_string(row, _NAME, "Everywhere", _name_style(context))
    worksheet.print_area(0, 0, row, _TEXT)


def _define(context: Context, worksheet: Worksheet, row: int, name: str) -> None:
    context.workbook.define_name(name, f"='{worksheet.get_name()}'!{address(row, _NAME + 1, 'both')}")


def _name_style(context: Context) -> Format:
    return context.styles.get(bold=True, font_color=look.NAVY, valign="top")


def _section(context: Context, worksheet: Worksheet, row: int, title: str) -> None:
    """Section header in ``row`` (1-based)."""
    worksheet.write_string(row - 1, _NAME, title, context.styles.section)
    worksheet.write_blank(row - 1, _TEXT, None, context.styles.section)


def _rows(
    context: Context, worksheet: Worksheet, row: int, title: str, pairs: Iterable[tuple[str, str]], name: str = ""
) -> int:
    """A section of named paragraphs; ``name`` becomes a defined name of its first cell, for links."""
    _section(context, worksheet, row, title)
    if name:
        _define(context, worksheet, row, name)
    for name, text in pairs:
        lines = -(-len(text) // _CHARACTERS_A_LINE)
        worksheet.set_row(row, 15 * lines)
        worksheet.write_string(row, _NAME, name, _name_style(context))
        worksheet.write_string(row, _TEXT, text, context.styles.wrapped)
        row += 1
    return row + 2


def _colours(context: Context, worksheet: Worksheet, row: int) -> int:
    styles = context.styles
    right = {"align": "right"}
    looks = {
        "input": styles.input_cell(look.GENERAL, **right),
        "filled": styles.get(bg_color=look.INPUT_STRONG, font_color=look.INPUT_INK, bold=True, border=1,
                             border_color=look.INPUT_LINE, **right),
        "overridden": styles.get(bg_color=look.FORMULA_FILL, font_color=look.INPUT_INK, bold=True, italic=True,
                                 **right),
        "formula": styles.formula_cell(look.GENERAL, **right),
        "output": styles.output_cell(look.GENERAL, **right),
        "bad": styles.get(bg_color=look.BAD_FILL, font_color=look.BAD_INK, bold=True, **right),
        "warn": styles.get(bg_color=look.WARN_FILL, font_color=look.WARN_INK, **right),
        "good": styles.get(bg_color=look.GOOD_FILL, font_color=look.GOOD_INK, bold=True, **right),
        "zero": styles.get(font_color=look.FAINT, **right),
    }  # fmt: skip
    _section(context, worksheet, row, "What the colours mean")
    _define(context, worksheet, row, GUIDE_COLOURS)
    for name, sample, text in COLOURS:
        worksheet.write_string(row, _NAME, sample, looks[name])
        worksheet.write_string(row, _TEXT, text, styles.get(font_color=look.INK, indent=1))
        row += 1
    return row + 2


def _sheets(context: Context, worksheet: Worksheet, row: int) -> int:
    styles = context.styles
    _section(context, worksheet, row, "The sheets")
    _define(context, worksheet, row, GUIDE_SHEETS)
    for sheet in SHEETS:
        if sheet.hidden:
            continue
        worksheet.write_url(
            row, _NAME, f"internal:'{sheet.name}'!A1", styles.get(font_color=look.BLUE, underline=1), sheet.name
        )
        worksheet.write_string(row, _TEXT, sheet.help, styles.plain)
        row += 1
    return row + 2
