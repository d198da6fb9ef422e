"""The zip around a workbook: parts are read on demand, untouched parts are copied as the compressed bytes they were."""

import io
import lzma
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from sop_addin.opc.errors import FileUnreadable
from sop_addin.opc.xml_text import (
    CONTENT_TYPES,
    PACKAGE_RELATIONSHIPS,
    R_ID,
    Xml,
    main_tag,
    new_root,
    parse_xml,
    serialise_xml,
)
from sop_addin.opc.zip_writer import ZipWriter

CONTENT_TYPES_PART = "[Content_Types].xml"

# Far above any workbook a planner keeps, far below what would bring the machine down (docs/security.md has them).
MAX_FILE_BYTES = 500_000_000
MAX_PARTS = 20_000
MAX_SHEETS = 1_000
MAX_PART_BYTES = 500_000_000
MAX_TOTAL_BYTES = 1_000_000_000
MAX_RATIO = 1_000  # deflate itself ends near 1,030; honest sheets stay below 200
RATIO_FREE_BYTES = 50_000_000  # small parts may compress as well as they like

_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError, struct.error)

_OLE_HEADER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Relationship:
    """One entry of a .rels part; `target` is a part name, or a URL where external."""

    identifier: str
    kind: str  # last piece of the type URI, such as 'worksheet'
    target: str
    external: bool
    type: str


def check_is_workbook_zip(data: bytes, name: str) -> None:
    """Refuse what is not an OOXML package, each kind with a sentence of its own (FileUnreadable)."""
    if not data:
        raise FileUnreadable(f"{name} is an empty file; take the workbook from its last good copy.")
    if data.startswith(_OLE_HEADER):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise FileUnreadable(f"{name} is protected by a password; open it in Excel and save it without one.")
        raise FileUnreadable(f"{name} is in the old .xls format; open it in Excel and save it as .xlsx or .xlsm.")
    if not data.startswith(b"PK"):
        raise FileUnreadable(f"{name} is not an Excel workbook, whatever its name says; choose an .xlsx or .xlsm file.")


