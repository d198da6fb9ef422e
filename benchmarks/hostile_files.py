"""Peak memory and CPU of commands on files built to harm: `python benchmarks/hostile_files.py`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from hostile_files import KINDS, TEMPLATE, cost


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bad, good = folder / "Bad.xlsm", folder / "Good.xlsm"
        shutil.copy(TEMPLATE, good)
        print("| File | " + " | ".join(("size", "check", "share", "merge", "import")) + " |")
        for kind in ("(the template)", *KINDS):
            bad.write_bytes(KINDS[kind]() if kind in KINDS else TEMPLATE.read_bytes())
            row = [kind, f"{bad.stat().st_size / 1e6:.1f} MB"]
            for words in (
                ("check", bad), ("share", bad, folder / "Copy.xlsx"),
                ("merge", good, bad, "--out", folder / "Out.xlsm"),
                ("import", good, "--history", bad, "--out", folder / "Out.xlsm"),
            ):  # fmt: skip
                used = cost(words)
                row.append(f"{used.megabytes:,.0f} MB, {used.seconds:.1f} s, exit {used.code}")
                print(used.said[-200:], file=sys.stderr)
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
