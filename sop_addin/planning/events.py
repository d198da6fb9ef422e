"""Effect of coming events on demand: as typed, or as past events of the same kind and past prices let expect.

Everything is computed by item and region, so that items add up to their family and an item's promotion shows in the
item plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model.findings import Finding, Findings
from sop_addin.planning.event_history import CANNIBALISATION, EVENT_TO_EVENT, EventHistory, PastEvent
from sop_addin.planning.event_scope import Event, SeriesIndex, figure, live_periods, stem, text
from sop_addin.planning.families import item_positions, units_per_family_unit
from sop_addin.planning.portfolio import grid_frame, sheet_row

Floats = NDArray[np.float64]

EVENTS = "Events"
EFFECT_COLUMNS = (
    "Event", "Family", "Item", "Region", "From", "To", "When", "Planned uplift %", "Learned uplift %", "Low %",
    "High %", "Effect", "Basis",
)  # fmt: skip
PAST, COMING = "Past", "Coming"
LOW_HIGH = 1.2816  # standard errors on both sides of an 80 % interval

NOTHING_ALIKE = (
    "neither Uplift % nor Uplift units are given and no past event of that name or price tells what to expect, so it "
    "changes no volume; enter the uplift you expect."
)
NO_BASELINE = "there is no forecast of what it names, so it has no effect; check Family, Item and Region."
NO_FAMILY = "Uplift units need a Family or an Item, so they have no effect; name one."
NOT_SHARED = f"{CANNIBALISATION} needs an Item: what an event of a whole family sells is not taken from its own items."


@dataclass(frozen=True)
class EventEffects:
    """``items``: Item, Region, Period, Events in item units, where not 0. ``families``: Family, Period, Events in
    family units, every family and period. ``effects``: columns of tblEventEffects. ``findings``: what has no effect,
    and why."""

    items: pd.DataFrame
    families: pd.DataFrame
    effects: pd.DataFrame
    findings: Findings


@dataclass(frozen=True)
class _Expected:
    """Log uplift of each series of a coming event (None: not by the data), where it comes from, and its error."""

    logs: Floats | None
    log: float
    error: float
    basis: str


def event_effects(
    events: pd.DataFrame,
    baseline: pd.DataFrame,
    items: pd.DataFrame,
    periods: Sequence[pd.Timestamp],
    learned: EventHistory | None = None,
) -> EventEffects:
    """Effect of events on the demand of the planned periods.

    events: tblEvents. From and To are inclusive; a blank To means one period, a blank Probability 1. Family, Item and
        Region narrow an event down; with none of them it concerns everything.
    baseline: Item, (Region), Period, Forecast in item units: the demand without events, launches and phase-outs
        included; rows of one item, region and period add up.
    items: Item, Family, (Units per family unit), (Status). learned: what past events did.

    Effect = (Uplift % x baseline + Uplift units) x Probability. Uplift units are units of the item where the event
    names one, else of the family, per period; they are shared out by the baseline. Several events on one period add
    up. An event with neither does what past events of its name did (the year in a name does not count), adjusted for
    another price by the price elasticity; without such a past the elasticity alone answers for its Price change %.
    Cannibalisation % of what an item's event brings is lost by the other items of its family, by their baseline.
    """
    planned = pd.DatetimeIndex(list(periods))
    series, base = _baseline(baseline, items, planned)
    index, sells = SeriesIndex(series), series["Sells"].to_numpy(dtype=bool)
    units_of = series["Units"].to_numpy(dtype=np.float64)
    families = list(pd.unique(items["Family"]))
    past_rows = _rows_in_the_past(series, learned)
    effect = np.zeros(base.shape)
    extra = np.zeros((len(families), len(planned)))  # of families without items to carry it
    findings: list[Finding] = []
    rows: list[dict[str, object]] = []
    for row, event in zip(events.index, events.to_dict("records"), strict=True):
        live = live_periods(event, planned)
        if not live.any() or len(planned) == 0:
            continue
        scope = index.concerned(event)
        scope = scope[sells[scope]]
        units, probability = figure(event, "Uplift units"), figure(event, "Probability", 1.0)
        expected = _expected(event, series["Family"].to_numpy()[scope], past_rows[scope], learned)
        own = np.zeros((len(scope), len(planned)))
        if expected.logs is not None:
            own += base[scope] * live * np.expm1(expected.logs)[:, None] * probability
            if not (base[scope] * live).any():
                findings.append(_finding(row, event, "event_has_baseline", "Uplift %", NO_BASELINE))
        if units != 0:
            if not text(event, "Item") and not text(event, "Family"):
                findings.append(_finding(row, event, "event_units_have_family", "Uplift units", NO_FAMILY))
            elif len(scope):
                factor = float(units_of[scope[0]]) if text(event, "Item") else 1.0
                own += _shares(base[scope]) * live * units * probability / factor
            elif text(event, "Family") in families and not text(event, "Item"):
                extra[families.index(text(event, "Family")), live] += units * probability
            else:
                findings.append(_finding(row, event, "event_has_baseline", "Uplift units", NO_BASELINE))
        elif expected.logs is None:
            findings.append(_finding(row, event, "event_uplift_known", "Uplift %", NOTHING_ALIKE))
        effect[scope] += own
        brought = float(own.sum())
        if figure(event, CANNIBALISATION) != 0:
            if text(event, "Item"):
                others = index.same_family(event)
                others = others[sells[others]]
                lost = _lost(base[others], own.sum(axis=0) * figure(event, CANNIBALISATION))
                effect[others] -= lost
                brought -= float(lost.sum())
            else:
                findings.append(_finding(row, event, "cannibalisation_has_item", CANNIBALISATION, NOT_SHARED))
        rows.append(_row(event, COMING, expected.log, expected.error, brought, expected.basis or "not known"))
    past = [_past_row(one) for one in learned.past] if learned else []
    table = pd.DataFrame([*past, *rows], columns=list(EFFECT_COLUMNS))
    position = pd.Index(families).get_indexer(pd.Index(series["Family"]))
    np.add.at(extra, position, effect)
    at, when = np.nonzero(effect)
    by_item = pd.DataFrame(
        {
            "Item": series["Item"].to_numpy()[at],
            "Region": series["Region"].to_numpy()[at],
            "Period": planned.to_numpy()[when],
            EVENTS: (effect * units_of[:, None])[at, when],
        }
    )
    return EventEffects(by_item, grid_frame(families, planned, EVENTS, extra), table, Findings.of(findings))


def _baseline(baseline: pd.DataFrame, items: pd.DataFrame, periods: pd.DatetimeIndex) -> tuple[pd.DataFrame, Floats]:
    """Item, Region, Family, Units, Sells of every series (an item without any has one, region ''); series x periods in
    family units."""
    frame = baseline[baseline["Period"].isin(periods)]
    region = frame["Region"].fillna("").to_numpy() if "Region" in frame.columns else np.full(len(frame), "")
    known = pd.DataFrame({"Item": frame["Item"].to_numpy(), "Region": region})
    silent = items.loc[~items["Item"].isin(set(frame["Item"])), "Item"]
    everything = pd.concat([known.drop_duplicates(), pd.DataFrame({"Item": silent, "Region": ""})], ignore_index=True)
    positions = item_positions(everything["Item"], items)
    everything["Family"] = items["Family"].to_numpy(dtype=object)[positions]
    everything["Units"] = units_per_family_unit(items)[positions]
    status = items["Status"].to_numpy() if "Status" in items.columns else np.full(len(items), "Active")
    everything["Sells"] = (status != "Discontinued")[positions]
    quantity = np.zeros((len(everything), len(periods)))
    at = pd.MultiIndex.from_frame(everything[["Item", "Region"]]).get_indexer(pd.MultiIndex.from_frame(known))
    values = np.nan_to_num(frame["Forecast"].to_numpy(dtype=float, na_value=np.nan))
    np.add.at(quantity, (at, periods.get_indexer(pd.DatetimeIndex(frame["Period"]))), values)
    return everything, np.maximum(quantity, 0.0) / everything["Units"].to_numpy(dtype=float)[:, None]


def _shares(base: Floats) -> Floats:
    """Shares of each period's total; where a period has none those of the whole horizon, else equal ones."""
    over_all = base.sum(axis=1, keepdims=True) if base.any() else np.ones((len(base), 1))
    weights = np.where(base.sum(axis=0) > 0, base, over_all)
    return np.asarray(weights / weights.sum(axis=0), dtype=np.float64)


