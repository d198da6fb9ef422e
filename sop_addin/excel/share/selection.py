"""Leaving families, costs and margins out of the tables and of the plan, before a copy is built from them.

What is left out is never put into the copy: it need not be removed from anywhere afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from ...model.calendar import parse_period
from ...model.plan import BASE, Plan
from ...model.schema import GRID_BY_NAME, SETTINGS, TABLES
from ...model.tables import RawTable, Tables
from .choice import Choice, as_name

Raw = Mapping[str, RawTable]

SHOWN_MONEY = frozenset({"Price", "Revenue", "Budget revenue"})
"""What money stays in a copy without costs: what customers pay."""
COST_MEASURES = frozenset(
    (grid.name, measure.name)
    for grid in GRID_BY_NAME.values()
    for measure in grid.measures
    if measure.unit.startswith("money") and measure.name not in SHOWN_MONEY
)
SHARED_MEASURES = frozenset(
    (grid.name, measure.name)
    for grid in (GRID_BY_NAME["CapacityPlan"], GRID_BY_NAME["FinancePlan"])
    for measure in grid.measures
    if measure.live
)
"""Rows whose formulas need every family and every cost: where something is left out they are figures."""
_COST_LEVERS = frozenset({"Unit cost", "Carbon price"})
_COST_WORDS = re.compile(r"cost|margin|profit|turns|stock value|cash|\bCCC\b", re.I)
"""In the name or definition of a key figure: costs are in it, or can be worked out from it."""
_PLAIN_RESULTS = ("Status", "Revenue", "Service level", "Demand", "Shipments", "Backorders at end", "Lost sales",
                  "Findings", "Run at", "Scenario")  # fmt: skip
_FREE_TEXTS = {"tblDecisions": ("Effect",), "tblCycle": ("Comment",)}
_ALL = ("", "-")


def selected_inputs(raw: Raw, choice: Choice) -> dict[str, RawTable]:
    """The tables of the schema with the rows of the chosen families and without what is left out."""
    found = {name: table for name, table in raw.items() if name in TABLES and name != "tblVersions"}
    if choice.families is not None:
        found = _of_families(found, frozenset(choice.families))
    if choice.without_cost:
        found = {name: _without_cost(name, table) for name, table in found.items()}
    if choice.leaves_something_out:
        found.pop("tblFindings", None)  # their texts name figures of everybody
        found = {name: _of_schema(name, table) for name, table in found.items()}
        if "tblSettings" in found:
            found["tblSettings"] = _rows(found["tblSettings"], _known_settings(choice.without_cost))
    return found


def _of_schema(name: str, table: RawTable) -> RawTable:
    """Without columns of the planner's own, which may hold anything, and without blank rows."""
    schema, frame = TABLES[name], table.frame
    labels = [str(label) for label in frame.columns]
    wanted = [
        at
        for at, label in enumerate(labels)
        if label not in labels[:at] and (label in schema.headers or (schema.period_columns and parse_period(label)))
    ]
    frame = frame.iloc[:, wanted]
    return replace(table, frame=frame[frame.notna().any(axis=1)])


def selected_grid(grid: RawTable | None, choice: Choice) -> RawTable | None:
    """A grid with the rows of the chosen families."""
    if grid is None or choice.families is None:
        return grid
    return _rows(grid, lambda row: as_name(row.get("Family")) in set(choice.families or ()))


def selected_plan(plan: Plan, tables: Tables, raw: Raw, choice: Choice) -> Plan:
    """The plan of ``tables``, which hold the chosen families only; ``raw``: the output tables, selected as well.

    A resource that others use too has no figures: from its load theirs could be worked out. Totals over all families
    are worked out anew or left blank.
    """
    families = frozenset(tables.family_names)
    balance = plan.balance
    if balance is not None:
        resources = balance.resources
        if choice.families is not None:
            own = {str(name) for name in raw["tblPlan"].frame["Resource"]} if "tblPlan" in raw else set()
            resources = resources[resources["Resource"].isin(own)]
        if choice.without_cost:
            resources = resources.assign(**{"Marginal value": float("nan")})
        balance = replace(
            balance,
            families=balance.families[balance.families["Family"].isin(families)],
            sources=balance.sources[balance.sources["Family"].isin(families)],
            resources=resources,
        )
    return replace(
        plan,
        tables=tables,
        balance=balance,
        sales=_of(plan.sales, families),
        finance=_of(plan.finance, families),
        forecast=_frame(raw, "tblForecast"),
        item_plan=_frame(raw, "tblItemPlan"),
        kpis=_frame(raw, "tblKpis"),
        plan_table=_frame(raw, "tblPlan"),
        results=_results(plan, raw, choice),
    )


def _of(frame: pd.DataFrame | None, families: frozenset[str]) -> pd.DataFrame | None:
    return None if frame is None else frame[frame["Family"].isin(families)]


def _frame(raw: Raw, name: str) -> pd.DataFrame | None:
    if name not in raw:
        return None
    frame = raw[name].frame
    return frame[[column for column in TABLES[name].headers if column in frame.columns]].reset_index(drop=True)


