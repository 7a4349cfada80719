"""What a mail says, and that nothing from outside can make it say or do anything else."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import aiosmtplib
import msgspec
import pytest
from aiosmtplib.email import flatten_message
from hypothesis import given
from hypothesis import strategies as st

from detectors.run import Drill
from playbooks.effects.mail import body, build, outcome_of, privacy
from playbooks.effects.message import Message, Notice
from playbooks.effects.outcome import Failed, FailedReason, Retry, RetryReason
from playbooks.effects.wording import DRILL_LINE, NO_LINK, marked_subject
from playbooks.labels import ActionKind
from playbooks.settings.channels import EmailSettings
from playbooks.settings.section import SecretFrom
from tests.parts.messages import LINKS, NOTICE, message

SENDER = "Firebreak <fire@example.org>"
HOSTILE = st.text(st.characters(codec=None), max_size=120)  # lone surrogates and control characters too


def parsed(sent: Message) -> EmailMessage:
    raw = build(sent, SENDER).as_bytes()
    return message_from_bytes(raw, policy=default)


def test_the_mail_says_what_happened_where_to_look_and_what_to_do() -> None:
    text = parsed(message()).get_content()
    for part in (NOTICE.text, "Brand: acme", "Severity: 4 of 5", LINKS.incident, LINKS.runbook, "Stop scheduled posts"):
        assert part in text


def test_without_a_public_address_the_mail_says_that_there_is_no_link() -> None:
    text = body(message(links=None))
    assert NO_LINK in text
    assert "://" not in text


def test_a_drill_says_so_in_the_subject_and_at_both_ends_of_the_body() -> None:
    drill = message(run=Drill("drill-7"))
    assert marked_subject(drill).startswith("DRILL: ")
    assert body(drill).startswith(DRILL_LINE)
    assert body(drill).endswith(DRILL_LINE + "\n")


def test_life_does_not_say_drill() -> None:
    assert "DRILL" not in marked_subject(message()) + body(message())


@given(words=st.lists(st.sampled_from(["Acme:", "worse,", "somebody may be hurt by what", "we", "(severity 5 of 5)"])))
def test_a_subject_of_any_length_begins_on_the_line_of_its_name_and_reads_the_same(words: list[str]) -> None:
    sent = message(notice=Notice(" ".join(words) or "Acme", "t"))
    mail = build(sent, SENDER)
    for raw in (mail.as_bytes(), flatten_message(mail)):
        (header,) = re.findall(rb"^Subject:.*(?:\r\n .*)*", raw, re.MULTILINE)
        lines = header.rstrip(b"\r").split(b"\r\n")
        assert re.match(rb"Subject: \S", lines[0])
        assert all(line.strip() and len(line) <= 78 for line in lines)
        assert message_from_bytes(raw, policy=default)["Subject"] == marked_subject(sent)


def test_the_subject_of_a_page_is_broken_between_its_words() -> None:
    subject = "Acme: worse, somebody may be hurt by what we sell or do (severity 5 of 5)"
    raw = build(message(notice=Notice(subject, "t")), SENDER).as_bytes()
    assert b"Subject: Acme: worse, somebody may be hurt by what we sell or do (severity 5\r\n of 5)\r\n" in raw


def test_every_try_has_the_same_message_id() -> None:
    tries = [parsed(message(sending_ms=moment)) for moment in (0, 60_000)]
    assert [mail["Message-ID"] for mail in tries] == ["<firebreak-0123@example.org>"] * 2


def test_a_page_is_marked_important_and_a_notice_is_not() -> None:
    assert parsed(message())["Importance"] == "high"
    assert parsed(message(action=ActionKind.NOTIFY))["Importance"] is None


def test_no_autoresponder_answers_a_page() -> None:
    assert parsed(message())["Auto-Submitted"] == "auto-generated"


@given(title=HOSTILE, name=HOSTILE, text=HOSTILE)
def test_text_from_outside_is_only_text(title: str, name: str, text: str) -> None:
    notice = Notice(subject=title, text=text, brand=name, incident=text, playbook=name, runbook=text)
    mail = parsed(message(person=name, notice=notice))
    assert sorted(mail.keys()) == sorted(parsed(message()).keys())
    assert [str(to.addr_spec) for to in mail["To"].addresses] == ["ada@example.org"]
    assert not mail.is_multipart()
    assert mail.get_content_type() == "text/plain"


def test_a_line_break_in_the_subject_begins_no_header() -> None:
    notice = Notice(subject="Acme\r\nBcc: everyone@example.org\r\n\r\nBuy now", text="")
    mail = parsed(message(notice=notice))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Acme Bcc: everyone@example.org Buy now"


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@example.org", "ada@", "ada@example.org\r\nBcc: all@example.org", "a@b, c@d", "Ada <ada@example.org>"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        build(message(address), SENDER)


@pytest.mark.parametrize(
    ("fault", "connected", "expected"),
    [
        (aiosmtplib.SMTPConnectError("no"), False, RetryReason.UNREACHABLE),
        (aiosmtplib.SMTPConnectTimeoutError("no"), False, RetryReason.UNREACHABLE),
        (TimeoutError(), False, RetryReason.UNREACHABLE),
        (ConnectionRefusedError(), False, RetryReason.UNREACHABLE),
        (TimeoutError(), True, RetryReason.NO_ANSWER),
        (aiosmtplib.SMTPReadTimeoutError("no"), True, RetryReason.NO_ANSWER),
        (aiosmtplib.SMTPServerDisconnected("gone"), True, RetryReason.NO_ANSWER),
        (aiosmtplib.SMTPDataError(451, "later"), True, RetryReason.BUSY),
        (aiosmtplib.SMTPConnectResponseError(421, "busy"), False, RetryReason.BUSY),
        (aiosmtplib.SMTPResponseException(-1, "?"), True, RetryReason.SERVER_FAULT),
        (aiosmtplib.SMTPDataError(554, "no"), True, FailedReason.REFUSED),
        (aiosmtplib.SMTPSenderRefused(550, "no", "f@x"), True, FailedReason.REFUSED),
        (aiosmtplib.SMTPAuthenticationError(535, "no"), False, FailedReason.BAD_CREDENTIALS),
        (aiosmtplib.SMTPException("SMTP STARTTLS extension not supported"), False, FailedReason.NOT_PRIVATE),
        (aiosmtplib.SMTPNotSupported("SMTPUTF8 is not supported"), True, FailedReason.BAD_ADDRESS),
        (
            aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "no", "a@b")]),
            True,
            FailedReason.REFUSED,
        ),
        (
            aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(450, "grey", "a@b")]),
            True,
            RetryReason.BUSY,
        ),
    ],
)
def test_each_fault_has_its_meaning(fault: Exception, connected: bool, expected: RetryReason | FailedReason) -> None:
    outcome = outcome_of(fault, connected)
    assert isinstance(outcome, Retry | Failed)
    assert outcome.reason is expected


@pytest.mark.parametrize(("host", "demanded"), [("mail.example.org", True), ("127.0.0.1", None), ("localhost", None)])
def test_a_password_leaves_the_machine_only_encrypted(host: str, demanded: bool | None) -> None:
    settings = EmailSettings(host=host, username="u", password=SecretFrom(env="X"))
    assert privacy(settings) == (False, demanded)


def test_the_approved_words_stand_after_the_runbook() -> None:
    notice = msgspec.structs.replace(NOTICE, statements="For public (en), approved by Eve:\n\n    We know.")
    text = body(message(notice=notice))
    assert text.index("Stop scheduled posts") < text.index("Approved words") < text.index("    We know.")
    assert "Approved words" not in body(message())


def test_the_links_stand_above_the_facts() -> None:
    text = body(message())
    assert text.index(NOTICE.text) < text.index(LINKS.incident) < text.index("Severity: 4 of 5")
