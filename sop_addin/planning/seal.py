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
from ..model.tables import Tables
from ..model.versions import FAMILY_MEASURES, RESOURCE_MEASURES, Version
from .plan_table import NOTHING

SHOWN = 5
_TYPED_IN = ("Override", "Statistical forecast", "Events", "New and phase-out")
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Difference:
    """A figure that is not what was published. ``now``, ``published``: NaN where blank."""

    table: str
    measure: str
    of: str
    period: str
    published: float
    now: float

    def __str__(self) -> str:
        published, now = ("blank" if np.isnan(v) else f"{v:,.6g}" for v in (self.published, self.now))
        return f"{self.measure} of {self.of}, {self.period}: {published} published, now {now}"


def seal_findings(tables: Tables, public_key: Path | None = None) -> Findings:
    """What a check says of the plan published last: as published, or what differs; nothing where none ever was.

    ``public_key``: an Error where the version is not signed by its owner. Raises InputError where that is no key.
    """
    if not tables.versions:
        missing = "no plan was published, so no signature can be verified; publish with --key"
        return Findings.of([_finding("Error", "signature_valid", missing)] if public_key else [])
    version = tables.versions[-1]
    found = [_finding(*_state(tables, version))]
    if public_key is not None:
        found.append(_finding(*_signed(version, public_key)))
    return Findings.of(found)


def seal_sentence(tables: Tables) -> str:
    """The same in a few words, for Home; '' where no plan was ever published."""
    return _state(tables, tables.versions[-1], shown=0)[2] if tables.versions else ""


def differences(tables: Tables, version: Version) -> list[Difference]:
    """Figures of the last run's plan and of the Sales Plan that are not those of the version, in the version's order.

    Only where the workbook plans the periods of the version.
    """
    plan = tables.last_plan.replace({key: {NOTHING: ""} for key in ("Family", "Source", "Resource")})
    bucket = tables.settings.bucket
    sheet = tables.sales_plan.set_index(["Family", "Period"])
    wanted = pd.MultiIndex.from_frame(version.families[["Family", "Period"]])
    found = _compared("Sales Plan", version.families, ("Family",), _TYPED_IN, sheet.reindex(wanted), bucket)
    outcome = [name for name in FAMILY_MEASURES if name not in _TYPED_IN]
    for frame, keys, measures in (
        (version.families, ("Family",), outcome),
        (version.sources, ("Family", "Source"), ("Planned",)),
        (version.resources, ("Resource",), RESOURCE_MEASURES),
    ):
        others = [key for key in ("Family", "Source", "Resource") if key not in keys]
        rows = plan[plan["Measure"].isin(list(measures)) & (plan[others] == "").all(axis=1)]
        rows = rows.drop_duplicates([*keys, "Period", "Measure"])
        wide = rows.set_index([*keys, "Period", "Measure"])["Value"].unstack("Measure")
        index = pd.MultiIndex.from_frame(frame[[*keys, "Period"]])
        wide = wide.reindex(index=index, columns=list(measures))
        found += _compared("Plan Data", frame, keys, measures, wide, bucket)
    return found


def _compared(
    table: str, frame: pd.DataFrame, keys: Sequence[str], measures: Sequence[str], now: pd.DataFrame, bucket: str
) -> list[Difference]:
    found = []
    for measure in measures:
        before = frame[measure].to_numpy(dtype=np.float64)
        after = now[measure].to_numpy(dtype=np.float64)
        blank_is_zero = measure != "Override"
        left, right = (np.nan_to_num(one) if blank_is_zero else one for one in (before, after))
        same = np.isclose(left, right, rtol=_TOLERANCE, atol=1e-5, equal_nan=True)
        for at in np.flatnonzero(~same):
            names = " / ".join(str(frame[key].iloc[at]) for key in keys)
            period = calendar.period_label(frame["Period"].iloc[at], bucket)
            found.append(Difference(table, measure, names, period, float(before[at]), float(after[at])))
    return found


def _state(tables: Tables, version: Version, shown: int = SHOWN) -> tuple[str, str, str]:
    """Severity, rule, sentence."""
    who = f"{version.name}, published on {version.published_at} by {version.published_by or 'nobody named'}"
    if version.periods != tables.periods:
        return "Info", "plan_not_published", f"the plan of these periods is not published yet; the last one is {who}"
    found = differences(tables, version)
    if not found:
        return "Info", "as_published", f"as published: {who} (digest {version.digest[:16]})"
    sentence = f"{'1 figure differs' if len(found) == 1 else f'{len(found):,} figures differ'} from {who}"
    if shown:
        more = f"; and {len(found) - shown:,} more" if len(found) > shown else ""
        sentence += f": {'; '.join(map(str, found[:shown]))}{more}; publish again once it is agreed"
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
