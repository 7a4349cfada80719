"""A spike of negativity: more negative voices than usual, and a larger share of them, on any of several spans.

Neither alone is enough: praise going viral brings more negative voices with it, but no larger share; three grumblers at
night are a large share, but not many. The score is the sum of the two tails (Fisher's way of joining evidence, on the
scale of -log10), and the share has to be out of the ordinary by itself.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace
from typing import Any, Final

import msgspec
from river import base

from detectors.bucket import BUCKET_MS
from detectors.finding import SPANS_S, Detector, Finding, Level, Observation
from detectors.seasonal import STEP_MS, RateState, SeasonalRate
from detectors.signal import SignalKind
from detectors.tails import count_band, count_tail, share_tail
from detectors.window import Window

#: Sum of the two -log10 tails that is worth a signal, for the brand as a whole.
THRESHOLD: Final = 11.25
#: The share's own tail must reach this.
_SHARE_AT_LEAST: Final = 2.0
#: The usual share before anything is learned, and the weight of that belief in voices.
_SHARE: Final = 0.25
_SHARE_WEIGHT: Final = 20.0
_SHARE_MEMORY: Final = 3000.0
#: No five minutes weigh more than this of the memory, a day's part: a crisis brings many voices.
_SHARE_STEP: Final = _SHARE_MEMORY / 288
_SHARE_OVERDISPERSION: Final = 0.003
#: A step's negative voices are learned up to twice the usual share: a crisis does not become the baseline.
_CLIP: Final = 2.0
_LEVEL_S: Final = 900


class _ShareState(msgspec.Struct):
    negative: float = _SHARE * _SHARE_WEIGHT
    scored: float = _SHARE_WEIGHT
    step_ms: int = -1
    step_negative: float = 0.0
    step_scored: float = 0.0


class _State(msgspec.Struct):
    version: int
    rate: RateState
    share: _ShareState
    window: str


class NegativitySpike(base.AnomalyDetector):
    """Negative voices and their share against what is usual, joined.

    As a River estimator it takes ``{"at_ms": ..., "scored": ..., "negative": ...}``, one a bucket, in order.
    `threshold` is the joined -log10 tail that a signal needs; raising it makes fewer, later signals.

    >>> detector = NegativitySpike()
    >>> for bucket in range(3 * 8640):
    ...     detector.learn_one({"at_ms": bucket * 10_000, "scored": 1, "negative": bucket % 5 == 0})
    >>> later = 3 * 86_400_000
    >>> praise = detector.score_one({"at_ms": later, "scored": 60, "negative": 12})
    >>> anger = detector.score_one({"at_ms": later, "scored": 60, "negative": 50})
    >>> praise < 11 < anger
    True
    """

    kind = SignalKind.NEGATIVITY
    version = 3

    def __init__(self, threshold: float = THRESHOLD, whole: Detector | None = None) -> None:
        self.threshold = threshold
        self.whole = whole
        self._rate = SeasonalRate()
        self._share = _ShareState()
        #: Negative voices seen, negative voices expected, scored voices.
        self._window = Window(3)

    def score_one(self, x: dict[Hashable, Any]) -> float:
        """The joined -log10 tail of the bucket `x` under what was learned before it."""
        finding = self.find(Observation(x["at_ms"], x["scored"], x["scored"], x["negative"]))
        return finding.tail if finding else 0.0

    def learn_one(self, x: dict[Hashable, Any]) -> None:
        """Take in the bucket `x`."""
        self.learn(Observation(x["at_ms"], x["scored"], x["scored"], x["negative"]))

    def find(self, seen: Observation) -> Finding | None:
        """The most striking span that ends with this bucket."""
        if not seen.negative or not self._rate.warm(seen.at_ms):
            return None
        best: Finding | None = None
        here = self._rate.expect(seen.at_ms)
        usual = self.usual_share
        noise = _SHARE_OVERDISPERSION + 1.0 / (self._share.scored + 1.0)
        for span_s, relief in SPANS_S:
            negative, expected, scored = self._window.last(span_s - 10)
            negative += seen.negative
            expected += here
            scored += seen.scored
            share = share_tail(negative, scored, usual, noise)
            if share < _SHARE_AT_LEAST:
                continue
            tail = share + count_tail(negative, expected, self._rate.dispersion(seen.at_ms, span_s))
            threshold = self.threshold - relief
            if best is None or tail / threshold > best.score:
                best = Finding(tail, threshold, span_s, negative, expected, scored, negative, negative / scored, usual)
        return self._with_band(best, seen.at_ms) if best and best.score >= 1.0 else best

    def learn(self, seen: Observation) -> None:
        """Take the bucket into the windows and the baselines."""
        self._window.add((seen.negative, self._rate.expect(seen.at_ms), seen.scored))
        self._rate.learn(seen.at_ms, seen.negative)
        self._learn_share(seen)

    def correct(self, late: Observation) -> None:
        """Count late voices in the span that they belong to."""
        back = (self._rate.newest_ms - late.at_ms) // BUCKET_MS
        self._window.correct(back, (late.negative, 0.0, late.scored))

    def level(self, at_ms: int) -> Level:
        """The negative share of the voices of the last quarter of an hour."""
        negative, _, scored = self._window.last(_LEVEL_S)
        usual = self.usual_share
        high = usual + 2.0 * math.sqrt(usual * (1.0 - usual) / max(scored, 1.0))
        return Level(negative / scored if scored else 0.0, usual, min(1.0, high))

    @property
    def usual_share(self) -> float:
        """The share of voices that is usually negative, 0..1."""
        return self._share.negative / self._share.scored

    def baseline_days(self, at_ms: int) -> float:
        """How long the series has been known."""
        return self._rate.days(at_ms)

    def snapshot(self) -> bytes:
        """Everything it knows, as JSON."""
        return msgspec.json.encode(_State(self.version, self._rate.state, self._share, self._window.state()))

    @classmethod
    def restore(cls, snapshot: bytes, threshold: float = THRESHOLD, whole: Detector | None = None) -> NegativitySpike:
        """A detector that goes on from a snapshot; `threshold` is a setting and not part of it."""
        state = msgspec.json.decode(snapshot, type=_State)
        detector = cls(threshold, whole)
        detector._rate = SeasonalRate().resume(state.rate)
        detector._share = state.share
        detector._window = Window(3, state.window)
        return detector

    def _learn_share(self, seen: Observation) -> None:
        state = self._share
        step = seen.at_ms - seen.at_ms % STEP_MS
        if step != state.step_ms:
            usual = self.usual_share
            negative = min(state.step_negative, _CLIP * usual * state.step_scored + 1.0)
            weight = min(1.0, _SHARE_STEP / state.step_scored) if state.step_scored else 0.0
            state.negative += negative * weight
            state.scored += state.step_scored * weight
            if state.scored > _SHARE_MEMORY:
                state.negative *= _SHARE_MEMORY / state.scored
                state.scored = _SHARE_MEMORY
            state.step_ms = step
            state.step_negative = state.step_scored = 0.0
        state.step_negative += seen.negative
        state.step_scored += seen.scored

    def _with_band(self, found: Finding, at_ms: int) -> Finding:
        low, high = count_band(found.expected, self._rate.dispersion(at_ms, found.span_s))
        return replace(found, low=low, high=high)
