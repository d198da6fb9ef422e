"""Finding LibreOffice on this machine, and the pipe to the program that drives it (`bridge.py`)."""

import atexit
import contextlib
import glob
import os
import pickle
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sop_addin.engines.errors import EngineError

BRIDGE = Path(__file__).with_name("bridge.py")

HOW_TO_GET_IT = {
    "win32": "install it from libreoffice.org, or: winget install TheDocumentFoundation.LibreOffice",
    "darwin": "install it from libreoffice.org, or: brew install --cask libreoffice",
    "linux": "on Debian and Ubuntu: sudo apt install libreoffice-calc python3-uno; "
    "on Fedora: sudo dnf install libreoffice-calc libreoffice-pyuno",
}

HOW_TO_GET_UNO = "on Debian and Ubuntu: sudo apt install python3-uno; on Fedora: sudo dnf install libreoffice-pyuno"

_PROGRAMS = {
    "win32": [
        r"C:\Program Files\LibreOffice\program\soffice.exe",
        r"C:\Program Files (x86)\LibreOffice\program\soffice.exe",
    ],
    "darwin": ["/Applications/LibreOffice.app/Contents/MacOS/soffice"],
    "linux": [
        "/usr/lib/libreoffice/program/soffice",
        "/usr/lib64/libreoffice/program/soffice",
        "/opt/libreoffice*/program/soffice",
    ],
}


@dataclass(frozen=True)
class Installation:
    """A LibreOffice and a Python that can talk to it."""

    soffice: Path
    python: Path


class NoLibreOffice(EngineError):
    """LibreOffice, or its Python module `uno`, is not on this machine."""


def how_to_get_it(platform: str = sys.platform) -> str:
    return HOW_TO_GET_IT.get(platform, HOW_TO_GET_IT["linux"])


def find_soffice() -> Path | None:
    """The program, from the search path or where its installers put it."""
    on_path = shutil.which("soffice") or shutil.which("libreoffice")
    if on_path:
        return Path(on_path)
    return next(
        (Path(found) for pattern in _PROGRAMS.get(sys.platform, []) for found in sorted(glob.glob(pattern))), None
    )


@cache
def find_installation() -> Installation:
    """Raises NoLibreOffice with what to install."""
    soffice = find_soffice()
    if soffice is None:
        raise NoLibreOffice(f"LibreOffice is not on this machine: {how_to_get_it()}.")
    for python in pythons_for(soffice):
        if _knows_uno(python):
            return Installation(soffice, python)
    raise NoLibreOffice(f"LibreOffice is at {soffice}, but no Python here has its module uno: {HOW_TO_GET_UNO}.")


def pythons_for(soffice: Path) -> Iterator[Path]:
    """LibreOffice's own Python first, then the system's, then this one."""
    program = soffice.resolve().parent
    candidates = [
        program / "python.exe", program / "python", program.parent / "Resources" / "python",
        Path("/usr/bin/python3"), Path(sys.executable),
    ]  # fmt: skip
    return (path for path in candidates if path.is_file())


def _knows_uno(python: Path) -> bool:
    try:
        done = subprocess.run([python, "-c", "import uno"], capture_output=True, timeout=60, env=_clean_environment())
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _clean_environment() -> dict[str, str]:
    """Without what points another Python to the packages of this one."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


Answer = Callable[[str, list[Any]], Any]
"""Works a worksheet function out: name and arguments (scalars, or ranges as lists of rows) -> a value or rows."""


class Office:
    """A running LibreOffice of our own, with a fresh profile that goes with it.

    `request` is safe to call from several threads: one at a time. `events` gets (what, number of the workbook, which):
    "pressed" for a button, "closed" for a window. `answer` works out worksheet functions, in a thread of its own, also
    while a request is being done.
    """

    def __init__(self, visible: bool = False, answer: Answer | None = None) -> None:
        found = find_installation()
        self.events: queue.Queue[tuple[str, int, str]] = queue.Queue()
        self._answer = answer
        self._answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._cells = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sop-cell")
        self._profile = tempfile.TemporaryDirectory(prefix="sop-libreoffice-", ignore_cleanup_errors=True)
        self._one_request, self._one_message = threading.Lock(), threading.Lock()
        self._bridge = subprocess.Popen(
            [found.python, BRIDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_clean_environment()
        )
        threading.Thread(target=self._read, daemon=True, name="sop-libreoffice").start()
        self.request("start", str(found.soffice), self._profile.name, visible)
        atexit.register(self.quit)

    @property
    def alive(self) -> bool:
        return self._bridge.poll() is None

    def request(self, method: str, *arguments: Any) -> Any:
        """Ask the bridge; EngineError with its sentence where it refuses or is gone."""
        with self._one_request:
            try:
                self._send("request", (method, arguments))
                kind, answer = self._answers.get()
            except OSError:
                kind, answer = "gone", ""
        if kind == "ok":
            return answer
        if kind == "error":
            raise EngineError(answer)
        if kind == "gone":
            self._answers.put((kind, ""))
            raise EngineError("LibreOffice was closed or stopped answering; open the workbook again.")
        raise EngineError(f"LibreOffice could not do {method.replace('_', ' ')}: {answer}.")

    def _send(self, kind: str, content: Any) -> None:
        assert self._bridge.stdin is not None
        with self._one_message:
            pickle.dump((kind, content), self._bridge.stdin, 4)
            self._bridge.stdin.flush()

    def _read(self) -> None:
        """Sort what comes: answers to the request that waits, events and calls to those who take them."""
        assert self._bridge.stdout is not None
        while True:
            try:
                kind, content = pickle.load(self._bridge.stdout)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                self._answers.put(("gone", ""))
                return
            if kind == "event":
                self.events.put(content)
            elif kind == "call":
                self._cells.submit(self._work_out, *content)
            else:
                self._answers.put((kind, content))

    def _work_out(self, number: int, name: str, arguments: list[Any]) -> None:
        result = self._answer(name, arguments) if self._answer is not None else f"#SOP: {name} is not served here."
        with contextlib.suppress(OSError):  # LibreOffice was closed meanwhile
            self._send("result", (number, result))

    def quit(self) -> None:
        """End LibreOffice and remove its profile; nothing happens the second time."""
        atexit.unregister(self.quit)
        if self.alive:
            try:
                self.request("quit")
            except EngineError:
                self._bridge.kill()
            self._bridge.wait()
        self._cells.shutdown(wait=False, cancel_futures=True)
        self._profile.cleanup()
