"""Excel tables from the schema: headers with notes, cells, dropdowns and checks, marks for what needs a look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from ...model.schema import RESULT_MEASURES, SETTINGS, STEPS, TABLES, Column, Table
from ..blocks import Formula, cell_link
from ..layout import BOARD_WIDTHS
from . import styles as look
from .sheets_common import (
    AUTHOR,
    GUIDE_SHEETS,
    VALIDATED_ROWS,
    Context,
    address,
    cell_value,
    write_help,
    write_value,
)
from .table_rules import (
    add_validation,
    header_note,
    list_name,
    mark_duplicates,
    mark_settings,
    mark_unknown,
    validate_settings,
)

_WIDTHS = {
    "Description": 30, "Note": 44, "Comment": 34, "Message": 110, "Definition": 68, "Decision": 44, "Effect": 40,
    "Setting": 26, "Value": 16, "Rule": 24, "Cell link": 24, "Content": 40, "Digest": 18, "Table": 18, "Column": 18,
    "KPI": 30, "Measure": 20, "Event": 22, "Risk": 24, "Scenario": 18, "Step": 16, "Owner": 15, "Signed by": 15,
    "Family": 18, "Source": 18, "Resource": 18, "Item": 13, "Like item": 13, "Status": 14, "Planning": 13,
    "Lever": 15, "Method": 14, "Unit": 10, "Region": 12, "Severity": 11, "Published at": 18, "Published by": 18,
    "Version": 18, "Row": 7, "Number": 9, "Currency": 10, "Kind": 13,
    "Basis": 34, "Reason": 40, "When": 10,
}  # fmt: skip
_TABLE_WIDTHS = {
    ("tblSettings", "Unit"): 14, ("tblSettings", "Note"): 100, ("tblSettings", "Value"): 34,
    ("tblResult", "Value"): 20, ("tblResult", "Measure"): 19,
    ("tblKpis", "Value"): 15, ("tblKpis", "Target"): 15, ("tblKpis", "Previous"): 15, ("tblKpis", "Unit"): 16,
    ("tblKpis", "Better"): 12, ("tblKpis", "Area"): 11, ("tblValueAdded", "Name"): 44,
    ("tblLagAccuracy", "Family"): 20, ("tblCycleLog", "Comment"): 60,
    ("tblCycleLog", "At"): 20, ("tblCycleLog", "By"): 20, ("tblCycleLog", "Action"): 16, ("tblCycle", "Signed at"): 18,
    ("tblCompare", "Value"): 17,
    ("tblCompare", "Base"): 17, ("tblCompare", "Difference"): 17, ("tblPlan", "Value"): 16,
    ("tblForecast", "Method"): 38, ("tblForecast", "Region"): 18, ("tblForecast", "Item"): 16,
    ("tblExplanation", "Method"): 38, ("tblExplanation", "Explanation"): 70, ("tblCleaning", "Reason"): 30,
    ("tblItemPlan", "Item"): 16, ("tblItemPlan", "Family"): 22, ("tblPlan", "Family"): 22,
    ("tblPlan", "Source"): 26, ("tblPlan", "Resource"): 22, ("tblPlan", "Measure"): 26,
    ("tblAccuracy", "Name"): 22, ("tblAccuracy", "Family"): 22, ("tblSegments", "Recommended planning"): 80,
    ("tblLimits", "Limit"): 18, ("tblLimits", "Resource"): 20, ("tblLimits", "Binding for"): 50,
    ("tblLimits", "Spare for"): 54, ("tblSpare", "Limited by"): 18, ("tblDrivers", "Cost"): 20,
    ("tblDrivers", "Value"): 16, ("tblChanges", "Measure"): 26, ("tblChanges", "Why"): 60,
    ("tblBridge", "Margin before"): 15, ("tblBridge", "Currency"): 13, ("tblBridge", "Capacity cost"): 13,
    ("tblBridge", "Margin after"): 15, ("tblBridge", "Service and other"): 13, ("tblBridge", "Reference"): 16,
    ("tblCompare", "Measure"): 22, ("tblScenarioChanges", "Measure"): 26, ("tblScenarioChanges", "Why"): 100,
    ("tblRiskResults", "Measure"): 36, ("tblRiskResults", "Unit"): 18, ("tblTornado", "Risk"): 28,
    ("tblLifecycle", "Advice"): 60,
    ("tblScenarioResults", "Assumptions"): 60,
    ("tblScenarioResults", "What changes"): 60,
    ("tblDecisions", "Number"): 10,
    ("tblMerge", "Choice"): 11, ("tblMerge", "What"): 27, ("tblMerge", "Table"): 17, ("tblMerge", "Row"): 44,
    ("tblMerge", "Column"): 17, ("tblMerge", "Who"): 34, ("tblMerge", "Base"): 18, ("tblMerge", "Now"): 18,
    ("tblMerge", "Returned"): 22,
}  # fmt: skip
_KIND_WIDTHS = {"number": 11, "integer": 9, "fraction": 11, "money": 12, "period": 11, "date": 12, "choice": 13}
_WRAPPED = frozenset({"Message", "Note", "Comment", "Decision", "Definition", "Effect"})
PERIOD_WIDTH = 10.5
_WIDEST = 42.0
_CHARACTERS_A_UNIT = 1.15
"""Characters of usual text in one unit of column width."""

SHEET_HINTS: dict[str, str] = {
    "Items": "Yellow cells are yours. Rest the mouse on a header for its meaning. Type below the last row to add one.",
    "Families": "The second table overrules the first for single periods. Rest the mouse on a header for its meaning.",
    "Sources": "Left: what each source costs and can do. Then its exceptions by period, and what is on its way.",
    "Resources": "Left: the resources. Then what a unit of each family uses of them, and exceptions by period.",
    "History": "One column per past period to the right; blank = not sold yet or unknown, 0 = sold nothing.",
    "Events": "Left: what changes demand between From and To; leave Uplift % blank where the past should tell. "
    "Then your figures for single items, and what the run learned.",
    "Settings": "Choose values in the yellow column. A value that differs from its default is bold.",
    "Explanation": "Written by the run. Left: limits. Then idle capacity, costs, and what moved since the last plan.",
    "KPIs": "Written by the run. Below the key figures: by lag, and charts. Right: trend, every lag, and value added.",
    "Accuracy": "Written by the button Accuracy (sop-addin backtest). Error = forecast - actual; lag 1 = next period.",
    "Scenarios": "Levers and risks are typed to the right. The buttons Run all scenarios and Risk fill this board.",
    "Merge": "Collect copies lists the edits here. Say Take or leave blank, then press it again.",
    "Cycle": "The five steps of the month, and beside them what must be decided.",
    "Item Plan": "Written by the run. In item units; items add up to their family.",
    "Item Forecast": "Written by the run. Your own figures: Override row of the Sales Plan, or sheet Events.",
    "Plan Data": "Written by the run. One row per value: insert a PivotTable on it.",
}


def table_rows(context: Context, table: Table) -> tuple[list[str], list[list[object]]]:
    """Headers (period columns of tblHistory included) and rows; an empty table has one blank row."""
    frame = context.raw.get(table.name) if table.role == "input" else context.outputs.get(table.name)
    headers = list(table.headers)
    if table.name == "tblSettings":
        return headers, _setting_rows(context, frame)
    if table.name == "tblResult":
        return headers, _result_rows(frame)
    if frame is None or (not len(frame) and not len(frame.columns)):
        frame = pd.DataFrame(columns=headers)
    headers += [str(name) for name in frame.columns if str(name) not in headers]
    columns = [_column_values(context, table, frame, header) for header in headers]
    rows = [list(cells) for cells in zip(*columns, strict=True)]
    if not rows:
        rows = _starter_rows(table, headers)
    return headers, rows


def _column_values(context: Context, table: Table, frame: pd.DataFrame, header: str) -> list[object]:
    if header not in frame.columns:
        return [None] * len(frame)
    values = frame[header].tolist()
    if header not in table.headers:
        column = Column(header, "number", "")
    else:
        column = table.column(header)
        if header == "Cell link":
            return [value if isinstance(value, Formula) else cell_link(value) for value in values]
    return [cell_value(column, value, context.bucket) for value in values]


def _setting_rows(context: Context, frame: pd.DataFrame | None) -> list[list[object]]:
    """Every setting of the schema in its order, with the value given; rows of the user's own follow."""
    given: dict[str, object] = {}
    others: list[list[object]] = []
    known = {setting.name.casefold() for setting in SETTINGS}
    if frame is not None and "Setting" in frame.columns:
        for row in frame.to_dict("records"):
            name = str(row.get("Setting") or "").strip()
            if name.casefold() in known:
                given[name.casefold()] = row.get("Value")
            elif name:
                others.append([name, row.get("Value"), row.get("Unit"), row.get("Note")])
    rows: list[list[object]] = []
    for setting in SETTINGS:
        column = Column(setting.name, setting.kind, setting.help)
        value = given.get(setting.name.casefold())
        default = "" if setting.default in (None, "") else f" Default: {_shown(setting.default, setting.kind)}."
        typed = cell_value(column, setting.default if value is None else value, context.bucket)
        rows.append([setting.name, typed, setting.unit, setting.help + default])
    return rows + others


