"""Tables -> BalanceProblem: planners' tables as clean arrays; what cannot be read that way is left out or a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ...model import calendar
from ...model.cost_defaults import fill_costs, priced_periods
from ...model.finding_rows import NOWHERE
from ...model.findings import Finding, Findings
from ...model.resource_use import resource_uses
from ...model.tables import Tables
from ..consensus import consensus_figures
from .keyed import LARGEST, Keyed, clean, sorted_unique, table_order
from .problem import (
    BUY,
    DISTRIBUTION,
    LABOUR,
    STORAGE,
    BalanceProblem,
    Bools,
    FamilyData,
    Floats,
    ResourceData,
    SourceData,
    Uses,
)  # fmt: skip

MAX_COVER = 520.0


def build_problem(tables: Tables) -> BalanceProblem:
    """Arrays of the balance from ``tables``; rows that name an unknown family, resource or period are left out."""
    periods = tables.periods
    filled, notes = fill_costs(tables)
    family_order = sorted_unique(filled["Family"])
    families = Keyed(filled, family_order, periods)
    demand = _demand(tables, families)
    sources, source_rows = _sources(tables, families, periods)
    receipts = _receipts(tables, families, sources)
    family_data = _families(tables, families, demand, sources, receipts)
    resources, resource_rows, use_notes = _resources(tables, families, sources, periods)
    return BalanceProblem(
        tables.settings,
        periods,
        family_data,
        sources,
        resources,
        {
            "families": table_order(family_order),
            "sources": table_order(source_rows),
            "resources": table_order(resource_rows),
        },
        notes + Findings.of(use_notes),
    )


# --- families ---------------------------------------------------------------------------------------------------------


def _demand(tables: Tables, families: Keyed) -> Floats:
    """(F, T) consensus demand."""
    demand = np.zeros((len(families.names), len(families.periods)))
    rows, positions, steps = families.locate(tables.sales_plan, ["Family"])
    demand[positions, steps] = clean(consensus_figures(tables.sales_plan)[rows], 0.0)
    return demand


def _families(tables: Tables, families: Keyed, demand: Floats, sources: SourceData, receipts: Floats) -> FamilyData:
    settings, exceptions = tables.settings, priced_periods(tables)
    place = families.locate(exceptions, ["Family"])

    def by_period(column: str, blank: float) -> Floats:
        base = families.by_period(families.column(column, blank))
        return families.override(base, exceptions, column, ["Family"], place)

    shelf = families.column("Shelf life", 0.0, high=MAX_COVER)
    cover = families.column("Target cover", np.nan, high=MAX_COVER)
    to_order = (families.frame["Fulfilment"] == "Order").to_numpy(dtype=bool)
    given = families.override(np.full(demand.shape, np.nan), exceptions, "Target stock", ["Family"], place)
    price = by_period("Price", 0.0)
    fixed, frozen, approved = _kept_production(tables, families)
    return FamilyData(
        names=families.names,
        units=[str(unit) or "units" for unit in families.frame["Unit"]],
        priority=families.column("Priority", 1.0).astype(np.intp),
        to_order=to_order,
        price=price,
        holding_cost=families.column("Holding cost", 0.0),
        backorder_cost=families.column("Backorder cost", 0.0),
        lost_sale_cost=families.column("Lost sale cost", 0.0),
        shortfall_cost=families.column("Shortfall cost", 0.0),
        unit_value=_unit_values(sources, price, len(families.names)),
        opening_stock=_opening_stock(tables, families),
        opening_backorders=families.column("Opening backorders", 0.0),
        min_stock=by_period("Min stock", 0.0),
        max_stock=by_period("Max stock", np.inf),
        target_stock=_targets(demand, given, cover, to_order, settings.season_length),
        target_given=given,
        cover=cover,
        shelf_life=shelf,
        closing_stock_min=families.column("Closing stock min", 0.0),
        shelf_demand=_shelf_demand(demand, shelf, settings.season_length),
        demand=demand,
        receipts=receipts,
        fixed=fixed,
        frozen=frozen,
        approved=approved,
        running_before=_running_before(tables, families),
    )


def with_changes(
    problem: BalanceProblem, *, demand: Floats | None = None, price: Floats | None = None,
    unit_cost: Floats | None = None, capacity: Floats | None = None, overtime_limit: Floats | None = None,
    hours_per_head: Floats | None = None, opening_stock: Floats | None = None, carbon_price: float | None = None,
) -> BalanceProblem:  # fmt: skip
    """``problem`` with other figures: demand and price (F, T), unit_cost (J, T), the resources' (R, T), stock (F,).

    What hangs on them follows: targets of cover and shelf life on demand, what a unit is worth on price and cost.
    Costs that a planner left blank keep the default they had.
    """
    families, sources, resources, settings = problem.families, problem.sources, problem.resources, problem.settings
    if unit_cost is not None:
        sources = replace(sources, unit_cost=unit_cost)
    if demand is not None:
        season = settings.season_length
        target = _targets(demand, families.target_given, families.cover, families.to_order, season)
        shelf = _shelf_demand(demand, families.shelf_life, season)
        families = replace(families, demand=demand, target_stock=target, shelf_demand=shelf)
    if price is not None or unit_cost is not None:
        prices = families.price if price is None else price
        families = replace(families, price=prices, unit_value=_unit_values(sources, prices, len(families.names)))
    if opening_stock is not None:
        families = replace(families, opening_stock=opening_stock)
    resources = replace(
        resources,
        capacity=resources.capacity if capacity is None else capacity,
        overtime_limit=resources.overtime_limit if overtime_limit is None else overtime_limit,
        hours_per_head=resources.hours_per_head if hours_per_head is None else hours_per_head,
    )
    if carbon_price is not None:
        settings = replace(settings, carbon_price=carbon_price)
    return replace(problem, settings=settings, families=families, sources=sources, resources=resources)


def _targets(demand: Floats, given: Floats, cover: Floats, to_order: Bools, season: int) -> Floats:
    """(F, T) a planner's own target, else the coming demand that Target cover asks for; NaN for none."""
    coming = coming_demand(demand, np.nan_to_num(cover), season)
    covered = np.where(np.isnan(cover)[:, None], np.nan, coming)
    target = np.where(np.isnan(given), covered, given)
    target[to_order] = np.nan
    return target


