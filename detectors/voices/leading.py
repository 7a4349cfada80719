"""Posts to show that are no complaints: of a flood its copies, of many voices those that most people may have seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence, Set
from typing import Final

import msgspec

from detectors.bucket import MAX_TERMS, Digest
from detectors.signal import Post
from detectors.voices.complaints import Complaint
from detectors.voices.words import is_term

_KEPT: Final = 30
_SHOWN: Final = 5
_MINUTE_MS: Final = 60_000


class LeadingState(msgspec.Struct):
    """The leading posts of late as plain data."""

    copies: list[Complaint] = []
    widest: list[Complaint] = []


class Leading:
    """Remembers which copies to show, the newest, and of each minute the voice that most people may have seen.

    >>> leading = Leading()
    >>> leading.hear("x", [(Digest("1", 0, 1, b"", 0.1, reach=9), 1.0), (Digest("2", 0, 2, b"", 0.9), 1.0)], ())
    >>> [post.id for post in leading.widest(None, 0)]
    ['1']
    """

    def __init__(self, state: LeadingState | None = None) -> None:
        state = state or LeadingState()
        self._copies: deque[Complaint] = deque(state.copies, maxlen=_KEPT)
        self._widest: deque[Complaint] = deque(state.widest, maxlen=_KEPT)

    def hear(self, platform: str, voices: Sequence[tuple[Digest, float]], copies: Iterable[Digest]) -> None:
        """Take in a bucket's voices and copies."""
        quoted = sorted(copies, key=lambda digest: (not digest.text, digest.at_ms, digest.id))
        self._copies.extend(_kept(digest, platform) for digest in quoted[:_SHOWN])
        if voices:
            self._take_widest(platform, min((digest for digest, _ in voices), key=_seen_by))

    def copies(self, platform: str | None, since_ms: int) -> tuple[Post, ...]:
        """Copies since then, those first of which it is known what they say."""
        found = [one.post for one in _of(self._copies, platform, since_ms)]
        return tuple(sorted(found, key=lambda post: (not post.text, -post.at_ms, post.id))[:_SHOWN])

    def copied_terms(self, platform: str | None, since_ms: int) -> list[list[str]]:
        """The words of each of these copies, where they are known."""
        return [one.terms.split(" ") for one in _of(self._copies, platform, since_ms) if one.terms]

    def widest(self, platform: str | None, since_ms: int) -> tuple[Post, ...]:
        """Those voices since then that most people may have seen, the widest first."""
        found = sorted(_of(self._widest, platform, since_ms), key=lambda one: (-one.reach, one.post.at_ms, one.post.id))
        return tuple(one.post for one in found[:_SHOWN])

    def take_down(self, platform: str, gone: Set[str]) -> None:
        """From here on nothing shows a post that its author took down."""
        for posts in (self._copies, self._widest):
            kept = [one for one in posts if one.post.platform != platform or one.post.id not in gone]
            posts.clear()
            posts.extend(kept)

    def state(self) -> LeadingState:
        """Everything it knows."""
        return LeadingState(list(self._copies), list(self._widest))

    def _take_widest(self, platform: str, digest: Digest) -> None:
        new, minute = _kept(digest, platform), digest.at_ms // _MINUTE_MS
        for place, known in enumerate(self._widest):
            if known.post.platform == platform and known.post.at_ms // _MINUTE_MS == minute:
                if new.reach > known.reach:
                    self._widest[place] = new
                return
        self._widest.append(new)


def _kept(digest: Digest, platform: str) -> Complaint:
    terms = " ".join(term for term in digest.terms.split(" ")[:MAX_TERMS] if is_term(term))
    post = Post(digest.id, platform, digest.at_ms, digest.negativity, digest.text, digest.handle)
    return Complaint(post, terms, digest.reach or digest.followers or 0)


def _of(posts: Iterable[Complaint], platform: str | None, since_ms: int) -> list[Complaint]:
    return [one for one in posts if one.post.at_ms >= since_ms and platform in (None, one.post.platform)]


def _seen_by(digest: Digest) -> tuple[int, int, str]:
    return -(digest.reach or digest.followers or 0), digest.at_ms, digest.id
