"""Saving that leaves either the old file or the new one, never something between, and never over others' work."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sop_addin.engines.errors import EngineError, FileChanged, FileLocked

_TEMPORARY_PREFIX = ".~sop-"
_STALE_SECONDS = 3600

SAVED: list[Path] = []
"""What this process has replaced or made, in order: whoever is stopped wants to know."""


def save_atomically(path: Path, content: bytes, expected: bytes | None) -> None:
    """Write `content` to `path` through a temporary file in the same folder, fsync and rename.

    `expected` is what the file held when it was opened; None where `path` is not the opened file. Raises FileChanged,
    FileLocked or EngineError with a sentence for the user; then the file is as it was.
    """
    path = Path(os.path.realpath(path))
    if os.path.exists(path) and not os.path.isfile(path):  # the rename would put an end to a device or a pipe
        raise EngineError(f"{path} is no file, so nothing is saved there; choose another name.")
    check_not_open_elsewhere(path)
    _check_unchanged(path, expected)
    _remove_stale_temporaries(path)
    with _readable_errors(path):
        handle, temporary = tempfile.mkstemp(prefix=_TEMPORARY_PREFIX, suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, temporary)
            else:
                os.chmod(temporary, 0o666 & ~_umask())  # mkstemp's 0600 would lock colleagues out
            _check_unchanged(path, expected)  # of two runs that end at once, one is refused
            os.replace(temporary, path)
            SAVED.append(path)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
        _flush_folder(path.parent)


def _check_unchanged(path: Path, expected: bytes | None) -> None:
    if expected is not None and path.exists() and path.read_bytes() != expected:
        raise FileChanged(
            f"{path.name} was changed on disk since it was opened; nothing was saved: run the command again."
        )


def check_not_open_elsewhere(path: Path) -> None:
    """Raise FileLocked where Excel or LibreOffice left its owner file beside the workbook."""
    for lock, program in ((f"~${path.name}", "Excel"), (f".~lock.{path.name}#", "LibreOffice")):
        if os.path.exists(path.parent / lock):  # no error in a folder that may not be looked into
            raise FileLocked(
                f"{path.name} is open in {program}; close it there "
                f"(or delete the file {lock} beside it if {program} is not running)."
            )


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise FileLocked(
            f"{path.name} cannot be saved in {path.parent}: you may not write there or another program holds the file; "
            "close it or save elsewhere."
        ) from error
    except FileNotFoundError as error:
        raise EngineError(f"{path.name} cannot be saved: the folder {path.parent} does not exist.") from error
    except OSError as error:
        raise EngineError(f"{path.name} cannot be saved in {path.parent}: {_reason(error)}.") from error


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space and save again"
    if error.errno == errno.EROFS:
        return "the folder is read-only; save elsewhere"
    return f"{error.strerror or error}; save elsewhere"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _remove_stale_temporaries(path: Path) -> None:
    """Clear what killed runs left behind; recent ones may belong to a run that is alive."""
    for leftover in path.parent.glob(f"{_TEMPORARY_PREFIX}*.tmp"):
        try:
            if time.time() - leftover.stat().st_mtime > _STALE_SECONDS:
                leftover.unlink()
        except OSError:
            continue  # another run was quicker, or it is not ours to delete


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable where the system allows it (not on Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
