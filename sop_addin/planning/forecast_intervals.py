"""Forecast intervals from the errors of a holdout, scaled and pooled over all series per horizon.

The models' own 80 % intervals cover 67-73 %, conformal intervals of one series 62 %: one series has too few errors.
Errors divided by the series' own scale are alike enough to be pooled, and their quantile is the half-width.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from sop_addin.planning.cleaning import Floats

PRIOR_ERRORS = 20  # pooled errors at which the measurement has half of its weight
MOST_WEIGHT = 0.5  # all errors come from the same few months: never trust them alone
LARGEST_ERROR = 50.0  # scaled errors beyond it come from histories that hardly moved before


def series_scale(values: Floats, season_length: int) -> float:
    """Typical size of this series' forecast error, in its unit: mean absolute (seasonal) difference of recent years."""
    recent = values[-3 * max(season_length, 12) :]
    lag = season_length if len(recent) >= 2 * season_length else 1
    if len(recent) <= lag:
        return float(recent.mean()) * 0.5 if len(recent) else 0.0
    seasonal = float(np.abs(recent[lag:] - recent[:-lag]).mean())
    return max(seasonal, 0.1 * float(recent.std()))


def half_widths(errors: Sequence[Floats], horizon: int, interval: float) -> Floats:
    """Half-width per horizon in units of `series_scale`, from scaled absolute holdout errors (one array a series).

    The quantile of the pooled errors of each horizon, drawn towards a default curve where there are few of them,
    made non-decreasing in the horizon.
    """
    default = default_half_widths(horizon, interval)
    pooled: list[list[float]] = [[] for _ in range(horizon)]
    for series in errors:
        for step, error in enumerate(np.minimum(series[:horizon], LARGEST_ERROR)):
            pooled[step].append(float(error))
    widths = np.empty(horizon)
    ratio = 1.0
    for step in range(horizon):
        # Neighbouring horizons have nearly the same spread: three of them make a steadier quantile than one.
        nearby = [error for some in pooled[max(0, step - 1) : step + 2] for error in some] if pooled[step] else []
        if nearby:
            measured = float(np.quantile(nearby, min(1.0, interval * (1 + 1 / len(nearby)))))
            weight = MOST_WEIGHT * len(pooled[step]) / (len(pooled[step]) + PRIOR_ERRORS)
            widths[step] = weight * measured + (1 - weight) * default[step]
            ratio = widths[step] / default[step] if default[step] > 0 else 1.0
        else:
            widths[step] = ratio * default[step]
    return _non_decreasing(widths)


def _non_decreasing(widths: Floats) -> Floats:
    """The nearest non-decreasing widths (isotonic regression by pooling adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for width in widths.tolist():
        block = (width, 1)
        while blocks and blocks[-1][0] > block[0]:
            value, count = blocks.pop()
            block = ((value * count + block[0] * block[1]) / (count + block[1]), count + block[1])
        blocks.append(block)
    return np.repeat([value for value, _ in blocks], [count for _, count in blocks])


def default_half_widths(horizon: int, interval: float) -> Floats:
    """Half-widths without measurements: normal quantile x growth with the horizon.

    Fitted to M1 monthly and to M3 and hospital histories without the periods that benchmarks hold out.
    """
    z = NormalDist().inv_cdf(0.5 + interval / 2)
    steps = np.arange(1, horizon + 1)
    return np.asarray(z * 0.82 * np.sqrt(1 + 0.1 * (steps - 1)), dtype=np.float64)
