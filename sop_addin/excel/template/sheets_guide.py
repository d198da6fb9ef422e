"""Guide."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from .sheets_common import Context


def add_guide(context: Context, worksheet: Worksheet) -> None:
    worksheet.write_string(0, 0, "Guide", context.styles.title)
