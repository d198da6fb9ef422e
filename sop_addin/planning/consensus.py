"""The demand plan people agree on: statistical forecast + events + new and phase-out items, or the override.

Frames are wide: Family, Period and one column per measure, named as in the SalesPlan grid, in family units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model import calendar
from sop_addin.model.errors import InputError
from sop_addin.model.findings import Finding, Findings
from sop_addin.planning.families import aggregate_to_family, item_positions, next_starts, units_per_family_unit

STATISTICAL_FORECAST = "Statistical forecast"
EVENTS = "Events"
NEW_AND_PHASE_OUT = "New and phase-out"
OVERRIDE = "Override"
CONSENSUS_DEMAND = "Consensus demand"
LAST_YEAR = "Last year"

FADE_PERIODS = 3  # periods over which an item that is phased out runs down: 75 %, 50 %, 25 % in the period of its End


class Adjustment(NamedTuple):
    """A measure and what there is to say about it."""

    values: pd.DataFrame
    findings: Findings


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
    return Adjustment(_grid_frame(families, planned, EVENTS, effects), Findings.of(findings))


def new_and_phase_out(
    items: pd.DataFrame,
    item_forecast: pd.DataFrame,
    periods: Sequence[pd.Timestamp],
    history: pd.DataFrame | None = None,
) -> Adjustment:
    """Adjustment of each family's demand for items that come and go: Family, Period, New and phase-out, and findings.

    Arguments and rules as in `item_adjustments`, whose rows are added up to families in family units.
    """
    adjustment = item_adjustments(items, item_forecast, periods, history)
    by_family = aggregate_to_family(adjustment.values.drop(columns="Family"), items)
    planned = pd.DatetimeIndex(list(periods))
    families = list(pd.unique(items["Family"]))
    values = np.zeros((len(families), len(planned)))
    rows = pd.Index(families).get_indexer(pd.Index(by_family["Family"]))
    columns = planned.get_indexer(pd.DatetimeIndex(by_family["Period"]))
    values[rows, columns] = by_family[NEW_AND_PHASE_OUT].to_numpy(dtype=np.float64)
    return Adjustment(_grid_frame(families, planned, NEW_AND_PHASE_OUT, values), adjustment.findings)


def item_adjustments(
    items: pd.DataFrame,
    item_forecast: pd.DataFrame,
    periods: Sequence[pd.Timestamp],
    history: pd.DataFrame | None = None,
) -> Adjustment:
    """What has to be added to each item's statistical forecast because the item comes or goes.

    items: Item, Family, (Units per family unit), (Status), (Launch), (End), (Like item), (Like scale).
    item_forecast: Item, (Region), Period, Forecast in item units. history: Item, (Region), Period, Quantity in item
        units; stands in for the forecast of a like item that has none (it was discontinued).

    The item's demand becomes
    - New with a Like item: the like item's forecast (before its own phase-out) x Like scale from the period of Launch
      on, nothing before it. A blank Launch means from now on. Its own statistical forecast, drawn from few sales, is
      replaced and not added to.
    - New without a Like item: its own forecast from Launch on.
    - Phase-out: its forecast, running down in equal steps over the last 3 periods up to the one of End (75, 50, 25 %),
      then nothing: planners expect a fade, not a cliff. Without End it stays as it is and a finding says so.
    - Discontinued: nothing.
    The adjustment is that demand minus the item's statistical forecast, so nothing is counted twice.

    Returns Item, Family, Period, New and phase-out in item units (items whose adjustment is not 0) and findings.
    """
    planned = pd.DatetimeIndex(list(periods))
    forecast = _item_matrix(item_forecast, "Forecast", items, planned)
    last_year = _last_year_matrix(history, items, planned)
    portfolio = _Portfolio(items, planned, forecast, last_year)
    status = _column(items, "Status", "")
    demand = forecast.copy()
    for item in np.flatnonzero(np.isin(status, ("New", "Phase-out", "Discontinued"))).tolist():
        demand[item] = portfolio.demand(item)
    difference = demand - forecast
    rows, columns = np.nonzero(difference)
    values = pd.DataFrame(
        {
            "Item": items["Item"].to_numpy()[rows],
            "Family": items["Family"].to_numpy()[rows],
            "Period": planned.to_numpy()[columns],
            NEW_AND_PHASE_OUT: difference[rows, columns],
        }
    )
    return Adjustment(values, Findings.of(portfolio.findings))


def last_year(history_by_family: pd.DataFrame, periods: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """Return Family, Period, Last year: what was sold in the same period a year before, in family units.

    history_by_family: Family, Period, Quantity. Weeks look back 52 weeks. Periods more than a year ahead show the
    latest year that has that period in the past; NaN where nothing is known.
    """
    planned = pd.DatetimeIndex(list(periods))
    families = list(pd.unique(history_by_family["Family"]))
    known = history_by_family.dropna(subset=["Quantity"]).groupby(["Family", "Period"])["Quantity"].sum()
    source = pd.DatetimeIndex(_year_before_all(planned, history_by_family["Period"].max()))
    keys = pd.MultiIndex.from_product([families, source])
    values = known.reindex(keys).to_numpy(dtype=np.float64).reshape(len(families), len(planned))
    return _grid_frame(families, planned, LAST_YEAR, values)


NO_UPLIFT = "a price change without Uplift % or Uplift units changes no volume; enter the uplift you expect from it."
NO_BASELINE = "there is no forecast of what it names, so its Uplift % has no effect; check Family, Item and Region."
NO_FAMILY = "Uplift units need a Family or an Item, so they have no effect; name one."


class _Portfolio:
    """Demand of items that come and go; `demand` follows chains of like items."""

    def __init__(
        self,
        items: pd.DataFrame,
        periods: pd.DatetimeIndex,
        forecast: NDArray[np.float64],
        last_year: NDArray[np.float64],
    ) -> None:
        self.findings: list[Finding] = []
        self._rows = list(items.index)
        self._names = items["Item"].to_numpy()
        self._position = {name: position for position, name in enumerate(self._names)}
        self._status = _column(items, "Status", "")
        self._like = _column(items, "Like item", "")
        self._scale = pd.to_numeric(pd.Series(_column(items, "Like scale", 1.0))).fillna(1.0).to_numpy()
        self._launch = pd.DatetimeIndex(_column(items, "Launch", pd.NaT))
        self._end = pd.DatetimeIndex(_column(items, "End", pd.NaT))
        self._periods = periods
        self._ends = next_starts(periods)
        self._forecast = forecast
        self._last_year = last_year

    def demand(self, item: int) -> NDArray[np.float64]:
        """Demand of one item per period, in its unit."""
        status = self._status[item]
        if status == "Discontinued":
            return np.zeros(len(self._periods))
        if status == "New":
            launched = np.asarray(self._ends > self._launch[item]) | bool(pd.isna(self._launch[item]))
            return np.where(launched, self._new_level(item, []), 0.0)
        return np.asarray(self._forecast[item] * self._fade(item), dtype=np.float64)

    def _new_level(self, item: int, seen: list[int]) -> NDArray[np.float64]:
        """Demand of a new item had it been launched long ago: its like item's, or its own forecast without one."""
        name = self._like[item]
        own: NDArray[np.float64] = self._forecast[item]
        if name in ("", None) or (isinstance(name, float) and np.isnan(name)):
            self._note(
                item, "new_item_has_like_item", "Like item", "is New without a Like item: its own history counts."
            )
            return own
        like = self._position.get(name)
        if like is None or like == item or like in seen:
            text = f"has the Like item {name}, which is not another item that sells: its own history counts."
            self._note(item, "like_item_is_another_item", "Like item", text)
            return own
        has_like_item = self._status[like] == "New" and self._like[like] not in ("", None)
        level = self._new_level(like, [*seen, item]) if has_like_item else self._forecast[like]
        if not level.any():
            level = self._last_year[like]
        return np.asarray(level * float(self._scale[item]), dtype=np.float64)

    def _fade(self, item: int) -> NDArray[np.float64]:
        """Share of its forecast that a phase-out item still sells, per period."""
        end = self._end[item]
        if pd.isna(end):
            self._note(item, "phase_out_has_end", "End", "is Phase-out without End: it is planned like an active item.")
            return np.ones(len(self._periods))
        # Periods from each one to the one of End: 0 in the period of End, negative after it.
        bucket = calendar.MONTH if bool((self._periods.day == 1).all()) else calendar.WEEK
        last = calendar.first_day(end, bucket)
        left = np.array([calendar.periods_between(period, last, bucket) for period in self._periods])
        return np.clip((left + 1) / (FADE_PERIODS + 1), 0.0, 1.0)

    def _note(self, item: int, rule: str, column: str, text: str) -> None:
        finding = Finding("Info", "tblItems", _row(self._rows[item]), column, rule, f"{self._names[item]} {text}")
        if finding not in self.findings:
            self.findings.append(finding)


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


