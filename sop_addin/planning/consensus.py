"""The demand plan people agree on: statistical forecast + events + new and phase-out items, or the override.

Frames are wide: Family, Period and one column per measure, named as in the SalesPlan grid, in family units.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model.errors import InputError
from sop_addin.model.findings import Finding, Findings
from sop_addin.planning.families import item_positions, next_starts, units_per_family_unit
from sop_addin.planning.portfolio import (
    NEW_AND_PHASE_OUT,
    Adjustment,
    grid_frame,
    item_adjustments,
    new_and_phase_out,
    same_period_before,
    sheet_row,
)

__all__ = ["Adjustment", "consensus_demand", "event_effects", "item_adjustments", "last_year", "new_and_phase_out"]

STATISTICAL_FORECAST = "Statistical forecast"
EVENTS = "Events"
OVERRIDE = "Override"
CONSENSUS_DEMAND = "Consensus demand"
LAST_YEAR = "Last year"

NO_UPLIFT = "a price change without Uplift % or Uplift units changes no volume; enter the uplift you expect from it."
NO_BASELINE = "there is no forecast of what it names, so its Uplift % has no effect; check Family, Item and Region."
NO_FAMILY = "Uplift units need a Family or an Item, so they have no effect; name one."


def consensus_demand(sales_plan: pd.DataFrame) -> pd.DataFrame:
    """Return `sales_plan` with the column Consensus demand.

    sales_plan: wide (Family, Period, Statistical forecast, Events, New and phase-out, Override) or long (Family,
        Period, Measure, Value; returned wide). A missing column or NaN counts 0, a NaN override is none.

    Override where given (0 is an override), else Statistical forecast + Events + New and phase-out; never below 0.
    """
    wide = _wide(sales_plan) if {"Measure", "Value"} <= set(sales_plan.columns) else sales_plan.copy()
    parts = [_numbers(wide, name).fillna(0.0) for name in (STATISTICAL_FORECAST, EVENTS, NEW_AND_PHASE_OUT)]
    override = _numbers(wide, OVERRIDE)
    wide[CONSENSUS_DEMAND] = override.where(override.notna(), parts[0] + parts[1] + parts[2]).clip(lower=0.0)
    return wide


def event_effects(
    events: pd.DataFrame, baseline: pd.DataFrame, items: pd.DataFrame, periods: Sequence[pd.Timestamp]
) -> Adjustment:
    """Effect of planned events on the demand of each family.

    events: tblEvents. From and To are inclusive; a blank To means one period, a blank Probability 1. Family, Item and
        Region narrow an event down; with none of them it concerns everything.
    baseline: what the uplift is a share of. Either Item, (Region), Period, Forecast in item units, or Family, Period,
        Statistical forecast in family units (then events of one item or region cannot be given in %).
    items: Item, Family, (Units per family unit). periods: the planned periods.

    Effect = (Uplift % x baseline + Uplift units) x Probability. Uplift units are units of the item where the event
    names one, else of the family, per period. Several events on one period add up. Price change % has no effect on
    volume here: a planner gives the expected uplift with it; an info finding says so.

    Returns Family, Period, Events (every family of `items` and `baseline`, every period) and findings.
    """
    planned = pd.DatetimeIndex(list(periods))
    base = _base_quantities(baseline, items, planned)
    families = list(dict.fromkeys([*pd.unique(items["Family"]), *pd.unique(base["Family"])]))
    effects = np.zeros((len(families), len(planned)))
    findings: list[Finding] = []
    base_family = pd.Index(families).get_indexer(pd.Index(base["Family"]))
    base_period = planned.get_indexer(pd.DatetimeIndex(base["Period"]))
    quantities = base["Quantity"].to_numpy(dtype=np.float64)
    ends = next_starts(planned)
    for row, event in zip(events.index, events.to_dict("records"), strict=True):
        live = _live_periods(event, planned, ends)
        percent, units = _number(event, "Uplift %", 0.0), _number(event, "Uplift units", 0.0)
        probability = _number(event, "Probability", 1.0)
        if not live.any():
            continue
        if _number(event, "Price change %", 0.0) != 0 and percent == 0 and units == 0:
            findings.append(_event_finding(row, event, "price_change_has_uplift", "Price change %", NO_UPLIFT))
        if percent != 0:
            mask = _concerned(event, base) & live[base_period]
            if not mask.any():
                findings.append(_event_finding(row, event, "event_has_baseline", "Uplift %", NO_BASELINE))
            np.add.at(effects, (base_family[mask], base_period[mask]), percent * probability * quantities[mask])
        if units != 0:
            target = _unit_target(event, items, families)
            if target is None:
                findings.append(_event_finding(row, event, "event_units_have_family", "Uplift units", NO_FAMILY))
            else:
                effects[target[0], live] += units / target[1] * probability
    return Adjustment(grid_frame(families, planned, EVENTS, effects), Findings.of(findings))


def last_year(history_by_family: pd.DataFrame, periods: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """Return Family, Period, Last year: what was sold in the same period a year before, in family units.

    history_by_family: Family, Period, Quantity. Weeks look back 52 weeks. Periods more than a year ahead show the
    latest year that has that period in the past; NaN where nothing is known.
    """
    planned = pd.DatetimeIndex(list(periods))
    families = list(pd.unique(history_by_family["Family"]))
    known = history_by_family.dropna(subset=["Quantity"]).groupby(["Family", "Period"])["Quantity"].sum()
    source = pd.DatetimeIndex(same_period_before(planned, history_by_family["Period"].max()))
    keys = pd.MultiIndex.from_product([families, source])
    values = known.reindex(keys).to_numpy(dtype=np.float64).reshape(len(families), len(planned))
    return grid_frame(families, planned, LAST_YEAR, values)


def _wide(long: pd.DataFrame) -> pd.DataFrame:
    repeated = long.duplicated(["Family", "Period", "Measure"])
    if repeated.any():
        row = long[repeated].iloc[0]
        raise InputError(f"Sales plan: {row['Measure']} of {row['Family']}, {row['Period']:%Y-%m-%d} is there twice.")
    wide = long.pivot(index=["Family", "Period"], columns="Measure", values="Value")
    wide.columns.name = None
    return wide.reset_index()


def _numbers(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame[name]).astype(np.float64)


def _number(event: dict, name: str, default: float) -> float:
    value = event.get(name)
    return default if value is None or pd.isna(value) else float(value)


def _named(event: dict, name: str) -> str:
    value = event.get(name)
    return "" if value is None or pd.isna(value) else str(value)


def _event_finding(label: object, event: dict, rule: str, column: str, text: str) -> Finding:
    name = _named(event, "Event") or "Event"
    return Finding("Info", "tblEvents", sheet_row(label), column, rule, f"{name}: {text}")


def _live_periods(event: dict, periods: pd.DatetimeIndex, ends: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Which periods the event touches; From and To inclusive."""
    start = pd.Timestamp(event["From"]) if not pd.isna(event.get("From")) else None
    if start is None:
        return np.zeros(len(periods), dtype=bool)
    last = start if pd.isna(event.get("To")) else pd.Timestamp(event["To"])
    return np.asarray((ends > start) & (periods <= last))


