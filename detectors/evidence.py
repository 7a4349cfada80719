"""From a finding to a signal: the evidence that a person and a playbook's conditions look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectors.bucket import Bucket, Digest
from detectors.finding import Detector, Finding
from detectors.signal import Evidence, Post, Signal, signal_id

_POSTS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding that is worth a signal: how bad, since when, and how many people stand behind it."""

    finding: Finding
    severity: int
    since_ms: int
    authors: int


def signal_of(bucket: Bucket, detector: Detector, judged: Judged, posts: Sequence[Post]) -> Signal:
    """The signal for a finding in `bucket`; of `posts`, the leading ones of late, the most telling are shown."""
    found = judged.finding
    return Signal(
        id=signal_id(bucket.run, bucket.brand, bucket.platform, detector.kind, bucket.start_ms, detector.version),
        run=bucket.run,
        brand=bucket.brand,
        platform=bucket.platform,
        kind=detector.kind,
        at_ms=bucket.known_at_ms,
        since_ms=max(judged.since_ms, 0),
        severity=judged.severity,
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
            authors=judged.authors,
            baseline_days=round(detector.baseline_days(bucket.start_ms), 2),
            posts=_telling(posts, bucket, found),
            sampled=bucket.sampled,
        ),
    )


def leading(digests: Sequence[Digest]) -> list[Digest]:
    """The few posts that most people may have seen."""
    ranked = sorted(digests, key=lambda d: (-(d.reach or d.followers or 0), -(d.negativity or 0.0), d.id))
    return ranked[:_POSTS_SHOWN]


def _telling(posts: Sequence[Post], bucket: Bucket, found: Finding) -> tuple[Post, ...]:
    here = [post for post in posts if bucket.platform is None or post.platform == bucket.platform]
    recent = [post for post in here if post.at_ms >= bucket.end_ms - found.span_s * 1000] or here
    return tuple(sorted(recent, key=lambda post: (-(post.negativity or 0.0), post.at_ms, post.id))[:_POSTS_SHOWN])
