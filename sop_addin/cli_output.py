"""What the command line says: progress, findings, the plan in a few lines, JSON, and a report of the unexpected."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from .engines.closed_file import Recalculation
    from .model.findings import Finding, Findings
    from .model.plan import Plan
    from .planning.backtest import Backtest

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0: not known)."""

MOST_LINES = 100
"""Findings shown at most on the terminal; the Checks sheet and --json hold all."""


def say(message: str) -> None:
    """A message to a person: stderr."""
    typer.echo(message, err=True)


# --- findings ---------------------------------------------------------------------------------------------------------


def finding_line(finding: Finding) -> str:
    """``Error: Items row 7, Family: 'X' is not in Families [Items!C7]``."""
    return f"{finding.severity}: {finding}"


def say_findings(findings: Findings, severities: tuple[str, ...] = ("Error", "Warning", "Info")) -> None:
    """Findings to stderr, worst first, one line each."""
    chosen = [finding for finding in findings.worst_first() if finding.severity in severities]
    for finding in chosen[:MOST_LINES]:
        say(finding_line(finding))
    if len(chosen) > MOST_LINES:
        say(f"... and {len(chosen) - MOST_LINES:,} more; `--json` lists all.")


def count_line(findings: Findings) -> str:
    """``2 errors, 1 warning, 12 notes``."""
    from .model.suggest import counted

    errors, warnings = len(findings.errors), len(findings.warnings)
    counts = ((errors, "error"), (warnings, "warning"), (len(findings) - errors - warnings, "note"))
    return ", ".join(counted(count, word) for count, word in counts)


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan_summary(plan: Plan, out: Path) -> list[tuple[str, str]]:
    """The plan in a few lines: label and text."""
    money = plan.tables.settings.base_currency
    lines = [("Scenario", plan.scenario), ("Steps", ", ".join(plan.steps))]
    if balance := plan.balance:
        lines += [
            ("Status", balance.status),
            ("Total cost", f"{balance.total_cost:,.0f} {money}"),
            ("Margin", f"{balance.margin:,.0f} {money}"),
            ("Service level", f"{balance.service_level:.1%}"),
        ]
    return [
        *lines,
        ("Planned in", f"{sum(plan.seconds.values()):.1f} s"),
        ("Findings", f"{count_line(plan.findings)} (sheet Checks)"),
        ("Written", str(out)),
    ]


