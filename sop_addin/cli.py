"""The command line: what the buttons do, on closed files and without Excel.

Heavy imports stand inside the commands, so that ``--help`` is there at once.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import __version__, cli_cycle, cli_import, cli_mail, cli_open, cli_setup, cli_sign
from .cli_books import (
    DONE,
    NOT_POSSIBLE,
    PLAN_HAS_ERRORS,
    STOPPED,
    Book,
    Json,
    Out,
    blank_inputs,
    csv_inputs,
    figures_shown,
    opened,
    sample_inputs,
    save,
    target_of,
    verdict,
    wrong_usage,
)
from .cli_output import (
    count_line,
    findings_json,
    plan_json,
    plan_summary,
    progress,
    say,
    say_findings,
    say_recalculation,
    show_json,
    show_summary,
    write_report,
)
from .cli_streams import lasting_output

if TYPE_CHECKING:
    pass

APPLIANCES = "appliances"
SAMPLED = 200
"""Samples of the risk analysis that the sample company carries."""
TEMPLATE = Path("workbook", "SOP_Template.xlsm")
TABLES_PAGE = Path("docs", "tables.md")

app = typer.Typer(
    name="sop-addin",
    help="Sales and operations planning in an Excel workbook, here on closed files and without Excel.",
    epilog="Exit codes: 0 done; 1 the plan has errors or there is nothing to plan; 2 wrong usage or unreadable file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sop-addin {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Sales and operations planning in an Excel workbook, here on closed files and without Excel."""


# --- commands ---------------------------------------------------------------------------------------------------------


@app.command()
def new(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The workbook to make (.xlsm).")],
    blank: Annotated[bool, typer.Option("--blank", help="Empty tables.")] = False,
    sample: Annotated[
        str | None, typer.Option("--sample", metavar="NAME", help=f"A sample company [default: {APPLIANCES}].")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FOLDER", exists=True, file_okay=False, help="CSV files, named as the tables."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT where it exists.")] = False,
) -> None:
    """Make a workbook: the sample company, empty, or filled from CSV files."""
    if blank + (sample is not None) + (data is not None) > 1:
        raise typer.BadParameter("choose one of --blank, --sample and --data")
    if out.suffix.lower() != ".xlsm":
        raise typer.BadParameter(f"'{out}' must end in .xlsm, as the workbook holds macros", param_hint="'OUT'")
    if out.exists() and not force:
        raise typer.BadParameter(f"'{out}' exists; choose another name, or --force to replace it", param_hint="'OUT'")
    from .model.validation import validate

    inputs = csv_inputs(data, "--data") if data else blank_inputs() if blank else sample_inputs(sample or APPLIANCES)
    save(out, inputs.workbook())
    counts = ""
    if data:
        findings = validate(inputs.tables)
        say_findings(findings, ("Error", "Warning"))
        counts = f" ({count_line(findings)})"
    typer.echo(f"Written: {out}{counts}")


@app.command()
def run(
    book: Book,
    out: Out = None,
    steps: Annotated[
        str | None,
        typer.Option("--steps", metavar="STEP,...", help="Only these: forecast, aggregate, balance, rough_cut."),
    ] = None,
    scenario: Annotated[str, typer.Option("--scenario", metavar="NAME", help="A scenario of tblScenarios.")] = "Base",
    as_json: Json = False,
) -> None:
    """Plan BOOK: check, forecast, aggregate to families, balance; write the plan into the workbook."""
    target = target_of(book, out)
    from .engines.closed_file import recalculate_book
    from .engines.closed_file.atomic_save import check_not_open_elsewhere
    from .excel.write_plan import write_plan
    from .planning.cycle import run_cycle
    from .planning.scenarios import check_scenario

    chosen = _steps(steps)
    check_not_open_elsewhere(target)  # now, not after a minute of planning
    with progress() as report:
        report("Reading the workbook", 0, 0)
        with opened(book) as (workbook, tables):
            with wrong_usage("--scenario"):
                check_scenario(tables, scenario)
            plan = run_cycle(tables, chosen, scenario=scenario, progress=report)
            if plan.steps:
                report("Writing the plan", 0, 0)
                write_plan(workbook, plan)
                recalculation = recalculate_book(workbook)
                workbook.save(target)
    if as_json:
        show_json(plan_json(plan, target))
    say_findings(plan.findings, ("Error", "Warning"))
    if not plan.steps:
        say(f"{book}: not planned and not changed; mend the {count_line(plan.findings).split(',')[0]} first.")
    else:
        say_recalculation(recalculation)
    if plan.steps and not as_json:
        show_summary(plan_summary(plan, target))
    raise typer.Exit(verdict(plan.findings))


