"""Demand by item: statistical forecast + events + launches and phase-outs, and what planners said of single items.

Families are sums of these, and family plans are shared out by them: regions add up to items, items to families.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model.calendar import period_label
from sop_addin.model.findings import Finding, Findings
from sop_addin.model.tables import Tables
from sop_addin.planning.event_history import EventHistory
from sop_addin.planning.events import EVENTS, EventEffects, event_effects
from sop_addin.planning.families import item_positions, units_per_family_unit
from sop_addin.planning.portfolio import NEW_AND_PHASE_OUT, item_adjustments

Floats = NDArray[np.float64]

STATISTICAL_FORECAST = "Statistical forecast"
ITEM_OVERRIDES = "Item overrides"
KEYS = ["Item", "Region", "Period"]


@dataclass(frozen=True)
class ItemDemand:
    """``parts``: measure -> items x periods in item units, items as in tblItems. ``fixed``: items x periods, the figure
    that a planner gave a whole item, NaN where none. ``families``: Family, Period and the measures, family units."""

    parts: dict[str, Floats]
    fixed: Floats
    families: pd.DataFrame
    effects: EventEffects
    findings: Findings

    @property
    def total(self) -> Floats:
        """Items x periods, item units, never negative."""
        return np.asarray(np.maximum(sum(self.parts.values()), 0.0), dtype=np.float64)


def item_demand(
    tables: Tables, forecast: pd.DataFrame, history: pd.DataFrame, learned: EventHistory | None = None
) -> ItemDemand:
    """Demand of every item in the planned periods, from its parts.

    forecast: Item, Region, Period, Forecast (tblForecast). history: Item, Region, Period, Quantity, without past
    events, discontinued items included. learned: what past events did. All in item units.
    """
    periods = pd.DatetimeIndex(tables.periods)
    items = tables.items
    statistical = forecast.loc[forecast["Item"].isin(set(items["Item"])), [*KEYS, "Forecast"]]
    statistical = statistical[statistical["Period"].isin(periods)]
    portfolio = item_adjustments(items, statistical, tables.periods, history)
    by_region = _by_region(portfolio.values, statistical, items)
    baseline = pd.concat([frame for frame in (statistical, by_region) if len(frame)] or [statistical])
    effects = event_effects(tables.events, baseline, items, tables.periods, learned)
    before = pd.concat(
        [frame for frame in (baseline, effects.items.rename(columns={EVENTS: "Forecast"})) if len(frame)] or [baseline]
    )
    changes, fixed = _item_overrides(tables, before, periods)
    parts = {
        STATISTICAL_FORECAST: _matrix(statistical, "Forecast", items, periods),
        EVENTS: _matrix(effects.items, EVENTS, items, periods),
        NEW_AND_PHASE_OUT: _matrix(portfolio.values, NEW_AND_PHASE_OUT, items, periods),
        ITEM_OVERRIDES: changes,
    }
    families = _by_family(parts, items, tables.family_names, periods)
    events = effects.families.set_index(["Family", "Period"])[EVENTS]
    families[EVENTS] = events.reindex(families.set_index(["Family", "Period"]).index).fillna(0.0).to_numpy()
    return ItemDemand(parts, fixed, families, effects, portfolio.findings + effects.findings)


def demand_shares(demand: ItemDemand, tables: Tables, consensus: pd.DataFrame) -> pd.DataFrame:
    """Item, Period, Weight (item units): how the consensus demand of a family is shared out to its items.

    consensus: Family, Period, Consensus demand. An item with an override keeps it, and the others share what is left
    by their demand; where the overrides are more than the whole family, they are reduced together.
    """
    periods = pd.DatetimeIndex(tables.periods)
    units = units_per_family_unit(tables.items)
    weights = demand.total / units[:, None]
    fixed = demand.fixed / units[:, None]
    family = pd.Index(tables.family_names).get_indexer(pd.Index(tables.items["Family"]))
    wide = consensus.pivot(index="Family", columns="Period", values="Consensus demand")
    wanted = wide.reindex(index=tables.family_names, columns=periods).fillna(0.0).to_numpy(dtype=np.float64)
    active = (tables.items["Status"] != "Discontinued").to_numpy(dtype=bool) & (family >= 0)
    for number in np.unique(family[active & ~np.isnan(fixed).all(axis=1)]).tolist():
        rows = np.flatnonzero(active & (family == number))
        given = np.nan_to_num(fixed[rows])
        free = np.where(np.isnan(fixed[rows]), weights[rows], 0.0)
        ever = np.where(np.isnan(fixed[rows]), free.sum(axis=1, keepdims=True), 0.0)
        free = np.where(free.sum(axis=0) > 0, free, ever)
        together = free.sum(axis=0)
        left = np.maximum(wanted[number] - given.sum(axis=0), 0.0)
        weights[rows] = given + free * np.where(together > 0, left / np.where(together > 0, together, 1.0), 0.0)
    rows, columns = np.nonzero(weights)
    return pd.DataFrame(
        {
            "Item": tables.items["Item"].to_numpy()[rows],
            "Period": periods.to_numpy()[columns],
            "Weight": (weights * units[:, None])[rows, columns],
        }
    )


def overrides_beyond_family(demand: ItemDemand, tables: Tables, consensus: pd.DataFrame) -> Findings:
    """Where the overrides of items add up to more than the override of their family: the family's figure counts."""
    units = units_per_family_unit(tables.items)
    given = pd.DataFrame(np.nan_to_num(demand.fixed) / units[:, None], columns=pd.DatetimeIndex(tables.periods))
    given = given.groupby(tables.items["Family"].to_numpy()).sum()
    findings = []
    for row in consensus[consensus["Override"].notna()].to_dict("records"):
        family, period = str(row["Family"]), row["Period"]
        if family not in given.index or period not in given.columns:
            continue
        together, allowed = float(given.loc[family, period]), float(row["Override"])
        if together > allowed * (1 + 1e-9) + 1e-9:
            month = period_label(period, tables.settings.bucket)
            message = (
                f"the overrides of items of {family} in {month} add up to {together:,.6g}, more than the "
                f"{allowed:,.6g} that the Sales Plan says for the family, which counts; change one of the two"
            )
            findings.append(
                Finding("Warning", "tblItemOverrides", None, "Quantity", "item_overrides_within_family", message)
            )
    return Findings.of(findings)


