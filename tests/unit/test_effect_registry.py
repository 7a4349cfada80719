"""Every effect is registered, documented and counted under the same word."""

from __future__ import annotations

import re

import pytest

from playbooks.effects.message import Effect, idempotency_key, links_of, read_notice
from playbooks.effects.registry import EFFECTS, open_effects
from playbooks.labels import Channel
from playbooks.readiness.reachability import channels_for_people
from playbooks.settings import GrafanaSettings, PlaybookSettings
from playbooks.settings.channels import (
    AlertmanagerSettings,
    AppriseSettings,
    ChannelSettings,
    EmailSettings,
    PagerDutySettings,
    SlackSettings,
    TwilioSettings,
    WebhookSettings,
)
from playbooks.settings.people import Person
from playbooks.settings.section import MissingSecret, SecretFrom
from tests.parts.messages import NOTICE
from tests.parts.require import CHECKOUT

SECRET = SecretFrom(env="ANY_SECRET")
ADDRESS = SecretFrom(env="AN_ADDRESS")
NUMBER = "+15005550006"
ALL = PlaybookSettings(
    channels=ChannelSettings(
        email=EmailSettings(password=SECRET),
        twilio=TwilioSettings(account=f"AC{'0' * 32}", token=SECRET, sms_from=NUMBER, voice_from=NUMBER),
        slack=SlackSettings(webhook=ADDRESS),
        pagerduty=PagerDutySettings(services={"comms": SECRET}),
        alertmanager=AlertmanagerSettings(url="http://127.0.0.1:9093"),
        apprise=AppriseSettings(targets={"chat": SECRET}),
        webhook=WebhookSettings(secret=SECRET),
    ),
    grafana=GrafanaSettings(url="http://127.0.0.1:3000", token=SECRET),
)


def test_every_channel_has_its_effect_and_every_effect_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANY_SECRET", "json://127.0.0.1/x")
    monkeypatch.setenv("AN_ADDRESS", "https://127.0.0.1/x")
    opened: dict[Channel, Effect] = open_effects(ALL)
    assert opened.keys() == EFFECTS.keys() == set(Channel) - {Channel.NONE}
    assert all(effect.channel is channel for channel, effect in opened.items())
    assert {type(effect).__name__ for effect in opened.values()} == {
        *("Alertmanager", "Annotations", "Apprise", "Calls", "Mail", "PagerDuty", "Slack", "Texts", "Webhook")
    }


def test_what_is_checked_without_secrets_is_what_the_runner_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANY_SECRET", "json://127.0.0.1/x")
    monkeypatch.setenv("AN_ADDRESS", "https://127.0.0.1/x")
    person = Person(
        name="Ada",
        email="ada@example.org",
        sms="+15005550001",
        voice="+15005550002",
        slack="U0ADA",
        pagerduty="comms",
        alertmanager="ada",
        apprise="chat",
        webhook="http://127.0.0.1/",
    )
    opened = open_effects(ALL)
    checked = channels_for_people(ALL)
    assert checked.keys() == opened.keys() - {Channel.GRAFANA}
    addresses = [address_of(person) for address_of in checked.values()]
    assert addresses == [opened[channel].address(person) for channel in checked]
    assert len(set(addresses)) == len(checked)


def test_the_document_lists_every_channel() -> None:
    document = (CHECKOUT / "docs" / "channels.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", document, flags=re.MULTILINE)
    assert sorted(rows) == sorted(channel.value for channel in EFFECTS)


def test_what_is_not_set_is_not_opened() -> None:
    assert open_effects(PlaybookSettings()) == {}


def test_a_secret_that_is_missing_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANY_SECRET", raising=False)
    with pytest.raises(MissingSecret, match="ANY_SECRET"):
        open_effects(ALL)


def test_a_key_names_action_person_and_channel() -> None:
    keys = {idempotency_key(a, p, c) for a in ("1", "2") for p in ("x", "y") for c in (Channel.EMAIL, Channel.WEBHOOK)}
    assert len(keys) == 8


def test_a_body_that_cannot_be_read_still_says_which_incident_it_is_about() -> None:
    found = read_notice({"subject": 5, "incident": "inc-9", "brand": 7}, "act-1")
    assert (found.incident, found.brand) == ("inc-9", "")
    assert "act-1" in found.text


def test_a_link_holds_nothing_that_is_not_quoted() -> None:
    hostile = type(NOTICE)(subject="", text="", incident="a/../b?c#d\r\n", playbook="p/q", version="1 0")
    links = links_of("https://fire.example.org", hostile)
    assert links is not None
    assert links.incident == "https://fire.example.org/incidents/a%2F..%2Fb%3Fc%23d%0D%0A"
    assert links.runbook.startswith("https://fire.example.org/runbooks/p%2Fq/1%200?incident=a%2F..")


def test_a_target_that_apprise_does_not_know_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANY_SECRET", "carrier-pigeon://coop-17")
    settings = PlaybookSettings(channels=ChannelSettings(apprise=AppriseSettings(targets={"chat": SECRET})))
    with pytest.raises(MissingSecret, match=r"channels\.apprise\.targets\.chat") as wrong:
        open_effects(settings)
    assert "coop-17" not in str(wrong.value)
