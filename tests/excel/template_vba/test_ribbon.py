"""The ribbon: a part Excel accepts, callbacks that exist, help that says what is read and written."""

from __future__ import annotations

import io
import json
import re
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest
from lxml import etree

from sop_addin.excel.template.ribbon import add_ribbon, ribbon_2007, ribbon_2010
from sop_addin.excel.template.vba_project import build_vba_project
from sop_addin.model.errors import WorkbookError

from .conftest import plain_workbook
from .structure import check_callbacks, check_workbook, read_modules

BIG_STEPS = ["Check", "Forecast", "Aggregate", "Balance", "Run all steps"]


@pytest.fixture
def ribbon() -> etree._Element:
    return etree.fromstring(ribbon_2010())


def controls(ribbon: etree._Element, *tags: str) -> list[etree._Element]:
    return [element for element in ribbon.iter(etree.Element) if etree.QName(element).localname in tags]


def test_the_workbook_keeps_every_structural_rule(workbook: bytes) -> None:
    check_workbook(workbook)


def test_the_callback_rule_sees_a_wrong_signature(ribbon: etree._Element) -> None:
    modules = read_modules(build_vba_project(["Sheet1"]))
    check_callbacks(ribbon, modules)
    button = controls(ribbon, "button")[0]
    button.set("onAction", "SopScenarioCount")  # two parameters; a button passes one
    with pytest.raises(AssertionError, match="SopScenarioCount"):
        check_callbacks(ribbon, modules)
    button.set("onAction", "SopNowhere")
    with pytest.raises(AssertionError, match="SopNowhere"):
        check_callbacks(ribbon, modules)


def test_no_callback_is_left_over(ribbon: etree._Element) -> None:
    named = {value for element in ribbon.iter(etree.Element) for key, value in element.attrib.items()
             if key.startswith(("get", "on"))}  # fmt: skip
    written = set(read_modules(build_vba_project(["Sheet1"]))["SopRibbon"].procedures)
    assert written == named


def test_groups_and_steps_stand_in_sop_order(ribbon: etree._Element) -> None:
    order = ["Data", "Demand", "Supply", "Plan", "Scenarios", "Cycle", "Share", "Help"]
    groups = [group.get("label") for group in controls(ribbon, "group")]
    assert groups == [name for name in order if name in groups]
    assert all(len(group) for group in controls(ribbon, "group")), "a group without a button is a dead end"
    big = [button.get("label") for button in controls(ribbon, "button") if button.get("size") == "large"]
    assert big == BIG_STEPS


def test_every_control_says_what_it_reads_and_writes(ribbon: etree._Element) -> None:
    for control in controls(ribbon, "button", "dropDown"):
        label, tip, text = (control.get(key, "") for key in ("label", "screentip", "supertip"))
        assert tip, label
        assert re.search(r"\b(Reads?|reads|Looks|Lists)\b", text), label
        assert re.search(r"\b[Ww]rites\b|The next run plans", text), label


def test_key_tips_differ_within_the_tab(ribbon: etree._Element) -> None:
    tips = [control.get("keytip", "") for control in controls(ribbon, "button", "dropDown")]
    assert len(set(tips)) == len(tips)
    assert not any(a != b and b.startswith(a) for a in tips for b in tips), "one key tip hides another"


@pytest.mark.parametrize(("prefix", "part"), [("mso14", ribbon_2010()), ("mso", ribbon_2007())])
def test_elements_and_attributes_are_those_of_the_schema(prefix: str, part: bytes) -> None:
    name = {"mso14": "2009_07", "mso": "2006_01"}[prefix]
    schema = files("openxml_audit") / f"data/openxml/schemas/schemas_microsoft_com_office_{name}_customui.json"
    types = {one["Name"]: one for one in json.loads(schema.read_text("utf-8-sig"))["Types"]}

    def check(element: etree._Element, kind: dict) -> None:
        assert set(element.attrib) <= {one["QName"].lstrip(":") for one in kind.get("Attributes", [])}, element.tag
        children = {one["Name"].rpartition(":")[2]: one["Name"] for one in kind.get("Children", [])}
        for child in element.iterchildren(etree.Element):
            tag = etree.QName(child).localname
            assert tag in children, f"{tag} in {element.tag}"
            check(child, types[children[tag]])

    check(etree.fromstring(part), types[f"{prefix}:CT_CustomUI/{prefix}:customUI"])


def test_the_zip_depends_on_the_content_alone(workbook: bytes) -> None:
    package = zipfile.ZipFile(io.BytesIO(workbook))
    assert package.namelist()[0] == "[Content_Types].xml"
    assert {(entry.date_time, entry.create_system, entry.external_attr) for entry in package.infolist()} == {
        ((1980, 1, 1, 0, 0, 0), 0, 0o600 << 16)
    }
    assert add_ribbon(plain_workbook()) == workbook


def test_other_parts_are_kept_as_they_were(workbook: bytes) -> None:
    before, after = (zipfile.ZipFile(io.BytesIO(data)) for data in (plain_workbook(), workbook))
    added = {"customUI/customUI14.xml", "customUI/customUI.xml"}
    assert set(after.namelist()) == set(before.namelist()) | added
    for name in before.namelist():
        assert name == "_rels/.rels" or after.read(name) == before.read(name)


def test_what_is_not_a_fresh_workbook_is_refused(workbook: bytes, tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="these bytes are not one"):
        add_ribbon(b"not a zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("readme.txt", "hello")
    with pytest.raises(WorkbookError, match=r"\[Content_Types\]\.xml is missing"):
        add_ribbon((tmp_path / "other.zip").read_bytes())
    with pytest.raises(WorkbookError, match="has a ribbon already"):
        add_ribbon(workbook)
