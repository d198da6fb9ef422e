"""Write a VBA project from source text ([MS-OVBA]), in the source-only form that the specification asks of writers.

Source only means: the `_VBA_PROJECT` stream holds just its seven version-independent bytes and every module offset is
0, so the host ignores caches and compiles the text. EPPlus, Aspose and LibreOffice write the same. Nothing here knows
of S&OP, and the same modules give the same bytes.
"""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from sop_addin.excel.template.cfb import write_compound_file
from sop_addin.model.errors import WorkbookError

CODE_PAGE = 1252
ENCODING = "cp1252"
MAX_LINE = 1023  # what the VBA editor takes in one line

_MODULE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")
_HEADER_ATTRIBUTE = re.compile(r'Attribute (VB_\w+) = "?(.*?)"?')


class ModuleKind(Enum):
    """What a module is attached to."""

    STANDARD = "standard"
    CLASS = "class"
    WORKBOOK = "workbook"
    WORKSHEET = "worksheet"

    @property
    def is_document(self) -> bool:
        return self in (ModuleKind.WORKBOOK, ModuleKind.WORKSHEET)


_BASE_CLASS = {
    ModuleKind.WORKBOOK: "0{00020819-0000-0000-C000-000000000046}",
    ModuleKind.WORKSHEET: "0{00020820-0000-0000-C000-000000000046}",
    ModuleKind.CLASS: "0{FCFB3D2A-A0FA-1068-A738-08002B3371B5}",
}
_PROJECT_LINE = {ModuleKind.STANDARD: "Module={}", ModuleKind.CLASS: "Class={}"}
_DOCUMENT_LINE = "Document={}/&H00000000"


@dataclass(frozen=True)
class Module:
    """One VBA module: its name, what it is, its code without header attributes, and the two attributes a class sets."""

    name: str
    kind: ModuleKind
    code: tuple[str, ...] = ()
    exposed: bool = False
    predeclared: bool = False

    def __post_init__(self) -> None:
        if not _MODULE_NAME.fullmatch(self.name):
            raise WorkbookError(
                f"VBA module name {self.name!r}: use a letter, then at most 30 letters, digits or underscores."
            )
        for number, line in enumerate(self.code, start=1):
            if not line.isascii() or "\0" in line:
                raise WorkbookError(f"VBA module {self.name} line {number}: use ASCII only, in {line!r}.")
            if len(line) > MAX_LINE:
                raise WorkbookError(f"VBA module {self.name} line {number}: split it, {MAX_LINE} characters at most.")

    @classmethod
    def from_text(cls, name: str, kind: ModuleKind, text: str) -> Module:
        """A module from the text of a .bas or .cls file: the export header is taken off, line ends do not matter.

        Raises WorkbookError when the file declares another name, or its code is not plain ASCII.
        """
        lines = [line.rstrip("\r") for line in text.rstrip().split("\n")]
        if lines[0].startswith("VERSION "):  # a .cls export begins with VERSION, BEGIN ... END
            lines = lines[lines.index("END") + 1 :]
        attributes: dict[str, str] = {}
        while lines and (match := _HEADER_ATTRIBUTE.fullmatch(lines[0])):
            attributes[match[1]] = match[2]
            lines.pop(0)
        declared = attributes.get("VB_Name", name)
        if declared != name:
            raise WorkbookError(f"VBA module {name}: its text says VB_Name = {declared!r}; make the two equal.")
        return cls(
            name,
            kind,
            tuple(lines),
            exposed=attributes.get("VB_Exposed") == "True",
            predeclared=attributes.get("VB_PredeclaredId") == "True",
        )

    def source(self) -> bytes:
        """The module's text as the project stores it: header attributes, then code, CRLF ends."""
        lines = [f'Attribute VB_Name = "{self.name}"', *self._class_attributes(), *self.code]
        return "".join(line + "\r\n" for line in lines).encode(ENCODING)

    def _class_attributes(self) -> list[str]:
        if self.kind is ModuleKind.STANDARD:
            return []
        document = self.kind.is_document
        return [
            f'Attribute VB_Base = "{_BASE_CLASS[self.kind]}"',
            "Attribute VB_GlobalNameSpace = False",
            "Attribute VB_Creatable = False",
            f"Attribute VB_PredeclaredId = {document or self.predeclared}",
            f"Attribute VB_Exposed = {document or self.exposed}",
            "Attribute VB_TemplateDerived = False",
            f"Attribute VB_Customizable = {document}",
        ]