def _shelf_demand(demand: Floats, shelf_life: Floats, season: int) -> Floats:
    return np.where((shelf_life > 0)[:, None], coming_demand(demand, shelf_life, season), np.inf)


def coming_demand(demand: Floats, cover: Floats, season: int) -> Floats:
    """(F, T) demand of the ``cover`` (F,) periods after each period, the last one pro rata.

    Beyond the horizon demand is taken to be that of a season earlier, or the horizon's mean where it is shorter.
    """
    count, horizon = demand.shape
    ahead = int(np.ceil(cover.max(initial=0.0)))
    if ahead == 0 or horizon == 0:
        return np.zeros_like(demand)
    known = np.concatenate([demand, np.zeros((count, ahead))], axis=1)
    for step in range(horizon, horizon + ahead):
        known[:, step] = known[:, step - season] if horizon >= season else demand.mean(axis=1)
    total = np.zeros_like(demand)
    for step in range(1, ahead + 1):
        share = np.clip(cover - (step - 1), 0.0, 1.0)
        total += share[:, None] * known[:, step : step + horizon]
    return total


def _opening_stock(tables: Tables, families: Keyed) -> Floats:
    """Opening stock, a blank being the sum of the family's items in family units."""
    given = families.column("Opening stock", np.nan)
    items = tables.items
    units = clean(items["Units per family unit"].to_numpy(dtype=np.float64), 1.0, low=1e-9)
    stock = pd.Series(clean(items["Opening stock"].to_numpy(dtype=np.float64), 0.0) / units)
    of_items = stock.groupby(items["Family"].astype(str).to_numpy()).sum().reindex(families.names).fillna(0.0)
    return np.where(np.isnan(given), np.asarray(of_items, dtype=np.float64), given)


