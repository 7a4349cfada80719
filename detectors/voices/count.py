"""Voices, not posts: how much each post counts as a person of its own who says something.

- An author counts once in ten minutes, whatever they write.
- What was heard five times already (the same words, or a template's) counts no more; where the account is known to be
  old and followed, it is damped and not dropped: people do repost what they are angry about.
- Those who say the same words as others before them, fill in the same template, or answer the same post, count as many
  as the square root of their number: one has heard the other, and what draws a hundred answers may be a joke. Five may
  use the same words by chance, but not where their accounts are less than a quarter of a year old.
- A young account counts less.
- Young accounts that crowd into one second, beyond what chance brings, count less again.

So a flood weighs little, whatever it costs its maker, and hides nothing: real complaints differ in words and authors.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import msgspec

from detectors.bucket import Bucket, Digest
from detectors.finding import BINS, Observation
from detectors.text.word_numbers import numbers_in
from detectors.voices.alike import COPIES, Alike, AlikeState, Likeness
from detectors.voices.conversations import Conversations, ConversationsState
from detectors.voices.crowd import Crowd, CrowdState
from detectors.voices.links import is_shown
from detectors.voices.minutes import Minutes, MinutesState, Tally
from detectors.voices.weight import (
    CROWD,
    YOUNG_D,
    is_established,
    is_negative,
    is_new,
    shares_of_seconds,
    weight_of_age,
)

#: From this many posts in ten to twenty minutes on an author is a machine, or as tiring as one.
TIRADE: Final = 4


class PlatformVoices(msgspec.Struct):
    """What is remembered of one platform, as plain data."""

    crowd: CrowdState
    minutes: MinutesState


class VoicesState(msgspec.Struct):
    """Who spoke and what was said of late, by hash."""

    alike: AlikeState = msgspec.field(default_factory=AlikeState)
    conversations: ConversationsState = msgspec.field(default_factory=ConversationsState)
    platforms: dict[str, PlatformVoices] = {}


@dataclass(slots=True)
class Weighed:
    """A bucket's mentions, weighed: those that count at all, with how much; and what came with them.

    `weight` is 0 to 1; a voice of a sampled bucket stands for `each` of them. `mistaken` are negative voices that were
    counted before their words were known for copies. `copies` are those mentions that are no voices of their own.
    """

    voices: list[tuple[Digest, float]]
    tally: Tally
    each: float = 1.0
    mistaken: float = 0.0
    copies: list[Digest] = field(default_factory=list)


class Voices:
    """Weighs the mentions of one brand, and remembers the last hour of each platform.

    >>> from detectors.bucket import Digest, combine, Cell
    >>> from detectors.text.word_numbers import as_bytes
    >>> voices = Voices()
    >>> same = [Digest(str(n), 0, n + 1, as_bytes((1, 2, 3, 4, 5)), 0.9) for n in range(20)]
    >>> cell = Cell("", 0, "acme", "x", 0, mentions=20, digests=same)
    >>> heard = voices.weigh(combine([cell], "", "acme", "x", 0))
    >>> len(heard.voices), heard.tally.copies
    (5, 15.0)
    """

    def __init__(self, state: VoicesState | None = None) -> None:
        state = state or VoicesState()
        self._alike = Alike(state.alike)
        self._conversations = Conversations(state.conversations)
        self._crowds = defaultdict(Crowd, {name: Crowd(kept.crowd) for name, kept in state.platforms.items()})
        self._minutes = defaultdict(Minutes, {name: Minutes(kept.minutes) for name, kept in state.platforms.items()})

    def weigh(self, bucket: Bucket) -> Weighed:
        """How much each of one platform's mentions counts; the brand's own posts do not."""
        platform = bucket.platform or ""
        crowd = self._crowds[platform]
        crowd.turn(bucket.start_ms)
        self._alike.turn(bucket.start_ms)
        self._conversations.turn(bucket.start_ms)
        posts = [digest for digest in bucket.digests if not digest.own]
        # A sampled cell stands for more mentions than it lists.
        heard = Weighed([], Tally(), bucket.mentions / len(posts) if bucket.sampled and posts else 1.0)
        shares = shares_of_seconds(posts, bucket.start_ms) if len(posts) > CROWD else {}
        for digest in posts:
            alike = self._alike.heard(numbers_in(digest.words))
            answers = self._conversations.heard(digest.answers) if digest.answers else 1
            _weigh_one(digest, alike, answers, crowd, shares, heard)
        for everybody, negative in bucket.unlisted:
            crowd.unlisted(bucket.start_ms, everybody, negative)
        links = [shared for shared in bucket.links if is_shown(shared[0])]
        self._minutes[platform].add(bucket.start_ms, heard.tally, links)
        return heard

    def crowds(self, platform: str | None) -> list[Crowd]:
        """The people of a platform, or, with None, of each."""
        return [crowd for name, crowd in self._crowds.items() if platform in (None, name)]

    def minutes(self, platform: str | None) -> list[Minutes]:
        """What came on a platform, or, with None, on each."""
        return [minutes for name, minutes in self._minutes.items() if platform in (None, name)]

    def state(self) -> VoicesState:
        """Everything it knows."""
        return VoicesState(
            self._alike.state(),
            self._conversations.state(),
            {
                platform: PlatformVoices(crowd.state(), self._minutes[platform].state())
                for platform, crowd in self._crowds.items()
            },
        )


@dataclass(slots=True)
class Counted:
    """Voices counted for one bucket of one series; the fields are those of an `Observation`."""

    voices: float = 0.0
    scored: float = 0.0
    negative: float = 0.0
    copies: float = 0.0
    negative_copies: float = 0.0
    mistaken: float = 0.0
    bins: list[float] = field(default_factory=lambda: [0.0] * BINS)

    def count(self, digest: Digest, weight: float) -> None:
        """Count a voice that stands for `weight` of them."""
        self.voices += weight
        if digest.negativity is not None:
            self.scored += weight
            self.bins[min(int(digest.negativity * BINS), BINS - 1)] += weight
            if is_negative(digest):
                self.negative += weight

    def add(self, other: Counted) -> None:
        """Count what another series of the same brand heard."""
        self.voices += other.voices
        self.scored += other.scored
        self.negative += other.negative
        self.copies += other.copies
        self.negative_copies += other.negative_copies
        self.mistaken += other.mistaken
        self.bins = [mine + theirs for mine, theirs in zip(self.bins, other.bins, strict=True)]

    def observation(self, at_ms: int) -> Observation:
        """The bucket that starts at `at_ms` as detectors see it."""
        return Observation(
            at_ms,
            self.voices,
            self.scored,
            self.negative,
            tuple(self.bins),
            self.copies,
            negative_copies=self.negative_copies,
            mistaken=self.mistaken,
        )


def _weigh_one(
    digest: Digest, alike: Likeness, answers: int, crowd: Crowd, shares: dict[int, float], heard: Weighed
) -> None:
    author = digest.author
    negative = is_negative(digest)
    young = digest.account_age_d is not None and digest.account_age_d < YOUNG_D
    weight, copied = 1.0, 0.0
    if young:
        weight = weight_of_age(digest.account_age_d) * shares.get(digest.at_ms // 1000, 1.0)
        copied = 1.0 - shares.get(digest.at_ms // 1000, 1.0)
    # Texts that share half of their words are a template where there are many, or where their accounts are new.
    same = alike.half if alike.half > COPIES or is_new(digest) else alike.whole
    together = max(same, answers)
    one_more = math.sqrt(together) - math.sqrt(together - 1)
    if alike.half > COPIES and not is_established(digest):
        one_more, copied = 0.0, 1.0
        # The first of these words were taken for voices; each of the next ones unmasks one of them.
        if negative and alike.half <= 2 * COPIES:
            heard.mistaken += heard.each
    weight *= one_more
    if author and crowd.posts(author) >= TIRADE:
        copied = 1.0
    _mark(heard, digest, young, copied, negative)
    if copied:
        heard.copies.append(digest)
    reach = digest.reach or digest.followers or 0
    if weight and (not author or crowd.speaks(author, digest.at_ms, negative, reach)):
        heard.voices.append((digest, weight))


def _mark(heard: Weighed, digest: Digest, young: bool, copied: float, negative: bool) -> None:
    tally, each = heard.tally, heard.each
    tally.posts += each
    if copied:
        tally.copies += copied * each
        if negative:
            tally.negative_copies += copied * each
    if digest.account_age_d is not None:
        tally.aged += each
        if young:
            tally.young += each
    if digest.negativity is None:
        tally.unscored += each
    if digest.late_ms:
        tally.late += each
