"""Every rule with rows that break it and the exact sentence; well-formed data has no findings."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sop_addin.model import validation_demand, validation_generic, validation_supply
from sop_addin.model.reading import typed_tables
from sop_addin.model.schema import TABLES
from sop_addin.model.suggest import nearest
from sop_addin.model.tables import Place, RawTable, Tables
from sop_addin.model.validation import RULES, validate
from sop_addin.model.validation_base import Rule
from sop_addin.sample import sample_tables

SPAN = {"2025": 12, "2026": 12}
HISTORY = {f"{year}-{month + 1:02d}": 10.0 for year, months in SPAN.items() for month in range(months)}

Rows = list[dict[str, Any]]

COMPANY: dict[str, Rows] = {
    "tblSettings": [{"Setting": "Plan start", "Value": "2027-01"}, {"Setting": "Horizon", "Value": 6.0}],
    "tblFamilies": [{"Family": "Pumps"}, {"Family": "Valves"}],
    "tblItems": [
        {"Item": "P1", "Family": "Pumps", "Price": 9.0},
        {"Item": "V1", "Family": "Valves", "Price": 5.0, "Currency": "USD"},
    ],
    "tblSources": [
        {"Family": "Pumps", "Source": "Brno", "Kind": "Make"},
        {"Family": "Valves", "Source": "Brno", "Kind": "Make"},
        {"Family": "Valves", "Source": "Acme", "Kind": "Buy"},
    ],
    "tblResources": [
        {"Resource": "Press", "Kind": "Machine", "Capacity": 100.0},
        {"Resource": "Crew", "Kind": "Labour", "Hours per head": 160.0, "Opening heads": 5.0},
    ],
    "tblBillOfResources": [
        {"Family": "Pumps", "Source": "", "Resource": "Press", "Use per unit": 0.5},
        {"Family": "Valves", "Source": "Brno", "Resource": "Crew", "Use per unit": 0.2},
    ],
    "tblHistory": [{"Item": "P1", **HISTORY}, {"Item": "V1", **HISTORY}],
    "tblRates": [{"Currency": "USD", "Rate": 0.9}],
}


def company(**changes: Rows | dict[int, dict[str, Any]]) -> Tables:
    """A well-formed small company. A change is rows to append (list), or new cells of a row by its number (dict)."""
    rows = {name: [dict(row) for row in table] for name, table in COMPANY.items()}
    for key, change in changes.items():
        table = rows.setdefault(f"tbl{key}", [])
        if isinstance(change, list):
            table += change
        else:
            for number, cells in change.items():
                table[number].update(cells)
    raw = {}
    for name, table in rows.items():
        frame = pd.DataFrame(table).astype(object)
        frame = frame.where(frame.notna(), None)
        frame.index = pd.RangeIndex(6, 6 + len(frame))
        letters = {str(column): chr(ord("A") + number) for number, column in enumerate(frame.columns) if number < 26}
        raw[name] = RawTable(frame, Place(TABLES[name].sheet, letters, 5))
    return typed_tables(raw)


def event(**cells: Any) -> dict[str, Any]:
    return {"Event": "Fair", "From": "2027-02", "To": "2027-03", "Uplift %": 0.1, **cells}


def override(**cells: Any) -> dict[str, Any]:
    return {"Item": "P1", "Period": "2027-02", "Quantity": 5.0, **cells}


def setting(name: str, value: object) -> Rows:
    return [{"Setting": name, "Value": value}]


# rule, the broken company, severity and sentence
EXAMPLES: list[tuple[str, Tables, str]] = [
    ("nothing_to_plan", Tables(), "Error Families, Family: there is no family, so there is nothing to plan; list your "
     "families"),
    ("plan_start_known", typed_tables({"tblFamilies": RawTable(pd.DataFrame({"Family": ["Pumps"]}), Place(""))}),
     "Error Settings, Value: Plan start is blank and there is no history or demand to tell it from; fill it in"),
    ("history_empty", company(History={0: dict.fromkeys(HISTORY), 1: dict.fromkeys(HISTORY)}),
     "Error History, Item: the history holds no sales and the Sales Plan no figures, so there is no demand to plan; "
     "paste past sales here or type overrides into the Sales Plan [History!A5]"),
    ("history_meets_plan_start", company(Settings={0: {"Value": "2027-03"}}),
     "Warning History: the history ends in 2026-12, 2 periods too early for the plan start; add sales of 2027-01 or "
     "set Plan start to it [History!A5]"),
    ("history_meets_plan_start", company(Settings={0: {"Value": "2026-11"}}),
     "Warning History: the history ends in 2026-12, but the plan starts in 2026-11; set Plan start to the period "
     "after it [History!A5]"),
    ("history_long_enough", company(Settings=setting("Season length", 13.0)),
     "Info History: 24 periods are less than two seasons of 13, so seasons are a guess; add older sales "
     "[History!A5]"),
    ("frozen_within_horizon", company(Settings=setting("Frozen periods", 7.0)),
     "Error Settings, Value: Frozen periods is 7, but only 6 are planned; lower it [Settings!B5]"),
    ("frozen_needs_approved_plan", company(Settings=setting("Frozen periods", 1.0)),
     "Warning Settings, Value: Frozen periods is 1, but no approved plan covers them; publish a plan or set it to 0 "
     "[Settings!B5]"),
    ("value_missing", company(Resources={0: {"Kind": None}}),
     "Error Resources row 6, Kind: Kind is blank; fill it in or delete the row [Resources!B6]"),
    ("value_missing", company(Items=[{"Item": None, "Family": "Pumps"}]),
     "Error Items row 8, Item: Item is blank; fill it in or delete the row [Items!A8]"),
    ("key_unique", company(Items=[{"Item": "P1", "Family": "Valves"}]),
     "Error Items row 8, Item: 'P1' is already in row 6; keep one of the two rows [Items!A8]"),
    ("key_unique", company(Receipts=[{"Family": "Pumps", "Source": "Brno", "Period": "2027-01", "Quantity": 1.0}] * 2),
     "Error Receipts row 7, Family: 'Pumps', Source 'Brno', Period 2027-01 is already in row 6; keep one of the two "
     "rows [Sources!A7]"),
    ("names_differ_only_in_case", company(Families=[{"Family": "PUMPS"}]),
     "Error Families row 8, Family: 'PUMPS' and 'Pumps' are one name to Excel; rename one of them [Families!A8]"),
    ("name_reserved", company(Families={1: {"Family": "total"}}),
     "Error Families row 7, Family: 'total' is the name of the total row on sheet Finance; give the family another "
     "name [Families!A7]"),
    ("item_in_family", company(Items={0: {"Family": "Pump"}}),
     "Error Items row 6, Family: 'Pump' is not in Families (did you mean 'Pumps'?); add it there or correct the name "
     "[Items!B6]"),
    ("family_exists", company(Sources={0: {"Family": "Fans"}}),
     "Error Sources row 6, Family: 'Fans' is not in Families; add it there or correct the name [Sources!A6]"),
    ("family_exists", company(Budget=[{"Family": "Fans", "Period": "2027-01", "Volume": 1.0}]),
     "Warning Budget row 6, Family: 'Fans' is not in Families; its figures are not used until you add it there or "
     "correct the name [Finance!A6]"),
    ("item_exists", company(Events=[event(Item="p1")]),
     "Error Events row 6, Item: 'p1' is not in Items (did you mean 'P1'?); add it there or correct the name "
     "[Events!E6]"),
    ("item_exists", company(History=[{"Item": "Old", "2026-01": 1.0}]),
     "Warning History row 8, Item: 'Old' is not in Items; its figures are not used until you add it there or correct "
     "the name [History!A8]"),
    ("resource_exists", company(BillOfResources={0: {"Resource": "PRESS9"}}),
     "Error BillOfResources row 6, Resource: 'PRESS9' is not in Resources; add it there or correct the name "
     "[Resources!C6]"),
    ("source_exists", company(BillOfResources={1: {"Source": "Bruno"}}),
     "Error BillOfResources row 7, Source: 'Bruno' is not a source of 'Valves' in Sources (did you mean 'Brno'?); add "
     "it there or correct the name [Resources!B7]"),
    ("below_minimum", company(Items={0: {"Price": -9.0}}),
     "Error Items row 6, Price: -9 is below 0; correct the number [Items!C6]"),
    ("share_between_0_and_1", company(Events=[event(Probability=80.0)]),
     "Error Events row 6, Probability: 80 is not between 0 and 1; write fifteen per cent as 15% or 0.15 [Events!E6]"),
    ("percentage_plausible", company(Events=[event(**{"Uplift %": 15.0})]),
     "Warning Events row 6, Uplift %: 15 means 15 times as much again; for 15 per cent type 15% [Events!D6]"),
    ("unit_factor_positive", company(Items={0: {"Units per family unit": 0.0}}),
     "Error Items row 6, Units per family unit: 0 units make no family unit; type how many do (default 1) [Items!D6]"),
    ("like_item_exists", company(Items={0: {"Like item": "P7"}}),
     "Error Items row 6, Like item: 'P7' is not in Items; add it there or correct the name [Items!D6]"),
    ("like_item_is_another", company(Items={0: {"Like item": "P1"}}),
     "Error Items row 6, Like item: 'P1' is like itself; name the item whose history it follows, or clear the cell "
     "[Items!D6]"),
    ("like_item_has_history", company(Items=[{"Item": "P2", "Family": "Pumps", "Status": "New", "Like item": "P3"},
                                             {"Item": "P3", "Family": "Pumps", "Status": "Discontinued"}]),
     "Warning Items row 8, Like item: 'P3' has no history that 'P2' could follow; name an item that has [Items!F8]"),
    ("new_item_needs_like_item", company(Items=[{"Item": "P2", "Family": "Pumps", "Status": "New", "Like item": ""}]),
     "Warning Items row 8, Like item: new item 'P2' has neither history nor a like item, so it is planned as 0; name "
     "the item it will sell like [Items!F8]"),
    ("phase_out_needs_end", company(Items={0: {"Status": "Phase-out", "End": None}}),
     "Warning Items row 6, End: 'P1' is phased out but has no End, so it is planned to the end; fill in its last day "
     "[Items!E6]"),
    ("launch_before_end", company(Items={0: {"Launch": dt.datetime(2027, 5, 1), "End": dt.datetime(2027, 3, 31)}}),
     "Error Items row 6, End: End 2027-03-31 is before Launch 2027-05-01; correct one of them [Items!E6]"),
    ("item_without_history", company(Items=[{"Item": "P2", "Family": "Pumps"}]),
     "Info Items row 8, Item: 'P2' has no sales in the history, so its forecast is 0 [Items!A8]"),
    ("family_without_demand", company(Families=[{"Family": "Fans"}]),
     "Info Families row 8, Family: 'Fans' has no items and no figures in the Sales Plan, so its demand is 0 "
     "[Families!A8]"),
    ("period_in_order", company(Events=[event(To="2027-01")]),
     "Error Events row 6, To: To 2027-01 is before From 2027-02; correct one of them [Events!C6]"),
    ("event_has_effect", company(Events=[event(**{"Uplift %": None})]),
     "Info Events row 6, Uplift %: 'Fair' changes neither demand nor price; fill in an uplift or a price change "
     "[Events!D6]"),
    ("item_override_has_effect", company(Items={0: {"Status": "Discontinued"}}, ItemOverrides=[override()]),
     "Warning ItemOverrides row 6, Item: 'P1' is discontinued, so its override has no effect; delete the row or change "
     "the item's Status [Events!A6]"),
    ("item_override_said_once", company(ItemOverrides=[override(), override(Region="North")]),
     "Warning ItemOverrides row 7, Region: 'P1' has a figure for all regions in 2027-02 too, and that one counts; "
     "delete one of the two [Events!D7]"),
    ("item_exists", company(ItemOverrides=[override(Item="p1")]),
     "Error ItemOverrides row 6, Item: 'p1' is not in Items (did you mean 'P1'?); add it there or correct the name "
     "[Events!A6]"),
    ("below_minimum", company(ItemOverrides=[override(Quantity=-1.0)]),
     "Error ItemOverrides row 6, Quantity: -1 is below 0; correct the number [Events!C6]"),
    ("event_item_in_its_family", company(Events=[event(Family="Valves", Item="P1")]),
     "Warning Events row 6, Family: item 'P1' belongs to 'Pumps', not to 'Valves'; correct the family or clear it "
     "[Events!E6]"),
    ("risk_values_in_order",
     company(Risks=[{"Risk": "War", "Lever": "Demand", "Low %": 0.1, "Likely %": 0.0, "High %": 0.2}]),
     "Error Risks row 6, Likely %: Low, Likely and High are 10 %, 0 % and 20 %; they must rise from Low to High "
     "[Scenarios!D6]"),
    ("currency_has_rate", company(Items={0: {"Currency": "GBP"}}),
     "Error Items row 6, Currency: 'GBP' has no exchange rate to EUR; add it to Rates or correct the currency "
     "[Items!D6]"),
    ("rate_covers_plan", company(Rates={0: {"Period": "2027-02"}}),
     "Warning Rates row 6, Period: USD has no rate for 2027-01, 2027-03, 2027-04 and 2 more, where its latest one "
     "counts; add these periods, or a row with a blank Period [Finance!C6]"),
    ("base_currency_rate_is_one", company(Rates=[{"Currency": "EUR", "Rate": 1.1}]),
     "Warning Rates row 7, Rate: EUR is the base currency, so its rate is 1 and not 1.1; delete the row [Finance!B7]"),
    ("rate_positive", company(Rates={0: {"Rate": 0.0}}),
     "Error Rates row 6, Rate: 0 is no exchange rate; type what 1 USD is in EUR [Finance!B6]"),
    ("price_missing", company(Settings=setting("Objective", "Maximise margin"), Items={0: {"Price": None}}),
     "Warning Families row 6, Price: 'Pumps' has no price, so selling it earns nothing and the plan leaves it unsold; "
     "fill in the price [Families!A6]"),
    ("family_without_price", company(Items={0: {"Price": None}}),
     "Warning Families row 6, Price: 'Pumps' has no price, so its sales count as revenue of 0 and the margin is too "
     "low; fill in the price [Families!A6]"),
    ("family_without_source", company(Families=[{"Family": "Fans"}]),
     "Warning Families row 8, Family: 'Fans' has no source, so only its opening stock can be sold; add it to Sources "
     "[Families!A8]"),
    ("bill_has_make_source", company(Sources={0: {"Kind": "Buy"}}),
     "Warning BillOfResources row 6, Source: 'Pumps' has no Make source, so this row is not used; delete it or "
     "correct Sources [Resources!B6]"),
    ("bill_on_buy_source", company(BillOfResources={1: {"Source": "Acme"}}),
     "Warning BillOfResources row 7, Source: 'Acme' is bought, so it does not use 'Crew'; make its Kind Make, or use "
     "a resource of kind Supplier [Resources!B7]"),
    ("bill_uses_something", company(BillOfResources={0: {"Use per unit": None}}),
     "Warning BillOfResources row 6, Use per unit: 'Pumps' uses nothing of 'Press'; fill in Use per unit or delete "
     "the row [Resources!D6]"),
    ("resource_not_used", company(Resources=[{"Resource": "Oven", "Kind": "Machine"}]),
     "Info Resources row 8, Resource: no family uses 'Oven', so it limits nothing; add its use to BillOfResources "
     "[Resources!A8]"),
    ("negative_capacity", company(Resources={0: {"Capacity": -100.0}}),
     "Error Resources row 6, Capacity: -100 is below 0; capacity cannot be negative; type 0 for a shutdown "
     "[Resources!C6]"),
    ("negative_capacity", company(Capacity=[{"Resource": "Press", "Period": "2027-01", "Capacity": -1.0}]),
     "Error Capacity row 6, Capacity: -1 is below 0; capacity cannot be negative; type 0 for a shutdown "
     "[Resources!C6]"),
    ("labour_needs_hours", company(Resources={1: {"Hours per head": None}}),
     "Error Resources row 7, Hours per head: labour 'Crew' has no hours per head, so its heads can do nothing; fill "
     "in the hours one head works in a period [Resources!D7]"),
    ("labour_capacity_ignored", company(Resources={1: {"Capacity": 800.0}}),
     "Info Resources row 7, Capacity: Capacity 800 is not used: that of labour is heads x hours per head "
     "[Resources!C7]"),
    ("efficiency_positive", company(Resources={0: {"Efficiency": 0.0}}),
     "Error Resources row 6, Efficiency: an efficiency of 0 leaves nothing of 'Press'; type 1 for all, 0.85 for 85 % "
     "[Resources!D6]"),
    ("efficiency_plausible", company(Resources={0: {"Efficiency": 85.0}}),
     "Warning Resources row 6, Efficiency: 85 means 8,500 %; if you mean 85 %, type 0.85 [Resources!D6]"),
    ("overtime_cheaper_than_regular",
     company(Resources={0: {"Regular cost": 9.0, "Overtime cost": 5.0, "Overtime limit": 10.0}}),
     "Info Resources row 6, Overtime cost: overtime at 5 is cheaper than regular time at 9, so it is used first; check "
     "both [Resources!E6]"),
    ("min_heads_not_above_max", company(Resources={1: {"Min heads": 9.0, "Max heads": 8.0}}),
     "Warning Resources row 7, Min heads: Min heads 9 is above Max heads 8; correct one [Resources!F7]"),
    ("min_stock_not_above_max", company(Families={0: {"Min stock": 1200.0, "Max stock": 1000.0}}),
     "Warning Families row 6, Min stock: Min stock 1,200 is above Max stock 1,000; correct one [Families!B6]"),
    ("min_stock_not_above_max",
     company(Families={0: {"Max stock": 10.0}},
             FamilyPeriods=[{"Family": "Pumps", "Period": "2027-02", "Min stock": 11.0}]),
     "Warning FamilyPeriods row 6, Min stock: Min stock 11 is above Max stock 10; correct one [Families!C6]"),
    ("closing_stock_min_not_above_max", company(Families={0: {"Closing stock min": 2.0, "Max stock": 1.0}}),
     "Warning Families row 6, Closing stock min: Closing stock min 2 is above Max stock 1; correct one [Families!B6]"),
    ("opening_stock_within_max", company(Families={0: {"Opening stock": 2.0, "Max stock": 1.0}}),
     "Warning Families row 6, Opening stock: Opening stock 2 is above Max stock 1, so the plan starts above its limit; "
     "check both [Families!B6]"),
    ("cover_negative", company(Families={0: {"Target cover": -1.0}}),
     "Error Families row 6, Target cover: -1 is below 0; cover cannot be negative; clear the cell for no target "
     "[Families!B6]"),
    ("cover_within_shelf_life", company(Families={0: {"Target cover": 3.0, "Shelf life": 2.0}}),
     "Warning Families row 6, Target cover: Target cover 3 is longer than the shelf life of 2 periods, so it cannot be "
     "reached; lower it [Families!B6]"),
    ("min_run_not_above_max", company(Sources={0: {"Min run": 20.0, "Max per period": 10.0}}),
     "Warning Sources row 6, Min run: Min run 20 is above Max per period 10, so 'Brno' can never run; correct one "
     "[Sources!D6]"),
    ("lead_within_horizon", company(Sources={0: {"Lead periods": 6.0}}),
     "Warning Sources row 6, Lead periods: what 'Brno' is given to do takes 6 periods, but only 6 are planned; lower "
     "it or lengthen Horizon [Sources!D6]"),
    ("receipt_in_horizon",
     company(Receipts=[{"Family": "Pumps", "Source": "Brno", "Period": "2026-12", "Quantity": 1.0}]),
     "Warning Receipts row 6, Period: 2026-12 is not planned (2027-01 to 2027-06), so this receipt is not counted; "
     "correct the period or delete the row [Sources!C6]"),
]  # fmt: skip


def sentences(tables: Tables, rule: str) -> list[str]:
    return [f"{finding.severity} {finding}" for finding in validate(tables) if finding.rule == rule]


def test_a_well_formed_company_has_no_findings() -> None:
    assert [str(finding) for finding in validate(company())] == []


@pytest.mark.parametrize(("rule", "tables", "sentence"), EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_a_broken_rule_has_its_sentence(rule: str, tables: Tables, sentence: str) -> None:
    assert sentences(tables, rule) == [sentence]


def test_a_maximum_of_the_schema_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # no column has one today but shares, whose rule has a name of its own
    limited = replace(TABLES["tblItems"].column("Price"), maximum=8.0)
    monkeypatch.setattr(validation_generic, "_columns", lambda: iter([(TABLES["tblItems"], limited)]))
    assert sentences(company(), "above_maximum") == [
        "Error Items row 6, Price: 9 is above 8; correct the number [Items!C6]"
    ]


def test_every_rule_is_in_the_list_and_has_an_example() -> None:
    defined = {
        rule.name
        for module in (validation_generic, validation_demand, validation_supply)
        for rule in vars(module).values()
        if isinstance(rule, Rule)
    }
    assert [rule.name for rule in RULES] == list(dict.fromkeys(rule.name for rule in RULES))
    assert {rule.name for rule in RULES} == defined == {rule for rule, _, _ in EXAMPLES} | {"above_maximum"}
    assert all(rule.help.endswith(".") for rule in RULES)


def test_the_sample_company_has_no_errors() -> None:
    raw = {name: RawTable(frame, Place(name)) for name, frame in sample_tables().items()}
    grids = {"sales_plan": raw.pop("SalesPlan"), "production_plan": raw.pop("ProductionPlan")}
    assert [str(finding) for finding in validate(typed_tables(raw, **grids)).errors] == []


def test_one_event_may_touch_many_families() -> None:
    assert not validate(company(Events=[event(Family="Pumps"), event(Family="Valves")]))
    assert sentences(company(Events=[event(Family="Pumps")] * 2), "key_unique") == [
        "Error Events row 7, Event: 'Fair', Family 'Pumps', From 2027-02, To 2027-03 is already in row 6; "
        "keep one of the two rows [Events!A7]"
    ]


def test_overrides_alone_can_be_planned() -> None:
    demand = RawTable(pd.DataFrame([["Pumps", "2027-01", 5.0]], columns=["Family", "Period", "Value"]), Place(""))
    raw = {name: RawTable(pd.DataFrame(COMPANY[name]), Place("")) for name in ("tblFamilies", "tblSources")}
    assert not validate(typed_tables(raw, demand=demand)).errors


def history_empty_with(**more: Rows) -> list[str]:
    """The finding on a company without sales but with an override of Pumps."""
    demand = RawTable(pd.DataFrame([["Pumps", "2027-01", 5.0]], columns=["Family", "Period", "Value"]), Place(""))
    given = {name: COMPANY[name] for name in ("tblFamilies", "tblSources")} | {f"tbl{key}": more[key] for key in more}
    raw = {name: RawTable(pd.DataFrame(rows), Place("")) for name, rows in given.items()}
    return sentences(typed_tables(raw, demand=demand), "history_empty")


def test_an_empty_history_is_an_error_unless_overrides_stand_in_for_it() -> None:
    nothing = "History, Item: the history holds no sales, so nothing can be forecast"
    pump, valve = {"Item": "P1", "Family": "Pumps"}, {"Item": "V1", "Family": "Valves"}
    assert history_empty_with(Items=[pump, valve]) == [
        f"Error {nothing} for Valves; paste past sales here or type overrides for them"
    ]
    assert history_empty_with(Items=[pump], History=[{"Item": "P1", "2026-12": None}]) == [
        f"Error {nothing}; paste past sales here, or delete its rows to plan from the overrides alone"
    ]
    assert history_empty_with(Items=[pump]) == [f"Warning {nothing}; the overrides alone are planned"]


def test_words_are_compared_and_codes_are_not() -> None:
    names = ["WM-8100", "Pumps", "00123", "Press 1", "Press 2"]
    wanted = {
        "pump": "Pumps",
        "pres 2": "Press 2",
        "Fans": None,
        "wm 8100": None,
        "wm-8100 ": "WM-8100",
        "WM-6100": None,
        "123": "00123",
    }
    assert {name: nearest(name, names) for name in wanted} == wanted


def test_a_cell_that_could_not_be_read_has_one_finding() -> None:
    tables = company(Items={0: {"Family": "#N/A"}}, Receipts=[
        {"Family": "Pumps", "Source": "Brno", "Period": "soon", "Quantity": "x"},
    ])  # fmt: skip
    assert [(finding.rule, finding.column) for finding in validate(tables).errors] == [
        ("excel_error_value", "Family"), ("not_a_period", "Period"), ("text_in_number_column", "Quantity"),
    ]  # fmt: skip


def test_what_follows_from_a_missing_column_is_not_repeated() -> None:
    frame = pd.DataFrame({"Famly": ["Pumps"]})
    raw = {name: RawTable(pd.DataFrame(rows), Place("")) for name, rows in COMPANY.items()}
    raw["tblFamilies"] = RawTable(frame, Place("Families", {"Famly": "A"}, 5))
    rules = [finding.rule for finding in validate(typed_tables(raw)).errors]
    assert rules == ["column_missing"]


def test_validate_keeps_what_reading_found() -> None:
    tables = company(Items={0: {"Cost": "dear"}})
    assert [finding.rule for finding in validate(tables)] == ["text_in_number_column"]


def test_twenty_thousand_items_are_checked_in_a_second() -> None:
    count = 20_000
    names = [f"I{number}" for number in range(count)]
    items = pd.DataFrame({"Item": names, "Family": "Pumps", "Like item": "nobody", "Price": -1.0}).astype(object)
    items.loc[::2, "Family"] = "Nowhere"
    history = pd.DataFrame(np.ones((count, 24)), columns=list(HISTORY)).astype(object)
    history.insert(0, "Item", names)
    raw = {name: RawTable(pd.DataFrame(rows), Place("")) for name, rows in COMPANY.items()}
    tables = typed_tables({**raw, "tblItems": RawTable(items, Place("")), "tblHistory": RawTable(history, Place(""))})
    start = time.process_time()
    findings = validate(tables)
    assert time.process_time() - start < 1
    assert sum(finding.rule == "item_in_family" for finding in findings) == 21
    assert "… and 9,980 more rows like row 38" in next(
        finding.message for finding in findings if finding.rule == "item_in_family" and finding.row == 40
    )
