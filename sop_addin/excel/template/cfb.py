"""Write a compound file ([MS-CFB] version 3), the container of a VBA project.

Only what a VBA project needs: storages, streams, no timestamps, a FAT that fits in the header. The same tree gives the
same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sop_addin.model.errors import WorkbookError

Tree = Mapping[str, "bytes | Mapping[str, bytes]"]

SECTOR = 512
MINI_SECTOR = 64
MINI_STREAM_CUTOFF = 4096
MAX_FAT_SECTORS = 109  # what the header can name without DIFAT sectors: some 7 MB of file

FREE, END_OF_CHAIN, FAT_SECTOR, NO_STREAM = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
RED, BLACK = 0, 1


@dataclass
class _Entry:
    """One directory entry; links are positions in the directory."""

    name: str
    kind: int
    data: bytes = b""
    colour: int = BLACK
    left: int = NO_STREAM
    right: int = NO_STREAM
    child: int = NO_STREAM
    start: int = 0
    size: int = 0

    def packed(self) -> bytes:
        name = (self.name + "\0").encode("utf-16-le")
        if len(name) > 64:
            raise WorkbookError(f"Compound file: the name {self.name!r} has more than 31 characters; shorten it.")
        return struct.pack(
            "<64sHBBIII16sIQQIQ",
            *(name, len(name), self.kind, self.colour, self.left, self.right, self.child),
            *(bytes(16), 0, 0, 0, self.start, self.size),  # no class id, state bits or times
        )


_UNUSED_ENTRY = struct.pack("<64sHBBIII48s", b"", 0, 0, 0, NO_STREAM, NO_STREAM, NO_STREAM, b"")


@dataclass
class _Chains:
    """A FAT (or mini FAT) that hands out runs of consecutive sectors."""

    table: list[int] = field(default_factory=list)

    def add(self, count: int) -> int:
        """Allocate `count` sectors; the first of them, or END_OF_CHAIN for none."""
        if not count:
            return END_OF_CHAIN
        first = len(self.table)
        self.table += [*range(first + 1, first + count), END_OF_CHAIN]
        return first


def write_compound_file(tree: Tree) -> bytes:
    """The bytes of a compound file holding `tree` (name -> stream bytes, or name -> storage of streams).

    Raises WorkbookError for a name over 31 characters or a tree too large for a header-only allocation table (7 MB).
    """
    entries = _directory(tree)
    mini_stream, mini_fat = _place_small_streams(entries)
    large = [entry for entry in entries if entry.kind == STREAM and entry.size >= MINI_STREAM_CUTOFF]

    directory_sectors = _count(len(entries) * 128, SECTOR)
    mini_fat_sectors = _count(len(mini_fat) * 4, SECTOR)
    body_sectors = directory_sectors + mini_fat_sectors + _count(len(mini_stream), SECTOR)
    body_sectors += sum(_count(entry.size, SECTOR) for entry in large)
    fat_sectors = _fat_sectors_for(body_sectors)

    fat = _Chains([FAT_SECTOR] * fat_sectors)
    directory_start = fat.add(directory_sectors)
    mini_fat_start = fat.add(mini_fat_sectors)
    root = entries[0]
    root.start, root.size = fat.add(_count(len(mini_stream), SECTOR)), len(mini_stream)
    for entry in large:
        entry.start = fat.add(_count(entry.size, SECTOR))

    directory = b"".join(entry.packed() for entry in entries)
    directory += _UNUSED_ENTRY * (directory_sectors * SECTOR // 128 - len(entries))
    return b"".join(
        [
            _header(fat_sectors, directory_start, mini_fat_start, mini_fat_sectors),
            _table_bytes(fat.table, fat_sectors),
            directory,
            _table_bytes(mini_fat, mini_fat_sectors),
            _padded(mini_stream, SECTOR),
            *(_padded(entry.data, SECTOR) for entry in large),
        ]
    )


def _directory(tree: Tree) -> list[_Entry]:
    """Entry 0 is the root; each storage's children form a red-black tree."""
    entries = [_Entry("Root Entry", ROOT)]

    def add_children(parent: _Entry, children: Tree) -> None:
        positions: list[int] = []
        for name in sorted(children, key=_sibling_order):
            content = children[name]
            if isinstance(content, Mapping):
                entries.append(_Entry(name, STORAGE))
            else:
                entries.append(_Entry(name, STREAM, data=content, size=len(content)))
            positions.append(len(entries) - 1)
        parent.child = _link_siblings(entries, positions)
        for position in positions:
            content = children[entries[position].name]
            if isinstance(content, Mapping):
                add_children(entries[position], content)

    add_children(entries[0], tree)
    return entries


