"""A witness of lasting drift: ADWIN over the last day's mood, asked while there is an alarm."""

from __future__ import annotations

from array import array
from typing import Any, Final

from river import drift

#: Steps of five minutes that are looked at: a day.
STEPS: Final = 288


def lasting_change(moods: array[float]) -> bool:
    """Whether the mean of `moods`, one a step, has changed for good, and the newest part is above the rest.

    ADWIN (Bifet and Gavaldà 2007), asked at every value: it compares every split of what it keeps, so it is slow to
    be convinced by a burst and sure of a change of tone within an hour.

    >>> lasting_change(array("d", [0.2, 0.3] * 60)), lasting_change(array("d", [0.2, 0.3] * 60 + [0.7, 0.6] * 8))
    (False, True)
    """
    window: Any = drift.ADWIN(clock=1)  # type: ignore[no-untyped-call]
    changed = False
    before = 0.0
    for mood in moods:
        usual = window.estimation
        window.update(mood)
        if window.drift_detected:
            changed, before = window.estimation > usual, usual
    return changed and window.estimation > before
