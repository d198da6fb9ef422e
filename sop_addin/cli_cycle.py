"""The commands of the S&OP month: try the forecast, publish, roll forward, scenarios, risks, sign-off."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_books import PLAN_HAS_ERRORS, Book, Json, Out, changing, figures_shown, target_of, wrong_usage
from .cli_output import (
    accuracy_json,
    accuracy_summary,
    count_line,
    findings_json,
    plan_json,
    progress,
    say,
    say_findings,
    show_json,
    show_summary,
)

if TYPE_CHECKING:
    from .model.findings import Findings


def backtest(
    book: Book,
    out: Out = None,
    origins: Annotated[
        int,
        typer.Option("--origins", metavar="N", min=1, max=36, help="Cuts of the history, one period apart."),
    ] = 6,
    lags: Annotated[
        int, typer.Option("--lags", metavar="N", min=1, max=36, help="Periods ahead that each cut is forecast.")
    ] = 6,
    effort: Annotated[
        str | None, typer.Option("--effort", metavar="EFFORT", help="quick, standard or best [default: the setting].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Try the forecast on the past of BOOK; write how far it was off, and the ABC/XYZ classes, to sheet Accuracy."""
    target = target_of(book, out)
    from .excel.tables_io import write_tables
    from .model.validation import validate
    from .planning import backtest as trial
    from .planning.segments import accuracy_tables

    with wrong_usage("--effort"):
        trial.check_effort(effort)
    with progress() as report, changing(book, target) as (workbook, tables):
        _refuse(validate(tables), book, "not tried", as_json)
        result = trial.backtest(
            tables, origins=origins, lags=lags, effort=effort,
            progress=lambda done, total: report("Forecasting the past", done, total),
        )  # fmt: skip
        report("Writing the accuracy", 0, 0)
        write_tables(workbook, accuracy_tables(tables, result))
    if as_json:
        show_json(accuracy_json(result, target))
    else:
        show_summary(accuracy_summary(result, target))


