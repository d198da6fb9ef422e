"""Sales and operations planning in an Excel workbook.

``forecast_demand`` and ``solve_balance`` plan without any workbook; ``read_tables`` and ``write_plan`` take an xlwings
Book of any engine. They are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME_OF = {
    "forecast_demand": "planning.demand_forecast",
    "solve_balance": "planning.balance",
    "read_tables": "excel.read_tables",
    "write_plan": "excel.write_plan",
}
__all__ = ["__version__", "forecast_demand", "read_tables", "solve_balance", "write_plan"]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found
