"""SOP_TOTAL, SOP_TOTALS, SOP_BOOK_TOTAL."""

from __future__ import annotations

from functools import lru_cache

import xlwings as xw

from sop_addin.excel.plan_file import FileStamp, file_stamp, read_plan_cells
from sop_addin.planning.worksheet import cells, totals
from sop_addin.planning.worksheet.plan_values import PlanValues

from ._answer import CATEGORY, RANGE, answered

_PLAN = "The plan table with its headers: tblPlan[#All]."
_MEASURE = "Measure, such as Revenue, Margin, Closing stock or Utilisation."
_FAMILY = "Family, or a resource for its measures; all where left out."
_FROM = "First period: a date, 2027-03, 2027-Q1 or 2027; the begin of the plan where left out."
_TO = "Last period, in the same words; the end of the plan where left out."
_CURRENCY = "A rate (1 unit of it in the plan's currency), or the rows of tblRates of one currency."
_SCENARIO = "Scenario, Base where left out."


@xw.func(category=CATEGORY)
@xw.arg("plan", doc=_PLAN, **RANGE)
@xw.arg("measure", doc=_MEASURE, **RANGE)
@xw.arg("family", doc=_FAMILY, **RANGE)
@xw.arg("from_period", doc=_FROM, **RANGE)
@xw.arg("to_period", doc=_TO, **RANGE)
@xw.arg("scenario", doc=_SCENARIO, **RANGE)
@xw.arg("in_currency", doc=_CURRENCY, **RANGE)
@answered
def SOP_TOTAL(plan, measure, family=None, from_period=None, to_period=None, scenario=None, in_currency=None):
    """A figure of the plan: flows are summed over the periods, stocks taken at the last one, rates are a ratio of
    sums."""
    return totals.total(totals.read_plan(plan), measure, family, from_period, to_period, scenario, in_currency)


@xw.func(category=CATEGORY)
@xw.arg("plan", doc=_PLAN, **RANGE)
@xw.arg("measure", doc=_MEASURE, **RANGE)
@xw.arg("families", doc="Families, one a cell; * is all of them.", **RANGE)
@xw.arg("periods", doc="Periods, one a cell: dates, 2027-03, 2027-Q1 or 2027.", **RANGE)
@xw.arg("scenario", doc=_SCENARIO, **RANGE)
@answered
def SOP_TOTALS(plan, measure, families, periods, scenario=None):
    """Figures of the plan for every family and period at once: much faster than one SOP_TOTAL a cell."""
    return totals.totals(totals.read_plan(plan), measure, families, periods, scenario)


@xw.func(category=CATEGORY)
@xw.arg("path", doc="Full path of a saved workbook with a plan (.xlsx or .xlsm); it may be closed.", **RANGE)
@xw.arg("measure", doc=_MEASURE, **RANGE)
@xw.arg("family", doc=_FAMILY, **RANGE)
@xw.arg("from_period", doc=_FROM, **RANGE)
@xw.arg("to_period", doc=_TO, **RANGE)
@xw.arg("scenario", doc=_SCENARIO, **RANGE)
@answered
def SOP_BOOK_TOTAL(path, measure, family=None, from_period=None, to_period=None, scenario=None):
    """As SOP_TOTAL, from a workbook that is closed. It is read anew when it was saved since."""
    plan = _plan_in(file_stamp(cells.text(path, "path")))
    return totals.total(plan, measure, family, from_period, to_period, scenario)


@lru_cache(maxsize=8)
def _plan_in(stamp: FileStamp) -> PlanValues:
    return totals.read_plan(read_plan_cells(stamp.path), "path")
