"""Whatever the bytes of a workbook are, the engine of closed files works or refuses with a sentence.

`benchmarks/fuzz_workbooks.py --kind files` does the same with tens of thousands (docs/benchmarks.md).
"""

from __future__ import annotations

import contextlib
import time

import pytest
from broken_files import judge, judge_bytes, parts, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.engines import EngineError, FileUnreadable
from sop_addin.engines.closed_file import open_book
from sop_addin.engines.closed_file.shared_strings import SharedStrings
from sop_addin.engines.formulas import move

FOUND = (8289, 16893)
"""Files that once ended in a traceback: a shared formula moved over the edge, and one that is no formula."""


@pytest.mark.parametrize("number", [*FOUND, *range(0, 15_000, 150)])
def test_a_broken_file_works_or_is_refused_with_a_sentence(number):
    assert judge(number) == ""


@settings(max_examples=40)
@given(st.data())
def test_no_text_in_a_part_gets_past_the_reader(data):
    contents = dict(parts())
    name = data.draw(st.sampled_from(sorted(contents)))
    content = contents[name]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 20))
        content = content[:at] + data.draw(st.text(max_size=8) | st.sampled_from(["<c>", "</v>", '"', "]]>"])).encode(
            errors="surrogatepass") + content[at + cut :]  # fmt: skip
    assert judge_bytes(zipped({**contents, name: content}), name) == ""


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_get_past_the_reader(data):
    assert judge_bytes(data, "bytes") == ""
    assert judge_bytes(b"PK\x03\x04" + data, "bytes") == ""


def test_a_formula_that_leaves_the_sheet_becomes_a_ref_error():
    assert move("SUM(A1:B2)", -1, 0) == "SUM(#REF!)"
    assert move("'", 1, 1) == "'"


# --- nothing may take time that grows with the square of its size -----------------------------------------------------

HEAD = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1">' + "<c " * 300_000 + "</row>",
        '<row r="1">' + "<c>" * 300_000 + "</row>",
        '<row r="1">' + '<c r="A1" t="str"><f ' * 100_000 + "</c></row>",
        '<row r="1"><c r="A1"><v>' + "<v " * 300_000 + "</c></row>",
    ],
)
def test_a_million_open_tags_are_refused_at_once(build_raw, rows):
    begin = time.process_time()
    with contextlib.suppress(EngineError):  # a sentence is as good as a blank cell
        book = open_book(build_raw(rows))
        _ = book.sheets[0]["A1:C3"].value, book.sheets[0]["A1:C3"].formula
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("text", ["<si>" * 500_000, "<si " * 500_000, "<si>" + "<t>" * 500_000 + "</si>",
                                  "<si>" + "<rPh>" * 300_000 + "</si>"])  # fmt: skip
def test_open_tags_in_shared_strings_cost_no_time(text):
    begin = time.process_time()
    with contextlib.suppress(FileUnreadable):
        SharedStrings((HEAD + text + "</sst>").encode())
    assert time.process_time() - begin < 5


def test_a_million_shared_strings_are_read():
    """The same text a million times: building others would take longer than reading them."""
    begin = time.process_time()
    strings = SharedStrings((HEAD + "<si><t>text</t></si>" * 1_000_000 + "</sst>").encode())
    assert (len(strings), strings.get(999_999)) == (1_000_000, "text")
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("last", ["XFD1048576", "A1048576"])
def test_a_far_used_cell_is_read_alone_and_the_whole_sheet_is_refused(build_raw, last):
    row = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="{last}"><v>2</v></c></row>'
    sheet = open_book(build_raw(row)).sheets[0]
    assert sheet[last].value == 2
    assert sheet.used_range.last_cell.address == f"${last[:-7]}$1048576"
    if last == "XFD1048576":
        with pytest.raises(FileUnreadable, match="is more than 30,000,000 cells"):
            _ = sheet.used_range.value


def test_an_array_formula_over_the_whole_sheet_is_refused(build_raw):
    row = '<row r="1"><c r="A1"><f t="array" ref="A1:XFD1048576">1</f><v>1</v></c></row>'
    with pytest.raises(EngineError, match="its array formula covers A1:XFD1048576, which is too much"):
        _ = open_book(build_raw(row)).sheets[0]["A1"].value


@pytest.mark.parametrize("name", ["../../evil.xml", "/etc/passwd", "C:\\Windows\\evil.dll", "..\\evil.bat"])
def test_path_like_part_names_never_leave_the_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    book = tmp_path / "inner" / "deep" / "Book.xlsx"
    book.parent.mkdir(parents=True)
    book.write_bytes(zipped({**parts(), name: b"<evil/>"}))
    before = set(tmp_path.rglob("*"))
    opened = open_book(book)
    opened.sheets["Data"]["A2"].value = "new"
    opened.save()
    assert set(tmp_path.rglob("*")) == before
    assert open_book(book).sheets["Data"]["A2"].value == "new"
