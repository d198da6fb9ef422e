"""A published plan is sealed: a check says whether the workbook still holds it, and who signed it."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace

import pandas as pd
import pytest
from companies import company
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.errors import InputError
from sop_addin.model.versions import new_name, read_versions, version_rows
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.publish import publish, signed, with_version
from sop_addin.planning.seal import changed_inputs_words, differences, seal_findings, seal_sentence


@pytest.fixture(scope="module")
def published():
    plan = run_cycle(company(demand={"Family": ["Pumps"], "Period": ["2027-03"], "Value": [150]}))
    version = publish(plan.tables, plan.plan_table, plan.kpis, by="Ann", at="2027-01-05 10:00:00")
    return replace(with_version(plan.tables, version), last_plan=plan.plan_table)


@pytest.fixture
def keys(tmp_path):
    """Two pairs of key files: (private, public), (private, public)."""
    made = []
    for name in ("ann", "eve"):
        key = Ed25519PrivateKey.generate()
        private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub"
        private.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
        public.write_bytes(key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ))  # fmt: skip
        made.append((private, public))
    return made


def test_the_digest_is_sha256_over_the_canonical_content(published):
    version = published.versions[0]
    assert version.digest == hashlib.sha256(version.text.encode()).hexdigest()
    assert len(version.digest) == 64


def test_a_plan_as_published_is_said_so_with_when_and_by_whom(published):
    (finding,) = seal_findings(published)
    assert (finding.severity, finding.rule) == ("Info", "as_published")
    assert finding.message.startswith("as published: 2027-01, published on 2027-01-05 10:00:00 by Ann (digest ")
    assert seal_sentence(published) == finding.message


def test_before_anything_is_published_there_is_nothing_to_say():
    assert not len(seal_findings(company()))
    assert seal_sentence(company()) == ""


@settings(max_examples=25)
@given(st.data())
def test_whatever_figure_is_changed_is_named(published, data):
    table = published.last_plan
    kept = table["Measure"].isin(["Production", "Closing stock", "Planned", "Load"]) & table["Value"].notna()
    row = data.draw(st.sampled_from(list(table.index[kept])))
    by = data.draw(st.sampled_from([-7.0, 0.01, 1.0, 1e6]))
    changed = table.copy()
    changed.loc[row, "Value"] += by
    found = differences(replace(published, last_plan=changed), published.versions[0])
    where = table.loc[row]
    assert [one.measure for one in found] == [where["Measure"]]
    assert found[0].period == f"{where['Period']:%Y-%m}"
    assert found[0].now - found[0].published == pytest.approx(by, rel=1e-3)


def test_an_override_typed_after_publishing_is_a_warning_that_names_it(published):
    sheet = published.sales_plan.copy()
    at = (sheet["Family"] == "Pumps") & (sheet["Period"] == pd.Timestamp("2027-03-01"))
    sheet.loc[at, "Override"] = 170.0
    (finding,) = seal_findings(published.with_sales_plan(sheet))
    assert (finding.severity, finding.rule) == ("Warning", "differs_from_published")
    assert "1 figure differs from 2027-01, published on" in finding.message
    assert "Override of Pumps, 2027-03: 150 published, now 170" in finding.message


def test_inputs_changed_after_publishing_are_named_by_table_and_column(published):
    sources = published.sources.assign(**{"Unit cost": published.sources["Unit cost"] * 2})
    settings_ = replace(published.settings, service_level=0.5)
    as_before, finding = sorted(
        seal_findings(replace(published, sources=sources, settings=settings_)), key=lambda one: one.rule
    )
    assert as_before.rule == "as_published"
    assert (finding.severity, finding.rule) == ("Info", "inputs_as_published")
    assert (
        finding.message == "inputs changed since 2027-01 was published: Settings (Service level), Sources (Unit cost)"
    )
    assert seal_sentence(replace(published, sources=sources)).endswith("; inputs changed since: Sources (Unit cost)")


def test_rows_sorted_anew_are_no_change_and_rows_that_go_are(published):
    turned = published.sources.iloc[::-1]
    assert changed_inputs_words(replace(published, sources=turned), published.versions[0]) == ""
    fewer = replace(published, sources=published.sources.iloc[1:])
    assert changed_inputs_words(fewer, published.versions[0]) == "Sources (rows)"


def test_what_a_reason_says_is_part_of_what_was_published(published):
    sheet = published.sales_plan.copy()
    sheet.loc[sheet["Period"] == pd.Timestamp("2027-03-01"), "Override reason"] = "because"
    found = differences(published.with_sales_plan(sheet), published.versions[0])
    assert str(found[0]) == "Sales Plan, Override reason of Pumps, 2027-03: blank published, now 'because'"


def test_of_one_cycle_the_highest_number_is_the_last_however_its_rows_are_sorted(published):
    again = replace(published.versions[0], name="2027-01 (2)", published_by="Bob")
    back, _ = read_versions(version_rows([again, published.versions[0]]))
    assert [one.published_by for one in back] == ["Ann", "Bob"]
    assert new_name(again.plan_start, "Month", ["2027-01 (2)"]) == "2027-01 (3)"


def test_with_a_key_an_altered_plan_and_a_lost_version_are_errors(published, keys):
    (ann, ann_public), _ = keys
    by_ann = signed(published, ann)
    sheet = published.sales_plan.assign(Override=1.0)
    assert [one.rule for one in seal_findings(by_ann.with_sales_plan(sheet), ann_public).errors] == [
        "differs_from_published"
    ]
    rows = version_rows([*by_ann.versions, replace(by_ann.versions[0], name="2027-01 (2)")])
    versions, lost = read_versions(rows.assign(Digest=[*rows["Digest"][:-1], "0" * 64]))
    assert [one.name for one in versions] == ["2027-01"]
    (error,) = seal_findings(replace(by_ann, versions=versions, problems=lost), ann_public).errors
    assert "nobody can say that this is the last one" in error.message


def test_a_version_published_before_inputs_were_sealed_keeps_its_digest(published):
    older = replace(published.versions[0], inputs={}, money=published.versions[0].money.iloc[:0])
    assert json.loads(older.text)["format"] == 1
    (back,), problems = read_versions(version_rows([older]))
    assert (back.digest, len(problems)) == (older.digest, 0)
    assert [one.rule for one in seal_findings(replace(published, versions=(back,)))] == ["as_published"]


def test_the_plan_of_other_periods_is_not_published_yet(published):
    later = replace(published, settings=replace(published.settings, horizon=7))
    finding, inputs = seal_findings(later)
    assert finding.rule == "plan_not_published"
    assert "the last one is 2027-01" in finding.message
    assert "Settings (Horizon)" in inputs.message


def test_a_signature_is_confirmed_by_the_signers_public_key_alone(published, keys):
    (ann, ann_public), (_, eve_public) = keys
    by_ann = signed(published, ann)
    assert [one.rule for one in seal_findings(by_ann, ann_public).errors] == []
    assert any("is signed by the owner of ann.pub" in one.message for one in seal_findings(by_ann, ann_public))
    (error,) = seal_findings(by_ann, eve_public).errors
    assert "is not by the owner of eve.pub" in error.message


def test_a_signature_survives_the_workbook_and_no_other_name_or_date(published, keys):
    (ann, ann_public), _ = keys
    (back,), _ = read_versions(version_rows(signed(published, ann).versions))
    assert not seal_findings(replace(published, versions=(back,)), ann_public).errors
    for forged in (replace(back, published_by="Eve"), replace(back, published_at="2026-01-01"),
                   replace(back, name="2027-02"), replace(back, signature="no base64!")):  # fmt: skip
        assert seal_findings(replace(published, versions=(forged,)), ann_public).errors


def test_an_unsigned_plan_fails_where_a_signature_is_asked_for(published, keys):
    (error,) = seal_findings(published, keys[0][1]).errors
    assert "is not signed; publish it again with --key" in error.message
    (error,) = seal_findings(company(), keys[0][1]).errors
    assert "no plan was published" in error.message


def test_a_file_that_is_no_key_is_said(published, keys, tmp_path):
    (private, public), _ = keys
    (tmp_path / "no.pem").write_text("no key")
    for file in (tmp_path / "no.pem", public, tmp_path / "missing.pem"):
        with pytest.raises(InputError, match=r"holds no private Ed25519 key|cannot be read"):
            signed(published, file)
    with pytest.raises(InputError, match="holds no public Ed25519 key"):
        seal_findings(published, private)


def test_without_the_library_a_sentence_says_what_to_install(published, keys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(InputError, match=r"pip install sop-addin\[sign\]"):
        signed(published, keys[0][0])
