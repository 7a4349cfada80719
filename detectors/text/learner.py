"""Learning negativity: River's logistic regression with AdaGrad, started from word lists.

One model, learned in the same way by the trainer and by ``--learn``: `learn_all` for what people have labelled,
`learn_hint` for what a text's own emoji say.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

from river import linear_model, optim

from detectors.text.calm import MANY, CalmAdaGrad, calm_of, intercept_rate
from detectors.text.calm import START as _START
from detectors.text.distant import unlabelled
from detectors.text.features import features
from detectors.text.model import START, Weights, pack, start_odds, unpack
from detectors.text.slots import slots_of

Labelled = tuple[str, bool]
Vector = dict[Hashable, float]
_Seen = tuple[Vector, bool]


class Pace(NamedTuple):
    """How boldly to learn: AdaGrad's rate, and how often to go through the posts."""

    rate: float
    passes: int


#: From bold to careful. Bold is best where the labels are right, by .02 of the area under the curve; careful where many
#: are wrong, by .08.
PACES: Final = (Pace(0.1, 4), Pace(0.1, 1), Pace(0.02, 1))
_HINT_RATE: Final = 0.02
#: With fewer posts than this the pace is not tried out, and the first one counts: few posts are chosen by somebody.
_TRIAL_FROM: Final = MANY
_TRIAL_MOST: Final = 4_000
_ASIDE: Final = 5
_TELL_EVERY: Final = 200
_SEED: Final = 1


def area_under_curve(scored: Sequence[tuple[float, bool]]) -> float:
    """How often a negative text scores higher than another, of all pairs; ties count half; 0.5 where there is no pair.

    Source: Mann and Whitney, 1947, by the ranks of the negative ones.

    >>> area_under_curve([(0.9, True), (0.5, False), (0.5, True), (0.1, False)])
    0.875
    """
    ordered = sorted(scored)
    negatives = sum(negative for _, negative in scored)
    pairs = negatives * (len(scored) - negatives)
    below = won = 0.0
    for _, level in groupby(ordered, key=itemgetter(0)):
        labels = [negative for _, negative in level]
        here = sum(labels)
        others = len(labels) - here
        won += here * (below + others / 2)
        below += others
    return won / pairs if pairs else 0.5


def vector(found: list[str], start: float | None = None) -> Vector:
    """A text's features as River takes them: what the word lists say, and each slot that the text touches.

    Words and pairs together have the length one, and so have pieces, so that long texts do not outweigh short ones.
    `start` is what the lists say where it is another question than negativity.
    """
    x: Vector = {_START: start_odds(found) if start is None else start}
    if not found:
        return x
    slots = [slots_of(feature) for feature in found]
    own = [slot.own for slot in slots]
    own += [one.first ^ next_one.own for one, next_one in pairwise(slots)]
    pieces = [piece for slot in slots for piece in slot.pieces]
    for places in (own, pieces):
        share = 1.0 / math.sqrt(len(places))
        for place in places:
            x[place] = x.get(place, 0.0) + share
    return x


def _vector_of(text: str) -> Vector:
    return vector(features(text))


