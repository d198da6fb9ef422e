"""Undo last run: what a run overwrote comes back exactly, what was typed since stays, a failed run leaves no trace."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from companies import company, raw_company
from workbooks import content_of, differences, watch

from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel import undo_store
from sop_addin.excel.blocks import Formula
from sop_addin.excel.layout import UNDO_SHEET
from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.undo import undo_last_run, undoable
from sop_addin.excel.undo_store import Area, content_after, content_before, kept_of
from sop_addin.excel.write_plan import parts_written, write_plan
from sop_addin.model import packed_text
from sop_addin.model.errors import WorkbookError
from sop_addin.planning.cycle import STEPS, run_cycle


@pytest.fixture(scope="module")
def template() -> bytes:
    return recalculate_bytes(workbook_bytes(raw_company(), company()))


@pytest.fixture
def book(template, tmp_path):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    book = open_book(path)
    yield book
    book.close()


def run(book, steps=STEPS, title="Run all steps", scenario="Base"):
    plan = run_cycle(read_tables(book), steps, scenario=scenario)
    assert not plan.findings.errors, [str(finding) for finding in plan.findings.errors]
    with undoable(book, title, parts_written(plan), plan.tables.settings.bucket):
        write_plan(book, plan)
    book.app.calculate()
    return plan


def undo(book) -> str:
    said = undo_last_run(book)
    book.app.calculate()
    return said


def table(book, name: str):
    return next(table for sheet in book.sheets for table in sheet.tables if table.name == name)


def cell(book, grid: str, key: tuple[str, ...], header: str):
    """The xlwings cell of a grid row, by its keys and measure, and a column."""
    area = book.names[grid].refers_to_range
    rows = area.options(ndim=2).value
    lead = [rows[0].index(name) for name in ("Family", "Source", "Resource", "Measure") if name in rows[0]]
    row = next(n for n, row in enumerate(rows) if tuple(row[column] or "" for column in lead) == key)
    return area[row, rows[0].index(header)]


def setting(book, name: str, value) -> None:
    body = table(book, "tblSettings").data_body_range
    line = next(index for index, row in enumerate(body.options(ndim=2).value) if row[0] == name)
    body[line, 1].value = value


def add_family(book) -> None:
    for name, row in (
        ("tblFamilies", {"Family": "Seals", "Unit": "box", "Price": 9}),
        ("tblSources", {"Family": "Seals", "Source": "Supplier", "Kind": "Buy", "Unit cost": 3}),
    ):
        found = table(book, name)
        area = found.range
        last = (area.row + area.shape[0], area.column + area.shape[1] - 1)
        found.resize(area.sheet.range((area.row, area.column), last))
        headers = found.header_row_range.options(ndim=1).value
        for header, value in row.items():
            area.sheet.range((last[0], area.column + headers.index(header))).value = value


CHANGES = {
    "nothing": lambda book: None,
    "a new family": add_family,
    "a later plan start": lambda book: setting(book, "Plan start", "'2027-02"),
    "a shorter horizon": lambda book: setting(book, "Horizon", 3),
    "a longer horizon and a family": lambda book: (setting(book, "Horizon", 9), add_family(book)),
}


def make_rich(book) -> None:
    """Inputs, formulas, texts that Excel would take for something else, rows and columns of the planner's own."""
    cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02").value = 77
    cell(book, "SalesPlan", ("Valves", "Override"), "2027-03").formula = "=40+2"
    cell(book, "SalesPlan", ("Pumps", "Override reason"), "2027-02").value = "'=trade fair"
    cell(book, "SalesPlan", ("Pumps", "Override reason"), "2027-03").value = "'00123"
    cell(book, "ProductionPlan", ("Valves", "", "Fixed production"), "2027-03").value = 31
    cell(book, "SalesPlan", ("Pumps", "Statistical forecast"), "2027-01").value = "'=typed over"
    cell(book, "SalesPlan", ("Pumps", "Statistical forecast"), "2027-04").formula = "=1/0"
    result = table(book, "tblResult").range
    table(book, "tblResult").resize(
        result.sheet.range((result.row, result.column), (result.row + result.shape[0], result.column + 1))
    )
    result.sheet.range((result.row + result.shape[0], result.column)).value = ["My figure", "'007"]
    book.app.calculate()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("planned", [False, True], ids=["first run", "later run"])
