"""Bringing a sheet's XML to the spelling that the byte patterns of this package expect, and cutting it into rows."""

import re

from lxml import etree

from sop_addin.engines.errors import FileUnreadable
from sop_addin.engines.references import MAX_ROWS
from sop_addin.opc.xml_text import STRICT_MAIN, attribute, parse_xml, serialise_xml

_OPEN_CELL = re.compile(rb"<c\b[^<>]*(?:(?<!/)>|<)")

Row = tuple[bytes, bytes]  # inside of the <row> tag, raw cells


def usual_spelling(content: bytes, part: str, root_name: bytes = b"worksheet") -> bytes:
    """Bring rare spellings (prefixes, comments, CDATA, other encodings) to the one the byte patterns expect."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"http://purl.oclc.org" in content[:4096]:
        parse_xml(content, part)  # says what is wrong with the first two
        if STRICT_MAIN.encode() in content[:4096]:
            raise FileUnreadable(
                "The workbook is saved as 'Strict Open XML'; open it in Excel and save it as an ordinary workbook."
            )
    root = re.search(rb"<(?:([A-Za-z_][\w.-]*):)?" + root_name + rb"[\s/>]", content[:8192])
    unusual = (
        root is None
        or root[1]
        or b"<!--" in content
        or b"<![CDATA[" in content
        or b"</row " in content
        or b"</c " in content
        or content.count(b"<?") > content.count(b"<?xml ")
    )
    if not unusual:
        return content
    tree = parse_xml(content, part)
    etree.strip_tags(tree, etree.Comment, etree.ProcessingInstruction)
    content = serialise_xml(tree)
    if tree.prefix:
        prefix = tree.prefix.encode()
        content = content.replace(b"<" + prefix + b":", b"<").replace(b"</" + prefix + b":", b"</")
        content = content.replace(b"xmlns:" + prefix + b"=", b"xmlns=", 1)
    return content


def split_rows(content: bytes, start: int, end: int) -> dict[int, Row]:
    """Rows by number between two offsets; ValueError says what is damaged."""
    rows: dict[int, Row] = {}
    number = 0
    position = content.find(b"<row", start, end)
    while position >= 0:
        tag_end = content.find(b">", position, end)
        if tag_end < 0:
            raise ValueError("a row is cut off")
        if content[tag_end - 1] == 0x2F:  # '/': a row without cells
            attributes, body, after = content[position + 4 : tag_end - 1], b"", tag_end + 1
        else:
            close = content.find(b"</row>", tag_end, end)
            if close < 0:
                raise ValueError("a row is cut off")
            attributes, body, after = content[position + 4 : tag_end], content[tag_end + 1 : close], close + 6
        stated = attribute(attributes, b"r")
        number = int(stated) if stated else number + 1
        if not 1 <= number <= MAX_ROWS:
            raise ValueError(f"row {number} is outside the sheet")
        if body and _OPEN_CELL.search(body, body.rfind(b"</c>") + 1):
            raise ValueError(f"row {number}: a cell is cut off")
        if not stated:
            attributes = b' r="%d"' % number + attributes
        if number in rows:
            raise ValueError(f"row {number} stands twice")
        rows[number] = (attributes, body)
        position = content.find(b"<row", after, end)
    return rows
