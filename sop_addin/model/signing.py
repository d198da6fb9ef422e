"""Sign-off: what each step of the cycle signs, cell by cell, and which cells have changed since."""

from __future__ import annotations

import math
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
    PRE: ("SalesPlan", "tblPlan", "tblScenarios", "tblRisks"),
    EXECUTIVE: ("SalesPlan", "tblPlan", "tblDecisions"),
}
"""What each step signs: input tables, rows of plan sheets, and the solved plan (tblPlan). Decisions are signed in the
executive meeting that takes the last of them."""
_NOT_SOLVED = frozenset({"tblCycle", "tblDecisions", "tblScenarios", "tblRisks", "tblApproved", "tblBudget"})
"""Input tables that the plan does not hang on."""
_WRITTEN = {"tblRates": ("Approved rate",), "tblScenarios": ("Adopted",)}
"""Columns that Publish and Adopt write: no input of anybody, so nothing that is signed."""

CELLS_NAMED = 6
CHANGED = "changed since sign-off"
CHANGED_RESULT = "Changed since sign-off"
"""Row of tblResult: the signed steps whose content is not what was signed."""
UNCHANGED_RULE = "signed_content_unchanged"


def sign(tables: Tables, step: str, *, by: str, at: str, comment: str) -> Signature:
    """The content of a step as it stands, signed."""
    return Signature(step, by, at, comment, signed_content(tables, step))


def signed_content(tables: Tables, step: str) -> Content:
    """What a step signs, as it stands now. Figures have 9 significant digits."""
    return {name: _BUILD[name](tables) if name in _BUILD else _table_cells(tables, name) for name in PARTS[step]}


def text_of(value: object, bucket: str = "") -> str:
    """A typed cell as text that the same cell always has; figures have 9 significant digits, blank is ''."""
    if isinstance(value, (bool, str)):
        return str(value)
    if isinstance(value, pd.Timestamp):
        return calendar.period_label(value, bucket) if bucket else f"{value:%Y-%m-%d}"
    if value is None or value is pd.NaT or value != value:
        return ""
    return f"{float(value):.9g}" if isinstance(value, (int, float)) else str(value)


def _cells(frame: pd.DataFrame, keys: Sequence[str], bucket: str) -> dict[str, str]:
    """Cells by "key / column"."""
    labels = row_labels(frame, keys, bucket)
    cells: dict[str, str] = {}
    for column in (name for name in frame.columns if name not in keys):
        spoken = text_of(column, bucket)
        for label, value in zip(labels, frame[column].tolist(), strict=True):
            if text := text_of(value):
                cells[f"{label} / {spoken}"] = text
    return cells


def row_labels(frame: pd.DataFrame, keys: Sequence[str], bucket: str) -> list[str]:
    """What each row is called by its keys; a key that is there twice is counted."""
    labels: list[str] = []
    seen: dict[str, int] = {}
    for parts in zip(*(frame[key] for key in keys), strict=True):
        label = " / ".join(text for part in parts if (text := text_of(part, bucket)))
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return labels


def _table_cells(tables: Tables, name: str) -> dict[str, str]:
    return _cells(typed_inputs(tables, name), TABLES[name].keys, tables.settings.bucket)


def typed_inputs(tables: Tables, name: str) -> pd.DataFrame:
    """An input table without what the program writes into it."""
    frame: pd.DataFrame = getattr(tables, TABLES[name].field)
    return frame.drop(columns=list(_WRITTEN.get(name, ())))


def _settings(tables: Tables) -> dict[str, str]:
    return {name: text for name, value in asdict(tables.settings).items() if (text := text_of(value))}


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
            if text := text_of(value):
                cells[" / ".join((*map(str, names), measure, text_of(period, bucket)))] = text
    return cells


_BUILD: dict[str, Callable[[Tables], dict[str, str]]] = {
    "tblSettings": _settings, "SalesPlan": _sales_plan, "ProductionPlan": _production_plan, "tblPlan": _plan,
}  # fmt: skip


def inputs_digest(tables: Tables) -> str:
    """Fingerprint of all that a plan is made from: input tables, settings, overrides and fixed production."""
    names = [name for name, table in TABLES.items() if table.field and name not in {*_NOT_SOLVED, "tblSettings"}]
    parts = [canonical_text(_settings(tables))]
    for name in names:
        frame = typed_inputs(tables, name)
        plain = frame.set_axis([text_of(column, "Week") for column in frame.columns], axis=1)
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
            if not _same(name, old.get(key, ""), new.get(key, ""))
        ]
    return found


def _same(name: str, before: str, after: str) -> bool:
    """Whether two texts of a cell say the same; figures may differ by what solving or reading them again may change."""
    if before == after:
        return True
    try:
        old, new = float(before), float(after)
    except ValueError:
        return False
    share, least = (1e-5, 1e-3) if name == "tblPlan" else (5e-7, 1e-9)
    return math.isclose(old, new, rel_tol=share, abs_tol=least)


def changed_steps(tables: Tables, signatures: Sequence[Signature]) -> tuple[str, ...]:
    """The steps whose content is not what was signed."""
    return tuple(
        one.step for one in signatures if changed_cells(one.content, signed_content(tables, one.step))
    )  # fmt: skip


def sign_off_findings(tables: Tables) -> Findings:
    """A warning for each signed step whose content has changed since, with the cells."""
    found = []
    kept = {one.step: one for one in tables.signatures}
    for step in tables.cycle.loc[tables.cycle["Status"] == "Signed", "Step"]:
        if step in kept and (changes := changed_cells(kept[step].content, signed_content(tables, step))):
            found.append(_finding(tables, step, _changed_words(kept[step], changes)))
    return Findings.of(found)


def _changed_words(signature: Signature, changes: list[tuple[str, str, str, str]]) -> str:
    words = [
        f"{name.removeprefix('tbl')} {key}: {old or 'blank'} -> {new or 'blank'}" for name, key, old, new in changes
    ]
    more = f" and {len(words) - CELLS_NAMED} more" if len(words) > CELLS_NAMED else ""
    return (
        f"{signature.step} was signed by {signature.by} on {signature.at[:16]} and has {CHANGED}: "
        f"{'; '.join(words[:CELLS_NAMED])}{more}"
    )


def _finding(tables: Tables, step: str, message: str) -> Finding:
    rows = tables.cycle.index[tables.cycle["Step"] == step]
    row = int(rows[0]) if len(rows) else None
    place = tables.places.get("tblCycle")
    cell = place.cell("Status", row) if place else ""
    return Finding(
        "Warning", "tblCycle", row, "Status", UNCHANGED_RULE, f"{message}. Sign it again, or reopen it", cell
    )  # fmt: skip


def changed_words(findings: Findings, tables: Tables) -> str:
    """The steps that `sign_off_findings` found changed: ``Data gathering, Demand plan``."""
    rows = [finding.row for finding in findings if finding.rule == UNCHANGED_RULE]
    return ", ".join(str(tables.cycle.at[row, "Step"]) for row in rows if row is not None)


def without_sign_off(findings: Findings) -> Findings:
    """The findings but for those of `sign_off_findings`."""
    return Findings.of(finding for finding in findings if finding.rule != UNCHANGED_RULE)
