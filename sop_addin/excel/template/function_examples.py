"""Words and figures of the Functions sheet. The results are kept here and proved by tests/udfs: Excel layers compute no
plan, and a reader without Python has to see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ... import __version__

FIRST_COLUMN = 3
"""Figures begin in column C (1-based)."""

DATA_ROW = 6

_JAN, _FEB, _APR = dt.date(2027, 1, 1), dt.date(2027, 2, 1), dt.date(2027, 4, 1)

DATA: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("Sales of 24 months", (212, 205, 230, 248, 266, 281, 290, 279, 262, 241, 226, 214, 233, 228, 251, 270, 900,
    302, 311,
                            299, 284, 262, 247, 236)),
    ("Actual", (100, 120, 90, 110, 130, 100)),
    ("Forecast", (110, 110, 100, 110, 120, 115)),
    ("Demand", (100, 110, 150, 180, 120, 90)),
    ("Family of the item", ("Pumps", "Valves", "Pumps", "Pumps", "Valves", "Pumps")),
    ("Quantity of the item", (40, 25, 10, 30, 75, 20)),
    ("Stock", (160,)),
    ("Plan, as tblPlan has it", ("Scenario", "Family", "Source", "Resource", "Period", "Measure", "Value", "Unit")),
    ("", ("Base", "Pumps", "-", "-", _JAN, "Revenue", 1000, "EUR")),
    ("", ("Base", "Pumps", "-", "-", _FEB, "Revenue", 1200, "EUR")),
    ("", ("Base", "Pumps", "-", "-", _APR, "Revenue", 1500, "EUR")),
    ("", ("Base", "Valves", "-", "-", _JAN, "Revenue", 400, "EUR")),
    ("", ("Base", "Valves", "-", "-", _FEB, "Revenue", 450, "EUR")),
    ("", ("Base", "Valves", "-", "-", _APR, "Revenue", 350, "EUR")),
)  # fmt: skip
"""Label and cells of each row from DATA_ROW on."""


@dataclass(frozen=True)
class Example:
    """A function at work on the example data. ``native``: a formula without Python that gives ``result[row][column]``
    with (row, column) = ``native_of``."""

    function: str
    purpose: str
    formula: str
    result: tuple[tuple[float | str, ...], ...]
    native: str = ""
    native_of: tuple[int, int] = (0, 0)


EXAMPLES: tuple[Example, ...] = (
    Example(
        "SOP_FORECAST", "Demand of the coming periods: forecast, low and high.", "=SOP_FORECAST(C6:Z6,3)",
        ((251.994608, 243.744141, 270.439548),
         (218.714744, 208.839926, 233.983284),
         (285.274472, 278.648357, 306.895812)),
    ),
    Example(
        "SOP_FORECAST_METHOD", "How SOP_FORECAST makes it.", "=SOP_FORECAST_METHOD(C6:Z6)",
        (("Theta + STL + Seasonal naive + CES",),),
    ),
    Example(
        "SOP_CLEAN", "The history as the forecast sees it: the outlier of month 17 is damped.", "=SOP_CLEAN(C6:Z6)",
        ((212.0, 205.0, 230.0, 248.0, 266.0, 281.0, 290.0, 279.0, 262.0, 241.0, 226.0, 214.0, 233.0, 228.0,
         251.0, 270.0, 411.025597, 302.0, 311.0, 299.0, 284.0, 262.0, 247.0, 236.0),),
    ),
    Example(
        "SOP_ACCURACY", "How far a forecast was off: WAPE, or the metric named as third argument.",
        "=SOP_ACCURACY(C7:H7,C8:H8)", ((0.084615,),), "=SUMPRODUCT(ABS(C8:H8-C7:H7))/SUM(C7:H7)",
    ),
    Example(
        "SOP_AGGREGATE", "Sums by key.", "=SOP_AGGREGATE(C10:H10,C11:H11)", (("Pumps", "Valves"), (100.0, 100.0)),
        '=SUMIF(C10:H10,"Pumps",C11:H11)', (1, 0),
    ),
    Example(
        "SOP_DISAGGREGATE", "A total spread in proportion to shares.", "=SOP_DISAGGREGATE(1000,C11:H11)",
        ((200.0, 125.0, 50.0, 150.0, 375.0, 100.0),), "=1000*C11/SUM(C11:H11)",
    ),
    Example(
        "SOP_BALANCE", "The cheapest plan: production, overtime in it, closing stock, backorders, unmet demand.",
        "=SOP_BALANCE(C9:H9,120,C12)", ((20.0, 120.0, 120.0, 120.0, 120.0, 90.0), (0.0, 0.0, 0.0, 0.0, 0.0,
        0.0), (80.0, 90.0, 60.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0,
        0.0)),
    ),
    Example(
        "SOP_SAFETY_STOCK", "Safety stock for a service level of 95 % and a lead time of 2 periods.",
        "=SOP_SAFETY_STOCK(C7:H7,0.95,2)", ((34.240359,),), "=NORMSINV(0.95)*STDEV(C7:H7)*SQRT(2)",
    ),
    Example(
        "SOP_DAYS_OF_COVER", "Days until the stock runs out, walking through the coming demand.",
        "=SOP_DAYS_OF_COVER(C12,C9:H9)", ((47.039773,),),
    ),
    Example(
        "SOP_TOTAL", "A figure of the plan: flows summed, stocks at the last period, rates as a ratio of sums.",
        '=SOP_TOTAL(C13:J19,"Revenue","Pumps","2027-Q1","2027-Q1")', ((2200.0,),),
        '=SUMIFS(I14:I19,H14:H19,"Revenue",D14:D19,"Pumps",G14:G19,"<"&DATE(2027,4,1))',
    ),
    Example(
        "SOP_TOTALS", "Figures for every family and period at once; much faster than one SOP_TOTAL a cell.",
        '=SOP_TOTALS(C13:J19,"Revenue",{"Pumps";"Valves"},{"2027-01","2027-02"})',
        ((1000.0, 1200.0), (400.0, 450.0)),
        '=SUMIFS(I14:I19,H14:H19,"Revenue",D14:D19,"Pumps",G14:G19,DATE(2027,1,1))',
    ),
    Example(
        "SOP_BOOK_TOTAL", "As SOP_TOTAL, from a workbook that is closed (here: one that holds the plan above).",
        '=SOP_BOOK_TOTAL("C:\\Plans\\January.xlsm","Revenue","Pumps",2027,2027)', ((3700.0,),),
    ),
    Example("SOP_VERSION", "The version of sop-addin on this machine.", "=SOP_VERSION()", ((__version__,),)),
)  # fmt: skip

TOTALS: tuple[str, ...] = (
    "Statistical forecast", "Events", "New and phase-out", "Override", "Consensus demand", "Feasible sales",
    "Production", "Planned", "Opening stock", "Closing stock", "Backorders", "Lost sales", "Target stock", "Load",
    "Regular capacity", "Overtime", "Heads", "Hires", "Layoffs", "Marginal value", "Revenue", "Unit costs",
    "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost", "Backorder and lost sale cost",
    "Other cost", "Stock value", "Budget revenue", "Budget margin", "CO2e",
)  # fmt: skip
"""The measures of tblPlan."""

DERIVED_TOTALS: tuple[tuple[str, str], ...] = (
    ("Margin", "={Revenue}-{Unit costs}-{Regular cost}-{Overtime cost}-{Hire and layoff cost}-{Holding cost}"
               "-{Backorder and lost sale cost}-{Other cost}"),
    ("Shortage", "={Consensus demand}-{Feasible sales}"),
    ("Above target", "={Closing stock}-{Target stock}"),
    ("Total production", "={Planned}"),
    ("Sales", "={Feasible sales}"),
    ("Utilisation", "=IF({Regular capacity}=0,0,{Load}/{Regular capacity})"),
)  # fmt: skip
"""Measures that follow from those of tblPlan, and how; {name} stands for the cell of that measure."""
