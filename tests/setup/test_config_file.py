"""xlwings.conf as VBA's `Input #` reads it, and changes that can be taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_addin.setup.config_file import BOM, broken_lines, is_text, taken_back, value_of, with_values

CONFIG = b'"PYTHONPATH","C:\\tools"\r\n"Interpreter_Win","C:\\old\\python.exe"\r\n"LICENSE_KEY","noncommercial"\r\n'
NEW = {"INTERPRETER_WIN": b"C:\\new\\python.exe"}


def test_keys_are_found_whatever_their_case() -> None:
    assert value_of(CONFIG, "INTERPRETER_WIN") == b"C:\\old\\python.exe"
    assert value_of(b"interpreter_win , python\n", "INTERPRETER_WIN") == b"python"
    assert value_of(CONFIG, "CONDA PATH") is None


def test_the_first_of_two_lines_counts_as_in_vba() -> None:
    assert value_of(b'"A","1"\n"a","2"\n', "A") == b"1"


@pytest.mark.parametrize("broken", [b"\r\n", b"# a comment\r\n", b'"A"\r\n', b'"A","1","2"\r\n', b'"","1"\r\n'])
def test_nothing_is_found_behind_a_line_that_puts_vba_out_of_step(broken: bytes) -> None:
    assert value_of(broken + CONFIG, "PYTHONPATH") is None
    assert broken_lines(CONFIG + broken) == [4]


def test_a_byte_order_mark_hides_the_first_key() -> None:
    assert value_of(BOM + CONFIG, "PYTHONPATH") is None
    assert broken_lines(BOM + CONFIG) == [1]
    assert with_values(BOM + CONFIG, NEW, b"\r\n")[0].startswith(b'"INTERPRETER_WIN"')


def test_utf16_is_no_text() -> None:
    assert not is_text('"A","1"'.encode("utf-16"))
    assert is_text(CONFIG)


def test_our_line_goes_to_the_top_and_every_other_line_stays() -> None:
    after, _ = with_values(CONFIG, NEW, b"\r\n")
    assert after == (
        b'"INTERPRETER_WIN","C:\\new\\python.exe"\r\n"PYTHONPATH","C:\\tools"\r\n"LICENSE_KEY","noncommercial"\r\n'
    )


def test_a_value_that_is_there_changes_nothing() -> None:
    after, _ = with_values(CONFIG, NEW, b"\r\n")
    assert with_values(after, NEW, b"\r\n") == (after, [])


def test_a_second_line_with_the_key_is_taken_out() -> None:
    after, _ = with_values(b'"A","1"\n"a","2"\n', {"A": b"1"}, b"\n")
    assert after == b'"A","1"\n'


def test_taken_back_leaves_what_others_set_since() -> None:
    after, changes = with_values(CONFIG, NEW, b"\r\n")
    edited = after.replace(b"new", b"newer") + b'"SHOW CONSOLE","True"\r\n'
    assert taken_back(edited, changes) == (edited, ["INTERPRETER_WIN"])


KEYS = st.sampled_from(["A", "b", "INTERPRETER_WIN", "Interpreter_Win", "CONDA PATH"])
lines = st.lists(st.tuples(KEYS, st.text("xyz é", max_size=4)), max_size=6)


@given(lines, st.lists(st.text("pq", min_size=1, max_size=3), max_size=2))
def test_taking_back_restores_the_values_and_keeps_later_lines(before: list, later: list[str]) -> None:
    data = "".join(f'"{key}","{value}"\n' for key, value in before).encode("cp1252")
    after, changes = with_values(data, {"INTERPRETER_WIN": b"ours", "CONDA PATH": None}, b"\n")
    assert value_of(after, "INTERPRETER_WIN") == b"ours"
    assert value_of(after, "CONDA PATH") is None
    added = b"".join(b'"LATER %s","1"\n' % key.encode() for key in later)
    restored, foreign = taken_back(after + added, changes)
    assert not foreign
    assert sorted(restored.splitlines()) == sorted((data + added).splitlines())
    for key in ("INTERPRETER_WIN", "CONDA PATH", "A"):
        assert value_of(restored, key) == value_of(data, key)