def _lost(base: Floats, quantity: Floats) -> Floats:
    """`quantity` (periods) as lost by series that would sell `base`, by what they sell; never more than that."""
    together = base.sum(axis=0)
    share = np.minimum(quantity, together) / np.where(together > 0, together, 1.0)
    return np.asarray(base * share, dtype=np.float64)


def _rows_in_the_past(series: pd.DataFrame, learned: EventHistory | None) -> NDArray[np.intp]:
    """Row of each series in `learned.series`, -1 where it has no past."""
    if learned is None:
        return np.full(len(series), -1)
    known = pd.MultiIndex.from_frame(learned.series[["Item", "Region"]])
    return np.asarray(known.get_indexer(pd.MultiIndex.from_frame(series[["Item", "Region"]])))


def _expected(event: Event, family: NDArray, past_rows: NDArray[np.intp], learned: EventHistory | None) -> _Expected:
    """What the event does to each of its series in %: typed, else learned; nothing where units are typed instead."""
    likeness = _from_past(event, family, past_rows, learned) if learned else _Expected(None, np.nan, np.nan, "")
    if pd.isna(event.get("Uplift %")) and figure(event, "Uplift units") == 0:
        return likeness
    logs = None
    if not pd.isna(event.get("Uplift %")):
        logs = np.full(len(family), np.log1p(max(figure(event, "Uplift %"), -0.999999)))
    return _Expected(logs, likeness.log, likeness.error, "as typed")  # what the past says is shown beside it


