"""SOP_AGGREGATE, SOP_DISAGGREGATE."""

from __future__ import annotations

import xlwings as xw

from sop_addin.planning.worksheet import aggregation

from ._answer import CATEGORY, RANGE, answered


@xw.func(category=CATEGORY)
@xw.arg("keys", doc="Family (or other key) of each row of values, or of each column.", **RANGE)
@xw.arg("values", doc="The values to add up, one row (or column) a key.", **RANGE)
@xw.arg("weights", doc="What each value is multiplied by first, such as a unit factor; 1 where left out.", **RANGE)
@answered
def SOP_AGGREGATE(keys, values, weights=None):
    """Sums of values by key: each key once, in order of appearance, with its sums beside it."""
    return aggregation.aggregate(keys, values, weights)


@xw.func(category=CATEGORY)
@xw.arg("total", doc="One total, or one a period in a row.", **RANGE)
@xw.arg("shares", doc="What to spread by; need not add up to 1.", **RANGE)
@answered
def SOP_DISAGGREGATE(total, shares):
    """A total spread in proportion to shares; the parts add up to it exactly."""
    return aggregation.disaggregate(total, shares)
