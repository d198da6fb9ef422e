"""Raw tables -> Tables. All problems of the content are collected in ``Tables.problems``; none is raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .findings import Finding, Findings
from .plan import BASE
from .reading_grids import grid_missing, read_production_plan, read_sales_plan
from .reading_settings import read_settings
from .reading_tables import missing_table, read_table
from .schema import INPUT_TABLES, NEWER_TABLES, TABLES
from .signature import read_signatures
from .tables import Place, RawTable, Tables
from .versions import read_versions

__all__ = ["typed_tables"]


def typed_tables(
    raw: Mapping[str, RawTable],
    *,
    demand: RawTable | None = None,
    sales_plan: RawTable | None = None,
    production_plan: RawTable | None = None,
    require_all: bool = False,
) -> Tables:
    """Type every input table and the kept parts of the plan grids.

    ``raw``: tables by name; names that are not ours serve as suggestions for missing ones only. Outputs that are taken
    over too: tblForecast, tblVersions, tblSigned, the digest of the inputs in tblResult, and the base plan of tblPlan,
    to compare the next one with. ``demand`` (Family, Period, Value) becomes overrides. ``sales_plan`` and
    ``production_plan`` are grids, wide or long. ``require_all``: every table, column and grid must be there, as in a
    workbook, but for newer ones; else what is missing is empty.

    Frames have the schema's columns and dtypes, their index is the row on the sheet (line of the CSV file), fully
    blank rows are left out, constant defaults are filled in. A cell that cannot be taken counts as blank and has an
    Error among the problems.
    """
    findings: list[Finding] = []
    fields: dict[str, Any] = {}
    places: dict[str, Place] = {}
    strangers = [(name, table.place) for name, table in raw.items() if name not in TABLES]
    settings, settings_place, found = read_settings(raw.get("tblSettings"), strict=require_all)
    if settings_place is not None:
        places["tblSettings"] = settings_place
    findings += found
    for table in INPUT_TABLES:
        source = raw.get(table.name)
        if source is None:
            needed = require_all and table.name not in NEWER_TABLES
            findings += [missing_table(table.name, strangers)] if needed else []
        elif table.name != "tblSettings":
            frame, place, found = read_table(table, source, settings.bucket, strict=require_all)
            fields[table.field], places[table.name] = frame, place
            findings += found
    if (last_forecast := raw.get("tblForecast")) is not None:
        # an output that a run replaces: a wrong cell there is worth a look, but stops nothing
        table = TABLES["tblForecast"]
        fields["forecast"], places[table.name], found = read_table(table, last_forecast, settings.bucket, strict=False)
        findings += [replace(finding, severity="Warning") for finding in found]
    if (published := raw.get("tblVersions")) is not None:
        fields["versions"], damaged = read_versions(published.frame)
        findings += damaged
    if (signed := raw.get("tblSigned")) is not None:
        fields["signatures"], damaged = read_signatures(signed.frame)
        findings += damaged
    if (results := raw.get("tblResult")) is not None and {"Measure", "Value"} <= set(results.frame.columns):
        known_results = dict(zip(results.frame["Measure"], results.frame["Value"], strict=True))
        fields["solved_inputs"] = str(known_results.get("Inputs") or "")
    if (last_plan := raw.get("tblPlan")) is not None:
        # what a run wrote, to compare with: whatever is wrong in it is left out
        frame, _, _ = read_table(TABLES["tblPlan"], last_plan, settings.bucket, strict=False)
        fields["last_plan"] = frame[(frame["Scenario"] == BASE) & frame["Period"].notna() & frame["Value"].notna()]
    # overrides of unknown families are found only where families are known at all
    known = [family for family in fields["families"]["Family"] if family] if "families" in fields else []
    families = known or None
    grids = {"SalesPlan": sales_plan, "ProductionPlan": production_plan}
    for name, grid in grids.items():
        if grid is not None:
            places[name] = replace(grid.place, columns=dict(grid.place.columns))
        elif require_all:
            findings.append(grid_missing(name))
    fields["sales_plan"], found = read_sales_plan(sales_plan, demand, families, settings.bucket)
    findings += found
    fields["production_plan"], found = read_production_plan(production_plan, families, settings.bucket)
    findings += found
    return Tables(settings=settings, places=places, problems=Findings.of(findings), **fields)
