"""CPU seconds of the worksheet functions, called as xlwings calls them on Windows (without COM, which adds its own).

Usage: python benchmarks/udfs.py
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xlsxwriter

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "udfs")]

from excel import running_excel, serial  # noqa: E402

FAMILIES = [f"Family {number:03d}" for number in range(1, 201)]
MONTHS = [serial(2027 + month // 12, month % 12 + 1) for month in range(24)]
MEASURES = ("Revenue", "Closing stock", "Consensus demand")


def best(call: Callable[[], object], times: int = 5) -> float:
    """Least CPU seconds of several runs: the first also warms up, and other work on the machine does not count."""
    seconds = []
    for _ in range(times):
        begin = time.process_time()
        call()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def shifted(history: tuple[tuple[float], ...], by: int) -> tuple[tuple[float], ...]:
    return tuple((value + by,) for (value,) in history)


def large_plan() -> tuple[tuple[object, ...], ...]:
    """200 families x 24 months x 3 measures, as the range tblPlan[#All]."""
    headers = ("Scenario", "Family", "Source", "Resource", "Period", "Measure", "Value", "Unit")
    rows = [
        ("Base", family, "-", "-", month, measure, float(number), "EUR")
        for measure in MEASURES
        for number, family in enumerate(FAMILIES)
        for month in MONTHS
    ]
    return (headers, *rows)


def save(plan: tuple[tuple[object, ...], ...], path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        worksheet = book.add_worksheet("Plan Data")
        for number, row in enumerate(plan):
            worksheet.write_row(number, 0, row)


def main() -> None:
    print(platform.platform(), "Python", platform.python_version())
    random = np.random.Generator(np.random.PCG64(1))
    season = 100 + 30 * np.sin(2 * np.pi * np.arange(60) / 12) + random.normal(0, 5, 60)
    history = tuple((float(value),) for value in season)
    plan = large_plan()
    with running_excel() as excel, tempfile.TemporaryDirectory() as folder:
        others = iter(range(1, 100))  # another history each time: nothing can come out of a cache

        def forecast_another() -> None:
            excel("SOP_FORECAST", shifted(history, next(others)), 12.0)

        print(f"SOP_FORECAST, 60 cells, 12 periods, warm     {best(forecast_another):7.3f} s")
        families, months = tuple((name,) for name in FAMILIES), (tuple(MONTHS),)
        seconds = best(lambda: excel("SOP_TOTALS", plan, "Revenue", families, months))
        print(f"SOP_TOTALS, 200 x 24, of {len(plan) - 1:,} rows         {seconds:7.3f} s")
        seconds = best(lambda: excel("SOP_TOTAL", plan, "Revenue", FAMILIES[7], "2027-Q1", "2027-Q2"))
        print(f"SOP_TOTAL, one cell, of {len(plan) - 1:,} rows          {seconds:7.3f} s")
        path = Path(folder) / "plan.xlsx"
        save(plan, path)
        cells = [(measure, FAMILIES[number], MONTHS[number % 24]) for number in range(200) for measure in MEASURES]
        cells = (cells * 4)[:2000]

        def book_totals() -> None:
            excel.functions["SOP_BOOK_TOTAL"].__wrapped__.__globals__["_plan_in"].cache_clear()
            for measure, family, month in cells:
                excel("SOP_BOOK_TOTAL", str(path), measure, family, month, month)

        print(f"SOP_BOOK_TOTAL, 2,000 cells, file read once  {best(book_totals, 3):7.3f} s")


if __name__ == "__main__":
    main()
