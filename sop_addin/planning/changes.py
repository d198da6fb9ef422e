"""Against the last plan: what moved, by how much, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ..model.tables import Tables
from .words import signed, signed_money, spoken

COLUMNS = ("Measure", "Family", "Resource", "Last plan", "This plan", "Change", "Change %", "Unit", "Why")
DEMAND, SALES, PRODUCTION, STOCK = "Consensus demand", "Feasible sales", "Production", "Closing stock"
CAPACITY, LOAD, OVERTIME = "Regular capacity", "Load", "Overtime"
COSTS = (
    "Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
    "Backorder and lost sale cost", "Other cost",
)  # fmt: skip
TOTAL_COST = "Total cost"
LOADED_BY = {"Storage": STOCK, "Distribution": SALES}  # else production
SMALL = 5e-4  # of the larger figure: less is no change
PARTS = ("Statistical forecast", "Events", "New and phase-out")
NAMED = 3

Key = tuple[str, str, str]
"""Measure, family, resource."""


def plan_changes(tables: Tables, last: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Columns of tblChanges, measure by measure, the largest change first; no rows where there is no last plan.

    last, now: columns of tblPlan of one scenario each. Compared are sums over the periods that both cover, of stocks
    the figure at their end. Production moves by what sales and the stocks at both ends move, so its reasons add up to
    its change; those of demand, sales and unit costs do too.
    """
    if last.empty or now.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
    both = _Both(tables, last, now)
    rows: list[tuple[object, ...]] = []
    for measure in (DEMAND, SALES, PRODUCTION, STOCK, CAPACITY, LOAD, OVERTIME):
        of_family = measure in (DEMAND, SALES, PRODUCTION, STOCK)
        found = [
            row for name in both.names(measure, of_family)
            if (row := both.row(measure, *((name, "") if of_family else ("", name))))
        ]  # fmt: skip
        rows += sorted(found, key=lambda row: -abs(float(row[5])))  # type: ignore[arg-type]
    money = [both.money_row(measure) for measure in ("Revenue", TOTAL_COST, *COSTS, "Margin")]
    rows += [row for row in money if row]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return frame.astype(dict.fromkeys(COLUMNS[3:7], "float64"))


