"""A witness of lasting drift: ADWIN over the last day's mood, asked while there is an alarm."""

from __future__ import annotations

from array import array
from typing import Any, Final

#: Steps of five minutes that are looked at: a day.
STEPS: Final = 288
#: How often ADWIN may be wrong; by far fewer steps convince it than by the usual .002, and it is asked in alarm only.
_DELTA: Final = 0.05
#: The newest half an hour.
_NEWEST: Final = 6


def lasting_change(moods: array[float]) -> bool:
    """Whether the mean of `moods`, one a step, has changed for good, and the newest part is above the rest.

    ADWIN (Bifet and Gavaldà 2007), asked at every value: it compares every split of what it keeps, so it is slow to
    be convinced by a burst and sure of a change of tone within an hour.

    >>> calm = [0.2, 0.3] * 60
    >>> lasting_change(array("f", calm)), lasting_change(array("f", calm + [0.7, 0.6] * 15))
    (False, True)
    """
    # Here and not above: River loads SciPy's statistics for its other detectors, a second at every start.
    from river.drift import ADWIN

    window: Any = ADWIN(clock=1, delta=_DELTA)  # type: ignore[no-untyped-call]
    changed = False
    for mood in moods:
        window.update(mood)
        changed = changed or window.drift_detected
    return changed and _mean(moods[-_NEWEST:]) > _mean(moods)


def _mean(moods: array[float]) -> float:
    return sum(moods) / len(moods)
