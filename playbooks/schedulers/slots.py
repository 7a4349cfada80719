"""When posts that were held back go out after all: as people want it, and never in a burst."""

from __future__ import annotations

from collections.abc import Iterable


def slots(wanted: Iterable[tuple[str, int]], taken: Iterable[int], earliest_ms: int, spacing_ms: int) -> dict[str, int]:
    """A time for each of the `wanted` (a post, and when it shall go out), the soonest first.

    None is before `earliest_ms`, nor nearer than `spacing_ms` to another or to one that is `taken`; whatever would be,
    goes later.

    >>> slots([("a", 0), ("b", 0), ("c", 50)], taken=[25], earliest_ms=10, spacing_ms=10)
    {'a': 10, 'b': 35, 'c': 50}
    """
    given: dict[str, int] = {}
    all_taken = sorted(taken)
    for post, wish_ms in sorted(wanted, key=lambda each: (each[1], each[0])):
        at_ms = max(wish_ms, earliest_ms)
        for other_ms in all_taken:
            if abs(at_ms - other_ms) < spacing_ms:
                at_ms = other_ms + spacing_ms
        given[post] = at_ms
        all_taken = sorted([*all_taken, at_ms])
    return given
