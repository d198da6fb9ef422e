"""The workbook built from the schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from ...model.plan import Plan
from ...model.tables import RawTable, Tables
from ..write_plan import base_tables


def workbook_bytes(
    raw: Mapping[str, pd.DataFrame | RawTable],
    tables: Tables,
    plan: Plan | None = None,
    left_out: Collection[tuple[str, str]] = (),
    as_values: Collection[tuple[str, str]] = (),
    more: Mapping[str, pd.DataFrame] | None = None,
) -> bytes:
    """A complete .xlsm with these inputs and, where given, the plan solved for them; formulas not yet calculated.

    ``raw``: untyped cells of each input table (see `build_workbook`). ``tables``: the same, typed. ``left_out`` and
    ``as_values``: rows that the plan sheets lack, or show without formulas (see `grid_blocks`). ``more``: output
    tables that are no part of a plan, such as tblAccuracy.
    """
    from ..grid_cells import grid_blocks
    from .build import build_workbook

    cells = {name: table.frame if isinstance(table, RawTable) else table for name, table in raw.items()}
    outputs = {**({} if plan is None else _outputs(plan)), **(more or {})}
    return build_workbook(cells, tables, grid_blocks(tables, plan, left_out, as_values), outputs)


def _outputs(plan: Plan) -> dict[str, pd.DataFrame]:
    frames = {
        **base_tables(plan),
        "tblPlan": plan.plan_table,
        "tblResult": pd.DataFrame(
            {"Measure": list(plan.results), "Value": pd.Series([*plan.results.values()], dtype=object)}
        ),
        "tblFindings": plan.findings.to_frame(),
    }
    return {name: frame for name, frame in frames.items() if frame is not None}
