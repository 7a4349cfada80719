"""The settings of the channels that pages and notices go out by; each is absent until it is set."""

from __future__ import annotations

from typing import Annotated

import msgspec

from playbooks.settings.section import Name, PhoneNumber, Port, Positive, SecretFrom, Section


class EmailSettings(Section, frozen=True):
    """The SMTP server that pages and notices go out through."""

    host: str = "127.0.0.1"
    port: Port = 25
    sender: str = "firebreak@localhost"
    tls: bool = False
    username: str | None = None
    password: SecretFrom | None = None
    timeout_s: Positive = 10.0


class WebhookSettings(Section, frozen=True):
    """A signed webhook (HMAC-SHA256) that pages and notices go out through."""

    secret: SecretFrom
    timeout_s: Positive = 10.0


class TwilioSettings(Section, frozen=True):
    """Twilio, which sends texts and calls people. Texts come from `sms_from`, calls from `voice_from`.

    `account` is the account's SID, `token` its auth token: with it we sign in, and check that a report is Twilio's.
    """

    account: Annotated[str, msgspec.Meta(pattern=r"^AC[0-9a-f]{32}\Z")]
    token: SecretFrom
    sms_from: PhoneNumber | None = None
    voice_from: PhoneNumber | None = None
    url: str = "https://api.twilio.com"
    timeout_s: Positive = 10.0


class SlackSettings(Section, frozen=True):
    """One channel of a Slack workspace: an incoming webhook, whose whole address is the secret.

    `signing_secret` is the app's: with it a press on the button in a message counts as an acknowledgement.
    """

    webhook: SecretFrom
    signing_secret: SecretFrom | None = None
    timeout_s: Positive = 10.0


class PagerDutySettings(Section, frozen=True):
    """PagerDuty's Events API. Each of the `services` is the integration key of one.

    `webhook_secret` is that of a webhook subscription: with it an acknowledgement made there counts here.
    """

    services: dict[Name, SecretFrom]
    webhook_secret: SecretFrom | None = None
    url: str = "https://events.pagerduty.com"
    timeout_s: Positive = 10.0


class AlertmanagerSettings(Section, frozen=True):
    """A Prometheus Alertmanager. `username` and `password`, or `token`, are for what stands before it."""

    url: str
    username: str | None = None
    password: SecretFrom | None = None
    token: SecretFrom | None = None
    firing_h: Positive = 24.0
    timeout_s: Positive = 10.0


class AppriseSettings(Section, frozen=True):
    """Everything else, by Apprise. Each of the `targets` is an address of Apprise's, which is a secret as a whole."""

    targets: dict[Name, SecretFrom]
    timeout_s: Positive = 20.0


class LinkSettings(Section, frozen=True):
    """Links in messages by which people acknowledge and escalate without signing in, and how long they work."""

    secret: SecretFrom
    valid_h: Positive = 24.0


class ChannelSettings(Section, frozen=True):
    """The channels there are; each is absent until it is set."""

    email: EmailSettings | None = None
    twilio: TwilioSettings | None = None
    slack: SlackSettings | None = None
    pagerduty: PagerDutySettings | None = None
    alertmanager: AlertmanagerSettings | None = None
    apprise: AppriseSettings | None = None
    webhook: WebhookSettings | None = None
    links: LinkSettings | None = None
