"""The demand plan people agree on: statistical forecast + events + new and phase-out items, or the override.

Frames are wide: Family, Period and one column per measure, named as in the SalesPlan grid, in family units.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.model.errors import InputError
from sop_addin.planning.events import EVENTS
from sop_addin.planning.item_demand import STATISTICAL_FORECAST
from sop_addin.planning.portfolio import NEW_AND_PHASE_OUT, grid_frame, same_period_before

OVERRIDE = "Override"
CONSENSUS_DEMAND = "Consensus demand"
LAST_YEAR = "Last year"
PARTS = (STATISTICAL_FORECAST, EVENTS, NEW_AND_PHASE_OUT)


def consensus_demand(sales_plan: pd.DataFrame) -> pd.DataFrame:
    """Return `sales_plan` with the column Consensus demand.

    sales_plan: wide (Family, Period, Statistical forecast, Events, New and phase-out, Override) or long
        (Family, Period, Measure, Value; returned wide). A missing column or NaN counts 0, a NaN override is none.

    Override where given (0 is an override), else Statistical forecast + Events + New and phase-out; never below 0.
    """
    wide = _wide(sales_plan) if {"Measure", "Value"} <= set(sales_plan.columns) else sales_plan.copy()
    wide[CONSENSUS_DEMAND] = consensus_figures(wide)
    return wide


def consensus_figures(wide: pd.DataFrame) -> NDArray[np.float64]:
    """(rows,) consensus demand of each row of a wide sales plan."""
    parts = sum((np.nan_to_num(_numbers(wide, name), posinf=np.inf) for name in PARTS), start=np.zeros(len(wide)))
    override = _numbers(wide, OVERRIDE)
    return np.maximum(np.where(np.isnan(override), parts, override), 0.0)


def last_year(history_by_family: pd.DataFrame, periods: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """Return Family, Period, Last year: what was sold in the same period a year before, in family units.

    history_by_family: Family, Period, Quantity. Weeks look back 52 weeks. Periods more than a year ahead show the
    latest year that has that period in the past; NaN where nothing is known.
    """
    planned = pd.DatetimeIndex(list(periods))
    families = list(pd.unique(history_by_family["Family"]))
    known = history_by_family.dropna(subset=["Quantity"]).groupby(["Family", "Period"])["Quantity"].sum()
    source = pd.DatetimeIndex(same_period_before(planned, history_by_family["Period"].max()))
    keys = pd.MultiIndex.from_product([families, source])
    values = known.reindex(keys).to_numpy(dtype=np.float64).reshape(len(families), len(planned))
    return grid_frame(families, planned, LAST_YEAR, values)


def _wide(long: pd.DataFrame) -> pd.DataFrame:
    repeated = long.duplicated(["Family", "Period", "Measure"])
    if repeated.any():
        row = long[repeated].iloc[0]
        raise InputError(f"Sales plan: {row['Measure']} of {row['Family']}, {row['Period']:%Y-%m-%d} is there twice.")
    wide = long.pivot(index=["Family", "Period"], columns="Measure", values="Value")
    wide.columns.name = None
    return wide.reset_index()


def _numbers(wide: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """(rows,) figures of a column; NaN where there is none."""
    if name not in wide.columns:
        return np.full(len(wide), np.nan)
    return np.asarray(pd.to_numeric(wide[name]), dtype=np.float64)
