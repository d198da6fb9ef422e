"""The plan as it stands on the sheets of a workbook, read back: values, results of formulas included."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..model import calendar
from ..model.plan import BalancePlan, Plan
from ..model.schema import FINANCE_PLAN, GRID_BY_NAME, TABLES
from ..model.tables import RawTable, Tables

NOTHING = float("nan")
_FAMILY_ROWS = {
    "Demand": ("SalesPlan", "Consensus demand"),
    **{name: ("InventoryPlan", name) for name in (
        "Opening stock", "Production", "Sales", "Closing stock", "Backorders", "Lost sales", "Target stock")},
}  # fmt: skip


def plan_on_sheets(tables: Tables, raw: Mapping[str, RawTable], grids: Mapping[str, RawTable]) -> Plan:
    """The plan that the sheets show. ``raw`` and ``grids`` as `read_raw` and `read_grids_raw` give them.

    Where no balance was run, or a balance of a scenario alone, ``balance`` is None. Costs by term and findings are not
    on the sheets: they are empty.
    """
    bucket = tables.settings.bucket
    long = {name: _long(name, grids[name], bucket) for name in grids}
    results = dict(_pairs(raw.get("tblResult")))
    balance = _balance(tables, long, results)
    return Plan(
        tables,
        ("forecast", "aggregate", "balance"),
        forecast=_frame(raw, "tblForecast"),
        sales=_wide(long.get("SalesPlan"), ("Last year", "Budget")),
        balance=balance,
        item_plan=_frame(raw, "tblItemPlan"),
        finance=_wide(long.get("FinancePlan"), tuple(m.name for m in FINANCE_PLAN.measures if m.role == "output")),
        kpis=_frame(raw, "tblKpis"),
        plan_table=_frame(raw, "tblPlan"),
        results=results,
    )


def shown_figures(grids: Mapping[str, RawTable], bucket: str) -> pd.DataFrame:
    """Grid, Family, Source, Resource, Measure, Period, Value of every figure of the plan sheets, values of formulas
    included; '' where a row has no family, source or resource. ``grids`` as `read_grids_raw` gives them."""
    each = {name: _long(name, raw, bucket) for name, raw in grids.items()}
    parts = [long.assign(Grid=name) for name, long in each.items() if len(long)]
    columns = ["Grid", "Family", "Source", "Resource", "Measure", "Period", "Value"]
    if not parts:
        return pd.DataFrame(columns=columns)
    found = pd.concat(parts, ignore_index=True).reindex(columns=columns)
    keys = ["Family", "Source", "Resource"]
    return found.assign(**{key: found[key].fillna("") for key in keys})


def _pairs(table: RawTable | None) -> list[tuple[str, object]]:
    if table is None:
        return []
    rows = zip(table.frame["Measure"], table.frame["Value"], strict=True)
    return [(str(name), value) for name, value in rows if name not in (None, "") and value not in (None, "")]


def _frame(raw: Mapping[str, RawTable], name: str) -> pd.DataFrame | None:
    """The columns that the schema knows, untyped; fully blank rows left out."""
    if name not in raw:
        return None
    frame = raw[name].frame
    frame = frame[[column for column in TABLES[name].headers if column in frame.columns]]
    return frame[frame.notna().any(axis=1)].reset_index(drop=True)


def _long(name: str, raw: RawTable, bucket: str) -> pd.DataFrame:
    """Key columns, Measure, Period, Value of every cell that holds something in the rows of the schema."""
    grid = GRID_BY_NAME[name]
    frame, keys = raw.frame, [*grid.keys, "Measure"]
    if not set(keys) <= set(frame.columns):  # found and named by the reader of tables
        return pd.DataFrame(columns=[*keys, "Period", "Value"])
    periods = {at: calendar.parse_period(label, bucket) for at, label in enumerate(frame.columns)
               if label not in grid.lead_headers}  # fmt: skip
    known = {measure.name for measure in grid.measures}
    texts = [["" if cell is None else str(cell).strip() for cell in frame[key]] for key in keys]
    rows = [at for at, measure in enumerate(texts[-1]) if measure in known]
    found: list[list[object]] = []
    for at, period in periods.items():
        if period is None:
            continue
        column = frame.iloc[:, at].tolist()
        found += [[*(text[row] for text in texts), period, column[row]] for row in rows if column[row] is not None]
    long = pd.DataFrame(found, columns=[*keys, "Period", "Value"])
    return long.drop_duplicates([*keys, "Period"])


def _wide(long: pd.DataFrame | None, measures: tuple[str, ...]) -> pd.DataFrame | None:
    """Family, Period and one float column a measure."""
    if long is None:
        return None
    part = long[long["Measure"].isin(measures) & (long["Family"] != "Total")]
    values = pd.to_numeric(part["Value"], errors="coerce")
    wide = part.assign(Value=values).pivot(index=["Family", "Period"], columns="Measure", values="Value")
    return wide.reindex(columns=list(measures)).reset_index().rename_axis(columns=None)


def _balance(
    tables: Tables, long: Mapping[str, pd.DataFrame], results: Mapping[str, object]
) -> BalancePlan | None:  # fmt: skip
    periods = pd.MultiIndex.from_product([tables.family_names, tables.periods], names=["Family", "Period"])
    families = pd.DataFrame(index=periods)
    for column, (grid, measure) in _FAMILY_ROWS.items():
        if grid not in long:
            return None
        part = long[grid][long[grid]["Measure"] == measure].set_index(["Family", "Period"])["Value"]
        families[column] = pd.to_numeric(part, errors="coerce").reindex(periods)
    if not families["Opening stock"].notna().any():
        return None
    # what was late before: the part of shipments and late units that the period's own demand does not explain
    late = families["Backorders"] + families["Sales"] - families["Demand"] + families["Lost sales"]
    families["Opening backorders"] = late.fillna(0.0).clip(lower=0.0).round(6)
    families["Price"] = NOTHING
    return BalancePlan(
        str(results.get("Status") or ""), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, "",
        families.reset_index(), _sources(long), _resources(tables, long.get("CapacityPlan")),
        pd.DataFrame({name: [] for name in ("Term", "Family", "Resource", "Period", "Value")}),
    )  # fmt: skip


def _sources(long: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    plan = long.get("ProductionPlan")
    if plan is None:
        return pd.DataFrame({name: [] for name in ("Family", "Source", "Period", "Planned")})
    part = plan[plan["Measure"] == "Planned"]
    return part[["Family", "Source", "Period"]].assign(Planned=pd.to_numeric(part["Value"], errors="coerce"))


def _resources(tables: Tables, long: pd.DataFrame | None) -> pd.DataFrame:
    measures = [measure.name for measure in GRID_BY_NAME["CapacityPlan"].measures if measure.role == "output"]
    kinds = dict(zip(tables.resources["Resource"].astype(str), tables.resources["Kind"], strict=True))
    if long is None:
        return pd.DataFrame({name: [] for name in ("Resource", "Kind", "Period", *measures)})
    part = long[long["Measure"].isin(measures)]
    values = pd.to_numeric(part["Value"], errors="coerce")
    wide = part.assign(Value=values).pivot(index=["Resource", "Period"], columns="Measure", values="Value")
    wide = wide.reindex(columns=measures).reset_index().rename_axis(columns=None)
    wide["Kind"] = wide["Resource"].map(kinds).fillna("")
    return wide
