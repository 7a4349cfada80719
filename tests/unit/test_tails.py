"""Tail probabilities against exact sums and SciPy's distributions."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from detectors.estimators.tails import count_band, count_tail, share_tail


def poisson_tail(least: int, expected: float) -> float:
    """The probability of `least` or more, summed term by term."""
    return math.fsum(
        math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(least, least + 400)
    )


def binomial_tail(least: int, of: int, share: float) -> float:
    return math.fsum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(least, of + 1))


@pytest.mark.parametrize("expected", [0.2, 1.0, 5.0, 50.0])
@pytest.mark.parametrize("dispersion", [0.01, 0.07, 0.6, 1.6])
def test_a_count_is_as_unlikely_as_the_negative_binomial_says(expected: float, dispersion: float) -> None:
    shape = 1.0 / dispersion
    for observed in (1, 2, 7, 30, 120):
        exact = stats.nbinom.sf(observed - 1, shape, shape / (shape + expected))
        assert count_tail(observed, expected, dispersion) == pytest.approx(-math.log10(exact), rel=1e-6)


@pytest.mark.parametrize(("expected", "least"), [(0.2, 6), (1.0, 10), (5.0, 20), (50.0, 88)])
def test_without_dispersion_a_count_is_as_unlikely_as_the_exact_poisson_sum(expected: float, least: int) -> None:
    assert count_tail(least, expected, 0.0) == pytest.approx(-math.log10(poisson_tail(least, expected)), abs=0.02)
    assert count_tail(least, expected, 0.0) > 6.0 > count_tail(least - 2, expected, 0.0)


@pytest.mark.parametrize(("hits", "of", "share"), [(1, 3, 0.2), (9, 12, 0.25), (20, 20, 0.2), (300, 800, 0.25)])
def test_a_share_without_overdispersion_is_the_exact_binomial_sum(hits: int, of: int, share: float) -> None:
    assert share_tail(hits, of, share, 0.0) == pytest.approx(-math.log10(binomial_tail(hits, of, share)), rel=1e-6)


def test_an_overdispersed_share_is_that_of_a_smaller_sample() -> None:
    # 40 of 80 with a correlation of 3/79 are worth 10 of 20.
    assert share_tail(40, 80, 0.25, 3 / 79) == pytest.approx(-math.log10(binomial_tail(10, 20, 0.25)), rel=1e-6)


def test_more_is_never_less_surprising() -> None:
    counts = [count_tail(observed, 8.0, 0.1) for observed in range(60)]
    shares = [share_tail(hits, 60, 0.25, 0.01) for hits in range(61)]
    assert counts == sorted(counts)
    assert shares == sorted(shares)


def test_more_dispersion_makes_every_surprise_smaller() -> None:
    assert count_tail(40, 8.0, 0.01) > count_tail(40, 8.0, 0.1) > count_tail(40, 8.0, 1.0)
    assert share_tail(40, 60, 0.25, 0.0) > share_tail(40, 60, 0.25, 0.01) > share_tail(40, 60, 0.25, 0.1)


@pytest.mark.parametrize("observed", [0.0, -1.0])
def test_nothing_seen_is_no_surprise(observed: float) -> None:
    assert count_tail(observed, 3.0, 0.1) == 0.0
    assert share_tail(observed, 10, 0.2, 0.0) == 0.0


def test_no_expectation_and_a_share_at_or_below_the_usual_are_no_surprise() -> None:
    assert count_tail(5, 0.0, 0.1) == 0.0
    assert share_tail(2, 10, 0.2, 0.0) == share_tail(1, 10, 0.2, 0.0) == share_tail(0, 0, 0.2, 0.0) == 0.0


def test_the_surprise_stays_finite_where_the_probability_is_too_small_for_a_float() -> None:
    assert count_tail(1e6, 1.0, 1e-6) == share_tail(1e6, 1e6, 0.01, 0.0) == 300.0


@pytest.mark.parametrize("expected", [0.3, 4.0, 25.0, 400.0])
@pytest.mark.parametrize("dispersion", [0.01, 0.3, 1.6])
def test_the_band_is_that_of_the_negative_binomial(expected: float, dispersion: float) -> None:
    shape = 1.0 / dispersion
    known = stats.nbinom(shape, shape / (shape + expected))
    assert count_band(expected, dispersion) == (known.ppf(0.025), known.ppf(0.975))
    assert count_band(expected, dispersion, mass=0.5) == (known.ppf(0.25), known.ppf(0.75))


def test_the_band_where_nothing_is_expected_holds_nothing() -> None:
    assert count_band(0.0, 0.1) == (0.0, 0.0)
