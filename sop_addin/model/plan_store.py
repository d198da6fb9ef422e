"""A plan as a folder of text files, and back: the solved plan that the sample company comes with."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from .findings import Finding, Findings
from .plan import BalancePlan, Plan
from .schema import NUMERIC, TABLES, Table
from .tables import Tables

_PLAN_FRAMES = (
    "forecast", "forecast_explained", "cleaning", "sales", "item_plan", "finance", "kpis", "kpi_trend", "value_added",
    "lag_accuracy", "bridge", "plan_table", "event_effects",
)  # fmt: skip
_TABLE_OF = {"kpis": "tblKpis", "kpi_trend": "tblKpiTrend", "value_added": "tblValueAdded",
             "lag_accuracy": "tblLagAccuracy"}  # fmt: skip
"""Frames with columns that may hold no figure at all."""
_BALANCE_FRAMES = ("families", "sources", "resources", "costs")
_BALANCE_EXPLAINED = ("tblLimits", "tblSpare", "tblDrivers", "tblChanges", "tblLifecycle")
_DAYS = ("Period", "From", "To", "Last made")


def save_plan(plan: Plan, folder: Path) -> None:
    """Write a solved plan; numbers with nine decimals, so that the files do not change with the machine's last bits."""
    if plan.balance is None:
        raise ValueError("only a solved plan can be stored")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _PLAN_FRAMES:
        write_frame(getattr(plan, name), folder / f"{name}.csv")
    for name in _BALANCE_FRAMES:
        write_frame(getattr(plan.balance, name), folder / f"balance_{name}.csv")
    for name in _BALANCE_EXPLAINED:
        write_frame(plan.balance_explained[name], folder / f"{name}.csv")
    write_frame(plan.tables.sales_plan, folder / "sales_plan.csv")
    figures = {
        field.name: getattr(plan.balance, field.name)
        for field in fields(BalancePlan)
        if field.name not in (*_BALANCE_FRAMES, "limits", "spare", "findings")
    }
    content = {
        "steps": list(plan.steps),
        "scenario": plan.scenario,
        "balance": figures,
        "results": plan.results,
        "findings": [asdict(finding) for finding in plan.findings],
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, default=float)
    (folder / "plan.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def load_plan(folder: Path, tables: Tables) -> Plan | None:
    """The plan that `save_plan` wrote, for the tables it was made from; None where none is stored."""
    if not (folder / "plan.json").exists():
        return None
    content = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    findings = Findings.of(Finding(**finding) for finding in content["findings"])
    balance_frames: dict[str, Any] = {name: read_frame(folder / f"balance_{name}.csv") for name in _BALANCE_FRAMES}
    plan_frames: dict[str, Any] = {
        name: read_frame(folder / f"{name}.csv", TABLES.get(_TABLE_OF.get(name, ""))) for name in _PLAN_FRAMES
    }
    explained = {name: read_frame(folder / f"{name}.csv", TABLES[name]) for name in _BALANCE_EXPLAINED}
    balance = BalancePlan(
        **content["balance"], **balance_frames, limits=explained["tblLimits"], spare=explained["tblSpare"]
    )
    return Plan(
        replace(tables, sales_plan=read_frame(folder / "sales_plan.csv")),
        tuple(content["steps"]),
        content["scenario"],
        balance=balance,
        results=content["results"],
        findings=findings,
        balance_explained=explained,
        **plan_frames,
    )


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """One frame as CSV."""
    rounded = frame.copy()
    for name in rounded.columns:
        if pd.api.types.is_float_dtype(rounded[name].dtype):
            rounded[name] = rounded[name].round(9) + 0.0
    rounded.to_csv(path, index=False, date_format="%Y-%m-%d", lineterminator="\n", encoding="utf-8")


def read_frame(path: Path, table: Table | None = None) -> pd.DataFrame:
    """What `write_frame` wrote: numbers where a column holds nothing else, text otherwise ('' stays ''), days of the
    column Period as dates.

    table: says which columns are numbers, even where all are blank.
    """
    figures = {column.name for column in table.columns if column.kind in NUMERIC} if table else set()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    for name in frame.columns:
        column = frame[name]
        if name in _DAYS:
            frame[name] = pd.to_datetime(column)
            continue
        numbers = pd.to_numeric(column, errors="coerce")
        if name in figures or ((numbers.notna() | (column == "")).all() and numbers.notna().any()):
            frame[name] = numbers.astype("float64")
    return frame
