"""The visual language of the workbook as data: colours, number formats, fonts, and the cell formats made from them.

Colours stay apart for colour-blind readers and in grey print: no meaning hangs on red against green alone.
"""

from __future__ import annotations

from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

from ...model.schema import NUMERIC, Column

FONT: dict[str, Any] = {"font_name": "Arial", "font_size": 10, "font_scheme": False}
"""Of every cell. Arial is on every machine, and what stands for it elsewhere (Liberation Sans) has its widths."""

# --- colours
NAVY = "#1F3A5F"
BLUE = "#2F6DB5"
INK = "#1A1A1A"
WHITE = "#FFFFFF"
MUTED = "#6B7280"
FAINT = "#A3A9B3"
LINE = "#D9DDE3"
RULE = "#7C8798"
INPUT_FILL = "#FFF9DB"
INPUT_STRONG = "#FFE799"
INPUT_INK = "#0B3FBF"
INPUT_LINE = "#E3D9A6"
FORMULA_FILL = "#F1F3F5"
BAND = "#E4EAF2"
BAND_DARK = "#CFD9E6"
BAD_FILL = "#F9D5CC"
BAD_INK = "#9C1C00"
WARN_FILL = "#FFE3B8"
WARN_INK = "#7A4500"
GOOD_FILL = "#D3ECE6"
GOOD_INK = "#0B5345"
NOTE_FILL = "#F3F7FC"
WARN_STRONG = "#F5A742"
BAD_STRONG = "#9C1C00"

CHART_DEMAND = "#D55E00"
CHART_PRODUCTION = "#7FA8D6"
CHART_STOCK = "#4B5563"
CHART_ACTUAL = "#B4BBC6"
CHART_TARGET = "#0B7A6B"

TAB_COLOURS: dict[str, str] = {
    "home": NAVY,
    "plan": BLUE,
    "input": "#F2C037",
    "output": "#8A94A3",
    "help": "#2A9D8F",
    "system": "#D0D4DA",
}

# --- number formats
QUANTITY = "#,##0;[Red]-#,##0;0"
PLAN = "#,##0;[Red]-#,##0;0"
PLAN_DECIMAL = "#,##0.0;[Red]-#,##0.0;0"
PLAN_MONEY = "#,##0.00;[Red]-#,##0.00;0"
FACTOR = "0.0##;[Red]-0.0##;0"
MONEY = "#,##0.00;[Red]-#,##0.00;0.00"
MONEY_WHOLE = "#,##0;[Red]-#,##0;0"
RATE = "0.0000;[Red]-0.0000;0"
ONE_DECIMAL = "#,##0.0;[Red]-#,##0.0;0.0"
PERCENT = "0.0%;[Red]-0.0%;0.0%"
PERCENT_WHOLE = "0%;[Red]-0%;0%"
INTEGER = "0;[Red]-0;0"
DATE = "yyyy-mm-dd"
MOMENT = "yyyy-mm-dd hh:mm"
MONTH = "yyyy-mm"
TEXT = "@"
GENERAL = "General"

_FACTORS = frozenset(
    {
        "Units per family unit", "Like scale", "Efficiency", "Use per unit", "Use per run", "CO2e per unit",
        "Target cover", "Hours per head", "MASE", "Tracking signal",
    }
)  # fmt: skip
_WHOLE_MONEY = frozenset({"tblBudget"})


def period_format(bucket: str) -> str:
    """The number format of a period."""
    return DATE if bucket == "Week" else MONTH


def number_format(column: Column, table: str = "", bucket: str = "Month") -> str:
    """The number format of a table column."""
    if column.kind == "fraction":
        return PERCENT
    if column.kind == "money":
        return MONEY_WHOLE if table in _WHOLE_MONEY else MONEY
    if column.kind == "integer":
        return INTEGER
    if column.kind == "number":
        if column.name == "Rate":
            return RATE
        if table == "tblKpis":
            return ONE_DECIMAL
        return FACTOR if column.name in _FACTORS else QUANTITY
    if column.kind == "period":
        return period_format(bucket)
    if column.kind == "date":
        return MOMENT if column.name == "Signed at" else DATE
    return TEXT if column.key and column.name in ("Item", "Like item") else GENERAL


def is_number(column: Column) -> bool:
    return column.kind in NUMERIC


class Styles:
    """Cell formats of one workbook; the same properties give the same format object."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def get(self, **properties: Any) -> Format:
        """A format of these XlsxWriter properties, on top of the workbook's font."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format({"valign": "vcenter", **properties})
        return self._formats[key]

    def dxf(self, **properties: Any) -> Format:
        """A format for conditional formats: only what it changes, no font name or size (Excel does not take them)."""
        key = (("dxf", True), *sorted(properties.items()))
        if key not in self._formats:
            made = self._workbook.add_format(properties)
            self._formats[key] = made
        return self._formats[key]

    # --- named looks
    @property
    def title(self) -> Format:
        return self.get(bold=True, font_size=16, font_color=NAVY)

    @property
    def purpose(self) -> Format:
        return self.get(font_color=MUTED)

    @property
    def hint(self) -> Format:
        return self.get(font_color=MUTED, italic=True, font_size=9)

    @property
    def link(self) -> Format:
        return self.get(font_color=BLUE, underline=1, font_size=9)

    @property
    def caption(self) -> Format:
        return self.get(bold=True, font_color=NAVY, font_size=10, valign="bottom")

    @property
    def section(self) -> Format:
        return self.get(bold=True, font_color=NAVY, font_size=11, bottom=2, bottom_color=NAVY)

    @property
    def plain(self) -> Format:
        return self.get(font_color=INK)

    @property
    def wrapped(self) -> Format:
        return self.get(font_color=INK, text_wrap=True, valign="top")

    def header(self, right: bool = False, filtered: bool = False) -> Format:
        """``filtered``: leave room for the filter button, which sits at the right."""
        side: dict[str, Any] = {"align": "right" if right else "left"}
        if filtered:
            side["indent"] = 2 if right else 1
        return self.get(
            bold=True, font_color=WHITE, bg_color=NAVY, text_wrap=True, border=1, border_color=NAVY, **side
        )  # fmt: skip

    def input_cell(self, number_format: str = GENERAL, **more: Any) -> Format:
        return self.get(
            num_format=number_format, font_color=INPUT_INK, bg_color=INPUT_FILL, border=1, border_color=INPUT_LINE,
            **more,
        )  # fmt: skip

    def output_cell(self, number_format: str = GENERAL, **more: Any) -> Format:
        return self.get(num_format=number_format, font_color=INK, bottom=1, bottom_color=LINE, **more)

    def formula_cell(self, number_format: str = GENERAL, **more: Any) -> Format:
        return self.get(num_format=number_format, font_color=INK, bg_color=FORMULA_FILL, **more)

    def fallback(self, number_format: str, ink: str = INK) -> Format:
        """Of a whole column: what rows added later look like before anything else is known."""
        return self.get(num_format=number_format, font_color=ink)
