"""Against the approved plan: which production moved, why, and what the difference costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.finding_rows import ROWS_NAMED
from ..model.findings import Finding, Findings
from ..model.plan import BalancePlan
from ..model.resource_use import resource_uses
from ..model.tables import Tables
from .bridge import COST_MEASURES, KEYS, approved_side
from .finance import cheapest_unit_cost
from .words import number, signed, signed_money, spoken

LEAST = 0.005  # of a family's mean production: less is no change
NAMED = 3  # cost measures in the sentence
RULE = "away_from_approved"


@dataclass(frozen=True)
class _Move:
    """The production of a family where it is furthest from the approved plan."""

    family: str
    period: pd.Timestamp
    before: float
    now: float
    unit: str
    why: str
    others: int
    """Other periods in which it moved."""


def against_approved(tables: Tables, plan: BalancePlan, side: pd.DataFrame) -> tuple[str, Findings]:
    """A sentence for Home, '' where nothing moved or nothing was approved, and one finding a family that moved.

    side: Family, Period, Volume, Production (family units) and the cost measures of the plan (``bridge.plan_side``).
    Compared are the families and periods that tblApproved holds, in units also those with an Approved plan alone.
    """
    both = _both(tables, side)
    moves = _moves(tables, plan, both)
    words = [_production_words(tables, moves)] if moves else []
    if cost := _cost_words(tables, both):
        words.append(cost)
    findings = [
        Finding("Info", "ProductionPlan", None, "Approved plan", RULE, _finding_words(tables, move))
        for move in moves[:ROWS_NAMED]
    ]
    if len(moves) > ROWS_NAMED:
        more = f"… and {len(moves) - ROWS_NAMED:,} more families whose production is not the approved one"
        findings.append(Finding("Info", "ProductionPlan", None, "Approved plan", RULE, more))
    return (f"Against the approved plan: {'; '.join(words)}." if words else ""), Findings.of(findings)


def _both(tables: Tables, side: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``side`` in the horizon, and the approved figures as '... approved', NaN where none are."""
    money = approved_side(tables).dropna(subset=["Period"]).drop_duplicates(KEYS, keep="last")
    money["Period"] = pd.to_datetime(money["Period"])  # a blank column is one of numbers
    made = tables.production_plan[[*KEYS, "Approved plan"]].dropna(subset=["Approved plan"])
    both = side.merge(money, on=KEYS, how="left", suffixes=("", " approved")).merge(made, on=KEYS, how="left")
    both["Production approved"] = both["Production approved"].fillna(both["Approved plan"])
    return both[both["Period"].isin(tables.periods)].dropna(subset=["Production approved"])


def _moves(tables: Tables, plan: BalancePlan, both: pd.DataFrame) -> list[_Move]:
    """One a family that moved, the dearest first."""
    value = cheapest_unit_cost(tables)
    units = dict(zip(tables.families["Family"], tables.families["Unit"], strict=True))
    reasons = _Reasons(tables, plan)
    found: list[tuple[float, _Move]] = []
    for name, rows in both.groupby("Family", sort=False):
        change = (rows["Production"] - rows["Production approved"]).to_numpy(dtype=np.float64)
        least = max(LEAST * float(rows["Production approved"].abs().mean()), 1e-6)
        moved = np.flatnonzero(np.abs(change) > least)
        if not len(moved):
            continue
        family, at = str(name), int(np.abs(change).argmax())
        row = rows.iloc[at]
        why = reasons.of(family, rows.assign(Change=change), at)
        move = _Move(
            family, row["Period"], float(row["Production approved"]), float(row["Production"]),
            units.get(family) or "units", why, len(moved) - 1,
        )  # fmt: skip
        found.append((abs(float(change[at])) * value.get(family, 1.0), move))
    return [move for _, move in sorted(found, key=lambda pair: -pair[0])]


