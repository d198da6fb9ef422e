"""How the months that are over went against the plans published for them; and the trend over past and plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.plan import BalancePlan
from ..model.tables import Tables
from .accuracy import NONE, Floats, bias, wmape
from .finance import cheapest_unit_cost
from .lag_accuracy import PAST_PERIODS, attainment, over, recent, stability
from .value_added import CONSENSUS, STATISTICAL, actual_sales

TREND_COLUMNS = (
    "Period", "Kind", "Forecast error", "Forecast bias", "Plan attainment", "Service level", "Utilisation",
    "Days of cover", "Stock value", "Error at lag 2", "Error at lag 3", "Value added", "Plan stability",
)  # fmt: skip
ACTUAL, PLAN = "Actual", "Plan"


def kpi_trend(
    tables: Tables,
    plan: BalancePlan,
    finance: pd.DataFrame,
    points: pd.DataFrame,
    production: pd.DataFrame,
    cover: pd.Series,
    use: pd.DataFrame,
) -> pd.DataFrame:
    """TREND_COLUMNS: up to PAST_PERIODS past periods (what is known of them), then the planned ones.

    points: `published_points`. production: `published_production`. cover: days of cover of the plan by Period. use:
    Resource, Period, Utilisation. Past stock is Stock of tblStock, valued like the planned one; its cover looks at the
    sales that followed, then at the planned demand. Stability: of the plan published for the period, against the one
    before.
    """
    rows = [*_past(tables, plan, points, production), *_planned(plan, finance, cover, use)]
    return pd.DataFrame(rows, columns=list(TREND_COLUMNS))


def _past(tables: Tables, plan: BalancePlan, points: pd.DataFrame, production: pd.DataFrame) -> list[dict[str, object]]:
    by_lag = {lag: recent(points, lag) for lag in (1, 2, 3)}
    made = recent(over(production), 1)
    worth = cheapest_unit_cost(tables)
    start = plan.families["Period"].min()
    stock = tables.stock[tables.stock["Period"] < start].dropna(subset=["Stock"])
    value = (stock["Stock"] * stock["Family"].map(worth).astype("float64").fillna(0.0)).groupby(stock["Period"]).sum()
    cover = _past_cover(tables, plan, value)
    known = sorted({*by_lag[1]["Period"], *made["Period"], *value.index})[-PAST_PERIODS:]
    rows: list[dict[str, object]] = []
    for period in known:
        actual, forecast, statistical = _figures(by_lag[1], period, CONSENSUS, STATISTICAL)
        error = wmape(actual, forecast)
        rows.append(
            {
                "Period": period, "Kind": ACTUAL, "Forecast error": error, "Forecast bias": bias(actual, forecast),
                "Plan attainment": attainment(made[made["Period"] == period]),
                "Days of cover": cover.get(period, NONE), "Stock value": value.get(period, NONE),
                "Error at lag 2": wmape(*_figures(by_lag[2], period, CONSENSUS)),
                "Error at lag 3": wmape(*_figures(by_lag[3], period, CONSENSUS)),
                "Value added": wmape(actual, statistical) - error,
                "Plan stability": stability(_of_start(production, period)),
            }
        )  # fmt: skip
    return rows


def _figures(points: pd.DataFrame, period: pd.Timestamp, *names: str) -> tuple[Floats, ...]:
    rows = points[points["Period"] == period]
    return tuple(rows[name].to_numpy(dtype=np.float64) for name in ("Actual", *names))


def _of_start(production: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """The rows of the plan published for a start."""
    return production[production["Start"] == start]


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
            "Stock value": stock.get(period, NONE), "Error at lag 2": NONE, "Error at lag 3": NONE, "Value added": NONE,
            "Plan stability": NONE,
        }
        for period in demand.index
    ]  # fmt: skip


def _newly_late(families: pd.DataFrame) -> pd.Series:
    """Demand of each period that is not delivered in it: lost, or late. Old backorders are served first."""
    missed = families["Lost sales"] + np.minimum(families["Backorders"], families["Demand"] - families["Lost sales"])
    return missed.clip(lower=0.0).groupby(families["Period"]).sum()
