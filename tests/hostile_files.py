"""Workbook files built to harm, by kind; each is the template with parts replaced or added.

What a command takes to refuse or read one is measured by `benchmarks/hostile_files.py`.
"""

from __future__ import annotations

import io
import re
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


KINDS: dict[str, Callable[[], bytes]] = {
    "zip bomb": lambda: rewritten({"xl/media/image99.png": b"\0" * 60_000_000}),
    "zip of 19 dense parts": lambda: rewritten({f"xl/media/image{at}.png": b"\0" * PLENTY for at in range(90, 109)}),
    "entity bomb": _entity_bomb,
    "external entity": lambda: _with_doctype("xl/workbook.xml", b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"),
    "far corners": _far_corners,
    "10,000 sheets": _sheets,
    "a million shared strings": _shared_strings,
    "45 MB of cells": _cells,
    "45 MB of open tags": lambda: _in_sheet(b"<c>" * (PLENTY // 3)),
    "45 MB of one text": lambda: _in_sheet(
        b'<row r="9999"><c r="A9999" t="inlineStr"><is><t>' + b"x" * PLENTY + b"</t></is></c></row>"
    ),
}
REFUSED = ("zip bomb", "entity bomb", "external entity", "far corners", "10,000 sheets")
"""The others keep to the limits."""


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
    with open("/proc/self/status") as status:  # ru_maxrss would count the memory of the process that started this one
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print("COST", peak, seconds, file=sys.stderr)
"""


def cost(words: Sequence[object]) -> Cost:
    """What a command takes in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", _MEASURED, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    *said, last = done.stderr.strip().splitlines()
    _, kilobytes, seconds = last.split()
    return Cost(done.returncode, "\n".join(said), float(kilobytes) / 1_000, float(seconds))