class Package:
    """The parts of one workbook, by name. Changes live in memory until `to_bytes`."""

    def __init__(self, data: bytes, name: str) -> None:
        check_is_workbook_zip(data, name)
        self.name = name
        self.data = data
        self._zip = self._open_zip()
        self._changed: dict[str, bytes] = {}
        self._removed: set[str] = set()

    @classmethod
    def read_file(cls, path: Path) -> "Package":
        """Read a workbook file whole; FileUnreadable says why it cannot be."""
        if path.is_dir():
            raise FileUnreadable(f"{path} is a folder; name the workbook inside it.")
        try:
            if path.exists() and not path.is_file():  # a pipe or a device may never end
                raise FileUnreadable(f"{path} is no file; name a workbook (.xlsx or .xlsm).")
            if path.exists() and path.stat().st_size > MAX_FILE_BYTES:
                raise FileUnreadable(f"{path} is larger than {MAX_FILE_BYTES:,} bytes, so it is not opened.")
            data = path.read_bytes()
        except FileNotFoundError:
            raise FileUnreadable(f"{path} does not exist; check the name and the folder.") from None
        except PermissionError:
            raise FileUnreadable(f"{path} may not be read by you; ask its owner for access.") from None
        except OSError as error:
            raise FileUnreadable(f"{path} cannot be read ({error.strerror}); copy it to a local folder.") from error
        return cls(data, path.name)

    def _open_zip(self) -> zipfile.ZipFile:
        try:
            archive = zipfile.ZipFile(io.BytesIO(self.data))
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error, EOFError) as error:
            raise FileUnreadable(
                f"{self.name} is damaged or cut off (copied only in part?); take it from its source again."
            ) from error
        self._check_size(archive)
        names = set(archive.namelist())
        if len(names) != len(archive.infolist()):
            raise FileUnreadable(
                f"{self.name} holds a part twice, so it is damaged; open it in Excel and save it anew."
            )
        if CONTENT_TYPES_PART not in names:
            raise FileUnreadable(f"{self.name} is a zip file but not a workbook; choose an .xlsx or .xlsm file.")
        return archive

    def _check_size(self, archive: zipfile.ZipFile) -> None:
        entries = archive.infolist()
        if len(entries) > MAX_PARTS:
            raise FileUnreadable(f"{self.name} holds {len(entries):,} parts, more than any workbook; it is not opened.")
        if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
            raise FileUnreadable(f"{self.name} would unpack to more than {MAX_TOTAL_BYTES:,} bytes; it is not opened.")
        for entry in entries:
            if entry.flag_bits & 1:
                raise FileUnreadable(f"{self.name} is an encrypted zip; save it in Excel without a password.")
            too_dense = entry.file_size > RATIO_FREE_BYTES and entry.file_size > MAX_RATIO * max(1, entry.compress_size)
            if entry.file_size > MAX_PART_BYTES or too_dense:
                raise FileUnreadable(
                    f"{self.name} unpacks its part {entry.filename} to {entry.file_size:,} bytes, "
                    "which no honest workbook does; it is not opened."
                )

    # -- parts

    def __contains__(self, part: str) -> bool:
        if part in self._changed:
            return True
        return part in self._zip.NameToInfo and part not in self._removed

    def names(self) -> list[str]:
        """Part names in file order, new parts last."""
        kept = [name for name in self._zip.namelist() if name not in self._removed]
        return kept + [name for name in self._changed if name not in self._zip.NameToInfo]

    def read(self, part: str) -> bytes:
        """Content of a part as it stands now."""
        if part in self._changed:
            return self._changed[part]
        if part not in self:
            raise FileUnreadable(f"{self.name} lacks its part {part}; open it in Excel and let Excel repair it.")
        try:
            return self._zip.read(part)
        except (*_DAMAGE, NotImplementedError) as error:
            raise FileUnreadable(
                f"{self.name} is damaged in its part {part}; take it from its source again."
            ) from error

    def write(self, part: str, content: bytes) -> None:
        """Replace or add a part. Writing what is there already changes nothing."""
        if part in self._zip.NameToInfo and part not in self._removed and part not in self._changed:
            entry = self._zip.NameToInfo[part]
            if entry.file_size == len(content) and self._zip.read(part) == content:
                return
        self._changed[part] = content
        self._removed.discard(part)

    def remove(self, part: str) -> None:
        self._changed.pop(part, None)
        if part in self._zip.NameToInfo:
            self._removed.add(part)

    @property
    def changed(self) -> bool:
        return bool(self._changed or self._removed)

    def changed_parts(self) -> dict[str, bytes]:
        return dict(self._changed)

    def free_name(self, pattern: str) -> str:
        """'xl/tables/table{}.xml' -> the first such name not in use (part names ignore case)."""
        taken = {name.lower() for name in self._zip.namelist()} | {name.lower() for name in self._changed}
        number = 1
        while pattern.format(number).lower() in taken:
            number += 1
        return pattern.format(number)

    # -- relationships and content types

    def relationships(self, part: str) -> dict[str, Relationship]:
        """Relationships of a part ('' is the package itself), by identifier."""
        rels = relationships_part(part)
        return {one.identifier: one for one in read_relationships(self.read(rels), part)} if rels in self else {}

    def add_relationship(self, part: str, relationship_type: str, target: str) -> str:
        """Relate `part` to the part `target`; returns the new identifier."""
        rels = relationships_part(part)
        if rels in self:
            root = parse_xml(self.read(rels), rels)
        else:
            root = new_root(f"{{{PACKAGE_RELATIONSHIPS}}}Relationships", PACKAGE_RELATIONSHIPS)
        taken = {element.get("Id") for element in root}
        number = 1
        while f"rId{number}" in taken:
            number += 1
        element = etree.SubElement(root, f"{{{PACKAGE_RELATIONSHIPS}}}Relationship")
        element.set("Id", f"rId{number}")
        element.set("Type", relationship_type)
        element.set("Target", posixpath.relpath(target, posixpath.dirname(part) or "."))
        self.write(rels, serialise_xml(root))
        return f"rId{number}"

    def add_part(self, part: str, content: bytes, content_type: str) -> None:
        """Add a part together with its content type."""
        self.write(part, content)
        root = parse_xml(self.read(CONTENT_TYPES_PART), CONTENT_TYPES_PART)
        override = etree.SubElement(root, f"{{{CONTENT_TYPES}}}Override")
        override.set("PartName", "/" + part)
        override.set("ContentType", content_type)
        self.write(CONTENT_TYPES_PART, serialise_xml(root))

    def drop_part(self, part: str, owner: str) -> None:
        """Remove a part, its content type and the owner's relationship to it."""
        self.remove(part)
        root = parse_xml(self.read(CONTENT_TYPES_PART), CONTENT_TYPES_PART)
        for element in list(root):
            if (element.get("PartName") or "").lower() == "/" + part.lower():
                root.remove(element)
        self.write(CONTENT_TYPES_PART, serialise_xml(root))
        targets = {item.identifier for item in self.relationships(owner).values() if item.target == part}
        rels = relationships_part(owner)
        root = parse_xml(self.read(rels), rels)
        for element in list(root):
            if element.get("Id") in targets:
                root.remove(element)
        self.write(rels, serialise_xml(root))

    def content_type(self, part: str) -> str | None:
        root = parse_xml(self.read(CONTENT_TYPES_PART), CONTENT_TYPES_PART)
        for element in root.iter(f"{{{CONTENT_TYPES}}}Override"):
            if (element.get("PartName") or "").lower() == "/" + part.lower():
                return element.get("ContentType")
        extension = part.rpartition(".")[2].lower()
        for element in root.iter(f"{{{CONTENT_TYPES}}}Default"):
            if (element.get("Extension") or "").lower() == extension:
                return element.get("ContentType")
        return None

    # -- writing

    def to_bytes(self) -> bytes:
        """The whole file: equal changes on equal input give equal bytes; without changes, the very bytes read."""
        if not self.changed:
            return self.data
        writer = ZipWriter()
        for entry in self._zip.infolist():
            if entry.filename in self._removed:
                continue
            if entry.filename in self._changed:
                writer.add(entry.filename, self._changed[entry.filename], entry.date_time, entry.external_attr)
            else:
                writer.copy(entry, self.data)
        for name, content in self._changed.items():
            if name not in self._zip.NameToInfo:
                writer.add(name, content)
        return writer.finish()


