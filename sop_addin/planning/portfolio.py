"""Items that come and go: what new, phased-out and discontinued items change in the statistical forecast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model import calendar
from sop_addin.model.findings import Finding, Findings
from sop_addin.planning.families import aggregate_to_family, item_positions, next_starts

NEW_AND_PHASE_OUT = "New and phase-out"
FADE_PERIODS = 3  # periods over which an item that is phased out runs down: 75 %, 50 %, 25 % in the period of its End
SEASON_OF_OWN = 12  # periods of sales after which an item needs no like item any more
RAMP_PRIOR = 3.0  # periods of sales as planned that a new item's first sales are weighed against


class Adjustment(NamedTuple):
    """A measure and what there is to say about it."""

    values: pd.DataFrame
    findings: Findings


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
    return Adjustment(grid_frame(families, planned, NEW_AND_PHASE_OUT, values), adjustment.findings)


def item_adjustments(
    items: pd.DataFrame,
    item_forecast: pd.DataFrame,
    periods: Sequence[pd.Timestamp],
    history: pd.DataFrame | None = None,
) -> Adjustment:
    """What has to be added to each item's statistical forecast because the item comes or goes.

    items: Item, Family, (Units per family unit), (Status), (Launch), (End), (Like item), (Like scale), (Opening stock).
    item_forecast: Item, (Region), Period, Forecast in item units. history: Item, (Region), Period, Quantity in item
        units; tells a new item's first sales, and stands in for the forecast of a like item that has none (it was
        discontinued).

    The item's demand becomes
    - New with a Like item: the like item's forecast (before its own phase-out) x Like scale from the period of Launch
      on, nothing before it. A blank Launch means from now on. First sales of its own correct the scale: they are
      weighed against three periods as planned, the latest most. Its own statistical forecast, drawn from few sales,
      is replaced and not added to.
    - New without a Like item: its own forecast from Launch on.
    - Phase-out: its forecast, running down in equal steps over the last 3 periods up to the one of End (75, 50, 25 %),
      then nothing: planners expect a fade, not a cliff. Without End its opening stock runs out: it sells until that is
      gone. With neither it stays as it is and a finding says so.
    - Phase-out with a successor (a New item whose Like item it is): it sells in full until the successor's Launch and
      hands over in equal steps until its End; what it no longer sells its successor does, so the two never overlap.
    - Discontinued: nothing.
    The adjustment is that demand minus the item's statistical forecast, so nothing is counted twice.

    Returns Item, Family, Period, New and phase-out in item units (items whose adjustment is not 0) and findings.
    """
    planned = pd.DatetimeIndex(list(periods))
    forecast = _item_matrix(item_forecast, "Forecast", items, planned)
    last_year = _last_year_matrix(history, items, planned)
    portfolio = _Portfolio(items, planned, forecast, last_year, history)
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


class _Portfolio:
    """Demand of items that come and go; `demand` follows chains of like items."""

    def __init__(
        self,
        items: pd.DataFrame,
        periods: pd.DatetimeIndex,
        forecast: NDArray[np.float64],
        last_year: NDArray[np.float64],
        history: pd.DataFrame | None,
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
        self._bucket = calendar.MONTH if bool((periods.day == 1).all()) else calendar.WEEK
        self._forecast = forecast
        self._last_year = last_year
        self._stock = pd.to_numeric(pd.Series(_column(items, "Opening stock", 0.0))).fillna(0.0).to_numpy(dtype=float)
        self._successors: dict[int, list[int]] = {}
        for item in np.flatnonzero(self._status == "New").tolist():
            old = self._position.get(self._like[item])
            if old is not None and old != item and self._status[old] == "Phase-out":
                self._successors.setdefault(old, []).append(item)
        self._sold = _sold(history, items, np.flatnonzero(self._status == "New").tolist(), self._like)

    def demand(self, item: int) -> NDArray[np.float64]:
        """Demand of one item per period, in its unit."""
        status = self._status[item]
        if status == "Discontinued":
            return np.zeros(len(self._periods))
        if status == "New":
            launched = np.asarray(self._ends > self._launch[item]) | bool(pd.isna(self._launch[item]))
            level = self._new_level(item, [])
            old = self._position.get(self._like[item], -1)
            if item in self._successors.get(old, []):
                level = level * (1.0 - self._still_sold(old)) if self._leaves(old) else level
            return np.where(launched, level, 0.0)
        return np.asarray(self._forecast[item] * self._still_sold(item), dtype=np.float64)

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
        return np.asarray(level * float(self._scale[item]) * self._first_sales(item, like), dtype=np.float64)

    def _first_sales(self, item: int, like: int) -> float:
        """What the item sold since its launch, as a multiple of what was planned; near 1 while there is little."""
        own, model = self._sold.get(item), self._sold.get(like)
        if own is None or model is None or not own.any():
            return 1.0
        since = int(np.flatnonzero(own)[0])
        planned = np.maximum(model[since:], 0.0) * float(self._scale[item])
        sold = np.maximum(own[since:], 0.0)
        told = planned > 0
        if not told.any():
            return 1.0
        if len(own) - since > SEASON_OF_OWN:
            text = f"has sold for {len(own) - since} periods; set it to Active, so that its own history counts."
            self._note(item, "new_item_has_history", "Status", text)
        weight = np.arange(1, len(planned) + 1) * told
        weight = weight / weight[told].mean()
        prior = RAMP_PRIOR * float(planned[told].mean())
        return float((weight @ sold + prior) / (weight @ planned + prior))

    def _leaves(self, item: int) -> bool:
        """Whether a phase-out item ever stops: it has an End, or a stock that runs out."""
        return not pd.isna(self._end[item]) or self._stock[item] > 0

    def _still_sold(self, item: int) -> NDArray[np.float64]:
        """Share of its forecast that a phase-out item still sells, per period."""
        end = self._end[item]
        if pd.isna(end):
            return self._run_out(item)
        # Periods from each one to the one of End: 0 in the period of End, negative after it.
        last = calendar.first_day(end, self._bucket)
        left = np.array([calendar.periods_between(period, last, self._bucket) for period in self._periods])
        steps = FADE_PERIODS
        if item in self._successors:
            launches = [self._launch[new] for new in self._successors[item]]
            known = [self._periods[0] if pd.isna(day) else calendar.first_day(day, self._bucket) for day in launches]
            steps = max(calendar.periods_between(min(known), last, self._bucket) + 1, 0)
        return np.where(left < 0, 0.0, np.clip((left + 1) / (steps + 1), 0.0, 1.0))

    def _run_out(self, item: int) -> NDArray[np.float64]:
        """The same of an item without End: what its opening stock allows."""
        stock, forecast = float(self._stock[item]), self._forecast[item]
        if stock <= 0:
            self._note(item, "phase_out_has_end", "End", "is Phase-out without End: it is planned like an active item.")
            return np.ones(len(self._periods))
        before = np.concatenate([[0.0], np.cumsum(forecast)[:-1]])
        sold = np.clip(stock - before, 0.0, forecast)
        return np.asarray(np.divide(sold, forecast, out=np.zeros_like(sold), where=forecast > 0))

    def _note(self, item: int, rule: str, column: str, text: str) -> None:
        finding = Finding("Info", "tblItems", sheet_row(self._rows[item]), column, rule, f"{self._names[item]} {text}")
        if finding not in self.findings:
            self.findings.append(finding)


def sheet_row(label: object) -> int | None:
    """The index of a frame is the row on its sheet."""
    return int(label) if isinstance(label, int | np.integer) else None


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


def _sold(
    history: pd.DataFrame | None, items: pd.DataFrame, new: list[int], like: NDArray
) -> dict[int, NDArray[np.float64]]:
    """Past sales, regions added up, of new items and their like items: item -> one value a period."""
    names = items["Item"].to_numpy()
    wanted = {*names[new], *(name for name in like[new] if isinstance(name, str))} - {""}
    if history is None or history.empty or not wanted:
        return {}
    past = pd.DatetimeIndex(np.unique(history["Period"].to_numpy(dtype="datetime64[ns]")))
    rows = history[history["Item"].isin(wanted)]
    part = items[items["Item"].isin(wanted)]
    matrix = _item_matrix(rows, "Quantity", part, past)
    at = np.flatnonzero(items["Item"].isin(wanted))
    return {int(item): matrix[row] for row, item in enumerate(at)}


def _last_year_matrix(
    history: pd.DataFrame | None, items: pd.DataFrame, periods: pd.DatetimeIndex
) -> NDArray[np.float64]:
    """Items x periods: the latest known sales of the same period of the year, never negative."""
    if history is None or history.empty:
        return np.zeros((len(items), len(periods)))
    source = pd.DatetimeIndex(same_period_before(periods, history["Period"].max()))
    unique = source.unique()
    matrix = _item_matrix(history, "Quantity", items, unique)[:, unique.get_indexer(source)]
    return np.maximum(matrix, 0.0)


def same_period_before(periods: Iterable[pd.Timestamp], latest: pd.Timestamp) -> list[pd.Timestamp]:
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


def grid_frame(families: list, periods: pd.DatetimeIndex, measure: str, values: NDArray[np.float64]) -> pd.DataFrame:
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
