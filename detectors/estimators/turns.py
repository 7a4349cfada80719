"""Evidence gathered since a brand's voices may have turned: likelihood, voice by voice, since the likeliest moment.

Page's cumulative sum (Page 1954) with more than one alternative. Each row supposes that a certain part of the voices
has turned negative, adds up how much better that explains what is heard, and begins anew whenever it explains it worse
than an ordinary day does. So no span has to be chosen: a burst is weighed over its minutes, a slow burn over its hours.

Rows of **tone** look at the mix of scores alone. Rows of **anger** suppose that the negative voices come on top of the
usual ones, so a larger number of voices speaks for them too.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from detectors.bucket import BUCKET_MS
from detectors.estimators.score_mix import CROWD_FROM, TURNED, Floats, ScoreMix
from detectors.finding import BINS

#: The parts that rows suppose, as places in `TURNED`: .15 .3 .5 .75 for tone, .5 .75 .9 .97 for anger added.
_SUPPOSED: Final = (5, 7, 9, 11, 9, 11, 12, 13)
_ROWS: Final = len(_SUPPOSED)
_TONE: Final = 4
#: Each of these parts once, and which of them a row supposes.
_PLACES: Final = tuple(sorted(set(_SUPPOSED)))
_PARTS: Final = tuple(TURNED[list(_PLACES)].tolist())
_PART_OF_ROW: Final = tuple(_PLACES.index(place) for place in _SUPPOSED)
#: A part x of all voices is x / (1 - x) of the usual number on top of it; rows of tone add nothing.
_ADDED: Final[Floats] = TURNED / (1.0 - TURNED)
_LOG_MORE: Final[Floats] = np.log1p(_ADDED)
_ROW_ADDED: Final = tuple((_ADDED * (row >= _TONE))[place].item() for row, place in enumerate(_SUPPOSED))
_ROW_LOG_MORE: Final = tuple(np.log1p(_ROW_ADDED).tolist())
#: No row holds more evidence than this (nats), or a crisis that is over would go on for hours.
_MOST: Final = 30.0
#: Rows that hold so much are emptied when this much evidence (nats) says that no three in ten are turned any more.
_STRONG: Final = 15.0
_CALM: Final = 7.0
_OVER: Final = _PLACES.index(7)
#: A row: voices by bin, and voices expected, since it began; its evidence; when it began.
_EXPECTED: Final = BINS
_TOLD: Final = BINS + 1
_SINCE: Final = BINS + 2
_WIDTH: Final = BINS + 3
#: A row older than this is halved.
_OLDEST_MS: Final = 3 * 3_600_000
#: The least evidence in the scores themselves (nats) before their number counts: praise brings many voices.
_MIX_AT_LEAST: Final = 6.0
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
    """`Turns` as plain data; the rows are little-endian doubles, in a snapshot as bytes."""

    rows: bytes
    unheard: float
    calm: float


class Turns(NamedTuple):
    """The rows, one after another: voices by bin, voices expected, the evidence, and when it began.

    `unheard` is what was expected in the quiet buckets since somebody last spoke, `calm` the evidence that what the
    rows tell of is over. It is never changed, but followed by another.
    """

    rows: array[float]
    unheard: float = 0.0
    calm: float = 0.0

    def quiet(self, expected: float, buckets: int = 1) -> Turns:
        """So many times ten seconds in which nobody spoke, and so many were expected to in each."""
        unheard = self.unheard
        for _ in range(buckets):
            unheard += expected
        return Turns(self.rows, unheard, self.calm)

    def after(
        self, at_ms: int, voices: Sequence[float], expected: float, mix: ScoreMix, mistaken: float = 0.0
    ) -> Turns:
        """With the voices of the bucket at `at_ms`, by bin.

        So many negative ones of these and earlier buckets, `mistaken`, have turned out to be a flood's: the first of
        its copies. They are taken out again, the most negative ones.
        """
        rows, number, told = self.rows[:], sum(voices), mix.evidence(voices, _PARTS)
        for row, at in enumerate(range(0, len(rows), _WIDTH)):
            added, waited = _ROW_ADDED[row], self.unheard
            known = rows[at + _TOLD] - added * waited
            if known <= 0.0:
                known = waited = 0.0
                _empty(rows, at, at_ms)
            now = known + told[_PART_OF_ROW[row]] + (number * _ROW_LOG_MORE[row] - added * expected)
            if now <= 0.0:
                _empty(rows, at, int(rows[at + _SINCE]))
                continue
            for place, count in enumerate(voices, at):
                rows[place] += count
            rows[at + _EXPECTED] += expected + waited
            rows[at + _TOLD] = now
            if mistaken:
                _take_out(rows, at, row, mistaken, mix)
            _bound(rows, at, at_ms)
        strong = max(rows[_TOLD::_WIDTH]) >= _STRONG
        calm = max(0.0, self.calm - told[_OVER]) if strong else 0.0
        return turns_of() if calm >= _CALM else Turns(rows, calm=calm)

    def late(self, at_ms: int, voices: Sequence[float], mix: ScoreMix, expected: float) -> Turns:
        """With voices of the bucket at `at_ms` that came later, of which `expected` were expected from then to now.

        Rows that began after it do not hear them; those without evidence begin with them, as with any others.
        """
        rows, number, told = self.rows[:], sum(voices), mix.evidence(voices, _PARTS)
        for row, at in enumerate(range(0, len(rows), _WIDTH)):
            if rows[at + _SINCE] > at_ms:
                continue
            if rows[at + _TOLD] <= 0.0:
                _empty(rows, at, at_ms)
                # What was expected in quiet buckets is added with the next voices.
                rows[at + _EXPECTED] = expected - self.unheard
            for place, count in enumerate(voices, at):
                rows[place] += count
            more = told[_PART_OF_ROW[row]] + number * _ROW_LOG_MORE[row]
            rows[at + _TOLD] = min(max(0.0, rows[at + _TOLD] + more), _MOST)
        return Turns(rows, self.unheard)

    @property
    def striking(self) -> bool:
        """Whether there may be anything to find; weighed closely, evidence is less than what the rows were told."""
        return max(self.rows[_TOLD::_WIDTH]) >= SCREEN

    def tone(self, mix: ScoreMix) -> Weighed:
        """Evidence that the mix of scores has turned, above what an ordinary change of mood explains."""
        rows = self._table()[:_TONE]
        turned = _turned(rows, mix).max(axis=1)
        row = int(turned.argmax())
        return Weighed(max(0.0, float(turned[row])), int(rows[row, _SINCE]))

    def anger(self, mix: ScoreMix, at_ms: int, dispersion: Callable[[int], float]) -> Weighed:
        """Evidence that negative voices came on top of the usual ones; 0 where the scores alone say too little.

        The number is weighed as negative binomial: `dispersion` is its overdispersion over a span in seconds.
        """
        rows = self._table()[_TONE:]
        turned = _turned(rows, mix)
        if turned.max() <= _MIX_AT_LEAST:
            return Weighed(0.0, int(rows[0, _SINCE]))
        number = rows[:, :BINS].sum(axis=1)[:, None]
        expected = np.maximum(rows[:, _EXPECTED], _LEAST_EXPECTED)[:, None]
        spans_s = [max(_SHORTEST_S, (at_ms + BUCKET_MS - int(since)) // 1000) for since in rows[:, _SINCE].tolist()]
        shape = 1.0 / np.array([dispersion(span_s) for span_s in spans_s])[:, None]
        rise = np.log((shape + expected * (1.0 + _ADDED)) / (shape + expected))
        louder = number * _LOG_MORE - (number + shape) * rise
        both = np.where(turned > _MIX_AT_LEAST, turned + np.maximum(louder, 0.0), 0.0).max(axis=1)
        row = int(both.argmax())
        return Weighed(float(both[row]), int(rows[row, _SINCE]))

    @property
    def state(self) -> TurnsState:
        """Everything it knows, for `turns_of`."""
        return TurnsState(self.rows.tobytes(), self.unheard, self.calm)

    def _table(self) -> Floats:
        return np.frombuffer(self.rows).reshape(_ROWS, _WIDTH)


def turns_of(state: TurnsState | None = None) -> Turns:
    """The rows of a snapshot, or empty ones."""
    if state is None:
        return Turns(array("d", bytes(8 * _ROWS * _WIDTH)))
    return Turns(array("d", state.rows), state.unheard, state.calm)


def _empty(rows: array[float], at: int, since_ms: int) -> None:
    """Let the row at `at` begin anew."""
    rows[at : at + _WIDTH] = _NOTHING
    rows[at + _SINCE] = since_ms


def _take_out(rows: array[float], at: int, row: int, mistaken: float, mix: ScoreMix) -> None:
    """Let the row at `at` forget so many of its most negative voices, and what they told."""
    taken = [0.0] * BINS
    for place in range(BINS - 1, BINS // 2 - 1, -1):
        taken[place] = min(rows[at + place], mistaken)
        rows[at + place] -= taken[place]
        mistaken -= taken[place]
    told = mix.evidence(taken, _PARTS)[_PART_OF_ROW[row]] + sum(taken) * _ROW_LOG_MORE[row]
    rows[at + _TOLD] = max(0.0, rows[at + _TOLD] - told)


def _bound(rows: array[float], at: int, at_ms: int) -> None:
    """Keep a row from holding too much, or from reaching too far back."""
    if rows[at + _TOLD] > _MOST:
        _shrink(rows, at, _MOST / rows[at + _TOLD])
    age_ms = at_ms - int(rows[at + _SINCE])
    if age_ms > _OLDEST_MS:
        _shrink(rows, at, 0.5)
        rows[at + _SINCE] += age_ms // 2 // BUCKET_MS * BUCKET_MS


def _shrink(rows: array[float], at: int, by: float) -> None:
    for place in range(at, at + _SINCE):
        rows[place] *= by


_NOTHING: Final = array("d", bytes(8 * _WIDTH))


def _turned(heard: Floats, mix: ScoreMix) -> Floats:
    """How much better (nats) each part that may have turned explains a row than an ordinary change of mood does.

    An ordinary change is normal with variance `mix.unsure`; a part x of it costs x^2 / 2 variances. A crowd that came
    for praise or news is in a mood of its own, and its texts are new to the model, so it is allowed more.
    """
    fits = heard[:, :BINS] @ mix.weights
    number = np.maximum(heard[:, :BINS].sum(axis=1), 1.0)
    crowd = np.maximum(0.0, 1.0 - CROWD_FROM * heard[:, _EXPECTED] / number)
    variance = mix.unsure + (_CROWD_MOOD * crowd) ** 2
    ordinary = (fits - TURNED**2 / (2.0 * variance[:, None])).max(axis=1, keepdims=True)
    return np.asarray(fits - ordinary)