def show_summary(lines: list[tuple[str, str]]) -> None:
    """A table on a terminal, else one line each."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for label, text in lines:
            table.add_row(label, text)
        Console().print(table, markup=False)
    else:
        for label, text in lines:
            typer.echo(f"{label}: {text}")


def say_recalculation(outcome: Recalculation) -> None:
    """Formulas whose value in the file is not of today; Excel calculates them when it opens the workbook."""
    if outcome.problem:
        say(f"Warning: {outcome.problem}")
    for address, reason in list(outcome.unavailable.items())[:3]:
        say(f"Warning: {address} keeps its value until Excel opens the workbook: {reason}")
    if len(outcome.unavailable) > 3:
        say(f"... and {len(outcome.unavailable) - 3:,} more formulas.")


def accuracy_sentence(row: Any) -> str:
    """``WMAPE 6.2 % (naive 16.0 %, last year 9.0 %), bias -3.7 %, MASE 0.56`` of one row of tblAccuracy."""
    yardsticks = f"naive {_percent(row['Naive WMAPE'])}, last year {_percent(row['Last year WMAPE'])}"
    mase = "-" if math.isnan(row["MASE"]) else f"{row['MASE']:.2f}"
    return f"WMAPE {_percent(row['WMAPE'])} ({yardsticks}), bias {_percent(row['Bias'])}, MASE {mase}"


def accuracy_summary(result: Backtest, out: Path) -> list[tuple[str, str]]:
    """A backtest in a few lines: label and text."""
    losers = [str(name) for name in result.losers["Name"]]
    named = f": {', '.join(losers[:8])}{' ...' if len(losers) > 8 else ''}" if losers else ""
    items = int((result.accuracy["Level"] == "Item").sum())
    tried = f"{result.origins} origin{'' if result.origins == 1 else 's'}"
    return [
        ("Tried", f"{tried}, 1 to {result.lags} periods ahead, effort {result.effort}"),
        ("Families", accuracy_sentence(result.overall("All families"))),
        ("Items", accuracy_sentence(result.overall("All items"))),
        ("Lose to naive", f"{len(losers)} of {items} items{named}"),
        ("Written", f"{out} (sheet Accuracy)"),
    ]


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.1%}"


# --- JSON -------------------------------------------------------------------------------------------------------------


def plan_json(plan: Plan, out: Path) -> dict[str, Any]:
    """The plan for scripts. ``out`` is null where nothing was planned and so nothing written."""
    balance = plan.balance
    return {
        "status": balance.status if balance else "Not balanced" if plan.steps else "Not planned",
        "objective": balance.objective if balance else None,
        "cost": balance.total_cost if balance else None,
        "margin": balance.margin if balance else None,
        "service": balance.service_level if balance else None,
        "gap": balance.gap if balance else None,
        "scenario": plan.scenario,
        "steps": list(plan.steps),
        "findings": findings_json(plan.findings),
        "seconds": plan.seconds,
        "out": str(out) if plan.steps else None,
    }


def accuracy_json(result: Backtest, out: Path) -> dict[str, Any]:
    """A backtest for scripts: every row of tblAccuracy."""
    return {
        "status": "Tried",
        "origins": result.origins,
        "lags": result.lags,
        "effort": result.effort,
        "accuracy": result.accuracy.to_dict("records"),
        "losers": list(result.losers["Name"]),
        "out": str(out),
    }


def findings_json(findings: Findings) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings.worst_first()]


def show_json(value: object) -> None:
    """One JSON object on stdout."""
    typer.echo(json.dumps(_finite(value), ensure_ascii=False, default=str, allow_nan=False))


def _finite(value: object) -> object:
    """NaN and infinity are not JSON: null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


# --- progress ---------------------------------------------------------------------------------------------------------


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on a terminal; else one line on stderr as each step ends."""
    if sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        steps = _PlainSteps()
        yield steps.report
        steps.end()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for earlier in tasks.values():
                    bar.update(earlier, total=1, completed=1)
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done, total=total or None)

        yield report


class _PlainSteps:
    """``Forecasting items: 3.1 s`` on stderr when the next step begins."""

    def __init__(self) -> None:
        self.what = ""
        self.began = 0.0

    def report(self, what: str, done: int, total: int) -> None:
        if what != self.what:
            self.end()
            self.what, self.began = what, time.perf_counter()

    def end(self) -> None:
        if self.what:
            say(f"{self.what}: {time.perf_counter() - self.began:.1f} s")
        self.what = ""


# --- the unexpected ---------------------------------------------------------------------------------------------------


def state_folder() -> Path:
    """Where this user's programs keep their logs."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "sop-addin" / "logs"
    if sys.platform == "darwin":
        return home / "Library" / "Logs" / "sop-addin"
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "sop-addin"


def write_report(error: BaseException, arguments: list[str], version: str) -> Path | None:
    """Write the traceback of ``error`` to a file of its own; None where no folder lets us."""
    name = f"error-{dt.datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    where = f"sop-addin {version}, Python {sys.version}, {sys.platform}"
    text = "\n".join([where, f"sop-addin {' '.join(arguments)}", "", *traceback.format_exception(error)])
    for choose in (state_folder, tempfile.gettempdir):
        try:
            folder = Path(choose())
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
        except (OSError, RuntimeError):  # RuntimeError: a user without a home
            continue
        return folder / name
    return None
