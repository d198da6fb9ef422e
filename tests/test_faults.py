"""Whatever fails - disk, folder, lock, kill, solver, clock, a second run - nothing is lost, and a sentence says it."""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pulp
import pytest
from commands import Cli, posix
from companies import company

from sop_addin.engines.closed_file import open_book
from sop_addin.model.errors import SolverError
from sop_addin.planning import publish as publishing
from sop_addin.planning.balance import highs_engine
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.forecast_cache import ForecastCache

pytest_plugins = ["commands"]
TEMPLATE = Path(__file__).parent.parent / "workbook" / "SOP_Template.xlsm"
WRITING = ("publish", "rough cut", "share", "merge")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "plans" / "Plan.xlsm"
    path.parent.mkdir()
    path.write_bytes(TEMPLATE.read_bytes())
    return path


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sop_addin.mailing import Choice, share

    path = tmp_path_factory.mktemp("returned") / "Back.xlsx"
    share(TEMPLATE, path, Choice())
    return path


def words(command: str, book: Path, returned: Path) -> tuple[object, ...]:
    return {
        "publish": ("publish", book),
        "rough cut": ("run", book, "--steps", "rough_cut"),
        "share": ("share", book, book.parent / "Copy.xlsx"),
        "merge": ("merge", book, returned),
    }[command]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("command", "place", "number", "said"),
    [
        *((command, (tempfile, "mkstemp"), errno.ENOSPC, "the disk is full") for command in WRITING),
        ("publish", (os, "fsync"), errno.ENOSPC, "the disk is full"),
        ("publish", (os, "replace"), errno.EACCES, "another program holds the file"),
        ("publish", (tempfile, "mkstemp"), errno.EROFS, "cannot be saved"),
        ("publish", (os, "fsync"), errno.EIO, "cannot be saved"),
    ],
)
def test_a_disk_that_fails_at_any_step_loses_nothing(
    cli: Cli, book: Path, returned: Path, monkeypatch: pytest.MonkeyPatch, command: str,
    place: tuple[object, str], number: int, said: str,
) -> None:  # fmt: skip
    before = content(book.parent)
    genuine = getattr(*place)

    def fail(*arguments: object, **more: object) -> object:
        inside = place[1] != "mkstemp" or more.get("dir") == book.parent
        return failing(number)() if inside else genuine(*arguments, **more)

    monkeypatch.setattr(*place, fail)
    reply = cli(*words(command, book, returned))
    monkeypatch.undo()
    assert reply.code == 2
    assert said in reply.err.strip().splitlines()[-1]
    assert content(book.parent) == before


@pytest.mark.parametrize("step", ["mkstemp", "fsync", "copymode", "replace", "after"])
def test_a_publish_killed_at_any_step_leaves_the_old_plan_or_the_new_one(cli: Cli, book: Path, step: str) -> None:
    """In a child that dies without a word, as by kill -9 or a power cut."""
    before = book.read_bytes()
    child = os.fork()
    if not child:
        try:
            _die_at(step)
            from sop_addin.cli import main

            main(["publish", str(book)])
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    if step == "after":
        assert cli("check", book).code == 0
        assert "as published: 2027-01" in cli("check", book).err
    else:
        assert book.read_bytes() == before
    assert cli("publish", book).code == 0  # what the dead one left behind is in nobody's way


def _die_at(step: str) -> None:
    owner = {"mkstemp": tempfile, "copymode": shutil}.get(step, os)
    name = {"after": "replace"}.get(step, step)
    genuine = getattr(owner, name)

    def die(*arguments: object, **more: object) -> None:
        if step == "after":
            genuine(*arguments, **more)
        os._exit(9)

    setattr(owner, name, die)


