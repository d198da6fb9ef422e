"""Independent tasks on every core of this machine where that is faster, or on a Dask cluster.

Helpers are processes started by name of this module and not by `multiprocessing`: that would run the caller's script
once more in each of them, and inside Excel it would start Excel. The calling process works too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar, cast

from ..model.errors import InputError
from .forecast_processes import WORTH_STARTING, next_of, python_program, spare_cores, start_module
from .forecast_worker import receive, send

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Progress = Callable[[int, int], None]


def fan_out(
    function: Callable[[Task], Answer], tasks: Sequence[Task], *, client: Any = None, processes: int | None = None,
    progress: Progress | None = None,
) -> list[Answer]:  # fmt: skip
    """``function`` of every task, in their order; the same wherever it is computed.

    function: of a module, as it is found by name elsewhere. client: a Dask client; None = this machine. processes: how
    many beside this one; None = as many as there are cores, if the work is long enough. progress: called as
    progress(tasks done, tasks in all); what it raises ends the work. Raises InputError for a client that is none.
    """
    if client is not None:
        return _on_cluster(function, tasks, client, progress)
    answers: dict[int, Answer] = {}
    pending = deque(range(len(tasks)))
    wanted = min(spare_cores() if processes is None else processes, len(tasks) - 1)
    helpers: list[threading.Thread] = []
    begin = time.perf_counter()

    def help_out(process: subprocess.Popen[bytes]) -> None:
        while (task := next_of(pending)) is not None:
            try:
                send(cast(BinaryIO, process.stdin), (function, tasks[task]))
                answers[task] = receive(cast(BinaryIO, process.stdout))
            except (OSError, EOFError):  # it has ended: someone else does its part
                pending.append(task)
                return

    def compute() -> None:
        while (task := next_of(pending)) is not None:
            answers[task] = function(tasks[task])
            if progress is not None:
                progress(len(answers), len(tasks))
            rest = (time.perf_counter() - begin) / len(answers) * len(pending)
            if not helpers and wanted > 0 and (processes is not None or rest > WORTH_STARTING):
                for process in _start(wanted):
                    started.append(process)
                    helpers.append(threading.Thread(target=help_out, args=(process,), daemon=True))
                    helpers[-1].start()

    started: list[subprocess.Popen[bytes]] = []
    try:
        compute()
        for helper in helpers:
            while helper.is_alive():
                helper.join(0.2)
                if progress is not None:
                    progress(len(answers), len(tasks))
        compute()  # what a process that ended left behind
    finally:
        pending.clear()
        for process in started:
            process.kill()
            process.communicate()
    return [answers[task] for task in range(len(tasks))]


def _on_cluster(
    function: Callable[[Task], Answer], tasks: Sequence[Task], client: Any, progress: Progress | None
) -> list[Answer]:
    if not hasattr(client, "map") or not hasattr(client, "gather"):
        raise InputError(f"client: {type(client).__name__} is not a Dask client; give one, or None for this machine.")
    futures = client.map(function, list(tasks), pure=False)
    answers: list[Answer] = client.gather(futures)
    if progress is not None:
        progress(len(tasks), len(tasks))
    return answers


def _start(count: int) -> list[subprocess.Popen[bytes]]:
    python = python_program()
    found: list[subprocess.Popen[bytes]] = []
    while python is not None and len(found) < count:
        try:
            found.append(start_module(python, "sop_addin.planning.fan_out"))
        except OSError:  # a machine whose rules forbid it: then this process works alone
            break
    return found


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer (function, task) until the requests end."""
    while True:
        try:
            function, task = cast(Any, receive(requests))
        except EOFError:
            return
        send(answers, function(task))


if __name__ == "__main__":
    answers_to = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a solver prints must not be taken for an answer
    serve(sys.stdin.buffer, answers_to)
