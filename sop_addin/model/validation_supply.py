"""Rules on what is made, bought, stored: sources, resources, bill of resources, stock limits, receipts."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from .suggest import did_you_mean
from .tables import Tables
from .validation_base import Failure, broken_parts, frame_of, number, period_of, rule


@rule("Warning")
def family_without_source(tables: Tables) -> Iterable[Failure]:
    """Every family has a source."""
    if "tblSources" in broken_parts(tables)[0]:
        return
    frame = tables.families
    known = set(tables.sources["Family"]) | {""}
    yield Failure(
        "tblFamilies", "Family", frame[~frame["Family"].isin(known)],
        lambda row: f"'{row['Family']}' has no source, so only its opening stock can be sold; add it to Sources",
    )  # fmt: skip


@rule("Error")
def source_exists(tables: Tables) -> Iterable[Failure]:
    """Every source that is named for a family is in tblSources for that family."""
    if "tblSources" in broken_parts(tables)[0]:
        return
    sources = tables.sources
    pairs = pd.MultiIndex.from_frame(sources[["Family", "Source"]])
    families = set(tables.families["Family"])
    for table in ("tblBillOfResources", "tblSourcePeriods", "tblReceipts"):
        frame = frame_of(tables, table)
        here = pd.MultiIndex.from_frame(frame[["Family", "Source"]])
        # an unknown family has its own finding
        wrong = ~here.isin(pairs) & (frame["Source"] != "").to_numpy() & frame["Family"].isin(families).to_numpy()
        yield Failure(
            table, "Source", frame[wrong],
            lambda row: f"'{row['Source']}' is not a source of '{row['Family']}' in Sources"
            f"{did_you_mean(row['Source'], sources.loc[sources['Family'] == row['Family'], 'Source'])}; "
            "add it there or correct the name",
        )  # fmt: skip


@rule("Warning")
def bill_has_make_source(tables: Tables) -> Iterable[Failure]:
    """A bill of resources without a source applies to Make sources: its family has one."""
    frame = tables.bill_of_resources
    making = set(tables.sources.loc[tables.sources["Kind"] == "Make", "Family"])
    sourced = set(tables.sources["Family"])
    limited = _kind_of(tables, frame["Resource"]).isin(["Machine", "Labour"])
    idle = (frame["Source"] == "") & limited & frame["Family"].isin(sourced) & ~frame["Family"].isin(making)
    yield Failure(
        "tblBillOfResources", "Source", frame[idle],
        lambda row: f"'{row['Family']}' has no Make source, so this row is not used; delete it or correct Sources",
    )  # fmt: skip


@rule("Warning")
def bill_on_buy_source(tables: Tables) -> Iterable[Failure]:
    """Machines and labour are used by Make sources only."""
    frame = tables.bill_of_resources
    bought = tables.sources.loc[tables.sources["Kind"] == "Buy", ["Family", "Source"]]
    here = pd.MultiIndex.from_frame(frame[["Family", "Source"]]).isin(pd.MultiIndex.from_frame(bought))
    limited = _kind_of(tables, frame["Resource"]).isin(["Machine", "Labour"])
    yield Failure(
        "tblBillOfResources", "Source", frame[here & limited.to_numpy()],
        lambda row: f"'{row['Source']}' is bought, so it does not use '{row['Resource']}'; make its Kind Make, or use "
        "a resource of kind Supplier",
    )  # fmt: skip


@rule("Warning")
def bill_uses_something(tables: Tables) -> Iterable[Failure]:
    """A row of the bill of resources has a use."""
    frame = tables.bill_of_resources
    yield Failure(
        "tblBillOfResources", "Use per unit", frame[(frame["Use per unit"] == 0) & (frame["Use per run"] == 0)],
        lambda row: f"'{row['Family']}' uses nothing of '{row['Resource']}'; fill in Use per unit or delete the row",
    )  # fmt: skip


@rule("Info")
def resource_not_used(tables: Tables) -> Iterable[Failure]:
    """A resource is used by a family."""
    frame = tables.resources
    used = set(tables.bill_of_resources["Resource"]) | {""}
    yield Failure(
        "tblResources", "Resource", frame[~frame["Resource"].isin(used)],
        lambda row: f"no family uses '{row['Resource']}', so it limits nothing; add its use to BillOfResources",
    )  # fmt: skip


@rule("Error")
def labour_needs_hours(tables: Tables) -> Iterable[Failure]:
    """A labour resource says how many hours one head works in a period."""
    frame = tables.resources
    hours = tables.capacity.loc[tables.capacity["Hours per head"] > 0, "Resource"]
    missing = (frame["Kind"] == "Labour") & ~(frame["Hours per head"] > 0) & ~frame["Resource"].isin(set(hours))
    yield Failure(
        "tblResources", "Hours per head", frame[missing],
        lambda row: f"labour '{row['Resource']}' has no hours per head, so its heads can do nothing; "
        "fill in the hours one head works in a period",
    )  # fmt: skip


@rule("Info")
def labour_capacity_ignored(tables: Tables) -> Iterable[Failure]:
    """The capacity of labour follows from heads and hours."""
    frame = tables.resources
    yield Failure(
        "tblResources", "Capacity", frame[(frame["Kind"] == "Labour") & frame["Capacity"].notna()],
        lambda row: f"Capacity {number(row['Capacity'])} is not used: that of labour is heads x hours per head",
    )  # fmt: skip


@rule("Error")
def efficiency_positive(tables: Tables) -> Iterable[Failure]:
    """Efficiency is above 0."""
    frame = tables.resources
    yield Failure(
        "tblResources", "Efficiency", frame[frame["Efficiency"] == 0],
        lambda row: f"an efficiency of 0 leaves nothing of '{row['Resource']}'; type 1 for all, 0.85 for 85 %",
    )  # fmt: skip


@rule("Warning")
def efficiency_plausible(tables: Tables) -> Iterable[Failure]:
    """Efficiency above 200 % is probably 85 typed for 85 %."""
    frame = tables.resources
    yield Failure(
        "tblResources", "Efficiency", frame[frame["Efficiency"] > 2],
        lambda row: f"{number(row['Efficiency'])} means {number(row['Efficiency'] * 100)} %; "
        f"if you mean {number(row['Efficiency'])} %, type {number(row['Efficiency'] / 100)}",
    )  # fmt: skip


@rule("Info")
def overtime_cheaper_than_regular(tables: Tables) -> Iterable[Failure]:
    """Overtime on a machine costs at least what regular time costs."""
    frame = tables.resources
    odd = (
        (frame["Kind"] == "Machine")
        & (frame["Overtime limit"] > 0)
        & (frame["Overtime cost"] < frame["Regular cost"])
        & (frame["Regular cost"] > 0)
    )
    yield Failure(
        "tblResources", "Overtime cost", frame[odd],
        lambda row: f"overtime at {number(row['Overtime cost'])} is cheaper than regular time at "
        f"{number(row['Regular cost'])}, so it is used first; check both",
    )  # fmt: skip


@rule("Warning")
def min_heads_not_above_max(tables: Tables) -> Iterable[Failure]:
    """Min heads is not above Max heads."""
    frame = tables.resources
    yield Failure(
        "tblResources", "Min heads", frame[frame["Min heads"] > frame["Max heads"]],
        lambda row: f"Min heads {number(row['Min heads'])} is above Max heads {number(row['Max heads'])}; correct one",
    )  # fmt: skip


@rule("Warning")
def min_stock_not_above_max(tables: Tables) -> Iterable[Failure]:
    """Min stock is not above Max stock, period by period too."""
    frame = tables.families
    yield Failure("tblFamilies", "Min stock", frame[frame["Min stock"] > frame["Max stock"]], _min_above_max)
    exceptions = tables.family_periods
    of_family = frame.drop_duplicates("Family").set_index("Family")
    low = exceptions["Min stock"].fillna(exceptions["Family"].map(of_family["Min stock"]))
    high = exceptions["Max stock"].fillna(exceptions["Family"].map(of_family["Max stock"]))
    effective = exceptions.assign(**{"Min stock": low, "Max stock": high})
    given = exceptions["Min stock"].notna() | exceptions["Max stock"].notna()
    yield Failure("tblFamilyPeriods", "Min stock", effective[given & (low > high)], _min_above_max)


@rule("Warning")
def closing_stock_min_not_above_max(tables: Tables) -> Iterable[Failure]:
    """Closing stock min is not above Max stock."""
    frame = tables.families
    yield Failure(
        "tblFamilies", "Closing stock min", frame[frame["Closing stock min"] > frame["Max stock"]],
        lambda row: f"Closing stock min {number(row['Closing stock min'])} is above Max stock "
        f"{number(row['Max stock'])}; correct one",
    )  # fmt: skip


@rule("Warning")
def opening_stock_within_max(tables: Tables) -> Iterable[Failure]:
    """Opening stock does not exceed Max stock."""
    frame = tables.families
    yield Failure(
        "tblFamilies", "Opening stock", frame[frame["Opening stock"] > frame["Max stock"]],
        lambda row: f"Opening stock {number(row['Opening stock'])} is above Max stock {number(row['Max stock'])}, so "
        "the plan starts above its limit; check both",
    )  # fmt: skip


@rule("Warning")
def cover_within_shelf_life(tables: Tables) -> Iterable[Failure]:
    """The target cover is sold before the shelf life ends."""
    frame = tables.families
    yield Failure(
        "tblFamilies", "Target cover", frame[frame["Target cover"] > frame["Shelf life"]],
        lambda row: f"Target cover {number(row['Target cover'])} is longer than the shelf life of "
        f"{number(row['Shelf life'])} periods, so it cannot be reached; lower it",
    )  # fmt: skip


@rule("Warning")
def min_run_not_above_max(tables: Tables) -> Iterable[Failure]:
    """A source's Min run is not above its Max per period."""
    for table in ("tblSources", "tblSourcePeriods"):
        frame = frame_of(tables, table)
        yield Failure(
            table, "Min run", frame[frame["Min run"] > frame["Max per period"]],
            lambda row: f"Min run {number(row['Min run'])} is above Max per period {number(row['Max per period'])}, so "
            f"'{row['Source']}' can never run; correct one",
        )  # fmt: skip


