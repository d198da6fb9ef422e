"""Workbook files whose bytes are broken, by number: parts cut, swapped and rewritten, zips damaged.

`judge` reads one, writes into it and calculates it, all in memory: it must work or end in an EngineError's sentence.
"""

from __future__ import annotations

import io
import random
import re
import time
import traceback
import zipfile
from functools import cache

import xlsxwriter

from sop_addin.engines.backend import TableInfo
from sop_addin.engines.closed_file.engine import ClosedFileBackend
from sop_addin.engines.closed_file.recalculate import recalculate
from sop_addin.engines.closed_file.workbook import Workbook
from sop_addin.engines.errors import EngineError
from sop_addin.opc.package import Package

SECONDS = 20.0
_MOST_CELLS = 20_000  # that the judge reads at once; what is larger is asked for and must be refused or given

_NASTY = (
    b"", b"0", b"-1", b"1048576", b"1048577", b"99999999999999999999", b"1e309", b"NaN", b"A0", b"XFD1048576", b"ZZZZ9",
    b"A1:XFD1048576", b"$B$2", b"B2:A1", b"=1+1", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"&lt;", b"&bad;", b"&#0;",
    b"&#x110000;", b"<", b">", b"'", b'"', b"_xD800_", b"../../../../etc/passwd", b"\\\\host\\x", b"rId999", b"array",
    b"x" * 5000, b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x ?>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"\0", b"shared",
    "🚀\u202e".encode(), b"inlineStr", b"[[[[", b"(" * 300,
)  # fmt: skip


@cache
def parts() -> dict[str, bytes]:
    """The parts of a small workbook with about everything that the engine looks at."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "use_future_functions": True})
    day, money = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "#,##0.00"})
    data = book.add_worksheet("Data")
    columns = [{"header": "Item"}, {"header": "Price", "format": money}, {"header": "Half", "formula": "=[@Price]/2"}]
    data.add_table("A1:C4", {"name": "tblData", "columns": columns, "data": [["P", 1], ["V", 2], ["H", 3]]})
    data.write("E1", 46000, day)
    data.write_rich_string("E2", "half ", money, "red")
    data.write_boolean("E3", True)
    data.conditional_format("B2:B4", {"type": "cell", "criteria": ">", "value": 2, "format": money})
    data.data_validation("A2:A4", {"validate": "list", "source": ["P", "V"]})
    plan = book.add_worksheet("Plan")
    plan.write_formula("A1", "=SUM(tblData[Price])", None, 6)
    plan.write_dynamic_array_formula("C1:C3", "=SORT(tblData[Price],1,-1)", None, 3)
    plan.write_array_formula("E1:E2", "{=A1:A2*2}", None, 12)
    plan.merge_range("G1:H1", "Merged")
    plan.write("A3", "text")
    hidden = book.add_worksheet("Hidden")
    hidden.hide()
    book.define_name("Prices", "=Data!$B$2:$B$4")
    book.define_name("Plan!Local", "=Plan!$A$1")
    book.close()
    with zipfile.ZipFile(buffer) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    sheet = found["xl/worksheets/sheet2.xml"]
    shared = (
        b'<row r="9"><c r="A9"><f t="shared" ref="A9:A10" si="0">B9*2</f><v>0</v></c><c r="B9" t="inlineStr"><is>'
        b'<t>in</t></is></c></row><row r="10"><c r="A10"><f t="shared" si="0"/><v>0</v></c></row></sheetData>'
    )
    found["xl/worksheets/sheet2.xml"] = sheet.replace(b"</sheetData>", shared)
    return found


def zipped(contents: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def broken_part(content: bytes, chance: random.Random) -> bytes:
    """One part with one to three breaks."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        content = _broken_once(content, chance)
    return content


def _broken_once(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    end = min(len(content), at + chance.choice((1, 2, 5, 30, 300)))
    way = chance.randrange(8)
    if way == 0:  # flip bits
        return content[:at] + bytes(chance.randrange(256) for _ in content[at:end][:4]) + content[at + 4 :]
    if way == 1:  # cut out
        return content[:at] + content[end:]
    if way == 2:  # cut off
        return content[:at]
    if way == 3:  # again
        return content[:end] + content[at:end] * chance.choice((1, 2, 500)) + content[end:]
    if way == 4:  # something nasty
        return content[:at] + chance.choice(_NASTY) + content[at:]
    spots = list(re.finditer(rb'="([^"]*)"' if way < 7 else rb">([^<]+)<", content))
    if not spots:
        return content[:at]
    spot = chance.choice(spots)  # an attribute, or a text
    return content[: spot.start(1)] + chance.choice(_NASTY) + content[spot.end(1) :]


def broken_file(number: int) -> bytes:
    """File ``number``: mostly one part broken, sometimes the zip around it or a part missing, doubled or renamed."""
    chance = random.Random(number)
    contents = dict(parts())
    name = chance.choice(sorted(contents))
    way = chance.randrange(12)
    if way == 0:
        del contents[name]
    elif way == 1:
        contents[name] = contents[chance.choice(sorted(contents))]
    elif way == 2:
        contents[chance.choice(("../evil.xml", "C:\\evil.xml", "/etc/passwd", name.upper(), "xl/" * 60))] = (
            contents.pop(name)
        )
    else:
        contents[name] = broken_part(contents[name], chance)
    data = zipped(contents)
    return _broken_once(data, chance) if way == 3 else data


def judge(number: int) -> str:
    """'' where file ``number`` works or is refused with a sentence; else what is wrong."""
    return judge_bytes(broken_file(number), f"file {number}")


def judge_bytes(data: bytes, what: str) -> str:
    begin = time.process_time()
    try:
        wrong = _use(data)
    except EngineError as error:
        wrong = "" if len(str(error)) > 20 and "\n" not in str(error) else f"no sentence: {error}"
    except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
        wrong = traceback.format_exc()
    seconds = time.process_time() - begin
    if not wrong and seconds > SECONDS:
        wrong = f"took {seconds:.0f} s"
    return f"{what}: {wrong}" if wrong else ""


def _use(data: bytes) -> str:
    backend = ClosedFileBackend(_opened(data), None)
    for sheet in backend.sheet_names():
        backend.merged(sheet, (1, 1, 9, 9))
        box = backend.used(sheet)
        if (box[2] - box[0] + 1) * (box[3] - box[1] + 1) <= _MOST_CELLS:
            backend.read(sheet, box)
            backend.formulas(sheet, box)
        tables: list[TableInfo] = backend.tables(sheet)
        for table in tables:
            if table.box[2] < 2_000:
                backend.read(sheet, table.box)
                backend.resize_table(sheet, table.name, (*table.box[:2], table.box[2] + 2, table.box[3]))
        backend.write(sheet, 2, 1, [["new", 1.0, None], [True, "=x", 2.5]])
    backend.names()
    recalculate(backend.workbook)
    again = backend.workbook.to_bytes()
    ClosedFileBackend(_opened(again), None).sheet_names()
    return ""


def _opened(data: bytes) -> Workbook:
    from sop_addin.engines.closed_file.guard import readable

    return readable(Workbook)(Package(data, "Broken.xlsx"))
