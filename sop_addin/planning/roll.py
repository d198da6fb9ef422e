"""Rolling forward: the first planned period is over; its actuals become history and the plan begins one period later.

Nothing is lost: what was planned and overridden in that period stays in the published version; overrides, events,
budgets and the approved plan of later periods stay with their periods, so frozen periods hold what was published; and
what was ordered with a lead time is written down as on its way.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.errors import InputError
from ..model.findings import Finding, Findings
from ..model.rolled import HISTORY_COLUMNS, Cells, Rolled
from ..model.suggest import listed
from ..model.tables import Tables
from ..model.versions import Version
from .families import item_positions, units_per_family_unit

MOST_NAMED = 6
_LEAST = 1e-9


def roll_forward(tables: Tables) -> Rolled:
    """What changes when the first planned period is over.

    Its plan must be published, and what was sold must be in tblHistory (an import) or as Sales in tblStock; else the
    findings are errors that name what is missing. Sales of tblStock are spread over items and regions by the forecast
    of the period, else by the last known sales. Opening stock: Stock of tblStock, else the closing stock that was
    published (a warning); items share it as they did. Opening backorders and heads come from the published plan,
    orders with a lead time go to tblReceipts. Raises InputError where there is nothing to roll.
    """
    period = _period_over(tables)
    bucket = tables.settings.bucket
    label = calendar.period_label(period, bucket)
    versions = [one for one in tables.versions if one.plan_start == period]
    if not versions:
        raise InputError(f"Roll: the plan that starts in {label} is not published, so it would be lost; publish first.")
    version = versions[-1]
    start = calendar.add_periods(period, 1, bucket)
    known = tables.stock[tables.stock["Period"] == period].drop_duplicates("Family", keep="last").set_index("Family")
    history, findings = _history(tables, period, known["Sales"].dropna(), label)
    if findings.errors:
        return Rolled(period, start, label, findings=findings)
    opening, notes = _opening(tables, version, period, known["Stock"].dropna(), label)
    cells: dict[str, Cells] = {
        "tblSettings": {("Plan start", "Value"): start},
        **opening,
        "tblReceipts": _on_the_way(tables, version, period),
        "tblResources": _heads(tables, version, period),
    }
    return Rolled(
        period, start, label, {name: some for name, some in cells.items() if some}, history,
        _in_version(tables, version, period), findings + notes,
    )  # fmt: skip


def _period_over(tables: Tables) -> pd.Timestamp:
    if not tables.periods:
        raise InputError("Roll: there is no plan start; set Plan start in Settings first.")
    first = tables.periods[0]
    if tables.settings.plan_start is None and tables.versions:
        # without a setting the plan starts after the history: an import of the month has moved it already
        last = tables.versions[-1].plan_start
        if calendar.add_periods(last, 1, tables.settings.bucket) == first:
            return last
    return first


def _history(tables: Tables, period: pd.Timestamp, sold: pd.Series, label: str) -> tuple[pd.DataFrame, Findings]:
    """HISTORY_COLUMNS of the period, where tblHistory does not have it yet."""
    nothing = pd.DataFrame(columns=list(HISTORY_COLUMNS))
    if period in tables.history_periods and tables.history[period].notna().any():
        return nothing, Findings()
    rows = _weights(tables, period)
    missing = [name for name in rows["Family"].unique() if name not in sold.index]
    if missing:
        text = (
            f"Sales of {label} are missing for {listed(missing, MOST_NAMED)}; enter them in tblStock, sheet History, "
            "or import the history of that period, then roll again"
        )
        place = tables.places.get("tblStock")
        cell = place.cell("Sales", None) if place else ""
        return nothing, Findings.of([Finding("Error", "tblStock", None, "Sales", "actual_sales_known", text, cell)])
    if rows.empty:
        return nothing, Findings()
    total = rows.groupby("Family")["Weight"].transform("sum").to_numpy(np.float64)
    count = rows.groupby("Family")["Weight"].transform("size").to_numpy(np.float64)
    share = np.where(
        total > _LEAST, rows["Weight"].to_numpy(np.float64) / np.where(total > _LEAST, total, 1.0), 1 / count
    )
    quantity = share * rows["Family"].map(sold).to_numpy(np.float64) * rows["Units"].to_numpy(np.float64)
    history = rows.assign(Period=period, Quantity=quantity.round(6))[list(HISTORY_COLUMNS)]
    note = f"sales of {label} by item are those of the family, spread by the forecast; an import of them is exact"
    return history, Findings.of([Finding("Info", "tblHistory", None, "", "sales_spread_over_items", note)])


def _weights(tables: Tables, period: pd.Timestamp) -> pd.DataFrame:
    """Item, Region, Family, Units, Weight (family units) of every item and region that may have sold."""
    over = (tables.items["Status"] == "Phase-out") & (tables.items["End"] < period)
    planned = tables.items.loc[(tables.items["Status"] != "Discontinued") & ~over, "Item"]
    known = tables.history[tables.history["Item"].isin(planned)].drop_duplicates(["Item", "Region"])
    known = _with_unsold_families(tables, known)
    keys = pd.MultiIndex.from_frame(known[["Item", "Region"]])
    forecast = tables.forecast[tables.forecast["Period"] == period].groupby(["Item", "Region"])["Forecast"].sum()
    weight = forecast.reindex(keys).to_numpy(dtype=np.float64)
    if not np.isfinite(weight).any() and tables.history_periods:
        weight = known[tables.history_periods[-1]].to_numpy(dtype=np.float64)
    positions = item_positions(known["Item"], tables.items)
    units = units_per_family_unit(tables.items)[positions]
    return pd.DataFrame(
        {
            "Item": known["Item"].to_numpy(), "Region": known["Region"].to_numpy(),
            "Family": tables.items["Family"].to_numpy()[positions], "Units": units,
            "Weight": np.maximum(np.nan_to_num(weight), 0.0) / units,
        }
    )  # fmt: skip


def _with_unsold_families(tables: Tables, known: pd.DataFrame) -> pd.DataFrame:
    """The rows, and for each family that none of them is of, its items without a region."""
    items = tables.items[tables.items["Status"] != "Discontinued"]
    sold = set(items.loc[items["Item"].isin(known["Item"]), "Family"])
    new = items.loc[~items["Family"].isin(sold), ["Item"]].assign(Region="")
    return pd.concat([known, new], ignore_index=True) if len(new) else known


def _in_version(tables: Tables, version: Version, period: pd.Timestamp) -> frozenset[tuple[str, str, str]]:
    """What was typed for the period and is kept by the published version."""
    kept: list[tuple[str, str, str]] = []
    published = version.families[version.families["Period"] == period].set_index("Family")
    made = version.production[version.production["Period"] == period].set_index("Family")["Planned"]
    typed = tables.sales_plan[tables.sales_plan["Period"] == period]
    for family, override, reason in typed[["Family", "Override", "Override reason"]].itertuples(index=False):
        if family not in published.index:
            continue
        if np.isclose(override, published["Override"][family], rtol=1e-6, equal_nan=True):
            kept.append(("SalesPlan", "Override", family))
        if reason == published["Override reason"][family]:
            kept.append(("SalesPlan", "Override reason", family))
    fixed = tables.production_plan[tables.production_plan["Period"] == period].set_index("Family")["Fixed production"]
    kept += [
        ("ProductionPlan", "Fixed production", str(name))
        for name, value in fixed.items()
        if np.isclose(value, made.get(name, np.nan), rtol=1e-6, atol=1e-5)
    ]
    return frozenset(kept)


def _opening(
    tables: Tables, version: Version, period: pd.Timestamp, counted: pd.Series, label: str
) -> tuple[dict[str, Cells], Findings]:
    """Opening stock and backorders of the next period, in tblItems and tblFamilies."""
    of_items: Cells = {}
    of_families: Cells = {}
    planned = version.families[version.families["Period"] == period].set_index("Family")
    guessed: list[str] = []
    units = pd.Series(units_per_family_unit(tables.items), index=tables.items.index)
    for row in tables.families.to_dict("records"):
        family = str(row["Family"])
        stock = float(counted.get(family, np.nan))
        if np.isnan(stock):
            stock = float(planned["Closing stock"].get(family, np.nan))
            guessed.append(family)
        if np.isnan(stock):
            continue
        items = tables.items[tables.items["Family"] == family]
        held = items["Opening stock"].clip(lower=0.0)
        whole = float((held / units[items.index]).sum())
        if whole > _LEAST:
            for item, old in zip(items["Item"], held, strict=True):
                of_items[(str(item), "Opening stock")] = round(float(old) * stock / whole, 6)
        if whole <= _LEAST or not np.isnan(row["Opening stock"]):
            of_families[(family, "Opening stock")] = round(stock, 6)
        late = float(np.nan_to_num(planned["Backorders"].get(family, 0.0)))
        if abs(late - float(np.nan_to_num(row["Opening backorders"]))) > _LEAST:
            of_families[(family, "Opening backorders")] = round(late, 6)
    findings = Findings()
    if guessed:
        text = (
            f"Stock at the end of {label} is not there for {listed(guessed, MOST_NAMED)}: the plan now opens with the "
            "closing stock that was published; type the counted stock into Opening stock"
        )
        findings = Findings.of([Finding("Warning", "tblStock", None, "Stock", "actual_stock_known", text)])
    return {"tblItems": of_items, "tblFamilies": of_families}, findings


def _on_the_way(tables: Tables, version: Version, period: pd.Timestamp) -> Cells:
    """tblReceipts: what was ordered in the period and arrives later."""
    lead = {
        (str(family), str(source)): int(periods) if periods == periods else 0
        for family, source, periods in tables.sources[["Family", "Source", "Lead periods"]].itertuples(index=False)
    }
    known = tables.receipts.groupby(["Family", "Source", "Period"])["Quantity"].sum()
    cells: Cells = {}
    for family, source, ordered in version.sources.loc[
        version.sources["Period"] == period, ["Family", "Source", "Planned"]
    ].itertuples(index=False):
        periods = lead.get((family, source), 0)
        if periods > 0 and ordered == ordered and ordered > _LEAST:
            arrival = calendar.add_periods(period, periods, tables.settings.bucket)
            before = float(known.get((family, source, arrival), 0.0))
            cells[(family, source, arrival, "Quantity")] = round(before + float(ordered), 6)
    return cells


def _heads(tables: Tables, version: Version, period: pd.Timestamp) -> Cells:
    """tblResources: the crews as the plan left them."""
    rows = version.resources[(version.resources["Period"] == period) & version.resources["Heads"].notna()]
    heads = dict(zip(rows["Resource"], rows["Heads"], strict=True))
    crews = tables.resources[tables.resources["Kind"] == "Labour"]
    return {
        (str(name), "Opening heads"): round(float(heads[name]), 6)
        for name, before in zip(crews["Resource"], crews["Opening heads"], strict=True)
        if name in heads and abs(float(heads[name]) - float(np.nan_to_num(before))) > _LEAST
    }


def rolled_words(rolled: Rolled, bucket: str) -> str:
    """One sentence on what rolling forward did."""
    if rolled.findings.errors:
        return f"Nothing was rolled: {rolled.findings.errors[0].message}."
    warned = "".join(f" {finding.message[:1].upper()}{finding.message[1:]}." for finding in rolled.findings.warnings)
    start = calendar.period_label(rolled.plan_start, bucket)
    return f"Rolled forward: the plan now starts in {start}.{warned} Press Run all steps next."
