"""Between items and families: add items up to the family plan, and share the family plan out to items.

"Units per family unit" says how many units of the item make one planning unit of its family (a six-pack item in a
family planned in single bottles has 1/6; an item counted in grams in a family planned in kilograms has 1000), so
family quantity = item quantity / units per family unit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model.errors import InputError

UNITS_PER_FAMILY_UNIT = "Units per family unit"
KEYS = ("Item", "Family", "Region", "Period")


def aggregate_to_family(item_values: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Add item quantities up to their families.

    item_values: Item, (Region), Period and any number of quantity columns in the item's unit; regions add up. Columns
        that are not numbers are left out. Quantities only: lows and highs of intervals do not add up to an interval.
    items: Item, Family, (Units per family unit; blank = 1).

    Returns Family, Period and the same quantity columns in family units; families in the order of `items`, periods
    ascending. A quantity is NaN where nothing of the family is known in that period. Discontinued items count: what
    they sold was sold. Raises InputError for an item that is not in `items` or a units per family unit that is not > 0.
    """
    positions = item_positions(item_values["Item"], items)
    factors = units_per_family_unit(items)[positions]
    columns = [
        name
        for name in item_values.columns
        if name not in KEYS and pd.api.types.is_numeric_dtype(item_values[name].dtype)
    ]
    families = pd.Categorical(items["Family"].to_numpy()[positions], categories=list(pd.unique(items["Family"])))
    result = pd.DataFrame({"Family": families, "Period": item_values["Period"].to_numpy()})
    for name in columns:
        result[name] = item_values[name].to_numpy(dtype=np.float64, na_value=np.nan) / factors
    totals = result.groupby(["Family", "Period"], observed=True, sort=True)[columns].sum(min_count=1).reset_index()
    totals["Family"] = totals["Family"].astype(object)
    return totals


