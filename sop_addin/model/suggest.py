"""Words for messages: the nearest name, short quotations, lists."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

MOST_COMPARED = 500
"""Above so many candidates only cheap comparisons are made: a check of 20,000 items must not take seconds."""

LONGEST_QUOTE = 40


def nearest(name: str, candidates: Iterable[str], *, cutoff: float = 0.7) -> str | None:
    """The candidate that was probably meant, or None.

    First those that differ in case, blanks or leading zeros only (Excel turns 00123 into 123), then similar ones.
    """
    names = [candidate for candidate in candidates if candidate]
    wanted = _loose(name)
    for candidate in names:
        if _loose(candidate) == wanted:
            return candidate
    if len(names) > MOST_COMPARED:
        return None
    by_loose = {_loose(candidate): candidate for candidate in names}
    found = difflib.get_close_matches(wanted, list(by_loose), n=1, cutoff=cutoff)
    return by_loose[found[0]] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """`` (did you mean 'Pumps'?)``, or nothing."""
    found = nearest(name, candidates)
    return f" (did you mean '{found}'?)" if found else ""


def quote(value: object) -> str:
    """The value as it stands in a cell, in single quotes, on one line and not too long."""
    text = " ".join(str(value).split())
    return f"'{text}'" if len(text) <= LONGEST_QUOTE else f"'{text[:LONGEST_QUOTE]}…'"


def listed(words: Sequence[str], most: int = 12) -> str:
    """``a, b, c``; cut off with how many more there are."""
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown


def label(table: str) -> str:
    """A table's name as a planner says it: ``tblItems`` -> ``Items``; file names stay."""
    return table if table.lower().endswith(".csv") else table.removeprefix("tbl")


def _loose(name: str) -> str:
    return "".join(name.split()).casefold().lstrip("0")
