"""What the contract lets scripts rely on: ``import sop_addin`` and four functions."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest
from companies import company

import sop_addin


def test_a_forecast_needs_nothing_but_a_history():
    months = pd.date_range("2024-01-01", periods=36, freq="MS")
    history = pd.DataFrame({"item": "A", "period": months, "quantity": range(36)})
    forecast = sop_addin.forecast_demand(history, 6, season_length=12, interval=0.8, effort="standard", engine=None)
    assert list(forecast.columns) == ["item", "period", "forecast", "low", "high", "method"]
    assert len(forecast) == 6


def test_a_balance_needs_nothing_but_tables():
    demand = {"Family": ["Pumps"], "Period": ["2027-01"], "Value": [100]}
    plan = sop_addin.solve_balance(company(demand=demand))
    assert plan.status == "Optimal"
    assert plan.total_cost > 0


def test_every_public_name_is_there():
    for name in sop_addin.__all__:
        assert getattr(sop_addin, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'solve'"):
        sop_addin.solve  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, sop_addin; print([name for name in ('pandas', 'pulp', 'xlwings') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
