"""Statistical demand forecast of many items: clean, route, combine, guard, intervals, explain.

The steps live in `demand_history`, `cleaning`, `forecast_combination`, `forecast_intervals` and
`forecast_explanation`; `forecast_engine` runs them over all items. This module puts the results into frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sop_addin.model.errors import InputError
from sop_addin.planning.cleaning import NOT_SOLD_YET, CleanSeries, Floats, clean_series
from sop_addin.planning.demand_history import History, read_history
from sop_addin.planning.forecast_cache import ForecastCache, cache_file
from sop_addin.planning.forecast_combination import EFFORTS, INTERMITTENT, METHODS, SeriesForecast
from sop_addin.planning.forecast_engine import Progress, run_jobs
from sop_addin.planning.forecast_explanation import EXPLANATION_COLUMNS, Explanation, explain
from sop_addin.planning.forecast_intervals import half_widths, series_scale
from sop_addin.planning.forecast_worker import Job

__all__ = [
    "METHODS",
    "CleanedHistory",
    "Forecasts",
    "clean_history",
    "cleaned_history",
    "explain_forecast",
    "forecast_all",
    "forecast_demand",
]

LONGEST_HORIZON = 520  # ten years of weeks
FORECAST_COLUMNS = ("item", "period", "forecast", "low", "high", "method")
CLEANING_COLUMNS = ("item", "period", "quantity", "cleaned", "reason")


def forecast_demand(
    history: pd.DataFrame,
    horizon: int,
    *,
    season_length: int = 12,
    interval: float = 0.8,
    effort: str = "standard",
    engine: Any = None,
    methods: Mapping[Any, str] | None = None,
    outliers: bool = True,
    progress: Progress | None = None,
    cache: bool = True,
    processes: int | None = None,
) -> pd.DataFrame:
    """Forecast every item of a sales history.

    history: item, period, quantity (long). Periods are firsts of months or Mondays. A missing row or NaN is unknown,
        0 is "sold nothing", blanks before an item's first row are "not sold yet", negative quantities are returns.
        Every item is forecast from the last period of the whole frame on. An item that has no rows at the end is
        unknown there: the gap is filled like any other, but from a whole season (at least 12 periods) on it is taken
        as no sales.
    horizon: number of periods to forecast. season_length: periods a year (1 = no season; 52 for weeks).
    interval: share of actuals that should fall between low and high, e.g. 0.8.
    effort: "quick", "standard" or "best" (much slower).
    engine: None = this machine; a Dask client, or a Ray or Spark session that fugue knows = there.
    methods: item -> one of METHODS, for items that are not to be forecast automatically.
    outliers: whether stock-outs and outliers are cleaned. progress: called as progress(items done, items in all).
    cache: whether unchanged histories are taken from the forecasts of earlier runs (`forecast_cache`).
    processes: how many worker processes help; None = one a further core where the work is long enough, 0 = none.

    Returns item, period, forecast, low, high, method; items in order of appearance, 0 <= low <= forecast <= high.
    Raises InputError, in one sentence, for a wrong argument.
    """
    return forecast_all(
        history,
        horizon,
        season_length=season_length,
        interval=interval,
        effort=effort,
        engine=engine,
        methods=methods,
        outliers=outliers,
        progress=progress,
        cache=cache,
        processes=processes,
    ).frame()


def explain_forecast(history: pd.DataFrame, horizon: int, **options: Any) -> pd.DataFrame:
    """Say in one line an item what its forecast rests on; arguments and errors as in `forecast_demand`.

    Returns item, method, peak (the period of the year that stands out most, e.g. "Nov"; "" = no season), seasonal (its
    share above or below the average), trend (share of growth a period), error (sum of absolute errors as a share of
    demand when the last periods were forecast from those before), cleaned (periods changed before forecasting) and
    explanation, e.g. "seasonal +32 % in Nov, trend +1.1 %/month, error 14 %". NaN = not known.
    """
    return forecast_all(history, horizon, **options).explanations()


@dataclass(frozen=True)
class CleanedHistory:
    """The histories of many items as a matrix, and what the models see of each."""

    table: History
    series: list[CleanSeries]

    def frame(self) -> pd.DataFrame:
        """item, period, quantity, cleaned, reason of every period from the first of the history on."""
        table, size = self.table, len(self.table.periods)
        cleaned = np.full(table.quantities.shape, np.nan)
        reasons = np.full(table.quantities.shape, "", dtype=object)
        for row, one in enumerate(self.series):
            cleaned[row, one.start :] = one.values
            reasons[row, : one.start] = NOT_SOLD_YET
            for position, reason in one.reasons.items():
                reasons[row, one.start + position] = reason
        return pd.DataFrame(
            {
                "item": pd.Series(np.repeat(_objects(table.items), size)).infer_objects(),
                "period": np.tile(table.periods.to_numpy(), len(self.series)),
                "quantity": table.quantities.ravel(),
                "cleaned": cleaned.ravel(),
                "reason": reasons.ravel(),
            },
            columns=list(CLEANING_COLUMNS),
        )

    def followed_by(self, other: CleanedHistory) -> CleanedHistory:
        """This history and then that of other items; its first period is not before, its last one is the same."""
        missing = len(self.table.periods) - len(other.table.periods)
        quantities = np.pad(other.table.quantities, ((0, 0), (missing, 0)), constant_values=np.nan)
        table = History(
            [*self.table.items, *other.table.items],
            self.table.periods,
            np.concatenate([self.table.quantities, quantities]),
            self.table.weekly,
        )
        return CleanedHistory(table, self.series + [replace(one, start=one.start + missing) for one in other.series])


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of all items with what they were made from; `widths`: half of each interval, items x horizon."""

    history: CleanedHistory
    forecasts: list[SeriesForecast]
    widths: Floats
    horizon: int
    season_length: int

    def frame(self) -> pd.DataFrame:
        """item, period, forecast, low, high, method."""
        names = self.history.table.items
        means = np.stack([forecast.mean for forecast in self.forecasts])
        # np.repeat on an object array keeps the items as they came (text, numbers, tuples alike).
        items = pd.Series(np.repeat(_objects(names), self.horizon)).infer_objects()
        methods = np.array([forecast.method for forecast in self.forecasts], dtype=object)
        return pd.DataFrame(
            {
                "item": items,
                "period": np.tile(self.future().to_numpy(), len(names)),
                "forecast": means.ravel(),
                "low": np.maximum(means - self.widths, 0.0).ravel(),
                "high": (means + self.widths).ravel(),
                "method": np.repeat(methods, self.horizon),
            },
            columns=list(FORECAST_COLUMNS),
        )

    def explanations(self) -> pd.DataFrame:
        """One row an item, columns as in `explain_forecast`."""
        table, future = self.history.table, self.future()
        found = [
            explain(one, forecast, future, self.season_length, weekly=table.weekly)
            for one, forecast in zip(self.history.series, self.forecasts, strict=True)
        ]
        frame = pd.DataFrame([vars(one) for one in found], columns=list(Explanation.__dataclass_fields__))
        frame.insert(0, "item", pd.Series(_objects(table.items)).infer_objects())
        return frame[list(EXPLANATION_COLUMNS)]

    def future(self) -> pd.DatetimeIndex:
        """The forecast periods."""
        table = self.history.table
        return pd.date_range(table.periods[-1], periods=self.horizon + 1, freq="7D" if table.weekly else "MS")[1:]


