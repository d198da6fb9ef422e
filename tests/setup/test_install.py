"""Install writes what Excel needs and keeps the rest; uninstall restores every byte. On a fake Windows and Mac."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sop_addin.setup import SetupError, install, uninstall
from sop_addin.setup.machine import Machine

from .conftest import XLWINGS, Fake

FOREIGN = '"PYTHONPATH","C:\\tools\\päckages"\r\n"LICENSE_KEY","noncommercial"\r\n'.encode("cp1252")


def script(fake: Fake) -> Path:
    return fake.machine.applescript_path


# --- install ----------------------------------------------------------------------------------------------------------


def test_the_places_are_those_of_xlwings(windows: Fake, mac: Fake) -> None:
    assert windows.config == windows.machine.home / ".xlwings" / "xlwings.conf"
    assert mac.config == mac.machine.home / "Library/Containers/com.microsoft.Excel/Data/xlwings.conf"
    folder = mac.machine.home / "Library" / "Application Scripts" / "com.microsoft.Excel"
    assert script(mac) == folder / f"xlwings-{XLWINGS}.applescript"


def test_windows_gets_its_interpreter_with_windows_line_ends(windows: Fake) -> None:
    outcome = install(windows.machine)
    assert windows.config.read_bytes() == f'"INTERPRETER_WIN","{windows.machine.interpreter}"\r\n'.encode()
    assert str(windows.config) in outcome.done[0]
    assert "Set-up" in outcome.next_step
    assert not outcome.warnings


def test_a_mac_gets_its_interpreter_and_the_script_of_xlwings(mac: Fake) -> None:
    outcome = install(mac.machine)
    assert mac.config.read_bytes() == f'"INTERPRETER_MAC","{mac.machine.interpreter}"\n'.encode()
    assert script(mac).read_bytes() == (mac.machine.xlwings_folder / script(mac).name).read_bytes()
    assert len(outcome.done) == 3


def test_lines_of_others_stay(either: Fake) -> None:
    either.write_config(FOREIGN)
    install(either.machine)
    assert either.config.read_bytes().endswith(FOREIGN)


def test_an_earlier_interpreter_is_replaced(windows: Fake) -> None:
    windows.write_config(b'"interpreter_win","C:\\old\\python.exe"\r\n' + FOREIGN)
    install(windows.machine)
    assert windows.config.read_bytes() == f'"INTERPRETER_WIN","{windows.machine.interpreter}"\r\n'.encode() + FOREIGN


def test_a_conda_of_earlier_days_is_taken_out(windows: Fake) -> None:
    windows.write_config(b'"CONDA PATH","C:\\conda"\r\n"CONDA ENV","base"\r\n')
    install(windows.machine)
    assert b"CONDA" not in windows.config.read_bytes()


@pytest.mark.parametrize(("place", "name"), [("envs/plan", "plan"), (".", "base")])
def test_a_conda_environment_is_activated_by_xlwings(windows: Fake, tmp_path: Path, place: str, name: str) -> None:
    root = tmp_path / "conda"
    prefix = root / place
    (prefix / "conda-meta").mkdir(parents=True)
    (root / "condabin").mkdir()
    (root / "condabin" / "conda.bat").touch()
    install(windows.but(prefix=prefix).machine)
    assert windows.config.read_bytes() == (
        f'"CONDA PATH","{root}"\r\n"CONDA ENV","{name}"\r\n"INTERPRETER_WIN","python"\r\n'.encode()
    )


def test_install_twice_changes_nothing_more(either: Fake) -> None:
    either.write_config(FOREIGN)
    install(either.machine)
    before = either.tree()
    outcome = install(either.machine)
    assert either.tree() == before
    assert "Nothing to do" in outcome.done[0]


def test_what_is_right_already_is_not_claimed(windows: Fake) -> None:
    """`xlwings config create` was here before: then uninstall leaves it."""
    own = f'"INTERPRETER_WIN","{windows.machine.interpreter}"\r\n'.encode()
    windows.write_config(own)
    before = windows.tree()
    assert "Nothing to do" in install(windows.machine).done[0]
    uninstall(windows.machine)
    assert windows.tree() == before


def test_a_new_interpreter_replaces_ours(windows: Fake, tmp_path: Path) -> None:
    windows.write_config(FOREIGN)
    before = windows.tree()
    install(windows.machine)
    moved = windows.but(interpreter=tmp_path / "new" / "python.exe")
    install(moved.machine)
    assert windows.config.read_bytes() == f'"INTERPRETER_WIN","{moved.machine.interpreter}"\r\n'.encode() + FOREIGN
    uninstall(moved.machine)
    assert windows.tree() == before


def test_going_back_to_the_first_python_leaves_no_trace(windows: Fake, tmp_path: Path) -> None:
    windows.write_config(FOREIGN + f'"INTERPRETER_WIN","{windows.machine.interpreter}"\r\n'.encode())
    before = windows.tree()
    install(windows.but(interpreter=tmp_path / "new" / "python.exe").machine)
    assert b"new" in windows.config.read_bytes()
    install(windows.machine)
    assert windows.tree() == before


def test_the_script_of_an_older_xlwings_goes_with_an_upgrade(mac: Fake) -> None:
    before = mac.tree()
    install(mac.machine)
    newer = mac.but(xlwings_version="0.38.0")
    (mac.machine.xlwings_folder / "xlwings-0.38.0.applescript").write_text("newer")
    install(newer.machine)
    assert not script(mac).exists()
    assert script(newer).read_text() == "newer"
    uninstall(newer.machine)
    assert mac.tree() == before


# --- refused, with a sentence and nothing changed ---------------------------------------------------------------------


def refused(machine: Machine) -> str:
    with pytest.raises(SetupError) as error:
        install(machine)
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_linux_has_no_excel(windows: Fake) -> None:
    assert "no Excel on this system" in refused(windows.but(platform="linux").machine)
    assert not windows.tree()


def test_a_configuration_that_is_read_only(either: Fake) -> None:
    either.write_config(FOREIGN)
    either.config.chmod(0o444)
    before = either.tree()
    message = refused(either.machine)
    assert "read-only" in message
    assert str(either.config) in message
    assert either.tree() == before


def test_a_folder_that_cannot_be_made(windows: Fake) -> None:
    (windows.machine.home / ".xlwings").write_text("a file, not a folder")
    before = windows.tree()
    assert "cannot be" in refused(windows.machine)
    assert windows.tree() == before


def test_a_disk_that_fills_up_halfway_leaves_nothing_behind(mac: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    mac.write_config(FOREIGN)
    before = mac.tree()
    replace = os.replace

    def full(source: str, target: str | Path) -> None:
        if str(target).endswith(".applescript"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    assert "No space left on device" in refused(mac.machine)
    assert mac.tree() == before


def test_a_mac_folder_that_macos_guards_names_the_setting(mac: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mac.tree()
    replace = os.replace

    def guarded(source: str, target: str | Path) -> None:
        if "Containers" in str(target):
            raise PermissionError(1, "Operation not permitted")
        replace(source, target)

    monkeypatch.setattr(os, "replace", guarded)
    message = refused(mac.machine)
    assert "Operation not permitted" in message
    assert "Full Disk Access" in message
    assert mac.tree() == before


def test_a_configuration_in_utf16(windows: Fake) -> None:
    windows.write_config(FOREIGN.decode("cp1252").encode("utf-16"))
    assert "plain text" in refused(windows.machine)


def test_excel_for_mac_has_to_be_started_once(mac: Fake) -> None:
    mac.machine.excel_container.rmdir()
    assert "start Excel once" in refused(mac.machine)


def test_a_mac_path_that_the_shell_would_tear_apart(mac: Fake, tmp_path: Path) -> None:
    assert "plain name" in refused(mac.but(interpreter=tmp_path / "my venv" / "bin" / "python3").machine)


def test_a_windows_path_beyond_the_code_page(windows: Fake, tmp_path: Path) -> None:
    assert "'計'" in refused(windows.but(interpreter=tmp_path / "計画" / "python.exe").machine)


def test_a_mac_without_the_script_in_the_package(mac: Fake) -> None:
    (mac.machine.xlwings_folder / script(mac).name).unlink()
    assert "install xlwings again" in refused(mac.machine)


def test_a_record_that_was_edited(windows: Fake) -> None:
    install(windows.machine)
    windows.machine.record_path.write_text('{"version": 1}')
    assert "cannot be understood" in refused(windows.machine)
    with pytest.raises(SetupError, match="cannot be understood"):
        uninstall(windows.machine)


# --- warned of --------------------------------------------------------------------------------------------------------


def test_a_line_that_excel_cannot_read_past_is_named(windows: Fake) -> None:
    windows.write_config(FOREIGN + b"\r\n")
    (warning,) = install(windows.machine).warnings
    assert "line 4" in warning


def test_a_missing_dll_is_named(windows: Fake) -> None:
    (windows.machine.prefix / f"xlwings64-{XLWINGS}.dll").unlink()
    (warning,) = install(windows.machine).warnings
    assert f"xlwings64-{XLWINGS}.dll" in warning
    assert f"xlwings32-{XLWINGS}.dll" not in warning


# --- uninstall --------------------------------------------------------------------------------------------------------

BEFORE = [
    None, b"", FOREIGN, FOREIGN.removesuffix(b"\r\n"), b"\xef\xbb\xbf" + FOREIGN, b"\r\n\r\n" + FOREIGN,
    b'"Interpreter_Win","x"\n"INTERPRETER_WIN","y"\n"INTERPRETER_MAC","z"\n"CONDA PATH","c"\n' + FOREIGN,
]  # fmt: skip


@pytest.mark.parametrize("content", BEFORE)
def test_uninstall_restores_every_byte(either: Fake, content: bytes | None) -> None:
    if content is not None:
        either.write_config(content)
    before = either.tree()
    install(either.machine)
    assert either.tree() != before
    outcome = uninstall(either.machine)
    assert either.tree() == before
    assert not outcome.warnings


def test_uninstall_restores_a_script_that_was_there(mac: Fake) -> None:
    script(mac).parent.mkdir(parents=True)
    script(mac).write_text("of somebody else")
    before = mac.tree()
    install(mac.machine)
    uninstall(mac.machine)
    assert mac.tree() == before


def test_a_script_of_xlwings_that_was_there_stays(mac: Fake) -> None:
    script(mac).parent.mkdir(parents=True)
    script(mac).write_bytes((mac.machine.xlwings_folder / script(mac).name).read_bytes())
    before = mac.tree()
    install(mac.machine)
    uninstall(mac.machine)
    assert mac.tree() == before


def test_settings_made_since_survive_uninstall(windows: Fake) -> None:
    windows.write_config(b'"INTERPRETER_WIN","C:\\old\\python.exe"\r\n')
    install(windows.machine)
    windows.write_config(windows.config.read_bytes() + b'"SHOW CONSOLE","True"\r\n')
    uninstall(windows.machine)
    assert windows.config.read_bytes() == b'"INTERPRETER_WIN","C:\\old\\python.exe"\r\n"SHOW CONSOLE","True"\r\n'


def test_settings_made_between_two_installs_survive_uninstall(windows: Fake, tmp_path: Path) -> None:
    windows.write_config(FOREIGN)
    install(windows.machine)
    windows.write_config(windows.config.read_bytes() + b'"SHOW CONSOLE","True"\r\n')
    install(windows.but(interpreter=tmp_path / "new" / "python.exe").machine)
    uninstall(windows.machine)
    assert windows.config.read_bytes() == FOREIGN + b'"SHOW CONSOLE","True"\r\n'


def test_an_interpreter_chosen_since_is_left_and_said(windows: Fake) -> None:
    install(windows.machine)
    windows.write_config(b'"INTERPRETER_WIN","C:\\chosen\\python.exe"\r\n')
    (warning,) = uninstall(windows.machine).warnings
    assert "INTERPRETER_WIN" in warning
    assert b"chosen" in windows.config.read_bytes()


def test_a_file_that_others_put_into_our_folder_stays(windows: Fake) -> None:
    install(windows.machine)
    (windows.machine.home / ".xlwings" / "aad.json").write_text("{}")
    uninstall(windows.machine)
    assert set(windows.tree()) == {".xlwings", ".xlwings/aad.json"}


def test_uninstall_without_install_does_nothing(either: Fake) -> None:
    before = either.tree()
    assert "Nothing to undo" in uninstall(either.machine).done[0]
    assert either.tree() == before


def test_uninstall_twice_is_harmless(either: Fake) -> None:
    install(either.machine)
    uninstall(either.machine)
    assert "Nothing to undo" in uninstall(either.machine).done[0]
