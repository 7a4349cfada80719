"""Days in a brand's life as buckets: simulated history, and crises written by hand, ten seconds at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

import msgspec

from detectors.bucket import BUCKET_MS, Cell, Digest, bucket_start
from detectors.mention import Mention
from detectors.signal import Signal, SignalKind
from detectors.text.features import features
from detectors.text.model import NEGATIVE_CUT, START, Scorer
from detectors.text.word_numbers import as_bytes, word_numbers
from detectors.voices.words import words_of
from detectors.watch.brand_watch import BrandState, BrandWatch
from streams.deciding.open_cell import digest_of
from streams.simulation.scenario import Scenario
from streams.simulation.telling import simulate

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: Midnight before a Monday.
MONDAY = 1_767_571_200_000

_score = Scorer(START).score


def said(
    number: int,
    at_ms: int,
    negativity: float | None = 0.9,
    author: int | None = None,
    words: bytes | None = None,
    post: str | None = None,
) -> Digest:
    """A post; unless told otherwise by a person of its own, in words of its own."""
    own_words = as_bytes((1_000 + number * 5 + place) % 2**32 for place in range(5))
    author = 10**9 + number if author is None else author
    return Digest(post or f"p{number}", at_ms, author, own_words if words is None else words, negativity)


def cell(digests: Sequence[Digest], platform: str = "x", deleted: Sequence[str] = (), start_ms: int = 0) -> Cell:
    """The cell that holds these posts, or, without any, the one that starts at `start_ms`."""
    scores = [digest.negativity for digest in digests if digest.negativity is not None]
    return Cell(
        run="",
        partition=0,
        brand="acme",
        platform=platform,
        start_ms=bucket_start(digests[0].at_ms) if digests else start_ms,
        mentions=len(digests),
        scored=len(scores),
        negative=sum(score >= NEGATIVE_CUT for score in scores),
        negativity_sum=sum(scores),
        digests=list(digests),
        deleted=list(deleted),
    )


def buckets(mentions: Iterable[Mention]) -> Iterator[tuple[int, list[Cell]]]:
    """Mentions, in order of time, as the cells of each bucket in which somebody spoke."""
    for start_ms, spoken in groupby(mentions, key=lambda mention: bucket_start(mention.created_ms)):
        by_platform: dict[str, list[Digest]] = {}
        for mention in spoken:
            by_platform.setdefault(mention.platform, []).append(_digest(mention))
        yield start_ms, [cell(digests, platform) for platform, digests in by_platform.items()]


def _digest(mention: Mention) -> Digest:
    words = word_numbers(words_of(mention.body)[:32])
    return digest_of(mention, mention.created_ms, words, _score(features(mention.body)), 0)


def play(watch: BrandWatch, course: Iterable[tuple[int, list[Cell]]]) -> list[Signal]:
    """Close these buckets, one after the other; what was worth a signal."""
    return [signal for start_ms, cells in course for signal in watch.close(start_ms, cells)]


def each_bucket(
    start_ms: int, span_ms: int, posts: Callable[[int], Sequence[Digest]], platform: str = "x"
) -> Iterator[tuple[int, list[Cell]]]:
    """A course in which `posts` says what comes in each bucket, by its start."""
    for at_ms in range(start_ms, start_ms + span_ms, BUCKET_MS):
        if digests := posts(at_ms):
            yield at_ms, [cell(digests, platform)]


def frozen(watch: BrandWatch) -> bytes:
    """The watch's whole state, as it would be kept."""
    return msgspec.json.encode(watch.snapshot())


def thawed(state: bytes) -> BrandWatch:
    """A watch that goes on from there."""
    found = msgspec.json.decode(state, type=BrandState)
    return BrandWatch(found.run, found.brand, found)


@cache
def _three_days() -> bytes:
    watch = BrandWatch("", "acme")
    play(watch, buckets(simulate(Scenario("acme", MONDAY, minutes=3 * 1440 + 600, rate_per_min=3.0, seed=4))))
    watch.quiet_until(AFTER_THREE_DAYS)
    return frozen(watch)


#: Ten in the morning, where `known_brand` is.
AFTER_THREE_DAYS = MONDAY + 3 * DAY + 10 * HOUR


def known_brand() -> BrandWatch:
    """A brand after three ordinary days on x and bluesky at three posts a minute."""
    return thawed(_three_days())


def negativity(signals: Iterable[Signal]) -> list[Signal]:
    """The signals of negativity."""
    return [signal for signal in signals if signal.kind is SignalKind.NEGATIVITY]


def whole_brand(signals: Iterable[Signal]) -> list[Signal]:
    """The signals about the brand as a whole."""
    return [signal for signal in signals if signal.platform is None]
