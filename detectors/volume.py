"""A spike of volume: more independent voices than this hour usually has, on any of several spans."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, Final

import msgspec
from river import base

from detectors.bucket import BUCKET_MS
from detectors.finding import SPANS_S, Detector, Finding, Level, Observation
from detectors.seasonal import RateState, SeasonalRate
from detectors.signal import SignalKind
from detectors.tails import count_band, count_tail
from detectors.window import Window

#: -log10 of the probability that is worth a signal. A signal of volume alone pages nobody.
THRESHOLD: Final = 9.0

_LEVEL_S: Final = 300


class _State(msgspec.Struct):
    version: int
    rate: RateState
    window: str


class VolumeSpike(base.AnomalyDetector):
    """Tail probability of the count of voices under an overdispersed expectation for this time of day.

    As a River estimator it takes ``{"at_ms": ..., "voices": ...}``, one a bucket, in order; the score is -log10 of the
    probability of the most striking span. `threshold` is what a signal needs; raising it makes fewer, later signals.

    >>> detector = VolumeSpike()
    >>> for bucket in range(3 * 8640):
    ...     detector.learn_one({"at_ms": bucket * 10_000, "voices": bucket % 2})
    >>> later = 3 * 86_400_000
    >>> detector.score_one({"at_ms": later, "voices": 1}) < 2 < 9 < detector.score_one({"at_ms": later, "voices": 60})
    True
    """

    kind = SignalKind.VOLUME
    version = 2

    def __init__(self, threshold: float = THRESHOLD, whole: Detector | None = None) -> None:
        self.threshold = threshold
        self.whole = whole
        self._rate = SeasonalRate()
        #: Voices seen, voices expected.
        self._window = Window(2)

    def score_one(self, x: dict[Hashable, Any]) -> float:
        """-log10 of the probability of the bucket `x` under what was learned before it."""
        finding = self.find(Observation(x["at_ms"], x["voices"], 0.0, 0.0))
        return finding.tail if finding else 0.0

    def learn_one(self, x: dict[Hashable, Any]) -> None:
        """Take in the bucket `x`."""
        self.learn(Observation(x["at_ms"], x["voices"], 0.0, 0.0))

    def find(self, seen: Observation) -> Finding | None:
        """The most striking span that ends with this bucket."""
        if not seen.voices or not self._rate.warm(seen.at_ms):
            return None
        best: Finding | None = None
        here = self._rate.expect(seen.at_ms)
        for span_s, relief in SPANS_S:
            observed, expected = self._window.last(span_s - 10)
            observed += seen.voices
            expected += here
            if observed <= expected:
                continue
            dispersion = self._rate.dispersion(seen.at_ms, span_s)
            tail = count_tail(observed, expected, dispersion)
            threshold = self.threshold - relief
            if best is None or tail / threshold > best.score:
                best = Finding(tail, threshold, span_s, observed, expected, voices=observed)
        return self._with_band(best, seen.at_ms) if best and best.score >= 1.0 else best

    def learn(self, seen: Observation) -> None:
        """Take the bucket into the windows and the baseline."""
        self._window.add((seen.voices, self._rate.expect(seen.at_ms)))
        self._rate.learn_one(seen.at_ms, seen.voices)

    def correct(self, late: Observation) -> None:
        """Count late voices in the span that they belong to."""
        back = (self._rate.newest_ms - late.at_ms) // BUCKET_MS
        self._window.correct(back, (late.voices, 0.0))

    def level(self, at_ms: int) -> Level:
        """Voices a minute over the last five minutes."""
        observed, expected = self._window.last(_LEVEL_S)
        _, high = count_band(expected, self._rate.dispersion(at_ms, _LEVEL_S))
        per_min = 60.0 / _LEVEL_S
        return Level(observed * per_min, expected * per_min, high * per_min)

    def baseline_days(self, at_ms: int) -> float:
        """How long the series has been known."""
        return self._rate.days(at_ms)

    def snapshot(self) -> bytes:
        """Everything it knows, as JSON."""
        return msgspec.json.encode(_State(self.version, self._rate.state, self._window.state()))

    @classmethod
    def restore(cls, snapshot: bytes, threshold: float = THRESHOLD, whole: Detector | None = None) -> VolumeSpike:
        """A detector that goes on from a snapshot; `threshold` is a setting and not part of it."""
        state = msgspec.json.decode(snapshot, type=_State)
        detector = cls(threshold, whole)
        detector._rate = SeasonalRate(state.rate)
        detector._window = Window(2, state.window)
        return detector

    def _with_band(self, found: Finding, at_ms: int) -> Finding:
        low, high = count_band(found.expected, self._rate.dispersion(at_ms, found.span_s))
        return replace(found, low=low, high=high)
