"""The command line from outside: exit codes, sentences, and files that stay as they were."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from commands import Cli, Reply

from sop_addin import __version__
from sop_addin.cli import main
from sop_addin.engines.closed_file import open_book
from sop_addin.model.schema import INPUT_TABLES

pytest_plugins = ["commands"]

TABLE_OF_COMMANDS = (
    "new",
    "run",
    "backtest",
    "publish",
    "roll",
    "scenarios",
    "adopt",
    "risk",
    "cycle",
    "sign",
    "reopen",
    "check",
    "export",
    "share",
    "merge",
    "install",
    "uninstall",
    "doctor",
    "build-template",
)


# --- the way in -------------------------------------------------------------------------------------------------------


def test_help_lists_every_command(cli: Cli) -> None:
    reply = cli("--help")
    assert reply.code == 0
    for command in TABLE_OF_COMMANDS:
        assert f" {command} " in reply.out


def test_no_command_shows_help_and_is_wrong_usage(cli: Cli) -> None:
    reply = cli()
    assert reply.code == 2
    assert "Usage" in reply.out + reply.err


def test_version(cli: Cli) -> None:
    assert cli("--version") == Reply(0, f"sop-addin {__version__}\n", "")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom sop_addin.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print('HEAVY', [name for name in ('pandas', 'numpy', 'pulp', 'xlwings', 'lxml') if name in sys.modules])"
    )
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "HEAVY []" in done.stdout
    assert time.perf_counter() - begin < 10  # 0.2 s on an idle machine; the line above is what keeps it so


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plan"], "No such command 'plan'"),
        (["run"], "Missing argument 'BOOK'"),
        (["run", "nowhere.xlsm"], "'nowhere.xlsm' does not exist"),
        (["run", "{book}", "--fast"], "No such option: --fast"),
        (["run", "{book}", "--steps", "forecast,dream"], "'dream' is not a step; choose from forecast, aggregate"),
        (["run", "{book}", "--steps", ""], "'' is not a step"),
        (["run", "{book}", "--out", "plan.xlsx"], "'plan.xlsx' must end in .xlsm"),
        (["run", "{book}", "--out", "nowhere/plan.xlsm"], "the folder 'nowhere' does not exist"),
        (["run", "{folder}"], "give --out OUT.xlsm"),
        (["backtest", "{book}", "--effort", "hard"], "must be one of quick, standard, best, not 'hard'"),
        (["new", "{book}"], "exists; choose another name, or --force"),
        (["new", "plan.xlsx"], "must end in .xlsm"),
        (["new", "plan.xlsm", "--blank", "--sample", "appliances"], "choose one of --blank, --sample and --data"),
        (["new", "plan.xlsm", "--data", "nowhere"], "'nowhere' does not exist"),
        (["check", "nowhere.xlsm"], "'nowhere.xlsm' does not exist"),
        (["export", "{book}"], "Missing argument 'FOLDER'"),
        (["export", "nowhere.xlsm", "folder"], "'nowhere.xlsm' does not exist"),
        (["build-template", "--check"], "go to the project folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_usage_is_one_sentence_and_2(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    book, folder = tmp_path / "book.xlsm", tmp_path / "folder"
    book.write_bytes(b"whatever")
    folder.mkdir()
    reply = cli(*(argument.format(book=book, folder=folder) for argument in arguments))
    assert reply.code == 2
    assert sentence in reply.sentence
    assert "--help`" in reply.sentence
    assert reply.out == ""
    assert book.read_bytes() == b"whatever"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsm", "folder"]


def test_the_unexpected_is_a_sentence_and_a_log(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("sop_addin.cli.opened", break_down)
    book = tmp_path / "book.xlsm"
    book.write_bytes(b"whatever")
    reply = cli("check", book)
    assert reply.code == 2
    assert reply.sentence.startswith("Unexpected ZeroDivisionError (division by zero): please report it with")
    (log,) = (tmp_path / "state" / "sop-addin").rglob("*.log")
    assert str(log) in reply.sentence
    text = log.read_text()
    assert __version__ in text
    assert f"check {book}" in text
    assert "Traceback" in text
    assert "break_down" in text


def test_failures_are_json_too(cli: Cli) -> None:
    reply = cli("run", "nowhere.xlsm", "--json")
    assert reply.code == 2
    assert reply.json["status"] == "Failed"
    assert reply.json["message"] == reply.sentence


def test_stopping_is_quiet(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sop_addin.cli.opened", stop)
    (tmp_path / "book.xlsm").write_bytes(b"whatever")
    reply = cli("check", tmp_path / "book.xlsm")
    assert (reply.code, reply.sentence) == (130, "Stopped; no file was changed.")


# --- workbooks --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def planned_run(sample_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """The sample after a run, and what the run said on stdout."""
    path = tmp_path_factory.mktemp("planned") / "Sample.xlsm"
    path.write_bytes(sample_bytes)
    done = subprocess.run([sys.executable, "-m", "sop_addin", "run", path, "--json"], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Balancing supply and demand: " in done.stderr
    return path.read_bytes(), done.stdout.decode()


@pytest.fixture
def planned(planned_run: tuple[bytes, str], tmp_path: Path) -> Path:
    path = tmp_path / "Planned.xlsm"
    path.write_bytes(planned_run[0])
    return path


def grid_values(book: Path, name: str) -> pd.DataFrame:
    """A grid of a workbook, long, by what `export` writes."""
    with pytest.raises(SystemExit):
        main(["export", str(book), str(book.parent / "exported")])
    return pd.read_csv(book.parent / "exported" / f"{name}.csv")


def test_the_sample_comes_with_the_plan_that_a_run_gives(sample: Path, planned_run: tuple[bytes, str]) -> None:
    """If not: `sop-addin build-template --solve`. Forecasts differ in their last digits from processor to processor."""
    carried = open_book(sample).sheets["Home"].tables["tblResult"].data_body_range.value
    assert dict(carried)["Total cost"] == pytest.approx(json.loads(planned_run[1])["cost"], rel=1e-4)


def test_a_plan_balances(planned: Path, sample_bytes: bytes) -> None:
    assert planned.read_bytes() != sample_bytes
    inventory = grid_values(planned, "InventoryPlan")
    by_measure = inventory.groupby("Measure")["Value"]
    assert (by_measure.get_group("Balance check").abs() < 1e-6).all()
    assert (by_measure.get_group("Closing stock") >= 0).all()
    assert by_measure.get_group("Sales").sum() > 0


@pytest.mark.libreoffice
def test_libreoffice_calculates_what_the_file_says(planned: Path, libreoffice: Any, tmp_path: Path) -> None:
    """Every formula, hard recalculated, gives the value that the run left in the file."""
    given = openpyxl.load_workbook(planned, data_only=True)
    formulas = openpyxl.load_workbook(planned)
    again = openpyxl.load_workbook(libreoffice.recalculated(planned, tmp_path / "libreoffice"), data_only=True)
    differ = []
    count = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    count += 1
                    ours, theirs = given[sheet.title][cell.coordinate].value, again[sheet.title][cell.coordinate].value
                    if not _same_value(ours, theirs):
                        differ.append(f"{sheet.title}!{cell.coordinate} {cell.value}: {ours!r}, LibreOffice {theirs!r}")
    assert count > 1000
    assert not differ, "\n".join(differ[:20])


def _same_value(ours: object, theirs: object) -> bool:
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return (ours or None) == (theirs or None)


def test_json_says_what_the_run_gave(planned_run: tuple[bytes, str]) -> None:
    plan = json.loads(planned_run[1])
    assert plan["status"] == "Optimal"
    assert plan["objective"] == plan["cost"] > 0
    assert 0 < plan["service"] <= 1
    assert plan["steps"] == ["forecast", "aggregate", "balance"]
    assert plan["seconds"]["balance"] > 0
    assert plan["out"].endswith("Sample.xlsm")
    assert {"severity", "table", "row", "column", "rule", "message", "cell"} == set(plan["findings"][0])


def test_a_second_run_gives_the_same_plan_into_another_file(
    cli: Cli, planned: Path, planned_run: tuple[bytes, str]
) -> None:
    out = planned.parent / "Again.xlsm"
    reply = cli("run", planned, "--out", out)
    assert reply.code == 0, reply.err
    assert "Status: Optimal" in reply.out
    assert f"Total cost: {json.loads(planned_run[1])['cost']:,.0f} EUR" in reply.out
    assert f"Written: {out}" in reply.out
    assert planned.read_bytes() == planned_run[0]
    first, again = grid_values(planned, "ProductionPlan"), grid_values(out, "ProductionPlan")
    pd.testing.assert_frame_equal(first, again, rtol=1e-9)


def test_steps_left_out_keep_what_is_there(cli: Cli, planned: Path) -> None:
    before = grid_values(planned, "SalesPlan")
    reply = cli("run", planned, "--steps", "balance", "--json")
    assert reply.code == 0, reply.err
    assert reply.json["steps"] == ["balance"]
    pd.testing.assert_frame_equal(before, grid_values(planned, "SalesPlan"), rtol=1e-9)


def test_a_backtest_writes_its_sheet_and_no_plan(cli: Cli, folder: Path, tmp_path: Path) -> None:
    months = [f"2026-{month:02d}" for month in range(1, 13)]
    table = {"Item": ["P1", "P2"]} | {month: [100 + at, 50 + 5 * (at % 3)] for at, month in enumerate(months)}
    pd.DataFrame(table).to_csv(folder / "tblHistory.csv", index=False)
    pd.DataFrame({"Item": ["P1", "P2"], "Family": "Pumps"}).to_csv(folder / "tblItems.csv", index=False)
    book = tmp_path / "Plan.xlsm"
    assert cli("new", book, "--data", folder).code == 0
    before = book.read_bytes()
    tried = tmp_path / "Tried.xlsm"
    reply = cli("backtest", book, "--out", tried, "--origins", 2, "--lags", 2, "--effort", "quick", "--json")
    assert reply.code == 0
    assert book.read_bytes() == before
    assert (reply.json["origins"], reply.json["lags"], reply.json["effort"]) == (2, 2, "quick")
    sheet = openpyxl.load_workbook(tried, data_only=True)["Accuracy"]
    total = reply.json["accuracy"][0]
    assert total["Level"] == "All families"
    assert sheet["A7"].value == pytest.approx(total["WMAPE"])  # the tile follows the table
    assert [sheet.cell(row, 1).value for row in (12, 13)] == [1, 2]
    spoken = cli("backtest", tried, "--origins", 2, "--lags", 2, "--effort", "quick")
    assert "Tried: 2 origins, 1 to 2 periods ahead, effort quick\nFamilies: WMAPE " in spoken.out


def test_a_backtest_tries_nothing_while_there_are_errors(cli: Cli, folder: Path, tmp_path: Path) -> None:
    pd.DataFrame({"Item": ["P1"], "Family": ["Pmups"]}).to_csv(folder / "tblItems.csv", index=False)
    book = tmp_path / "Plan.xlsm"
    cli("new", book, "--data", folder)
    before = book.read_bytes()
    reply = cli("backtest", book, "--json")
    assert reply.code == 1
    assert "not tried, nothing is changed; mend the 1 error first." in reply.err
    assert reply.json["status"] == "Errors"
    assert book.read_bytes() == before


def test_publish_freezes_the_plan_in_the_workbook(cli: Cli, sample: Path, tmp_path: Path) -> None:
    before = sample.read_bytes()
    out = tmp_path / "Published.xlsm"
    reply = cli("publish", sample, "--by", "Ingrid", "--out", out, "--json")
    assert reply.code == 0
    assert sample.read_bytes() == before
    assert (reply.json["status"], reply.json["version"]) == ("Published", "2027-01")
    again = cli("publish", out)
    assert again.code == 0
    assert again.out.startswith("Published: 2027-01 (2) by ")
    assert reply.json["digest"] in again.out  # the same plan
    production = grid_values(out, "ProductionPlan")
    total, approved = (
        production[production["Measure"] == measure].groupby("Period")["Value"].sum()
        for measure in ("Total production", "Approved plan")
    )
    assert approved.tolist() == pytest.approx(total.tolist(), rel=1e-6)


def test_what_has_no_plan_is_not_published(cli: Cli, folder: Path, tmp_path: Path) -> None:
    book = tmp_path / "Plan.xlsm"
    cli("new", book, "--data", folder)
    before = book.read_bytes()
    reply = cli("publish", book)
    assert (reply.code, reply.sentence) == (1, "Publish: Plan Data holds no plan yet; run all steps, then publish.")
    assert book.read_bytes() == before


def test_an_unknown_scenario_is_wrong_usage(cli: Cli, sample: Path) -> None:
    before = sample.read_bytes()
    reply = cli("run", sample, "--scenario", "Doom")
    assert reply.code == 2
    assert "'Doom' is not in tblScenarios" in reply.err
    assert sample.read_bytes() == before


def test_the_sample_has_no_errors(cli: Cli, sample: Path) -> None:
    before = sample.read_bytes()
    reply = cli("check", sample)
    assert reply.code == 0, reply.err
    assert f"{sample}: 0 errors" in reply.out
    assert cli("check", sample, "--json").json["status"] == "Ready to plan"
    assert sample.read_bytes() == before


def test_a_blank_workbook_has_nothing_to_plan(cli: Cli, tmp_path: Path) -> None:
    book = tmp_path / "Blank.xlsm"
    assert cli("new", book, "--blank").code == 0
    before = book.read_bytes()
    reply = cli("run", book)
    assert reply.code == 1
    assert reply.err
    assert book.read_bytes() == before


def test_new_never_replaces_a_file_unless_forced(cli: Cli, tmp_path: Path) -> None:
    book = tmp_path / "Plan.xlsm"
    book.write_bytes(b"mine")
    assert cli("new", book, "--blank").code == 2
    assert book.read_bytes() == b"mine"
    assert cli("new", book, "--blank", "--force").code == 0
    assert book.read_bytes().startswith(b"PK")


def test_unknown_sample_is_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    reply = cli("new", tmp_path / "Plan.xlsm", "--sample", "bakery")
    assert reply.code == 2
    assert "choose from appliances" in reply.sentence
    assert not (tmp_path / "Plan.xlsm").exists()


# --- CSV folders ------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plan from demand alone: one family, one source."""
    path = tmp_path / "csv"
    path.mkdir()
    (path / "tblFamilies.csv").write_text("Family,Price,Holding cost\nPumps,40,2\n")
    (path / "tblSources.csv").write_text("Family,Source,Kind,Unit cost,Max per period\nPumps,Plant,Make,10,120\n")
    (path / "tblDemand.csv").write_text("Family,Period,Value\nPumps,2027-01,80\nPumps,2027-02,100\nPumps,2027-03,150\n")
    return path


