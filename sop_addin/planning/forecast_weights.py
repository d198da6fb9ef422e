"""Prior weights of the models of "best", read off the nature of the history.

Which model deserves more weight depends on the series: its length, how strong its season and trend are, how noisy it is
(Montero-Manso, Athanasopoulos, Hyndman and Talagala 2020, FFORMA). Here the logs of the weights are linear in five such
features. The figures below are fitted by `benchmarks/fit_weights.py`, on histories without the periods that the
benchmarks hold out.
"""

from __future__ import annotations

import numpy as np

from sop_addin.planning.cleaning import Floats
from sop_addin.planning.forecast_models import ModelInput

LEAST_NOISE = 0.005
FARTHEST = 2.5  # standard deviations from the mean of the histories that the weights were fitted on

# Mean and standard deviation of: length, strength of season, strength of trend, autocorrelation of the changes, noise.
CENTRE = (0.285, 0.509, 0.645, -0.28, -2.587)
SPREAD = (0.53, 0.261, 0.307, 0.316, 1.144)

# Weight at the centre; change of its log per standard deviation of each feature.
WEIGHTS: dict[str, tuple[float, ...]] = {
    "Theta": (1.05, -0.12, -0.14, -0.15, -0.01, 0.05),
    "STL-CES": (0.96, 0.11, 0.06, 0.19, -0.04, -0.03),
    "STL-AR": (1.15, 0.32, 0.01, -0.20, -0.07, 0.11),
    "Seasonal naive": (0.51, -0.09, 0.08, 0.12, 0.05, -0.05),
    "Theta additive": (1.17, 0.02, -0.05, -0.17, 0.01, 0.12),
    "Theta log": (0.92, -0.25, -0.09, -0.02, 0.02, -0.06),
    "CES log": (0.95, 0.12, 0.12, 0.16, -0.04, -0.05),
    "ETS shrunken": (0.88, -0.11, -0.01, -0.06, 0.02, -0.10),
    "ETS multiplicative": (0.50, -0.04, -0.06, -0.01, 0.03, 0.03),
    "ARIMA airline": (0.28, 0.04, 0.03, 0.03, 0.00, 0.00),
    "Seasonal growth": (0.31, 0.01, 0.05, 0.10, 0.05, -0.04),
}
# Power of the errors in the backtest of the last half year and of the last year and a half: at the centre; its change.
POWERS = ((1.4, -0.08, 0.03, 0.08, 0.07, -0.14), (0.39, -0.07, 0.11, -0.05, -0.06, 0.12))


def features(history: ModelInput) -> Floats:
    """Five features of a history (strengths as in Wang, Smith and Hyndman 2006)."""
    adjusted, _ = history.stl
    seasonal, remainder = history.stl_parts
    changes = np.diff(adjusted)
    lagged = float(changes[1:] @ changes[:-1]) / max(float(changes @ changes), 1e-12)
    noise = float(np.log(max(float(remainder.std()), LEAST_NOISE)))
    size = float(np.log(len(history.values) / 60))
    strengths = [_strength(part, remainder) for part in (seasonal, adjusted - remainder)]
    return np.array([size, *strengths, lagged, noise])


def prior_weights(history: ModelInput) -> tuple[dict[str, float], tuple[float, ...]]:
    """Weight of each model before its errors are looked at, and the power of its errors in each backtest."""
    standard = np.clip((features(history) - CENTRE) / SPREAD, -FARTHEST, FARTHEST)
    weights = {name: row[0] * float(np.exp(standard @ row[1:])) for name, row in WEIGHTS.items()}
    return weights, tuple(row[0] + float(standard @ row[1:]) for row in POWERS)


def _strength(part: Floats, remainder: Floats) -> float:
    """Share of the variance of the part and the remainder together that is not the remainder's."""
    return 1 - min(1.0, float(remainder.var()) / max(float((part + remainder).var()), 1e-12))
