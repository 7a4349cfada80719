"""What is usual at this time of day: a rate learned online, with how sure it is."""

from __future__ import annotations

import math
from typing import Final

import msgspec
from river import base

from detectors.bucket import BUCKET_MS

#: Values are learned in steps of five minutes.
STEP_MS: Final = 300_000
_STEPS_IN_BUCKETS: Final = STEP_MS // BUCKET_MS
_DAY_MS: Final = 86_400_000
_SLOTS: Final = 48
_SLOT_MS: Final = _DAY_MS // _SLOTS

#: Half a visit's weight before a slot counts as much as the overall rate.
_SHRINK: Final = 6.0
#: Memory of the slots (14 days of visits) and of the overall rate (14 days of steps).
_SLOT_MEMORY: Final = 84.0
_OVERALL_MEMORY: Final = 4032.0
#: A step above so many times the expectation is learned as if it were that: a crisis does not become the baseline.
_CLIP: Final = 3.0
#: The recent level: half-life, lag, pseudo-count and cap.
_LEVEL_KEEP: Final = 0.5 ** (1 / 72)
_LEVEL_LAG_STEPS: Final = 6
_LEVEL_COUNT: Final = 25.0
_LEVEL_CAP: Final = 3.0
#: Dispersion of a five-minute count before it is learned, its floor, and the weight of that belief in steps.
_DISPERSION: Final = 0.07
_DISPERSION_WEIGHT: Final = 288.0
_WARM_UP_MS: Final = 3_600_000


class RateState(msgspec.Struct):
    """Everything a `SeasonalRate` knows, as plain data."""

    steps: int = 0
    started_ms: int = 0
    step_ms: int = -1
    newest_ms: int = -1
    in_step: float = 0.0
    overall: float = 0.0
    learned: float = 0.0
    slots: list[float] = msgspec.field(default_factory=lambda: [0.0] * _SLOTS)
    visits: list[float] = msgspec.field(default_factory=lambda: [0.0] * _SLOTS)
    lagged: list[tuple[float, float]] = []
    level_seen: float = 0.0
    level_expected: float = 0.0
    excess: float = 0.0
    squares: float = 0.0


class SeasonalRate(base.Base):
    """Expected count per bucket, by time of day and recent level, learned bucket by bucket in event time.

    A new series leans on its overall rate and says so by a wide `dispersion`; each half-hour of the day earns its own
    weight with visits. A burst is learned clipped, so the baseline follows a lasting change in hours, not in minutes.

    >>> rate = SeasonalRate()
    >>> for bucket in range(360):
    ...     rate.learn_one(bucket * 10_000, 2.0)
    >>> round(rate.expect(3_600_000), 1)
    2.0
    """

    def __init__(self, state: RateState | None = None) -> None:
        self.state = state or RateState()
        self._now_step = -1
        self._now_expected = 0.0

    def expect(self, at_ms: int) -> float:
        """Expected count in the bucket that starts at `at_ms`."""
        step = at_ms // STEP_MS
        if step != self._now_step:
            self._now_step = step
            self._now_expected = self._step_expectation(at_ms) * self._level() / _STEPS_IN_BUCKETS
        return self._now_expected

    def learn_one(self, at_ms: int, count: float) -> None:
        """Learn the count of the bucket that starts at `at_ms`; buckets come in order, without gaps."""
        state = self.state
        step = at_ms - at_ms % STEP_MS
        if step != state.step_ms:
            if state.step_ms >= 0:
                self._learn_step(state.step_ms, state.in_step)
            else:
                state.started_ms = at_ms
            state.step_ms = step
            state.in_step = 0.0
            self._now_step = -1
        state.in_step += count
        state.newest_ms = at_ms

    @property
    def newest_ms(self) -> int:
        """Start of the newest bucket that was learned; -1 before the first."""
        return self.state.newest_ms

    def days(self, at_ms: int) -> float:
        """How long the series has been known."""
        return max(0.0, (at_ms - self.state.started_ms) / _DAY_MS) if self.state.step_ms >= 0 else 0.0

    def warm(self, at_ms: int) -> bool:
        """Whether the series is known for long enough to judge anything: a stream's start is not a crisis."""
        return self.state.step_ms >= 0 and at_ms - self.state.started_ms >= _WARM_UP_MS

    def dispersion(self, at_ms: int, span_s: int) -> float:
        """Overdispersion of a count over `span_s` seconds: what was learned, and what is not known yet.

        Longer spans average the noise away: a fifth at an hour of what it is at a minute.
        """
        state = self.state
        learned: float = (_DISPERSION * _DISPERSION_WEIGHT * max(state.overall, 0.1) ** 2 + state.excess) / (
            _DISPERSION_WEIGHT * max(state.overall, 0.1) ** 2 + state.squares
        )
        days = self.days(at_ms)
        unknown = 0.6 / (1.0 + days * days) + 1.0 / (1.0 + min(state.learned, 400.0))
        return float(max(learned, _DISPERSION) * (300.0 / span_s) ** 0.4 + unknown)

    def _step_expectation(self, at_ms: int) -> float:
        state = self.state
        slot = at_ms % _DAY_MS // _SLOT_MS
        own = state.visits[slot] / (state.visits[slot] + _SHRINK)
        return own * state.slots[slot] + (1.0 - own) * state.overall

    def _level(self) -> float:
        state = self.state
        level = (state.level_seen + _LEVEL_COUNT) / (state.level_expected + _LEVEL_COUNT)
        return float(min(max(level, 1.0 / _LEVEL_CAP), _LEVEL_CAP))

    def _learn_step(self, step_ms: int, count: float) -> None:
        state = self.state
        usual = self._step_expectation(step_ms) if state.steps else count
        expected = usual * self._level()
        clipped = min(count, _CLIP * expected + _CLIP)
        # Clipped here too: the squares of one crisis would hide the next for a fortnight.
        self._learn_dispersion(clipped, expected)
        state.steps += 1
        state.learned += clipped
        state.overall += max(1.0 / state.steps, 1.0 / _OVERALL_MEMORY) * (clipped - state.overall)
        slot = step_ms % _DAY_MS // _SLOT_MS
        for place, weight in ((slot, 1.0), ((slot - 1) % _SLOTS, 0.5), ((slot + 1) % _SLOTS, 0.5)):
            state.visits[place] += weight
            rate = max(weight / _SLOT_MEMORY, weight / state.visits[place])
            state.slots[place] += rate * (clipped - state.slots[place])
        self._learn_level(clipped, usual)

    def _learn_dispersion(self, count: float, expected: float) -> None:
        state = self.state
        keep = math.exp(-1.0 / _OVERALL_MEMORY)
        state.excess = state.excess * keep + (count - expected) ** 2 - expected
        state.squares = state.squares * keep + expected * expected

    def _learn_level(self, count: float, usual: float) -> None:
        state = self.state
        state.lagged.append((count, usual))
        if len(state.lagged) > _LEVEL_LAG_STEPS:
            seen, expected = state.lagged.pop(0)
            state.level_seen = state.level_seen * _LEVEL_KEEP + seen
            state.level_expected = state.level_expected * _LEVEL_KEEP + expected
