"""The test message: what it says, how it is sent, and how the person it is for confirms that it came.

It goes the road of a page, by the same channel to the same address, and says with the strongest mark there is that
nothing of it is real: it is a drill of one contact point. Whoever sends it names the person, so it is not asked whether
they agreed to drills. It carries a code, which whoever has the message says on the console or to whoever runs
Firebreak, and where links can be signed, a link that asks and then confirms.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from detectors.run import DRILL_PREFIX, Drill
from playbooks.delivery.ledger_words import in_words, word_of
from playbooks.effects.action_link import MIN_SECRET_CHARS, ActionLink, What, token_of
from playbooks.effects.message import Effect, Links, Message, Notice, Reference
from playbooks.labels import ActionKind, Channel
from playbooks.readiness.contacts import Point
from playbooks.readiness.one_answer import one_answer
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery.contact_tests import SENDING, TEST_PREFIX, ContactTest

#: The console's page for the link, below its public address.
CONFIRM_PATH = "/confirm/{token}"
#: How long a code and a link work.
CODE_VALID_MS = 7 * 86_400_000
#: How long the alert of a test fires, so that nobody has to end it.
TEST_FIRES_H = 0.25


@dataclass(frozen=True, slots=True)
class Way:
    """How people confirm: the console's public address and the secret that links are signed with, where there are."""

    public_url: str | None
    secret: Secret | None


def way_of(settings: PlaybookSettings) -> Way:
    """How people confirm with these settings; raises `MissingSecret`."""
    links = settings.channels.links
    secret = links.secret.read("channels.links.secret", at_least=MIN_SECRET_CHARS) if links else None
    return Way(settings.console.public_url, secret)


def for_tests(settings: PlaybookSettings) -> PlaybookSettings:
    """The settings with which test messages are sent: what they start elsewhere ends there by itself."""
    alertmanager = settings.channels.alertmanager
    if alertmanager is None:
        return settings
    short = replace(alertmanager, firing_h=min(alertmanager.firing_h, TEST_FIRES_H))
    return replace(settings, channels=replace(settings.channels, alertmanager=short))


def new_test(point: Point, now_ms: int, outcome: str = SENDING) -> ContactTest:
    """A test of a contact point that is about to be sent, or (`ASKED`) that the runner is asked to send."""
    code = f"{secrets.randbelow(1_000_000):06}"
    id = TEST_PREFIX + secrets.token_hex(8)
    return ContactTest(id, point.person, point.channel, point.address_hash, code, now_ms, outcome, "")


def message_of(test: ContactTest, point: Point, way: Way, now_ms: int) -> Message:
    """The message itself."""
    return Message(
        key=f"firebreak-{test.id}",
        run=Drill(DRILL_PREFIX + test.id),
        # A call that is no page asks for no digit, which would acknowledge nothing here.
        action=ActionKind.NOTIFY if point.channel is Channel.VOICE else ActionKind.PAGE,
        person=point.name,
        address=point.address,
        notice=Notice(subject=_subject(test, point.channel), text=_text(test, way), severity=1),
        links=_links(test, way),
        at_ms=now_ms,
        sending_ms=now_ms,
        reference=Reference(test.id, 1, test.person),
    )


async def send_test(effect: Effect, message: Message) -> tuple[str, str]:
    """Send it once: the ledger's word for what came of it, and the same in words."""
    outcome = await one_answer(effect.send(message), None)  # each channel has a time of its own
    return word_of(outcome).value, in_words(outcome, effect.channel, repeats=False)


def testable(points: Iterable[Point], effects: Mapping[Channel, Effect], people: Sequence[str]) -> list[Point]:
    """The contact points of these people that can be tested; none of a channel that is not open."""
    return [point for point in points if point.person in people and point.channel in effects]


def said_with(code: str, tests: Iterable[ContactTest], now_ms: int, person: str = "") -> list[ContactTest]:
    """The tests that a code confirms: of that person where one is named, not confirmed yet, and not too old."""
    wanted = "".join(code.split())
    return [
        test
        for test in tests
        if test.code == wanted
        and test.confirmed_ms is None
        and now_ms - test.sent_ms < CODE_VALID_MS
        and person in ("", test.person)
    ]


def _subject(test: ContactTest, channel: Channel) -> str:
    # Spoken, the digits of a number become a number.
    code = " ".join(test.code) if channel is Channel.VOICE else test.code
    return f"Firebreak test message, your code is {code}"


def _text(test: ContactTest, way: Way) -> str:
    where = "on the console, on the page Readiness" if way.public_url else "to whoever runs Firebreak"
    follow = ", or follow the link below" if way.public_url and way.secret else ""
    return (
        "This is a test: it shows whether a page would reach you here. Nothing has happened, and nothing is to be done "
        f"but this: say the code {test.code} {where}{follow}. It works for a week."
    )


def _links(test: ContactTest, way: Way) -> Links | None:
    if not way.public_url:
        return None
    base = way.public_url.rstrip("/")
    confirm = ""
    if way.secret is not None:
        expires_s = (test.sent_ms + CODE_VALID_MS) // 1000
        link = ActionLink(test.id, test.person, What.CONFIRM, expires_s)
        confirm = base + CONFIRM_PATH.format(token=token_of(link, way.secret))
    return Links(f"{base}/readiness", "", confirm=confirm)
