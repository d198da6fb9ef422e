"""What holds for every plan, whatever the company: found by hypothesis, on small made-up companies."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sop_addin.planning.balance import solve_balance, tie_break
from sop_addin.planning.balance.linear_model import COST_TERMS

NAMES = ("Alpha", "Beta", "Gamma")
PERIODS = 4


def money(low=0, high=20):
    return st.integers(low, high).map(float)


@st.composite
def companies(draw, whole=False):
    """Arguments of ``build_tables``."""
    names = NAMES[: draw(st.integers(1, 3))]
    periods = draw(st.integers(1, PERIODS))
    some = st.one_of(st.none(), st.integers(0, 120).map(float))
    rare = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 120).map(float))
    families = [
        {
            "Family": name, "Price": draw(money(5, 60)), "Holding cost": draw(money(0, 3)),
            "Backorder cost": draw(money(0, 6)), "Lost sale cost": draw(money(0, 80)),
            "Shortfall cost": draw(money(0, 4)), "Opening stock": draw(money(0, 80)),
            "Opening backorders": draw(st.sampled_from([0.0, 0.0, 15.0])), "Min stock": draw(money(0, 30)),
            "Max stock": draw(rare), "Target cover": draw(st.sampled_from([None, 0.5, 1.5])),
            "Closing stock min": draw(money(0, 40)), "Shelf life": draw(st.sampled_from([None, None, 2.0])),
            "Priority": draw(st.integers(1, 3).map(float)),
            "Fulfilment": draw(st.sampled_from(["Stock"] * 4 + ["Order"])),
        }
        for name in names
    ]  # fmt: skip
    sources = []
    for name in names:
        for source, kind in (("Plant", "Make"), ("Partner", "Buy")):
            if not draw(st.booleans()):
                continue
            sources.append(
                {
                    "Family": name, "Source": source, "Kind": kind, "Unit cost": draw(money(1, 30)),
                    "Max per period": draw(some), "Lead periods": draw(st.sampled_from([0.0, 0.0, 1.0])),
                    "CO2e per unit": draw(money(0, 50)),
                    "Run cost": draw(money(0, 40)) if whole else 0.0,
                    "Start-up cost": draw(st.sampled_from([0.0, 25.0])) if whole else 0.0,
                    "Min run": draw(st.sampled_from([0.0, 20.0])) if whole else 0.0,
                    "Batch size": draw(st.sampled_from([0.0, 0.0, 10.0])) if whole else 0.0,
                }
            )  # fmt: skip
    resources = [
        {"Resource": "Press", "Kind": "Machine", "Capacity": draw(some), "Regular cost": draw(money(0, 4)),
         "Overtime limit": draw(money(0, 40)), "Overtime cost": draw(money(0, 9)), "Efficiency": 0.875},
        {"Resource": "Crew", "Kind": "Labour", "Hours per head": 40.0, "Opening heads": draw(money(0, 4)),
         "Max heads": draw(st.sampled_from([None, 2.0, 5.0])), "Regular cost": draw(money(0, 300)),
         "Hire cost": draw(money(0, 200)), "Layoff cost": draw(money(0, 200)), "Overtime limit": draw(money(0, 10)),
         "Overtime cost": draw(money(0, 20))},
        {"Resource": "Warehouse", "Kind": "Storage", "Capacity": draw(rare)},
        {"Resource": "Trucks", "Kind": "Distribution", "Capacity": draw(rare)},
        {"Resource": "Steel", "Kind": "Supplier", "Capacity": draw(rare)},
    ]  # fmt: skip
    bill = []
    for name in names:
        for resource in resources:
            use = draw(st.sampled_from([0.0, 1.0, 2.0]))
            if use:
                per_run = draw(st.sampled_from([0.0, 5.0])) if whole else 0.0
                bill.append(
                    {"Family": name, "Resource": resource["Resource"], "Use per unit": use, "Use per run": per_run}
                )
    demand = {name: [float(draw(st.integers(0, 100))) for _ in range(periods)] for name in names}
    fixed = {name: [draw(rare) for _ in range(periods)] for name in names}
    approved = {name: [draw(some) for _ in range(periods)] for name in names}
    chosen = {
        "objective": draw(st.sampled_from(["Minimise cost", "Minimise cost", "Maximise margin"])),
        "strategy": draw(st.sampled_from(["Optimise", "Optimise", "Level", "Chase"])),
        "unmet_demand": draw(st.sampled_from(["Backorder", "Lost sale"])),
        "closing_backorders_allowed": draw(st.booleans()),
        "frozen_periods": draw(st.integers(0, 1)),
        "carbon_price": draw(st.sampled_from([0.0, 100.0])),
        "change_cost": draw(st.sampled_from([0.0, 1.0])),
        "replan_cost": draw(st.sampled_from([0.0, 1.0])),
        "whole_heads": whole and draw(st.booleans()),
    }
    return {
        "demand": demand, "settings": chosen, "fixed": fixed, "approved": approved, "families": families,
        "sources": sources, "resources": resources, "bill_of_resources": bill,
    }  # fmt: skip


def check_plan(tables, plan):
    """The identities of contract section 3."""
    families, resources, sources = plan.families, plan.resources, plan.sources
    left = families["Opening stock"] + families["Production"] - families["Sales"] - families["Closing stock"]
    owed = (
        families["Opening backorders"] + families["Demand"] - families["Lost sales"] - families["Sales"]
        - families["Backorders"]
    )  # fmt: skip
    assert np.abs(left).max() < 1e-6
    assert np.abs(owed).max() < 1e-6
    for column in ("Closing stock", "Backorders", "Lost sales", "Sales", "Production"):
        assert families[column].min() > -1e-9, column
    for name, rows in families.groupby("Family"):
        assert rows["Opening stock"].to_numpy()[1:] == pytest.approx(rows["Closing stock"].to_numpy()[:-1]), name
    over = resources["Load"] - resources["Regular capacity"] - resources["Overtime"]
    for (resource, period), excess in zip(
        zip(resources["Resource"], resources["Period"], strict=True), over, strict=True
    ):
        if excess > 1e-5:
            named = [f.message for f in plan.findings.warnings if f.message.startswith(f"{resource}, {period:%Y-%m}: ")]
            assert named, (resource, period, excess)
    assert plan.costs["Value"].sum() == pytest.approx(plan.total_cost, abs=0.005)
    assert set(plan.costs["Term"]) <= set(COST_TERMS)
    assert (families["Sales"] * families["Price"]).sum() == pytest.approx(plan.revenue, abs=0.005)
    assert plan.margin == pytest.approx(plan.revenue - plan.total_cost)
    assert plan.objective == pytest.approx(plan.margin if tables.settings.maximise_margin else plan.total_cost)
    assert 0 <= plan.service_level <= 1 + 1e-9
    kept = tables.production_plan.dropna(subset=["Fixed production"])
    made = sources.groupby(["Family", "Period"])["Planned"].sum()
    for name, period, figure in zip(kept["Family"], kept["Period"], kept["Fixed production"], strict=True):
        if (name, period) in made.index:
            assert made[name, period] == pytest.approx(figure, abs=1e-5)
    if not tables.settings.closing_backorders_allowed:
        last = families[families["Period"] == families["Period"].max()]
        assert last["Backorders"].max() < 1e-6


@settings(max_examples=120)
@given(arguments=companies())
def test_identities_hold(tables_of, arguments):
    tables = tables_of(**arguments)
    check_plan(tables, solve_balance(tables))


@settings(max_examples=25)
@given(arguments=companies(whole=True))
def test_identities_hold_with_runs_and_batches(tables_of, arguments):
    tables = tables_of(**arguments)
    plan = solve_balance(tables)
    check_plan(tables, plan)
    rules = tables.sources.set_index(["Family", "Source"])
    fixed = tables.production_plan.set_index(["Family", "Period"])
    for row in plan.sources.itertuples(index=False):
        free = (row.Family, row.Period) not in fixed.index or fixed.loc[(row.Family, row.Period)].isna().all()
        rule = rules.loc[(row.Family, row.Source)]
        if free and row.Planned > 1e-6:
            assert row.Planned >= rule["Min run"] - 1e-5
            if rule["Batch size"] > 0:
                assert row.Planned / rule["Batch size"] == pytest.approx(
                    round(row.Planned / rule["Batch size"]), abs=1e-5
                )


@settings(max_examples=60)
@given(arguments=companies())
def test_stock_is_not_kept_back_from_late_orders(tables_of, arguments):
    """I > 0 and B > 0 together only where a minimum, a delivery limit or a made-to-order rule forces it."""
    arguments["resources"] = [row for row in arguments["resources"] if row["Kind"] != "Distribution"]
    known = {row["Resource"] for row in arguments["resources"]}
    arguments["bill_of_resources"] = [row for row in arguments["bill_of_resources"] if row["Resource"] in known]
    for row in arguments["families"]:
        row.update({"Min stock": 0.0, "Closing stock min": 0.0, "Fulfilment": "Stock"})
    plan = solve_balance(tables_of(**arguments))
    both = np.minimum(plan.families["Closing stock"], plan.families["Backorders"])
    assert both.max() < 1e-5


LIMITS = [
    ("resources", "Capacity", 1), ("resources", "Overtime limit", 1), ("resources", "Max heads", 1),
    ("sources", "Max per period", 1), ("families", "Max stock", 1), ("families", "Shelf life", 1),
    ("families", "Min stock", -1), ("families", "Closing stock min", -1), ("sources", "Min run", -1),
    ("sources", "Batch size", -1),
]  # fmt: skip


@settings(max_examples=48)
@given(
    arguments=st.one_of(companies(), companies(whole=True)),
    limit=st.sampled_from(LIMITS),
    more=st.integers(1, 50).map(float),
)
def test_cost_never_rises_when_a_limit_is_relaxed(tables_of, arguments, limit, more):
    name, column, sign = limit
    tables = tables_of(**arguments)
    assume(tables.settings.strategy != "Chase" or column != "Min stock")  # which is the stock that is aimed at there
    before = solve_balance(tables)
    looser = getattr(tables, name).copy()
    looser[column] = 0.0 if column == "Batch size" else (looser[column] + sign * more).clip(lower=0.0)
    after = solve_balance(replace(tables, **{name: looser}))
    direction = -1 if tables.settings.maximise_margin else 1
    if before.status == "Optimal" and after.status == "Optimal":
        # a search of whole numbers may stop at a gap of 1e-6
        assert direction * after.objective <= direction * before.objective + 2e-6 * max(1, abs(before.objective))
    assert not (before.status == "Optimal" and after.status != "Optimal")


@settings(max_examples=30)
@given(arguments=companies(), seed=st.integers(0, 99))
def test_row_order_changes_nothing(tables_of, arguments, seed):
    tables = tables_of(**arguments)
    shuffled = replace(
        tables,
        **{
            name: getattr(tables, name).sample(frac=1, random_state=seed)
            for name in ("families", "sources", "resources", "bill_of_resources", "sales_plan", "production_plan")
        },
    )
    first, second = solve_balance(tables), solve_balance(shuffled)
    assert first.objective == second.objective
    keys = ["Family", "Period"]
    one, two = (plan.families.sort_values(keys).reset_index(drop=True) for plan in (first, second))
    assert one.equals(two)


@settings(max_examples=25)
@given(arguments=companies())
def test_both_solvers_give_the_same_plan(tables_of, arguments):
    tables = tables_of(**arguments)
    highs, cbc = (solve_balance(tables, solver=name) for name in ("HiGHS", "CBC"))
    assert highs.status == cbc.status
    assert highs.objective == pytest.approx(cbc.objective, rel=1e-6, abs=1e-3)
    for column in ("Closing stock", "Backorders", "Lost sales", "Sales", "Production"):
        # CBC writes 8 digits
        assert highs.families[column].to_numpy() == pytest.approx(cbc.families[column].to_numpy(), rel=1e-6, abs=1e-4)


@settings(max_examples=15)
@given(arguments=companies())
def test_marginal_values_are_what_a_re_solve_says(tables_of, arguments):
    """One more unit of capacity changes cost or margin by its marginal value, as long as the plan keeps its shape."""
    step = 0.02
    for row in arguments["resources"]:
        row["Efficiency"] = 1.0
    tables = tables_of(**arguments)
    plan = solve_balance(tables)
    sign = 1 if tables.settings.maximise_margin else -1
    limited = plan.resources[(plan.resources["Kind"] != "Labour") & plan.resources["Regular capacity"].notna()]
    for _, row in limited.iterrows():
        more = {
            "Resource": row["Resource"], "Period": tables.periods.index(row["Period"]),
            "Capacity": row["Regular capacity"] + step,
        }  # fmt: skip
        gain = sign * (solve_balance(tables_of(**arguments, capacity=[more])).objective - plan.objective) / step
        assert row["Marginal value"] == pytest.approx(gain, rel=0.02, abs=0.02), (row["Resource"], row["Period"])


def test_marginal_value_at_an_exactly_used_capacity_is_what_one_more_saves(tables_of):
    """Not what one less would cost: 300 of demand and 300 of capacity, so one unit less could not be served at all."""
    plan = solve_balance(
        tables_of(
            {"A": [50, 50, 200]}, sources=[{"Family": "A", "Source": "Plant", "Unit cost": 10.0}],
            resources=[{"Resource": "Press", "Kind": "Machine", "Capacity": 100.0}],
            bill_of_resources=[{"Family": "A", "Resource": "Press", "Use per unit": 1.0}],
        )
    )  # fmt: skip
    assert plan.resources["Marginal value"].to_list() == pytest.approx([0.0, 1.0, 2.0])


@settings(max_examples=60)
@given(arguments=companies())
def test_ties_are_broken_alike_along_edges_and_over_the_whole_face(tables_of, arguments):
    tables = tables_of(**arguments)
    along = solve_balance(tables)
    with mock.patch.object(tie_break, "FEW", -1):
        over = solve_balance(tables)
    assert along.objective == pytest.approx(over.objective, rel=1e-9, abs=1e-6)
    for frame, columns in (("families", ("Production", "Sales", "Closing stock")), ("sources", ("Planned",))):
        for column in columns:
            one, other = (getattr(plan, frame)[column].to_numpy() for plan in (along, over))
            assert one == pytest.approx(other, abs=1e-5), column
