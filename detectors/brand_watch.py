"""One brand in one run: its buckets go in, its signals come out.

The watch keeps a series for each platform and one for the brand as a whole, shows each bucket to every detector, and
turns what they find into signals. It is a plain value with a snapshot: stopped and restored anywhere, it goes on as if
it had never stopped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from detectors.alarm import AlarmState, advance
from detectors.bucket import BUCKET_MS, Bucket, Cell, Digest, combine
from detectors.finding import Detector, Finding, Level, Observation
from detectors.registry import DETECTORS
from detectors.signal import Evidence, Post, Signal, SignalKind, signal_id
from detectors.voices import Voices, VoicesState, is_negative

SNAPSHOT_VERSION: Final = 1
_POSTS_KEPT: Final = 60
_POSTS_SHOWN: Final = 5
#: So long after a brand's last mention, silence is learned from; after that nothing is, until somebody speaks again.
LONGEST_QUIET_MS: Final = 3 * 86_400_000


class _DetectorState(msgspec.Struct):
    kind: SignalKind
    version: int
    alarm: AlarmState
    state: msgspec.Raw


class _SeriesState(msgspec.Struct):
    platform: str | None
    detectors: list[_DetectorState]


class BrandState(msgspec.Struct):
    """A brand's whole state as plain data."""

    version: int
    run: str
    brand: str
    next_ms: int
    last_spoken_ms: int
    voices: VoicesState
    posts: list[Post]
    series: list[_SeriesState]


@dataclass(slots=True)
class _Watched:
    detector: Detector
    alarm: AlarmState = field(default_factory=AlarmState)


