"""The portfolio calendar: what is launched and deleted when, with its volume, and what its run-out leaves in stock."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.cost_defaults import latest_rates
from ..model.tables import Tables
from .finance import cheapest_unit_cost
from .words import number, short_money

LAUNCH, PHASE_OUT, DELETED, SHORT_LIFE = "Launch", "Phase-out", "Deleted", "Short life"
COLUMNS = (
    "Event", "Item", "Family", "Period", "Demand", "Share of family", "Last made", "Stock left", "Worth", "Unit",
    "Advice",
)  # fmt: skip
_LEAST = 1e-6
HALF = 0.5
"""Of an item unit: less is a remainder of the arithmetic."""


def lifecycle(tables: Tables, plan: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS (those of tblLifecycle), in time order.

    plan: columns of tblItemPlan, item units. Launch: a new item from its Launch on. Phase-out: demand until its End,
    and the stock that is left then. Deleted: a discontinued item that still has stock. Short life: a family whose items
    all end within the horizon (or live no longer than a season), with its demand and what is left of it. Worth: stock
    left x Cost (else the family's cheapest unit cost), base currency.
    """
    concerned = tables.items[tables.items["Status"].isin(("New", "Phase-out", "Discontinued"))]
    figures = _Figures(tables, plan, concerned["Item"])
    rows = [row for item in concerned.to_dict("records") for row in _item_rows(tables, item, figures)]
    rows += [row for family in tables.family_names if (row := _short_life(tables, family, plan))]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["Period", "Event"], kind="stable", na_position="first").reset_index(drop=True)


class _Figures:
    """The item plan of some items, and the demand of every family in its own units."""

    def __init__(self, tables: Tables, plan: pd.DataFrame, items: pd.Series) -> None:
        own = plan[plan["Item"].isin(items)].sort_values("Period")
        self._of_item = {str(name): rows for name, rows in own.groupby("Item", sort=False)}
        self._nothing = plan.iloc[:0]
        units = dict(zip(tables.items["Item"], tables.items["Units per family unit"], strict=True))
        demand = plan["Demand"] / plan["Item"].map(units).fillna(1.0)
        self._of_family = demand.groupby(plan["Family"], sort=False).sum().to_dict()

    def of_item(self, name: str) -> pd.DataFrame:
        return self._of_item.get(name, self._nothing)

    def share(self, item: dict) -> float:
        """Of the family's demand over the horizon."""
        whole = float(self._of_family.get(item["Family"], 0.0))
        own = self.of_item(str(item["Item"]))["Demand"].sum() / float(item["Units per family unit"])
        return float(own) / whole if whole > _LEAST else float("nan")


def _item_rows(tables: Tables, item: dict, figures: _Figures) -> list[tuple[object, ...]]:
    name, family, status = str(item["Item"]), str(item["Family"]), str(item["Status"])
    own, share = figures.of_item(name), figures.share(item)
    bucket, unit = tables.settings.bucket, str(item["Unit"])
    demand = float(own["Demand"].sum())
    nothing = (None, float("nan"), float("nan"))
    if status == "New" and not pd.isna(item["Launch"]):
        start = _period_of(tables, item["Launch"])
        if start is None or (tables.periods and start < tables.periods[0]):
            return []
        advice = f"Sells {number(demand)} {unit} in the horizon from {calendar.period_label(start, bucket)} on."
        return [(LAUNCH, name, family, start, demand, share, *nothing, unit, advice)]
    if status == "Discontinued" and float(np.nan_to_num(item["Opening stock"])) > _LEAST:
        left = float(item["Opening stock"])
        worth = left * _unit_worth(tables, item)
        advice = f"Sell off or scrap {number(left)} {unit}, worth {short_money(worth)}."
        return [(DELETED, name, family, pd.NaT, 0.0, 0.0, None, left, worth, unit, advice)]
    if status == "Phase-out" and not pd.isna(item["End"]):
        end = _period_of(tables, item["End"])
        if end is None or own.empty:
            return []
        until = own[own["Period"] <= end]
        made = until.loc[until["Production"] > HALF, "Period"]
        left = float((until if len(until) else own.iloc[:1])["Closing stock"].iloc[-1])
        left = left if left > HALF else 0.0
        worth = left * _unit_worth(tables, item)
        last = made.max() if len(made) else pd.NaT
        words = f"{number(left)} {unit} left, worth {short_money(worth)}" if left > _LEAST else "Runs out"
        advice = f"{words}." + (" Sell off, or make less before its end." if left > _LEAST and len(made) else "")
        return [(PHASE_OUT, name, family, end, demand, share, last, left, worth, unit, advice)]
    return []


def _short_life(tables: Tables, family: str, plan: pd.DataFrame) -> tuple[object, ...] | None:
    """A family that goes as a whole: every item on sale ends within the horizon, or lives no longer than a season."""
    items = tables.items[(tables.items["Family"] == family) & (tables.items["Status"] != "Discontinued")]
    if items.empty or not tables.periods or items["End"].isna().any():
        return None
    bucket, season = tables.settings.bucket, tables.settings.season_length
    after = calendar.add_periods(tables.periods[-1], 1, bucket)
    ends = items["End"]
    longest = max(
        (calendar.periods_between(_floor(launch, bucket), _floor(end, bucket), bucket) + 1)
        if not pd.isna(launch) else season + 1
        for launch, end in zip(items["Launch"], ends, strict=True)
    )  # fmt: skip
    if ends.max() >= after and longest > season:
        return None
    units = items.set_index("Item")["Units per family unit"]
    own = plan[plan["Item"].isin(items["Item"])]
    by_period = (own["Demand"] / own["Item"].map(units)).groupby(own["Period"]).sum()
    stock = (own["Closing stock"] / own["Item"].map(units)).groupby(own["Period"]).sum()
    last = min(_floor(ends.max(), bucket), tables.periods[-1])
    left = max(float(stock.get(last, 0.0)), 0.0)
    worth = left * float(cheapest_unit_cost(tables).get(family, 0.0))
    unit = str(tables.families.loc[tables.families["Family"] == family, "Unit"].iloc[0])
    advice = f"The family ends in {calendar.period_label(last, bucket)}: plan its last buy; {number(left)} {unit} left."
    return SHORT_LIFE, "", family, last, float(by_period.sum()), 1.0, None, left, worth, unit, advice


def _unit_worth(tables: Tables, item: dict) -> float:
    """Money per item unit in base currency."""
    cost = float(item["Cost"])
    if cost == cost:
        return cost * latest_rates(tables).get(str(item["Currency"]), 1.0)
    per_family_unit = cheapest_unit_cost(tables).get(str(item["Family"]), 0.0)
    return float(np.nan_to_num(per_family_unit)) / float(item["Units per family unit"])


def _period_of(tables: Tables, day: pd.Timestamp) -> pd.Timestamp | None:
    """The planned or past period that holds the day; None beyond the horizon."""
    period = _floor(day, tables.settings.bucket)
    return period if not tables.periods or period <= tables.periods[-1] else None


def _floor(day: pd.Timestamp, bucket: str) -> pd.Timestamp:
    day = pd.Timestamp(day).normalize()
    return day.replace(day=1) if bucket == calendar.MONTH else day - pd.Timedelta(days=day.weekday())
