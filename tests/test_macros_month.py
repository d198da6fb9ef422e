"""The ribbon's buttons of the S&OP month, run on a closed workbook as the calling one."""

from __future__ import annotations

import pytest
from companies import company, raw_company
from test_macros import Presses, book, calls_and_messages, own_folder, rows, said, tables_of  # noqa: F401 - fixtures
from workbooks import content_of, differences

from sop_addin import macros
from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.layout import SCENARIO_NAME, UNDO_SHEET
from sop_addin.excel.template import workbook_bytes
from sop_addin.planning.cycle import run_cycle

LEVERS = {"Scenario": ["Boom"], "Lever": ["Demand"], "Family": ["Pumps"], "Change %": [0.2]}
CYCLE = {"Step": ["Data gathering", "Demand plan"], "Status": ["In work", "Open"], "Comment": [None, "Soon."]}
SOLD = {"Family": ["Pumps", "Valves"], "Period": ["2027-01", "2027-01"], "Sales": [200, 90], "Stock": [77, 20]}


@pytest.fixture(scope="module")
def template() -> bytes:
    given = {"tblScenarios": LEVERS, "tblStock": SOLD, "tblCycle": CYCLE}
    tables = company(**given)
    return recalculate_bytes(workbook_bytes(raw_company(**given), tables, run_cycle(tables)))


def test_run_all_scenarios_says_which_earns_most_and_undo_takes_it_back(book, said):  # noqa: F811
    before = content_of(book, results=False, leave_out=(UNDO_SHEET,))
    macros.run_scenarios()
    assert said[-1][0].startswith("1 scenario solved: Boom earns most, margin +")
    assert [row[0] for row in rows(book, "tblScenarioResults")] == ["Base", "Boom"]
    macros.undo_last_run()
    assert differences(before, content_of(book, results=False, leave_out=(UNDO_SHEET,))) == {}


def test_adopt_takes_the_chosen_scenario_and_undo_takes_it_back(book, said):  # noqa: F811
    macros.adopt()
    assert said[-1] == ("Adopt: Base is the plan already; choose a scenario first.", "critical")
    before = content_of(book, results=False, leave_out=(UNDO_SHEET,))
    book.names[SCENARIO_NAME].refers_to_range.value = "Boom"
    macros.adopt()
    assert said[-1][0] == "Scenario Boom is the plan now; its levers are in the inputs."
    assert book.names[SCENARIO_NAME].refers_to_range.value == "Base"
    assert rows(book, "tblDecisions")[-1][2] == "Scenario 'Boom' is the plan: Demand of Pumps +20 %."
    macros.undo_last_run()
    changed = differences(before, content_of(book, results=False, leave_out=(UNDO_SHEET,)))
    assert not changed, list(changed)[:5]


def test_risk_fills_its_tables(book, said):  # noqa: F811
    macros.risk()
    assert said[-1][0].startswith("500 samples: margin ")
    assert [row[0] for row in rows(book, "tblTornado")] == ["Forecast error"]


def test_roll_forward_wants_a_published_plan_and_can_be_undone(book, said):  # noqa: F811
    macros.roll_forward()
    assert "is not published, so it would be lost; publish first." in said[-1][0]
    macros.publish()
    before = content_of(book, results=False, leave_out=(UNDO_SHEET,))
    macros.roll_forward()
    assert said[-1][0].startswith("Rolled forward: the plan now starts in 2027-02.")
    macros.undo_last_run()
    changed = differences(before, content_of(book, results=False, leave_out=(UNDO_SHEET,)))
    assert not changed, list(changed)[:5]
    tables_of(book)["tblStock"].data_body_range[0, 2].value = None
    macros.roll_forward()
    assert said[-1][0].startswith("Nothing was rolled: Sales of 2027-01 are missing for Pumps")
    assert rows(book, "tblFindings")[0][4] == "actual_sales_known"


def test_sign_and_reopen_keep_a_log_and_can_be_undone(book, said):  # noqa: F811
    before = content_of(book, results=False, leave_out=(UNDO_SHEET,))
    macros.sign("Ann", "As agreed.")
    assert said[-1][0].startswith("Data gathering is signed (digest ")
    macros.undo_last_run()
    assert differences(before, content_of(book, results=False, leave_out=(UNDO_SHEET,))) == {}
    macros.sign("Ann")
    macros.reopen("Data gathering", "Wrong count.")
    assert said[-1] == ("Data gathering is open again.", "info")
    assert [row[3] for row in rows(book, "tblCycleLog")] == ["Signed", "Reopened"]
    macros.reopen("Nothing")
    assert "'Nothing' is not a step of tblCycle" in said[-1][0]


PRESSES: Presses = {
    "publish": (), "run_scenarios": (), "risk": (), "sign": ("Ann",), "reopen": ("Data gathering",), "roll_forward": (),
    "adopt": (),
}  # fmt: skip


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> dict[int, dict[str, dict[str, int]]]:
    """Engine calls of each button, one after the other on one workbook, for 10 and for 300 items."""
    counted: dict[int, dict[str, dict[str, int]]] = {}
    for items in (10, 300):
        names = [f"I{number}" for number in range(items)]
        months = {f"2026-{month:02d}": [100.0] * items for month in range(1, 13)}
        given = {
            "tblItems": {"Item": names, "Family": ["Pumps" if n % 2 else "Valves" for n in range(items)]},
            "tblHistory": {"Item": names, "Region": "", **months},
            "tblScenarios": LEVERS, "tblStock": SOLD, "tblCycle": CYCLE,
        }  # fmt: skip
        tables = company(**given)
        path = tmp_path_factory.mktemp("calls") / f"{items}.xlsm"
        path.write_bytes(recalculate_bytes(workbook_bytes(raw_company(**given), tables, run_cycle(tables))))
        workbook = open_book(path)
        workbook.names[SCENARIO_NAME].refers_to_range.value = "Boom"
        counted[items], messages = calls_and_messages(workbook, PRESSES, path.parent / "state")
        assert [text for text, mode in messages if mode == "critical"] == []
        workbook.close()
    return counted


@pytest.mark.parametrize("button", [*PRESSES])
def test_the_number_of_engine_calls_does_not_grow_with_items(calls, button):
    """But for a table or two that happens to be empty or to keep its size, and for the status bar, which follows the
    clock: what takes longer says more often how far it is."""
    small, large = (
        sum(count for name, count in calls[items][button].items() if name != "show_status") for items in (10, 300)
    )
    assert small > 10
    assert abs(large - small) <= 3
