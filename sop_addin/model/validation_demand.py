"""Rules on what is sold: settings, items, history, events, prices, exchange rates, scenarios."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from .calendar import add_periods, periods_between
from .names import without_year
from .suggest import listed
from .tables import Tables
from .validation_base import Failure, Message, TableFailure, broken_parts, frame_of, number, period_of, rule


@rule("Error")
def nothing_to_plan(tables: Tables) -> Iterable[TableFailure]:
    """There is a family to plan."""
    missing_tables, missing_columns = broken_parts(tables)
    said = "tblFamilies" in missing_tables or ("tblFamilies", "Family") in missing_columns
    if not len(tables.families) and not said:
        message = "there is no family, so there is nothing to plan; list your families"
        yield TableFailure("tblFamilies", "Family", message)


@rule("Error")
def plan_start_known(tables: Tables) -> Iterable[TableFailure]:
    """The first planned period is given, or follows from history or demand."""
    if tables.plan_start is None and len(tables.families):
        yield TableFailure(
            "tblSettings", "Value", "Plan start is blank and there is no history or demand to tell it from; fill it in"
        )


@rule("Error")
def history_empty(tables: Tables) -> Iterable[TableFailure]:
    """There is a sales history to forecast from, or demand in the Sales Plan."""
    if not len(tables.families) or "tblHistory" in broken_parts(tables)[0]:
        return  # nothing_to_plan says more
    if _items_with_history(tables):
        return
    if not len(tables.sales_plan):
        message = (
            "the history holds no sales and the Sales Plan no figures, so there is no demand to plan; "
            "paste past sales here or type overrides into the Sales Plan"
        )
        yield TableFailure("tblHistory", "Item", message)
        return
    overridden = set(tables.sales_plan.loc[tables.sales_plan["Override"].notna(), "Family"])
    without = [family for family in tables.family_names if family in set(tables.items["Family"]) - overridden]
    nothing = "the history holds no sales, so nothing can be forecast"
    if without:
        message = f"{nothing} for {listed(without, 3)}; paste past sales here or type overrides for them"
        yield TableFailure("tblHistory", "Item", message)
    elif len(tables.history):
        message = f"{nothing}; paste past sales here, or delete its rows to plan from the overrides alone"
        yield TableFailure("tblHistory", "Item", message)
    elif len(tables.items):
        yield TableFailure("tblHistory", "Item", f"{nothing}; the overrides alone are planned", "Warning")


@rule("Warning")
def history_meets_plan_start(tables: Tables) -> Iterable[TableFailure]:
    """The history ends in the period before plan start."""
    start, bucket = tables.settings.plan_start, tables.settings.bucket
    if start is None or not tables.history_periods:
        return
    last = max(tables.history_periods)
    gap = periods_between(last, start, bucket) - 1
    ends = f"the history ends in {period_of(tables, last)}"
    if gap > 0:
        missing = period_of(tables, add_periods(last, 1, bucket))
        early = f"{gap} period{'s' if gap > 1 else ''} too early for the plan start"
        message = f"{ends}, {early}; add sales of {missing} or set Plan start to it"
        yield TableFailure("tblHistory", "", message)
    elif gap < 0:
        message = f"{ends}, but the plan starts in {period_of(tables, start)}; set Plan start to the period after it"
        yield TableFailure("tblHistory", "", message)


@rule("Error")
def frozen_within_horizon(tables: Tables) -> Iterable[TableFailure]:
    """No more periods are frozen than are planned."""
    settings = tables.settings
    if settings.frozen_periods > settings.horizon:
        message = f"Frozen periods is {settings.frozen_periods}, but only {settings.horizon} are planned; lower it"
        yield TableFailure("tblSettings", "Value", message)


@rule("Warning")
def frozen_needs_approved_plan(tables: Tables) -> Iterable[TableFailure]:
    """Where periods are frozen there is an approved plan to keep."""
    frozen = tables.settings.frozen_periods
    if not frozen or not tables.periods:
        return
    approved = tables.production_plan.dropna(subset=["Approved plan"])
    if not approved["Period"].isin(tables.periods[:frozen]).any():
        message = f"Frozen periods is {frozen}, but no approved plan covers them; publish a plan or set it to 0"
        yield TableFailure("tblSettings", "Value", message)


@rule("Error")
def name_reserved(tables: Tables) -> Iterable[Failure]:
    """No family is called Total: the Finance sheet has a row of that name."""
    frame = tables.families
    yield Failure(
        "tblFamilies", "Family", frame[frame["Family"].str.casefold() == "total"],
        lambda row: f"'{row['Family']}' is the name of the total row on sheet Finance; give the family another name",
    )  # fmt: skip


@rule("Error")
def names_differ_only_in_case(tables: Tables) -> Iterable[Failure]:
    """No two families or resources differ in upper and lower case only: Excel's formulas take them for one."""
    for table, column in (("tblFamilies", "Family"), ("tblResources", "Resource")):
        frame = frame_of(tables, table)
        unique = frame[(frame[column] != "") & ~frame[column].duplicated()]
        folded = unique[column].str.casefold()
        yield Failure(table, column, unique[folded.duplicated()], _one_to_excel(column, list(unique[column])))


