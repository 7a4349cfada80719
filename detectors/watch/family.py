"""A brand's series, as a whole and on each platform: taken through time together, but looked at where there is need.

Where nobody speaks there is nothing to find but silence, and a series knows for how long it need not ask for that: it
rests, and takes in what it passed over when it is asked for. So a bucket costs those series of whom somebody speaks,
and to the last bit all are as if each had looked at every bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from detectors.bucket import BUCKET_MS, Cell, bucket_start
from detectors.calendar import Calendar
from detectors.estimators.seasonal import STEP_MS
from detectors.finding import Finding, Observation
from detectors.kinds.silence import Silence
from detectors.watch.heard import Heard
from detectors.watch.series import Series, SeriesState
from detectors.watch.sources import Sources


class Silenced(NamedTuple):
    """A platform, a source or the brand as a whole (neither) that has fallen silent."""

    silence: Silence
    finding: Finding
    seen: Observation
    platform: str | None = None
    source: str | None = None


class Family:
    """The series of one brand.

    A platform leans on what the whole brand knows where a step of five minutes begins, so every series takes in the
    first bucket of a step before any goes further. A step's last bucket is looked at by each: what is learned of the
    step takes in all that silence made of those before.
    """

    def __init__(self, calendar: Calendar, sources: Sources, states: Iterable[SeriesState], next_ms: int) -> None:
        self._calendar = calendar
        self._sources = sources
        kept = {series.platform: series for series in states}
        self.whole = Series(None, state=kept.pop(None, None))
        self.platforms = {name: Series(name, self.whole, state) for name, state in kept.items() if name is not None}
        #: The step of which every series has taken in a bucket; up to where the sources are; up to where all may rest.
        self._step_ms = -1
        self._sources_ms = next_ms
        self._rest_ms = 0
        self._move(next_ms)

    # --- what is to be expected ---------------------------------------------------------------------------------------

    def expecting(self, seen: Observation, platform: str | None, arrived: float = 0.0) -> Observation:
        """What was heard, with what the calendar and the sources' lateness make of it."""
        planned, late_ms = self._planned(seen.at_ms, platform), self._sources.late_ms(platform)
        return msgspec.structs.replace(seen, planned=planned, late_ms=late_ms, arrived=arrived)

    def _nothing(self, start_ms: int, platform: str | None) -> Observation:
        planned, late_ms = self._planned(start_ms, platform), self._sources.late_ms(platform)
        return Observation(start_ms, planned=planned, late_ms=late_ms)

    def _planned(self, at_ms: int, platform: str | None) -> float:
        if not self._calendar.plans(at_ms):
            return 1.0
        if platform is not None:
            return self._calendar.factor(platform, at_ms)
        usual = {name: series.silence.rate.expect(at_ms) for name, series in self.platforms.items()}
        return self._calendar.factor_of_all(usual, at_ms)

    # --- a bucket in which somebody speaks ----------------------------------------------------------------------------

    def open(self, next_ms: int, start_ms: int, cells: Sequence[Cell]) -> None:
        """Make ready for the bucket at `start_ms` with these cells; the quiet ones before it end at `next_ms`."""
        self._settle(next_ms)
        if next_ms != start_ms:
            self.take_in(next_ms)
            self._move(start_ms)
        if not self._sources.know(cells):
            self.take_in(start_ms)
            self._sources.meet(cells)
            self._forget_patience()
        self._begin(start_ms)
        for platform in sorted({cell.platform for cell in cells} - self.platforms.keys()):
            series = self.platforms[platform] = Series(platform, self.whole)
            series.taken_ms = start_ms
            series.begin(start_ms)
        self._catch_up(self.whole, start_ms)
        self._take_in_sources(start_ms)

    def spoken(self, platform: str, start_ms: int) -> Series:
        """The series of a platform on which somebody speaks in the bucket at `start_ms`, ready for it."""
        series = self.platforms[platform]
        self._catch_up(series, start_ms)
        return series

    def unspoken(self, platform: str, start_ms: int) -> list[Silenced]:
        """Nobody speaks on a platform in the bucket at `start_ms`; what that tells."""
        return self._listen(self.platforms[platform], start_ms)

    def close(self, start_ms: int, by_platform: Mapping[str, list[Cell]], heard: Mapping[str, Heard]) -> list[Silenced]:
        """Everybody was looked at in the bucket at `start_ms` but the sources; what they tell."""
        self._step_ms, self._rest_ms = _step_of(start_ms), 0
        self._sources_ms = start_ms + BUCKET_MS
        return _of_sources(start_ms, self._sources.hear(start_ms, by_platform, heard))

    def platforms_take_in(self, until_ms: int) -> None:
        """Every platform takes in what it passed over up to there."""
        for series in self.platforms.values():
            self._catch_up(series, until_ms)

    # --- buckets in which nobody does ---------------------------------------------------------------------------------

    def rests_until(self, start_ms: int) -> int:
        """Up to where nobody has to be looked at while nobody speaks: later than `start_ms` where that is so."""
        if start_ms < self._rest_ms:
            return self._rest_ms
        last_ms = _step_of(start_ms) + STEP_MS - BUCKET_MS
        if start_ms >= last_ms or self._calendar.names(None, start_ms, last_ms):
            return start_ms
        self._settle(start_ms)
        self._take_in_sources(start_ms)
        patience = (self._patience(series, start_ms) for series in self._every())
        self._rest_ms = bucket_start(min(last_ms, self._sources.patient_until(start_ms), *patience))
        return self._rest_ms

    def quiet(self, start_ms: int) -> list[Silenced]:
        """Nobody speaks anywhere in the bucket at `start_ms`; what that tells."""
        self._settle(start_ms)
        self._begin(start_ms)
        found = [silenced for series in self._every() for silenced in self._listen(series, start_ms)]
        self._take_in_sources(start_ms)
        self._step_ms = _step_of(start_ms)
        self._sources_ms = start_ms + BUCKET_MS
        return found + _of_sources(start_ms, self._sources.quiet(start_ms))

    def take_in(self, until_ms: int) -> None:
        """Everybody takes in what was passed over up to there."""
        self._settle(until_ms)
        for series in self._every():
            self._catch_up(series, until_ms)
        self._take_in_sources(until_ms)
        self._rest_ms = 0

    def states(self) -> list[SeriesState]:
        """Everything the series know, once they have taken in everything."""
        return [series.snapshot() for series in (self.whole, *self.platforms.values())]

    # --- inside -------------------------------------------------------------------------------------------------------

    def _every(self) -> list[Series]:
        return [*self.platforms.values(), self.whole]

    def _listen(self, series: Series, start_ms: int) -> list[Silenced]:
        if self._may_rest(series, start_ms):
            return []
        self._catch_up(series, start_ms)
        seen = self._nothing(start_ms, series.platform)
        found = series.quiet(seen)
        return [Silenced(series.silence, found, seen, series.platform)] if found else []

    def _may_rest(self, series: Series, start_ms: int) -> bool:
        step_ms, end_ms = _step_of(start_ms), start_ms + BUCKET_MS
        last_ms = step_ms + STEP_MS - BUCKET_MS
        if step_ms != self._step_ms or start_ms >= last_ms or self._calendar.names(None, start_ms, last_ms):
            return False
        return end_ms <= self._patience(series, start_ms)

    def _patience(self, series: Series, start_ms: int) -> int:
        """Up to where a series has nothing to find if nobody speaks, asked anew where that is not beyond the bucket."""
        if start_ms + BUCKET_MS > series.patient_ms:
            self._catch_up(series, start_ms)
            series.patient_ms = series.silence.patient_until(self._nothing(start_ms, series.platform))
        return series.patient_ms

    def _settle(self, now_ms: int) -> None:
        """In a step that has begun since, every series takes in what it passed over."""
        began_ms = self.whole.taken_ms
        if began_ms < now_ms and _step_of(began_ms) != self._step_ms:
            self._begin(began_ms)
            self._step_ms = _step_of(began_ms)
            for series in self._every():
                self._catch_up(series, now_ms)

    def _begin(self, start_ms: int) -> None:
        """Every series goes over to the step of `start_ms`, the whole brand first."""
        if _step_of(start_ms) != self._step_ms:
            for series in (self.whole, *self.platforms.values()):
                series.begin(start_ms)

    def _catch_up(self, series: Series, until_ms: int) -> None:
        buckets = (until_ms - series.taken_ms) // BUCKET_MS
        if buckets > 0:
            series.rest(self._nothing(series.taken_ms, series.platform), buckets)

    def _take_in_sources(self, until_ms: int) -> None:
        buckets = (until_ms - self._sources_ms) // BUCKET_MS
        if buckets > 0:
            self._sources.rest(self._sources_ms, buckets)
            self._sources_ms = until_ms

    def _move(self, start_ms: int) -> None:
        """Go to `start_ms`, with nothing to take in of what is between."""
        for series in self._every():
            series.taken_ms = start_ms
        self._sources_ms = start_ms

    def _forget_patience(self) -> None:
        for series in self._every():
            series.patient_ms = 0


def _step_of(at_ms: int) -> int:
    return at_ms - at_ms % STEP_MS


def _of_sources(start_ms: int, found: Iterable[tuple[str, Silence, Finding]]) -> list[Silenced]:
    return [Silenced(silence, finding, Observation(start_ms), source=source) for source, silence, finding in found]
