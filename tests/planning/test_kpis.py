"""Key figures, value added and plan attainment against figures worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from companies import company

from sop_addin.model.calendar import MONTH
from sop_addin.model.versions import FAMILY_MEASURES, RESOURCE_MEASURES, Version
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.kpis import HIGHER, LOWER, NEAR, ZERO, days_of_cover, key_figures, stability, status
from sop_addin.planning.lag_accuracy import attainment, lag_accuracy, over, published_production, recent
from sop_addin.planning.past_performance import kpi_trend
from sop_addin.planning.value_added import actual_sales, published_points, value_added

NAN = float("nan")


def published(start: str, rows: list[tuple[str, str, str, dict[str, float], str]], name: str = "") -> Version:
    """A version from (family, owner, period, measures, reason)."""
    families = pd.DataFrame(
        [
            {"Family": family, "Owner": owner, "Period": pd.Timestamp(period), "Override reason": reason, **figures}
            for family, owner, period, figures, reason in rows
        ]
    )
    for measure in FAMILY_MEASURES:
        families[measure] = families[measure].astype(float) if measure in families else NAN
    sources = families[["Family", "Period"]].assign(Source="Plant", Planned=families["Production"])
    resources = pd.DataFrame(columns=["Resource", "Period", *RESOURCE_MEASURES])
    return Version(name or start[:7], f"{start} 10:00", "me", pd.Timestamp(start), MONTH, families,
                   sources[["Family", "Source", "Period", "Planned"]], resources, {})  # fmt: skip


def demand(statistical: float, override: float = NAN, events: float = 0.0, production: float = NAN) -> dict[str, float]:
    consensus = statistical + events if math.isnan(override) else override
    return {"Statistical forecast": statistical, "Events": events, "New and phase-out": 0.0, "Override": override,
            "Consensus demand": consensus, "Production": production}  # fmt: skip


STOCK = {
    "Family": ["Pumps", "Pumps", "Valves", "Valves", "Pumps", "Valves"],
    "Period": ["2026-11", "2026-12", "2026-11", "2026-12", "2025-12", "2025-12"],
    "Sales": [100, 200, 50, 50, 150, 40],
    "Production": [110, 150, 40, 70, None, None],
    "Stock": [60, 10, 20, 40, None, None],
}


@pytest.fixture(scope="module")
def tables():
    """Two plans published: for November (two months) and for December."""
    november = published("2026-11-01", [
        ("Pumps", "Ann", "2026-11-01", demand(120, 110, production=120), "Listing"),
        ("Pumps", "Ann", "2026-12-01", demand(180, production=200), ""),
        ("Valves", "Bob", "2026-11-01", demand(40, events=5, production=50), ""),
        ("Valves", "Bob", "2026-12-01", demand(60, 80, production=60), "Hunch"),
    ])  # fmt: skip
    december = published("2026-12-01", [
        ("Pumps", "Ann", "2026-12-01", demand(190, production=100), ""),
        ("Valves", "Bob", "2026-12-01", demand(60, 45, production=80), "Hunch"),
        ("Pumps", "Ann", "2027-01-01", demand(100, production=100), ""),
        ("Valves", "Bob", "2027-01-01", demand(60, production=60), ""),
    ])  # fmt: skip
    return replace(company(tblStock=STOCK), versions=(november, december))


def test_actual_sales_are_those_of_the_stock_table_else_of_the_history():
    sold = actual_sales(company(tblStock=STOCK)).set_index(["Family", "Period"])["Actual"]
    assert sold[("Pumps", pd.Timestamp("2026-12-01"))] == 200
    assert sold[("Pumps", pd.Timestamp("2026-10-01"))] == 133 + 60 / 2


def test_points_are_the_published_months_that_are_over(tables):
    points = published_points(tables)
    assert len(points) == 6
    assert points["Lag"].tolist() == [1, 2, 1, 2, 1, 1]
    assert points["Consensus"].tolist() == [110, 180, 45, 80, 190, 45]
    december = points[(points["Version"] == "2026-12") & (points["Family"] == "Pumps")].iloc[0]
    assert (december["Last year"], december["Actual"]) == (150, 200)


def test_of_plans_published_twice_for_a_start_the_last_one_counts(tables):
    again = published("2026-12-01", [("Pumps", "Ann", "2026-12-01", demand(200), "")], name="2026-12 (2)")
    points = published_points(replace(tables, versions=(*tables.versions, again)))
    assert points[points["Version"] == "2026-12"].empty
    assert points[points["Version"] == "2026-12 (2)"]["Consensus"].tolist() == [200]


def test_value_added_by_step_owner_and_reason(tables):
    """Actual 100, 200, 50, 50 for November's plan, 200 and 50 for December's; 650 in all."""
    rows = value_added(published_points(tables)).set_index(["View", "Name"])
    step = rows.loc[("Step", "3 Overrides (consensus)")]
    before = (20 + 20 + 5 + 10 + 10 + 10) / 650
    after = (10 + 20 + 5 + 30 + 10 + 5) / 650
    assert (step["WMAPE before"], step["WMAPE after"]) == pytest.approx((before, after))
    assert step["Value added"] == pytest.approx(before - after)
    assert step["Value added"] < 0  # the overrides made it worse
    events = rows.loc[("Step", "2 Events, new and phase-out added")]
    assert events["Value added"] == pytest.approx(5 / 650)  # 45 instead of 40 for 50
    assert rows.loc[("Owner", "Ann"), "Value added"] == pytest.approx(0.10)  # 110 instead of 120 for 100
    assert rows.loc[("Owner", "Bob"), "Value added"] == pytest.approx((10 + 10) / 100 - (30 + 5) / 100)
    assert rows.loc[("Reason", "Listing"), "Value added"] == pytest.approx(0.10)
    assert rows.loc[("Reason", "Hunch"), "Bias after"] == pytest.approx((30 - 5) / 100)
    assert rows.loc[("Lag", "Lag 2"), "Points"] == 2


def test_without_published_plans_nothing_is_said():
    assert value_added(published_points(company(tblStock=STOCK))).empty
    kpis = run_cycle(company()).kpis.set_index("KPI")
    assert kpis["Value"][["Forecast error (WMAPE)", "Plan attainment", "Plan stability"]].isna().all()
    assert (kpis["Definition"] != "").all()


def test_attainment_does_not_let_too_much_of_one_family_make_up_for_another(tables):
    """November: pumps 110 of 120, valves 40 of 50. December: pumps 100 of 100 (150 made), valves 70 of 80."""
    made = recent(over(published_production(tables)), 1)
    assert attainment(made[made["Period"] == pd.Timestamp("2026-11-01")]) == pytest.approx(150 / 170)
    assert attainment(made[made["Period"] == pd.Timestamp("2026-12-01")]) == pytest.approx(170 / 180)
    assert attainment(made) == pytest.approx(320 / 350)


def test_demand_key_figures_are_of_the_first_month_of_each_plan(tables):
    kpis = run_cycle(tables).kpis.set_index("KPI")
    actual, errors = 100 + 50 + 200 + 50, [10, -5, -10, -5]
    assert kpis.loc["Forecast error (WMAPE)", "Value"] == pytest.approx(30 / actual)
    assert kpis.loc["Forecast bias", "Value"] == pytest.approx(sum(errors) / actual)
    assert kpis.loc["Forecast error (MAPE)", "Value"] == pytest.approx((0.1 + 0.1 + 0.05 + 0.1) / 4)
    # pumps: +10 and -10 cancel; valves: -5 and -5 give -10 / 5
    assert kpis.loc["Tracking signal", "Value"] == pytest.approx(-2.0)
    assert "(Valves)" in kpis.loc["Tracking signal", "Definition"]
    assert kpis.loc["Value added by people", "Value"] == pytest.approx((20 + 10 + 10 + 10) / actual - 30 / actual)
    assert kpis.loc["Plan attainment", "Value"] == pytest.approx(320 / 350)


def test_accuracy_by_lag(tables):
    """Lag 2 is what November's plan said of December: pumps 180 and valves 80, where 200 and 50 came."""
    rows = lag_accuracy(published_points(tables), published_production(tables)).set_index(["Family", "Lag"])
    assert list(rows.index) == [(family, lag) for family in ("All families", "Pumps", "Valves") for lag in (1, 2)]
    near, far = rows.loc[("All families", 1)], rows.loc[("All families", 2)]
    assert (near["Points"], near["WMAPE"]) == pytest.approx((4, 30 / 400))
    assert (far["Points"], far["Actual"], far["WMAPE"]) == pytest.approx((2, 250, (20 + 30) / 250))
    assert far["MAPE"] == pytest.approx((20 / 200 + 30 / 50) / 2)
    assert far["Bias"] == pytest.approx((-20 + 30) / 250)
    assert far["Target"] == pytest.approx((50 + 10) / 250)  # last year: 150 and 40
    assert far["Statistical WMAPE"] == pytest.approx((20 + 10) / 250)  # 180 and 60
    assert (far["Added by events"], far["Added by overrides"]) == pytest.approx((0, (20 + 10) / 250 - 50 / 250))
    assert rows.loc[("Valves", 1), "Tracking signal"] == pytest.approx(-10 / 5)
    assert near["Tracking signal"] == pytest.approx(-10 / 5)  # the family where it is largest
    # December: 150 of 200 and 60 of 60 (70 made) a month ahead, 100 of 100 and 70 of 80 in the end
    assert far["Plan attainment"] == pytest.approx((150 + 60) / 260)
    assert rows.loc[("Valves", 1), "Plan attainment"] == pytest.approx((40 + 70) / (50 + 80))
    # December was published as 200 and 60 first, then as 100 and 80
    assert near["Plan stability"] == pytest.approx(1 - (100 + 20) / 260)
    assert math.isnan(far["Plan stability"])


