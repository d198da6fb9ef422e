"""`sop-addin install` and `uninstall`: write what Excel needs to find this Python, and take exactly that back.

Install changes the user's xlwings.conf and, on a Mac, copies the script through which Excel may start Python. A record
of what was there before is written first, so that uninstall restores it byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sop_addin.setup import config_file
from sop_addin.setup.files import read, remove, remove_empty_folder, write
from sop_addin.setup.machine import Machine, SetupError
from sop_addin.setup.record import FileChange, Record, read_record

_UNSAFE_ON_MAC = " '\"|;\\$`&()<>*?"
"""Characters that xlwings' AppleScript hands to the shell unquoted."""


@dataclass(frozen=True)
class Outcome:
    """What was done, what to look at, and what comes next; each one sentence."""

    done: tuple[str, ...]
    warnings: tuple[str, ...]
    next_step: str


# --- install ----------------------------------------------------------------------------------------------------------


def install(machine: Machine) -> Outcome:
    """Point the user's xlwings at this interpreter. Raises SetupError with one sentence; then nothing was changed."""
    _refuse_unfit(machine)
    earlier = read_record(machine.record_path)
    current = read(machine.config_path)
    _refuse_unreadable(machine, current)
    base = _before(current, earlier)
    after, changes = config_file.with_values(base or b"", wanted_values(machine), machine.newline)
    script, script_before = _script(machine, earlier)
    files = []
    if changes:
        files.append(FileChange.of(machine.config_path, base, after))
    if script is not None and script != script_before:
        files.append(FileChange.of(machine.applescript_path, script_before, script))
    outdated = [change for change in earlier.files if change.path not in (machine.config_path, *_scripts(machine))]
    contents = {machine.config_path: after}
    if script is not None:
        contents[machine.applescript_path] = script
    writes = {path: content for path, content in contents.items() if read(path) != content}
    record = Record(tuple(files), tuple(changes), earlier.folders)
    if writes or outdated or record != earlier:
        _write_all(machine, record, writes, outdated)
    done = [f"Written: {path}" for path in writes] or ["Nothing to do: Excel is already set up for this Python."]
    return Outcome(
        (*done, f"Python for Excel: {machine.interpreter}"),
        tuple(_warnings(machine, after)),
        "Next: close Excel if it is open, start it again, open a planning workbook, allow its macros and press Set-up "
        "on the S&OP tab; `sop-addin doctor BOOK` says what is in the way.",
    )


def wanted_values(machine: Machine) -> dict[str, bytes | None]:
    """The keys that install owns on this platform, as xlwings.bas reads them."""
    if machine.is_mac:
        return {"INTERPRETER_MAC": _encoded(machine, str(machine.interpreter))}
    if conda := conda_of(machine):
        root, name = conda
        return {
            "CONDA PATH": _encoded(machine, str(root)),
            "CONDA ENV": _encoded(machine, name),
            "INTERPRETER_WIN": b"python",  # that of the environment, once it is activated
        }
    return {"INTERPRETER_WIN": _encoded(machine, str(machine.interpreter)), "CONDA PATH": None, "CONDA ENV": None}


def conda_of(machine: Machine) -> tuple[Path, str] | None:
    """Root and environment where this Python is conda's: its libraries are found only after activation."""
    prefix = machine.prefix
    if not machine.is_windows or not (prefix / "conda-meta").is_dir():
        return None
    given = machine.environment.get("CONDA_EXE")
    roots = [Path(given).parent.parent] if given else []
    for root in (*roots, prefix.parent.parent, prefix):
        if (root / "condabin" / "conda.bat").is_file():
            name = "base" if root == prefix else prefix.name if prefix.parent == root / "envs" else str(prefix)
            return root, name
    return None


def dll_problem(interpreter: Path, version: str) -> str:
    """Why worksheet functions find no DLL beside ``interpreter``; "" where they do. As XLPyLoadDLL looks."""
    names = [f"xlwings{bits}-{version}.dll" for bits in (64, 32)]
    folders = (interpreter.parent, interpreter.parent.parent)
    missing = [name for name in names if not any((folder / name).is_file() for folder in folders)]
    return f"{', '.join(missing)} missing beside {interpreter} and in the folder above" if missing else ""


def _refuse_unfit(machine: Machine) -> None:
    if not machine.has_excel_platform:
        raise SetupError(
            "There is no Excel on this system (only Windows and macOS have it), so nothing was installed; "
            "`sop-addin run BOOK` plans workbooks without Excel."
        )
    if machine.is_mac:
        if not machine.excel_container.is_dir():
            raise SetupError(
                f"Excel has not been started yet for this user ({machine.excel_container} is missing); "
                "start Excel once, quit it, and run `sop-addin install` again."
            )
        unsafe = sorted(set(_UNSAFE_ON_MAC) & set(str(machine.interpreter)))
        if unsafe:
            raise SetupError(
                f"The path of Python holds {' '.join(map(repr, unsafe))}, which xlwings cannot start on a Mac: "
                f"{machine.interpreter}; make the virtual environment in a folder with a plain name and install there."
            )


def _refuse_unreadable(machine: Machine, current: bytes | None) -> None:
    if current and not config_file.is_text(current):
        raise SetupError(
            f"{machine.config_path} is not a plain text file (UTF-16?), so Excel cannot read it; save it as ANSI text "
            "or move it away, and run `sop-addin install` again."
        )


