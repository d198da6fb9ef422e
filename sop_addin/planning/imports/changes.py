"""What an import would change: new figures, figures that differ, names that are new - and whether it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from ...model import calendar
from ...model.findings import Finding, Findings
from ...model.suggest import listed
from ...model.tables import Tables
from . import budget as budget_file
from .budget import BudgetFile
from .history import HistoryFile

MOST_SHOWN = 12
BEFORE, AFTER = "Before", "After"


@dataclass(frozen=True)
class Import:
    """What a file would bring into a workbook.

    ``table``: tblHistory or tblBudget. ``figures``: all that is to be written, in the columns of the table (history
    long: Item, Region, Period, Quantity). ``added``: how many figures stand in cells that are blank now. ``differing``:
    those that stand over another one (keys, Before, After). ``new_names``: items or families that the workbook does not
    know; ``new_items``: rows for tblItems. ``findings``: how the file was understood, and the changes.
    """

    table: str
    figures: pd.DataFrame
    added: int = 0
    differing: pd.DataFrame = field(default_factory=pd.DataFrame)
    new_names: tuple[str, ...] = ()
    new_items: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: Findings = field(default_factory=Findings)

    @property
    def changes_nothing(self) -> bool:
        return not self.added and self.differing.empty


def history_import(file: HistoryFile, tables: Tables) -> Import:
    """What the history of a file changes in tblHistory."""
    wide = tables.history
    periods = tables.history_periods
    long = wide.melt(["Item", "Region"], periods, "Period", "Quantity").dropna(subset=["Quantity"])
    current = long.groupby(["Item", "Region", "Period"])["Quantity"].sum()
    keys = ["Item", "Region", "Period"]
    merged = file.figures.merge(current.reset_index(name=BEFORE), on=keys, how="left") if len(current) else (
        file.figures.assign(**{BEFORE: float("nan")})
    )  # fmt: skip
    merged = merged.rename(columns={"Quantity": AFTER})
    return _import(
        "tblHistory", file.figures, merged, keys, tuple(file.new_items["Item"]), file.new_items, file.findings, tables
    )


def budget_import(file: BudgetFile, tables: Tables) -> Import:
    """What the budget of a file changes in tblBudget."""
    keys = ["Family", "Period", "Measure"]

    def long(frame: pd.DataFrame, name: str) -> pd.DataFrame:
        rows = frame[[*budget_file.COLUMNS]].melt(["Family", "Period"], list(budget_file.MEASURES), "Measure", name)
        return rows.dropna(subset=[name]).groupby(keys)[name].sum().reset_index()

    after = long(file.figures, AFTER)
    merged = after.merge(long(tables.budget, BEFORE), on=keys, how="left")
    return _import("tblBudget", file.figures, merged, keys, file.unknown, pd.DataFrame(), file.findings, tables)


def _import(
    table: str,
    figures: pd.DataFrame,
    merged: pd.DataFrame,
    keys: Sequence[str],
    new_names: tuple[str, ...],
    new_items: pd.DataFrame,
    findings: Findings,
    tables: Tables,
) -> Import:
    size = merged[[BEFORE, AFTER]].abs().max(axis=1).fillna(0.0)
    differs = merged[BEFORE].notna() & ((merged[BEFORE] - merged[AFTER]).abs() > 1e-9 * size + 1e-9)
    differing = merged.loc[differs, [*keys, BEFORE, AFTER]].reset_index(drop=True)
    added = int(merged[BEFORE].isna().sum())
    same = len(merged) - added - len(differing)
    rows = []
    if len(merged):
        message = f"{added:,} figures are new, {len(differing):,} differ from those in {table}, {same:,} are the same"
        rows.append(Finding("Info", table, None, "", "import_changes", message))
    if len(differing):
        shown = listed([_change(row, keys, tables) for row in differing.to_dict("records")], MOST_SHOWN)
        rows.append(Finding("Warning", table, None, "", "figure_differs", f"would be replaced: {shown}"))
    return Import(table, figures, added, differing, new_names, new_items, findings + Findings.of(rows))


def _change(row: dict, keys: Sequence[str], tables: Tables) -> str:
    words = [
        calendar.period_label(row[key], tables.settings.bucket) if key == "Period" else str(row[key])
        for key in keys if row[key] != ""
    ]  # fmt: skip
    return f"{' '.join(words)}: {row[BEFORE]:,.12g} -> {row[AFTER]:,.12g}"


def without_new(found: Import) -> Import:
    """The import without the names that the workbook does not know."""
    if found.table == "tblBudget":
        errors = [f for f in found.findings if f.rule != "family_unknown"]
        left = Finding("Warning", found.table, None, "Family", "left_out", f"left out: {listed(found.new_names)}")
        rest = found.findings if not found.new_names else Findings.of([*errors, left])
        return Import(found.table, found.figures, found.added, found.differing, (), found.new_items, rest)
    known = ~found.figures["Item"].isin(set(found.new_names))
    return Import(
        found.table, found.figures[known].reset_index(drop=True),
        found.added - int((~known).sum()), found.differing, (), pd.DataFrame(), found.findings,
    )  # fmt: skip


def questions(found: Import, *, replace: bool, add_new: bool) -> list[str]:
    """What has to be decided before this import may be written; one sentence each, empty where nothing has."""
    asked = []
    if found.new_names and not add_new:
        count, what = len(found.new_names), "items" if found.table == "tblHistory" else "families"
        more = "--add-new puts them into tblItems, " if found.table == "tblHistory" else ""
        asked.append(
            f"{count:,} {what} are not in the workbook ({listed(found.new_names, 6)}): {more}--skip-new leaves them out"
        )
    if len(found.differing) and not replace:
        asked.append(f"{len(found.differing):,} figures of {found.table} would be replaced: --replace allows it")
    return asked
