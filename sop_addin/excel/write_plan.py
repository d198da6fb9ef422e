"""Write a plan into the workbook it was read from: grids, result tables, findings. Nothing else is touched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd

from ..model.findings import Findings
from ..model.plan import BASE, Plan
from ..model.schema import RESULT_MEASURES, SHEET_GRIDS
from .blocks import cell_link, read_block
from .grid_cells import GridCells
from .grid_sheets import GridSheet, fill, fits, laid_out_again, place_of, read_grid, write_grid
from .tables_io import find_tables, table_body, write_table, write_tables

COMPARED = (
    "Total cost",
    "Margin",
    "Revenue",
    "Service level",
    "Demand",
    "Shipments",
    "Backorders at end",
    "Lost sales",
    "Stock value",
    "Utilisation",
    "CO2e",
)


def write_plan(book: Any, plan: Plan) -> None:
    """Write what the run produced into ``book`` (an xlwings Book of any engine), in bulk.

    Overrides, other inputs, extra rows and columns, formats and sheets stay. Where families, sources, resources or
    periods have changed, the grids are laid out again and what was typed moves along. Raises WorkbookError where a
    table, name or column is missing or something stands in the way.
    """
    tables = find_tables(book)
    if plan.scenario == BASE:
        write_grids(book, plan)
        write_tables(book, base_tables(plan))
    if plan.balance is not None:
        if plan.scenario != BASE:
            _write_comparison(tables, plan)
        if plan.plan_table is not None:
            write_table(tables["tblPlan"], _with_other_scenarios(tables["tblPlan"], plan.plan_table, plan.scenario))
        _write_results(tables["tblResult"], plan)
    else:
        for measure, value in plan.results.items():
            write_result(book, measure, value)
    write_findings(book, plan.findings)


def parts_written(plan: Plan) -> tuple[str, ...]:
    """Names of the grids and tables that `write_plan` writes for this plan."""
    names = [grid.name for grid in SHEET_GRIDS] if plan.scenario == BASE else []
    names += base_tables(plan) if plan.scenario == BASE else []
    if plan.balance is not None:
        names += ["tblPlan"] if plan.plan_table is not None else []
    names += ["tblResult"] if plan.results else []
    return (*names, "tblFindings")


def base_tables(plan: Plan) -> dict[str, pd.DataFrame]:
    """The output tables that only a plan without scenario fills, as far as its steps have made them."""
    frames = {
        "tblForecast": plan.forecast,
        "tblExplanation": plan.forecast_explained,
        "tblCleaning": plan.cleaning,
        "tblItemPlan": plan.item_plan,
        "tblEventEffects": plan.event_effects,
        "tblBridge": plan.bridge,
        "tblKpis": plan.kpis,
        "tblKpiTrend": plan.kpi_trend,
        "tblLagAccuracy": plan.lag_accuracy,
        "tblValueAdded": plan.value_added,
        **plan.balance_explained,
    }
    return {name: frame for name, frame in frames.items() if frame is not None}


def write_findings(book: Any, findings: Findings) -> None:
    """Write tblFindings, worst first, each with a link to its cell."""
    frame = findings.to_frame()
    frame["Cell link"] = pd.Series([cell_link(cell) for cell in frame["Cell link"]], dtype=object)
    write_table(find_tables(book)["tblFindings"], frame)


def write_result(book: Any, measure: str, value: object) -> None:
    """Write one row of tblResult; the other rows keep their value."""
    table = find_tables(book)["tblResult"]
    values = {str(row[0]): row[1] for row in read_block(table.data_body_range) if row[0] not in (None, "")}
    values[measure] = value
    write_table(table, pd.DataFrame({"Measure": [*values], "Value": pd.Series([*values.values()], dtype=object)}))


def write_grids(book: Any, plan: Plan, over: Callable[[GridSheet], GridSheet] | None = None) -> None:
    """Write the plan grids, laid out again where their rows or periods have changed.

    over: takes out of a grid what need not move along.
    """
    bucket = plan.tables.settings.bucket
    old = {grid.name: read_grid(book, grid, bucket) for grid in SHEET_GRIDS}
    left = old if over is None else {name: over(sheet) for name, sheet in old.items()}
    new = {
        name: sheet if fits(sheet, plan.tables) else laid_out_again(sheet, plan.tables) for name, sheet in left.items()
    }
    moved = any(new[name] is not old[name] for name in new)
    cells = GridCells(plan.tables, plan, {name: place_of(sheet) for name, sheet in new.items()})
    for name, sheet in new.items():
        checked = plan.rough_cut is not None and name == "CapacityPlan"
        if moved or checked or plan.balance is not None or name == "SalesPlan":
            fill(sheet, cells, plan.tables)
            write_grid(book, sheet, old[name])


def _write_results(table: Any, plan: Plan) -> None:
    """tblResult: our measures in order; rows that others added keep their value."""
    results = {**plan.results, "Run at": dt.datetime.now().replace(microsecond=0), "Scenario": plan.scenario}
    values = {str(row[0]): row[1] for row in read_block(table.data_body_range) if row[0] not in (None, "")}
    extra = [name for name in values if name not in RESULT_MEASURES]
    names = [*RESULT_MEASURES, *extra]
    write_table(
        table,
        pd.DataFrame(
            {"Measure": names, "Value": pd.Series([results.get(n, values.get(n)) for n in names], dtype=object)}
        ),
    )


def _write_comparison(tables: dict[str, Any], plan: Plan) -> None:
    """tblCompare: the scenario's headline figures beside those of the base plan, as far as that was the last run."""
    last = {str(row[0]): row[1] for row in read_block(tables["tblResult"].data_body_range)}
    earlier = table_body(tables["tblCompare"])
    base = {str(name): value for name, value in zip(earlier["Measure"], earlier["Base"], strict=True) if name}
    if last.get("Scenario") in (None, "", BASE):
        base = {name: value for name, value in last.items() if isinstance(value, float)}
    kpis = table_body(tables["tblKpis"])
    base = dict(zip(kpis["KPI"], kpis["Value"], strict=True)) | base
    figures = {**dict(zip(plan.kpis["KPI"], plan.kpis["Value"], strict=True)), **plan.results}  # type: ignore[index]
    rows = []
    for name in COMPARED:
        value, other = float(figures[name]), base.get(name)
        difference = value - other if isinstance(other, float) else None
        rows.append((plan.scenario, name, value, other, difference))
    frame = pd.DataFrame(rows, columns=["Scenario", "Measure", "Value", "Base", "Difference"], dtype=object)
    write_table(tables["tblCompare"], _with_other_scenarios(tables["tblCompare"], frame, plan.scenario))


def _with_other_scenarios(table: Any, frame: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """The rows of ``frame``, and behind them those that the table holds of other scenarios."""
    body = table_body(table)
    others = body[body["Scenario"].notna() & ~body["Scenario"].isin([scenario, ""])]
    if others.empty:
        return frame
    return pd.concat([frame.astype(object), others[list(frame.columns)]], ignore_index=True)