def test_every_cell_size_and_name_comes_back_after_save_and_reopen(book, tmp_path, change, planned):
    make_rich(book)
    if planned:
        run(book)
    CHANGES[change](book)
    book.app.calculate()
    before = content_of(book, leave_out=(UNDO_SHEET,))
    run(book)
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,)))
    path = tmp_path / "Later.xlsm"
    book.save(path)
    later = open_book(path)
    assert undo(later).startswith("Undone: Run all steps, ")
    assert differences(before, content_of(later, leave_out=(UNDO_SHEET,))) == {}
    later.save()
    later.close()
    again = open_book(path)
    with pytest.raises(WorkbookError, match="There is nothing to undo"):
        undo_last_run(again)
    assert again.sheets[UNDO_SHEET].used_range.value is None
    again.close()


@pytest.mark.parametrize("steps", [("forecast",), ("forecast", "aggregate"), ("balance",)], ids="+".join)
def test_single_steps_are_undone(book, steps):
    run(book)
    cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02").value = 77
    book.app.calculate()
    before = content_of(book, leave_out=(UNDO_SHEET,))
    run(book, steps)
    undo(book)
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,))) == {}


def test_a_run_writes_nothing_but_the_parts_it_keeps(book):
    names = {}
    for steps in (("forecast",), STEPS):
        plan = run_cycle(read_tables(book), steps)
        names[steps] = parts_written(plan)
    assert "tblItemPlan" not in names["forecast",]
    assert set(names[STEPS]) == {
        *("SalesPlan", "ProductionPlan", "InventoryPlan", "CapacityPlan", "FinancePlan", "Workings"),
        *("tblForecast", "tblExplanation", "tblCleaning", "tblItemPlan", "tblEventEffects", "tblKpis", "tblPlan"),
        *(
            "tblKpiTrend",
            "tblLagAccuracy",
            "tblValueAdded",
            "tblBridge",
            "tblResult",
            "tblFindings",
            "tblLimits",
            "tblSpare",
            "tblDrivers",
            "tblChanges",
            "tblLifecycle",
        ),
    }


def test_only_the_last_run_is_undone(book):
    run(book)
    setting(book, "Horizon", 4)
    book.app.calculate()
    before = content_of(book, leave_out=(UNDO_SHEET,))
    run(book)
    undo(book)
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,))) == {}
    with pytest.raises(WorkbookError, match="nothing to undo"):
        undo_last_run(book)


@pytest.mark.parametrize("change", ["nothing", "a new family", "a later plan start"])
def test_what_was_typed_after_the_run_stays(book, change):
    make_rich(book)
    CHANGES[change](book)
    before = content_of(book, leave_out=(UNDO_SHEET,))
    run(book)
    cell(book, "SalesPlan", ("Valves", "Override"), "2027-04").value = 55
    cell(book, "SalesPlan", ("Valves", "Override"), "2027-03").value = None
    cell(book, "SalesPlan", ("Valves", "Override reason"), "2027-04").value = "'=why not"
    cell(book, "ProductionPlan", ("Pumps", "", "Fixed production"), "2027-05").formula = "=20+1"
    table(book, "tblItems").data_body_range[0, 2].value = "renamed"
    body = table(book, "tblResult").data_body_range
    own = next(n for n, row in enumerate(body.options(ndim=2).value) if row[0] == "My figure")
    body[own, 1].value = "my own"
    undo(book)
    assert cell(book, "SalesPlan", ("Valves", "Override"), "2027-04").value == 55
    assert cell(book, "SalesPlan", ("Valves", "Override"), "2027-03").value is None
    assert cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02").value == 77
    assert cell(book, "SalesPlan", ("Valves", "Override reason"), "2027-04").formula == "=why not"
    assert cell(book, "SalesPlan", ("Valves", "Override reason"), "2027-04").value == "=why not"
    assert cell(book, "ProductionPlan", ("Pumps", "", "Fixed production"), "2027-05").formula == "=20+1"
    assert table(book, "tblItems").data_body_range[0, 2].value == "renamed"
    assert dict(table(book, "tblResult").data_body_range.options(ndim=2).value)["My figure"] == "my own"
    changed = differences(before, content_of(book, leave_out=(UNDO_SHEET,)))
    assert {key.partition("!")[0] for key in changed} <= {
        *("Sales Plan", "Production Plan", "Inventory Plan", "Finance", "Capacity", "Items", "Home", "Workings"),
        "Finance Summary",
    }
    area = book.names["SalesPlan"].refers_to_range
    assert [key for key in changed if key in ("names", "tblPlan", "tblItemPlan", "tblForecast")] == []
    assert area.shape[0] == 21


