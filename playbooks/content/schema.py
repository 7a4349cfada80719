"""A playbook: what a team has agreed to do about a kind of signal, as one YAML file a version.

`playbooks.content.catalog` parses the file strictly into `Playbook`, holds it against `playbooks.content.rules` (what a
type cannot say, such as that no flood of copies may stop a brand from posting) and proves that a released file was
never edited. Whatever is wrong is a `PlaybookError` that the author can act on.

What each key means stands beside it, once: the published JSON Schema and the table in docs/playbooks.md are made from
these words.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.mention import PlatformName
from detectors.signal import SignalKind
from playbooks.content.hold_scope import Narrowing
from playbooks.content.trigger import EvidenceField, Severity, TermWord, Trigger
from playbooks.labels import ActionKind
from playbooks.settings.section import Name, Section

PlaybookId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}\Z")]
Version = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,3})([.](0|[1-9][0-9]{0,3})){2}\Z")]
StepId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
Cause = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}\Z")]
Line = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,200}\Z")]
#: Several lines, without what a terminal or a telephone would take for a command.
_PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*\Z"
Words = Annotated[str, Meta(min_length=1, max_length=4_000, pattern=_PLAIN)]
Markdown = Annotated[str, Meta(min_length=1, max_length=40_000, pattern=_PLAIN)]
#: As BCP 47 writes it: en, fr-CA, zh-Hant.
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]

WEEK_MIN = 7 * 24 * 60
#: After so many minutes people are asked whether a hold is still needed, where nothing else is said.
ASK_AGAIN_MIN = 240
#: The role that is told of every hold: these people's queues stand still.
POSTING_TEAM = "posting-team"


class PlaybookError(Exception):
    """A playbook is not as it must be; its author must mend it. `path` and `line` (from 1) say where."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


class Step(Section, frozen=True):
    """One thing to do when the playbook fires."""

    id: Annotated[StepId, Meta(description="Its name within the playbook.")]
    action: Annotated[
        ActionKind,
        Meta(
            description="What is done. Firebreak itself pages, notifies, holds posts and annotates graphs; a task, a "
            "decision and a statement are for people, and stay open until a named person has done them."
        ),
    ]
    words: Annotated[Words, Meta(description="What is said or asked; on the pages, what it is for.")]
    to: Annotated[Name | None, Meta(description="The role it is for; not in a hold or an annotation.")] = None
    after_min: Annotated[
        int, Meta(ge=0, le=WEEK_MIN, description="So many minutes after the signal; not in what is for people.")
    ] = 0
    with_hold: Annotated[bool, Meta(description="In a notice: it goes out only where posting is really held.")] = False
    again_when_worse: Annotated[
        bool,
        Meta(description="In a notice: it goes out again when the incident gets worse, as pages and annotations do."),
    ] = False
    deadline_min: Annotated[
        Annotated[int, Meta(ge=1, le=WEEK_MIN)] | None,
        Meta(
            description="In a task, decision or statement: it is to be done so many minutes after the incident opened. "
            "Later it is overdue: the role is told, and it is shown red."
        ),
    ] = None
    options: Annotated[tuple[Line, ...], Meta(description="In a decision: what may be decided, two or more.")] = ()
    say: Annotated[StepId | None, Meta(description="In a statement: the id, under `statements`, of what is said.")] = (
        None
    )
    each: Annotated[bool, Meta(description="In a page: everybody in the role has to acknowledge for themselves.")] = (
        False
    )
    escalation: Annotated[
        StepId | None, Meta(description="In a page: the id, under `escalations`, of who is paged after that.")
    ] = None

    @property
    def repeats(self) -> bool:
        """Whether it is done again when the incident gets worse."""
        return self.again_when_worse or self.action in (ActionKind.PAGE, ActionKind.ANNOTATE)


class Level(Section, frozen=True):
    """One level of an escalation."""

    to: Annotated[Name, Meta(description="The role that is paged.")]
    after_min: Annotated[
        int,
        Meta(ge=1, le=WEEK_MIN, description="So many minutes after the page's step, while nobody has acknowledged."),
    ]


