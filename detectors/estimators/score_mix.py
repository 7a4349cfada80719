"""How a brand's voices usually score: the mix of scores learned online, and how far its mood wanders by itself.

Each voice has a score, the probability that it is negative, in one of eight bins. The mix says how often each bin
usually comes, so that a voice can be weighed: how many times likelier is its score if it is one of those who complain?
That needs no labels. A score says how much likelier it is among negative posts than among others; how large a part of
this brand's voices is negative follows from the mix by maximum likelihood (Saerens, Latinne and Decaestecker 2002), and
with it the ratio. A poor text model has ratios near 1 and so says little; one that errs evenly is weighed by what its
scores are worth.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.finding import BINS

Floats = NDArray[np.float64]

#: Probability of being negative that a score in each bin stands for.
NEGATIVITY: Final = tuple((place + 0.5) / BINS for place in range(BINS))
#: How much likelier a score in each bin is among negative posts, where the model saw as many of them as of others.
_LIKELIER: Final = tuple(score / (1.0 - score) for score in NEGATIVITY)
#: The part of voices that is negative is looked for in so many rounds a step, between these bounds; a model whose
#: scores say less or more is mistaken, and its scores are all shifted.
_ROUNDS: Final = 12
_PART: Final = (0.15, 0.7)
_LEAST_PART: Final = 0.01
_NOW: Final = (0.03, 0.9)
#: Parts of voices that may have turned negative, on top of the usual ones: the alternatives that are weighed.
TURNED: Final[Floats] = np.array([0.0, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 0.97])

_STEP_MS: Final = 300_000
_STEP_MIN: Final = 5.0
#: The mix before anything is heard, and its weight in voices; a platform starts with its brand's, at another weight.
_BELIEF: Final = (0.32, 0.15, 0.22, 0.10, 0.07, 0.06, 0.05, 0.03)
_BELIEF_WEIGHT: Final = 30.0
_BRAND_WEIGHT: Final = 300.0
#: Memory of the mix in voices.
_MEMORY: Final = 10_000.0
#: The mood wanders: standard deviation of the part that has turned, and minutes it takes to forget.
_WANDER: Final = 0.06
_WANDER_MIN: Final = 1440.0
#: Variance of a step's mood beyond that of its voices, and what the mood can never be known better than.
_RESTLESS: Final = 0.001
_LEAST_VARIANCE: Final = 0.0005
#: A step is learned half an hour late, so that a crisis is seen before it is learned.
_LAG_STEPS: Final = 6
#: A step so many standard deviations worse than expected is damped to a tenth, for a day at most; others are clipped.
_STRIKING: Final = 4.0
_DAMPED: Final = 0.1
_DAMPED_STEPS: Final = 288
_CLIP: Final = 2.5
#: How slowly the scale of the wander follows what was seen, in steps, and the most that one step can say.
_SCALE_STEPS: Final = 600.0
_SCALE_CLIP: Final = 9.0
#: Voices beyond so many times the expected ones are a crowd with a mood of its own: it says nothing of the usual one.
CROWD_FROM: Final = 1.5
_CROWD_HEED: Final = 3.0
_LEAST_HEED: Final = 0.01
_LOWEST_MOOD: Final = -0.25
#: Scores that tell next to nothing apart are taken for this much worse among negative voices.
_LEAST_CONTRAST: Final = 0.02
#: Bins, those above the cut, those expected.
_COLUMNS: Final = BINS + 2
_WAITS: Final = 1 + _COLUMNS


class MixState(msgspec.Struct):
    """Everything a `ScoreMix` knows. The bytes are little-endian doubles: voices by bin, those above the cut for
    negative, and how many were expected; in `waiting` each step has its start before them.

    `mood` is the part of voices that has turned negative of late (below 0: fewer than usual), `variance` how well that
    is known, `scale` how much more than believed it wanders, `damped` the steps in a row that were out of the ordinary.
    `part` is the part of voices that is negative in the long run, `likeliest` what the scores say of it and `odds` by
    how much they are shifted to fit; `now`, `usual_negative` and `unsure` hold for the
    running step: the part that is negative, the part above the cut, and how sure the mood is. `moved` says that the
    long run has changed since `part` was looked for.
    """

    long: bytes = bytes(8 * _COLUMNS)
    mood: float = 0.0
    variance: float = _WANDER**2
    scale: float = 1.0
    damped: int = 0
    step_ms: int = -1
    in_step: bytes = bytes(8 * _COLUMNS)
    waiting: bytes = b""
    likeliest: float = 0.25
    part: float = 0.25
    odds: float = 1.0 / 3.0
    now: float = 0.0
    usual_negative: float = 0.0
    unsure: float = 0.0
    moved: bool = True


class ScoreMix:
    """The usual mix of scores now, and the weights that follow from it.

    The mix has a long memory; the mood is a level that wanders around it and returns within days, followed by a Kalman
    filter (Kalman 1960) half an hour late. What it cannot know, the wander since then and a young mix, is `unsure`, a
    variance: so a day of worse mood is no crisis, and a brand known for an hour has to show much more.

    A crisis is learned damped, for a day at most; then it becomes the usual.

    >>> mix = ScoreMix()
    >>> mix.weights.shape == (BINS, len(TURNED))
    True
    """

    def __init__(self, brand: ScoreMix | None = None, state: MixState | None = None) -> None:
        self.brand = brand
        self._state = state or MixState()
        self._in_step = array("d", self._state.in_step)
        self._waiting = array("d", self._state.waiting)
        self._weights: Floats | None = None
        if not self._state.now:
            self._foresee()

    @property
    def state(self) -> MixState:
        """Everything it knows, for `ScoreMix(brand, state)`."""
        in_step, waiting = self._in_step.tobytes(), self._waiting.tobytes()
        return msgspec.structs.replace(self._state, in_step=in_step, waiting=waiting)

    @property
    def usual_share(self) -> float:
        """The part of voices, 0..1, that is usually above the cut for negative now."""
        return self._state.usual_negative

    @property
    def unsure(self) -> float:
        """Variance of the part of voices that may have turned on an ordinary day."""
        return self._state.unsure

    def long_run(self) -> tuple[list[float], float]:
        """The mix of the long run (bins, and the part above the cut), and how many voices it rests on."""
        before, weight = (self.brand.long_run()[0], _BRAND_WEIGHT) if self.brand else (_BELIEF_AND_CUT, _BELIEF_WEIGHT)
        whole = [own + weight * usual for own, usual in zip(array("d", self._state.long), before, strict=True)]
        rests_on = sum(whole[:BINS])
        return [count / rests_on for count in whole], rests_on

    def learn(self, at_ms: int, voices: Sequence[float], negative: float, expected: float) -> None:
        """Take in a bucket: its voices by bin, how many are above the cut, and how many voices were expected."""
        self.pass_by(at_ms, expected)
        _add(self._in_step, 0, (*voices, negative))

    def pass_by(self, at_ms: int, expected: float, buckets: int = 1) -> None:
        """Nobody spoke in so many buckets of one step from `at_ms` on, and so many were expected to in each."""
        step_ms = at_ms - at_ms % _STEP_MS
        if step_ms != self._state.step_ms:
            self._begin_step(step_ms)
        came = self._in_step[BINS + 1]
        for _ in range(buckets):
            came += expected
        self._in_step[BINS + 1] = came

    def late(self, at_ms: int, voices: Sequence[float], negative: float) -> None:
        """Add what came too late to its step, if that is not learned yet."""
        step_ms = at_ms - at_ms % _STEP_MS
        more, waiting = (*voices, negative), self._waiting
        if step_ms == self._state.step_ms:
            _add(self._in_step, 0, more)
        for place in range(0, len(waiting), _WAITS):
            if waiting[place] == step_ms:
                _add(waiting, place + 1, more)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _begin_step(self, step_ms: int) -> None:
        state = self._state
        if state.step_ms >= 0:
            self._waiting.append(state.step_ms)
            self._waiting.extend(self._in_step)
            self._wander()
            if len(self._waiting) > _LAG_STEPS * _WAITS:
                self._learn_step(self._waiting[1:_WAITS])
                del self._waiting[:_WAITS]
        state.step_ms = step_ms
        self._in_step = array("d", bytes(8 * _COLUMNS))
        self._foresee()

    def _wander(self) -> None:
        state = self._state
        keep = math.exp(-_STEP_MIN / _WANDER_MIN)
        state.mood *= keep
        state.variance = keep * keep * state.variance + (1.0 - keep * keep) * _WANDER**2

    def _learn_step(self, counts: array[float]) -> None:
        number = sum(counts[:BINS])
        if number <= 0.0:
            return
        state = self._state
        mix, rests_on = self.long_run()
        spread = _spread(mix, state.odds)
        noise = spread / number + spread / rests_on + _RESTLESS
        surprise = (_negative_part(counts, state.odds) / number / state.part - 1.0) * spread - state.mood
        deviation = math.sqrt(state.variance * state.scale + noise)
        weight = self._heed(surprise / deviation, crowd(number, counts[BINS + 1]))
        clipped = max(-_CLIP * deviation, min(_CLIP * deviation, surprise))
        gain = weight * state.variance / (state.variance + noise)
        state.mood += gain * clipped
        state.variance *= 1.0 - gain
        long = [known + weight * count for known, count in zip(array("d", state.long), counts, strict=True)]
        keep = min(1.0, _MEMORY / max(sum(long[:BINS]), 1.0))
        state.long = array("d", [count * keep for count in long]).tobytes()
        state.moved = True

    def _heed(self, deviations: float, foreign: float) -> float:
        """How much a step counts, so many standard deviations worse than expected, and that part of it a crowd."""
        state = self._state
        if foreign:
            return max(_LEAST_HEED, 1.0 - _CROWD_HEED * foreign)
        if deviations > _STRIKING:
            if state.damped >= _DAMPED_STEPS:
                return 1.0
            state.damped += 1
            return _DAMPED
        state.damped = max(0, state.damped - 1)
        seen = min(max(0.5, deviations * deviations), _SCALE_CLIP)
        state.scale = max(1.0, state.scale + (seen - state.scale) / _SCALE_STEPS)
        return 1.0

    def _foresee(self) -> None:
        """What is usual in the step that begins: the mix, tilted by the mood as it may be by now."""
        state = self._state
        self._weights = None
        mix, rests_on = self.long_run()
        if state.moved:
            self._find_part(mix)
            state.moved = False
        keep = math.exp(-_STEP_MIN * _LAG_STEPS / _WANDER_MIN)
        mood = max(keep * state.mood, _LOWEST_MOOD)
        variance = keep * keep * state.variance + (1.0 - keep * keep) * _WANDER**2
        state.unsure = (variance + _spread(mix, state.odds) / rests_on) * state.scale + _LEAST_VARIANCE
        state.now = min(max(state.part + mood * (1.0 - state.part), _NOW[0]), _NOW[1])
        share = mix[BINS]
        state.usual_negative = min(0.99, max(0.01, share + mood * (1.0 - share)))

    def _find_part(self, mix: Sequence[float]) -> None:
        state = self._state
        for _ in range(_ROUNDS):
            state.likeliest = max(_LEAST_PART, _negative_part(mix, state.likeliest / (1.0 - state.likeliest)))
        state.part = min(max(state.likeliest, _PART[0]), _PART[1])
        if state.part == state.likeliest:
            state.odds = state.part / (1.0 - state.part)
            return
        for _ in range(_ROUNDS):
            state.odds *= state.part / _negative_part(mix, state.odds)

    def evidence(self, voices: Sequence[float], parts: Sequence[float]) -> list[float]:
        """Log-likelihood ratio of these voices, by bin, if so large a part of all has turned, for each of `parts`."""
        found = [0.0] * len(parts)
        for count, ratio in zip(voices, self._ratios(), strict=True):
            if count:
                for place, part in enumerate(parts):
                    found[place] += count * math.log(1.0 - part + ratio * part)
        return found

    @property
    def weights(self) -> Floats:
        """Log-likelihood ratio of a voice in each bin (rows) if so many have turned (columns, `TURNED`)."""
        if self._weights is None:
            self._weights = np.asarray(np.log(1.0 - TURNED + np.outer(self._ratios(), TURNED)))
        return self._weights

    def _ratios(self) -> list[float]:
        """How much likelier a voice of each bin is among those who have turned than among all."""
        state = self._state
        odds = state.odds * (state.now / (1.0 - state.now) * (1.0 - state.part) / state.part)
        return [odds * likelier / (1.0 + odds * likelier) / state.now for likelier in _LIKELIER]


def crowd(number: float, expected: float) -> float:
    """The part of `number` voices that is a crowd of its own, where `expected` usually come.

    >>> crowd(15, 10), crowd(30, 10)
    (0.0, 0.5)
    """
    return max(0.0, 1.0 - CROWD_FROM * expected / number) if number > 0.0 else 0.0


_BELIEF_AND_CUT: Final = (*_BELIEF, sum(_BELIEF[BINS // 2 :]), 0.0)


def _add(counts: array[float], place: int, more: Sequence[float]) -> None:
    for at, count in enumerate(more, place):
        counts[at] += count


def _negative_part(voices: Sequence[float], odds: float) -> float:
    """How many of these voices, by bin, are negative where one is so at these odds before it is scored."""
    part = 0.0
    for count, likelier in zip(voices, _LIKELIER, strict=False):
        part += count * (odds * likelier / (1.0 + odds * likelier))
    return part


def _spread(mix: Sequence[float], odds: float) -> float:
    """Variance of the part that has turned, as far as one voice tells it."""
    part = squares = 0.0
    for count, likelier in zip(mix, _LIKELIER, strict=False):
        negative = odds * likelier / (1.0 + odds * likelier)
        part += count * negative
        squares += count * negative * negative
    return part / max(squares / part - part, _LEAST_CONTRAST)
