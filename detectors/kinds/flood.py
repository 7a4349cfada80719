"""A flood: far more posts that are no voices of their own than the brand usually has.

Some copies are always there (reposts, giveaways, a customer who asks five times), so what is usual is learned. A flood
weighs next to nothing in volume and negativity (see `detectors.voices.count`); this tells people that it is there.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, Final

import msgspec
from river import base

from detectors.bucket import BUCKET_MS
from detectors.estimators.tails import count_band, count_tail
from detectors.estimators.window import Window
from detectors.finding import Detector, Finding, Level, Observation
from detectors.signal import SignalKind

#: -log10 of the probability that is worth a signal; raising it makes fewer, later signals.
THRESHOLD: Final = 9.0

_SPANS_S: Final = (60, 180, 300, 900)
_LEVEL_S: Final = 300
#: Fewer copies in a span are no flood, whatever is usual.
_FEWEST: Final = 30
#: Copies are a flood where they are at least so much of all that counts, themselves and the voices beside them (so at
#: least half as many as there are voices; of the posts it may be a fifth): people in a crisis repeat each other too.
_LEAST_SHARE: Final = 1.0 / 3.0
#: Copies come in cascades: they vary like a gamma of shape 2.
_DISPERSION: Final = 0.5
#: Memory of what is usual: 12 hours, in buckets, as the mean age of what is known.
_MEMORY: Final = 4320.0
#: Nothing is said in the first hour.
_WARM: Final = 360
#: Of a bucket's copies so many times the usual, and one, are learned: a flood does not become the usual one.
_CLIP: Final = 3.0
#: What nobody ever copies is expected to be copied so often in a bucket all the same.
_LEAST: Final = 0.02
#: Severity 2 and 3: so many posts in a span; for the latter most of them must be negative, too.
_LARGE: Final = 100.0
_HUGE: Final = 1_000.0
_MOST_NEGATIVE: Final = 0.5
_HUGE_SEVERITY: Final = 3


class _State(msgspec.Struct):
    version: int
    usual: float
    known: float
    first_ms: int
    newest_ms: int
    window: str


class FloodSpike(base.AnomalyDetector):
    """Tail probability of the count of copies under an overdispersed expectation.

    As a River estimator it takes ``{"at_ms": ..., "copies": ...}``, one a bucket, in order, and if known how many of
    them are ``negative_copies`` and the ``voices`` beside them; the score is -log10 of the probability of the most
    striking span.

    >>> detector = FloodSpike()
    >>> for bucket in range(8640):
    ...     detector.learn_one({"at_ms": bucket * 10_000, "copies": bucket % 3 == 0})
    >>> later = 86_400_000
    >>> detector.score_one({"at_ms": later, "copies": 2}) < 9 < detector.score_one({"at_ms": later, "copies": 90})
    True
    """

    kind = SignalKind.FLOOD
    version = 2

    def __init__(self, threshold: float = THRESHOLD, whole: Detector | None = None) -> None:
        self.threshold = threshold
        self.whole = whole
        self._usual = 0.0
        self._known = 0.0
        self._first_ms = 0
        self._newest_ms = 0
        #: Copies, the negative ones of them, and voices.
        self._window = Window(3, longest_s=_SPANS_S[-1])

    def score_one(self, x: dict[Hashable, Any]) -> float:
        """-log10 of the probability of the bucket `x` under what was learned before it."""
        finding = self.find(_seen(x))
        return finding.tail if finding else 0.0

    def learn_one(self, x: dict[Hashable, Any]) -> None:
        """Take in the bucket `x`."""
        self.learn(_seen(x))

    def find(self, seen: Observation) -> Finding | None:
        """The most striking span that ends with this bucket."""
        if not seen.copies or self._known < _WARM:
            return None
        best: Finding | None = None
        copies = negative = 0.0
        before = self._window.each_last(span_s - BUCKET_MS // 1000 for span_s in _SPANS_S)
        for span_s, (copies, negative, voices, _) in zip(_SPANS_S, before, strict=True):
            copies += seen.copies
            negative += seen.negative_copies
            expected = max(self._usual, _LEAST) * span_s * 1000 / BUCKET_MS
            voices += seen.voices
            if copies < max(_FEWEST, expected, _LEAST_SHARE * (copies + voices)):
                continue
            tail = count_tail(copies, expected, _DISPERSION)
            if best is None or tail > best.tail:
                share = negative / copies
                best = Finding(tail, self.threshold, span_s, copies, expected, voices, negative, share)
        return _judged(best, copies, negative) if best and best.score >= 1.0 else best

    def learn(self, seen: Observation) -> None:
        """Take the bucket into the window and into what is usual."""
        if not self._known:
            self._first_ms = seen.at_ms
        self._newest_ms = seen.at_ms
        said = seen.copies or seen.voices
        self._window.add((seen.copies, seen.negative_copies, seen.voices) if said else None)
        learned = min(seen.copies, _CLIP * self._usual + 1.0)
        self._known = min(self._known + 1.0, _MEMORY)
        self._usual += (learned - self._usual) / self._known

    def rest(self, seen: Observation, buckets: int) -> None:
        """Take in so many buckets without a word, of which `seen` is the first."""
        self._first_ms = self._first_ms if self._known else seen.at_ms
        self._newest_ms = seen.at_ms + (buckets - 1) * BUCKET_MS
        self._window.rest(buckets)
        for _ in range(buckets):
            self._known = min(self._known + 1.0, _MEMORY)
            self._usual += (0.0 - self._usual) / self._known

    def correct(self, late: Observation) -> None:
        """Count late copies in the span that they belong to."""
        back = (self._newest_ms - late.at_ms) // BUCKET_MS
        self._window.correct(back, (late.copies, late.negative_copies, late.voices))

    def level(self, at_ms: int) -> Level:
        """Copies a minute over the last five minutes."""
        copies = self._window.last(_LEVEL_S)[0]
        expected = self._usual * _LEVEL_S * 1000 / BUCKET_MS
        low, high = count_band(expected, _DISPERSION)
        per_min = 60.0 / _LEVEL_S
        return Level(copies * per_min, expected * per_min, high * per_min, low * per_min)

    def baseline_days(self, at_ms: int) -> float:
        """How long the series has been known."""
        return max(at_ms - self._first_ms, 0) / 86_400_000 if self._known else 0.0

    def snapshot(self) -> bytes:
        """Everything it knows, as JSON."""
        return msgspec.json.encode(
            _State(self.version, self._usual, self._known, self._first_ms, self._newest_ms, self._window.state())
        )

    @classmethod
    def restore(cls, snapshot: bytes, threshold: float = THRESHOLD, whole: Detector | None = None) -> FloodSpike:
        """A detector that goes on from a snapshot; `threshold` is a setting and not part of it."""
        state = msgspec.json.decode(snapshot, type=_State)
        detector = cls(threshold, whole)
        detector._usual, detector._known = state.usual, state.known
        detector._first_ms, detector._newest_ms = state.first_ms, state.newest_ms
        detector._window = Window(3, state.window, _SPANS_S[-1])
        return detector


def _judged(found: Finding, copies: float, negative: float) -> Finding:
    """With its band, and how severe it is by what the longest span held."""
    low, high = count_band(found.expected, _DISPERSION)
    if copies >= _HUGE and negative >= _MOST_NEGATIVE * copies:
        severity = _HUGE_SEVERITY
    else:
        severity = 2 if copies >= _LARGE else 1
    return replace(found, low=low, high=high, severity=severity)


def _seen(x: dict[Hashable, Any]) -> Observation:
    negative = float(x.get("negative_copies", 0.0))
    return Observation(x["at_ms"], float(x.get("voices", 0.0)), copies=float(x["copies"]), negative_copies=negative)
