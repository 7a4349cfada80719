"""What services say to us: who may speak, what is read of it, and that nothing else is listened to."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.console.forms import MAX_FORM_BYTES
from playbooks.effects.message import Notice
from playbooks.effects.pagerduty import dedup_key
from playbooks.effects.slack import ACKNOWLEDGE, payload
from playbooks.incoming import pagerduty, slack, twilio
from playbooks.incoming.heard import Dialled, Pressed, Report, TakenThere, Unheard
from playbooks.labels import Channel, DeliveryOutcome
from playbooks.secret import Secret
from tests.parts import slack as slack_part
from tests.parts import twilio as twilio_part
from tests.parts.messages import message

SECRET = Secret("8f742231b10e8888abcd99yyyzzz85a5")
NOW_MS = 1_767_603_600_000
NOW_S = NOW_MS // 1000
WEBHOOK = Secret("https://hooks.slack.com/services/T0/B0/X")


def press(member: str = "U024BE7LH", button: int = 0) -> bytes:
    said = json.loads(json.dumps(payload(message("U024BE7LH"), button=True)))
    return slack_part.pressed(said, member, "https://hooks.slack.com/actions/T0/1", button=button)


def slack_says(body: bytes, *, at_s: int = NOW_S, secret: str = SECRET.reveal()) -> Pressed | Unheard:
    return slack.heard(slack_part.signed(body, secret, at_s), body, SECRET, NOW_MS)


def test_the_signature_is_that_of_slacks_own_example() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert slack.signature(SECRET, "1531420618", body) == expected


def test_a_press_says_who_has_what() -> None:
    pressed = slack_says(press())
    assert isinstance(pressed, Pressed)
    assert (pressed.incident, pressed.member) == ("inc-1", "U024BE7LH")


@pytest.mark.parametrize(("seconds", "heard"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_slack_is_heard_for_five_minutes(seconds: int, heard: bool) -> None:
    said = slack_says(press(), at_s=NOW_S - seconds)
    assert isinstance(said, Pressed) if heard else said is Unheard.TOO_OLD


@pytest.mark.parametrize("stamp", ["", "now", "-5", "1e9", "٣", "9" * 40])
def test_a_time_that_is_none_is_not_heard(stamp: str) -> None:
    body = press()
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": slack.signature(SECRET, stamp, body)}
    assert slack.heard(headers, body, SECRET, NOW_MS) is Unheard.NOT_SIGNED


def test_another_secret_another_body_and_no_signature_are_not_heard() -> None:
    body = press()
    headers = slack_part.signed(body, SECRET.reveal(), NOW_S)
    assert slack_says(body, secret="another") is Unheard.NOT_SIGNED
    assert slack.heard(headers, body + b"&x=1", SECRET, NOW_MS) is Unheard.NOT_SIGNED
    assert slack.heard(headers | {"X-Slack-Signature": "v0=é"}, body, SECRET, NOW_MS) is Unheard.NOT_SIGNED
    assert slack.heard({"X-Slack-Request-Timestamp": str(NOW_S)}, body, SECRET, NOW_MS) is Unheard.NOT_SIGNED


def test_a_press_on_a_link_acknowledges_nothing() -> None:
    assert slack_says(press(button=1)) is Unheard.NOTHING_TO_DO


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: urlencode({"payload": text}).encode()))
def test_signed_rubbish_is_not_understood_and_breaks_nothing(body: bytes) -> None:
    assert slack_says(body) in (Unheard.NOT_UNDERSTOOD, Unheard.NOTHING_TO_DO)


def test_the_largest_message_comes_back_in_a_body_that_the_console_takes() -> None:
    large = Notice("\U0001f525" * 9_000, "\U0001f525" * 9_000, incident="inc-1", brand="\U0001f525" * 9_000)
    said = json.loads(json.dumps(payload(message("U024BE7LH", notice=large), button=True)))
    body = slack_part.pressed(said, "U024BE7LH", "https://hooks.slack.com/actions/T0/1")
    assert len(body) < MAX_FORM_BYTES
    assert isinstance(slack_says(body), Pressed)


def test_after_a_press_the_button_is_gone_and_the_name_stands_there() -> None:
    pressed = slack_says(press())
    assert isinstance(pressed, Pressed)
    shown = slack.answer(pressed, "Ada <!channel> has it.", done=True)
    assert ACKNOWLEDGE not in json.dumps(shown)
    assert "Runbook" in json.dumps(shown)
    blocks: Any = shown["blocks"]
    assert blocks[-1]["elements"][0]["type"] == "plain_text"


@pytest.mark.parametrize(
    "address",
    ["", "http://hooks.slack.com/x", "https://hooks.slack.com:444/x", "https://evil.example/", "https://[", "//x"],
)
def test_nothing_is_said_to_an_address_elsewhere(address: str) -> None:
    assert not slack.same_house(address, WEBHOOK)


URL = "https://fire.example.org/in/twilio/report?of=act-1&try=1&to=ada&by=sms&incident=inc-1"


def twilio_says(form: dict[str, str], *, url: str = URL, token: str = SECRET.reveal()) -> object:
    signed = twilio_part.signature(token, url, form)
    return twilio.heard(url, urlencode(form).encode(), signed, SECRET)


@pytest.mark.parametrize("form", [{}, {"MessageStatus": "delivered"}, {"B": "2", "A": "1 + 1", "C": "", "Ü": "ß&="}])
def test_twilio_is_heard_by_its_signature(form: dict[str, str]) -> None:
    assert twilio_says(form) == ({"of": "act-1", "try": "1", "to": "ada", "by": "sms", "incident": "inc-1"}, form)


def test_twilio_is_heard_with_and_without_the_standard_port() -> None:
    form = {"MessageStatus": "delivered"}
    with_port = URL.replace("example.org/", "example.org:443/")
    for told, signed_for in ((URL, with_port), (with_port, URL)):
        signed = twilio_part.signature(SECRET.reveal(), signed_for, form)
        assert twilio.heard(told, urlencode(form).encode(), signed, SECRET) is not Unheard.NOT_SIGNED


@pytest.mark.parametrize("signed", ["", "x", "é", "=" * 28])
def test_what_twilio_did_not_sign_is_not_heard(signed: str) -> None:
    assert twilio.heard(URL, b"MessageStatus=delivered", signed, SECRET) is Unheard.NOT_SIGNED


def test_a_signature_is_for_one_address_one_form_and_one_token() -> None:
    form = {"MessageStatus": "delivered"}
    body, signed = urlencode(form).encode(), twilio_part.signature(SECRET.reveal(), URL, form)
    assert twilio.heard(URL.replace("ada", "bob"), body, signed, SECRET) is Unheard.NOT_SIGNED
    assert twilio.heard(URL, body + b"&To=x", signed, SECRET) is Unheard.NOT_SIGNED
    assert twilio.heard(URL, body, signed, Secret("another")) is Unheard.NOT_SIGNED


@pytest.mark.parametrize(
    ("by", "status", "outcome"),
    [
        ("sms", "queued", None),
        ("sms", "sending", None),
        ("sms", "sent", None),
        ("sms", "delivered", DeliveryOutcome.DELIVERED),
        ("sms", "undelivered", DeliveryOutcome.FAILED),
        ("sms", "failed", DeliveryOutcome.FAILED),
        ("sms", "read", DeliveryOutcome.READ),
        ("voice", "ringing", None),
        ("voice", "completed", DeliveryOutcome.DELIVERED),
        ("voice", "busy", DeliveryOutcome.FAILED),
        ("voice", "no-answer", DeliveryOutcome.FAILED),
        ("voice", "canceled", DeliveryOutcome.FAILED),
        ("voice", "failed", DeliveryOutcome.FAILED),
    ],
)
def test_each_status_of_twilios_has_its_word(by: str, status: str, outcome: DeliveryOutcome | None) -> None:
    form = {"MessageStatus" if by == "sms" else "CallStatus": status}
    report = twilio.report_of({"of": "act-1", "try": "2", "to": "ada", "by": by}, form)
    if outcome is None:
        assert report is Unheard.NOTHING_TO_DO
    else:
        assert report == Report("act-1", 2, "ada", Channel(by), outcome, f"Twilio: {status}")


@pytest.mark.parametrize("named", [{}, {"of": "a", "try": "x", "to": "b", "by": "sms"}, {"try": "1", "by": "pigeon"}])
def test_an_address_that_names_no_row_is_not_understood(named: dict[str, str]) -> None:
    assert twilio.report_of(named, {"MessageStatus": "delivered"}) is Unheard.NOT_UNDERSTOOD
    assert twilio.dialled(named, {"Digits": "4"}) is Unheard.NOT_UNDERSTOOD


@pytest.mark.parametrize(("digits", "digit"), [("4", "4"), ("", ""), ("44", ""), ("x", ""), ("#", "#")])
def test_one_digit_is_a_digit(digits: str, digit: str) -> None:
    named = {"of": "act-1", "try": "1", "to": "ada", "by": "voice", "incident": "inc-1"}
    found = twilio.dialled(named, {"Digits": digits})
    assert isinstance(found, Dialled)
    assert (found.digit, found.incident, found.report.outcome) == (digit, "inc-1", DeliveryOutcome.READ)


def webhook(**changes: object) -> bytes:
    event = {
        "id": "5ac64822",
        "event_type": "incident.acknowledged",
        "resource_type": "incident",
        "occurred_at": "2026-01-05T09:00:00.000Z",
        "agent": {"id": "PXPGF42", "type": "user_reference", "summary": "Earline Greenholt"},
        "data": {"id": "PT4KHLK", "type": "incident", "incident_key": dedup_key("inc-1", "act-1", "comms")},
    }
    return json.dumps({"event": event | changes}).encode()


def pagerduty_says(body: bytes) -> TakenThere | Unheard:
    digest = hmac.new(SECRET.reveal().encode(), body, hashlib.sha256).hexdigest()
    return pagerduty.heard(f"v1={'0' * 64}, v1={digest}", body, SECRET, NOW_MS)


def test_an_acknowledgement_in_pagerduty_says_who_has_what() -> None:
    assert pagerduty_says(webhook()) == TakenThere("inc-1", "PXPGF42")


@pytest.mark.parametrize(
    "changes",
    [
        {"event_type": "incident.resolved"},
        {"event_type": "pagey.ping", "data": {"message": "Hello"}},
        {"data": {"incident_key": None}},
        {"data": {"incident_key": "srv01/HTTP"}},
        {"agent": None},
        {"agent": {"id": "PABC", "type": "integration_reference"}},
        {"occurred_at": "2026-01-05T08:30:00.000Z"},
        {"occurred_at": "2026-01-05T09:30:00.000Z"},
    ],
    ids=str,
)
def test_what_is_no_fresh_acknowledgement_of_ours_by_a_person_does_nothing(changes: dict[str, object]) -> None:
    assert pagerduty_says(webhook(**changes)) is Unheard.NOTHING_TO_DO


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"event": 5}', b"\xff", webhook(occurred_at=None)])
def test_what_is_no_webhook_of_pagerdutys_is_not_understood(body: bytes) -> None:
    assert pagerduty_says(body) is Unheard.NOT_UNDERSTOOD


@pytest.mark.parametrize("signed", ["", "v1=", "v1=é", "v0=" + "0" * 64, ",,,"])
def test_what_pagerduty_did_not_sign_is_not_heard(signed: str) -> None:
    assert pagerduty.heard(signed, webhook(), SECRET, NOW_MS) is Unheard.NOT_SIGNED
