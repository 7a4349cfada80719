"""How a few labelled posts are learned without moving how all other posts are read.

AdaGrad's first step in a weight is as large as it will ever make one, however little the post says of it. So a single
correction would tilt what every post is scored by: the constant, what the word lists say, "the", and pieces of words
like "ing". What few posts teach is therefore learned as if these weights had gone some way already (an initial sum of
squares); the more posts a lesson has, the less so, and from `MANY` on not at all. The words and pairs that are a post's
own are learned nearly as fast as ever. What was gone some way in earnest counts on top: thousands of single
corrections teach what everything is scored by, too.

With these numbers one real post moves the share of negative ones by .003 in the middle, of .5; a quarter or four times
any of them by .001 to .003 more or less.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, Final

from river import optim

from detectors.lexicon import complaints, english, function_words
from detectors.text.slots import slots_of

#: A lesson of so many posts is learned at full speed.
MANY: Final = 200
#: The weight of what the word lists say.
START: Final = "start"

_INTERCEPT_RATE: Final = 0.02
_INTERCEPT_LEAST: Final = 0.05
_GONE_START: Final = 400.0
_GONE_COMMON: Final = 100.0
_GONE: Final = 0.02
#: A piece that so many listed words have is a piece of many others.
_COMMON_PIECE: Final = 2


def calm_of(posts: int) -> float:
    """How calmly a lesson of so many posts is learned: 1 for none, 0 from `MANY` on.

    >>> calm_of(1), calm_of(100), calm_of(3000)
    (0.995, 0.5, 0.0)
    """
    return max(0.0, 1.0 - posts / MANY)


def intercept_rate(calm: float) -> float:
    """How fast the constant is learned.

    >>> intercept_rate(0.0), intercept_rate(0.5), intercept_rate(1.0)
    (0.02, 0.01, 0.001)
    """
    return _INTERCEPT_RATE * max(_INTERCEPT_LEAST, 1.0 - calm)


class CalmAdaGrad(optim.AdaGrad):
    """River's AdaGrad; with `calm` above 0 it steps as if each weight had gone some way already.

    >>> from river.utils import VectorDict
    >>> bold, calm = CalmAdaGrad(0.1), CalmAdaGrad(0.1)
    >>> calm.calm = 1.0
    >>> [round(-dict(how.step({START: 0.0}, {START: 0.5}))[START], 4) for how in (bold, calm)]
    [0.1, 0.0025]
    """

    calm = 0.0

    def _step_with_dict(self, w: Any, g: Any) -> Any:
        if not self.calm:
            return super()._step_with_dict(w, g)
        common = _common()
        for place, slope in g.items():
            self.g2[place] += slope**2
            gone = _GONE_START if place == START else _GONE_COMMON if place in common else _GONE
            w[place] -= self.learning_rate / (self.g2[place] + self.calm * gone + self.eps) ** 0.5 * slope
        return w


@cache
def _common() -> frozenset[int]:
    """Slots of what stands in most texts: function words, and pieces that many words have."""
    words = function_words()["en"]
    pieces = Counter(piece for word in {*english(), *complaints()} for piece in set(slots_of(word).pieces))
    often = {piece for piece, number in pieces.items() if number >= _COMMON_PIECE}
    return frozenset(often.union(*((slots_of(word).own, *slots_of(word).pieces) for word in words)))
