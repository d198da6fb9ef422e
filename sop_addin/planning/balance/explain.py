"""What the plan could not do and what limits it: findings by name, and what one more unit of capacity is worth."""

from __future__ import annotations

import numpy as np

from ...model.finding_rows import NOWHERE
from ...model.findings import Finding, Findings, Severity
from ...model.tables import Tables
from .model import BalanceModel
from .problem import Floats
from .result import Quantities
from .solve import Solution

TABLE_OF_RULE = {
    "min_stock": ("tblFamilies", "Min stock"),
    "closing_stock_min": ("tblFamilies", "Closing stock min"),
    "max_stock": ("tblFamilies", "Max stock"),
    "shelf_life": ("tblFamilies", "Shelf life"),
    "made_to_order": ("tblFamilies", "Fulfilment"),
}


def marginal_values(model: BalanceModel, solution: Solution) -> Floats:
    """(R, T) money that one more unit of regular capacity is worth: cost saved or margin gained; NaN where unlimited."""
    resources = model.problem.resources
    worth = np.full((len(resources.names), model.problem.horizon), np.nan)
    for resource in range(len(resources.names)):
        if resource in model.heads:
            worth[resource] = -solution.row_values[model.labour_rows[resource]]
        else:
            columns = [variable.index for variable in model.regular[resource]]
            limited = np.isfinite(resources.capacity[resource])
            worth[resource] = np.where(limited, -solution.column_values[columns], np.nan)
    tiny = 1e-9 * np.nanmax(np.abs(worth), initial=1.0)
    return np.where(np.abs(worth) <= tiny, 0.0, np.maximum(worth, 0.0))


def explain(tables: Tables, model: BalanceModel, solution: Solution, figures: Quantities, marginal: Floats) -> Findings:
    """Findings of a solved plan, gravest first."""
    return Findings()