def _one_to_excel(column: str, names: list[str]) -> Message:
    first = {name.casefold(): name for name in reversed(names)}
    return lambda row: (
        f"'{row[column]}' and '{first[row[column].casefold()]}' are one name to Excel; rename one of them"
    )


@rule("Error")
def like_item_is_another(tables: Tables) -> Iterable[Failure]:
    """An item is not its own like item."""
    frame = tables.items
    yield Failure(
        "tblItems", "Like item", frame[(frame["Like item"] != "") & (frame["Like item"] == frame["Item"])],
        lambda row: f"'{row['Item']}' is like itself; name the item whose history it follows, or clear the cell",
    )  # fmt: skip


@rule("Warning")
def like_item_has_history(tables: Tables) -> Iterable[Failure]:
    """A like item has sales to follow."""
    frame = tables.items
    known = set(frame["Item"])
    likes = frame["Like item"]
    empty = (likes != "") & likes.isin(known) & ~likes.isin(_items_with_history(tables)) & (frame["Status"] == "New")
    yield Failure(
        "tblItems", "Like item", frame[empty],
        lambda row: f"'{row['Like item']}' has no history that '{row['Item']}' could follow; name an item that has",
    )  # fmt: skip


@rule("Warning")
def new_item_needs_like_item(tables: Tables) -> Iterable[Failure]:
    """A new item has a like item or sales of its own."""
    frame = tables.items
    alone = (frame["Status"] == "New") & (frame["Like item"] == "") & ~frame["Item"].isin(_items_with_history(tables))
    yield Failure(
        "tblItems", "Like item", frame[alone],
        lambda row: f"new item '{row['Item']}' has neither history nor a like item, so it is planned as 0; "
        "name the item it will sell like",
    )  # fmt: skip


@rule("Warning")
def phase_out_needs_end(tables: Tables) -> Iterable[Failure]:
    """An item that is phased out has a last day of sale, or a stock that runs out."""
    frame = tables.items
    stays = (frame["Status"] == "Phase-out") & frame["End"].isna() & ~(frame["Opening stock"] > 0)
    yield Failure(
        "tblItems", "End", frame[stays],
        lambda row: f"'{row['Item']}' is phased out but has no End, so it is planned to the end; fill in its last day",
    )  # fmt: skip


@rule("Error")
def launch_before_end(tables: Tables) -> Iterable[Failure]:
    """An item is launched before it ends."""
    frame = tables.items
    yield Failure(
        "tblItems", "End", frame[frame["Launch"] > frame["End"]],
        lambda row: f"End {row['End']:%Y-%m-%d} is before Launch {row['Launch']:%Y-%m-%d}; correct one of them",
    )  # fmt: skip


@rule("Info")
def item_without_history(tables: Tables) -> Iterable[Failure]:
    """An active item has sales in the history."""
    frame = tables.items
    sold = _items_with_history(tables)
    if not sold:
        return  # history_empty says it once
    selling = frame["Status"].isin(["Active", "Phase-out"]) & (frame["Item"] != "")
    yield Failure(
        "tblItems", "Item", frame[selling & ~frame["Item"].isin(sold)],
        lambda row: f"'{row['Item']}' has no sales in the history, so its forecast is 0",
    )  # fmt: skip


