"""A real SMTP server (aiosmtpd) on loopback whose answers a test decides, and that can be stopped in the middle."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK = "250 2.0.0 taken"


@dataclass(slots=True)
class Mailbox:
    """What the server does and what it has got.

    `rcpt` and `data` are its answers to a recipient and to the mail. `before_data` and `after_data` wait before it
    takes the mail, and after it has taken it but not said so. `scripted` are answers to single recipients, one a time,
    that come before `rcpt`. `login` is the name and password it knows,
    `login_answer` what it says to a wrong one. `at_data` and `taken` are set when a mail is there, and is taken.
    """

    rcpt: str = OK
    data: str = OK
    scripted: dict[str, list[str]] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    login_answer: str | None = None
    before_data: asyncio.Event | None = None
    after_data: asyncio.Event | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    encrypted: list[bool] = field(default_factory=list)
    at_data: asyncio.Event = field(default_factory=asyncio.Event)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to one address, in the order in which they came."""
        return [mail for mail in self.mails if address in str(mail["To"])]

    def keys(self) -> list[str]:
        """The Message-ID of each mail, in the order in which they came."""
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd for each recipient."""
        script = self.scripted.get(address)
        answer = script.pop(0) if script else self.rcpt
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd once the whole mail has come."""
        self.at_data.set()
        if self.before_data:
            await self.before_data.wait()
        if self.data.startswith("250"):
            self.mails.append(message_from_bytes(cast(bytes, envelope.content), policy=default))
            self.encrypted.append(session.ssl is not None)
            self.taken.set()
        if self.after_data:
            await self.after_data.wait()
        return self.data

    def check_login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, offered: LoginPassword
    ) -> AuthResult:
        """Called by aiosmtpd when somebody logs in."""
        known = tuple(part.encode() for part in self.login or ())
        return AuthResult(success=(offered.login, offered.password) == known, handled=False, message=self.login_answer)


@asynccontextmanager
async def smtp_server(
    mailbox: Mailbox,
    tls: ssl.SSLContext | None = None,
    *,
    from_the_start: bool = False,
    host: str = "127.0.0.1",
) -> AsyncIterator[Mailbox]:
    """Serve `mailbox` while the block runs; with `tls`, STARTTLS is offered, or TLS spoken `from_the_start`."""
    loop = asyncio.get_running_loop()
    open_ones: list[SMTP] = []

    def connected() -> SMTP:
        mailbox.connections += 1
        server = SMTP(
            mailbox,
            hostname="mail.test",
            loop=loop,
            tls_context=None if from_the_start else tls,
            authenticator=mailbox.check_login,
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN"],
        )
        open_ones.append(server)
        return server

    server = await loop.create_server(connected, host, 0, ssl=tls if from_the_start else None)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        for one in open_ones:
            if one.transport is not None:
                one.transport.close()
        await server.wait_closed()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[int]:
    """A server that does just what `talk` does with each connection; hands in its port."""
    tasks: list[asyncio.Task[None]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def says(text: bytes) -> Talk:
    """Says `text` at once and ends the connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return talk


def keeps_silent(*spoken: bytes) -> Talk:
    """Answers with each of `spoken` in turn, one a line read (the first at once), and then never again."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in spoken:
            writer.write(reply)
            await reader.readline()
        await asyncio.Event().wait()

    return talk
