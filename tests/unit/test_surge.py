"""The surge of a series on its own scale, the slow burn, the spread of its counts, and the budget of its alarms."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.estimators import slow_burn
from detectors.estimators.alarm_budget import EPISODE_MS, AlarmBudget
from detectors.estimators.slow_burn import SlowBurnState, add_step, likelihood
from detectors.estimators.spread import FLOOR, SCALES_S, Spread
from detectors.estimators.surge import Surge, SurgeState

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


# --- surge ------------------------------------------------------------------------------------------------------------


def taught(counts: list[float], usual: float = 10.0) -> Surge:
    surge = Surge(300)
    for count in counts:
        surge.learn(count, usual)
    return surge


def test_a_height_is_the_mean_log_ratio_of_a_quarter_and_an_hour_in_mean_deviations() -> None:
    surge = Surge(300, SurgeState(100.0, 0.1, 20.0, [10.0] * 11, [8.0] * 11))
    ratio = (math.log((10 + 10 + 30 + 16) / (24 + 16)) + math.log((110 + 30 + 16) / (96 + 16))) / 2
    height = surge.height(30.0, 8.0)
    assert height.deviates == pytest.approx((ratio - 0.1) / (0.2 / math.sqrt(2 / math.pi)))
    assert (height.observed, height.expected) == (140.0, 96.0)


def test_the_scale_of_normal_ups_and_downs_is_their_standard_deviation() -> None:
    surge = Surge(3600)
    ratios = np.random.default_rng(1).normal(0.0, 0.2, 4000)
    for ratio in ratios:
        surge.learn(math.exp(ratio) * 1e6, 1e6)
    assert surge.height(math.exp(0.6) * 1e6, 1e6).deviates == pytest.approx(3.0, rel=0.1)


def test_a_wild_series_has_to_climb_higher() -> None:
    calm = taught([10.0 + place % 2 for place in range(2000)])
    wild = taught([40.0 if place % 50 < 5 else 6.0 for place in range(2000)])
    assert calm.height(60.0, 10.0).deviates > 2 * wild.height(60.0, 10.0).deviates


def test_with_few_counts_a_ratio_says_little() -> None:
    few, many = Surge(300), Surge(300)
    for surge, usual in ((few, 0.5), (many, 50.0)):
        for _ in range(500):
            surge.learn(usual, usual)
    assert few.height(5.0, 0.5).deviates < 0.5 * many.height(500.0, 50.0).deviates


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 500), min_size=1, max_size=60), st.integers(0, 60))
def test_a_surge_made_from_its_state_goes_on_to_the_last_bit(counts: list[float], stop: int) -> None:
    whole, broken = Surge(300), Surge(300)
    for place, count in enumerate(counts):
        if place == stop:
            broken = Surge(300, msgspec.json.decode(msgspec.json.encode(broken.state()), type=SurgeState))
        assert whole.height(count, 9.0) == broken.height(count, 9.0)
        whole.learn(count, 9.0)
        broken.learn(count, 9.0)
    assert whole.state() == broken.state()


# --- slow burn --------------------------------------------------------------------------------------------------------


def burnt(counts: list[float], usual: float = 20.0, overdispersion: float = 0.05) -> SlowBurnState:
    state = SlowBurnState()
    for count in counts:
        state = add_step(state, count, usual, overdispersion)
    return state


def test_the_evidence_of_a_step_is_its_log_likelihood_ratio() -> None:
    state = burnt([40.0], overdispersion=0.0)
    poisson = 40.0 * math.log(slow_burn.RAISED) - 20.0 * (slow_burn.RAISED - 1.0)
    assert likelihood(state) == pytest.approx(poisson / math.log(10.0))


def test_two_and_a_half_times_the_usual_is_a_slow_burn_within_hours_and_the_usual_never() -> None:
    assert likelihood(burnt([50.0] * 3)) < slow_burn.THRESHOLD < likelihood(burnt([50.0] * 24))
    assert burnt([20.0] * 500) == burnt([24.0, 16.0] * 500) == SlowBurnState()


def test_calm_forgets_what_was_gathered() -> None:
    assert likelihood(burnt([50.0] * 12 + [20.0] * 3)) < 0.3 * likelihood(burnt([50.0] * 12))
    assert burnt([50.0] * 12 + [20.0] * 12) == SlowBurnState()


def test_a_slow_burn_says_since_when_and_how_much() -> None:
    state = burnt([5.0] * 20 + [60.0] * 4)
    assert (state.steps, state.observed, state.expected) == (4, 240.0, 80.0)


# --- spread -----------------------------------------------------------------------------------------------------------


def learned(dispersion: float, rate: float, days: int, seed: int = 1) -> Spread:
    """After days whose minutes are overdispersed, and nothing longer is."""
    chance = np.random.default_rng(seed)
    spread = Spread(10)
    for _ in range(days * 1440):
        lively = chance.gamma(1.0 / dispersion, dispersion)
        for count in chance.poisson(rate * lively, 6):
            spread.learn(float(count), rate)
    return spread


def test_overdispersion_is_learned_on_its_own_scale() -> None:
    spread = learned(0.3, 4.0, 9)
    assert spread.of(60) == pytest.approx(0.3, rel=0.2)
    assert spread.of(300) == pytest.approx(0.3 / 5, rel=0.35)
    assert spread.of(3600) < 0.03


def test_between_two_scales_it_is_between_them() -> None:
    spread = learned(0.3, 4.0, 3)
    assert spread.of(60) > spread.of(180) > spread.of(300)
    assert spread.of(10) == spread.of(60)
    assert spread.of(7200) == spread.of(3600)


def test_a_handful_of_posts_decides_nothing() -> None:
    assert learned(0.3, 0.01, 1).of(300) == pytest.approx(Spread(10).of(300), rel=0.25)


def test_no_stream_is_steadier_than_the_floor_and_longer_buckets_have_fewer_scales() -> None:
    spread = Spread(3600)
    for _ in range(3000):
        spread.learn(500.0, 500.0)
    assert spread.of(60) == spread.of(3600) == FLOOR
    assert Spread(7200).of(3600) > FLOOR
    assert len(SCALES_S) > 3


# --- alarms -----------------------------------------------------------------------------------------------------------


def test_alarms_of_one_episode_are_one() -> None:
    budget = AlarmBudget()
    assert [budget.alarm(at) for at in (0, EPISODE_MS - 1, EPISODE_MS, 2 * EPISODE_MS)] == [True, False, True, True]


def test_each_alarm_makes_the_next_dearer_up_to_a_bound_but_a_long_one_is_no_series_of_alarms() -> None:
    budget = AlarmBudget()
    factors = []
    for alarm in range(12):
        budget.alarm(alarm * DAY_MS)
        factors.append(budget.factor(alarm * DAY_MS))
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(1.0875)
    assert max(factors) == pytest.approx(1.35)
    long = AlarmBudget()
    for hours in range(0, 6, 2):
        long.alarm(hours * HOUR_MS)
    assert long.factor(5 * HOUR_MS) < 1.09


def test_what_an_alarm_cost_is_forgotten_after_ten_days() -> None:
    budget = AlarmBudget()
    budget.alarm(0)
    assert budget.factor(9 * DAY_MS) > 1.0 == budget.factor(10 * DAY_MS + 1) == AlarmBudget().factor(0)
