"""Many series at once, in this or another process: what travels there and back, and the process that does the work.

`python -m sop_addin.planning.forecast_worker` reads jobs from its standard input and writes forecasts to its standard
output, each message a pickle after its length. It ends when the input ends (whoever started it is gone) and after
some minutes without work.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from sop_addin.planning.cleaning import Floats
from sop_addin.planning.forecast_combination import SeriesForecast, forecast_series

IDLE_SECONDS = 600.0
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class Job:
    """All that the forecast of one series depends on; `values` as `clean_series` returns them."""

    values: Floats
    horizon: int
    season_length: int
    effort: str
    method: str


def forecast_jobs(jobs: Sequence[Job]) -> list[SeriesForecast]:
    """Forecasts of the jobs, in their order."""
    with warnings.catch_warnings():  # models warn about short or odd histories; those are handled there
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            return [
                forecast_series(job.values, job.horizon, job.season_length, effort=job.effort, method=job.method)
                for job in jobs
            ]


def send(stream: BinaryIO, content: Any) -> None:
    """Write one message; raises OSError where nobody reads any more."""
    data = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one message; raises EOFError where the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    data = stream.read(_LENGTH.unpack(head)[0])
    return pickle.loads(data)


def main() -> None:
    """Serve until the input ends or nothing has come for a while."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints must not get between the messages
    requests: queue.Queue[list[Job] | None] = queue.Queue()

    def read() -> None:
        with os.fdopen(0, "rb", closefd=False) as stream:
            try:
                while True:
                    requests.put(receive(stream))
            except (EOFError, OSError):
                requests.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            jobs = requests.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            break
        if jobs is None:
            break
        try:
            send(answers, forecast_jobs(jobs))
        except OSError:
            break
    answers.close()
    os._exit(0)  # the reading thread may still wait for a message: an ordinary exit would wait for its lock


if __name__ == "__main__":
    main()
