"""What past events did to demand: learned from the history of region, item and family, and taken out of it again.

A statistical forecast must not take last year's promotion for demand that comes back by itself, and a coming promotion
should do what past ones did. So each past event of tblEvents gets an uplift from the sales of all it concerned
(`event_model`), each item in it a share of its own, both shrunken where the data are thin; the sales are divided by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.planning.event_model import Lift, event_lift
from sop_addin.planning.event_scope import Event, SeriesIndex, figure, live_periods, stem, text
from sop_addin.planning.families import item_positions, units_per_family_unit

Floats = NDArray[np.float64]

CANNIBALISATION = "Cannibalisation %"
WINDOW = 12  # quiet periods around an event in which the usual share of an item is measured
STOPPED = 0.5  # below this share of the usual sales a period says nothing about demand: it counts as unknown
ELASTICITY_SD, FAMILY_SD = 3.0, 1.0  # how far price elasticities lie from 0, and those of families from each other
EVENT_TO_EVENT = 0.1  # how far the log uplifts of one kind of event differ from time to time


@dataclass(frozen=True)
class PastEvent:
    """One past event as learned. ``logs``: log uplift of each of ``series`` (row numbers), shrunken."""

    row: object
    event: Event
    series: NDArray[np.intp]
    log: float
    error: float
    data_log: float
    data_error: float
    logs: Floats
    live: NDArray[np.bool_]
    effect: float
    """Sales that it brought over its periods, family units."""
    families: frozenset[str]

    @property
    def price_log(self) -> float:
        """log of 1 + Price change %, 0 without one."""
        return float(np.log1p(max(figure(self.event, "Price change %"), -0.99)))


@dataclass(frozen=True)
class EventHistory:
    """``base``: the history without its events (Item, Region, Period, Quantity; periods that an event stopped have no
    row). ``series``: Item, Region, Family of the series that `PastEvent.series` counts. ``elasticity``: price
    elasticity of each family that has past price events, and '' for all of them: (value, standard error)."""

    base: pd.DataFrame
    series: pd.DataFrame
    past: tuple[PastEvent, ...] = ()
    elasticity: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, list[PastEvent]]:
        """Past events by name, the year left out."""
        found: dict[str, list[PastEvent]] = {}
        for one in self.past:
            found.setdefault(stem(one.event), []).append(one)
        return found


def learn_from_events(
    events: pd.DataFrame, history: pd.DataFrame, items: pd.DataFrame, season_length: int
) -> EventHistory:
    """Uplift of every past event, and the history without them.

    events: tblEvents. A figure there (Uplift %, Uplift units) is what was expected of the event; the sales correct it.
        Without figures the uplift comes from the sales alone. A Probability of 0 means that it did not take place.
    history: Item, Region, Period, Quantity in item units. items: Item, Family, (Units per family unit).
    """
    series = history[["Item", "Region"]].drop_duplicates().reset_index(drop=True)
    positions = item_positions(series["Item"], items)
    series["Family"] = items["Family"].to_numpy(dtype=object)[positions]
    periods = pd.DatetimeIndex(np.unique(history["Period"].to_numpy(dtype="datetime64[ns]")))
    candidates = [
        (row, event, live)
        for row, event in zip(events.index, events.to_dict("records"), strict=True)
        if (live := live_periods(event, periods)).any() and figure(event, "Probability", 1.0) > 0
    ] if len(series) else []  # fmt: skip
    if not candidates:
        return EventHistory(history, series)
    factors = units_per_family_unit(items)[positions]
    quantities = _matrix(history, series, periods) / factors[:, None]
    index = SeriesIndex(series)
    scopes = [index.concerned(event) for _, event, _ in candidates]
    lives = np.array([live for *_, live in candidates])
    events_only = [event for _, event, _ in candidates]
    lifts, logs = _lifts(events_only, quantities, scopes, lives, season_length, factors)
    base = _without_events(events_only, index, quantities, scopes, lives, logs)
    family = series["Family"].to_numpy(dtype=object)
    past = tuple(
        PastEvent(
            row, event, scope, float(lift.log[0]), float(lift.error[0]), float(lift.data_log[0]),
            float(lift.data_error[0]), log, live, float(np.expm1(lift.log[0]) * lift.expected[live].sum()),
            frozenset(family[scope]),
        )
        for (row, event, live), scope, lift, log in zip(candidates, scopes, lifts, logs, strict=True)
        if len(scope)
    )  # fmt: skip
    return EventHistory(_long(base * factors[:, None], series, periods), series, past, _elasticities(past, series))


def _matrix(history: pd.DataFrame, series: pd.DataFrame, periods: pd.DatetimeIndex) -> Floats:
    matrix = np.full((len(series), len(periods)), np.nan)
    rows = pd.MultiIndex.from_frame(series[["Item", "Region"]]).get_indexer(
        pd.MultiIndex.from_frame(history[["Item", "Region"]])
    )
    matrix[rows, periods.get_indexer(pd.DatetimeIndex(history["Period"]))] = history["Quantity"].to_numpy(dtype=float)
    return matrix


def _long(matrix: Floats, series: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.DataFrame:
    rows, columns = np.nonzero(~np.isnan(matrix))
    return pd.DataFrame(
        {
            "Item": series["Item"].to_numpy()[rows],
            "Region": series["Region"].to_numpy()[rows],
            "Period": periods.to_numpy()[columns],
            "Quantity": matrix[rows, columns],
        }
    )


def _lifts(
    events: Sequence[Event],
    quantities: Floats,
    scopes: Sequence[NDArray[np.intp]],
    lives: NDArray[np.bool_],
    season_length: int,
    factors: Floats,
) -> tuple[list[Lift], list[Floats]]:
    """The lift of each event in the sales of its whole scope, and the log uplift of each series in it.

    Wide events come first, from the series that no narrower event disturbs; then what they did is taken out of the
    sales in which narrower ones are looked for. So a promotion of one item during one of its family is told apart.
    """
    size = [len(scope) for scope in scopes]
    lifts: dict[int, Lift] = {}
    logs: dict[int, Floats] = {}
    left = quantities.copy()  # sales without the wider events
    for width in sorted(set(size), reverse=True):
        here = [number for number in range(len(events)) if size[number] == width]
        narrower = _touched(quantities.shape, scopes, lives, [n for n in range(len(events)) if size[n] < width])
        everything = _touched(quantities.shape, scopes, lives, [n for n in range(len(events)) if size[n] <= width])
        of_series: dict[int, list[int]] = {}
        for number in here:
            for one in scopes[number].tolist():
                of_series.setdefault(one, []).append(number)
        for number in here:
            scope, live = scopes[number], lives[number]
            if width == 0:
                lifts[number] = event_lift(np.full(quantities.shape[1], np.nan), lives[[number]], season_length)
                logs[number] = np.zeros(0)
                continue
            together = {other for one in scope.tolist() for other in of_series[one]}
            order = [number, *sorted(together - {number})]
            sales = _added_up(left[scope], narrower[scope], everything[scope])
            lifts[number] = _lift(events, order, sales, lives, season_length, factors[scope[0]])
            logs[number] = _item_logs(
                np.where(narrower[scope], np.nan, left[scope]), everything[scope], live, lifts[number].log[0]
            )
        for number in here:
            at = np.flatnonzero(lives[number])
            stopped = np.where(logs[number] < np.log(STOPPED), np.nan, logs[number])
            left[np.ix_(scopes[number], at)] /= np.exp(stopped)[:, None]
    return [lifts[number] for number in range(len(events))], [logs[number] for number in range(len(events))]


def _lift(
    events: Sequence[Event],
    order: Sequence[int],
    sales: Floats,
    lives: NDArray[np.bool_],
    season_length: int,
    factor: float,
) -> Lift:
    """The lift of the first of the events in ``order``; what was planned is its prior, also where that is in units."""
    probability = np.array([figure(events[n], "Probability", 1.0) for n in order])
    planned = np.array([figure(events[n], "Uplift %") for n in order]) * probability
    prior = np.log1p(np.maximum(planned, -0.9))
    lift = event_lift(sales, lives[order], season_length, prior)
    event, live = events[order[0]], lives[order[0]]
    units = figure(event, "Uplift units") * probability[0]
    usual = float(lift.expected[live].mean())
    if planned[0] == 0 and units != 0 and usual > 0:
        in_family_units = units / (factor if text(event, "Item") else 1.0)
        prior[0] = np.log1p(max(in_family_units / usual, -0.9))
        lift = event_lift(sales, lives[order], season_length, prior)
    return lift


def _touched(
    shape: tuple[int, ...], scopes: Sequence[NDArray[np.intp]], lives: NDArray[np.bool_], numbers: Sequence[int]
) -> NDArray[np.bool_]:
    """Series x periods that one of these events concerns."""
    touched = np.zeros(shape, dtype=bool)
    for number in numbers:
        touched[np.ix_(scopes[number], np.flatnonzero(lives[number]))] = True
    return touched


def _added_up(quantities: Floats, narrower: NDArray[np.bool_], touched: NDArray[np.bool_]) -> Floats:
    """Sales of several series together; where some are unknown, as if they had sold their usual share of the rest.

    narrower: where an event of a part of them was on: as good as unknown, as long as others are left.
    """
    known = ~np.isnan(quantities)
    known = np.where((known & ~narrower).any(axis=0), known & ~narrower, known)
    quiet = known & ~touched
    quiet = np.where(quiet.any(axis=1, keepdims=True), quiet, known)
    usual = np.where(quiet, quantities, 0.0).sum(axis=1) / np.maximum(quiet.sum(axis=1), 1)
    usual = np.maximum(usual, 1e-12)
    covered = (known * usual[:, None]).sum(axis=0)
    total = np.where(known, quantities, 0.0).sum(axis=0)
    return np.asarray(np.where(covered > 0, total * usual.sum() / np.where(covered > 0, covered, 1.0), np.nan))


def _item_logs(sales: Floats, disturbed: NDArray[np.bool_], live: NDArray[np.bool_], log: float) -> Floats:
    """Log uplift of each series of the scope: that of the scope, and what its share of the sales gained.

    The gain is shrunken by empirical Bayes: by how much the shares differ more than their noise explains. Shares are
    measured against the series of the scope that are known throughout the window.
    """
    result = np.full(len(sales), log)
    if len(sales) < 3 or log < np.log(STOPPED):
        return result
    at = np.flatnonzero(live)
    first, last = at[0], at[-1]
    near = np.arange(max(0, first - WINDOW // 2), min(len(live), last + 1 + WINDOW // 2))
    near = near[~live[near]]
    near = near[~disturbed[:, near].any(axis=0)]
    if len(near) < 3:
        return result
    usable = ~np.isnan(sales[:, near]).any(axis=1) & ~np.isnan(sales[:, at]).any(axis=1)
    usable &= (sales[:, near].sum(axis=1) > 0) & (sales[:, at].sum(axis=1) > 0)
    if usable.sum() < 3:
        return result
    before = sales[usable][:, near]
    shares = before / before.sum(axis=0)
    usual = shares.mean(axis=1)
    during = sales[usable][:, at].sum(axis=1) / sales[usable][:, at].sum()
    gain = np.log(during / usual)
    noise = (shares.std(axis=1, ddof=1) / usual) ** 2 * (1 / len(at) + 1 / len(near))
    between = max(0.0, float(np.mean(gain**2 - noise)))
    own = gain * between / (between + noise) if between > 0 else np.zeros_like(gain)
    own -= np.log(float(np.sum(usual * np.exp(own))))  # together they still have the uplift of the scope
    result[usable] += own
    return result


def _without_events(
    events: Sequence[Event],
    index: SeriesIndex,
    quantities: Floats,
    scopes: Sequence[NDArray[np.intp]],
    lives: NDArray[np.bool_],
    logs: Sequence[Floats],
) -> Floats:
    """Sales as they would have been: divided by the uplifts, and what was taken from others given back to them."""
    total = np.zeros(quantities.shape)
    for scope, live, log in zip(scopes, lives, logs, strict=True):
        total[np.ix_(scope, np.flatnonzero(live))] += log[:, None]
    factor = np.exp(total)
    base = np.where(quantities > 0, quantities / np.maximum(factor, STOPPED), quantities)
    base[factor < STOPPED] = np.nan
    for event, scope, live, log in zip(events, scopes, lives, logs, strict=True):
        share, others = figure(event, CANNIBALISATION), index.same_family(event)
        if share <= 0 or not len(others) or not len(scope):
            continue
        at = np.flatnonzero(live)
        brought = (np.nan_to_num(base[np.ix_(scope, at)]) * np.expm1(log)[:, None]).sum(axis=0)
        sold = np.nan_to_num(base[np.ix_(others, at)]).clip(min=0.0)
        together = sold.sum(axis=0)
        base[np.ix_(others, at)] *= 1.0 + np.where(together > 0, share * brought / np.maximum(together, 1e-12), 0.0)
    return base


def _elasticities(past: Sequence[PastEvent], series: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Price elasticity by family and, under '', of all: log uplift / log price factor, from what the data alone say.

    Normal priors: all together around 0, the families around all. Prices that fell and brought nothing count 0.
    """
    priced = [one for one in past if one.price_log != 0 and np.isfinite(one.data_error)]
    if not priced:
        return {}
    family_of = [str(series["Family"].iloc[one.series[0]]) for one in priced]

    def pooled(rows: Sequence[PastEvent], mean: float, deviation: float) -> tuple[float, float]:
        weight, weighted = deviation**-2, mean * deviation**-2
        for one in rows:
            precision = one.price_log**2 / (one.data_error**2 + EVENT_TO_EVENT**2)
            weight += precision
            weighted += precision * one.data_log / one.price_log
        return min(weighted / weight, 0.0), float(weight**-0.5)

    overall = pooled(priced, 0.0, ELASTICITY_SD)
    result = {"": overall}
    for family in dict.fromkeys(family_of):
        rows = [one for one, name in zip(priced, family_of, strict=True) if name == family]
        result[family] = pooled(rows, overall[0], FAMILY_SD)
    return result
