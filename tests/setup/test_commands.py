"""The commands install, uninstall and doctor from outside, and the real Python asked by the real probe."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sop_addin import setup
from sop_addin.cli import main
from sop_addin.setup.machine import run_program, this_machine
from sop_addin.setup.probe import modules_of, probe

from .conftest import Fake


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """``call(fake, "install")`` -> exit code, stdout, stderr."""

    def run(fake: Fake, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(setup, "this_machine", lambda: fake.machine)
        with pytest.raises(SystemExit) as left:
            main(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(left.value.code or 0), out, err

    return run


def test_install_doctor_uninstall(either: Fake, call) -> None:
    before = either.tree()
    code, out, err = call(either, "install")
    assert (code, err) == (0, "")
    assert f"Written: {either.config}" in out
    assert out.splitlines()[-1].startswith("Next: ")
    code, out, _ = call(either, "doctor")
    assert code == 0
    assert out.splitlines()[-1] == "No problems."
    code, out, _ = call(either, "uninstall")
    assert code == 0
    assert f"Removed: {either.config}" in out
    assert either.tree() == before


def test_doctor_names_the_problem_and_its_fix(either: Fake, call) -> None:
    code, out, _ = call(either, "doctor")
    assert code == 1
    lines = out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("problem  xlwings configuration"))
    assert "-> run `sop-addin install`." in lines[at + 1]


def test_doctor_for_scripts(windows: Fake, call) -> None:
    code, out, err = call(windows, "doctor", "--json")
    assert (code, err) == (1, "")
    answer = json.loads(out)
    assert answer["status"] == "Problems"
    (wrong,) = [fact for fact in answer["facts"] if fact["state"] == "problem"]
    assert set(wrong) == {"name", "state", "detail", "fix"}


def test_a_refusal_is_one_sentence_and_exit_code_2(either: Fake, call) -> None:
    either.write_config(b'"A","1"\n')
    either.config.chmod(0o444)
    for command in ("install",):
        code, out, err = call(either, command)
        assert (code, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert str(either.config) in err


def test_warnings_go_to_stderr(windows: Fake, call) -> None:
    windows.write_config(b"\r\n")
    code, _, err = call(windows, "install")
    assert code == 0
    assert err.startswith("Warning: ")


# --- this machine -----------------------------------------------------------------------------------------------------


def test_this_python_is_fit() -> None:
    machine = this_machine()
    asked = probe(machine, Path(sys.executable))
    assert not asked.problem
    assert asked.version == sys.version_info[:3]
    assert not {name: asked.error_of(name) for name in modules_of(machine) if asked.error_of(name)}
    assert asked.version_of("xlwings") == machine.xlwings_version
    assert asked.version_of("highspy")


def test_paths_of_the_configuration_come_first(tmp_path: Path) -> None:
    (tmp_path / "highspy.py").write_text("raise SystemExit('shadowed')")
    asked = probe(this_machine(), Path(sys.executable), [str(tmp_path)])
    assert "shadowed" in asked.error_of("highspy")


def test_a_program_that_cannot_start_is_an_answer_too(tmp_path: Path) -> None:
    assert run_program([str(tmp_path / "no-python")], None).code == -1
    assert "does not start" in probe(this_machine(), tmp_path / "no-python").problem


def test_the_script_of_xlwings_lies_where_we_look() -> None:
    machine = this_machine()
    assert (machine.xlwings_folder / machine.applescript_name).is_file()


def test_the_keys_are_those_that_xlwings_reads() -> None:
    """From xlwings.bas itself: a rename there would leave install writing for nobody."""
    machine = this_machine()
    text = (machine.xlwings_folder / "xlwings.bas").read_text(encoding="cp1252")
    for key in ("INTERPRETER_WIN", "INTERPRETER_MAC", "CONDA PATH", "CONDA ENV", "PYTHONPATH"):
        assert f'GetConfig("{key}"' in text
    assert r'Environ("USERPROFILE") & "\." & PROJECT_NAME & "\" & PROJECT_NAME & ".conf"' in text
    assert f"xlwings64-{machine.xlwings_version}.dll" in text
    assert '"xlwings-" & XLWINGS_VERSION & ".applescript"' in text
