"""The words that metrics are told apart by, where no other module owns them.

Each enum is closed, so each of its values can be shown as 0 before anything happens. A word that a decision returns is
the same in the metric, the log, the audit line and on the page.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from detectors.run import Drill, Live, Replay, Run


class Role(StrEnum):
    """What a process does: each role is a process of its own."""

    TRIAGE = "triage"
    WATCH = "watch"
    RESPOND = "respond"
    TRAINER = "trainer"
    RUNNER = "runner"
    GATE = "gate"
    CONSOLE = "console"
    SOURCE = "source"


class RunKind(StrEnum):
    """Which world a figure belongs to: many drills and replays may go on, and all of a kind share one figure."""

    LIVE = "live"
    DRILL = "drill"
    REPLAY = "replay"


def run_kind(run: Run) -> RunKind:
    """The kind of a run.

    >>> run_kind(Drill("drill-7"))
    <RunKind.DRILL: 'drill'>
    """
    match run:
        case Live():
            return RunKind.LIVE
        case Drill():
            return RunKind.DRILL
        case Replay():
            return RunKind.REPLAY
        case _:
            assert_never(run)


class MentionOutcome(StrEnum):
    """What became of a record in ``mentions``."""

    ACCEPTED = "accepted"
    REPEAT = "repeat"
    DELETED = "deleted"
    DEAD = "dead"


class WaitCause(StrEnum):
    """Which part of the surroundings is waited for. Nothing is lost meanwhile, and nothing is acknowledged."""

    BROKER = "broker"
    STORE = "store"
    MODEL = "model"
    UPSTREAM = "upstream"


class SignalDecision(StrEnum):
    """What respond did with a signal. `RAISED` joined an incident and made it worse; `NO_PLAYBOOK` fired none."""

    OPENED = "opened"
    RAISED = "raised"
    JOINED = "joined"
    REPEAT = "repeat"
    NO_PLAYBOOK = "no_playbook"


class ActionKind(StrEnum):
    """What a step of a playbook does.

    A hold is in force from the commit that decides it; pages, notices and annotations go out by the runner. A task, a
    decision and a statement are for people: they stay open until a named person says that it is done.
    """

    PAGE = "page"
    NOTIFY = "notify"
    HOLD = "hold"
    ANNOTATE = "annotate"
    TASK = "task"
    DECISION = "decision"
    STATEMENT = "statement"

    @property
    def is_for_people(self) -> bool:
        """Whether only a person can do it.

        >>> ActionKind.TASK.is_for_people, ActionKind.PAGE.is_for_people
        (True, False)
        """
        return self in (ActionKind.TASK, ActionKind.DECISION, ActionKind.STATEMENT)


class Channel(StrEnum):
    """The road a delivery goes; `NONE` where there is none: a hold, or nobody who could be reached by any."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    ALERTMANAGER = "alertmanager"
    APPRISE = "apprise"
    WEBHOOK = "webhook"
    GRAFANA = "grafana"
    NONE = "none"

    @property
    def tells_repeats(self) -> bool:
        """Whether the other side can tell by the idempotency key that a message came twice.

        >>> Channel.EMAIL.tells_repeats, Channel.SMS.tells_repeats
        (True, False)
        """
        return self in (Channel.EMAIL, Channel.PAGERDUTY, Channel.ALERTMANAGER, Channel.WEBHOOK)


class DeliveryOutcome(StrEnum):
    """What the ledger says of one attempt to reach one contact point.

    `SENDING` is written before the send, one of the others after it. `ACCEPTED` says that the other side took it,
    `DELIVERED` that it reached the device, `READ` that the person had it before them; most channels know no more than
    the first, and some tell of the others later. `PERHAPS` says that nobody can know whether the other side took it (no
    answer came, or the runner died): it is sent again with the same idempotency key. `RECORDED` is written down and
    sent to nobody: a replay, or somebody who did not agree to drills.
    """

    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    PERHAPS = "perhaps"
    RETRY = "retry"
    FAILED = "failed"
    RECORDED = "recorded"


class Verdict(StrEnum):
    """What the gate says. Only `ALLOW` lets a post go."""

    ALLOW = "allow"
    HOLD = "hold"
    REJECT = "reject"


class Judgement(StrEnum):
    """What people say that an incident was: something that happened, a false alarm, or nothing yet."""

    REAL = "real"
    FALSE = "false"
    UNJUDGED = "unjudged"


