"""Time of `forecast_demand` on one core, in multiples of DOT + AutoCES run once over the same series.

    python benchmarks/forecast_speed.py 1000 60

Both are measured in CPU time of this process, without cache and worker processes, in turns over slices of the series so
that other work on the machine strikes both alike.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import pandas as pd

os.environ["SOP_ADDIN_CACHE"] = "off"

from sop_addin.planning.demand_forecast import forecast_demand

HORIZON = 18


def items(count: int, periods: int) -> np.ndarray:
    """Monthly demand: seasonal items with trend and noise, every tenth intermittent."""
    rng = np.random.default_rng(1)
    months = np.arange(periods)
    level = rng.lognormal(5, 1, (count, 1)) * (1 + rng.normal(0, 0.005, (count, 1)) * months)
    season = 1 + rng.uniform(0, 0.4, (count, 1)) * np.sin(2 * np.pi * (months + rng.integers(0, 12, (count, 1))) / 12)
    demand = np.maximum(level * season * (1 + 0.15 * rng.standard_normal((count, periods))), 0)
    demand[::10] = rng.poisson(3, demand[::10].shape) * (rng.random(demand[::10].shape) < 0.3)
    return demand.round(1)


def main() -> None:
    count, periods = (int(argument) for argument in (sys.argv[1:] or ["1000", "60"]))
    from statsforecast.models import AutoCES, DynamicOptimizedTheta

    demand = items(count, periods)
    calendar = pd.date_range(end="2026-12-01", periods=periods, freq="MS")
    seconds = dict.fromkeys(("DOT + AutoCES", "quick", "standard"), 0.0)
    forecast_demand(pd.DataFrame({"item": 0, "period": calendar, "quantity": demand[1]}), HORIZON)  # imports
    for slice_ in np.array_split(demand, max(1, count // 50)):
        start = time.process_time()
        for y in slice_:
            for model in (DynamicOptimizedTheta(season_length=12), AutoCES(season_length=12)):
                try:
                    model.forecast(y=y, h=HORIZON)
                except Exception:  # noqa: BLE001 - some models refuse some series
                    continue
        seconds["DOT + AutoCES"] += time.process_time() - start
        history = pd.DataFrame(
            {
                "item": np.repeat(np.arange(len(slice_)), periods),
                "period": np.tile(calendar, len(slice_)),
                "quantity": slice_.ravel(),
            }
        )
        for effort in ("quick", "standard"):
            start = time.process_time()
            forecast_demand(history, HORIZON, effort=effort, processes=0)
            seconds[effort] += time.process_time() - start
    for name, spent in seconds.items():
        print(
            f"{name:14s} {spent:7.1f} s {1000 * spent / count:6.1f} ms an item "
            f"{spent / seconds['DOT + AutoCES']:6.2f} x DOT + AutoCES"
        )


if __name__ == "__main__":
    main()
