"""The sample has exactly the tables and columns of the schema, cells as a reader finds them, and no dead reference."""

from __future__ import annotations

import datetime as dt
import hashlib

import pandas as pd
import pytest

from sop_addin.model.reading import typed_tables
from sop_addin.model.schema import INPUT_TABLES, PRODUCTION_PLAN, SALES_PLAN, SETTINGS, TABLES
from sop_addin.model.tables import Place, RawTable, Tables
from sop_addin.sample import SAMPLES, sample_tables

HISTORY_DIGEST = "655d7965b1e8a0ca"


@pytest.fixture(scope="module")
def sample() -> dict[str, pd.DataFrame]:
    return sample_tables()


@pytest.fixture(scope="module")
def tables(sample: dict[str, pd.DataFrame]) -> Tables:
    raw = {name: RawTable(frame, Place(name)) for name, frame in sample.items() if name in TABLES}
    return typed_tables(
        raw,
        sales_plan=RawTable(sample["SalesPlan"], Place("Sales Plan")),
        production_plan=RawTable(sample["ProductionPlan"], Place("Production Plan")),
    )


def test_every_input_table_and_both_grids_are_there(sample: dict[str, pd.DataFrame]) -> None:
    assert set(sample) == {table.name for table in INPUT_TABLES} | {SALES_PLAN.name, PRODUCTION_PLAN.name}
    assert SAMPLES == ("appliances",)


@pytest.mark.parametrize("table", INPUT_TABLES, ids=lambda table: table.name)
def test_columns_are_those_of_the_schema(sample: dict[str, pd.DataFrame], table) -> None:
    columns = list(sample[table.name].columns)
    if table.period_columns:
        assert columns[: len(table.headers)] == list(table.headers)
        months = [f"{year}-{number:02d}" for year in range(2023, 2027) for number in range(1, 13)]
        assert columns[len(table.headers) :] == months
    else:
        assert columns == list(table.headers)


def test_grids_are_long(sample: dict[str, pd.DataFrame]) -> None:
    assert list(sample["SalesPlan"].columns) == [*SALES_PLAN.keys, "Measure", "Period", "Value"]
    assert list(sample["ProductionPlan"].columns) == [*PRODUCTION_PLAN.keys, "Measure", "Period", "Value"]


def test_cells_are_text_float_date_or_none(sample: dict[str, pd.DataFrame]) -> None:
    for name, frame in sample.items():
        for column in frame.columns:
            kinds = {type(value) for value in frame[column]} if len(frame) else set()
            assert kinds <= {str, float, dt.datetime, type(None)}, f"{name}, {column}: {kinds}"
            assert not any(value != value for value in frame[column]), f"{name}, {column}: NaN instead of None"


def test_settings_are_all_there_in_order(sample: dict[str, pd.DataFrame]) -> None:
    frame = sample["tblSettings"]
    assert list(frame["Setting"]) == [setting.name for setting in SETTINGS]
    values = dict(zip(frame["Setting"], frame["Value"], strict=True))
    assert values["Plan start"] == dt.datetime(2027, 1, 1)
    assert values["Horizon"] == 18.0
    assert values["Company"]


def test_two_calls_give_the_same_frames_and_share_nothing(sample: dict[str, pd.DataFrame]) -> None:
    first = sample_tables()
    first["tblHistory"].iloc[:, 2:] = None
    first["tblItems"]["Price"] = None
    again = sample_tables()
    for name, frame in sample.items():
        pd.testing.assert_frame_equal(frame, again[name])


def test_history_is_the_same_on_every_machine(sample: dict[str, pd.DataFrame]) -> None:
    text = sample["tblHistory"].to_csv(index=False, lineterminator="\n")
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert digest == HISTORY_DIGEST, f"history changed; if wanted, set HISTORY_DIGEST to {digest!r}"


def test_unknown_sample_is_named() -> None:
    with pytest.raises(KeyError, match="appliances"):
        sample_tables("bicycles")


def test_typing_the_sample_finds_nothing(tables: Tables) -> None:
    assert list(tables.problems) == []
    assert len(tables.sales_plan) == sample_overrides(tables) > 0
    assert tables.plan_start == pd.Timestamp(2027, 1, 1)
    assert max(tables.history_periods) == pd.Timestamp(2026, 12, 1)


def sample_overrides(tables: Tables) -> int:
    return int(tables.sales_plan["Override"].notna().sum())


@pytest.mark.parametrize("table", INPUT_TABLES, ids=lambda table: table.name)
def test_keys_are_unique_and_required_cells_filled(sample: dict[str, pd.DataFrame], table) -> None:
    frame = sample[table.name]
    if table.keys:
        assert not frame.duplicated(list(table.keys)).any()
    for column in table.columns:
        if column.required:
            assert frame[column.name].notna().all(), column.name


@pytest.mark.parametrize("table", INPUT_TABLES, ids=lambda table: table.name)
def test_cells_are_in_the_range_and_choices_of_the_schema(sample: dict[str, pd.DataFrame], table) -> None:
    frame = sample[table.name]
    for column in table.columns:
        values = frame[column.name].dropna()
        if column.choices:
            assert set(values) <= set(column.choices), column.name
        if column.minimum is not None:
            assert (values.astype(float) >= column.minimum).all(), column.name
        if column.maximum is not None:
            assert (values.astype(float) <= column.maximum).all(), column.name


@pytest.mark.parametrize("table", INPUT_TABLES, ids=lambda table: table.name)
def test_every_reference_exists(sample: dict[str, pd.DataFrame], table) -> None:
    for column in table.columns:
        if column.refers_to:
            target = TABLES[column.refers_to]
            known = set(sample[target.name][target.columns[0].name])
            assert set(sample[table.name][column.name].dropna()) <= known, column.name


def test_sources_named_elsewhere_exist_for_the_family(sample: dict[str, pd.DataFrame]) -> None:
    sources = set(zip(sample["tblSources"]["Family"], sample["tblSources"]["Source"], strict=True))
    for name in ("tblSourcePeriods", "tblReceipts", "tblBillOfResources"):
        named = sample[name].dropna(subset=["Source"])
        assert set(zip(named["Family"], named["Source"], strict=True)) <= sources, name


def test_every_family_has_a_source_and_items_and_every_resource_is_used(sample: dict[str, pd.DataFrame]) -> None:
    families = set(sample["tblFamilies"]["Family"])
    assert set(sample["tblSources"]["Family"]) == families
    assert set(sample["tblItems"]["Family"]) == families
    assert set(sample["tblBillOfResources"]["Resource"]) == set(sample["tblResources"]["Resource"])


def test_every_currency_has_a_rate_in_every_planned_period(sample: dict[str, pd.DataFrame]) -> None:
    currencies = set(sample["tblItems"]["Currency"])
    assert currencies == {"EUR", "GBP"}
    pounds = sample["tblRates"][sample["tblRates"]["Currency"] == "GBP"]
    assert pounds["Period"].isna().sum() == 1, "one rate for all other periods"
    assert set(planned_months()) <= set(pounds["Period"])
    assert pounds["Rate"].astype(float).between(1.0, 1.3).all()


def test_regions_of_events_sell_something(sample: dict[str, pd.DataFrame]) -> None:
    assert set(sample["tblEvents"]["Region"].dropna()) <= set(sample["tblHistory"]["Region"])


def planned_months() -> list[dt.datetime]:
    return [dt.datetime(2027 + step // 12, step % 12 + 1, 1) for step in range(18)]