class GateReason(StrEnum):
    """Why the gate says it. The same word is the answer's code and the metric label.

    `SLUR` to `TOPIC_APPROVED` are the policy's (`playbooks.policy.finding.PolicyReason`).
    """

    NO_HOLD = "no_hold"
    CRISIS_TEAM = "crisis_team"
    BREAK_GLASS = "break_glass"
    PASSED_BY_PERSON = "passed_by_person"
    HOLD_IN_FORCE = "hold_in_force"
    DETECTION_DEAD = "detection_dead"
    BRAND_NOT_CONFIGURED = "brand_not_configured"
    WAS_HELD = "was_held"
    TEXT_CHANGED = "text_changed"
    DROPPED = "dropped"
    NOT_YET = "not_yet"
    TOO_SOON_AFTER_ANOTHER = "too_soon_after_another"
    TEXT_NOT_GIVEN = "text_not_given"
    SLUR = "slur"
    HATE = "hate"
    HARASSMENT = "harassment"
    THREAT = "threat"
    OBSCENITY = "obscenity"
    TONE = "tone"
    LIKE_REFUSED = "like_refused"
    SELF_HARM = "self_harm"
    TRAGEDY = "tragedy"
    SECRET = "secret"  # noqa: S105  # a word, no password
    PERSONAL_DATA = "personal_data"
    LOOKALIKE_DOMAIN = "lookalike_domain"
    BRAND_WORD = "brand_word"
    TOPIC_NOT_APPROVED = "topic_not_approved"
    TOO_LONG = "too_long"
    TOO_MANY_TAGS = "too_many_tags"
    NOT_READ_WHOLE = "not_read_whole"
    OVERRIDDEN = "overridden"
    TOPIC_APPROVED = "topic_approved"
    POLICY_TOO_SLOW = "policy_too_slow"
    POLICY_FAULT = "policy_fault"
    STORE_UNREACHABLE = "store_unreachable"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    NOT_AUTHORISED = "not_authorised"
    FAULT = "fault"


class PostWord(StrEnum):
    """What a person says becomes of a post that was held. Without a word it stays held, also after the release."""

    PASS = "pass"  # noqa: S105  # a word, no password
    EDIT = "edit"
    RESCHEDULE = "reschedule"
    DROP = "drop"


class EditorialWord(StrEnum):
    """What a person says of a post that the policy held: it goes all the same, or its topic is approved."""

    LET_GO = "let_go"
    APPROVE = "approve"


class ConsolePage(StrEnum):
    """The console's pages and commands; `INCOMING` is what services tell us, `OTHER` any address it does not have."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    INCIDENTS = "incidents"
    INCIDENT = "incident"
    REVIEW = "review"
    RUNBOOK = "runbook"
    HOLDS = "holds"
    HELD = "held"
    HOLD = "hold"
    GLASS = "glass"
    SCHEDULED = "scheduled"
    DRILLS = "drills"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    NOTE = "note"
    DONE = "done"
    CONTAIN = "contain"
    REOPEN = "reopen"
    MOVE = "move"
    MERGE = "merge"
    VERDICT = "verdict"
    FALSE_PAGES = "false_pages"
    REPORT = "report"
    READINESS = "readiness"
    SEND_TEST = "send_test"
    CONFIRM = "confirm"
    RELEASE = "release"
    BRANDS = "brands"
    ARM = "arm"
    MUTES = "mutes"
    MUTE = "mute"
    EDITORS = "editors"
    STATIC = "static"
    INCOMING = "incoming"
    OTHER = "other"


class HeartbeatOutcome(StrEnum):
    """What became of what the runner told the service outside: all is well, or (`TROUBLE_TAKEN`) that it is not."""

    TAKEN = "taken"
    TROUBLE_TAKEN = "trouble_taken"
    NOT_TAKEN = "not_taken"


class StatusClass(StrEnum):
    """HTTP status by its first digit.

    >>> StatusClass.of(404)
    <StatusClass.REFUSED: '4xx'>
    """

    OK = "2xx"
    ELSEWHERE = "3xx"
    REFUSED = "4xx"
    BROKEN = "5xx"

    @classmethod
    def of(cls, status: int) -> StatusClass:
        """The class of an HTTP status of 200 or above."""
        return cls(f"{status // 100}xx")


class SourceName(StrEnum):
    """The connectors that bring mentions."""

    BLUESKY = "bluesky"
    WEBHOOK = "webhook"


class SampleOrigin(StrEnum):
    """Who says what the label of a text is that the model learns from."""

    DISTANT = "distant"
    ANALYST = "analyst"
