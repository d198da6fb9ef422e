"""The ribbon's buttons, run on a closed workbook as the calling one."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlwings as xw
from companies import company, raw_company
from workbooks import content_of, differences, watch

from sop_addin import cli_output, macros, running, stop
from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.layout import UNDO_SHEET
from sop_addin.excel.template import workbook_bytes
from sop_addin.model.schema import GRID_BY_NAME
from sop_addin.planning.cycle import STEPS, run_cycle


@pytest.fixture(scope="module")
def template() -> bytes:
    return recalculate_bytes(workbook_bytes(raw_company(), company()))


BUTTONS = ("check", "forecast", "aggregate", "balance", "rough_cut", "run_all", "publish", "accuracy", "undo_last_run")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Reports and the file that asks to stop stay away from the user's own."""
    monkeypatch.setattr(cli_output, "state_folder", lambda: tmp_path / "state")
    monkeypatch.setattr(stop, "state_folder", lambda: tmp_path / "state")
    monkeypatch.setattr(running, "state_folder", lambda: tmp_path / "state")


@pytest.fixture
def book(template, tmp_path):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    book = open_book(path)
    book.set_mock_caller()
    yield book
    book.close()


@pytest.fixture
def said(book, monkeypatch) -> list[tuple[str, str | None]]:
    """(message, mode) of every message box."""
    messages: list[tuple[str, str | None]] = []
    monkeypatch.setattr(xw.App, "alert", lambda self, text, title, mode=None: messages.append((text, mode)))
    return messages


def tables_of(book) -> dict:
    return {table.name: table for sheet in book.sheets for table in sheet.tables}


def rows(book, name: str) -> list[list]:
    return tables_of(book)[name].data_body_range.options(ndim=2).value


def test_run_all_plans_and_says_so_in_one_message(book, said):
    macros.run_all()
    assert len(said) == 1
    assert said[0][0].startswith("Plan solved: cost ")
    assert said[0][1] == "info"
    assert book.app.status_bar == said[0][0]
    assert dict(rows(book, "tblResult"))["Status"] == "Optimal"


def test_the_three_steps_one_by_one_give_the_plan_of_all_steps(book, said):
    macros.forecast()
    macros.aggregate()
    macros.balance()
    assert [message.split()[0] for message, _ in said] == ["3", "Demand", "Plan"]
    step_by_step = dict(rows(book, "tblResult"))["Objective"]
    assert step_by_step == pytest.approx(run_cycle(company(), STEPS).balance.objective, rel=1e-9)


def test_accuracy_fills_its_sheet_and_undo_empties_it_again(book, said):
    before = content_of(book, results=False, leave_out=(UNDO_SHEET,))
    macros.accuracy()
    assert said[0][0].startswith("Forecast of families: WMAPE ")
    assert said[0][0].endswith("(sheet Accuracy).")
    levels = [row[0] for row in rows(book, "tblAccuracy")]
    assert levels.count("Item") == 3
    assert {row[0] for row in rows(book, "tblSegments")} == {"P1", "P2", "V1"}
    macros.undo_last_run()
    after = content_of(book, results=False, leave_out=(UNDO_SHEET,))
    assert differences(before, after) == {}


def test_accuracy_tries_nothing_while_the_tables_have_errors(book, said):
    tables_of(book)["tblItems"].data_body_range[0, 2].value = "Pmups"
    macros.accuracy()
    assert said[0][0].startswith("Nothing was tried: ")
    assert rows(book, "tblAccuracy") == [[None] * 14]


def test_publish_keeps_the_plan_of_the_last_run_and_approves_its_production(book, said):
    macros.publish()
    assert said[-1] == ("Publish: Plan Data holds no plan yet; run all steps, then publish.", "critical")
    macros.run_all()
    macros.publish()
    assert said[-1][0].startswith("Plan 2027-01 is published by ")
    (version,) = macros.read_tables(book).versions
    assert version.name == "2027-01"
    approved = macros.read_tables(book).production_plan.set_index(["Family", "Period"])["Approved plan"]
    planned = version.production.set_index(["Family", "Period"])["Planned"]
    assert approved.reindex(planned.index).tolist() == pytest.approx(planned.tolist(), abs=1e-6)
    macros.publish()
    assert [version.name for version in macros.read_tables(book).versions] == ["2027-01", "2027-01 (2)"]
    macros.undo_last_run()
    assert [version.name for version in macros.read_tables(book).versions] == ["2027-01"]


