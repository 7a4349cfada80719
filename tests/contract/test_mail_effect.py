"""Mail, sent to a real SMTP server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playbooks.effects.mail import Mail
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Retry, RetryReason
from playbooks.settings.channels import EmailSettings
from playbooks.settings.section import SecretFrom
from tests.parts.messages import NOTICE, message
from tests.parts.smtp import Mailbox, keeps_silent, says, smtp_server, talking
from tests.parts.tls import self_signed

PASSWORD = "pass-word-of-the-mail-server"


def mail(port: int, *, timeout_s: float = 5.0, tls: bool = False, host: str = "127.0.0.1") -> Mail:
    return Mail(EmailSettings(host=host, port=port, sender="fire@example.org", tls=tls, timeout_s=timeout_s))


def mail_with_login(port: int, monkeypatch: pytest.MonkeyPatch, *, host: str = "127.0.0.1") -> Mail:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    secret = SecretFrom(env="MAIL_PASSWORD")
    return Mail(EmailSettings(host=host, port=port, sender="fire@example.org", username="fire", password=secret))


async def test_a_page_arrives_whole() -> None:
    async with smtp_server(Mailbox()) as mailbox:
        assert await mail(mailbox.port).send(message()) == Delivered("SMTP 250 2.0.0")
    (got,) = mailbox.mails
    assert (got["To"], got["Subject"]) == ("Ada Lovelace <ada@example.org>", NOTICE.subject)
    assert "Stop scheduled posts" in got.get_content()


async def test_lines_that_begin_with_a_full_stop_arrive_as_they_are() -> None:
    async with smtp_server(Mailbox()) as mailbox:
        text = "one\n.\n..two\nQUIT"
        await mail(mailbox.port).send(message(notice=type(NOTICE)(subject="s", text=text)))
    assert text in mailbox.mails[0].get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "mailbox",
    [
        Mailbox(rcpt="421 4.3.2 closing"),
        Mailbox(rcpt="450 4.2.0 greylisted"),
        Mailbox(data="421 closing"),
        Mailbox(data="452 4.3.1 full"),
    ],
)
async def test_a_4xx_is_tried_again(mailbox: Mailbox) -> None:
    async with smtp_server(mailbox):
        outcome = await mail(mailbox.port).send(message())
    assert isinstance(outcome, Retry)
    assert outcome.reason is RetryReason.BUSY


@pytest.mark.parametrize(
    ("mailbox", "answer"),
    [
        (Mailbox(rcpt="550 5.1.1 no such user"), "SMTP 550 5.1.1"),
        (Mailbox(rcpt="551 not here"), "SMTP 551"),
        (Mailbox(data="552 too big"), "SMTP 552"),
        (Mailbox(data="554 5.7.1 spam"), "SMTP 554 5.7.1"),
    ],
)
async def test_a_5xx_has_failed(mailbox: Mailbox, answer: str) -> None:
    async with smtp_server(mailbox):
        outcome = await mail(mailbox.port).send(message())
    assert outcome == Failed(FailedReason.REFUSED, answer)


async def test_nobody_listening_is_tried_again(port: int) -> None:
    outcome = await mail(port).send(message())
    assert isinstance(outcome, Retry)
    assert outcome.reason is RetryReason.UNREACHABLE


@pytest.mark.parametrize(
    ("greeting", "expected"),
    [
        (b"", RetryReason.UNREACHABLE),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", RetryReason.SERVER_FAULT),
        (b"\x00\xff\xfe\r\n", RetryReason.SERVER_FAULT),
        (b"421 busy\r\n", RetryReason.BUSY),
        (b"554 go away\r\n", FailedReason.REFUSED),
    ],
)
async def test_a_server_that_is_none_or_wants_none_of_it(greeting: bytes, expected: RetryReason | FailedReason) -> None:
    async with talking(says(greeting)) as port:
        outcome = await mail(port).send(message())
    assert isinstance(outcome, Retry | Failed)
    assert outcome.reason is expected


async def test_a_server_that_never_greets_costs_no_more_than_the_time_out() -> None:
    async with talking(keeps_silent()) as port:
        outcome = await mail(port, timeout_s=0.2).send(message())
    assert outcome == Retry(RetryReason.UNREACHABLE, "SMTP: no connection to the server")


async def test_silence_after_the_mail_means_that_it_was_perhaps_taken() -> None:
    async with smtp_server(Mailbox(after_data=asyncio.Event())) as mailbox:
        outcome = await mail(mailbox.port, timeout_s=0.3).send(message())
    assert isinstance(outcome, Retry)
    assert outcome.reason.perhaps_taken
    assert len(mailbox.mails) == 1


async def test_a_mail_that_is_taken_counts_whatever_comes_after() -> None:
    script = (b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in script:
            writer.write(reply)
            await reader.readline()
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 2.6.0 taken\r\n")
        await asyncio.Event().wait()  # QUIT is never answered

    async with talking(talk) as port:
        assert await mail(port).send(message()) == Delivered("SMTP 250 2.6.0")


async def test_a_login_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with smtp_server(Mailbox(login=("fire", PASSWORD))) as mailbox:
        assert isinstance(await mail_with_login(mailbox.port, monkeypatch).send(message()), Delivered)


async def test_a_wrong_login_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with smtp_server(Mailbox(login=("fire", "another"))) as mailbox:
        outcome = await mail_with_login(mailbox.port, monkeypatch).send(message())
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.BAD_CREDENTIALS


async def test_a_password_is_not_sent_in_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    # This address is loopback too, but not one that is known as this machine's.
    async with smtp_server(Mailbox(login=("fire", PASSWORD)), host="127.0.0.2") as mailbox:
        outcome = await mail_with_login(mailbox.port, monkeypatch, host="127.0.0.2").send(message())
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.NOT_PRIVATE
    assert mailbox.mails == []


async def test_demanded_privacy_that_is_not_offered_has_failed() -> None:
    async with smtp_server(Mailbox()) as mailbox:
        outcome = await mail(mailbox.port, tls=True).send(message())
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.NOT_PRIVATE
    assert mailbox.mails == []


async def test_privacy_that_is_offered_is_taken(tmp_path: Path) -> None:
    async with smtp_server(Mailbox(), self_signed(tmp_path)) as mailbox:
        assert isinstance(await mail(mailbox.port).send(message()), Delivered)
    assert mailbox.encrypted == [True]


async def test_demanded_privacy_takes_no_certificate_that_nobody_signed(tmp_path: Path) -> None:
    async with smtp_server(Mailbox(), self_signed(tmp_path)) as mailbox:
        outcome = await mail(mailbox.port, tls=True).send(message())
    assert isinstance(outcome, Retry)
    assert outcome.reason is RetryReason.UNREACHABLE
    assert mailbox.mails == []


async def test_demanded_privacy_is_met_by_a_certificate_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    async with smtp_server(Mailbox(), context) as mailbox:
        assert isinstance(await mail(mailbox.port, tls=True).send(message()), Delivered)
    assert mailbox.encrypted == [True]


@pytest.mark.parametrize("address", ["not an address", "", "ada@example.org\r\nRCPT TO:<all@example.org>"])
async def test_what_is_no_address_reaches_no_server(address: str) -> None:
    async with smtp_server(Mailbox()) as mailbox:
        outcome = await mail(mailbox.port).send(message(address))
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.BAD_ADDRESS
    assert mailbox.connections == 0


async def test_an_address_beyond_ascii_to_a_server_that_cannot_take_it_has_failed() -> None:
    async with smtp_server(Mailbox()) as mailbox:
        outcome = await mail(mailbox.port).send(message("müller@example.org"))
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.BAD_ADDRESS
