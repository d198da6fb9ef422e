"""Sign-off: what each step of the cycle signs, cell by cell, and which cells have changed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

import pandas as pd

from . import calendar
from .digest import canonical_text, sha256
from .findings import Finding, Findings
from .schema import STEPS, TABLES
from .signature import Content, Signature
from .tables import Tables

DATA, DEMAND, SUPPLY, PRE, EXECUTIVE = STEPS
_MASTER_DATA = (
    "tblItems", "tblFamilies", "tblFamilyPeriods", "tblSources", "tblSourcePeriods", "tblReceipts", "tblResources",
    "tblBillOfResources", "tblCapacity", "tblRates",
)  # fmt: skip
_DEMAND_ROWS = ("Statistical forecast", "Events", "New and phase-out", "Override", "Override reason")
_PLAN_MEASURES = ("Planned", "Feasible sales", "Closing stock", "Overtime", "Heads")
PARTS: dict[str, tuple[str, ...]] = {
    DATA: ("tblSettings", *_MASTER_DATA, "tblHistory", "tblStock"),
    DEMAND: ("SalesPlan", "tblEvents", "tblItemOverrides"),
    SUPPLY: ("ProductionPlan", "tblPlan"),
    PRE: ("SalesPlan", "tblPlan", "tblScenarios", "tblRisks", "tblDecisions"),
    EXECUTIVE: ("SalesPlan", "tblPlan", "tblDecisions"),
}
"""What each step signs: input tables, rows of plan sheets, and the solved plan (tblPlan)."""
_NOT_SOLVED = frozenset({"tblCycle", "tblDecisions", "tblScenarios", "tblRisks", "tblApproved", "tblBudget"})
"""Input tables that the plan does not hang on."""

CELLS_NAMED = 6
CHANGED = "changed since sign-off"


def sign(tables: Tables, step: str, *, by: str, at: str, comment: str) -> Signature:
    """The content of a step as it stands, signed."""
    return Signature(step, by, at, comment, signed_content(tables, step))


def signed_content(tables: Tables, step: str) -> Content:
    """What a step signs, as it stands now. Figures have 6 significant digits: more is only the solver's noise."""
    return {name: _BUILD[name](tables) if name in _BUILD else _table_cells(tables, name) for name in PARTS[step]}


def _text(value: object, bucket: str = "") -> str:
    if isinstance(value, (bool, str)):
        return str(value)
    if isinstance(value, pd.Timestamp):
        return calendar.period_label(value, bucket) if bucket else f"{value:%Y-%m-%d}"
    if value is None or value is pd.NaT or value != value:
        return ""
    return f"{float(value):.6g}" if isinstance(value, (int, float)) else str(value)


def _cells(frame: pd.DataFrame, keys: Sequence[str], bucket: str) -> dict[str, str]:
    """Cells by "key / column"; a key that is there twice is counted."""
    labels: list[str] = []
    seen: dict[str, int] = {}
    for parts in zip(*(frame[key] for key in keys), strict=True):
        label = " / ".join(text for part in parts if (text := _text(part, bucket)))
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    cells: dict[str, str] = {}
    for column in (name for name in frame.columns if name not in keys):
        spoken = _text(column, bucket)
        for label, value in zip(labels, frame[column].tolist(), strict=True):
            if text := _text(value):
                cells[f"{label} / {spoken}"] = text
    return cells


def _table_cells(tables: Tables, name: str) -> dict[str, str]:
    table = TABLES[name]
    return _cells(getattr(tables, table.field), table.keys, tables.settings.bucket)


def _settings(tables: Tables) -> dict[str, str]:
    return {name: text for name, value in asdict(tables.settings).items() if (text := _text(value))}


def _sales_plan(tables: Tables) -> dict[str, str]:
    rows = tables.sales_plan[tables.sales_plan["Period"].isin(tables.periods)]
    return _grid_cells(rows, ("Family",), _DEMAND_ROWS, tables.settings.bucket)


def _production_plan(tables: Tables) -> dict[str, str]:
    rows = tables.production_plan[tables.production_plan["Period"].isin(tables.periods)]
    return _grid_cells(rows, ("Family",), ("Fixed production",), tables.settings.bucket)