class BrandWatch:
    """Watches one brand of one run. `close` takes its buckets in order; those in between are quiet."""

    def __init__(self, run: str, brand: str, state: BrandState | None = None) -> None:
        self.run = run
        self.brand = brand
        self.next_ms = state.next_ms if state else 0
        self.last_spoken_ms = state.last_spoken_ms if state else 0
        self._voices = Voices(state.voices if state else None)
        self._posts: deque[Post] = deque(state.posts if state else (), maxlen=_POSTS_KEPT)
        self._series: dict[str | None, list[_Watched]] = {}
        for series in state.series if state else ():
            self._series[series.platform] = _resumed(series)
        if not self._series:
            self._series[None] = _new_series(None)

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
            self._close_quiet(self.next_ms)

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
            series=[
                _SeriesState(
                    platform,
                    [
                        _DetectorState(
                            one.detector.kind, one.detector.version, one.alarm, msgspec.Raw(one.detector.snapshot())
                        )
                        for one in watched
                    ],
                )
                for platform, watched in self._series.items()
            ],
        )

    def levels(self, platform: str | None) -> dict[SignalKind, Level]:
        """Where a series stands, by detector."""
        return {one.detector.kind: one.detector.level(self.next_ms) for one in self._series.get(platform, [])}

    @property
    def platforms(self) -> list[str | None]:
        """The series there are; None is the brand as a whole."""
        return list(self._series)

    def _close_quiet(self, start_ms: int) -> None:
        """Ten seconds in which nobody spoke: nothing to find, a nought to learn."""
        self.next_ms = start_ms + BUCKET_MS
        nothing = Observation(start_ms, 0.0, 0.0, 0.0)
        for series in self._series.values():
            for watched in series:
                advance(watched.alarm, None, 0, self.next_ms)
                watched.detector.learn(nothing)

    def _close_one(self, start_ms: int, cells: Sequence[Cell]) -> list[Signal]:
        self.next_ms = start_ms + BUCKET_MS
        by_platform: dict[str, list[Cell]] = {}
        for cell in cells:
            by_platform.setdefault(cell.platform, []).append(cell)
        for spoken_on in sorted(by_platform.keys() - self._series.keys()):
            self._series[spoken_on] = _new_series(spoken_on)
        total = _Counted()
        signals: list[Signal] = []
        for platform in self._series:
            if platform is not None:
                here = by_platform.get(platform, [])
                bucket = combine(here, self.run, self.brand, platform, start_ms)
                counted = self._count(bucket)
                total.add(counted)
                self._take_down(platform, here)
                signals.extend(self._look(platform, bucket, counted))
        whole = combine(list(cells), self.run, self.brand, None, start_ms)
        signals.extend(self._look(None, whole, total))
        return signals

    def _count(self, bucket: Bucket) -> _Counted:
        if not bucket.digests:
            return _Counted()
        voices = self._voices.independent(bucket.digests, bucket.start_ms)
        negative = [digest for digest in voices if is_negative(digest)]
        self._posts.extend(
            Post(digest.id, bucket.platform or "", digest.at_ms, digest.negativity) for digest in _leading(negative)
        )
        # A sampled cell stands for more mentions than it lists.
        listed = sum(not digest.own for digest in bucket.digests)
        weight = bucket.mentions / listed if bucket.sampled and listed else 1.0
        scored = sum(digest.negativity is not None for digest in voices)
        return _Counted(len(voices) * weight, scored * weight, len(negative) * weight)

    def _look(self, platform: str | None, bucket: Bucket, counted: _Counted) -> list[Signal]:
        seen = Observation(bucket.start_ms, counted.voices, counted.scored, counted.negative)
        signals = []
        for watched in self._series[platform]:
            finding = watched.detector.find(seen)
            authors = self._people(finding, bucket.end_ms) if finding else 0
            severity = advance(watched.alarm, finding, authors, bucket.end_ms)
            if finding is not None and severity is not None:
                signals.append(self._signal(platform, bucket, watched, finding, severity, authors))
            watched.detector.learn(seen)
        return signals

    def _people(self, found: Finding, end_ms: int) -> int:
        """Who stands behind a finding: bystanders do not make nameless anger that of many."""
        return self._voices.authors_since(end_ms - found.span_s * 1000, negative=found.negative > 0)

    def _signal(
        self, platform: str | None, bucket: Bucket, watched: _Watched, found: Finding, severity: int, authors: int
    ) -> Signal:
        detector = watched.detector
        since_ms = bucket.end_ms - found.span_s * 1000
        posts = [post for post in self._posts if platform is None or post.platform == platform]
        return Signal(
            id=signal_id(self.run, self.brand, platform, detector.kind, bucket.start_ms, detector.version),
            run=self.run,
            brand=self.brand,
            platform=platform,
            kind=detector.kind,
            at_ms=bucket.known_at_ms,
            since_ms=max(watched.alarm.since_ms, 0),
            severity=severity,
            score=round(found.score, 3),
            observed=found.observed,
            expected=round(found.expected, 3),
            detector=type(detector).__name__,
            detector_version=detector.version,
            evidence=Evidence(
                window_s=found.span_s,
                tail=round(found.tail, 2),
                threshold=found.threshold,
                expected_low=found.low,
                expected_high=found.high,
                mentions=round(found.voices),
                negative=round(found.negative),
                negative_share=round(found.negative_share, 3),
                expected_negative_share=round(found.expected_negative_share, 3),
                authors=authors,
                baseline_days=round(detector.baseline_days(bucket.start_ms), 2),
                posts=tuple(_leading_posts(posts, since_ms)),
                sampled=bucket.sampled,
            ),
        )

    def _take_down(self, platform: str, cells: Sequence[Cell]) -> None:
        """From here on no signal shows a post that its author took down; ids are a platform's own."""
        gone = {post for cell in cells for post in cell.deleted}
        if gone:
            kept = [post for post in self._posts if post.platform != platform or post.id not in gone]
            self._posts.clear()
            self._posts.extend(kept)


@dataclass(slots=True)
class _Counted:
    voices: float = 0.0
    scored: float = 0.0
    negative: float = 0.0

    def add(self, other: _Counted) -> None:
        self.voices += other.voices
        self.scored += other.scored
        self.negative += other.negative


def _leading(digests: Sequence[Digest]) -> list[Digest]:
    ranked = sorted(digests, key=lambda d: (-(d.reach or d.followers or 0), -(d.negativity or 0.0), d.id))
    return ranked[:_POSTS_SHOWN]


def _leading_posts(posts: Sequence[Post], since_ms: int) -> list[Post]:
    recent = [post for post in posts if post.at_ms >= since_ms] or list(posts)
    return sorted(recent, key=lambda post: (-(post.negativity or 0.0), post.at_ms, post.id))[:_POSTS_SHOWN]


def _new_series(platform: str | None) -> list[_Watched]:
    return [_Watched(entry.make(entry.threshold_for(platform))) for entry in DETECTORS.values()]


def _resumed(series: _SeriesState) -> list[_Watched]:
    """Every detector there is today; one that the snapshot does not know, or knows in another version, learns anew."""
    kept = {one.kind: one for one in series.detectors}
    watched = _new_series(series.platform)
    for each in watched:
        one = kept.get(each.detector.kind)
        if one is None:
            continue
        each.alarm = one.alarm
        if one.version == each.detector.version:
            entry = DETECTORS[one.kind]
            each.detector = entry.restore(bytes(one.state), entry.threshold_for(series.platform))
    return watched