@rule("Warning")
def lead_within_horizon(tables: Tables) -> Iterable[Failure]:
    """What is ordered now arrives within the horizon."""
    frame = tables.sources
    yield Failure(
        "tblSources", "Lead periods", frame[frame["Lead periods"] >= tables.settings.horizon],
        lambda row: f"what '{row['Source']}' is given to do takes {number(row['Lead periods'])} periods, but only "
        f"{tables.settings.horizon} are planned; lower it or lengthen Horizon",
    )  # fmt: skip


@rule("Warning")
def receipt_in_horizon(tables: Tables) -> Iterable[Failure]:
    """A receipt arrives in a planned period. Of the months that were rolled over it has arrived: nothing to say."""
    planned = tables.periods
    if not planned:
        return
    frame = tables.receipts
    first = min((version.plan_start for version in tables.versions), default=planned[0])
    outside = frame["Period"].notna() & ~frame["Period"].between(min(first, planned[0]), planned[-1])
    yield Failure(
        "tblReceipts", "Period", frame[outside],
        lambda row: f"{period_of(tables, row['Period'])} is not planned ({period_of(tables, planned[0])} to "
        f"{period_of(tables, planned[-1])}), so this receipt is not counted; correct the period or delete the row",
    )  # fmt: skip


def _min_above_max(row: dict) -> str:
    return f"Min stock {number(row['Min stock'])} is above Max stock {number(row['Max stock'])}; correct one"


def _kind_of(tables: Tables, names: pd.Series) -> pd.Series:
    kinds = dict(zip(tables.resources["Resource"], tables.resources["Kind"], strict=True))
    return names.map(kinds)
