"""What install changed, as a JSON file: enough to put back every byte."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from sop_addin.setup.config_file import Change
from sop_addin.setup.files import read
from sop_addin.setup.machine import SetupError

_VERSION = 1


@dataclass(frozen=True)
class FileChange:
    """One file: what it held before (None: it was not there), and the fingerprint of what install wrote."""

    path: Path
    before: bytes | None
    fingerprint: str

    @classmethod
    def of(cls, path: Path, before: bytes | None, after: bytes) -> FileChange:
        return cls(path, before, _fingerprint(after))

    def is_untouched(self, current: bytes) -> bool:
        """Nobody changed the file since install."""
        return _fingerprint(current) == self.fingerprint


@dataclass(frozen=True)
class Record:
    """All that install changed for this user; empty where it changed nothing."""

    files: tuple[FileChange, ...] = ()
    changes: tuple[Change, ...] = ()
    folders: tuple[str, ...] = ()  # that install made, outermost first

    @property
    def is_empty(self) -> bool:
        return not self.files and not self.folders

    @property
    def config(self) -> FileChange | None:
        return next((change for change in self.files if change.path.name == "xlwings.conf"), None)

    def to_json(self) -> bytes:
        value = {
            "about": "What `sop-addin install` changed; `sop-addin uninstall` reads it. Do not edit.",
            "version": _VERSION,
            "files": [
                {"path": str(one.path), "before": _packed(one.before), "sha256": one.fingerprint} for one in self.files
            ],
            "keys": [
                {"key": one.key, "was": [_packed(line) for line in one.was], "now": _packed(one.now)}
                for one in self.changes
            ],
            "folders": list(self.folders),
        }
        return (json.dumps(value, indent=2) + "\n").encode("ascii")


def read_record(path: Path) -> Record:
    """The record at ``path``; an empty one where there is none. Raises SetupError for one that cannot be understood."""
    data = read(path)
    if data is None:
        return Record()
    try:
        value = json.loads(data)
        if value["version"] != _VERSION:
            raise ValueError("another version")
        return Record(
            tuple(FileChange(Path(one["path"]), _unpacked(one["before"]), one["sha256"]) for one in value["files"]),
            tuple(
                Change(one["key"], tuple(_unpacked(line) or b"" for line in one["was"]), _unpacked(one["now"]))
                for one in value["keys"]
            ),
            tuple(value["folders"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SetupError(
            f"{path}, the record of `sop-addin install`, cannot be understood; delete it, and take INTERPRETER_WIN or "
            "INTERPRETER_MAC out of xlwings.conf by hand."
        ) from error


def _fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _packed(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _unpacked(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