def _kept_production(tables: Tables, families: Keyed) -> tuple[Floats, Bools, Floats]:
    """Fixed total production, where it comes from the approved plan, and the approved plan; each (F, T)."""
    shape = (len(families.names), len(families.periods))
    plan = tables.production_plan
    place = families.locate(plan, ["Family"])
    fixed = families.override(np.full(shape, np.nan), plan, "Fixed production", ["Family"], place)
    approved = families.override(np.full(shape, np.nan), plan, "Approved plan", ["Family"], place)
    steps = np.arange(shape[1])[None, :]
    frozen = (steps < tables.settings.frozen_periods) & np.isnan(fixed) & ~np.isnan(approved)
    return np.where(frozen, approved, fixed), frozen, approved


def _running_before(tables: Tables, families: Keyed) -> Bools:
    running = np.zeros(len(families.names), dtype=bool)
    past = tables.stock
    if tables.plan_start is not None and len(past):
        last = calendar.add_periods(tables.plan_start, -1, tables.settings.bucket)
        for name in past.loc[(past["Period"] == last) & (past["Production"] > 0), "Family"].astype(str):
            if name in families.position:
                running[families.position[name]] = True
    return running


def _unit_values(sources: SourceData, price: Floats, count: int) -> Floats:
    """(F,) what a unit is worth, to weigh broken limits of different families; never 0."""
    value = np.full(count, np.inf)
    if sources.unit_cost.size:
        np.minimum.at(value, sources.family, sources.unit_cost.mean(axis=1))
    tenth = 0.1 * np.asarray(price.mean(axis=1), dtype=np.float64) if price.size else np.zeros(count)
    value = np.where(np.isinf(value) | (value <= 0), tenth, value)
    typical = float(np.median(value[value > 0])) if (value > 0).any() else 1.0
    at_least: Floats = np.maximum(value, 0.01 * typical)
    return at_least


# --- sources ----------------------------------------------------------------------------------------------------------


def _sources(tables: Tables, families: Keyed, periods: Sequence[pd.Timestamp]) -> tuple[SourceData, list[int]]:
    frame = tables.sources
    family_names, names = frame["Family"].astype(str), frame["Source"].astype(str)
    first: dict[tuple[str, str], int] = {}
    for row, key in enumerate(zip(family_names, names, strict=True)):
        if key[0] in families.position:
            first.setdefault(key, row)
    keys = sorted(first)
    rows = [first[key] for key in keys]
    keyed = Keyed(frame, rows, periods)
    keyed.position = {"\0".join(key): position for position, key in enumerate(keys)}
    place = keyed.locate(tables.source_periods, ["Family", "Source"])

    def by_period(column: str, blank: float) -> Floats:
        base = keyed.by_period(keyed.column(column, blank))
        return keyed.override(base, tables.source_periods, column, ["Family", "Source"], place)

    arrivals = np.zeros((len(keys), len(periods)))
    found, positions, steps = keyed.locate(tables.receipts, ["Family", "Source"])
    quantity = clean(tables.receipts["Quantity"].to_numpy(dtype=np.float64), 0.0)
    np.add.at(arrivals, (positions, steps), quantity[found])
    data = SourceData(
        names=[key[1] for key in keys],
        family=np.array([families.position[key[0]] for key in keys], dtype=np.intp),
        make=(keyed.frame["Kind"] != BUY).to_numpy(dtype=bool),
        unit_cost=by_period("Unit cost", 0.0),
        maximum=by_period("Max per period", np.inf),
        min_run=by_period("Min run", 0.0),
        batch=keyed.column("Batch size", 0.0),
        run_cost=by_period("Run cost", 0.0),
        startup_cost=keyed.column("Start-up cost", 0.0),
        emission=keyed.column("CO2e per unit", 0.0),
        lead=keyed.column("Lead periods", 0.0, high=MAX_COVER).astype(np.intp),
        receipts=arrivals,
    )
    return data, rows


def _receipts(tables: Tables, families: Keyed, sources: SourceData) -> Floats:
    """(F, T) all receipts of a family, from sources in tblSources or not."""
    receipts = np.zeros((len(families.names), len(families.periods)))
    rows, positions, steps = families.locate(tables.receipts, ["Family"])
    quantity = clean(tables.receipts["Quantity"].to_numpy(dtype=np.float64), 0.0)
    np.add.at(receipts, (positions, steps), quantity[rows])
    return receipts


