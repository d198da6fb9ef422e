"""Weights of the models of "best": by the nature of the history, then by the backtests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_addin.planning import forecast_weights
from sop_addin.planning.forecast_combination import COMBINATIONS, forecast_series
from sop_addin.planning.forecast_models import MODELS, ModelInput
from sop_addin.planning.forecast_weights import CENTRE, POWERS, SPREAD, WEIGHTS, features, prior_weights

MONTHS = np.arange(60)
RNG = np.random.default_rng(3)
NOISE = RNG.lognormal(0, 0.2, 60)
SEASONAL = 100 * (1 + 0.5 * np.sin(2 * np.pi * MONTHS / 12)) * NOISE**0.2
GROWING = 50 * 1.03**MONTHS * NOISE**0.2


def of(values: np.ndarray) -> dict[str, float]:
    names = ("length", "season", "trend", "changes", "noise")
    return dict(zip(names, features(ModelInput(values / values.mean() * 100, 12)), strict=True))


def test_every_model_has_a_weight_and_every_weight_a_model():
    assert set(WEIGHTS) <= set(MODELS)
    assert [name for name, _ in COMBINATIONS["best"].members] == list(WEIGHTS)
    assert all(row[0] > 0 and len(row) == 1 + len(CENTRE) for row in WEIGHTS.values())
    assert len(POWERS) == COMBINATIONS["best"].backtests


def test_features_tell_season_trend_and_noise_apart():
    assert of(SEASONAL)["season"] > 0.9 > 0.6 > of(100 * NOISE)["season"]
    assert of(GROWING)["trend"] > 0.95 > of(100 * NOISE)["trend"]
    assert of(100 * NOISE)["noise"] > of(SEASONAL)["noise"]
    assert of(SEASONAL)["length"] == pytest.approx(0)
    assert of(100 * NOISE)["changes"] < -0.2  # what went up by chance comes down again


def test_a_history_like_the_mean_of_all_has_the_weights_of_the_table(monkeypatch):
    monkeypatch.setattr(forecast_weights, "features", lambda history: np.array(CENTRE))
    weights, powers = prior_weights(ModelInput(SEASONAL, 12))
    assert weights == {name: row[0] for name, row in WEIGHTS.items()}
    assert powers == tuple(row[0] for row in POWERS)


def test_a_feature_moves_the_log_of_a_weight_by_its_figure(monkeypatch):
    one_off = np.array(CENTRE) + np.array(SPREAD) * [0, 1, 0, 0, 0]
    monkeypatch.setattr(forecast_weights, "features", lambda history: one_off)
    weights, _ = prior_weights(ModelInput(SEASONAL, 12))
    for name, row in WEIGHTS.items():
        assert np.log(weights[name] / row[0]) == pytest.approx(row[2])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.just(0.0), st.floats(0, 1e12)), min_size=24, max_size=80).filter(lambda y: sum(y) > 1e-6),
    st.sampled_from([1, 4, 12, 52]),
)
def test_no_history_takes_a_weight_beyond_bounds(values, season):
    y = np.array(values)
    weights, powers = prior_weights(ModelInput(y / y.mean() * 100, season))
    assert all(np.isfinite(weight) and weight > 0 for weight in weights.values())
    assert all(-1 < power < 4 for power in powers)


def test_best_names_ets_and_arima_among_what_it_combines():
    found = forecast_series(SEASONAL, 6, 12, effort="best")
    assert found.method == "Theta + STL + Seasonal naive + CES + ETS + ARIMA"