def test_the_published_plan_is_what_the_bridge_begins_with_and_undo_gives_typed_figures_back(book, said):
    table = tables_of(book)["tblApproved"]
    sheet, top, left = table.range.sheet, table.range.row, table.range.column
    table.resize(sheet.range((top, left), (top + 2, left + table.range.shape[1] - 1)))
    sheet.range((top + 1, left)).value = [["Pumps", "2027-01", None, None, 7.5], ["Gears", "2027-01", None, None, 1.0]]
    macros.run_all()
    typed = rows(book, "tblApproved")
    macros.publish()
    assert said[-1][0].endswith(
        "Replaced of the plan approved before: 1 figures in tblApproved, 0 rates in tblRates. "
        "Undo last run brings them back."
    )
    approved = macros.read_tables(book).approved
    assert len(approved) == 2 * 6 + 1
    macros.run_all()
    bridge = [row for row in rows(book, "tblBridge") if row[0] == "Approved plan"]
    assert len(bridge) == 2 * 6
    margin = dict(rows(book, "tblResult"))["Margin"]
    assert sum(row[3] for row in bridge) == pytest.approx(margin, abs=1)
    assert sum(row[-1] for row in bridge) == pytest.approx(margin, abs=1e-3)
    sheet.range((top + 1, left + 4)).value = 8.5
    corrected = rows(book, "tblApproved")
    macros.publish()
    assert rows(book, "tblApproved") != corrected
    macros.undo_last_run()
    assert rows(book, "tblApproved") == corrected
    assert [row for row in rows(book, "tblApproved") if row[0] == "Gears"] == typed[1:]


def test_rough_cut_names_what_a_plan_typed_by_hand_overloads(book, said):
    macros.run_all()
    grid = book.names["ProductionPlan"].refers_to_range
    cells = grid.options(ndim=2).value
    column = len(GRID_BY_NAME["ProductionPlan"].lead_headers)
    row = next(at for at, line in enumerate(cells) if line[0] == "Pumps" and line[2] == "Fixed production")
    grid.sheet.range((grid.row + row, grid.column + column)).value = 900
    macros.rough_cut()
    assert said[-1][0].startswith("Rough cut: ")
    assert "overloaded" in said[-1][0]
    assert "rough_cut_capacity" in [line[4] for line in rows(book, "tblFindings")]
    assert dict(rows(book, "tblResult"))["Status"] == "Optimal"  # of the last solve, still there


def test_check_lists_findings_and_plans_nothing(book, said):
    macros.check()
    assert said[0][0].startswith("Check: ")
    assert dict(rows(book, "tblResult")).get("Status") != "Optimal"


def test_errors_in_the_tables_are_listed_and_nothing_else_changes(book, said):
    area = tables_of(book)["tblItems"].data_body_range
    area[0, 2].value = "Pmups"
    before = {sheet.name: sheet.used_range.formula for sheet in book.sheets if sheet.name not in ("Checks", UNDO_SHEET)}
    macros.run_all()
    assert said[0][0].startswith("Nothing was planned: ")
    assert said[0][1] == "critical"
    assert any("Pmups" in str(row) for row in rows(book, "tblFindings"))
    assert {
        sheet.name: sheet.used_range.formula for sheet in book.sheets if sheet.name not in ("Checks", UNDO_SHEET)
    } == before


def test_a_failure_is_one_sentence_and_no_traceback(book, said, monkeypatch):
    def broken(*words, **more):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(macros, "run_cycle", broken)
    macros.run_all()
    text, mode = said[0]
    assert text.startswith("Unexpected ZeroDivisionError: division by zero. Please report it with the file ")
    assert "Traceback" in Path(text.rsplit("file ", 1)[1].rstrip(".")).read_text(encoding="utf-8")
    assert mode == "critical"


