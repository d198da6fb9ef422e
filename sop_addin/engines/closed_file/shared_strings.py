"""The shared strings part: existing entries stay as they are (rich text included), new texts are appended."""

import re

from sop_addin.engines.errors import EngineError, FileUnreadable
from sop_addin.opc.xml_text import MAIN, decode_text, encode_text, needs_space_attribute

MAX_TEXT = 32_767  # UTF-16 units in a cell

SHARED_STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
EMPTY_PART = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<sst xmlns="{MAIN}" uniqueCount="0"></sst>'.encode()
)

# No pattern may look far for an end that is not there: a file of a million open tags would take hours.
_ITEM = re.compile(rb"<si\b[^<>]*?(?:/>|>(.*?)</si>)", re.S)
_OPEN_ITEM = re.compile(rb"<si\b[^<>]*(?<!/)>")
_TEXT = re.compile(rb"<t\b[^<>]*?(?:/>|>([^<]*)</t>)")
_PHONETIC = re.compile(rb"<rPh\b(?:(?!<rPh\b).)*?</rPh>", re.S)
_ROOT = re.compile(rb"<sst\b[^<>]*>")
_COUNTS = re.compile(rb"\s(?:count|uniqueCount)\s*=\s*(?:\"[^\"]*\"|'[^']*')")


def plain_text(item: bytes) -> str:
    """Text of a <si> or <is>: all runs joined, reading aids (rPh) left out."""
    if b"<rPh" in item:
        item = _PHONETIC.sub(b"", item)
    pieces = _TEXT.findall(item)
    return decode_text(pieces[0] if len(pieces) == 1 else b"".join(pieces))


def check_length(text: str) -> None:
    """Raise EngineError (without address; the caller knows it) where a cell cannot hold the text."""
    if len(text) > MAX_TEXT or (len(text) > MAX_TEXT // 2 and len(text.encode("utf-16-le", "replace")) // 2 > MAX_TEXT):
        raise EngineError(f"text of {len(text):,} characters, where Excel allows {MAX_TEXT:,}; shorten it")


class SharedStrings:
    """Texts by index, and indices of texts."""

    def __init__(self, content: bytes) -> None:
        root = _ROOT.search(content)
        if root is None or _OPEN_ITEM.search(content, content.rfind(b"</si>") + 1):
            raise FileUnreadable("The workbook's shared strings are damaged; open it in Excel and let Excel repair it.")
        if root[0].endswith(b"/>"):
            content = content[: root.end() - 2] + b"></sst>"
        end = content.rfind(b"</sst>")
        self._head = content[:end]
        self._tail = content[end:]
        self._texts = [plain_text(match[1] or b"") for match in _ITEM.finditer(self._head)]
        self._index: dict[str, int] | None = None
        self._new: list[str] = []

    def __len__(self) -> int:
        return len(self._texts)

    def get(self, index: int) -> str:
        """Text number `index`; IndexError where the file lacks it."""
        if index < 0:
            raise IndexError(index)
        return self._texts[index]

    def add(self, text: str) -> int:
        """Index of the text, appended if new. Raises EngineError for more than 32,767 characters."""
        if self._index is None:
            self._index = {known: number for number, known in reversed(list(enumerate(self._texts)))}
        number = self._index.get(text)
        if number is None:
            check_length(text)
            number = self._index[text] = len(self._texts)
            self._texts.append(text)
            space = ' xml:space="preserve"' if needs_space_attribute(text) else ""
            self._new.append(f"<si><t{space}>{encode_text(text)}</t></si>")
        return number

    @property
    def changed(self) -> bool:
        return bool(self._new)

    def to_bytes(self) -> bytes:
        """The part with the new texts. The optional total count is dropped: only a scan of all sheets would know it."""
        if self._new:
            self._head += "".join(self._new).encode("utf-8")
            self._new = []
            self._head = _ROOT.sub(self._with_count, self._head, count=1)
        return self._head + self._tail

    def _with_count(self, match: re.Match[bytes]) -> bytes:
        return _COUNTS.sub(b"", match[0])[:-1] + b' uniqueCount="%d">' % len(self._texts)
