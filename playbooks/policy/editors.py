"""What editors teach: posts that they let go and posts that they refused.

They are learned like analysts' corrections (`detectors.text.learner`), from the lists on. Refused posts are few, and a
model that wants to be right most often lets most of them go. So where there are enough posts some are kept aside, and
the post that is held is the one from which on refused and passed posts are told apart best, both kinds counting alike.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from detectors.text.learner import Labelled, NegativityModel, Pace
from detectors.text.model import Weights
from playbooks.policy.tone import COLD, ToneModel, read, vector_of

#: Calmer than with complaints: what editors refuse is spread over more words than the lists start from. The area under
#: the curve is .007 less with double the rate and a pass more.
_PACES: Final = (Pace(0.05, 3),)
#: With fewer posts than this nothing is kept aside, and one half stays where a post is held: chance would choose.
_CUT_FROM: Final = 200
_ASIDE: Final = 5
#: Where a post may be held, as a probability.
_CUTS: Final = tuple(step / 100 for step in range(25, 61))
#: Cuts that tell apart this nearly as well as the best are as good, which is what chance makes of 2,000 posts; among
#: them the middle one counts. Half of it costs .006.
_AS_GOOD: Final = 0.02
_SEED: Final = 1


def taught(posts: Sequence[Labelled], tell: Callable[[float], None] = lambda share: None) -> Weights:
    """The shipped model after editors' decisions: each text, and whether it was refused. `tell` hears the share done.

    >>> model = ToneModel(taught([("Our bouncy zorbs are back", True), ("Our blue boats are back", False)] * 20))
    >>> [bool(model.findings(model.read(text))) for text in ("Get your bouncy zorbs", "Get your blue boats")]
    [True, False]
    """
    shift, done = 0.0, 0.0
    if len(posts) >= _CUT_FROM:
        drawn = random.Random(_SEED).sample(posts, len(posts))  # noqa: S311
        shift, done = _shift(drawn, lambda share: tell(share / 2)), 0.5
    learned = _after(posts, lambda share: tell(done + share * (1.0 - done)))
    return replace(learned, bias=learned.bias + shift)


def macro_f1(decided: Sequence[tuple[bool, bool]]) -> float:
    """How well decisions fit what was right, as the mean of the F1 of both kinds; pairs of (held, refused).

    Source: van Rijsbergen, "Information Retrieval", 1979, for F1; the mean over the kinds so that neither is bought
    with the other.

    >>> macro_f1([(True, True), (False, False), (True, False), (False, False)])
    0.7333333333333334
    """
    return (_f1(decided) + _f1([(not held, not refused) for held, refused in decided])) / 2


def _f1(decided: Sequence[tuple[bool, bool]]) -> float:
    right = sum(held and refused for held, refused in decided)
    wrong = sum(held != refused for held, refused in decided)
    return 2 * right / (2 * right + wrong) if right else 0.0


def _after(posts: Sequence[Labelled], tell: Callable[[float], None]) -> Weights:
    model = NegativityModel(COLD, lambda text: vector_of(read(text)))
    model.learn_all(posts, tell, _PACES)
    return model.export()


def _shift(drawn: Sequence[Labelled], tell: Callable[[float], None]) -> float:
    """What to add to the log-odds, so that one half is where posts that were kept aside are told apart best."""
    model = ToneModel(_after([post for place, post in enumerate(drawn) if place % _ASIDE], tell))
    aside = [(model.probability(model.read(text)), refused) for text, refused in drawn[::_ASIDE]]
    reached = {cut: macro_f1([(chance >= cut, refused) for chance, refused in aside]) for cut in _CUTS}
    as_good = [cut for cut in _CUTS if reached[cut] >= max(reached.values()) - _AS_GOOD]
    cut = as_good[len(as_good) // 2]
    return math.log((1.0 - cut) / cut)
