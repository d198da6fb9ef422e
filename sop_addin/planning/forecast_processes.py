"""Forecast on every core of this machine, with processes that stay alive between calls.

Python computes on one core at a time, so the other cores need processes. They are started when a run turns out to be
long, by name of the module and not by `multiprocessing`: that would run the caller's script once more in each of them,
and inside Excel it would start Excel. The calling process works too, so that progress and Stop go on.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TypeVar, cast

from sop_addin.planning.forecast_combination import SeriesForecast
from sop_addin.planning.forecast_worker import Job, forecast_jobs, receive, send

CHUNK = 8  # series a message: small enough for even loads, large enough not to notice the message
FIRST_LOOK = 0.5  # seconds of work after which the rest is estimated
WORTH_STARTING = 6.0  # seconds of remaining work that pay for starting processes (about 2 s each)
MOST_PROCESSES = 15

Done = Callable[[int], None]
Part = TypeVar("Part")
Keep = Callable[[int, SeriesForecast], None]


def start_module(python: str, module: str) -> subprocess.Popen[bytes]:
    """A process that runs a module of ours, to talk to over its pipes. Raises OSError where none may be started."""
    # -P and an explicit path: nothing is imported from the current folder, where a mailed workbook may lie.
    paths = [path for path in sys.path if path and Path(path).exists()]
    return subprocess.Popen(
        [python, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


class _Process:
    """One worker process and the lock of whoever talks to it."""

    def __init__(self, python: str) -> None:
        self.popen = start_module(python, "sop_addin.planning.forecast_worker")
        self.lock = threading.Lock()

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def ask(self, jobs: Sequence[Job]) -> list[SeriesForecast]:
        """Forecasts of the jobs; raises OSError or EOFError where the process has ended."""
        send(cast(IO[bytes], self.popen.stdin), list(jobs))  # type: ignore[arg-type]
        return cast(list[SeriesForecast], receive(cast(IO[bytes], self.popen.stdout)))  # type: ignore[arg-type]

    def stop(self) -> None:
        self.popen.kill()
        self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue


_processes: list[_Process] = []
_starting = threading.Lock()


def spare_cores() -> int:
    """Cores beside the one that the calling process uses."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores - 1, MOST_PROCESSES)


def python_program() -> str | None:
    """The Python that can be started; None where Python is embedded in another program and none lies beside it."""
    suffix = ".exe" if sys.platform == "win32" else ""
    here, folders = Path(sys.executable or ""), [Path(sys.prefix), Path(sys.base_prefix)]
    if here.stem.lower().startswith("python"):
        # pythonw has no console streams to talk over; python.exe lies beside it.
        console = here.with_name(here.name.lower().replace("pythonw", "python"))
        return str(console if console.exists() else here)
    found = [folder / place / f"python{suffix}" for folder in folders for place in (".", "bin", "Scripts")]
    return next((str(path) for path in found if path.is_file()), None)


def running() -> int:
    """How many worker processes are alive."""
    return sum(process.alive for process in _processes)


def stop_processes() -> None:
    """End the worker processes; the next long run starts new ones."""
    with _starting:
        while _processes:
            _processes.pop().stop()


atexit.register(stop_processes)


def _start(count: int) -> list[_Process]:
    """So many live processes, those that are there first; fewer where they cannot be started."""
    python = python_program()
    with _starting:
        _processes[:] = [process for process in _processes if process.alive]
        while python is not None and len(_processes) < count:
            try:
                _processes.append(_Process(python))
            except OSError:  # a machine whose rules forbid it: then this process works alone
                break
        return _processes[:count]


def forecast_here(jobs: Sequence[Job], keep: Keep, *, processes: int | None = None, done: Done | None = None) -> None:
    """Forecast the jobs and hand each over as keep(its position, forecast): the same whoever computes it.

    processes: how many beside this one; None = as many as there are cores, if the work is long enough. done: called
    now and then with the number of finished jobs; what it raises ends the run and leaves the processes alive.
    """
    pending = deque(range(start, min(start + CHUNK, len(jobs))) for start in range(0, len(jobs), CHUNK))
    wanted = spare_cores() if processes is None else processes
    helpers: list[threading.Thread] = []
    finished, counting = 0, threading.Lock()  # by this process and the others together
    begin = time.perf_counter()

    def take(chunk: range, forecasts: Sequence[SeriesForecast]) -> None:
        nonlocal finished
        with counting:
            for index, forecast in zip(chunk, forecasts, strict=True):
                keep(index, forecast)
            finished += len(chunk)

    def help_out(process: _Process) -> None:
        with process.lock:
            while (chunk := next_of(pending)) is not None:
                try:
                    take(chunk, process.ask([jobs[index] for index in chunk]))
                except (OSError, EOFError):  # it has ended: someone else does its part
                    pending.append(chunk)
                    return

    def tell() -> None:
        if done is not None:
            done(finished)

    def compute() -> None:
        while (chunk := next_of(pending)) is not None:
            for index in chunk:
                take(range(index, index + 1), forecast_jobs([jobs[index]]))
                tell()
            if wanted > 0 and not helpers and _worth_it(processes, time.perf_counter() - begin, finished, pending):
                for process in _start(wanted):
                    helpers.append(threading.Thread(target=help_out, args=(process,), daemon=True))
                    helpers[-1].start()

    try:
        compute()
        for helper in helpers:
            while helper.is_alive():
                helper.join(0.2)
                tell()
        compute()  # what a process that ended left behind
    finally:
        pending.clear()


def next_of(pending: deque[Part]) -> Part | None:
    """Take the next part of the work; None where nothing is left."""
    try:
        return pending.popleft()
    except IndexError:  # another thread took the last one
        return None


def _worth_it(processes: int | None, seconds: float, finished: int, pending: deque[range]) -> bool:
    """Whether the rest of the work is long enough for processes to start; always where they were asked for."""
    if processes is not None:
        return True
    if seconds < FIRST_LOOK:
        return False
    rest = seconds / finished * len(pending) * CHUNK
    return rest > (1.0 if running() else WORTH_STARTING)
