"""Files of other systems, as they are read: sheets of untyped cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Cell = str | float | int | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None
DecimalSign = Literal[",", "."]


@dataclass(frozen=True)
class Sheet:
    """Cells of one sheet or text file; ``usual`` is the decimal sign that goes with how its fields are separated."""

    name: str
    rows: Sequence[Sequence[Cell]]
    usual: DecimalSign = "."
    first_line: int = 1

    def line(self, index: int) -> int:
        """Number of the line or row, counted from 1."""
        return self.first_line + index