def forecast_all(
    history: pd.DataFrame | CleanedHistory,
    horizon: int,
    *,
    season_length: int = 12,
    interval: float = 0.8,
    effort: str = "standard",
    engine: Any = None,
    methods: Mapping[Any, str] | None = None,
    outliers: bool = True,
    progress: Progress | None = None,
    cache: bool = True,
    processes: int | None = None,
) -> Forecasts:
    """`forecast_demand` with all that belongs to it: explanations and the cleaned history.

    history: as there, or cleaned already (then `outliers` counts no more).
    """
    _check_arguments(horizon, season_length, interval, effort)
    wanted = _check_methods(methods)
    if not isinstance(history, CleanedHistory):
        history = cleaned_history(history, season_length=season_length, outliers=outliers)
    series = history.series
    chosen = [wanted.get(item, "Auto") for item in history.table.items]
    forecasts = run_jobs(
        [
            Job(one.values, int(horizon), int(season_length), effort, method)
            for one, method in zip(series, chosen, strict=True)
        ],
        cache=ForecastCache(cache_file() if cache else None),
        engine=engine,
        processes=processes,
        progress=progress,
    )
    widths = _half_widths(series, forecasts, chosen, horizon, season_length, interval)
    return Forecasts(history, forecasts, widths, horizon, season_length)


