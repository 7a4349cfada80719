"""E-mail by SMTP: plain text, with the runbook inside in case its page is down.

Privacy: with ``tls: true`` the connection must be encrypted and the server's certificate valid (from the start on
port 465, by STARTTLS on any other). With ``tls: false`` STARTTLS is taken where the server offers it, unless a password
would go to another machine: then it is demanded all the same.

The Message-ID is the idempotency key: a mail that is sent twice has the same one, so that mailboxes show it once.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Policy
from email.utils import format_datetime, parseaddr
from typing import ClassVar, Literal

import aiosmtplib

from playbooks.effects.check import Checked
from playbooks.effects.message import Message
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.effects.plain_text import one_line, paragraph
from playbooks.effects.wording import DRILL_LINE, facts, marked_subject, where_to_look
from playbooks.labels import ActionKind, Channel
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import EmailSettings
from playbooks.settings.people import Person
from playbooks.settings.section import EMAIL

IMPLICIT_TLS_PORT = 465
GOODBYE_S = 1.0

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTHENTICATION = frozenset({530, 534, 535, 538})
_ADDRESS = re.compile(EMAIL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_LONGEST_LINE = 78


class _Subject(UniqueUnstructuredHeader, BaseHeader):
    """A subject that begins on the line of its name: the standard library would leave that line empty for some."""

    max_count: ClassVar[Literal[1]] = 1

    def fold(self, *, policy: Policy) -> str:
        """The header as it is sent, its lines at most 78 characters where there is a space to break at."""
        folded = super().fold(policy=policy)
        name, empty, said = folded.partition(f":{policy.linesep} ")
        if not empty or name != self.name:
            return folded
        first, *further = said.split(policy.linesep)
        at = first.rfind(" ", 0, _LONGEST_LINE - len(name) - 1)
        lines = [f"{name}: {first[:at]}", first[at:]] if at > 0 else [f"{name}: {first}"]
        return policy.linesep.join([*lines, *further])


_headers = HeaderRegistry()
_headers.map_to_type("subject", _Subject)
_POLICY = SMTP_POLICY.clone(header_factory=_headers)


class Mail:
    """Sends messages through one SMTP server. Raises `MissingSecret` where the password it needs is not there."""

    channel = Channel.EMAIL

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._password = settings.password.read("channels.email.password") if settings.password else None

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Mail | None:
        """The effect, or None where ``channels.email`` is not set."""
        return cls(settings.channels.email) if settings.channels.email else None

    def address(self, person: Person) -> str | None:
        """Their e-mail address."""
        return person.email

    async def send(self, message: Message) -> Outcome:
        """Send one mail, within ``timeout_s`` for the whole of it."""
        try:
            mail, client = build(message, self._settings.sender), self._client()
        except ValueError:
            return Failed(FailedReason.BAD_ADDRESS, "the sender or the recipient is no e-mail address")
        connected = False
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await client.connect()
                connected = True
                _, reply = await client.send_message(mail)
            await _say_goodbye(client)
            return Delivered(_in_our_words(250, reply))
        except (aiosmtplib.SMTPException, OSError) as fault:
            return outcome_of(fault, connected)
        finally:
            client.close()

    async def check(self) -> Checked:
        """Connect, encrypt and sign in as a mail would; none is sent, so whether one is taken is not known."""
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await client.connect()
            await _say_goodbye(client)
        except (aiosmtplib.SMTPException, OSError) as fault:
            return Checked(outcome_of(fault, connected=False))
        finally:
            client.close()
        signed_in = "lets us in" if self._password else "answers (no password is set)"
        return Checked(Delivered(f"the mail server {signed_in}"))

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        from_the_start, start_tls = privacy(settings)
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username if self._password else None,
            password=self._password.reveal() if self._password else None,
            # The default asks the name service for this machine's name, which may take longer than a page has.
            local_hostname=_domain(settings.sender),
            timeout=settings.timeout_s,
            use_tls=from_the_start,
            start_tls=start_tls,
            # Encryption that nobody demanded may not stop a page; demanded, it must be to the right server.
            validate_certs=from_the_start or start_tls is True,
        )


def privacy(settings: EmailSettings) -> tuple[bool, bool | None]:
    """Whether TLS is spoken from the start, and whether STARTTLS is demanded (None: taken where offered).

    >>> privacy(EmailSettings(port=465, tls=True)), privacy(EmailSettings(tls=True)), privacy(EmailSettings())
    ((True, False), (False, True), (False, None))
    """
    if settings.tls and settings.port == IMPLICIT_TLS_PORT:
        return True, False
    password_leaves = settings.password is not None and settings.host not in _LOOPBACK
    return False, True if settings.tls or password_leaves else None


def build(message: Message, sender: str) -> EmailMessage:
    """The mail itself; raises `ValueError` where sender or recipient is no e-mail address.

    Text from outside is only text in it: a header is one line without control characters, the body is plain text.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _mailbox(*parseaddr(sender))
    mail["To"] = _mailbox(one_line(message.person, 80), message.address)
    mail["Subject"] = marked_subject(message)
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.sending_ms / 1000, UTC))
    mail["Message-ID"] = f"<{message.key}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.action is ActionKind.PAGE:
        mail["Importance"] = "high"
    mail.set_content(body(message), cte="quoted-printable")
    return mail


