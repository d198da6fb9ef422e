"""Publishing freezes the plan of the last run; rolling forward loses nothing."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from companies import company
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.errors import InputError
from sop_addin.model.packed_text import CHARACTERS, packed, unpacked
from sop_addin.model.versions import read_versions, version_rows
from sop_addin.planning.bridge import EFFECTS
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.publish import publish, replaced_note, with_approved_money, with_version

OVERRIDE = {"Family": ["Pumps"], "Period": ["2027-03"], "Value": [150]}


@pytest.fixture(scope="module")
def plan():
    tables = company(demand=OVERRIDE)
    reasons = tables.sales_plan.copy()
    reasons["Override reason"] = "Listing at Kvadrat"
    return run_cycle(replace(tables, sales_plan=reasons))


@pytest.fixture(scope="module")
def version(plan):
    return publish(plan.tables, plan.plan_table, plan.kpis, by="Ann", at="2027-01-05 10:00:00")


def test_a_version_keeps_demand_production_stock_load_and_key_figures(plan, version):
    march = version.families.set_index(["Family", "Period"]).loc[("Pumps", pd.Timestamp("2027-03-01"))]
    assert march["Override"] == march["Consensus demand"] == 150
    assert march["Override reason"] == "Listing at Kvadrat"
    closing = plan.balance.families.set_index(["Family", "Period"])["Closing stock"]
    kept = version.families.set_index(["Family", "Period"])["Closing stock"]
    assert kept.tolist() == pytest.approx(closing.reindex(kept.index).tolist(), abs=1e-6)
    assert version.sources["Planned"].sum() == pytest.approx(plan.balance.sources["Planned"].sum(), rel=1e-6)
    assert set(version.resources["Resource"]) == {"Press", "Crew"}
    assert version.figures["Margin"] == pytest.approx(plan.balance.margin)


def test_a_version_comes_back_from_its_cells_unchanged(version):
    (back,), problems = read_versions(version_rows([version]))
    assert not len(problems)
    assert back.text == version.text
    assert back.digest == version.digest
    assert (back.name, back.published_by, back.periods) == ("2027-01", "Ann", version.periods)
    assert back.families["Override"].isna().sum() == 11


def test_what_was_tampered_with_is_left_out_and_named(version):
    rows = version_rows([version])
    other = replace(version, figures={"Margin": 1e9})
    forged = rows.assign(Content=version_rows([other])["Content"])
    found, problems = read_versions(forged)
    assert found == ()
    (problem,) = problems
    assert problem.severity == "Warning"
    assert "'2027-01' is left out: its content is not what was published" in problem.message
    broken, problems = read_versions(rows.assign(Content="zAAAA"))
    assert broken == ()
    assert "damaged" in next(iter(problems)).message


def test_an_empty_table_has_no_versions():
    assert read_versions(pd.DataFrame(columns=version_rows([]).columns)) == ((), read_versions(pd.DataFrame())[1])


def test_what_is_published_becomes_the_approved_plan_and_frozen_periods_keep_it(plan, version):
    tables = with_version(plan.tables, version)
    frozen = replace(tables, settings=replace(tables.settings, frozen_periods=2))
    changed = frozen.sales_plan.copy()
    changed.loc[changed["Period"] <= pd.Timestamp("2027-02-01"), "Override"] = 90.0
    again = run_cycle(replace(frozen, sales_plan=changed), ("balance",))
    before = version.production.set_index(["Family", "Period"])["Planned"]
    now = again.balance.sources.groupby(["Family", "Period"])["Planned"].sum()
    for family in ("Pumps", "Valves"):
        for period in ("2027-01-01", "2027-02-01"):
            key = (family, pd.Timestamp(period))
            assert now[key] == pytest.approx(before[key], abs=1e-5)


def test_a_plan_of_another_demand_is_not_published(plan):
    changed = plan.tables.sales_plan.copy()
    changed.loc[(changed["Family"] == "Pumps") & (changed["Period"] == pd.Timestamp("2027-03-01")), "Override"] = 170.0
    with pytest.raises(InputError) as caught:
        publish(plan.tables.with_sales_plan(changed), plan.plan_table, plan.kpis, by="Ann", at="now")
    assert str(caught.value) == (
        "Publish: Override of Pumps, 2027-03 was changed after the last run (from 150 to 170), so the plan is not of "
        "this demand; run all steps, then publish."
    )


def test_without_a_plan_nothing_is_published(plan):
    with pytest.raises(InputError, match="holds no plan yet"):
        publish(company(), plan.plan_table.iloc[:0], plan.kpis, by="Ann", at="now")
    later = replace(plan.tables, settings=replace(plan.tables.settings, horizon=3))
    with pytest.raises(InputError, match="covers 2027-01 to 2027-06, not the periods of the settings"):
        publish(later, plan.plan_table, plan.kpis, by="Ann", at="now")


def test_published_again_in_the_same_cycle_it_gets_a_number(plan, version):
    tables = with_version(plan.tables, version)
    again = publish(tables, plan.plan_table, plan.kpis, by="Bob", at="later")
    assert again.name == "2027-01 (2)"
    assert again.digest == version.digest  # the same plan


@settings(max_examples=30)
@given(st.text(st.characters(codec="utf-8"), max_size=20_000))
def test_packed_text_comes_back_and_fits_into_cells(text):
    cells = packed(text)
    assert unpacked(cells) == text
    assert all(len(cell) <= CHARACTERS + 1 for cell in cells)


# --- the approved plan in money ---------------------------------------------------------------------------------------

RATES = {"Currency": ["GBP", "GBP"], "Period": [None, "2027-02"], "Rate": [1.1, 1.2], "Approved rate": [None, 1.0]}


def test_what_is_published_is_what_the_next_plan_is_bridged_from(plan):
    published = with_approved_money(plan.tables, plan.plan_table)
    bridge = run_cycle(published).bridge.query("Reference == 'Approved plan'")
    assert len(bridge) == 2 * 6
    assert bridge["Margin before"].sum() == pytest.approx(plan.balance.margin, abs=0.01)
    assert bridge["Margin after"].sum() == pytest.approx(plan.balance.margin, rel=1e-9)
    assert bridge[list(EFFECTS)].abs().to_numpy().max() < 0.01


def test_the_rates_of_the_day_become_the_approved_rates(plan):
    tables = replace(plan.tables, rates=company(tblRates=RATES).rates)
    published = with_approved_money(tables, plan.plan_table)
    assert published.rates["Approved rate"].tolist() == [1.1, 1.2]
    assert replaced_note(tables, published) == (
        "Replaced of the plan approved before: 0 figures in tblApproved, 1 rates in tblRates."
    )


def test_rows_of_other_periods_stay_and_what_is_replaced_is_counted(plan):
    typed = {"Family": ["Pumps", "Pumps", "Pipes"], "Period": ["2026-12", "2027-01", "2027-01"],
             "Revenue": [1.0, 2.0, 3.0], "Volume": [None, None, 4.0]}  # fmt: skip
    tables = replace(plan.tables, approved=company(tblApproved=typed).approved)
    published = with_approved_money(tables, plan.plan_table)
    revenue = published.approved.set_index(["Family", "Period"])["Revenue"]
    assert revenue[("Pumps", pd.Timestamp("2026-12-01"))] == 1.0
    assert revenue[("Pipes", pd.Timestamp("2027-01-01"))] == 3.0
    solved = plan.finance.set_index(["Family", "Period"])["Revenue"]
    assert revenue[("Pumps", pd.Timestamp("2027-01-01"))] == pytest.approx(
        solved[("Pumps", pd.Timestamp("2027-01-01"))], abs=0.005
    )
    assert replaced_note(tables, published).startswith("Replaced of the plan approved before: 1 figures in tblApproved")
    assert replaced_note(published, published) == ""
