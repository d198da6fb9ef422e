"""The cycle: gates, signatures, what has changed since, and what reopening a step does."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from companies import company

from sop_addin.model.digest import content_digest, sha256
from sop_addin.model.errors import InputError
from sop_addin.model.packed_text import packed
from sop_addin.model.signature import COLUMNS, read_signatures, signature_rows
from sop_addin.model.signing import inputs_digest, sign_off_findings, signed_content
from sop_addin.model.tables import Tables
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.sign_off import (
    BACK_TO_SALES,
    CycleChange,
    closed_cycle,
    gates,
    next_step,
    reopen_step,
    shortage_decisions,
    sign_step,
)

NOW = dt.datetime(2027, 1, 7, 15, 30, 12)
CYCLE = {
    "Step": ["Data gathering", "Demand plan", "Supply plan", "Pre-S&OP", "Executive S&OP"],
    "Owner": ["Jana", "Elena", "Pavel", "Ingrid", "Henrik"],
    "Due": [dt.datetime(2027, 1, day) for day in (4, 7, 11, 14, 19)],
    "Status": ["In work", "Open", "Open", "Open", "Open"],
    "Comment": ["Count done.", None, None, None, None],
}
DEMAND = {"Family": ["Pumps"], "Period": ["2027-03"], "Value": [150]}


def planned(**tables: dict[str, list[object]]) -> tuple[Tables, pd.DataFrame]:
    """Tables as they are read after a run, and tblLimits."""
    plan = run_cycle(company(demand=DEMAND, tblCycle=CYCLE, **tables))
    read = replace(plan.tables, last_plan=plan.plan_table, solved_inputs=str(plan.results["Inputs"]))
    return with_reason(read, "Listing at Kvadrat"), plan.balance_explained["tblLimits"]


def with_reason(tables: Tables, reason: str) -> Tables:
    rows = tables.sales_plan.copy()
    rows.loc[rows["Override"].notna(), "Override reason"] = reason
    return tables.with_sales_plan(rows)


def after(tables: Tables, change: CycleChange) -> Tables:
    """The tables as they are read once the change is written."""
    frame = tables.cycle.set_index("Step")
    for (step, column), value in change.cells["tblCycle"].items():
        missing = pd.NaT if column in ("Due", "Signed at") else ""
        frame.loc[step, column] = missing if value is None else value
    return replace(tables, cycle=frame.reset_index()[list(tables.cycle.columns)], signatures=change.signatures)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return planned()[0]


@pytest.fixture(scope="module")
def signed(tables: Tables) -> Tables:
    """Data and demand are signed."""
    for step, by in (("Data gathering", "Jana"), ("Demand plan", "Elena")):
        tables = after(tables, sign_step(tables, step, by=by, at=NOW, comment="As agreed."))
    return tables


def test_a_signature_says_who_when_what_and_its_digest(tables):
    change = sign_step(tables, "Data gathering", by="Jana", at=NOW, comment="As agreed.")
    cells = {key[1]: value for key, value in change.cells["tblCycle"].items()}
    digest = content_digest(signed_content(tables, "Data gathering"))
    assert cells == {
        "Status": "Signed",
        "Signed by": "Jana",
        "Signed at": NOW,
        "Digest": digest,
        "Comment": "As agreed.",
    }
    assert len(digest) == 64
    assert change.log.iloc[0].tolist() == [
        "2027-01-07 15:30:12", "2027-01", "Data gathering", "Signed", "Jana", "As agreed.", digest
    ]  # fmt: skip
    assert next_step(after(tables, change)) == "Demand plan"


def test_steps_are_signed_in_their_order(tables):
    with pytest.raises(InputError, match="Steps before are signed: Data gathering not signed"):
        sign_step(tables, "Demand plan", by="Elena", at=NOW)
    with pytest.raises(InputError, match="'Demand' is not a step of tblCycle"):
        gates(tables, "Demand")


def test_an_override_without_reason_keeps_the_demand_plan_open(tables):
    first = after(tables, sign_step(tables, "Data gathering", by="Jana", at=NOW))
    with pytest.raises(InputError, match="Overrides have reasons: no reason for Pumps 2027-03; type it"):
        sign_step(with_reason(first, ""), "Demand plan", by="Elena", at=NOW)


def test_a_plan_older_than_its_inputs_keeps_the_supply_plan_open(signed):
    assert all(gate.passed for gate in gates(signed, "Supply plan"))
    prices = signed.families.assign(Price=[101.0, 50.0])
    problems = {gate.name: gate.problem for gate in gates(replace(signed, families=prices), "Supply plan")}
    assert problems["Plan is solved after the last change"] == "inputs were changed after the last run; run all steps"
    nothing = {
        gate.name: gate.problem for gate in gates(replace(signed, last_plan=signed.last_plan[:0]), "Supply plan")
    }
    assert nothing["Plan is solved after the last change"] == "there is no plan of these periods; run all steps"


def test_errors_and_open_decisions_keep_a_step_open(signed):
    unknown = signed.items.assign(Family=["Pumps", "Pmups", "Valves"])
    first = gates(replace(signed, items=unknown), "Data gathering")[0]
    assert first.problem.startswith("1 error(s): ")
    asked = company(tblDecisions={"Number": ["1"], "Decision": ["Rent?"], "Due": [dt.datetime(2027, 1, 14)]}).decisions
    problems = {gate.name: gate.problem for gate in gates(replace(signed, decisions=asked), "Pre-S&OP")}
    assert problems["Decisions due are taken"].startswith("open until then: 1;")


def test_a_later_change_is_named_with_its_cells(signed):
    assert not len(sign_off_findings(signed))
    rows = signed.sales_plan.copy()
    rows.loc[rows["Override"].notna(), "Override"] = 160.0
    stock = signed.items.assign(**{"Opening stock": [55.0, 40.0, 30.0]})
    found = list(sign_off_findings(replace(signed.with_sales_plan(rows), items=stock)))
    assert [finding.severity for finding in found] == ["Warning", "Warning"]
    assert "Data gathering was signed by Jana on 2027-01-07 15:30 and has changed since sign-off: " in found[0].message
    assert "Items P1 / Opening stock: 50 -> 55" in found[0].message
    assert "SalesPlan Pumps / Override / 2027-03: 150 -> 160" in found[1].message
    assert found[0].row == signed.cycle.index[0]


@pytest.mark.parametrize("text", ["[1, 2]", '{"tblItems": 3}', "[" * 100_000, "7"])
def test_signed_content_of_another_kind_does_not_count_whatever_its_digest(text):
    rows = pd.DataFrame([("Demand plan", "Ann", "2027-01-04", "", sha256(text), 1.0, packed(text)[0])], columns=COLUMNS)
    kept, problems = read_signatures(rows)
    assert kept == ()
    assert "the signature of 'Demand plan' is damaged" in next(iter(problems)).message


def test_a_signature_comes_back_from_its_cells_and_a_forged_one_does_not_count(signed):
    rows = signature_rows(signed.signatures)
    back, problems = read_signatures(rows)
    assert back == signed.signatures
    assert not len(problems)
    other = replace(signed.signatures[0], content={"tblItems": {"P1 / Price": "1"}})
    forged = rows.assign(Content=[signature_rows([other])["Content"].iloc[0], *rows["Content"].iloc[1:]])
    kept, problems = read_signatures(forged)
    assert [one.step for one in kept] == ["Demand plan"]
    assert "the signature of 'Data gathering' is damaged" in next(iter(problems)).message


def test_the_order_of_rows_changes_no_digest_of_signed_content(tables):
    turned = replace(tables, items=tables.items.iloc[::-1])
    assert content_digest(signed_content(turned, "Data gathering")) == content_digest(
        signed_content(tables, "Data gathering")
    )


def test_a_run_of_the_same_inputs_has_the_same_fingerprint_and_any_input_changes_it(tables):
    assert inputs_digest(tables) == tables.solved_inputs
    history = tables.history.copy()
    history.iloc[0, -1] += 1
    fixed = pd.DataFrame({"Family": ["Pumps"], "Period": [pd.Timestamp("2027-02-01")], "Fixed production": [9.0],
                          "Approved plan": [float("nan")]})  # fmt: skip
    for changed in (
        replace(tables, history=history),
        replace(tables, production_plan=fixed),
        replace(tables, settings=replace(tables.settings, carbon_price=1.0)),
        replace(tables, resources=tables.resources.assign(Capacity=[201.0, float("nan")])),
    ):
        assert inputs_digest(changed) != tables.solved_inputs
    assert inputs_digest(replace(tables, decisions=tables.decisions)) == tables.solved_inputs


def test_reopening_a_step_reopens_those_that_rest_on_it_and_is_recorded(signed):
    change = reopen_step(signed, "Data gathering", by="Ann", at=NOW, comment="Wrong count.")
    now = after(signed, change)
    assert now.cycle["Status"].tolist() == ["Reopened", "Reopened", "Open", "Open", "Open"]
    assert now.signatures == ()
    assert change.log[["Step", "Action", "Comment"]].to_numpy().tolist() == [
        ["Data gathering", "Reopened", "Wrong count."],
        ["Demand plan", "Reopened", "Data gathering was reopened"],
    ]


@pytest.fixture(scope="module")
def short():
    """A press that cannot make what is asked for, and no other source."""
    sources = {
        "Family": ["Pumps", "Valves"],
        "Source": ["Plant", "Plant"],
        "Kind": ["Make", "Make"],
        "Unit cost": [40, 20],
    }
    resources = {"Resource": ["Press"], "Kind": ["Machine"], "Capacity": [150]}
    bill = {"Family": ["Pumps"], "Resource": ["Press"], "Use per unit": [1]}
    families = {"Family": ["Pumps", "Valves"], "Unit": ["pcs", "pcs"], "Price": [100, 50], "Owner": ["Olga", "Vera"]}
    return planned(tblSources=sources, tblResources=resources, tblBillOfResources=bill, tblFamilies=families)


def test_demand_that_cannot_be_met_goes_back_to_sales_with_its_reasons(short):
    tables, limits = short
    change = reopen_step(tables, "Demand plan", by="Pavel", at=NOW, limits=limits)
    cells = {key[1]: value for key, value in change.cells["tblDecisions"].items()}
    plan = tables.last_plan[(tables.last_plan["Family"] == "Pumps")].set_index(["Measure", "Period"])["Value"]
    open_then = plan["Backorders"] + plan["Lost sales"]
    worst = open_then.idxmax()
    assert cells["Decision"].startswith("Demand of Pumps cannot be met in 2027-0")
    assert f"in {worst:%Y-%m} {open_then.max():,.2f} pcs short, feasible sales " in cells["Decision"]
    assert f"feasible sales {plan['Feasible sales'][worst]:,.0f} of a demand of " in cells["Decision"]
    assert "limits: Press 2027-0" in cells["Decision"]
    assert (cells["Owner"], cells["Step"], cells["Status"]) == ("Olga", "Demand plan", "Open")
    assert cells["Due"] == pd.Timestamp("2027-01-14")
    assert change.log["Action"].tolist()[-1] == BACK_TO_SALES
    asked = pd.DataFrame([{"Number": "2027-01/1", **cells}])[list(tables.decisions.columns)]
    again = shortage_decisions(replace(tables, decisions=asked), limits)
    assert again.empty, "one open question a family is enough"


def test_a_plan_that_meets_its_demand_sends_nothing_back(tables):
    assert shortage_decisions(tables, None).empty


def test_the_next_cycle_begins_open_a_month_later_and_remembers_the_last_one(signed):
    change = closed_cycle(signed, by="Ann", at=NOW)
    cells = change.cells["tblCycle"]
    assert {cells[(step, "Status")] for step in CYCLE["Step"]} == {"Open"}
    assert cells[("Data gathering", "Due")] == pd.Timestamp("2027-02-04")
    assert cells[("Data gathering", "Comment")] is None
    log = change.log.set_index("Step")
    assert log.loc["Data gathering", "Comment"] == "As agreed."
    assert len(log.loc["Demand plan", "Digest"]) == 64
