"""What came on one platform in the last hour, minute by minute: posts, how many of them have a mark, and links."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.voices.packed import pack, unpack

_MINUTE_MS: Final = 60_000
_MINUTES: Final = 60
_EVER: Final = -(2**62)
#: So many different links are remembered; beyond it those shared least go.
LINKS_MOST: Final = 40

Links = Sequence[tuple[str, int]]


class Tally(msgspec.Struct, array_like=True):
    """Posts, and how many of them have a mark; weighted where cells were sampled.

    `copies` are no voices of their own, `negative_copies` the negative ones of them. `aged` are posts whose account's
    age is known, `young` those of them whose account is young; `unscored` are in languages that are not scored; `late`
    came after their bucket.
    """

    posts: float = 0.0
    copies: float = 0.0
    negative_copies: float = 0.0
    aged: float = 0.0
    young: float = 0.0
    unscored: float = 0.0
    late: float = 0.0

    def add(self, other: Tally) -> None:
        """Take in what another minute or platform had."""
        for field in self.__struct_fields__:
            setattr(self, field, getattr(self, field) + getattr(other, field))


_FIELDS: Final = len(Tally.__struct_fields__)


class MinutesState(msgspec.Struct):
    """The hour as plain data."""

    minutes: str = ""
    counts: str = ""
    links: dict[int, dict[str, int]] = {}


class Minutes:
    """The last hour of one platform.

    >>> minutes = Minutes()
    >>> minutes.add(0, Tally(posts=2.0), [("a.example/x", 2)])
    >>> minutes.add(60_000, Tally(posts=1.0), [("a.example/x", 1)])
    >>> minutes.since(60_000).posts, minutes.links(0)
    (1.0, {'a.example/x': 3})
    """

    __slots__ = ("_links", "_minutes", "_tallies")

    def __init__(self, state: MinutesState | None = None) -> None:
        state = state or MinutesState()
        #: The number of each minute in which something came, the newest last, and the fields of its tally.
        self._minutes = array("i", unpack(state.minutes, bytes))
        self._tallies = array("f", unpack(state.counts, bytes))
        self._links = {minute: dict(links) for minute, links in state.links.items()}

    def add(self, at_ms: int, tally: Tally, links: Links = ()) -> None:
        """Take in a bucket."""
        minute = at_ms // _MINUTE_MS
        minutes, tallies = self._minutes, self._tallies
        if not minutes or minute != minutes[-1]:
            while minutes and minutes[0] <= minute - _MINUTES:
                del minutes[0], tallies[:_FIELDS]
            minutes.append(minute)
            tallies.extend([0.0] * _FIELDS)
            self._links = {at: known for at, known in self._links.items() if at > minute - _MINUTES}
        for place, count in enumerate(msgspec.structs.astuple(tally), len(tallies) - _FIELDS):
            if count:
                tallies[place] += count
        if links:
            self._share(minute, links)

    def since(self, since_ms: int) -> Tally:
        """What came in the minutes since then."""
        whole = Tally()
        for place, minute in enumerate(self._minutes):
            if (minute + 1) * _MINUTE_MS > since_ms:
                whole.add(Tally(*self._tallies[place * _FIELDS : (place + 1) * _FIELDS]))
        return whole

    def links(self, since_ms: int) -> dict[str, int]:
        """Links shared in the minutes since then, with how many posts did."""
        found: dict[str, int] = {}
        for minute, links in self._links.items():
            if (minute + 1) * _MINUTE_MS > since_ms:
                for link, posts in links.items():
                    found[link] = found.get(link, 0) + posts
        return found

    def state(self) -> MinutesState:
        """Everything it knows."""
        return MinutesState(
            pack(self._minutes.tobytes()),
            pack(self._tallies.tobytes()),
            {at: dict(links) for at, links in self._links.items()},
        )

    def _share(self, minute: int, links: Links) -> None:
        here = self._links.setdefault(minute, {})
        for link, posts in links:
            here[link] = here.get(link, 0) + posts
        if sum(map(len, self._links.values())) > LINKS_MOST:
            shared = self.links(_EVER)
            kept = set(sorted(shared, key=lambda link: (-shared[link], link))[: LINKS_MOST // 2])
            for at, some in list(self._links.items()):
                self._links[at] = {link: posts for link, posts in some.items() if link in kept}
