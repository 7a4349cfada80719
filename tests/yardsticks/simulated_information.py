"""How much a single post says about a change of tone: what no detector can be quicker than, with these labels.

The expected log-likelihood ratio of one score, in nats (the Kullback-Leibler divergence of the mix of scores in the
crisis from the usual one, in the eight bins that detectors see). A detector that pages at evidence of h nats needs at
least h divided by it posts on the mean, however it is made (Wald 1945; Lorden 1971).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.finding import BINS
from streams.simulation.kinds import change_of_tone
from streams.simulation.scenario import Scenario, Theme
from tests.yardsticks.simulated_lives import DAY_MIN, PLATFORMS, START_MS
from tests.yardsticks.simulated_play import told_between
from tests.yardsticks.simulated_scoring import Labels, Reader, Words

#: The negative share before and in a change of tone.
_USUAL, _TURNED = 0.22, 0.62
_RAMP_MIN: Final = 10.0
_ONSET_MIN: Final = 2 * DAY_MIN
_SEED: Final = 1001


def nats_a_post(words: Words, labels: Labels) -> float:
    """Expected evidence of one post of a change of tone, in nats."""
    scenario = Scenario(
        "middle",
        START_MS,
        _ONSET_MIN + 150,
        15.0,
        _SEED,
        platforms=PLATFORMS,
        events=(change_of_tone(_ONSET_MIN),),
    )
    reader = Reader(words.learned)
    mixes = {negative: np.full(BINS, 1.0 / BINS) for negative in (False, True)}
    for told in told_between(scenario, words.texts, START_MS, scenario.end_ms):
        score = reader.negativity(told, labels)
        mixes[told.theme in (Theme.NEGATIVE, Theme.CRISIS)][min(int(score * BINS), BINS - 1)] += 1.0
    return divergence(mixed(mixes[True], mixes[False], _TURNED), mixed(mixes[True], mixes[False], _USUAL))


def mixed(negative: NDArray[np.float64], others: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The mix of scores where this share of posts is negative, from the counts of either kind by bin."""
    mix: NDArray[np.float64] = share * negative / negative.sum() + (1.0 - share) * others / others.sum()
    return mix


def divergence(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Kullback-Leibler divergence of `one` from `other`, in nats."""
    return float((one * np.log(one / other)).sum())


def least_min(nats: float, rate_per_min: float, powers: float) -> float:
    """Minutes from the onset to evidence of so many powers of ten, on the mean and at the least.

    The change takes ten minutes, and its first half says little: they count for five.
    """
    return _RAMP_MIN / 2.0 + powers * math.log(10.0) / (nats * rate_per_min)


def limits(words: Words, powers: float) -> str:
    """A row for each source of labels, as Markdown."""
    lines = [
        "| labels | nats a post | least minutes at 15 a minute | at 3 a minute |",
        "|---|--:|--:|--:|",
    ]
    for labels in Labels:
        nats = nats_a_post(words, labels)
        minutes = " | ".join(f"{least_min(nats, rate, powers):.0f}" for rate in (15.0, 3.0))
        lines.append(f"| {labels.value} | {nats:.3f} | {minutes} |")
    return "\n".join(lines)
