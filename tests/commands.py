"""The fixture ``cli``: a command run in this process, and what it answered. For `pytest_plugins`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sop_addin.cli import main

posix = pytest.mark.skipif(
    os.name == "nt", reason="pipes, devices, links, forks and signals as Windows has not got them"
)


@dataclass(frozen=True)
class Reply:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on stderr."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        return lines[0]

    @property
    def json(self) -> dict:
        return json.loads(self.out)


Cli = Callable[..., Reply]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """``cli("run", book)`` in this process."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))

    def call(*arguments: object) -> Reply:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Reply(int(left.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def sample_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The sample workbook, as `new` makes it."""
    path = tmp_path_factory.mktemp("sample") / "Sample.xlsm"
    with pytest.raises(SystemExit) as left:
        main(["new", str(path)])
    assert not left.value.code
    return path.read_bytes()


@pytest.fixture
def sample(sample_bytes: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "Sample.xlsm"
    path.write_bytes(sample_bytes)
    return path
