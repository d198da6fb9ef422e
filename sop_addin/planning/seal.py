"""The seal of a published plan: is the plan in the workbook what was published, and if not, what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.findings import Finding, Findings
from ..model.key_signature import is_signed_by
from ..model.schema import GRID_BY_NAME
from ..model.sealed_inputs import changed_inputs, input_digests
from ..model.tables import Tables
from ..model.versions import FAMILY_MEASURES, MONEY_MEASURES, RESOURCE_MEASURES, UNREADABLE, Version
from .plan_table import NOTHING

AS_PUBLISHED = "as_published"
SHOWN = 5
_TYPED_IN = ("Override", "Statistical forecast", "Events", "New and phase-out")
_OUTCOME = tuple(name for name in FAMILY_MEASURES if name not in _TYPED_IN)
_TOLERANCE = 1e-6
_NOTHING_MUCH = 1e-5
_NOTHING_MUCH_ON_SHEETS = 1e-3
"""Sheets calculate from figures that were rounded, money from quantities."""
_STOCK = ("Opening stock", "Production", "Closing stock", "Backorders", "Lost sales", "Target stock")


@dataclass(frozen=True)
class Difference:
    """A figure that is not what was published. ``now``, ``published``: NaN or '' where blank."""

    table: str
    measure: str
    of: str
    period: str
    published: float | str
    now: float | str

    def __str__(self) -> str:
        published, now = _said(self.published), _said(self.now)
        return f"{self.table}, {self.measure} of {self.of}, {self.period}: {published} published, now {now}"


def _said(value: float | str) -> str:
    if isinstance(value, str):
        return f"'{value}'" if value else "blank"
    return "blank" if np.isnan(value) else f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def seal_findings(tables: Tables, public_key: Path | None = None, shown: pd.DataFrame | None = None) -> Findings:
    """What a check says of the plan published last: as published, or what differs; nothing where none ever was.

    ``public_key``: whoever gives one relies on it, so it is an Error where the version is not signed by its owner or
    where the workbook does not hold the plan that was signed. ``shown``: Grid, Family, Source, Resource, Measure,
    Period, Value as the plan sheets show them. Raises InputError where the public key is none.
    """
    if not tables.versions:
        missing = "no plan was published, so no signature can be verified; publish with --key"
        return Findings.of([_finding("Error", "signature_valid", missing)] if public_key else [])
    version = tables.versions[-1]
    severity, rule, sentence = _state(tables, version, shown)
    found = [_finding("Error" if public_key and rule != AS_PUBLISHED else severity, rule, sentence)]
    if changed := changed_inputs_words(tables, version):
        words = f"inputs changed since {version.name} was published: {changed}"
        found.append(_finding("Warning" if public_key else "Info", "inputs_as_published", words))
    if public_key is not None:
        found.append(_finding(*_signed(version, public_key)))
        if unread_versions(tables):
            lost = "a published plan cannot be read, so nobody can say that this is the last one; see the warning"
            found.append(_finding("Error", "signature_valid", lost))
    return Findings.of(found)


def unread_versions(tables: Tables) -> bool:
    """Whether tblVersions holds a plan that cannot be read, or is not what was published."""
    return any(problem.rule == UNREADABLE for problem in tables.problems)


def seal_sentence(tables: Tables) -> str:
    """The same in a few words, for Home; '' where no plan was ever published."""
    if not tables.versions:
        return ""
    version = tables.versions[-1]
    sentence = _state(tables, version, None, listed=0)[2]
    changed = changed_inputs_words(tables, version)
    return f"{sentence}; inputs changed since: {changed}" if changed else sentence


def changed_inputs_words(tables: Tables, version: Version) -> str:
    """``Items (Cost), Settings (Horizon)``: what is not what the version was made from; '' where nothing is.

    '' too in the next cycle, which is not planned from the same inputs, and for versions that hold none.
    """
    if not version.inputs or version.plan_start != tables.plan_start:
        return ""
    changed = changed_inputs(version.inputs, input_digests(tables))
    return ", ".join(f"{table} ({', '.join(columns)})" for table, columns in changed.items())


def differences(tables: Tables, version: Version, shown: pd.DataFrame | None = None) -> list[Difference]:
    """Figures that are not those of the version: of the Sales Plan, the plan sheets, Plan Data and tblApproved.

    Only where the workbook plans the periods of the version. ``shown`` as in `seal_findings`; without it the figures of
    plan sheets that no run reads are not looked at.
    """
    bucket = tables.settings.bucket
    sheet = tables.sales_plan.set_index(["Family", "Period"])
    wanted = pd.MultiIndex.from_frame(version.families[["Family", "Period"]])
    now = sheet[~sheet.index.duplicated()].reindex(wanted)
    found = _compared("Sales Plan", version.families, ("Family",), _TYPED_IN, now, bucket)
    found += _reasons(version, now, bucket)
    if shown is not None:
        found += shown_differences(version, shown, bucket)
    plan = tables.last_plan.replace({key: {NOTHING: ""} for key in ("Family", "Source", "Resource")})
    for frame, keys, measures in (
        (version.families, ("Family",), _OUTCOME),
        (version.sources, ("Family", "Source"), ("Planned",)),
        (version.resources, ("Resource",), RESOURCE_MEASURES),
        (version.money, ("Family",), MONEY_MEASURES),
    ):
        found += _compared("Plan Data", frame, keys, measures, _wide(plan, frame, keys, measures), bucket)
    return found + (_approved_differences(tables, version) if "tblApproved" in tables.places else [])


def _approved_differences(tables: Tables, version: Version) -> list[Difference]:
    """Of tblApproved, which publishing fills."""
    keys = ["Family", "Period"]
    then = version.money[version.money["Family"].isin(tables.family_names)]
    made = version.production.rename(columns={"Planned": "Production"})
    sold = version.families[[*keys, "Feasible sales"]].rename(columns={"Feasible sales": "Volume"})
    then = then.merge(made, on=keys, how="left").merge(sold, on=keys, how="left")
    approved = tables.approved.set_index(keys)
    measures = [name for name in approved.columns if name in then.columns]
    now = approved[~approved.index.duplicated()].reindex(pd.MultiIndex.from_frame(then[keys]))
    return _compared("Finance, tblApproved", then, ("Family",), measures, now, tables.settings.bucket)


def shown_differences(
    version: Version, shown: pd.DataFrame, bucket: str, only: Sequence[str] = tuple(GRID_BY_NAME)
) -> list[Difference]:
    """The same, of the plan sheets alone, or of some of them."""
    made = version.production.rename(columns={"Planned": "Total production"})
    made["Approved plan"] = made["Total production"]
    found = []
    for grid, frame, keys, measures in (
        ("SalesPlan", version.families, ("Family",), ("Consensus demand", "Feasible sales")),
        ("ProductionPlan", version.sources, ("Family", "Source"), ("Planned",)),
        ("ProductionPlan", made, ("Family",), ("Total production", "Approved plan")),
        ("InventoryPlan", version.families, ("Family",), _STOCK),
        ("CapacityPlan", version.resources, ("Resource",), RESOURCE_MEASURES),
        ("FinancePlan", version.money, ("Family",), MONEY_MEASURES),
    ):
        if grid in only:
            rows = shown[shown["Grid"] == grid]
            wide = _wide(rows, frame, keys, measures)
            found += _compared(GRID_BY_NAME[grid].sheet, frame, keys, measures, wide, bucket, _NOTHING_MUCH_ON_SHEETS)
    return found


def _wide(rows: pd.DataFrame, frame: pd.DataFrame, keys: Sequence[str], measures: Sequence[str]) -> pd.DataFrame:
    """One column a measure, in the rows of ``frame``; what is not there, and what is no figure, is NaN."""
    others = [key for key in ("Family", "Source", "Resource") if key not in keys]
    rows = rows[rows["Measure"].isin(list(measures)) & (rows[others] == "").all(axis=1)]
    rows = rows.drop_duplicates([*keys, "Period", "Measure"])
    values = pd.to_numeric(rows["Value"], errors="coerce")
    wide = rows.assign(Value=values).set_index([*keys, "Period", "Measure"])["Value"].unstack("Measure")
    index = pd.MultiIndex.from_frame(frame[[*keys, "Period"]])
    return wide.reindex(index=index, columns=list(measures))


def _reasons(version: Version, now: pd.DataFrame, bucket: str) -> list[Difference]:
    before = version.families["Override reason"].fillna("").tolist()
    after = now["Override reason"].fillna("").tolist()
    where = zip(version.families["Family"], version.families["Period"], strict=True)
    return [
        Difference("Sales Plan", "Override reason", str(family), calendar.period_label(period, bucket), old, new)
        for (family, period), old, new in zip(where, before, after, strict=True)
        if str(old).strip() != str(new).strip()
    ]


def _compared(
    table: str, frame: pd.DataFrame, keys: Sequence[str], measures: Sequence[str], now: pd.DataFrame, bucket: str,
    nothing_much: float = _NOTHING_MUCH,
) -> list[Difference]:  # fmt: skip
    found = []
    for measure in measures:
        before = frame[measure].to_numpy(dtype=np.float64)
        after = now[measure].to_numpy(dtype=np.float64)
        blank_is_zero = measure != "Override"
        left, right = (np.nan_to_num(one) if blank_is_zero else one for one in (before, after))
        same = np.isclose(left, right, rtol=_TOLERANCE, atol=nothing_much, equal_nan=True)
        for at in np.flatnonzero(~same):
            names = " / ".join(str(frame[key].iloc[at]) for key in keys)
            period = calendar.period_label(frame["Period"].iloc[at], bucket)
            found.append(Difference(table, measure, names, period, float(before[at]), float(after[at])))
    return found


def _state(
    tables: Tables, version: Version, shown: pd.DataFrame | None, listed: int = SHOWN
) -> tuple[str, str, str]:  # fmt: skip
    """Severity, rule, sentence."""
    who = f"{version.name}, published on {version.published_at} by {version.published_by or 'nobody named'}"
    if version.periods != tables.periods:
        if unread_versions(tables):
            lost = f"no published plan of these periods can be read; the last one that can is {who}"
            return "Warning", "plan_not_published", lost
        return "Info", "plan_not_published", f"the plan of these periods is not published yet; the last one is {who}"
    found = differences(tables, version, shown)
    if not found:
        return "Info", AS_PUBLISHED, f"as published: {who} (digest {version.digest[:16]})"
    sentence = f"{'1 figure differs' if len(found) == 1 else f'{len(found):,} figures differ'} from {who}"
    if listed:
        more = f"; and {len(found) - listed:,} more" if len(found) > listed else ""
        sentence += f": {'; '.join(map(str, found[:listed]))}{more}; publish again once it is agreed"
    return "Warning", "differs_from_published", sentence


def _signed(version: Version, public_key: Path) -> tuple[str, str, str]:
    if is_signed_by(version, public_key):
        return "Info", "signature_valid", f"{version.name} is signed by the owner of {public_key.name}"
    if not version.signature:
        return "Error", "signature_valid", f"{version.name} is not signed; publish it again with --key"
    return "Error", "signature_valid", (
        f"the signature of {version.name} is not by the owner of {public_key.name}, or the version was altered; "
        "take the workbook from who published it"
    )  # fmt: skip


def _finding(severity: str, rule: str, message: str) -> Finding:
    return Finding(severity, "tblVersions", None, "", rule, message)  # type: ignore[arg-type]
