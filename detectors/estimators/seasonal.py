"""What is usual at this time of the week: a rate learned online, with how sure it is."""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from typing import Any, Final, Protocol, runtime_checkable

import msgspec
from river import base

from detectors.bucket import BUCKET_MS
from detectors.estimators.spread import Spread

#: Counts are learned in steps of five minutes, or of a bucket where that is longer.
STEP_MS: Final = 300_000
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_SLOTS: Final = 48
_SLOT_MS: Final = _DAY_MS // _SLOTS
_HOURS: Final = 168

#: A step is learned an hour after it ended, so that late mentions are in it and a crisis is seen before it is learned.
LAG_STEPS: Final = 12
#: Weight, in steps, of the whole day's rate in a slot's, and the weight in counts of what is believed before seeing.
_SHRINK: Final = 6.0
_BELIEF: Final = 20.0
#: Memory of the slots (a week of visits) and of the overall rate (14 days), in steps.
_SLOT_MEMORY: Final = 84.0
_OVERALL_MEMORY: Final = 4032.0
#: An hour of the week counts for half after three visits, and is halved in memory after four more.
_WEEK_SHRINK: Final = 36.0
_WEEK_KEEP: Final = 0.5 ** (1 / 48)
#: A step above so many times the expectation is learned as if it were that: a crisis does not become the baseline.
_CLIP: Final = 3.0
#: The recent level: half-life six hours, pseudo-count and cap.
_LEVEL_KEEP: Final = 0.5 ** (1 / 72)
_LEVEL_COUNT: Final = 25.0
_LEVEL_CAP: Final = 3.0
#: A stream that began within the last three hours lists its unlearned steps, too.
_YOUNG_STEPS: Final = 36
#: Nothing is judged before so many steps are known: an hour, or twelve buckets where a bucket is longer than a step.
_WARM_UP_STEPS: Final = 12
#: From this share of late counts on the spread is learned from whole steps, when they are learned.
_MOSTLY_LATE: Final = 0.2


class Learned(msgspec.Struct, gc=False):
    """The numbers of a rate that are not a table. `seen` and `usual_sum` fade; counts are in steps."""

    started_ms: int = -1
    newest_ms: int = -1
    step_ms: int = -1
    steps: int = 0
    in_step: float = 0.0
    seen: float = 0.05
    usual_sum: float = 0.1
    learned: float = 0.0
    level_seen: float = 0.0
    level_expected: float = 0.0
    usual: float = 0.0
    expected: float = 0.0
    before: float = 0.0
    heard: float = 0.0
    came_late: float = 0.0


class RateState(msgspec.Struct):
    """Everything a `SeasonalRate` knows, as plain data: numbers, and tables of little-endian floats."""

    learned: Learned
    slots: bytes
    visits: bytes
    week_seen: bytes
    week_usual: bytes
    waiting: bytes
    spread: bytes
    spread_buckets: int


