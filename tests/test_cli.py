"""The command line from outside: exit codes, sentences, and files that stay as they were."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sop_addin import __version__
from sop_addin.cli import main

TABLE_OF_COMMANDS = ("new", "run", "check", "export", "build-template")


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


# --- the way in -------------------------------------------------------------------------------------------------------


def test_help_lists_every_command(cli: Cli) -> None:
    reply = cli("--help")
    assert reply.code == 0
    for command in TABLE_OF_COMMANDS:
        assert f" {command} " in reply.out


def test_no_command_shows_help_and_is_wrong_usage(cli: Cli) -> None:
    reply = cli()
    assert reply.code == 2
    assert "Usage" in reply.out + reply.err


def test_version(cli: Cli) -> None:
    assert cli("--version") == Reply(0, f"sop-addin {__version__}\n", "")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom sop_addin.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print('HEAVY', [name for name in ('pandas', 'numpy', 'pulp', 'xlwings', 'lxml') if name in sys.modules])"
    )
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "HEAVY []" in done.stdout
    assert time.perf_counter() - begin < 10  # 0.2 s on an idle machine; the line above is what keeps it so


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plan"], "No such command 'plan'"),
        (["run"], "Missing argument 'BOOK'"),
        (["run", "nowhere.xlsm"], "'nowhere.xlsm' does not exist"),
        (["run", "{book}", "--fast"], "No such option: --fast"),
        (["run", "{book}", "--steps", "forecast,dream"], "'dream' is not a step; choose from forecast, aggregate"),
        (["run", "{book}", "--steps", ""], "'' is not a step"),
        (["run", "{book}", "--out", "plan.xlsx"], "'plan.xlsx' must end in .xlsm"),
        (["run", "{folder}"], "give --out OUT.xlsm"),
        (["new", "{book}"], "exists; choose another name, or --force"),
        (["new", "plan.xlsx"], "must end in .xlsm"),
        (["new", "plan.xlsm", "--blank", "--sample", "appliances"], "choose one of --blank, --sample and --data"),
        (["new", "plan.xlsm", "--data", "nowhere"], "'nowhere' does not exist"),
        (["check", "nowhere.xlsm"], "'nowhere.xlsm' does not exist"),
        (["export", "{book}"], "Missing argument 'FOLDER'"),
        (["export", "nowhere.xlsm", "folder"], "'nowhere.xlsm' does not exist"),
        (["build-template", "--check"], "go to the project folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_usage_is_one_sentence_and_2(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    book, folder = tmp_path / "book.xlsm", tmp_path / "folder"
    book.write_bytes(b"whatever")
    folder.mkdir()
    reply = cli(*(argument.format(book=book, folder=folder) for argument in arguments))
    assert reply.code == 2
    assert sentence in reply.sentence
    assert "--help`" in reply.sentence
    assert reply.out == ""
    assert book.read_bytes() == b"whatever"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsm", "folder"]


def test_the_unexpected_is_a_sentence_and_a_log(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("sop_addin.cli._opened", break_down)
    book = tmp_path / "book.xlsm"
    book.write_bytes(b"whatever")
    reply = cli("check", book)
    assert reply.code == 2
    assert reply.sentence.startswith("Unexpected ZeroDivisionError (division by zero): please report it with")
    (log,) = (tmp_path / "state" / "sop-addin").rglob("*.log")
    assert str(log) in reply.sentence
    text = log.read_text()
    assert __version__ in text
    assert f"check {book}" in text
    assert "Traceback" in text
    assert "break_down" in text


def test_failures_are_json_too(cli: Cli) -> None:
    reply = cli("run", "nowhere.xlsm", "--json")
    assert reply.code == 2
    assert reply.json["status"] == "Failed"
    assert reply.json["message"] == reply.sentence


def test_stopping_is_quiet(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sop_addin.cli._opened", stop)
    (tmp_path / "book.xlsm").write_bytes(b"whatever")
    reply = cli("check", tmp_path / "book.xlsm")
    assert (reply.code, reply.sentence) == (130, "Stopped; no file was changed.")
