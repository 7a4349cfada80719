"""Evidence gathered since a brand's voices may have turned: likelihood, voice by voice, since the likeliest moment.

Page's cumulative sum (Page 1954) with more than one alternative. Each row supposes that a certain part of the voices
has turned negative, adds up how much better that explains what is heard, and begins anew whenever it explains it worse
than an ordinary day does. So no span has to be chosen: a burst is weighed over its minutes, a slow burn over its hours.

Rows of **tone** look at the mix of scores alone. Rows of **anger** suppose that the negative voices come on top of the
usual ones, so a larger number of voices speaks for them too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.bucket import BUCKET_MS
from detectors.estimators.score_mix import CROWD_FROM, TURNED, Floats, ScoreMix
from detectors.finding import BINS

#: The parts that rows suppose, as places in `TURNED`: .15 .3 .5 .75 for tone, .5 .75 .9 .97 for anger added.
_SUPPOSED: Final = np.array([5, 7, 9, 11, 9, 11, 12, 13])
_TONE: Final = 4
#: A part x of all voices is x / (1 - x) of the usual number on top of it.
_ADDED: Final[Floats] = TURNED / (1.0 - TURNED)
_ROW_ADDED: Final[Floats] = _ADDED[_SUPPOSED[_TONE:]]
_LOG_MORE: Final[Floats] = np.log1p(_ADDED)
_ROW_LOG_MORE: Final[Floats] = np.log1p(_ROW_ADDED)
#: No row holds more evidence than this (nats), or a crisis that is over would go on for hours.
_MOST: Final = 30.0
#: Rows that hold so much are emptied when this much evidence (nats) says that no three in ten are turned any more.
_STRONG: Final = 15.0
_CALM: Final = 7.0
_OVER: Final = 7
#: Of a flood's copies so many are taken for voices before they are known; as many are not counted where it is one.
_MISTAKEN: Final = 6.0
#: Bins, voices expected, negative copies.
_COPIES: Final = BINS + 1
_COLUMNS: Final = BINS + 2
#: A row older than this is halved.
_OLDEST_MS: Final = 3 * 3_600_000
#: The least evidence in the scores themselves (nats) before their number counts: praise brings many voices.
_MIX_AT_LEAST: Final = 6.9
#: Where no row holds so much there is nothing to weigh more closely.
SCREEN: Final = 6.9
_LEAST_EXPECTED: Final = 0.02
#: How far the mood of a crowd that came for something harmless may be from the usual (standard deviation of the part
#: that has turned).
_CROWD_MOOD: Final = 0.15
_SHORTEST_S: Final = 60


class Weighed(NamedTuple):
    """The strongest evidence (nats, 0 where there is none), and since when it has been gathered."""

    evidence: float
    since_ms: int


class TurnsState(msgspec.Struct):
    """`Turns` as plain data, row by row."""

    heard: list[list[float]]
    told: list[float]
    since_ms: list[int]
    unheard: float
    calm: float


@dataclass(frozen=True, slots=True)
class Turns:
    """The rows: voices by bin, voices expected and negative copies since each began; the evidence; when they began.

    `unheard` is what was expected in the quiet buckets since somebody last spoke, `calm` the evidence that what the
    rows tell of is over.
    """

    heard: Floats
    told: Floats
    since_ms: NDArray[np.int64]
    unheard: float = 0.0
    calm: float = 0.0

    def quiet(self, expected: float, buckets: int = 1) -> Turns:
        """So many times ten seconds in which nobody spoke, and so many were expected to in each."""
        unheard = self.unheard
        for _ in range(buckets):
            unheard += expected
        return Turns(self.heard, self.told, self.since_ms, unheard, self.calm)

    def after(self, at_ms: int, voices: Floats, expected: float, mix: ScoreMix, copies: float = 0.0) -> Turns:
        """With the voices of the bucket at `at_ms`, by bin, and how many negative copies came with them."""
        heard, told, since_ms = self.heard.copy(), self.told.copy(), self.since_ms.copy()
        told[_TONE:] -= _ROW_ADDED * self.unheard
        anew = told <= 0.0
        heard[anew] = told[anew] = 0.0
        since_ms[anew] = at_ms
        heard[:, :BINS] += voices
        heard[:, BINS] += np.where(anew, expected, expected + self.unheard)
        heard[:, _COPIES] += copies
        more = voices @ mix.weights
        told += more[_SUPPOSED]
        told[_TONE:] += float(voices.sum()) * _ROW_LOG_MORE - _ROW_ADDED * expected
        over = told <= 0.0
        heard[over] = told[over] = 0.0
        if told.max() > _MOST:
            _shrink(heard, told, np.minimum(1.0, _MOST / np.maximum(told, _MOST)))
        if at_ms - since_ms.min() > _OLDEST_MS:
            old = at_ms - since_ms > _OLDEST_MS
            _shrink(heard, told, np.where(old, 0.5, 1.0))
            since_ms[old] += (at_ms - since_ms[old]) // 2 // BUCKET_MS * BUCKET_MS
        calm = max(0.0, self.calm - float(more[_OVER])) if told.max() >= _STRONG else 0.0
        if calm >= _CALM:
            return turns_of()
        return Turns(heard, told, since_ms, calm=calm)

    def late(self, at_ms: int, voices: Floats, mix: ScoreMix, expected: float) -> Turns:
        """With voices of the bucket at `at_ms` that came later, of which `expected` were expected from then to now.

        Rows that began after it do not hear them; those without evidence begin with them, as with any others.
        """
        hears = self.since_ms <= at_ms
        heard, told, since_ms = self.heard.copy(), self.told.copy(), self.since_ms.copy()
        anew = hears & (told <= 0.0)
        heard[anew] = 0.0
        # What was expected in quiet buckets is added with the next voices.
        heard[anew, BINS] = expected - self.unheard
        since_ms[anew] = at_ms
        heard[hears, :BINS] += voices
        more = (voices @ mix.weights)[_SUPPOSED]
        more[_TONE:] += float(voices.sum()) * _ROW_LOG_MORE
        told[hears] = np.clip(told[hears] + more[hears], 0.0, _MOST)
        return Turns(heard, told, since_ms, self.unheard)

    @property
    def striking(self) -> bool:
        """Whether there may be anything to find; weighed closely, evidence is less than what the rows were told."""
        return bool(self.told.max() >= SCREEN)

    def tone(self, mix: ScoreMix) -> Weighed:
        """Evidence that the mix of scores has turned, above what an ordinary change of mood explains."""
        turned = _turned(_without_copied(self.heard[:_TONE]), mix).max(axis=1)
        row = int(turned.argmax())
        return Weighed(max(0.0, float(turned[row])), int(self.since_ms[row]))

    def anger(self, mix: ScoreMix, at_ms: int, dispersion: Callable[[int], float]) -> Weighed:
        """Evidence that negative voices came on top of the usual ones; 0 where the scores alone say too little.

        The number is weighed as negative binomial: `dispersion` is its overdispersion over a span in seconds.
        """
        heard, since_ms = _without_copied(self.heard[_TONE:]), self.since_ms[_TONE:]
        number = heard[:, :BINS].sum(axis=1)[:, None]
        expected = np.maximum(heard[:, BINS], _LEAST_EXPECTED)[:, None]
        spans_s = [max(_SHORTEST_S, (at_ms + BUCKET_MS - since) // 1000) for since in since_ms.tolist()]
        shape = 1.0 / np.array([dispersion(span_s) for span_s in spans_s])[:, None]
        rise = np.log((shape + expected * (1.0 + _ADDED)) / (shape + expected))
        louder = number * _LOG_MORE - (number + shape) * rise
        turned = _turned(heard, mix)
        both = np.where(turned > _MIX_AT_LEAST, turned + np.maximum(louder, 0.0), 0.0).max(axis=1)
        row = int(both.argmax())
        return Weighed(float(both[row]), int(since_ms[row]))

    @property
    def state(self) -> TurnsState:
        """Everything it knows, for `turns_of`."""
        return TurnsState(self.heard.tolist(), self.told.tolist(), self.since_ms.tolist(), self.unheard, self.calm)


def turns_of(state: TurnsState | None = None) -> Turns:
    """The rows of a snapshot, or empty ones."""
    if state is None:
        rows = len(_SUPPOSED)
        return Turns(np.zeros((rows, _COLUMNS)), np.zeros(rows), np.zeros(rows, np.int64))
    return Turns(np.array(state.heard), np.array(state.told), np.array(state.since_ms), state.unheard, state.calm)


def _turned(heard: Floats, mix: ScoreMix) -> Floats:
    """How much better (nats) each part that may have turned explains a row than an ordinary change of mood does.

    An ordinary change is normal with variance `mix.unsure`; a part x of it costs x^2 / 2 variances. A crowd that came
    for praise or news is in a mood of its own, and its texts are new to the model, so it is allowed more.
    """
    fits = heard[:, :BINS] @ mix.weights
    number = np.maximum(heard[:, :BINS].sum(axis=1), 1.0)
    crowd = np.maximum(0.0, 1.0 - CROWD_FROM * heard[:, BINS] / number)
    variance = mix.unsure + (_CROWD_MOOD * crowd) ** 2
    ordinary = (fits - TURNED**2 / (2.0 * variance[:, None])).max(axis=1, keepdims=True)
    return np.asarray(fits - ordinary)


def _without_copied(heard: Floats) -> Floats:
    """The rows without those voices that were the first of a flood: as many of the most negative as it has copies."""
    if not heard[:, _COPIES].any():
        return heard
    left = heard.copy()
    mistaken = np.minimum(heard[:, _COPIES], _MISTAKEN)
    for place in range(BINS - 1, BINS // 2 - 1, -1):
        taken = np.minimum(left[:, place], mistaken)
        left[:, place] -= taken
        mistaken = mistaken - taken
    return left


def _shrink(heard: Floats, told: Floats, by: Floats) -> None:
    heard *= by[:, None]
    told *= by
