"""One step at a time for a workbook: on a Mac Python runs beside Excel, so a button can be pressed while a step runs.

The lock belongs to the process: when that ends, however it ends, it is free again.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .cli_output import state_folder
from .model.errors import WorkbookError


class StepRunning(WorkbookError):
    """Another step holds the lock."""


def lock_file(book: str) -> Path:
    """The file whose lock says that a step runs for the workbook of this full name."""
    name = hashlib.sha256(book.casefold().encode()).hexdigest()[:16]
    return state_folder() / f"running-{name}"


@contextmanager
def once(book: str) -> Iterator[None]:
    """Hold the workbook's lock; go without where none can be made. Raises StepRunning where another step holds it."""
    file = lock_file(book)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield  # a folder that cannot be written must not keep the planner from planning
        return
    try:
        if not _locked(handle):
            raise StepRunning("A step of this workbook is still running. Wait until it ends, or stop it.")
        yield
    finally:
        os.close(handle)  # which unlocks it


def is_going(book: str) -> bool:
    """Whether a step runs for the workbook."""
    try:
        with once(book):
            return False
    except StepRunning:
        return True


def _locked(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
