"""Rough cut, without a solver: last year's sales x growth against the limits; and what each source really costs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_addin.sample import sample_tables
from sop_addin.sample.demand import naive_demand
from sop_addin.sample.shared import DISHWASHERS, FAMILY_NAMES, FRIDGES, OVENS, SMALL, WASHERS
from sop_addin.sample.supply import (
    BRNO,
    BRNO_LINE,
    BRNO_PEOPLE,
    COMPRESSORS,
    DISPATCH,
    EXPRESS,
    KESSLER,
    OCEAN,
    PORTO,
    PORTO_ENAMEL,
    PORTO_LINE,
    PORTO_PEOPLE,
    WAREHOUSE,
)

HOME = {WASHERS: BRNO, DISHWASHERS: BRNO, FRIDGES: PORTO, OVENS: PORTO}
PERIODS = 18


@pytest.fixture(scope="module")
def sample() -> dict[str, pd.DataFrame]:
    return sample_tables()


@pytest.fixture(scope="module")
def demand() -> dict[str, np.ndarray]:
    return {family: np.array(naive_demand(family)) for family in FAMILY_NAMES}


def use(sample, family: str, source: str) -> dict[str, float]:
    """Use per unit of each resource when ``source`` makes ``family``."""
    rows = sample["tblBillOfResources"]
    rows = rows[(rows["Family"] == family) & (rows["Source"].isna() | (rows["Source"] == source))]
    return dict(zip(rows["Resource"], rows["Use per unit"], strict=True))


def load(sample, demand, resource: str) -> np.ndarray:
    """Load if every family is made at home in the month in which it is sold."""
    total = np.zeros(PERIODS)
    for family, quantity in demand.items():
        total += use(sample, family, HOME.get(family, BRNO)).get(resource, 0.0) * quantity
    return total


def regular(sample, resource: str) -> np.ndarray:
    row = sample["tblResources"].set_index("Resource").loc[resource]
    labour = row["Kind"] == "Labour"
    usual = row["Hours per head"] if labour else row["Capacity"]
    capacity = np.full(PERIODS, float(usual))
    exceptions = sample["tblCapacity"]
    for _, change in exceptions[exceptions["Resource"] == resource].iterrows():
        value = change["Hours per head"] if labour else change["Capacity"]
        if value is not None:
            capacity[(change["Period"].year - 2027) * 12 + change["Period"].month - 1] = value
    return capacity * row["Efficiency"] * (row["Opening heads"] if labour else 1)


@pytest.mark.parametrize(
    ("resource", "least", "most"),
    [
        (BRNO_LINE, 0.80, 0.93), (BRNO_PEOPLE, 0.85, 0.97), (PORTO_LINE, 0.80, 0.93), (PORTO_PEOPLE, 0.85, 0.97),
        (PORTO_ENAMEL, 0.75, 0.88), (COMPRESSORS, 0.78, 0.90), (DISPATCH, 0.78, 0.92),
    ],
)  # fmt: skip
def test_average_use_leaves_room(sample, demand, resource: str, least: float, most: float) -> None:
    average = load(sample, demand, resource).sum() / regular(sample, resource).sum()
    assert least < average < most


@pytest.mark.parametrize("resource", [BRNO_LINE, BRNO_PEOPLE, PORTO_LINE, PORTO_PEOPLE, PORTO_ENAMEL, COMPRESSORS])
def test_the_peak_is_above_regular_capacity(sample, demand, resource: str) -> None:
    peak = (load(sample, demand, resource) / regular(sample, resource)).max()
    assert 1.02 < peak < 1.4


@pytest.mark.parametrize("resource", [BRNO_PEOPLE, PORTO_PEOPLE, COMPRESSORS])
def test_building_ahead_can_carry_the_peak(sample, demand, resource: str) -> None:
    """What is short in the peak was free in the months before it, overtime not counted."""
    room = np.cumsum(regular(sample, resource) - load(sample, demand, resource))
    assert room.min() >= 0


def test_a_month_of_cover_does_not_always_fit_into_the_warehouse(sample, demand) -> None:
    pallets = load(sample, demand, WAREHOUSE)
    ratio = pallets / regular(sample, WAREHOUSE)
    assert ratio.max() > 1
    assert ratio.mean() < 1


def test_dispatch_is_short_in_one_or_two_months(sample, demand) -> None:
    over = load(sample, demand, DISPATCH) - regular(sample, DISPATCH)
    assert 0 < (over > -200).sum() <= 2, "November: within 2 % of the limit or above it"
    assert over.max() < 500


def _overtime_cost(sample, family: str) -> float:
    """One more unit from the own plant with staff in overtime: material, machines, overtime pay."""
    source = HOME[family]
    sources = sample["tblSources"].set_index(["Family", "Source"])
    resources = sample["tblResources"].set_index("Resource")
    cost = float(sources.loc[(family, source), "Unit cost"])
    for resource, quantity in use(sample, family, source).items():
        row = resources.loc[resource]
        if row["Kind"] == "Labour":
            cost += quantity * row["Overtime cost"]
        elif row["Kind"] == "Machine":
            cost += quantity * row["Regular cost"]
    return cost


@pytest.mark.parametrize(
    ("family", "overtime_first"), [(WASHERS, True), (FRIDGES, True), (DISHWASHERS, False), (OVENS, False)]
)
def test_overtime_is_cheaper_than_the_subcontractor_in_some_families_only(sample, family, overtime_first) -> None:
    bought = sample["tblSources"].set_index(["Family", "Source"]).loc[(family, KESSLER), "Unit cost"]
    assert (_overtime_cost(sample, family) < bought) == overtime_first


def test_the_plant_is_cheaper_than_the_subcontractor_while_hours_are_free(sample) -> None:
    sources = sample["tblSources"].set_index(["Family", "Source"])
    for family, plant in HOME.items():
        assert sources.loc[(family, plant), "Unit cost"] < sources.loc[(family, KESSLER), "Unit cost"]


def test_ocean_import_is_cheap_slow_and_too_small_for_christmas(sample, demand) -> None:
    sources = sample["tblSources"].set_index(["Family", "Source"])
    ocean, express = sources.loc[(SMALL, OCEAN)], sources.loc[(SMALL, EXPRESS)]
    assert ocean["Unit cost"] < express["Unit cost"]
    assert ocean["Lead periods"] == 2
    assert ocean["Max per period"] < demand[SMALL].max()
    assert ocean["Max per period"] > demand[SMALL].mean()


def test_receipts_bridge_the_lead_time(sample, demand) -> None:
    receipts = sample["tblReceipts"]
    on_the_water = receipts[receipts["Source"] == OCEAN]["Quantity"].astype(float).to_numpy()
    assert len(on_the_water) == 2
    assert on_the_water.sum() == pytest.approx(demand[SMALL][:2].sum(), rel=0.15)


def test_holding_is_cheaper_than_falling_short_and_that_cheaper_than_being_late(sample) -> None:
    families = sample["tblFamilies"]
    assert (families["Holding cost"] < families["Shortfall cost"]).all()
    assert (families["Shortfall cost"] < families["Backorder cost"]).all()
    assert families["Lost sale cost"].isna().sum() == 1, "spare parts are left to the default"