# --- resources --------------------------------------------------------------------------------------------------------


def _resources(
    tables: Tables, families: Keyed, sources: SourceData, periods: Sequence[pd.Timestamp]
) -> tuple[ResourceData, list[int], list[Finding]]:
    rows = sorted_unique(tables.resources["Resource"])
    keyed = Keyed(tables.resources, rows, periods)
    exceptions = tables.capacity
    place = keyed.locate(exceptions, ["Resource"])

    def by_period(column: str, blank: float) -> Floats:
        base = keyed.by_period(keyed.column(column, blank))
        return keyed.override(base, exceptions, column, ["Resource"], place)

    kinds = [str(kind) for kind in keyed.frame["Kind"]]
    efficiency = keyed.column("Efficiency", 1.0)[:, None]
    hours = by_period("Hours per head", np.nan)
    staffed = np.array([kind == LABOUR for kind in kinds], dtype=bool) & ~np.isnan(hours).all(axis=1)
    source_use, family_use, findings = _use(tables, families, sources, keyed, kinds)
    capacity = by_period("Capacity", np.inf)
    data = ResourceData(
        names=keyed.names,
        kinds=kinds,
        units=[str(unit) or "units" for unit in keyed.frame["Unit"]],
        staffed=staffed,
        capacity=np.where(np.isinf(capacity), capacity, efficiency * np.where(np.isinf(capacity), 0.0, capacity)),
        regular_cost=keyed.column("Regular cost", 0.0),
        overtime_limit=by_period("Overtime limit", 0.0),
        overtime_cost=keyed.column("Overtime cost", 0.0),
        emission=keyed.column("CO2e per unit", 0.0),
        opening_heads=keyed.column("Opening heads", 0.0),
        hours_per_head=np.nan_to_num(hours) * efficiency,
        min_heads=keyed.column("Min heads", 0.0),
        max_heads=keyed.column("Max heads", np.inf),
        hire_cost=keyed.column("Hire cost", 0.0),
        layoff_cost=keyed.column("Layoff cost", 0.0),
        source_use=source_use,
        family_use=family_use,
    )
    return data, rows, findings


def _use(
    tables: Tables, families: Keyed, sources: SourceData, resources: Keyed, kinds: list[str]
) -> tuple[list[Uses], list[Uses], list[Finding]]:
    """Use of each resource by source and by family (``resource_uses``), and what is wrong with it."""
    position = {
        (families.names[family], name): source
        for source, (family, name) in enumerate(zip(sources.family.tolist(), sources.names, strict=True))
    }
    source_use: list[list[tuple[int, float, float]]] = [[] for _ in kinds]
    family_use: list[list[tuple[int, float, float]]] = [[] for _ in kinds]
    for resource_name, users in resource_uses(tables).items():
        resource = resources.position.get(resource_name)
        if resource is None:
            continue
        on_family = kinds[resource] in (STORAGE, DISTRIBUTION)
        for family_name, drivers in users.items():
            for driver, amounts in drivers.items():
                family, source = families.position.get(family_name), position.get((family_name, driver))
                per_unit, per_run = (min(amount, LARGEST) for amount in amounts)
                if on_family and family is not None and per_unit > 0:
                    family_use[resource].append((family, per_unit, 0.0))
                elif not on_family and source is not None and (per_unit or per_run):
                    source_use[resource].append((source, per_unit, per_run))
    return [Uses.of(rows) for rows in source_use], [Uses.of(rows) for rows in family_use], _negative_use(tables)


def _negative_use(tables: Tables) -> list[Finding]:
    bill, place = tables.bill_of_resources, tables.places.get("tblBillOfResources", NOWHERE)
    findings: list[Finding] = []
    for column in ("Use per unit", "Use per run"):
        for row in bill.index[bill[column] < 0]:
            family, resource = bill.loc[row, "Family"], bill.loc[row, "Resource"]
            text = f"{column} of {family} on {resource} is negative; 0 is taken."
            findings.append(
                Finding("Warning", "tblBillOfResources", row, column, "negative_use", text, place.cell(column, row))
            )
    return findings
