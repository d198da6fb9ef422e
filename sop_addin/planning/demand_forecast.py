"""Statistical demand forecast of many items: clean, route, combine, guard, intervals.

The steps live in `cleaning`, `forecast_models` and `forecast_intervals`; this module reads the history, runs the
steps over all items and returns one frame.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sop_addin.model.errors import InputError
from sop_addin.planning.cleaning import NOT_SOLD_YET, CleanSeries, Floats, clean_series
from sop_addin.planning.forecast_combination import EFFORTS, INTERMITTENT, METHODS, SeriesForecast, forecast_series
from sop_addin.planning.forecast_intervals import HOLDOUT_SERIES, half_widths, holdout_length, series_scale

__all__ = ["METHODS", "clean_history", "forecast_demand"]

Progress = Callable[[int, int], None]

LARGEST_QUANTITY = 1e15  # beyond it whole units get lost in a float, and it is a typing error anyway
LONGEST_HORIZON = 520  # ten years of weeks
HISTORY_COLUMNS = ("item", "period", "quantity")
FORECAST_COLUMNS = ("item", "period", "forecast", "low", "high", "method")


@dataclass(frozen=True)
class History:
    """History as a matrix: one row an item, one column a period, NaN = unknown."""

    items: list[Hashable]
    periods: pd.DatetimeIndex
    quantities: Floats
    weekly: bool


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
) -> pd.DataFrame:
    """Forecast every item of a sales history.

    history: item, period, quantity (long). Periods are firsts of months or Mondays. A missing row or NaN is unknown,
        0 is "sold nothing", blanks before an item's first row are "not sold yet", negative quantities are returns.
        Every item is forecast from the last period of the whole frame on. An item that has no rows at the end is
        unknown there: the gap is filled like any other, but from a whole season (at least 12 periods) on it is taken
        as no sales.
    horizon: number of periods to forecast. season_length: periods a year (1 = no season).
    interval: share of actuals that should fall between low and high, e.g. 0.8.
    effort: "quick", "standard" or "best" (slower). engine: only None = this machine so far.
    methods: item -> one of METHODS, for items that are not to be forecast automatically.
    outliers: whether stock-outs and outliers are cleaned. progress: called as progress(items done, items in all).

    Returns item, period, forecast, low, high, method; items in order of appearance, 0 <= low <= forecast <= high.
    Raises InputError, in one sentence, for a wrong argument.
    """
    _check_arguments(horizon, season_length, interval, effort, engine)
    wanted = _check_methods(methods)
    table = read_history(history, season_length)
    with warnings.catch_warnings():  # models warn about short or odd histories; those are handled here
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            series = [clean_series(row, season_length, outliers=outliers) for row in table.quantities]
            forecasts, widths = _forecast_all(
                series,
                [wanted.get(item, "Auto") for item in table.items],
                horizon,
                season_length,
                interval,
                effort,
                progress,
            )
    return _to_frame(table, forecasts, widths, horizon)


def clean_history(history: pd.DataFrame, *, season_length: int = 12, outliers: bool = True) -> pd.DataFrame:
    """Return item, period, quantity, cleaned, reason: what the models see, and why it differs ("" = unchanged).

    Arguments and errors as in `forecast_demand`; `cleaned` is NaN before an item's first sale.
    """
    table = read_history(history, season_length)
    size = len(table.periods)
    frames = []
    for item, row in zip(table.items, table.quantities, strict=True):
        series = clean_series(row, season_length, outliers=outliers)
        cleaned = np.full(size, np.nan)
        cleaned[series.start :] = series.values
        reasons = [NOT_SOLD_YET] * series.start + [""] * (size - series.start)
        for position, reason in series.reasons.items():
            reasons[series.start + position] = reason
        frames.append(
            pd.DataFrame(
                {"item": item, "period": table.periods, "quantity": row, "cleaned": cleaned, "reason": reasons}
            )
        )
    return pd.concat(frames, ignore_index=True)


def read_history(history: pd.DataFrame, season_length: int = 12) -> History:
    """Check a long history and lay it out as a matrix; raises InputError in one sentence."""
    if not isinstance(history, pd.DataFrame):
        raise InputError(f"history: must be a DataFrame with item, period and quantity, not {type(history).__name__}.")
    missing = [column for column in HISTORY_COLUMNS if column not in history.columns]
    if missing:
        raise InputError(f"history: column {', '.join(missing)} is missing; it needs item, period and quantity.")
    if history.empty:
        raise InputError("history: it has no rows, so there is nothing to forecast.")
    if history["item"].isna().any():
        raise InputError(f"history, row {_first(history['item'].isna()) + 1}: the item is blank.")
    periods = _read_periods(history["period"])
    quantities = _read_quantities(history)
    weekly = _is_weekly(periods, season_length)
    item_codes, items = pd.factorize(history["item"], sort=False)
    first, last = periods.min(), periods.max()
    if weekly:
        columns = ((periods - first).days // 7).to_numpy()
        calendar = pd.date_range(first, last, freq="7D")
    else:
        columns = ((periods.year - first.year) * 12 + periods.month - first.month).to_numpy()
        calendar = pd.date_range(first, last, freq="MS")
    cells = item_codes.astype(np.int64) * len(calendar) + columns
    duplicated = pd.Series(cells).duplicated()
    if duplicated.any():
        row = _first(duplicated)
        where = f"item {history['item'].iloc[row]!r}, period {periods[row]:%Y-%m-%d}"
        raise InputError(f"history, row {row + 1}: {where} is there twice; add the quantities up first.")
    matrix = np.full(len(items) * len(calendar), np.nan)
    matrix[cells] = quantities
    return History(list(items), calendar, matrix.reshape(len(items), len(calendar)), weekly)


def _read_periods(column: pd.Series) -> pd.DatetimeIndex:
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_numeric_dtype(column.dtype):
        raise InputError("history, period: numbers are not dates; give the first day of the month or the Monday.")
    dates = pd.to_datetime(column, errors="coerce")
    wrong = dates.isna() if dates.dtype.kind == "M" else pd.Series(True, index=column.index)
    if wrong.any():
        row = _first(wrong)
        raise InputError(f"history, row {row + 1}: period {column.iloc[row]!r} is not a date.")
    return pd.DatetimeIndex(dates.dt.tz_localize(None)).normalize()


def _read_quantities(history: pd.DataFrame) -> Floats:
    column = history["quantity"]
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    text = numbers.isna() & column.notna()
    too_large = numbers.abs() > LARGEST_QUANTITY
    for wrong, reason in ((text, "is not a number"), (too_large, "is not a possible quantity")):
        if wrong.any():
            row = _first(wrong)
            item, value = history["item"].iloc[row], column.iloc[row]
            raise InputError(f"history, row {row + 1}: quantity {value!r} of item {item!r} {reason}.")
    return np.asarray(numbers, dtype=np.float64)


def _is_weekly(periods: pd.DatetimeIndex, season_length: int) -> bool:
    """Months start on the 1st, weeks on a Monday; a 1st that is a Monday fits both, then the season decides."""
    months, weeks = bool((periods.day == 1).all()), bool((periods.dayofweek == 0).all())
    if not (months or weeks):
        odd = periods[(periods.day != 1)]
        raise InputError(
            f"history, period {odd[0]:%Y-%m-%d}: all periods must be firsts of months, or all must be Mondays."
        )
    return weeks and (not months or season_length >= 52)


def _first(mask: pd.Series) -> int:
    """Position of the first True."""
    return int(np.flatnonzero(mask.to_numpy())[0])


def _check_arguments(horizon: int, season_length: int, interval: float, effort: str, engine: Any) -> None:
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or not 0 < horizon <= LONGEST_HORIZON:
        raise InputError(f"horizon: must be a whole number from 1 to {LONGEST_HORIZON}, not {horizon!r}.")
    if isinstance(season_length, bool) or not isinstance(season_length, int | np.integer) or season_length < 1:
        raise InputError(f"season_length: must be a whole number of at least 1, not {season_length!r}.")
    if isinstance(interval, bool) or not isinstance(interval, int | float | np.floating) or not 0 < interval < 1:
        raise InputError(f"interval: must lie between 0 and 1 (0.8 = 80 %), not {interval!r}.")
    if effort not in EFFORTS:
        raise InputError(f"effort: must be one of {', '.join(EFFORTS)}, not {effort!r}.")
    if engine is not None:
        raise InputError("engine: only None (this machine) is possible so far.")


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


def _forecast_all(
    series: list[CleanSeries],
    methods: list[str],
    horizon: int,
    season_length: int,
    interval: float,
    effort: str,
    progress: Progress | None,
) -> tuple[list[SeriesForecast], Floats]:
    """Forecast and half-width of the interval (items x horizon) of every series."""
    forecasts: list[SeriesForecast] = []
    errors: dict[bool, list[Floats]] = {False: [], True: []}  # intermittent or not: they err differently
    every = -(-len(series) // HOLDOUT_SERIES)
    for done, (one, method) in enumerate(zip(series, methods, strict=True), start=1):
        forecast = forecast_series(one.values, horizon, season_length, effort=effort, method=method)
        forecasts.append(forecast)
        if done % every == 0 and (held_out := _holdout_errors(one.values, horizon, season_length, method)) is not None:
            errors[forecast.route == INTERMITTENT].append(held_out)
        if progress is not None:
            progress(done, len(series))
    in_scales = {kind: half_widths(some, horizon, interval) for kind, some in errors.items()}
    widths = np.stack(
        [
            in_scales[forecast.route == INTERMITTENT]
            * (series_scale(one.values, season_length) if method != "Manual" else 0)
            for forecast, one, method in zip(forecasts, series, methods, strict=True)
        ]
    )
    return forecasts, widths


def _holdout_errors(values: Floats, horizon: int, season_length: int, method: str) -> Floats | None:
    """Scaled absolute errors of one series on its last periods; None where it is too short, flat or not forecast.

    The quick combination stands in for the dearer ones: its errors are some 2 % larger, which keeps intervals safe.
    """
    held_out = holdout_length(len(values), horizon)
    if held_out == 0 or method == "Manual":
        return None
    before, actual = values[:-held_out], values[-held_out:]
    scale = series_scale(before, season_length)
    if scale <= 0:
        return None
    trial = forecast_series(before, held_out, season_length, effort="quick", method=method)
    return np.asarray(np.abs(actual - trial.mean) / scale, dtype=np.float64)


def _to_frame(table: History, forecasts: list[SeriesForecast], widths: Floats, horizon: int) -> pd.DataFrame:
    count = len(table.items)
    last = table.periods[-1]
    future = pd.date_range(last, periods=horizon + 1, freq="7D" if table.weekly else "MS")[1:]
    means = np.stack([forecast.mean for forecast in forecasts])
    # np.repeat on an object array keeps the items as they came (text, numbers, tuples alike).
    keys = np.empty(count, dtype=object)
    keys[:] = table.items
    items = pd.Series(np.repeat(keys, horizon)).infer_objects()
    return pd.DataFrame(
        {
            "item": items,
            "period": np.tile(future.to_numpy(), count),
            "forecast": means.ravel(),
            "low": np.maximum(means - widths, 0.0).ravel(),
            "high": (means + widths).ravel(),
            "method": np.repeat(np.array([forecast.method for forecast in forecasts], dtype=object), horizon),
        },
        columns=list(FORECAST_COLUMNS),
    )
