"""Cached values of formulas are right after a change, without Excel; what cannot be calculated is kept and named."""

import datetime as dt
import io
import logging

import pytest
import xlsxwriter

from sop_addin.engines.closed_file import open_book, recalculate_book, recalculate_bytes
from sop_addin.engines.closed_file.recalculate import with_own_table
from sop_addin.excel.blocks import Formula, read_block, write_block


def built(fill):
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "use_future_functions": True})
    fill(book)
    book.close()
    return buffer.getvalue()


def plan_with_tables(book):
    data = book.add_worksheet("Data")
    data.add_table(
        "A1:C4",
        {
            "name": "tblItems",
            "columns": [{"header": "Item"}, {"header": "Cost"}, {"header": "Twice", "formula": "=[@Cost]*2"}],
            "data": [["Pump", 10], ["Valve", 20], ["Hose", 30]],
        },
    )
    plan = book.add_worksheet("Plan")
    formulas = [
        "=SUM(tblItems[Cost])",
        "=SUM(INDEX(tblItems,0,2))",
        "=ROWS(tblItems)",
        '=VLOOKUP("Valve",tblItems,2,FALSE)',
        "=SUM(tblItems[Twice])",
        '=SUMIFS(tblItems[Cost],tblItems[Item],"P*")',
        '="tblItems"&1',
        '=IFERROR(1/0,"-")',
        "=1/0",
        "=Data!Z9",
        "=A1>5",
        "=Costs",
    ]
    for row, formula in enumerate(formulas):
        plan.write_formula(row, 0, formula, None, 999)
    book.define_name("Costs", "=SUM(tblItems[Cost])+ROWS(tblItems)")


WANTED = [60.0, 60.0, 3.0, 20.0, 120.0, 10.0, "tblItems1", "-", "#DIV/0!", 0.0, True, 63.0]


@pytest.fixture
def reopened(tmp_path):
    def reopen(data):
        path = tmp_path / "recalculated.xlsx"
        path.write_bytes(data)
        return open_book(path)

    return reopen


def test_a_built_workbook_gets_its_cached_values(reopened):
    book = reopened(recalculate_bytes(built(plan_with_tables)))
    assert [row[0] for row in read_block(book.sheets["Plan"]["A1:A12"])] == WANTED
    assert book.sheets["Data"]["C2:C4"].value == [20.0, 40.0, 60.0]


def test_equal_bytes_in_give_equal_bytes_out_and_a_second_pass_changes_nothing():
    data = built(plan_with_tables)
    once = recalculate_bytes(data)
    assert recalculate_bytes(data) == once
    assert recalculate_bytes(once) == once


