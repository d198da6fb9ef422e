"""Rolling forward: the first planned period is over, and nothing typed or agreed is lost."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from companies import company

from sop_addin.model.errors import InputError
from sop_addin.model.tables import Tables
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.publish import publish, with_version
from sop_addin.planning.roll import roll_forward, rolled_words

JANUARY, FEBRUARY = pd.Timestamp("2027-01-01"), pd.Timestamp("2027-02-01")
SOLD = {"Family": ["Pumps", "Valves"], "Period": ["2027-01", "2027-01"], "Sales": [200, 90], "Stock": [77, 20]}


def published(**tables: dict[str, list[object]]) -> Tables:
    """Planned and published for January."""
    plan = run_cycle(company(**tables))
    version = publish(plan.tables, plan.plan_table, plan.kpis, by="Ann", at="2027-01-05 10:00:00")
    return with_version(plan.tables, version)


@pytest.fixture(scope="module")
def january() -> Tables:
    return published(tblStock=SOLD)


def test_the_plan_starts_one_period_later(january):
    rolled = roll_forward(january)
    assert (rolled.period, rolled.plan_start) == (JANUARY, FEBRUARY)
    assert rolled.cells["tblSettings"] == {("Plan start", "Value"): FEBRUARY}
    assert rolled_words(rolled, "Month") == "Rolled forward: the plan now starts in 2027-02. Press Run all steps next."


def test_sales_of_a_family_become_history_of_its_items_and_add_up(january):
    history = roll_forward(january).history
    assert set(history["Period"]) == {JANUARY}
    by_item = history.set_index("Item")["Quantity"]
    assert by_item["P1"] + by_item["P2"] / 2 == pytest.approx(200)  # P2: two of them are one pump
    assert by_item["V1"] == pytest.approx(90)
    forecast = january.forecast[january.forecast["Period"] == JANUARY].set_index("Item")["Forecast"]
    assert by_item["P1"] / by_item["P2"] == pytest.approx(forecast["P1"] / forecast["P2"], rel=1e-6)


def test_an_imported_history_is_taken_as_it_is(january):
    imported = january.history.copy()
    imported[JANUARY] = [1.0, 2.0, 3.0]
    rolled = roll_forward(replace(january, history=imported, stock=january.stock.iloc[:0]))
    assert rolled.history.empty
    assert not rolled.findings.errors


def test_opening_stock_is_what_was_counted_shared_as_the_items_held_it(january):
    cells = roll_forward(january).cells["tblItems"]
    # 50 of P1 and 40 of P2 (20 pumps) were 70 pumps; now 77 were counted
    assert cells[("P1", "Opening stock")] == pytest.approx(55)
    assert cells[("P2", "Opening stock")] == pytest.approx(44)
    assert cells[("V1", "Opening stock")] == pytest.approx(20)


def test_a_count_that_is_missing_is_a_warning_and_the_plan_stands_in(january):
    counted = january.stock.assign(Stock=[77.0, float("nan")])
    rolled = roll_forward(replace(january, stock=counted))
    (warning,) = rolled.findings.warnings
    assert "Stock at the end of 2027-01 is not there for Valves" in warning.message
    first = january.versions[-1].families.set_index(["Family", "Period"])
    planned = first.loc[("Valves", JANUARY), "Closing stock"]
    assert rolled.cells["tblItems"][("V1", "Opening stock")] == pytest.approx(planned, abs=1e-4)


def test_missing_sales_are_named_and_nothing_is_changed(january):
    rolled = roll_forward(replace(january, stock=january.stock.iloc[:1]))
    (error,) = rolled.findings.errors
    assert "Sales of 2027-01 are missing for Valves; enter them in tblStock, sheet History, or import" in error.message
    assert rolled.cells == {}
    assert rolled_words(rolled, "Month").startswith("Nothing was rolled: Sales of 2027-01 are missing")


def test_a_plan_that_was_not_published_is_not_rolled_over():
    with pytest.raises(InputError, match="the plan that starts in 2027-01 is not published, so it would be lost"):
        roll_forward(company(tblStock=SOLD))


def test_orders_with_a_lead_time_are_on_their_way():
    sources = {
        "Family": ["Pumps", "Valves"], "Source": ["Supplier", "Plant"], "Kind": ["Buy", "Make"], "Unit cost": [60, 20],
        "Lead periods": [2, 0],
    }  # fmt: skip
    receipts = {"Family": ["Pumps"], "Source": ["Supplier"], "Period": ["2027-03"], "Quantity": [5]}
    tables = published(tblStock=SOLD, tblSources=sources, tblReceipts=receipts)
    ordered = tables.versions[-1].sources.set_index(["Family", "Source", "Period"])["Planned"]
    cells = roll_forward(tables).cells["tblReceipts"]
    march = pd.Timestamp("2027-03-01")
    in_january = float(ordered[("Pumps", "Supplier", JANUARY)])
    assert in_january > 0
    assert cells == {("Pumps", "Supplier", march, "Quantity"): pytest.approx(5 + in_january, abs=1e-5)}


def test_crews_open_with_the_heads_of_the_plan():
    resources = {
        "Resource": ["Press", "Crew"], "Kind": ["Machine", "Labour"], "Capacity": [200, None],
        "Opening heads": [None, 9], "Hours per head": [None, 100], "Regular cost": [1, 1000],
    }  # fmt: skip
    tables = published(tblStock=SOLD, tblResources=resources)
    heads = tables.versions[-1].resources.set_index(["Resource", "Period"])["Heads"]
    cells = roll_forward(tables).cells["tblResources"]
    assert cells[("Crew", "Opening heads")] == pytest.approx(heads[("Crew", JANUARY)], abs=1e-5)
    assert heads[("Crew", JANUARY)] < 9


def test_a_plan_start_that_follows_the_history_is_rolled_by_the_month_that_was_published(january):
    imported = january.history.copy()
    imported[JANUARY] = [1.0, 2.0, 3.0]
    followed = replace(january, settings=replace(january.settings, plan_start=None), history=imported)
    assert followed.periods[0] == FEBRUARY
    assert roll_forward(followed).period == JANUARY


def test_a_frozen_first_period_holds_the_published_plan_after_rolling(january):
    rolled = roll_forward(january)
    settings = replace(january.settings, plan_start=rolled.plan_start, frozen_periods=1)
    now = run_cycle(replace(january, settings=settings)).balance.sources
    before = january.versions[-1].production.set_index(["Family", "Period"])["Planned"]
    kept = now[now["Period"] == FEBRUARY].groupby("Family")["Planned"].sum()
    for family in ("Pumps", "Valves"):
        assert kept[family] == pytest.approx(before[(family, FEBRUARY)], abs=1e-4)
