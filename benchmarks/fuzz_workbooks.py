"""Break thousands of workbooks and run each: `python benchmarks/fuzz_workbooks.py --count 20000`.

Cases by number: tables broken in memory (`tests/broken_tables.py`), the same as .xlsm files that the command runs
(`--kind books`, `tests/broken_books.py`), and files whose bytes are broken (`tests/broken_files.py`). Prints what did
not end in a plan, in findings that name the cell, or in a sentence.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

os.environ["SOP_ADDIN_CACHE"] = "off"
sys.path[0] = str(Path(__file__).parent.parent / "tests")  # in place of this folder, whose udfs.py is no package

_SEEN: set[bytes] = set()
NO_FILE = "no file can be broken so"


def one(job: tuple[str, int]) -> str:
    """What is wrong with one case; a hang ends the process with the place where it hung."""
    kind, number = job
    faulthandler.dump_traceback_later(300, exit=True)
    try:
        if kind == "tables":
            import broken_tables

            return broken_tables.judge(number, _SEEN)
        if kind == "books":
            import broken_books

            wrong = broken_books.judge_book(number)
            return NO_FILE if wrong is None else wrong
        import broken_files

        return broken_files.judge(number)
    finally:
        faulthandler.cancel_dump_traceback_later()


def results(jobs: list[tuple[str, int]], workers: int) -> Iterator[str]:
    if workers == 1:
        yield from map(one, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(one, jobs, chunksize=20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("tables", "books", "files"), default="tables")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--step", type=int, default=1, help="distance between case numbers")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    given = parser.parse_args()
    begin = time.perf_counter()
    jobs = [(given.kind, given.first + at * given.step) for at in range(given.count)]
    done = wrong = 0
    for result in results(jobs, given.workers):
        done += result != NO_FILE
        if result and result != NO_FILE:
            wrong += 1
            print(result, flush=True)
        if done % 100 == 0 and result != NO_FILE:
            print(f"{done:,} {given.kind}, {wrong:,} wrong, {time.perf_counter() - begin:,.0f} s", flush=True)
        if time.perf_counter() - begin > given.minutes * 60:
            break
    print(f"{done:,} {given.kind}: {wrong:,} wrong, {time.perf_counter() - begin:,.0f} s", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