def _results(plan: Plan, raw: Raw, choice: Choice) -> dict[str, object]:
    results = dict(plan.results)
    if choice.families is not None:
        results = {name: value for name, value in results.items() if name in ("Status", "Run at", "Scenario")}
        if "tblPlan" in raw:
            results |= _sums(raw["tblPlan"].frame, str(results.get("Scenario") or BASE))
    if choice.without_cost:
        results = {name: value for name, value in results.items() if name in _PLAIN_RESULTS}
    return results


def _sums(plan: pd.DataFrame, scenario: str) -> dict[str, object]:
    """Headline figures that are sums over families, of the rows that are left."""
    plan = plan[plan["Scenario"] == scenario]
    values = pd.to_numeric(plan["Value"], errors="coerce").groupby(plan["Measure"]).sum()
    names = {"Demand": "Consensus demand", "Shipments": "Feasible sales", "Lost sales": "Lost sales",
             "Revenue": "Revenue"}  # fmt: skip
    return {name: float(values[measure]) for name, measure in names.items() if measure in values.index}


# --- only some families -----------------------------------------------------------------------------------------------


def _of_families(raw: Raw, families: frozenset[str]) -> dict[str, RawTable]:
    items = {as_name(item) for item, family in _pairs(raw.get("tblItems"), "Item", "Family") if family in families}
    used = _pairs(raw.get("tblBillOfResources"), "Resource", "Family")
    resources = {resource for resource, family in used if family in families}
    alone = resources - {resource for resource, family in used if family not in families}

    def keeps(name: str) -> Callable[[Mapping[str, object]], bool]:
        headers = TABLES[name].headers

        def test(row: Mapping[str, object]) -> bool:
            family, item, resource = (as_name(row.get(key)) for key in ("Family", "Item", "Resource"))
            if name == "tblResources" or name == "tblCapacity":
                return resource in resources
            if name == "tblPlan":
                return family in families or (family in _ALL and resource in alone)
            if name == "tblDecisions" or name == "tblCompare" or name == "tblKpis":
                return family in families  # the last two have no families: they speak of all
            if family not in _ALL:
                return family in families and (resource in _ALL or resource in resources)
            if "Item" in headers:
                return item in items
            return resource in _ALL or resource in resources

        return test

    kept = ("tblSettings", "tblRates", "tblCycle", "tblResult")
    return {name: table if name in kept else _rows(table, keeps(name)) for name, table in raw.items()}


def _pairs(table: RawTable | None, one: str, other: str) -> list[tuple[str, str]]:
    if table is None or one not in table.frame.columns or other not in table.frame.columns:
        return []
    return [(as_name(a), as_name(b)) for a, b in zip(table.frame[one], table.frame[other], strict=True)]


# --- without cost and margin ------------------------------------------------------------------------------------------


def is_cost(table: str, column: str) -> bool:
    """Whether a column of an input table is left out of a copy without costs."""
    schema = TABLES[table]
    return column in schema.headers and schema.column(column).kind == "money" and column not in SHOWN_MONEY


def _without_cost(name: str, table: RawTable) -> RawTable:
    frame = table.frame
    if name in ("tblScenarios", "tblRisks"):
        return _rows(table, lambda row: as_name(row.get("Lever")) not in _COST_LEVERS)
    if name == "tblPlan":
        measures = {measure for _, measure in COST_MEASURES}
        return _rows(table, lambda row: as_name(row.get("Measure")) not in measures)
    if name == "tblCompare":
        return _rows(table, lambda row: as_name(row.get("Measure")) in _PLAIN_RESULTS)
    if name == "tblKpis":
        return _rows(table, lambda row: not _COST_WORDS.search(f"{row.get('KPI')} {row.get('Definition')}"))
    columns = [column for column in frame.columns if is_cost(name, column) or column in _FREE_TEXTS.get(name, ())]
    if not columns:
        return table
    return replace(table, frame=frame.assign(**{column: pd.Series(None, frame.index, object) for column in columns}))


def _known_settings(without_cost: bool) -> Callable[[Mapping[str, object]], bool]:
    """Rows of the planner's own may hold anything."""
    kept = {item.name.casefold() for item in SETTINGS if not (without_cost and item.kind == "money")}
    return lambda row: as_name(row.get("Setting")).casefold() in kept


def _rows(table: RawTable, test: Callable[[Mapping[str, object]], bool]) -> RawTable:
    """The rows that pass."""
    frame = table.frame
    at = {name: position for position, name in reversed(list(enumerate(frame.columns)))}
    wanted = [name for name in ("Family", "Item", "Resource", "Measure", "Lever", "KPI", "Definition", "Setting")
              if name in at]  # fmt: skip
    cells = [frame.iloc[:, at[name]].tolist() for name in wanted]
    mask = [test(dict(zip(wanted, row, strict=True))) for row in zip(*cells, strict=True)] if wanted else []
    return replace(table, frame=frame[mask] if wanted else frame.iloc[:0])
