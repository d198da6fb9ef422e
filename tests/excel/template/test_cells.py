"""What becomes of the values given: types, texts that look like formulas, results of a run."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from sop_addin.excel.template.build import build_workbook
from sop_addin.excel.template.home_buttons import ribbon_buttons
from sop_addin.excel.template.sheets_common import cell_value
from sop_addin.model.schema import RESULT_MEASURES, TABLES, Column

from .parts import MAIN, Parts, place


def _row(parts: Parts, table: str, number: int = 1) -> dict[str, str | float | None]:
    """The cells of one row of a table, by header."""
    made = parts.tables[table]
    cells = {place(address): value for address, value in parts.values(made.sheet).items()}
    top, left, _, _ = made.corners
    return {name: cells.get((top + number, left + index)) for index, name in enumerate(made.columns)}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", "12.5", 12.5),
        ("number", "cheap", "cheap"),
        ("number", "nan", "nan"),
        ("number", "1e999", "1e999"),
        ("number", " ", None),
        ("number", float("nan"), None),
        ("text", "00123", "00123"),
        ("text", 7, 7),
        ("period", "2027-03", pd.Timestamp(2027, 3, 1)),
        ("period", "soon", "soon"),
        ("date", "2027-03-15", dt.datetime(2027, 3, 15)),
        ("date", "15 March", "15 March"),
        ("date", pd.NaT, None),
    ],
)
def test_untyped_value_becomes_a_cell(kind: str, value: object, expected: object) -> None:
    assert cell_value(Column("Any", kind, ""), value, "Month") == expected


def test_texts_stay_texts(parts: Parts) -> None:
    item = _row(parts, "tblItems")
    assert item["Item"] == "00123"
    assert item["Description"] == "=1+1"
    cells = parts.cells("Items")
    assert not [cell for cell in cells.values() if cell.find(f"{MAIN}f") is not None]


def test_numbers_and_dates_are_numbers_and_unreadable_ones_are_kept(parts: Parts) -> None:
    assert _row(parts, "tblItems")["Opening stock"] == 12
    assert _row(parts, "tblItems", 2)["Launch"] == 46419  # 2027-02-01
    assert _row(parts, "tblItems", 3)["Price"] == "cheap"
    assert _row(parts, "tblBudget")["Period"] == 46388  # 2027-01-01


def test_blank_history_stays_blank_and_zero_stays_zero(parts: Parts) -> None:
    assert _row(parts, "tblHistory", 2) == {"Item": "V-1", "Region": "North", "2026-11": None, "2026-12": 0}


def test_settings_stand_in_schema_order_with_defaults(parts: Parts) -> None:
    assert _row(parts, "tblSettings", 1)["Value"] == "Tiny"
    assert _row(parts, "tblSettings", 2) == {
        "Setting": "Plan start", "Value": None, "Unit": "period",
        "Note": "First planned period. Blank: the period after the last one with history, or the first with demand.",
    }  # fmt: skip
    assert _row(parts, "tblSettings", 3)["Value"] == 3
    assert _row(parts, "tblSettings", 4)["Value"] == "Month"


def test_settings_of_the_users_own_are_kept(company) -> None:
    own = pd.DataFrame([{"Setting": "Plant code", "Value": "X1"}], dtype=object)
    raw = company.raw | {"tblSettings": pd.concat([company.raw["tblSettings"], own])}
    parts = Parts(build_workbook(raw, company.tables, _blocks(company)))
    top, _, bottom, _ = parts.tables["tblSettings"].corners
    assert _row(parts, "tblSettings", bottom - top)["Setting"] == "Plant code"


def _blocks(company) -> dict:
    from sop_addin.excel.grid_cells import grid_blocks

    return grid_blocks(company.tables)


def test_results_of_a_run_are_shown(company) -> None:
    outputs = {
        "tblResult": pd.DataFrame({"Measure": ["Revenue", "New figure"], "Value": [12.5, "x"]}),
        "tblFindings": pd.DataFrame(
            [("Error", "tblItems", 6, "Price", "number", "Say =what", "Items!K8")],
            columns=list(TABLES["tblFindings"].headers), dtype=object,
        ),
    }  # fmt: skip
    parts = Parts(build_workbook(company.raw, company.tables, _blocks(company), outputs))
    shown = {_row(parts, "tblResult", number)["Measure"]: _row(parts, "tblResult", number)["Value"]
             for number in range(1, len(RESULT_MEASURES) + 2)}  # fmt: skip
    assert list(shown) == [*RESULT_MEASURES, "New figure"]
    assert shown["Revenue"] == 12.5
    finding = _row(parts, "tblFindings")
    assert finding["Message"] == "Say =what"
    assert finding["Cell link"] == '=HYPERLINK("#Items!K8","Items!K8")'


def test_home_explains_every_button_of_the_ribbon(parts: Parts) -> None:
    texts = set(parts.values("Home").values())
    buttons = ribbon_buttons()
    assert len(buttons) >= 5
    for _, label, explanation in buttons:
        assert {label, explanation} <= texts


def test_a_company_without_periods_or_families_builds(blank: Parts) -> None:
    assert blank.names["SalesPlan"] == "'Sales Plan'!$E$14:$I$15"
