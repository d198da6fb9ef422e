"""The house itself: the test tools do what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

CONFTEST = Path(__file__).parent / "conftest.py"


def _pytest(folder: Path, *arguments: str, ci: bool = False) -> subprocess.CompletedProcess[str]:
    """Run pytest in ``folder`` on a copy of our conftest."""
    (folder / "conftest.py").write_bytes(CONFTEST.read_bytes())
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120,
        env={"PATH": "/usr/bin:/bin", "CI": "true" if ci else ""},
    )  # fmt: skip


SKIPPING = """
import pytest

@pytest.mark.skip(reason="no printer")
def test_by_mark(): ...

def test_inside():
    pytest.skip("no paper")

@pytest.mark.xfail
def test_known(): assert False
"""


def test_skips_pass_on_a_desk(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    done = _pytest(tmp_path)
    assert done.returncode == 0
    assert "2 skipped, 1 xfailed" in done.stdout


def test_skips_fail_in_ci(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    done = _pytest(tmp_path, ci=True)
    assert done.returncode == 1
    assert "no printer" in done.stdout
    assert "no paper" in done.stdout
    assert "1 xfailed" in done.stdout
    assert "1 failed, 1 xfailed, 1 error" in done.stdout


def test_a_module_skipped_while_collecting_fails_in_ci(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\npytest.importorskip('no_such_module')\ndef test_one(): ...\n")
    assert _pytest(tmp_path).returncode == 5
    assert _pytest(tmp_path, ci=True).returncode not in (0, 5)


def test_golden_files_are_compared_and_accepted(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_one(golden): golden('a/b.txt', 'new\\n')\n")
    missing = _pytest(tmp_path)
    assert missing.returncode == 1
    assert "run `just update-golden`" in missing.stdout
    assert _pytest(tmp_path, "--update-golden").returncode == 0
    assert (tmp_path / "golden" / "a" / "b.txt").read_text() == "new\n"
    assert _pytest(tmp_path).returncode == 0
    (tmp_path / "golden" / "a" / "b.txt").write_text("old\n")
    differs = _pytest(tmp_path)
    assert differs.returncode == 1
    assert "-old" in differs.stdout
    assert "+new" in differs.stdout
    assert "run `just update-golden`" in differs.stdout


@pytest.mark.libreoffice
def test_libreoffice_recalculates_what_it_loads(libreoffice, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = 2
    book.active["A2"] = "=A1*21"
    book.create_sheet("Other")["A1"] = "=Sheet!A2+1"
    book.save(tmp_path / "book.xlsx")
    values = openpyxl.load_workbook(libreoffice.recalculated(tmp_path / "book.xlsx", tmp_path / "out"), data_only=True)
    assert values["Sheet"]["A2"].value == 42
    assert values["Other"]["A1"].value == 43
    sheets = libreoffice.convert(tmp_path / "book.xlsx", "csv", tmp_path / "csv")
    assert [path.name for path in sheets] == ["book-Other.csv", "book-Sheet.csv"]
    assert libreoffice.convert(tmp_path / "book.xlsx", "pdf", tmp_path / "pdf")[0].read_bytes().startswith(b"%PDF")
