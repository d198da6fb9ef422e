"""Text and attributes of SpreadsheetML, straight on bytes, and the one safe XML parser of this package."""

import re
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from sop_addin.opc.errors import FileUnreadable

Xml = Any
"""An element of lxml, whose type stubs do not know that attributes of parsed XML are text."""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
OFFICE_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
R_ID = f"{{{OFFICE_RELATIONSHIPS}}}id"
PACKAGE_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENTITY = re.compile(r"&(#x[0-9a-fA-F]{1,8}|#\d{1,10}|\w{1,8});")
_NAMED_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def main_tag(name: str) -> str:
    """'row' -> the tag in lxml's notation."""
    return f"{{{MAIN}}}{name}"


def default_namespace(uri: str) -> Any:
    """lxml's nsmap for a new root without prefix; its type stubs know no None key."""
    return {None: uri}


def new_root(name: str, namespace: str) -> Any:
    """An element whose own namespace needs no prefix."""
    return etree.Element(name, nsmap=default_namespace(namespace))


SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": True}
"""How every parser of this package is made."""


def parse_xml(data: bytes, part: str) -> etree._Element:
    """Parse one part. Refuses document types and entities: no spreadsheet needs them, attacks do."""
    refuse_declarations(data, part)
    try:
        root = etree.fromstring(data, etree.XMLParser(**SAFE))
    except etree.XMLSyntaxError as error:
        raise damaged(error, part) from error
    no_doctype(root, part)
    return root


def refuse_declarations(data: bytes, part: str) -> None:
    """Raise FileUnreadable for document types and entities before any parser sees them."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FileUnreadable(
            f"The workbook's part {part} declares a document type or entities, which is unsafe; "
            "open it in Excel and save it anew."
        )


def no_doctype(element: Xml, part: str) -> None:
    """The same for other encodings than UTF-8, where a search sees nothing."""
    if element.getroottree().docinfo.doctype:
        raise FileUnreadable(f"The workbook's part {part} declares a document type, which is unsafe; save it anew.")


def damaged(error: etree.XMLSyntaxError, part: str) -> FileUnreadable:
    what = " ".join(str(error.msg).split())[:120]
    return FileUnreadable(f"The workbook's part {part} is damaged ({what}); open it in Excel and let Excel repair it.")


def serialise_xml(root: etree._Element) -> bytes:
    """The bytes of a part, always with the same declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def unescape_xml(data: bytes) -> str:
    """Character data -> str (entities only)."""
    text = data.decode("utf-8")
    return _ENTITY.sub(_entity, text) if "&" in text else text


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if name[0] != "#":
        return _NAMED_ENTITIES.get(name, match[0])
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if code < 0x110000 else match[0]


def decode_text(data: bytes) -> str:
    """Stored cell text -> str: entities, then Excel's own _xHHHH_ escapes."""
    text = unescape_xml(data)
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return _SURROGATE_PAIR.sub(lambda match: match[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def encode_text(text: str) -> str:
    """str -> stored cell text. What XML cannot hold becomes _xHHHH_, and a literal _xHHHH_ is protected."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: "_x005F" + match[0], text)
    if _UNSTORABLE.search(text):
        text = _UNSTORABLE.sub(_escape_unstorable, text)
    return escape(text)


def _escape_unstorable(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"  # half a surrogate pair is no character
    return f"_x{code:04X}_"


def needs_space_attribute(text: str) -> bool:
    """Whether XML readers would trim the text unless xml:space="preserve" is set."""
    return text != text.strip() or "\n" in text or "\t" in text or "  " in text


def attribute(tag: bytes, name: bytes) -> bytes | None:
    """Value of one attribute in the inside of a tag (b' r="A1" s="3"'), None where absent."""
    match = re.search(rb"(?:^|\s)" + name + rb"\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag)
    if match is None:
        return None
    return match[1] if match[1] is not None else match[2]


def set_attribute(tag: bytes, name: bytes, value: bytes | None) -> bytes:
    """The inside of a tag with one attribute replaced, added or (None) removed."""
    pattern = re.compile(rb"(\s" + name + rb"\s*=\s*)(?:\"[^\"]*\"|'[^']*')")
    if value is None:
        return pattern.sub(b"", tag, count=1)
    if pattern.search(tag):
        return pattern.sub(lambda match: match[1] + b'"' + value + b'"', tag, count=1)
    return tag + b" " + name + b'="' + value + b'"'