class SeasonalRate(base.Regressor):
    """Expected count per bucket: overall rate, time of day, hour of the week and recent level, learned in event time.

    Each layer is shrunk towards the one before it by how seldom it was seen, so that a new series leans on its overall
    rate, then on the time of day, and after weeks on the hour of the week. With a `parent` (the whole brand's rate, for
    a platform's) the shape of the day is the parent's, scaled by the own level, until the own is known.

    A step is learned an hour late (`late` adds to one that waits) and at most as three times the expectation: a burst
    moves the baseline little, a lasting change becomes the usual within about a day, by the recent level (half-life six
    hours, at most threefold), and the slots follow within days. `bucket_s` is how long a bucket is.

    As a River regressor it takes ``{"at_ms": ...}`` and the count of the bucket that starts there, in order.

    >>> rate = SeasonalRate()
    >>> for bucket in range(720):
    ...     rate.learn(bucket * 10_000, 2.0)
    >>> round(rate.expect(7_200_000), 1)
    2.0
    """

    def __init__(self, parent: SeasonalRate | None = None, bucket_s: int = BUCKET_MS // 1000) -> None:
        self.parent = parent
        self.bucket_s = bucket_s
        self.step_ms = max(STEP_MS, bucket_s * 1000)
        self._share = bucket_s * 1000 / self.step_ms
        # How many five minutes a step is, for the memories; no more than an hour, or a single row would be all.
        self._weight = min(self.step_ms / STEP_MS, 12.0)
        self._now = Learned()
        self._slots = array("f", bytes(4 * _SLOTS))
        self._visits = array("f", bytes(4 * _SLOTS))
        self._week_seen = array("f", bytes(4 * _HOURS))
        self._week_usual = array("f", bytes(4 * _HOURS))
        #: Start and count of each step that waits to be learned.
        self._waiting = array("d")
        self._spread = Spread(bucket_s)

    # --- what is expected ---------------------------------------------------------------------------------------------

    def expect(self, at_ms: int) -> float:
        """Expected count in the bucket that starts at `at_ms`, with the recent level."""
        now = self._now
        if at_ms - at_ms % self.step_ms == now.step_ms:
            return now.expected * self._share
        if at_ms - at_ms % self.step_ms == now.step_ms - self.step_ms >= 0:
            return now.before * self._share
        return self.usual(at_ms) * self.level() * self._share

    def usual(self, at_ms: int) -> float:
        """What a step at `at_ms` usually holds, whatever the recent level."""
        if at_ms - at_ms % self.step_ms == self._now.step_ms:
            return self._now.usual
        by_day = self._by_day(at_ms)
        hour = _hour_of_week(at_ms)
        belief = _WEEK_SHRINK / self._weight * by_day + _BELIEF
        return by_day * (self._week_seen[hour] + belief) / (self._week_usual[hour] + belief)

    def step_so_far(self, at_ms: int) -> float:
        """What was counted in the step of `at_ms`, as it will be learned."""
        return self._now.in_step if at_ms - at_ms % self.step_ms == self._now.step_ms else 0.0

    def level(self) -> float:
        """How many times the usual the last hours were, without the very last; between a third and three."""
        now = self._now
        level = (now.level_seen + _LEVEL_COUNT) / (now.level_expected + _LEVEL_COUNT)
        return min(max(level, 1.0 / _LEVEL_CAP), _LEVEL_CAP)

    def days(self, at_ms: int) -> float:
        """How long the series has been known."""
        started_ms = self._now.started_ms
        return max(0.0, (at_ms - started_ms) / _DAY_MS) if started_ms >= 0 else 0.0

    def warm(self, at_ms: int) -> bool:
        """Whether the series is known for long enough to judge anything: a stream's start is not a crisis."""
        started_ms = self._now.started_ms
        return started_ms >= 0 and at_ms - started_ms >= _WARM_UP_STEPS * self.step_ms

    @property
    def newest_ms(self) -> int:
        """Start of the newest bucket that was learned; -1 before the first."""
        return self._now.newest_ms

    def dispersion(self, at_ms: int, span_s: int) -> float:
        """Overdispersion of a count over `span_s` seconds: what was learned, and what is not known yet.

        An expectation that rests on n counts is itself uncertain by 1/n; one that has not seen a whole day may be wrong
        about the rest of it, unless a parent knows the shape.
        """
        days = self.days(at_ms)
        if self.parent is not None:
            days = max(days, self.parent.days(at_ms))
        unknown = 0.6 / (1.0 + 4.0 * days * days) + 1.0 / (1.0 + min(self._now.learned, 400.0))
        return self._spread.of(span_s) + unknown

    # --- learning -----------------------------------------------------------------------------------------------------

    def begin(self, at_ms: int) -> None:
        """Go over to the step of `at_ms`, if that is a new one; until it ends nothing changes of what is expected."""
        step_ms = at_ms - at_ms % self.step_ms
        if step_ms != self._now.step_ms:
            self._begin_step(step_ms, at_ms)

    def runs(self, at_ms: int) -> bool:
        """Whether `at_ms` is in the step that was begun last."""
        return at_ms - at_ms % self.step_ms == self._now.step_ms

    def learn(self, at_ms: int, count: float, planned: float = 1.0) -> None:
        """Take in the count of the bucket that starts at `at_ms`; buckets come in order.

        `planned` is how many times the usual the calendar expects: that much of the count is not learned.
        """
        self.begin(at_ms)
        now = self._now
        count /= planned
        now.in_step += count
        now.newest_ms = at_ms
        now.heard += count
        if not self._mostly_late:
            self._spread.learn(count, now.expected * self._share)

    def rest(self, at_ms: int, buckets: int) -> None:
        """Take in so many buckets of one step without a count, from the one that starts at `at_ms` on."""
        self.begin(at_ms)
        now = self._now
        now.newest_ms = at_ms + (buckets - 1) * self.bucket_s * 1000
        if not self._mostly_late:
            self._spread.rest(buckets, now.expected * self._share)

    def late(self, at_ms: int, count: float) -> bool:
        """Add to a past step what came too late for its bucket; False where that step was learned already."""
        now = self._now
        step_ms = at_ms - at_ms % self.step_ms
        now.came_late += count
        if step_ms == now.step_ms:
            now.in_step += count
            return True
        for place in range(0, len(self._waiting), 2):
            if self._waiting[place] == step_ms:
                self._waiting[place + 1] += count
                return True
        return False

    def learn_one(self, x: dict[Hashable, Any], y: float) -> None:
        """Take in the bucket that starts at ``x["at_ms"]`` with the count `y`."""
        self.learn(x["at_ms"], y)

    def predict_one(self, x: dict[Hashable, Any]) -> float:
        """The count to expect in the bucket that starts at ``x["at_ms"]``."""
        return self.expect(x["at_ms"])

    # --- its state ----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> RateState:
        """Everything it knows, for `resume`."""
        return RateState(
            learned=msgspec.structs.replace(self._now),
            slots=self._slots.tobytes(),
            visits=self._visits.tobytes(),
            week_seen=self._week_seen.tobytes(),
            week_usual=self._week_usual.tobytes(),
            waiting=self._waiting.tobytes(),
            spread=self._spread.state,
            spread_buckets=self._spread.buckets,
        )

    def resume(self, state: RateState) -> SeasonalRate:
        """Go on from there; returns itself."""
        self._now = msgspec.structs.replace(state.learned)
        self._slots = array("f", state.slots)
        self._visits = array("f", state.visits)
        self._week_seen = array("f", state.week_seen)
        self._week_usual = array("f", state.week_usual)
        self._waiting = array("d", state.waiting)
        self._spread.resume(state.spread, state.spread_buckets)
        return self

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _mostly_late(self) -> bool:
        """Whether it is fed by polls: its own buckets are empty and say nothing of how its counts spread."""
        return self._now.came_late > _MOSTLY_LATE * (self._now.heard + self._now.came_late)

    def _overall(self) -> float:
        """Counts a step, as if every step were as lively as the average one."""
        now, waiting = self._now, self._waiting
        if now.steps >= _YOUNG_STEPS or not waiting:
            return now.seen / now.usual_sum
        shapes = sum(self._shape(int(waiting[place])) for place in range(0, len(waiting), 2))
        return (now.seen + sum(waiting[1::2])) / (now.usual_sum + shapes)

    def _shape(self, at_ms: int) -> float:
        """How lively the parent is at this time, against its average; 1 without a parent."""
        if self.parent is None:
            return 1.0
        overall = self.parent._overall()
        return (self.parent.usual(at_ms) + 0.5) / (overall + 0.5)

    def _by_day(self, at_ms: int) -> float:
        whole = self._overall() * self._shape(at_ms)
        slot = at_ms % _DAY_MS // _SLOT_MS
        visits = self._visits[slot]
        own = visits / (visits + _SHRINK + _BELIEF / max(whole, 0.01) * self._weight)
        return own * self._slots[slot] + (1.0 - own) * whole

    def _begin_step(self, step_ms: int, at_ms: int) -> None:
        now = self._now
        if now.step_ms < 0:
            now.started_ms = at_ms
        else:
            self._waiting.extend((now.step_ms, now.in_step))
            if len(self._waiting) > 2 * LAG_STEPS:
                oldest_ms, count = int(self._waiting.pop(0)), self._waiting.pop(0)
                self._learn_step(oldest_ms, count)
        now.step_ms = -1
        now.before = now.expected
        # Kept in the state: a parent may learn in mid-step, and a run stopped there and resumed must not see it.
        now.usual = self.usual(step_ms)
        now.expected = now.usual * self.level()
        now.step_ms = step_ms
        now.in_step = 0.0

    def _learn_step(self, step_ms: int, count: float) -> None:
        now, weight = self._now, self._weight
        by_day, usual = self._by_day(step_ms), self.usual(step_ms)
        level = self.level()
        clipped = min(count, _CLIP * usual + _CLIP)
        keep = 1.0 - weight / _OVERALL_MEMORY
        if self._mostly_late:
            self._spread.learn_step(count, usual * self.level(), self.step_ms // 1000)
        now.heard *= keep
        now.came_late *= keep
        now.steps += 1
        now.learned += clipped
        now.seen = now.seen * keep + clipped
        now.usual_sum = now.usual_sum * keep + self._shape(step_ms)
        self._learn_slots(step_ms, clipped)
        hour, keep_week = _hour_of_week(step_ms), _WEEK_KEEP**weight
        self._week_seen[hour] = self._week_seen[hour] * keep_week + clipped
        self._week_usual[hour] = self._week_usual[hour] * keep_week + by_day
        keep_level = _LEVEL_KEEP**weight
        # Only the level may climb from its own height; otherwise a long crisis would lift the clip and pass through it.
        now.level_seen = now.level_seen * keep_level + min(count, _CLIP * usual * level + _CLIP)
        now.level_expected = now.level_expected * keep_level + usual

    def _learn_slots(self, step_ms: int, count: float) -> None:
        slot = step_ms % _DAY_MS // _SLOT_MS
        for place, part in ((slot, 1.0), (slot - 1, 0.5), ((slot + 1) % _SLOTS, 0.5)):
            weight = part * self._weight
            self._visits[place] += weight
            pace = min(1.0, max(weight / _SLOT_MEMORY, weight / self._visits[place]))
            self._slots[place] += pace * (count - self._slots[place])


def _hour_of_week(at_ms: int) -> int:
    return at_ms // _HOUR_MS % _HOURS


@runtime_checkable
class SharesRate(Protocol):
    """A detector that can go by a rate which another one of the same series learns, so that it is learned once."""

    def share(self, rate: SeasonalRate) -> None:
        """Go by `rate`, which learns each bucket after this one has seen it."""
        ...
