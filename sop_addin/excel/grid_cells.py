"""What stands in each cell of a plan grid: a figure of the plan or a live formula.

The template builder and ``write_plan`` both take their cells from here, so a built and a re-run workbook agree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import pandas as pd

from ..model import calendar
from ..model.plan import Plan
from ..model.schema import GRID_BY_NAME, SHEET_GRIDS
from ..model.tables import Tables
from .blocks import Formula
from .formula_text import literal
from .grid_values import clean_number, grid_values
from .grids import (
    TOTAL_FAMILY,
    GridBlock,
    GridPlace,
    Key,
    canonical_place,
    column_letter,
    grid_rows,
    sources_by_family,
)
from .live_cells import LiveCells


def grid_blocks(
    tables: Tables,
    plan: Plan | None = None,
    left_out: Collection[tuple[str, str]] = (),
    as_values: Collection[tuple[str, str]] = (),
) -> dict[str, GridBlock]:
    """All grids of a workbook that we build, formulas and figures in place.

    ``left_out``: (grid, measure) of rows that the workbook does not have; no formula of another row may need them.
    ``as_values``: those that show the plan's figures where there would be formulas.
    """
    rows = {
        grid.name: [row for row in grid_rows(grid, tables) if (grid.name, row.measure) not in left_out]
        for grid in SHEET_GRIDS
    }
    places = {grid.name: canonical_place(grid, rows[grid.name], tables.periods) for grid in SHEET_GRIDS}
    cells = GridCells(tables, plan, places)
    cells.formulas = {row: formula for row, formula in cells.formulas.items() if row not in as_values}
    blocks = {}
    for grid in SHEET_GRIDS:
        labels = [calendar.period_label(period, tables.settings.bucket) for period in tables.periods]
        body: list[list[object]] = []
        for row in rows[grid.name]:
            figures = [cells.cell(grid.name, row.key, period) for period in tables.periods]
            body.append([*row.keys, row.measure, row.unit, cells.total(grid.name, row.key), *figures])
        blocks[grid.name] = GridBlock(
            grid.name, [*grid.lead_headers, *labels], body, [row.measure for row in rows[grid.name]],
            len(grid.lead_headers),
        )  # fmt: skip
    return blocks


class GridCells:
    """What stands in each period cell and Total cell of the grids, given where they stand."""

    def __init__(self, tables: Tables, plan: Plan | None, places: Mapping[str, GridPlace]) -> None:
        self.tables = tables
        self.plan = plan
        self.places = places
        self.periods = tables.periods
        self.position = {period: index for index, period in enumerate(self.periods)}
        self.values = grid_values(tables, plan)
        self.sources = sources_by_family(tables)
        self.leads = {
            (str(family), str(source)): int(lead) if lead == lead else 0
            for family, source, lead in zip(
                tables.sources["Family"], tables.sources["Source"], tables.sources["Lead periods"], strict=True
            )
        }
        self.receipts = _receipts(tables)
        self._loses: dict[str, bool] = {}
        self.solved = plan is not None and plan.balance is not None
        self.formulas: dict[tuple[str, str], Callable[[Key, pd.Timestamp], object]] = {
            ("SalesPlan", "Consensus demand"): self._consensus,
            ("SalesPlan", "Feasible sales"): self._feasible_sales,
            ("SalesPlan", "Shortage"): self._shortage,
            ("ProductionPlan", "Total production"): self._total_production,
            ("ProductionPlan", "Change"): self._change,
            ("InventoryPlan", "Opening stock"): self._opening_stock,
            ("InventoryPlan", "Production"): self._production,
            ("InventoryPlan", "Sales"): self._sales,
            ("InventoryPlan", "Closing stock"): self._closing_stock,
            ("InventoryPlan", "Backorders"): self._backorders,
            ("InventoryPlan", "Lost sales"): self._lost_sales,
            ("InventoryPlan", "Above target"): self._above_target,
            ("InventoryPlan", "Days of cover"): self._days_of_cover,
            ("InventoryPlan", "Balance check"): self._balance_check,
            ("CapacityPlan", "Utilisation"): self._utilisation,
            ("FinancePlan", "Margin"): self._margin,
            **LiveCells(self).formulas,
        }

    def has(self, grid: str, measure: str) -> bool:
        """Whether this plan (or the tables) says anything on a measure; what it does not say is left as it was."""
        item = GRID_BY_NAME[grid].measure(measure)
        return item.is_formula or measure in self.values.known.get(grid, set())

    def cell(self, grid: str, key: Key, period: pd.Timestamp) -> object:
        """Number, text, None, or a Formula."""
        if grid == "FinancePlan" and key[0] == (TOTAL_FAMILY,) and key[1] != "Margin":
            return Formula(self._sum_of_families(key, period))
        if formula := self.formulas.get((grid, key[1])):
            found = formula(key, period)
            return Formula(found) if isinstance(found, str) else found
        return clean_number(self.values.get(grid, key, period))

    def total(self, grid: str, key: Key) -> object:
        """The Total column: sum of flows, last value of stocks, ratio of sums."""
        if not self.periods:
            return None
        place = self.places[grid]
        first, last = place.address(key, self.periods[0]), place.address(key, self.periods[-1])
        adding = GRID_BY_NAME[grid].measure(key[1]).adding
        if adding == "sum":
            return Formula(f"=SUM({first}:{last})")
        if adding == "last":
            return Formula(f'=IF({last}="","",{last})')
        if adding == "ratio":
            load, capacity = (self._total_address(grid, (key[0], name)) for name in ("Load", "Regular capacity"))
            return Formula(f'=IF(N({capacity})>0,{load}/{capacity},"")')
        return None

    def _total_address(self, grid: str, key: Key) -> str:
        place = self.places[grid]
        return f"{column_letter(place.leads['Total'])}{place.rows[key]}"

    def _here(self, grid: str, key: Key, measure: str, period: pd.Timestamp) -> str:
        return self.places[grid].address((key[0], measure), period)

    def before(self, period: pd.Timestamp, steps: int = 1) -> pd.Timestamp | None:
        index = self.position[period] - steps
        return self.periods[index] if 0 <= index < len(self.periods) else None

    # --- sales plan
    def _consensus(self, key: Key, period: pd.Timestamp) -> str:
        override, *parts = (
            self._here("SalesPlan", key, measure, period)
            for measure in ("Override", "Statistical forecast", "Events", "New and phase-out", "Item overrides")
        )
        return f"=MAX(0,IF(ISNUMBER({override}),{override},SUM({','.join(parts)})))"

    def _feasible_sales(self, key: Key, period: pd.Timestamp) -> str:
        return f"={self.places['InventoryPlan'].outside((key[0], 'Sales'), period)}"

    def _shortage(self, key: Key, period: pd.Timestamp) -> str:
        demand = self._here("SalesPlan", key, "Consensus demand", period)
        feasible = self._here("SalesPlan", key, "Feasible sales", period)
        return f'=IF(ISNUMBER({feasible}),ROUND({demand}-{feasible},6),"")'

    def _demand(self, key: Key, period: pd.Timestamp) -> str:
        return self.places["SalesPlan"].outside((key[0], "Consensus demand"), period)

    # --- production plan
    def _planned(self, family: str, period: pd.Timestamp) -> str:
        place = self.places["ProductionPlan"]
        cells = [place.address(((family, source), "Planned"), period) for source in self.sources.get(family, [])]
        return f"SUM({','.join(cells)})" if cells else "0"

    def _total_production(self, key: Key, period: pd.Timestamp) -> str:
        fixed = self._here("ProductionPlan", key, "Fixed production", period)
        return f"=IF(ISNUMBER({fixed}),{fixed},{self._planned(key[0][0], period)})"

    def _change(self, key: Key, period: pd.Timestamp) -> str | None:
        before = self.before(period)
        if before is None:
            return None
        now, then = (self._here("ProductionPlan", key, "Total production", each) for each in (period, before))
        return f"={now}-{then}"

    # --- inventory plan
    def _number(self, key: Key, measure: str, period: pd.Timestamp) -> float:
        return self.values.number("InventoryPlan", (key[0], measure), period)

    def _opening_stock(self, key: Key, period: pd.Timestamp) -> object:
        before = self.before(period)
        if before is not None:
            return f"={self._here('InventoryPlan', key, 'Closing stock', before)}"
        return clean_number(self._number(key, "Opening stock", period)) if self.solved else None

    def _late_before(self, key: Key, period: pd.Timestamp) -> str:
        before = self.before(period)
        if before is not None:
            return self._here("InventoryPlan", key, "Backorders", before)
        return literal(self._number(key, "Opening backorders", period))

    def _production(self, key: Key, period: pd.Timestamp) -> str:
        family = key[0][0]
        place = self.places["ProductionPlan"]
        leads = [self.leads.get((family, source), 0) for source in self.sources.get(family, [])]
        receipts = self.receipts.get((family, period), 0.0)
        tail = f"+{literal(receipts)}" if receipts else ""
        if not any(leads):
            return f"={place.outside(((family, ''), 'Total production'), period)}{tail}"
        workings = self.places["Workings"]
        parts = []
        for source, lead in zip(self.sources[family], leads, strict=True):
            if (ordered := self.before(period, lead)) is not None:
                parts.append(workings.outside((("", family, source), "Made or ordered"), ordered))
        return f"={'+'.join(parts) or '0'}{tail}"

    def _sales(self, key: Key, period: pd.Timestamp) -> str:
        """Shipments: what is due, as far as stock and arrivals allow, less what the plan holds back on purpose."""
        opening, arriving = (
            self._here("InventoryPlan", key, measure, period) for measure in ("Opening stock", "Production")
        )
        due = f"{self._demand(key, period)}+{self._late_before(key, period)}"
        if not self._loses_what_is_short(key):
            due += f"-{self._here('InventoryPlan', key, 'Lost sales', period)}"
        held = self._held_back(key, period)
        return f"=MAX(0,MIN({opening}+{arriving},{due}){f'-{literal(held)}' if held else ''})"

    def _held_back(self, key: Key, period: pd.Timestamp) -> float:
        """Units the solved plan keeps although they are due (a minimum stock, a better paid later sale)."""
        if not self.solved:
            return 0.0
        stock = self._number(key, "Opening stock", period) + self._number(key, "Production", period)
        due = self._number(key, "Demand", period) + self._number(key, "Opening backorders", period)
        if not self._loses_what_is_short(key):
            due -= self._number(key, "Lost sales", period)
        held = min(stock, due) - self._number(key, "Sales", period)
        return round(held, 6) if held > 1e-6 * max(1.0, stock) else 0.0

    def _loses_what_is_short(self, key: Key) -> bool:
        """Whether whatever is not shipped at once is lost (else it is late, and losses are figures of the plan)."""
        family = key[0][0]
        if family not in self._loses:
            late = (self._number(key, "Backorders", period) for period in self.periods)
            self._loses[family] = self.tables.settings.lost_sales and all(units <= 1e-6 for units in late)
        return self._loses[family]

    def _lost_sales(self, key: Key, period: pd.Timestamp) -> object:
        if self._loses_what_is_short(key):
            sales = self._here("InventoryPlan", key, "Sales", period)
            return f"=MAX(0,{self._demand(key, period)}+{self._late_before(key, period)}-{sales})"
        return clean_number(self._number(key, "Lost sales", period))

    def _closing_stock(self, key: Key, period: pd.Timestamp) -> str:
        opening, arriving, sales = (
            self._here("InventoryPlan", key, measure, period) for measure in ("Opening stock", "Production", "Sales")
        )
        return f"=ROUND({opening}+{arriving}-{sales},6)"

    def _backorders(self, key: Key, period: pd.Timestamp) -> str:
        lost, sales = (self._here("InventoryPlan", key, measure, period) for measure in ("Lost sales", "Sales"))
        return f"=MAX(0,ROUND({self._late_before(key, period)}+{self._demand(key, period)}-{lost}-{sales},6))"

    def _above_target(self, key: Key, period: pd.Timestamp) -> str:
        stock, target = (
            self._here("InventoryPlan", key, measure, period) for measure in ("Closing stock", "Target stock")
        )
        return f'=IF(ISNUMBER({target}),ROUND({stock}-{target},6),"")'

    def _days_of_cover(self, key: Key, period: pd.Timestamp) -> str:
        index = self.position[period]
        coming = self.periods[index + 1 : index + 4] or [period]
        demand = ",".join(self._demand(key, each) for each in coming)
        days = calendar.DAYS_PER_PERIOD[self.tables.settings.bucket] * len(coming)
        stock = self._here("InventoryPlan", key, "Closing stock", period)
        return f'=IF(SUM({demand})>0,{stock}*{literal(days)}/SUM({demand}),"")'

    def _balance_check(self, key: Key, period: pd.Timestamp) -> str:
        opening, arriving, closing, late, lost = (
            self._here("InventoryPlan", key, measure, period)
            for measure in ("Opening stock", "Production", "Closing stock", "Backorders", "Lost sales")
        )
        demand = self._demand(key, period)
        return f"=ROUND(({closing}-{late})-({opening}-{self._late_before(key, period)})-{arriving}+({demand}-{lost}),4)"

    # --- capacity and finance
    def _utilisation(self, key: Key, period: pd.Timestamp) -> str:
        load, capacity = (self._here("CapacityPlan", key, measure, period) for measure in ("Load", "Regular capacity"))
        return f'=IF(N({capacity})>0,{load}/{capacity},"")'

    def _margin(self, key: Key, period: pd.Timestamp) -> str:
        costs = ("Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
                 "Backorder and lost sale cost", "Other cost")  # fmt: skip
        revenue = self._here("FinancePlan", key, "Revenue", period)
        return f"={revenue}-SUM({','.join(self._here('FinancePlan', key, cost, period) for cost in costs)})"

    def _sum_of_families(self, key: Key, period: pd.Timestamp) -> str:
        """Sum of the families' rows. The area must not hold the Total rows themselves: that would be circular."""
        place = self.places["FinancePlan"]
        rows = [row for (owner, _), row in place.rows.items() if owner != (TOTAL_FAMILY,)]
        if not rows:
            return "=0"
        letter, measure = column_letter(place.columns[period]), column_letter(place.leads["Measure"])
        first, last = min(rows), max(rows)
        return f'=SUMIFS({letter}${first}:{letter}${last},${measure}${first}:${measure}${last},"{key[1]}")'


def _receipts(tables: Tables) -> dict[tuple[str, pd.Timestamp], float]:
    frame = tables.receipts
    result: dict[tuple[str, pd.Timestamp], float] = {}
    for family, period, quantity in zip(frame["Family"], frame["Period"], frame["Quantity"], strict=True):
        if quantity == quantity and not pd.isna(period):
            result[str(family), period] = result.get((str(family), period), 0.0) + float(quantity)
    return result
