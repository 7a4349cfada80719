"""One brand in one run: its buckets go in, its signals come out.

The watch keeps a series for each platform and one for the brand as a whole, shows each bucket to every detector, and
turns what they find into signals. It is a plain value with a snapshot: stopped and restored anywhere, it goes on as if
it had never stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.bucket import BUCKET_MS, Bucket, Cell, Digest, bucket_start, combine
from detectors.estimators.seasonal import STEP_MS
from detectors.finding import Finding, Level, Observation
from detectors.kinds.registry import DETECTORS
from detectors.kinds.silence import SEVERITY, Silence
from detectors.rules import NO_RULES, WatchRules
from detectors.signal import Signal, SignalKind
from detectors.voices.complaints import Complaints, ComplaintsState
from detectors.voices.count import Voices, VoicesState
from detectors.watch.alarm import advance
from detectors.watch.evidence import Judged, Plan, around, people_behind, signal_of
from detectors.watch.heard import Heard
from detectors.watch.series import Series, SeriesState
from detectors.watch.severity import NOBODY, Circumstances
from detectors.watch.sources import Sources, SourceState

SNAPSHOT_VERSION: Final = 4
#: So long after a brand's last mention, silence is learned from; after that nothing is, until somebody speaks again.
LONGEST_QUIET_MS: Final = 3 * 86_400_000


class BrandState(msgspec.Struct):
    """A brand's whole state as plain data."""

    version: int
    run: str
    brand: str
    next_ms: int
    last_spoken_ms: int
    voices: VoicesState
    complaints: ComplaintsState
    series: list[SeriesState]
    sources: list[SourceState] = []