def test_own_columns_and_notes_typed_after_the_run_stay(book):
    area = table(book, "tblItemPlan").range
    area.sheet.range((area.row, area.column + area.shape[1])).value = "My remark"
    last = (area.row + area.shape[0] - 1, area.column + area.shape[1])
    table(book, "tblItemPlan").resize(area.sheet.range((area.row, area.column), last))
    run(book)
    body = table(book, "tblItemPlan").data_body_range
    body[0, area.shape[1]].value = "looks low"
    grid = book.names["SalesPlan"].refers_to_range
    note = grid.sheet.range((grid.row + grid.shape[0] + 2, 1))
    note.value = "typed later"
    undo(book)
    assert table(book, "tblItemPlan").data_body_range.options(ndim=2).value[0][-1] == "looks low"
    assert note.value == "typed later"


def test_a_note_where_a_plan_must_grow_again_stays_and_nothing_is_undone(book):
    run(book)
    setting(book, "Horizon", 3)
    run(book)
    area = table(book, "tblItemPlan").range
    note = area.sheet.range((area.row + area.shape[0] + 1, 2))
    note.value = "typed later"
    before = content_of(book, results=False)
    with pytest.raises(WorkbookError, match="is in the way") as raised:
        undo_last_run(book)
    assert raised.value.__notes__ == ["Nothing was changed: every sheet is as it was before."]
    assert differences(before, content_of(book, results=False)) == {}
    note.value = None
    undo(book)


def test_what_has_no_place_in_the_plan_before_is_named_and_nothing_is_undone(book):
    add_family(book)
    run(book)
    target = cell(book, "SalesPlan", ("Seals", "Override"), "2027-02")
    target.value = 12
    before = content_of(book, results=False)
    with pytest.raises(WorkbookError, match=f"Sales Plan!{target.get_address(False, False)} was changed after the run"):
        undo_last_run(book)
    assert differences(before, content_of(book, results=False)) == {}


def test_a_plan_that_was_laid_out_by_hand_since_is_not_undone(book):
    run(book)
    area = book.names["SalesPlan"].refers_to_range
    longer = area.sheet.range((area.row, area.column), (area.row + area.shape[0], area.column + area.shape[1] - 1))
    book.names["SalesPlan"].refers_to = f"='Sales Plan'!{longer.get_address()}"
    assert area.shape[0] == 21
    with pytest.raises(WorkbookError, match="Sales Plan: rows or columns were inserted"):
        undo_last_run(book)


def failure_of(book, plan, kind, *, after=None):
    """What a run of ``plan`` raised; ``after`` is raised when all is written."""
    try:
        with undoable(book, "Run all steps", parts_written(plan), "Month"):
            write_plan(book, plan)
            if after is not None:
                raise after
    except kind as error:
        return error
    return None


@pytest.mark.parametrize("change", ["nothing", "a new family", "a shorter horizon"])
def test_a_run_that_dies_at_any_write_leaves_everything_as_before(template, tmp_path, change):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template)
    book = open_book(path)
    make_rich(book)
    run(book, title="Earlier run")
    CHANGES[change](book)
    plan = run_cycle(read_tables(book))
    before = content_of(book, results=False)
    watched = watch(book)
    failures = 0
    while True:
        watched.changes, watched.fail_at = 0, failures + 1
        error = failure_of(book, plan, ConnectionError)
        if error is None:
            break
        failures += 1
        assert error.__notes__ == ["Nothing was changed: every sheet is as it was before."]
        assert differences(before, content_of(book, results=False)) == {}, failures
    assert failures > 12
    watched.fail_at = None
    undo_last_run(book)
    assert differences(
        {key: value for key, value in before.items() if not key.startswith(UNDO_SHEET)},
        content_of(book, leave_out=(UNDO_SHEET,), results=False),
    ) == {}  # fmt: skip
    book.close()


@pytest.mark.parametrize("sheet", ["Sales Plan", "Finance", "Item Plan", "Checks"])
@pytest.mark.parametrize("change", ["nothing", "a new family", "a shorter horizon"])
def test_a_sheet_that_refuses_to_be_written_stops_the_run_and_all_others_are_put_back(book, sheet, change):
    make_rich(book)
    run(book)
    CHANGES[change](book)
    plan = run_cycle(read_tables(book))
    before = content_of(book, results=False)
    watch(book).refuses = sheet
    error = failure_of(book, plan, PermissionError)
    assert error.__notes__ == ["Nothing was changed: every sheet is as it was before."]
    assert differences(before, content_of(book, results=False)) == {}


