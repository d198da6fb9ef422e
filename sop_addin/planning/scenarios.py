"""Scenarios: levers that change the tables before they are solved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches

import pandas as pd

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


def check_scenario(tables: Tables, scenario: str) -> None:
    """Raise InputError where ``scenario`` is neither Base nor in tblScenarios."""
    known = [BASE, *dict.fromkeys(str(name) for name in tables.scenarios["Scenario"])]
    if scenario not in known:
        near = get_close_matches(scenario, known, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(known)}."
        raise InputError(f"Scenario: '{scenario}' is not in tblScenarios; {hint}")


def apply_scenario(tables: Tables, scenario: str) -> Tables:
    """The tables with every lever of ``scenario`` pulled, in table order; levers on one figure multiply."""
    for lever in _levers(tables, scenario):
        tables = _PULL[lever.name](tables, lever)
    return tables


def _levers(tables: Tables, scenario: str) -> list[Lever]:
    rows = tables.scenarios[tables.scenarios["Scenario"] == scenario]
    levers = []
    for row in rows.to_dict("records"):
        periods = [
            period
            for period in tables.periods
            if not (period < row["From"] or period > row["To"])  # NaT compares false: open end
        ]
        factor = 1.0 + (float(row["Change %"]) if row["Change %"] == row["Change %"] else 0.0)
        levers.append(Lever(str(row["Lever"]), str(row["Family"]), str(row["Resource"]), periods, factor))
    return levers


def _concerned(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
    return frame[column] == name if name else pd.Series(True, index=frame.index)


def _demand(tables: Tables, lever: Lever) -> Tables:
    plan = tables.sales_plan.copy()
    mask = _concerned(plan, "Family", lever.family) & plan["Period"].isin(lever.periods)
    parts = ["Statistical forecast", "Events", "New and phase-out", "Item overrides", "Override"]
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
    families = tables.families[_concerned(tables.families, "Family", lever.family)]
    return replace(tables, family_periods=_exceptions(families, tables.family_periods, ["Family"], lever, ["Price"]))


def _rate(tables: Tables, lever: Lever) -> Tables:
    rates = tables.rates.copy()
    mask = rates["Period"].isna() | rates["Period"].isin(lever.periods)
    rates.loc[mask, "Rate"] = rates.loc[mask, "Rate"] * lever.factor
    return replace(tables, rates=rates)


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