def test_demand_alone_is_planned(cli: Cli, folder: Path, tmp_path: Path) -> None:
    book = tmp_path / "Plan.xlsm"
    assert cli("new", book, "--data", folder).code == 0
    reply = cli("run", book, "--steps", "balance", "--json")
    assert reply.code == 0, reply.err
    assert reply.json["cost"] == pytest.approx(330 * 10 + (10 + 30) * 2)  # made ahead of March
    production = grid_values(book, "ProductionPlan")
    planned = production[production["Measure"] == "Planned"]
    assert list(planned["Value"]) == pytest.approx([90, 120, 120])


def test_a_folder_is_planned_in_one_command(cli: Cli, folder: Path, tmp_path: Path) -> None:
    book = tmp_path / "Plan.xlsm"
    reply = cli("run", folder, "--out", book, "--steps", "balance", "--json")
    assert reply.code == 0, reply.err
    assert reply.json["cost"] == pytest.approx(330 * 10 + (10 + 30) * 2)
    assert book.exists()


def test_findings_of_a_folder_name_file_and_line(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (folder / "tblSources.csv").write_text("Family,Source,Kind,Unit cost\nPumps,Plant,Make,ten\n")
    reply = cli("run", folder, "--out", tmp_path / "Plan.xlsm", "--steps", "balance")
    assert reply.code == 1
    assert "tblSources.csv row 2, Unit cost: 'ten'" in reply.err
    assert not (tmp_path / "Plan.xlsm").exists()
    reply = cli("new", tmp_path / "Plan.xlsm", "--data", folder)
    assert reply.code == 0
    assert "tblSources.csv row 2, Unit cost: 'ten'" in reply.err
    assert "1 error" in reply.out


def test_a_folder_without_tables_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    reply = cli("new", tmp_path / "Plan.xlsm", "--data", tmp_path / "empty")
    assert reply.code == 2
    assert "holds no table" in reply.sentence
    assert not (tmp_path / "Plan.xlsm").exists()


def test_export_and_new_are_each_others_inverse(cli: Cli, sample: Path, tmp_path: Path) -> None:
    assert cli("export", sample, tmp_path / "first").code == 0
    assert cli("new", tmp_path / "Again.xlsm", "--data", tmp_path / "first").code == 0
    assert cli("export", tmp_path / "Again.xlsm", tmp_path / "second").code == 0
    for table in INPUT_TABLES:
        file = f"{table.name}.csv"
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes(), file
    first, second = (pd.read_csv(tmp_path / folder / "SalesPlan.csv") for folder in ("first", "second"))
    typed = ["Override", "Override reason"]
    assert (
        first[first["Measure"].isin(typed)].to_numpy().tolist()
        == second[second["Measure"].isin(typed)].to_numpy().tolist()
    )


# --- generated files --------------------------------------------------------------------------------------------------


def test_stale_files_are_named_and_built(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workbook").mkdir()
    (tmp_path / "docs").mkdir()
    stale = cli("build-template", "--check")
    assert stale.code == 1
    assert "SOP_Template.xlsm is not what the sources build; run `sop-addin build-template`" in stale.err
    assert "tables.md is not what the sources build" in stale.err
    assert list((tmp_path / "workbook").iterdir()) == []
    assert cli("build-template").code == 0
    assert cli("build-template", "--check") == Reply(0, "", "")
    with (tmp_path / "docs" / "tables.md").open("a") as page:
        page.write("by hand")
    assert cli("build-template", "--check").code == 1


def test_the_template_is_built_elsewhere(cli: Cli, tmp_path: Path, sample_bytes: bytes) -> None:
    assert cli("build-template", "--out", tmp_path / "Template.xlsm").code == 0
    assert (tmp_path / "Template.xlsm").read_bytes() == sample_bytes
