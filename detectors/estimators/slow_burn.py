"""A slow burn: evidence of a raised rate gathered step by step, too little at a time for any one span to show."""

from __future__ import annotations

import math
from typing import Final

import msgspec

#: The rate that is looked for, as a multiple of the expected one. A lower one sees slower burns, and more of the tide.
RAISED: Final = 2.4
#: -log10 of the likelihood ratio that is worth a signal.
THRESHOLD: Final = 3.5
#: Steps that a level lasts: the counts of an hour go up and down together.
_TOGETHER: Final = 12
_LONGEST_STEPS: Final = 72


class SlowBurnState(msgspec.Struct):
    """Evidence so far (natural logarithm), since how many steps, and what they held."""

    evidence: float = 0.0
    steps: int = 0
    observed: float = 0.0
    expected: float = 0.0


def add_step(state: SlowBurnState, count: float, expected: float, overdispersion: float) -> SlowBurnState:
    """The state after one more step: a one-sided CUSUM of log-likelihood ratios.

    A Poisson count's ratio, ``count * ln r - expected * (r - 1)``, is divided by how many times larger than Poisson's
    the variance of an hour is (quasi-likelihood), `overdispersion` being an hour's. It starts anew at nought; a step
    without excess halves it. Page (1954), "Continuous inspection schemes".

    >>> state = SlowBurnState()
    >>> for _ in range(12):
    ...     state = add_step(state, 25.0, 10.0, 0.03)
    >>> round(likelihood(state), 1), state.steps
    (8.9, 12)
    """
    inflation = 1.0 + overdispersion * expected * _TOGETHER
    gained = (count * math.log(RAISED) - expected * (RAISED - 1.0)) / inflation
    kept = state.evidence if count > expected else state.evidence / 2.0
    evidence = kept + gained
    if evidence <= 0.0 or state.steps >= _LONGEST_STEPS:
        return SlowBurnState()
    return SlowBurnState(evidence, state.steps + 1, state.observed + count, state.expected + expected)


def likelihood(state: SlowBurnState) -> float:
    """The evidence as a power of ten: how many times likelier a raised rate is than the usual one."""
    return state.evidence / math.log(10.0)
