"""What VBA calls: a broken installation ends as one sentence."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest

from sop_addin import button


@pytest.fixture
def macros(monkeypatch) -> types.ModuleType:
    fake = types.ModuleType("sop_addin.macros")
    monkeypatch.setitem(sys.modules, "sop_addin.macros", fake)
    return fake


def test_a_button_runs_its_macro(macros):
    pressed = []
    macros.forecast = lambda: pressed.append("forecast")
    button.press("forecast")
    assert pressed == ["forecast"]


def test_texts_arrive_as_they_were_typed(macros):
    given = []
    macros.mail_copy = lambda *texts: given.extend(texts)
    button.press("mail_copy", "Zoë '); #".encode("utf-16-be").hex(), "")
    assert given == ["Zoë '); #", ""]


def test_a_path_reaches_its_macro_whatever_letters_it_has(macros):
    path = "C:\\Users\\Zoë\\Verkäufe 'neu' 😀.csv"
    chosen = []
    macros.import_history = chosen.append
    button.press("import_history", path.encode("utf-16-be").hex())
    assert chosen == [path]


class FakeApp:
    def __init__(self) -> None:
        self.status_bar = ""
        self.said: list[tuple[str, str, str]] = []

    def alert(self, text: str, title: str, mode: str) -> None:
        self.said.append((text, title, mode))


def test_macros_that_cannot_be_loaded_are_one_message(macros, monkeypatch):
    app = FakeApp()
    fake_xlwings = types.ModuleType("xlwings")
    fake_xlwings.Book = types.SimpleNamespace(caller=lambda: types.SimpleNamespace(app=app))
    monkeypatch.setitem(sys.modules, "xlwings", fake_xlwings)

    def broken(name):
        raise ImportError("DLL load failed while importing _highs:\n  The specified module could not be found.")

    monkeypatch.setattr(button.importlib, "import_module", broken)
    button.press("forecast")
    text, title, mode = app.said[0]
    assert len(app.said) == 1
    assert (title, mode) == ("S&OP", "critical")
    assert text.startswith("S&OP could not start: ImportError: DLL load failed while importing _highs: The specified ")
    assert text.endswith("Nothing was changed.")
    assert "\n" not in text
    assert app.status_bar == text


def test_without_xlwings_the_sentence_is_all_that_reaches_its_log(tmp_path: Path) -> None:
    """As RunPython starts it: what stands on stderr is what xlwings shows."""
    for name in ("pandas", "xlwings"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('no such thing')\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from sop_addin.button import press; press('forecast')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("S&OP could not start: ImportError: no such thing. Run 'sop-addin doctor'")
    assert len(done.stderr.splitlines()) == 1
