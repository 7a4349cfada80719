"""Each malformed channel file has its message: the line, what was found, what is allowed; and never a secret."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from playbooks.oncall.contact_points import contact_faults
from streams.settings import SettingsError, read_settings
from tests.parts.require import CHECKOUT

BAD = CHECKOUT / "tests" / "data" / "bad" / "channels"

#: Each file, the line of its fault, and what the message must hold.
SAID = {
    "alertmanager-at-no-address": (2, "channels.alertmanager.url is no http or https address"),
    "alertmanager-with-a-password-in-its-address": (2, "holds a login; write one like https://host, without it"),
    "alertmanager-with-half-a-login": (2, "one of username and password; it takes both or neither"),
    "alertmanager-with-token-and-password": (6, "has a token and a name or password"),
    "apprise-target-that-is-not-there": (2, "names 'chat', which is not under channels.apprise.targets (there: none)"),
    "links-that-never-work": (2, "> 0.0 at channels.links.valid_h; found '0'"),
    "pagerduty-service-that-is-not-there": (
        2,
        "'commms', which is not under channels.pagerduty.services (there: comms)",
    ),
    "pagerduty-user-of-two": (3, "people.bo.pagerduty_user is that of 'ada' too"),
    "pagerduty-without-services": (2, "missing required field `services` at channels.pagerduty"),
    "slack-channel-instead-of-a-member": (2, "a member id of Slack, such as U024BE7LH"),
    "slack-member-by-name": (2, "a member id of Slack, such as U024BE7LH at people.ada.slack; found '@ada'"),
    "slack-member-of-two": (3, "people.bo.slack is that of 'ada' too; nobody could say which of them acknowledged"),
    "slack-webhook-in-the-file": (2, "write {env: NAME} or {file: PATH}; found text at channels.slack.webhook"),
    "telephone-number-without-country": (2, "a telephone number with its country, such as '+4930123456'"),
    "telephone-number-without-quotes": (2, "Expected text or nothing, found a whole number at people.ada.voice"),
    "twilio-account-that-is-a-key": (2, "an account SID of Twilio, AC and 32 of 0-9 and a-f"),
    "twilio-token-in-the-file": (2, "write {env: NAME} or {file: PATH}; found text at channels.twilio.token"),
    "twilio-without-token": (2, "missing required field `token` at channels.twilio"),
    "unknown-channel": (2, "unknown field `pigeon` at channels; the keys here are alertmanager, apprise, email"),
}

RIGHT = """people:
  ada: {name: Ada, sms: "+4930123456", slack: U024BE7LH, pagerduty: comms, pagerduty_user: PXPGF42, apprise: chat}
channels:
  pagerduty: {services: {comms: {env: PD_KEY}}}
  apprise: {targets: {chat: {env: CHAT}}}
  alertmanager: {url: "https://alerts.example.org:9093/am", username: fire, password: {env: AM}}
"""


def test_every_bad_channel_has_its_message() -> None:
    assert {path.stem for path in BAD.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_a_bad_channel_stops_the_start_with_its_line_and_in_words(name: str, tmp_path: Path) -> None:
    shutil.copy(BAD / f"{name}.yaml", tmp_path / "firebreak.yaml")
    line, words = SAID[name]
    with pytest.raises(SettingsError) as wrong:
        read_settings(tmp_path)
    said = str(wrong.value)
    assert f"firebreak.yaml:{line}: " in said
    assert words in said
    assert "regex" not in said
    assert "hunter2" not in said


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    (tmp_path / "firebreak.yaml").write_text(RIGHT, encoding="utf-8")
    assert list(contact_faults(read_settings(tmp_path))) == []