class _Both:
    """The figures of two plans, side by side."""

    def __init__(self, tables: Tables, last: pd.DataFrame, now: pd.DataFrame) -> None:
        self.tables = tables
        shared = sorted(set(last["Period"].dropna()) & set(now["Period"].dropna()))
        self.periods = shared
        self.plans = [_wide(plan, shared) for plan in (last, now)]
        self.units = {
            (str(family), str(resource), str(measure)): str(unit)
            for family, resource, measure, unit in zip(
                now["Family"], now["Resource"], now["Measure"], now["Unit"], strict=True
            )
        }
        self.kinds = dict(zip(tables.resources["Resource"], tables.resources["Kind"], strict=True))
        users = tables.bill_of_resources.groupby("Resource", sort=False)["Family"].unique()
        self.users: Mapping[str, Iterable[str]] = {str(name): list(found) for name, found in users.items()}

    def names(self, measure: str, of_family: bool) -> list[str]:
        """Families or resources with such a measure, in table order."""
        every = self.tables.family_names if of_family else [str(name) for name in self.tables.resources["Resource"]]
        return [
            name for name in every
            if any((measure, *((name, "") if of_family else ("", name))) in plan for plan in self.plans)
        ]  # fmt: skip

    def series(self, key: Key) -> list[np.ndarray]:
        """(periods,) of the last plan and of this one; 0 where a plan has no figure."""
        nothing = np.zeros(len(self.periods))
        return [plan.get(key, nothing) for plan in self.plans]

    def pair(self, key: Key) -> tuple[float, float]:
        """Last and now: the sum, of stocks the last value."""
        last, now = self.series(key)
        if not self.periods:
            return 0.0, 0.0
        return (float(last[-1]), float(now[-1])) if key[0] == STOCK else (float(last.sum()), float(now.sum()))

    def change(self, key: Key) -> float:
        last, now = self.pair(key)
        return now - last

    def row(self, measure: str, family: str, resource: str) -> tuple[object, ...] | None:
        """One row of the table; None where nothing moved."""
        last, now = self.pair((measure, family, resource))
        unit = self.units.get((family or "-", resource or "-", measure), "")
        return _row(measure, family, resource, last, now, unit, self.why(measure, family, resource))

    def why(self, measure: str, family: str, resource: str) -> str:
        if measure == DEMAND:
            return _joined(self._demand_parts(family))
        if measure == SALES:
            demand = self.change((DEMAND, family, ""))
            return _joined({"demand": demand, "late or lost": self.change((SALES, family, "")) - demand})
        if measure in (PRODUCTION, STOCK):
            start = self._opening_change(family)
            sales, end = self.change((SALES, family, "")), self.change((STOCK, family, ""))
            if measure == STOCK:
                made = self.change((PRODUCTION, family, ""))
                return _joined({"opening stock": start, "production": made, "sales": -sales})
            return _joined({"sales": sales, "closing stock": end, "opening stock": -start})
        if measure == CAPACITY:
            heads = np.subtract(*reversed(self.series(("Heads", "", resource))))
            if np.abs(heads).max(initial=0.0) > 1e-6:
                return f"heads {signed(float(heads.mean()))} on average"
            return "capacity, efficiency or hours in the tables"
        if measure == OVERTIME:
            load, capacity = self.change((LOAD, "", resource)), self.change((CAPACITY, "", resource))
            moved = self.change((OVERTIME, "", resource))
            same_way = {
                name: part for name, part in (("load", load), ("regular capacity", -capacity)) if part * moved > 0
            }
            return _joined(same_way) or "load in other periods"
        base = LOADED_BY.get(self.kinds.get(resource, ""), PRODUCTION)
        parts: dict[str, float] = {}
        for name in self.users.get(resource, []):
            before, after = (float(series.sum()) for series in self.series((base, name, "")))
            if abs(after - before) > SMALL * max(before, after):
                parts[f"{base.lower()} of {name}"] = after - before
        return _joined(parts) or "other sources or periods"

    def _demand_parts(self, family: str) -> dict[str, float]:
        """What each part of the consensus adds to its change; a period with an override changes by the override."""
        demand = np.subtract(*reversed(self.series((DEMAND, family, ""))))
        overridden = np.zeros(len(self.periods), dtype=bool)
        for plan in self.plans:
            overridden |= plan.get((OVERRIDE_GIVEN, family, ""), np.zeros(len(self.periods))) > 0
        parts = {"overrides": float(demand[overridden].sum())}
        rest = float(demand[~overridden].sum())
        for name in PARTS:
            moved = float(np.subtract(*reversed(self.series((name, family, ""))))[~overridden].sum())
            parts[name.lower()] = moved
            rest -= moved
        return parts | {"other": rest if abs(rest) > 1e-6 * max(1.0, abs(float(demand.sum()))) else 0.0}

    def _opening_change(self, family: str) -> float:
        last, now = self.series(("Opening stock", family, ""))
        return float(now[0] - last[0]) if self.periods else 0.0

    def money_row(self, measure: str) -> tuple[object, ...] | None:
        """A money measure over all families."""
        parts = COSTS if measure == TOTAL_COST else ("Revenue",) if measure == "Margin" else (measure,)
        by_family = {
            family: np.array([self.pair((part, family, "")) for part in parts]).sum(axis=0)
            for family in self.tables.family_names
        }  # fmt: skip
        if measure == "Margin":
            for family, pair in by_family.items():
                pair -= np.array([self.pair((part, family, "")) for part in COSTS]).sum(axis=0)
        last, now = np.sum(list(by_family.values()), axis=0) if by_family else (0.0, 0.0)
        if measure in ("Unit costs", "Revenue"):
            word, base = ("cost per unit", PRODUCTION) if measure == "Unit costs" else ("price", SALES)
            volume = 0.0
            for family, (before, _) in by_family.items():
                units = self.pair((base, family, ""))
                volume += (units[1] - units[0]) * (before / units[0]) if units[0] > 0 else by_family[family][1]
            why = _joined({"volume": volume, word: float(now - last) - volume}, money=True)
        elif measure == TOTAL_COST:
            changes = {part: sum(self.change((part, family, "")) for family in by_family) for part in COSTS}
            why = _joined({name.lower(): amount for name, amount in changes.items()}, money=True)
        else:
            why = _joined({name: float(pair[1] - pair[0]) for name, pair in by_family.items()}, money=True)
        currency = self.tables.settings.base_currency
        return _row(measure, "", "", float(last), float(now), currency, why)


OVERRIDE_GIVEN = "Override given"


def _wide(plan: pd.DataFrame, periods: list[pd.Timestamp]) -> dict[Key, np.ndarray]:
    """(measure, family, resource) -> (periods,); the sources of a family add up."""
    kept = plan[plan["Period"].isin(periods)]
    given = kept[kept["Measure"] == "Override"].assign(Measure=OVERRIDE_GIVEN, Value=1.0)
    rows = pd.concat([kept, given], ignore_index=True)
    keys = [rows[name].astype(str).replace({"-": "", "None": "", "nan": ""}) for name in ("Family", "Resource")]
    wide = rows.groupby([rows["Measure"].astype(str), *keys, rows["Period"]], sort=False)["Value"].sum().unstack()
    wide = wide.reindex(columns=periods).fillna(0.0)
    values = wide.to_numpy(dtype=np.float64)
    return {(str(m), str(f), str(r)): values[at] for at, (m, f, r) in enumerate(wide.index)}


def _row(
    measure: str, family: str, resource: str, last: float, now: float, unit: str, why: str
) -> tuple[object, ...] | None:
    change = now - last
    if abs(change) <= max(SMALL * max(abs(last), abs(now)), 1e-6):
        return None
    share = change / abs(last) if last else float("nan")
    return measure, family, resource, last, now, change, share, unit, why


def _joined(parts: Mapping[str, float], money: bool = False) -> str:
    """The largest parts of a change: ``sales +120, closing stock -30``."""
    largest = max((abs(amount) for amount in parts.values()), default=0.0)
    moved = sorted(
        ((name, amount) for name, amount in parts.items() if abs(amount) > max(1e-6, 0.01 * largest)),
        key=lambda part: -abs(part[1]),
    )
    words = [f"{name} {signed_money(amount) if money else signed(amount)}" for name, amount in moved[:NAMED]]
    return spoken(words)
