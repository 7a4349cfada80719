"""Silence: nothing comes where something should. It says nothing about the brand; somebody has to look at the source.

A silent source is not calm. What fails to come is added up from the last arrival on; that nobody speaks by chance while
E voices are expected has the probability (1 + d E)^(-1/d), the chance of a nought under a negative binomial with
overdispersion d (with d = 0 it is Poisson's e^-E). At one in ten million 16 voices must fail to come where d is 0, and
23 where it is .04.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable
from typing import Any, Final

import msgspec
from river import base

from detectors.bucket import BUCKET_MS
from detectors.estimators.seasonal import RateState, SeasonalRate
from detectors.finding import Detector, Finding, Level, Observation
from detectors.signal import SignalKind

#: -log10 of the probability that is worth a signal, for the brand as a whole.
THRESHOLD: Final = 7.0
#: Ops look at it; communications cannot help. It never gets worse, so nobody is paged twice for one silence.
SEVERITY: Final = 3
#: The hours of the day must have been seen once: before that a first night is a silence.
KNOWN_DAYS: Final = 1.0
_DAY_MS: Final = 86_400_000
#: What a half-hour of the day usually has is remembered for about a fortnight, in buckets.
_SLOT_MS: Final = 1_800_000
_SLOTS: Final = 48
_SLOT_MEMORY: Final = 14 * _SLOT_MS // BUCKET_MS
_EVER: Final = 2**62
#: Means are kept in single precision, and so may be rounded up.
_ROUNDING: Final = 1.000001
#: A shorter gap is no silence, however much is usual: connections break and come back.
SHORTEST_MS: Final = 300_000


class _State(msgspec.Struct):
    version: int
    rate: RateState | None = None
    #: Voices a bucket and the number of buckets learned, by half-hour of the day; as bytes in a snapshot.
    means: bytes = b""
    buckets: bytes = b""
    #: The end of the last bucket in which something arrived; -1 before the first.
    arrived_ms: int = -1
    #: What was expected since, where it must have come by now.
    missed: float = 0.0
    silent: bool = False
    #: What was learned of the last silence although it was not heard, and has not come late since.
    assumed: float = 0.0


class Silence(base.AnomalyDetector):
    """How unlikely it is that nothing came since the last arrival.

    As a River estimator it takes ``{"at_ms": ..., "voices": ...}``, one a bucket, in order; the score is -log10 of the
    probability of the silence so far. `threshold` is what a signal needs; raising it makes fewer, later signals. What
    comes too late for its bucket is learned where `correct` tells of it within the hour; what is later is let be.

    >>> detector = Silence()
    >>> for bucket in range(3 * 8640):
    ...     detector.learn_one({"at_ms": bucket * 10_000, "voices": bucket % 2})
    >>> detector.silent
    False
    >>> for bucket in range(3 * 8640, 3 * 8640 + 90):
    ...     detector.learn_one({"at_ms": bucket * 10_000, "voices": 0})
    >>> detector.silent
    True
    """

    kind = SignalKind.SILENCE
    version = 2

    def __init__(self, threshold: float = THRESHOLD, whole: Detector | None = None) -> None:
        self.threshold = threshold
        self.whole = whole
        self._rate = SeasonalRate(whole.rate if isinstance(whole, Silence) else None)
        self._state = _State(self.version)
        self._means = array("f", bytes(4 * _SLOTS))
        self._buckets = array("H", bytes(2 * _SLOTS))

    def score_one(self, x: dict[Hashable, Any]) -> float:
        """-log10 of the probability that nothing came up to and with the bucket `x`."""
        finding = self.find(Observation(x["at_ms"], x["voices"]))
        return finding.tail if finding else 0.0

    def learn_one(self, x: dict[Hashable, Any]) -> None:
        """Take in the bucket `x`."""
        self.learn(Observation(x["at_ms"], x["voices"]))

    def find(self, seen: Observation) -> Finding | None:
        """The silence that this bucket is part of, where it could not be chance; None where something came."""
        return None if _spoken(seen) else self._judge(seen, self._state.missed + self._fails_to_come(seen))

    def learn(self, seen: Observation) -> None:
        """Take the bucket in. What is missed in a silence is learned as if it had come: an outage is not the usual."""
        self._take(seen)

    def listen(self, seen: Observation) -> Finding | None:
        """Judge the bucket and take it in; what was found where a silence begins to be one, once in each silence."""
        was_silent = self._state.silent
        found = self._take(seen)
        return found if self._state.silent and not was_silent else None

    def rest(self, seen: Observation, buckets: int) -> None:
        """Take in so many buckets without a word, of which `seen` is the first."""
        self._rate.begin(seen.at_ms)
        if self._state.silent or self.patient_until(seen) < seen.at_ms + buckets * BUCKET_MS:
            for place in range(buckets):
                self._take(msgspec.structs.replace(seen, at_ms=seen.at_ms + place * BUCKET_MS))
            return
        state, means, slot = self._state, self._means, seen.at_ms % _DAY_MS // _SLOT_MS
        for written_ms in range(seen.at_ms - seen.late_ms, seen.at_ms - seen.late_ms + buckets * BUCKET_MS, BUCKET_MS):
            if 0 <= state.arrived_ms <= written_ms:
                state.missed += self.usual(written_ms)
            known = self._buckets[slot] = min(self._buckets[slot] + 1, _SLOT_MEMORY)
            means[slot] += (0.0 - means[slot]) / known
        self._rate.rest(seen.at_ms, buckets)

    def patient_until(self, seen: Observation) -> int:
        """Nothing is found in buckets that end at or before this (ms), if all are quiet from `seen` on."""
        state = self._state
        if state.silent or state.arrived_ms < 0:
            return _EVER
        most = max(self._means) * _ROUNDING
        left = self.threshold * math.log(10.0) - state.missed
        chance_ms = seen.at_ms + max(0, int(min(left / most, 1e6)) - 1) * BUCKET_MS if most > 0.0 else _EVER
        return max(chance_ms, state.arrived_ms + seen.late_ms + SHORTEST_MS - 1)

    def correct(self, late: Observation) -> None:
        """Count late voices in the step that they belong to; what belongs to a step learned before is let be.

        After a silence they first make good what was taken for said: a backlog is not counted twice.
        """
        voices = late.voices / late.planned
        known = min(voices, self._state.assumed)
        self._state.assumed -= known
        self._rate.late(late.at_ms, voices - known)
        slot = late.at_ms % _DAY_MS // _SLOT_MS
        self._means[slot] += voices / max(self._buckets[slot], 1)

    @property
    def rate(self) -> SeasonalRate:
        """What is usual."""
        return self._rate

    def usual(self, at_ms: int) -> float:
        """Voices that the bucket at `at_ms` has at the least: as at this time of the week, and as in the half-hour.

        The rate leans on the whole day until a half-hour is well known, and so takes the first quiet nights for
        livelier than they are; that is on the safe side for a spike, and not for a silence.
        """
        slot = at_ms % _DAY_MS // _SLOT_MS
        plain = min(self._means[slot], self._means[slot - 1], self._means[(slot + 1) % _SLOTS])
        return min(self._rate.expect(at_ms), plain * min(self._rate.level(), 1.0))

    @property
    def silent(self) -> bool:
        """Whether it was silent at the last bucket that was learned."""
        return self._state.silent

    @property
    def arrived_ms(self) -> int:
        """The end of the last bucket in which something arrived; -1 before the first."""
        return self._state.arrived_ms

    def level(self, at_ms: int) -> Level:
        """What failed to come since the last arrival, against what a signal takes at the least."""
        return Level(self._state.missed, 0.0, self.threshold * math.log(10.0))

    def baseline_days(self, at_ms: int) -> float:
        """How long the series has been known."""
        return self._rate.days(at_ms)

    def snapshot(self) -> bytes:
        """Everything it knows, as JSON."""
        means, buckets = self._means.tobytes(), self._buckets.tobytes()
        return msgspec.json.encode(
            msgspec.structs.replace(self._state, rate=self._rate.state, means=means, buckets=buckets)
        )

    @classmethod
    def restore(cls, snapshot: bytes, threshold: float = THRESHOLD, whole: Detector | None = None) -> Silence:
        """A detector that goes on from a snapshot; `threshold` is a setting and not part of it."""
        detector = cls(threshold, whole)
        state = detector._state = msgspec.json.decode(snapshot, type=_State)
        if state.rate is not None:
            detector._rate.resume(state.rate)
            detector._means, detector._buckets = array("f", state.means), array("H", state.buckets)
            state.rate, state.means, state.buckets = None, b"", b""
        return detector

    def _judge(self, seen: Observation, missed: float) -> Finding | None:
        state = self._state
        # No probability is asked for while even Poisson's would be too large: nearly always.
        if missed < self.threshold * math.log(10.0) or not self._may_judge(seen):
            return None
        span_s = (seen.at_ms + BUCKET_MS - state.arrived_ms) // 1000
        tail = quiet_tail(missed, self._rate.dispersion(seen.at_ms, min(span_s, 3600)))
        return Finding(tail, self.threshold, span_s, 0.0, missed, voices=0.0, low=0.0, high=missed)

    def _take(self, seen: Observation) -> Finding | None:
        state, found = self._state, None
        count = seen.voices
        self._rate.begin(seen.at_ms)
        if _spoken(seen):
            state.arrived_ms = seen.at_ms + BUCKET_MS
            state.missed = 0.0
            state.silent = False
        else:
            state.missed += self._fails_to_come(seen)
            found = self._judge(seen, state.missed)
            was_silent = state.silent
            state.silent = was_silent or (found is not None and found.score >= 1.0)
            if state.silent:
                count = self._rate.expect(seen.at_ms) * seen.planned
                state.assumed = count + (state.assumed if was_silent else 0.0)
        if not state.silent:
            slot = seen.at_ms % _DAY_MS // _SLOT_MS
            self._buckets[slot] = min(self._buckets[slot] + 1, _SLOT_MEMORY)
            self._means[slot] += (count / seen.planned - self._means[slot]) / self._buckets[slot]
        self._rate.learn(seen.at_ms, count, seen.planned)
        return found

    def _may_judge(self, seen: Observation) -> bool:
        state = self._state
        lasts_ms = seen.at_ms + BUCKET_MS - state.arrived_ms - seen.late_ms
        return lasts_ms >= SHORTEST_MS and self._rate.days(seen.at_ms) >= KNOWN_DAYS

    def _fails_to_come(self, seen: Observation) -> float:
        """What must have come by now and did not: written a source's lateness ago, and after the last arrival."""
        written_ms = seen.at_ms - seen.late_ms
        return self.usual(written_ms) if 0 <= self._state.arrived_ms <= written_ms else 0.0


def quiet_tail(expected: float, dispersion: float) -> float:
    """-log10 of the probability that nothing comes where `expected` are expected, negative binomial.

    >>> round(quiet_tail(16.2, 0.0), 1), round(quiet_tail(23.0, 0.04), 1)
    (7.0, 7.1)
    """
    if dispersion <= 1e-9:
        return expected / math.log(10.0)
    return math.log10(1.0 + dispersion * expected) / dispersion


def _spoken(seen: Observation) -> bool:
    return bool(seen.voices or seen.copies or seen.arrived)
