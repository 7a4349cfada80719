"""What was heard with one bucket: the voices in it, and those that came too late for their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from detectors.voices.count import Counted


@dataclass(slots=True)
class Heard:
    """Voices of one series: `now` are the bucket's own, `late` the others by the start of the bucket they belong to."""

    now: Counted = field(default_factory=Counted)
    late: dict[int, Counted] = field(default_factory=dict)

    def at(self, start_ms: int | None) -> Counted:
        """Where to count a voice: of the bucket that starts then, of this one where it is None."""
        return self.now if start_ms is None else self.late.setdefault(start_ms, Counted())

    def add(self, other: Heard) -> None:
        """Count what another series of the same brand heard."""
        self.now.add(other.now)
        for at_ms, voices in other.late.items():
            self.at(at_ms).add(voices)

    @classmethod
    def of_all(cls, series: Iterable[Heard]) -> Heard:
        """What the brand as a whole heard, of which these are the platforms."""
        whole = cls()
        for one in series:
            whole.add(one)
        return whole
