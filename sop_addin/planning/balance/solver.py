"""The one door to a solver: HiGHS where it is installed, else CBC."""

from __future__ import annotations

from ...model.errors import SolverError
from . import highs_engine
from .cbc_engine import CBC, CbcEngine, cbc
from .engine import Engine, Look, Matrix
from .highs_engine import HIGHS, HighsEngine


def available_solvers() -> list[str]:
    """Names of the solvers that can run here, best first."""
    names = [HIGHS] if highs_engine.highspy is not None else []
    return names + ([CBC] if cbc().available() else [])


def open_engine(matrix: Matrix, solver: str | None = None, look: Look | None = None) -> Engine:
    """``matrix`` inside the named solver, by default the best at hand; ``look`` is called while it works."""
    if solver in (None, HIGHS) and highs_engine.highspy is not None:
        return HighsEngine(matrix, look)
    if solver in (None, CBC) and cbc().available():
        return CbcEngine(matrix, look)
    missing = f"{solver} is not installed" if solver else "No solver is installed"
    raise SolverError(f"{missing}: run `pip install highspy` and try again.")
