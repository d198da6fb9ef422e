"""The ribbon buttons of the S&OP month, beside those of `macros`, which names them too."""

from __future__ import annotations

import datetime as dt
import getpass

from . import stop
from .excel.read_tables import read_outputs, read_tables
from .excel.tables_io import write_tables
from .excel.undo import undoable
from .excel.write_plan import parts_written, write_findings, write_plan
from .excel.write_roll import parts_rolled, write_roll
from .excel.write_scenarios import SCENARIO_PARTS, ready_to_adopt, write_adoption, write_scenario_runs
from .excel.write_sign_off import SIGN_PARTS, write_cycle, write_log
from .macro_frame import alone, button, choose_base, chosen_scenario, process, progress, refused, tell
from .planning.adopt import adopt_scenario
from .planning.cycle import run_cycle
from .planning.risk import risk_analysis
from .planning.risk_words import demand_errors, risk_words, scenario_words
from .planning.roll import roll_forward as rolled_forward
from .planning.roll import rolled_words
from .planning.scenario_runs import run_scenarios as solved_scenarios
from .planning.sign_off import adopted_entry, closed_cycle, next_step, reopen_step, sign_step


@alone
def roll_forward() -> None:
    """Ribbon: Roll forward. The first planned period is over: its actuals become history, the plan starts later."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        if refused(book, tables, "Nothing was rolled", "roll again"):
            return
        rolled = rolled_forward(tables)
        stop.raise_if_asked(process(book))
        closed = closed_cycle(tables, by=getpass.getuser(), at=dt.datetime.now())
        names = (
            ("tblFindings",) if rolled.findings.errors else tuple(dict.fromkeys((*parts_rolled(rolled), *SIGN_PARTS)))
        )
        with undoable(book, "Roll forward", names, tables.settings.bucket, typed=("SalesPlan", "ProductionPlan")):
            if not rolled.findings.errors:
                write_roll(book, rolled, tables.settings.bucket)
                write_cycle(book, closed, tables.settings.bucket)
            write_findings(book, rolled.findings)
        tell(book, rolled_words(rolled, tables.settings.bucket), bool(rolled.findings.errors))


@alone
def run_scenarios() -> None:
    """Ribbon: Run all scenarios. Each against the base plan, side by side."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        if refused(book, tables, "No scenario was run", "run them again"):
            return
        report = progress(book)
        runs = solved_scenarios(tables, progress=lambda done, total: report("Solving scenarios", done, total))
        stop.raise_if_asked(process(book))
        with undoable(book, "Run all scenarios", SCENARIO_PARTS, tables.settings.bucket):
            write_scenario_runs(book, runs.tables, runs.plan_rows)
        tell(book, scenario_words(runs, tables.settings.base_currency), False)


@alone
def adopt() -> None:
    """Ribbon: Adopt. The chosen scenario becomes the plan: its levers become inputs, and the plan is balanced anew."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        if refused(book, tables, "Nothing was adopted", "adopt it again"):
            return
        bucket, now = tables.settings.bucket, dt.datetime.now()
        adoption = adopt_scenario(tables, chosen_scenario(book), by=getpass.getuser(), at=now)
        plan = run_cycle(adoption.tables, ("balance",), progress=progress(book))
        stop.raise_if_asked(process(book))
        ready_to_adopt(book)  # a column more is no part of what Undo takes back
        names = dict.fromkeys(("SalesPlan", "tblScenarios", "tblCycleLog", *adoption.cells, *parts_written(plan)))
        log = adopted_entry(tables, adoption.scenario, by=getpass.getuser(), at=now)
        with undoable(book, "Adopt", tuple(names), bucket, typed=("SalesPlan",)):
            write_adoption(book, adoption.scenario, adoption.cells, adoption.overrides, now, bucket)
            write_plan(book, plan)
            write_log(book, log)
        choose_base(book)
        tell(book, f"Scenario {adoption.scenario} is the plan now; its levers are in the inputs.", False)


@alone
def risk() -> None:
    """Ribbon: Risk. The plan for many samples of the risks and of the forecast's errors."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        if refused(book, tables, "No risk was analysed", "try again"):
            return
        report = progress(book)
        points = demand_errors(tables, progress=lambda done, total: report("Forecasting the past", done, total))
        found = risk_analysis(tables, points, progress=lambda done, total: report("Solving samples", done, total))
        stop.raise_if_asked(process(book))
        with undoable(book, "Risk", tuple(found.tables), tables.settings.bucket):
            write_tables(book, found.tables)
        tell(book, risk_words(found, tables), False)


@alone
def sign(by: str = "", comment: str = "") -> None:
    """Ribbon: Sign. Signs the next open step of the cycle, where its gates are passed. '' = the user."""
    with button("Checking the gates") as book:
        tables = read_tables(book)
        step = next_step(tables)
        change = sign_step(tables, step, by=by or getpass.getuser(), at=dt.datetime.now(), comment=comment)
        with undoable(book, "Sign", SIGN_PARTS, tables.settings.bucket):
            write_cycle(book, change, tables.settings.bucket)
        tell(book, f"{step} is signed (digest {change.signatures[-1].digest[:16]}).", False)


@alone
def reopen(step: str, comment: str = "") -> None:
    """Ribbon: Reopen. Reopens a step; a demand plan that cannot be met goes back to Sales with its reasons."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        limits = read_outputs(book, ("tblLimits",), tables.settings.bucket)["tblLimits"]
        change = reopen_step(tables, step, by=getpass.getuser(), at=dt.datetime.now(), comment=comment, limits=limits)
        with undoable(book, "Reopen", SIGN_PARTS, tables.settings.bucket):
            write_cycle(book, change, tables.settings.bucket)
        back = f" {change.log['Comment'].iloc[-1]} See the decisions." if "tblDecisions" in change.cells else ""
        tell(book, f"{step} is open again.{back}", False)
