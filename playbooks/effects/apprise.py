"""Every other road, by Apprise: a library that speaks to more than a hundred services.

It tells no more than yes or no, so a no is tried again as a fault of the other side, and the other side may have the
message twice. The library is synchronous: each message has a thread of its own that nothing waits for at the end. What
Apprise writes to its own log could name tokens, so that log is off.

Nobody knows here which service reads the text, so it is plain text in which nothing calls anybody and nothing is a link
but ours.
"""

from __future__ import annotations

import logging

from apprise import Apprise as Library
from apprise import AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode
from apprise.result import AppriseResult, AppriseResultStatus

from playbooks.effects.message import Message, Stage
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.effects.own_thread import OwnThreads
from playbooks.effects.plain_text import paragraph, unlinked
from playbooks.effects.wording import DRILL_LINE, facts, marked_subject, where_to_look
from playbooks.labels import ActionKind, Channel
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import AppriseSettings
from playbooks.settings.people import Person
from playbooks.settings.section import MissingSecret

MAX_UNDER_WAY = 8


class Apprise:
    """Sends by the targets people name.

    Raises `MissingSecret` where the address of one is not there, or is none that Apprise knows.
    """

    channel = Channel.APPRISE

    def __init__(self, settings: AppriseSettings) -> None:
        self._timeout_s = settings.timeout_s
        self._threads = OwnThreads("Apprise", MAX_UNDER_WAY, settings.timeout_s)
        self._targets = {
            name: place.read(f"channels.apprise.targets.{name}") for name, place in settings.targets.items()
        }
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        for name, target in self._targets.items():
            if _library(target, settings.timeout_s) is None:
                raise MissingSecret(
                    f"channels.apprise.targets.{name}: what it names is no address that Apprise knows; they look like "
                    "tgram://TOKEN/CHAT, see https://appriseit.com/services/"
                )

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Apprise | None:
        """The effect, or None where ``channels.apprise`` is not set."""
        return cls(settings.channels.apprise) if settings.channels.apprise else None

    def address(self, person: Person) -> str | None:
        """The name of their target."""
        return person.apprise

    async def send(self, message: Message) -> Outcome:
        """Send one message."""
        target = self._targets.get(message.address)
        if target is None:
            return Failed(FailedReason.NOT_CONFIGURED, "Apprise: the person's target is not in the settings")
        return await self._threads.do(lambda: self._notify(message, target))

    def _notify(self, message: Message, target: Secret) -> Outcome:
        library = _library(target, self._timeout_s)
        if library is None:
            return Failed(FailedReason.BAD_ADDRESS, "Apprise: the target is no address that Apprise knows")
        said = library.notify(
            body=body(message),
            title=unlinked(marked_subject(message)),
            notify_type=_type(message),
            body_format=NotifyFormat.TEXT.value,
            interpret_escapes=False,
            timeout=self._timeout_s,
        )
        return outcome_of(said)


def body(message: Message) -> str:
    """The text: what happened, the facts, where to look. The runbook is behind its link, and in mails."""
    parts = (
        DRILL_LINE if message.is_drill else "",
        unlinked(paragraph(message.notice.text).strip()),
        "\n".join(f"{name}: {unlinked(value)}" for name, value in facts(message)),
        where_to_look(message),
    )
    return "\n\n".join(part for part in parts if part)


def outcome_of(said: AppriseResult) -> Outcome:
    """What Apprise's result means.

    >>> outcome_of(AppriseResult(AppriseResultStatus.FAILURE)).reason.value
    'server_fault'
    """
    match said.status:
        case AppriseResultStatus.SUCCESS:
            return Delivered("Apprise: sent")
        case AppriseResultStatus.TIMEOUT:
            return Retry(RetryReason.NO_ANSWER, "Apprise: no answer in time")
        case AppriseResultStatus.NOMATCH:
            return Failed(FailedReason.BAD_ADDRESS, "Apprise: nothing to send by")
        case _:
            return Retry(RetryReason.SERVER_FAULT, "Apprise: not sent, and it does not say why")


def _type(message: Message) -> NotifyType:
    if message.notice.stage is not Stage.OPEN:
        return NotifyType.SUCCESS
    return NotifyType.FAILURE if message.action is ActionKind.PAGE else NotifyType.WARNING


def _library(target: Secret, timeout_s: float) -> Library | None:
    """The library with one target, None where it is no address."""
    asset = AppriseAsset(
        app_id="Firebreak",
        app_desc="Firebreak",
        async_mode=False,
        interpret_emojis=False,
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
        service_timeout=timeout_s,
        allow_templates=False,
    )
    library = Library(asset=asset)
    return library if library.add(target.reveal()) else None
