"""Scenarios side by side: each is solved live from the base plan, with its assumptions, figures and what it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..model import calendar
from ..model.errors import InputError
from ..model.plan import BASE, BalancePlan
from ..model.schema import TABLES
from ..model.tables import Tables
from .balance.what_if import LiveBalance
from .changes import plan_changes
from .fan_out import fan_out
from .finance import finance_plan
from .kpis import utilisation
from .plan_table import plan_table
from .scenarios import apply_scenario, check_scenario, scenario_names
from .words import signed, spoken

FIGURES = (
    "Shipments", "Service level", "Revenue", "Total cost", "Margin", "Stock value", "Utilisation", "CO2e",
    "Backorders at end", "Lost sales",
)  # fmt: skip
"""What scenarios are compared by: columns of tblScenarioResults, measures of tblCompare."""
RESULT_COLUMNS = ("Scenario", "Assumptions", "Status", *FIGURES, "Margin against base", "What changes")
CHANGE_COLUMNS = (
    "Scenario", "Measure", "Family", "Resource", "Base", "In the scenario", "Change", "Change %", "Unit", "Why",
)  # fmt: skip
CHANGES_NAMED = 5
NO_LEVERS = "The plan as it stands."
CHUNK = 4
"""Scenarios solved one after another in the same live model."""
_PHYSICAL = ("Feasible sales", "Production", "Closing stock", "Overtime")


@dataclass(frozen=True)
class ScenarioRuns:
    """``results``: RESULT_COLUMNS, Base first. ``compare``: columns of tblCompare. ``changes``: CHANGE_COLUMNS.
    ``plan_rows``: columns of tblPlan of every scenario but Base. ``best``: scenario with the highest margin."""

    results: pd.DataFrame
    compare: pd.DataFrame
    changes: pd.DataFrame
    plan_rows: pd.DataFrame

    @property
    def best(self) -> str:
        return str(self.results.loc[self.results["Margin"].idxmax(), "Scenario"])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Output tables by name."""
        return {"tblScenarioResults": self.results, "tblCompare": self.compare, "tblScenarioChanges": self.changes}


def run_scenarios(
    tables: Tables, names: Sequence[str] = (), *, client: Any = None, processes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ScenarioRuns:  # fmt: skip
    """Solve the base plan and scenarios of tblScenarios for the demand as it stands in ``tables``.

    names: scenarios, or several joined with " + "; none = all that are not adopted. client, processes, progress: as in
    `fan_out`. Raises InputError for an unknown scenario and where there is none; SolverError where the solver fails.
    """
    wanted = list(dict.fromkeys(names)) or scenario_names(tables)
    if not wanted:
        raise InputError("Scenarios: tblScenarios has none to run; type levers into it (sheet Scenarios) first.")
    for name in wanted:
        check_scenario(tables, name)
    tasks = [(tables, tuple(wanted[at : at + CHUNK])) for at in range(0, len(wanted), CHUNK)]
    solved = fan_out(_solved, tasks, client=client, processes=processes, progress=progress)
    base = solved[0][0]
    runs = [run for chunk in solved for run in chunk[1:]]
    changes = [plan_changes(tables, base.table, run.table) for run in runs]
    rows, compared = [_row(tables, base, base, None)], []
    for run, moved in zip(runs, changes, strict=True):
        rows.append(_row(tables, run, base, moved))
        for measure in FIGURES:
            value, before = run.figures[measure], base.figures[measure]
            compared.append((run.name, measure, value, before, value - before))
    renamed = {"Last plan": "Base", "This plan": "In the scenario"}
    listed = [moved.rename(columns=renamed).assign(Scenario=run.name) for run, moved in zip(runs, changes, strict=True)]
    return ScenarioRuns(
        pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        pd.DataFrame(compared, columns=list(TABLES["tblCompare"].headers)),
        pd.concat(listed, ignore_index=True)[list(CHANGE_COLUMNS)],
        pd.concat([run.table for run in runs], ignore_index=True),
    )


def assumptions(tables: Tables, scenario: str) -> str:
    """The levers of a scenario in words: ``Demand of Pumps +12 % from 2027-05 to 2027-08 (heat wave); ...``."""
    parts = scenario.split(" + ")
    rows = tables.scenarios[tables.scenarios["Scenario"].isin(parts)]
    if rows.empty:
        return NO_LEVERS
    bucket = tables.settings.bucket
    words = []
    for row in rows.to_dict("records"):
        where = " and ".join(str(row[key]) for key in ("Family", "Resource") if row[key])
        text = f"{row['Lever']}{f' of {where}' if where else ''} {100 * float(row['Change %'] or 0.0):+.4g} %"
        if not pd.isna(row["From"]):
            text += f" from {calendar.period_label(row['From'], bucket)}"
        if not pd.isna(row["To"]):
            text += f" to {calendar.period_label(row['To'], bucket)}"
        words.append(text + (f" ({str(row['Note']).rstrip('.')})" if row["Note"] else ""))
    return "; ".join(words) + "."


@dataclass(frozen=True)
class _Run:
    """A scenario solved; small enough to travel between processes."""

    name: str
    status: str
    figures: dict[str, float]
    table: pd.DataFrame


def _solved(task: tuple[Tables, tuple[str, ...]]) -> list[_Run]:
    """The base plan and some scenarios, in one live model."""
    tables, names = task
    live = LiveBalance(tables)
    runs = []
    for name in (BASE, *names):
        changed = apply_scenario(tables, name)
        plan = live.plan(changed)
        finance = finance_plan(changed, plan)
        runs.append(_Run(name, plan.status, _figures(plan, finance), plan_table(changed, plan, finance, name)))
    return runs


def _figures(plan: BalancePlan, finance: pd.DataFrame) -> dict[str, float]:
    families = plan.families
    at_end = families["Period"] == families["Period"].max()
    return {
        "Shipments": float(families["Sales"].sum()),
        "Service level": plan.service_level,
        "Revenue": plan.revenue,
        "Total cost": plan.total_cost,
        "Margin": plan.margin,
        "Stock value": float(finance.groupby("Period")["Stock value"].sum().mean()) if len(finance) else 0.0,
        "Utilisation": float(utilisation(plan)["Utilisation"].mean()),
        "CO2e": float(finance["CO2e"].sum()) / 1000.0,
        "Backorders at end": float(families.loc[at_end, "Backorders"].sum()),
        "Lost sales": float(families["Lost sales"].sum()),
    }


def _row(tables: Tables, run: _Run, base: _Run, changes: pd.DataFrame | None) -> tuple[object, ...]:
    gain = run.figures["Margin"] - base.figures["Margin"]
    moved = "" if changes is None else _what_changes(changes)
    words = NO_LEVERS if changes is None else assumptions(tables, run.name)
    return run.name, words, run.status, *(run.figures[name] for name in FIGURES), gain, moved


def _what_changes(changes: pd.DataFrame) -> str:
    """The largest shift of sales, production, stock and overtime each, then the second largest."""
    rows = changes[changes["Measure"].isin(_PHYSICAL)]
    if rows.empty:
        return "Nothing."
    place = rows.groupby("Measure").cumcount()  # largest first already
    first = rows.loc[place.sort_values(kind="stable").index].head(CHANGES_NAMED)
    words = [
        f"{row['Measure']} of {row['Family'] or row['Resource']} {signed(float(row['Change']))}"
        for row in first.to_dict("records")
    ]
    return f"{spoken(words)}."
