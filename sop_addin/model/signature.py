"""Signatures of the cycle's steps, and how they stand in tblSigned.

A signature keeps the signed content itself (compressed on the hidden sheet Versions) beside its SHA-256, so that a
later change can be told cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from .digest import canonical_text, content_digest
from .findings import Finding, Findings
from .packed_text import DAMAGE, packed, packed_json
from .rolled import Cells

Content = dict[str, dict[str, str]]
"""Table or grid -> "key / column" -> text of the cell; blank cells are left out."""
COLUMNS = ("Step", "Signed by", "Signed at", "Comment", "Digest", "Part", "Content")
MARK = "Mark"


@dataclass(frozen=True)
class Signature:
    """Who signed a step, when (text) and what. ``content``: as `signed_content` gave it then."""

    step: str
    by: str
    at: str
    comment: str
    content: Content
    mark: float | None = None
    """What Home's formula over the signed cells gave then; None where it was not read."""

    @property
    def digest(self) -> str:
        return content_digest(self.content)


def signature_rows(signatures: Sequence[Signature]) -> pd.DataFrame:
    """Columns of tblSigned: one row per signature and part."""
    rows = [
        (one.step, one.by, one.at, one.comment, one.digest, float(part), text, one.mark)
        for one in signatures
        for part, text in enumerate(packed(canonical_text(one.content)), start=1)
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, MARK])


def read_signatures(rows: pd.DataFrame) -> tuple[tuple[Signature, ...], Findings]:
    """The signatures of tblSigned; one whose content is not what was signed is left out with a warning."""
    found: list[Signature] = []
    problems: list[Finding] = []
    if not set(COLUMNS) <= set(rows.columns):
        return (), Findings()
    known = rows[rows["Step"].notna() & (rows["Step"].astype(str) != "")]
    for step, parts in known.groupby(known["Step"].astype(str), sort=False):
        first = parts.iloc[0]
        try:
            content = {name: dict(cells.items()) for name, cells in packed_json(parts).items()}
            signature = Signature(
                str(step), str(first["Signed by"]), str(first["Signed at"]), str(first["Comment"] or ""), content,
                _number(first.get(MARK)),
            )  # fmt: skip
            if signature.digest != str(first["Digest"]):
                raise ValueError
        except DAMAGE:
            message = f"the signature of '{step}' is damaged or was changed by hand, so it does not count; sign again"
            problems.append(Finding("Warning", "tblSigned", None, "Content", "signature_readable", message))
        else:
            found.append(signature)
    return tuple(found), Findings.of(problems)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and value == value else None


LOG_COLUMNS = ("At", "Cycle", "Step", "Action", "By", "Comment", "Digest")


@dataclass(frozen=True)
class CycleChange:
    """What signing or reopening changes. ``cells``: of tblCycle and tblDecisions. ``signatures``: all that count from
    then on. ``log``: LOG_COLUMNS, rows to be added. ``changed``: signed steps whose content is not what was signed."""

    cells: dict[str, Cells] = field(default_factory=dict)
    signatures: tuple[Signature, ...] = ()
    log: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(LOG_COLUMNS)))
    changed: tuple[str, ...] = ()