def _from_past(event: Event, family: NDArray, past_rows: NDArray[np.intp], learned: EventHistory) -> _Expected:
    price = float(np.log1p(max(figure(event, "Price change %"), -0.99)))
    named = str(family[0]) if len(family) and (family == family[0]).all() else ""
    elasticity, doubt = learned.elasticity.get(named, learned.elasticity.get("", (0.0, np.inf)))
    alike = [one for one in learned.by_name.get(stem(event), []) if not len(family) or one.families & set(family)]
    if alike:
        weights = np.array([1.0 / (one.error**2 + EVENT_TO_EVENT**2) for one in alike])
        weights /= weights.sum()
        shift = np.array([elasticity * (price - one.price_log) if one.price_log and price else 0.0 for one in alike])
        log = float(weights @ (np.array([one.log for one in alike]) + shift))
        error = float(np.sqrt(weights @ np.array([one.error**2 for one in alike]) / len(alike)))
        logs = np.zeros(len(family))
        for weight, one, moved in zip(weights, alike, shift, strict=True):
            known = np.full(len(learned.series) + 1, one.log)  # the last one stands for series without a past
            known[one.series] = one.logs
            logs += weight * (known[past_rows] + moved)
        times = "once" if len(alike) == 1 else f"{len(alike)} times"
        return _Expected(logs, log, error, f"seen {times} in the past")
    if price != 0 and learned.elasticity:
        log = elasticity * price
        where = f"in {named}" if named and named in learned.elasticity else "in past events"
        basis = f"price elasticity {elasticity:.1f} {where}"
        return _Expected(np.full(len(family), log), log, doubt * abs(price), basis)
    return _Expected(None, np.nan, np.nan, "")


def _past_row(one: PastEvent) -> dict[str, object]:
    return _row(one.event, PAST, one.log, one.error, one.effect, "from the history, taken out of it")


def _row(event: Event, when: str, log: float, error: float, effect: float, basis: str) -> dict[str, object]:
    planned = event.get("Uplift %")
    first, last = pd.Timestamp(event["From"]), event.get("To")
    return {
        "Event": text(event, "Event"),
        "Family": text(event, "Family"),
        "Item": text(event, "Item"),
        "Region": text(event, "Region"),
        "From": first,
        "To": first if pd.isna(last) else pd.Timestamp(last),
        "When": when,
        "Planned uplift %": np.nan if planned is None or pd.isna(planned) else float(planned),
        "Learned uplift %": round(float(np.expm1(log)), 4),
        "Low %": round(float(np.expm1(log - LOW_HIGH * error)), 4),
        "High %": round(float(np.expm1(log + LOW_HIGH * error)), 4),
        "Effect": round(effect, 3),
        "Basis": basis,
    }


def _finding(label: object, event: Event, rule: str, column: str, message: str) -> Finding:
    name = text(event, "Event") or "Event"
    return Finding("Info", "tblEvents", sheet_row(label), column, rule, f"{name}: {message}")
