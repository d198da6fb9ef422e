"""Marks and summaries on the sheets that a run writes: findings, key figures, cycle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlsxwriter.worksheet import Worksheet

from ...model.schema import TABLES
from . import styles as look
from .sheets_common import LINK_ROW, VALIDATED_ROWS, Context, address

Place = tuple[int, int, int, int]

_GOOD = {"bg_color": look.GOOD_FILL, "font_color": look.GOOD_INK, "bold": True}
_BAD = {"bg_color": look.BAD_FILL, "font_color": look.BAD_INK, "bold": True}
_WARN = {"bg_color": look.WARN_FILL, "font_color": look.WARN_INK, "bold": True}
_CALM = {"bg_color": look.BAND, "font_color": look.NAVY, "bold": True}

STATUS_LOOKS: dict[str, dict[str, Any]] = {
    "Error": _BAD, "Warning": _WARN, "Info": _CALM,
    "▲ On target": _GOOD, "◆ Watch": _WARN, "▼ Off target": _BAD,
    "Changed since sign-off": _BAD, "Edited since sign-off": _WARN,
    "Signed": _GOOD, "Decided": _GOOD, "In work": _WARN, "Reopened": _BAD, "Open": _CALM,
    "Loses to naive": _WARN, "On target": _GOOD, "Off target": _BAD,
}  # fmt: skip
"""What a status word looks like, wherever it stands."""


def add_output_marks(context: Context, worksheet: Worksheet, places: Mapping[str, Place]) -> None:
    """Colours that belong to one table: severities, statuses, units of key figures."""
    for name, (top, left, _, _) in places.items():
        if name == "tblFindings":
            mark_words(context, worksheet, top + 1, left, ("Error", "Warning", "Info"), 20000)
            _findings_summary(context, worksheet)
        elif name == "tblMerge":
            _choices(context, worksheet, top + 1, left)
        elif name in ("tblCycle", "tblDecisions"):
            position = left + (3 if name == "tblCycle" else 5)
            mark_words(context, worksheet, top + 1, position, ("Signed", "Decided", "In work", "Reopened", "Open"))
        elif name == "tblKpis":
            _by_unit(context, worksheet, name, ("Value", "Previous"), top + 1, left)
            status = left + TABLES[name].headers.index("Status")
            mark_words(context, worksheet, top + 1, status, ("On target", "Off target"))
        elif name == "tblRiskResults":
            _by_unit(context, worksheet, name, ("Plan", "Mean"), top + 1, left)
        elif name == "tblCompare":
            _service_rows(context, worksheet, top + 1, left)


def mark_words(
    context: Context, worksheet: Worksheet, row: int, column: int, words: tuple[str, ...], last: int = VALIDATED_ROWS
) -> None:  # fmt: skip
    for word in words:
        worksheet.conditional_format(row - 1, column - 1, last - 1, column - 1, {
            "type": "cell", "criteria": "==", "value": f'"{word}"', "format": context.styles.dxf(**STATUS_LOOKS[word]),
        })  # fmt: skip


def _findings_summary(context: Context, worksheet: Worksheet) -> None:
    names = (("Error", "Errors: "), ("Warning", "    Warnings: "), ("Info", "    Notes: "))
    formula = "=" + "&".join(f'"{text}"&COUNTIFS(tblFindings[Severity],"{word}")' for word, text in names)
    worksheet.write_formula(LINK_ROW - 1, 2, formula, context.styles.get(bold=True, font_color=look.NAVY), "")


def _choices(context: Context, worksheet: Worksheet, row: int, left: int) -> None:
    """The column that the planner fills, and what is what: to decide, unfit, not to be had."""
    last = VALIDATED_ROWS
    worksheet.data_validation(row - 1, left - 1, last - 1, left - 1, {
        "validate": "list", "source": ["Take"], "ignore_blank": True, "error_title": "Choice",
        "error_message": "Take, or leave it blank.",
    })  # fmt: skip
    what = address(row, left + 1, "column")

    def begins(words: str) -> str:
        return f'LEFT({what},{len(words)})="{words}"'

    for words, status in (
        ("Conflict", "Warning"), ("Not a value", "Error"), ("Change", "Signed"), ("Taken", "Info"),
    ):  # fmt: skip
        worksheet.conditional_format(row - 1, left, last - 1, left, {
            "type": "formula", "criteria": f"={begins(words)}", "format": context.styles.dxf(**STATUS_LOOKS[status]),
        })  # fmt: skip
    worksheet.conditional_format(row - 1, left - 1, last - 1, left - 1, {
        "type": "formula", "criteria": f"=OR({','.join(map(begins, ('Conflict', 'Change', 'Not a value')))})",
        "format": context.styles.dxf(bg_color=look.INPUT_FILL, font_color=look.INPUT_INK, bold=True),
    })  # fmt: skip


def _by_unit(
    context: Context, worksheet: Worksheet, name: str, columns: tuple[str, str], row: int, left: int
) -> None:  # fmt: skip
    """Figures, first to last column, as their unit says: percentages, ratios, large ones without decimals."""
    headers = TABLES[name].headers
    unit = address(row, left + headers.index("Unit"), "column")
    first, last = (left - 1 + headers.index(column) for column in columns)
    value = address(row, first + 1)
    for criteria, number in (
        (f'=LEFT({unit},1)="%"', look.PERCENT), (f'={unit}="ratio"', "0.00"),
        (f"=ABS(N({value}))>=1000", look.QUANTITY),
    ):  # fmt: skip
        worksheet.conditional_format(row - 1, first, VALIDATED_ROWS - 1, last, {
            "type": "formula", "criteria": criteria, "format": context.styles.dxf(num_format=number),
            "stop_if_true": True,
        })  # fmt: skip


def _service_rows(context: Context, worksheet: Worksheet, row: int, left: int) -> None:
    measure = address(row, left + 1, "column")
    worksheet.conditional_format(row - 1, left + 1, VALIDATED_ROWS - 1, left + 3, {
        "type": "formula", "criteria": f'=OR({measure}="Service level",{measure}="Gap")',
        "format": context.styles.dxf(num_format=look.PERCENT),
    })  # fmt: skip