class Escalation(Section, frozen=True):
    """Who is paged while nobody acknowledges. The page's own step is level 0."""

    levels: Annotated[
        tuple[Level, ...], Meta(min_length=1, max_length=10, description="Who is paged next, in order of time.")
    ]
    last_resort: Annotated[
        Name,
        Meta(description="The role that is paged when all rounds are over; it has fixed people and no rota."),
    ]
    every_min: Annotated[
        int,
        Meta(ge=1, le=WEEK_MIN, description="Minutes from a round's last level to the next round, or the last resort."),
    ] = 10
    repeat: Annotated[int, Meta(ge=0, le=5, description="How many rounds follow the first.")] = 0


class Audience(StrEnum):
    """Whom a statement is for."""

    PUBLIC = "public"
    CUSTOMERS = "customers"
    STAFF = "staff"
    PRESS = "press"


class Statement(Section, frozen=True):
    """Words that were approved before they are needed."""

    id: Annotated[StepId, Meta(description="Its name within the playbook.")]
    audience: Annotated[Audience, Meta(description="Whom it is for.")]
    words: Annotated[
        Words,
        Meta(description="What is said. What only the moment knows stands as `<what people cannot do>`."),
    ]
    approved_by: Annotated[Line, Meta(description="Who approved the words.")]
    approved_on: Annotated[date, Meta(description="When.")]
    platforms: Annotated[tuple[PlatformName, ...], Meta(description="Where it may be said; none means anywhere.")] = ()
    lang: Annotated[Language, Meta(description="The language, as BCP 47 writes it.")] = "en"


class HoldScope(StrEnum):
    """What a hold holds back: every automated post of the brand, or those on the signal's platform."""

    BRAND = "brand"
    PLATFORM = "platform"


class HoldTerms(Section, frozen=True):
    """What is held, and how many different people of which roles must agree before it goes."""

    scope: Annotated[
        HoldScope, Meta(description="Every automated post of the brand, or those on the signal's platform.")
    ]
    releasers: Annotated[int, Meta(ge=1, le=5, description="How many different people must agree to let go.")]
    released_by: Annotated[tuple[Name, ...], Meta(min_length=1, description="The roles whose people may.")]
    one_of: Annotated[
        Name | None,
        Meta(
            description="One of `released_by`: somebody in this role has to be among those who agree. Without it, "
            "anybody who may is as good as another."
        ),
    ] = None
    accounts: Annotated[
        tuple[Line, ...],
        Meta(description="Only posts of these accounts, and those whose account the caller leaves out."),
    ] = ()
    campaigns: Annotated[tuple[Line, ...], Meta(description="Only posts of these campaigns, likewise.")] = ()
    tags: Annotated[tuple[Line, ...], Meta(description="Only posts with one of these tags, likewise.")] = ()
    ask_again_min: Annotated[
        int,
        Meta(
            ge=5,
            le=WEEK_MIN,
            description="After so many minutes, and each time after as many more, those who may let go are paged: is "
            "it still needed? It never ends by time.",
        ),
    ] = ASK_AGAIN_MIN

    @property
    def only(self) -> Narrowing:
        """Which of the posts."""
        return Narrowing(self.accounts, self.campaigns, self.tags)


class Change(Section, frozen=True):
    """One entry of a changelog, the newest first."""

    version: Annotated[Version, Meta(description="The version it made.")]
    day: Annotated[date, Meta(description="When it was written.")]
    change: Annotated[Words, Meta(description="What changed, and why.")]


class Approval(Section, frozen=True):
    """Somebody who stands by this version. A release needs two different people."""

    name: Annotated[Line, Meta(description="Who.")]
    role: Annotated[Line, Meta(description="As what.")]
    on: Annotated[date, Meta(description="When.")]


