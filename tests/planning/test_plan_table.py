"""tblPlan is ready for a PivotTable: long, typed, one unit a figure, no blanks."""

from __future__ import annotations

import pandas as pd
import pytest
from companies import company

from sop_addin.model.schema import TABLES
from sop_addin.planning.cycle import run_cycle
from sop_addin.planning.plan_table import COLUMNS

MONEY = ("Revenue", "Unit costs", "Overtime cost", "Holding cost", "Stock value", "Budget revenue", "Budget margin")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run_cycle(company()).plan_table


def test_every_column_has_one_type_and_no_blank(table):
    assert list(table.columns) == COLUMNS == list(TABLES["tblPlan"].headers)
    assert table["Value"].dtype == "float64"
    assert pd.api.types.is_datetime64_any_dtype(table["Period"])
    assert not table.isna().to_numpy().any()
    texts = table[["Scenario", "Family", "Source", "Resource", "Measure", "Unit"]]
    assert texts.map(lambda cell: isinstance(cell, str) and cell.strip() == cell != "").to_numpy().all()


def test_a_figure_stands_once(table):
    assert not table.duplicated(["Scenario", "Family", "Source", "Resource", "Period", "Measure"]).any()


def test_a_measure_of_a_family_or_resource_has_one_unit_and_money_has_one_currency(table):
    assert (table.groupby(["Measure", "Family", "Resource"])["Unit"].nunique() == 1).all()
    assert set(table.loc[table["Measure"].isin(MONEY), "Unit"]) == {"EUR"}
    assert set(table.loc[table["Measure"] == "CO2e", "Unit"]) == {"kg CO2e"}


def test_rows_of_one_measure_belong_to_families_or_to_resources_never_to_both(table):
    of_family = table["Family"] != "-"
    assert (table.groupby("Measure")["Family"].transform(lambda names: (names != "-").mean()).isin([0, 1])).all()
    assert (of_family != (table["Resource"] != "-")).all()
