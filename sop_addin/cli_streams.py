"""Where nobody takes what is said - a closed pipe, a full disk - the work goes on: its file is what was asked for."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Lasting:
    """A text stream that goes silent, and remembers why, where writing fails."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text) if self.error is None else len(text)
        except OSError as error:
            self._silence(error)
            return len(text)

    def flush(self) -> None:
        try:
            if self.error is None:
                self._stream.flush()
        except OSError as error:
            self._silence(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _silence(self, error: OSError) -> None:
        self.error = error
        # what the stream still holds would fail again when Python ends
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._stream.fileno())
        except (OSError, ValueError):
            return  # no stream of the system
        finally:
            os.close(nowhere)

    @property
    def lost(self) -> str:
        """Why the answer did not arrive, '' where it did or the reader went away by himself."""
        self.flush()
        if self.error is None or self.error.errno in (errno.EPIPE, errno.EINVAL):  # EINVAL: a closed pipe on Windows
            return ""
        return self.error.strerror or str(self.error)


@contextmanager
def lasting_output() -> Iterator[Lasting | None]:
    """Both streams of the process for a while; gives stdout, None where the process has none."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (Lasting(stream) if stream is not None else None for stream in before)
    out = sys.stdout
    try:
        yield out if isinstance(out, Lasting) else None
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Lasting):
                stream.flush()
        sys.stdout, sys.stderr = before
