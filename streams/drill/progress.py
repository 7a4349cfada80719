"""What is told of a drill while it runs: one line."""

from __future__ import annotations

from collections.abc import Collection

from playbooks.drills.drill import Part, Result


def spell(seconds: float) -> str:
    """A length of time as it is read off a watch.

    >>> spell(4.25), spell(111.04), spell(7_205.0)
    ('4.2 s', '1 min 51.0 s', '2 h 0 min')
    """
    minutes, rest = divmod(round(seconds, 1), 60)
    if minutes >= 60:
        return f"{minutes // 60:.0f} h {minutes % 60:.0f} min"
    return f"{minutes:.0f} min {rest:04.1f} s" if minutes else f"{rest:.1f} s"


def seen_so_far(result: Result, expected: Collection[Part], speed: float | None) -> str:
    """What has happened, and what is waited for; `speed` is how many times as fast as life it is played.

    >>> from playbooks.drills.drill import Figures, Posts
    >>> seen_so_far(Result(Figures(detect_s=111.0), Posts()), [Part.DETECT, Part.PAGE], 30.0)
    '30 x life: detect 1 min 51.0 s; waiting for page'
    """
    times = [(part, result.figures.of(part)) for part in Part]
    seen = ", ".join(f"{part.value} {spell(seconds)}" for part, seconds in times if seconds is not None)
    waiting = ", ".join(part.value for part, seconds in times if seconds is None and part in expected)
    pace = f"{speed:g} x life: " if speed else ""
    return f"{pace}{seen or 'nothing yet'}{f'; waiting for {waiting}' if waiting else ''}"
