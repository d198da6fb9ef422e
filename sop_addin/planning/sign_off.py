"""The cycle: gates before a step is signed, signing, reopening; demand that cannot be met goes back to Sales."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..model import calendar
from ..model.errors import InputError
from ..model.rolled import Cells
from ..model.schema import STEPS
from ..model.signature import LOG_COLUMNS, CycleChange
from ..model.signing import (
    DEMAND,
    EXECUTIVE,
    PRE,
    SUPPLY,
    changed_cells,
    changed_steps,
    inputs_digest,
    sign,
    signed_content,
)
from ..model.suggest import did_you_mean, listed
from ..model.tables import Tables
from ..model.validation import validate
from ..model.versions import Version
from .adopt import current_step, next_decision
from .scenario_runs import assumptions
from .words import number

SIGNED, REOPENED, ROLLED, BACK_TO_SALES = "Signed", "Reopened", "Rolled forward", "Back to Sales"
PUBLISHED, ADOPTED = "Published", "Adopted"
_LEAST = 1e-6
_NAMED = 6


@dataclass(frozen=True)
class Gate:
    """A condition of signing a step. ``problem``: '' where it is met, else what is in the way and what to do."""

    name: str
    problem: str

    @property
    def passed(self) -> bool:
        return not self.problem


def check_step(tables: Tables, step: str) -> None:
    """Raise InputError for a step that the cycle does not have."""
    known = [name for name in STEPS if name in set(tables.cycle["Step"])]
    if step not in known:
        raise InputError(
            f"Cycle: '{step}' is not a step of tblCycle{did_you_mean(step, known)}; one of {', '.join(known)}."
        )


def next_step(tables: Tables) -> str:
    """The first step that is not signed. Raises InputError where all are."""
    status = dict(zip(tables.cycle["Step"], tables.cycle["Status"], strict=True))
    for step in STEPS:
        if step in status and status[step] != SIGNED:
            return step
    raise InputError("Cycle: every step is signed; publish the plan, then roll forward to begin the next cycle.")


def gates(tables: Tables, step: str) -> list[Gate]:
    """The gate checks of a step, those of all steps first."""
    check_step(tables, step)
    place = STEPS.index(step)
    errors = validate(tables).errors
    found = [
        Gate("No open errors", f"{len(errors)} error(s): {errors[0].message}; see sheet Checks" if errors else ""),
        Gate("Steps before are signed", _earlier(tables, step)),
    ]
    if place >= STEPS.index(DEMAND):
        found.append(Gate("Overrides have reasons", _reasons(tables)))
    if place >= STEPS.index(SUPPLY):
        found.append(Gate("Plan is solved after the last change", _solved(tables)))
    if step in (PRE, EXECUTIVE):
        found.append(Gate("Decisions due are taken", _decisions(tables, step)))
    return found


def _earlier(tables: Tables, step: str) -> str:
    status = dict(zip(tables.cycle["Step"], tables.cycle["Status"], strict=True))
    before = [name for name in STEPS[: STEPS.index(step)] if name in status]
    unsigned = [name for name in before if status[name] != SIGNED]
    if unsigned:
        return f"{listed(unsigned)} not signed yet; sign in the order of the cycle"
    by_step = {one.step: one for one in tables.signatures}
    for name in before:
        if name in by_step and (changes := changed_cells(by_step[name].content, signed_content(tables, name))):
            table, key, *_ = changes[0]
            return f"{name} has changed since it was signed ({table.removeprefix('tbl')} {key}); sign it again"
    return ""


def _reasons(tables: Tables) -> str:
    rows = tables.sales_plan
    rows = rows[rows["Override"].notna() & (rows["Override reason"] == "") & rows["Period"].isin(tables.periods)]
    bucket = tables.settings.bucket
    cells = [f"{row['Family']} {calendar.period_label(row['Period'], bucket)}" for row in rows.to_dict("records")]
    items = tables.item_overrides
    cells += [
        f"{row['Item']} {calendar.period_label(row['Period'], bucket)}"
        for row in items[(items["Reason"] == "") & items["Period"].isin(tables.periods)].to_dict("records")
    ]
    return (
        f"no reason for {listed(cells, _NAMED)}; type it into the row Override reason (or tblItemOverrides)"
        if cells
        else ""
    )


def _solved(tables: Tables) -> str:
    if tables.last_plan.empty or sorted(tables.last_plan["Period"].unique()) != tables.periods:
        return "there is no plan of these periods; run all steps"
    if tables.solved_inputs != inputs_digest(tables):
        return "inputs were changed after the last run; run all steps"
    return ""


def _decisions(tables: Tables, step: str) -> str:
    due = dict(zip(tables.cycle["Step"], tables.cycle["Due"], strict=True)).get(step)
    rows = tables.decisions[tables.decisions["Status"] == "Open"]
    late = rows[rows["Due"] <= due] if due is not None and due == due else rows.iloc[:0]
    names = [str(name) for name in late["Number"]]
    return f"open until then: {listed(names, _NAMED)}; decide or drop them in tblDecisions" if names else ""


def sign_step(tables: Tables, step: str, *, by: str, at: dt.datetime, comment: str = "") -> CycleChange:
    """Sign a step. Raises InputError where a gate is not passed, with every one that is not."""
    failed = [gate for gate in gates(tables, step) if not gate.passed]
    if failed:
        words = "; ".join(f"{gate.name}: {gate.problem}" for gate in failed)
        raise InputError(f"{step} is not signed. {words}.")
    signature = sign(tables, step, by=by, at=f"{at:%Y-%m-%d %H:%M:%S}", comment=comment)
    cells: Cells = {
        (step, "Status"): SIGNED, (step, "Signed by"): by, (step, "Signed at"): at.replace(microsecond=0),
        (step, "Digest"): signature.digest,
    }  # fmt: skip
    if comment:
        cells[(step, "Comment")] = comment
    others = tuple(one for one in tables.signatures if one.step != step)
    log = [_entry(tables, step, SIGNED, by, at, comment, signature.digest)]
    return CycleChange({"tblCycle": cells}, (*others, signature), _log(log), changed_steps(tables, others))


def reopen_step(
    tables: Tables, step: str, *, by: str, at: dt.datetime, comment: str = "", limits: pd.DataFrame | None = None
) -> CycleChange:
    """Reopen a step; signed steps after it are reopened too, as they rest on it.

    The demand plan goes back to Sales with its reasons where the plan cannot meet it: one open decision a family, owned
    by the family's owner. limits: columns of tblLimits. Raises InputError for an unknown step.
    """
    check_step(tables, step)
    status = dict(zip(tables.cycle["Step"], tables.cycle["Status"], strict=True))
    reopened = [name for name in STEPS[STEPS.index(step) :] if name == step or status.get(name) == SIGNED]
    cells: Cells = {}
    log = []
    for name in reopened:
        cells |= {
            (name, "Status"): REOPENED,
            (name, "Signed by"): None,
            (name, "Signed at"): None,
            (name, "Digest"): None,
        }
        why = comment if name == step else f"{step} was reopened"
        log.append(_entry(tables, name, REOPENED, by, at, why, ""))
    found = {"tblCycle": cells}
    if step == DEMAND and len(decisions := shortage_decisions(tables, limits)):
        found["tblDecisions"] = {
            (row["Number"], column): row[column]
            for row in decisions.to_dict("records")
            for column in decisions.columns[1:]
        }
        families = ", ".join(decisions["Family"])
        log.append(_entry(tables, step, BACK_TO_SALES, by, at, f"Cannot be met: {families}.", ""))
    kept = tuple(one for one in tables.signatures if one.step not in reopened)
    return CycleChange(found, kept, _log(log), changed_steps(tables, kept))


def shortage_decisions(tables: Tables, limits: pd.DataFrame | None) -> pd.DataFrame:
    """Columns of tblDecisions: for each family of the last plan whose demand is not delivered in its period, what is
    short, when, and which limit stands in the way. A family that has such an open decision already gets none."""
    plan = tables.last_plan
    wide = plan[plan["Source"].isin(("", "-")) & plan["Resource"].isin(("", "-"))]
    wide = wide.pivot_table(index=["Family", "Period"], columns="Measure", values="Value", aggfunc="sum")
    rows: list[dict[str, object]] = []
    columns = ["Number", "Step", "Decision", "Owner", "Due", "Status", "Family", "Effect"]
    owner = dict(zip(tables.families["Family"], tables.families["Owner"], strict=True))
    unit = dict(zip(tables.families["Family"], tables.families["Unit"], strict=True))
    due = dict(zip(tables.cycle["Step"], tables.cycle["Due"], strict=True)).get(PRE)
    asked = tables.decisions[(tables.decisions["Status"] == "Open") & (tables.decisions["Step"] == DEMAND)]
    known = {
        str(family) for family, text in zip(asked["Family"], asked["Decision"], strict=True) if "cannot be met" in text
    }
    label = calendar.period_label
    for family in tables.family_names:
        if family not in wide.index.get_level_values(0) or family in known:
            continue
        own = wide.loc[family]
        open_then = own.get("Backorders", pd.Series(0.0, own.index)).fillna(0.0)
        lost = own.get("Lost sales", pd.Series(0.0, own.index)).fillna(0.0)
        short = open_then + lost
        short = short[short > max(_LEAST, 1e-6 * float(own["Consensus demand"].max()))]
        if short.empty:
            continue
        worst = pd.Timestamp(short.idxmax())
        demand, sales = float(own["Consensus demand"][worst]), float(own["Feasible sales"].fillna(0.0)[worst])
        when = [label(period, tables.settings.bucket) for period in short.index]
        text = (
            f"Demand of {family} cannot be met in {listed(when, 4)}: in {label(worst, tables.settings.bucket)} "
            f"{number(float(short[worst]))} {unit[family]} short, feasible sales {number(sales)} of a demand of "
            f"{number(demand)}{_limit_words(limits, family, list(short.index), tables)}. Cut or move demand, or add "
            "capacity?"
        )
        taken = {str(row["Number"]) for row in rows}
        rows.append(
            dict(zip(columns, (next_decision(tables, taken), DEMAND, text, owner[family], due, "Open", family,
                               f"{number(float(short.max()))} {unit[family]} late or lost"), strict=True))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _limit_words(limits: pd.DataFrame | None, family: str, periods: Sequence[pd.Timestamp], tables: Tables) -> str:
    """``; limit: Press 2027-03``: the dearest limits that bind for the family until its last short period."""
    if limits is None or limits.empty:
        return ""
    binding = limits["Binding for"].fillna("").astype(str).str.split(", ").map(lambda names: family in names)
    rows = limits[(binding | (limits["Family"] == family)) & (limits["Period"] <= max(periods))]
    rows = rows.sort_values("Marginal value", ascending=False, kind="stable").head(3)
    bucket = tables.settings.bucket
    names = [
        f"{row['Resource'] or row['Source'] or row['Limit']} {calendar.period_label(row['Period'], bucket)}"
        for row in rows.to_dict("records")
    ]
    return f"; limits: {', '.join(names)}" if names else ""


def closed_cycle(tables: Tables, *, by: str, at: dt.datetime) -> CycleChange:
    """The cycle of the next period: every step open again, due as many days from its plan start as before.

    What was signed or remarked goes to the log.
    """
    cells: Cells = {}
    log: list[tuple[object, ...]] = []
    for row in tables.cycle.to_dict("records"):
        step = str(row["Step"])
        cells |= {(step, column): None for column in ("Signed by", "Signed at", "Digest", "Comment")}
        cells[(step, "Status")] = "Open"
        if row["Due"] == row["Due"] and tables.periods:
            start = tables.periods[0]
            cells[(step, "Due")] = calendar.add_periods(start, 1, tables.settings.bucket) + (row["Due"] - start)
        if row["Comment"] or row["Digest"] or not log:
            log.append(_entry(tables, step, ROLLED, by, at, str(row["Comment"]), str(row["Digest"])))
    return CycleChange({"tblCycle": cells} if cells else {}, (), _log(log))


def published_entry(tables: Tables, version: Version) -> pd.DataFrame:
    """The row of the log that says what was published: LOG_COLUMNS."""
    at = dt.datetime.fromisoformat(version.published_at)
    words = f"Plan {version.name} is the approved plan."
    return _log([_entry(tables, current_step(tables), PUBLISHED, version.published_by, at, words, version.digest)])


def adopted_entry(tables: Tables, scenario: str, *, by: str, at: dt.datetime) -> pd.DataFrame:
    """The row of the log that says which scenario became the plan: LOG_COLUMNS."""
    words = f"Scenario '{scenario}': {assumptions(tables, scenario)}"
    return _log([_entry(tables, current_step(tables), ADOPTED, by, at, words, "")])


def _log(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(LOG_COLUMNS))


def _entry(
    tables: Tables, step: str, action: str, by: str, at: dt.datetime, comment: str, digest: str
) -> tuple[object, ...]:
    cycle = calendar.period_label(tables.periods[0], tables.settings.bucket) if tables.periods else ""
    return f"{at:%Y-%m-%d %H:%M:%S}", cycle, step, action, by, comment, digest
