"""How far Firebreak may go for a brand: observe, page, or page and hold. Changing it is an act of a named person.

A new brand observes for its first week: it opens incidents and shows what it would have done. Only life asks: a drill
reaches nobody who did not agree to drills and holds only its own posts, a replay reaches nobody and holds nothing, so
both go all the way whatever the brand is armed to.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from detectors.run import Live, run_of
from detectors.signal import Signal, SignalKind

DAY_MS = 86_400_000
#: How long a brand that Firebreak has just come to know is only observed, unless somebody says otherwise.
OBSERVES_MS = 7 * DAY_MS

#: Kinds of signal that are about Firebreak and what feeds it: they page ops, however far it may go about the brand.
OWN_TROUBLES = frozenset({SignalKind.DEAD_LETTERS, SignalKind.SILENCE})


class Arming(StrEnum):
    """How far Firebreak may go for a brand."""

    OBSERVE = "observe"
    PAGE = "page"
    PAGE_AND_HOLD = "page-and-hold"

    @property
    def reach(self) -> int:
        """How far that is; more is further.

        >>> Arming.OBSERVE.reach < Arming.PAGE.reach < Arming.PAGE_AND_HOLD.reach
        True
        """
        return list(Arming).index(self)


class Act(msgspec.Struct, frozen=True):
    """One person's word about a brand. `early`: they knew that it had not observed for its week."""

    brand: str
    arming: Arming
    person: str
    reason: str
    early: bool
    at_ms: int


class Armed(StrEnum):
    """What came of a person's word about a brand."""

    DONE = "done"
    ALREADY = "already"
    TOO_EARLY = "too_early"
    NO_REASON = "no_reason"
    NO_PERSON = "no_person"
    NO_SUCH_BRAND = "no_such_brand"


def judged(now: Arming, to: Arming, *, early: bool, observes_until_ms: int, now_ms: int) -> Armed:
    """Whether a brand that is armed to `now` may be armed to `to` at `now_ms`.

    `observes_until_ms` is when its first week is over; `early` says that the person means it before that.

    >>> judged(Arming.OBSERVE, Arming.PAGE, early=False, observes_until_ms=DAY_MS, now_ms=0).value
    'too_early'
    """
    if now is to:
        return Armed.ALREADY
    if to.reach > now.reach and now_ms < observes_until_ms and not early:
        return Armed.TOO_EARLY
    return Armed.DONE


def how_far(signal: Signal, armed: Arming, *, in_settings: bool) -> Arming:
    """How far Firebreak may go about `signal`, whose brand is `armed`.

    What is wrong with Firebreak itself pages ops, however the brand is armed. A brand that is not in the settings is
    only observed: whoever makes one up pages nobody, by falling silent neither.
    """
    if not isinstance(run_of(signal.run), Live):
        return Arming.PAGE_AND_HOLD
    if signal.kind in OWN_TROUBLES and (in_settings or signal.kind is not SignalKind.SILENCE):
        return Arming.PAGE
    return armed if in_settings else Arming.OBSERVE
