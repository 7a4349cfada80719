"""Scoring negativity: the weights of the model, summed in one pass over the text.

Learning and scoring are two things. The trainer holds a River model (`detectors.text.learner`); what it publishes are
`Weights`, and a `Scorer` gives the same number as River does, several times as fast.
"""

from __future__ import annotations

import math
from itertools import repeat
from typing import Final

import msgspec

from detectors.lexicon import english
from detectors.text.features import NEGATED

#: A mention at or above this score counts as negative.
NEGATIVE_CUT: Final = 0.5

#: The start, before anything is learned: log-odds of a text without any known word, and per point of valence.
_START_BIAS: Final = -1.1
_PER_VALENCE: Final = -0.62
_NEGATED_VALENCE: Final = -0.5
_NEGATION_ALONE: Final = 0.35


class Weights(msgspec.Struct, frozen=True):
    """A model as plain data: `bias` and, for each feature, how far learning moved it from the start.

    Unknown features weigh what the start says, or nothing.
    """

    bias: float = _START_BIAS
    moved: dict[str, float] = {}


#: What is shipped: lexica only, nothing learned.
START = Weights()


def start_weights() -> dict[str, float]:
    """Log-odds of each feature that a word list knows, before anything is learned.

    >>> weights = start_weights()
    >>> weights["awful"] > 0 > weights["great"], weights["not_great"] > 0
    (True, True)
    """
    table = {word: _PER_VALENCE * valence for word, valence in english().items()}
    for word, valence in english().items():
        table[NEGATED + word] = _PER_VALENCE * _NEGATED_VALENCE * valence
    for word in ("not", "no", "never", "don't", "can't", "won't", "nothing"):
        table[word] = table.get(word, 0.0) + _NEGATION_ALONE
    return table


class Scorer:
    """Scores texts with one set of weights.

    >>> from detectors.text.features import features
    >>> score = Scorer(START).score
    >>> score(features("you are awful, never again")) > 0.5 > score(features("thank you, lovely crew"))
    True
    """

    def __init__(self, weights: Weights) -> None:
        table = start_weights()
        for feature, moved in weights.moved.items():
            table[feature] = table.get(feature, 0.0) + moved
        self._bias = weights.bias
        self._get = table.get

    def score(self, found: list[str]) -> float:
        """Negativity of a text's `features`, 0..1, three decimals, higher is worse."""
        odds = self._bias
        for weight in map(self._get, found, repeat(0.0)):
            odds += weight
        if odds < -30.0:
            return 0.0
        return round(1.0 / (1.0 + math.exp(-odds)), 3)