def _base_quantities(baseline: pd.DataFrame, items: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Item, Region, Family, Period, Quantity in family units, of the planned periods; '' where not told apart."""
    planned = baseline[baseline["Period"].isin(periods)]
    if "Item" not in baseline.columns:
        quantity = planned[STATISTICAL_FORECAST].to_numpy(dtype=np.float64, na_value=0.0)
        return pd.DataFrame(
            {"Item": "", "Region": "", "Family": planned["Family"], "Period": planned["Period"], "Quantity": quantity}
        )
    positions = item_positions(planned["Item"], items)
    quantity = planned["Forecast"].to_numpy(dtype=np.float64, na_value=0.0) / units_per_family_unit(items)[positions]
    region = planned["Region"].fillna("").to_numpy() if "Region" in planned.columns else ""
    return pd.DataFrame(
        {
            "Item": planned["Item"].to_numpy(),
            "Region": region,
            "Family": items["Family"].to_numpy()[positions],
            "Period": planned["Period"].to_numpy(),
            "Quantity": np.nan_to_num(quantity),
        }
    )


def _concerned(event: dict, base: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows of the baseline that the event's Family, Item and Region name; a blank names all."""
    mask = np.ones(len(base), dtype=bool)
    for column in ("Family", "Item", "Region"):
        if name := _named(event, column):
            mask &= (base[column] == name).to_numpy(dtype=bool)
    return mask


def _unit_target(event: dict, items: pd.DataFrame, families: list) -> tuple[int, float] | None:
    """Family position and units per family unit that an event's Uplift units belong to; None where nothing is named."""
    if name := _named(event, "Item"):
        matches = np.flatnonzero((items["Item"] == name).to_numpy())
        if len(matches) == 0:
            return None
        return families.index(items["Family"].iloc[matches[0]]), float(units_per_family_unit(items)[matches[0]])
    name = _named(event, "Family")
    return (families.index(name), 1.0) if name in families else None