def test_only_sheets_whose_results_changed_are_rewritten(parts):
    original = built(plan_with_tables)
    data, before = recalculate_bytes(original), parts(original)
    assert parts(recalculate_bytes(data)) == parts(data)
    changed = {name for name, content in parts(data).items() if before[name] != content}
    assert changed == {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"}


def test_what_cannot_be_calculated_keeps_its_value_and_is_reported(reopened, caplog):
    def fill(book):
        sheet = book.add_worksheet("S")
        sheet.write_formula("A1", "=SOP_TOTAL(1)", None, 7)
        sheet.write_formula("A2", "=A1+1", None, 8)
        sheet.write_formula("A3", "=1+1", None, 0)
        sheet.write_formula("A4", "=TODAY()", None, 45000)

    with caplog.at_level(logging.WARNING):
        data = recalculate_bytes(built(fill))
    assert reopened(data).sheets["S"]["A1:A4"].value == [7.0, 8.0, 2.0, 45000.0]
    assert [message.split(" keeps")[0] for message in caplog.messages] == ["S!A1", "S!A2", "S!A4"]
    book = reopened(data)
    outcome = recalculate_book(book, today=dt.date(2027, 3, 1))
    assert book.sheets["S"]["A4"].value == 46447.0
    assert set(outcome.unavailable) == {"S!A1", "S!A2"}
    assert "SOP_TOTAL" in outcome.unavailable["S!A1"]


def test_dynamic_arrays_spill_to_their_new_size(reopened, rich_workbook):
    book = open_book(rich_workbook)
    sales, plan = book.sheets["Sales Data"], book.sheets["Plan"]
    sales.tables["tblSales"].resize(sales["A1:D7"])
    write_block(sales["B2"], [[5], [1], [4], [2], [3]])
    book.app.calculate()
    assert plan["C1:C6"].value == [5.0, 4.0, 3.0, 2.0, 1.0, None]
    sales.tables["tblSales"].resize(sales["A1:D4"])
    book.app.calculate()
    assert plan["C1:C6"].value == [5.0, 1.0, None, None, None, None]
    book.save()
    assert open_book(rich_workbook).sheets["Plan"]["C1:C3"].value == [5.0, 1.0, None]


def test_totals_rows_and_array_formulas_are_calculated(rich_workbook):
    book = open_book(rich_workbook)
    book.sheets["Sales Data"]["B2"].value = 10
    book.sheets["Plan"]["A2"].value = 1
    outcome = recalculate_book(book)
    assert outcome.unavailable == {}
    assert book.sheets["Sales Data"]["B5"].value == 15.0
    assert book.sheets["Plan"]["A1"].value == 230.0
    assert book.sheets["Plan"]["E1:E2"].value == [460.0, 2.0]


def test_sheets_no_formula_reads_do_not_reach_the_calculator_but_stay(build, monkeypatch):
    from sop_addin.engines.closed_file import recalculate

    path = build({"Calc": {"A1": 1, "A2": Formula("=A1+1")}, "Bulk": {"A1": "not read"}})
    seen = []
    original = recalculate.cellrune.Workbook.from_bytes

    class Spy:
        @staticmethod
        def from_bytes(data):
            calculator = original(data)
            seen.extend(calculator.read_values("Bulk", "A1", "A1")[0])
            return calculator

    monkeypatch.setattr(recalculate.cellrune, "Workbook", Spy)
    book = open_book(path)
    book.app.calculate()
    assert seen == [{"kind": "blank"}]
    assert (book.sheets["Calc"]["A2"].value, book.sheets["Bulk"]["A1"].value) == (2.0, "not read")


def test_indirect_references_still_reach_every_sheet(build):
    book = open_book(build({"Calc": {"A1": Formula('=INDIRECT("Bu"&"lk!A1")')}, "Bulk": {"A1": 5}}))
    book.app.calculate()
    assert book.sheets["Calc"]["A1"].value == 5.0


def test_a_workbook_the_calculator_refuses_is_kept_and_said_so(build, monkeypatch):
    from sop_addin.engines.closed_file import recalculate

    class Refusing:
        @staticmethod
        def from_bytes(data):
            raise recalculate.cellrune.CellRuneError("limit reached")

    monkeypatch.setattr(recalculate.cellrune, "Workbook", Refusing)
    book = open_book(build({"S": {"A1": Formula("=1+1")}}))
    assert recalculate_book(book).problem == (
        "Formulas were not recalculated (limit reached); Excel does so when it opens the workbook."
    )


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("SUBTOTAL(109,[Cost])", "SUBTOTAL(109,tbl[Cost])"),
        ("[[#This Row],[Cost]]*2", "tbl[[#This Row],[Cost]]*2"),
        ("other[[#This Row],[Cost]]+other[[#Data],[a]:[b]]", "other[[#This Row],[Cost]]+other[[#Data],[a]:[b]]"),
        ("[1]Sheet1!A1+'[2]My Sheet'!A1", "[1]Sheet1!A1+'[2]My Sheet'!A1"),
        ('"[Cost]"&[Cost]', '"[Cost]"&tbl[Cost]'),
    ],
)
def test_references_without_table_get_their_own(formula, wanted):
    assert with_own_table(formula, "tbl") == wanted