def test_a_folder_that_may_not_be_written_is_said(cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the error that the system gives: a test run by root may write anywhere."""
    genuine = tempfile.mkstemp

    def refuse(*arguments: object, **more: object) -> object:
        if more.get("dir") == book.parent:
            raise PermissionError(errno.EACCES, "Permission denied")
        return genuine(*arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    reply = cli("publish", book)
    assert reply.code == 2
    assert "you may not write there or another program holds the file; close it or save elsewhere" in reply.sentence


@pytest.mark.parametrize(
    ("command", "lock"), [("publish", "~$Plan.xlsm"), ("rough cut", ".~lock.Plan.xlsm#"), ("merge", "~$Plan.xlsm")]
)  # fmt: skip
def test_a_workbook_open_elsewhere_is_refused(
    cli: Cli, book: Path, returned: Path, command: str, lock: str
) -> None:  # fmt: skip
    (book.parent / lock).write_text("")
    before = content(book.parent)
    reply = cli(*words(command, book, returned))
    assert reply.code == 2
    assert "Plan.xlsm is open in" in reply.sentence
    assert content(book.parent) == before


def test_of_two_runs_at_once_the_second_to_end_is_refused(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    other = open_book(book)
    other.sheets["Home"]["AP1"].value = "typed by the other run"

    def meanwhile(*arguments: object) -> object:
        other.save()
        return genuine(*arguments)

    genuine = publishing.publish_now
    monkeypatch.setattr(publishing, "publish_now", meanwhile)
    reply = cli("publish", book)
    assert reply.code == 2
    assert "was changed on disk since it was opened; nothing was saved" in reply.sentence
    assert open_book(book).sheets["Home"]["AP1"].value == "typed by the other run"


def test_a_file_changed_between_writing_and_replacing_is_not_lost(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    genuine = os.fsync

    def meanwhile(handle: int) -> None:
        genuine(handle)
        if book.read_bytes() == TEMPLATE.read_bytes():
            book.write_bytes(b"PK saved by another program")

    monkeypatch.setattr(os, "fsync", meanwhile)
    reply = cli("publish", book)
    assert reply.code == 2
    assert "was changed on disk" in reply.sentence
    assert book.read_bytes() == b"PK saved by another program"
    assert [path.name for path in book.parent.iterdir()] == ["Plan.xlsm"]


# --- solver -----------------------------------------------------------------------------------------------------------


def test_a_solver_that_crashes_leaves_the_workbook_and_a_sentence(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("segmentation fault in the solver")

    monkeypatch.setattr(highs_engine.highspy.Highs, "run", crash)
    before = content(book.parent)
    reply = cli("run", book, "--steps", "balance")
    assert reply.code == 1
    said = reply.err.strip().splitlines()[-1]
    assert said.startswith("The solver HiGHS broke down (segmentation fault in the solver); nothing was changed.")
    assert content(book.parent) == before


def test_without_any_solver_a_sentence_says_what_to_install(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(highs_engine, "highspy", None)
    monkeypatch.setattr(pulp.PULP_CBC_CMD, "available", lambda _: False)
    reply = cli("run", book, "--steps", "balance")
    assert reply.code == 1
    said = reply.err.strip().splitlines()[-1]
    assert said == "No solver is installed: run `pip install highspy` and try again."
    assert book.read_bytes() == TEMPLATE.read_bytes()


def test_a_solver_out_of_time_gives_a_plan_or_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set-ups make it a MIP; a time limit of nothing ends it at the first plan, or before."""
    tables = company(
        tblSettings={"Setting": ["Plan start", "Horizon", "Solver time limit"], "Value": ["2027-01", 6, 0.001]},
        tblSources={
            "Family": ["Pumps", "Valves"], "Source": ["Plant", "Plant"], "Kind": ["Make", "Make"],
            "Unit cost": [40, 20], "Min run": [30, 20], "Run cost": [100, 100], "Batch size": [7, 9],
        },
        demand={"Family": ["Pumps"] * 6 + ["Valves"] * 6,
                "Period": [f"2027-0{month}" for month in range(1, 7)] * 2, "Value": [90, 40, 60, 80, 70, 30] * 2},
    )  # fmt: skip
    try:
        plan = run_cycle(tables, ("balance",))
    except SolverError as error:
        assert len(str(error)) > 20  # noqa: PT017 - either is right
    else:
        assert plan.steps == () or plan.balance.status in ("Optimal", "Feasible", "Time limit")


def test_without_highspy_the_plan_comes_from_the_other_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs_engine, "highspy", None)
    demand = {"Family": ["Pumps"], "Period": ["2027-01"], "Value": [100]}
    plan = run_cycle(company(demand=demand), ("balance",))
    assert plan.balance.status == "Optimal"
    assert any("HiGHS is not installed" in finding.message for finding in plan.findings)


