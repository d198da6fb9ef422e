"""Backtest: what the forecast would have said in the past, and how far off it would have been.

Rolling origins (Tashman 2000, Out-of-sample tests of forecasting accuracy): the history is cut at several origins, each
cut is forecast item by item as a run does it today (past events stay in, nothing is fitted to families), and the
forecast is held against what was sold later. Beside it stand two yardsticks that cost nothing: naive (the last known
figure goes on) and last year (the same period a year before).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..model import calendar
from ..model.errors import InputError
from ..model.schema_output import ALL_FAMILIES
from ..model.tables import Tables
from .accuracy import measures, naive_scale, wmape
from .demand_forecast import forecast_demand
from .families import item_positions, units_per_family_unit
from .forecast_combination import EFFORTS
from .item_forecast import history_long

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

ORIGINS, LAGS = 6, 6
LEAST_HISTORY = 6
"""Periods that the first origin must at least have behind it."""
MOST_ORIGINS = MOST_LAGS = 36

BETTER, LOSES, EQUAL = "Better than naive", "Loses to naive", "As good as naive"
FAMILY, ALL_ITEMS, ITEM = "Family", "All items", "Item"
ACCURACY_COLUMNS = (
    "Level", "Name", "Family", "Lag", "Points", "Actual", "WMAPE", "MAPE", "MASE", "Bias", "Naive WMAPE",
    "Last year WMAPE", "Value added", "Verdict",
)  # fmt: skip


@dataclass(frozen=True)
class Backtest:
    """``points``: one row per item, region, origin and lag that was sold and forecast: Item, Region, Family, Origin
    (last period known), Period, Lag (1 = the period after the origin), Actual, Forecast, Naive, Last year, in item
    units; what was not known is NaN. ``accuracy``: columns of tblAccuracy. ``origins``, ``lags``: as run.
    """

    points: pd.DataFrame
    accuracy: pd.DataFrame
    origins: int
    lags: int
    effort: str

    @property
    def losers(self) -> pd.DataFrame:
        """Rows of ``accuracy``: items that naive forecasts better, the most volume lost first."""
        rows = self.accuracy
        return rows[(rows["Level"] == ITEM) & (rows["Verdict"] == LOSES)]

    def overall(self, level: str = ALL_FAMILIES) -> pd.Series:
        """The row of ``accuracy`` for everything at that level."""
        rows = self.accuracy
        return rows[(rows["Level"] == level) & rows["Lag"].isna()].iloc[0]


def backtest(
    tables: Tables,
    *,
    origins: int = ORIGINS,
    lags: int = LAGS,
    effort: str | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Forecast the last ``origins + lags - 1`` periods of the history from the periods before them.

    origins: how many times the history is cut, one period apart; lags: how many periods ahead each cut is forecast;
    both are reduced where the history is too short to leave LEAST_HISTORY periods. effort: "quick", "standard" or
    "best"; None = the setting. Items that are discontinued are left out, as in a run. progress(done, total) counts
    series. Raises InputError for wrong arguments and where the history is too short.
    """
    for name, value, most in (("origins", origins, MOST_ORIGINS), ("lags", lags, MOST_LAGS)):
        if not 1 <= value <= most:
            raise InputError(f"Backtest: {name} must be from 1 to {most}, not {value}.")
    history = history_long(tables)
    if history.empty:
        raise InputError("Backtest: History holds no sales of a planned item; fill tblHistory first.")
    bucket, season = tables.settings.bucket, tables.settings.season_length
    check_effort(effort)
    effort = (effort or tables.settings.forecast_effort).lower()
    first, last = history["Period"].min(), history["Period"].max()
    size = calendar.periods_between(first, last, bucket) + 1
    origins, lags = _fitted(size, origins, lags)
    series = history[["Item", "Region"]].drop_duplicates().reset_index(drop=True)
    matrix = _matrix(history, series, first, size, bucket)
    method = dict(zip(tables.items["Item"], tables.items["Method"], strict=True))
    methods = {row: str(method[item]) for row, item in enumerate(series["Item"])}
    parts = []
    for number in range(origins):
        known = size - lags - origins + 1 + number
        forecast = _forecast(
            tables, matrix[:, :known], first, lags, methods, effort, _share_of(progress, number, origins)
        )
        parts.append(_points_of_origin(matrix, forecast, known, season))
    points = pd.concat(parts, ignore_index=True)
    if points.empty:
        raise InputError(f"Backtest: no item was sold in the last {origins + lags - 1} periods of the history.")
    positions = points.pop("Series").to_numpy(dtype=np.intp)
    points.insert(0, "Item", series["Item"].to_numpy()[positions])
    points.insert(1, "Region", series["Region"].to_numpy()[positions])
    family = dict(zip(tables.items["Item"], tables.items["Family"], strict=True))
    points.insert(2, "Family", points["Item"].map(family))
    dates = np.array(calendar.period_range(first, size, bucket), dtype="datetime64[ns]")
    points["Origin"] = dates[points["Origin"].to_numpy(dtype=np.intp)]
    points["Period"] = dates[points["Period"].to_numpy(dtype=np.intp)]
    accuracy = _accuracy(tables, points, history, lags)
    return Backtest(points, accuracy, origins, lags, effort)


