"""Dropdowns, lenient checks, header notes and marks of table columns, from the schema."""

from __future__ import annotations

import datetime as dt
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from ...model.schema import SETTINGS, TABLES, Column, Table
from . import styles as look
from .sheets_common import Context, address

LISTS: dict[str, tuple[str, str]] = {
    "lstFamilies": ("tblFamilies", "Family"),
    "lstItems": ("tblItems", "Item"),
    "lstResources": ("tblResources", "Resource"),
}
"""Defined names over a table column; they grow with the table and feed the dropdowns."""

_UNITS = {"money": "base currency"}


def define_lists(workbook: xlsxwriter.Workbook) -> None:
    for name, (table, column) in LISTS.items():
        workbook.define_name(name, f"={table}[{column}]")


def list_name(table: str) -> str:
    """The defined name that lists the keys of ``table``; '' where there is none."""
    return next((name for name, (owner, _) in LISTS.items() if owner == table), "")


def header_note(table: Table, column: Column) -> str:
    """What a header says when the mouse rests on it: help, unit, allowed values, what a blank means."""
    lines = [column.help]
    if column.unit:
        lines.append(f"Unit: {_UNITS.get(column.unit, column.unit)}")
    if column.kind == "fraction":
        lines.append("A percentage: type 5% for 0.05.")
    if column.kind == "period":
        lines.append("A month such as 2027-03 (first day) or the Monday of a week.")
    if column.choices:
        lines.append(f"One of: {', '.join(column.choices)}")
    if column.refers_to:
        lines.append(f"Must be in {column.refers_to}.")
    if limits := limits_text(column):
        lines.append(limits)
    if table.role == "input":
        if column.required:
            lines.append("Required.")
        elif column.blank_means:
            lines.append(f"Blank = {column.blank_means}")
    return "\n".join(lines)


def limits_text(column: Column) -> str:
    """``At least 0.``, ``From 0 to 100 %.``; '' where there is no limit."""
    if column.kind == "fraction":
        low, high = (None if limit is None else f"{limit:.0%}" for limit in (column.minimum, column.maximum))
    else:
        low, high = (None if limit is None else f"{limit:g}" for limit in (column.minimum, column.maximum))
    if low is not None and high is not None:
        return f"From {low} to {high}."
    if low is not None:
        return f"At least {low}."
    return "" if high is None else f"At most {high}."


def add_validation(
    worksheet: Worksheet, column: Column, first: int, position: int, last: int, bucket: str
) -> None:  # fmt: skip
    """A dropdown or check on one column; it warns and never throws away what was typed."""
    rule = validation_rule(column, bucket, address(first, position))
    if rule:
        worksheet.data_validation(first - 1, position - 1, last - 1, position - 1, rule)


def validation_rule(column: Column, bucket: str, first_cell: str) -> dict[str, Any] | None:
    rule: dict[str, Any]
    if column.choices:
        rule = {"validate": "list", "source": list(column.choices)}
        text = f"Known values: {', '.join(column.choices)}"
    elif column.kind == "flag":
        rule = {"validate": "list", "source": ["Yes", "No"]}
        text = "Yes or No"
    elif column.refers_to and list_name(column.refers_to):
        rule = {"validate": "list", "source": f"={list_name(column.refers_to)}"}
        text = f"This name is not in {column.refers_to} yet."
    elif column.kind in ("number", "money", "integer", "fraction"):
        rule = _numeric_rule(column)
        text = f"A number is expected. {limits_text(column)}".strip()
    elif column.kind in ("period", "date"):
        rule = {"validate": "date", "criteria": ">=", "value": dt.date(1990, 1, 1)}
        text = "A date is expected, such as 2027-03-01."
        if column.kind == "period":
            text = "A period is expected: the first day of a month, such as 2027-03-01."
            if bucket == "Week":
                text = "A period is expected: the Monday of a week, such as 2027-03-01."
    else:
        return None
    return {**rule, "ignore_blank": True, "error_type": "warning", "error_title": column.name[:32],
            "error_message": text[:250]}  # fmt: skip


def _numeric_rule(column: Column) -> dict[str, Any]:
    kind = "integer" if column.kind == "integer" else "decimal"
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}
    if high is not None:
        return {"validate": kind, "criteria": "<=", "value": high}
    return {"validate": kind, "criteria": ">=", "value": -1e15 if low is None and kind == "decimal" else low or 0}


def validate_settings(context: Context, worksheet: Worksheet, top: int, left: int) -> None:
    """Each setting's Value cell: its own dropdown or check. Settings stand in schema order."""
    for index, setting in enumerate(SETTINGS):
        column = Column(
            setting.name, setting.kind, setting.help, choices=setting.choices, minimum=setting.minimum,
            maximum=setting.maximum,
        )  # fmt: skip
        add_validation(worksheet, column, top + 1 + index, left + 1, top + 1 + index, context.bucket)


def mark_settings(context: Context, worksheet: Worksheet, top: int, left: int) -> None:
    """A value that differs from its default is bold."""
    for index, setting in enumerate(SETTINGS):
        if setting.default in (None, ""):
            continue
        default = f'"{setting.default}"' if isinstance(setting.default, str) else f"{setting.default:g}"
        cell = address(top + 1 + index, left + 1, "both")
        worksheet.conditional_format(top + index, left, top + index, left, {
            "type": "formula", "criteria": f'=AND({cell}<>"",{cell}<>{default})',
            "format": context.styles.dxf(bold=True, bg_color=look.INPUT_STRONG),
        })  # fmt: skip


def mark_unknown(
    context: Context, worksheet: Worksheet, column: Column, first: int, position: int, last: int
) -> None:  # fmt: skip
    """Orange where a name is not in the table it must be in."""
    cell = address(first, position)
    worksheet.conditional_format(first - 1, position - 1, last - 1, position - 1, {
        "type": "formula", "criteria": f'=AND({cell}<>"",COUNTIF({list_name(column.refers_to)},{cell})=0)',
        "format": context.styles.dxf(bg_color=look.WARN_FILL, font_color=look.WARN_INK, bold=True),
    })  # fmt: skip


def mark_duplicates(context: Context, worksheet: Worksheet, first: int, position: int, last: int) -> None:
    """Orange where the one key of a table stands twice."""
    worksheet.conditional_format(first - 1, position - 1, last - 1, position - 1, {
        "type": "duplicate",
        "format": context.styles.dxf(bg_color=look.WARN_FILL, font_color=look.WARN_INK, bold=True),
    })  # fmt: skip


assert all(column in TABLES[table].headers for table, column in LISTS.values())
