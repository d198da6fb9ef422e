"""The practice exercise of the Guide, played through on the workbook of the sample company: its solution is true."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from sop_addin.engines.closed_file import open_book
from sop_addin.excel.read_tables import read_tables
from sop_addin.excel.undo import undo_last_run, undoable
from sop_addin.excel.write_plan import parts_written, write_plan
from sop_addin.planning.cycle import run_cycle
from sop_addin.sample.shared import DISHWASHERS, OVENS

TEMPLATE = Path(__file__).parents[2] / "workbook" / "SOP_Template.xlsm"
MONTHS = ["2027-01", "2027-02", "2027-03"]


class Planner:
    """Types into the workbook, looks at its cells, presses Balance."""

    def __init__(self, path: Path) -> None:
        self.book = open_book(path)

    def grid(self, name: str) -> pd.DataFrame:
        rows = self.book.names[name].refers_to_range.options(ndim=2).value
        frame = pd.DataFrame(rows[1:], columns=rows[0])
        return frame.rename(columns={frame.columns[0]: "Key"})

    def row(self, name: str, key: str, measure: str) -> pd.Series:
        """The figures of a row by month, in order."""
        line = self.rows(name, measure).loc[key]
        return line.iloc[0] if isinstance(line, pd.DataFrame) else line

    def rows(self, name: str, measure: str) -> pd.DataFrame:
        """The rows of a measure: one a family or resource, one column a month."""
        grid = self.grid(name)
        found = grid[grid["Measure"] == measure].set_index("Key")
        return found[[header for header in grid if str(header)[:2] == "20"]].astype(float)

    def type(self, name: str, family: str, measure: str, month: str, value: object) -> None:
        area = self.book.names[name].refers_to_range
        rows = area.options(ndim=2).value
        at = next(n for n, line in enumerate(rows) if line[0] == family and measure in line[:4])
        area[at, rows[0].index(month)].value = value

    def calculate(self) -> None:
        self.book.app.calculate()

    def balance(self) -> None:
        plan = run_cycle(read_tables(self.book), ("balance",))
        assert not plan.findings.errors
        with undoable(self.book, "Balance", parts_written(plan), "Month"):
            write_plan(self.book, plan)
        self.calculate()

    def result(self, measure: str) -> float:
        table = next(table for table in self.book.sheets["Home"].tables if table.name == "tblResult")
        return float(dict(table.data_body_range.options(ndim=2).value)[measure])

    @property
    def banner(self) -> str:
        return str(self.book.names["SopBanner"].refers_to_range.value)

    def findings(self) -> str:
        table = next(table for table in self.book.sheets["Checks"].tables if table.name == "tblFindings")
        return "\n".join(str(line[5]) for line in table.data_body_range.options(ndim=2).value)


@pytest.fixture(scope="module")
def planner(tmp_path_factory) -> Planner:
    path = tmp_path_factory.mktemp("exercise") / "Plan.xlsm"
    shutil.copy(TEMPLATE, path)
    planner = Planner(path)
    planner.calculate()
    return planner


def balanced(planner: Planner) -> bool:
    return bool((planner.rows("InventoryPlan", "Balance check").abs() < 1e-6).all().all())


def test_the_solution_of_the_exercise_is_what_happens(planner: Planner) -> None:
    assert planner.banner.startswith("As last solved")
    margin, stock = planner.result("Margin"), planner.row("InventoryPlan", DISHWASHERS, "Closing stock")
    cover = planner.row("InventoryPlan", DISHWASHERS, "Days of cover")
    first_plan = planner.row("ProductionPlan", OVENS, "Total production")

    # task 1: a new customer
    demand = planner.row("SalesPlan", DISHWASHERS, "Consensus demand")
    for month in MONTHS:
        planner.type("SalesPlan", DISHWASHERS, "Override", month, 1.2 * demand[month])
    planner.calculate()
    assert "3" in planner.banner
    assert not planner.banner.startswith("As last solved")
    assert (planner.row("InventoryPlan", DISHWASHERS, "Closing stock")[MONTHS] < stock[MONTHS]).all()
    assert planner.row("InventoryPlan", DISHWASHERS, "Days of cover")["2027-01"] < cover["2027-01"]
    late = planner.row("InventoryPlan", DISHWASHERS, "Backorders")[MONTHS]
    short = planner.row("SalesPlan", DISHWASHERS, "Shortage")[MONTHS]
    assert (late.sum() > 0) == (short.sum() > 0)
    assert balanced(planner)

    # task 2: plan anew
    planner.balance()
    assert planner.banner.startswith("As last solved")
    assert planner.row("InventoryPlan", DISHWASHERS, "Backorders")[MONTHS].sum() <= late.sum()
    earned = planner.result("Margin") - margin
    assert earned > 0
    assert "fully used" in planner.findings()
    second_plan = planner.row("ProductionPlan", OVENS, "Total production")

    # task 3: the line is moved
    stock = planner.row("InventoryPlan", OVENS, "Closing stock")
    load = planner.rows("CapacityPlan", "Load")["2027-02"]
    planner.type("ProductionPlan", OVENS, "Fixed production", "2027-02", 0)
    planner.calculate()
    assert planner.row("InventoryPlan", OVENS, "Closing stock")["2027-02"] < stock["2027-02"]
    now = planner.rows("CapacityPlan", "Load")["2027-02"]
    assert (now <= load + 1e-6).all()
    assert (now < load - 1).any()
    assert balanced(planner)
    planner.balance()
    moved = planner.row("ProductionPlan", OVENS, "Total production")
    assert moved["2027-02"] == 0
    assert moved["2027-01"] > second_plan["2027-01"]

    # task 4: everything back
    undo_last_run(planner.book)
    planner.calculate()
    planner.type("ProductionPlan", OVENS, "Fixed production", "2027-02", None)
    for month in MONTHS:
        planner.type("SalesPlan", DISHWASHERS, "Override", month, None)
    planner.balance()
    assert planner.result("Margin") == pytest.approx(margin, rel=1e-6)
    assert planner.row("ProductionPlan", OVENS, "Total production").tolist() == pytest.approx(
        first_plan.tolist(), abs=1
    )
    planner.book.close()
