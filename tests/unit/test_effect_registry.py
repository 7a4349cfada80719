"""Every effect is registered, documented and counted under the same word."""

from __future__ import annotations

import re

import pytest

from playbooks.effects.annotate import Annotations
from playbooks.effects.mail import Mail
from playbooks.effects.message import Effect, idempotency_key, links_of, read_notice
from playbooks.effects.registry import EFFECTS, open_effects
from playbooks.effects.webhook import Webhook
from playbooks.labels import Channel
from playbooks.settings import (
    ChannelSettings,
    EmailSettings,
    GrafanaSettings,
    MissingSecret,
    PlaybookSettings,
    SecretFrom,
    WebhookSettings,
)
from tests.parts.messages import NOTICE
from tests.parts.require import CHECKOUT

SECRET = SecretFrom(env="ANY_SECRET")
ALL = PlaybookSettings(
    channels=ChannelSettings(email=EmailSettings(password=SECRET), webhook=WebhookSettings(secret=SECRET)),
    grafana=GrafanaSettings(url="http://127.0.0.1:3000", token=SECRET),
)


def test_every_channel_has_its_effect_and_every_effect_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANY_SECRET", "x")
    opened: dict[Channel, Effect] = open_effects(ALL)
    assert opened.keys() == EFFECTS.keys() == set(Channel) - {Channel.NONE}
    assert all(effect.channel is channel for channel, effect in opened.items())
    assert {type(effect) for effect in opened.values()} == {Mail, Webhook, Annotations}


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
