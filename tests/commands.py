"""What a command answered, for the fixture ``cli`` of conftest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on stderr."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        return lines[0]

    @property
    def json(self) -> dict:
        return json.loads(self.out)


Cli = Callable[..., Reply]
