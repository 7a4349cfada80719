"""How unlikely: tail probabilities of counts and shares, as -log10, so that 6 means one in a million."""

from __future__ import annotations

import math
from typing import Final

from scipy import special

#: Below this a probability is as good as nought; keeps the logarithm finite.
_LEAST: Final = 1e-300


def count_tail(observed: float, expected: float, dispersion: float) -> float:
    """-log10 of the probability of `observed` or more where `expected` are expected, negative binomial.

    The variance is ``expected + dispersion * expected**2``; a `dispersion` of 0 would be Poisson. Larger
    dispersion makes every count less surprising. The tail is the regularised incomplete beta function
    (NIST DLMF 8.17.24).

    >>> round(count_tail(10, 1.0, 0.001), 1), count_tail(0, 1.0, 0.1)
    (6.9, 0.0)
    """
    if observed <= 0 or expected <= 0:
        return 0.0
    shape = 1.0 / max(dispersion, 1e-6)
    return _minus_log10(special.betainc(observed, shape, expected / (expected + shape)))


def share_tail(hits: float, of: float, share: float, overdispersion: float) -> float:
    """-log10 of the probability of `hits` or more out of `of`, where each hits with `share`, overdispersed.

    Beta-binomial in effect: with intra-class correlation `overdispersion` a sample of n is worth n / (1 + (n - 1) rho)
    independent ones (the design effect, Kish 1965), and the binomial tail is taken of that.

    >>> share_tail(20, 20, 0.2, 0.0) > share_tail(20, 20, 0.2, 0.05) > share_tail(5, 20, 0.2, 0.0)
    True
    """
    if hits <= 0 or of <= 0 or hits / of <= share:
        return 0.0
    effective = of / (1.0 + max(0.0, of - 1.0) * overdispersion)
    hit = hits * effective / of
    return _minus_log10(special.betainc(hit, effective - hit + 1.0, share))


def normal_tail(deviates: float) -> float:
    """-log10 of the probability that a normal deviate is `deviates` or more.

    >>> round(normal_tail(3.0), 2), round(normal_tail(0.0), 2)
    (2.87, 0.3)
    """
    return float(-special.log_ndtr(-deviates) / math.log(10.0))


def count_band(expected: float, dispersion: float, mass: float = 0.95) -> tuple[float, float]:
    """The band that holds `mass` of the counts where `expected` are expected.

    >>> count_band(10.0, 0.01)
    (4.0, 17.0)
    """
    shape = 1.0 / max(dispersion, 1e-6)
    chance = shape / (shape + max(expected, 1e-9))
    return _quantile((1.0 - mass) / 2.0, shape, chance), _quantile((1.0 + mass) / 2.0, shape, chance)


def _quantile(mass: float, shape: float, chance: float) -> float:
    """The smallest count up to which at least `mass` of a negative binomial lies."""
    low, high = -1, 1
    while special.betainc(shape, high + 1.0, chance) < mass:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if special.betainc(shape, middle + 1.0, chance) < mass:
            low = middle
        else:
            high = middle
    return float(high)


def _minus_log10(probability: float) -> float:
    return -math.log10(max(float(probability), _LEAST))