class Deprecated(Section, frozen=True):
    """From when on the playbook opens no incident any more. What is open stays open."""

    on: Annotated[date, Meta(description="The first day (UTC) on which it opens nothing.")]
    use: Annotated[PlaybookId, Meta(description="The playbook that stands in for it.")]
    why: Annotated[Words, Meta(description="Why.")]


class ExampleSignal(Section, frozen=True):
    """As much of a signal as a trigger looks at; figures left out are those of an ordinary quarter of an hour."""

    kind: Annotated[SignalKind, Meta(description="The signal's kind.")]
    severity: Annotated[Severity, Meta(description="How severe, 1 to 5.")]
    platform: Annotated[PlatformName | None, Meta(description="Where; without it the brand as a whole.")] = None
    evidence: Annotated[dict[EvidenceField, float], Meta(description="Figures of its evidence.")] = msgspec.field(
        default_factory=dict
    )
    terms: Annotated[tuple[TermWord, ...], Meta(description="Words that rise among its complaints.")] = ()


class Example(Section, frozen=True):
    """A signal, and in words what it stands for."""

    what: Annotated[Line, Meta(description="What it stands for.")]
    signal: Annotated[ExampleSignal, Meta(description="The signal.")]


class Examples(Section, frozen=True):
    """Signals that must fire the playbook and signals that must not; run whenever the file is read."""

    fires: Annotated[tuple[Example, ...], Meta(min_length=1, description="Signals that must fire it.")]
    quiet: Annotated[tuple[Example, ...], Meta(min_length=1, description="Signals that must not.")]


class Playbook(Section, frozen=True):
    """One version of a playbook."""

    id: Annotated[PlaybookId, Meta(description="Its name, which is also its folder's.")]
    version: Annotated[Version, Meta(description="Its semantic version, which is also the file's name.")]
    title: Annotated[Line, Meta(description="What has happened, in one line: the subject of its pages.")]
    purpose: Annotated[Words, Meta(description="What it is for, and what it prevents.")]
    owner: Annotated[Line, Meta(description="Who keeps it right.")]
    review_by: Annotated[date, Meta(description="By when it has to be read again.")]
    trigger: Annotated[Trigger, Meta(description="When it fires.")]
    roles: Annotated[dict[Name, Words], Meta(description="What is expected of whom.")]
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=60, description="What is done.")]
    runbook: Annotated[Markdown, Meta(description="The first hour and a half, in Markdown, for a phone at night.")]
    changelog: Annotated[tuple[Change, ...], Meta(min_length=1, description="What changed, the newest first.")]
    examples: Annotated[Examples, Meta(description="Signals that must fire it, and signals that must not.")]
    hold: Annotated[HoldTerms | None, Meta(description="What its hold holds back, and who may let go.")] = None
    cause: Annotated[
        Cause | None,
        Meta(
            description="What is behind it, in a word that playbooks may share: of one cause a brand has one incident "
            "open. Without it, the playbook's own id."
        ),
    ] = None
    precedence: Annotated[
        int,
        Meta(ge=0, le=1000, description="Of several playbooks of one cause that fire, the one with the most opens."),
    ] = 0
    escalations: Annotated[
        dict[StepId, Escalation], Meta(description="Who is paged while nobody acknowledges, by a name of its own.")
    ] = msgspec.field(default_factory=dict)
    ack_expires_min: Annotated[
        Annotated[int, Meta(ge=5, le=WEEK_MIN)] | None,
        Meta(
            description="An acknowledgement after which nobody did anything for so many minutes (no tick, note, "
            "statement or release) is forgotten, and the pages go out again. Without it, it lasts."
        ),
    ] = None
    statements: Annotated[tuple[Statement, ...], Meta(description="Words approved before they are needed.")] = ()
    approvals: Annotated[
        tuple[Approval, ...], Meta(description="Who stands by this version; a release needs two different people.")
    ] = ()
    deprecated: Annotated[Deprecated | None, Meta(description="That it is to be used no more, and what instead.")] = (
        None
    )

    @property
    def of_cause(self) -> str:
        """The cause that its incidents are counted under."""
        return self.cause or self.id
