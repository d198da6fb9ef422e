"""Workbook files built to harm, by kind; each is the template with parts replaced or added.

What a command takes to refuse or read one is measured by `benchmarks/hostile_files.py`.
"""

from __future__ import annotations

import io
import re
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

TEMPLATE = Path(__file__).parent.parent / "workbook" / "SOP_Template.xlsm"
PLENTY = 45_000_000  # bytes of one part; from 50 million on its density is looked at
CORNER = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'


def rewritten(change: dict[str, bytes]) -> bytes:
    """The template with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(TEMPLATE) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in change:
                target.writestr(name, source.read(name))
        for name, content in change.items():
            target.writestr(name, content)
    return out.getvalue()


def part(name: str) -> bytes:
    with zipfile.ZipFile(TEMPLATE) as source:
        return source.read(name)


def part_of_table(name: str) -> str:
    with zipfile.ZipFile(TEMPLATE) as source:
        tables = [one for one in source.namelist() if one.startswith("xl/tables/")]
        return next(one for one in tables if f'displayName="{name}"'.encode() in source.read(one))


def sheet_of_table(name: str) -> str:
    table = part_of_table(name).rpartition("/")[2].encode()
    with zipfile.ZipFile(TEMPLATE) as source:
        links = [one for one in source.namelist() if one.startswith("xl/worksheets/_rels/")]
        found = next(one for one in links if table + b'"' in source.read(one))
    return found.replace("_rels/", "").removesuffix(".rels")


def _with_doctype(name: str, doctype: bytes) -> bytes:
    return rewritten({name: re.sub(rb"\?>", b"?>" + doctype, part(name), count=1)})


def _entity_bomb() -> bytes:
    laughs = b"".join(b"<!ENTITY %c '%s'>" % (code, b"&%c;" % (code - 1) * 10) for code in range(98, 108))
    return _with_doctype("xl/workbook.xml", b"<!DOCTYPE l [<!ENTITY a 'ha'>" + laughs + b"]>")


def _far_corners() -> bytes:
    items = part_of_table("tblItems")
    table = re.sub(rb' ref="[A-Z]+\d+:[A-Z]+\d+"', b' ref="A1:XFD1048576"', part(items))
    with zipfile.ZipFile(TEMPLATE) as source:
        sheets = [one for one in source.namelist() if one.startswith("xl/worksheets/sheet")]
    return rewritten({items: table} | {one: part(one).replace(b"</sheetData>", CORNER) for one in sheets})


def _sheets() -> bytes:
    many = b"".join(b'<sheet name="S%d" sheetId="%d" r:id="rId1"/>' % (at, at) for at in range(1000, 11_000))
    return rewritten({"xl/workbook.xml": part("xl/workbook.xml").replace(b"</sheets>", many + b"</sheets>")})


def _shared_strings() -> bytes:
    more = b"".join(b"<si><t>text %d</t></si>" % at for at in range(1_000_000))
    return rewritten({"xl/sharedStrings.xml": part("xl/sharedStrings.xml").replace(b"</sst>", more + b"</sst>")})


def _in_sheet(text: bytes) -> bytes:
    """Something long before the end of the rows of Items."""
    name = sheet_of_table("tblItems")
    return rewritten({name: part(name).replace(b"</sheetData>", text + b"</sheetData>", 1)})


def _cells() -> bytes:
    def row(number: int) -> bytes:
        cells = b"".join(b'<c r="%c%d"><v>1</v></c>' % (letter, number) for letter in range(65, 85))
        return b'<row r="%d">%s</row>' % (number, cells)

    return _in_sheet(b"".join(row(number) for number in range(2_000, 2_000 + PLENTY // 500)))


class Hostile(NamedTuple):
    make: Callable[[], bytes]
    refused: bool


KINDS: dict[str, Hostile] = {
    "zip bomb": Hostile(lambda: rewritten({"xl/media/image99.png": b"\0" * 60_000_000}), True),
    "zip of 19 dense parts": Hostile(
        lambda: rewritten({f"xl/media/image{at}.png": b"\0" * PLENTY for at in range(90, 109)}), False
    ),
    "entity bomb": Hostile(_entity_bomb, True),
    "external entity": Hostile(
        lambda: _with_doctype("xl/workbook.xml", b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"), True
    ),
    "far corners": Hostile(_far_corners, True),
    "10,000 sheets": Hostile(_sheets, True),
    "a million shared strings": Hostile(_shared_strings, False),
    "45 MB of cells": Hostile(_cells, False),
    "45 MB of open tags": Hostile(lambda: _in_sheet(b"<c>" * (PLENTY // 3)), True),
    "45 MB of one text": Hostile(
        lambda: _in_sheet(b'<row r="9999"><c r="A9999" t="inlineStr"><is><t>' + b"x" * PLENTY + b"</t></is></c></row>"),
        False,
    ),
}  # fmt: skip


class Cost(NamedTuple):
    code: int
    said: str
    megabytes: float
    seconds: float


_MEASURED = """
import resource, sys
sys.argv = ["sop-addin", *sys.argv[1:]]
from sop_addin.cli import main
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print("COST", used.ru_maxrss, seconds, file=sys.stderr)
"""


def cost(words: Sequence[object], limit: int | None = None) -> Cost:
    """What a command takes in a process of its own; ``limit``: bytes of address space that it may take at all."""

    def confine() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    done = subprocess.run([sys.executable, "-W", "ignore", "-c", _MEASURED, *map(str, words)], capture_output=True,
                          text=True, check=False, preexec_fn=confine)  # fmt: skip
    *said, last = done.stderr.strip().splitlines()
    _, kilobytes, seconds = last.split()
    return Cost(done.returncode, "\n".join(said), float(kilobytes) / 1_000, float(seconds))
