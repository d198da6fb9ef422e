"""Rolling forward: the first planned period is over; its actuals become history and the plan begins one period later.

Nothing is lost: what was planned stays in the published version, overrides, events, budgets and the approved plan stay
with their periods, and what was ordered with a lead time is written down as on its way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.errors import InputError
from ..model.tables import Tables
from ..model.versions import Version
from .families import item_positions, units_per_family_unit

Cells = dict[tuple[object, ...], object]
"""(key cells ..., column) -> value."""
_LEAST = 1e-9


@dataclass(frozen=True)
class Rolled:
    """What rolling forward changes. ``cells``: of each input table, by its keys and column. ``history``: Item, Region,
    Period, Quantity to be added, item units. ``period``: the one that is over; ``plan_start``: the new one. ``notes``:
    one sentence for each thing that was not read from actuals."""

    period: pd.Timestamp
    plan_start: pd.Timestamp
    cells: dict[str, Cells] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: list[str] = field(default_factory=list)


def roll_forward(tables: Tables) -> Rolled:
    """What changes when the first planned period is over.

    Its plan must be published and its Sales must stand in tblStock for every family (or its history in tblHistory).
    Opening stock: Stock of tblStock, else the closing stock of the published plan; spread over items as they stood.
    Opening backorders and heads come from the published plan, orders with a lead time go to tblReceipts. Sales go to
    tblHistory unless that has the period already (an import): spread over items and regions by their forecast, else by
    their last known sales. Raises InputError, naming what is missing.
    """
    if not tables.periods:
        raise InputError("Roll: there is no plan start; set Plan start in Settings first.")
    period, bucket = tables.periods[0], tables.settings.bucket
    label = calendar.period_label(period, bucket)
    versions = [one for one in tables.versions if one.plan_start == period]
    if not versions:
        raise InputError(f"Roll: the plan that starts in {label} is not published, so it would be lost; publish first.")
    version = versions[-1]
    actuals = tables.stock[tables.stock["Period"] == period].drop_duplicates("Family", keep="last").set_index("Family")
    notes: list[str] = []
    history = _history(tables, period, actuals, label, notes)
    start = calendar.add_periods(period, 1, bucket)
    cells: dict[str, Cells] = {
        "tblSettings": {("Plan start", "Value"): start},
        "tblFamilies": {},
        "tblItems": {},
        "tblReceipts": _on_the_way(tables, version, period),
        "tblResources": _heads(tables, version, period),
    }
    _opening(tables, version, period, actuals, cells, notes, label)
    return Rolled(period, start, {name: some for name, some in cells.items() if some}, history, notes)


def _history(tables: Tables, period: pd.Timestamp, actuals: pd.DataFrame, label: str, notes: list[str]) -> pd.DataFrame:
    """Item, Region, Period, Quantity of the period, where tblHistory does not have it yet."""
    columns = ["Item", "Region", "Period", "Quantity"]
    if period in tables.history_periods and tables.history[period].notna().any():
        return pd.DataFrame(columns=columns)
    sold = actuals["Sales"] if "Sales" in actuals else pd.Series(dtype="float64")
    missing = [name for name in tables.family_names if not np.isfinite(sold.get(name, np.nan))]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(
            f"Roll: Sales of {label} are missing for {', '.join(missing[:3])}{more}; enter them in tblStock (sheet "
            "History), or import the history of that period."
        )
    weights = _weights(tables, period)
    parts = []
    for family, rows in weights.groupby("Family", sort=False):
        total = float(rows["Weight"].sum())
        share = rows["Weight"] / total if total > _LEAST else pd.Series(1.0 / len(rows), index=rows.index)
        quantity = (share * float(sold.get(family, 0.0)) * rows["Units"]).round(6)
        parts.append(rows.assign(Period=period, Quantity=quantity)[columns])
    if not parts:
        return pd.DataFrame(columns=columns)
    notes.append(f"Sales of {label} by item are the family's sales spread by the forecast; import them to be exact.")
    return pd.concat(parts, ignore_index=True)


def _weights(tables: Tables, period: pd.Timestamp) -> pd.DataFrame:
    """Item, Region, Family, Units, Weight (family units) of every item that may have sold."""
    planned = tables.items[tables.items["Status"] != "Discontinued"]
    known = tables.history[tables.history["Item"].isin(planned["Item"])][["Item", "Region"]].drop_duplicates()
    forecast = tables.forecast[tables.forecast["Period"] == period].groupby(["Item", "Region"])["Forecast"].sum()
    keys = pd.MultiIndex.from_frame(known)
    weight = forecast.reindex(keys).to_numpy(dtype=np.float64)
    if not np.isfinite(weight).any():
        last = tables.history[tables.history_periods[-1:]].iloc[:, -1:] if tables.history_periods else None
        weight = last.reindex(known.index).to_numpy(np.float64).ravel() if last is not None else weight
    positions = item_positions(known["Item"], tables.items)
    units = units_per_family_unit(tables.items)[positions]
    return pd.DataFrame(
        {
            "Item": known["Item"].to_numpy(), "Region": known["Region"].to_numpy(),
            "Family": tables.items["Family"].to_numpy()[positions], "Units": units,
            "Weight": np.maximum(np.nan_to_num(weight), 0.0) / units,
        }
    )  # fmt: skip


def _opening(
    tables: Tables,
    version: Version,
    period: pd.Timestamp,
    actuals: pd.DataFrame,
    cells: dict[str, Cells],
    notes: list[str],
    label: str,
) -> None:
    """Opening stock and backorders of the next period, into ``cells``."""
    planned = version.families[version.families["Period"] == period].set_index("Family")
    counted = actuals["Stock"] if "Stock" in actuals else pd.Series(dtype="float64")
    guessed: list[str] = []
    units = pd.Series(units_per_family_unit(tables.items), index=tables.items.index)
    for row in tables.families.to_dict("records"):
        family = str(row["Family"])
        stock = float(counted.get(family, np.nan))
        if np.isnan(stock):
            stock = float(planned["Closing stock"].get(family, np.nan))
            guessed.append(family)
        if np.isnan(stock):
            continue
        items = tables.items[tables.items["Family"] == family]
        held = (items["Opening stock"] / units[items.index]).clip(lower=0.0)
        if held.sum() > _LEAST:
            for item, old in zip(items["Item"], items["Opening stock"], strict=True):
                cells["tblItems"][(str(item), "Opening stock")] = round(max(float(old), 0.0) * stock / held.sum(), 6)
        if held.sum() <= _LEAST or not np.isnan(row["Opening stock"]):
            cells["tblFamilies"][(family, "Opening stock")] = round(stock, 6)
        late = float(np.nan_to_num(planned["Backorders"].get(family, 0.0)))
        if abs(late - float(np.nan_to_num(row["Opening backorders"]))) > _LEAST:
            cells["tblFamilies"][(family, "Opening backorders")] = round(late, 6)
    if guessed:
        more = f" and {len(guessed) - 3} more" if len(guessed) > 3 else ""
        notes.append(
            f"Stock at the end of {label} is not in tblStock for {', '.join(guessed[:3])}{more}: the planned closing "
            "stock is taken."
        )


def _on_the_way(tables: Tables, version: Version, period: pd.Timestamp) -> Cells:
    """tblReceipts: what was ordered in the period and arrives later."""
    lead = {
        (str(family), str(source)): int(periods) if periods == periods else 0
        for family, source, periods in tables.sources[["Family", "Source", "Lead periods"]].itertuples(index=False)
    }
    known = tables.receipts.groupby(["Family", "Source", "Period"])["Quantity"].sum()
    cells: Cells = {}
    for family, source, ordered in version.sources.loc[
        version.sources["Period"] == period, ["Family", "Source", "Planned"]
    ].itertuples(index=False):
        periods = lead.get((family, source), 0)
        if periods > 0 and ordered == ordered and ordered > _LEAST:
            arrival = calendar.add_periods(period, periods, tables.settings.bucket)
            before = float(known.get((family, source, arrival), 0.0))
            cells[(family, source, arrival, "Quantity")] = round(before + float(ordered), 6)
    return cells


def _heads(tables: Tables, version: Version, period: pd.Timestamp) -> Cells:
    """tblResources: the crews as the plan left them."""
    rows = version.resources[(version.resources["Period"] == period) & version.resources["Heads"].notna()]
    heads = dict(zip(rows["Resource"], rows["Heads"], strict=True))
    crews = tables.resources[tables.resources["Kind"] == "Labour"]
    return {
        (str(name), "Opening heads"): round(float(heads[name]), 6)
        for name, before in zip(crews["Resource"], crews["Opening heads"], strict=True)
        if name in heads and abs(float(heads[name]) - float(np.nan_to_num(before))) > _LEAST
    }