def _encoded(machine: Machine, text: str) -> bytes:
    """As Excel's VBA reads it."""
    try:
        data = text.encode(machine.encoding)
    except UnicodeEncodeError as error:
        raise SetupError(
            f"The path {text} holds '{text[error.start]}', which Excel's VBA cannot read on this machine; make the "
            "virtual environment in a folder with plain letters and install there."
        ) from error
    if b'"' in data or b"\n" in data or b"\r" in data:
        raise SetupError(f"The path {text!r} cannot be written into xlwings.conf; use a folder with a plain name.")
    return data


def _before(current: bytes | None, earlier: Record) -> bytes | None:
    """The configuration as it would be without us; None where there would be none."""
    change = earlier.config
    if change is None or current is None:
        return current
    if change.is_untouched(current):
        return change.before
    without, _ = config_file.taken_back(current, earlier.changes)
    return without if without or change.before is not None else None


def _script(machine: Machine, earlier: Record) -> tuple[bytes | None, bytes | None]:
    """The AppleScript of xlwings, and what was in its place before us."""
    if not machine.is_mac:
        return None, None
    source = machine.xlwings_folder / machine.applescript_name
    script = read(source)
    if script is None:
        raise SetupError(
            f"{source} is missing; install xlwings again: "
            f"python -m pip install --force-reinstall xlwings=={machine.xlwings_version}."
        )
    current = read(machine.applescript_path)
    ours = next((change for change in earlier.files if change.path == machine.applescript_path), None)
    return script, ours.before if ours and current is not None and ours.is_untouched(current) else current


def _scripts(machine: Machine) -> tuple[Path, ...]:
    return (machine.applescript_path,) if machine.is_mac else ()


def _write_all(machine: Machine, record: Record, writes: Mapping[Path, bytes], outdated: Iterable[FileChange]) -> None:
    """The record first. Where a write fails, what was written before it is put back."""
    before = {path: read(path) for path in (machine.record_path, *writes)}
    folders: list[Path] = []
    try:
        for path in (machine.record_path, *writes):
            folders += [folder for folder in _missing_folders(path) if folder not in folders]
        known = (*record.folders, *(str(folder) for folder in folders))
        record = Record(record.files, record.changes, known)
        write(machine.record_path, record.to_json())
        for path, content in writes.items():
            write(path, content)
    except SetupError:
        for path, old in before.items():
            with suppress(SetupError):  # the first failure is the one to tell
                _put_back(path, old)
        for folder in reversed(folders):
            remove_empty_folder(folder)
        raise
    for change in outdated:  # the script of an earlier xlwings
        there = read(change.path)
        if there is not None and change.is_untouched(there):
            _put_back(change.path, change.before)
    if not record.files:  # all is as it was before the first install
        _forget(machine, record)


def _forget(machine: Machine, record: Record) -> None:
    remove(machine.record_path)
    for folder in reversed(record.folders):
        remove_empty_folder(Path(folder))


def _put_back(path: Path, content: bytes | None) -> None:
    if read(path) == content:
        return
    if content is None:
        remove(path)
    else:
        write(path, content)


def _missing_folders(path: Path) -> list[Path]:
    """Folders that writing ``path`` will make, outermost first."""
    return [folder for folder in reversed(path.parents) if not folder.exists()]


def _warnings(machine: Machine, config: bytes) -> Iterable[str]:
    if broken := config_file.broken_lines(config):
        lines = ", ".join(map(str, broken))
        yield (
            f'{machine.config_path} line {lines}: not of the form "KEY","value"; Excel cannot read past it: '
            "delete or mend it."
        )
    problem = dll_problem(machine.interpreter, machine.xlwings_version) if machine.is_windows else ""
    if problem:
        yield (
            f"{problem}: worksheet functions will not work, buttons will; install in a virtual environment, or run "
            f"python -m pip install --force-reinstall --no-user xlwings=={machine.xlwings_version}."
        )


# --- uninstall --------------------------------------------------------------------------------------------------------


def uninstall(machine: Machine) -> Outcome:
    """Take back what install wrote, and only that."""
    record = read_record(machine.record_path)
    if record.is_empty:
        return Outcome(("Nothing to undo: `sop-addin install` has changed nothing here.",), (), _PACKAGES)
    done, warnings = [], []
    for change in record.files:
        current = read(change.path)
        if current is None or current == change.before:
            continue
        if change.is_untouched(current):
            _put_back(change.path, change.before)
            done.append(f"{'Removed' if change.before is None else 'Restored'}: {change.path}")
        elif change == record.config:
            without, foreign = config_file.taken_back(current, record.changes)
            content = without if without or change.before is not None else None
            if content != current:
                _put_back(change.path, content)
                done.append(f"Taken out of {change.path}: what install had set; later changes stay.")
            if foreign:
                warnings.append(f"{change.path}: {', '.join(foreign)} was changed since and is left as it is.")
        else:
            warnings.append(f"{change.path} was changed since and is left as it is.")
    _forget(machine, record)
    return Outcome(tuple(done) or ("Nothing was left to undo.",), tuple(warnings), _PACKAGES)


_PACKAGES = "Workbooks keep working without Python; to remove the package too: python -m pip uninstall sop-addin."
