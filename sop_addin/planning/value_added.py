"""Forecast value added: what each step from the statistical forecast to the agreed demand was worth.

The published plans say what was forecast and agreed before the fact; the sales say what came. Forecast value added
(Gilliland 2010, The Business Forecasting Deal, ch. 4) of a step = error before it - error after it, in percentage
points of WMAPE: positive = the step made the forecast better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.tables import Tables
from ..model.versions import Version
from .accuracy import NONE, bias, naive_scale, wmape
from .families import aggregate_to_family
from .item_forecast import history_long

LAST_YEAR, STATISTICAL, BASE_PLAN, CONSENSUS = "Last year", "Statistical", "With events and portfolio", "Consensus"
POINT_COLUMNS = (
    "Version", "Family", "Owner", "Reason", "Period", "Lag", "Actual", LAST_YEAR, STATISTICAL, BASE_PLAN, CONSENSUS,
    "Overridden", "Scale",
)  # fmt: skip
VALUE_ADDED_COLUMNS = (
    "View", "Name", "Points", "Actual", "WMAPE before", "WMAPE after", "Value added", "Bias before", "Bias after",
)  # fmt: skip
STEPS = (
    ("1 Statistical forecast instead of last year", LAST_YEAR, STATISTICAL),
    ("2 Events, new and phase-out added", STATISTICAL, BASE_PLAN),
    ("3 Overrides (consensus)", BASE_PLAN, CONSENSUS),
    ("All steps: consensus instead of last year", LAST_YEAR, CONSENSUS),
)
NO_OWNER, NO_REASON = "(no owner)", "(no reason given)"


def actual_sales(tables: Tables) -> pd.DataFrame:
    """Family, Period, Actual: what was sold, in family units; tblStock where it says so, else the item history."""
    stock = tables.stock.dropna(subset=["Sales"])
    known = stock.groupby(["Family", "Period"])["Sales"].sum()
    history = history_long(tables, discontinued=True)
    if len(history):
        by_family = aggregate_to_family(history, tables.items).set_index(["Family", "Period"])["Quantity"].dropna()
        known = known.combine_first(by_family)
    known.index = known.index.set_names(["Family", "Period"])
    return known.rename("Actual").reset_index()


def published_points(tables: Tables) -> pd.DataFrame:
    """POINT_COLUMNS: one row per published plan, family and period that has been sold since.

    Lag 1 is the first period of the plan. Of plans published for the same start the last one counts. Forecasts are in
    family units, never below 0; Last year is NaN where nothing was known of it. Scale (of MASE): mean change from year
    to year in the sales before the plan.
    """
    final = {version.plan_start: version for version in tables.versions}
    actual = actual_sales(tables).set_index(["Family", "Period"])["Actual"]
    if not final or actual.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in POINT_COLUMNS})
    parts = []
    for version in final.values():
        frame = version.families
        parts.append(
            pd.DataFrame(
                {
                    "Version": version.name,
                    "Family": frame["Family"],
                    "Owner": frame["Owner"].fillna("").replace("", NO_OWNER),
                    "Reason": frame["Override reason"].replace("", NO_REASON),
                    "Period": frame["Period"],
                    "Lag": [calendar.periods_between(version.plan_start, period, version.bucket) + 1
                            for period in frame["Period"]],
                    STATISTICAL: frame["Statistical forecast"].fillna(0.0).clip(lower=0.0),
                    BASE_PLAN: frame[["Statistical forecast", "Events", "New and phase-out"]].fillna(0.0).sum(axis=1)
                    .clip(lower=0.0),
                    CONSENSUS: frame["Consensus demand"],
                    "Overridden": frame["Override"].notna(),
                    "Scale": frame["Family"].map(_scales(actual, version, tables.settings.season_length)),
                }
            )
        )  # fmt: skip
    points = pd.concat(parts, ignore_index=True)
    keys = pd.MultiIndex.from_frame(points[["Family", "Period"]])
    points["Actual"] = actual.reindex(keys).to_numpy(dtype=np.float64)
    bucket = tables.settings.bucket
    before = [calendar.year_before(period, bucket) for period in points["Period"]]
    points[LAST_YEAR] = actual.reindex(pd.MultiIndex.from_arrays([points["Family"], before])).to_numpy(np.float64)
    known = points["Actual"].notna() & points[CONSENSUS].notna()
    return points.loc[known, list(POINT_COLUMNS)].reset_index(drop=True)


def _scales(actual: pd.Series, version: Version, season_length: int) -> dict[str, float]:
    """Family -> scale of MASE, from what had been sold when the version was planned."""
    before = actual[actual.index.get_level_values("Period") < version.plan_start]
    if before.empty:
        return {}
    wide = before.unstack("Period")
    start = pd.Timestamp(str(wide.columns.min()))
    size = calendar.periods_between(start, version.plan_start, version.bucket)
    wide = wide.reindex(columns=calendar.period_range(start, size, version.bucket))
    return dict(zip(wide.index, naive_scale(wide.to_numpy(dtype=np.float64), season_length), strict=True))


def value_added(points: pd.DataFrame) -> pd.DataFrame:
    """VALUE_ADDED_COLUMNS by step, lag, family owner and reason.

    Step and Lag count every point (Lag: statistical against consensus); Owner and Reason the overridden ones only,
    before and after the override. A step from last year counts the points whose last year is known.
    """
    rows: list[dict[str, object]] = []
    for name, before, after in STEPS:
        rows.append(_row("Step", name, points, before, after))
    for lag in sorted(points["Lag"].unique()):
        rows.append(_row("Lag", f"Lag {int(lag)}", points[points["Lag"] == lag], STATISTICAL, CONSENSUS))
    overridden = points[points["Overridden"].astype(bool)]
    for view, column in (("Owner", "Owner"), ("Reason", "Reason")):
        for whose, part in overridden.groupby(column, sort=True):
            rows.append(_row(view, str(whose), part, BASE_PLAN, CONSENSUS))
    return pd.DataFrame([row for row in rows if row["Points"]], columns=list(VALUE_ADDED_COLUMNS))


def _row(view: str, name: str, points: pd.DataFrame, before: str, after: str) -> dict[str, object]:
    some = points[points[before].notna()]
    actual, first, last = (some[column].to_numpy(dtype=np.float64) for column in ("Actual", before, after))
    error_before, error_after = wmape(actual, first), wmape(actual, last)
    return {
        "View": view, "Name": name, "Points": float(len(some)), "Actual": float(actual.sum()) if len(some) else NONE,
        "WMAPE before": error_before, "WMAPE after": error_after, "Value added": error_before - error_after,
        "Bias before": bias(actual, first), "Bias after": bias(actual, last),
    }  # fmt: skip
