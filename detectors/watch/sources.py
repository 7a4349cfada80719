"""A brand's sources: which connector brings which platform, and whether one has fallen silent.

A source is watched by itself only where that says more than its platform does: where it brings several platforms, or
shares one with another source, which speaks on and hides that this one does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from detectors.bucket import Cell
from detectors.estimators.seasonal import STEP_MS
from detectors.finding import Finding, Observation
from detectors.kinds.silence import Silence
from detectors.rules import WatchRules
from detectors.watch.heard import Heard

#: More are not told apart: any producer may write what it likes into `source`.
SOURCES_MOST: Final = 16


class SourceState(msgspec.Struct):
    """A source as plain data: the platforms it has brought, and its detector."""

    name: str
    platforms: list[str]
    version: int
    state: msgspec.Raw


class Sources:
    """The sources of one brand."""

    def __init__(self, rules: WatchRules, threshold: float, states: Iterable[SourceState] = ()) -> None:
        self._rules = rules
        self._threshold = threshold
        self._platforms: dict[str, list[str]] = {}
        self._silence: dict[str, Silence] = {}
        for kept in states:
            self._platforms[kept.name] = kept.platforms
            same = kept.version == Silence.version
            self._silence[kept.name] = Silence.restore(bytes(kept.state), threshold) if same else Silence(threshold)
        self._late_ms: dict[str | None, int] = {}

    def late_ms(self, platform: str | None) -> int:
        """How late what is said on a platform may be, or (None) anywhere."""
        if platform not in self._late_ms:
            bring = [source for source, known in self._platforms.items() if platform is None or platform in known]
            self._late_ms[platform] = self._rules.latest(bring)
        return self._late_ms[platform]

    def know(self, cells: Iterable[Cell]) -> bool:
        """Whether `meet` would bring nothing new."""
        full = len(self._platforms) >= SOURCES_MOST
        return all(
            cell.platform in self._platforms.get(source, ()) or (full and source not in self._platforms)
            for cell in cells
            for source in cell.sources
        )

    def meet(self, cells: Iterable[Cell]) -> None:
        """Get to know the sources that are new, or new on a platform."""
        for cell in cells:
            for source in sorted(cell.sources):
                known = self._platforms.get(source)
                if known is None and len(self._platforms) >= SOURCES_MOST:
                    continue
                if known is None:
                    known = self._platforms[source] = []
                    self._silence[source] = Silence(self._threshold)
                if cell.platform not in known:
                    known.append(cell.platform)
                    self._late_ms.clear()

    def hear(
        self, start_ms: int, cells: Mapping[str, list[Cell]], heard: Mapping[str, Heard]
    ) -> list[tuple[str, Silence, Finding]]:
        """Take in a bucket: of each platform its cells, and what was heard in them; the sources that are now silent.

        A platform's voices are its sources' in proportion to what each brought.
        """
        shares = {platform: _shares(cells.get(platform, [])) for platform in heard}
        found = []
        for source, platforms in self._platforms.items():
            arrived = spoken = 0.0
            for platform in platforms:
                count, share = shares.get(platform, {}).get(source, (0, 0.0))
                arrived += count
                if not share:
                    continue
                spoken += heard[platform].now.voices * share
                for at_ms, less in heard[platform].late.items():
                    self._silence[source].correct(Observation(at_ms, less.voices * share))
            found += self._listen(source, Observation(start_ms, spoken, arrived=arrived, late_ms=self._late_of(source)))
        return found

    def quiet(self, start_ms: int) -> list[tuple[str, Silence, Finding]]:
        """Take in a bucket in which nothing came; the sources that are now silent."""
        return [
            found
            for source in self._platforms
            for found in self._listen(source, Observation(start_ms, late_ms=self._late_of(source)))
        ]

    def rest(self, start_ms: int, buckets: int) -> None:
        """Take in so many buckets of one step in which nothing came, and in which nothing is to be found."""
        for source, silence in self._silence.items():
            silence.rest(Observation(start_ms, late_ms=self._late_of(source)), buckets)

    def patient_until(self, start_ms: int) -> int:
        """Nothing is found in buckets that end at or before this (ms), if nothing comes from `start_ms` on."""
        return (
            min(
                silence.patient_until(Observation(start_ms, late_ms=self._late_of(source)))
                for source, silence in self._silence.items()
            )
            if self._silence
            else start_ms + STEP_MS
        )

    def states(self) -> list[SourceState]:
        """Everything there is to know."""
        return [
            SourceState(source, platforms, Silence.version, msgspec.Raw(self._silence[source].snapshot()))
            for source, platforms in self._platforms.items()
        ]

    def _late_of(self, source: str) -> int:
        return self._rules.latest((source,))

    def _listen(self, source: str, seen: Observation) -> list[tuple[str, Silence, Finding]]:
        detector = self._silence[source]
        finding = detector.listen(seen)
        return [(source, detector, finding)] if finding and self._says_more(source) else []

    def _says_more(self, source: str) -> bool:
        mine = set(self._platforms[source])
        others = [set(known) for other, known in self._platforms.items() if other != source]
        return bool(others) and (len(mine) > 1 or any(mine & known for known in others))


def _shares(cells: Iterable[Cell]) -> dict[str, tuple[int, float]]:
    """Of each source, how many mentions it brought and which part of all that name one."""
    counts: dict[str, int] = {}
    for cell in cells:
        for source, count in cell.sources.items():
            counts[source] = counts.get(source, 0) + count
    total = sum(counts.values())
    return {source: (count, count / total) for source, count in counts.items()}
