"""Scenarios: levers that change the tables before they are solved."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import pandas as pd

from ..model.cost_defaults import fill_costs, item_prices
from ..model.errors import InputError
from ..model.plan import BASE
from ..model.tables import Tables


@dataclass(frozen=True)
class Lever:
    """One row of tblScenarios: what changes, where, when, and by what factor."""

    name: str
    family: str
    resource: str
    periods: list[pd.Timestamp]
    factor: float


TOGETHER = " + "
"""Between the names of scenarios that happen together: ``Strong summer + Supplier strike``."""


def scenario_names(tables: Tables) -> list[str]:
    """The scenarios of tblScenarios that are not adopted, in table order."""
    rows = tables.scenarios
    names = dict.fromkeys(str(name) for name in rows["Scenario"])
    adopted = set(rows.loc[rows["Adopted"].notna(), "Scenario"])
    return [name for name in names if name and name not in adopted]


def check_scenario(tables: Tables, scenario: str) -> None:
    """Raise InputError where ``scenario`` is neither Base nor in tblScenarios, nor several of those joined with " + ".

    One that is adopted is part of the plan: to pull its levers once more would count them twice.
    """
    rows = tables.scenarios
    known = [BASE, *dict.fromkeys(str(name) for name in rows["Scenario"])]
    if scenario in known[1:] and rows.loc[rows["Scenario"] == scenario, "Adopted"].notna().any():
        raise InputError(f"Scenario: '{scenario}' is adopted, its levers are in the plan; choose another one, or Base.")
    if scenario in known:
        return
    if TOGETHER in scenario:
        for part in scenario.split(TOGETHER):
            check_scenario(tables, part)
        return
    near = get_close_matches(scenario, known, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(known)}."
    raise InputError(f"Scenario: '{scenario}' is not in tblScenarios; {hint}")


def apply_scenario(tables: Tables, scenario: str) -> Tables:
    """The tables with every lever of ``scenario`` (or of several joined with " + ") pulled, in table order.

    Levers on one figure multiply.
    """
    own = tables.scenarios["Scenario"] == scenario
    rows = tables.scenarios[own if own.any() else tables.scenarios["Scenario"].isin(scenario.split(TOGETHER))]
    for row in rows.to_dict("records"):
        change = float(row["Change %"]) if row["Change %"] == row["Change %"] else 0.0
        tables = pull(tables, lever_of(tables, row, change))
    return tables


def pull(tables: Tables, lever: Lever) -> Tables:
    """The tables with one lever pulled."""
    return _PULL[lever.name](tables, lever)


def lever_of(tables: Tables, row: Mapping[Hashable, Any], change: float) -> Lever:
    """A row of tblScenarios or tblRisks as a lever that moves by ``change`` (0.1 = 10 % more)."""
    periods = [
        period
        for period in tables.periods
        if not (period < row["From"] or period > row["To"])  # NaT compares false: open end
    ]
    return Lever(str(row["Lever"]), str(row["Family"]), str(row["Resource"]), periods, 1.0 + change)


def _concerned(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
    return frame[column] == name if name else pd.Series(True, index=frame.index)


def _demand(tables: Tables, lever: Lever) -> Tables:
    plan = tables.sales_plan.copy()
    mask = _concerned(plan, "Family", lever.family) & plan["Period"].isin(lever.periods)
    parts = ["Statistical forecast", "Events", "New and phase-out", "Override"]
    parts = [name for name in parts if name in plan.columns]
    plan.loc[mask, parts] = plan.loc[mask, parts] * lever.factor
    return tables.with_sales_plan(plan)


def _exceptions(
    base: pd.DataFrame, exceptions: pd.DataFrame, keys: list[str], lever: Lever, columns: list[str]
) -> pd.DataFrame:
    """Period exceptions of ``base`` rows with ``columns`` changed by the lever; other exceptions stay."""
    full = base[keys].merge(pd.DataFrame({"Period": lever.periods}), how="cross")
    full = full.merge(exceptions, on=[*keys, "Period"], how="left").merge(
        base[[*keys, *columns]], on=keys, how="left", suffixes=("", " of base")
    )
    for column in columns:
        full[column] = full[column].fillna(full[f"{column} of base"]) * lever.factor
    changed = full[list(exceptions.columns)]
    marks = pd.MultiIndex.from_frame(changed[[*keys, "Period"]])
    rest = exceptions[~pd.MultiIndex.from_frame(exceptions[[*keys, "Period"]]).isin(marks)]
    return pd.concat([frame for frame in (rest, changed) if len(frame)] or [rest], ignore_index=True)


def _resources(tables: Tables, lever: Lever, columns: list[str], kinds: tuple[str, ...] = ()) -> Tables:
    base = tables.resources[_concerned(tables.resources, "Resource", lever.resource)]
    if lever.family:
        used = tables.bill_of_resources
        base = base[base["Resource"].isin(used.loc[used["Family"] == lever.family, "Resource"])]
    if kinds:
        base = base[base["Kind"].isin(kinds)]
    return replace(tables, capacity=_exceptions(base, tables.capacity, ["Resource"], lever, columns))


def _capacity(tables: Tables, lever: Lever) -> Tables:
    return _resources(tables, lever, ["Capacity", "Hours per head"])


def _overtime(tables: Tables, lever: Lever) -> Tables:
    return _resources(tables, lever, ["Overtime limit"])


def _supplier(tables: Tables, lever: Lever) -> Tables:
    tables = _resources(tables, lever, ["Capacity"], ("Supplier",))
    bought = tables.sources[(tables.sources["Kind"] == "Buy") & _concerned(tables.sources, "Family", lever.family)]
    if lever.resource:
        return tables
    keys = ["Family", "Source"]
    return replace(tables, source_periods=_exceptions(bought, tables.source_periods, keys, lever, ["Max per period"]))


def _unit_cost(tables: Tables, lever: Lever) -> Tables:
    sources = tables.sources[_concerned(tables.sources, "Family", lever.family)]
    keys = ["Family", "Source"]
    return replace(tables, source_periods=_exceptions(sources, tables.source_periods, keys, lever, ["Unit cost"]))


def _price(tables: Tables, lever: Lever) -> Tables:
    priced = fill_costs(tables)[0]
    families = priced[_concerned(priced, "Family", lever.family)]
    return replace(tables, family_periods=_exceptions(families, tables.family_periods, ["Family"], lever, ["Price"]))


def _rate(tables: Tables, lever: Lever) -> Tables:
    """Foreign currencies move against the base currency: prices move by the share of items priced in them."""
    rates = tables.rates.copy()
    foreign = rates["Currency"] != tables.settings.base_currency
    rates.loc[foreign, "Rate"] = rates.loc[foreign, "Rate"] * lever.factor
    share = (item_prices(replace(tables, rates=rates)) / item_prices(tables)).to_dict()
    families = fill_costs(tables)[0][["Family", "Price"]]
    for family in families.loc[_concerned(families, "Family", lever.family), "Family"]:
        if share.get(family, 1.0) != 1.0:
            own = families[families["Family"] == family]
            one = replace(lever, factor=share[family])
            exceptions = _exceptions(own, tables.family_periods, ["Family"], one, ["Price"])
            tables = replace(tables, family_periods=exceptions)
    return tables


def _opening_stock(tables: Tables, lever: Lever) -> Tables:
    families, items = tables.families.copy(), tables.items.copy()
    for frame in (families, items):
        mask = _concerned(frame, "Family", lever.family)
        frame.loc[mask, "Opening stock"] = frame.loc[mask, "Opening stock"] * lever.factor
    return replace(tables, families=families, items=items)


def _carbon_price(tables: Tables, lever: Lever) -> Tables:
    settings = replace(tables.settings, carbon_price=tables.settings.carbon_price * lever.factor)
    return replace(tables, settings=settings)


_PULL: dict[str, Callable[[Tables, Lever], Tables]] = {
    "Demand": _demand,
    "Capacity": _capacity,
    "Overtime": _overtime,
    "Supplier": _supplier,
    "Unit cost": _unit_cost,
    "Price": _price,
    "Rate": _rate,
    "Opening stock": _opening_stock,
    "Carbon price": _carbon_price,
}