def clean_history(history: pd.DataFrame, *, season_length: int = 12, outliers: bool = True) -> pd.DataFrame:
    """Return item, period, quantity, cleaned, reason: what the models see, and why it differs ("" = unchanged).

    Arguments and errors as in `forecast_demand`; `cleaned` is NaN before an item's first sale.
    """
    return cleaned_history(history, season_length=season_length, outliers=outliers).frame()


def cleaned_history(history: pd.DataFrame, *, season_length: int = 12, outliers: bool = True) -> CleanedHistory:
    """Check and clean a history; arguments and errors as in `forecast_demand`."""
    table = read_history(history, season_length)
    with np.errstate(all="ignore"):
        return CleanedHistory(table, [clean_series(row, season_length, outliers=outliers) for row in table.quantities])


def _objects(items: list[Any]) -> np.ndarray:
    keys = np.empty(len(items), dtype=object)
    keys[:] = items
    return keys


def _half_widths(
    series: list[CleanSeries],
    forecasts: list[SeriesForecast],
    methods: list[str],
    horizon: int,
    season_length: int,
    interval: float,
) -> Floats:
    """Half of the interval of every item and period; intermittent items err differently, so they have their own."""
    errors: dict[bool, list[Floats]] = {False: [], True: []}
    for forecast in forecasts:
        errors[forecast.route == INTERMITTENT].append(forecast.errors)
    in_scales = {kind: half_widths(some, horizon, interval) for kind, some in errors.items()}
    scales = [
        series_scale(one.values, season_length) if method != "Manual" else 0.0
        for one, method in zip(series, methods, strict=True)
    ]
    return np.stack(
        [in_scales[forecast.route == INTERMITTENT] * scale for forecast, scale in zip(forecasts, scales, strict=True)]
    )


def _check_arguments(horizon: int, season_length: int, interval: float, effort: str) -> None:
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or not 0 < horizon <= LONGEST_HORIZON:
        raise InputError(f"horizon: must be a whole number from 1 to {LONGEST_HORIZON}, not {horizon!r}.")
    if isinstance(season_length, bool) or not isinstance(season_length, int | np.integer) or season_length < 1:
        raise InputError(f"season_length: must be a whole number of at least 1, not {season_length!r}.")
    if isinstance(interval, bool) or not isinstance(interval, int | float | np.floating) or not 0 < interval < 1:
        raise InputError(f"interval: must lie between 0 and 1 (0.8 = 80 %), not {interval!r}.")
    if effort not in EFFORTS:
        raise InputError(f"effort: must be one of {', '.join(EFFORTS)}, not {effort!r}.")


def _check_methods(methods: Mapping[Any, str] | None) -> dict[Any, str]:
    """Method per item, case and blanks forgiven."""
    by_name = {name.casefold(): name for name in METHODS}
    chosen: dict[Any, str] = {}
    for item, method in (methods or {}).items():
        if method is None or (isinstance(method, float) and np.isnan(method)) or not str(method).strip():
            continue
        name = by_name.get(str(method).strip().casefold())
        if name is None:
            raise InputError(f"methods, item {item!r}: {method!r} is not one of {', '.join(METHODS)}.")
        chosen[item] = name
    return chosen
