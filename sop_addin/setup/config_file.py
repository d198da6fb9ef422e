"""The text of an xlwings.conf: pairs `"KEY","value"`, one a line, read as Excel's VBA reads it.

VBA's `Input #` takes two values a line and the first line with the key, whatever its case. A blank line or one that is
not a pair puts it out of step, and past the end it fails: so our lines go to the top. Bytes stay bytes: what is not
ours is kept as it is, in whatever encoding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BOM = b"\xef\xbb\xbf"
_PAIR = re.compile(rb'[ \t]*(?:"([^"]+)"|([^",\s][^",]*?))[ \t]*,[ \t]*(?:"([^"]*)"|([^",]*?))[ \t]*')


@dataclass(frozen=True)
class Change:
    """One key: the lines that were there, and the value that is there now (None: taken out)."""

    key: str
    was: tuple[bytes, ...]
    now: bytes | None


def is_text(data: bytes) -> bool:
    """Not UTF-16 or something else altogether."""
    return b"\0" not in data and not data.startswith((b"\xff\xfe", b"\xfe\xff"))


def broken_lines(data: bytes) -> list[int]:
    """Numbers of the lines that are no pair; a byte order mark breaks the first."""
    broken = [number for number, line in enumerate(_lines(data), start=1) if _pair(line) is None]
    return sorted({*broken, 1}) if data.startswith(BOM) else broken


def value_of(data: bytes, key: str) -> bytes | None:
    """What VBA finds for ``key``; nothing is found behind a broken line."""
    if data.startswith(BOM):
        return None
    for line in _lines(data):
        pair = _pair(line)
        if pair is None:
            return None
        if pair[0] == key.lower():
            return pair[1]
    return None


def with_values(data: bytes, values: Mapping[str, bytes | None], newline: bytes) -> tuple[bytes, list[Change]]:
    """``data`` with these keys set (None: taken out), and what it took; every other line as it was.

    A key that VBA already reads with that value keeps its line.
    """
    wanted = {key: value for key, value in values.items() if not _is_set(data, key, value)}
    if not wanted:
        return data, []
    kept = _lines(data.removeprefix(BOM))
    changes = []
    for key, value in wanted.items():
        was = tuple(line for line in kept if _is_line_of(line, key))
        kept = [line for line in kept if not _is_line_of(line, key)]
        changes.append(Change(key, was, value))
    top = [_line(key, value, newline) for key, value in wanted.items() if value is not None]
    return b"".join([*top, *kept]), changes


def taken_back(data: bytes, changes: Sequence[Change]) -> tuple[bytes, list[str]]:
    """``data`` without our values and with the lines that they replaced; and the keys that others set since."""
    kept = _lines(data)
    top: list[bytes] = []
    foreign = []
    for change in changes:
        if value_of(data, change.key) != change.now:
            foreign.append(change.key)
            continue
        kept = [line for line in kept if not _is_line_of(line, change.key)]
        top += [line if line.endswith((b"\n", b"\r")) else line + b"\n" for line in change.was]
    return b"".join([*top, *kept]), foreign


def _is_set(data: bytes, key: str, value: bytes | None) -> bool:
    lines = [line for line in _lines(data.removeprefix(BOM)) if _is_line_of(line, key)]
    return not lines if value is None else len(lines) == 1 and value_of(data, key) == value


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _pair(line: bytes) -> tuple[str, bytes] | None:
    match = _PAIR.fullmatch(line.rstrip(b"\r\n"))
    if match is None:
        return None
    key = match[1] if match[1] is not None else match[2]
    value = match[3] if match[3] is not None else match[4]
    return key.decode("latin-1").lower(), value


def _is_line_of(line: bytes, key: str) -> bool:
    pair = _pair(line)
    return pair is not None and pair[0] == key.lower()


def _line(key: str, value: bytes, newline: bytes) -> bytes:
    return b'"' + key.encode("ascii") + b'","' + value + b'"' + newline