def worksheets(workbook: Xml, links: Mapping[str, Relationship], name: str) -> dict[str, str]:
    """The parts of the worksheets that a workbook part lists, by their names in the order of their tabs.

    ``links``: the relationships of that part. Raises FileUnreadable for more sheets than any workbook ``name`` has,
    and for two of one name, which no formula could tell apart.
    """
    sheets = list(workbook.iter(main_tag("sheet")))
    if len(sheets) > MAX_SHEETS:
        raise FileUnreadable(f"{name} lists {len(sheets):,} sheets, more than any workbook; it is not opened.")
    names = [str(sheet.get("name") or "") for sheet in sheets]
    spelled = [one.casefold() for one in names]
    if twice := [one for one, plain in zip(names, spelled, strict=True) if spelled.count(plain) > 1]:
        raise FileUnreadable(f"{name} has two sheets named {twice[-1]}; open it in Excel and let Excel repair it.")
    found = {one: links.get(sheet.get(R_ID) or "") for one, sheet in zip(names, sheets, strict=True)}
    return {sheet: link.target for sheet, link in found.items() if link is not None and link.kind == "worksheet"}


def relationships_part(part: str) -> str:
    """'xl/workbook.xml' -> 'xl/_rels/workbook.xml.rels'; '' -> '_rels/.rels'."""
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"


def read_relationships(content: bytes, part: str) -> list[Relationship]:
    """The entries of the .rels part of ``part`` ('' is the package itself)."""
    folder = posixpath.dirname(part)
    found = []
    for element in parse_xml(content, relationships_part(part)).iter(f"{{{PACKAGE_RELATIONSHIPS}}}Relationship"):
        target, kind = element.get("Target") or "", element.get("Type") or ""
        external = element.get("TargetMode") == "External"
        if not external:  # never above the package, however many '..' there are
            target = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
        found.append(Relationship(element.get("Id") or "", kind.rpartition("/")[2], target, external, kind))
    return found
