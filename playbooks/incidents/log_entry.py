"""The entries of an incident's log: one type for each transition, written once and never changed.

Who or what made it, when in event time and when by the wall clock stands beside it, in `Logged`.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from detectors.signal import Signal, SignalKind
from playbooks.content.hold_scope import ALL_POSTS, Narrowing
from playbooks.content.trigger import Match
from playbooks.incidents.action import ActionDecision
from playbooks.labels import ActionKind, Judgement

#: Who wrote what the planner decided; people are named by their key in the settings.
RESPOND = "respond"
RUNNER = "runner"
#: Who wrote what followed from a timer.
CLOCK = "clock"


class ResolvedBy(StrEnum):
    """What ended an incident: a person, or that nothing had fired it for so long that the next signal is a new one."""

    PERSON = "person"
    QUIET = "quiet"


class AcknowledgedBy(StrEnum):
    """The road by which somebody said that they have it."""

    CONSOLE = "console"
    LINK = "link"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    TELEPHONE = "telephone"
    COMMAND = "command"


class PlannedBecause(StrEnum):
    """Why a page goes out though no signal called for it."""

    NOT_ACKNOWLEDGED = "not_acknowledged"
    LAST_RESORT = "last_resort"
    FORGOTTEN = "forgotten"
    REOPENED = "reopened"
    ASKED_FOR = "asked_for"
    ARMED = "armed"
    UNMUTED = "unmuted"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class _Entry(msgspec.Struct, frozen=True, tag_field="entry", tag=_snake):
    """Base of the log's entries; the tag is the word in the table's column ``entry``."""


class Opened(_Entry, frozen=True):
    """A signal fired a playbook; its version and hash are pinned from here on."""

    run: str
    brand: str
    playbook: str
    version: str
    hash: str
    title: str
    signal: Signal
    cause: str = ""
    ack_expires_ms: int | None = None


class SignalJoined(_Entry, frozen=True):
    """Another signal fired the same playbook while the incident was open."""

    signal: str
    kind: SignalKind
    platform: str | None
    severity: int
    observed: float
    expected: float


class SignalNoted(_Entry, frozen=True):
    """A signal about the brand that does not fire the playbook; it changes nothing and is there to be read."""

    signal: str
    kind: SignalKind
    platform: str | None
    severity: int
    match: Match


class SeverityRaised(_Entry, frozen=True):
    """It got worse; `signal` says how."""

    before: int
    after: int
    signal: Signal


class Outranked(_Entry, frozen=True):
    """A signal fired a playbook of the same cause that comes before this incident's: that one would be opened now."""

    playbook: str
    version: str
    signal: str


class ActionPlanned(_Entry, frozen=True):
    """A step is due, or would have been: `decision` says which, and why.

    `deadline_ms` is until when a person has to have done it. `why` is said where it is not the signal that calls for
    it: nobody acknowledged, or an acknowledgement was forgotten. `each` says that a page asks everybody in the role.
    """

    action: str
    step: str
    kind: ActionKind
    target: str
    decision: ActionDecision
    due_ms: int
    with_hold: bool = False
    deadline_ms: int | None = None
    each: bool = False
    why: PlannedBecause | None = None


class Muted(_Entry, frozen=True):
    """Planned silence: what was called for is not done until `until_ms`, because of what `person` said."""

    mute: str
    person: str
    reason: str
    until_ms: int


class HoldPlaced(_Entry, frozen=True):
    """Posting is held, in force from the commit of this entry.

    `only` narrows it, `protects` is somebody who may not release it, and after each `ask_again_min` minutes those who
    may are asked whether it is still needed (never, where it was placed before that was so). One of those who release
    it has to be of the role `one_of`, where that is not empty.
    """

    hold: str
    brand: str
    platform: str | None
    releasers_needed: int
    released_by: tuple[str, ...]
    only: Narrowing = ALL_POSTS
    protects: str = ""
    ask_again_min: int | None = None
    one_of: str = ""


class HoldTermsRaised(_Entry, frozen=True):
    """A hold goes by stricter terms from here on: those of the playbook that the incident was moved to.

    Whoever had agreed to its release has to agree again. `reason` is what whoever is held back reads from here on,
    empty where that stays.
    """

    hold: str
    releasers_needed: int
    released_by: tuple[str, ...]
    one_of: str = ""
    reason: str = ""


class Acknowledged(_Entry, frozen=True):
    """The actor has it; `how` is the road by which they said so."""

    how: AcknowledgedBy = AcknowledgedBy.CONSOLE


