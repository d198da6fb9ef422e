"""Figures and lists as a planner reads them."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 5  # names in one list


def number(amount: float) -> str:
    """Thousands separated, two decimals at most and only for small figures."""
    if abs(amount) >= 100 or abs(amount - round(amount)) < 1e-6:
        return f"{amount:,.0f}"
    return f"{amount:,.2f}" if abs(amount) >= 0.01 else f"{amount:.2g}"


def signed(amount: float) -> str:
    """``+1,200`` or ``-30``."""
    return ("+" if amount >= 0 else "") + number(amount)


def signed_money(amount: float) -> str:
    """``+3.40 k``"""
    return ("+" if amount >= 0 else "") + short_money(amount)


def short_money(amount: float) -> str:
    """``4.21 M``."""
    for size, letter in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if abs(amount) >= size:
            return f"{amount / size:,.2f}{letter}"
    return f"{amount:,.2f}"


def percent(share: float) -> str:
    """``98.2 %``; 100 % only where nothing is missing."""
    if share > 1 - 1e-9:
        return f"{share * 100:.0f} %"
    return f"{min(round(share * 100, 1), 99.9):.1f} %"


def one(unit: str) -> str:
    """The unit of a single one: ``pallet`` for pallets."""
    return unit[:-1] if len(unit) > 3 and unit.endswith("s") and not unit.endswith("ss") else unit


def listed(names: Sequence[str]) -> str:
    """The first few names; of the rest only how many."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def spoken(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""
