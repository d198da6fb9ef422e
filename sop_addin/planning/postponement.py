"""Finish to order (postponement): stock is held as the base of the family, variants are configured when ordered.

Lee and Tang (1997), Modelling the costs and benefits of delayed product differentiation: the family is planned to stock
at the common base, and the variants, whose demand is hard to foresee one by one, take from it late.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from ..model.tables import Tables
from .families import units_per_family_unit

FINISH_TO_ORDER = "Finish to order"
BASE_ITEM = "{family} (base)"
SLOW = 1e-6
"""Weight of an item without demand, as in item_plan."""


def finished_to_order(tables: Tables, plan: pd.DataFrame, opening: Mapping[Hashable, float]) -> pd.DataFrame:
    """The item plan with families that are finished to order configured late.

    plan: columns of tblItemPlan, item units, items of every family adding up to it. opening: stock of each family at
    plan start, base and finished, family units; Opening stock of an item is finished. Of each family with Fulfilment
    Finish to order: Production of an item is what is configured in the period, as much as is shipped beyond finished
    stock; Closing stock is finished stock that is left. A row "<family> (base)", in family units, holds the rest, so
    that production and stock still add up: its Production is base made less base taken for finishing.
    """
    families = set(tables.families.loc[tables.families["Fulfilment"] == FINISH_TO_ORDER, "Family"])
    if not families or plan.empty:
        return plan
    units = dict(zip(tables.items["Item"], units_per_family_unit(tables.items), strict=True))
    stock = dict(zip(tables.items["Item"], np.nan_to_num(tables.items["Opening stock"]), strict=True))
    parts: list[pd.DataFrame] = []
    for family, rows in plan.groupby("Family", sort=False):
        if family not in families:
            parts.append(rows)
            continue
        in_family_units = rows["Item"].map(units).to_numpy(dtype=np.float64)
        whole = rows[["Production", "Closing stock"]].div(in_family_units, axis=0).groupby(rows["Period"]).sum()
        held = {str(name): float(stock[name]) for name in rows["Item"].unique()}
        spread = _as_spread(rows, held, units, float(opening[family]))
        variants = [
            _configured(item, held[str(name)], spread[str(name)]) for name, item in rows.groupby("Item", sort=False)
        ]
        finished = pd.concat(variants)
        scale = finished["Item"].map(units).to_numpy(dtype=np.float64)
        used = finished[["Production", "Closing stock"]].div(scale, axis=0).groupby(finished["Period"]).sum()
        base = (whole - used).reset_index()
        base = base.assign(Item=BASE_ITEM.format(family=family), Family=family, Demand=0.0)
        parts += [finished, base[list(plan.columns)]]
    return pd.concat(parts, ignore_index=True)


def _as_spread(
    rows: pd.DataFrame, stock: Mapping[str, float], units: Mapping[str, float], whole: float
) -> dict[str, float]:  # fmt: skip
    """What `item_plan` took for the opening stock of each item: the family's, shared by stock, else by demand."""
    weight = {name: max(value, 0.0) / units[name] for name, value in stock.items()}
    if sum(weight.values()) <= 0:
        demand = rows.groupby("Item")["Demand"].sum()
        weight = {name: float(demand[name]) / units[name] + SLOW for name in stock}
    total = sum(weight.values())
    return {name: whole * weight[name] / total * units[name] for name in stock}


def _configured(item: pd.DataFrame, finished: float, opening: float) -> pd.DataFrame:
    """One item: what is shipped, first from finished stock, then configured. opening: what the plan opens with."""
    closing = item["Closing stock"].to_numpy(dtype=np.float64)
    made = item["Production"].to_numpy(dtype=np.float64)
    first = closing[0] - made[0] if len(closing) else 0.0  # opening - shipped of the first period
    shipped = np.r_[opening - first, closing[:-1] + made[1:] - closing[1:]] if len(closing) else closing
    taken = np.cumsum(np.maximum(shipped, 0.0))
    left = np.maximum(finished - taken, 0.0)
    configured = np.diff(np.maximum(taken - finished, 0.0), prepend=0.0)
    done: pd.DataFrame = item.assign(**{"Production": configured, "Closing stock": left})
    return done