def _by_region(adjustments: pd.DataFrame, statistical: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Adjustments of items shared out to regions (Item, Region, Period, Forecast): as the item sells, or its like item
    where it does not yet."""
    if adjustments.empty:
        return pd.DataFrame({name: [] for name in (*KEYS, "Forecast")})
    selling = set(statistical["Item"])
    like = dict(zip(items["Item"], items["Like item"], strict=True))
    donor = [item if item in selling else like.get(item, "") for item in adjustments["Item"]]
    rows = adjustments[["Item", "Period", NEW_AND_PHASE_OUT]].assign(Donor=donor)
    of_donor = statistical.rename(columns={"Item": "Donor", "Forecast": "Share"})
    spread = rows.merge(of_donor, on=["Donor", "Period"], how="left")
    spread["Region"] = spread["Region"].fillna("")
    spread["Share"] = spread["Share"].fillna(1.0).clip(lower=0.0)
    grouped = spread.groupby(["Item", "Period"])["Share"]
    together = grouped.transform("sum")
    share = (spread["Share"] / together.where(together > 0)).fillna(1.0 / grouped.transform("size"))
    return spread[KEYS].assign(Forecast=spread[NEW_AND_PHASE_OUT] * share)


def _item_overrides(tables: Tables, before: pd.DataFrame, periods: pd.DatetimeIndex) -> tuple[Floats, Floats]:
    """What overrides change in each item's demand, and the figure of each item that was overridden as a whole.

    A figure for the whole item wins over those of its regions.
    """
    items = tables.items
    changes = np.zeros((len(items), len(periods)))
    fixed = np.full((len(items), len(periods)), np.nan)
    selling = set(items.loc[items["Status"] != "Discontinued", "Item"])
    given = tables.item_overrides
    given = given[given["Item"].isin(selling) & given["Period"].isin(periods) & given["Quantity"].notna()]
    if given.empty:
        return changes, fixed
    whole = given[given["Region"] == ""].drop_duplicates(["Item", "Period"])
    at = (item_positions(whole["Item"], items), periods.get_indexer(pd.DatetimeIndex(whole["Period"])))
    demand = _matrix(before, "Forecast", items, periods)
    fixed[at] = np.maximum(whole["Quantity"].to_numpy(dtype=np.float64), 0.0)
    regional = given[given["Region"] != ""].drop_duplicates(KEYS)
    known = before.groupby(KEYS)["Forecast"].sum()
    quantity = np.maximum(regional["Quantity"].to_numpy(dtype=np.float64), 0.0)
    usual = known.reindex(pd.MultiIndex.from_frame(regional[KEYS])).fillna(0.0).to_numpy()
    where = (item_positions(regional["Item"], items), periods.get_indexer(pd.DatetimeIndex(regional["Period"])))
    np.add.at(changes, where, quantity - usual)
    return np.where(np.isnan(fixed), changes, fixed - demand), fixed


def _matrix(frame: pd.DataFrame, column: str, items: pd.DataFrame, periods: pd.DatetimeIndex) -> Floats:
    """Items x periods, what is said of one cell added up."""
    matrix = np.zeros((len(items), len(periods)))
    at = (item_positions(frame["Item"], items), periods.get_indexer(pd.DatetimeIndex(frame["Period"])))
    np.add.at(matrix, at, np.nan_to_num(frame[column].to_numpy(dtype=np.float64, na_value=np.nan)))
    return matrix


def _by_family(
    parts: dict[str, Floats], items: pd.DataFrame, names: list[str], periods: pd.DatetimeIndex
) -> pd.DataFrame:
    family = pd.Index(names).get_indexer(pd.Index(items["Family"]))
    units = units_per_family_unit(items)
    index = pd.MultiIndex.from_product([names, periods], names=["Family", "Period"])
    frame = pd.DataFrame(index=index).reset_index()
    for name, matrix in parts.items():
        sums = np.zeros((len(names), len(periods)))
        np.add.at(sums, family[family >= 0], (matrix / units[:, None])[family >= 0])
        frame[name] = sums.ravel()
    return frame