# --- the clock --------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_makes_no_older_plan_the_last_one(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    assert cli("publish", book, "--by", "Ann").code == 0
    clock = SimpleNamespace(datetime=SimpleNamespace(now=lambda: dt.datetime(2001, 1, 1)))
    monkeypatch.setattr(publishing, "dt", clock)
    assert cli("publish", book, "--by", "Bob").code == 0
    reply = cli("check", book)
    assert "as published: 2027-01 (2), published on 2001-01-01 00:00:00 by Bob" in reply.err


# --- what is no file, and nobody who listens --------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("given", ["a pipe", "a device"])
def test_what_is_no_file_is_neither_read_to_its_end_nor_replaced(cli: Cli, book: Path, given: str) -> None:
    path = Path("/dev/zero")
    if given == "a pipe":
        path = book.parent / "pipe"
        os.mkfifo(path)
    link = book.parent / "Link.xlsm"
    link.symlink_to(path)
    for words_ in (("check", path), ("publish", path), ("merge", book, path), ("publish", book, "--out", link)):
        reply = cli(*words_)
        assert reply.code == 2, words_
        assert "is no file" in reply.sentence
    for words_ in (("check", book, "--public-key", path), ("publish", book, "--key", path)):
        assert "is no key file" in cli(*words_).sentence
    assert path.exists()
    assert not path.is_file()


@posix
def test_a_link_that_leads_to_itself_is_no_workbook_and_gives_way_to_one(cli: Cli, book: Path) -> None:
    loop = book.parent / "Loop.xlsm"
    loop.symlink_to(loop)
    assert cli("check", loop).code == 2
    assert cli("publish", book, "--out", loop).code == 0
    assert not loop.is_symlink()
    assert cli("check", loop).code == 0


def told(words_: list[object], stdout: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sop_addin", *map(str, words_)]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)  # type: ignore[call-overload, no-any-return]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_an_answer_that_cannot_be_written_is_said_and_the_work_stands(book: Path) -> None:
    with open("/dev/full", "w") as full:
        done = told(["cycle", book, "--json"], full)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "The answer could not be written (No space left on device); what the command has done stands."
    )


def test_a_reader_who_goes_away_is_no_failure(book: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        done = told(["cycle", book, "--json"], nobody)
    assert (done.returncode, done.stderr) == (0, "")


@posix
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.05, 0.9])
def test_a_command_that_is_asked_to_end_does_so_without_traceback(book: Path, how: int, after: float) -> None:
    """While it loads, and while it works."""
    before = book.read_bytes()
    command = [sys.executable, "-m", "sop_addin", "run", str(book), "--steps", "forecast"]
    child = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    time.sleep(after)
    child.send_signal(how)
    _, said = child.communicate(timeout=60)
    assert child.returncode in (130, -how)  # the second: Python itself was only starting
    assert child.returncode != 130 or "Traceback" not in said
    assert book.read_bytes() == before


def test_who_stops_an_export_half_way_is_told_what_is_written(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = os.replace
    done: list[object] = []

    def stopped(*words_: object) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(words_)
        genuine(*words_)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", stopped)
    reply = cli("export", book, book.parent / "csv")
    names = sorted(path.name for path in (book.parent / "csv").iterdir())
    assert reply.code == 130
    assert len(names) == 2
    assert sorted(reply.sentence.removeprefix("Stopped; written before that: ").removesuffix(".").split(", ")) == names


def test_too_little_memory_is_a_sentence(cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(publishing, "publish_now", full)
    reply = cli("publish", book)
    assert (reply.code, "not enough memory" in reply.sentence) == (2, True)
    assert book.read_bytes() == TEMPLATE.read_bytes()


def test_a_cache_that_may_not_be_looked_into_keeps_nobody_from_forecasting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    cache = ForecastCache(tmp_path / "forecasts.sqlite")
    monkeypatch.setattr(Path, "exists", refuse)
    assert cache.get([b"key"]) == {}
