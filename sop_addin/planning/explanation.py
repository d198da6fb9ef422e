"""Why the plan is as it is: its cost drivers, and one paragraph in plain English."""

from __future__ import annotations

import pandas as pd

from ..model import calendar
from ..model.plan import BASE, BalancePlan
from ..model.tables import Tables
from .changes import CAPACITY, DEMAND, PRODUCTION, TOTAL_COST
from .words import number, one, percent, short_money, signed, spoken

BEST = 2  # limits and changes that the paragraph names
LEAST_SHARE = 0.01  # cost terms below are not worth a word


def cost_drivers(plan: BalancePlan) -> pd.DataFrame:
    """Columns of tblDrivers: cost by term and by the family or resource that causes it, largest first."""
    costs = plan.costs.groupby(["Term", "Family", "Resource"], sort=False)["Value"].sum().reset_index()
    costs = costs[costs["Value"].abs() > 1e-9].rename(columns={"Term": "Cost"})
    costs["Share"] = costs["Value"] / plan.total_cost if plan.total_cost else 0.0
    return costs.sort_values("Value", ascending=False, kind="stable").reset_index(drop=True)


def summary(tables: Tables, plan: BalancePlan, changes: pd.DataFrame, scenario: str, moved: str = "") -> str:
    """The plan in one paragraph: service, limits, idle capacity, costs, what moved since the last plan and the approved
    one (``moved``, see ``against_approved``)."""
    sentences = [
        _service(tables, plan, scenario),
        *_limits(tables, plan),
        _rules(tables, plan),
        _idle(tables, plan),
        _costs(tables, plan),
        _change(tables, changes, scenario),
        moved,
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _label(tables: Tables, period: pd.Timestamp) -> str:
    return calendar.period_label(period, tables.settings.bucket)


def _service(tables: Tables, plan: BalancePlan, scenario: str) -> str:
    who = "The plan" if scenario == BASE else f"The plan of scenario {scenario}"
    families = plan.families
    text = f"{who} serves {percent(plan.service_level)} of demand in its period"
    units = dict(zip(tables.families["Family"], tables.families["Unit"], strict=True))
    lost = families.groupby("Family", sort=False)["Lost sales"].sum()
    at_end = families[families["Period"] == families["Period"].max()].groupby("Family", sort=False)["Backorders"].sum()
    parts = []
    for amounts, words in ((lost, "never delivered"), (at_end, "still late at the end")):
        worst = amounts[amounts > 1e-6].sort_values(ascending=False)
        if len(worst):
            name = str(worst.index[0])
            more = f" and {len(worst) - 1} more families" if len(worst) > 1 else ""
            parts.append(f"{number(float(worst.iloc[0]))} {units.get(name, 'units')} {name}{more} are {words}")
    return f"{text}; {spoken(parts)}." if parts else f"{text}."


def _limits(tables: Tables, plan: BalancePlan) -> list[str]:
    """``Press limits it in 7 of 18 months; one more h there in 2027-10 is worth 41.20 EUR.``"""
    limits = plan.limits
    binding = limits[(limits["Limit"] == CAPACITY_LIMIT) & (limits["Marginal value"] > 0)]
    word = f"{tables.settings.bucket.lower()}s"
    sentences = []
    for resource in list(dict.fromkeys(binding["Resource"]))[:BEST]:  # those worth most come first
        rows = binding[binding["Resource"] == resource]
        best = rows.iloc[0]
        sentences.append(
            f"{resource} limits it in {rows['Period'].nunique()} of {len(tables.periods)} {word}; one more "
            f"{one(best['Unit'])} there in {_label(tables, best['Period'])} is worth {best['Marginal value']:,.2f} "
            f"{tables.settings.base_currency}."
        )
    if not sentences:
        return ["No capacity limits it."]
    others = binding["Resource"].nunique() - len(sentences)
    return [*sentences, f"{others} more resources limit it, see Explanation."] if others > 0 else sentences


CAPACITY_LIMIT = "Capacity"


def _rules(tables: Tables, plan: BalancePlan) -> str:
    """The rule of the planner's own that costs most a unit."""
    limits = plan.limits
    rules = limits[(limits["Limit"] != CAPACITY_LIMIT) & (limits["Marginal value"] > 0)]
    if rules.empty:
        return ""
    rule = rules.iloc[0]
    least = str(rule["Limit"]) in ("Min stock", "Closing stock min", "Min heads")
    who = rule["Resource"] or (f"{rule['Family']} from {rule['Source']}" if rule["Source"] else rule["Family"])
    step = f"1 {one(rule['Unit'])} {'less' if least else 'more'}"
    return (
        f"Of your other limits {rule['Limit']} of {who} costs most: {step} in "
        f"{_label(tables, rule['Period'])} is worth {rule['Marginal value']:,.2f} {tables.settings.base_currency}."
    )


def _idle(tables: Tables, plan: BalancePlan) -> str:
    """The family whose idle capacity is worth most."""
    spare = plan.spare[plan.spare["Margin per unit"] > 0]
    if spare.empty:
        return ""
    worth = (spare["Could be sold"] * spare["Margin per unit"]).groupby(spare["Family"], sort=False).sum()
    name = str(worth.idxmax())
    rows = spare[spare["Family"] == name]
    limit = rows.groupby("Limited by")["Could be sold"].sum().idxmax()
    return (
        f"Idle capacity could make {number(float(rows['Could be sold'].sum()))} more {rows['Unit'].iloc[0]} {name} "
        f"({short_money(float(worth.max()))} {tables.settings.base_currency} of margin), if they can be sold; then "
        f"{limit} is full."
    )


def _costs(tables: Tables, plan: BalancePlan) -> str:
    """``It costs 4.21 M EUR: unit costs 71 %, regular cost 15 %, ...``"""
    if plan.total_cost <= 0:
        return ""
    terms = plan.costs.groupby("Term", sort=False)["Value"].sum().sort_values(ascending=False, kind="stable")
    shares = [f"{str(name).lower()} {percent(value / plan.total_cost)}" for name, value in terms.head(3).items()
              if value / plan.total_cost >= LEAST_SHARE]  # fmt: skip
    return f"It costs {short_money(plan.total_cost)} {tables.settings.base_currency}: {spoken(shares)}."


def _change(tables: Tables, changes: pd.DataFrame, scenario: str) -> str:
    """``Against the last plan demand +2.1 % (most Pumps +420 pcs: overrides +420), ...``"""
    if changes.empty:
        return ""
    money = tables.settings.base_currency
    parts = []
    for measure, word in ((DEMAND, "demand"), (CAPACITY, "regular capacity"), (PRODUCTION, "production")):
        rows = changes[changes["Measure"] == measure]
        if len(rows):
            row = rows.iloc[0]
            more = f", {len(rows) - 1} more" if len(rows) > 1 else ""
            parts.append(
                f"{word} of {row['Family'] or row['Resource']} moves by {signed(row['Change'])} {row['Unit']} "
                f"({row['Why']}){more}"
            )
    rows = changes[changes["Measure"] == TOTAL_COST]
    if len(rows):
        row = rows.iloc[0]
        sign = "+" if row["Change"] >= 0 else ""
        parts.append(f"cost by {sign}{short_money(row['Change'])} {money} ({row['Why']})")
    against = "the last plan" if scenario == BASE else "the base plan"
    return f"Against {against}, in the periods that both cover: {'; '.join(parts)}." if parts else ""
