"""The family plan spread over its items: demand by forecast share, production by equal run-out time.

Equal run-out time (Hax & Candea, Production and Inventory Management, 1984, chapter 6): what is made of a family goes
to the items that would fall first to their safety stock, so that all of them last equally long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..model import calendar
from ..model.finding_rows import ROWS_NAMED
from ..model.findings import Finding, Findings
from ..model.plan import BalancePlan
from ..model.tables import Tables
from .families import disaggregate_to_item, units_per_family_unit
from .item_forecast import history_long
from .postponement import finished_to_order
from .words import number

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

COLUMNS = ("Item", "Family", "Period", "Demand", "Production", "Closing stock")
AHEAD = 3  # periods of coming demand that are an item's rate, as in Days of cover
SLOW = 1e-6  # of the family's mean rate: the least rate of an item
SMALL = 1e-6  # of the family's demand: less is rounding
LEAST_BATCH = 1e-9  # of the family's mean rate, or of a unit


def item_plan(tables: Tables, balance: BalancePlan, shares: pd.DataFrame) -> tuple[pd.DataFrame, Findings]:
    """Columns of tblItemPlan in item units, and what does not go into whole batches or to the right item.

    shares: Item, Period, Weight, the demand of each item in item units; the family's is split by it.

    Production and closing stock of the items of a family add up to the family's (in family units) to the last digits;
    where every item has a Batch size, production does within one batch. Closing stock = stock before + production -
    shipments; below 0 the item is late while the family's stock lies in other items.
    """
    if tables.items.empty:
        return pd.DataFrame({name: [] for name in COLUMNS}), Findings()
    frame = disaggregate_to_item(
        balance.families[["Family", "Period", "Demand"]].rename(columns={"Demand": "Value"}),
        shares, tables.items, history_shares=_history_shares(tables),
    ).rename(columns={"Value": "Demand"})  # fmt: skip
    horizon = balance.families["Period"].nunique()
    if frame.empty or horizon == 0:
        return frame.reindex(columns=list(COLUMNS)), Findings()
    rows = pd.Index(tables.items["Item"]).get_indexer(pd.Index(frame["Item"].to_numpy()[::horizon]))
    names = pd.Index(pd.unique(frame["Family"]))
    family = names.get_indexer(pd.Index(frame["Family"].to_numpy()[::horizon]))
    order = np.argsort(family, kind="stable")  # items of a family side by side
    units = units_per_family_unit(tables.items)[rows][order]
    items = tables.items.iloc[rows[order]]
    spread = _Spread(
        demand=frame["Demand"].to_numpy().reshape(-1, horizon)[order] / units[:, None],
        family=family[order],
        safety=np.maximum(np.nan_to_num(items["Safety stock"].to_numpy(dtype=np.float64)), 0.0) / units,
        batch=np.maximum(np.nan_to_num(items["Batch size"].to_numpy(dtype=np.float64)), 0.0) / units,
    )
    stock = np.maximum(np.nan_to_num(items["Opening stock"].to_numpy(dtype=np.float64)), 0.0) / units
    made, closing, left = spread.run(stock, _FamilyFigures.of(balance, [str(name) for name in names]))
    back = np.argsort(order, kind="stable")
    frame["Production"] = (made * units[:, None])[back].reshape(-1)
    frame["Closing stock"] = (closing * units[:, None])[back].reshape(-1)
    notes = _late_items(tables, frame, horizon) + _left_over(tables, names, left)
    opening = balance.families.drop_duplicates("Family").set_index("Family")["Opening stock"].to_dict()
    return finished_to_order(tables, frame[list(COLUMNS)], opening), Findings.of(notes)


def _history_shares(tables: Tables) -> pd.DataFrame:
    history = history_long(tables, discontinued=True)
    return history.groupby("Item")["Quantity"].sum().rename("Weight").reset_index()


@dataclass(frozen=True)
class _FamilyFigures:
    """(families, periods) of the balance, family units."""

    opening: Floats
    late: Floats
    production: Floats
    sales: Floats
    lost: Floats

    @classmethod
    def of(cls, balance: BalancePlan, names: list[str]) -> _FamilyFigures:
        families = balance.families
        wide = {
            column: families.pivot_table(index="Family", columns="Period", values=column, aggfunc="sum")
            .reindex(names).to_numpy(dtype=np.float64)
            for column in ("Opening stock", "Opening backorders", "Production", "Sales", "Lost sales")
        }  # fmt: skip
        return cls(
            wide["Opening stock"][:, 0], wide["Opening backorders"][:, 0], wide["Production"], wide["Sales"],
            wide["Lost sales"],
        )  # fmt: skip


class _Spread:
    """Items of all families, those of a family side by side; quantities in family units."""

    def __init__(self, demand: Floats, family: Ints, safety: Floats, batch: Floats) -> None:
        self.demand, self.family, self.safety = demand, family, safety
        self.starts: Ints = np.flatnonzero(np.r_[True, family[1:] != family[:-1]])
        coming = _coming(demand)
        of_family = np.add.reduceat(coming, self.starts)
        least = LEAST_BATCH * np.maximum(of_family.mean(axis=1), 1.0)[family]
        self.batch = np.where(batch >= least, batch, 0.0)  # any quantity is a whole number of smaller ones
        self.all_batched: NDArray[np.bool_] = np.logical_and.reduceat(self.batch > 0, self.starts)
        slow = SLOW * np.maximum(of_family, 1e-12)[family]
        self.sells: NDArray[np.bool_] = coming > slow
        self.rate = np.maximum(coming, slow)

    def sums(self, values: Floats) -> Floats:
        """(families,) sums of items."""
        total: Floats = np.add.reduceat(values, self.starts)
        return total

    def run(self, stock: Floats, plan: _FamilyFigures) -> tuple[Floats, Floats, Floats]:
        """Production and closing stock (items, periods), and (families,) what is not made for want of whole batches."""
        family, horizon = self.family, self.demand.shape[1]
        ever = self.demand.sum(axis=1) + SLOW
        stock = self.exactly(_shared(stock, ever, plan.opening, self), plan.opening)
        late = _shared(np.zeros(len(family)), ever, plan.late, self)
        carried = np.zeros(len(self.starts))
        production, closing = np.zeros((2, len(family), horizon))
        for t in range(horizon):
            owed = late + self.demand[:, t]
            owed = owed * (1.0 - _ratio(plan.lost[:, t], self.sums(owed)))[family]
            due = plan.production[:, t] + carried
            made = self.make(stock - owed, due, t)
            carried = np.where(self.all_batched, due - self.sums(made), 0.0)
            ready = stock + made
            sent = np.minimum(owed, np.maximum(ready, 0.0))
            total, wanted = self.sums(sent), plan.sales[:, t]
            unserved = owed - sent
            sent = np.where(
                (total > wanted)[family],
                sent * _ratio(wanted, total)[family],
                sent + unserved * _ratio(wanted - total, self.sums(unserved))[family],
            )
            sent = self.exactly(sent, wanted)
            stock = ready - sent
            late = np.maximum(owed - sent, 0.0)
            production[:, t], closing[:, t] = made, stock
        return production, closing, carried

    def make(self, position: Floats, due: Floats, t: int) -> Floats:
        """Production of each item for ``due`` of its family; position: stock less what is owed to customers."""
        made = self.run_out(position, due, t, np.ones(len(position), dtype=bool))
        batched = self.batch > 0
        if not batched.any():
            return self.exactly(made, due)
        size = np.where(batched, self.batch, 1.0)
        whole = np.where(batched, np.floor(made / size + 1e-9) * size, 0.0)
        open_part = np.where(batched, np.maximum(made - whole, 0.0), 0.0)
        pool = np.where(self.all_batched, due - self.sums(whole), self.sums(open_part))
        # the items that lack most of a batch come first, as long as whole batches fit
        order = np.lexsort((-open_part / size, ~batched, self.family))
        filled = _within(np.where(batched, size, 0.0)[order], self.starts)
        extra = batched[order] & (filled <= pool[self.family[order]] * (1 + 1e-9)) & (open_part[order] > 0)
        whole[order] += np.where(extra, size[order], 0.0)
        rest = np.maximum(due - self.sums(whole), 0.0)
        free = self.run_out(position, np.where(self.all_batched, 0.0, rest), t, ~batched)
        total = whole + free
        return np.where(self.all_batched[self.family], total, self.exactly(total, due, ~batched))

    def run_out(self, position: Floats, due: Floats, t: int, which: NDArray[np.bool_]) -> Floats:
        """Share ``due`` so that the items that get any run down to their safety stock at the same time.

        p[i] = rate[i] x max(0, T - b[i]), b[i] = (position - safety stock) / rate, with the T at which all is given.
        """
        rate = np.where(which, self.rate[:, t], 0.0)
        safety = np.where(self.sells[:, t], self.safety, 0.0)  # what sells no more needs none
        lasts = np.where(which, (position - safety) / self.rate[:, t], np.inf)
        order = np.lexsort((lasts, self.family))
        b, r, family = lasts[order], rate[order], self.family[order]
        finite = np.where(np.isfinite(b), b, 0.0)
        rates, needs = _within(r, self.starts), _within(r * finite, self.starts)
        given = np.isfinite(b) & (due[family] > finite * rates - needs)
        count = np.add.reduceat(given.astype(np.intp), self.starts)
        last = np.maximum(self.starts + count - 1, 0)
        level = (due + needs[last]) / np.where(rates[last] > 0, rates[last], 1.0)
        made = np.zeros(len(position))
        made[order] = np.where(given, r * np.maximum(level[family] - finite, 0.0), 0.0)
        return made

    def exactly(self, values: Floats, totals: Floats, which: NDArray[np.bool_] | None = None) -> Floats:
        """``values`` with the rounding rest of each family given to its largest item."""
        weight = np.abs(values) if which is None else np.where(which, np.abs(values) + 1e-300, -1.0)
        order = np.lexsort((-weight, self.family))
        largest = order[self.starts]
        values = values.copy()
        for _ in range(2):  # the correction itself rounds; a second pass settles it
            values[largest] += totals - self.sums(values)
        return values


def _coming(demand: Floats) -> Floats:
    """(items, periods) mean demand of the next periods; at the end of the horizon of the period itself."""
    horizon = demand.shape[1]
    coming = demand.copy()
    for t in range(horizon - 1):
        coming[:, t] = demand[:, t + 1 : t + 1 + AHEAD].mean(axis=1)
    return coming


def _within(values: Floats, starts: Ints) -> Floats:
    """Running sum that begins anew at each of ``starts``."""
    total = np.cumsum(values)
    before = np.where(starts > 0, total[starts - 1], 0.0)
    size = np.diff(np.r_[starts, len(values)])
    running: Floats = total - np.repeat(before, size)
    return running


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole within 0..1; 0 where there is nothing to share."""
    share: Floats = np.clip(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), 0.0, 1.0)
    return share


