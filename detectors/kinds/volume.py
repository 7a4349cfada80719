"""A spike of volume: more independent voices than this hour usually has; a burst, a slow burn, or a surge.

Three views of one series, each against its own threshold; the most striking one speaks:

- a **burst**: the probability of the count of the last minute to hour, at every bucket, `tails.count_tail`;
- a **slow burn**: likelihood gathered over hours, at every step of five minutes, `slow_burn`;
- a **surge**: the last hour on the series' own scale of ups and downs, at every step, `surge`.

What is found often becomes dearer: `alarm_budget`. Where a bucket is longer than a minute, as in a file of counts, it
cannot show a burst, and an hour's surge is seen as soon as a slow burn: the surge alone speaks.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace
from functools import cache
from typing import Any, Final

import msgspec
from river import base

from detectors.bucket import BUCKET_MS
from detectors.estimators import slow_burn, surge
from detectors.estimators.alarm_budget import AlarmBudget
from detectors.estimators.seasonal import RateState, SeasonalRate
from detectors.estimators.slow_burn import SlowBurnState
from detectors.estimators.spread import FLOOR
from detectors.estimators.surge import Surge, SurgeState
from detectors.estimators.tails import count_band, count_tail, normal_tail
from detectors.estimators.window import Window
from detectors.finding import SPANS_S, Detector, Finding, Level, Observation
from detectors.signal import SignalKind

#: -log10 of the probability that is worth a signal. A signal of volume alone pages nobody.
THRESHOLD: Final = 6.5

_LEVEL_S: Final = 300
#: Longer buckets than this show no burst.
_FINEST_S: Final = 60
#: Counts not so many standard deviations above the expectation are not looked at closer: it spares the beta function.
_SCREEN: Final = 3.0
_HOUR_S: Final = 3600
#: -log10 of the probability that a surge's hour would come by mere chance: a series of few posts has a scale of its own
#: that is soon exceeded.
_BY_CHANCE: Final = 6.0


class _State(msgspec.Struct):
    version: int
    rate: RateState | None
    newest_ms: int
    window: str
    surge: SurgeState
    slow_burn: SlowBurnState
    budget: AlarmBudget
    standing: Finding | None


class VolumeSpike(base.AnomalyDetector):
    """Voices against what is usual at this time of the week, as burst, slow burn and surge.

    As a River estimator it takes ``{"at_ms": ..., "voices": ...}``, one a bucket, in order; the score is that of
    `Finding.score`: 1 is worth a signal. `threshold` is what a burst needs (-log10), and moves the other views' in
    proportion; raising it makes fewer, later signals. A platform's detector borrows the shape of the day from `whole`,
    the whole brand's. `bucket_s` is how long a bucket is.

    >>> detector = VolumeSpike()
    >>> for bucket in range(3 * 8640):
    ...     detector.learn_one({"at_ms": bucket * 10_000, "voices": bucket % 2})
    >>> calm, loud = ({"at_ms": 3 * 86_400_000, "voices": voices} for voices in (1, 60))
    >>> detector.score_one(calm) < 0.3, detector.score_one(loud) > 1.0
    (True, True)
    """

    kind = SignalKind.VOLUME
    version = 4

    def __init__(
        self, threshold: float = THRESHOLD, whole: Detector | None = None, bucket_s: int = BUCKET_MS // 1000
    ) -> None:
        self.threshold = threshold
        self.whole = whole
        self.bucket_s = bucket_s
        self._rate = SeasonalRate(whole.rate if isinstance(whole, VolumeSpike) else None, bucket_s)
        self._shares = False
        #: Voices seen; voices expected flow.
        self._window = Window(1)
        self._surge = Surge(self._rate.step_ms // 1000)
        self._slow_burn = SlowBurnState()
        self._budget = AlarmBudget()
        #: What the last whole step showed, and what was said of the newest bucket.
        self._standing: Finding | None = None
        self._said: tuple[Observation, Finding | None] | None = None
        self._newest_ms = -1

    @property
    def rate(self) -> SeasonalRate:
        """What is usual."""
        return self._rate

    def share(self, rate: SeasonalRate) -> None:
        """Go by a rate of the same series that another detector learns, after this one has seen a bucket."""
        self._rate = rate
        self._shares = True

    def begin(self, at_ms: int) -> None:
        """Go over to the step of `at_ms`: what is usual in it takes in the step before, where no other sees to that."""
        self._rate.begin(at_ms)

    def score_one(self, x: dict[Hashable, Any]) -> float:
        """How far out of the ordinary the bucket `x` is under what was learned before it; 1 is worth a signal."""
        finding = self.find(Observation(x["at_ms"], x["voices"]))
        return finding.score if finding else 0.0

    def learn_one(self, x: dict[Hashable, Any]) -> None:
        """Take in the bucket `x`."""
        self.learn(Observation(x["at_ms"], x["voices"]))

    def find(self, seen: Observation) -> Finding | None:
        """The most striking of what this bucket and those before it show."""
        if not (seen.voices or seen.arrived) or not self._rate.warm(seen.at_ms):
            return None
        steady = self._steps_shown(seen)[0] if self._ends_step(seen.at_ms) else self._standing
        found = _more_striking(self._burst(seen), steady)
        if found is not None and found.score >= 1.0:
            low, high = count_band(found.expected, self._rate.dispersion(seen.at_ms, found.span_s))
            found = replace(found, low=low, high=high)
        self._said = (seen, found)
        return found

    def learn(self, seen: Observation) -> None:
        """Take the bucket into the windows and the baseline."""
        found = self._said[1] if self._said is not None and self._said[0] is seen else self.find(seen)
        if found is not None and found.score >= 1.0:
            self._budget.alarm(seen.at_ms)
        # What was expected in the first hour says too little to be held against what was seen in it.
        if self._ends_step(seen.at_ms) and self._rate.warm(seen.at_ms):
            self._learn_step(seen)
        self._rate.begin(seen.at_ms)
        self._window.add((seen.voices,) if seen.voices else None, self._rate.expect(seen.at_ms) * seen.planned)
        if not self._shares:
            self._rate.learn(seen.at_ms, seen.voices, seen.planned)
        self._newest_ms = seen.at_ms

    def rest(self, seen: Observation, buckets: int) -> None:
        """Take in so many buckets without a word, of which `seen` is the first."""
        self._rate.begin(seen.at_ms)
        bucket_ms = self.bucket_s * 1000
        self._newest_ms = seen.at_ms + (buckets - 1) * bucket_ms
        self._window.rest(buckets, self._rate.expect(seen.at_ms) * seen.planned)
        if self._ends_step(self._newest_ms) and self._rate.warm(self._newest_ms):
            self._learn_step(Observation(self._newest_ms, planned=seen.planned))
        if not self._shares:
            self._rate.rest(seen.at_ms, buckets)

    def correct(self, late: Observation) -> None:
        """Count late voices in the span that they belong to, and in the step that is not learned yet."""
        self._window.correct((self._newest_ms - late.at_ms) // (self.bucket_s * 1000), (late.voices,))
        if not self._shares:
            self._rate.late(late.at_ms, late.voices / late.planned)

    def level(self, at_ms: int) -> Level:
        """Voices a minute over the last five minutes."""
        observed, expected = self._window.last(_in_window(_LEVEL_S // self.bucket_s))
        low, high = count_band(expected, self._rate.dispersion(at_ms, _LEVEL_S))
        per_min = 60.0 / _LEVEL_S
        return Level(observed * per_min, expected * per_min, high * per_min, low * per_min)

    def baseline_days(self, at_ms: int) -> float:
        """How long the series has been known."""
        return self._rate.days(at_ms)

    def same_episode(self, at_ms: int) -> bool:
        """Whether what is found at `at_ms` belongs to the last alarm."""
        return self._budget.same_episode(at_ms)

    def snapshot(self) -> bytes:
        """Everything it knows, as JSON."""
        state = _State(
            self.version,
            None if self._shares else self._rate.state,
            self._newest_ms,
            self._window.state(),
            self._surge.state(),
            self._slow_burn,
            self._budget,
            self._standing,
        )
        return msgspec.json.encode(state)

    @classmethod
    def restore(cls, snapshot: bytes, threshold: float = THRESHOLD, whole: Detector | None = None) -> VolumeSpike:
        """A detector that goes on from a snapshot; `threshold` is a setting and not part of it."""
        state = msgspec.json.decode(snapshot, type=_State)
        detector = cls(threshold, whole)
        if state.rate is not None:
            detector._rate.resume(state.rate)
        detector._newest_ms = state.newest_ms
        detector._window = Window(1, state.window)
        detector._surge = Surge(detector._rate.step_ms // 1000, state.surge)
        detector._slow_burn = state.slow_burn
        detector._budget = state.budget
        detector._standing = state.standing
        return detector

    # --- the views ----------------------------------------------------------------------------------------------------

    def _burst(self, seen: Observation) -> Finding | None:
        """The most striking span of a minute to an hour that ends with this bucket."""
        if self.bucket_s > _FINEST_S:
            return None
        best: Finding | None = None
        here = self._rate.expect(seen.at_ms) * seen.planned
        before = self._window.each_last(_spans_before(self.bucket_s))
        for (span_s, relief), (observed, expected) in zip(SPANS_S, before, strict=True):
            observed += seen.voices
            expected += here
            if not _stands_out(observed, expected, FLOOR):
                continue
            dispersion = self._rate.dispersion(seen.at_ms, span_s)
            if not _stands_out(observed, expected, dispersion):
                continue
            tail = count_tail(observed, expected, dispersion)
            threshold = (self.threshold - relief) * self._budget.factor(seen.at_ms)
            best = _more_striking(best, Finding(tail, threshold, span_s, observed, expected, voices=observed))
        return best

    def _steps_shown(self, seen: Observation) -> tuple[Finding | None, SlowBurnState]:
        """What the steps show when this bucket ends one, and the evidence of a slow burn with it."""
        rate, planned = self._rate, seen.planned
        count = rate.step_so_far(seen.at_ms) + seen.voices / planned
        height = self._surge.height(count, rate.usual(seen.at_ms))
        dearer = self._budget.factor(seen.at_ms)
        strict = self.threshold / THRESHOLD
        observed = height.observed * planned
        found = Finding(
            normal_tail(height.deviates),
            normal_tail(surge.THRESHOLD * dearer) * strict,
            surge.LONG_S,
            observed,
            height.expected * planned,
            voices=observed,
        )
        chance = count_tail(height.observed, height.expected, 0.0)
        if chance / _BY_CHANCE < found.score:
            found = replace(found, tail=chance, threshold=_BY_CHANCE)
        if self.bucket_s > _FINEST_S:
            return found, self._slow_burn
        expected = rate.usual(seen.at_ms) * rate.level()
        burning = slow_burn.add_step(self._slow_burn, count, expected, rate.dispersion(seen.at_ms, _HOUR_S))
        burnt = Finding(
            slow_burn.likelihood(burning),
            slow_burn.THRESHOLD * dearer * strict,
            max(1, burning.steps) * rate.step_ms // 1000,
            burning.observed * planned,
            burning.expected * planned,
            voices=burning.observed * planned,
        )
        return _more_striking(found, burnt), burning

    def _learn_step(self, seen: Observation) -> None:
        self._standing, self._slow_burn = self._steps_shown(seen)
        count = self._rate.step_so_far(seen.at_ms) + seen.voices / seen.planned
        self._surge.learn(count, self._rate.usual(seen.at_ms))

    def _ends_step(self, at_ms: int) -> bool:
        return at_ms // self._rate.step_ms != (at_ms + self.bucket_s * 1000) // self._rate.step_ms


def _in_window(buckets: int) -> int:
    """So many buckets in the window's seconds, which are those of `BUCKET_MS`."""
    return buckets * BUCKET_MS // 1000


@cache
def _spans_before(bucket_s: int) -> tuple[int, ...]:
    """The spans without their newest bucket, in the window's seconds; of all series the same."""
    return tuple(_in_window(span_s // bucket_s - 1) for span_s, _ in SPANS_S)


def _stands_out(observed: float, expected: float, dispersion: float) -> bool:
    return observed - expected >= _SCREEN * math.sqrt(expected + dispersion * expected * expected)


def _more_striking(one: Finding | None, other: Finding | None) -> Finding | None:
    if one is None or other is None:
        return one or other
    return one if one.score >= other.score else other