@dataclass(frozen=True)
class Reference:
    """A registered type library the project is compiled against."""

    name: str
    libid: str


STDOLE = Reference(
    "stdole", r"*\G{00020430-0000-0000-C000-000000000046}#2.0#0#C:\Windows\System32\stdole2.tlb#OLE Automation"
)
OFFICE = Reference(
    "Office",
    r"*\G{2DF8D04C-5BFA-101B-BDE5-00AA0044DE52}#2.0#0#"
    r"C:\Program Files\Common Files\Microsoft Shared\OFFICE16\MSO.DLL#Microsoft Office 16.0 Object Library",
)


def write_vba_project(
    modules: Sequence[Module], *, name: str = "VBAProject", references: Sequence[Reference] = (STDOLE, OFFICE)
) -> bytes:
    """The bytes of xl/vbaProject.bin for `modules`, the workbook's own module first.

    Raises WorkbookError for names that clash (VBA ignores case) or a first module that is not the workbook's.
    """
    _check_names(modules, name)
    vba = {
        "_VBA_PROJECT": bytes.fromhex("CC61FFFF000100"),
        "dir": compress(dir_stream(name, modules, references)),
        **{module.name: compress(module.source()) for module in modules},
    }
    project = project_stream(name, modules)
    return write_compound_file({"VBA": vba, "PROJECT": project, "PROJECTwm": project_names_stream(modules)})


def _check_names(modules: Sequence[Module], project_name: str) -> None:
    if not modules or modules[0].kind is not ModuleKind.WORKBOOK:
        raise WorkbookError("VBA project: the workbook's own module has to come first.")
    seen = {project_name.upper()}
    for module in modules:
        if module.name.upper() in seen:
            raise WorkbookError(f"VBA project: the name {module.name} is used twice; rename one.")
        seen.add(module.name.upper())


# --- [MS-OVBA] 2.4.1: compression -------------------------------------------------------------------------------------

CHUNK = 4096
_MIN_COPY = 3


def compress(data: bytes) -> bytes:
    """`data` as a CompressedContainer.

    Raises WorkbookError for data that does not shrink (random bytes, never text): the raw chunks it would need are
    refused by the VBA editor.
    """
    container = bytearray(b"\x01")
    for start in range(0, len(data), CHUNK):
        tokens = _token_sequences(data[start : start + CHUNK])
        if len(tokens) > CHUNK:
            raise WorkbookError("VBA project: a module cannot be compressed; it does not look like text.")
        container += struct.pack("<H", 0xB000 | (len(tokens) - 1)) + tokens
    return bytes(container)


def _token_sequences(chunk: bytes) -> bytes:
    """Groups of eight tokens behind a flag byte: bit set = copy of earlier bytes, clear = the byte itself."""
    out = bytearray()
    position = 0
    earlier: dict[bytes, list[int]] = {}  # three bytes -> where they begin
    while position < len(chunk):
        flags, group = 0, bytearray()
        for bit in range(8):
            if position == len(chunk):
                break
            length_bits = 16 - max(4, (position - 1).bit_length())  # the nearer the start, the fewer offset bits
            source, length = _longest_match(chunk, position, earlier, (1 << length_bits) - 1 + _MIN_COPY)
            if length:
                flags |= 1 << bit
                group += struct.pack("<H", (position - source - 1) << length_bits | (length - _MIN_COPY))
            else:
                group.append(chunk[position])
            following = position + max(length, 1)
            for index in range(position, following):
                earlier.setdefault(chunk[index : index + _MIN_COPY], []).append(index)
            position = following
        out.append(flags)
        out += group
    return bytes(out)


def _longest_match(chunk: bytes, position: int, earlier: dict[bytes, list[int]], limit: int) -> tuple[int, int]:
    """(where, how long) the longest earlier run equal to what begins at `position`; length 0 if below three bytes."""
    limit = min(limit, len(chunk) - position)
    best, best_length = 0, 0
    if limit < _MIN_COPY:
        return best, best_length
    for candidate in reversed(earlier.get(chunk[position : position + _MIN_COPY], [])):
        length = _MIN_COPY
        while length < limit and chunk[candidate + length] == chunk[position + length]:
            length += 1
        if length > best_length:
            best, best_length = candidate, length
            if length == limit:
                break
    return best, best_length


# --- [MS-OVBA] 2.3: the streams ---------------------------------------------------------------------------------------

