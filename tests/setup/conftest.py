"""A fake Windows and a fake Mac: home folders, interpreter and answers under tmp_path; nothing of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sop_addin.setup.machine import MAC, WINDOWS, Machine, Ran

XLWINGS = "0.37.8"
EXCEL_KEY = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"


@dataclass
class Answers:
    """What the fake machine answers; tests change it."""

    python: dict[str, Any]
    python_runs: Ran | None = None
    commands: dict[tuple[str, ...], Ran] = field(default_factory=dict)
    registry: dict[tuple[str, str], object] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[list[str], Path | None]] = field(default_factory=list)

    def run(self, command: Sequence[str], folder: Path | None) -> Ran:
        self.asked.append((list(command), folder))
        if "-c" in command:
            return self.python_runs or Ran(0, "noise\nSOP-PROBE " + json.dumps(self.python) + "\n")
        return self.commands.get(tuple(command[:-1]), self.commands.get(tuple(command), Ran(1)))

    def registry_value(self, hive: str, key: str, name: str) -> object:
        return self.registry.get((key, name))


@dataclass(frozen=True)
class Fake:
    machine: Machine
    answers: Answers

    @property
    def config(self) -> Path:
        return self.machine.config_path

    def write_config(self, content: bytes) -> None:
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_bytes(content)

    def but(self, **changes: Any) -> Fake:
        return Fake(replace(self.machine, **changes), self.answers)

    def tree(self) -> dict[str, bytes | None]:
        """Every file below the home folder with its bytes, every folder with None."""
        home = self.machine.home
        paths = sorted(home.rglob("*"))
        return {str(path.relative_to(home)): path.read_bytes() if path.is_file() else None for path in paths}


def _python(executable: Path, prefix: Path, bridge: str) -> dict[str, Any]:
    modules = (bridge, "xlwings", "sop_addin", "sop_addin.macros", "pulp", "highspy", "statsforecast")
    return {
        "executable": str(executable), "version": [3, 12, 4], "bits": 64, "prefix": str(prefix), "base": "/python312",
        "cbc": True, "modules": {name: {"version": XLWINGS if name == "xlwings" else "1.0"} for name in modules},
    }  # fmt: skip


def _machine(folder: Path, platform: str, interpreter: Path, answers: Answers, **more: Any) -> Machine:
    package = folder / "xlwings"
    package.mkdir()
    (package / f"xlwings-{XLWINGS}.applescript").write_text("on VbaHandler(text)\nend VbaHandler\n")
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()
    return Machine(
        platform=platform, environment={}, interpreter=interpreter, prefix=interpreter.parent.parent,
        xlwings_folder=package, xlwings_version=XLWINGS, applications=folder / "Applications",
        run=answers.run, which=answers.programs.get, registry=answers.registry_value, **more,
    )  # fmt: skip


@pytest.fixture
def windows(tmp_path: Path) -> Fake:
    """Windows with Excel, and a virtual environment with the DLLs where pip puts them."""
    tmp_path = tmp_path / "C"
    tmp_path.mkdir()
    interpreter = tmp_path / "Planning tools" / "venv" / "Scripts" / "python.exe"
    answers = Answers(_python(interpreter, interpreter.parent.parent, "win32com.client"))
    answers.registry[EXCEL_KEY, ""] = r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE"
    home = tmp_path / "Users" / "planner"
    home.mkdir(parents=True)
    fake = Fake(_machine(tmp_path, WINDOWS, interpreter, answers, home=home, encoding="cp1252"), answers)
    for bits in (32, 64):
        (interpreter.parent.parent / f"xlwings{bits}-{XLWINGS}.dll").touch()
    return fake


@pytest.fixture
def mac(tmp_path: Path) -> Fake:
    """A Mac on which Excel was started once."""
    tmp_path = tmp_path / "Macintosh"
    tmp_path.mkdir()
    interpreter = tmp_path / "venv" / "bin" / "python3"
    answers = Answers(_python(interpreter, interpreter.parent.parent, "appscript"))
    home = tmp_path / "Users" / "planner"
    (home / "Library" / "Containers" / "com.microsoft.Excel" / "Data").mkdir(parents=True)
    fake = Fake(_machine(tmp_path, MAC, interpreter, answers, home=home, encoding="utf-8"), answers)
    (fake.machine.applications / "Microsoft Excel.app").mkdir(parents=True)
    return fake


@pytest.fixture(params=["windows", "mac"])
def either(request: pytest.FixtureRequest) -> Fake:
    return request.getfixturevalue(request.param)


@pytest.fixture
def facts() -> Callable[..., dict[str, Any]]:
    """``facts(fake, book)`` by name."""
    from sop_addin.setup import examine

    def call(fake: Fake, book: str | None = None) -> dict[str, Any]:
        return {fact.name: fact for fact in examine(fake.machine, book)}

    return call
