"""The published plans by lag: how far ahead they can be trusted, how much of them was made, how calm they are.

Lag 1 is the first period of a plan, lag 2 the one after it. Forecasts are measured at the lag at which they are used
(Gilliland 2010, The Business Forecasting Deal, ch. 2; Vandeput 2023, Demand Forecasting Best Practices, ch. 4).
Attainment: Wallace and Stahl (2008), Sales and Operations Planning, ch. 9. Stability: Kadipasaoglu and Sridharan
(1997), change of the planned quantity of a period from one planning cycle to the next.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.schema_output import ALL_FAMILIES
from ..model.tables import Tables
from .accuracy import NONE, bias, mape, mase, tracking_signal, wmape
from .value_added import BASE_PLAN, CONSENSUS, LAST_YEAR, STATISTICAL

PAST_PERIODS = 12
LAG_COLUMNS = (
    "Family", "Lag", "Points", "Actual", "WMAPE", "Target", "MAPE", "MASE", "Bias", "Tracking signal",
    "Statistical WMAPE", "Added by events", "Added by overrides", "Plan attainment", "Plan stability",
)  # fmt: skip
PRODUCTION_COLUMNS = ("Start", "Family", "Period", "Lag", "Planned", "Made", "Ordered", "Ordered before")


def recent(points: pd.DataFrame, lag: int) -> pd.DataFrame:
    """The rows of one lag, of its last PAST_PERIODS periods."""
    rows = points[points["Lag"] == lag]
    return rows[rows["Period"].isin(sorted(rows["Period"].unique())[-PAST_PERIODS:])]


def published_production(tables: Tables) -> pd.DataFrame:
    """PRODUCTION_COLUMNS: one row per published plan, family and period; of plans for the same start the last counts.

    Planned: production that was to arrive; Made: Production of tblStock. Ordered: what was to be made or bought in the
    period; Ordered before: the same in the plan of the cycle before. NaN where it is not known.
    """
    final = {version.plan_start: version for version in tables.versions}
    if not final:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in PRODUCTION_COLUMNS})
    made = tables.stock.dropna(subset=["Production"]).groupby(["Family", "Period"])["Production"].sum()
    parts = []
    before: pd.Series | None = None
    for start in sorted(final):
        version = final[start]
        frame = version.families[["Family", "Period"]].assign(Planned=version.families["Production"])
        keys = pd.MultiIndex.from_frame(frame[["Family", "Period"]])
        ordered = version.production.set_index(["Family", "Period"])["Planned"]
        frame["Start"] = start
        frame["Lag"] = [calendar.periods_between(start, period, version.bucket) + 1 for period in frame["Period"]]
        frame["Made"] = made.reindex(keys).to_numpy(np.float64)
        frame["Ordered"] = ordered.reindex(keys).to_numpy(np.float64)
        frame["Ordered before"] = NONE if before is None else before.reindex(keys).to_numpy(np.float64)
        parts.append(frame)
        before = ordered
    return pd.concat(parts, ignore_index=True)[list(PRODUCTION_COLUMNS)]


def over(production: pd.DataFrame) -> pd.DataFrame:
    """The rows of periods whose production is known."""
    return production.dropna(subset=["Planned", "Made"])


def attainment(rows: pd.DataFrame) -> float:
    """Sum of min(made, planned) / sum of planned over the rows of `over`: too much of one family does not make up for
    too little of another."""
    planned = float(rows["Planned"].sum())
    return float(rows[["Planned", "Made"]].min(axis=1).sum()) / planned if planned else NONE


def stability(rows: pd.DataFrame) -> float:
    """1 - sum of |ordered - ordered before| / sum of ordered before, over the rows of which both are known."""
    known = rows.dropna(subset=["Ordered", "Ordered before"])
    before = float(known["Ordered before"].sum())
    return 1.0 - float((known["Ordered"] - known["Ordered before"]).abs().sum()) / before if before else NONE


def worst_signal(points: pd.DataFrame) -> tuple[float, str]:
    """The tracking signal of the family where it is largest, and that family; NaN and '' without points."""
    signals = {
        str(family): tracking_signal(part["Actual"].to_numpy(np.float64), part[CONSENSUS].to_numpy(np.float64))
        for family, part in points.groupby("Family", sort=False)
    }
    worst = max(signals, key=lambda family: abs(signals[family]), default="")
    return signals.get(worst, NONE), worst


def lag_accuracy(points: pd.DataFrame, production: pd.DataFrame) -> pd.DataFrame:
    """LAG_COLUMNS (columns of tblLagAccuracy): all families first, then each, by lag; the last PAST_PERIODS periods.

    points: `published_points`. production: `published_production`. Target: WMAPE of last year as the forecast. The
    tracking signal of all families is that of the family where it is largest. A step that added something lowered the
    WMAPE by so many percentage points.
    """
    rows = []
    families = [] if points.empty else [ALL_FAMILIES, *points["Family"].unique()]
    for family in families:
        own, made = (
            frame if family == ALL_FAMILIES else frame[frame["Family"] == family] for frame in (points, production)
        )
        for lag in sorted(own["Lag"].unique()):
            rows.append(_row(family, int(lag), recent(own, lag), made))
    return pd.DataFrame(rows, columns=list(LAG_COLUMNS))


def _row(family: str, lag: int, points: pd.DataFrame, production: pd.DataFrame) -> dict[str, object]:
    """points: of the lag, the last PAST_PERIODS periods; production: of all lags and periods."""
    actual, forecast, scale = (points[name].to_numpy(dtype=np.float64) for name in ("Actual", CONSENSUS, "Scale"))
    known = points[points[LAST_YEAR].notna()]
    error = wmape(actual, forecast)
    statistical, planned = (wmape(actual, points[name].to_numpy(np.float64)) for name in (STATISTICAL, BASE_PLAN))
    return {
        "Family": family, "Lag": float(lag), "Points": float(len(points)), "Actual": float(actual.sum()),
        "WMAPE": error, "Target": wmape(known["Actual"].to_numpy(np.float64), known[LAST_YEAR].to_numpy(np.float64)),
        "MAPE": mape(actual, forecast), "MASE": mase(actual, forecast, scale), "Bias": bias(actual, forecast),
        "Tracking signal": worst_signal(points)[0], "Statistical WMAPE": statistical,
        "Added by events": statistical - planned, "Added by overrides": planned - error,
        "Plan attainment": attainment(recent(over(production), lag)),
        "Plan stability": stability(recent(production, lag)),
    }  # fmt: skip
