"""The plans that the sample company published in the second half of 2026: what was forecast, changed and agreed then.

People there are as elsewhere: sales is too hopeful about washers, those who know a customer's plans are right, and
Porto makes somewhat less than it promised.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model.calendar import MONTH
from ..model.versions import FAMILY_MEASURES, RESOURCE_MEASURES, Version
from .demand import sold_by_family
from .money import stock_table
from .shared import (
    DISHWASHERS,
    FAMILY_NAMES,
    FRIDGES,
    HISTORY_MONTHS,
    HORIZON,
    OVENS,
    SMALL,
    WASHERS,
    label,
    month,
    position_of,
)
from .supply import families_table

FIRST, LAST = position_of("2026-07"), position_of("2026-12")
PUBLISHER = "Henrik Lindhaven"
PUBLISHED_ON = 19
"""Day of the month before the plan starts: the executive meeting."""

# family, first and last month it was changed for, how much, and why
CHANGES: tuple[tuple[str, str, str, float, str], ...] = (
    (WASHERS, "2026-08", "2026-11", 0.07, "Sales expects more from the autumn cashback."),
    (DISHWASHERS, "2026-10", "2026-11", -0.04, "Kitchen studios run down the old range."),
    (FRIDGES, "2026-07", "2026-08", 0.10, "Heat wave forecast for July."),
    (OVENS, "2026-10", "2026-11", -0.05, "Builder's frame contract ends."),
    (SMALL, "2026-08", "2026-10", 0.07, "Retailers fill shelves earlier than last year."),
)
PROMISED = {OVENS: 1.04, FRIDGES: 1.03}
"""Published production as a multiple of what was made later, where a plant promised too much."""


def published_plans() -> tuple[Version, ...]:
    """One version a month from July to December 2026, oldest first."""
    return tuple(_version(start) for start in range(FIRST, LAST + 1))


def _version(start: int) -> Version:
    owners = dict(zip(*(families_table()[name] for name in ("Family", "Owner")), strict=True))
    made = stock_table().set_index(["Family", "Period"])["Production"].astype(float)
    parts = []
    for family in FAMILY_NAMES:
        statistical = _statistical(family, start)
        override, reason = _override(family, start, statistical)
        demand = np.where(np.isnan(override), statistical, override)
        production = np.convolve(np.pad(demand, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
        if start < HISTORY_MONTHS:
            production[0] = made[(family, month(start))] * PROMISED.get(family, 1.0)
        parts.append(
            pd.DataFrame(
                {
                    "Family": family, "Owner": owners[family],
                    "Period": [month(start + step) for step in range(HORIZON)],
                    "Statistical forecast": statistical, "Events": 0.0, "New and phase-out": 0.0,
                    "Override": override, "Consensus demand": demand, "Feasible sales": demand,
                    "Production": production.round(), "Backorders": 0.0, "Lost sales": 0.0, "Override reason": reason,
                }
            )
        )  # fmt: skip
    families = pd.concat(parts, ignore_index=True)
    for measure in FAMILY_MEASURES:
        if measure not in families:
            families[measure] = np.nan
    sources = families[["Family", "Period", "Production"]].rename(columns={"Production": "Planned"})
    sources.insert(1, "Source", "All sources")
    resources = pd.DataFrame({name: pd.Series(dtype="float64") for name in ("Resource", "Period", *RESOURCE_MEASURES)})
    return Version(
        label(start), f"{month(start - 1):%Y-%m}-{PUBLISHED_ON} 15:30:00", PUBLISHER, pd.Timestamp(month(start)), MONTH,
        families, sources, resources, {},
    )  # fmt: skip


def _statistical(family: str, start: int) -> np.ndarray:
    """Last known year x how the last six months stood against the same months before, believed to a fifth.

    In the executive meeting the sales of its own month are not known yet.
    """
    known = start - 1
    sold = np.array(sold_by_family(family)[:known])
    growth = 1.0 + 0.2 * (sold[-6:].sum() / sold[-18:-12].sum() - 1.0)
    months = np.array([start - 12 + step % 12 for step in range(HORIZON)])
    forecast: np.ndarray = np.round(sold[np.where(months < known, months, months - 12)] * growth)
    return forecast


def _override(family: str, start: int, statistical: np.ndarray) -> tuple[np.ndarray, list[str]]:
    override, reasons = np.full(HORIZON, np.nan), [""] * HORIZON
    for changed, first, last, share, reason in CHANGES:
        for position in range(max(position_of(first), start), position_of(last) + 1):
            if changed == family:
                step = position - start
                override[step] = round(statistical[step] * (1 + share) / 10) * 10
                reasons[step] = reason
    return override, reasons
