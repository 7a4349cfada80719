"""Voices, not posts: an author counts once in ten minutes, and the sixth copy of a text not at all.

So a flood of copies, or one author's tirade, weighs little, whatever it costs its maker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import xxhash

from detectors.bucket import Digest
from detectors.finding import BINS, Observation
from detectors.text.model import NEGATIVE_CUT

#: An author counts again after so long; texts are remembered for one to two such spans.
QUIET_MS: Final = 600_000
#: So many of one text still count as people who say the same.
COPIES: Final = 5
#: Shorter texts are alike by nature ("love it") and never copies.
_COPY_WORDS: Final = 4


class VoicesState(msgspec.Struct):
    """Who spoke and what was said of late, by hash."""

    authors: dict[int, int] = {}
    negative_authors: dict[int, int] = {}
    texts: dict[int, int] = {}
    older_texts: dict[int, int] = {}
    since_ms: int = 0


class Voices:
    """Decides which mentions are independent voices.

        >>> from detectors.bucket import Digest
    from detectors.finding import BINS, Observation
        >>> voices = Voices()
        >>> same = [Digest(str(n), 0, n + 1, (1, 2, 3, 4), 0.9) for n in range(20)]
        >>> len(voices.independent(same, 0))
        5
    """

    def __init__(self, state: VoicesState | None = None) -> None:
        self.state = state or VoicesState()

    def independent(self, digests: Sequence[Digest], now_ms: int) -> list[Digest]:
        """Those of the bucket's mentions that are voices of their own; the brand's own posts are none."""
        self._forget(now_ms)
        return [digest for digest in digests if not digest.own and self._is_new(digest)]

    def authors_since(self, since_ms: int, negative: bool = False) -> int:
        """Distinct authors heard since then, within the memory; with `negative` those whose voice was negative."""
        authors = self.state.negative_authors if negative else self.state.authors
        return sum(at >= since_ms for at in authors.values())

    def _is_new(self, digest: Digest) -> bool:
        state = self.state
        if len(digest.words) >= _COPY_WORDS:
            text = xxhash.xxh3_64_intdigest(repr(sorted(digest.words)).encode())
            count = state.texts.get(text, 0) + 1
            state.texts[text] = count
            if count + state.older_texts.get(text, 0) > COPIES:
                return False
        if digest.author:
            last = state.authors.get(digest.author)
            if last is not None and digest.at_ms < last + QUIET_MS:
                return False
            state.authors[digest.author] = digest.at_ms
            if is_negative(digest):
                state.negative_authors[digest.author] = digest.at_ms
        return True

    def _forget(self, now_ms: int) -> None:
        state = self.state
        if now_ms < state.since_ms + QUIET_MS:
            return
        state.older_texts = state.texts if now_ms < state.since_ms + 2 * QUIET_MS else {}
        state.texts = {}
        state.authors = _recent(state.authors, now_ms)
        state.negative_authors = _recent(state.negative_authors, now_ms)
        state.since_ms = now_ms


@dataclass(slots=True)
class Counted:
    """Voices counted for one bucket of one series; the fields are those of an `Observation`."""

    voices: float = 0.0
    scored: float = 0.0
    negative: float = 0.0
    copies: float = 0.0
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
        self.bins = [mine + theirs for mine, theirs in zip(self.bins, other.bins, strict=True)]

    def observation(self, at_ms: int) -> Observation:
        """The bucket that starts at `at_ms` as detectors see it."""
        return Observation(at_ms, self.voices, self.scored, self.negative, tuple(self.bins), self.copies)


def is_negative(digest: Digest) -> bool:
    """Whether a mention counts as negative."""
    return digest.negativity is not None and digest.negativity >= NEGATIVE_CUT


def _recent(authors: dict[int, int], now_ms: int) -> dict[int, int]:
    return {author: at for author, at in authors.items() if at + 2 * QUIET_MS > now_ms}