_SYSTEM_WIN64 = 3
_LOCALE_US = 0x409
_PROJECT_VERSION = (0x65BE0257, 17)  # what current Excel writes; no meaning without caches
_NO_COOKIE = 0xFFFF


def dir_stream(name: str, modules: Sequence[Module], references: Sequence[Reference]) -> bytes:
    """2.3.4.2: project information, references, modules; uncompressed."""
    records = [
        _record(0x01, _uint32(_SYSTEM_WIN64)),
        _record(0x02, _uint32(_LOCALE_US)),
        _record(0x14, _uint32(_LOCALE_US)),
        _record(0x03, _uint16(CODE_PAGE)),
        _record(0x04, name.encode(ENCODING)),
        *_text_records(0x05, 0x40, ""),  # description
        _record(0x06) + _record(0x3D),  # help files
        _record(0x07, _uint32(0)) + _record(0x08, _uint32(0)),  # help context, flags
        struct.pack("<HIIH", 0x09, 4, *_PROJECT_VERSION),  # the one record whose size field (4) is not its size (6)
        *_text_records(0x0C, 0x3C, ""),  # compilation constants
    ]
    for reference in references:
        libid = reference.libid.encode(ENCODING)
        records += _text_records(0x16, 0x3E, reference.name)
        records.append(_record(0x0D, _uint32(len(libid)) + libid + bytes(6)))
    records += [_record(0x0F, _uint16(len(modules))), _record(0x13, _uint16(_NO_COOKIE))]
    for module in modules:
        records += _text_records(0x19, 0x47, module.name)
        records += _text_records(0x1A, 0x32, module.name)  # stream name
        records += _text_records(0x1C, 0x48, "")  # description
        records += [_record(0x31, _uint32(0)), _record(0x1E, _uint32(0))]  # text offset (no cache), help context
        records.append(_record(0x2C, _uint16(_NO_COOKIE)))
        records += [_record(0x21 if module.kind is ModuleKind.STANDARD else 0x22), _record(0x2B)]
    return b"".join(records) + _record(0x10)


def project_stream(name: str, modules: Sequence[Module]) -> bytes:
    """2.3.1: the PROJECT stream, an ini file; not protected, visible."""
    identity = "|".join(f"{module.kind.value}:{module.name}" for module in modules)
    project_id = "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, "sop-addin:vba:" + identity)).upper() + "}"
    lines = [
        f'ID="{project_id}"',
        *(_PROJECT_LINE.get(module.kind, _DOCUMENT_LINE).format(module.name) for module in modules),
        f'Name="{name}"',
        'HelpContextID="0"',
        'VersionCompatible32="393222000"',
        f'CMG="{_obscured(project_id, bytes(4))}"',  # no protection
        f'DPB="{_obscured(project_id, bytes(1))}"',  # no password
        f'GC="{_obscured(project_id, bytes([0xFF]))}"',  # visible
        "",
        "[Host Extender Info]",
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000",
        "",
        "[Workspace]",
        *(f"{module.name}=0, 0, 0, 0, C" for module in modules),
    ]
    return "".join(line + "\r\n" for line in lines).encode(ENCODING)


def project_names_stream(modules: Iterable[Module]) -> bytes:
    """2.3.3: the PROJECTwm stream, module names in both encodings."""
    pairs = (module.name.encode(ENCODING) + b"\0" + (module.name + "\0").encode("utf-16-le") for module in modules)
    return b"".join(pairs) + b"\0\0"


def _obscured(project_id: str, data: bytes, *, seed: int = 0x8D) -> str:
    """2.4.3.2: `data` in the reversible form Office wants for protection state, as hex. A fixed seed: same bytes."""
    key = sum(project_id.encode(ENCODING)) & 0xFF
    out = [seed, seed ^ 2, seed ^ key]
    previous = key
    filler = bytes([seed]) * ((seed & 6) // 2)
    for byte in filler + _uint32(len(data)) + data:
        out.append(byte ^ ((out[-2] + previous) & 0xFF))
        previous = byte
    return bytes(out).hex().upper()


def _record(identifier: int, body: bytes = b"") -> bytes:
    return struct.pack("<HI", identifier, len(body)) + body


def _text_records(identifier: int, unicode_identifier: int, text: str) -> list[bytes]:
    return [_record(identifier, text.encode(ENCODING)), _record(unicode_identifier, text.encode("utf-16-le"))]


def _uint16(value: int) -> bytes:
    return struct.pack("<H", value)


def _uint32(value: int) -> bytes:
    return struct.pack("<I", value)