def test_a_workbook_that_is_not_ours_is_told_so(tmp_path, monkeypatch):
    import openpyxl

    path = tmp_path / "Other.xlsx"
    openpyxl.Workbook().save(path)
    other = open_book(path)
    other.set_mock_caller()
    messages: list[str] = []
    monkeypatch.setattr(xw.App, "alert", lambda self, text, title, mode=None: messages.append(text))
    macros.balance()
    other.close()
    assert messages == ["Other.xlsx is not an S&OP workbook: table tblItems is missing; make one with `sop-addin new`"]


# --- undo, failures, stop, calls --------------------------------------------------------------------------------------


def test_the_last_run_is_undone_once(book, said):
    before = content_of(book, leave_out=(UNDO_SHEET,), results=False)
    macros.run_all()
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,), results=False))
    macros.undo_last_run()
    assert said[1][0].startswith("Undone: Run all steps, ")
    assert said[1][0].endswith(". What you typed since then is still there.")
    assert said[1][1] == "info"
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,), results=False)) == {}
    macros.undo_last_run()
    assert said[2][0].startswith("There is nothing to undo: no run has written into this workbook, or the last one ")
    assert said[2][1] == "critical"


def test_a_check_is_undone_too(book, said):
    before = content_of(book, leave_out=(UNDO_SHEET,), results=False)
    macros.check()
    macros.undo_last_run()
    assert said[1][0].startswith("Undone: Check, ")
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,), results=False)) == {}


@pytest.mark.parametrize("button", ["check", "forecast", "run_all"])
def test_a_button_that_dies_while_writing_changes_nothing_and_says_so(book, said, button):
    before = content_of(book, results=False)
    watched = watch(book)
    failures = 0
    while True:
        watched.changes, watched.fail_at = 0, failures + 1
        getattr(macros, button)()
        if watched.changes < watched.fail_at:
            break
        failures += 1
        assert len(said) == failures
        assert said[-1][0].startswith(
            "Unexpected ConnectionError: Excel went away. Nothing was changed: every sheet is as it was before. Please "
        )
        assert differences(before, content_of(book, results=False)) == {}, failures
    assert failures >= 3
    assert len(said) == failures + 1
    assert said[-1][1] == "info"


def test_a_stop_asked_for_between_items_changes_nothing(book, said, monkeypatch):
    before = content_of(book)
    told = []

    def telling(self, text):
        told.append(text)
        if text.startswith("Forecasting items"):
            stop.ask_to_stop()

    monkeypatch.setattr(xw.App, "status_bar", property(lambda self: told[-1], telling))
    macros.run_all()
    assert said == [("Stopped; nothing was changed.", "info")]
    assert not any("Balancing" in text or "Writing" in text for text in told)
    assert told[-1] == "Stopped; nothing was changed."
    assert differences(before, content_of(book)) == {}
    assert not stop.stop_file().exists()


def test_a_stop_asked_for_at_the_last_moment_before_writing_changes_nothing(book, said, monkeypatch):
    before = content_of(book)
    solved = macros.run_cycle

    def stopping(*words, **more):
        plan = solved(*words, **more)
        stop.ask_to_stop()
        return plan

    monkeypatch.setattr(macros, "run_cycle", stopping)
    macros.run_all()
    assert said == [("Stopped; nothing was changed.", "info")]
    assert differences(before, content_of(book)) == {}


def test_a_stop_of_yesterday_stops_nothing(book, said):
    stop.ask_to_stop()
    macros.check()
    assert said[0][0].startswith("Check: ")


Presses = dict[str, tuple[str, ...]]
"""Button -> the texts that go to its macro."""