def _row(label: object) -> int | None:
    """The index of a frame is the row on its sheet."""
    return int(label) if isinstance(label, int | np.integer) else None


def _event_finding(label: object, event: dict, rule: str, column: str, text: str) -> Finding:
    name = _named(event, "Event") or "Event"
    return Finding("Info", "tblEvents", _row(label), column, rule, f"{name}: {text}")


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


def _column(items: pd.DataFrame, name: str, default: object) -> NDArray:
    return items[name].to_numpy() if name in items.columns else np.full(len(items), default, dtype=object)


def _item_matrix(
    frame: pd.DataFrame, column: str, items: pd.DataFrame, periods: pd.DatetimeIndex
) -> NDArray[np.float64]:
    """Items x periods, regions added up, 0 where nothing is given."""
    matrix = np.zeros((len(items), len(periods)))
    columns = periods.get_indexer(pd.DatetimeIndex(frame["Period"]))
    inside = columns >= 0
    quantity = np.nan_to_num(frame[column].to_numpy(dtype=np.float64, na_value=np.nan))
    np.add.at(matrix, (item_positions(frame["Item"], items)[inside], columns[inside]), quantity[inside])
    return matrix


def _last_year_matrix(
    history: pd.DataFrame | None, items: pd.DataFrame, periods: pd.DatetimeIndex
) -> NDArray[np.float64]:
    """Items x periods: the latest known sales of the same period of the year, never negative."""
    if history is None or history.empty:
        return np.zeros((len(items), len(periods)))
    source = pd.DatetimeIndex(_year_before_all(periods, history["Period"].max()))
    unique = source.unique()
    matrix = _item_matrix(history, "Quantity", items, unique)[:, unique.get_indexer(source)]
    return np.maximum(matrix, 0.0)


def _year_before_all(periods: Iterable[pd.Timestamp], latest: pd.Timestamp) -> list[pd.Timestamp]:
    """The same period of the latest year that lies in the past (not after `latest`), at least one year back."""
    planned = pd.DatetimeIndex(list(periods))
    bucket = calendar.MONTH if bool((planned.day == 1).all()) else calendar.WEEK
    found = []
    for period in planned:
        before = calendar.year_before(period, bucket)
        while not pd.isna(latest) and before > latest:
            before = calendar.year_before(before, bucket)
        found.append(before)
    return found


def _grid_frame(families: list, periods: pd.DatetimeIndex, measure: str, values: NDArray[np.float64]) -> pd.DataFrame:
    """Family, Period, measure: one row per family and period."""
    names = np.empty(len(families), dtype=object)
    names[:] = families
    return pd.DataFrame(
        {
            "Family": np.repeat(names, len(periods)),
            "Period": np.tile(periods.to_numpy(), len(families)),
            measure: values.ravel(),
        }
    )
