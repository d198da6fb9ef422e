"""ABC/XYZ: each item's class by volume and by variability (model/segment_classes.py says what the classes are)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.cost_defaults import latest_rates
from ..model.segment_classes import (
    A_SHARE,
    B_SHARE,
    LEAST_PERIODS,
    NEW,
    WAYS,
    X_VARIATION,
    Y_VARIATION,
    YEARS,
)
from ..model.tables import Tables
from .backtest import ITEM, Backtest
from .families import item_positions, units_per_family_unit
from .item_forecast import history_long

COLUMNS = ("Item", "Family", "Volume", "Share", "ABC", "Variation", "XYZ", "Class", "WMAPE", "Recommended planning")


def segments(tables: Tables, accuracy: pd.DataFrame | None = None) -> pd.DataFrame:
    """Columns of tblSegments, one row per planned item with history, the largest first.

    Volume: sales of the last year (12 months or 52 weeks), in base currency at the item's Price where every item has
    one, else in family units. Variation: standard deviation / mean of a period's sales over the last two years, from
    the first sale on, regions added up; unknown periods are left out. Items with fewer than six known periods are
    "New". accuracy: tblAccuracy, for the forecast error of each item (WMAPE).
    """
    history = history_long(tables)
    if history.empty:
        return pd.DataFrame({name: [] for name in COLUMNS})
    bucket = tables.settings.bucket
    year = calendar.SEASONS_PER_YEAR[bucket]
    last = history["Period"].max()
    wide = history.groupby(["Item", "Period"], sort=False)["Quantity"].sum().unstack()
    wide = wide.reindex(columns=calendar.period_range(calendar.add_periods(last, 1 - YEARS * year, bucket),
                                                      YEARS * year, bucket))  # fmt: skip
    figures = wide.to_numpy(dtype=np.float64)
    known = np.isfinite(figures).sum(axis=1)
    filled = np.where(np.isfinite(figures), figures, 0.0)
    mean = filled.sum(axis=1) / np.maximum(known, 1)
    spread = np.sqrt(np.where(np.isfinite(figures), (figures - mean[:, None]) ** 2, 0.0).sum(axis=1)
                     / np.maximum(known - 1, 1))  # fmt: skip
    variation = np.where(mean > 0, spread / np.where(mean > 0, mean, 1.0), np.nan)
    items = tables.items.iloc[item_positions(pd.Series(wide.index), tables.items)]
    volume = np.maximum(filled[:, -year:].sum(axis=1), 0.0) * _worth(tables, items)
    result = pd.DataFrame(
        {
            "Item": wide.index.to_numpy(),
            "Family": items["Family"].to_numpy(),
            "Volume": volume,
            "Share": volume / volume.sum() if volume.sum() else 0.0,
            "Variation": variation,
            "Known": known,
        }
    ).sort_values("Volume", ascending=False, kind="stable", ignore_index=True)
    before = result["Share"].cumsum() - result["Share"]  # the item that crosses a limit still belongs above it
    result["ABC"] = np.select([before < A_SHARE - 1e-12, before < B_SHARE - 1e-12], ["A", "B"], "C")
    result.loc[result["Volume"] <= 0, "ABC"] = "C"
    xyz = np.select([result["Variation"] <= X_VARIATION, result["Variation"] <= Y_VARIATION], ["X", "Y"], "Z")
    result["XYZ"] = np.where(result["Known"] < LEAST_PERIODS, NEW, xyz)
    result["Class"] = np.where(result["XYZ"] == NEW, NEW, result["ABC"] + result["XYZ"])
    result["Recommended planning"] = result["Class"].map(WAYS)
    result["WMAPE"] = np.nan
    if accuracy is not None:
        by_item = accuracy[(accuracy["Level"] == ITEM)].set_index("Name")["WMAPE"]
        result["WMAPE"] = result["Item"].map(by_item).astype("float64")
    return result[list(COLUMNS)]


def accuracy_tables(tables: Tables, result: Backtest) -> dict[str, pd.DataFrame]:
    """tblAccuracy and tblSegments: what the sheet Accuracy shows of a backtest."""
    return {"tblAccuracy": result.accuracy, "tblSegments": segments(tables, result.accuracy)}


def _worth(tables: Tables, items: pd.DataFrame) -> np.ndarray:
    """Value of one unit of each item: its price in base currency, or what it is of a family unit."""
    price = items["Price"].to_numpy(dtype=np.float64)
    if np.isfinite(price).all() and (price > 0).all():
        rate = items["Currency"].map(latest_rates(tables)).astype("float64").fillna(1.0).to_numpy()
        return np.asarray(price * rate)
    return np.asarray(1.0 / units_per_family_unit(items))
