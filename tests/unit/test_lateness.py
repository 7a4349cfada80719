"""What comes too late for its own ten seconds: a poll that brings an hour at once, a backlog, and what comes twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import count

import msgspec

from detectors.bucket import BUCKET_MS, Cell, Digest, bucket_start
from detectors.rules import WatchRules
from detectors.signal import Signal, SignalKind
from detectors.watch.brand_watch import BrandWatch
from tests.parts.brand_days import DAY, HOUR, MINUTE, MONDAY, cell, frozen, known_brand, negativity, said, thawed

#: The forum is asked once an hour; x is heard at once.
RULES = WatchRules(late_ms={"forum-poll": 65 * MINUTE})
DAYS = 3
T = MONDAY + DAYS * DAY
_numbers = count(20_000_000)


def posts(from_ms: int, to_ms: int, every_ms: int, negativity: float | None = None) -> list[Digest]:
    """A post each `every_ms`, unless told otherwise every fifth of them negative."""
    made = []
    for place, at_ms in enumerate(range(from_ms, to_ms, every_ms)):
        usual = 0.85 if place % 5 == 0 else 0.1
        made.append(said(next(_numbers), at_ms, usual if negativity is None else negativity))
    return made


def polled(at_ms: int, digests: Sequence[Digest]) -> Cell:
    """What a poll brings that comes in at `at_ms`."""
    late = [
        msgspec.structs.replace(digest, late_ms=max(0, at_ms - digest.at_ms))
        for digest in sorted(digests, key=lambda one: one.at_ms)
    ]
    made = msgspec.structs.replace(cell(late, "forum"), start_ms=bucket_start(at_ms))
    return msgspec.structs.replace(made, late=len(late), sources={"forum-poll": len(late)})


def hour(watch: BrandWatch, at_ms: int, forum: Sequence[Digest], x: Sequence[Digest]) -> list[Signal]:
    """The hour that begins at `at_ms`: x as it is written, the forum with the poll at its end."""
    found = []
    by_bucket: dict[int, list[Digest]] = {}
    for digest in x:
        by_bucket.setdefault(bucket_start(digest.at_ms), []).append(digest)
    for start_ms in sorted(by_bucket):
        found += watch.close(start_ms, [cell(by_bucket[start_ms])])
    end_ms = at_ms + HOUR
    return found + watch.close(end_ms, [polled(end_ms, forum)])


def ordinary_hour(watch: BrandWatch, at_ms: int) -> list[Signal]:
    """Three a minute on the forum, one every four minutes on x."""
    return hour(watch, at_ms, posts(at_ms, at_ms + HOUR, 20_000), posts(at_ms, at_ms + HOUR, 240_000))


@cache
def _known() -> bytes:
    watch = BrandWatch("", "acme", rules=RULES)
    for at_ms in range(MONDAY, T, HOUR):
        ordinary_hour(watch, at_ms)
    return frozen(watch)


def known() -> BrandWatch:
    """A brand after three days of hourly polls."""
    return BrandWatch("", "acme", thawed(_known()).snapshot(), RULES)


def burst(from_ms: int) -> list[Digest]:
    """Eight times three a minute for ten minutes, most of them complaints."""
    return posts(from_ms, from_ms + 10 * MINUTE, 2_500, 0.9)


def places(signals: Iterable[Signal]) -> set[tuple[SignalKind, str | None]]:
    return {(signal.kind, signal.platform) for signal in signals}


def test_an_hours_posts_at_once_are_no_burst_and_their_absence_no_silence() -> None:
    watch = known()
    assert [signal for at_ms in range(T, T + 12 * HOUR, HOUR) for signal in ordinary_hour(watch, at_ms)] == []


def test_the_baseline_learns_a_polled_platform_in_its_own_time() -> None:
    level = known().levels("forum")[SignalKind.VOLUME]
    assert 2.0 < level.expected < 4.0


def test_a_burst_within_the_polled_hour_is_signalled_with_the_poll() -> None:
    forum = [*posts(T, T + HOUR, 20_000), *burst(T + 30 * MINUTE)]
    found = hour(known(), T, forum, posts(T, T + HOUR, 240_000))
    assert (SignalKind.NEGATIVITY, "forum") in places(found)
    assert (SignalKind.VOLUME, "forum") in places(found)
    assert {signal.at_ms - 1_000 for signal in found} == {T + HOUR + BUCKET_MS}
    assert {signal.evidence.late for signal in found if signal.platform == "forum"} == {len(forum)}


def test_a_burst_elsewhere_is_signalled_as_soon_as_without_the_poll() -> None:
    x = [*posts(T, T + HOUR, 240_000), *burst(T + 57 * MINUTE)]
    found = hour(known(), T, posts(T, T + HOUR, 20_000), x)
    first = min(signal.at_ms for signal in negativity(found) if signal.platform == "x")
    assert first - T - 57 * MINUTE <= 4 * MINUTE


def test_the_backlog_of_an_outage_is_no_burst() -> None:
    watch = known()
    for at_ms in range(T, T + 3 * HOUR, 240_000):
        watch.close(bucket_start(at_ms), [cell(posts(at_ms, at_ms + 1, 1))])
    backlog = posts(T, T + 3 * HOUR, 20_000)[-490:]
    found = watch.close(T + 3 * HOUR, [polled(T + 3 * HOUR, backlog)])
    for at_ms in range(T + 3 * HOUR, T + 6 * HOUR, HOUR):
        found += ordinary_hour(watch, at_ms)
    assert [signal for signal in found if signal.kind is not SignalKind.SILENCE] == []


def test_what_is_more_than_an_hour_late_is_counted_and_changes_neither_windows_nor_baseline() -> None:
    at_ms = known_brand().next_ms
    stale = [said(next(_numbers), at_ms - 3 * HOUR - place, 0.9) for place in range(200)]
    with_it, without = known_brand(), known_brand()
    own = cell([], "x", (), at_ms)
    with_it.close(at_ms, [msgspec.structs.replace(cell(stale), start_ms=at_ms, late=200)])
    without.close(at_ms, [own])
    for kind in (SignalKind.VOLUME, SignalKind.NEGATIVITY):
        assert with_it.levels("x")[kind] == without.levels("x")[kind]


def test_a_late_mention_counts_at_the_time_it_was_written() -> None:
    watch = known_brand()
    at_ms = watch.next_ms + HOUR
    watch.quiet_until(at_ms)
    seen = [watch.levels("x")[SignalKind.VOLUME].observed]
    for written_ms in (at_ms - 30 * MINUTE, at_ms - 2 * MINUTE):
        post = said(next(_numbers), written_ms)
        watch.close(at_ms, [msgspec.structs.replace(cell([post]), start_ms=bucket_start(at_ms), late=1)])
        at_ms += BUCKET_MS
        seen.append(watch.levels("x")[SignalKind.VOLUME].observed)
    assert seen == [0.0, 0.0, 0.2]
