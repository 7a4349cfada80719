"""Learning negativity: River's logistic regression over bags of features, started from word lists."""

from __future__ import annotations

from typing import Final

from river import feature_extraction, linear_model, optim

from detectors.text.features import features
from detectors.text.model import START, Weights, start_weights

#: Weights nearer to their start than this are not published.
_PRUNE: Final = 0.02
_MOST_WEIGHTS: Final = 20_000


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
        # River would also strip accents, and then learn other features than a `Scorer` sees.
        self._bag = feature_extraction.BagOfWords(tokenizer=features, strip_accents=False, lowercase=False)
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
