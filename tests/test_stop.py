"""Asking a run to stop: by a file, and on Windows by Esc while Excel is in front."""

from __future__ import annotations

import ctypes
import sys
import types

import pytest
from typer.testing import CliRunner

from sop_addin import stop
from sop_addin.cli import app
from sop_addin.model.errors import Stopped


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(stop, "state_folder", lambda: tmp_path / "not there yet")


def test_nobody_asked():
    stop.raise_if_asked(7)
    stop.forget()


def test_the_command_asks_and_the_next_run_forgets():
    done = CliRunner().invoke(app, ["stop"])
    assert done.exit_code == 0
    assert "The run stops after the item or step it is at" in done.output
    with pytest.raises(Stopped, match=r"^Stopped; nothing was changed\.$"):
        stop.raise_if_asked()
    stop.forget()
    stop.raise_if_asked()


class FakeUser:
    """user32.dll: which process owns the window in front, and which keys are down."""

    def __init__(self, front: int, down: set[int]) -> None:
        self.front, self.down = front, down

    def GetForegroundWindow(self) -> int:
        return 99

    def GetWindowThreadProcessId(self, window: int, owner) -> int:
        assert window == 99
        owner._obj.value = self.front
        return 1

    def GetAsyncKeyState(self, key: int) -> int:
        return -32768 if key in self.down else 0


@pytest.mark.parametrize(
    ("front", "down", "stops"), [(7, {0x1B}, True), (7, {0x41}, False), (8, {0x1B}, False), (7, set(), False)]
)
def test_esc_stops_when_the_excel_that_called_is_in_front(monkeypatch, front, down, stops):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(user32=FakeUser(front, down)), raising=False)
    if stops:
        with pytest.raises(Stopped):
            stop.raise_if_asked(7)
    else:
        stop.raise_if_asked(7)
    stop.raise_if_asked(None)
