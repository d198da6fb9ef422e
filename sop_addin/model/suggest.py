"""Words for messages: the nearest name, short quotations, lists."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import cached_property

MOST_COMPARED = 500
"""Above so many candidates only cheap comparisons are made: a check of 20,000 items must not take seconds."""

LONGEST_QUOTE = 40
_LONG_NAME = re.compile(r"[^\s']{100,}")


class Names:
    """Names among which the one that was meant is looked for; made once where many are asked for."""

    def __init__(self, candidates: Iterable[str]) -> None:
        self._candidates = candidates

    @cached_property
    def _by_loose(self) -> dict[str, str]:
        # sorted: the answer must not depend on the order of a table or a set
        return {_loose(name): name for name in sorted(self._candidates, reverse=True) if name}

    def nearest(self, name: str) -> str | None:
        """The name that was probably meant, or None.

        First one that differs in case, blanks or leading zeros only (Excel turns 00123 into 123), then a similar word.
        Codes are not compared like words: WM-6100 and WM-8100 look alike and are two things.
        """
        wanted = _loose(name)
        if wanted in self._by_loose:
            return self._by_loose[wanted]
        digits = _digits(wanted)
        if len(self._by_loose) > MOST_COMPARED or len(digits) > 1:
            return None
        alike = [loose for loose in self._by_loose if not digits or _digits(loose) == digits]
        found = difflib.get_close_matches(wanted, alike, n=1, cutoff=0.7)
        return self._by_loose[found[0]] if found else None


def nearest(name: str, candidates: Iterable[str] | Names) -> str | None:
    """The candidate that was probably meant, or None."""
    names = candidates if isinstance(candidates, Names) else Names(candidates)
    return names.nearest(name)


def did_you_mean(name: str, candidates: Iterable[str] | Names) -> str:
    """`` (did you mean 'Pumps'?)``, or nothing."""
    found = nearest(name, candidates)
    return f" (did you mean '{found}'?)" if found else ""


def quote(value: object) -> str:
    """The value as it stands in a cell, in single quotes, on one line and not too long."""
    text = " ".join(str(value).split())
    return f"'{text}'" if len(text) <= LONGEST_QUOTE else f"'{text[:LONGEST_QUOTE]}…'"


def shortened(message: str) -> str:
    """A message in which names of hundreds of letters are cut."""
    return _LONG_NAME.sub(lambda name: f"{name[0][:LONGEST_QUOTE]}…", message)


def counted(number: int, word: str) -> str:
    """``1 edit``, ``1,200 edits``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def listed(words: Sequence[str], most: int = 12) -> str:
    """``a, b, c``; cut off with how many more there are."""
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown


def label(table: str) -> str:
    """A table's name as a planner says it: ``tblItems`` -> ``Items``; file names stay."""
    return table if table.lower().endswith(".csv") else table.removeprefix("tbl")


def _loose(name: str) -> str:
    return "".join(name.split()).casefold().lstrip("0")


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())