@app.command()
def check(
    book: Book,
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", metavar="FILE", exists=True, dir_okay=False,
                     help="Verify that the plan published last is signed by the owner of this Ed25519 key."),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Check BOOK and list what is found, and whether its plan is the one published; nothing is written."""
    from .model.validation import validate
    from .planning.seal import seal_findings

    with opened(book) as (workbook, tables):
        shown = figures_shown(workbook, tables) if tables.versions else None
        findings = validate(tables) + seal_findings(tables, public_key, shown)
    if as_json:
        show_json({"status": "Errors" if findings.errors else "Ready to plan", "findings": findings_json(findings)})
    else:
        say_findings(findings)
        typer.echo(f"{book}: {count_line(findings)}")
    raise typer.Exit(verdict(findings))


@app.command()
def export(
    book: Book,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Folder for the files.")],
    parquet: Annotated[bool, typer.Option("--parquet", help="The same as Parquet too, beside each CSV.")] = False,
) -> None:
    """Write every table and grid of BOOK as CSV into FOLDER (grids long: keys, Measure, Period, Value)."""
    from .excel.csv_files import write_csv_folder

    with opened(book) as (workbook, _), tempfile.TemporaryDirectory() as draft:
        files = write_csv_folder(workbook, draft, parquet=parquet)
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            save(folder / file.name, file.read_bytes())
    typer.echo(f"Written: {len(files)} files in {folder}")


@app.command()
def stop() -> None:
    """Stop the run that a button of the workbook has started; nothing is written then."""
    from .stop import ask_to_stop

    ask_to_stop()
    say("The run stops after the item or step it is at; its workbook stays as it is.")


@app.command("build-template")
def build_template(
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where a file is not what the sources build.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help=f"Only the workbook, to here [default: {TEMPLATE}].")
    ] = None,
    solve: Annotated[
        bool, typer.Option("--solve", help="First plan the sample company anew; its plan is kept with the sources.")
    ] = False,
) -> None:
    """Build the template workbook and docs/tables.md from the sources (for developers, in the project folder)."""
    if out is None and not TEMPLATE.parent.is_dir():
        raise typer.BadParameter(f"no folder '{TEMPLATE.parent}' here; go to the project folder or give --out FILE")
    if solve:
        _solve_sample(APPLIANCES)
    generated = _generated(out)
    stale = [file for file, content in generated.items() if not file.exists() or file.read_bytes() != content]
    if only_check:
        for file in stale:
            say(f"{file} is not what the sources build; run `sop-addin build-template` and commit the result.")
        raise typer.Exit(PLAN_HAS_ERRORS if stale else DONE)
    for file, content in generated.items():
        save(file, content)
        typer.echo(f"Written: {file}" if file in stale else f"Unchanged: {file}")


app.command("open")(cli_open.open_workbook)
app.command("import")(cli_import.import_)
app.command()(cli_cycle.backtest)
app.command()(cli_cycle.publish)
app.command()(cli_cycle.roll)
app.command()(cli_cycle.scenarios)
app.command()(cli_cycle.adopt)
app.command()(cli_cycle.risk)
app.command()(cli_sign.cycle)
app.command()(cli_sign.sign)
app.command()(cli_sign.reopen)
app.command()(cli_mail.share)
app.command()(cli_mail.merge)
app.command()(cli_setup.install)
app.command()(cli_setup.uninstall)
app.command()(cli_setup.doctor)


# --- pieces of commands -----------------------------------------------------------------------------------------------


def _solve_sample(name: str) -> None:
    """Plan the sample company anew and keep its plan beside its data: the workbook of the sample carries it."""
    from .model.plan_store import save_plan, write_frame
    from .planning.backtest import backtest
    from .planning.cycle import run_cycle
    from .planning.risk import risk_analysis
    from .planning.scenario_runs import run_scenarios
    from .planning.segments import accuracy_tables
    from .sample import solved_folder

    # through a workbook, so that findings name the cells that a planner sees
    with tempfile.TemporaryDirectory() as draft:
        path = Path(draft, "sample.xlsm")
        path.write_bytes(sample_inputs(name, solved=False).workbook())
        with opened(path) as (_, tables):
            plan = run_cycle(tables)
            save_plan(plan, solved_folder(name))
            tried = backtest(tables)
            planned = replace(tables, sales_plan=plan.tables.sales_plan)
            frames = {
                **accuracy_tables(tables, tried), **run_scenarios(planned).tables,
                **risk_analysis(planned, tried.points, samples=SAMPLED).tables,
            }  # fmt: skip
            for table, frame in frames.items():
                write_frame(frame, solved_folder(name) / f"{table}.csv")


def _steps(text: str | None) -> tuple[str, ...]:
    """The steps asked for, in S&OP order."""
    from .planning.cycle import ALL_STEPS, STEPS, check_steps

    if text is None:
        return STEPS
    names = [name.strip().lower() for name in text.split(",")]
    with wrong_usage("--steps"):
        check_steps(names)
    return tuple(step for step in ALL_STEPS if step in names)


def _generated(out: Path | None) -> dict[Path, bytes]:
    """Files that the sources build, with what they build."""
    from .excel.template.docs_tables import tables_markdown

    workbook = sample_inputs(APPLIANCES).workbook()
    return {out: workbook} if out else {TEMPLATE: workbook, TABLES_PAGE: tables_markdown().encode()}


# --- the way in -------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code. Whatever goes wrong ends as one sentence on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    logging.getLogger("sop_addin").addHandler(logging.NullHandler())  # what a user should know is said, not logged
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # statsforecast loads it; nothing is drawn
    with lasting_output() as stdout:
        code = _run(given)
        if stdout is not None and (reason := stdout.lost):
            say(f"The answer could not be written ({reason}); what the command has done stands.")
            code = code or NOT_POSSIBLE
    sys.exit(code)


def _run(given: list[str]) -> int:
    """Exit code of a command."""
    before = len(_saved())
    try:
        code = app(given, prog_name="sop-addin", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last resort: nobody may ever see a traceback
        code, message = _explain(error, given)
        if message:
            say(message)
        if "--json" in given:
            show_json({"status": "Failed", "message": message, "findings": [], "out": None})
    if code == STOPPED:
        written = ", ".join(path.name for path in _saved()[before:])
        say(f"Stopped; written before that: {written}." if written else "Stopped; no file was changed.")
    return code if isinstance(code, int) else DONE


def _saved() -> list[Path]:
    """Files that this process has written; without loading what writes them."""
    loaded = sys.modules.get("sop_addin.engines.closed_file.atomic_save")
    return list(loaded.SAVED) if loaded else []


def _explain(error: Exception, arguments: list[str]) -> tuple[int, str]:
    """Exit code and sentence for an error."""
    from .model.errors import InputError, SolverError, SopError

    if isinstance(error, typer.TyperException):
        return NOT_POSSIBLE, _usage_sentence(error)
    if isinstance(error, (InputError, SolverError)):
        return PLAN_HAS_ERRORS, str(error)
    # an engine that was never loaded raised nothing; loading it here could fail as the command did
    engines = sys.modules.get("sop_addin.engines.errors")
    if isinstance(error, SopError) or (engines and isinstance(error, engines.EngineError)):
        return NOT_POSSIBLE, str(error)
    if isinstance(error, OSError):
        what = f"{error.filename or 'A file'} cannot be read or written ({error.strerror or error})"
        return NOT_POSSIBLE, f"{what}; check the folder and its rights, or choose another one."
    if isinstance(error, MemoryError):
        return NOT_POSSIBLE, "There is not enough memory for this; close other programs, or take a smaller file."
    report = write_report(error, arguments, __version__)
    kept = f"please report it with the details in {report}" if report else "its details could not be written to a log"
    sentence = " ".join(str(error).split())[:200]
    return NOT_POSSIBLE, f"Unexpected {type(error).__name__} ({sentence}): {kept}."


def _usage_sentence(error: typer.TyperException) -> str:
    """``sop-addin run: No such option: --foo. See `sop-addin run --help`.``"""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "sop-addin"
    message = " ".join(error.format_message().split()).rstrip(".")
    if not message:  # no command given: the help was shown
        return ""
    return f"{command}: {message}. See `{command} --help`."