def _sibling_order(name: str) -> tuple[int, str]:
    """[MS-CFB] 2.6.4: shorter names first, then by upper case."""
    return len(name.encode("utf-16-le")), name.upper()


def _link_siblings(entries: list[_Entry], positions: Sequence[int]) -> int:
    """Link sorted siblings as a balanced tree; the position of its top.

    Halving fills every level but the last, so painting that last level red (unless it is full, or the only one) makes
    all paths equally black and never puts red under red.
    """
    depth_of: dict[int, int] = {}

    def link(low: int, high: int, depth: int) -> int:
        if low >= high:
            return NO_STREAM
        middle = (low + high) // 2
        top = positions[middle]
        depth_of[top] = depth
        entries[top].left = link(low, middle, depth + 1)
        entries[top].right = link(middle + 1, high, depth + 1)
        return top

    root = link(0, len(positions), 0)
    deepest = max(depth_of.values(), default=0)
    last_level_full = len(positions) == 2 ** (deepest + 1) - 1
    for position, depth in depth_of.items():
        if depth == deepest and depth > 0 and not last_level_full:
            entries[position].colour = RED
    return root


def _place_small_streams(entries: Sequence[_Entry]) -> tuple[bytes, list[int]]:
    """Streams below the cutoff live together in the mini stream; its bytes and its own allocation table."""
    mini_stream = bytearray()
    chains = _Chains()
    for entry in entries:
        if entry.kind == STREAM and entry.size < MINI_STREAM_CUTOFF:
            entry.start = chains.add(_count(entry.size, MINI_SECTOR))
            mini_stream += _padded(entry.data, MINI_SECTOR)
    return bytes(mini_stream), chains.table


def _fat_sectors_for(body_sectors: int) -> int:
    """The table also has to describe its own sectors, so its size is found by growing it."""
    fat_sectors = 1
    while fat_sectors * SECTOR // 4 < body_sectors + fat_sectors:
        fat_sectors += 1
    if fat_sectors > MAX_FAT_SECTORS:
        raise WorkbookError("Compound file: the VBA project is larger than 7 MB; split it.")
    return fat_sectors


def _header(fat_sectors: int, directory_start: int, mini_fat_start: int, mini_fat_sectors: int) -> bytes:
    fixed = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII",
        *(bytes.fromhex("D0CF11E0A1B11AE1"), bytes(16)),
        *(0x3E, 3, 0xFFFE, 9, 6),  # minor and major version, byte order, sector and mini sector size as powers of two
        *(0, fat_sectors, directory_start, 0, MINI_STREAM_CUTOFF),
        *(mini_fat_start, mini_fat_sectors, END_OF_CHAIN, 0),  # no DIFAT sectors
    )
    return fixed + struct.pack("<109I", *range(fat_sectors), *[FREE] * (MAX_FAT_SECTORS - fat_sectors))


def _table_bytes(table: Sequence[int], sectors: int) -> bytes:
    slots = sectors * SECTOR // 4
    return struct.pack(f"<{slots}I", *table, *[FREE] * (slots - len(table)))


def _count(size: int, unit: int) -> int:
    return -(-size // unit)


def _padded(data: bytes, unit: int) -> bytes:
    return data.ljust(_count(len(data), unit) * unit, b"\0")
