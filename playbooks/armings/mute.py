"""A mute: planned silence for a kind of signal or a playbook, with an end, a reason and a name.

Incidents open and are shown; nothing is paged, told or held for them, and when the mute is over, what is still open is
looked at again. Pure.

A mute never takes back what was paged, never lets go of a hold, and does not reach what is said by people: what a named
person reports pages. The troubles of Firebreak itself (nothing is heard, nothing can be read) are muted only by a mute
that names them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from detectors.signal import Signal, SignalKind
from playbooks.armings.arming import DAY_MS, OWN_TROUBLES
from playbooks.content.schema import Playbook

#: No longer than this, and from no later than this ahead: what lasts longer is a setting or another playbook.
LONGEST_MS = 14 * DAY_MS
FURTHEST_AHEAD_MS = 30 * DAY_MS

#: Kinds that only a mute reaches which names them.
_MUST_BE_NAMED = OWN_TROUBLES | {SignalKind.REPORTED}


class Mute(msgspec.Struct, frozen=True):
    """Silence from `begins_ms` until `ends_ms`, or until `lifted_ms` where somebody ended it.

    `brand`, `kind` and `playbook` are None where it is for any; one of the last two is said.
    """

    id: str
    brand: str | None
    kind: SignalKind | None
    playbook: str | None
    begins_ms: int
    ends_ms: int
    person: str
    reason: str
    recorded_ms: int
    lifted_ms: int | None = None
    lifted_by: str | None = None
    lifted_why: str | None = None

    def in_force(self, at_ms: int) -> bool:
        """Whether it mutes at `at_ms`."""
        return self.lifted_ms is None and self.begins_ms <= at_ms < self.ends_ms

    def covers(self, signal: Signal, playbook: Playbook) -> bool:
        """Whether it is about what `playbook` would do for `signal`."""
        if self.brand not in (None, signal.brand) or self.kind not in (None, signal.kind):
            return False
        if self.playbook not in (None, playbook.id):
            return False
        return self.kind is not None or signal.kind not in _MUST_BE_NAMED or _is_named(signal, playbook)


class Wanted(msgspec.Struct, frozen=True):
    """A mute that somebody asks for."""

    brand: str | None
    kind: SignalKind | None
    playbook: str | None
    begins_ms: int
    ends_ms: int
    reason: str


class Muted(StrEnum):
    """What came of a person's word about a mute."""

    DONE = "done"
    LIFTED = "lifted"
    NO_PERSON = "no_person"
    NO_REASON = "no_reason"
    NO_SUCH_BRAND = "no_such_brand"
    NO_SUCH_PLAYBOOK = "no_such_playbook"
    MUTES_EVERYTHING = "mutes_everything"
    NEVER_FIRES = "never_fires"
    IS_PAST = "is_past"
    ENDS_BEFORE = "ends_before"
    TOO_LONG = "too_long"
    TOO_FAR_AHEAD = "too_far_ahead"
    NO_SUCH_MUTE = "no_such_mute"
    IS_OVER = "is_over"


def muted_by(mutes: Iterable[Mute], signal: Signal, playbooks: Iterable[Playbook], now_ms: int) -> Mute | None:
    """The mute under which nothing is done about `signal`, the one that lasts longest; None where something is.

    `playbooks` are those that have something to say about it: the incident's own, and one of its cause that comes
    before it. All of them must be muted: muting the lower must not hide the higher.
    """
    in_force = [mute for mute in mutes if mute.in_force(now_ms)]
    longest: list[Mute] = []
    for playbook in playbooks:
        covering = [mute for mute in in_force if mute.covers(signal, playbook)]
        if not covering:
            return None
        longest.append(max(covering, key=lambda mute: (mute.ends_ms, mute.id)))
    # It acts as soon as one of its playbooks is muted no more.
    return min(longest, key=lambda mute: (mute.ends_ms, mute.id), default=None)


def judged(wanted: Wanted, now_ms: int) -> Muted:
    """Whether a mute may be as `wanted`, as far as that can be told without a store or settings."""
    if wanted.kind is None and wanted.playbook is None:
        return Muted.MUTES_EVERYTHING
    if not wanted.reason.strip():
        return Muted.NO_REASON
    if wanted.ends_ms <= now_ms:
        return Muted.IS_PAST
    if wanted.ends_ms <= wanted.begins_ms:
        return Muted.ENDS_BEFORE
    if wanted.ends_ms - max(wanted.begins_ms, now_ms) > LONGEST_MS:
        return Muted.TOO_LONG
    if wanted.begins_ms - now_ms > FURTHEST_AHEAD_MS:
        return Muted.TOO_FAR_AHEAD
    return Muted.DONE


def _is_named(signal: Signal, playbook: Playbook) -> bool:
    """Whether naming `playbook` names the kind: it is about Firebreak's own troubles and nothing else."""
    return signal.kind in OWN_TROUBLES and OWN_TROUBLES.issuperset(playbook.trigger.kinds)
