"""Buttons on Home: those on the sheet itself, and what each button of the ribbon does."""

from __future__ import annotations

from lxml import etree
from xlsxwriter.worksheet import Worksheet

from . import styles as look
from .home_board import BOARD_LEFT, BOARD_RIGHT, BUTTONS_ROW, CYCLE_ROW, section
from .ribbon import ribbon_2010
from .sheets_common import Context

SHORTCUTS = (
    ("Check", "SopCheck"), ("Forecast", "SopForecast"), ("Aggregate", "SopAggregate"), ("Balance", "SopBalance"),
    ("Run all steps", "SopRunAll"), ("Undo last run", "SopUndo"),
)  # fmt: skip
"""Buttons on the sheet, for people whose ribbon is blocked: caption and macro. LibreOffice breaks on & in a caption."""

_BLOCKED = (
    "No S&OP tab, or a bar that says macros are blocked? The sheets still calculate: overrides and fixed production "
    "show their effect at once. To run the steps: close the file, right-click it in the Explorer, Properties, tick "
    "Unblock, and open it again; or ask your IT for a trusted folder; or run it without Excel: "
    "sop-addin run <this file>."
)


def add_shortcuts(worksheet: Worksheet) -> None:
    """A row of buttons between the links and the board, one a column."""
    row = CYCLE_ROW - 2
    worksheet.set_row(row, 24)
    for offset, (caption, macro) in enumerate(SHORTCUTS):
        look_of_it = {"caption": caption, "macro": macro, "width": 92, "height": 24, "x_offset": 1, "y_offset": 4}
        worksheet.insert_button(row, BOARD_LEFT - 1 + 3 * offset, look_of_it)


def ribbon_buttons() -> list[tuple[str, str, str]]:
    """Group, label and explanation of every button, from the ribbon's own source."""
    root = etree.fromstring(ribbon_2010())
    buttons = []
    for group in root.iter("{*}group"):
        for button in group.iter("{*}button", "{*}dropDown", "{*}toggleButton"):
            buttons.append((group.get("label", ""), button.get("label", ""), button.get("supertip", "")))
    return buttons


def add_buttons(context: Context, worksheet: Worksheet) -> int:
    """One line a button of the S&OP tab, and what to do where macros are blocked; returns the last row."""
    section(context, worksheet, BUTTONS_ROW, "What the buttons of the S&OP tab do")
    styles = context.styles
    row = BUTTONS_ROW
    for group, label, text in ribbon_buttons():
        row += 1
        worksheet.set_row(row - 1, 30 if len(text) > 120 else 17)
        worksheet.write_string(row - 1, BOARD_LEFT - 1, label, styles.get(bold=True, font_color=look.NAVY))
        worksheet.write_string(row - 1, BOARD_LEFT + 3, group, styles.get(font_color=look.MUTED))
        worksheet.merge_range(
            row - 1, BOARD_LEFT + 6, row - 1, BOARD_RIGHT - 1, text, styles.get(text_wrap=True, font_color=look.INK)
        )
    row += 2
    note = styles.get(
        text_wrap=True,
        font_color=look.WARN_INK,
        bg_color=look.WARN_FILL,
        border=1,
        border_color=look.WARN_FILL,
        indent=1,
    )
    worksheet.merge_range(row - 1, BOARD_LEFT - 1, row - 1, BOARD_RIGHT - 1, _BLOCKED, note)
    worksheet.set_row(row - 1, 46)
    return row