def calls_and_messages(workbook: xw.Book, presses: Presses, state: Path) -> tuple[dict, list[tuple[str, str | None]]]:
    """Press buttons one after the other: engine calls of each by kind, and (text, mode) of every message.

    Whoever is asked presses the first button of the box. ``state``: a folder instead of the user's own.
    """
    counted: dict[str, dict[str, int]] = {}
    said: list[tuple[str, str | None]] = []

    def alert(self, text, title, mode=None, buttons="ok"):
        said.append((text, mode))
        return buttons.split("_")[0]

    workbook.set_mock_caller()
    watched = watch(workbook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stop, "state_folder", lambda: state)
        patch.setattr(running, "state_folder", lambda: state)
        patch.setattr(xw.App, "alert", alert)
        for button, texts in presses.items():
            watched.calls.clear()
            getattr(macros, button)(*texts)
            counted[button] = dict(watched.calls)
    return counted, said


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> dict[int, dict[str, dict[str, int]]]:
    """Engine calls of each button, one after the other on one workbook, for 10 and for 1,000 items."""
    counted: dict[int, dict[str, dict[str, int]]] = {}
    for items in (10, 1000):
        names = [f"I{number}" for number in range(items)]
        months = {f"2026-{month:02d}": [100.0] * items for month in range(1, 13)}
        tables = {
            "tblItems": {"Item": names, "Family": ["Pumps" if n % 2 else "Valves" for n in range(items)]},
            "tblHistory": {"Item": names, "Region": "", **months},
        }
        path = tmp_path_factory.mktemp("calls") / f"{items}.xlsm"
        path.write_bytes(workbook_bytes(raw_company(**tables), company(**tables)))
        workbook = open_book(path)
        presses = BUTTONS_WITHOUT_TEXTS | files_to_import(path.parent, names)
        counted[items], said = calls_and_messages(workbook, presses, path.parent / "state")
        first_words = [text.split()[0] for text, _ in said]
        assert first_words == [
            "Check:", f"{items:,}", "Demand", "Plan", "Rough", "Plan", "Plan", "Forecast", "Undone:", "Copy",
            "sales.csv:", "Import", "budget.csv:", "Import",
        ]  # fmt: skip
        assert [text for text, _ in said if "nothing" in text] == []
        workbook.close()
    return counted


BUTTONS_WITHOUT_TEXTS: Presses = dict.fromkeys((*BUTTONS, "mail_copy"), ())
IMPORTS = ("import_history", "import_budget")


def files_to_import(folder: Path, items: list[str]) -> Presses:
    """A month of sales of every item and as many new ones, and a budget of a year."""
    sales = [f"{item};;2027-01;7" for name in items for item in (name, f"N{name}")]
    (folder / "sales.csv").write_text("\n".join(["Item;Region;Period;Quantity", *sales]), encoding="utf-8")
    budget = [f"{family};2027-{month:02d};5" for family in ("Pumps", "Valves") for month in range(1, 13)]
    (folder / "budget.csv").write_text("\n".join(["Family;Period;Revenue", *budget]), encoding="utf-8")
    return {"import_history": (str(folder / "sales.csv"),), "import_budget": (str(folder / "budget.csv"),)}


@pytest.mark.parametrize("button", [*BUTTONS_WITHOUT_TEXTS, *IMPORTS])
def test_the_number_of_engine_calls_does_not_grow_with_items(calls, button):
    assert calls[10][button]
    assert calls[10][button] == calls[1000][button]


# --- mail copy, stop, one step at a time ------------------------------------------------------------------------------


def test_a_mail_copy_lies_beside_the_workbook_and_replaces_none(book, said, tmp_path):
    before = (tmp_path / "Plan.xlsm").read_bytes()
    macros.mail_copy("", "", "yes")
    macros.mail_copy("", "", "yes")
    assert [path.name for path in sorted(tmp_path.glob("*.xlsx"))] == ["Plan - copy (2).xlsx", "Plan - copy.xlsx"]
    assert said[0] == (f"Copy written: {tmp_path / 'Plan - copy.xlsx'} (as the workbook was last saved).", "info")
    assert (tmp_path / "Plan.xlsm").read_bytes() == before


def test_a_mail_copy_for_somebody_unknown_is_one_sentence(book, said, tmp_path):
    macros.mail_copy("Nobody", "yes", "")
    assert said == [("Owner 'Nobody' is not in tblFamilies, Owner, which is empty.", "critical")]
    assert not list(tmp_path.glob("*.xlsx"))


def test_a_step_pressed_while_another_runs_changes_nothing(book, said):
    before = content_of(book)
    with running.once(book.fullname):
        macros.run_all()
    assert said == [("A step of this workbook is still running. Wait until it ends, or stop it.", "critical")]
    assert differences(before, content_of(book)) == {}


