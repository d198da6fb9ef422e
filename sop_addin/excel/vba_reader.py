"""Read the text of a VBA module out of a macro workbook: what Excel saved, or what our own writer made.

[MS-CFB] for the container, [MS-OVBA] for the project. Files come from anywhere: what does not fit is a
WorkbookError.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

from sop_addin.model.errors import WorkbookError

PROJECT_PART = "xl/vbaProject.bin"
_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END, _NONE = 0xFFFFFFFE, 0xFFFFFFFF
_MOST_BYTES = 64 << 20  # a project beyond this is no workbook of a planner
_STREAM, _ROOT = 2, 5
_VERSION_RECORD, _CODE_PAGE, _MODULE_NAME, _STREAM_NAME, _OFFSET = 0x09, 0x03, 0x19, 0x1A, 0x31


def read_module(path: Path, name: str) -> str | None:
    """The source of module ``name``; None where the workbook has no macros or no such module."""
    try:
        with zipfile.ZipFile(path) as package:
            if PROJECT_PART not in package.namelist():
                return None
            if package.getinfo(PROJECT_PART).file_size > _MOST_BYTES:
                raise WorkbookError(f"{path.name}: its VBA project is too large to be read.")
            project = package.read(PROJECT_PART)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise WorkbookError(
            f"{path.name} is no workbook (.xlsx, .xlsm), or has a password, or is damaged; save it anew in Excel."
        ) from error
    try:
        return _module(project, name)
    except (struct.error, IndexError, ValueError, LookupError) as error:
        raise WorkbookError(f"{path.name}: its VBA project is damaged; save the workbook anew in Excel.") from error


def _module(project: bytes, name: str) -> str | None:
    streams = _streams(project)
    directory = _records(decompress(streams["dir"]))
    code_page = next((struct.unpack("<H", body)[0] for kind, body in directory if kind == _CODE_PAGE), 1252)
    found, stream = False, b""
    for kind, body in directory:
        if kind == _MODULE_NAME:
            found = body.decode("latin-1").lower() == name.lower()
        elif found and kind == _STREAM_NAME:
            stream = streams[body.decode(f"cp{code_page}", "replace").lower()]
        elif found and kind == _OFFSET:
            return decompress(stream[struct.unpack("<I", body)[0] :]).decode(f"cp{code_page}", "replace")
    return None


def _records(stream: bytes) -> list[tuple[int, bytes]]:
    records, at = [], 0
    while at + 6 <= len(stream):
        kind, size = struct.unpack_from("<HI", stream, at)
        if kind == _VERSION_RECORD:
            size = 6  # its size field says 4
        records.append((kind, stream[at + 6 : at + 6 + size]))
        at += 6 + size
    return records


def decompress(container: bytes) -> bytes:
    """[MS-OVBA] 2.4.1: a CompressedContainer. Raises ValueError or IndexError for anything else."""
    if container[0] != 1:
        raise ValueError("no compressed container")
    out, at = bytearray(), 1
    while at + 2 <= len(container):
        (header,) = struct.unpack_from("<H", container, at)
        end, begin = min(at + 3 + (header & 0xFFF), len(container)), len(out)
        at += 2
        if not header & 0x8000:  # a raw chunk
            out += container[at:end]
            at = end
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
                length_bits = 16 - max(4, (len(out) - begin - 1).bit_length())
                for _ in range((token & (1 << length_bits) - 1) + 3):
                    out.append(out[-((token >> length_bits) + 1)])
    return bytes(out)


def _streams(data: bytes) -> dict[str, bytes]:
    """Every stream of a compound file by its name in lower case (names are unique in a VBA project)."""
    if data[:8] != _SIGNATURE:
        raise ValueError("no compound file")
    (shift,) = struct.unpack_from("<H", data, 30)
    size = 1 << shift
    first_directory, _, cutoff, first_mini_fat, _, first_difat, _ = struct.unpack_from("<7I", data, 48)

    def sector(number: int) -> bytes:
        return data[size * (number + 1) : size * (number + 2)]

    fat_sectors = list(struct.unpack_from("<109I", data, 76))
    while first_difat < _END:
        *more, first_difat = struct.unpack(f"<{size // 4}I", sector(first_difat))
        fat_sectors += more
        if len(fat_sectors) * size > len(data) + 110 * size:
            raise ValueError("the sectors run in a circle")
    fat = [link for number in fat_sectors if number < _END for link in struct.unpack(f"<{size // 4}I", sector(number))]

    def chain(start: int, links: list[int], source: bytes, width: int, skip: int) -> bytes:
        parts: list[bytes] = []
        while start < _END:
            parts.append(source[width * (start + skip) : width * (start + skip + 1)])
            if len(parts) > len(links):
                raise ValueError("the sectors run in a circle")
            start = links[start]
        return b"".join(parts)

    directory = chain(first_directory, fat, data, size, 1)
    mini_fat = [link[0] for link in struct.iter_unpack("<I", chain(first_mini_fat, fat, data, size, 1))]
    mini_stream, streams = b"", {}
    for at in range(0, len(directory) - 127, 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        start, bytes_long = struct.unpack_from("<II", directory, at + 116)
        if kind == _ROOT:
            mini_stream = chain(start, fat, data, size, 1)
        elif kind == _STREAM:
            small = bytes_long < cutoff
            content = chain(start, mini_fat, mini_stream, 64, 0) if small else chain(start, fat, data, size, 1)
            name = directory[at : at + max(0, length - 2)].decode("utf-16-le").lower()
            streams[name] = content[:bytes_long]
    return streams
