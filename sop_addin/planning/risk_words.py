"""What scenarios and risks say in one sentence, and where the errors of the demand come from."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ..model.errors import InputError
from ..model.tables import Tables
from .backtest import backtest
from .risk import RiskAnalysis
from .scenario_runs import ScenarioRuns
from .words import short_money


def demand_errors(tables: Tables, progress: Callable[[int, int], None] | None = None) -> pd.DataFrame | None:
    """Points of a backtest as the settings ask for; None where the history is too short for one."""
    try:
        return backtest(tables, progress=progress).points
    except InputError:
        return None


def scenario_words(runs: ScenarioRuns, currency: str) -> str:
    """``4 scenarios: Strong summer earns most, margin +1.10 M EUR against the base plan.``"""
    rows = runs.results.iloc[1:]
    best = rows.loc[rows["Margin"].idxmax()]
    gain = float(best["Margin against base"])
    count = f"{len(rows)} scenario{'s' if len(rows) > 1 else ''}"
    return (
        f"{count} solved: {best['Scenario']} earns most, margin {'+' if gain >= 0 else ''}{short_money(gain)} "
        f"{currency} against the base plan (sheet Scenarios)."
    )


def risk_words(found: RiskAnalysis, tables: Tables) -> str:
    """Margin and service in P10 and P90, and what matters most."""
    totals = found.totals.set_index("Measure")
    margins = [short_money(float(totals[part]["Margin"])) for part in ("P10", "P90")]
    service = [float(totals[part]["Service level"]) for part in ("P10", "P90")]
    first = f"; {found.tornado['Risk'].iloc[0]} matters most" if len(found.tornado) else ""
    return (
        f"{found.samples} samples: margin {margins[0]} to {margins[1]} "
        f"{tables.settings.base_currency} (P10 to P90), service {service[0]:.1%} to {service[1]:.1%}{first} "
        "(sheet Scenarios)."
    )
