"""Saving is all or nothing, and never over somebody else's work."""

import errno
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from commands import posix

from sop_addin.engines import EngineError, FileChanged, FileLocked
from sop_addin.engines.closed_file import atomic_save, open_book


@pytest.fixture
def small(build):
    return build({"S": {"A1": 1, "B1": "text"}})


@posix
def test_a_save_killed_at_any_moment_leaves_the_old_file_or_the_new_one(small, tmp_path):
    old = small.read_bytes()
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    book.save(tmp_path / "new.xlsx")
    new = (tmp_path / "new.xlsx").read_bytes()
    folder = tmp_path / "kill"
    folder.mkdir()
    target = folder / "book.xlsx"
    target.write_bytes(old)
    dice = random.Random(1)
    kills, seen = 200, set()
    for _ in range(kills):
        save_until_killed(target, old, new, seconds=dice.uniform(0.0005, 0.03))
        found = target.read_bytes()
        assert found in (old, new)
        seen.add(found)
    assert seen == {old, new}, "the kills never met both states, so they prove little"


def save_until_killed(target, old, new, seconds):
    """Save both versions in turn in a process of its own, and kill that after some time."""
    child = os.fork()  # a fresh interpreter would spend its life importing
    if child == 0:
        while True:
            atomic_save.save_atomically(target, new, None)
            atomic_save.save_atomically(target, old, None)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_file_changed_on_disk_is_not_overwritten(small, build):
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    other = build({"S": {"A1": "a colleague's work"}}, name="other.xlsx").read_bytes()
    small.write_bytes(other)
    with pytest.raises(FileChanged, match=r"book\.xlsx was changed on disk since it was opened"):
        book.save()
    assert small.read_bytes() == other


def test_a_touched_but_unchanged_file_is_saved(small):
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    os.utime(small, (1, 1))
    book.save()
    assert open_book(small).sheets["S"]["A1"].value == 2.0


def test_a_file_deleted_meanwhile_is_saved_again(small):
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    small.unlink()
    book.save()
    assert open_book(small).sheets["S"]["A1"].value == 2.0


@pytest.mark.parametrize(("lock", "program"), [("~$book.xlsx", "Excel"), (".~lock.book.xlsx#", "LibreOffice")])
def test_a_workbook_open_elsewhere_is_not_saved(small, lock, program):
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    before = small.read_bytes()
    (small.parent / lock).write_bytes(b"planner")
    with pytest.raises(FileLocked, match=f"book.xlsx is open in {program}; close it there"):
        book.save()
    assert small.read_bytes() == before


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (errno.ENOSPC, EngineError, "the disk is full; free some space"),
        (errno.EROFS, EngineError, "the folder is read-only; save elsewhere"),
        (errno.EACCES, FileLocked, "you may not write there or another program holds the file"),
    ],
)
def test_what_the_disk_refuses_is_said_in_a_sentence_and_leaves_nothing_behind(
    small, monkeypatch, error, kind, message
):
    def fail(handle):
        raise OSError(error, os.strerror(error))

    before, files = small.read_bytes(), sorted(small.parent.iterdir())
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    monkeypatch.setattr(atomic_save.os, "fsync", fail)
    with pytest.raises(kind, match=message):
        book.save()
    assert small.read_bytes() == before
    assert sorted(small.parent.iterdir()) == files


def test_a_missing_folder_is_named(small):
    book = open_book(small)
    with pytest.raises(EngineError, match=r"the folder .*nowhere does not exist"):
        book.save(small.parent / "nowhere" / "book.xlsx")


def test_saving_twice_and_under_another_name_works(small, tmp_path):
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    book.save()
    book.sheets["S"]["A1"].value = 3
    book.save()
    book.sheets["S"]["A1"].value = 4
    book.save(tmp_path / "copy.xlsx")
    assert open_book(small).sheets["S"]["A1"].value == 3.0
    assert open_book(tmp_path / "copy.xlsx").sheets["S"]["A1"].value == 4.0
    assert book.fullname == str(tmp_path / "copy.xlsx")


def test_macros_and_file_name_must_agree(small, rich_workbook):
    with pytest.raises(EngineError, match=r"the workbook holds macros, so its name must end in \.xlsm"):
        open_book(rich_workbook).save(rich_workbook.with_suffix(".xlsx"))
    with pytest.raises(EngineError, match=r"the workbook holds no macros, so its name must end in \.xlsx"):
        open_book(small).save(small.with_suffix(".xlsm"))


@posix
def test_a_saved_file_keeps_its_permissions_and_its_link(small, tmp_path):
    small.chmod(0o640)
    link = tmp_path / "link.xlsx"
    link.symlink_to(small)
    book = open_book(link)
    book.sheets["S"]["A1"].value = 2
    book.save()
    assert link.is_symlink()
    assert small.stat().st_mode & 0o777 == 0o640
    assert open_book(small).sheets["S"]["A1"].value == 2.0


def test_leftovers_of_killed_runs_are_cleared_after_an_hour(small):
    stale, fresh = small.parent / ".~sop-old.tmp", small.parent / ".~sop-new.tmp"
    for file in (stale, fresh):
        file.write_bytes(b"half a workbook")
    os.utime(stale, (1, 1))
    book = open_book(small)
    book.sheets["S"]["A1"].value = 2
    book.save()
    assert not stale.exists()
    assert fresh.exists()


def test_a_closed_book_leaves_no_app_behind(small):
    book = open_book(small)
    apps = book.app.engine.apps
    before = len(apps)
    book.close()
    assert len(apps) == before - 1


def test_two_books_calculate_and_close_on_their_own(small, build):
    one, two = open_book(small), open_book(build({"T": {}}, name="other.xlsx"))
    assert one.app != two.app
    one.close()
    assert two.sheets["T"]["A1"].value is None


def test_importing_the_engine_activates_nothing_and_loads_nothing_licensed():
    code = (
        "import sys, xlwings as xw; pro = {name for name in sys.modules if name.startswith('xlwings.pro')};"
        "import sop_addin.engines.closed_file; assert xw.engines.active is None;"
        "assert {name for name in sys.modules if name.startswith('xlwings.pro')} == pro"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
