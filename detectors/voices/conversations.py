"""Posts that belong together: they answer or repeat one post, so what one of them says says less about the next."""

from __future__ import annotations

from typing import Final

import msgspec

from detectors.voices.packed import pack, unpack

#: Posts that were answered are remembered for one to two such spans,
SPAN_MS: Final = 3_600_000
#: or fewer where people answer more than this in one.
MOST: Final = 20_000


class ConversationsState(msgspec.Struct):
    """Answers to each post in this span and in the one before, and when this span began."""

    now: str = ""
    before: str = ""
    since_ms: int = 0


class Conversations:
    """Counts how often each post was answered or repeated of late. Posts are hashes.

    >>> conversations = Conversations()
    >>> [conversations.heard(7), conversations.heard(8), conversations.heard(7)]
    [1, 1, 2]
    """

    __slots__ = ("_before", "_now", "_since_ms")

    def __init__(self, state: ConversationsState | None = None) -> None:
        state = state or ConversationsState()
        self._now = unpack(state.now, dict[int, int])
        self._before = unpack(state.before, dict[int, int])
        self._since_ms = state.since_ms

    def heard(self, post: int) -> int:
        """How many answers `post` has had, this one included."""
        count = self._now[post] = self._now.get(post, 0) + 1
        return count + self._before.get(post, 0)

    def turn(self, now_ms: int) -> None:
        """Forget what is too old; where too much was answered, what is older."""
        if now_ms < self._since_ms + SPAN_MS and len(self._now) < MOST:
            return
        self._before = self._now if now_ms < self._since_ms + 2 * SPAN_MS else {}
        self._now = {}
        self._since_ms = now_ms

    def state(self) -> ConversationsState:
        """Everything it knows."""
        return ConversationsState(pack(self._now), pack(self._before), self._since_ms)