def test_stop_asks_the_step_that_runs_and_says_when_there_is_none(book, said):
    macros.stop_run()
    assert said == [("No step of this workbook is running.", "info")]
    assert not stop.stop_file().exists()
    with running.once(book.fullname):
        macros.stop_run()
        assert stop.stop_file().exists()
    assert len(said) == 1


# --- import -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(book, monkeypatch) -> list[str]:
    """Questions that were put to the planner; ``asked.answer`` is what they press."""

    class Asked(list):
        answer = "ok"

    questions = Asked()

    def alert(self, text, title, buttons="ok", mode=None):
        questions.append(text)
        return questions.answer

    monkeypatch.setattr(xw.App, "alert", alert)
    return questions


def sales_file(tmp_path, text: str) -> str:
    path = tmp_path / "Verkäufe 'neu'.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_import_asks_with_what_it_found_and_writes_after_ok(book, asked, tmp_path):
    macros.import_history(sales_file(tmp_path, "Item;Region;2027-01\nP1;North;1.234,5\n"))
    assert "1 figures are new, 0 differ" in asked[0]
    assert asked[0].endswith("Write 1 new figures?")
    assert asked[1] == "Import history: 1 figures are new, 0 replaced."
    header = tables_of(book)["tblHistory"].header_row_range.value
    assert header[-1] == "2027-01"
    assert rows(book, "tblHistory")[0][-1] == 1234.5
    assert any("columns_read" in str(row) for row in rows(book, "tblFindings"))


def test_import_changes_nothing_when_the_planner_says_no(book, asked, tmp_path):
    asked.answer = "cancel"
    before = content_of(book, leave_out=("Checks", UNDO_SHEET))
    macros.import_history(sales_file(tmp_path, "Item;Region;2027-01\nP1;North;5\n"))
    assert "as you wished" in asked[1]
    assert differences(before, content_of(book, leave_out=("Checks", UNDO_SHEET))) == {}


def test_import_leaves_new_items_out_when_the_planner_says_no_to_them(book, asked, tmp_path):
    asked.answer = "no"
    macros.import_history(sales_file(tmp_path, "Item;Region;2027-01\nP1;North;5\nNEW;North;5\n"))
    assert "No: without the new items." in asked[0]
    assert [row[0] for row in rows(book, "tblHistory") if row[-1] is not None] == ["P1"]


def test_import_is_undone_columns_and_rows_included(book, asked, tmp_path):
    asked.answer = "yes"
    before = content_of(book, leave_out=("Checks", UNDO_SHEET))
    macros.import_history(sales_file(tmp_path, "Item;Region;2023-12;2027-01\nP1;North;5;6\nNEW;North;5;7\n"))
    assert len(differences(before, content_of(book, leave_out=("Checks", UNDO_SHEET)))) > 10
    macros.undo_last_run()
    assert asked[-1].startswith("Undone: Import history")
    after = content_of(book, leave_out=("Checks", UNDO_SHEET))
    assert differences(before, after) == {}


def test_an_import_that_fails_while_it_writes_leaves_the_sheets_as_they_were(book, asked, tmp_path):
    asked.answer = "yes"
    before = content_of(book, leave_out=("Checks", UNDO_SHEET))
    watch(book).refuses = "History"
    macros.import_history(sales_file(tmp_path, "Item;Region;2027-01\nP1;North;5\nNEW;North;5\n"))
    assert "Nothing was changed" in asked[-1]
    assert differences(before, content_of(book, leave_out=("Checks", UNDO_SHEET))) == {}


def test_a_budget_of_an_unknown_family_is_left_out_by_name(book, asked, tmp_path):
    macros.import_budget(sales_file(tmp_path, "Family;Period;Revenue\nPumps;2027-03;5\nPipes;2027-03;700\n"))
    assert "Left out: Pipes." in asked[0]
    assert [row[0] for row in rows(book, "tblBudget")] == ["Pumps", "Valves", "Pumps"]


def test_a_file_that_cannot_be_read_is_one_sentence(book, asked, tmp_path):
    macros.import_history(sales_file(tmp_path, "nothing;to\nsee;here"))
    assert asked == ["Import history: nothing was imported. What is wrong is on sheet Checks."]
    macros.import_budget(str(tmp_path / "gone.csv"))
    assert "is no file" in asked[1]
