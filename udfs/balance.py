"""SOP_BALANCE."""

from __future__ import annotations

import xlwings as xw

from sop_addin.planning.worksheet import balancing

from ._answer import CATEGORY, RANGE, answered


@xw.func(category=CATEGORY)
@xw.arg("demand", doc="Demand, one cell a period.", **RANGE)
@xw.arg("capacity", doc="Regular capacity in units of demand: one number, or one a period.", **RANGE)
@xw.arg("opening_stock", doc="Stock before the first period, 0 where left out.", **RANGE)
@xw.arg("holding_cost", doc="Cost of a unit in stock at the end of a period, 1 where left out.", **RANGE)
@xw.arg("overtime_capacity", doc="Capacity beyond the regular: one number, or one a period; 0 where left out.", **RANGE)
@xw.arg("overtime_cost", doc="Extra cost of a unit made in overtime, 2 where left out.", **RANGE)
@xw.arg("backorder_cost", doc="Cost of a unit that is late by a period, 10 where left out.", **RANGE)
@answered
def SOP_BALANCE(
    demand,
    capacity,
    opening_stock=None,
    holding_cost=None,
    overtime_capacity=None,
    overtime_cost=None,
    backorder_cost=None,
):
    """The cheapest production plan for a demand: production, overtime in it, closing stock, backorders and unmet
    demand, as five rows for a demand in a row or five columns for one in a column."""
    return balancing.balance(
        demand, capacity, opening_stock, holding_cost, overtime_capacity, overtime_cost, backorder_cost
    )
