"""The machine as set-up sees it: platform, home folder, interpreter, and ways to ask. Tests hand over a fake one."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sop_addin.model.errors import SopError

WINDOWS, MAC = "win32", "darwin"
CURRENT_USER, LOCAL_MACHINE = "HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE"
_SECONDS = 180  # a first import on a slow disk under a virus scanner


class SetupError(SopError):
    """Something about this machine that keeps install or uninstall from doing its work."""


@dataclass(frozen=True)
class Ran:
    """What a program gave; code -1 where it could not be started or did not end."""

    code: int
    out: str = ""
    err: str = ""


@dataclass(frozen=True)
class Machine:
    """Everything that set-up asks of the world, except for files, which lie below these folders."""

    platform: str
    home: Path
    environment: Mapping[str, str]
    interpreter: Path
    prefix: Path
    xlwings_folder: Path
    xlwings_version: str
    applications: Path
    encoding: str  # how Excel's VBA reads a text file: the ANSI code page on Windows
    run: Callable[[Sequence[str], Path | None], Ran]
    which: Callable[[str], str | None]
    registry: Callable[[str, str, str], object]  # hive, key, name -> value or None

    @property
    def is_windows(self) -> bool:
        return self.platform == WINDOWS

    @property
    def is_mac(self) -> bool:
        return self.platform == MAC

    @property
    def has_excel_platform(self) -> bool:
        return self.is_windows or self.is_mac

    @property
    def newline(self) -> bytes:
        return b"\r\n" if self.is_windows else b"\n"

    @property
    def interpreter_key(self) -> str:
        """The setting that names the interpreter, as xlwings.bas asks for it."""
        return "INTERPRETER_MAC" if self.is_mac else "INTERPRETER_WIN"

    def typed(self, path: str | Path) -> str:
        """A program as it is typed in a terminal; PowerShell needs & before quotes."""
        return str(path) if " " not in str(path) else f'& "{path}"' if self.is_windows else f'"{path}"'

    @property
    def excel_container(self) -> Path:
        """What Excel for Mac takes for the home folder."""
        return self.home / "Library" / "Containers" / "com.microsoft.Excel" / "Data"

    @property
    def config_path(self) -> Path:
        """The user's configuration of xlwings (GetConfigFilePath of xlwings.bas, USER_CONFIG_FILE of the package)."""
        return (self.excel_container if self.is_mac else self.home / ".xlwings") / "xlwings.conf"

    @property
    def record_path(self) -> Path:
        """What install changed. Not below AppData, which a Python of the Microsoft Store would see redirected."""
        if self.is_mac:
            return self.home / "Library" / "Application Support" / "sop-addin" / "install.json"
        return self.home / ".xlwings" / "sop-addin-install.json"

    @property
    def applescript_name(self) -> str:
        return f"xlwings-{self.xlwings_version}.applescript"

    @property
    def applescript_path(self) -> Path:
        """Where Excel for Mac may run a script from; `xlwings runpython install` copies it to the same place."""
        return self.home / "Library" / "Application Scripts" / "com.microsoft.Excel" / self.applescript_name


def this_machine() -> Machine:
    """The machine we run on, and the Python that runs us."""
    spec = importlib.util.find_spec("xlwings")
    if spec is None or spec.origin is None:
        raise SetupError(
            f"xlwings is missing in {sys.executable}; install sop-addin again: python -m pip install sop-addin."
        )
    return Machine(
        platform=sys.platform,
        home=Path.home(),
        environment=os.environ,
        interpreter=Path(sys.executable),
        prefix=Path(sys.prefix),
        xlwings_folder=Path(spec.origin).parent,
        xlwings_version=importlib.metadata.version("xlwings"),
        applications=Path("/Applications"),
        encoding="mbcs" if sys.platform == "win32" else "utf-8",
        run=run_program,
        which=shutil.which,
        registry=registry_value,
    )


def run_program(command: Sequence[str], folder: Path | None) -> Ran:
    """Run ``command`` in ``folder``; never raises."""
    try:
        done = subprocess.run(
            list(command), cwd=folder, capture_output=True, timeout=_SECONDS, check=False,
            text=True, encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Ran(-1, err=f"no answer within {_SECONDS} s")
    except (OSError, ValueError) as error:
        return Ran(-1, err=str(error))
    return Ran(done.returncode, done.stdout, done.stderr)


def registry_value(hive: str, key: str, name: str) -> object:
    """A value of the Windows registry; None where there is none."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(getattr(winreg, hive), key) as opened:
                return winreg.QueryValueEx(opened, name)[0]
        except OSError:
            return None
    return None
