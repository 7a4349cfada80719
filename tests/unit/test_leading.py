"""What a signal shows is what it is about: of a flood its copies, of mere numbers the posts that most may have seen."""

from __future__ import annotations

import msgspec

from detectors.bucket import Digest
from detectors.signal import SignalKind
from detectors.text.word_numbers import as_bytes
from detectors.voices.leading import Leading, LeadingState
from tests.parts.brand_days import AFTER_THREE_DAYS, MINUTE, each_bucket, frozen, known_brand, play, said, thawed

T = AFTER_THREE_DAYS


def copies(at_ms: int) -> list[Digest]:
    """Twelve copies by young accounts, and a real complaint that many may have seen."""
    same = [
        said(at_ms + n, at_ms + n, 0.9, 5_000 + n, as_bytes(range(1, 9)), post=f"copy-{at_ms}-{n}") for n in range(12)
    ]
    told = {"account_age_d": 2, "terms": "poison parcels", "text": "They poison parcels.", "handle": "new123"}
    real = msgspec.structs.replace(said(at_ms, at_ms, 0.99), text="Still waiting.", reach=9_000)
    return [real, *(msgspec.structs.replace(one, **told) for one in same)]


def praise(at_ms: int) -> list[Digest]:
    """Eight glad posts, one of which many may have seen, and two grumblers."""
    glad = [said(at_ms + n, at_ms + n, 0.1) for n in range(8)]
    glad[3] = msgspec.structs.replace(glad[3], reach=50_000)
    return [*glad, said(at_ms + 8, at_ms + 8, 0.9), said(at_ms + 9, at_ms + 9, 0.95)]


def test_a_flood_shows_its_copies_and_their_words_and_not_the_complaints_beside_it() -> None:
    signals = play(known_brand(), each_bucket(T, 20 * MINUTE, copies))
    seen = [one for one in signals if one.kind is SignalKind.FLOOD and one.platform is None][-1].evidence
    assert len(seen.posts) == 5
    assert {post.text for post in seen.posts} == {"They poison parcels."}
    assert {term.text for term in seen.terms} == {"poison", "parcels"}


def test_mere_numbers_are_led_by_what_most_people_may_have_seen_and_not_by_grumblers() -> None:
    signals = play(known_brand(), each_bucket(T, 10 * MINUTE, praise))
    seen = [one for one in signals if one.kind is SignalKind.VOLUME and one.platform is None][-1].evidence
    assert seen.posts
    assert {post.negativity for post in seen.posts} == {0.1}


def test_anger_still_shows_complaints() -> None:
    signals = play(known_brand(), each_bucket(T, 20 * MINUTE, copies))
    for one in signals:
        if one.kind is SignalKind.NEGATIVITY:
            assert not any(post.id.startswith("copy-") and post.text for post in one.evidence.posts)


def test_what_is_gone_from_its_platform_is_shown_no_more_and_what_is_known_goes_on_from_a_snapshot() -> None:
    leading = Leading()
    leading.hear("x", [(said(1, T, 0.1), 1.0)], [said(2, T, 0.9, post="two")])
    again = Leading(msgspec.json.decode(msgspec.json.encode(leading.state()), type=LeadingState))
    assert again.copies(None, 0) == leading.copies(None, 0)
    assert [post.id for post in again.copies("x", 0)] == ["two"]
    again.take_down("x", {"two", "p1"})
    assert (again.copies(None, 0), again.widest(None, 0)) == ((), ())
    watch = known_brand()
    assert frozen(thawed(frozen(watch))) == frozen(watch)
