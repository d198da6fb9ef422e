"""Small parts of formula text."""

from __future__ import annotations

from collections.abc import Iterable


def literal(value: float) -> str:
    """A number as formula text, to twelve digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return repr(int(value))
    return f"{value:.12g}".upper()


def times(factor: float, cell: str) -> str:
    """``2.5*H7``, or the cell alone where the factor is 1."""
    return cell if factor == 1 else f"{literal(factor)}*{cell}"


def total_of(terms: Iterable[str]) -> str:
    """The terms added up; ``0`` where there are none."""
    return "+".join(terms) or "0"
