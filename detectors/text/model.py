"""The negativity model: a River pipeline to learn with, its weights to score with.

Learning and scoring are two things. The trainer holds a `NegativityModel`, a River classifier over bags of features;
what it publishes are `Weights`, and a `Scorer` sums those in one pass over the text, which gives the same number as the
pipeline several times as fast.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
from river import feature_extraction, linear_model, optim

from detectors.lexicon import english
from detectors.text.features import NEGATED, features

#: A mention at or above this score counts as negative.
NEGATIVE_CUT: Final = 0.5

#: The start, before anything is learned: log-odds of a text without any known word, and per point of valence.
_START_BIAS: Final = -1.1
_PER_VALENCE: Final = -0.62
_NEGATED_VALENCE: Final = -0.5
_NEGATION_ALONE: Final = 0.35

#: Weights nearer to their start than this are not published.
_PRUNE: Final = 0.02
_MOST_WEIGHTS: Final = 20_000


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
        get = self._get
        odds = self._bias
        for feature in found:
            weight = get(feature)
            if weight is not None:
                odds += weight
        if odds < -30.0:
            return 0.0
        return round(1.0 / (1.0 + math.exp(-odds)), 3)


class NegativityModel:
    """River's logistic regression over bags of features, started from word lists.

    `learning_rate` is how far one label moves the weights: higher follows a new vocabulary sooner and forgets sooner.

    >>> model = NegativityModel()
    >>> before = model.probability("gate lice everywhere")
    >>> for _ in range(5):
    ...     model.learn("gate lice everywhere", True)
    >>> model.probability("gate lice everywhere") > before
    True
    """

    def __init__(self, weights: Weights = START, learning_rate: float = 0.05) -> None:
        table = start_weights()
        for feature, moved in weights.moved.items():
            table[feature] = table.get(feature, 0.0) + moved
        self._bag = feature_extraction.BagOfWords(tokenizer=features)
        self._regression = linear_model.LogisticRegression(
            optimizer=optim.SGD(learning_rate), intercept_init=weights.bias, intercept_lr=learning_rate / 10
        )
        self._regression._weights.update(table)

    def probability(self, text: str) -> float:
        """Probability that `text` is negative."""
        proba = self._regression.predict_proba_one(self._bag.transform_one(text))  # type: ignore[no-untyped-call]
        return float(proba[True])

    def learn(self, text: str, negative: bool) -> None:
        """Learn that `text` is negative, or is not."""
        self._regression.learn_one(self._bag.transform_one(text), negative)  # type: ignore[no-untyped-call]

    def export(self) -> Weights:
        """What was learned, as plain data: the weights that moved most, bounded."""
        start = start_weights()
        moved = {
            feature: round(weight - start.get(feature, 0.0), 4)
            for feature, weight in self._regression._weights.items()
            if abs(weight - start.get(feature, 0.0)) >= _PRUNE
        }
        if len(moved) > _MOST_WEIGHTS:
            largest = sorted(moved, key=lambda feature: (-abs(moved[feature]), feature))[:_MOST_WEIGHTS]
            moved = {feature: moved[feature] for feature in sorted(largest)}
        return Weights(bias=round(self._regression.intercept, 4), moved=moved)
