"""Stopping a run. While Python works, Excel on Windows waits for it: no ribbon button can be pressed.

So a run looks by itself, between items and steps, whether Esc is held while Excel is in front (Windows), or whether
`sop-addin stop` has left its file (anywhere). It can be stopped until it begins to write; then
"Undo last run" is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .cli_output import state_folder
from .model.errors import Stopped

STOPPED = "Stopped; nothing was changed."
_ESCAPE, _DOWN = 0x1B, 0x8000


def stop_file() -> Path:
    """The file that asks this user's runs to stop."""
    return state_folder() / "stop"


def ask_to_stop() -> None:
    """Ask the run that is under way to stop."""
    file = stop_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def forget() -> None:
    """A run begins, or has ended: what was asked before is not meant for the next one."""
    try:
        stop_file().unlink(missing_ok=True)
    except OSError:
        return  # a folder that cannot be written: nobody can ask there either


def raise_if_asked(process: int | None = None) -> None:
    """Raise Stopped where the planner has asked for it. process: number of the Excel whose Esc counts."""
    if stop_file().exists() or (process is not None and _escape_held(process)):
        raise Stopped(STOPPED)


def _escape_held(process: int) -> bool:
    """Whether Esc is down now while a window of that process is in front. Excel itself need not be able to answer."""
    if sys.platform != "win32":
        return False
    import ctypes

    user = ctypes.windll.user32
    owner = ctypes.c_ulong()
    user.GetWindowThreadProcessId(user.GetForegroundWindow(), ctypes.byref(owner))
    return owner.value == process and bool(user.GetAsyncKeyState(_ESCAPE) & _DOWN)