def test_mase_is_measured_by_how_sales_moved_from_year_to_year_before_the_plan():
    """Sales rise by 5 a year in even months and fall by 15 in odd ones: 10 on average. The plan is 4 too high."""
    months = pd.date_range("2024-01-01", "2026-12-01", freq="MS")
    sales = [100 + (5 if month.month % 2 == 0 else -15) * (month.year - 2024) for month in months]
    stock = {"Family": ["Pumps"] * 36, "Period": [f"{month:%Y-%m}" for month in months], "Sales": sales}
    last = published("2026-12-01", [("Pumps", "Ann", "2026-12-01", demand(sales[-1] + 4), "")])
    # the items' history reaches further back than tblStock: only pumps count, and only where both years are known
    history = {"Item": ["P1"], "Region": [None], "2025-06": [None]}
    tables = replace(company(tblStock=stock, tblHistory=history), versions=(last,))
    rows = lag_accuracy(published_points(tables), published_production(tables))
    before = np.array(sales[:-1])
    scale = np.abs(before[12:] - before[:-12]).mean()
    assert scale == pytest.approx((12 * 15 + 11 * 5) / 23)
    assert rows["MASE"].iloc[0] == pytest.approx(4 / scale)


def test_stability_is_the_share_of_the_last_published_plan_that_is_kept(tables):
    plan = run_cycle(tables)
    now = plan.balance.sources.groupby(["Family", "Period"])["Planned"].sum()
    change = sum(abs(now[(family, pd.Timestamp("2027-01-01"))] - before) for family, before in
                 (("Pumps", 100.0), ("Valves", 60.0)))  # fmt: skip
    assert stability(tables, plan.balance) == pytest.approx(1 - change / 160)


