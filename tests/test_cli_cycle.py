"""The commands of the S&OP month on closed files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from commands import Cli
from companies import company, raw_company
from workbooks import tables_in

from sop_addin.engines.closed_file import open_book, recalculate_book, recalculate_bytes
from sop_addin.excel.tables_io import find_tables, table_body
from sop_addin.excel.template import workbook_bytes
from sop_addin.planning.cycle import run_cycle

pytest_plugins = ["commands"]

LEVERS = {
    "Scenario": ["Boom", "Press down"], "Lever": ["Demand", "Capacity"], "Family": ["Pumps", None],
    "Resource": [None, "Press"], "From": ["2027-02", None], "To": ["2027-03", None], "Change %": [0.2, -0.5],
}  # fmt: skip
RISKS = {"Risk": ["Market"], "Lever": ["Demand"], "Probability": [1], "Low %": [-0.1], "Likely %": [0], "High %": [0.2]}
CYCLE = {
    "Step": ["Data gathering", "Demand plan", "Supply plan", "Pre-S&OP", "Executive S&OP"], "Status": ["Open"] * 5,
    "Comment": ["Count done.", None, None, None, None],
}  # fmt: skip
SOLD = {"Family": ["Pumps", "Valves"], "Period": ["2027-01", "2027-01"], "Sales": [200, 90], "Stock": [77, 20]}


@pytest.fixture(scope="module")
def planned() -> bytes:
    """Pumps and valves, planned, with the actuals of January, two scenarios and a risk."""
    given = {"tblStock": SOLD, "tblScenarios": LEVERS, "tblRisks": RISKS, "tblCycle": CYCLE}
    tables = company(**given)
    return recalculate_bytes(workbook_bytes(raw_company(**given), tables, run_cycle(tables)))


@pytest.fixture
def book(planned: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(planned)
    return path


def test_roll_begins_the_next_cycle(cli: Cli, book: Path) -> None:
    assert cli("publish", book).code == 0
    reply = cli("roll", book, "--json")
    assert reply.code == 0
    assert (reply.json["status"], reply.json["plan_start"]) == ("Rolled", "2027-02-01")
    tables = tables_in(book)
    assert tables.periods[0] == pd.Timestamp("2027-02-01")
    assert tables.history[pd.Timestamp("2027-01-01")].sum() > 290
    assert cli("run", book).code == 0


def test_roll_changes_nothing_without_a_published_plan_or_actuals(cli: Cli, book: Path) -> None:
    before = book.read_bytes()
    reply = cli("roll", book)
    assert (reply.code, reply.sentence) == (
        1, "Roll: the plan that starts in 2027-01 is not published, so it would be lost; publish first."
    )  # fmt: skip
    assert book.read_bytes() == before


def table_in(path: Path, name: str) -> pd.DataFrame:
    workbook = open_book(path)
    try:
        return table_body(find_tables(workbook)[name])
    finally:
        workbook.close()


def test_scenarios_are_written_side_by_side_and_the_plan_stays(cli: Cli, book: Path) -> None:
    before = table_in(book, "tblResult").set_index("Measure")["Value"]
    reply = cli("scenarios", book, "--json")
    assert reply.code == 0
    rows = table_in(book, "tblScenarioResults")
    assert (
        rows["Scenario"].tolist()
        == ["Base", "Boom", "Press down"]
        == [one["Scenario"] for one in reply.json["scenarios"]]
    )
    assert rows["Margin"].iloc[0] == pytest.approx(before["Margin"], rel=1e-6)
    assert rows["Assumptions"].iloc[1] == "Demand of Pumps +20 % from 2027-02 to 2027-03."
    after = table_in(book, "tblResult").set_index("Measure")["Value"]
    assert after["Margin"] == before["Margin"]
    assert set(table_in(book, "tblPlan")["Scenario"]) == {"Base", "Boom", "Press down"}
    wrong = cli("scenarios", book, "--scenario", "Bom")
    assert wrong.code == 1
    assert "did you mean 'Boom'?" in wrong.sentence


def test_adopt_makes_a_scenario_the_plan(cli: Cli, book: Path) -> None:
    cli("scenarios", book)
    wanted = table_in(book, "tblScenarioResults").set_index("Scenario")["Margin"]["Boom"]
    reply = cli("adopt", book, "Boom", "--by", "Ann", "--json")
    assert (reply.code, reply.json["status"]) == (0, "Adopted")
    assert reply.json["margin"] == pytest.approx(wanted, rel=1e-6)
    tables = tables_in(book)
    overrides = tables.sales_plan.dropna(subset=["Override"])
    assert overrides["Override reason"].tolist() == ["Scenario Boom."] * 2
    assert tables.scenarios["Adopted"].notna().tolist() == [True, False]
    assert tables.decisions.iloc[-1][["Number", "Owner", "Status"]].tolist() == ["2027-01/1", "Ann", "Decided"]
    assert cli("run", book, "--steps", "balance", "--json").json["margin"] == pytest.approx(wanted, rel=1e-6)
    assert "'Boom' is adopted" in cli("run", book, "--scenario", "Boom").err


def test_risk_writes_percentiles_and_what_matters(cli: Cli, book: Path) -> None:
    reply = cli("risk", book, "--samples", 30, "--json")
    assert (reply.code, reply.json["samples"]) == (0, 30)
    totals = table_in(book, "tblRiskResults").set_index("Measure")
    assert totals["P10"]["Margin"] < totals["P50"]["Margin"] < totals["P90"]["Margin"]
    assert set(table_in(book, "tblTornado")["Risk"]) == {"Market", "Forecast error"}
    assert len(table_in(book, "tblRiskPlan")) == 12
    again = cli("risk", book, "--samples", 30, "--json")
    assert again.json["totals"] == reply.json["totals"]


@pytest.mark.parametrize(
    "command", [("scenarios",), ("adopt", "Boom"), ("risk",), ("publish",), ("roll",), ("backtest",)]
)
def test_nothing_is_changed_while_the_tables_have_errors(cli: Cli, book: Path, command: tuple[str, ...]) -> None:
    workbook = open_book(book)
    find_tables(workbook)["tblItems"].data_body_range[0, 2].value = "Pmups"
    workbook.save()
    workbook.close()
    before = book.read_bytes()
    reply = cli(command[0], book, *command[1:])
    assert reply.code == 1
    assert "nothing is changed; mend the 1 error first." in reply.err
    assert book.read_bytes() == before
    told = cli(command[0], book, *command[1:], "--json")
    assert (told.code, told.json["status"], told.json["out"]) == (1, "Errors", None)
    assert told.json["findings"][0]["severity"] == "Error"


def test_the_cycle_is_signed_step_by_step_and_changes_are_named(cli: Cli, book: Path) -> None:
    signed = cli("sign", book, "--by", "Jana", "--comment", "Count checked.", "--json")
    assert (signed.code, signed.json["step"]) == (0, "Data gathering")
    for step in CYCLE["Step"][1:]:
        assert cli("sign", book, str(step), "--by", "Ann").code == 0
    where = cli("cycle", book, "--json").json
    assert [one["Status"] for one in where["steps"]] == ["Signed"] * 5
    assert (where["next"], where["changed"]) == (None, [])
    assert "every step is signed; publish the plan" in cli("sign", book).sentence
    workbook = open_book(book)
    find_tables(workbook)["tblItems"].data_body_range[0, 5].value = 77
    headers = find_tables(workbook)["tblItems"].header_row_range.value
    workbook.save()
    workbook.close()
    (changed,) = cli("cycle", book, "--json").json["changed"]
    assert f"Items P1 / {headers[5]}: " in changed
    assert "has changed since sign-off" in cli("check", book).err
    reply = cli("reopen", book, "Demand plan", "--comment", "A new customer.", "--json")
    assert reply.json["steps"] == list(CYCLE["Step"][1:])
    log = table_in(book, "tblCycleLog")
    assert log["Action"].tolist() == ["Signed"] * 5 + ["Reopened"] * 4
    assert log["Comment"].iloc[5] == "A new customer."
    refused = cli("sign", book, "Supply plan")
    assert refused.code == 1
    assert "Demand plan not signed yet" in refused.sentence
    assert "inputs were changed after the last run; run all steps" in refused.sentence


def test_a_new_cycle_begins_unsigned_and_remembers_who_signed(cli: Cli, book: Path) -> None:
    cli("sign", book, "--by", "Jana")
    cli("publish", book)
    assert cli("roll", book).code == 0
    tables = tables_in(book)
    assert tables.cycle["Status"].tolist() == ["Open"] * 5
    assert tables.signatures == ()
    log = table_in(book, "tblCycleLog")
    assert log["Action"].tolist() == ["Signed", "Published", "Rolled forward"]
    assert log["Comment"].iloc[-1] == "Count done."


def test_what_is_published_and_adopted_stands_in_the_log(cli: Cli, book: Path) -> None:
    assert cli("adopt", book, "Boom", "--by", "Ann").code == 0
    version = cli("publish", book, "--by", "Bo", "--json").json
    log = table_in(book, "tblCycleLog")
    assert log[["Cycle", "Step", "Action", "By", "Comment"]].to_numpy().tolist() == [
        ["2027-01", "Data gathering", "Adopted", "Ann",
         "Scenario 'Boom': Demand of Pumps +20 % from 2027-02 to 2027-03."],
        ["2027-01", "Data gathering", "Published", "Bo", "Plan 2027-01 is the approved plan."],
    ]  # fmt: skip
    assert log["Digest"].iloc[1] == version["digest"]


def test_publishing_changes_nothing_that_was_signed(cli: Cli, book: Path) -> None:
    for _ in CYCLE["Step"]:
        assert cli("sign", book).code == 0
    assert cli("publish", book).code == 0
    assert cli("cycle", book, "--json").json["changed"] == []
    assert cli("run", book).code == 0
    assert cli("cycle", book, "--json").json["changed"] == []


def tile_of(path: Path, number: int) -> object:
    """What Home says of a step of the cycle, counted from 0."""
    workbook = open_book(path)
    try:
        return workbook.sheets["Home"].range((7, 2 + 6 * number)).value
    finally:
        workbook.close()


def type_override(path: Path, value: float) -> None:
    """An override of pumps, as a planner types it: formulas follow, nothing else."""
    workbook = open_book(path)
    grid = workbook.names["SalesPlan"].refers_to_range
    row = next(at for at, line in enumerate(grid.value) if line[:2] == ["Pumps", "Override"])
    grid[row, 6].value, grid[row + 1, 6].value = value, "Listing"
    recalculate_book(workbook)
    workbook.save()
    workbook.close()


def test_home_says_that_a_signed_step_was_edited_and_after_a_run_that_it_has_changed(cli: Cli, book: Path) -> None:
    assert [tile_of(book, step) for step in range(2)] == ["Open", "Open"]
    for _ in range(3):
        assert cli("sign", book).code == 0
    assert [tile_of(book, step) for step in range(4)] == ["Signed"] * 3 + ["Open"]
    type_override(book, 444)
    assert [tile_of(book, step) for step in range(3)] == ["Signed"] + ["Edited since sign-off"] * 2
    assert cli("run", book).code == 0
    assert [tile_of(book, step) for step in range(3)] == ["Signed"] + ["Changed since sign-off"] * 2
    assert list(table_in(book, "tblFindings")["Rule"]).count("signed_content_unchanged") == 2
    assert cli("sign", book, "Demand plan").code == 0
    (left,) = [
        message
        for rule, message in table_in(book, "tblFindings")[["Rule", "Message"]].to_numpy()
        if rule == "signed_content_unchanged"
    ]
    assert left.startswith("Supply plan was signed")
    assert [tile_of(book, step) for step in range(3)] == ["Signed", "Signed", "Changed since sign-off"]
    workbook = open_book(book)
    items = find_tables(workbook)["tblItems"]
    items.data_body_range[0, items.header_row_range.value.index("Price")].value = 99
    recalculate_book(workbook)
    workbook.save()
    workbook.close()
    assert tile_of(book, 0) == "Edited since sign-off"
    assert cli("reopen", book, "Data gathering").code == 0
    assert [tile_of(book, step) for step in range(3)] == ["Reopened"] * 3
