"""How the months that are over went against the plans published for them; and the trend over past and plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.plan import BalancePlan
from ..model.tables import Tables
from .accuracy import NONE, bias, naive_scale, wmape
from .finance import cheapest_unit_cost
from .value_added import actual_sales

PAST_PERIODS = 12
TREND_COLUMNS = (
    "Period", "Kind", "Forecast error", "Forecast bias", "Plan attainment", "Service level", "Utilisation",
    "Days of cover", "Stock value",
)  # fmt: skip
ACTUAL, PLAN = "Actual", "Plan"


def one_ahead(tables: Tables, points: pd.DataFrame) -> pd.DataFrame:
    """The points of lag 1 of the last PAST_PERIODS periods, with Scale: of MASE, from the sales before each family's
    first of them."""
    past: pd.DataFrame = points[points["Lag"] == 1].copy()
    past["Scale"] = NONE
    if past.empty:
        return past
    first = sorted(past["Period"].unique())[-PAST_PERIODS:][0]
    past = past[past["Period"] >= first].copy()
    sold = actual_sales(tables)
    before = sold[sold["Period"] < first]
    if before.empty:
        return past
    wide = before.set_index(["Family", "Period"])["Actual"].unstack()
    bucket = tables.settings.bucket
    start = wide.columns.min()
    size = calendar.periods_between(start, pd.Timestamp(first), bucket)
    wide = wide.reindex(columns=calendar.period_range(start, size, bucket))
    scale = naive_scale(wide.to_numpy(dtype=np.float64), tables.settings.season_length)
    past["Scale"] = past["Family"].map(dict(zip(wide.index, scale, strict=True))).astype("float64")
    return past


def attainment(tables: Tables) -> tuple[float, pd.Series]:
    """Plan attainment of the last PAST_PERIODS periods together, and by Period.

    Sum of min(actual, planned) / sum of planned production over families, where planned is what the plan published
    for a start said for its first period, and actual is Production of tblStock. NaN where either is not known.
    """
    made = tables.stock.dropna(subset=["Production"]).groupby(["Family", "Period"])["Production"].sum()
    final = {version.plan_start: version for version in tables.versions}
    parts = [version.families[version.families["Period"] == start] for start, version in final.items()]
    if not parts or made.empty:
        return NONE, pd.Series(dtype="float64")
    planned = pd.concat(parts, ignore_index=True)[["Family", "Period", "Production"]].dropna()
    planned["Actual"] = made.reindex(pd.MultiIndex.from_frame(planned[["Family", "Period"]])).to_numpy(np.float64)
    planned = planned.dropna()
    recent = sorted(planned["Period"].unique())[-PAST_PERIODS:]
    planned = planned[planned["Period"].isin(recent)]
    planned["Made"] = planned[["Actual", "Production"]].min(axis=1)
    sums = planned.groupby("Period")[["Made", "Production"]].sum()
    total = float(sums["Production"].sum())
    by_period = (sums["Made"] / sums["Production"].where(sums["Production"] > 0)).rename("Plan attainment")
    return (float(sums["Made"].sum()) / total if total else NONE), by_period


def kpi_trend(
    tables: Tables, plan: BalancePlan, finance: pd.DataFrame, points: pd.DataFrame, cover: pd.Series, use: pd.DataFrame
) -> pd.DataFrame:
    """TREND_COLUMNS: up to PAST_PERIODS past periods (what is known of them), then the planned ones.

    cover: days of cover of the plan by Period. use: Resource, Period, Utilisation. Past stock is Stock of tblStock,
    valued like the planned one; its cover looks at the sales that followed, then at the planned demand.
    """
    rows = [*_past(tables, plan, points), *_planned(plan, finance, cover, use)]
    return pd.DataFrame(rows, columns=list(TREND_COLUMNS))


def _past(tables: Tables, plan: BalancePlan, points: pd.DataFrame) -> list[dict[str, object]]:
    ahead = one_ahead(tables, points)
    attained = attainment(tables)[1]
    worth = cheapest_unit_cost(tables)
    start = plan.families["Period"].min()
    stock = tables.stock[tables.stock["Period"] < start].dropna(subset=["Stock"])
    value = (stock["Stock"] * stock["Family"].map(worth).astype("float64").fillna(0.0)).groupby(stock["Period"]).sum()
    cover = _past_cover(tables, plan, value)
    known = sorted({*ahead["Period"], *attained.index, *value.index})[-PAST_PERIODS:]
    rows: list[dict[str, object]] = []
    for period in known:
        part = ahead[ahead["Period"] == period]
        actual, forecast = (part[name].to_numpy(dtype=np.float64) for name in ("Actual", "Consensus"))
        rows.append(
            {
                "Period": period, "Kind": ACTUAL, "Forecast error": wmape(actual, forecast),
                "Forecast bias": bias(actual, forecast), "Plan attainment": attained.get(period, NONE),
                "Days of cover": cover.get(period, NONE), "Stock value": value.get(period, NONE),
            }
        )  # fmt: skip
    return rows


def _past_cover(tables: Tables, plan: BalancePlan, value: pd.Series) -> pd.Series:
    """Days that the past stock lasted, against the three periods after it, sold or planned."""
    worth = cheapest_unit_cost(tables)
    sold = actual_sales(tables)
    sold = sold[sold["Period"] < plan.families["Period"].min()].rename(columns={"Actual": "Demand"})
    both = pd.concat([sold, plan.families[["Family", "Period", "Demand"]]], ignore_index=True)
    cost = both["Family"].map(worth).astype("float64").fillna(0.0)
    demand = (both["Demand"] * cost).groupby(both["Period"]).sum()
    bucket = tables.settings.bucket
    days = calendar.DAYS_PER_PERIOD[bucket]
    cover = {}
    for period in value.index:
        coming = demand.reindex([calendar.add_periods(period, step, bucket) for step in (1, 2, 3)]).dropna()
        if len(coming) and coming.mean() > 0:
            cover[period] = float(value[period] / coming.mean() * days)
    return pd.Series(cover, dtype="float64")


def _planned(plan: BalancePlan, finance: pd.DataFrame, cover: pd.Series, use: pd.DataFrame) -> list[dict[str, object]]:
    families = plan.families
    demand = families.groupby("Period")["Demand"].sum()
    late = _newly_late(families)
    mean_use = use.groupby("Period")["Utilisation"].mean()
    stock = finance.groupby("Period")["Stock value"].sum()
    return [
        {
            "Period": period, "Kind": PLAN, "Forecast error": NONE, "Forecast bias": NONE, "Plan attainment": NONE,
            "Service level": 1.0 - late[period] / demand[period] if demand[period] else NONE,
            "Utilisation": mean_use.get(period, NONE), "Days of cover": cover.get(period, NONE),
            "Stock value": stock.get(period, NONE),
        }
        for period in demand.index
    ]  # fmt: skip


def _newly_late(families: pd.DataFrame) -> pd.Series:
    """Demand of each period that is not delivered in it: lost, or late. Old backorders are served first."""
    missed = families["Lost sales"] + np.minimum(families["Backorders"], families["Demand"] - families["Lost sales"])
    return missed.clip(lower=0.0).groupby(families["Period"]).sum()
