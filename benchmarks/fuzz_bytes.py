"""Bytes that atheris makes up, led by what the readers' own code does with them (https://github.com/google/atheris).

`pip install atheris`, then `python benchmarks/fuzz_bytes.py {parts | csv | import} FOLDER [-max_total_time=1200]`:
FOLDER keeps the corpus and whatever went wrong; further options are libFuzzer's. Not in the dev extra: it has
wheels for Linux only.

parts: one part of a small workbook is replaced, which is then read, written and recalculated. csv: a folder with one
table. import: a file of another system, text or workbook. Each must work or end in a sentence within 20 s.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris

os.environ["SOP_ADDIN_CACHE"] = "off"
sys.path[0] = str(Path(__file__).parent.parent / "tests")

with atheris.instrument_imports(include=["sop_addin"]):
    import broken_files

    import sop_addin.engines.closed_file
    import sop_addin.excel.csv_files
    import sop_addin.excel.import_files
    from sop_addin.model.errors import SopError
    from sop_addin.model.schema import INPUT_TABLES

PARTS = sorted(broken_files.parts())
SCRATCH = Path(tempfile.mkdtemp())


def parts(data: bytes) -> str:
    name = PARTS[data[0] % len(PARTS)] if data else PARTS[0]
    return broken_files.judge_bytes(broken_files.zipped({**broken_files.parts(), name: data[1:]}), name)


def csv(data: bytes) -> str:
    table = INPUT_TABLES[data[0] % len(INPUT_TABLES)] if data else INPUT_TABLES[0]
    path = SCRATCH / f"{table.name}.csv"
    path.write_bytes(data[1:])
    try:
        return _sentence(lambda: sop_addin.excel.csv_files.read_csv_tables(SCRATCH))
    finally:
        path.unlink()


def foreign(data: bytes) -> str:
    path = SCRATCH / "Export.xlsx"
    if data[:1] == b"P":
        name = PARTS[data[1] % len(PARTS)] if len(data) > 1 else PARTS[0]
        data = broken_files.zipped({**broken_files.parts(), name: data[2:]})
    path.write_bytes(data)
    return _sentence(lambda: sop_addin.excel.import_files.read_file(path))


def _sentence(read: Callable[[], object]) -> str:
    begin = time.process_time()
    try:
        read()
    except SopError as error:
        return "" if len(str(error)) > 20 else f"no sentence: {error}"
    except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
        return traceback.format_exc()
    seconds = time.process_time() - begin
    return f"took {seconds:.0f} s" if seconds > broken_files.SECONDS else ""


def seeds(kind: str) -> list[bytes]:
    contents = [broken_files.parts()[name] for name in PARTS]
    if kind == "parts":
        return [bytes([at]) + content for at, content in enumerate(contents)]
    texts = [
        bytes([at]) + (",".join(table.headers) + "\n" + ",".join(["2027-01"] * len(table.headers))).encode()
        for at, table in enumerate(INPUT_TABLES)
    ]
    if kind == "csv":
        return [*texts, texts[0].decode().encode("utf-16"), b'\0Item;Family\n\'=1+1;"a\nb"\n']
    return [b"P" + bytes([at]) + content for at, content in enumerate(contents)] + [text[1:] for text in texts]


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    judge = {"parts": parts, "csv": csv, "import": foreign}[kind]
    (folder / "wrong").mkdir(parents=True, exist_ok=True)
    (folder / "corpus").mkdir(exist_ok=True)
    for seed in seeds(kind):
        (folder / "corpus" / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    seen: set[str] = set()

    def one(data: bytes) -> None:
        wrong = judge(data)
        place = "\n".join(wrong.splitlines()[-4:-1])  # the same place is told once
        if wrong and place not in seen:
            seen.add(place)
            (folder / "wrong" / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
            print(f"WRONG: {wrong}", flush=True)

    atheris.Setup([sys.argv[0], str(folder / "corpus"), "-timeout=60", "-max_len=20000", *sys.argv[3:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
