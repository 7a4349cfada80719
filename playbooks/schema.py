"""A playbook: what a team has agreed to do about a kind of signal, as one YAML file a version.

`playbooks.catalog` parses the file strictly into `Playbook`, holds it against `playbooks.rules` (what a type cannot
say, such as that no flood of copies may stop a brand from posting) and proves that a released file was never edited.
Whatever is wrong is a `PlaybookError` that the author can act on.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from detectors.mention import PlatformName
from detectors.signal import SignalKind
from playbooks.labels import ActionKind
from playbooks.settings import Name, Section
from playbooks.trigger import EvidenceField, Severity, Trigger

PlaybookId = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,63}$")]
Version = Annotated[str, msgspec.Meta(pattern="^(0|[1-9][0-9]{0,3})([.](0|[1-9][0-9]{0,3})){2}$")]
StepId = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
Markdown = Annotated[str, msgspec.Meta(min_length=1, max_length=40_000)]

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
    """One thing to do when the playbook fires.

    `to` is the role that a page or notice goes to. `after_min` is counted from the signal. `words` is what is said:
    to a person in a page or notice, on the pages in a hold or an annotation. `with_hold` says that a notice goes out
    only where posting is really held. A page goes out again, and an annotation is made again, each time the incident
    gets worse; `again_when_worse` says the same of a notice.
    """

    id: StepId
    action: ActionKind
    words: Words
    to: Name | None = None
    after_min: Annotated[int, msgspec.Meta(ge=0, le=7 * 24 * 60)] = 0
    with_hold: bool = False
    again_when_worse: bool = False

    @property
    def repeats(self) -> bool:
        """Whether it is done again when the incident gets worse."""
        return self.again_when_worse or self.action in (ActionKind.PAGE, ActionKind.ANNOTATE)


class HoldScope(StrEnum):
    """What a hold holds back: every automated post of the brand, or those on the signal's platform."""

    BRAND = "brand"
    PLATFORM = "platform"


class HoldTerms(Section, frozen=True):
    """What is held, and how many different people of which roles must agree before it goes."""

    scope: HoldScope
    releasers: Annotated[int, msgspec.Meta(ge=1, le=5)]
    released_by: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]


class Change(Section, frozen=True):
    """One entry of a changelog, the newest first."""

    version: Version
    day: date
    change: Words


class ExampleSignal(Section, frozen=True):
    """As much of a signal as a trigger looks at; figures left out are those of an ordinary quarter of an hour."""

    kind: SignalKind
    severity: Severity
    platform: PlatformName | None = None
    evidence: dict[EvidenceField, float] = msgspec.field(default_factory=dict)


class Example(Section, frozen=True):
    """A signal, and in words what it stands for."""

    what: Line
    signal: ExampleSignal


class Examples(Section, frozen=True):
    """Signals that must fire the playbook and signals that must not; run whenever the file is read."""

    fires: Annotated[tuple[Example, ...], msgspec.Meta(min_length=1)]
    quiet: Annotated[tuple[Example, ...], msgspec.Meta(min_length=1)]


class Playbook(Section, frozen=True):
    """One version of a playbook. `roles` says what is expected of whom; `review_by` is when it must be read again."""

    id: PlaybookId
    version: Version
    title: Line
    purpose: Words
    owner: Line
    review_by: date
    trigger: Trigger
    roles: dict[Name, Words]
    steps: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1)]
    runbook: Markdown
    changelog: Annotated[tuple[Change, ...], msgspec.Meta(min_length=1)]
    examples: Examples
    hold: HoldTerms | None = None
