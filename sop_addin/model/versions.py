"""Published plans: what a version keeps of the plan that was agreed, and how it stands in tblVersions.

A version must answer later, without any other sheet: what was planned (plan attainment, plan stability, frozen
periods), what was forecast and by whom it was changed (forecast accuracy and value added by step, owner and reason),
and what the key figures were (trend).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from . import calendar
from .digest import sha256
from .findings import Finding, Findings
from .packed_text import DAMAGE, packed, packed_json

FAMILY_MEASURES = (
    "Statistical forecast", "Events", "New and phase-out", "Override", "Consensus demand", "Feasible sales",
    "Production", "Opening stock", "Closing stock", "Backorders", "Lost sales", "Target stock",
)  # fmt: skip
RESOURCE_MEASURES = ("Load", "Regular capacity", "Overtime", "Heads")
MONEY_MEASURES = (
    "Revenue", "Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
    "Backorder and lost sale cost", "Other cost", "Stock value", "CO2e",
)  # fmt: skip
_DIGITS = 9  # significant; more would only be the solver's noise
_FORMAT = 2
_PLAN_ALONE = 1
"""The format of versions that hold neither money nor inputs: published before those were sealed."""
UNREADABLE = "version_readable"
CHANGED = "its content is not what was published"


@dataclass(frozen=True)
class Version:
    """A published plan. Frames are long, one row per key and planned period.

    ``families``: Family, Owner, Period, FAMILY_MEASURES (NaN where blank; Override NaN = none), Override reason.
    ``sources``: Family, Source, Period, Planned. ``resources``: Resource, Period, RESOURCE_MEASURES.
    ``money``: Family, Period, MONEY_MEASURES. ``figures``: key figure -> value, as tblKpis showed them.
    ``inputs``: what the plan was made from, as `input_digests` gave it.
    """

    name: str
    published_at: str
    published_by: str
    plan_start: pd.Timestamp
    bucket: str
    families: pd.DataFrame
    sources: pd.DataFrame
    resources: pd.DataFrame
    figures: dict[str, float]
    signature: str = ""
    """Ed25519 over `sealed_words`, base64; '' where nobody signed."""
    money: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["Family", "Period", *MONEY_MEASURES]))
    inputs: dict[str, str] = field(default_factory=dict)

    @property
    def periods(self) -> list[pd.Timestamp]:
        found: list[pd.Timestamp] = list(self.families["Period"].drop_duplicates())
        return found

    @property
    def production(self) -> pd.DataFrame:
        """Family, Period, Planned: all sources together."""
        return self.sources.groupby(["Family", "Period"], sort=False)["Planned"].sum().reset_index()

    @property
    def text(self) -> str:
        """The content as one line of JSON; the same plan gives the same text."""
        more = {"money": _wide(self.money, ("Family",), MONEY_MEASURES), "inputs": self.inputs} if self.inputs else {}
        content = {
            "format": _FORMAT if more else _PLAN_ALONE,
            "bucket": self.bucket,
            "start": f"{self.plan_start:%Y-%m-%d}",
            "owners": dict(zip(self.families["Family"], self.families["Owner"], strict=True)),
            "families": _wide(self.families, ("Family",), (*FAMILY_MEASURES, "Override reason")),
            "sources": _wide(self.sources, ("Family", "Source"), ("Planned",)),
            "resources": _wide(self.resources, ("Resource",), RESOURCE_MEASURES),
            "figures": {name: _number(value) for name, value in self.figures.items()},
            **more,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> str:
        """The seal: SHA-256 over the content, 64 hexadecimal digits. The same plan has the same digest."""
        return sha256(self.text)

    @property
    def sealed_words(self) -> bytes:
        """What a signature is over: the content by its digest, and under what name, when and by whom."""
        words = ["sop-addin version", self.name, self.published_at, self.published_by, self.digest]
        return json.dumps(words, ensure_ascii=False).encode("utf-8")


def _number(value: object) -> float | None:
    number = float(value) if isinstance(value, (int, float, np.number)) else float("nan")
    return float(f"{number:.{_DIGITS}g}") + 0.0 if np.isfinite(number) else None


def _wide(frame: pd.DataFrame, keys: Sequence[str], measures: Sequence[str]) -> dict[str, Any]:
    """Keys once, periods once, and a list of figures per measure: compresses far better than one row a figure."""
    periods = [f"{period:%Y-%m-%d}" for period in frame["Period"].drop_duplicates()]
    names = frame[list(keys)].drop_duplicates().to_numpy().tolist()
    figures = {}
    for measure in measures:
        column = frame[measure]
        text = column.dtype == object
        figures[measure] = [str(value) for value in column] if text else [_number(value) for value in column]
    return {"keys": names, "periods": periods, "figures": figures}


def _long(content: dict[str, Any], keys: Sequence[str]) -> pd.DataFrame:
    names, periods = content["keys"], pd.to_datetime(content["periods"])
    if any(len(values) != len(names) * len(periods) for values in content["figures"].values()):
        raise ValueError("figures are missing")  # before room is made for them
    frame = pd.DataFrame({key: np.repeat([name[at] for name in names], len(periods)).astype(object)
                          for at, key in enumerate(keys)})  # fmt: skip
    frame["Period"] = np.tile(periods.to_numpy(), len(names)) if len(names) else pd.to_datetime([])
    for measure, values in content["figures"].items():
        text = any(isinstance(value, str) for value in values)
        frame[measure] = pd.Series(values, dtype="object" if text else "float64")
    return frame


# --- tblVersions ------------------------------------------------------------------------------------------------------

COLUMNS = ("Version", "Published at", "Published by", "Digest", "Part", "Content")
SIGNATURE = "Signature"


def version_rows(versions: Sequence[Version]) -> pd.DataFrame:
    """Columns of tblVersions: one row per version and part."""
    rows = [
        (one.name, one.published_at, one.published_by, one.digest, float(part), content, one.signature)
        for one in versions
        for part, content in enumerate(packed(one.text), start=1)
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, SIGNATURE])


def read_versions(rows: pd.DataFrame) -> tuple[tuple[Version, ...], Findings]:
    """The versions that tblVersions holds, oldest plan first; one that cannot be read is left out with a warning.

    rows: cells of tblVersions as read, any dtype; a blank table has no versions.
    """
    found: list[Version] = []
    problems: list[Finding] = []
    if not set(COLUMNS) <= set(rows.columns):
        return (), Findings()
    known = rows[rows["Version"].notna() & (rows["Version"].astype(str) != "")]
    for name, parts in known.groupby(known["Version"].astype(str), sort=False):
        try:
            version = _read(str(name), parts)
            if version.digest != str(parts["Digest"].iloc[0]):
                raise ValueError(CHANGED)
        except DAMAGE as error:
            reason = str(error) if str(error) == CHANGED else "its cells are damaged"
            message = f"the published plan '{name}' is left out: {reason}; take it from an older copy of the workbook"
            row = parts.index[0]
            problems.append(
                Finding("Warning", "tblVersions", int(row) if isinstance(row, (int, np.integer)) else None, "Content",
                        UNREADABLE, message)
            )  # fmt: skip
        else:
            found.append(version)
    # of one cycle the highest number is the last: a clock may have been set back, and rows may have been sorted
    return tuple(sorted(found, key=lambda one: (one.plan_start, _number_of(one.name)))), Findings.of(problems)


def _read(name: str, parts: pd.DataFrame) -> Version:
    content = packed_json(parts)
    families = _long(content["families"], ("Family",))
    families.insert(1, "Owner", families["Family"].map(content["owners"]).astype(object))
    families["Override reason"] = families["Override reason"].astype(object)
    figures = {key: float("nan") if value is None else float(value) for key, value in content["figures"].items()}
    first = parts.iloc[0]
    money = {"money": _long(content["money"], ("Family",))} if "money" in content else {}
    inputs = {str(key): str(value) for key, value in content.get("inputs", {}).items()}
    return Version(
        name, str(first["Published at"]), str(first["Published by"] or ""), pd.Timestamp(content["start"]),
        str(content["bucket"]), families, _long(content["sources"], ("Family", "Source")),
        _long(content["resources"], ("Resource",)), figures, str(first.get(SIGNATURE) or ""), **money, inputs=inputs,
    )  # fmt: skip


def new_name(plan_start: pd.Timestamp, bucket: str, taken: Sequence[str]) -> str:
    """``2027-01``; published again in the same cycle ``2027-01 (2)``, one more than the highest number there is."""
    label = calendar.period_label(plan_start, bucket)
    last = max((_number_of(name) for name in taken if name.partition(" (")[0] == label), default=0)
    return f"{label} ({last + 1})" if last else label


def _number_of(name: str) -> int:
    """Which publishing of its cycle it is, counted from 1."""
    numbered = re.fullmatch(r".* \((\d{1,9})\)", name)
    return int(numbered[1]) if numbered else 1
