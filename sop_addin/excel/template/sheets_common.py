"""What every sheet has in common: title, links, print set-up, and how a value is put into a cell."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ...model import calendar
from ...model.schema import NUMERIC, Column, Sheet
from ...model.tables import Tables
from ..blocks import Formula
from ..grids import column_letter
from .styles import TAB_COLOURS, Styles

if TYPE_CHECKING:
    from ..grids import GridBlock

AUTHOR = "S&OP"
"""Author of the header notes; no person's name goes into the template."""

LINK_ROW = 3
CAPTION_ROW = 4
GUIDE_MONTH, GUIDE_COLOURS, GUIDE_SHEETS, GUIDE_WORDS = "GuideMonth", "GuideColours", "GuideSheets", "GuideWords"
"""Defined names of sections of the Guide: where the question marks lead."""
PAPER_A4, PAPER_A3 = 9, 8
VALIDATED_ROWS = 2000
"""Dropdowns and checks reach at least this row, so that a table may grow."""


@dataclass(frozen=True)
class Context:
    """All that a sheet is built from."""

    workbook: xlsxwriter.Workbook
    styles: Styles
    raw: Mapping[str, pd.DataFrame]
    tables: Tables
    grids: Mapping[str, GridBlock]
    outputs: Mapping[str, pd.DataFrame]
    anchors: Mapping[str, tuple[str, int, int]]
    sheets: Mapping[str, Worksheet]

    @property
    def bucket(self) -> str:
        return self.tables.settings.bucket

    def anchor(self, table: str) -> tuple[int, int]:
        """Header row and first column of a table, counted from 1."""
        _, row, column = self.anchors[table]
        return row, column


def address(row: int, column: int, fixed: Literal["", "row", "column", "both"] = "") -> str:
    """``B7``, ``B$7``, ``$B7`` or ``$B$7``, from 1-based row and column."""
    before_letter = "$" if fixed in ("column", "both") else ""
    before_row = "$" if fixed in ("row", "both") else ""
    return f"{before_letter}{column_letter(column)}{before_row}{row}"


def open_sheet(worksheet: Worksheet, sheet: Sheet, wide: bool = False) -> None:
    """Tab colour, view and print set-up, and the three rows that every sheet begins with."""
    worksheet.set_tab_color(TAB_COLOURS[sheet.group])
    worksheet.set_zoom(100)
    worksheet.hide_gridlines(2)
    worksheet.set_landscape()
    worksheet.set_paper(PAPER_A3 if wide else PAPER_A4)
    worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_footer("&L&8&F&C&8&A&R&8Page &P of &N")
    if sheet.very_hidden:
        worksheet.very_hidden()
    elif sheet.hidden:
        worksheet.hide()


def write_heading(
    worksheet: Worksheet, styles: Styles, title: str, purpose: str, hint: str = "", at: int = 3, guide: int = 2
) -> None:
    """Rows 1 to 3: title, purpose, and links; the link to the Guide and the hint begin in these columns (1-based)."""
    worksheet.set_row(0, 26)
    worksheet.write_string(0, 0, title, styles.title)
    worksheet.write_string(1, 0, purpose, styles.purpose)
    worksheet.write_url(LINK_ROW - 1, 0, "internal:'Home'!A1", styles.link, "Home", "Back to the Home sheet")
    worksheet.write_url(
        LINK_ROW - 1, guide - 1, "internal:'Guide'!A1", styles.link, "Guide", "Five-minute tour, colours"
    )
    if hint:
        worksheet.write_string(LINK_ROW - 1, at - 1, hint, styles.hint)


def write_help(worksheet: Worksheet, styles: Styles, row: int, column: int, section: str) -> None:
    """A question mark (1-based cell) that leads to a section of the Guide."""
    worksheet.write_url(row - 1, column - 1, f"internal:{section}", styles.link, "?", "What is this? See the Guide")


def print_blocks(context: Context, sheet: str, blocks: Sequence[tuple[int, int]]) -> None:
    """Each block of whole columns (1-based, first and last) on pages of its own; rows grow with the tables."""
    print_areas(context, sheet, [f"${column_letter(left)}:${column_letter(right)}" for left, right in blocks])


def print_areas(context: Context, sheet: str, areas: Sequence[str]) -> None:
    """Each area (absolute, without its sheet) on pages of its own."""
    found = ",".join(f"'{sheet}'!{area}" for area in areas)
    context.workbook.define_name(f"'{sheet}'!_xlnm.Print_Area", f"={found}")


def is_blank(value: object) -> bool:
    if value is None or value is pd.NaT or value == "":
        return True
    return isinstance(value, float) and math.isnan(value)


def write_value(worksheet: Worksheet, row: int, column: int, value: Any, style: Format) -> None:
    """A cell (1-based) by the type of its value; a text is never a formula unless it is a Formula."""
    row, column = row - 1, column - 1
    if is_blank(value):
        worksheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        if isinstance(value, Formula):
            worksheet.write_formula(row, column, value, style, 0)
        else:
            worksheet.write_string(row, column, value, style)
    elif isinstance(value, bool):
        worksheet.write_string(row, column, "Yes" if value else "No", style)
    elif isinstance(value, (dt.datetime, dt.date)):
        worksheet.write_datetime(row, column, _naive(value), style)
    elif math.isinf(float(value)):
        worksheet.write_string(row, column, str(value), style)
    else:
        worksheet.write_number(row, column, float(value), style)


def cell_value(column: Column, value: object, bucket: str) -> object:
    """What an untyped value becomes in a cell of ``column``; what does not fit its kind stays as it is."""
    if is_blank(value) or (isinstance(value, str) and not value.strip()):
        return None
    if column.kind in NUMERIC:
        return _number(value)
    if column.kind == "period":
        period = calendar.parse_period(value, bucket)
        return value if period is None else period
    if column.kind == "date" and isinstance(value, str):
        try:
            return dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    return value


def _number(value: object) -> object:
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return number if math.isfinite(number) else value
    return value


def _naive(value: dt.datetime | dt.date) -> dt.datetime | dt.date:
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value
