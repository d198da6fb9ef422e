"""A plan is written in place: grids and result tables change, nothing that a planner made is lost."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from companies import company, raw_company

from sop_addin.engines.closed_file import open_book, recalculate_bytes
from sop_addin.excel.layout import CHART_ROW
from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.template import workbook_bytes
from sop_addin.excel.template.plan_charts import FIGURES_COLUMN, HISTORY
from sop_addin.excel.write_plan import write_plan
from sop_addin.model.errors import WorkbookError
from sop_addin.planning.cycle import run_cycle

MARCH = pd.Timestamp(2027, 3, 1)
GRID_SHEETS = ["Sales Plan", "Production Plan", "Inventory Plan", "Capacity", "Finance"]


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("template") / "Plan.xlsm"
    path.write_bytes(recalculate_bytes(workbook_bytes(raw_company(), company())))
    return path


@pytest.fixture
def book(template, tmp_path):
    path = tmp_path / "Plan.xlsm"
    path.write_bytes(template.read_bytes())
    book = open_book(path)
    yield book
    book.close()


def plan_and_write(book, steps=("forecast", "aggregate", "balance"), **settings):
    tables = read_tables(book)
    if settings:
        tables = replace(tables, settings=replace(tables.settings, **settings))
    plan = run_cycle(tables, steps)
    assert not plan.findings.errors, [str(finding) for finding in plan.findings.errors]
    write_plan(book, plan)
    book.app.calculate()
    return plan


def grid(book, name: str) -> pd.DataFrame:
    """A grid as a frame indexed by its keys and Measure; columns Unit, Total, periods."""
    rows = book.names[name].refers_to_range.options(ndim=2).value
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    keys = [key for key in ("Family", "Source", "Resource") if key in frame.columns]
    return frame.fillna(dict.fromkeys(keys, "")).set_index([*keys, "Measure"])


def cell(book, name: str, key: tuple, period: str):
    """The xlwings cell of a grid row and period."""
    area = book.names[name].refers_to_range
    table = grid(book, name)
    row = [*table.index].index(key)
    headers = area.options(ndim=2).value[0]
    return area.sheet.range((area.row + 1 + row, area.column + headers.index(period)))


def test_grids_show_what_the_solver_found(book):
    plan = plan_and_write(book)
    families = plan.balance.families.set_index(["Family", "Period"])
    sales, stock, made = grid(book, "SalesPlan"), grid(book, "InventoryPlan"), grid(book, "ProductionPlan")
    for family, period in families.index:
        month = f"{period:%Y-%m}"
        found = families.loc[(family, period)]
        assert sales.loc[(family, "Consensus demand"), month] == pytest.approx(found["Demand"], abs=1e-5)
        assert sales.loc[(family, "Feasible sales"), month] == pytest.approx(found["Sales"], abs=1e-5)
        for measure in ("Opening stock", "Production", "Sales", "Closing stock", "Backorders", "Lost sales"):
            assert stock.loc[(family, measure), month] == pytest.approx(found[measure], abs=1e-5), measure
        assert stock.loc[(family, "Balance check"), month] == 0
        planned = plan.balance.sources.query("Family == @family and Period == @period")["Planned"].sum()
        assert made.loc[(family, "", "Total production"), month] == pytest.approx(planned, abs=1e-5)


def test_finance_totals_add_up_to_the_objective(book):
    plan = plan_and_write(book)
    finance = grid(book, "FinancePlan")
    assert finance.loc[("Total", "Margin"), "Total"] == pytest.approx(plan.balance.margin, abs=0.01)
    assert finance.loc[("Total", "Revenue"), "Total"] == pytest.approx(plan.balance.revenue, abs=0.01)


def test_result_tables_hold_the_plan(book):
    plan = plan_and_write(book)
    tables = {table.name: table for sheet in book.sheets for table in sheet.tables}
    rows = {name: tables[name].data_body_range.options(ndim=2).value for name in tables}
    result = dict(rows["tblResult"])
    assert result["Status"] == plan.balance.status
    assert result["Objective"] == pytest.approx(plan.balance.objective)
    assert len(rows["tblForecast"]) == len(plan.forecast)
    assert len(rows["tblItemPlan"]) == len(plan.item_plan)
    assert len(rows["tblPlan"]) == len(plan.plan_table)
    assert all(value is not None for row in rows["tblPlan"] for value in row)


def test_overrides_reasons_and_fixed_production_survive_and_are_obeyed(book):
    cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02").value = 77
    cell(book, "SalesPlan", ("Pumps", "Override reason"), "2027-02").value = "'=trade fair"
    cell(book, "ProductionPlan", ("Valves", "", "Fixed production"), "2027-03").value = 31
    for _ in range(2):
        plan = plan_and_write(book)
        sales = grid(book, "SalesPlan")
        assert sales.loc[("Pumps", "Override"), "2027-02"] == 77
        assert sales.loc[("Pumps", "Override reason"), "2027-02"] == "=trade fair"
        assert sales.loc[("Pumps", "Consensus demand"), "2027-02"] == 77
        assert grid(book, "ProductionPlan").loc[("Valves", "", "Fixed production"), "2027-03"] == 31
    march = plan.balance.sources.query("Family == 'Valves' and Period == @MARCH")
    assert march["Planned"].sum() == pytest.approx(31)


def test_an_override_that_is_a_formula_stays_a_formula(book):
    target = cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02")
    target.formula = "=40+2"
    book.app.calculate()
    plan = plan_and_write(book)
    assert cell(book, "SalesPlan", ("Pumps", "Override"), "2027-02").formula == "=40+2"
    demand = plan.balance.families.set_index(["Family", "Period"])["Demand"]
    assert demand["Pumps", pd.Timestamp(2027, 2, 1)] == 42


def test_forecasting_alone_leaves_the_other_plan_sheets_as_they_were(book):
    before = {name: book.sheets[name].used_range.formula for name in GRID_SHEETS[1:]}
    plan_and_write(book, ("forecast", "aggregate"))
    assert {name: book.sheets[name].used_range.formula for name in GRID_SHEETS[1:]} == before
    assert grid(book, "SalesPlan").loc[("Pumps", "Statistical forecast"), "2027-01"] > 0


def test_rows_and_columns_of_the_planners_own_stay(book):
    area = book.names["SalesPlan"].refers_to_range
    below, right = area.row + area.shape[0] + 2, area.column + area.shape[1] + 2
    area.sheet.range((below, 1)).value = "my note"
    area.sheet.range((area.row + 1, right)).formula = "=H6*2"
    plan_and_write(book)
    assert area.sheet.range((below, 1)).value == "my note"
    assert area.sheet.range((area.row + 1, right)).formula == "=H6*2"


def add_family(book) -> None:
    tables = {table.name: table for sheet in book.sheets for table in sheet.tables}
    for name, row in (
        ("tblFamilies", {"Family": "Seals", "Unit": "box", "Price": 9}),
        ("tblSources", {"Family": "Seals", "Source": "Supplier", "Kind": "Buy", "Unit cost": 3}),
    ):
        table = tables[name]
        area = table.range
        table.resize(
            area.sheet.range((area.row, area.column), (area.row + area.shape[0], area.column + area.shape[1] - 1))
        )
        for header, value in row.items():
            column = table.header_row_range.options(ndim=1).value.index(header)
            area.sheet.range((area.row + area.shape[0], area.column + column)).value = value


def test_a_new_family_gets_its_rows_and_everything_typed_moves_along(book):
    cell(book, "SalesPlan", ("Valves", "Override"), "2027-04").value = 55
    cell(book, "ProductionPlan", ("Valves", "", "Fixed production"), "2027-03").value = 31
    add_family(book)
    plan = plan_and_write(book)
    sales = grid(book, "SalesPlan")
    assert list(dict.fromkeys(key[0] for key in sales.index)) == ["Pumps", "Valves", "Seals"]
    assert sales.loc[("Valves", "Override"), "2027-04"] == 55
    assert sales.loc[("Seals", "Statistical forecast"), "Unit"] == "box"
    assert grid(book, "ProductionPlan").loc[("Valves", "", "Fixed production"), "2027-03"] == 31
    assert (grid(book, "InventoryPlan").xs("Balance check", level="Measure").drop(columns="Unit") == 0).all().all()
    assert list(grid(book, "FinancePlan").index)[-1][0] == "Total"
    assert plan.balance.margin == pytest.approx(grid(book, "FinancePlan").loc[("Total", "Margin"), "Total"], abs=0.01)


def test_a_rolled_plan_start_moves_the_months_and_keeps_overrides_with_theirs(book):
    cell(book, "SalesPlan", ("Pumps", "Override"), "2027-03").value = 66
    settings = next(table for table in book.sheets["Settings"].tables)
    rows = settings.data_body_range.options(ndim=2).value
    line = next(index for index, row in enumerate(rows) if row[0] == "Plan start")
    settings.data_body_range[line, 1].value = "'2027-02"
    plan_and_write(book)
    sales = grid(book, "SalesPlan")
    assert list(sales.columns[2:]) == [f"2027-{month:02d}" for month in range(2, 8)]
    assert sales.loc[("Pumps", "Override"), "2027-03"] == 66
    assert sales.loc[("Pumps", "Consensus demand"), "2027-03"] == 66


def test_a_longer_horizon_is_printed_and_charted(book):
    """The figures behind the chart repeat the last period beyond the horizon; print areas end with the plan."""
    settings = next(table for sheet in book.sheets for table in sheet.tables if table.name == "tblSettings")
    rows = settings.data_body_range.options(ndim=2).value
    settings.data_body_range[next(n for n, row in enumerate(rows) if row[0] == "Horizon"), 1].value = 9
    plan_and_write(book, horizon=9)
    area = book.names["SalesPlan"].refers_to_range
    last = area[0, area.shape[1] - 1].get_address(False, False).rstrip("0123456789")
    prints = {name.name: name.refers_to for name in book.names if name.name.endswith("Print_Area")}
    assert prints["Sales Plan!Print_Area"].endswith(f"$A:${last}")
    dates = book.sheets["Sales Plan"].range((CHART_ROW + 2, FIGURES_COLUMN)).expand("right").value
    assert f"{dates[0]:%Y-%m} {dates[HISTORY]:%Y-%m} {dates[-1]:%Y-%m}" == "2026-01 2027-01 2027-09"
    demand = book.sheets["Sales Plan"].range((CHART_ROW + 4, FIGURES_COLUMN + HISTORY)).expand("right").value
    both = [sum(grid(book, "SalesPlan").loc[(family, "Consensus demand"), f"2027-{month:02d}"]
                for family in ("Pumps", "Valves")) for month in range(1, 10)]  # fmt: skip
    assert demand[:9] == pytest.approx(both)
    assert set(demand[9:]) == {demand[8]}


def test_a_shorter_horizon_keeps_what_was_typed_beyond_it(book):
    cell(book, "SalesPlan", ("Pumps", "Override"), "2027-06").value = 99
    settings = next(table for table in book.sheets["Settings"].tables)
    rows = settings.data_body_range.options(ndim=2).value
    line = next(index for index, row in enumerate(rows) if row[0] == "Horizon")
    settings.data_body_range[line, 1].value = 4
    plan_and_write(book)
    sales = grid(book, "SalesPlan")
    assert list(sales.columns[2:]) == ["2027-01", "2027-02", "2027-03", "2027-04", "2027-06"]
    assert sales.loc[("Pumps", "Override"), "2027-06"] == 99


def test_what_stands_where_a_plan_must_grow_is_named_and_nothing_is_written(book):
    area = book.names["SalesPlan"].refers_to_range
    in_the_way = area.sheet.range((area.row + area.shape[0] + 3, area.column + 1))
    in_the_way.value = "my note"
    add_family(book)
    plan = run_cycle(read_tables(book))
    with pytest.raises(
        WorkbookError, match=rf"Sales Plan!F{in_the_way.row} is in the way: the plan SalesPlan needs room"
    ):
        write_plan(book, plan)
    assert in_the_way.value == "my note"


def test_a_lost_name_is_named(book):
    plan = run_cycle(read_tables(book))
    book.names["InventoryPlan"].delete()
    with pytest.raises(WorkbookError, match="the defined name InventoryPlan is missing"):
        write_plan(book, plan)


def test_findings_link_to_their_cell(book):
    plan_and_write(book)
    findings = next(table for table in book.sheets["Checks"].tables)
    links = [row[-1] for row in findings.data_body_range.formula if row[-1]]
    assert links
    assert all(link.startswith('=HYPERLINK("#') for link in links)


class Counting:
    """Counts the calls that reach the closed-file backend."""

    def __init__(self, backend) -> None:
        self.backend, self.calls = backend, Counter()

    def __getattr__(self, name):
        found = getattr(self.backend, name)
        if not callable(found):
            return found

        def counted(*words, **more):
            self.calls[name] += 1
            return found(*words, **more)

        return counted


def calls_of_a_run(tmp_path: Path, items: int) -> Counter:
    names = [f"I{number}" for number in range(items)]
    history = {"Item": names, "Region": "", **{f"2026-{month:02d}": [100.0] * items for month in range(1, 13)}}
    tables = {
        "tblItems": {"Item": names, "Family": ["Pumps" if n % 2 else "Valves" for n in range(items)]},
        "tblHistory": history,
    }
    path = tmp_path / f"{items}.xlsm"
    path.write_bytes(workbook_bytes(raw_company(**tables), company(**tables)))
    book = open_book(path)
    counting = Counting(book.impl.backend)
    book.impl.backend = counting
    plan = run_cycle(read_tables(book))
    write_plan(book, plan)
    book.close()
    assert plan.steps
    return counting.calls


def test_the_number_of_engine_calls_does_not_grow_with_items(tmp_path):
    few, many = calls_of_a_run(tmp_path, 10), calls_of_a_run(tmp_path, 1000)
    assert sum(few.values()) > 20
    assert few == many


@pytest.mark.libreoffice
def test_every_formula_has_the_value_that_libreoffice_calculates(book, libreoffice, tmp_path):
    plan_and_write(book)
    ours = tmp_path / "Ours.xlsm"
    book.save(ours)
    theirs = libreoffice.recalculated(ours, tmp_path / "libreoffice")
    formulas, cached, fresh = (
        openpyxl.load_workbook(path, data_only=only) for path, only in ((ours, False), (ours, True), (theirs, True))
    )
    checked = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for item in row:
                if item.data_type != "f":
                    continue
                checked += 1
                mine, other = (values[sheet.title][item.coordinate].value for values in (cached, fresh))
                if isinstance(mine, (int, float)):
                    assert other == pytest.approx(mine, rel=1e-9, abs=1e-9), f"{sheet.title}!{item.coordinate}"
                else:
                    assert (mine or "") == (other or ""), f"{sheet.title}!{item.coordinate}"
    assert checked > 300


def test_a_scenario_stands_beside_the_base_plan_and_leaves_the_plan_sheets(book):
    scenario = next(table for table in book.sheets["Scenarios"].tables if table.name == "tblScenarios")
    scenario.data_body_range[0, 0].value = ["More pumps", "Demand", "Pumps", None, None, None, 0.2]
    base = plan_and_write(book)
    before = {name: book.sheets[name].used_range.formula for name in GRID_SHEETS}
    plan = run_cycle(read_tables(book), scenario="More pumps")
    write_plan(book, plan)
    assert {name: book.sheets[name].used_range.formula for name in GRID_SHEETS} == before
    compare = next(table for table in book.sheets["Scenarios"].tables if table.name == "tblCompare")
    rows = {row[1]: row for row in compare.data_body_range.options(ndim=2).value}
    assert rows["Demand"][0] == "More pumps"
    assert rows["Demand"][2:] == pytest.approx(
        [plan.results["Demand"], base.results["Demand"], plan.results["Demand"] - base.results["Demand"]]
    )
    table = next(table for table in book.sheets["Plan Data"].tables)
    assert {row[0] for row in table.data_body_range.options(ndim=2).value} == {"Base", "More pumps"}


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_run_touches_only_the_sheets_and_tables_it_writes(book, tmp_path):
    before = parts_of(Path(book.fullname))
    plan_and_write(book)
    book.save()
    after = parts_of(Path(book.fullname))
    assert set(before) - set(after) <= {"xl/calcChain.xml"}
    changed = {name for name in after if before.get(name) != after[name]}
    for kind in ("vbaProject", "customUI", "comments", "vmlDrawing", "drawings/", "theme", "docProps"):
        assert not [name for name in changed if kind in name], kind
    grown = [
        after[name].decode() for name in changed if "charts/" in name
    ]  # they follow tables that grow with the plan
    assert [re.findall(r"<(?:c:)?f>(.*?)<", chart)[:3] for chart in grown if "KPIs" not in chart] == []
    # six grids, Finance Summary, Home, KPIs, Checks, Events (what they bring), Item Plan, Item Forecast, Plan Data,
    # Functions (SUMIFS)
    sheets = [name for name in changed if name.startswith("xl/worksheets/sheet")]
    assert 9 <= len(sheets) <= 16


def test_a_column_of_the_planners_own_in_a_result_table_stays(book):
    table = next(table for table in book.sheets["Item Plan"].tables)
    area = table.range
    area.sheet.range((area.row, area.column + area.shape[1])).value = "My remark"
    last = (area.row + area.shape[0] - 1, area.column + area.shape[1])
    table.resize(area.sheet.range((area.row, area.column), last))
    area.sheet.range((area.row + 1, area.column + area.shape[1])).value = "looks low"
    plan = plan_and_write(book)
    body = next(table for table in book.sheets["Item Plan"].tables).data_body_range.options(ndim=2).value
    assert len(body) == len(plan.item_plan)
    assert body[0][-1] == "looks low"
    assert body[0][0] == plan.item_plan["Item"].iloc[0]


def test_sheets_of_the_planners_own_stay_and_follow_the_plan(book):
    own = book.sheets.add("My sheet", after=book.sheets["Home"])
    first, last = (
        cell(book, "SalesPlan", ("Pumps", "Consensus demand"), f"2027-{month:02d}").get_address() for month in (1, 6)
    )
    own["A1"].formula = f"=SUM('Sales Plan'!{first}:{last})"
    own["A2"].value = "kept"
    plan_and_write(book)
    assert own["A2"].value == "kept"
    consensus = grid(book, "SalesPlan").loc[("Pumps", "Consensus demand"), "Total"]
    assert own["A1"].value == pytest.approx(consensus)


def test_result_tables_shrink_with_the_plan(book):
    plan_and_write(book)
    rows = len(next(table for table in book.sheets["Item Plan"].tables).data_body_range.options(ndim=2).value)
    settings = next(table for table in book.sheets["Settings"].tables)
    line = next(n for n, row in enumerate(settings.data_body_range.options(ndim=2).value) if row[0] == "Horizon")
    settings.data_body_range[line, 1].value = 3
    plan_and_write(book)
    table = next(table for table in book.sheets["Item Plan"].tables)
    assert len(table.data_body_range.options(ndim=2).value) == rows / 2
    below = table.range.row + table.range.shape[0]
    assert book.sheets["Item Plan"].range((below, 1)).value is None