@rule("Info")
def history_long_enough(tables: Tables) -> Iterable[TableFailure]:
    """Two seasons of history show what is seasonal."""
    periods, season = len(tables.history_periods), tables.settings.season_length
    if 0 < periods < 2 * season:
        message = f"{periods} periods are less than two seasons of {season}, so seasons are a guess; add older sales"
        yield TableFailure("tblHistory", "", message)


@rule("Info")
def family_without_demand(tables: Tables) -> Iterable[Failure]:
    """A family has items, or figures in the Sales Plan."""
    if ("tblItems", "Family") in broken_parts(tables)[1]:
        return
    frame = tables.families
    having = set(tables.items["Family"]) | set(tables.sales_plan["Family"])
    yield Failure(
        "tblFamilies", "Family", frame[~frame["Family"].isin(having) & (frame["Family"] != "")],
        lambda row: f"'{row['Family']}' has no items and no figures in the Sales Plan, so its demand is 0",
    )  # fmt: skip


@rule("Error")
def period_in_order(tables: Tables) -> Iterable[Failure]:
    """From is not later than To."""
    for table in ("tblEvents", "tblScenarios", "tblRisks"):
        frame = frame_of(tables, table)
        yield Failure(
            table, "To", frame[frame["From"] > frame["To"]],
            lambda row: f"To {period_of(tables, row['To'])} is before From {period_of(tables, row['From'])}; "
            "correct one of them",
        )  # fmt: skip


@rule("Info")
def event_has_effect(tables: Tables) -> Iterable[Failure]:
    """A coming event changes demand or price, or has taken place before."""
    frame = tables.events
    start = tables.plan_start
    if start is None:
        return
    figures = frame[["Uplift %", "Uplift units", "Price change %"]]
    idle = figures.fillna(0).eq(0).all(axis=1) & (frame["To"] >= start)
    names = frame["Event"].map(without_year)
    idle &= ~(figures.isna().all(axis=1) & names.isin(set(names[frame["From"] < start])))
    yield Failure(
        "tblEvents", "Uplift %", frame[idle],
        lambda row: f"'{row['Event']}' changes neither demand nor price; fill in an uplift or a price change",
    )  # fmt: skip


@rule("Warning")
def item_override_has_effect(tables: Tables) -> Iterable[Failure]:
    """An override is of an item that still sells."""
    frame = tables.item_overrides
    gone = set(tables.items.loc[tables.items["Status"] == "Discontinued", "Item"])
    yield Failure(
        "tblItemOverrides", "Item", frame[frame["Item"].isin(gone)],
        lambda row: f"'{row['Item']}' is discontinued, so its override has no effect; delete the row or change the "
        "item's Status",
    )  # fmt: skip


@rule("Warning")
def item_override_said_once(tables: Tables) -> Iterable[Failure]:
    """An item is overridden as a whole or by region, not both."""
    frame = tables.item_overrides
    keys = pd.MultiIndex.from_frame(frame[["Item", "Period"]])
    whole = keys[(frame["Region"] == "").to_numpy(dtype=bool)]
    yield Failure(
        "tblItemOverrides", "Region", frame[(frame["Region"] != "") & keys.isin(whole)],
        lambda row: f"'{row['Item']}' has a figure for all regions in {period_of(tables, row['Period'])} too, and "
        "that one counts; delete one of the two",
    )  # fmt: skip


@rule("Warning")
def event_item_in_its_family(tables: Tables) -> Iterable[Failure]:
    """An event that names an item and a family names the item's family."""
    frame = tables.events
    family_of = dict(zip(tables.items["Item"], tables.items["Family"], strict=True))
    actual = frame["Item"].map(family_of)
    wrong = (frame["Family"] != "") & actual.notna() & (actual != "") & (actual != frame["Family"])
    yield Failure(
        "tblEvents", "Family", frame[wrong],
        lambda row: f"item '{row['Item']}' belongs to '{family_of[row['Item']]}', not to '{row['Family']}'; "
        "correct the family or clear it",
    )  # fmt: skip


@rule("Error")
def risk_values_in_order(tables: Tables) -> Iterable[Failure]:
    """Low, Likely and High of a risk rise."""
    frame = tables.risks
    low, likely, high = frame["Low %"], frame["Likely %"], frame["High %"]
    yield Failure(
        "tblRisks", "Likely %", frame[(low > likely) | (likely > high) | (low > high)],
        lambda row: f"Low, Likely and High are {_percent(row['Low %'])}, {_percent(row['Likely %'])} and "
        f"{_percent(row['High %'])}; they must rise from Low to High",
    )  # fmt: skip


