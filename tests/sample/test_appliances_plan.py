"""The optimal plan of the sample tells the story of the guide: stock ahead of the peak, overtime, then Kessler."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sop_addin.model.plan import BalancePlan
from sop_addin.model.reading import typed_tables
from sop_addin.model.schema import TABLES
from sop_addin.model.tables import Place, RawTable, Tables
from sop_addin.planning.balance import solve_balance
from sop_addin.planning.scenarios import apply_scenario
from sop_addin.sample import sample_tables
from sop_addin.sample.demand import expected_family
from sop_addin.sample.shared import DISHWASHERS, FAMILY_NAMES, FRIDGES, OVENS, SMALL, WASHERS, month, planned
from sop_addin.sample.supply import (
    BRNO_PEOPLE,
    COMPRESSORS,
    DISPATCH,
    EXPRESS,
    KESSLER,
    PORTO_ENAMEL,
    PORTO_PEOPLE,
    WAREHOUSE,
)

MONTHS = pd.DatetimeIndex([month(position) for position in planned()])


@pytest.fixture(scope="module")
def tables() -> Tables:
    """The sample with the demand that its generator expects, events included; overrides left out."""
    raw = {name: RawTable(frame, Place(name)) for name, frame in sample_tables().items() if name in TABLES}
    typed = typed_tables(raw)
    rows = [
        {
            "Family": family,
            "Period": month(position),
            "Statistical forecast": expected_family(family, position, events=True),
        }
        for family in FAMILY_NAMES
        for position in planned()
    ]
    plan = pd.DataFrame(rows).reindex(columns=typed.sales_plan.columns)
    plan["Override reason"] = ""
    return replace(typed, sales_plan=plan.astype({"Override": float, "Events": float, "New and phase-out": float}))


@pytest.fixture(scope="module")
def plan(tables: Tables) -> BalancePlan:
    return solve_balance(tables)


def family(plan: BalancePlan, name: str, measure: str) -> pd.Series:
    rows = plan.families[plan.families["Family"] == name]
    return rows.set_index("Period")[measure]


def source(plan: BalancePlan, name: str, supplier: str) -> pd.Series:
    rows = plan.sources[(plan.sources["Family"] == name) & (plan.sources["Source"] == supplier)]
    return rows.set_index("Period")["Planned"]


def resource(plan: BalancePlan, name: str, measure: str) -> pd.Series:
    rows = plan.resources[plan.resources["Resource"] == name]
    return rows.set_index("Period")[measure]


def test_no_limit_is_broken_and_nothing_is_negative(plan: BalancePlan) -> None:
    assert plan.status == "Optimal"
    for measure in ("Production", "Sales", "Closing stock", "Backorders", "Lost sales"):
        assert (plan.families[measure] >= -1e-6).all(), measure
    assert (plan.sources["Planned"] >= -1e-6).all()


def test_refrigerators_are_built_ahead_of_summer(plan: BalancePlan) -> None:
    made, sold = family(plan, FRIDGES, "Production"), family(plan, FRIDGES, "Sales")
    assert made["2027-03":"2027-05"].sum() > sold["2027-03":"2027-05"].sum() + 1000
    assert made["2027-06":"2027-08"].sum() < sold["2027-06":"2027-08"].sum() - 1000
    assert resource(plan, COMPRESSORS, "Marginal value")["2027-06":"2027-07"].gt(1).any()


def test_washing_machines_are_built_ahead_of_shutdown_and_autumn(plan: BalancePlan) -> None:
    above = family(plan, WASHERS, "Closing stock") - family(plan, WASHERS, "Target stock")
    assert above["2027-06-01"] > 1500


def test_small_appliances_are_ordered_months_before_christmas(plan: BalancePlan) -> None:
    stock, target = family(plan, SMALL, "Closing stock"), family(plan, SMALL, "Target stock")
    assert (stock - target)["2027-08-01"] > 1500
    assert source(plan, SMALL, EXPRESS)["2027-10":"2027-11"].min() > 1000


def test_brno_works_overtime_in_autumn_before_it_buys_washers(plan: BalancePlan) -> None:
    overtime = resource(plan, BRNO_PEOPLE, "Overtime")
    assert overtime["2027-08":"2027-11"].sum() > 1000
    assert overtime["2027-01":"2027-05"].sum() == pytest.approx(0, abs=1e-6)
    assert source(plan, WASHERS, KESSLER).sum() == pytest.approx(0, abs=1e-6)


def test_dishwashers_and_ovens_are_bought_in_the_peak_only(plan: BalancePlan) -> None:
    for name in (DISHWASHERS, OVENS):
        bought = source(plan, name, KESSLER)
        assert bought["2027-07":"2027-11"].sum() > 500, name
        assert bought["2027-01":"2027-05"].sum() == pytest.approx(0, abs=1e-6), name


def test_the_enamel_furnace_works_overtime_before_christmas(plan: BalancePlan) -> None:
    assert resource(plan, PORTO_ENAMEL, "Overtime")["2027-09":"2027-12"].sum() > 10


@pytest.mark.parametrize("name", [WAREHOUSE, COMPRESSORS, DISPATCH, BRNO_PEOPLE, PORTO_PEOPLE, PORTO_ENAMEL])
def test_every_kind_of_limit_binds_somewhere(plan: BalancePlan, name: str) -> None:
    assert resource(plan, name, "Marginal value").gt(1).any()


def test_porto_hires_a_few_people_for_the_summer(plan: BalancePlan) -> None:
    assert 2 < resource(plan, PORTO_PEOPLE, "Hires").sum() < 25
    assert plan.resources["Hires"].fillna(0).sum() < 30
    assert plan.resources["Layoffs"].fillna(0).sum() < 30


def test_service_is_high_and_only_refrigerators_wait_in_late_autumn(plan: BalancePlan) -> None:
    assert 0.98 < plan.service_level < 1
    late = plan.families[plan.families["Backorders"] > 1]
    assert set(late["Family"]) == {FRIDGES}
    assert late["Period"].between("2027-09-01", "2027-12-01").all()


def test_plan_and_budget_are_close_in_revenue_and_margin(plan: BalancePlan, tables: Tables) -> None:
    ahead = tables.budget[tables.budget["Period"] >= MONTHS[0]]
    assert plan.revenue / ahead["Revenue"].sum() == pytest.approx(1, abs=0.05)
    assert plan.margin / ahead["Margin"].sum() == pytest.approx(1, abs=0.08)
    assert not np.isclose(plan.margin, ahead["Margin"].sum(), rtol=0.001)


@pytest.mark.parametrize("scenario", ["Strong summer", "Supplier strike", "Weak pound", "No overtime"])
def test_every_scenario_changes_the_margin_noticeably(plan: BalancePlan, tables: Tables, scenario: str) -> None:
    other = solve_balance(apply_scenario(tables, scenario))
    change = other.margin - plan.margin
    assert abs(change) > 20_000
    assert (change > 0) == (scenario == "Strong summer")
