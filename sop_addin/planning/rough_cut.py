"""Rough-cut capacity: the load that a plan puts on each resource, from the bill of resources, without solving."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model.finding_rows import ROWS_NAMED
from ..model.findings import Finding, Findings
from ..model.plan import BalancePlan
from ..model.resource_use import ON_SHIPMENTS, ON_STOCK, resource_uses
from ..model.tables import Tables
from .balance.problem import STORAGE, BalanceProblem, Floats
from .balance.problem_tables import build_problem
from .words import listed, number, percent

RUNS = 1e-6  # a source that makes more than this runs
LOAD_COLUMNS = ["Family", "Resource", "Period", "Load"]


def load_by_family(tables: Tables, plan: BalancePlan) -> pd.DataFrame:
    """Load of each resource by family: Family, Resource, Period, Load in the resource's unit.

    Machine and Labour count production of Make sources, Supplier production of any source, Storage closing stock,
    Distribution shipments (contract section 3). A blank Source in the bill of resources means every Make source.
    """
    rows = [
        (resource, family, source, *amounts)
        for resource, families in resource_uses(tables).items()
        for family, sources in families.items()
        for source, amounts in sources.items()
    ]
    use = pd.DataFrame(rows, columns=["Resource", "Family", "Source", "Use per unit", "Use per run"])
    use = use.astype({"Use per unit": np.float64, "Use per run": np.float64})
    made = use.merge(plan.sources[["Family", "Source", "Period", "Planned"]], on=["Family", "Source"])
    made["Load"] = made["Planned"] * made["Use per unit"] + (made["Planned"] > RUNS) * made["Use per run"]
    parts = [made[LOAD_COLUMNS]]
    kinds = use["Resource"].map(dict(zip(tables.resources["Resource"], tables.resources["Kind"], strict=True)))
    for kind, measure in ((ON_STOCK, "Closing stock"), (ON_SHIPMENTS, "Sales")):
        part = use[kinds == kind].merge(plan.families[["Family", "Period", measure]], on="Family")
        part["Load"] = part[measure] * part["Use per unit"]
        parts.append(part[LOAD_COLUMNS])
    load = pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True)
    return load.groupby(["Family", "Resource", "Period"], sort=False)["Load"].sum().reset_index()


def rough_cut(tables: Tables) -> tuple[pd.DataFrame, Findings]:
    """Load and capacity of a plan that nobody solved, and a finding for each period in which a resource cannot do it.

    The plan is Fixed production where it is typed (or frozen), else what the last run planned; between the sources of
    a family a typed figure is split as the last run did, else all comes from its first. Stock and shipments follow:
    what is due is shipped as soon as it is there. Heads are those of the last run, else Opening heads.

    Returns Resource, Kind, Unit, Period, Load, Regular capacity, Overtime (needed and allowed), Heads, Short.
    """
    problem = build_problem(tables)
    last = tables.last_plan
    resources, families, sources = problem.resources, problem.families, problem.sources
    made = _typed_or_planned(problem, last)
    stock, shipped = _stock_and_shipments(problem, made)
    heads = _heads(problem, last)
    load = np.zeros((len(resources.names), problem.horizon))
    by_family: list[dict[int, Floats]] = []
    for r in range(len(resources.names)):
        parts: dict[int, Floats] = {}
        for source, unit, per_run in resources.source_use[r].rows():
            family = int(sources.family[source])
            parts[family] = parts.get(family, 0.0) + unit * made[source] + per_run * (made[source] > RUNS)
        base = stock if resources.kinds[r] == STORAGE else shipped
        for family, unit, _ in resources.family_use[r].rows():
            parts[family] = parts.get(family, 0.0) + unit * base[family]
        load[r] = sum(parts.values(), np.zeros(problem.horizon))
        by_family.append(parts)
    staffed = resources.staffed[:, None]
    regular = np.where(staffed, resources.hours_per_head * np.nan_to_num(heads), resources.capacity)
    allowed = resources.overtime_limit * np.where(staffed, np.nan_to_num(heads), 1.0)
    overtime = np.clip(load - regular, 0.0, allowed)
    short = np.maximum(load - regular - overtime, 0.0)
    findings: list[Finding] = []
    for r in problem.table_order["resources"]:
        for t in np.flatnonzero(short[r] > 1e-6 * np.maximum(regular[r], 1.0)):
            most = sorted(by_family[r], key=lambda family: -float(by_family[r][family][t]))
            users = listed([f"{families.names[f]} {number(float(by_family[r][f][t]))}" for f in most])
            use = f" ({percent(float(load[r, t] / regular[r, t]))})" if regular[r, t] > 0 else ""
            text = (
                f"{resources.names[r]}, {problem.label(int(t))}: load {number(float(load[r, t]))} of "
                f"{number(float(regular[r, t]))} {resources.units[r]}{use}, {number(float(short[r, t]))} beyond "
                f"overtime; {users}"
            )
            findings.append(Finding("Warning", "tblResources", None, "Capacity", "rough_cut_capacity", text))
    if len(findings) > ROWS_NAMED:
        more = f"… and {len(findings) - ROWS_NAMED:,} more periods in which a resource is overloaded"
        findings[ROWS_NAMED:] = [Finding("Warning", "tblResources", None, "Capacity", "rough_cut_capacity", more)]
    if not made.any() and len(families.names):
        text = "there is no production to check: type Fixed production on the Production Plan, or run Balance"
        findings.append(Finding("Warning", "ProductionPlan", None, "", "nothing_planned", text))
    elif not findings and len(resources.names):
        text = "every resource can do this plan"
        findings.append(Finding("Info", "tblResources", None, "Capacity", "rough_cut_capacity", text))
    frame = pd.DataFrame(
        {
            "Resource": np.repeat(np.array(resources.names, dtype=object), problem.horizon),
            "Kind": np.repeat(np.array(resources.kinds, dtype=object), problem.horizon),
            "Unit": np.repeat(np.array(resources.units, dtype=object), problem.horizon),
            "Period": np.tile(np.array(problem.periods, dtype="datetime64[ns]"), len(resources.names)),
            "Load": load.reshape(-1),
            "Regular capacity": np.where(np.isfinite(regular), regular, np.nan).reshape(-1),
            "Overtime": overtime.reshape(-1),
            "Heads": heads.reshape(-1),
            "Short": short.reshape(-1),
        }
    )
    return frame, Findings.of(findings)


def _typed_or_planned(problem: BalanceProblem, last: pd.DataFrame) -> Floats:
    """(J, T) production by source."""
    sources, families = problem.sources, problem.families
    made = np.zeros((len(sources.names), problem.horizon))
    steps = {period: step for step, period in enumerate(problem.periods)}
    places = {
        (families.names[family], name): position
        for position, (family, name) in enumerate(zip(sources.family, sources.names, strict=True))
    }
    planned = last[last["Measure"] == "Planned"]
    for family_name, source, period, value in zip(
        planned["Family"], planned["Source"], planned["Period"], planned["Value"], strict=True
    ):
        place, step = places.get((str(family_name), str(source))), steps.get(period)
        if place is not None and step is not None:
            made[place, step] = max(float(value), 0.0)
    first_row = {place: rank for rank, place in enumerate(problem.table_order.get("sources", []))}
    for family in range(len(families.names)):
        own = sorted(sources.of_family(family), key=lambda place: first_row.get(place, place))
        for t in np.flatnonzero(~np.isnan(families.fixed[family])) if own else ():
            now = made[own, t]
            if now.sum() > 0:
                made[own, t] = now * families.fixed[family, t] / now.sum()
            else:
                made[own[0], t] = families.fixed[family, t]
    return made


def _stock_and_shipments(problem: BalanceProblem, made: Floats) -> tuple[Floats, Floats]:
    """(F, T) closing stock and shipments: what is due goes out as soon as it is there, or is lost where that is set."""
    families, sources = problem.families, problem.sources
    arriving = families.receipts.copy()
    for source, family in enumerate(sources.family):
        lead = int(sources.lead[source])
        if lead < problem.horizon:
            arriving[family, lead:] += made[source, : problem.horizon - lead]
    stock, shipped = np.zeros_like(arriving), np.zeros_like(arriving)
    at_hand, owed = families.opening_stock.copy(), families.opening_backorders.copy()
    waits = families.to_order | (not problem.settings.lost_sales)
    for t in range(problem.horizon):
        at_hand = at_hand + arriving[:, t]
        owed = owed + families.demand[:, t]
        shipped[:, t] = np.minimum(at_hand, owed)
        at_hand = at_hand - shipped[:, t]
        owed = np.where(waits, owed - shipped[:, t], 0.0)
        stock[:, t] = at_hand
    return stock, shipped


def _heads(problem: BalanceProblem, last: pd.DataFrame) -> Floats:
    """(R, T) heads of staffed resources, NaN elsewhere."""
    resources = problem.resources
    opening = np.clip(
        resources.opening_heads, np.minimum(resources.min_heads, resources.max_heads), resources.max_heads
    )
    heads = np.where(resources.staffed[:, None], np.repeat(opening[:, None], problem.horizon, axis=1), np.nan)
    steps = {period: step for step, period in enumerate(problem.periods)}
    places = {name: place for place, name in enumerate(resources.names) if resources.staffed[place]}
    known = last[last["Measure"] == "Heads"]
    for name, period, value in zip(known["Resource"], known["Period"], known["Value"], strict=True):
        place, step = places.get(str(name)), steps.get(period)
        if place is not None and step is not None:
            heads[place, step] = float(value)
    return heads