def _shared(values: Floats, weights: Floats, totals: Floats, spread: _Spread) -> Floats:
    """``values`` scaled to the totals of the families; by ``weights`` where a family has none."""
    own, every = spread.sums(values), spread.sums(weights)
    scaled = values * np.divide(totals, own, out=np.zeros_like(totals), where=own > 0)[spread.family]
    shared: Floats = np.where((own > 0)[spread.family], scaled, weights * (totals / every)[spread.family])
    return shared


def _late_items(tables: Tables, frame: pd.DataFrame, horizon: int) -> list[Finding]:
    """One finding per item that is late while its family is not; ``frame`` has ``horizon`` rows an item."""
    closing = frame["Closing stock"].to_numpy().reshape(-1, horizon)
    is_late = closing < -SMALL * max(float(frame["Demand"].mean()), 1e-6)
    items = np.flatnonzero(is_late.any(axis=1))
    units = dict(zip(tables.items["Item"], tables.items["Unit"], strict=True))
    findings: list[Finding] = []
    for position in items[:ROWS_NAMED].tolist():
        row = frame.iloc[position * horizon + int(is_late[position].argmax())]
        first = calendar.period_label(row["Period"], tables.settings.bucket)
        amount = f"{number(-float(closing[position].min()))} {units.get(row['Item'], 'units')}"
        text = (
            f"{row['Item']}: up to {amount} late, first in {first}; the stock of {row['Family']} lies in other "
            "items. Make this item earlier or move stock"
        )
        findings.append(Finding("Info", "tblItemPlan", None, "Closing stock", "item_late", text))
    if len(items) > ROWS_NAMED:
        more = f"… and {len(items) - ROWS_NAMED:,} more items that are late although their family has stock"
        findings.append(Finding("Info", "tblItemPlan", None, "Closing stock", "item_late", more))
    return findings


def _left_over(tables: Tables, names: pd.Index, left: Floats) -> list[Finding]:
    """Families of which some production makes no whole batch of any item."""
    units = dict(zip(tables.families["Family"], tables.families["Unit"], strict=True))
    return [
        Finding(
            "Info", "tblItemPlan", None, "Production", "whole_batches",
            f"{name}: {number(float(amount))} {units.get(name, 'units')} of its production make no whole batch of any "
            "item; change a Batch size in tblItems or plan whole batches for the family",
        )
        for name, amount in zip(names, left, strict=True)
        if amount > 1e-6
    ]  # fmt: skip
