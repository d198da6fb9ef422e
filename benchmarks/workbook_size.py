"""Size of a workbook with many families, and processor seconds to make it and to plan it.

Usage: python benchmarks/workbook_size.py [FAMILIES] [PERIODS] [FOLDER TO KEEP IT]     (default 200 36)
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd


def company(folder: Path, families: int, periods: int) -> None:
    """CSVs of a made-up company that plans from overrides: a plant and a supplier a family, ten lines."""
    random = np.random.Generator(np.random.PCG64(11))
    names = [f"Family {number:03d}" for number in range(1, families + 1)]
    months = pd.date_range("2027-01-01", periods=periods, freq="MS").strftime("%Y-%m")
    season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(periods) + random.integers(0, 12, families)[:, None]) / 12)
    demand = (random.uniform(50, 2000, families)[:, None] * season).round()
    pd.DataFrame({"Family": np.repeat(names, periods), "Period": np.tile(months, families), "Value": demand.ravel()}
                 ).to_csv(folder / "tblDemand.csv", index=False)  # fmt: skip
    pd.DataFrame({"Family": names, "Unit": "pcs", "Price": 100, "Target cover": 1,
                  "Opening stock": demand[:, 0]}).to_csv(folder / "tblFamilies.csv", index=False)  # fmt: skip
    make = pd.DataFrame({"Family": names, "Source": "Plant", "Kind": "Make", "Unit cost": 50})
    buy = pd.DataFrame({"Family": names, "Source": "Supplier", "Kind": "Buy", "Unit cost": 70})
    pd.concat([make, buy]).to_csv(folder / "tblSources.csv", index=False)
    lines = [f"Line {number}" for number in range(1, 11)]
    pd.DataFrame({"Resource": lines, "Kind": "Machine", "Unit": "h", "Capacity": round(demand.sum() / periods / 10),
                  "Overtime limit": 500, "Overtime cost": 8}
                 ).to_csv(folder / "tblResources.csv", index=False)  # fmt: skip
    used = [lines[number % 10] for number in range(families)]
    pd.DataFrame({"Family": names, "Resource": used, "Use per unit": 1}).to_csv(
        folder / "tblBillOfResources.csv", index=False
    )


def run(*command: str) -> float:
    """Processor seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "sop_addin", *command], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    families, periods = (int(word) for word in (sys.argv[1:3] + ["200", "36"][len(sys.argv[1:3]) :]))
    with tempfile.TemporaryDirectory() as draft:
        folder = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(draft)
        company(folder, families, periods)
        book = folder / "large.xlsm"
        made = run("new", str(book), "--data", str(folder), "--force")
        empty = book.stat().st_size / 1e6
        planned = run("run", str(book), "--steps", "balance")
        print(f"{families} families x {periods} periods: new {made:.0f} s, {empty:.1f} MB; run {planned:.0f} s, "
              f"{book.stat().st_size / 1e6:.1f} MB, peak "
              f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")  # fmt: skip


if __name__ == "__main__":
    main()
