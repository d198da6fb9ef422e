"""From the history table to the statistical forecast of every item and region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.tables import Tables
from .cleaning import NOT_SOLD_YET
from .demand_forecast import Forecasts, cleaned_history, forecast_all
from .reconcile import Levels, level_forecasts, level_histories, levels_above

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


FORECAST_COLUMNS = ("Item", "Region", "Period", "Forecast", "Low", "High", "Method")
EXPLANATION_COLUMNS = ("Item", "Region", "Method", "Peak", "Seasonal", "Trend", "Error", "Cleaned", "Explanation")
CLEANING_COLUMNS = ("Item", "Region", "Period", "Recorded", "Used", "Reason")


@dataclass(frozen=True)
class ItemForecast:
    """`forecast`: columns of tblForecast, `explanations` of tblExplanation, `cleaning` of tblCleaning; item units."""

    forecast: pd.DataFrame
    explanations: pd.DataFrame
    cleaning: pd.DataFrame


def forecast_items(
    tables: Tables, progress: Progress | None = None, *, history: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The forecast of `forecast_items_explained` alone."""
    return forecast_items_explained(tables, progress, history=history).forecast


def forecast_items_explained(
    tables: Tables, progress: Progress | None = None, *, history: pd.DataFrame | None = None
) -> ItemForecast:
    """Statistical forecast of every item and region, what it rests on, and what was changed in its history before.

    Every item and region with history gets one row per planned period; rows of an item stay together. Families that
    are planned Top-down or Reconciled are forecast as a whole too, and their items fitted to that (reconcile.py).
    history: what to forecast from, as `history_long` gives it (its default), such as the history without past events.
    """
    settings = tables.settings
    history = history_long(tables) if history is None else history
    periods = tables.periods
    if history.empty or not periods:
        return ItemForecast(
            *(
                pd.DataFrame({name: [] for name in names})
                for names in (FORECAST_COLUMNS, EXPLANATION_COLUMNS, CLEANING_COLUMNS)
            )
        )
    series = history[["Item", "Region"]].drop_duplicates().reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(series)
    method_of_item = dict(zip(tables.items["Item"], tables.items["Method"], strict=True))
    ahead = calendar.periods_between(history["Period"].max(), periods[-1], settings.bucket)
    by_series = pd.DataFrame(
        {
            "item": keys.get_indexer(pd.MultiIndex.from_frame(history[["Item", "Region"]])),
            "period": history["Period"].to_numpy(),
            "quantity": history["Quantity"].to_numpy(),
        }
    )
    season, outliers = settings.season_length, settings.outlier_cleaning
    levels = levels_above(series, tables.items, tables.families)
    known = cleaned_history(by_series, season_length=season, outliers=outliers)
    cleaning = known.frame()
    above = level_histories(levels, series, cleaning, tables.items)
    if len(above):
        above["item"] += len(series)
        known = known.followed_by(cleaned_history(above, season_length=season, outliers=outliers))
    found = forecast_all(
        known,
        ahead,
        interval=settings.interval_level,
        effort=settings.forecast_effort.lower(),
        methods={row: str(method_of_item[item]) for row, item in enumerate(series["Item"])},
        progress=progress,
        season_length=season,
    )
    forecast = found.frame()
    forecast = forecast[forecast["period"].isin(periods)]
    forecast = _fitted_to_levels(forecast, series, levels, tables) if len(levels.nodes) else forecast
    position = forecast["item"].to_numpy(dtype=np.int64)
    table = pd.DataFrame(
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
    return ItemForecast(table, _explanations(found, series), _cleaning(cleaning, series))


def _explanations(found: Forecasts, series: pd.DataFrame) -> pd.DataFrame:
    """Columns of tblExplanation, one row an item and region."""
    rows = found.explanations().iloc[: len(series)]
    keys = {name: series[name].to_numpy() for name in ("Item", "Region")}
    return pd.DataFrame(keys | {name: rows[name.lower()].to_numpy() for name in EXPLANATION_COLUMNS[2:]}).round(
        {"Seasonal": 4, "Trend": 4, "Error": 4}
    )


def _cleaning(rows: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """Columns of tblCleaning: the periods whose quantity was changed."""
    rows = rows[~rows["reason"].isin(["", NOT_SOLD_YET])]
    position = rows["item"].to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "Item": series["Item"].to_numpy()[position],
            "Region": series["Region"].to_numpy()[position],
            "Period": rows["period"].to_numpy(),
            "Recorded": rows["quantity"].to_numpy(),
            "Used": rows["cleaned"].to_numpy().round(3),
            "Reason": rows["reason"].to_numpy(),
        }
    )


def _fitted_to_levels(forecast: pd.DataFrame, series: pd.DataFrame, levels: Levels, tables: Tables) -> pd.DataFrame:
    """The rows of `series` with forecasts that fit the levels above; intervals keep their width."""
    count, nodes = len(series), len(levels.nodes)
    at = forecast["item"].to_numpy(dtype=np.int64)
    rows = forecast.iloc[np.argsort(at, kind="stable")].reset_index(drop=True)
    mean, low, high = (
        rows[name].to_numpy(dtype=np.float64).reshape(count + nodes, -1) for name in ("forecast", "low", "high")
    )
    spread = (high - mean).mean(axis=1)
    fitted = level_forecasts(
        series, tables.items, tables.families, levels, mean[:count], spread[:count], mean[count:], spread[count:]
    )
    result = rows[rows["item"] < count].copy()
    moved = np.any(fitted != mean[:count], axis=1).repeat(mean.shape[1])
    result["forecast"] = fitted.ravel()
    result["low"] = np.maximum(fitted - (mean - low)[:count], 0.0).ravel()
    result["high"] = (fitted + (high - mean)[:count]).ravel()
    family = dict(zip(tables.items["Item"], tables.items["Family"], strict=True))
    planning = dict(zip(tables.families["Family"], tables.families["Planning"], strict=True))
    how = [f", {planning[family[item]].lower()}" for item in series["Item"]]
    result["method"] = np.where(moved, result["method"] + np.repeat(how, mean.shape[1]), result["method"])
    return result