class AcknowledgementForgotten(_Entry, frozen=True):
    """Nothing was done since the last acknowledgement for as long as the playbook allows: somebody must look again."""


class StepDone(_Entry, frozen=True):
    """The actor has done what a step asks of people; `option` is what was decided, in a decision."""

    action: str
    step: str
    note: str = ""
    option: str = ""


class StepOverdue(_Entry, frozen=True):
    """The deadline of something that people were to do has passed."""

    action: str
    step: str


class Reported(_Entry, frozen=True):
    """The actor reports it, in their own words: they stand at the top of what is sent about it from here on."""

    what: str
    severity: int


class Noted(_Entry, frozen=True):
    """Something the actor wants everybody to know."""

    text: str


class Contained(_Entry, frozen=True):
    """The actor says that it does not spread any more, though it is not over."""

    reason: str


class Reopened(_Entry, frozen=True):
    """The actor says that it was not over."""

    reason: str


class PlaybookChanged(_Entry, frozen=True):
    """The actor moved the incident to another version, or another playbook; what is planned already stays planned.

    `graver` says that all of the other playbook's steps are asked for, whatever was done before, and that nobody has
    the incident any more but the actor, where they had it.
    """

    playbook: str
    version: str
    hash: str
    title: str
    cause: str
    ack_expires_ms: int | None
    reason: str
    graver: bool = False


class MergedInto(_Entry, frozen=True):
    """The actor says that it is the same as another incident, and goes on there."""

    incident: str
    reason: str


class MergedFrom(_Entry, frozen=True):
    """The actor merged another incident into this one: what fires one of its `causes` joins this one from here on.

    `severity`, `signal`, `signals` and `last_signal_ms` are the other's, at that moment.
    """

    incident: str
    title: str
    causes: tuple[str, ...]
    severity: int
    signal: Signal
    signals: int
    last_signal_ms: int
    reason: str


class Judged(_Entry, frozen=True):
    """The actor says whether it was real, or takes back what was said of that; the last word counts."""

    verdict: Judgement
    reason: str


class ReleaseAgreed(_Entry, frozen=True):
    """The actor agrees that a hold may go."""

    hold: str
    reason: str


class HoldReleased(_Entry, frozen=True):
    """Enough people have agreed; the hold is gone."""

    hold: str


class HoldAskedAgain(_Entry, frozen=True):
    """A hold has been in force for so long that those who may let go were asked whether it is still needed."""

    hold: str


class PostDecided(_Entry, frozen=True):
    """The actor said what becomes of a post that was held; `post` is how the caller names it, `word` the deed."""

    post: str
    platform: str
    word: str
    reason: str


class GlassBroken(_Entry, frozen=True):
    """The actor lets one post go once, although it is held, until `expires_ms`.

    `unasked`: nobody had asked the gate about it, so the actor said its text.
    """

    post: str
    platform: str
    reason: str
    expires_ms: int
    unasked: bool = False


class AccountRead(_Entry, frozen=True):
    """What was read back of an account in a scheduler, where that is not what it was; `state` is its `AccountState`.

    `account` is its name in the settings, `called` what people call it; `going` posts would still go out.
    """

    account: str
    called: str
    state: str
    going: int
    stopped: int
    detail: str = ""


class PostLeaked(_Entry, frozen=True):
    """A post went out of a scheduler though it was held: which, and when it was due. Its words stand elsewhere."""

    account: str
    called: str
    post: str
    due_ms: int


class Resolved(_Entry, frozen=True):
    """It is over."""

    how: ResolvedBy
    reason: str


LogEntry = (
    Opened
    | SignalJoined
    | SignalNoted
    | SeverityRaised
    | Outranked
    | ActionPlanned
    | Muted
    | HoldPlaced
    | HoldTermsRaised
    | Acknowledged
    | AcknowledgementForgotten
    | StepDone
    | StepOverdue
    | Reported
    | Noted
    | Contained
    | Reopened
    | PlaybookChanged
    | MergedInto
    | MergedFrom
    | Judged
    | ReleaseAgreed
    | HoldReleased
    | HoldAskedAgain
    | PostDecided
    | GlassBroken
    | AccountRead
    | PostLeaked
    | Resolved
)


class Logged(msgspec.Struct, frozen=True):
    """One row of the log: the `n`-th of its incident, from 1."""

    n: int
    at_ms: int
    recorded_ms: int
    actor: str
    entry: LogEntry
