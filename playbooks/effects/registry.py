"""The effects there are. A new one is its file, its line here, its word in `labels.Channel`, and its settings."""

from __future__ import annotations

from collections.abc import Callable

from playbooks.effects.alertmanager import Alertmanager
from playbooks.effects.annotate import Annotations
from playbooks.effects.apprise import Apprise
from playbooks.effects.mail import Mail
from playbooks.effects.message import Effect
from playbooks.effects.pagerduty import PagerDuty
from playbooks.effects.slack import Slack
from playbooks.effects.twilio import Calls, Texts
from playbooks.effects.webhook import Webhook
from playbooks.labels import Channel
from playbooks.settings import PlaybookSettings

Opener = Callable[[PlaybookSettings], Effect | None]

EFFECTS: dict[Channel, Opener] = {
    Channel.EMAIL: Mail.opened,
    Channel.SMS: Texts.opened,
    Channel.VOICE: Calls.opened,
    Channel.SLACK: Slack.opened,
    Channel.PAGERDUTY: PagerDuty.opened,
    Channel.ALERTMANAGER: Alertmanager.opened,
    Channel.APPRISE: Apprise.opened,
    Channel.WEBHOOK: Webhook.opened,
    Channel.GRAFANA: Annotations.opened,
}


def open_effects(settings: PlaybookSettings) -> dict[Channel, Effect]:
    """The effects that `settings` configure, secrets read; raises `MissingSecret`.

    >>> open_effects(PlaybookSettings())
    {}
    """
    opened = ((channel, opener(settings)) for channel, opener in EFFECTS.items())
    return {channel: effect for channel, effect in opened if effect is not None}