def check_effort(effort: str | None) -> None:
    """Raise InputError for an effort that `forecast_demand` does not know."""
    if effort is not None and effort.lower() not in EFFORTS:
        raise InputError(f"Effort: must be one of {', '.join(EFFORTS)}, not {effort!r}.")


def _fitted(size: int, origins: int, lags: int) -> tuple[int, int]:
    """As many origins and lags as the history allows: first fewer origins, then fewer lags."""
    room = size - LEAST_HISTORY
    if room < 1:
        raise InputError(
            f"Backtest: the history has {size} periods; at least {LEAST_HISTORY + 1} are needed to try a forecast."
        )
    lags = min(lags, room)
    return min(origins, room - lags + 1), lags


def _matrix(history: pd.DataFrame, series: pd.DataFrame, first: pd.Timestamp, size: int, bucket: str) -> Floats:
    """Series x periods, NaN = unknown."""
    matrix = np.full((len(series), size), np.nan)
    rows = pd.MultiIndex.from_frame(series).get_indexer(pd.MultiIndex.from_frame(history[["Item", "Region"]]))
    columns = pd.Index(calendar.period_range(first, size, bucket)).get_indexer(pd.Index(history["Period"]))
    matrix[rows, columns] = history["Quantity"].to_numpy(dtype=np.float64)
    return matrix


def _forecast(
    tables: Tables,
    known: Floats,
    first: pd.Timestamp,
    lags: int,
    methods: dict[int, str],
    effort: str,
    progress: Progress | None,
) -> Floats:
    """Series x lags; NaN for series that had not sold by then."""
    settings = tables.settings
    rows, columns = np.nonzero(np.isfinite(known))
    forecast = np.full((len(known), lags), np.nan)
    if not len(rows):
        return forecast
    size = known.shape[1]
    dates = np.array(calendar.period_range(first, size, settings.bucket), dtype="datetime64[ns]")
    found = forecast_demand(
        pd.DataFrame({"item": rows, "period": dates[columns], "quantity": known[rows, columns]}),
        size - 1 - int(columns.max()) + lags,
        season_length=settings.season_length,
        interval=settings.interval_level,
        effort=effort,
        methods=methods,
        outliers=settings.outlier_cleaning,
        progress=progress,
    )
    wanted = calendar.period_range(calendar.add_periods(first, size, settings.bucket), lags, settings.bucket)
    lag = pd.Index(wanted).get_indexer(pd.Index(found["period"]))
    ahead = lag >= 0
    forecast[found["item"].to_numpy(dtype=np.intp)[ahead], lag[ahead]] = found["forecast"].to_numpy()[ahead]
    return forecast


