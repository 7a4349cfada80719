"""A drill beside those before it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from playbooks.drills.drill import Drill, Part

#: With so many drills before it a drill is compared.
LAST = 5


class Beside(msgspec.Struct, frozen=True):
    """One part of a drill: seconds now, the last time, and by the median of the last few; None where there is none."""

    part: Part
    now_s: float | None
    last_s: float | None
    median_s: float | None


def before(drill: Drill, drills: Sequence[Drill]) -> list[Drill]:
    """Those of `drills` (the newest first) that `drill` can be compared with: the same, in the same place, ended."""
    return [
        other
        for other in drills
        if other.run != drill.run
        and (other.name, other.brand, other.place) == (drill.name, drill.brand, drill.place)
        and other.begun_ms <= drill.begun_ms
        and other.result is not None
    ][:LAST]


def compared(drill: Drill, earlier: Sequence[Drill]) -> list[Beside]:
    """Each part of `drill` beside the `earlier` ones, the newest of them first."""
    return [_beside(part, drill, earlier) for part in Part]


def _beside(part: Part, drill: Drill, earlier: Sequence[Drill]) -> Beside:
    now, *others = (one.result.figures.of(part) if one.result else None for one in (drill, *earlier))
    known = [seconds for seconds in others if seconds is not None]
    return Beside(part, now, others[0] if others else None, median(known) if known else None)
