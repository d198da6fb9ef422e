"""What a blank cost cell means (contract section 1), each default an information finding; an explicit 0 stays 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .finding_rows import NOWHERE, row_findings
from .findings import Finding, Findings
from .tables import Tables

HOLDING_SHARE = 0.02  # of the cheapest unit cost, per period
BACKORDER_SHARE = 0.05  # of Price, per period
SHORTFALL_SHARE = 0.01  # of the cheapest unit cost, per period
NO_PRICE_FACTOR = 10.0  # a lost sale without Price, times the dearest unit cost

COST_COLUMNS = ("Holding cost", "Backorder cost", "Lost sale cost", "Shortfall cost")


def fill_costs(tables: Tables) -> tuple[pd.DataFrame, Findings]:
    """Families with no blank in Price and COST_COLUMNS (rows and index as in ``tables.families``), and the findings.

    Price: the average price of the family's items, per family unit in base currency, else 0. A family without any
    price counts backorders on the same stand-in price as lost sales: 10 x its dearest unit cost.
    When the margin is maximised a blank Lost sale cost is 0: the revenue that is not earned is the cost already.
    """
    families = tables.families.copy()
    names = families["Family"].astype(str)
    cheapest, dearest = _unit_costs(tables, names.tolist())
    price = families["Price"].to_numpy(dtype=np.float64, copy=True)
    if np.isnan(price).any():
        price = np.where(np.isnan(price), names.map(item_prices(tables)).to_numpy(dtype=np.float64), price)
    priced = np.nan_to_num(price) > 0
    value = np.where(priced, np.nan_to_num(price), NO_PRICE_FACTOR * dearest)
    families["Price"] = np.nan_to_num(price)
    what_a_sale_is = np.where(priced, "its Price", f"{NO_PRICE_FACTOR:g} x its dearest unit cost, as it has no Price,")
    defaults: dict[str, tuple[NDArray[np.float64], list[str]]] = {
        "Holding cost": (HOLDING_SHARE * cheapest, [f"{HOLDING_SHARE:.0%} of its cheapest unit cost"] * len(names)),
        "Backorder cost": (BACKORDER_SHARE * value, [f"{BACKORDER_SHARE:.0%} of {text}" for text in what_a_sale_is]),
        "Lost sale cost": (value, [str(text) for text in what_a_sale_is]),
        "Shortfall cost": (
            SHORTFALL_SHARE * cheapest,
            [f"{SHORTFALL_SHARE:.0%} of its cheapest unit cost"] * len(names),
        ),
    }
    if tables.settings.maximise_margin:
        no_penalty = "0 beyond the revenue that is not earned"
        defaults["Lost sale cost"] = (np.zeros(len(names)), [no_penalty] * len(names))
    findings: list[Finding] = []
    for column, (amount, words) in defaults.items():
        given = families[column].to_numpy(dtype=np.float64)
        blank = np.flatnonzero(np.isnan(given))
        if len(blank):
            families[column] = np.where(np.isnan(given), amount, given)
            findings += _default_findings(tables, column, blank, amount, words)
    return families, Findings.of(findings)


def _unit_costs(tables: Tables, names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(families,) the least and the highest unit cost of each family's sources, 0 where none is known."""
    found: dict[str, list[float]] = {}
    for family, cost in zip(tables.sources["Family"].tolist(), tables.sources["Unit cost"].tolist(), strict=True):
        if cost == cost:
            found.setdefault(str(family), []).append(cost)
    costs = [found.get(name, [0.0]) for name in names]
    return np.array([min(of) for of in costs], dtype=np.float64), np.array([max(of) for of in costs], dtype=np.float64)


def item_prices(tables: Tables) -> pd.Series:
    """Average Price of the items of each family, per family unit, base currency at the latest rates; index = Family."""
    return _item_prices(tables, latest_rates(tables))


def item_prices_by_period(tables: Tables) -> pd.DataFrame:
    """The same at the rate of each planned period: index = Family, one column a period."""
    return pd.DataFrame({period: _item_prices(tables, rates_of(tables, period)) for period in tables.periods})


def priced_periods(tables: Tables) -> pd.DataFrame:
    """tblFamilyPeriods, and in front of it rows with the price of each period of the families that follow the prices of
    their items: the exchange rate may differ by period."""
    if not tables.rates["Period"].notna().any():
        return tables.family_periods
    followers = tables.families.loc[tables.families["Price"].isna(), "Family"].astype(str)
    prices = item_prices_by_period(tables)
    prices = prices[prices.index.isin(followers)]
    long = prices.rename_axis(index="Family").reset_index().melt("Family", var_name="Period", value_name="Price")
    rows = long.reindex(columns=tables.family_periods.columns).astype(tables.family_periods.dtypes.to_dict())
    return pd.concat([rows, tables.family_periods], ignore_index=True) if len(rows) else tables.family_periods


def _item_prices(tables: Tables, rates: dict[str, float]) -> pd.Series:
    items = tables.items[["Family", "Price", "Units per family unit", "Currency"]].dropna(subset=["Price"])
    units = items["Units per family unit"].where(items["Units per family unit"] > 0, 1.0)
    rate = items["Currency"].map(rates).fillna(1.0)
    return (items["Price"] * units * rate).groupby(items["Family"].astype(str)).mean()


def rates_of(tables: Tables, period: pd.Timestamp) -> dict[str, float]:
    """The rate of each currency in a period: the dated one, else the one without a Period, else the latest."""
    known = tables.rates[tables.rates["Rate"].notna()]
    chosen = latest_rates(tables)
    for rows in (known[known["Period"].isna()], known[known["Period"] == period]):
        chosen |= {str(name): float(rate) for name, rate in zip(rows["Currency"], rows["Rate"], strict=True)}
    return chosen


def latest_rates(tables: Tables) -> dict[str, float]:
    """The latest rate of each currency; one without a Period counts only where none is dated."""
    if tables.rates.empty:
        return {}
    rates = tables.rates.sort_values("Period", na_position="first", kind="stable")
    latest = rates.dropna(subset=["Rate"]).groupby("Currency")["Rate"].last()
    return {str(currency): float(rate) for currency, rate in latest.items()}


def _default_findings(
    tables: Tables, column: str, blank: NDArray[np.intp], amount: NDArray[np.float64], words: list[str]
) -> list[Finding]:
    names = tables.families["Family"]
    money = tables.settings.base_currency

    def message(position: int) -> str:
        row = blank[position]
        return (
            f"{column} of {names.iloc[row]} is blank: {words[row].rstrip(',')} is taken, {amount[row]:,.4g} {money} "
            f"per unit; enter 0 if there is none."
        )

    spots = [(int(tables.families.index[row]), column) for row in blank]
    place = tables.places.get("tblFamilies", NOWHERE)
    return row_findings("Info", "cost_default", "tblFamilies", place, spots, message)
