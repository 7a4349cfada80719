"""A series that alarms often has to prove more: the threshold rises with each alarm and sinks again by and by."""

from __future__ import annotations

from typing import Final

import msgspec

#: Within so long after an alarm the next is the same one.
EPISODE_MS: Final = 2 * 3_600_000
#: Part by which an alarm raises the threshold, at most so high, no more than once in so long.
_RAISE: Final = 0.0875
_MOST: Final = 0.35
_RAISE_EVERY_MS: Final = 6 * 3_600_000
#: Part by which it sinks in a day: an alarm every ten days keeps it where it is.
_SINK_PER_DAY: Final = _RAISE / 10.0
_DAY_MS: Final = 86_400_000


class AlarmBudget(msgspec.Struct):
    """How far the threshold is raised, since when, and when the last alarm was; times in ms, -1 for never.

    >>> budget = AlarmBudget()
    >>> budget.alarm(0), round(budget.factor(0), 3), round(budget.factor(5 * 86_400_000), 3)
    (True, 1.087, 1.044)
    >>> budget.alarm(3_600_000), budget.alarm(2 * 3_600_000)
    (False, True)
    """

    raised: float = 0.0
    raised_ms: int = -1
    alarm_ms: int = -1

    def factor(self, at_ms: int) -> float:
        """What thresholds are to be multiplied with at `at_ms`, 1 or more."""
        if not self.raised:
            return 1.0
        return 1.0 + max(0.0, self.raised - _SINK_PER_DAY * (at_ms - self.raised_ms) / _DAY_MS)

    def same_episode(self, at_ms: int) -> bool:
        """Whether an alarm at `at_ms` would still be the last one."""
        return self.alarm_ms >= 0 and at_ms - self.alarm_ms < EPISODE_MS

    def alarm(self, at_ms: int) -> bool:
        """Something was found at `at_ms`; whether that is a new alarm, for which the threshold rises."""
        if self.same_episode(at_ms):
            return False
        self.alarm_ms = at_ms
        if self.raised_ms < 0 or at_ms - self.raised_ms >= _RAISE_EVERY_MS:
            self.raised = min(self.factor(at_ms) - 1.0 + _RAISE, _MOST)
            self.raised_ms = at_ms
        return True
