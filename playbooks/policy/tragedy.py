"""Posts that ride on a tragedy: on a hashtag whose mentions are in grief or anger just now, or selling beside the dead.

What people say under a hashtag is handed in (`Mood`); `mood_of` makes one from their posts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from playbooks.labels import Verdict
from playbooks.policy.finding import Finding, PolicyReason, found, shown
from playbooks.policy.tone import Reading, ToneModel, read
from playbooks.policy.words import Kind

#: A mood of fewer mentions says nothing; one of some is known from this share on; after so long it may be over.
FEWEST_MENTIONS: Final = 20
GRIEF_SHARE: Final = 0.2
ANGER_SHARE: Final = 0.4
COUNTS_FOR_MS: Final = 6 * 3_600_000

_SELLING: Final = frozenset(
    (
        *("sale", "sales", "deal", "deals", "discount", "discounts", "offer", "offers", "coupon", "promo", "voucher"),
        *("shop", "shopping", "buy", "order", "save", "savings", "free", "win", "giveaway", "clearance", "bargain"),
        *("cheap", "cheapest", "subscribe", "launch", "collection", "blackfriday"),
    )
)
_OFF: Final = re.compile(r"\d ?% ?(?:off|discount|rabatt)\b|\bhalf price\b", re.IGNORECASE)
#: "Dead cheap" and "war on prices": one such word beside an offer is a way of speaking, two are not.
_TRAGIC_WORDS: Final = 2
_ONE_IS_ENOUGH: Final = frozenset(
    (
        *("rip", "rest in peace", "thoughts and prayers", "prayers for", "pray for", "massacre", "mourning", "mourn"),
        *("condolences", "funeral", "grieving", "terror attack", "plane crash", "casualties", "9/11", "holocaust"),
        *("genocide", "hostages", "earthquake", "tsunami", "tragedy"),
    )
)


class Mood(msgspec.Struct, frozen=True):
    """How the mentions under a hashtag are, as of `at_ms`: how many, and which shares of them grieve and are angry."""

    mentions: int
    grieving: float
    angry: float
    at_ms: int


def mood_of(texts: Iterable[str], at_ms: int) -> Mood:
    """The mood of what people just said under a hashtag, by the same lists that posts are read for.

    >>> mood_of(["RIP to the victims", "Thoughts and prayers for all", "First!"], 0).grieving > 0.6
    True
    """
    model = ToneModel()
    readings = [read(text) for text in texts]
    grieving = sum(bool(reading.of(Kind.TRAGEDY)) for reading in readings)
    angry = sum(model.probability(reading) >= 0.5 for reading in readings)
    number = max(1, len(readings))
    return Mood(len(readings), grieving / number, angry / number, at_ms)


def rides_on_tragedy(reading: Reading, moods: Mapping[str, Mood], now_ms: int) -> Iterator[Finding]:
    """What of a post would be taken for using a tragedy; `moods` by hashtag in lower case, without its sign.

    >>> moods = {"stormida": Mood(400, 0.5, 0.1, at_ms=0)}
    >>> [finding.text for finding in rides_on_tragedy(read("Umbrellas! #StormIda"), moods, now_ms=60_000)]
    ['It uses grief or anger of others to be seen. (#stormida: of 400 mentions 50 % grieve)']
    """
    for tag in dict.fromkeys(
        word[1:].rstrip(".,;:!?)").lower() for word in reading.text.split() if word.startswith("#")
    ):
        mood = moods.get(tag)
        if mood is not None and (words := _told(mood, now_ms)):
            yield found(PolicyReason.TRAGEDY, Verdict.HOLD, f"#{tag[:60]}: {words}")
    tragic = [hit.words for hit in reading.of(Kind.TRAGEDY)]
    if (not _SELLING.isdisjoint(reading.words) or _OFF.search(reading.text)) and (
        len(set(tragic)) >= _TRAGIC_WORDS or not _ONE_IS_ENOUGH.isdisjoint(tragic)
    ):
        yield found(PolicyReason.TRAGEDY, Verdict.HOLD, f"an offer beside {shown(tragic)}")


def _told(mood: Mood, now_ms: int) -> str:
    """The mood in words where it forbids riding on it; empty where it does not, or is too old or of too few to say."""
    if mood.mentions < FEWEST_MENTIONS or now_ms - mood.at_ms > COUNTS_FOR_MS:
        return ""
    shares = ((mood.grieving, GRIEF_SHARE, "grieve"), (mood.angry, ANGER_SHARE, "are angry"))
    found_shares = [f"{share:.0%} {what}".replace("%", " %") for share, least, what in shares if share >= least]
    return f"of {mood.mentions} mentions {' and '.join(found_shares)}" if found_shares else ""
