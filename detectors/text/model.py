"""Scoring negativity: the weights of the model, summed in one pass over the text.

Learning and scoring are two things. The trainer holds a River model (`detectors.text.learner`); what it publishes are
`Weights`, and a `Scorer` gives the same number as River does, many times as fast, because what a word and its pieces
weigh together is remembered.

The log-odds of a text are ``bias + start * S + (words + pairs) / sqrt(their number) + pieces / sqrt(their number)``,
where S is what the word lists say (`detectors.text.start`) and the rest was learned.
"""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Iterable
from functools import partial
from itertools import repeat
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.text.languages import Language
from detectors.text.remembered import Remembered
from detectors.text.slots import SLOTS, slots_of
from detectors.text.start import MOST, start_weights

#: A mention at or above this score counts as negative.
NEGATIVE_CUT: Final = 0.5

#: Log-odds of a text without any known word, before anything is learned: of posts about a brand about a third are
#: negative, of those without a known word a quarter. The words of complaint are worth .3, .5, .8: a little
#: beside a round number, so that what few posts teach tips none of the many texts that two of them bring to one half.
_START_BIAS: Final = -0.98
_TABLE_BYTES: Final = 2 * SLOTS
_LARGEST: Final = 60_000.0  # half floats end a little beyond


def pack(slots: Iterable[tuple[int, float]]) -> bytes:
    """A table of numbers by slot as bytes: half floats, little end first, compressed; empty where all are nothing.

    >>> dict(unpack(pack([(7, 0.5)])))[7]
    0.5
    """
    table = np.zeros(SLOTS, dtype="<f2")
    for slot, value in slots:
        table[slot] = max(-_LARGEST, min(_LARGEST, value))
    return zlib.compress(table.tobytes(), 6) if table.any() else b""


def unpack(packed: bytes) -> list[tuple[int, float]]:
    """What is not nothing in a table that `pack` made; raises `ValueError` where it is none."""
    table = _table(packed)
    filled = np.flatnonzero(table)
    return list(zip(filled.tolist(), table[filled].tolist(), strict=True))


def _table(packed: bytes) -> NDArray[np.float64]:
    if not packed:
        return np.zeros(SLOTS)
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(packed, _TABLE_BYTES + 1)
    except zlib.error as wrong:
        raise ValueError(f"a table of the text model cannot be unpacked: {wrong}") from None
    if len(raw) != _TABLE_BYTES:
        raise ValueError(f"a table of the text model has {_TABLE_BYTES} bytes, this one has not")
    table = np.frombuffer(raw, dtype="<f2").astype(np.float64)
    if not np.isfinite(table).all():
        raise ValueError("a table of the text model holds what is no number")
    return table


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as plain data, of bounded size: at most 0.4 MB as JSON, however much was learned.

    `bias` and `start` are the weights of the constant and of what the word lists say; `table` the weights by slot;
    `steps` and `start_steps` how far each has stepped already (AdaGrad's sums of squares), so that learning goes on
    from here.
    """

    bias: float = _START_BIAS
    start: float = 1.0
    start_steps: float = 0.0
    table: bytes = b""
    steps: bytes = b""

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.bias, self.start, self.start_steps))):
            raise ValueError("the text model's bias and start are numbers")
        _table(self.table)
        _table(self.steps)


#: What is shipped: word lists only, nothing learned.
START = Weights()


def start_odds(found: Iterable[str], language: Language = Language.ENGLISH) -> float:
    """What the word lists say about a text's features: log-odds towards negative, bounded."""
    return _bounded(sum(map(start_weights(language).get, found, repeat(0.0))))


def _bounded(odds: float) -> float:
    return odds if -MOST <= odds <= MOST else math.copysign(MOST, odds)


class _Weighed(NamedTuple):
    """A feature: what the lists say of it, its own weight, that of its pieces and their number, and the two hashes that
    make a pair's slot."""

    start: float
    own: float
    pieces: float
    number_of_pieces: int
    first: int
    slot: int


def _weigh(table: array[float], feature: str) -> _Weighed:
    slots = slots_of(feature)
    pieces = sum(table[slot] for slot in slots.pieces)
    start = start_weights().get(feature, 0.0)
    return _Weighed(start, table[slots.own], pieces, len(slots.pieces), slots.first, slots.own)


class Scorer:
    """Scores texts with one set of weights; `version` is the number they were published under, 0 as shipped.

    >>> from detectors.text.features import features
    >>> score = Scorer(START).score
    >>> score(features("you are awful, never again")) > 0.5 > score(features("thank you, lovely crew"))
    True
    """

    def __init__(self, weights: Weights, version: int = 0) -> None:
        self.version = version
        self._bias = weights.bias
        self._start = weights.start
        self._table = array("d", _table(weights.table).tobytes())  # one number of it is read faster than numpy's
        self._learned = bool(weights.table)
        self._weighed = Remembered(partial(_weigh, self._table)).__getitem__

    def score(self, found: list[str], language: Language = Language.ENGLISH) -> float:
        """Negativity of a text's `features`, 0..1, three decimals, higher is worse; what was learned is English."""
        if found and self._learned and language is Language.ENGLISH:
            odds = self._learned_odds(found)
        else:
            odds = self._bias + self._start * start_odds(found, language)
        if odds < -30.0:
            return 0.0
        return round(1.0 / (1.0 + math.exp(-odds)), 3)

    def _learned_odds(self, found: list[str]) -> float:
        table = self._table
        start = words = pieces = 0.0
        count = 0
        before = -1
        for of_start, own, of_pieces, number_of_pieces, first, slot in map(self._weighed, found):
            start += of_start
            words += own
            pieces += of_pieces
            count += number_of_pieces
            if before >= 0:
                words += table[before ^ slot]
            before = first
        odds = self._bias + self._start * _bounded(start)
        return odds + words / math.sqrt(2 * len(found) - 1) + pieces / math.sqrt(count)
