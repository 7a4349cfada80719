"""A drill: which one it was, where it was run, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec


class Place(StrEnum):
    """Where a drill is run: through the running system, or through one that is started for it and ends with it."""

    RUNNING = "running"
    EMBEDDED = "embedded"


class Part(StrEnum):
    """What should happen in a drill, in the order in which it should."""

    DETECT = "detect"
    PAGE = "page"
    ACKNOWLEDGE = "acknowledge"
    HOLD = "hold"
    RELEASE = "release"

    @property
    def words(self) -> str:
        """For a person.

        >>> Part.HOLD.words
        'posts held at the gate'
        """
        return _WORDS[self]

    @property
    def lacking(self) -> str:
        """For a person, where it did not happen.

        >>> Part.HOLD.lacking
        'no post was held'
        """
        return _LACKING[self]


_WORDS: Final = {
    Part.DETECT: "detected, incident opened",
    Part.PAGE: "somebody reached by a page",
    Part.ACKNOWLEDGE: "acknowledged by all who were asked",
    Part.HOLD: "posts held at the gate",
    Part.RELEASE: "posts let go again",
}

_LACKING: Final = {
    Part.DETECT: "nothing was detected",
    Part.PAGE: "nobody was reached",
    Part.ACKNOWLEDGE: "not acknowledged",
    Part.HOLD: "no post was held",
    Part.RELEASE: "posts were not let go",
}


class Fault(StrEnum):
    """What can be wrong with a drill beside a part that did not happen."""

    PAGED_FOR_NOTHING = "paged_for_nothing"
    POSTS_SLIPPED = "posts_slipped"
    ENDED_EARLY = "ended_early"

    @property
    def words(self) -> str:
        """For a person.

        >>> Fault.ENDED_EARLY.words
        'it was ended before its end'
        """
        match self:
            case Fault.PAGED_FOR_NOTHING:
                return "somebody was paged though this must page nobody"
            case Fault.POSTS_SLIPPED:
                return "posts were allowed after the decision to hold"
            case Fault.ENDED_EARLY:
                return "it was ended before its end"


class Posts(msgspec.Struct, frozen=True):
    """What the canary scheduler was told. `unanswered`: the gate gave no answer that can be read, so they stayed."""

    asked: int = 0
    allowed: int = 0
    held: int = 0
    unanswered: int = 0


class Figures(msgspec.Struct, frozen=True):
    """What was measured: seconds from the first mention of the crisis, as life would have had them.

    None is what did not happen. `posts_slipped`: posts that the gate allowed after the decision to hold them; None
    where nothing was to be held, or the gate was never asked in vain.
    """

    detect_s: float | None = None
    page_s: float | None = None
    acknowledge_s: float | None = None
    hold_s: float | None = None
    release_s: float | None = None
    posts_slipped: int | None = None

    def of(self, part: Part) -> float | None:
        """The seconds of one part.

        >>> Figures(page_s=70.5).of(Part.PAGE)
        70.5
        """
        match part:
            case Part.DETECT:
                return self.detect_s
            case Part.PAGE:
                return self.page_s
            case Part.ACKNOWLEDGE:
                return self.acknowledge_s
            case Part.HOLD:
                return self.hold_s
            case Part.RELEASE:
                return self.release_s


class Result(msgspec.Struct, frozen=True):
    """What came of a drill. `missing` are parts that were expected and did not happen, `faults` what else was wrong."""

    figures: Figures
    posts: Posts
    missing: tuple[Part, ...] = ()
    faults: tuple[Fault, ...] = ()
    incident: str | None = None
    playbook: str | None = None
    version: str | None = None
    #: Who was reached by a page or a notice, by their keys in the settings, and whom it was only written down for.
    reached: tuple[str, ...] = ()
    on_paper: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether everything happened that should, and nothing that should not."""
        return not self.missing and not self.faults


class Drill(msgspec.Struct, frozen=True):
    """One drill, kept. `name` is a scenario's or a playbook's, `person` who began it ("" where nobody was named).

    Nothing of it wakes anybody after `until_ms`. `result` is None while it runs, and for one that was killed.
    """

    run: str
    name: str
    brand: str
    place: Place
    person: str
    begun_ms: int
    until_ms: int
    ended_ms: int | None = None
    result: Result | None = None


def judged(result: Result, expected: Iterable[Part], *, must_page: bool, ended_early: bool) -> Result:
    """The result with what is missing of `expected` and what else is wrong.

    >>> detected = Result(Figures(detect_s=61.0), Posts())
    >>> judged(detected, [Part.DETECT, Part.PAGE], must_page=True, ended_early=False).missing
    (<Part.PAGE: 'page'>,)
    """
    found = {
        Fault.PAGED_FOR_NOTHING: not must_page and result.figures.page_s is not None,
        Fault.POSTS_SLIPPED: bool(result.figures.posts_slipped),
        Fault.ENDED_EARLY: ended_early,
    }
    missing = tuple(part for part in Part if part in set(expected) and result.figures.of(part) is None)
    return msgspec.structs.replace(result, missing=missing, faults=tuple(fault for fault, so in found.items() if so))
