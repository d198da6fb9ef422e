"""Clean a sales history before it is forecast: gaps, returns, stock-outs, outliers.

Conservative on purpose: a value is only replaced where it would mislead every model, and each replaced value keeps
its reason so that a planner can review it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RETURN_WINDOW = 3  # periods before (then after) a negative one in which the returned goods were most likely sold
OUTLIER_SCALES = 9.0  # robust standard deviations; at 6 cleaning took away more than it gave on M3 and hospital
CAP_SCALES = 3.0  # robust standard deviations above the level that an outlier is capped at
MAX_OUTLIER_SHARE = 0.06  # more outliers than this are the nature of the item, not accidents
LAST_PERIODS_KEPT = 3  # the newest periods may be the start of a new level

NOT_SOLD_YET = "not sold yet"
GAP = "gap filled"
NOT_SOLD_ANY_MORE = "no data for a whole season: taken as no sales"
RETURN = "return netted"
STOCK_OUT = "stock-out replaced"
OUTLIER = "outlier capped"


@dataclass(frozen=True)
class CleanSeries:
    """One item's history, ready for the models.

    `values` starts at the first sale and has no NaN and no negative; `start` is its position in the history given;
    `reasons` maps positions in `values` to why the value differs from the history.
    """

    values: Floats
    start: int
    reasons: dict[int, str]


def clean_series(history: Floats, season_length: int, *, outliers: bool = True) -> CleanSeries:
    """Return the history (1-D, NaN = unknown) without gaps, negatives, stock-outs and outliers."""
    start = first_sale(history)
    values = history[start:].astype(np.float64)
    reasons: dict[int, str] = {}
    if not np.isfinite(values).any():
        return CleanSeries(np.zeros(0), len(history), reasons)
    _net_returns(values, reasons)
    _fill_gaps(values, season_length, reasons)
    if outliers:
        _replace_outliers(values, season_length, reasons)
    return CleanSeries(values, start, reasons)


def first_sale(history: Floats) -> int:
    """Position at which the item's life begins; the length of the history if nothing is known.

    Blanks before it are "not sold yet". Leading zeros count as not sold yet only where they are clearly longer than
    any later pause: a spare part that sells now and then keeps them, because they tell how rarely it sells.
    """
    known = np.flatnonzero(np.isfinite(history))
    if len(known) == 0:
        return len(history)
    start = int(known[0])
    sales = np.flatnonzero(np.nan_to_num(history) > 0)
    if len(sales) < 3:
        return start
    leading_zeros = int(sales[0]) - start
    longest_pause = int(np.diff(sales).max()) - 1
    rare = len(sales) * 4 < 3 * (len(history) - int(sales[0]))  # without its zeros it would be forecast 7 % too high
    return int(sales[0]) if leading_zeros >= 3 and leading_zeros > 2 * longest_pause + 1 and not rare else start


def seasonal_index(values: Floats, season_length: int) -> Floats:
    """Multiplicative index per value (mean 1 over a season): ratio to centred moving average, shrunk towards 1.

    Ones where the history is shorter than two seasons. NaN in `values` is left out. Classical decomposition
    (Makridakis, Wheelwright and Hyndman 1998, ch. 3) with medians instead of means over the years.
    """
    size = len(values)
    if season_length < 2 or size < 2 * season_length:
        return np.ones(size)
    level = _centred_average(values, season_length)
    phase = np.arange(size) % season_length
    ratios = np.divide(values, level, out=np.full(size, np.nan), where=level > 0)
    by_year = np.full(-(-size // season_length) * season_length, np.nan)
    by_year[:size] = ratios
    by_phase = by_year.reshape(-1, season_length).T
    known = np.isfinite(by_phase).sum(axis=1)
    weight = known / (known + 0.5)
    index = np.where(known > 0, weight * np.nan_to_num(_medians(by_phase)) + 1 - weight, 1.0)
    mean = index.mean()
    index = index / mean if mean > 0 else np.ones(season_length)
    return index[phase]


def _centred_average(values: Floats, season_length: int) -> Floats:
    """Moving average over one season (half weights at both ends), of the known values only."""
    window = np.ones(season_length + 1)
    window[[0, -1]] = 0.5
    known = np.isfinite(values)
    sums = np.convolve(np.where(known, values, 0.0), window, mode="same")
    weights = np.convolve(known.astype(np.float64), window, mode="same")
    averages: Floats = np.divide(sums, weights, out=np.full(len(values), np.nan), where=weights > 0)
    return averages


def _net_returns(values: Floats, reasons: dict[int, str]) -> None:
    """Take each negative quantity out of the sales around it in proportion, so that totals stay right.

    Goods are returned after they were sold: the periods before come first, then those after. What exceeds both is
    dropped, because demand cannot be negative.
    """
    for position in np.flatnonzero(np.nan_to_num(values) < 0).tolist():
        debt = -float(values[position])
        values[position] = 0.0
        reasons[position] = RETURN
        before = range(max(0, position - RETURN_WINDOW), position)
        after = range(position + 1, min(len(values), position + 1 + RETURN_WINDOW))
        for window in (before, after):
            sold = [i for i in window if values[i] > 0]
            total = float(values[sold].sum())
            if debt <= 0 or total <= 0:
                continue
            taken = min(debt, total)
            values[sold] *= 1 - taken / total
            debt -= taken
            reasons.update(dict.fromkeys(sold, RETURN))


def _fill_gaps(values: Floats, season_length: int, reasons: dict[int, str]) -> None:
    """Interpolate unknown periods on the deseasonalised history; a whole season unknown at the end is no sales."""
    unknown = np.isnan(values)
    if not unknown.any():
        return
    last_known = int(np.flatnonzero(~unknown)[-1])
    trailing = len(values) - 1 - last_known
    if trailing >= max(season_length, 12):
        values[last_known + 1 :] = 0.0
        reasons.update(dict.fromkeys(range(last_known + 1, len(values)), NOT_SOLD_ANY_MORE))
        unknown = np.isnan(values)
    index = seasonal_index(values, season_length)
    flat = np.where(index > 0, values / np.where(index > 0, index, 1.0), values)
    positions = np.arange(len(values))
    usable = ~unknown
    values[unknown] = (np.interp(positions, positions[usable], flat[usable]) * index)[unknown]
    reasons.update(dict.fromkeys(map(int, np.flatnonzero(unknown)), GAP))


def _replace_outliers(values: Floats, season_length: int, reasons: dict[int, str]) -> None:
    """Cap lone spikes and refill zeros of a short stock-out, judged against the local median level."""
    size = len(values)
    if size < 12 or np.count_nonzero(values) < 0.8 * size:
        return
    editable = np.arange(size) < size - LAST_PERIODS_KEPT
    editable[[i for i in reasons if i < size]] = False
    most = max(1, int(MAX_OUTLIER_SHARE * size))
    usual, spikes = _usual(values, values, season_length), np.zeros(size, dtype=bool)
    # One at a time, the largest first: a spike dents the season and the level of the months around it.
    while usual is not None and spikes.sum() <= most:
        above = np.where(editable & ~spikes, usual.above(values), 0.0)
        if not above.any():
            break
        spikes[np.argmax(above)] = True
        usual = _usual(values, np.where(spikes, usual.values, values), season_length)
    if usual is None:
        return
    stock_outs = editable & (values == 0) & (usual.level > 4 * usual.scale)
    if 0 < stock_outs.sum() <= most:
        values[stock_outs] = usual.values[stock_outs]
        reasons.update(dict.fromkeys(map(int, np.flatnonzero(stock_outs)), STOCK_OUT))
    if 0 < spikes.sum() <= most:
        values[spikes] = ((usual.level + CAP_SCALES * usual.scale) * usual.index)[spikes]
        reasons.update(dict.fromkeys(map(int, np.flatnonzero(spikes)), OUTLIER))


@dataclass(frozen=True)
class _Usual:
    """What is usual for each period: seasonal index, level without it, and the robust spread around that level."""

    index: Floats
    level: Floats
    scale: float
    neighbours: Floats

    @property
    def values(self) -> Floats:
        return self.level * self.index

    def above(self, values: Floats) -> Floats:
        """By how many spreads each value is an outlier; 0 where it is none."""
        far = (values / self.index - self.level) / self.scale
        # A month after a freak dip a year before looks high against its season: it must be high among its neighbours.
        return np.where((far > OUTLIER_SCALES) & (values > self.neighbours), far, 0.0)


def _usual(values: Floats, without_spikes: Floats, season_length: int) -> _Usual | None:
    """None where nothing varies enough to judge by."""
    index = np.maximum(seasonal_index(without_spikes, season_length), 0.05)
    level = _rolling_median(without_spikes / index, 7)
    spread = 1.4826 * float(np.median(np.abs(values / index - level)))
    scale = max(spread, 0.03 * float(np.median(level)))
    return _Usual(index, level, scale, _rolling_median(values, 7)) if scale > 0 else None


def _rolling_median(values: Floats, window: int) -> Floats:
    """Centred median; the window shrinks at both ends."""
    half = window // 2
    padded = np.concatenate([np.full(half, np.nan), values, np.full(half, np.nan)])
    return _medians(np.lib.stride_tricks.sliding_window_view(padded, window))


def _medians(rows: Floats) -> Floats:
    """Median of the known values of each row, NaN where none is; ten times as fast as np.nanmedian for short rows."""
    ordered = np.sort(rows, axis=1)  # NaN comes last
    known = np.isfinite(rows).sum(axis=1)
    at = np.arange(len(rows))
    return np.asarray((ordered[at, (known - 1) // 2] + ordered[at, known // 2]) / 2, dtype=np.float64)
