"""The leading complaints of late, with the few words that say what each is about, and how the post begins."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set
from typing import Final

import msgspec

from detectors.bucket import MAX_TERMS, Digest
from detectors.signal import Post, Term
from detectors.voices.rising import Usual, UsualState
from detectors.voices.weight import is_negative
from detectors.voices.words import is_term

_KEPT: Final = 50
_OF_A_BUCKET: Final = 5
_SHOWN: Final = 5
#: What counts less is the voice of young accounts, or a copy: shown last, and no word of it is told.
_QUOTED_WEIGHT: Final = 0.5


class Complaint(msgspec.Struct, frozen=True, array_like=True):
    """A leading post, its terms with blanks between, and how many may have seen it, where that is asked for."""

    post: Post
    terms: str = ""
    reach: int = 0


class ComplaintsState(msgspec.Struct):
    """The complaints of late as plain data."""

    kept: list[Complaint] = []
    usual: UsualState = msgspec.field(default_factory=UsualState)


class Complaints:
    """Remembers which complaints to show.

    >>> complaints = Complaints()
    >>> complaints.hear("x", [(Digest("1", 0, 1, b"", 0.9, terms="parcel leak"), 1.0)])
    >>> [post.id for post in complaints.posts(None, 0)]
    ['1']
    """

    def __init__(self, state: ComplaintsState | None = None) -> None:
        state = state or ComplaintsState()
        self._kept: deque[Complaint] = deque(state.kept, maxlen=_KEPT)
        self._usual = Usual(state.usual)

    def hear(self, platform: str, voices: Sequence[tuple[Digest, float]]) -> None:
        """Take in a bucket's voices; the complaints that most people may have seen are kept."""
        negative = [voice for voice in voices if is_negative(voice[0])]
        for digest, weight in sorted(negative, key=_seen_by_most)[:_OF_A_BUCKET]:
            terms = [term for term in digest.terms.split(" ")[:MAX_TERMS] if is_term(term)]
            if weight < _QUOTED_WEIGHT:
                terms = []
            if terms:
                self._usual.learn(terms)
            text, handle = (digest.text, digest.handle) if weight >= _QUOTED_WEIGHT else ("", "")
            post = Post(digest.id, platform, digest.at_ms, digest.negativity, text, handle)
            self._kept.append(Complaint(post, " ".join(terms)))

    def take_down(self, platform: str, gone: Set[str]) -> None:
        """From here on nothing shows a post that its author took down; ids are a platform's own."""
        kept = [one for one in self._kept if one.post.platform != platform or one.post.id not in gone]
        self._kept.clear()
        self._kept.extend(kept)

    def posts(self, platform: str | None, since_ms: int) -> tuple[Post, ...]:
        """The most telling ones of a platform or of all (None) since then, or where there is none, of late."""
        here = [one.post for one in self._kept if platform in (None, one.post.platform)]
        recent = [post for post in here if post.at_ms >= since_ms] or here
        return tuple(sorted(recent, key=lambda post: (-(post.negativity or 0.0), post.at_ms, post.id))[:_SHOWN])

    def rising(self, platform: str | None, since_ms: int, brand: str) -> tuple[Term, ...]:
        """Words that the complaints since then have and usual ones do not; the brand's own name is none."""
        said = [
            one.terms.split(" ")
            for one in self._kept
            if one.terms and one.post.at_ms >= since_ms and platform in (None, one.post.platform)
        ]
        return self.rising_in(said, brand)

    def rising_in(self, said: Sequence[Sequence[str]], brand: str) -> tuple[Term, ...]:
        """Words that these posts have and usual complaints do not."""
        return self._usual.rising(said, {brand, brand.replace("-", ""), *brand.split("-")})

    def state(self) -> ComplaintsState:
        """Everything it knows."""
        return ComplaintsState(list(self._kept), self._usual.state())


def _seen_by_most(voice: tuple[Digest, float]) -> tuple[bool, int, float, str]:
    digest, weight = voice
    return weight < _QUOTED_WEIGHT, -(digest.reach or digest.followers or 0), -(digest.negativity or 0.0), digest.id
