"""What events do to demand: as typed, or as the past lets expect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.model.schema import TABLES
from sop_addin.planning.event_history import learn_from_events
from sop_addin.planning.events import EFFECT_COLUMNS, EventEffects, event_effects
from sop_addin.planning.families import aggregate_to_family

PERIODS = list(pd.date_range("2027-01-01", periods=6, freq="MS"))
JAN, FEB, MAR, APR, MAY, JUN = PERIODS
NONE = float("nan")


def items_of(**items: dict) -> pd.DataFrame:
    """One row per item; what a test does not say is the contract's default."""
    default = {"Family": "Pumps", "Units per family unit": 1.0, "Status": "Active"}
    return pd.DataFrame([{"Item": name, **default, **given_} for name, given_ in items.items()])


def forecast_of(**quantities: float) -> pd.DataFrame:
    rows = [(item, period, quantity) for item, quantity in quantities.items() for period in PERIODS]
    return pd.DataFrame(rows, columns=["Item", "Period", "Forecast"])


def events_of(*events: dict) -> pd.DataFrame:
    columns = ["Event", "Family", "Item", "Region", "From", "To", "Uplift %", "Uplift units", "Price change %"]
    frame = pd.DataFrame(
        [{"Event": "Fair", **event} for event in events], columns=[*columns, "Probability", "Cannibalisation %"]
    )
    return frame.fillna({"Family": "", "Item": "", "Region": ""})


def row(result: pd.DataFrame, measure: str, family: str = "Pumps") -> list[float]:
    return result.loc[result["Family"] == family, measure].round(9).tolist()


