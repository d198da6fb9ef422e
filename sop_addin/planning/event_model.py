"""How much an event lifted a series of sales: a regression on trend, season and events, shrunken where it is unsure.

log E[sales] = trend + season + one coefficient an event, with errors in proportion to the level (quasi-likelihood with
log link and variance ~ mean squared; McCullagh and Nelder 1989, ch. 9). Every coefficient but the level has a normal
prior, so an event that the season explains as well, or that a noisy series hides, stays near what was expected of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EVENT_SD = 0.3  # prior spread of log uplifts: two thirds of promotions lie within -26 % and +35 % of what is expected
SLOPE_SD, BEND_SD, SEASON_SD = 0.5, 0.2, 0.5  # a season's growth, its change from season to season, seasonal waves
HARMONICS = 6  # all there are in twelve months; enough for the shape of a year in weeks
ROUNDS = 30
OUTLIER = 2.5  # errors beyond so many typical ones count less (Huber)
LEAST_ERROR = 1e-4


@dataclass(frozen=True)
class Lift:
    """Log uplifts of the events (1 value each): estimate, its standard error, and what the data alone say."""

    log: Floats
    error: Floats
    data_log: Floats
    data_error: Floats
    expected: Floats
    """Sales without any event, per period."""


def event_lift(sales: Floats, live: NDArray[np.bool_], season_length: int, prior: Floats | None = None) -> Lift:
    """Log uplift of each event in one series of sales.

    sales: one value a period, NaN = unknown, not above 0 where there are returns. live: events x periods. prior:
    expected log uplift of each event (0). Events that touch no known period keep their prior.
    """
    known = np.isfinite(sales)
    mean = np.zeros(len(live)) if prior is None else prior
    usual = sales[known & (sales > 0)]
    if len(usual) == 0:
        none = np.full(len(live), EVENT_SD)
        return Lift(mean, none, mean, np.full(len(live), np.inf), np.zeros(len(sales)))
    design, precision = _trend_and_season(len(sales), season_length)
    fixed = design.shape[1]
    columns = np.hstack([design, live.T.astype(np.float64)])
    penalty = np.concatenate([precision, np.full(len(live), EVENT_SD**-2)])
    target = np.concatenate([np.zeros(fixed), mean])
    x, y = columns[known], np.maximum(sales[known], 0.0)
    quiet = ~live[:, known].any(axis=0) if len(live) else np.ones(len(y), dtype=bool)

    scale = float(np.median(usual))
    y = y / scale
    eta: Floats = np.log(np.maximum(y, 0.1))
    variance = 0.05
    weight: Floats = np.ones(len(y))
    beta: Floats = target.copy()
    for _ in range(ROUNDS):
        mu = np.exp(eta)
        working = eta + np.clip((y - mu) / mu, -1.0, 2.0)
        information = (x.T * weight) @ x / variance
        inverse = np.asarray(np.linalg.inv(information + np.diag(penalty)), dtype=np.float64)
        latest = inverse @ ((x.T * weight) @ working / variance + penalty * target)
        moved = float(np.abs(latest - beta).max())
        beta = latest
        eta = np.clip(x @ beta, -12.0, 12.0)
        residual = y / np.exp(eta) - 1.0
        typical = 1.4826 * float(np.median(np.abs(residual[quiet]))) if quiet.any() else 0.0
        typical = max(typical, LEAST_ERROR)
        weight = np.where(quiet, np.minimum(1.0, OUTLIER * typical / np.maximum(np.abs(residual), 1e-12)), 1.0)
        used = float(np.sum(inverse * information.T))  # degrees of freedom that the fit takes
        squares = float(np.sum(weight[quiet] * residual[quiet] ** 2))
        variance = max(squares / max(float(quiet.sum()) - used + len(live), 0.25 * len(y)), LEAST_ERROR**2)
        if moved < 1e-9:
            break
    log, spread = beta[fixed:], np.diag(inverse)[fixed:]
    data = np.maximum(1.0 / spread - EVENT_SD**-2, 1e-12)
    data_log = (log / spread - mean * EVENT_SD**-2) / data
    expected = np.exp(np.clip(design @ beta[:fixed], -12.0, 12.0)) * scale
    return Lift(log, np.sqrt(spread), data_log, np.sqrt(1.0 / data), expected)


def _trend_and_season(length: int, season_length: int) -> tuple[Floats, Floats]:
    """Columns of level, slope, a bend each season and seasonal waves; and the precision of each one's prior."""
    time = np.arange(length, dtype=np.float64)
    season = max(season_length, 1)
    span = float(max(season, 12))
    columns = [np.ones(length), (time - length + 1) / span]
    precision = [1e-6, SLOPE_SD**-2]
    for knot in np.arange(span, length - span / 2, span):
        columns.append(np.maximum(time - knot, 0.0) / span)
        precision.append(BEND_SD**-2)
    for wave in range(1, min(HARMONICS, season // 2) + 1):
        angle = 2 * np.pi * wave * time / season
        columns.append(np.cos(angle))
        precision.append((SEASON_SD / wave) ** -2)
        if 2 * wave != season:
            columns.append(np.sin(angle))
            precision.append((SEASON_SD / wave) ** -2)
    return np.stack(columns, axis=1), np.array(precision)
