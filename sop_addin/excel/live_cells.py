"""Formulas of capacity, money and targets: what the solved plan says, and what it becomes when somebody edits it.

Prices and uses stand in the formulas as numbers, as of the last run; quantities are references. Without an edit each
formula gives the figure of the solver. Heads, hires, layoffs and start-ups stay as solved: only a run plans them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from ..model.cost_defaults import fill_costs
from ..model.resource_use import ON_SHIPMENTS, ON_STOCK, resource_costs, resource_uses
from .formula_text import literal, times, total_of
from .grids import Key

if TYPE_CHECKING:
    from .grid_cells import GridCells

KG_PER_TONNE = 1000.0
RUNS = 1e-6
"""A source that makes more than this runs."""
_TOLERANCE = 0.0005
"""Differences below are rounding, not an edit."""


class LiveCells:
    """One function per live measure: key and period -> formula text or figure."""

    def __init__(self, cells: GridCells) -> None:
        self.cells = cells
        tables = cells.tables
        self.tables = tables
        self.uses = resource_uses(tables)
        self.prices = resource_costs(tables)
        self.kinds = dict(
            zip(tables.resources["Resource"].astype(str), tables.resources["Kind"].astype(str), strict=True)
        )
        families = fill_costs(tables)[0].drop_duplicates("Family")
        self.family = {str(row["Family"]): row for row in families.to_dict("records")}
        sources = tables.sources.drop_duplicates(["Family", "Source"])
        self.source = {(str(row["Family"]), str(row["Source"])): row for row in sources.to_dict("records")}
        resources = tables.resources.drop_duplicates("Resource")
        self.resource = {str(row["Resource"]): row for row in resources.to_dict("records")}
        self.kinds = {name: str(row["Kind"]) for name, row in self.resource.items()}
        self.source_exceptions = _exceptions(tables.source_periods, ("Family", "Source"), ("Unit cost", "Run cost"))
        self.family_exceptions = _exceptions(tables.family_periods, ("Family",), ("Price", "Target stock"))
        self.capacity_exceptions = _exceptions(tables.capacity, ("Resource",), ("Overtime limit",))
        self.users: dict[str, list[str]] = {}
        for resource, used in self.uses.items():
            for family in used:
                self.users.setdefault(family, []).append(resource)
        self.kept = self._kept_overtime()
        self.idle = self._idle_costs()
        self.formulas: dict[tuple[str, str], Callable[[Key, pd.Timestamp], object]] = {
            ("InventoryPlan", "Target stock"): self._target_stock,
            ("CapacityPlan", "Load"): self._load,
            ("CapacityPlan", "Overtime"): self._overtime,
            ("FinancePlan", "Revenue"): self._revenue,
            ("FinancePlan", "Unit costs"): self._unit_costs,
            ("FinancePlan", "Regular cost"): self._shared("Regular cost of the resource"),
            ("FinancePlan", "Overtime cost"): self._shared("Overtime cost of the resource"),
            ("FinancePlan", "Hire and layoff cost"): self._shared("Hires and layoffs of the resource"),
            ("FinancePlan", "Holding cost"): self._holding_cost,
            ("FinancePlan", "Backorder and lost sale cost"): self._service_cost,
            ("FinancePlan", "Other cost"): self._other_cost,
            ("FinancePlan", "Stock value"): self._stock_value,
            ("FinancePlan", "CO2e"): self._emissions,
            ("Workings", "Made or ordered"): self._made,
            ("Workings", "Changed since the last run"): self._changed,
            ("Workings", "Late or lost demand"): self._missed,
            ("Workings", "Load of the family"): self._family_load,
            ("Workings", "Share of the family"): self._share,
            ("Workings", "Regular cost of the resource"): self._regular_cost,
            ("Workings", "Overtime cost of the resource"): self._overtime_cost,
            ("Workings", "Hires and layoffs of the resource"): self._people_cost,
        }

    # --- figures that formulas are made with
    def _kept_overtime(self) -> dict[tuple[str, pd.Timestamp], float]:
        """Overtime of the solved plan beyond load - regular capacity, where the solver had a reason for it."""
        plan = self.cells.plan
        if plan is None or plan.balance is None:
            return {}
        kept = {}
        frame = plan.balance.resources
        columns = (frame[name] for name in ("Resource", "Period", "Load", "Regular capacity", "Overtime", "Heads"))
        for resource, period, load, regular, overtime, heads in zip(*columns, strict=True):
            if regular == regular:
                limit = self._overtime_limit(resource, period) * (heads if self._staffed(resource) else 1.0)
                difference = overtime - max(0.0, min(limit, load - regular))
                if abs(difference) > 1e-6 * max(1.0, load):
                    kept[resource, period] = difference
        return kept

    def _idle_costs(self) -> dict[tuple[str, pd.Timestamp], float]:
        """By family: start-ups, and runs of sources that made nothing, as solved."""
        plan = self.cells.plan
        if plan is None or plan.balance is None:
            return {}
        costs = plan.balance.costs
        made = plan.balance.sources
        chosen = costs[costs["Term"].isin(["Run cost", "Start-up cost"])]
        paid: dict[tuple[str, pd.Timestamp], float] = {}
        for family, period, value in zip(*(chosen[name] for name in ("Family", "Period", "Value")), strict=True):
            paid[family, period] = paid.get((family, period), 0.0) + float(value)
        for family, source, period, quantity in zip(
            *(made[name] for name in ("Family", "Source", "Period", "Planned")), strict=True
        ):
            if quantity > RUNS and (family, period) in paid:
                paid[family, period] -= self._run_cost((family, source), period)
        return {key: value for key, value in paid.items() if abs(value) > 1e-6}

    def _staffed(self, resource: str) -> bool:
        return self.prices[resource].staffed

    def _overtime_limit(self, resource: str, period: pd.Timestamp) -> float:
        usual = _positive(self.resource[resource]["Overtime limit"])
        return self.capacity_exceptions.get(((resource,), "Overtime limit", period), usual)

    def _run_cost(self, source: tuple[str, str], period: pd.Timestamp) -> float:
        usual = _positive(self.source[source]["Run cost"])
        return self.source_exceptions.get((source, "Run cost", period), usual)

    def _sources(self, family: str) -> list[tuple[str, str]]:
        return [(family, source) for source in dict.fromkeys(self.cells.sources.get(family, []))]

    def _at(self, grid: str, key: Key, period: pd.Timestamp) -> str:
        return self.cells.places[grid].outside(key, period)

    def _stock(self, family: str, measure: str, period: pd.Timestamp) -> str:
        return self._at("InventoryPlan", ((family,), measure), period)

    def _made_at(self, source: tuple[str, str], period: pd.Timestamp) -> str:
        return self._at("Workings", (("", *source), "Made or ordered"), period)

    # --- workings
    def _made(self, key: Key, period: pd.Timestamp) -> str:
        _, family, source = key[0]
        production = self.cells.places["ProductionPlan"]
        total = production.outside(((family, ""), "Total production"), period)
        sources = self._sources(family)
        if len(sources) == 1:
            return f"={total}"
        own, *others = (
            production.outside((each, "Planned"), period)
            for each in ((family, source), *(each for each in sources if each[1] != source))
        )
        fixed = production.outside(((family, ""), "Fixed production"), period)
        planned = "+".join((own, *others))
        without_plan = fixed if sources[0][1] == source else "0"
        return f"=IF(ISNUMBER({fixed}),IF({planned}>0,{own}*{fixed}/({planned}),{without_plan}),N({own}))"

    def _changed(self, key: Key, period: pd.Timestamp) -> object:
        if not self.cells.solved:
            return 1.0
        family = key[0][1]
        solved = self.cells.values
        demand = solved.number("InventoryPlan", ((family,), "Demand"), period)
        production = sum(
            solved.number("ProductionPlan", (source, "Planned"), period) for source in self._sources(family)
        )
        made = self._at("ProductionPlan", ((family, ""), "Total production"), period)
        tests = [(self._at("SalesPlan", ((family,), "Consensus demand"), period), demand), (made, production)]
        return "=" + "+".join(
            f"IF(ABS({cell}-{literal(value)})>{literal(max(_TOLERANCE, 1e-9 * value))},1,0)" for cell, value in tests
        )

    def _missed(self, key: Key, period: pd.Timestamp) -> str:
        family = key[0][1]
        demand = self._at("SalesPlan", ((family,), "Consensus demand"), period)
        return f"=MIN({demand},{self._stock(family, 'Lost sales', period)}+{self._stock(family, 'Backorders', period)})"

    def _family_load(self, key: Key, period: pd.Timestamp) -> str:
        resource, family, _ = key[0]
        measure = {ON_STOCK: "Closing stock", ON_SHIPMENTS: "Sales"}.get(self.kinds[resource])
        terms = []
        for source, (unit, run) in self.uses[resource][family].items():
            cell = self._stock(family, measure, period) if measure else self._made_at((family, source), period)
            if unit:
                terms.append(times(unit, cell))
            if run and not measure:
                terms.append(f"IF({cell}>{literal(RUNS)},{literal(run)},0)")
        return f"={total_of(terms)}"

    def _share(self, key: Key, period: pd.Timestamp) -> str:
        resource, family, _ = key[0]
        workings, capacity = self.cells.places["Workings"], self.cells.places["CapacityPlan"]
        own: Key = ((resource, family, ""), "Load of the family")
        whole: Key = ((resource,), "Load")
        equally = literal(1.0 / len(self.uses[resource]))
        now, now_all = workings.address(own, period), capacity.outside(whole, period)
        ever, ever_all = workings.total(own), capacity.total_outside(whole)
        return (
            f"=IF({now_all}>{literal(RUNS)},{now}/{now_all},IF({ever_all}>{literal(RUNS)},{ever}/{ever_all},{equally}))"
        )

    def _capacity(self, resource: str, measure: str, period: pd.Timestamp) -> str:
        return self._at("CapacityPlan", ((resource,), measure), period)

    def _regular_cost(self, key: Key, period: pd.Timestamp) -> str:
        resource = key[0][0]
        price = literal(self.prices[resource].regular)
        if self._staffed(resource):
            return f"={price}*{self._capacity(resource, 'Heads', period)}"
        load, overtime, regular = (
            self._capacity(resource, measure, period) for measure in ("Load", "Overtime", "Regular capacity")
        )
        return f"={price}*IF(ISNUMBER({regular}),MIN({load}-{overtime},{regular}),{load})"

    def _overtime_cost(self, key: Key, period: pd.Timestamp) -> str:
        return f"={times(self.prices[key[0][0]].overtime, self._capacity(key[0][0], 'Overtime', period))}"

    def _people_cost(self, key: Key, period: pd.Timestamp) -> str:
        resource = key[0][0]
        hires, layoffs = (self._capacity(resource, measure, period) for measure in ("Hires", "Layoffs"))
        return f"={literal(self.prices[resource].hire)}*{hires}+{literal(self.prices[resource].layoff)}*{layoffs}"

    # --- capacity
    def _load(self, key: Key, period: pd.Timestamp) -> str:
        resource = key[0][0]
        place = self.cells.places["Workings"]
        rows = [place.rows[(resource, family, ""), "Load of the family"] for family in self.uses[resource]]
        if not rows:
            return "=0"
        return f"=SUM({place.column_outside(period, min(rows), max(rows))})"

    def _overtime(self, key: Key, period: pd.Timestamp) -> object:
        resource = key[0][0]
        limit = self._overtime_limit(resource, period)
        kept = self.kept.get((resource, period), 0.0)
        if not limit and not kept:
            return 0.0
        place = self.cells.places["CapacityPlan"]
        load, regular, heads = (
            place.address(((resource,), measure), period) for measure in ("Load", "Regular capacity", "Heads")
        )
        most = times(limit, f"N({heads})") if self._staffed(resource) else literal(limit)
        beyond = f"{load}-{regular}" + (f"+{literal(kept)}" if kept > 0 else literal(kept) if kept else "")
        return f"=IF(ISNUMBER({regular}),MAX(0,MIN({most},{beyond})),0)"

    # --- targets
    def _target_stock(self, key: Key, period: pd.Timestamp) -> object:
        family = key[0][0]
        figures = self.family[family]
        cover, to_order = figures["Target cover"], figures["Fulfilment"] == "Order"
        if to_order or cover != cover or ((family,), "Target stock", period) in self.family_exceptions:
            return self.cells.values.get("InventoryPlan", key, period)
        parts = [
            times(weight, self._demand_ahead(family, first, last))
            for first, last, weight in _coming(self.cells.position[period], max(0.0, float(cover)), self._known_ahead)
        ]
        return f"={total_of(parts)}"

    def _known_ahead(self, index: int) -> int:
        """The planned period whose demand stands for period ``index``: beyond the horizon that of a season before.

        -1: the mean of the horizon, which is shorter than a season.
        """
        season, horizon = self.tables.settings.season_length, len(self.cells.periods)
        if index < horizon:
            return index
        return -1 if horizon < season else index - season * -(-(index - horizon + 1) // season)

    def _demand_ahead(self, family: str, first: int, last: int) -> str:
        place, periods = self.cells.places["SalesPlan"], self.cells.periods
        row = place.rows[(family,), "Consensus demand"]
        if first < 0:
            return f"AVERAGE({place.row_outside(row, periods[0], periods[-1])})"
        if first == last:
            return place.outside(((family,), "Consensus demand"), periods[first])
        return f"SUM({place.row_outside(row, periods[first], periods[last])})"

    def _has_target(self, family: str, period: pd.Timestamp) -> bool:
        figures = self.family[family]
        given = ((family,), "Target stock", period) in self.family_exceptions
        return figures["Fulfilment"] != "Order" and (given or figures["Target cover"] == figures["Target cover"])

    # --- money
    def _revenue(self, key: Key, period: pd.Timestamp) -> str:
        family = key[0][0]
        price = self.family_exceptions.get(((family,), "Price", period), _positive(self.family[family]["Price"]))
        if self.cells.solved:
            price = self.cells.values.number("InventoryPlan", ((family,), "Price"), period)
        return f"={times(price, self._stock(family, 'Sales', period))}"

    def _unit_costs(self, key: Key, period: pd.Timestamp) -> str:
        terms = []
        for source in self._sources(key[0][0]):
            usual = _positive(self.source[source]["Unit cost"])
            cost = self.source_exceptions.get((source, "Unit cost", period), usual)
            if cost:
                terms.append(times(cost, self._made_at(source, period)))
        return f"={total_of(terms)}"

    def _shared(self, cost: str) -> Callable[[Key, pd.Timestamp], str]:
        """The family's part of what its resources cost."""

        def formula(key: Key, period: pd.Timestamp) -> str:
            family, place = key[0][0], self.cells.places["Workings"]
            terms = []
            for resource in self.users.get(family, []):
                whole: Key = ((resource, "", ""), cost)
                share: Key = ((resource, family, ""), "Share of the family")
                if whole in place.rows and share in place.rows:
                    terms.append(f"{place.outside(share, period)}*{place.outside(whole, period)}")
            return f"={total_of(terms)}"

        return formula

    def _holding_cost(self, key: Key, period: pd.Timestamp) -> str:
        rate = _positive(self.family[key[0][0]]["Holding cost"])
        return f"={times(rate, self._stock(key[0][0], 'Closing stock', period))}"

    def _service_cost(self, key: Key, period: pd.Timestamp) -> str:
        family = key[0][0]
        late, lost = (_positive(self.family[family][name]) for name in ("Backorder cost", "Lost sale cost"))
        return (
            f"={times(late, self._stock(family, 'Backorders', period))}"
            f"+{times(lost, self._stock(family, 'Lost sales', period))}"
        )

    def _other_cost(self, key: Key, period: pd.Timestamp) -> str:
        """Shortfall, change, replan, run, start-up and carbon cost."""
        family, settings = key[0][0], self.tables.settings
        terms = [self._shortfall(family, period)] if self._has_target(family, period) else []
        made = self._at("ProductionPlan", ((family, ""), "Total production"), period)
        before = self.cells.before(period)
        if settings.change_cost > 0 and before is not None and self._sources(family):
            earlier = self._at("ProductionPlan", ((family, ""), "Total production"), before)
            terms.append(f"{literal(settings.change_cost)}*ABS({made}-{earlier})")
        if settings.replan_cost > 0:
            approved = self._at("ProductionPlan", ((family, ""), "Approved plan"), period)
            terms.append(f"IF(ISNUMBER({approved}),{literal(settings.replan_cost)}*ABS({made}-{approved}),0)")
        for source in self._sources(family):
            if run := self._run_cost(source, period):
                terms.append(f"IF({self._made_at(source, period)}>{literal(RUNS)},{literal(run)},0)")
        if idle := self.idle.get((family, period)):
            terms.append(literal(idle))
        if settings.carbon_price > 0:
            emissions = self.cells.places["FinancePlan"].address(((family,), "CO2e"), period)
            terms.append(times(settings.carbon_price / KG_PER_TONNE, emissions))
        return f"={total_of(term for term in terms if term)}"

    def _shortfall(self, family: str, period: pd.Timestamp) -> str:
        names = ("Shortfall cost", "Holding cost", "Backorder cost")
        cost, holding, late = (_positive(self.family[family][name]) for name in names)
        if not cost:
            return ""
        missing = f"{self._stock(family, 'Target stock', period)}-{self._stock(family, 'Closing stock', period)}"
        if cost > holding + late:  # then late orders count too
            missing += f"+{self._stock(family, 'Backorders', period)}"
        return f"{literal(cost)}*MAX(0,{missing})"

    def _stock_value(self, key: Key, period: pd.Timestamp) -> str:
        costs = [self.source[source]["Unit cost"] for source in self._sources(key[0][0])]
        cheapest = min((float(cost) for cost in costs if cost == cost), default=0.0)
        return f"={times(cheapest, self._stock(key[0][0], 'Closing stock', period))}"

    def _emissions(self, key: Key, period: pd.Timestamp) -> str:
        family, place = key[0][0], self.cells.places["Workings"]
        terms = []
        for source in self._sources(family):
            if rate := _positive(self.source[source]["CO2e per unit"]):
                terms.append(times(rate, self._made_at(source, period)))
        for resource in self.users.get(family, []):
            if rate := _positive(self.resource[resource]["CO2e per unit"]):
                terms.append(times(rate, place.outside(((resource, family, ""), "Load of the family"), period)))
        return f"={total_of(terms)}"


def _positive(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    return number if number > 0 else 0.0


def _exceptions(
    frame: pd.DataFrame, keys: tuple[str, ...], columns: tuple[str, ...]
) -> dict[tuple[tuple[str, ...], str, pd.Timestamp], float]:
    """Figures given for one period: by (key values, column, period)."""
    found = {}
    names = zip(*(frame[key].astype(str) for key in keys), strict=True)
    for position, (name, period) in enumerate(zip(names, frame["Period"], strict=True)):
        for column in columns:
            value = frame[column].iloc[position]
            if value == value:
                found[name, column, period] = max(0.0, float(value))
    return found


def _coming(index: int, cover: float, known: Callable[[int], int]) -> list[tuple[int, int, float]]:
    """(first, last, weight) of the periods after ``index`` that ``cover`` reaches, neighbours of weight 1 together."""
    runs: list[tuple[int, int, float]] = []
    step = 1
    while step - 1 < cover:
        at, weight = known(index + step), min(1.0, cover - (step - 1))
        if runs and at > 0 and weight == 1.0 and runs[-1][2] == 1.0 and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at, 1.0)
        else:
            runs.append((at, at, weight))
        step += 1
    return runs
