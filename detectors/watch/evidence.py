"""From a finding to a signal: the evidence that a person and a playbook's conditions look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from detectors.bucket import Bucket
from detectors.finding import Detector, Finding
from detectors.reason import Reason
from detectors.signal import Evidence, Post, SharedLink, Signal, SignalKind, Term, signal_id
from detectors.voices.complaints import Complaints
from detectors.voices.copiers import Copiers, copiers_of
from detectors.voices.count import Voices
from detectors.voices.leading import Leading
from detectors.voices.minutes import Tally

_LINKS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding that is worth a signal: how bad, since when, how many people stand behind it, and why so bad."""

    finding: Finding
    severity: int
    since_ms: int
    authors: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What else a finding's span held; the fields are those of `Evidence`."""

    posts: tuple[Post, ...] = ()
    terms: tuple[Term, ...] = ()
    links: tuple[SharedLink, ...] = ()
    duplicate_share: float = 0.0
    young_share: float = 0.0
    largest_author_share: float = 0.0
    reach: int = 0
    unscored: int = 0
    late: int = 0


NOTHING: Final = Around()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the calendar says of a finding's time: how many times the usual it expects, and what for."""

    factor: float = 1.0
    campaigns: tuple[str, ...] = ()


NO_PLAN: Final = Plan()


def signal_of(
    bucket: Bucket,
    detector: Detector,
    judged: Judged,
    beside: Around = NOTHING,
    plan: Plan = NO_PLAN,
    source: str | None = None,
) -> Signal:
    """The signal for a finding in `bucket`."""
    found = judged.finding
    place = bucket.platform if source is None else f"source {source}"
    return Signal(
        id=signal_id(bucket.run, bucket.brand, place, detector.kind, bucket.start_ms, detector.version),
        run=bucket.run,
        brand=bucket.brand,
        platform=bucket.platform,
        kind=detector.kind,
        at_ms=bucket.known_at_ms,
        since_ms=max(judged.since_ms, 0),
        severity=judged.severity,
        score=round(found.score, 3),
        observed=round(found.observed, 3),
        expected=round(found.expected, 3),
        detector=type(detector).__name__,
        detector_version=detector.version,
        evidence=Evidence(
            window_s=found.span_s,
            tail=round(found.tail, 2),
            threshold=found.threshold,
            expected_low=round(found.low, 3),
            expected_high=round(found.high, 3),
            mentions=round(found.voices),
            negative=round(found.negative),
            negative_share=round(found.negative_share, 3),
            expected_negative_share=round(found.expected_negative_share, 3),
            authors=judged.authors,
            baseline_days=round(detector.baseline_days(bucket.start_ms), 2),
            posts=beside.posts,
            sampled=bucket.sampled,
            late=beside.late,
            planned=round(plan.factor, 3),
            campaigns=plan.campaigns,
            source=source,
            terms=beside.terms,
            links=beside.links,
            duplicate_share=beside.duplicate_share,
            young_share=beside.young_share,
            largest_author_share=beside.largest_author_share,
            reach=beside.reach,
            unscored=beside.unscored,
            reasons=judged.reasons,
            lasting=found.lasting,
            text_model=bucket.text_model,
            detector=type(detector).__name__,
            detector_version=detector.version,
        ),
    )


@dataclass(frozen=True, slots=True)
class Said:
    """Where to look for what a span held."""

    voices: Voices
    complaints: Complaints
    leading: Leading


def around(heard: Said, kind: SignalKind, bucket: Bucket, found: Finding) -> Around:
    """What a finding's span held, on its platform or, for the brand as a whole, on all.

    Posts and terms are those of what was found: of anger the complaints, of a flood the copies, of mere numbers the
    posts that most people may have seen, with the complaints' terms.
    """
    voices = heard.voices
    platform, since_ms = bucket.platform, bucket.end_ms - found.span_s * 1000
    tally = Tally()
    links: Counter[str] = Counter()
    for minutes in voices.minutes(platform):
        tally.add(minutes.since(since_ms))
        links.update(minutes.links(since_ms))
    crowds = voices.crowds(platform)
    posters = [posts for crowd in crowds for posts in crowd.posters().values()]
    shared = sorted(links.items(), key=lambda one: (-one[1], one[0]))[:_LINKS_SHOWN]
    return Around(
        posts=_posts(heard, kind, platform, since_ms),
        terms=_terms(heard, kind, bucket, since_ms),
        links=tuple(SharedLink(link, posts) for link, posts in shared),
        duplicate_share=_share(tally.copies, tally.posts),
        young_share=_share(tally.young, tally.aged),
        largest_author_share=_share(max(posters, default=0), sum(posters)),
        reach=sum(crowd.reach(since_ms) for crowd in crowds),
        unscored=round(tally.unscored),
        late=round(tally.late),
    )


def _posts(heard: Said, kind: SignalKind, platform: str | None, since_ms: int) -> tuple[Post, ...]:
    if kind is SignalKind.FLOOD:
        return heard.leading.copies(platform, since_ms)
    widest = heard.leading.widest(platform, since_ms) if kind is SignalKind.VOLUME else ()
    return widest or heard.complaints.posts(platform, since_ms)


def _terms(heard: Said, kind: SignalKind, bucket: Bucket, since_ms: int) -> tuple[Term, ...]:
    if kind is SignalKind.FLOOD:
        return heard.complaints.rising_in(heard.leading.copied_terms(bucket.platform, since_ms), bucket.brand)
    return heard.complaints.rising(bucket.platform, since_ms, bucket.brand)


def people_behind(voices: Voices, kind: SignalKind, platform: str | None, since_ms: int, negative: bool) -> int:
    """How many people stand behind a finding of this kind: bystanders do not make nameless anger that of many.

    Of a flood they are the accounts that posted, heard or not, in the last ten to twenty minutes.
    """
    crowds = voices.crowds(platform)
    if kind is SignalKind.FLOOD:
        return sum(len(crowd.posters()) for crowd in crowds)
    return sum(crowd.authors(since_ms, negative) for crowd in crowds)


def behind_copies(voices: Voices, kind: SignalKind, platform: str | None, since_ms: int) -> Copiers:
    """Who stands behind a flood's copies; of other findings nothing is asked."""
    if kind is not SignalKind.FLOOD:
        return Copiers.ACCOUNTS
    tally = Tally()
    for minutes in voices.minutes(platform):
        tally.add(minutes.since(since_ms))
    return copiers_of(tally, (posts for crowd in voices.crowds(platform) for posts in crowd.posters().values()))


def _share(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0