class BrandWatch:
    """Watches one brand of one run. `close` takes its buckets in order; those in between are quiet.

    `rules` are what the operator said beforehand: settings, and no part of a snapshot.
    """

    def __init__(self, run: str, brand: str, state: BrandState | None = None, rules: WatchRules = NO_RULES) -> None:
        self.run = run
        self.brand = brand
        self._calendar = rules.calendar(brand)
        threshold = DETECTORS[SignalKind.SILENCE].threshold_for("")
        self._sources = Sources(rules, threshold, state.sources if state else ())
        self.next_ms = state.next_ms if state else 0
        self.last_spoken_ms = state.last_spoken_ms if state else 0
        #: Up to where the series have taken in what came, and up to where nothing can be found while nobody speaks.
        self._taken_ms = self.next_ms
        self._patient_ms = 0
        self._voices = Voices(state.voices if state else None)
        self._complaints = Complaints(state.complaints if state else None)
        kept = {series.platform: series for series in state.series} if state else {}
        self._whole = Series(None, state=kept.pop(None, None))
        self._platforms = {platform: Series(platform, self._whole, series) for platform, series in _named(kept)}

    def close(self, start_ms: int, cells: Sequence[Cell]) -> list[Signal]:
        """Take in the bucket that starts at `start_ms`, and every quiet one since the last; what is worth a signal."""
        signals = self.quiet_until(start_ms) if self.next_ms else []
        self.last_spoken_ms = start_ms
        return signals + self._close_one(start_ms, cells)

    def quiet_until(self, end_ms: int) -> list[Signal]:
        """Nobody spoke in the buckets that end at or before `end_ms` and are not taken in yet; what that tells."""
        end_ms = min(end_ms, self.last_spoken_ms + LONGEST_QUIET_MS)
        signals: list[Signal] = []
        while self.next_ms + BUCKET_MS <= end_ms:
            if self.next_ms >= self._patient_ms:
                self._wake()
                self._patient_ms = self._patient_until(self.next_ms)
            if self.next_ms < self._patient_ms:
                self.next_ms = min(self._patient_ms, bucket_start(end_ms))
                continue
            start_ms, self.next_ms = self.next_ms, self.next_ms + BUCKET_MS
            self._taken_ms = self.next_ms
            for series in self._begun(start_ms):
                seen = self._nothing(start_ms, series.platform)
                if found := series.quiet(seen):
                    signals.append(self._silent(series.silence, found, seen, series.platform))
            for source, silence, found in self._sources.quiet(start_ms):
                signals.append(self._silent(silence, found, Observation(start_ms), None, source))
        return signals

    def snapshot(self) -> BrandState:
        """Everything it knows."""
        self._wake()
        return BrandState(
            version=SNAPSHOT_VERSION,
            run=self.run,
            brand=self.brand,
            next_ms=self.next_ms,
            last_spoken_ms=self.last_spoken_ms,
            voices=self._voices.state(),
            complaints=self._complaints.state(),
            series=[series.snapshot() for series in (self._whole, *self._platforms.values())],
            sources=self._sources.states(),
        )

    def levels(self, platform: str | None) -> dict[SignalKind, Level]:
        """Where a series stands, by detector."""
        self._wake()
        series = self._whole if platform is None else self._platforms.get(platform)
        return series.levels(self.next_ms) if series else {}

    @property
    def platforms(self) -> list[str | None]:
        """The series there are; None is the brand as a whole."""
        return [None, *self._platforms]

    def _close_one(self, start_ms: int, cells: Sequence[Cell]) -> list[Signal]:
        self._wake()
        self.next_ms = self._taken_ms = start_ms + BUCKET_MS
        by_platform: dict[str, list[Cell]] = {}
        for cell in cells:
            by_platform.setdefault(cell.platform, []).append(cell)
        for spoken_on in sorted(by_platform.keys() - self._platforms.keys()):
            self._platforms[spoken_on] = Series(spoken_on, self._whole)
        self._sources.meet(cells)
        self._begun(start_ms)
        heard: dict[str, Heard] = {}
        signals: list[Signal] = []
        for platform, series in self._platforms.items():
            here = by_platform.get(platform, [])
            bucket = combine(here, self.run, self.brand, platform, start_ms)
            heard[platform] = self._count(bucket)
            self._take_down(platform, here)
            signals += self._look(series, bucket, heard[platform], _arrived(here))
        whole = combine(list(cells), self.run, self.brand, None, start_ms)
        signals += self._look(self._whole, whole, Heard.of_all(heard.values()), _arrived(cells))
        for source, silence, found in self._sources.hear(start_ms, by_platform, heard):
            signals.append(self._silent(silence, found, Observation(start_ms), None, source))
        return signals

    def _begun(self, start_ms: int) -> list[Series]:
        """Every series, the whole brand last; in a new step it goes first, for platforms lean on what it knows."""
        every = [*self._platforms.values(), self._whole]
        for series in (self._whole, *every):
            series.begin(start_ms)
        return every

    def _patient_until(self, start_ms: int) -> int:
        """Up to where nothing can be found if nobody speaks; `start_ms` where the next bucket has to be looked at.

        A step's last bucket always is: what is learned of the step takes in all that silence made of those before.
        """
        end_ms = start_ms - start_ms % STEP_MS + STEP_MS - BUCKET_MS
        if self._calendar.names(None, start_ms, end_ms):
            return start_ms
        patient = (
            series.silence.patient_until(self._nothing(start_ms, series.platform))
            for series in (self._whole, *self._platforms.values())
        )
        return bucket_start(min(end_ms, self._sources.patient_until(start_ms), *patient))

    def _wake(self) -> None:
        """Take in the quiet buckets since something was last looked at; all of them are in one step."""
        buckets = (self.next_ms - self._taken_ms) // BUCKET_MS
        if buckets > 0:
            for series in self._begun(self._taken_ms):
                series.rest(self._nothing(self._taken_ms, series.platform), buckets)
            self._sources.rest(self._taken_ms, buckets)
        self._taken_ms = self.next_ms
        self._patient_ms = 0

    def _count(self, bucket: Bucket) -> Heard:
        """The bucket's own voices, and those that came too late for theirs."""
        heard = Heard()
        if not bucket.digests:
            return heard
        weighed = self._voices.weigh(bucket)
        self._complaints.hear(bucket.platform or "", weighed.voices)
        for digest, weight in weighed.voices:
            heard.at(_place(digest, bucket)).count(digest, weight * weighed.each)
        heard.now.copies = weighed.tally.copies
        heard.now.negative_copies = weighed.tally.negative_copies
        return heard

    def _look(self, series: Series, bucket: Bucket, heard: Heard, arrived: int) -> list[Signal]:
        for at_ms, voices in heard.late.items():
            series.correct(self._expecting(voices.observation(at_ms), series.platform))
        seen = self._expecting(heard.now.observation(bucket.start_ms), series.platform, arrived)
        signals = []
        for watched, finding in series.find(seen):
            beyond = self._circumstances(watched.detector.kind, finding, bucket)
            severity = advance(watched.alarm, finding, beyond, bucket.end_ms)
            if finding is not None and severity is not None:
                since_ms = watched.alarm.since_ms
                judged = Judged(finding, severity.level, since_ms, beyond.authors, severity.reasons)
                plan = self._plan(finding, seen, bucket)
                beside = around(self._voices, self._complaints, bucket, finding)
                signals.append(signal_of(bucket, watched.detector, judged, beside, plan))
        if quiet := series.listen(seen):
            signals.append(self._silent(series.silence, quiet, seen, series.platform))
        return signals

    def _expecting(self, seen: Observation, platform: str | None, arrived: float = 0.0) -> Observation:
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
        usual = {name: series.silence.rate.expect(at_ms) for name, series in self._platforms.items()}
        return self._calendar.factor_of_all(usual, at_ms)

    def _plan(self, found: Finding, seen: Observation, bucket: Bucket) -> Plan:
        from_ms = bucket.end_ms - found.span_s * 1000
        return Plan(seen.planned, self._calendar.names(bucket.platform, from_ms, bucket.end_ms))

    def _silent(
        self, silence: Silence, found: Finding, seen: Observation, platform: str | None, source: str | None = None
    ) -> Signal:
        bucket = combine([], self.run, self.brand, platform, seen.at_ms)
        judged = Judged(found, SEVERITY, silence.arrived_ms, 0)
        return signal_of(bucket, silence, judged, plan=self._plan(found, seen, bucket), source=source)

    def _circumstances(self, kind: SignalKind, found: Finding | None, bucket: Bucket) -> Circumstances:
        """How many people stand behind a finding, how far it reaches, and on how many platforms it is one."""
        if found is None or found.score < 1.0:
            return NOBODY
        since_ms = bucket.end_ms - found.span_s * 1000
        authors = people_behind(self._voices, kind, bucket.platform, since_ms, found.negative > 0)
        reach = sum(crowd.reach(since_ms) for crowd in self._voices.crowds(bucket.platform))
        if bucket.platform is not None:
            return Circumstances(authors, reach)
        return Circumstances(authors, reach, sum(series.is_alarmed(kind) for series in self._platforms.values()))

    def _take_down(self, platform: str, cells: Sequence[Cell]) -> None:
        gone = {post for cell in cells for post in cell.deleted}
        if gone:
            self._complaints.take_down(platform, gone)


def _arrived(cells: Sequence[Cell]) -> int:
    """What came in with these cells, whatever it is: a sign of life of whoever brought it."""
    return sum(cell.mentions + cell.own + len(cell.deleted) for cell in cells)


def _place(digest: Digest, bucket: Bucket) -> int | None:
    """The bucket that a digest belongs to, where it is not this one."""
    own = bucket_start(digest.at_ms)
    return None if own >= bucket.start_ms else own


def _named(kept: dict[str | None, SeriesState]) -> list[tuple[str, SeriesState]]:
    return [(platform, series) for platform, series in kept.items() if platform is not None]
