"""What every test may use: golden files, a private LibreOffice, repeatable hypothesis; no silent skips in CI."""

from __future__ import annotations

import difflib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from sop_addin.engines.libreoffice import NoLibreOffice, find_installation

os.environ["SOP_ADDIN_CACHE"] = "off"  # a test must not get the forecast of an earlier run
GOLDEN = Path(__file__).parent / "golden"
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="accept what the code gives now as the golden files")


# --- a skip is a failure in CI: a test that cannot run there proves nothing -------------------------------------------


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, which CI=true does not allow: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _forbid_skip(report)
    return report


# --- golden files -----------------------------------------------------------------------------------------------------


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str | bytes], None]:
    """``golden(name, content)`` compares content with tests/golden/<name>; --update-golden writes it instead."""

    def compare(name: str, content: str | bytes) -> None:
        path = GOLDEN / name
        data = content if isinstance(content, bytes) else content.encode()
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            return
        if not path.exists():
            pytest.fail(f"tests/golden/{name} is missing: run `just update-golden`", pytrace=False)
        expected = path.read_bytes()
        if isinstance(content, bytes):
            same, diff = data == expected, f"{len(expected)} bytes expected, {len(data)} given"
        else:
            old, new = expected.decode().replace("\r\n", "\n"), content.replace("\r\n", "\n")
            same = old == new
            lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "golden", "given", lineterm="", n=2)
            diff = "" if same else "\n".join(list(lines)[:60])
        if not same:
            pytest.fail(
                f"{diff}\ntests/golden/{name} differs; if that is right, run `just update-golden`", pytrace=False
            )

    return compare


# --- LibreOffice ------------------------------------------------------------------------------------------------------

# on load: always recalculate every formula, ask nothing
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="ODFRecalcMode" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Setup/Office"><prop oor:name="ooSetupInstCompleted" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""  # noqa: E501
_FILTERS = {"csv": "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"}  # -1: every sheet


@dataclass(frozen=True)
class LibreOffice:
    """A headless LibreOffice with a profile of its own."""

    soffice: str
    profile: Path
    seconds: int = 240

    def convert(self, workbook: Path, kind: str, folder: Path) -> list[Path]:
        """Open, recalculate every formula, and save as xlsx, pdf or csv (one file per sheet) in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        before = set(folder.iterdir())
        if workbook.parent.resolve() == folder.resolve():
            raise ValueError("convert into another folder than the workbook's")
        command = [
            self.soffice, f"-env:UserInstallation={self.profile.as_uri()}", "--headless", "--norestore", "--nologo",
            "--convert-to", _FILTERS.get(kind, kind), "--outdir", str(folder), str(workbook),
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        ) as process:
            try:
                output, _ = process.communicate(timeout=self.seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                pytest.fail(f"LibreOffice took more than {self.seconds} s for {workbook.name}")
        made = sorted(set(folder.iterdir()) - before)
        if process.returncode or not made:
            pytest.fail(f"LibreOffice did not convert {workbook.name} to {kind}: {output}")
        return made

    def recalculated(self, workbook: Path, folder: Path) -> Path:
        """The workbook as .xlsx with every formula recalculated by LibreOffice."""
        return self.convert(workbook, "xlsx", folder)[0]


@pytest.fixture(scope="session")
def live_libreoffice() -> None:
    """Skips where no LibreOffice can be driven."""
    try:
        find_installation()
    except NoLibreOffice as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def soffice() -> str:
    """Path of LibreOffice; skips where there is none."""
    path = shutil.which("soffice") or shutil.which("libreoffice")
    if path is None:
        pytest.skip("LibreOffice is not installed")
    return path


@pytest.fixture(scope="session")
def libreoffice(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> LibreOffice:
    """LibreOffice with a profile that only this test session uses."""
    profile = tmp_path_factory.mktemp("libreoffice-profile")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    return LibreOffice(soffice, profile)