def _result_rows(frame: pd.DataFrame | None) -> list[list[object]]:
    """The headline figures in the order of the schema, with what is known of them; others follow."""
    given = {} if frame is None else dict(zip(frame["Measure"], frame["Value"], strict=True))
    return [[name, given.get(name)] for name in dict.fromkeys((*RESULT_MEASURES, *map(str, given)))]


def _shown(value: object, kind: str) -> str:
    if kind == "fraction" and isinstance(value, float):
        return f"{value:.0%}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _starter_rows(table: Table, headers: Sequence[str]) -> list[list[object]]:
    """What a table without data begins with: its fixed names where it has some, else one blank row."""
    blank: list[object] = [None] * len(headers)
    if table.name == "tblCycle":
        return [[step if name == "Step" else "Open" if name == "Status" else None for name in headers]
                for step in STEPS]  # fmt: skip
    return [blank]


def add_table(context: Context, worksheet: Worksheet, name: str, caption: bool = True) -> tuple[int, int, int, int]:
    """Write the table at its anchor; returns its first and last row and column (1-based, header included)."""
    table = TABLES[name]
    headers, rows = table_rows(context, table)
    top, left = context.anchor(name)
    bottom, right = top + len(rows), left + len(headers) - 1
    styles = context.styles
    if caption:
        text = f"?  {spoken_name(table)} - {table.help}"
        tip = "The question mark leads to the Guide"
        worksheet.write_url(top - 2, left - 1, f"internal:{GUIDE_SHEETS}", styles.caption, text, tip)
    elif table.sheet != "Home":
        write_help(worksheet, styles, top - 1, left, GUIDE_SHEETS)
    is_input = table.role == "input"
    options: list[dict[str, Any]] = []
    widths: list[float] = []
    for offset, header in enumerate(headers):
        column = table.column(header) if header in table.headers else Column(header, "number", "")
        number_format = look.number_format(column, name, context.bucket)
        width = _width(table, header, column, [row[offset] for row in rows])
        widths.append(width)
        ink = look.INPUT_INK if is_input else look.INK
        # actuals stand before the history: an outline folds them away
        more_of_it = {"level": 1} if name == "tblStock" else {"hidden": True} if header == "Key" else {}
        format_below = styles.fallback(number_format, ink)
        worksheet.set_column(left - 1 + offset, left - 1 + offset, width, format_below, more_of_it)
        more: dict[str, Any] = {} if _right(column) else {"align": "left", "indent": 1}
        if header in _WRAPPED and table.sheet not in BOARD_WIDTHS:
            more["text_wrap"] = True
        if header == "Digest":
            more = {"align": "fill"}  # long: it would run over the next cell
        if name == "tblFindings":
            more["valign"] = "top"
        if name == "tblSettings" and header != "Value":
            cell = styles.output_cell(number_format, **more)
        elif is_input:
            cell = styles.input_cell(number_format, **more)
        else:
            cell = styles.output_cell(number_format, **more)
        options.append({"header": header, "header_format": styles.header(_right(column, table), filtered=True)})
        for index, row in enumerate(rows):
            style = _special_cell(context, name, header, row) or cell
            write_value(worksheet, top + 1 + index, left + offset, row[offset], style)
    worksheet.add_table(
        top - 1, left - 1, bottom - 1, right - 1, {"name": name, "columns": options, "style": None, "autofilter": True}
    )
    worksheet.set_row(top - 1, 30)
    if name != "tblResult" and table.sheet not in BOARD_WIDTHS:  # rows of a board keep their height
        _wrapped_rows(worksheet, top, headers, rows, widths)
    _write_notes(worksheet, table, top, left)
    if is_input:
        _write_checks(context, worksheet, table, top, left, bottom, right)
    return top, left, bottom, right


