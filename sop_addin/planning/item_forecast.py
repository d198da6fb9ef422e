"""From the history table to the statistical forecast of every item and region."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.tables import Tables
from .demand_forecast import forecast_demand

Progress = Callable[[int, int], None]


def history_long(tables: Tables, *, discontinued: bool = False) -> pd.DataFrame:
    """History before plan start: Item, Region, Period, Quantity (item units); with or without discontinued items.

    Unknown months (blank cells) have no row.
    """
    start = tables.plan_start
    periods = [period for period in tables.history_periods if start is None or period < start]
    wide = tables.history[["Item", "Region", *periods]]
    planned = tables.items if discontinued else tables.items[tables.items["Status"] != "Discontinued"]
    known = set(planned["Item"])
    wide = wide[wide["Item"].isin(known)]
    quantities = wide[periods].to_numpy(dtype=np.float64)
    rows, columns = np.nonzero(~np.isnan(quantities))
    return pd.DataFrame(
        {
            "Item": wide["Item"].to_numpy()[rows],
            "Region": wide["Region"].to_numpy()[rows],
            "Period": pd.DatetimeIndex(periods).to_numpy()[columns] if periods else np.zeros(0, "datetime64[ns]"),
            "Quantity": quantities[rows, columns],
        }
    )


def forecast_items(tables: Tables, progress: Progress | None = None) -> pd.DataFrame:
    """Statistical forecast: columns of tblForecast (Item, Region, Period, Forecast, Low, High, Method), item units.

    Every item and region with history gets one row per planned period; rows of an item stay together.
    """
    columns = ["Item", "Region", "Period", "Forecast", "Low", "High", "Method"]
    settings = tables.settings
    history = history_long(tables)
    periods = tables.periods
    if history.empty or not periods:
        return pd.DataFrame({name: [] for name in columns})
    series = history[["Item", "Region"]].drop_duplicates().reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(series)
    method_of_item = dict(zip(tables.items["Item"], tables.items["Method"], strict=True))
    last = history["Period"].max()
    ahead = calendar.periods_between(last, periods[-1], settings.bucket)
    forecast = forecast_demand(
        pd.DataFrame(
            {
                "item": keys.get_indexer(pd.MultiIndex.from_frame(history[["Item", "Region"]])),
                "period": history["Period"],
                "quantity": history["Quantity"],
            }
        ),
        ahead,
        season_length=settings.season_length,
        interval=settings.interval_level,
        effort=settings.forecast_effort.lower(),
        methods={row: str(method_of_item[item]) for row, item in enumerate(series["Item"])},
        outliers=settings.outlier_cleaning,
        progress=progress,
    )
    forecast = forecast[forecast["period"].isin(periods)]
    position = forecast["item"].to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "Item": series["Item"].to_numpy()[position],
            "Region": series["Region"].to_numpy()[position],
            "Period": forecast["period"].to_numpy(),
            "Forecast": forecast["forecast"].to_numpy().round(3),
            "Low": forecast["low"].to_numpy().round(3),
            "High": forecast["high"].to_numpy().round(3),
            "Method": forecast["method"].to_numpy(),
        }
    )