def body(message: Message) -> str:
    """The text of the mail: what happened, where to look, the runbook, and the words that may be said."""
    notice = message.notice
    drill = DRILL_LINE if message.is_drill else ""
    runbook = _part(f"Runbook {notice.playbook} {notice.version}, in case its page is down", notice.runbook)
    statements = _part("Approved words (fill in what stands in <...> before you use them)", notice.statements)
    known = "\n".join(f"{name}: {value}" for name, value in facts(message))
    # What to press stands above what to know: a telephone shows a dozen lines.
    parts = (drill, paragraph(notice.text).strip(), where_to_look(message), known, runbook, statements, drill)
    return "\n\n".join(part for part in parts if part) + "\n"


def _part(heading: str, text: str) -> str:
    title = one_line(heading)
    return f"{title}\n{'=' * len(title)}\n\n{paragraph(text).strip()}" if text else ""


def outcome_of(fault: Exception, connected: bool) -> Outcome:
    """What a fault in talking to the server means; `connected` says whether the mail was already under way.

    4xx is "later", 5xx is "never"; no connection is "later"; silence after the mail was under way is "perhaps".

    >>> outcome_of(aiosmtplib.SMTPDataError(451, "4.3.0 come back"), True)
    Retry(reason=<RetryReason.BUSY: 'busy'>, answer='SMTP 451 4.3.0', after_s=None)
    """
    match fault:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _by_code(first.code, first.message)
        case aiosmtplib.SMTPResponseException():
            return _by_code(fault.code, fault.message)
        case OSError() if connected:  # SMTPServerDisconnected and every time-out are OSErrors too
            return Retry(RetryReason.NO_ANSWER, "SMTP: no answer after the mail was under way")
        case OSError():
            return Retry(RetryReason.UNREACHABLE, "SMTP: no connection to the server")
        case aiosmtplib.SMTPException() if not connected:
            return Failed(FailedReason.NOT_PRIVATE, "SMTP: the server offers no TLS or no login that can be used")
        case _:
            return Failed(FailedReason.BAD_ADDRESS, "SMTP: the server or the protocol cannot take such an address")


def _by_code(code: int, reply: str) -> Outcome:
    answer = _in_our_words(code, reply)
    if code in _AUTHENTICATION:
        return Failed(FailedReason.BAD_CREDENTIALS, answer)
    if 500 <= code <= 599:
        return Failed(FailedReason.REFUSED, answer)
    return Retry(RetryReason.BUSY if 400 <= code <= 499 else RetryReason.SERVER_FAULT, answer)


def _in_our_words(code: int, reply: str) -> str:
    # Only the codes: the words are the server's, and could repeat what was said to it.
    enhanced = _ENHANCED.match(reply)
    return f"SMTP {code}" + (f" {enhanced.group()}" if enhanced else "")


def _mailbox(name: str, address: str) -> Address:
    if not _ADDRESS.search(address) or one_line(address, len(address)) != address:
        raise ValueError("not an e-mail address")
    username, _, domain = address.rpartition("@")
    return Address(one_line(name, 80), username, domain)


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    # The mail is taken by now: a server that is slow to part must not change that.
    with suppress(aiosmtplib.SMTPException, OSError):
        async with asyncio.timeout(GOODBYE_S):
            await client.quit()