def test_an_undo_that_dies_at_any_write_leaves_everything_as_before(book):
    make_rich(book)
    add_family(book)
    run(book)
    before = content_of(book, results=False)
    watched = watch(book)
    failures = 0
    while True:
        watched.changes, watched.fail_at = 0, failures + 1
        try:
            undo_last_run(book)
        except ConnectionError:
            failures += 1
            assert differences(before, content_of(book, results=False)) == {}, failures
        else:
            break
    assert failures > 12


class Killed(BaseException):
    """The process ended: nothing could be put back."""


def test_a_run_that_was_killed_is_put_back_by_undo(book, monkeypatch):
    make_rich(book)
    add_family(book)
    before = content_of(book, leave_out=(UNDO_SHEET,), results=False)
    plan = run_cycle(read_tables(book))
    monkeypatch.setattr("sop_addin.excel.undo.put_back", lambda *words: (_ for _ in ()).throw(OSError("gone")))
    assert "press Undo last run" in failure_of(book, plan, Killed, after=Killed()).__notes__[0]
    monkeypatch.undo()
    assert "which had not ended" in undo_last_run(book)
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,), results=False)) == {}


def test_what_was_typed_after_a_killed_run_stays(book, monkeypatch):
    plan = run_cycle(read_tables(book))
    monkeypatch.setattr("sop_addin.excel.undo.put_back", lambda *words: (_ for _ in ()).throw(OSError("gone")))
    failure_of(book, plan, Killed, after=Killed())
    monkeypatch.undo()
    cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02").value = 77
    undo_last_run(book)
    assert cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02").value == 77
    assert cell(book, "SalesPlan", ("Pumps", "Statistical forecast"), "2027-02").value is None


def test_a_workbook_without_the_sheet_gets_one_hidden(book, monkeypatch):
    monkeypatch.setattr(undo_store, "UNDO_SHEET", "Undo 2")
    before = content_of(book, results=False)
    run(book)
    assert book.sheets["Undo 2"].visible is False
    assert book.sheets.active.name == "Home"
    undo(book)
    assert differences(before, content_of(book, results=False)) == {}


def test_what_is_damaged_is_said_and_left_alone(book):
    run(book)
    before = content_of(book, leave_out=(UNDO_SHEET,))
    book.sheets[UNDO_SHEET].range("A5").value = "znonsense"
    with pytest.raises(WorkbookError, match="damaged"):
        undo_last_run(book)
    assert differences(before, content_of(book, leave_out=(UNDO_SHEET,))) == {}


CELLS = [
    [None, True, False, 0.1, -1e300, 5.0],
    ["", "=x", "00123", "zebra", "'quoted", "ümläut 漢字 \U0001f600"],
    [Formula("=1+1"), Formula('="a"&B2'), dt.datetime(2027, 1, 1), dt.datetime(2027, 1, 1, 23, 59, 59), "a\nb", "#N/A"],
]


def test_every_kind_of_cell_is_kept_as_it_is(monkeypatch):
    monkeypatch.setattr(packed_text, "CHARACTERS", 50)
    areas = [
        Area("tblX", "My 'sheet'", 3, 2, list("abcdef"), CELLS),
        Area("G", "S", 1, 1, ["a"], CELLS, [(("F", "S"), "Planned"), None], "Week"),
    ]
    content = content_before("Balance", areas)
    assert len(content) > 8
    started = kept_of(content)
    assert started is not None
    assert (started.title, started.before, started.after) == ("Balance", areas, None)
    ended = kept_of(content_after(content, areas[1:]))
    assert ended is not None
    assert (ended.before, ended.after) == (areas, {"G": areas[1]})
    kinds = [[type(value) for value in row] for row in ended.before[0].cells]
    assert kinds == [[type(value) for value in row] for row in CELLS]


def test_a_cell_holds_what_excel_takes_in_one_go(book):
    run(book)
    sheet = book.sheets[UNDO_SHEET]
    texts = [row[0] for row in sheet.used_range.options(ndim=2).value if isinstance(row[0], str)]
    assert len(texts) >= 3
    assert max(map(len, texts)) <= 8_203
    assert book.impl.backend.sheet_state(UNDO_SHEET) == "veryHidden"
    assert Path(book.fullname).exists()
