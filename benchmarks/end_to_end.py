"""`sop-addin run` from a cold start, on the sample company and on a large one; seconds of each step and peak memory.

Usage: python benchmarks/end_to_end.py [ITEMS] [MONTHS]     (default 10000 60; 0 items: the sample only)
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd


def large_company(folder: Path, items: int, months: int) -> None:
    """CSVs of a made-up company: 40 families, one plant, one machine per four families, one supplier."""
    random = np.random.Generator(np.random.PCG64(7))
    families = [f"Family {number:02d}" for number in range(1, 41)]
    names = [f"ITEM-{number:05d}" for number in range(1, items + 1)]
    family_of = [families[number % len(families)] for number in range(items)]
    periods = pd.date_range("2022-01-01", periods=months, freq="MS")
    level = random.lognormal(3.5, 1.0, items)[:, None]
    season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(months)[None, :] + random.integers(0, 12, items)[:, None]) / 12)
    history = random.poisson(level * season * (1 + 0.004 * np.arange(months))[None, :])
    table = pd.DataFrame(history, columns=[f"{period:%Y-%m}" for period in periods])
    table.insert(0, "Region", "")
    table.insert(0, "Item", names)
    table.to_csv(folder / "tblHistory.csv", index=False)
    pd.DataFrame({"Item": names, "Family": family_of, "Opening stock": history[:, -3:].mean(axis=1).round()}).to_csv(
        folder / "tblItems.csv", index=False
    )
    pd.DataFrame({"Family": families, "Unit": "pcs", "Price": 100, "Target cover": 1}).to_csv(
        folder / "tblFamilies.csv", index=False
    )
    make = pd.DataFrame({"Family": families, "Source": "Plant", "Kind": "Make", "Unit cost": 50})
    buy = pd.DataFrame({"Family": families, "Source": "Supplier", "Kind": "Buy", "Unit cost": 70})
    pd.concat([make, buy]).to_csv(folder / "tblSources.csv", index=False)
    lines = [f"Line {number}" for number in range(1, 11)]
    per_line = history[:, -12:].sum() / 12 / len(lines)
    pd.DataFrame(
        {"Resource": lines, "Kind": "Machine", "Unit": "h", "Capacity": round(per_line * 1.1), "Overtime limit": 500,
         "Overtime cost": 8}
    ).to_csv(folder / "tblResources.csv", index=False)  # fmt: skip
    pd.DataFrame(
        {"Family": families, "Resource": [lines[number // 4] for number in range(40)], "Use per unit": 1}
    ).to_csv(folder / "tblBillOfResources.csv", index=False)
    pd.DataFrame({"Setting": ["Horizon"], "Value": [18]}).to_csv(folder / "tblSettings.csv", index=False)


def timed(*command: str) -> tuple[float, float, str]:
    """Wall seconds, peak memory of any child so far in MiB, standard output."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "sop_addin", *command], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, done.stdout


def report(title: str, book: Path, out: Path) -> None:
    seconds, memory, text = timed("run", str(book), "--out", str(out), "--json")
    print(f"{title}: run {seconds:.1f} s, peak {memory:.0f} MiB, file {out.stat().st_size / 1e6:.1f} MB")
    for step, value in json.loads(text).get("seconds", {}).items():
        print(f"    {step:24s} {value:8.2f} s")


def main() -> None:
    items, months = (int(word) for word in (sys.argv[1:3] + ["10000", "60"][len(sys.argv[1:3]) :]))
    print(platform.platform(), "Python", platform.python_version())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed("new", str(folder / "sample.xlsm"), "--sample", "appliances")
        report("Sample company", folder / "sample.xlsm", folder / "sample_out.xlsm")
        if items:
            large_company(folder, items, months)
            seconds, memory, _ = timed("new", str(folder / "large.xlsm"), "--data", str(folder))
            print(f"{items} items x {months} months: new --data {seconds:.1f} s, peak {memory:.0f} MiB")
            report("Large company", folder / "large.xlsm", folder / "large_out.xlsm")


if __name__ == "__main__":
    main()
