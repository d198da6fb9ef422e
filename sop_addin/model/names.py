"""Names that mean the same thing."""

from __future__ import annotations

import re

_YEAR = re.compile(r"\b(19|20)\d\d\b|'\d\d\b")


def without_year(name: str) -> str:
    """A name without the year in it: 'Washer cashback 2025' and 'washer cashback 2027' are the same promotion."""
    return " ".join(_YEAR.sub(" ", name).casefold().split())
