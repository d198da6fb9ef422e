"""Demand of the sample company: trend, seasons, events, noise - and what went wrong in the records."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import fsum

import numpy as np
import pandas as pd

from .products import CATALOGUE, PRODUCTS, Product
from .shared import (
    CENTRAL,
    DISHWASHERS,
    FAMILY_NAMES,
    FRIDGES,
    HISTORY_MONTHS,
    NORDICS,
    OVENS,
    REGIONS,
    SMALL,
    SPARES,
    UK,
    WASHERS,
    Cell,
    day,
    frame,
    frame_of,
    label,
    planned,
    position_of,
)

SEED = 20270101
REFERENCE = 41.5  # the middle of 2026, when the levels of the products hold

GROWTH = {WASHERS: 0.03, DISHWASHERS: 0.05, FRIDGES: 0.04, OVENS: 0.02, SMALL: 0.06, SPARES: 0.01}
NOISE = {WASHERS: 0.06, DISHWASHERS: 0.06, FRIDGES: 0.07, OVENS: 0.07, SMALL: 0.09, SPARES: 0.12}

# January to December, each with mean 1
SEASON: dict[str, tuple[float, ...]] = {
    WASHERS: (0.88, 0.87, 0.92, 0.93, 0.93, 0.92, 0.90, 0.98, 1.17, 1.26, 1.22, 1.02),
    DISHWASHERS: (0.86, 0.91, 0.98, 1.00, 0.99, 0.94, 0.86, 0.92, 1.09, 1.23, 1.22, 1.00),
    FRIDGES: (0.78, 0.78, 0.86, 0.98, 1.14, 1.34, 1.38, 1.20, 0.96, 0.88, 0.86, 0.84),
    OVENS: (0.80, 0.82, 0.90, 0.92, 0.90, 0.86, 0.82, 0.90, 1.06, 1.24, 1.42, 1.36),
    SMALL: (0.74, 0.76, 0.84, 0.86, 0.90, 0.88, 0.82, 0.84, 0.98, 1.16, 1.68, 1.54),
    SPARES: (1.04, 1.00, 1.02, 0.98, 0.96, 0.98, 1.02, 1.00, 0.98, 1.02, 1.00, 1.00),
}

NORDICS_FROM = position_of("2025-03")
NORDICS_RAMP = (0.35, 0.50, 0.65, 0.75, 0.85, 0.95)  # its first months, as a share of the usual level
LAUNCH_RAMP = (0.50, 0.75)  # first months of a new item


@dataclass(frozen=True, slots=True)
class Event:
    """A past or coming event; ``known`` False: a note only, its effect is not a figure (a stock-out)."""

    name: str
    first: str
    last: str
    family: str = ""
    item: str = ""
    region: str = ""
    uplift: float | None = None
    units: float | None = None
    price: float | None = None
    taken: float | None = None
    """Share that the other items of the family lose."""
    probability: float = 1.0
    owner: str = ""
    note: str = ""


ELENA, TOM, INGRID, PAVEL = "Elena Marques", "Tom Whitfield", "Ingrid Solberg", "Pavel Dvorak"

EVENTS: tuple[Event, ...] = (
    Event("Fridge trade-in 2024", "2024-04", "2024-05", FRIDGES, region=CENTRAL, uplift=0.22, price=-0.06,
          owner=ELENA, note="Old appliance taken back."),
    Event("Air fryer on television", "2024-10", "2024-10", SMALL, item="SA-510", uplift=0.60, owner=TOM,
          note="Not repeated."),
    Event("Washer cashback 2025", "2025-10", "2025-11", WASHERS, region=CENTRAL, uplift=0.22, price=-0.07,
          owner=ELENA, note="50 EUR back on every Aria and Lina."),
    Event("Compressor shortage 2025", "2025-07", "2025-08", FRIDGES, item="RF-3400", owner=PAVEL,
          note="Stock-out: nothing to sell for two months; the zeros are not demand."),
    Event("Kitchen weeks 2026", "2026-03", "2026-04", DISHWASHERS, uplift=0.18, price=-0.05, owner=ELENA,
          note="With the kitchen studios."),
    Event("Espresso promotion 2026", "2026-05", "2026-05", SMALL, item="SA-320", uplift=0.45, price=-0.10, owner=TOM),
    Event("Washer cashback 2027", "2027-10", "2027-11", WASHERS, region=CENTRAL, uplift=0.18, price=-0.06,
          owner=ELENA, note="As in 2025, in the busiest months of Brno."),
    Event("Kitchen weeks 2027", "2027-03", "2027-04", DISHWASHERS, price=-0.05, owner=ELENA,
          note="Uplift left blank: whatever the Kitchen weeks of 2026 brought."),
    Event("Espresso promotion 2027", "2027-05", "2027-05", SMALL, item="SA-320", price=-0.12, taken=0.2, owner=TOM,
          note="A little cheaper than in 2026; some buyers will leave other machines."),
    Event("Price rise, refrigerators", "2027-04", "2028-06", FRIDGES, uplift=-0.02, price=0.03, owner=INGRID,
          note="New energy label; competitors follow."),
    Event("Housing tender, Nordics", "2027-09", "2027-11", OVENS, item="OV-6100", region=NORDICS, units=320,
          probability=0.6, owner=INGRID, note="600 flats; decision in April."),
    Event("Black Friday bundle 2027", "2027-11", "2027-11", SMALL, uplift=0.08, price=-0.08, owner=TOM,
          note="Additional to the usual November."),
)  # fmt: skip

# item, region, month -> what the records say instead of what was sold
STOCK_OUT = ("RF-3400", ("2025-07", "2025-08"))  # zeros; in the Nordics nobody keyed anything: blank
RETURNS: dict[tuple[str, str, str], float] = {
    ("SA-320", UK, "2025-01"): -46.0,
    ("SP-050", CENTRAL, "2025-09"): -6.0,
    ("SA-330", NORDICS, "2026-01"): -9.0,
}
GAPS: dict[tuple[str, str], tuple[str, ...]] = {
    ("DW-6100", UK): ("2024-08", "2024-09", "2024-10"),  # change of system
    ("SA-120", UK): ("2024-08", "2024-09", "2024-10"),
    ("OV-3300", CENTRAL): ("2023-11",),
}

OPENING_COVER = {WASHERS: 1.05, DISHWASHERS: 1.05, FRIDGES: 1.05, OVENS: 1.00, SMALL: 1.10, SPARES: 1.50}
SAFETY_COVER = {WASHERS: 0.30, DISHWASHERS: 0.30, FRIDGES: 0.35, OVENS: 0.35, SMALL: 0.45, SPARES: 0.80}


class Draws:
    """Random numbers from the raw stream of PCG64, which is the same in every version of numpy and on every machine."""

    def __init__(self, seed: int) -> None:
        self._stream = np.random.PCG64(seed)

    def uniform(self) -> float:
        """Evenly between 0 and 1."""
        return (int(self._stream.random_raw()) >> 11) * 2.0**-53

    def bell(self) -> float:
        """About normal, mean 0, standard deviation 1, never beyond 3.5: four uniform numbers added up."""
        return (self.uniform() + self.uniform() + self.uniform() + self.uniform() - 2.0) * 1.7320508


def expected(item: str, region: str, position: int, *, events: bool = False) -> float:
    """What an item usually sells in a region and month, in item units; without events unless asked for."""
    family, product = PRODUCTS[item]
    if not _on_sale(product, position):
        return 0.0
    if product.like and not any(product.levels):
        return expected_as_if(product.like, region, position) * product.scale * _ramp(product, position)
    usual = expected_as_if(item, region, position) * _ramp(product, position)
    if events:
        usual *= 1 + fsum(one.uplift or 0.0 for one in EVENTS if _touches(one, family, item, region, position))
    return usual


def expected_as_if(item: str, region: str, position: int) -> float:
    """Level x trend x season, whether or not the item is on sale then."""
    family, product = PRODUCTS[item]
    trend = 1 + (GROWTH[family] + product.growth) * (position - REFERENCE) / 12
    return (
        product.levels[REGIONS.index(region)] * trend * SEASON[family][position % 12] * _region_ramp(region, position)
    )


def expected_family(family: str, position: int, *, events: bool = False) -> float:
    """The same for a family, in family units."""
    total = 0.0
    for product in CATALOGUE[family]:
        for region in REGIONS:
            total += expected(product.item, region, position, events=events) / product.per_family_unit
    return total


def _on_sale(product: Product, position: int) -> bool:
    launched = not product.launch or position >= position_of(product.launch)
    return launched and (not product.end or position <= position_of(product.end))


def _ramp(product: Product, position: int) -> float:
    since = position - position_of(product.launch) if product.launch else len(LAUNCH_RAMP)
    return LAUNCH_RAMP[since] if since < len(LAUNCH_RAMP) else 1.0


def _region_ramp(region: str, position: int) -> float:
    since = position - NORDICS_FROM
    if region != NORDICS or since >= len(NORDICS_RAMP):
        return 1.0
    return NORDICS_RAMP[since] if since >= 0 else 0.0


def _touches(event: Event, family: str, item: str, region: str, position: int) -> bool:
    return (
        position_of(event.first) <= position <= position_of(event.last)
        and event.family in ("", family)
        and event.item in ("", item)
        and event.region in ("", region)
    )


@cache
def _sold() -> dict[tuple[str, str], tuple[float | None, ...]]:
    """History by item and region: None = not sold yet or unknown."""
    draws = Draws(SEED)
    mood = {family: [1 + 0.015 * draws.bell() for _ in range(HISTORY_MONTHS)] for family in FAMILY_NAMES}
    sold: dict[tuple[str, str], tuple[float | None, ...]] = {}
    for item, (family, product) in PRODUCTS.items():
        for region in REGIONS:
            values = [
                _sale(item, region, position, draws, mood[family][position]) for position in range(HISTORY_MONTHS)
            ]
            if product.levels[REGIONS.index(region)]:
                sold[item, region] = _as_recorded(item, region, values)
    return sold


def _sale(item: str, region: str, position: int, draws: Draws, mood: float) -> float | None:
    """Sale of one month, rounded to whole units; always the same number of draws."""
    family, product = PRODUCTS[item]
    usual = expected(item, region, position, events=True)
    noise, luck, size = draws.bell(), draws.uniform(), draws.uniform()
    if not _on_sale(product, position) or (region == NORDICS and position < NORDICS_FROM):
        return None
    if product.chance < 1:
        return float(round(usual / product.chance * (0.5 + size))) if luck < product.chance else 0.0
    return float(max(0, round(usual * mood * (1 + NOISE[family] * noise))))


def _as_recorded(item: str, region: str, values: list[float | None]) -> tuple[float | None, ...]:
    """The same with stock-out, returns and gaps."""
    out_of_stock, months = STOCK_OUT
    if item == out_of_stock:
        for text in months:
            values[position_of(text)] = None if region == NORDICS else 0.0
    for (returned, where, text), quantity in RETURNS.items():
        if (returned, where) == (item, region):
            values[position_of(text)] = quantity
    for text in GAPS.get((item, region), ()):
        values[position_of(text)] = None
    return tuple(values)


def history_table() -> pd.DataFrame:
    """tblHistory: Item, Region, then one column a month, oldest first."""
    labels = [label(position) for position in range(HISTORY_MONTHS)]
    rows: list[dict[str, Cell]] = []
    for (item, region), values in _sold().items():
        row: dict[str, Cell] = {"Item": item, "Region": region}
        row.update(zip(labels, values, strict=True))
        rows.append(row)
    return frame_of(("Item", "Region", *labels), rows)


def events_table() -> pd.DataFrame:
    return frame("tblEvents", [_event_row(event) for event in EVENTS])


def _event_row(event: Event) -> dict[str, Cell]:
    return {
        "Event": event.name,
        "Family": event.family or None,
        "Item": event.item or None,
        "Region": event.region or None,
        "From": day(event.first),
        "To": day(event.last),
        "Uplift %": event.uplift,
        "Uplift units": event.units,
        "Price change %": event.price,
        "Cannibalisation %": event.taken,
        "Probability": event.probability,
        "Owner": event.owner or None,
        "Note": event.note or None,
    }


@cache
def sold_by_family(family: str) -> tuple[float, ...]:
    """What a family sold by month, in family units; unknown counts as nothing."""
    totals = [0.0] * HISTORY_MONTHS
    for (item, _region), values in _sold().items():
        if PRODUCTS[item][0] == family:
            for position, value in enumerate(values):
                totals[position] += (value or 0.0) / PRODUCTS[item][1].per_family_unit
    return tuple(totals)


def naive_demand(family: str) -> tuple[float, ...]:
    """A rough forecast of the planned months: the month a year (or two) before x growth of the family."""
    sold = list(sold_by_family(family))
    for position in planned():
        sold.append(sold[position - 12] * (1 + GROWTH[family]))
    return tuple(sold[HISTORY_MONTHS:])


def opening_stocks() -> dict[str, float]:
    """Stock of each item at plan start, in item units: so many months of its usual January."""
    return _covers(OPENING_COVER, nearest=5)


def safety_stocks() -> dict[str, float]:
    return _covers(SAFETY_COVER, nearest=5)


def _covers(cover: dict[str, float], nearest: int) -> dict[str, float]:
    stocks: dict[str, float] = {}
    for item, (family, _) in PRODUCTS.items():
        january = fsum(expected(item, region, HISTORY_MONTHS) for region in REGIONS)
        stocks[item] = float(round(january * cover[family] / nearest) * nearest)
    return stocks