def spoken_name(table: Table) -> str:
    """``Bill of resources`` for tblBillOfResources."""
    words = re.findall("[A-Z][a-z]*", table.name[3:])
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def _wrapped_rows(
    worksheet: Worksheet, top: int, headers: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[float]
) -> None:
    """Height of the rows whose long texts take several lines; Excel would find out, other programs would not."""
    for index, row in enumerate(rows):
        lines = [
            -(-len(str(value)) // int(width * _CHARACTERS_A_UNIT))
            for header, value, width in zip(headers, row, widths, strict=True)
            if header in _WRAPPED and value
        ]
        if max(lines, default=1) > 1:
            worksheet.set_row(top + index, 13.5 * max(lines))


def _right(column: Column, table: Table | None = None) -> bool:
    if table is not None and table.name in ("tblSettings", "tblResult") and column.name == "Value":
        return True
    return look.is_number(column) or column.kind in ("period", "date")


def _width(table: Table, header: str, column: Column, values: Sequence[object]) -> float:
    """Fixed by header or kind, wider where texts need it."""
    if header not in table.headers:
        return PERIOD_WIDTH
    fixed = _TABLE_WIDTHS.get((table.name, header)) or _WIDTHS.get(header)
    if fixed:
        if header in _WRAPPED or column.kind not in ("text", "choice"):
            return fixed
        longest = max(
            (len(value) for value in values if isinstance(value, str) and not isinstance(value, Formula)), default=0
        )
        return max(fixed, min(longest + 3, _WIDEST))
    # a header wraps onto two lines beside its filter button: its longest word must fit
    word = max(len(word) for word in header.split()) * 1.1 + 4.5
    half = len(header) / 2 + 5
    digits = max((len(f"{value:,.2f}") for value in values if isinstance(value, float)), default=0)
    usual = 14 if table.role == "output" and column.kind == "number" else _KIND_WIDTHS.get(column.kind, 12)
    return max(usual, word, half, digits + 1.5)


def _special_cell(context: Context, table: str, header: str, row: Sequence[object]) -> Any:
    """Cells whose look hangs on their row: values of settings and of headline figures."""
    styles = context.styles
    if header != "Value":
        return styles.output_cell(bold=True, indent=1) if (table, header) == ("tblSettings", "Setting") else None
    if table == "tblSettings":
        kinds = {setting.name: setting.kind for setting in SETTINGS}
        kind = kinds.get(str(row[0]), "text")
        formats = {
            "fraction": look.PERCENT_WHOLE, "integer": look.INTEGER, "money": look.MONEY, "number": look.QUANTITY,
            "period": look.period_format(context.bucket), "date": look.DATE,
        }  # fmt: skip
        return styles.input_cell(formats.get(kind, look.GENERAL), align="right")
    if table == "tblResult":
        formats = {"Service level": look.PERCENT, "Gap": "0.00%", "Solve seconds": look.ONE_DECIMAL,
                   "Run at": "yyyy-mm-dd hh:mm"}  # fmt: skip
        if str(row[0]) in ("Summary", "Inputs", "Published"):
            return styles.output_cell(look.GENERAL, align="fill")  # shown in full on the board
        text = str(row[0]) in ("Status", "Scenario", "Findings")
        return styles.output_cell(look.GENERAL if text else formats.get(str(row[0]), look.QUANTITY), align="right")
    return None


def _write_notes(worksheet: Worksheet, table: Table, top: int, left: int) -> None:
    for offset, column in enumerate(table.columns):
        text = header_note(table, column)
        worksheet.write_comment(
            top - 1, left - 1 + offset, text,
            {"author": AUTHOR, "width": 260, "height": 24 + 15 * _lines(text, 40), "font_size": 9},
        )  # fmt: skip


def _lines(text: str, width: int) -> int:
    return sum(-(-max(len(line), 1) // width) for line in text.split("\n"))


def _write_checks(
    context: Context, worksheet: Worksheet, table: Table, top: int, left: int, bottom: int, right: int
) -> None:
    """Dropdowns and lenient checks well below the table; marks for duplicates and unknown names."""
    last = max(VALIDATED_ROWS, top + 2 * (bottom - top))
    if table.name == "tblSettings":
        validate_settings(context, worksheet, top, left)
        mark_settings(context, worksheet, top, left)
        return
    for offset, column in enumerate(table.columns):
        add_validation(worksheet, column, top + 1, left + offset, last, context.bucket)
        if column.refers_to and list_name(column.refers_to):
            mark_unknown(context, worksheet, column, top + 1, left + offset, last)
    if len(table.keys) == 1 and table.name not in ("tblEvents", "tblDecisions"):
        mark_duplicates(context, worksheet, top + 1, left, last)
    area = f"{address(top + 1, left)}:{address(last, right)}"
    row = f"{address(top + 1, left, 'column')}:{address(top + 1, right, 'column')}"
    # rows added later take the input look as soon as they hold something
    worksheet.conditional_format(area, {
        "type": "formula", "criteria": f"=COUNTA({row})>0",
        "format": context.styles.dxf(bg_color=look.INPUT_FILL, border=1, border_color=look.INPUT_LINE),
    })  # fmt: skip