def test_days_of_cover_look_three_periods_ahead(tables):
    plan = run_cycle(company())
    families = plan.balance.families.copy()
    periods = sorted(families["Period"].unique())
    families["Closing stock"] = np.where(families["Family"] == "Pumps", 100.0, 0.0)
    families["Demand"] = families["Period"].map({period: 10.0 * at for at, period in enumerate(periods, 1)})
    families.loc[families["Family"] == "Valves", "Demand"] = 0.0
    cover = days_of_cover(company(), replace(plan.balance, families=families))
    month = 365.25 / 12
    assert cover.iloc[0] == pytest.approx(100 / 30 * month)  # 20, 30, 40
    assert cover.iloc[-2] == pytest.approx(100 / 60 * month)
    assert cover.iloc[-1] == pytest.approx(100 / 60 * month)  # its own demand: nothing follows


def test_service_figures():
    """Pumps only: demand 100 in each of six months, 40 late after the first, 10 lost in the second."""
    plan = run_cycle(company())
    families = plan.balance.families.copy()
    pumps, month = families["Family"] == "Pumps", families["Period"].rank(method="dense")
    families["Demand"] = np.where(pumps, 100.0, 0.0)
    families["Backorders"] = np.where(pumps & (month == 1), 40.0, 0.0)
    families["Lost sales"] = np.where(pumps & (month == 2), 10.0, 0.0)
    families["Sales"] = families["Demand"] - families["Lost sales"]
    families["Opening backorders"] = 0.0
    balance = replace(plan.balance, families=families)
    nothing = published_points(company()), published_production(company())
    kpis = key_figures(company(), balance, plan.finance, *nothing).set_index("KPI")["Value"]
    assert kpis["Fill rate"] == pytest.approx(590 / 600)
    assert kpis["Periods without shortage"] == pytest.approx(4 / 6)
    assert (kpis["Lost sales"], kpis["Late units"]) == (10, 40)
    trend = kpi_trend(company(), balance, plan.finance, *nothing, pd.Series(dtype=float),
                      pd.DataFrame({"Period": [], "Utilisation": []}))  # fmt: skip
    assert trend["Service level"].tolist() == pytest.approx([0.6, 0.9, 1, 1, 1, 1])


