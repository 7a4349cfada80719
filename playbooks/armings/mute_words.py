"""What is said about mutes, on the console and on the command line."""

from __future__ import annotations

from collections.abc import Mapping

from playbooks.armings.arming import DAY_MS
from playbooks.armings.mute import FURTHEST_AHEAD_MS, LONGEST_MS, Mute, Muted

#: What came of a person's word about a mute.
SAID: Mapping[Muted, str] = {
    Muted.DONE: "It is muted. Incidents open and are shown; nobody is paged or told, and nothing is held.",
    Muted.LIFTED: "The mute is lifted. What is still open and was not acted on is acted on now.",
    Muted.NO_PERSON: "It takes a person who is named in the settings.",
    Muted.NO_REASON: "Say why: whoever wonders that nobody was paged has to find it.",
    Muted.NO_SUCH_BRAND: "There is no such brand in the settings.",
    Muted.NO_SUCH_PLAYBOOK: "There is no such playbook.",
    Muted.MUTES_EVERYTHING: "Say what is muted: a kind of signal, a playbook, or both. To stop everything about a "
    "brand, have it observed.",
    Muted.NEVER_FIRES: "That playbook does not fire on that kind of signal, so nothing would be muted.",
    Muted.IS_PAST: "It would be over already: put its end after now.",
    Muted.ENDS_BEFORE: "It would end before it begins.",
    Muted.TOO_LONG: f"A mute lasts {LONGEST_MS // DAY_MS} days at the most. What lasts longer is for the playbooks, "
    "or for how the brand is armed.",
    Muted.TOO_FAR_AHEAD: f"A mute begins within {FURTHEST_AHEAD_MS // DAY_MS} days.",
    Muted.NO_SUCH_MUTE: "There is no such mute.",
    Muted.IS_OVER: "That mute is over already.",
}


def what(mute: Mute, brand: str | None = None) -> str:
    """What a mute is about, in words; `brand` is what its brand is called.

    >>> from detectors.signal import SignalKind
    >>> what(Mute("m", "acme", SignalKind.VOLUME, None, 0, 1, "ada", "the final is on", 0))
    'signals of kind volume, for acme'
    """
    if mute.kind is not None and mute.playbook is not None:
        about = f"signals of kind {mute.kind.value} for the playbook {mute.playbook}"
    elif mute.kind is not None:
        about = f"signals of kind {mute.kind.value}"
    else:
        about = f"the playbook {mute.playbook}"
    return f"{about}, for {brand or mute.brand or 'every brand'}"