@rule("Error")
def currency_has_rate(tables: Tables) -> Iterable[Failure]:
    """Every foreign currency of an item has an exchange rate."""
    frame = tables.items
    base = tables.settings.base_currency
    known = {base, "", *tables.rates["Currency"]}
    foreign = ~frame["Currency"].isin(known) & (frame["Price"].notna() | frame["Cost"].notna())
    yield Failure(
        "tblItems", "Currency", frame[foreign],
        lambda row: f"'{row['Currency']}' has no exchange rate to {base}; add it to Rates or correct the currency",
    )  # fmt: skip


@rule("Warning")
def rate_covers_plan(tables: Tables) -> Iterable[Failure]:
    """An exchange rate is given for every planned period, or for all of them."""
    rates = tables.rates
    used = set(tables.items["Currency"]) - {"", tables.settings.base_currency}
    always = set(rates.loc[rates["Period"].isna(), "Currency"])
    planned = tables.periods
    missing: dict[str, list[pd.Timestamp]] = {}
    for currency, rows in rates[rates["Currency"].isin(used - always)].groupby("Currency", sort=False):
        have = set(rows["Period"])
        missing[str(currency)] = [period for period in planned if period not in have]
    first = rates[~rates["Currency"].duplicated()]
    yield Failure(
        "tblRates", "Period", first[first["Currency"].map(lambda currency: bool(missing.get(currency)))],
        lambda row: f"{row['Currency']} has no rate for {_labels(tables, missing[row['Currency']])}, where its latest "
        "one counts; add these periods, or a row with a blank Period",
    )  # fmt: skip


@rule("Warning")
def base_currency_rate_is_one(tables: Tables) -> Iterable[Failure]:
    """The base currency's rate, where there is one, is 1."""
    base = tables.settings.base_currency
    frame = tables.rates
    yield Failure(
        "tblRates", "Rate", frame[(frame["Currency"] == base) & (frame["Rate"] != 1) & frame["Rate"].notna()],
        lambda row: f"{base} is the base currency, so its rate is 1 and not {number(row['Rate'])}; delete the row",
    )  # fmt: skip


@rule("Warning")
def price_missing(tables: Tables) -> Iterable[Failure]:
    """When margin is maximised, every family has a price of its own or of its items."""
    if not tables.settings.maximise_margin:
        return
    frame = tables.families
    priced = set(tables.items.loc[tables.items["Price"].notna(), "Family"])
    priced |= set(tables.family_periods.loc[tables.family_periods["Price"].notna(), "Family"])
    yield Failure(
        "tblFamilies", "Price", frame[frame["Price"].isna() & ~frame["Family"].isin(priced)],
        lambda row: f"'{row['Family']}' has no price, so selling it earns nothing and the plan leaves it unsold; "
        "fill in the price",
    )  # fmt: skip


@rule("Warning")
def family_without_price(tables: Tables) -> Iterable[Failure]:
    """Where some families have a price, all of them have one: revenue and margin would be too low without."""
    priced = set(tables.items.loc[tables.items["Price"].notna(), "Family"])
    priced |= set(tables.family_periods.loc[tables.family_periods["Price"].notna(), "Family"])
    frame = tables.families
    blank = frame["Price"].isna() & ~frame["Family"].isin(priced)
    if tables.settings.maximise_margin or blank.all():
        return
    yield Failure(
        "tblFamilies", "Price", frame[blank],
        lambda row: f"'{row['Family']}' has no price, so its sales count as revenue of 0 and the margin is too low; "
        "fill in the price",
    )  # fmt: skip


def _items_with_history(tables: Tables) -> set[str]:
    history = tables.history
    periods = tables.history_periods
    if not len(history) or not periods:
        return set()
    block = history[periods].to_numpy(dtype=float)
    return set(history["Item"][~np.isnan(block).all(axis=1)]) - {""}


def _percent(value: float) -> str:
    return "blank" if pd.isna(value) else f"{value * 100:g} %"


def _labels(tables: Tables, periods: list[pd.Timestamp]) -> str:
    return listed([period_of(tables, period) for period in periods], 3)
