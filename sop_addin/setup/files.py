"""Reading and writing the few small files of set-up; what goes wrong is one sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sop_addin.engines.closed_file.atomic_save import save_atomically
from sop_addin.engines.errors import EngineError
from sop_addin.setup.machine import SetupError


def read(path: Path) -> bytes | None:
    """The bytes of ``path``; None where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror or error}; {_help(path)}.") from error


def write(path: Path, content: bytes) -> None:
    """All of it or nothing; folders are made; a read-only file is refused."""
    try:
        if path.exists() and not (path.stat().st_mode & stat.S_IWUSR and os.access(path, os.W_OK)):
            raise SetupError(f"{path} cannot be written: it is read-only; {_help(path)}.")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_atomically(path, content, None)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror or error}; {_help(path)}.") from error
    except EngineError as error:
        reason = getattr(error.__cause__, "strerror", None) or "another program holds it or the folder is protected"
        raise SetupError(f"{path} cannot be written: {reason}; {_help(path)}.") from error


def remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(f"{path} cannot be removed: {error.strerror or error}; {_help(path)}.") from error


def remove_empty_folder(folder: Path) -> None:
    """Unless something lies in it."""
    try:
        if folder.is_dir() and not os.listdir(folder):
            folder.rmdir()
    except OSError:
        return  # an empty folder that stays does no harm


def _help(path: Path) -> str:
    if "Containers" in path.parts or "Application Scripts" in path.parts:  # macOS guards the folders of other programs
        return "allow Terminal in System Settings > Privacy & Security > Full Disk Access, and run the command again"
    return "make it writable for you (or ask IT), and run the command again"