def _plan(tables: Tables) -> dict[str, str]:
    rows = tables.last_plan[tables.last_plan["Measure"].isin(_PLAN_MEASURES)].copy()
    rows["Value"] = rows["Value"].where(rows["Value"].abs() > 1e-4, 0.0)
    keys = ["Family", "Source", "Resource", "Measure", "Period"]
    rows[keys[:3]] = rows[keys[:3]].replace("-", "")
    return {key.removesuffix(" / Value"): text
            for key, text in _cells(rows[[*keys, "Value"]], keys, tables.settings.bucket).items()}  # fmt: skip


def _grid_cells(rows: pd.DataFrame, keys: Sequence[str], measures: Sequence[str], bucket: str) -> dict[str, str]:
    """Cells by "family / measure / period", as they stand on a plan sheet."""
    cells: dict[str, str] = {}
    for measure in measures:
        for *names, period, value in rows[[*keys, "Period", measure]].itertuples(index=False):
            if text := _text(value):
                cells[" / ".join((*map(str, names), measure, _text(period, bucket)))] = text
    return cells


_BUILD: dict[str, Callable[[Tables], dict[str, str]]] = {
    "tblSettings": _settings, "SalesPlan": _sales_plan, "ProductionPlan": _production_plan, "tblPlan": _plan,
}  # fmt: skip


def inputs_digest(tables: Tables) -> str:
    """Fingerprint of all that a plan is made from: input tables, settings, overrides and fixed production."""
    names = [name for name, table in TABLES.items() if table.field and name not in {*_NOT_SOLVED, "tblSettings"}]
    parts = [canonical_text(_settings(tables))]
    for name in names:
        frame = getattr(tables, TABLES[name].field)
        plain = frame.set_axis([_text(column, "Week") for column in frame.columns], axis=1)
        sums = pd.util.hash_pandas_object(plain, index=False)
        parts.append(f"{name}:{'|'.join(plain.columns)}:{sha256(sums.to_numpy().tobytes().hex())}")
    for frame, column in ((tables.sales_plan, "Override"), (tables.production_plan, "Fixed production")):
        typed = frame.dropna(subset=[column])[["Family", "Period", column]]
        typed = typed[typed["Period"].isin(tables.periods)].sort_values(["Family", "Period"])
        parts.append(canonical_text(_grid_cells(typed, ("Family",), (column,), tables.settings.bucket)))
    return sha256("\n".join(parts))


# --- what has changed -------------------------------------------------------------------------------------------------


def changed_cells(before: Content, after: Content) -> list[tuple[str, str, str, str]]:
    """(table, "key / column", text then, text now) of every cell that differs; '' is blank."""
    found = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, {}), after.get(name, {})
        found += [
            (name, key, old.get(key, ""), new.get(key, ""))
            for key in dict.fromkeys((*old, *new))
            if old.get(key, "") != new.get(key, "")
        ]
    return found


def sign_off_findings(tables: Tables) -> Findings:
    """A warning for each signed step whose content has changed since, with the cells."""
    found = []
    signed = set(tables.cycle.loc[tables.cycle["Status"] == "Signed", "Step"])
    for signature in tables.signatures:
        if signature.step not in signed:
            continue
        changes = changed_cells(signature.content, signed_content(tables, signature.step))
        if changes:
            found.append(_changed(tables, signature, changes))
    return Findings.of(found)


def _changed(tables: Tables, signature: Signature, changes: list[tuple[str, str, str, str]]) -> Finding:
    words = [
        f"{name.removeprefix('tbl')} {key}: {old or 'blank'} -> {new or 'blank'}" for name, key, old, new in changes
    ]
    more = f" and {len(words) - CELLS_NAMED} more" if len(words) > CELLS_NAMED else ""
    message = (
        f"{signature.step} was signed by {signature.by} on {signature.at[:16]} and has {CHANGED}: "
        f"{'; '.join(words[:CELLS_NAMED])}{more}. Sign it again, or reopen it"
    )
    rows = tables.cycle.index[tables.cycle["Step"] == signature.step]
    row = int(rows[0]) if len(rows) else None
    place = tables.places.get("tblCycle")
    cell = place.cell("Status", row) if place else ""
    return Finding("Warning", "tblCycle", row, "Status", "signed_content_unchanged", message, cell)
