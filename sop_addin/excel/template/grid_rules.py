"""How the rows of a plan grid look, as conditional formats keyed on the Measure text.

A later run may lay a grid out anew without copying formats; these rules cover a generous area and follow the text.
LibreOffice applies only the first rule that fits, Excel all of them in order: so each rule carries a whole look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xlsxwriter.worksheet import Worksheet

from ...model.schema import Grid, Measure
from . import styles as look
from .sheets_common import Context, address

AREA_ROWS = 5000
AREA_PERIODS = 60

KEY_MEASURES: dict[str, tuple[str, ...]] = {
    "SalesPlan": ("Consensus demand", "Feasible sales", "Shortage"),
    "ProductionPlan": ("Total production", "Change", "Approved plan"),
    "InventoryPlan": ("Closing stock", "Backorders", "Lost sales", "Days of cover", "Balance check"),
    "CapacityPlan": ("Utilisation", "Marginal value"),
    "FinancePlan": ("Revenue", "Margin", "Stock value", "CO2e"),
    "Workings": ("Made or ordered", "Changed since the last run", "Late or lost demand"),
}
"""Rows that stay when a family is collapsed."""

BOLD_MEASURES: dict[str, tuple[str, ...]] = {
    "SalesPlan": ("Consensus demand",),
    "ProductionPlan": ("Total production",),
    "InventoryPlan": ("Closing stock",),
    "CapacityPlan": ("Utilisation",),
    "FinancePlan": ("Revenue", "Margin"),
    "Workings": (),
}

STOCK_LIMITS: dict[str, tuple[str, str]] = {
    "famMinStock": ("tblFamilies", "Min stock"),
    "famMaxStock": ("tblFamilies", "Max stock"),
    "famExFamily": ("tblFamilyPeriods", "Family"),
    "famExPeriod": ("tblFamilyPeriods", "Period"),
    "famExMin": ("tblFamilyPeriods", "Min stock"),
    "famExMax": ("tblFamilyPeriods", "Max stock"),
}
"""Defined names in which the marks of the Inventory Plan look limits up (a rule cannot name a table's column)."""

Look = tuple[str, dict[str, Any]]
"""Condition (without the leading =) and XlsxWriter properties."""

_HAIRLINE = {"bottom": 1, "bottom_color": look.LINE}
_BLOCK_LINE = {"top": 1, "top_color": look.RULE, **_HAIRLINE}
_BAD = {"bg_color": look.BAD_FILL, "font_color": look.BAD_INK, "bold": True, **_HAIRLINE}
_WARN = {"bg_color": look.WARN_FILL, "font_color": look.WARN_INK, **_HAIRLINE}


_SHOWN_AS_ZERO = {look.PERCENT_WHOLE: 0.005, look.PLAN_DECIMAL: 0.05, look.PLAN_MONEY: 0.005}
"""Below this a figure shows as 0 in its number format."""


@dataclass(frozen=True)
class GridArea:
    """The cells of a grid and the room kept for it, counted from 1. References are those of its first body row."""

    grid: Grid
    top: int
    left: int
    lead: int
    """Column of the last leading header; the periods follow."""
    last_row: int
    last_column: int

    @property
    def first(self) -> int:
        return self.top + 1

    @property
    def measure(self) -> str:
        """The measure text in a rule's row: ``$B6``."""
        return self.lead_cell("Measure")

    def lead_cell(self, header: str) -> str:
        return address(self.first, self.left + self.grid.lead_headers.index(header), "column")

    def header_cell(self, column: int) -> str:
        return address(self.top, column, "row")

    def block(self, left: int, right: int) -> tuple[int, int, int, int]:
        """The body cells of these columns (1-based), as XlsxWriter wants them."""
        return self.first - 1, left - 1, self.last_row - 1, right - 1

    def one_of(self, measures: Iterable[str]) -> str:
        tests = [f'{self.measure}="{measure}"' for measure in measures]
        return tests[0] if len(tests) == 1 else f"OR({','.join(tests)})"

    @property
    def new_block(self) -> str:
        """True in the first row of a family or resource."""
        return f"{address(self.first, self.left, 'column')}<>{address(self.first - 1, self.left, 'column')}"


def add_grid_rules(context: Context, worksheet: Worksheet, area: GridArea) -> None:
    """All rules of one grid, column group by column group; the first that fits gives a cell its look."""
    styles = context.styles

    def rules(left: int, right: int, *looks: tuple[str, dict[str, Any]]) -> None:
        for criteria, properties in looks:
            worksheet.conditional_format(
                *area.block(left, right),
                {
                    "type": "formula",
                    "criteria": f"={criteria}",
                    "format": styles.dxf(**properties),
                    "stop_if_true": True,
                },
            )

    _label_rules(area, rules)
    rules(area.lead, area.lead, *_figure_rules(area, area.lead, total=True))
    rules(area.lead + 1, area.last_column, *_figure_rules(area, area.lead + 1, total=False))
    filled = f'={area.header_cell(area.lead + 1)}<>""'
    header = {"bg_color": look.NAVY, "font_color": look.WHITE, "bold": True}
    for row, properties in ((area.top, header), (area.top - 1, {"bg_color": look.BAND})):
        worksheet.conditional_format(
            row - 1, area.lead, row - 1, area.last_column - 1,
            {"type": "formula", "criteria": filled, "format": styles.dxf(**properties)},
        )  # fmt: skip


def _label_rules(area: GridArea, rules: Any) -> None:
    """Names bold where a block begins and faint below; measures bold in key rows, yellow in input rows."""
    filled = f'{area.measure}<>""'
    begins = f"AND({filled},{area.new_block})"
    left = area.left
    if left > 1:
        rules(1, left - 1, (begins, _BLOCK_LINE), (filled, _HAIRLINE))
    rules(left, left, (begins, {"bold": True, "font_color": look.NAVY, **_BLOCK_LINE}),
          (filled, {"font_color": look.FAINT, **_HAIRLINE}))  # fmt: skip
    column = left + area.grid.lead_headers.index("Measure")
    if column > left + 1:
        rules(left + 1, column - 1, (begins, _BLOCK_LINE), (filled, _HAIRLINE))
    inputs = [measure.name for measure in area.grid.measures if measure.role == "input"]
    bold = BOLD_MEASURES[area.grid.name]
    measure_looks: list[Look] = []
    if area.grid.measures[0].name in bold:
        measure_looks.append((begins, {"bold": True, **_BLOCK_LINE}))
    measure_looks += [(begins, _BLOCK_LINE), (area.one_of(bold), {"bold": True, **_HAIRLINE})]
    if inputs:
        look_of_input = {"bg_color": look.INPUT_FILL, "font_color": look.INPUT_INK, **_HAIRLINE}
        measure_looks.append((area.one_of(inputs), look_of_input))
    rules(column, column, *measure_looks, (filled, _HAIRLINE))
    muted = {"font_color": look.MUTED}
    rules(column + 1, column + 1, (begins, {**muted, **_BLOCK_LINE}), (filled, {**muted, **_HAIRLINE}))


def _figure_rules(area: GridArea, column: int, total: bool) -> list[Look]:
    """Looks of the Total column or of the period cells: marks, inputs, then the plain look of each kind of row."""
    grid, first = area.grid, area.grid.measures[0]
    starts = f"{area.one_of([first.name])},{area.new_block}"
    result = _marks(area, column, total)
    result += _with_zeros(area, column, starts, {**_plain(grid, first, total), **_BLOCK_LINE})
    if not total:
        result += _input_rules(area, column)
    kinds: dict[tuple[tuple[str, Any], ...], list[str]] = {}
    for measure in grid.measures:
        if measure.role != "input" or total:
            kinds.setdefault(tuple(sorted(_plain(grid, measure, total).items())), []).append(measure.name)
    for properties, measures in kinds.items():
        result += _with_zeros(area, column, area.one_of(measures), {**dict(properties), **_HAIRLINE})
    return result


def _with_zeros(area: GridArea, column: int, criteria: str, properties: dict[str, Any]) -> list[Look]:
    """The look, and before it the same for what shows as 0: faint, or a grid full of zeros would hide its figures."""
    header = f'{area.header_cell(column)}<>""'
    cell = address(area.first, column)
    shown = _SHOWN_AS_ZERO.get(properties.get("num_format", ""), 0.5)
    zero = f"ISNUMBER({cell}),ABS(N({cell}))<{shown}"
    return [
        (f"AND({criteria},{header},{zero})", {**properties, "font_color": look.FAINT, "num_format": "0;0;0"}),
        (f"AND({criteria},{header})", properties),
    ]


def _input_rules(area: GridArea, column: int) -> list[Look]:
    """Yellow cells; a figure that stands in one is bold, a text is not."""
    inputs = [measure for measure in area.grid.measures if measure.role == "input"]
    if not inputs:
        return []
    header = f'{area.header_cell(column)}<>""'
    empty = {"bg_color": look.INPUT_FILL, "font_color": look.INPUT_INK, "border": 1, "border_color": look.INPUT_LINE}
    number = {**empty, "num_format": look.QUANTITY}
    figures = area.one_of(measure.name for measure in inputs if not measure.text)
    result = [
        (f'AND({figures},{header},{address(area.first, column)}<>"")',
         {**number, "bg_color": look.INPUT_STRONG, "bold": True}),
        (f"AND({figures},{header})", number),
    ]  # fmt: skip
    if texts := [measure.name for measure in inputs if measure.text]:
        result.append((f"AND({area.one_of(texts)},{header})", empty))
    return result


def _plain(grid: Grid, measure: Measure, total: bool) -> dict[str, Any]:
    """Look of a row without any mark."""
    properties: dict[str, Any] = {}
    if measure.is_formula or total:
        properties["bg_color"] = look.FORMULA_FILL
    if measure.name in BOLD_MEASURES[grid.name]:
        properties["bold"] = True
    if number_format := measure_format(measure):
        properties["num_format"] = number_format
    return properties


def measure_format(measure: Measure) -> str:
    """Number format of a measure where it is not the plan's usual whole number; '' else."""
    if measure.unit == "fraction":
        return look.PERCENT_WHOLE
    if measure.unit in ("days", "heads"):
        return look.PLAN_DECIMAL
    return look.PLAN_MONEY if measure.unit == "money per unit" else ""


def _marks(area: GridArea, column: int, total: bool) -> list[Look]:
    """What needs a look: shortages, late orders, stock out of its limits, loads above capacity."""
    cell = address(area.first, column)
    # an empty text from a formula is no figure, and greater than any number
    figure = f"N({cell})"

    def when(measures: tuple[str, ...], test: str) -> str:
        return f"AND({area.one_of(measures)},{test})"

    name = area.grid.name
    if name == "SalesPlan":
        marks = [(when(("Shortage",), f"{figure}>=0.5"), _BAD)]
        names = [measure.name for measure in area.grid.measures]
        above = address(area.first - (names.index("Consensus demand") - names.index("Override")), column)
        if not total:
            overridden = {"font_color": look.INPUT_INK, "italic": True, "bold": True, "bg_color": look.FORMULA_FILL}
            marks.append((when(("Consensus demand",), f"ISNUMBER({above})"), {**overridden, **_HAIRLINE}))
        return marks
    if name == "InventoryPlan":
        marks = [
            (when(("Balance check",), f"ABS({figure})>=0.005"), _BAD),
            (when(("Backorders", "Lost sales"), f"{figure}>=0.5"), _BAD),
            (when(("Closing stock",), f"{figure}<-0.005"), _BAD),
        ]
        if not total:
            period = area.header_cell(column)
            marks += [
                (when(("Closing stock",), f"ISNUMBER({cell}),{_limit(area, period, 'Min', cell)}"), _BAD),
                (when(("Closing stock",), f"ISNUMBER({cell}),{_limit(area, period, 'Max', cell)}"), _WARN),
                (when(("Above target",), f"{figure}<=-0.5"), _WARN),
            ]
        return marks
    if name == "CapacityPlan":
        percent = {"num_format": look.PERCENT_WHOLE}
        return [
            (when(("Utilisation",), f"{figure}>1.0005"), {**_BAD, **percent}),
            (when(("Utilisation",), f"{figure}>=0.9"), {**_WARN, "bold": True, **percent}),
            (when(("Overtime",), f"{figure}>=0.05"), _WARN),
            (when(("Marginal value",), f"{figure}>=0.005"), {**_WARN, "num_format": look.PLAN_MONEY}),
        ]
    if name == "FinancePlan":
        return [(when(("Margin",), f"{figure}<0"), _BAD)]
    return [(when(("Planned",), f"{figure}<-0.005"), _BAD)]


def _limit(area: GridArea, period: str, side: str, cell: str) -> str:
    """Whether stock is outside its limit: that of the period (tblFamilyPeriods) where given, else the family's."""
    family = area.lead_cell("Family")
    date = f"DATE(LEFT({period},4),MID({period},6,2),1)"
    usual = f"INDEX(fam{side}Stock,MATCH({family},lstFamilies,0))"
    special = f"famExFamily,{family},famExPeriod,{date}"
    beyond = f"{cell}<{{0}}-0.005" if side == "Min" else f'AND({{0}}<>"",{cell}>{{0}}+0.005)'
    given = f'COUNTIFS({special},famEx{side},">=0")>0'
    exception = beyond.format(f"SUMIFS(famEx{side},{special})")
    # weeks have no such date: the family's own limit then
    return f"IFERROR(IF(IFERROR({given},FALSE),{exception},{beyond.format(usual)}),FALSE)"