class TestEventEffects:
    items = items_of(A={}, B={"Units per family unit": 10.0}, C={"Family": "Valves"})
    baseline = forecast_of(A=100.0, B=500.0, C=40.0)  # Pumps: 100 + 500 / 10 = 150 a month

    def effect(self, *events: dict, family: str = "Pumps") -> list[float]:
        return row(event_effects(events_of(*events), self.baseline, self.items, PERIODS).families, "Events", family)

    def test_a_family_event_lifts_the_family_from_first_to_last_period_inclusive(self) -> None:
        assert self.effect({"Family": "Pumps", "From": FEB, "To": MAR, "Uplift %": 0.1}) == [0, 15, 15, 0, 0, 0]

    def test_the_effect_is_weighted_by_its_probability(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift %": 0.1, "Uplift units": 5, "Probability": 0.5}
        assert self.effect(event)[0] == 0.5 * (15 + 5)

    def test_an_item_event_lifts_the_item_in_family_units(self) -> None:
        assert self.effect({"Item": "B", "From": JAN, "To": JAN, "Uplift %": 0.2})[0] == 0.2 * 500 / 10
        assert self.effect({"Item": "B", "From": JAN, "To": JAN, "Uplift units": 30})[0] == 3

    def test_a_region_event_lifts_what_the_region_sells(self) -> None:
        regional = self.baseline.assign(Region="North").copy()
        regional = pd.concat([regional, self.baseline.assign(Region="South", Forecast=1000.0)])
        event = {"Family": "Pumps", "Region": "North", "From": JAN, "To": JAN, "Uplift %": 0.1}
        assert row(event_effects(events_of(event), regional, self.items, PERIODS).families, "Events")[0] == 15

    def test_an_event_that_names_nothing_concerns_everything(self) -> None:
        event = {"From": JAN, "To": JAN, "Uplift %": 0.1}
        assert self.effect(event)[0] == 15
        assert self.effect(event, family="Valves")[0] == 4

    def test_events_on_the_same_period_add_up(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift units": 5}
        assert self.effect(event, event)[0] == 10

    def test_a_negative_event_takes_demand_away(self) -> None:
        assert self.effect({"Family": "Pumps", "From": JAN, "To": JAN, "Uplift %": -0.2})[0] == -30

    def test_events_in_the_past_have_no_effect(self) -> None:
        past = {"Family": "Pumps", "From": JAN - pd.DateOffset(months=3), "To": JAN - pd.DateOffset(months=1)}
        assert self.effect({**past, "Uplift units": 5}) == [0] * 6

    def test_an_event_that_began_in_the_past_counts_for_what_is_left_of_it(self) -> None:
        event = {"Family": "Pumps", "From": JAN - pd.DateOffset(months=3), "To": FEB, "Uplift units": 5}
        assert self.effect(event) == [5, 5, 0, 0, 0, 0]

    def test_days_within_a_period_mean_the_period(self) -> None:
        event = {"Family": "Pumps", "From": pd.Timestamp(2027, 2, 10), "To": pd.Timestamp(2027, 3, 20)}
        assert self.effect({**event, "Uplift units": 5}) == [0, 5, 5, 0, 0, 0]

    def test_an_event_without_figures_and_without_a_past_has_no_effect_and_says_so(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Price change %": -0.1}
        result = event_effects(events_of(event), self.baseline, self.items, PERIODS)
        assert not result.families["Events"].any()
        (finding,) = result.findings
        assert (finding.severity, finding.rule) == ("Info", "event_uplift_known")

    def test_uplift_that_finds_nothing_to_lift_says_so(self) -> None:
        event = {"Item": "A", "Region": "Moon", "From": JAN, "To": JAN, "Uplift %": 0.1}
        (finding,) = event_effects(events_of(event), self.baseline, self.items, PERIODS).findings
        assert finding.rule == "event_has_baseline"

    def test_uplift_units_without_family_or_item_say_so(self) -> None:
        event = {"Region": "North", "From": JAN, "To": JAN, "Uplift units": 5}
        (finding,) = event_effects(events_of(event), self.baseline, self.items, PERIODS).findings
        assert finding.rule == "event_units_have_family"

    def test_no_events_give_zeros_for_every_family_and_period(self) -> None:
        result = event_effects(events_of(), self.baseline, self.items, PERIODS)
        assert len(result.families) == 2 * len(PERIODS)
        assert not result.families["Events"].any()
        assert result.items.empty

    def test_weeks_work_like_months(self) -> None:
        weeks = list(pd.date_range("2027-01-04", periods=4, freq="7D"))
        baseline = pd.DataFrame({"Item": "A", "Period": weeks, "Forecast": 10.0})
        event = {"Family": "Pumps", "From": weeks[1], "To": weeks[2], "Uplift %": 1.0}
        result = event_effects(events_of(event), baseline, self.items, weeks).families
        assert row(result, "Events") == [0, 10, 10, 0]

    def test_units_of_a_family_are_shared_out_by_what_its_items_sell(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift units": 30}
        by_item = event_effects(events_of(event), self.baseline, self.items, PERIODS).items.set_index("Item")["Events"]
        assert by_item.round(9).to_dict() == {"A": 20.0, "B": 100.0}  # 100 : 50 family units; B counts in tens

    def test_discontinued_items_take_no_part(self) -> None:
        items = items_of(A={"Status": "Discontinued"}, B={})
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift units": 30}
        by_item = event_effects(events_of(event), forecast_of(A=100.0, B=50.0), items, PERIODS).items
        assert by_item["Item"].tolist() == ["B"]

    def test_what_an_item_takes_from_its_family_is_lost_by_the_others_by_what_they_sell(self) -> None:
        items = items_of(A={}, B={}, C={}, D={"Family": "Valves"})
        event = {"Item": "A", "From": JAN, "To": JAN, "Uplift %": 0.5, "Cannibalisation %": 0.4}
        result = event_effects(events_of(event), forecast_of(A=100.0, B=30.0, C=10.0, D=9.0), items, PERIODS)
        by_item = result.items.set_index("Item")["Events"].round(9).to_dict()
        assert by_item == {"A": 50.0, "B": -15.0, "C": -5.0}
        assert row(result.families, "Events")[0] == 30

    def test_others_never_lose_more_than_they_sell(self) -> None:
        event = {"Item": "A", "From": JAN, "To": JAN, "Uplift %": 5.0, "Cannibalisation %": 1.0}
        result = event_effects(events_of(event), forecast_of(A=100.0, B=30.0), items_of(A={}, B={}), PERIODS)
        assert result.items.set_index("Item")["Events"].round(9).to_dict() == {"A": 500.0, "B": -30.0}

    def test_cannibalisation_of_a_family_event_has_no_meaning_and_says_so(self) -> None:
        event = {"Family": "Pumps", "From": JAN, "To": JAN, "Uplift %": 0.1, "Cannibalisation %": 0.4}
        result = event_effects(events_of(event), self.baseline, self.items, PERIODS)
        assert [finding.rule for finding in result.findings] == ["cannibalisation_has_item"]
        assert row(result.families, "Events")[0] == 15


FAIR = {
    "Event": "Fair 2025", "Family": "Pumps", "From": pd.Timestamp(2025, 4, 1), "To": pd.Timestamp(2025, 4, 1),
    "Price change %": -0.1,
}  # fmt: skip


class TestWhatThePastTells:
    """A Fair lifted A by 40 % and the other item by as much in April 2025, at a price 10 % lower."""

    items = items_of(A={}, B={})
    months = pd.date_range("2024-01-01", periods=36, freq="MS")
    baseline = forecast_of(A=100.0, B=50.0)

    def coming(self, **event: object) -> EventEffects:
        history = pd.concat(
            pd.DataFrame({"Item": item, "Region": "", "Period": self.months, "Quantity": level})
            for item, level in (("A", 100.0), ("B", 50.0))
        )
        history.loc[history["Period"] == FAIR["From"], "Quantity"] *= 1.4
        events = events_of(FAIR, {"Family": "Pumps", "From": FEB, "To": FEB, **event})
        learned = learn_from_events(events, history, self.items, 12)
        return event_effects(events, self.baseline, self.items, PERIODS, learned)

    def february(self, **event: object) -> float:
        return row(self.coming(**event).families, "Events")[1]

    def test_a_blank_uplift_is_what_the_same_event_brought_before(self) -> None:
        assert self.february(Event="Fair 2027") == pytest.approx(0.4 * 150, rel=0.01)

    def test_it_is_weighted_by_its_probability(self) -> None:
        assert self.february(Event="Fair 2027", Probability=0.5) == pytest.approx(0.2 * 150, rel=0.01)

    def test_of_one_item_only_it_lifts_that_item(self) -> None:
        assert self.february(Event="fair", Item="B") == pytest.approx(0.4 * 50, rel=0.01)

    def test_a_typed_uplift_stands_and_what_the_past_says_is_shown_beside_it(self) -> None:
        result = self.coming(Event="Fair 2027", **{"Uplift %": 0.1})
        assert row(result.families, "Events")[1] == pytest.approx(15)
        coming = result.effects[result.effects["When"] == "Coming"].iloc[0]
        assert coming["Planned uplift %"] == 0.1
        assert coming["Learned uplift %"] == pytest.approx(0.4, abs=0.01)
        assert coming["Low %"] <= coming["Learned uplift %"] <= coming["High %"]
        assert coming["Basis"] == "as typed"

    def test_a_typed_zero_is_a_figure(self) -> None:
        assert self.february(Event="Fair 2027", **{"Uplift %": 0.0}) == 0

    def test_another_event_with_a_price_change_follows_the_price_elasticity(self) -> None:
        elasticity = np.log(1.4) / np.log(0.9)
        wanted = 150 * (0.8**elasticity - 1)
        found = self.february(Event="Clearance", **{"Price change %": -0.2})
        assert 0.85 * wanted < found < wanted  # one event: a little nearer to none

    def test_a_price_rise_costs_volume(self) -> None:
        assert self.february(Event="Price rise", **{"Price change %": 0.05}) < -10

    def test_the_same_event_at_a_deeper_price_brings_more(self) -> None:
        same = self.february(Event="Fair 2027", **{"Price change %": -0.1})
        deeper = self.february(Event="Fair 2027", **{"Price change %": -0.2})
        assert same == pytest.approx(0.4 * 150, rel=0.01)
        assert deeper > 1.5 * same

    def test_every_event_has_a_row_that_says_what_it_brings(self) -> None:
        result = self.coming(Event="Fair 2027")
        assert result.effects["When"].tolist() == ["Past", "Coming"]
        assert tuple(result.effects.columns) == EFFECT_COLUMNS == TABLES["tblEventEffects"].headers
        assert result.effects["Effect"].iloc[0] == pytest.approx(60, rel=0.01)
        assert result.effects["Effect"].iloc[1] == pytest.approx(result.families["Events"].sum(), abs=0.001)


shares = st.one_of(st.just(NONE), st.floats(-1, 3))


@settings(max_examples=80, deadline=None)
@given(
    quantities=st.lists(st.floats(0, 1e8), min_size=1, max_size=5),
    events=st.lists(
        st.tuples(st.sampled_from(["", "I0", "I1"]), shares, st.one_of(st.just(NONE), st.floats(-1e4, 1e4)),
                  st.floats(0, 1), st.floats(0, 1)), max_size=4,
    ),
)  # fmt: skip
def test_effects_of_items_add_up_to_those_of_their_family(quantities: list, events: list) -> None:
    items = items_of(**{f"I{n}": {"Units per family unit": 1.0 + n} for n in range(len(quantities))})
    baseline = forecast_of(**{f"I{n}": quantity for n, quantity in enumerate(quantities)})
    rows = [
        {"Family": "" if item else "Pumps", "Item": item, "From": FEB, "To": APR, "Uplift %": percent,
         "Uplift units": units, "Probability": probability, "Cannibalisation %": taken}
        for item, percent, units, probability, taken in events
    ]  # fmt: skip
    result = event_effects(events_of(*rows), baseline, items, PERIODS)
    added = aggregate_to_family(result.items, items) if len(result.items) else result.families[:0]
    wide = added.set_index("Period")["Events"].reindex(PERIODS).fillna(0.0)
    np.testing.assert_allclose(wide, result.families["Events"], rtol=1e-9, atol=1e-6)