def publish(
    book: Book,
    out: Out = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who publishes [default: the user].")] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", exists=True, dir_okay=False, help="Sign with this private Ed25519 key."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Freeze the plan of BOOK as a version kept in the workbook; it becomes the approved plan, in units and money."""
    target = target_of(book, out)
    from .excel.read_tables import read_outputs
    from .excel.write_sign_off import write_log
    from .excel.write_version import write_versions
    from .model.validation import validate
    from .planning.publish import PLAN_TABLES, publish_now, replaced_note, signed
    from .planning.seal import seal_sentence
    from .planning.sign_off import published_entry

    with changing(book, target) as (workbook, tables):
        _refuse(validate(tables), book, "not published", as_json)
        bucket = tables.settings.bucket
        shown = figures_shown(workbook, tables)
        published = publish_now(tables, read_outputs(workbook, PLAN_TABLES, bucket), by, shown)
        if key is not None:
            published = signed(published, key)
        version = published.versions[-1]
        write_versions(workbook, published, seal_sentence(published))
        write_log(workbook, published_entry(tables, version))
    note = replaced_note(tables, published)
    if as_json:
        show_json({"status": "Published", "version": version.name, "digest": version.digest, "replaced": note,
                   "findings": [], "out": str(target)})  # fmt: skip
    else:
        if note:
            say(note)
        typer.echo(f"Published: {version.name} by {version.published_by}, digest {version.digest}, in {target}")


def roll(
    book: Book,
    out: Out = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who rolls [default: the user].")] = None,
    as_json: Json = False,
) -> None:
    """Begin the next cycle: the first period's actuals become history, and the plan of BOOK starts one period later."""
    target = target_of(book, out)
    from .excel.write_plan import write_findings
    from .excel.write_roll import write_roll
    from .excel.write_sign_off import write_cycle
    from .model.validation import validate
    from .planning.roll import roll_forward, rolled_words
    from .planning.sign_off import closed_cycle

    with changing(book, target) as (workbook, tables):
        bucket = tables.settings.bucket
        _refuse(validate(tables), book, "not rolled", as_json)
        rolled = roll_forward(tables)
        _refuse(rolled.findings, book, "not rolled", as_json)
        write_roll(workbook, rolled, bucket)
        write_cycle(workbook, closed_cycle(tables, by=by or getpass.getuser(), at=dt.datetime.now()), bucket)
        write_findings(workbook, rolled.findings)
    say_findings(rolled.findings, ("Warning",))
    if as_json:
        show_json({"status": "Rolled", "plan_start": f"{rolled.plan_start:%Y-%m-%d}",
                   "findings": findings_json(rolled.findings), "out": str(target)})  # fmt: skip
    else:
        typer.echo(f"{rolled_words(rolled, bucket)} Written: {target}")


def scenarios(
    book: Book,
    names: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="Only this one; several times for several, 'A + B' for both."),
    ] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Solve the scenarios of BOOK against its base plan and write them side by side to sheet Scenarios."""
    target = target_of(book, out)
    from .excel.write_scenarios import write_scenario_runs
    from .model.validation import validate
    from .planning.risk_words import scenario_words
    from .planning.scenario_runs import run_scenarios

    with progress() as report, changing(book, target) as (workbook, tables):
        _refuse(validate(tables), book, "no scenario was run", as_json)
        words = "Solving scenarios"
        runs = run_scenarios(tables, names or (), progress=lambda done, total: report(words, done, total))
        write_scenario_runs(workbook, runs.tables, runs.plan_rows)
    if as_json:
        show_json({"status": "Solved", "scenarios": runs.results.to_dict("records"), "out": str(target)})
    else:
        typer.echo(f"{scenario_words(runs, tables.settings.base_currency)} Written: {target}")


def adopt(
    book: Book,
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario of tblScenarios.")],
    out: Out = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who adopts [default: the user].")] = None,
    as_json: Json = False,
) -> None:
    """Make a scenario the plan of BOOK: its levers become inputs, and the plan is balanced anew."""
    target = target_of(book, out)
    from .excel.write_plan import write_plan
    from .excel.write_scenarios import write_adoption
    from .excel.write_sign_off import write_log
    from .model.validation import validate
    from .planning.adopt import adopt_scenario
    from .planning.cycle import run_cycle
    from .planning.sign_off import adopted_entry

    now, who = dt.datetime.now(), by or getpass.getuser()
    with progress() as report, changing(book, target) as (workbook, tables):
        _refuse(validate(tables), book, "not adopted", as_json)
        adoption = adopt_scenario(tables, scenario, by=who, at=now)
        plan = run_cycle(adoption.tables, ("balance",), progress=report)
        write_adoption(workbook, scenario, adoption.cells, adoption.overrides, now, tables.settings.bucket)
        write_plan(workbook, plan)
        write_log(workbook, adopted_entry(tables, scenario, by=who, at=now))
    if as_json:
        show_json({**plan_json(plan, target), "status": "Adopted", "scenario": scenario})
    else:
        typer.echo(f"Scenario {scenario} is the plan now; its levers are in the inputs. Written: {target}")


def risk(
    book: Book,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=2, max=10_000, help="How many samples are solved.")
    ] = 500,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Equal seed, equal samples [default: the setting].")
    ] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Solve BOOK for samples of its risks and of the forecast's errors; write percentiles and what matters most."""
    target = target_of(book, out)
    from .excel.tables_io import write_tables
    from .model.validation import validate
    from .planning.risk import risk_analysis
    from .planning.risk_words import demand_errors, risk_words

    with progress() as report, changing(book, target) as (workbook, tables):
        _refuse(validate(tables), book, "no risk was analysed", as_json)
        points = demand_errors(tables, lambda done, total: report("Forecasting the past", done, total))
        words = "Solving samples"
        found = risk_analysis(
            tables, points, samples=samples, seed=seed, progress=lambda done, total: report(words, done, total)
        )
        write_tables(workbook, found.tables)
    if as_json:
        show_json({"status": "Solved", "samples": samples, "totals": found.totals.to_dict("records"),
                   "tornado": found.tornado.to_dict("records"), "out": str(target)})  # fmt: skip
    else:
        typer.echo(f"{risk_words(found, tables)} Written: {target}")


def _refuse(findings: Findings, book: Path, nothing: str, as_json: bool) -> None:
    """Leave where the tables have errors."""
    if not findings.errors:
        return
    say_findings(findings, ("Error",))
    say(f"{book}: {nothing}, nothing is changed; mend the {count_line(findings).split(',')[0]} first.")
    if as_json:
        show_json({"status": "Errors", "findings": findings_json(findings), "out": None})
    raise typer.Exit(PLAN_HAS_ERRORS)
