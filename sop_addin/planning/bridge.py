"""Why the margin moved: the difference of two plans, or of budget and plan, split exactly into its causes.

The split is the price-volume-mix analysis of the controlling textbooks (Horngren, Datar and Rajan, Cost Accounting,
chapter 14: sales-volume, sales-mix and price variances), per family and period. With q shipments, P production,
p price, u cost per unit made, and reference and plan told apart by 0 and 1:

- Price: (p1 - p0) q1. Unit cost: -(u1 - u0) P1. Volume and mix: (p0 - u0)(q1 - q0).
- Volume is what the reference would have earned more had every family grown as sales at reference prices did; mix is
  the rest of volume and mix, so that mix is 0 where all families grow alike.
- Stock: -u0 times the change of what is made beyond shipments, and the change of holding cost: cash put into stock.
- Capacity cost: overtime, hires and layoffs. Service and other: late and lost units, set-ups, changes, carbon.
- Currency: what the plan's foreign prices are worth more at the plan's exchange rates than at the reference's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..model.cost_defaults import item_prices_by_period
from ..model.plan import BalancePlan
from ..model.schema import BRIDGE_TABLE
from ..model.tables import Tables

BUDGET, APPROVED, LAST = "Budget", "Approved plan", "Last plan"
KEYS = ["Family", "Period"]
EFFECTS = ("Volume", "Mix", "Price", "Unit cost", "Capacity cost", "Stock", "Service and other", "Currency")
COST_MEASURES = (
    "Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
    "Backorder and lost sale cost", "Other cost",
)  # fmt: skip
SIDE = ("Volume", "Production", "Revenue", *COST_MEASURES)
"""Columns of one side of a bridge: units, and base currency."""
RATE_OF = {BUDGET: "Budget rate", APPROVED: "Approved rate"}

Floats = NDArray[np.float64]


def bridge_table(tables: Tables, side: pd.DataFrame) -> pd.DataFrame:
    """Columns of tblBridge: one row per reference, family and planned period, base currency.

    side: Family, Period and the columns SIDE of the plan. A reference is the budget, the approved plan or the plan of
    the last run, where ``tables`` hold one; periods that it says nothing on are left out. In each row Margin before
    and all effects make Margin after.
    """
    parts = []
    references = {BUDGET: budget_side(tables), APPROVED: approved_side(tables), LAST: last_side(tables)}
    for name, reference in references.items():
        known = set(reference["Period"]) & set(side["Period"])
        if known:
            plan = side[side["Period"].isin(known)]
            kept = _price_at_reference_rates(tables, plan, RATE_OF[name]) if name in RATE_OF else None
            parts.append(margin_bridge(reference[reference["Period"].isin(known)], plan, kept).assign(Reference=name))
    columns = list(BRIDGE_TABLE.headers)
    if not parts:
        return pd.DataFrame({name: [] for name in columns})
    return pd.concat(parts, ignore_index=True)[columns]


def margin_bridge(
    reference: pd.DataFrame, plan: pd.DataFrame, at_reference_rates: Floats | None = None
) -> pd.DataFrame:
    """Family, Period, Margin before, the EFFECTS, Margin after.

    reference, plan: Family, Period and the columns SIDE, one row per family and period; a row that one side lacks is 0
    there. at_reference_rates: for each row of ``plan``, its revenue at the reference's exchange rates / its revenue.
    """
    kept = np.ones(len(plan)) if at_reference_rates is None else at_reference_rates
    sides = plan[[*KEYS, *SIDE]].assign(Kept=kept).merge(
        reference[[*KEYS, *SIDE]], on=KEYS, how="outer", suffixes=("", " before")
    )  # fmt: skip
    sides = sides.sort_values(KEYS, kind="stable").reset_index(drop=True)
    sides["Kept"] = sides["Kept"].fillna(1.0)
    now = {name: sides[name].fillna(0.0).to_numpy(np.float64) for name in SIDE}
    then = {name: sides[f"{name} before"].fillna(0.0).to_numpy(np.float64) for name in SIDE}
    made_now, made_then = (now["Unit costs"] + now["Regular cost"], then["Unit costs"] + then["Regular cost"])
    kept_revenue = now["Revenue"] * sides["Kept"].to_numpy(np.float64)
    # a family that one side does not sell or make has the other side's price and cost: all of it is volume
    price = _per_unit(then["Revenue"], then["Volume"], _per_unit(kept_revenue, now["Volume"], 0.0))
    cost = _per_unit(made_then, then["Production"], _per_unit(made_now, now["Production"], 0.0))
    more = now["Volume"] - then["Volume"]
    # what has money but no units (a budget without volumes) cannot be split: it is volume
    volume_and_mix = price * now["Volume"] - then["Revenue"] - cost * more
    volume = _volume(sides["Period"], price, cost, now["Volume"], then["Volume"], volume_and_mix)
    built = (now["Production"] - now["Volume"]) - (then["Production"] - then["Volume"])
    lost_cost = cost * then["Production"] - made_then  # cost without production
    effects = {
        "Volume": volume,
        "Mix": volume_and_mix - volume,
        "Price": kept_revenue - price * now["Volume"],
        "Unit cost": -(made_now - cost * now["Production"]) - lost_cost,
        "Capacity cost": -_change(now, then, "Overtime cost", "Hire and layoff cost"),
        "Stock": -cost * built - _change(now, then, "Holding cost"),
        "Service and other": -_change(now, then, "Backorder and lost sale cost", "Other cost"),
        "Currency": now["Revenue"] - kept_revenue,
    }
    result = sides[KEYS].copy()
    result["Margin before"] = then["Revenue"] - sum(then[name] for name in COST_MEASURES)
    for name in EFFECTS:
        result[name] = effects[name]
    result["Margin after"] = now["Revenue"] - sum(now[name] for name in COST_MEASURES)
    return result


def plan_side(balance: BalancePlan, finance: pd.DataFrame) -> pd.DataFrame:
    """Family, Period and the columns SIDE of a solved plan and its FinancePlan."""
    made = balance.sources.groupby(KEYS)["Planned"].sum().rename("Production").reset_index()
    side = balance.families[[*KEYS, "Sales"]].rename(columns={"Sales": "Volume"})
    side = side.merge(made, on=KEYS, how="left").merge(finance, on=KEYS, how="left")
    side["Production"] = side["Production"].fillna(0.0)
    return side[[*KEYS, *SIDE]]


def budget_side(tables: Tables) -> pd.DataFrame:
    """The budget as a side: what is budgeted is made when it is sold, at one cost per unit, without overtime, hires and
    stock - a budget has no more than volume, revenue and margin."""
    budget = tables.budget[tables.budget["Family"].isin(tables.family_names) & tables.budget["Period"].notna()]
    sums = budget.groupby(KEYS)[["Volume", "Revenue", "Margin"]].sum(min_count=1).reset_index()
    sums = sums[sums["Revenue"].notna() & sums["Margin"].notna()]
    volume = sums["Volume"].fillna(0.0)
    side = sums[KEYS].assign(Volume=volume, Production=volume, Revenue=sums["Revenue"])
    return side.assign(**{"Unit costs": sums["Revenue"] - sums["Margin"]}).reindex(
        columns=[*KEYS, *SIDE], fill_value=0.0
    )


def approved_side(tables: Tables) -> pd.DataFrame:
    """The last approved plan as a side."""
    approved = tables.approved[tables.approved["Family"].isin(tables.family_names)]
    return approved[[*KEYS, *SIDE]].fillna(0.0).reset_index(drop=True)


def last_side(tables: Tables) -> pd.DataFrame:
    """The plan that the workbook held before this run as a side; its exchange rates are those of today."""
    return plan_table_side(tables, tables.last_plan)


def plan_table_side(tables: Tables, plan_table: pd.DataFrame) -> pd.DataFrame:
    """Rows of tblPlan of one scenario as a side; also the columns of tblApproved."""
    rows = plan_table[plan_table["Family"].isin(tables.family_names)]
    rows = rows[rows["Measure"] != "Production"]  # arrivals; what was paid for is Planned
    wide = rows.pivot_table(index=KEYS, columns="Measure", values="Value", aggfunc="sum").fillna(0.0)
    wide = wide.rename(columns={"Feasible sales": "Volume", "Planned": "Production"})
    wide = wide.reindex(columns=list(SIDE), fill_value=0.0)
    return wide.reset_index().rename_axis(columns=None) if len(rows) else pd.DataFrame(columns=[*KEYS, *SIDE])


def _per_unit(money: Floats, units: Floats, otherwise: Floats | float) -> Floats:
    some = np.abs(units) > 1e-9
    return np.where(some, money / np.where(some, units, 1.0), otherwise)


def _change(now: dict[str, Floats], then: dict[str, Floats], *names: str) -> Floats:
    total: Floats = np.zeros(len(now["Volume"]))
    for name in names:
        total = total + now[name] - then[name]
    return total


def _volume(
    periods: pd.Series, price: Floats, cost: Floats, now: Floats, then: Floats, volume_and_mix: Floats
) -> Floats:  # fmt: skip
    """The part of volume and mix that growth of all families alike would have made, by period."""
    frame = pd.DataFrame({"Period": periods, "now": price * now, "then": price * then})
    sums = frame.groupby("Period")[["now", "then"]].transform("sum")
    grows = sums["then"].to_numpy(np.float64) > 0
    growth = np.where(grows, sums["now"] / sums["then"].where(grows, 1.0) - 1.0, 0.0)
    return np.where(grows, (price - cost) * then * growth, volume_and_mix)


def _price_at_reference_rates(tables: Tables, plan: pd.DataFrame, column: str) -> Floats:
    """For each row of ``plan``: its price at the rates of ``column`` / its price at those of today.

    Only prices that follow from items in a foreign currency change; a price given for the family is in base currency.
    """
    then = tables.rates[column].where(tables.rates[column] > 0)
    if then.isna().all():
        return np.ones(len(plan))
    rates = tables.rates.assign(Rate=then.fillna(tables.rates["Rate"]))
    ratio = item_prices_by_period(replace(tables, rates=rates)) / item_prices_by_period(tables)
    own = tables.families.loc[tables.families["Price"].notna(), "Family"]
    moved = ratio[~ratio.index.isin(own)].stack()
    found = moved.reindex(pd.MultiIndex.from_frame(plan[KEYS])).fillna(1.0).to_numpy(np.float64, copy=True)
    priced = tables.family_periods.dropna(subset=["Price"])
    if len(priced):
        given = pd.MultiIndex.from_frame(priced[KEYS])
        found[pd.MultiIndex.from_frame(plan[KEYS]).isin(given)] = 1.0
    return found
