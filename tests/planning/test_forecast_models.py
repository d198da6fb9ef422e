"""Models that are not those of a library as they are: worked out by hand, or against what they are made for."""

from __future__ import annotations

import numpy as np
import pytest

from sop_addin.planning.forecast_models import MODELS, ModelInput

MONTHS = np.arange(72)
SEASON = 100 * (1 + 0.4 * np.sin(2 * np.pi * MONTHS / 12))


def forecast(model: str, values: np.ndarray, horizon: int = 12) -> np.ndarray:
    return MODELS[model](ModelInput(np.asarray(values, float), 12), horizon)


def test_seasonal_growth_is_last_year_with_half_of_its_growth():
    years = np.concatenate([np.arange(1.0, 13.0), 1.2 * np.arange(1.0, 13.0)])
    np.testing.assert_allclose(forecast("Seasonal growth", years, 14)[[0, 11, 12]], np.array([1.2, 14.4, 1.2]) * 1.1)


def test_growth_of_more_than_two_fifths_is_not_believed():
    years = np.concatenate([np.full(12, 10.0), np.full(12, 100.0)])
    np.testing.assert_allclose(forecast("Seasonal growth", years), 120.0)


def test_a_season_that_may_be_chance_is_shrunken():
    noise = 100 * np.random.default_rng(5).lognormal(0, 0.3, (10, 48))
    swing = {
        model: np.mean([np.ptp(forecast(model, one)) for one in noise]) for model in ("ETS shrunken", "Seasonal mean")
    }
    assert swing["ETS shrunken"] < 0.4 * swing["Seasonal mean"]


def test_a_clear_season_is_kept():
    np.testing.assert_allclose(forecast("ETS shrunken", SEASON), SEASON[:12], rtol=0.02)


@pytest.mark.parametrize("model", ["ETS multiplicative", "ARIMA airline"])
def test_ets_and_arima_follow_season_and_trend(model):
    growing = SEASON * (1 + 0.01 * MONTHS) * np.random.default_rng(1).lognormal(0, 0.02, 72)
    expected = SEASON[:12] * (1 + 0.01 * np.arange(72, 84))
    np.testing.assert_allclose(forecast(model, growing), expected, rtol=0.12)


@pytest.mark.parametrize("model", ["ETS multiplicative", "Seasonal growth"])
def test_seasonal_models_refuse_a_history_of_less_than_two_seasons(model):
    with pytest.raises(ValueError, match="season"):
        forecast(model, SEASON[:20])


@pytest.mark.parametrize("model", ["ETS multiplicative", "ARIMA airline"])
def test_models_that_would_take_minutes_for_weeks_refuse_them(model):
    with pytest.raises(ValueError, match="minutes"):
        MODELS[model](ModelInput(np.tile(np.arange(1.0, 53.0), 3), 52), 13)
