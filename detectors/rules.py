"""What an operator tells watch beforehand: what is planned, and how late each source may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from detectors.calendar import NOTHING_PLANNED, Calendar

#: How late a source may be that declares nothing: what a stream needs, and a poll does not.
LATE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class WatchRules:
    """The calendars by brand, and by source how much later than written a mention may come, in milliseconds.

    >>> rules = WatchRules(late_ms={"forum-poll": 900_000})
    >>> rules.latest(["bluesky"]), rules.latest(["bluesky", "forum-poll"]), rules.latest([])
    (60000, 900000, 60000)
    """

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    late_ms: Mapping[str, int] = field(default_factory=dict)

    def calendar(self, brand: str) -> Calendar:
        """A brand's calendar."""
        return self.calendars.get(brand, NOTHING_PLANNED)

    def latest(self, sources: Iterable[str]) -> int:
        """How late what these sources bring may be: as late as the slowest of them."""
        return max((self.late_ms.get(source, LATE_MS) for source in sources), default=LATE_MS)


NO_RULES: Final = WatchRules()
