"""One brand in one run: its buckets go in, its signals come out.

The watch keeps a series for each platform and one for the brand as a whole, shows each bucket to every detector, and
turns what they find into signals. It is a plain value with a snapshot: stopped and restored anywhere, it goes on as if
it had never stopped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.alarm import advance
from detectors.bucket import BUCKET_MS, Bucket, Cell, Digest, bucket_start, combine
from detectors.evidence import Judged, leading, signal_of
from detectors.finding import Finding, Level, Observation
from detectors.series import Series, SeriesState
from detectors.signal import Post, Signal, SignalKind
from detectors.voices import Counted, Voices, VoicesState, is_negative

SNAPSHOT_VERSION: Final = 2
_POSTS_KEPT: Final = 60
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
    posts: list[Post]
    series: list[SeriesState]


class BrandWatch:
    """Watches one brand of one run. `close` takes its buckets in order; those in between are quiet."""

    def __init__(self, run: str, brand: str, state: BrandState | None = None) -> None:
        self.run = run
        self.brand = brand
        self.next_ms = state.next_ms if state else 0
        self.last_spoken_ms = state.last_spoken_ms if state else 0
        self._voices = Voices(state.voices if state else None)
        self._posts: deque[Post] = deque(state.posts if state else (), maxlen=_POSTS_KEPT)
        kept = {series.platform: series for series in state.series} if state else {}
        self._whole = Series(None, state=kept.pop(None, None))
        self._platforms = {platform: Series(platform, self._whole, series) for platform, series in _named(kept)}

    def close(self, start_ms: int, cells: Sequence[Cell]) -> list[Signal]:
        """Take in the bucket that starts at `start_ms`, and every quiet one since the last; what is worth a signal."""
        if self.next_ms:
            self.quiet_until(start_ms)
        self.last_spoken_ms = start_ms
        return self._close_one(start_ms, cells)

    def quiet_until(self, end_ms: int) -> None:
        """Nobody spoke in the buckets that end at or before `end_ms` and are not taken in yet."""
        end_ms = min(end_ms, self.last_spoken_ms + LONGEST_QUIET_MS)
        while self.next_ms + BUCKET_MS <= end_ms:
            nothing = Observation(self.next_ms)
            self.next_ms += BUCKET_MS
            for series in (*self._platforms.values(), self._whole):
                series.quiet(nothing)

    def snapshot(self) -> BrandState:
        """Everything it knows."""
        return BrandState(
            version=SNAPSHOT_VERSION,
            run=self.run,
            brand=self.brand,
            next_ms=self.next_ms,
            last_spoken_ms=self.last_spoken_ms,
            voices=self._voices.state,
            posts=list(self._posts),
            series=[series.snapshot() for series in (self._whole, *self._platforms.values())],
        )

    def levels(self, platform: str | None) -> dict[SignalKind, Level]:
        """Where a series stands, by detector."""
        series = self._whole if platform is None else self._platforms.get(platform)
        return series.levels(self.next_ms) if series else {}

    @property
    def platforms(self) -> list[str | None]:
        """The series there are; None is the brand as a whole."""
        return [None, *self._platforms]

    def _close_one(self, start_ms: int, cells: Sequence[Cell]) -> list[Signal]:
        self.next_ms = start_ms + BUCKET_MS
        by_platform: dict[str, list[Cell]] = {}
        for cell in cells:
            by_platform.setdefault(cell.platform, []).append(cell)
        for spoken_on in sorted(by_platform.keys() - self._platforms.keys()):
            self._platforms[spoken_on] = Series(spoken_on, self._whole)
        total = Counted()
        late_total: dict[int, Counted] = {}
        signals: list[Signal] = []
        for platform, series in self._platforms.items():
            here = by_platform.get(platform, [])
            bucket = combine(here, self.run, self.brand, platform, start_ms)
            counted, late = self._count(bucket)
            total.add(counted)
            for at_ms, less in late.items():
                series.correct(less.observation(at_ms))
                late_total.setdefault(at_ms, Counted()).add(less)
            self._take_down(platform, here)
            signals.extend(self._look(series, bucket, counted))
        for at_ms, less in late_total.items():
            self._whole.correct(less.observation(at_ms))
        whole = combine(list(cells), self.run, self.brand, None, start_ms)
        signals.extend(self._look(self._whole, whole, total))
        return signals

    def _count(self, bucket: Bucket) -> tuple[Counted, dict[int, Counted]]:
        """The bucket's own voices, and those that came too late for theirs, by the bucket they belong to."""
        counted = Counted()
        late: dict[int, Counted] = {}
        if not bucket.digests:
            return counted, late
        voices = self._voices.independent(bucket.digests, bucket.start_ms)
        negative = [digest for digest in voices if is_negative(digest)]
        self._posts.extend(
            Post(digest.id, bucket.platform or "", digest.at_ms, digest.negativity) for digest in leading(negative)
        )
        # A sampled cell stands for more mentions than it lists.
        listed = sum(not digest.own for digest in bucket.digests)
        weight = bucket.mentions / listed if bucket.sampled and listed else 1.0
        for digest in voices:
            place = _place(digest, bucket)
            (counted if place is None else late.setdefault(place, Counted())).count(digest, weight)
        counted.copies = (listed - len(voices)) * weight
        return counted, late

    def _look(self, series: Series, bucket: Bucket, counted: Counted) -> list[Signal]:
        signals = []
        for watched, finding in series.find(counted.observation(bucket.start_ms)):
            authors = self._people(finding, bucket.end_ms) if finding else 0
            severity = advance(watched.alarm, finding, authors, bucket.end_ms)
            if finding is not None and severity is not None:
                judged = Judged(finding, severity, watched.alarm.since_ms, authors)
                signals.append(signal_of(bucket, watched.detector, judged, self._posts))
        return signals

    def _people(self, found: Finding, end_ms: int) -> int:
        """Who stands behind a finding: bystanders do not make nameless anger that of many."""
        return self._voices.authors_since(end_ms - found.span_s * 1000, negative=found.negative > 0)

    def _take_down(self, platform: str, cells: Sequence[Cell]) -> None:
        """From here on no signal shows a post that its author took down; ids are a platform's own."""
        gone = {post for cell in cells for post in cell.deleted}
        if gone:
            kept = [post for post in self._posts if post.platform != platform or post.id not in gone]
            self._posts.clear()
            self._posts.extend(kept)


def _place(digest: Digest, bucket: Bucket) -> int | None:
    """The bucket that a digest belongs to, where it is not this one."""
    own = bucket_start(digest.at_ms)
    return None if own >= bucket.start_ms else own


def _named(kept: dict[str | None, SeriesState]) -> list[tuple[str, SeriesState]]:
    return [(platform, series) for platform, series in kept.items() if platform is not None]
