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
from detectors.finding import Finding, Level, Observation
from detectors.kinds.registry import DETECTORS
from detectors.kinds.silence import SEVERITY
from detectors.rules import NO_RULES, WatchRules
from detectors.signal import Signal, SignalKind
from detectors.voices.complaints import Complaints, ComplaintsState
from detectors.voices.count import Voices, VoicesState
from detectors.voices.leading import Leading, LeadingState
from detectors.watch.alarm import advance
from detectors.watch.evidence import Judged, Plan, Said, around, behind_copies, people_behind, signal_of
from detectors.watch.family import Family, Silenced
from detectors.watch.heard import Heard
from detectors.watch.series import Series, SeriesState
from detectors.watch.severity import NOBODY, Circumstances
from detectors.watch.sources import Sources, SourceState

SNAPSHOT_VERSION: Final = 5
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
    leading: LeadingState = msgspec.field(default_factory=LeadingState)


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
        next_ms = state.next_ms if state else 0
        self._family = Family(self._calendar, self._sources, state.series if state else (), next_ms)
        self.next_ms = next_ms
        self.last_spoken_ms = state.last_spoken_ms if state else 0
        self._voices = Voices(state.voices if state else None)
        self._complaints = Complaints(state.complaints if state else None)
        self._leading = Leading(state.leading if state else None)

    def close(self, start_ms: int, cells: Sequence[Cell]) -> list[Signal]:
        """Take in the bucket that starts at `start_ms`, and every quiet one since the last; what is worth a signal."""
        signals = self.quiet_until(start_ms) if self.next_ms else []
        self.last_spoken_ms = start_ms
        return signals + self._close_one(start_ms, cells)

    def quiet_until(self, end_ms: int) -> list[Signal]:
        """Nobody spoke in the buckets that end at or before `end_ms` and are not taken in yet; what that tells."""
        end_ms = bucket_start(min(end_ms, self.last_spoken_ms + LONGEST_QUIET_MS))
        signals: list[Signal] = []
        while self.next_ms < end_ms:
            start_ms, rests_ms = self.next_ms, self._family.rests_until(self.next_ms)
            if start_ms < rests_ms:
                self.next_ms = min(rests_ms, end_ms)
            else:
                self.next_ms += BUCKET_MS
                signals += map(self._silent, self._family.quiet(start_ms))
        return signals

    def snapshot(self) -> BrandState:
        """Everything it knows."""
        self._family.take_in(self.next_ms)
        return BrandState(
            version=SNAPSHOT_VERSION,
            run=self.run,
            brand=self.brand,
            next_ms=self.next_ms,
            last_spoken_ms=self.last_spoken_ms,
            voices=self._voices.state(),
            complaints=self._complaints.state(),
            series=self._family.states(),
            sources=self._sources.states(),
            leading=self._leading.state(),
        )

    def levels(self, platform: str | None) -> dict[SignalKind, Level]:
        """Where a series stands, by detector."""
        self._family.take_in(self.next_ms)
        series = self._family.whole if platform is None else self._family.platforms.get(platform)
        return series.levels(self.next_ms) if series else {}

    @property
    def platforms(self) -> list[str | None]:
        """The series there are; None is the brand as a whole."""
        return [None, *self._family.platforms]

    def _close_one(self, start_ms: int, cells: Sequence[Cell]) -> list[Signal]:
        family = self._family
        family.open(self.next_ms, start_ms, cells)
        self.next_ms = start_ms + BUCKET_MS
        by_platform: dict[str, list[Cell]] = {}
        for cell in cells:
            by_platform.setdefault(cell.platform, []).append(cell)
        heard: dict[str, Heard] = {}
        signals: list[Signal] = []
        for platform in family.platforms:
            here = by_platform.get(platform)
            if here is None:
                signals += map(self._silent, family.unspoken(platform, start_ms))
                continue
            bucket = combine(here, self.run, self.brand, platform, start_ms)
            heard[platform] = self._count(bucket)
            self._take_down(platform, here)
            signals += self._look(family.spoken(platform, start_ms), bucket, heard[platform], _arrived(here))
        whole = combine([*cells], self.run, self.brand, None, start_ms)
        signals += self._look(family.whole, whole, Heard.of_all(heard.values()), _arrived(cells))
        return [*signals, *map(self._silent, family.close(start_ms, by_platform, heard))]

    def _count(self, bucket: Bucket) -> Heard:
        """The bucket's own voices, and those that came too late for theirs."""
        heard = Heard()
        if not bucket.digests:
            return heard
        weighed = self._voices.weigh(bucket)
        self._complaints.hear(bucket.platform or "", weighed.voices)
        self._leading.hear(bucket.platform or "", weighed.voices, weighed.copies)
        for digest, weight in weighed.voices:
            heard.at(_place(digest, bucket)).count(digest, weight * weighed.each)
        heard.now.copies = weighed.tally.copies
        heard.now.negative_copies = weighed.tally.negative_copies
        heard.now.mistaken = weighed.mistaken
        return heard

    def _look(self, series: Series, bucket: Bucket, heard: Heard, arrived: int) -> list[Signal]:
        if heard.late and bucket.platform is None:
            # What is corrected in the whole brand's past is no word to what a platform passed over before.
            self._family.platforms_take_in(bucket.end_ms)
        for at_ms, voices in heard.late.items():
            series.correct(self._family.expecting(voices.observation(at_ms), series.platform))
        seen = self._family.expecting(heard.now.observation(bucket.start_ms), series.platform, arrived)
        signals = []
        for watched, finding in series.find(seen):
            beyond = self._circumstances(watched.detector.kind, finding, bucket)
            severity = advance(watched.alarm, finding, beyond, bucket.end_ms)
            if finding is not None and severity is not None:
                since_ms = watched.alarm.since_ms
                judged = Judged(finding, severity.level, since_ms, beyond.authors, severity.reasons)
                plan = self._plan(finding, seen, bucket)
                said = Said(self._voices, self._complaints, self._leading)
                beside = around(said, watched.detector.kind, bucket, finding)
                signals.append(signal_of(bucket, watched.detector, judged, beside, plan))
        if quiet := series.listen(seen):
            signals.append(self._silent(Silenced(series.silence, quiet, seen, series.platform)))
        return signals

    def _plan(self, found: Finding, seen: Observation, bucket: Bucket) -> Plan:
        from_ms = bucket.end_ms - found.span_s * 1000
        return Plan(seen.planned, self._calendar.names(bucket.platform, from_ms, bucket.end_ms))

    def _silent(self, gone: Silenced) -> Signal:
        bucket = combine([], self.run, self.brand, gone.platform, gone.seen.at_ms)
        judged = Judged(gone.finding, SEVERITY, gone.silence.arrived_ms, 0)
        plan = self._plan(gone.finding, gone.seen, bucket)
        return signal_of(bucket, gone.silence, judged, plan=plan, source=gone.source)

    def _circumstances(self, kind: SignalKind, found: Finding | None, bucket: Bucket) -> Circumstances:
        """How many people stand behind a finding, how far it reaches, and on how many platforms it is one."""
        if found is None or found.score < 1.0:
            return NOBODY
        since_ms = bucket.end_ms - found.span_s * 1000
        authors = people_behind(self._voices, kind, bucket.platform, since_ms, found.negative > 0)
        reach = sum(crowd.reach(since_ms) for crowd in self._voices.crowds(bucket.platform))
        copiers = behind_copies(self._voices, kind, bucket.platform, since_ms)
        if bucket.platform is not None:
            return Circumstances(authors, reach, copiers=copiers)
        self._family.platforms_take_in(bucket.end_ms)
        platforms = sum(one.is_alarmed(kind) for one in self._family.platforms.values())
        return Circumstances(authors, reach, platforms, copiers=copiers)

    def _take_down(self, platform: str, cells: Sequence[Cell]) -> None:
        gone = {post for cell in cells for post in cell.deleted}
        if gone:
            self._complaints.take_down(platform, gone)
            self._leading.take_down(platform, gone)


def _arrived(cells: Sequence[Cell]) -> int:
    """What came in with these cells, whatever it is: a sign of life of whoever brought it."""
    return sum(cell.mentions + cell.own + len(cell.deleted) for cell in cells)


def _place(digest: Digest, bucket: Bucket) -> int | None:
    """The bucket that a digest belongs to, where it is not this one."""
    own = bucket_start(digest.at_ms)
    return None if own >= bucket.start_ms else own
