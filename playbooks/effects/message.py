"""What an effect is asked to send: one notice to one contact point, in life or in a drill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
import xxhash

from detectors.run import Drill, Live
from detectors.signal import Signal
from playbooks.effects.action_link import ActionLink, What, address_of
from playbooks.effects.outcome import Outcome
from playbooks.labels import ActionKind, Channel
from playbooks.secret import Secret
from playbooks.settings.people import Person

#: The worlds in which somebody may be reached. A replay is not among them, so no message of one can be made.
Reachable = Live | Drill


class Moment(StrEnum):
    """What an annotation marks on the graphs."""

    SIGNAL = "signal"
    PAGE = "page"
    HOLD = "hold"
    RELEASE = "release"


class Stage(StrEnum):
    """How the incident stands that a message is about. Pagers with incidents of their own ring, wait or close by it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the planner wrote to be sent: the body of a due action.

    `runbook` is Markdown, `statements` are the approved words as plain text, `moment` is for annotations. `spared`
    are people of the role who need it no more, `only` where it is not empty the only ones whom it is for. `named`
    are people whom subject and text name by their keys (`called.py`), `brand_name` is what the brand is called,
    filled in when it is sent. `stage` other than open says that what was sent before about the incident is
    acknowledged or over. `each` says that a page asks everybody in the role, `own_words` that it says what no other
    message of the moment says, so that nobody goes without it who has another (`one_message.py`), `to_the_told` that it
    is for a role that has, or perhaps has, had a message of the incident. `page` is the console's page to look at where
    there is no incident (``brands``; its first one where it is empty). Unknown fields are ignored, so that a newer
    planner and an older runner get on.
    """

    subject: str
    text: str
    brand: str = ""
    platform: str | None = None
    severity: int = 0
    incident: str = ""
    playbook: str = ""
    version: str = ""
    signal: Signal | None = None
    runbook: str = ""
    statements: str = ""
    moment: Moment | None = None
    spared: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    brand_name: str = ""
    stage: Stage = Stage.OPEN
    each: bool = False
    own_words: bool = False
    to_the_told: bool = False
    page: str = ""

    def is_for(self, person: str) -> bool:
        """Whether it is for `person` of the role.

        >>> Notice("s", "t", spared=("ada",)).is_for("ada"), Notice("s", "t", only=("ada",)).is_for("ada")
        (False, True)
        """
        return person not in self.spared and (not self.only or person in self.only)


@dataclass(frozen=True, slots=True)
class Links:
    """Where to look, and the links by which the person who gets them acts.

    `incident` is the incident's page, or the page of the console that a message without an incident is about.
    `runbook` is empty where there is none. `acknowledge` and `escalate` act in one person's name (`action_link.py`), so
    they are printed nowhere and are sent to that person alone; they are empty where nothing is asked of them or
    ``channels.links`` is not set. `confirm` is that of a test message alone: by it the person says that it came.
    """

    incident: str
    runbook: str
    acknowledge: str = field(default="", repr=False)
    escalate: str = field(default="", repr=False)
    confirm: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Acting:
    """Who may act by the links of a message, until when (seconds since 1970 UTC), and what they are signed with."""

    person: str
    expires_s: int
    secret: Secret


@dataclass(frozen=True, slots=True)
class Reference:
    """Which row of the ledger a send belongs to, so that what becomes known later finds it. `person` is their key."""

    action: str
    attempt: int
    person: str


@dataclass(frozen=True, slots=True)
class Message:
    """One notice on its way to one contact point.

    `key` is the idempotency key: the same for every try. `person` is their name, `address` what the channel needs (it
    may be a secret, so it is not printed). `at_ms` is the event time of the action, `sending_ms` the wall clock of
    this try. `links` is None where there is no public address. `earlier` are the actions of the incident that were
    sent to this contact point before: what a message that closes it closes.
    """

    key: str
    run: Reachable
    action: ActionKind
    person: str
    address: str = field(repr=False)
    notice: Notice
    links: Links | None
    at_ms: int
    sending_ms: int
    reference: Reference
    earlier: tuple[str, ...] = ()

    @property
    def is_drill(self) -> bool:
        """Whether it must say that it is a drill."""
        return isinstance(self.run, Drill)


class Effect(Protocol):
    """One road to people or to other programs. See the package for what it promises."""

    @property
    def channel(self) -> Channel:
        """Its word in settings, metrics and the ledger."""

    def address(self, person: Person) -> str | None:
        """Where `person` is reached on this road, None where they are not."""

    async def send(self, message: Message) -> Outcome:
        """Send once."""


AddressOf = Callable[[Person], str | None]


def idempotency_key(action_id: str, person: str, channel: Channel) -> str:
    """The key of an action for one contact point: the same in every try and every process.

    >>> idempotency_key("act-1", "ada", Channel.EMAIL)
    'firebreak-d0fb8a8611a1cd05df3eaedcbd3c9901'
    """
    return "firebreak-" + xxhash.xxh3_128_hexdigest("\x1f".join((action_id, person, channel)).encode())


def read_notice(body: dict[str, Any], action_id: str) -> Notice:
    """The notice in a due action's body; one that cannot be read becomes a notice that says so.

    Nobody is left unpaged because a body is not what it should be.

    >>> read_notice({"subject": 5}, "act-1").subject
    'Firebreak: a message that cannot be read'
    """
    try:
        return msgspec.convert(body, Notice)
    except msgspec.ValidationError as wrong:
        return Notice(
            subject="Firebreak: a message that cannot be read",
            text=f"Action {action_id} is due, but what it should say cannot be read ({wrong}). Look at its incident.",
            incident=_text(body.get("incident")),
            brand=_text(body.get("brand")),
        )


def links_of(public_url: str | None, notice: Notice, acting: Acting | None = None) -> Links | None:
    """The links a message carries, or None where no public address is configured.

    One without an incident leads to the console's page that it names. With `acting` one about an incident also carries
    those by which that person acknowledges and escalates.

    >>> links_of("https://fire.example.org/", Notice("s", "t", incident="inc-1", playbook="storm", version="1.0.0"))
    Links(incident='https://fire.example.org/incidents/inc-1', \
runbook='https://fire.example.org/runbooks/storm/1.0.0?incident=inc-1')
    >>> links_of("https://fire.example.org", Notice("s", "t", page="brands"))
    Links(incident='https://fire.example.org/brands', runbook='')
    """
    if not public_url:
        return None
    base, incident = public_url.rstrip("/"), quote(notice.incident, safe="")
    if not incident:
        return Links(f"{base}/{quote(notice.page)}", "")
    playbook, version = quote(notice.playbook, safe=""), quote(notice.version, safe="")
    runbook = f"{base}/runbooks/{playbook}/{version}?incident={incident}" if playbook and version else ""
    acknowledge, escalate = (_act(base, notice, what, acting) for what in (What.ACKNOWLEDGE, What.ESCALATE))
    return Links(f"{base}/incidents/{incident}", runbook, acknowledge, escalate)


def _act(base: str, notice: Notice, what: What, acting: Acting | None) -> str:
    if acting is None:
        return ""
    return address_of(base, ActionLink(notice.incident, acting.person, what, acting.expires_s), acting.secret)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
