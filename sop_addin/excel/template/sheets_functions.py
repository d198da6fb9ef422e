"""Functions: every worksheet function with a worked example, and the totals of the plan with and without Python.

No cell calls a worksheet function: formulas stand there as text beside their results, so that the sheet is right on a
machine without Python. What has an equivalent in plain Excel is calculated live.
"""

from __future__ import annotations

import datetime as dt

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ...model.schema import GRIDS
from . import styles as look
from .function_examples import DATA, DATA_ROW, DERIVED_TOTALS, EXAMPLES, FIRST_COLUMN, TOTALS
from .sheets_common import Context, address, write_heading

_NAME, _TEXT = 1, 2
_HINT = "Formulas are shown as text: copy one into a cell of your own. They need Windows and the add-in's Python."
_ADDING = {measure.name: measure.adding for grid in GRIDS for measure in grid.measures}
_LAST = ("last", "none")


def add_functions(context: Context, worksheet: Worksheet) -> None:
    """Example data, one block a function, totals of the plan: one under the other."""
    write_heading(worksheet, context.styles, "Functions", "Worksheet functions of the add-in, with examples.", _HINT)
    worksheet.set_column(0, 0, 26)
    worksheet.set_column(1, 1, 66)
    worksheet.set_column(2, 25, 11)
    _section(context, worksheet, DATA_ROW - 1, "Example data")
    for row, (label, cells) in enumerate(DATA, start=DATA_ROW):
        worksheet.write_string(row - 1, 0, label, _name(context))
        for column, cell in enumerate(cells, start=FIRST_COLUMN):
            _write(context, worksheet, row, column, cell)
    row = DATA_ROW + len(DATA) + 1
    _section(context, worksheet, row, "The functions")
    row += 1
    for example in EXAMPLES:
        worksheet.write_string(row - 1, 0, example.function, _name(context))
        worksheet.write_string(row - 1, 1, example.purpose, context.styles.plain)
        row += 1
        worksheet.write_string(row - 1, 0, "Formula", context.styles.purpose)
        worksheet.write_string(row - 1, 1, example.formula, _formula(context))
        for line in example.result:
            for column, cell in enumerate(line, start=FIRST_COLUMN):
                _write(context, worksheet, row, column, cell)
            row += 1
        if example.native:
            worksheet.write_string(row - 1, 0, "Without Python", context.styles.purpose)
            worksheet.write_string(row - 1, 1, example.native, _formula(context))
            live = context.styles.formula_cell(_number_format(example.result[0][0]))
            worksheet.write_formula(row - 1, FIRST_COLUMN - 1, example.native, live, 0)
            row += 1
        row += 1
    last = _totals(context, worksheet, row)
    worksheet.print_area(0, 0, last - 1, 25)


def _totals(context: Context, worksheet: Worksheet, row: int) -> int:
    """The section of plan totals from ``row`` on; returns its last row."""
    styles = context.styles
    _section(context, worksheet, row, "Totals of this plan, with and without Python")
    bucket_format = look.period_format(context.bucket)
    picked = {}
    bounds = {"From": "MIN", "To": "MAX"}
    for number, (name, hint) in enumerate(
        (("Family", "* is all of them."), ("Scenario", "Base is the plan."), ("From", "First period."),
         ("To", "Last period; stocks are taken there.")), start=row + 1,
    ):  # fmt: skip
        picked[name] = address(number, FIRST_COLUMN, "both")
        worksheet.write_string(number - 1, 0, name, _name(context))
        worksheet.write_string(number - 1, 1, f"Yours to change. {hint}", styles.purpose)
        style = styles.input_cell(bucket_format if name in bounds else look.GENERAL, align="right")
        if name in bounds:
            formula = f'=IF(COUNT(tblPlan[Period])=0,"",{bounds[name]}(tblPlan[Period]))'
            worksheet.write_formula(number - 1, FIRST_COLUMN - 1, formula, style, "")
        else:
            worksheet.write_string(number - 1, FIRST_COLUMN - 1, "*" if name == "Family" else "Base", style)
    worksheet.data_validation(row, FIRST_COLUMN - 1, row, FIRST_COLUMN - 1, {
        "validate": "list", "source": "=lstFamilies", "error_type": "information", "ignore_blank": True,
    })  # fmt: skip
    row += 6
    for column, text in enumerate(("Measure", "Formula with Python", "Value", "The same without Python"), start=1):
        worksheet.write_string(row - 1, column - 1, text, styles.header(right=column == FIRST_COLUMN))
    cells: dict[str, str] = {}
    for measure in TOTALS:
        row += 1
        cells[measure] = address(row, FIRST_COLUMN)
        _total(context, worksheet, row, measure, _sumifs(measure, picked), picked)
    for measure, formula in DERIVED_TOTALS:
        row += 1
        for name, cell in cells.items():
            formula = formula.replace(f"{{{name}}}", cell)
        _total(context, worksheet, row, measure, formula, picked)
    return row


def _sumifs(measure: str, picked: dict[str, str]) -> str:
    where = f'=SUMIFS(tblPlan[Value],tblPlan[Measure],"{measure}",tblPlan[Family],{picked["Family"]}'
    where += f",tblPlan[Scenario],{picked['Scenario']}"
    if _ADDING[measure] in _LAST:
        return f"{where},tblPlan[Period],{picked['To']})"
    return f'{where},tblPlan[Period],">="&{picked["From"]},tblPlan[Period],"<="&{picked["To"]})'


def _total(
    context: Context, worksheet: Worksheet, row: int, measure: str, formula: str, picked: dict[str, str]
) -> None:  # fmt: skip
    styles = context.styles
    first = picked["To"] if _ADDING.get(measure) == "none" else picked["From"]
    with_python = (
        f'=SOP_TOTAL(tblPlan[#All],"{measure}",{picked["Family"]},{first},{picked["To"]},{picked["Scenario"]})'
    )
    number_format = look.PERCENT if _ADDING.get(measure) == "ratio" else look.QUANTITY
    worksheet.write_string(row - 1, 0, measure, styles.plain)
    worksheet.write_string(row - 1, 1, with_python, _formula(context))
    worksheet.write_formula(row - 1, FIRST_COLUMN - 1, formula, styles.formula_cell(number_format), 0)
    worksheet.write_string(row - 1, FIRST_COLUMN, formula, _formula(context))


def _section(context: Context, worksheet: Worksheet, row: int, title: str) -> None:
    worksheet.write_string(row - 1, 0, title, context.styles.section)
    worksheet.write_blank(row - 1, 1, None, context.styles.section)


def _write(context: Context, worksheet: Worksheet, row: int, column: int, cell: object) -> None:
    styles = context.styles
    if isinstance(cell, dt.date):
        worksheet.write_datetime(row - 1, column - 1, cell, styles.output_cell(look.MONTH))
    elif isinstance(cell, str):
        worksheet.write_string(row - 1, column - 1, cell, styles.output_cell())
    else:
        worksheet.write_number(row - 1, column - 1, float(cell), styles.output_cell(_number_format(cell)))  # type: ignore[arg-type]


def _number_format(value: object) -> str:
    if isinstance(value, float) and value != int(value):
        return "0.0000" if abs(value) < 1 else look.ONE_DECIMAL
    return look.QUANTITY


def _name(context: Context) -> Format:
    return context.styles.get(bold=True, font_color=look.NAVY)


def _formula(context: Context) -> Format:
    return context.styles.get(font_color=look.INK, font_name="Courier New", font_size=9)