class NegativityModel:
    """River's logistic regression over words, pairs of words and pieces of words, started from word lists.

    `read` makes a text's `vector`: another reader makes a model that answers another question in the same way.

    >>> model = NegativityModel()
    >>> before = model.probability("gate lice everywhere")
    >>> model.learn_all([("gate lice everywhere", True)])
    >>> model.probability("gate lice everywhere") > before
    True
    """

    def __init__(self, weights: Weights = START, read: Callable[[str], Vector] = _vector_of) -> None:
        self._read = read
        self._optimizer = CalmAdaGrad(PACES[0].rate)
        self._regression = linear_model.LogisticRegression(optimizer=self._optimizer, intercept_init=weights.bias)
        self._regression._weights.update({_START: weights.start, **dict(unpack(weights.table))})
        self._optimizer.g2.update(unpack(weights.steps))
        self._optimizer.g2[_START] = weights.start_steps

    def probability(self, text: str) -> float:
        """Probability that `text` is negative."""
        return self.probability_of(self._read(text))

    def probability_of(self, x: Vector) -> float:
        """Probability that a text with this `vector` is negative."""
        proba = self._regression.predict_proba_one(x)  # type: ignore[no-untyped-call]
        return float(proba[True])

    def learn_all(
        self,
        posts: Sequence[Labelled],
        tell: Callable[[float], None] = lambda share: None,
        paces: Sequence[Pace] = PACES,
    ) -> None:
        """Learn what people have said about posts: each text, and whether it is negative.

        A few posts move what is like them and next to nothing else (`detectors.text.calm`).
        Some posts are first kept aside to find out which pace suits: labels that are often wrong are learned with care.
        The order of `posts` makes no difference beyond chance; the same posts in the same order give the same model.
        `tell` hears how much is done, 0..1. `paces` go from bold to careful; where there is one, it is not tried.
        """
        vectors = [(self._read(text), negative) for text, negative in posts]
        random.Random(_SEED).shuffle(vectors)  # noqa: S311
        tried = vectors[:_TRIAL_MOST] if len(paces) > 1 and len(vectors) >= _TRIAL_FROM else []
        progress = _Progress(tell, paces[0].passes * len(vectors) + sum(pace.passes for pace in paces) * len(tried))
        pace = self._best_pace(tried, paces, progress) if tried else paces[0]
        self._learn(vectors, pace, progress, calm_of(len(vectors)))
        tell(1.0)

    def learn_hint(self, text: str, negative: bool) -> None:
        """Learn what a text's own emoji say of the rest of it, a little: how often texts are negative is not in it."""
        regression = self._regression
        intercept, start = regression.intercept, regression._weights[_START]
        self._optimizer.lr, self._optimizer.calm = optim.schedulers.Constant(_HINT_RATE), 0.0
        regression.learn_one(vector(unlabelled(features(text))), negative)
        regression.intercept, regression._weights[_START] = intercept, start

    def export(self) -> Weights:
        """What was learned, as plain data of bounded size; a model made from it goes on from there."""
        weights: dict[Any, float] = dict(self._regression._weights.items())
        steps: dict[Any, float] = dict(self._optimizer.g2)
        return Weights(
            bias=self._regression.intercept,
            start=weights.pop(_START),
            start_steps=steps.pop(_START),
            table=pack(weights.items()),
            steps=pack(steps.items()),
        )

    def _best_pace(self, posts: list[_Seen], paces: Sequence[Pace], progress: _Progress) -> Pace:
        """The pace after which posts that were kept aside are told apart best, so far as their labels say so."""
        aside, learned = posts[::_ASIDE], [post for place, post in enumerate(posts) if place % _ASIDE]
        here = self.export()
        reached: dict[Pace, float] = {}
        for pace in paces:
            trial = NegativityModel(here, self._read)
            trial._learn(learned, pace, progress, calm=0.0)
            reached[pace] = area_under_curve([(trial.probability_of(x), negative) for x, negative in aside])
        return max(paces, key=reached.__getitem__)

    def _learn(self, posts: list[_Seen], pace: Pace, progress: _Progress, calm: float) -> None:
        self._optimizer.lr, self._optimizer.calm = optim.schedulers.Constant(pace.rate), calm
        self._regression.intercept_lr = optim.schedulers.Constant(intercept_rate(calm))
        learn_one = self._regression.learn_one
        order = random.Random(_SEED)  # noqa: S311
        for _ in range(pace.passes):
            posts = order.sample(posts, len(posts))
            for x, negative in posts:
                learn_one(x, negative)
                progress.step()


class _Progress:
    """Counts what is done, and tells of it now and then."""

    def __init__(self, tell: Callable[[float], None], total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0

    def step(self) -> None:
        self._done += 1
        if self._done % _TELL_EVERY == 0:
            self._tell(min(1.0, self._done / self._total))
