"""Signatures of the cycle's steps, and how they stand in tblSigned.

A signature keeps the signed content itself (compressed on the hidden sheet Versions) beside its SHA-256, so that a
later change can be told cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from .digest import canonical_text, content_digest
from .findings import Finding, Findings
from .packed_text import DAMAGE, packed, packed_json

Content = dict[str, dict[str, str]]
"""Table or grid -> "key / column" -> text of the cell; blank cells are left out."""
COLUMNS = ("Step", "Signed by", "Signed at", "Comment", "Digest", "Part", "Content")


@dataclass(frozen=True)
class Signature:
    """Who signed a step, when (text) and what. ``content``: as `signed_content` gave it then."""

    step: str
    by: str
    at: str
    comment: str
    content: Content

    @property
    def digest(self) -> str:
        return content_digest(self.content)


def signature_rows(signatures: Sequence[Signature]) -> pd.DataFrame:
    """Columns of tblSigned: one row per signature and part."""
    rows = [
        (one.step, one.by, one.at, one.comment, one.digest, float(part), text)
        for one in signatures
        for part, text in enumerate(packed(canonical_text(one.content)), start=1)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


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
                str(step), str(first["Signed by"]), str(first["Signed at"]), str(first["Comment"] or ""), content
            )
            if signature.digest != str(first["Digest"]):
                raise ValueError
        except DAMAGE:
            message = f"the signature of '{step}' is damaged or was changed by hand, so it does not count; sign again"
            problems.append(Finding("Warning", "tblSigned", None, "Content", "signature_readable", message))
        else:
            found.append(signature)
    return tuple(found), Findings.of(problems)