class _Reasons:
    """Why a plan makes more or less of a family in a period than was approved."""

    def __init__(self, tables: Tables, plan: BalancePlan) -> None:
        self.tables = tables
        typed = tables.production_plan.dropna(subset=["Fixed production"])
        self.fixed = set(zip(typed["Family"], typed["Period"], strict=True))
        overridden = tables.sales_plan[tables.sales_plan["Override reason"].fillna("") != ""]
        keys = zip(overridden["Family"], overridden["Period"], strict=True)
        self.override = dict(zip(keys, overridden["Override reason"], strict=True))
        limits = plan.limits
        full = limits[(limits["Limit"] == "Capacity") & (limits["Marginal value"] > 0)] if len(limits) else limits
        self.full = set(zip(full["Resource"], full["Period"], strict=True)) if len(full) else set()
        self.users = {resource: set(users) for resource, users in resource_uses(tables).items()}

    def of(self, family: str, rows: pd.DataFrame, at: int) -> str:
        """``sales -100 (Customer lost) and stock -20``, with what is full; rows: periods of the family, with Change."""
        row = rows.iloc[at]
        period, change = row["Period"], float(row["Change"])
        if (family, period) in self.fixed:
            return "Fixed production"
        sold = float(row["Volume"] - row["Volume approved"])
        if sold != sold:  # approved in units made alone
            return ""
        parts: list[str] = []
        if abs(sold) > 0.05 * abs(change):
            reason = self.override.get((family, period), "")
            parts.append(f"sales {signed(sold)}" + (f" ({reason})" if reason else ""))
        rest = change - sold
        if abs(rest) > 0.05 * abs(change):
            parts.append(f"stock {signed(rest)}")
            parts += self._capacity(family, rows, at, ahead=rest > 0)
        return spoken(parts)

    def _capacity(self, family: str, rows: pd.DataFrame, at: int, *, ahead: bool) -> list[str]:
        """What is full: now, where less is made than sold; where more is (``ahead``), in the next such period."""
        now = rows.iloc[at]["Period"]
        if not ahead:
            return [f"{name} is full" for name in self._full(family, now)[:1]]
        for period in rows.loc[rows["Period"] > now, "Period"]:
            if names := self._full(family, period):
                return [f"{names[0]} is full in {calendar.period_label(period, self.tables.settings.bucket)}"]
        return []

    def _full(self, family: str, period: pd.Timestamp) -> list[str]:
        """Resources of a family that limit the plan in a period."""
        return [name for name, users in self.users.items() if family in users and (name, period) in self.full]


def _finding_words(tables: Tables, move: _Move) -> str:
    """``Valves, 2027-03: production -120 pcs against the approved plan (400 -> 280), as sales -120; 2 more periods``"""
    label = calendar.period_label(move.period, tables.settings.bucket)
    text = (
        f"{move.family}, {label}: production {signed(move.now - move.before)} {move.unit} against the approved plan "
        f"({number(move.before)} -> {number(move.now)})"
    )
    text += f": {move.why}" if move.why else ""
    return text + (f"; {move.others} more periods moved" if move.others else "")


def _production_words(tables: Tables, moves: list[_Move]) -> str:
    first = moves[0]
    label = calendar.period_label(first.period, tables.settings.bucket)
    why = f" ({first.why})" if first.why else ""
    more = f", {len(moves) - 1} more families" if len(moves) > 1 else ""
    return f"production of {first.family} {signed(first.now - first.before)} {first.unit} in {label}{why}{more}"


def _cost_words(tables: Tables, both: pd.DataFrame) -> str:
    """``cost +3.40 k EUR (overtime cost +2.10 k)``; '' where no cost was approved or none moved."""
    known = both.dropna(subset=[f"{name} approved" for name in COST_MEASURES])
    before = {name: float(known[f"{name} approved"].sum()) for name in COST_MEASURES}
    change = {name: float(known[name].sum()) - before[name] for name in COST_MEASURES}
    total = sum(change.values())
    if abs(total) <= max(5e-4 * sum(before.values()), 0.005):
        return ""
    largest = sorted((name for name in change if abs(change[name]) > 0.05 * abs(total)), key=lambda n: -abs(change[n]))
    parts = [f"{name.lower()} {signed_money(change[name])}" for name in largest[:NAMED]]
    return f"cost {signed_money(total)} {tables.settings.base_currency} ({spoken(parts)})"
