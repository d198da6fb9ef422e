"""Rows of a part one at a time: as safe as a whole tree, and never many of them in memory."""

from __future__ import annotations

import pytest
from lxml import etree

from sop_addin.opc import xml_rows
from sop_addin.opc.errors import FileUnreadable
from sop_addin.opc.xml_rows import XmlRows
from sop_addin.opc.xml_text import parse_xml

MANY = 40_000


def sheet(inside: str, head: str = "") -> bytes:
    return f"<?xml version='1.0'?>{head}<sheet><cols/><data>{inside}</data><rules><row/></rules></sheet>".encode()


def numbered(count: int) -> bytes:
    return sheet("".join(f"<row r='{number}'><c>{number}</c></row>\n" for number in range(count)))


def test_rows_come_whole_and_in_turn_with_the_text_after_them_as_often_as_asked() -> None:
    rows = XmlRows(numbered(MANY), "s", "row")
    for _ in range(2):
        seen = [(row.get("r"), row[0].text, row.tail) for row in rows]
        assert seen == [(str(number), str(number), "\n") for number in range(MANY)]


def test_few_rows_are_in_memory_at_a_time() -> None:
    most = max(len(row.getparent()) for row in XmlRows(numbered(MANY), "s", "row"))
    assert most < MANY / 4


def test_the_rest_is_the_tree_without_them() -> None:
    rest = XmlRows(numbered(MANY), "s", "row").rest()
    assert etree.tostring(rest) == b"<sheet><cols/><data/><rules><row/></rules></sheet>"


def test_a_part_without_rows_is_all_rest() -> None:
    rows = XmlRows(b"<sheet><data/></sheet>", "s", "row")
    assert list(rows) == []
    assert etree.tostring(rows.rest()) == b"<sheet><data/></sheet>"


def test_only_rows_side_by_side_count_and_what_stands_between_them_is_dropped() -> None:
    rows = XmlRows(sheet("<row r='1'><x><row r='9'/></x></row><!-- Ann --><y/><?z?><row r='2'/>"), "s", "row")
    assert [(row.get("r"), len(row)) for row in rows] == [("1", 1), ("2", 0)]
    assert b"Ann" not in etree.tostring(rows.rest())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "doctype", ["<!DOCTYPE a SYSTEM 'file:///etc/passwd'>", "<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;'>]>"]
)
def test_document_types_are_refused_before_any_row_is_seen(doctype: str, encoding: str) -> None:
    content = sheet("<row/>" * MANY, doctype).decode().replace("version='1.0'", f"version='1.0' encoding='{encoding}'")
    seen = []
    with pytest.raises(FileUnreadable, match="unsafe"):
        seen += XmlRows(content.encode(encoding), "s", "row")
    with pytest.raises(FileUnreadable, match="unsafe"):
        XmlRows(content.replace("row", "other").encode(encoding), "s", "row").rest()
    assert seen == []


@pytest.mark.parametrize(
    "content",
    [b"", b"<sheet><data><row/>", sheet("<row></c></row>"), sheet("<row>&x;</row>"), sheet("<c>" * 1_000_000)],
    ids=["empty", "cut off", "crossed tags", "an unknown entity", "a million open tags"],
)
def test_damage_is_refused_with_a_sentence_as_by_the_whole_tree(content: bytes) -> None:
    for read in (lambda: list(XmlRows(content, "xl/a.xml", "row")), lambda: parse_xml(content, "xl/a.xml")):
        with pytest.raises(FileUnreadable, match=r"part xl/a\.xml is damaged"):
            read()


@pytest.mark.parametrize(
    "inside",
    ["<row>" + "<c/>" * 500 + "</row>", "<row><c " + "".join(f"a{at}='' " for at in range(500)) + "/></row>"],
    ids=["cells", "attributes"],
)
def test_what_is_too_large_for_a_row_is_refused(inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rows, "_PIECE", 100)
    monkeypatch.setattr(xml_rows, "MOST_IN_A_ROW", 400)
    assert len(list(XmlRows(sheet("<row><c/></row>" * 500), "s", "row"))) == 500
    with pytest.raises(FileUnreadable, match="more in one place"):
        list(XmlRows(sheet(inside), "s", "row"))
    with pytest.raises(FileUnreadable, match="more in one place"):
        list(XmlRows(sheet("<row/>" * 50).replace(b"<cols/>", b"<cols/>" * 500), "s", "row"))
