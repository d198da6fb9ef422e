"""A small zip writer that can copy compressed entries raw. The standard library's cannot, without its private parts."""

import struct
import zipfile
import zlib

from sop_addin.opc.errors import EngineError

# The earliest date a zip can hold: new parts get it, so that the same change always gives the same file.
FIXED_DATE = (1980, 1, 1, 0, 0, 0)

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_MAX_OFFSET = 0xFFFF_FFFE
_DEFLATE = 8
_NEEDED_VERSION = 20
_MADE_BY = 20
_UTF8_NAME = 0x800
_HAS_TRAILING_SIZES = 0x08


class ZipWriter:
    """Collects entries in order; `finish` gives the file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._directory: list[bytes] = []
        self._size = 0

    def add(
        self,
        name: str,
        content: bytes,
        date: tuple[int, int, int, int, int, int] = FIXED_DATE,
        external_attributes: int = 0,
    ) -> None:
        """Compress and append an entry."""
        compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = compressor.compress(content) + compressor.flush()
        self._append(
            name.encode("utf-8"), packed, _DEFLATE, zlib.crc32(content), len(content), date, external_attributes
        )

    def copy(self, entry: zipfile.ZipInfo, source: bytes) -> None:
        """Append an entry of another zip with its compressed bytes as they are."""
        name_length, extra_length = struct.unpack_from("<HH", source, entry.header_offset + 26)
        start = entry.header_offset + 30 + name_length + extra_length
        packed = source[start : start + entry.compress_size]
        # Names are kept as read; zipfile decodes cp437 where the UTF-8 flag is absent.
        codec = "utf-8" if entry.flag_bits & _UTF8_NAME else "cp437"
        flags = entry.flag_bits & ~_HAS_TRAILING_SIZES
        self._append(
            entry.orig_filename.encode(codec),
            packed,
            entry.compress_type,
            entry.CRC,
            entry.file_size,
            entry.date_time,
            entry.external_attr,
            flags,
        )

    def _append(
        self,
        name: bytes,
        packed: bytes,
        method: int,
        checksum: int,
        size: int,
        date: tuple[int, int, int, int, int, int],
        external_attributes: int,
        flags: int | None = None,
    ) -> None:
        if flags is None:
            flags = 0 if name.isascii() else _UTF8_NAME
        day = (max(date[0], 1980) - 1980) << 9 | date[1] << 5 | date[2]
        time = date[3] << 11 | date[4] << 5 | date[5] // 2
        offset = self._size
        if offset + len(packed) > _MAX_OFFSET or size > _MAX_OFFSET:
            raise EngineError("The workbook grew beyond 4 GB, more than Excel can open; remove data or split it.")
        common = (_NEEDED_VERSION, flags, method, time, day, checksum, len(packed), size, len(name), 0)
        header = _LOCAL.pack(b"PK\x03\x04", *common)
        self._pieces += (header, name, packed)
        self._size += len(header) + len(name) + len(packed)
        central = _CENTRAL.pack(b"PK\x01\x02", _MADE_BY, *common, 0, 0, 0, external_attributes, offset)
        self._directory.append(central + name)

    def finish(self) -> bytes:
        directory = b"".join(self._directory)
        count = len(self._directory)
        end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), self._size, 0)
        return b"".join([*self._pieces, directory, end])