def _points_of_origin(matrix: Floats, forecast: Floats, known: int, season: int) -> pd.DataFrame:
    """Series, Origin, Period (positions), Lag, Actual, Forecast and the yardsticks, where sold and forecast."""
    lags = forecast.shape[1]
    actual = matrix[:, known : known + lags]
    rows, steps = np.nonzero(np.isfinite(actual) & np.isfinite(forecast))
    naive = pd.DataFrame(matrix[:, :known]).ffill(axis=1).to_numpy()[:, -1]
    # the latest season that was known at the origin: two back where the horizon is longer than one
    before = known + steps - season * (-(-(steps + 1) // season))
    last_year = np.where(before >= 0, matrix[rows, np.maximum(before, 0)], np.nan)
    return pd.DataFrame(
        {
            "Series": rows,
            "Origin": known - 1,
            "Period": known + steps,
            "Lag": steps + 1,
            "Actual": actual[rows, steps],
            "Forecast": forecast[rows, steps],
            "Naive": naive[rows],
            "Last year": last_year,
        }
    )


def _share_of(progress: Progress | None, number: int, origins: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, origins * total)


# --- what the points say ----------------------------------------------------------------------------------------------

_FIGURES = ["Actual", "Forecast", "Naive", "Last year"]


def _accuracy(tables: Tables, points: pd.DataFrame, history: pd.DataFrame, lags: int) -> pd.DataFrame:
    """Columns of tblAccuracy: all families and all items by lag, every family by lag, every item; losers first."""
    units = units_per_family_unit(tables.items)
    per_unit = units[item_positions(points["Item"], tables.items)]
    in_families = points.assign(**{name: points[name] / per_unit for name in _FIGURES})
    family_names = dict(zip(tables.items["Item"], tables.items["Family"], strict=True))
    sold = history.assign(Family=history["Item"].map(family_names))
    sold_in_families = sold.assign(Quantity=sold["Quantity"] / units[item_positions(sold["Item"], tables.items)])
    items = _added_up(points, "Item", sold, tables)
    families = _added_up(in_families, "Family", sold_in_families, tables)
    # items of several families are weighed in family units, else grams would outweigh tonnes
    every_item = items.assign(
        **{name: items[name] / units[item_positions(items["Item"], tables.items)] for name in [*_FIGURES, "Scale"]}
    )
    rows = _by_lag(families, ALL_FAMILIES, "", "", lags) + _by_lag(every_item, ALL_ITEMS, "", "", lags)
    for family in (name for name in tables.family_names if name in set(families["Family"])):
        rows += _by_lag(families[families["Family"] == family], FAMILY, family, family, lags)
    family_of = points.drop_duplicates("Item").set_index("Item")["Family"]
    by_item = pd.DataFrame(
        [_row(ITEM, str(item), str(family_of[item]), None, part) for item, part in items.groupby("Item", sort=False)]
    )
    volume = by_item["Actual"] / units[item_positions(by_item["Name"], tables.items)]
    by_item = by_item.iloc[(by_item["Value added"] * volume).argsort(kind="stable")]
    return pd.concat([pd.DataFrame(rows), by_item], ignore_index=True)[list(ACCURACY_COLUMNS)]


def _added_up(points: pd.DataFrame, key: str, sold: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Points of items or families with their Scale; a yardstick counts where it is known of every part."""
    keys = [key, "Origin", "Period", "Lag"]
    grouped = points.groupby(keys, sort=False)[_FIGURES]
    total, known, size = grouped.sum(), grouped.count(), grouped.size()
    total = total.where(known.eq(size, axis=0)).reset_index()
    bucket, season = tables.settings.bucket, tables.settings.season_length
    quantities = sold.groupby([key, "Period"])["Quantity"].sum(min_count=1).unstack()
    first, last = sold["Period"].min(), sold["Period"].max()
    calendar_of_all = calendar.period_range(first, calendar.periods_between(first, last, bucket) + 1, bucket)
    matrix = quantities.reindex(columns=calendar_of_all).to_numpy(dtype=np.float64)
    names = pd.Index(quantities.index)
    total["Scale"] = np.nan
    for origin in total["Origin"].unique():
        rows = total["Origin"] == origin
        known_then = calendar.periods_between(first, pd.Timestamp(origin), bucket) + 1
        scale = naive_scale(np.asarray(matrix[:, :known_then]), season)
        total.loc[rows, "Scale"] = scale[names.get_indexer(pd.Index(total.loc[rows, key]))]
    return total


def _by_lag(points: pd.DataFrame, level: str, name: str, family: str, lags: int) -> list[dict[str, object]]:
    rows = [_row(level, name, family, None, points)]
    return rows + [
        _row(level, name, family, lag, part) for lag in range(1, lags + 1) if len(part := points[points["Lag"] == lag])
    ]


def _row(level: str, name: str, family: str, lag: int | None, points: pd.DataFrame) -> dict[str, object]:
    figures = measures(points)
    actual = points["Actual"].to_numpy(dtype=np.float64)
    naive = wmape(actual, points["Naive"].to_numpy(dtype=np.float64))
    known = points[points["Last year"].notna()]
    last_year = wmape(known["Actual"].to_numpy(dtype=np.float64), known["Last year"].to_numpy(dtype=np.float64))
    added = naive - figures["WMAPE"]
    verdict = "" if added != added else EQUAL if abs(added) < 0.0005 else BETTER if added > 0 else LOSES
    return {
        "Level": level, "Name": name, "Family": family, "Lag": float(lag) if lag else np.nan, **figures,
        "Naive WMAPE": naive, "Last year WMAPE": last_year, "Value added": added, "Verdict": verdict,
    }  # fmt: skip
