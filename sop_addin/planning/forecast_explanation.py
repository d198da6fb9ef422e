"""Say in one line what a forecast rests on: season, trend, error, and what was cleaned before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sop_addin.planning.cleaning import CleanSeries, Floats, seasonal_index
from sop_addin.planning.forecast_combination import INTERMITTENT, NO_SALES, REGULAR, SeriesForecast

EXPLANATION_COLUMNS = ("item", "method", "peak", "seasonal", "trend", "error", "cleaned", "explanation")

WORTH_SAYING = 0.05  # a season that moves demand by less is not a season to a planner
YEARS = 3  # recent history that the pattern is read from, together with the forecast
NAN = float("nan")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Explanation:
    """What one forecast rests on; shares as fractions, NaN = not known, peak "" = no season."""

    method: str
    peak: str
    seasonal: float
    trend: float
    error: float
    cleaned: int
    explanation: str


def explain(
    series: CleanSeries, forecast: SeriesForecast, future: pd.DatetimeIndex, season_length: int, *, weekly: bool
) -> Explanation:
    """Read season and trend out of the cleaned history and its forecast together."""
    cleaned, unit = len(series.reasons), "week" if weekly else "month"
    changed = [f"{cleaned} {unit}{'s' if cleaned > 1 else ''} cleaned"] if cleaned else []
    if forecast.route == NO_SALES or forecast.method == "Manual":
        said = "no sales in the history" if forecast.route == NO_SALES else "left to the planner"
        return Explanation(forecast.method, "", NAN, NAN, NAN, cleaned, ", ".join([said, *changed]))
    index = _pattern(series.values, forecast.mean, season_length)
    peak, seasonal = _peak(index, future[: min(len(future), max(season_length, 1))], weekly)
    trend = _trend(series.values, forecast.mean, season_length)
    parts = []
    if forecast.route == INTERMITTENT:
        parts.append(f"sells in {np.count_nonzero(series.values)} of {len(series.values)} {unit}s")
        trend = NAN  # a flat line by nature: what differs from last year's mean is chance
        if np.ptp(forecast.mean) == 0:
            peak, seasonal = "", NAN
    if peak:
        parts.append(f"seasonal {_percent(seasonal, 0)} in {peak}")
    elif forecast.route == REGULAR and season_length > 1:
        parts.append("no season")
    if np.isfinite(trend):
        parts.append("no trend" if abs(trend) < 0.0005 else f"trend {_percent(trend, 1)}/{unit}")
    known = np.isfinite(forecast.error)
    parts.append(f"error {_percent(forecast.error, 0).lstrip('+')}" if known else "error not known: short history")
    return Explanation(forecast.method, peak, seasonal, trend, forecast.error, cleaned, ", ".join([*parts, *changed]))


def _percent(share: float, digits: int) -> str:
    return f"{100 * share:+,.{digits}f} %"


def _pattern(values: Floats, mean: Floats, season_length: int) -> Floats:
    """Seasonal index (mean 1) of recent history and the first season of the forecast, oldest first."""
    whole = np.concatenate([values[-YEARS * season_length :], mean[:season_length]])
    if season_length < 2 or len(values) < season_length:
        return np.ones(len(whole))
    return seasonal_index(whole, season_length)


def _peak(index: Floats, future: pd.DatetimeIndex, weekly: bool) -> tuple[str, float]:
    """Name and share of the period of the year that stands out most; "" and NaN without a season."""
    if not np.isfinite(index).all() or float(np.abs(index - 1).max()) < WORTH_SAYING:
        return "", NAN
    strongest = int(np.argmax(np.abs(index - 1)))
    back = len(index) - 1 - strongest
    when = future[-1] - (pd.DateOffset(weeks=back) if weekly else pd.DateOffset(months=back))
    return f"week {when.isocalendar().week}" if weekly else MONTHS[when.month - 1], float(index[strongest] - 1)


def _trend(values: Floats, mean: Floats, season_length: int) -> float:
    """Growth a period from one season to the next, the last one as far as possible in the forecast; else NaN."""
    span = season_length if season_length > 1 else min(12, len(mean), len(values))
    known = np.concatenate([values, mean[:span]])
    if len(known) < 2 * span:
        return NAN
    old, new = float(known[-2 * span : -span].mean()), float(known[-span:].mean())
    return float((new / old) ** (1 / span) - 1) if old > 0 and new > 0 else NAN
