"""One step at a time for a workbook."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sop_addin import running
from sop_addin.model.errors import WorkbookError

BOOK = "/Users/ann/Plan.xlsm"
HOLDING = """
import sys
from pathlib import Path
from sop_addin import running
running.state_folder = lambda: Path(sys.argv[1])
with running.once(sys.argv[2]):
    print("going", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "state_folder", lambda: tmp_path / "state")


@pytest.fixture
def other_process(tmp_path):
    """Another process that runs a step for the workbook."""
    command = [sys.executable, "-c", HOLDING, str(tmp_path / "state"), BOOK]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "going\n"
        yield process
        process.kill()


def test_a_second_step_is_refused_while_one_runs(other_process):
    assert running.is_going(BOOK)
    with pytest.raises(WorkbookError, match="still running"), running.once(BOOK):
        pass


def test_another_workbook_is_free(other_process):
    assert not running.is_going("/Users/ann/Other.xlsm")


def test_a_step_that_was_killed_does_not_lock_the_workbook(other_process):
    other_process.kill()
    other_process.wait()
    assert not running.is_going(BOOK)
    with running.once(BOOK):
        assert running.is_going(BOOK)
    assert not running.is_going(BOOK)


def test_a_failure_frees_the_workbook():
    with pytest.raises(ZeroDivisionError), running.once(BOOK):
        raise ZeroDivisionError
    assert not running.is_going(BOOK)


def test_where_no_lock_can_be_made_the_step_runs(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(running, "state_folder", lambda: tmp_path / "file" / "below")
    with running.once(BOOK):
        assert not running.is_going(BOOK)
