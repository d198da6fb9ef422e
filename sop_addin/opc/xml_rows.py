"""A part too large to hold as a tree: its rows come one at a time, and each is forgotten when the next one comes."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from sop_addin.opc.errors import FileUnreadable
from sop_addin.opc.xml_text import SAFE, Xml, damaged, no_doctype, refuse_declarations

_PIECE = 1 << 18
MOST_IN_A_ROW = 2_000_000
"""Tags and attributes of one row, and of all that stands before or after the rows: some 100 bytes of memory each. The
widest row of a sheet, a formula in each cell, has 180,000."""


class XmlRows:
    """The elements ``tag`` of one part that stand side by side, in turn, as often as asked; comments are left out.

    Refuses what `parse_xml` refuses (FileUnreadable), and what is too large to be a row.
    """

    def __init__(self, content: bytes, part: str, tag: str) -> None:
        self._content = content
        self._part = part
        self._tag = tag
        self._rest: Xml = None

    def rest(self) -> Xml:
        """The part without them, as a tree."""
        for _ in self:
            pass
        return self._rest

    def __iter__(self) -> Iterator[Xml]:
        refuse_declarations(self._content, self._part)
        parser: Xml = etree.XMLPullParser(events=("end",), tag=self._tag, remove_comments=True, remove_pis=True, **SAFE)
        holder: Xml = None
        last: Xml = None  # waits for the text that follows it
        load = 0
        try:
            for start in range(0, len(self._content), _PIECE):
                piece = self._content[start : start + _PIECE]
                parser.feed(piece)
                load += piece.count(b"<") + piece.count(b"=")
                for _, row in parser.read_events():
                    if holder is None:
                        no_doctype(row, self._part)
                        holder = [row, *row.iterancestors(self._tag)][-1].getparent()
                    if row.getparent() is not holder:
                        continue
                    if last is not None:
                        yield last
                    load = 0
                    last = row
                if last is not None:
                    for gone in last.itersiblings(preceding=True):
                        holder.remove(gone)
                if load > MOST_IN_A_ROW:
                    raise FileUnreadable(
                        f"The workbook's part {self._part} has more in one place than any program writes; delete what "
                        "is not needed there, such as formats and rules of single cells."
                    )
            root = parser.close()
        except etree.XMLSyntaxError as error:
            raise damaged(error, self._part) from error
        no_doctype(root, self._part)
        if last is not None:
            yield last
            holder.remove(last)
        self._rest = root