def disaggregate_to_item(
    family_plan: pd.DataFrame,
    shares: pd.DataFrame,
    items: pd.DataFrame,
    *,
    history_shares: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Share a family plan out to its items so that the items add up to the family exactly.

    family_plan: Family, Period, Value in family units, one row per key (NaN = 0).
    shares: Item, Period, Weight: the weight of an item in its family, in item units (its forecast, as a rule); rows of
        several regions add up, negative or missing weights are 0.
    items: Item, Family, (Units per family unit), (Status), (Launch), (End).
    history_shares: Item, Weight in item units; used where all weights of a family and period are 0.

    Where the weights of a family are all 0 in a period: its weights over the whole horizon, else `history_shares`,
    else equal shares (in family units) of the items on sale in that period. Discontinued items get nothing.

    Returns Item, Family, Period, Value in item units. The sum of Value / units per family unit over a family's items
    is the family's Value to the last digits (the rounding rest goes to the largest item). A family without items on
    sale gets no rows. Raises InputError for a repeated key, an unknown item or a units per family unit not > 0.
    """
    if family_plan.duplicated(["Family", "Period"]).any():
        row = family_plan[family_plan.duplicated(["Family", "Period"])].iloc[0]
        raise InputError(
            f"Family plan: {row['Family']}, {row['Period']:%Y-%m-%d} is there twice; a key must be unique."
        )
    units = units_per_family_unit(items)
    periods = pd.DatetimeIndex(np.unique(family_plan["Period"].to_numpy(dtype="datetime64[ns]")))
    weights = _weights(shares, items, periods) / units[:, None]
    fallback = _history_weights(history_shares, items) / units

    active = np.flatnonzero(_text(items, "Status") != "Discontinued")
    families = pd.Index(pd.unique(items["Family"]))
    family_of_item = families.get_indexer(pd.Index(items["Family"]))
    active = active[np.argsort(family_of_item[active], kind="stable")]
    items_in = np.bincount(family_of_item[active], minlength=len(families))
    first_item = np.concatenate([[0], np.cumsum(items_in)[:-1]]) if len(families) else np.zeros(0, dtype=np.int64)

    family_of_row = families.get_indexer(pd.Index(family_plan["Family"]))
    rows = np.flatnonzero(family_of_row >= 0)
    rows = rows[items_in[family_of_row[rows]] > 0]
    if len(rows) == 0:
        return _item_frame(items, np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[ns]"), np.zeros(0))
    # One block of `size` items per row of the family plan, blocks one after the other.
    size = items_in[family_of_row[rows]]
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    block = np.repeat(np.arange(len(rows)), size)
    item = active[np.arange(size.sum()) - starts[block] + first_item[family_of_row[rows]][block]]
    period = periods.get_indexer(pd.DatetimeIndex(family_plan["Period"]))[rows][block]

    values = family_plan["Value"].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    on_sale = _on_sale(items, periods)[item, period].astype(np.float64)
    candidates = (weights[item, period], weights.sum(axis=1)[item] * on_sale, fallback[item] * on_sale, on_sale)
    share = _first_usable([*candidates, np.ones(len(item))], starts, block)
    quantities = _split(np.nan_to_num(values), share, starts, block)
    return _item_frame(items, item, periods.to_numpy()[period], quantities * units[item])


def units_per_family_unit(items: pd.DataFrame) -> NDArray[np.float64]:
    """The column as floats, blank = 1; raises InputError where it is not > 0."""
    if UNITS_PER_FAMILY_UNIT not in items.columns:
        return np.ones(len(items))
    units = pd.to_numeric(items[UNITS_PER_FAMILY_UNIT]).fillna(1.0).to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~((units > 0) & np.isfinite(units)))
    if len(wrong):
        name = items["Item"].iloc[wrong[0]]
        raise InputError(f"Items, item {name}: {UNITS_PER_FAMILY_UNIT} must be above 0, not {units[wrong[0]]:g}.")
    return units


def item_positions(names: pd.Series, items: pd.DataFrame) -> NDArray[np.intp]:
    """Row number in `items` of each name; raises InputError for names that are not there or are there twice."""
    index = pd.Index(items["Item"])
    if index.has_duplicates:
        raise InputError(f"Items: item {index[index.duplicated()][0]} is there twice; an item needs one row.")
    positions: NDArray[np.intp] = index.get_indexer(pd.Index(names))
    unknown = pd.unique(names[positions < 0])
    if len(unknown):
        shown = ", ".join(map(str, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise InputError(f"{len(unknown)} items are not in the Items table: {shown}; add them there.")
    return positions


def _weights(shares: pd.DataFrame, items: pd.DataFrame, periods: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Weights as a matrix items x periods, in item units."""
    matrix = np.zeros((len(items), len(periods)))
    columns = periods.get_indexer(pd.DatetimeIndex(shares["Period"]))
    weight = np.nan_to_num(shares["Weight"].to_numpy(dtype=np.float64, na_value=np.nan))
    planned = columns >= 0
    np.add.at(matrix, (item_positions(shares["Item"], items)[planned], columns[planned]), weight[planned])
    return np.maximum(matrix, 0.0)


def _history_weights(history_shares: pd.DataFrame | None, items: pd.DataFrame) -> NDArray[np.float64]:
    weights = np.zeros(len(items))
    if history_shares is not None:
        known = np.nan_to_num(history_shares["Weight"].to_numpy(dtype=np.float64, na_value=np.nan))
        np.add.at(weights, item_positions(history_shares["Item"], items), known)
    return np.maximum(weights, 0.0)


def _on_sale(items: pd.DataFrame, periods: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Whether an item may sell in a period (items x periods): a New item from Launch, a Phase-out item until End."""
    status = _text(items, "Status")
    sells = np.ones((len(items), len(periods)), dtype=bool)
    starts = periods.to_numpy()[None, :]
    ends = next_starts(periods).to_numpy()[None, :]  # the period that holds the launch day sells
    for name, wanted, on_sale in (("Launch", "New", np.greater), ("End", "Phase-out", np.less_equal)):
        if name in items.columns:
            days = pd.to_datetime(items[name]).to_numpy(dtype="datetime64[ns]")[:, None]
            applies = (status == wanted)[:, None] & ~np.isnat(days)
            sells &= ~applies | on_sale(ends if name == "Launch" else starts, days)
    return sells


def next_starts(periods: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Start of the period after each of `periods`: a month later where all are firsts of months, else a week."""
    months = bool((periods.day == 1).all())
    return pd.DatetimeIndex(periods + (pd.DateOffset(months=1) if months else pd.Timedelta(weeks=1)))


def _text(items: pd.DataFrame, column: str) -> NDArray[np.object_]:
    if column not in items.columns:
        return np.full(len(items), "", dtype=object)
    return items[column].fillna("").to_numpy(dtype=object)


def _first_usable(
    candidates: Sequence[NDArray[np.float64]], starts: NDArray[np.int64], block: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Shares (sum 1 in each block) from the first candidate whose block sum is above 0."""
    share = np.zeros(len(block))
    open_blocks = np.ones(len(starts), dtype=bool)
    for candidate in candidates:
        # Largest weight 1 first, so that sums of huge or tiny weights neither overflow nor vanish.
        largest = np.maximum.reduceat(candidate, starts)
        usable = open_blocks & (largest > 0) & np.isfinite(largest)
        scaled = candidate / np.where(usable, largest, 1.0)[block]
        sums = np.where(usable, np.add.reduceat(scaled, starts), 1.0)
        share = np.where(usable[block], scaled / sums[block], share)
        open_blocks &= ~usable
        if not open_blocks.any():
            break
    return share


def _split(
    values: NDArray[np.float64], share: NDArray[np.float64], starts: NDArray[np.int64], block: NDArray[np.int64]
) -> NDArray[np.float64]:
    """values x share, with the rounding rest of each block given to its largest item."""
    quantities = values[block] * share
    order = np.lexsort((-share, block))
    largest = order[starts]
    for _ in range(2):  # the correction itself rounds; a second pass settles it
        quantities[largest] += values - np.add.reduceat(quantities, starts)
    return quantities


def _item_frame(
    items: pd.DataFrame,
    item: NDArray[np.intp] | NDArray[np.int64],
    period: NDArray[np.datetime64],
    value: NDArray[np.float64],
) -> pd.DataFrame:
    """Item, Family, Period, Value in the order of `items`, then period."""
    frame = pd.DataFrame(
        {
            "Item": items["Item"].to_numpy()[item],
            "Family": items["Family"].to_numpy()[item],
            "Period": period,
            "Value": value,
        }
    )
    return frame.iloc[np.lexsort((period, item))].reset_index(drop=True)
