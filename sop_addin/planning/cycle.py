"""The planning cycle: one function, read top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pandas as pd

from ..model.errors import InputError
from ..model.findings import Findings
from ..model.plan import BASE, Plan
from ..model.signing import CHANGED_RESULT, changed_words, inputs_digest, sign_off_findings, without_sign_off
from ..model.tables import SALES_PLAN_COLUMNS, Tables
from ..model.validation import validate
from .against_approved import against_approved
from .balance import solve_balance
from .bridge import bridge_table, plan_side
from .changes import plan_changes
from .consensus import consensus_demand, last_year
from .event_history import EventHistory, learn_from_events
from .explanation import cost_drivers, summary
from .families import aggregate_to_family
from .finance import finance_plan
from .item_demand import demand_shares, item_demand, overrides_beyond_family
from .item_forecast import forecast_items_explained, history_long
from .item_plan import item_plan
from .kpis import days_of_cover, headline_results, key_figures, utilisation
from .lag_accuracy import lag_accuracy, published_production
from .lifecycle import lifecycle
from .past_performance import kpi_trend
from .plan_table import plan_table
from .rough_cut import rough_cut
from .scenarios import apply_scenario, check_scenario
from .seal import seal_sentence
from .value_added import published_points, value_added

STEPS = ("forecast", "aggregate", "balance")
ROUGH_CUT = "rough_cut"
ALL_STEPS = (*STEPS, ROUGH_CUT)
"""With those that a full run does not need: the balance says all that a rough cut says."""
Progress = Callable[[str, int, int], None]
"""Called as progress(what is being done, how much is done, of how much)."""


def run_cycle(
    tables: Tables, steps: Sequence[str] = STEPS, *, scenario: str = BASE, progress: Progress | None = None
) -> Plan:
    """Check the tables, then forecast items, aggregate to families, balance supply and demand, spread to items.

    tables: as read; ``tables.forecast`` stands in for the forecast when that step is left out. steps: any of ALL_STEPS.
    scenario: name in tblScenarios whose levers apply, or Base. Returns a Plan; where the tables have errors it has run
    no step and holds the findings only. Raises InputError for an unknown step or scenario, SolverError where the
    solver fails.
    """
    check_steps(steps)
    check_scenario(tables, scenario)
    clock = _Clock(progress)
    with clock.step("check", "Checking the tables"):
        findings = validate(tables)
    if findings.errors:
        return Plan(tables, (), findings=findings, seconds=clock.seconds)
    with clock.step("events", "Learning from past events"):
        learned = _learned(tables)
    forecast: pd.DataFrame | None = None
    explanations: pd.DataFrame | None = None
    cleaning: pd.DataFrame | None = None
    effects: pd.DataFrame | None = None
    sales: pd.DataFrame | None = None
    if "forecast" in steps:
        with clock.step("forecast", "Forecasting items"):
            found = forecast_items_explained(
                tables, clock.within("Forecasting items"), history=_to_forecast(tables, learned)
            )
            forecast, explanations, cleaning = found.forecast, found.explanations, found.cleaning
            tables = replace(tables, forecast=forecast)
    if "aggregate" in steps:
        with clock.step("aggregate", "Aggregating to families"):
            tables, effects, notes = _aggregate(tables, learned)
            findings += notes
    with clock.step("sales plan", "Comparing with last year and budget"):
        sales = _sales_context(tables)
    checked: pd.DataFrame | None = None
    if ROUGH_CUT in steps and "balance" not in steps:
        with clock.step("rough cut", "Comparing load with capacity"):
            checked, notes = rough_cut(tables)
            findings += notes
    if "balance" not in steps:
        findings, changed = _signed_content_now(findings, tables)
        return Plan(
            tables,
            tuple(steps),
            scenario,
            forecast,
            sales,
            rough_cut=checked,
            event_effects=effects,
            results={CHANGED_RESULT: changed},
            findings=findings,
            seconds=clock.seconds,
            forecast_explained=explanations,
            cleaning=cleaning,
        )
    planned = tables
    if scenario != BASE:
        tables = apply_scenario(tables, scenario)
    with clock.step("balance", "Balancing supply and demand"):
        balance = solve_balance(tables, look=clock.look("Balancing supply and demand"))
        findings += balance.findings
    with clock.step("items", "Spreading the plan over items"):
        of_items, notes = item_plan(tables, balance, _item_shares(planned, learned))
        findings += notes
    with clock.step("finance", "Valuing the plan"):
        finance = finance_plan(tables, balance)
        side = plan_side(balance, finance)
        bridge = bridge_table(tables, side)
        points = published_points(tables)
        production = published_production(tables)
        kpis = key_figures(tables, balance, finance, points, production)
        cover, use = days_of_cover(tables, balance), utilisation(balance)
        trend = kpi_trend(tables, balance, finance, points, production, cover, use)
    with clock.step("explanation", "Explaining the plan"):
        table = plan_table(tables, balance, finance, scenario)
        changes = plan_changes(tables, tables.last_plan, table)
        explained = {
            "tblLimits": balance.limits, "tblSpare": balance.spare, "tblDrivers": cost_drivers(balance),
            "tblChanges": changes, "tblLifecycle": lifecycle(tables, of_items),
        }  # fmt: skip
        moved, notes = against_approved(tables, balance, side)
        findings += notes
        text = summary(tables, balance, changes, scenario, moved)
    solved_for: dict[str, object] = {"Scenario": scenario, "Summary": text}
    if scenario == BASE:
        solved_for["Inputs"] = inputs_digest(tables)
    after = replace(planned, last_plan=table) if scenario == BASE else planned
    findings, changed = _signed_content_now(findings, after)
    return Plan(
        tables,
        tuple(steps),
        scenario,
        forecast,
        sales,
        balance,
        of_items,
        finance,
        kpis,
        bridge,
        trend,
        value_added(points),
        lag_accuracy(points, production),
        table,
        explained,
        event_effects=effects,
        results=headline_results(balance, len(findings))
        | solved_for
        | {"Published": seal_sentence(after), CHANGED_RESULT: changed},
        findings=findings,
        seconds=clock.seconds,
        forecast_explained=explanations,
        cleaning=cleaning,
    )


def check_steps(steps: Sequence[str]) -> None:
    """Raise InputError where a step is unknown or none is named."""
    unknown = [step for step in steps if step not in ALL_STEPS]
    if unknown or not steps:
        named = f"'{unknown[0]}' is not a step" if unknown else "no step is named"
        raise InputError(f"Steps: {named}; choose from {', '.join(ALL_STEPS)}.")


def _learned(tables: Tables) -> EventHistory:
    """What past events did, and the history without them; discontinued items included."""
    history = history_long(tables, discontinued=True)
    return learn_from_events(tables.events, history, tables.items, tables.settings.season_length)


def _to_forecast(tables: Tables, learned: EventHistory) -> pd.DataFrame:
    planned = tables.items.loc[tables.items["Status"] != "Discontinued", "Item"]
    return learned.base[learned.base["Item"].isin(set(planned))].reset_index(drop=True)


def _aggregate(tables: Tables, learned: EventHistory) -> tuple[Tables, pd.DataFrame, Findings]:
    """Statistical forecast, events, portfolio and item overrides by family; overrides of families stay as they are."""
    if tables.forecast.empty and len(history_long(tables)):
        raise InputError("Aggregate: Item Forecast is empty; run the step forecast first (or both).")
    demand = item_demand(tables, tables.forecast, learned.base, learned)
    by_family = demand.families.set_index(["Family", "Period"])
    kept = tables.sales_plan.set_index(["Family", "Period"])[["Override", "Override reason"]]
    everything = by_family.index.append(kept.index.difference(by_family.index, sort=False))
    merged = by_family.reindex(everything).join(kept)
    merged["Override reason"] = merged["Override reason"].fillna("")
    result = tables.with_sales_plan(merged.reset_index()[list(SALES_PLAN_COLUMNS)])
    notes = demand.findings + overrides_beyond_family(demand, tables, result.sales_plan)
    return result, demand.effects.effects, notes


def _sales_context(tables: Tables) -> pd.DataFrame:
    """Family, Period, Last year, Budget in family units."""
    periods = tables.periods
    index = pd.MultiIndex.from_product([tables.family_names, periods], names=["Family", "Period"])
    context = pd.DataFrame(index=index)
    context["Last year"] = float("nan")
    history = history_long(tables, discontinued=True)
    if len(history):
        by_family = aggregate_to_family(history, tables.items)
        before = last_year(by_family, periods).set_index(["Family", "Period"])["Last year"]
        context["Last year"] = before.reindex(index)
    context["Budget"] = tables.budget.groupby(["Family", "Period"])["Volume"].sum(min_count=1).reindex(index)
    return context.reset_index()


def _item_shares(tables: Tables, learned: EventHistory) -> pd.DataFrame:
    """Item, Period, Weight: the demand of each item, in item units."""
    if tables.items.empty:
        return pd.DataFrame({"Item": [], "Period": [], "Weight": []})
    return demand_shares(
        item_demand(tables, tables.forecast, learned.base, learned), tables, consensus_demand(tables.sales_plan)
    )


class _Clock:
    """Wall time of each step, and word of it to whoever waits."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, words: str) -> Iterator[None]:
        if self.progress:
            self.progress(words, 0, 0)
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 3)

    def look(self, words: str) -> Callable[[], None] | None:
        """Lets whoever waits stop a step that cannot tell how far it is."""
        progress = self.progress
        return None if progress is None else lambda: progress(words, 0, 0)

    def within(self, words: str) -> Callable[[int, int], None] | None:
        """Progress inside a step, as progress(done, total)."""
        progress = self.progress
        if progress is None:
            return None
        return lambda done, total: progress(words, done, total)


def _signed_content_now(findings: Findings, after: Tables) -> tuple[Findings, str]:
    """All findings, worst first, and the signed steps that have changed: as the run leaves them, not as it began."""
    signed = sign_off_findings(after)
    return (without_sign_off(findings) + signed).worst_first(), changed_words(signed, after)