def test_stock_and_capacity_figures():
    """Six months: unit costs of 200 a month against stock worth 400; a press, a crew and a full warehouse."""
    plan = run_cycle(company())
    pumps = plan.finance["Family"] == "Pumps"
    finance = plan.finance.assign(**{"Unit costs": 100.0, "Stock value": np.where(pumps, 300.0, 100.0)})
    months = pd.to_datetime(["2027-01-01", "2027-02-01"] * 2 + ["2027-01-01"])
    resources = pd.DataFrame({
        "Resource": ["Press", "Press", "Crew", "Crew", "Store"], "Period": months,
        "Kind": ["Machine", "Machine", "Labour", "Labour", "Storage"], "Load": [90.0, 60.0, 50.0, 50.0, 99.0],
        "Regular capacity": [100.0, 100.0, 200.0, 200.0, 100.0], "Overtime": [4.0, 1.0, 0.0, 0.0, 0.0],
    })  # fmt: skip
    nothing = published_points(company()), published_production(company())
    balance = replace(plan.balance, resources=resources)
    kpis = key_figures(company(), balance, finance, *nothing).set_index("KPI")
    assert kpis.loc["Inventory turns", "Value"] == pytest.approx(200 * 12 / 400)
    assert kpis.loc["Stock value", "Value"] == pytest.approx(400)
    assert kpis.loc["Utilisation", "Value"] == pytest.approx((0.9 + 0.6 + 0.25 + 0.25) / 4)
    assert kpis.loc["Highest utilisation", "Value"] == pytest.approx(0.99)
    assert "(Store)" in kpis.loc["Highest utilisation", "Definition"]
    assert kpis.loc["Overtime share", "Value"] == pytest.approx(5 / 250)


@pytest.mark.parametrize(
    ("value", "target", "better", "expected"),
    [
        (0.96, 0.95, HIGHER, "On target"), (0.94, 0.95, HIGHER, "Off target"), (0.1, 0.2, LOWER, "On target"),
        (-0.06, 0.05, ZERO, "Off target"), (-0.05, 0.05, ZERO, "On target"), (26, 30, NEAR, "On target"),
        (37, 30, NEAR, "Off target"), (NAN, 1.0, HIGHER, ""), (1.0, NAN, LOWER, ""),
    ],
)  # fmt: skip
def test_status(value, target, better, expected):
    assert status(value, target, better) == expected


def test_trend_shows_the_past_and_then_the_plan(tables):
    trend = run_cycle(tables).kpi_trend.set_index("Period")
    assert trend["Kind"].tolist() == ["Actual"] * 2 + ["Plan"] * 6
    november = trend.loc[pd.Timestamp("2026-11-01")]
    assert november["Plan attainment"] == pytest.approx(150 / 170)
    assert november["Forecast error"] == pytest.approx(15 / 150)
    assert november["Stock value"] == pytest.approx(60 * 40 + 20 * 20)
    assert trend["Service level"].iloc[2:].notna().all()
    december = trend.loc[pd.Timestamp("2026-12-01")]
    assert (december["Forecast error"], december["Error at lag 2"]) == pytest.approx((15 / 250, 50 / 250))
    assert december["Value added"] == pytest.approx((10 + 10) / 250 - 15 / 250)
    assert december["Plan stability"] == pytest.approx(1 - (100 + 20) / 260)
    assert math.isnan(november["Plan stability"])


def test_previous_is_the_figure_of_the_plan_published_last(tables):
    last = replace(tables.versions[-1], figures={"Service level": 0.5})
    kpis = run_cycle(replace(tables, versions=(tables.versions[0], last))).kpis.set_index("KPI")["Previous"]
    assert kpis["Service level"] == 0.5
    assert math.isnan(kpis["Fill rate"])
