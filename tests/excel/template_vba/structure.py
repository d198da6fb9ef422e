"""What Excel needs of a macro workbook, as assertions written from the specifications, not from our writer.

`check_workbook` looks at the whole package; `read_streams`, `decompress` and `read_modules` are the readers below it.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
from dataclasses import dataclass

from lxml import etree

FREE, END, FAT_SECTOR, NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF

# --- [MS-CFB] ---------------------------------------------------------------------------------------------------------


@dataclass
class Node:
    name: str
    kind: int
    black: bool
    left: int
    right: int
    child: int
    start: int
    size: int

    @property
    def order(self) -> tuple[int, str]:
        return len(self.name), self.name.upper()


class CompoundFile:
    """Reads every stream and asserts that each sector belongs to exactly one owner."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        assert data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        assert struct.unpack_from("<5H", data, 24) == (0x3E, 3, 0xFFFE, 9, 6), "version 3, 512 and 64 byte sectors"
        assert len(data) % 512 == 0
        self.sectors = len(data) // 512 - 1
        header = struct.unpack_from("<9I", data, 40)
        directory_sectors, fat_sectors, directory, transaction, cutoff, mini_fat, mini_fat_sectors, difat, more = header
        assert (directory_sectors, transaction, cutoff, difat, more) == (0, 0, 4096, END, 0)
        difat_slots = struct.unpack_from("<109I", data, 76)
        self.owner = dict.fromkeys(difat_slots[:fat_sectors], "the FAT")
        assert set(difat_slots[fat_sectors:]) <= {FREE}
        self.fat = [slot for sector in self.owner for slot in struct.unpack("<128I", self._sector(sector))]
        assert all(self.fat[sector] == FAT_SECTOR for sector in self.owner)

        self.nodes = self._nodes(self._chain(directory, "the directory"))
        mini_table = self._chain(mini_fat, "the mini FAT")
        assert len(mini_table) == mini_fat_sectors * 512
        self.mini_fat = struct.unpack(f"<{len(mini_table) // 4}I", mini_table)
        root = self.nodes[0]
        assert root is not None
        assert (root.name, root.kind, root.left, root.right) == ("Root Entry", 5, NONE, NONE)
        self.mini_stream = self._chain(root.start, "the mini stream")
        assert root.size % 64 == 0
        assert root.size <= len(self.mini_stream)
        self.mini_owner: dict[int, str] = {}

        self.reached = {0}
        self.streams = self._walk(root, "")
        assert self.reached == {i for i, node in enumerate(self.nodes) if node}, "orphan directory entries"
        allocated = {i for i, slot in enumerate(self.fat) if slot != FREE}
        assert allocated == set(self.owner), "sectors that nobody owns"

    def _sector(self, number: int) -> bytes:
        return self.data[512 * (number + 1) : 512 * (number + 2)]

    def _chain(self, start: int, owner: str) -> bytes:
        parts = []
        while start != END:
            assert start < self.sectors, f"{owner} runs past the end"
            assert start not in self.owner, f"{owner} shares a sector with {self.owner[start]}"
            self.owner[start] = owner
            parts.append(self._sector(start))
            start = self.fat[start]
        return b"".join(parts)

    def _nodes(self, directory: bytes) -> list[Node | None]:
        nodes: list[Node | None] = []
        for at in range(0, len(directory), 128):
            entry = directory[at : at + 128]
            length, kind, colour, left, right, child = struct.unpack_from("<HBBIII", entry, 64)
            if kind == 0:
                assert entry == bytes(68) + b"\xff" * 12 + bytes(48), "an unused entry is not clean"
                nodes.append(None)
                continue
            name = entry[: length - 2].decode("utf-16-le")
            assert entry[length - 2 : 64] == bytes(66 - length), f"{name} is not padded with zeros"
            start, size = struct.unpack_from("<IQ", entry, 116)
            nodes.append(Node(name, kind, colour == 1, left, right, child, start, size))
        return nodes

    def _walk(self, parent: Node, path: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}

        def visit(position: int, low: tuple[int, str], high: tuple[int, str], under_red: bool) -> int:
            """The number of black nodes down to any leaf."""
            if position == NONE:
                return 0
            node = self.nodes[position]
            assert node is not None
            assert position not in self.reached, "a directory entry is linked twice"
            self.reached.add(position)
            assert low < node.order < high, f"{node.name} stands in the wrong place among its siblings"
            assert node.black or not under_red, f"{node.name} is red under red"
            left = visit(node.left, low, node.order, not node.black)
            right = visit(node.right, node.order, high, not node.black)
            assert left == right, f"black heights differ below {node.name}"
            if node.kind == 1:
                assert (node.start, node.size) == (0, 0)
                found.update(self._walk(node, f"{path}{node.name}/"))
            else:
                assert (node.kind, node.child) == (2, NONE)
                found[path + node.name] = self._stream(node)
            return left + node.black

        if parent.child != NONE:
            top = self.nodes[parent.child]
            assert top is not None
            assert top.black, f"the tree below {parent.name} has a red root"
        visit(parent.child, (0, ""), (99, ""), under_red=False)
        return found

    def _stream(self, node: Node) -> bytes:
        if node.size >= 4096:
            data = self._chain(node.start, node.name)
            assert len(data) == -(-node.size // 512) * 512
            return data[: node.size]
        parts, position = [], node.start
        while position != END:
            assert position not in self.mini_owner, f"{node.name} shares a mini sector"
            self.mini_owner[position] = node.name
            parts.append(self.mini_stream[64 * position : 64 * (position + 1)])
            position = self.mini_fat[position]
        assert len(parts) == -(-node.size // 64)
        return b"".join(parts)[: node.size]


# --- [MS-OVBA] --------------------------------------------------------------------------------------------------------


def decompress(container: bytes) -> bytes:
    """Section 2.4.1.3, restricted to what the VBA editor takes: compressed chunks, all full but the last."""
    assert container[0] == 1
    out, at = bytearray(), 1
    while at < len(container):
        assert len(out) % 4096 == 0, "a chunk in the middle is not full"
        (header,) = struct.unpack_from("<H", container, at)
        assert header >> 12 == 0b1011, "not a compressed chunk"
        end, begin = at + 3 + (header & 0xFFF), len(out)
        assert end <= len(container)
        at += 2
        while at < end:
            flags, at = container[at], at + 1
            for bit in range(8):
                if at >= end:
                    break
                if not flags >> bit & 1:
                    out.append(container[at])
                    at += 1
                    continue
                (token,) = struct.unpack_from("<H", container, at)
                at += 2
                offset_bits = next(bits for bits in range(4, 13) if 1 << bits >= len(out) - begin)
                offset, length = (token >> (16 - offset_bits)) + 1, (token & ((1 << (16 - offset_bits)) - 1)) + 3
                assert offset <= len(out) - begin, "a copy from before the chunk"
                for _ in range(length):
                    out.append(out[-offset])
        assert len(out) - begin <= 4096
    return bytes(out)


def reveal(project_id: str, obscured: str) -> bytes:
    """Section 2.4.3.3: the protection state behind CMG, DPB or GC."""
    raw = bytes.fromhex(obscured)
    key = sum(project_id.encode()) % 256
    assert (raw[1] ^ raw[0], raw[2] ^ raw[0]) == (2, key)
    plain = [key]
    for i in range(3, len(raw)):
        plain.append(raw[i] ^ ((raw[i - 2] + plain[-1]) % 256))
    body = bytes(plain[1 + (raw[0] & 6) // 2 :])
    assert len(body) == 4 + int.from_bytes(body[:4], "little")
    return body[4:]


@dataclass(frozen=True)
class VbaModule:
    name: str
    kind: str  # Document, Module or Class, as the PROJECT stream says
    attributes: dict[str, str]
    code: str

    @property
    def procedures(self) -> dict[str, int]:
        """Public procedures and how many parameters each takes."""
        joined = re.sub(r" _\r\n\s*", " ", self.code)
        found = re.findall(r"^(?:Public )?(?:Sub|Function) (\w+)\((.*?)\)", joined, re.M)
        return {name: len([one for one in parameters.split(",") if one.strip()]) for name, parameters in found}


INFORMATION = [0x01, 0x02, 0x14, 0x03, 0x04, 0x05, 0x40, 0x06, 0x3D, 0x07, 0x08, 0x09, 0x0C, 0x3C]
MODULE = [0x19, 0x47, 0x1A, 0x32, 0x1C, 0x48, 0x31, 0x1E, 0x2C]
CLASS_ATTRIBUTES = [
    *("VB_Name", "VB_Base", "VB_GlobalNameSpace", "VB_Creatable"),
    *("VB_PredeclaredId", "VB_Exposed", "VB_TemplateDerived", "VB_Customizable"),
]


def dir_records(stream: bytes) -> list[tuple[int, bytes]]:
    records, at = [], 0
    while at < len(stream):
        identifier, size = struct.unpack_from("<HI", stream, at)
        size = 6 if identifier == 0x09 else size  # PROJECTVERSION lies about its size
        assert at + 6 + size <= len(stream)
        records.append((identifier, stream[at + 6 : at + 6 + size]))
        at += 6 + size
    return records


def read_modules(project: bytes) -> dict[str, VbaModule]:
    """Every module of a vbaProject.bin, with all its streams agreeing about them."""
    streams = CompoundFile(project).streams
    assert streams["VBA/_VBA_PROJECT"] == b"\xcc\x61\xff\xff\x00\x01\x00", "only the version-independent bytes"
    names = _names_in_dir(dir_records(decompress(streams["VBA/dir"])))
    kinds = _kinds_in_project(streams["PROJECT"].decode("cp1252"))
    assert list(kinds) == names
    pairs = b"".join(name.encode() + b"\0" + name.encode("utf-16-le") + b"\0\0" for name in names)
    assert streams["PROJECTwm"] == pairs + b"\0\0"
    texts = {name: decompress(streams[f"VBA/{name}"]).decode("cp1252") for name in names}
    assert len(streams) == len(names) + 4, "streams that no module owns"
    return {name: _module(name, kinds[name], texts[name]) for name in names}


def _names_in_dir(records: list[tuple[int, bytes]]) -> list[str]:
    ids = [identifier for identifier, _ in records]
    assert ids[: len(INFORMATION)] == INFORMATION
    information = dict(records[: len(INFORMATION)])
    assert information[0x03] == struct.pack("<H", 1252)
    rest = records[len(INFORMATION) :]
    while rest[0][0] == 0x16:  # references: name twice, then a registered library
        assert [identifier for identifier, _ in rest[:3]] == [0x16, 0x3E, 0x0D]
        (length,) = struct.unpack_from("<I", rest[2][1])
        assert len(rest[2][1]) == length + 10
        assert re.fullmatch(rb"\*\\G\{[0-9A-F-]{36}\}#\d+\.\d+#\d+#[^#]*#.*", rest[2][1][4 : 4 + length])
        rest = rest[3:]
    assert rest[0][0] == 0x0F
    assert rest[1] == (0x13, b"\xff\xff")
    (count,) = struct.unpack("<H", rest[0][1])
    rest = rest[2:]
    names = []
    for _ in range(count):
        assert [identifier for identifier, _ in rest[:9]] == MODULE
        name = rest[0][1].decode("cp1252")
        assert [body.decode("cp1252") for _, body in rest[:4:2]] == [name, name]
        assert [body.decode("utf-16-le") for _, body in rest[1:4:2]] == [name, name]
        assert (rest[6][1], rest[8][1]) == (bytes(4), b"\xff\xff"), "text offset 0, no cookie"
        assert rest[9] in ((0x21, b""), (0x22, b""))
        assert rest[10] == (0x2B, b"")
        names.append(name)
        rest = rest[11:]
    assert rest == [(0x10, b"")]
    folded = [name.upper() for name in [*names, information[0x04].decode("cp1252")]]
    assert len(set(folded)) == len(folded), "two modules, or a module and the project, share a name"
    return names


def _kinds_in_project(text: str) -> dict[str, str]:
    match = re.fullmatch(
        r'ID="(\{[0-9A-F-]{36}\})"\r\n((?:(?:Document=\w+/&H00000000|Module=\w+|Class=\w+)\r\n)+)Name="\w+"\r\n'
        r'HelpContextID="0"\r\nVersionCompatible32="393222000"\r\nCMG="(\w+)"\r\nDPB="(\w+)"\r\nGC="(\w+)"\r\n\r\n'
        r"\[Host Extender Info\]\r\n&H00000001=\{3832D640-CF90-11CF-8E43-00A0C911005A\};VBE;&H00000000\r\n\r\n"
        r"\[Workspace\]\r\n((?:\w+=0, 0, 0, 0, C\r\n)+)",
        text,
    )
    assert match, "the PROJECT stream does not follow its grammar"
    project_id, items, cmg, dpb, gc, windows = match.groups()
    assert [reveal(project_id, one) for one in (cmg, dpb, gc)] == [bytes(4), b"\0", b"\xff"], "open and visible"
    kinds = {name: kind for kind, name in re.findall(r"(\w+)=(\w+)", re.sub("/&H0+", "", items))}
    assert re.findall(r"^(\w+)=", windows, re.M) == list(kinds)
    return kinds


def _module(name: str, kind: str, text: str) -> VbaModule:
    assert text.isascii()
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    lines = text.split("\r\n")
    assert max(map(len, lines)) <= 1023, f"{name} has a line over 1,023 characters"
    runs = "".join("c" if line.endswith(" _") else "." for line in lines)
    assert "c" * 25 not in runs, f"{name} has more than 24 continuations in a row"
    attributes = dict(re.findall(r'^Attribute (VB_\w+) = "?(.*?)"?\r$', text, re.M))
    assert lines[0] == f'Attribute VB_Name = "{name}"'
    assert "\r\nAttribute VB_Name" not in text
    expected = ["VB_Name"] if kind == "Module" else CLASS_ATTRIBUTES
    assert list(attributes) == expected, f"{name} has other attributes than Excel writes"
    return VbaModule(name, kind, attributes, "\r\n".join(lines[len(attributes) :]))


# --- the package ------------------------------------------------------------------------------------------------------

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATIONSHIP_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
VBA_RELATIONSHIP = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
RIBBONS = {  # relationship type -> namespace of the part
    "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility": "http://schemas.microsoft.com/office/2009/07/customui",
    "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility": "http://schemas.microsoft.com/office/2006/01/customui",
}  # fmt: skip
CALLBACK_PARAMETERS = {
    "onLoad": 1,
    **dict.fromkeys(["getEnabled", "getVisible", "getLabel", "getItemCount", "getSelectedItemIndex"], 2),
    **dict.fromkeys(["getItemLabel", "getItemID"], 3),
    "button.onAction": 1,
    "dropDown.onAction": 3,
}


def check_workbook(xlsm: bytes) -> None:
    """Assert everything this module knows of a macro workbook with a ribbon."""
    package = zipfile.ZipFile(io.BytesIO(xlsm))
    names = package.namelist()
    assert package.testzip() is None
    assert names[0] == "[Content_Types].xml"
    assert len({name.lower() for name in names}) == len(names)
    xml = {name: etree.fromstring(package.read(name)) for name in names if name.endswith((".xml", ".rels"))}
    types = _content_types(xml["[Content_Types].xml"])
    for name in names[1:]:
        assert f"/{name}" in types or name.rpartition(".")[2] in types, f"no content type for {name}"
    assert types["/xl/workbook.xml"] == "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    relationships = {name: _relationships(name, tree, names) for name, tree in xml.items() if name.endswith(".rels")}

    book = relationships["xl/_rels/workbook.xml.rels"]
    assert [target for kind, target in book.values() if kind == VBA_RELATIONSHIP] == ["xl/vbaProject.bin"]
    modules = read_modules(package.read("xl/vbaProject.bin"))
    _check_code_names(xml, book, modules)
    ribbons = {kind: target for kind, target in relationships["_rels/.rels"].values() if kind in RIBBONS}
    assert set(ribbons) == set(RIBBONS)
    for kind, part in ribbons.items():
        assert etree.QName(xml[part]).namespace == RIBBONS[kind]
        check_callbacks(xml[part], modules)


def _content_types(tree: etree._Element) -> dict[str, str]:
    return {one.get("PartName") or one.get("Extension", ""): one.get("ContentType", "") for one in tree}


def _relationships(name: str, tree: etree._Element, parts: list[str]) -> dict[str, tuple[str, str]]:
    folder = posixpath.dirname(posixpath.dirname(name))
    found = {}
    for one in tree:
        target = posixpath.normpath(posixpath.join(folder, one.attrib["Target"].lstrip("/")))
        assert target in parts, f"{name} points to {target}, which is missing"
        assert one.attrib["Id"] not in found, f"{name} has {one.attrib['Id']} twice"
        found[one.attrib["Id"]] = (one.attrib["Type"], target)
    return found


def _check_code_names(xml: dict, book: dict[str, tuple[str, str]], modules: dict[str, VbaModule]) -> None:
    """Each document module is the code of the workbook or of exactly one sheet, and the other way round."""
    workbook = xml["xl/workbook.xml"]
    expected = {workbook.find(f"{MAIN}workbookPr").get("codeName"): "{00020819-0000-0000-C000-000000000046}"}
    for sheet in workbook.iter(f"{MAIN}sheet"):
        properties = xml[book[sheet.get(RELATIONSHIP_ID)][1]].find(f"{MAIN}sheetPr")
        code_name = properties.get("codeName") if properties is not None else None
        assert code_name, f"sheet {sheet.get('name')} has no codeName"
        assert code_name not in expected, f"codeName {code_name} is used twice"
        expected[code_name] = "{00020820-0000-0000-C000-000000000046}"
    documents = {one.name: one.attributes["VB_Base"][1:] for one in modules.values() if one.kind == "Document"}
    assert documents == expected


def check_callbacks(ribbon: etree._Element, modules: dict[str, VbaModule]) -> None:
    """Every callback is one public procedure of a standard module with the parameters Office passes."""
    procedures: dict[str, list[int]] = {}
    for module in modules.values():
        if module.kind == "Module" and "Option Private Module" not in module.code:
            for name, count in module.procedures.items():
                procedures.setdefault(name, []).append(count)
    ids = [element.get("id") for element in ribbon.iter(etree.Element) if element.get("id")]
    assert len(set(ids)) == len(ids), "two controls share an id"
    for element in ribbon.iter(etree.Element):
        for attribute, callback in element.attrib.items():
            if attribute.startswith(("get", "on")):
                tag = etree.QName(element).localname
                key = f"{tag}.onAction" if attribute == "onAction" else attribute
                assert procedures.get(callback) == [CALLBACK_PARAMETERS[key]], f"{callback} ({tag}/@{attribute})"
