"""The bridge of the Finance Summary as a waterfall chart."""

from __future__ import annotations

from . import styles as look
from .finance_lines import (
    CHOICE,
    CURRENCY_ROW,
    EFFECTS,
    FIRST,
    HEADER_ROW,
    NEXT,
    REFERENCE_MARGIN,
    REFERENCE_ROW,
    SHEET,
    SPAN_ROW,
    TOTAL,
    Rows,
)
from .sheets_common import address


def add_waterfall(rows: Rows, row: int) -> None:
    """The bridge as a chart of stacked columns on an invisible base, over the periods chosen; its figures beside it.

    Columns begin at "Cut off", so that small steps show between large margins; the title says so.
    """
    sheet, styles = rows.sheet, rows.context.styles
    left = FIRST
    names = (
        "Step", "Value", "Ends at", "Base +", "Base -", "Margin +", "Margin -", "Up +", "Up -", "Down +", "Down -",
        "Label",
    )  # fmt: skip
    sheet.write_string(row - 1, left - 1, "Figures behind the chart", styles.caption)
    for offset, name in enumerate(names):
        sheet.write_string(row, left - 1 + offset, name, styles.header(right=offset > 0))
    lines = (REFERENCE_MARGIN, *EFFECTS, "Currency", "Margin of the plan")
    first = row + 2
    last = first + len(lines) - 1
    cell = styles.formula_cell(look.PLAN)
    ends = f"{address(first, left + 2, 'both')}:{address(last, left + 2, 'both')}"
    cut = address(row, left + 3, "both")
    sheet.write_string(row - 1, left + 1, "Cut off", styles.hint)
    spread = f"(MAX({ends})-MIN({ends}))"
    sheet.write_formula(
        row - 1, left + 2, f"=IF(MIN({ends})-{spread}<=0,0,ROUND(MIN({ends})-0.5*{spread},-INT(LOG10({spread}+1))))",
        cell, 0,
    )  # fmt: skip
    heads = f"{address(HEADER_ROW, TOTAL, 'both')}:{address(HEADER_ROW, NEXT, 'both')}"
    span, currency = address(SPAN_ROW, CHOICE, "both"), address(CURRENCY_ROW, CHOICE, "both")
    for index, name in enumerate(lines):
        line, source = first + index, rows.at[name]
        whole = f"{address(source, TOTAL, 'both')}:{address(source, NEXT, 'both')}"
        letters = [address(line, left + offset) for offset in range(len(names))]
        value, end = letters[1], f"({letters[2]}-{cut})"
        before = address(line - 1, left + 2)
        is_end = index in (0, len(lines) - 1)
        start = "0" if is_end else f"({before}-{cut})"
        low, high = f"MIN({start},{end})", f"MAX({start},{end})"
        above, below = f"(MAX(0,{high})-MAX(0,{low}))", f"(MIN(0,{low})-MIN(0,{high}))"
        caption = {0: address(REFERENCE_ROW, CHOICE, "both"), len(lines) - 1: '"Plan"'}.get(index)
        sheet.write_formula(line - 1, left - 1, f"={caption}" if caption else f"={address(source, 1)}", cell, name)
        formulas = [
            f"=N(IFERROR(INDEX({whole},1,MATCH({span},{heads},0)),{address(source, TOTAL)}))",
            f"={value}" if is_end else f"={before}+{value}",
            "=0" if is_end else f"=MAX(0,{low})", "=0" if is_end else f"=MIN(0,{high})",
            f"={above}" if is_end else "=0", f"={below}" if is_end else "=0",
            *("=0" if is_end else f"=IF({value}{sign}0,{part},0)" for sign in (">=", "<") for part in (above, below)),
            f'={letters[0]}&" "&FIXED({value}/1000,0)',
        ]  # fmt: skip
        for offset, formula in enumerate(formulas, 1):
            sheet.write_formula(line - 1, left - 1 + offset, formula, cell, 0)
    title = (
        f'="Margin, thousand "&{currency}&": "&{address(REFERENCE_ROW, CHOICE, "both")}&" to plan, "&{span}'
        f'&IF({cut}>0,"; columns are cut off below "&FIXED({cut}/1000,0),"")'
    )
    sheet.write_formula(row - 2, 0, title, styles.caption, "")
    _chart(rows, row, left, first, last)


def _chart(rows: Rows, row: int, left: int, first: int, last: int) -> None:
    def cells(offset: int) -> str:
        return f"='{SHEET}'!{address(first, left + offset, 'both')}:{address(last, left + offset, 'both')}"

    chart = rows.context.workbook.add_chart({"type": "column", "subtype": "stacked"})
    parts = (
        (3, "Base", None), (4, "Base below 0", None), (5, "Margin", look.NAVY), (6, "Margin below 0", look.NAVY),
        (7, "More", look.CHART_PRODUCTION), (8, "More, below 0", look.CHART_PRODUCTION),
        (9, "Less", look.CHART_DEMAND), (10, "Less, below 0", look.CHART_DEMAND),
    )  # fmt: skip
    for offset, name, colour in parts:
        fill = {"none": True} if colour is None else {"color": colour}
        chart.add_series({
            "name": name, "categories": cells(11), "values": cells(offset), "fill": fill, "border": {"none": True},
            "gap": 40,
        })  # fmt: skip
    small = {"name": "Arial", "size": 9, "color": look.MUTED}
    chart.set_title({
        "name": "Why the margin moved, in thousands", "overlay": False,
        "name_font": {"name": "Arial", "size": 10, "bold": True, "color": look.NAVY},
    })  # fmt: skip
    chart.set_legend({"position": "top", "font": {"name": "Arial", "size": 9}, "delete_series": [0, 1, 3, 5, 7]})
    chart.set_x_axis({"num_font": small, "line": {"color": look.RULE}, "label_position": "low"})
    chart.set_y_axis({
        "visible": False, "major_gridlines": {"visible": True, "line": {"color": look.LINE, "width": 0.75}},
    })  # fmt: skip
    chart.set_chartarea({"border": {"color": look.LINE}})
    chart.set_size({"width": 980, "height": 400})
    rows.sheet.insert_chart(row - 1, 0, chart, {
        "object_position": 2, "description": "Waterfall from the margin of the reference to that of the plan",
    })  # fmt: skip
