"""The demo's inbox: a real SMTP server on loopback that keeps what it is sent."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from streams.brokers.broker import LOOPBACK, free_port


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that came in, and when (`time.time()`)."""

    at: float
    message: EmailMessage

    @property
    def to(self) -> str:
        """The first recipient's name before the @."""
        return str(self.message["To"]).partition("@")[0].rpartition("<")[2].strip()


@dataclass(slots=True)
class Inbox:
    """Takes every mail; `mails` has them in the order in which they came."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    _controller: Controller | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Listen on a spare loopback port."""
        self.port = free_port()
        self._controller = Controller(self, hostname=LOOPBACK, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, name: str) -> list[Mail]:
        """The mails to a person of the demo."""
        with self._lock:
            return [mail for mail in self.mails if mail.to == name]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd for each mail."""
        content = envelope.content or b""
        message = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=default)
        with self._lock:
            self.mails.append(Mail(time.time(), message))
        return "250 taken"
