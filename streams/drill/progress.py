"""What is told of a drill while it runs: one line."""

from __future__ import annotations

from collections.abc import Collection

from playbooks.console.words import watch
from playbooks.drills.drill import Part, Result


def seen_so_far(result: Result, expected: Collection[Part], speed: float | None) -> str:
    """What has happened, and what is waited for; `speed` is how many times as fast as life it is played.

    >>> from playbooks.drills.drill import Figures, Posts
    >>> seen_so_far(Result(Figures(detect_s=111.0), Posts()), [Part.DETECT, Part.PAGE], 30.0)
    '30 x life: detect 1 min 51.0 s; waiting for page'
    """
    times = [(part, result.figures.of(part)) for part in Part]
    seen = ", ".join(f"{part.value} {watch(seconds)}" for part, seconds in times if seconds is not None)
    waiting = ", ".join(part.value for part, seconds in times if seconds is None and part in expected)
    pace = f"{speed:g} x life: " if speed else ""
    return f"{pace}{seen or 'nothing yet'}{f'; waiting for {waiting}' if waiting else ''}"
